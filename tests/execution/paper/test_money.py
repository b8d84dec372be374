"""Fees, profit, funding, margin, liquidation of a paper account: to the last digit."""

from __future__ import annotations

from typing import Any

from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import Balance, Fill, FundingPaid, OrderReport, OrderStatus, Position
from arbtui.execution.paper_market import FundingDue, PaperRules
from tests.execution.paper.rig import ASKS, BIDS, PERP, SPOT, START_MS, D, Rig, fills, instrument, of, one, side

HOUR_MS = 3_600_000


def fee_of(rig: Rig, *args: str, **more: Any) -> tuple[str, str, bool | None]:
    (fill,) = of(rig.do(*args, **more), Fill)
    assert fill.fee is not None
    return format(fill.fee.normalize(), "f"), fill.fee_ccy, fill.maker


def test_fees_of_perpetuals_are_paid_in_the_settle_currency() -> None:
    rig = Rig()
    assert fee_of(rig, "buy", "1", "100") == ("0.05", "USDT", False)
    assert rig.balance().total == D("9999.95")


def test_a_maker_pays_its_own_rate_and_a_rebate_is_received() -> None:
    rig = Rig()
    rig.market.rates = rig.market.rates._replace(maker=D("-0.0001"))
    rig.rest("buy", "1", "99.5")
    (fill,) = of(rig.trade("99.5", "1"), Fill)
    assert (fill.fee, fill.maker) == (D("-0.00995"), True)
    assert rig.balance().total == D("10000.00995")


def test_a_spot_buy_pays_its_fee_in_the_coin_and_a_sell_in_money() -> None:
    rig = Rig()
    assert fee_of(rig, "buy", "1", "100", leg=SPOT) == ("0.0005", "BTC", False)
    assert rig.balance("BTC", Market.SPOT).total == D("1.9995")
    assert rig.balance("USDT", Market.SPOT).total == D(9900)
    assert fee_of(rig, "sell", "1", "99", leg=SPOT) == ("0.0495", "USDT", False)
    assert rig.balance("USDT", Market.SPOT).total == D("9998.9505")


def test_contracts_and_thousands_are_counted_in_coins_and_money() -> None:
    rig = Rig()
    rig.market.instruments[PERP] = instrument(multiplier=D("0.01"), min_notional=D(1))  # contracts of 0.01 coins
    rig.market.instruments[SPOT] = instrument(SPOT, base="PEPE", multiplier=D(1000), price_factor=D(1000))
    assert fee_of(rig, "buy", "1", "100") == ("0.0005", "USDT", False)
    (fill,) = of(rig.do("buy", "1", "101", leg=SPOT), Fill)
    assert fill.fee == D("0.5")  # of a thousand coins
    assert rig.balance("PEPE", Market.SPOT).total == D("999.5")


def test_profit_is_realised_when_a_position_closes_and_average_entry_stays() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    rig.do("buy", "1", "101")
    position = of(rig.do("sell", "0.5", "99"), Position)[-1]
    assert (position.qty, position.entry_price) == (D("1.5"), D("100.5"))
    fees = (100 + 101 + D("0.5") * 99) * D("0.0005")
    assert rig.balance().total == 10_000 - D("0.5") * D("1.5") - fees


def test_a_short_earns_when_it_is_bought_back_lower() -> None:
    rig = Rig()
    rig.do("sell", "1", "99")
    rig.book(side((89, 1)), side((90, 1)))
    events = rig.do("buy", "1", "90")
    assert of(events, Position)[-1].qty == 0
    assert rig.balance().total == 10_000 + 9 - (99 + 90) * D("0.0005")


def test_an_order_through_zero_closes_and_opens_the_other_side() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    position = of(rig.do("sell", "3", "97"), Position)[-1]
    assert position.qty == D(-2)
    assert position.entry_price == D(98)
    assert rig.balance().total == 10_000 - 1 - (100 + 99 + 2 * 98) * D("0.0005")


def test_a_position_that_is_flat_is_told_once_and_then_not_any_more() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    assert [p.qty for p in of(rig.do("sell", "1", "99"), Position)] == [D(0)]
    assert rig.executor.save()["account"]["positions"] == {}


def test_partial_closes_leave_nothing_behind() -> None:
    """Thirds of an odd cost: what is realised adds up to what came in and went out, exactly."""
    rig = Rig()
    rig.book(side((99, "0.333"), (98, 9)), side((100, 1), (101, 2)))
    rig.do("buy", "3", "101")
    spent = 100 + 2 * 101
    brought = D(0)
    for qty in ("0.333", "0.667", "1.001", "0.999"):
        brought += sum(price * amount for price, amount in fills(rig.do("sell", qty, "90")))
    fees = (spent + brought) * D("0.0005")
    assert rig.balance().total == 10_000 - spent + brought - fees


# --- funding ----------------------------------------------------------------------------------------------------------


def funded(rate: str = "0.0001", next_ms: int = START_MS + HOUR_MS) -> Rig:
    rig = Rig()
    rig.market.fundings[PERP] = FundingDue(D(rate), next_ms)
    return rig


def test_longs_pay_a_positive_rate_at_the_venues_time_and_shorts_receive_it() -> None:
    for way, price, sign in (("buy", "100", -1), ("sell", "99", 1)):
        rig = funded()
        rig.do(way, "1", price)
        before = rig.balance().total
        rig.run(HOUR_MS - 1000)
        assert not of(rig.take(), FundingPaid)
        rig.run(1000)
        paid = one(rig.take(), FundingPaid)
        assert (paid.amount, paid.ccy, paid.t_ms) == (sign * D("0.00995"), "USDT", START_MS + HOUR_MS)
        assert rig.balance().total == before + paid.amount


def test_a_settlement_is_charged_once() -> None:
    rig = funded()
    rig.do("buy", "1", "100")
    rig.run(2 * HOUR_MS)  # nobody names the next one
    assert len(of(rig.take(), FundingPaid)) == 1
    rig.market.fundings[PERP] = FundingDue(D("-0.0002"), START_MS + 3 * HOUR_MS)
    rig.run(2 * HOUR_MS)
    (paid,) = of(rig.take(), FundingPaid)
    assert paid.amount == D("0.0199")


def test_the_last_rate_before_the_settlement_counts_not_the_next_ones() -> None:
    rig = funded()
    rig.do("buy", "1", "100")
    rig.run(HOUR_MS // 2)
    rig.market.fundings[PERP] = FundingDue(D("0.0003"), START_MS + HOUR_MS)
    rig.run(HOUR_MS // 2 - 2000)
    rig.market.fundings[PERP] = FundingDue(D("0.5"), START_MS + 2 * HOUR_MS)  # the venue's clock is ahead of ours
    rig.run(500)
    paid = one(rig.take(), FundingPaid)
    assert paid.amount == -D("99.5") * D("0.0003")
    rig.run(5000)
    assert not of(rig.take(), FundingPaid)


def test_an_interval_that_changes_long_before_is_no_settlement() -> None:
    rig = funded()
    rig.do("buy", "1", "100")
    rig.run(1000)
    rig.market.fundings[PERP] = FundingDue(D("0.0001"), START_MS + 4 * HOUR_MS)
    rig.run(2 * HOUR_MS)
    assert not of(rig.take(), FundingPaid)


def test_whoever_is_flat_at_the_settlement_pays_nothing() -> None:
    rig = funded()
    rig.do("buy", "1", "100")
    rig.do("sell", "1", "99")
    rig.run(2 * HOUR_MS)
    assert not of(rig.take(), FundingPaid)


def test_a_position_opened_after_a_settlement_does_not_pay_it() -> None:
    rig = funded(next_ms=START_MS - 1)  # the venue has not named the next one yet
    rig.do("buy", "1", "100")
    rig.run(HOUR_MS)
    assert not of(rig.take(), FundingPaid)


def test_without_a_mark_the_charge_waits_for_one() -> None:
    rig = funded()
    rig.market.marks.clear()
    rig.do("buy", "1", "100")
    rig.run(HOUR_MS + 1000)
    assert not of(rig.take(), FundingPaid)
    rig.market.marks[PERP] = D(98)
    rig.run(500)
    assert one(rig.take(), FundingPaid).amount == -D("0.0098")


def test_settlements_missed_while_off_are_charged_once_and_the_rest_is_said() -> None:
    rig = funded()
    rig.do("buy", "1", "100")
    rig.run(1000)
    rig.executor.stop()
    kept = rig.executor.save()
    late = Rig(kept=kept, start_ms=START_MS + 30 * HOUR_MS)
    late.run(1000)
    assert one(late.take(), FundingPaid).t_ms == START_MS + HOUR_MS
    (note,) = late.notes
    assert "paper was off when funding of binance.perp.BTCUSDT fell due" in note


# --- margin and liquidation -------------------------------------------------------------------------------------------


def test_what_is_free_is_the_wallet_less_margin_less_open_loss() -> None:
    rig = Rig()
    rig.do("buy", "2", "101")
    rig.market.marks[PERP] = D(90)
    rig.run(500)
    balance = rig.balance()
    cost = 100 + 101
    assert balance.total == 10_000 - cost * D("0.0005")
    assert balance.free == balance.total - 2 * 90 / D(2) + (2 * 90 - cost)
    rig.market.marks[PERP] = D(120)
    rig.run(500)
    balance = rig.balance()
    assert balance.free == balance.total - 2 * 120 / D(2)  # open profit cannot be used


def test_the_liquidation_price_is_where_equity_meets_the_maintenance_margin() -> None:
    rig = Rig(PaperRules(balances={"usdm": {"USDT": D(100)}}, leverage=D(3), latency_ms=50))
    position = of(rig.do("buy", "2", "101"), Position)[-1]
    price = position.liquidation_price
    assert price is not None
    equity = 100 - 201 * D("0.0005") + 2 * price - 201
    assert abs(equity - 2 * price * D("0.01")) < D("1e-6")


def test_a_position_that_the_wallet_can_carry_to_zero_has_no_liquidation_price() -> None:
    assert of(Rig().do("buy", "1", "100"), Position)[-1].liquidation_price is None
    assert of(Rig().do("sell", "1", "99"), Position)[-1].liquidation_price is not None


def test_an_account_below_its_maintenance_margin_is_liquidated_at_what_the_book_shows() -> None:
    rig = Rig(PaperRules(balances={"usdm": {"USDT": D(100)}}, leverage=D(3), latency_ms=50))
    rig.do("buy", "2", "101")
    rig.rest("buy", "0.1", "99.5")
    rig.market.marks[PERP] = D(51)
    rig.book(side((51, "1.5")), side((52, 1)))
    rig.run(250)
    events = rig.take()
    ended = of(events, OrderReport)
    assert [(end.status, end.origin) for end in ended] == [
        (OrderStatus.CANCELED, "order"),
        (OrderStatus.CANCELED, "liquidation"),
    ]
    assert ended[0].reason is RefusalReason.INSUFFICIENT
    (fill,) = of(events, Fill)
    assert (fill.price, fill.qty, fill.origin, fill.client_id) == (D(51), D("1.5"), "liquidation", "")
    rig.run(250)
    assert not of(rig.take(), Fill)  # what is left of it can be carried again
    rig.market.marks[PERP] = D(49)
    rig.book(side((50, "5")), side((52, 1)))
    rig.run(250)
    events = rig.take()
    assert fills(events) == [(D(50), D("0.5"))]
    assert of(events, Position)[-1].qty == 0
    assert of(events, Balance)[-1].total > 0


def test_nothing_is_liquidated_on_a_market_that_is_not_believed_or_without_a_mark() -> None:
    rig = Rig(PaperRules(balances={"usdm": {"USDT": D(100)}}, leverage=D(3), latency_ms=50))
    rig.market.marks.clear()
    rig.do("buy", "2", "101")
    rig.book(side((10, 9)), side((11, 9)))
    rig.run(1000)
    assert not of(rig.take(), Fill)
    rig.market.marks[PERP] = D(10)
    rig.book(BIDS, ASKS, why_not="stale")
    rig.run(1000)
    assert not of(rig.take(), Fill)
