"""The pace of a replay: what is heard when, and that nothing of it reaches what a recording says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from arbtui.core.clock import NS_PER_MS, NS_PER_S, Every, ManualClock
from arbtui.engine.pace import BREAK_S, Pace
from arbtui.port import ReplayControl

T0 = 1_800_000_000 * NS_PER_S


class Playing:
    """Records every 100 ms of recorded time through a pace; ``heard`` says at which engine time each was."""

    def __init__(self, speed: float | None, stamps: list[int] | None = None) -> None:
        self.clock = ManualClock(T0)
        self.pace = Pace(self.clock, speed)
        self.stamps = stamps or [T0 + step * 100 * NS_PER_MS for step in range(100)]
        self.heard: list[int] = []
        self.before: list[int] = []  # engine time when a record was let through
        self.task = asyncio.ensure_future(self._play())

    async def _play(self) -> None:
        for t_ns in self.stamps:
            await self.pace.until(t_ns)
            self.before.append(self.clock.now_ns())
            self.clock.advance_to(t_ns)
            self.heard.append(t_ns)
        self.pace.end()

    async def turns(self, count: int = 20) -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    async def until(self, there: Callable[[], bool]) -> None:
        for _ in range(5000):
            if there():
                return
            await asyncio.sleep(0.001)
        raise AssertionError("it never came to that")

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_as_fast_as_it_goes_waits_for_nothing() -> None:
    play = Playing(None)
    await asyncio.wait_for(play.task, 1)
    assert play.heard == play.stamps
    assert play.pace.position.ended


async def test_a_paused_recording_hears_one_record_a_step_and_no_more() -> None:
    play = Playing(1.0)
    assert play.pace.control(ReplayControl("pause")).accepted
    await play.turns()
    assert play.heard == []
    for steps in (1, 2, 3):
        play.pace.control(ReplayControl("frame"))
        await play.turns()
        assert play.heard == play.stamps[:steps]
    assert play.pace.position.paused
    assert play.pace.position.records == 3
    await play.end()


async def test_a_step_of_a_second_hears_all_of_it_and_stands_exactly_there() -> None:
    play = Playing(1.0, [T0 + step * 300 * NS_PER_MS for step in range(20)])
    play.pace.control(ReplayControl("pause"))
    await play.turns()
    play.pace.control(ReplayControl("second"))
    await play.turns()
    assert play.heard == [t_ns for t_ns in play.stamps if t_ns <= T0 + NS_PER_S]
    assert play.clock.now_ns() == T0 + NS_PER_S
    play.pace.control(ReplayControl("second"))
    play.pace.control(ReplayControl("second"))
    await play.turns()
    assert play.clock.now_ns() == T0 + 3 * NS_PER_S
    await play.end()


async def test_a_slower_pace_takes_longer_and_a_change_of_pace_holds_at_once() -> None:
    play = Playing(0.01)
    await play.until(lambda: len(play.heard) == 1)
    assert play.pace.control(ReplayControl("speed", 1000.0)).text == "the recording is played x1000"
    await asyncio.wait_for(play.task, 2)
    assert play.heard == play.stamps


async def test_engine_time_moves_along_through_a_quiet_stretch_and_never_past_the_next_record() -> None:
    play = Playing(50.0, [T0, T0 + 20 * NS_PER_S])
    ticks: list[int] = []
    Every(play.clock, NS_PER_S, lambda: ticks.append(play.clock.now_ns()))
    await play.until(lambda: len(ticks) >= 3)
    assert len(play.heard) == 1
    await asyncio.wait_for(play.task, 5)
    assert ticks == [T0 + second * NS_PER_S for second in range(1, 21)]
    assert all(before <= t_ns for before, t_ns in zip(play.before, play.heard, strict=True))


@pytest.mark.parametrize("step", ["second", "continue"])
async def test_a_break_between_recordings_is_not_waited_through(step: str) -> None:
    play = Playing(1.0, [T0, T0 + 2 * BREAK_S * NS_PER_S])
    play.pace.control(ReplayControl("pause"))
    play.pace.control(ReplayControl("frame"))
    await play.turns()
    play.pace.control(ReplayControl("second") if step == "second" else ReplayControl("continue"))
    await play.turns()
    assert play.heard == play.stamps
    assert play.before[1] == T0  # whoever hears the record makes the jump, as without a pace


async def test_what_is_no_speed_is_refused_and_so_is_everything_after_the_end() -> None:
    play = Playing(1.0, [T0])
    assert "not a speed" in play.pace.control(ReplayControl("speed", 0.0)).text
    assert play.pace.control(ReplayControl("speed", None)).accepted
    await asyncio.wait_for(play.task, 1)
    assert not play.pace.control(ReplayControl("pause")).accepted
