"""Restarts, a disk that fails, strangers, and what a venue does to a leg by itself."""

from __future__ import annotations

import pytest

from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import OrderKind, OrderReport, OrderStatus, ReadFailed, ReadKind, Side, StreamState
from arbtui.execution.intents import Intent, Style, client_id, read_client_id
from arbtui.execution.ports import Record
from arbtui.execution.records import BadRecord
from arbtui.execution.reviews import close_intent
from arbtui.execution.runner import Runner, Said, Stopped
from arbtui.execution.sending import UNSAVED_MAX
from tests.execution.stage import (
    GOOD,
    HEDGE,
    LISTS,
    RULES,
    Disk,
    Pen,
    Stage,
    dec,
    fill,
    intent,
    quote,
    report,
    with_policy,
)


def again(stage: Stage, after_s: float = 1.0) -> Stage:
    """The process is gone; the next one has the journal."""
    return Stage(list(stage.disk.kept), now_ns=stage.clock.now_ns() + int(after_s * 1e9))


def told_everything(stage: Stage, *, positions: tuple[str, str] = ("10", "-10")) -> None:
    for _ in range(2):  # twice, and what the life before sent last may be missing for a second
        stage.wait(1.1)
        for venue, qty in zip(("alpha", "beta"), positions, strict=True):
            stage.position(venue, qty)
            for kind in LISTS:
                stage.read_done(venue, kind)


def test_the_first_act_of_a_new_life_is_to_read_the_venues() -> None:
    first = Stage()
    first.hedged()
    second = again(first)
    assert second.state() == "in_doubt"
    for pen in second.pens.values():
        assert {kind for kind, _, _ in pen.reads} == set(LISTS)
    assert second.sent() == []
    told_everything(second)
    assert second.state() == "hedged"


def test_a_new_life_is_disarmed() -> None:
    stage = Stage()
    stage.runner.armed = False
    second = Stage(list(stage.disk.kept))
    second.runner.armed = False
    assert not second.runner.open(intent()).accepted


def test_an_order_that_may_have_been_sent_is_never_sent_again() -> None:
    first = Stage()
    first.open()
    second = again(first)
    assert second.sent() == []
    assert set(second.pens["alpha"].queried) == {first.order("alpha").client_id}
    for venue in ("alpha", "beta"):
        second.report(first.order(venue), OrderStatus.FILLED, "10", "query")
    told_everything(second)
    assert second.state() == "hedged"
    assert second.sent() == []


def test_an_intent_without_orders_is_dropped_by_the_next_life() -> None:
    first = Stage()
    first.disk.hold = True
    first.open()
    first.disk.held.pop(0)()
    second = again(first)
    told_everything(second, positions=("0", "0"))
    assert second.state() == "done"
    assert second.sent() == []


def test_an_excess_is_given_back_by_the_next_life() -> None:
    first = Stage()
    first.open()
    first.fills(first.order("alpha"))
    second = again(first)
    second.report(first.order("beta"), OrderStatus.EXPIRED, "0", "query")
    told_everything(second, positions=("10", "0"))
    assert second.state() == "rehedging"
    assert second.order("beta").client_id not in first.sent()


def test_halted_stays_halted() -> None:
    first = Stage()
    first.open()
    first.fills(first.order("alpha"))
    first.runner.kill("a test")
    first.refuses(first.order("beta"), RefusalReason.OTHER)
    second = again(first)
    told_everything(second, positions=("10", "0"))
    second.wait(60)
    assert second.state() == "halted"
    assert second.sent() == []
    assert any("taken over as halted" in text for text in second.alarms())


def test_venues_that_cannot_be_read_halt_after_two_minutes() -> None:
    first = Stage()
    first.hedged()
    second = again(first)
    second.wait(31)
    assert any("could not be read" in text for text in second.alarms())
    second.wait(90)
    assert second.state() == "halted"


def test_a_record_that_cannot_be_read_is_named() -> None:
    with pytest.raises(BadRecord, match="order record of hedge x"):
        Stage([Record(0, "x", "order", b'{"type":"order"')])


def test_a_full_disk_opens_nothing_and_disarms() -> None:
    stage = Stage()
    stage.disk.full = True
    stage.open()
    assert stage.sent() == []
    assert stage.state() == "done"
    assert not stage.runner.armed
    assert "journal" in stage.runner.arm().text


def test_a_disk_that_was_freed_is_noticed_though_nothing_happens() -> None:
    stage = Stage()
    stage.disk.full = True
    stage.runner.open(intent())
    assert stage.runner.journal_failed
    assert not stage.runner.arm().accepted
    stage.wait(10)
    assert stage.runner.journal_failed
    stage.disk.full = False
    stage.wait(2.1)
    assert not stage.runner.journal_failed
    assert not stage.runner.armed
    assert stage.runner.arm().accepted


def test_a_hedge_whose_venue_takes_no_part_in_this_run_is_said_and_left_as_it_is() -> None:
    first = Stage()
    first.hedged()
    said: list[Said] = []
    ended: list[Stopped] = []
    runner = Runner(
        first.clock, {"alpha": first.pens["alpha"]}, first.disk, first.board, {"alpha": RULES["alpha"]}, say=said.append
    )
    runner.restore(list(first.disk.kept))
    before = len(first.pens["alpha"].placed)
    runner.start()
    assert any("no account on beta" in line.text and line.alarm for line in said)
    runner.poke()
    first.wait(30)
    assert len(first.pens["alpha"].placed) == before
    runner.stop(ended.append)
    (stopped,) = ended
    assert HEDGE in " ".join(stopped.open + stopped.doubt)


def test_a_full_disk_does_not_keep_an_excess_open() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    stage.disk.full = True
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    assert len(stage.pens["beta"].placed) == 2
    stage.fills(stage.order("beta"))
    assert stage.state() == "hedged"
    assert not stage.runner.armed
    stage.disk.full = False
    stage.wait(60)  # the next record takes the others with it, first things first
    stage.runner.poke()
    stage.fills(stage.order("beta"))
    kinds = [kept.kind for kept in stage.disk.kept if kept.hedge == HEDGE]
    assert kinds.count("order") == 3
    again_sent = again(stage)
    assert again_sent.runner.ledgers[HEDGE].position(1) == -10


def test_what_went_out_unrecorded_is_found_in_the_history_and_its_name_is_not_used_again() -> None:
    first = Stage()
    first.open()
    first.fills(first.order("alpha"))
    first.disk.full = True
    first.refuses(first.order("beta"), RefusalReason.OTHER)
    lost = first.order("beta")
    second = again(first)
    assert lost.client_id not in second.runner.ledgers[HEDGE].lines
    second.report(first.order("beta", 0), OrderStatus.REJECTED, "0", "query")
    second.runner.hear(report(lost, OrderStatus.FILLED, "10", "history", second.clock.now_ns()))
    told_everything(second)
    assert second.state() == "hedged"
    assert any("unrecorded" in text for text in second.alarms())
    assert second.runner.ledgers[HEDGE].number > UNSAVED_MAX


def test_hedge_ids_grow_across_lives_and_clock_steps() -> None:
    first = Stage()
    made = first.open(intent(hedge=first.runner.new_id()))
    second = Stage(list(first.disk.kept), now_ns=first.clock.now_ns() - 10**15)
    assert second.runner.new_id() > made.hedge


def test_somebody_elses_order_is_told_and_left_alone() -> None:
    stage = Stage()
    stage.hedged()
    strange = report(stage.order("alpha"), OrderStatus.OPEN)
    strange = OrderReport(**{**{f: getattr(strange, f) for f in strange.__struct_fields__}, "client_id": "web_1"})
    strange = OrderReport(**{**{f: getattr(strange, f) for f in strange.__struct_fields__}, "order_id": "77"})
    stage.runner.hear(strange)
    assert any("not arbtui's" in said.text for said in stage.said)
    assert stage.state() == "hedged"
    assert stage.pens["alpha"].canceled == []


def lose_a_leg(stage: Stage) -> None:
    for _ in range(2):
        stage.wait(1.2)
        stage.position("beta", "-4")
        stage.read_done("beta", ReadKind.POSITIONS, native="")


def test_a_leg_that_was_taken_away_halts_the_hedge() -> None:
    stage = Stage()
    stage.hedged()
    lose_a_leg(stage)
    assert stage.state() == "halted"
    assert "6 were taken away" in " ".join(stage.alarms())
    assert len(stage.sent()) == 2


def test_one_read_takes_no_leg_away() -> None:
    stage = Stage()
    stage.hedged()
    stage.wait(1)
    stage.read_done("beta", ReadKind.POSITIONS, native="")
    assert stage.state() == "hedged"
    stage.wait(1.2)
    stage.position("beta", "-10")
    stage.read_done("beta", ReadKind.POSITIONS, native="")
    stage.wait(1.2)
    assert stage.state() == "hedged"


def test_a_read_that_fails_does_not_put_off_what_is_suspected() -> None:
    stage = Stage()
    stage.hedged()
    stage.wait(1)
    stage.read_done("beta", ReadKind.POSITIONS, native="")
    reads = stage.pens["beta"].reads
    for _ in range(2):
        reads.clear()
        stage.wait(1.2)
        assert reads.count((ReadKind.POSITIONS, "", None)) == 1
        stage.runner.hear(
            ReadFailed(
                venue="beta", market=Market.PERP, kind=ReadKind.POSITIONS, text="HTTP 503", t_ns=stage.clock.now_ns()
            )
        )
    stage.wait(1.2)
    stage.read_done("beta", ReadKind.POSITIONS, native="")
    assert stage.state() == "halted"


def test_a_leg_that_was_taken_away_is_balanced_where_the_policy_says_so() -> None:
    stage = Stage()
    stage.open(intent(policy=with_policy(on_leg_lost="rebalance")))
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue))
    lose_a_leg(stage)
    assert stage.state() == "unbalanced"
    assert len(stage.sent()) == 2  # whoever took this leg may be taking the other one
    stage.wait(1.1)
    for venue, qty in (("alpha", "10"), ("beta", "-4")):
        stage.position(venue, qty)
        stage.read_done(venue, ReadKind.POSITIONS, native="")
    assert stage.state() == "rehedging"
    assert (stage.order("beta").side, stage.order("beta").qty) == (Side.SELL, dec(6))


def test_liquidation_is_an_alarm_and_the_positions_are_read_at_once() -> None:
    stage = Stage()
    stage.hedged()
    order = stage.order("beta")
    taken = fill(order, "6", fill_id="adl", named=False)
    stage.runner.hear(
        type(taken)(**{**{f: getattr(taken, f) for f in taken.__struct_fields__}, "origin": "adl", "order_id": "z"})
    )
    assert any("adl" in text for text in stage.alarms())
    assert (ReadKind.POSITIONS, "", None) in stage.pens["beta"].reads


def test_client_ids_say_what_they_are() -> None:
    stage = Stage()
    stage.open()
    name = read_client_id(stage.order("beta").client_id)
    assert name is not None
    assert client_id(name.hedge, name.leg, name.purpose, name.number) == stage.order("beta").client_id


def test_a_life_that_died_while_reading_leaves_its_window_to_the_next() -> None:
    first = Stage()
    first.open()
    first.fills(first.order("alpha"))
    first.disk.full = True
    first.refuses(first.order("beta"), RefusalReason.OTHER)
    second = again(first)
    second.report(first.order("beta", 0), OrderStatus.REJECTED, "0", "query")
    second.wait(5)
    third = again(second, after_s=60.0)
    third.wait(1.1)
    since = [since_ms for kind, _, since_ms in third.pens["beta"].reads if kind is ReadKind.FILLS]
    assert since
    assert all(since_ms is not None and since_ms * 1_000_000 < first.clock.now_ns() for since_ms in since)


def test_after_a_sleep_it_is_disarmed_and_the_venues_are_read() -> None:
    stage = Stage()
    stage.hedged()
    stage.wait(600)
    for pen in stage.pens.values():
        pen.reads.clear()
    stage.runner.reconcile("the machine slept for 10 minutes")
    assert not stage.runner.armed
    assert stage.state() == "in_doubt"
    told_everything(stage)
    assert stage.state() == "hedged"


def test_an_order_that_waited_for_the_disk_through_a_sleep_is_not_sent() -> None:
    stage = Stage()
    stage.disk.hold = True
    stage.open()
    stage.disk.held.pop(0)()
    stage.runner.reconcile("the clock jumped")
    stage.disk.release()
    assert stage.sent() == []


def test_a_life_that_the_journal_never_heard_of_sends_nothing_unrecorded() -> None:
    first = Stage()
    first.open()
    first.fills(first.order("alpha"))
    second = Stage(list(first.disk.kept), now_ns=first.clock.now_ns() + 10**9, full=True)
    second.report(first.order("beta", 0), OrderStatus.REJECTED, "0", "query")
    told_everything(second, positions=("10", "0"))
    assert second.state() == "halted"
    assert second.sent() == []


def test_what_a_dead_life_sent_last_is_given_time_to_show_in_the_lists() -> None:
    first = Stage()
    first.open()
    first.fills(first.order("alpha"))
    second = again(first)
    second.report(first.order("beta"), OrderStatus.EXPIRED, "0", "query")
    second.wait(0.9)
    assert not [kind for kind, _, _ in second.pens["alpha"].reads]
    second.wait(0.2)
    assert {kind for kind, _, _ in second.pens["alpha"].reads} == set(LISTS)


def test_a_closing_that_had_not_begun_is_not_taken_up_by_the_next_life() -> None:
    first = Stage()
    first.hedged()
    made = close_intent(first.runner.ledgers[HEDGE], GOOD, first.clock.now_ns())
    assert isinstance(made, Intent)
    first.disk.hold = True
    first.runner.close(made)
    for _ in range(2):
        first.disk.held.pop(0)()  # the intent and its step stand, the orders do not
    second = again(first)
    told_everything(second)
    assert second.sent() == []
    assert second.state() == "hedged"


def test_two_reads_within_a_second_take_no_leg_away() -> None:
    stage = Stage()
    stage.hedged()
    for _ in range(2):
        stage.wait(0.4)
        stage.read_done("beta", ReadKind.POSITIONS, native="")
    assert stage.state() == "hedged"


def test_after_a_gap_of_the_private_stream_all_is_read_again() -> None:
    stage = Stage()
    stage.open()
    stage.fills(stage.order("alpha"))
    for state in ("down", "up"):
        told = StreamState(
            venue="beta",
            markets=(Market.PERP,),
            state=state,
            text="",
            t_ns=stage.clock.now_ns(),
        )
        stage.runner.hear(told)
    assert {kind for kind, _, _ in stage.pens["beta"].reads} == {
        ReadKind.OPEN_ORDERS,
        ReadKind.FILLS,
        ReadKind.POSITIONS,
    }
    assert stage.pens["beta"].queried == [stage.order("beta").client_id]


def test_a_stop_before_the_start_sends_nothing_and_says_what_is_open() -> None:
    before = Stage()
    before.open()
    buy, sell = before.order("alpha"), before.order("beta")
    before.board.prices["beta.perp.COINUSDT"] = quote("100.20", "100.21", fresh=False)
    before.fills(buy)
    before.accepted(sell)
    before.report(sell, OrderStatus.EXPIRED, "0")
    assert before.state() == "unbalanced"
    clock, pens, told = ManualClock(before.clock.now_ns() + 5 * NS_PER_S), {n: Pen(n) for n in RULES}, list[Stopped]()
    runner = Runner(clock, pens, Disk(), before.board, RULES, say=lambda _said: None)
    runner.restore(before.disk.kept)
    assert not runner.arm().accepted
    runner.stop(told.append)
    clock.advance_to(clock.now_ns() + 12 * NS_PER_S)
    assert [pen.placed for pen in pens.values()] == [[], []]
    (end,) = told
    assert "unbalanced" in end.doubt[0]


def test_what_was_taken_while_an_order_rests_is_said_at_once_and_believed_only_after_it() -> None:
    stage = Stage()
    stage.hedged()
    ledger = stage.runner.ledgers[HEDGE]
    made = close_intent(ledger, GOOD, stage.clock.now_ns(), style=Style.MAKER_TAKER, maker=1)
    assert isinstance(made, Intent)
    assert stage.runner.close(made).accepted
    resting = stage.order("beta")
    assert resting.kind is OrderKind.POST_ONLY
    stage.accepted(resting)
    for _ in range(3):
        stage.wait(1.2)
        stage.position("beta", "-5")
        stage.read_done("beta", ReadKind.POSITIONS, native="")
    said = [text for text in stage.alarms() if "which may be why" in text]
    assert len(said) == 1
    assert "holds -5 coins, arbtui's hedges -10" in said[0]
    assert ledger.position(1) == dec(-10)
    stage.runner.cancel(HEDGE)
    stage.report(resting, OrderStatus.CANCELED, "0")
    for _ in range(3):
        stage.wait(1.2)
        stage.position("beta", "-5")
        stage.read_done("beta", ReadKind.POSITIONS, native="")
    assert any("5 were taken away" in text for text in stage.alarms())


def dies_in_trouble(tries: int) -> Stage:
    """Leg alpha is filled, beta was refused so often; the process is gone and comes back after a minute."""
    first = Stage()
    first.open()
    first.fills(first.order("alpha"))
    for _ in range(tries):
        first.refuses(first.order("beta"), RefusalReason.OTHER)
        first.wait(0.3)
    second = again(first, after_s=60.0)
    for order in first.pens["beta"].placed:
        second.report(order, OrderStatus.EXPIRED, "0", "query")
    told_everything(second, positions=("10", "0"))
    return second


def test_the_time_in_which_nobody_looked_is_not_taken_from_the_repair() -> None:
    stage = dies_in_trouble(2)
    assert stage.state() == "rehedging"
    assert (stage.order("beta").side, stage.order("beta").qty) == (Side.SELL, dec(10))
    stage.refuses(stage.order("beta"), RefusalReason.OTHER)
    stage.wait(3.1)
    assert stage.state() == "unwinding"


def test_a_recovered_excess_waits_for_a_price_as_long_as_a_new_one() -> None:
    first = Stage()
    first.open()
    first.fills(first.order("alpha"))
    first.board.prices["beta.perp.COINUSDT"] = quote("100.20", "100.21", fresh=False)
    first.board.prices["alpha.perp.COINUSDT"] = quote("99.99", "100.00", fresh=False)
    first.refuses(first.order("beta"), RefusalReason.OTHER)
    assert first.state() == "unbalanced"
    second = again(first, after_s=60.0)
    for leg in second.board.prices:
        second.board.prices[leg] = quote("100.00", "100.01", fresh=False)
    second.report(first.order("beta"), OrderStatus.EXPIRED, "0", "query")
    told_everything(second, positions=("10", "0"))
    assert second.state() == "unbalanced"
    second.wait(10.5)
    assert second.state() == "halted"


def test_tries_count_over_lives() -> None:
    stage = dies_in_trouble(3)
    assert stage.state() == "unwinding"
    assert stage.order("alpha").side is Side.SELL
