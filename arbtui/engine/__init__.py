"""Builds the parts, owns the loop, the clock and the ordered stop, and answers its guests through ``arbtui.port``."""
