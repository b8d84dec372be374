"""Bitget's public v2 channels. All but ``trade`` and updates of ``books`` are whole each time: ``"action":"snapshot"``.

``books1``: best level, at most every 10 ms. ``books5``, ``books15``: at each change of the book, be it deeper than
what they show. ``books``: snapshot with ``pseq`` 0, then what changed, where ``pseq`` is the ``seq`` before; the update
ids of an instrument are the same in all channels and grow by thousands. ``ticker``: the whole row, at least with each
mark price.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.base import BookTopic, Payload, Reason, Session, Topic, TradeTopic
from arbtui.sim.bitget import rows, tables
from arbtui.sim.listing import Listing, Print
from arbtui.sim.view import Delta, Depth

if TYPE_CHECKING:
    from arbtui.sim.bitget.venue import Bitget

_AGAIN_EVERY = 6000  # updates of ``books`` from one fresh snapshot to the next
_TOLD_AGAIN_S = 60.0
_STRAY_EVERY = 50  # updates of ``books`` from one delete of a level that is not there to the next


def make(venue: Bitget, channel: str, listing: Listing) -> Topic:
    """The stream of ``channel`` for an instrument."""
    fixed_ms = tables.FIXED_MS[listing.market]
    match channel:
        case "books1":
            return BestPrices(venue, channel, listing, period_ms=tables.BBO_MS)
        case "books5":
            return Books5(venue, channel, listing, period_ms=fixed_ms)
        case "books15":
            return Books15(venue, channel, listing, period_ms=fixed_ms)
        case "books":
            return Books(venue, channel, listing, period_ms=tables.BOOKS_MS)
        case "trade":
            return Trades(venue, channel, listing)
        case "ticker":
            return Tickers(venue, channel, listing, period_ms=tables.TICKER_MS, every_ms=tables.MARK_MS)
    raise ValueError(f"{channel} is no channel")


def arg_text(channel: str, listing: Listing) -> str:
    """The ``arg`` of a push."""
    product = listing.extra["product"]
    return f'"arg":{{"instType":"{product}","channel":"{channel}","instId":"{listing.native}"}}'


class Tickers(Topic):
    """``ticker``. What does not trade shows its last row to whoever subscribes, and then says no more."""

    channel = "ticker"

    def __init__(self, venue: Bitget, wire: str, listing: Listing, *, period_ms: int, every_ms: int) -> None:
        super().__init__(venue, wire, listing, period_ms=period_ms, every_ms=every_ms)
        self._of = listing
        self._head = f'{{"action":"snapshot",{arg_text(wire, listing)},"data":['

    def greet(self, session: Session) -> None:
        if rows.has_ticker(self._of):
            self.send_to(session, self._text())

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        return self._text() if rows.moves(self._of) else None

    def _text(self) -> str:
        row: dict[str, Any] = rows.pushed_ticker(self.view, self._of, self.wire)
        return f'{self._head}{orjson.dumps(row).decode()}],"ts":{self.view.now_ms(self.market)}}}'


class BestPrices(Topic):
    """``books1``. A side that is not there is an empty list."""

    channel = "bbo"

    def __init__(self, venue: Bitget, wire: str, listing: Listing, *, period_ms: int) -> None:
        super().__init__(venue, wire, listing, period_ms=period_ms)
        self._of = listing
        self._head = f'{{"action":"snapshot",{arg_text(wire, listing)},"data":['

    def greet(self, session: Session) -> None:
        self.send_to(session, self.encode("change", self.hub.now_ns()))

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        if not rows.has_ticker(self._of):
            return None
        quote = self.view.quote(self._of, self.wire)
        full = rows.has_book(self._of)
        asks = f'[["{quote.ask}","{quote.ask_size}"]]' if full and quote.ask is not None else "[]"
        bids = f'[["{quote.bid}","{quote.bid_size}"]]' if full and quote.bid is not None else "[]"
        return (
            f'{self._head}{{"asks":{asks},"bids":{bids},"ts":"{quote.t_ms}","seq":{quote.seq},"pseq":0}}],'
            f'"ts":{self.view.now_ms(self.market)}}}'
        )


class Trades(TradeTopic):
    """``trade``: to a new subscriber the last ones as a snapshot, newest first, then each as it happens."""

    def greet(self, session: Session) -> None:
        if past := self.past(_TOLD_AGAIN_S):
            self.send_to(session, self._frame("snapshot", past))

    def trades(self, prints: list[Print]) -> Payload:
        return self._frame("update", prints)

    def _frame(self, action: str, prints: list[Print]) -> str:
        rows = ",".join([self._row(one) for one in reversed(prints)])
        ts = self.view.now_ms(self.market)
        return f'{{"action":"{action}",{arg_text(self.wire, self.of)},"data":[{rows}],"ts":{ts}}}'

    def _row(self, one: Print) -> str:
        return (
            f'{{"ts":"{self.print_ms(one)}","price":"{self.of.price(one.price)}","size":"{self.of.size(one.lots)}",'
            f'"side":"{"buy" if one.buy else "sell"}","tradeId":"{1_235_671_000_000_000_000 + one.number}"}}'
        )


class Books(BookTopic):
    """``books``."""

    def __init__(self, venue: Bitget, wire: str, listing: Listing, *, period_ms: int) -> None:
        super().__init__(venue, wire, listing, period_ms=period_ms)
        self._arg = arg_text(wire, listing)
        self._updates = listing.salt

    def snapshot(self, depth: Depth, now_ns: int) -> Payload:
        if not rows.has_ticker(self.book):
            return None
        if not rows.has_book(self.book):
            depth = depth._replace(bids=[], asks=[])
        return self.frame("snapshot", rows.levels(depth.asks), rows.levels(depth.bids), depth.t_ms, (depth.seq, 0))

    def update(self, delta: Delta, reason: Reason, now_ns: int) -> Payload:
        if not rows.has_book(self.book):
            return None
        self._updates += 1
        if self._updates % _AGAIN_EVERY == 0:
            return self.snapshot(self.whole(), now_ns)
        bids = delta.bids
        if self._updates % _STRAY_EVERY == 0:
            bids = [*bids, self._stray()]
        pseq = 0 if delta.seq < delta.prev else delta.prev  # 0: ids began again
        return self.frame("update", rows.levels(delta.asks), rows.levels(bids), delta.t_ms, (delta.seq, pseq))

    def frame(self, action: str, asks: str, bids: str, t_ms: int, ids: tuple[int, int]) -> str:
        """A push; ``ids`` are ``seq`` and ``pseq``."""
        seq, pseq = ids
        return (
            f'{{"action":"{action}",{self._arg},"data":[{{"asks":{asks},"bids":{bids},"ts":"{t_ms}",'
            f'"seq":{seq},"pseq":{pseq}}}],"ts":{self.view.now_ms(self.market)}}}'
        )

    def _stray(self) -> tuple[str, str]:
        """The end of a bid that nobody ever had: at half a tick."""
        return format(self.book.tick / Decimal(2), "f"), "0"


class Books5(Books):
    """``books5``."""

    depth = 5

    def update(self, delta: Delta, reason: Reason, now_ns: int) -> Payload:
        return self.snapshot(self.whole(), now_ns)


class Books15(Books5):
    """``books15``."""

    depth = 15
