"""Binance's public streams, each encoded as its websocket documentation and live captures show them.

Offered: bookTicker (one symbol; all symbols on USD-M, every 5 s), depth (diff and partial), aggTrade, miniTicker and
ticker (one symbol, arrays where Binance still has them), markPrice (one, array), contractInfo, and on spot the same
without mark. Single trades and candles are not simulated: their names are acknowledged and stay silent, as any unknown
name does there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from arbtui.sim.base import BookTopic, Payload, Reason, Topic, TradeTopic
from arbtui.sim.binance.tables import COINM_ROWS, FOREVER_MS, ODD_PERPS, PERP_STATUS
from arbtui.sim.listing import Listing, Market, Print
from arbtui.sim.view import Delta, Depth, Side

if TYPE_CHECKING:
    from arbtui.sim.binance.venue import Binance


class BestPrices(Topic):
    """``<symbol>@bookTicker``: at every change. Spot's has neither event type nor time."""

    channel = "bbo"

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        assert self.listing is not None
        return best_prices(self, self.listing)


class AllBestPrices(Topic):
    """``!bookTicker`` of USD-M: every symbol, each in a frame of its own, every 5 s; COIN-M symbols among them."""

    channel = "bbo"

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        now_ms = self.view.now_ms("perp")
        frames = [best_prices(self, listing) for listing in self.rows(live(self.venue.listings("perp")))]
        frames.extend(
            f'{{"e":"bookTicker","u":{now_ms},"s":"{symbol}","ps":"{pair}","b":"{price}","B":"120","a":"{price}1",'
            f'"A":"95","T":{now_ms},"E":{now_ms},"st":2}}'
            for symbol, pair, price in COINM_ROWS
        )
        return frames


class DepthDiff(BookTopic):
    """``<symbol>@depth[@speed]``: what changed since the frame before. Snapshots come by REST."""

    snapshot_first = False

    def snapshot(self, depth: Depth, now_ns: int) -> Payload:
        return None

    def update(self, delta: Delta, reason: Reason, now_ns: int) -> Payload:
        now_ms = self.view.now_ms(self.market)
        bids, asks = levels(delta.bids), levels(delta.asks)
        if self.market == "spot":
            return (
                f'{{"e":"depthUpdate","E":{now_ms},"s":"{self.book.native}","U":{delta.prev + 1},"u":{delta.seq},'
                f'"b":{bids},"a":{asks}}}'
            )
        return (
            f'{{"e":"depthUpdate","E":{now_ms},"T":{delta.t_ms},"s":"{self.book.native}","ps":"{self.book.native}",'
            f'"U":{delta.first},"u":{delta.seq},"pu":{delta.prev},"b":{bids},"a":{asks},"st":1}}'
        )


class DepthTop(BookTopic):
    """``<symbol>@depth5|10|20[@speed]``: the top of the book, whole each time. USD-M's looks like a diff."""

    snapshot_first = False

    def __init__(self, venue: Binance, wire: str, listing: Listing, depth: int, period_ms: int) -> None:
        self.depth = depth
        super().__init__(venue, wire, listing, period_ms=period_ms)

    def snapshot(self, depth: Depth, now_ns: int) -> Payload:
        return None

    def update(self, delta: Delta, reason: Reason, now_ns: int) -> Payload:
        top = self.whole()
        bids, asks = levels(top.bids), levels(top.asks)
        if self.market == "spot":
            return f'{{"lastUpdateId":{top.seq},"bids":{bids},"asks":{asks}}}'
        now_ms = self.view.now_ms(self.market)
        return (
            f'{{"e":"depthUpdate","E":{now_ms},"T":{top.t_ms},"s":"{self.book.native}","ps":"{self.book.native}",'
            f'"U":{delta.first},"u":{top.seq},"pu":{delta.prev},"b":{bids},"a":{asks},"st":1}}'
        )


class AggTrades(TradeTopic):
    """``<symbol>@aggTrade``: what one taker got at one price. ``m``: the buyer was the maker."""

    def trades(self, prints: list[Print]) -> Payload:
        return [self._row(one) for one in prints]

    def _row(self, one: Print) -> str:
        size = self.of.size(one.lots)
        tail = f'"nq":"{size}",' if self.market == "perp" else ""
        end = ',"st":1}' if self.market == "perp" else ',"M":true}'
        maker = "false" if one.buy else "true"
        return (
            f'{{"e":"aggTrade","E":{self.view.now_ms(self.market)},"a":{one.number},"s":"{self.of.native}",'
            f'"p":"{self.of.price(one.price)}","q":"{size}",{tail}"f":{one.number},"l":{one.number},'
            f'"T":{self.print_ms(one)},"m":{maker}{end}'
        )


class MiniTicker(Topic):
    """``<symbol>@miniTicker`` and, full, ``<symbol>@ticker``."""

    channel = "ticker"

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        assert self.listing is not None
        return day_row(self, self.listing, full=self.wire == "ticker")


class AllTickers(Topic):
    """``!miniTicker@arr`` (and ``!ticker@arr`` on USD-M): the symbols that traded since the last one."""

    channel = "ticker"

    def __init__(self, venue: Binance, wire: str, market: Market) -> None:
        super().__init__(venue, wire, market=market, period_ms=1000)
        self._trades: dict[Listing, int] = {}

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        full = self.wire == "!ticker@arr"
        rows = [day_row(self, listing, full=full) for listing in self.rows(self._traded())]
        if self.market == "perp" and rows:
            now_ms = self.view.now_ms("perp")
            rows.extend(
                f'{{"e":"24hrMiniTicker","E":{now_ms},"s":"{symbol}","ps":"{pair}","c":"{price}","o":"{price}",'
                f'"h":"{price}","l":"{price}","v":"1000","q":"1203.5","st":2}}'
                for symbol, pair, price in COINM_ROWS[:1]
            )
        return f"[{','.join(rows)}]" if rows else None

    def _traded(self) -> Iterable[Listing]:
        for listing in live(self.venue.listings(self.market)):
            if self._trades.get(listing) != listing.trades:
                self._trades[listing] = listing.trades
                yield listing


class MarkPrice(Topic):
    """``<symbol>@markPrice[@1s]``."""

    channel = "mark"

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        assert self.listing is not None
        return mark_row(self, self.listing, self.view.now_ms("perp"))


class AllMarkPrices(Topic):
    """``!markPrice@arr[@1s]``: all symbols, COIN-M and rows without funding among them; TradFi in a second frame."""

    channel = "mark"

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        now_ms = self.view.now_ms("perp") // 1000 * 1000
        perps = [x for x in self.venue.listings("perp") if x.status != "pre_open"]
        rows = [mark_row(self, listing, now_ms) for listing in self.rows(perps)]
        rows.extend(_fixed_mark(symbol, price, now_ms, 2) for symbol, _, price in COINM_ROWS)
        odd = [(o[0], o[5]) for o in ODD_PERPS if o[2] != "TRADIFI_PERPETUAL"]
        rows.extend(_fixed_mark(symbol, price, now_ms, 1) for symbol, price in odd)
        other = [_fixed_mark(o[0], o[5], now_ms, 1) for o in ODD_PERPS if o[2] == "TRADIFI_PERPETUAL"]
        return [f"[{','.join(rows)}]", f"[{','.join(other)}]"]


class ContractInfo(Topic):
    """``!contractInfo``: a contract was listed, changed, or is about to end. Pushed by ``of``, never by the clock."""

    def __init__(self, venue: Binance, wire: str) -> None:
        super().__init__(venue, wire, market="perp")
        self.of: Listing | None = None

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        if self.of is None:
            return None
        return (
            f'{{"e":"contractInfo","E":{self.view.now_ms("perp")},"s":"{self.of.native}","ps":"{self.of.native}",'
            f'"ct":"PERPETUAL","dt":{self.of.delist_ms or FOREVER_MS},"ot":{self.of.extra["onboard_ms"]},'
            f'"cs":"{PERP_STATUS[self.of.status]}","st":1}}'
        )


_DEPTH = re.compile(r"depth(5|10|20)?(?:@(\d+)ms)?")
_SPEEDS: dict[Market, tuple[int, ...]] = {"perp": (0, 100, 250, 500), "spot": (100, 1000)}
_DEFAULT_SPEED: dict[Market, int] = {"perp": 250, "spot": 1000}
_PUBLIC = re.compile(r"(?:!bookTicker|.+@(?:bookTicker|depth.*|rpiDepth.*|trade))")


def owner(name: str) -> str:
    """Which route of USD-M carries the stream ``name``: "public" or "market"."""
    return "public" if _PUBLIC.fullmatch(name) else "market"


def make(venue: Binance, market: Market, name: str) -> Topic | None:
    """The stream called ``name``, or None: acknowledged and silent, whether unknown, misspelt or not simulated."""
    if name.startswith("!"):
        return _of_all(venue, market, name)
    symbol, _, kind = name.partition("@")
    if symbol != symbol.lower():
        return None
    listing = venue.find(market, symbol.upper())
    if listing is None:
        return None
    if kind == "bookTicker":
        return BestPrices(venue, kind, listing)
    if kind == "aggTrade":
        return AggTrades(venue, kind, listing)
    if kind in ("miniTicker", "ticker"):
        return MiniTicker(venue, kind, listing, period_ms=2000 if market == "perp" else 1000)
    if market == "perp" and kind in ("markPrice", "markPrice@1s"):
        return MarkPrice(venue, "markPrice", listing, period_ms=1000 if kind.endswith("1s") else 3000, always=True)
    return _depth(venue, market, listing, kind)


def _depth(venue: Binance, market: Market, listing: Listing, kind: str) -> Topic | None:
    if not (found := _DEPTH.fullmatch(kind)):
        return None
    speed_ms = int(found[2]) if found[2] else _DEFAULT_SPEED[market]
    # Only the bare name means the default speed: @depth@250ms is a name that does not exist.
    if found[2] and (speed_ms not in _SPEEDS[market] or speed_ms == _DEFAULT_SPEED[market]):
        return None
    if found[1]:
        return DepthTop(venue, "depth", listing, int(found[1]), max(speed_ms, 20))
    return DepthDiff(venue, "depth", listing, period_ms=speed_ms)


def _of_all(venue: Binance, market: Market, name: str) -> Topic | None:
    if name == "!miniTicker@arr":
        return AllTickers(venue, name, market)
    if market == "spot":  # !ticker@arr retired 2026-03-26, !bookTicker in 2022
        return None
    if name == "!ticker@arr":
        return AllTickers(venue, name, market)
    if name == "!bookTicker":
        return AllBestPrices(venue, name, market=market, period_ms=5000)
    if name in ("!markPrice@arr", "!markPrice@arr@1s"):
        return AllMarkPrices(venue, name, market=market, period_ms=1000 if name.endswith("1s") else 3000)
    if name == "!contractInfo":
        return ContractInfo(venue, name)
    return None


def live(listings: Iterable[Listing]) -> Iterable[Listing]:
    """Those that have a book."""
    return (x for x in listings if x.status in ("trading", "halted", "close_only"))


def levels(side: Side) -> str:
    """``[["83091.60","4.215"],...]``."""
    return "[" + ",".join([f'["{price}","{size}"]' for price, size in side]) + "]"


def best_prices(topic: Topic, listing: Listing) -> str:
    """A bookTicker payload. A side that is not there reads zero."""
    quote = topic.view.quote(listing, topic.wire)
    bid, bid_size = quote.bid or listing.price(0), quote.bid_size or listing.size(0)
    ask, ask_size = quote.ask or listing.price(0), quote.ask_size or listing.size(0)
    native = listing.native
    if listing.market == "spot":
        return f'{{"u":{quote.seq},"s":"{native}","b":"{bid}","B":"{bid_size}","a":"{ask}","A":"{ask_size}"}}'
    return (
        f'{{"e":"bookTicker","u":{quote.seq},"s":"{native}","ps":"{native}","b":"{bid}","B":"{bid_size}","a":"{ask}",'
        f'"A":"{ask_size}","T":{quote.t_ms},"E":{topic.view.now_ms("perp")},"st":1}}'
    )


def day_row(topic: Topic, listing: Listing, *, full: bool) -> str:
    """A miniTicker or ticker payload."""
    day = topic.view.ticker(listing, topic.wire)
    now_ms = topic.view.now_ms(listing.market)
    tail = f',"ps":"{listing.native}"' if listing.market == "perp" else ""
    end = ',"st":1}' if listing.market == "perp" else "}"
    if not full:
        return (
            f'{{"e":"24hrMiniTicker","E":{now_ms},"s":"{listing.native}"{tail},"c":"{day.last}","o":"{day.open}",'
            f'"h":"{day.high}","l":"{day.low}","v":"{day.volume}","q":"{day.turnover}"{end}'
        )
    best = ""
    if listing.market == "spot":
        quote = topic.view.quote(listing, topic.wire)
        best = f'"b":"{quote.bid}","B":"{quote.bid_size}","a":"{quote.ask}","A":"{quote.ask_size}","x":"{day.open}",'
    return (
        f'{{"e":"24hrTicker","E":{now_ms},"s":"{listing.native}"{tail},"p":"{day.change}","P":"{day.change_pct}",'
        f'"w":"{day.last}",{best}"c":"{day.last}","Q":"{day.last_size}","o":"{day.open}","h":"{day.high}",'
        f'"l":"{day.low}","v":"{day.volume}","q":"{day.turnover}","O":{now_ms - 86_400_000},"C":{now_ms},"F":1,'
        f'"L":{day.trades},"n":{day.trades}{end}'
    )


def mark_row(topic: Topic, listing: Listing, now_ms: int) -> str:
    """A markPrice payload."""
    marks = topic.view.marks(listing, topic.wire)
    funding = topic.view.funding(listing)
    return (
        f'{{"e":"markPriceUpdate","E":{now_ms},"s":"{listing.native}","p":"{marks.mark}","ap":"{marks.mark}",'
        f'"P":"{marks.index_price}","i":"{marks.index_price}","r":"{funding.rate}","T":{funding.next_ms},"st":1}}'
    )


def _fixed_mark(symbol: str, price: str, now_ms: int, kind: int) -> str:
    """A row without scheduled funding: r 0 and T 0 mean "none", not zero per cent."""
    return (
        f'{{"e":"markPriceUpdate","E":{now_ms},"s":"{symbol}","p":"{price}","ap":"{price}","P":"{price}",'
        f'"i":"{price}","r":"0.00000000","T":0,"st":{kind}}}'
    )
