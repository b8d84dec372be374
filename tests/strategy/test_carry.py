"""Carry and premium."""

from __future__ import annotations

import pytest

from arbtui.core.model import Market
from arbtui.strategy.carry import carry_per_h_bps, premium_of, premium_pairs, premium_pct
from tests.strategy.world import World


def test_the_long_leg_pays_and_the_short_leg_gets() -> None:
    assert carry_per_h_bps(0.0001, 0.0003) == pytest.approx(2.0)
    assert carry_per_h_bps(0.0003, 0.0001) == pytest.approx(-2.0)
    assert carry_per_h_bps(0.0, -0.0001) == pytest.approx(-1.0)


def test_an_unknown_rate_is_not_a_rate_of_nothing() -> None:
    assert carry_per_h_bps(None, 0.0001) is None
    assert carry_per_h_bps(0.0001, None) is None


def test_the_premium_is_the_perp_over_the_spot() -> None:
    assert premium_pct(100.0, 100.5) == pytest.approx(0.5)
    assert premium_pct(100.0, 99.0) == pytest.approx(-1.0)
    assert premium_pct(None, 99.0) is None
    assert premium_pct(100.0, None) is None


def test_a_perp_goes_with_the_spot_of_its_venue_and_currency() -> None:
    world = World()
    usdc = world.add("okx", Market.SPOT, price_ccy="USDC")
    usdt = world.add("okx", Market.SPOT)
    perp = world.add("okx")
    world.add("binance")
    world.add("bybit", Market.SPOT)
    coin = world.coins["BTC"]
    assert premium_pairs(coin) == [(usdt, perp)]
    coin.slots.remove(usdt)
    assert premium_pairs(coin) == [(usdc, perp)]


def test_a_premium_between_two_currencies_is_taken_in_dollars() -> None:
    world = World()
    spot = world.quote(world.add("hyperliquid", Market.SPOT, price_ccy="USDC", rate=0.98), 99.0, 101.0)
    perp = world.quote(world.add("hyperliquid"), 98.9, 99.1)
    assert premium_of(spot, perp) == pytest.approx(100 * (99.0 - 98.0) / 98.0)
    same = world.quote(world.add("hyperliquid", price_ccy="USDC", rate=0.98), 100.4, 100.6)
    assert premium_of(spot, same) == pytest.approx(0.5)
    world.quote(perp, None, 99.1)
    assert premium_of(spot, perp) is None
