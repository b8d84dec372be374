"""The engine's own parts, put together as it does and fed from a capture instead of a socket.

Frames enter at ``net.connection.Connection.on_frame`` as they do from the socket, with the connection dialled by the
venue's feed, its session, its host and the board behind it. Only the socket itself is missing.
"""

from __future__ import annotations

import asyncio
import copy
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle

from arbtui.bench.peers import Seed
from arbtui.bench.traffic import BOOK_LEVELS, START_NS, Capture, Format, Frame, Leg, Top, events_of, listings_of
from arbtui.config import Settings
from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import OurMistake
from arbtui.core.events import BookDelta, BookSnapshot, Event, Quote
from arbtui.core.model import Category, Channel, Market, TradingStatus
from arbtui.core.status import ProcessFigures
from arbtui.engine.build import build_desk
from arbtui.engine.memory import NoMemory
from arbtui.engine.trouble import Trouble
from arbtui.engine.venue import RunningVenue, Surroundings
from arbtui.market.state import Slot
from arbtui.net.budget import Budgets
from arbtui.net.connection import Connection
from arbtui.net.connects import Connects
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.net.shard import Shard
from arbtui.net.wallclock import WallClock
from arbtui.venues import registry
from arbtui.venues.base import Environment, Session, Venue

ALL_LEVELS = 10_000

FRAMES_PER_READ = 5  # what comes together over sockets at 4,000 messages a second (`arbtui bench wire`)
FRAMES_PER_LOOK = 2500  # as many in half a second at 5,000 a second

Sink = Callable[[bytes], None]
Call = tuple[Sink, bytes]
Decode = Callable[[bytes, int], Sequence[Event]]


@dataclass(frozen=True)
class Part:
    """A venue of the capture under its own name, or once more under another."""

    name: str
    source: str


def parts_of(capture: Capture, count: int | None = None) -> tuple[Part, ...]:
    """Every venue of the capture; with ``count``, that many, repeated under other names where there are fewer."""
    sources = capture.venues
    count = len(sources) if count is None else count
    return tuple(
        Part(source if n < len(sources) else f"{source}{n // len(sources) + 1}", source)
        for n in range(count)
        for source in (sources[n % len(sources)],)
    )


class Rig:
    """A desk with all venues of a capture, listed and quoted once."""

    def __init__(self, capture: Capture, loop: asyncio.AbstractEventLoop, parts: Sequence[Part] | None = None) -> None:
        self.capture = capture
        self.parts = tuple(parts) if parts is not None else parts_of(capture)
        self.clock = WallClock(loop, utc_ns=lambda: START_NS)
        self._trouble = Trouble(self.clock)
        self._rng = random.Random(1)
        self.venues: dict[str, Venue] = {part.name: _codec(part) for part in self.parts}
        self.desk = build_desk(
            Settings(),
            self.venues,
            mode="BENCH",
            clock=self.clock,
            trouble=self._trouble,
            memory=NoMemory(),
            status=lambda: (),
            process=lambda: ProcessFigures(0.0, 0.0, 0.0, 0, {}),
        )
        self.board = self.desk.board
        around = Surroundings(
            board=self.board,
            clock=self.clock,
            rest=Rest(NetworkSettings(), Budgets(()), self.clock, recorder=None, rng=self._rng),
            network=NetworkSettings(),
            connects=Connects(),
            recorder=None,
            trouble=self._trouble,
            rng=self._rng,
            overridden=lambda listing: listing,
        )
        self.running = {
            part.name: RunningVenue(self.venues[part.name], Environment.PROD, self.venues[part.name].markets, around)
            for part in self.parts
        }
        for part in self.parts:
            for listing in listings_of(capture.lists[part.source], self.venues[part.name], part.name):
                self.running[part.name].take_listing(listing)
        self._connections: dict[tuple[str, int], Connection] = {}
        self._reads: dict[tuple[str, int], Sink] = {}
        for part in self.parts:
            self.connect(part)
            self._hear_snapshots(part)
        self.settle()

    # wire

    def connect(self, part: Part, market: Market | None = None) -> None:
        """New connections of one venue, past their opening frames; what the slots remember of the old ids is gone.

        ``market`` None: of all its markets.
        """
        for slot in self.slots(part.name):
            if market not in (None, slot.instrument.market):
                continue
            slot.seq = 0
            if self.capture.channel is Channel.BOOK:
                self.board.release_book(slot)
                if _streamed(slot):
                    self.board.hold_book(slot)
        for number, planned in enumerate(self.capture.sockets):
            if planned.venue == part.source and market in (None, planned.plan.market):
                self._dial(part, number)
        self._play(part, self.capture.opening, market)
        if self.capture.channel is Channel.BOOK:
            self._hear_books(part)
            self._play(part, self.capture.opening_after_books, market)

    def _dial(self, part: Part, number: int) -> None:
        plan, running = self.capture.sockets[number].plan, self.running[part.name]
        shard = Shard(
            plan.label,
            plan.market,
            plan.url,
            (),
            manners=self.venues[part.name].manners(plan.market),
            clock=self.clock,
            host=running.feed,
            connects=Connects(),
            attempted=lambda _: None,
            rng=self._rng,
        )
        connection = shard.current = running.feed.dial(shard, plan.label, ())
        connection.link.up = True
        shard.add(plan.streams)
        self._connections[part.name, number] = connection
        self._reads[part.name, number] = lambda _: connection.on_read()

    def _play(self, part: Part, frames: Sequence[Frame], market: Market | None) -> None:
        for number, data in frames:
            connection = self._connections.get((part.name, number))
            if connection is not None and market in (None, self.capture.sockets[number].plan.market):
                connection.on_read()
                connection.on_frame(data)

    def _hear_snapshots(self, part: Part) -> None:
        running = self.running[part.name]
        for event in events_of(self.capture.snapshots[part.source], self.venues[part.name], running.tables):
            running.heard(event)

    def _hear_books(self, part: Part) -> None:
        """REST snapshots, for the books that the socket has not brought."""
        running = self.running[part.name]
        for answer in self.capture.books[part.source]:
            for event in events_of([answer], self.venues[part.name], running.tables):
                slot_id = getattr(event, "slot", None)
                slot = self.board.slots[slot_id] if slot_id is not None else None
                if slot is None or slot.book is None or not slot.book.live:
                    running.heard(event)

    def calls(self, parts: Sequence[Part], frames: Sequence[Frame], *, looking: bool = False) -> list[Call]:
        """What an engine does with these frames: each goes to the connection that it belongs to.

        Parts of one venue take its frames in turns. One frame in ``FRAMES_PER_READ`` of a connection begins a read,
        with its stamp. ``looking``: the strategy asks now and then which coins are hot, as it does twice a second.
        """
        sinks = {key: connection.on_frame for key, connection in self._connections.items()}  # one object a socket
        heard: Counter[tuple[str, int]] = Counter()
        calls: list[Call] = []
        for number, (key, data) in enumerate(self._dealt(parts, frames)):
            if looking and number % FRAMES_PER_LOOK == 0:
                calls.append((self._look, b""))
            if heard[key] % FRAMES_PER_READ == 0:
                calls.append((self._reads[key], b""))
            heard[key] += 1
            calls.append((sinks[key], data))
        return calls

    def _look(self, _: bytes) -> None:
        self.desk.spreads.hot()

    def decoders(self, parts: Sequence[Part], frames: Sequence[Frame]) -> list[tuple[Decode, bytes]]:
        """Each frame with a session of its own connection, new and past its opening frames."""
        sessions: dict[tuple[str, int], Session] = {}
        for part in parts:
            for number, planned in enumerate(self.capture.sockets):
                if planned.venue == part.source:
                    session = self.venues[part.name].session(planned.plan.url, self.running[part.name].tables)
                    session.subscribe(planned.plan.streams)
                    sessions[part.name, number] = session
            for number, data in (*self.capture.opening, *self.capture.opening_after_books):
                if (part.name, number) in sessions:
                    sessions[part.name, number].decode(data, START_NS)
        decode = {key: session.decode for key, session in sessions.items()}
        return [(decode[key], data) for key, data in self._dealt(parts, frames)]

    def _dealt(self, parts: Sequence[Part], frames: Sequence[Frame]) -> Iterator[tuple[tuple[str, int], bytes]]:
        names: dict[str, list[str]] = {}
        for part in parts:
            names.setdefault(part.source, []).append(part.name)
        turns = {source: cycle(found) for source, found in names.items()}
        for number, data in frames:
            turn = turns.get(self.capture.sockets[number].venue)
            if turn is not None:
                yield (next(turn), number), data

    # state

    def settle(self) -> None:
        """What the engine does twice a second: currency rates, identity, freshness, who may trade."""
        self.board.sweep(self.clock.now_ns() + NS_PER_S)

    def slots(self, name: str) -> list[Slot]:
        """The slots of one venue."""
        return [slot for slot in self.board.slots if slot.instrument.venue == name]

    def broken(self) -> int:
        """Frames that could not be read, on any connection."""
        return sum(connection.broken for connection in self._connections.values())

    def admissible(self) -> tuple[int, int]:
        """Legs that may trade, of those that are streamed."""
        streamed = [slot for slot in self.board.slots if slot.quote is not None]
        return sum(slot.muted is None for slot in streamed), len(streamed)

    def leg(self, slot_id: int, part: Part) -> Leg:
        """The slot under the name that the capture knows it by."""
        instrument = self.board.slots[slot_id].instrument
        return part.source, instrument.market, instrument.native

    def legs_of(self, one: Format, frames: Sequence[Frame]) -> list[Leg]:
        """The instruments that the frames speak of."""
        part = next(part for part in self.parts if part.name == one.venue)
        found: dict[Leg, None] = {}
        for decode, data in self.decoders([part], frames):
            for event in decode(data, 0):
                if isinstance(event, Quote | BookDelta | BookSnapshot):
                    found[self.leg(event.slot, part)] = None
        return list(found)

    def seeds(self, part: Part, one: Format) -> dict[Leg, Seed]:
        """Every live book of one wire form as it stands."""
        found = {}
        for slot in self.slots(part.name):
            if slot.book is not None and slot.book.live and slot.instrument.market is one.market:
                found[self.leg(slot.id, part)] = Seed(slot.book.seq, *slot.book.top(ALL_LEVELS))
        return found

    def tops(self, part: Part) -> dict[Leg, Top]:
        """Best prices and sizes of every slot that has them, in wire units; from figures per coin if there are any."""
        found: dict[Leg, Top] = {}
        for slot in self.slots(part.name):
            quote = slot.quote
            if quote is None:
                continue
            top = (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty)
            if slot.price_factor and slot.multiplier and slot.bid and slot.bid_qty and slot.ask and slot.ask_qty:
                factor, multiplier = slot.price_factor, slot.multiplier
                top = (slot.bid * factor, slot.bid_qty / multiplier, slot.ask * factor, slot.ask_qty / multiplier)
            bid, bid_qty, ask, ask_qty = top
            if bid and bid_qty and ask and ask_qty:
                found[self.leg(slot.id, part)] = Top(bid, bid_qty, ask, ask_qty)
        return found

    def book_tops(self, part: Part) -> dict[Leg, Top]:
        """Best prices and sizes of every live book, whose first levels must be the exchange's."""
        found: dict[Leg, Top] = {}
        for slot in self.slots(part.name):
            if slot.book is None or not slot.book.tradable:
                continue
            leg, book = self.leg(slot.id, part), slot.book
            count = min(BOOK_LEVELS, book.depth or BOOK_LEVELS)  # a stream of five levels cannot show ten
            bids, asks = (tuple((float(level[0]), float(level[1])) for level in side) for side in book.top(count))
            true_bids, true_asks = self.capture.depth[leg]
            if (bids, asks) == (true_bids[:count], true_asks[:count]):
                found[leg] = Top(*bids[0], *asks[0])
        return found


@contextmanager
def bench_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that never runs: connections and clocks want one to belong to."""
    loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        loop.close()


def _codec(part: Part) -> Venue:
    codec = registry.venue(part.source)
    if part.name == part.source:
        return codec
    clone = copy.copy(codec)
    clone.name = part.name
    return clone


def _streamed(slot: Slot) -> bool:
    return slot.instrument.status is TradingStatus.TRADING and slot.instrument.category is Category.CRYPTO


def differing(shown: dict[Leg, Top], truth: dict[Leg, Top], legs: Sequence[Leg]) -> list[Leg]:
    """Legs whose top of book is not what the exchange's is (missing, or off by more than rounding)."""
    return [leg for leg in legs if leg not in shown or leg not in truth or not _close(shown[leg], truth[leg])]


def _close(one: Top, other: Top) -> bool:
    return all(abs(a - b) <= 1e-9 * abs(b) for a, b in zip(one, other, strict=True))


def must_agree(what: str, shown: dict[Leg, Top], truth: dict[Leg, Top], legs: Sequence[Leg]) -> None:
    """Raises where a candidate ends with another top of book: what it cost would mean nothing."""
    wrong = differing(shown, truth, legs)
    if wrong or not legs:
        sample = f", {'.'.join(wrong[0])}: {shown.get(wrong[0])} is not {truth.get(wrong[0])}" if wrong else ""
        raise OurMistake(f"{what}: {len(wrong)} of {len(legs)} tops of book differ from the exchange's{sample}")
