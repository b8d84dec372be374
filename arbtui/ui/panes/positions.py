"""Open hedges: legs, entry, what they have made, how near the venue's own exit is; below, what all comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.execution.equity import Equity
from arbtui.execution.pairs import Pair
from arbtui.lines.exports import Table
from arbtui.ui import braille, tables, text
from arbtui.ui.belief import stale_price
from arbtui.ui.chart import EQUITY_GAP_NS
from arbtui.ui.desk import Desk
from arbtui.ui.glyphs import UNKNOWN
from arbtui.ui.layout import PaneId
from arbtui.ui.money import Money
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import ListPane
from arbtui.ui.registry import Handlers
from arbtui.ui.theme import Cell, Line, Role
from arbtui.ui.ticket.hedges import legs_words

_BPS = Decimal(10_000)
_QTY, _GAP, _PRICE, _FEES, _FUNDING, _MADE = 9, 10, 8, 7, 8, 9  # cells of columns, one of them between two
_BRACKETS = 2  # around what is doubted
_CURVE_WIDTH = 26
_CURVE_FROM = 110  # cells of width from which on the curve stands at the right
_CURVE_MARGIN = 2

Usd = Callable[[str], Decimal | None]


@dataclass(frozen=True)
class PairColumn:
    """``need``: the higher, the sooner left out. ``live``: made of prices of this moment."""

    title: str
    width: int
    need: int
    cell: Callable[[Pair, Money], Cell]
    right: bool = True
    live: bool = False


def edge_bps(pair: Pair, *, entry: bool) -> Decimal | None:
    """(sold - bought) / bought of both legs' entry prices, or of what they could be left at now; per coin."""
    prices = []
    for own in pair.legs:
        wire = own.entry if entry else own.exit
        if wire is None:
            return None
        prices.append(own.leg.coin_price(wire))
    return (prices[1] - prices[0]) / prices[0] * _BPS if prices[0] else None


def in_usd(amounts: Mapping[str, Decimal], usd: Usd) -> Decimal | None:
    """Amounts of several currencies together; None where a rate is not known."""
    total = Decimal(0)
    for ccy, amount in amounts.items():
        rate = usd(ccy) if amount else Decimal(0)
        if rate is None:
            return None
        total += amount * rate
    return total


def _state(pair: Pair, _: Money) -> Cell:
    return pair.state.value.replace("_", " "), "error" if pair.state.troubled else "text"


def _gap(pair: Pair, _: Money) -> Cell:
    if not pair.gap.known:
        return "0", "dim"
    words = text.coins_in(pair.gap.known, _GAP - _BRACKETS - 1)
    return (f"({words})", "warn") if pair.dust else (words, "error")


def _price_part(pair: Pair, money: Money) -> Cell:
    known = all(leg.open is not None for leg in pair.pnl.legs)
    made = in_usd(pair.pnl.price, money.trading.usd) if known else None
    return text.money_in(made, _PRICE - _BRACKETS - 1), _gain(made)


def _fees(pair: Pair, money: Money) -> Cell:
    paid = in_usd(pair.pnl.fees, money.trading.usd)
    doubt = "" if pair.pnl.complete else "?"
    return text.money_in(None if paid is None else -paid, _FEES - 1 - len(doubt)) + doubt, "text"


def _funding(pair: Pair, money: Money) -> Cell:
    return text.money_in(in_usd(pair.pnl.funding, money.trading.usd), _FUNDING - 1), "text"


def _made(pair: Pair, money: Money) -> Cell:
    made = money.pnl_usd.get(pair.hedge)
    return text.money_in(made, _MADE - _BRACKETS - 1), _gain(made)


_FAR_BPS = 99_950


def _liquidation(pair: Pair, _: Money) -> Cell:
    away = pair.liquidation_bps
    if away is None:
        return UNKNOWN, "faint"
    words = f"{float(away) / 100:.0f}%" if away < _FAR_BPS else ">999%"  # a figure is never cut
    return words, "error" if away < 500 else "warn" if away < 1500 else "text"


def _qty(pair: Pair) -> Decimal:
    return max(abs(leg.coins) for leg in pair.legs)


def _signed_bps(value: Decimal | None) -> str:
    return text.spread(text.bps(value))


COLUMNS: tuple[PairColumn, ...] = (
    PairColumn("coin", 7, 0, lambda pair, _: (pair.base, "strong"), right=False),
    PairColumn("legs", 13, 1, lambda pair, _: (legs_words(pair), "text"), right=False),
    PairColumn("state", 9, 2, _state, right=False),
    PairColumn("quantity", _QTY, 4, lambda pair, _: (text.coins_in(_qty(pair), _QTY - 1), "text")),
    PairColumn("gap", _GAP, 5, _gap),
    PairColumn("entry", 7, 9, lambda pair, _: (_signed_bps(edge_bps(pair, entry=True)), "text")),
    PairColumn("now", 7, 10, lambda pair, _: (_signed_bps(edge_bps(pair, entry=False)), "dim"), live=True),
    PairColumn("price", _PRICE, 7, _price_part, live=True),
    PairColumn("fees", _FEES, 8, _fees),
    PairColumn("funding", _FUNDING, 8, _funding),
    PairColumn("made USD", _MADE, 3, _made, live=True),
    PairColumn("liq", 5, 6, _liquidation),
    PairColumn("hedge", 11, 11, lambda pair, _: (pair.hedge, "dim")),
)


def choose(width: int) -> list[PairColumn]:
    left = width
    taken = []
    for column in sorted(COLUMNS, key=lambda column: column.need):
        if column.width <= left:
            left -= column.width
            taken.append(column)
    return [column for column in COLUMNS if column in taken]


class PositionsPane(ListPane):
    """The cursor stays with its hedge."""

    pane_id: ClassVar[PaneId] = "positions"

    def __init__(self, desk: Desk, follow: Callable[[str], None]) -> None:
        super().__init__(desk)
        self._follow_hedge = follow
        self._table = LineWidget(desk.theme)
        self._sums = LineWidget(desk.theme)
        self._curve = LineWidget(desk.theme)
        self._hedge = ""

    def body_widgets(self) -> Iterable[LineWidget]:
        return (self._table, self._sums, self._curve)

    def body_places(self, size: Size) -> dict[Widget, Region]:
        curve = _CURVE_WIDTH if size.width >= _CURVE_FROM else 0
        high = max(0, size.height - 1)
        below = self._curve_rows(size)
        places: dict[Widget, Region] = {
            self._table: Region(0, 0, size.width - curve, high - below),
            self._sums: Region(0, high, size.width, min(1, size.height)),
        }
        places[self._curve] = (
            Region(size.width - curve, 0, curve, high) if curve else Region(0, high - below, size.width, below)
        )
        return places

    @staticmethod
    def _curve_rows(size: Size) -> int:
        """Rows for the curve below the table, where it does not stand beside it and there is room."""
        return 6 if size.width < _CURVE_FROM and size.height >= 15 else 0

    @property
    def pairs(self) -> Sequence[Pair]:
        return self.desk.money.pairs if self.desk.money is not None else ()

    @property
    def count(self) -> int:
        return len(self.pairs)

    @property
    def window(self) -> int:
        return max(0, self._table.size.height - 1)

    def here(self) -> Pair | None:
        return self.pairs[self.cursor.index] if 0 <= self.cursor.index < self.count else None

    def moved(self) -> None:
        here = self.here()
        self._hedge = here.hedge if here is not None else ""
        super().moved()

    def _follow(self) -> None:
        place = next((at for at, pair in enumerate(self.pairs) if pair.hedge == self._hedge), None)
        if place is not None and place != self.cursor.index:
            self.cursor.index = place
            self.cursor.reveal(self.window)
        self.cursor.clamp(self.count, self.window)

    def show_body(self, now_s: float) -> None:
        money = self.desk.money
        if money is None:
            words = f"No orders in this run: {self.desk.port.no_trading}"
            self._table.show([((" " + line, "dim"),) for line in text.wrap(words, self.body_size.width - 2)])
            return
        money.look(now_s)
        self._follow()
        columns = choose(self._table.size.width - 2)
        head: Line = (("  ", "header"), *(_cell(column, (column.title, "header")) for column in columns))
        top = self.cursor.top
        seen = self.pairs[top : top + self.window]
        lines: list[Line] = [head]
        for at, pair in enumerate(seen, top):
            stale = stale_price(self.desk.port, pair) is not None
            lines.append(pair_line(pair, money, columns, here=at == self.cursor.index, stale=stale))
        if not seen:
            words = " No open hedge. {order.ticket} on a row of the grid opens a ticket."
            lines = [((self.desk.keys.words(words), "dim"),)]
        self._table.show(lines, self.cursor.index - top + 1 if seen else -1)
        self._sums.show([sums(money, self.body_size.width)])
        self._curve.show(self._curve_lines(money))

    def _curve_lines(self, money: Money) -> list[Line]:
        width, height = self._curve.size
        points = money.trading.equity_curve
        if not width or height < 2:
            return []
        inner = max(0, width - _CURVE_MARGIN)
        if len(points) < 2:
            return [((text.fit("  no equity curve yet", width), "dim"),)]
        values = [value for _, value in points]
        span = f"{text.clock_time(points[0][0])[:5]}-{text.clock_time(points[-1][0])[:5]}"
        words = f"{text.grouped(min(values))}-{text.grouped(max(values))} {span}"
        drawn = braille.curve(points, inner, height - 1, EQUITY_GAP_NS)
        return [((text.fit("  " + words, width), "dim"),), *((("  " + line, "accent"),) for line in drawn)]

    def detail(self, width: int) -> list[Line] | None:
        here = self.here()
        if here is None:
            return None
        stale = stale_price(self.desk.port, here)
        role: Role = "error" if here.state.troubled else "warn" if stale else "text"
        state = here.state.value.replace("_", " ")
        why = here.why if here.why.startswith(state) else f"{state}: {here.why}"
        words = f"{here.base} {why}" + (f"; reckoned at a stale price: {stale}" if stale else "")
        return [((" " + part, role),) for part in text.wrap(words, width - 2)]

    def table(self) -> Table:
        money = self.desk.money
        return tables.positions(
            self.pairs, money.pnl_usd.get if money is not None else lambda _: None, self.cursor.index
        )

    def title_extra(self) -> Sequence[Cell]:
        return ((f"{self.count} open ", "dim"),) if self.desk.money is not None else ()

    def handlers(self) -> Handlers:
        return {"positions.follow": self.follow}

    def follow(self) -> None:
        here = self.here()
        if here is not None:
            self._follow_hedge(here.hedge)


def pair_line(pair: Pair, money: Money, columns: Sequence[PairColumn], *, here: bool, stale: bool) -> Line:
    """``stale``: what is made of prices stands in brackets and ``~`` in front, as in the grid."""
    cells = [_cell(column, _doubted(column.cell(pair, money)) if stale and column.live else column.cell(pair, money))
             for column in columns]  # fmt: skip
    return (("▸" if here else " ", "cursor"), ("~" if stale else " ", "warn"), *cells)


def _doubted(cell: Cell) -> Cell:
    return cell if cell[0] == UNKNOWN else (f"({cell[0]})", "faint")


def sums(money: Money, width: int) -> Line:
    """What all of it comes to; what does not fit is left out from the end."""
    ended, open_usd = money.ended_usd, money.open_usd
    groups: list[tuple[Cell, ...]] = [
        ((f" ended ({money.ended}) ", "dim"), (f"{text.money(ended)} USD", _gain(ended))),
        ((f"   open ({len(money.pairs)}) ", "dim"), (f"{text.money(open_usd)} USD", _gain(open_usd))),
        (("   equity ", "dim"), *_equity(money.equity)),
    ]
    while groups and sum(len(words) for cells in groups for words, _ in cells) > width:
        del groups[-1]
    return tuple(cell for cells in groups for cell in cells)


def _equity(equity: Equity | None) -> tuple[Cell, ...]:
    """What is known of it, and by name what is missing."""
    if equity is None:
        return ((UNKNOWN, "faint"),)
    known: Cell = (f"{text.grouped(equity.usd, 2)} USD", "text")
    return (known,) if equity.known else (known, ("   and what is not known: ", "dim"), (equity.missing, "warn"))


def _gain(value: Decimal | None) -> Role:
    return "faint" if value is None else "loss" if value < 0 else "gain"


def _cell(column: PairColumn, cell: Cell) -> Cell:
    words = text.fit(cell[0], column.width - 1, right=column.right)
    return (" " + words if column.right else words + " "), cell[1]
