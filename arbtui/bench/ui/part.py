"""What the screen costs beyond the engine, at several sizes and rates, and before terminals that misbehave.

The engine runs without a screen first; CPU and memory of the screen are what comes on top of that. "held" is the wait
that 99 of 100 moments stay below while callbacks run, in CPU time, so it says on a busy machine too what the program
itself does; "lag" is in wall-clock time and takes in whatever else runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from arbtui.bench.report import Cell, Goal, Result, Table
from arbtui.bench.ui.run import Measured, Way, measure
from arbtui.core.errors import ConfigError

Size = tuple[int, int]
OUTSIDE_S = 10.0  # how long a terminal stops reading
LINK_KB_PER_S = 32.0
COLUMNS = ("", "CPU %", "held p99", "held max", "lag p50", "lag p99", "lag max", "KB/s", "key ms", "RSS MB")


@dataclass(frozen=True)
class Amount:
    sizes: tuple[Size, ...]
    rates: tuple[float, ...]
    seconds: float
    coins: int
    ill: bool  # terminals that misbehave as well


FULL = Amount(((120, 40), (80, 24), (200, 60)), (1000.0, 5000.0, 20000.0), seconds=8.0, coins=1000, ill=True)
QUICK = Amount(((120, 40),), (5000.0,), seconds=5.0, coins=1000, ill=False)
BUDGETED = 5000.0  # the rate that the budgets are meant for


def size_of(text: str) -> Size:
    """``120x40`` as width and height."""
    found = re.fullmatch(r"(\d{2,3})x(\d{1,3})", text)
    if found is None:
        raise ConfigError(f'"{text}" is no size of a terminal; write it as 120x40.')
    return int(found[1]), int(found[2])


def run(venues: Sequence[str], amount: Amount, run_one: Callable[[Sequence[str], Way], Measured] = measure) -> Result:
    """Raises ``OurMistake`` where a screen does not paint or does not end."""
    tables, goals, details = [], [], []
    base: dict[float, Measured] = {}
    for rate in amount.rates:
        way = Way(coins=amount.coins, quotes_per_s=rate, seconds=amount.seconds)
        base[rate] = run_one(venues, replace(way, width=0))
        rows = [_row("engine alone", base[rate])]
        for width, height in amount.sizes:
            shown = run_one(venues, replace(way, width=width, height=height))
            name = f"{width}x{height}"
            rows.append(_row(name, shown))
            details.append({"size": name, "quotes_per_s": rate, **_figures(shown, base[rate])})
            if rate == BUDGETED:
                goals.extend(_goals(name, shown, base[rate]))
        tables.append(Table(_title(rate, amount), COLUMNS, tuple(rows), _NOTES))
    if amount.ill:
        rate = BUDGETED if BUDGETED in base else amount.rates[0]
        ill = _ill(venues, replace(_first(amount), quotes_per_s=rate), run_one)
        tables.append(Table("terminals that misbehave", COLUMNS, tuple(_row(*each) for each in ill.items())))
        goals.extend(_ill_goals(ill, base[rate]))
        details.extend({"terminal": name, **_figures(one, base[rate])} for name, one in ill.items())
    return Result("ui", tuple(tables), tuple(goals), {"runs": details})


_NOTES = ("CPU in % of a core, all of the process; held: CPU ms; lag, key: wall-clock ms; key: to paint, median",)


def _title(rate: float, amount: Amount) -> str:
    return f"the screen, {amount.coins} coins, {rate:,.0f} updates/s, {amount.seconds:g} s each"


def _first(amount: Amount) -> Way:
    width, height = amount.sizes[0]
    return Way(width=width, height=height, coins=amount.coins, seconds=amount.seconds)


def _ill(venues: Sequence[str], way: Way, run_one: Callable[[Sequence[str], Way], Measured]) -> dict[str, Measured]:
    return {
        f"stops reading for {OUTSIDE_S:g} s": run_one(venues, replace(way, stall_s=OUTSIDE_S, seconds=OUTSIDE_S + 2.0)),
        f"takes {LINK_KB_PER_S:g} KB/s": run_one(venues, replace(way, kb_per_s=LINK_KB_PER_S)),
        "changes size 20 times a second": run_one(venues, replace(way, storm=True)),
    }


def _row(name: str, one: Measured) -> tuple[Cell, ...]:
    return (
        name, one.cpu_pct, one.held_p99_ms, one.held_max_ms, one.lag_p50_ms, one.lag_p99_ms, one.lag_max_ms,
        one.kb_per_s, one.key_median_ms, one.rss_mb,
    )  # fmt: skip


def _figures(shown: Measured, base: Measured) -> dict[str, Cell]:
    return {
        "cpu_above_engine_pct": shown.cpu_pct - base.cpu_pct,
        "held_p99_ms": shown.held_p99_ms,
        "held_max_ms": shown.held_max_ms,
        "lag_p50_ms": shown.lag_p50_ms,
        "lag_p99_ms": shown.lag_p99_ms,
        "lag_max_ms": shown.lag_max_ms,
        "end_lag_ms": shown.end_lag_ms,
        "kb_per_s": shown.kb_per_s,
        "key_median_ms": shown.key_median_ms,
        "keys": len(shown.key_ms),
        "rss_mb": shown.rss_mb,
        "rss_above_engine_mb": shown.rss_mb - base.rss_mb,
        "heard_quotes_per_s": shown.quotes_per_s,
        "engine_lag_p99_ms": base.lag_p99_ms,
        "engine_held_p99_ms": base.held_p99_ms,
    }


def _goals(name: str, shown: Measured, base: Measured) -> list[Goal]:
    """The budgets are meant for 120x40; a larger screen shows more and may cost more."""
    budget = 1.0 if name in ("120x40", "80x24") else 1.5
    none = "" if shown.key_ms else "no key was seen to be painted"
    return [
        Goal(f"{name}: CPU above the engine", shown.cpu_pct - base.cpu_pct, "% of a core", 10 * budget, 40.0),
        Goal(f"{name}: loop held, p99 of moments", shown.held_p99_ms, "CPU ms", 5 * budget, 30.0),
        Goal(f"{name}: loop lag p99", shown.lag_p99_ms, "ms", 5 * budget, note=_busy(base)),
        Goal(f"{name}: bytes to the terminal", shown.kb_per_s, "KB/s", 30 * budget, 90.0),
        Goal(f"{name}: key to paint, median", shown.key_median_ms, "ms", 10.0, 250.0, note=none),
        Goal(f"{name}: RSS above the engine", shown.rss_mb - base.rss_mb, "MB", 40 * budget, 120.0),
    ]


def _busy(base: Measured) -> str:
    """Wall-clock figures mean little where the engine alone is late already."""
    late = base.lag_p99_ms > 5.0
    return f"the engine alone lags {base.lag_p99_ms:.1f} ms: other work ran on this machine" if late else ""


def _ill_goals(ill: dict[str, Measured], base: Measured) -> list[Goal]:
    stalled, link, storm = ill.values()
    return [
        Goal("stall of 10 s: loop lag, longest", stalled.lag_max_ms, "ms", 50.0, 400.0, note=_busy(base)),
        Goal("stall of 10 s: loop lag when the screen ends", stalled.end_lag_ms, "ms", 150.0, 600.0),
        Goal("stall of 10 s: CPU above the engine", stalled.cpu_pct - base.cpu_pct, "% of a core", 15.0, 50.0),
        Goal("slow link: loop lag, longest", link.lag_max_ms, "ms", 50.0, 400.0, note=_busy(base)),
        Goal("slow link: CPU above the engine", link.cpu_pct - base.cpu_pct, "% of a core", 10.0, 40.0),
        Goal("resize storm: loop lag, longest", storm.lag_max_ms, "ms", 150.0, 1000.0, note=_busy(base)),
    ]
