"""Who is there: slots, coins, the tables that codecs name slots by, and what listings change about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from arbtui.core.errors import OurMistake
from arbtui.core.events import Listing
from arbtui.core.model import Channel, Instrument, Market, Stream, TradingStatus
from arbtui.core.status import Link
from arbtui.market import fees, figures, judge, quotes
from arbtui.market.basis import Rates
from arbtui.market.catalog import Catalog, Diff
from arbtui.market.family import Family
from arbtui.market.mutes import Mutes
from arbtui.market.slot import Coin, Slot
from arbtui.market.terms import MarketRules, Terms
from arbtui.market.witness import Gaps


@dataclass(frozen=True)
class ListingChange:
    """What a listing did. ``disbelieved`` says why nothing was taken from it; then the lists are empty."""

    added: tuple[Slot, ...] = ()
    removed: tuple[Slot, ...] = ()
    changed: tuple[Slot, ...] = ()
    disbelieved: str | None = None


class _Adopting(dict[str, int]):
    """A table that takes in every symbol it is asked for, until a listing tells which there are."""

    def __init__(self, roster: Roster, venue: str, market: Market) -> None:
        super().__init__()
        self._roster = roster
        self._venue = venue
        self._market = market

    def __missing__(self, native: str) -> int:
        if (self._venue, self._market) in self._roster.listed:
            raise KeyError(native)  # the listing left it out: dated, inverse, in another currency
        return self._roster.adopt(self._venue, self._market, native).id


class Roster:
    """All slots and coins, and which connection carries which slot."""

    def __init__(self, terms: Terms, rules: MarketRules, rates: Rates, *, adopting: bool) -> None:
        self.rules = rules
        self.rates = rates
        self.mutes = Mutes()
        self.slots: list[Slot] = []
        self.coins: dict[str, Coin] = {}
        self.in_turn: list[Coin] = []  # every coin, those without a name too
        self.families: dict[tuple[str, Market], Family] = {}
        self.listed: set[tuple[str, Market]] = set()  # where a whole listing was believed
        self._terms = terms
        self._adopting = adopting
        self._tables: dict[str, dict[Market, dict[str, int]]] = {}
        self._links: dict[tuple[str, Market, Channel, str], Link] = {}  # streams may be assigned before their slot is
        self._catalog = Catalog()

    def tables(self, venue: str) -> dict[Market, dict[str, int]]:
        """Native symbol -> slot id per market; filled as slots come."""
        known = self._tables.get(venue)
        if known is None:
            known = self._tables[venue] = {
                market: _Adopting(self, venue, market) if self._adopting else {} for market in Market
            }
        return known

    def slot_of(self, venue: str, market: Market, native: str) -> Slot | None:
        slot_id = self.tables(venue)[market].get(native)
        return None if slot_id is None else self.slots[slot_id]

    def family(self, venue: str, market: Market) -> Family:
        family = self.families.get((venue, market))
        if family is None:
            terms = self._terms.get((venue, market))
            if terms is None:
                raise OurMistake(f"nothing is known of {venue} {market.value}: no fees, no book rule")
            family = self.families[venue, market] = Family(venue, market, terms, self.rates)
        return family

    def families_of(self, venue: str) -> list[Family]:
        """The families of a venue that terms are known for, whether they have slots or not."""
        return [self.family(venue, market) for market in Market if (venue, market) in self._terms]

    def take(self, venue: str, listing: Listing) -> ListingChange:
        """Takes a listing in, if it is believed (see ``catalog``)."""
        family = self.family(venue, listing.market)

        def body_of(native: str) -> Instrument | None:
            slot = self.slot_of(venue, listing.market, native)
            return None if slot is None else slot.instrument

        def heard_ns(native: str) -> int:
            slot = self.slot_of(venue, listing.market, native)
            return 0 if slot is None else slot.heard_on(Channel.BBO)

        diff = self._catalog.take(venue, listing, body_of, heard_ns)
        if diff.disbelieved is None:
            family.listed_ns = listing.t_ns
        if diff.disbelieved is None and not listing.partial:
            self.listed.add((venue, listing.market))
        change = self._apply(diff)
        self._forget_adopted(family)
        return change

    def _forget_adopted(self, family: Family) -> None:
        """What was taken in before any listing had told of it, and no listing names, is not heard any more."""
        table = self.tables(family.venue)[family.market]
        if isinstance(table, _Adopting) and (family.venue, family.market) in self.listed:
            for slot in family.slots:
                if not slot.instrument.base:
                    table.pop(slot.instrument.native, None)

    def adopt(self, venue: str, market: Market, native: str) -> Slot:
        """The slot of a symbol that no listing has named: base, quote and multiplier unknown, status unknown."""
        known = self.slot_of(venue, market, native)
        if known is not None:
            return known
        return self._add(
            Instrument(
                venue=venue,
                market=market,
                native=native,
                base="",
                quote="",
                price_ccy="",
                settle_ccy="",
                multiplier=None,
                price_factor=None,
                status=TradingStatus.UNKNOWN,
            )
        )

    def relist(self, slot: Slot, instrument: Instrument) -> None:
        """The instrument's body is another one: factors, fees, status, perhaps even the coin."""
        slot.instrument = instrument
        if self._base(instrument) != slot.coin.base:
            self._leave_coin(slot)
            slot.coin = self._coin(instrument)
            slot.coin.slots.append(slot)
            slot.agreed = False
            slot.quarantine = None
            slot.odd_ns = slot.fits_ns = 0
        self._describe(slot)

    def assign(self, venue: str, stream: Stream, link: Link | None) -> None:
        """Which connection carries a BBO or BOOK stream; ``native`` "" = all slots of the market, later ones too."""
        if stream.channel not in (Channel.BBO, Channel.BOOK):
            return
        slots: Iterable[Slot]
        if stream.native:
            key = (venue, stream.market, stream.channel, stream.native)
            if link is None:
                self._links.pop(key, None)
            else:
                self._links[key] = link
            slot = self.slot_of(venue, stream.market, stream.native)
            slots = () if slot is None else (slot,)
        else:
            family = self.family(venue, stream.market)
            slots = family.slots
            if stream.channel is Channel.BBO:
                family.bbo_link = link
            else:
                family.book_link = link
        for slot in slots:
            if stream.channel is Channel.BBO:
                slot.link = link
            else:
                slot.book_link = link

    def _apply(self, diff: Diff) -> ListingChange:
        return ListingChange(
            added=tuple(self._add(instrument) for instrument in diff.added),
            changed=tuple(self._relisted(instrument) for instrument in diff.changed),
            removed=tuple(self._relisted(instrument) for instrument in diff.removed),
            disbelieved=diff.disbelieved,
        )

    def _relisted(self, instrument: Instrument) -> Slot:
        slot = self.slot_of(instrument.venue, instrument.market, instrument.native)
        assert slot is not None  # it has a body
        self.relist(slot, instrument)
        return slot

    def _add(self, instrument: Instrument) -> Slot:
        family = self.family(instrument.venue, instrument.market)
        slot = Slot(len(self.slots), instrument, self._coin(instrument), family)
        slot.coin.slots.append(slot)
        self.slots.append(slot)
        family.slots.append(slot)
        self.tables(instrument.venue)[instrument.market][instrument.native] = slot.id
        slot.link = self._links.get(_address(instrument, Channel.BBO), family.bbo_link)
        slot.book_link = self._links.get(_address(instrument, Channel.BOOK), family.book_link)
        if family.periodic_bbo:
            slot.gaps = Gaps()
        self._describe(slot)
        return slot

    def _base(self, instrument: Instrument) -> str:
        return self.rules.identity.coin_of.get(instrument.key, instrument.base)

    def _coin(self, instrument: Instrument) -> Coin:
        base = self._base(instrument)
        coin = self.coins.get(base)
        if coin is None:
            coin = Coin(base)
            self.in_turn.append(coin)
            if base:  # slots whose coin is not known are nobody's companions
                self.coins[base] = coin
        return coin

    def _leave_coin(self, slot: Slot) -> None:
        slot.coin.slots.remove(slot)
        if not slot.coin.slots:
            self.in_turn.remove(slot.coin)
            self.coins.pop(slot.coin.base, None)

    def _describe(self, slot: Slot) -> None:
        """What follows from the instrument and the rules: factors, fees, and every figure made with them."""
        instrument, terms = slot.instrument, slot.family.terms
        slot.price_factor = None if instrument.price_factor is None else float(instrument.price_factor)
        slot.multiplier = None if instrument.multiplier is None else float(instrument.multiplier)
        slot.taker_rate, slot.fee_source = fees.taker(instrument, terms, self.rules)
        slot.maker_rate, slot.maker_fee_source = fees.maker(instrument, terms, self.rules)
        slot.barred = judge.barred(instrument, self.rules)
        slot.silenced = self.mutes.why(instrument.venue, slot.coin.base)
        self.rates.offer(slot)
        if slot.quote is not None:
            quotes.show(slot, slot.quote)
        else:
            quotes.rescale(slot)
        figures.figure_ticker(slot)
        figures.figure_mark(slot)
        figures.figure_funding(slot)


def _address(instrument: Instrument, channel: Channel) -> tuple[str, Market, Channel, str]:
    return instrument.venue, instrument.market, channel, instrument.native
