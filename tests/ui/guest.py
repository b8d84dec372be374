"""The screen on the fake engine in one process, to be looked at, tested through a pty, and measured.

    python -m tests.ui.guest [--coins N] [--rate QUOTES_PER_S] [--seconds S] [--no-screen] [--probe FD] [--out FILE] ...

``--probe``: a pipe into which somebody writes monotonic nanoseconds, eight bytes each; how late they are read in the
loop is the lag of the loop. With ``--out`` the figures are written there as JSON when it ends. After the screen has
ended the engine goes on for ``--after`` seconds, as an engine may. ``--times``: so often the screen is shown, one after
the other. ``--cancel-after``: the engine takes the screen away after so many seconds. From SIGALRM on the engine's rows
and settings raise. ``--alert-after``: an alert comes then. ``--rows``: on SIGUSR1 what the screen means to show is
written there; from SIGUSR2 to SIGUSR2 what is painted is lost. ``--orders``: hedges can be sent, on venues that fill
everything; time then goes on at a rate of 0 as well. ``--log``: what is logged is written there.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import signal
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

from arbtui.bench.ui.guest import Probe
from arbtui.config import Settings
from arbtui.config.model import Ui
from arbtui.core.alerts import AlertKind
from arbtui.port import SetThreshold
from arbtui.strategy.rows import SignalState
from arbtui.ui import app
from arbtui.ui.app import ArbtuiApp, run_screen
from arbtui.ui.writer import TerminalWriter
from tests.ui.fake_port import FakePort
from tests.ui.fake_trading import fake_trading
from tests.ui.painted import cells_of


async def engine(port: FakePort, quotes_per_s: float) -> None:
    """What a feed does to the loop: a few quotes every few milliseconds. At no quotes time stands still as well."""
    if not quotes_per_s and port.trading is None:
        return
    started, start_ns = time.monotonic(), port.time.now_ns()
    done = signalled = 0
    states = (SignalState.RAISED, SignalState.CLEARED, SignalState.REJECTED)
    while True:
        await asyncio.sleep(0.004)
        passed = time.monotonic() - started
        port.time.advance_to(start_ns + int(passed * 1e9))
        port.walk(int(passed * quotes_per_s) - done)
        done = int(passed * quotes_per_s)
        if quotes_per_s:
            port.past.step(port.time.now_ns(), port.selected, [port.selected])
        if quotes_per_s and int(passed) > signalled and "SOL" in port.board.coins:
            signalled = int(passed)
            port.raise_signal("SOL", states[signalled % 3], "" if signalled % 3 == 0 else "net fell below 3.0 bps")


class WatchedApp(ArbtuiApp):
    """Writes what it shows to a file when told to by a signal."""

    rows_to = ""

    def on_mount(self) -> None:
        super().on_mount()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._write_rows)

    def _write_rows(self) -> None:
        part = Path(f"{self.rows_to}.part")
        part.write_text(json.dumps(cells_of(self)))
        part.rename(self.rows_to)


def lose_frames() -> None:
    """From SIGUSR2 to SIGUSR2 nothing reaches the terminal: what a test that compares paintings has to notice."""
    write, losing = TerminalWriter.write, [False]

    def written(self: TerminalWriter, text: str) -> None:
        if not losing[0]:
            write(self, text)

    patch.object(TerminalWriter, "write", written).start()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, lambda: losing.__setitem__(0, not losing[0]))


async def show(port: FakePort, args: argparse.Namespace) -> str:
    """How the screen ended, in a word."""
    ended = ""
    for _ in range(args.times):
        task = asyncio.create_task(run_screen(port))
        if args.cancel_after:
            asyncio.get_running_loop().call_later(args.cancel_after, task.cancel)
        if args.alert_after:
            loop = asyncio.get_running_loop()
            loop.call_later(args.alert_after, port.alert, AlertKind.LEVEL, "BTC is at 90012.5\x1b]0;evil\x07")
        try:
            ended = (await task).value
        except asyncio.CancelledError:
            ended = "cancelled"
    return ended


async def main(args: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, lambda: None)  # what hang-up means is the engine's to say
    loop.set_task_factory(_factory)
    if args.log:
        logging.getLogger().addHandler(logging.FileHandler(args.log))
    if args.rows:
        WatchedApp.rows_to = args.rows
        vars(app)["ArbtuiApp"] = WatchedApp
        lose_frames()
    port = FakePort(args.coins)
    loop.add_signal_handler(signal.SIGALRM, port.fail)
    if args.ascii:
        port.given(Settings(ui=Ui(ascii=True)))
    if args.orders:
        port.send(SetThreshold(-1000.0))  # whatever the market is, a ticket may be sent
        fake_trading(port)
    gc.collect()
    gc.freeze()  # as the engine does once it stands
    figures: dict[str, object] = {}
    probe = Probe(args.probe, loop) if args.probe >= 0 else None
    feed = asyncio.create_task(engine(port, args.rate))
    loop.call_later(1.5, lambda: figures.update(factory_while_shown=loop.get_task_factory() is _factory))
    figures["end"] = await show(port, args)
    figures["factory_kept"] = loop.get_task_factory() is _factory
    quotes = port.quotes
    await asyncio.sleep(args.after)
    figures["quotes_after"] = port.quotes - quotes
    feed.cancel()
    figures["late_ms"] = probe.late_ms if probe is not None else []
    if args.out:
        await asyncio.to_thread(Path(args.out).write_text, json.dumps(figures))
    if sys.stdout.isatty() and figures.get("end") != "hangup":
        sys.stdout.write(f"the screen ended: {figures.get('end')}\n")


def _factory(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
    return asyncio.Task(coro, loop=loop, **options)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--coins", type=int, default=1000)
    parser.add_argument("--ascii", action="store_true")
    parser.add_argument("--rate", type=float, default=5000.0)
    parser.add_argument("--after", type=float, default=0.0)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--cancel-after", type=float, default=0.0)
    parser.add_argument("--alert-after", type=float, default=0.0)
    parser.add_argument("--rows", default="")
    parser.add_argument("--orders", action="store_true")
    parser.add_argument("--probe", type=int, default=-1)
    parser.add_argument("--out", default="")
    parser.add_argument("--log", default="")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))
