"""`arbtui flatten` and `arbtui journal` as a person types them, beside a running engine and over its ruins."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.harness import Sim, homes, running
from tests.e2e.money import (
    BINANCE,
    BINANCE_SPOT,
    ENDED,
    OKX,
    VENUES,
    Truth,
    driven,
    exchanges,
    home_in,
    keys_of,
    until,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges()) as sim:
        yield sim


def typed(home: Path, sim: Sim, *words: str, answer: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "arbtui", *words],
        env=homes(home) | keys_of(sim),
        input=answer,
        capture_output=True,
        text=True,
        timeout=90,
    )


def positions(sim: Sim) -> dict[str, Decimal]:
    accounts = sim.get("/_sim/truth")["accounts"]
    return {
        f"{venue} {row['native']}": Decimal(row["qty"])
        for venue in VENUES
        for row in accounts[venue]["main"]["positions"]
        if Decimal(row["qty"])
    }


def test_a_running_engine_is_asked_and_closes_by_its_own_orders(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with driven(home, sim) as arbtui:
        hedge = arbtui.armed().fire()
        arbtui.until_state(hedge, "hedged")
        socket = arbtui.journal_path.with_name("control")
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
        looked = typed(home, sim, "flatten", "--gateway", sim.url, "--dry-run")
        assert (looked.returncode, f"would flatten {hedge} BTC hedged" in looked.stdout) == (3, True), looked
        unasked = typed(home, sim, "flatten", "--gateway", sim.url, answer="")
        assert (unasked.returncode, "add --yes" in unasked.stderr) == (2, True), unasked
        assert arbtui.hedge(hedge)["state"] == "hedged"
        beside = typed(home, sim, "journal", "--mode", "simulated", "--hedge", hedge, "--json")
        assert json.loads(beside.stdout.splitlines()[-1])["hedge"] == hedge
        done = typed(home, sim, "flatten", "--gateway", sim.url, "--yes")
        assert done.returncode == 0, done
        assert arbtui.hedge(hedge)["state"] in ENDED
        assert positions(sim) == {}
        assert Truth.of(sim).coins(hedge) == [0, 0]
        assert {order["client_id"][12] for order in Truth.of(sim).orders(hedge)} == {"e", "f"}
        assert arbtui.end(signal.SIGTERM) == 0
    assert not socket.exists()


def test_over_a_killed_engine_a_corrupt_journal_and_a_broken_config_everything_is_closed(
    sim: Sim, tmp_path: Path
) -> None:
    home = home_in(tmp_path)
    with driven(home, sim) as arbtui:
        hedge = arbtui.armed().fire()
        arbtui.until_state(hedge, "hedged")
        path = arbtui.journal_path
        arbtui.end(signal.SIGKILL)
    for file in path.parent.glob("journal.sqlite3*"):
        file.write_bytes(os.urandom(8192))
    config = Path(homes(home)["XDG_CONFIG_HOME"]) / "arbtui/config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[signals\nnonsense")
    assert len(positions(sim)) == 2
    done = typed(home, sim, "flatten", "--gateway", sim.url, "--yes")
    assert done.returncode == 0, done
    assert positions(sim) == {}
    assert "Going on with default settings." in done.stderr
    assert "the journal cannot be read" in done.stdout
    assert done.stdout.splitlines()[-1] == "flat by the word of binance, okx (everything)"
    secrets = [value for name, value in keys_of(sim).items() if not name.endswith("API_KEY")]
    assert not any(secret in done.stdout + done.stderr for secret in secrets)


def test_spot_of_a_killed_engines_hedge_is_sold_by_its_journal(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with driven(home, sim, legs=(BINANCE_SPOT, OKX)) as arbtui:
        before = Decimal(Truth.of(sim).accounts["binance"]["balances"]["BTC"])
        hedge = arbtui.armed().fire(buy=BINANCE_SPOT, sell=OKX)
        arbtui.until_state(hedge, "hedged")
        arbtui.end(signal.SIGKILL)
    held = Decimal(Truth.of(sim).accounts["binance"]["balances"]["BTC"]) - before
    assert held > 0
    done = typed(home, sim, "flatten", "--gateway", sim.url, "--yes")
    assert done.returncode == 0, done
    assert positions(sim) == {}
    left = Decimal(Truth.of(sim).accounts["binance"]["balances"]["BTC"]) - before
    assert 0 <= left < Decimal("0.0001")  # less than an order


def test_paper_is_flattened_by_its_run_and_by_nobody_else(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with driven(home, sim, accounts=False) as arbtui:
        hedge = arbtui.armed().fire()
        arbtui.until_state(hedge, "hedged")
        assert arbtui.end() == 3  # it stays open
    alone = typed(home, sim, "flatten", "--gateway", sim.url, "--yes")
    assert (alone.returncode, "paper is kept by the run itself" in alone.stdout) == (3, True), alone
    with driven(home, sim, accounts=False) as arbtui:
        arbtui.until_state(hedge, "hedged", within_s=30)
        done = typed(home, sim, "flatten", "--gateway", sim.url, "--yes")
        assert done.returncode == 0, done
        assert arbtui.hedge(hedge)["state"] in ENDED
        assert arbtui.end() == 0
    assert typed(home, sim, "flatten", "--gateway", sim.url).returncode == 0


def test_accounts_are_printed_as_the_venues_have_them(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    sim.post("/_sim/orders", {"venue": "okx", "market": "perp", "symbol": "BTC-USDT-SWAP", "side": "sell", "qty": "7"})
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in keys_of(sim).items():
                patch.setenv(name, value)
            arguments = ("--no-ui", "--live", "--gateway", sim.url, "--venues", "binance,okx")
            with running(home, *arguments, "--emit", "account,position") as arbtui:
                position = arbtui.until(lambda line: line["type"] == "position", 40)
                account = arbtui.until(lambda line: line["type"] == "account" and line["asset"] == "DOGE", 20)
                code = arbtui.end(signal.SIGTERM)
    finally:
        typed(home, sim, "flatten", "--gateway", sim.url, "--yes")
    truth = sim.get("/_sim/truth")
    multiplier = Decimal(truth["venues"]["okx"]["perp"]["BTC-USDT-SWAP"]["multiplier"])
    assert (position["venue"], position["native"], position["base"]) == ("okx", "BTC-USDT-SWAP", "BTC")
    assert Decimal(position["qty"]) == -7 * multiplier
    assert position["hedges"] == []
    assert Decimal(account["total"]) == Decimal(truth["accounts"][account["venue"]]["main"]["balances"]["DOGE"])
    assert code == 0
    assert positions(sim) == {}


@pytest.mark.parametrize("place", ["sent:e", "hearing:Fill:e"])
def test_spot_of_which_a_killed_run_had_not_heard_is_sold_as_well(place: str, sim: Sim, tmp_path: Path) -> None:
    def bitcoins() -> Decimal:
        return Decimal(sim.get("/_sim/truth")["accounts"]["binance"]["main"]["balances"]["BTC"])

    home, before = home_in(tmp_path), bitcoins()
    with driven(home, sim, legs=(BINANCE_SPOT, OKX), environ={"DRIVER_DIES": place}) as arbtui:
        hedge = arbtui.armed().fire(buy=BINANCE_SPOT, sell=OKX)
        assert arbtui.ended() == -signal.SIGKILL
    until(lambda: len(Truth.of(sim).fills(hedge)) >= 2, 5)
    assert bitcoins() > before
    told = typed(home, sim, "flatten", "--gateway", sim.url, "--yes")
    assert told.returncode == 0, told
    assert "spot that hedges bought" in told.stdout
    assert 0 <= bitcoins() - before < Decimal("0.0001")
    assert positions(sim) == {}


@pytest.mark.parametrize("buy", [BINANCE, BINANCE_SPOT])
def test_what_was_flattened_while_nothing_ran_is_known_to_be_flat_by_the_next_start(
    buy: str, sim: Sim, tmp_path: Path
) -> None:
    home = home_in(tmp_path)
    with driven(home, sim, legs=(buy, OKX)) as arbtui:
        hedge = arbtui.armed().fire(buy=buy, sell=OKX)
        arbtui.until_state(hedge, "hedged")
        arbtui.end(signal.SIGKILL)
    assert typed(home, sim, "flatten", "--gateway", sim.url, "--yes").returncode == 0
    with pytest.MonkeyPatch.context() as patch:
        for name, value in keys_of(sim).items():
            patch.setenv(name, value)
        arguments = ("--no-ui", "--live", "--gateway", sim.url, "--venues", "binance,okx", "--emit", "hedge")
        with running(home, *arguments) as arbtui:
            found = arbtui.until(lambda line: line["id"] == hedge and line["state"] in ENDED, 40)
            assert Decimal(found["sell"]["position"]) == 0
            assert 0 <= Decimal(found["buy"]["position"]) < Decimal("0.0001")  # of spot, less than an order may stay
            assert arbtui.end(signal.SIGTERM) == 0
    with driven(home, sim, legs=(buy, OKX)) as arbtui:  # and it stays so
        assert arbtui.hedge(hedge)["state"] in ENDED
        arbtui.armed().flatten(arbtui.fire(buy=buy, sell=OKX))
