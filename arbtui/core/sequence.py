"""When a frame may be applied to a book: the venues' sequence rules, each once.

A book asks whether a delta may be the *first* after the snapshot with id ``book_seq``, whether it may be the *next*
after an applied one, and whether a snapshot that arrives while the book is live may replace it. The answers: APPLY;
OLD, what the frame says is contained already, ignore it; GAP, something between the book and the frame is missing, the
book is lost. Sizes are absolute, so a frame that overlaps the book's end may be applied wherever the rule says so.

    rule         venue                first                                        next
    PrevLink     Binance USD-M        first <= seq <= last, or prev == seq         prev == seq
    Contiguous   Binance spot         first <= seq + 1 <= last                     first <= seq + 1 <= last
    PrevEquals   OKX books            prev == seq; prev < seq < last where the     prev == seq, also where the venue
                                      snapshot came by REST                        sets its counter back
    PrevWithin   Bitget books         prev <= seq < last, prev above 0             prev == seq, prev above 0
    Counter      Bybit orderbook.N    last == seq + 1                              last == seq + 1
    Replaced     Hyperliquid, books5  (no deltas: every frame is a snapshot whose id may not fall)

An id of -1 is one that the venue did not send. What cannot be checked is not applied: such a frame is a gap.

A counter that falls back without the frame that announces it looks like an endless run of OLD frames. No single frame
can tell; a book that is live and hears nothing but OLD is lost after a few (see ``market.book``).
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from arbtui.core.events import BookDelta


class Verdict(Enum):
    APPLY = "apply"
    OLD = "old"  # already contained: ignore
    GAP = "gap"  # something is missing: the book is lost


class SequenceRule(Protocol):
    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        """Verdict on ``delta`` as the first one after a snapshot with id ``book_seq``."""
        ...

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        """Verdict on ``delta`` after a delta whose last id was ``book_seq``."""
        ...

    def snapshot(self, book_seq: int, seq: int) -> Verdict:
        """Verdict on a snapshot with id ``seq`` for a live book that stands at ``book_seq``."""
        ...


class PrevLink:
    """Ids jump, but each frame names the one before it.

    The frame that ends exactly at the snapshot's id is the usual first one, so only ``last < seq`` is dropped. Source:
    Binance USD-M docs, "How to manage a local order book correctly", and recorded streams (``U == prev u + 1`` does not
    hold there).
    """

    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.last < book_seq:
            return Verdict.OLD
        return Verdict.APPLY if 0 <= delta.first <= book_seq or delta.prev == book_seq >= 0 else Verdict.GAP

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.last <= book_seq:
            return Verdict.OLD
        return Verdict.APPLY if delta.prev == book_seq else Verdict.GAP

    def snapshot(self, book_seq: int, seq: int) -> Verdict:
        return Verdict.OLD if seq <= book_seq else Verdict.APPLY


class Contiguous:
    """Ids have no holes.

    Source: Binance spot docs, "How to manage a local order book correctly": restart only if ``U > book + 1``.
    """

    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.last <= book_seq:
            return Verdict.OLD
        return Verdict.APPLY if 0 <= delta.first <= book_seq + 1 and book_seq >= 0 else Verdict.GAP

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        return self.first(book_seq, delta)

    def snapshot(self, book_seq: int, seq: int) -> Verdict:
        return Verdict.OLD if seq <= book_seq else Verdict.APPLY


class PrevEquals:
    """Each frame names the one before it, the snapshot included; maintenance may set the counter back.

    An idle frame has ``prev == last == seq`` and changes nothing. A frame with ``last < prev == seq`` sets the counter
    back: the book goes on from the smaller id. The same with another ``prev`` says that frames before it are missing.
    Frames from before there were ids say -1 throughout and chain as they come; their checksum is the codec's to judge.
    Source: OKX docs, "WS / Order book channel", sequence ids.
    """

    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        verdict = self.next(book_seq, delta)
        overlaps = verdict is Verdict.GAP and 0 <= delta.prev < book_seq < delta.last
        return Verdict.APPLY if overlaps else verdict

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.prev == book_seq and (book_seq >= 0 or delta.last == -1):
            return Verdict.APPLY
        if delta.last < delta.prev:
            return Verdict.GAP
        return Verdict.OLD if delta.last <= book_seq else Verdict.GAP

    def snapshot(self, book_seq: int, seq: int) -> Verdict:
        return Verdict.APPLY


class PrevWithin:
    """The first delta may overlap the snapshot, then each names the one before it; ``prev`` 0 is a server reset.

    Source: Bitget docs, "Depth channel" (seq, pseq).
    """

    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.prev <= 0:
            return Verdict.GAP
        if delta.last <= book_seq:
            return Verdict.OLD
        return Verdict.APPLY if delta.prev <= book_seq else Verdict.GAP

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.prev <= 0:
            return Verdict.GAP
        if delta.last <= book_seq:
            return Verdict.OLD
        return Verdict.APPLY if delta.prev == book_seq else Verdict.GAP

    def snapshot(self, book_seq: int, seq: int) -> Verdict:
        return Verdict.APPLY


class Counter:
    """One id a frame, plus one each time.

    Restarts come as snapshots with id 1, so a delta that says 1, or one from the past, means that the snapshot was
    missed. Only the very frame that was applied last may come twice. Source: Bybit docs, "Orderbook" (u), and recorded
    streams.
    """

    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        return self.next(book_seq, delta)

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.last == book_seq + 1 and delta.last > 1:
            return Verdict.APPLY
        return Verdict.OLD if delta.last == book_seq >= 0 else Verdict.GAP

    def snapshot(self, book_seq: int, seq: int) -> Verdict:
        return Verdict.APPLY


class Replaced:
    """Every frame is a snapshot; a delta is a protocol error and treated as a gap.

    Source: Hyperliquid docs, "Subscriptions" (l2Book ``time``; equal times occur); OKX docs, books5.
    """

    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        return Verdict.GAP

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        return Verdict.GAP

    def snapshot(self, book_seq: int, seq: int) -> Verdict:
        return Verdict.OLD if seq < book_seq else Verdict.APPLY
