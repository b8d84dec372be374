"""Exact texts: what goes outside is what the venue wrote, scaled."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbtui.core import multipliers, units


@pytest.mark.parametrize(
    ("text", "factor", "per_coin"),
    [("0.0123400", 1000, "0.0000123400"), ("64000.10", 1, "64000.10"), ("1.2E-7", 1, "0.00000012"), ("12", 10, "1.2")],
)
def test_price_per_coin_keeps_every_digit(text: str, factor: int, per_coin: str) -> None:
    assert units.price_per_coin(text, Decimal(factor)) == per_coin


def test_sizes_in_contracts_become_coins() -> None:
    assert units.coins("415", Decimal("0.01")) == "4.15"
    assert units.coins("10.0", Decimal("0.01")) == "0.100"
    assert units.coins("3", Decimal(1000)) == "3000"
    assert units.coins("7", Decimal("2.5")) == "17.5"


@given(st.decimals(min_value="1e-12", max_value="1e12", allow_nan=False, places=40), st.integers(-6, 6))
def test_scaling_by_a_power_of_ten_there_and_back_is_the_same_number(value: Decimal, power: int) -> None:
    text, factor = format(value, "f"), Decimal(10) ** power
    there = units.coins(text, factor)
    assert "E" not in there.upper()
    assert Decimal(units.price_per_coin(there, factor)) == value


@pytest.mark.parametrize("text", ["", None, "nan", "NaN", "inf", "-Infinity", "abc", "1,5", "0x10"])
def test_what_is_no_number_is_none(text: str | None) -> None:
    assert units.decimal_or_none(text) is None


@pytest.mark.parametrize("value", [None, 0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_price_is_refused(value: float | None) -> None:
    assert not units.is_price(value)


def test_a_name_that_looks_scaled_but_is_not_listed_gets_no_multiplier() -> None:
    assert multipliers.resolve("binance", "1000PEPEUSDT", "1000PEPE") == ("PEPE", Decimal(1000))
    assert multipliers.resolve("bybit", "SHIB1000USDT", "SHIB1000") == ("SHIB", Decimal(1000))
    assert multipliers.resolve("hyperliquid", "kPEPE", "kPEPE") == ("PEPE", Decimal(1000))
    assert multipliers.resolve("binance", "1INCHUSDT", "1INCH") == ("1INCH", Decimal(1))
    assert multipliers.resolve("binance", "1000XYZUSDT", "1000XYZ") == ("1000XYZ", None)
    assert multipliers.resolve("okx", "KAS-USDT", "KAS") == ("KAS", Decimal(1))


def test_the_persons_table_wins() -> None:
    mine = {("binance", "1000XYZUSDT"): ("XYZ", 1000), ("binance", "1000PEPEUSDT"): ("1000PEPE", 1)}
    assert multipliers.resolve("binance", "1000XYZUSDT", "1000XYZ", mine) == ("XYZ", Decimal(1000))
    assert multipliers.resolve("binance", "1000PEPEUSDT", "1000PEPE", mine) == ("1000PEPE", Decimal(1))
