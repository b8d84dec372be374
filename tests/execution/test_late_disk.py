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


@pytest.mark.parametrize("on_disk", [0, 1])
def test_what_waited_for_the_disk_when_the_kill_switch_was_pulled_does_not_go_out_though_armed_again(
    on_disk: int,
) -> None:
    stage = Stage()
    stage.disk.hold = True
    stage.open()
    for _ in range(on_disk):  # the intent; the orders wait now
        stage.disk.held.pop(0)()
    stage.wait(0.5)
    stage.runner.kill("a person")
    assert stage.runner.arm().accepted
    stage.disk.release()
    stage.wait(1)
    assert stage.sent() == []
    assert stage.state() == "done"
