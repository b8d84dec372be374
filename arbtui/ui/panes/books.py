"""The books of both legs side by side, and what the chosen size would bring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.core.model import Market
from arbtui.market.slot import Slot
from arbtui.strategy.rows import Leg, SpreadRow
from arbtui.ui import text
from arbtui.ui.desk import Desk
from arbtui.ui.ladder import Ladder, ladder
from arbtui.ui.layout import PaneId
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import Pane
from arbtui.ui.theme import Cell, Line, Role

_HEAD = 1
_SUMMARY_FROM = 13  # a body lower than this has no room for the summary
_SUMMARY = 4


class BooksPane(Pane):
    pane_id: ClassVar[PaneId] = "books"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._head = LineWidget(desk.theme)
        self._sides = (LineWidget(desk.theme), LineWidget(desk.theme))
        self._summary = LineWidget(desk.theme)

    def body_widgets(self) -> Iterable[LineWidget]:
        return (self._head, *self._sides, self._summary)

    def body_places(self, size: Size) -> dict[Widget, Region]:
        height = self._ladder_height(size)
        half = (size.width - 1) // 2
        return {
            self._head: Region(0, 0, size.width, _HEAD),
            self._sides[0]: Region(0, _HEAD, half + 1, height),
            self._sides[1]: Region(half + 1, _HEAD, size.width - half - 1, height),
            self._summary: Region(0, _HEAD + height, size.width, max(0, size.height - _HEAD - height)),
        }

    def _ladder_height(self, size: Size) -> int:
        room = max(0, size.height - _HEAD)
        return room - _SUMMARY if size.height >= _SUMMARY_FROM else room

    def show_body(self, now_s: float) -> None:
        row = self.desk.pair()
        if row is None:
            self._show_nothing()
            return
        height = self._ladder_height(self.body_size)
        half = (self.body_size.width - 1) // 2
        self._head.show([_head_line(row, half)])
        for side, leg in enumerate((row.buy, row.sell)):
            slot = self.desk.port.board.slots[leg.slot]
            self._sides[side].show(ladder_lines(slot, height, half, "│" if side == 0 else ""))
        if self.body_size.height >= _SUMMARY_FROM:
            self._summary.show(summary(row, self.desk.port.walk_usd, self.body_size.width))
        else:
            self._summary.show(())

    def _show_nothing(self) -> None:
        self._head.show([((" No pair of legs yet.", "dim"),)])
        for widget in (*self._sides, self._summary):
            widget.show(())

    def title_extra(self) -> Sequence[Cell]:
        if not self.desk.coin:
            return ()
        chosen = "by hand" if self.desk.legs_chosen else "best pair"
        return ((f" {text.clean(self.desk.coin)} ", "strong"), (f" {chosen} ", "dim"))


def _head_line(row: SpreadRow, half: int) -> Line:
    return (
        (text.fit(" " + _leg_words("buy", row.buy), half), "gain"),
        ("│", "rule"),
        (text.fit(" " + _leg_words("sell", row.sell), half), "loss"),
    )


def _leg_words(side: str, leg: Leg) -> str:
    market = "spot" if leg.market is Market.SPOT else "perp"
    source = " REST" if leg.source == "rest" else ""
    return f"{side} {text.tag(leg.venue)} {market}  {text.age(leg.age_ms)}{source}"


def ladder_lines(slot: Slot, height: int, width: int, edge: str) -> list[Line]:
    """Asks above, best next to the middle, bids below; the middle says where the levels come from."""
    each = max(1, (height - 1) // 2)
    book = ladder(slot, each)
    decimals = text.step_decimals(slot.instrument)
    price_width = width * 11 // 20
    size_width = width - price_width

    def level(at: tuple[float, float] | None, role: Role) -> Line:
        if at is None:
            return ((" " * width + edge, "dim"),)
        price = text.stepped_price(at[0], decimals, price_width - 1)
        qty = text.fit(text.size(at[1]), size_width, right=True)
        return (text.fit(price, price_width, right=True), "faint" if book.stale else role), (qty + edge, "dim")

    blank_asks, blank_bids = each - len(book.asks), each - len(book.bids)
    middle = text.fit(_middle(book), price_width) + text.fit(book.origin, size_width, right=True) + edge
    lines = [level(None, "loss")] * blank_asks + [level(at, "loss") for at in reversed(book.asks)]
    lines.append(((middle, "dim"),))
    lines += [level(at, "gain") for at in book.bids] + [level(None, "gain")] * blank_bids
    return lines[:height]


def _middle(book: Ladder) -> str:
    if book.spread_bps is None:
        return " no spread"
    return f" ── {text.signed(book.spread_bps).lstrip('+')} bps"


def summary(row: SpreadRow, walk_usd: float, width: int) -> list[Line]:
    """What the pair brings, in words that fit; the reason first where it may not be traded."""
    if row.muted is not None:
        return [((" " + line, "warn"),) for line in text.wrap(f"muted: {row.muted}", width - 1)[:_SUMMARY]]
    top: Line = (
        (f" gross {text.signed(row.gross_bps)} fees {text.plain(row.fees_bps)} ", "text"),
        (f"NET {text.arrowed(row.net_bps)}", _gain(row.net_bps)),
        (f" top {text.amount(row.top_usd)}", "dim"),
    )
    walk: Line = (
        (f" for {text.amount(walk_usd)} USD ", "text"),
        (f"NET {text.arrowed(row.walk_net_bps)}", _gain(row.walk_net_bps)),
        (f" room {text.amount(row.max_usd)}", "dim"),
    )
    later: Line = (
        (f" round trip {text.signed(row.round_trip_bps)}  carry {text.signed(row.carry_per_h_bps, 2)}/h", "text"),
    )
    lines = [top, walk, later]
    if row.basis is not None:
        lines.append(((f" {basis_words(row)}", "dim"),))
    return lines


def basis_words(row: SpreadRow) -> str:
    """The rate that made both legs comparable, its source and its age."""
    if row.basis is None:
        return ""
    return f"{text.clean(row.basis.pair)} {row.basis.rate:.5f}, {text.age(row.basis.age_ms)} old"


def _gain(value: float | None) -> Role:
    return "faint" if value is None else "loss" if value < 0 else "gain_strong"
