"""The order log, newest first: what was sent, what filled, what was refused, what was said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import ClassVar

from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.lines.exports import Table
from arbtui.ui import tables, text
from arbtui.ui.desk import Desk
from arbtui.ui.layout import PaneId
from arbtui.ui.orderlog import Entry
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import ListPane
from arbtui.ui.registry import Handlers
from arbtui.ui.theme import Cell, Line

_TEXT_AT = 27


class OrdersPane(ListPane):
    """The cursor stays with its line while newer ones come in above; at the top it stays at the top."""

    pane_id: ClassVar[PaneId] = "orders"
    header_rows: ClassVar[int] = 0

    def __init__(self, desk: Desk, follow: Callable[[str], None]) -> None:
        super().__init__(desk)
        self._follow_hedge = follow
        self._log = LineWidget(desk.theme)
        self._seen = 0  # of all entries that ever were

    def body_widgets(self) -> Iterable[LineWidget]:
        return (self._log,)

    def body_places(self, size: Size) -> dict[Widget, Region]:
        return {self._log: size.region}

    @property
    def count(self) -> int:
        return len(self.desk.log.entries) if self.desk.log is not None else 0

    @property
    def window(self) -> int:
        return self.body_size.height

    def here(self) -> Entry | None:
        log = self.desk.log
        return log.entries[-1 - self.cursor.index] if log is not None and self.cursor.index < self.count else None

    def show_body(self, now_s: float) -> None:
        log = self.desk.log
        width, height = self.body_size
        if log is None:
            self._log.show([((text.fit(f" No orders in this run: {self.desk.port.no_trading}", width), "dim"),)])
            return
        new, self._seen = log.count - self._seen, log.count
        if self.cursor.index:
            self.cursor.index += new
            self.cursor.top += new
        self.cursor.clamp(self.count, self.window)
        top = self.cursor.top
        newest = list(islice(reversed(log.entries), top, top + height))
        if newest:
            cursor_row = self.cursor.index - top if self.has_focus else -1
            self._log.show([line(entry, width) for entry in newest], cursor_row)
        else:
            self._log.show([((text.fit(" Nothing was sent yet.", width), "dim"),)])

    def detail(self, width: int) -> list[Line] | None:
        here = self.here()
        if here is None:
            return None
        of = f"{here.base} {here.hedge}: " if here.hedge else ""
        return [((" " + part, here.role),) for part in text.wrap(f"{of}{here.text}", width - 2)]

    def table(self) -> Table:
        log = self.desk.log
        return tables.entries(reversed(log.entries) if log is not None else (), self.cursor.index)

    def title_extra(self) -> Sequence[Cell]:
        alarms = len(self.desk.log.alarms) if self.desk.log is not None else 0
        return ((f"{alarms} alarm{'s' if alarms > 1 else ''} ", "error"),) if alarms else ()

    def handlers(self) -> Handlers:
        return {"orders.follow": self.follow}

    def follow(self) -> None:
        here = self.here()
        if here is not None and here.hedge:
            self._follow_hedge(here.hedge)


def line(entry: Entry, width: int) -> Line:
    head = f" {text.clock_time(entry.t_ns)} {text.fit(entry.base, 8)} "
    return (
        (head, "dim"),
        (text.fit(entry.kind, _TEXT_AT - len(head)), entry.role),
        (text.fit(entry.text, max(0, width - _TEXT_AT)), entry.role),
    )
