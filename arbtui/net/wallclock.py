"""Engine time on a real machine: UTC taken once, then carried by the monotonic counter.

The system's clock may be stepped (NTP, a person) or may have stood still (sleep). ``check``, called about once a
second, compares it with engine time: what drifts by milliseconds is slewed back slowly, so that no duration is ever
negative; a difference of more than a second is a jump: the owner is told, and lets time be anchored anew, since every
age measured across a jump is worthless. A machine that slept is told from a clock that was set by the counter that goes
on in sleep; where the system has none, every jump counts as a sleep.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from arbtui.core.clock import NS_PER_MS, NS_PER_S, Timer

JUMP_NS = NS_PER_S
SLEW_NS_PER_CHECK = NS_PER_MS // 2


def asleep_ns() -> int | None:
    """For how long the machine has slept since it was started; None where the system does not say."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return None
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()


class WallClock:
    """``core.clock.Clock`` on the running asyncio loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        utc_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        asleep_ns: Callable[[], int | None] = asleep_ns,
    ) -> None:
        self._loop = loop
        self._utc_ns = utc_ns
        self._monotonic_ns = monotonic_ns
        self._asleep_ns = asleep_ns
        self._offset_ns = utc_ns() - monotonic_ns()
        self._slept_ns = asleep_ns()

    def now_ns(self) -> int:
        return self._monotonic_ns() + self._offset_ns

    def call_at(self, due_ns: int, call: Callable[[], None]) -> Timer:
        return self._loop.call_later(max(0, due_ns - self.now_ns()) / NS_PER_S, call)

    def check(self) -> int:
        """Follow the system's clock; nanoseconds jumped (negative: set back), 0 where it was only drift."""
        if jumped_ns := self.jumped_ns():
            self.follow()
        return jumped_ns

    def jumped_ns(self) -> int:
        """By how much the system's clock has jumped, which is not followed yet; 0 where it was drift, which is."""
        drift_ns = self._utc_ns() - self.now_ns()
        if abs(drift_ns) > JUMP_NS:
            return drift_ns
        self._offset_ns += max(-SLEW_NS_PER_CHECK, min(SLEW_NS_PER_CHECK, drift_ns))
        return 0

    def slept(self) -> bool:
        """Whether the machine may have slept since time was last anchored."""
        asleep_ns = self._asleep_ns()
        return asleep_ns is None or self._slept_ns is None or asleep_ns - self._slept_ns > JUMP_NS

    def follow(self) -> None:
        """Anchor time anew, at the system's clock."""
        self._offset_ns, self._slept_ns = self._utc_ns() - self._monotonic_ns(), self._asleep_ns()
