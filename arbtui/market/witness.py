"""What is remembered of a slot so that its freshness can be judged: its own gaps, and what others said about it."""

from __future__ import annotations

from collections import deque

from arbtui.core.clock import NS_PER_S
from arbtui.core.events import Quote
from arbtui.market.terms import FreshnessRules

_KEPT = 128
_ENOUGH = 16  # gaps that must be known before they judge
_AGAIN = 32  # gaps after which the percentile is taken anew
_SHORT_NS = NS_PER_S // 4  # four times this is the least limit: gaps up to it are counted, their lengths forgotten
_PAUSE_NS = 3600 * NS_PER_S  # an hour without a frame is no habit of the stream (nor is the time before its first)


class Gaps:
    """The last 128 gaps of one periodic stream.

    Every frame of such a stream comes by here. A limit is made of the longest gap or the second longest, and short ones
    make no difference to it, so of most frames nothing is kept but that there was one.
    """

    __slots__ = ("_count", "_last_ns", "_long", "_p99_count", "_p99_ns")

    def __init__(self) -> None:
        self._count = 0
        self._last_ns = 0
        self._long: deque[tuple[int, int]] = deque(maxlen=_KEPT)  # (number, length in ns) of gaps that were not short
        self._p99_ns = 0
        self._p99_count = 0

    def note(self, t_ns: int) -> None:
        gap_ns = t_ns - self._last_ns
        self._last_ns = t_ns
        if 0 <= gap_ns <= _SHORT_NS:
            self._count += 1
        elif 0 < gap_ns < _PAUSE_NS:
            self._count += 1
            self._long.append((self._count, gap_ns))

    def p99_ns(self) -> int | None:
        """99th percentile of the gaps; 250 ms where it is no longer than that. None while too few are known."""
        if self._count < _ENOUGH:
            return None
        if self._p99_count == 0 or self._count - self._p99_count >= _AGAIN or self._count < _KEPT:
            known = min(self._count, _KEPT)
            longest = sorted((gap_ns for number, gap_ns in self._long if number > self._count - known), reverse=True)
            place = known - (99 * known + 99) // 100  # from the longest down
            self._p99_ns = longest[place] if place < len(longest) else _SHORT_NS
            self._p99_count = self._count
        return self._p99_ns

    def limit_ns(self, rules: FreshnessRules) -> int:
        """How long silence means nothing."""
        p99_ns = self.p99_ns()
        most_ns = int(rules.limit_max_s * NS_PER_S)
        if p99_ns is None:
            return most_ns
        return max(int(rules.limit_min_s * NS_PER_S), min(int(rules.gap_factor * p99_ns), most_ns))


class Witness:
    """What is remembered of one slot between looks: what second sources said, and how the exchange's stamps moved."""

    __slots__ = (
        "asked",
        "asked_ns",
        "confirmed_ns",
        "contents_ns",
        "differs_by",
        "differs_far",
        "differs_last_ns",
        "differs_ns",
        "differs_pair",
        "lag_before_ms",
        "lag_ms",
        "mid",
        "pair",
        "pair_ns",
        "seen",
        "stamp_changed",
        "stamp_ns",
    )

    def __init__(self) -> None:
        self.confirmed_ns = 0  # a second source last said the same
        self.differs_ns = 0  # first of the readings in a row that said something else; 0 = the last one agreed
        self.differs_last_ns = 0
        self.differs_pair: tuple[float | None, float | None] = (None, None)  # wire bid and ask that were contradicted
        self.differs_far = False
        self.differs_by = ""
        self.seen: Quote | None = None  # the newest frame at the last look
        self.contents_ns = 0  # receipt of the first frame seen with its contents
        self.stamp_ns = 0  # receipt of the first frame with the current exchange stamp
        self.stamp_changed = False  # frames with this stamp brought different contents
        self.lag_ms: float | None = None  # the lesser of the last two measured
        self.lag_before_ms: float | None = None
        self.asked = 0  # how often the feed was asked to do something about a doubted stream
        self.asked_ns = 0
        self.mid: float | None = None  # wire mid by the venue's mids; see ``slot.mid_ns``
        self.pair: tuple[float | None, float | None] = (None, None)  # wire bid and ask at the last reading
        self.pair_ns = 0  # receipt of the first quote seen with them
