"""The domain's words. Imports nothing of ours, no asyncio, no clock: time comes in as an argument."""
