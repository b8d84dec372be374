"""A conversation on Hyperliquid's socket, which serves perps and spot alike.

Nearly all frames are ``bbo``. They are recognised by their first bytes and decoded by a typed decoder that reads and
checks the four numbers in C; whatever it does not take (an empty side, another order of keys, nonsense) falls through
to the general way, which reads the same frame as texts and says what is wrong with it.

There are no sequence numbers. ``time``, the block's, never falls for a coin, but may repeat: it serves as the id of
quotes and books, so that what is older is dropped and what is as old is not. Books come whole every time, on one
channel with two rhythms: marked ``fast`` with 5 levels, or with 20. Source: Hyperliquid docs, "Websocket".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import BookSnapshot, Event, Ignored, Pong, Quote, QuoteTexts, Source, Trade
from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Outgoing, Tables
from arbtui.venues.hyperliquid import rows, shapes
from arbtui.venues.hyperliquid.mids import Mids
from arbtui.venues.hyperliquid.names import market_of
from arbtui.venues.hyperliquid.subscriptions import Subscriptions
from arbtui.venues.wire import DECODE_ERRORS, guarded, side, side_texts, slot_or_none, traded_texts

FAST_LEVELS = 5
SLOW_LEVELS = 20

_BBO_BEGINS = b'{"channel":"bbo",'
_NOT_ORDINARY = (KeyError, *DECODE_ERRORS)  # KeyError: the first frame of a coin, or one that nobody knows
_GREETING = b"Websocket connection established."
_UNKNOWN: tuple[Event, ...] = (Ignored("unknown_symbol"),)
_MARKETS = (Market.PERP, Market.SPOT)

_hot_bbo = shapes.hot_bbo.decode


class HyperliquidSession:
    """See ``venues.base.Session``."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._slots: dict[str, int] = {}  # of coins seen so far, both markets; a coin keeps its slot
        self._subscriptions = Subscriptions()
        self._mids = Mids(self._slot)
        self._traded: set[str] = set()  # coins whose past was told: the first frame after subscribing is that
        self._handlers: dict[str, Callable[[msgspec.Raw, int], Sequence[Event]]] = {
            "l2Book": self._book,
            "trades": self._trades,
            "activeAssetCtx": self._ctx,
            "fastAssetCtxs": self._fast_ctxs,
            "subscriptionResponse": self._ack,
            "error": self._error,
            "pong": lambda _, t_ns: (Pong(t_ns),),
        }

    def subscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        self._traded.difference_update(stream.native for stream in streams if stream.channel is Channel.TRADES)
        return self._subscriptions.subscribe(streams)

    def unsubscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        return self._subscriptions.unsubscribe(streams)

    def ping(self, t_ns: int) -> str:
        """Only this has an answer that keeps the venue from closing after 60 s in which it had nothing to send."""
        return '{"method":"ping"}'

    def quote(self, frame: bytes, t_ns: int) -> Quote | None:
        """See ``venues.base.Session``."""
        if not frame.startswith(_BBO_BEGINS):
            return None
        try:
            data = _hot_bbo(frame).data
            slot = self._slots[data.coin]
        except _NOT_ORDINARY:
            return None
        bid, ask = data.bbo
        time = data.time
        return Quote(slot, bid.px, bid.sz, ask.px, ask.sz, t_ns, time, time, frame)

    def decode(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        quote = self.quote(frame, t_ns)
        return (quote,) if quote is not None else self._general(frame, t_ns)

    # --- everything but the ordinary quote ----------------------------------------------------------------------------

    def _general(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        if frame == _GREETING:
            return (Ignored("greeting"),)
        envelope = guarded(shapes.envelope, frame, "Hyperliquid frame")
        if envelope.channel == "bbo":
            return self._bbo(envelope.data, frame, t_ns)
        handler = self._handlers.get(envelope.channel)
        return (Ignored("other_channel"),) if handler is None else handler(envelope.data, t_ns)

    def _bbo(self, data: msgspec.Raw, frame: bytes, t_ns: int) -> Sequence[Event]:
        """A quote that is not the ordinary one: a coin's first, an empty side, another order of keys."""
        message = guarded(shapes.bbo, data, "bbo")
        bid, bid_qty = side(*_pair(message.bbo[0]))
        ask, ask_qty = side(*_pair(message.bbo[1]))
        slot = self._slot(message.coin)
        if slot is None:
            return _UNKNOWN
        return (Quote(slot, bid, bid_qty, ask, ask_qty, t_ns, message.time, message.time, frame),)

    def _book(self, data: msgspec.Raw, t_ns: int) -> Sequence[Event]:
        message = guarded(shapes.book, data, "l2Book")
        slot = self._slot(message.coin)
        return _UNKNOWN if slot is None else (snapshot(message, slot, t_ns, "ws"),)

    def _trades(self, data: msgspec.Raw, t_ns: int) -> Sequence[Event]:
        """Trades of one coin. The first frame tells some twenty seconds of the past again."""
        good, bad = shapes.trade_rows.decode(data, "trades")
        if bad:
            raise ProtocolBroken("unknown_shape", "Hyperliquid trades with an unreadable row", bytes(data)[:200])
        told = set(self._traded)
        self._traded.update(row.coin for row in good)
        return [self._trade(row, t_ns, past=row.coin not in told) for row in good]

    def _trade(self, row: shapes.TradeRow, t_ns: int, *, past: bool) -> Event:
        price, size = traded_texts(row.px, row.sz)
        slot = self._slot(row.coin)
        if slot is None:
            return Ignored("unknown_symbol")
        return Trade(slot, price, size, "buy" if row.side == "B" else "sell", str(row.tid), t_ns, row.time, past)

    def _ctx(self, data: msgspec.Raw, t_ns: int) -> Sequence[Event]:
        message = guarded(shapes.named_ctx, data, "activeAssetCtx")
        slot = self._slot(message.coin) if market_of(message.coin) is Market.PERP else None
        return _UNKNOWN if slot is None else rows.perp(message.ctx, slot, t_ns, "ws")

    def _fast_ctxs(self, data: msgspec.Raw, t_ns: int) -> Sequence[Event]:
        """Of the markets that were asked for; of both where nobody asked, in a replay."""
        packed = guarded(shapes.words, data, "fastAssetCtxs")
        return self._mids.take(packed, self._subscriptions.mids_of or _MARKETS, t_ns)

    def _ack(self, data: msgspec.Raw, t_ns: int) -> Sequence[Event]:
        return (self._subscriptions.answered(guarded(shapes.ack, data, "subscriptionResponse"), t_ns),)

    def _error(self, data: msgspec.Raw, t_ns: int) -> Sequence[Event]:
        return (self._subscriptions.refused(guarded(shapes.words, data, "error"), t_ns),)

    def _slot(self, coin: str) -> int | None:
        """None for a coin that stands in no table."""
        slot = self._slots.get(coin)
        market = None if slot is not None else market_of(coin)
        if market is not None:
            slot = slot_or_none(self._tables.of(market), coin)
            if slot is not None:
                self._slots[coin] = slot
        return slot


def snapshot(message: shapes.BookTexts, slot: int, t_ns: int, source: Source) -> BookSnapshot:
    """A whole book. One that shows five levels is taken for a fast one even where it does not say so."""
    bids, asks = ([(level.px, level.sz) for level in levels] for levels in message.levels)
    fast = message.fast or max(len(bids), len(asks)) == FAST_LEVELS
    depth = FAST_LEVELS if fast else SLOW_LEVELS
    return BookSnapshot(slot, bids, asks, message.time, t_ns, message.time, depth, source)


def quote_texts(raw: bytes) -> QuoteTexts:
    """Exact texts of a ``bbo`` frame."""
    bid, ask = guarded(shapes.bbo_frame, raw, "bbo").data.bbo
    return (*side_texts(*_pair(bid)), *side_texts(*_pair(ask)))


def _pair(level: shapes.LevelTexts | None) -> tuple[str | None, str | None]:
    """A level that is there must say something; only null is no level."""
    if level is None:
        return None, None
    if not (level.px or level.sz):
        raise ProtocolBroken("bad_price", "a best price without price and size")
    return level.px, level.sz
