"""The books of both legs side by side, and what the chosen size would bring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.core.model import Market
from arbtui.market.state import Slot
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
        self._prices = (LineWidget(desk.theme), LineWidget(desk.theme))
        self._sizes = (LineWidget(desk.theme), LineWidget(desk.theme))
        self._wall = LineWidget(desk.theme)
        self._summary = LineWidget(desk.theme)

    def body_widgets(self) -> Iterable[LineWidget]:
        return (self._head, *self._prices, *self._sizes, self._wall, self._summary)

    def body_places(self, size: Size) -> dict[Widget, Region]:
        height = self._ladder_height(size)
        half = (size.width - 1) // 2
        price = half * 11 // 20
        second = half + 1
        return {
            self._head: Region(0, 0, size.width, _HEAD),
            self._prices[0]: Region(0, _HEAD, price, height),
            self._sizes[0]: Region(price, _HEAD, half - price, height),
            self._wall: Region(half, _HEAD, 1, height),
            self._prices[1]: Region(second, _HEAD, price, height),
            self._sizes[1]: Region(second + price, _HEAD, size.width - second - price, height),
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
            prices, sizes = _ladder_lines(slot, height, self._prices[side].size.width, self._sizes[side].size.width)
            self._prices[side].show(prices)
            self._sizes[side].show(sizes)
        self._wall.show([(("│", "rule"),)] * height)
        if self.body_size.height >= _SUMMARY_FROM:
            self._summary.show(summary(row, self.desk.port.walk_usd, self.body_size.width))
        else:
            self._summary.show(())

    def _show_nothing(self) -> None:
        self._head.show([((" No pair of legs yet.", "dim"),)])
        for widget in (*self._prices, *self._sizes, self._wall, self._summary):
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


def _ladder_lines(slot: Slot, height: int, price_width: int, size_width: int) -> tuple[list[Line], list[Line]]:
    """Asks above, best next to the middle, bids below; the middle says where the levels come from."""
    each = max(1, (height - 1) // 2)
    book = ladder(slot, each)
    asks = [None] * (each - len(book.asks)) + list(reversed(book.asks))
    bids = [*book.bids, *[None] * (each - len(book.bids))]
    decimals = text.step_decimals(slot.instrument)
    prices: list[Line] = []
    sizes: list[Line] = []
    roles: tuple[tuple[Sequence[tuple[float, float] | None], Role], ...] = ((asks, "loss"), (bids, "gain"))
    for levels, role in roles:
        for level in levels:
            price, qty = level if level is not None else (None, None)
            words = text.stepped_price(price, decimals, price_width - 1) if level is not None else ""
            prices.append(((text.fit(words, price_width, right=True), role if not book.stale else "faint"),))
            sizes.append(((text.fit(text.size(qty) if level is not None else "", size_width, right=True), "dim"),))
        if role == "loss":
            prices.append(((text.fit(_middle(book), price_width), "dim"),))
            sizes.append(((text.fit(book.origin, size_width, right=True), "dim"),))
    return prices[:height], sizes[:height]


def _middle(book: Ladder) -> str:
    if book.spread_bps is None:
        return " no spread"
    return f" ── {text.signed(book.spread_bps).lstrip('+')} bps"


def summary(row: SpreadRow, walk_usd: float, width: int) -> list[Line]:
    """What the pair brings, in words that fit; the reason first where it may not be traded."""
    if row.muted is not None:
        return [((" " + line, "warn"),) for line in text.wrap(f"muted: {row.muted}", width - 1)[:_SUMMARY]]
    top: Line = (
        (f" gross {text.signed(row.gross_bps)}  fees {text.plain(row.fees_bps)}  ", "text"),
        (f"NET {text.arrowed(row.net_bps)}", _gain(row.net_bps)),
        (f"  top {text.amount(row.top_usd)}", "dim"),
    )
    walk: Line = (
        (f" for {text.amount(walk_usd)} USD  ", "text"),
        (f"NET {text.arrowed(row.walk_net_bps)}", _gain(row.walk_net_bps)),
        (f"  room {text.amount(row.max_usd)}", "dim"),
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
