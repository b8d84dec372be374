"""Trouble with orders on real processes: both venues misbehave in every way they know, and money is where it should be.

arbtui trades on the simulator's accounts; what is asserted is the simulator's truth: no order sent twice, no fill lost,
legs equal or somebody told. Binance and OKX always; as a soak every other kind of account too, once as each leg.
"""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.desk import (
    EACH_LEG,
    MINUTE_S,
    NATIVE,
    by_hand,
    close_by_hand,
    either_leg,
    fill_what_rests,
    refused_for,
    rests,
    set_account,
    taken_away,
    whole,
)
from tests.e2e.harness import Sim
from tests.e2e.money import (
    BINANCE,
    BINANCE_SPOT,
    CLASSIC,
    ENDED,
    FIRST,
    OKX,
    OKX_SPOT,
    REST,
    VENUES,
    Driven,
    Pair,
    Truth,
    driven,
    hedged_or_flat,
    home_in,
    only,
    perps_of,
    until,
    venue_of,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("order faults")]  # which share one arbtui

ONLY_FIRST = pytest.mark.parametrize("pair", [pytest.param(FIRST, id=" and ".join(FIRST))], indirect=True)
PUBLIC = {
    "binance": ("/fapi/v1/time", "/fapi/v1/ticker/bookTicker", "/fapi/v1/depth", "/fapi/v1/premiumIndex"),
    "okx": ("/api/v5/public/time", "/api/v5/market/tickers", "/api/v5/market/books", "/api/v5/public/mark-price"),
    "bybit": ("/v5/market/time", "/v5/market/tickers"),
    "bitget": ("/api/v2/public/time", "/api/v2/mix/market/tickers", "/api/v2/spot/market/tickers"),
    "hyperliquid": ("/info",),  # which is asked about accounts too
}
PLACES = {
    "binance": "/fapi/v1/order",
    "okx": "/api/v5/trade/order",
    "bybit": "/v5/order/create",
    "bitget": "/api/v3/trade/place-order",
    CLASSIC: "/api/v2/mix/order/place-order",
    "hyperliquid": "/exchange",
}
WALLETS = {
    "binance": "usdm",
    "okx": "trading",
    "bybit": "unified",
    "bitget": "unified",
    CLASSIC: "futures",
    "hyperliquid": "perp",
}


# ---- without any trouble


@ONLY_FIRST
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


@EACH_LEG
def test_a_maker_that_fills_is_hedged_at_once(desk: Driven, sim: Sim, leg: int) -> None:
    hedge = desk.fire(style="maker_taker", maker=leg)
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    truth = whole(sim, desk, hedge)
    hedged_or_flat(truth, hedge)
    makers = [fill for fill in truth.fills(hedge) if fill["maker"]]
    takers = [fill for fill in truth.fills(hedge) if not fill["maker"]]
    assert bool(makers) == bool(takers)
    if makers:
        assert {int(fill["client_id"][13]) for fill in makers} == {leg}
        assert unhedged_ms(truth, hedge, leg) < 1_000


def unhedged_ms(truth: Truth, hedge: str, lead: int) -> float:
    """The longest time from a fill of the leader to the arrival of the order that covers it."""
    leads = [int(f["t_ns"]) for f in truth.fills(hedge) if int(f["client_id"][13]) == lead]
    covers = [int(o["t_ns"]) for o in truth.orders(hedge) if int(o["client_id"][13]) != lead]
    return max((min(c for c in covers if c >= f) - f) / 1e6 for f in leads)


# ---- requests and streams


def acted(sim: Sim, *faults: str) -> bool:
    """Whether one of them has met a request, and goes on."""
    return any(fault["acted"] for fault in sim.get("/_sim/faults")["faults"] if fault["id"] in faults)


@either_leg(0)
def test_with_429_on_public_requests_the_hedge_still_goes(desk: Driven, sim: Sim, pair: Pair, leg: int) -> None:
    venue = venue_of(pair[leg])
    faults = [sim.fault("http_429", venue=venue, seconds=60, value=5, channel=path) for path in PUBLIC[venue]]
    until(lambda: acted(sim, *faults), MINUTE_S)
    refused = desk.preview()
    if "requests" in only(refused):  # orders share the limit there: a leg that could not be sent is not begun
        assert venue in refused["refused"]
        sim.heal()
        until(lambda: "requests" not in only(desk.preview()), MINUTE_S)
    hedge = desk.fire()
    desk.until_state(hedge, "hedged")
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@either_leg(0)
@pytest.mark.parametrize("fault", ["http_429", "http_418"])
def test_a_venue_that_bans_orders_for_a_while_leaves_no_leg_alone(
    sim: Sim, tmp_path: Path, pair: Pair, leg: int, fault: str
) -> None:
    if fault == "http_418" and pair[leg] == "hyperliquid":
        pytest.skip("no answer of that kind is known of it: it leaves in doubt, and nobody to ask for two minutes")
    with driven(home_in(tmp_path), sim, legs=perps_of(pair), venues=pair) as arbtui:  # a ban lasts up to ten minutes
        sim.fault(fault, venue=venue_of(pair[leg]), count=1, value=4, channel=PLACES[pair[leg]])
        hedge = arbtui.armed().fire()
        arbtui.until_state(hedge, *REST, within_s=MINUTE_S)
        assert not sim.get("/_sim/faults")["faults"], "no order met it"
        hedged_or_flat(whole(sim, arbtui, hedge), hedge)
        if "requests" in only(arbtui.preview()):
            assert not arbtui.ask("fire", hedge=arbtui.preview()["hedge"])["accepted"]
    close_by_hand(sim)


@either_leg(1)
@pytest.mark.parametrize("fault", ["http_500", "html_503", "cut_body"])
def test_a_venue_that_answers_nothing_readable_leaves_no_leg_alone(
    desk: Driven, sim: Sim, pair: Pair, leg: int, fault: str
) -> None:
    sim.fault(fault, venue=venue_of(pair[leg]), seconds=3)
    hedge = desk.fire()
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@either_leg(1)
def test_sockets_that_drop_while_an_order_is_not_answered_lose_no_fill(
    desk: Driven, sim: Sim, pair: Pair, leg: int
) -> None:
    venue = venue_of(pair[leg])
    sim.fault("ack_late", venue=venue, value=700)
    sim.fault("late_fill", venue=venue, value=300)
    hedge = desk.fire()
    until(lambda: any(order["venue"] == venue for order in Truth.of(sim).orders(hedge)), 5)
    sim.fault("disconnect", venue=venue)
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


def test_expired_sessions_lose_no_fill(desk: Driven, sim: Sim, pair: Pair) -> None:
    venues = [venue_of(name) for name in pair]
    for venue in venues:
        sim.fault("session_expired", venue=venue)
    hedge = until(lambda: fired_unless_deaf(desk), 15)
    for venue in venues:
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


@either_leg(0)
def test_fills_that_no_stream_told_are_found_within_two_seconds_of_its_return(
    desk: Driven, sim: Sim, pair: Pair, leg: int
) -> None:
    venue = venue_of(pair[leg])
    sim.fault("no_fill", venue=venue)
    hedge = desk.fire(style="maker_taker", maker=leg, usd="300")
    until(lambda: rests(sim, venue, hedge), 5)
    sim.fault("private_gap", venue=venue, reason="silent")
    assert fill_what_rests(sim, venue, hedge) > 0
    sim.fault("private_gap", venue=venue, reason="cut")
    until(lambda: f"{venue}.perp" not in desk.state()["streams"], 5)
    sim.heal()
    until(lambda: f"{venue}.perp" in desk.state()["streams"], 10)

    def counted() -> bool:
        told, true = desk.hedge(hedge)["orders"], Truth.of(sim).orders(hedge)
        return all(Decimal(told[order["client_id"]]["filled"]) == Decimal(order["filled"]) for order in true)

    until(counted, 2.0, lambda: (desk.hedge(hedge)["orders"], Truth.of(sim).orders(hedge)))
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@EACH_LEG
@pytest.mark.parametrize(
    ("fault", "more"),
    [
        ("duplicate_fill", {}),
        pytest.param("reorder", {"channel": "private"}, marks=pytest.mark.soak),
        ("ack_late", {"value": 800}),  # the fill is told before the order was acknowledged
        ("late_fill", {"value": 700}),
        ("history_lag", {"value": 1500}),
        ("open_orders_empty", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_words_that_come_twice_late_or_out_of_order_change_nothing(
    desk: Driven, sim: Sim, pair: Pair, leg: int, fault: str, more: dict[str, Any]
) -> None:
    sim.fault(fault, venue=venue_of(pair[leg]), **more)
    hedge = desk.fire()
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@either_leg(1)
def test_a_clock_that_is_off_is_said_and_nothing_opens(desk: Driven, sim: Sim, pair: Pair, leg: int) -> None:
    venue = venue_of(pair[leg])
    if venue == "hyperliquid":
        pytest.skip("nothing but orders bears a stamp there: a test of test_orders_venues is about those")
    for ms in (40_000, -40_000):  # what a venue refuses; less is noticed when clocks are compared, once a minute
        sim.fault("clock_skew", venue=venue, value=ms)
        refused = until(lambda: refused_for(desk, "clock"), MINUTE_S)
        assert venue in refused
        assert "ms" in refused
        sim.heal()
        until(lambda: "clock" not in only(desk.preview()), MINUTE_S)


# ---- accounts


@EACH_LEG
def test_two_sided_positions_are_refused_with_the_remedy(desk: Driven, sim: Sim, pair: Pair, leg: int) -> None:
    venue = venue_of(pair[leg])
    if venue == "hyperliquid":
        pytest.skip("positions there have one side")
    set_account(sim, venue, dual=True)
    desk.armed()  # which reads it
    refused = until(lambda: refused_for(desk, "mode"), MINUTE_S)
    assert "one-way" in refused


@either_leg(0)
def test_a_key_that_may_not_trade_is_refused_with_words(desk: Driven, sim: Sim, pair: Pair, leg: int) -> None:
    venue = venue_of(pair[leg])
    set_account(sim, venue, can_trade=False)

    def unarmed() -> bool:
        answer = desk.ask("arm")  # which has it asked anew
        return not answer["accepted"] and f"{venue}: " in answer["text"] and "being asked" not in answer["text"]

    until(unarmed, MINUTE_S, lambda: desk.ask("arm"))
    refused = until(lambda: refused_for(desk, "mode"), MINUTE_S)
    assert "may not trade" in refused


def money_of(sim: Sim, name: str) -> tuple[str, str, str]:
    """From which wallet perpetuals are paid, in what, and how much of it there is."""
    venue, truth = venue_of(name), Truth.of(sim)
    asset = truth.markets[venue]["perp"][NATIVE[venue]]["settle"]
    return WALLETS[name], asset, truth.accounts[venue]["wallets"][WALLETS[name]][asset]["total"]


@either_leg(1)
def test_a_balance_that_does_not_suffice_is_refused_before_anything_is_sent(
    desk: Driven, sim: Sim, pair: Pair, leg: int
) -> None:
    venue = venue_of(pair[leg])
    wallet, asset, before = money_of(sim, pair[leg])
    set_account(sim, venue, balances={wallet: {asset: "20"}})
    try:
        refused = until(lambda: refused_for(desk, "funds"), MINUTE_S)
        assert venue in refused
    finally:
        set_account(sim, venue, balances={wallet: {asset: before}})
        until(lambda: "funds" not in only(desk.preview()), MINUTE_S)


@EACH_LEG
def test_leverage_that_the_venue_holds_lower_is_read_back_and_reckoned_with_before_anything_is_sent(
    desk: Driven, sim: Sim, pair: Pair, leg: int
) -> None:
    venue = venue_of(pair[leg])
    wallet, asset, before = money_of(sim, pair[leg])
    sent = len(Truth.of(sim).accounts[venue]["orders"])
    leverage = 10 if venue in ("okx", "bybit") else 20
    set_account(sim, venue, balances={wallet: {asset: "120"}})

    def told() -> bool:
        desk.preview()  # which has it read where no stream tells it
        return Decimal(desk.state()["balances"].get(f"{venue}.{wallet}.{asset}", "0")) == 120

    try:
        until(told, MINUTE_S)
        until(lambda: not desk.preview()["refused"], MINUTE_S)  # it suffices at what was set
        set_account(sim, venue, leverage={NATIVE[venue]: 3})  # the venue clamps it
        desk.armed()  # which reads it
        refused = until(lambda: refused_for(desk, "funds"), MINUTE_S)
        assert venue in refused
        assert "needed" in refused
        assert any("3x" in text for _, text in desk.preview()["checks"].values())
        assert len(Truth.of(sim).accounts[venue]["orders"]) == sent
    finally:
        set_account(sim, venue, balances={wallet: {asset: before}}, leverage={NATIVE[venue]: leverage})
        desk.armed()
        until(lambda: "funds" not in only(desk.preview()), MINUTE_S)


@EACH_LEG
def test_margin_that_vanished_after_the_checks_gives_the_other_leg_back(
    desk: Driven, sim: Sim, pair: Pair, leg: int
) -> None:
    sim.fault("margin_short", venue=venue_of(pair[leg]))
    hedge = desk.fire()
    desk.until_state(hedge, *ENDED, within_s=MINUTE_S)
    assert whole(sim, desk, hedge).coins(hedge) == [0, 0]


@EACH_LEG
@pytest.mark.parametrize("reason", ["adl", "liquidation"])
def test_a_leg_that_the_venue_takes_away_is_an_alarm_and_halts_the_pair(
    desk: Driven, sim: Sim, pair: Pair, leg: int, reason: str
) -> None:
    taken_away(desk, sim, pair, leg, reason)


@either_leg(0)
def test_an_order_by_hand_is_said_and_never_corrected(desk: Driven, sim: Sim, pair: Pair, leg: int) -> None:
    venue = venue_of(pair[leg])
    hedge = desk.fire()
    desk.until_state(hedge, "hedged")
    orders = len(Truth.of(sim).orders(hedge))
    by_hand(sim, venue, (1 - 2 * leg) * (Decimal(1) if venue == "okx" else Decimal("0.004")))  # more of the same
    desk.until_said(venue, within_s=15)
    time.sleep(2.5)  # that nothing is corrected shows only in time
    assert len(Truth.of(sim).orders(hedge)) == orders
    assert desk.hedge(hedge)["state"] == "hedged"
    hedged_or_flat(Truth.of(sim), hedge)


@either_leg(0)
def test_a_list_of_positions_that_is_empty_once_takes_no_leg_away(desk: Driven, sim: Sim, pair: Pair, leg: int) -> None:
    hedge = desk.fire()
    desk.until_state(hedge, "hedged")
    sim.fault("positions_empty", venue=venue_of(pair[leg]), count=1)
    sim.fault("session_expired", venue=venue_of(pair[leg]))  # which makes arbtui read everything anew
    time.sleep(4)  # that no leg is taken away shows only in time
    assert desk.hedge(hedge)["state"] == "hedged"
    hedged_or_flat(whole(sim, desk, hedge), hedge)


def test_closing_what_a_person_has_closed_already_is_success(desk: Driven, sim: Sim, pair: Pair) -> None:
    venues = [venue_of(name) for name in pair]
    hedge = desk.fire()
    desk.until_state(hedge, "hedged")
    truth = Truth.of(sim)
    for venue in venues:
        by_hand(sim, venue, -truth.position(venue, NATIVE[venue]))
    desk.until_state(hedge, *REST, within_s=5)
    if desk.hedge(hedge)["state"] == "hedged":
        desk.fire(hedge=hedge, verb="close")
    desk.until_state(hedge, "halted", *ENDED, within_s=20)
    truth = Truth.of(sim)
    assert [truth.position(venue, NATIVE[venue]) for venue in venues] == [0, 0]


# ---- people


@ONLY_FIRST
def test_fifty_keys_in_a_second_open_one_hedge(desk: Driven, sim: Sim) -> None:
    preview = desk.preview()
    assert not preview["refused"]
    answers = [desk.ask("fire", hedge=preview["hedge"]) for _ in range(50)]
    assert sum(answer["accepted"] for answer in answers) == 1
    desk.until_state(preview["hedge"], "hedged")
    truth = whole(sim, desk, preview["hedge"])
    assert len(truth.orders(preview["hedge"])) == 2


@ONLY_FIRST
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


@ONLY_FIRST
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


@EACH_LEG
def test_a_name_that_a_venue_says_it_has_and_does_not_know_is_never_sent_again(
    sim: Sim, tmp_path: Path, pair: Pair, leg: int
) -> None:
    patience = {"ARBTUI_HEDGE__DOUBT_ALARM_S": "2", "ARBTUI_HEDGE__DOUBT_HALT_S": "5"}
    with driven(home_in(tmp_path), sim, legs=perps_of(pair), venues=pair, environ=patience) as arbtui:
        sim.fault("reject_order", venue=venue_of(pair[leg]), reason="duplicate", count=1)
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
