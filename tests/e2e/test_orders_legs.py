"""A leg that is missing, or in doubt, on real processes: tried again, given back, asked for; never sent twice.

What is asserted is the simulator's truth: no order sent twice, no fill lost, legs equal or somebody told. Binance and
OKX always; as a soak on every other kind of account too, each of them once as the first leg and once as the second.
"""

from __future__ import annotations

import contextlib

import pytest

from tests.e2e.desk import (
    EACH_LEG,
    MINUTE_S,
    NATIVE,
    either_leg,
    fill_what_rests,
    repaired_or_halted,
    rests,
    whole,
)
from tests.e2e.harness import Sim
from tests.e2e.money import REST, Driven, Pair, Truth, hedged_or_flat, until, venue_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("legs")]  # which share one arbtui


# ---- one leg is missing


@EACH_LEG
def test_a_leg_that_is_refused_again_and_again_is_given_back(desk: Driven, sim: Sim, pair: Pair, leg: int) -> None:
    sim.fault("reject_order", venue=venue_of(pair[leg]), market="perp", reason="band")
    hedge = desk.fire()
    desk.until_state(hedge, "flat", "done", within_s=MINUTE_S)
    truth = whole(sim, desk, hedge)
    assert truth.coins(hedge) == [0, 0]
    assert any(order["status"] == "rejected" for order in truth.orders(hedge))
    desk.until_said("giving it back", alarm=True, hedge=hedge)


@either_leg(1)
def test_a_leg_that_never_fills_is_tried_in_bounds_and_given_back(desk: Driven, sim: Sim, pair: Pair, leg: int) -> None:
    venue = venue_of(pair[leg])
    sim.fault("no_fill", venue=venue, market="perp")
    hedge = desk.fire()
    desk.until_state(hedge, "flat", "done", within_s=MINUTE_S)
    truth = whole(sim, desk, hedge)
    assert truth.coins(hedge) == [0, 0]
    tries = [order for order in truth.orders(hedge) if order["venue"] == venue]
    assert 1 <= len(tries) <= 4  # the first, and three more at most


@either_leg(1)
def test_a_crossed_book_prices_no_repair_and_the_leg_is_given_back_where_prices_are_sound(
    desk: Driven, sim: Sim, pair: Pair, leg: int
) -> None:
    venue = venue_of(pair[leg])
    sim.fault("ack_late", venue=venue, value=700)
    sim.fault("reject_order", venue=venue, market="perp", reason="band", count=1)
    hedge = desk.fire()
    for channel in ("bbo", "book"):
        sim.fault("crossed", venue=venue, market="perp", symbol=NATIVE[venue], channel=channel)
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    truth = whole(sim, desk, hedge)
    hedged_or_flat(truth, hedge)
    desk.until_said("one leg has", alarm=True, hedge=hedge)


@EACH_LEG
@pytest.mark.parametrize("part", [0.3, 0.7])
def test_what_filled_in_part_is_hedged_in_full(desk: Driven, sim: Sim, pair: Pair, leg: int, part: float) -> None:
    sim.fault("partial_fill", venue=venue_of(pair[leg]), value=part, count=1)
    hedge = desk.fire(usd="900")
    truth = repaired_or_halted(desk, sim, hedge, within_s=MINUTE_S)
    hedged_or_flat(truth, hedge, truth.too_little(hedge))


@either_leg(0)
def test_uneven_partial_fills_of_a_maker_are_each_hedged(desk: Driven, sim: Sim, pair: Pair, leg: int) -> None:
    sim.fault("partial_fill", venue=venue_of(pair[leg]), value=0.3)
    hedge = desk.fire(style="maker_taker", maker=leg, usd="950")
    with contextlib.suppress(AssertionError):  # the market may have left the order behind
        until(lambda: len([fill for fill in Truth.of(sim).fills(hedge) if fill["maker"]]) > 2, 6)
    desk.try_to_ask("cancel", hedge=hedge)
    truth = repaired_or_halted(desk, sim, hedge, within_s=MINUTE_S)
    hedged_or_flat(truth, hedge, truth.too_little(hedge))


def test_what_is_too_little_for_one_venue_is_refused_before_anything_is_sent(
    desk: Driven, sim: Sim, pair: Pair
) -> None:
    def sent() -> list[int]:
        return [len(Truth.of(sim).accounts[venue_of(name)]["orders"]) for name in pair]

    before = sent()
    preview = desk.preview(usd="2")
    assert preview["refused"]
    assert sent() == before


@pytest.mark.parametrize(
    ("kind", "leg"),
    [
        ("reject", 0),
        ("accept_then_cancel", 1),
        pytest.param("reject", 1, marks=pytest.mark.soak),
        pytest.param("accept_then_cancel", 0, marks=pytest.mark.soak),
    ],
)
def test_a_post_only_that_would_take_is_not_resting_and_is_moved_in_bounds(
    desk: Driven, sim: Sim, pair: Pair, kind: str, leg: int
) -> None:
    venue = venue_of(pair[leg])
    if kind == "reject":
        sim.fault("reject_order", venue=venue, market="perp", reason="would_take", count=3)
    else:
        sim.fault("async_cancel", venue=venue, market="perp", value=50, count=3)
    hedge = desk.fire(style="maker_taker", maker=leg)
    ended = ("rejected", "canceled")
    until(lambda: len([order for order in Truth.of(sim).orders(hedge) if order["status"] in ended]) > 2, 30)
    desk.try_to_ask("cancel", hedge=hedge)
    truth = repaired_or_halted(desk, sim, hedge, within_s=MINUTE_S)
    hedged_or_flat(truth, hedge, truth.too_little(hedge))


@EACH_LEG
def test_a_fill_that_races_its_cancel_is_hedged(desk: Driven, sim: Sim, pair: Pair, leg: int) -> None:
    venue = venue_of(pair[leg])
    sim.fault("no_fill", venue=venue)
    hedge = desk.fire(style="maker_taker", maker=leg)
    until(lambda: rests(sim, venue, hedge), 5)
    sim.heal()
    sim.fault("fill_races_cancel", venue=venue)
    desk.ask("cancel", hedge=hedge)
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    truth = whole(sim, desk, hedge)
    assert any(fill["maker"] for fill in truth.fills(hedge))
    hedged_or_flat(truth, hedge)


@either_leg(1)
def test_a_market_that_is_halted_before_the_other_leg_was_sent_gives_the_first_one_back(
    desk: Driven, sim: Sim, pair: Pair, leg: int
) -> None:
    """The maker fills while the venue of the other leg refuses already, and has told nobody yet that it halted."""
    makers, venue = venue_of(pair[1 - leg]), venue_of(pair[leg])
    resting = sim.fault("no_fill", venue=makers)
    hedge = desk.fire(style="maker_taker", maker=1 - leg)
    until(lambda: rests(sim, makers, hedge), 5)
    sim.fault("reject_order", venue=venue, market="perp", reason="halted")
    assert fill_what_rests(sim, makers, hedge) > 0
    sim.delete(f"/_sim/faults/{resting}")
    sim.fault("halt", venue=venue, market="perp", symbol=NATIVE[venue])
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    truth = whole(sim, desk, hedge)
    assert truth.coins(hedge) == [0, 0]
    desk.until_said("one leg has", alarm=True, hedge=hedge)


# ---- in doubt


@EACH_LEG
@pytest.mark.parametrize("reason", ["cut", "hang", "timeout", "error"])
def test_an_order_whose_answer_was_lost_is_asked_for_and_never_sent_again(
    desk: Driven, sim: Sim, pair: Pair, leg: int, reason: str
) -> None:
    sim.fault("ack_lost_delivered", venue=venue_of(pair[leg]), count=1, reason=reason)
    hedge = desk.fire()
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@EACH_LEG
def test_an_order_that_never_arrived_is_dead_only_by_the_venues_word(
    desk: Driven, sim: Sim, pair: Pair, leg: int
) -> None:
    sim.fault("ack_lost_undelivered", venue=venue_of(pair[leg]), count=1, reason="cut")
    hedge = desk.fire()
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@EACH_LEG
def test_an_order_filled_at_once_is_found_though_no_list_of_open_orders_has_it(
    desk: Driven, sim: Sim, pair: Pair, leg: int
) -> None:
    venue = venue_of(pair[leg])
    sim.fault("ack_lost_delivered", venue=venue, count=1, reason="cut")
    sim.fault("private_gap", venue=venue, reason="silent", seconds=4)
    sim.fault("open_orders_empty", venue=venue)
    hedge = desk.fire()
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@EACH_LEG
def test_an_order_that_was_taken_and_then_canceled_by_the_venue_is_not_counted_as_open(
    desk: Driven, sim: Sim, pair: Pair, leg: int
) -> None:
    sim.fault("no_fill", venue=venue_of(pair[leg]))
    sim.fault("async_cancel", venue=venue_of(pair[leg]), value=300)
    hedge = desk.fire(style="maker_taker", maker=leg)
    until(lambda: any(order["status"] == "canceled" for order in Truth.of(sim).orders(hedge)), 8)
    sim.heal()
    desk.try_to_ask("cancel", hedge=hedge)
    truth = repaired_or_halted(desk, sim, hedge, within_s=MINUTE_S)
    hedged_or_flat(truth, hedge, truth.too_little(hedge))


@EACH_LEG
def test_a_status_that_nobody_knows_freezes_the_pair_and_is_said(desk: Driven, sim: Sim, pair: Pair, leg: int) -> None:
    sim.fault("no_fill", venue=venue_of(pair[leg]))
    sim.fault("unknown_status", venue=venue_of(pair[leg]))
    hedge = desk.fire(style="maker_taker", maker=leg)
    desk.until_said("a word that arbtui does not know", hedge=hedge, within_s=20)
    desk.until_state(hedge, "in_doubt")
    refused = desk.preview()["refused"]
    assert "not finished" in refused
    assert {order["venue"] for order in Truth.of(sim).orders(hedge)} == {venue_of(pair[leg])}
    sim.heal()
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    hedged_or_flat(whole(sim, desk, hedge), hedge)
