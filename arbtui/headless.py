"""The engine without a screen: JSON lines on stdout and nothing else there, talk on stderr and in the log.

Two kinds of lines. Quotes, books, signals, orders, fills and hedges are printed as they happen. Everything else is
looked at every ``--every`` seconds of engine time, on a grid; with ``--every 0`` it is printed when it changed, and the
grid (one second) only catches what changes without an event of its own: ages, muting, connections.

A reader that is too slow costs lines, never time. First the looks are skipped (the next one carries the newest state),
then lines are left out; both are counted on stderr. A replay has nothing to lose by waiting and prints every line.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from arbtui.core.alerts import Alert
from arbtui.core.clock import NS_PER_S, Every
from arbtui.lines.accounts import Accounts, AccountsLine
from arbtui.lines.build import Lines
from arbtui.lines.csvfiles import CsvFiles
from arbtui.lines.kinds import KINDS, OF_MONEY
from arbtui.lines.news import HedgeNews, MoneyLine
from arbtui.lines.once import Settling, table
from arbtui.lines.records import (
    AnyLine,
    FillLine,
    FundingLine,
    HedgeLine,
    OrderLine,
    PremiumLine,
    SpreadLine,
    TickerLine,
    encode,
)
from arbtui.lines.writer import MAX_PENDING_BYTES, LineWriter
from arbtui.market.state import Coin, Slot
from arbtui.port import EnginePort
from arbtui.strategy.auto import DecisionRecord
from arbtui.strategy.rows import SignalRecord, SpreadRow

log = logging.getLogger(__name__)

DEFAULT_EMIT = ("spread", "signal", "status")
GRID_S = 1.0  # of looks, with --every 0
COMPLAIN_S = 5.0
ONCE_LOOK_S = 0.25
OUTPUT_PATIENCE_S = 3.0
COINS_AT_ONCE = 20
_NO_MORE = object()


@dataclass(frozen=True)
class Once:
    """Print the best opportunities of a settled picture, then end. ``top`` None = all."""

    top: int | None = 5
    as_json: bool = False


@dataclass(frozen=True)
class Headless:
    """What the command line asked for. ``emit`` names kinds of lines; ``every_s`` 0 = on change.

    ``duration_s`` ends the run (engine time); ``lossless`` is for replays; ``outlived``: the run goes on, with its CSV
    files, when stdout is gone.
    """

    emit: frozenset[str] = frozenset(DEFAULT_EMIT)
    pairs: Literal["best", "all"] = "best"
    levels: int = 10
    every_s: float = 1.0
    duration_s: float | None = None
    once: Once | None = None
    csv_dir: Path | None = None
    lossless: bool = False
    outlived: bool = False


class Printer:
    """A guest of the engine: ``attach`` before the first event, ``run`` until it wants to end, ``close`` at the end."""

    stays = False

    def __init__(self, options: Headless, *, out_fd: int = 1, max_pending: int = MAX_PENDING_BYTES) -> None:
        """Raises ``ConfigError`` where the CSV folder cannot be made."""
        unknown = options.emit - set(KINDS)
        assert not unknown, f"kinds are checked by the command line: {unknown}"
        self.options = options
        self._out_fd = out_fd
        self._max_pending = max_pending
        self._csv = CsvFiles(options.csv_dir) if options.csv_dir is not None else None
        self._touched: dict[str, set[int]] = {}  # coin -> slots, in the order of events
        self._printed: dict[object, AnyLine] = {}  # last line of what is printed on change only
        self._ended: asyncio.Event
        self._timers: list[Every] = []
        self._news: HedgeNews | None = None
        self._accounts: Accounts | None = None
        self._attached = False
        self._parts: Iterator[None] = iter(())  # of the look that is under way
        self._looking = False
        self._skipped = 0  # looks
        self._told = (0, 0)

    # the guest's life

    def attach(self, port: EnginePort) -> None:
        """Begin to listen. Must be called on the engine's loop."""
        loop = asyncio.get_running_loop()

        def reader_gone() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile, and the run with it
                loop.call_soon_threadsafe(self._ended.set)

        self._port = port
        self._lines = Lines(port)
        self._ended = asyncio.Event()
        self._out = LineWriter(
            self._out_fd, on_closed=reader_gone, max_pending=self._max_pending, lossless=self.options.lossless
        )
        self._attached = True
        if self.options.once is None:
            self._listen()
            self._listen_to_money()
        if self._csv is not None:
            port.on_signal(self._csv_signal)
            self._each(max(self.options.every_s, GRID_S), self._csv_look)

    async def run(self) -> int | None:
        """Until the duration is over, nobody reads any more, or ``--once`` is done; the exit code, None if outlived."""
        if self.options.once is not None:
            return await self._run_once(self.options.once)
        if (duration_s := self.options.duration_s) is not None:
            due_ns = self._port.clock.now_ns() + round(duration_s * NS_PER_S)
            self._port.clock.call_at(due_ns, self._ended.set)
        await self._ended.wait()
        if self.options.outlived and self._out.reader_gone:
            return None
        return 1 if self._out.failure else 0

    async def drained(self) -> None:
        """Returns once the reader has taken most of what was printed."""
        await self._out.room()

    async def close(self) -> None:
        """Print nothing more, write what waits."""
        if self._attached:
            self._print_touched()
            if self._news is not None:
                self._news.flush()
            self._attached = False
            for timer in self._timers:
                timer.cancel()
            self._complain()
            left = await self._out.close(OUTPUT_PATIENCE_S)
            if self._out.failure:
                log.error("stdout cannot be written: %s; lines are missing there", self._out.failure)
            elif left and not self._out.reader_gone:
                log.warning("the reader of stdout did not take the last %d bytes", left)
        if self._csv is not None and not await asyncio.to_thread(self._csv.close):
            log.warning("the disk did not take the last CSV rows")

    # what is printed as it happens

    def _listen(self) -> None:
        emit, port, changes = self.options.emit, self._port, self.options.every_s == 0
        if "quote" in emit:
            port.on_quote(self._quote)
        if "book" in emit:
            port.on_book(self._book)
        if "signal" in emit:
            port.on_signal(self._signal)
        if "alert" in emit:
            port.on_alert(self._alert)
        if changes and emit & {"spread", "premium"}:
            port.on_quote(self._touch)
            port.on_book(self._touch)
            port.board.on_judged.append(self._touch)
        if changes and "ticker" in emit:
            port.board.on_ticker.append(self._ticker)
        if changes and "funding" in emit:
            port.board.on_funding.append(self._funding)
        self._each(self.options.every_s or GRID_S, self._look)
        self._each(COMPLAIN_S, self._complain)

    def _listen_to_money(self) -> None:
        """Orders, fills, hedges and accounts; where this run has none, that is said once."""
        emit, trading = self.options.emit, self._port.trading
        if self._port.auto is not None and (self._csv is not None or "decision" in emit):
            self._port.auto.on_decision(self._decision)
        wanted = [kind for kind in (*OF_MONEY, "decision") if kind in emit]
        if trading is None:
            if wanted:
                log.warning("no %s lines: %s", ", ".join(wanted), self._port.no_trading)
            return
        if self._csv is not None or emit & {"order", "fill", "hedge"}:
            self._news = HedgeNews(trading, self._port.clock, self._money)
            self._each(GRID_S, self._news.look)
        if emit & {"position", "account"}:
            self._accounts = Accounts(self._port, trading, self._account_changed)

    def _money(self, line: MoneyLine) -> None:
        if type(line).__struct_config__.tag in self.options.emit:
            self._print(line)
        if self._csv is None:
            return
        match line:
            case OrderLine():
                self._csv.order(line)
            case FillLine():
                self._csv.fill(line)
            case HedgeLine():
                self._csv.hedge(line)

    def _decision(self, record: DecisionRecord) -> None:
        line = self._lines.decision(record)
        if "decision" in self.options.emit:
            self._print(line)
        if self._csv is not None and self._attached:
            self._csv.decision(line)

    def _account_changed(self, line: AccountsLine) -> None:
        if self.options.every_s == 0 and type(line).__struct_config__.tag in self.options.emit:
            self._print(line)

    def _each(self, period_s: float, call: Callable[[], None]) -> None:
        self._timers.append(Every(self._port.clock, round(period_s * NS_PER_S), call))

    def _print(self, line: AnyLine) -> None:
        if self._attached:
            self._out.put(encode(line))

    def _quote(self, slot: Slot) -> None:
        if not self._port.shows(slot):
            return
        if (line := self._lines.quote(slot)) is not None:
            self._print(line)

    def _book(self, slot: Slot) -> None:
        if (line := self._lines.book(slot, self.options.levels)) is not None:
            self._print(line)

    def _signal(self, record: SignalRecord) -> None:
        self._print(self._lines.signal(record))

    def _alert(self, alert: Alert) -> None:
        self._print(self._lines.alert(alert))

    def _ticker(self, slot: Slot) -> None:
        if self._port.shows(slot):
            self._print_changed(("ticker", slot.id), self._lines.ticker(slot))

    def _funding(self, slot: Slot) -> None:
        if self._port.shows(slot):
            self._print_changed(("funding", slot.id), self._lines.funding(slot))

    def _touch(self, slot: Slot) -> None:
        """The coin is looked at again once everything that came with this event has been taken in."""
        if not self._port.shows(slot):
            return
        if not self._touched:
            self._port.clock.call_at(self._port.clock.now_ns(), self._print_touched)
        self._touched.setdefault(slot.coin.base, set()).add(slot.id)

    def _print_touched(self) -> None:
        touched, self._touched = self._touched, {}
        for base, slots in touched.items():
            if "spread" in self.options.emit:
                for row in self._rows_of(base):
                    if self.options.pairs == "best" or row.buy.slot in slots or row.sell.slot in slots:
                        self._spread_if_changed(row)
            if "premium" in self.options.emit and base in self._port.board.coins:
                self._print_premiums(self._port.board.coins[base])

    def _rows_of(self, base: str) -> Sequence[SpreadRow]:
        if self.options.pairs == "all":
            return self._port.pairs(base)
        row = self._port.row(base)
        return [row] if row is not None else []

    def _print_premiums(self, coin: Coin) -> None:
        for line in self._lines.premiums(coin):
            self._print_changed(("premium", line.venue, line.base), line)

    def _spread_if_changed(self, row: SpreadRow) -> None:
        legs = () if self.options.pairs == "best" else (row.buy.slot, row.sell.slot)
        self._print_changed(("spread", row.base, *legs), self._lines.spread(row))

    def _print_changed(self, key: object, line: AnyLine | None) -> None:
        """Print unless only the stamp and the ages have moved since this was last printed."""
        if line is None:
            return
        said = _timeless(line)
        if self._printed.get(key) != said:
            self._printed[key] = said
            self._print(line)

    # what is looked at

    def _look(self) -> None:
        """A thousand lines are printed in parts, with frames heard in between; no look begins before one has ended."""
        if self._looking:
            return
        if self._out.behind:
            self._skipped += 1
            return
        self._looking, self._parts = True, self._look_in_parts()
        self._look_on()

    def _look_on(self) -> None:
        if next(self._parts, _NO_MORE) is _NO_MORE:
            self._looking = False
        else:
            self._port.clock.call_at(self._port.clock.now_ns(), self._look_on)

    def _finish_look(self) -> None:
        for _ in self._parts:
            pass

    def _look_in_parts(self) -> Iterator[None]:
        emit, lines = self.options.emit, self._lines
        if "spread" in emit:
            for number, base in enumerate(list(self._port.board.coins)):
                if number % COINS_AT_ONCE == 0:
                    yield
                self._look_at_spreads(base)
        if emit & {"ticker", "funding", "premium"}:
            yield
            self._look_at_slots()
        if "status" in emit:
            yield
            for feed in self._port.status():
                self._print(lines.status(feed))
        if self._accounts is not None and self.options.every_s:
            self._look_at_accounts(self._accounts)
        if "process" in emit:
            yield
            self._print(lines.process(self._port.process()))

    def _look_at_spreads(self, base: str) -> None:
        coin = self._port.board.coins.get(base)
        if coin is None or not coin.slots or not self._port.shows(coin.slots[0]):
            return
        for row in self._rows_of(base):
            if self.options.every_s:
                self._print(self._lines.spread(row))
            else:
                self._spread_if_changed(row)

    def _look_at_slots(self) -> None:
        emit, board = self.options.emit, self._port.board
        if emit & {"ticker", "funding"}:
            for slot in board.slots:
                if "ticker" in emit:
                    self._ticker(slot)
                if "funding" in emit:
                    self._funding(slot)
        if "premium" in emit:
            for coin in board.coins.values():
                if coin.slots and self._port.shows(coin.slots[0]):
                    self._print_premiums(coin)

    def _look_at_accounts(self, accounts: Accounts) -> None:
        if "position" in self.options.emit:
            for position in accounts.positions():
                self._print(position)
        if "account" in self.options.emit:
            for balance in accounts.balances():
                self._print(balance)

    def _complain(self) -> None:
        """Tell of lines that a slow reader has cost, when there are new ones."""
        counts = (self._skipped, self._out.dropped)
        if counts != self._told:
            self._told = counts
            log.warning("stdout is read too slowly: %d looks skipped and %d lines left out so far", *counts)

    # CSV

    def _csv_signal(self, record: SignalRecord) -> None:
        if self._attached and self._csv is not None:
            self._csv.signal(self._lines.signal(record))

    def _csv_look(self) -> None:
        assert self._csv is not None
        now_ns = self._port.clock.now_ns()
        for row in self._port.rows():
            self._csv.spread(self._lines.spread(row))
        for slot in self._port.board.slots:
            line = self._lines.quote(slot) if self._port.shows(slot) else None
            if line is not None and self._printed.get(("csv", slot.id)) != line:
                self._printed["csv", slot.id] = line
                self._csv.price(now_ns, line)

    # --once

    async def _run_once(self, once: Once) -> int:
        settling = Settling(self._port, self.options.duration_s)
        self._each(ONCE_LOOK_S, lambda: self._ended.set() if settling.look() else None)
        await self._ended.wait()
        if settling.doubt:
            log.warning(settling.doubt)
        best = settling.best(once.top)
        if once.as_json:
            for row in best:
                self._print(self._lines.spread(row))
        else:
            self._out.put(table(self._port, best).encode())
        return 0 if settling.heard else 1


def _timeless(line: AnyLine) -> AnyLine:
    """The line without what moves by itself."""
    match line:
        case SpreadLine():
            basis = line.basis
            return replace(
                line,
                t_ns=0,
                buy=replace(line.buy, age_ms=None),
                sell=replace(line.sell, age_ms=None),
                basis=replace(basis, age_ms=0.0) if basis is not None else None,
            )
        case TickerLine() | FundingLine() | PremiumLine():
            return replace(line, t_ns=0)
        case _:
            return line
