"""A person takes a hedge over: arbtui lets go for good, forgets nothing, and goes on saying what it hears."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from arbtui.core.clock import NS_PER_S
from arbtui.core.orders import OrderStatus
from arbtui.execution.actions import Desk, Wait
from arbtui.execution.decide import decide
from arbtui.execution.intents import Purpose, client_id
from arbtui.execution.limits import usage
from arbtui.execution.records import GivenUp, fact_of
from arbtui.execution.runner import Stopped
from tests.execution.stage import GOOD, HEDGE, RULES, Stage, dec, fill, intent, report


def more_filled_than_ordered(stage: Stage) -> str:
    order = stage.order("alpha")
    stage.fills(order, "12", end=False)
    return order.client_id


def fills_beyond_the_told_end(stage: Stage) -> str:
    order = stage.order("alpha")
    stage.fills(order, "6", end=False)
    stage.report(order, OrderStatus.CANCELED, "4")
    stage.wait(130)
    return order.client_id


def a_word_that_nobody_knows(stage: Stage) -> str:
    order = stage.order("alpha")
    stage.report(order, OrderStatus.UNKNOWN, None)
    stage.wait(130)
    return order.client_id


def a_fill_of_an_order_that_no_journal_kept(stage: Stage) -> str:
    stage.fills(stage.order("alpha"))
    name = client_id(HEDGE, 1, Purpose.UNWIND, 9)
    lost = fill(stage.order("beta"), "3", named=False)
    fields = {field: getattr(lost, field) for field in lost.__struct_fields__}
    stage.runner.hear(type(lost)(**{**fields, "client_id": name, "order_id": "77"}))
    return name


CONTRADICTIONS = [
    more_filled_than_ordered,
    fills_beyond_the_told_end,
    a_word_that_nobody_knows,
    a_fill_of_an_order_that_no_journal_kept,
]


def halted_by(contradict: Callable[[Stage], str]) -> tuple[Stage, str]:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("beta"))
    name = contradict(stage)
    assert stage.state() == "halted"
    return stage, name


def test_a_fill_beyond_the_told_end_of_what_was_taken_over_is_waited_for_by_nobody() -> None:
    stage = Stage()
    stage.open()
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue), "4")
    assert stage.runner.abandon(HEDGE).accepted
    stage.runner.hear(fill(stage.order("alpha"), "2", fill_id="late", t_ns=stage.clock.now_ns()))
    ledger = stage.runner.ledgers[HEDGE]
    assert ledger.unsettled()
    assert decide(ledger, GOOD, stage.clock.now_ns() + NS_PER_S, Desk(RULES)) == Wait(None)


def stopped(stage: Stage) -> Stopped:
    told: list[Stopped] = []
    stage.runner.stop(told.append)
    stage.wait(11)
    return told[0]


@pytest.mark.parametrize("contradict", CONTRADICTIONS)
def test_a_hedge_that_was_taken_over_in_doubt_has_ended_for_good(contradict: Callable[[Stage], str]) -> None:
    stage, name = halted_by(contradict)
    sent = len(stage.sent())
    answer = stage.runner.abandon(HEDGE)
    assert answer.accepted
    assert name in answer.text  # what was in doubt is named
    stage.wait(300)
    assert stage.state() == "done"
    assert len(stage.sent()) == sent
    taken = usage(stage.runner.ledgers.values(), lambda _ccy: Decimal(1), lambda _ledger: Decimal(0), 1)
    assert not isinstance(taken, str)
    assert (taken.by_coin, taken.unfinished, taken.open_hedges) == ({}, frozenset(), 0)
    assert stopped(stage) == Stopped((), ())


@pytest.mark.parametrize("contradict", CONTRADICTIONS)
def test_it_stays_ended_in_the_next_life(contradict: Callable[[Stage], str]) -> None:
    stage, name = halted_by(contradict)
    stage.runner.abandon(HEDGE)
    again = Stage(list(stage.disk.kept), now_ns=stage.clock.now_ns() + 10**9)
    again.wait(300)
    assert again.state() == "done"
    assert again.sent() == []
    assert stopped(again) == Stopped((), ())
    kept = [fact for record in stage.disk.kept if isinstance(fact := fact_of(record), GivenUp)]
    assert name in {fact.client_id for fact in kept} or name in again.runner.ledgers[HEDGE].why


def test_what_is_told_later_is_kept_and_said_and_nothing_is_sent_for_it() -> None:
    stage, name = halted_by(a_word_that_nobody_knows)
    order = stage.order("alpha")
    stage.runner.abandon(HEDGE)
    sent = len(stage.sent())
    stage.fills(order, "4")
    stage.wait(10)
    ledger = stage.runner.ledgers[HEDGE]
    assert ledger.lines[name].filled == 4
    assert (ledger.position(0), ledger.position(1)) == (dec(0), dec(0))
    assert any(f"{name} filled 4 coins" in text for text in stage.alarms())
    assert any(f"{name}, which was given up: canceled, filled 4" in said.text for said in stage.said)
    assert (stage.state(), len(stage.sent())) == ("done", sent)


def test_an_order_that_turns_out_to_rest_after_it_was_given_up_is_an_alarm() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("beta"))
    stage.wait(130)
    assert stage.runner.abandon(HEDGE).accepted
    stage.report(stage.order("alpha"), OrderStatus.OPEN)
    name = stage.order("alpha").client_id
    assert any(f"{name}, which was given up: open" in text for text in stage.alarms())


def test_an_unrecorded_order_that_is_found_after_the_person_took_over_is_said() -> None:
    stage, name = halted_by(a_fill_of_an_order_that_no_journal_kept)
    stage.runner.abandon(HEDGE)
    found = report(stage.order("beta"), OrderStatus.OPEN, "3")
    fields = {field: getattr(found, field) for field in found.__struct_fields__}
    stage.runner.hear(type(found)(**{**fields, "client_id": name, "order_id": "77"}))
    stage.wait(300)
    assert stage.state() == "done"
    assert any(f"{name} filled 3 coins" in text for text in stage.alarms())
    assert stopped(stage) == Stopped((), ())


def test_a_hedge_without_doubts_is_taken_over_without_alarm() -> None:
    stage = Stage()
    stage.hedged()
    before = len(stage.alarms())
    answer = stage.runner.abandon(HEDGE)
    assert answer.text == "a person took over 10 on alpha.perp.COINUSDT and -10 on beta.perp.COINUSDT"
    stage.wait(60)
    assert len(stage.alarms()) == before
    assert stage.state() == "done"
    assert stage.runner.open(intent(hedge="mywpiwwa01", qty="1", now_ns=stage.clock.now_ns())).accepted
    assert stage.runner.ledgers[HEDGE].lost == [dec(-10), dec(10)]
