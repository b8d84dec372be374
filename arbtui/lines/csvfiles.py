"""Daily CSV files: signals, spreads, best prices, what was traded and decided: orders, fills, hedges, decisions.

One row is one moment; a day is a day of engine time in UTC. A file begins with the first row of its day.

A thread writes; what it cannot take in time is left out and counted. A disk that is full ends the files with one
message, and nothing else.
"""

from __future__ import annotations

import csv
import logging
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import ConfigError
from arbtui.lines.records import (
    DecisionLine,
    FillLine,
    HedgeLegPart,
    HedgeLine,
    LegPart,
    OfPair,
    OrderLine,
    PnlPart,
    QuoteLine,
    SignalLine,
    SpreadLine,
)

log = logging.getLogger(__name__)

MAX_PENDING_ROWS = 100_000
_DAY_NS = 86_400 * NS_PER_S
_DRAIN_S = 0.2

_LEG = (
    "venue",
    "market",
    "native",
    "quote",
    "price",
    "qty",
    "age_ms",
    "source",
    "rate_per_h",
    "vol_24h_usd",
    "fee_bps",
)
_FIGURES = (
    *("gross_bps", "fees_bps", "net_bps", "round_trip_bps", "top_usd", "walk_usd", "walk_net_bps", "max_usd"),
    *("carry_per_h_bps", "needs_inventory", "muted"),
)
_PAIR = ("base", *(f"buy_{name}" for name in _LEG), *(f"sell_{name}" for name in _LEG), *_FIGURES)
_SIGNAL = ("id", "state", "reason", "advice", "confidence", "threshold_bps", "samples", "held_ms")
_PRICE = ("venue", "market", "base", "quote", "native", "bid", "bid_qty", "ask", "ask_qty", "exchange_ms", "source")
_DECISION = (
    *("act", "why", "text", "base", "buy_leg", "sell_leg", "direction", "hedge", "signal", "size_usd"),
    *("threshold_bps", "net_bps", "round_trip_bps", "funding_bps", "gap_bps", "result_bps", "held_s"),
    *("position_usd", "net_usd", "hedges"),
)
_OF = ("venue", "market", "base", "quote", "native", "hedge")
_ORDER = (
    *_OF,
    *("leg", "purpose", "client_id", "order_id", "side", "kind", "reduce_only", "price", "qty", "filled", "avg_price"),
    *("status", "reason", "text"),
)
_FILL = (
    *_OF,
    *("client_id", "order_id", "fill_id", "side", "price", "qty", "fee", "fee_ccy", "maker", "exchange_ms"),
)
_HEDGE = ("id", "base", "state", "turn", "verb", "style")
_HEDGE_LEG = ("venue", "market", "native", "quote", "position", "entry")
_HEDGE_WHY = ("qty", "gap", "why", "alarm", "planned_net_bps")
_PNL = ("price_usd", "fees_usd", "funding_usd", "realised_usd", "open_usd", "complete")
COLUMNS = {
    "orders": ("time", "t_ns", *_ORDER),
    "fills": ("time", "t_ns", *_FILL),
    "hedges": (
        *("time", "t_ns", *_HEDGE, *(f"buy_{name}" for name in _HEDGE_LEG), *(f"sell_{name}" for name in _HEDGE_LEG)),
        *(*_HEDGE_WHY, *_PNL),
    ),
    "decisions": ("time", "t_ns", *_DECISION),
    "spreads": ("time", "t_ns", *_PAIR),
    "signals": ("time", "t_ns", *_SIGNAL, *_PAIR),
    "prices": ("time", "t_ns", *_PRICE),
}


class CsvFiles:
    """``<folder>/spreads-2026-01-31.csv`` and its brothers. ``stopped`` says why nothing is written any more."""

    def __init__(self, folder: Path) -> None:
        """Raises ``ConfigError`` where the folder cannot be made."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"{folder} cannot be made for CSV files: {error.strerror}; name another folder."
            ) from None
        self.folder = folder
        self.stopped = ""
        self.left_out = 0
        self._queue: deque[tuple[str, int, Sequence[Any]]] = deque()
        self._open: dict[str, tuple[int, IO[str]]] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="csv", daemon=True)
        self._thread.start()

    def spread(self, line: SpreadLine) -> None:
        self._put("spreads", line.t_ns, pair_values(line))

    def signal(self, line: SignalLine) -> None:
        self._put("signals", line.t_ns, signal_values(line))

    def decision(self, line: DecisionLine) -> None:
        self._put("decisions", line.t_ns, [getattr(line, name) for name in _DECISION])

    def price(self, t_ns: int, line: QuoteLine) -> None:
        """``t_ns``: the moment of the row; all instruments of one look share it."""
        self._put("prices", t_ns, [getattr(line, name) for name in _PRICE])

    def order(self, line: OrderLine) -> None:
        self._put("orders", line.t_ns, [getattr(line, name) for name in _ORDER])

    def fill(self, line: FillLine) -> None:
        self._put("fills", line.t_ns, [getattr(line, name) for name in _FILL])

    def hedge(self, line: HedgeLine) -> None:
        figures = [*_values(line, _HEDGE_WHY), *_values(line.pnl, _PNL)]
        legs = [*_values(line.buy, _HEDGE_LEG), *_values(line.sell, _HEDGE_LEG)]
        self._put("hedges", line.t_ns, [*_values(line, _HEDGE), *legs, *figures])

    def _put(self, kind: str, t_ns: int, row: Sequence[Any]) -> None:
        if self.stopped or self._closing.is_set():
            return
        if len(self._queue) >= MAX_PENDING_ROWS:
            self.left_out += 1
            return
        self._queue.append((kind, t_ns, row))

    def close(self, within_s: float = 5.0) -> bool:
        """Write what waits. Blocks: call it in a thread. False: the disk did not take it in time."""
        self._closing.set()
        self._thread.join(within_s)
        if self.left_out:
            log.warning("CSV files in %s lack %d rows: the disk was too slow", self.folder, self.left_out)
        return not self._thread.is_alive()

    # in the thread

    def _run(self) -> None:
        try:
            while True:
                last_round = self._closing.wait(_DRAIN_S)
                self._drain()
                if last_round:
                    break
            for _, file in self._open.values():
                file.close()
        except OSError as error:
            self.stopped = (
                f"CSV files in {self.folder} have stopped: {error.strerror or error}; everything else goes on."
            )
            self._queue.clear()
            log.error(self.stopped)
            self._abandon()

    def _drain(self) -> None:
        touched: dict[str, IO[str]] = {}
        while self._queue:
            kind, t_ns, row = self._queue.popleft()
            touched[kind] = file = self._file(kind, t_ns // _DAY_NS)
            csv.writer(file).writerow([time_text(t_ns), t_ns, *("" if value is None else value for value in row)])
        for file in touched.values():
            file.flush()

    def _file(self, kind: str, day: int) -> IO[str]:
        if kind in self._open:
            open_day, file = self._open[kind]
            if open_day == day:
                return file
            del self._open[kind]
            file.close()
        path = self.folder / f"{kind}-{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}.csv"
        file = self._create(path)
        self._open[kind] = (day, file)
        if file.tell() == 0:
            csv.writer(file).writerow(COLUMNS[kind])
        elif not _ends_with_newline(path):
            file.write("\r\n")  # a row that an earlier run did not finish stays alone on its line
        return file

    def _create(self, path: Path) -> IO[str]:
        return path.open("a", encoding="utf-8", newline="")

    def _abandon(self) -> None:
        for _, file in self._open.values():
            try:
                file.close()
            except OSError as error:
                log.debug("closing after that: %s", error)
        self._open.clear()


def signal_values(line: SignalLine) -> list[Any]:
    return [*(getattr(line, name) for name in _SIGNAL), *pair_values(line)]


def pair_values(line: OfPair) -> list[Any]:
    """A pair as the columns from ``base`` on have it."""
    return [line.base, *_leg(line.buy), *_leg(line.sell), *(getattr(line, name) for name in _FIGURES)]


def _leg(leg: LegPart) -> Iterable[Any]:
    return (getattr(leg, name) for name in _LEG)


def _values(of: HedgeLine | HedgeLegPart | PnlPart, names: Sequence[str]) -> Iterable[Any]:
    return (getattr(of, name) for name in names)


def time_text(t_ns: int) -> str:
    return f"{datetime.fromtimestamp(t_ns // NS_PER_S, UTC):%Y-%m-%dT%H:%M:%S}.{t_ns // 1_000_000 % 1000:03}Z"


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
