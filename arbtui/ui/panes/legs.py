"""Every venue and market of the selected coin, one row each; any two of them can be made the legs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.core.model import Market
from arbtui.lines.exports import Table
from arbtui.market.freshness import heard_ns
from arbtui.market.slot import Slot
from arbtui.strategy.rows import SpreadRow
from arbtui.ui import tables, text
from arbtui.ui.belief import why_not
from arbtui.ui.desk import Desk
from arbtui.ui.glyphs import UNKNOWN
from arbtui.ui.layout import PaneId
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import ListPane
from arbtui.ui.registry import Handlers
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
    """Venue and market, and the quote currency where the venue lists the coin's market in several."""
    instrument = slot.instrument
    place = instrument.venue, instrument.market
    alike = sum((other.instrument.venue, other.instrument.market) == place for other in slot.coin.slots)
    market = instrument.market.value
    return f"{text.tag(instrument.venue)} {market if alike == 1 else f'{market[0]} {instrument.quote}'}"


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
        return UNKNOWN if slot.instrument.market is Market.PERP else ""
    every = f"/{funding.interval_h:g}h" if funding.interval_h else "/?"
    return text.percent(float(funding.rate)) + every


def _per(hours: int) -> Callable[[Slot, int], str]:
    """Funding of so many hours, basis points; what a long pays is positive."""

    def cell(slot: Slot, _: int) -> str:
        if slot.instrument.market is not Market.PERP:
            return ""
        return text.spread(None if slot.rate_per_h is None else slot.rate_per_h * 1e4 * hours, 2)

    return cell


def basis_bps(slot: Slot) -> float | None:
    """How far a perpetual's mark stands above its index, of the index; None where either is unknown."""
    mark, index = slot.mark_price, slot.index_price
    return 1e4 * (mark - index) / index if not slot.is_spot and mark and index else None


def _next(slot: Slot, now_ns: int) -> str:
    if slot.instrument.market is not Market.PERP:
        return ""
    return text.countdown(slot.funding.next_ms if slot.funding is not None else None, now_ns)


def age_ms(slot: Slot, now_ns: int) -> float | None:
    """Since the quote was last heard, or confirmed by a second source."""
    return None if slot.quote is None else (now_ns - heard_ns(slot)) / 1e6


COLUMNS: tuple[LegColumn, ...] = (
    LegColumn("name", "leg", 12, 0, lambda slot, _: _name(slot), right=False),
    LegColumn("top", "bid", 11, 1, _priced(lambda slot: slot.bid)),
    LegColumn("top", "size", 9, 8, lambda slot, _: text.size(slot.bid_qty)),
    LegColumn("top", "ask", 11, 2, _priced(lambda slot: slot.ask)),
    LegColumn("top", "size", 9, 8, lambda slot, _: text.size(slot.ask_qty)),
    LegColumn("marks", "last", 11, 12, _priced(lambda slot: slot.last_price)),
    LegColumn("marks", "mark", 11, 11, _priced(lambda slot: slot.mark_price)),
    LegColumn("carry", "prem %", 8, 13, lambda slot, _: "" if slot.is_spot else text.signed(premium_pct(slot), 3)),
    LegColumn("carry", "basis", 7, 7, lambda slot, _: "" if slot.is_spot else text.spread(basis_bps(slot))),
    LegColumn("carry", "/h", 7, 10, _per(1)),
    LegColumn("carry", "/8h", 8, 4, _per(8)),
    LegColumn("carry", "funding", 13, 5, lambda slot, _: _funding(slot)),
    LegColumn("next", "next", 6, 6, _next),
    LegColumn("volume", "vol $", 6, 9, lambda slot, _: text.amount(slot.vol_24h_usd)),
    LegColumn("age", "age", 5, 3, lambda slot, now_ns: text.age(age_ms(slot, now_ns))),
    LegColumn("words", "quote", 6, 15, lambda slot, _: slot.instrument.quote),
    LegColumn("words", "fee", 6, 14, lambda slot, _: text.spread_plain(slot.taker_rate * 1e4)),
    LegColumn("words", "native", 18, 17, lambda slot, _: slot.instrument.native, right=False),
)  # fmt: skip
_WHY = "muted because"
_WHY_LEAST = 16
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

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._marks = LineWidget(desk.theme)
        self._groups = {column.group: LineWidget(desk.theme) for column in COLUMNS}
        self._why = LineWidget(desk.theme)  # to the right of the last column: why a leg may not trade
        self._fitted: dict[str, list[LegColumn]] = {}
        self._coin = ""

    def body_widgets(self) -> Iterable[LineWidget]:
        return (self._marks, *self._groups.values(), self._why)

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
        places[self._why] = Region(x, 0, max(0, size.width - x), size.height)
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
        why = [why_not(self.desk.port, slot) for slot in seen]
        for group, columns in self._fitted.items():
            lines: list[Line] = [tuple(_header(column) for column in columns)]
            for slot, reason in zip(seen, why, strict=True):
                lines.append(tuple(_cell(column, slot, now_ns, muted=reason is not None) for column in columns))
            self._groups[group].show(lines, cursor_row)
        self._marks.show(self._mark_lines(seen, why, cursor_row), cursor_row)
        self._why.show(why_lines(why, self._why.size.width), cursor_row)

    def _begin_anew(self) -> None:
        """Another coin has other rows."""
        if self.desk.coin != self._coin:
            self._coin = self.desk.coin
            self.cursor.index = self.cursor.top = 0

    def move(self, by: int) -> None:
        self._begin_anew()
        super().move(by)

    def _mark_lines(self, slots: Sequence[Slot], why: Sequence[str | None], cursor_row: int) -> list[Line]:
        """``▸`` cursor, then ``B`` and ``S`` at the legs on show, then ``~`` where a leg may not trade."""
        pair = self.desk.pair()
        lines: list[Line] = [((" " * _MARK_WIDTH, "text"),)]
        sides: dict[int, Cell] = {}
        if pair is not None:
            sides = {pair.sell.slot: ("S", "loss"), pair.buy.slot: ("B", "gain_strong")}
        for y, (slot, reason) in enumerate(zip(slots, why, strict=True), 1):
            pointer: Cell = ("▸" if y == cursor_row else " ", "cursor")
            lines.append((pointer, sides.get(slot.id, (" ", "text")), ("~" if reason else " ", "warn")))
        return lines

    def detail(self, width: int) -> list[Line] | None:
        here = self._here()
        if here is None:
            return None
        reason = why_not(self.desk.port, here)
        words = f"{here.key} muted: {reason}" if reason is not None else leg_words(here)
        return [((" " + part, "warn" if reason else "text"),) for part in text.wrap(words, width - 2)]

    def table(self) -> Table:
        return tables.legs(self.desk.port, self._slots(), self.cursor.index)

    def title_extra(self) -> Sequence[Cell]:
        return ((f" {text.clean(self.desk.coin)} ", "strong"),) if self.desk.coin else ()

    def title_right(self) -> Sequence[Cell]:
        cells: list[Cell] = [("by hand", "warn")] if self.desk.legs_chosen else []
        pair = self.desk.pair()
        if pair is not None:
            cells.append(carry_cell(pair))
        return cells

    def _here(self) -> Slot | None:
        self._begin_anew()
        slots = self._slots()
        return slots[self.cursor.index] if 0 <= self.cursor.index < len(slots) else None

    def handlers(self) -> Handlers:
        return {
            "legs.buy": lambda: self._choose(buy=True),
            "legs.sell": lambda: self._choose(buy=False),
            "legs.best": self.best_legs,
        }

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

    def best_legs(self) -> None:
        self.desk.choose_legs(None, None)
        self.moved()


def _header(column: LegColumn) -> Cell:
    title = column.title if column.right else " " + column.title
    return text.fit(title, column.width, right=column.right), "header"


def leg_words(slot: Slot) -> str:
    """A leg in full: what its funding is, what its fee is, and where that is known from."""
    fee = f"taker fee {text.spread_plain(slot.taker_rate * 1e4, 2)} {text.spread_unit()} ({slot.fee_source})"
    funding = slot.funding
    if slot.is_spot or funding is None or funding.rate is None:
        return f"{slot.key}: {fee}" + ("" if slot.is_spot else "; funding not known yet")
    kind = "fixed until settlement" if funding.rate_kind == "fixed" else "an estimate until settlement"
    interval = f"every {funding.interval_h:g} h" if funding.interval_h else "interval not known"
    settled = f", last settled {text.percent(float(funding.settled_rate))}" if funding.settled_rate is not None else ""
    return f"{slot.key}: funding {text.percent(float(funding.rate))} {interval}, {kind}{settled}; {fee}"


def carry_cell(pair: SpreadRow) -> Cell:
    """What eight hours of holding the pair on show bring."""
    carry = pair.carry_per_h_bps
    words = f"carry {text.spread(None if carry is None else 8 * carry, 2)}/8h"
    return words, "faint" if carry is None else "loss" if carry < 0 else "gain"


def why_lines(why: Sequence[str | None], width: int) -> list[Line]:
    """Why each leg may not trade, where there is room to say it; the line of the detail says it anywhere."""
    if width < _WHY_LEAST:
        return []
    lines: list[Line] = [((text.fit(" " + _WHY, width), "header"),)]
    return [*lines, *((((text.fit(" " + reason, width) if reason else ""), "dim"),) for reason in why)]


def _cell(column: LegColumn, slot: Slot, now_ns: int, *, muted: bool) -> Cell:
    words = column.cell(slot, now_ns)
    role: Role = "faint" if muted else "text"
    return text.fit(words if column.right else " " + words, column.width, right=column.right), role
