"""Exact numbers of an account's messages, and how ours are written so that their signature holds.

The venue hashes numbers as it writes them: no exponent, no zero at the end. A price that breaks the rule of figures and
decimals is refused there; here it is not even sent. Source: Hyperliquid docs, "Tick and lot size", "Signing".
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Instrument
from arbtui.venues.wire import amount_text, price_text, signed_text

EXACT = Context(prec=100)


# --- ours -------------------------------------------------------------------------------------------------------------


def written(value: Decimal) -> str:
    """Raises ValueError for what cannot be ordered."""
    if not value.is_finite() or value <= 0:
        raise ValueError(f"{value} is no price or quantity of an order")
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def price_written(price: Decimal, instrument: Instrument) -> str:
    """At most so many figures and so many decimals; a whole number may have any number of figures."""
    text = written(price)
    whole, _, decimals = text.partition(".")
    if not decimals:
        return text
    if instrument.sig_figs is None or instrument.max_decimals is None:
        raise ValueError(f"how exact a price of {instrument.native} may be is not known")
    figures = len((whole + decimals).lstrip("0"))
    if figures > instrument.sig_figs or len(decimals) > instrument.max_decimals:
        raise ValueError(
            f"{instrument.native} takes prices of {instrument.sig_figs} figures and {instrument.max_decimals} decimals "
            f"at most, not {text}"
        )
    return text


def qty_written(qty: Decimal, instrument: Instrument) -> str:
    """Whole lots only."""
    text = written(qty)
    if instrument.step is None or EXACT.remainder(qty, instrument.step):
        raise ValueError(f"{instrument.native} trades in lots of {instrument.step}, of which {text} is no multiple")
    return text


# --- theirs -----------------------------------------------------------------------------------------------------------


def amount(text: str | None) -> Decimal:
    """A quantity: zero is one, negative and nothing are not."""
    return Decimal(_given(amount_text(text), "bad_size"))


def signed(text: str | None) -> Decimal:
    """A balance, a payment, a position."""
    return Decimal(_given(signed_text(text), "bad_number"))


def signed_or_none(text: str | None) -> Decimal | None:
    found = signed_text(text)
    return None if found is None else Decimal(found)


def price_or_none(text: str | None) -> Decimal | None:
    found = price_text(text)
    return None if found is None else Decimal(found)


def traded_price(text: str) -> Decimal:
    found = price_or_none(text)
    if found is None:
        raise ProtocolBroken("bad_price", f"a trade at price {text[:40]!r}")
    return found


def traded_qty(text: str) -> Decimal:
    """Of a trade, or of an order: never zero."""
    found = amount(text)
    if not found:
        raise ProtocolBroken("bad_size", f"a quantity of {text[:40]!r}")
    return found


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total


def _given(text: str | None, kind: str) -> str:
    if text is None:
        raise ProtocolBroken(kind, "a number is missing")
    return text
