"""The coin picker: an overlay on the same screen with a line to type in and the coins that fit, best first."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.geometry import Region, Size
from textual.widget import Widget
from textual.widgets import Input

from arbtui.strategy.rows import SpreadRow
from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.filter import fuzzy
from arbtui.ui.panes.line import LineWidget, Placing
from arbtui.ui.panes.pane import Cursor
from arbtui.ui.theme import Line


def candidates(typed: str, coins: list[str], recent: list[str]) -> list[str]:
    """Coins whose letters fit, best fit first; without letters the recent ones first, then all by name."""
    typed = typed.strip().lower()
    if not typed:
        seen = [base for base in recent if base in coins]
        return [*seen, *sorted(base for base in coins if base not in seen)]
    fits = [
        (skipped, recent.index(base) if base in recent else len(recent), len(base), base)
        for base in coins
        if (skipped := fuzzy(typed, base.lower())) is not None
    ]
    return [fit[-1] for fit in sorted(fits)]


class Picker(Placing):
    def __init__(self, desk: Desk, closed: Callable[[str | None], None]) -> None:
        super().__init__()
        self._desk = desk
        self._done = closed
        self._input = Input(compact=True, placeholder="letters of the symbol")
        self._input.cursor_blink = False
        self._title = LineWidget(desk.theme)
        self._list = LineWidget(desk.theme)
        self._coins: list[str] = []
        self._found: list[str] = []
        self._cursor = Cursor()
        self.open = False

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

    def ask(self, coins: list[str]) -> None:
        self._coins = coins
        self.open = True
        self._input.value = ""
        self._find("")
        self.screen.set_focus(self._input, scroll_visible=False)

    def _find(self, typed: str) -> None:
        self._found = candidates(typed, self._coins, self._desk.recent)
        self._cursor.index = self._cursor.top = 0
        self.tick()

    def tick(self) -> None:
        """Show the part of the list that fits, with each coin's best net."""
        width, height = self.size.width, max(0, self.size.height - 2)
        self._cursor.clamp(len(self._found), height)
        self._cursor.reveal(height)
        top = self._cursor.top
        lines = [self._line(base, width) for base in self._found[top : top + height]]
        if not self._found:
            lines = [((text.fit(" No coin has these letters in this order.", width), "warn"),)]
        self._list.show(lines, self._cursor.index - top if self._found else -1)
        title = f" go to a coin · {len(self._found)} of {len(self._coins)} "
        self._title.show([((text.fit(title, width), "title_focus"),)])

    def _line(self, base: str, width: int) -> Line:
        row: SpreadRow | None = self._desk.port.row(base)
        net = "" if row is None else text.arrowed(row.net_bps) if row.muted is None else "muted"
        return ((text.fit(f" {base}", max(0, width - 9)), "text"), (text.fit(net + " ", 9, right=True), "dim"))

    def on_resize(self) -> None:
        if self.open:
            self.tick()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._find(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._found:
            self._end(self._found[self._cursor.index])

    def move(self, by: int) -> None:
        self._cursor.move(by, len(self._found), max(0, self.size.height - 2))
        self.tick()

    def close(self) -> None:
        self._end(None)

    def _end(self, base: str | None) -> None:
        self.open = False
        self._done(base)
