"""Every venue and market of the selected coin, one row each; any two of them can be made the legs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.core.model import Market
from arbtui.market.slot import Slot
from arbtui.ui import text
from arbtui.ui.actions import bindings
from arbtui.ui.desk import Desk
from arbtui.ui.layout import PaneId
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import ListPane
from arbtui.ui.theme import Cell, Line, Role


@dataclass(frozen=True)
class LegColumn:
    """``need``: the higher, the sooner left out. ``cell(slot, now_ns)``. ``group``: see the columns of the grid."""

    group: str
    title: str
    width: int
    need: int
    cell: Callable[[Slot, int], str]
    right: bool = True


def _priced(pick: Callable[[Slot], float | None]) -> Callable[[Slot, int], str]:
    return lambda slot, _: text.stepped_price(pick(slot), text.step_decimals(slot.instrument), 10)


def _name(slot: Slot) -> str:
    return f"{text.tag(slot.instrument.venue)} {slot.instrument.market.value}"


def premium_pct(slot: Slot) -> float | None:
    """(perp - spot) / spot of one venue, both at their mids, in percent; None where the venue has no such spot."""
    if slot.instrument.market is not Market.PERP:
        return None
    for other in slot.coin.slots:
        instrument = other.instrument
        if instrument.venue == slot.instrument.venue and instrument.market is Market.SPOT:
            spot, perp = other.mid, slot.mid
            if spot and perp and instrument.price_ccy == slot.instrument.price_ccy:
                return 100 * (perp - spot) / spot
    return None


def _funding(slot: Slot) -> str:
    """The rate as the venue states it, with its interval."""
    funding = slot.funding
    if funding is None or funding.rate is None:
        return text.UNKNOWN if slot.instrument.market is Market.PERP else ""
    every = f"/{funding.interval_h:g}h" if funding.interval_h else "/?"
    return text.percent(float(funding.rate)) + every


def _per_hour(slot: Slot) -> str:
    if slot.instrument.market is not Market.PERP:
        return ""
    return text.UNKNOWN if slot.rate_per_h is None else text.signed(slot.rate_per_h * 1e4, 3)


def _next(slot: Slot, now_ns: int) -> str:
    if slot.instrument.market is not Market.PERP:
        return ""
    return text.countdown(slot.funding.next_ms if slot.funding is not None else None, now_ns)


def age_ms(slot: Slot, now_ns: int) -> float | None:
    return None if slot.quote is None else (now_ns - slot.quote.t_ns) / 1e6


COLUMNS: tuple[LegColumn, ...] = (
    LegColumn("name", "leg", 11, 0, lambda slot, _: _name(slot), right=False),
    LegColumn("top", "bid", 11, 1, _priced(lambda slot: slot.bid)),
    LegColumn("top", "size", 9, 7, lambda slot, _: text.size(slot.bid_qty)),
    LegColumn("top", "ask", 11, 2, _priced(lambda slot: slot.ask)),
    LegColumn("top", "size", 9, 7, lambda slot, _: text.size(slot.ask_qty)),
    LegColumn("marks", "last", 11, 9, _priced(lambda slot: slot.last_price)),
    LegColumn("marks", "mark", 11, 8, _priced(lambda slot: slot.mark_price)),
    LegColumn("carry", "prem %", 8, 10, lambda slot, _: "" if slot.is_spot else text.signed(premium_pct(slot), 3)),
    LegColumn("carry", "bps/h", 8, 4, lambda slot, _: _per_hour(slot)),
    LegColumn("carry", "funding", 13, 5, lambda slot, _: _funding(slot)),
    LegColumn("next", "next", 7, 6, _next),
    LegColumn("volume", "vol $", 6, 8, lambda slot, _: text.amount(slot.vol_24h_usd)),
    LegColumn("age", "age", 5, 3, lambda slot, now_ns: text.age(age_ms(slot, now_ns))),
    LegColumn("words", "quote", 6, 12, lambda slot, _: slot.instrument.quote),
    LegColumn("words", "fee bps", 8, 13, lambda slot, _: f"{slot.taker_rate * 1e4:.1f}"),
    LegColumn("words", "native", 18, 14, lambda slot, _: slot.instrument.native, right=False),
    LegColumn("words", "muted because", 44, 15, lambda slot, _: slot.muted or "", right=False),
)  # fmt: skip
_MARK_WIDTH = 3


def choose(width: int) -> list[LegColumn]:
    """The columns that fit, in the order of the screen."""
    left = width
    taken = []
    for column in sorted(COLUMNS, key=lambda column: column.need):
        if column.width <= left:
            left -= column.width
            taken.append(column)
    return [column for column in COLUMNS if column in taken]


class LegsPane(ListPane):
    pane_id: ClassVar[PaneId] = "legs"
    BINDINGS: ClassVar[list[BindingType]] = bindings("legs")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._marks = LineWidget(desk.theme)
        self._groups = {column.group: LineWidget(desk.theme) for column in COLUMNS}
        self._rest = LineWidget(desk.theme)
        self._fitted: dict[str, list[LegColumn]] = {}
        self._coin = ""

    def body_widgets(self) -> Iterable[LineWidget]:
        return (self._marks, *self._groups.values(), self._rest)

    def body_places(self, size: Size) -> dict[Widget, Region]:
        self._fitted = {}
        for column in choose(size.width - _MARK_WIDTH):
            self._fitted.setdefault(column.group, []).append(column)
        places: dict[Widget, Region] = {self._marks: Region(0, 0, _MARK_WIDTH, size.height)}
        x = _MARK_WIDTH
        for group, columns in self._fitted.items():
            width = sum(column.width for column in columns)
            places[self._groups[group]] = Region(x, 0, width, size.height)
            x += width
        places[self._rest] = Region(x, 0, max(0, size.width - x), size.height)
        return places

    def _slots(self) -> list[Slot]:
        coin = self.desk.port.board.coins.get(self.desk.coin)
        if coin is None:
            return []
        return sorted(
            coin.slots, key=lambda slot: (slot.instrument.venue, slot.instrument.market, slot.instrument.native)
        )

    @property
    def count(self) -> int:
        coin = self.desk.port.board.coins.get(self.desk.coin)
        return 0 if coin is None else len(coin.slots)

    def show_body(self, now_s: float) -> None:
        self._begin_anew()
        self.cursor.clamp(self.count, self.window)
        slots = self._slots()
        top = self.cursor.top
        seen = slots[top : top + self.window]
        cursor_row = self.cursor.index - top + 1 if slots else -1
        now_ns = self.desk.port.clock.now_ns()
        for group, columns in self._fitted.items():
            lines: list[Line] = [tuple(_header(column) for column in columns)]
            lines.extend(tuple(_cell(column, slot, now_ns) for column in columns) for slot in seen)
            self._groups[group].show(lines, cursor_row)
        self._marks.show(self._mark_lines(seen, cursor_row), cursor_row)
        self._rest.show((), cursor_row)

    def _begin_anew(self) -> None:
        """Another coin has other rows."""
        if self.desk.coin != self._coin:
            self._coin = self.desk.coin
            self.cursor.index = self.cursor.top = 0

    def _move(self, by: int) -> None:
        self._begin_anew()
        super()._move(by)

    def _mark_lines(self, slots: Sequence[Slot], cursor_row: int) -> list[Line]:
        """``▸`` cursor, then ``B`` and ``S`` at the legs on show."""
        pair = self.desk.pair()
        lines: list[Line] = [((" " * _MARK_WIDTH, "text"),)]
        for y, slot in enumerate(slots, 1):
            side = (
                " " if pair is None else "B" if slot.id == pair.buy.slot else "S" if slot.id == pair.sell.slot else " "
            )
            role: Role = "gain_strong" if side == "B" else "loss"
            lines.append(
                (("▸" if y == cursor_row else " ", "cursor"), (side, role), ("~" if slot.muted else " ", "warn"))
            )
        return lines

    def detail(self, width: int) -> list[Line] | None:
        here = self._here()
        if here is None or here.muted is None:
            return None
        return [((" " + part, "warn"),) for part in text.wrap(f"{here.key} muted: {here.muted}", width - 2)]

    def title_extra(self) -> Sequence[Cell]:
        return ((f" {text.clean(self.desk.coin)} ", "strong"),) if self.desk.coin else ()

    def title_right(self) -> Sequence[Cell]:
        return (("by hand", "warn"),) if self.desk.legs_chosen else ()

    def _here(self) -> Slot | None:
        self._begin_anew()
        slots = self._slots()
        return slots[self.cursor.index] if 0 <= self.cursor.index < len(slots) else None

    def action_buy_here(self) -> None:
        self._choose(buy=True)

    def action_sell_here(self) -> None:
        self._choose(buy=False)

    def _choose(self, *, buy: bool) -> None:
        here, pair = self._here(), self.desk.pair()
        if here is None or pair is None:
            self.desk.say("There is no pair to change yet", "warning")
            return
        legs = (here.id, pair.sell.slot) if buy else (pair.buy.slot, here.id)
        if legs[0] == legs[1]:
            legs = (here.id, pair.buy.slot) if buy else (pair.sell.slot, here.id)  # the legs change places
        self.desk.choose_legs(*legs)
        self.moved()

    def action_best_legs(self) -> None:
        self.desk.choose_legs(None, None)
        self.moved()


def _header(column: LegColumn) -> Cell:
    title = column.title if column.right else " " + column.title
    return text.fit(title, column.width, right=column.right), "header"


def _cell(column: LegColumn, slot: Slot, now_ns: int) -> Cell:
    words = column.cell(slot, now_ns)
    role: Role = "faint" if slot.muted is not None else "text"
    return text.fit(words if column.right else " " + words, column.width, right=column.right), role
