"""The latest state of everything that is traded, and whether it may be believed. Never awaits, opens nothing."""
