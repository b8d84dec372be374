"""The spread grid: every coin's best pair, sorted, live. Only the rows in the window are read anew and formatted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import ClassVar

from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.lines.exports import Table
from arbtui.ui import tables, text
from arbtui.ui.columns import BY_ID, COLUMNS, Column, body, header, pages
from arbtui.ui.desk import Desk
from arbtui.ui.layout import PaneId
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import ListPane
from arbtui.ui.registry import Handlers
from arbtui.ui.theme import Cell, Line
from arbtui.ui.waiting import waiting_lines

_CURSOR_WIDTH = 1
_AT_ONCE = 25  # rows of an export, before others have their turn
_ROWS_AGE_MS = 4000.0  # what the order is made of may be so old; what is shown is as of now


class GridPane(ListPane):
    pane_id: ClassVar[PaneId] = "grid"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._pointer = LineWidget(desk.theme)
        self._groups = {column.group: LineWidget(desk.theme) for column in COLUMNS}
        self._rest = LineWidget(desk.theme)  # to the right of the last column
        self._words = LineWidget(desk.theme)  # instead of rows, while there are none
        self._fitted: dict[str, list[tuple[Column, int]]] = {}
        self._page, self._pages = 0, 1  # of columns: which is on show, of how many
        self._sorted_by = ""  # when columns were chosen
        self._speaks = True
        self._bases: Sequence[str] = ()  # coins of the rows that were shown last

    def body_widgets(self) -> Iterable[LineWidget]:
        yield self._pointer
        yield from self._groups.values()
        yield self._rest
        yield self._words

    def body_places(self, size: Size) -> dict[Widget, Region]:
        if self._speaks:
            return {self._words: size.region}
        self._fitted = {}
        self._sorted_by = self.desk.order.column
        choices = pages(size.width - _CURSOR_WIDTH, self._sorted_by)
        self._pages = len(choices)
        self._page = min(self._page, self._pages - 1)
        for column, width in choices[self._page]:
            self._fitted.setdefault(column.group, []).append((column, width))
        places: dict[Widget, Region] = {self._pointer: Region(0, 0, _CURSOR_WIDTH, size.height)}
        x = _CURSOR_WIDTH
        for group, columns in self._fitted.items():
            width = sum(width for _, width in columns)
            places[self._groups[group]] = Region(x, 0, width, size.height)
            x += width
        places[self._rest] = Region(x, 0, max(0, size.width - x), size.height)
        return places

    def shown_columns(self) -> list[Column]:
        return [column for columns in self._fitted.values() for column, _ in columns]

    def column_at(self, x: int) -> Column | None:
        """The column that stands at ``x`` of the body; None beside them."""
        at = _CURSOR_WIDTH
        for columns in self._fitted.values():
            for column, width in columns:
                if at <= x < at + width:
                    return column
                at += width
        return None

    @property
    def count(self) -> int:
        return len(self.desk.order.bases)

    def tick(self, now_s: float) -> None:
        desk = self.desk
        if desk.order.look(now_s, lambda: desk.port.rows(_ROWS_AGE_MS), desk.passes) and desk.order.bases:
            desk.offer(desk.order.bases[0])
        self._follow()
        super().tick(now_s)

    def _follow(self) -> None:
        """The cursor belongs to its coin. The window goes with it, unless it stands at the top, at the best rows."""
        desk = self.desk
        cursor = self.cursor
        place = desk.order.place.get(desk.coin)
        if place is None:
            cursor.clamp(self.count, self.window)
            if self.count and (desk.order.filter.text or not desk.coin):
                desk.point_at(desk.order.bases[cursor.index])
        elif place != cursor.index:
            if cursor.top > 0:
                cursor.top += place - cursor.index
            cursor.index = place
        cursor.clamp(self.count, self.window)

    def moved(self) -> None:
        self.desk.chosen()
        self.desk.order.touched(self.desk.now_s())
        if self.count:
            self.desk.point_at(self.desk.order.bases[self.cursor.index])
        if self.count and self._bases == self._in_window():
            with self.painting():
                for group in self._fitted:  # a key is answered at once: the rows are as old as they were
                    self._groups[group].show(self._groups[group].shown, self._cursor_row())
                self._show_pointer()
                self.show_title()
        else:
            super().tick(self.desk.now_s())

    def show_coin(self, base: str) -> bool:
        """Bring a coin into the window; False if the filter hides it."""
        place = self.desk.order.place.get(base)
        if place is None:
            return False
        self.desk.go_to(base)
        self.cursor.index = place
        self.cursor.clamp(self.count, self.window)
        self.cursor.reveal(self.window)
        return True

    def point_at(self, base: str) -> None:
        """Other rows pass the filter: the cursor on this coin, in sight, or on the best row where it does not pass."""
        bases = self.desk.order.bases
        if bases:
            self.cursor.index = self.desk.order.place.get(base, 0)
            self.desk.point_at(bases[self.cursor.index])
            self.cursor.top = 0
            self.cursor.reveal(self.window)
        self.tick(self.desk.now_s())

    # painting

    def show_body(self, now_s: float) -> None:
        speaks = not self.count
        if speaks != self._speaks or self._sorted_by != self.desk.order.column:
            self._speaks, self._sorted_by = speaks, self.desk.order.column
            self.place_anew()
            self.call_after_refresh(self.tick, now_s)
        if speaks:
            self._words.show(self._explanation())
        else:
            self._show_rows()

    def _show_rows(self) -> None:
        desk = self.desk
        order = desk.order
        bases = self._bases = self._in_window()
        rows = [desk.row(base) for base in bases]
        thresholds = [desk.port.threshold_bps(base) for base in bases]
        held = desk.money.bases if desk.money is not None else frozenset[str]()
        cursor_row = self._cursor_row()
        for group, columns in self._fitted.items():
            head: Line = tuple(
                header(column, width, sorted_by=column.id == order.column, reverse=order.reverse)
                for column, width in columns
            )
            lines = [head]
            for base, row, threshold_bps in zip(bases, rows, thresholds, strict=True):
                if row is not None:
                    cells = tuple(body(column, width, row, threshold_bps) for column, width in columns)
                    lines.append(self._marked(cells, base, held) if group == "name" else cells)
                else:
                    lines.append(((" " + text.clean(base) if group == "name" else "", "faint"),))
            self._groups[group].show(lines, cursor_row)
        self._show_pointer()

    def _in_window(self) -> Sequence[str]:
        return self.desk.order.bases[self.cursor.top : self.cursor.top + self.window]

    def _cursor_row(self) -> int:
        """The line that the cursor is on; the header is line 0."""
        at = self.cursor.index - self.cursor.top
        return at + 1 if 0 <= at < len(self._bases) else -1

    def _show_pointer(self) -> None:
        cursor_row = self._cursor_row()
        self._rest.show((), cursor_row)
        pointer: list[Line] = [((" ", "text"),)] * (len(self._bases) + 1)
        if cursor_row > 0:
            pointer[cursor_row] = (("▸", "cursor"),)
        self._pointer.show(pointer, cursor_row)

    def _explanation(self) -> list[Line]:
        """Why there are no rows: nothing passes the filter, or nothing has come yet, feed by feed."""
        desk, order = self.desk, self.desk.order
        port, (width, height) = desk.port, self.body_size
        if order.total:
            return _sentence(f"No coin of {order.total} passes the filter. {desk.keys.first('back')} clears it.", width)
        if port.replay is not None and port.replay.ended:
            held = f"The recording has ended: {port.replay.records:,} records, no coin with quotes on two venues."
            return _sentence(f"{held} {desk.keys.first('quit')} leaves.", width)
        warning = next((notice.text for notice in reversed(port.notices) if notice.level != "info"), "")
        return waiting_lines(port.status(), warning, port.clock.now_ns(), port.mode, desk.keys, width, height)

    def _marked(self, cells: Line, base: str, held: Collection[str]) -> Line:
        """In the air before the name: ``*`` a coin with an open hedge, else ``^`` a pinned one."""
        mark = "*" if base in held else "^" if base in self.desk.order.pinned else ""
        (name, role), *rest = cells
        return ((mark, "cursor"), (name[1:], role), *rest) if mark else cells

    def row_table(self) -> Table:
        row = self.desk.port.row(self.desk.coin) if self.desk.coin in self.desk.order.place else None
        return tables.spreads(self.desk.port, () if row is None else (row,), 0)

    def table_parts(self) -> Iterator[Table]:
        bases, port = self.desk.order.bases, self.desk.port
        for start in range(0, max(1, len(bases)), _AT_ONCE):
            rows = (port.row(base) for base in bases[start : start + _AT_ONCE])
            yield tables.spreads(port, [row for row in rows if row is not None], None)

    # title

    def title_extra(self) -> Sequence[Cell]:
        order = self.desk.order
        cells: list[Cell] = [(f"{order.passing}/{order.total} ", "dim")]
        if order.filter.text:
            cells.append((f" /{text.clean(order.filter.text)} → {len(order.bases)} ", "warn"))
        return cells

    def title_right(self) -> Sequence[Cell]:
        order = self.desk.order
        place = order.place.get(self.desk.coin)
        cells: list[Cell] = []
        if self._pages > 1:
            cells.append((f"columns {self._page + 1}/{self._pages}", "dim" if not self._page else "warn"))
        if order.held:
            cells.append(("held", "warn"))
        if place is not None:
            cells.append((f"{text.clean(self.desk.coin)} {place + 1}", "dim"))
        cells.append((f"{BY_ID[order.column].title or 'marks'} {'↑' if order.reverse else '↓'}", "title"))
        return cells

    # keys

    def handlers(self) -> Handlers:
        return {
            "grid.reverse": self.reverse,
            "grid.hold": self.hold,
            "grid.columns_right": lambda: self._turn(1),
            "grid.columns_left": lambda: self._turn(-1),
        }

    def _turn(self, by: int) -> None:
        """The next columns that have no room beside these; after the last page the first again."""
        self._page = (self._page + by) % self._pages
        self.place_anew()
        self.call_after_refresh(self.tick, self.desk.now_s())

    def reverse(self) -> None:
        self.desk.sort_by(self.desk.order.column, reverse=not self.desk.order.reverse)
        self._to_top()

    def hold(self) -> None:
        self.desk.hold()
        self.tick(self.desk.now_s())

    def sort_by(self, column_id: str) -> None:
        self.desk.sort_by(column_id)
        self._to_top()

    def _to_top(self) -> None:
        """A new order is looked at from its beginning; the cursor stays with its coin."""
        self.cursor.index = self.desk.order.place.get(self.desk.coin, 0)
        self.cursor.top = 0
        self.tick(self.desk.now_s())


def _sentence(words: str, width: int) -> list[Line]:
    return [(("", "text"),), *(((f" {part}", "text"),) for part in text.wrap(words, width - 2))]
