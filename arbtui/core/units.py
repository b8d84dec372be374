"""Exact texts of prices and sizes, and what counts as a number at the edge.

Outside, prices and sizes are exact decimal strings per coin: the venue's text multiplied or divided, trailing zeros
kept, never an exponent. Inside, floats rank and show; a float never becomes part of an order.
"""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from math import inf

_EXACT = Context(prec=60)
_ONE = Decimal(1)


def plain(value: Decimal) -> str:
    """``value`` without an exponent, trailing zeros kept: ``1.20E-7`` -> ``0.000000120``."""
    return format(value, "f")


def decimal_or_none(text: str | None) -> Decimal | None:
    """The finite decimal that ``text`` spells, else None ("" and None included)."""
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def positive_or_none(text: str | None) -> Decimal | None:
    """Like ``decimal_or_none``, for what must be above zero."""
    value = decimal_or_none(text)
    return value if value is not None and value > 0 else None


def price_per_coin(text: str, price_factor: Decimal) -> str:
    """Exact price of one coin from the venue's text: ``("0.0123400", 1000)`` -> ``0.0000123400``."""
    return _scaled(text, price_factor, divide=True)


def coins(text: str, multiplier: Decimal) -> str:
    """Exact number of coins from the venue's size text: ``("415", 0.01)`` -> ``4.15``."""
    return _scaled(text, multiplier, divide=False)


def _scaled(text: str, by: Decimal, *, divide: bool) -> str:
    if by == _ONE:
        return text if "e" not in text and "E" not in text else plain(Decimal(text))
    exponent = by.adjusted()
    value = Decimal(text)
    if by == _ONE.scaleb(exponent):  # a power of ten moves the point and keeps every digit
        return plain(_EXACT.scaleb(value, -exponent if divide else exponent))
    return plain(_EXACT.divide(value, by) if divide else _EXACT.multiply(value, by))


def is_price(value: float | None) -> bool:
    """Whether ``value`` may enter as a price: finite and above zero. NaN fails both comparisons."""
    return value is not None and 0.0 < value < inf


def is_size(value: float | None) -> bool:
    """Whether ``value`` may enter as the size of a level that exists: finite and above zero."""
    return value is not None and 0.0 < value < inf
