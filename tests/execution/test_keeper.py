"""After a failure nothing gets ahead of what was not kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arbtui.core.clock import ManualClock
from arbtui.execution.keeper import HANGS_NS, Keeper
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


def test_a_disk_that_hangs_is_told_once_and_what_came_meanwhile_is_kept_before_all_is_well() -> None:
    journal, changes, told = Slow(), list[str](), list[str]()
    clock = ManualClock()
    keeper = Keeper(clock, journal, changes.append)
    keeper.write([Record(0, "a", "x", b"")], lambda: told.append("a kept"), lambda text: told.append(f"a {text}"))
    keeper.write([Record(0, "b", "x", b"")], lambda: told.append("b kept"))
    clock.advance_to(HANGS_NS - 1)
    assert (keeper.failed, told) == ("", [])
    clock.advance_to(HANGS_NS)
    assert told == ["a the disk has not answered for 3 s"]
    keeper.write([Record(0, "c", "x", b"")], lambda: told.append("c kept"), lambda text: told.append(f"c {text}"))
    clock.advance_to(10 * HANGS_NS)
    assert told[1:] == ["c the disk has not answered for 3 s"]
    assert len(journal.batches) == 2  # "a" and "b" may yet be kept
    for _, then, _ in journal.batches[:2]:
        assert then is not None
        then()
    assert told[2:] == ["b kept"]  # who waits whatever happens hears it; who was told otherwise does not
    assert journal.batches[2][0] == ["c"]
    assert keeper.failed
    assert journal.batches[2][1] is not None
    journal.batches[2][1]()
    assert (keeper.failed, changes, len(told)) == ("", ["the disk has not answered for 3 s", ""], 3)


def test_a_disk_that_hangs_and_then_fails_loses_nothing() -> None:
    journal, changes = Slow(), list[str]()
    clock = ManualClock()
    keeper = Keeper(clock, journal, changes.append)
    keeper.write([Record(0, "a", "x", b"")])
    clock.advance_to(HANGS_NS)
    keeper.write([Record(0, "b", "x", b"")])
    journal.batches[0][2]("full")
    clock.advance_to(3 * HANGS_NS)
    assert journal.batches[1][0] == ["a", "b"]
