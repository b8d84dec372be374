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

from tests.e2e.desk import NATIVE, by_hand, close_by_hand, refused_for, whole
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
    only,
    until,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("order faults")]  # which share one arbtui


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges()) as sim:
        yield sim


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
    hedge = until(lambda: fired_unless_deaf(desk), 15)
    for venue in VENUES:
        sim.fault("session_expired", venue=venue)
    desk.until_state(hedge, "hedged", within_s=15)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


def fired_unless_deaf(desk: Driven) -> str | None:
    """The hedge; None where a session was found to be over, at the preview or between it and the key."""
    preview = desk.preview()
    refused, failed = preview["refused"], only(preview)
    if not refused:
        answer = desk.ask("fire", hedge=preview["hedge"])
        if answer["accepted"]:
            return str(preview["hedge"])
        refused, failed = answer["text"], {answer["text"].partition(":")[0]}
    assert failed & {"private stream", "price"}, refused
    return None


def test_fills_that_no_stream_told_are_found_within_two_seconds_of_its_return(desk: Driven, sim: Sim) -> None:
    hedge = desk.fire(style="maker_taker", maker=0, usd="300")
    until(lambda: Truth.of(sim).orders(hedge), 5)
    gap = sim.fault("private_gap", venue="binance", reason="cut")
    until(lambda: "binance.perp" not in desk.state()["streams"], 5)
    resting = [o for o in Truth.of(sim).orders(hedge) if o["status"] == "open"]
    if resting:  # a person sells into it while nobody hears
        row = Truth.of(sim).markets["binance"]["perp"]["BTCUSDT"]
        by_hand(sim, "binance", -Decimal(row["bids"][0][1]) - Decimal(resting[0]["qty"]))
    time.sleep(1.0)  # the gap is a gap for as long as it lasts
    sim.delete(f"/_sim/faults/{gap}")
    until(lambda: "binance.perp" in desk.state()["streams"], 10)

    def counted() -> bool:
        told, true = desk.hedge(hedge)["orders"], Truth.of(sim).orders(hedge)
        return all(Decimal(told[order["client_id"]]["filled"]) == Decimal(order["filled"]) for order in true)

    until(counted, 2.0, lambda: (desk.hedge(hedge)["orders"], Truth.of(sim).orders(hedge)))
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
        refused = until(lambda: refused_for(desk, "clock"), 40)
        assert "okx" in refused
        assert "ms" in refused
        sim.heal()
        until(lambda: "clock" not in only(desk.preview()), 40)


# ---- accounts


@pytest.mark.parametrize("venue", VENUES)
def test_two_sided_positions_are_refused_with_the_remedy(desk: Driven, sim: Sim, venue: str) -> None:
    sim.post("/_sim/accounts", {"venue": venue, "dual": True})
    desk.armed()  # which reads it
    refused = until(lambda: refused_for(desk, "mode"), 30)
    assert "one-way" in refused


def test_a_key_that_may_not_trade_is_refused_with_words(desk: Driven, sim: Sim) -> None:
    sim.post("/_sim/accounts", {"venue": "binance", "can_trade": False})
    desk.armed()  # which reads it
    refused = until(lambda: refused_for(desk, "mode"), 30)
    assert "may not trade" in refused


def test_a_balance_that_does_not_suffice_is_refused_before_anything_is_sent(desk: Driven, sim: Sim) -> None:
    sim.post("/_sim/accounts", {"venue": "okx", "balances": {"trading": {"USDT": "20"}}})
    try:
        refused = until(lambda: refused_for(desk, "funds"), 30)
        assert "okx" in refused
    finally:
        sim.post("/_sim/accounts", {"venue": "okx", "balances": {"trading": {"USDT": "100000"}}})
        until(lambda: "funds" not in only(desk.preview()), 30)


@pytest.mark.parametrize(("venue", "wallet"), [("binance", "usdm"), ("okx", "trading")])
def test_leverage_that_the_venue_holds_lower_is_read_back_and_reckoned_with_before_anything_is_sent(
    desk: Driven, sim: Sim, venue: str, wallet: str
) -> None:
    account = Truth.of(sim).accounts[venue]
    before, sent = account["wallets"][wallet]["USDT"]["total"], len(account["orders"])
    leverage = {"binance": 20, "okx": 10}[venue]
    sim.post("/_sim/accounts", {"venue": venue, "balances": {wallet: {"USDT": "120"}}})
    try:
        until(lambda: desk.state()["balances"].get(f"{venue}.{wallet}.USDT") in ("120", "120.00000000"), 30)
        until(lambda: not desk.preview()["refused"], 30)  # it suffices at what was set
        sim.post("/_sim/accounts", {"venue": venue, "leverage": {NATIVE[venue]: 3}})  # the venue clamps it
        desk.armed()  # which reads it
        refused = until(lambda: refused_for(desk, "funds"), 10)
        assert venue in refused
        assert "needed" in refused
        assert any("3x" in text for _, text in desk.preview()["checks"].values())
        assert len(Truth.of(sim).accounts[venue]["orders"]) == sent
    finally:
        sim.post(
            "/_sim/accounts",
            {"venue": venue, "balances": {wallet: {"USDT": before}}, "leverage": {NATIVE[venue]: leverage}},
        )
        desk.armed()
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
    time.sleep(2.5)  # that nothing is corrected shows only in time
    assert len(Truth.of(sim).orders(hedge)) == orders
    assert desk.hedge(hedge)["state"] == "hedged"
    hedged_or_flat(Truth.of(sim), hedge)


def test_a_list_of_positions_that_is_empty_once_takes_no_leg_away(desk: Driven, sim: Sim) -> None:
    hedge = desk.fire()
    desk.until_state(hedge, "hedged")
    sim.fault("positions_empty", venue="binance", count=1)
    sim.fault("session_expired", venue="binance")  # which makes arbtui read everything anew
    time.sleep(4)  # that no leg is taken away shows only in time
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


def test_losses_and_refusals_in_a_row_stop_new_hedges_until_a_person_looks(sim: Sim, tmp_path: Path) -> None:
    stops = {"ARBTUI_LIMITS__LOSING_IN_ROW": "2", "ARBTUI_LIMITS__REJECTED_IN_ROW": "2"}
    with driven(home_in(tmp_path), sim, environ=stops) as arbtui:
        arbtui.armed()
        for _ in range(2):  # prices are alike everywhere: fees are lost
            arbtui.flatten(arbtui.fire())
        assert "limits.losing_in_row" in until(lambda: refused_for(arbtui, "limits"), 10)
    stops["ARBTUI_LIMITS__LOSING_IN_ROW"] = '"off"'
    with driven(home_in(tmp_path), sim, environ=stops) as arbtui:
        arbtui.armed()
        sim.fault("reject_order", venue="okx", market="perp", reason="band")
        for _ in range(2):
            arbtui.until_state(arbtui.fire(), *ENDED, within_s=20)
        assert "limits.rejected_in_row" in until(lambda: refused_for(arbtui, "limits"), 10)
        sent = len(Truth.of(sim).accounts["okx"]["orders"])
        assert not arbtui.ask("fire", hedge=arbtui.preview()["hedge"])["accepted"]
        assert len(Truth.of(sim).accounts["okx"]["orders"]) == sent
    sim.heal()


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
    close_by_hand(sim)
