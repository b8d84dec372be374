"""Streams as they are on the wire: encoded once for each push, the same bytes to all, through what faults there are.

How they are made and driven: ``base``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, ClassVar, Literal

from arbtui.sim.listing import BookState, Level, Levels, Listing, Market, Print
from arbtui.sim.view import NS_PER_MS, Delta, Depth

if TYPE_CHECKING:
    from arbtui.sim.base import Session, SimVenue
    from arbtui.sim.faults import Fault

Channel = Literal["bbo", "book", "ticker", "mark", "funding", "other"]
Reason = Literal["change", "period", "idle"]  # why a topic is pushed
Payload = str | bytes | list[str] | None  # of one frame, of several, of none


def ws_frame(payload: bytes, opcode: int = 1) -> bytes:
    """One unmasked, unfragmented frame as a server sends it (RFC 6455 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


class Topic(ABC):
    """One stream of one venue as it is on the wire, shared by all who subscribed.

    ``wire`` is the venue's own name of the channel ("bookTicker"): fault filters know a stream by ``channel`` or by it.
    """

    channel: ClassVar[Channel] = "other"

    def __init__(
        self,
        venue: SimVenue,
        wire: str,
        listing: Listing | None = None,
        *,
        market: Market | None = None,
        period_ms: int = 0,
        every_ms: int = 0,
        always: bool = False,
    ) -> None:
        if listing is None and not period_ms and self.channel != "other":
            raise ValueError(f"{wire}: a stream of no single instrument needs a period")
        self.venue = venue
        self.view = venue.view
        self.hub = venue.hub
        self.wire = wire
        self.listing = listing
        self.market = listing.market if listing is not None else market
        self.period_ns = period_ms * NS_PER_MS
        self.every_ns = every_ms * NS_PER_MS
        self.always = always or listing is None
        self.subscribers: dict[Session, None] = {}
        self.pushed_ns = 0
        self.around: tuple[str, str] | None = None  # written before and after each payload (combined streams)
        self._last: list[bytes] = []  # what freeze repeats
        self._held: list[bytes] = []  # what reorder keeps back

    @abstractmethod
    def encode(self, reason: Reason, now_ns: int) -> Payload:
        """The payload of one frame, or of several; None: nothing to say."""

    def greet(self, session: Session) -> None:
        """Send what a new subscriber gets at once. Default: nothing (most venues' streams start with a change)."""
        return

    def marked(self) -> None:
        """Something changed that a later push will show (called at each change, also of paced topics)."""
        return

    def rows(self, listings: Iterable[Listing]) -> Iterator[Listing]:
        """``listings`` without those whose row is muted or frozen by a fault on their symbol."""
        if not self.hub.faults.active:
            yield from listings
            return
        for listing in listings:
            where = (self.venue.name, listing.market, listing.native, self.channel, self.wire)
            if not any(self.hub.faults.act(name, *where) for name in ("mute", "freeze")):
                yield listing

    def push(self, reason: Reason, now_ns: int) -> None:
        """Encode once and send to everybody, through whatever faults there are."""
        self.pushed_ns = now_ns
        if self.hub.faults.active:
            self._push_faulty(reason, now_ns)
            return
        payload = self.encode(reason, now_ns)
        if payload is not None:
            self._spread(self._framed(payload))

    def send_to(self, session: Session, payload: Payload) -> None:
        """To one subscriber only (a snapshot), unless this stream is muted."""
        if payload is None:
            return
        if self.hub.faults.active and self._fault("mute"):
            return
        session.out(self._framed(payload))

    def _framed(self, payload: str | bytes | list[str]) -> list[bytes]:
        opcode = self.venue.opcode
        if isinstance(payload, bytes):
            return [ws_frame(payload, opcode)]
        before, after = self.around or ("", "")
        payloads = payload if isinstance(payload, list) else [payload]
        return [ws_frame(f"{before}{one}{after}".encode(), opcode) for one in payloads]

    def _spread(self, frames: list[bytes], delay_ns: int = 0) -> None:
        self._last = frames
        for session in list(self.subscribers):
            session.out(frames, delay_ns)

    def _fault(self, name: str) -> Fault | None:
        native = self.listing.native if self.listing is not None else None
        return self.hub.faults.act(name, self.venue.name, self.market, native, self.channel, self.wire)

    def _push_faulty(self, reason: Reason, now_ns: int) -> None:
        """Encode and send under whatever faults of travel concern this stream."""
        if self._last and self._fault("freeze"):
            self._spread(self._last)
            return
        payload = self.encode(reason, now_ns)
        if payload is None or self._fault("mute"):
            return
        frames = self._framed(payload)
        if (drop := self._fault("drop_delta")) and self.hub.faults.random.random() < drop.number:
            return
        if self._fault("duplicate"):
            frames = [frame for frame in frames for _ in range(2)]
        if not self._held and self._fault("reorder"):
            self._held = frames
            return
        frames, self._held = frames + self._held, []
        delay_ns = 0
        if slow := self._fault("slow"):
            delay_ns = int(slow.number * NS_PER_MS)
        elif burst := self._fault("burst"):
            hold_ns = max(1, int(burst.number * NS_PER_MS))
            delay_ns = hold_ns - now_ns % hold_ns
        self._spread(frames, delay_ns)


class TradeTopic(Topic):
    """Public trades of one instrument, told as they are printed."""

    def __init__(self, venue: SimVenue, wire: str, listing: Listing, *, period_ms: int = 0) -> None:
        super().__init__(venue, wire, listing, period_ms=period_ms)
        self.of = listing
        listing.watch_trades()
        self._told = listing.trades

    @abstractmethod
    def trades(self, prints: list[Print]) -> Payload:
        """What is sent of these, oldest first."""

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        prints = [one for one in self.of.prints if one.number > self._told]
        self._told = self.of.trades
        return self.trades(prints) if prints else None

    def past(self, seconds: float) -> list[Print]:
        """What was printed in the last ``seconds`` and told already."""
        since_ns = self.hub.now_ns() - round(seconds * 1000) * NS_PER_MS
        return [one for one in self.of.prints if one.t_ns >= since_ns and one.number <= self._told]

    def print_ms(self, one: Print) -> int:
        """When it happened by the venue's own clock."""
        return self.view.now_ms(self.market) - (self.hub.now_ns() - one.t_ns) // NS_PER_MS


class BookTopic(Topic):
    """A book by snapshots and deltas, or by whole books pushed at intervals.

    ``depth``: levels a side that this channel shows. ``snapshot_first``: a new subscriber gets a snapshot of what the
    others already hold, so that the common deltas chain onto it. Without it snapshots come by REST, at any moment
    between two frames; so a frame also leads on from every book that was handed out since the frame before.
    """

    channel: ClassVar[Channel] = "book"
    depth: int | None = None
    snapshot_first = True

    def __init__(
        self,
        venue: SimVenue,
        wire: str,
        listing: Listing,
        *,
        period_ms: int = 0,
        every_ms: int = 0,
        always: bool = False,
    ) -> None:
        super().__init__(venue, wire, listing, period_ms=period_ms, every_ms=every_ms, always=always)
        self.book = listing
        listing.watch()
        self._sent = self._now()
        self._first: int | None = None  # id of the first change since

    @abstractmethod
    def snapshot(self, depth: Depth, now_ns: int) -> Payload:
        """A whole book; None where this venue sends none on the socket."""

    @abstractmethod
    def update(self, delta: Delta, reason: Reason, now_ns: int) -> Payload:
        """What changed. For a channel of whole books return ``self.snapshot(self.whole(), now_ns)``."""

    def greet(self, session: Session) -> None:
        if not self.snapshot_first:
            return
        if len(self.subscribers) == 1:
            self._sent = self._now()
            self._first = None
        sent = self._sent
        state = self.view.snapshot_state(self.book, self.wire)
        if state is not self.book.state:  # old_snapshot
            sent = (state, self._cut(self.view.levels(self.book, state, self.wire)))
        self.send_to(session, self.snapshot(self._depth_of(sent), self.hub.now_ns()))

    def whole(self) -> Depth:
        """The book as it was last sent (inside ``update``: the new one)."""
        return self._depth_of(self._sent)

    def marked(self) -> None:
        if self._first is None:
            self._first = self.book.state.seq

    def encode(self, reason: Reason, now_ns: int) -> Payload:
        sent, now = self._sent, self._now()
        first = now[0].seq if self._first is None else self._first
        self._sent, self._first = now, None
        held = [sent[1], *self._handed_out(sent[0].seq, now[0].seq)]
        return self.update(self.view.delta(self.book, held, now, (sent[0].seq, first), self.wire), reason, now_ns)

    def _handed_out(self, after: int, before: int) -> list[Levels]:
        states = takewhile(lambda state: state.seq > after, reversed(self.book.handed_out))
        return [self._cut(self.view.levels(self.book, s, self.wire)) for s in states if s.seq < before]

    def _now(self) -> tuple[BookState, Levels]:
        state = self.book.state
        return state, self._cut(self.view.levels(self.book, state, self.wire))

    def _cut(self, levels: Levels) -> Levels:
        if self.depth is None:
            return levels
        bids: list[Level] = levels.bids[: self.depth]
        return Levels(bids, levels.asks[: self.depth])

    def _depth_of(self, sent: tuple[BookState, Levels]) -> Depth:
        return self.view.depth_of(self.book, sent[0], sent[1], None, self.wire)
