"""The line at the bottom while something is typed: a command, the filter, a threshold, a size; or one letter is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.geometry import Region, Size
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.input import Selection

from arbtui.ui import text
from arbtui.ui.commands import Offer
from arbtui.ui.desk import Desk
from arbtui.ui.panes.line import LineWidget, Placing
from arbtui.ui.registry import Handlers
from arbtui.ui.theme import Cell, Line
from arbtui.ui.typed import Typed

_NUMBER_WIDTH = 12
_PHRASE_WIDTH = 20
OFFERS_SHOWN = 8
_TOO_SOON = "enter came within 250 ms of another key; press it once more, by itself"
_LINE_WIDTH = 28
_KEYS_WIDTH = 12


@dataclass(frozen=True)
class Question:
    """``accept`` gets the typed words and says why they are not taken; "" = they are. ``live`` hears of every change.

    ``step``: what ↑ and ↓ add to a number, 0 = nothing. ``number``: what stands there is selected at first, so that
    typing replaces it: 7 after 5.0 is not 5.07.
    ``offers``: what the line may become; ``history``: earlier lines, oldest first. ``typed``: nothing pasted counts.
    """

    title: str
    value: str
    accept: Callable[[str], str]
    live: Callable[[str], None] | None = None
    cancel: Callable[[], None] | None = None
    hint: Callable[[str], str] | None = None
    step: float = 0.0
    number: bool = False
    offers: Callable[[str], Sequence[Offer]] | None = None
    history: Sequence[str] = ()
    typed: bool = False


class PromptLine(Placing):
    """A title, Textual's own ``Input``, a hint. ``changed`` is called when other rows are to be offered above it."""

    def __init__(self, desk: Desk, closed: Callable[[], None], changed: Callable[[], None]) -> None:
        super().__init__()
        self._desk = desk
        self._done = closed
        self._changed = changed
        self._question: Question | None = None
        self._title = LineWidget(desk.theme)
        self._hint = LineWidget(desk.theme)
        self._input = Typed(self._submitted)
        self._input.cursor_blink = False
        self._offers: Sequence[Offer] = ()
        self._at = -1  # the offer that the line shows, -1 = what was typed
        self._back = 0  # so many lines back in the history
        self._typed = ""
        self._put: str | None = None  # what was put into the line and not typed
        self._problem = ""

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._input
        yield self._hint

    def places(self, size: Size) -> dict[Widget, Region]:
        title = cell_len(self._question.title) + 2 if self._question is not None else 0
        wanted = size.width // 2
        if self._question is not None and (self._question.step or self._question.typed):
            wanted = _NUMBER_WIDTH if self._question.step else _PHRASE_WIDTH
        if self._problem:
            wanted = min(wanted, cell_len(self._input.value) + 2)  # what is wrong needs the room
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
        self._problem = ""
        self._back, self._at, self._typed, self._offers = 0, -1, question.value, ()
        self._title.show([((f" {question.title} ", "key"),)])
        self._desk.rhythm.begin_text()
        self._fill(question.value)
        if question.number or question.step:
            self._input.selection = Selection(0, len(question.value))
        self._look(question.value)
        self.place_anew()
        self.take_focus()

    def take_focus(self) -> None:
        self.screen.set_focus(self._input, scroll_visible=False)

    # what is typed

    def _fill(self, value: str) -> None:
        self._put = value
        self._input.value = value
        self._input.cursor_position = len(value)

    def _look(self, value: str) -> None:
        """The offers and the hint for what is in the line."""
        question = self._question
        if question is None:
            return
        if self._at < 0 and question.offers is not None:
            self._offers = question.offers(value)
            self._changed()
        words = self._problem or (question.hint(value) if question.hint is not None else "enter  esc")
        self._hint.show([((f" {text.clean(words)}", "warn" if self._problem else "dim"),)])

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._question is None:
            return
        put, self._put = self._put, None
        if event.value != put:
            self._typed, self._at, self._back = event.value, -1, 0
            if self._problem:
                self._problem = ""
                self.place_anew()
        if self._question.live is not None:
            self._question.live(event.value)
        self._look(event.value)

    def _submitted(self, value: str) -> None:
        question = self._question
        if question is None:
            return
        if question.typed and not self._desk.rhythm.typed(len(value)):
            self._refuse("that was pasted, or came too fast to be typed; type it")
            self._fill("")
            self._desk.rhythm.begin_text()
            return
        if question.typed and not self._desk.rhythm.calm:
            self._refuse(_TOO_SOON)
            return
        self._question = None  # what is accepted may ask for something itself
        problem = question.accept(value)
        if problem:
            self._question = question
            self._refuse(problem)
        elif self._question is None:
            self._done()

    def _refuse(self, problem: str) -> None:
        self._problem = problem
        self._look(self._input.value)
        self.place_anew()

    # keys

    def handlers(self) -> Handlers:
        return {
            "line.back": self.back,
            "line.up": lambda: self._vertical(-1),
            "line.down": lambda: self._vertical(1),
            "line.next": lambda: self._offer(1),
            "line.previous": lambda: self._offer(-1),
        }

    def back(self) -> None:
        if self._question is not None:
            if self._question.cancel is not None:
                self._question.cancel()
            self._question = None
            self._done()

    def _vertical(self, direction: int) -> None:
        """A number: more or less. Else the offers, or the history where nothing was typed."""
        question = self._question
        if question is None:
            return
        if question.step:
            self._step(-direction * question.step)
        elif question.history and (self._back or not self._typed.strip()):
            self._back = max(0, min(self._back - direction, len(question.history)))
            self._fill(question.history[-self._back] if self._back else self._typed)
        else:
            self._offer(direction)

    def _step(self, by: float) -> None:
        try:
            value = float(self._input.value or 0)
        except ValueError:
            return
        self._input.value = f"{value + by:g}"
        self._input.cursor_position = len(self._input.value)

    def _offer(self, direction: int) -> None:
        """The next offer into the line; the only one is taken at once, and what may follow it is offered."""
        if not self._offers:
            return
        if len(self._offers) == 1 or self._at < 0:
            self._take(0 if direction > 0 else len(self._offers) - 1)
        else:
            self._take((self._at + direction) % len(self._offers))

    def _take(self, at: int) -> None:
        self._at = at
        chosen = self._offers[at]
        if len(self._offers) == 1:
            self._typed, self._at = chosen.line + (" " if chosen.form and " " not in chosen.line else ""), -1
            self._fill(self._typed)
        else:
            self._fill(chosen.line)
        self._look(self._input.value)
        self._changed()

    # the rows above the line

    @property
    def rows(self) -> int:
        """As many for a line, whatever is in it: another number would have the whole screen arranged for a letter."""
        return OFFERS_SHOWN if self._question is not None and self._question.offers is not None else 0

    def offered(self, width: int, height: int) -> tuple[list[Line], int]:
        """The rows above the line, the best on top, and which of them is in the line; -1 = none."""
        top = self._top(height)
        seen = [_row(offer, width) for offer in self._offers[top : top + height]]
        if not seen and height:
            seen = [((text.fit(" nothing is offered for these letters", width), "dim"),)]
        return seen, self._at - top if self._at >= 0 else -1

    def click(self, row: int, height: int) -> None:
        """A click at this one of ``height`` rows above the line: what stands there goes into the line, undone."""
        at = self._top(height) + row
        if at < len(self._offers):
            self._take(at)

    def _top(self, height: int) -> int:
        return max(0, min(self._at - height + 2, len(self._offers) - height))


def _row(offer: Offer, width: int) -> Line:
    about = max(0, width - _LINE_WIDTH - _KEYS_WIDTH - 1)
    return (
        (text.fit(f" {offer.line} {offer.form}", min(_LINE_WIDTH, width)), "strong"),
        (text.fit(offer.about, about), "dim"),
        (text.fit(offer.keys, min(_KEYS_WIDTH, max(0, width - _LINE_WIDTH)), right=True) + " ", "key"),
    )


class Chooser(LineWidget, can_focus=True):
    """One letter out of several: the next key decides, any other closes."""

    can_focus = True

    def __init__(self, desk: Desk, closed: Callable[[], None]) -> None:
        super().__init__(desk.theme)
        self._done = closed
        self._choose: Callable[[str], None] | None = None
        self._letters: dict[str, str] = {}
        self._title = ""

    @property
    def asking(self) -> bool:
        return self._choose is not None

    def ask(self, title: str, choices: dict[str, str], choose: Callable[[str], None]) -> None:
        """``choices``: letter -> word."""
        self._letters, self._choose = choices, choose
        self._title = title
        self.take_focus()

    def lines(self, width: int) -> list[Line]:
        """The letters and their words, in as many lines as they need."""
        if self._choose is None:
            return []
        lines: list[list[Cell]] = [[(f" {self._title} ", "key")]]
        for letter, word in self._letters.items():
            cells: list[Cell] = [(f" {letter}", "key"), (f" {word}", "text")]
            if sum(cell_len(words) for words, _ in (*lines[-1], *cells)) > width:
                lines.append([])
            lines[-1].extend(cells)
        return [tuple(line) for line in lines]

    def take_focus(self) -> None:
        self.screen.set_focus(self, scroll_visible=False)

    def focus_on_click(self) -> bool:
        return False

    def on_key(self, event: events.Key) -> None:
        choose, self._choose = self._choose, None
        if choose is None:
            return
        event.stop()
        event.prevent_default()
        self._done()
        if event.character is not None and event.character in self._letters:
            choose(event.character)
