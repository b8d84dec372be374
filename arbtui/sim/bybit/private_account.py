"""Balances, positions, fees and settings of Bybit's unified accounts: cross margin only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from arbtui.sim.accounts import Account, Position
from arbtui.sim.bybit import private_rows as rows
from arbtui.sim.bybit import rules, tables
from arbtui.sim.bybit.answers import Code, Endpoint, Failed, bad
from arbtui.sim.bybit.private_orders import paged, window
from arbtui.sim.desk import Desk
from arbtui.sim.figures import plain
from arbtui.sim.listing import Listing
from arbtui.sim.orders import Held
from arbtui.sim.reading import Ask, text

if TYPE_CHECKING:
    from arbtui.sim.bybit.venue import Bybit

_MODES = {"0": False, "3": True}
_NO_LEVERAGE_CHANGE = Code(110043, "leverage not modified")
_DAY_MS = 86_400_000
_KEY_DAYS = 90  # of a key that is bound to no address


class AccountAnswers:
    """Answers by path."""

    def __init__(self, venue: Bybit, desk: Desk) -> None:
        self._venue = venue
        self._desk = desk

    def table(self) -> dict[tuple[str, str], Endpoint]:
        return {
            ("GET", "/v5/account/wallet-balance"): Endpoint(self._balance, {"": 50}),
            ("GET", "/v5/account/info"): Endpoint(self._info, {"": 50}),
            ("GET", "/v5/account/fee-rate"): Endpoint(self._fees, {"": 5}),
            ("GET", "/v5/account/transaction-log"): Endpoint(self._log, {"": 25}),
            ("POST", "/v5/account/set-margin-mode"): Endpoint(self._set_margin_mode, {"": 5}, trades=True),
            ("GET", "/v5/position/list"): Endpoint(self._positions, {"": 50}),
            ("POST", "/v5/position/set-leverage"): Endpoint(self._set_leverage, {"": 10}, trades=True),
            ("POST", "/v5/position/switch-mode"): Endpoint(self._switch_mode, {"": 10}, trades=True),
            ("GET", "/v5/user/query-api"): Endpoint(self._key, {"": 10}),
            ("GET", "/v5/asset/coin/query-info"): Endpoint(lambda account, ask: {"rows": []}, {"": 5}),
        }

    # -- the account ---------------------------------------------------------------------------------------------

    def _balance(self, account: Account, ask: Ask) -> dict[str, Any]:
        if text(ask, "accountType") != "UNIFIED":
            raise bad("accountType only support UNIFIED.")
        wanted = text(ask, "coin").split(",") if text(ask, "coin") else None
        assets = [asset for asset, total in account.wallets["unified"].items() if total or wanted is not None]
        assets = [asset for asset in assets if wanted is None or asset in wanted]
        return {"list": [rows.wallet_row(self._desk, account, assets)]}

    def _info(self, account: Account, ask: Ask) -> dict[str, Any]:
        return {
            "unifiedMarginStatus": 5,
            "marginMode": "REGULAR_MARGIN",
            "isMasterTrader": False,
            "spotHedgingStatus": "OFF",
            "updatedTime": str(self._venue.hub.world.start_ns // 1_000_000),
            "dcpStatus": "OFF",
            "timeWindow": 0,
            "smpGroup": 0,
        }

    def _key(self, account: Account, ask: Ask) -> dict[str, Any]:
        """What the key may do; a key that may only read says so. One that is bound to addresses does not end."""
        days = _KEY_DAYS if account.key_days is None else account.key_days
        ends = datetime.fromtimestamp(self._desk.now_ms("perp") / 1000, UTC) + timedelta(days=days)
        return {
            "id": str(account.uid % 10_000_000),
            "note": account.name,
            "apiKey": account.keys.api_key,
            "readOnly": 0 if account.can_trade else 1,
            "secret": "",
            "permissions": {
                "ContractTrade": ["Order", "Position"],
                "Spot": ["SpotTrade"],
                "Wallet": ["AccountTransfer", "Withdraw"] if account.can_withdraw else [],
                "Options": [],
                "Derivatives": ["DerivativesTrade"],
                "CopyTrading": [],
                "BlockTrade": [],
                "Exchange": [],
                "NFT": [],
                "Affiliate": [],
                "Earn": [],
            },
            "ips": list(account.ips) or ["*"],
            "type": 1,
            "deadlineDay": days,
            "expiredAt": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
            "createdAt": "2026-01-01T00:00:00Z",
            "unified": 0,
            "uta": 1,
            "userID": account.uid,
            "inviterID": 0,
            "vipLevel": "No VIP",
            "mktMakerLevel": "0",
            "affiliateID": 0,
            "rsaPublicKey": "",
            "isMaster": True,
            "parentUid": "0",
            "kycLevel": "LEVEL_DEFAULT",
            "kycRegion": "",
        }

    def _fees(self, account: Account, ask: Ask) -> dict[str, Any]:
        category = text(ask, "category")
        market = tables.MARKET.get(category)
        if market is None:
            if category in ("inverse", "option"):
                return {"category": category, "list": []}
            raise Failed(rules.NO_CATEGORY)
        maker, taker = (plain(rate) for rate in account.fees[market])
        asked, base = text(ask, "symbol"), text(ask, "baseCoin")
        found = [x for x in self._venue.listings(market) if x.status != "delisted" and asked in ("", x.native)]
        found = [x for x in found if base in ("", x.extra["asset"])]
        if asked and not found:
            raise bad("params error: symbol invalid")
        fees = [{"symbol": x.native, "baseCoin": "", "takerFeeRate": taker, "makerFeeRate": maker} for x in found]
        return {"category": category, "list": fees}

    def _log(self, account: Account, ask: Ask) -> dict[str, Any]:
        """Funding only, newest first; a day of it unless asked for more."""
        if text(ask, "type") not in ("", "SETTLEMENT") or text(ask, "category") not in ("", "linear"):
            return {"list": [], "nextPageCursor": ""}
        now_ms = self._desk.now_ms("perp")
        begin, end = window(ask, now_ms)
        if not text(ask, "startTime") and not text(ask, "endTime"):
            begin = now_ms - _DAY_MS
        ccy, base = text(ask, "currency"), text(ask, "baseCoin")
        found = [p for p in account.payments if begin <= p.t_ms <= end and ccy in ("", p.ccy)]
        found = [p for p in found if base in ("", p.listing.extra["asset"])]
        page, cursor = paged(found, ask, lambda p: (p.t_ms, p.id), 20, 50)
        return {"list": [rows.log_row(account, p) for p in page], "nextPageCursor": cursor}

    def _set_margin_mode(self, account: Account, ask: Ask) -> dict[str, Any]:
        mode = text(ask, "setMarginMode")
        if mode != "REGULAR_MARGIN":
            raise bad("params error: setMarginMode other than REGULAR_MARGIN is not simulated")
        raise Failed(Code(110026, "Cross/isolated margin mode is not modified"))

    # -- positions -----------------------------------------------------------------------------------------------

    def _positions(self, account: Account, ask: Ask) -> dict[str, Any]:
        """With a symbol its positions, flat or not; with a settle or base coin those that are open."""
        category, symbol = text(ask, "category"), text(ask, "symbol")
        if category not in ("linear", "inverse", "option"):
            raise Failed(rules.NO_CATEGORY)
        answer: dict[str, Any] = {"category": category, "nextPageCursor": "", "list": []}
        if category != "linear":
            return answer
        if not (symbol or text(ask, "settleCoin") or text(ask, "baseCoin")):
            raise bad("params error: symbol or settleCoin is required")
        listing = self._contract(ask) if symbol else None
        if self._desk.act("positions_empty", "perp", symbol or None):
            return answer
        found = self._of(account, listing) if listing is not None else account.open_positions()
        if listing is None:
            settle, base = text(ask, "settleCoin"), text(ask, "baseCoin")
            found = [p for p in found if settle in ("", p.listing.settle) and base in ("", p.listing.extra["asset"])]
        page, cursor = paged(found, ask, lambda p: (p.listing.salt, rows.HELD[p.held]), 20, 200)
        listed = [rows.position_row(self._desk, account, p) for p in page]
        return {**answer, "nextPageCursor": cursor, "list": listed}

    def _of(self, account: Account, listing: Listing) -> list[Position]:
        sides: tuple[Held, ...] = ("long", "short") if account.dual else ("net",)
        return [account.positions.get((listing, held)) or Position(listing, held) for held in sides]

    def _set_leverage(self, account: Account, ask: Ask) -> dict[str, Any]:
        listing = self._contract(ask)
        times = _times(ask, "buyLeverage")
        if _times(ask, "sellLeverage") != times:
            raise bad("buy leverage invalid")
        most = min(account.rules.max_leverage, int(float(listing.extra["leverage"])))
        if not 1 <= times <= most:
            raise Failed(Code(110013, f"cannot set leverage [{times}] gt maxLeverage [{most}] by risk limit"))
        if times == account.leverage(listing):
            raise Failed(_NO_LEVERAGE_CHANGE)
        if fault := self._desk.act("leverage_cap", "perp", listing.native):
            times = min(times, int(fault.number))
        account.leverages[listing] = times
        return {}

    def _switch_mode(self, account: Account, ask: Ask) -> dict[str, Any]:
        """One-way or hedge, of the whole account: the mode of each contract by itself is not modelled."""
        mode = text(ask, "mode")
        if text(ask, "category") != "linear" or mode not in _MODES:
            raise bad("params error: mode invalid")
        if text(ask, "symbol"):
            listing = self._contract(ask)
            settle = listing.settle
        else:
            settle = text(ask, "coin")
        if settle not in ("USDT", "USDC"):
            raise bad("params error: symbol or coin is required")
        if settle == "USDC" and _MODES[mode]:
            raise Failed(Code(110029, "Hedge mode is not available for this symbol"))
        if account.dual == _MODES[mode]:
            raise Failed(Code(110025, "Position mode is not modified"))
        if account.open_positions():
            raise Failed(Code(110024, "You have an existing position, so position mode cannot be switched"))
        if any(True for _ in account.perp_open()):
            raise Failed(Code(110028, "Open orders exist, so you cannot change position mode"))
        account.dual = _MODES[mode]
        return {}

    def _contract(self, ask: Ask) -> Listing:
        if text(ask, "category") != "linear":
            raise Failed(rules.NO_CATEGORY)
        listing = self._venue.named("perp", text(ask, "symbol"))
        if listing is None:
            raise bad("params error: symbol invalid")
        return listing


def _times(ask: Ask, name: str) -> int:
    """A leverage; parts of one are not modelled."""
    given = text(ask, name)
    head, _, tail = given.partition(".")
    if not (head.isascii() and head.isdecimal() and len(head) <= 4) or tail.strip("0"):
        raise bad(f"params error: {name} invalid")
    return int(head)
