"""The books of both legs side by side, what the chosen size takes of them, and what that would bring."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.core.model import Market
from arbtui.lines.exports import Table
from arbtui.market.slot import Slot
from arbtui.strategy.rows import Leg, SpreadRow
from arbtui.strategy.spread import gross_bps
from arbtui.strategy.walk import Walk
from arbtui.ui import tables, text
from arbtui.ui.belief import why_not
from arbtui.ui.desk import Desk
from arbtui.ui.glyphs import UNKNOWN
from arbtui.ui.ladder import GROUPS_BPS, Ladder, Rung, Taking, group_step, ladder, spread_bps
from arbtui.ui.layout import PaneId
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import Pane
from arbtui.ui.registry import Handlers
from arbtui.ui.theme import Cell, Line, Role

SUM_EVERY_S = 0.19
_HEAD = 1
_BELOW_FROM = 12  # a body as high has room for the summary below the books
_BESIDE_FROM = 72  # a lower one that is so wide has it beside them
_SUMMARY = 5
_SUMMARY_WIDTH = 36
_TAKINGS: tuple[Taking, Taking] = ("asks", "bids")
Walks = tuple[Walk | None, Walk | None]  # of the bought and of the sold leg
Rates = tuple[float | None, float | None]  # US dollars for one unit of each leg's price currency
_WARNINGS = {"resyncing": "resyncing", "waiting": "waiting for book", "crossed": "CROSSED"}


@dataclass(frozen=True)
class Room:
    """Where the books, and what they come to, stand in the body."""

    ladders: Region
    summary: Region


def room_of(size: Size) -> Room:
    width, height = size
    if height >= _BELOW_FROM:
        below = _SUMMARY + (1 if height >= _BELOW_FROM + 6 else 0)
        return Room(Region(0, 0, width, height - below), Region(0, height - below, width, below))
    if width >= _BESIDE_FROM:
        left = width - _SUMMARY_WIDTH
        return Room(Region(0, 0, left, height), Region(left, 0, _SUMMARY_WIDTH, height))
    return Room(Region(0, 0, width, height), Region(0, height, width, 0))


class BooksPane(Pane):
    pane_id: ClassVar[PaneId] = "books"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._head = LineWidget(desk.theme)
        self._sides = (LineWidget(desk.theme), LineWidget(desk.theme))
        self._summary = LineWidget(desk.theme)
        self._group = 0  # place in GROUPS_BPS
        self._summed = (-math.inf, "")  # when the summary was shown last, and of which pair and state

    def handlers(self) -> Handlers:
        return {"books.finer": lambda: self._regroup(-1), "books.coarser": lambda: self._regroup(1)}

    def _regroup(self, by: int) -> None:
        self._group = max(0, min(self._group + by, len(GROUPS_BPS) - 1))
        bps = GROUPS_BPS[self._group]
        self.desk.say(f"levels put together by {text.spread_exact(bps)}" if bps else "the venues' own levels")
        self.tick(self.desk.now_s())

    def body_widgets(self) -> Iterable[LineWidget]:
        return (self._head, *self._sides, self._summary)

    def body_places(self, size: Size) -> dict[Widget, Region]:
        room = room_of(size)
        x, y, width, height = room.ladders
        half, low = (width - 1) // 2, max(0, height - _HEAD)
        return {
            self._head: Region(x, y, width, min(_HEAD, height)),
            self._sides[0]: Region(x, y + _HEAD, half + 1, low),
            self._sides[1]: Region(x + half + 1, y + _HEAD, width - half - 1, low),
            self._summary: room.summary,
        }

    def show_body(self, now_s: float) -> None:
        row = self.desk.pair()
        if row is None:
            self._show_nothing()
            return
        room = room_of(self.body_size)
        height, half = max(0, room.ladders.height - _HEAD), (room.ladders.width - 1) // 2
        slots = [self.desk.port.board.slots[leg.slot] for leg in (row.buy, row.sell)]
        why = [why_not(self.desk.port, slot) for slot in slots]
        books = self._ladders(slots, why, max(1, (height - 1) // 2))
        most = max(book.most for book in books)
        self._head.show([_head_line(row, why, half, room.ladders.width)])
        for side, (slot, book) in enumerate(zip(slots, books, strict=True)):
            edge = "│" if side == 0 else ""
            self._sides[side].show(ladder_lines(slot, book, height, half, edge, most))
        rates = usd_rate(slots[0]), usd_rate(slots[1])
        self._sum_up(row, (books[0].walk, books[1].walk), rates, room.summary.size, now_s)

    def _sum_up(self, row: SpreadRow, walks: Walks, rates: Rates, size: Size, now_s: float) -> None:
        """Figures that a person reads change no oftener than those of the grid; what they are about does at once."""
        port = self.desk.port
        about = f"{row.buy.slot} {row.sell.slot} {port.walk_usd} {row.muted} {size}"
        if self._summed[1] == about and now_s - self._summed[0] < SUM_EVERY_S:
            return
        self._summed = (now_s, about)
        threshold = port.pair_threshold_bps(row.buy.slot, row.sell.slot)
        self._summary.show(summary(row, port.walk_usd, threshold, walks, rates, size.width)[: size.height])

    def _ladders(self, slots: Sequence[Slot], why: Sequence[str | None], depth: int) -> list[Ladder]:
        ask_usd = slots[0].ask_usd
        qty = self.desk.port.walk_usd / ask_usd if ask_usd else None
        bps = GROUPS_BPS[self._group]
        return [
            ladder(slot, depth, muted=why[side] is not None, step=group_step(slot.mid, bps), taking=taking, qty=qty)
            for side, (slot, taking) in enumerate(zip(slots, _TAKINGS, strict=True))
        ]

    def _show_nothing(self) -> None:
        self._head.show([((" No pair of legs yet.", "dim"),)])
        self._summed = (-math.inf, "")
        for widget in (*self._sides, self._summary):
            widget.show(())

    def table(self) -> Table:
        return tables.books(self.desk.port, self.desk.pair())

    def title_extra(self) -> Sequence[Cell]:
        if not self.desk.coin:
            return ()
        chosen = "by hand" if self.desk.legs_chosen else "best pair"
        return ((f" {text.clean(self.desk.coin)} ", "strong"), (f" {chosen} ", "dim"))

    def title_right(self) -> Sequence[Cell]:
        bps = GROUPS_BPS[self._group]
        return ((f"by {text.spread_exact(bps)}", "warn"),) if bps else ()


def _head_line(row: SpreadRow, why: Sequence[str | None], half: int, width: int) -> Line:
    return (
        (text.fit(_leg_words("buy", row.buy, why[0], half), half), "warn" if why[0] else "gain"),
        ("│", "rule"),
        (
            text.fit(_leg_words("sell", row.sell, why[1], width - half - 1), width - half - 1),
            "warn" if why[1] else "loss",
        ),
    )


def _leg_words(side: str, leg: Leg, why: str | None, width: int) -> str:
    market = "spot" if leg.market is Market.SPOT else "perp"
    age = text.age(leg.age_ms) + (" REST" if leg.source == "rest" else "")
    choices = (f"{side} {text.tag(leg.venue)} {market} {age}", f"{text.tag(leg.venue)} {market} {age}",
               f"{text.tag(leg.venue)} {age}", text.tag(leg.venue))  # fmt: skip
    return ("~" if why else " ") + text.that_fits(choices, width - 1)


@dataclass(frozen=True)
class Widths:
    """Cells of a rung beside the mark's one. Where there is no room a size is left out, never cut."""

    price: int
    bar: int
    size: int


def rung_widths(width: int, price: int) -> Widths:
    """``price``: cells that the longest price takes."""
    price = min(price, max(0, width - 1))
    left = max(0, width - 1 - price)
    size = 0 if left < 7 else 7 if left < 16 else 9
    return Widths(price, left - size, size)


def ladder_lines(slot: Slot, book: Ladder, height: int, width: int, edge: str, most: float) -> list[Line]:
    """Asks above, best next to the middle, bids below. ``most``: coins that a whole bar stands for."""
    each = max(1, (height - 1) // 2)
    asks, bids = book.asks[:each], book.bids[:each]
    decimals = text.step_decimals(slot.instrument)
    prices = {rung.price: text.stepped_price(rung.price, decimals, min(12, width - 1)) for rung in (*asks, *bids)}
    widths = rung_widths(width, max((len(words) for words in prices.values()), default=0))
    blank: Line = ((" " * width + edge, "rule"),)

    def rung(at: Rung, role: Role) -> Line:
        shown: Role = "faint" if book.stale else role
        return (*rung_cells(at, prices[at.price], widths, shown, most), (edge, "faint" if book.stale else "dim"))

    lines = [blank] * (each - len(asks)) + [rung(at, "loss") for at in reversed(asks)]
    lines.append((*middle(slot, book, width), (edge, "rule")))
    lines += [rung(at, "gain") for at in bids] + [blank] * (each - len(bids))
    return lines[:height]


def rung_cells(at: Rung, price: str, widths: Widths, role: Role, most: float) -> tuple[Cell, ...]:
    """``┃`` in front of what the walk takes, ``▸`` where it ends; the bar is the rung's share of the largest."""
    mark = "▸" if at.last else "┃" if at.eaten > 0.0 else " "
    bar = " " + bar_of(at.qty, most, widths.bar - 1) if widths.bar > 1 else ""
    quiet: Role = "faint" if role == "faint" else "dim"
    shown: Role = "strong" if at.eaten > 0.0 and role != "faint" else role
    return (
        (mark, "cursor" if mark != " " else shown),  # a blank in its neighbour's style costs the terminal nothing
        (text.fit(price, widths.price, right=True), shown),
        (text.fit(bar, widths.bar), quiet),
        (text.fit(coins(at.qty, widths.size - 1), widths.size, right=True), quiet),
    )


def bar_of(qty: float, most: float, width: int) -> str:
    """As many half cells as ``qty`` is of ``most``, at least one."""
    halves = max(1, round(2 * width * min(1.0, qty / most))) if most > 0.0 else 0
    return "█" * (halves // 2) + "▌" * (halves % 2)


def coins(value: float, width: int) -> str:
    """A number of coins to four figures where they fit."""
    for decimals in (3, 2, 1, 0):
        words = f"{value:.{decimals}f}"
        if len(words) <= min(width, 6) and (value >= 0.1 or decimals == 3) and float(words) > 0.0:
            return words
    return text.amount(value) if value >= 1.0 else f"{value:.0e}"


def middle(slot: Slot, book: Ladder, width: int) -> tuple[Cell, ...]:
    """The line between asks and bids: the spread, or why there is none to trust."""
    warning = _WARNINGS.get(book.origin)
    if warning is not None:
        return ((text.fit(f" ── {warning}", width), "warn"),)
    spread = spread_bps(slot)
    words = "one side" if spread is None else f"{text.spread_plain(spread)} {text.spread_unit()}"
    words += " top only" if book.origin == "top" else ""
    why = "muted" if slot.silenced is not None and slot.stale is None else "stale"
    words = f" ── {words} {why}" if book.stale else f" ── {words} "
    return ((text.fit(words, width) if book.stale else words.ljust(width, "─")[:width], "warn" if book.stale else
             "dim"),)  # fmt: skip


def usd_rate(slot: Slot) -> float | None:
    """US dollars for one unit of the slot's price currency."""
    return slot.ask_usd / slot.ask if slot.ask_usd is not None and slot.ask else None


def summary(
    row: SpreadRow,
    walk_usd: float,
    threshold_bps: float,
    walks: Walks,
    rates: Rates,
    width: int,
) -> list[Line]:
    """What the chosen size brings, in words that fit; the reason first where the pair may not be traded."""
    if row.muted is not None:
        muted: list[Line] = [((" " + line, "warn"),) for line in text.wrap(f"muted: {row.muted}", width - 1)[:3]]
        return [*muted, *_later(row, width)]
    return [*_walked(row, walk_usd, walks, rates, width), *_room(row, threshold_bps, width), *_later(row, width)]


def parts_bps(row: SpreadRow, walks: Walks, rates: Rates) -> tuple[float | None, float | None, float | None]:
    """Gross, fees and slip of NET, all of the books that were walked for it, so that they add up; where none were,
    gross and fees of the quotes.
    """
    firsts = _in_usd([walk.best if walk is not None else None for walk in walks], rates)
    averages = _in_usd([walk.average if walk is not None else None for walk in walks], rates)
    if row.walk_net_bps is None or firsts is None or averages is None:
        return row.gross_bps, row.fees_bps, None
    gross, walked = gross_bps(*firsts), gross_bps(*averages)
    return gross, walked - row.walk_net_bps, gross - walked


def _in_usd(prices: Sequence[float | None], rates: Rates) -> tuple[float, float] | None:
    a, b = (price and rate and price * rate for price, rate in zip(prices, rates, strict=True))
    return None if a is None or b is None else (a, b)


def _walked(row: SpreadRow, walk_usd: float, walks: Walks, rates: Rates, width: int) -> list[Line]:
    net = row.walk_net_bps
    parts = parts_bps(row, walks, rates)
    gross, fees, slipped = text.spread(parts[0]), text.spread_plain(parts[1]), text.spread_plain(parts[2])
    figures = (
        f"gross {gross} fee {fees} slip {slipped} {text.spread_unit()}",
        f"gross {gross} f {fees} s {slipped}",
        f"{gross} gross",
    )
    profit = profit_usd(net, walks[0], rates[0])
    result = f"NET {text.spread_arrowed(net)} {text.spread_unit()}"
    return [
        ((" " + text.fit(_prices_words(walk_usd, walks, width - 1), width - 1), "text"),),
        ((" " + text.fit(text.that_fits(figures, width - 1), width - 1), "text"),),
        (
            (f" {result} ", _gain(net)),
            (text.fit(f" {text.money(profit)} USD" if profit is not None else _why_no_walk(walks), width - len(result)
             - 2), _gain(net) if profit is not None else "warn"),
        ),
    ]  # fmt: skip


def _prices_words(walk_usd: float, walks: Walks, width: int) -> str:
    """The size, and the average price of each leg."""
    head = f"for {text.usd(walk_usd)} USD"
    averages = [None if walk is None or not walk.enough else walk.average for walk in walks]
    prices = " → ".join(text.price(average, 10) for average in averages)
    return f"{head}  {prices}" if len(head) + 2 + len(prices) <= width else f"{text.amount(walk_usd)}  {prices}"


def _why_no_walk(walks: Walks) -> str:
    if any(walk is None for walk in walks):
        return " no book to walk yet"
    short = [side for side, walk in zip(("buy", "sell"), walks, strict=True) if walk is not None and not walk.enough]
    return f" {' and '.join(short)} book too short" if short else ""


def profit_usd(net_bps: float | None, bought: Walk | None, rate: float | None) -> float | None:
    """What the walk for the chosen size leaves after fees, US dollars."""
    if net_bps is None or bought is None or not bought.enough or bought.average is None or rate is None:
        return None
    return net_bps * 1e-4 * bought.average * bought.wanted * rate


def _room(row: SpreadRow, threshold_bps: float, width: int) -> list[Line]:
    """How much more nets the threshold, marginal coin by marginal coin."""
    words = f"room to {text.spread_exact(threshold_bps)}: "
    if row.max_usd is None:
        return [((" " + words, "dim"), (UNKNOWN, "faint"), (f" top {text.amount(row.top_usd)} USD", "dim"))]
    room = "none" if not row.max_usd else f"{text.amount(row.max_usd)} USD"
    return [((" " + text.fit(words + room, width - 1), "text" if row.max_usd else "dim"),)]


def _later(row: SpreadRow, width: int) -> list[Line]:
    trip, carry = text.spread(row.round_trip_bps), text.spread(row.carry_per_h_bps, 2)
    choices = (f"round trip {trip}  carry {carry}/h", f"trip {trip} carry {carry}/h", f"trip {trip}")
    lines: list[Line] = [((text.fit(" " + text.that_fits(choices, width - 1), width), "text"),)]
    if row.basis is not None:
        lines.append(((text.fit(f" {basis_words(row)}", width), "dim"),))
    return lines


def basis_words(row: SpreadRow) -> str:
    """The rate that made both legs comparable, its source and its age."""
    if row.basis is None:
        return ""
    return f"{text.clean(row.basis.pair)} {row.basis.rate:.5f}, {text.age(row.basis.age_ms)} old"


def _gain(value: float | None) -> Role:
    return "faint" if value is None else "loss" if value < 0 else "gain_strong"
