"""After a failure nothing gets ahead of what was not kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arbtui.core.clock import ManualClock
from arbtui.execution.keeper import Keeper
from arbtui.execution.ports import Record


class Slow:
    """A journal whose batches end when the test says so."""

    def __init__(self) -> None:
        self.batches: list[tuple[list[str], Callable[[], None] | None, Callable[[str], None]]] = []

    def write(self, records: Sequence[Record], then: Callable[[], None] | None, failed: Callable[[str], None]) -> None:
        self.batches.append(([kept.hedge for kept in records], then, failed))


def test_what_failed_goes_first_once_all_that_was_handed_over_has_failed() -> None:
    journal, changes, failures = Slow(), list[str](), list[str]()
    clock = ManualClock()
    keeper = Keeper(clock, journal, changes.append)
    for name in ("a", "b"):
        keeper.write([Record(0, name, "x", b"")])
    journal.batches[0][2]("full")
    keeper.write([Record(0, "c", "x", b"")], failed=failures.append)
    assert len(journal.batches) == 2  # "b" is still failing
    clock.advance_to(1)
    assert failures == ["full"]
    journal.batches[1][2]("full")
    keeper.write([Record(0, "d", "x", b"")])
    assert journal.batches[2][0] == ["a", "b", "c", "d"]
    then = journal.batches[2][1]
    assert then is not None
    then()
    assert (changes, keeper.failed) == (["full", ""], "")
