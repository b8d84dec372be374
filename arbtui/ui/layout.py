"""Where everything goes, as one pure function of the terminal's size and of what the person chose to see.

Four shapes, by size alone: ``large`` and ``wide`` show most panes at once, ``compact`` two or three, ``tiny`` one.
Within a shape a person chooses a preset: ``all`` shows the most, the others give one matter more room. A shape and a
preset name an arrangement: splits of splits down to zones. A zone of several panes shows one of them, the others as
tabs, and which one follows from what the person looked at last; so a pane that is looked at stays there at any size.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from textual.geometry import Region

Shape = Literal["large", "wide", "compact", "tiny"]
Preset = Literal["all", "scan", "trade", "chart"]
PaneId = Literal["grid", "books", "legs", "signals", "feeds", "positions", "orders", "chart", "accounts"]
Zone = tuple[PaneId, ...]

# The digit of a pane is its place here.
PANES: Zone = ("grid", "books", "legs", "signals", "feeds", "positions", "orders", "chart", "accounts")
PRESETS: tuple[Preset, ...] = get_args(Preset)
PRESET_WORDS: dict[Preset, str] = {
    "all": "everything that fits",
    "scan": "the grid with all the width",
    "trade": "grid and books side by side, positions and orders below",
    "chart": "a large chart",
}
COMPACT_FROM = (60, 16)
WIDE_FROM = (110, 32)
LARGE_FROM = (170, 48)


@dataclass(frozen=True)
class Part:
    """A piece of a split. ``share``: percent of its length, 0 = what the others leave; then no less than ``least`` and
    no more than ``most`` cells, as far as there is room.
    """

    of: Zone | Split
    share: int = 0
    least: int = 1
    most: int = 1000


@dataclass(frozen=True)
class Split:
    """``across``: parts side by side, a column of air between them; else one above the other."""

    across: bool
    parts: tuple[Part, ...]


def _rows(*parts: Part) -> Split:
    return Split(False, parts)


def _columns(*parts: Part) -> Split:
    return Split(True, parts)


_BUT_GRID: Zone = ("books", "legs", "signals", "feeds", "positions", "orders", "chart", "accounts")
_BELOW: Zone = ("legs", "positions", "orders", "feeds", "accounts")
_DEALING: Zone = ("positions", "orders", "accounts", "signals", "feeds", "legs", "chart")
_GRID_OVER_TABS = _rows(Part(("grid",)), Part(_BUT_GRID, 40, least=5, most=20))
_LARGE = _rows(
    Part(_columns(Part(("grid",)), Part(("books",), 35, least=42))),
    Part(
        _columns(
            Part(("chart",), 29, least=36),
            Part(("legs",)),
            Part(("positions", "accounts"), 31, least=48),
        ),
        27,
        least=13,
    ),
    Part(_columns(Part(("signals", "feeds")), Part(("orders",), 50)), 21, least=8),
)
_WIDE = _columns(
    Part(_rows(Part(("grid",)), Part(_BELOW, 38, least=8, most=16))),
    Part(
        _rows(Part(("books",)), Part(("chart",), 27, least=7, most=14), Part(("signals",), 23, least=6, most=12)),
        35,
        least=42,
    ),
)
_TRADE = _rows(
    Part(_columns(Part(("grid",)), Part(("books",), 42, least=42))),
    Part(_DEALING, 38, least=8, most=18),
)
_TRADE_COMPACT = _rows(
    Part(_columns(Part(("grid",)), Part(("books",), 36, least=27))),
    Part(_DEALING, 34, least=5, most=14),
)
_CHART = _columns(
    Part(_rows(Part(("grid",)), Part((*_BELOW, "signals"), 38, least=8, most=18)), 46),
    Part(_rows(Part(("chart",)), Part(("books",), 42, least=8, most=24))),
)
_CHART_COMPACT = _rows(
    Part(("grid",)), Part(("chart", *(pane for pane in _BUT_GRID if pane != "chart")), 60, least=6)
)  # fmt: skip
_ONE: Zone = PANES
ARRANGEMENTS: dict[Shape, dict[Preset, Zone | Split]] = {
    "large": {"all": _LARGE, "scan": _GRID_OVER_TABS, "trade": _TRADE, "chart": _CHART},
    "wide": {"all": _WIDE, "scan": _GRID_OVER_TABS, "trade": _TRADE, "chart": _CHART},
    "compact": {"all": _GRID_OVER_TABS, "scan": _GRID_OVER_TABS, "trade": _TRADE_COMPACT, "chart": _CHART_COMPACT},
    "tiny": dict.fromkeys(PRESETS, _ONE),
}


@dataclass(frozen=True)
class Plan:
    """Regions in cells, top left is (0, 0). What is not in ``panes`` is not shown."""

    shape: Shape
    status: Region
    panes: dict[PaneId, Region]
    tabs: dict[PaneId, Zone]  # of a shown pane: all that share its zone
    detail: Region | None
    alarm: Region | None
    bottom: Region | None
    keys: Region | None

    @property
    def hidden(self) -> bool:
        """Whether there are panes that no tab on the screen names."""
        return self.shape == "tiny" and bool(self.panes)


def shape_of(width: int, height: int) -> Shape:
    shapes: tuple[tuple[Shape, tuple[int, int]], ...] = (
        ("large", LARGE_FROM), ("wide", WIDE_FROM), ("compact", COMPACT_FROM)
    )  # fmt: skip
    return next((shape for shape, least in shapes if width >= least[0] and height >= least[1]), "tiny")


def preset_of(word: str | None) -> Preset | None:
    """The preset of that name, None if there is none such."""
    return next((preset for preset in PRESETS if preset == word), None)


def zones(node: Zone | Split) -> Iterator[Zone]:
    """All zones of an arrangement, from top left."""
    if isinstance(node, Split):
        for part in node.parts:
            yield from zones(part.of)
    else:
        yield node


def plan(
    width: int,
    height: int,
    recent: Sequence[PaneId],
    zoomed: PaneId | None,
    *,
    prompt: bool,
    alarm: bool = False,
    preset: Preset = "all",
    have: Container[PaneId] = PANES,
) -> Plan:
    """``recent``: panes as the person looked at them, the last one first: a zone shows the first that it holds, or its
    own first. ``zoomed`` takes all the room. ``have``: the panes that there are in this run.

    ``prompt``: a line is being typed, so the bottom line must exist whatever the size; ``alarm``: so must the alarm's.
    """
    shape = shape_of(width, height)
    rows = _Rows(width, height)
    status = rows.take_top(2 if height > 3 else 0)
    keys = rows.take_bottom(1) if shape != "tiny" else None
    bottom = rows.take_bottom(1) if shape != "tiny" or prompt or height > 5 else None
    alarms = rows.take_bottom(1 if alarm else 0)
    detail = rows.take_bottom({"large": 2, "wide": 2, "compact": 1, "tiny": 0}[shape])
    middle = rows.rest()
    arrangement = ARRANGEMENTS[shape][preset]
    tabs = [kept for zone in zones(arrangement) if (kept := tuple(pane for pane in zone if pane in have))]
    if zoomed is not None and zoomed in have:
        panes: dict[PaneId, Region] = {zoomed: middle}
    else:
        panes = {front(zone, recent): region for zone, region in _placed(middle, arrangement, have)}
    panes = {pane: region for pane, region in panes.items() if region.area}
    return Plan(
        shape,
        status,
        panes,
        {pane: next(zone for zone in tabs if pane in zone) for pane in panes},
        detail if detail.area else None,
        alarms if alarms.area else None,
        bottom if bottom is not None and bottom.area else None,
        keys,
    )


def front(zone: Zone, recent: Sequence[PaneId]) -> PaneId:
    """Which pane of a zone is in front."""
    return next((pane for pane in recent if pane in zone), zone[0])


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


def _placed(room: Region, node: Zone | Split, have: Container[PaneId]) -> Iterator[tuple[Zone, Region]]:
    """Where each zone of an arrangement goes, those left out that hold no pane of ``have``."""
    if not isinstance(node, Split):
        kept = tuple(pane for pane in node if pane in have)
        if kept:
            yield kept, room
        return
    parts = [part for part in node.parts if any(pane in have for zone in zones(part.of) for pane in zone)]
    x, y, width, height = room
    gap = 1 if node.across else 0
    for part, length in zip(parts, _lengths(parts, (width if node.across else height), gap), strict=True):
        region = Region(x, y, length, height) if node.across else Region(x, y, width, length)
        yield from _placed(region, part.of, have)
        x, y = (x + length + gap, y) if node.across else (x, y + length)


def _lengths(parts: Sequence[Part], whole: int, gap: int) -> list[int]:
    """How long each part is; together with the gaps they are no longer than ``whole``."""
    room = max(0, whole - gap * (len(parts) - 1))
    greedy = next((at for at, part in enumerate(parts) if not part.share), 0)
    left = room
    lengths = [0] * len(parts)
    for at, part in enumerate(parts):
        if at != greedy:
            wanted = min(max(part.least, room * part.share // 100), part.most)
            lengths[at] = max(0, min(wanted, left - parts[greedy].least))
            left -= lengths[at]
    lengths[greedy] = left
    return lengths
