"""The one clock and the one timer wheel.

Engine time is an integer of nanoseconds UTC that only moves forward evenly: a wall clock is anchored to UTC once and
then advanced by the monotonic counter, so the same number serves as a stamp and, by subtraction, as a duration. A step
of the system's clock (sleep, NTP, a person) is noticed by the wall clock's owner, reported, and re-anchored there; no
other code needs to know. Replayed and simulated time are the same interface with ``advance_to``.

Timers due at the same instant fire in the order in which they were set, so a replay is deterministic.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Protocol

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


class Timer(Protocol):
    """A pending call. ``cancel`` is idempotent."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Where time comes from, and who calls back later."""

    def now_ns(self) -> int:
        """Engine time: nanoseconds UTC."""
        ...

    def call_at(self, due_ns: int, call: Callable[[], None]) -> Timer:
        """Call ``call`` once engine time has reached ``due_ns``; never inside this very call, even if that is past."""
        ...


class _Due:
    __slots__ = ("call", "due_ns", "order")

    def __init__(self, due_ns: int, order: int, call: Callable[[], None]) -> None:
        self.due_ns = due_ns
        self.order = order
        self.call: Callable[[], None] | None = call

    def __lt__(self, other: _Due) -> bool:
        return (self.due_ns, self.order) < (other.due_ns, other.order)

    def cancel(self) -> None:
        self.call = None


class ManualClock:
    """Time that moves only when told to: replay, tests, simulation."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns
        self._heap: list[_Due] = []
        self._order = 0

    def now_ns(self) -> int:
        return self._now_ns

    def call_at(self, due_ns: int, call: Callable[[], None]) -> Timer:
        self._order += 1
        due = _Due(max(due_ns, self._now_ns), self._order, call)
        heapq.heappush(self._heap, due)
        return due

    def advance_to(self, t_ns: int) -> None:
        """Move to ``t_ns``, firing every timer due up to and including it at its own due time, in order.

        A time before now fires nothing and does not move the clock back.
        """
        while self._heap and self._heap[0].due_ns <= t_ns:
            due = heapq.heappop(self._heap)
            if due.call is None:
                continue
            self._now_ns = max(self._now_ns, due.due_ns)
            due.call()
        self._now_ns = max(self._now_ns, t_ns)

    def set_back(self, by_ns: int) -> None:
        """As when a machine's clock is set back: what is due stays as far away as it was."""
        self._now_ns -= by_ns
        for due in self._heap:
            due.due_ns -= by_ns

    def jump_to(self, t_ns: int) -> None:
        """Move to ``t_ns`` as a machine that slept does: what fell due meanwhile is called once, now, in order."""
        self._now_ns = max(self._now_ns, t_ns)
        slept = [heapq.heappop(self._heap) for _ in range(sum(due.due_ns <= t_ns for due in self._heap))]
        for due in slept:
            if due.call is not None:
                due.call()


class Every:
    """Calls ``call`` on a fixed grid: at multiples of ``period_ns`` of engine time, never twice for one grid point.

    A grid point that was missed (the loop was busy, the machine slept) is skipped, not made up for.
    """

    def __init__(self, clock: Clock, period_ns: int, call: Callable[[], None]) -> None:
        self._clock = clock
        self._period_ns = period_ns
        self._call = call
        self._timer: Timer | None = None
        self._arm()

    def _arm(self) -> None:
        now_ns = self._clock.now_ns()
        self._timer = self._clock.call_at(now_ns - now_ns % self._period_ns + self._period_ns, self._fire)

    def _fire(self) -> None:
        self._arm()
        self._call()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
