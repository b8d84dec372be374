"""Comparing what things cost, on a machine that does other things as well.

Candidates take turns within each round, in rotated order, so that a slow spell of the machine falls on all of them.
What is counted is the CPU time of this thread, each candidate's fastest round: whatever else runs here (above all what
it drives out of the shared caches) only ever adds. Ratios are those of fastest rounds; the first round warms up and
does not count.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Work = Callable[[], None]
Setup = Callable[[], Work]  # what is done before the clock starts; returns what is timed


@dataclass(frozen=True)
class Timed:
    """Of the fastest round. ``rounds`` are the CPU times of one item in each, in ns."""

    ns: float
    ratio: float  # to the base
    rounds: tuple[float, ...]

    def over(self, other: Timed) -> float:
        """How many times as long as ``other``."""
        return min(self.rounds) / min(other.rounds)


def compare(candidates: Mapping[str, Setup], items: int, rounds: int) -> dict[str, Timed]:
    """The first candidate is the base. ``items`` = what one run handles."""
    names = list(candidates)
    spent: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    gc.freeze()  # as in a running engine: what stands is not looked at again
    try:
        for turn in range(rounds + 1):
            start = turn % len(names)
            for name in names[start:] + names[:start]:
                ns = _time(candidates[name]()) / items
                if turn:
                    spent[name].append(ns)
    finally:
        gc.unfreeze()
    base = min(spent[names[0]])
    return {
        name: Timed(
            ns=min(ns),
            ratio=min(ns) / base,
            rounds=tuple(ns),
        )
        for name, ns in spent.items()
    }


def _time(work: Work) -> int:
    """CPU time in ns."""
    gc.collect()
    began_ns = time.thread_time_ns()
    work()
    return time.thread_time_ns() - began_ns
