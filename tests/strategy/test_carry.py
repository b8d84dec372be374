"""Carry, and the spot that a premium is taken over."""

from __future__ import annotations

from typing import Any

import pytest

from arbtui.core.clock import NS_PER_MS
from arbtui.core.events import Funding
from arbtui.core.model import Market
from arbtui.market.slot import Slot
from arbtui.strategy.carry import carry_per_h_bps, payments_bps, premium_pairs
from tests.strategy.world import START_NS, World


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


H_MS = 3_600_000


def paying(rate: str | None, interval_h: float | None = 8.0, next_h: float | None = 1.0) -> Slot:
    world = World()
    slot = world.add("okx")
    next_ms = None if next_h is None else world.now_ns // NS_PER_MS + int(next_h * H_MS)
    slot.funding = Funding(0, world.now_ns, rate=rate, interval_h=interval_h, next_ms=next_ms)
    slot.rate_per_h = None if rate is None or interval_h is None else float(rate) / interval_h
    return slot


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(0.5, 0.0), (1.0, -10.0), (8.9, -10.0), (9.0, -20.0), (25.0, -40.0)],
)
def test_funding_is_paid_at_its_moments_and_not_by_the_hour(hours: float, expected: float) -> None:
    spot, perp = World().add("okx", Market.SPOT), paying("0.001")
    until_ns = START_NS + int(hours * H_MS) * NS_PER_MS
    assert payments_bps(spot, perp, START_NS, until_ns) == pytest.approx(expected)
    assert payments_bps(perp, spot, START_NS, until_ns) == pytest.approx(-expected)


def test_a_payment_that_is_past_does_not_count_and_the_next_one_follows_by_its_interval() -> None:
    spot, perp = World().add("okx", Market.SPOT), paying("0.001", next_h=-1.0)
    assert payments_bps(perp, spot, START_NS, START_NS + 6 * H_MS * NS_PER_MS) == pytest.approx(0.0)
    assert payments_bps(perp, spot, START_NS, START_NS + 7 * H_MS * NS_PER_MS) == pytest.approx(10.0)


@pytest.mark.parametrize(
    "unknown", [{"rate": None}, {"rate": "0.001", "interval_h": None}, {"rate": "0", "next_h": None}]
)
def test_payments_that_are_not_known_are_not_nothing(unknown: dict[str, Any]) -> None:
    spot, perp = World().add("okx", Market.SPOT), paying(**unknown)
    assert payments_bps(spot, perp, START_NS, START_NS + H_MS * NS_PER_MS) is None
