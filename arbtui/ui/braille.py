"""Curves in braille: two points across and four up in every cell. Pure.

A curve is a list of runs. A run is a list of (column, least, most) in order of columns, counted in half cells, and is
drawn as one unbroken line; between two runs there is a gap. Each column shows the whole span of its figures, so that no
dip and no peak is lost however many of them share it.
"""

from __future__ import annotations

from collections.abc import Sequence

from arbtui.strategy.series import Series

Run = list[tuple[int, float, float]]

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # from the top down, left and right
_LEFT, _RIGHT = (
    tuple(sum(_DOTS[dot][side] for dot in range(4) if bits >> dot & 1) for bits in range(16)) for side in (0, 1)
)
_CHARS = tuple(chr(0x2800 + dots) if dots else " " for dots in range(256))


def dash(dot: int) -> str:
    """A cell with both points of one of its four rows, from the top down."""
    return chr(0x2800 + _DOTS[dot][0] + _DOTS[dot][1])


def runs_of_series(series: Series, columns: int, end_ns: int, column_ns: int) -> list[Run]:
    """The series in ``columns`` of ``column_ns``, the last of which ends at ``end_ns``; what is older is in the first.

    Figures that follow one another are one run, even where columns in between have no figure of their own.
    """
    low, high, step_ns, start_ns = series.low, series.high, series.step_ns, series.start_ns
    left_ns = end_ns - columns * column_ns
    whole = sum(low) == sum(low)  # NaN, and no gap is looked for, unless there is one
    runs: list[Run] = []
    run: Run = []
    following = -1
    at = 0
    for column in range(columns):
        stop = min(len(low), -((start_ns - left_ns - (column + 1) * column_ns) // step_ns))
        if stop <= at:
            continue
        if whole:
            run.append((column, min(low[at:stop]), max(high[at:stop])))
        elif known := [place for place in range(at, stop) if low[place] == low[place]]:
            if run and known[0] != following:
                runs.append(run)
                run = []
            run.append((column, min([low[place] for place in known]), max([high[place] for place in known])))
            following = known[-1] + 1
        at = stop
    return [*runs, run] if run else runs


def runs_of_points(points: Sequence[tuple[int, float]], columns: int, within: int = 0) -> list[Run]:
    """``(t, value)`` in order of time, the first in the first column and the last in the last.

    Points not further apart than ``within`` are joined; those of neighbouring columns look joined in any case.
    """
    if not points or columns <= 0:
        return []
    first, last = points[0][0], points[-1][0]
    runs: list[Run] = []
    before = None
    for t, value in points:
        column = columns - 1 if last == first else (t - first) * (columns - 1) // (last - first)
        if before is None or t - before > within:
            runs.append([])
        run = runs[-1]
        if run and run[-1][0] == column:
            run[-1] = (column, min(run[-1][1], value), max(run[-1][2], value))
        else:
            run.append((column, value, value))
        before = t
    return runs


def limits(runs: Sequence[Run]) -> tuple[float, float] | None:
    """The least and the greatest of all; None where there is nothing."""
    if not runs:
        return None
    return min([least for run in runs for _, least, _ in run]), max([most for run in runs for _, _, most in run])


def row_of(value: float, low: float, high: float, rows: int) -> int:
    """Which of ``rows`` of points, from the top down, shows a value; the middle one where there is no range."""
    if high <= low:
        return rows // 2
    return max(0, min(rows - 1, round((high - value) / (high - low) * (rows - 1))))


def draw(runs: Sequence[Run], low: float, high: float, width: int, height: int) -> list[str]:
    """``height`` lines of ``width`` cells with ``high`` at the top and ``low`` at the bottom."""
    if width <= 0 or height <= 0:
        return []
    marks = [0] * (width * 2)
    for run in runs:
        _stroke(run, low, high, height * 4, marks)
    return _cells(marks, width, height)


def _stroke(run: Run, low: float, high: float, rows: int, marks: list[int]) -> None:
    """Set the bits of one unbroken line: bit n of a column is its nth point from the top."""
    before = None
    for column, least, most in run:
        top = row_of(most, low, high, rows)
        bottom = top if least == most else row_of(least, low, high, rows)
        if before is not None:
            at, upper, lower = before
            for between in range(at + 1, column):
                here = round(lower + (top - lower) * (between - at) / (column - at))
                _mark(marks, between, here, here, upper, lower)
                upper = lower = here
            _mark(marks, column, top, bottom, upper, lower)
        else:
            _mark(marks, column, top, bottom, top, bottom)
        before = column, top, bottom


def _mark(marks: list[int], column: int, top: int, bottom: int, upper: int, lower: int) -> None:
    """Points from ``top`` to ``bottom``, and on towards what stands beside, from ``upper`` to ``lower``."""
    if lower < top:
        top = lower + 1
    elif upper > bottom:
        bottom = upper - 1
    marks[column] |= (2 << bottom) - (1 << top)


def _cells(marks: list[int], width: int, height: int) -> list[str]:
    lines = [[" "] * width for _ in range(height)]
    for cell in range(width):
        left, right = marks[2 * cell], marks[2 * cell + 1]
        both = left | right
        if both:
            first = ((both & -both).bit_length() - 1) // 4
            for row in range(first, (both.bit_length() + 3) // 4):
                shift = 4 * row
                lines[row][cell] = _CHARS[_LEFT[left >> shift & 15] | _RIGHT[right >> shift & 15]]
    return ["".join(line) for line in lines]


def curve(points: Sequence[tuple[int, float]], width: int, height: int, within: int = 0) -> list[str]:
    """``(t, value)`` in order of time over the whole height; a level curve stands in the middle."""
    runs = runs_of_points(points, width * 2, within)
    low, high = limits(runs) or (0.0, 0.0)
    return draw(runs, low, high, width, height)
