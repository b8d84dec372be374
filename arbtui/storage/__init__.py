"""What arbtui keeps on disk: run-time settings, the lock, recordings."""
