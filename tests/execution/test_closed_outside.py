"""What somebody else closed (by hand, by ``arbtui flatten`` without an engine) is recognised, and never repaired."""

from __future__ import annotations

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.core.orders import OrderStatus, ReadKind
from tests.execution.stage import HEDGE, LISTS, Stage, instrument, intent, reads, with_policy


def next_life(first: Stage) -> Stage:
    return Stage(list(first.disk.kept), now_ns=first.clock.now_ns() + 60 * 10**9)


def test_a_hedge_that_was_flattened_while_nobody_looked_has_ended() -> None:
    first = Stage()
    first.hedged()
    second = next_life(first)
    reads(second, "0", "0")
    assert second.state() == "done"
    assert "closed from outside" in second.runner.ledgers[HEDGE].why
    assert any("10 were taken away" in text for text in second.alarms())
    second.wait(60)
    assert second.sent() == []


def test_an_excess_that_was_flattened_while_nobody_looked_is_not_hedged() -> None:
    first = Stage()
    first.open()
    first.fills(first.order("alpha"))
    first.refuses(first.order("beta"), RefusalReason.OTHER)
    second = next_life(first)
    for order in first.pens["beta"].placed:
        second.report(order, OrderStatus.EXPIRED, "0", "query")
    reads(second, "0", "0")
    assert second.sent() == []
    assert second.state() == "done"


@pytest.mark.parametrize("answer", ["again and again", "never"])
def test_an_excess_that_the_venue_does_not_bear_out_waits_for_its_word(answer: str) -> None:
    """The reads of the restart meet other news, so that none of them can be compared."""
    first = Stage()
    first.open()
    first.fills(first.order("alpha"))
    first.refuses(first.order("beta"), RefusalReason.OTHER)
    second = next_life(first)
    for order in first.pens["beta"].placed:
        second.report(order, OrderStatus.EXPIRED, "0", "query")
    for _ in range(3):
        second.wait(1.1)
        for kind in LISTS:
            second.read_done("beta", kind)
            second.report(first.order("alpha"), OrderStatus.FILLED, "10", "query")
            second.read_done("alpha", kind, asked_s_ago=0.5)
    assert second.state() == "in_doubt"
    assert second.sent() == []
    if answer == "never":
        second.wait(121)
        assert second.state() == "halted"
        return
    second.pens["alpha"].reads.clear()
    second.wait(1.1)
    assert (ReadKind.POSITIONS, "COINUSDT", None) in second.pens["alpha"].reads
    reads(second, "10", "0", 1)
    assert second.state() == "rehedging"


@pytest.mark.parametrize("on_leg_lost", ["halt", "rebalance"])
def test_both_legs_closed_by_hand_end_the_hedge_whatever_the_policy(on_leg_lost: str) -> None:
    stage = Stage()
    stage.open(intent(policy=with_policy(on_leg_lost=on_leg_lost)))
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue))
    for _ in range(2):
        stage.wait(1.2)
        stage.read_done("alpha", ReadKind.POSITIONS, native="")
    assert stage.state() == ("halted" if on_leg_lost == "halt" else "unbalanced")
    assert (ReadKind.POSITIONS, "", None) in stage.pens["beta"].reads
    for _ in range(2):
        stage.wait(1.2)
        stage.read_done("beta", ReadKind.POSITIONS, native="")
    assert stage.runner.ledgers[HEDGE].state.ended
    assert len(stage.sent()) == 2
    assert [stage.runner.ledgers[HEDGE].position(leg) for leg in (0, 1)] == [0, 0]


def test_what_the_other_venue_could_still_trade_is_left_to_a_person_and_told_once() -> None:
    """A tenth of a lot of one leg is a whole lot of the other: nothing goes round in a circle over it."""
    stage = Stage()
    buy, sell = instrument("alpha", step="1", least="0"), instrument("beta", step="0.1", least="0")
    stage.open(intent(buy=buy, sell=sell))
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue))
    for _ in range(2):
        stage.wait(1.2)
        for venue, qty in (("alpha", "0.3"), ("beta", "0")):
            if qty != "0":
                stage.position(venue, qty)
            stage.read_done(venue, ReadKind.POSITIONS, native="")
    assert stage.state() == "halted"
    told = len(stage.said)
    stage.wait(60)
    assert stage.state() == "halted"
    assert len(stage.said) <= told + 1
    assert len(stage.sent()) == 2
