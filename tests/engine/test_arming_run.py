"""Whole runs beside the simulator, in this loop: what is armed, what it may open, and that paper meets no account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from arbtui.config import Credentials, Paths, load
from arbtui.core.errors import ConfigError
from arbtui.engine import arming
from arbtui.engine.modes import chosen_mode
from arbtui.engine.orders import journal_path
from arbtui.engine.run import LiveRun, run_live
from arbtui.engine.whose import accounts_in
from arbtui.execution.ports import Record
from arbtui.execution.records import Armed, fact_of
from arbtui.net.account import Account
from arbtui.net.userstream import UserStreamKeeper
from arbtui.port import EnginePort, Preview, Ticket, TradingPort
from arbtui.storage import journal
from arbtui.storage.lock import ModeLock
from arbtui.venues import registry
from arbtui.venues.private import Keys
from tests.witness.harness import Sim, witnessed

D = Decimal
VENUES = ("binance", "okx")
BUY, SELL = "binance.perp.BTCUSDT", "okx.perp.BTC-USDT-SWAP"
WITHIN_S = 20.0
_SETTINGS = {
    "MARKET__SYMBOLS": '["BTC"]',
    "LIMITS__AGAIN_AFTER_S": "0",
    "HEDGE__TAKE_BAND_BPS": "30",
    "HEDGE__REHEDGE_BAND_BPS": "60",
}


class Person:
    """``engine.run.Guest`` that does one job and leaves."""

    stays = False

    def __init__(self, job: Callable[[Person], Awaitable[None]]) -> None:
        self._job = job
        self.port: EnginePort
        self.notices: list[str] = []

    def attach(self, port: EnginePort) -> None:
        self.port = port
        port.on_notice(lambda notice: self.notices.append(notice.text))

    async def run(self) -> int | None:
        await asyncio.wait_for(self._job(self), WITHIN_S)
        return 0

    async def drained(self) -> None: ...

    async def close(self) -> None: ...

    @property
    def trading(self) -> TradingPort:
        assert self.port.trading is not None, self.port.no_trading
        return self.port.trading

    async def until(self, holds: Callable[[], object]) -> None:
        while True:
            if holds():
                return
            await asyncio.sleep(0.02)

    async def preview(self, usd: str) -> Preview:
        """Once nothing but arming and limits stands in the way."""
        while True:
            preview = self.trading.preview(Ticket(base="BTC", buy=BUY, sell=SELL, usd=D(usd)))
            failed = {check.name for check in preview.checks if not check.ok}
            if preview.intent is not None and failed <= {"armed", "limits"}:
                return preview
            await asyncio.sleep(0.05)

    async def opened(self, usd: str) -> str:
        answer = self.trading.fire(await self.preview(usd))
        assert answer.accepted, answer.text
        await self.until(lambda: self.trading.ledgers[answer.hedge].state == "hedged")
        return answer.hedge


def life(folder: Path, sim: Sim, *, accounts: bool, arm_usd: str | None = None, **more: str) -> LiveRun:
    where = Paths(folder / "config.toml", folder / "credentials.toml", folder / "state.toml", folder / "data", folder)
    known = {f"VENUES__{name.upper()}__ENABLED": str(name in VENUES).lower() for name in registry.names()}
    environ = {f"ARBTUI_{name}": value for name, value in (known | _SETTINGS | more).items()}
    loaded = load(where, registry.names(), environ=environ)
    keys = {name: {field: SecretStr(value) for field, value in sim.credentials(name).items()} for name in VENUES}
    url = sim.server.url
    return LiveRun(
        loaded=loaded,
        paths=where,
        mode=chosen_mode(loaded.settings, VENUES, demo=False, accounts=accounts, gateway=url),
        venues=VENUES,
        gateway=url,
        credentials=Credentials(keys) if accounts else None,
        arm_usd=D(arm_usd) if arm_usd is not None else None,
    )


@asynccontextmanager
async def exchanges() -> AsyncIterator[Sim]:
    async with witnessed(*VENUES, coins=3, rate=100.0, scenario="still") as sim:
        yield sim


async def lived(run: LiveRun, job: Callable[[Person], Awaitable[None]]) -> tuple[int, Person]:
    person = Person(job)
    return await run_live(run, person), person


def armings(run: LiveRun) -> list[Armed]:
    """What the journal of this mode was told of arming."""
    entries = journal.read(journal_path(run.paths.data(run.mode)))
    facts = [fact_of(Record(entry.t_ns, entry.hedge, entry.kind, entry.body)) for entry in entries]
    return [fact for fact in facts if isinstance(fact, Armed)]


async def test_a_run_arms_itself_for_so_much_and_its_next_life_is_disarmed(tmp_path: Path) -> None:
    async def first(me: Person) -> None:
        await me.until(lambda: me.trading.armed)
        assert me.trading.permit is not None
        assert str(me.trading.permit) == "at most 500 USD open at once, for 5 min"
        await me.opened("300")
        second = await me.preview("300")
        assert "armed for 500" in second.refused
        answer = me.trading.fire(second)
        assert not answer.accepted
        assert len(me.trading.ledgers) == 1

    async def second(me: Person) -> None:
        await me.until(lambda: me.trading.ledgers)
        await me.preview("300")
        assert not me.trading.armed
        assert not me.trading.fire(await me.preview("100")).accepted

    async with exchanges() as sim:
        run = life(tmp_path, sim, accounts=True, arm_usd="500", LIVE__ARM_MINUTES="5")
        code, person = await lived(run, first)
        assert (run.mode, code) == ("SIMULATED", 3)
        assert any(text.startswith("armed: hedges may be opened, at most 500 USD") for text in person.notices)
        assert [fact.on for fact in armings(run)] == [True, False]
        again = life(tmp_path, sim, accounts=True)
        await lived(again, second)
        assert [fact.on for fact in armings(again)] == [True, False]
        filled = [order for venue in VENUES for order in sim.account(venue)["orders"] if order["status"] == "filled"]
        assert len(filled) == 2
        assert not (tmp_path / "data/paper").exists()


async def test_a_key_that_may_withdraw_is_not_armed_until_it_is_taken_away_or_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arming, "ASK_AGAIN_S", 0.2)

    async def refused(me: Person) -> None:
        await me.preview("100")
        await me.until(lambda: "may withdraw" in me.trading.arm(D(500)).text)
        assert not me.trading.armed
        sim.set_account("okx", can_withdraw=False)
        await me.until(lambda: me.trading.arm(D(500)).accepted)
        sim.set_account("okx", can_withdraw=True)
        await me.until(lambda: "may withdraw" in me.trading.arm(D(600)).text)
        assert me.trading.permit is not None
        assert me.trading.permit.open_usd == 500, "it is asked anew, and what was armed before stays"

    async def allowed(me: Person) -> None:
        await me.until(lambda: me.trading.arm(D(500)).accepted)

    async with exchanges() as sim:
        sim.set_account("okx", can_withdraw=True)
        code, person = await lived(life(tmp_path, sim, accounts=True), refused)
        assert code == 0
        assert any(text.startswith("okx cannot be armed: its key may withdraw") for text in person.notices)
        sim.set_account("okx", can_withdraw=True)
        await lived(life(tmp_path, sim, accounts=True, LIVE__ALLOW_WITHDRAW_KEYS="true"), allowed)


async def test_keys_of_another_account_trade_nothing_while_a_hedge_is_open_and_it_stays_as_it_is(
    tmp_path: Path,
) -> None:
    """Through them its leg would look as if the exchange had taken it away."""
    hedges: list[str] = []

    async def first(me: Person) -> None:
        await me.until(lambda: me.trading.armed)
        hedges.append(await me.opened("300"))
        await me.until(lambda: all(one.account for one in accounts_in(path).values()))

    async def others(me: Person) -> None:
        assert me.port.trading is None
        assert me.port.no_trading.startswith("the keys of okx belong to another account (")
        assert f") than the open hedge {hedges[0]} ({accounts_in(path)['okx'].account}); nothing" in me.port.no_trading
        assert me.port.no_trading in [notice.text for notice in me.port.notices]

    async with exchanges() as sim:
        run = life(tmp_path, sim, accounts=True, arm_usd="500")
        path = journal_path(run.paths.data(run.mode))
        await lived(run, first)
        before = [sim.account(name)["orders"] for name in VENUES]
        assert run.credentials is not None
        second = {field: SecretStr(value) for field, value in sim.credentials("okx", "second").items()}
        changed = replace(run, credentials=Credentials({**run.credentials.by_venue, "okx": second}), arm_usd=None)
        await lived(changed, others)
        assert [sim.account(name)["orders"] for name in VENUES] == before
        assert sim.account("okx", "second")["orders"] == []
        again = replace(run, arm_usd=None)
        await lived(again, lambda me: me.until(lambda: me.trading.ledgers[hedges[0]].state == "hedged"))


async def test_without_live_no_account_is_made_and_no_signed_request_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    for kind in (Keys, Account, UserStreamKeeper):

        def spied(self: Any, *args: Any, kind: type = kind, make: Any = kind.__init__, **more: Any) -> None:
            made.append(kind.__name__)
            make(self, *args, **more)

        monkeypatch.setattr(kind, "__init__", spied)

    async def job(me: Person) -> None:
        await me.until(lambda: me.trading.armed)
        assert me.trading.word == "PAPER"
        await me.opened("300")

    async def accounts(me: Person) -> None:
        await me.until(lambda: me.trading.facts.modes != {})
        other = "a hedge is open in PAPER-GATEWAY ("
        await me.until(lambda: any(notice.text.startswith(other) for notice in me.port.notices))

    async with exchanges() as sim:
        run = life(tmp_path, sim, accounts=False)
        code, _ = await lived(run, job)
        assert (run.mode, code) == ("PAPER-GATEWAY", 3)
        assert made == []
        for venue in VENUES:
            assert sim.account(venue)["requests"] == {"counts": {}, "last": []}
        assert not any(session.private for session in sim.hub.sessions)
        await lived(life(tmp_path, sim, accounts=True), accounts)
        assert set(made) == {"Keys", "Account", "UserStreamKeeper"}, "the spies see what they are there to see"
        assert sim.account("okx")["requests"]["counts"]


async def test_a_run_that_may_not_send_cannot_be_armed_from_the_command_line(tmp_path: Path) -> None:
    async def nothing(me: Person) -> None: ...

    async with exchanges() as sim:
        run = life(tmp_path, sim, accounts=True, arm_usd="500")
        other = ModeLock(run.paths.data(run.mode))
        assert other.acquire()
        try:
            with pytest.raises(ConfigError, match="sends the orders of SIMULATED, so this one cannot be armed"):
                await lived(run, nothing)
            beside = life(tmp_path, sim, accounts=False)
            assert await lived(beside, lambda me: me.until(lambda: me.trading.armed)) is not None, "another mode"
        finally:
            other.release()


async def test_real_addresses_are_refused_by_the_engine_itself(tmp_path: Path) -> None:
    """Whoever comes past the command line."""

    async def nothing(me: Person) -> None: ...

    async with exchanges() as sim:
        run = life(tmp_path, sim, accounts=True)
        for gateway in (None, "http://example.com"):
            with pytest.raises(ConfigError):
                await lived(replace(run, gateway=gateway, mode="LIVE"), nothing)
        assert not (tmp_path / "data").exists()


async def test_a_run_that_fails_closes_its_accounts_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is under way there is told to be in doubt before the journal is closed."""
    closed, close = list[str](), Account.close

    async def spied(self: Account) -> None:
        closed.append(self.name)
        await close(self)

    async def fails(me: Person) -> None:
        await me.until(lambda: me.trading.facts.modes != {})
        raise ZeroDivisionError

    monkeypatch.setattr(Account, "close", spied)
    async with exchanges() as sim:
        with pytest.raises(ZeroDivisionError):
            await lived(life(tmp_path, sim, accounts=True), fails)
    assert closed == list(VENUES)
