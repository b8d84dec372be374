"""``execution.ports.Prices`` over the board: exact wire texts where an order is priced, words where it may not be.

The board judges; this only asks it and turns texts into decimals. A price that the market would not show as tradable is
still told, with ``why_not``: what is open may have to be closed when nothing new may be opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from arbtui.core.clock import NS_PER_MS, Clock
from arbtui.core.events import QuoteTexts
from arbtui.core.model import Instrument, Market
from arbtui.core.units import positive_or_none
from arbtui.execution.ports import Price
from arbtui.market.freshness import heard_ns
from arbtui.market.state import Board, Slot

_NO_PRICE = Price(bid=None, bid_qty=None, ask=None, ask_qty=None, age_ms=float("inf"), fresh=False)


class BoardPrices:
    """``texts`` gives a slot's quote as exact wire texts."""

    def __init__(self, board: Board, clock: Clock, texts: Callable[[Slot], QuoteTexts]) -> None:
        self._board = board
        self._clock = clock
        self._texts = texts

    def price(self, leg: str) -> Price:
        slot = slot_of(self._board, leg)
        if slot is None:
            return replace(_NO_PRICE, why_not=f"{leg} is not listed")
        now_ns = self._clock.now_ns()
        why_not = self._board.judge(slot, now_ns) or ""
        if slot.quote is None:
            return replace(_NO_PRICE, why_not=why_not or "no quote yet")
        not_fresh = "its bid is at or above its ask" if slot.crossed else self._board.order_fresh(slot, now_ns)
        bid, bid_qty, ask, ask_qty = (positive_or_none(text) for text in self._texts(slot))
        return Price(
            bid=bid if bid_qty is not None else None,
            bid_qty=bid_qty if bid is not None else None,
            ask=ask if ask_qty is not None else None,
            ask_qty=ask_qty if ask is not None else None,
            age_ms=(now_ns - heard_ns(slot)) / NS_PER_MS,
            fresh=not_fresh is None,
            why_not=why_not or not_fresh or "",
        )

    def instrument(self, leg: str) -> Instrument | None:
        slot = slot_of(self._board, leg)
        return slot.instrument if slot is not None else None

    def usd(self, ccy: str) -> Decimal | None:
        """Counted in USDT, as everywhere: the rate of a currency, or a coin's best known mid."""
        rate = self._board.rates.value(ccy)
        if rate is None and (coin := self._board.coins.get(ccy)) is not None:
            now_ns = self._clock.now_ns()
            fresh = (slot for slot in coin.slots if self._board.fresh(slot, now_ns) is None and not slot.crossed)
            rate = next((mid for slot in fresh if (mid := _mid_usd(slot)) is not None), None)
        return Decimal(repr(rate)) if rate is not None else None


def slot_of(board: Board, leg: str) -> Slot | None:
    """The slot of ``venue.market.native``; None where it is not listed (any more)."""
    venue, _, rest = leg.partition(".")
    market, _, native = rest.partition(".")
    if market not in (Market.SPOT, Market.PERP):
        return None
    return board.slot_of(venue, Market(market), native)


def _mid_usd(slot: Slot) -> float | None:
    bid, ask = slot.bid_usd, slot.ask_usd
    return (bid + ask) / 2.0 if bid is not None and ask is not None else None
