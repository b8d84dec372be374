"""What exchanges send, captured without a socket: the simulated ones in this process, on a clock that is told to move.

The requests are those that the codecs would send, the answers and frames those that a subscriber would get, so what is
timed with them is the venue's own wire form. A capture has three parts:

    answers   instrument lists, all-symbol snapshots, and the REST snapshot of each book
    opening   frames from subscribing on, until every stream has begun: not timed
    frames    the timed ones, only those that carry what was asked for (quotes, or book updates), in order of arrival

Popular coins bring most of it (``activity``). It ends in silence, so that every reader that is right shows the top of
book that ``truth`` holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.errors import OurMistake
from arbtui.core.events import BookDelta, BookSnapshot, Event, Listing, Quote
from arbtui.core.model import Category, Channel, Instrument, Market, Stream, TradingStatus
from arbtui.net.discovery import join_page
from arbtui.sim import registry as simulated
from arbtui.sim.base import Call, Session
from arbtui.sim.hub import Hub
from arbtui.sim.scenario import SCENARIOS
from arbtui.venues import registry
from arbtui.venues.base import Environment, HttpRequest, SocketPlan, Tables, Venue
from arbtui.venues.base import Session as Codec

START_NS = 1_795_158_000_000_000_000  # 2026-11-20 07:00:00 UTC
BEAT_NS = 20 * NS_PER_MS
OPENING_NS = NS_PER_S
LONGEST_NS = 120 * NS_PER_S
CONNECT_EVERY_NS = NS_PER_S // 2  # no venue lets connections in faster than this
RAREST = 3  # a format may have this many times fewer frames than asked for, and for quotes so many times more
ACTIVITY_FALLS = 0.75
BOOK_LEVELS = 10  # how much of a book ``truth`` tells

Leg = tuple[str, Market, str]  # venue, market, native
Levels = tuple[tuple[float, float], ...]


class Top(NamedTuple):
    """Best prices and sizes in wire units."""

    bid: float
    bid_qty: float
    ask: float
    ask_qty: float


class Format(NamedTuple):
    """One venue and market: one wire form."""

    venue: str
    market: Market

    def __str__(self) -> str:
        return f"{self.venue} {self.market.value}"


@dataclass(frozen=True)
class Answer:
    """One REST answer."""

    request: HttpRequest
    status: int
    body: bytes
    t_ns: int


class Frame(NamedTuple):
    socket: int  # index into ``Capture.sockets``
    data: bytes


class Planned(NamedTuple):
    venue: str
    plan: SocketPlan

    @property
    def format(self) -> Format:
        return Format(self.venue, self.plan.market)


@dataclass
class Capture:
    """Everything that one set of streams brought."""

    channel: Channel  # BBO or BOOK: what the timed frames carry
    venues: tuple[str, ...]
    lists: dict[str, list[Answer]] = field(default_factory=dict)
    snapshots: dict[str, list[Answer]] = field(default_factory=dict)
    instruments: dict[str, list[Instrument]] = field(default_factory=dict)  # those that are streamed
    sockets: list[Planned] = field(default_factory=list)
    opening: list[Frame] = field(default_factory=list)
    books: dict[str, list[Answer]] = field(default_factory=dict)  # asked for in the middle of the opening
    opening_after_books: list[Frame] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    truth: dict[Leg, Top] = field(default_factory=dict)
    depth: dict[Leg, tuple[Levels, Levels]] = field(default_factory=dict)  # bids, asks; BOOK only
    levels_per_frame: dict[Format, float] = field(default_factory=dict)  # BOOK only

    @property
    def formats(self) -> list[Format]:
        """Those that have timed frames, in the order of the venues."""
        seen = {self.sockets[frame.socket].format for frame in self.frames}
        order = {name: place for place, name in enumerate(self.venues)}
        return sorted(seen, key=lambda one: (order[one.venue], one.market.value))

    def of(self, one: Format) -> list[Frame]:
        return [frame for frame in self.frames if self.sockets[frame.socket].format == one]


def simulated_venues(wanted: Iterable[str] = ()) -> tuple[str, ...]:
    """Venues that have both a codec and a simulator, in the registry's order."""
    chosen = tuple(wanted) or registry.names()
    return tuple(name for name in registry.names() if name in chosen and name in simulated.NAMES)


def activity(rank: int) -> float:
    """How often a coin moves beside others, ``rank`` from 0.

    In what was recorded of Binance spot, best prices came 82 times a second for ETHUSDT (2024-08-08) and 2.5 times for
    NKNUSDT (2021-10-12): about so if the one is the second coin and the other the two hundredth.
    """
    return float((rank + 1.0) ** -ACTIVITY_FALLS)


def capture(channel: Channel, venues: Sequence[str], *, coins: int, frames: int, moves_per_s: float) -> Capture:
    """``frames`` timed frames of every format, more of those with many instruments, fewer of those with few.

    Each instrument's book moves ``moves_per_s`` times a second.
    """
    return _Capturing(channel, venues, coins).run(frames, moves_per_s)


class _Wire:
    """``sim.base.Link``: the receiving end of one socket."""

    def __init__(self, take: Callable[[bytes], None], pinged: Callable[[bytes], None]) -> None:
        self._take = take
        self._pinged = pinged

    def write(self, frames: list[bytes]) -> bool:
        for frame in frames:
            opcode, payload = _unframed(frame)
            if opcode == 9:
                self._pinged(payload)
            elif opcode in (1, 2):
                self._take(payload)
        return True

    def close(self, code: int, reason: str) -> None:
        raise OurMistake(f"the simulator closed a socket while it was captured: {code} {reason}".rstrip())

    def drop(self) -> None:
        raise OurMistake("the simulator dropped a socket while it was captured")


class _Socket:
    """One open socket with the codec that talks on it."""

    def __init__(self, number: int, venue: Venue, planned: Planned, codec: Codec, far: Session) -> None:
        self.number = number
        self.venue = venue
        self.planned = planned
        self.codec = codec
        self.far = far
        self.manners = venue.manners(planned.plan.market)
        self.outgoing = [out.frame for out in codec.subscribe(planned.plan.streams)]
        self.spoke_ns = 0
        self.pinged_ns = 0

    def talk(self, now_ns: int) -> None:
        """Send what waits, as fast as the venue allows, and keep the connection alive."""
        if now_ns - self.spoke_ns < NS_PER_S / self.manners.messages_per_s:
            return
        if self.outgoing:
            self._say(self.outgoing.pop(0))
        elif self.manners.ping_every_s is not None and now_ns - self.pinged_ns > self.manners.ping_every_s * NS_PER_S:
            self.pinged_ns = now_ns
            ping = self.codec.ping(now_ns)
            if ping is None:
                self.far.on_ping(b"")
            else:
                self._say(ping)
        else:
            return
        self.spoke_ns = now_ns

    def _say(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self.far.on_binary(frame)
        else:
            self.far.on_text(frame)


class _Capturing:
    def __init__(self, channel: Channel, venues: Sequence[str], coins: int) -> None:
        self.t_ns = START_NS
        self.hub = Hub(
            seed=7,
            coins=coins,
            rate=0.0,
            scenario=SCENARIOS["default"],
            venues={name: simulated.load(name) for name in venues},
            clock=lambda: self.t_ns,
        )
        self.hub.world.activity = activity
        self.result = Capture(channel, tuple(venues))
        self.venues: dict[str, Venue] = {name: registry.venue(name) for name in venues}
        self.tables: dict[str, Tables] = {}
        self.sockets: list[_Socket] = []
        self._sink: list[Frame] = []

    def run(self, frames: int, moves_per_s: float) -> Capture:
        result = self.result
        for name in self.venues:
            self._discover(name)
        self._sink = result.opening
        self._open_sockets()
        self.hub.world.rate = min(100_000.0, moves_per_s * len(self.hub.world.listings))
        self._advance(OPENING_NS)
        if result.channel is Channel.BOOK:
            for name in self.venues:
                self._ask_books(name)
            self._sink = result.opening_after_books
            self._advance(OPENING_NS)
        heard: list[Frame] = []
        self._sink = heard
        self._until_enough(frames)
        self._fall_silent()
        self._keep(heard, frames)
        self._tell_truth()
        return result

    # REST

    def _ask(self, name: str, request: HttpRequest) -> Answer:
        reply = self.hub.venues[name].handle(_call(request.method, request.url, request.body, request.headers))
        if reply.status != 200:
            raise OurMistake(f"the simulated {name} answered {reply.status} to {request.purpose}: {reply.body[:200]!r}")
        return Answer(request, reply.status, reply.body, self.t_ns)

    def _discover(self, name: str) -> None:
        venue = self.venues[name]
        empty = Tables({market: {} for market in Market})
        pages: dict[str, Listing] = {}
        answers: list[Answer] = []
        for market in venue.markets:
            for first in venue.instrument_requests(Environment.PROD, market):
                request: HttpRequest | None = first
                while request is not None:
                    answer = self._ask(name, request)
                    answers.append(answer)
                    for event in venue.decode_http(request, answer.status, answer.body, empty, self.t_ns):
                        if isinstance(event, Listing):
                            join_page(pages, event)
                    request = venue.next_page(request, answer.body)
        find = self.hub.venues[name].find  # rows that only fill a list move in no world
        listed = [i for page in pages.values() for i in page.instruments if _streamed(i)]
        listed = [i for i in listed if find(i.market.value, i.native) is not None]
        self.result.lists[name] = answers
        self.result.instruments[name] = listed
        self.result.snapshots[name] = [
            self._ask(name, request)
            for market in venue.markets
            for request in venue.snapshot_requests(Environment.PROD, market)
        ]
        self.tables[name] = Tables(
            {m: {i.native: n for n, i in enumerate(listed) if i.market is m} for m in venue.markets}
        )

    def _ask_books(self, name: str) -> None:
        answers = []
        for instrument in self.result.instruments[name]:
            request = self.venues[name].book_request(Environment.PROD, instrument)
            if request is not None:
                answers.append(self._ask(name, request))
                self._advance(NS_PER_S // 10)  # the venue's weight limits hold here too
        self.result.books[name] = answers

    # sockets

    def _open_sockets(self) -> None:
        for name, venue in self.venues.items():
            streams: dict[Stream, None] = {}
            for instrument in self.result.instruments[name]:
                if self.result.channel is Channel.BOOK:
                    streams[venue.book_stream(instrument)] = None
                else:
                    streams.update((s, None) for s in venue.streams_for(instrument) if s.channel is Channel.BBO)
            for plan in venue.plan(Environment.PROD, streams):
                self._open(Planned(name, plan))
                self._advance(CONNECT_EVERY_NS)
        while any(socket.outgoing for socket in self.sockets):
            self._advance(NS_PER_S)

    def _open(self, planned: Planned) -> None:
        number, venue = len(self.sockets), self.venues[planned.venue]
        far = self.hub.venues[planned.venue].open_socket(_call("GET", planned.plan.url))
        if not isinstance(far, Session):
            raise OurMistake(f"the simulated {planned.venue} refused a socket: {far.status} {far.body[:200]!r}")
        wire = _Wire(lambda payload: self._sink.append(Frame(number, payload)), far.on_pong)
        codec = venue.session(planned.plan.url, self.tables[planned.venue])
        self.hub.connect(far, wire)
        self.sockets.append(_Socket(number, venue, planned, codec, far))
        self.result.sockets.append(planned)

    # time

    def _advance(self, span_ns: int) -> None:
        end_ns = self.t_ns + span_ns
        while self.t_ns < end_ns:
            self.t_ns = min(end_ns, self.t_ns + BEAT_NS)
            self.hub.beat()
            for socket in self.sockets:
                socket.talk(self.t_ns)
            self.hub.flush()

    def _until_enough(self, frames: int) -> None:
        """Advance until the formats have brought enough frames on the average, and none of them too few."""
        formats = [socket.planned.format for socket in self.sockets]
        end_ns = self.t_ns + LONGEST_NS
        counts: Counter[Format] = Counter()
        seen = 0
        while True:
            self._advance(NS_PER_S // 10)
            counts.update(formats[frame.socket] for frame in self._sink[seen:])
            seen = len(self._sink)
            if seen >= frames * len(set(formats)) and all(counts[one] * RAREST >= frames for one in formats):
                return
            if self.t_ns > end_ns:
                few = ", ".join(f"{one}: {counts[one]}" for one in sorted(set(formats)))
                raise OurMistake(f"the simulator sent too few frames in {LONGEST_NS // NS_PER_S} s ({few})")

    def _fall_silent(self) -> None:
        """Until nothing has moved for a second, so that every paced stream has told its last state."""
        self.hub.world.rate = 0.0
        listings = self.hub.world.listings
        while True:
            before = [listing.state for listing in listings]
            self._advance(NS_PER_S)
            if all(listing.state is state for listing, state in zip(listings, before, strict=True)):
                return

    # what came

    def _keep(self, heard: list[Frame], frames: int) -> None:
        """Only what carries a quote or a book: of quotes the newest, of books all, with their levels counted."""
        levels: Counter[Format] = Counter()
        kept: Counter[Format] = Counter()
        found: list[Frame] = []
        for number, data in reversed(heard):
            socket = self.sockets[number]
            one = socket.planned.format
            if self.result.channel is Channel.BBO:
                if kept[one] < frames * RAREST and _has(Quote, socket.codec.decode(data, self.t_ns)):
                    found.append(Frame(number, data))
                    kept[one] += 1
                continue
            for event in socket.codec.decode(data, self.t_ns):
                if isinstance(event, BookDelta | BookSnapshot):
                    found.append(Frame(number, data))
                    levels[one] += len(event.bids) + len(event.asks)
                    kept[one] += 1
        self.result.frames = found[::-1]
        if self.result.channel is Channel.BOOK:
            self.result.levels_per_frame = {one: levels[one] / kept[one] for one in kept}

    def _tell_truth(self) -> None:
        for name in self.venues:
            sim = self.hub.venues[name]
            for instrument in self.result.instruments[name]:
                listing = sim.find(instrument.market.value, instrument.native)
                assert listing is not None  # only such are streamed
                depth = sim.rest.depth(listing, BOOK_LEVELS)
                bids = tuple((float(price), float(size)) for price, size in depth.bids)
                asks = tuple((float(price), float(size)) for price, size in depth.asks)
                leg = (name, instrument.market, instrument.native)
                self.result.truth[leg] = Top(*bids[0], *asks[0])
                self.result.depth[leg] = (bids, asks)


def _has(kind: type[Event], events: Iterable[Event]) -> bool:
    return any(type(event) is kind for event in events)


def _streamed(instrument: Instrument) -> bool:
    return instrument.status is TradingStatus.TRADING and instrument.category is Category.CRYPTO


def events_of(answers: Iterable[Answer], venue: Venue, tables: Tables) -> list[Event]:
    """What REST answers say."""
    return [
        event
        for answer in answers
        for event in venue.decode_http(answer.request, answer.status, answer.body, tables, answer.t_ns)
    ]


def listings_of(answers: Iterable[Answer], venue: Venue, name: str) -> list[Listing]:
    """Whole listings, under the venue's name or another one."""
    pages: dict[str, Listing] = {}
    for event in events_of(answers, venue, Tables({market: {} for market in Market})):
        if isinstance(event, Listing):
            join_page(pages, event)
    return [
        msgspec.structs.replace(
            page, instruments=[msgspec.structs.replace(instrument, venue=name) for instrument in page.instruments]
        )
        for page in pages.values()
    ]


def _call(method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Call:
    split = urlsplit(url)
    return Call(
        method=method,
        host=split.hostname or "",
        path=unquote(split.path),
        query=dict(parse_qsl(split.query, keep_blank_values=True)),
        raw_query=split.query,
        headers=headers or {},
        body=body,
        client="127.0.0.1",
    )


def _unframed(frame: bytes) -> tuple[int, bytes]:
    """Opcode and payload of one whole, unmasked server frame (RFC 6455 5.2)."""
    size = frame[1]
    begin = 4 if size == 126 else 10 if size == 127 else 2
    return frame[0] & 0x0F, frame[begin:]
