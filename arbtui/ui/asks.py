"""Actions that ask for something: a filter, a column, a threshold, a size, a coin. An argument spares the question."""

from __future__ import annotations

from arbtui.ui import text
from arbtui.ui.columns import BY_ID, BY_LETTER, COLUMNS
from arbtui.ui.desk import Desk, number
from arbtui.ui.panes.grid import GridPane
from arbtui.ui.prompt import Question
from arbtui.ui.registry import Handlers
from arbtui.ui.seat import Seat


class Asks:
    def __init__(self, desk: Desk, seat: Seat, grid: GridPane) -> None:
        self._desk = desk
        self._seat = seat
        self._grid = grid

    def handlers(self) -> Handlers:
        return {
            "grid.filter": self.filter,
            "grid.sort": self.sort,
            "threshold.all": self.threshold,
            "threshold.coin": self.coin_threshold,
            "size.down": lambda: self._walk_size(-1),
            "size.up": lambda: self._walk_size(1),
            "size.type": self.walk_size,
            "coin.pick": self.coin,
        }

    # the grid

    def filter(self, typed: str) -> None:
        if typed:
            self.filter_by(typed)
            return
        before = self._desk.order.filter.text

        def keep(words: str) -> bool:
            self.filter_by(words)
            return True

        def hint(_: str) -> str:
            order = self._desk.order
            return order.filter.problem or f"{len(order.bases)} of {order.total}   enter keeps, esc clears"

        self._seat.ask(Question("/", before, keep, live=self.filter_by, cancel=lambda: self.filter_by(""), hint=hint))

    def filter_by(self, typed: str) -> None:
        self._desk.filter_by(typed)
        self._grid.tick(self._desk.now_s())

    def sort(self, column: str) -> str:
        if column:
            if column not in BY_ID:
                return f"{column!r} is no column; there are {', '.join(BY_ID)}"
            self._grid.sort_by(column)
            return ""
        shown = self._grid.shown_columns()
        ordered = sorted(COLUMNS, key=lambda column: column not in shown)
        choices = {column.letter: column.title or "marks" for column in ordered}
        self._seat.choose("sort by", choices, lambda letter: self._grid.sort_by(BY_LETTER[letter].id))
        return ""

    # thresholds

    def threshold(self, argument: str) -> str:
        """``4`` or ``4 SOL``; without a figure it is asked for."""
        bps, _, base = argument.partition(" ")
        if not argument:
            return self._ask_threshold("")
        return self._set_threshold(bps, base.strip().upper())

    def coin_threshold(self, argument: str) -> str:
        return self._set_threshold(argument, self._desk.coin) if argument else self._ask_threshold(self._desk.coin)

    def _set_threshold(self, bps: str, base: str) -> str:
        if base and base not in self._desk.port.board.coins:
            return f"there is no coin {base}"
        if number(bps) is None:
            return f"{bps!r} is not a number of basis points"
        self._desk.set_threshold(bps, base)
        return ""

    def _ask_threshold(self, base: str) -> str:
        desk = self._desk
        title = f"threshold of {base}, bps net" if base else "threshold, bps net"

        def hint(typed: str) -> str:
            bps = number(typed)
            if bps is None:
                return "empty = as all" if base and not typed.strip() else "not a number"
            row = desk.port.row(base) if base else None
            now = f"net now {text.signed(row.net_bps)}" if row is not None else _passing(desk, bps)
            return f"{now}   ↑↓ 0.5   enter   esc"

        self._seat.ask(
            Question(
                title,
                f"{desk.port.threshold_bps(base):g}",
                lambda typed: desk.set_threshold(typed, base),
                hint=hint,
                step=0.5,
            )
        )
        return ""

    # sizes

    def _walk_size(self, direction: int) -> None:
        self._desk.step_walk_size(direction)
        self._seat.tick_all()

    def walk_size(self, typed: str) -> str:
        if not typed:
            self._seat.ask(Question("size, USD", f"{self._desk.port.walk_usd:g}", self._desk.set_walk_size, step=100.0))
        elif not self._desk.set_walk_size(typed):
            return f"{typed!r} is not a size in US dollars"
        return ""

    # coins

    def coin(self, typed: str) -> str:
        coins = self._desk.order.known()
        if not coins:
            return "There are no coins yet"
        if not typed:
            self._seat.pick_coin(coins)
            return ""
        base = next((base for base in coins if base.lower() == typed.lower()), None)
        if base is None:
            return f"there is no coin {typed.upper()}"
        self._seat.go_to_coin(base)
        return ""


def _passing(desk: Desk, bps: float) -> str:
    return f"{desk.order.clearing(bps)} of {desk.order.total} coins now"
