"""A quote enters its slot: the careful way, for whatever the board's hot path does not take.

The hot path takes a websocket quote with both sides, sound numbers, bid below ask, and all factors known. Everything
else comes here, and a slot that is not ``plain`` sends its next quote here too. Both ways end alike.
"""

from __future__ import annotations

from enum import Enum
from math import inf

from arbtui.core.clock import NS_PER_S
from arbtui.core.events import Quote
from arbtui.core.units import is_price, is_size
from arbtui.market import freshness
from arbtui.market.slot import Slot
from arbtui.market.terms import FreshnessRules

SEQ_LOW_MAX_NS = 5 * NS_PER_S  # nothing but lower ids for so long: the venue's counter fell back


class Taken(Enum):
    """What became of a quote."""

    SHOWN = "shown"
    OLD = "old"  # a lower id than the slot's
    WITNESS = "witness"  # by REST while the websocket's quote stands: a second opinion only
    REFUSED = "refused"  # not a number that may enter as a price or size


def take(slot: Slot, quote: Quote, rules: FreshnessRules) -> Taken:
    if not sound(quote):
        return Taken.REFUSED
    if quote.source == "rest":
        return _take_rest(slot, quote, rules)
    if 0 < quote.seq < slot.seq and not _fell_back(slot, quote):
        slot.ws_ns = quote.t_ns
        return Taken.OLD
    slot.seq = quote.seq
    if slot.gaps is not None:
        slot.gaps.note(quote.t_ns)
    show(slot, quote)
    return Taken.SHOWN


def ordinary(quote: Quote) -> bool:
    """By websocket, with both sides, prices and sizes finite and above zero."""
    numbers = (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty)
    return quote.source == "ws" and all(number is not None and 0.0 < number < inf for number in numbers)


def sound(quote: Quote) -> bool:
    """Whether each side is missing, or a price above zero with an unknown size or one above zero; all finite."""
    for price, size in ((quote.bid, quote.bid_qty), (quote.ask, quote.ask_qty)):
        if price is None and size is None:
            continue
        if not is_price(price) or not (size is None or is_size(size)):
            return False
    return True


def _fell_back(slot: Slot, quote: Quote) -> bool:
    """Whether lower ids are all that has come since the shown quote, for too long."""
    if slot.low_after is not slot.quote:
        slot.low_after = slot.quote
        slot.low_ns = quote.t_ns
    return quote.t_ns - slot.low_ns >= SEQ_LOW_MAX_NS


def _take_rest(slot: Slot, quote: Quote, rules: FreshnessRules) -> Taken:
    """A second opinion while the websocket's quote is fresh, or becomes so by it; shown in its place otherwise."""
    shown = slot.quote
    if shown is not None and shown.source == "ws":
        freshness.testify(slot, quote.bid, quote.ask, quote.t_ns, "its quote by REST", rules)
        if freshness.stale(slot, quote.t_ns, rules) is None:
            return Taken.WITNESS
        slot.ws_ns = shown.t_ns
    elif shown is not None and quote.t_ns < shown.t_ns:
        return Taken.OLD
    show(slot, quote)
    return Taken.SHOWN


def show(slot: Slot, quote: Quote) -> None:
    """``quote`` becomes the slot's, whatever its sides."""
    slot.quote = quote
    slot.crossed = quote.bid is not None and quote.ask is not None and quote.bid >= quote.ask
    rescale(slot)


def rescale(slot: Slot) -> None:
    """Makes the factors anew: after a quote that needed care, or when a fee, a rate or a factor has changed."""
    factor, multiplier, taker = slot.price_factor, slot.multiplier, slot.taker_rate
    rate = slot.family.rates.value(slot.instrument.price_ccy)
    slot.usd = slot.sold = slot.bought = None
    slot.bid_alarm, slot.ask_alarm = 0.0, inf
    slot.plain = False
    if factor is None or multiplier is None or rate is None:
        return
    slot.usd = usd = rate / factor
    slot.sold, slot.bought = usd * (1.0 - taker), usd * (1.0 + taker)
    slot.plain = not slot.crossed
