"""Balances, positions, fees and settings of Binance accounts."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from arbtui.sim.accounts import ZERO, Account, Position
from arbtui.sim.binance import private_rows as rows
from arbtui.sim.binance.params import Params, whole
from arbtui.sim.binance.rest import Refused
from arbtui.sim.desk import Desk
from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Held

if TYPE_CHECKING:
    from arbtui.sim.binance.private_orders import Table
    from arbtui.sim.binance.venue import Binance


class AccountAnswers:
    """Answers by path. Each takes the account and its parameters as texts."""

    def __init__(self, venue: Binance, desk: Desk) -> None:
        self._venue = venue
        self._desk = desk

    def table(self) -> Table:
        perp: dict[tuple[str, str], tuple[int, Callable[[Account, Params], Any]]] = {
            ("GET", "/fapi/v3/positionRisk"): (5, self._positions),
            ("GET", "/fapi/v2/positionRisk"): (5, self._positions_v2),
            ("GET", "/fapi/v1/adlQuantile"): (5, self._adl),
            ("GET", "/fapi/v3/balance"): (5, self._balances),
            ("GET", "/fapi/v2/balance"): (5, self._balances),
            ("GET", "/fapi/v3/account"): (5, self._account),
            ("GET", "/fapi/v2/account"): (5, self._account_v2),
            ("GET", "/fapi/v1/accountConfig"): (5, self._config),
            ("GET", "/fapi/v1/symbolConfig"): (5, self._symbol_config),
            ("GET", "/fapi/v1/commissionRate"): (20, self._perp_fees),
            ("GET", "/fapi/v1/leverageBracket"): (1, self._brackets),
            ("GET", "/fapi/v1/positionSide/dual"): (30, lambda account, params: {"dualSidePosition": account.dual}),
            ("POST", "/fapi/v1/positionSide/dual"): (1, self._set_dual),
            ("GET", "/fapi/v1/multiAssetsMargin"): (30, lambda account, params: {"multiAssetsMargin": False}),
            ("POST", "/fapi/v1/multiAssetsMargin"): (1, self._set_multi),
            ("POST", "/fapi/v1/leverage"): (1, self._set_leverage),
            ("POST", "/fapi/v1/marginType"): (1, self._set_margin_type),
            ("GET", "/fapi/v1/income"): (30, self._income),
        }
        spot: dict[tuple[str, str], tuple[int, Callable[[Account, Params], Any]]] = {
            ("GET", "/api/v3/account"): (20, self._spot_account),
            ("GET", "/api/v3/account/commission"): (20, self._commission),
            ("GET", "/sapi/v1/asset/tradeFee"): (1, self._trade_fees),
            ("GET", "/sapi/v1/account/apiRestrictions"): (1, self._restrictions),
            ("GET", "/sapi/v1/capital/config/getall"): (10, self._currencies),
        }
        return {
            **{key: ("perp", weight, answer) for key, (weight, answer) in perp.items()},
            **{key: ("spot", weight, answer) for key, (weight, answer) in spot.items()},
        }

    # -- USD-M ---------------------------------------------------------------------------------------------------

    def _positions(self, account: Account, params: Params) -> Any:
        """Those that are not flat or have open orders."""
        listing = self._listing("perp", params) if "symbol" in params else None
        if self._desk.act("positions_empty", "perp", params.get("symbol")):
            return []
        ordered = {(o.listing, o.held): None for o in account.perp_open()}
        found = {(p.listing, p.held): p for p in account.open_positions()}
        for place, held in ordered:
            found.setdefault((place, held), Position(place, held))
        chosen = [p for p in found.values() if listing in (None, p.listing)]
        return [rows.position_risk(self._desk, account, p) for p in chosen]

    def _positions_v2(self, account: Account, params: Params) -> Any:
        """Every symbol, flat ones too, with leverage and margin type."""
        chosen = [self._listing("perp", params)] if "symbol" in params else self._venue.listings("perp")
        sides: tuple[Held, ...] = ("net", "long", "short") if account.dual else ("net",)
        found = []
        for listing in chosen:
            for held in sides:
                position = account.positions.get((listing, held)) or Position(listing, held)
                row = rows.position_risk(self._desk, account, position)
                more = {"leverage": str(account.leverage(listing)), "marginType": "cross"}
                found.append({**row, **more, "maxNotionalValue": "1000000", "isAutoAddMargin": "false"})
        return found

    def _adl(self, account: Account, params: Params) -> Any:
        listing = self._listing("perp", params) if "symbol" in params else None
        found: dict[str, dict[str, int]] = {}
        for position in account.open_positions():
            if listing in (None, position.listing):
                ranks = found.setdefault(position.listing.native, {"LONG": 0, "SHORT": 0, "BOTH": 0})
                ranks[rows.SIDE[position.held]] = rows.adl(account, self._desk, position)
        return [{"symbol": symbol, "adlQuantile": ranks} for symbol, ranks in found.items()]

    def _balances(self, account: Account, params: Params) -> Any:
        found = []
        for asset in account.wallet("perp"):
            row = rows.perp_asset(self._desk, account, asset)
            found.append(
                {
                    "accountAlias": "SgsR",
                    "asset": asset,
                    "balance": row["walletBalance"],
                    "crossWalletBalance": row["crossWalletBalance"],
                    "crossUnPnl": row["crossUnPnl"],
                    "availableBalance": row["availableBalance"],
                    "maxWithdrawAmount": row["maxWithdrawAmount"],
                    "marginAvailable": True,
                    "updateTime": row["updateTime"],
                }
            )
        return found

    def _account(self, account: Account, params: Params) -> Any:
        assets = [rows.perp_asset(self._desk, account, asset) for asset in account.wallet("perp")]
        totals = {
            "totalInitialMargin": "initialMargin",
            "totalMaintMargin": "maintMargin",
            "totalWalletBalance": "walletBalance",
            "totalUnrealizedProfit": "unrealizedProfit",
            "totalMarginBalance": "marginBalance",
            "totalPositionInitialMargin": "positionInitialMargin",
            "totalOpenOrderInitialMargin": "openOrderInitialMargin",
            "totalCrossWalletBalance": "crossWalletBalance",
            "totalCrossUnPnl": "crossUnPnl",
            "availableBalance": "availableBalance",
            "maxWithdrawAmount": "maxWithdrawAmount",
        }
        sums = {name: rows.eight(sum((Decimal(row[key]) for row in assets), ZERO)) for name, key in totals.items()}
        positions = [self._account_position(account, p) for p in account.open_positions()]
        return {**sums, "assets": assets, "positions": positions}

    def _account_position(self, account: Account, position: Position) -> dict[str, Any]:
        row = rows.position_risk(self._desk, account, position)
        return {
            "symbol": row["symbol"],
            "positionSide": row["positionSide"],
            "positionAmt": row["positionAmt"],
            "unrealizedProfit": row["unRealizedProfit"],
            "isolatedMargin": "0",
            "notional": row["notional"],
            "isolatedWallet": "0",
            "initialMargin": row["initialMargin"],
            "maintMargin": row["maintMargin"],
            "updateTime": row["updateTime"],
        }

    def _account_v2(self, account: Account, params: Params) -> Any:
        found = self._account(account, params)
        config = self._config(account, params)
        for position in found["positions"]:
            listing = self._venue.find("perp", position["symbol"])
            assert listing is not None
            held = account.positions[listing, _HELD_OF[position["positionSide"]]]
            position |= {
                "leverage": str(account.leverage(listing)),
                "isolated": False,
                "entryPrice": format(held.entry, "f"),
                "positionInitialMargin": position["initialMargin"],
            }
        return {**config, **found}

    def _config(self, account: Account, params: Params) -> Any:
        return {
            "feeTier": 0,
            "canTrade": account.can_trade,
            "canDeposit": True,
            "canWithdraw": False,
            "dualSidePosition": account.dual,
            "updateTime": 0,
            "multiAssetsMargin": False,
            "tradeGroupId": -1,
        }

    def _symbol_config(self, account: Account, params: Params) -> Any:
        chosen = [self._listing("perp", params)] if "symbol" in params else self._venue.listings("perp")
        return [
            {
                "symbol": listing.native,
                "marginType": "CROSSED",
                "isAutoAddMargin": False,
                "leverage": account.leverage(listing),
                "maxNotionalValue": "1000000",
            }
            for listing in chosen
        ]

    def _perp_fees(self, account: Account, params: Params) -> Any:
        listing = self._listing("perp", params)
        maker, taker = account.fees["perp"]
        return {
            "symbol": listing.native,
            "makerCommissionRate": format(maker, "f"),
            "takerCommissionRate": format(taker, "f"),
            "rpiCommissionRate": "0.00005",
        }

    def _brackets(self, account: Account, params: Params) -> Any:
        chosen = [self._listing("perp", params)] if "symbol" in params else self._venue.listings("perp")
        rules = account.rules
        bracket = {
            "bracket": 1,
            "initialLeverage": rules.max_leverage,
            "notionalCap": 1_000_000_000,
            "notionalFloor": 0,
            "maintMarginRatio": float(rules.maintenance),
            "cum": 0.0,
        }
        return [{"symbol": listing.native, "notionalCoef": 1.0, "brackets": [bracket]} for listing in chosen]

    def _set_dual(self, account: Account, params: Params) -> Any:
        dual = params.get("dualSidePosition", "").lower() == "true"
        if dual is account.dual:
            raise Refused(400, -4059, "No need to change position side.")
        if any(True for _ in account.perp_open()):
            raise Refused(400, -4067, "Position side cannot be changed if there exists open orders.")
        if account.open_positions():
            raise Refused(400, -4068, "Position side cannot be changed if there exists position.")
        account.dual = dual
        return {"code": 200, "msg": "success"}

    def _set_multi(self, account: Account, params: Params) -> Any:
        if params.get("multiAssetsMargin", "").lower() != "true":
            raise Refused(400, -4171, "No need to change multi-assets mode.")
        raise Refused(400, -4170, "Multi-assets mode is not offered here.")

    def _set_leverage(self, account: Account, params: Params) -> Any:
        listing = self._listing("perp", params)
        text = params.get("leverage", "")
        if not text.isdecimal() or not 1 <= int(text) <= account.rules.max_leverage:
            raise Refused(400, -4028, f"Leverage {text} is not valid")
        times = int(text)
        if fault := self._desk.act("leverage_cap", "perp", listing.native):
            times = min(times, int(fault.number))
        account.leverages[listing] = times
        return {"leverage": times, "maxNotionalValue": "1000000", "symbol": listing.native}

    def _set_margin_type(self, account: Account, params: Params) -> Any:
        """Only cross margin is modelled; isolated is refused rather than pretended."""
        self._listing("perp", params)
        if params.get("marginType") != "ISOLATED":
            raise Refused(400, -4046, "No need to change margin type.")
        raise Refused(400, -4047, "Margin type cannot be changed if there exists open orders.")

    def _income(self, account: Account, params: Params) -> Any:
        """Funding, commissions and realised profit, oldest first."""
        found: list[dict[str, Any]] = [
            _income_row("FUNDING_FEE", p.listing, p.amount, p.ccy, p.t_ms, p.id, "") for p in account.payments
        ]
        for fill in account.ledgers["perp"].fills:
            listing = fill.order.listing
            found.append(_income_row("COMMISSION", listing, -fill.fee, fill.fee_ccy, fill.t_ms, fill.id, str(fill.id)))
            if fill.realised:
                row = _income_row(
                    "REALIZED_PNL", listing, fill.realised, listing.settle, fill.t_ms, fill.id, str(fill.id)
                )
                found.append(row)
        for key, name in (("symbol", "symbol"), ("incomeType", "incomeType")):
            if key in params:
                found = [row for row in found if row[name] == params[key]]
        since, until = whole(params, "startTime", 0), whole(params, "endTime", 1 << 62)
        found = sorted((row for row in found if since <= row["time"] <= until), key=lambda row: int(row["time"]))
        most = min(whole(params, "limit", 100), 1000)
        page = max(1, whole(params, "page", 1))
        return found[(page - 1) * most : page * most]

    # -- spot ----------------------------------------------------------------------------------------------------

    def _spot_account(self, account: Account, params: Params) -> Any:
        maker, taker = account.fees["spot"]
        balances = []
        for asset, total in account.wallet("spot").items():
            free, held = rows.spot_balance(account, asset)
            if total or params.get("omitZeroBalances") != "true":
                balances.append({"asset": asset, "free": free, "locked": held})
        return {
            "makerCommission": int(maker * 10_000),
            "takerCommission": int(taker * 10_000),
            "buyerCommission": 0,
            "sellerCommission": 0,
            "commissionRates": {
                "maker": rows.eight(maker),
                "taker": rows.eight(taker),
                "buyer": _ZERO,
                "seller": _ZERO,
            },
            "canTrade": account.can_trade,
            "canWithdraw": False,
            "canDeposit": True,
            "brokered": False,
            "requireSelfTradePrevention": False,
            "preventSor": False,
            "updateTime": self._desk.now_ms("spot"),
            "accountType": "SPOT",
            "balances": balances,
            "permissions": ["SPOT"],
            "uid": account.uid,
        }

    def _commission(self, account: Account, params: Params) -> Any:
        listing = self._listing("spot", params)
        maker, taker = account.fees["spot"]
        none = {"maker": _ZERO, "taker": _ZERO, "buyer": _ZERO, "seller": _ZERO}
        return {
            "symbol": listing.native,
            "standardCommission": {**none, "maker": rows.eight(maker), "taker": rows.eight(taker)},
            "specialCommission": none,
            "taxCommission": none,
            "discount": {
                "enabledForAccount": False,
                "enabledForSymbol": False,
                "discountAsset": "BNB",
                "discount": "0.75000000",
            },
        }

    def _trade_fees(self, account: Account, params: Params) -> Any:
        chosen = [self._listing("spot", params)] if "symbol" in params else self._venue.listings("spot")
        maker, taker = (format(rate, "f") for rate in account.fees["spot"])
        return [{"symbol": x.native, "makerCommission": maker, "takerCommission": taker} for x in chosen]

    def _restrictions(self, account: Account, params: Params) -> Any:
        return {
            "ipRestrict": bool(account.ips),
            "createTime": self._venue.world.start_ns // 1_000_000,
            "enableReading": True,
            "enableWithdrawals": account.can_withdraw,
            "enableInternalTransfer": False,
            "enableMargin": False,
            "enableFutures": account.can_trade,
            "permitsUniversalTransfer": False,
            "enableVanillaOptions": False,
            "enableSpotAndMarginTrading": account.can_trade,
            "enablePortfolioMarginTrading": False,
            **self._trading_ends(account),
        }

    def _trading_ends(self, account: Account) -> dict[str, int]:
        """Told of keys whose right to trade ends."""
        if account.key_days is None:
            return {}
        now_ms = self._venue.rest.now_ms("spot")
        return {"tradingAuthorityExpirationTime": now_ms + account.key_days * _DAY_MS + _DAY_MS // 2}

    def _currencies(self, account: Account, params: Params) -> Any:
        return []

    def _listing(self, market: Market, params: Params) -> Listing:
        listing = self._venue.find(market, params.get("symbol", ""))
        if listing is None:
            raise Refused(400, -1121, "Invalid symbol.")
        return listing


_ZERO = "0.00000000"
_DAY_MS = 86_400_000
_HELD_OF: dict[str, Held] = {"BOTH": "net", "LONG": "long", "SHORT": "short"}


def _income_row(
    kind: str, listing: Listing, amount: Decimal, ccy: str, t_ms: int, number: int, trade: str
) -> dict[str, Any]:
    return {
        "symbol": listing.native,
        "incomeType": kind,
        "income": rows.eight(amount),
        "asset": ccy,
        "time": t_ms,
        "info": kind if kind == "FUNDING_FEE" else trade,
        "tranId": number,
        "tradeId": trade,
    }
