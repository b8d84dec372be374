"""A figure over time as lines of text: a curve with its scale, its threshold, its signals and its figures. Pure.

     8.0┤          ⢀⡀                    what stands above the threshold is a gain
     6.0┤   ⣀⡀    ⢠⠎⠘⢄
     4.0┼⠤ ⡜⠤⢣⠤ ⠤⢀⠔⠁⠤ ⠤⣀               the threshold, dashed
     2.0┤⢀⠜   ⠣⡀⢀⠎      ⠑⠊ +3.6         the newest figure; none where nothing is known now
        −10m─▲───−5m─▽───now            a signal was raised, and cleared
     now +3.6  min −0.8  med 3.1  max 8.2  n 588 of 600

Columns stand on a fixed grid of time, so that a figure never changes its column and what was drawn moves on by whole
cells. What there is no room for is left out from the bottom line up; the curve is always there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10
from operator import itemgetter
from statistics import median
from typing import Literal, NamedTuple, get_args

from arbtui.core.clock import NS_PER_S
from arbtui.strategy.series import Series
from arbtui.ui import text
from arbtui.ui.braille import Run, dash, draw, row_of, runs_of_points, runs_of_series
from arbtui.ui.glyphs import MINUS, UNKNOWN
from arbtui.ui.theme import Cell, Line, Role

What = Literal["net", "premium", "depth", "equity"]
WHATS: tuple[What, ...] = get_args(What)
WHAT_WORDS: dict[What, str] = {
    "net": "net spread of the pair on show",
    "premium": "premium of the perpetual over the spot, venue by venue",
    "depth": "both books of the pair, summed up",
    "equity": "equity of all accounts",
}
MINUTES = (1, 10, 60)
EQUITY_GAP_NS = 180 * NS_PER_S  # a point comes each minute, unless something in it is not known

_WIDEST_LABEL = 9
_GUTTER_FROM = 20  # cells of width from which on a scale stands at the left,
_VALUE_FROM = 36  # and the newest figure at the right
_LEAST_SPAN = 1e-3  # of a curve: a smaller one is no reason for a scale,
_SAMPLED = 2e-7  # nor is this part of a figure, which is lost where it is kept as a sample
_REACH = 1.5  # a threshold not further away than so many times the curve's own span is drawn with it

Words = Callable[[float, int], str]  # a figure with so many decimals


@dataclass(frozen=True)
class Mark:
    """Something that happened: ``sign`` in the colour of ``role`` under the curve."""

    t_ns: int
    sign: str
    role: Role


@dataclass(frozen=True)
class Scale:
    """From ``low`` to ``high``, with a label at every multiple of ``step`` in between."""

    low: float
    high: float
    step: float

    @property
    def decimals(self) -> int:
        return max(0, -floor(log10(self.step) + 1e-9))

    def ticks(self) -> list[float]:
        first, last = ceil(self.low / self.step - 1e-6), floor(self.high / self.step + 1e-6)
        return [at * self.step for at in range(first, last + 1)]


def scale(low: float, high: float, rows: int) -> Scale:
    """A scale around these figures that does not move with each of them, labels for at most three of four ``rows``."""
    if flat(low, high):
        around = max(0.5, abs(low) / 1000)
        low, high = low - around, high + around
    snap = _round_up((high - low) / 8)
    low, high = floor(low / snap) * snap, ceil(high / snap) * snap
    return Scale(low, high, _round_up((high - low) / max(1.0, 0.75 * rows - 1.0)))


def flat(low: float, high: float) -> bool:
    """Whether figures differ by no more than the way in which they are kept: a scale of that would be one of noise."""
    return not high - low > max(_LEAST_SPAN, _SAMPLED * max(abs(low), abs(high)))


def _round_up(value: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** floor(log10(value))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= value * (1 - 1e-9)), 10 * power)


@dataclass(frozen=True)
class Frame:
    """How many cells the parts of a chart have."""

    gutter: int
    width: int  # of the curve
    margin: int
    height: int  # of the curve
    below: int  # lines under it: times with what happened, then figures

    @classmethod
    def of(cls, width: int, height: int, label: int) -> Frame:
        gutter = label + 1 if width >= _GUTTER_FROM else 0  # never more than half, see _WIDEST_LABEL
        margin = label + 1 if width >= _VALUE_FROM else 0
        below = max(0, min(2, (height - 2) // 2))
        return cls(gutter, width - gutter - margin, margin, height - below, below)


@dataclass(frozen=True)
class Look:
    """What a chart says besides its curve. ``threshold`` and everything else in the unit of the curve."""

    words: Words
    threshold: float | None = None
    marks: Sequence[Mark] = ()
    live: bool = True  # whether what was last sampled holds still
    now: float | None = None  # what is so at this moment, where that is known better than by the last sample
    good: Role = "gain"  # of the curve above the threshold
    role: Role = "accent"  # of the rest, and of a curve without one
    empty: str = "nothing known yet"


class _Figures(NamedTuple):
    """What is to be said of the values of a chart."""

    low: float
    high: float
    median: float
    known: int
    of: int
    now: float | None


class _Curve(NamedTuple):
    """``runs(columns)``: the curve; ``column(t_ns, columns)``: where a moment is. Columns are half cells."""

    runs: Callable[[int], list[Run]]
    column: Callable[[int, int], int]


def series_chart(series: Series, now_ns: int, window_s: float, width: int, height: int, look: Look) -> list[Line]:
    """The last ``window_s`` of a series, ``now`` at the right."""
    window_ns = int(window_s * 1e9)

    def runs(columns: int) -> list[Run]:
        column_ns = max(1, window_ns // columns)
        return runs_of_series(series, columns, _end_ns(now_ns, column_ns), column_ns)

    def column(t_ns: int, columns: int) -> int:
        column_ns = max(1, window_ns // columns)
        return columns - 1 - (_end_ns(now_ns, column_ns) - 1 - t_ns) // column_ns

    times = (f"{MINUS}{_span(window_s)}", f"{MINUS}{_span(window_s / 2)}", "now")
    figures = _figures_of(series)
    if figures is not None and figures.now is not None and look.now is not None:
        low, high = min(figures.low, look.now), max(figures.high, look.now)
        figures = figures._replace(low=low, high=high, now=look.now)
    return _chart(_Curve(runs, column), figures, times, width, height, look)


def points_chart(
    points: Sequence[tuple[int, float]], within: int, times: tuple[str, str, str], width: int, height: int, look: Look
) -> list[Line]:
    """``(t, value)`` from the first to the last of them; joined where not further apart than ``within``."""
    values = [value for _, value in points]
    figures = None
    if values:
        figures = _Figures(min(values), max(values), median(values), len(values), len(values), values[-1])
    curve = _Curve(lambda columns: runs_of_points(points, columns, within), lambda t_ns, columns: -1)
    return _chart(curve, figures, times, width, height, look)


def _figures_of(series: Series) -> _Figures | None:
    low, high, last = series.low, series.high, series.last
    total = sum(last)
    if total == total and len(last):
        now = last[-1] if series.known_now else None
        return _Figures(min(low), max(high), median(last), len(last), len(last), now)
    known = series.known()
    if not known:
        return None
    least = min(known if low is last else [value for value in low if value == value])
    most = max(known if high is last else [value for value in high if value == value])
    now = last[-1] if series.known_now and last[-1] == last[-1] else None
    return _Figures(least, most, median(known), len(known), len(last), now)


def _end_ns(now_ns: int, column_ns: int) -> int:
    """Where the right edge stands: cells of two columns lie on multiples of their width."""
    cell_ns = 2 * column_ns
    return (now_ns // cell_ns + 1) * cell_ns


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g}s"
    return f"{seconds / 60:g}m" if seconds <= 5400 else f"{seconds / 3600:g}h"


def _chart(
    curve: _Curve, figures: _Figures | None, times: tuple[str, str, str], width: int, height: int, look: Look
) -> list[Line]:
    if width <= 0 or height <= 0:
        return []
    if figures is None:
        return _nothing(look.empty, width, height)
    if not look.live:
        figures = figures._replace(now=None)
    scaled, threshold = _with_threshold(figures, look.threshold, Frame.of(width, height, 0).height)
    frame = Frame.of(width, height, _label_width(scaled, (figures.now, threshold), look.words))
    lines = _curve_lines(curve.runs(2 * frame.width), scaled, threshold, figures.now, frame, look)
    if frame.below >= 1:
        lines.append(_axis(look.marks, curve.column, times, frame))
    if frame.below >= 2:
        lines.append(_figure_line(figures, look, threshold, width))
    return lines


def _nothing(words: str, width: int, height: int) -> list[Line]:
    wrapped = text.wrap(words, max(1, width - 2))[:height]
    return [((text.fit(" " + line, width), "dim"),) for line in wrapped]


def _with_threshold(figures: _Figures, threshold: float | None, rows: int) -> tuple[Scale, float | None]:
    """The scale, and the threshold if it is near enough to be drawn without making the curve flat."""
    low, high = figures.low, figures.high
    if threshold is None:
        return scale(low, high, rows), None
    reach = _REACH * max(high - low, 1.0)
    if not low - reach <= threshold <= high + reach:
        return scale(low, high, rows), None
    return scale(min(low, threshold), max(high, threshold), rows), threshold


def _label_width(scaled: Scale, others: Sequence[float | None], words: Words) -> int:
    labels = [words(scaled.low, scaled.decimals), words(scaled.high, scaled.decimals)]
    labels += [words(value, max(1, scaled.decimals)) for value in others if value is not None]
    return min(_WIDEST_LABEL, max(map(len, labels)))


def _curve_lines(
    runs: list[Run], scaled: Scale, threshold: float | None, shown: float | None, frame: Frame, look: Look
) -> list[Line]:
    dots = 4 * frame.height
    drawn = draw(runs, scaled.low, scaled.high, frame.width, frame.height)
    labels = {row_of(tick, scaled.low, scaled.high, dots) // 4: tick for tick in scaled.ticks()}
    limit = None if threshold is None else row_of(threshold, scaled.low, scaled.high, dots)
    newest = None if shown is None else row_of(shown, scaled.low, scaled.high, dots) // 4
    lines: list[Line] = []
    for row, cells in enumerate(drawn):
        line: list[Cell] = []
        at_limit = limit is not None and limit // 4 == row
        if frame.gutter:
            line.extend(_gutter(labels.get(row), threshold if at_limit else None, scaled, frame.gutter - 1, look.words))
        above = limit is not None and row < limit // 4
        role: Role = look.good if above else look.role
        line.extend(_dashed(cells, dash(limit % 4), role) if limit is not None and at_limit else [(cells, role)])
        if frame.margin:
            here = look.words(shown, max(1, scaled.decimals)) if shown is not None and row == newest else ""
            line.append((text.fit(" " + here, frame.margin), "strong"))
        lines.append(tuple(line))
    return lines


def _gutter(tick: float | None, threshold: float | None, scaled: Scale, width: int, words: Words) -> list[Cell]:
    """The label of a row: the threshold's own, before any other."""
    if threshold is not None:
        return [(text.fit(words(threshold, max(1, scaled.decimals)), width, right=True), "warn"), ("┼", "rule")]
    if tick is None:
        return [(" " * width, "dim"), ("│", "rule")]
    return [(text.fit(words(tick, scaled.decimals), width, right=True), "dim"), ("┤", "rule")]


def _dashed(cells: str, sign: str, role: Role) -> Line:
    """The curve's row with the threshold where the curve is not, in every second cell."""
    return joined([
        (char, role) if char != " " else (sign if at % 2 == 0 else " ", "warn") for at, char in enumerate(cells)
    ])  # fmt: skip


def _axis(marks: Sequence[Mark], column: Callable[[int, int], int], times: tuple[str, str, str], frame: Frame) -> Line:
    """The line under the curve: its times, and what happened, the newest of those that share a cell."""
    cells: list[Cell] = [("─", "rule")] * frame.width
    for mark in marks:
        at = column(mark.t_ns, 2 * frame.width)
        if 0 <= at < 2 * frame.width:
            cells[at // 2] = (mark.sign, mark.role)
    left, middle, right = times
    if frame.width >= len(left) + len(right) + 1:
        _write(cells, 0, left)
        _write(cells, frame.width - len(right), right)
    if frame.width >= len(left) + len(middle) + len(right) + 6:
        _write(cells, (frame.width - len(middle)) // 2, middle)
    corner: Cell = ((" " * (frame.gutter - 1) + "└") if frame.gutter else "", "rule")
    return joined([corner, *cells, (" " * frame.margin, "rule")])


def _write(cells: list[Cell], at: int, words: str) -> None:
    """A time, unless something happened in its place."""
    if all(role == "rule" for _, role in cells[at : at + len(words)]):
        cells[at : at + len(words)] = [(char, "dim") for char in words]


def joined(cells: Sequence[Cell]) -> Line:
    """Neighbours of one role as one cell."""
    return tuple(("".join(words for words, _ in same), role) for role, same in groupby(cells, itemgetter(1)))


def _figure_line(figures: _Figures, look: Look, drawn: float | None, width: int) -> Line:
    """As many of them as there is room for; the threshold too where it is too far away to be drawn."""
    span = figures.high - figures.low
    decimals = 1 if flat(figures.low, figures.high) else max(1, 1 - floor(log10(span)))

    def words(value: float) -> str:
        return look.words(value, decimals)

    told = [
        ("now", UNKNOWN if figures.now is None else words(figures.now)),
        ("min", words(figures.low)),
        ("med", words(figures.median)),
        ("max", words(figures.high)),
        ("n", f"{figures.known}" if figures.known == figures.of else f"{figures.known} of {figures.of}"),
    ]
    if look.threshold is not None and drawn is None:
        told.insert(1, ("threshold", look.words(look.threshold, 1)))
    return told_in(told, width)


def told_in(told: Sequence[tuple[str, str]], width: int) -> Line:
    """Names and figures, as many from the first on as there is room for."""
    cells: list[Cell] = []
    left = width
    for name, value in told:
        left -= len(name) + len(value) + 3
        if left < 0:
            break
        cells += [(f" {name} ", "dim"), (f"{value} ", "text")]
    return tuple(cells)
