"""REST against a server on this machine: budgets, refusals in words, what is recorded."""

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest
from aiohttp import web

from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.core.errors import ProtocolBroken, RefusalReason, TransportBroken, VenueRefused
from arbtui.core.events import Event, Ignored
from arbtui.net.budget import Budgets
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import AT_ONCE_BYTES, MAX_PAUSE_S, RATE_LIMIT_PAUSE_S, Rest
from arbtui.venues.base import HttpRequest, RestLimit, Tables, Venue

URL = "https://api.toy.com/v1/time"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Tape:
    """A recorder that remembers answers."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, str, int, bytes]] = []

    def http(self, t_ns: int, venue: str, method: str, url: str, request_body: bytes, status: int, body: bytes) -> None:
        self.answers.append((method, url, status, body))

    def opened(self, t_ns: int, venue: str, conn: str, url: str) -> None: ...
    def closed(self, t_ns: int, venue: str, conn: str, reason: str) -> None: ...
    def frame(self, t_ns: int, venue: str, conn: str, direction: object, data: str | bytes) -> None: ...
    def text_frame(self, t_ns: int, venue: str, conn: str, data: bytes) -> None: ...


class Toy:
    def __init__(self, rest: Rest, budgets: Budgets, clock: ManualClock, tape: Tape) -> None:
        self.rest, self.budgets, self.clock, self.tape = rest, budgets, clock, tape

    async def get(self, url: str = URL) -> bytes:
        return (await self.rest.fetch("toy", HttpRequest("GET", url, "the time"))).body

    def wait_s(self) -> float:
        return self.budgets.of("api.toy.com", "weight").wait_ns(1, self.clock.now_ns()) / NS_PER_S


@asynccontextmanager
async def toy(handler: Handler, timeout_s: float = 5.0) -> AsyncIterator[Toy]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert runner.addresses
    gateway = f"http://127.0.0.1:{runner.addresses[0][1]}"
    clock, tape = ManualClock(NS_PER_S), Tape()
    budgets = Budgets([RestLimit("api.toy.com", "weight", 100, 60, used_header="X-Used")])
    network = NetworkSettings(gateway=gateway)
    try:
        async with Rest(network, budgets, clock, recorder=tape, rng=random.Random(1), timeout_s=timeout_s) as rest:
            yield Toy(rest, budgets, clock, tape)
    finally:
        await runner.cleanup()


async def test_the_original_host_is_the_first_path_element_and_the_record_keeps_the_original_address() -> None:
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=b"{}")

    async with toy(handler) as t:
        assert await t.get() == b"{}"
        assert asked == ["/api.toy.com/v1/time"]
        assert t.tape.answers == [("GET", URL, 200, b"{}")]


async def test_a_query_goes_out_as_it_was_made_byte_for_byte() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.raw_path)
        return web.Response(text="{}")

    query = "symbol=%E5%B8%81&cursor=13%3A2%2C13%3A2%26a%3Db&sign=x/y%2Fz"
    async with toy(answer) as t:
        await t.get(f"https://api.toy.com/v1/orders?{query}")
    assert asked == [f"/api.toy.com/v1/orders?{query}"]


async def test_a_429_closes_the_host_for_as_long_as_it_says() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "7"}, body=b"slow down")

    async with toy(handler) as t:
        with pytest.raises(VenueRefused) as refused:
            await t.get()
        assert refused.value.reason is RefusalReason.RATE_LIMITED
        assert 7 <= t.wait_s() <= 8


async def test_a_429_on_a_bucket_that_is_counted_apart_closes_no_other() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=429)

    async with toy(handler) as t:
        budgets = Budgets([RestLimit("api.toy.com", name, 10, window_s=2.0, apart=True) for name in ("bills", "place")])
        t.rest._budgets = budgets
        with pytest.raises(VenueRefused):
            await t.rest.fetch("toy", HttpRequest("GET", URL, "bills", bucket="bills"))
        now_ns = t.clock.now_ns()
        assert budgets.of("api.toy.com", "bills").wait_ns(1, now_ns) == 2 * NS_PER_S
        assert budgets.of("api.toy.com", "place").wait_ns(1, now_ns) == 0


async def test_a_429_that_names_no_wait_pauses_longer_each_time() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=429)

    async with toy(handler) as t:
        waits = []
        for _ in range(7):
            with pytest.raises(VenueRefused):
                await t.get()
            waits.append(t.wait_s())
            t.clock.advance_to(t.clock.now_ns() + round(t.wait_s() * NS_PER_S))
        assert waits[1] > 1.5 * waits[0]
        assert waits[-1] <= MAX_PAUSE_S * 1.1


async def test_requests_that_were_under_way_at_the_first_429_make_the_pause_no_longer() -> None:
    arrived = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        if request.query.get("last"):
            arrived.set()
        await arrived.wait()
        return web.Response(status=429)

    async with toy(handler) as t:
        asked = [asyncio.create_task(t.get(URL + last)) for last in ("?n=1", "?n=2", "?n=3", "?last=4")]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(each, VenueRefused) for each in found)
        assert t.wait_s() <= RATE_LIMIT_PAUSE_S * 1.1


async def test_a_418_is_a_ban() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=418)

    async with toy(handler) as t:
        with pytest.raises(VenueRefused) as refused:
            await t.get()
        assert refused.value.reason is RefusalReason.BANNED
        assert t.wait_s() >= 120


async def test_a_blocked_region_is_told_with_a_remedy() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=451)

    async with toy(handler) as t:
        with pytest.raises(VenueRefused, match="set a proxy or another host") as refused:
            await t.get()
        assert refused.value.reason is RefusalReason.REGION_BLOCKED


async def test_a_403_that_speaks_of_frequency_is_a_ban_of_ten_minutes_and_no_region_block() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=403, text="403, access too frequent")

    async with toy(handler) as t:
        with pytest.raises(VenueRefused) as refused:
            await t.get()
        assert refused.value.reason is RefusalReason.BANNED
        assert t.wait_s() >= 600


async def test_a_server_that_fails_is_a_broken_transport_and_is_recorded() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=503, text="<html>busy</html>")

    async with toy(handler) as t:
        with pytest.raises(TransportBroken, match=r"failed on the time \(HTTP 503\)"):
            await t.get()
        assert t.tape.answers[0][2:] == (503, b"<html>busy</html>")


async def test_a_body_cut_short_is_a_broken_transport() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"half":')
        assert request.transport is not None
        request.transport.close()
        return response

    async with toy(handler) as t:
        with pytest.raises(TransportBroken, match="broke off"):
            await t.get()


async def test_nobody_listening_is_said_in_words() -> None:
    clock = ManualClock()
    network = NetworkSettings(gateway="http://127.0.0.1:1")
    async with Rest(network, Budgets([]), clock, recorder=None, rng=random.Random(1)) as rest:
        with pytest.raises(TransportBroken, match=r"api\.toy\.com cannot be reached: connection refused"):
            await rest.fetch("toy", HttpRequest("GET", URL, "the time"))


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(2)
        return web.Response()

    async with toy(handler, timeout_s=0.05) as t:
        with pytest.raises(TransportBroken, match=r"did not answer within 0.05 s"):
            await t.get()


async def test_who_is_told_to_end_while_the_time_runs_out_ends() -> None:
    """The task is cancelled in the very turn of the loop in which the answer's time is over."""

    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(2)
        return web.Response()

    async with toy(handler, timeout_s=0.2) as t:
        asking = asyncio.create_task(t.get())
        await asyncio.sleep(0.15)
        loop = asyncio.get_running_loop()
        loop.call_later(0.0505, asking.cancel)
        loop.call_soon(time.sleep, 0.1)  # it is held up past both
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_the_venues_own_count_is_read_from_its_header() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(headers={"X-Used": "95"})

    async with toy(handler) as t:
        await t.get()
        assert t.wait_s() > 0


class Reader:
    """A codec that notes where it is called, and refuses what is odd."""

    name = "toy"

    def __init__(self) -> None:
        self.threads: list[int] = []

    def decode_http(self, request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
        self.threads.append(threading.get_ident())
        if len(body) % 2:
            raise ProtocolBroken("not_json", "odd")
        return (Ignored(f"{len(body)} bytes", t_ns),)


@pytest.mark.parametrize(("size", "beside"), [(2, False), (AT_ONCE_BYTES, False), (AT_ONCE_BYTES + 2, True)])
async def test_a_large_answer_is_read_beside_the_loop_and_says_the_same(size: int, beside: bool) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=b" " * (size + ("odd" in request.path)))

    async with toy(handler) as it:
        reader, request = Reader(), HttpRequest("GET", "https://api.toy.com/even", "much")
        told = await it.rest.ask(cast(Venue, reader), request, Tables({}))
        assert told == (Ignored(f"{size} bytes", NS_PER_S),)
        assert [thread != threading.get_ident() for thread in reader.threads] == [beside]
        with pytest.raises(ProtocolBroken, match="odd"):
            await it.rest.ask(cast(Venue, reader), replace(request, url="https://api.toy.com/odd"), Tables({}))
