"""Balances, positions, fees and settings of unified accounts under /api/v3: cross margin only.

The settings tell the leverage of contracts that was set once or that are held. Among the financial records stands
funding alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arbtui.sim.accounts import Account
from arbtui.sim.bitget import private_rows as rows
from arbtui.sim.bitget import rules, tables
from arbtui.sim.bitget.answers import Code, Endpoint, Failed, needed, wrong
from arbtui.sim.bitget.private_orders import OrderAnswers, paged, window
from arbtui.sim.desk import Desk
from arbtui.sim.figures import plain
from arbtui.sim.listing import Listing
from arbtui.sim.reading import Ask, text

if TYPE_CHECKING:
    from arbtui.sim.bitget.venue import Bitget

_MODES = {"one_way_mode": False, "hedge_mode": True}


class AccountAnswers:
    """Answers by path."""

    def __init__(self, venue: Bitget, desk: Desk, orders: OrderAnswers) -> None:
        self._venue = venue
        self._desk = desk
        self._orders = orders

    def table(self) -> dict[tuple[str, str], Endpoint]:
        head = "/api/v3/account"
        return {
            ("GET", f"{head}/assets"): Endpoint(self._assets, 20),
            ("GET", f"{head}/settings"): Endpoint(self._settings, 20),
            ("GET", f"{head}/info"): Endpoint(self._info, 5),
            ("GET", f"{head}/fee-rate"): Endpoint(self._fees, 3),
            ("GET", f"{head}/financial-records"): Endpoint(self._records, 20),
            ("POST", f"{head}/set-leverage"): Endpoint(self._set_leverage, 10, trades=True),
            ("POST", f"{head}/set-hold-mode"): Endpoint(self._set_hold_mode, 10, trades=True),
            ("GET", "/api/v3/position/current-position"): Endpoint(self._positions, 20),
        }

    # -- the account ---------------------------------------------------------------------------------------------

    def _assets(self, account: Account, ask: Ask) -> dict[str, Any]:
        return rows.assets_row(self._desk, account)

    def _settings(self, account: Account, ask: Ask) -> dict[str, Any]:
        known = {**dict.fromkeys(account.leverages), **{p.listing: None for p in account.open_positions()}}
        return {
            "uid": str(account.uid),
            "accountMode": "unified",
            "assetMode": "multi_assets",
            "accountLevel": "advanced",
            "holdMode": rows.mode(account),
            "stpMode": "none",
            "symbolConfigList": [
                {
                    "category": listing.extra["product"],
                    "symbol": listing.native,
                    "marginMode": "crossed",
                    "leverage": str(account.leverage(listing)),
                }
                for listing in known
            ],
            "coinConfigList": [],
        }

    def _info(self, account: Account, ask: Ask) -> dict[str, Any]:
        """What the key may do."""
        return {
            "userId": str(account.uid),
            "inviterId": "",
            "parentId": "",
            "channelCode": "",
            "channel": "",
            "ips": ",".join(account.ips),
            "permType": "read-and-write" if account.can_trade else "read-only",
            "permissions": ["uta_mgt", "uta_trade", *(["withdraw"] if account.can_withdraw else [])],
            "regisTime": str(self._venue.hub.world.start_ns // 1_000_000 - 86_400_000),
        }

    def _fees(self, account: Account, ask: Ask) -> dict[str, Any]:
        listing = self._named(ask)
        maker, taker = account.fees[listing.market]
        return {"makerFeeRate": plain(maker), "takerFeeRate": plain(taker)}

    def _records(self, account: Account, ask: Ask) -> dict[str, Any]:
        category = needed(ask, "category").upper()
        begin, end = window(ask, self._desk.now_ms("perp"))
        found = [p for p in account.payments if p.listing.extra["product"] == category and begin <= p.t_ms <= end]
        found = [p for p in found if text(ask, "coin") in ("", p.ccy)]
        if wanted := text(ask, "type"):
            found = [p for p in found if rows.payment_row(account, p)["type"] == wanted]
        page, cursor = paged(found, ask)
        return {"list": [rows.payment_row(account, p) for p in page], "cursor": cursor}

    # -- positions -----------------------------------------------------------------------------------------------

    def _positions(self, account: Account, ask: Ask) -> dict[str, Any]:
        """Those that are open."""
        category, symbol = needed(ask, "category").upper(), text(ask, "symbol").upper()
        if category not in tables.FUTURES:
            raise wrong("category")
        if self._desk.act("positions_empty", "perp", symbol or None):
            return {"list": []}
        found = [p for p in account.open_positions() if p.listing.extra["product"] == category]
        listed = [rows.position_row(self._desk, account, p) for p in found if symbol in ("", p.listing.native)]
        return {"list": [row for row in listed if text(ask, "posSide") in ("", row["posSide"])]}

    def _set_leverage(self, account: Account, ask: Ask) -> str:
        listing = self._named(ask)
        given = needed(ask, "leverage")
        if listing.market != "perp":
            raise Failed(rules.UNSUPPORTED)
        if not (given.isascii() and given.isdecimal() and len(given) <= 4 and int(given)):
            raise wrong("leverage")
        times = int(given)
        if times > int(listing.extra["max_leverage"]):
            raise Failed(Code("25223", "Exceeds Max. leverage"))
        if fault := self._desk.act("leverage_cap", "perp", listing.native):
            times = min(times, int(fault.number))
        account.leverages[listing] = times
        return "success"

    def _set_hold_mode(self, account: Account, ask: Ask) -> str:
        """Of the whole account, and only while it has neither positions nor orders in contracts."""
        dual = _MODES.get(needed(ask, "holdMode"))
        if dual is None:
            raise wrong("holdMode")
        if dual is not account.dual and (account.open_positions() or any(True for _ in account.perp_open())):
            raise Failed(Code("25010", "Unsupported position mode switch"))
        account.dual = dual
        return "success"

    def _named(self, ask: Ask) -> Listing:
        needed(ask, "category")
        symbol = needed(ask, "symbol")
        listing = self._orders.meant(ask)
        if listing is None:
            raise Failed(Code("25100", f"Trading pair {symbol} does not exist"))
        return listing
