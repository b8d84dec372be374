"""The system's clock was set back by an hour: nothing of a hedge waits for that hour to pass again."""

from __future__ import annotations

from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import RefusalReason
from arbtui.core.orders import OrderStatus, ReadKind
from arbtui.execution.intents import Style
from tests.execution.stage import HEDGE, LISTS, Stage, intent, reads, with_policy

HOUR_NS = 3_600 * NS_PER_S


def set_back(stage: Stage) -> None:
    stage.clock.set_back(HOUR_NS)
    stage.runner.reconcile("the clock jumped")


def test_a_leg_that_goes_after_it_is_missed_at_once() -> None:
    stage = Stage()
    stage.hedged()
    reads(stage, "10", "-10")
    set_back(stage)
    reads(stage, "10", "-10")
    assert stage.state() == "hedged"
    reads(stage, "0", "-10")
    assert stage.state() == "halted"
    assert any("10 were taken away" in text for text in stage.alarms())


def test_a_difference_that_was_seen_once_before_it_is_judged_after_it() -> None:
    stage = Stage()
    stage.hedged()
    reads(stage, "0", "-10", 1)
    set_back(stage)
    reads(stage, "0", "-10", 4)
    assert any("10 were taken away" in text for text in stage.alarms())


def test_an_order_that_was_asked_about_before_it_is_asked_about_after_it() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.accepted(stage.order("beta"))
    stage.wait(2.1)
    assert stage.pens["beta"].queried
    stage.pens["beta"].queried.clear()
    set_back(stage)
    assert stage.pens["beta"].queried


def test_a_cancel_that_was_asked_for_before_it_is_in_doubt_after_it() -> None:
    stage = Stage()
    stage.open(intent(style=Style.MAKER_TAKER, maker=0))
    order = stage.order("alpha")
    stage.accepted(order)
    stage.report(order, OrderStatus.OPEN)
    stage.wait(0.5)
    stage.runner.cancel(HEDGE)
    assert stage.pens["alpha"].canceled
    set_back(stage)
    reads(stage, "0", "0")
    assert stage.pens["alpha"].queried
    stage.wait(120)
    assert stage.state() == "halted"


def test_a_leg_that_went_before_it_is_borne_out_after_it() -> None:
    stage = Stage()
    stage.open(intent(policy=with_policy(on_leg_lost="rebalance")))
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue))
    for _ in range(2):
        stage.wait(1.2)
        stage.read_done("alpha", ReadKind.POSITIONS, native="")
    assert stage.state() == "unbalanced"
    set_back(stage)
    reads(stage, "0", "-10")
    stage.wait(1)
    assert len(stage.sent()) == 3


def test_a_refusal_from_before_it_holds_nothing_up() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.refuses(stage.order("beta"), RefusalReason.RATE_LIMITED, 1.0)
    set_back(stage)
    reads(stage, "10", "0")
    stage.wait(15)
    assert stage.sent()[2:] or stage.state() == "halted"


def test_a_read_that_was_under_way_meanwhile_tells_nothing() -> None:
    stage = Stage()
    stage.hedged()
    set_back(stage)
    for _ in range(2):
        stage.wait(1.2)
        for venue, qty in (("alpha", "10"), ("beta", "-10")):
            stage.position(venue, qty)
            for kind in LISTS:
                stage.read_done(venue, kind, asked_s_ago=-3_599)
    assert stage.state() == "in_doubt"
    assert not any("taken away" in text for text in stage.alarms())
    reads(stage, "10", "-10")
    assert stage.state() == "hedged"
