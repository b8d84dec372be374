"""Questions about accounts on ``POST /info``: anybody may ask, by address. An agent's own address owns nothing.

Fills and past orders: the newest 2000, newest first; ``userFillsByTime`` the 2000 oldest from ``startTime`` on.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from arbtui.sim.accounts import Account, mark_of
from arbtui.sim.desk import Desk
from arbtui.sim.hyperliquid import actions, rules
from arbtui.sim.hyperliquid import private_rows as rows
from arbtui.sim.hyperliquid.answers import Ask, Refused, unreadable
from arbtui.sim.hyperliquid.private_orders import find, volume
from arbtui.sim.listing import Market
from arbtui.sim.orders import Fill, Order, coins_of

if TYPE_CHECKING:
    from arbtui.sim.hyperliquid.private import Private
    from arbtui.sim.hyperliquid.venue import Hyperliquid

LIGHT = frozenset({"clearinghouseState", "orderStatus", "spotClearinghouseState"})
HEAVY = frozenset({"userRole"})
_MARKETS: tuple[Market, ...] = ("perp", "spot")


class UserAnswers:
    """Answers by type."""

    def __init__(self, venue: Hyperliquid, private: Private, desk: Desk) -> None:
        self._venue = venue
        self._private = private
        self._desk = desk
        self._table: dict[str, Callable[[Ask, Account | None], Any]] = {
            "orderStatus": self._order_status,
            "openOrders": lambda ask, account: [rows.open_row(o) for o in self._open(ask, account)],
            "frontendOpenOrders": lambda ask, account: [rows.full_row(o) for o in self._open(ask, account)],
            "historicalOrders": self._history,
            "userFills": self._fills,
            "userFillsByTime": self._fills_by_time,
            "clearinghouseState": self._perp_state,
            "spotClearinghouseState": lambda ask, account: rows.spot_state(venue, account),
            "userAbstraction": lambda ask, account: "disabled",
            "userRole": self._role,
            "extraAgents": self._agents,
            "activeAssetData": self._active_asset,
            "userFees": lambda ask, account: rows.fees(account or private.stranger),
            "userFunding": self._funding,
            "userRateLimit": self._rate_limit,
        }

    def __contains__(self, kind: object) -> bool:
        return kind in self._table

    def kinds(self) -> list[str]:
        return list(self._table)

    def answer(self, ask: Ask) -> Any:
        """Raises ``Refused``."""
        account = self._private.account_of(actions.address(ask.get("user")))
        if account is not None:
            self._private.note(account, "/info", ask)
        return self._table[ask["type"]](ask, account)

    # -- orders ----------------------------------------------------------------------------------------------------

    def _dex(self, ask: Ask) -> str:
        dex = ask.get("dex") or ""
        if not isinstance(dex, str):
            raise unreadable()
        if dex not in self._venue.dexes:
            raise Refused(500, b"null")
        return dex

    def _order_status(self, ask: Ask, account: Account | None) -> Any:
        named = actions.cloid(ask["oid"]) if isinstance(ask.get("oid"), str) else actions.whole(ask, "oid")
        order = find(account, named) if account is not None else None
        if order is None or order.t_ns > self._desk.known_ns(order.listing.market, order.listing.native):
            return {"status": "unknownOid"}
        return {"status": "order", "order": rows.past_row(self._desk, order)}

    def _open(self, ask: Ask, account: Account | None) -> list[Order]:
        """Those of spot are among those of the main dex."""
        if self._dex(ask) or account is None:
            return []
        hidden = {m for m in _MARKETS if m not in self._shown("open_orders_empty")}
        found = [o for m in _MARKETS if m not in hidden for o in account.ledgers[m].open.values()]
        return sorted(found, key=lambda o: -o.id)

    def _shown(self, fault: str) -> set[Market]:
        """The markets whose rows a fault of this name leaves; looking is one act of it."""
        if (found := self._desk.act(fault, "perp", None)) is not None:
            return set() if found.market is None else {"spot"}
        return {"perp"} if self._desk.act(fault, "spot", None) is not None else {"perp", "spot"}

    def _known_ns(self) -> dict[Market, int]:
        """Until when the lists know of what happened."""
        perp = self._desk.known_ns("perp", None)
        fault = next((f for f in self._venue.hub.faults if f.kind.name == "history_lag"), None)
        if fault is not None and fault.market is None and fault.venue == self._venue.name:
            return {"perp": perp, "spot": perp}
        return {"perp": perp, "spot": self._desk.known_ns("spot", None)}

    def _history(self, ask: Ask, account: Account | None) -> Any:
        if account is None:
            return []
        known = self._known_ns()
        found = [o for m in _MARKETS for o in account.ledgers[m].all.values() if o.t_ns <= known[m]]
        newest = sorted(found, key=lambda o: -o.id)[: rules.KEPT_ROWS]
        return [rows.past_row(self._desk, o) for o in newest]

    # -- fills and funding -----------------------------------------------------------------------------------------

    def known_fills(self, account: Account | None) -> list[Fill]:
        """Oldest first."""
        if account is None:
            return []
        known = self._known_ns()
        found = [f for m in _MARKETS for f in account.ledgers[m].fills if f.t_ns <= known[m]]
        return sorted(found, key=lambda f: f.id)

    def _fills(self, ask: Ask, account: Account | None) -> Any:
        newest = self.known_fills(account)[::-1][: rules.KEPT_ROWS]
        return [self._private.fill_row(f) for f in newest]

    def _fills_by_time(self, ask: Ask, account: Account | None) -> Any:
        start_ms, end_ms = self._window(ask)
        found = [f for f in self.known_fills(account)[-5 * rules.KEPT_ROWS :] if start_ms <= f.t_ms <= end_ms]
        return [self._private.fill_row(f) for f in found[: rules.KEPT_ROWS]]

    def _window(self, ask: Ask) -> tuple[int, int]:
        start_ms = actions.whole(ask, "startTime")
        end_ms = actions.whole(ask, "endTime") if ask.get("endTime") is not None else 1 << 62
        return start_ms, end_ms

    def _funding(self, ask: Ask, account: Account | None) -> Any:
        """Oldest first. Without ``startTime`` all, as ccxt asks."""
        start_ms, end_ms = self._window({"startTime": 0, **ask})
        paid = account.payments if account is not None else []
        found = [p for p in paid if start_ms <= p.t_ms <= end_ms]
        return [rows.funding_row(p) for p in found[: rules.FUNDING_ROWS]]

    # -- accounts --------------------------------------------------------------------------------------------------

    def _perp_state(self, ask: Ask, account: Account | None) -> Any:
        if self._dex(ask):
            return rows.perp_state(self._desk, None)
        hidden = self._desk.act("positions_empty", "perp", None) is not None
        return rows.perp_state(self._desk, account, hidden=hidden)

    def _role(self, ask: Ask, account: Account | None) -> Any:
        if account is not None:
            return {"role": "user"}
        owner = self._private.owner_of(actions.address(ask["user"]))
        if owner is None or not owner.can_trade:  # an agent that was taken back is one that nobody knows
            return {"role": "missing"}
        return {"role": "agent", "data": {"user": owner.keys.address}}

    def _agents(self, ask: Ask, account: Account | None) -> Any:
        if account is None:
            return []
        until_ms = self._venue.world.start_ns // 1_000_000 + 90 * 86_400_000
        agents = self._private.agents_of(account)
        return [{"address": agent, "name": name, "validUntil": until_ms} for agent, name in agents.items()]

    def _active_asset(self, ask: Ask, account: Account | None) -> Any:
        listing = self._venue.find("perp", actions.text(ask, "coin"))
        if listing is None:
            raise Refused(500, b"null")
        held = account or self._private.stranger
        world, leverage = self._desk.world, held.leverage(listing)
        mark = mark_of(world, listing)
        free = held.free(world, "perp", "USDC") if account is not None else Decimal(0)
        lots = int(free * leverage / (mark * listing.step * coins_of(listing)))
        return {
            "user": actions.address(ask["user"]),
            "coin": listing.native,
            "leverage": {"type": "cross", "value": leverage},
            "maxTradeSzs": [listing.size(lots)] * 2,
            "availableToTrade": [rows.fine(free)] * 2,
            "markPx": rows.plain(mark),
        }

    def _rate_limit(self, ask: Ask, account: Account | None) -> Any:
        traded = volume(account) if account is not None else Decimal(0)
        used = 0
        if account is not None:
            used = sum(n for path, n in account.counts.items() if path.startswith("POST /exchange"))
        return {
            "cumVlm": rows.fine(traded),
            "nRequestsUsed": used,
            "nRequestsCap": rules.ACTIONS_FREE + int(traded),
            "nRequestsSurplus": 0,
        }
