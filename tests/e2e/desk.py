"""One arbtui for many tests, and what they have in common: what a person does by hand, and what must always hold."""

from __future__ import annotations

from decimal import Decimal

from tests.e2e.harness import Sim
from tests.e2e.money import (
    BINANCE,
    BINANCE_SPOT,
    OKX,
    OKX_SPOT,
    PERP,
    REST,
    Driven,
    Truth,
    hedged_or_flat,
    nothing_twice_and_nothing_lost,
    only,
)

NATIVE = {venue: leg.rpartition(".")[2] for venue, leg in PERP.items()}
LEGS = (BINANCE, OKX, BINANCE_SPOT, OKX_SPOT)


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
    body = {"venue": venue, "market": market, "symbol": native or NATIVE[venue], "qty": str(abs(qty))}
    sim.post("/_sim/orders", {**body, "side": "buy" if qty > 0 else "sell"})


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


def repaired_or_halted(desk: Driven, sim: Sim, hedge: str, within_s: float = 30.0) -> Truth:
    found = desk.until_state(hedge, *REST, within_s=within_s)
    truth = whole(sim, desk, hedge)
    if found["state"] == "halted":
        desk.until_said("", alarm=True, hedge=hedge)
    else:
        hedged_or_flat(truth, hedge)
    return truth
