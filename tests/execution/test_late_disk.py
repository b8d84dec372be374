"""What a slow disk still holds is sent only if that is still wanted when it lands."""

from __future__ import annotations

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.core.orders import ReadKind
from arbtui.execution.quantity import ZERO
from arbtui.execution.runner import Answer
from tests.execution.stage import HEDGE, Stage


def repaired_while_a_leg_goes() -> Stage:
    """Alpha filled, beta refused, the order that hedges it waits for the disk; meanwhile alpha is closed by hand."""
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.disk.hold = True
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    for _ in range(2):
        stage.wait(1.2)
        stage.read_done("alpha", ReadKind.POSITIONS, native="")
    assert stage.state() == "halted"
    return stage


@pytest.mark.parametrize("taken_over", [False, True])
def test_a_hedge_that_was_halted_meanwhile_sends_nothing(taken_over: bool) -> None:
    stage = repaired_while_a_leg_goes()
    if taken_over:
        assert stage.runner.abandon(HEDGE).accepted
    stage.disk.release()
    stage.wait(1)
    assert len(stage.sent()) == 2
    assert stage.runner.ledgers[HEDGE].position(0) == ZERO


def test_a_person_who_cancels_before_the_first_orders_are_on_disk_is_heard() -> None:
    stage = Stage()
    stage.disk.hold = True
    stage.open()
    stage.disk.held.pop(0)()  # the intent
    assert stage.runner.cancel(HEDGE) == Answer(accepted=True, text="canceling", hedge=HEDGE)
    stage.disk.release()
    assert stage.sent() == []
    assert stage.state() == "done"
