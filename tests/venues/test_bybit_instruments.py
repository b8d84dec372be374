"""Bybit's listings: what is kept, what is left out and why, what a listed unit is worth in coins."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.events import Listing
from arbtui.core.model import Category, Channel, Instrument, Market, TradingStatus
from tests.venues.bybit_frames import (
    BYBIT,
    PROD,
    T_NS,
    answer,
    get,
    linear_row,
    pre_market_row,
    spot_row,
    tables,
)

LINEAR = "/v5/market/instruments-info?category=linear&limit=1000"
SPOT = "/v5/market/instruments-info?category=spot"
DELIVERY_MS = 1798156800000


def listed(*rows: Any, path: str = LINEAR, cursor: str | None = "") -> Listing:
    (event,) = BYBIT.decode_http(get(path), 200, answer(*rows, cursor=cursor), tables(), T_NS)
    assert isinstance(event, Listing)
    return event


def perp(base: str = "BTC", quote: str = "USDT", **changes: Any) -> Instrument:
    return the_one(listed(linear_row(base, quote, **changes)))


def the_one(listing: Listing) -> Instrument:
    assert not listing.bad
    (instrument,) = listing.instruments
    return instrument


def test_a_perp_takes_base_quote_and_settlement_from_their_own_fields() -> None:
    btc = perp("BTC")
    assert (btc.base, btc.quote, btc.price_ccy, btc.settle_ccy) == ("BTC", "USDT", "USDT", "USDT")
    assert btc.key == "bybit.perp.BTCUSDT"
    assert (btc.tick, btc.step, btc.min_qty, btc.min_notional) == (
        Decimal("0.10"),
        Decimal("0.001"),
        Decimal("0.001"),
        Decimal(5),
    )
    assert btc.multiplier == btc.price_factor == Decimal(1)


def test_a_usdc_perp_is_called_perp_and_quoted_in_usdc() -> None:
    btc = perp("BTC", "USDC")
    assert (btc.native, btc.base, btc.quote, btc.settle_ccy) == ("BTCPERP", "BTC", "USDC", "USDC")


@pytest.mark.parametrize(
    ("listed_base", "coin", "multiplier"),
    [
        ("1000PEPE", "PEPE", 1000),
        ("SHIB1000", "SHIB", 1000),  # the only one whose number stands behind
        ("10000SATS", "SATS", 10000),
        ("1000000MOG", "MOG", 1000000),
        ("1INCH", "1INCH", 1),
    ],
)
@pytest.mark.parametrize("quote", ["USDT", "USDC"])
def test_multiplied_coins_are_told_by_the_table(listed_base: str, coin: str, multiplier: int, quote: str) -> None:
    instrument = perp(listed_base, quote)
    assert instrument.base == coin
    assert instrument.multiplier == instrument.price_factor == Decimal(multiplier)


def test_a_name_that_looks_multiplied_and_is_not_in_the_table_is_not_trusted() -> None:
    assert (perp("1000NEW").base, perp("1000NEW").multiplier) == ("1000NEW", None)
    assert perp("NEW1000").multiplier is None


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [(60, 1.0), (120, 2.0), (240, 4.0), (480, 8.0), (8, None), (0, None), (-60, None), (None, None)],
)
def test_the_funding_interval_is_in_minutes(minutes: int | None, hours: float | None) -> None:
    assert perp(fundingInterval=minutes).funding_interval_h == hours


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (linear_row(symbol="BTCUSDT-21FEB25", contractType="LinearFutures", deliveryTime="1740124800000"), "dated"),
        (linear_row(symbol="BTC-24MAR23", quote="USDC", contractType="LinearFutures"), "dated"),
        (linear_row(symbol="BTCUSD", contractType="InversePerpetual", quoteCoin="USD", settleCoin="BTC"), "inverse"),
        (linear_row(symbol="BTCUSDU23", contractType="InverseFutures"), "inverse"),
        (linear_row(contractType="LinearOption"), "contract_type"),
        (linear_row(contractType=""), "contract_type"),
        (linear_row(quoteCoin="EUR", settleCoin="EUR"), "quote_currency"),
        (linear_row(settleCoin="BTC"), "settle_currency"),
    ],
)
def test_contracts_of_another_kind_are_left_out_and_counted(row: dict[str, Any], reason: str) -> None:
    listing = listed(row, linear_row("ETH"), row)
    assert [instrument.native for instrument in listing.instruments] == ["ETHUSDT"]
    assert listing.dropped == {reason: 2}
    assert listing.bad == []


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Trading", TradingStatus.TRADING),
        ("PreLaunch", TradingStatus.PRE_OPEN),
        ("Settling", TradingStatus.HALTED),
        ("Delivering", TradingStatus.HALTED),
        ("Closed", TradingStatus.DELISTED),
        ("Paused", TradingStatus.UNKNOWN),
        ("trading", TradingStatus.UNKNOWN),
        ("", TradingStatus.UNKNOWN),
    ],
)
def test_only_words_that_are_known_are_believed(word: str, status: TradingStatus) -> None:
    assert perp(status=word).status is status
    assert perp(status=word).status_text == word
    assert the_one(listed(spot_row(status=word), path=SPOT)).status is status


def test_a_perp_with_a_delivery_time_still_says_trading_and_may_only_be_closed() -> None:
    ending = perp(deliveryTime=str(DELIVERY_MS))
    assert (ending.status, ending.delist_ms) == (TradingStatus.CLOSE_ONLY, DELIVERY_MS)
    assert ending.status_text == "Trading, delisting announced"
    assert (perp(deliveryTime="0").delist_ms, perp(deliveryTime="").delist_ms) == (None, None)


@pytest.mark.parametrize(
    ("phase", "status"),
    [
        ("NotStarted", TradingStatus.PRE_OPEN),
        ("CallAuction", TradingStatus.PRE_OPEN),
        ("CallAuctionNoCancel", TradingStatus.PRE_OPEN),
        ("CrossMatching", TradingStatus.PRE_OPEN),
        ("ContinuousTrading", TradingStatus.TRADING),
        ("Finished", TradingStatus.HALTED),
        ("Something", TradingStatus.UNKNOWN),
        ("", TradingStatus.PRE_OPEN),
    ],
)
def test_a_pre_market_perp_trades_in_one_phase_only(phase: str, status: TradingStatus) -> None:
    new = the_one(listed(pre_market_row(phase)))
    assert (new.status, new.category) == (status, Category.PRE_MARKET)
    assert phase in new.status_text


def test_a_pre_market_perp_has_the_fees_that_its_row_names_or_those_of_the_fee_page() -> None:
    new = the_one(listed(pre_market_row("ContinuousTrading")))
    assert (new.maker_rate, new.taker_rate) == (0.0005, 0.0015)
    bare = the_one(listed(pre_market_row("ContinuousTrading", preListingInfo=None)))
    assert (bare.maker_rate, bare.taker_rate) == (0.0004, 0.0010)


def test_an_official_contract_is_no_pre_market_any_more() -> None:
    assert perp().category is Category.CRYPTO
    assert perp(isPreListing=True).category is Category.PRE_MARKET


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("", Category.CRYPTO),
        ("innovation", Category.CRYPTO),
        ("stock", Category.TRADFI),
        ("commodity", Category.TRADFI),
        ("forex", Category.TRADFI),
        ("something_new", Category.TRADFI),
    ],
)
def test_stocks_metals_currencies_and_what_is_not_known_are_no_coins(kind: str, category: Category) -> None:
    assert perp(symbolType=kind).category is category


def test_rows_with_fees_of_their_own_carry_them() -> None:
    assert (perp().maker_rate, perp().taker_rate) == (None, None)
    assert (perp(symbolType="innovation").maker_rate, perp(symbolType="innovation").taker_rate) == (0.0004, 0.0011)
    for kind, category in (("adventure", Category.CRYPTO), ("xstocks", Category.TRADFI)):
        row = the_one(listed(spot_row(symbolType=kind), path=SPOT))
        assert (row.maker_rate, row.taker_rate, row.category) == (0.002, 0.002, category)


def test_spot_steps_in_base_precision_and_its_least_size_is_a_value_alone() -> None:
    listing = listed(spot_row("BTC"), spot_row("BTC", "EUR"), spot_row("ETH", "BTC"), path=SPOT)
    btc = the_one(listing)
    assert (btc.base, btc.quote, btc.price_ccy, btc.settle_ccy) == ("BTC", "USDT", "USDT", "USDT")
    assert (btc.tick, btc.step, btc.min_qty, btc.min_notional) == (
        Decimal("0.01"),
        Decimal("0.000001"),
        None,  # minOrderQty is in the row and no longer checked
        Decimal(5),
    )
    assert btc.funding_interval_h is None
    assert listing.dropped == {"quote_currency": 2}
    assert (listing.market, listing.product, listing.partial) == (Market.SPOT, "spot", False)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"priceFilter": {"tickSize": "abc"}}, "tickSize"),
        ({"priceFilter": {}}, "tick"),
        ({"lotSizeFilter": {"qtyStep": "-1", "minOrderQty": "1"}}, "qtyStep"),
        ({"lotSizeFilter": {"qtyStep": "1e-999999999", "minOrderQty": "1"}}, "qtyStep"),
        ({"lotSizeFilter": {"qtyStep": "1"}}, "least size"),
        ({"lotSizeFilter": {"qtyStep": "1", "minOrderQty": "1", "minNotionalValue": "five"}}, "least value"),
        ({"baseCoin": ""}, "base coin"),
        ({"deliveryTime": "2026-12-25T08:00:00Z"}, "deliveryTime"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_spoils_no_other(changes: dict[str, Any], word: str) -> None:
    listing = listed(linear_row("ETH", **changes), linear_row("BTC"))
    assert [instrument.native for instrument in listing.instruments] == ["BTCUSDT"]
    (bad,) = listing.bad
    assert word in bad


def test_a_least_value_of_nothing_is_none() -> None:
    lots = {"qtyStep": "1", "minOrderQty": "1"}
    assert perp(lotSizeFilter=lots).min_notional is None
    assert perp(lotSizeFilter=lots | {"minNotionalValue": "0.0"}).min_notional is None


def test_a_row_of_another_shape_spoils_no_other() -> None:
    listing = listed(linear_row(), None, 7, {"symbol": None}, {"symbol": "X"})
    assert len(listing.instruments) == 1
    assert len(listing.bad) == 4


def test_keys_that_are_new_are_let_be() -> None:
    assert perp(forbidUplWithdrawal=True, marketRegion="", newThing={"a": [1]}).native == "BTCUSDT"


# --- pages ------------------------------------------------------------------------------------------------------------


def test_pre_market_contracts_are_asked_for_first_and_by_themselves() -> None:
    host = "https://api.bybit.com/v5/market/instruments-info"
    assert [request.url for request in BYBIT.instrument_requests(PROD, Market.PERP)] == [
        f"{host}?category=linear&limit=1000&status=PreLaunch",
        f"{host}?category=linear&limit=1000",
    ]
    assert [request.url for request in BYBIT.instrument_requests(PROD, Market.SPOT)] == [f"{host}?category=spot"]


def test_no_pre_market_contract_at_all_is_a_listing_that_removes_nothing() -> None:
    early, official = (
        listed(path=request.url.partition("bybit.com")[2]) for request in BYBIT.instrument_requests(PROD, Market.PERP)
    )
    assert (early.product, early.partial) == ("linear PreLaunch", True)
    assert (official.product, official.partial) == ("linear", False)


def test_the_cursor_goes_back_as_it_came() -> None:
    body = answer(linear_row(), cursor="first%3DBTCUSDT%26last%3DETHUSDT%2C7")
    first = get(LINEAR)
    second = BYBIT.next_page(first, body)
    assert second is not None
    assert second.url == f"{first.url}&cursor=first%3DBTCUSDT%26last%3DETHUSDT%2C7"
    third = BYBIT.next_page(second, answer(linear_row("ETH"), cursor="next"))
    assert third is not None
    assert third.url == f"{first.url}&cursor=next"
    assert (third.method, third.purpose, third.bucket) == (first.method, first.purpose, first.bucket)


def test_what_a_cursor_may_not_hold_is_encoded() -> None:
    page = BYBIT.next_page(get(LINEAR), answer(linear_row(), cursor="a&category=spot #1"))
    assert page is not None
    assert page.url.endswith("&cursor=a%26category=spot%20%231")


@pytest.mark.parametrize("cursor", ["", None])
def test_the_last_page_has_no_cursor(cursor: str | None) -> None:
    assert BYBIT.next_page(get(LINEAR), answer(linear_row(), cursor=cursor)) is None


def test_an_empty_page_and_a_cursor_that_stands_still_end_the_listing() -> None:
    assert BYBIT.next_page(get(LINEAR), answer(cursor="more")) is None
    assert BYBIT.next_page(get(f"{LINEAR}&cursor=a%3Db"), answer(linear_row(), cursor="a%3Db")) is None


def test_spot_and_other_answers_are_never_paged() -> None:
    assert BYBIT.next_page(get(SPOT), answer(spot_row(), cursor="more")) is None
    assert BYBIT.next_page(get("/v5/market/tickers?category=linear"), answer(cursor="more")) is None


def test_a_page_is_no_complete_listing() -> None:
    assert listed(linear_row(), cursor="more").partial
    assert listed(linear_row(), path=f"{LINEAR}&cursor=more").partial
    assert not listed(linear_row()).partial
    assert not listed(linear_row(), cursor=None).partial


def test_other_categories_are_nobodys() -> None:
    for category in ("inverse", "option", ""):
        path = f"/v5/market/instruments-info?category={category}"
        (event,) = BYBIT.decode_http(get(path), 200, answer(linear_row()), tables(), T_NS)
        assert type(event).__name__ == "Ignored"


def test_a_perp_is_streamed_with_mark_and_funding_and_a_spot_pair_without() -> None:
    pair = the_one(listed(spot_row(), path=SPOT))
    assert [stream.channel for stream in BYBIT.streams_for(perp())] == [
        Channel.BBO,
        Channel.TICKER,
        Channel.MARK,
        Channel.FUNDING,
    ]
    assert [stream.channel for stream in BYBIT.streams_for(pair)] == [Channel.BBO, Channel.TICKER]
    assert str(BYBIT.book_stream(pair)) == "spot.book.BTCUSDT"
