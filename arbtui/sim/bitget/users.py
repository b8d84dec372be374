"""Who listens to which account, and what is told to whom.

Unified accounts have the topics order, fill, fast-fill, position and account. ``position`` and ``account`` begin with
what is; ``account`` tells every coin each time. Funding is told by ``account`` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from arbtui.sim.accounts import Account, Position
from arbtui.sim.base import Session
from arbtui.sim.bitget import private_rows as rows
from arbtui.sim.desk import Cause, What
from arbtui.sim.listeners import Listeners
from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Fill, Order

TOPICS = frozenset({"order", "fill", "fast-fill", "position", "account"})
Make = Callable[[], Any]


class Users(Listeners[str, dict[str, str]]):
    """See the module. An ``arg`` is what a client subscribed to, as it wrote it."""

    def subscribe(self, session: Session, account: Account, topic: str, arg: dict[str, str]) -> None:
        """Tell what changes from now on; first what is, where the topic begins so."""
        self._of.setdefault(account, {})[session, topic] = arg
        now_ms = self._venue.view.now_ms()
        if topic == "position":
            held = [rows.topic_position(self._desk, account, p) for p in account.open_positions()]
            session.send(_frame("snapshot", arg, held, now_ms))
        elif topic == "account":
            session.send(_frame("snapshot", arg, [rows.topic_account(self._desk, account)], now_ms))

    # -- telling -------------------------------------------------------------------------------------------------

    def tell_order(self, order: Order, what: What, fill: Fill | None) -> None:
        account, listing = order.account, order.listing
        if fill is not None:
            self._send(account, "fast-fill", listing.market, listing, lambda: rows.topic_fast_fill(fill))
        self._send(
            account,
            "order",
            listing.market,
            listing,
            lambda: [rows.topic_order(self._desk, order, new=what == "new")],
        )
        if fill is not None:
            self._send(account, "fill", listing.market, listing, lambda: [rows.topic_fill(fill)])
        if listing.market == "perp" and what != "trade" and rows.trade_side(order) == "close":
            self._tell_position(account, account.position(listing, order.held))

    def tell_account(
        self, account: Account, cause: Cause, market: Market, assets: list[str], positions: list[Position]
    ) -> None:
        for position in positions if cause != "funding" else []:
            self._tell_position(account, position)
        self._send(account, "account", market, None, lambda: [rows.topic_account(self._desk, account)])

    def _tell_position(self, account: Account, position: Position) -> None:
        listing = position.listing
        self._send(account, "position", "perp", listing, lambda: [rows.topic_position(self._desk, account, position)])

    def _send(self, account: Account, topic: str, market: Market, listing: Listing | None, make: Make) -> None:
        """One frame to each who subscribed."""
        hear = [(session, arg) for (session, name), arg in self._of.get(account, {}).items() if name == topic]
        if not hear:
            return
        data, now_ms = make(), self._venue.view.now_ms(market)
        action = "update" if topic in ("fast-fill", "position") else "snapshot"
        for session, arg in hear:
            frame = _frame(action, arg, data, now_ms)
            fill = topic in ("fill", "fast-fill")
            self._carrier.send([session], frame, market=market, wire=topic, listing=listing, fill=fill)


def _frame(action: str, arg: dict[str, str], data: Any, now_ms: int) -> bytes:
    return orjson.dumps({"action": action, "arg": arg, "data": data, "ts": now_ms})
