"""An account as Bybit shows it: nearly the same objects in REST answers and in private topics. Numbers are texts.

``execFee`` is positive when paid. An average that there is none of is "". A position that is flat has side "".
"""

from __future__ import annotations

import zlib
from decimal import Decimal
from typing import Any

from arbtui.sim.accounts import ZERO, Account, Payment, Position, mark_of
from arbtui.sim.bybit import rules
from arbtui.sim.bybit.tables import CATEGORY
from arbtui.sim.desk import Desk
from arbtui.sim.figures import fine, plain
from arbtui.sim.orders import Fill, Held, Kind, Order, Origin
from arbtui.sim.words import StatusWords, status_word

SIDE = {"buy": "Buy", "sell": "Sell"}
HELD: dict[Held, int] = {"net": 0, "long": 1, "short": 2}
_TIF: dict[Kind, str] = {"limit": "GTC", "ioc": "IOC", "fok": "FOK", "post_only": "PostOnly", "market": "IOC"}
_CREATED: dict[Origin, str] = {
    "order": "CreateByUser",
    "hand": "CreateByUser",
    "adl": "CreateByAdl_PassThrough",
    "liquidation": "CreateByLiq",
    "settlement": "CreateBySettle",
}
_EXEC_TYPE: dict[Origin, str] = {
    "order": "Trade",
    "hand": "Trade",
    "adl": "AdlTrade",
    "liquidation": "BustTrade",
    "settlement": "Settle",
}
_STATUS = StatusWords("New", "PartiallyFilled", "Filled")


def status(desk: Desk, order: Order) -> str:
    """``orderStatus``; under ``unknown_status`` a word that nobody knows."""
    ended = "PartiallyFilledCanceled" if order.filled and order.listing.market == "spot" else "Cancelled"
    return status_word(desk, order, _STATUS) or ended


def _ended(order: Order) -> tuple[str, str]:
    """``cancelType`` and ``rejectReason``."""
    if order.live or order.status == "filled":
        return "UNKNOWN", "EC_NoError"
    if order.ended == "asked":
        return "CancelByUser", "EC_PerCancelRequest"
    if order.ended == "post_only":
        return "UNKNOWN", "EC_PostOnlyWillTakeLiquidity"
    if order.ended == "rest":
        return "UNKNOWN", "EC_CancelForNoFullFill" if order.kind == "fok" else "EC_NoImmediateQtyToFill"
    return "CancelByReduceOnly" if order.reduce_only else "CancelByAdmin", "EC_PerCancelRequest"


def order_row(desk: Desk, order: Order, *, new: bool = False) -> dict[str, Any]:
    """An order. ``new``: as it was when it was taken, before it filled."""
    listing, average, perp = order.listing, order.average, order.listing.market == "perp"
    left = 0 if not order.live and not new else order.left if not new else order.lots
    cancel_type, reason = ("UNKNOWN", "EC_NoError") if new else _ended(order)
    fee = ZERO if new else order.fee
    ccy = order.fills[0].fee_ccy if order.fills and not new else listing.settle
    row: dict[str, Any] = {
        "orderId": order.wire_id,
        "orderLinkId": order.client_id,
        "blockTradeId": "",
        "symbol": listing.native,
        "price": order.price if order.ticks is not None else "0" if perp else "",
        "qty": order.wire.get("qty", order.qty),
        "side": SIDE[order.side],
        "isLeverage": "" if perp else "0",
        "positionIdx": HELD[order.held],
        "orderStatus": "New" if new else status(desk, order),
        "cancelType": cancel_type,
        "rejectReason": reason,
        "avgPrice": "" if average is None or new else plain(average),
        "leavesQty": listing.size(left),
        "leavesValue": plain(left * listing.step * (order.ticks or 0) * listing.tick),
        "cumExecQty": listing.size(0) if new else order.filled_qty,
        "cumExecValue": "0" if new else plain(order.value),
        "cumExecFee": plain(fee),
        "cumFeeDetail": {ccy: plain(fee)} if order.fills and not new else {},
        "timeInForce": _TIF[order.kind],
        "orderType": "Market" if order.kind == "market" else "Limit",
        "stopOrderType": "",
        "orderIv": "",
        "marketUnit": order.wire.get("marketUnit", ""),
        "triggerPrice": "",
        "takeProfit": "",
        "stopLoss": "",
        "tpslMode": "",
        "tpTriggerBy": "",
        "slTriggerBy": "",
        "triggerDirection": 0,
        "triggerBy": "",
        "lastPriceOnCreated": "",
        "reduceOnly": order.reduce_only,
        "closeOnTrigger": False,
        "placeType": "",
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "createdTime": str(order.t_ms),
        "updatedTime": str(order.t_ms if new else order.updated_ms),
    }
    if perp:
        row["createType"] = _CREATED[order.origin]
    return row


def topic_order(desk: Desk, order: Order, *, new: bool) -> dict[str, Any]:
    """The same in the ``order`` topic."""
    more = {"category": CATEGORY[order.listing.market], "feeCurrency": "", "closedPnl": plain(order.realised)}
    return {**more, **order_row(desk, order, new=new)}


def fill_row(desk: Desk, fill: Fill) -> dict[str, Any]:
    order, listing = fill.order, fill.order.listing
    perp = listing.market == "perp"
    left = order.lots - sum(f.lots for f in order.fills if f.id <= fill.id)
    row: dict[str, Any] = {
        "symbol": listing.native,
        "orderId": order.wire_id,
        "orderLinkId": order.client_id,
        "side": SIDE[order.side],
        "orderPrice": order.price if order.ticks is not None else "0",
        "orderQty": order.qty,
        "leavesQty": listing.size(left),
        "orderType": "Market" if order.kind == "market" else "Limit",
        "stopOrderType": "UNKNOWN" if perp else "",
        "execFee": plain(fill.fee),
        "execId": fill.wire_id,
        "execPrice": fill.price,
        "execQty": fill.qty,
        "execType": _EXEC_TYPE[order.origin],
        "execValue": plain(fill.value),
        "execTime": str(fill.t_ms),
        "feeCurrency": fill.fee_ccy,
        "isMaker": fill.maker,
        "feeRate": plain(order.account.fee_rate(listing.market, maker=fill.maker)),
        "tradeIv": "",
        "markIv": "",
        "markPrice": listing.mark_price(desk.world.mark_of(listing)) if perp else "",
        "indexPrice": "",
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": "" if not perp else "0" if not fill.realised else fill.qty,
        "extraFees": "",
        "seq": fill.id,
    }
    if perp:
        row["createType"] = _CREATED[order.origin]
    return row


def topic_fill(desk: Desk, fill: Fill) -> dict[str, Any]:
    more = {"category": CATEGORY[fill.order.listing.market], "isLeverage": "0", "execPnl": plain(fill.realised)}
    return {**more, **fill_row(desk, fill)}


def payment_row(desk: Desk, payment: Payment) -> dict[str, Any]:
    """Funding in the list of executions: paid is positive."""
    listing = payment.listing
    long = not payment.qty.startswith("-")
    size = payment.qty.lstrip("-")
    mark = mark_of(desk.world, listing)
    return {
        "symbol": listing.native,
        "orderId": f"{payment.t_ms // 1000}-{listing.extra['id']}-{payment.id}",
        "orderLinkId": "",
        "side": "Sell" if long else "Buy",
        "orderPrice": "0",
        "orderQty": "0",
        "leavesQty": "0",
        "createType": "",
        "orderType": "UNKNOWN",
        "stopOrderType": "UNKNOWN",
        "execFee": plain(-payment.amount),
        "execId": rules.order_id("perp", payment.id),
        "execPrice": plain(mark),
        "execQty": size,
        "execType": "Funding",
        "execValue": plain(Decimal(size) * mark),
        "execTime": str(payment.t_ms),
        "feeCurrency": payment.ccy,
        "isMaker": False,
        "feeRate": plain(payment.rate if long else -payment.rate),
        "tradeIv": "",
        "markIv": "",
        "markPrice": plain(mark),
        "indexPrice": "",
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": "",
        "extraFees": "",
        "seq": payment.id,
    }


def log_row(account: Account, payment: Payment) -> dict[str, Any]:
    """Funding in the transaction log: received is positive."""
    size = payment.qty.lstrip("-")
    return {
        "id": f"{payment.listing.extra['id']}_{payment.id}",
        "symbol": payment.listing.native,
        "category": "linear",
        "side": "Sell" if payment.qty.startswith("-") else "Buy",
        "transactionTime": str(payment.t_ms),
        "type": "SETTLEMENT",
        "transSubType": "",
        "qty": size,
        "size": size,
        "currency": payment.ccy,
        "tradePrice": "",
        "funding": plain(payment.amount),
        "fee": "0",
        "cashFlow": "0",
        "change": plain(payment.amount),
        "cashBalance": plain(account.wallet("perp").get(payment.ccy, ZERO)),
        "feeRate": plain(payment.rate),
        "bonusChange": "",
        "tradeId": rules.order_id("perp", payment.id),
        "orderId": f"{payment.t_ms // 1000}-{payment.listing.extra['id']}-{payment.id}",
        "orderLinkId": "",
        "extraFees": "",
    }


def position_row(desk: Desk, account: Account, position: Position) -> dict[str, Any]:
    """A position; flat ones too."""
    world, listing = desk.world, position.listing
    flat = not position.lots
    profit, margin = account.profit(world, position), account.margin(world, position)
    notional = account.notional(world, position)
    line = None if flat else account.liquidation_price(world, position)
    return {
        "positionIdx": HELD[position.held],
        "riskId": 1,
        "riskLimitValue": "2000000",
        "symbol": listing.native,
        "side": "" if flat else "Buy" if position.lots > 0 else "Sell",
        "size": listing.size(abs(position.lots)),
        "avgPrice": "0" if flat else plain(position.entry),
        "positionValue": "" if flat else plain(abs(position.cost)),
        "tradeMode": 0,
        "autoAddMargin": 0,
        "positionStatus": "Normal",
        "leverage": str(account.leverage(listing)),
        "markPrice": listing.mark_price(world.mark_of(listing)),
        "liqPrice": "" if line is None else plain(line),
        "bustPrice": "",
        "positionIM": "" if flat else fine(margin),
        "positionMM": "" if flat else fine(notional * account.rules.maintenance),
        "positionBalance": "0" if flat else fine(margin),
        "takeProfit": "",
        "stopLoss": "",
        "trailingStop": "0",
        "sessionAvgPrice": "",
        "unrealisedPnl": "" if flat else fine(profit),
        "curRealisedPnl": plain(position.realised - position.fees + position.funding),
        "cumRealisedPnl": plain(position.realised - position.fees + position.funding),
        "adlRankIndicator": 0 if flat else 2,
        "isReduceOnly": False,
        "mmrSysUpdatedTime": "",
        "leverageSysUpdatedTime": "",
        "createdTime": str(position.opened_ms),
        "updatedTime": str(position.updated_ms),
        "seq": zlib.crc32(f"{listing.native}/{position.updated_ms}".encode()) if position.updated_ms else -1,
    }


def topic_position(desk: Desk, account: Account, position: Position) -> dict[str, Any]:
    """The same in the ``position`` topic, where ``avgPrice`` is called ``entryPrice``."""
    row = position_row(desk, account, position)
    entry = row.pop("avgPrice")
    return {"category": "linear", **row, "entryPrice": entry}


def coin_row(desk: Desk, account: Account, asset: str) -> dict[str, Any]:
    world = desk.world
    total, profit = account.wallet("perp").get(asset, ZERO), account.open_profit(world, asset)
    return {
        "coin": asset,
        "equity": fine(total + profit),
        "usdValue": fine((total + profit) * usd_of(desk, asset)),
        "walletBalance": plain(total),
        "locked": plain(account.held("unified", asset)),
        "spotHedgingQty": "0",
        "borrowAmount": "0",
        "availableToBorrow": "",
        "availableToWithdraw": "",
        "accruedInterest": "0",
        "totalOrderIM": fine(account.order_margin(asset)),
        "totalPositionIM": fine(account.position_margin(world, asset)),
        "totalPositionMM": fine(account.maintenance(world, asset)),
        "unrealisedPnl": fine(profit),
        "cumRealisedPnl": plain(_realised(account, asset)),
        "bonus": "0",
        "collateralSwitch": True,
        "marginCollateral": True,
        "spotBorrow": "0",
    }


def wallet_row(desk: Desk, account: Account, assets: list[str]) -> dict[str, Any]:
    """The account in dollars, and the coins of ``assets``."""
    world = desk.world

    def total(of: Any) -> Decimal:
        return sum((of(asset) * usd_of(desk, asset) for asset in account.wallets["unified"]), ZERO)

    balance = total(lambda asset: account.wallet("perp")[asset])
    profit = total(lambda asset: account.open_profit(world, asset))
    initial, least = (
        total(lambda asset: account.margin_used(world, asset)),
        total(lambda asset: account.maintenance(world, asset)),
    )
    equity = balance + profit
    return {
        "accountType": "UNIFIED",
        "accountLTV": "0",
        "accountIMRate": fine(initial / equity) if equity else "0",
        "accountMMRate": fine(least / equity) if equity else "0",
        "totalEquity": fine(equity),
        "totalWalletBalance": fine(balance),
        "totalMarginBalance": fine(equity),
        "totalAvailableBalance": fine(equity - initial),
        "totalPerpUPL": fine(profit),
        "totalInitialMargin": fine(initial),
        "totalMaintenanceMargin": fine(least),
        "coin": [coin_row(desk, account, asset) for asset in assets],
    }


def usd_of(desk: Desk, asset: str) -> Decimal:
    """Dollars for one of ``asset``, by the last price of its USDT pair; 0 where it has none."""
    if asset in ("USDT", "USDC"):
        return Decimal(1)
    pair = desk.world.by_key.get(f"bybit.spot.{asset}USDT")
    return ZERO if pair is None else pair.last * pair.tick


def _realised(account: Account, asset: str) -> Decimal:
    mine = (p for p in account.positions.values() if p.listing.settle == asset)
    return sum((p.realised - p.fees + p.funding for p in mine), ZERO)
