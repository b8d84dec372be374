"""In which order rows stand, and when that order may change. Pure: time comes in as seconds.

The order is made anew every two seconds, not while a cursor key was pressed within the last one and a half, and not
at all while held. The pictures of the coins are taken a slice at a time on the way there, so that no single tick reads
a thousand rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter

from arbtui.strategy.rows import SpreadRow
from arbtui.ui.columns import BY_ID, DEFAULT_SORT, SortValue
from arbtui.ui.filter import EVERYTHING

_MIXED = ("symbol", "marks", "why")
RESORT_S = 2.0
AFTER_KEY_S = 1.5


class Order:
    """The coins that pass the filter, sorted. ``bases`` is replaced, never changed in place."""

    def __init__(self, slices: int = 10) -> None:
        self.bases: list[str] = []
        self.place: dict[str, int] = {}
        self.total = 0
        self.passing = 0
        self.column = DEFAULT_SORT
        self.reverse = False
        self.held = False
        self.filter = EVERYTHING
        self._slices = slices
        self._pictures: dict[str, SpreadRow] = {}
        self._queue: list[str] = []
        self._slice = 1
        self._sorted_at = float("-inf")
        self._key_at = float("-inf")

    def touched(self, now_s: float) -> None:
        """A cursor key was pressed."""
        self._key_at = now_s

    def step(
        self,
        now_s: float,
        coins: Sequence[str],
        row_of: Callable[[str], SpreadRow | None],
        passes: Callable[[SpreadRow], bool],
    ) -> bool:
        """Read one slice of coins; True if a new order was made. The first step reads all of them."""
        first = not self._pictures
        if not self._queue:
            self._queue = list(coins)
            self._slice = max(1, -(-len(self._queue) // self._slices))
            self._forget(self._queue)
        take = len(self._queue) if first else self._slice
        for base in self._queue[:take]:
            row = row_of(base)
            if row is not None:
                self._pictures[base] = row
        del self._queue[:take]
        if first or (not self._queue and self._due(now_s)):
            self.sort(now_s, passes)
            return True
        return False

    def _forget(self, coins: Sequence[str]) -> None:
        if len(self._pictures) > len(coins):
            known = set(coins)
            self._pictures = {base: row for base, row in self._pictures.items() if base in known}

    def _due(self, now_s: float) -> bool:
        return not self.held and now_s - self._sorted_at >= RESORT_S - 0.05 and now_s - self._key_at >= AFTER_KEY_S

    def sort(self, now_s: float, passes: Callable[[SpreadRow], bool]) -> None:
        """Make the order anew from the pictures at hand."""
        rows = list(self._pictures.values())
        self.total = len(rows)
        self.passing = sum(1 for row in rows if passes(row))
        chosen = [row for row in rows if self.filter(row)] if self.filter.tests else rows
        self.bases = [row.base for row in sort_rows(chosen, self.column, reverse=self.reverse)]
        self.place = {base: index for index, base in enumerate(self.bases)}
        self._sorted_at = now_s

    def clearing(self, net_bps: float) -> int:
        """How many admissible coins stand at or above a threshold."""
        return sum(
            1
            for row in self._pictures.values()
            if row.muted is None and row.net_bps is not None and row.net_bps >= net_bps
        )

    def known(self) -> list[str]:
        """Every coin that has a row, in no particular order."""
        return list(self._pictures)


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
