"""While one connection takes over from another, both bring the same streams. Pure.

Order matters per instrument: what the old connection still has in its pipe must not follow what the new one brought.
From the new one's first quote, or its first whole book, the old one's are dropped for that instrument. Deltas without
a snapshot on the socket (Binance) pass from both: the sequence rule drops the second copy, so the book never stops.
"""

from __future__ import annotations

from arbtui.core.events import BookDelta, BookSnapshot, Quote


class Overlap:
    """One handover; each side asks before it applies a quote or a book."""

    def __init__(self) -> None:
        self._quoted: set[int] = set()
        self._booked: set[int] = set()

    def from_new(self, event: Quote | BookSnapshot | BookDelta) -> None:
        """The new connection brought this; it always counts."""
        if isinstance(event, Quote):
            self._quoted.add(event.slot)
        elif isinstance(event, BookSnapshot):
            self._booked.add(event.slot)

    def admits_old(self, event: Quote | BookSnapshot | BookDelta) -> bool:
        """Whether the old connection's event still counts."""
        return event.slot not in (self._quoted if isinstance(event, Quote) else self._booked)
