"""Public trades of one venue, streamed for those legs alone that somebody waits on: paper orders that rest.

Who waits says so by ``hold``; subscriptions follow as those of books do. A leg's trades are live while a connection
stands behind their stream; what happens while none does is not heard of and not made up for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from arbtui.core.events import Trade
from arbtui.core.model import Channel, Stream
from arbtui.core.status import Link
from arbtui.engine.prices import slot_of
from arbtui.market.state import Board


class Trades:
    """``on_trade`` is called with the leg (``venue.market.native``) and each trade of a held one, told past and all."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._streams: dict[str, Stream] = {}
        self._links: dict[Stream, Link] = {}
        self._heard_ns: dict[Stream, int] = {}
        self.on_trade: list[Callable[[str, Trade], None]] = []

    def hold(self, legs: Collection[str]) -> bool:
        """Stream exactly these, as far as listed; whether anything changed (then subscriptions must follow)."""
        slots = {leg: slot_of(self._board, leg) for leg in sorted(legs)}
        wanted = {
            leg: Stream(slot.instrument.market, Channel.TRADES, slot.instrument.native)
            for leg, slot in slots.items()
            if slot is not None
        }
        if wanted == self._streams:
            return False
        for stream in set(self._streams.values()) - set(wanted.values()):
            self._links.pop(stream, None)
            self._heard_ns.pop(stream, None)
        self._streams = wanted
        return True

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
