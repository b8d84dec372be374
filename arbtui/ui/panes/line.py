"""Widgets that know what they painted last and repaint only what became different.

``LineWidget`` holds finished lines of styled text. ``show`` compares new lines with the painted ones and marks the rows
that differ. Textual writes a dirty row from the widget's left edge to the end of the dirty span, so narrow widgets, one
for the few columns that change together, are what keeps the bytes to the terminal few; but each widget costs a little
in every frame, so they are not narrower than that.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, Self, cast

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.strip import Strip
from textual.widget import Widget

from arbtui.ui.glass import Glass, changes, length_of, whole
from arbtui.ui.theme import Line, Look


def air(look: Look, crop: Region) -> list[Strip]:
    """What stands behind and between widgets: rows of the background."""
    return [_air(crop.width, look.style("text"))] * crop.height


@lru_cache(maxsize=256)
def _air(width: int, style: Style) -> Strip:
    return Strip.blank(width, style)


def differ_to(old: Line, new: Line) -> int:
    """From this cell on two lines are alike: what ends both, or the air behind the longer one."""
    lengths = [sum([length_of(text) for text, _ in line]) for line in (old, new)]
    length = max(lengths)
    if lengths[0] == lengths[1]:
        for before, now in zip(reversed(old), reversed(new), strict=False):
            if before != now:
                break
            length -= length_of(now[0])
    return length


class Row(NamedTuple):
    """``before``: what is painted there; None: with another background, so that all of it changes."""

    y: int
    before: Line | None
    now: Line


class LineWidget(Widget):
    """Lines of cells; ``cursor_row`` is painted over the cursor's background, also where it has no line. Colours and
    signs are the look's.

    The widget has neither frame nor padding, so its rows are all there is to paint. They are kept here, as the terminal
    gets them: Textual asks for every row of every widget that a frame touches.
    """

    can_focus = False
    glass: Glass | None = None  # the short way to the terminal, for those that have it

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._lines: Sequence[Line] = ()
        self._cursor_row = -1
        self._strips: list[Strip | None] = []  # None: to be made when it is asked for
        self._made_for: Size | None = None  # None: all of them are to be made anew

    @property
    def shown(self) -> Sequence[Line]:
        return self._lines

    def show(self, lines: Sequence[Line], cursor_row: int = -1) -> int:
        """Paint these lines; returns how many rows became different."""
        old, old_cursor = self._lines, self._cursor_row
        self._lines, self._cursor_row = lines, cursor_row
        size = self.size
        if size != self._made_for:
            self._made_for = None
        strips = self._strips
        changed: list[Row] = []
        for y in range(min(max(len(old), len(lines), cursor_row + 1, old_cursor + 1), size.height)):
            now, before = lines[y] if y < len(lines) else (), old[y] if y < len(old) else ()
            turned = cursor_row != old_cursor and y in (cursor_row, old_cursor)
            if turned or now != before:
                changed.append(Row(y, None if turned else before, now))
                if y < len(strips):
                    strips[y] = None
        if changed:
            self._paint(changed, size.width)
        return len(changed)

    def _paint(self, changed: Sequence[Row], width: int) -> None:
        """Straight to the terminal where that can be done, else by Textual."""
        if self.glass is not None:
            with self.glass.frame():
                place = self.glass.place_of(self)
                if place is not None:
                    for y, before, now in changed:
                        spans = changes(before, now, width) if before is not None else [(0, whole(now, width))]
                        for x, cells in spans:
                            self.glass.put(place.x + x, place.y + y, cells, cursor=y == self._cursor_row)
                    return
        dirty = [
            Region(0, y, width if before is None else min(width, differ_to(before, now)), 1)
            for y, before, now in changed
        ]
        over = self.parent
        if isinstance(over, Placing) and over.gathers:
            over.gather(self, dirty)
        else:
            self.refresh(*dirty)

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """As Textual has it; without regions all rows are made anew, whatever was changed."""
        if not regions:
            self._made_for = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def on_show(self) -> None:
        """Back on screen: what changed while it was not there was never painted."""
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        width, height = size = self.size
        if self._made_for != size:
            self._made_for = size
            self._strips = [None] * height
        strips = self._strips
        if None in strips:
            filters = self.get_line_filters()
            background = self.background_colors[1]
            for y in range(height):
                if strips[y] is None:
                    segments = self._segments(y, width)
                    for each in filters:
                        segments = each.apply(segments, background)
                    strips[y] = Strip(segments, width)
        made = cast("list[Strip]", strips)
        if crop.size == size:
            return made
        return [strip.crop(*crop.column_span) for strip in made[crop.y : crop.bottom]]

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        return Strip(self._segments(y, width), width)

    def _segments(self, y: int, width: int) -> list[Segment]:
        """The row, exactly as wide as the widget."""
        look, cursor, left = self._look, y == self._cursor_row, width
        segments: list[Segment] = []
        for role, cells in groupby(self._lines[y] if y < len(self._lines) else (), key=itemgetter(1)):
            words = look.written("".join([text for text, _ in cells]))
            length = length_of(words)
            if length > left:
                words, length = set_cell_size(words, left), left
            if length:
                segments.append(Segment(words, look.style(role, cursor=cursor)))
            left -= length
        if left:
            segments.append(Segment(" " * left, look.style("text", cursor=cursor)))
        return segments


class PlacedLayout(Layout):
    """Puts children where their parent's ``places`` says; a child that it does not name is not shown."""

    name = "placed"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        assert isinstance(parent, Placing)
        places = parent.places(size)
        return [
            WidgetPlacement(places[child], NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child in places and places[child].area
        ]


_PLACED = PlacedLayout()


class Placing(Widget):
    """A widget that places its children by itself.

    While it ``gathers``, what changed of its children is painted by a refresh of its own: each widget that Textual has
    to refresh costs messages and turns of the loop.

    What is abstract here is so for the type checker: Textual's metaclass leaves no room for ABC's.
    """

    gathers = False
    _gathered: list[Region]

    def gather(self, child: Widget, regions: Iterable[Region]) -> None:
        """Parts of a child that are to be painted."""
        by = child.region.offset - self.region.offset
        self._gathered += [region.translate(by) for region in regions]

    @contextmanager
    def gathering(self) -> Iterator[None]:
        self.gathers, self._gathered = True, []
        try:
            yield
        finally:
            self.gathers = False
            if self._gathered:
                self.refresh(*self._gathered)

    @abstractmethod
    def places(self, size: Size) -> dict[Widget, Region]:
        """Where each child that is shown goes, in a widget of this size."""

    def place_anew(self) -> None:
        """``places`` has changed its mind. (A child's wish for layout is what makes its parent arrange again.)"""
        self.children[0].refresh(layout=True)

    @property
    def layout(self) -> Layout:
        return _PLACED
