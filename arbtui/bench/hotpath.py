"""What a frame costs from the socket's hand to the decision, with ``orjson.loads`` of the same frame as 1.

    decode    the venue's session alone: bytes -> events
    slot      ``Connection.on_frame``: bytes -> the slot's latest quote, or the book. The stamp of receipt is taken once
              for what came together, here for every fifth frame of a connection
    signal    the same with the strategy listening: whether any pair of the coin is near its threshold, and twice a
              second of traffic (2,500 frames) which coins are (books: best bid, best ask and spread read after each
              update)

Other venues' quotes stand still while one venue is timed, so its own quote decides more often than in life; the row
"all" has the frames of every venue in the order in which they came. Before anything is timed, every candidate must end
with the top of book that the exchange has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import orjson

from arbtui.bench import peers
from arbtui.bench.report import Goal, Result, Table, geometric_mean
from arbtui.bench.rig import Part, Rig, bench_loop, must_agree
from arbtui.bench.timing import Setup, Timed, Work, compare
from arbtui.bench.traffic import Capture, Format, Frame, Leg, Top, capture
from arbtui.core.errors import OurMistake
from arbtui.core.events import Event, Quote
from arbtui.core.model import Channel, Market
from arbtui.market.state import Slot

BASE = "orjson"
STAGES = (BASE, "decode", "slot", "signal")


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int
    coins: int
    frames: int
    book_coins: int
    book_frames: int


FULL = Size(rounds=9, coins=300, frames=4000, book_coins=8, book_frames=800)
QUICK = Size(rounds=5, coins=40, frames=1000, book_coins=4, book_frames=200)

QUOTE_MOVES_PER_S = 15.0
BOOK_MOVES_PER_S = 12.0  # with frames every 100 ms: about 22 levels each


def run(venues: Sequence[str], size: Size, *, with_peers: bool = True) -> Result:
    quotes = capture(Channel.BBO, venues, coins=size.coins, frames=size.frames, moves_per_s=QUOTE_MOVES_PER_S)
    books = capture(Channel.BOOK, venues, coins=size.book_coins, frames=size.book_frames, moves_per_s=BOOK_MOVES_PER_S)
    known = peers.installed() if with_peers else {}
    missing = [name for name in peers.NAMES if name not in known] if with_peers else []
    why = dict.fromkeys(missing, "not installed") if with_peers else dict.fromkeys(peers.NAMES, "left out")
    with bench_loop() as loop, peers.quiet():
        bbo = _Bench(quotes, loop, known).measure(size.rounds)
        l2 = _Bench(books, loop, known).measure(size.rounds)
    tables = (
        _table(bbo, f"best bid and offer, {size.coins} coins on {len(venues)} venues", known, missing),
        _table(l2, "order books", known, missing),
    )
    return Result("hotpath", tables, (*_goals(bbo.rows, l2.rows, why),), details={"skipped": bbo.skipped | l2.skipped})


@dataclass(frozen=True)
class Row:
    """One wire form, timed. ``of`` None: all of them together."""

    of: Format | None
    bytes_per_frame: float
    levels: float | None
    timed: dict[str, Timed]


@dataclass(frozen=True)
class Measured:
    rows: list[Row]
    skipped: dict[str, str]  # "cryptofeed okx perp bbo" -> why it has no figure
    admissible: tuple[int, int]


class _Bench:
    """One capture, through two rigs: one with nobody listening, one with the strategy."""

    def __init__(self, taken: Capture, loop: asyncio.AbstractEventLoop, known: dict[str, peers.Peer]) -> None:
        self.capture = taken
        self.known = known
        self.silent = Rig(taken, loop)
        self.listening = Rig(taken, loop)
        if taken.channel is Channel.BOOK:
            self.listening.board.on_book.append(_read_book)
        else:
            self.listening.desk.spreads.listen(self.listening.board)
        self.skipped: dict[str, str] = {}

    def measure(self, rounds: int) -> Measured:
        rows = []
        for one in self.capture.formats:
            part = next(part for part in self.silent.parts if part.name == one.venue)
            frames = self.capture.of(one)
            self._verify(part, one, frames)
            readers = self._readers(one, frames)
            candidates = self._own([part], frames, one.market) | _of_peers(readers, frames)
            rows.append(self._row(one, frames, compare(candidates, len(frames), rounds)))
            for reader in readers.values():
                reader.close()
        if len(self.capture.formats) > 1 and self.capture.channel is Channel.BBO:
            frames = self.capture.frames
            rows.append(self._row(None, frames, compare(self._own(self.silent.parts, frames), len(frames), rounds)))
        return Measured(rows, self.skipped, self.listening.admissible())

    def _row(self, one: Format | None, frames: Sequence[Frame], timed: dict[str, Timed]) -> Row:
        size = sum(len(frame.data) for frame in frames) / len(frames)
        return Row(one, size, self.capture.levels_per_frame.get(one) if one else None, timed)

    # what is timed

    def _own(self, parts: Sequence[Part], frames: Sequence[Frame], market: Market | None = None) -> dict[str, Setup]:
        return {
            BASE: lambda: _each([(orjson.loads, frame.data) for frame in frames]),
            "decode": lambda: self._decode(parts, frames),
            "slot": lambda: self._feed(self.silent, parts, frames, market),
            "signal": lambda: self._feed(self.listening, parts, frames, market),
        }

    def _feed(self, rig: Rig, parts: Sequence[Part], frames: Sequence[Frame], market: Market | None) -> Work:
        for part in parts:
            rig.connect(part, market)
        return _each(rig.calls(parts, frames, looking=rig is self.listening))

    def _decode(self, parts: Sequence[Part], frames: Sequence[Frame]) -> Work:
        calls, now_ns = self.silent.decoders(parts, frames), self.silent.clock.now_ns()

        def work() -> None:
            for decode, data in calls:
                decode(data, now_ns)

        return work

    def _readers(self, one: Format, frames: Sequence[Frame]) -> dict[str, peers.Reader]:
        """Those that read this wire form rightly; the others are noted with the reason."""
        found: dict[str, peers.Reader] = {}
        texts = [frame.data.decode() for frame in frames]
        legs = self._moved(one, frames)
        task = self._task(one, frames)
        for name, peer in self.known.items():
            what = f"{name}, {one} {self.capture.channel.value}"
            reader = peer.reader(task)
            wrong = reader if isinstance(reader, str) else self._misread(reader, texts, legs)
            if wrong:
                self.skipped[what] = wrong
            if isinstance(reader, str):
                continue
            if wrong:
                reader.close()
            else:
                found[name] = reader
        return found

    def _task(self, one: Format, frames: Sequence[Frame]) -> peers.Task:
        part = next(part for part in self.silent.parts if part.name == one.venue)
        self.silent.connect(part)
        instruments = [i for i in self.capture.instruments[one.venue] if i.market is one.market]
        url = self.capture.sockets[frames[0].socket].plan.url
        return peers.Task(one, self.capture.channel, url, instruments, self.silent.seeds(part, one))

    def _misread(self, reader: peers.Reader, texts: Sequence[str], legs: Sequence[Leg]) -> str:
        """What is wrong with a peer's reading, "" = nothing: its best prices end as the exchange's."""
        try:
            reader.prepare()(texts)
            shown = reader.prices()
        except Exception as error:  # noqa: BLE001  somebody else's code on frames it may not know: told, not hidden
            return f"fails on these frames: {type(error).__name__}: {error}"
        wrong = [leg for leg in legs if shown.get(leg) != (self.capture.truth[leg].bid, self.capture.truth[leg].ask)]
        return f"misreads them: {len(wrong)} of {len(legs)} best prices are not the exchange's" if wrong else ""

    # what must be true

    def _verify(self, part: Part, one: Format, frames: Sequence[Frame]) -> None:
        """Every candidate of ours ends with the exchange's top of book, having read every frame."""
        legs = self._moved(one, frames)
        for rig, name in ((self.silent, "slot"), (self.listening, "signal")):
            self._feed(rig, [part], frames, one.market)()
            shown = rig.book_tops(part) if self.capture.channel is Channel.BOOK else rig.tops(part)
            must_agree(f"{one} {name}", shown, self.capture.truth, legs)
            if rig.broken():
                raise OurMistake(f"{one}: {rig.broken()} of the simulator's frames could not be read")
        if self.capture.channel is Channel.BBO:
            must_agree(f"{one} decode", self._decoded(part, frames), self.capture.truth, legs)

    def _moved(self, one: Format, frames: Sequence[Frame]) -> list[Leg]:
        """The instruments that the timed frames speak of."""
        return self.silent.legs_of(one, frames)

    def _decoded(self, part: Part, frames: Sequence[Frame]) -> dict[Leg, Top]:
        rig = self.silent
        tops: dict[Leg, Top] = {}
        events: list[Event] = []
        for decode, data in rig.decoders([part], frames):
            events.extend(decode(data, 0))
        for event in events:
            if isinstance(event, Quote):
                bid, bid_qty, ask, ask_qty = event.bid, event.bid_qty, event.ask, event.ask_qty
                if bid and bid_qty and ask and ask_qty:
                    tops[rig.leg(event.slot, part)] = Top(bid, bid_qty, ask, ask_qty)
        return tops


def _each(calls: Sequence[tuple[Callable[[bytes], object], bytes]]) -> Work:
    def work() -> None:
        for call, data in calls:
            call(data)

    return work


def _of_peers(readers: Mapping[str, peers.Reader], frames: Sequence[Frame]) -> dict[str, Setup]:
    texts = [frame.data.decode() for frame in frames]

    def setup(reader: peers.Reader) -> Work:
        handle = reader.prepare()
        return lambda: handle(texts)

    return {name: partial(setup, reader) for name, reader in readers.items()}


def _read_book(slot: Slot) -> None:
    """What a reader of a live book wants after each update: best prices and the spread."""
    assert slot.book is not None
    bid, _, ask, _ = slot.book.best()
    if bid is not None and ask is not None:
        _ = (ask - bid) / bid


# what is said


def _table(measured: Measured, title: str, known: dict[str, peers.Peer], missing: Sequence[str]) -> Table:
    with_levels = any(row.levels is not None for row in measured.rows)
    rows = []
    for row in measured.rows:
        ratios = [row.timed[name].ratio if name in row.timed else None for name in (*STAGES[1:], *known)]
        head: list[str | float | int | None] = [str(row.of) if row.of else "all", round(row.bytes_per_frame)]
        if with_levels:
            head.append(row.levels)
        rows.append((*head, row.timed[BASE].ns / 1000, *ratios))
    notes = [f"{name}: {why}" for name, why in measured.skipped.items()]
    notes.extend(f"{name}: not installed (pip install 'arbtui[bench]')" for name in missing)
    may, quoted = measured.admissible
    if measured.rows[0].levels is None:
        title += f", {may} of {quoted} legs may trade"
    return Table(
        f"{title}; orjson.loads of the same frame = 1",
        ("", "bytes", *(("levels",) if with_levels else ()), "orjson us", *STAGES[1:], *known),
        tuple(rows),
        tuple(notes),
    )


def _goals(bbo: Sequence[Row], l2: Sequence[Row], why: Mapping[str, str]) -> list[Goal]:
    of_bbo, of_l2 = [row for row in bbo if row.of], [row for row in l2 if row.of]
    goals = [
        Goal(
            "BBO frame to signal decision, geometric mean",
            geometric_mean(row.timed["signal"].ratio for row in of_bbo),
            "x orjson.loads",
            2.0,
            3.0,
        ),
        Goal(
            "book frame to best and spread, geometric mean",
            geometric_mean(row.timed["signal"].ratio for row in of_l2),
            "x orjson.loads",
            5.0,
            7.0,
        ),
    ]
    budgets = {"cryptofeed": ((2.5, 1.5), (3.0, 2.0)), "ccxt.pro": ((15.0, 8.0), (2.5, 2.0))}
    for name, limits in budgets.items():
        for rows, what, (target, fail) in zip((of_bbo, of_l2), ("BBO", "book"), limits, strict=True):
            faster = geometric_mean(row.timed[name].over(row.timed["signal"]) for row in rows if name in row.timed)
            note = "" if faster is not None else why.get(name, "reads none of these frames")
            goals.append(
                Goal(f"faster than {name}, {what} frames", faster, "x", target, fail, at_least=True, note=note)
            )
    return goals
