"""What becomes known of hedges stands in the journal in the order in which it became known, whoever acts on it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from arbtui.core.clock import ManualClock
from arbtui.execution.keeper import Keeper
from arbtui.execution.lifecycle import Step
from arbtui.execution.memory import Memory
from arbtui.execution.ports import Record
from arbtui.execution.records import BadRecord, Dropped, Fact, Intended, Stepped, record
from tests.execution.stage import HEDGE, T0, Disk, Stage, intent


def memory(disk: Disk) -> tuple[Memory, list[Fact]]:
    """And what its watcher has heard. A watcher that hears of a halt acts on it at once."""
    clock, heard = ManualClock(T0), list[Fact]()

    def watch(hedge: str, fact: Fact) -> None:
        heard.append(fact)
        if isinstance(fact, Stepped) and fact.step is Step.HALT:
            made.put(hedge, Stepped(Step.EMPTY, "closed from outside"))

    made = Memory(clock, Keeper(clock, disk, lambda _text: None), lambda _said: None, watch)
    return made, heard


def test_what_a_watcher_causes_stands_in_the_journal_behind_what_it_saw() -> None:
    disk = Disk()
    made, heard = memory(disk)
    made.keep(HEDGE, [Intended(intent())], lambda: None, lambda _text: None)
    made.put(HEDGE, Stepped(Step.PERSISTED, "on disk"))
    made.put(HEDGE, Stepped(Step.HALT, "a leg is gone"))
    assert made.ledgers[HEDGE].state == "done"
    assert len(heard) == 4
    assert Stage(disk.kept).state() == "done"


@pytest.mark.parametrize("full", [False, True])
def test_who_watches_sees_what_is_kept_before_what_follows_from_it(full: bool) -> None:
    seen: list[str] = []
    disk = Disk(full=full)  # which answers at once
    clock = ManualClock(T0)
    made = Memory(clock, Keeper(clock, disk, lambda _: None), lambda _: None, lambda _, fact: seen.append("seen"))
    made.keep(HEDGE, [Intended(intent())], lambda: seen.append("kept"), lambda _: seen.append("unkept"))
    assert seen == ["seen", "unkept" if full else "kept"]


@pytest.mark.parametrize(
    "wrong",
    [
        (Dropped("abmywpiwwa00e0000", "an order that was never begun"),),
        (Intended(intent()), Stepped(Step.RETRY, "from nowhere")),
        (Stepped(Step.SHORT, "of nothing"),),
    ],
)
def test_a_journal_whose_records_do_not_follow_from_each_other_is_refused_in_words(wrong: Sequence[Fact]) -> None:
    records: list[Record] = [record(T0, HEDGE, fact) for fact in wrong]
    with pytest.raises(BadRecord, match="arbtui flatten --dry-run"):
        Stage(records)
