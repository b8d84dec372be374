"""Virtual time: it moves only when told to, and what belongs to a dead process never fires."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

_AT_ONCE_MAX = 5_000  # calls at one instant; more of them go round in a circle


class Crash(BaseException):
    """The process dies here."""


class Spinning(BaseException):
    """Virtual time does not get on any more: each call sets another one for now."""


class Life:
    """One process. ``crash_in``: dies before that many more acts; negative = never."""

    def __init__(self, *, lives: bool = True, crash_in: int = -1) -> None:
        self.lives = lives
        self.crash_in = crash_in

    @property
    def may_die(self) -> bool:
        """Whether its death is still to come, or a new life is."""
        return not self.lives or self.crash_in >= 0

    def act(self) -> None:
        if self.crash_in == 0:
            raise Crash
        self.crash_in -= 1


class _Timer:
    __slots__ = ("call", "life")

    def __init__(self, call: Callable[[], None], life: Life | None) -> None:
        self.call: Callable[[], None] | None = call
        self.life = life

    def cancel(self) -> None:
        self.call = None


class SimClock:
    """A ``Clock``, of the world and of no life. Calls due at the same instant fire in the order they were set."""

    def __init__(self, start_ns: int) -> None:
        self._now_ns = start_ns
        self._heap: list[tuple[int, int, _Timer]] = []
        self._set = 0

    def now_ns(self) -> int:
        return self._now_ns

    def call_at(self, due_ns: int, call: Callable[[], None], life: Life | None = None) -> _Timer:
        self._set += 1
        timer = _Timer(call, life)
        heappush(self._heap, (max(due_ns, self._now_ns), self._set, timer))
        return timer

    def next_ns(self, default_ns: int) -> int:
        """When the next call is due."""
        heap = self._heap
        while heap and heap[0][2].call is None:
            heappop(heap)
        return heap[0][0] if heap else default_ns

    def advance_to(self, t_ns: int) -> None:
        heap, at_once = self._heap, 0
        while heap and heap[0][0] <= t_ns:
            due_ns, _, timer = heappop(heap)
            call = timer.call
            if call is None or not (timer.life is None or timer.life.lives):
                continue
            at_once = at_once + 1 if due_ns == self._now_ns else 0
            if at_once > _AT_ONCE_MAX:
                raise Spinning
            self._now_ns = due_ns
            call()
        self._now_ns = max(self._now_ns, t_ns)


class LifeClock:
    """The clock of one life."""

    def __init__(self, clock: SimClock, life: Life) -> None:
        self._clock = clock
        self._life = life
        self.now_ns = clock.now_ns

    def call_at(self, due_ns: int, call: Callable[[], None]) -> _Timer:
        return self._clock.call_at(due_ns, call, self._life)
