"""The prices that a person wants to hear of, on the whole screen: add, remove, how far the market is from each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from arbtui.strategy.alerts import Level
from arbtui.ui import text
from arbtui.ui.alertlevels import FORM, AlertLevels, keep, levels, read
from arbtui.ui.desk import Desk
from arbtui.ui.listscreen import ListScreen
from arbtui.ui.panes.pane import Cursor
from arbtui.ui.prompt import Question
from arbtui.ui.registry import Handlers, Scope
from arbtui.ui.theme import Cell, Line

_TEXT = 34


class LevelScreen(ListScreen):
    scope: ClassVar[Scope] = "alerts"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._cursor = Cursor()
        self._levels: list[Level] = []

    def handlers(self) -> Handlers:
        return {
            **super().handlers(),
            "alerts.add": self._add,
            "alerts.remove": self._remove,
            "alerts.close": self.leave,
        }

    def show(self) -> None:
        self._levels = levels(self.desk)
        super().show()

    @property
    def count(self) -> int:
        return len(self._levels)

    def place(self) -> int:
        self._cursor.clamp(self.count, self.count)
        return self._cursor.index if self._levels else -1

    def move(self, by: int) -> None:
        self._cursor.move(by, self.count, self.count)

    def _add(self) -> None:
        def accept(typed: str) -> str:
            return AlertLevels(self.desk, lambda: None).add(typed)

        def hint(typed: str) -> str:
            return "enter   esc" if isinstance(read(self.desk, typed), Level) else FORM

        self.ask(Question("tell me when", f"{self.desk.coin} > " if self.desk.coin else "", accept, hint=hint))

    def _remove(self) -> None:
        at = self.place()
        if at >= 0:
            level = self._levels[at]
            problem = keep(self.desk, [each for each in self._levels if each != level], f"{level.text} is removed")
            if problem:
                self.desk.say(problem, "warning")
            self.show()

    # painting

    def head(self) -> Sequence[Cell]:
        alerts = self.desk.port.alerts
        last = alerts[-1] if alerts else None
        told = "no alert yet" if last is None else f"last alert {text.clock_time(last.t_ns)} {text.clean(last.text)}"
        return (" price alerts ", "title_focus"), (told, "dim")

    def row(self, at: int, width: int) -> Line:
        level = self._levels[at]
        return (
            (" " + text.fit(level.text, _TEXT) + " ", "strong"),
            (text.fit(self._now(level), max(0, width - _TEXT - 2)), "text"),
        )

    def _now(self, level: Level) -> str:
        """How far the price of the coin's best pair is from it."""
        row = self.desk.port.row(level.base)
        price = row.buy.price if row is not None else None
        if price is None:
            return "no price is known now"
        if level.reached(price):
            return "reached"
        return f"{100 * (level.price - price) / price:+.2f} % from here"

    def detail(self, at: int) -> Cell:
        said = self.desk.last_word()
        return (said.text, "dim") if said is not None else ("", "dim")

    def nothing(self) -> str:
        key = self.desk.keys.first("alerts.add")
        return f"No price is watched. {key} adds one; what else is told of stands in the settings, under alerts."

    def keys(self) -> str:
        spoken = self.desk.keys.first
        return f"{spoken('alerts.add')} add  {spoken('alerts.remove')} remove  {spoken('alerts.close')} back"
