"""Which instruments exist, as one listing after the other says; and which listings are not believed.

A venue's product is asked for its instruments every half hour. An answer that is empty, or that has lost more than half
of the instruments that stood in the last believed one, is a fault of the venue far more often than a fact: it is not
believed, and the old set stays. What a believed answer no longer names is delisted: its slot stays where it is, so that
nothing vanishes under somebody's eyes or feet, but it may not trade. A symbol that comes back has its old slot again.

A venue may truly have lost more than half. One answer cannot prove that, but many can: the same instruments are missing
in ten answers in a row over half an hour, and no socket has brought a quote of any of them meanwhile. Then the smaller
listing is believed. An empty one never is.

A partial listing (a status push, one page) updates what it names and removes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from arbtui.core.clock import NS_PER_S
from arbtui.core.events import Listing
from arbtui.core.model import Instrument, Market, TradingStatus

GONE = "no longer listed"
AGREEING_ANSWERS = 10
AGREEING_FOR_NS = 1800 * NS_PER_S
Product = tuple[str, Market, str]  # venue, market, the venue's product name


@dataclass(frozen=True)
class Diff:
    """What a listing changes, by native symbol."""

    added: tuple[Instrument, ...] = ()
    changed: tuple[Instrument, ...] = ()
    removed: tuple[Instrument, ...] = ()  # as they are from now on: delisted
    disbelieved: str | None = None


@dataclass
class _Shrunken:
    """Answers in a row that have lost the same instruments."""

    missing: frozenset[str]
    since_ns: int
    answers: int = 1


class Catalog:
    """The symbols of every product; their bodies are the slots', which status pushes change as well."""

    def __init__(self) -> None:
        self.known: dict[Product, set[str]] = {}
        self._shrunken: dict[Product, _Shrunken] = {}

    def take(
        self,
        venue: str,
        listing: Listing,
        body_of: Callable[[str], Instrument | None],
        heard_ns: Callable[[str], int] = lambda native: 0,
    ) -> Diff:
        """Compares ``listing`` with the bodies that stand (None: no slot yet) and, if it is believed, keeps it.

        ``heard_ns``: when a socket last brought a quote of the symbol, 0 = never.
        """
        product = (venue, listing.market, listing.product)
        known = self.known.setdefault(product, set())
        named = {instrument.native: instrument for instrument in listing.instruments}
        standing = [body for native in sorted(known) if (body := body_of(native)) is not None and _stands(body)]
        if not listing.partial:
            reason = _unbelievable(standing, named)
            missing = frozenset(body.native for body in standing if body.native not in named)
            if reason is None or not named:
                self._shrunken.pop(product, None)
            elif self._proven(product, missing, listing.t_ns, heard_ns):
                reason = None
            if reason is not None:
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

    def _proven(self, product: Product, missing: frozenset[str], t_ns: int, heard_ns: Callable[[str], int]) -> bool:
        """Whether one answer too small to be believed is at last one of enough."""
        so_far = self._shrunken.get(product)
        if so_far is None or so_far.missing != missing or any(heard_ns(native) > so_far.since_ns for native in missing):
            self._shrunken[product] = _Shrunken(missing, t_ns)
            return False
        so_far.answers += 1
        if so_far.answers < AGREEING_ANSWERS or t_ns - so_far.since_ns < AGREEING_FOR_NS:
            return False
        del self._shrunken[product]
        return True


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
