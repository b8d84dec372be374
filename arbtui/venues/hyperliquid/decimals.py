"""How our numbers are written so that their signature holds, and sums without rounding.

The venue hashes numbers as it writes them: no exponent, no zero at the end. A price that breaks the rule of figures and
decimals is refused there; here it is not even sent. Source: Hyperliquid docs, "Tick and lot size", "Signing".
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal

from arbtui.core.model import Instrument

EXACT = Context(prec=100)


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


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total
