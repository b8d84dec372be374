"""What all panes share: a title, room for a body, a tick; and what all lists share: a cursor that stays in view."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from arbtui.lines.exports import Table
from arbtui.ui.desk import Desk
from arbtui.ui.glass import Glass
from arbtui.ui.layout import PANES, PaneId
from arbtui.ui.panes.line import LineWidget, Placing, air
from arbtui.ui.registry import Handlers
from arbtui.ui.theme import Cell, Line, Role

_TITLE_ROOM = 16  # what a title wants to say besides the tabs


def rule(width: int, left: Sequence[Cell], right: Sequence[Cell], *, focus: bool) -> Line:
    """A title in a line across the pane: ``─ 1 spreads 412/1000 ──── net ↓ ─``."""
    edge: Role = "rule_focus" if focus else "rule"
    room = width - 2 - sum(cell_len(text) for text, _ in left)
    taken = sum(cell_len(text) for text, _ in right)
    if taken > room:
        right, taken = (), 0
    return (("─", edge), *left, ("─" * max(0, room - taken), edge), *right, ("─", edge))


def tab_cells(front: PaneId, tabs: Sequence[PaneId], width: int, *, focus: bool) -> list[Cell]:
    """The panes of a zone by digit and name; by digit alone behind the front one where names have no room."""
    tabs = tabs or (front,)
    named = sum(len(TITLES[pane]) + 4 for pane in tabs) <= width
    shown = tabs if named or len(TITLES[front]) + 4 + 2 * len(tabs) <= width else (front,)
    own: Cell = (f" {PANES.index(front) + 1} {TITLES[front]} ", "title_focus" if focus else "title")
    if named:
        return [own if pane == front else (f" {PANES.index(pane) + 1} {TITLES[pane]} ", "faint") for pane in shown]
    digits = " ".join(str(PANES.index(pane) + 1) for pane in shown if pane != front)
    return [own, (f" {digits} ", "faint")] if digits else [own]


class Pane(Placing, can_focus=True):
    """``tick`` reads the engine's state and shows it; it is never called while the pane is not on screen."""

    pane_id: ClassVar[PaneId]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.tabs: tuple[PaneId, ...] = ()
        self.title_rule = LineWidget(desk.theme)

    def compose(self) -> ComposeResult:
        yield self.title_rule
        yield from self.body_widgets()

    def paint_on(self, glass: Glass) -> None:
        for widget in (self.title_rule, *self.body_widgets()):
            widget.glass = glass

    def focus_on_click(self) -> bool:
        return False  # where keys go is the screen's to say

    def handlers(self) -> Handlers:
        """What the pane does, by action; see ``registry``."""
        return {}

    def table(self) -> Table | None:
        """All that the pane has rows of, for copies and exports; None: it is none of rows."""
        return None

    def row_table(self) -> Table | None:
        """The same with the row under the cursor at least."""
        return self.table()

    def table_parts(self) -> Iterator[Table]:
        """The whole table bit by bit, so that nobody waits for a thousand rows at once; nothing where there is none."""
        table = self.table()
        if table is not None:
            yield table

    @abstractmethod
    def body_widgets(self) -> Iterable[LineWidget]:
        """What stands under the title."""

    def places(self, size: Size) -> dict[Widget, Region]:
        places: dict[Widget, Region] = {self.title_rule: Region(0, 0, size.width, min(1, size.height))}
        body = Region(0, 1, size.width, max(0, size.height - 1))
        for widget, region in self.body_places(body.size).items():
            places[widget] = region.translate((0, 1)).intersection(body)
        return places

    @abstractmethod
    def body_places(self, size: Size) -> dict[Widget, Region]:
        """Where the body's widgets go, from (0, 0) under the title."""

    def render_lines(self, crop: Region) -> list[Strip]:
        return air(self.desk.theme, crop)

    @property
    def body_size(self) -> Size:
        return Size(self.size.width, max(0, self.size.height - 1))

    def tick(self, now_s: float) -> None:
        if self.size.area:
            with self.painting():
                self.show_body(now_s)
                self.show_title()

    @contextmanager
    def painting(self) -> Iterator[None]:
        """What is shown within is painted together."""
        glass = self.title_rule.glass
        with glass.frame() if glass is not None else nullcontext(), self.gathering():
            yield

    def take_settings(self) -> None:
        """Settings of the screen were changed: what the pane took from them at the start, again."""
        return

    @abstractmethod
    def show_body(self, now_s: float) -> None:
        """Show the engine's state as it is now; never called while there is no room."""

    def detail(self, width: int) -> list[Line] | None:
        """What the pane has to say in full about its row under the cursor; None: nothing."""
        return None

    def show_title(self) -> None:
        focus = self.has_focus
        left = [*tab_cells(self.pane_id, self.tabs, self.size.width - _TITLE_ROOM, focus=focus), *self.title_extra()]
        right = [(f" {text} ", role) for text, role in self.title_right()]
        self.title_rule.show([rule(self.size.width, left, right, focus=focus)])

    def title_extra(self) -> Sequence[Cell]:
        return ()

    def title_right(self) -> Sequence[Cell]:
        return ()

    def on_focus(self) -> None:
        self.show_title()

    def on_blur(self) -> None:
        self.show_title()


TITLES: dict[PaneId, str] = {
    "grid": "spreads",
    "books": "books",
    "legs": "legs",
    "signals": "signals",
    "feeds": "feeds",
    "positions": "positions",
    "orders": "orders",
    "chart": "chart",
    "accounts": "accounts",
}


class Cursor:
    """A place in a list and the window on it. Pure."""

    def __init__(self) -> None:
        self.index = 0
        self.top = 0

    def clamp(self, count: int, height: int) -> None:
        """After the list or the window changed: both stay inside it."""
        self.index = max(0, min(self.index, count - 1))
        self.top = max(0, min(self.top, count - height))

    def reveal(self, height: int) -> None:
        """Move the window the least that shows the cursor."""
        if self.index < self.top:
            self.top = self.index
        elif height > 0 and self.index >= self.top + height:
            self.top = self.index - height + 1

    def move(self, by: int, count: int, height: int) -> None:
        self.index += by
        self.clamp(count, height)
        self.reveal(height)


class ListPane(Pane):
    """A pane with a header line and rows to move in."""

    header_rows: ClassVar[int] = 1  # above the rows

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.cursor = Cursor()

    @property
    @abstractmethod
    def count(self) -> int:
        """Rows of the list, seen or not."""

    @property
    def window(self) -> int:
        """Rows that can be seen."""
        return max(0, self.body_size.height - 1)

    def moved(self) -> None:
        """A key moved the cursor: show it at once."""
        self.tick(self.desk.now_s())

    def move(self, by: int) -> None:
        self.cursor.move(by, self.count, self.window)
        self.moved()

    def edge(self, direction: int) -> None:
        self.move(direction * self.count)

    def page(self, direction: int) -> None:
        self.move(direction * max(1, self.window - 1))

    def half(self, direction: int) -> None:
        self.move(direction * max(1, self.window // 2))
