"""A few levels of a slot's book as floats per coin, or its best bid and offer where no book is held."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from arbtui.market.slot import Slot

Levels = tuple[tuple[float, float], ...]  # (price, coins), best first


@dataclass(frozen=True)
class Ladder:
    """``origin``: "book" while one is held and may be traded on, its state while it may not, "top" without one."""

    bids: Levels
    asks: Levels
    origin: str
    stale: bool

    @property
    def spread_bps(self) -> float | None:
        if not self.bids or not self.asks:
            return None
        bid, ask = self.bids[0][0], self.asks[0][0]
        return 1e4 * (ask - bid) / ((ask + bid) / 2)


def ladder(slot: Slot, depth: int) -> Ladder:
    bids: Levels = ((slot.bid, slot.bid_qty),) if slot.bid is not None and slot.bid_qty is not None else ()
    asks: Levels = ((slot.ask, slot.ask_qty),) if slot.ask is not None and slot.ask_qty is not None else ()
    if slot.book is not None and not slot.book.tradable:
        return Ladder(bids, asks, slot.book.state.value, True)
    if slot.book is not None:
        bids = tuple(islice(slot.book_bids(), depth))
        asks = tuple(islice(slot.book_asks(), depth))
        return Ladder(bids, asks, "book", slot.muted is not None)
    return Ladder(bids, asks, "top", slot.muted is not None)
