"""Trouble with orders on real processes: both venues misbehave in every way they know, and money is where it should be.

arbtui trades on the simulator's accounts; what is asserted is the simulator's truth: no order sent twice, no fill lost,
legs equal or somebody told.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Sim
from tests.e2e.money import (
    BINANCE,
    BINANCE_SPOT,
    ENDED,
    OKX,
    OKX_SPOT,
    REST,
    VENUES,
    Driven,
    Truth,
    driven,
    exchanges,
    hedged_or_flat,
    home_in,
    nothing_twice_and_nothing_lost,
    only,
    until,
)

pytestmark = pytest.mark.slow

NATIVE = {"binance": "BTCUSDT", "okx": "BTC-USDT-SWAP"}
LEGS = (BINANCE, OKX, BINANCE_SPOT, OKX_SPOT)


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges()) as sim:
        yield sim


@pytest.fixture(scope="module")
def lasting(sim: Sim, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    with driven(home_in(tmp_path_factory.mktemp("orders")), sim, legs=LEGS) as arbtui:
        yield arbtui.armed()


@pytest.fixture
def desk(lasting: Driven, sim: Sim) -> Iterator[Driven]:
    """arbtui, armed; afterwards all faults end and nothing stays open."""
    lasting.armed().until_ready(LEGS)
    yield lasting
    sim.heal()
    for venue in VENUES:
        sim.post("/_sim/accounts", {"venue": venue, "dual": False, "can_trade": True})
    _put_away(lasting, sim)


def _put_away(arbtui: Driven, sim: Sim) -> None:
    arbtui.armed()
    for hedge, found in arbtui.state()["hedges"].items():
        if found["state"] not in ENDED:
            arbtui.until_state(hedge, *REST, within_s=30)
            arbtui.try_to_ask("abandon", hedge=hedge)
            arbtui.until_state(hedge, *ENDED)
    _close_by_hand(sim)
    time.sleep(0.3)


def _close_by_hand(sim: Sim) -> None:
    truth = Truth.of(sim)
    for venue in VENUES:
        for order in truth.accounts[venue]["orders"]:
            if order["status"] == "open":
                sim.delete(f"/_sim/orders/{order['id']}")
        for position in truth.accounts[venue]["positions"]:
            by_hand(sim, venue, -Decimal(position["qty"]), native=position["native"])


def by_hand(sim: Sim, venue: str, qty: Decimal, *, native: str = "", market: str = "perp") -> None:
    """A person trades at the venue itself, at market."""
    body = {"venue": venue, "market": market, "symbol": native or NATIVE[venue], "qty": str(abs(qty))}
    sim.post("/_sim/orders", {**body, "side": "buy" if qty > 0 else "sell"})


def whole(sim: Sim, arbtui: Driven, hedge: str) -> Truth:
    """The truth about a hedge that has come to rest, after everything was checked that must always hold."""
    truth = Truth.of(sim)
    nothing_twice_and_nothing_lost(truth, arbtui, hedge)
    told = [Decimal(coins) for coins in arbtui.hedge(hedge)["coins"]]
    assert told == truth.coins(hedge)
    return truth


# ---- without any trouble


@pytest.mark.parametrize(("buy", "sell"), [(BINANCE, OKX), (OKX, BINANCE), (BINANCE_SPOT, OKX), (OKX_SPOT, BINANCE)])
def test_a_hedge_opens_and_closes_and_its_sums_are_the_venues(desk: Driven, sim: Sim, buy: str, sell: str) -> None:
    hedge = desk.fire(buy=buy, sell=sell)
    found = desk.until_hedge(hedge, lambda found: found["state"] in REST and found["complete"])
    assert found["state"] == "hedged"
    truth = whole(sim, desk, hedge)
    hedged_or_flat(truth, hedge, dust=Decimal("0.0001"))
    assert {ccy: Decimal(fee) for ccy, fee in found["fees"].items()} == truth.fees(hedge)
    desk.flatten(hedge)
    hedged_or_flat(whole(sim, desk, hedge), hedge, dust=Decimal("0.0001"))
    for venue in VENUES:
        assert truth_balances(sim, venue) == told_balances(desk, venue)


def truth_balances(sim: Sim, venue: str) -> dict[str, Decimal]:
    wallets = Truth.of(sim).accounts[venue]["wallets"]
    return {
        f"{wallet}.{asset}": Decimal(row["total"])
        for wallet, assets in wallets.items()
        for asset, row in assets.items()
        if asset in ("USDT", "BTC")
    }


def told_balances(arbtui: Driven, venue: str) -> dict[str, Decimal]:
    return {
        name.removeprefix(f"{venue}."): Decimal(total)
        for name, total in arbtui.state()["balances"].items()
        if name.startswith(f"{venue}.") and name.endswith((".USDT", ".BTC"))
    }


@pytest.mark.parametrize("maker", [0, 1])
def test_a_maker_that_fills_is_hedged_at_once(desk: Driven, sim: Sim, maker: int) -> None:
    hedge = desk.fire(style="maker_taker", maker=maker)
    desk.until_state(hedge, *REST, within_s=40)
    truth = whole(sim, desk, hedge)
    hedged_or_flat(truth, hedge)
    makers = [fill for fill in truth.fills(hedge) if fill["maker"]]
    takers = [fill for fill in truth.fills(hedge) if not fill["maker"]]
    assert bool(makers) == bool(takers)
    if makers:
        assert {int(fill["client_id"][13]) for fill in makers} == {maker}
        assert unhedged_ms(truth, hedge, maker) < 1_000


def unhedged_ms(truth: Truth, hedge: str, lead: int) -> float:
    """The longest time from a fill of the leader to the arrival of the order that covers it."""
    leads = [int(f["t_ns"]) for f in truth.fills(hedge) if int(f["client_id"][13]) == lead]
    covers = [int(o["t_ns"]) for o in truth.orders(hedge) if int(o["client_id"][13]) != lead]
    return max((min(c for c in covers if c >= f) - f) / 1e6 for f in leads)


# ---- requests and streams


def test_with_429_on_public_requests_the_hedge_still_goes(desk: Driven, sim: Sim) -> None:
    paths = ("/fapi/v1/time", "/fapi/v1/ticker/bookTicker", "/fapi/v1/depth", "/fapi/v1/premiumIndex")
    faults = [sim.fault("http_429", venue="binance", seconds=8, value=5, channel=path) for path in paths]
    until(lambda: any(f["acted"] for f in sim.get("/_sim/faults")["faults"] if f["id"] in faults), 10)
    hedge = desk.fire()
    desk.until_state(hedge, "hedged")
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@pytest.mark.parametrize("fault", ["http_429", "http_418"])
def test_a_venue_that_bans_orders_for_a_while_leaves_no_leg_alone(desk: Driven, sim: Sim, fault: str) -> None:
    sim.fault(fault, venue="binance", count=1, value=4, channel="/fapi/v1/order")
    hedge = desk.fire()
    desk.until_state(hedge, *REST, within_s=30)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@pytest.mark.parametrize("fault", ["http_500", "html_503", "cut_body"])
def test_a_venue_that_answers_nothing_readable_leaves_no_leg_alone(desk: Driven, sim: Sim, fault: str) -> None:
    sim.fault(fault, venue="okx", seconds=3)
    hedge = desk.fire()
    desk.until_state(hedge, *REST, within_s=40)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


def test_expired_sessions_lose_no_fill(desk: Driven, sim: Sim) -> None:
    for venue in VENUES:
        sim.fault("session_expired", venue=venue)
    preview = desk.preview()
    if preview["refused"]:
        assert "private stream" in only(preview)
        desk.until_ready(LEGS)
    hedge = desk.fire()
    for venue in VENUES:
        sim.fault("session_expired", venue=venue)
    desk.until_state(hedge, "hedged", within_s=15)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


def test_fills_that_no_stream_told_are_found_within_two_seconds_of_its_return(desk: Driven, sim: Sim) -> None:
    hedge = desk.fire(style="maker_taker", maker=0, usd="300")
    until(lambda: Truth.of(sim).orders(hedge), 5)
    gap = sim.fault("private_gap", venue="binance", reason="cut")
    until(lambda: "binance.perp" not in desk.state()["streams"], 5)
    resting = [o for o in Truth.of(sim).orders(hedge) if o["status"] == "open"]
    if resting:  # a person sells into it while nobody hears
        row = Truth.of(sim).markets["binance"]["perp"]["BTCUSDT"]
        by_hand(sim, "binance", -Decimal(row["bids"][0][1]) - Decimal(resting[0]["qty"]))
    time.sleep(1.0)
    sim.delete(f"/_sim/faults/{gap}")
    until(lambda: "binance.perp" in desk.state()["streams"], 10)
    time.sleep(2.0)
    truth = Truth.of(sim)
    told = desk.hedge(hedge)["orders"]
    for order in truth.orders(hedge):
        assert Decimal(told[order["client_id"]]["filled"]) == Decimal(order["filled"])
    desk.ask("cancel", hedge=hedge)
    desk.until_state(hedge, *REST, within_s=30)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@pytest.mark.parametrize(
    ("fault", "more"),
    [
        ("duplicate_fill", {}),
        ("ack_late", {"value": 800}),  # the fill is told before the order was acknowledged
        ("late_fill", {"value": 700}),
        ("history_lag", {"value": 1500}),
        ("open_orders_empty", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("venue", VENUES)
def test_words_that_come_twice_late_or_out_of_order_change_nothing(
    desk: Driven, sim: Sim, venue: str, fault: str, more: dict[str, Any]
) -> None:
    sim.fault(fault, venue=venue, **more)
    hedge = desk.fire()
    desk.until_state(hedge, *REST, within_s=20)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


def test_a_clock_that_is_off_is_said_and_nothing_opens(desk: Driven, sim: Sim) -> None:
    for ms in (40_000, -40_000):  # what a venue refuses; less is noticed when clocks are compared, once a minute
        sim.fault("clock_skew", venue="okx", value=ms)
        refused = until(lambda: _refused_for(desk, "clock"), 40)
        assert "okx" in refused
        assert "ms" in refused
        sim.heal()
        until(lambda: "clock" not in only(desk.preview()), 40)


def _refused_for(arbtui: Driven, check: str) -> str:
    """What a person is told, if that check fails."""
    preview = arbtui.preview()
    return str(preview["refused"]) if check in only(preview) else ""


# ---- one leg is missing


def repaired_or_halted(desk: Driven, sim: Sim, hedge: str, within_s: float = 30.0) -> Truth:
    found = desk.until_state(hedge, *REST, within_s=within_s)
    truth = whole(sim, desk, hedge)
    if found["state"] == "halted":
        desk.until_said("", alarm=True, hedge=hedge)
    else:
        hedged_or_flat(truth, hedge)
    return truth


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
    time.sleep(6)
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
    time.sleep(4)
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
    time.sleep(2)
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


# ---- accounts


def test_two_sided_positions_are_refused_with_the_remedy(desk: Driven, sim: Sim) -> None:
    sim.post("/_sim/accounts", {"venue": "okx", "dual": True})
    desk.armed()  # which reads it
    refused = until(lambda: _refused_for(desk, "mode"), 30)
    assert "one-way" in refused


def test_a_key_that_may_not_trade_is_refused_with_words(desk: Driven, sim: Sim) -> None:
    sim.post("/_sim/accounts", {"venue": "binance", "can_trade": False})
    desk.armed()  # which reads it
    refused = until(lambda: _refused_for(desk, "mode"), 30)
    assert "may not trade" in refused


def test_a_balance_that_does_not_suffice_is_refused_before_anything_is_sent(desk: Driven, sim: Sim) -> None:
    sim.post("/_sim/accounts", {"venue": "okx", "balances": {"trading": {"USDT": "20"}}})
    try:
        refused = until(lambda: _refused_for(desk, "funds"), 30)
        assert "okx" in refused
    finally:
        sim.post("/_sim/accounts", {"venue": "okx", "balances": {"trading": {"USDT": "100000"}}})
        until(lambda: "funds" not in only(desk.preview()), 30)


@pytest.mark.parametrize("venue", VENUES)
def test_margin_that_vanished_after_the_checks_gives_the_other_leg_back(desk: Driven, sim: Sim, venue: str) -> None:
    sim.fault("margin_short", venue=venue)
    hedge = desk.fire()
    desk.until_state(hedge, *ENDED, within_s=20)
    assert whole(sim, desk, hedge).coins(hedge) == [0, 0]


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("reason", ["adl", "liquidation"])
def test_a_leg_that_the_venue_takes_away_is_an_alarm_and_halts_the_pair(
    desk: Driven, sim: Sim, venue: str, reason: str
) -> None:
    hedge = desk.fire()
    desk.until_state(hedge, "hedged")
    sim.fault("position_jump", venue=venue, symbol=NATIVE[venue], value=1.0, reason=reason)
    found = desk.until_state(hedge, "halted", within_s=15)
    assert Decimal(found["coins"][VENUES.index(venue)]) == 0
    desk.until_said(reason, alarm=True)


def test_an_order_by_hand_is_said_and_never_corrected(desk: Driven, sim: Sim) -> None:
    hedge = desk.fire()
    desk.until_state(hedge, "hedged")
    orders = len(Truth.of(sim).orders(hedge))
    by_hand(sim, "binance", Decimal("0.004"), native="BTCUSDT")
    desk.until_said("binance", within_s=15)
    time.sleep(2.5)
    assert len(Truth.of(sim).orders(hedge)) == orders
    assert desk.hedge(hedge)["state"] == "hedged"
    hedged_or_flat(Truth.of(sim), hedge)


def test_a_list_of_positions_that_is_empty_once_takes_no_leg_away(desk: Driven, sim: Sim) -> None:
    hedge = desk.fire()
    desk.until_state(hedge, "hedged")
    sim.fault("positions_empty", venue="binance", count=1)
    sim.fault("session_expired", venue="binance")  # which makes arbtui read everything anew
    time.sleep(4)
    assert desk.hedge(hedge)["state"] == "hedged"
    hedged_or_flat(whole(sim, desk, hedge), hedge)


def test_closing_what_a_person_has_closed_already_is_success(desk: Driven, sim: Sim) -> None:
    hedge = desk.fire()
    desk.until_state(hedge, "hedged")
    truth = Truth.of(sim)
    for venue in VENUES:
        by_hand(sim, venue, -truth.position(venue, NATIVE[venue]))
    desk.until_state(hedge, *REST, within_s=5)
    if desk.hedge(hedge)["state"] == "hedged":
        desk.fire(hedge=hedge, verb="close")
    desk.until_state(hedge, "halted", *ENDED, within_s=20)
    truth = Truth.of(sim)
    assert [truth.position(venue, NATIVE[venue]) for venue in VENUES] == [0, 0]


# ---- people


def test_fifty_keys_in_a_second_open_one_hedge(desk: Driven, sim: Sim) -> None:
    preview = desk.preview()
    assert not preview["refused"]
    answers = [desk.ask("fire", hedge=preview["hedge"]) for _ in range(50)]
    assert sum(answer["accepted"] for answer in answers) == 1
    desk.until_state(preview["hedge"], "hedged")
    truth = whole(sim, desk, preview["hedge"])
    assert len(truth.orders(preview["hedge"])) == 2


def test_the_kill_switch_cancels_what_rests_and_opens_and_closes_nothing(desk: Driven, sim: Sim) -> None:
    held = desk.fire()
    desk.until_state(held, "hedged")
    sim.fault("no_fill", venue="okx")
    resting = desk.fire(
        style="maker_taker", maker=1, base="ETH", buy="binance.perp.ETHUSDT", sell="okx.perp.ETH-USDT-SWAP"
    )
    until(lambda: any(o["status"] == "open" for o in Truth.of(sim, "ETH").orders(resting)), 5)
    desk.ask("kill")
    until(lambda: all(o["status"] != "open" for o in Truth.of(sim, "ETH").orders(resting)), 5)
    assert len(Truth.of(sim).orders(held)) == 2
    assert desk.preview()["refused"]
    assert not desk.ask("arm")["text"].startswith("arbtui")


# ---- a venue that contradicts itself


@pytest.mark.parametrize("venue", VENUES)
def test_a_name_that_a_venue_says_it_has_and_does_not_know_is_never_sent_again(
    sim: Sim, tmp_path: Path, venue: str
) -> None:
    patience = {"ARBTUI_HEDGE__DOUBT_ALARM_S": "2", "ARBTUI_HEDGE__DOUBT_HALT_S": "5"}
    with driven(home_in(tmp_path), sim, environ=patience) as arbtui:
        sim.fault("reject_order", venue=venue, reason="duplicate", count=1)
        hedge = arbtui.armed().fire()
        found = arbtui.until_state(hedge, "halted", *ENDED, within_s=30)
        truth = whole(sim, arbtui, hedge)
        names = [order["client_id"] for order in truth.orders(hedge)]
        assert len(names) == len(set(names))
        if found["state"] == "halted":
            arbtui.until_said("in doubt", alarm=True, hedge=hedge)
        else:
            hedged_or_flat(truth, hedge)
    _close_by_hand(sim)
