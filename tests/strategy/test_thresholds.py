"""Thresholds: which entry of the table holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.errors import ConfigError
from arbtui.core.model import Market
from arbtui.strategy.thresholds import Thresholds
from tests.strategy.world import World

WORLD = World()
OKX = WORLD.add("okx").instrument
BINANCE = WORLD.add("binance").instrument
OKX_SPOT = WORLD.add("okx", Market.SPOT).instrument

ENTRIES = {
    "okx.perp.BTCUSDT>binance.perp.BTCUSDT": 1.0,
    "BTC:okx>binance": 2.0,
    "BTC": 3.0,
    "binance+okx": 4.0,
}


def without(count: int) -> Thresholds:
    """The table without its ``count`` most specific entries."""
    return Thresholds(9.0, dict(list(ENTRIES.items())[count:]))


@pytest.mark.parametrize("count", range(5))
def test_the_most_specific_entry_wins(count: int) -> None:
    expected = [1.0, 2.0, 3.0, 4.0, 9.0][count]
    assert without(count).pair_bps("BTC", OKX, BINANCE) == expected


def test_a_pair_and_a_direction_hold_one_way_only() -> None:
    table = without(0)
    assert table.pair_bps("BTC", BINANCE, OKX) == 3.0
    assert Thresholds(9.0, {"BTC:okx>binance": 2.0}).pair_bps("BTC", BINANCE, OKX) == 9.0


def test_a_direction_holds_for_every_market_of_its_venues_but_a_pair_for_its_legs_only() -> None:
    assert without(0).pair_bps("BTC", OKX_SPOT, BINANCE) == 2.0


def test_two_venues_hold_both_ways_and_for_every_coin() -> None:
    table = without(3)
    assert table.pair_bps("ETH", OKX, BINANCE) == table.pair_bps("ETH", BINANCE, OKX) == 4.0
    assert table.pair_bps("ETH", OKX, OKX_SPOT) == 9.0


def test_the_default_and_coins_change_at_run_time_and_say_so() -> None:
    table = Thresholds()
    seen = {table.version}
    assert table.coin_bps("BTC") == 5.0
    table.set_default(6.0)
    seen.add(table.version)
    assert table.coin_bps("BTC") == table.coin_bps() == 6.0
    table.set_coin("BTC", 2.5)
    seen.add(table.version)
    assert (table.coin_bps("BTC"), table.coin_bps("ETH"), table.own_bps("ETH")) == (2.5, 6.0, None)
    table.set_coin("BTC", None)
    seen.add(table.version)
    assert table.coin_bps("BTC") == 6.0
    assert len(seen) == 4


@pytest.mark.parametrize("key", ["BTC:okx", "BTC:>x", ":a>b", "okx>binance", "okx+", "+okx", "a.b>c.d"])
def test_a_key_that_reads_like_nothing_is_refused_by_name(key: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as refused:
        Thresholds(5.0, {key: 1.0})
    assert repr(key) in str(refused.value)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 20_000.0])
def test_what_is_no_number_of_basis_points_is_refused(bad: float) -> None:
    with pytest.raises(ConfigError):
        Thresholds(bad)
    with pytest.raises(ConfigError):
        Thresholds().set_coin("BTC", bad)


@given(st.dictionaries(st.sampled_from(sorted(ENTRIES)), st.floats(-50, 50)), st.floats(-50, 50))
def test_no_pair_lies_below_the_lowest(entries: dict[str, float], default: float) -> None:
    table = Thresholds(default, entries)
    for base in ("BTC", "ETH"):
        for buy in (OKX, BINANCE, OKX_SPOT):
            for sell in (OKX, BINANCE, OKX_SPOT):
                assert table.lowest_bps(base) <= table.pair_bps(base, buy, sell)


def test_entries_are_told_by_their_keys_as_they_were_given() -> None:
    given = {
        "okx.perp.BTC-USDT-SWAP>binance.perp.BTCUSDT": 1.0,
        "BTC:okx>binance": 2.0,
        "BTC": 3.0,
        "ETH": 4.0,
        "binance+okx": 5.0,
    }
    table = Thresholds(9.0, given)
    assert table.entries() == given
    table.set_coin("ETH", None)
    assert "ETH" not in table.entries()
    assert Thresholds(9.0, table.entries()).entries() == table.entries()
