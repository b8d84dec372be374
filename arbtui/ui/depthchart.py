"""The books of both legs as areas around the price at which they cross. Pure.

Bids to sell into fall off to the left, asks to buy from rise to the right, both summed up from the best price outwards;
where they overlap (``▒``) buying is cheaper than selling brings. The dashed line is the chosen size, and the view
reaches as far as twice that size does, so the lines of both books meet it well inside.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import ceil

from arbtui.strategy.depth import Depth, Steps, reach
from arbtui.ui import text
from arbtui.ui.chart import Scale, joined, scale, told_in
from arbtui.ui.glyphs import UNKNOWN
from arbtui.ui.theme import Cell, Line, Role

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_BOTH = "▒"
_SIZES = 2.0  # the view reaches as far as so many times the chosen size
_LABEL = 6
_GUTTER_FROM = 20
_LEAST_SPAN = 2e-4  # of the price, to either side


def view(depth: Depth, size_base: float) -> tuple[float, float]:
    """The least and the greatest price to show, the crossing one in the middle."""
    edges = [reach(steps, size_base * _SIZES) or steps[-1][0] for steps in (depth.asks, depth.bids)]
    edges += [depth.asks[0][0], depth.bids[0][0]]
    half = max([_LEAST_SPAN * depth.crossing, *(abs(edge - depth.crossing) for edge in edges)]) * 1.02
    return depth.crossing - half, depth.crossing + half


def profile(steps: Steps, edges: Sequence[float], *, rising: bool) -> list[float]:
    """Coins up to each of the prices ``edges``, which rise: of asks those at or below, of bids those at or above."""
    sign = 1.0 if rising else -1.0
    prices = [sign * price for price, _ in steps]
    counts = [bisect_right(prices, sign * edge) for edge in edges]
    return [steps[count - 1][1] if count else 0.0 for count in counts]


def depth_chart(depth: Depth, size_usd: float, width: int, height: int) -> list[Line]:
    """``size_usd`` on each leg; sums are in US dollars at the crossing price."""
    if width <= 0 or height <= 0:
        return []
    gutter = _LABEL + 1 if width >= _GUTTER_FROM else 0
    below = max(0, min(2, (height - 2) // 2))
    columns, rows = width - gutter, height - below
    low, high = view(depth, size_usd / depth.crossing)
    step = (high - low) / columns
    asks = profile(depth.asks, [low + step * (column + 1) for column in range(columns)], rising=True)
    bids = profile(depth.bids, [low + step * column for column in range(columns)], rising=False)
    most = max(*asks, *bids) * depth.crossing
    scaled = scale(0.0, max(size_usd * 1.2, most), rows)
    heights = [[coins * depth.crossing / scaled.high * rows * 8 for coins in side] for side in (bids, asks)]
    lines = [_row(row, rows, heights, scaled, size_usd, gutter) for row in range(rows)]
    if below:
        lines.append(_prices(low, depth.crossing, high, gutter, columns))
    if below > 1:
        lines.append(_words(depth, size_usd, width))
    return lines


def _row(row: int, rows: int, heights: list[list[float]], scaled: Scale, size_usd: float, gutter: int) -> Line:
    """One line of cells, from the top down."""
    floor_eighths = (rows - 1 - row) * 8
    limit_row = rows - ceil(size_usd / scaled.high * rows)
    line: list[Cell] = []
    if gutter:
        line += _label(row, rows, scaled, size_usd if row == limit_row else None)
    for column, (bid, ask) in enumerate(zip(*heights, strict=True)):
        cell = _cell(bid - floor_eighths, ask - floor_eighths)
        if row == limit_row and column % (2 if cell[0] == " " else 4) == 0:
            cell = ("╌", "warn")
        line.append(cell)
    return joined(line)


def _cell(bid: float, ask: float) -> Cell:
    """How far each book fills the cell, in eighths of its height; the higher one where only one reaches its top."""
    if bid >= 4.0 and ask >= 4.0:
        return _BOTH, "strong"
    role: Role = "gain" if bid > ask else "loss"
    return _EIGHTHS[max(0, min(8, round(max(bid, ask))))], role


def _label(row: int, rows: int, scaled: Scale, size_usd: float | None) -> list[Cell]:
    if size_usd is not None:
        return [(text.fit(text.amount(size_usd), _LABEL, right=True), "warn"), ("┼", "rule")]
    tick = next((tick for tick in scaled.ticks() if tick > 0 and rows - ceil(tick / scaled.high * rows) == row), None)
    if tick is None:
        return [(" " * _LABEL, "dim"), ("│", "rule")]
    return [(text.fit(text.amount(tick), _LABEL, right=True), "dim"), ("┤", "rule")]


def _prices(low: float, crossing: float, high: float, gutter: int, columns: int) -> Line:
    """The prices at both ends and in the middle, as far as there is room."""
    left, middle, right = (text.price(price, 11) for price in (low, crossing, high))
    if columns < len(left) + len(middle) + len(right) + 2:
        left = right = ""
    words = left.ljust(columns - len(right)) + right
    start = max(0, (columns - len(middle)) // 2)
    words = words[:start] + middle + words[start + len(middle) :]
    return ((" " * gutter + text.fit(words, columns), "dim"),)


def _words(depth: Depth, size_usd: float, width: int) -> Line:
    """Up to which prices the chosen size goes, and what the books overlap by."""
    size_base = size_usd / depth.crossing
    told = [
        ("buy ≤", text.price(reach(depth.asks, size_base), 11)),
        ("sell ≥", text.price(reach(depth.bids, size_base), 11)),
        ("overlap", f"{text.amount(depth.meet_base * depth.crossing)} USD" if depth.meet_base else UNKNOWN),
    ]
    return told_in(told, width)
