"""Binance's public sockets: what is asked for and what comes in, on combined (``/stream``) and raw (``/ws``) addresses.

A frame is tried first as what the last one was: sockets carry one kind each (see ``addresses.purpose_of``), so in
``decode`` a best bid and offer costs one typed decoding and one dictionary lookup. The typed decoders demand every
field and check every number, so a wrong guess or an odd value cannot pass; it takes the general way, which looks at
names first and then says exactly what is wrong.

Traps that stand behind the code here:

- An acknowledgement proves nothing: unknown symbols, unknown streams and wrong routes are all acknowledged.
- Spot bookTicker has no ``e`` and no time; USD-M partial books have the same ``e`` as diffs and differ by stream name
  alone; spot partial books do not even name their symbol. (Raw addresses have no stream names: there a ``depthUpdate``
  is taken for a diff.)
- All-market arrays on USD-M also carry COIN-M rows (``st`` 2), and mark price rows without funding have ``T`` 0.

Source: Binance USD-M docs, "Websocket Market Streams"; spot docs, "WebSocket Streams".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, cast

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Closing,
    Event,
    Funding,
    Ignored,
    MarkPrice,
    Quote,
    QuoteTexts,
    Refused,
    StatusChange,
    Subscribed,
    Ticker,
    Trade,
    Unsubscribed,
)
from arbtui.core.model import Market, Stream
from arbtui.venues.base import Outgoing
from arbtui.venues.binance.addresses import wire_name
from arbtui.venues.binance.instruments import status_of
from arbtui.venues.channels import Wanted, batches
from arbtui.venues.wire import (
    DECODE_ERRORS,
    Millis,
    Price,
    Rows,
    Size,
    UpdateId,
    amount_text,
    guarded,
    price_text,
    side,
    side_texts,
    signed_text,
    slot_or_none,
    text_of,
    traded_texts,
)

USD_M = 1  # ``st`` of our product; rows of COIN-M carry 2, spot and older frames none
NAMES_PER_FRAME = 100
BYTES_PER_FRAME = 4000

Pair = tuple[str, str]


# --- frames -----------------------------------------------------------------------------------------------------------


class _Bbo(msgspec.Struct, gc=False):
    u: UpdateId
    s: str
    b: Price
    B: Size
    a: Price
    A: Size
    T: Millis | None = None  # engine time; USD-M only
    st: Literal[1] = 1


class _BboFrame(msgspec.Struct, gc=False):
    data: _Bbo


class _AnyBbo(msgspec.Struct):
    """A bookTicker with whatever stands in its prices: a side may be missing."""

    u: UpdateId
    s: str
    b: msgspec.Raw = msgspec.Raw()
    B: msgspec.Raw = msgspec.Raw()
    a: msgspec.Raw = msgspec.Raw()
    A: msgspec.Raw = msgspec.Raw()
    T: Millis | None = None
    st: int = 1


class _Sides(msgspec.Struct):
    b: msgspec.Raw = msgspec.Raw()
    B: msgspec.Raw = msgspec.Raw()
    a: msgspec.Raw = msgspec.Raw()
    A: msgspec.Raw = msgspec.Raw()
    data: _Sides | None = None


class _Diff(msgspec.Struct, gc=False):
    U: UpdateId
    u: UpdateId
    s: str
    b: list[Pair]
    a: list[Pair]
    pu: UpdateId | Literal[-1] = -1  # USD-M only
    T: Millis | None = None
    st: Literal[1] = 1


class _DiffFrame(msgspec.Struct, gc=False):
    stream: str
    data: _Diff


class _SpotPartial(msgspec.Struct, rename="camel"):
    last_update_id: UpdateId
    bids: list[Pair]
    asks: list[Pair]


class _MiniTicker(msgspec.Struct, tag_field="e", tag="24hrMiniTicker", gc=False):
    s: str
    c: str = ""
    o: str = ""
    h: str = ""
    low: str = msgspec.field(default="", name="l")
    v: str = ""
    q: str = ""
    E: Millis | None = None
    st: int = 1


class _FullTicker(_MiniTicker, tag_field="e", tag="24hrTicker", gc=False):
    pass


class _Mark(msgspec.Struct, tag_field="e", tag="markPriceUpdate", gc=False):
    s: str
    p: str = ""
    i: str = ""
    r: str = ""
    T: Millis = 0
    E: Millis | None = None
    st: int = 1


class _ContractInfo(msgspec.Struct, tag_field="e", tag="contractInfo", gc=False):
    s: str
    cs: str
    st: int = 1


_Row = _MiniTicker | _FullTicker | _Mark | _ContractInfo


class _Trade(msgspec.Struct, gc=False):
    """One taker order at one price (aggTrade). USD-M tells with ``nq`` what of it met no retail-only order."""

    s: str
    p: str
    q: str
    m: bool  # whether the buyer was the maker
    last_id: UpdateId = msgspec.field(name="l")  # of the single trades in it
    T: Millis | None = None
    nq: str | None = None
    st: int = 1


class _Error(msgspec.Struct):
    code: int = 0
    msg: str = ""


class _Envelope(msgspec.Struct):
    """Any object: combined data, an answer to a request, or bare data."""

    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    e: str = ""
    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: _Error | None = None
    code: int = 0
    msg: str = ""


class _Head(msgspec.Struct):
    e: str = ""


_bbo_frame = msgspec.json.Decoder(_BboFrame, strict=False).decode
_ANY_BBO = msgspec.json.Decoder(_AnyBbo, strict=False)
_SIDES = msgspec.json.Decoder(_Sides)
_DIFF_FRAME = msgspec.json.Decoder(_DiffFrame, strict=False)
_DIFF = msgspec.json.Decoder(_Diff, strict=False)
_SPOT_PARTIAL = msgspec.json.Decoder(_SpotPartial, strict=False)
_ROW: msgspec.json.Decoder[_Row] = msgspec.json.Decoder(cast(Any, _Row), strict=False)
_ROWS: Rows[_Row] = Rows(_Row)
_TRADE = msgspec.json.Decoder(_Trade, strict=False)
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_HEAD = msgspec.json.Decoder(_Head)

_ROW_KINDS = frozenset({"24hrMiniTicker", "24hrTicker", "markPriceUpdate", "contractInfo"})
_NOT_FOR_US = frozenset(
    {
        "trade", "kline", "continuous_kline", "forceOrder", "avgPrice", "1hTicker", "4hTicker", "1dTicker",
        "compositeIndex", "assetIndexUpdate", "tradingSession", "referencePrice",
    }
)  # fmt: skip
_DEPTH_NAME = re.compile(r"@(rpiDepth|depth)(\d*)(?:@\d+ms)?$", re.ASCII)

_BBO, _DEPTH, _OTHER = range(3)
_NOT_ORDINARY = (KeyError, *DECODE_ERRORS)  # KeyError: an instrument that nobody knows


# --- one connection ---------------------------------------------------------------------------------------------------


class BinanceSession:
    """One socket of either product."""

    def __init__(self, market: Market, slots: dict[str, int]) -> None:
        self._market = market
        self._slots = slots
        self._expected = _BBO  # the kind of the last combined frame; only speed depends on it
        self._next_id = 0
        self._asked: dict[int, tuple[bool, tuple[Stream, ...]]] = {}  # request id -> (subscribe?, streams)
        self._wanted = Wanted(wire_name)

    # --- asking

    def subscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        """SUBSCRIBE frames; a name that carries several streams is asked for once. A repeated name is harmless."""
        return self._requests("SUBSCRIBE", self._wanted.add(streams))

    def unsubscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        """UNSUBSCRIBE frames; a name goes only with the last stream that it carries."""
        left, _ = self._wanted.drop(streams)
        return self._requests("UNSUBSCRIBE", left)

    def ping(self, t_ns: int) -> None:
        """Protocol pings serve: both products answer them."""
        return

    def _requests(self, method: str, groups: dict[str, list[Stream]]) -> list[Outgoing]:
        out = []
        for names in batches(
            list(groups), count=NAMES_PER_FRAME, max_bytes=BYTES_PER_FRAME, size=lambda name: len(name.encode()) + 3
        ):
            self._next_id += 1
            streams = tuple(stream for name in names for stream in groups[name])
            self._asked[self._next_id] = (method == "SUBSCRIBE", streams)
            frame = msgspec.json.encode({"method": method, "params": names, "id": self._next_id}).decode()
            out.append(Outgoing(frame, streams))
        return out

    # --- hearing

    def quote(self, frame: bytes, t_ns: int) -> Quote | None:
        """See ``venues.base.Session``."""
        if self._expected != _BBO:
            return None
        try:
            row = _bbo_frame(frame).data
            return Quote(self._slots[row.s], row.b, row.B, row.a, row.A, t_ns, row.T, row.u, frame)
        except _NOT_ORDINARY:
            self._expected = _OTHER
            return None

    def decode(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        """What ``frame`` says. Raises ``ProtocolBroken`` and nothing else."""
        quote = self.quote(frame, t_ns)
        if quote is not None:
            return (quote,)
        if self._expected == _DEPTH:
            try:
                full = _DIFF_FRAME.decode(frame)
                if full.stream.endswith(("@depth@100ms", "@depth@0ms", "@depth", "@depth@500ms")):
                    return (self._delta(full.data, self._slots[full.data.s], t_ns),)
            except _NOT_ORDINARY:
                self._expected = _OTHER
        return self._decode_any(frame, t_ns)

    def _decode_any(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        if frame[:1] == b"[":
            return self._array(frame, t_ns)
        envelope = guarded(_ENVELOPE, frame, "frame")
        if bytes(envelope.data):
            return self._data(bytes(envelope.data), envelope.stream, frame, t_ns)
        if envelope.e == "" and (bytes(envelope.result) or envelope.error or envelope.code):
            return (self._answer(envelope, t_ns),)
        return self._data(frame, "", frame, t_ns)

    def _data(self, payload: bytes, name: str, frame: bytes, t_ns: int) -> Sequence[Event]:
        if payload[:1] == b"[":
            return self._array(payload, t_ns)
        kind = guarded(_HEAD, payload, "event").e
        if kind in ("", "bookTicker", "depthUpdate"):
            depth = _DEPTH_NAME.search(name)
            if kind == "depthUpdate" or depth:
                return (self._depth(payload, name, depth, t_ns),)
            return (self._quote(payload, name, frame, t_ns),)
        if kind in _ROW_KINDS:
            return self._row(guarded(_ROW, payload, kind), t_ns)
        if kind == "aggTrade":
            return (self._trade(payload, t_ns),)
        if kind == "serverShutdown":
            return (Closing("serverShutdown", t_ns),)
        return (Ignored(kind if kind in _NOT_FOR_US else "unknown_event"),)

    # --- best bid and offer

    def _quote(self, payload: bytes, name: str, frame: bytes, t_ns: int) -> Event:
        row = guarded(_ANY_BBO, payload, "bookTicker")
        if row.st != USD_M:
            return Ignored("other_product")
        slot = slot_or_none(self._slots, row.s)
        if slot is None:
            return Ignored("unknown_symbol")
        bid, bid_qty = side(*_pair(row.b, row.B))
        ask, ask_qty = side(*_pair(row.a, row.A))
        if name:
            self._expected = _BBO
        return Quote(slot, bid, bid_qty, ask, ask_qty, t_ns, row.T, row.u, frame)

    # --- books

    def _depth(self, payload: bytes, name: str, depth: re.Match[str] | None, t_ns: int) -> Event:
        if depth is not None and depth[1] == "rpiDepth":
            return Ignored("rpi_depth")  # with orders that an ordinary taker cannot hit
        levels = int(depth[2] or 0) if depth is not None else 0
        if self._market is Market.SPOT and levels:
            return self._spot_partial(payload, name, levels, t_ns)
        row = guarded(_DIFF, payload, "depthUpdate")
        slot = slot_or_none(self._slots, row.s)
        if slot is None:
            return Ignored("unknown_symbol")
        if levels:
            return BookSnapshot(slot, row.b, row.a, row.u, t_ns, row.T, depth=levels)
        if name:
            self._expected = _DEPTH
        return self._delta(row, slot, t_ns)

    def _spot_partial(self, payload: bytes, name: str, levels: int, t_ns: int) -> Event:
        book = guarded(_SPOT_PARTIAL, payload, "partial book")
        slot = slot_or_none(self._slots, name.partition("@")[0].upper())
        if slot is None:
            return Ignored("unknown_symbol")
        return BookSnapshot(slot, book.bids, book.asks, book.last_update_id, t_ns, depth=levels)

    def _delta(self, row: _Diff, slot: int, t_ns: int) -> BookDelta:
        if row.u < row.U:
            raise ProtocolBroken("bad_sequence", f"depthUpdate of {row.s[:40]} from {row.U} to {row.u}")
        return BookDelta(slot, row.b, row.a, row.U, row.u, row.pu, t_ns, row.T)

    # --- trades

    def _trade(self, payload: bytes, t_ns: int) -> Event:
        row = guarded(_TRADE, payload, "aggTrade")
        if row.st != USD_M:
            return Ignored("other_product")
        slot = slot_or_none(self._slots, row.s)
        if slot is None:
            return Ignored("unknown_symbol")
        price, size = traded_texts(row.p, row.q)
        if row.nq is not None:
            common = amount_text(row.nq)
            if common is None or not float(common):
                return Ignored("rpi_trade")
            size = common
        return Trade(slot, price, size, "sell" if row.m else "buy", str(row.last_id), t_ns, row.T)

    # --- tickers, marks, funding

    def _array(self, payload: bytes, t_ns: int) -> Sequence[Event]:
        rows, bad = _ROWS.decode(payload, "array")
        events: list[Event] = []
        skipped: dict[str, None] = {}  # once per kind and frame, in order of appearance
        for row in rows:
            try:
                for event in self._row(row, t_ns):
                    if isinstance(event, Ignored):
                        skipped[event.kind] = None
                    else:
                        events.append(event)
            except ProtocolBroken:
                skipped["bad_row"] = None
        for raw in bad:
            skipped[_kind_of_bad_row(raw)] = None
        events.extend(Ignored(kind) for kind in skipped)
        return events

    def _row(self, row: _Row, t_ns: int) -> Sequence[Event]:
        if row.st != USD_M:
            return (Ignored("other_product"),)
        slot = slot_or_none(self._slots, row.s)
        if slot is None:
            return (Ignored("unknown_symbol"),)
        if isinstance(row, _Mark):
            return _mark(row, slot, t_ns)
        if isinstance(row, _ContractInfo):
            return (StatusChange(slot, status_of(self._market, row.cs), row.cs[:40], t_ns),)
        return (
            Ticker(
                slot,
                t_ns,
                last=price_text(row.c),
                high_24h=price_text(row.h),
                low_24h=price_text(row.low),
                vol_24h_wire=amount_text(row.v),
                vol_24h_quote=amount_text(row.q),
                open_24h=price_text(row.o),
                exchange_ms=row.E,
            ),
        )

    # --- answers

    def _answer(self, envelope: _Envelope, t_ns: int) -> Event:
        asked = self._asked.pop(envelope.id, None) if isinstance(envelope.id, int) else None
        error = envelope.error or (_Error(envelope.code, envelope.msg) if envelope.code else None)
        if error is not None:
            if asked is None and envelope.id is None and len(self._asked) == 1:
                asked = self._asked.popitem()[1]  # an error without id, and only one request that it can mean
            return Refused(asked[1] if asked else (), str(error.code), error.msg[:200], t_ns)
        if bytes(envelope.result) != b"null":
            return Ignored("subscription_list")
        if asked is None:
            return Ignored("ack")
        subscribed, streams = asked
        return Subscribed(streams, t_ns) if subscribed else Unsubscribed(streams, t_ns)


def _mark(row: _Mark, slot: int, t_ns: int) -> Sequence[Event]:
    mark = MarkPrice(slot, t_ns, price_text(row.p), price_text(row.i), row.E)
    rate = signed_text(row.r)
    if not row.T or rate is None:  # no funding is scheduled: not the same as funding of zero
        return (mark,)
    return mark, Funding(slot, t_ns, rate=rate, rate_kind="estimated", next_ms=row.T, exchange_ms=row.E)


def _kind_of_bad_row(raw: bytes) -> str:
    """``raw`` is the beginning of a row: bad if it is of a kind that we read, else merely not for us."""
    found = re.search(rb'"e"\s*:\s*"(\w{1,40})"', raw)
    kind = found[1].decode() if found else ""
    return kind if kind in _NOT_FOR_US else "bad_row"


def quote_texts(raw: bytes) -> QuoteTexts:
    """Exact texts of the bookTicker in the frame ``raw``, combined or bare. Raises ``ProtocolBroken``."""
    frame = guarded(_SIDES, raw, "bookTicker")
    row = frame.data or frame
    return (*side_texts(*_pair(row.b, row.B)), *side_texts(*_pair(row.a, row.A)))


def _pair(price: msgspec.Raw, size: msgspec.Raw) -> tuple[str | None, str | None]:
    return text_of(price, "bad_price"), text_of(size, "bad_size")
