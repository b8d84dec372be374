"""arbtui: cross-exchange arbitrage in a terminal. The drawing of the house stands in the README."""

__version__ = "0.1.0"
