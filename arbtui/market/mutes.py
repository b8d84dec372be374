"""Coins and venues that the person does not want to trade for now.

What is muted by hand is streamed, compared and shown like everything else; no pair of it may trade.
"""

from __future__ import annotations

from collections.abc import Iterable

BY_YOU = "muted by you"


class Mutes:
    """Both sets are kept sorted when read, so that whatever is made of them does not depend on hashes."""

    def __init__(self) -> None:
        self._coins: set[str] = set()
        self._venues: set[str] = set()

    @property
    def coins(self) -> tuple[str, ...]:
        return tuple(sorted(self._coins))

    @property
    def venues(self) -> tuple[str, ...]:
        return tuple(sorted(self._venues))

    def put(self, *, coins: Iterable[str] = (), venues: Iterable[str] = (), on: bool) -> None:
        """Mute these, or (``on`` false) hear of them again."""
        for kept, named in ((self._coins, coins), (self._venues, venues)):
            if on:
                kept.update(named)
            else:
                kept.difference_update(named)

    def why(self, venue: str, base: str) -> str | None:
        """Why a coin on a venue may not trade, in words; None: nothing of it is muted by hand."""
        if venue in self._venues:
            return f"{venue} is {BY_YOU}"
        return f"{base} is {BY_YOU}" if base in self._coins else None
