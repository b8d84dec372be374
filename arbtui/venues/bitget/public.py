"""A conversation on Bitget's public socket (API v2).

``books1`` is most of what comes, on sockets of its own. There every frame is tried first with a typed decoder that
takes nothing but this channel and reads and checks the four numbers in C; what that does not take (an empty side,
another channel, nonsense) goes the general way, which reads the frame as texts and says what is wrong with it.

A ``ticker`` push is a whole row of last, 24 h figures, best prices, mark, index and funding. Its best prices come some
100 ms later than those of ``books1`` and have no id: they are the second opinion on them (``Mid``), never a quote.

Ids: ``seq`` is one counter per instrument that jumps; a ``books`` update names the one before it (``pseq``), a snapshot
and every ``books1`` frame say ``pseq`` 0, and an update that does so means that the venue's counter began anew.
``books`` frames without ids, as they were until 2026, cannot be chained and are refused.

Frames of the two other dialects that recordings may hold are told apart and left alone: v1 (until 2023; instType "mc",
"sp") and v3 (``topic`` for ``channel``). Source: Bitget classic API docs, "Depth Channel", "Market Channel".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import BookDelta, BookSnapshot, Event, Ignored, Pong, Quote, QuoteTexts, Trade
from arbtui.core.model import Stream
from arbtui.venues.base import Outgoing, Tables
from arbtui.venues.bitget import rows, shapes
from arbtui.venues.bitget.instruments import MARKET
from arbtui.venues.bitget.subscriptions import Subscriptions
from arbtui.venues.wire import DECODE_ERRORS, broken, guarded, side, side_texts, traded_texts

_CHANNEL = b'"channel":"'
_FROM, _TO = 40, 90  # where the channel's name begins and ends at the latest, keys in the usual order
_NOT_ORDINARY = (KeyError, *DECODE_ERRORS)  # KeyError: an instrument, or a product, that nobody knows

_WINDOWS = (200, 500)  # levels a side that a book shows: 500 of the busiest contracts, 200 of the others

_hot_bbo = shapes.hot_bbo.decode


class BitgetSession:
    """See ``venues.base.Session``."""

    def __init__(self, tables: Tables) -> None:
        self._slots = {product: tables.of(market) for product, market in MARKET.items()}
        self._subscriptions = Subscriptions()
        self._expects_bbo = True  # the last frame was a quote; only speed depends on it
        self._handlers: dict[bytes, Callable[[bytes, int], Sequence[Event]]] = {
            b"books1": self._bbo,
            b"books": self._book,
            b"ticker": self._ticker,
            b"trade": self._trades,
        }

    def subscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        """A ``ticker`` carries several streams and is asked for once."""
        return self._subscriptions.subscribe(streams)

    def unsubscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        return self._subscriptions.unsubscribe(streams)

    def ping(self, t_ns: int) -> str:
        """A text of four letters. JSON is refused, protocol pings do not count, and data does not replace it."""
        return "ping"

    def quote(self, frame: bytes, t_ns: int) -> Quote | None:
        """See ``venues.base.Session``."""
        if not self._expects_bbo:
            return None
        try:
            message = _hot_bbo(frame)
            arg = message.arg
            slot = self._slots[arg.inst_type][arg.inst_id]
        except _NOT_ORDINARY:
            self._expects_bbo = False
            return None
        (row,) = message.data
        ((bid, bid_qty),) = row.bids
        ((ask, ask_qty),) = row.asks
        return Quote(slot, bid, bid_qty, ask, ask_qty, t_ns, row.ts, row.seq, frame)

    def decode(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        quote = self.quote(frame, t_ns)
        return (quote,) if quote is not None else self._general(frame, t_ns)

    # --- everything but the ordinary quote ----------------------------------------------------------------------------

    def _general(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        if frame == b"pong":
            return (Pong(t_ns),)
        try:
            if handler := self._handlers.get(_channel_at_a_glance(frame)):
                try:
                    return handler(frame, t_ns)
                except _NOT_ORDINARY:
                    pass  # perhaps no push at all, only a frame whose keys come in this order
            return self._by_name(frame, t_ns)
        except DECODE_ERRORS as error:
            raise broken(error, frame, "Bitget frame") from error

    def _by_name(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        head = shapes.head.decode(frame)
        if head.event == "error":
            return (self._subscriptions.refused(head, t_ns),)
        if head.arg is None:
            if head.event:
                return (Ignored("other_event"),)
            raise ProtocolBroken("unknown_shape", "Bitget frame with neither event nor arg", frame[:200])
        if foreign := _foreign(head.arg):
            return (Ignored(foreign),)
        if head.event == "subscribe":
            return (self._subscriptions.acked(head.arg, t_ns),)
        if head.event == "unsubscribe":
            return (self._subscriptions.left(head.arg, t_ns),)
        if head.event:
            return (Ignored("other_event"),)
        handler = self._handlers.get(head.arg.channel.encode())
        if handler is None:
            return (Ignored("other_channel"),)
        try:
            return handler(frame, t_ns)
        except KeyError:
            return (Ignored("unknown_symbol"),)

    # Handlers raise KeyError for a frame about something that nobody knows.

    def _bbo(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        message = shapes.book_push.decode(frame)
        row = message.row
        slot = self._slots[message.arg.inst_type][message.arg.inst_id]
        self._expects_bbo = True
        bid, bid_qty = side(*_best(row.bids))
        ask, ask_qty = side(*_best(row.asks))
        return (Quote(slot, bid, bid_qty, ask, ask_qty, t_ns, row.ts, row.seq or 0, frame),)

    def _book(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        message = shapes.book_push.decode(frame)
        row = message.row
        slot = self._slots[message.arg.inst_type][message.arg.inst_id]
        if message.action not in ("snapshot", "update"):
            raise ProtocolBroken("unknown_shape", f"Bitget books frame with action {message.action[:20]!r}", frame)
        if row.seq is None or (row.pseq is None and message.action == "update"):
            words = f"Bitget books frame of {message.arg.inst_id[:40]} without update ids (from before 2026)"
            raise ProtocolBroken("unchained_book", words, frame)
        if message.action == "snapshot":
            return (BookSnapshot(slot, row.bids, row.asks, row.seq, t_ns, row.ts, _window(row)),)
        prev = -1 if row.pseq is None else row.pseq
        return (BookDelta(slot, row.bids, row.asks, -1, row.seq, prev, t_ns, row.ts),)

    def _ticker(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        message = shapes.ticker_push.decode(frame)
        slot = self._slots[message.arg.inst_type][message.arg.inst_id]
        try:
            checked = shapes.checked_ticker_push.decode(frame).data[0]
            row = message.rows[0]
        except DECODE_ERRORS:  # something is missing or wrong
            return [event for row in message.rows for event in rows.of_push(row, slot, t_ns)]
        return rows.of_sound_push(row, checked, slot, t_ns)

    def _trades(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        self._expects_bbo = False
        message = shapes.trade_push.decode(frame)
        slot = self._slots[message.arg.inst_type][message.arg.inst_id]
        past = message.action == "snapshot"
        return [
            Trade(slot, *traded_texts(row.price, row.size), row.side, row.trade_id, t_ns, row.ts, past)
            for row in message.data
        ]


def quote_texts(raw: bytes) -> QuoteTexts:
    """Exact texts of a ``books1`` frame."""
    row = guarded(shapes.book_push, raw, "Bitget books1").row
    return (*side_texts(*_best(row.bids)), *side_texts(*_best(row.asks)))


def _channel_at_a_glance(frame: bytes) -> bytes:
    """The channel of a push whose keys come in the usual order; b"" for any other frame."""
    at = frame.find(_CHANNEL, _FROM, _TO)
    return b"" if at < 0 else frame[at + len(_CHANNEL) : frame.find(b'"', at + len(_CHANNEL))]


def _foreign(arg: shapes.Arg) -> str:
    """Why a frame about ``arg`` is none of ours; "" if it may be."""
    if arg.topic:
        return "v3_dialect"
    if arg.inst_type.lower() in ("mc", "sp"):
        return "v1_dialect"
    return "" if arg.inst_type in MARKET else "other_product"


def _best(levels: Sequence[shapes.Pair]) -> tuple[str | None, str | None]:
    return levels[0] if levels else (None, None)


def _window(row: shapes.Book) -> int:
    """Levels a side that the stream goes on to show, told from the snapshot.

    What falls out of the venue's window is not deleted by it, so levels beyond are cut rather than believed.
    """
    longest = max(len(row.bids), len(row.asks))
    return next((window for window in _WINDOWS if longest <= window), longest)
