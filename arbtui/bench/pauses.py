"""How long the collector stops everything: a thousand coins, frames, and all that runs beside them.

The heap is the engine's own after start-up, frozen as it does. At 5,000 messages a second the board is swept every 100
messages, pairs near their threshold are gone through every 2,500, rows are made for a guest every 5,000. Only automatic
collections count, in CPU time, so that other work on the machine is not taken for a pause. What a full collection would
take is told beside it.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from arbtui.bench.report import Goal, Result, Table
from arbtui.bench.rig import Rig, Sink, bench_loop
from arbtui.bench.traffic import capture
from arbtui.core.model import Channel
from arbtui.engine.desk import SWEEP_MS, SWEEPS_PER_ROUND
from arbtui.engine.freeze import freeze

RATE_PER_S = 5000  # messages
SWEEP_EVERY = RATE_PER_S * SWEEP_MS // 1000
NEAR_EVERY = RATE_PER_S // 2
ROWS_EVERY = RATE_PER_S
MOVES_PER_S = 10.0


@dataclass(frozen=True)
class Size:
    coins: int
    messages: int
    frames: int


FULL = Size(coins=1000, messages=500_000, frames=10_000)
QUICK = Size(coins=200, messages=50_000, frames=3000)


@dataclass
class _Pauses:
    ns: list[int] = field(default_factory=list)
    began_ns: int = 0

    def __call__(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self.began_ns = time.thread_time_ns()
        else:
            self.ns.append(time.thread_time_ns() - self.began_ns)


@contextmanager
def _watched() -> Iterator[_Pauses]:
    pauses = _Pauses()
    gc.callbacks.append(pauses)
    try:
        yield pauses
    finally:
        gc.callbacks.remove(pauses)


def run(venues: Sequence[str], size: Size) -> Result:
    taken = capture(Channel.BBO, venues, coins=size.coins, frames=size.frames, moves_per_s=MOVES_PER_S)
    with bench_loop() as loop:
        rig = Rig(taken, loop)
        rig.desk.spreads.listen(rig.board)
        rig.desk.rows()
        calls = rig.calls(rig.parts, taken.frames)
        gc.unfreeze()
        freeze()
        try:
            before = [stats["collections"] for stats in gc.get_stats()]
            with _watched() as pauses:
                heard = _hear(rig, calls, size.messages)
            after = [stats["collections"] for stats in gc.get_stats()]
            began_ns = time.thread_time_ns()
            gc.collect()
            full_ms = (time.thread_time_ns() - began_ns) / 1e6
        finally:
            gc.unfreeze()
    longest_ms = max(pauses.ns, default=0) / 1e6
    row = (
        f"{heard:,} messages, {size.coins} coins, {len(venues)} venues",
        " / ".join(str(b - a) for a, b in zip(before, after, strict=True)),
        longest_ms,
        sum(pauses.ns) / 1e6,
        full_ms,
    )
    table = Table("the collector", ("", "collections", "longest ms", "all ms", "a full one ms"), (row,))
    return Result("gc", (table,), (Goal("longest automatic collection", longest_ms, "ms", 5.0, 20.0),))


def _hear(rig: Rig, calls: Sequence[tuple[Sink, bytes]], messages: int) -> int:
    """Frames, over and over on the same connections, with what the engine does beside them."""
    heard = 0
    while heard < messages:
        for slot in rig.board.slots:
            slot.seq = 0  # the same ids come again
        for sink, data in calls:
            sink(data)
            heard += 1
            if heard % SWEEP_EVERY == 0:
                rig.board.sweep(rig.clock.now_ns(), at_most=len(rig.board.slots) // SWEEPS_PER_ROUND + 1)
            if heard % NEAR_EVERY == 0:
                rig.desk.wanted_books()
            if heard % ROWS_EVERY == 0:
                rig.desk.rows()
    return heard
