"""Engine time on a real machine: UTC taken once, then carried by the monotonic counter.

The system's clock may be stepped (NTP, a person) or may have stood still (sleep). ``check``, called about once a
second, compares it with engine time: what drifts by milliseconds is slewed back slowly, so that no duration is ever
negative; a difference of more than a second is a jump: time is anchored anew and the owner is told, since every age
measured across a jump is worthless.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from arbtui.core.clock import NS_PER_MS, NS_PER_S, Timer

JUMP_NS = NS_PER_S
SLEW_NS_PER_CHECK = NS_PER_MS // 2


class WallClock:
    """``core.clock.Clock`` on the running asyncio loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        utc_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._loop = loop
        self._utc_ns = utc_ns
        self._monotonic_ns = monotonic_ns
        self._offset_ns = utc_ns() - monotonic_ns()

    def now_ns(self) -> int:
        return self._monotonic_ns() + self._offset_ns

    def call_at(self, due_ns: int, call: Callable[[], None]) -> Timer:
        return self._loop.call_later(max(0, due_ns - self.now_ns()) / NS_PER_S, call)

    def check(self) -> int:
        """Follow the system's clock; nanoseconds jumped (negative: set back), 0 where it was only drift."""
        drift_ns = self._utc_ns() - self.now_ns()
        if abs(drift_ns) > JUMP_NS:
            self._offset_ns += drift_ns
            return drift_ns
        self._offset_ns += max(-SLEW_NS_PER_CHECK, min(SLEW_NS_PER_CHECK, drift_ns))
        return 0
