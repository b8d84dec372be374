"""arbtui against exchanges that misbehave: what it owes under each fault."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Arbtui, Line, Sim, beside, is_status, running, simulated

pytestmark = pytest.mark.slow

ALL = ("binance", "okx", "bybit", "bitget", "hyperliquid")
SEEDED = ("--seed", "7", "--symbols", "60")
BUSY = (*SEEDED, "--scenario", "busy")


def key(line: dict[str, Any]) -> str:
    return f"{line['venue']}.{line['market']}.{line['native']}"


def perps(venue: str, *states: str) -> Callable[[Line], bool]:
    """Whether a line says that the perpetuals of the venue are in one of these states."""
    return lambda line: is_status(line, venue, "perp", *states)


def truth_of(sim: Sim, line: Line) -> dict[str, Any]:
    """The truth's book at the id of a ``book`` line; {} where the truth has forgotten it."""
    query = f"venue={line['venue']}&market={line['market']}&symbol={line['native']}&seq={line['seq']}&depth=10"
    instrument: dict[str, Any] = sim.get(f"/_sim/truth?{query}")["venues"][line["venue"]][line["market"]][
        line["native"]
    ]
    return instrument


def as_numbers(levels: list[list[str]]) -> list[tuple[float, float]]:
    return [(float(price), float(size)) for price, size in levels]


def differs(line: Line, truth: dict[str, Any]) -> str:
    factor, multiplier = float(truth["price_factor"]), float(truth["multiplier"])
    for side in ("bids", "asks"):
        wire = as_numbers(truth[side])[: len(line[side])]
        mine = [(price * factor, size / multiplier) for price, size in as_numbers(line[side])]
        pairs = zip(wire, mine, strict=False)
        if len(wire) != len(mine) or any(
            abs(a - b) > 1e-9 * max(a, b) for one, two in pairs for a, b in zip(one, two, strict=True)
        ):
            return f"{key(line)} {side} at {line['seq']}: {mine[:3]} instead of {wire[:3]}"
    return ""


def test_no_live_book_ever_differs_from_the_truth_at_its_id_while_deltas_are_lost(tmp_path: Path) -> None:
    coins = "BTC,ETH,SOL"
    with simulated(*SEEDED) as sim:
        sim.fault("drop_delta", venue="binance", value=0.005)
        sim.fault("drop_delta", venue="okx", value=0.005)
        sim.fault("drop_delta", venue="bybit", value=0.005)
        sim.fault("drop_delta", venue="bitget", value=0.005)
        arguments = ("--gateway", sim.url, "--no-ui", "--symbols", coins, "--emit", "book,status", "--levels", "5")
        with running(tmp_path, *arguments) as arbtui:
            seen = compare(sim, arbtui, 35)
            assert not seen.wrong
            assert seen.compared > 500
            assert seen.resyncs > 5  # else nothing was lost and nothing is proven


@pytest.mark.soak
def test_no_live_book_differs_from_the_truth_for_longer_than_a_moment_while_a_side_is_left_out(tmp_path: Path) -> None:
    arguments = ("--symbols", "BTC,ETH,SOL", "--emit", "book,status", "--levels", "5")
    with beside(tmp_path, *arguments, sim=SEEDED) as (sim, arbtui):
        arbtui.until_live(*ALL)
        for venue in ALL:
            sim.fault("empty_side", venue=venue)
            sim.fault("disconnect", venue=venue)  # so that books begin anew with snapshots by REST, which are sound
        during = compare(sim, arbtui, 15)
        sim.heal()
        after = compare(sim, arbtui, 15)
        assert not during.lasting + after.wrong  # only the quotes can tell, and they are looked at four times a second
        assert during.resyncs > 3  # else nothing began anew
        assert after.compared > 100


@dataclass
class Compared:
    """What was seen of the books: how many live ones were compared, which differed, how many were lost."""

    compared: int = 0
    wrong: list[str] = field(default_factory=list)
    lasting: list[str] = field(default_factory=list)  # of those: for more than 1.5 s of the engine's own time
    resyncs: int = 0


def compare(sim: Sim, arbtui: Arbtui, seconds: float) -> Compared:
    """Hold the newest state of each live book, four times a second, against the truth at its id."""
    seen = Compared()
    wrong_since_ns: dict[str, int] = {}
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        newest: dict[str, Line] = {}
        for line in arbtui.watch(0.25):
            if line["type"] == "book":
                newest[key(line)] = line
                seen.resyncs += line["state"] == "resyncing"
        for line in newest.values():
            if line["state"] == "live" and (truth := truth_of(sim, line)).get("bids"):
                seen.compared += 1
                if text := differs(line, truth):
                    seen.wrong.append(text)
                    if line["t_ns"] - wrong_since_ns.setdefault(key(line), line["t_ns"]) > 1_500_000_000:
                        seen.lasting.append(text)
                    continue
            wrong_since_ns.pop(key(line), None)
    return seen


def raised_legs(lines: list[Line], venue: str) -> list[dict[str, Any]]:
    raised = [line for line in lines if line["type"] == "signal" and line["state"] == "raised"]
    return [leg for line in raised for leg in (line["buy"], line["sell"]) if leg["venue"] == venue]


def test_a_crossed_leg_raises_no_signal(tmp_path: Path) -> None:
    with beside(tmp_path, "--emit", "signal,status", sim=BUSY) as (sim, arbtui):
        arbtui.until_live("binance", "okx")
        sim.fault("crossed", venue="binance")
        arbtui.watch(12)  # time to notice
        assert not raised_legs(arbtui.watch(15), "binance")


def test_silent_and_frozen_legs_raise_signals_only_while_a_second_source_confirms_them(tmp_path: Path) -> None:
    with beside(tmp_path, "--emit", "signal,status", sim=BUSY) as (sim, arbtui):
        arbtui.until_live("binance", "okx")
        arbtui.watch(3)
        sim.fault("freeze", venue="binance")
        sim.fault("mute", venue="okx")
        arbtui.watch(12)
        since = arbtui.watch(40)
        for leg in raised_legs(since, "binance") + raised_legs(since, "okx"):
            assert leg["age_ms"] <= 30_500  # heard anew or confirmed by REST within 30 s
        sim.heal()
        for venue in ("binance", "okx"):
            arbtui.until(perps(venue, "live"), 30)


def test_a_currency_off_its_peg_raises_no_signal_across_it(tmp_path: Path) -> None:
    with simulated(*SEEDED) as sim:
        for venue in ("binance", "okx", "bybit", "bitget"):
            sim.fault("depeg", venue=venue, value=0.95)
        sim.fault("depeg", venue="hyperliquid", symbol="@166", value=0.95)
        with running(tmp_path, "--gateway", sim.url, "--no-ui", "--emit", "signal,status") as arbtui:
            arbtui.until_live("binance", "okx", "bybit", "bitget")
            arbtui.watch(18)
            raised = [line for line in arbtui.lines if line["type"] == "signal" and line["state"] == "raised"]
            across = [
                line["id"] for line in raised if {line[leg]["quote"] for leg in ("buy", "sell")} == {"USDT", "USDC"}
            ]
            # Hyperliquid's perps settle in USDC and are priced in USDT: nothing is converted
            assert not [name for name in across if "hyperliquid.perp" not in name]


def test_spot_is_never_sold_without_inventory(tmp_path: Path) -> None:
    with (
        simulated(*SEEDED, "--scenario", "busy") as sim,
        running(tmp_path, "--gateway", sim.url, "--no-ui", "--emit", "signal") as arbtui,
    ):
        arbtui.watch(15)
        raised = [line for line in arbtui.lines if line["state"] == "raised"]
        assert raised
        assert not [line["id"] for line in raised if line["sell"]["market"] == "spot"]


def test_attempts_to_connect_stay_inside_the_budget_and_they_come_back(tmp_path: Path) -> None:
    refusing = {"binance": "refuse", "okx": "accept_then_close"}
    with beside(tmp_path, "--emit", "status") as (sim, arbtui):
        arbtui.until_live(*refusing)
        for venue, fault in refusing.items():
            sim.fault(fault, venue=venue, seconds=45)
        for venue in refusing:
            told = arbtui.until(perps(venue, "down", "degraded", "stale"), 12)
            assert told["reason"]
        arbtui.watch(50 - 12)
        for venue in refusing:
            arbtui.until(perps(venue, "live"), 25)
            reconnects = max(line["reconnects"] for line in arbtui.lines if is_status(line, venue, "perp"))
            assert reconnects < 60, venue


def test_one_muted_channel_is_noticed_and_forgiven(tmp_path: Path) -> None:
    with beside(tmp_path, "--emit", "status") as (sim, arbtui):
        arbtui.until_live("binance", "okx")
        arbtui.watch(5)
        sim.fault("mute", venue="okx", market="perp", symbol="BTC-USDT-SWAP", channel="bbo")
        arbtui.until(lambda line: is_status(line, "okx", "perp") and line["stale"] >= 1, 35)
        sim.heal()
        arbtui.until(lambda line: is_status(line, "okx", "perp", "live"), 20)


def test_muted_sockets_leave_rows_by_rest_within_the_request_budget(tmp_path: Path) -> None:
    with beside(tmp_path, "--emit", "spread,status", "--pairs", "all") as (sim, arbtui):
        arbtui.until_live("binance", "okx")
        sim.fault("mute", venue="binance")
        arbtui.watch(38)
        last = arbtui.watch(10)
        legs = [leg for line in last if line["type"] == "spread" for leg in (line["buy"], line["sell"])]
        muted = [leg for leg in legs if leg["venue"] == "binance"]
        assert muted
        share = sum(leg["source"] == "rest" for leg in muted) / len(muted)
        assert share > 0.95
        free = [line for line in last if line["type"] == "spread" and line["muted"] is None]
        still = [leg for line in free for leg in (line["buy"], line["sell"]) if leg["venue"] == "binance"]
        # what has not moved at all is confirmed by REST and stays the socket's; what came by REST may never trade
        assert all(leg["source"] == "ws" and leg["age_ms"] <= 30_500 for leg in still)
        assert "429" not in arbtui.talk
        assert "418" not in arbtui.talk


LISTING = [pytest.param(venue, marks=pytest.mark.soak) for venue in ("bybit", "bitget")]


@pytest.mark.parametrize("venue", ["binance", "okx", *LISTING])
def test_a_coin_that_is_listed_while_arbtui_runs_shows_its_row(tmp_path: Path, venue: str) -> None:
    with beside(tmp_path, "--top", "all", "--emit", "spread,status") as (sim, arbtui):
        arbtui.until_live("binance", "okx", "bybit", "bitget")
        for market in ("perp", "spot"):
            sim.post("/_sim/instruments", {"action": "list", "venue": venue, "market": market, "base": "NEWCOIN"})
        arbtui.until(lambda line: line["type"] == "spread" and line["base"] == "NEWCOIN", 60)


@pytest.mark.parametrize(("venue", "native"), [("binance", "SOLUSDT"), ("okx", "SOL-USDT-SWAP")])
def test_an_announced_delisting_bars_its_leg_before_the_venue_closes_it(
    tmp_path: Path, venue: str, native: str
) -> None:
    with beside(tmp_path, "--symbols", "SOL", "--pairs", "all", "--emit", "spread,status") as (sim, arbtui):
        arbtui.until_live("binance", "okx")
        arbtui.watch(3)
        asked = {"action": "delist", "venue": venue, "market": "perp", "symbol": native, "seconds": 60}
        sim.post("/_sim/instruments", asked)

        def barred(line: Line) -> bool:
            legs = (line["buy"], line["sell"]) if line["type"] == "spread" else ()
            named = any((leg["venue"], leg["native"]) == (venue, native) for leg in legs)
            return named and "clos" in (line["muted"] or "")

        arbtui.until(barred, 30)
        listed = sim.get(f"/_sim/truth?venue={venue}&market=perp&symbol={native}&depth=1")
        assert listed["venues"][venue]["perp"][native]["status"] != "delisted"  # it still trades there


def test_a_venue_that_cannot_be_reached_is_told_in_words_and_the_demo_is_named(tmp_path: Path) -> None:
    with running(
        tmp_path, "--gateway", "http://127.0.0.1:9", "--no-ui", "--emit", "status", "--duration", "12"
    ) as arbtui:
        line = arbtui.until(lambda line: line["type"] == "status" and line["state"] == "down", 8)
        assert "refused" in line["reason"]
        arbtui.watch(15)
        assert arbtui.end() == 0
        assert "--demo" in arbtui.talk
