"""A terminal that is gone in the middle of a hedge: what was begun is finished, and the next life knows of it."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.desk import MINUTE_S, SOAKED
from tests.e2e.money import (
    REST,
    Pair,
    Truth,
    driven,
    exchanges,
    hedged_or_flat,
    home_in,
    nothing_twice_and_nothing_lost,
    perps_of,
    until,
    venue_of,
)
from tests.e2e.shown import shown

pytestmark = pytest.mark.slow

ALWAYS: Pair = ("bybit", "hyperliquid")
PAIRS = [pytest.param(pair, marks=() if pair == ALWAYS else pytest.mark.soak) for pair in SOAKED]
ONE_AFTER_THE_OTHER = {"ARBTUI_HEDGE__THINNER_FIRST": "true"}


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_a_pty_that_closes_before_the_first_leg_has_filled_leaves_both_and_the_next_life_closes_them(
    pair: Pair, tmp_path: Path
) -> None:
    home, legs = home_in(tmp_path), perps_of(pair)
    with contextlib.closing(exchanges(venues=pair)) as sim:
        with shown(home, sim, legs=legs, venues=pair, environ=ONE_AFTER_THE_OTHER) as arbtui:
            arbtui.armed()
            for name in pair:
                sim.fault("late_fill", venue=venue_of(name), value=1500, count=1)
            hedge = arbtui.fire()
            until(lambda: Truth.of(sim).orders(hedge), 5)
            sim.heal()  # the other leg is not late
            arbtui.hang_up()
            assert arbtui.ended() == 3, arbtui.talk[-2000:]
            assert "stays open" in arbtui.talk
        truth = Truth.of(sim)
        hedged_or_flat(truth, hedge)
        assert all(truth.coins(hedge))
        with driven(home, sim, legs=legs, venues=pair) as arbtui:
            found = arbtui.until_state(hedge, *REST, within_s=MINUTE_S)
            assert [Decimal(coins) for coins in found["coins"]] == truth.coins(hedge)
            nothing_twice_and_nothing_lost(Truth.of(sim), arbtui, hedge)
            arbtui.armed().flatten(hedge)
            assert Truth.of(sim).coins(hedge) == [0, 0]
            assert arbtui.end() == 0
