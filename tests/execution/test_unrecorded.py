"""Orders that went out while the journal failed, and what the venues hold because of them, after a restart."""

from __future__ import annotations

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.core.orders import Order, OrderReport, OrderStatus, ReadKind
from tests.execution.stage import HEDGE, Stage, fill, intent, report

LISTS = (ReadKind.OPEN_ORDERS, ReadKind.FILLS, ReadKind.HISTORY)


def given_back_unrecorded() -> tuple[Stage, Order]:
    """Alpha filled, beta refused; what alpha filled was given back on a full disk. The next life, and that order."""
    first = Stage()
    first.open()
    first.fills(first.order("alpha"))
    first.disk.full = True
    first.refuses(first.order("beta"), RefusalReason.INSUFFICIENT)
    unwind = first.order("alpha")
    assert not unwind.client_id.endswith(first.pens["alpha"].placed[0].client_id)
    first.fills(unwind)
    assert first.state() == "flat"
    return Stage(list(first.disk.kept), now_ns=first.clock.now_ns() + 60 * 10**9), unwind


def listed(order: Order, t_ns: int) -> OrderReport:
    """As a list tells it: an order that nobody knows is made again of that."""
    return report(order, OrderStatus.FILLED, str(order.qty), "query", t_ns)


def refused_before(stage: Stage) -> None:
    """What became of the order of beta that the journal knows."""
    for client_id, line in stage.runner.ledgers[HEDGE].lines.items():
        if line.order.venue == "beta":
            stage.report(line.order, OrderStatus.REJECTED, "0", "query")
            assert line.ended, client_id


def read_positions(stage: Stage, times: int) -> None:
    for _ in range(times):
        stage.wait(1.1)
        for venue in ("alpha", "beta"):
            stage.read_done(venue, ReadKind.POSITIONS, native="")


def lists_told(stage: Stage) -> None:
    """With nothing else in them than was said."""
    for venue in ("alpha", "beta"):
        for kind in LISTS:
            stage.read_done(venue, kind)


def read_lists(stage: Stage, unwind: Order, times: int) -> None:
    for _ in range(times):
        stage.wait(1.1)
        now_ns = stage.clock.now_ns()
        stage.runner.hear(listed(unwind, now_ns))
        stage.runner.hear(fill(unwind, str(unwind.qty), told="query", t_ns=now_ns))
        lists_told(stage)


def test_what_an_unrecorded_order_took_away_is_not_judged_before_the_lists_are_read() -> None:
    stage, unwind = given_back_unrecorded()
    refused_before(stage)
    read_positions(stage, 4)
    assert stage.state() == "in_doubt"
    assert not any("taken away" in text for text in stage.alarms())
    read_lists(stage, unwind, 3)
    read_positions(stage, 3)
    ledger = stage.runner.ledgers[HEDGE]
    assert ledger.state.ended
    assert [ledger.position(leg) for leg in (0, 1)] == [0, 0]
    assert ledger.lost == [0, 0]
    assert stage.sent() == []


def test_what_is_gone_without_an_order_of_ours_is_judged_once_the_lists_are_read() -> None:
    stage, _ = given_back_unrecorded()
    refused_before(stage)
    for _ in range(3):
        stage.wait(1.1)
        lists_told(stage)
    read_positions(stage, 3)
    assert any("10 were taken away" in text for text in stage.alarms())
    assert stage.sent() == []


def test_lists_that_are_never_read_halt_and_what_differs_is_said_once() -> None:
    stage, _ = given_back_unrecorded()
    refused_before(stage)
    stage.wait(125)
    assert stage.state() == "halted"
    read_positions(stage, 6)
    ledger = stage.runner.ledgers[HEDGE]
    assert ledger.lost == [0, 0]
    differs = [said.text for said in stage.said if "alpha.perp.COINUSDT holds 0 coins" in said.text]
    assert len(differs) == 1


def test_a_venue_that_holds_what_the_books_say_bears_them_out_before_the_lists_are_read() -> None:
    first = Stage()
    first.hedged()
    stage = Stage(list(first.disk.kept), now_ns=first.clock.now_ns() + 60 * 10**9)
    stage.wait(0.1)
    for venue, qty in (("alpha", "10"), ("beta", "-10")):
        stage.position(venue, qty)
        stage.read_done(venue, ReadKind.POSITIONS)
        for kind in LISTS:
            stage.read_done(venue, kind)
    assert stage.state() == "hedged"


@pytest.mark.parametrize("life", [1, 2])
def test_a_second_death_while_the_lists_are_read_changes_nothing(life: int) -> None:
    stage, unwind = given_back_unrecorded()
    if life == 2:
        read_positions(stage, 1)
        stage = Stage(list(stage.disk.kept), now_ns=stage.clock.now_ns() + 10**9)
    refused_before(stage)
    read_positions(stage, 2)
    read_lists(stage, unwind, 3)
    read_positions(stage, 3)
    assert stage.runner.ledgers[HEDGE].state.ended
    assert stage.runner.ledgers[HEDGE].lost == [0, 0]


def test_an_order_that_turns_up_after_its_coins_were_given_up_leaves_the_hedge_to_a_person() -> None:
    stage, unwind = given_back_unrecorded()
    refused_before(stage)
    for _ in range(3):
        stage.wait(1.1)
        lists_told(stage)
    stage.wait(1.1)
    for _ in range(2):
        stage.read_done("alpha", ReadKind.POSITIONS, native="")
        stage.wait(1.1)
    assert stage.state() == "halted"
    stage.runner.hear(listed(unwind, stage.clock.now_ns()))
    read_positions(stage, 3)
    assert stage.state() == "halted"
    assert stage.sent() == []


def test_what_an_order_that_only_a_fill_tells_of_took_away_was_its_own_hedges_and_no_youngers() -> None:
    first = Stage()
    made = [first.open(), first.open(intent(hedge=f"{HEDGE[:-1]}1", now_ns=first.clock.now_ns()))]
    buys, sells = list(first.pens["alpha"].placed), list(first.pens["beta"].placed)
    for order in buys:
        first.fills(order)
    first.disk.full = True
    first.refuses(sells[0], RefusalReason.INSUFFICIENT)
    unwind = first.order("alpha")
    assert unwind.client_id.startswith(f"ab{HEDGE}u")
    first.disk.full = False
    second = Stage(list(first.disk.kept), now_ns=first.clock.now_ns() + 60 * 10**9)
    for order in buys:
        second.report(order, OrderStatus.FILLED, str(order.qty), "query")
    for order in sells:
        second.report(order, OrderStatus.REJECTED, "0", "query")
    for _ in range(4):
        second.wait(1.1)
        now_ns = second.clock.now_ns()
        second.runner.hear(fill(unwind, str(unwind.qty), fill_id="2", told="query", t_ns=now_ns))
        lists_told(second)
    for _ in range(3):
        second.wait(1.1)
        second.position("alpha", "10")  # of twenty
        for venue in ("alpha", "beta"):
            second.read_done(venue, ReadKind.POSITIONS, native="")
    older, younger = (second.runner.ledgers[one.hedge] for one in made)
    assert older.state == "halted"
    assert [older.position(0), younger.position(0)] == [0, 10]
    assert younger.state != "done"


def test_a_hedge_with_a_fill_of_an_order_that_nobody_knows_can_only_be_taken_over() -> None:
    """By its books it would give back what that order gave back: on a leg that it shares, another hedge's coins."""
    first = Stage()
    first.open()
    first.fills(first.order("alpha"))
    first.disk.full = True
    first.refuses(first.order("beta"), RefusalReason.INSUFFICIENT)
    unwind = first.order("alpha")
    second = Stage(list(first.disk.kept), now_ns=first.clock.now_ns() + 60 * 10**9)
    second.runner.hear(fill(unwind, str(unwind.qty), fill_id="2", told="query", t_ns=second.clock.now_ns()))
    assert second.state() == "halted"
    refused = second.runner.retry(HEDGE)
    assert not refused.accepted
    assert refused.text.endswith("look at alpha, then abandon it")
    second.wait(10)
    assert second.sent() == []
    assert second.runner.abandon(HEDGE).accepted
