"""Two hedges on one position: what one of them does not know must not cost the other a leg."""

from __future__ import annotations

from arbtui.core.errors import RefusalReason
from arbtui.core.orders import OrderStatus
from tests.execution.stage import HEDGE, Stage, intent, reads

OTHER = "mywpiwwa01"


def one_alone_the_other_in_doubt() -> Stage:
    """The second life: the first hedge has alpha alone, of the second nobody knows what became of its alpha."""
    first = Stage()
    first.open(intent(hedge=OTHER, qty="3"))
    first.fills(first.order("beta"))
    first.wait(1)
    first.open(intent(now_ns=first.clock.now_ns()))
    first.fills(first.order("alpha"))
    refused = first.order("beta")
    first.refuses(refused, RefusalReason.OTHER)
    second = Stage(list(first.disk.kept), now_ns=first.clock.now_ns() + 60 * 10**9)
    for order in first.pens["beta"].placed[1:]:
        second.report(order, OrderStatus.EXPIRED, "0", "query")
    return second


def test_what_a_doubt_of_another_hedge_keeps_from_being_compared_is_not_borne_out() -> None:
    stage = one_alone_the_other_in_doubt()
    assert stage.state(OTHER) == "in_doubt"
    reads(stage, "0", "-3", 6)  # somebody has closed alpha meanwhile
    assert stage.sent() == []
    stage.wait(121)
    assert stage.state() == "halted"


def test_a_difference_that_a_halted_hedge_may_explain_bears_nothing_out() -> None:
    first = Stage()
    first.open(intent(hedge=OTHER, qty="3"))
    first.fills(first.order("beta"))
    first.open(intent(now_ns=first.clock.now_ns()))
    first.fills(first.order("alpha"))
    first.wait(126)
    assert first.state(OTHER) == first.state() == "halted"
    first.disk.hold = True  # what a person says is kept, the order that follows is not
    first.report(first.order("beta"), OrderStatus.EXPIRED, "0", "query")
    assert first.runner.retry(HEDGE).accepted
    for _ in range(3):
        first.disk.held.pop(0)()
    second = Stage(list(first.disk.kept), now_ns=first.clock.now_ns() + 60 * 10**9)
    assert second.state() == "in_doubt"
    reads(second, "0", "-3", 6)
    assert (second.state(), second.state(OTHER)) == ("in_doubt", "halted")
    assert second.sent() == []


def test_it_is_hedged_once_the_doubt_has_ended() -> None:
    stage, alpha = one_alone_the_other_in_doubt(), "13"
    reads(stage, alpha, "-3", 4)
    line = next(line for line in stage.runner.ledgers[OTHER].lines.values() if line.order.venue == "alpha")
    stage.fills(line.order)
    reads(stage, alpha, "-3", 3)
    assert stage.state(HEDGE) == "rehedging"
