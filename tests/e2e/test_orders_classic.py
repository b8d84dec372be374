"""A classic account of Bitget: found to be one at the start, and hedged in its own words from its own wallets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.harness import Sim
from tests.e2e.money import PERP, REST, Truth, driven, exchanges, hedged_or_flat, home_in, until
from tests.e2e.money import nothing_twice_and_nothing_lost as nothing_lost

pytestmark = pytest.mark.slow

VENUES = ("binance", "bitget")
LEGS = {"buy": PERP["binance"], "sell": PERP["bitget"]}


@pytest.fixture
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges(venues=VENUES)) as sim:
        yield sim


def true(sim: Sim) -> Truth:
    return Truth.of(sim, of_bitget="classic")


def test_a_hedge_with_a_classic_account_opens_and_closes_and_its_sums_are_the_venues(sim: Sim, tmp_path: Path) -> None:
    keys = sim.get("/_sim/accounts")["bitget"]["classic"]
    environ = {f"ARBTUI_BITGET_{name}".upper(): value for name, value in keys.items()}
    with driven(home_in(tmp_path), sim, legs=tuple(LEGS.values()), venues=VENUES, environ=environ) as arbtui:
        arbtui.armed()
        hedge = arbtui.fire(**LEGS)
        found = arbtui.until_hedge(hedge, lambda found: found["state"] in REST and found["complete"])
        assert found["state"] == "hedged"
        truth = true(sim)
        nothing_lost(truth, arbtui, hedge)
        hedged_or_flat(truth, hedge)
        assert truth.coins(hedge)[1] < 0
        assert {ccy: Decimal(fee) for ccy, fee in found["fees"].items()} == truth.fees(hedge)
        assert Decimal(arbtui.state()["positions"]["bitget.BTCUSDT"]) == truth.position("bitget", "BTCUSDT")
        arbtui.flatten(hedge)
        truth = true(sim)
        nothing_lost(truth, arbtui, hedge)
        assert truth.coins(hedge) == [0, 0]
        assert Truth.of(sim).accounts["bitget"]["orders"] == []  # of the other account

        def told() -> dict[str, Decimal]:
            balances = arbtui.state()["balances"].items()
            return {name: Decimal(total) for name, total in balances if name.startswith("bitget.")}

        wallets = truth.accounts["bitget"]["wallets"]
        has = {
            f"bitget.{wallet}.{coin}": row["total"] for wallet, rows in wallets.items() for coin, row in rows.items()
        }
        until(lambda: {name: told().get(name) for name in has} == {name: Decimal(has[name]) for name in has}, 10, told)
