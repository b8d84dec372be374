"""A conversation on one of Bybit's public sockets.

Nine frames in ten are ``orderbook.1`` and come on sockets of their own, so a frame is first tried as a quote if the
last one was one: a typed decoder demands a snapshot with both sides and the engine's time, and checks the numbers in C.
What it does not take goes the general way, which looks at the topic first and then says exactly what is wrong.

Traps that stand behind the code here:

- Spot and perpetual share their symbols; only the address of the socket tells them apart.
- ``u`` counts per topic, so books of two depths cannot be mixed: the first depth that comes is an instrument's.
- ``u`` 1 means that the service restarted: such a quote always counts (``seq`` 0), such a book begins anew.
- Best prices are repeated every 3 s under the same ``u`` when nothing changes.
- Until March 2025 ``orderbook.1`` sent updates after its snapshot. They are still read, for recordings' sake.
- The pong of a public socket calls itself ``"op":"ping"``.

Source: Bybit V5 docs, WebSocket Stream / Connect, Orderbook, Ticker.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from arbtui.core.errors import OurMistake, ProtocolBroken
from arbtui.core.events import BookDelta, BookSnapshot, Event, Ignored, Pong, Quote, QuoteTexts, Resync, Trade
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Outgoing, Tables
from arbtui.venues.bybit import shapes
from arbtui.venues.bybit.instruments import MARKET
from arbtui.venues.bybit.subscriptions import Subscriptions
from arbtui.venues.bybit.tickers import Known
from arbtui.venues.wire import (
    DECODE_ERRORS,
    SideTexts,
    address,
    amount_text,
    broken,
    guarded,
    price_text,
    side,
    side_texts,
    slot_or_none,
    text_of,
    traded_texts,
)

ASK_AGAIN_NS = 5_000_000_000  # a ticker that waits for its snapshot says so this often

_NOT_ORDINARY = (KeyError, *DECODE_ERRORS)  # KeyError: an instrument's first quote, or no quote at all
_TOPIC_BEGINS = b'{"topic":"'
_TOPIC_AT = len(_TOPIC_BEGINS)
_PUBLIC = "/v5/public/"
_UNKNOWN: tuple[Event, ...] = (Ignored("unknown_symbol"),)

_hot_bbo = shapes.hot_bbo.decode


class _Top:
    """The best prices of one instrument: its slot and the newest frame, or the texts made of old updates."""

    __slots__ = ("raw", "slot")

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.raw: bytes | QuoteTexts | None = None


class _Ticker:
    """One instrument's ticker on this connection."""

    __slots__ = ("asked_ns", "known")

    def __init__(self, known: Known) -> None:
        self.known = known
        self.asked_ns: int | None = None


def market_of(url: str) -> Market:
    """The product that a socket's address serves. Regional hosts serve it under the same path."""
    path = address(url).path
    market = MARKET.get(path.removeprefix(_PUBLIC)) if path.startswith(_PUBLIC) else None
    if market is None:
        raise OurMistake(
            f"{url!r} is no Bybit linear or spot stream address; those end in {_PUBLIC}linear and {_PUBLIC}spot."
        )
    return market


class BybitSession:
    """See ``venues.base.Session``."""

    def __init__(self, market: Market, tables: Tables) -> None:
        self._market = market
        self._slots = tables.of(market)
        self._subscriptions = Subscriptions(market)
        self._expects_quote = True  # the last frame was one; only speed depends on it
        self._tops: dict[str, _Top] = {}  # by topic; a symbol keeps its slot while we are connected
        self._books: dict[str, tuple[int, int]] = {}  # topic -> slot, depth
        self._depths: dict[str, int] = {}  # symbol -> depth of its book
        self._tickers: dict[str, _Ticker] = {}  # by topic

    def subscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        return self._subscriptions.subscribe(streams)

    def unsubscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        return self._subscriptions.unsubscribe(streams)

    def ping(self, t_ns: int) -> str:
        """A JSON text, every 20 s; protocol pings are not what keeps the connection."""
        return '{"req_id":"ping","op":"ping"}'

    def quote(self, frame: bytes, t_ns: int) -> Quote | None:
        """See ``venues.base.Session``."""
        if not self._expects_quote:
            return None
        try:
            message = _hot_bbo(frame)
            top = self._tops[message.topic]
        except _NOT_ORDINARY:
            self._expects_quote = False
            return None
        top.raw = frame
        data = message.data
        bid = data.b.best
        ask = data.a.best
        seq = data.u
        if seq == 1:
            seq = 0
        return Quote(top.slot, bid.price, bid.size, ask.price, ask.size, t_ns, message.cts, seq, frame)

    def decode(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        quote = self.quote(frame, t_ns)
        return (quote,) if quote is not None else self._general(frame, t_ns)

    # --- everything but the ordinary quote ----------------------------------------------------------------------------

    def _general(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        try:
            topic = _topic_at_a_glance(frame)
            if not topic:
                head = shapes.head.decode(frame)
                if not head.topic:
                    return self._answer(head, frame, t_ns)
                topic = head.topic
            kind, _, rest = topic.partition(".")
            if kind == "orderbook":
                return self._orderbook(topic, rest, frame, t_ns)
            if kind == "publicTrade":
                return self._trades(frame, t_ns)
            return self._ticker(topic, rest, frame, t_ns) if kind == "tickers" else (Ignored("other_topic"),)
        except DECODE_ERRORS as error:
            raise broken(error, frame, "Bybit frame") from error

    def _answer(self, head: shapes.Head, frame: bytes, t_ns: int) -> Sequence[Event]:
        if head.op == "pong" or (head.op == "ping" and head.ret_msg == "pong"):
            return (Pong(t_ns),)
        if head.op in ("subscribe", "unsubscribe") or (head.op == "" and head.success is False):
            return self._subscriptions.answered(head, t_ns)
        if not head.op:
            raise ProtocolBroken("unknown_shape", "Bybit frame with neither topic nor op", frame[:200])
        return (Ignored("other_answer"),)

    def _orderbook(self, topic: str, rest: str, frame: bytes, t_ns: int) -> Sequence[Event]:
        depth, _, symbol = rest.partition(".")
        if depth == "rpi" or depth == "full":  # rpi: with orders that an ordinary taker cannot hit
            return (Ignored(f"{depth}_book"),)
        if not (depth.isascii() and depth.isdigit() and len(depth) <= 5 and symbol):
            raise ProtocolBroken("unknown_shape", f"Bybit topic {topic[:60]!r}", frame[:200])
        if depth == "1":
            return self._quote(topic, symbol, frame, t_ns)
        message = shapes.book.decode(frame)
        book = self._books.get(topic)
        if book is None:
            slot = slot_or_none(self._slots, symbol)
            if slot is None:
                return _UNKNOWN
            if self._depths.setdefault(symbol, int(depth)) != int(depth):
                return (Ignored("book_of_another_depth"),)
            book = self._books[topic] = slot, int(depth)
        row = message.data
        if message.type == "snapshot":
            return (BookSnapshot(book[0], row.b, row.a, row.u, t_ns, _exchange_ms(message), book[1]),)
        return (BookDelta(book[0], row.b, row.a, row.u, row.u, -1, t_ns, _exchange_ms(message)),)

    def _trades(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        good, bad = shapes.trade_rows.decode(shapes.trades.decode(frame).data, "Bybit publicTrade")
        if bad:
            raise ProtocolBroken("unknown_shape", "Bybit publicTrade with an unreadable row", frame[:200])
        return [self._trade(row, t_ns) for row in good]

    def _trade(self, row: shapes.TradeRow, t_ns: int) -> Event:
        price, size = traded_texts(row.price, row.size)
        slot = slot_or_none(self._slots, row.symbol)
        if slot is None:
            return Ignored("unknown_symbol")
        if row.block or row.retail:
            return Ignored("block_trade" if row.block else "rpi_trade")
        return Trade(slot, price, size, "buy" if row.taker == "Buy" else "sell", row.id, t_ns, row.t_ms)

    # --- best bid and offer

    def _quote(self, topic: str, symbol: str, frame: bytes, t_ns: int) -> Sequence[Event]:
        """A quote that is not the ordinary one: an instrument's first, an empty side, an old recording's."""
        message = shapes.bbo.decode(frame)
        top = self._tops.get(topic)
        if top is None:
            slot = slot_or_none(self._slots, symbol)
            if slot is None:
                return _UNKNOWN
            top = self._tops[topic] = _Top(slot)
        row = message.data
        raw: bytes | QuoteTexts
        if message.type == "snapshot":
            texts, raw = _snapshot_texts(row), frame
        elif top.raw is None:
            return (Resync(Stream(self._market, Channel.BBO, symbol), "an update came before its snapshot"),)
        else:
            bid, bid_qty, ask, ask_qty = top.raw if isinstance(top.raw, tuple) else quote_texts(top.raw)
            texts = raw = (*_updated(bid, bid_qty, row.b), *_updated(ask, ask_qty, row.a))
        top.raw = raw
        self._expects_quote = True
        bid_price, bid_size = side(texts[0], texts[1])
        ask_price, ask_size = side(texts[2], texts[3])
        seq = 0 if row.u == 1 else row.u
        return (Quote(top.slot, bid_price, bid_size, ask_price, ask_size, t_ns, _exchange_ms(message), seq, raw),)

    # --- tickers

    def _ticker(self, topic: str, symbol: str, frame: bytes, t_ns: int) -> Sequence[Event]:
        message = shapes.ticker.decode(frame)
        ticker = self._tickers.get(topic)
        if ticker is None:
            slot = slot_or_none(self._slots, symbol)
            if slot is None:
                return _UNKNOWN
            ticker = self._tickers[topic] = _Ticker(Known(slot, self._market))
        if message.type == "snapshot":
            ticker.asked_ns = None
            return ticker.known.replace(message.data, t_ns, message.ts)
        if ticker.known.complete:
            return ticker.known.merge(message.data, t_ns, message.ts)
        if ticker.asked_ns is not None and t_ns - ticker.asked_ns < ASK_AGAIN_NS:
            return (Ignored("update_before_snapshot"),)
        ticker.asked_ns = t_ns
        return (Resync(Stream(self._market, Channel.TICKER, symbol), "an update came before its snapshot"),)


def quote_texts(raw: bytes) -> QuoteTexts:
    """Exact texts of an ``orderbook.1`` snapshot."""
    return _snapshot_texts(guarded(shapes.bbo_texts, raw, "Bybit orderbook.1").data)


def _exchange_ms(message: shapes.BboFrame | shapes.BookFrame) -> int | None:
    return message.ts if message.cts is None else message.cts


def _snapshot_texts(row: shapes.BboSides) -> QuoteTexts:
    bid = side_texts(*_level(row.b[0])) if row.b else (None, None)
    ask = side_texts(*_level(row.a[0])) if row.a else (None, None)
    return (*bid, *ask)


def _level(level: Sequence[msgspec.Raw]) -> tuple[str | None, str | None]:
    if len(level) < 2:
        raise ProtocolBroken("unknown_shape", "Bybit level without a size")
    return text_of(level[0], "bad_price"), text_of(level[1], "bad_size")


def _updated(price: str | None, size: str | None, levels: Sequence[Sequence[msgspec.Raw]]) -> SideTexts:
    """One side of best prices after an update: sizes are absolute, zero takes a price away."""
    new: SideTexts = (None, None)
    gone: set[float] = set()
    for level in levels:
        level_price, level_size = _level(level)
        if price_text(level_price) is None or amount_text(level_size) is None:
            raise ProtocolBroken("bad_price", f"size {level_size!r} at price {level_price!r}")
        if level_price and level_size and float(level_size) > 0.0:
            new = level_price, level_size
        elif level_price:
            gone.add(float(level_price))
    if new[0] is None and price is not None and size is not None and float(price) not in gone:
        return price, size
    return new


def _topic_at_a_glance(frame: bytes) -> str:
    """The topic of a push whose keys come in the usual order; "" for any other frame."""
    end = frame.find(b'"', _TOPIC_AT)
    topic = frame[_TOPIC_AT:end]
    return "" if end < 0 or b"\\" in topic or not frame.startswith(_TOPIC_BEGINS) else topic.decode()
