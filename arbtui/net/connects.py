"""Connection attempts and messages per host and socket, spaced so that no window ever holds too many. Pure.

``Pace`` is a leaky bucket told in times (GCRA): a burst is free, then one every ``period``. Over any span W it lets
through at most ``burst + W / period``, so with ``burst + 60 s / period = limit`` no minute, wherever it begins, exceeds
the limit.
"""

from __future__ import annotations

from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import RefusalReason, VenueRefused

MINUTE_NS = 60 * NS_PER_S
CEILING_PER_MIN = 60.0  # our own, for any host
SHARE = 0.9  # attempts are late by the loop's lag, and another program may share the address
SPACING_NS = 350_000_000  # OKX docs, "Connect": 3 new connections a second
_HOLD_S = {RefusalReason.RATE_LIMITED: 10, RefusalReason.BANNED: 120, RefusalReason.REGION_BLOCKED: 60}


class Pace:
    """Hands out times: ``burst`` at once (``spacing_ns`` apart), then one every ``period_ns``."""

    def __init__(self, period_ns: int, burst: int = 1, spacing_ns: int = 0) -> None:
        self._period_ns = period_ns
        self._tolerance_ns = (max(1, burst) - 1) * period_ns
        self._spacing_ns = spacing_ns
        self._ideal_ns = -(1 << 62)  # when the bucket has leaked empty
        self._last_ns = -(1 << 62)

    def due_ns(self, now_ns: int) -> int:
        """When the next one may go; ``now_ns`` if at once."""
        return max(now_ns, self._ideal_ns - self._tolerance_ns, self._last_ns + self._spacing_ns)

    def take(self, now_ns: int) -> int:
        """Reserve the next one and say when it may go. Reservations are kept in order and never given back."""
        due_ns = self.due_ns(now_ns)
        self._ideal_ns = max(self._ideal_ns, due_ns) + self._period_ns
        self._last_ns = due_ns
        return due_ns


class Connects:
    """Attempts to connect, per host (as the venue names it, whatever gateway stands before it)."""

    def __init__(self) -> None:
        self._paces: dict[str, Pace] = {}
        self._held_until_ns: dict[str, int] = {}

    def take(self, host: str, per_min: float, now_ns: int) -> int:
        """Reserve an attempt on ``host``, which wants at most ``per_min``; when it may be made."""
        pace = self._paces.get(host)
        if pace is None:
            pace = self._paces[host] = _pace_of(per_min)
        return pace.take(max(now_ns, self._held_until_ns.get(host, 0)))

    def hold(self, host: str, until_ns: int) -> None:
        """The venue wants no attempt before ``until_ns`` (429, 418, Retry-After)."""
        self._held_until_ns[host] = max(until_ns, self._held_until_ns.get(host, 0))

    def forget(self) -> None:
        """Begin anew, after engine time has jumped."""
        self._paces.clear()
        self._held_until_ns.clear()

    def held_until_ns(self, host: str) -> int:
        return self._held_until_ns.get(host, 0)


def _pace_of(per_min: float) -> Pace:
    limit = max(2, int(min(per_min, CEILING_PER_MIN) * SHARE))
    burst = max(1, limit // 3)
    return Pace(MINUTE_NS // (limit - burst), burst, SPACING_NS)


def hold_ns(refused: VenueRefused) -> int:
    """How long a refused handshake keeps us from the host: as the venue says, else as its refusal suggests; else 0."""
    if refused.retry_after_s is not None:
        return round(max(1.0, refused.retry_after_s) * NS_PER_S)
    return _HOLD_S.get(refused.reason, 0) * NS_PER_S
