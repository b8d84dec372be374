"""The journal's disk: slow, full or fast, and what it keeps of a process that dies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from arbtui.core.clock import NS_PER_MS
from arbtui.execution.ports import Record
from tests.execution.simulation.clock import Life, SimClock


class SimJournal:
    """What is written stands after a moment; a crash keeps the batches that stood, or some more."""

    def __init__(self, clock: SimClock, rng: Random, failing: list[tuple[int, int]], *, slow: bool) -> None:
        self.durable: list[Record] = []
        self._clock = clock
        self._rng = rng
        self._failing = failing
        self._slow = slow
        self._pending: list[list[Record]] = []
        self._doomed: list[list[Record]] = []  # written before a failure was told
        self._free_ns = 0
        self.life = Life()

    @property
    def busy(self) -> bool:
        return bool(self._pending)

    def fails(self) -> bool:
        now_ns = self._clock.now_ns()
        return any(begin <= now_ns < end for begin, end in self._failing)

    def keeps(self, client_id: str) -> bool:
        """Whether the order of this name is on disk."""
        name = client_id.encode()
        return any(kept.kind == "order" and name in kept.body for kept in self.durable)

    def write(self, records: Sequence[Record], then: Callable[[], None] | None, failed: Callable[[str], None]) -> None:
        life, batch = self.life, list(records)
        life.act()
        self._pending.append(batch)
        slow_ms = self._rng.uniform(0.1, 4)
        if self._slow and self._rng.random() < 0.3:
            slow_ms = self._rng.choice((50.0, 400.0, 1_500.0, 5_000.0))
        self._free_ns = max(self._free_ns, self._clock.now_ns() + int(slow_ms * NS_PER_MS))
        self._clock.call_at(self._free_ns, partial(self._done, life, batch, then, failed), life)

    def _done(
        self, life: Life, batch: list[Record], then: Callable[[], None] | None, failed: Callable[[str], None]
    ) -> None:
        self._pending = [pending for pending in self._pending if pending is not batch]
        fails = self.fails()
        if fails:
            self._doomed = [*self._pending]
        if fails or any(pending is batch for pending in self._doomed):
            self._doomed = [pending for pending in self._doomed if pending is not batch]
            failed("no space left on device")
            return
        self.durable.extend(batch)
        life.act()
        if then is not None:
            then()

    def crash(self) -> None:
        keep = 0 if self.fails() or self._doomed else self._rng.randint(0, len(self._pending))
        for batch in self._pending[:keep]:
            self.durable.extend(batch)
        self._pending, self._doomed = [], []
