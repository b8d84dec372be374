"""What codecs say has happened. Wire units, wire names; ``slot`` is the integer that the market gave the instrument.

Hot events are untracked by the collector (``gc=False``) and are kept as they are: the newest ``Quote`` *is* the slot's
quote. Nobody changes an event after it was made. Levels are ``(price_text, size_text, ...)`` exactly as received: the
texts are what ``book`` records print and orders are built from, floats are made where something is ranked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from arbtui.core.model import Instrument, Market, Stream, TradingStatus

Level = tuple[str, ...]  # (price, size) and whatever else the venue appends
QuoteTexts = tuple[str | None, str | None, str | None, str | None]  # bid, bid_qty, ask, ask_qty as on the wire
Source = Literal["ws", "rest"]


class Quote(msgspec.Struct, gc=False):
    """Best bid and offer. A missing side is None on price and size alike.

    ``seq`` rises per instrument: a lower one than the slot's is dropped by the market; 0 = the venue has none, or it
    restarted, so the quote always counts. ``raw`` gives the exact texts: the frame, for the venue's ``quote_texts``,
    or the texts themselves.
    """

    slot: int
    bid: float | None
    bid_qty: float | None
    ask: float | None
    ask_qty: float | None
    t_ns: int
    exchange_ms: int | None
    seq: int
    raw: bytes | QuoteTexts
    source: Source = "ws"


class Mid(msgspec.Struct, gc=False):
    """The mid of a second source (Hyperliquid ``fastAssetCtxs``). None: that source says the book has no mid."""

    slot: int
    mid: float | None
    t_ns: int


class BookSnapshot(msgspec.Struct, gc=False):
    """A whole book; best level first on both sides. ``depth`` = levels a side that the stream can show, 0 = all.

    ``limit`` = levels a side at which this one answer was cut while the deltas after it are not (Binance REST), 0 = it
    was not: what lies beyond the cut stays unknown.
    """

    slot: int
    bids: Sequence[Level]
    asks: Sequence[Level]
    seq: int
    t_ns: int
    exchange_ms: int | None = None
    depth: int = 0
    source: Source = "ws"
    limit: int = 0


class BookDelta(msgspec.Struct, gc=False):
    """Absolute sizes of changed levels, size zero deletes.

    ``first``..``last`` are the update ids that the frame covers, ``prev`` the id that it follows; an id that the venue
    does not send is -1. What they must satisfy is the venue's ``core.sequence`` rule.
    """

    slot: int
    bids: Sequence[Level]
    asks: Sequence[Level]
    first: int
    last: int
    prev: int
    t_ns: int
    exchange_ms: int | None = None


class Ticker(msgspec.Struct, gc=False):
    """Last trade and 24 h figures, exact texts as on the wire. None = not in this frame and not known."""

    slot: int
    t_ns: int
    last: str | None = None
    high_24h: str | None = None
    low_24h: str | None = None
    vol_24h_wire: str | None = None  # wire size units
    vol_24h_quote: str | None = None  # quote currency
    vol_24h_coins: str | None = None  # coins, where the venue gives it so (OKX SWAP volCcy24h)
    open_24h: str | None = None
    exchange_ms: int | None = None
    source: Source = "ws"


class MarkPrice(msgspec.Struct, gc=False):
    """Mark and index, exact texts as on the wire. None = not in this frame (keep what was known)."""

    slot: int
    t_ns: int
    mark: str | None = None
    index: str | None = None
    exchange_ms: int | None = None
    source: Source = "ws"


class Funding(msgspec.Struct, gc=False):
    """``rate`` = exact fraction per interval, positive = longs pay. None fields: not in this frame (keep the known)."""

    slot: int
    t_ns: int
    rate: str | None = None
    rate_kind: Literal["estimated", "fixed"] = "estimated"
    interval_h: float | None = None
    next_ms: int | None = None
    settled_rate: str | None = None
    exchange_ms: int | None = None
    source: Source = "ws"


class Listing(msgspec.Struct):
    """The instruments of one product (``"spot"``, ``"linear"``, ``"USDT-FUTURES"``), complete unless ``partial``.

    A complete listing replaces the product's set if it is believed; a partial one (a status push, a page) updates rows.
    ``dropped`` counts rows left out on purpose by reason (dated, inverse, quote currency ...); ``bad`` lists rows that
    could not be read.
    """

    market: Market
    product: str
    instruments: list[Instrument]
    t_ns: int
    partial: bool = False
    dropped: dict[str, int] = {}
    bad: list[str] = []


class Trade(msgspec.Struct, gc=False):
    """One public trade, exact texts as on the wire. ``taker`` is the side of whoever crossed the spread.

    Only what an ordinary order in the book could have met: block trades, and volume that retail price improvement or
    the like took, are left out by the codec. ``past``: told again on subscribing, it happened before.
    """

    slot: int
    price: str
    size: str  # wire size units
    taker: Literal["buy", "sell"]
    trade_id: str
    t_ns: int
    exchange_ms: int | None
    past: bool = False


class StatusChange(msgspec.Struct):
    """A venue's push that one instrument's status changed; a signal to refresh discovery as well."""

    slot: int
    status: TradingStatus
    status_text: str
    t_ns: int


class ServerTime(msgspec.Struct):
    """The venue's clock as answered to a time request.

    ``behind_ms``: the clock was up to so much further than what it told: the time of a state, not of a clock.
    """

    server_ms: int
    t_ns: int
    behind_ms: float = 0.0


class Subscribed(msgspec.Struct):
    """The venue acknowledged these streams (which on some venues proves nothing: see the watchdog)."""

    streams: tuple[Stream, ...]
    t_ns: int


class Refused(msgspec.Struct):
    """The venue refused these streams; they are not sent again on this connection.

    ``retry`` lists streams of the same request that were lost with the refused ones and should be asked for again.
    """

    streams: tuple[Stream, ...]
    code: str
    text: str
    t_ns: int
    retry: tuple[Stream, ...] = ()


class Unsubscribed(msgspec.Struct):
    streams: tuple[Stream, ...]
    t_ns: int


class Pong(msgspec.Struct):
    """The venue's answer to our heartbeat."""

    t_ns: int


class Reply(msgspec.Struct):
    """The protocol wants this sent back now (an application-level ping)."""

    frame: str | bytes


class Closing(msgspec.Struct):
    """The venue announced that it will close this connection: reconnect with overlap now."""

    reason: str
    t_ns: int


class Resync(msgspec.Struct):
    """The codec itself noticed that a stream's state is lost (a ticker delta without snapshot): subscribe anew."""

    stream: Stream
    reason: str


class Ignored(msgspec.Struct):
    """A frame, or ``count`` rows of one, that was understood and carries nothing for us; ``kind`` is counted."""

    kind: str
    count: int = 1


MarketEvent = Quote | Mid | BookSnapshot | BookDelta | Ticker | MarkPrice | Funding | Trade | StatusChange
SessionEvent = Subscribed | Refused | Unsubscribed | Pong | Reply | Closing | Resync | Ignored
Event = MarketEvent | SessionEvent | Listing | ServerTime
