"""What a person waits for and what the machine gives: start-up time and memory of the real command, as a child process.

Each child gets a home of its own, so neither settings nor state of the person enter, and nothing of theirs is touched.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from arbtui.bench.report import Goal, Result, Table
from arbtui.core.errors import OurMistake

GIVE_UP_S = 60.0
VERSION_RUNS = 7


@dataclass(frozen=True)
class Size:
    starts: int
    coins: int
    watch_s: float


FULL = Size(starts=3, coins=1000, watch_s=30.0)
QUICK = Size(starts=1, coins=200, watch_s=8.0)


# --- start ------------------------------------------------------------------------------------------------------------


def run_start(venues: Sequence[str], size: Size) -> Result:
    version_s = statistics.median(_seconds(["-m", "arbtui", "--version"]) for _ in range(VERSION_RUNS))
    python_s = statistics.median(_seconds(["-c", "pass"]) for _ in range(VERSION_RUNS))
    first = [_first_spread_s(venues) for _ in range(size.starts)]
    first_s = statistics.median(first)
    table = Table(
        "start, in seconds of wall-clock time",
        ("", "s"),
        (
            ("python that does nothing", python_s),
            ("arbtui --version", version_s),
            (f"arbtui --demo --no-ui on {len(venues)} venues, command to first live spread", first_s),
        ),
    )
    note = "" if os.cpu_count() is None or os.getloadavg()[0] < 1 else "other work ran on this machine"
    return Result(
        "start",
        (table,),
        (
            Goal("demo, command to first live spread", first_s, "s", 3.0, 6.0, note=note),
            Goal("--version beyond an empty python", version_s - python_s, "s", 0.1, 0.3),
        ),
    )


def _seconds(arguments: Sequence[str]) -> float:
    with home() as environ:
        began_s = time.perf_counter()
        subprocess.run([sys.executable, *arguments], env=environ, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began_s


def _first_spread_s(venues: Sequence[str]) -> float:
    """Until a line says what a pair that may trade nets."""
    arguments = ["--demo", "--no-ui", "--emit", "spread", "--every", "0", "--venues", ",".join(venues)]
    began_s = time.perf_counter()
    for line in _lines([*arguments, "--duration", str(GIVE_UP_S)]):
        if line["muted"] is None and line["net_bps"] is not None:
            return time.perf_counter() - began_s
    raise OurMistake(f"the demo showed no live spread in {GIVE_UP_S:g} s")


# --- memory -----------------------------------------------------------------------------------------------------------


def run_memory(venues: Sequence[str], size: Size) -> Result:
    """The engine alone: the simulator is another process, started here."""
    with simulator(venues, size.coins) as url:
        arguments = ["--gateway", url, "--no-ui", "--emit", "process", "--top", "all", "--venues", ",".join(venues)]
        sizes = [float(line["rss_mb"]) for line in _lines([*arguments, "--duration", str(size.watch_s)])]
    if not sizes:
        raise OurMistake("the engine printed no process line")
    what = f"{size.coins} coins on {len(venues)} venues"
    table = Table(
        "memory of the engine, headless (RSS)",
        ("", "MB"),
        ((f"largest in {size.watch_s:g} s, {what}", max(sizes)), ("at the end", sizes[-1])),
    )
    return Result("memory", (table,), (Goal(f"RSS, {what}", max(sizes), "MB", 150.0, 250.0),))


@contextmanager
def simulator(venues: Sequence[str], coins: int) -> Iterator[str]:
    command = [sys.executable, "-m", "arbtui.sim", "--until-stdin-closes", "--symbols", str(coins)]
    command += ["--venues", ",".join(venues)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            line = child.stdout.readline()
            if not line:
                raise OurMistake("the simulator ended at start")
            yield str(orjson.loads(line)["url"])
        finally:
            child.terminate()


# --- children ---------------------------------------------------------------------------------------------------------


def _lines(arguments: Sequence[str]) -> Iterator[dict[str, Any]]:
    """JSON lines of an arbtui child, which is ended when nobody wants more."""
    with home() as environ:
        command = [sys.executable, "-m", "arbtui", *arguments]
        with subprocess.Popen(
            command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            try:
                assert child.stdout is not None
                for line in child.stdout:
                    yield orjson.loads(line)
            finally:
                child.terminate()


def run_child(arguments: Sequence[str]) -> None:
    """A Python child, to its end; what it says is nobody's business."""
    with home() as environ:
        command = [sys.executable, *arguments]
        nowhere = subprocess.DEVNULL
        subprocess.run(command, env=environ, stdin=nowhere, stdout=nowhere, stderr=nowhere, check=False)


@contextmanager
def home() -> Iterator[dict[str, str]]:
    """The environment with another home."""
    with tempfile.TemporaryDirectory(prefix="arbtui-bench-") as folder:
        root = Path(__file__).resolve().parents[2]
        own = {name: value for name, value in os.environ.items() if not name.startswith(("ARBTUI_", "XDG_"))}
        search = os.pathsep.join(part for part in (str(root), own.get("PYTHONPATH", "")) if part)
        yield own | {"HOME": folder, "PYTHONPATH": search}
