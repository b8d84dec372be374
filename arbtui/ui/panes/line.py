"""Widgets that know what they painted last and repaint only what became different.

``LineWidget`` holds finished lines of styled text. ``show`` compares new lines with the painted ones and marks the rows
that differ. Textual writes a dirty row from the widget's left edge to the end of the dirty span, so narrow widgets, one
for the few columns that change together, are what keeps the bytes to the terminal few; but each widget costs a little
in every frame, so they are not narrower than that.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.strip import Strip
from textual.widget import Widget

from arbtui.ui.theme import Line, Look


def differ_to(old: Line, new: Line) -> int:
    """From this cell on two lines are alike: what ends both, or the air behind the longer one."""
    lengths = [sum(cell_len(text) for text, _ in line) for line in (old, new)]
    length = max(lengths)
    if lengths[0] == lengths[1]:
        for before, now in zip(reversed(old), reversed(new), strict=False):
            if before != now:
                break
            length -= cell_len(now[0])
    return length


class LineWidget(Widget):
    """Lines of cells; ``cursor_row`` is painted over the cursor's background, also where it has no line. Colours and
    signs are the look's.
    """

    can_focus = False

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._lines: Sequence[Line] = ()
        self._cursor_row = -1

    @property
    def shown(self) -> Sequence[Line]:
        return self._lines

    def show(self, lines: Sequence[Line], cursor_row: int = -1) -> int:
        """Paint these lines; returns how many rows became different."""
        old, old_cursor = self._lines, self._cursor_row
        self._lines, self._cursor_row = lines, cursor_row
        width, height = self.size
        dirty = []
        for y in range(min(max(len(old), len(lines), cursor_row + 1, old_cursor + 1), height)):
            now, before = lines[y] if y < len(lines) else (), old[y] if y < len(old) else ()
            if cursor_row != old_cursor and y in (cursor_row, old_cursor):
                dirty.append(Region(0, y, width, 1))
            elif now != before:
                dirty.append(Region(0, y, min(width, differ_to(before, now)), 1))
        if dirty:
            self.refresh(*dirty)
        return len(dirty)

    def on_show(self) -> None:
        """Back on screen: what changed while it was not there was never painted."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        cursor = y == self._cursor_row
        look = self._look
        base = look.style("text", cursor=cursor)
        if y >= len(self._lines):
            return Strip.blank(width, base)
        segments = [
            Segment(look.written("".join(text for text, _ in cells)), look.style(role, cursor=cursor))
            for role, cells in groupby(self._lines[y], key=itemgetter(1))
        ]
        return Strip(segments).adjust_cell_length(width, base)


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

    What is abstract here is so for the type checker: Textual's metaclass leaves no room for ABC's.
    """

    @abstractmethod
    def places(self, size: Size) -> dict[Widget, Region]:
        """Where each child that is shown goes, in a widget of this size."""

    def place_anew(self) -> None:
        """``places`` has changed its mind. (A child's wish for layout is what makes its parent arrange again.)"""
        self.children[0].refresh(layout=True)

    @property
    def layout(self) -> Layout:
        return _PLACED
