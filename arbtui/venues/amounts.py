"""Exact numbers of an account's messages.

Floats never enter an order. Texts become ``Decimal`` here, checked as all texts of the wire are; what is not a finite
number is ``ProtocolBroken``, and "" is none.
"""

from __future__ import annotations

from decimal import Decimal

from arbtui.core.errors import ProtocolBroken
from arbtui.venues.wire import amount_text, price_text, signed_text


def amount_or_none(text: str | None) -> Decimal | None:
    """A quantity: zero is one, negative is not."""
    found = amount_text(text)
    return None if found is None else Decimal(found)


def signed_or_none(text: str | None) -> Decimal | None:
    """A balance, a payment, a position."""
    found = signed_text(text)
    return None if found is None else Decimal(found)


def price_or_none(text: str | None) -> Decimal | None:
    """Nothing and zero, as venues say of an average that is not there yet, are no price."""
    found = price_text(text)
    return None if found is None else Decimal(found)


def amount(text: str | None) -> Decimal:
    """``amount_or_none`` where there has to be one."""
    return _given(amount_or_none(text), "bad_size")


def signed(text: str | None) -> Decimal:
    """``signed_or_none`` where there has to be one."""
    return _given(signed_or_none(text), "bad_number")


def traded_price(text: str) -> Decimal:
    """The price of a trade."""
    found = price_or_none(text)
    if found is None:
        raise ProtocolBroken("bad_price", f"a trade at price {text[:40]!r}")
    return found


def traded_qty(text: str) -> Decimal:
    """The quantity of a trade, or of an order: never zero."""
    found = amount(text)
    if not found:
        raise ProtocolBroken("bad_size", f"a quantity of {text[:40]!r}")
    return found


def told(value: Decimal | None, what: str, row: str) -> Decimal:
    """``value``, which ``row`` ("an OKX row") cannot lack."""
    if value is None:
        raise ProtocolBroken("bad_number", f"{row} tells no {what}")
    return value


def _given(value: Decimal | None, kind: str) -> Decimal:
    if value is None:
        raise ProtocolBroken(kind, "a number is missing")
    return value
