"""Which instruments exist, as one listing after the other says; and which listings are not believed.

A venue's product is asked for its instruments every half hour. An answer that is empty, or that has lost more than half
of the instruments that stood in the last believed one, is a fault of the venue far more often than a fact: it is not
believed, and the old set stays. What a believed answer no longer names is delisted: its slot stays where it is, so that
nothing vanishes under somebody's eyes or feet, but it may not trade. A symbol that comes back has its old slot again.

A partial listing (a status push, one page) updates what it names and removes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from arbtui.core.events import Listing
from arbtui.core.model import Instrument, Market, TradingStatus

GONE = "no longer listed"
Product = tuple[str, Market, str]  # venue, market, the venue's product name


@dataclass(frozen=True)
class Diff:
    """What a listing changes, by native symbol."""

    added: tuple[Instrument, ...] = ()
    changed: tuple[Instrument, ...] = ()
    removed: tuple[Instrument, ...] = ()  # as they are from now on: delisted
    disbelieved: str | None = None


@dataclass
class Catalog:
    """The instruments of every product, newest believed body of each."""

    known: dict[Product, dict[str, Instrument]] = field(default_factory=dict)

    def take(self, venue: str, listing: Listing) -> Diff:
        """Compares ``listing`` with what is known and, if it is believed, keeps it."""
        product = (venue, listing.market, listing.product)
        known = self.known.setdefault(product, {})
        named = {instrument.native: instrument for instrument in listing.instruments}
        if not listing.partial and (reason := self._unbelievable(known, named)) is not None:
            return Diff(disbelieved=f"{venue} {listing.market.value} {listing.product}: {reason}")
        added = tuple(instrument for native, instrument in named.items() if native not in known)
        changed = tuple(
            instrument for native, instrument in named.items() if native in known and known[native] != instrument
        )
        gone = () if listing.partial else tuple(_gone(known, named))
        known.update((instrument.native, instrument) for group in (added, changed, gone) for instrument in group)
        return Diff(added, changed, gone)

    def _unbelievable(self, known: dict[str, Instrument], named: dict[str, Instrument]) -> str | None:
        if not named:
            return "the answer lists no instrument"
        standing = [native for native, instrument in known.items() if instrument.status is not TradingStatus.DELISTED]
        lost = sum(native not in named for native in standing)
        if lost * 2 > len(standing):
            return f"the answer has lost {lost} of {len(standing)} instruments"
        return None


def _gone(known: dict[str, Instrument], named: dict[str, Instrument]) -> Iterable[Instrument]:
    for native, instrument in known.items():
        if native not in named and instrument.status is not TradingStatus.DELISTED:
            yield msgspec.structs.replace(instrument, status=TradingStatus.DELISTED, status_text=GONE)
