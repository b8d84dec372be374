"""Figures over time in little room: rings of numbers on a fixed grid of engine time, with holes where nothing is known.

A grid point that nothing was put at is a gap and reads as NaN; so does what is older than the ring is long. Nothing has
to be written for a gap, and nothing is ever carried forward.

Numbers are kept as 32 bit floats in flat arrays: some seven digits, and four bytes where a Python float in a list
takes thirty-two.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from math import inf, nan
from typing import TypeAlias

from arbtui.core.clock import NS_PER_S

COARSE_NS = 10 * NS_PER_S
COARSE_KEPT = 360  # an hour

Floats: TypeAlias = "array[float]"  # not to be written at run time before Python 3.12


@dataclass(frozen=True, slots=True)
class Series:
    """Figures at equal distances, oldest first; the last one covers the time up to ``end_ns``, each one ``step_ns``.

    ``low`` and ``high`` are the least and the greatest within each step, ``last`` the newest; NaN = not known. Where
    one sample was taken a step the three are one and the same array. ``known_now``: the newest figure holds at the end,
    so it is not only of some time within the last step.
    """

    end_ns: int
    step_ns: int
    low: Floats
    high: Floats
    last: Floats
    known_now: bool = True

    def __len__(self) -> int:
        return len(self.last)

    @property
    def start_ns(self) -> int:
        """Where the first figure's step begins."""
        return self.end_ns - len(self.last) * self.step_ns

    def known(self) -> list[float]:
        """The newest figure of every step that has one."""
        return [value for value in self.last if value == value]


class Ring:
    """The newest ``size`` grid points. ``code`` as for ``array``; ``empty`` reads where nothing was put."""

    __slots__ = ("at", "empty", "values")

    def __init__(self, size: int, code: str = "f", empty: float = nan) -> None:
        self.at = -1  # the newest grid point, counted from the epoch
        self.empty = empty
        self.values: Floats = array(code, [empty]) * size

    def put(self, at: int, value: float) -> None:
        """The figure of grid point ``at``; points between it and the newest before become gaps. The past is closed."""
        values = self.values
        size = len(values)
        ahead = at - self.at
        if ahead > 1:
            for skipped in range(max(self.at + 1, at - size + 1), at):
                values[skipped % size] = self.empty
        elif ahead < 0:
            return
        self.at = at
        values[at % size] = value

    def read(self, last: int, count: int) -> Floats:
        """The ``count`` grid points up to and including ``last``, oldest first."""
        size = len(self.values)
        first = last - count + 1
        newest, oldest = min(last, self.at), max(first, self.at - size + 1, 0)
        gap = array(self.values.typecode, [self.empty])
        if newest < oldest:
            return gap * count
        begin, end = oldest % size, newest % size + 1
        held = self.values[begin:end] if begin < end else self.values[begin:] + self.values[:end]
        return gap * (oldest - first) + held + gap * (last - newest)


class Buckets:
    """The last hour as the least, the greatest and the newest figure of every ten seconds."""

    __slots__ = ("high", "last", "low")

    def __init__(self) -> None:
        self.low, self.high = Ring(COARSE_KEPT, empty=inf), Ring(COARSE_KEPT, empty=-inf)
        self.last = Ring(COARSE_KEPT)

    def put(self, t_ns: int, value: float) -> None:
        at = t_ns // COARSE_NS
        place = at % COARSE_KEPT
        if at > self.last.at:
            self.low.put(at, value)
            self.high.put(at, value)
            self.last.put(at, value)
        elif at == self.last.at:
            if value < self.low.values[place]:
                self.low.values[place] = value
            if value > self.high.values[place]:
                self.high.values[place] = value
            self.last.values[place] = value

    def series(self, now_ns: int, count: int, *, known_now: bool) -> Series:
        """The ``count`` newest buckets as of ``now_ns``, with the one under way unless it only waits for its first."""
        at = now_ns // COARSE_NS
        if known_now and self.last.at < at:
            at -= 1
        low, high, last = (ring.read(at, count) for ring in (self.low, self.high, self.last))
        for place, value in enumerate(last):
            if value != value:
                low[place] = high[place] = nan
        return Series((at + 1) * COARSE_NS, COARSE_NS, low, high, last, known_now)

    def most(self, now_ns: int, count: int) -> float | None:
        """The greatest figure of the ``count`` newest buckets; None where none is known."""
        found = max(self.high.read(now_ns // COARSE_NS, count), default=-inf)
        return None if found == -inf else found


class Track:
    """One figure over time: as sampled for ``size`` steps of ``step_ns``, then in buckets for an hour."""

    __slots__ = ("coarse", "fine", "step_ns")

    def __init__(self, step_ns: int, size: int) -> None:
        self.step_ns = step_ns
        self.fine = Ring(size)
        self.coarse = Buckets()

    def put(self, t_ns: int, value: float) -> None:
        self.fine.put(t_ns // self.step_ns, value)
        self.coarse.put(t_ns, value)

    def series(self, now_ns: int, window_s: float) -> Series:
        """The last ``window_s`` seconds as of ``now_ns``, as finely as they are kept; at most an hour."""
        window_ns = int(window_s * NS_PER_S)
        count = -(-window_ns // self.step_ns)
        at = self.last_due(now_ns)
        if count > len(self.fine.values):
            newest = self.fine.read(at, 1)[0]
            count = min(COARSE_KEPT, -(-window_ns // COARSE_NS))
            return self.coarse.series(now_ns, count, known_now=newest == newest)
        values = self.fine.read(at, count)
        return Series((at + 1) * self.step_ns, self.step_ns, values, values, values)

    def last_due(self, now_ns: int) -> int:
        """The newest grid point that is over, or that has its sample: one still to come is no gap."""
        at = now_ns // self.step_ns
        return at if self.fine.at == at else at - 1


def empty(now_ns: int, window_s: float, step_ns: int = NS_PER_S) -> Series:
    """Nothing known for ``window_s`` seconds."""
    at = now_ns // step_ns
    values: Floats = array("f", [nan]) * max(0, -(-int(window_s * NS_PER_S) // step_ns))
    return Series(at * step_ns, step_ns, values, values, values)
