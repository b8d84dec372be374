"""Hyperliquid's user channels. Nobody logs in: whoever knows an address may listen to it.

``orderUpdates`` tells changes only and names no user; ``userFills`` and ``userFundings`` begin with a snapshot; states
(``clearinghouseState``, ``spotState``, ``openOrders``, ``allDexsClearinghouseState``) come at once, at each change and
every second. ``webData2`` is acknowledged and stays silent, as since August 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.accounts import Account, Position
from arbtui.sim.base import Session
from arbtui.sim.desk import Cause, Desk, What
from arbtui.sim.hyperliquid import actions, rules
from arbtui.sim.hyperliquid import private_rows as rows
from arbtui.sim.hyperliquid.answers import Ask
from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Fill, Order

if TYPE_CHECKING:
    from arbtui.sim.hyperliquid.private import Private
    from arbtui.sim.hyperliquid.venue import Hyperliquid

CHANNELS = frozenset(
    {
        "orderUpdates", "userFills", "userFundings", "userEvents", "openOrders", "clearinghouseState",
        "allDexsClearinghouseState", "spotState", "webData2",
    }
)  # fmt: skip
_STATES = frozenset({"openOrders", "clearinghouseState", "allDexsClearinghouseState", "spotState"})
_BY_DEX = frozenset({"openOrders", "clearinghouseState"})


def filled(subscription: Ask) -> Ask:
    """A subscription with its defaults, in the venue's order; raises ``Refused`` if it is none."""
    kind = subscription["type"]
    found: Ask = {"type": kind, "user": actions.address(subscription.get("user"))}
    if kind in _BY_DEX:
        found["dex"] = actions.text({"dex": "", **subscription}, "dex")
    if kind == "userFills":
        found["aggregateByTime"] = actions.flag({"aggregateByTime": False, **subscription}, "aggregateByTime")
    return found


@dataclass(slots=True, eq=False)
class Listening:
    """One user channel on one socket."""

    session: Session
    kind: str
    user: str
    dex: str


class Users:
    """Who listens to which address."""

    def __init__(self, venue: Hyperliquid, private: Private, desk: Desk) -> None:
        self._venue = venue
        self._private = private
        self._desk = desk
        self._all: dict[tuple[Session, str], Listening] = {}

    # -- subscriptions ---------------------------------------------------------------------------------------------

    def holds(self, session: Session, key: str) -> bool:
        return (session, key) in self._all

    def too_many(self, session: Session, user: str) -> bool:
        """Whether one more user is more than an address may listen to."""
        users = {x.user for x in self._all.values() if x.session.call.client == session.call.client}
        return len(users | {user}) > rules.USERS_PER_ADDRESS

    def count(self, client: str) -> int:
        return sum(x.session.call.client == client for x in self._all.values())

    def subscribe(self, session: Session, key: str, subscription: Ask) -> None:
        held = Listening(session, subscription["type"], subscription["user"], subscription.get("dex", ""))
        self._all[session, key] = held
        account = self._private.account_of(held.user)
        if held.kind in _STATES:
            self._tell_state(held)
        elif held.kind == "userFills":
            newest = self._private.reads.known_fills(account)[::-1][: rules.KEPT_ROWS]
            past = [self._private.fill_row(f) for f in newest]
            self._send([held], "userFills", {"isSnapshot": True, "user": held.user, "fills": past}, "perp")
        elif held.kind == "userFundings":
            paid = account.payments[-rules.FUNDING_ROWS :] if account is not None else []
            rows_ = [{"time": p.t_ms, **rows.funding_fields(p)} for p in paid]
            self._send([held], "userFundings", {"isSnapshot": True, "user": held.user, "fundings": rows_}, "perp")

    def unsubscribe(self, session: Session, key: str) -> bool:
        return self._all.pop((session, key), None) is not None

    def leave(self, session: Session) -> None:
        """A socket is gone."""
        for key in [key for key in self._all if key[0] is session]:
            del self._all[key]

    def second(self, session: Session) -> None:
        """States are told again."""
        for held in [x for x in self._all.values() if x.session is session and x.kind in _STATES]:
            self._tell_state(held)

    # -- telling ---------------------------------------------------------------------------------------------------

    def tell_order(self, order: Order, what: What, fill: Fill | None) -> None:
        account, listing = order.account, order.listing
        if hear := self._of(account, "orderUpdates"):
            row = rows.update_row(self._desk, order, new=what == "new")
            self._send(hear, "orderUpdates", [row], listing.market, listing)
        if fill is not None:
            row = self._private.fill_row(fill)
            data = {"user": account.keys.address, "fills": [row]}
            self._send(self._of(account, "userFills"), "userFills", data, listing.market, listing, fill=True)
            self._send(self._of(account, "userEvents"), "user", {"fills": [row]}, listing.market, listing, fill=True)
        elif what == "ended" and order.ended == "venue":
            gone = {"nonUserCancel": [{"coin": listing.native, "oid": order.id}]}
            self._send(self._of(account, "userEvents"), "user", gone, listing.market, listing)
        for held in self._of(account, "openOrders"):
            self._tell_state(held)

    def tell_account(
        self, account: Account, cause: Cause, market: Market, assets: list[str], positions: list[Position]
    ) -> None:
        if cause == "funding" and positions and account.payments:
            paid = account.payments[-1]
            row = {"time": paid.t_ms, **rows.funding_fields(paid)}
            data = {"user": account.keys.address, "fundings": [row]}
            self._send(self._of(account, "userFundings"), "userFundings", data, "perp", paid.listing)
            self._send(self._of(account, "userEvents"), "user", {"funding": row}, "perp", paid.listing)
        changed = ("spotState",) if market == "spot" else ("clearinghouseState", "allDexsClearinghouseState")
        for kind in changed:
            for held in self._of(account, kind):
                self._tell_state(held)

    def _tell_state(self, held: Listening) -> None:
        account = self._private.account_of(held.user)
        if held.dex:
            account = None  # builder dexes hold nothing
        data: dict[str, Any] = {"user": held.user}
        match held.kind:
            case "openOrders":
                ledgers = account.ledgers.values() if account is not None else ()
                data |= {"dex": held.dex, "orders": [rows.full_row(o) for x in ledgers for o in x.open.values()]}
            case "clearinghouseState":
                data |= {"dex": held.dex, "clearinghouseState": rows.perp_state(self._desk, account)}
            case "allDexsClearinghouseState":
                dexes = self._venue.dexes
                states = [[dex, rows.perp_state(self._desk, None if dex else account)] for dex in dexes]
                data |= {"clearinghouseStates": states}
            case _:
                data |= {"spotState": rows.spot_state(self._venue, account)}
        self._send([held], held.kind, data, "spot" if held.kind == "spotState" else "perp")

    def _of(self, account: Account, kind: str) -> list[Listening]:
        return [x for x in self._all.values() if x.kind == kind and x.user == account.keys.address]

    def _send(
        self,
        hear: list[Listening],
        channel: str,
        data: Any,
        market: Market,
        listing: Listing | None = None,
        *,
        fill: bool = False,
    ) -> None:
        if hear:
            frame = orjson.dumps({"channel": channel, "data": data})
            sessions = [x.session for x in hear]
            self._private.carrier.send(sessions, frame, market=market, wire=channel, listing=listing, fill=fill)
