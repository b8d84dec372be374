"""OKX's listings: what is kept, what is left out and why, and what a contract is worth in coins."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.events import Listing
from arbtui.core.model import Category, Channel, Instrument, Market, TradingStatus
from tests.venues.okx_frames import OKX, PROD, T_NS, answer, get, spot_row, swap_row, tables, wire


def listed(*rows: dict[str, Any], market: Market = Market.PERP) -> Listing:
    (request,) = OKX.instrument_requests(PROD, market)
    (event,) = OKX.decode_http(request, 200, answer(*rows), tables(), T_NS)
    assert isinstance(event, Listing)
    return event


def swap(base: str = "ETH", quote: str = "USDT", **changes: Any) -> Instrument:
    listing = listed(swap_row(base, quote, **changes))
    assert not listing.bad
    (instrument,) = listing.instruments
    return instrument


def test_a_swap_takes_its_pair_from_uly_because_base_and_quote_are_empty() -> None:
    eth = swap("ETH")
    assert (eth.base, eth.quote, eth.price_ccy, eth.settle_ccy) == ("ETH", "USDT", "USDT", "USDT")
    assert (eth.venue, eth.market, eth.native, eth.key) == (
        "okx",
        Market.PERP,
        "ETH-USDT-SWAP",
        "okx.perp.ETH-USDT-SWAP",
    )


def test_swap_sizes_are_contracts_of_ct_val_times_ct_mult_coins() -> None:
    assert swap("ETH", ctVal="0.1", ctMult="1").multiplier == Decimal("0.1")
    assert swap("PEPE", ctVal="10000000", ctMult="1").multiplier == Decimal(10000000)
    assert swap("ETH", ctVal="0.1", ctMult="10").multiplier == Decimal("1.0")
    assert swap("ETH").price_factor == 1


def test_steps_and_minimum_are_in_contracts() -> None:
    eth = swap("ETH")
    assert (eth.tick, eth.step, eth.min_qty, eth.min_notional) == (
        Decimal("0.01"),
        Decimal("0.01"),
        Decimal("0.01"),
        None,
    )


def test_the_codecs_own_fields_are_kept_with_their_types() -> None:
    assert dict(swap("ETH").extra) == {"instIdCode": 10461, "groupId": "2"}


@pytest.mark.parametrize(
    "changes", [{"ctVal": ""}, {"ctMult": ""}, {"ctVal": "0"}, {"ctVal": "nan"}, {"ctValCcy": "USD"}]
)
def test_contract_terms_that_say_nothing_leave_the_multiplier_unknown(changes: dict[str, str]) -> None:
    assert swap("ETH", **changes).multiplier is None


def test_a_name_that_looks_multiplied_is_not_trusted() -> None:
    rats = swap("1000RATS")
    assert (rats.base, rats.multiplier, rats.price_factor) == ("1000RATS", None, None)
    assert swap("1INCH").multiplier == Decimal("0.1")


def test_usdc_swaps_are_priced_and_settled_in_usdc() -> None:
    btc = swap("BTC", "USDC")
    assert (btc.quote, btc.price_ccy, btc.settle_ccy) == ("USDC", "USDC", "USDC")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (swap_row("BTC", "USD", ctType="inverse", settleCcy="BTC", ctValCcy="USD"), "inverse"),
        (swap_row("ETH", uly="ETH-USD", instFamily="ETH-USD_UM", instId="ETH-USD_UM-SWAP", settleCcy="USD"), "usd_um"),
        (swap_row("ETH", uly="ETH-USD_UM", instId="ETH-USD_UM-SWAP", settleCcy="USDC"), "usd_um"),
        (swap_row("BTC", ruleType="xperp"), "xperp"),
        (swap_row("BTC", instType="FUTURES", instId="BTC-USDT-261225", expTime="1798156800000"), "dated"),
        (swap_row("BTC", instType="FUTURES", instId="BTC-USD_UM_XPERP-310404", ruleType="xperp"), "dated"),
        (swap_row("BTC", instType="OPTION"), "other_type"),
        (swap_row("BTC", "EUR"), "quote_currency"),
        (swap_row("BTC", settleCcy="BTC"), "settle_currency"),
        (swap_row("BTC", state="test"), "test"),
        (swap_row("BTC", ctType="quanto"), "contract_type"),
    ],
)
def test_contracts_of_another_kind_are_left_out_and_counted(row: dict[str, Any], reason: str) -> None:
    listing = listed(row, swap_row("ETH"), row)
    assert [instrument.native for instrument in listing.instruments] == ["ETH-USDT-SWAP"]
    assert listing.dropped == {reason: 2}
    assert listing.bad == []


def test_rows_announced_without_terms_are_left_out_until_they_have_some() -> None:
    bare = {"instId": "NEW-USDT-SWAP", "instType": "SWAP", "state": "preopen"}
    listing = listed(bare, swap_row("ETH"))
    assert listing.dropped == {"preopen": 1}
    assert swap("NEW", state="preopen").status is TradingStatus.PRE_OPEN
    spot = listed({"instId": "NEW-USDT", "instType": "SPOT", "state": "preopen"}, market=Market.SPOT)
    assert spot.dropped == {"preopen": 1}


@pytest.mark.parametrize(
    ("state", "rule", "status"),
    [
        ("live", "normal", TradingStatus.TRADING),
        ("live", "", TradingStatus.TRADING),
        ("suspend", "normal", TradingStatus.HALTED),
        ("preopen", "normal", TradingStatus.PRE_OPEN),
        ("rebase", "normal", TradingStatus.HALTED),
        ("post_only", "normal", TradingStatus.HALTED),
        ("settling", "normal", TradingStatus.HALTED),
        ("expired", "normal", TradingStatus.DELISTED),
        ("live", "rebase_contract", TradingStatus.HALTED),
        ("live", "something_new", TradingStatus.UNKNOWN),
        ("something_new", "normal", TradingStatus.UNKNOWN),
    ],
)
def test_only_live_and_normal_is_trading(state: str, rule: str, status: TradingStatus) -> None:
    instrument = swap("ETH", state=state, ruleType=rule)
    assert instrument.status is status
    assert state in instrument.status_text


def test_pre_market_and_other_asset_classes_are_told_apart() -> None:
    assert swap("ETH").category is Category.CRYPTO
    assert swap("NEW", ruleType="pre_market").category is Category.PRE_MARKET
    assert swap("MUU", instCategory="3").category is Category.TRADFI
    assert swap("ETH", instCategory="1").category is Category.CRYPTO


def test_an_announced_end_of_trading_is_kept() -> None:
    assert swap("ETH", expTime="1798156800000").delist_ms == 1798156800000
    assert swap("ETH").delist_ms is None


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"tickSz": "abc"}, "tick_sz"),
        ({"lotSz": "-1"}, "lot_sz"),
        ({"lotSz": "1e-999999999"}, "lot_sz"),
        ({"minSz": ""}, "min_sz"),
        ({"uly": "", "instFamily": ""}, "base and quote"),
        ({"instId": "ETHUSDT"}, "ETH-USDT"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_spoils_no_other(changes: dict[str, str], word: str) -> None:
    listing = listed(swap_row("ETH", **changes), swap_row("BTC"))
    assert [instrument.native for instrument in listing.instruments] == ["BTC-USDT-SWAP"]
    (bad,) = listing.bad
    assert word in bad


def test_a_row_of_another_shape_spoils_no_other() -> None:
    body = json.loads(answer(swap_row("BTC")))
    body["data"] += [None, 7, {"instId": None}, {"instType": "SWAP"}]
    (event,) = OKX.decode_http(get("/api/v5/public/instruments?instType=SWAP"), 200, wire(body), tables(), T_NS)
    assert isinstance(event, Listing)
    assert len(event.instruments) == 1
    assert len(event.bad) == 4


def test_spot_takes_base_and_quote_as_they_stand() -> None:
    listing = listed(spot_row("BTC"), spot_row("BTC", "EUR"), spot_row("ETH", "BTC"), market=Market.SPOT)
    (btc,) = listing.instruments
    assert (btc.base, btc.quote, btc.price_ccy, btc.settle_ccy) == ("BTC", "USDT", "USDT", "USDT")
    assert (btc.multiplier, btc.price_factor, btc.step) == (Decimal(1), Decimal(1), Decimal("0.00000001"))
    assert listing.dropped == {"quote_currency": 2}
    assert (listing.market, listing.product, listing.partial) == (Market.SPOT, "SPOT", False)


def test_a_perp_is_streamed_with_mark_and_funding_and_a_spot_pair_without() -> None:
    (spot,) = listed(spot_row("BTC"), market=Market.SPOT).instruments
    assert [stream.channel for stream in OKX.streams_for(swap("BTC"))] == [
        Channel.BBO,
        Channel.TICKER,
        Channel.MARK,
        Channel.FUNDING,
        Channel.INSTRUMENTS,
    ]
    assert [stream.channel for stream in OKX.streams_for(spot)] == [Channel.BBO, Channel.TICKER, Channel.INSTRUMENTS]
    assert str(OKX.book_stream(spot)) == "spot.book.BTC-USDT"
