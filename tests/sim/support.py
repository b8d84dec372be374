"""Simulated venues without sockets or waiting: time is told to move, frames are collected. And a served one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import aiohttp
import orjson

from arbtui.sim import registry
from arbtui.sim.base import Call, Reply, Session, SimVenue
from arbtui.sim.control import Control
from arbtui.sim.faults import Fault
from arbtui.sim.hub import Hub
from arbtui.sim.listing import Listing, Market
from arbtui.sim.scenario import SCENARIOS
from arbtui.sim.server import Server

START_NS = 1_795_158_000_000_000_000  # 2026-11-20 07:00:00 UTC
MS = 1_000_000


class Wire:
    """A link that keeps what was sent: ``texts`` of data frames, ``pings``, how it ended."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.pings: list[bytes] = []
        self.closed: tuple[int, str] | None = None
        self.dropped = False

    def write(self, frames: list[bytes]) -> bool:
        for frame in frames:
            opcode, payload = unframed(frame)
            if opcode == 9:
                self.pings.append(payload)
            elif opcode in (1, 2):
                self.texts.append(payload.decode())
        return True

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def drop(self) -> None:
        self.dropped = True

    @property
    def ended(self) -> bool:
        return self.dropped or self.closed is not None

    def take(self) -> list[Any]:
        """The JSON messages since the last call."""
        texts, self.texts = self.texts, []
        return [orjson.loads(text) for text in texts]


class Bench:
    """A hub whose clock stands still until ``run`` moves it."""

    def __init__(
        self,
        *venues: str,
        seed: int = 7,
        coins: int = 60,
        rate: float = 2000.0,
        scenario: str = "default",
        start_ns: int = START_NS,
    ) -> None:
        self.t_ns = start_ns
        self.hub = Hub(
            seed=seed,
            coins=coins,
            rate=rate,
            scenario=SCENARIOS[scenario],
            venues={name: registry.load(name) for name in venues or ("binance",)},
            clock=lambda: self.t_ns,
        )
        self.control = Control(self.hub)

    def venue(self, name: str = "binance") -> SimVenue:
        return self.hub.venues[name]

    def listing(self, market: Market, native: str, venue: str = "binance") -> Listing:
        """An instrument that has to be there."""
        found = self.venue(venue).find(market, native)
        assert found is not None, native
        return found

    def run(self, ms: int, step_ms: int = 20) -> None:
        """Let time pass, beat by beat."""
        end_ns = self.t_ns + ms * MS
        while self.t_ns < end_ns:
            self.t_ns = min(end_ns, self.t_ns + step_ms * MS)
            self.hub.beat()

    def connect(self, url: str, venue: str = "binance") -> tuple[Session, Wire]:
        """Open a socket on the original ``url``."""
        session = self.venue(venue).open_socket(call("GET", url))
        assert isinstance(session, Session), session
        wire = Wire()
        self.hub.connect(session, wire)
        return session, wire

    def say(self, session: Session, **message: Any) -> None:
        """The client sends a JSON message."""
        session.on_text(orjson.dumps(message).decode())
        self.hub.flush()

    def get(self, url: str, venue: str = "binance") -> Reply:
        """A REST call on the original ``url``."""
        return self.venue(venue).handle(call("GET", url))

    def json(self, url: str, venue: str = "binance") -> Any:
        reply = self.get(url, venue)
        assert reply.status == 200, reply
        return orjson.loads(reply.body)

    def fault(self, name: str, venue: str = "binance", **more: Any) -> Fault:
        return self.control.add_fault({"fault": name, "venue": venue, **more})

    def truth(self, symbol: str, market: str = "perp", venue: str = "binance", **query: Any) -> Any:
        """One instrument's row of the truth."""
        asked = {"venue": venue, "market": market, "symbol": symbol, **{k: str(v) for k, v in query.items()}}
        rows = self.control.truth(asked)["venues"][venue][market]
        assert len(rows) == 1
        row = next(iter(rows.values()))
        return orjson.loads(orjson.dumps(row))


class Levels:
    """A client's book, by price as it was written. How frames chain is the venue's: ``apply``."""

    def __init__(self, bids: str = "bids", asks: str = "asks") -> None:
        self._bids = bids
        self.sides: dict[str, dict[str, str]] = {bids: {}, asks: {}}

    def apply(self, frame: Any) -> None:
        raise NotImplementedError

    def follow(self, frames: Iterable[Any]) -> None:
        for frame in frames:
            self.apply(frame)

    def forget(self) -> None:
        """Before a snapshot."""
        for held in self.sides.values():
            held.clear()

    def side(self, name: str) -> list[list[str]]:
        """Best first, as the truth has it."""
        levels = sorted(self.sides[name].items(), key=lambda x: float(x[0]), reverse=name == self._bids)
        return [[price, size] for price, size in levels]


BenchT = TypeVar("BenchT", bound=Bench)


def stays_sound(make: Callable[[], BenchT], watch: Callable[[BenchT], Any], fault: str, venue: str) -> None:
    """The truth of a world in which a venue has had a fault for a second is that of one without."""
    sound, faulty = make(), make()
    for bench in (sound, faulty):
        watch(bench)
    faulty.fault(fault, venue, seconds=1.0)
    for bench in (sound, faulty):
        bench.run(1500)
    assert sound.control.truth({}) == faulty.control.truth({})


def same_frames(make: Callable[[], BenchT], watch: Callable[[BenchT], tuple[Session, Wire]]) -> list[Any]:
    """What two clients of the same seed are sent in two seconds, which is the same."""
    texts = []
    for _ in range(2):
        bench = make()
        _, wire = watch(bench)
        bench.run(2000)
        texts.append(wire.texts)
    assert texts[0] == texts[1]
    return [orjson.loads(text) for text in texts[0]]


def call(method: str, url: str, body: bytes = b"", client: str = "127.0.0.1") -> Call:
    """A request as the server makes it of an original address."""
    split = urlsplit(url)
    return Call(
        method=method,
        host=split.hostname or "",
        path=unquote(split.path),
        query=dict(parse_qsl(split.query, keep_blank_values=True)),
        raw_query=split.query,
        headers={},
        body=body,
        client=client,
    )


def unframed(frame: bytes) -> tuple[int, bytes]:
    """Opcode and payload of one whole server frame."""
    opcode, size = frame[0] & 0x0F, frame[1]
    assert frame[0] & 0x80
    if size == 126:
        payload, size = frame[4:], int.from_bytes(frame[2:4], "big")
    elif size == 127:
        payload, size = frame[10:], int.from_bytes(frame[2:10], "big")
    else:
        payload = frame[2:]
    assert len(payload) == size
    return opcode, payload


@asynccontextmanager
async def served(
    *venues: str, coins: int = 40, rate: float = 1000.0, seed: int = 7, scenario: str = "default"
) -> AsyncIterator[tuple[Server, aiohttp.ClientSession]]:
    """A simulator on a free port, in this loop, and a client."""
    names: Sequence[str] = venues or ("binance",)
    hub = Hub(
        seed=seed,
        coins=coins,
        rate=rate,
        scenario=SCENARIOS[scenario],
        venues={name: registry.load(name) for name in names},
    )
    async with Server(hub) as server, aiohttp.ClientSession(server.url) as client:
        yield server, client
