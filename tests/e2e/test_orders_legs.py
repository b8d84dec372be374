"""A leg that is missing, or in doubt, on real processes: tried again, given back, asked for; never sent twice.

What is asserted is the simulator's truth: no order sent twice, no fill lost, legs equal or somebody told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.e2e.desk import NATIVE, repaired_or_halted, whole
from tests.e2e.harness import Sim
from tests.e2e.money import REST, VENUES, Driven, Truth, exchanges, hedged_or_flat, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("legs")]  # which share one arbtui


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges()) as sim:
        yield sim


# ---- one leg is missing


@pytest.mark.parametrize("venue", VENUES)
def test_a_leg_that_is_refused_again_and_again_is_given_back(desk: Driven, sim: Sim, venue: str) -> None:
    sim.fault("reject_order", venue=venue, market="perp", reason="band")
    hedge = desk.fire()
    desk.until_state(hedge, "flat", "done", within_s=20)
    truth = whole(sim, desk, hedge)
    assert truth.coins(hedge) == [0, 0]
    assert any(order["status"] == "rejected" for order in truth.orders(hedge))
    desk.until_said("giving it back", alarm=True, hedge=hedge)


def test_a_leg_that_never_fills_is_tried_in_bounds_and_given_back(desk: Driven, sim: Sim) -> None:
    sim.fault("no_fill", venue="okx", market="perp")
    hedge = desk.fire()
    desk.until_state(hedge, "flat", "done", within_s=20)
    truth = whole(sim, desk, hedge)
    assert truth.coins(hedge) == [0, 0]
    tries = [order for order in truth.orders(hedge) if order["venue"] == "okx"]
    assert 1 <= len(tries) <= 4  # the first, and three more at most


def test_a_crossed_book_prices_no_repair_and_the_leg_is_given_back_where_prices_are_sound(
    desk: Driven, sim: Sim
) -> None:
    sim.fault("ack_late", venue="okx", value=700)
    sim.fault("reject_order", venue="okx", market="perp", reason="band", count=1)
    hedge = desk.fire()
    for channel in ("bbo", "book"):
        sim.fault("crossed", venue="okx", market="perp", symbol=NATIVE["okx"], channel=channel)
    desk.until_state(hedge, *REST, within_s=40)
    truth = whole(sim, desk, hedge)
    hedged_or_flat(truth, hedge)
    desk.until_said("one leg has", alarm=True, hedge=hedge)


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("part", [0.3, 0.7])
def test_what_filled_in_part_is_hedged_in_full(desk: Driven, sim: Sim, venue: str, part: float) -> None:
    sim.fault("partial_fill", venue=venue, value=part, count=1)
    hedge = desk.fire(usd="900")
    repaired_or_halted(desk, sim, hedge)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


def test_uneven_partial_fills_of_a_maker_are_each_hedged(desk: Driven, sim: Sim) -> None:
    sim.fault("partial_fill", venue="binance", value=0.3)
    hedge = desk.fire(style="maker_taker", maker=0, usd="950")
    with contextlib.suppress(AssertionError):  # the market may have left the order behind
        until(lambda: len([fill for fill in Truth.of(sim).fills(hedge) if fill["maker"]]) > 2, 6)
    desk.try_to_ask("cancel", hedge=hedge)
    repaired_or_halted(desk, sim, hedge)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


def test_what_is_too_little_for_one_venue_is_refused_before_anything_is_sent(desk: Driven, sim: Sim) -> None:
    before = len(Truth.of(sim).accounts["okx"]["orders"])
    preview = desk.preview(usd="2")
    assert preview["refused"]
    assert len(Truth.of(sim).accounts["okx"]["orders"]) == before


@pytest.mark.parametrize("kind", ["reject", "accept_then_cancel"])
def test_a_post_only_that_would_take_is_not_resting_and_is_moved_in_bounds(desk: Driven, sim: Sim, kind: str) -> None:
    if kind == "reject":
        sim.fault("reject_order", venue="binance", market="perp", reason="would_take", count=3)
    else:
        sim.fault("async_cancel", venue="okx", market="perp", value=50, count=3)
    hedge = desk.fire(style="maker_taker", maker=0 if kind == "reject" else 1)
    ended = ("rejected", "canceled")
    until(lambda: len([order for order in Truth.of(sim).orders(hedge) if order["status"] in ended]) > 2, 12)
    desk.try_to_ask("cancel", hedge=hedge)
    repaired_or_halted(desk, sim, hedge)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@pytest.mark.parametrize(("venue", "maker"), [("binance", 0), ("okx", 1)])
def test_a_fill_that_races_its_cancel_is_hedged(desk: Driven, sim: Sim, venue: str, maker: int) -> None:
    sim.fault("no_fill", venue=venue)
    hedge = desk.fire(style="maker_taker", maker=maker)
    until(lambda: any(o["status"] == "open" for o in Truth.of(sim).orders(hedge)), 5)
    sim.heal()
    sim.fault("fill_races_cancel", venue=venue)
    desk.ask("cancel", hedge=hedge)
    desk.until_state(hedge, *REST, within_s=20)
    truth = whole(sim, desk, hedge)
    assert any(fill["maker"] for fill in truth.fills(hedge))
    hedged_or_flat(truth, hedge)


# ---- in doubt


@pytest.mark.parametrize("reason", ["cut", "hang", "timeout", "error"])
@pytest.mark.parametrize("venue", VENUES)
def test_an_order_whose_answer_was_lost_is_asked_for_and_never_sent_again(
    desk: Driven, sim: Sim, venue: str, reason: str
) -> None:
    sim.fault("ack_lost_delivered", venue=venue, count=1, reason=reason)
    hedge = desk.fire()
    desk.until_state(hedge, *REST, within_s=30)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@pytest.mark.parametrize("venue", VENUES)
def test_an_order_that_never_arrived_is_dead_only_by_the_venues_word(desk: Driven, sim: Sim, venue: str) -> None:
    sim.fault("ack_lost_undelivered", venue=venue, count=1, reason="cut")
    hedge = desk.fire()
    desk.until_state(hedge, *REST, within_s=40)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@pytest.mark.parametrize("venue", VENUES)
def test_an_order_filled_at_once_is_found_though_no_list_of_open_orders_has_it(
    desk: Driven, sim: Sim, venue: str
) -> None:
    sim.fault("ack_lost_delivered", venue=venue, count=1, reason="cut")
    sim.fault("private_gap", venue=venue, reason="silent", seconds=4)
    sim.fault("open_orders_empty", venue=venue)
    hedge = desk.fire()
    desk.until_state(hedge, *REST, within_s=40)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@pytest.mark.parametrize("venue", VENUES)
def test_an_order_that_was_taken_and_then_canceled_by_the_venue_is_not_counted_as_open(
    desk: Driven, sim: Sim, venue: str
) -> None:
    sim.fault("no_fill", venue=venue)
    sim.fault("async_cancel", venue=venue, value=300)
    hedge = desk.fire(style="maker_taker", maker=VENUES.index(venue))
    until(lambda: any(order["status"] == "canceled" for order in Truth.of(sim).orders(hedge)), 8)
    sim.heal()
    desk.try_to_ask("cancel", hedge=hedge)
    repaired_or_halted(desk, sim, hedge)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@pytest.mark.parametrize("venue", VENUES)
def test_a_status_that_nobody_knows_freezes_the_pair_and_is_said(desk: Driven, sim: Sim, venue: str) -> None:
    sim.fault("no_fill", venue=venue)
    sim.fault("unknown_status", venue=venue)
    hedge = desk.fire(style="maker_taker", maker=VENUES.index(venue))
    desk.until_said("a word that arbtui does not know", hedge=hedge)
    desk.until_state(hedge, "in_doubt")
    refused = desk.preview()["refused"]
    assert "not finished" in refused
    assert {order["venue"] for order in Truth.of(sim).orders(hedge)} == {venue}
    sim.heal()
    desk.until_state(hedge, *REST, within_s=40)
    hedged_or_flat(whole(sim, desk, hedge), hedge)
