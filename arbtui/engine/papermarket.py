"""``execution.paper_market.PaperMarket`` over the board: what paper orders meet is what the screen shows.

A leg whose book is held is met in its depth, any other at its best prices alone; beyond what is shown nothing fills.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from arbtui.core.clock import Clock
from arbtui.core.events import Level as WireLevel
from arbtui.core.events import QuoteTexts
from arbtui.core.model import Instrument, Market
from arbtui.core.units import decimal_or_none, positive_or_none
from arbtui.engine.prices import slot_of
from arbtui.execution.paper_market import Depth, Fees, FundingDue, Level
from arbtui.market.state import Board, Slot

LEVELS = 50


class BoardMarket:
    """One venue. ``texts`` gives a slot's quote as exact wire texts; ``default_fees`` those of a whole market."""

    def __init__(
        self,
        venue: str,
        board: Board,
        clock: Clock,
        texts: Callable[[Slot], QuoteTexts],
        trades_live: Callable[[str], bool],
        default_fees: Callable[[Market], Fees],
    ) -> None:
        self._venue = venue
        self._board = board
        self._clock = clock
        self._texts = texts
        self._trades_live = trades_live
        self._default_fees = default_fees

    def depth(self, leg: str) -> Depth:
        return depth_of(self._board, self._clock, self._texts, leg)

    def instrument(self, leg: str) -> Instrument | None:
        slot = slot_of(self._board, leg)
        return slot.instrument if slot is not None else None

    def trades_live(self, leg: str) -> bool:
        return self._trades_live(leg)

    def mark(self, leg: str) -> Decimal | None:
        slot = slot_of(self._board, leg)
        return positive_or_none(slot.mark.mark) if slot is not None and slot.mark is not None else None

    def funding(self, leg: str) -> FundingDue | None:
        slot = slot_of(self._board, leg)
        if slot is None or slot.funding is None or slot.funding.next_ms is None:
            return None
        rate = decimal_or_none(slot.funding.rate)
        return FundingDue(rate, slot.funding.next_ms) if rate is not None else None

    def fees(self, market: Market, native: str) -> Fees:
        """As the spreads count them: the person's own, the listing's, or the venue's for new accounts."""
        slot = self._board.slot_of(self._venue, market, native) if native else None
        if slot is None:
            return self._default_fees(market)
        return Fees(maker=Decimal(repr(slot.maker_rate)), taker=Decimal(repr(slot.taker_rate)))


def depth_of(board: Board, clock: Clock, texts: Callable[[Slot], QuoteTexts], leg: str) -> Depth:
    """The held book of a leg, else its best prices alone; in words why it cannot be traded on."""
    slot = slot_of(board, leg)
    if slot is None:
        return Depth(why_not=f"{leg} is not listed")
    why_not = board.fresh(slot, clock.now_ns())
    if why_not is None and slot.crossed:
        why_not = "its bid is at or above its ask"
    if why_not is not None or slot.quote is None:
        return Depth(why_not=why_not or "no quote yet")
    if slot.book is not None and slot.book.tradable:
        bids, asks = slot.book.top(LEVELS)
        return Depth(_exact(bids), _exact(asks), exchange_ms=slot.book.exchange_ms)
    bid, bid_qty, ask, ask_qty = texts(slot)
    return Depth(_best(bid, bid_qty), _best(ask, ask_qty), exchange_ms=slot.quote.exchange_ms)


def _exact(levels: list[WireLevel]) -> list[Level]:
    """Up to the first level that is no price or no size: what lies beyond it cannot be told."""
    exact: list[Level] = []
    for level in levels:
        price, size = positive_or_none(level[0]), positive_or_none(level[1])
        if price is None or size is None:
            break
        exact.append((price, size))
    return exact


def _best(price_text: str | None, size_text: str | None) -> list[Level]:
    price, size = positive_or_none(price_text), positive_or_none(size_text)
    return [(price, size)] if price is not None and size is not None else []
