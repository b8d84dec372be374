"""What was measured, against what it should be, as a table and as JSON.

``target`` is the budget, ``fail`` what no noise of a machine excuses: ``--check`` looks at that alone. Figures without
a budget are told for themselves.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from arbtui import __version__

Cell = str | float | int | None


@dataclass(frozen=True)
class Table:
    """Rows as measured; the first column names them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Goal:
    """One figure with its budget. ``at_least``: it should be as large as the budget, not as small."""

    name: str
    value: float | None  # None: could not be measured, ``note`` says why
    unit: str
    target: float | None = None
    fail: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def failed(self) -> bool:
        return self.fail is not None and self.value is not None and self._worse(self.fail)

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        if self.failed:
            return "FAIL"
        if self.target is None:
            return ""
        return "over budget" if self._worse(self.target) else "ok"

    def _worse(self, than: float) -> bool:
        assert self.value is not None
        return self.value < than if self.at_least else self.value > than


@dataclass(frozen=True)
class Result:
    """What one part of the bench brings."""

    part: str
    tables: tuple[Table, ...] = ()
    goals: tuple[Goal, ...] = ()
    details: dict[str, object] = field(default_factory=dict)


def geometric_mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return statistics.geometric_mean(found) if found else None


def machine() -> dict[str, str | int | float]:
    """Where the figures come from."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return {
        "arbtui": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": model,
        "cores": os.cpu_count() or 0,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0,
        **{name: version(name) for name in ("msgspec", "orjson", "websockets", "aiohttp")},
    }


def machine_text(where: dict[str, str | int | float]) -> str:
    return (
        f"{where['processor']}, {where['cores']} cores, load {where['load']} at start; {where['system']}; "
        f"Python {where['python']}, msgspec {where['msgspec']}, orjson {where['orjson']}"
    )


def write(lines: Iterable[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def table_text(table: Table) -> list[str]:
    """The table in columns: names to the left, figures to the right."""
    rows = [table.columns, *(tuple(_cell(value) for value in row) for row in table.rows)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(table.columns))]
    lines = ["", table.title]
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(text.rjust(width) for text, width in zip(others, widths[1:], strict=True))]
        lines.append(f"  {'  '.join(cells)}".rstrip())
    lines.extend(f"  {note}" for note in table.notes)
    return lines


def goals_text(goals: Sequence[Goal]) -> list[str]:
    rows = tuple(
        (
            goal.name,
            "-" if goal.value is None else f"{_cell(goal.value)} {goal.unit}",
            _limit(goal, goal.target),
            _limit(goal, goal.fail),
            goal.verdict,
        )
        for goal in goals
    )
    notes = tuple(f"{goal.name}: {goal.note}" for goal in goals if goal.note)
    return table_text(Table("budgets", ("", "measured", "budget", "fails", ""), rows, notes))


def as_json(where: dict[str, str | int | float], results: Sequence[Result], *, quick: bool) -> dict[str, object]:
    return {
        "machine": where,
        "quick": quick,
        "results": [
            asdict(result) | {"goals": [asdict(goal) | {"verdict": goal.verdict} for goal in result.goals]}
            for result in results
        ],
    }


def _limit(goal: Goal, limit: float | None) -> str:
    if limit is None:
        return "-"
    return f"{'>=' if goal.at_least else '<='} {limit:g}"


def _cell(value: Cell) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 20 else f"{value:.2f}"
    return str(value)
