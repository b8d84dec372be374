"""How often something usually comes, learned from when it came last; and how long its silence is still normal. Pure.

Looked at about once a second, so gaps below that are not told apart. Silence is suspicious after ``FACTOR`` times the
usual gap: for arrivals at random (Poisson) that happens by chance once in e^20 gaps; real markets come in bursts, hence
the margin and the floor.
"""

from __future__ import annotations

from arbtui.core.clock import NS_PER_S

FLOOR_S = 25.0  # a quiet stream must show within 35 s: the floor, two looks, and time to spare
FACTOR = 20.0
LEARNED = 5  # arrivals before the learned gap is believed
_WEIGHT = 1.0 / 16.0
_LEAP = 4.0  # one outage must not teach patience: a gap counts as at most so many usual ones


class Pulse:
    """One stream, or one socket. ``last_ns`` = engine time of the newest data, 0 = never.

    ``silent``: found silent beyond its limit, and nothing has come since.
    """

    __slots__ = ("beats", "gap_s", "last_ns", "silent")

    def __init__(self) -> None:
        self.last_ns = 0
        self.gap_s = 1.0
        self.beats = 0
        self.silent = False

    def saw(self, last_ns: int | None) -> None:
        """Look at when data came last (None: never)."""
        if last_ns is None or last_ns <= self.last_ns:
            return
        if self.last_ns:
            gap_s = (last_ns - self.last_ns) / NS_PER_S
            if self.beats >= LEARNED:
                gap_s = min(gap_s, _LEAP * self.gap_s)
            self.beats += 1
            self.gap_s += (gap_s - self.gap_s) * max(_WEIGHT, 1.0 / self.beats)
        self.last_ns = last_ns
        self.silent = False

    def usual_limit_s(self, floor_s: float = FLOOR_S, factor: float = FACTOR) -> float | None:
        """Silence beyond this is suspicious; None while too little is known."""
        return max(floor_s, factor * self.gap_s) if self.beats >= LEARNED else None

    def limit_s(self, quiet_s: float | None) -> float | None:
        """The stricter of what is usual and what the venue promises (``Cadence.quiet_s``)."""
        usual_s = self.usual_limit_s()
        if quiet_s is None or usual_s is None:
            return usual_s if quiet_s is None else quiet_s
        return min(quiet_s, usual_s)
