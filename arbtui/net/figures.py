"""Rates and ages for ``status`` lines, cheap enough for the hot path's doorstep. Pure."""

from __future__ import annotations

from collections import deque

from arbtui.core.clock import NS_PER_MS, NS_PER_S

_RATE_SPAN_NS = 10 * NS_PER_S


class Ages:
    """The last few hundred differences receipt - exchange stamp, in ms, before any correction of clocks."""

    def __init__(self, kept: int = 512) -> None:
        self._ms: deque[float] = deque(maxlen=kept)

    def add(self, t_ns: int, exchange_ms: int) -> None:
        self._ms.append(t_ns / NS_PER_MS - exchange_ms)

    def clear(self) -> None:
        self._ms.clear()

    def percentiles(self, offset_ms: float | None) -> tuple[float | None, float | None]:
        """Median and 99th percentile, corrected by ``offset_ms`` = venue's clock minus ours where it is known."""
        if not self._ms:
            return None, None
        ordered = sorted(self._ms)
        correction = offset_ms or 0.0
        last = len(ordered) - 1
        return ordered[round(last * 0.5)] + correction, ordered[round(last * 0.99)] + correction


class Rate:
    """Events per second over the last ten seconds, from a counter that is looked at now and then."""

    def __init__(self) -> None:
        self._looks: deque[tuple[int, int]] = deque()

    def look(self, now_ns: int, count: int) -> None:
        self._looks.append((now_ns, count))
        while self._looks[0][0] < now_ns - _RATE_SPAN_NS:
            self._looks.popleft()

    def per_s(self) -> float:
        """0 until two looks span some time."""
        if len(self._looks) < 2:
            return 0.0
        (t0_ns, first), (t1_ns, last) = self._looks[0], self._looks[-1]
        return (last - first) * NS_PER_S / (t1_ns - t0_ns) if t1_ns > t0_ns else 0.0


class LastMinute:
    """How many things happened in the last 60 s."""

    def __init__(self) -> None:
        self._at_ns: deque[int] = deque()

    def add(self, now_ns: int) -> None:
        self._at_ns.append(now_ns)
        self.count(now_ns)

    def count(self, now_ns: int) -> int:
        while self._at_ns and self._at_ns[0] <= now_ns - 60 * NS_PER_S:
            self._at_ns.popleft()
        return len(self._at_ns)
