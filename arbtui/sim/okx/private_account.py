"""Balances, positions, fees and settings of OKX accounts: single-currency margin (``acctLv`` 2), cross only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arbtui.sim.accounts import Account
from arbtui.sim.desk import Desk
from arbtui.sim.figures import plain
from arbtui.sim.listing import Listing
from arbtui.sim.okx import private_rows as rows
from arbtui.sim.okx import rules, tables
from arbtui.sim.okx.answers import Endpoint, Failed, whole
from arbtui.sim.reading import Ask

if TYPE_CHECKING:
    from arbtui.sim.okx.venue import Okx

_MODES = {"net_mode": False, "long_short_mode": True}


def _rights(account: Account) -> list[str]:
    given = {"read_only": True, "trade": account.can_trade, "withdraw": account.can_withdraw}
    return [right for right, there in given.items() if there]


class AccountAnswers:
    """Answers by path."""

    def __init__(self, venue: Okx, desk: Desk) -> None:
        self._venue = venue
        self._desk = desk

    def table(self) -> dict[tuple[str, str], Endpoint]:
        account = "/api/v5/account"
        return {
            ("GET", f"{account}/balance"): Endpoint(self._balance, 10),
            ("GET", f"{account}/positions"): Endpoint(self._positions, 10),
            ("GET", f"{account}/config"): Endpoint(self._config, 5),
            ("GET", f"{account}/trade-fee"): Endpoint(self._fees, 5),
            ("GET", f"{account}/leverage-info"): Endpoint(self._leverage, 20),
            ("POST", f"{account}/set-leverage"): Endpoint(self._set_leverage, 20),
            ("POST", f"{account}/set-position-mode"): Endpoint(self._set_mode, 5),
            ("GET", f"{account}/bills"): Endpoint(self._bills, 5),
            ("GET", f"{account}/bills-archive"): Endpoint(self._bills, 5),
            ("GET", "/api/v5/asset/currencies"): Endpoint(self._currencies, 6),
            ("GET", "/api/v5/asset/balances"): Endpoint(lambda account, ask: [], 6),
        }

    def _balance(self, account: Account, ask: Ask) -> list[Any]:
        wanted = str(ask.get("ccy", "")).split(",") if ask.get("ccy") else None
        assets = [asset for asset in account.wallets["trading"] if wanted is None or asset in wanted]
        return [rows.account_row(self._desk, account, assets)]

    def _positions(self, account: Account, ask: Ask) -> list[Any]:
        if self._desk.act("positions_empty", "perp", ask.get("instId")):
            return []
        wanted = str(ask.get("instId", "")).split(",") if ask.get("instId") else None
        if ask.get("instType", "SWAP") != "SWAP":
            return []
        found = [p for p in account.open_positions() if wanted is None or p.listing.native in wanted]
        return [rows.position_row(self._desk, account, p) for p in found]

    def _config(self, account: Account, ask: Ask) -> list[Any]:
        return [
            {
                "uid": str(account.uid),
                "mainUid": str(account.uid),
                "acctLv": "2",
                "posMode": "long_short_mode" if account.dual else "net_mode",
                "autoLoan": False,
                "greeksType": "PA",
                "level": "Lv1",
                "levelTmp": "",
                "ctIsoMode": "automatic",
                "mgnIsoMode": "automatic",
                "spotOffsetType": "",
                "roleType": "0",
                "traderInsts": [],
                "spotRoleType": "0",
                "spotTraderInsts": [],
                "opAuth": "0",
                "kycLv": "3",
                "label": account.name,
                "ip": ",".join(account.ips),
                "perm": ",".join(_rights(account)),
                "enableSpotBorrow": False,
                "spotBorrowAutoRepay": False,
                "type": "0",
                "acctStpMode": "cancel_maker",
                "settleCcy": "",
                "settleCcyList": [],
                "feeType": "0",
            }
        ]

    def _fees(self, account: Account, ask: Ask) -> list[Any]:
        """Negative = paid. On SWAP ``maker``/``taker`` are those of coin-margined contracts; groups are what counts."""
        kind = str(ask.get("instType", ""))
        market = tables.MARKET.get(kind)
        if market is None:
            raise Failed("51000", "Parameter instType error", 400)
        maker, taker = (plain(-rate) for rate in account.fees[market])
        swap = market == "perp"
        family = ask.get("instFamily") or ask.get("uly")
        chosen = [
            x
            for x in self._venue.listings(market)
            if family in (None, x.extra["family"]) and ask.get("instId") in (None, x.native)
        ]
        if not chosen:
            raise Failed(*rules.NO_SUCH)
        groups = {tables.GROUPS[x.market, x.quote]: None for x in chosen}
        return [
            {
                "category": "1",
                "level": "Lv1",
                "instType": kind,
                "maker": "-0.0002" if swap else maker,
                "taker": "-0.0005" if swap else taker,
                "makerU": maker if swap else "",
                "takerU": taker if swap else "",
                "makerUSDC": maker if swap else "",
                "takerUSDC": taker if swap else "",
                "delivery": "",
                "exercise": "",
                "feeGroup": [{"groupId": group, "maker": maker, "taker": taker} for group in groups],
                "fiat": [],
                "ruleType": "normal",
                "ts": str(self._desk.now_ms(market)),
            }
        ]

    def _leverage(self, account: Account, ask: Ask) -> list[Any]:
        if ask.get("mgnMode") not in ("cross", "isolated"):
            raise Failed("51000", "Parameter mgnMode error", 400)
        found = [self._swap(name) for name in str(ask.get("instId", "")).split(",")]
        return [self._leverage_row(account, listing) for listing in found]

    def _leverage_row(self, account: Account, listing: Listing) -> dict[str, Any]:
        return {
            "instId": listing.native,
            "ccy": "",
            "mgnMode": "cross",
            "posSide": "net",
            "lever": str(account.leverage(listing)),
        }

    def _set_leverage(self, account: Account, ask: Ask) -> list[Any]:
        listing = self._swap(str(ask.get("instId", "")))
        if ask.get("mgnMode") != "cross":
            raise Failed("51000", "Parameter mgnMode error")  # isolated margin is not modelled
        text = str(ask.get("lever", ""))
        if not text.isdecimal() or not 1 <= int(text) <= account.rules.max_leverage:
            raise Failed("59102", "Leverage exceeds the maximum leverage. Please lower the leverage.")
        if any(o.listing is listing for o in account.perp_open()):
            raise Failed("59107", "You have pending orders under this cross-margin instrument. Cancel them first.")
        times = int(text)
        if fault := self._desk.act("leverage_cap", "perp", listing.native):
            times = min(times, int(fault.number))
        account.leverages[listing] = times
        return [{"lever": str(times), "mgnMode": "cross", "instId": listing.native, "posSide": "net"}]

    def _set_mode(self, account: Account, ask: Ask) -> list[Any]:
        mode = str(ask.get("posMode", ""))
        if mode not in _MODES:
            raise Failed("51000", "Parameter posMode error")
        if account.open_positions() or any(True for _ in account.perp_open()):
            raise Failed(
                "59000", "Setting failed. Cancel any open orders, close positions, and stop trading bots first."
            )
        account.dual = _MODES[mode]
        return [{"posMode": mode}]

    def _bills(self, account: Account, ask: Ask) -> list[Any]:
        """Funding only, newest first."""
        if ask.get("type") not in (None, "8"):
            return []
        begin, end = whole(ask, "begin", 0), whole(ask, "end", 1 << 62)
        found = [p for p in account.payments if begin <= p.t_ms <= end]
        after = whole(ask, "after", 1 << 63)
        found = [p for p in found if p.id < after]
        newest = sorted(found, key=lambda p: p.id, reverse=True)
        return [rows.bill_row(account, p) for p in newest[: min(whole(ask, "limit", 100), 100)]]

    def _currencies(self, account: Account, ask: Ask) -> list[Any]:
        return [
            {
                "ccy": asset,
                "name": asset,
                "chain": f"{asset}-{asset}",
                "canDep": True,
                "canWd": False,
                "canInternal": True,
                "minWd": "0.01",
                "maxWd": "100000",
                "wdTickSz": "8",
                "fee": "0.1",
                "minFee": "0.1",
                "maxFee": "0.2",
                "mainNet": True,
            }
            for asset in account.wallets["trading"]
        ]

    def _swap(self, name: str) -> Listing:
        listing = self._venue.named(name)
        if listing is None or listing.market != "perp":
            raise Failed(*rules.NO_SUCH)
        return listing
