"""Where everything goes, as one pure function of the terminal's size and of what the person chose to see.

Three shapes: ``wide`` shows all zones, ``compact`` keeps the grid and shows one other pane at a time, ``tiny`` keeps
the grid and the status lines. A pane belongs to a zone; a zone that holds several shows one, as tabs. A new pane is
one more name in ``ZONES``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.geometry import Region

Shape = Literal["wide", "compact", "tiny"]
PaneId = Literal["grid", "books", "legs", "signals", "feeds", "positions", "orders"]

# The digit of a pane is its place here.
PANES: tuple[PaneId, ...] = ("grid", "books", "legs", "signals", "feeds", "positions", "orders")
ZONES: dict[Shape, tuple[tuple[PaneId, ...], ...]] = {
    "wide": (("grid",), ("books",), ("signals",), ("legs", "feeds", "positions", "orders")),
    "compact": (("grid",), ("books", "legs", "signals", "feeds", "positions", "orders")),
    "tiny": (PANES,),
}
_BOOKS_WIDTH = 42
_LOW_HEIGHT = 13  # title, header, and five venues with spot and perp, plus one


@dataclass(frozen=True)
class Plan:
    """Regions in cells, top left is (0, 0). What is not in ``panes`` is not shown."""

    shape: Shape
    status: Region
    panes: dict[PaneId, Region]
    tabs: dict[PaneId, tuple[PaneId, ...]]  # of a shown pane: all that share its zone
    detail: Region | None
    alarm: Region | None
    bottom: Region | None
    keys: Region | None


def shape_of(width: int, height: int) -> Shape:
    if width >= 110 and height >= 32:
        return "wide"
    return "compact" if width >= 60 and height >= 16 else "tiny"


def zone_of(shape: Shape, pane: PaneId) -> tuple[PaneId, ...]:
    """All panes that share the zone of ``pane``."""
    return next(zone for zone in ZONES[shape] if pane in zone)


def plan(
    width: int,
    height: int,
    shown: dict[tuple[PaneId, ...], PaneId],
    zoomed: PaneId | None,
    *,
    prompt: bool,
    alarm: bool = False,
) -> Plan:
    """``shown`` = which pane of a zone is in front (the first where it names none); ``zoomed`` takes all the room.

    ``prompt``: a line is being typed, so the bottom line must exist whatever the size; ``alarm``: so must the alarm's.
    """
    shape = shape_of(width, height)
    rows = _Rows(width, height)
    status = rows.take_top(2 if height > 3 else 0)
    keys = rows.take_bottom(1) if shape != "tiny" else None
    bottom = rows.take_bottom(1) if shape != "tiny" or prompt else None
    alarms = rows.take_bottom(1 if alarm else 0)
    detail = rows.take_bottom({"wide": 2, "compact": 1, "tiny": 0}[shape])
    front = [shown.get(zone, zone[0]) for zone in ZONES[shape]]
    middle = rows.rest()
    if zoomed is not None:
        panes: dict[PaneId, Region] = {zoomed: middle}
    elif shape == "wide":
        panes = _wide(middle, *front)
    elif shape == "compact":
        panes = _compact(middle, *front)
    else:
        panes = {front[0]: middle}
    panes = {pane: region for pane, region in panes.items() if region.area}
    return Plan(
        shape,
        status,
        panes,
        {pane: zone_of(shape, pane) for pane in panes},
        detail if detail.area else None,
        alarms if alarms.area else None,
        bottom,
        keys,
    )


class _Rows:
    """Takes rows off a rectangle; what is not there any more has no height."""

    def __init__(self, width: int, height: int) -> None:
        self._left = Region(0, 0, max(0, width), max(0, height))

    def take_top(self, count: int) -> Region:
        count = min(count, self._left.height)
        x, y, width, height = self._left
        self._left = Region(x, y + count, width, height - count)
        return Region(x, y, width, count)

    def take_bottom(self, count: int) -> Region:
        count = min(count, self._left.height)
        x, y, width, height = self._left
        self._left = Region(x, y, width, height - count)
        return Region(x, y + height - count, width, count)

    def rest(self) -> Region:
        return self._left


def _wide(room: Region, grid: PaneId, books: PaneId, signals: PaneId, low: PaneId) -> dict[PaneId, Region]:
    x, y, width, height = room
    low_height = min(_LOW_HEIGHT, height * 2 // 5)
    top_height = height - low_height
    books_width = max(_BOOKS_WIDTH, width * 7 // 20)
    left_width = width - books_width - 1
    books_height = max(top_height * 2 // 3, top_height - 9)
    right = x + left_width + 1
    return {
        grid: Region(x, y, left_width, top_height),
        books: Region(right, y, books_width, books_height),
        signals: Region(right, y + books_height, books_width, top_height - books_height),
        low: Region(x, y + top_height, width, low_height),
    }


def _compact(room: Region, grid: PaneId, other: PaneId) -> dict[PaneId, Region]:
    x, y, width, height = room
    grid_height = height - min(max(6, height * 2 // 5), 20)
    return {
        grid: Region(x, y, width, grid_height),
        other: Region(x, y + grid_height, width, height - grid_height),
    }
