"""Bybit's topics: best prices, books, trades and tickers, each encoded as its documents and live captures show them.

``orderbook.1``: best level, whole each time, at most every 10 ms, repeated with the same ``u`` after 3 s without a
change. ``orderbook.50``, ``.200``, ``.1000``: a snapshot, then what changed, each 20, 100 and 200 ms. ``tickers``: of a
contract a snapshot, then the values that changed, each 100 ms; of a pair whole each 50 ms, and without quotes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from arbtui.sim.base import BookTopic, Payload, Reason, Session, Topic, TradeTopic
from arbtui.sim.bybit import rows, tables
from arbtui.sim.listing import Listing, Market, Print
from arbtui.sim.view import Delta, Depth, Quote

if TYPE_CHECKING:
    from arbtui.sim.bybit.venue import Bybit

_TICKER_LOOK_MS = 900  # a ticker whose book rests is looked at each second: mark, index and funding move too


def make(venue: Bybit, market: Market, name: str) -> Topic | None:
    """The topic called ``name``; None: this socket has no such topic."""
    kind, _, symbol = name.partition(".")
    if kind in ("tickers", "publicTrade"):
        listing = venue.named(market, symbol)
        if listing is None:
            return None
        return Tickers(venue, listing) if kind == "tickers" else Trades(venue, listing)
    depth, _, symbol = symbol.partition(".")
    listing = venue.named(market, symbol) if kind == "orderbook" else None
    if listing is None:
        return None
    if depth == "1":
        return BestPrices(venue, listing)
    if depth.isdecimal() and int(depth) in tables.BOOK_PERIODS_MS and not depth.startswith("0"):
        return Books(venue, listing, int(depth))
    return None


def _frame(topic: str, kind: str, ts: int, data: str, cts: int, *, ts_first: bool) -> str:
    head = f'"ts":{ts},"type":"{kind}"' if ts_first else f'"type":"{kind}","ts":{ts}'
    return f'{{"topic":"{topic}",{head},"data":{data},"cts":{cts}}}'


class BestPrices(Topic):
    """``orderbook.1``. A side that is not there is an empty list."""

    channel = "bbo"

    def __init__(self, venue: Bybit, listing: Listing) -> None:
        super().__init__(venue, "orderbook.1", listing, period_ms=10, every_ms=tables.REPEAT_MS)
        self._bybit = venue
        self._of = listing
        self._name = f"orderbook.1.{listing.native}"
        self._ids = venue.frame_ids(listing, 1)
        self._shown: tuple[str | None, ...] = ()
        self._data = ""
        self._cts = 0

    def greet(self, session: Session) -> None:
        if not rows.has_market(self._of):
            return
        if len(self.subscribers) == 1:
            self._show(self.view.quote(self._of, self.wire), self.hub.now_ns())
        self.send_to(session, self._text())

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        if not rows.has_market(self._of):
            return None
        quote = self.view.quote(self._of, self.wire)
        if quote[:4] != self._shown or self._ids.restarted(self._bybit.epoch(self._of, now_ns)):
            self._show(quote, now_ns)
        elif reason != "idle":
            return None
        return self._text()

    def _show(self, quote: Quote, now_ns: int) -> None:
        bids = f'["{quote.bid}","{quote.bid_size}"]' if quote.bid else ""
        asks = f'["{quote.ask}","{quote.ask_size}"]' if quote.ask else ""
        u = self._ids.next(quote.seq, self._bybit.epoch(self._of, now_ns))
        self._shown = quote[:4]
        self._data = f'{{"s":"{self._of.native}","b":[{bids}],"a":[{asks}],"u":{u},"seq":{quote.seq}}}'
        self._cts = quote.t_ms

    def _text(self) -> str:
        return _frame(self._name, "snapshot", self.view.now_ms(self.market), self._data, self._cts, ts_first=True)


class Books(BookTopic):
    """``orderbook.N``. Every book here has 50 levels a side, so the deeper ones show the same levels less often."""

    def __init__(self, venue: Bybit, listing: Listing, depth: int) -> None:
        super().__init__(venue, f"orderbook.{depth}", listing, period_ms=tables.BOOK_PERIODS_MS[depth])
        self._bybit = venue
        self._name = f"orderbook.{depth}.{listing.native}"
        self._zero = listing.size(0)
        self._ids = venue.frame_ids(listing, depth)

    def snapshot(self, depth: Depth, now_ns: int) -> Payload:
        if not rows.has_market(self.book):
            return None
        return self._text("snapshot", self._ids.of_snapshot(depth.seq, self._bybit.epoch(self.book, now_ns)), depth)

    def update(self, delta: Delta, reason: Reason, now_ns: int) -> Payload:
        if not rows.has_market(self.book):
            return None
        epoch = self._bybit.epoch(self.book, now_ns)
        if self._ids.restarted(epoch):
            return self._text("snapshot", self._ids.next(delta.seq, epoch), self.whole())
        if not delta.bids and not delta.asks:
            self._ids.unchanged(delta.seq)
            return None
        return self._text("delta", self._ids.next(delta.seq, epoch), delta)

    def _text(self, kind: str, u: int, of: Delta | Depth) -> str:
        bids, asks = rows.levels(of.bids, self._zero), rows.levels(of.asks, self._zero)
        data = f'{{"s":"{self.book.native}","b":{bids},"a":{asks},"u":{u},"seq":{of.seq}}}'
        ts = self.view.now_ms(self.market)
        return _frame(self._name, kind, ts, data, of.t_ms, ts_first=self.market == "spot")


class Trades(TradeTopic):
    """``publicTrade``: as they happen, several in a frame if so. Ids are UUIDs of contracts and numbers of pairs."""

    def __init__(self, venue: Bybit, listing: Listing) -> None:
        super().__init__(venue, "publicTrade", listing)
        self._before = -1

    def trades(self, prints: list[Print]) -> Payload:
        ts = self.view.now_ms(self.market)
        head = f'"ts":{ts},"type":"snapshot"' if self.market == "spot" else f'"type":"snapshot","ts":{ts}'
        rows = ",".join([self._row(one) for one in prints])
        return f'{{"topic":"publicTrade.{self.of.native}",{head},"data":[{rows}]}}'

    def _row(self, one: Print) -> str:
        common = (
            f'"T":{self.print_ms(one)},"s":"{self.of.native}","S":"{"Buy" if one.buy else "Sell"}",'
            f'"v":"{self.of.size(one.lots)}","p":"{self.of.price(one.price)}"'
        )
        end = f'"BT":false,"RPI":false,"seq":{self.of.state.seq}'
        if self.market == "spot":
            return f'{{{common},"i":"{2_290_000_000_000_000_000 + one.number}",{end}}}'
        direction = (
            "ZeroPlusTick" if one.price == self._before else "PlusTick" if one.price > self._before else "MinusTick"
        )
        self._before = one.price
        return f'{{{common},"L":"{direction}","i":"{UUID(int=self.of.salt << 64 | one.number)}",{end}}}'


class Tickers(Topic):
    """``tickers``."""

    channel = "ticker"

    def __init__(self, venue: Bybit, listing: Listing) -> None:
        period_ms = tables.TICKER_PERIOD_MS[listing.market]
        super().__init__(venue, "tickers", listing, period_ms=period_ms, every_ms=_TICKER_LOOK_MS)
        self._of = listing
        self._name = f"tickers.{listing.native}"
        self._shown: dict[str, str] = {}
        self._trades = listing.trades
        self._cs = 0

    def greet(self, session: Session) -> None:
        if not rows.has_market(self._of):
            return
        if len(self.subscribers) == 1:
            self._shown = self._row()
        self.send_to(session, self._text("snapshot", self._shown))

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        if not rows.has_market(self._of):
            return None
        row, shown = self._row(), self._shown
        if row == shown:
            return None
        self._shown = row
        if self.market == "spot":
            return self._text("snapshot", row)
        changed = {key: value for key, value in row.items() if shown.get(key) != value}
        return self._text("delta", {"symbol": row["symbol"], **changed})

    def _row(self) -> dict[str, str]:
        row, self._cs = rows.topic_ticker(self.view, self._of, self.wire)
        if "tickDirection" in row:
            row["tickDirection"] = self._direction(row["lastPrice"])
        return row

    def _direction(self, last: str) -> str:
        """How the last trade stands to the one before it; a snapshot that knows of none says "ZeroPlusTick"."""
        before = self._shown.get("lastPrice", last)
        direction = self._shown.get("tickDirection", "ZeroPlusTick")
        if last != before:
            direction = "PlusTick" if float(last) > float(before) else "MinusTick"
        elif self._of.trades != self._trades:
            direction = "Zero" + direction.removeprefix("Zero")
        self._trades = self._of.trades
        return direction

    def _text(self, kind: str, data: dict[str, str]) -> bytes:
        ts = self.view.now_ms(self.market)
        frame: dict[str, Any]
        if self.market == "spot":
            frame = {"topic": self._name, "ts": ts, "type": kind, "cs": self._cs, "data": data}
        else:
            frame = {"topic": self._name, "type": kind, "data": data, "cs": self._cs, "ts": ts}
        return orjson.dumps(frame)
