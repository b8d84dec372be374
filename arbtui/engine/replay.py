"""A recording through the same decoders, board and strategy: the clock is the recording's, and nothing else ticks.

Time moves to each record's stamp before the record is heard, so timers due in between fire in order at their due time.
Nothing of the wall clock, of chance or of hash order enters: the same files and settings give the same bytes.

A recording may begin anywhere and hold no instrument bodies: symbols are taken in as they appear, and books are held
for every instrument that books are sent for. What was refused or cannot be decoded is counted, as it was live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import urlsplit

from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.core.errors import ArbtuiError, OurMistake
from arbtui.core.events import BookDelta, BookSnapshot, Event, Listing, Quote, ServerTime
from arbtui.core.model import Channel, Market, Stream
from arbtui.core.status import FeedState, FeedStatus, Link
from arbtui.engine.desk import Desk
from arbtui.engine.pace import BREAK_S, Pace
from arbtui.engine.trouble import Trouble
from arbtui.market.state import Slot
from arbtui.net.discovery import join_page
from arbtui.storage.records import BadLine, Closed, Frame, Http, Lost, Opened, Record
from arbtui.venues import registry
from arbtui.venues.base import HttpRequest, Session, Tables, Venue

SETTLE_S = 60  # at a break between recordings: so long everything has to go stale before time jumps
YIELD_EVERY = 500  # records: a screen beside the replay must be able to paint


def usable(record: Record) -> None:
    """Raises ``BadLine`` for a connection or call whose address is none, or none of its venue's."""
    if not isinstance(record, Opened | Http) or record.venue not in registry.names():
        return
    try:
        parts = urlsplit(record.url)
        if parts.scheme not in ("ws", "wss", "http", "https") or not parts.hostname:
            raise BadLine(f'"{record.url[:200]}" is no address')
        if isinstance(record, Opened):
            registry.venue(record.venue).session(record.url, Tables({}))
    except OurMistake as error:
        raise BadLine(str(error).rstrip(".")) from None
    except ValueError as error:
        raise BadLine(str(error) if isinstance(error, BadLine) else f'"{record.url[:200]}" is no address') from None


class _Connection:
    """One recorded connection."""

    def __init__(self, venue: Venue, label: str, session: Session) -> None:
        self.venue = venue
        self.session = session
        self.link = Link(f"{venue.name} {label}")
        self.link.up = True
        self.frames = 0


class Replay:
    """Feeds records to a desk. ``clock`` must be the desk's."""

    def __init__(self, desk: Desk, clock: ManualClock, venues: Mapping[str, Venue], trouble: Trouble) -> None:
        self._desk = desk
        self._board = desk.board
        self._clock = clock
        self._venues = venues
        self._trouble = trouble
        self._tables = {name: Tables(desk.board.tables(name)) for name in venues}
        self._connections: dict[tuple[str, str], _Connection] = {}
        self._offsets_ms: dict[str, float] = {}
        self._pages: dict[str, dict[str, Listing]] = {}
        self._started = False

    async def run(
        self,
        records: Iterable[Record],
        *,
        pace: Pace | None = None,
        drained: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Hear every record, when ``pace`` lets it; None: as fast as it goes.

        ``drained`` returns once what was printed has been taken: nothing is dropped, the replay waits for its reader.
        """
        for count, record in enumerate(records):
            if pace is not None:
                self._start(record.t_ns)
                await pace.until(record.t_ns)
            self.hear(record)
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
                if drained is not None:
                    await drained()

    def hear(self, record: Record) -> None:
        """One record, at its own time."""
        self._start(record.t_ns)
        self._move_to(record.t_ns)
        match record:
            case Opened(_, venue, conn, url):
                self._open(venue, conn, url)
            case Closed(_, venue, conn):
                self._close(venue, conn)
            case Frame(t_ns, venue, conn, "in", data):
                self._frame(t_ns, venue, conn, data)
            case Http():
                self._http(record)
            case Lost():
                self._lost()

    def _start(self, t_ns: int) -> None:
        if not self._started:
            self._started = True
            self._clock.advance_to(t_ns)
            self._desk.start()

    def _move_to(self, t_ns: int) -> None:
        now_ns = self._clock.now_ns()
        if t_ns - now_ns > BREAK_S * NS_PER_S:
            self._clock.advance_to(now_ns + SETTLE_S * NS_PER_S)
            self._clock.jump_to(t_ns)
        self._clock.advance_to(t_ns)

    def _lost(self) -> None:
        """Frames are missing, nobody knows whose: no book that stood can be trusted."""
        for connection in self._connections.values():
            self._board.link_down(connection.link, self._clock.now_ns())
            connection.link.up = True

    def _open(self, venue: str, conn: str, url: str) -> None:
        self._close(venue, conn)
        codec = self._venues[venue]
        self._connections[venue, conn] = _Connection(codec, conn, codec.session(url, self._tables[venue]))

    def _close(self, venue: str, conn: str) -> None:
        if connection := self._connections.pop((venue, conn), None):
            connection.link.up = False
            self._board.link_down(connection.link, self._clock.now_ns())

    def _frame(self, t_ns: int, venue: str, conn: str, data: bytes) -> None:
        connection = self._connections.get((venue, conn))
        if connection is None:
            self._trouble.count(venue, "no_open", f"frames of {conn} come before it was opened and are left out")
            return
        connection.link.last_traffic_ns = t_ns
        connection.frames += 1
        try:
            events = connection.session.decode(data, t_ns)
        except ArbtuiError as error:
            self._trouble.count_error(venue, error)
            return
        for event in events:
            self._attach(event, connection.link)
            self._apply(venue, event)

    def _attach(self, event: Event, link: Link) -> None:
        """In a recording the frames themselves tell which connection carries a stream, and which books were held."""
        if isinstance(event, Quote):
            slot = self._board.slots[event.slot]
            if slot.link is not link:
                self._assign(slot, Channel.BBO, link)
        elif isinstance(event, BookSnapshot | BookDelta):
            slot = self._board.slots[event.slot]
            if slot.book is None:
                self._board.hold_book(slot)
            if slot.book_link is not link:
                self._assign(slot, Channel.BOOK, link)

    def _assign(self, slot: Slot, channel: Channel, link: Link) -> None:
        instrument = slot.instrument
        self._board.assign(instrument.venue, Stream(instrument.market, channel, instrument.native), link)

    def _http(self, record: Http) -> None:
        request = HttpRequest(record.method, record.url, urlsplit(record.url).path, body=record.request_body)
        if record.status >= 500 or record.status in (403, 418, 429, 451):
            self._trouble.count(
                record.venue, f"http_{record.status}", f"{request.purpose} was answered {record.status}"
            )
            return
        venue = self._venues[record.venue]
        try:
            events = venue.decode_http(request, record.status, record.body, self._tables[record.venue], record.t_ns)
        except ArbtuiError as error:
            self._trouble.count_error(record.venue, error)
            return
        for event in events:
            if isinstance(event, Listing):
                self._take_page(venue, request, record.body, event)
            else:
                self._apply(record.venue, event)

    def _take_page(self, venue: Venue, request: HttpRequest, body: bytes, page: Listing) -> None:
        """A listing counts once its last page is there, as it did live."""
        pages = self._pages.setdefault(venue.name, {})
        join_page(pages, page)
        if venue.next_page(request, body) is None:
            self._board.take_listing(venue.name, pages.pop(page.product))

    def _apply(self, venue: str, event: Event) -> None:
        if isinstance(event, Listing):
            self._board.take_listing(venue, event)
        elif isinstance(event, ServerTime):
            if not event.behind_ms:  # else it is not fit to date quotes by
                self._offsets_ms[venue] = event.server_ms - event.t_ns / 1e6
                self._board.set_clock_offset(venue, self._offsets_ms[venue])
        else:
            self._board.apply(event)

    def status(self) -> list[FeedStatus]:
        """What can be said of recorded connections: how many there are."""
        by_market: dict[tuple[str, Market], int] = {}
        for (venue, conn), _ in sorted(self._connections.items()):
            market = Market.SPOT if conn.startswith("spot") else Market.PERP
            by_market[venue, market] = by_market.get((venue, market), 0) + 1
        return [
            FeedStatus(
                venue=venue,
                market=market,
                state=FeedState.LIVE,
                reason="",
                subscribed=0,
                acked=0,
                failed=0,
                stale=0,
                reconnects=0,
                msgs_per_s=0.0,
                age_ms_p50=None,
                age_ms_p99=None,
                clock_offset_ms=self._offsets_ms.get(venue),
                connections=count,
            )
            for (venue, market), count in by_market.items()
        ]
