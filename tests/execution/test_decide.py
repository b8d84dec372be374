"""``decide`` is a function: it changes nothing, and the same knowledge gives the same action."""

from __future__ import annotations

import msgspec
import pytest

from arbtui.core.orders import OrderKind, OrderStatus
from arbtui.execution.actions import Alarm, Cancel, Desk, Mark, Query, SendOrders, Wait
from arbtui.execution.decide import decide
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import Step
from arbtui.execution.records import Intended, Stepped, Told
from tests.execution.stage import GOOD, HEDGE, RULES, T0, fill, intent, report, unanswered

DESK = Desk(RULES)
REMEMBERED = ("_pos", "_unsettled", "lines", "_by_order_id")


def journaled() -> Ledger:
    ledger = Ledger(HEDGE)
    ledger.fold(T0, Intended(intent()))
    ledger.fold(T0, Stepped(Step.PERSISTED, ""))
    return ledger


def sent() -> Ledger:
    ledger = journaled()
    action = decide(ledger, GOOD, T0, DESK)
    assert isinstance(action, SendOrders)
    for ordered in action.orders:
        ledger.fold(T0, ordered)
        ledger.lines[ordered.order.client_id].handed_ns = T0
    ledger.fold(T0, Stepped(Step.SEND, ""))
    return ledger


def in_doubt() -> Ledger:
    ledger = sent()
    buy, sell = (line.order for line in ledger.lines.values())
    ledger.fold(T0, Told(fill(buy, "10")))
    ledger.fold(T0, Told(report(buy, OrderStatus.FILLED, "10")))
    ledger.fold(T0, Told(unanswered(sell)))
    return ledger


@pytest.mark.parametrize("make", [journaled, sent, in_doubt])
def test_deciding_twice_changes_nothing_and_says_the_same(make: object) -> None:
    assert callable(make)
    ledger: Ledger = make()
    before = everything(ledger)
    first, second = decide(ledger, GOOD, T0, DESK), decide(ledger, GOOD, T0, DESK)
    assert first == second
    assert everything(ledger) == before


def everything(ledger: Ledger) -> dict[str, str]:
    """All that a ledger knows, as text; ``_pos`` and ``_unsettled`` only remember what was computed of it."""
    known = {name: repr(value) for name, value in vars(ledger).items() if name not in REMEMBERED}
    return known | {name: repr(vars(line)) for name, line in ledger.lines.items()}


def test_nothing_is_decided_before_the_intent_is_on_disk() -> None:
    ledger = Ledger(HEDGE)
    ledger.fold(T0, Intended(intent()))
    assert decide(ledger, GOOD, T0, DESK) == Wait(None)


def test_an_order_that_is_not_on_disk_yet_is_waited_for() -> None:
    ledger = sent()
    for line in ledger.lines.values():
        line.handed_ns = None
    assert decide(ledger, GOOD, T0, DESK) == Wait(None)


def test_doubt_is_said_before_it_is_asked_about() -> None:
    ledger = in_doubt()
    said = decide(ledger, GOOD, T0, DESK)
    assert isinstance(said, Mark)
    assert said.step is Step.DOUBT
    ledger.fold(T0, Stepped(said.step, said.why))
    assert isinstance(decide(ledger, GOOD, T0, DESK), Query)


def test_while_a_leg_is_not_borne_out_nothing_of_the_hedge_rests() -> None:
    ledger = journaled()
    action = decide(ledger, GOOD, T0, DESK)
    assert isinstance(action, SendOrders)
    first = msgspec.structs.replace(action.orders[0].order, kind=OrderKind.POST_ONLY)
    ledger.fold(T0, msgspec.structs.replace(action.orders[0], order=first))
    ledger.lines[first.client_id].handed_ns = T0
    for step in (Step.SEND, Step.DOUBT):
        ledger.fold(T0, Stepped(step, ""))
    ledger.fold(T0, Told(report(first, OrderStatus.OPEN, "0")))
    waits = decide(ledger, GOOD, T0, Desk(RULES, unborne=frozenset({0})))
    assert isinstance(waits, Cancel)
    assert waits.client_id == first.client_id
    known = decide(ledger, GOOD, T0, DESK)
    assert isinstance(known, Mark)
    assert known.step is Step.RESOLVED


def test_the_alarm_is_one_action_and_the_halt_another() -> None:
    ledger = in_doubt()
    ledger.fold(T0, Stepped(Step.DOUBT, ""))
    assert isinstance(decide(ledger, GOOD, T0 + 31 * 10**9, DESK), Alarm)
    halt = decide(ledger, GOOD, T0 + 121 * 10**9, DESK)
    assert isinstance(halt, Mark)
    assert halt.step is Step.HALT


@pytest.mark.parametrize("desk", [Desk(RULES, armed=False), Desk(RULES, stopping=True), Desk(RULES, killed=True)])
def test_disarmed_stopping_or_killed_nothing_opens(desk: Desk) -> None:
    action = decide(journaled(), GOOD, T0, desk)
    assert isinstance(action, Mark)
    assert action.step in (Step.DROPPED, Step.EMPTY)
