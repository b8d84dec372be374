"""Maker-taker: resting within bounds, each partial fill hedged at once, a fill that races the cancel hedged too."""

from __future__ import annotations

from typing import Any

from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import CancelRefused, CancelTaken, OrderKind, OrderStatus, ReadKind, Side, StreamState
from arbtui.execution.intents import Intent, Style
from arbtui.execution.policy import DEFAULT, Policy
from arbtui.execution.reviews import close_intent
from tests.execution.stage import GOOD, Stage, dec, fill, instrument, intent, quote, with_policy


def maker(policy: Policy = DEFAULT, **more: Any) -> Intent:
    """The buy leg on alpha rests at the bid, 99.99."""
    return intent(style=Style.MAKER_TAKER, maker=0, policy=policy, **more)


def resting(policy: Policy = DEFAULT) -> Stage:
    stage = Stage()
    stage.open(maker(policy))
    stage.accepted(stage.order("alpha"))
    stage.report(stage.order("alpha"), OrderStatus.OPEN)
    return stage


def test_it_rests_at_the_best_own_price_and_never_takes() -> None:
    stage = resting()
    order = stage.order("alpha")
    assert (order.kind, order.side, str(order.price)) == (OrderKind.POST_ONLY, Side.BUY, "99.99")
    assert stage.pens["beta"].placed == []


def test_each_partial_fill_is_hedged_at_once() -> None:
    stage = resting()
    lead = stage.order("alpha")
    for number, qty in enumerate(("3", "0.5", "6.5")):
        stage.runner.hear(fill(lead, qty, fill_id=str(number)))
        hedge = stage.order("beta")
        assert (hedge.kind, hedge.side, str(hedge.qty)) == (
            OrderKind.IOC,
            Side.SELL,
            str(qty if "." in qty else f"{qty}.0"),
        )
        stage.fills(hedge)
    assert stage.state() == "hedged"
    assert stage.pens["alpha"].canceled == []


def test_a_second_fill_does_not_wait_for_the_first_hedge() -> None:
    stage = resting()
    stage.runner.hear(fill(stage.order("alpha"), "3", fill_id="1"))
    stage.runner.hear(fill(stage.order("alpha"), "2", fill_id="2"))
    assert [order.qty for order in stage.pens["beta"].placed] == [3, 2]


def test_the_same_fill_told_three_times_is_hedged_once() -> None:
    stage = resting()
    for told in ("push", "push", "fills"):
        stage.runner.hear(fill(stage.order("alpha"), "3", told=told))
    assert [order.qty for order in stage.pens["beta"].placed] == [3]


def test_what_is_below_the_followers_lot_waits_for_the_next_fill() -> None:
    stage = Stage()
    made = intent(style=Style.MAKER_TAKER, maker=0, sell=instrument("beta", step="1"))
    stage.open(made)
    stage.report(stage.order("alpha"), OrderStatus.OPEN)
    stage.runner.hear(fill(stage.order("alpha"), "0.6", fill_id="1"))
    assert stage.pens["beta"].placed == []
    stage.runner.hear(fill(stage.order("alpha"), "0.6", fill_id="2"))
    assert [str(order.qty) for order in stage.pens["beta"].placed] == ["1"]
    assert not stage.alarms()


def test_a_fill_that_races_the_cancel_is_hedged() -> None:
    stage = resting()
    lead = stage.order("alpha")
    stage.runner.cancel(lead.client_id[2:12])
    assert stage.pens["alpha"].canceled == [lead.client_id]
    stage.runner.hear(CancelTaken(venue="alpha", client_id=lead.client_id, t_ns=stage.clock.now_ns()))
    stage.runner.hear(fill(lead, "4"))
    assert [order.qty for order in stage.pens["beta"].placed] == [4]
    stage.report(lead, OrderStatus.CANCELED, "4")
    stage.fills(stage.order("beta"))
    assert stage.state() == "hedged"


def test_a_fill_told_after_the_cancel_was_final_is_hedged() -> None:
    stage = resting()
    lead = stage.order("alpha")
    stage.runner.cancel(lead.client_id[2:12])
    stage.report(lead, OrderStatus.CANCELED, "0")
    assert stage.state() == "done"
    stage.runner.hear(fill(lead, "4"))
    stage.wait(0.4)
    assert stage.state() == "in_doubt"  # its end said 0
    stage.report(lead, OrderStatus.CANCELED, "4", "query")
    assert stage.state() == "rehedging"


def test_a_cancel_that_is_refused_is_asked_about() -> None:
    stage = resting()
    lead = stage.order("alpha")
    stage.runner.cancel(lead.client_id[2:12])
    refused = CancelRefused(
        venue="alpha",
        client_id=lead.client_id,
        reason=RefusalReason.UNKNOWN_ORDER,
        code="-2011",
        text="unknown order",
        t_ns=stage.clock.now_ns(),
    )
    stage.runner.hear(refused)
    stage.wait(0.4)
    assert stage.pens["alpha"].queried == [lead.client_id]
    stage.report(lead, OrderStatus.FILLED, "10", "query")
    assert [order.qty for order in stage.pens["beta"].placed] == [10]


def test_it_follows_the_market_after_a_second() -> None:
    stage = resting()
    stage.board.prices["alpha.perp.COINUSDT"] = quote("100.03", "100.04")
    stage.wait(0.9)
    assert stage.pens["alpha"].canceled == []
    stage.wait(0.3)
    lead = stage.order("alpha")
    assert stage.pens["alpha"].canceled == [lead.client_id]
    stage.report(lead, OrderStatus.CANCELED)
    stage.wait(0.3)
    assert str(stage.order("alpha").price) == "100.03"
    assert stage.order("alpha").client_id != lead.client_id


def test_it_never_pays_beyond_its_band() -> None:
    stage = resting()
    stage.board.prices["alpha.perp.COINUSDT"] = quote("105.00", "105.01")
    stage.wait(1.2)
    stage.report(stage.order("alpha"), OrderStatus.CANCELED)
    stage.wait(0.3)
    assert str(stage.order("alpha").price) == "100.08"  # 99.99 and 10 bps, down to the tick


def test_it_is_taken_back_while_the_other_leg_moved_against_us() -> None:
    stage = resting()
    stage.board.prices["beta.perp.COINUSDT"] = quote("100.00", "100.01")
    stage.wait(0.3)
    assert len(stage.pens["alpha"].canceled) == 1
    stage.report(stage.order("alpha"), OrderStatus.CANCELED)
    stage.wait(5)
    assert len(stage.pens["alpha"].placed) == 1


def test_it_is_taken_back_when_its_fills_would_go_unheard() -> None:
    stage = resting()
    down = StreamState(venue="alpha", markets=(Market.PERP,), state="down", text="cut", t_ns=stage.clock.now_ns())
    stage.runner.hear(down)
    assert len(stage.pens["alpha"].canceled) == 1


def test_post_only_that_would_take_is_tried_again_within_bounds() -> None:
    stage = Stage()
    stage.open(maker(with_policy(maker_requotes=2)))
    for _ in range(3):
        stage.refuses(stage.order("alpha"), RefusalReason.WOULD_TAKE)
        stage.wait(0.3)
    assert len(stage.pens["alpha"].placed) == 3
    assert stage.state() == "done"


def test_taken_and_canceled_at_once_is_not_resting_either() -> None:
    stage = Stage()
    stage.open(maker())
    stage.report(stage.order("alpha"), OrderStatus.CANCELED)
    stage.wait(0.3)
    assert len(stage.pens["alpha"].placed) == 2


def test_when_its_time_is_over_what_filled_is_the_hedge() -> None:
    stage = resting(with_policy(maker_rest_s=5.0))
    lead = stage.order("alpha")
    stage.runner.hear(fill(lead, "4"))
    stage.fills(stage.order("beta"))
    stage.wait(5)
    assert stage.pens["alpha"].canceled == [lead.client_id]
    stage.report(lead, OrderStatus.CANCELED, "4")
    assert stage.state() == "hedged"


def test_a_hedge_that_fails_takes_the_leader_back_first() -> None:
    stage = resting()
    lead = stage.order("alpha")
    stage.runner.hear(fill(lead, "4"))
    stage.report(stage.order("beta"), OrderStatus.EXPIRED)
    assert stage.pens["alpha"].canceled == [lead.client_id]
    assert len(stage.pens["beta"].placed) == 1
    stage.report(lead, OrderStatus.CANCELED, "4")
    assert stage.state() == "rehedging"
    assert [order.qty for order in stage.pens["beta"].placed] == [4, 4]


def test_doubt_on_one_leg_takes_the_leader_back() -> None:
    stage = resting()
    stage.runner.hear(fill(stage.order("alpha"), "4"))
    stage.silent(stage.order("beta"))
    assert stage.state() == "in_doubt"
    assert len(stage.pens["alpha"].canceled) == 1


def test_an_order_that_rests_in_silence_is_asked_about() -> None:
    stage = resting()
    stage.wait(4.9)
    assert stage.pens["alpha"].queried == []
    stage.wait(0.4)
    lead = stage.order("alpha")
    assert stage.pens["alpha"].queried == [lead.client_id]
    stage.report(lead, OrderStatus.OPEN, "4", "query")
    assert [order.qty for order in stage.pens["beta"].placed] == [4]


def test_closing_never_rests_more_than_is_held() -> None:
    stage = Stage()
    stage.hedged()
    ledger = stage.runner.ledgers[stage.order("alpha").client_id[2:12]]
    made = close_intent(ledger, GOOD, stage.clock.now_ns(), style=Style.MAKER_TAKER, maker=0)
    assert isinstance(made, Intent)
    stage.runner.close(made)
    stage.refuses(stage.order("alpha"), RefusalReason.REDUCE_ONLY)
    stage.wait(0.1)
    stage.read_done("alpha", ReadKind.POSITIONS)
    stage.wait(1.1)
    stage.read_done("alpha", ReadKind.POSITIONS)  # flat twice: somebody else closed that leg
    assert (stage.order("beta").side, stage.order("beta").qty) == (Side.BUY, dec(10))
    stage.fills(stage.order("beta"))
    stage.wait(2)
    assert len([order for order in stage.pens["alpha"].placed if order.side is Side.SELL]) == 1
    assert stage.state() == "done"


def test_while_the_leader_waits_for_its_market_missing_fills_are_asked_for() -> None:
    stage = resting()
    lead = stage.order("alpha")
    stage.runner.hear(fill(lead, "4", fill_id="1"))
    hedge = stage.order("beta")
    stage.report(hedge, OrderStatus.FILLED, "4")  # each of its fills and their fees are still untold
    stage.board.prices["alpha.perp.COINUSDT"] = quote("99.99", "100.00", fresh=False)
    stage.report(lead, OrderStatus.CANCELED, "4")
    stage.wait(3)
    assert stage.order("alpha") is lead, "there is no price to rest at"
    assert any(kind is ReadKind.FILLS for kind, *_ in stage.pens["beta"].reads)


def test_a_leader_rests_its_whole_time_however_long_the_review_took() -> None:
    stage = Stage()
    reviewed = maker()
    stage.wait(reviewed.policy.maker_rest_s + 1)
    stage.open(reviewed)
    assert stage.order("alpha").kind is OrderKind.POST_ONLY
