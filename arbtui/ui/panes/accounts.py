"""The accounts of this run: what each holds, how its private streams are, what it is set up to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import ClassVar

from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.execution.health import AccountHealth
from arbtui.execution.preflight import Facts
from arbtui.lines.exports import Table
from arbtui.ui import tables, text
from arbtui.ui.accounts import AccountSum, Holding, Purse, Row, account_sums, fee_words, key, rows
from arbtui.ui.desk import Desk
from arbtui.ui.glyphs import MINUS, UNKNOWN
from arbtui.ui.layout import PaneId
from arbtui.ui.panes.line import LineWidget
from arbtui.ui.panes.pane import ListPane
from arbtui.ui.theme import Cell, Line, Role

_NAME, _TOTAL, _FREE, _USD, _MARGIN = 18, 13, 12, 11, 9
_LEAST = _NAME + _USD  # narrower than with all columns, these are left
_MARK_NS = 15 * NS_PER_S  # the longest that a stream of marks may be silent
_NEAR, _NEARER = Decimal("0.15"), Decimal("0.05")  # of the mark to the liquidation price


class AccountsPane(ListPane):
    """The cursor stays with its account, asset or position."""

    pane_id: ClassVar[PaneId] = "accounts"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._table = LineWidget(desk.theme)
        self._rows: Sequence[Row] = ()
        self._key = ("", "", "")

    def body_widgets(self) -> Iterable[LineWidget]:
        return (self._table,)

    def body_places(self, size: Size) -> dict[Widget, Region]:
        return {self._table: size.region}

    @property
    def count(self) -> int:
        return len(self._rows)

    def here(self) -> Row | None:
        return self._rows[self.cursor.index] if 0 <= self.cursor.index < self.count else None

    def moved(self) -> None:
        here = self.here()
        self._key = key(here) if here is not None else ("", "", "")
        super().moved()

    def show_body(self, now_s: float) -> None:
        width = self.body_size.width
        trading = self.desk.port.trading
        if trading is None:
            words = f"No orders in this run, so no accounts: {self.desk.port.no_trading}"
            self._table.show([((" " + line, "dim"),) for line in text.wrap(words, width - 2)])
            return
        sums = account_sums(trading.accounts(), trading.facts, trading.usd, self.desk.port.board.slot_of)
        self._rows = rows(sums)
        self._follow()
        now_ns = self.desk.port.clock.now_ns()
        top = self.cursor.top
        lines: list[Line] = [header(width)]
        for at, row in enumerate(self._rows[top : top + self.window], top):
            pointer: Cell = ("▸" if at == self.cursor.index else " ", "cursor")
            lines.append((pointer, *line(row, trading.facts, trading.word, now_ns, width - 1)))
        self._table.show(lines, self.cursor.index - top + 1 if self._rows else -1)

    def _follow(self) -> None:
        place = next((at for at, row in enumerate(self._rows) if key(row) == self._key), None)
        if place is not None and place != self.cursor.index:
            self.cursor.index = place
            self.cursor.reveal(self.window)
        self.cursor.clamp(self.count, self.window)

    def detail(self, width: int) -> list[Line] | None:
        here, trading = self.here(), self.desk.port.trading
        if here is None or trading is None:
            return None
        if isinstance(here, AccountSum):
            words, role = account_words(here, trading.facts), _standing(here.health)[1]
        elif isinstance(here, Holding):
            words, role = holding_words(here), "text"
        else:
            words, role = purse_words(here), "text"
        return [((" " + part, role if role != "gain" else "text"),) for part in text.wrap(words, width - 2)]

    def table(self) -> Table:
        return tables.accounts(self._rows, self.cursor.index)

    def title_extra(self) -> Sequence[Cell]:
        trading = self.desk.port.trading
        return ((f"{trading.word} ", "dim"),) if trading is not None else ()


def _wide(width: int) -> bool:
    return width >= 2 + _NAME + _TOTAL + _FREE + _USD + _MARGIN


def _cells(width: int, name: Cell, total: str, free: str, usd: Cell, margin: str, what: Cell) -> Line:
    """One row in the columns that fit; what is left over belongs to the words at the end."""
    shown: list[Cell] = [(text.fit(name[0], min(_NAME, width)), name[1])]
    if _wide(width):
        shown += [(text.fit(total, _TOTAL, right=True), "text"), (text.fit(free, _FREE, right=True), "text")]
    shown.append((text.fit(usd[0], max(0, min(_USD, width - _NAME)), right=True), usd[1]))
    if _wide(width):
        shown.append((text.fit(margin, _MARGIN, right=True), "text"))
    left = width - sum(len(words) for words, _ in shown)
    return (*shown, (text.fit("  " + what[0], left), what[1])) if left > 0 else tuple(shown)


def header(width: int) -> Line:
    line = _cells(width - 1, ("  account", "header"), "total", "free", ("USD", "header"), "margin", ("", "header"))
    return ((" ", "header"), *((words, "header") for words, _ in line))


def line(row: Row, facts: Facts, word: str, now_ns: int, width: int) -> Line:
    """``word``: what an order is in this run; ``width`` without the pointer's cell."""
    room = width - (_NAME + _TOTAL + _FREE + _USD + _MARGIN if _wide(width) else _LEAST) - 2  # for the words
    match row:
        case AccountSum():
            return _account_line(row, text.that_fits(standing_words(row, facts, now_ns), room), word, width)
        case Purse():
            return _purse_line(row, width)
        case Holding():
            return _holding_line(row, text.that_fits(_position_words(row), room), now_ns, width)


def _account_line(row: AccountSum, words: str, word: str, width: int) -> Line:
    mark, role = _standing(row.health)
    name = f"{text.tag(row.health.venue)} {'paper' if row.health.paper else word.lower()}"
    usd: Cell = (amount(row.total_usd, _USD - 1) if row.read else "not read", "strong" if row.total_usd else "warn")
    what: Cell = (words, role if role != "gain" else "dim")
    free, margin = amount(row.free_usd, _FREE - 1), amount(row.margin_usd, _MARGIN - 1)
    (shown, strong), *cells = _cells(width, (f"  {name}", "strong"), "", free, usd, margin, what)
    return ((f"{mark} ", role), (shown[2:], strong), *cells)


def _purse_line(row: Purse, width: int) -> Line:
    held = row.balance
    name: Cell = (f"  {'  ' if row.heard else '~ '}{text.clean(held.wallet)} {text.clean(held.asset)}", "text")
    usd: Cell = ("no rate", "warn") if row.usd is None else (amount(row.usd, _USD - 1), "text")
    total, free = amount(held.total, _TOTAL - 1), amount(held.free, _FREE - 1)
    return _faint_unless(row.heard, _cells(width, name, total, free, usd, "", ("", "dim")))


def _holding_line(row: Holding, words: str, now_ns: int, width: int) -> Line:
    fresh = row.heard and now_ns - row.mark_ns <= _MARK_NS
    coins = text.that_fits((text.exact(row.coins), amount(row.coins, _TOTAL - 1)), _TOTAL - 1)
    usd: Cell = (amount(row.usd, _USD - 1), "text")
    margin = amount(row.margin_usd, _MARGIN - 1)
    name: Cell = (f"  {'  ' if fresh else '~ '}{text.clean(row.position.native)}", "text")
    return _faint_unless(fresh, _cells(width, name, coins, "", usd, margin, (words, _danger(row))))


def _faint_unless(fresh: bool, line: Line) -> Line:
    return line if fresh else tuple((words, "faint") for words, _ in line)


def amount(value: Decimal | None, width: int) -> str:
    """Money or coins to the cent, finer where a cent is a lot, coarser where there is no room; never cut."""
    if value is None:
        return UNKNOWN
    size = abs(value)
    if size >= 10 or not value:
        choices = (text.grouped(value, 2), text.grouped(value), text.amount(float(value)))
    elif size >= Decimal("0.000001"):
        choices = (f"{value:.6f}".rstrip("0").rstrip("."), f"{value:.2f}", f"{value:.0e}")
    else:
        choices = (f"{value:.1e}",) * 3
    return text.that_fits(choices, width).replace("-", MINUS)


def _standing(health: AccountHealth) -> tuple[str, Role]:
    """The account's mark: all private streams up, some of them, none."""
    up = [health.heard(market) for market in health.wallets]
    if all(up):
        return "●", "gain"
    return ("◐", "warn") if any(up) else ("○", "error")


def _stream_words(health: AccountHealth) -> str:
    words = []
    for market in health.wallets:
        told = health.streams.get(market)
        words.append(f"{market.value} {told.state if told is not None else 'not up yet'}")
    return ", ".join(words)


def _fees(row: AccountSum, facts: Facts) -> str:
    """Taker/maker of each market in bps."""
    found = [(market, fee_words(facts, row.health.venue, market)) for market in row.health.wallets]
    return " ".join(f"{market.value} {words}" for market, words in found if words)


def standing_words(row: AccountSum, facts: Facts, now_ns: int) -> list[str]:
    """From the fullest to the shortest: streams, last word, rights, fees."""
    health = row.health
    heard = text.age(None if health.heard_ns is None else (now_ns - health.heard_ns) / NS_PER_MS)
    age = "never heard" if health.heard_ns is None else f"heard {heard}"
    streams = _stream_words(health)
    barred = [market.value for market in health.wallets if (mode := facts.modes.get((health.venue, market))) is not None
              and mode.can_trade is not True]  # fmt: skip
    may = f"may not trade {' '.join(barred)}  " if barred else ""
    fees = _fees(row, facts)
    failed = f"  {len(health.failed)} reads failed" if health.failed else ""
    short = f"{may}{age}{failed}"
    return [
        f"{may}streams {streams}  {age}{failed}  fees {fees} bps" if fees else f"{may}streams {streams}  {age}{failed}",
        f"{may}streams {streams}  {age}{failed}",
        f"{may}{streams}  {age}{failed}",
        short,
    ]


def account_words(row: AccountSum, facts: Facts) -> str:
    """Everything about how the account is, in full."""
    health = row.health
    parts = []
    for market in health.wallets:
        told = health.streams.get(market)
        state = "never up" if told is None else told.state
        why = f" ({told.text})" if told is not None and told.text else ""
        mode = facts.modes.get((health.venue, market))
        setup = mode.text if mode is not None else "account mode not read"
        fees = fee_words(facts, health.venue, market)
        parts.append(
            f"{market.value}: private stream {state}{why}, {setup}, "
            + (f"fees {fees} bps taker/maker" if fees else "fees not read")
        )
    parts += [f"reading {failed.market.value} {failed.kind.value} failed: {failed.text}" for failed in health.failed]
    if row.without_rate:
        parts.append(f"no rate to USD for {', '.join(row.without_rate)}")
    return f"{health.venue} {'; '.join(parts)}"


def _percent(fraction: Decimal | None) -> str:
    return UNKNOWN if fraction is None else f"{float(fraction) * 100:.0f}%"


def _leverage(row: Holding) -> str:
    read = row.leverage
    return "" if read is None else f"{read.leverage:f}x{' ' + read.margin_mode if read.margin_mode else ''}"


def _position_words(row: Holding) -> list[str]:
    far, price = _percent(row.to_liquidation), text.coin_price(row.liquidation, 12)
    entry = f"entry {text.coin_price(row.entry, 12)}"
    return [
        f"liq {price} ({far})  {_leverage(row)}  {entry}",
        f"liq {price} ({far})  {_leverage(row)}",
        f"liq {far} {_leverage(row)}",
        f"liq {far}",
    ]


def _danger(row: Holding) -> Role:
    away = row.to_liquidation
    return "dim" if away is None else "error" if away < _NEARER else "warn" if away < _NEAR else "dim"


def holding_words(row: Holding) -> str:
    held = row.position
    sides = "" if held.held == "net" else f" ({held.held})"
    exit_price = f"{text.exact(row.liquidation)}, {_percent(row.to_liquidation)} away"
    far = "not told" if row.liquidation is None else exit_price
    return (
        f"{held.venue} perp {held.native}{sides}: {text.exact(row.coins)} coins entered at {text.exact(row.entry)}, "
        f"mark {text.exact(row.mark)}, liquidation {far}, {_leverage(row) or 'leverage not read'}"
    )


def purse_words(row: Purse) -> str:
    held = row.balance
    worth = "no rate to USD is known" if row.usd is None else f"{text.grouped(row.usd, 2)} USD"
    return f"{held.venue} {held.wallet}: {text.exact(held.total)} {held.asset}, {text.exact(held.free)} free; {worth}"
