"""One run of the guest from start to end, with somebody in front of it who reads, presses keys and resizes."""

from __future__ import annotations

import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from arbtui.bench.process import home
from arbtui.bench.ui.guest import WARM_UP_S
from arbtui.bench.ui.terminal import Pty
from arbtui.core.errors import OurMistake

CURSOR = "▸".encode()  # is painted anew on another row when j or k is pressed
KEY_EVERY_S = 0.37  # no multiple of the pump's beat
ESCAPES = re.compile("\x1b\\[[0-9;?<>]*[a-zA-Z]")
KEPT_WORDS = 600  # bytes of what a screen wrote that did not come up
GIVE_UP_S = 30.0
STORM_EVERY_S = 0.05
_SIPS_PER_S = 64  # a slow link takes its bytes so often

STAMPS = (
    "import os,sys,time\nfd=int(sys.argv[1]);os.set_blocking(fd,False)\n"
    "while True:\n time.sleep(0.002)\n"
    " try: os.write(fd,time.monotonic_ns().to_bytes(8,'little'))\n"
    " except BlockingIOError: pass\n except OSError: break"
)


@dataclass(frozen=True)
class Way:
    """What one run is made of. ``width`` 0: the engine alone, without a screen."""

    width: int = 120
    height: int = 40
    coins: int = 1000
    quotes_per_s: float = 5000.0
    seconds: float = 8.0
    stall_s: float = 0.0  # the terminal reads nothing for so long, while whole screens are asked for
    kb_per_s: float = 0.0  # the terminal reads no more than that; 0 = as much as there is
    storm: bool = False  # the window's size changes all the time


@dataclass
class Measured:
    """Of the time after the warm-up. Lags are wall-clock time, ``held`` and CPU are CPU time."""

    cpu_pct: float
    quotes_per_s: float
    rss_mb: float
    held_p99_ms: float
    held_max_ms: float
    lag_p50_ms: float
    lag_p99_ms: float
    lag_max_ms: float
    end_lag_ms: float  # the longest while the screen was closing
    kb_per_s: float
    ended: str
    key_ms: list[float] = field(default_factory=list)

    @property
    def key_median_ms(self) -> float | None:
        return statistics.median(self.key_ms) if self.key_ms else None


@contextmanager
def stamps() -> Iterator[int]:
    """A pipe into which another process writes the time every two milliseconds; its reading end."""
    reading, writing = os.pipe()
    with subprocess.Popen([sys.executable, "-c", STAMPS, str(writing)], pass_fds=[writing]) as child:
        os.close(writing)
        try:
            yield reading
        finally:
            child.kill()
            os.close(reading)


def measure(venues: Sequence[str], way: Way) -> Measured:
    """Run it to its end. Raises ``OurMistake`` where the guest did not do what it should."""
    with home() as environment, stamps() as probe, tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "arbtui.bench.ui.guest", "--venues", ",".join(venues)]
        command += ["--coins", str(way.coins), "--rate", str(way.quotes_per_s), "--seconds", str(way.seconds)]
        command += ["--probe", str(probe), "--out", str(out), *([] if way.width else ["--no-screen"])]
        terminal = Pty(command, way.width or 80, way.height, keep_fds=[probe], environment=environment)
        try:
            person = Person(terminal, way)
            person.sit()
            if not terminal.wait(lambda: not terminal.alive(), GIVE_UP_S):
                raise OurMistake(f"the screen at {way.width}x{way.height} did not end when it was told to")
        finally:
            terminal.end()
        if not out.exists():
            raise OurMistake(f"the screen at {way.width}x{way.height} ended without figures ({terminal.status})")
        return _measured(orjson.loads(out.read_bytes()), person)


def _measured(told: dict[str, Any], person: Person) -> Measured:
    if "from_s" not in told:
        raise OurMistake("the screen ended before anything was measured")
    window = sorted(late for at, late in told["late_ms"] if told["from_s"] <= at <= told["to_s"])
    if not window:
        raise OurMistake("the loop read no stamps while it was measured")
    return Measured(
        cpu_pct=told["cpu_pct"],
        quotes_per_s=told["quotes_per_s"],
        rss_mb=told["rss_mb"],
        held_p99_ms=told["p99_ms"],
        held_max_ms=told["longest_ms"],
        lag_p50_ms=window[len(window) // 2],
        lag_p99_ms=window[int(len(window) * 0.99)],
        lag_max_ms=window[-1],
        end_lag_ms=max((late for at, late in told["late_ms"] if at >= person.quit_s), default=0.0),
        kb_per_s=person.kb_per_s,
        ended=told["ended"],
        key_ms=person.key_ms,
    )


class Person:
    """Reads, presses j and k now and then, waits for the cursor to be painted, and leaves at the end."""

    def __init__(self, terminal: Pty, way: Way) -> None:
        self._terminal = terminal
        self._way = way
        self._dice = random.Random(7)
        self._pressed_s: float | None = None
        self._presses = 0
        self.key_ms: list[float] = []
        self.kb_per_s = 0.0
        self.quit_s = 0.0

    def sit(self) -> None:
        """Until q is pressed; without a screen, until the guest has its figures."""
        if not self._way.width:
            self.quit_s = float("inf")
            return
        self._find_cursor()
        time_left = WARM_UP_S + self._way.seconds + 0.5
        self._look(WARM_UP_S, measuring=False)
        counted_at, counted_from = time.monotonic(), self._terminal.total
        self._look(time_left - WARM_UP_S, measuring=True)
        self.kb_per_s = (self._terminal.total - counted_from) / 1024 / (time.monotonic() - counted_at)
        self.quit_s = time.monotonic()
        self._terminal.keys("q")

    def _find_cursor(self) -> None:
        until_s, seen = time.monotonic() + GIVE_UP_S, b""
        while CURSOR not in (data := self._terminal.pump(0.1)):
            seen = (seen + data)[-KEPT_WORDS:]
            if time.monotonic() > until_s or not self._terminal.alive():
                said = " ".join(ESCAPES.sub(" ", seen.decode(errors="replace")).split())
                raise OurMistake(f"the screen painted no cursor; the last that it wrote: {said or 'nothing'}")

    def _look(self, seconds: float, *, measuring: bool) -> None:
        way, began_s = self._way, time.monotonic()
        next_key_s = next_size_s = began_s
        while (now_s := time.monotonic()) < began_s + seconds:
            if measuring and now_s < began_s + way.stall_s:
                self._terminal.keys("\x0c")  # a whole screen each time: more than the kernel keeps for a reader
                time.sleep(STORM_EVERY_S)
                continue
            if measuring and way.storm and now_s >= next_size_s:
                self._terminal.resize(self._dice.randrange(20, 200), self._dice.randrange(5, 60))
                next_size_s = now_s + STORM_EVERY_S
            elif measuring and not way.storm and not way.stall_s and now_s >= next_key_s:
                self._press()
                next_key_s = now_s + KEY_EVERY_S
            data = self._read()
            if self._pressed_s is not None and CURSOR in data:
                self.key_ms.append((time.monotonic() - self._pressed_s) * 1e3)
                self._pressed_s = None

    def _press(self) -> None:
        self._terminal.keys("jk"[self._presses % 2])
        self._presses += 1
        self._pressed_s = time.monotonic()

    def _read(self) -> bytes:
        if not self._way.kb_per_s:
            return self._terminal.pump(0.01)
        time.sleep(1 / _SIPS_PER_S)
        return self._terminal.read(int(self._way.kb_per_s * 1024 / _SIPS_PER_S))
