"""The automatic mode for as long as one likes, on paper and on accounts, while everything goes wrong; then the sums.

    SOAK_S=1800 pytest -m soak -s tests/e2e/test_auto_soak.py

arbtui lives through many lives on one journal: each ends with kill -9 or SIGTERM, and in each exchanges fail in one way
after the other. It opens and closes by itself; a person only arms it again, and settles what is halted. In the end
everything is closed, and what the journal says must be what the accounts have, to the last decimal.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Sim
from tests.e2e.money import BINANCE, ENDED, OKX, Driven, driven, home_in, until
from tests.e2e.sums import (
    Flows,
    accounts_of,
    added,
    deals_in_truth,
    deals_on_disk,
    differences,
    flows_of,
    funding_on_disk,
    hedges_on_disk,
    legs_by_key,
)

pytestmark = pytest.mark.soak

SOAK_S = float(os.environ.get("SOAK_S", "1800"))
LIFE_S = (25.0, 75.0)
VENUES = ("binance", "okx")
BOUNDS = {"SIZE_USD": "150", "MAX_POSITION_USD": "450", "MAX_NET_USD": "450", "MAX_HEDGES": "5"}
RULES = {"MAX_HOLD_S": "20", "COOLDOWN_S": "2", "FILL_TIMEOUT_S": "3", **BOUNDS}
OF_MARKETS: dict[str, dict[str, Any]] = {
    "disconnect": {},
    "mute": {"seconds": 4},
    "freeze": {"seconds": 4},
    "drop_delta": {"seconds": 4, "value": 0.3},
    "duplicate": {"seconds": 4},
    "reorder": {"seconds": 4},
    "slow": {"seconds": 4, "value": 1500},
    "burst": {"seconds": 4, "value": 1000},
    "empty_side": {"seconds": 3},
    "nan_price": {"seconds": 3},
    "crossed": {"seconds": 3},
    "accept_then_close": {"seconds": 3},
    "refuse": {"seconds": 3},
}
OF_ACCOUNTS: dict[str, dict[str, Any]] = {
    "reject_order": {"count": 1},
    "partial_fill": {"count": 3, "value": 0.4},
    "no_fill": {"count": 2, "seconds": 6},
    "late_fill": {"count": 1, "value": 1500},
    "fill_races_cancel": {"count": 1},
    "ack_lost_delivered": {"count": 1, "reason": "cut"},
    "ack_lost_undelivered": {"count": 1, "reason": "cut"},
    "ack_late": {"count": 1, "value": 1500},
    "async_cancel": {"count": 1},
    "duplicate_fill": {"count": 3},
    "private_gap": {"seconds": 4, "reason": "cut"},
    "session_expired": {},
    "margin_short": {"count": 1},
    "history_lag": {"seconds": 5},
    "http_500": {"seconds": 1},
    "cut_body": {"seconds": 1},
}


class Soak:
    """``counts``: what happened, for the report."""

    def __init__(self, sim: Sim, home: Path, *, accounts: bool, seed: int) -> None:
        self.sim, self.home, self.accounts = sim, home, accounts
        self.rng = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.faults = OF_MARKETS | (OF_ACCOUNTS if accounts else {})

    @contextlib.contextmanager
    def life(self, **rules: str) -> Iterator[Driven]:
        environ = {f"ARBTUI_AUTO__{name}": value for name, value in {**RULES, **rules}.items()}
        environ |= {
            "ARBTUI_SIGNALS__COOLDOWN_S": "2",
            "ARBTUI_SIGNALS__MIN_HOLD_MS": "500",
            "ARBTUI_MARKET__SYMBOLS": '["BTC", "ETH", "SOL", "XRP"]',
        }
        self.sim.heal()
        with driven(self.home, self.sim, accounts=self.accounts, legs=(BINANCE, OKX), environ=environ) as arbtui:
            yield arbtui

    def until(self, end_s: float) -> None:
        while time.monotonic() < end_s:
            style = self.rng.choice(("taker_taker", "taker_taker", "maker_taker"))
            with self.life(STYLE=f'"{style}"') as arbtui:
                self.counts["lives"] += 1
                self._live(arbtui, min(end_s, time.monotonic() + self.rng.uniform(*LIFE_S)))
                if self.rng.random() < 0.5:
                    arbtui.process.kill()
                    self.counts["killed"] += 1
                else:
                    assert arbtui.end(signal.SIGTERM, within_s=40) in (0, 3)

    def _live(self, arbtui: Driven, end_s: float) -> None:
        arm(arbtui)
        assert arbtui.ask("auto", on=True)["accepted"]
        while time.monotonic() < end_s:
            self._trouble()
            time.sleep(self.rng.uniform(0.3, 1.5))  # trouble needs its time
            pulse = arbtui.ask("pulse")
            assert pulse["auto"]
            self._within_bounds(pulse["decisions"])
            self.counts.update(f"{found['act']}" for found in pulse["decisions"])
            self.counts.update(f"{found['act']}: {found['why']}" for found in pulse["decisions"] if acts(found))
            for hedge, state in pulse["open"].items():
                if state == "halted":
                    self._settle(arbtui, hedge)
            if not pulse["armed"]:
                self.counts["armed again"] += 1
                self.sim.heal()
                arm(arbtui)

    def _trouble(self) -> None:
        name = self.rng.choice(sorted(self.faults))
        self.sim.fault(name, venue=self.rng.choice(VENUES), **self.faults[name])
        self.counts["faults"] += 1

    def _within_bounds(self, decisions: list[dict[str, Any]]) -> None:
        """A hedge was opened only where it fitted, with all that was in doubt counted at its worst."""
        for found in decisions:
            if found["act"] == "open":
                size = Decimal(found["size_usd"])
                assert Decimal(found["position_usd"]) + size <= Decimal(BOUNDS["MAX_POSITION_USD"])
                assert Decimal(found["net_usd"]) + size <= Decimal(BOUNDS["MAX_NET_USD"])
                assert found["hedges"] < int(BOUNDS["MAX_HEDGES"])

    def _settle(self, arbtui: Driven, hedge: str) -> None:
        """What a person does about a halted hedge: have the rules go on, then flatten."""
        self.counts["settled by a person"] += 1
        self.sim.heal()
        arm(arbtui)
        arbtui.ask("retry", hedge=hedge)
        close(arbtui, hedge)

    def close_all(self) -> dict[str, Any]:
        """Everything is closed and every account read; what arbtui says then."""
        with self.life() as arbtui:
            arm(arbtui)
            for hedge, found in arbtui.state()["hedges"].items():
                if found["state"] not in ENDED:
                    self.counts["closed at the end"] += 1
                    close(arbtui, hedge)
            told = until(lambda: self._complete(arbtui), 60, lambda: unfinished(arbtui))
            assert arbtui.end(signal.SIGTERM) == 0
            self.journal = arbtui.journal_path
            assert isinstance(told, dict)
            return told

    @staticmethod
    def _complete(arbtui: Driven) -> dict[str, Any] | None:
        told = arbtui.state()
        return told if all(found["complete"] for found in told["hedges"].values()) else None


def acts(found: dict[str, Any]) -> bool:
    return found["act"] in ("open", "close", "cancel")


def arm(arbtui: Driven) -> None:
    """As often as it takes: an account that is out of reach keeps it disarmed, and a stream that fell disarms it."""
    until(lambda: arbtui.state()["armed"] or arbtui.ask("arm")["accepted"], 40, lambda: arbtui.ask("arm"))


def close(arbtui: Driven, hedge: str) -> None:
    def tried() -> bool:
        state = arbtui.hedge(hedge)["state"]
        if state in ENDED:
            return True
        if state in ("hedged", "halted"):
            preview = arbtui.preview(hedge=hedge, verb="flatten")
            if preview["refused"]:
                arbtui.ask("retry", hedge=hedge)
            else:
                arbtui.ask("fire", hedge=preview["hedge"])
        return False

    until(tried, 60, lambda: (arbtui.hedge(hedge), arbtui.state()["said"][-20:]))


def unfinished(arbtui: Driven) -> list[Any]:
    return [found for found in arbtui.state()["hedges"].values() if not found["complete"]]


def report(soak: Soak, hedges: int, deals: int, flows: Flows) -> None:
    counted = [f"  {name}: {count}" for name, count in sorted(soak.counts.items())]
    flowed = [f"  {venue} {asset}: {amount:+}" for (venue, asset), amount in sorted(flows.items())]
    head = f"{SOAK_S:.0f} s, {hedges} hedges, {deals} fills"
    sys.stdout.write("\n".join(["", head, *counted, *flowed, ""]))


@pytest.fixture
def sim() -> Iterator[Sim]:
    with contextlib.closing(Sim("--seed", "11", "--symbols", "4", "--rate", "300", "--venues", "binance,okx")) as sim:
        yield sim


def test_on_accounts_the_journal_is_the_venues_truth(sim: Sim, tmp_path: Path) -> None:
    soak = Soak(sim, home_in(tmp_path), accounts=True, seed=1)
    before = accounts_of(sim)
    soak.until(time.monotonic() + SOAK_S)
    told = soak.close_all()
    hedges, truth = hedges_on_disk(soak.journal), accounts_of(sim)
    deals = deals_on_disk(hedges.values())
    flows = flows_of(deals, legs_by_key(hedges.values()))
    report(soak, len(hedges), len(deals), flows)
    assert deals == deals_in_truth(truth)
    taken = [order["client_id"] for account in truth.values() for order in account["orders"] if order["id"]]
    assert len(taken) == len(set(taken)), "something was sent twice"
    assert not [position for account in truth.values() for position in account["positions"]]
    paid = funding_on_disk(soak.journal)
    assert differences(totals(truth), totals(before), added(flows, paid)) == {}
    assert {hedge: found["state"] for hedge, found in told["hedges"].items()} == {
        hedge: ledger.state.value for hedge, ledger in hedges.items()
    }
    assert soak.counts["open"] > 0
    assert soak.counts["close"] > 0


def totals(accounts: dict[str, Any]) -> Flows:
    return {
        (venue, asset): Decimal(total)
        for venue, account in accounts.items()
        for asset, total in account["balances"].items()
    }


def test_on_paper_the_journal_is_what_the_wallets_have(sim: Sim, tmp_path: Path) -> None:
    soak = Soak(sim, home_in(tmp_path), accounts=False, seed=2)
    with soak.life() as arbtui:
        arm(arbtui)
        before = wallets(arbtui.state())
        arbtui.end(signal.SIGTERM)
    soak.until(time.monotonic() + SOAK_S)
    told = soak.close_all()
    hedges = hedges_on_disk(soak.journal)
    deals = deals_on_disk(hedges.values())
    flows = flows_of(deals, legs_by_key(hedges.values()))
    report(soak, len(hedges), len(deals), flows)
    assert not [name for name, qty in told["positions"].items() if Decimal(qty)]
    assert differences(wallets(told), before, added(flows, funding_on_disk(soak.journal))) == {}
    assert soak.counts["open"] > 0
    assert soak.counts["close"] > 0


def wallets(told: dict[str, Any]) -> Flows:
    sums: dict[tuple[str, str], Decimal] = {}
    for name, total in told["balances"].items():
        venue, _, asset = name.split(".")
        sums[venue, asset] = sums.get((venue, asset), Decimal(0)) + Decimal(total)
    return sums
