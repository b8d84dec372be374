"""Both books summed up: what they hold, and where they cross."""

from __future__ import annotations

import pytest

from arbtui.market.slot import Slot
from arbtui.strategy.depth import Depth, depth, reach
from tests.strategy.world import World


@pytest.fixture
def legs() -> tuple[World, Slot, Slot]:
    world = World()
    buy = world.quote(world.add("okx"), 99.0, 100.0)
    sell = world.quote(world.add("bybit"), 101.0, 102.0)
    for slot in (buy, sell):
        world.hold(slot, bids=[(99.0, 1.0)], asks=[(100.0, 1.0)])
    return world, buy, sell


def books(
    world: World, buy: Slot, sell: Slot, asks: list[tuple[float, float]], bids: list[tuple[float, float]]
) -> Depth:
    world.hold(buy, asks=asks)
    world.hold(sell, bids=bids)
    found = depth(buy, sell)
    assert isinstance(found, Depth)
    return found


def test_levels_are_summed_up_from_the_best_outwards(legs: tuple[World, Slot, Slot]) -> None:
    found = books(*legs, asks=[(100.0, 1.0), (101.0, 2.0)], bids=[(99.0, 4.0), (98.0, 1.5)])
    assert found.asks == ((100.0, 1.0), (101.0, 3.0))
    assert found.bids == ((99.0, 4.0), (98.0, 5.5))


def test_books_that_do_not_overlap_cross_in_the_middle_with_nothing_to_gain(legs: tuple[World, Slot, Slot]) -> None:
    found = books(*legs, asks=[(100.0, 1.0)], bids=[(99.0, 4.0)])
    assert (found.crossing, found.meet_base) == (99.5, 0.0)


def test_where_bids_reach_above_asks_they_meet_at_the_last_price_that_both_give(legs: tuple[World, Slot, Slot]) -> None:
    found = books(
        *legs, asks=[(100.0, 1.0), (101.0, 2.0), (103.0, 9.0)], bids=[(102.0, 2.0), (101.0, 0.5), (100.5, 9.0)]
    )
    assert found.meet_base == 2.5
    assert found.crossing == 101.0


def test_a_book_that_ends_first_ends_the_overlap(legs: tuple[World, Slot, Slot]) -> None:
    found = books(*legs, asks=[(100.0, 1.0)], bids=[(102.0, 5.0)])
    assert (found.meet_base, found.crossing) == (1.0, 101.0)


def test_prices_of_another_currency_are_counted_in_dollars() -> None:
    world = World()
    buy = world.quote(world.add("okx", price_ccy="USDC", rate=1.01), 99.0, 100.0)
    sell = world.quote(world.add("bybit"), 101.0, 102.0)
    found = books(world, buy, sell, asks=[(100.0, 1.0)], bids=[(101.0, 1.0)])
    assert found.asks[0] == pytest.approx((101.0, 1.0))
    buy.usd = None
    assert depth(buy, sell) == "no usable rate for USDC"


def test_how_far_a_size_reaches_is_not_known_where_the_book_holds_less(legs: tuple[World, Slot, Slot]) -> None:
    found = books(*legs, asks=[(100.0, 1.0), (101.0, 2.0)], bids=[(99.0, 4.0)])
    assert [reach(found.asks, qty) for qty in (0.5, 1.0, 1.1, 3.0, 3.1)] == [100.0, 100.0, 101.0, 101.0, None]


def test_without_both_books_it_says_which_is_missing() -> None:
    world = World()
    buy = world.quote(world.add("okx"), 99.0, 100.0)
    sell = world.quote(world.add("bybit"), 101.0, 102.0)
    assert depth(buy, sell) == "no book of okx.perp.BTCUSDT is held"
    world.hold(buy, asks=[(100.0, 1.0)])
    assert depth(buy, sell) == "no book of bybit.perp.BTCUSDT is held"
    world.hold(sell, bids=[])
    assert depth(buy, sell) == "the book of bybit.perp.BTCUSDT is empty on that side"
