"""An order book."""


class Book:
    """To be written."""
