"""The panel that orders are sent from: an opaque overlay on the panes, drawn by itself, that takes all keys.

Pages lie on a stack: esc goes back within a page, then to the page below, then closes the panel. What was sent stays
on show alone. The frame says what an order here is; where it is not paper, the frame is red.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import get_args

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.port import Ticket
from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.panes.line import LineWidget, Placing
from arbtui.ui.prompt import Question
from arbtui.ui.registry import Handlers
from arbtui.ui.theme import Line, Role
from arbtui.ui.ticket.order import OrderPage
from arbtui.ui.ticket.page import Go, Page, Verb

WIDTH, HEIGHT = 92, 32
_FRAME = 2  # cells on each side


class OrderPanel(Placing, can_focus=True):
    """``closed`` is called when the last page is left; ``ask`` puts a question into the line at the bottom."""

    can_focus = True

    def __init__(self, desk: Desk, *, closed: Callable[[], None], ask: Callable[[Question], None]) -> None:
        super().__init__()
        self._desk = desk
        self._done = closed
        self._ask = ask
        self._pages: list[Page] = []
        self._top = 0
        self._lines = LineWidget(desk.theme)

    def compose(self) -> ComposeResult:
        yield self._lines

    def places(self, size: Size) -> dict[Widget, Region]:
        return {self._lines: size.region}

    @property
    def open(self) -> bool:
        return bool(self._pages)

    @property
    def page(self) -> Page | None:
        return self._pages[-1] if self._pages else None

    def region_in(self, room: Region) -> Region:
        """Where the panel stands between the status lines and the line to type in."""
        width, height = min(WIDTH, room.width), min(HEIGHT, room.height)
        return Region(room.x + (room.width - width) // 2, room.y, width, height)

    def begin(self, first: Page) -> None:
        self._pages = [first]
        self._shown_anew()

    def _shown_anew(self) -> None:
        self._top = 0
        self.tick()

    # painting

    def tick(self) -> None:
        page = self.page
        if page is None:
            return
        page.tick(self._desk.now_s())
        self.paint()

    def paint(self) -> None:
        page = self.page
        if page is not None and self.size.area:
            self._lines.show(self._framed(page))

    def _framed(self, page: Page) -> list[Line]:
        width, height = self.size
        edge: Role = "error" if page.review.real else "rule_focus"
        inner, room = max(0, width - 2 * _FRAME), max(0, height - 2)
        body = page.body(inner)
        self._top = max(0, min(self._top, len(body) - room))
        seen = body[self._top : self._top + room]
        below = len(body) - self._top - len(seen)
        word = page.trading.word
        name = f" {page.title} "
        head = _rule("╭", [(name, "title_focus")], [(f" {word} ", "mode")], "╮", width, edge)
        more = [(f" ↑↓ {below} more ", edge)] if below or self._top else []
        foot = _rule("╰", self._key_cells(page, width - 20), more, "╯", width, edge)
        rows = [_row(line, inner, edge) for line in [*seen, *[()] * (room - len(seen))]]
        return [head, *rows, foot][:height]

    @staticmethod
    def _key_cells(page: Page, width: int) -> list[tuple[str, Role]]:
        cells: list[tuple[str, Role]] = []
        for key, word in page.offered():
            width -= len(key) + len(word) + 3
            if width < 0:
                break
            cells += [(f" {key}", "key"), (f" {word} ", "text")]
        return cells

    def on_resize(self) -> None:
        self.paint()

    # keys

    def focus_on_click(self) -> bool:
        return False

    def handlers(self) -> Handlers:
        return {
            "ticket.enter": self.enter,
            "ticket.send": lambda: self.send(capital=False),
            "ticket.send_real": lambda: self.send(capital=True),
            "ticket.more": lambda: self.step(1),
            "ticket.less": lambda: self.step(-1),
            "ticket.type": lambda: self._type(""),
            "ticket.down": lambda: self.move(1),
            "ticket.up": lambda: self.move(-1),
            "ticket.page_down": lambda: self.page_by(1),
            "ticket.page_up": lambda: self.page_by(-1),
            "ticket.back": self.back,
            **{f"ticket.{verb}": partial(self.verb, verb) for verb in get_args(Verb)},
        }

    def _go(self, to: Go) -> None:
        if isinstance(to, Ticket):
            page = self.page
            assert page is not None
            to = OrderPage(self._desk, page.trading, to)
        if to is not None:
            self._pages.append(to)
            self._top = 0
        self.tick()

    def enter(self) -> None:
        if self.page is not None:
            self._go(self.page.enter(self._desk.now_s()))

    def send(self, *, capital: bool) -> None:
        page = self.page
        if page is None:
            return
        after = page.send(self._desk.now_s(), capital=capital)
        if isinstance(after, Page):
            self._pages = []
        self._go(after)

    def verb(self, verb: Verb) -> None:
        if self.page is not None:
            self._go(self.page.verb(verb, self._desk.now_s()))

    def step(self, direction: int) -> None:
        if self.page is not None:
            self.page.step(direction)
            self.paint()

    def _type(self, typed: str) -> None:
        question = self.page.ask(typed) if self.page is not None else None
        if question is not None:
            self._ask(question)
        self.paint()

    def move(self, by: int) -> None:
        if self.page is not None and not self.page.move(by):
            self._top += by
        self.paint()

    def page_by(self, direction: int) -> None:
        self.move(direction * max(1, self.size.height - 4))

    def back(self) -> None:
        page = self.page
        if page is not None and not page.back():
            self._pages.pop()
            self._top = 0
        if self._pages:
            self.tick()
        else:
            self._done()

    def on_key(self, event: events.Key) -> None:
        """A digit begins to type the size."""
        if event.character is not None and event.character.isdigit() and event.character.isascii():
            event.stop()
            event.prevent_default()
            self._type(event.character)


def _rule(
    left: str, name: list[tuple[str, Role]], end: list[tuple[str, Role]], right: str, width: int, edge: Role
) -> Line:
    used = sum(cell_len(words) for words, _ in [*name, *end]) + 4
    return ((left + "─", edge), *name, ("─" * max(0, width - used), edge), *end, ("─" + right, edge))


def _row(line: Line, inner: int, edge: Role) -> Line:
    cells = []
    left = inner
    for words, role in line:
        taken = cell_len(words)
        if taken > left:
            cells.append((text.fit(words, left), role))
            left = 0
            break
        cells.append((words, role))
        left -= taken
    return (("│ ", edge), *cells, (" " * left, "text"), (" │", edge))
