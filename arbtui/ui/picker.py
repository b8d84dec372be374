"""The picker: an overlay on the same screen with a line to type in and what fits it, best first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.geometry import Region, Size
from textual.widget import Widget
from textual.widgets import Input

from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.panes.line import LineWidget, Placing
from arbtui.ui.panes.pane import Cursor
from arbtui.ui.registry import Handlers
from arbtui.ui.theme import Line
from arbtui.ui.typed import Typed

HEIGHT = 18
_FRAME = 2


@dataclass(frozen=True)
class Choice:
    """``find(typed)``: names of what fits, best first; ``row(name, width)`` paints one; ``chosen(name)`` ends it.

    ``width``: cells of the whole overlay, where there is room.
    """

    title: str
    placeholder: str
    find: Callable[[str], Sequence[str]]
    row: Callable[[str, int], Line]
    chosen: Callable[[str], None]
    nothing: str
    width: int = 44


class Picker(Placing):
    def __init__(self, desk: Desk, closed: Callable[[], None]) -> None:
        super().__init__()
        self._done = closed
        self._input = Typed(self._submitted, select_on_focus=True)
        self._sought = ""
        self._input.cursor_blink = False
        self._title = LineWidget(desk.theme)
        self._list = LineWidget(desk.theme)
        self._choice: Choice | None = None
        self._all = 0
        self.found: Sequence[str] = ()
        self._cursor = Cursor()

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._input
        yield self._list

    def places(self, size: Size) -> dict[Widget, Region]:
        return {
            self._title: Region(0, 0, size.width, 1),
            self._input: Region(0, 1, size.width, 1),
            self._list: Region(0, 2, size.width, max(0, size.height - 2)),
        }

    def handlers(self) -> Handlers:
        return {
            "picker.down": lambda: self.move(1),
            "picker.up": lambda: self.move(-1),
            "picker.page_down": lambda: self.move(self._window),
            "picker.page_up": lambda: self.move(-self._window),
            "picker.close": self._end,
        }

    @property
    def open(self) -> bool:
        return self._choice is not None

    @property
    def width(self) -> int:
        return self._choice.width if self._choice is not None else 0

    @property
    def _window(self) -> int:
        return max(0, self.size.height - 2)

    def ask(self, choice: Choice) -> None:
        self._choice = choice
        self._input.placeholder = choice.placeholder
        self._input.value = ""
        self._all = len(choice.find(""))
        self._find("")
        self.take_focus()

    def take_focus(self) -> None:
        self.screen.set_focus(self._input, scroll_visible=False)

    def _find(self, typed: str) -> None:
        if self._choice is not None:
            self._sought = typed
            self.found = self._choice.find(typed)
            self._cursor.index = self._cursor.top = 0
            self.tick()

    def tick(self) -> None:
        """Show the part of the list that fits."""
        choice = self._choice
        if choice is None:
            return
        width, height = self.size.width, self._window
        self._cursor.clamp(len(self.found), height)
        self._cursor.reveal(height)
        top = self._cursor.top
        lines = [choice.row(name, width) for name in self.found[top : top + height]]
        if not self.found:
            lines = [((text.fit(f" {choice.nothing}", width), "warn"),)]
        self._list.show(lines, self._cursor.index - top if self.found else -1)
        title = f" {choice.title} · {len(self.found)} of {self._all} "
        self._title.show([((text.fit(title, width), "title_focus"),)])

    def on_resize(self) -> None:
        self.tick()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._find(event.value)

    def _submitted(self, typed: str) -> None:
        if typed != self._sought:  # the list has not heard of the last letters yet
            self._find(typed)
        self.take(self._cursor.index)

    def take(self, index: int) -> None:
        """Choose the one at this place of the list; none is there: nothing happens."""
        choice = self._choice
        if choice is not None and 0 <= index < len(self.found):
            name = self.found[index]
            self._end()
            choice.chosen(name)

    def click(self, y: int) -> None:
        """A click at this row of the screen: what stands there is chosen."""
        row = y - self._list.region.y
        if 0 <= row < self._window:
            self.take(self._cursor.top + row)

    def move(self, by: int) -> None:
        self._cursor.move(by, len(self.found), self._window)
        self.tick()

    def _end(self) -> None:
        self._choice = None
        self._done()
