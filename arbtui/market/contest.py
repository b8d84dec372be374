"""Whether a book and the channel of best prices tell the same market; where they do not, the book has to prove itself.

Both come from the same matching, so a live book's best prices are prices that the BBO channel has said within the last
moment, or says in the next. A book that lost or missed something its sequence rule cannot see (a venue that leaves a
side out of its updates, a snapshot that later updates do not fit) stands beside them, and stays there. To err here
costs one snapshot; to keep a wrong book may cost money.

A BBO channel that repeats itself proves nothing, so only one that says three prices meanwhile and is not doubted itself
can convict. One that is far off is doubted, because of the book (see ``freshness``): it is heard, but for longer. Two
things are told sooner than by price: a side that the book shows and the channel says is empty, and a side whose best
level stands while the channel's price goes through several others.

A book that has just come by snapshot is held to more: it may not show a side that the channel says is empty; its side
that was found missing or standing must have been on the stream since; and after a conviction it has to agree
from its first moment on. If three snapshots in a row say the same, the channel is the one that errs: the book stands,
and speaks against the quote.
"""

from __future__ import annotations

from collections import deque

from arbtui.core.clock import NS_PER_S
from arbtui.core.events import Quote
from arbtui.market.book import SNAPSHOT_SLACK_MS, Book
from arbtui.market.freshness import tick
from arbtui.market.slot import Slot

DIFFERS_MAX_NS = 2 * NS_PER_S
LOOKS = 6  # of about 250 ms: books may lag so far behind
MOVES = 3  # pairs of prices that the channel says while they differ
STANDS = 4  # prices that the channel goes through while a side stands
SETTLED_NS = 3 * NS_PER_S  # so long after a snapshot by REST what the sockets bring may still be older
LAG_NS = NS_PER_S // 2  # the book's own word on a side that has just become empty may take so long
HEARD_NS = 5 * NS_PER_S  # a quote older than this says nothing about a new snapshot
FAR_MAX_NS = 4 * NS_PER_S
SNAPSHOTS = 3  # that a convicted book needs to be believed against the channel
_CHANNEL = "the channel of best prices"
_NAMES = ("bids", "asks")

Pair = tuple[float | None, float | None]


class _Still:
    """One side of the book: since when its best level stands and the channel moves, and what that said meanwhile."""

    __slots__ = ("level", "said", "since_ns")

    def __init__(self) -> None:
        self.level: Pair = (None, None)  # price, size
        self.said: set[float | None] = set()
        self.since_ns = 0

    def look(self, level: Pair, said: float | None, now_ns: int, limit_ns: int) -> bool:
        """Whether it has stood for so long while the channel moved."""
        if level != self.level:
            self.level, self.said, self.since_ns = level, {said}, now_ns
            return False
        if self.said == {said}:
            self.since_ns = now_ns  # both stand: a quiet market
        self.said.add(said)
        return len(self.said) >= STANDS and now_ns - self.since_ns >= limit_ns


class Contest:
    """One book and its slot's quotes."""

    __slots__ = ("_born_ns", "_convicted", "_meanwhile", "_missing", "_refused", "_said", "_since_ns", "_still")

    def __init__(self) -> None:
        self._said: deque[Pair] = deque(maxlen=LOOKS)
        self._still = (_Still(), _Still())
        self._since_ns = 0  # since when they differ at every look; 0 = they do not
        self._meanwhile: set[Pair] = set()  # what the channel has said since then
        self._missing: set[int] = set()  # sides that the book's stream left out, as it seems: 0 bids, 1 asks
        self._convicted = False  # and has not agreed since
        self._refused = 0  # snapshots since, because they did not agree
        self._born_ns = 0  # when the book became live

    def look(self, slot: Slot, now_ns: int) -> str:
        """What is wrong with the live book, in words; "" = nothing. To be called some four times a second."""
        quote, book = _spoken(slot), slot.book
        if quote is None:
            self._said.clear()
            self._since_ns = 0
            return ""
        pair = (quote.bid, quote.ask)
        self._said.append(pair)
        if book is None or not book.tradable or slot.crossed:
            self._since_ns = 0
            return ""
        if wrong := self._one_sided(book, quote, now_ns):
            return self._convict(wrong)
        far = _far(slot)
        if (slot.stale is not None and not far) or self._runs_ahead(book, quote, now_ns):
            self._since_ns, self._still = 0, (_Still(), _Still())
            return ""
        limit_ns = FAR_MAX_NS if far else DIFFERS_MAX_NS
        if wrong := self._stands(book, pair, now_ns, limit_ns):
            return self._convict(wrong)
        if self._agrees(slot):
            self._since_ns, self._convicted, self._refused = 0, False, 0
            return ""
        if not self._since_ns:
            self._since_ns, self._meanwhile = now_ns, set()
        self._meanwhile.add(pair)
        if len(self._meanwhile) < MOVES or now_ns - self._since_ns < limit_ns or self._refused >= SNAPSHOTS:
            return ""
        self._missing = {side for side, price in enumerate(book.best()[::2]) if price is None}
        return self._convict(
            f"its best prices are not those of {_CHANNEL} for {(now_ns - self._since_ns) / NS_PER_S:.1f} s"
        )

    def _runs_ahead(self, book: Book, quote: Quote, now_ns: int) -> bool:
        """Whether the quotes may lag behind a snapshot that has overtaken them."""
        return now_ns - self._born_ns < SETTLED_NS or _older(quote.exchange_ms, book.exchange_ms)

    def _convict(self, reason: str) -> str:
        self._since_ns, self._convicted, self._refused = 0, True, 0
        self._still = (_Still(), _Still())
        return reason

    def _one_sided(self, book: Book, quote: Quote, now_ns: int) -> str:
        for name, own, said in zip(_NAMES, book.best()[::2], (quote.bid, quote.ask), strict=True):
            if own is not None and said is None and quote.t_ns <= max(book.t_ns, now_ns - LAG_NS):
                return f"it shows {name}, {_CHANNEL} says there are none"
        return ""

    def _stands(self, book: Book, pair: Pair, now_ns: int, limit_ns: int) -> str:
        bid, bid_qty, ask, ask_qty = book.best()
        for side, level in enumerate(((bid, bid_qty), (ask, ask_qty))):
            if self._still[side].look(level, pair[side], now_ns, limit_ns) and self._refused < SNAPSHOTS:
                self._missing = {side}
                return f"its {_NAMES[side]} stand while {_CHANNEL} moves"
        return ""

    def born(self, slot: Slot, now_ns: int) -> str:
        """What is wrong with a book that has just become live, in words; "" = nothing that can be told yet."""
        quote, book = _spoken(slot), slot.book
        self._born_ns = now_ns
        if quote is None or book is None or now_ns - quote.t_ns > HEARD_NS:
            return ""
        if slot.crossed:
            return f"{_CHANNEL} says a bid at or above the ask"
        for name, own, said in zip(_NAMES, book.best()[::2], (quote.bid, quote.ask), strict=True):
            if own is not None and said is None:
                return f"the snapshot shows {name}, {_CHANNEL} says there are none"
        self._missing = {side for side in self._missing if not book.updated[side]}
        if self._missing:
            return f"its stream brings no {_NAMES[min(self._missing)]}"
        self._said.append((quote.bid, quote.ask))
        if self._agrees(slot):
            return ""
        if _older(book.exchange_ms, quote.exchange_ms):
            return f"the snapshot is older than what {_CHANNEL} has said, and differs"
        if self._convicted and (slot.stale is None or _far(slot)) and self._refused < SNAPSHOTS:
            self._refused += 1
            return f"its best prices are again not those of {_CHANNEL}"
        return ""

    def _agrees(self, slot: Slot) -> bool:
        assert slot.book is not None
        bid, _, ask, _ = slot.book.best()
        return self._fits(slot, bid, 0) and self._fits(slot, ask, 1)

    def _fits(self, slot: Slot, own: float | None, side: int) -> bool:
        """Whether the channel has said ``own`` lately, or was above it and below it."""
        said = [pair[side] for pair in self._said]
        prices = [price for price in said if price is not None]
        if own is None:
            return len(prices) < len(said)
        if not prices:
            return False
        slack = tick(slot.instrument, own) * 1.000001
        return min(prices) - slack <= own <= max(prices) + slack


def _spoken(slot: Slot) -> Quote | None:
    """The slot's quote, if its channel is up."""
    quote, link = slot.quote, slot.link
    return quote if quote is not None and quote.source == "ws" and link is not None and link.up else None


def _far(slot: Slot) -> bool:
    return slot.witness.differs_far and slot.witness.differs_ns > 0


def _older(one_ms: int | None, other_ms: int | None) -> bool:
    """Whether one is older than the other, by the venue's own clock, which stamped both."""
    return one_ms is not None and other_ms is not None and other_ms - one_ms > SNAPSHOT_SLACK_MS
