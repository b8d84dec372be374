"""How private frames travel: to the sockets of one account, through what faults there are.

Public streams have ``topic`` for this; a private frame is made for one account and one event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from arbtui.sim.base import Session, SimVenue, ws_frame
from arbtui.sim.listing import Listing, Market
from arbtui.sim.view import NS_PER_MS


class Carrier:
    """``send`` at once, or after what is being answered (``answer_first``)."""

    def __init__(self, venue: SimVenue) -> None:
        self._venue = venue
        self._faults = venue.hub.faults
        self._waiting: list[tuple[Session, list[bytes], int]] | None = None
        self._kept_back: dict[tuple[Session, str], list[bytes]] = {}  # what reorder sends after the next of its kind

    @contextmanager
    def answer_first(self) -> Iterator[None]:
        """Frames sent inside go out when this ends: so an answer on the same socket comes before its consequences."""
        outer, self._waiting = self._waiting, []
        try:
            yield
        finally:
            waiting, self._waiting = self._waiting, outer
            for session, frames, delay_ns in waiting:
                self._out(session, frames, delay_ns)

    def send(
        self,
        sessions: Iterable[Session],
        payload: bytes,
        *,
        market: Market,
        wire: str,
        listing: Listing | None = None,
        fill: bool = False,
    ) -> None:
        """One frame; ``wire``: the venue's name of the channel or event; ``fill``: it tells of an execution."""
        frames, delay_ns = [ws_frame(payload, self._venue.opcode)], 0
        native = listing.native if listing is not None else None
        where = (self._venue.name, market, native, "private", wire)
        reorder = False
        if self._faults.active:
            if self._faults.act("private_gap", *where) or self._faults.act("mute", *where):
                return
            if (drop := self._faults.act("drop_delta", *where)) and self._faults.random.random() < drop.number:
                return
            if self._faults.act("duplicate", *where) or (fill and self._faults.act("duplicate_fill", *where)):
                frames = frames * 2
            if slow := self._faults.act("slow", *where):
                delay_ns = int(slow.number * NS_PER_MS)
            reorder = self._faults.act("reorder", *where) is not None
        for session in list(sessions):
            held = self._kept_back.pop((session, wire), None)
            if reorder and held is None:
                self._kept_back[session, wire] = frames
            else:
                self._out(session, frames + (held or []), delay_ns)

    def _out(self, session: Session, frames: list[bytes], delay_ns: int) -> None:
        if self._waiting is not None:
            self._waiting.append((session, frames, delay_ns))
        else:
            session.out(frames, delay_ns)
