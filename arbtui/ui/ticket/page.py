"""What every page of the order panel answers to. Pages know nothing of widgets: they make lines and take keys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal

from rich.cells import cell_len

from arbtui.execution.intents import Leg
from arbtui.port import Ticket, TradingPort
from arbtui.ui import text
from arbtui.ui.confirm import Review
from arbtui.ui.desk import Desk
from arbtui.ui.prompt import Question
from arbtui.ui.theme import Cell, Line, Role

PAPER = "PAPER"
Verb = Literal["retry", "flatten", "close", "keep", "cancel", "all", "unit", "style", "swap", "below"]


class Page(ABC):
    """``note``: the last thing to say about a key on this page."""

    def __init__(self, desk: Desk, trading: TradingPort) -> None:
        self.desk = desk
        self.trading = trading
        real = trading.word != PAPER
        self.review = Review(desk.rhythm, real=real, key=self.key("send_real" if real else "send"))
        self.note = ""

    def key(self, *names: str) -> str:
        """The keys of these actions of the panel, as people write them."""
        return " ".join(self.desk.keys.first(f"ticket.{name}") for name in names)

    @property
    @abstractmethod
    def title(self) -> str: ...

    def tick(self, now_s: float) -> None:
        """Look at the engine again."""
        if self.review.on and not self.review.left_s(now_s):
            self.end_review("the review ran out; nothing was sent")

    def end_review(self, note: str = "") -> None:
        self.review.end()
        self.note = note

    @abstractmethod
    def body(self, width: int) -> list[Line]: ...

    @abstractmethod
    def offered(self) -> Sequence[tuple[str, str]]:
        """The keys that do something now, and what."""

    def enter(self, now_s: float) -> Go:
        """What comes on top: a page, or a ticket to be opened; None: nothing."""
        return None

    def send(self, now_s: float, *, capital: bool) -> Go:
        """A confirming key. The page that stands alone from now on, if anything was sent."""
        if not self.review.on:
            return None
        if not self.review.left_s(now_s):
            self.end_review("the review ran out; nothing was sent")
            return None
        self.note = self.review.refuses(capital=capital, now_s=now_s)
        return None if self.note else self.confirmed(now_s)

    @abstractmethod
    def confirmed(self, now_s: float) -> Go:
        """The review was confirmed: send. The page that stands alone from now on."""

    def back(self) -> bool:
        """One step back within the page; False where there is none."""
        if self.review.on:
            self.end_review("nothing was sent")
            return True
        return False

    def move(self, by: int) -> bool:
        """Move a cursor; False on a page that has none."""
        return False

    def step(self, direction: int) -> None:
        """More or less of it; a page that has no size stays as it is."""
        return

    def ask(self, typed: str) -> Question | None:
        """What to type a figure into, beginning with ``typed``."""
        return None

    def verb(self, verb: Verb, now_s: float) -> Go:
        """A letter with a meaning of its own; what comes on top, if anything."""
        return None

    def review_lines(self, what: str, width: int) -> list[Line]:
        """The question that a confirming key answers, and how long it stands."""
        left_s = self.review.left_s(self.desk.now_s())
        head: Line = ((f"REVIEW {left_s:.0f} s  ", "warn"), (self.review.key, "key"), (" = ", "text"))
        first, *more = text.wrap(f"{what} ({self.trading.word})", max(8, width - length(head)))
        indent = " " * length(head)
        return [(*head, (first, "strong")), *[((indent + line, "strong"),) for line in more]]


Go = Page | Ticket | None
Column = tuple[str, int, bool, Role]  # words, width, whether they stand at its right, as figures do, and their role
_FURTHER = "  "  # before what goes on in a further line


def leg_name(leg: Leg) -> str:
    return f"{text.tag(leg.venue):<4} {leg.market.value}"


def wrapped(words: str, width: int, role: Role, indent: int = 0) -> list[Line]:
    lines = text.wrap(words, max(8, width - indent))
    return [((" " * (indent if at else 0) + line, role),) for at, line in enumerate(lines)]


def table(rows: Sequence[Sequence[Column]], width: int) -> list[Line]:
    """Rows of columns one space apart, the head first. A figure (``right``) is never cut: its column is as wide as the
    longest, and what has no room beside the others then stands on a further line of every row. The last column, if it
    is one of words, has what is left over.
    """
    sizes = [
        max(max(size, cell_len(words) if right else 0) for words, size, right, _ in column)
        for column in zip(*rows, strict=True)
    ]
    parts: list[list[int]] = [[]]
    used = 0
    for at, size in enumerate(sizes):
        if parts[-1] and used + size > width:
            parts.append([])
            used = len(_FURTHER)
        parts[-1].append(at)
        used += size + 1
    if rows and not rows[0][-1][2]:
        sizes[-1] += max(0, width - used + 1)
    return [_part(row, sizes, part, further=at > 0) for row in rows for at, part in enumerate(parts)]


def _part(row: Sequence[Column], sizes: Sequence[int], part: Sequence[int], *, further: bool) -> Line:
    cells: list[Cell] = [(_FURTHER, "text")] if further else []
    for at in part:
        words, _, right, role = row[at]
        cells.append((text.fit(words, sizes[at], right=right) + (" " if at != part[-1] else ""), role))
    return tuple(cells)


def length(line: Line) -> int:
    return sum(cell_len(words) for words, _ in line)


def gain(value: float | None) -> Role:
    return "faint" if value is None else "loss" if value < 0 else "gain_strong"


def spaced(*groups: Sequence[Cell]) -> Line:
    """Groups of cells, three spaces apart."""
    line: list[Cell] = []
    for group in groups:
        if line and group:
            line.append(("   ", "text"))
        line.extend(group)
    return tuple(line)


def flow(groups: Sequence[Sequence[Cell]], width: int) -> list[Line]:
    """Groups of cells three spaces apart, as many on a line as fit."""
    lines: list[Line] = []
    row: list[Sequence[Cell]] = []
    for group in groups:
        if row and length(spaced(*row, group)) > width:
            lines.append(spaced(*row))
            row = []
        row.append(group)
    return [*lines, spaced(*row)] if row else lines
