"""A full screen with a list: a title, rows with a cursor, the row under it in full, a line of keys or one to type in.

A subclass says what there is (``rows``), where the cursor stands (``place``, ``move``), and paints single rows.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from textual.events import Click

from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.fullscreen import FullScreen
from arbtui.ui.panes.status import alarm_line
from arbtui.ui.registry import Handlers, Scope
from arbtui.ui.theme import Cell, Line

_AGAIN_S = 0.5


class ListScreen(FullScreen):
    detail_rows: ClassVar[int] = 3  # for the row under the cursor, in full

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._top = 0

    def on_mount(self) -> None:
        self.set_interval(_AGAIN_S, self.show)

    # what a subclass has

    @property
    @abstractmethod
    def count(self) -> int:
        """Rows of the list."""

    @abstractmethod
    def place(self) -> int:
        """The row under the cursor, -1 = none."""

    @abstractmethod
    def move(self, by: int) -> None:
        """Move the cursor, as far as there are rows."""

    def above(self, at: int) -> int:
        """The topmost row that is to be seen with this one."""
        return at

    @abstractmethod
    def head(self) -> Sequence[Cell]: ...

    @abstractmethod
    def row(self, at: int, width: int) -> Line: ...

    @abstractmethod
    def detail(self, at: int) -> Cell:
        """What the row says in full."""

    @abstractmethod
    def nothing(self) -> str:
        """Why there are no rows."""

    @abstractmethod
    def keys(self) -> str:
        """The line of keys at the bottom."""

    # moving and typing

    def handlers(self) -> Handlers:
        return {
            "list.down": lambda: self._moved(1),
            "list.up": lambda: self._moved(-1),
            "list.top": lambda: self._moved(-self.count),
            "list.bottom": lambda: self._moved(self.count),
            "list.page_down": lambda: self._moved(self._window - 1),
            "list.page_up": lambda: self._moved(1 - self._window),
            "list.half_down": lambda: self._moved(self._window // 2),
            "list.half_up": lambda: self._moved(-(self._window // 2)),
        }

    def scopes(self) -> Sequence[Scope]:
        return (self.scope, "list")

    def on_click(self, event: Click) -> None:
        """The cursor goes to the row; what is done with it is a key's."""
        at = self._top + int(event.screen_y) - 1
        if not self.prompt.asking and 1 <= event.screen_y <= self._window and 0 <= at < self.count:
            self._moved(at - self.place())

    def _moved(self, by: int) -> None:
        self.move(by)
        self.show()

    # painting

    @property
    def _window(self) -> int:
        return max(1, self.size.height - 2 - self.detail_rows)

    def show(self) -> None:
        width, height = self.size
        at, window = self.place(), self._window
        self._top = max(0, min(self._top, self.count - window))
        if at >= 0:
            self._top = max(min(self._top, self.above(at)), at - window + 1)
        seen = range(self._top, min(self._top + window, self.count))
        rows: list[Line] = [self.row(each, width) for each in seen]
        if not rows:
            rows = [((" " + part, "dim"),) for part in text.wrap(self.nothing(), width - 2)]
        rows += [()] * (window - len(rows))
        said, role = self.detail(at) if at >= 0 else ("", "text")
        detail: list[Line] = [((" " + part, role),) for part in text.wrap(said, width - 2)[: self.detail_rows]]
        detail += [()] * (self.detail_rows - len(detail))
        alarm = alarm_line(
            self.desk, width, "  esc, then {order.acknowledge}: seen "
        )  # no screen hides that something is wrong
        foot: Line = () if self.prompt.asking else alarm or ((f" {self.keys()}", "dim"),)
        lines = [tuple(self.head()), *rows[:window], *detail, foot]
        self.page.show(lines[:height], at - self._top + 1 if at >= 0 else -1)
