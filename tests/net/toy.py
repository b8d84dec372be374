"""A venue that exists only here: its codec, its server, and a host that keeps what it is told.

Wire: ``{"sub": [names]}`` -> ``{"ok": [names]}`` or ``{"no": [names], "lost": [names]}``; ``{"unsub": [names]}``;
``{"q": [name, seq]}`` is a quote, ``{"snap": [name, seq]}`` and ``{"delta": [name, seq]}`` a book, ``"ping"`` ->
``"pong"``, ``{"bye": reason}`` announces the end. A name is ``bbo.A`` or ``book.A``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from arbtui.core.clock import Clock, Timer
from arbtui.core.errors import ArbtuiError, ProtocolBroken
from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Closing,
    Event,
    Ignored,
    Pong,
    Quote,
    QuoteTexts,
    Refused,
    Reply,
    Resync,
    Subscribed,
)
from arbtui.core.model import Channel, Instrument, Market, Stream
from arbtui.core.sequence import Contiguous, SequenceRule
from arbtui.core.status import Link
from arbtui.net.connection import Connection
from arbtui.net.conversation import AppliedEvent, Conversation
from arbtui.net.feed import VenueFeed
from arbtui.net.figures import Ages
from arbtui.net.gateway import NetworkSettings
from arbtui.net.shard import Shard
from arbtui.venues.base import (
    Cadence,
    Environment,
    HttpRequest,
    Manners,
    Outgoing,
    RestLimit,
    SocketPlan,
    Tables,
)

S = 1_000_000_000
MANNERS = Manners(messages_per_s=100.0, streams_per_socket=3, ping_every_s=20.0)


def bbo(native: str) -> Stream:
    return Stream(Market.PERP, Channel.BBO, native)


def book(native: str) -> Stream:
    return Stream(Market.PERP, Channel.BOOK, native)


def name_of(stream: Stream) -> str:
    return f"{stream.channel.value}.{stream.native}"


class ToySession:
    """One connection's conversation."""

    def __init__(self, slots: dict[str, int]) -> None:
        self._slots = slots
        self.ping_frame: str | None = "ping"

    def quote(self, frame: bytes, t_ns: int) -> Quote | None:
        if not frame.startswith(b'{"q"'):
            return None
        (event,) = self.decode(frame, t_ns)
        assert isinstance(event, Quote)
        return event

    def decode(self, frame: bytes, t_ns: int) -> Sequence[Event]:
        if frame == b"pong":
            return (Pong(t_ns),)
        if frame == b"ping?":
            return (Reply("pong!"),)
        try:
            row: dict[str, Any] = json.loads(frame)
            ((kind, value),) = list(row.items())[:1]
        except ValueError:
            raise ProtocolBroken("not_json", "not JSON", frame) from None
        match kind:
            case "ok":
                return (Subscribed(_streams(value), t_ns),)
            case "no":
                return (Refused(_streams(value), "7", "no such name", t_ns, retry=_streams(row.get("lost", ()))),)
            case "bye":
                return (Closing(value, t_ns),)
            case "again":
                return (Resync(_streams([value])[0], "lost"),)
            case "q" | "snap" | "delta":
                return (self._data(kind, value, frame, t_ns),)
        return (Ignored("unknown"),)

    def _data(self, kind: str, value: list[Any], frame: bytes, t_ns: int) -> Event:
        name, seq = value
        slot = self._slots[name.partition(".")[2]]
        if kind == "q":
            return Quote(slot, 1.0, 1.0, 2.0, 1.0, t_ns, t_ns // 1_000_000, seq, frame)
        if kind == "snap":
            return BookSnapshot(slot, [("1", "1")], [("2", "1")], seq, t_ns)
        return BookDelta(slot, [("1", "1")], [], seq, seq, seq - 1, t_ns)

    def subscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        return [Outgoing(json.dumps({"sub": [name_of(s) for s in streams]}), tuple(streams))]

    def unsubscribe(self, streams: Sequence[Stream]) -> list[Outgoing]:
        return [Outgoing(json.dumps({"unsub": [name_of(s) for s in streams]}), tuple(streams))]

    def ping(self, t_ns: int) -> str | None:
        return self.ping_frame


def _streams(names: Iterable[str]) -> tuple[Stream, ...]:
    return tuple(Stream(Market.PERP, Channel(name.partition(".")[0]), name.partition(".")[2]) for name in names)


class ToyVenue:
    """Perpetuals only, three streams a socket."""

    name = "toy"
    markets: tuple[Market, ...] = (Market.PERP,)
    quotes: tuple[str, ...] = ("USDT",)
    rest_limits: tuple[RestLimit, ...] = ()

    def __init__(
        self, url: str = "wss://toy.test/ws", *, periodic_quiet_s: float | None = None, **manners: Any
    ) -> None:
        self.url = url
        self.quiet_s = periodic_quiet_s
        self._manners = replace(MANNERS, **manners)
        self.ping_frame: str | None = "ping"

    def manners(self, market: Market) -> Manners:
        return self._manners

    def cadence(self, market: Market, channel: Channel) -> Cadence:
        return Cadence(self.quiet_s is not None, self.quiet_s)

    def plan(self, env: Environment, streams: Iterable[Stream]) -> list[SocketPlan]:
        rows, size = list(streams), self._manners.streams_per_socket
        return [
            SocketPlan(f"perp.public.{n}", Market.PERP, self.url, tuple(rows[at : at + size]))
            for n, at in enumerate(range(0, len(rows), size))
        ]

    def session(self, url: str, tables: Tables) -> ToySession:
        session = ToySession(tables.of(Market.PERP))
        session.ping_frame = self.ping_frame
        return session

    def fees(self, market: Market) -> tuple[float, float]:
        return 0.0, 0.0

    def book_rule(self, market: Market) -> SequenceRule:
        return Contiguous()

    def streams_for(self, instrument: Instrument) -> tuple[Stream, ...]:
        return (bbo(instrument.native),)

    def book_stream(self, instrument: Instrument) -> Stream:
        return book(instrument.native)

    def instrument_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        return []

    def next_page(self, request: HttpRequest, body: bytes) -> HttpRequest | None:
        return None

    def snapshot_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        return []

    def book_request(self, env: Environment, instrument: Instrument) -> HttpRequest | None:
        return None

    def time_request(self, env: Environment) -> HttpRequest | None:
        return None

    def decode_http(self, request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
        return ()

    def quote_texts(self, market: Market, raw: bytes) -> QuoteTexts:
        return None, None, None, None


NATIVES = "ABCDEFGH"
TABLES = Tables({Market.PERP: {native: slot for slot, native in enumerate(NATIVES)}})


class ToyHost:
    """Keeps all that a feed says."""

    def __init__(self) -> None:
        self.events: list[AppliedEvent] = []
        self.links: dict[Stream, Link | None] = {}
        self.last: dict[Stream, int] = {}
        self.notices: list[tuple[str, str]] = []
        self.errors: Counter[str] = Counter()
        self.on_event: Callable[[AppliedEvent], None] = lambda event: None

    def apply(self, event: AppliedEvent) -> None:
        self.events.append(event)
        if isinstance(event, Quote):
            self.last[bbo(NATIVES[event.slot])] = event.t_ns
        elif isinstance(event, BookSnapshot | BookDelta):
            self.last[book(NATIVES[event.slot])] = event.t_ns
        self.on_event(event)

    def apply_quote(self, quote: Quote) -> None:
        self.apply(quote)

    def apply_book(self, event: BookSnapshot | BookDelta) -> None:
        self.apply(event)

    def assigned(self, stream: Stream, link: Link | None) -> None:
        self.links[stream] = link

    def last_data_ns(self, stream: Stream) -> int | None:
        return self.last.get(stream)

    def notice(self, level: str, text: str) -> None:
        self.notices.append((level, text))

    def count_error(self, kind: str, text: str, sample: bytes) -> None:
        self.errors[kind] += 1

    def quotes(self, native: str) -> list[int]:
        """Sequence numbers of the quotes of one instrument, as applied."""
        slot = TABLES.of(Market.PERP)[native]
        return [event.seq for event in self.events if isinstance(event, Quote) and event.slot == slot]


class FastClock:
    """Engine time that runs ``speed`` times faster than the loop's."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._loop = asyncio.get_running_loop()
        self._start_s = self._loop.time()

    def now_ns(self) -> int:
        return 1_000 * S + round((self._loop.time() - self._start_s) * self.speed * S)

    def call_at(self, due_ns: int, call: Callable[[], None]) -> Timer:
        return self._loop.call_later(max(0, due_ns - self.now_ns()) / S / self.speed, call)


class HandConnection(Connection):
    """A connection without a wire: opened, fed and ended by the test."""

    def opens(self) -> None:
        self._up()

    def sends(self) -> list[str]:
        """What it would have put on the wire by now."""
        frames = []
        while (request := self._next_request()) is not None:
            frames.append(str(request.frame))
        return frames

    def hears(self, **row: Any) -> None:
        self.on_read()
        self.on_frame(json.dumps(row).encode())

    def acks_all(self) -> None:
        self.sends()
        self.hears(ok=[name_of(sub.stream) for sub in self.subs.all()])

    def finish(self, why: ArbtuiError | None = None) -> None:
        self._stopped.set()
        self.ends(why)

    def ends(self, why: ArbtuiError | None) -> None:
        self._down("")
        self._owner.ended(self, why)


class HandFeed(VenueFeed):
    """A feed whose connections are run by hand, on whatever clock it is given."""

    def __init__(self, venue: ToyVenue, clock: Clock, host: ToyHost, streams: Iterable[Stream]) -> None:
        super().__init__(venue, Environment.PROD, TABLES, clock, host, rng=random.Random(1))
        self.dialled: list[HandConnection] = []
        self.want(streams)

    def _open_shard(self, label: str, market: Market, url: str, streams: Iterable[Stream]) -> Shard:
        shard = super()._open_shard(label, market, url, streams)
        shard.start()
        return shard

    def dial(self, shard: Shard, label: str, groups: Sequence[Sequence[Stream]]) -> Connection:
        venue = self._venue
        talk = Conversation(
            venue.name,
            label,
            shard.url,
            venue.session(shard.url, self._tables),
            venue.manners(shard.market),
            partial(venue.cadence, shard.market),
        )
        ages = Ages()
        self.dialled.append(HandConnection(talk, groups, clock=self._clock, host=self._host, owner=shard, ages=ages))
        return self.dialled[-1]


class ToyServer:
    """Serves the toy's wire on 127.0.0.1; behaviour is changed by its attributes while it runs."""

    def __init__(self) -> None:
        self.accepted = 0
        self.heard: list[str] = []
        self.open: dict[ServerConnection, set[str]] = {}
        self.close_at_once = False
        self.silent = False
        self.acks = True
        self.muted: set[str] = set()
        self.refuses: set[str] = set()
        self.losing: set[str] = set()  # lost together with a refused name
        self.period_s = 0.01
        self.seq = 0
        self.port = 0
        self._server: Server | None = None

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def subscriptions(self) -> list[set[str]]:
        return list(self.open.values())

    async def start(self) -> None:
        self._server = await serve(self._serve, "127.0.0.1", self.port, ping_interval=None, compression=None)
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """The port is refused from here on."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def say(self, frame: str | bytes) -> None:
        for connection in list(self.open):
            with contextlib.suppress(ConnectionClosed):
                await connection.send(frame)

    async def cut(self) -> None:
        for connection in list(self.open):
            connection.transport.abort()

    async def _serve(self, connection: ServerConnection) -> None:
        self.accepted += 1
        if self.close_at_once:
            return
        self.open[connection] = set()
        try:
            async for frame in connection:
                assert isinstance(frame, str)
                self.heard.append(frame)
                await self._answer(connection, frame)
        except ConnectionClosed:
            pass
        finally:
            self.open.pop(connection, None)

    async def _answer(self, connection: ServerConnection, frame: str) -> None:
        if frame == "ping":
            await connection.send("pong")
            return
        if not frame.startswith("{"):
            return
        request = json.loads(frame)
        self.open[connection] -= set(request.get("unsub", ()))
        names = request.get("sub", ())
        refused = [name for name in names if name in self.refuses]
        lost = [name for name in names if refused and name in self.losing]
        good = [name for name in names if name not in refused and name not in lost]
        self.open[connection] |= set(good)
        if refused:
            await connection.send(json.dumps({"no": refused, "lost": lost}))
        if good and self.acks:
            await connection.send(json.dumps({"ok": good}))

    async def talk(self) -> None:
        """A quote of every subscribed name, over and over."""
        while True:
            self.seq += 1
            for connection, names in list(self.open.items()):
                for name in names - self.muted if not self.silent else ():
                    with contextlib.suppress(ConnectionClosed):
                        await connection.send(json.dumps({"q": [name, self.seq]}))
            await asyncio.sleep(self.period_s)


@contextlib.asynccontextmanager
async def toy_server() -> AsyncIterator[ToyServer]:
    """A talking server, closed afterwards."""
    server = ToyServer()
    await server.start()
    talking = asyncio.create_task(server.talk())
    try:
        yield server
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        await server.stop()


@contextlib.asynccontextmanager
async def running_feed(
    venue: ToyVenue, gateway: str | None, host: ToyHost, streams: Iterable[Stream], *, speed: float = 1.0, **more: Any
) -> AsyncIterator[VenueFeed]:
    """A feed at work, cancelled afterwards."""
    feed = VenueFeed(
        venue,
        Environment.PROD,
        TABLES,
        FastClock(speed),
        host,
        rng=random.Random(1),
        network=NetworkSettings(gateway=gateway),
        **more,
    )
    feed.want(streams)
    task = asyncio.create_task(feed.run())
    try:
        yield feed
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], Any], within_s: float = 5.0) -> None:
    """Wait until ``true()``; fails after ``within_s``."""
    for _ in range(round(within_s / 0.005)):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"not within {within_s:g} s")
