"""What is known of orders: a union that no order of telling, no repetition and no late word can change."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import (
    Absence,
    AccountEvent,
    Fill,
    Order,
    OrderAbsent,
    OrderKind,
    OrderStatus,
    ReadDone,
    ReadFailed,
    ReadKind,
    Side,
)
from arbtui.execution.intents import Purpose, client_id
from arbtui.execution.ledger import Ledger, VenueRules
from arbtui.execution.lines import ANSWERS_KEPT, Line
from arbtui.execution.records import Dead, Dropped, Fact, GivenUp, Intended, Life, Ordered, Told, fact_of, record
from arbtui.execution.reviews import Rates
from tests.execution.stage import HEDGE, T0, accepted, dec, fill, instrument, intent, rejected, report, unanswered

RULES = VenueRules(Absence(settle_s=1.0, forget_s=60.0))


def ordered(
    number: int = 0, *, leg: int = 0, side: Side = Side.BUY, spot: bool = False, kind: OrderKind = OrderKind.IOC
) -> Ordered:
    order = Order(
        client_id=client_id(HEDGE, leg, Purpose.ENTER, number),
        venue=("alpha", "beta")[leg],
        market=Market.SPOT if spot else Market.PERP,
        native="COIN-USDT" if spot else "COINUSDT",
        side=side,
        kind=kind,
        qty=dec("10"),
        price=dec("100"),
    )
    return Ordered(order=order, leg=leg, turn=0, purpose=Purpose.ENTER, number=number)


def ledger_of(*facts: Ordered, spot: bool = False) -> Ledger:
    ledger = Ledger(HEDGE)
    buy = instrument("alpha", spot=True) if spot else None
    ledger.fold(T0, Intended(intent(buy=buy)))
    for fact in facts:
        ledger.fold(T0, fact)
        ledger.lines[fact.order.client_id].handed_ns = T0
    return ledger


def line_of(ledger: Ledger, fact: Ordered) -> Line:
    return ledger.lines[fact.order.client_id]


A = ordered(0)
STORY: list[AccountEvent] = [
    accepted(A.order),
    report(A.order, OrderStatus.OPEN),
    fill(A.order, "3", fill_id="1", fee="0.1"),
    report(A.order, OrderStatus.OPEN, "3"),
    fill(A.order, "4", fill_id="2", fee=None, named=False),
    fill(A.order, "4", fill_id="2", fee="0.2", named=False, told="fills"),
    report(A.order, OrderStatus.CANCELED, None),
    report(A.order, OrderStatus.CANCELED, "7", "query"),
    unanswered(A.order),
]


@given(st.permutations(STORY), st.lists(st.sampled_from(STORY), max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_order_of_telling_with_any_repetition_gives_the_same_knowledge(
    told: list[AccountEvent], again: list[AccountEvent]
) -> None:
    ledger = ledger_of(A)
    for event in [*told, *again]:
        ledger.hear(event)
    line = line_of(ledger, A)
    assert (line.filled, line.ended, line.settled, line.status) == (dec(7), True, True, OrderStatus.CANCELED)
    assert line.complete
    assert sum((each.fee or Decimal(0) for each in line.fills.values()), Decimal(0)) == dec("0.3")
    assert ledger.position(0) == 7


@given(st.permutations(STORY))
@settings(max_examples=60, deadline=None)
def test_what_is_filled_never_falls(told: list[AccountEvent]) -> None:
    ledger, before = ledger_of(A), Decimal(0)
    for event in told:
        ledger.hear(event)
        assert line_of(ledger, A).filled >= before
        before = line_of(ledger, A).filled


def test_an_open_told_after_the_end_is_an_older_message() -> None:
    ledger = ledger_of(A)
    ledger.hear(report(A.order, OrderStatus.FILLED, "10"))
    ledger.hear(report(A.order, OrderStatus.OPEN, "0"))
    assert line_of(ledger, A).settled
    assert line_of(ledger, A).filled == 10


def test_an_end_without_quantity_is_not_final() -> None:
    ledger = ledger_of(A)
    ledger.hear(report(A.order, OrderStatus.CANCELED, None))
    assert line_of(ledger, A).ended
    assert not line_of(ledger, A).settled


def test_fills_beyond_the_end_that_was_told_make_it_open_again() -> None:
    ledger = ledger_of(A)
    ledger.hear(report(A.order, OrderStatus.CANCELED, "2"))
    assert line_of(ledger, A).settled
    ledger.hear(fill(A.order, "5"))
    assert not line_of(ledger, A).settled
    ledger.hear(report(A.order, OrderStatus.CANCELED, "5", "query"))
    assert line_of(ledger, A).settled


def test_a_refusal_of_an_order_that_filled_is_no_refusal() -> None:
    ledger = ledger_of(A)
    ledger.hear(rejected(A.order, RefusalReason.OTHER))
    assert line_of(ledger, A).settled
    ledger.hear(fill(A.order, "10"))
    assert line_of(ledger, A).filled == 10
    assert ledger.position(0) == 10


def test_a_fill_told_before_its_order_has_a_name_is_found_later() -> None:
    ledger = ledger_of(A)
    ledger.hear(fill(A.order, "4", named=False))
    assert line_of(ledger, A).filled == 0
    assert ledger.blocked_by_stranger(line_of(ledger, A))
    ledger.hear(accepted(A.order))
    assert line_of(ledger, A).filled == 4
    assert not ledger.blocked_by_stranger(line_of(ledger, A))


def test_the_same_fill_id_on_another_instrument_is_another_fill() -> None:
    b = ordered(1, leg=1, side=Side.SELL)
    ledger = ledger_of(A, b)
    for each in (A, b):
        ledger.hear(fill(each.order, "4", fill_id="7"))
    assert (ledger.position(0), ledger.position(1)) == (dec(4), dec(-4))


def test_between_known_and_whole_everything_is_possible() -> None:
    b = ordered(1, leg=1, side=Side.SELL)
    ledger = ledger_of(A, b)
    ledger.hear(fill(A.order, "3"))
    gap = ledger.exposure()
    assert (gap.known, gap.low, gap.high) == (dec(3), dec(-7), dec(10))


def test_a_fee_in_the_coin_leaves_less_to_hedge_and_an_untold_one_is_reckoned_with() -> None:
    spot = ordered(0, spot=True)
    ledger = Ledger(HEDGE)
    made = intent(
        buy=instrument("alpha", spot=True),
        rates=(Rates(dec("0.001"), dec("0"), in_base=True), Rates(dec("0.0005"), dec("0"))),
    )
    ledger.fold(T0, Intended(made))
    ledger.fold(T0, spot)
    ledger.hear(report(spot.order, OrderStatus.FILLED, "10"))
    assert ledger.position(0) == dec("9.99")
    ledger.hear(fill(spot.order, "10", fee="0.02", fee_ccy="COIN"))
    assert ledger.position(0) == dec("9.98")


def ask(ledger: Ledger, at_s: float) -> None:
    line = line_of(ledger, A)
    t_ns = T0 + int(at_s * NS_PER_S)
    line.asked_ns, line.query_open = t_ns, True
    ledger.hear(OrderAbsent(venue="alpha", client_id=A.order.client_id, t_ns=t_ns))


def lists(ledger: Ledger, at_s: float, *kinds: ReadKind, since_ms: int | None = None) -> None:
    for kind in kinds or (ReadKind.OPEN_ORDERS, ReadKind.FILLS, ReadKind.HISTORY):
        t_ns = T0 + int(at_s * NS_PER_S)
        ledger.hear(
            ReadDone(
                venue="alpha",
                market=Market.PERP,
                kind=kind,
                asked_ns=t_ns,
                t_ns=t_ns,
                native="COINUSDT",
                since_ms=since_ms,
            )
        )


def proved(ledger: Ledger, rules: VenueRules = RULES) -> bool:
    return ledger.proved_absent(line_of(ledger, A), rules)


def test_absence_is_proved_by_two_full_rounds_a_second_apart() -> None:
    ledger = ledger_of(A)
    for at_s in (1.0, 2.0):
        assert not proved(ledger)
        ask(ledger, at_s)
        lists(ledger, at_s)
    assert proved(ledger)


def test_rounds_that_are_too_close_prove_nothing() -> None:
    ledger = ledger_of(A)
    for at_s in (1.0, 1.9):
        ask(ledger, at_s)
        lists(ledger, at_s)
    assert not proved(ledger)


def test_a_query_before_the_venue_settled_counts_for_nothing() -> None:
    ledger = ledger_of(A)
    ask(ledger, 0.5)
    ask(ledger, 2.0)
    lists(ledger, 1.0)
    lists(ledger, 2.0)
    assert not proved(ledger)


def test_each_list_is_needed() -> None:
    for missing in (ReadKind.OPEN_ORDERS, ReadKind.FILLS, ReadKind.HISTORY):
        ledger = ledger_of(A)
        for at_s in (1.0, 2.0):
            ask(ledger, at_s)
            for kind in {ReadKind.OPEN_ORDERS, ReadKind.FILLS, ReadKind.HISTORY} - {missing}:
                lists(ledger, at_s, kind)
        assert not proved(ledger)
        without = VenueRules(RULES.absence, history=False)
        assert proved(ledger, without) is (missing is ReadKind.HISTORY)


def test_a_failed_read_proves_nothing() -> None:
    ledger = ledger_of(A)
    for at_s in (1.0, 2.0):
        ask(ledger, at_s)
        lists(ledger, at_s, ReadKind.OPEN_ORDERS, ReadKind.HISTORY)
        failed = ReadFailed(venue="alpha", market=Market.PERP, kind=ReadKind.FILLS, text="HTTP 503", t_ns=T0)
        ledger.hear(failed)
    assert not proved(ledger)


def test_fills_that_begin_after_the_order_prove_nothing() -> None:
    ledger = ledger_of(A)
    for at_s in (1.0, 2.0):
        ask(ledger, at_s)
        lists(ledger, at_s, since_ms=T0 // 1_000_000 + 10)
    assert not proved(ledger)


def test_an_order_that_any_message_knew_is_not_absent() -> None:
    ledger = ledger_of(A)
    ledger.hear(accepted(A.order))
    for at_s in (1.0, 2.0):
        ask(ledger, at_s)
        lists(ledger, at_s)
    assert not proved(ledger)


def test_beyond_the_venues_memory_the_lists_alone_decide() -> None:
    ledger = ledger_of(A)
    ask(ledger, 70)
    ask(ledger, 72)
    assert not proved(ledger)
    lists(ledger, 70)
    lists(ledger, 72)
    assert proved(ledger)


def test_the_journal_gives_back_the_same_knowledge() -> None:
    facts: list[Fact] = [Intended(intent()), A, *(Told(event) for event in STORY)]
    first, second = Ledger(HEDGE), Ledger(HEDGE)
    for fact in facts:
        first.fold(T0, fact)
        second.fold(T0, fact_of(record(T0, HEDGE, fact)))
    one, two = line_of(first, A), line_of(second, A)
    assert {name: value for name, value in vars(one).items() if name != "rejected"} == {
        name: value for name, value in vars(two).items() if name != "rejected"
    }
    assert first.position(0) == second.position(0) == 7


def test_a_new_life_doubts_what_it_has_not_heard_itself() -> None:
    ledger = ledger_of(A)
    ledger.hear(accepted(A.order))
    ledger.fold(T0 + NS_PER_S, Life(unsaved=5))
    assert [line.order.client_id for line, _ in ledger.doubts(T0 + NS_PER_S)] == [A.order.client_id]
    assert ledger.number == 6


def test_money_words_do_not_touch_orders() -> None:
    ledger = ledger_of(A)
    assert isinstance(STORY[2], Fill)
    lists(ledger, 1.0, ReadKind.POSITIONS)
    assert line_of(ledger, A).filled == 0


@pytest.mark.parametrize("status", [OrderStatus.OPEN, OrderStatus.UNKNOWN])
def test_lists_from_before_the_venue_told_of_an_order_do_not_prove_it_over(status: OrderStatus) -> None:
    ledger = ledger_of(A)
    for at_s in (70, 72):
        lists(ledger, at_s)
    assert proved(ledger)
    ledger.hear(report(A.order, status, "4", "open_orders", T0 + 73 * NS_PER_S))
    assert not proved(ledger)
    for at_s in (74, 76):
        lists(ledger, at_s)
    assert proved(ledger)


B = ordered(1, leg=1, side=Side.SELL)
CHANGES: list[Fact] = [
    *(Told(event) for event in STORY),
    Told(fill(B.order, "10", fill_id="9")),
    Told(rejected(B.order, RefusalReason.OTHER)),
    Dropped(B.order.client_id, "too late"),
    Dead(A.order.client_id, "asked twice"),
    GivenUp(A.order.client_id, "a person took it over"),
    GivenUp(B.order.client_id, "a person took it over"),
    Life(unsaved=0),
]


@given(st.permutations(CHANGES))
@settings(max_examples=40, deadline=None)
def test_what_was_asked_in_between_changes_no_later_answer(changes: list[Fact]) -> None:
    """Answers that are remembered are forgotten with every fact, whichever it is."""
    watched, fresh = ledger_of(A, B), ledger_of(A, B)
    for fact in changes:
        watched.fold(T0, fact)
        for line in watched.lines.values():
            assert (line in watched.unsettled()) is not line.settled
            assert line.filled == max(line.told_qty, line.fills_qty)
        fresh.fold(T0, fact)
        known = (watched.exposure(), watched.over, watched.complete())
    assert known == (fresh.exposure(), fresh.over, fresh.complete())


def test_a_doubt_that_lasts_for_days_keeps_no_more_answers_than_it_needs() -> None:
    ledger = ledger_of(A)
    for n in range(3 * ANSWERS_KEPT):
        ask(ledger, 2 + n / 100)
        lists(ledger, 2 + n / 100)
    assert all(len(log.done) <= ANSWERS_KEPT for log in ledger.reads.values())
    assert len(line_of(ledger, A).absent_ns) <= ANSWERS_KEPT
    assert proved(ledger)
