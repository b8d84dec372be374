"""One venue at work: its feed, discovery, snapshots, clock and books, and what is said of it.

Everything that its parts hear goes to the board; everything that the board wants of it (a book anew, a stream anew)
comes back here. The parts know nothing of each other.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from arbtui.core.clock import NS_PER_S, Clock
from arbtui.core.errors import ArbtuiError
from arbtui.core.events import BookDelta, BookSnapshot, Event, Listing, Quote, Resync, StatusChange, Trade
from arbtui.core.model import Channel, Instrument, Market, Stream, TradingStatus
from arbtui.core.recorder import Recorder
from arbtui.core.status import FeedState, FeedStatus, Link, StreamReport
from arbtui.engine.books import Books
from arbtui.engine.suspicions import Suspicions
from arbtui.engine.trades import Trades
from arbtui.engine.trouble import Trouble
from arbtui.market.state import Board, Remedy, Slot
from arbtui.net.connects import Connects
from arbtui.net.discovery import Discovery
from arbtui.net.feed import VenueFeed
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.net.snapshots import ClockOffset, Snapshots
from arbtui.venues.base import Environment, HttpRequest, Tables, Venue

NEWS_EVERY_NS = 30 * NS_PER_S
COUNTED_NS = 5 * NS_PER_S  # streams are counted once a second, piece by piece, and later on a busy machine


@dataclass(frozen=True)
class Surroundings:
    """What all venues share. ``overridden`` lays the person's own table of multipliers over a listing."""

    board: Board
    clock: Clock
    rest: Rest
    network: NetworkSettings
    connects: Connects
    recorder: Recorder | None
    trouble: Trouble
    rng: random.Random
    overridden: Callable[[Listing], Listing]


class RunningVenue:
    """Start with ``run``; ``stream`` says what it should carry."""

    def __init__(self, venue: Venue, env: Environment, markets: Sequence[Market], around: Surroundings) -> None:
        self.venue = venue
        self.markets = tuple(markets)
        self.tables = Tables(around.board.tables(venue.name))
        self._news_ns: dict[Market, int] = {}
        self.changed = asyncio.Event()  # instruments or first figures are there: the selection may want to look again
        self._around = around
        self._board = around.board
        self._group: asyncio.TaskGroup | None = None
        self.streamed: list[Instrument] = []  # besides the books and trades that are held
        self._streams: dict[Stream, None] = {}  # of those
        self._slots: dict[Market, list[Slot]] = {market: [] for market in markets}  # of those
        self._states: dict[Market, tuple[FeedState, int]] = {}  # as last told, and since when
        self.trades = Trades(around.board, around.clock, self._want)
        self.feed_host = _FeedHost(self, around)  # where frames arrive
        self.feed = VenueFeed(
            venue,
            env,
            self.tables,
            around.clock,
            self.feed_host,
            rng=around.rng,
            network=around.network,
            recorder=around.recorder,
            connects=around.connects,
        )
        host = _RestHost(self, around.trouble)
        parts = (self.tables, around.rest)
        self.discoveries = {m: Discovery(venue, m, env, *parts, around.clock, host, around.rng) for m in markets}
        self.snapshots = {
            m: Snapshots(
                venue,
                m,
                env,
                *parts,
                host,
                around.rng,
                sockets_silent=partial(self._silent, m),
                on_new_symbols=partial(self.look_for_news, m),
            )
            for m in markets
        }
        self.suspicions = {m: Suspicions(partial(self._ask_listing, m)) for m in markets}
        self._told_by_snapshots = {  # one answer serves both purposes
            m for m in markets if venue.instrument_requests(env, m) == venue.snapshot_requests(env, m)
        }
        self.offset = ClockOffset(venue, env, *parts, around.clock, around.rng)
        self.books = Books(
            around.board,
            around.clock,
            stream_of=venue.book_stream,
            request=partial(venue.book_request, env),
            fetch=self._fetch_book,
            resync=self.feed.resync,
        )

    # ---- at work

    async def run(self) -> None:
        """Everything of this venue, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self.feed.run())
            group.create_task(self.offset.run())
            for market in self.markets:
                group.create_task(self.discoveries[market].run())
                group.create_task(self._snapshots_of(market))
            try:
                await asyncio.get_running_loop().create_future()  # until cancelled, or until one of them fails
            finally:
                self.books.stop()  # timers and last frames go on for a moment, but the group takes no more tasks
                self.trades.stop()

    async def _snapshots_of(self, market: Market) -> None:
        await self.discoveries[market].ready.wait()
        self.changed.set()
        await self.snapshots[market].round()
        self.changed.set()
        await self.snapshots[market].run()

    def edge(self, slot: Slot) -> None:
        """A leg makes an edge: if it does so by standing still, a second source and the listing shall speak soon."""
        market = slot.instrument.market
        if self.suspicions[market].edge(slot, self._around.clock.now_ns()):
            self.snapshots[market].hurry()

    def look_for_news(self, market: Market) -> None:
        """The listing may have grown: ask for it now, or when the last such time is half a minute ago."""
        now_ns = self._around.clock.now_ns()
        due_ns = self._news_ns.get(market, now_ns - NEWS_EVERY_NS) + NEWS_EVERY_NS
        if due_ns > now_ns + NEWS_EVERY_NS:
            return  # it will be asked
        self._news_ns[market] = max(due_ns, now_ns)
        self._around.clock.call_at(max(due_ns, now_ns), partial(self._ask_listing, market))

    def _ask_listing(self, market: Market) -> None:
        if market in self._told_by_snapshots:
            self.snapshots[market].hurry()
        else:
            self.discoveries[market].poke()

    def first_look_done(self, market: Market) -> bool:
        """Whether instruments and first figures of a market are there, or their first try has failed."""
        discovery = self.discoveries[market]
        if not discovery.ready.is_set():
            return discovery.done_once.is_set()
        return self.snapshots[market].rounds > 0

    def stream(self, instruments: Collection[Instrument]) -> None:
        """Carry everything of these instruments, besides the books that are held."""
        chosen = list(instruments)
        if chosen == self.streamed:
            return
        self.streamed = chosen
        self._streams.clear()
        self._slots = {market: [] for market in self.markets}
        for instrument in chosen:
            self._streams.update(dict.fromkeys(self.venue.streams_for(instrument)))
            slot = self._board.slot_of(self.venue.name, instrument.market, instrument.native)
            if slot is not None:
                self._slots[instrument.market].append(slot)
        self._want()

    def hold_books(self, slots: Collection[Slot]) -> None:
        """Hold exactly these books."""
        if self.books.hold(slots):
            self._want()

    def hold_trades(self, legs: Collection[str]) -> None:
        """Stream the public trades of these legs (``venue.market.native``)."""
        self.trades.hold(legs)

    def _want(self) -> None:
        self.feed.want(chain(self._streams, self.books.streams, self.trades.streams))

    def _fetch_book(self, request: HttpRequest) -> asyncio.Task[None]:
        assert self._group is not None
        return self._group.create_task(self._ask_book(request))

    async def _ask_book(self, request: HttpRequest) -> None:
        try:
            events = await self._around.rest.ask(self.venue, request, self.tables)
        except ArbtuiError as error:
            self._around.trouble.count_error(self.venue.name, error)
            return
        for event in events:
            self.heard(event)

    # ---- what its parts hear

    def heard(self, event: Event) -> None:
        """From sockets and REST alike."""
        if isinstance(event, Listing):
            self.take_listing(event)
            if event.partial:
                self.discoveries[event.market].poke()  # a push says that something changed, not all that did
            return
        if isinstance(event, Resync):  # a snapshot by REST that no update can follow: back to the socket for one
            self.feed.resync(event.stream, event.reason)
            return
        if isinstance(event, Trade):
            self.trades.heard(event)
            return
        if isinstance(event, StatusChange):
            self.discoveries[self._board.slots[event.slot].instrument.market].poke()
        if isinstance(event, Quote) and event.source == "rest":
            self._watch_halted(event)
        self._board.apply(event)

    def _watch_halted(self, quote: Quote) -> None:
        """A price that moves though its instrument is not listed as trading: the venue may have resumed it unsaid."""
        slot = self._board.slots[quote.slot]
        before = slot.quote
        if slot.instrument.status is not TradingStatus.TRADING and before is not None:
            moved = (before.bid, before.ask) != (quote.bid, quote.ask)
            if moved and quote.bid is not None and quote.ask is not None:
                self.suspicions[slot.instrument.market].moves(slot, self._around.clock.now_ns())

    def take_listing(self, listing: Listing) -> str | None:
        """Take a product's instruments in; the reason in words where they are not believed."""
        change = self._board.take_listing(self.venue.name, self._around.overridden(listing))
        if change.added or change.removed or change.changed:
            self.changed.set()
        if not listing.partial:
            self.suspicions[listing.market].answered(change, self._around.clock.now_ns())
        return change.disbelieved

    # ---- what the board asks for

    def book_lost(self, slot: Slot, reason: str) -> None:
        self.books.lost(slot, reason)

    def quote_doubted(self, slot: Slot, reason: str, remedy: Remedy) -> None:
        instrument = slot.instrument
        stream = Stream(instrument.market, Channel.BBO, instrument.native)
        if remedy is Remedy.RECONNECT:
            self.feed.replace(stream, reason)
        else:
            self.feed.resync(stream, reason)

    # ---- health

    def _silent(self, market: Market) -> bool:
        return any(s.market is market and s.state is not FeedState.LIVE for s in self.feed.status(COUNTED_NS))

    def note_health(self) -> Iterator[None]:
        """Tell the feed what only discovery and the clock know, step by step; called about once a second."""
        self.books.look()
        self.feed.clock_offset_ms = self.offset.offset_ms
        self._board.set_clock_offset(self.venue.name, self.offset.offset_ms)
        for market, discovery in self.discoveries.items():
            down = discovery.error and not discovery.ready.is_set()
            self.feed.declare(market, FeedState.DOWN if down else None, discovery.error)
            yield
            self.suspicions[market].look(self._slots[market], self._around.clock.now_ns())

    def status(self) -> list[FeedStatus]:
        """The feed's view of its streams, and the market's of what they bring: the worse of the two."""
        return [
            self._dated(self._listed(self._judged(status)))
            for status in self.feed.status(COUNTED_NS)
            if status.market in self.discoveries
        ]

    def _dated(self, status: FeedStatus) -> FeedStatus:
        state, since_ns = self._states.get(status.market, (None, 0))
        if state is not status.state:
            since_ns = self._around.clock.now_ns()
            self._states[status.market] = (status.state, since_ns)
        return replace(status, since_ns=since_ns)

    def _judged(self, status: FeedStatus) -> FeedStatus:
        slots = self._slots[status.market]
        doubted = [slot for slot in slots if slot.quote is not None and (slot.stale is not None or slot.crossed)]
        lost = [slot for slot in self.books.overdue() if slot.instrument.market is status.market]
        stale = max(status.stale, len(doubted) + len(lost))
        if status.state is not FeedState.LIVE or not (doubted or lost):
            return replace(status, stale=stale)
        if slots and 2 * len(doubted) > len(slots):
            one = doubted[0]
            why = one.stale or "bid at or above ask"
            text = f"{len(doubted)} of {len(slots)} quotes are not believed, {one.instrument.native} among them: {why}"
            return replace(status, state=FeedState.STALE, stale=stale, reason=text)
        if lost and 2 * len(lost) > len(self.books.held):
            text = f"{len(lost)} order books are lost, {lost[0].instrument.native} among them"
            return replace(status, state=FeedState.DEGRADED, stale=stale, reason=text)
        return replace(status, stale=stale)

    def _listed(self, status: FeedStatus) -> FeedStatus:
        """``status``, and what is wrong with the market's listing."""
        why = self.discoveries[status.market].disbelieved
        if not why:
            return status
        state = FeedState.DEGRADED if status.state is FeedState.LIVE else status.state
        return replace(status, state=state, reason=f"{status.reason}; {why}" if status.reason else why)

    def reports(self) -> Sequence[StreamReport]:
        return self.feed.streams()


class _FeedHost:
    """``net.feed.FeedHost``: what sockets bring, straight to the board."""

    def __init__(self, running: RunningVenue, around: Surroundings) -> None:
        self._running = running
        self._venue = running.venue.name
        self._board = around.board
        self._trouble = around.trouble
        self.apply_quote: Callable[[Quote], None] = around.board.apply_ordinary
        self.apply_book: Callable[[BookSnapshot | BookDelta], None] = around.board.apply_book

    def apply(self, event: Event) -> None:
        self._running.heard(event)

    def assigned(self, stream: Stream, link: Link | None) -> None:
        if stream.channel is Channel.TRADES:
            self._running.trades.assigned(stream, link)
            return
        self._board.assign(self._venue, stream, link)
        if stream.channel is Channel.INSTRUMENTS and link is not None:
            self._running.look_for_news(stream.market)  # what changed before somebody listened was not heard

    def last_data_ns(self, stream: Stream) -> int | None:
        if stream.channel is Channel.TRADES:
            return self._running.trades.last_ns(stream)
        return self._board.last_data_ns(self._venue, stream)

    def notice(self, level: str, text: str) -> None:
        self._trouble.notice(level, text)

    def count_error(self, kind: str, text: str, sample: bytes) -> None:
        self._trouble.count(self._venue, kind, text, sample)


class _RestHost:
    """``DiscoveryHost`` and ``SnapshotHost``."""

    def __init__(self, running: RunningVenue, trouble: Trouble) -> None:
        self._running = running
        self._trouble = trouble

    def take_listing(self, venue: str, listing: Listing) -> str | None:
        return self._running.take_listing(listing)

    def apply(self, venue: str, event: Event) -> None:
        self._running.heard(event)

    def notice(self, level: str, text: str) -> None:
        self._trouble.notice(level, text)

    def count_error(self, venue: str, error: ArbtuiError) -> None:
        self._trouble.count_error(venue, error)
