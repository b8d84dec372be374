"""Closing, flattening, cancelling, the kill switch, the ordered stop, and what a person may say of a halted hedge."""

from __future__ import annotations

from arbtui.core.errors import RefusalReason
from arbtui.core.orders import OrderStatus, ReadKind, Side
from arbtui.execution.intents import Intent, Verb
from arbtui.execution.reviews import close_intent
from arbtui.execution.runner import Stopped
from tests.execution.stage import GOOD, HEDGE, Stage, dec, intent, quote, with_policy


def closing(stage: Stage, verb: Verb = Verb.CLOSE, qty: str | None = None) -> Intent:
    made = close_intent(
        stage.runner.ledgers[HEDGE], GOOD, stage.clock.now_ns(), verb=verb, qty_base=None if qty is None else dec(qty)
    )
    assert isinstance(made, Intent)
    answer = stage.runner.close(made)
    assert answer.accepted, answer.text
    return made


def test_closing_reduces_both_legs_at_once() -> None:
    stage = Stage()
    stage.hedged()
    closing(stage)
    sell, buy = stage.order("alpha"), stage.order("beta")
    assert (sell.side, buy.side, sell.reduce_only, buy.reduce_only) == (Side.SELL, Side.BUY, True, True)
    stage.fills(sell)
    stage.fills(buy)
    assert stage.state() == "done"


def test_flattening_waits_as_long_as_the_venue_asks_for_and_goes_on() -> None:
    stage = Stage()
    stage.hedged()
    closing(stage, Verb.FLATTEN)
    stage.fills(stage.order("alpha"))
    stage.refuses(stage.order("beta"), RefusalReason.RATE_LIMITED, retry_after_s=6.0)
    sent = len(stage.pens["beta"].placed)
    stage.wait(5.9)
    assert len(stage.pens["beta"].placed) == sent
    stage.wait(0.2)
    assert len(stage.pens["beta"].placed) == sent + 1
    stage.fills(stage.order("beta"))
    assert stage.state() in ("done", "flat")


def test_a_venue_that_takes_no_order_for_long_while_flattening_is_a_persons_matter() -> None:
    stage = Stage()
    stage.hedged()
    closing(stage, Verb.FLATTEN)
    stage.fills(stage.order("alpha"))
    stage.refuses(stage.order("beta"), RefusalReason.RATE_LIMITED, retry_after_s=120.0)
    stage.wait(1.0)
    assert stage.state() == "halted"
    assert any("takes no order for 1" in text for text in stage.alarms())


def test_flattening_that_gives_up_says_the_venues_words() -> None:
    stage = Stage()
    stage.hedged()
    closing(stage, Verb.FLATTEN)
    stage.fills(stage.order("alpha"))
    for _ in range(20):
        if stage.state() == "halted":
            break
        stage.refuses(stage.order("beta"), RefusalReason.BAD_PRICE)
        stage.wait(0.3)
    assert any("beta says bad_price" in text for text in stage.alarms())


def test_a_part_can_be_closed() -> None:
    stage = Stage()
    stage.hedged()
    closing(stage, qty="4")
    for venue in ("alpha", "beta"):
        assert stage.order(venue).qty == 4
        stage.fills(stage.order(venue))
    assert stage.state() == "hedged"
    assert stage.runner.ledgers[HEDGE].position(0) == 6


def test_closing_that_fills_on_one_leg_only_closes_the_other_too() -> None:
    stage = Stage()
    stage.hedged()
    closing(stage)
    stage.fills(stage.order("alpha"))
    stage.report(stage.order("beta"), OrderStatus.EXPIRED)
    assert stage.state() == "rehedging"
    again = stage.order("beta")
    assert (again.side, again.qty, again.reduce_only) == (Side.BUY, dec(10), True)
    stage.fills(again)
    assert stage.state() == "flat"


def test_closing_at_a_price_that_is_not_fresh_sends_nothing() -> None:
    stage = Stage()
    stage.hedged()
    stage.board.prices["beta.perp.COINUSDT"] = quote("100.20", "100.21", age_ms=5_000, fresh=False)
    closing(stage)
    assert len(stage.sent()) == 2
    assert stage.state() == "hedged"


def test_flattening_goes_on_until_nothing_is_left() -> None:
    stage = Stage()
    stage.hedged()
    closing(stage, Verb.FLATTEN)
    assert str(stage.order("alpha").price) == "99.00"  # 100 bps below the bid, up to the tick
    for _ in range(2):
        stage.fills(stage.order("alpha"), "3" if _ == 0 else None)
        stage.fills(stage.order("beta"), "2" if _ == 0 else None)
        stage.wait(0.3)
    assert stage.state() == "done"


def test_flattening_that_never_works_halts() -> None:
    stage = Stage()
    stage.open(intent(policy=with_policy(unwind_tries=1)))
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue))
    closing(stage, Verb.FLATTEN)
    for venue in ("alpha", "beta"):
        stage.report(stage.order(venue), OrderStatus.EXPIRED)
    assert stage.state() == "halted"


def test_reduce_only_refused_reads_the_position_twice_and_flat_is_success() -> None:
    stage = Stage()
    stage.hedged()
    closing(stage)
    stage.refuses(stage.order("alpha"), RefusalReason.REDUCE_ONLY)
    stage.fills(stage.order("beta"))
    stage.wait(0.1)
    stage.read_done("alpha", ReadKind.POSITIONS)
    assert stage.state() != "done"
    stage.wait(1.1)
    stage.read_done("alpha", ReadKind.POSITIONS)
    assert stage.state() == "done"
    assert any("holds 0" in text for text in stage.alarms())


def test_reduce_only_refused_with_the_position_still_there_is_tried_again() -> None:
    stage = Stage()
    stage.hedged()
    closing(stage)
    stage.refuses(stage.order("alpha"), RefusalReason.REDUCE_ONLY)
    stage.fills(stage.order("beta"))
    for _ in range(2):
        stage.wait(1.1)
        stage.position("alpha", "10")
        stage.read_done("alpha", ReadKind.POSITIONS)
    assert stage.state() == "rehedging"
    assert len(stage.pens["alpha"].placed) == 3


def test_the_kill_switch_opens_and_closes_nothing() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.runner.kill("a test")
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    stage.wait(200)
    assert len(stage.sent()) == 2
    assert stage.state() == "halted"
    assert "kill switch" in stage.alarms()[-1]


def test_the_kill_switch_reaches_orders_that_wait_for_the_disk() -> None:
    stage = Stage()
    stage.disk.hold = True
    stage.open()
    stage.disk.held.pop(0)()
    stage.runner.kill("a test")
    stage.disk.release()
    assert stage.sent() == []
    assert stage.state() == "done"


def test_a_hedged_pair_stays_as_it_is_under_the_kill_switch() -> None:
    stage = Stage()
    stage.hedged()
    stage.runner.kill("a test")
    assert stage.state() == "hedged"
    made = close_intent(stage.runner.ledgers[HEDGE], GOOD, stage.clock.now_ns())
    assert isinstance(made, Intent)
    assert "kill switch" in stage.runner.close(made).text


def test_stop_says_at_once_that_nothing_is_open() -> None:
    stage, ends = Stage(), list[Stopped]()
    stage.runner.stop(ends.append)
    assert ends == [Stopped(open=(), doubt=())]
    assert "stopping" in stage.runner.arm().text


def test_stop_lets_a_hedge_finish_and_names_what_stays() -> None:
    stage, ends = Stage(), list[Stopped]()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.runner.stop(ends.append)
    assert ends == []
    stage.fills(stage.order("beta"))
    assert len(ends) == 1
    assert "10 on alpha.perp.COINUSDT" in ends[0].open[0]
    assert ends[0].doubt == ()


def test_stop_ends_after_ten_seconds_and_names_the_doubt() -> None:
    stage, ends = Stage(), list[Stopped]()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.silent(stage.order("beta"))
    stage.runner.stop(ends.append)
    stage.wait(9.9)
    assert ends == []
    stage.wait(0.2)
    assert "in_doubt" in ends[0].doubt[0]


def test_how_long_the_end_takes_is_said_by_the_run_that_ends_not_by_the_one_that_opened_the_hedge() -> None:
    stage, ends = Stage(), list[Stopped]()
    stage.open(intent(policy=with_policy(stop_within_s=60.0)))
    stage.fills(stage.order("alpha"))
    stage.silent(stage.order("beta"))
    stage.runner.stop(ends.append, within_s=3.0)
    stage.wait(2.9)
    assert ends == []
    stage.wait(0.2)
    assert len(ends) == 1


def test_a_person_may_take_a_halted_hedge_over() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.runner.kill("a test")
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    assert stage.runner.abandon(HEDGE).accepted
    assert stage.state() == "done"
    assert stage.runner.ledgers[HEDGE].position(0) == 0


def test_a_person_may_let_the_rules_go_on() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.runner.kill("a test")
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    assert not stage.runner.retry(HEDGE).accepted
    stage.runner.arm()
    assert stage.runner.retry(HEDGE).accepted
    assert stage.state() == "rehedging"


def test_a_halted_pair_takes_no_new_hedge() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.runner.kill("a test")
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    stage.runner.arm()
    assert "is halted" in stage.runner.open(intent(hedge="mywpiwwa01")).text
