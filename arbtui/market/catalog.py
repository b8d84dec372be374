"""Which instruments exist, as one listing after the other says; and which listings are not believed.

A venue's product is asked for its instruments every half hour. An answer that is empty, or that has lost more than half
of the instruments that stood in the last believed one, is a fault of the venue far more often than a fact: it is not
believed, and the old set stays. What a believed answer no longer names is delisted: its slot stays where it is, so that
nothing vanishes under somebody's eyes or feet, but it may not trade. A symbol that comes back has its old slot again.

A partial listing (a status push, one page) updates what it names and removes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

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


class Catalog:
    """The symbols of every product; their bodies are the slots', which status pushes change as well."""

    def __init__(self) -> None:
        self.known: dict[Product, set[str]] = {}

    def take(self, venue: str, listing: Listing, body_of: Callable[[str], Instrument | None]) -> Diff:
        """Compares ``listing`` with the bodies that stand (None: no slot yet) and, if it is believed, keeps it."""
        known = self.known.setdefault((venue, listing.market, listing.product), set())
        named = {instrument.native: instrument for instrument in listing.instruments}
        standing = [body for native in sorted(known) if (body := body_of(native)) is not None and _stands(body)]
        if not listing.partial and (reason := _unbelievable(standing, named)) is not None:
            return Diff(disbelieved=f"{venue} {listing.market.value} {listing.product}: {reason}")
        known.update(named)
        added, changed = [], []
        for native, instrument in named.items():
            body = body_of(native)
            if body is None:
                added.append(instrument)
            elif body != instrument:
                changed.append(instrument)
        gone = [] if listing.partial else [_gone(body) for body in standing if body.native not in named]
        return Diff(tuple(added), tuple(changed), tuple(gone))


def _stands(body: Instrument) -> bool:
    return body.status is not TradingStatus.DELISTED


def _unbelievable(standing: Sequence[Instrument], named: Mapping[str, Instrument]) -> str | None:
    if not named:
        return "the answer lists no instrument"
    lost = sum(body.native not in named for body in standing)
    if lost * 2 > len(standing):
        return f"the answer has lost {lost} of {len(standing)} instruments"
    return None


def _gone(body: Instrument) -> Instrument:
    return msgspec.structs.replace(body, status=TradingStatus.DELISTED, status_text=GONE)
