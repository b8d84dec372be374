"""All symbols by REST: what an answer says beside its prices."""

import asyncio
import random
from typing import cast

import pytest

from arbtui.core.clock import NS_PER_MS, NS_PER_S, ManualClock
from arbtui.core.events import Event, Ignored, ServerTime
from arbtui.core.model import Market
from arbtui.net.rest import Answer, Rest
from arbtui.net.snapshots import ClockOffset, Snapshots
from arbtui.venues.base import Environment, HttpRequest, Tables, Venue
from tests.net.test_discovery import Host


class ToyVenue:
    name = "toy"

    def snapshot_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        return [HttpRequest("GET", "https://toy/tickers", "tickers")]


class ToyRest:
    def __init__(self, unknown: list[int]) -> None:
        self._unknown = unknown

    async def ask(self, venue: Venue, request: HttpRequest, tables: Tables) -> list[Event]:
        count = self._unknown.pop(0)
        return [Ignored("unknown_symbol", count)] if count else []


async def test_more_unknown_symbols_than_last_time_mean_that_something_was_listed() -> None:
    told, answers = list[int](), [3, 3, 4, 2, 3]
    rounds = Snapshots(
        cast("Venue", ToyVenue()),
        Market.PERP,
        Environment.PROD,
        Tables({Market.PERP: {}}),
        cast("Rest", ToyRest(answers)),
        Host(),
        random.Random(1),
        sockets_silent=lambda: False,
        on_new_symbols=lambda: told.append(rounds.rounds),
    )
    while answers:
        await rounds.round()
    assert told == [2, 4]  # never at the first answer, which has nothing to be compared with


class Clocked:
    """A venue whose clock is ``off_ms`` before ours and whose answers take ``ms`` there and back."""

    name = "toy"

    def __init__(self) -> None:
        self.clock = ManualClock(1_700_000_000 * NS_PER_S)
        self.off_ms, self.ms, self.asked = 0.0, 10, 0
        self.behind_ms = 0.0  # at most; it tells half of that

    def time_request(self, env: Environment) -> HttpRequest:
        return HttpRequest("GET", "https://toy/time", "time")

    async def fetch(self, venue: str, request: HttpRequest) -> Answer:
        self.asked += 1
        sent_ns = self.clock.now_ns()
        server_ms = round(sent_ns / NS_PER_MS + self.ms / 2 + self.off_ms - self.behind_ms / 2)
        self.clock.advance_to(sent_ns + self.ms * NS_PER_MS)
        return Answer(200, str(server_ms).encode(), sent_ns, self.clock.now_ns())

    def decode_http(
        self, request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int
    ) -> list[ServerTime]:
        return [ServerTime(int(body), t_ns, self.behind_ms)]

    def offset(self) -> ClockOffset:
        toy = cast("Venue", self)
        return ClockOffset(toy, Environment.PROD, Tables({}), cast("Rest", self), self.clock, random.Random(1))


async def measured(toy: Clocked, offset: ClockOffset) -> float | None:
    await offset.measure(toy.time_request(Environment.PROD))
    return offset.offset_ms


async def test_of_answers_that_agree_the_quickest_holds() -> None:
    toy = Clocked()
    offset = toy.offset()
    toy.off_ms, toy.ms = 7.0, 10
    quick = await measured(toy, offset)
    toy.off_ms, toy.ms = 30.0, 300
    assert await measured(toy, offset) == quick


async def test_a_clock_that_was_set_is_believed_at_once_though_the_answer_was_slow() -> None:
    toy = Clocked()
    offset = toy.offset()
    for _ in range(5):
        await measured(toy, offset)
    toy.off_ms, toy.ms = -3000.0, 200
    found = await measured(toy, offset)
    assert found is not None
    assert -3100 < found < -2900


async def test_the_time_of_a_state_tells_about_where_the_clock_is_and_dates_no_quote() -> None:
    toy = Clocked()
    offset = toy.offset()
    toy.off_ms, toy.ms, toy.behind_ms = 70.0, 10, 400.0
    assert await measured(toy, offset) is None
    assert offset.about_ms == pytest.approx(70.0, abs=1)
    assert offset.by == "by the time of its state, give or take 205 ms"
    assert offset.round_trip_ms == pytest.approx(10.0)
    toy.off_ms = -3000.0
    await measured(toy, offset)
    assert offset.about_ms == pytest.approx(-3000.0, abs=1)


async def test_what_was_measured_before_our_own_clock_was_set_is_forgotten_and_measured_anew() -> None:
    toy = Clocked()
    offset = toy.offset()
    running = asyncio.create_task(offset.run())
    try:
        await asyncio.sleep(0.05)
        assert (toy.asked, offset.offset_ms is None) == (1, False)
        offset.forget()
        assert offset.offset_ms is None
        await asyncio.sleep(0.05)
        assert (toy.asked, offset.offset_ms is None) == (2, False)
        offset.doubt()  # it was measured a moment ago
        await asyncio.sleep(0.05)
        assert toy.asked == 2
        toy.clock.advance_to(toy.clock.now_ns() + NS_PER_S)
        offset.doubt()
        await asyncio.sleep(0.05)
        assert toy.asked == 3
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
