"""How long to wait before trying a broken thing again. Pure: randomness comes in, waits come out."""

from __future__ import annotations

import random

FIRST_S = 0.5
CAP_S = 10.0  # a venue must be back on screen within 20 s after a fault ends
SETTLED_S = 20.0  # data must have flowed for so long before a broken connection counts as a fresh failure


class Backoff:
    """Doubling waits with jitter (half to whole of the step), so that many sockets do not come back in step.

    Only data that flowed for a while forgives earlier failures: a venue that accepts and closes, or sends one frame and
    closes, meets growing waits like one that refuses.
    """

    def __init__(self, rng: random.Random, *, first_s: float = FIRST_S, cap_s: float = CAP_S) -> None:
        self._rng = rng
        self._first_s = first_s
        self._cap_s = cap_s
        self.failures = 0

    def ended(self, flowed_s: float) -> float:
        """Seconds to wait after an attempt whose data flowed for ``flowed_s`` (0 = it never connected)."""
        if flowed_s >= SETTLED_S:
            self.failures = 0
        step_s = min(self._cap_s, self._first_s * 2.0 ** min(self.failures, 30))
        self.failures += 1
        return step_s * self._rng.uniform(0.5, 1.0)
