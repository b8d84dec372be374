"""A curve in braille: two points across and four up in every cell. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # from the top down, left and right


def curve(points: Sequence[tuple[int, float]], width: int, height: int) -> list[str]:
    """``(t, value)`` in order of time as ``height`` lines of ``width`` cells.

    Each half cell shows the span of all its values, so that no dip is lost; a half cell without a value stays empty,
    because a gap in the figures is a gap and not a line. A level curve stands in the middle.
    """
    if width <= 0 or height <= 0:
        return []
    cells = [[0] * width for _ in range(height)]
    if points:
        low = min(value for _, value in points)
        high = max(value for _, value in points)
        for column, (least, most) in _spans(points, width * 2).items():
            top, bottom = (_row(value, low, high, height * 4) for value in (most, least))
            for dot in range(top, bottom + 1):
                cells[dot // 4][column // 2] |= _DOTS[dot % 4][column % 2]
    return ["".join(chr(0x2800 + dots) if dots else " " for dots in line) for line in cells]


def _spans(points: Sequence[tuple[int, float]], columns: int) -> dict[int, tuple[float, float]]:
    first, last = points[0][0], points[-1][0]
    spans: dict[int, tuple[float, float]] = {}
    for t, value in points:
        column = columns - 1 if last == first else (t - first) * (columns - 1) // (last - first)
        least, most = spans.get(column, (value, value))
        spans[column] = (min(least, value), max(most, value))
    return spans


def _row(value: float, low: float, high: float, rows: int) -> int:
    if high <= low:
        return rows // 2
    return round((high - value) / (high - low) * (rows - 1))
