"""How simulated venues write figures of accounts."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_FINE = Decimal("1e-8")


def plain(value: Decimal) -> str:
    """A number without exponent and trailing zeros."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def fine(value: Decimal) -> str:
    """A derived figure (margin, open profit): at most eight decimals."""
    return plain(value.quantize(_FINE, rounding=ROUND_HALF_UP))
