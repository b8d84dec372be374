"""What a venue must offer. A new venue = one folder that satisfies ``Venue`` + one line in ``registry``.

A codec is fed and asked; it never acts. The way of a frame:

    session = venue.session("wss://fstream.binance.com/public/stream", tables)
    for event in session.decode(b'{"stream":"btcusdt@bookTicker","data":{...}}', t_ns):
        ...                                                # core.events, or core.errors.ProtocolBroken, nothing else

``tables`` maps the venue's symbols to the integers under which events name an instrument; whoever drives the codec
makes them (the engine from discovery, a replay from what it meets, a test by hand):

    tables = Tables({Market.PERP: {"BTCUSDT": 0}, Market.SPOT: {"BTCUSDT": 1}})

A symbol that stands in no table is no error: the row is skipped and reported as ``Ignored("unknown_symbol")``. A table
that is a ``dict`` with ``__missing__`` may take in new symbols instead (returning the new slot); that is how a
recording without instrument bodies is replayed.

Sessions keep what belongs to one connection (ids of requests under way, the last row of delta tickers); everything
else is a function of its arguments. Addresses are always the venue's own; whoever opens them may rewrite them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from arbtui.core.events import Event, Quote, QuoteTexts
from arbtui.core.model import Channel, Instrument, Market, Stream
from arbtui.core.sequence import SequenceRule


class Environment(StrEnum):
    """Which of a venue's worlds. ``demo`` is the venue's own paper trading, not arbtui's ``--demo``."""

    PROD = "prod"
    TESTNET = "testnet"
    DEMO = "demo"


@dataclass(frozen=True)
class Tables:
    """Native symbol -> slot, per market."""

    by_market: Mapping[Market, dict[str, int]]

    def of(self, market: Market) -> dict[str, int]:
        """Empty for a market that nobody asked for."""
        return self.by_market.get(market, {})


@dataclass(frozen=True, repr=False)
class HttpRequest:
    """One REST call. ``cost`` is charged to ``bucket`` of the host's budget (``RestLimit.bucket``).

    ``repr`` leaves out query, body and headers, in which a signed one proves who we are.
    """

    method: str
    url: str
    purpose: str  # "instruments", "book BTCUSDT", ...: for people, in logs and `check`
    bucket: str = "weight"
    cost: float = 1.0
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {self.url.partition('?')[0]}, {self.purpose!r})"


@dataclass(frozen=True)
class RestLimit:
    """At most ``capacity`` units of ``bucket`` in ``window_s`` seconds for one host. ``share`` of it is ours to use.

    ``apart``: the venue counts this bucket by itself, so that a 429 there says nothing about the host's others.
    """

    host: str
    bucket: str
    capacity: float
    window_s: float
    share: float = 0.8
    used_header: str = ""  # response header that tells the venue's own count, where there is one
    apart: bool = False


@dataclass(frozen=True)
class Cadence:
    """How a stream behaves when all is well.

    ``periodic``: frames come by themselves, and their own gaps judge freshness; otherwise they come on change only and
    silence means nothing without a second source. ``quiet_s``: after so long without a frame the watchdog asks for the
    stream anew (None: silence is normal for hours).
    """

    periodic: bool
    quiet_s: float | None


@dataclass(frozen=True)
class Manners:
    """How a venue wants its sockets treated. Source of each number: the venue's sheet, section 3."""

    messages_per_s: float  # what we send, pings and pongs included
    streams_per_socket: int  # our choice, below the venue's limit
    connects_per_min: float = 60.0  # per host; 60 is our own ceiling
    ping_every_s: float | None = 20.0  # our heartbeat; None: the venue pings, the library answers
    ping_when_idle: bool = False  # only after so long without a frame
    silence_s: float = 35.0  # no frame, pong or ping for so long: the connection is dead
    lifetime_s: float | None = None  # planned reconnect, with overlap, before the venue's own cut
    ack_within_s: float = 10.0  # a subscription that is not answered in this time is asked for again
    acks: bool = True  # False: the venue acknowledges nothing; first data is the only sign
    compression: bool = False  # whether the venue can permessage-deflate at all; used only by choice
    requests_per_hour: int | None = None  # subscribe and unsubscribe frames on one socket; beyond: a new socket


@dataclass(frozen=True)
class SocketPlan:
    """One socket to open and what to ask for on it. ``label`` is ``<market>.<purpose>.<n>``, unique in the venue."""

    label: str
    market: Market
    url: str
    streams: tuple[Stream, ...]


@dataclass(frozen=True)
class Outgoing:
    """A frame to send and the streams it asks for (empty: it asks for nothing)."""

    frame: str | bytes
    streams: tuple[Stream, ...] = ()


class Session(Protocol):
    """One connection's conversation."""

    def quote(self, frame: bytes, t_ns: int) -> Quote | None:
        """The quote that this frame carries, if it is an ordinary one: from the websocket, with both sides, prices and
        sizes finite and above zero. None: it may be anything, ``decode`` tells. Nine frames in ten come by here, and
        nobody looks at those numbers again. Raises nothing.
        """
        ...

    def decode(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        """What this frame (text frames as UTF-8 bytes) says. Raises ``ProtocolBroken`` and nothing else."""
        ...

    def subscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        """Frames that ask for ``streams``, batched within the venue's limits (count, bytes, arguments)."""
        ...

    def unsubscribe(self, streams: Sequence[Stream]) -> list[Outgoing]: ...

    def ping(self, t_ns: int) -> str | bytes | None:
        """The heartbeat frame; None: a protocol-level ping."""
        ...


class Venue(Protocol):
    """A venue's public side. Stateless."""

    name: str
    markets: tuple[Market, ...]
    quotes: tuple[str, ...]  # quote currencies taken in
    rest_limits: tuple[RestLimit, ...]

    def manners(self, market: Market) -> Manners: ...

    def cadence(self, market: Market, channel: Channel) -> Cadence: ...

    def fees(self, market: Market) -> tuple[float, float]:
        """Default (maker, taker) as fractions for a new account. Source: the venue's sheet, "Default fees"."""
        ...

    def book_rule(self, market: Market) -> SequenceRule: ...

    def plan(self, env: Environment, streams: Iterable[Stream]) -> list[SocketPlan]:
        """Sockets that carry ``streams``: routed by what may share a socket, sharded by ``Manners``. Deterministic."""
        ...

    def streams_for(self, instrument: Instrument) -> tuple[Stream, ...]:
        """What is streamed for every selected instrument: BBO, ticker, mark, funding as this venue offers them.

        All-symbol streams (``native == ""``) among them are wanted once. Streams that one wire channel carries together
        are each named.
        """
        ...

    def book_stream(self, instrument: Instrument) -> Stream:
        """The L2 stream of one instrument."""
        ...

    def session(self, url: str, tables: Tables) -> Session:
        """A conversation on ``url`` (the venue's own address: product and framing are told from it)."""
        ...

    def instrument_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        """What discovery asks for one market, in order (instruments, funding intervals). More pages: ``next_page``."""
        ...

    def next_page(self, request: HttpRequest, body: bytes) -> HttpRequest | None:
        """The request for the page after ``body``, where the venue pages and says there is one."""
        ...

    def snapshot_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        """All-symbol BBO, ticker, mark, funding in the fewest calls: bootstrap, second source, fallback."""
        ...

    def book_request(self, env: Environment, instrument: Instrument) -> HttpRequest | None:
        """The book snapshot by REST where deltas need one; None where the socket brings it (then: resubscribe)."""
        ...

    def time_request(self, env: Environment) -> HttpRequest | None:
        """The venue's clock by REST, or what comes near to it (``ServerTime.behind_ms``); None where it tells none."""
        ...

    def decode_http(self, request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
        """What the answer says. Found by ``request.url`` and ``request.body`` alone, so that a recording decodes alike.

        Raises ``ProtocolBroken`` for a body that is not what was asked for (HTML, truncated, another shape) and
        ``VenueRefused`` for the venue's own error bodies and statuses (429, 418, 403, 5xx are judged by the REST client
        before this is called).
        """
        ...

    def quote_texts(self, market: Market, raw: bytes) -> QuoteTexts:
        """Exact texts of the quote in the frame ``raw`` (a missing side: None, None)."""
        ...
