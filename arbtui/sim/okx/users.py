"""OKX's private channels: orders, positions, account, balance_and_position.

``orders`` tells each change and has no snapshot; the others tell what is when they are subscribed, then each change,
and ``positions`` and ``account`` every 5 s besides, unless ``extraParams`` asks for changes only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from arbtui.sim.accounts import Account, Position
from arbtui.sim.base import Session
from arbtui.sim.desk import Cause, What
from arbtui.sim.listeners import Listeners
from arbtui.sim.listing import Listing, Market
from arbtui.sim.okx import private_rows as rows
from arbtui.sim.okx import rules
from arbtui.sim.okx.tables import INST_TYPE
from arbtui.sim.orders import Fill, Order

CHANNELS = frozenset({"orders", "positions", "account", "balance_and_position"})
TYPES = frozenset({"SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "ANY"})
NS_PER_S = 1_000_000_000
_EVENTS: dict[Cause, str] = {"order": "filled", "funding": "funding_fee", "adl": "adl", "liquidation": "liquidation"}


@dataclass(slots=True, eq=False)
class Subscription:
    """One channel on one socket, as it was asked for."""

    session: Session
    account: Account
    arg: dict[str, Any]
    repeated: bool
    told_ns: int = 0

    @property
    def channel(self) -> str:
        return str(self.arg["channel"])

    def wants(self, listing: Listing) -> bool:
        """Whether its filter lets this instrument through."""
        if self.arg.get("instType", "ANY") not in ("ANY", INST_TYPE[listing.market]):
            return False
        family, native = self.arg.get("instFamily"), self.arg.get("instId")
        return family in (None, "", listing.extra["family"]) and native in (None, "", listing.native)


class Users(Listeners[tuple[Any, ...], Subscription]):
    """Who listens to which account's channels."""

    def subscribe(self, session: Session, account: Account, key: tuple[Any, ...], arg: dict[str, Any]) -> None:
        """Tell what is, and what changes from now on; a second time it changes nothing."""
        held = self._of.setdefault(account, {})
        if (session, key) in held:
            return
        extra = str(arg.get("extraParams", "")).replace(" ", "")
        repeated = arg["channel"] in ("positions", "account") and '"updateInterval":"0"' not in extra
        subscription = held[session, key] = Subscription(session, account, arg, repeated)
        self._greet(subscription)

    def second(self, session: Session, now_ns: int) -> None:
        """Tell again what is told every so often."""
        for account, held in self._of.items():
            for (of, _), subscription in list(held.items()):
                due = now_ns - subscription.told_ns >= rules.PUSH_EVERY_S * NS_PER_S
                if of is session and subscription.repeated and due:
                    self._tell_again(account, subscription)

    # -- telling -------------------------------------------------------------------------------------------------

    def tell_order(self, order: Order, what: What, fill: Fill | None) -> None:
        hear = [s for s in self._subscribed(order.account, "orders") if s.wants(order.listing)]
        if hear:
            data = [rows.order_row(self._desk, order, fill, pushed=what)]
            self._send(hear, data, order.listing.market, order.listing, fill=fill is not None)

    def tell_account(
        self, account: Account, cause: Cause, market: Market, assets: list[str], positions: list[Position]
    ) -> None:
        of: Market = "perp" if positions else "spot"
        for position in positions:
            hear = [s for s in self._subscribed(account, "positions") if s.wants(position.listing)]
            if hear:
                data = [rows.position_row(self._desk, account, position)]
                self._send(hear, data, "perp", position.listing)
        if hear := self._subscribed(account, "account"):
            self._send(hear, [rows.account_row(self._desk, account, assets)], of, None)
        if hear := self._subscribed(account, "balance_and_position"):
            event = _EVENTS.get(cause, "transferred")
            self._send(hear, [self._both(account, assets, positions, event)], of, None)

    def _greet(self, subscription: Subscription) -> None:
        channel, account = subscription.channel, subscription.account
        if channel in ("positions", "account"):
            self._tell_again(account, subscription)
        elif channel == "balance_and_position":
            assets = list(account.wallets["trading"])
            data = [self._both(account, assets, account.open_positions(), "snapshot")]
            self._send([subscription], data, "spot", None)

    def _tell_again(self, account: Account, subscription: Subscription) -> None:
        data: list[Any]
        if subscription.channel == "positions":
            found = [p for p in account.open_positions() if subscription.wants(p.listing)]
            data = [rows.position_row(self._desk, account, p) for p in found]
        else:
            wanted = subscription.arg.get("ccy")
            assets = [asset for asset in account.wallets["trading"] if wanted in (None, "", asset)]
            data = [rows.account_row(self._desk, account, assets)]
        subscription.told_ns = self._venue.hub.now_ns()
        self._send([subscription], data, "perp" if subscription.channel == "positions" else "spot", None)

    def _both(self, account: Account, assets: list[str], positions: list[Position], event: str) -> dict[str, Any]:
        now_ms = str(self._desk.now_ms("spot"))
        balances = [rows.asset_row(self._desk, account, asset) for asset in assets]
        held = [rows.position_row(self._desk, account, p) for p in positions]
        keys = ("posId", "instId", "instType", "mgnMode", "posSide", "pos", "ccy", "avgPx", "uTime")
        return {
            "pTime": now_ms,
            "eventType": event,
            "balData": [{"ccy": row["ccy"], "cashBal": row["cashBal"], "uTime": now_ms} for row in balances],
            "posData": [{key: row[key] for key in keys} for row in held],
            "trades": [],
        }

    def _subscribed(self, account: Account, channel: str) -> list[Subscription]:
        return [s for s in self._of.get(account, {}).values() if s.channel == channel]

    def _send(
        self,
        hear: Iterable[Subscription],
        data: list[Any],
        market: Market,
        listing: Listing | None,
        *,
        fill: bool = False,
    ) -> None:
        for one in hear:
            known = {
                key: one.arg[key] for key in ("channel", "instType", "instFamily", "instId", "ccy") if one.arg.get(key)
            }
            frame = orjson.dumps({"arg": {**known, "uid": str(one.account.uid)}, "data": data})
            self._carrier.send([one.session], frame, market=market, wire=one.channel, listing=listing, fill=fill)
