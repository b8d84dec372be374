"""Connection attempts and messages per host and socket, spaced so that no window ever holds too many. Pure.

``Pace`` is a leaky bucket told in times (GCRA): a burst is free, then one every ``period``. Over any span W it lets
through at most ``burst + W / period``, so with ``burst + 60 s / period = limit`` no minute, wherever it begins, exceeds
the limit.

What counts is when the venue hears of an attempt. On a machine that is behind, attempts that were due one after the
other may leave at once, so the next one to a host also waits for the answer to the one before, and a spacing more: the
venue has then heard of that one at least a spacing ago.
"""

from __future__ import annotations

from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import RefusalReason, VenueRefused

MINUTE_NS = 60 * NS_PER_S
CEILING_PER_MIN = 60.0  # our own, for any host
SHARE = 0.9  # attempts are late by the loop's lag, and another program may share the address
SPACING_NS = 350_000_000  # OKX docs, "Connect": 3 new connections a second
ANSWER_NS = 2 * NS_PER_S  # one that is not answered in so long is not waited for
LOOK_AGAIN_NS = 50_000_000
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
        self._under_way_ns: dict[str, int] = {}  # host -> since when an attempt is
        self._free_ns: dict[str, int] = {}  # host -> when the next may leave

    def take(self, host: str, per_min: float, now_ns: int) -> int:
        """Reserve an attempt on ``host``, which wants at most ``per_min``; when it may be made."""
        pace = self._paces.get(host)
        if pace is None:
            pace = self._paces[host] = _pace_of(per_min)
        return pace.take(max(now_ns, self._held_until_ns.get(host, 0)))

    def leave(self, host: str, now_ns: int) -> int:
        """An attempt that was reserved is to leave now: ``now_ns`` if it may, which is noted, else when to ask again.

        ``answered`` must be told how it went.
        """
        since_ns = self._under_way_ns.get(host)
        if since_ns is not None and now_ns - since_ns < ANSWER_NS:
            return now_ns + LOOK_AGAIN_NS
        free_ns = self._free_ns.get(host, now_ns)
        if free_ns > now_ns:
            return free_ns
        self._under_way_ns[host] = now_ns
        return now_ns

    def answered(self, host: str, now_ns: int) -> None:
        """The attempt under way was answered, or came to nothing."""
        if self._under_way_ns.pop(host, None) is not None:
            self._free_ns[host] = now_ns + SPACING_NS

    def hold(self, host: str, until_ns: int) -> None:
        """The venue wants no attempt before ``until_ns`` (429, 418, Retry-After)."""
        self._held_until_ns[host] = max(until_ns, self._held_until_ns.get(host, 0))

    def forget(self) -> None:
        """Begin anew, after engine time has jumped."""
        self._paces.clear()
        self._held_until_ns.clear()
        self._under_way_ns.clear()
        self._free_ns.clear()

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
