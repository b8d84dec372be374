"""OKX's public channels, each encoded as its documents and live captures show them.

``bbo-tbt``: best level, at most every 10 ms, sent again after 60 s without a change. ``books5``: five levels, each 100
ms in which one of them changed. ``books``: snapshot (``prevSeqId`` -1), then what changed, each 100 ms; the update ids
of an instrument are the same in all three, and grow by more than one. ``checksum`` is always 0 (since 2026-06-23).
``trades``: each as it happens.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.base import BookTopic, Channel, Payload, Reason, Session, Topic, TradeTopic
from arbtui.sim.listing import Listing, Market, Print
from arbtui.sim.okx import rows, tables
from arbtui.sim.view import Delta, Depth

if TYPE_CHECKING:
    from arbtui.sim.okx.venue import Okx

NS_PER_S = 1_000_000_000
CHANNELS: dict[str, Channel] = {
    "bbo-tbt": "bbo",
    "books": "book",
    "books5": "book",
    "tickers": "ticker",
    "trades": "other",
    "mark-price": "mark",
    "index-tickers": "mark",
    "funding-rate": "funding",
    "instruments": "other",
}


def make(venue: Okx, channel: str, listing: Listing) -> Topic:
    """The stream of ``channel`` (not instruments) for an instrument that has it."""
    match channel:
        case "bbo-tbt":
            return BestPrices(venue, channel, listing, period_ms=10, every_ms=tables.IDLE_BOOK_MS)
        case "books":
            return Books(venue, channel, listing, period_ms=100, every_ms=tables.IDLE_BOOK_MS)
        case "books5":
            return Books5(venue, channel, listing, period_ms=100, every_ms=tables.IDLE_BOOK_MS)
        case "trades":
            return Trades(venue, channel, listing)
        case "tickers":
            return Tickers(venue, channel, listing, period_ms=100)
        case "mark-price":
            return MarkPrice(venue, channel, listing, period_ms=200)
        case "index-tickers":
            return IndexTickers(venue, channel, listing, period_ms=100)
        case "funding-rate":
            return FundingRate(venue, channel, listing)
    raise ValueError(f"{channel} is no channel of one instrument")


def push_text(channel: str, name: str, rest: str) -> str:
    """A push: its arg, then ``rest``."""
    return f'{{"arg":{{"channel":"{channel}","instId":"{name}"}},{rest}}}'


class Row(Topic):
    """A channel that shows one object, the present one at once to whoever subscribes."""

    repeat_s = 0  # seconds after which it is sent again unchanged, where that is not ``every_ms``

    def __init__(
        self, venue: Okx, wire: str, listing: Listing, *, period_ms: int = 0, every_ms: int = 0, name: str = ""
    ) -> None:
        super().__init__(venue, wire, listing, period_ms=period_ms, every_ms=every_ms)
        self.of = listing
        self._name = name or listing.native
        self._shown: Any = None
        self._shown_ns = 0

    @abstractmethod
    def row(self) -> dict[str, Any]:
        """The object now."""

    def greet(self, session: Session) -> None:
        if not rows.has_market(self.of):
            return
        row = self.row()
        if len(self.subscribers) == 1:
            self._shown, self._shown_ns = _without_time(row), self.hub.now_ns()
        self.send_to(session, self._text(row))

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        """The object, unless it is what was shown before."""
        if not rows.has_market(self.of):
            return None
        row = self.row()
        shown = _without_time(row)
        if shown == self._shown and (not self.repeat_s or now_ns - self._shown_ns < self.repeat_s * NS_PER_S):
            return None
        self._shown, self._shown_ns = shown, now_ns
        return self._text(row)

    def _text(self, row: dict[str, Any]) -> str:
        return push_text(self.wire, self._name, f'"data":[{orjson.dumps(row).decode()}]')


def _without_time(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "ts"}


class Tickers(Row):
    """Triggered by a trade or a change of the best bid or ask."""

    channel = "ticker"

    def row(self) -> dict[str, Any]:
        return rows.ticker(self.view, self.of, self.wire)


class MarkPrice(Row):
    """Each 200 ms in which it changed, else every 10 s."""

    channel = "mark"
    repeat_s = 10

    def row(self) -> dict[str, Any]:
        return rows.mark(self.view, self.of, self.wire)


class IndexTickers(Row):
    """Each 100 ms in which it changed, else once a minute. Its name is the index, not the swap that it comes from."""

    channel = "mark"
    repeat_s = 60

    def __init__(self, venue: Okx, wire: str, listing: Listing, *, period_ms: int) -> None:
        super().__init__(venue, wire, listing, period_ms=period_ms, name=listing.extra["family"])

    def row(self) -> dict[str, Any]:
        return rows.index(self.view, self.of, self.wire)


class FundingRate(Row):
    """Every minute (OKX: every 30 to 90 s)."""

    channel = "funding"

    def row(self) -> dict[str, Any]:
        return rows.funding(self.view, self.of)

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        return self._text(self.row()) if rows.has_market(self.of) else None


class BestPrices(Topic):
    """``bbo-tbt``. A side that is not there is an empty list."""

    channel = "bbo"

    def greet(self, session: Session) -> None:
        self.send_to(session, self.encode("change", self.hub.now_ns()))

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        assert self.listing is not None
        if not rows.has_market(self.listing):
            return None
        quote = self.view.quote(self.listing, self.wire)
        bids = rows.levels([(quote.bid, quote.bid_size)]) if quote.bid and quote.bid_size else "[]"
        asks = rows.levels([(quote.ask, quote.ask_size)]) if quote.ask and quote.ask_size else "[]"
        data = f'{{"asks":{asks},"bids":{bids},"ts":"{quote.t_ms}","seqId":{quote.seq}}}'
        return push_text(self.wire, self.listing.native, f'"data":[{data}]')


class Trades(TradeTopic):
    """``trades``: what one taker got at one price."""

    def trades(self, prints: list[Print]) -> Payload:
        return [push_text(self.wire, self.of.native, f'"data":[{self._row(one)}]') for one in prints]

    def _row(self, one: Print) -> str:
        return (
            f'{{"instId":"{self.of.native}","tradeId":"{one.number}","px":"{self.of.price(one.price)}",'
            f'"sz":"{self.of.size(one.lots)}","side":"{"buy" if one.buy else "sell"}","ts":"{self.print_ms(one)}",'
            f'"count":"1","source":"0","seqId":{self.of.state.seq}}}'
        )


class Books(BookTopic):
    """``books``: a snapshot, then updates that chain by ``prevSeqId``; an empty one after 60 s without a change."""

    def snapshot(self, depth: Depth, now_ns: int) -> Payload:
        if not rows.has_market(self.book):
            return None
        return self._frame("snapshot", rows.levels(depth.asks), rows.levels(depth.bids), depth.t_ms, -1, depth.seq)

    def update(self, delta: Delta, reason: Reason, now_ns: int) -> Payload:
        if not rows.has_market(self.book):
            return None
        t_ms = self.view.now_ms(self.market) if reason == "idle" else delta.t_ms
        return self._frame("update", rows.levels(delta.asks), rows.levels(delta.bids), t_ms, delta.prev, delta.seq)

    def _frame(self, action: str, asks: str, bids: str, t_ms: int, prev: int, seq: int) -> str:
        checksum = self.view.checksum(self.book, 0, self.wire)
        data = f'{{"asks":{asks},"bids":{bids},"ts":"{t_ms}","checksum":{checksum},"prevSeqId":{prev},"seqId":{seq}}}'
        return push_text(self.wire, self.book.native, f'"action":"{action}","data":[{data}]')


class Books5(BookTopic):
    """``books5``: whole each time, without ``action``, ``checksum`` or ``prevSeqId``."""

    depth = 5

    def snapshot(self, depth: Depth, now_ns: int) -> Payload:
        if not rows.has_market(self.book):
            return None
        data = (
            f'{{"asks":{rows.levels(depth.asks)},"bids":{rows.levels(depth.bids)},"instId":"{self.book.native}",'
            f'"ts":"{depth.t_ms}","seqId":{depth.seq}}}'
        )
        return push_text(self.wire, self.book.native, f'"data":[{data}]')

    def update(self, delta: Delta, reason: Reason, now_ns: int) -> Payload:
        if reason == "change" and not delta.bids and not delta.asks:
            return None
        return self.snapshot(self.whole(), now_ns)


class Instruments(Topic):
    """``instruments`` of a type: full rows of what was listed, changed or is about to end. Pushed by ``tell`` only."""

    def __init__(self, venue: Okx, inst_type: str, market: Market | None, *, demo: bool) -> None:
        super().__init__(venue, "instruments", market=market)
        self._inst_type = inst_type
        self._demo = demo
        self._of: Listing | None = None

    def tell(self, listing: Listing) -> None:
        """Push the row of ``listing``."""
        self._of = listing
        self.push("change", self.hub.now_ns())

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        if self._of is None:
            return None
        row = tables.instrument_row(self._of, demo=self._demo)
        arg = {"channel": self.wire, "instType": self._inst_type}
        return orjson.dumps({"arg": arg, "data": [row]}).decode()
