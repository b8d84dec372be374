"""The settings on the whole screen: every key with its value, origin and range; those that can be are changed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from arbtui.port import Setting
from arbtui.ui import settings as pure
from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.listscreen import ListScreen
from arbtui.ui.prompt import Question
from arbtui.ui.registry import Handlers, Scope
from arbtui.ui.theme import Cell, Line


class SettingsScreen(ListScreen):
    """The cursor stays with its key; headings are passed over."""

    scope: ClassVar[Scope] = "settings"
    detail_rows: ClassVar[int] = 5

    def __init__(self, desk: Desk, words: str = "") -> None:
        super().__init__(desk)
        self._words = words
        self._rows: list[pure.Row] = []
        self._key = ""
        self._said = ""  # what became of the last change

    def handlers(self) -> Handlers:
        return {
            **super().handlers(),
            "settings.change": self._change,
            "settings.next": lambda: self._choose(1),
            "settings.previous": lambda: self._choose(-1),
            "settings.reset": self._reset,
            "settings.find": self._find,
            "settings.close": self._back,
        }

    # the list

    def show(self) -> None:
        self._rows = pure.rows(self.desk.port.settings(), self._words)
        super().show()

    @property
    def count(self) -> int:
        return len(self._rows)

    def place(self) -> int:
        at = next((at for at, row in enumerate(self._rows) if not isinstance(row, str) and row.key == self._key), -1)
        if at < 0:
            at = self._nearest(0, 1)
            self._key = self._key_at(at)
        return at

    def move(self, by: int) -> None:
        at = max(0, min(self.place() + by, self.count - 1))
        self._key = self._key_at(self._nearest(at, 1 if by > 0 else -1))
        self._said = ""

    def above(self, at: int) -> int:
        """A setting is seen with the heading that it stands under."""
        return at - 1 if at and isinstance(self._rows[at - 1], str) else at

    def _nearest(self, at: int, direction: int) -> int:
        """The nearest setting from there on, else the nearest before; -1 where there is none."""
        if not self._rows:
            return -1
        ahead = range(at, self.count) if direction > 0 else range(at, -1, -1)
        behind = range(at, -1, -1) if direction > 0 else range(at, self.count)
        return next((each for each in (*ahead, *behind) if not isinstance(self._rows[each], str)), -1)

    def _key_at(self, at: int) -> str:
        row = self._rows[at] if at >= 0 else ""
        return "" if isinstance(row, str) else row.key

    def _here(self) -> Setting | None:
        at = self.place()
        row = self._rows[at] if at >= 0 else ""
        return None if isinstance(row, str) else row

    # changing

    def _changeable(self) -> Setting | None:
        here = self._here()
        if here is not None and here.fixed:
            self._tell(here.fixed)
            return None
        return here

    def _change(self) -> None:
        here = self._changeable()
        if here is None:
            return
        if here.choices:
            self._send(here.key, pure.next_choice(here))
            return
        may_be = ", ".join(part for part in (here.kind, here.bounds) if part)
        self.ask(
            Question(
                here.key,
                pure.typed_value(here),
                lambda typed: self._send(here.key, typed),
                hint=lambda _: may_be,
                number="number" in here.kind,
            )
        )

    def _choose(self, direction: int) -> None:
        here = self._changeable()
        if here is not None and here.choices:
            self._send(here.key, pure.next_choice(here, direction))

    def _reset(self) -> None:
        here = self._changeable()
        if here is None:
            return
        if here.beneath:
            self._send(here.key, None)
        else:
            self._tell(f"{here.key} was not changed by key: there is nothing to take back")

    def _send(self, key: str, typed: str | None) -> str:
        """Why it was refused; "" if it was not."""
        outcome = self.desk.change_setting(key, typed)
        self._tell(outcome.text)
        return "" if outcome.accepted else outcome.text

    def _tell(self, words: str) -> None:
        self._said = words
        self.show()

    # finding and leaving

    def _find(self) -> None:
        before = self._words

        def live(typed: str) -> None:
            self._words = typed
            self.show()

        def hint(_: str) -> str:
            found = sum(not isinstance(row, str) for row in self._rows)
            return f"{found} found   enter keeps, esc clears"

        self.ask(Question("/", before, lambda typed: "", live=live, cancel=lambda: live(""), hint=hint))

    def _back(self) -> None:
        """One step back: what is searched for, then the screen."""
        if self._words:
            self._words = ""
            self.show()
        else:
            self.leave()

    # painting

    def head(self) -> Sequence[Cell]:
        found = sum(not isinstance(row, str) for row in self._rows)
        cells: list[Cell] = [(" settings ", "title_focus"), (f"{found} keys ", "dim")]
        if self._words:
            cells.append((f" /{text.clean(self._words)} ", "warn"))
        return cells

    def row(self, at: int, width: int) -> Line:
        return pure.line(self._rows[at], width, pointed=at == self.place())

    def detail(self, at: int) -> Cell:
        if self._said:
            return self._said, "warn"
        here = self._here()
        return (pure.about(here), "text") if here is not None else ("", "text")

    def nothing(self) -> str:
        return "No setting has these words in its key, value or sentence."

    def keys(self) -> str:
        spoken = self.desk.keys.first
        return (
            f"{spoken('settings.change')} change  {spoken('settings.reset')} take back  "
            f"{spoken('settings.find')} find  {spoken('settings.close')} back"
        )
