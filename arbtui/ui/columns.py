"""The columns of the spread grid: what each shows, how wide, which letter sorts by it. Pure.

``COLUMNS`` is in the order of the screen; ``choose`` leaves out the least needed ones until the rest fits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from arbtui.core.model import Market
from arbtui.strategy.rows import Leg, SpreadRow
from arbtui.ui import text
from arbtui.ui.filter import SPREADS, lesser_volume_usd, worst_age_ms
from arbtui.ui.glyphs import UNKNOWN
from arbtui.ui.theme import Cell, Role

SortValue = float | str | None


@dataclass(frozen=True)
class Column:
    """``width`` includes the one cell of air on its left. ``need``: the higher, the sooner it is left out.

    Neighbours of one ``group`` mostly change together and are painted by one widget.
    """

    id: str
    group: str
    title: str
    letter: str
    width: int
    need: int
    about: str
    value: Callable[[SpreadRow], SortValue]
    cell: Callable[[SpreadRow, float], Cell]
    right: bool = True
    air: bool = True  # a cell of space in front, where it stands to the left


def marks(row: SpreadRow) -> str:
    """``~`` muted, ``i`` selling needs inventory, ``$`` currencies converted, ``r`` a leg known by REST only."""
    rest = "rest" in (row.buy.source, row.sell.source)
    flags = "~" if row.muted is not None else "r" if rest else " "
    return flags + ("i" if row.needs_inventory else " ") + ("$" if row.basis is not None else " ")


def leg_text(leg: Leg) -> str:
    """``OKX  s``: the venue in four cells, and whether it is the spot market."""
    return f"{text.tag(leg.venue):<4}{' s' if leg.market is Market.SPOT else '  '}"


def _plain(row: SpreadRow) -> Role:
    return "faint" if row.muted is not None else "text"


def _net(row: SpreadRow, net_bps: float | None, threshold_bps: float) -> Cell:
    if net_bps is None:
        return UNKNOWN, "faint"
    if row.muted is not None:
        return f"({text.spread(net_bps)})", "faint"
    role: Role = "loss" if net_bps < 0 else "gain_strong" if net_bps >= threshold_bps else "gain"
    return text.spread_arrowed(net_bps), role


def _quiet(row: SpreadRow) -> Role:
    return "faint" if row.muted is not None else "dim"


COLUMNS: tuple[Column, ...] = (
    Column(
        "symbol", "name", "symbol", "y", 9, 0, "the coin",
        lambda row: row.base, lambda row, _: (row.base, "faint" if row.muted is not None else "strong"), right=False,
    ),
    Column(
        "marks", "name", "", "m", 3, 4, "~ muted, i selling needs inventory, $ currencies converted,"
        " r a leg by REST only",
        lambda row: marks(row).strip(), lambda row, _: (marks(row), "warn"), right=False, air=False,
    ),
    Column(
        "buy", "buy", "buy", "b", 7, 1, "where to buy; s = spot",
        lambda row: row.buy.venue, lambda row, _: (leg_text(row.buy), _plain(row)), right=False,
    ),
    Column(
        "ask", "buy", "ask", "k", 10, 7, "the buy leg's best ask, per coin",
        lambda row: row.buy.price, lambda row, _: (text.price(row.buy.price, 9), _plain(row)),
    ),
    Column(
        "sell", "sell", "sell", "l", 7, 1, "where to sell; s = spot",
        lambda row: row.sell.venue, lambda row, _: (leg_text(row.sell), _plain(row)), right=False,
    ),
    Column(
        "bid", "sell", "bid", "d", 10, 8, "the sell leg's best bid, per coin",
        lambda row: row.sell.price, lambda row, _: (text.price(row.sell.price, 9), _plain(row)),
    ),
    Column(
        "gross", "edge", "gross", "g", 6, 6, "before fees",
        lambda row: row.gross_bps, lambda row, _: (text.spread(row.gross_bps), _plain(row)),
    ),
    Column(
        "fees", "edge", "fees", "e", 6, 10, "both taker fees",
        lambda row: row.fees_bps, lambda row, _: (text.spread_plain(row.fees_bps), _quiet(row)),
    ),
    Column(
        "net", "edge", "net", "n", 8, 0, "gross - fees at the top of both books",
        lambda row: row.net_bps, lambda row, threshold: _net(row, row.net_bps, threshold),
    ),
    Column(
        "top", "room", "top", "t", 5, 5, "US dollars that both tops of book can fill",
        lambda row: row.top_usd, lambda row, _: (text.amount(row.top_usd), _plain(row)),
    ),
    Column(
        "max", "room", "max", "u", 5, 9, "US dollars until the next coin nets less than the threshold; walked books",
        lambda row: row.max_usd, lambda row, _: (text.amount(row.max_usd), _plain(row)),
    ),
    Column(
        "age", "age", "age", "a", 5, 3, "age of the older leg",
        worst_age_ms, lambda row, _: (text.age(worst_age_ms(row)), _quiet(row)),
    ),
    Column(
        "walk", "later", "walk", "w", 8, 11, "net for the chosen size, walking both books",
        lambda row: row.walk_net_bps, lambda row, threshold: _net(row, row.walk_net_bps, threshold),
    ),
    Column(
        "carry", "later", "carry", "f", 7, 12, "funding earned per hour holding both legs",
        lambda row: row.carry_per_h_bps, lambda row, _: (text.spread(row.carry_per_h_bps, 2), _plain(row)),
    ),
    Column(
        "rt", "later", "r.trip", "r", 7, 13, "net of opening now and closing when both mids have met",
        lambda row: row.round_trip_bps, lambda row, _: (text.spread(row.round_trip_bps), _plain(row)),
    ),
    Column(
        "vol", "words", "vol", "o", 6, 14, "24 h volume of the leg that has less, US dollars",
        lesser_volume_usd, lambda row, _: (text.amount(lesser_volume_usd(row)), _quiet(row)),
    ),
    Column(
        "why", "words", "why muted", "z", 40, 15, "why the pair is not admissible",
        lambda row: row.muted or "", lambda row, _: ("" if row.muted is None else " " + row.muted, "dim"), right=False,
    ),
)  # fmt: skip
BY_ID = {column.id: column for column in COLUMNS}
BY_LETTER = {column.letter: column for column in COLUMNS}
DEFAULT_SORT = "net"
_WHY_LEAST = 16


def choose(width: int, sorted_by: str = "") -> list[tuple[Column, int]]:
    """Columns that fit, in the order of the screen, with their widths; what is left over widens one of them.

    The column that the rows are sorted by is always among them.
    """
    need = {column.id: column.need for column in COLUMNS}
    if sorted_by in need:
        need[sorted_by] = 0
    left = width
    taken: dict[str, int] = {}
    for column in sorted(COLUMNS, key=lambda column: need[column.id]):
        wanted = column.width + (text.spread_room() if column.id in SPREADS else 0)
        if column.id == "why":
            wanted = _WHY_LEAST if sorted_by == "why" else min(column.width, max(_WHY_LEAST, left))
        if wanted > left:
            continue
        taken[column.id] = wanted
        left -= wanted
    return _in_order(taken, left)


def pages(width: int, sorted_by: str = "") -> list[list[tuple[Column, int]]]:
    """All columns, as many side by side as fit: first what ``choose`` takes, then what that leaves out, in the order of
    the screen, each time beside the symbol and the column that the rows are sorted by.
    """
    first = choose(width, sorted_by)
    shown = {column.id for column, _ in first}
    missing = [column for column in COLUMNS if column.id not in shown and column.title]
    found = [first]
    while missing:
        taken = {column.id: column.width for column in COLUMNS if column.id in ("symbol", sorted_by)}
        if "why" in taken:
            taken["why"] = _WHY_LEAST
        left = width - sum(taken.values())
        fits: list[Column] = []
        for column in missing:
            wanted = min(column.width, max(_WHY_LEAST, left)) if column.id == "why" else column.width
            if wanted <= left:
                fits.append(column)
                taken[column.id] = wanted
                left -= wanted
        if not fits:
            break  # there is no room beside the symbol: narrower than any column
        missing = [column for column in missing if column not in fits]
        found.append(_in_order(taken, left))
    return found


def _in_order(taken: dict[str, int], left: int) -> list[tuple[Column, int]]:
    if left > 0 and taken:
        widest = "why" if "why" in taken else "symbol"
        taken[widest] = taken.get(widest, 0) + min(left, 6 if widest == "symbol" else left)
    return [(column, taken[column.id]) for column in COLUMNS if column.id in taken]


def header(column: Column, width: int, *, sorted_by: bool, reverse: bool) -> Cell:
    """A column's title; the sorted one carries its direction."""
    title = f"{column.title}{'↑' if reverse else '↓'}" if sorted_by else column.title
    if column.right:
        return text.fit(title, width, right=True), "header_sort" if sorted_by else "header"
    return text.fit(" " * column.air + title, width), "header_sort" if sorted_by else "header"


def body(column: Column, width: int, row: SpreadRow, threshold_bps: float) -> Cell:
    """A cell, exactly ``width`` wide."""
    content, role = column.cell(row, threshold_bps)
    if column.right:
        return text.fit(content, width, right=True), role
    return text.fit(" " * column.air + content, width), role
