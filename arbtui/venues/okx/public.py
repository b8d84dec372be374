"""A conversation on OKX's public socket.

Ninety-odd per cent of all frames are ``bbo-tbt`` and come on sockets of their own, so a frame is first tried as one if
the last one was: a typed decoder takes nothing but this channel, and reads and checks the four numbers in C. Whatever
it does not take (an empty side, another channel, nonsense) goes the general way, which reads the same frame as texts
and says what is wrong with it.

``seqId`` is one counter per instrument. After maintenance it may start again from below: a frame whose id fell while
its time went on is such a restart, and its quote is given ``seq`` 0 so that the market takes it. A frame whose time
did not go on is merely late and keeps its id. Source: OKX API v5 docs, Order Book Channel, "Sequence ID".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Closing,
    Event,
    Ignored,
    Level,
    Mid,
    Pong,
    Quote,
    QuoteTexts,
    Resync,
    StatusChange,
)
from arbtui.core.model import Channel, Stream, TradingStatus
from arbtui.venues.base import Outgoing, Tables
from arbtui.venues.okx import rows, shapes
from arbtui.venues.okx.checksum import DEPTH, ChecksummedBook
from arbtui.venues.okx.instruments import MARKET, listing
from arbtui.venues.okx.rows import SWAP_SUFFIX, market_of
from arbtui.venues.okx.subscriptions import Subscriptions, arg_of
from arbtui.venues.wire import DECODE_ERRORS, Rows, broken, guarded, side, side_texts, slot_or_none

_NOT_ORDINARY = (KeyError, *DECODE_ERRORS)  # KeyError: the first frame of an instrument, or one that nobody knows
_PUSH_BEGINS = b'{"arg":{"channel":"'
_UNKNOWN: tuple[Event, ...] = (Ignored("unknown_symbol"),)
_OTHER: tuple[Event, ...] = (Ignored("other_channel"),)

_hot_bbo = shapes.hot_bbo.decode


class _Lane:
    """One instrument on this connection."""

    __slots__ = ("checksummed", "exchange_ms", "seq", "slot")

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.seq = 0  # of the newest quote
        self.exchange_ms = 0
        self.checksummed: ChecksummedBook | None = None

    def fallen(self, seq: int, exchange_ms: int) -> int:
        """The ``seq`` to tell for a quote whose id is below the one before."""
        if exchange_ms <= self.exchange_ms:
            return seq
        self.seq = seq
        self.exchange_ms = exchange_ms
        return 0


class OkxSession:
    """See ``venues.base.Session``."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._lanes: dict[str, _Lane] = {}  # of instruments seen so far; a symbol keeps its slot while we are connected
        self._expects_quote = True  # the last frame was one; only speed depends on it
        self._subscriptions = Subscriptions()
        self._status: dict[str, str] = {}
        self._handlers: dict[bytes, Callable[[bytes, int], Sequence[Event]]] = {
            b"bbo-tbt": self._bbo,
            b"books": self._book,
            b"tickers": self._tickers,
            b"trades": self._trades,
            b"mark-price": self._marks,
            b"index-tickers": self._indices,
            b"funding-rate": self._funding,
            b"instruments": self._instruments,
        }

    def subscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        return self._subscriptions.request("subscribe", streams)

    def unsubscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        return self._subscriptions.request("unsubscribe", streams)

    def ping(self, t_ns: int) -> str:
        """A text of four letters; neither JSON nor a protocol ping counts."""
        return "ping"

    def quote(self, frame: bytes, t_ns: int) -> Quote | None:
        """See ``venues.base.Session``."""
        if not self._expects_quote:
            return None
        try:
            message = _hot_bbo(frame)
            lane = self._lanes[message.arg.inst_id]
        except _NOT_ORDINARY:
            self._expects_quote = False
            return None
        row = message.data[0]
        seq = row.seq_id
        exchange_ms = row.ts
        if seq >= lane.seq:
            lane.seq = seq
            lane.exchange_ms = exchange_ms
        else:
            seq = lane.fallen(seq, exchange_ms)
        bid = row.bids[0]
        ask = row.asks[0]
        return Quote(lane.slot, bid.price, bid.size, ask.price, ask.size, t_ns, exchange_ms, seq, frame)

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
                except msgspec.ValidationError:
                    pass  # perhaps no push at all, only a frame whose keys come in this order
            head = shapes.head.decode(frame)
            if head.event:
                return self._event(head, t_ns)
            if head.arg is None:
                raise ProtocolBroken("unknown_shape", "OKX frame with neither event nor arg", frame[:200])
            handler = self._handlers.get(head.arg.channel.encode())
            return _OTHER if handler is None else handler(frame, t_ns)
        except DECODE_ERRORS as error:
            raise broken(error, frame, "OKX frame") from error

    def _event(self, head: shapes.Head, t_ns: int) -> Sequence[Event]:
        if head.event == "subscribe" and head.arg:
            return (self._subscriptions.acked(arg_of(head.arg), t_ns),)
        if head.event == "unsubscribe" and head.arg:
            return (self._subscriptions.left(arg_of(head.arg), t_ns),)
        if head.event == "error":
            return (self._subscriptions.refused(head, t_ns),)
        if head.event == "notice" and head.code == "64008":  # 30 to 60 s before a service upgrade
            return (Closing(head.msg or "OKX announced a service upgrade", t_ns),)
        return (Ignored("other_event"),)

    def _bbo(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        """A quote that is not the ordinary one: an instrument's first, an empty side, another order of keys."""
        message = shapes.bbo.decode(frame)
        row = message.data[0]
        bid, bid_qty = side(*_best(row.bids, frame))
        ask, ask_qty = side(*_best(row.asks, frame))
        lane = self._lane(message.arg.inst_id)
        if lane is None:
            return _UNKNOWN
        self._expects_quote = True
        seq = row.seq_id
        if seq >= lane.seq:
            lane.seq, lane.exchange_ms = seq, row.ts
        else:
            seq = lane.fallen(seq, row.ts)
        return (Quote(lane.slot, bid, bid_qty, ask, ask_qty, t_ns, row.ts, seq, frame),)

    def _book(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        message = shapes.book_frame(frame)
        row = message.data[0]
        native = message.arg.inst_id
        lane = self._lane(native)
        if lane is None:
            return _UNKNOWN
        if message.action not in ("snapshot", "update"):
            raise ProtocolBroken("unknown_shape", f"OKX books frame with action {message.action[:20]!r}", frame[:200])
        if row.seq_id is None:
            return self._old_book(lane, native, message, t_ns, frame)
        if message.action == "snapshot":
            return (BookSnapshot(lane.slot, row.bids, row.asks, row.seq_id, t_ns, row.ts, DEPTH),)
        if row.prev_seq_id is None:
            raise ProtocolBroken("unchained_book", f"OKX books update of {native} without prevSeqId", frame[:200])
        return (BookDelta(lane.slot, row.bids, row.asks, -1, row.seq_id, row.prev_seq_id, t_ns, row.ts),)

    def _old_book(
        self, lane: _Lane, native: str, message: shapes.AnyBookFrame, t_ns: int, frame: bytes
    ) -> Sequence[Event]:
        """A recording from before update ids: chained by -1 to -1, each frame judged by its checksum."""
        row = message.data[0]
        if not row.checksum:
            raise ProtocolBroken(
                "unchained_book", f"OKX books frame of {native} with neither seqId nor checksum", frame[:200]
            )
        shapes.check_levels(frame)
        if message.action == "snapshot":
            lane.checksummed = ChecksummedBook(row.bids, row.asks)
        elif lane.checksummed is None:
            return (Ignored("update_before_snapshot"),)
        else:
            lane.checksummed.apply(row.bids, row.asks)
        if lane.checksummed.checksum() != row.checksum:
            lane.checksummed = None
            return (Resync(Stream(market_of(native), Channel.BOOK, native), "checksum differs: a frame was lost"),)
        if message.action == "snapshot":
            return (BookSnapshot(lane.slot, row.bids, row.asks, -1, t_ns, row.ts, DEPTH),)
        return (BookDelta(lane.slot, row.bids, row.asks, -1, -1, -1, t_ns, row.ts),)

    def _tickers(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        try:
            row, middle = shapes.sound_ticker(frame)
        except msgspec.ValidationError:
            return self._each(
                frame,
                shapes.ticker_rows,
                lambda row, slot: (
                    rows.ticker(row, slot, market_of(row.inst_id), t_ns, "ws"),
                    rows.mid(row, slot, t_ns),
                ),
            )
        lane = self._lane(row.inst_id)
        if lane is None:
            return _UNKNOWN
        market = market_of(row.inst_id)
        return rows.sound_ticker(row, lane.slot, market, t_ns, "ws"), Mid(lane.slot, middle, t_ns)

    def _trades(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        return self._each(frame, shapes.trade_rows, lambda row, slot: (rows.trade(row, slot, t_ns),))

    def _marks(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        return self._each(frame, shapes.mark_rows, lambda row, slot: (rows.mark(row, slot, t_ns, "ws"),))

    def _indices(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        """An index is named like the spot pair, and means the swap."""
        return self._each(frame, shapes.index_rows, lambda row, slot: (rows.index(row, slot, t_ns),), SWAP_SUFFIX)

    def _funding(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        return self._each(frame, shapes.funding_rows, lambda row, slot: (rows.funding(row, slot, t_ns, "ws"),))

    def _instruments(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        """Rows that changed (all of them after subscribing), and what changed about instruments that are held."""
        head = shapes.head.decode(frame)
        market = MARKET.get(head.arg.inst_type if head.arg else "")
        if market is None:
            return _OTHER
        changed = listing(shapes.data.decode(frame).data, market, t_ns, partial=True)
        events: list[Event] = [changed]
        for instrument in changed.instruments:
            before = self._status.get(instrument.native)
            self._status[instrument.native] = instrument.status_text
            if before == instrument.status_text or (before is None and instrument.status is TradingStatus.TRADING):
                continue
            if lane := self._lane(instrument.native):
                events.append(StatusChange(lane.slot, instrument.status, instrument.status_text, t_ns))
        return events

    def _lane(self, native: str) -> _Lane | None:
        """None for an instrument that stands in no table."""
        lane = self._lanes.get(native)
        if lane is None:
            slot = slot_or_none(self._tables.of(market_of(native)), native)
            if slot is None:
                return None
            lane = self._lanes[native] = _Lane(slot)
        return lane

    def _each(
        self,
        frame: bytes,
        decoder: Rows[rows.RowT],
        events: Callable[[rows.RowT, int], Sequence[Event]],
        suffix: str = "",
    ) -> Sequence[Event]:
        """Events of every row of a push; ``suffix`` makes an instrument's name of the row's."""
        good, bad = decoder.decode(shapes.data.decode(frame).data, "OKX push")
        if bad:
            raise ProtocolBroken("unknown_shape", "OKX push with an unreadable row", frame[:200])
        result: list[Event] = []
        for row in good:
            lane = self._lane(row.inst_id + suffix)
            result.extend(_UNKNOWN if lane is None else events(row, lane.slot))
        return result


def quote_texts(raw: bytes) -> QuoteTexts:
    """Exact texts of a ``bbo-tbt`` frame."""
    row = guarded(shapes.bbo, raw, "OKX bbo-tbt").data[0]
    bid, bid_qty = side_texts(*_best(row.bids, raw))
    ask, ask_qty = side_texts(*_best(row.asks, raw))
    return bid, bid_qty, ask, ask_qty


def _channel_at_a_glance(frame: bytes) -> bytes:
    """The channel of a push whose keys come in the usual order; b"" for any other frame."""
    if not frame.startswith(_PUSH_BEGINS):
        return b""
    return frame[len(_PUSH_BEGINS) : frame.find(b'"', len(_PUSH_BEGINS))]


def _best(levels: Sequence[Level], frame: bytes) -> tuple[str | None, str | None]:
    if not levels:
        return None, None
    if len(levels[0]) < 2:
        raise ProtocolBroken("unknown_shape", "OKX level without a size", frame[:200])
    return levels[0][0], levels[0][1]
