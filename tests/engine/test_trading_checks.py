"""A hedge of which one leg would be refused here is refused before either leg is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.core.orders import Accepted, Balance, Order, OrderReport, OrderStatus, Rejected
from arbtui.execution.intents import Style, Verb
from arbtui.port import Ticket
from tests.engine.trading_stage import BUY, SELL, SPOT, D, Stage, listed, quote, ticket

OTHER_BUY, OTHER_SELL = "binance.perp.COIN2USDT", "okx.perp.COIN2USDT"


def test_a_hedge_whose_legs_cannot_both_be_sent_now_sends_none() -> None:
    stage = Stage().ready()
    preview = stage.trading.preview(ticket())
    assert not preview.refused
    stage.pens["okx"].wait_s = 1.7
    answer = stage.trading.fire(preview)
    assert not answer.accepted
    assert "the limit of orders on okx is used up for 1.7 s; wait so long" in answer.text
    assert [pen.placed for pen in stage.pens.values()] == [[], []]


def test_orders_on_both_markets_of_one_venue_are_counted_together() -> None:
    stage = Stage().ready()
    stage.trading.preview(ticket(buy=SPOT, sell=BUY))
    stage.answer("binance")
    stage.trading.preview(ticket(buy=SPOT, sell=BUY))
    assert [order.leg for order in stage.pens["binance"].counted] == [SPOT, BUY]


def test_a_closing_waits_for_room_and_a_flattening_tries_at_once() -> None:
    stage = Stage().ready()
    hedge = stage.hedged()
    stage.pens["binance"].wait_s = 2.0
    assert "limit of orders" in stage.trading.preview(Ticket("COIN", verb=Verb.CLOSE, hedge=hedge)).refused
    assert not stage.trading.preview(Ticket("COIN", verb=Verb.FLATTEN, hedge=hedge)).refused


# ---- one wallet, many hedges


def two_coins(free: str) -> Stage:
    """Of both coins 500 USD a leg are wanted, with a margin of about 105 on each venue."""
    stage = Stage()
    for leg, of in ((OTHER_BUY, BUY), (OTHER_SELL, SELL)):
        stage.market.prices[leg] = stage.market.prices[of]
        stage.market.listed[leg] = listed(leg, base="COIN2")
    stage.ready()
    stage.trading.preview(other())
    for venue in ("binance", "okx"):
        stage.answer(venue)
        balance(stage, venue, free)
    return stage


def other(**changes: Any) -> Ticket:
    return ticket(base="COIN2", buy=OTHER_BUY, sell=OTHER_SELL, **changes)


def balance(stage: Stage, venue: str, free: str) -> None:
    wallet, now_ns = "trading" if venue == "okx" else "usdm", stage.clock.now_ns()
    stage.hear(Balance(venue=venue, wallet=wallet, asset="USDT", total=D(50_000), free=Decimal(free), t_ns=now_ns))


def rests(stage: Stage, order: Order) -> None:
    about: dict[str, Any] = {
        "venue": order.venue,
        "client_id": order.client_id,
        "order_id": "v1",
        "t_ns": stage.clock.now_ns(),
    }
    status: dict[str, Any] = {
        "market": order.market,
        "native": order.native,
        "side": order.side,
        "status": OrderStatus.OPEN,
    }
    told: dict[str, Any] = {"status_text": "NEW", "told": "push", "qty": order.qty, "filled": D(0)}
    stage.hear(Accepted(**about), OrderReport(**about, **status, **told))


def funds(stage: Stage) -> str:
    return stage.trading.preview(other()).refused


def test_money_that_a_hedge_was_just_begun_with_is_not_there_for_the_next_one() -> None:
    stage = two_coins("150")
    assert not funds(stage)
    first = stage.trading.fire(stage.trading.preview(ticket()))
    assert first.accepted, first.text
    assert "funds: binance has 150.00 USDT free, 105.37 of it for hedges that are being opened" in funds(stage)
    refused = stage.trading.fire(stage.trading.preview(other()))
    assert not refused.accepted
    assert [len(pen.placed) for pen in stage.pens.values()] == [1, 1]


def test_money_that_would_do_for_both_hedges_does() -> None:
    stage = two_coins("300")
    assert stage.trading.fire(stage.trading.preview(ticket())).accepted
    assert stage.trading.fire(stage.trading.preview(other())).accepted


def test_a_balance_that_shows_what_the_hedge_took_sets_nothing_aside_any_more() -> None:
    stage = two_coins("150")
    stage.hedged()
    stage.wait(0.5)
    stage.market.prices |= {leg: quote("99.99", "100.00") for leg in (BUY, OTHER_BUY)}
    assert "being opened" in funds(stage)
    for venue in ("binance", "okx"):
        balance(stage, venue, "110")
    assert not funds(stage)


def test_money_of_orders_that_were_refused_is_there_again() -> None:
    stage = two_coins("150")
    assert stage.trading.fire(stage.trading.preview(ticket())).accepted
    assert "being opened" in funds(stage)
    for pen in stage.pens.values():
        about: dict[str, Any] = {"venue": pen.name, "client_id": pen.placed[-1].client_id, "t_ns": stage.clock.now_ns()}
        stage.hear(Rejected(**about, reason=RefusalReason.NOT_TRADING, code="1", text="halted"))
    assert not funds(stage)


@pytest.mark.parametrize("shown", [False, True])
def test_an_order_that_rests_is_counted_once_in_the_balance_or_beside_it(shown: bool) -> None:
    stage = two_coins("250")
    answer = stage.trading.fire(stage.trading.preview(ticket(style=Style.MAKER_TAKER, maker=0)))
    assert answer.accepted, answer.text
    assert funds(stage) == ""
    balance(stage, "binance", "150")
    assert "being opened" in funds(stage)  # it may have been told before the order was taken
    rests(stage, stage.pens["binance"].placed[-1])
    stage.wait(0.5)
    if shown:
        balance(stage, "binance", "150")
    assert ("funds: binance" in funds(stage)) is not shown
