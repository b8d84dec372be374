"""``:`` and the palette: two ways to the same commands, one by writing, one by choosing."""

from __future__ import annotations

from arbtui.ui import commands, text
from arbtui.ui.actions import BY_ID
from arbtui.ui.desk import Desk
from arbtui.ui.picker import Choice
from arbtui.ui.prompt import Question
from arbtui.ui.registry import Handlers
from arbtui.ui.seat import Seat
from arbtui.ui.theme import Line

_WORD_WIDTH = 26
_KEYS_WIDTH = 12
TOO_SOON = "not done: that key came within 250 ms of another, or of a paste; press enter once more, by itself"


class Palette:
    def __init__(self, desk: Desk, seat: Seat) -> None:
        self._desk = desk
        self._seat = seat
        self._history: list[str] = []

    def handlers(self) -> Handlers:
        return {"command": lambda: self.line(""), "palette": self.choose}

    def line(self, begin: str) -> None:
        """The ``:`` line, with something in it to begin with."""
        self._seat.ask(
            Question(
                ":",
                begin,
                self.do,
                hint=self._hint,
                offers=lambda typed: commands.offers(self._desk, typed),
                history=self._history,
            )
        )

    def _hint(self, typed: str) -> str:
        if not typed.strip():
            return "tab completes   ↑ earlier   esc"
        found = commands.parse(typed)
        return "" if isinstance(found, str) else "enter"

    def do(self, typed: str) -> str:
        """Why the line was not done; "" if it was."""
        if not typed.strip():
            return ""
        found = commands.parse(typed)
        if isinstance(found, str):
            return found
        action, argument = found
        if action.risks and not self._desk.rhythm.calm:
            return TOO_SOON
        self._history[:] = commands.after(self._history, typed.strip())
        return self._seat.run(action.id, argument)

    def choose(self) -> None:
        self._seat.pick(
            Choice(
                "do something",
                "letters of a command",
                lambda typed: [action.id for action in commands.find(typed)],
                self._row,
                self._chosen,
                width=84,
                nothing="No command has these letters.",
            )
        )

    def _row(self, action_id: str, width: int) -> Line:
        shown = commands.offer(self._desk, BY_ID[action_id])
        about = max(0, width - _WORD_WIDTH - _KEYS_WIDTH - 1)
        return (
            (text.fit(f" {shown.line} {shown.form}", _WORD_WIDTH), "strong"),
            (text.fit(shown.about, about), "dim" if shown.about.startswith("not now") else "text"),
            (text.fit(shown.keys, _KEYS_WIDTH, right=True) + " ", "key"),
        )

    def _chosen(self, action_id: str) -> None:
        action = BY_ID[action_id]
        if action.takes is not None and action.takes.needed:
            self.line(f"{action.word} ")
        elif action.risks and not self._desk.rhythm.calm:
            self._desk.say(TOO_SOON, "warning")
        else:
            self._seat.run(action_id)
