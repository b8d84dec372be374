"""What the slots of one venue and market have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Channel, Market
from arbtui.core.status import Link
from arbtui.market.terms import VenueTerms

if TYPE_CHECKING:
    from arbtui.market.basis import Rates
    from arbtui.market.slot import Slot


class Family:
    """One venue and market."""

    __slots__ = (
        "bbo_link",
        "book_link",
        "listed_ns",
        "market",
        "mids_ns",
        "offset_ms",
        "rates",
        "slots",
        "terms",
        "venue",
    )

    def __init__(self, venue: str, market: Market, terms: VenueTerms, rates: Rates) -> None:
        self.venue = venue
        self.market = market
        self.terms = terms
        self.rates = rates
        self.slots: list[Slot] = []
        self.bbo_link: Link | None = None  # of an all-symbol BBO stream
        self.book_link: Link | None = None
        self.mids_ns = 0  # receipt of the last frame of mids
        self.listed_ns = 0  # receipt of the last listing or status push
        self.offset_ms: float | None = None  # venue clock minus ours

    @property
    def name(self) -> str:
        return f"{self.venue} {self.market.value}"

    @property
    def periodic_bbo(self) -> bool:
        rhythm = self.terms.rhythms.get(Channel.BBO)
        return rhythm is not None and rhythm.periodic

    def heartbeat_ns(self, most_s: float) -> int:
        return int(min(self.terms.heartbeat_s, most_s) * NS_PER_S)
