"""How much a host lets us ask. Pure: time comes in, waits come out.

A sliding window of what was spent never exceeds a venue's fixed window, wherever that begins, so one rule serves venues
that reset on the clock minute and venues that slide. Where a venue reports its own count and it is higher than ours
(another program on the same address), the difference is taken as spent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import inf

from arbtui.core.clock import NS_PER_S
from arbtui.venues.base import RestLimit


class Budget:
    """One bucket of one host."""

    def __init__(self, limit: RestLimit) -> None:
        self.apart_s = limit.window_s if limit.apart else None  # after a 429: this bucket alone, for one window
        self._limit = limit
        self._allowed = limit.capacity * limit.share
        self._window_ns = round(limit.window_s * NS_PER_S)
        self._spent: deque[tuple[int, float]] = deque()
        self._sum = 0.0
        self._closed_until_ns = 0

    def wait_ns(self, cost: float, now_ns: int) -> int:
        """How long to wait before ``cost`` may be spent; 0 = now."""
        self._forget(now_ns)
        if now_ns < self._closed_until_ns:
            return self._closed_until_ns - now_ns
        room = self._allowed - self._sum
        if cost <= room or not self._spent:  # a single call dearer than the whole budget goes alone
            return 0
        for at_ns, spent in self._spent:
            room += spent
            if cost <= room:
                return at_ns + self._window_ns - now_ns
        return self._spent[-1][0] + self._window_ns - now_ns

    def spend(self, cost: float, now_ns: int) -> None:
        self._spent.append((now_ns, cost))
        self._sum += cost

    def observe(self, used: float, now_ns: int) -> None:
        """The venue says that ``used`` units of the window are gone."""
        self._forget(now_ns)
        if used > self._sum:
            self.spend(used - self._sum, now_ns)

    def close(self, until_ns: int) -> None:
        """The venue wants no request before ``until_ns`` (429, 418)."""
        self._closed_until_ns = max(self._closed_until_ns, until_ns)

    def used_share(self, now_ns: int) -> float:
        """Part of the venue's capacity spent in the running window, 0..1 and beyond."""
        self._forget(now_ns)
        return self._sum / self._limit.capacity

    def _forget(self, now_ns: int) -> None:
        while self._spent and self._spent[0][0] + self._window_ns <= now_ns:
            self._sum -= self._spent.popleft()[1]
        if not self._spent:
            self._sum = 0.0


class Budgets:
    """The buckets of all hosts. A host or bucket that nobody described is free but still obeys ``close``."""

    def __init__(self, limits: Iterable[RestLimit]) -> None:
        self._budgets: dict[tuple[str, str], Budget] = {}
        self._host_closed_until_ns: dict[str, int] = {}
        self.used_headers: dict[tuple[str, str], str] = {}
        for limit in limits:
            self._budgets[limit.host, limit.bucket] = Budget(limit)
            if limit.used_header:
                self.used_headers[limit.host, limit.bucket] = limit.used_header

    def of(self, host: str, bucket: str) -> Budget:
        key = (host, bucket)
        if key not in self._budgets:
            self._budgets[key] = Budget(RestLimit(host, bucket, capacity=inf, window_s=1.0))
            self._budgets[key].close(self._host_closed_until_ns.get(host, 0))
        return self._budgets[key]

    def close_host(self, host: str, until_ns: int) -> None:
        """A ban is on the address, not on one bucket."""
        self._host_closed_until_ns[host] = max(until_ns, self._host_closed_until_ns.get(host, 0))
        for (name, _), budget in self._budgets.items():
            if name == host:
                budget.close(until_ns)
