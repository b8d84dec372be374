"""The formulas of one pair."""

from __future__ import annotations

from decimal import Decimal, localcontext
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.model import Market
from arbtui.strategy.rows import SpreadRow
from arbtui.strategy.spread import (
    Top,
    deepest,
    gross_bps,
    net_bps,
    net_of,
    round_trip_bps,
    spread_row,
    vwap,
    walk_net_bps,
    walked,
)
from tests.strategy.world import World

FEES = st.floats(-0.0005, 0.002)
PRICES = st.floats(1e-6, 1e6)
NEAR = st.floats(0.98, 1.02)
SIZES = st.floats(0.01, 50.0)


def row_of(world: World, buy: int, sell: int, threshold_bps: float = 5.0, walk_usd: float = 1000.0) -> SpreadRow:
    slots = world.slots
    rate = None
    ccys = slots[buy].instrument.price_ccy, slots[sell].instrument.price_ccy
    if ccys[0] != ccys[1]:
        rate = world.rates.between(*ccys, world.now_ns).rate
    return spread_row(
        slots[buy], slots[sell], world.now_ns, rate=rate, muted=None, walk_usd=walk_usd, threshold_bps=threshold_bps
    )


def two_perps(fee_a: float = 0.0005, fee_b: float = 0.0002) -> World:
    world = World()
    world.quote(world.add("okx", fee=fee_a), 99.9, 100.0, ask_qty=3.0)
    world.quote(world.add("binance", fee=fee_b), 100.3, 100.4, bid_qty=2.0)
    return world


# by hand


def test_one_pair_by_hand() -> None:
    row = row_of(two_perps(), 0, 1)
    assert row.gross_bps == pytest.approx(30.0)
    assert row.net_bps == pytest.approx(1e4 * (100.3 * 0.9998 - 100.0 * 1.0005) / 100.0)
    assert row.fees_bps == pytest.approx(5.0 + 2.006)
    assert row.top_usd == pytest.approx(200.0)
    assert (row.walk_usd, row.walk_net_bps, row.max_usd, row.basis, row.muted) == (None, None, None, None, None)
    assert (row.buy.name, row.buy.price, row.buy.qty_base) == ("okx.perp.BTCUSDT", 100.0, 3.0)
    assert (row.sell.name, row.sell.price, row.sell.qty_base) == ("binance.perp.BTCUSDT", 100.3, 2.0)


def test_the_round_trip_pays_four_fees_and_both_spreads() -> None:
    row = row_of(two_perps(), 0, 1)
    met = (99.95 + 100.35) / 2
    opened = 100.3 * 0.9998 - 100.0 * 1.0005
    closed = (met - 0.05) * 0.9995 - (met + 0.05) * 1.0002
    assert row.round_trip_bps == pytest.approx(1e4 * (opened + closed) / 100.0)


def test_a_round_trip_in_a_market_that_has_met_already_costs_what_it_costs() -> None:
    flat = Top(99.95, 100.05, 0.0005)
    assert round_trip_bps(flat, flat) == pytest.approx(-1e4 * (0.2 + 4 * 0.05) / 100.05, rel=1e-3)


def test_every_net_names_its_fees_and_where_they_come_from() -> None:
    world = two_perps(fee_b=-0.0001)
    world.slots[1].fee_source = "config fees.binance.perp.taker_bps"
    row = row_of(world, 0, 1)
    assert row.buy.fee_bps == pytest.approx(5.0)
    assert row.sell.fee_bps == pytest.approx(-1.0)
    assert (row.buy.fee_source, row.sell.fee_source) == ("default", "config fees.binance.perp.taker_bps")


def test_a_rebate_is_kept() -> None:
    row = row_of(two_perps(fee_a=-0.0001, fee_b=-0.0001), 0, 1)
    assert row.net_bps is not None
    assert row.gross_bps is not None
    assert row.fees_bps is not None
    assert row.net_bps > row.gross_bps
    assert row.fees_bps == pytest.approx(-2.003)


def test_a_missing_side_leaves_what_it_touches_unknown() -> None:
    world = two_perps()
    world.quote(world.slots[1], None, 100.4)
    row = row_of(world, 0, 1)
    assert (row.gross_bps, row.fees_bps, row.net_bps, row.round_trip_bps, row.top_usd) == (None,) * 5
    assert row.sell.price is None
    assert row.buy.price == 100.0


def test_only_the_closing_side_is_needed_for_a_round_trip_not_for_the_net() -> None:
    world = two_perps()
    world.quote(world.slots[0], None, 100.0)
    row = row_of(world, 0, 1)
    assert row.net_bps is not None
    assert row.round_trip_bps is None


def test_no_quote_has_no_age_and_no_source() -> None:
    world = two_perps()
    world.slots[0].quote = None
    leg = row_of(world, 0, 1).buy
    assert (leg.age_ms, leg.source) == (None, "")


def test_the_age_counts_from_the_last_word_or_its_confirmation() -> None:
    world = two_perps()
    world.pass_ms(700)
    assert row_of(world, 0, 1).buy.age_ms == 700.0
    world.slots[0].witness.confirmed_ns = world.now_ns
    world.pass_ms(40)
    assert row_of(world, 0, 1).buy.age_ms == 40.0


# spot and currencies


def test_spot_to_spot_has_no_round_trip_and_needs_coins() -> None:
    world = World()
    world.quote(world.add("okx", Market.SPOT), 99.9, 100.0)
    world.quote(world.add("bybit", Market.SPOT), 100.3, 100.4)
    row = row_of(world, 0, 1)
    assert row.round_trip_bps is None
    assert row.needs_inventory
    assert row.net_bps is not None
    assert row.carry_per_h_bps == 0.0


def test_carry_is_what_the_short_leg_gets_less_what_the_long_leg_pays() -> None:
    world = two_perps()
    world.slots[0].rate_per_h, world.slots[1].rate_per_h = 0.00001, 0.00003
    assert row_of(world, 0, 1).carry_per_h_bps == pytest.approx(0.2)
    world.slots[0].rate_per_h = None
    assert row_of(world, 0, 1).carry_per_h_bps is None


def test_two_currencies_are_compared_in_dollars_and_the_row_names_the_rate() -> None:
    world = World()
    world.quote(world.add("okx", fee=0.0), 99.9, 100.0)
    world.quote(world.add("hyperliquid", fee=0.0, price_ccy="USDC", rate=0.97), 103.0, 103.1)
    row = row_of(world, 0, 1)
    assert row.gross_bps == pytest.approx(1e4 * (103.0 * 0.97 - 100.0) / 100.0)
    assert row.basis is not None
    assert (row.basis.pair, row.basis.rate, row.basis.age_ms) == ("binance.spot.USDCUSDT", 0.97, 200.0)
    assert row.sell.price == 103.0


def test_legs_of_one_currency_need_no_rate_for_their_spread_but_for_its_size_in_dollars() -> None:
    world = World()
    for venue, mid in (("okx", 100.0), ("binance", 100.5)):
        world.quote(world.add(venue, price_ccy="USDC", rate=None), mid - 0.05, mid + 0.05)
    row = row_of(world, 0, 1)
    assert row.gross_bps == pytest.approx(1e4 * (100.45 - 100.05) / 100.05)
    assert row.fees_bps == pytest.approx(10.0, abs=0.05)
    assert row.round_trip_bps is not None
    assert (row.top_usd, row.basis) == (None, None)


# books


def test_a_walk_pays_the_average_of_the_levels_that_it_takes() -> None:
    asks = [(100.0, 1.0), (101.0, 2.0)]
    assert vwap(asks, 1.0) == 100.0
    assert vwap(asks, 2.0) == pytest.approx(100.5)
    assert vwap(asks, 3.0) == pytest.approx(302.0 / 3)
    assert vwap(asks, 3.001) is None


def test_a_row_walks_the_chosen_size_where_both_books_are_held() -> None:
    world = two_perps(fee_a=0.0, fee_b=0.0)
    world.hold(world.slots[0], asks=[(100.0, 3.0), (100.2, 10.0)])
    assert row_of(world, 0, 1).walk_usd is None
    world.hold(world.slots[1], bids=[(100.3, 2.0), (100.2, 3.0), (100.0, 50.0)])
    row = row_of(world, 0, 1, walk_usd=400.0)
    assert row.walk_usd == 400.0
    a, b = (300.0 + 100.2) / 4, (200.6 + 200.4) / 4
    assert row.walk_net_bps == pytest.approx(1e4 * (b - a) / a)
    assert row.max_usd == pytest.approx(300.0)


def test_a_walk_in_another_currency_is_counted_in_dollars() -> None:
    world = World()
    okx = world.quote(world.add("okx", fee=0.0, price_ccy="USDC", rate=0.98), 101.9, 102.0)
    other = world.quote(world.add("binance", fee=0.0), 100.5, 100.6)
    world.hold(okx, asks=[(102.0, 1.0), (102.2, 1.0), (110.0, 9.0)])
    world.hold(other, bids=[(100.5, 5.0)])
    row = row_of(world, 0, 1, walk_usd=150.0)
    qty = 150.0 / (102.0 * 0.98)
    a = 0.98 * (102.0 + 102.2 * (qty - 1.0)) / qty
    assert row.walk_net_bps == pytest.approx(1e4 * (100.5 - a) / a)
    assert row.max_usd == pytest.approx(0.98 * (102.0 + 102.2))


def test_a_book_that_shows_less_than_the_size_has_no_walked_net_but_a_largest_size() -> None:
    world = two_perps(fee_a=0.0, fee_b=0.0)
    world.hold(world.slots[0], asks=[(100.0, 3.0)])
    world.hold(world.slots[1], bids=[(100.3, 2.0)])
    row = row_of(world, 0, 1)
    assert (row.walk_usd, row.walk_net_bps, row.max_usd) == (1000.0, None, 200.0)


def test_a_book_that_may_not_be_traded_on_is_not_walked() -> None:
    world = two_perps()
    world.hold(world.slots[0], asks=[(100.0, 3.0)])
    world.hold(world.slots[1], bids=[(100.3, 2.0)], tradable=False)
    assert walked(world.slots[0], world.slots[1], 100.0, 5.0) == (None, None, None)


def test_nothing_is_good_for_any_size_where_the_first_coin_is_below_the_threshold() -> None:
    world = two_perps()
    world.hold(world.slots[0], asks=[(100.0, 3.0)])
    world.hold(world.slots[1], bids=[(100.3, 2.0)])
    assert row_of(world, 0, 1, threshold_bps=25.0).max_usd == 0.0


# properties


@st.composite
def books(draw: st.DrawFn) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Asks and bids around 100, best first, that may or may not overlap."""

    def side(sign: float) -> list[tuple[float, float]]:
        price = draw(st.floats(99.0, 101.0))
        levels = []
        for _ in range(draw(st.integers(1, 8))):
            levels.append((price, draw(SIZES)))
            price += sign * draw(st.floats(0.001, 0.4))
        return levels

    return side(1.0), side(-1.0)


@given(PRICES, NEAR, FEES, FEES, st.floats(1e-3, 1e3))
def test_scaling_all_prices_leaves_bps_unchanged(a: float, ratio: float, fee_a: float, fee_b: float, k: float) -> None:
    b = a * ratio
    assert gross_bps(a * k, b * k) == pytest.approx(gross_bps(a, b), abs=1e-6)
    assert net_bps(a * k, b * k, fee_a, fee_b) == pytest.approx(net_bps(a, b, fee_a, fee_b), abs=1e-6)
    one, other = Top(a * 0.999, a, fee_a), Top(b, b * 1.001, fee_b)
    scaled = Top(a * 0.999 * k, a * k, fee_a), Top(b * k, b * 1.001 * k, fee_b)
    assert round_trip_bps(*scaled) == pytest.approx(round_trip_bps(one, other), abs=1e-6)


@given(
    st.decimals("0.00000001", "999999", places=8),
    st.decimals("0.98", "1.02", places=6),
    st.decimals("-0.0005", "0.002", places=6),
    st.decimals("-0.0005", "0.002", places=6),
)
def test_floats_agree_with_decimals(a: Decimal, ratio: Decimal, fee_a: Decimal, fee_b: Decimal) -> None:
    with localcontext() as exact:
        exact.prec = 60
        b = a * ratio
        net = 10_000 * (b * (1 - fee_b) - a * (1 + fee_a)) / a
        gross = 10_000 * (b - a) / a
    assert abs(float(net) - net_bps(float(a), float(b), float(fee_a), float(fee_b))) < 1e-6
    assert abs(float(gross) - gross_bps(float(a), float(b))) < 1e-6
    world = World()
    world.quote(world.add("okx", fee=float(fee_a)), float(a), float(a))
    world.quote(world.add("binance", fee=float(fee_b)), float(b), float(b))
    on_the_hot_path = net_of(world.slots[0], world.slots[1])
    assert on_the_hot_path is not None
    assert abs(float(net) - on_the_hot_path) < 1e-6


@given(books(), SIZES, FEES, FEES)
def test_a_walk_never_beats_the_top_of_the_same_books(
    levels: tuple[list[tuple[float, float]], list[tuple[float, float]]], qty: float, fee_a: float, fee_b: float
) -> None:
    asks, bids = levels
    net = walk_net_bps(asks, bids, qty, fee_a, fee_b)
    if net is not None:
        assert net <= net_bps(asks[0][0], bids[0][0], fee_a, fee_b) + 1e-9


@given(books(), FEES, FEES, st.floats(-30.0, 30.0))
def test_the_largest_size_is_the_last_whose_marginal_coin_pays(
    levels: tuple[list[tuple[float, float]], list[tuple[float, float]]],
    fee_a: float,
    fee_b: float,
    threshold_bps: float,
) -> None:
    """Against cutting both books at every depth where either changes its level, and asking each slice alone."""
    asks, bids = levels

    def edges(side: list[tuple[float, float]]) -> list[float]:
        total, found = 0.0, [0.0]
        for _, size in side:
            total += size
            found.append(total)
        return found

    def price_at(side: list[tuple[float, float]], depth: float) -> float | None:
        for (price, _), upto in zip(side, edges(side)[1:], strict=True):
            if depth < upto:
                return price
        return None

    cuts = sorted({*edges(asks), *edges(bids)})
    qty = usd = 0.0
    for low, high in pairwise(cuts):
        a, b = price_at(asks, (low + high) / 2), price_at(bids, (low + high) / 2)
        if a is None or b is None or net_bps(a, b, fee_a, fee_b) < threshold_bps:
            break
        qty, usd = high, usd + (high - low) * a
    found = deepest(asks, bids, fee_a, fee_b, threshold_bps)
    assert found.qty == pytest.approx(qty, abs=1e-9)
    assert found.usd == pytest.approx(usd, abs=1e-6)
    if found.qty:
        average = vwap(asks, found.qty * (1 - 1e-12))
        assert average == pytest.approx(found.usd / found.qty)
