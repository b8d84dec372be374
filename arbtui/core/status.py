"""What is known about the feeds and the process: read by screens, ``status`` lines, ``check``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from arbtui.core.model import Market, Stream


class Link:
    """One connection as the market sees it. The feed stores a stamp per frame; freshness reads it."""

    __slots__ = ("label", "last_traffic_ns", "up")

    def __init__(self, label: str) -> None:
        self.label = label
        self.last_traffic_ns = 0  # engine time of the last frame or pong
        self.up = False


class FeedState(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"
    DEGRADED = "degraded"
    STALE = "stale"
    DOWN = "down"
    MAINTENANCE = "maintenance"


class StreamState(StrEnum):
    """The life of one subscription: wanted -> asked -> acked -> live; refused ends it on this connection."""

    WANTED = "wanted"
    ASKED = "asked"
    ACKED = "acked"
    REFUSED = "refused"
    LIVE = "live"
    STALE = "stale"  # was live, then quiet beyond its cadence


@dataclass(frozen=True)
class FeedStatus:
    """One venue and market. Counts are streams unless a name says otherwise."""

    venue: str
    market: Market
    state: FeedState
    reason: str  # one sentence; "" when live
    subscribed: int  # asked for
    acked: int
    failed: int  # refused
    stale: int
    reconnects: int
    msgs_per_s: float
    age_ms_p50: float | None  # exchange stamp -> receipt, corrected by the clock offset
    age_ms_p99: float | None
    clock_offset_ms: float | None  # venue clock minus ours
    connections: int = 0
    connects_last_min: int = 0
    first_data: dict[str, int] = field(default_factory=dict)  # channel -> streams that have brought data
    since_ns: int | None = None  # engine time at which it was first found in this state; None = not kept


@dataclass(frozen=True)
class StreamReport:
    """One subscription, for `check` and the health screen."""

    stream: Stream
    state: StreamState
    connection: str
    text: str = ""  # the venue's words when it refused


@dataclass(frozen=True)
class ProcessFigures:
    rss_mb: float
    cpu_pct: float
    loop_lag_ms_p99: float
    queue: int
    errors: dict[str, int]


@dataclass(frozen=True)
class Notice:
    """Something a person should be able to read later: the bottom line of the screen, a line on stderr."""

    t_ns: int
    level: str  # "info" | "warning" | "error"
    text: str
