"""Public trades of one venue, streamed for those legs alone that somebody waits on: paper orders that rest.

Who waits says so by ``hold``; subscriptions follow as those of books do. A leg that nobody waits on any more is
streamed for some minutes still: orders that follow the market come and go in seconds, and venues count requests by the
hour.

A leg's trades are live while a connection stands behind their stream; what happens while none does is not heard of and
not made up for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from arbtui.core.clock import NS_PER_S, Clock
from arbtui.core.events import Trade
from arbtui.core.model import Channel, Stream
from arbtui.core.status import Link
from arbtui.engine.prices import slot_of
from arbtui.market.state import Board

LINGER_NS = 300 * NS_PER_S


class Trades:
    """``changed`` is called when ``streams`` did.

    ``on_trade`` is called with the leg (``venue.market.native``) and each trade of it, those told again among them.
    """

    def __init__(self, board: Board, clock: Clock, changed: Callable[[], None]) -> None:
        self._board = board
        self._clock = clock
        self._changed = changed
        self._stopped = False
        self._streams: dict[str, Stream] = {}
        self._leave_ns: dict[str, int] = {}  # legs that nobody waits on: when their streams end
        self._links: dict[Stream, Link] = {}
        self._heard_ns: dict[Stream, int] = {}
        self.on_trade: list[Callable[[str, Trade], None]] = []

    def hold(self, legs: Collection[str]) -> None:
        """Stream these, as far as they are listed, and after a while no others."""
        fresh = {}
        for leg in sorted(set(legs) - self._streams.keys()):
            slot = slot_of(self._board, leg)
            if slot is not None:
                fresh[leg] = Stream(slot.instrument.market, Channel.TRADES, slot.instrument.native)
        for leg in legs:
            self._leave_ns.pop(leg, None)
        due_ns = self._clock.now_ns() + LINGER_NS
        left = [leg for leg in self._streams if leg not in legs and leg not in self._leave_ns]
        if left:
            self._leave_ns.update(dict.fromkeys(left, due_ns))
            self._clock.call_at(due_ns, self._leave)
        if fresh:
            self._streams |= fresh
            self._changed()

    def stop(self) -> None:
        """Change nothing more: who would ask for it is ending."""
        self._stopped = True

    def _leave(self) -> None:
        now_ns = self._clock.now_ns()
        over = [leg for leg, due_ns in self._leave_ns.items() if due_ns <= now_ns]
        if self._stopped or not over:
            return
        for leg in over:
            del self._leave_ns[leg]
            stream = self._streams.pop(leg)
            self._links.pop(stream, None)
            self._heard_ns.pop(stream, None)
        self._changed()

    @property
    def streams(self) -> list[Stream]:
        return list(self._streams.values())

    def live(self, leg: str) -> bool:
        """Whether a connection carries the leg's trades now."""
        stream = self._streams.get(leg)
        link = self._links.get(stream) if stream is not None else None
        return link is not None and link.up

    def assigned(self, stream: Stream, link: Link | None) -> None:
        """From now on ``link`` stands behind the stream; None: nothing does."""
        if link is None:
            self._links.pop(stream, None)
        else:
            self._links[stream] = link

    def last_ns(self, stream: Stream) -> int:
        """When a trade of the stream was last heard, 0 = never."""
        return self._heard_ns.get(stream, 0)

    def heard(self, trade: Trade) -> None:
        instrument = self._board.slots[trade.slot].instrument
        stream = self._streams.get(instrument.key)
        if stream is None:
            return
        self._heard_ns[stream] = trade.t_ns
        for call in self.on_trade:
            call(instrument.key, trade)
