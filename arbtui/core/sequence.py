"""When a delta may be applied to a book: the venues' sequence rules, each once.

A book asks twice: may this delta be the *first* after the snapshot with id ``book_seq``, and may it be the *next* after
an applied one. Before either, a frame that lies wholly in the past is OLD and ignored; a frame that starts beyond the
book is a GAP and the book is lost. ``WAIT`` exists only where deltas arrive before their snapshot.

    rule            venue                  first                                       next
    PrevLink        Binance USD-M          first <= seq <= last, or prev == seq        prev == seq
    Contiguous      Binance spot           first <= seq + 1 <= last                    first == seq + 1
    PrevEquals      OKX books              prev == seq, or prev <= seq < last after    prev == seq
                                           a snapshot by REST
    PrevWithin      Bitget books           prev <= seq < last                          prev == seq; prev 0 = reset
    Counter         Bybit orderbook.N      last == seq + 1                             last == seq + 1
    Replaced        Hyperliquid, books5    (no deltas: every frame is a snapshot; its id may not fall)
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


class PrevLink:
    """Ids jump, but each frame names the one before it. Source: venues/binance.md section 4 (USD-M)."""

    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.last < book_seq:
            return Verdict.OLD
        return Verdict.APPLY if delta.first <= book_seq or delta.prev == book_seq else Verdict.GAP

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.prev == book_seq:
            return Verdict.APPLY
        return Verdict.OLD if delta.last <= book_seq else Verdict.GAP


class Contiguous:
    """Ids have no holes. Source: venues/binance.md section 4 (spot)."""

    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.last <= book_seq:
            return Verdict.OLD
        return Verdict.APPLY if delta.first <= book_seq + 1 else Verdict.GAP

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.last <= book_seq:
            return Verdict.OLD
        return Verdict.APPLY if delta.first == book_seq + 1 else Verdict.GAP


class PrevEquals:
    """Each frame names the one before it, the snapshot included; the counter may be set back by maintenance.

    An idle frame has ``prev == last == seq`` and changes nothing. After a reset ``last < prev == seq``: go on from the
    smaller id. Source: venues/okx.md section 4.
    """

    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.prev == book_seq:
            return Verdict.APPLY
        if delta.last <= book_seq:
            return Verdict.OLD
        return Verdict.APPLY if delta.prev < book_seq else Verdict.GAP

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.prev == book_seq:
            return Verdict.APPLY
        return Verdict.OLD if delta.last <= book_seq else Verdict.GAP


class PrevWithin:
    """The first delta may overlap the snapshot, then each names the one before it; ``prev`` 0 is a server reset.

    Source: venues/bitget.md section 4.
    """

    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.last <= book_seq:
            return Verdict.OLD
        return Verdict.APPLY if delta.prev <= book_seq else Verdict.GAP

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.prev == 0:
            return Verdict.GAP
        if delta.last <= book_seq:
            return Verdict.OLD
        return Verdict.APPLY if delta.prev == book_seq else Verdict.GAP


class Counter:
    """One id a frame, plus one each time. An id at or below the book's on a delta is a restart: never applied.

    Source: venues/bybit.md section 4.
    """

    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        return self.next(book_seq, delta)

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        if delta.last == book_seq + 1:
            return Verdict.APPLY
        return Verdict.OLD if delta.last == book_seq else Verdict.GAP


class Replaced:
    """No deltas: a delta is a protocol error and treated as a gap."""

    def first(self, book_seq: int, delta: BookDelta) -> Verdict:
        return Verdict.GAP

    def next(self, book_seq: int, delta: BookDelta) -> Verdict:
        return Verdict.GAP
