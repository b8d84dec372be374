"""The whole engine without a screen, fed over real sockets by the simulator in a process of its own.

    cpu per message   CPU time of this process, everything included, for each frame received
    receive to signal from the stamp of the read that brought a frame to the strategy's decision on it, those that came
                      before it in the same read included
    loop lag          how late timers fire: what a frame may have waited before it got its stamp

Plain sockets on 127.0.0.1; TLS is not measured here.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from arbtui.bench.report import Cell, Result, Table
from arbtui.config import Flag, Paths, load
from arbtui.core.errors import OurMistake
from arbtui.engine.run import LiveRun, run_live
from arbtui.market.state import Slot
from arbtui.port import EnginePort
from arbtui.venues import registry

WINDOW_S = 10.0  # status lines count messages over so long
SETTLE_WITHIN_S = 30.0


@dataclass(frozen=True)
class Size:
    coins: int
    rates: tuple[int, ...]  # book changes a second, over all instruments


FULL = Size(coins=200, rates=(2000, 10_000))
QUICK = Size(coins=60, rates=(2000,))


@dataclass
class Figures:
    """One run. Times in us."""

    messages_per_s: float = 0.0
    quotes_per_s: float = 0.0
    cpu_us_per_message: float = 0.0
    cpu_pct: float = 0.0
    lag_ms_p99: float = 0.0
    waits_us: tuple[float, float, float] = (0.0, 0.0, 0.0)  # p50, p99, p99.9

    def cells(self) -> tuple[Cell, ...]:
        """In the order of ``COLUMNS``."""
        rates = (self.messages_per_s, self.quotes_per_s, self.cpu_pct, self.cpu_us_per_message)
        return *rates, *self.waits_us, self.lag_ms_p99


COLUMNS = ("messages/s", "quotes/s", "cpu %", "us/message", "p50 us", "p99 us", "p99.9 us", "lag p99 ms")


class _Watcher:
    """``engine.run.Guest``: waits for a settled picture, then watches for ten seconds."""

    stays = False

    def __init__(self, venues: int) -> None:
        self.figures = Figures()
        self._venues = venues
        self._waits_ns: list[int] = []
        self._watching = False
        self._port: EnginePort

    def attach(self, port: EnginePort) -> None:
        self._port = port
        self._now_ns = port.clock.now_ns

    def _decided(self, slot: Slot) -> None:
        if self._watching and slot.quote is not None and slot.quote.source == "ws":
            self._waits_ns.append(self._now_ns() - slot.quote.t_ns)

    async def run(self) -> int:
        began_s = time.monotonic()
        while not self._settled():
            if time.monotonic() - began_s > SETTLE_WITHIN_S:
                return 1
            await asyncio.sleep(0.2)
        self._port.on_quote(self._decided)  # after the strategy, which listens since the engine's start
        await asyncio.sleep(1.0)
        self._watching = True
        cpu_s, wall_s = time.process_time(), time.monotonic()
        await asyncio.sleep(WINDOW_S)
        cpu_s, wall_s = time.process_time() - cpu_s, time.monotonic() - wall_s
        self._watching = False
        self._sum_up(cpu_s, wall_s)
        return 0

    def _settled(self) -> bool:
        rows = self._port.rows()
        live = {status.venue for status in self._port.status() if status.msgs_per_s > 0}
        return len(live) >= self._venues and sum(row.net_bps is not None for row in rows) * 2 > len(rows) > 0

    def _sum_up(self, cpu_s: float, wall_s: float) -> None:
        figures = self.figures
        figures.messages_per_s = sum(status.msgs_per_s for status in self._port.status())
        figures.quotes_per_s = len(self._waits_ns) / wall_s
        figures.cpu_pct = 100 * cpu_s / wall_s
        figures.cpu_us_per_message = 1e6 * cpu_s / wall_s / figures.messages_per_s
        figures.lag_ms_p99 = self._port.process().loop_lag_ms_p99
        ordered = sorted(self._waits_ns)
        last = len(ordered) - 1
        p50, p99, p999 = (ordered[round(last * share)] / 1000 for share in (0.5, 0.99, 0.999))
        figures.waits_us = (p50, p99, p999)

    async def drained(self) -> None:
        """It keeps up by itself."""

    async def close(self) -> None:
        self._watching = False


def run(venues: Sequence[str], size: Size) -> Result:
    rows = tuple((f"{rate:,} changes/s", *measure(venues, coins=size.coins, rate=rate).cells()) for rate in size.rates)
    title = f"over sockets, {size.coins} coins on {len(venues)} venues; p50 .. p99.9 from receipt to decision"
    return Result("wire", (Table(title, ("", *COLUMNS), rows),))


def measure(venues: Sequence[str], *, coins: int, rate: int) -> Figures:
    """One run of the engine on its own exchanges."""
    with tempfile.TemporaryDirectory(prefix="arbtui-bench-") as folder, _no_logs():
        return asyncio.run(_measure(venues, coins, rate, Path(folder)))


async def _measure(venues: Sequence[str], coins: int, rate: int, folder: Path) -> Figures:
    where = Paths(folder / "config.toml", folder / "credentials.toml", folder / "state.toml", folder, folder)
    chosen: dict[tuple[str, ...], Flag] = {
        ("venues", name, "enabled"): Flag(name in venues, "bench") for name in registry.names()
    }
    chosen[("market", "top")] = Flag("all", "bench")
    loaded = load(where, registry.names(), environ={}, flags=chosen)
    demo = ("--symbols", str(coins), "--rate", str(rate), "--venues", ",".join(venues))
    watcher = _Watcher(len(venues))
    code = await run_live(LiveRun(loaded, where, "DEMO", tuple(venues), demo=demo, orders=False), watcher)
    if code != 0:
        raise OurMistake(f"the picture of {', '.join(venues)} did not settle within {SETTLE_WITHIN_S:g} s")
    return watcher.figures


@contextmanager
def _no_logs() -> Iterator[None]:
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
