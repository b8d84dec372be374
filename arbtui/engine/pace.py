"""When the next record of a recording is heard: paused, step by step, so many times as fast as it was.

Engine time moves along between two records, in small steps, so that ages grow and timers fire while a quiet stretch is
waited through. Timers fire at their own due time in the same order whoever moves the clock there, and never is it moved
past the next record: what a recording says does not depend on the pace at which it is played.
"""

from __future__ import annotations

import asyncio
from math import inf

from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.port import Outcome, ReplayControl, ReplayPosition

BREAK_S = 600  # a silence of more than this is a break between recordings: nobody waits through it
GRAIN_S = 0.005  # no wait is shorter: records that come closer are heard together, never too early
LOOK_S = 0.05  # no wait is longer: so often engine time moves along
SLOWEST, FASTEST = 0.01, 10_000.0


class Pace:
    """``until`` is awaited before each record; everything else steers it. ``speed`` None: as fast as it goes."""

    def __init__(self, clock: ManualClock, speed: float | None) -> None:
        self._clock = clock
        self._speed = speed
        self._paused = False
        self._ended = False
        self._first_ns: int | None = None
        self._records = 0
        self._frames = 0  # to be heard although paused
        self._to_ns: int | None = None  # engine time to come to although paused
        self._steered = asyncio.Event()
        self._from_ns, self._from_s = 0, 0.0  # recorded and loop time that the pace is reckoned from

    @property
    def position(self) -> ReplayPosition:
        now_ns = self._clock.now_ns()
        first_ns = self._first_ns if self._first_ns is not None else now_ns
        return ReplayPosition(first_ns, now_ns, self._records, self._speed, self._paused, self._ended)

    async def until(self, t_ns: int) -> None:
        """Returns when the record of ``t_ns`` is due."""
        if self._first_ns is None:
            self._first_ns = t_ns
            self._anchor()
        while not self._due(t_ns):
            self._steered.clear()
            await self._wait(self._move(t_ns))
        self._records += 1

    def _due(self, t_ns: int) -> bool:
        """Whether the record is heard now; a step that this uses up is taken off."""
        if self._paused:
            if self._frames:
                self._frames -= 1
                return True
            if self._to_ns is None:
                return False
            if t_ns <= self._to_ns:
                return True
            to_ns, self._to_ns = self._to_ns, None
            if self._breaks(t_ns):
                return True
            self._clock.advance_to(to_ns)
            return False
        if self._breaks(t_ns):
            self._anchor(t_ns)
        return self._speed is None or t_ns <= self._reached_ns(self._speed)

    def _reached_ns(self, speed: float) -> int:
        return self._from_ns + int((asyncio.get_running_loop().time() - self._from_s) * speed * NS_PER_S)

    def _move(self, t_ns: int) -> float | None:
        """Bring engine time to where the pace is by now; seconds until the next look, None: it stands."""
        if self._paused or self._speed is None:
            return None
        reached_ns = self._reached_ns(self._speed)
        self._clock.advance_to(min(reached_ns, t_ns))
        return max(GRAIN_S, min(LOOK_S, (t_ns - reached_ns) / NS_PER_S / self._speed))

    def _breaks(self, t_ns: int) -> bool:
        """Whether the recording breaks off before that record."""
        return t_ns - self._clock.now_ns() > BREAK_S * NS_PER_S

    async def _wait(self, within_s: float | None) -> None:
        try:
            async with asyncio.timeout(within_s):
                await self._steered.wait()
        except TimeoutError:
            return

    def _anchor(self, t_ns: int | None = None) -> None:
        self._from_ns = t_ns if t_ns is not None else self._clock.now_ns()
        self._from_s = asyncio.get_running_loop().time()

    def end(self) -> None:
        """There are no more records."""
        self._ended = True

    # ---- commands

    def control(self, command: ReplayControl) -> Outcome:
        if self._ended:
            return Outcome(accepted=False, text="the recording has ended; start it again to go through it once more")
        refused = self._speed_refused(command)
        if refused:
            return Outcome(accepted=False, text=refused)
        text = self._steer(command)
        self._anchor()
        self._steered.set()
        return Outcome(accepted=True, text=text)

    @staticmethod
    def _speed_refused(command: ReplayControl) -> str:
        speed = command.speed
        if command.do != "speed" or speed is None or (SLOWEST <= speed <= FASTEST and speed < inf):
            return ""
        return f"{speed:g} is not a speed; between {SLOWEST:g} and {FASTEST:,.0f} times, or max"

    def _steer(self, command: ReplayControl) -> str:
        match command.do:
            case "pause":
                self._paused, self._frames, self._to_ns = True, 0, None
                return "the recording is paused"
            case "continue":
                self._paused, self._frames, self._to_ns = False, 0, None
                return f"the recording goes on, {speed_words(self._speed)}"
            case "frame":
                self._paused = True
                self._frames += 1
                return "one record on"
            case "second":
                self._paused = True
                self._to_ns = (self._to_ns if self._to_ns is not None else self._clock.now_ns()) + NS_PER_S
                return "one second on"
            case "speed":
                self._speed = command.speed
                return f"the recording is played {speed_words(self._speed)}"


def speed_words(speed: float | None) -> str:
    """``x10``, ``as fast as it goes``."""
    return "as fast as it goes" if speed is None else f"x{speed:g}"
