"""Counters by which venues limit their clients."""

from __future__ import annotations

from collections import deque

NS_PER_S = 1_000_000_000


class PerWindow:
    """A fixed window of the UTC clock (Binance: the clock minute): what each client used in the present one."""

    def __init__(self, limit: int, window_s: int = 60) -> None:
        self.limit = limit
        self.window_s = window_s
        self._window = 0
        self._used: dict[str, int] = {}

    def add(self, client: str, cost: int, now_ns: int) -> int:
        """Charge ``cost``; what ``client`` used in this window by now."""
        window = now_ns // (self.window_s * NS_PER_S)
        if window != self._window:
            self._window = window
            self._used.clear()
        used = self._used[client] = self._used.get(client, 0) + cost
        return used

    def left_s(self, now_ns: int) -> int:
        """Whole seconds until the window ends, at least 1."""
        return self.window_s - now_ns // NS_PER_S % self.window_s


class Sliding:
    """How many hits there were in the last ``window_s``, the present one included."""

    def __init__(self, window_s: float) -> None:
        self._window_ns = int(window_s * NS_PER_S)
        self._hits: deque[int] = deque()

    def hit(self, now_ns: int) -> int:
        hits = self._hits
        hits.append(now_ns)
        while hits[0] <= now_ns - self._window_ns:
            hits.popleft()
        return len(hits)


class SlidingPer:
    """``Sliding`` for each client."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._of: dict[str, Sliding] = {}

    def hit(self, client: str, now_ns: int) -> int:
        return self._of.setdefault(client, Sliding(self._window_s)).hit(now_ns)
