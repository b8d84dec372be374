"""What happens to the terminal, or to the run, in the middle of a hedge; arbtui's own screen is on a real pty.

The first leg's fill comes late, so that the trouble is there before it: the time from that fill to the arrival of the
other leg's order, both by the simulator's clock, is that of an undisturbed run within 50 ms.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from tests.e2e.harness import Sim
from tests.e2e.money import (
    REST,
    VENUES,
    Truth,
    exchanges,
    hedged_or_flat,
    home_in,
    nothing_twice_and_nothing_lost,
    only,
    until,
)
from tests.e2e.shown import Shown, shown

pytestmark = pytest.mark.slow

AT_ONCE = 3
BUDGET_MS = 50.0
LATE_MS = (600, 1000, 1500)  # a screen notices within a second that its terminal is gone
UNDISTURBED = "nothing"
THINNER_FIRST = {"ARBTUI_HEDGE__THINNER_FIRST": "true", "DRIVER_FULL": "100000"}


@dataclass(frozen=True)
class Trouble:
    """``code``: the run ends by it, and this is its exit code with a hedge open; None: it goes on.

    ``on_disk``: the second leg's order is in the journal before it is sent; a repair on a full disk is in no journal.
    """

    begin: Callable[[Shown], object]
    code: int | None = None
    policy: str = "stop"
    end: Callable[[Shown], object] = lambda _: None
    on_disk: bool = True


def sends(number: signal.Signals, times: int = 1) -> Callable[[Shown], None]:
    def send(arbtui: Shown) -> None:
        for _ in range(times):
            arbtui.process.send_signal(number)

    return send


def _reads_again(arbtui: Shown) -> None:
    arbtui.reading = True


TROUBLES = {
    UNDISTURBED: Trouble(lambda _: None),
    "the pty closes": Trouble(Shown.hang_up, code=3),
    "the pty closes, on_hangup is headless": Trouble(Shown.hang_up, policy="headless"),
    "the terminal stops reading": Trouble(Shown.stall, end=_reads_again),
    "SIGTERM": Trouble(sends(signal.SIGTERM), code=3),
    "ctrl-c": Trouble(sends(signal.SIGINT), code=3),
    "ctrl-c twice": Trouble(sends(signal.SIGINT, 2), code=3),
    "the disk is full": Trouble(
        lambda arbtui: arbtui.ask("full"), end=lambda arbtui: arbtui.ask("disk"), on_disk=False
    ),
    "the clock jumps": Trouble(sends(signal.SIGUSR1)),
}


def unhedged_ms(truth: Truth, hedge: str) -> float:
    """From the leader's fill to the arrival of the order that follows it."""
    first = truth.fills(hedge)[0]
    followed = [o for o in truth.orders(hedge) if int(o["client_id"][13]) != int(first["client_id"][13])]
    return (int(followed[0]["t_ns"]) - int(first["t_ns"])) / 1e6


def suffer(name: str, folder: Path) -> list[float]:
    """Hedges under one kind of trouble, each at another moment; how long each stood with one leg."""
    found: list[float] = []
    trouble = TROUBLES[name]
    environ = THINNER_FIRST | {"ARBTUI_UI__ON_HANGUP": trouble.policy}
    if name == "the clock jumps":
        environ["DRIVER_JUMPS"] = "600"
    with contextlib.closing(exchanges()) as sim:
        for late_ms in LATE_MS:
            try:
                found.append(_suffer_once(trouble, home_in(folder), sim, environ, late_ms))
            except TooLate:  # on a machine that had other things to do
                found.append(_suffer_once(trouble, home_in(folder), sim, environ, 2 * late_ms))
    return found


def _suffer_once(trouble: Trouble, home: Path, sim: Sim, environ: dict[str, str], late_ms: int) -> float:
    with shown(home, sim, environ=environ) as arbtui:
        arbtui.armed()
        hedge = _begin(arbtui, sim, late_ms, trouble.begin)
        if trouble.code is None:
            arbtui.until_state(hedge, *REST, within_s=20)
            nothing_twice_and_nothing_lost(Truth.of(sim), arbtui, hedge, on_disk=trouble.on_disk)
            trouble.end(arbtui)
            assert arbtui.end(signal.SIGTERM) == 3
        else:
            assert arbtui.ended() == trouble.code, arbtui.talk[-2000:]
        assert "stays open" in arbtui.talk
        truth = Truth.of(sim)
        hedged_or_flat(truth, hedge)
        assert all(truth.coins(hedge))
        return unhedged_ms(truth, hedge)


class TooLate(AssertionError):
    """The first leg had filled before the trouble began: such a hedge proves nothing."""


def _begin(arbtui: Shown, sim: Sim, late_ms: int, begin: Callable[[Shown], object]) -> str:
    """Fire; the trouble begins while the first leg's order is at its venue and has not filled."""
    for venue in VENUES:
        sim.fault("late_fill", venue=venue, value=late_ms + (2000 if begin is Shown.stall else 0), count=1)
    hedge = arbtui.fire()
    until(lambda: Truth.of(sim).orders(hedge), 5)
    sim.heal()  # the other leg is not late
    begin(arbtui)
    if Truth.of(sim).fills(hedge):
        raise TooLate
    return hedge


@pytest.fixture(scope="module")
def stories(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[list[float]]]]:
    """Some at a time: most of each is starting and waiting."""
    wanted = {item.callspec.params.get("trouble") for item in request.session.items if hasattr(item, "callspec")}
    folder = tmp_path_factory.mktemp("terminal")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(suffer, name, folder) for name in TROUBLES if name == UNDISTURBED or name in wanted}


@pytest.mark.xdist_group("terminal")  # whose stories happen side by side
@pytest.mark.parametrize("trouble", [name for name in TROUBLES if name != UNDISTURBED])
def test_trouble_in_the_middle_of_a_hedge_does_not_delay_its_second_leg(
    trouble: str, stories: dict[str, Future[list[float]]], tmp_path: Path
) -> None:
    disturbed, undisturbed = stories[trouble].result(), stories[UNDISTURBED].result()
    if median(disturbed) - median(undisturbed) > BUDGET_MS:  # what a busy machine did to these it does not do again
        disturbed, undisturbed = suffer(trouble, tmp_path), suffer(UNDISTURBED, tmp_path)
    assert median(disturbed) - median(undisturbed) <= BUDGET_MS, (disturbed, undisturbed)


@pytest.fixture
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges()) as sim:
        yield sim


def test_an_engine_whose_terminal_is_gone_goes_on_disarmed_and_idle_until_sigterm(sim: Sim, tmp_path: Path) -> None:
    with shown(home_in(tmp_path), sim, environ={"ARBTUI_UI__ON_HANGUP": "headless"}) as arbtui:
        hedge = arbtui.armed().fire()
        arbtui.until_state(hedge, "hedged")
        arbtui.hang_up()
        until(lambda: not arbtui.state()["armed"], 5)
        until(lambda: "goes on without it" in arbtui.talk, 10)
        began_s, spent_s = time.monotonic(), cpu_s(arbtui)
        until(lambda: only(arbtui.preview()) == {"armed"}, 10)
        arbtui.process.send_signal(signal.SIGHUP)  # a shell says it once more
        time.sleep(max(0.0, began_s + 3 - time.monotonic()))  # the time over which its share of a core is taken
        assert (cpu_s(arbtui) - spent_s) / (time.monotonic() - began_s) < 0.4  # a thread that spins takes all of one
        arbtui.flatten(hedge)
        assert arbtui.end(signal.SIGTERM) == 0
        assert Truth.of(sim).coins(hedge) == [0, 0]


def cpu_s(arbtui: Shown) -> float:
    ticks = Path(f"/proc/{arbtui.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(("policy", "goes_on"), [("stop", False), ("headless", True)])
def test_a_screen_that_breaks_leaves_no_hedge_alone(policy: str, goes_on: bool, sim: Sim, tmp_path: Path) -> None:
    with shown(home_in(tmp_path), sim, environ=THINNER_FIRST | {"ARBTUI_UI__ON_HANGUP": policy}) as arbtui:
        arbtui.armed()
        hedge = _begin(arbtui, sim, 1500, lambda arbtui: arbtui.ask("break"))
        if goes_on:
            arbtui.until_state(hedge, "hedged")
            assert not arbtui.state()["armed"]
            assert arbtui.end(signal.SIGTERM) == 3
        else:
            assert arbtui.ended() == 3
        hedged_or_flat(Truth.of(sim), hedge)
        assert all(Truth.of(sim).coins(hedge))
        assert bytes(arbtui.seen).rindex(b"\x1b[?1049l") > bytes(arbtui.seen).rindex(b"\x1b[?1049h")


def test_hang_ups_never_count_as_insisting(sim: Sim, tmp_path: Path) -> None:
    """Kernel, shell and tmux each send one; the second leg is still sent, ten seconds are still given to it."""
    with shown(home_in(tmp_path), sim, environ=THINNER_FIRST) as arbtui:
        arbtui.armed()
        hedge = _begin(arbtui, sim, 1500, sends(signal.SIGHUP, 5))
        assert arbtui.ended() == 3
        hedged_or_flat(Truth.of(sim), hedge)
        assert all(Truth.of(sim).coins(hedge))
        assert "left as it is" not in arbtui.talk
