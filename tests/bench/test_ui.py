"""What the screen's figures are made of: the market that it looks at, the runs there are, one of them in earnest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from arbtui.bench.ui import part
from arbtui.bench.ui.market import BenchMarket
from arbtui.bench.ui.run import Measured, Way, measure
from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import ConfigError
from arbtui.port import SelectCoin

VENUES = ("binance", "okx", "hyperliquid")


async def test_the_market_is_heard_by_the_engines_own_board() -> None:
    market = BenchMarket(VENUES, 60, asyncio.get_running_loop())
    board, desk = market.desk.board, market.desk
    market.walk(1500)
    board.sweep(market.clock.now_ns() + NS_PER_S)
    market.walk(1500)
    rows = {row.base: row for row in desk.rows()}
    assert len(rows) >= 60
    assert [slot.key for slot in board.slots if slot.quote is None] == []
    nets = [row.net_bps for row in rows.values() if row.muted is None and row.net_bps is not None]
    assert len(nets) > 50, [row.muted for row in rows.values()][:3]
    assert min(nets) < 0 < max(nets), "some pass the threshold, most do not"


async def test_a_coin_that_is_watched_has_whole_books() -> None:
    market = BenchMarket(VENUES, 5, asyncio.get_running_loop())
    market.desk.send(SelectCoin("BTC"))
    market.hold_books()
    books = [slot.book for slot in market.desk.board.coins["BTC"].slots]
    assert all(book is not None and book.tradable and len(book.top(20)[0]) == 20 for book in books)
    market.desk.send(SelectCoin("ETH"))
    market.hold_books()
    assert all(slot.book is not None for slot in market.desk.board.coins["ETH"].slots)


async def test_as_many_quotes_come_as_were_asked_for() -> None:
    market = BenchMarket(VENUES, 5, asyncio.get_running_loop())
    before, loop = market.quotes, asyncio.get_running_loop()
    began_s = loop.time()
    feed = asyncio.create_task(market.feed(2000.0))
    await asyncio.sleep(0.2)
    passed_s = loop.time() - began_s
    feed.cancel()
    assert market.quotes - before == pytest.approx(passed_s * 2000.0, rel=0.3)


def measured(**other: float | str | list[float]) -> Measured:
    figures: dict[str, Any] = {
        "cpu_pct": 30.0, "quotes_per_s": 5000.0, "rss_mb": 130.0, "held_p99_ms": 4.0, "held_max_ms": 9.0,
        "lag_p50_ms": 0.1, "lag_p99_ms": 4.5, "lag_max_ms": 20.0, "end_lag_ms": 20.0, "kb_per_s": 25.0,
        "ended": "quit", "key_ms": [7.0, 8.0, 9.0],
    }  # fmt: skip
    return Measured(**{**figures, **other})


def test_every_size_meets_every_rate_and_costs_count_above_the_engine() -> None:
    ways: list[Way] = []

    def one(venues: Sequence[str], way: Way) -> Measured:
        ways.append(way)
        return measured(cpu_pct=30.0 if way.width else 22.0)

    result = part.run(VENUES, part.FULL, one)
    assert {(way.width, way.height, way.quotes_per_s) for way in ways if way.width} >= {
        (*size, rate) for size in ((120, 40), (80, 24), (200, 60)) for rate in (1000.0, 5000.0, 20000.0)
    }
    assert [goal.verdict for goal in result.goals if "lag, longest" not in goal.name].count("ok") >= 17
    cpu = next(goal for goal in result.goals if goal.name == "120x40: CPU above the engine")
    assert cpu.value == pytest.approx(8.0)
    assert {way.stall_s for way in ways} == {0.0, 10.0}
    assert {way.kb_per_s for way in ways} == {0.0, 32.0}
    assert any(way.storm for way in ways)


def test_a_screen_that_is_far_beyond_its_budget_fails() -> None:
    amount = part.QUICK
    result = part.run(VENUES, amount, lambda _, way: measured(cpu_pct=90.0 if way.width else 20.0, kb_per_s=400.0))
    assert {goal.name for goal in result.goals if goal.failed} == {
        "120x40: CPU above the engine",
        "120x40: bytes to the terminal",
    }


@pytest.mark.parametrize("text", ["120", "0x0", "120x", "axb"])
def test_a_size_that_is_none_is_one_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match="is no size of a terminal; write it as 120x40"):
        part.size_of(text)


@pytest.mark.slow
def test_a_screen_is_measured_from_start_to_end() -> None:
    one = measure(("binance", "okx"), Way(80, 24, coins=100, quotes_per_s=1000.0, seconds=2.0))
    assert one.ended == "quit"
    assert 0 < one.kb_per_s < 200
    assert 0 < one.cpu_pct < 95
    assert one.key_ms, "keys were seen to be painted"
    assert one.quotes_per_s == pytest.approx(1000.0, rel=0.2)
