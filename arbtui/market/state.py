"""The board: every slot and coin, fed with events, swept now and then, read by everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from arbtui.core.events import Event, Listing
from arbtui.core.model import Channel, Market, Stream
from arbtui.core.status import Link
from arbtui.market.slot import Coin, Slot
from arbtui.market.terms import MarketRules, Terms


class Remedy(StrEnum):
    """What the board asks of the feed when a slot's stream is not to be believed."""

    RESUBSCRIBE = "resubscribe"
    RECONNECT = "reconnect"


@dataclass(frozen=True)
class ListingChange:
    """What a listing did. ``disbelieved`` says why nothing was taken from it; then the lists are empty."""

    added: tuple[Slot, ...] = ()
    removed: tuple[Slot, ...] = ()
    changed: tuple[Slot, ...] = ()
    disbelieved: str | None = None


class Board:
    """All slots and coins.

    ``terms`` names what is venue-specific, ``rules`` what the person decided. ``adopting``: the tables take in symbols
    that no listing has named (replay without instrument bodies).

    Listeners are called synchronously, in the order in which they were added, after the slot was updated. ``on_gap`` asks
    for a book to be fetched or subscribed anew; ``on_stale`` for a BBO stream.
    """

    slots: list[Slot]
    coins: dict[str, Coin]
    on_quote: list[Callable[[Slot], None]]  # a quote was accepted
    on_book: list[Callable[[Slot], None]]  # a book changed, went live, or was lost
    on_ticker: list[Callable[[Slot], None]]
    on_funding: list[Callable[[Slot], None]]  # funding, mark or index
    on_listing: list[Callable[[ListingChange], None]]
    on_judged: list[Callable[[Slot], None]]  # ``muted`` changed
    on_rates: list[Callable[[], None]]  # currency rates moved: *_usd and *_net of many slots did
    on_gap: Callable[[Slot, str], None] | None
    on_stale: Callable[[Slot, str, Remedy], None] | None

    def __init__(self, terms: Terms, rules: MarketRules, *, adopting: bool = False) -> None: ...

    # what is listed
    def tables(self, venue: str) -> dict[Market, dict[str, int]]:
        """Native symbol -> slot id per market; live: filled as listings come. Wrap it in ``venues.base.Tables``."""
        raise NotImplementedError

    def take_listing(self, venue: str, listing: Listing) -> ListingChange: ...

    def adopt(self, venue: str, market: Market, native: str) -> Slot:
        """The slot of a symbol that no listing has named: base, quote and multiplier unknown."""
        raise NotImplementedError

    def slot_of(self, venue: str, market: Market, native: str) -> Slot | None: ...

    # what is heard
    def apply(self, event: Event) -> None:
        """Takes a market event in; events that are none are ignored."""

    def assign(self, venue: str, stream: Stream, link: Link | None) -> None:
        """Which connection carries a BBO or BOOK stream; ``native`` "" = all slots of the market, later ones too."""

    def link_down(self, link: Link, now_ns: int) -> None:
        """The connection is gone: its slots are stale and its books lost at once (the sweep would notice as well)."""

    def set_clock_offset(self, venue: str, offset_ms: float | None) -> None:
        """Venue clock minus ours, for judging how late quotes arrive."""

    def last_data_ns(self, venue: str, stream: Stream) -> int:
        """When websocket data of the stream was last received, 0 = never."""
        raise NotImplementedError

    def hold_book(self, slot: Slot) -> None:
        """Keep a book for this slot from now on (its stream is being subscribed)."""

    def release_book(self, slot: Slot) -> None:
        """Drop the slot's book; later book frames of it are ignored."""

    # what is believed
    def judge(self, slot: Slot, now_ns: int) -> str | None:
        """Why this leg may not trade at ``now_ns``, in words; exact, nothing cached but the quarantine. None: it may."""
        raise NotImplementedError

    def order_fresh(self, slot: Slot, now_ns: int) -> str | None:
        """Like ``judge``, by the stricter standard of orders: heard of or confirmed within 2 s."""
        raise NotImplementedError

    def sweep(self, now_ns: int, at_most: int | None = None) -> int:
        """Looks at the next ``at_most`` slots in turn (None: at all): rates, identity, freshness, books, ``muted``.

        Returns how many were looked at. Every slot should have its turn each 500 ms.
        """
        raise NotImplementedError

    def reload(self, rules: MarketRules, now_ns: int) -> None:
        """The person's settings changed at run time: fees, limits and names are applied to all slots."""

    def unconfirmed(self, now_ns: int, age_s: float) -> Iterator[Slot]:
        """Slots whose quote no frame and no second source has confirmed for ``age_s``: what REST should ask about."""
        raise NotImplementedError


__all__ = ["Board", "Channel", "Coin", "ListingChange", "Remedy", "Slot"]
