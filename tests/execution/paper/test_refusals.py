"""What a paper venue refuses, with the reason that a real one would have and words that say what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.core.model import TradingStatus
from arbtui.core.orders import Accepted, Fill, OrderKind, Rejected
from tests.execution.paper.rig import ASKS, BIDS, PERP, SPOT, D, Rig, instrument, of, one, side

Reason = RefusalReason


def refused(rig: Rig, *args: Any, **more: Any) -> Rejected:
    events = rig.do(*args, **more)
    assert not of(events, Accepted)
    assert not of(events, Fill)
    found = one(events, Rejected)
    assert found.text.startswith("paper binance refused ")
    return found


@pytest.mark.parametrize(
    ("qty", "price", "reason", "words"),
    [
        ("0", "100", Reason.BAD_SIZE, "not above zero"),
        ("-1", "100", Reason.BAD_SIZE, "not above zero"),
        ("NaN", "100", Reason.BAD_SIZE, "not above zero"),
        ("Infinity", "100", Reason.BAD_SIZE, "not above zero"),
        ("1.0005", "100", Reason.BAD_SIZE, "lot step 0.001"),
        ("0.049", "100", Reason.BAD_SIZE, "minimum of 5"),
        ("1", "100.05", Reason.BAD_PRICE, "tick 0.1"),
        ("1", "0", Reason.BAD_PRICE, "not above zero"),
        ("1", "-5", Reason.BAD_PRICE, "not above zero"),
        ("1", "NaN", Reason.BAD_PRICE, "not above zero"),
    ],
)
def test_off_the_venues_ticks_steps_and_minimums(qty: str, price: str, reason: Reason, words: str) -> None:
    found = refused(Rig(), "buy", qty, price)
    assert found.reason is reason
    assert words in found.text


def test_below_the_least_quantity() -> None:
    rig = Rig()
    rig.market.instruments[PERP] = instrument(min_qty=D("0.1"))
    assert "minimum of 0.1" in refused(rig, "buy", "0.099", "100").text


@pytest.mark.parametrize("price", ["99.991", "0.123456"])
def test_more_figures_or_decimals_than_the_venue_takes(price: str) -> None:
    rig = Rig()
    rig.market.instruments[PERP] = instrument(tick=None, sig_figs=4, max_decimals=3)
    assert refused(rig, "buy", "1", price).reason is Reason.BAD_PRICE


@pytest.mark.parametrize("price", ["12345", "99.99", "99.9900"])
def test_whole_numbers_and_trailing_zeros_are_no_figures_too_many(price: str) -> None:
    rig = Rig()
    rig.market.instruments[PERP] = instrument(tick=None, sig_figs=4, max_decimals=3)
    assert of(rig.do("sell", "1", price), Accepted)


def test_a_market_order_is_measured_at_what_it_would_meet() -> None:
    assert refused(Rig(), "buy", "0.01", kind=OrderKind.MARKET).reason is Reason.BAD_SIZE


@pytest.mark.parametrize(
    "status", [TradingStatus.HALTED, TradingStatus.PRE_OPEN, TradingStatus.DELISTED, TradingStatus.UNKNOWN]
)
def test_what_does_not_trade(status: TradingStatus) -> None:
    rig = Rig()
    rig.market.instruments[PERP] = instrument(status=status, status_text="BREAK")
    found = refused(rig, "buy", "1", "100")
    assert found.reason is Reason.NOT_TRADING
    assert "BREAK" in found.text


def test_where_only_closing_is_allowed_only_reduce_only_orders_are_taken() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    rig.market.instruments[PERP] = instrument(status=TradingStatus.CLOSE_ONLY)
    assert refused(rig, "sell", "1", "99").reason is Reason.NOT_TRADING
    assert of(rig.do("sell", "1", "99", reduce_only=True), Fill)


@pytest.mark.parametrize("unknown", [{"multiplier": None}, {"price_factor": None}])
def test_an_instrument_whose_multiplier_nobody_knows(unknown: dict[str, Any]) -> None:
    rig = Rig()
    rig.market.instruments[PERP] = instrument(**unknown)
    assert refused(rig, "buy", "1", "100").reason is Reason.NOT_TRADING


def test_what_is_not_listed_or_not_of_this_venue() -> None:
    for leg in ("binance.perp.NOPE", "okx.perp.BTCUSDT"):
        assert refused(Rig(), "buy", "1", "100", leg=leg).reason is Reason.UNKNOWN_INSTRUMENT


@pytest.mark.parametrize("words", ["stale: nothing heard for 9 s", "no quote yet"])
def test_a_market_that_is_not_believed(words: str) -> None:
    rig = Rig()
    rig.book(why_not=words)
    for kind in (OrderKind.IOC, OrderKind.POST_ONLY):
        found = refused(rig, "buy", "1", "98", kind=kind)
        assert found.reason is Reason.NOT_TRADING
        assert words in found.text


def test_a_crossed_market_also_where_nobody_says_so() -> None:
    rig = Rig()
    rig.book(side((100, 1)), side((100, 1)))
    assert "at or above its ask" in refused(rig, "buy", "1", "100").text


@pytest.mark.parametrize("client_id", ["a-b", "a" * 21, "ä"])
def test_client_ids_of_another_form(client_id: str) -> None:
    assert refused(Rig(), "buy", "1", "100", client_id=client_id).reason is Reason.BAD_REQUEST


def test_a_client_id_that_was_sent_before_also_after_its_order_ended() -> None:
    rig = Rig()
    rig.do("buy", "1", "100", client_id="same")
    found = refused(rig, "buy", "1", "101", client_id="same")
    assert found.reason is Reason.DUPLICATE_ID


def test_a_price_where_there_must_be_none_and_none_where_there_must_be_one() -> None:
    rig = Rig()
    assert refused(rig, "buy", "1", "100", kind=OrderKind.MARKET).reason is Reason.BAD_REQUEST
    assert refused(rig, "buy", "1", kind=OrderKind.IOC).reason is Reason.BAD_REQUEST


def test_spot_is_not_bought_at_market_and_has_no_reduce_only() -> None:
    rig = Rig()
    assert refused(rig, "buy", "1", kind=OrderKind.MARKET, leg=SPOT).reason is Reason.BAD_REQUEST
    assert refused(rig, "sell", "1", "99", leg=SPOT, reduce_only=True).reason is Reason.BAD_REQUEST
    assert of(rig.do("sell", "1", kind=OrderKind.MARKET, leg=SPOT), Fill)


def test_reduce_only_without_something_to_reduce_or_with_too_little() -> None:
    rig = Rig()
    assert refused(rig, "sell", "1", "99", reduce_only=True).reason is Reason.REDUCE_ONLY
    rig.do("buy", "1", "100")
    assert refused(rig, "buy", "1", "101", reduce_only=True).reason is Reason.REDUCE_ONLY
    assert refused(rig, "sell", "1.5", "98", reduce_only=True).reason is Reason.REDUCE_ONLY


def test_a_reduce_only_order_may_be_smaller_than_the_least_notional() -> None:
    rig = Rig()
    rig.do("buy", "1", "100")
    assert of(rig.do("sell", "0.001", "99", reduce_only=True), Fill)


def test_more_than_the_wallet_can_pay() -> None:
    rig = Rig()
    rig.book(BIDS, side((100, 1000)))
    rig.book(BIDS, side((100, 1000)), leg=SPOT)
    found = refused(rig, "buy", "101", "100", leg=SPOT)
    assert found.reason is Reason.INSUFFICIENT
    assert "10100.000 USDT of spot" in found.text.replace("10100 ", "10100.000 ")
    assert refused(rig, "buy", "201", "100").reason is Reason.INSUFFICIENT  # leverage 2, and the fee
    assert of(rig.do("buy", "199", "100"), Fill)


def test_more_coins_than_there_are_and_the_coins_of_another_wallet() -> None:
    rig = Rig()
    assert refused(rig, "sell", "1.5", "98", leg=SPOT).reason is Reason.INSUFFICIENT


def test_what_resting_orders_hold_is_not_there_for_others() -> None:
    rig = Rig()
    rig.rest("sell", "0.8", "105", leg=SPOT)
    assert refused(rig, "sell", "0.3", "99", leg=SPOT).reason is Reason.INSUFFICIENT
    rig.rest("buy", "90", "99.5", leg=SPOT)
    assert refused(rig, "buy", "11", "100", leg=SPOT).reason is Reason.INSUFFICIENT
    rig.rest("buy", "190", "99.5")
    assert refused(rig, "sell", "20", "99").reason is Reason.INSUFFICIENT


def test_closing_needs_no_margin() -> None:
    rig = Rig()
    rig.book(side((99, 1000)), side((100, 1000)))
    rig.do("buy", "199", "100")
    assert of(rig.do("sell", "199", "99"), Fill)
    rig.book(side((99, 2000)), side((100, 1000)))
    rig.do("buy", "150", "100")
    assert refused(rig, "sell", "400", "99").reason is Reason.INSUFFICIENT  # 250 of it would be a new short


def test_a_sell_far_below_the_bid_is_measured_at_the_bid() -> None:
    rig = Rig()
    rig.book(side((99, 1000)), ASKS)
    assert refused(rig, "sell", "210", "1").reason is Reason.INSUFFICIENT
