"""When a connection that looks open is not worth keeping. Pure: its counters and times come in, a verdict comes out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

from arbtui.core.clock import NS_PER_S
from arbtui.net.pulse import FLOOR_S, Pulse
from arbtui.venues.base import Manners

DATA_FLOOR_S = 10.0  # a whole socket without data for so long,
DATA_FACTOR = 10.0  # and so many times longer than usual, is silent;
DATA_REPLACE = 2.0  # after twice that it is replaced
MANY_STREAMS = 10  # so many are not all quiet at once, whatever their habits
_BROKEN_SPAN_NS = 10 * NS_PER_S
_BROKEN_LEAST = 20
_HOUR_NS = 3600 * NS_PER_S
_REQUEST_SHARE = 0.9


class Fate(Enum):
    REPLACE = "replace"  # open a new one, then close this
    CUT = "cut"  # worthless: close now


@dataclass(frozen=True)
class Verdict:
    fate: Fate
    reason: str
    planned: bool = False  # nothing is wrong: its time has come


class Watchdog:
    """Looks at one connection about once a second, from when it opened."""

    def __init__(self, manners: Manners, opened_ns: int, lifetime_share: float) -> None:
        """``lifetime_share``: part of the lifetime to use, drawn per connection so that they do not all end at once."""
        self._manners = manners
        self._opened_ns = opened_ns
        self._lifetime_share = lifetime_share
        self._frames: deque[tuple[int, int, int]] = deque()  # (when, frames, of them unreadable)
        self._requests_ns: deque[int] = deque()

    def requested(self, now_ns: int) -> None:
        """A request to subscribe or unsubscribe went out."""
        if self._manners.requests_per_hour is not None:
            self._requests_ns.append(now_ns)

    def look(
        self,
        now_ns: int,
        *,
        traffic_ns: int,
        data_ns: int,
        data_limit_s: float | None,
        frames: int,
        broken: int,
        hopeless: int,
    ) -> Verdict | None:
        """None: all is well. ``hopeless`` = streams that stayed silent however often they were asked for."""
        silent_s = (now_ns - max(traffic_ns, self._opened_ns)) / NS_PER_S
        if silent_s > self._manners.silence_s:
            return Verdict(Fate.CUT, f"no frame, ping or pong for {silent_s:.0f} s")
        if kind := self._unreadable(now_ns, frames, broken):
            return Verdict(Fate.CUT, kind)
        quiet_s = (now_ns - max(data_ns, self._opened_ns)) / NS_PER_S
        if data_limit_s is not None and quiet_s > DATA_REPLACE * data_limit_s:
            return Verdict(Fate.REPLACE, f"no data for {quiet_s:.0f} s")
        if hopeless:
            return Verdict(Fate.REPLACE, f"{hopeless} streams stay silent or wrong after subscribing anew")
        return self._planned(now_ns)

    def _unreadable(self, now_ns: int, frames: int, broken: int) -> str:
        self._frames.append((now_ns, frames, broken))
        while self._frames[0][0] < now_ns - _BROKEN_SPAN_NS:
            self._frames.popleft()
        _, frames_then, broken_then = self._frames[0]
        if broken - broken_then >= _BROKEN_LEAST and 2 * (broken - broken_then) > frames - frames_then:
            return f"{broken - broken_then} of the last {frames - frames_then} frames cannot be read"
        return ""

    def _planned(self, now_ns: int) -> Verdict | None:
        lifetime_s = self._manners.lifetime_s
        if lifetime_s is not None and now_ns - self._opened_ns > lifetime_s * self._lifetime_share * NS_PER_S:
            return Verdict(Fate.REPLACE, "renewed before the venue's own cut", planned=True)
        limit = self._manners.requests_per_hour
        while self._requests_ns and self._requests_ns[0] <= now_ns - _HOUR_NS:
            self._requests_ns.popleft()
        if limit is not None and len(self._requests_ns) > limit * _REQUEST_SHARE:
            return Verdict(Fate.REPLACE, "renewed before its hourly requests are used up", planned=True)
        return None


def data_limit_s(pulse: Pulse, streams: int) -> float | None:
    """How long a socket with ``streams`` that has brought data may bring none; None while nothing can be said."""
    usual_s = pulse.usual_limit_s(DATA_FLOOR_S, DATA_FACTOR)
    if usual_s is None and pulse.last_ns and streams >= MANY_STREAMS:
        return FLOOR_S
    return usual_s
