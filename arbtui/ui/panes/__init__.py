"""The panes of the main screen. Each paints only the cells that changed."""
