"""arbtui is killed at every point of a hedge, or the machine fails it; the next life finds hedged or flat.

What is asserted is the simulator's truth, after a restart that was told nothing: no order twice, nothing forgotten.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.desk import SOAKED, set_account
from tests.e2e.harness import Sim
from tests.e2e.money import (
    CLASSIC,
    ENDED,
    FIRST,
    PERP,
    REST,
    VENUES,
    Driven,
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

pytestmark = pytest.mark.slow

AT_ONCE = 4
TAKER: dict[str, Any] = {}
MAKER: dict[str, Any] = {"style": "maker_taker", "maker": 0}
ACK_LATE = [("ack_late", {"venue": venue, "value": 1500}) for venue in VENUES]
B_FAILS = [("reject_order", {"venue": "okx", "reason": "band"})]
RESTS = ("no_fill", {"venue": "binance"})
FILLS = [RESTS, ("fill_races_cancel", {"venue": "binance"})]  # as soon as arbtui moves it, or gives up

# where it dies, how the hedge is opened, and what the venues do meanwhile; those of any pair are called binance and okx
POINTS: dict[str, tuple[str, dict[str, Any], list[tuple[str, dict[str, Any]]]]] = {
    "journaled": ("handing:e", TAKER, []),
    "sent": ("sent:e", TAKER, ACK_LATE),
    "sent, one leg alone arrived": (
        "sent:e", TAKER, [ACK_LATE[0], ("ack_lost_undelivered", {"venue": "okx", "reason": "hang"})],
    ),
    "acked": ("heard:Accepted:e", TAKER, []),
    "filled, not yet known": ("hearing:Fill:e", TAKER, []),
    "filled": ("heard:Fill:e", TAKER, []),
    "part filled": ("heard:Fill:e", TAKER, [("partial_fill", {"venue": "okx", "value": 0.5})]),
    "maker resting": ("heard:Accepted:e", MAKER, [RESTS]),
    "maker filled, hedge journaled": ("handing:h", MAKER, FILLS),
    "hedging": ("sent:h", MAKER, [*FILLS, ACK_LATE[1]]),
    "hedge filled, not yet known": ("hearing:Fill:h", MAKER, FILLS),
    "unbalanced": ("state:unbalanced", TAKER, B_FAILS),
    "rehedging": ("sent:r", TAKER, [*B_FAILS]),
    "unwinding, journaled": ("handing:u", TAKER, B_FAILS),
    "unwinding, sent": ("sent:u", TAKER, [*B_FAILS, ACK_LATE[0]]),
    "unwinding, filled": ("hearing:Fill:u", TAKER, B_FAILS),
}  # fmt: skip


# A leg that is missing is hedged after all where giving the other one back would cost more, and while there is time.
DEAR_TO_GIVE_BACK = {"perp": {"maker": "0.0002", "taker": "0.005"}}
PATIENT = {"ARBTUI_HEDGE__REHEDGE_WITHIN_S": "30"}

SAMPLE: list[tuple[str, Pair]] = [
    ("sent", ("hyperliquid", "okx")),
    ("sent, one leg alone arrived", ("bybit", "hyperliquid")),
    ("filled, not yet known", ("bybit", "hyperliquid")),
    ("maker filled, hedge journaled", ("hyperliquid", "bybit")),
    ("unwinding, filled", ("bitget", "bybit")),
    ("hedging", ("binance", "bitget")),
]
OTHERS = [(a, b) for a in PERP for b in PERP if a != b and (a, b) != FIRST]
OTHERS += [pair for pair in SOAKED if CLASSIC in pair]
DEATHS = [
    *(pytest.param(point, FIRST, id=point) for point in POINTS),
    *(pytest.param(point, pair, id=f"{point}, {' and '.join(pair)}") for point, pair in SAMPLE),
    *(
        pytest.param(point, pair, id=f"{point}, {' and '.join(pair)}", marks=pytest.mark.soak)
        for pair in OTHERS
        for point in POINTS
        if (point, pair) not in SAMPLE
    ),
]


@pytest.fixture
def sim() -> Iterator[Sim]:
    """Exchanges of its own for each test: lives that follow one another use up what one address may ask in a minute."""
    with contextlib.closing(exchanges()) as sim:
        yield sim


def rest_after(arbtui: Driven, sim: Sim, hedge: str, within_s: float = 30.0) -> dict[str, Any]:
    """What a hedge came to in another life, after everything was checked that must hold."""
    found = arbtui.until_state(hedge, *REST, within_s=within_s)
    truth = Truth.of(sim)
    nothing_twice_and_nothing_lost(truth, arbtui, hedge)
    if found["state"] == "halted":  # no rule is left: too late to hedge, too little to give back
        arbtui.until_said("one leg has", alarm=True, hedge=hedge)
    else:
        hedged_or_flat(truth, hedge)
    assert [Decimal(coins) for coins in found["coins"]] == truth.coins(hedge)
    return found


@pytest.fixture(scope="module")
def stories(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[str, Pair], Future[None]]]:
    """Each death on exchanges of its own, some at a time: most of a second life is waiting for venues to tell."""
    folder = tmp_path_factory.mktemp("deaths")
    given = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = dict.fromkeys((params["point"], params["pair"]) for params in given if "point" in params)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {death: pool.submit(_die_and_go_on, *death, folder) for death in wanted}


def _die_and_go_on(point: str, pair: Pair, folder: Path) -> None:
    place, ticket, faults = POINTS[point]
    home, legs, venues = home_in(folder), perps_of(pair), [venue_of(name) for name in pair]
    called = dict(zip(FIRST, venues, strict=True))
    with contextlib.closing(exchanges(venues=pair)) as sim:
        environ = {"DRIVER_DIES": place}
        if point == "rehedging":
            set_account(sim, venues[0], fees=DEAR_TO_GIVE_BACK)
            environ |= PATIENT
        with driven(home, sim, venues=pair, legs=legs, environ=environ) as arbtui:
            arbtui.armed()
            for name, more in faults:
                sim.fault(name, **more | {"venue": called[more["venue"]]})
            hedge = arbtui.fire(buy=legs[0], sell=legs[1], **ticket)
            assert arbtui.ended(within_s=30) == -signal.SIGKILL
        sim.heal()
        with driven(home, sim, venues=pair, legs=legs) as arbtui:
            assert not arbtui.state()["armed"]
            rest_after(arbtui, sim, hedge, within_s=60)


@pytest.mark.xdist_group("deaths")  # which die side by side
@pytest.mark.parametrize(("point", "pair"), DEATHS)
def test_killed_at_any_point_the_next_life_is_hedged_or_flat(
    point: str, pair: Pair, stories: dict[tuple[str, Pair], Future[None]]
) -> None:
    stories[point, pair].result()


def test_killed_twice_while_it_reads_its_accounts_it_still_ends_hedged(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with driven(home, sim, environ={"DRIVER_DIES": "hearing:Fill:e"}) as arbtui:
        hedge = arbtui.armed().fire()
        arbtui.ended()
    with driven(home, sim, wait=False, environ={"DRIVER_DIES": "heard:OrderReport:e"}) as arbtui:
        assert arbtui.ended() == -signal.SIGKILL
    with driven(home, sim) as arbtui:
        rest_after(arbtui, sim, hedge)


# ---- signals


@pytest.fixture
def pair_sim(pair: Pair) -> Iterator[Sim]:
    with contextlib.closing(exchanges(venues=pair)) as sim:
        yield sim


@pytest.mark.parametrize(
    ("number", "state", "pair"),
    [
        (signal.SIGTERM, "sending", FIRST),
        (signal.SIGTERM, "resting", FIRST),
        (signal.SIGTERM, "hedged", FIRST),
        (signal.SIGINT, "sending", FIRST),
        (signal.SIGHUP, "resting", FIRST),
        (signal.SIGHUP, "resting", ("hyperliquid", "bybit")),
        (signal.SIGTERM, "sending", ("bybit", "hyperliquid")),
        *(
            pytest.param(signal.SIGHUP, state, pair, marks=pytest.mark.soak)
            for pair in SOAKED
            for state in ("sending", "resting")
        ),
    ],
)
def test_a_signal_in_a_hedge_settles_it_first_and_tells_what_stays_open(
    number: signal.Signals, state: str, pair: Pair, pair_sim: Sim, tmp_path: Path
) -> None:
    home, sim = home_in(tmp_path), pair_sim
    legs, venues = perps_of(pair), [venue_of(name) for name in pair]
    with driven(home, sim, venues=pair, legs=legs) as arbtui:
        arbtui.armed()
        if state == "sending":
            sim.fault("ack_late", venue=venues[1], value=600)
        if state == "resting":
            sim.fault("no_fill", venue=venues[0])
        hedge = arbtui.fire(buy=legs[0], sell=legs[1], **(MAKER if state == "resting" else TAKER))
        if state == "resting":
            until(lambda: any(o["status"] == "open" for o in Truth.of(sim).orders(hedge)), 5)
        if state == "hedged":
            arbtui.until_state(hedge, "hedged")
        code = arbtui.end(number)
        truth = Truth.of(sim)
        hedged_or_flat(truth, hedge)
        assert all(order["status"] != "open" for order in truth.orders(hedge))
        if any(truth.coins(hedge)):
            assert code == 3
            assert "stays open" in arbtui.talk
            assert hedge in arbtui.talk
        else:
            assert code == {signal.SIGINT: 130}.get(number, 0)
    with driven(home, sim, venues=pair, legs=legs) as arbtui:
        rest_after(arbtui, sim, hedge, within_s=40)


def test_a_second_ctrl_c_is_told_what_it_would_leave_and_a_third_has_its_way(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with driven(home, sim) as arbtui:
        arbtui.armed()
        sim.fault("reject_order", venue="okx", reason="band")
        sim.fault("no_fill", venue="binance", count=2)
        sim.fault("ack_lost_delivered", venue="binance", reason="hang", value=60)
        sim.fault("private_gap", venue="binance", reason="silent")
        hedge = arbtui.fire()
        until(lambda: Truth.of(sim).orders(hedge), 5)
        arbtui.process.send_signal(signal.SIGINT)
        time.sleep(0.5)  # that it does not end shows only in time
        assert arbtui.process.poll() is None
        arbtui.process.send_signal(signal.SIGINT)
        until(lambda: "one more signal leaves it as it is" in arbtui.talk, 5)
        assert arbtui.process.poll() is None
        assert arbtui.end(signal.SIGINT, within_s=5) == 3
        assert hedge in arbtui.talk
    sim.heal()
    with driven(home, sim) as arbtui:
        rest_after(arbtui, sim, hedge)


def test_a_signal_in_the_middle_delays_the_second_leg_by_less_than_fifty_milliseconds(sim: Sim, tmp_path: Path) -> None:
    with driven(home_in(tmp_path), sim) as arbtui:
        arbtui.armed()
        for _ in range(20):
            hedge = arbtui.fire(**MAKER)
            if until_filled(arbtui, sim, hedge):
                break
        arbtui.process.send_signal(signal.SIGTERM)
        assert arbtui.ended() == 3
    truth = Truth.of(sim)
    hedged_or_flat(truth, hedge)
    filled = min(int(fill["t_ns"]) for fill in truth.fills(hedge) if fill["maker"])
    covered = min(int(order["t_ns"]) for order in truth.orders(hedge) if order["venue"] == "okx")
    assert (covered - filled) / 1e6 < 50


def until_filled(arbtui: Driven, sim: Sim, hedge: str) -> bool:
    """Whether the maker filled before its time was over."""
    until_s = time.monotonic() + 10
    while time.monotonic() < until_s:
        truth = Truth.of(sim)
        if truth.fills(hedge):
            return True
        if arbtui.hedge(hedge)["state"] in ENDED:
            return False
    return False


# ---- the machine


def test_on_a_full_disk_an_open_excess_is_still_repaired_and_nothing_new_begins(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with driven(home, sim, environ={"DRIVER_FULL": "6"}) as arbtui:
        arbtui.armed()
        hedges = []
        for _ in range(40):
            preview = arbtui.preview()
            if preview["refused"]:
                time.sleep(0.05)  # a refusal by the price passes, one by the journal is seen
                if arbtui.state()["journal_failed"]:
                    break
                continue
            arbtui.ask("fire", hedge=preview["hedge"])
            hedges.append(preview["hedge"])
            with contextlib.suppress(AssertionError):
                arbtui.until_state(hedges[-1], *REST, within_s=5)
        state = arbtui.state()
        assert state["journal_failed"]
        assert not state["armed"]
        assert not arbtui.ask("arm")["accepted"]
        time.sleep(5)  # that nothing is sent any more shows only in time
        truth = Truth.of(sim)
        for hedge in hedges:
            hedged_or_flat(truth, hedge)
        arbtui.until_said("journal", alarm=True)
        arbtui.ask("disk")
        until(lambda: not arbtui.state()["journal_failed"], 10)
        assert not arbtui.state()["armed"]
        assert arbtui.ask("arm")["accepted"]
        os.kill(arbtui.process.pid, signal.SIGKILL)
    with driven(home, sim) as arbtui:
        for hedge in hedges:
            if Truth.of(sim).orders(hedge):
                found = arbtui.until_state(hedge, *REST)
                hedged_or_flat(Truth.of(sim), hedge)
                assert [Decimal(coins) for coins in found["coins"]] == Truth.of(sim).coins(hedge)


@pytest.mark.parametrize("how", [("DRIVER_JUMPS", "600"), ("DRIVER_JUMPS", "-600"), ("DRIVER_SLEEPS", "600")])
def test_a_clock_that_jumps_in_the_middle_of_a_hedge_disarms_and_the_hedge_ends_well(
    how: tuple[str, str], sim: Sim, tmp_path: Path
) -> None:
    with driven(home_in(tmp_path), sim, environ=dict([how])) as arbtui:
        arbtui.armed()
        sim.fault("no_fill", venue="binance")
        hedge = arbtui.fire(**MAKER)
        until(lambda: any(o["status"] == "open" for o in Truth.of(sim).orders(hedge)), 5)
        sim.heal()
        arbtui.process.send_signal(signal.SIGUSR1)
        until(lambda: not arbtui.state()["armed"], 5)
        assert "clock jumped" in arbtui.talk
        found = arbtui.until_state(hedge, *REST, within_s=40)
        truth = Truth.of(sim)
        hedged_or_flat(truth, hedge)
        nothing_twice_and_nothing_lost(truth, arbtui, hedge)
        assert [Decimal(coins) for coins in found["coins"]] == truth.coins(hedge)


def test_a_second_arbtui_only_watches_and_names_the_first(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with driven(home, sim) as first, driven(home, sim, wait=False) as second:
        answer = second.try_to_ask("state")
        assert answer is not None
        assert "only watches" in answer["error"]
        until(lambda: str(first.process.pid) in second.talk, 5)
        hedge = first.armed().fire()
        first.until_state(hedge, "hedged")
        assert second.end(signal.SIGTERM) == 0
        first.flatten(hedge)


def test_an_open_hedge_is_taken_over_though_its_coin_is_not_among_those_streamed_now(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with driven(home, sim) as arbtui:
        hedge = arbtui.armed().fire()
        arbtui.until_state(hedge, "hedged")
        assert arbtui.end() == 3
    eth = ("binance.perp.ETHUSDT", "okx.perp.ETH-USDT-SWAP")
    with driven(home, sim, legs=eth, environ={"ARBTUI_MARKET__SYMBOLS": '["ETH"]'}) as arbtui:
        rest_after(arbtui, sim, hedge)
        arbtui.armed()
        arbtui.flatten(hedge)
        assert Truth.of(sim).coins(hedge) == [0, 0]


def test_an_open_hedge_on_a_venue_that_is_not_used_now_is_said_and_breaks_nothing(sim: Sim, tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with driven(home, sim) as arbtui:
        hedge = arbtui.armed().fire()
        arbtui.until_state(hedge, "hedged")
        arbtui.end()
    spot = ("binance.perp.BTCUSDT", "binance.spot.BTCUSDT")
    with driven(home, sim, legs=spot, environ={"ARBTUI_VENUES__OKX__ENABLED": "false"}) as arbtui:
        arbtui.until_said("okx", within_s=10)
        assert arbtui.end(signal.SIGTERM) == 3
        assert "Traceback" not in arbtui.talk
    with driven(home, sim) as arbtui:
        rest_after(arbtui, sim, hedge)
