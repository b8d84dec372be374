"""Actions that ask for something: a filter, a column, a threshold, a size, a coin. An argument spares the question."""

from __future__ import annotations

from collections.abc import Sequence

from arbtui.ui import text
from arbtui.ui.columns import BY_ID, BY_LETTER, COLUMNS
from arbtui.ui.desk import Desk
from arbtui.ui.filter import fuzzy
from arbtui.ui.filter import hint as filter_hint
from arbtui.ui.panes.grid import GridPane
from arbtui.ui.picker import Choice
from arbtui.ui.prompt import Question
from arbtui.ui.registry import Handlers
from arbtui.ui.seat import Seat
from arbtui.ui.theme import Line

LATELY_S = 600.0


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
        before, coin = self._desk.order.filter.text, self._desk.coin

        def look(words: str) -> None:
            """The cursor is on its coin wherever that passes, whatever stood in the line meanwhile."""
            self.filter_by(words)
            self._grid.point_at(coin)

        def keep(words: str) -> str:
            self.filter_by(words)
            return ""

        def hint(words: str) -> str:
            order = self._desk.order
            if order.filter.problem:
                return order.filter.problem
            may_become = filter_hint(words, self._desk.venues()) or "enter keeps, esc clears"
            return f"{len(order.bases)} of {order.total}   {may_become}"

        self._seat.ask(Question("/", before, keep, live=look, cancel=lambda: look(""), hint=hint))

    def filter_by(self, typed: str) -> None:
        coin = self._desk.coin
        self._desk.filter_by(typed)
        self._grid.point_at(coin)

    def sort(self, column: str) -> str:
        if column:
            if column not in BY_ID:
                return f"{text.quoted(column)} is no column; there are {', '.join(BY_ID)}"
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
        bps, _, named = (part.strip() for part in argument.partition(" "))
        if not argument:
            return self._ask_threshold("")
        base = self._desk.coin_called(named) if named else ""
        if named and not base:
            return f"there is no coin {text.quoted(named)}"
        return self._desk.set_threshold(bps, base)

    def coin_threshold(self, argument: str) -> str:
        base = self._desk.coin
        return self._desk.set_threshold(argument, base) if argument else self._ask_threshold(base)

    def _ask_threshold(self, base: str) -> str:
        desk = self._desk
        unit = text.spread_unit()
        title = f"threshold of {base}, {unit} net" if base else f"threshold, {unit} net"

        def hint(typed: str) -> str:
            bps = text.typed_spread(typed)
            if bps is None:
                return "empty = as all" if base and not typed.strip() else "not a number"
            row = desk.port.row(base) if base else None
            now = f"net now {text.spread(row.net_bps)}" if row is not None else _passing(desk, bps)
            return f"{now}   ↑↓ {text.spread_value(0.5):g}   enter   esc"

        self._seat.ask(
            Question(
                title,
                f"{text.spread_value(desk.port.threshold_bps(base)):g}",
                lambda typed: desk.set_threshold(typed, base),
                hint=hint,
                step=text.spread_value(0.5),
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
            return ""
        return self._desk.set_walk_size(typed)

    # coins

    def coin(self, typed: str) -> str:
        coins = self._desk.order.known()
        if not coins:
            return "There are no coins yet"
        if not typed:
            self._seat.pick(
                Choice(
                    "go to a coin",
                    "letters of the symbol",
                    self._candidates,
                    self._coin_row,
                    self._seat.go_to_coin,
                    "No coin has these letters in this order.",
                )
            )
            return ""
        base = self._desk.coin_called(typed)
        if base not in coins:
            return f"there is no coin {text.quoted(typed)}" + (" with a pair of quotes" if base else "")
        self._seat.go_to_coin(base)
        return ""

    def _candidates(self, letters: str) -> list[str]:
        """The coin that is on show comes last of the recent ones: nobody switches to where they are."""
        desk = self._desk
        recent = [base for base in desk.recent if base != desk.coin]
        return candidates(letters, desk.order.known(), [*recent, desk.coin])

    def _coin_row(self, base: str, width: int) -> Line:
        """A coin and its best net."""
        row = self._desk.port.row(base)
        net = "" if row is None else text.spread_arrowed(row.net_bps) if row.muted is None else "muted"
        return ((text.fit(f" {base}", max(0, width - 9)), "text"), (text.fit(net + " ", 9, right=True), "dim"))


def candidates(typed: str, coins: Sequence[str], recent: Sequence[str]) -> list[str]:
    """Coins whose letters fit, best fit first; without letters the recent ones first, then all by name."""
    typed = typed.strip().lower()
    if not typed:
        seen = [base for base in recent if base in coins]
        return [*seen, *sorted(base for base in coins if base not in seen)]
    fits = [
        (skipped, recent.index(base) if base in recent else len(recent), len(base), base)
        for base in coins
        if (skipped := fuzzy(typed, base.lower())) is not None
    ]
    return [fit[-1] for fit in sorted(fits)]


def _passing(desk: Desk, bps: float) -> str:
    """How many coins stand at or above a threshold now, and how many did lately."""
    now = desk.order.clearing(bps)
    lately = max(now, desk.port.passed(bps, LATELY_S))  # it is looked back at in steps of some seconds
    return f"{now} of {desk.order.total} coins now, {lately} in {LATELY_S / 60:.0f} min"
