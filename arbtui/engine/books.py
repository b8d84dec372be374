"""Which order books are held on the wire, and how a lost one is brought back.

The strategy says which slots deserve a book; this file turns that into subscriptions and, where a venue's deltas need a
snapshot by REST, into requests. A book that keeps being lost is asked for more and more rarely: a broken feed must not
eat the budget that the others live on.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from arbtui.core.clock import NS_PER_S, Clock
from arbtui.core.model import Instrument, Stream
from arbtui.market.state import Board, Slot
from arbtui.venues.base import HttpRequest

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 12.0  # so that a book is back within 20 s of the end of a fault
OVERDUE_NS = 10 * NS_PER_S
CALM_S = 60.0  # a book that stood for so long begins again with the shortest pause


@dataclass
class Effort:
    """How often a slot's book has been asked for in a row, and when last."""

    times: int = 0
    asked_ns: int = 0

    def pause_s(self, now_ns: int) -> float:
        """How long to wait before asking again; 0 the first time."""
        if self.asked_ns and now_ns - self.asked_ns > CALM_S * NS_PER_S:
            self.times = 0
        if not self.times:
            return 0.0
        since_s = (now_ns - self.asked_ns) / NS_PER_S
        return max(0.0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**self.times) - since_s)


class Books:
    """The held books of one venue.

    ``request`` gives the REST snapshot request of an instrument, or None where the socket brings snapshots;
    ``fetch`` asks it and applies the answer; ``resync`` subscribes a stream anew.
    """

    def __init__(
        self,
        board: Board,
        clock: Clock,
        *,
        stream_of: Callable[[Instrument], Stream],
        request: Callable[[Instrument], HttpRequest | None],
        fetch: Callable[[HttpRequest], asyncio.Future[None] | asyncio.Task[None]],
        resync: Callable[[Stream, str], object],
    ) -> None:
        self._board = board
        self._clock = clock
        self._stream_of = stream_of
        self._request = request
        self._fetch = fetch
        self._resync = resync
        self._efforts: dict[int, Effort] = {}
        self._waiting: set[int] = set()  # slots whose snapshot is asked for or about to be
        self._stopped = False
        self._down_ns: dict[int, int] = {}  # slot id -> since when its book is down
        self.held: dict[int, Slot] = {}
        self.losses: Counter[str] = Counter()  # why books had to be asked for again, since start
        self.lost_ones: set[str] = set()  # natives of those

    def hold(self, slots: Collection[Slot]) -> bool:
        """Hold exactly these; whether anything changed (then subscriptions must follow)."""
        wanted = {slot.id: slot for slot in slots}
        if wanted.keys() == self.held.keys():
            return False
        for slot_id in self.held.keys() - wanted.keys():
            self._board.release_book(self.held[slot_id])
            self._down_ns.pop(slot_id, None)
            self._efforts.pop(slot_id, None)
        for slot_id in wanted.keys() - self.held.keys():
            self._board.hold_book(wanted[slot_id])
        self.held = wanted
        return True

    def look(self) -> None:
        """Note which books are down; called about once a second."""
        now_ns = self._clock.now_ns()
        down = {slot_id for slot_id, slot in self.held.items() if slot.book is not None and not slot.book.live}
        self._down_ns = {slot_id: self._down_ns.get(slot_id, now_ns) for slot_id in down}

    def overdue(self) -> list[Slot]:
        """Held books that have been down for ten seconds."""
        late_ns = self._clock.now_ns() - OVERDUE_NS
        return [self.held[slot_id] for slot_id, since_ns in self._down_ns.items() if since_ns < late_ns]

    @property
    def streams(self) -> list[Stream]:
        return [self._stream_of(slot.instrument) for slot in self.held.values()]

    def stop(self) -> None:
        """Ask for nothing more: who would fetch it is ending."""
        self._stopped = True

    def lost(self, slot: Slot, reason: str) -> None:
        """The market gave a book up, or waits for its first snapshot."""
        if self._stopped or slot.id not in self.held or slot.id in self._waiting:
            return
        effort = self._efforts.setdefault(slot.id, Effort())
        if effort.times:
            self.losses[reason] += 1
            self.lost_ones.add(slot.instrument.native)
        now_ns = self._clock.now_ns()
        pause_s = effort.pause_s(now_ns)
        self._waiting.add(slot.id)
        if pause_s > 0:
            self._clock.call_at(now_ns + round(pause_s * NS_PER_S), lambda: self._ask(slot, reason))
        else:
            self._ask(slot, reason)

    def _ask(self, slot: Slot, reason: str) -> None:
        if self._stopped or slot.id not in self.held:
            self._waiting.discard(slot.id)
            return
        effort = self._efforts.setdefault(slot.id, Effort())
        effort.times += 1
        effort.asked_ns = self._clock.now_ns()
        request = self._request(slot.instrument)
        if request is None:
            self._waiting.discard(slot.id)
            self._resync(self._stream_of(slot.instrument), reason)
        else:
            self._fetch(request).add_done_callback(lambda _: self._fetched(slot))

    def _fetched(self, slot: Slot) -> None:
        self._waiting.discard(slot.id)
        if slot.id in self.held and slot.book is not None and not slot.book.live:
            self.lost(slot, "no usable snapshot")
