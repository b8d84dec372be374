"""Exact numbers of an account's messages, and how ours are written.

Floats never enter an order. Texts become ``Decimal`` here, checked as all texts of the wire are; what is not a finite
number is ``ProtocolBroken``.
"""

from __future__ import annotations

from decimal import Decimal

from arbtui.core.errors import ProtocolBroken
from arbtui.venues.wire import amount_text, price_text, signed_text


def written(value: Decimal) -> str:
    """``value`` as Binance reads it: every digit kept, no exponent. ValueError for what cannot be ordered."""
    if not value.is_finite() or value <= 0:
        raise ValueError(f"{value} is no price or quantity of an order")
    return f"{value:f}"


def amount(text: str) -> Decimal:
    """A quantity: zero is one, negative and "" are not."""
    return Decimal(_given(amount_text(text), "bad_size"))


def signed(text: str) -> Decimal:
    """A balance, a payment, a position."""
    return Decimal(_given(signed_text(text), "bad_number"))


def price(text: str) -> Decimal | None:
    """None for "" and zero, with which Binance says that there is none."""
    found = price_text(text)
    return None if found is None else Decimal(found)


def traded_price(text: str) -> Decimal:
    """The price of a trade."""
    found = price(text)
    if found is None:
        raise ProtocolBroken("bad_price", f"a trade at price {text[:40]!r}")
    return found


def traded_qty(text: str) -> Decimal:
    """The quantity of a trade, which is never zero."""
    found = amount(text)
    if not found:
        raise ProtocolBroken("bad_size", f"a trade of {text[:40]!r}")
    return found


def _given(text: str | None, kind: str) -> str:
    if text is None:
        raise ProtocolBroken(kind, "a number is missing")
    return text
