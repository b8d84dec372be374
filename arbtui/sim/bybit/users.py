"""Bybit's private topics: order, execution, position, wallet. None tells what is when it is subscribed.

A topic may end in ``.linear`` or ``.spot``. ``position`` tells of every event of a contract's orders; ``wallet`` of
balances that changed, and not of profits that did. Funding is told by ``wallet`` and ``position``, not by
``execution``: Bybit's documents leave open whether it is.
"""

from __future__ import annotations

from typing import Any

import orjson

from arbtui.sim.accounts import Account, Position
from arbtui.sim.base import Session, SimVenue
from arbtui.sim.bybit import private_rows as rows
from arbtui.sim.carrier import Carrier
from arbtui.sim.desk import Cause, Desk, What
from arbtui.sim.listeners import Listeners
from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Fill, Order

TOPICS: dict[str, tuple[str, Market | None]] = {
    "order": ("order", None),
    "order.linear": ("order", "perp"),
    "order.spot": ("order", "spot"),
    "execution": ("execution", None),
    "execution.linear": ("execution", "perp"),
    "execution.spot": ("execution", "spot"),
    "position": ("position", None),
    "position.linear": ("position", "perp"),
    "wallet": ("wallet", None),
}


class Users(Listeners[str, None]):
    """Who listens to which account's topics."""

    def __init__(self, venue: SimVenue, desk: Desk, carrier: Carrier) -> None:
        super().__init__(venue, desk, carrier)
        self._frames = 0

    def subscribe(self, session: Session, account: Account, topic: str) -> bool:
        """Tell what changes from now on; whether that is new."""
        held = self._of.setdefault(account, {})
        known = (session, topic) in held
        held[session, topic] = None
        return not known

    # -- telling -------------------------------------------------------------------------------------------------

    def tell_order(self, order: Order, what: What, fill: Fill | None) -> None:
        listing = order.listing
        if fill is not None:
            self._send(order.account, "execution", listing.market, listing, lambda: rows.topic_fill(self._desk, fill))
        self._send(
            order.account,
            "order",
            listing.market,
            listing,
            lambda: rows.topic_order(self._desk, order, new=what == "new"),
        )
        if listing.market == "perp" and what != "trade":
            self._tell_position(order.account, order.account.position(listing, order.held))

    def tell_account(
        self, account: Account, cause: Cause, market: Market, assets: list[str], positions: list[Position]
    ) -> None:
        for position in positions:
            self._tell_position(account, position)
        if assets:
            self._send(account, "wallet", market, None, lambda: rows.wallet_row(self._desk, account, assets))

    def _tell_position(self, account: Account, position: Position) -> None:
        listing = position.listing
        self._send(account, "position", "perp", listing, lambda: rows.topic_position(self._desk, account, position))

    def _send(self, account: Account, kind: str, market: Market, listing: Listing | None, make: Any) -> None:
        """One frame to each who subscribed; ``make`` makes its only row where there is one."""
        hear = [
            (session, topic)
            for session, topic in self._of.get(account, {})
            if TOPICS[topic][0] == kind and TOPICS[topic][1] in (None, market)
        ]
        if not hear:
            return
        row, now_ms = make(), self._venue.view.now_ms(market)
        self._frames += 1
        name = f"{listing.native}_" if listing is not None else ""
        head = f"{account.uid}_{name}{now_ms}{self._frames}"
        for session, topic in hear:
            frame = orjson.dumps({"id": head, "topic": topic, "creationTime": now_ms, "data": [row]})
            fill = kind == "execution"
            self._carrier.send([session], frame, market=market, wire=kind, listing=listing, fill=fill)
