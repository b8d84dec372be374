"""The line at the bottom while something is typed: the filter, a threshold, a size, the letter to sort by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.geometry import Region, Size
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.input import Selection

from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.panes.line import LineWidget, Placing
from arbtui.ui.registry import Handlers
from arbtui.ui.theme import Cell

_NUMBER_WIDTH = 12


@dataclass(frozen=True)
class Question:
    """``accept`` gets the typed words and says whether the line may close; ``live`` is told of every change.

    ``step``: what ↑ and ↓ add to a number, 0 = it is no number. A number is selected at first: typing replaces it.
    """

    title: str
    value: str
    accept: Callable[[str], bool]
    live: Callable[[str], None] | None = None
    cancel: Callable[[], None] | None = None
    hint: Callable[[str], str] | None = None
    step: float = 0.0


class PromptLine(Placing):
    """A title, Textual's own ``Input``, a hint."""

    def __init__(self, desk: Desk, closed: Callable[[], None]) -> None:
        super().__init__()
        self._desk = desk
        self._done = closed
        self._question: Question | None = None
        self._title = LineWidget(desk.theme)
        self._hint = LineWidget(desk.theme)
        self._input = Input(compact=True, select_on_focus=False)
        self._input.cursor_blink = False

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._input
        yield self._hint

    def places(self, size: Size) -> dict[Widget, Region]:
        title = len(self._question.title) + 2 if self._question is not None else 0
        wanted = _NUMBER_WIDTH if self._question is not None and self._question.step else size.width // 2
        field = min(wanted, max(0, size.width - title))
        return {
            self._title: Region(0, 0, min(title, size.width), 1),
            self._input: Region(title, 0, field, 1),
            self._hint: Region(title + field, 0, max(0, size.width - title - field), 1),
        }

    @property
    def asking(self) -> bool:
        return self._question is not None

    def ask(self, question: Question) -> None:
        self._question = question
        self._title.show([((f" {question.title} ", "key"),)])
        self._input.value = question.value
        self._input.cursor_position = len(question.value)
        if question.step:
            self._input.selection = Selection(0, len(question.value))
        self.place_anew()
        self._show_hint()
        self.screen.set_focus(self._input, scroll_visible=False)

    def _show_hint(self) -> None:
        if self._question is None:
            return
        words = self._question.hint(self._input.value) if self._question.hint is not None else "enter  esc"
        self._hint.show([((f" {text.clean(words)}", "dim"),)])

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._question is not None and self._question.live is not None:
            self._question.live(event.value)
        self._show_hint()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._question is not None and self._question.accept(event.value):
            self._close()

    def handlers(self) -> Handlers:
        return {"line.back": self.back, "line.up": lambda: self._step(1), "line.down": lambda: self._step(-1)}

    def back(self) -> None:
        if self._question is not None:
            if self._question.cancel is not None:
                self._question.cancel()
            self._close()

    def _step(self, direction: int) -> None:
        if self._question is None or not self._question.step:
            return
        by = direction * self._question.step
        try:
            value = float(self._input.value or 0)
        except ValueError:
            return
        self._input.value = f"{value + by:g}"
        self._input.cursor_position = len(self._input.value)

    def _close(self) -> None:
        self._question = None
        self._done()


class Chooser(LineWidget, can_focus=True):
    """One letter out of several: the next key decides, any other closes."""

    can_focus = True

    def __init__(self, desk: Desk, closed: Callable[[], None]) -> None:
        super().__init__(desk.theme)
        self._done = closed
        self._choose: Callable[[str], None] | None = None
        self._letters: dict[str, str] = {}

    @property
    def asking(self) -> bool:
        return self._choose is not None

    def ask(self, title: str, choices: dict[str, str], choose: Callable[[str], None]) -> None:
        """``choices``: letter -> word."""
        self._letters, self._choose = choices, choose
        cells: list[Cell] = [(f" {title} ", "key")]
        for letter, word in choices.items():
            cells.extend(((f" {letter}", "key"), (f" {word}", "text")))
        self.show([tuple(cells)])
        self.screen.set_focus(self, scroll_visible=False)

    def on_key(self, event: events.Key) -> None:
        choose, self._choose = self._choose, None
        if choose is None:
            return
        event.stop()
        event.prevent_default()
        self._done()
        if event.character is not None and event.character in self._letters:
            choose(event.character)
