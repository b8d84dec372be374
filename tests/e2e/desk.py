"""One arbtui for many tests, and what they have in common: what a person does by hand, and what must always hold."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.e2e.harness import Sim
from tests.e2e.money import (
    BINANCE,
    BINANCE_SPOT,
    CLASSIC,
    FIRST,
    OKX,
    OKX_SPOT,
    PERP,
    REST,
    Driven,
    Pair,
    Truth,
    hedged_or_flat,
    nothing_twice_and_nothing_lost,
    only,
    perps_of,
    until,
    venue_of,
)

NATIVE = {venue: leg.rpartition(".")[2] for venue, leg in PERP.items()}
LEGS = (BINANCE, OKX, BINANCE_SPOT, OKX_SPOT)
MINUTE_S = 75.0  # so many tests use up what Hyperliquid may be asked, and clocks are compared once in it
SOAKED: tuple[Pair, ...] = (  # every other kind of account once as the first leg and once as the second
    ("bybit", "hyperliquid"),
    ("hyperliquid", CLASSIC),
    (CLASSIC, "okx"),
    ("bitget", "bybit"),
    ("binance", "bitget"),
)
PAIRS = [
    pytest.param(FIRST),
    *(pytest.param(pair, marks=(pytest.mark.soak, pytest.mark.xdist_group(" and ".join(pair)))) for pair in SOAKED),
]
EACH_LEG = pytest.mark.parametrize("leg", [0, 1], ids=["first", "second"])


def either_leg(always: int) -> pytest.MarkDecorator:
    """One of the legs always, the other one as a soak."""
    legs = [pytest.param(leg, marks=() if leg == always else pytest.mark.soak) for leg in (0, 1)]
    return pytest.mark.parametrize("leg", legs, ids=["first", "second"])


def close_by_hand(sim: Sim) -> None:
    truth = Truth.of(sim)
    for venue, account in truth.accounts.items():
        for order in account["orders"]:
            if order["status"] == "open":
                sim.delete(f"/_sim/orders/{order['id']}")
        for position in account["positions"]:
            by_hand(sim, venue, -Decimal(position["qty"]), native=position["native"])


def by_hand(sim: Sim, venue: str, qty: Decimal, *, native: str = "", market: str = "perp") -> None:
    """A person trades at the venue itself, at market."""
    body = {"venue": venue, "account": sim.account(venue), "market": market, "symbol": native or NATIVE[venue]}
    sim.post("/_sim/orders", {**body, "qty": str(abs(qty)), "side": "buy" if qty > 0 else "sell"})


def set_account(sim: Sim, venue: str, **more: Any) -> None:
    sim.post("/_sim/accounts", {"venue": venue, "account": sim.account(venue), **more})


def rests(sim: Sim, venue: str, hedge: str) -> dict[str, Any] | None:
    """The order of the hedge that is open there."""
    return next((o for o in Truth.of(sim).orders(hedge) if o["venue"] == venue and o["status"] == "open"), None)


def fill_what_rests(sim: Sim, venue: str, hedge: str) -> Decimal:
    """It fills wholly, now, at its own price, even if it is just being moved; how much that was."""

    def filled() -> Decimal:
        orders = (order for order in Truth.of(sim).orders(hedge) if order["venue"] == venue)
        return sum((Decimal(order["filled"]) for order in orders), Decimal(0))

    def now() -> Decimal:
        if (order := rests(sim, venue, hedge)) is not None:
            with contextlib.suppress(HTTPError):  # there is nothing left to cancel
                sim.delete(f"/_sim/orders/{order['id']}")
        return filled() - before

    before = filled()
    sim.fault("fill_races_cancel", venue=venue, count=1)
    found: Decimal = until(now, 20)
    return found


def whole(sim: Sim, arbtui: Driven, hedge: str) -> Truth:
    """The truth about a hedge that has come to rest, after everything was checked that must always hold."""
    truth = Truth.of(sim)
    nothing_twice_and_nothing_lost(truth, arbtui, hedge)
    told = [Decimal(coins) for coins in arbtui.hedge(hedge)["coins"]]
    assert told == truth.coins(hedge)
    return truth


def refused_for(arbtui: Driven, check: str) -> str:
    """What a person is told, if that check fails."""
    preview = arbtui.preview()
    return str(preview["refused"]) if check in only(preview) else ""


def taken_away(desk: Driven, sim: Sim, pair: Pair, leg: int, reason: str) -> None:
    """A hedge is opened, and the venue takes a whole leg by itself: an alarm says so, and the pair halts."""
    venue = venue_of(pair[leg])
    legs = perps_of(pair)
    hedge = desk.fire(buy=legs[0], sell=legs[1])
    desk.until_state(hedge, "hedged")
    sim.fault("position_jump", venue=venue, symbol=NATIVE[venue], value=1.0, reason=reason)
    found = desk.until_state(hedge, "halted", within_s=MINUTE_S)
    truth = Truth.of(sim)
    assert truth.position(venue, NATIVE[venue]) == 0
    assert Decimal(found["coins"][leg]) == 0
    assert Decimal(found["coins"][1 - leg]) == truth.coins(hedge)[1 - leg] != 0
    if (pair[leg], reason) == ("bitget", "adl"):  # pushes of a unified account do not tell it from an order by hand
        desk.until_said(f"a leg was taken away: {legs[leg]}", alarm=True, hedge=hedge)
    else:
        desk.until_said(f"{venue} itself traded on {legs[leg]}: {reason}", alarm=True)


def repaired_or_halted(desk: Driven, sim: Sim, hedge: str, within_s: float = 30.0) -> Truth:
    found = desk.until_state(hedge, *REST, within_s=within_s)
    truth = whole(sim, desk, hedge)
    if found["state"] == "halted":
        desk.until_said("", alarm=True, hedge=hedge)
    else:
        hedged_or_flat(truth, hedge, truth.too_little(hedge))
    return truth
