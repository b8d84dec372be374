"""Nothing is ever disarmed in silence: each way says why, to people and to the journal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from arbtui.execution.records import Armed, fact_of
from tests.execution.stage import Stage, intent


def arming(stage: Stage) -> list[Armed]:
    """What the journal was told of it."""
    return [fact for kept in stage.disk.kept if isinstance(fact := fact_of(kept), Armed)]


def full(stage: Stage) -> None:
    stage.disk.full = True
    stage.runner.open(intent())
    stage.disk.full = False
    stage.wait(5)


WAYS: dict[str, tuple[Callable[[Stage], object], str]] = {
    "by somebody": (lambda stage: stage.runner.disarm("the screen is gone"), "the screen is gone"),
    "by the kill switch": (lambda stage: stage.runner.kill("a person pressed !"), "kill switch: a person pressed !"),
    "by a sleep": (lambda stage: stage.runner.reconcile("the machine slept"), "the machine slept"),
    "by the end": (lambda stage: stage.runner.stop(lambda _: None), "arbtui is stopping"),
    "by a full disk": (full, "the journal fails"),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_disarms_says_why_and_writes_it_down(way: str) -> None:
    stage = Stage()
    assert arming(stage) == [Armed(True, "a person said so")]
    disarm, why = WAYS[way]
    disarm(stage)
    assert not stage.runner.armed
    assert any(why in said.text for said in stage.said)
    assert arming(stage)[1:] == [Armed(False, why)]


def test_what_is_disarmed_already_says_nothing_twice() -> None:
    stage = Stage()
    for _ in range(3):
        stage.runner.disarm("the screen is gone")
    assert len(arming(stage)) == 2


def test_the_next_life_reads_a_journal_that_tells_of_arming() -> None:
    first = Stage()
    first.runner.disarm("a test")
    second = Stage(list(first.disk.kept))
    assert second.runner.ledgers == {}
