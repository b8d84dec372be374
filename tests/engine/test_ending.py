"""How a run ends: signals, a guest that is gone, and hedges that come to rest before anything else."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any, Self, cast

import pytest

from arbtui.core.clock import ManualClock
from arbtui.engine.ending import EXIT_INTERRUPTED, EXIT_OPEN, Stop, until_end
from arbtui.engine.orders import Orders
from arbtui.engine.trouble import Trouble
from arbtui.execution.runner import Stopped


class Guest:
    """Ends as it is told; ``seen`` is what happened to it, in order."""

    stays = False

    def __init__(self, seen: list[str], *, ends: Callable[[], int | None] | None = None) -> None:
        self._seen = seen
        self._ends = ends

    async def run(self) -> int | None:
        if self._ends is not None:
            return self._ends()
        try:
            await asyncio.sleep(3600)
        finally:
            self._seen.append("the terminal is given back")
        return 0

    async def close(self) -> None:
        self._seen.append("closed")


class Hedges:
    """``Orders``, its ``trading`` and its ``runner`` at once."""

    def __init__(self, seen: list[str], *left: str, settled: asyncio.Event | None = None) -> None:
        self.trading = self.runner = self
        self._seen = seen
        self._left = left
        self._settled = settled

    def disarm(self, why: str) -> None:
        self._seen.append(f"disarmed: {why}")

    async def stop(self) -> Stopped:
        self._seen.append("coming to rest")
        if self._settled is not None:
            await self._settled.wait()
        return Stopped(self._left, ())

    def open_in_words(self) -> str:
        return "BTC (h1) is unbalanced"


class Run:
    def __init__(self, *left: str, ends: Callable[[], int | None] | None = None, hang_up_ends: bool = True) -> None:
        self.seen: list[str] = []
        self.settled = asyncio.Event()
        self._left, self._ends, self._hang_up_ends = left, ends, hang_up_ends

    async def __aenter__(self) -> Self:
        trouble = Trouble(ManualClock(0))
        trouble.listeners.append(lambda notice: self.seen.append(notice.text))
        hedges = cast(Orders, Hedges(self.seen, *self._left, settled=self.settled))
        guest = cast(Any, Guest(self.seen, ends=self._ends))

        async def run() -> int:
            with Stop(hang_up_ends=self._hang_up_ends) as stop:
                work = asyncio.create_task(asyncio.Event().wait())
                return await until_end(cast(Any, work), guest, stop, hedges, trouble)

        self.task = asyncio.create_task(run())
        await self.turn()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def turn(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def hear(self, *numbers: signal.Signals) -> None:
        for number in numbers:
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.01)  # the loop is told of a signal through a socket
        await self.turn()

    async def code(self) -> int:
        self.settled.set()
        return await asyncio.wait_for(self.task, 5)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, EXIT_INTERRUPTED), (signal.SIGTERM, 0), (signal.SIGHUP, 0)]
)
async def test_each_signal_has_its_exit_code_once_hedges_are_at_rest(number: signal.Signals, code: int) -> None:
    async with Run() as run:
        await run.hear(number)
        assert run.seen == ["coming to rest"]
        assert not run.task.done()
        assert await run.code() == code


async def test_what_stays_open_wins_over_every_other_code_and_is_said_after_the_terminal_is_given_back() -> None:
    async with Run("h1: hedged, 1 on a and -1 on b") as run:
        await run.hear(signal.SIGINT)
        assert await run.code() == EXIT_OPEN
        said = "stays open: h1: hedged, 1 on a and -1 on b"
        assert run.seen == ["coming to rest", "the terminal is given back", said, "closed"]


@pytest.mark.parametrize("ends", [None, lambda: 0], ids=["by ctrl-c", "by leaving the screen"])
async def test_ctrl_c_while_hedges_come_to_rest_asks_and_once_more_has_its_way(ends: Callable[[], int] | None) -> None:
    async with Run(ends=ends) as run:
        if ends is None:
            await run.hear(signal.SIGINT)
        await run.hear(signal.SIGINT)
        assert "one more signal leaves it as it is" in run.seen[-1]
        assert "BTC (h1) is unbalanced" in run.seen[-1]
        assert not run.task.done()
        await run.hear(signal.SIGINT)
        assert await run.code() == EXIT_OPEN
        assert "left as it is: BTC (h1) is unbalanced" in run.seen


async def test_hang_ups_neither_ask_nor_insist() -> None:
    async with Run() as run:
        await run.hear(*[signal.SIGHUP] * 5)
        assert run.seen == ["coming to rest"]
        assert not run.task.done()
        assert await run.code() == 0


async def test_a_run_that_outlives_its_terminal_takes_no_notice_of_a_hang_up() -> None:
    async with Run(hang_up_ends=False) as run:
        await run.hear(signal.SIGHUP, signal.SIGHUP)
        assert run.seen == []
        await run.hear(signal.SIGTERM)
        assert await run.code() == 0


async def test_a_hang_up_that_was_ignored_from_the_start_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        async with Run() as run:
            await run.hear(signal.SIGHUP)
            assert run.seen == []
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_a_guest_that_is_gone_leaves_the_run_disarmed_and_at_work_until_it_is_asked_to_end() -> None:
    async with Run(ends=lambda: None) as run:
        assert run.seen[-1] == "disarmed: the screen is gone"
        assert "SIGTERM ends it" in run.seen[0]
        await run.hear(signal.SIGINT)
        assert await run.code() == EXIT_INTERRUPTED


async def test_a_guest_that_fails_lets_hedges_come_to_rest_first() -> None:
    def fails() -> int:
        raise ZeroDivisionError

    async with Run(ends=fails) as run:
        assert run.seen == ["coming to rest"]
        with pytest.raises(ZeroDivisionError):
            await run.code()
