"""What has to be remembered, given to the journal in the order in which it happened, whatever the disk does.

After a failure nothing may get ahead of what was not kept: as long as batches handed over earlier are still failing,
later ones are not handed over at all but fail at once; then all of it goes together, first things first. That is tried
with whatever is to be written next, and every few seconds where nothing is: a disk that was freed is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter

from arbtui.core.clock import NS_PER_S, Clock, Timer
from arbtui.execution.ports import Journal, Record

AGAIN_NS = 2 * NS_PER_S


class Keeper:
    """``failed``: why the journal keeps nothing, or "". ``changed`` hears when that begins, and "" when it ends."""

    def __init__(self, clock: Clock, journal: Journal, changed: Callable[[str], None]) -> None:
        self.failed = ""
        self._clock = clock
        self._journal = journal
        self._changed = changed
        self._backlog: list[tuple[int, Record]] = []  # what the journal has not kept, numbered as it happened
        self._written = 0
        self._again: Timer | None = None
        self._outstanding = 0  # batches whose fate the journal has not told

    def write(
        self,
        records: Sequence[Record],
        then: Callable[[], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """``then`` once everything up to these records is on disk; ``failed`` with the reason where it is not."""
        batch = [*self._backlog]
        for kept in records:
            self._written += 1
            batch.append((self._written, kept))
        if self.failed and self._outstanding:
            self._backlog = batch
            if failed is not None:
                self._clock.call_at(self._clock.now_ns(), partial(failed, self.failed))
            return
        self._backlog = []
        self._outstanding += 1
        self._journal.write(
            [kept for _, kept in batch], partial(self._kept, then), partial(self._unkept, batch, failed)
        )

    def _kept(self, then: Callable[[], None] | None) -> None:
        self._outstanding -= 1
        if self.failed:
            self.failed = ""
            self._changed("")
        if then is not None:
            then()

    def _unkept(self, batch: list[tuple[int, Record]], failed: Callable[[str], None] | None, text: str) -> None:
        self._outstanding -= 1
        self._backlog = sorted([*self._backlog, *batch], key=itemgetter(0))
        first = not self.failed
        self.failed = text
        if self._again is None:
            self._again = self._clock.call_at(self._clock.now_ns() + AGAIN_NS, self._try_again)
        if first:
            self._changed(text)
        if failed is not None:
            failed(text)

    def _try_again(self) -> None:
        self._again = None
        if self.failed and not self._outstanding:
            self.write(())
