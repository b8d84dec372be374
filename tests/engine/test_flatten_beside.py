"""Flattening beside a running engine: its hedges through it, accounts that it has not by keys, the rest by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from arbtui.config import Settings
from arbtui.engine.control import Scope
from arbtui.engine.flatten import Flattening, Through, beside_engine, through_engine
from arbtui.execution.ports import Record
from arbtui.net.gateway import NetworkSettings
from arbtui.sim.control import Control
from arbtui.venues.private import Keys
from tests.engine.test_arming_run import VENUES, Person, life, lived
from tests.engine.test_flatten import written
from tests.execution.stage import HEDGE, Stage
from tests.witness.harness import Sim, witnessed

NOWHERE = NetworkSettings(gateway="http://127.0.0.1:1")


def job_of(folder: Path, scope: Scope, said: list[str], **keys: Keys) -> Flattening:
    return Flattening("SIMULATED", folder, scope, dry_run=False, say=said.append, confirm=lambda: True, keys=keys)


async def flattened(job: Flattening, settings: Settings, network: NetworkSettings) -> int:
    return await beside_engine(job, await through_engine(job), settings, network)


def by_hand(sim: Sim, side: str) -> None:
    Control(sim.hub).books.by_hand(
        {"venue": "bybit", "market": "perp", "symbol": "BTCUSDT", "side": side, "qty": "0.5"}
    )


def positions(sim: Sim, venue: str) -> Sequence[Decimal]:
    return [Decimal(row["qty"]) for row in sim.account(venue)["positions"] if Decimal(row["qty"])]


async def test_accounts_that_the_running_engine_has_not_are_flattened_by_their_keys(tmp_path: Path) -> None:
    said: list[str] = []

    async def job(me: Person) -> None:
        await me.until(lambda: me.trading.armed)
        hedge = await me.opened("300")
        keys = {name: Keys(sim.credentials(name)) for name in (*VENUES, "bybit")}
        everything = job_of(run.paths.data(run.mode), Scope(), said, **keys)
        network = NetworkSettings(gateway=sim.server.url)
        by_hand(sim, "buy")
        one = replace(everything, scope=Scope(venue="bybit"))
        assert await flattened(one, run.settings, network) == 0
        assert said[-1] == "flat by the word of bybit (on bybit)"
        assert positions(sim, "bybit") == []
        assert me.trading.ledgers[hedge].state == "hedged", "that was not meant"
        by_hand(sim, "sell")
        assert await flattened(everything, run.settings, network) == 0
        assert said[-1] == "flat by the word of bybit (everything)"
        assert me.trading.ledgers[hedge].state.ended

    async with witnessed(*VENUES, "bybit", coins=3, rate=100.0, scenario="still") as sim:
        run = life(tmp_path, sim, accounts=True, arm_usd="500")
        await lived(run, job)
        assert [positions(sim, name) for name in (*VENUES, "bybit")] == [[], [], []]


def a_hedge(folder: Path) -> None:
    """Open on alpha and beta."""
    stage = Stage()
    stage.hedged()
    records: Sequence[Record] = stage.disk.kept
    written(folder, records)


async def test_a_leg_whose_other_one_the_engine_holds_is_left_and_named(tmp_path: Path) -> None:
    a_hedge(tmp_path)
    said: list[str] = []
    job = job_of(tmp_path, Scope(), said, beta=Keys({}))
    assert await beside_engine(job, Through(0, frozenset({"alpha"})), Settings(), NOWHERE) == 3
    other = "has its other leg on alpha; end that arbtui, then flatten again"
    assert said == [f"beta was not looked at: hedge {HEDGE} {other}"]


async def test_an_engine_that_does_not_say_what_it_holds_leaves_nothing_to_keys(tmp_path: Path) -> None:
    said: list[str] = []
    job = job_of(tmp_path, Scope(), said, beta=Keys({}))
    assert await beside_engine(job, Through(0, None), Settings(), NOWHERE) == 3
    assert "no other was looked at" in said[-1]


async def test_what_stays_open_in_the_engine_is_the_exit_code_of_both(tmp_path: Path) -> None:
    held = frozenset({"alpha", "beta"})
    for code in (0, 3):
        job = job_of(tmp_path, Scope(), [], beta=Keys({}))
        assert await beside_engine(job, Through(code, held), Settings(), NOWHERE) == code


async def test_keys_that_are_not_whole_are_named_where_the_engine_has_no_account_either(tmp_path: Path) -> None:
    said: list[str] = []
    lacking = {name: f"{name} needs a; a is missing" for name in ("alpha", "okx")}
    job = replace(job_of(tmp_path, Scope(), said), lacking=lacking)
    assert await beside_engine(job, Through(0, frozenset({"alpha"})), Settings(), NOWHERE) == 3
    assert said == ["okx was not looked at: okx needs a; a is missing"]


async def test_whoever_says_no_to_the_plan_of_the_engine_is_asked_no_second_time(tmp_path: Path) -> None:
    job = replace(job_of(tmp_path, Scope(), [], okx=Keys({})), confirm=lambda: pytest.fail("asked again"))
    assert await beside_engine(job, Through(3, frozenset({"alpha"}), declined=True), Settings(), NOWHERE) == 3
