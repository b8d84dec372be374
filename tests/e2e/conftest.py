"""Fixtures of the tests that share one arbtui; each of their files has a ``sim`` for all its tests, or for a pair."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest

from tests.e2e.desk import LEGS, PAIRS, close_by_hand, set_account
from tests.e2e.harness import Sim
from tests.e2e.money import ENDED, FIRST, REST, Driven, Pair, Truth, driven, exchanges, home_in, perps_of

READY_WITHIN_S = 150.0  # a venue that was asked too much and names no time is left alone for two minutes


@pytest.fixture(scope="module", params=PAIRS, ids=" and ".join)
def pair(request: pytest.FixtureRequest) -> Pair:
    found: Pair = request.param
    return found


@pytest.fixture(scope="module")
def sim(pair: Pair) -> Iterator[Sim]:
    with contextlib.closing(exchanges(venues=pair)) as sim:
        yield sim


@pytest.fixture(scope="module")
def legs(pair: Pair) -> tuple[str, ...]:
    """What must be ready to trade before a test begins."""
    return LEGS if pair == FIRST else perps_of(pair)


@pytest.fixture(scope="module")
def lasting(sim: Sim, legs: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    """Legs are taken away in some of its tests, for a price that nobody tells: the day's loss would bar the others."""
    environ = {"ARBTUI_LIMITS__DAY_LOSS_USD": '"off"'}
    venues = tuple({leg.partition(".")[0]: None for leg in legs})
    with driven(home_in(tmp_path_factory.mktemp("orders")), sim, legs=legs, venues=venues, environ=environ) as arbtui:
        yield arbtui.armed()


@pytest.fixture
def desk(lasting: Driven, legs: tuple[str, ...], sim: Sim) -> Iterator[Driven]:
    """arbtui, armed; afterwards all faults end and nothing stays open."""
    lasting.armed().until_ready(legs, within_s=READY_WITHIN_S)
    yield lasting
    sim.heal()
    for venue in Truth.of(sim).accounts:
        set_account(sim, venue, dual=False, can_trade=True)
    _put_away(lasting, sim)


def _put_away(arbtui: Driven, sim: Sim) -> None:
    arbtui.armed()
    for hedge, found in arbtui.state()["hedges"].items():
        if found["state"] not in ENDED:
            arbtui.until_state(hedge, *REST, within_s=30)
            arbtui.try_to_ask("abandon", hedge=hedge)
            arbtui.until_state(hedge, *ENDED)
    close_by_hand(sim)
    time.sleep(0.3)
