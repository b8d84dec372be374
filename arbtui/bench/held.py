"""What holds the engine's loop: the CPU time of every callback of a headless run, the simulator in another process.

While a callback runs no frame is read, so its length is what a frame may have to wait. It is counted in CPU time of the
loop's thread: wall-clock time would count whatever else runs on the machine. Two figures: the longest callback, and the
wait that 99 of 100 moments stay below, if frames came at any moment alike (a moment falls into a callback as often as
that is long, and waits for what is left of it). The first seconds, when coins are chosen and sockets open, do not
count.

This module is the child as well: it runs the command with every callback timed. asyncio has no public way to see what
its transports call, so the child wraps ``Handle._run``, which all callbacks of Python's own loops pass through.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from runpy import run_module
from typing import Any

import orjson

from arbtui.bench.process import run_child, simulator
from arbtui.bench.report import Goal, Result, Table
from arbtui.core.errors import OurMistake

SHOWN = 5  # kinds of callbacks, the longest first


@dataclass(frozen=True)
class Size:
    coins: tuple[int, ...]
    settle_s: float
    watch_s: float


FULL = Size(coins=(300, 1000), settle_s=20.0, watch_s=30.0)
QUICK = Size(coins=(100,), settle_s=8.0, watch_s=8.0)


def run(venues: Sequence[str], size: Size) -> Result:
    tables, goals = [], []
    for coins in size.coins:
        held = _watched(venues, coins, size)
        rows = (
            ("longest callback", held["longest_ms"]),
            ("wait of 99 in 100 moments, at most", held["p99_ms"]),
            ("CPU of the loop, % of a core", held["cpu_pct"]),
            ("callbacks a second", held["per_s"]),
            *((f"longest {name}", ms) for name, ms in held["kinds"]),
        )
        title = f"what holds the loop headless, {coins} coins on {len(venues)} venues, CPU ms"
        tables.append(Table(title, ("", ""), rows))
        goals.append(Goal(f"loop held, p99 of moments, {coins} coins", held["p99_ms"], "CPU ms", 5.0, 15.0))
    return Result("loop", tuple(tables), tuple(goals))


def _watched(venues: Sequence[str], coins: int, size: Size) -> dict[str, Any]:
    with simulator(venues, coins) as url, tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "held.json"
        arguments = ["--gateway", url, "--no-ui", "--top", "all", "--venues", ",".join(venues)]
        arguments += ["--emit", "spread,signal,status,process", "--duration", str(size.settle_s + size.watch_s)]
        run_child(["-m", "arbtui.bench.held", str(found), str(size.settle_s), *arguments])
        if not found.exists():
            raise OurMistake(f"the engine with {coins} coins did not run to its end")
        answer: dict[str, Any] = orjson.loads(found.read_bytes())
        return answer


# --- the child --------------------------------------------------------------------------------------------------------


class Watch:
    """Times callbacks from ``after_s`` on."""

    def __init__(self, after_s: float) -> None:
        self._begins_s = time.monotonic() + after_s
        self._ns: list[int] = []
        self._longest: dict[str, int] = {}  # by kind of callback
        self._kept = 1_000_000  # ns: shorter ones are not named

    def install(self) -> None:
        every: Any = asyncio.Handle
        run_one: Callable[[Any], None] = every._run
        cpu_ns, now_s = time.thread_time_ns, time.monotonic

        def timed(handle: Any) -> None:
            call = handle._callback  # what runs may cancel its own handle
            began_ns = cpu_ns()
            run_one(handle)
            spent_ns = cpu_ns() - began_ns
            if now_s() >= self._begins_s:
                self._ns.append(spent_ns)
                if spent_ns > self._kept:
                    name = kind_of(call)
                    self._longest[name] = max(self._longest.get(name, 0), spent_ns)

        every._run = timed

    def figures(self) -> dict[str, Any]:
        wall_s = time.monotonic() - self._begins_s
        kinds = sorted(self._longest.items(), key=lambda item: -item[1])[:SHOWN]
        return {
            "longest_ms": max(self._ns, default=0) / 1e6,
            "p99_ms": waited_ns(self._ns, 0.01 * wall_s * 1e9) / 1e6,
            "cpu_pct": sum(self._ns) / 1e7 / wall_s,
            "per_s": round(len(self._ns) / wall_s),
            "kinds": [(name, ns / 1e6) for name, ns in kinds],
        }


def waited_ns(lengths_ns: Sequence[int], share_ns: float) -> float:
    """The wait that all moments but ``share_ns`` of them stay below: sum(length - wait, of the longer ones) = share."""
    ordered = sorted(lengths_ns, reverse=True)
    longer_ns = 0
    for count, length_ns in enumerate(ordered, start=1):
        longer_ns += length_ns
        wait_ns = (longer_ns - share_ns) / count
        if count == len(ordered) or wait_ns >= ordered[count]:
            return max(0.0, wait_ns)
    return 0.0


def kind_of(call: Any) -> str:
    """What a callback is: the function, or the coroutine of the task whose step it is."""
    owner = getattr(call, "__self__", None)
    if isinstance(owner, asyncio.Task):
        coroutine = owner.get_coro()
        return str(getattr(coroutine, "__qualname__", coroutine))
    inner = getattr(owner, "_call", None)  # of a grid of engine time
    return str(getattr(inner or call, "__qualname__", call))


def main(argv: Sequence[str]) -> None:
    """As ``python -m arbtui`` with what follows the first two words."""
    path, after_s, *arguments = argv
    watch = Watch(float(after_s))
    watch.install()
    sys.argv[1:] = arguments
    try:
        run_module("arbtui", run_name="__main__")
    finally:
        Path(path).write_bytes(orjson.dumps(watch.figures()))


if __name__ == "__main__":
    main(sys.argv[1:])
