"""A board with two or three venues to try things on, and a clock that moves only when told to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from arbtui.core.clock import ManualClock
from arbtui.core.events import Listing, MarkPrice, Quote
from arbtui.core.model import Channel, Instrument, Market, Stream, TradingStatus
from arbtui.core.sequence import PrevEquals, Replaced
from arbtui.core.status import Link
from arbtui.market.slot import Slot
from arbtui.market.state import Board, ListingChange
from arbtui.market.terms import MarketRules, Rhythm, VenueTerms

MS = 1_000_000
S = 1_000_000_000
START_NS = 1_800_000_000 * S
PERP, SPOT = Market.PERP, Market.SPOT


def instrument(venue: str, market: Market, native: str, base: str, quote: str = "USDT", **more: Any) -> Instrument:
    fields: dict[str, Any] = {
        "venue": venue,
        "market": market,
        "native": native,
        "base": base,
        "quote": quote,
        "price_ccy": quote,
        "settle_ccy": quote,
        "multiplier": Decimal(1),
        "price_factor": Decimal(1),
        "status": TradingStatus.TRADING,
        "tick": Decimal("0.1"),
    }
    return Instrument(**(fields | more))


class Desk:
    """``ama`` and ``bex`` send BBOs on change, ``cue`` sends them by itself (periodic)."""

    def __init__(self, rules: MarketRules | None = None, *, adopting: bool = False) -> None:
        self.clock = ManualClock(START_NS)
        rhythms: Mapping[Channel, Rhythm] = {Channel.BBO: Rhythm(periodic=True)}
        terms = {
            (venue, market): VenueTerms(
                maker_rate=0.0002,
                taker_rate=0.0005 if market is PERP else 0.001,
                book_rule=Replaced() if venue == "cue" else PrevEquals(),
                rhythms=rhythms if venue == "cue" else {},
            )
            for venue in ("ama", "bex", "cue", "dot")
            for market in Market
        }
        self.board = Board(terms, rules or MarketRules(), adopting=adopting)
        self.links = {(venue, market): self._link(venue, market) for venue, market in terms}

    def _link(self, venue: str, market: Market) -> Link:
        link = Link(f"{venue} {market.value}")
        link.up = True
        link.last_traffic_ns = self.now_ns
        for channel in (Channel.BBO, Channel.BOOK):
            self.board.assign(venue, Stream(market, channel), link)
        return link

    @property
    def now_ns(self) -> int:
        return self.clock.now_ns()

    def listing(self, instruments: list[Instrument], **more: Any) -> Listing:
        return Listing(instruments[0].market, "all", instruments, self.now_ns, **more)

    def list(self, *instruments: Instrument) -> ListingChange:
        """Adds instruments of one venue and market."""
        return self.board.take_listing(instruments[0].venue, self.listing([*instruments], partial=True))

    def add(self, venue: str, market: Market = PERP, base: str = "BTC", **more: Any) -> Slot:
        quote = more.pop("quote", "USDT")
        native = more.pop("native", f"{base}{quote}")
        self.list(instrument(venue, market, native, base, quote, **more))
        slot = self.board.slot_of(venue, market, native)
        assert slot is not None
        return slot

    def quote(
        self,
        slot: Slot,
        bid: float | None,
        ask: float | None,
        *,
        bid_qty: float | None = 2.0,
        ask_qty: float | None = 3.0,
        seq: int = 0,
        exchange_ms: int | None = None,
        source: Literal["ws", "rest"] = "ws",
    ) -> Quote:
        """A quote arrives now; a missing side has no size."""
        event = Quote(
            slot.id,
            bid,
            None if bid is None else bid_qty,
            ask,
            None if ask is None else ask_qty,
            self.now_ns,
            exchange_ms,
            seq,
            b"",
            source,
        )
        if source == "ws" and slot.link is not None:
            slot.link.last_traffic_ns = self.now_ns
        self.board.apply(event)
        return event

    def mark(self, slot: Slot, price: str) -> None:
        self.board.apply(MarkPrice(slot.id, self.now_ns, mark=price, index=price))

    def agree(self, *slots: Slot, price: str = "100") -> None:
        """Gives perps the same mark and sweeps, so that their identity is settled."""
        for slot in slots:
            self.mark(slot, price)
        self.board.sweep(self.now_ns)

    def muted(self, slot: Slot) -> str:
        """Why the leg may not trade, as the board last judged; "" = it may."""
        return slot.muted or ""

    def after(self, seconds: float, *, traffic: bool = True, sweep: bool = True) -> None:
        """Time passes in steps of 500 ms; connections pass pongs all the while, and the board is swept."""
        end_ns = self.now_ns + int(seconds * S)
        while self.now_ns < end_ns:
            self.clock.advance_to(min(self.now_ns + 500 * MS, end_ns))
            for link in self.links.values():
                if traffic:
                    link.last_traffic_ns = self.now_ns
            if sweep:
                self.board.sweep(self.now_ns)
