"""The health of every feed: what was asked for, what came back, how old it is, and why it is not well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.core.status import FeedState, FeedStatus
from arbtui.lines.exports import Table
from arbtui.ui import tables, text
from arbtui.ui.desk import Desk
from arbtui.ui.layout import PaneId
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import ListPane
from arbtui.ui.theme import Cell, Line, Role

STATE_MARK: dict[FeedState, tuple[str, Role]] = {
    FeedState.LIVE: ("●", "gain"),
    FeedState.CONNECTING: ("◌", "warn"),
    FeedState.DEGRADED: ("◐", "warn"),
    FeedState.STALE: ("◐", "warn"),
    FeedState.DOWN: ("○", "error"),
    FeedState.MAINTENANCE: ("○", "error"),
}
_NAMES = "   feed       state       "
_FIGURES: tuple[tuple[str, int, Callable[[FeedStatus], str]], ...] = (  # title, cells with the air before, text
    ("subs", 5, lambda feed: f"{feed.subscribed}"),
    ("acked", 7, lambda feed: f"{feed.acked}"),
    ("failed", 7, lambda feed: f"{feed.failed}"),
    ("stale", 6, lambda feed: f"{feed.stale}"),
    ("reconn", 7, lambda feed: f"{feed.reconnects}"),
    ("msg/s", 7, lambda feed: f"{feed.msgs_per_s:.0f}"),
    ("p50", 8, lambda feed: _ms(feed.age_ms_p50)),
    ("p99", 8, lambda feed: _ms(feed.age_ms_p99)),
    ("offset", 8, lambda feed: _ms(feed.clock_offset_ms)),
)
_WHY_AT = len(_NAMES) + sum(width for _, width, _ in _FIGURES) + 2


class FeedsPane(ListPane):
    pane_id: ClassVar[PaneId] = "feeds"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._table = LineWidget(desk.theme)

    def body_widgets(self) -> Iterable[LineWidget]:
        return (self._table,)

    def body_places(self, size: Size) -> dict[Widget, Region]:
        return {self._table: size.region}

    @property
    def count(self) -> int:
        return len(self.desk.port.status())

    def show_body(self, now_s: float) -> None:
        feeds = self.desk.port.status()
        width = self.body_size.width
        self.cursor.clamp(len(feeds), self.window)
        top = self.cursor.top
        cursor_row = self.cursor.index - top + 1 if feeds else -1
        heads = "".join(title.rjust(cells) for title, cells, _ in _shown(width))
        why = "  why" if width >= _WHY_AT + len("why") else ""
        lines: list[Line] = [((text.fit(_NAMES + heads + why, width), "header"),)]
        lines.extend(line(feed, width) for feed in feeds[top : top + self.window])
        self._table.show(lines, cursor_row)

    def detail(self, width: int) -> list[Line] | None:
        feeds = self.desk.port.status()
        if not 0 <= self.cursor.index < len(feeds) or not feeds[self.cursor.index].reason:
            return None
        feed = feeds[self.cursor.index]
        words = f"{feed.venue} {feed.market.value}: {feed.reason}"
        return [((" " + part, "warn"),) for part in text.wrap(words, width - 2)]

    def table(self) -> Table:
        return tables.feeds(self.desk.port, self.desk.port.status(), self.cursor.index)

    def title_extra(self) -> Sequence[Cell]:
        figures = self.desk.port.process()
        errors = sum(figures.errors.values())
        worst = ", ".join(
            f"{kind} {count}" for kind, count in sorted(figures.errors.items(), key=lambda item: -item[1])[:3]
        )
        return ((f" {errors} errors{': ' + worst if worst else ''} ", "warn" if errors else "dim"),)


def line(feed: FeedStatus, width: int) -> Line:
    """One feed; where the terminal is narrow the reason stands in place of the figures."""
    mark, role = STATE_MARK[feed.state]
    name = text.fit(f"{text.tag(feed.venue)} {feed.market.value}", 11)
    figures = "".join(words(feed).rjust(cells) for _, cells, words in _shown(width)) + "  "
    head: Line = ((f" {mark} ", role), (name, "text"), (text.fit(feed.state.value, 11) + " ", role))
    if feed.reason and width < _WHY_AT + 24:
        return (*head, (text.fit(feed.reason, max(0, width - 26)), "dim"))
    return (*head, (figures, "text"), (text.fit(feed.reason, max(0, width - _WHY_AT)), "dim"))


def _shown(width: int) -> Sequence[tuple[str, int, Callable[[FeedStatus], str]]]:
    """The figures that have room: half of one would be another figure."""
    room = width - len(_NAMES)
    return [each for at, each in enumerate(_FIGURES) if sum(cells for _, cells, _ in _FIGURES[: at + 1]) <= room]


def _ms(value: float | None) -> str:
    return text.UNKNOWN if value is None else f"{value:.0f}ms"
