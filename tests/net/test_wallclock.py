"""Engine time on a machine whose clock is stepped."""

import asyncio

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.net.wallclock import WallClock


class Machine:
    def __init__(self) -> None:
        self.utc = 1_000 * NS_PER_S
        self.monotonic = 5 * NS_PER_S
        self.asleep: int | None = 0

    def run(self, ns: int, drift_ns: int = 0) -> None:
        self.utc += ns + drift_ns
        self.monotonic += ns


async def wall(machine: Machine) -> WallClock:
    return WallClock(
        asyncio.get_running_loop(),
        utc_ns=lambda: machine.utc,
        monotonic_ns=lambda: machine.monotonic,
        asleep_ns=lambda: machine.asleep,
    )


async def test_time_goes_on_evenly_while_the_clock_is_set_back() -> None:
    machine = Machine()
    clock = await wall(machine)
    before = clock.now_ns()
    machine.run(NS_PER_S, drift_ns=-30 * NS_PER_MS)
    assert clock.now_ns() - before == NS_PER_S


async def test_drift_is_slewed_and_durations_stay_positive() -> None:
    machine = Machine()
    clock = await wall(machine)
    machine.run(NS_PER_S, drift_ns=-3 * NS_PER_MS)
    for _ in range(10):
        before = clock.now_ns()
        machine.run(NS_PER_S)
        assert clock.check() == 0
        assert clock.now_ns() > before
    assert clock.now_ns() == machine.utc


async def test_a_sleep_of_the_machine_is_a_jump_and_is_reported() -> None:
    machine = Machine()
    clock = await wall(machine)
    machine.run(NS_PER_S, drift_ns=3600 * NS_PER_S)
    assert clock.check() == 3600 * NS_PER_S
    assert clock.now_ns() == machine.utc
    assert clock.check() == 0


async def test_a_clock_that_was_set_is_told_from_a_sleep_and_followed_when_the_owner_says_so() -> None:
    machine = Machine()
    clock = await wall(machine)
    machine.run(NS_PER_S, drift_ns=600 * NS_PER_S)
    before = clock.now_ns()
    assert clock.jumped_ns() == 600 * NS_PER_S
    assert (clock.now_ns(), clock.slept()) == (before, False)
    machine.asleep = 2 * NS_PER_S
    assert clock.slept()
    clock.follow()
    assert clock.now_ns() == machine.utc
    assert (clock.jumped_ns(), clock.slept()) == (0, False)
    machine.asleep = None  # a system that does not say
    assert clock.slept()


async def test_timers_call_back() -> None:
    clock = WallClock(asyncio.get_running_loop())
    called = asyncio.Event()
    clock.call_at(clock.now_ns() + NS_PER_MS, called.set)
    clock.call_at(clock.now_ns() - NS_PER_S, lambda: None).cancel()
    await asyncio.wait_for(called.wait(), 5)
