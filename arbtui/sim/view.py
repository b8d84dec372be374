"""What a simulated venue may see of the truth: texts ready for the wire, distorted where a fault says so.

A venue never reads a ``Listing``'s book itself; it asks its ``View``. That is how every fault that distorts content
works on every venue without the venue knowing of it, while the truth stays sound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from arbtui.sim.faults import Faults
from arbtui.sim.listing import BookState, Level, Levels, Listing, Market, Writer
from arbtui.sim.world import World

NS_PER_MS = 1_000_000
Side = list[tuple[str, str]]  # price and size, best first


class Quote(NamedTuple):
    """Best bid and ask. A side that is not there: None, None."""

    bid: str | None
    bid_size: str | None
    ask: str | None
    ask_size: str | None
    seq: int
    t_ms: int  # when the book became so


class Depth(NamedTuple):
    """A whole book, or the top of it."""

    bids: Side
    asks: Side
    seq: int
    t_ms: int


class Delta(NamedTuple):
    """What changed since the frame before. A level that is gone has size zero, as this listing writes it."""

    prev: int  # id up to which the frame before went
    first: int  # id of the first change in this frame: ``prev < first <= seq`` (``first == seq == prev`` if none)
    seq: int
    bids: Side
    asks: Side
    t_ms: int


class Ticker(NamedTuple):
    """Last price and the figures of 24 h, in wire units."""

    last: str
    last_size: str
    open: str
    high: str
    low: str
    volume: str  # size units; x multiplier = coins
    turnover: str  # price x size units; x multiplier / price_factor = quote currency
    trades: int
    change: str  # last - open
    change_pct: str  # percent, two decimals


class Marks(NamedTuple):
    """Mark and index price."""

    mark: str
    index_price: str


class Funding(NamedTuple):
    """The estimate that will be charged at ``next_ms``, as a fraction per ``interval_h``; positive: longs pay."""

    rate: str
    interval_h: int
    next_ms: int


class View:
    """One venue's window on the world. ``via`` is "ws" or "rest": most faults distort sockets only (``faults``)."""

    def __init__(self, world: World, faults: Faults, venue: str, via: str, clock: Callable[[], int]) -> None:
        self._world = world
        self._faults = faults
        self._venue = venue
        self._via = via
        self._clock = clock

    def now_ms(self, market: Market | None = None) -> int:
        """The venue's own clock, UTC ms (off by a ``clock_skew``)."""
        now_ms = self._clock() // NS_PER_MS
        if self._faults.active and (fault := self._faults.find("clock_skew", self._venue, market)):
            return now_ms + int(fault.number)
        return now_ms

    def quote(self, listing: Listing, wire: str = "") -> Quote:
        """Best prices now. ``wire``: the venue's name of the channel or the REST path, for fault filters."""
        state = listing.state
        if not self._faults.active:
            return Quote(
                listing.price(state.bid),
                listing.size(listing.lots_at(state.bid, state.sizes)),
                listing.price(state.ask),
                listing.size(listing.lots_at(state.ask, state.sizes)),
                state.seq,
                state.t_ns // NS_PER_MS,
            )
        top = self._distorted(listing, listing.levels(state), "bbo", wire)
        bid, bid_size = self._best(listing, top.bids)
        ask, ask_size = self._best(listing, top.asks)
        if self._faults.content("nan_price", self._via, listing, "bbo", wire):
            bid = "nan"
        return Quote(bid, bid_size, ask, ask_size, state.seq, self.book_ms(listing, state))

    def depth(self, listing: Listing, limit: int | None = None, wire: str = "") -> Depth:
        """The book now (``old_snapshot``: as it was), at most ``limit`` levels a side."""
        state = self.snapshot_state(listing, wire)
        if self._via == "rest" and not (listing.handed_out and listing.handed_out[-1] is state):
            listing.handed_out.append(state)
        return self.depth_of(listing, state, self.levels(listing, state, wire), limit, wire)

    def depth_of(self, listing: Listing, state: BookState, levels: Levels, limit: int | None, wire: str) -> Depth:
        """``levels`` in texts."""
        bids, asks = side_texts(listing, levels.bids[:limit]), side_texts(listing, levels.asks[:limit])
        self._spoil(listing, bids, wire)
        return Depth(bids, asks, state.seq, self.book_ms(listing, state))

    def levels(self, listing: Listing, state: BookState, wire: str = "") -> Levels:
        """The book at ``state`` in integers, distorted where a fault says so."""
        levels = listing.levels(state)
        return self._distorted(listing, levels, "book", wire) if self._faults.active else levels

    def snapshot_state(self, listing: Listing, wire: str = "") -> BookState:
        """The state that a snapshot shows: the newest, or under ``old_snapshot`` the oldest that is kept."""
        if self._faults.active and self._faults.content("old_snapshot", self._via, listing, "book", wire):
            return listing.history[0]
        return listing.state

    def delta(
        self, listing: Listing, held: list[Levels], now: tuple[BookState, Levels], ids: tuple[int, int], wire: str
    ) -> Delta:
        """What leads from any of the books ``held`` to the book ``now``; ``ids`` are ``Delta.prev`` and ``.first``."""
        bids = _changed(listing, [book.bids for book in held], now[1].bids)
        asks = _changed(listing, [book.asks for book in held], now[1].asks)
        self._spoil(listing, bids, wire)
        return Delta(ids[0], ids[1], now[0].seq, bids, asks, self.book_ms(listing, now[0]))

    def checksum(self, listing: Listing, true: int, wire: str = "") -> int:
        """``true``, or another number while ``bad_checksum`` is on."""
        if self._faults.active and self._faults.content("bad_checksum", self._via, listing, "book", wire):
            return true + 1
        return true

    def ticker(self, listing: Listing, wire: str = "") -> Ticker:
        price = listing.price
        last = price(listing.last)
        if self._faults.active and self._faults.content("nan_price", self._via, listing, "ticker", wire):
            last = "nan"
        change = listing.last - listing.open
        return Ticker(
            last,
            listing.size(listing.last_lots),
            price(listing.open),
            price(listing.high),
            price(listing.low),
            listing.size(listing.volume_lots),
            listing.turnover_text(),
            listing.trades,
            price(change),
            f"{100 * change / listing.open:.3f}",
        )

    def marks(self, listing: Listing, wire: str = "") -> Marks:
        mark = listing.mark_price(self._world.mark_of(listing))
        if self._faults.active and self._faults.content("nan_price", self._via, listing, "mark", wire):
            mark = "nan"
        return Marks(mark, listing.mark_price(self._world.index_of(listing)))

    def funding(self, listing: Listing) -> Funding:
        rate = listing.rate(self._world.funding_of(listing))
        if self._faults.active and (fault := self._faults.any_of("funding_interval", listing)):
            hours = int(fault.number)
            period_ms = hours * 3_600_000
            now_ms = self._world.now_ns // NS_PER_MS
            return Funding(rate, hours, now_ms - now_ms % period_ms + period_ms)
        return Funding(rate, listing.interval_h, self._world.next_funding_ms(listing))

    def book_ms(self, listing: Listing, state: BookState) -> int:
        """When ``state`` came about by the venue's own clock."""
        t_ms = state.t_ns // NS_PER_MS
        if self._faults.active and (fault := self._faults.find("clock_skew", self._venue, listing.market)):
            return t_ms + int(fault.number)
        return t_ms

    # -- distortion ----------------------------------------------------------------------------------------------

    def _distorted(self, listing: Listing, levels: Levels, channel: str, wire: str) -> Levels:
        if depeg := self._faults.any_of("depeg", listing):
            levels = _moved_to(levels, listing.price.nearest(depeg.number))
        if self._faults.content("empty_side", self._via, listing, channel, wire):
            levels = Levels(levels.bids, [])
        if self._faults.content("crossed", self._via, listing, channel, wire):
            levels = _crossed(levels)
        return levels

    def _spoil(self, listing: Listing, bids: Side, wire: str) -> None:
        if self._faults.active and self._faults.content("nan_price", self._via, listing, "book", wire):
            bids.insert(0, ("nan", listing.size(1)))

    def _best(self, listing: Listing, side: list[Level]) -> tuple[str, str] | tuple[None, None]:
        return (listing.price(side[0][0]), listing.size(side[0][1])) if side else (None, None)


def side_texts(listing: Listing, side: list[Level]) -> Side:
    """One side of a book as the wire has it."""
    price: Writer = listing.price
    size: Writer = listing.size
    return [(price(p), size(lots)) for p, lots in side]


def _changed(listing: Listing, held: list[list[Level]], new: list[Level]) -> Side:
    """Levels of ``new`` that some held side lacks or has otherwise, and zeros for those that ``new`` lacks."""
    after = dict(new)
    changed: dict[int, int] = {}
    for side in held:
        before = dict(side)
        changed.update((p, lots) for p, lots in new if before.get(p) != lots)
        changed.update((p, 0) for p in before if p not in after)
    return side_texts(listing, list(changed.items()))


def _crossed(levels: Levels) -> Levels:
    """Bids lifted over the asks by two ticks: a book that cannot be."""
    if not levels.bids or not levels.asks:
        return levels
    by = levels.asks[0][0] - levels.bids[0][0] + 2
    return Levels([(p + by, lots) for p, lots in levels.bids], levels.asks)


def _moved_to(levels: Levels, mid: int) -> Levels:
    """The book around another price, a tick wide at least."""
    by = mid - (levels.bids[0][0] + levels.asks[0][0]) // 2
    return Levels(
        [(p + by, lots) for p, lots in levels.bids if p + by > 0],
        [(p + by, lots) for p, lots in levels.asks if p + by > 0],
    )
