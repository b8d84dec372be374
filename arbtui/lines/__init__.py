"""What the engine knows, as JSON lines and CSV rows: one object a line, the same words in each."""
