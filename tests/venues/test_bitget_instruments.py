"""Bitget's listings: what is kept, what is left out and why, and what may be traded."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.events import Listing
from arbtui.core.model import Category, Channel, Instrument, Market, TradingStatus
from tests.venues.bitget_frames import BITGET, NOW_MS, PROD, T_NS, USDC, USDT, answer, contract, symbol, tables, wire

DAY_MS = 86_400_000


def listed(*rows: Any, product: str = USDT) -> Listing:
    market = Market.SPOT if product == "SPOT" else Market.PERP
    request = next(r for r in BITGET.instrument_requests(PROD, market) if r.purpose.startswith(product))
    (event,) = BITGET.decode_http(request, 200, answer(*rows), tables(), T_NS)
    assert isinstance(event, Listing)
    return event


def perp(base: str = "ETH", quote: str = "USDT", **changes: Any) -> Instrument:
    listing = listed(contract(base, quote, **changes), product=USDT if quote == "USDT" else USDC)
    assert not listing.bad
    (instrument,) = listing.instruments
    return instrument


def spot(base: str = "BTC", quote: str = "USDT", **changes: Any) -> Instrument:
    listing = listed(symbol(base, quote, **changes), product="SPOT")
    assert not listing.bad
    (instrument,) = listing.instruments
    return instrument


# --- perpetuals -------------------------------------------------------------------------------------------------------


def test_a_contract_is_one_coin_and_size_multiplier_is_the_step() -> None:
    eth = perp("ETH", sizeMultiplier="0.01")
    assert (eth.multiplier, eth.price_factor, eth.step, eth.min_qty) == (
        Decimal(1),
        Decimal(1),
        Decimal("0.01"),
        Decimal("0.02"),
    )


@pytest.mark.parametrize(
    ("end_step", "place", "tick"),
    [("1", "2", "0.01"), ("5", "3", "0.005"), ("5", "0", "5"), ("25", "4", "0.0025"), ("1", "12", "0.000000000001")],
)
def test_the_tick_is_price_end_step_at_the_last_decimal(end_step: str, place: str, tick: str) -> None:
    assert perp(priceEndStep=end_step, pricePlace=place).tick == Decimal(tick)


def test_a_perpetual_names_pair_fees_interval_and_minimum_by_itself() -> None:
    eth = perp("ETH", fundInterval="4", makerFeeRate="-0.0001", takerFeeRate="0.0004")
    assert (eth.venue, eth.market, eth.native, eth.base, eth.quote) == (
        "bitget", Market.PERP, "ETHUSDT", "ETH", "USDT",
    )  # fmt: skip
    assert (eth.price_ccy, eth.settle_ccy, eth.min_notional) == ("USDT", "USDT", Decimal(5))
    assert (eth.maker_rate, eth.taker_rate, eth.funding_interval_h) == (-0.0001, 0.0004, 4.0)
    assert (eth.status, eth.category, eth.delist_ms) == (TradingStatus.TRADING, Category.CRYPTO, None)
    assert dict(eth.extra) == {"product": "USDT-FUTURES"}


def test_a_usdc_perpetual_has_no_quote_in_its_name() -> None:
    btc = perp("BTC", "USDC")
    assert (btc.native, btc.base, btc.quote, btc.price_ccy, btc.settle_ccy) == (
        "BTCPERP", "BTC", "USDC", "USDC", "USDC",
    )  # fmt: skip
    assert btc.extra["product"] == "USDC-FUTURES"


def test_each_product_is_a_listing_of_its_own() -> None:
    urls = [request.url for market in BITGET.markets for request in BITGET.instrument_requests(PROD, market)]
    assert urls == [
        "https://api.bitget.com/api/v2/mix/market/contracts?productType=USDT-FUTURES",
        "https://api.bitget.com/api/v2/mix/market/contracts?productType=USDC-FUTURES",
        "https://api.bitget.com/api/v2/spot/public/symbols",
    ]
    products = [(listed(product=name).market, listed(product=name).product) for name in (USDT, USDC, "SPOT")]
    assert products == [(Market.PERP, USDT), (Market.PERP, USDC), (Market.SPOT, "SPOT")]
    assert not listed().partial


@pytest.mark.parametrize(
    ("row", "product", "name"),
    [
        (contract("BTC", "USDC"), USDT, USDT),
        (contract("BTC", "USDC", symbol="BTCUSDT"), USDC, USDC),
    ],
)
def test_a_name_that_does_not_tell_its_product_is_bad_because_it_would_be_asked_in_vain(
    row: dict[str, Any], product: str, name: str
) -> None:
    listing = listed(row, product=product)
    assert not listing.instruments
    (bad,) = listing.bad
    assert row["symbol"] in bad
    assert name in bad


def test_coins_by_the_thousand_are_scaled_by_the_table_alone() -> None:
    bonk = perp("1000BONK")
    assert (bonk.native, bonk.base, bonk.multiplier, bonk.price_factor) == (
        "1000BONKUSDT",
        "BONK",
        Decimal(1000),
        Decimal(1000),
    )
    assert (perp("1000X").multiplier, perp("1000X").price_factor) == (None, None)
    assert perp("1INCH").multiplier == 1


def test_names_need_not_be_ascii() -> None:
    assert (perp("牛来").native, perp("牛来").base) == ("牛来USDT", "牛来")


def test_stocks_metals_and_currencies_are_told_by_is_rwa() -> None:
    assert perp("TSLA", isRwa="YES").category is Category.TRADFI
    assert perp("ETH", isRwa="").category is Category.CRYPTO


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (contract("BTC", symbol="BTCUSDTZ26", symbolType="delivery", deliveryTime="1798156800000"), "dated"),
        (contract("BTC", symbolType="option"), "contract_type"),
        (contract("BTC", supportMarginCoins=["BTC"]), "margin_currency"),
        (contract("BTC", quoteCoin="USD", supportMarginCoins=["BTC", "ETH"]), "quote_currency"),
        (contract("BTC", quoteCoin="SUSDT"), "quote_currency"),
    ],
)
def test_contracts_of_another_kind_are_left_out_and_counted(row: dict[str, Any], reason: str) -> None:
    listing = listed(row, contract("ETH"), row)
    assert [instrument.native for instrument in listing.instruments] == ["ETHUSDT"]
    assert listing.dropped == {reason: 2}
    assert listing.bad == []


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("normal", TradingStatus.TRADING),
        ("limit_open", TradingStatus.CLOSE_ONLY),
        ("listed", TradingStatus.PRE_OPEN),
        ("maintain", TradingStatus.HALTED),
        ("restrictedAPI", TradingStatus.HALTED),
        ("off", TradingStatus.DELISTED),
        ("something_new", TradingStatus.UNKNOWN),
        ("online", TradingStatus.UNKNOWN),  # a word of spot and of API v3
        ("limit_close", TradingStatus.UNKNOWN),  # of API v3
        ("Normal", TradingStatus.UNKNOWN),
    ],
)
def test_only_normal_is_trading_among_contracts(word: str, status: TradingStatus) -> None:
    assert (perp(symbolStatus=word).status, perp(symbolStatus=word).status_text) == (status, word)


def test_an_announced_delisting_makes_a_contract_close_only_at_once() -> None:
    ends = NOW_MS + 30 * DAY_MS
    leaving = perp(offTime=str(ends))
    assert (leaving.status, leaving.delist_ms) == (TradingStatus.CLOSE_ONLY, ends)
    assert leaving.status_text == "normal, delisting announced"


@pytest.mark.parametrize("word", ["normal", "limit_open"])
def test_a_contract_past_its_delisting_is_halted_whatever_its_status_still_says(word: str) -> None:
    assert perp(symbolStatus=word, offTime=str(NOW_MS - 1)).status is TradingStatus.HALTED


@pytest.mark.parametrize("nothing", ["-1", "", "0", None])
def test_a_time_that_is_none_says_nothing(nothing: str | None) -> None:
    eth = perp(offTime=nothing, limitOpenTime=nothing, openTime=nothing, launchTime=nothing)
    assert (eth.status, eth.delist_ms) == (TradingStatus.TRADING, None)


@pytest.mark.parametrize(
    ("starts_in_ms", "status"),
    [(-1, TradingStatus.CLOSE_ONLY), (1_800_000, TradingStatus.CLOSE_ONLY), (7_200_000, TradingStatus.TRADING)],
)
def test_a_ban_on_opening_counts_before_the_next_listing_could_tell_of_it(
    starts_in_ms: int, status: TradingStatus
) -> None:
    assert perp(limitOpenTime=str(NOW_MS + starts_in_ms)).status is status


@pytest.mark.parametrize("name", ["openTime", "launchTime"])
def test_a_contract_whose_opening_lies_ahead_is_not_open(name: str) -> None:
    assert perp(**{name: str(NOW_MS + DAY_MS)}).status is TradingStatus.PRE_OPEN
    assert perp(**{name: str(NOW_MS - DAY_MS)}).status is TradingStatus.TRADING


def test_announced_times_open_nothing_that_the_status_closes() -> None:
    assert perp(symbolStatus="maintain", openTime=str(NOW_MS + DAY_MS)).status is TradingStatus.HALTED
    assert perp(symbolStatus="off", offTime=str(NOW_MS + DAY_MS)).status is TradingStatus.DELISTED


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"priceEndStep": "abc"}, "priceEndStep"),
        ({"pricePlace": "-1"}, "pricePlace"),
        ({"pricePlace": "99"}, "pricePlace"),
        ({"sizeMultiplier": "1e-999999999"}, "sizeMultiplier"),
        ({"sizeMultiplier": "-0.1"}, "sizeMultiplier"),
        ({"minTradeNum": "nan"}, "minTradeNum"),
        ({"minTradeUSDT": "inf"}, "minTradeUSDT"),
        ({"pricePlace": ""}, "price step"),
        ({"sizeMultiplier": "0"}, "size step"),
        ({"baseCoin": ""}, "base"),
        ({"symbol": ""}, "symbol"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_spoils_no_other(changes: dict[str, str], word: str) -> None:
    listing = listed(contract("ETH", **changes), contract("BTC"))
    assert [instrument.native for instrument in listing.instruments] == ["BTCUSDT"]
    (bad,) = listing.bad
    assert word in bad


def test_a_row_of_another_shape_spoils_no_other() -> None:
    listing = listed({"symbol": 5}, contract("BTC"), [])
    assert [instrument.native for instrument in listing.instruments] == ["BTCUSDT"]
    assert len(listing.bad) == 2


@pytest.mark.parametrize("text", ["", "nan", "abc", "7", None])
def test_a_fee_that_is_none_is_unknown(text: str | None) -> None:
    eth = perp(makerFeeRate=text, takerFeeRate=text)
    assert (eth.maker_rate, eth.taker_rate) == (None, None)


@pytest.mark.parametrize("text", ["", "0", "nan", "-8", "9999"])
def test_an_interval_that_is_none_is_unknown(text: str) -> None:
    assert perp(fundInterval=text).funding_interval_h is None


# --- spot -------------------------------------------------------------------------------------------------------------


def test_spot_precisions_are_counts_of_decimals() -> None:
    btc = spot("BTC", pricePrecision="2", quantityPrecision="6", minTradeAmount="0.0005")
    assert (btc.tick, btc.step, btc.min_qty, btc.min_notional) == (
        Decimal("0.01"), Decimal("0.000001"), Decimal("0.0005"), Decimal(1),
    )  # fmt: skip
    assert (spot(pricePrecision="0").tick, spot(minTradeAmount="0").min_qty) == (Decimal(1), None)


def test_spot_fees_are_those_of_the_pair() -> None:
    assert (spot().maker_rate, spot().taker_rate) == (0.001, 0.002)
    assert BITGET.fees(Market.SPOT) == (0.001, 0.001)
    assert BITGET.fees(Market.PERP) == (0.0002, 0.0006)


def test_spot_pairs_of_other_currencies_are_left_out() -> None:
    listing = listed(symbol("BTC"), symbol("BTC", "EUR"), symbol("ETH", "BTC"), symbol("BTC", "USDC"), product="SPOT")
    assert [instrument.native for instrument in listing.instruments] == ["BTCUSDT", "BTCUSDC"]
    assert listing.dropped == {"quote_currency": 2}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("online", TradingStatus.TRADING),
        ("halt", TradingStatus.HALTED),
        ("gray", TradingStatus.HALTED),
        ("offline", TradingStatus.DELISTED),
        ("normal", TradingStatus.UNKNOWN),  # a word of contracts
        ("something_new", TradingStatus.UNKNOWN),
    ],
)
def test_only_online_is_trading_on_spot(word: str, status: TradingStatus) -> None:
    assert spot(status=word).status is status


def test_announced_times_count_on_spot_too() -> None:
    assert spot(offTime=str(NOW_MS + DAY_MS)).status is TradingStatus.CLOSE_ONLY
    assert spot(openTime=str(NOW_MS + DAY_MS)).status is TradingStatus.PRE_OPEN


def test_a_pair_for_some_regions_only_is_not_known_to_be_ours() -> None:
    there = spot(areaSymbol="yes")
    assert (there.status, there.status_text) == (TradingStatus.UNKNOWN, "online, in some regions only")


def test_rows_without_terms_are_kept_as_long_as_they_do_not_trade() -> None:
    (bare,) = listed(
        symbol("NEW", status="offline", pricePrecision="", quantityPrecision=""), product="SPOT"
    ).instruments
    assert (bare.tick, bare.step, bare.status) == (None, None, TradingStatus.DELISTED)


# --- what is asked for them -------------------------------------------------------------------------------------------


def test_a_perp_is_streamed_with_mark_and_funding_and_a_spot_pair_without() -> None:
    assert [stream.channel for stream in BITGET.streams_for(perp())] == [
        Channel.BBO, Channel.TICKER, Channel.MARK, Channel.FUNDING,
    ]  # fmt: skip
    assert [stream.channel for stream in BITGET.streams_for(spot())] == [Channel.BBO, Channel.TICKER]
    assert str(BITGET.book_stream(perp("BTC", "USDC"))) == "perp.book.BTCPERP"


def test_a_lost_book_is_subscribed_anew_because_rest_books_have_no_id() -> None:
    assert BITGET.book_request(PROD, perp()) is None


def test_a_listing_may_name_more_than_we_know_of() -> None:
    body = json.loads(answer(contract("ETH", newField={"a": [1]})))
    (request, _) = BITGET.instrument_requests(PROD, Market.PERP)
    (event,) = BITGET.decode_http(request, 200, wire(body | {"more": 1}), tables(), T_NS)
    assert isinstance(event, Listing)
    assert len(event.instruments) == 1
