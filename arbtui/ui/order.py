"""In which order rows stand, and when that order may change. Pure: time comes in as seconds.

The order is made anew every two seconds, not while a cursor key was pressed within the last one and a half, and not
at all while held. It comes earlier when coins are new or gone, so a starting engine fills the grid as it finds them.
Pinned coins stand above all others, in the same order among themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from operator import itemgetter

from arbtui.strategy.rows import SpreadRow
from arbtui.ui.columns import BY_ID, DEFAULT_SORT, SortValue
from arbtui.ui.filter import EVERYTHING, NOTHING_KNOWN, States

RESORT_S = 2.0
GROWING_S = 0.5  # after a new order, while coins come and go
AFTER_KEY_S = 1.5
_MIXED = ("symbol", "marks", "why")


class Order:
    """The coins that pass the filter, sorted. ``bases`` is replaced, never changed in place."""

    def __init__(self) -> None:
        self.bases: list[str] = []
        self.place: dict[str, int] = {}
        self.passing = 0  # coins above their threshold
        self.column = DEFAULT_SORT
        self.reverse = False
        self.held = False
        self.filter = EVERYTHING
        self.pinned: Collection[str] = ()
        self.states: Callable[[], States] = lambda: NOTHING_KNOWN  # asked at each new order
        self._rows: Sequence[SpreadRow] = ()
        self._sorted = 0  # so many rows were there when the order was made
        self._sorted_at = self._looked_at = float("-inf")
        self._key_at = float("-inf")

    @property
    def total(self) -> int:
        return len(self._rows)

    def touched(self, now_s: float) -> None:
        """A cursor key was pressed."""
        self._key_at = now_s

    def look(self, now_s: float, rows: Callable[[], Sequence[SpreadRow]], passes: Callable[[SpreadRow], bool]) -> bool:
        """Take note of the rows, as often as an order could be made of them; True if a new one was."""
        due = now_s - self._sorted_at >= RESORT_S
        if self._sorted and not due and now_s - self._looked_at < GROWING_S:
            return False
        self._looked_at = now_s
        self._rows = rows()
        due = due or (len(self._rows) != self._sorted and now_s - self._sorted_at >= GROWING_S)
        if self._sorted and (not due or self.held or now_s - self._key_at < AFTER_KEY_S):
            return False
        self.sort(now_s, passes)
        return True

    def sort(self, now_s: float, passes: Callable[[SpreadRow], bool]) -> None:
        """Make the order anew from the rows at hand."""
        rows = self._rows
        self._sorted = len(rows)
        self.passing = sum(1 for row in rows if passes(row))
        if not self.filter.empty:
            states = self.states()
            rows = [row for row in rows if self.filter(row, states)]
        ordered = [row.base for row in sort_rows(rows, self.column, reverse=self.reverse)]
        if self.pinned:
            ordered.sort(key=lambda base: base not in self.pinned)
        self.bases = ordered
        self.place = {base: index for index, base in enumerate(self.bases)}
        self._sorted_at = now_s

    def clearing(self, net_bps: float) -> int:
        """How many admissible coins stand at or above a threshold."""
        return sum(1 for row in self._rows if row.muted is None and row.net_bps is not None and row.net_bps >= net_bps)

    def known(self) -> list[str]:
        """Every coin that has a row, in no particular order."""
        return [row.base for row in self._rows]


def sort_rows(rows: Sequence[SpreadRow], column_id: str, *, reverse: bool) -> list[SpreadRow]:
    """By one column; figures fall, words rise, ``reverse`` turns it round. Ties stand by symbol.

    Rows whose value is unknown come last either way, and muted ones after all others, because a pair that may not be
    traded must not stand at the top for having a wild figure. Only the order by words about the row mixes them in.
    """
    column = BY_ID[column_id]
    if column_id in _MIXED:
        return _by_value(rows, column.value, reverse=reverse)
    open_rows = [row for row in rows if row.muted is None]
    muted_rows = [row for row in rows if row.muted is not None]
    return _by_value(open_rows, column.value, reverse=reverse) + _by_value(muted_rows, column.value, reverse=reverse)


def _by_value(
    rows: Sequence[SpreadRow], value_of: Callable[[SpreadRow], SortValue], *, reverse: bool
) -> list[SpreadRow]:
    words: list[tuple[str, str, SpreadRow]] = []
    figures: list[tuple[float, str, SpreadRow]] = []
    unknown: list[tuple[str, SpreadRow]] = []
    for row in rows:
        value = value_of(row)
        if value is None or value == "":
            unknown.append((row.base, row))
        elif isinstance(value, str):
            words.append((value, row.base, row))
        else:
            figures.append((value if reverse else -value, row.base, row))
    words.sort(key=itemgetter(1))
    words.sort(key=itemgetter(0), reverse=reverse)
    figures.sort(key=itemgetter(0, 1))
    unknown.sort(key=itemgetter(0))
    return [entry[-1] for entry in words] + [entry[-1] for entry in figures] + [entry[-1] for entry in unknown]
