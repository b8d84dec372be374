"""Carry, and the spot that a premium is taken over."""

from __future__ import annotations

import pytest

from arbtui.core.model import Market
from arbtui.strategy.carry import carry_per_h_bps, premium_pairs
from tests.strategy.world import World


def test_the_long_leg_pays_and_the_short_leg_gets() -> None:
    assert carry_per_h_bps(0.0001, 0.0003) == pytest.approx(2.0)
    assert carry_per_h_bps(0.0003, 0.0001) == pytest.approx(-2.0)
    assert carry_per_h_bps(0.0, -0.0001) == pytest.approx(-1.0)


def test_an_unknown_rate_is_not_a_rate_of_nothing() -> None:
    assert carry_per_h_bps(None, 0.0001) is None
    assert carry_per_h_bps(0.0001, None) is None


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
