"""Private sockets: up when everything is acknowledged, told when not, replaced before they end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from arbtui.core.errors import RefusalReason, VenueRefused
from arbtui.core.model import Market
from arbtui.core.orders import AccountEvent, Fill, StreamState
from arbtui.net import userstream
from arbtui.net.budget import Budgets
from arbtui.net.connects import Connects
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.net.socket import Socket, open_socket
from arbtui.net.userstream import Around, UserStreamKeeper
from arbtui.net.wallclock import WallClock
from arbtui.venues.base import Environment
from arbtui.venues.private import Keys
from tests.net.toy_private import A, ToyPrivate, ToyServer, said, serving

WITHIN_S = 10.0


class Kept:
    def __init__(
        self,
        server: ToyServer,
        told: list[AccountEvent],
        errors: list[tuple[str, str]],
        keeper: UserStreamKeeper,
    ) -> None:
        self.keeper = keeper
        self.server, self.told, self.errors = server, told, errors

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not holds():  # noqa: ASYNC110 - no event tells it: it happens on a socket
                await asyncio.sleep(0.01)

    def states(self) -> list[str]:
        return [event.state for event in self.told if isinstance(event, StreamState)]

    def fills(self) -> list[str]:
        return [event.fill_id for event in self.told if isinstance(event, Fill)]


@asynccontextmanager
async def kept(private: ToyPrivate, key: str = "k") -> AsyncIterator[Kept]:
    async with serving() as (server, address):
        clock, told, errors = WallClock(asyncio.get_running_loop()), list[AccountEvent](), list[tuple[str, str]]()
        network, rng = NetworkSettings(gateway=address), random.Random(1)
        async with Rest(network, Budgets(()), clock, recorder=None, rng=rng) as rest:
            around = Around(
                rest=rest,
                network=network,
                connects=Connects(),
                clock=clock,
                stamp_ms=lambda: clock.now_ns() // 1_000_000,
                sink=told.append,
                count_error=lambda kind, text: errors.append((kind, text)),
                rng=rng,
            )
            (stream,) = private.user_streams(Environment.PROD)
            keeper = UserStreamKeeper(
                private, stream, Environment.PROD, Keys({"api_key": key}), {Market.PERP: {"A": A}}, around
            )
            work = asyncio.create_task(keeper.run())
            try:
                yield Kept(server, told, errors, keeper)
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)


async def test_up_is_told_once_everything_is_acknowledged_and_events_follow() -> None:
    async with kept(ToyPrivate()) as k:
        await k.until(lambda: k.states() == ["up"])
        assert k.server.heard == ["login:k", "sub"]
        await k.server.sockets[0].send_str("fill:f1")
        await k.until(lambda: k.fills() == ["f1"])


async def test_a_stream_whose_address_says_all_is_up_when_the_far_end_answers_a_ping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    private = ToyPrivate()
    private.greets = False
    monkeypatch.setattr(userstream, "UP_WITHIN_S", 0.5)
    async with kept(private) as k:
        await k.until(lambda: k.states() == ["up"])
        assert k.server.heard == []
    with monkeypatch.context() as deaf:
        deaf.setattr(Socket, "ping", _unheard)
        async with kept(private) as k:
            await k.until(lambda: k.states()[:1] == ["down"])


async def _unheard(_socket: Socket) -> None:
    """A ping that nobody answers."""


async def test_a_cut_line_is_told_as_down_and_comes_back_up() -> None:
    async with kept(ToyPrivate()) as k:
        await k.until(lambda: k.states() == ["up"])
        await k.server.sockets[0].close()
        await k.until(lambda: k.states() == ["up", "down", "up"])


async def test_a_restart_is_told_as_down_and_everything_is_opened_anew() -> None:
    async with kept(ToyPrivate()) as k:
        k.keeper.restart("before there was a socket")
        await k.until(lambda: k.states() == ["up"])
        k.keeper.restart("the clock jumped")
        k.keeper.restart("once more")
        await k.until(lambda: k.states() == ["up", "down", "up"])
        assert any(isinstance(event, StreamState) and event.text == "the clock jumped" for event in k.told)
        assert k.server.heard == ["login:k", "sub"] * 2


async def test_an_expired_session_logs_in_anew() -> None:
    async with kept(ToyPrivate()) as k:
        await k.until(lambda: k.states() == ["up"])
        await k.server.sockets[0].send_str("expired")
        await k.until(lambda: k.states() == ["up", "down", "up"])
        assert k.server.heard == ["login:k", "sub"] * 2


async def test_a_refused_login_is_told_in_words_and_not_repeated_at_once() -> None:
    async with kept(ToyPrivate(), key="bad") as k:
        await k.until(lambda: k.states() == ["refused"])
        (told,) = k.told
        assert isinstance(told, StreamState)
        assert "no such key (60005)" in told.text
        await asyncio.sleep(1.0)
        assert len(k.server.sockets) == 1


async def test_too_many_attempts_are_no_refused_login_and_are_made_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    async def refusing(url: str, network: NetworkSettings, *, compression: bool) -> Socket:
        tries.append(url)
        if len(tries) == 1:
            raise VenueRefused("too many connections", reason=RefusalReason.RATE_LIMITED, code="429", retry_after_s=1.0)
        return await open_socket(url, network, compression=compression)

    monkeypatch.setattr(userstream, "open_socket", refusing)
    async with kept(ToyPrivate()) as k:
        await k.until(lambda: k.states() == ["down", "up"])
        assert len(tries) == 2


async def test_a_venue_that_acknowledges_nothing_is_down_not_up() -> None:
    before = userstream.UP_WITHIN_S
    userstream.UP_WITHIN_S = 0.2
    try:
        async with kept(ToyPrivate()) as k:
            k.server.silent = True
            await k.until(lambda: k.states()[:1] == ["down"])
            k.server.silent = False
            await k.until(lambda: k.states()[-1:] == ["up"])
    finally:
        userstream.UP_WITHIN_S = before


async def test_an_announced_end_has_the_next_socket_up_before_the_old_one_goes() -> None:
    async with kept(ToyPrivate()) as k:
        await k.until(lambda: k.states() == ["up"])
        old = k.server.sockets[0]
        await old.send_str("bye")
        await k.until(lambda: k.server.heard == ["login:k", "sub"] * 2)
        await k.until(lambda: old.closed)
        await k.server.sockets[1].send_str("fill:f2")
        await k.until(lambda: k.fills() == ["f2"])
        assert k.states() == ["up"]  # nothing was missed, so nothing is told


async def test_an_old_socket_that_goes_before_the_next_one_is_up_leaves_a_gap_that_is_told() -> None:
    async with kept(ToyPrivate()) as k:
        await k.until(lambda: k.states() == ["up"])
        old, k.server.silent = k.server.sockets[0], True
        await old.send_str("bye")
        await k.until(lambda: len(k.server.sockets) == 2)
        assert k.states() == ["up"]
        await old.close()
        await k.until(lambda: k.states() == ["up", "down"])
        for word in ("welcome", "subbed"):
            await k.server.sockets[1].send_str(word)
        await k.until(lambda: k.states() == ["up", "down", "up"])
        await k.server.sockets[1].send_str("fill:f2")
        await k.until(lambda: k.fills() == ["f2"])
        assert k.states() == ["up", "down", "up"]


async def test_a_socket_is_replaced_before_its_lifetime_ends() -> None:
    private = ToyPrivate()
    private.lifetime_s = 0.2
    async with kept(private) as k:
        await k.until(lambda: len(k.server.sockets) >= 3)
        assert k.states() == ["up"]


async def test_a_key_is_asked_for_renewed_and_replaced_when_the_venue_forgets_it() -> None:
    private = ToyPrivate()
    private.needs_key, private.renew_every_s = True, 0.2
    async with kept(private) as k:
        await k.until(lambda: k.server.asked["renew"] >= 2)
        assert k.server.asked["key"] == 1
        assert k.server.paths == ["ws/1"]
        k.server.answer = lambda path, body: said(no=1) if path == "renew" else said(ok=2)
        await k.until(lambda: "ws/2" in k.server.paths)
        assert "down" not in k.states()


async def test_a_key_that_cannot_be_had_is_told_as_down() -> None:
    private = ToyPrivate()
    private.needs_key = True
    async with kept(private) as k:
        k.server.answer = lambda path, body: said(status=500)
        await k.until(lambda: "down" in k.states())
        k.server.answer = lambda path, body: said(ok=1)
        await k.until(lambda: k.states()[-1] == "up")


async def test_silence_beyond_the_limit_is_the_end_of_a_socket() -> None:
    private = ToyPrivate()
    private.silence_s = 0.5
    async with kept(private) as k:
        await k.until(lambda: k.states()[:2] == ["up", "down"])


async def test_a_frame_that_cannot_be_read_may_have_been_a_fill_so_everything_is_read_anew() -> None:
    async with kept(ToyPrivate()) as k:
        await k.until(lambda: k.states() == ["up"])
        await k.server.sockets[0].send_str("{")
        await k.until(lambda: k.states() == ["up", "down", "up"])
        assert [kind for kind, _ in k.errors] == ["unknown_shape"]


async def test_the_venues_own_heartbeat_is_answered() -> None:
    async with kept(ToyPrivate()) as k:
        await k.until(lambda: k.states() == ["up"])
        await k.server.sockets[0].send_str("ping")
        await k.until(lambda: "pong" in k.server.heard)
