"""The log of this run on the whole screen: notices, results, refusals, what the program logged; newest last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from arbtui.ui import text
from arbtui.ui.copying import Copying
from arbtui.ui.desk import Desk
from arbtui.ui.listscreen import ListScreen
from arbtui.ui.logbook import LEVELS, ROLES, Entry, View
from arbtui.ui.prompt import Question
from arbtui.ui.registry import Handlers, Scope
from arbtui.ui.theme import Cell, Line

_SOURCE = 16
_WORDS = {"info": "", "warning": "warning", "error": "ERROR"}


class LogScreen(ListScreen):
    """It follows the newest line until the cursor is moved up, and again once it is back at the end."""

    scope: ClassVar[Scope] = "log"

    def __init__(self, desk: Desk, copying: Copying) -> None:
        super().__init__(desk)
        self._copying = copying
        self.view = View()
        self._chosen: list[Entry] = []

    def handlers(self) -> Handlers:
        return {
            **super().handlers(),
            "log.search": self._ask,
            "log.next": lambda: self._search(1),
            "log.previous": lambda: self._search(-1),
            "log.level": self._next_level,
            "log.follow": self._follow,
            "log.copy": self._copy,
            "log.export": lambda: self._told(self._copying.all_said(self._chosen)),
            "log.close": self._back,
        }

    def show(self) -> None:
        self._chosen = self.view.chosen(self.desk.book.entries)
        super().show()

    @property
    def count(self) -> int:
        return len(self._chosen)

    def place(self) -> int:
        return self.view.place(self._chosen)

    def move(self, by: int) -> None:
        self.view.move(self._chosen, by)

    def _next_level(self) -> None:
        self.view.next_level()
        self.show()

    def _follow(self) -> None:
        if self.view.cursor is None and self._chosen:
            self.view.cursor = self._chosen[-1].number
        else:
            self.view.cursor = None
        self.show()

    def _back(self) -> None:
        """One step back: the search, then the screen."""
        if self.view.words:
            self.view.words = ""
            self.show()
        else:
            self.leave()

    def _copy(self) -> None:
        at = self.place()
        if at >= 0:
            self._told(self._copying.said(self._chosen[at]))

    def _told(self, problem: str) -> None:
        """What came of a copy is said in the log itself, as everything is."""
        if problem:
            self.desk.say(problem, "warning")
        self.show()

    # searching

    def _ask(self) -> None:
        started = self.view.cursor

        def live(typed: str) -> None:
            self.view.words, self.view.cursor = typed, started
            self.view.search(self._chosen, -1, here=True)
            self.show()

        def cancel() -> None:
            self.view.words, self.view.cursor = "", started

        def hint(typed: str) -> str:
            hits = sum(self.view.found(entry) for entry in self._chosen)
            return f"{hits} found   enter keeps, esc clears" if typed else "words in any order"

        self.ask(Question("/", self.view.words, lambda typed: "", live=live, cancel=cancel, hint=hint))

    def _search(self, direction: int) -> None:
        self.view.search(self._chosen, direction)
        self.show()

    # painting

    def head(self) -> Sequence[Cell]:
        level, entries = self.view.level, self.desk.book.count
        cells: list[Cell] = [(" log of this run ", "title_focus"), (f"{len(self._chosen)} of {entries} lines ", "dim")]
        if level != "info":
            cells.append((f" {'warnings and errors' if level == 'warning' else 'errors'} only ", "warn"))
        if self.view.words:
            hits = sum(self.view.found(entry) for entry in self._chosen)
            cells.append((f" /{text.clean(self.view.words)} → {hits} ", "warn"))
        cells.append((" follows the newest" if self.view.cursor is None else " stands still", "dim"))
        return cells

    def row(self, at: int, width: int) -> Line:
        entry = self._chosen[at]
        mark = "›" if self.view.found(entry) else " "
        head = f"{mark}{text.clock_time(entry.t_ns)} {text.fit(entry.source, _SOURCE)} "
        word = text.fit(_WORDS[entry.level], 8)
        said = text.fit(entry.text, max(0, width - len(head) - len(word)))
        return (head, "dim"), (word, ROLES[entry.level]), (said, ROLES[entry.level])

    def detail(self, at: int) -> Cell:
        entry = self._chosen[at]
        return entry.text, ROLES[entry.level]

    def nothing(self) -> str:
        if self.view.level == LEVELS[0]:
            return "Nothing was said yet."
        return f"Nothing of that level was said; {self.desk.keys.first('log.level')} goes on to the next."

    def keys(self) -> str:
        spoken = self.desk.keys.first
        return (
            f"{spoken('log.search')} search  {spoken('log.next')} {spoken('log.previous')} next, previous  "
            f"{spoken('log.level')} level  {spoken('log.follow')} follow  {spoken('log.copy')} copy  "
            f"{spoken('log.export')} to a file  {spoken('log.close')} back"
        )
