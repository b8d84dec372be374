"""All symbols by REST: the first picture after start, the second opinion on event-driven quotes, the fallback when
sockets are silent, and the venue's clock.

One rhythm serves all three. A quote that a socket brought needs a second source within 30 s to stay live, so the round
runs every 12 s, a venue whose sockets bring nothing is asked every 4 s, and the budget of the host has the last word.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from typing import Protocol

from arbtui.core.clock import NS_PER_MS, NS_PER_S, Clock
from arbtui.core.errors import ArbtuiError, ProtocolBroken, VenueRefused
from arbtui.core.events import Event, Ignored, ServerTime
from arbtui.core.model import Market
from arbtui.net.rest import Rest
from arbtui.venues.base import Environment, HttpRequest, Tables, Venue

ROUND_S = 12.0
FALLBACK_ROUND_S = 4.0
CLOCK_ROUND_S = 60.0
CLOCK_SAMPLES = 5
CLOCK_DRIFT_MS = 20.0  # of two clocks in a few minutes


class SnapshotHost(Protocol):
    def apply(self, venue: str, event: Event) -> None: ...

    def count_error(self, venue: str, error: ArbtuiError) -> None: ...


class Snapshots:
    """One venue, one market."""

    def __init__(
        self,
        venue: Venue,
        market: Market,
        env: Environment,
        tables: Tables,
        rest: Rest,
        host: SnapshotHost,
        rng: random.Random,
        *,
        sockets_silent: Callable[[], bool],
        on_new_symbols: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_new_symbols`` is called when an answer holds more unknown symbols than the one before it."""
        self._venue = venue
        self._market = market
        self._env = env
        self._tables = tables
        self._rest = rest
        self._host = host
        self._rng = rng
        self._sockets_silent = sockets_silent
        self._on_new_symbols = on_new_symbols
        self._unknown: dict[str, int] = {}  # url -> unknown symbols in its last answer
        self._hurry = asyncio.Event()
        self.error = ""  # of the last round
        self.rounds = 0

    async def run(self) -> None:
        """Ask for ever, from a while after the first round on, which is that of whoever calls this."""
        while True:
            await asyncio.sleep(FALLBACK_ROUND_S * self._rng.uniform(0.9, 1.1))
            if not self._sockets_silent():
                await self._wanted_or(ROUND_S - FALLBACK_ROUND_S)
            await self.round()

    def hurry(self) -> None:
        """A leg makes an edge by standing still: ask as soon as the shorter pause is over."""
        self._hurry.set()

    async def _wanted_or(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds * self._rng.uniform(0.9, 1.1)):
                await self._hurry.wait()
        self._hurry.clear()

    async def round(self) -> None:
        """Ask everything once; what fails is counted and asked again in the next round."""
        errors = []
        for request in self._venue.snapshot_requests(self._env, self._market):
            try:
                await self._one(request)
            except ArbtuiError as error:
                if isinstance(error, ProtocolBroken | VenueRefused):
                    self._host.count_error(self._venue.name, error)
                errors.append(str(error))
        self.error = errors[0] if errors else ""
        self.rounds += 1

    async def _one(self, request: HttpRequest) -> None:
        events = await self._rest.ask(self._venue, request, self._tables)
        self._look_for_new(request, events)
        for count, event in enumerate(events, 1):
            self._host.apply(self._venue.name, event)
            if count % 200 == 0:
                await asyncio.sleep(0)  # a thousand rows are no reason to keep live frames waiting

    def _look_for_new(self, request: HttpRequest, events: Sequence[Event]) -> None:
        unknown = sum(e.count for e in events if isinstance(e, Ignored) and e.kind == "unknown_symbol")
        if unknown > self._unknown.get(request.url, unknown):
            self._on_new_symbols()
        self._unknown[request.url] = unknown


class ClockOffset:
    """The venue's clock minus ours, from the closest of the last few time requests.

    Each answer says where the offset is, give or take half its round trip, and half of what it may be behind. Where two
    cannot both be right, a clock was set meanwhile, and the later one holds.
    """

    def __init__(
        self, venue: Venue, env: Environment, tables: Tables, rest: Rest, clock: Clock, rng: random.Random
    ) -> None:
        self._venue = venue
        self._env = env
        self._tables = tables
        self._rest = rest
        self._clock = clock
        self._rng = rng
        self._samples: list[tuple[float, float]] = []  # (how far off at most, offset), both ms
        self._behind_ms = 0.0  # how far what was told may be behind the venue's clock
        self.round_trip_ms: float | None = None
        self.error = ""
        self._wanted = asyncio.Event()
        self._asked_ns = 0

    @property
    def exists(self) -> bool:
        """Whether the venue has a clock to compare with."""
        return self._venue.time_request(self._env) is not None

    @property
    def offset_ms(self) -> float | None:
        """None before the first answer, and for venues whose time is not fit to date quotes by."""
        return None if self._behind_ms else self.about_ms

    @property
    def about_ms(self) -> float | None:
        """The same, and for venues that tell the time of a state: good enough for the stamps of orders."""
        return min(self._samples)[1] if self._samples else None

    @property
    def by(self) -> str:
        """What the venue's clock was told by, where it was not the clock itself."""
        return f"by the time of its state, give or take {min(self._samples)[0]:.0f} ms" if self._behind_ms else ""

    async def run(self) -> None:
        """Measure for ever; returns at once where the venue has no clock to ask."""
        request = self._venue.time_request(self._env)
        while request is not None:
            await self.measure(request)
            quick = len(self._samples) < CLOCK_SAMPLES and not self.error
            pause_s = (1.0 if quick else CLOCK_ROUND_S) * self._rng.uniform(0.9, 1.1)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wanted.wait()
            self._wanted.clear()

    def forget(self) -> None:
        """Our own clock was set: nothing that was measured holds. Measure again at once."""
        self._samples.clear()
        self._wanted.set()

    def doubt(self) -> None:
        """The venue says that our stamps are off: measure again, unless that was just done."""
        if self._clock.now_ns() - self._asked_ns >= NS_PER_S:
            self._wanted.set()

    async def measure(self, request: HttpRequest) -> None:
        self._asked_ns = self._clock.now_ns()
        try:
            answer = await self._rest.fetch(self._venue.name, request)
            events = self._venue.decode_http(request, answer.status, answer.body, self._tables, answer.t_ns)
        except ArbtuiError as error:
            self.error = str(error)
            return
        self.error = ""
        for event in events:
            if isinstance(event, ServerTime):
                round_trip_ns = answer.t_ns - answer.sent_ns
                middle_ns = answer.sent_ns + round_trip_ns // 2
                round_trip_ms = round_trip_ns / NS_PER_MS
                told_ms = event.server_ms + event.behind_ms / 2
                latest = ((round_trip_ms + event.behind_ms) / 2, told_ms - middle_ns / NS_PER_MS)
                self._samples = [one for one in self._samples if _agree(one, latest)]
                self._samples = [*self._samples, latest][-CLOCK_SAMPLES:]
                self._behind_ms = event.behind_ms
                self.round_trip_ms = 2 * min(self._samples)[0] - event.behind_ms


def _agree(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether both may be right, clocks that drift a little allowed for."""
    return abs(one[1] - other[1]) <= one[0] + other[0] + CLOCK_DRIFT_MS
