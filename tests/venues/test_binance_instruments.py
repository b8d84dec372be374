"""What Binance lists, and what is made of it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Funding, Ignored, Listing
from arbtui.core.model import Category, Instrument, Market, TradingStatus
from arbtui.venues.base import Environment
from arbtui.venues.binance import Binance
from tests.venues.binance_samples import T_NS, exchange_info, perp_symbol, spot_symbol, tables

BINANCE = Binance()


def listing(market: Market, *rows: Any) -> Listing:
    request = BINANCE.instrument_requests(Environment.PROD, market)[0]
    (event,) = BINANCE.decode_http(request, 200, exchange_info(*rows), tables(), T_NS)
    assert isinstance(event, Listing)
    return event


def perp(**fields: Any) -> Instrument:
    (instrument,) = listing(Market.PERP, perp_symbol(**fields)).instruments
    return instrument


def spot(**fields: Any) -> Instrument:
    (instrument,) = listing(Market.SPOT, spot_symbol(**fields)).instruments
    return instrument


def test_a_perp_is_read_by_filter_type_and_not_by_precision() -> None:
    btc = perp()
    assert btc.key == "binance.perp.BTCUSDT"
    assert (btc.base, btc.quote, btc.price_ccy, btc.settle_ccy) == ("BTC", "USDT", "USDT", "USDT")
    assert (btc.tick, btc.step, btc.min_qty) == (Decimal("0.10"), Decimal("0.001"), Decimal("0.001"))
    assert btc.min_notional == Decimal(50)
    assert (btc.multiplier, btc.price_factor) == (Decimal(1), Decimal(1))
    assert (btc.status, btc.category) == (TradingStatus.TRADING, Category.CRYPTO)
    assert btc.delist_ms is None
    assert btc.funding_interval_h is None  # fundingInfo says; until then it is not known


def test_a_spot_pair_takes_its_limits_from_lot_size_where_the_market_lot_is_not_set() -> None:
    btc = spot()
    assert btc.key == "binance.spot.BTCUSDT"
    assert (btc.tick, btc.step, btc.min_qty) == (Decimal("0.01"), Decimal("0.00001"), Decimal("0.00001"))
    assert btc.min_notional == Decimal(5)
    assert btc.funding_interval_h is None


def test_a_spot_pair_with_the_older_filter_has_its_minimum_too() -> None:
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "stepSize": "1", "minQty": "1"},
        {"filterType": "MIN_NOTIONAL", "minNotional": "10.00"},
    ]
    assert spot(filters=filters).min_notional == Decimal("10.00")


@pytest.mark.parametrize(
    ("base", "coin", "times"),
    [
        ("1000PEPE", "PEPE", 1000),
        ("1000000MOG", "MOG", 10**6),
        ("1MBABYDOGE", "BABYDOGE", 10**6),
        ("1INCH", "1INCH", 1),
    ],
)
def test_coins_listed_by_the_thousand_are_scaled_in_price_and_size(base: str, coin: str, times: int) -> None:
    for instrument in (perp(symbol=f"{base}USDT"), spot(symbol=f"{base}USDT")):
        assert instrument.base == coin
        assert instrument.multiplier == instrument.price_factor == times


def test_a_name_that_looks_scaled_and_is_not_in_the_table_is_quarantined() -> None:
    unknown = perp(symbol="1000NEWCOINUSDT")
    assert unknown.base == "1000NEWCOIN"
    assert unknown.multiplier is None
    assert unknown.price_factor is None


def test_a_usdc_perp_is_priced_and_settled_in_usdc() -> None:
    usdc = perp(symbol="BTCUSDC", baseAsset="BTC", quoteAsset="USDC", marginAsset="USDC")
    assert (usdc.base, usdc.quote, usdc.price_ccy, usdc.settle_ccy) == ("BTC", "USDC", "USDC", "USDC")


def test_what_is_not_ours_is_dropped_and_counted_by_reason() -> None:
    found = listing(
        Market.PERP,
        perp_symbol(),
        perp_symbol(symbol="BTCUSDT_261225", contractType="CURRENT_QUARTER"),
        perp_symbol(symbol="BTCUSDT_270326", contractType="NEXT_QUARTER"),
        perp_symbol(symbol="ETHBTC", quoteAsset="BTC", marginAsset="BTC"),
        perp_symbol(symbol="BTCUSD_PERP", quoteAsset="USD", marginAsset="BTC"),
        perp_symbol(symbol="ODDUSDT", contractType=""),
    )
    assert [instrument.native for instrument in found.instruments] == ["BTCUSDT"]
    assert found.dropped == {"dated": 2, "other_quote": 1, "other_margin": 1, "other_contract": 1}
    assert (found.product, found.partial, found.bad) == ("usdm", False, [])
    assert listing(Market.SPOT, spot_symbol(symbol="ETHBTC", quoteAsset="BTC")).dropped == {"other_quote": 1}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("TRADING", TradingStatus.TRADING),
        ("PENDING_TRADING", TradingStatus.PRE_OPEN),
        ("PRE_SETTLE", TradingStatus.HALTED),
        ("SETTLING", TradingStatus.HALTED),
        ("CLOSE", TradingStatus.DELISTED),
        ("SOMETHING_NEW", TradingStatus.UNKNOWN),
        ("", TradingStatus.UNKNOWN),
    ],
)
def test_only_trading_is_tradable_and_new_words_are_unknown(text: str, status: TradingStatus) -> None:
    instrument = perp(status=text)
    assert (instrument.status, instrument.status_text) == (status, text)


@pytest.mark.parametrize("text", ["HALT", "BREAK", "CANCEL_ONLY"])
def test_spot_pairs_that_take_no_orders_are_halted(text: str) -> None:
    assert spot(status=text).status is TradingStatus.HALTED


def test_a_pair_that_may_not_be_traded_on_spot_is_halted_whatever_its_status_says() -> None:
    assert spot(isSpotTradingAllowed=False).status is TradingStatus.HALTED


@pytest.mark.parametrize(
    ("fields", "category"),
    [
        ({"contractType": "TRADIFI_PERPETUAL", "underlyingType": "EQUITY"}, Category.TRADFI),
        ({"contractType": "TRADIFI_PERPETUAL", "underlyingType": "PREMARKET"}, Category.TRADFI),
        ({"contractType": "TRADIFI_PERPETUAL", "underlyingType": "COIN"}, Category.TRADFI),
        ({"underlyingType": "COMMODITY"}, Category.TRADFI),
        ({"underlyingType": "PREMARKET"}, Category.PRE_MARKET),
        ({"underlyingType": "INDEX"}, Category.CRYPTO),
    ],
)
def test_what_stands_behind_the_price(fields: dict[str, Any], category: Category) -> None:
    assert perp(**fields).category is category


def test_an_announced_end_of_trading_is_kept() -> None:
    assert perp(deliveryDate=1791900000000).delist_ms == 1791900000000


def test_a_non_ascii_symbol_is_listed() -> None:
    assert perp(symbol="币安人生USDT").base == "币安人生"


def test_a_row_that_cannot_be_read_is_named_and_the_others_stay() -> None:
    no_tick = perp_symbol(symbol="NOTICKUSDT", filters=[{"filterType": "LOT_SIZE", "stepSize": "1"}])
    nan_tick = perp_symbol(symbol="NANUSDT", filters=[{"filterType": "PRICE_FILTER", "tickSize": "nan"}])
    found = listing(Market.PERP, perp_symbol(), 7, {"symbol": "HALFUSDT"}, no_tick, nan_tick)
    assert [instrument.native for instrument in found.instruments] == ["BTCUSDT"]
    assert len(found.bad) == 4
    assert found.bad[:2] == ["7", '{"symbol": "HALFUSDT"}']
    assert found.bad[2].startswith("NOTICKUSDT: ")


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"symbols":{}}', b"<html>", exchange_info(perp_symbol())[:300]])
def test_a_body_that_is_no_listing_is_refused(body: bytes) -> None:
    request = BINANCE.instrument_requests(Environment.PROD, Market.PERP)[0]
    with pytest.raises(ProtocolBroken):
        BINANCE.decode_http(request, 200, body, tables(), T_NS)


# --- funding intervals ------------------------------------------------------------------------------------------------


def interval(symbol: str, hours: object, **fields: Any) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "adjustedFundingRateCap": "0.02",
        "fundingIntervalHours": hours,
        "disclaimer": False,
    } | fields


def intervals(*rows: Any) -> tuple[dict[int, float | None], list[str]]:
    request = BINANCE.instrument_requests(Environment.PROD, Market.PERP)[1]
    events = BINANCE.decode_http(request, 200, json.dumps(rows).encode(), tables(), T_NS)
    hours = {event.slot: event.interval_h for event in events if isinstance(event, Funding)}
    return hours, [event.kind for event in events if isinstance(event, Ignored)]


def test_intervals_are_live_and_an_absent_symbol_has_eight_hours() -> None:
    hours, ignored = intervals(
        interval("BTCUSDT", 8, updateTime=None, disclaimer=True),
        interval("ETHUSDT", 1, updateTime=1791382994000),
        interval("BTCUSD_PERP", 4),  # COIN-M: none of ours
    )
    assert hours == {0: 8.0, 1: 1.0, 2: 8.0, 3: 8.0}
    assert ignored == []


def test_after_a_row_that_cannot_be_read_nobody_is_given_the_default() -> None:
    hours, ignored = intervals(interval("BTCUSDT", 4), interval("ETHUSDT", "often"), interval("1000PEPEUSDT", 0))
    assert hours == {0: 4.0}
    assert ignored == ["bad_row"]


def test_an_empty_answer_says_nothing_about_intervals() -> None:
    assert intervals() == ({}, ["empty_funding_info"])
