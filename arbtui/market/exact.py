"""Exact texts per coin, from exact texts as on the wire. No float enters here."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal

from arbtui.core.events import Level, QuoteTexts
from arbtui.core.model import Instrument
from arbtui.core.units import coins, plain, price_per_coin

_EXACT = Context(prec=60)
_TWO = Decimal(2)


def quote_per_coin(texts: QuoteTexts, instrument: Instrument) -> QuoteTexts:
    """Bid, bid size, ask, ask size per coin; as on the wire where the multiplier is not known."""
    factor, multiplier = instrument.price_factor, instrument.multiplier
    if factor is None or multiplier is None:
        return texts
    bid, bid_qty, ask, ask_qty = texts
    return (
        None if bid is None else price_per_coin(bid, factor),
        None if bid_qty is None else coins(bid_qty, multiplier),
        None if ask is None else price_per_coin(ask, factor),
        None if ask_qty is None else coins(ask_qty, multiplier),
    )


def levels_per_coin(levels: Sequence[Level], instrument: Instrument) -> list[tuple[str, str]]:
    """(price, size) of book levels per coin; as on the wire where the multiplier is not known."""
    factor, multiplier = instrument.price_factor, instrument.multiplier
    if factor is None or multiplier is None:
        return [(level[0], level[1]) for level in levels]
    return [(price_per_coin(level[0], factor), coins(level[1], multiplier)) for level in levels]


def text_per_coin(text: str | None, instrument: Instrument) -> str | None:
    """One price (last, high, mark ...) per coin; as on the wire where the factor is not known."""
    factor = instrument.price_factor
    return text if text is None or factor is None else price_per_coin(text, factor)


def mid_text(bid: str | None, ask: str | None) -> str | None:
    """The middle of two exact prices, None where one is missing."""
    if bid is None or ask is None:
        return None
    return plain(_EXACT.divide(_EXACT.add(Decimal(bid), Decimal(ask)), _TWO))
