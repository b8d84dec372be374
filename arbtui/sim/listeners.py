"""Which private sockets listen to which accounts."""

from __future__ import annotations

from typing import Generic, TypeVar

from arbtui.sim.accounts import Account
from arbtui.sim.base import Session, SimVenue
from arbtui.sim.carrier import Carrier
from arbtui.sim.desk import Desk

Key = TypeVar("Key")
Kept = TypeVar("Kept")


class Listeners(Generic[Key, Kept]):
    """By account: what a socket subscribed to, under a key of the venue's, and what is kept of that."""

    def __init__(self, venue: SimVenue, desk: Desk, carrier: Carrier) -> None:
        self._venue = venue
        self._desk = desk
        self._carrier = carrier
        self._of: dict[Account, dict[tuple[Session, Key], Kept]] = {}

    def unsubscribe(self, session: Session, account: Account, key: Key) -> None:
        self._of.get(account, {}).pop((session, key), None)

    def leave(self, session: Session) -> None:
        """A socket is gone."""
        for held in self._of.values():
            for key in [key for key in held if key[0] is session]:
                del held[key]
