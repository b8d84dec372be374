"""One instrument's order book, kept from snapshots and deltas, or honestly not there.

    waiting    nothing yet; deltas are kept for the snapshot to come
    live       equals the venue's book as of ``seq``
    resyncing  was live and lost (``reason``); as waiting

Loss is the normal answer to everything that cannot be right: a gap in the sequence, a level that is no number, bids at
or above asks for longer than a moment, a window that has been used up. A lost book is empty at once; it is never shown
as it was. ``apply`` and ``check`` say when somebody has to fetch or subscribe it anew.

Levels stay as received (``side``): their texts are what is printed and what orders are made from.

Prices and sizes are in wire units throughout.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from enum import Enum, StrEnum
from math import inf
from typing import Literal, NamedTuple

from arbtui.core.clock import NS_PER_S
from arbtui.core.events import BookDelta, BookSnapshot, Level
from arbtui.core.sequence import SequenceRule, Verdict
from arbtui.market.side import BadLevel, Side

CROSSED_MAX_NS = 1_500_000_000  # bids at or above asks for so long: the book is wrong, not the market
BUFFERED_MAX = 300  # deltas kept for a snapshot to come; 30 s of a 100 ms stream
OLD_RUN_MAX = 4  # so many frames from the past in a row: the venue's counter fell back and we missed it
SNAPSHOT_SLACK_MS = 1000  # a snapshot may be so much older than what was seen before it
SNAPSHOT_REFUSED_NS = 5 * NS_PER_S  # for so long old snapshots are put down to the venue's queue, not to its clock
WINDOW_LEFT_MIN = 20  # levels a side of a cut snapshot below which the book is fetched again


class BookState(StrEnum):
    WAITING = "waiting"
    LIVE = "live"
    RESYNCING = "resyncing"


class Effect(Enum):
    """What a frame did to the book."""

    NONE = "none"  # old, or kept for later
    CHANGED = "changed"
    WANTED = "wanted"  # there is no live book, and none will come unless somebody asks; ``reason`` says why


class Walked(NamedTuple):
    """What taking so much from one side comes to."""

    vwap: float
    qty: float
    notional: float


Best = tuple[float | None, float | None, float | None, float | None]  # bid, its size, ask, its size


# Looking up a member of an enumeration costs more than comparing with it, and these are asked for with every frame.
_APPLY, _OLD = Verdict.APPLY, Verdict.OLD
_NONE, _CHANGED, _WANTED = Effect.NONE, Effect.CHANGED, Effect.WANTED
_LIVE = BookState.LIVE


class Book:
    """The book of one instrument under its venue's sequence rule."""

    __slots__ = (
        "_asks",
        "_bids",
        "_buffer",
        "_failed",
        "_next",
        "_old_run",
        "_refused_ns",
        "_rule",
        "_window_min",
        "crossed_ns",
        "depth",
        "exchange_ms",
        "reason",
        "seq",
        "state",
        "t_ns",
        "updated",
    )

    def __init__(self, rule: SequenceRule) -> None:
        self.state = BookState.WAITING
        self.reason = ""  # why it is not live; "" before anything was heard, and when live
        self.seq = -1  # the venue's own update id
        self.t_ns = 0  # receipt of the last frame that was applied
        self.exchange_ms: int | None = None
        self.depth = 0  # levels a side that the stream shows, 0 = all
        self.crossed_ns = 0  # since when bids have been at or above asks; 0 = they are not
        self.updated = [False, False]  # whether the stream has brought bids, and asks, since it was lost
        self._rule = rule
        self._bids = Side(1.0)
        self._asks = Side(-1.0)
        self._next = False  # a delta was applied since the snapshot
        self._buffer: deque[BookDelta] = deque(maxlen=BUFFERED_MAX)
        self._old_run = 0
        self._failed = 0  # snapshots in a row that the kept deltas did not fit on
        self._refused_ns = 0
        self._window_min = 0

    # reading

    @property
    def live(self) -> bool:
        return self.state is BookState.LIVE

    @property
    def tradable(self) -> bool:
        """Live, and not crossed even for a moment."""
        return self.state is BookState.LIVE and not self.crossed_ns

    def best(self) -> Best:
        """Best bid, its size, best ask, its size; None where a side is empty."""
        bids, asks = self._bids, self._asks
        bid_qty = ask_qty = bid = ask = None
        if bids.keys:
            bid = bids.keys[-1]
            bid_qty = float(bids.held[bids.texts[-1]][1])
        if asks.keys:
            ask = -asks.keys[-1]
            ask_qty = float(asks.held[asks.texts[-1]][1])
        return bid, bid_qty, ask, ask_qty

    def top(self, count: int) -> tuple[list[Level], list[Level]]:
        """The best ``count`` bids and asks as received, best first."""
        return self._bids.top(count), self._asks.top(count)

    def walk_bids(self) -> Iterator[tuple[float, float]]:
        """(price, size), best first."""
        return self._bids.walk()

    def walk_asks(self) -> Iterator[tuple[float, float]]:
        """(price, size), best first."""
        return self._asks.walk()

    def walk(
        self, side: Literal["bids", "asks"], *, qty: float | None = None, notional: float | None = None
    ) -> Walked | None:
        """What taking ``qty``, or what ``notional`` buys or brings, comes to; None where the side shows less."""
        if (qty is None) is (notional is None):
            raise ValueError("walk takes either qty or notional")
        wanted = qty if qty is not None else notional
        if wanted is None or not 0.0 < wanted < inf:
            return None
        return walk(self.walk_bids() if side == "bids" else self.walk_asks(), wanted, by_notional=qty is None)

    # writing

    def apply(self, event: BookSnapshot | BookDelta) -> Effect:
        return self._delta(event) if isinstance(event, BookDelta) else self._snapshot(event)

    def lost(self, reason: str) -> Effect:
        """Forget everything: the book is not live until the next snapshot."""
        self.state = BookState.WAITING if self.state is BookState.WAITING else BookState.RESYNCING
        self.reason = reason
        self._bids.clear()
        self._asks.clear()
        self._buffer.clear()
        self.updated = [False, False]
        self._next = False
        self._old_run = 0
        self.crossed_ns = 0
        return Effect.WANTED

    def check(self, now_ns: int) -> Effect:
        """To be called now and then: a book that stays crossed without a further frame is lost too."""
        since_ns = self.crossed_ns
        if not since_ns or self.state is not BookState.LIVE or now_ns - since_ns < CROSSED_MAX_NS:
            return Effect.NONE
        self.lost(f"bids at or above asks for {(now_ns - since_ns) / NS_PER_S:.1f} s")
        self.crossed_ns = since_ns  # a snapshot that is crossed as well is not a new moment
        return Effect.WANTED

    def _delta(self, delta: BookDelta) -> Effect:
        if self.state is not _LIVE:
            return self._keep(delta)
        verdict = self._rule.next(self.seq, delta) if self._next else self._rule.first(self.seq, delta)
        if verdict is _APPLY:
            try:
                if delta.bids:
                    self._bids.merge(delta.bids)
                if delta.asks:
                    self._asks.merge(delta.asks)
            except BadLevel as error:
                return self.lost(f"bad {error} in the update to {delta.last}")
            self.seq = delta.last
            self._next = True
            self._old_run = self._refused_ns = 0
            if delta.exchange_ms is not None:
                self.exchange_ms = delta.exchange_ms
            return self._settle(delta.t_ns)
        if verdict is _OLD:
            self._old_run += self._next
            if self._old_run < OLD_RUN_MAX:
                return _NONE
            self.lost(f"{self._old_run} frames in a row from before {self.seq}: the venue's counter fell back")
        else:
            self.lost(f"gap after {self.seq}: the next frame covers {delta.first}..{delta.last}, after {delta.prev}")
        self._buffer.append(delta)
        return _WANTED

    def _settle(self, t_ns: int) -> Effect:
        """What holds after any change: the window's depth, and bids below asks."""
        bids, asks = self._bids, self._asks
        self.t_ns = t_ns
        depth = self.depth
        if depth:
            if len(bids.held) > depth:
                bids.trim(depth)
            if len(asks.held) > depth:
                asks.trim(depth)
        if bids.keys and asks.keys and bids.keys[-1] + asks.keys[-1] >= 0.0:
            self.crossed_ns = self.crossed_ns or t_ns
            return _WANTED if self.check(t_ns) is _WANTED else _CHANGED
        self.crossed_ns = 0
        if self._window_min and (self._used_up(bids) or self._used_up(asks)):
            return self.lost("the price has left the window of the snapshot")
        return _CHANGED

    def _used_up(self, side: Side) -> bool:
        return side.bound != -inf and len(side) < self._window_min

    def _keep(self, delta: BookDelta) -> Effect:
        """Before the snapshot: keep for later. The first one kept tells that a snapshot has to be asked for."""
        self._buffer.append(delta)
        self.updated = [self.updated[0] or bool(delta.bids), self.updated[1] or bool(delta.asks)]
        if len(self._buffer) > 1:
            return Effect.NONE
        self.reason = self.reason or "updates came before a snapshot"
        return Effect.WANTED

    def _snapshot(self, snapshot: BookSnapshot) -> Effect:
        if self._is_old(snapshot):
            return Effect.NONE
        kept = list(self._buffer)
        try:
            self._bids.replace(snapshot.bids)
            self._asks.replace(snapshot.asks)
        except BadLevel as error:
            return self.lost(f"bad {error} in the snapshot {snapshot.seq}")
        if snapshot.source == "ws":
            self.updated = [bool(snapshot.bids), bool(snapshot.asks)]
        self._window_min = min(WINDOW_LEFT_MIN, snapshot.limit // 4)
        if snapshot.limit:
            for side in (self._bids, self._asks):
                side.bound = side.keys[0] if len(side) >= snapshot.limit else -inf
        self._buffer.clear()
        self.state = BookState.LIVE
        self.reason = ""
        self.seq = snapshot.seq
        self.depth = snapshot.depth
        self.exchange_ms = snapshot.exchange_ms
        self._next = False
        self._old_run = self._refused_ns = 0
        effect = self._settle(snapshot.t_ns)
        # On a socket the deltas before a snapshot are its past; an answer by REST may lag behind them.
        return self._replay(kept, snapshot.t_ns) if snapshot.source == "rest" and effect is Effect.CHANGED else effect

    def _is_old(self, snapshot: BookSnapshot) -> bool:
        """Whether the snapshot lies before what this book has shown already."""
        behind = (
            snapshot.source == "ws"
            and self.exchange_ms is not None
            and snapshot.exchange_ms is not None
            and snapshot.exchange_ms < self.exchange_ms - SNAPSHOT_SLACK_MS
        )
        if not behind and (not self.live or self._rule.snapshot(self.seq, snapshot.seq) is not Verdict.OLD):
            return False
        self._refused_ns = self._refused_ns or snapshot.t_ns
        return snapshot.t_ns - self._refused_ns < SNAPSHOT_REFUSED_NS

    def _replay(self, kept: list[BookDelta], t_ns: int) -> Effect:
        """The deltas that came before a snapshot by REST, on top of it: the snapshot, at ``t_ns``, made the book."""
        for delta in kept:
            if self._delta(delta) is Effect.WANTED:
                self._failed += 1
                if self._failed < 2:  # once more with the same deltas; then they are not trusted either
                    self._buffer.clear()
                    self._buffer.extend(kept)
                return Effect.WANTED
        self._failed = 0
        self.t_ns = t_ns
        return Effect.CHANGED


def walk(levels: Iterable[tuple[float, float]], wanted: float, *, by_notional: bool) -> Walked | None:
    """Takes ``wanted`` (size, or price x size) from (price, size) levels, best first; None if they hold less."""
    left, qty, notional = wanted, 0.0, 0.0
    for price, size in levels:
        worth = price * size if by_notional else size
        part = size if worth < left else size * (left / worth)
        qty += part
        notional += part * price
        left -= worth
        if left <= 0.0:
            return Walked(notional / qty, qty, notional)
    return None


__all__ = [
    "BadLevel",
    "Best",
    "Book",
    "BookState",
    "Effect",
    "Walked",
    "walk",
]
