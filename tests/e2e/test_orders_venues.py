"""Any two venues: each is the buying leg once and the selling leg once, and each fails in its own words.

What a hedge goes through is told by ``test_orders_legs`` and ``test_orders_faults`` on two venues; this is about what
differs among them: client ids, steps, currencies, ways to say that an order is not there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.e2e.desk import MINUTE_S, repaired_or_halted, taken_away, whole
from tests.e2e.harness import Sim
from tests.e2e.money import ENDED, PERP, REST, Driven, Truth, exchanges, hedged_or_flat, only, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("venues")]  # which share one arbtui

NAMES = tuple(PERP)
RING = list(zip(NAMES, (*NAMES[1:], NAMES[0]), strict=True))
LATER = [venue for venue in NAMES if venue not in ("binance", "okx")]
PAIR_OF = dict(RING)
QUOTE = {"bybit": ("USDT",), "bitget": ("USDT",), "hyperliquid": ("USDC",)}


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with contextlib.closing(exchanges(venues=NAMES)) as sim:
        yield sim


@pytest.fixture(scope="module")
def legs() -> tuple[str, ...]:
    return tuple(PERP.values())


def legs_of(buy: str, sell: str) -> dict[str, str]:
    return {"buy": PERP[buy], "sell": PERP[sell]}


@pytest.mark.parametrize("venue", ["hyperliquid", "bybit", pytest.param("bitget", marks=pytest.mark.soak)])
def test_an_order_that_never_reached_any_venue_is_settled_once_it_can_arrive_no_more(
    desk: Driven, sim: Sim, venue: str
) -> None:
    """The first of all, for the others use up what Hyperliquid may be asked in a minute."""
    sim.fault("ack_lost_undelivered", venue=venue, count=1, reason="cut")
    hedge = desk.fire(**legs_of(venue, PAIR_OF[venue]))
    desk.until_state(hedge, *REST, within_s=60 if venue == "bitget" else 29)  # it takes requests 30 s after their stamp
    hedged_or_flat(whole(sim, desk, hedge), hedge)
    alarms = [text for of, text, loud in desk.state()["said"] if of == hedge and loud and "still in doubt" in text]
    assert bool(alarms) == (venue == "bitget")


@pytest.mark.parametrize(("buy", "sell"), RING)
def test_a_hedge_of_any_two_opens_and_closes_and_its_sums_are_the_venues(
    desk: Driven, sim: Sim, buy: str, sell: str
) -> None:
    hedge = desk.fire(**legs_of(buy, sell))
    found = desk.until_hedge(hedge, lambda found: found["state"] in REST and found["complete"], MINUTE_S)
    assert found["state"] == "hedged"
    truth = whole(sim, desk, hedge)
    hedged_or_flat(truth, hedge)
    assert truth.coins(hedge)[0] > 0
    assert {ccy: Decimal(fee) for ccy, fee in found["fees"].items()} == truth.fees(hedge)
    for venue in (buy, sell):
        native = PERP[venue].rpartition(".")[2]
        assert Decimal(desk.state()["positions"][f"{venue}.{native}"]) == truth.position(venue, native)
    desk.flatten(hedge)
    truth = whole(sim, desk, hedge)
    assert truth.coins(hedge) == [0, 0]

    def wrong() -> dict[str, tuple[Decimal, Decimal]]:
        return told_wrongly(desk, sim, buy) | told_wrongly(desk, sim, sell)

    until(lambda: not wrong(), MINUTE_S, wrong)


@pytest.mark.parametrize("venue", LATER)
def test_spot_of_any_venue_is_bought_hedged_and_sold_again(desk: Driven, sim: Sim, venue: str) -> None:
    (native,) = (name for name, row in Truth.of(sim).markets[venue]["spot"].items() if row["quote"] in QUOTE[venue])
    dust = Decimal("0.00012")  # a fee in the coin, and a lot of the perpetual
    legs = (f"{venue}.spot.{native}", PERP[PAIR_OF[venue]])
    desk.until_ready(legs)  # its fees are asked for at the first look
    hedge = desk.fire(buy=legs[0], sell=legs[1])
    desk.until_hedge(hedge, lambda found: found["state"] == "hedged" and found["complete"], MINUTE_S)
    hedged_or_flat(whole(sim, desk, hedge), hedge, dust)
    desk.flatten(hedge)
    hedged_or_flat(whole(sim, desk, hedge), hedge, dust)
    assert all(abs(coins) <= dust for coins in Truth.of(sim).coins(hedge))


def told_wrongly(arbtui: Driven, sim: Sim, venue: str) -> dict[str, tuple[Decimal, Decimal]]:
    """What arbtui says of an account's money, beside what the venue has, where they differ."""
    wallets = Truth.of(sim).accounts[venue]["wallets"]
    true = {
        f"{venue}.{wallet}.{asset}": row["total"] for wallet, rows in wallets.items() for asset, row in rows.items()
    }
    told = {name: total for name, total in arbtui.state()["balances"].items() if name.startswith(f"{venue}.")}
    assert told
    both = {name: (Decimal(total), Decimal(true.get(name, "0"))) for name, total in told.items()}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


@pytest.mark.parametrize("venue", LATER)
def test_a_maker_on_any_venue_that_fills_is_hedged(desk: Driven, sim: Sim, venue: str) -> None:
    hedge = desk.fire(**legs_of(venue, PAIR_OF[venue]), style="maker_taker", maker=0)
    desk.until_state(hedge, *REST, within_s=40)
    truth = whole(sim, desk, hedge)
    hedged_or_flat(truth, hedge)
    assert {int(fill["client_id"][13]) for fill in truth.fills(hedge) if fill["maker"]} <= {0}


@pytest.mark.parametrize("venue", LATER)
def test_a_leg_that_any_venue_refuses_is_given_back(desk: Driven, sim: Sim, venue: str) -> None:
    sim.fault("reject_order", venue=venue, market="perp", reason="band")
    hedge = desk.fire(**legs_of(PAIR_OF[venue], venue))
    desk.until_state(hedge, *ENDED, within_s=20)
    truth = whole(sim, desk, hedge)
    assert truth.coins(hedge) == [0, 0]
    assert any(order["status"] == "rejected" for order in truth.orders(hedge))
    desk.until_said("giving it back", alarm=True, hedge=hedge)


@pytest.mark.parametrize("venue", LATER)
def test_what_any_venue_fills_in_part_is_hedged_in_full(desk: Driven, sim: Sim, venue: str) -> None:
    sim.fault("partial_fill", venue=venue, value=0.3, count=1)
    hedge = desk.fire(**legs_of(venue, PAIR_OF[venue]), usd="900")
    repaired_or_halted(desk, sim, hedge)


@pytest.mark.parametrize("venue", LATER)
def test_a_fill_that_nobody_told_and_whose_answer_was_lost_is_found(desk: Driven, sim: Sim, venue: str) -> None:
    sim.fault("ack_lost_delivered", venue=venue, count=1, reason="cut")
    sim.fault("private_gap", venue=venue, reason="silent", seconds=4)
    hedge = desk.fire(**legs_of(PAIR_OF[venue], venue))
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    hedged_or_flat(whole(sim, desk, hedge), hedge)


@pytest.mark.parametrize("venue", LATER)
def test_a_leg_that_any_venue_liquidates_is_an_alarm_and_halts_the_pair(desk: Driven, sim: Sim, venue: str) -> None:
    taken_away(desk, sim, (venue, PAIR_OF[venue]), 0, "liquidation")


def test_a_clock_that_orders_find_to_be_off_is_said_and_nothing_opens(desk: Driven, sim: Sim) -> None:
    """Nothing that is asked of Hyperliquid bears a stamp, so an order is the first to be refused for it."""
    legs = legs_of("okx", "hyperliquid")
    sim.fault("clock_skew", venue="hyperliquid", value=40_000)
    hedge = desk.fire(**legs)
    desk.until_state(hedge, *REST, within_s=MINUTE_S)
    hedged_or_flat(whole(sim, desk, hedge), hedge)
    refused = until(lambda: clock_refusal(desk, legs), MINUTE_S)
    assert "hyperliquid" in refused
    assert "set this machine's clock" in refused
    sim.heal()
    until(lambda: not clock_refusal(desk, legs), MINUTE_S)  # clocks are compared once a minute


def clock_refusal(arbtui: Driven, legs: dict[str, str]) -> str:
    preview = arbtui.preview(**legs)
    return str(preview["refused"]) if "clock" in only(preview) else ""
