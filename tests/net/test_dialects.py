"""Of which kind an account is, is asked over a real socket before anything else; one that does not tell stays."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from arbtui.core.clock import NS_PER_MS, ManualClock
from arbtui.core.errors import ArbtuiError
from arbtui.net import dialects
from arbtui.net.gateway import NetworkSettings
from arbtui.venues import registry
from arbtui.venues.base import Environment
from arbtui.venues.bitget.classic import BitgetClassic
from arbtui.venues.private import Keys, PrivateVenue
from tests.venues.bitget.samples import KEYS, STAMP_MS, refused, said, settings
from tests.venues.bitget.wiring import refusal
from tests.venues.private_wire import Asked

CLASSIC = refused("40084", "You are in Classic Account mode")
UNIFIED = said(settings())


class Told:
    """What came of it, what was asked, and for whom nothing was decided."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.undecided: list[str] = []

    def private(self, name: str) -> PrivateVenue:
        private = registry.private(name)
        assert private is not None
        return private

    async def spoken(self, url: str, names: tuple[str, ...], keys: Keys = KEYS) -> dict[str, PrivateVenue]:
        accounts = {name: (self.private(name), Environment.PROD, keys) for name in names}
        clock, network = ManualClock(STAMP_MS * NS_PER_MS), NetworkSettings(gateway=url)
        return await dialects.spoken(accounts, network, clock, random.Random(1), self.note)

    def note(self, name: str, error: ArbtuiError) -> None:
        self.undecided.append(f"{name}: {error}")


@asynccontextmanager
async def answering(told: Told, *answers: bytes) -> AsyncIterator[str]:
    """One after the other, the last one again and again; with HTTP 503 where there is nothing to say."""
    left = list(answers)

    async def handle(request: web.Request) -> web.Response:
        path, _, query = request.raw_path.removeprefix("/api.bitget.com").partition("?")
        told.asked.append(Asked(request.method, path, query, "", request.headers))
        said = refusal(told.asked[-1]) or (left.pop(0) if len(left) > 1 else left[0])
        return web.Response(status=503 if not said else 200 if b"00000" in said else 400, body=said)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "AGAIN_S", 0.01)


@pytest.mark.parametrize(("answer", "classic"), [(CLASSIC, True), (UNIFIED, False)])
async def test_an_account_is_of_the_kind_that_it_says(answer: bytes, classic: bool) -> None:
    told = Told()
    async with answering(told, answer) as url:
        found = await told.spoken(url, ("binance", "bitget"))
    assert isinstance(found["bitget"], BitgetClassic) is classic
    assert found["binance"] is told.private("binance")
    assert [(asked.method, asked.path) for asked in told.asked] == [("GET", "/api/v3/account/settings")]
    assert told.undecided == []


async def test_an_answer_that_tells_nothing_is_asked_for_again() -> None:
    told = Told()
    async with answering(told, b"", refused("40029"), CLASSIC) as url:
        found = await told.spoken(url, ("bitget",))
    assert isinstance(found["bitget"], BitgetClassic)
    assert len(told.asked) == dialects.TRIES


@pytest.mark.parametrize("answer", [b"", refused("40006", "no such key"), refused("40085")])
async def test_an_account_that_never_tells_stays_what_it_is_and_that_is_said(answer: bytes) -> None:
    told = Told()
    async with answering(told, answer) as url:
        found = await told.spoken(url, ("bitget",))
    assert found["bitget"] is told.private("bitget")
    assert len(told.undecided) == 1
    assert told.undecided[0].startswith("bitget: ")
    assert len(told.asked) == (1 if answer else dialects.TRIES)  # a refusal is an answer


async def test_a_venue_with_one_kind_of_accounts_is_not_asked() -> None:
    told = Told()
    async with answering(told, UNIFIED) as url:
        found = await told.spoken(url, ("binance", "okx"))
    assert found == {name: told.private(name) for name in ("binance", "okx")}
    assert told.asked == []
