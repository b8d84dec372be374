"""A classic account of Bitget: found to be one at the start, and hedged in its own words from its own wallets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.e2e.harness import Sim
from tests.e2e.money import (
    BINANCE,
    CLASSIC,
    PERP,
    REST,
    Driven,
    Truth,
    driven,
    exchanges,
    hedged_or_flat,
    home_in,
    nothing_twice_and_nothing_lost,
    until,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("classic")]  # which share one arbtui

VENUES = ("binance", CLASSIC)
STEP = Decimal("0.00001")  # of spot: its fee is paid in the coin, so less than a step may be left
BITGET, BITGET_SPOT = PERP["bitget"], "bitget.spot.BTCUSDT"


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges(venues=VENUES)) as sim:
        yield sim


@pytest.fixture(scope="module")
def desk(sim: Sim, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    legs = (BINANCE, BITGET, BITGET_SPOT)
    with driven(home_in(tmp_path_factory.mktemp("classic")), sim, legs=legs, venues=VENUES) as arbtui:
        yield arbtui


def whole(sim: Sim, desk: Driven, hedge: str) -> Truth:
    """The truth of a hedge that has come to rest; Bitget's other account has had no part in it."""
    truth = Truth.of(sim)
    nothing_twice_and_nothing_lost(truth, desk, hedge)
    assert [Decimal(coins) for coins in desk.hedge(hedge)["coins"]] == truth.coins(hedge)
    assert sim.get("/_sim/truth?venue=bitget&depth=1")["accounts"]["bitget"]["main"]["orders"] == []
    return truth


def balances_are_true(sim: Sim, desk: Driven) -> None:
    def wrong() -> dict[str, tuple[str, str]]:
        wallets = Truth.of(sim).accounts["bitget"]["wallets"]
        told = desk.state()["balances"]
        both = {
            f"{wallet} {asset}": (row["total"], told.get(f"bitget.{wallet}.{asset}", "none"))
            for wallet, rows in wallets.items()
            for asset, row in rows.items()
        }
        assert both
        return {name: (true, said) for name, (true, said) in both.items() if Decimal(true) != Decimal(said)}

    until(lambda: not wrong(), 10, wrong)


def test_a_hedge_opens_is_paid_funding_and_closes_and_its_sums_are_the_venues(desk: Driven, sim: Sim) -> None:
    desk.armed()
    hedge = desk.fire(buy=BINANCE, sell=BITGET)
    found = desk.until_hedge(hedge, lambda found: found["state"] in REST and found["complete"])
    assert found["state"] == "hedged"
    truth = whole(sim, desk, hedge)
    hedged_or_flat(truth, hedge)
    assert truth.coins(hedge)[1] < 0
    assert {ccy: Decimal(fee) for ccy, fee in found["fees"].items()} == truth.fees(hedge)
    assert Decimal(desk.state()["positions"]["bitget.BTCUSDT"]) == truth.position("bitget", "BTCUSDT")
    assert sim.post("/_sim/funding", {"venue": "bitget", "symbol": "BTCUSDT"})["paid"]
    balances_are_true(sim, desk)
    desk.flatten(hedge)
    assert whole(sim, desk, hedge).coins(hedge) == [0, 0]
    balances_are_true(sim, desk)
    until(lambda: not Decimal(desk.state()["positions"].get("bitget.BTCUSDT", "0")), 5)


def test_a_spot_purchase_whose_answer_was_lost_and_that_nobody_told_is_found(desk: Driven, sim: Sim) -> None:
    sim.fault("ack_lost_delivered", venue="bitget", count=1, reason="cut")
    sim.fault("private_gap", venue="bitget", reason="silent", seconds=2)
    hedge = desk.armed().fire(buy=BITGET_SPOT, sell=BINANCE)
    desk.until_state(hedge, *REST, within_s=30)
    truth = whole(sim, desk, hedge)
    assert desk.hedge(hedge)["state"] == "hedged"
    assert abs(sum(truth.coins(hedge), Decimal(0))) < STEP
    assert [order["venue"] for order in truth.orders(hedge)].count("bitget") == 1
    desk.flatten(hedge)
    assert all(0 <= coins < STEP for coins in whole(sim, desk, hedge).coins(hedge))
    balances_are_true(sim, desk)


def test_a_leg_that_is_refused_in_the_classic_words_is_given_back(desk: Driven, sim: Sim) -> None:
    sim.fault("reject_order", venue="bitget", market="perp", reason="band")
    hedge = desk.armed().fire(buy=BINANCE, sell=BITGET)
    desk.until_state(hedge, "flat", "done", within_s=20)
    truth = whole(sim, desk, hedge)
    assert truth.coins(hedge) == [0, 0]
    assert any(order["status"] == "rejected" for order in truth.orders(hedge))
    sim.heal()
