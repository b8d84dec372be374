"""Streams of a book as each venue would send them, with the truth after every update, made by hypothesis."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from arbtui.core.events import BookDelta, BookSnapshot, Level
from arbtui.core.sequence import Contiguous, Counter, PrevEquals, PrevLink, PrevWithin, SequenceRule
from arbtui.market.book import Book

Side = dict[str, str]  # price text -> size text
Truth = tuple[Side, Side]

RULES: dict[str, SequenceRule] = {
    "PrevLink": PrevLink(),
    "Contiguous": Contiguous(),
    "PrevEquals": PrevEquals(),
    "PrevWithin": PrevWithin(),
    "Counter": Counter(),
}
BY_REST = {"PrevLink", "Contiguous"}  # the snapshot is asked for; elsewhere it comes on the socket
MS = 1_000_000


@dataclass
class Frame:
    """One frame and the ids whose truth it may leave behind."""

    event: BookDelta | BookSnapshot


@dataclass
class Recording:
    """Frames in the order sent, and the venue's book by id."""

    rule: str
    start: int
    frames: list[BookDelta | BookSnapshot] = field(default_factory=list)
    truth: dict[int, Truth] = field(default_factory=dict)
    ids: list[int] = field(default_factory=list)  # in the order in which they happened
    after: list[int] = field(default_factory=list)  # the id at which each frame leaves the book

    def snapshot(self, seq: int, t_ns: int) -> BookSnapshot:
        bids, asks = self.truth[seq]
        return BookSnapshot(
            0,
            sorted(bids.items(), key=lambda level: -float(level[0])),
            sorted(asks.items(), key=lambda level: float(level[0])),
            seq,
            t_ns,
            source="rest" if self.rule in BY_REST else "ws",
        )


@dataclass(frozen=True)
class Change:
    bid_side: bool
    tick: int
    size: int


changes = st.builds(Change, st.booleans(), st.integers(1, 8), st.integers(0, 3))
updates = st.lists(changes, min_size=1, max_size=3)
batches = st.lists(updates, min_size=1, max_size=3)


@st.composite
def recordings(draw: st.DrawFn, rule: str, resets: bool = True) -> Recording:
    """A venue's stream under ``rule``: 3-12 frames of 1-3 updates, counter resets where the venue has them."""
    seq = 10_000
    recording = Recording(rule, seq)
    bids: Side = {"99": "1"}
    asks: Side = {"101": "1"}
    recording.truth[seq] = (dict(bids), dict(asks))
    recording.ids.append(seq)
    for number, batch in enumerate(draw(st.lists(batches, min_size=3, max_size=12))):
        t_ns = (number + 1) * 100 * MS
        if resets and rule in ("Counter", "PrevEquals") and seq > 5_000 and draw(st.integers(0, 9)) == 0:
            before, seq = seq, 1
            recording.truth[seq] = (dict(bids), dict(asks))
            recording.ids.append(seq)
            if rule == "Counter":
                recording.frames.append(recording.snapshot(seq, t_ns))
            else:
                recording.frames.append(BookDelta(0, [], [], -1, seq, before, t_ns))
            recording.after.append(seq)
            continue
        if rule == "PrevEquals" and draw(st.integers(0, 9)) == 0:
            recording.frames.append(BookDelta(0, [], [], -1, seq, seq, t_ns))
            recording.after.append(seq)
            continue
        prev = first = seq
        touched: tuple[set[str], set[str]] = (set(), set())
        for position, update in enumerate(batch if rule != "Counter" else batch[:1]):
            seq += 1 if rule in ("Contiguous", "Counter") else draw(st.integers(1, 9))
            first = seq if position == 0 else first
            for change in update:
                price = str(100 - change.tick if change.bid_side else 100 + change.tick)
                side = bids if change.bid_side else asks
                touched[0 if change.bid_side else 1].add(price)
                if change.size:
                    side[price] = f"{change.size}.0"
                else:
                    side.pop(price, None)
            recording.truth[seq] = (dict(bids), dict(asks))
            recording.ids.append(seq)
        recording.frames.append(
            BookDelta(
                0,
                _levels(touched[0], bids),
                _levels(touched[1], asks),
                first if rule in BY_REST else -1,
                seq,
                -1 if rule in ("Contiguous", "Counter") else prev,
                t_ns,
            )
        )
        recording.after.append(seq)
    return recording


def _levels(prices: set[str], side: Side) -> list[Level]:
    return [(price, side.get(price, "0.0")) for price in sorted(prices)]


def contents(book: Book) -> Truth:
    bids, asks = book.top(10_000)
    return {level[0]: level[1] for level in bids}, {level[0]: level[1] for level in asks}


def assert_true(book: Book, recording: Recording) -> None:
    """A live book equals the venue's book at its own sequence id."""
    if book.live:
        assert contents(book) == recording.truth[book.seq]
