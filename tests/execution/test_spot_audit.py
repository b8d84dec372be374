"""Spot that a hedge bought is looked for in the wallet, as positions are: what is gone is noticed and said."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec import structs

from arbtui.core.model import Market
from arbtui.core.orders import Balance, OrderStatus, ReadDone, ReadKind, Side
from arbtui.execution.intents import flatten_id
from arbtui.execution.ledger import VenueRules
from tests.execution.stage import GOOD, HEDGE, RATES, RULES, T0, Stage, dec, fill, instrument, intent, report

SPOT = "alpha.spot.COIN-USDT"


def bought(*, fee: str | None = "0") -> Stage:
    """Ten coins of spot bought on alpha, sold as a perpetual on beta."""
    stage = Stage()
    stage.board.prices[SPOT] = GOOD[0]
    stage.open(intent(buy=instrument("alpha", spot=True)))
    for venue in ("alpha", "beta"):
        order = stage.order(venue)
        if fee is None and venue == "alpha":
            stage.runner.hear(fill(order, "10", fee=None, t_ns=stage.clock.now_ns()))
        stage.fills(order)
    assert stage.state() == "hedged"
    return stage


def wallet(stage: Stage, *totals: str, venue: str = "alpha") -> None:
    """The spot wallet is read so often, a moment apart; "" = it names no COIN at all."""
    for total in totals:
        stage.wait(1.2)
        now_ns = stage.clock.now_ns()
        if total:
            amount = Decimal(total)
            stage.runner.hear(
                Balance(venue=venue, wallet="paper", asset="COIN", total=amount, free=amount, t_ns=now_ns)
            )
        stage.runner.hear(
            ReadDone(venue=venue, market=Market.SPOT, kind=ReadKind.BALANCES, asked_ns=now_ns, t_ns=now_ns)
        )


def held(stage: Stage) -> Decimal:
    return stage.runner.ledgers[HEDGE].position(0)


def test_a_sale_by_hand_of_what_a_hedge_bought_halts_it() -> None:
    stage = bought()
    wallet(stage, "10", "10")
    assert stage.state() == "hedged"
    wallet(stage, "4", "4")
    assert stage.state() == "halted"
    assert held(stage) == 4
    assert "6 were taken away" in " ".join(stage.alarms())
    assert len(stage.sent()) == 2


def test_a_coin_that_the_wallet_does_not_name_any_more_is_gone() -> None:
    stage = bought()
    wallet(stage, "", "")
    assert (stage.state(), held(stage)) == ("halted", dec(0))


def test_one_read_of_the_wallet_takes_nothing_away() -> None:
    stage = bought()
    wallet(stage, "4", "10", "4", "10")
    assert (stage.state(), held(stage)) == ("hedged", dec(10))


def test_what_was_in_the_wallet_before_is_not_the_hedges_and_may_go() -> None:
    stage = bought()
    wallet(stage, "110", "110", "105", "105")
    assert (stage.state(), held(stage)) == ("hedged", dec(10))
    assert any("holds 105 coins, arbtui's hedges 10: the rest is not ours" in said.text for said in stage.said)
    wallet(stage, "8", "8")
    assert (stage.state(), held(stage)) == ("halted", dec(8))


def test_less_than_a_lot_is_taken_off_the_books_and_halts_nothing() -> None:
    stage = bought()
    alarms = len(stage.alarms())
    wallet(stage, "9.99", "9.99")
    assert (stage.state(), held(stage)) == ("hedged", dec("9.99"))
    assert any("0.01 were taken away" in said.text for said in stage.said)
    assert len(stage.alarms()) == alarms


def test_spot_that_a_hedge_sold_out_of_the_wallet_cannot_be_missing() -> None:
    stage = Stage()
    stage.board.prices = {SPOT.replace("alpha", "beta"): GOOD[1], "alpha.perp.COINUSDT": GOOD[0]}
    stage.open(intent(sell=instrument("beta", spot=True)))
    for venue in ("alpha", "beta"):
        stage.fills(stage.order(venue))
    wallet(stage, "90", "90", "50", "50", venue="beta")
    assert stage.state() == "hedged"
    assert stage.runner.ledgers[HEDGE].position(1) == -10


def test_what_one_hedge_bought_is_not_taken_from_another_that_sold() -> None:
    stage = bought()
    stage.wait(6)
    other, spot = "mywpiwwa01", instrument("alpha", spot=True)
    stage.board.prices[SPOT] = GOOD[1]
    made = intent(hedge=other, qty="4", buy=instrument("alpha"), sell=spot, now_ns=stage.clock.now_ns())
    assert stage.runner.open(made).accepted
    for order in stage.pens["alpha"].placed[1:]:
        stage.fills(order)
    assert stage.state(other) == "hedged"
    wallet(stage, "2", "2")  # of six
    ledgers = stage.runner.ledgers
    assert (ledgers[HEDGE].position(0), ledgers[other].position(1)) == (dec(6), dec(-4))
    assert (stage.state(), stage.state(other)) == ("halted", "hedged")


def test_a_fee_in_the_coin_that_is_not_told_yet_is_no_loss() -> None:
    stage = Stage()
    stage.board.prices[SPOT] = GOOD[0]
    rates = (replace(RATES[0], in_base=True), RATES[1])
    stage.open(intent(buy=instrument("alpha", spot=True), rates=rates))
    buy = stage.order("alpha")
    stage.runner.hear(fill(buy, str(buy.qty), fee=None, t_ns=stage.clock.now_ns()))
    stage.fills(stage.order("beta"))
    before = held(stage)
    wallet(stage, "1", "1")
    assert held(stage) == before


def test_fills_that_were_not_told_before_a_restart_are_read_before_the_wallet_is_compared() -> None:
    first = Stage()
    first.open(intent(buy=instrument("alpha", spot=True)))
    bought, sold = first.order("alpha"), first.order("beta")
    first.report(bought, OrderStatus.FILLED, "10")  # nobody told the fill and its fee
    first.fills(sold)
    first.wait(60)
    first.report(sold, OrderStatus.FILLED, "10", "query")
    stage = Stage(list(first.disk.kept), now_ns=first.clock.now_ns() + 60 * 10**9)
    for _ in range(6):
        stage.wait(1.1)
        now_ns = stage.clock.now_ns()
        asked, stage.pens["alpha"].reads = stage.pens["alpha"].reads, []
        for kind, _, since_ms in asked:
            if kind is ReadKind.FILLS and since_ms is not None and since_ms * 10**6 < T0:
                stage.runner.hear(fill(bought, "10", told="query", t_ns=now_ns))
            elif kind is ReadKind.BALANCES:
                ten = dec(10)
                stage.runner.hear(
                    Balance(venue="alpha", wallet="paper", asset="COIN", total=ten, free=ten, t_ns=now_ns)
                )
            stage.runner.hear(
                ReadDone(venue="alpha", market=Market.SPOT, kind=kind, asked_ns=now_ns, t_ns=now_ns, since_ms=since_ms)
            )
        stage.position("beta", "-10")
        for kind in (ReadKind.OPEN_ORDERS, ReadKind.FILLS, ReadKind.HISTORY, ReadKind.POSITIONS):
            stage.read_done("beta", kind)
    assert stage.state() == "hedged"


def test_the_wallet_is_read_with_the_positions() -> None:
    stage = bought()
    stage.wait(21)
    assert (ReadKind.BALANCES, "", None) in stage.pens["alpha"].reads
    assert (ReadKind.BALANCES, "", None) not in stage.pens["beta"].reads


def test_somebody_elses_fill_on_the_instrument_has_the_wallet_read_at_once() -> None:
    stage = bought()
    stage.pens["alpha"].reads.clear()
    strange = fill(stage.order("alpha"), "6", fill_id="99", named=False, t_ns=stage.clock.now_ns())
    fields = {field: getattr(strange, field) for field in strange.__struct_fields__}
    stage.runner.hear(type(strange)(**{**fields, "order_id": "web-1"}))
    assert (ReadKind.BALANCES, "", None) in stage.pens["alpha"].reads


def test_what_flatten_sold_without_an_engine_was_the_hedges_and_counts_once() -> None:
    first = bought()
    sale = report(first.order("alpha"), OrderStatus.FILLED, "9.9", "history", first.clock.now_ns() + 10**9)
    fields = {field: getattr(sale, field) for field in sale.__struct_fields__}
    told = type(sale)(**{**fields, "client_id": flatten_id(1, 1), "order_id": "s1", "side": Side.SELL})
    stage = first
    for _ in range(2):  # the second life dies before it has read everything
        stage = Stage(list(stage.disk.kept), now_ns=stage.clock.now_ns() + 10**10)
        stage.board.prices[SPOT] = GOOD[0]
        stage.runner.hear(told)
        assert held(stage) == dec("0.1")
        assert stage.state() == "halted"
    assert stage.runner.ledgers[HEDGE].lost_by == {flatten_id(1, 1)}


@pytest.mark.parametrize("history", [True, False])
def test_fills_of_flatten_count_each_once_where_no_list_of_past_orders_tells_of_it(
    history: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RULES, "alpha", VenueRules(RULES["alpha"].absence, history=history))
    first = bought()
    stage = Stage(list(first.disk.kept), now_ns=first.clock.now_ns() + 10**10)
    sold = structs.replace(first.order("alpha"), client_id=flatten_id(1, 1), side=Side.SELL)
    for fill_id in ("s1", "s2", "s1"):
        stage.runner.hear(fill(sold, "3", fill_id=fill_id, told="fills", t_ns=first.clock.now_ns() + 10**9))
    assert held(stage) == (10 if history else 4)


def test_an_order_of_flatten_from_before_the_hedge_takes_nothing() -> None:
    first = bought()
    sale = report(first.order("alpha"), OrderStatus.FILLED, "9.9", "history", first.clock.now_ns() - 10**10)
    fields = {field: getattr(sale, field) for field in sale.__struct_fields__}
    stage = Stage(list(first.disk.kept), now_ns=first.clock.now_ns() + 10**10)
    stage.runner.hear(type(sale)(**{**fields, "client_id": flatten_id(1, 1), "order_id": "s1", "side": Side.SELL}))
    assert held(stage) == 10
