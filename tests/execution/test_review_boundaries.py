"""A mistake anywhere around one hedge: the others go on, nothing stands still in silence, and the person is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.core.orders import Order, Side
from arbtui.execution import runner as runners
from arbtui.execution.actions import Action, Desk
from arbtui.execution.decide import decide
from arbtui.execution.ledger import Ledger
from arbtui.execution.ports import Price
from arbtui.execution.records import Fact
from arbtui.execution.runner import Runner, Said
from tests.execution.stage import HEDGE, RULES, Stage, dec, intent

OTHER = "mywpiwwa01"


def listening(say: Callable[[Said], None], watch: Callable[[str, Fact], None]) -> Stage:
    """A stage whose listeners are these."""
    stage = Stage()
    stage.runner = Runner(stage.clock, stage.pens, stage.disk, stage.board, RULES, say=say, watch=watch)
    stage.runner.start()
    stage.runner.arm()
    return stage


def fails(*_args: object) -> NoReturn:
    raise RuntimeError("a screen with a mistake in it")


def test_a_listener_that_fails_keeps_no_order_from_going_out() -> None:
    stage = listening(say=fails, watch=fails)
    stage.open()
    buy, sell = stage.order("alpha"), stage.order("beta")
    stage.fills(buy)
    stage.refuses(sell, RefusalReason.OTHER)
    stage.wait(1)
    again = stage.order("beta")
    assert again.client_id != sell.client_id
    stage.fills(again)
    assert stage.state() == "hedged"
    assert [kept.kind for kept in stage.disk.kept].count("order") == 3


def failing_on(monkeypatch: pytest.MonkeyPatch, hedge: str) -> Callable[[], None]:
    """``decide`` fails on one hedge, until the returned is called."""
    broken = {hedge}

    def one_fails(ledger: Ledger, prices: tuple[Price, Price], now_ns: int, desk: Desk) -> Action:
        if ledger.hedge in broken:
            raise ZeroDivisionError
        return decide(ledger, prices, now_ns, desk)

    monkeypatch.setattr(runners, "decide", one_fails)
    return broken.clear


def test_a_decision_that_fails_is_an_alarm_and_stops_no_other_hedge(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    stage.open()
    stage.open(intent(hedge=OTHER))
    orders = {order.client_id[2:12]: order for order in stage.pens["alpha"].placed}
    failing_on(monkeypatch, HEDGE)
    stage.fills(orders[HEDGE])
    assert stage.state() == "halted"
    assert any("internal error (ZeroDivisionError)" in text for text in stage.alarms())
    for pen in stage.pens.values():
        stage.fills(next(order for order in pen.placed if order.client_id[2:12] == OTHER))
    assert stage.state(OTHER) == "hedged"


def test_a_hedge_at_which_a_decision_failed_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    stage.open()
    mended = failing_on(monkeypatch, HEDGE)
    stage.silent(stage.order("alpha"))
    stage.wait(30)
    assert stage.pens["alpha"].queried == []
    assert len(stage.alarms()) == 1
    mended()
    stage.wait(11)
    assert stage.pens["alpha"].queried == [stage.order("alpha").client_id]


def test_an_executor_that_fails_leaves_its_order_in_doubt_and_sends_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    monkeypatch.setattr(stage.pens["alpha"], "place", fails)
    stage.open()
    assert len(stage.pens["beta"].placed) == 1
    assert stage.state() == "in_doubt"
    assert stage.pens["alpha"].queried


def test_an_event_that_cannot_be_taken_in_is_told_and_its_order_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    stage.open()
    order: Order = stage.order("alpha")
    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "hear", fails)
        stage.fills(order)
    assert any("alpha told could not be taken in" in text for text in stage.alarms())
    stage.wait(10)
    assert order.client_id in stage.pens["alpha"].queried


def test_a_disk_that_hangs_in_the_middle_of_a_hedge_does_not_keep_the_excess_open() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.disk.hold = True
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    stage.wait(2.9)
    assert len(stage.sent()) == 2
    assert not any("the disk" in text for text in stage.alarms())
    stage.wait(0.2)
    assert not stage.runner.armed
    assert any("the disk has not answered for 3 s" in text for text in stage.alarms())
    (back,) = stage.pens["alpha"].placed[1:]  # the time to hedge the missing leg is over: it is given back
    assert (back.side, back.qty, len(stage.sent())) == (Side.SELL, dec(10), 3)
    stage.fills(back)
    assert stage.state() == "flat"
    assert "see to the disk" in stage.runner.arm().text
    stage.disk.release()  # what it answers now was decided without it
    stage.wait(10)
    assert len(stage.sent()) == 3
    assert stage.runner.arm().accepted
    again = Stage(list(stage.disk.kept), now_ns=stage.clock.now_ns())
    assert again.state() == "flat"


def test_a_hedge_that_waits_for_a_disk_that_hangs_is_never_begun() -> None:
    stage = Stage()
    stage.open()
    stage.disk.hold = True
    other = intent(hedge=OTHER, now_ns=stage.clock.now_ns(), qty="1")
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue))
    assert stage.runner.open(other).accepted
    stage.wait(4)
    assert stage.state(OTHER) == "done"
    stage.disk.release()
    stage.wait(10)
    assert (stage.state(OTHER), len(stage.sent())) == ("done", 2)


def test_an_order_that_waits_for_a_disk_that_hangs_is_not_sent_when_it_answers() -> None:
    stage = Stage()
    stage.disk.hold = True
    stage.open()
    stage.disk.held.pop(0)()  # the intent stands, its orders do not yet
    stage.wait(3.5)
    stage.disk.release()
    stage.runner.arm()
    stage.wait(10)
    assert stage.sent() == []
    assert stage.state() == "done"


def test_a_disk_that_is_only_slow_changes_nothing() -> None:
    stage = Stage()
    stage.disk.hold = True
    stage.open()
    for _ in range(3):
        stage.wait(1.5)
        for _ in range(len(stage.disk.held)):
            stage.disk.held.pop(0)()
    assert stage.runner.armed
    assert len(stage.sent()) == 2


def test_a_disk_that_hangs_before_anything_was_sent_is_an_alarm() -> None:
    stage = Stage()
    stage.disk.hold = True
    stage.open()
    stage.wait(10)
    assert any("has not answered" in text for text in stage.alarms())
    assert stage.sent() == []
    assert stage.state() == "done"
