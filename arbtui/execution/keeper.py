"""What has to be remembered, given to the journal in the order in which it happened, whatever the disk does.

After a failure nothing may get ahead of what was not kept: as long as batches handed over earlier are still failing,
later ones are not handed over at all but fail at once; then all of it goes together, first things first. That is tried
with whatever is to be written next, and every few seconds where nothing is: a disk that was freed is noticed.

A disk that does not answer at all is a failure after ``HANGS_NS``, when what waits for it was priced by another market:
who waits is told so, once and for all, whatever the disk answers later. What was handed over may yet be kept, so it is
not written again; what comes after it waits here until all of that has been answered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

from arbtui.core.clock import NS_PER_S, Clock, Timer
from arbtui.execution.ports import Journal, Record

AGAIN_NS = 2 * NS_PER_S
HANGS_NS = 3 * NS_PER_S


@dataclass
class _Batch:
    """Handed to the journal. ``waits``: nobody has told yet, whoever gave it, what became of it."""

    records: list[tuple[int, Record]]
    handed_ns: int
    then: Callable[[], None] | None
    failed: Callable[[str], None] | None
    waits: bool = True


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
        self._outstanding: deque[_Batch] = deque()  # whose fate the journal has not told, in order
        self._watch: Timer | None = None

    def write(
        self,
        records: Sequence[Record],
        then: Callable[[], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """``then`` once everything up to these records is on disk; ``failed`` with the reason where it is not."""
        numbered = [*self._backlog]
        for kept in records:
            self._written += 1
            numbered.append((self._written, kept))
        if self.failed and self._outstanding:
            self._backlog = numbered
            if failed is not None:
                self._clock.call_at(self._clock.now_ns(), partial(failed, self.failed))
            return
        self._backlog = []
        batch = _Batch(numbered, self._clock.now_ns(), then, failed)
        self._outstanding.append(batch)
        self._watch_from(batch.handed_ns)
        self._journal.write([kept for _, kept in numbered], partial(self._kept, batch), partial(self._unkept, batch))

    def _kept(self, batch: _Batch) -> None:
        """It stands. All is well again only when what had to wait here meanwhile stands too."""
        self._outstanding.remove(batch)
        if self.failed and not self._outstanding:
            if self._backlog:
                self.write(())
            else:
                self.failed = ""
                self._changed("")
        if batch.then is not None and (batch.waits or batch.failed is None):
            batch.then()

    def _unkept(self, batch: _Batch, text: str) -> None:
        self._outstanding.remove(batch)
        self._backlog = sorted([*self._backlog, *batch.records], key=itemgetter(0))
        if self._again is None:
            self._again = self._clock.call_at(self._clock.now_ns() + AGAIN_NS, self._try_again)
        self._fails(text)
        self._tell(batch, text)

    def _fails(self, text: str) -> None:
        first, self.failed = not self.failed, text
        if first:
            self._changed(text)

    def _tell(self, batch: _Batch, text: str) -> None:
        if batch.waits and batch.failed is not None:
            batch.waits = False
            batch.failed(text)

    def _try_again(self) -> None:
        self._again = None
        if self.failed and not self._outstanding:
            self.write(())

    # a disk that does not answer
    def _watch_from(self, handed_ns: int) -> None:
        if self._watch is None:
            self._watch = self._clock.call_at(handed_ns + HANGS_NS, self._look)

    def _look(self) -> None:
        self._watch = None
        if not self._outstanding:
            return
        first_ns = self._outstanding[0].handed_ns
        if 0 <= self._clock.now_ns() - first_ns < HANGS_NS:  # below: the clock was set back while it waited
            self._watch_from(first_ns)
            return
        text = f"the disk has not answered for {HANGS_NS // NS_PER_S} s"
        self._fails(self.failed or text)
        for batch in [*self._outstanding]:
            self._tell(batch, text)
