"""What Hyperliquid lists, and what is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from arbtui.core.events import Listing
from arbtui.core.model import Category, Instrument, Market, TradingStatus
from tests.venues.hyperliquid_frames import HYPERLIQUID, T_NS, ask, meta, pair, perp_row, spot_meta, tables, token, wire


def listed(kind: str, body: Any) -> Listing:
    (listing,) = HYPERLIQUID.decode_http(ask(kind), 200, wire(body), tables(), T_NS)
    assert isinstance(listing, Listing)
    assert not listing.partial
    return listing


def perps(*rows: Any, **more: Any) -> Listing:
    return listed("meta", meta(*rows, **more))


def perp(name: str, decimals: int = 5, **more: Any) -> Instrument:
    (instrument,) = perps(perp_row(name, decimals, **more)).instruments
    return instrument


def spots(*pairs: Any) -> Listing:
    return listed("spotMeta", spot_meta(*pairs))


# --- perps ------------------------------------------------------------------------------------------------------------


def test_a_perp_is_priced_in_usdt_and_settled_in_usdc() -> None:
    assert perp("BTC") == Instrument(
        venue="hyperliquid",
        market=Market.PERP,
        native="BTC",
        base="BTC",
        quote="USDC",
        price_ccy="USDT",
        settle_ccy="USDC",
        multiplier=Decimal(1),
        price_factor=Decimal(1),
        status=TradingStatus.TRADING,
        category=Category.CRYPTO,
        sig_figs=5,
        max_decimals=1,
        step=Decimal("0.00001"),
        min_qty=Decimal("0.00001"),
        min_notional=Decimal(10),
        funding_interval_h=1.0,
        extra={"asset": 0},
    )


@pytest.mark.parametrize("name", ["PURR", "HYPE"])
def test_two_perps_are_priced_in_usdc(name: str) -> None:
    assert (perp(name).price_ccy, perp(name).settle_ccy) == ("USDC", "USDC")


@pytest.mark.parametrize("coin", ["PEPE", "SHIB", "BONK", "FLOKI", "LUNC", "NEIRO", "DOGS"])
def test_k_coins_are_traded_by_the_thousand(coin: str) -> None:
    instrument = perp(f"k{coin}", 0)
    assert (instrument.base, instrument.multiplier, instrument.price_factor) == (coin, Decimal(1000), Decimal(1000))


def test_a_k_coin_of_no_table_has_no_multiplier() -> None:
    assert (perp("kNEW").base, perp("kNEW").multiplier) == ("kNEW", None)
    assert (perp("KAS").base, perp("KAS").multiplier) == ("KAS", Decimal(1))


def test_the_asset_number_is_the_place_and_delisted_rows_hold_theirs() -> None:
    rows = perp_row("BTC"), perp_row("MATIC", 1, isDelisted=True), perp_row("ETH", 4), {"name": "?"}, perp_row("SOL", 2)
    listing = perps(*rows)
    assert {i.native: i.extra["asset"] for i in listing.instruments} == {"BTC": 0, "ETH": 2, "SOL": 4}
    assert listing.dropped == {"delisted": 1}
    assert len(listing.bad) == 1
    assert listing.bad[0].startswith("3:")


@pytest.mark.parametrize("flag", [None, False])
def test_a_row_that_is_not_delisted_is_listed(flag: bool | None) -> None:
    assert perp("BTC", isDelisted=flag, onlyIsolated=None).status is TradingStatus.TRADING


@pytest.mark.parametrize(("decimals", "max_decimals", "step"), [(0, 6, "1"), (4, 2, "0.0001"), (6, 0, "0.000001")])
def test_decimals_of_size_and_price_are_six_together(decimals: int, max_decimals: int, step: str) -> None:
    instrument = perp("X", decimals)
    assert (instrument.sig_figs, instrument.max_decimals, instrument.tick) == (5, max_decimals, None)
    assert instrument.step == instrument.min_qty == Decimal(step)


@pytest.mark.parametrize("decimals", [7, 19, -1, "5", None, 5.5])
def test_decimals_that_cannot_be_are_a_bad_row(decimals: Any) -> None:
    listing = perps(perp_row("X", decimals), perp_row("BTC"))
    assert [i.native for i in listing.instruments] == ["BTC"]
    assert len(listing.bad) == 1


def test_builders_exchanges_outcomes_and_spot_names_are_no_perps() -> None:
    listing = perps(perp_row("xyz:TSLA"), perp_row("#5"), perp_row("@1"), perp_row("BTC"))
    assert [i.native for i in listing.instruments] == ["BTC"]
    assert listing.dropped == {"other_exchange": 3}


def test_other_collateral_is_left_out() -> None:
    assert perps(perp_row("BTC"), collateralToken=235).dropped == {"settle_currency": 1}


# --- spot -------------------------------------------------------------------------------------------------------------


def test_a_pairs_coins_are_found_by_the_index_of_its_tokens() -> None:
    (instrument,) = spots(pair("@107", 150, 0, 107)).instruments
    assert (instrument.native, instrument.base, instrument.quote) == ("@107", "HYPE", "USDC")
    assert (instrument.price_ccy, instrument.settle_ccy, instrument.market) == ("USDC", "USDC", Market.SPOT)
    assert (instrument.sig_figs, instrument.max_decimals, instrument.step) == (5, 6, Decimal("0.01"))
    assert (instrument.funding_interval_h, instrument.extra) == (None, {"asset": 10107})


def test_a_named_pair_keeps_its_name() -> None:
    (instrument,) = spots(pair("PURR/USDC", 1, 0, 0)).instruments
    assert (instrument.native, instrument.base, instrument.max_decimals) == ("PURR/USDC", "PURR", 8)
    assert instrument.extra == {"asset": 10000}


def test_bridged_tokens_are_the_coins_that_they_stand_for() -> None:
    bitcoin, dollars, tether = spots(
        pair("@142", 197, 0, 142), pair("@166", 268, 0, 166), pair("@234", 150, 268, 234)
    ).instruments
    assert (bitcoin.base, bitcoin.quote) == ("BTC", "USDC")
    assert (dollars.base, dollars.quote) == ("USDT", "USDC")  # what turns one price currency into the other
    assert (tether.base, tether.quote, tether.price_ccy) == ("HYPE", "USDT", "USDT")


@pytest.mark.parametrize(
    ("name", "coin"),
    [
        ("UETH", "ETH"), ("USOL", "SOL"), ("UPUMP", "PUMP"), ("UXPL", "XPL"), ("UBONK", "BONK"), ("UFART", "FARTCOIN"),
        ("HPENGU", "PENGU"), ("UUUSPX", "SPX"), ("UDZ", "2Z"), ("XAUT0", "XAUT"), ("UNIT", "UNIT"), ("UNI", "UNI"),
    ],
)  # fmt: skip
def test_only_the_table_says_which_token_is_a_bridged_one(name: str, coin: str) -> None:
    body = spot_meta(pair("@1", 9, 0, 1))
    body["tokens"].append(token(name, 9, 3))
    (instrument,) = listed("spotMeta", body).instruments
    assert instrument.base == coin


def test_other_quote_currencies_are_left_out_and_counted() -> None:
    assert spots(pair("@230", 150, 360, 230)).dropped == {"quote_currency": 1}


def test_one_bad_pair_or_token_does_not_take_the_others_with_it() -> None:
    unknown_token, no_place = pair("@5", 77, 0, 5), {"name": "@6", "tokens": [150]}
    body = spot_meta(unknown_token, no_place, pair("BTC", 150, 0, 7), pair("@107", 150, 0, 107))
    body["tokens"] += [{"name": 5}, token("", 9, 2)]
    body["universe"].append(pair("@8", 9, 0, 8))
    listing = listed("spotMeta", body)
    assert [i.native for i in listing.instruments] == ["@107"]
    assert len(listing.bad) == 5
