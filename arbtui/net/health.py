"""One word and one sentence for a venue's market, from what its sockets and streams are doing. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from arbtui.core.status import FeedState, StreamState


@dataclass(frozen=True)
class ShardView:
    """What one socket looks like. ``error`` "" while nothing has gone wrong since data last flowed."""

    up: bool
    error: str = ""
    silent_s: float | None = None
    counts: Counter[StreamState] = field(default_factory=Counter)
    sample_refusal: str = ""
    sample_stale: str = ""

    @property
    def all_refused(self) -> bool:
        return self.counts.total() > 0 and self.counts[StreamState.REFUSED] == self.counts.total()


def judge(shards: Sequence[ShardView]) -> tuple[FeedState, str]:
    """State and reason; the reason is "" when live."""
    if not any(shard.counts.total() for shard in shards):
        return FeedState.CONNECTING, "nothing to stream yet"
    needed = [shard for shard in shards if not shard.all_refused]
    if not needed:
        return FeedState.DOWN, f"all subscriptions are refused: {shards[0].sample_refusal}"
    return _unconnected(needed) or _silent(needed) or _streams(shards)


def _unconnected(shards: Sequence[ShardView]) -> tuple[FeedState, str] | None:
    down = [shard for shard in shards if not shard.up]
    error = next((shard.error for shard in down if shard.error), "")
    if len(down) == len(shards):
        return (FeedState.DOWN, error) if error else (FeedState.CONNECTING, "connecting")
    if error:
        return FeedState.DEGRADED, f"{len(down)} of {len(shards)} connections down: {error}"
    return None


def _silent(shards: Sequence[ShardView]) -> tuple[FeedState, str] | None:
    silences = [shard.silent_s for shard in shards if shard.up and shard.silent_s is not None]
    if not silences:
        return None
    if len(silences) == sum(shard.up for shard in shards):
        return FeedState.STALE, f"connected, but no data for {min(silences):.0f} s"
    return FeedState.DEGRADED, f"{len(silences)} of {len(shards)} connections silent for {max(silences):.0f} s"


def _streams(shards: Sequence[ShardView]) -> tuple[FeedState, str]:
    counts: Counter[StreamState] = Counter()
    for shard in shards:
        counts.update(shard.counts)
    stale, refused, total = counts[StreamState.STALE], counts[StreamState.REFUSED], counts.total()
    if not counts[StreamState.LIVE]:
        if stale:
            return FeedState.STALE, f"connected, but {stale} of {total} streams bring nothing"
        return FeedState.CONNECTING, f"subscribing to {total} streams"
    troubles = []
    if stale:
        sample = next(shard.sample_stale for shard in shards if shard.counts[StreamState.STALE])
        troubles.append(f"{stale} of {total} streams silent, {sample} among them")
    if refused:
        sample = next(shard.sample_refusal for shard in shards if shard.counts[StreamState.REFUSED])
        troubles.append(f"{refused} of {total} subscriptions refused: {sample}")
    return (FeedState.DEGRADED, "; ".join(troubles)) if troubles else (FeedState.LIVE, "")
