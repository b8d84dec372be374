"""Halts, their ends and delistings on all five venues and both markets at once, whether a venue tells or must be asked.

Each leg is of a coin of its own, so that the coin's other legs go on and could make an edge against it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from arbtui.core.clock import NS_PER_S
from tests.e2e.harness import Arbtui, Line, Sim, beside, is_status, running, simulated

pytestmark = pytest.mark.slow

LOG = logging.getLogger(__name__)  # what was measured: pytest -o log_cli=true -o log_cli_level=INFO

LEGS = [
    (venue, market) for venue in ("binance", "okx", "bybit", "bitget", "hyperliquid") for market in ("perp", "spot")
]
OUT_WITHIN_S = 10.0
BACK_WITHIN_S = 20.0


def legs_of_own_coins(sim: Sim) -> dict[str, str]:
    """``venue.market.native`` of one leg for each venue and market -> its coin, each of another coin."""
    natives: dict[str, dict[tuple[str, str], str]] = {}
    for venue, markets in sim.get("/_sim/truth?depth=1")["venues"].items():
        for market, rows in markets.items():
            for native, row in rows.items():
                plain = row["status"] == "trading" and row["delist_ms"] is None and row["coin"] == row["base"]
                if (
                    plain
                    and row["quote"] == ("USDC" if venue == "hyperliquid" else "USDT")
                    and row["base"] not in ("USDT", "USDC")
                ):
                    natives.setdefault(row["base"], {})[venue, market] = native
    found: dict[str, str] = {}
    for leg in sorted(LEGS, key=lambda leg: sum(leg in listed for listed in natives.values())):
        coin = next(c for c in natives if leg in natives[c] and len(natives[c]) >= 8 and c not in found.values())
        found[".".join((*leg, natives[coin][leg]))] = coin
    return found


def legs_in(line: Line) -> tuple[str, ...]:
    return tuple(f"{leg['venue']}.{leg['market']}.{leg['native']}" for leg in (line["buy"], line["sell"]))


class Watched:
    """When each leg was admissible in some pair, in seconds after ``mark``; signals raised from it."""

    def __init__(self, arbtui: Arbtui, sim: Sim, legs: dict[str, str]) -> None:
        self._arbtui = arbtui
        self._sim = sim
        self.legs = legs
        self.mark()

    def mark(self) -> None:
        self._mark_ns = time.time_ns()
        self.free_s: dict[str, list[float]] = {leg: [] for leg in self.legs}
        self.raised_s: dict[str, list[float]] = {leg: [] for leg in self.legs}

    def watch(self, seconds: float) -> None:
        for line in self._arbtui.watch(seconds):
            at_s = (line["t_ns"] - self._mark_ns) / NS_PER_S
            raised = line["type"] == "signal" and line["state"] == "raised"
            free = line["type"] == "spread" and line["muted"] is None
            for leg in legs_in(line) if at_s > 0 else ():
                if leg in self.legs and free:
                    self.free_s[leg].append(round(at_s, 1))
                if leg in self.legs and raised:
                    self.raised_s[leg].append(round(at_s, 1))

    def order(self, action: str, **more: Any) -> None:
        """Tell the simulator to do this to every leg, and begin anew."""
        for leg in self.legs:
            venue, market, native = leg.split(".", 2)
            self._sim.post(
                "/_sim/instruments", {"action": action, "venue": venue, "market": market, "symbol": native, **more}
            )
        self.mark()


@contextmanager
def watched(home: Path) -> Iterator[Watched]:
    with simulated("--seed", "7", "--symbols", "60", "--scenario", "busy") as sim:
        legs = legs_of_own_coins(sim)
        arguments = ("--symbols", ",".join(legs.values()), "--pairs", "all", "--emit", "spread,signal")
        with running(home, "--gateway", sim.url, "--no-ui", *arguments) as arbtui:
            legs_watched = Watched(arbtui, sim, legs)
            legs_watched.watch(26)
            never = [leg for leg, seen in legs_watched.free_s.items() if not seen]
            assert not never  # else nothing below proves anything
            yield legs_watched


def test_a_halted_leg_is_out_within_10_s_and_back_within_20_s_of_its_end(tmp_path: Path) -> None:
    with watched(tmp_path) as legs:
        legs.order("halt")
        legs.watch(14)
        LOG.info("out after s: %s", {leg: max(seen, default=0.0) for leg, seen in legs.free_s.items()})
        assert {leg: seen[-1] for leg, seen in legs.free_s.items() if seen and seen[-1] > OUT_WITHIN_S} == {}
        assert {leg: seen[-1] for leg, seen in legs.raised_s.items() if seen and seen[-1] > OUT_WITHIN_S} == {}
        legs.order("resume")
        until_s = time.monotonic() + BACK_WITHIN_S
        while time.monotonic() < until_s and not all(legs.free_s.values()):
            legs.watch(1)
        LOG.info("back after s: %s", {leg: min(seen, default=None) for leg, seen in legs.free_s.items()})
        assert [leg for leg, seen in legs.free_s.items() if not seen] == []


def test_a_closed_leg_is_out_within_10_s_and_where_it_was_announced_before_the_venue_closes_it(tmp_path: Path) -> None:
    with watched(tmp_path) as legs:
        legs.order("delist", seconds=15)
        legs.watch(30)
        LOG.info("out after s: %s", {leg: max(seen, default=0.0) for leg, seen in legs.free_s.items()})
        assert {leg: seen[-1] for leg, seen in legs.free_s.items() if seen and seen[-1] > 15 + OUT_WITHIN_S} == {}
        assert {leg: seen[-1] for leg, seen in legs.raised_s.items() if seen and seen[-1] > 15 + OUT_WITHIN_S} == {}
        pushed = [leg for leg in legs.legs if leg.startswith(("okx.", "binance.perp"))]
        assert {leg: legs.free_s[leg][-1] for leg in pushed if legs.free_s[leg] and legs.free_s[leg][-1] > 10} == {}


def test_a_listing_that_lost_more_than_half_is_not_believed_and_status_says_since_when(tmp_path: Path) -> None:
    with beside(tmp_path, "--emit", "status") as (sim, arbtui):
        arbtui.until_live("bybit")
        listed = sim.get("/_sim/truth?venue=bybit&market=spot&depth=1")["venues"]["bybit"]["spot"]
        for native in [*listed][: len(listed) * 2 // 3]:
            asked = {"action": "delist", "venue": "bybit", "market": "spot", "symbol": native, "seconds": 0}
            sim.post("/_sim/instruments", asked)

        def told(line: Line) -> bool:
            return is_status(line, "bybit", "spot") and "not believed since" in line["reason"]

        line = arbtui.until(told, 40)
        assert "the answer has lost" in line["reason"]
        assert line["state"] == "degraded"
