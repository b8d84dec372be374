"""The child of ``arbtui bench ui``: the engine on a scripted market, with its screen or without one.

    python -m arbtui.bench.ui.guest --coins N --rate QUOTES_PER_S --seconds S --probe FD --out FILE [--no-screen]

Figures are taken for ``--seconds`` after a warm-up, and written to FILE as JSON at the end. Into the pipe ``--probe``
somebody writes monotonic nanoseconds, eight bytes each: how late the loop reads them is its lag. Beside that the CPU
time of every callback is counted, which tells on a busy machine what the loop's own work is.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import orjson

from arbtui.bench.held import Watch
from arbtui.bench.ui.market import BenchMarket
from arbtui.config import Settings
from arbtui.engine.freeze import freeze
from arbtui.engine.process import rss_mb
from arbtui.engine.run import SWITCH_S
from arbtui.ui.app import run_screen

WARM_UP_S = 3.0
AFTER_S = 0.3  # the engine goes on after the screen, as an engine may
_PROBE_READ = 1 << 16


class Probe:
    """How late, in ms, stamps from another process are read in the loop, with the time at which each was read."""

    def __init__(self, fd: int, loop: asyncio.AbstractEventLoop) -> None:
        self._fd = fd
        self.late_ms: list[tuple[float, float]] = []
        os.set_blocking(fd, False)
        loop.add_reader(fd, self._ready)

    def _ready(self) -> None:
        now_ns = time.monotonic_ns()
        data = os.read(self._fd, _PROBE_READ)
        for at in range(0, len(data) - 7, 8):
            stamp_ns = int.from_bytes(data[at : at + 8], "little")
            self.late_ms.append((now_ns / 1e9, (now_ns - stamp_ns) / 1e6))


class Window:
    """What is measured between warm-up and the end of the time given."""

    def __init__(self, market: BenchMarket, watch: Watch) -> None:
        self._market, self._watch = market, watch
        self.figures: dict[str, object] = {}

    async def measure(self, seconds: float) -> None:
        await asyncio.sleep(WARM_UP_S)
        cpu_s, from_s, quotes = time.process_time(), time.monotonic(), self._market.quotes
        await asyncio.sleep(seconds)
        to_s = time.monotonic()
        self.figures = {
            "from_s": from_s,
            "to_s": to_s,
            "cpu_pct": 100 * (time.process_time() - cpu_s) / (to_s - from_s),
            "quotes_per_s": (self._market.quotes - quotes) / (to_s - from_s),
            "rss_mb": rss_mb(),
            **self._watch.figures(),
        }


async def run(args: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    sys.setswitchinterval(SWITCH_S)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)  # what a hang-up means is for the engine to say
    market = BenchMarket(args.venues.split(","), args.coins, loop)
    freeze()
    watch = Watch(WARM_UP_S)
    watch.install()
    window = Window(market, watch)
    probe = Probe(args.probe, loop)
    work = [asyncio.ensure_future(each) for each in (market.lag.run(), market.feed(args.rate))]
    measuring = asyncio.ensure_future(window.measure(args.seconds))
    ended = "none"
    if args.no_screen:
        market.desk.rows(1000.0)  # with a screen the rows are made anew all the time: that is the engine's work
        await measuring
    else:
        ended = (await run_screen(market.desk, Settings())).value
    at_end = market.quotes
    await asyncio.sleep(AFTER_S)
    figures = window.figures | {"ended": ended, "quotes_after": market.quotes - at_end, "late_ms": probe.late_ms}
    for task in (*work, measuring):
        task.cancel()
    market.desk.stop()
    await asyncio.to_thread(Path(args.out).write_bytes, orjson.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--venues", required=True)
    parser.add_argument("--coins", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--probe", type=int, required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--no-screen", action="store_true")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
