"""The heart of the screen: which pane is ticked when, and when nothing may be painted at all.

One task, on the loop that the engine owns. Every tick is measured. While the terminal has not taken what it was given
before, ticks are skipped: the rate of painting adapts to the link by itself. If the terminal takes nothing for longer,
all painting is held; once it reads again, everything that was dropped meanwhile is painted in one go.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from typing import Any

from textual.app import App

from arbtui.ui.driver import GuardedDriver

BEAT_S = 0.1
PART_S = 0.001  # of a beat at a time, and a job
SKIP_S = 0.02  # output older than this: no new ticks
HOLD_S = 0.25  # and than this: no painting at all
_KEPT_TICKS = 600


@dataclass(frozen=True)
class Job:
    """Called on every ``every``-th beat, at ``offset``, so that jobs of one rate need not share a beat."""

    name: str
    every: int
    offset: int
    call: Callable[[float], None]


class OutputHold:
    """Keeps Textual from painting while the terminal does not read; see ``App.batch_update``."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._stack: ExitStack | None = None
        self._dropped = False
        self._lost_bytes = 0

    @property
    def held(self) -> bool:
        return self._stack is not None

    def frame_passed(self) -> None:
        """Textual has come to the end of painting a frame; under a hold that frame was dropped."""
        if self._stack is not None:
            self._dropped = True

    def judge(self, driver: GuardedDriver) -> bool:
        """Hold or let go as the terminal behaves; True if ticks may be painted now."""
        waiting_s = driver.waiting_s()
        if waiting_s > HOLD_S and self._stack is None:
            self._stack = ExitStack()
            self._stack.enter_context(self._app.batch_update())
        elif waiting_s == 0.0 and self._stack is not None:
            self.release(driver)
        return waiting_s <= SKIP_S and self._stack is None

    def release(self, driver: GuardedDriver) -> None:
        if self._stack is None:
            return
        self._stack.close()
        self._stack = None
        if self._dropped or driver.lost_bytes != self._lost_bytes:
            self._app.screen.refresh()
        self._app.screen.check_idle()  # what became dirty meanwhile is painted on the screen's next idle moment
        self._dropped = False
        self._lost_bytes = driver.lost_bytes


class Pump:
    """``painting`` says whether panes may be ticked now; ``each_second`` looks after slower things; ``around`` is what
    the jobs of one beat share, by its number: entered for some of them at a time, as the loop has its turn in between.
    """

    def __init__(
        self,
        jobs: list[Job],
        *,
        now_s: Callable[[], float],
        painting: Callable[[], bool],
        each_second: Callable[[], None],
        around: Callable[[int], AbstractContextManager[None]] = lambda _: nullcontext(),
    ) -> None:
        self._jobs = jobs
        self._around = around
        self._now_s = now_s
        self._painting = painting
        self._each_second = each_second
        self._beat = 0
        self.tick_ms: dict[str, deque[float]] = {job.name: deque(maxlen=_KEPT_TICKS) for job in jobs}
        self.skipped = 0

    async def run(self) -> None:
        """Beat on a fixed grid; beats that were missed are not made up for."""
        due_s = self._now_s()
        while True:
            for _ in self._parts():
                await asyncio.sleep(0)
            due_s += BEAT_S
            now_s = self._now_s()
            if due_s <= now_s:
                due_s += BEAT_S * (1 + int((now_s - due_s) / BEAT_S))
            await asyncio.sleep(due_s - now_s)

    def beat(self) -> None:
        """A whole beat at once."""
        for _ in self._parts():
            continue

    def _parts(self) -> Iterator[None]:
        """A beat in parts, none of which holds the loop for long: after a job that took its time others have theirs."""
        beat = self._beat
        self._beat += 1
        if beat % round(1 / BEAT_S) == 0:
            self._each_second()
        if not self._painting():
            self.skipped += 1
            return
        due = [job for job in self._jobs if beat % job.every == job.offset]
        while due:
            with self._around(beat):
                part_s = self._now_s()
                while due and self._now_s() - part_s < PART_S:
                    self._call(due.pop(0))
            if due:
                yield

    def _call(self, job: Job) -> None:
        started = self._now_s()
        job.call(started)
        self.tick_ms[job.name].append((self._now_s() - started) * 1e3)

    def tick_all(self) -> None:
        """Everything now: after a resize, a key, a change of panes."""
        for job in self._jobs:
            job.call(self._now_s())

    def worst_tick_ms(self) -> float:
        """The slowest of the last minute's ticks or so."""
        return max((max(ticks) for ticks in self.tick_ms.values() if ticks), default=0.0)
