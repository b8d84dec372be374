"""Everything that was said in this run, line by line: notices, results and refusals of keys, what the program logged.

The bottom line shows the newest of it and forgets; this keeps the last some thousands. Log records come from any
thread; a notice that is logged as well stands here once.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from arbtui.core.clock import Clock
from arbtui.core.status import Notice
from arbtui.logs import IS_NOTICE
from arbtui.ui.theme import Role

KEPT = 5000
LEVELS = ("info", "warning", "error")
ROLES: dict[str, Role] = {"info": "text", "warning": "warn", "error": "error"}


@dataclass(frozen=True)
class Entry:
    """``source``: who said it: "engine", "screen", or the part of the program that logged it."""

    number: int  # of all entries of this run, from 0
    t_ns: int
    level: str  # one of LEVELS
    source: str
    text: str


class LogBook:
    """``entries``: newest last, a bounded history; ``count``: of all that ever were."""

    def __init__(self, clock: Clock, kept: int = KEPT) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=kept)
        self.count = 0

    @property
    def entries(self) -> Sequence[Entry]:
        with self._lock:
            return list(self._entries)

    def add(self, t_ns: int, level: str, source: str, text: str) -> None:
        with self._lock:
            for line in text.splitlines() or [""]:
                self._entries.append(Entry(self.count, t_ns, level if level in LEVELS else "info", source, line))
                self.count += 1

    def notice(self, notice: Notice) -> None:
        self.add(notice.t_ns, notice.level, "engine", notice.text)

    def say(self, notice: Notice) -> None:
        """A result or a refusal that the screen has shown."""
        self.add(notice.t_ns, notice.level, "screen", notice.text)

    def record(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        level = level if record.levelno >= logging.WARNING else "info"
        self.add(self._clock.now_ns(), level, record.name.removeprefix("arbtui."), record.getMessage())


class BookHandler(logging.Handler):
    """What is logged, into a book; notices are there already. Tracebacks are for the log files."""

    def __init__(self, book: LogBook) -> None:
        super().__init__()
        self._book = book

    def emit(self, record: logging.LogRecord) -> None:
        if not getattr(record, IS_NOTICE, False):
            self._book.record(record)


@contextmanager
def following(book: LogBook) -> Iterator[None]:
    """Meanwhile everything that is logged goes into the book too."""
    handler = BookHandler(book)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


@dataclass
class View:
    """What of the book is looked at: from a level on, and where search words are found. Pure.

    ``cursor`` is the number of the entry under the cursor, None = follow the newest.
    """

    level: str = LEVELS[0]
    words: str = ""
    cursor: int | None = None

    def chosen(self, entries: Iterable[Entry]) -> list[Entry]:
        least = LEVELS.index(self.level)
        return [entry for entry in entries if LEVELS.index(entry.level) >= least]

    def next_level(self) -> None:
        self.level = LEVELS[(LEVELS.index(self.level) + 1) % len(LEVELS)]

    def found(self, entry: Entry) -> bool:
        """Whether all search words are in the entry, in any order."""
        said = f"{entry.source} {entry.text}".lower()
        return bool(self.words) and all(word in said for word in self.words.lower().split())

    def place(self, chosen: Sequence[Entry]) -> int:
        """Where the cursor is among them: at its entry, or the next one that is still there; -1 = there are none."""
        if self.cursor is None:
            return len(chosen) - 1
        return next((at for at, entry in enumerate(chosen) if entry.number >= self.cursor), len(chosen) - 1)

    def move(self, chosen: Sequence[Entry], by: int) -> None:
        """At the last entry it follows."""
        if not chosen:
            return
        at = max(0, min(len(chosen) - 1, self.place(chosen) + by))
        self.cursor = None if at == len(chosen) - 1 and by > 0 else chosen[at].number

    def search(self, chosen: Sequence[Entry], direction: int, *, here: bool = False) -> bool:
        """To the next entry with the words; ``here``: the one under the cursor counts. False: there is none."""
        at = self.place(chosen)
        ways = range(at if here else at + direction, len(chosen) if direction > 0 else -1, direction)
        hit = next((chosen[place] for place in ways if 0 <= place < len(chosen) and self.found(chosen[place])), None)
        if hit is not None:
            self.cursor = hit.number
        return hit is not None
