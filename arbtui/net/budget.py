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


class _Window:
    """What was spent of late, and until when the venue wants nothing."""

    def __init__(self, window_s: float) -> None:
        self.closed_until_ns = 0
        self.sum = 0.0
        self.spent: deque[tuple[int, float]] = deque()
        self.ns = round(window_s * NS_PER_S)

    def forget(self, now_ns: int) -> None:
        if self.spent and (behind_ns := self.spent[-1][0] - now_ns) > 0:  # the clock was set back, by so much at least
            self.spent = deque((at_ns - behind_ns, cost) for at_ns, cost in self.spent)
            self.closed_until_ns -= behind_ns
        while self.spent and self.spent[0][0] + self.ns <= now_ns:
            self.sum -= self.spent.popleft()[1]
        if not self.spent:
            self.sum = 0.0


class Budget:
    """One bucket of one host. ``beside``: another user of the same bucket, whose spending counts for both."""

    def __init__(self, limit: RestLimit, beside: Budget | None = None) -> None:
        self.apart_s = limit.window_s if limit.apart else None  # after a 429: this bucket alone, for one window
        self._limit = limit
        self._allowed = limit.capacity * limit.share
        self._window: _Window = _Window(limit.window_s) if beside is None else beside._window

    def wait_ns(self, cost: float, now_ns: int, leave: float = 0.0) -> int:
        """How long to wait before ``cost`` may be spent; 0 = now. ``leave``: the part, 0..1, that must be left then."""
        window = self._window
        cost += leave * self._allowed if leave else 0.0  # a bucket that nobody described is endless
        window.forget(now_ns)
        if now_ns < window.closed_until_ns:
            return window.closed_until_ns - now_ns
        room = self._allowed - window.sum
        if cost <= room or not window.spent:  # a single call dearer than the whole budget goes alone
            return 0
        for at_ns, spent in window.spent:
            room += spent
            if cost <= room:
                return at_ns + window.ns - now_ns
        return window.spent[-1][0] + window.ns - now_ns

    def spend(self, cost: float, now_ns: int) -> None:
        self._window.forget(now_ns)
        self._window.spent.append((now_ns, cost))
        self._window.sum += cost

    def observe(self, used: float, now_ns: int) -> None:
        """The venue says that ``used`` units of the window are gone."""
        self._window.forget(now_ns)
        if used > self._window.sum:
            self.spend(used - self._window.sum, now_ns)

    def close(self, until_ns: int) -> None:
        """The venue wants no request before ``until_ns`` (429, 418)."""
        self._window.closed_until_ns = max(self._window.closed_until_ns, until_ns)

    def used_share(self, now_ns: int) -> float:
        """Part of the venue's capacity spent in the running window, 0..1 and beyond."""
        self._window.forget(now_ns)
        return self._window.sum / self._limit.capacity


class Budgets:
    """The buckets of all hosts. A host or bucket that nobody described is free but still obeys ``close``.

    ``beside``: others that ask the same hosts. Buckets that both know are counted together, each with its own share.
    """

    def __init__(self, limits: Iterable[RestLimit], beside: Budgets | None = None) -> None:
        self._budgets: dict[tuple[str, str], Budget] = {}
        self._host_closed_until_ns: dict[str, int] = {}
        self.used_headers: dict[tuple[str, str], str] = {}
        for limit in limits:
            key = (limit.host, limit.bucket)
            self._budgets[key] = Budget(limit, None if beside is None else beside._budgets.get(key))
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
