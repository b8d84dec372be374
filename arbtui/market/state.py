"""The board: every slot and coin, fed with events, swept now and then, read by everybody.

board = Board(terms, rules)
board.take_listing("okx", listing)          # slots and tables come from listings
tables = Tables(board.tables("okx"))        # what the venue's sessions name instruments by
board.assign("okx", stream, link)           # which connection carries a stream
for event in session.decode(frame, t_ns):
    board.apply(event)                      # listeners are called from here
board.sweep(now_ns)                         # every 500 ms: rates, identity, freshness, books, ``muted``
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from enum import StrEnum
from typing import Any

import msgspec

from arbtui.core.clock import NS_PER_S
from arbtui.core.events import (
    BookDelta,
    BookSnapshot,
    Event,
    Funding,
    Listing,
    MarkPrice,
    Mid,
    Quote,
    StatusChange,
    Ticker,
)
from arbtui.core.model import Channel, Market, Stream
from arbtui.core.status import Link
from arbtui.market import figures, freshness, identity, judge, quotes
from arbtui.market.basis import Rates
from arbtui.market.book import Effect
from arbtui.market.books import Books
from arbtui.market.lateness import Lateness
from arbtui.market.mutes import Mutes
from arbtui.market.roster import ListingChange, Roster
from arbtui.market.slot import Coin, Slot
from arbtui.market.terms import MarketRules, Terms
from arbtui.market.witness import Witness

OFTEN_NS = NS_PER_S // 4  # rates and held books are few: they are looked at in every sweep, but no oftener

BOOK_SWEEPS = 8  # small sweeps in which every held book has its turn; they come more than twice as often

_CHANGED = Effect.CHANGED


class Remedy(StrEnum):
    """What the board asks of the feed when a slot's stream is not to be believed."""

    RESUBSCRIBE = "resubscribe"
    RECONNECT = "reconnect"


class Board:
    """All slots and coins.

    ``terms`` names what is venue-specific, ``rules`` what the person decided. ``adopting``: the tables take in symbols
    that no listing has named (replay without instrument bodies).

    Listeners are called synchronously, in the order in which they were added, after the slot was updated. ``on_gap``
    asks for a book to be fetched or subscribed anew; ``on_stale`` asks the same of a BBO stream that is up and not to
    be believed, and for a new connection if that does not help.
    """

    def __init__(self, terms: Terms, rules: MarketRules, *, adopting: bool = False) -> None:
        self.rules = rules
        self.rates = Rates(rules.basis, rules.freshness)
        self.refused: Counter[str] = Counter()  # "okx perp" -> quotes that were no numbers
        self.on_quote: list[Callable[[Slot], None]] = []  # a quote was accepted
        self.on_alarm: list[Callable[[Slot], None]] = []  # of those, quotes beyond an alarm; told first
        self.on_book: list[Callable[[Slot], None]] = []  # a book changed, went live, or was lost
        self.on_ticker: list[Callable[[Slot], None]] = []
        self.on_funding: list[Callable[[Slot], None]] = []  # funding, mark or index
        self.on_listing: list[Callable[[ListingChange], None]] = []
        self.on_judged: list[Callable[[Slot], None]] = []  # it became muted, or may trade again
        self.on_rates: list[Callable[[], None]] = []  # currency rates moved: *_usd and *_net of many slots did
        self.on_stale: Callable[[Slot, str, Remedy], None] | None = None
        self._roster = Roster(terms, rules, self.rates, adopting=adopting)
        self._slots = self._roster.slots
        self._books = Books()
        self._lateness = Lateness()
        self._turn = 0
        self._often_ns = -OFTEN_NS
        self._books_ns: dict[int, int] = {}  # slot id -> when its held book was looked at
        self._by_ccy: dict[str, list[Slot]] = {}  # slots whose figures hang on a currency's rate
        self._by_ccy_of = -1  # how many slots there were then; -1 = made anew when it is needed
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            BookDelta: self.apply_book,
            BookSnapshot: self.apply_book,
            Ticker: self._take_ticker,
            MarkPrice: self._take_mark,
            Funding: self._take_funding,
            Mid: self._take_mid,
            StatusChange: self._take_status,
        }

    @property
    def on_gap(self) -> Callable[[Slot, str], None] | None:
        return self._books.on_gap

    @on_gap.setter
    def on_gap(self, call: Callable[[Slot, str], None] | None) -> None:
        self._books.on_gap = call

    # what is listed

    @property
    def slots(self) -> list[Slot]:
        """Every slot; its place is its id."""
        return self._roster.slots

    @property
    def coins(self) -> dict[str, Coin]:
        """Every coin with a name, by base."""
        return self._roster.coins

    def tables(self, venue: str) -> dict[Market, dict[str, int]]:
        """Native symbol -> slot id per market; live: filled as listings come. Wrap it in ``venues.base.Tables``."""
        return self._roster.tables(venue)

    def slot_of(self, venue: str, market: Market, native: str) -> Slot | None:
        return self._roster.slot_of(venue, market, native)

    def adopt(self, venue: str, market: Market, native: str) -> Slot:
        """The slot of a symbol that no listing has named: base, quote and multiplier unknown, status unknown."""
        return self._roster.adopt(venue, market, native)

    def take_listing(self, venue: str, listing: Listing) -> ListingChange:
        """Takes a listing in, if it is believed (see ``catalog``). Listeners are told of what changed."""
        change = self._roster.take(venue, listing)
        self._relisted(change, listing.t_ns)
        return change

    def _relisted(self, change: ListingChange, t_ns: int) -> None:
        for slots in (change.added, change.changed, change.removed):
            for slot in slots:
                self._rejudge(slot, t_ns)
        self._by_ccy_of = -1
        if change != ListingChange():
            for call in self.on_listing:
                call(change)

    # what is heard

    def apply(self, event: Event) -> None:
        """Takes a market event in; events that are none are ignored."""
        if event.__class__ is Quote:
            if quotes.ordinary(event):
                self.apply_ordinary(event)
            else:
                self._take_quote(self._slots[event.slot], event)
        else:
            handler = self._handlers.get(event.__class__)
            if handler is not None:
                handler(event)

    def apply_ordinary(self, quote: Quote) -> None:
        """Takes in what ``venues.base.Session.quote`` promises, its numbers looked at already (``quotes.ordinary``).

        The hot path. What needs more than to be kept takes the careful way, see ``quotes``.
        """
        slot = self._slots[quote.slot]
        bid, ask, seq = quote.bid, quote.ask, quote.seq
        if bid is None or ask is None or bid >= ask or 0 < seq < slot.seq or not slot.plain:
            self._take_quote(slot, quote)
            return
        slot.quote = quote
        slot.seq = seq
        gaps = slot.gaps
        if gaps is not None:
            gaps.note(quote.t_ns)
        if bid > slot.bid_alarm or ask < slot.ask_alarm:
            for call in self.on_alarm:
                call(slot)
        for call in self.on_quote:
            call(slot)

    def _take_quote(self, slot: Slot, quote: Quote) -> None:
        taken = quotes.take(slot, quote, self.rules.freshness)
        if taken is quotes.Taken.REFUSED:
            self.refused[slot.family.name] += 1
        if taken is not quotes.Taken.SHOWN:
            return
        self._rejudge(slot, quote.t_ns)
        for call in (*self.on_alarm, *self.on_quote):
            call(slot)

    def _take_mid(self, event: Mid) -> None:
        freshness.testify_mid(self._slots[event.slot], event.mid, event.t_ns)

    def apply_book(self, event: BookSnapshot | BookDelta) -> None:
        """Takes in what concerns a book; nothing where none is held."""
        slot = self._slots[event.slot]
        book = slot.book
        if book is None:
            return
        if isinstance(event, BookDelta) or event.source == "ws":
            slot.book_ns = event.t_ns
        before = book.state
        effect = book.apply(event)
        if effect is not _CHANGED or book.state is not before:
            self._books.follow(slot, effect, event.t_ns)
            if book.state is before:
                return
        for call in self.on_book:
            call(slot)

    def _take_ticker(self, event: Ticker) -> None:
        slot = self._slots[event.slot]
        figures.take_ticker(slot, event)
        for call in self.on_ticker:
            call(slot)

    def _take_mark(self, event: MarkPrice) -> None:
        slot = self._slots[event.slot]
        figures.take_mark(slot, event)
        for call in self.on_funding:
            call(slot)

    def _take_funding(self, event: Funding) -> None:
        slot = self._slots[event.slot]
        figures.take_funding(slot, event)
        for call in self.on_funding:
            call(slot)

    def _take_status(self, event: StatusChange) -> None:
        """A push about one instrument; the next listing says the rest."""
        slot = self._slots[event.slot]
        slot.family.listed_ns = event.t_ns
        if slot.instrument.status is event.status and slot.instrument.status_text == event.status_text:
            return
        instrument = msgspec.structs.replace(slot.instrument, status=event.status, status_text=event.status_text)
        self._roster.relist(slot, instrument)
        self._relisted(ListingChange(changed=(slot,)), event.t_ns)

    # who carries it

    def assign(self, venue: str, stream: Stream, link: Link | None) -> None:
        """Which connection carries a BBO or BOOK stream; ``native`` "" = all slots of the market, later ones too."""
        self._roster.assign(venue, stream, link)

    def link_down(self, link: Link, now_ns: int) -> None:
        """The connection is gone: its slots are stale and its books lost at once (the sweep would notice as well)."""
        link.up = False
        for slot in self.slots:
            if slot.book_link is link and self._books.lose(slot, "its connection is down"):
                for call in self.on_book:
                    call(slot)
            if slot.link is link:
                self._rejudge(slot, now_ns)

    def set_clock_offset(self, venue: str, offset_ms: float | None) -> None:
        """Venue clock minus ours, for judging how late quotes arrive."""
        for family in self._roster.families_of(venue):
            family.offset_ms = offset_ms

    def last_data_ns(self, venue: str, stream: Stream) -> int:
        """When websocket data of the stream was last received, 0 = never. ``native`` "" = of any slot of the market."""
        family = self._roster.families.get((venue, stream.market))
        if family is None:
            return 0
        if stream.channel is Channel.INSTRUMENTS:
            return family.listed_ns
        if stream.channel is Channel.MIDS and not stream.native:
            return family.mids_ns
        if stream.native:
            slot = self.slot_of(venue, stream.market, stream.native)
            return 0 if slot is None else slot.heard_on(stream.channel)
        return max((slot.heard_on(stream.channel) for slot in family.slots), default=0)

    def hold_book(self, slot: Slot) -> None:
        """Keep a book for this slot from now on (its stream is being subscribed)."""
        self._books.hold(slot)

    def release_book(self, slot: Slot) -> None:
        """Drop the slot's book; later book frames of it are ignored."""
        self._books.release(slot)

    @property
    def held_books(self) -> list[Slot]:
        """The slots whose books are held."""
        return list(self._books.held.values())

    # what is believed

    def judge(self, slot: Slot, now_ns: int) -> str | None:
        """Why this leg may not trade at ``now_ns``, in words; None: it may. Freshness is judged as of ``now_ns``,
        agreement of prices and second sources as of the last sweep.
        """
        return judge.judge(slot, now_ns, self.rules)

    def fresh(self, slot: Slot, now_ns: int) -> str | None:
        """Why the slot's quote is stale at ``now_ns``; None: it is fresh."""
        return freshness.stale(slot, now_ns, self.rules.freshness)

    def order_fresh(self, slot: Slot, now_ns: int) -> str | None:
        """Why the slot's quote is not fresh enough for an order: heard or confirmed within 2 s. None: it is."""
        return freshness.order_fresh(slot, now_ns, self.rules.freshness)

    def sweep(self, now_ns: int, at_most: int | None = None) -> int:
        """Looks at the slots of the next coins in turn: rates, identity, freshness, books, ``muted``.

        ``at_most`` slots (a coin is never split, so a few more), None = all of them, once. Returns how many it looked
        at. Every slot should have its turn each 500 ms.
        """
        if now_ns - self._often_ns >= OFTEN_NS:
            self._often_ns = now_ns
            self._refresh_rates(now_ns)
        self._look_at_books(now_ns, at_most)
        coins = self._roster.in_turn
        looked = 0
        for _ in range(len(coins)):
            if self._turn >= len(coins):
                self._turn = 0
            coin = coins[self._turn]
            self._turn += 1
            self._look(coin, now_ns)
            looked += len(coin.slots)
            if at_most is not None and looked >= at_most:
                break
        return looked

    def _look(self, coin: Coin, now_ns: int) -> None:
        if not coin.streams:  # nothing of it can trade, and whatever changes that judges it anew
            return
        if coin.base:
            identity.look(coin, now_ns, self.rules.identity)
        for slot in coin.slots:
            freshness.watch(slot, now_ns, self.rules.freshness)
            if freshness.comes_late(slot, now_ns):
                self._lateness.note(slot.family.venue, slot.id, now_ns)
            self._rejudge(slot, now_ns)
            if slot.stale is not None or slot.witness.asked:
                self._cure(slot, now_ns)

    def _rejudge(self, slot: Slot, now_ns: int) -> None:
        stale = slot.stale = freshness.stale(slot, now_ns, self.rules.freshness)
        if stale is not None:
            slot.plain = False  # the next quote is looked at with care, and judged at once
        muted = judge.verdict(slot, stale, self.rules)
        toggled = (muted is None) is not (slot.muted is None)
        slot.muted = muted
        if toggled:
            for call in self.on_judged:
                call(slot)

    def _cure(self, slot: Slot, now_ns: int) -> None:
        """A stream that is up and not to be believed: subscribe anew, then reconnect, then once in a long while."""
        witness, rules = slot.witness, self.rules.freshness
        since_s = (now_ns - witness.asked_ns) / NS_PER_S
        if slot.stale is None:
            if witness.asked and since_s >= rules.again_after_s:
                witness.asked = 0
            return
        if slot.source != "ws" or slot.link is None or not slot.link.up:
            return
        reason = freshness.disputed(slot, now_ns, rules)
        patience_s = (0.0, rules.reconnect_after_s, rules.again_after_s)[min(witness.asked, 2)]
        if reason is None or since_s < patience_s:
            return
        if freshness.comes_late(slot, now_ns) or self._lateness.behind(slot.family.venue, now_ns):
            return
        remedy = Remedy.RECONNECT if witness.asked else Remedy.RESUBSCRIBE
        witness.asked += 1
        witness.asked_ns = now_ns
        if self.on_stale is not None:
            self.on_stale(slot, reason, remedy)

    def _look_at_books(self, now_ns: int, at_most: int | None) -> None:
        """Those whose turn it is; in small sweeps some of them, the others next time."""
        held = self._books.held
        if len(self._books_ns) > len(held):
            self._books_ns = {slot_id: at_ns for slot_id, at_ns in self._books_ns.items() if slot_id in held}
        due = [slot for slot in held.values() if now_ns - self._books_ns.get(slot.id, -OFTEN_NS) >= OFTEN_NS]
        for slot in due if at_most is None else due[: len(held) // BOOK_SWEEPS + 1]:
            self._books_ns[slot.id] = now_ns
            if self._books.look(slot, now_ns):
                for call in self.on_book:
                    call(slot)

    def _refresh_rates(self, now_ns: int) -> None:
        moved = self.rates.refresh(now_ns)
        if not moved:
            return
        for slot in self._hanging_on(moved):
            if slot.instrument.price_ccy in moved:
                quotes.rescale(slot)
            figures.figure_ticker(slot)
        for call in self.on_rates:
            call()

    def _hanging_on(self, currencies: Collection[str]) -> list[Slot]:
        """Slots that are priced or quoted in one of these."""
        if self._by_ccy_of != len(self.slots):
            self._by_ccy_of = len(self.slots)
            self._by_ccy.clear()
            for slot in self.slots:
                for currency in dict.fromkeys((slot.instrument.price_ccy, slot.instrument.quote)):
                    self._by_ccy.setdefault(currency, []).append(slot)
        return list(dict.fromkeys(slot for currency in sorted(currencies) for slot in self._by_ccy.get(currency, ())))

    def reload(self, rules: MarketRules, now_ns: int) -> None:
        """The person's settings changed at run time: fees, limits and names are applied to all slots."""
        self.rules = rules
        self.rates.rules = rules.basis
        self.rates.freshness_rules = rules.freshness
        self._often_ns = now_ns - OFTEN_NS
        self._roster.rules = rules
        for slot in self.slots:
            self._roster.relist(slot, slot.instrument)
            self._rejudge(slot, now_ns)

    def time_set(self, now_ns: int) -> None:
        """The clock was set: what was remembered by the old time, above all what was confirmed then, is forgotten."""
        self._often_ns = now_ns - OFTEN_NS
        for slot in self.slots:
            slot.witness = Witness()

    @property
    def mutes(self) -> Mutes:
        """What is muted by hand; change it with ``mute``."""
        return self._roster.mutes

    def mute(self, now_ns: int, *, coins: Collection[str] = (), venues: Collection[str] = (), on: bool) -> None:
        """Mute coins and venues by hand, known or not yet, or undo that. What is concerned is judged at once."""
        mutes = self._roster.mutes
        mutes.put(coins=coins, venues=venues, on=on)
        for slot in self.slots:
            venue, base = slot.instrument.venue, slot.coin.base
            if venue in venues or base in coins:
                slot.silenced = mutes.why(venue, base)
                self._rejudge(slot, now_ns)

    def unconfirmed(self, now_ns: int, age_s: float) -> Iterator[Slot]:
        """Slots whose websocket quote was neither heard nor confirmed for ``age_s``: what REST should ask about."""
        for slot in self.slots:
            if slot.source == "ws" and slot.gaps is None and now_ns - freshness.heard_ns(slot) > age_s * NS_PER_S:
                yield slot


__all__ = ["Board", "Channel", "Coin", "ListingChange", "Remedy", "Slot"]
