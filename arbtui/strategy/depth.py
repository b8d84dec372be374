"""What stands in both books of a pair, summed up from the best price outwards.

Buying takes the buy leg's asks from the lowest up, selling the sell leg's bids from the highest down. Where the bids
reach above the asks both can be done at once; the price at which that ends is where the two curves cross, and the coins
up to there are what the books would give before fees. Prices are US dollars per coin, as ``spread`` converts them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from arbtui.market.slot import Slot
from arbtui.strategy.spread import holds_book

Steps = tuple[tuple[float, float], ...]  # (price, coins up to and including it), best first


@dataclass(frozen=True)
class Depth:
    """``meet_base``: coins that both books give between the crossing bid and ask; 0 where they do not overlap.

    ``crossing``: the price at which that ends, or the middle between best ask and best bid.
    """

    asks: Steps
    bids: Steps
    crossing: float
    meet_base: float


def depth(buy: Slot, sell: Slot) -> Depth | str:
    """The books of both legs, or why they cannot be shown."""
    for slot in (buy, sell):
        if slot.book is None:
            return f"no book of {slot.key} is held"
        if not holds_book(slot):
            return f"the book of {slot.key} is {slot.book.state.value}" if not slot.book.live else (
                f"the book of {slot.key} is crossed"
            )  # fmt: skip
    asks, bids = _summed(buy.book_asks(), _usd_rate(buy)), _summed(sell.book_bids(), _usd_rate(sell))
    if asks is None or bids is None:
        slot = buy if asks is None else sell
        return f"no usable rate for {slot.instrument.price_ccy}"
    if not asks or not bids:
        return f"the book of {(sell if asks else buy).key} is empty on that side"
    return Depth(asks, bids, *_crossing(asks, bids))


def _usd_rate(slot: Slot) -> float | None:
    bid, bid_usd = slot.bid, slot.bid_usd
    if bid is not None and bid_usd is not None:
        return bid_usd / bid
    ask, ask_usd = slot.ask, slot.ask_usd
    return ask_usd / ask if ask is not None and ask_usd is not None else None


def _summed(levels: Iterable[tuple[float, float]], rate: float | None) -> Steps | None:
    if rate is None:
        return None
    total = 0.0
    steps = []
    for price, size in levels:
        total += size
        steps.append((price * rate, total))
    return tuple(steps)


def _crossing(asks: Steps, bids: Steps) -> tuple[float, float]:
    """Where buying as cheaply as possible meets selling as dearly as possible: the price, and the coins up to there."""
    if bids[0][0] < asks[0][0]:
        return (asks[0][0] + bids[0][0]) / 2.0, 0.0
    at_ask = at_bid = 0
    met = 0.0
    price = asks[0][0]
    while at_ask < len(asks) and at_bid < len(bids) and asks[at_ask][0] <= bids[at_bid][0]:
        price = (asks[at_ask][0] + bids[at_bid][0]) / 2.0
        met = min(asks[at_ask][1], bids[at_bid][1])
        at_ask, at_bid = at_ask + (asks[at_ask][1] <= met), at_bid + (bids[at_bid][1] <= met)
    return price, met


def reach(steps: Steps, qty_base: float) -> float | None:
    """The worst price that ``qty_base`` coins take; None where the steps hold less."""
    return next((price for price, total in steps if total >= qty_base), None)
