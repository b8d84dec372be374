"""The desk keeps what spreads were, on its own clock, from when the first guest asks."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan
from pathlib import Path

from arbtui.port import ChooseLegs, SelectCoin
from arbtui.strategy.series import Series
from tests.headless_support import Bench


def gaps(series: Series) -> list[bool]:
    return [isnan(value) for value in series.last]


def quoting(bench: Bench, seconds: int, then: Callable[[int], object] = lambda second: None) -> None:
    """Quotes that move, second by second; ``then`` is what a guest does meanwhile."""
    for second in range(seconds):
        bench.marks()
        bench.quote(bench.binance, "100.00", "1.50", f"100.{10 + second % 3}", "2.00")
        bench.quote(bench.okx, f"101.{second % 5}", "150", "101.90", "200")
        bench.quote(bench.spot, "99.9", "10.0", "100.3", "20.0")
        bench.advance(1)
        then(second)


def test_nothing_is_kept_before_somebody_asks(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.advance(0.5)  # samples are taken early in a second
    quoting(bench, 3)
    assert bench.desk.history("BTC", 10).known() == []
    quoting(bench, 3)
    assert len(bench.desk.history("BTC", 10).known()) == 4, "the second under way is the first"


def test_what_was_kept_is_what_the_row_said(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.desk.history("", 0)
    quoting(bench, 4)
    bench.desk.spreads.refresh(10)
    row = bench.desk.row("BTC")
    assert row is not None
    assert row.net_bps is not None
    series = bench.desk.history("BTC", 1)
    assert abs(series.last[-1] - row.net_bps) < 1e-3
    assert bench.desk.passed(row.net_bps - 1) == 1
    assert bench.desk.passed(row.net_bps + 100) == 0


def test_without_quotes_the_history_ends_in_a_gap_as_soon_as_they_are_stale(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.desk.history("", 0)
    bench.advance(0.5)
    quoting(bench, 4)
    bench.link.up = False
    bench.board.link_down(bench.link, bench.clock.now_ns())
    bench.advance(3)
    assert gaps(bench.desk.history("BTC", 7)) == [True, *[False] * 4, True, True]


def test_legs_chosen_by_hand_are_kept_from_then_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    quoting(bench, 2)
    assert bench.desk.send(SelectCoin("BTC")).accepted
    assert bench.desk.send(ChooseLegs(bench.okx.id, bench.binance.id)).accepted
    quoting(bench, 2)
    series = bench.desk.pair_history(bench.okx.id, bench.binance.id, 4)
    assert series.step_ns == 100_000_000
    assert all(gaps(series)[:19])
    assert not any(gaps(series)[22:])


def test_the_premium_of_the_selected_coin_is_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.desk.history("", 0)
    bench.desk.send(SelectCoin("BTC"))
    quoting(bench, 3)
    assert bench.desk.premium_venues("BTC") == ["binance"]
    assert len(bench.desk.premium_history("BTC", "binance", 3).known()) >= 2


def test_two_runs_of_the_same_events_keep_the_same_whatever_their_guests_looked_at(tmp_path: Path) -> None:
    kept = []
    for number in range(2):
        bench = Bench(tmp_path)
        bench.desk.history("", 0)

        def look(second: int, bench: Bench = bench, often: bool = bool(number)) -> None:
            if often and second % 2:
                bench.desk.rows(max_age_ms=700)
                bench.desk.passed(5.0)
                bench.desk.row("BTC")

        quoting(bench, 12, look)
        series = bench.desk.history("BTC", 12)
        assert len(series.known()) == 12
        kept.append(series.last.tobytes())
    assert kept[0] == kept[1]
