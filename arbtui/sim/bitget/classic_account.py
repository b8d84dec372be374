"""Balances, positions, fees and settings of classic accounts: a futures and a spot wallet, cross margin only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arbtui.sim.accounts import Account
from arbtui.sim.bitget import classic_rows as rows
from arbtui.sim.bitget import private_rows, tables
from arbtui.sim.bitget.answers import Code, Endpoint, Failed, needed
from arbtui.sim.bitget.classic_orders import ClassicOrders, bad, paged, product
from arbtui.sim.desk import Desk
from arbtui.sim.figures import plain
from arbtui.sim.reading import Ask, text

if TYPE_CHECKING:
    from arbtui.sim.bitget.venue import Bitget

_MODES = {"one_way_mode": False, "hedge_mode": True}


class ClassicAccounts:
    """Answers by path."""

    def __init__(self, venue: Bitget, desk: Desk, orders: ClassicOrders) -> None:
        self._venue = venue
        self._desk = desk
        self._orders = orders

    def table(self) -> dict[tuple[str, str], Endpoint]:
        mix, spot = "/api/v2/mix/account", "/api/v2/spot/account"
        return {
            ("GET", f"{mix}/accounts"): Endpoint(self._accounts, 10),
            ("GET", f"{mix}/account"): Endpoint(self._account, 10),
            ("GET", f"{mix}/bill"): Endpoint(self._bills, 10),
            ("POST", f"{mix}/set-leverage"): Endpoint(self._set_leverage, 5, trades=True),
            ("POST", f"{mix}/set-position-mode"): Endpoint(self._set_mode, 5, trades=True),
            ("POST", f"{mix}/set-margin-mode"): Endpoint(self._set_margin_mode, 5, trades=True),
            ("GET", "/api/v2/mix/position/all-position"): Endpoint(self._positions, 5),
            ("GET", f"{spot}/assets"): Endpoint(self._assets, 10),
            ("GET", f"{spot}/info"): Endpoint(self._info, 1),
            ("GET", "/api/v2/common/trade-rate"): Endpoint(self._rate, 10),
        }

    def _accounts(self, account: Account, ask: Ask) -> list[Any]:
        coin = tables.QUOTE_OF.get(product(ask))
        return [rows.mix_account(self._desk, account, coin)] if coin is not None else []

    def _account(self, account: Account, ask: Ask) -> dict[str, Any]:
        listing = self._orders.listing(ask, product(ask))
        times = str(account.leverage(listing))
        return {
            **rows.mix_account(self._desk, account, listing.settle),
            "crossedMarginLeverage": times,
            "isolatedLongLever": times,
            "isolatedShortLever": times,
            "marginMode": "crossed",
            "posMode": private_rows.mode(account),
        }

    def _bills(self, account: Account, ask: Ask) -> dict[str, Any]:
        """Funding alone."""
        asked = product(ask)
        found = [p for p in account.payments if p.listing.extra["product"] == asked]
        if text(ask, "businessType") not in ("", "contract_settle_fee"):
            found = []
        page, end = paged(self._orders.within(found, ask), ask)
        return {"bills": [rows.bill(account, p) for p in page], "endId": end}

    def _assets(self, account: Account, ask: Ask) -> list[Any]:
        wanted = text(ask, "coin").upper()
        held = [coin for coin, total in account.wallet("spot").items() if total or coin == wanted]
        return [rows.spot_coin(self._desk, account, coin) for coin in held if wanted in ("", coin)]

    def _info(self, account: Account, ask: Ask) -> dict[str, Any]:
        """What the key may do. No key here can withdraw."""
        last = "w" if account.can_trade else "r"
        return {
            "userId": str(account.uid),
            "inviterId": "",
            "ips": "",
            "authorities": [f"coo{last}", f"cpo{last}", f"sto{last}"],
            "parentId": account.uid,
            "traderType": "not_trader",
            "channelCode": "",
            "channel": "",
            "regisTime": str(self._venue.hub.world.start_ns // 1_000_000 - 86_400_000),
        }

    def _rate(self, account: Account, ask: Ask) -> dict[str, str]:
        kind = needed(ask, "businessType")
        needed(ask, "symbol")
        if kind not in ("mix", "spot"):
            raise bad("businessType")
        maker, taker = account.fees["perp" if kind == "mix" else "spot"]
        return {"makerFeeRate": plain(maker), "takerFeeRate": plain(taker)}

    # -- positions -----------------------------------------------------------------------------------------------

    def _positions(self, account: Account, ask: Ask) -> list[Any]:
        """Those that are open."""
        asked, coin = product(ask), text(ask, "marginCoin").upper()
        if self._desk.act("positions_empty", "perp", None):
            return []
        found = [p for p in account.open_positions() if p.listing.extra["product"] == asked]
        return [rows.position(self._desk, account, p) for p in found if coin in ("", p.listing.settle)]

    def _set_leverage(self, account: Account, ask: Ask) -> dict[str, str]:
        listing = self._orders.listing(ask, product(ask))
        given = needed(ask, "leverage")
        if not (given.isascii() and given.isdecimal() and len(given) <= 4 and int(given)):
            raise bad("leverage")
        times = int(given)
        if times > int(listing.extra["max_leverage"]):
            raise Failed(Code("45045", "Exceeds the maximum possible leverage"))
        if times == account.leverage(listing):
            raise Failed(Code("40814", "No change in leverage"))
        if fault := self._desk.act("leverage_cap", "perp", listing.native):
            times = min(times, int(fault.number))
        account.leverages[listing] = times
        return {
            "symbol": listing.native,
            "marginCoin": listing.settle,
            "longLeverage": str(times),
            "shortLeverage": str(times),
            "crossMarginLeverage": str(times),
            "marginMode": "crossed",
        }

    def _set_mode(self, account: Account, ask: Ask) -> dict[str, str]:
        """Of the whole account: the mode of each product by itself is not modelled."""
        product(ask)
        dual = _MODES.get(needed(ask, "posMode"))
        if dual is None:
            raise bad("posMode")
        if dual is not account.dual and (account.open_positions() or any(True for _ in account.perp_open())):
            raise Failed(Code("40920", "Position or order exists, the position mode cannot be switched"))
        account.dual = dual
        return {"posMode": private_rows.mode(account)}

    def _set_margin_mode(self, account: Account, ask: Ask) -> dict[str, str]:
        listing = self._orders.listing(ask, product(ask))
        if needed(ask, "marginMode") != "crossed":
            raise Failed(Code("40805", "Unsupported operation"))
        return {"symbol": listing.native, "marginCoin": listing.settle, "marginMode": "crossed"}
