"""A classic account as Bitget shows it: contracts and spot differ in names, REST and sockets nearly in nothing else.

What a fee costs is negative. In hedge mode ``side`` is the side of the position (closing a long is ``buy`` and
``close``); in one-way mode it is that of the order. Spot tells fees of an order as a text of JSON, and in its list of
open orders calls the limit ``priceAvg`` and the average ``basePrice``.
"""

from __future__ import annotations

from typing import Any

import orjson

from arbtui.sim.accounts import ZERO, Account, Payment, Position
from arbtui.sim.bitget import private_rows as unified
from arbtui.sim.bitget.private_rows import client_id
from arbtui.sim.desk import Desk
from arbtui.sim.figures import fine, plain
from arbtui.sim.orders import Fill, Order, Origin

_TRADED: dict[Origin, str] = {"adl": "dte_sys_adl_", "liquidation": "burst_", "settlement": "delivery_"}


def status(desk: Desk, order: Order, *, new: bool = False) -> str:
    """Of an order; contracts write the end with one l, spot with two."""
    if new:
        return "live"
    word = unified.status(desk, order)
    return "canceled" if word == "cancelled" and order.listing.market == "perp" else word


def side(order: Order) -> str:
    if order.held == "net":
        return order.side
    return "buy" if order.held == "long" else "sell"


def trade_side(order: Order) -> str:
    """Which way, and where the venue itself traded, why."""
    why = _TRADED.get(order.origin, "")
    if order.held != "net":
        return f"{why}close_{order.held}" if why else unified.trade_side(order)
    if order.origin == "adl":
        return f"{why}{order.side}_in_single_side_mode"
    return f"{why}{order.side}_single"


def _size(order: Order) -> str:
    return str(order.wire.get("amount", order.qty))


def _average(order: Order, none: str) -> str:
    return none if order.average is None else plain(order.average)


def _fee(order: Order) -> str:
    return plain(-order.fee) if order.fills else ""


# -- contracts ---------------------------------------------------------------------------------------------------------


def mix_order(desk: Desk, order: Order, *, alone: bool = False) -> dict[str, Any]:
    """By REST; ``alone``: the status of one order is called ``state``."""
    return {
        "symbol": order.listing.native,
        "size": order.qty,
        "orderId": order.wire_id,
        "clientOid": client_id(order),
        "baseVolume": order.filled_qty,
        "quoteVolume": plain(order.value),
        "fee": _fee(order),
        "price": order.price if order.ticks is not None else "",
        "priceAvg": _average(order, ""),
        "state" if alone else "status": status(desk, order),
        "side": side(order),
        "force": unified.TIF[order.kind],
        "totalProfits": plain(order.realised),
        "posSide": order.held,
        "marginCoin": order.listing.settle,
        "leverage": str(order.account.leverage(order.listing)),
        "marginMode": "crossed",
        "reduceOnly": "YES" if order.reduce_only else "NO",
        "enterPointSource": "API",
        "tradeSide": trade_side(order),
        "posMode": unified.mode(order.account),
        "orderType": "market" if order.kind == "market" else "limit",
        "orderSource": "market" if order.kind == "market" else "normal",
        "cancelReason": "normal_cancel" if order.status not in ("open", "filled") else "",
        "presetStopSurplusPrice": "",
        "presetStopLossPrice": "",
        "cTime": str(order.t_ms),
        "uTime": str(order.updated_ms),
    }


def mix_fill(fill: Fill) -> dict[str, Any]:
    """By REST, and in the channel ``fill``."""
    order = fill.order
    return {
        "tradeId": fill.wire_id,
        "symbol": order.listing.native,
        "orderId": order.wire_id,
        "clientOid": client_id(order),
        "price": fill.price,
        "baseVolume": fill.qty,
        "feeDetail": [_fee_detail(fill)],
        "side": side(order),
        "orderType": "market" if order.kind == "market" else "limit",
        "quoteVolume": plain(fill.value),
        "profit": plain(fill.realised),
        "enterPointSource": "api",
        "tradeSide": trade_side(order),
        "posMode": unified.mode(order.account),
        "tradeScope": "maker" if fill.maker else "taker",
        "cTime": str(fill.t_ms),
        "uTime": str(fill.t_ms),
    }


def _fee_detail(fill: Fill) -> dict[str, str]:
    return {"deduction": "no", "feeCoin": fill.fee_ccy, "totalDeductionFee": "0", "totalFee": plain(-fill.fee)}


def position(desk: Desk, account: Account, held: Position, *, pushed: bool = False) -> dict[str, Any]:
    """An open position."""
    row = unified.position_row(desk, account, held)
    ratio = account.maintenance(desk.world, held.listing.settle) / account.equity(desk.world, held.listing.settle)
    named = {"instId": row["symbol"], "posId": str(held.listing.salt)} if pushed else {"symbol": row["symbol"]}
    bound = {"frozen": row["frozen"]} if pushed else {"locked": row["frozen"], "openDelegateSize": "0"}
    return {
        **named,
        **bound,
        "marginCoin": row["marginCoin"],
        "holdSide": row["posSide"],
        "marginSize": row["positionBalance"],
        "available": row["available"],
        "total": row["total"],
        "leverage": int(row["leverage"]) if pushed else row["leverage"],
        "achievedProfits": row["curRealisedPnl"],
        "openPriceAvg": row["avgPrice"],
        "marginMode": "crossed",
        "posMode": row["holdMode"],
        "unrealizedPL": row["unrealisedPnl"],
        "unrealizedPLR": row["profitRate"],
        "liquidationPrice": row["liquidationPrice"],
        "keepMarginRate": row["mmr"],
        "markPrice": row["markPrice"],
        "breakEvenPrice": row["breakEvenPrice"],
        "totalFee": row["totalFunding"],
        "deductedFee": row["openFeeTotal"].removeprefix("-"),
        "marginRate" if pushed else "marginRatio": fine(ratio),
        "assetMode": "single",
        "cTime": row["createdTime"],
        "uTime": row["updatedTime"],
    }


def mix_account(desk: Desk, account: Account, coin: str) -> dict[str, str]:
    """The futures wallet's part in one coin."""
    world = desk.world
    equity, free = account.equity(world, coin), fine(account.free(world, "perp", coin))
    ratio = account.maintenance(world, coin) / equity if equity else ZERO
    return {
        "marginCoin": coin,
        "locked": "0",
        "available": fine(account.wallet("perp").get(coin, ZERO)),
        "crossedMaxAvailable": free,
        "isolatedMaxAvailable": free,
        "maxTransferOut": free,
        "accountEquity": fine(equity),
        "usdtEquity": fine(equity * unified.usd_of(desk, coin)),
        "btcEquity": "",
        "crossedRiskRate": fine(ratio),
        "unrealizedPL": fine(account.open_profit(world, coin)),
        "coupon": "0",
        "assetMode": "single",
    }


def pushed_account(desk: Desk, account: Account, coin: str) -> dict[str, str]:
    """The same in the channel ``account``."""
    row = mix_account(desk, account, coin)
    kept = ("marginCoin", "available", "maxTransferOut", "usdtEquity", "crossedRiskRate", "unrealizedPL")
    return {
        **{key: row[key] for key in kept},
        "frozen": "0",
        "maxOpenPosAvailable": row["crossedMaxAvailable"],
        "equity": row["accountEquity"],
        "assetsMode": "single",
    }


def bill(account: Account, payment: Payment) -> dict[str, str]:
    """Funding: received is positive."""
    return {
        "billId": str(payment.id),
        "symbol": payment.listing.native,
        "amount": plain(payment.amount),
        "fee": "0",
        "feeByCoupon": "",
        "businessType": "contract_settle_fee",
        "coin": payment.ccy,
        "balance": plain(account.wallet("perp").get(payment.ccy, ZERO)),
        "cTime": str(payment.t_ms),
    }


# -- spot --------------------------------------------------------------------------------------------------------------


def _spot_common(desk: Desk, order: Order) -> dict[str, Any]:
    return {
        "userId": str(order.account.uid),
        "symbol": order.listing.native,
        "orderId": order.wire_id,
        "clientOid": client_id(order),
        "size": _size(order),
        "orderType": "market" if order.kind == "market" else "limit",
        "side": order.side,
        "status": status(desk, order),
        "baseVolume": order.filled_qty,
        "quoteVolume": plain(order.value),
        "enterPointSource": "API",
        "cTime": str(order.t_ms),
        "uTime": str(order.updated_ms),
    }


def spot_order(desk: Desk, order: Order) -> dict[str, Any]:
    """One order, or one that is done."""
    fees: dict[str, Any] = {"newFees": {"c": 0, "d": 0, "deduction": False, "r": 0, "t": float(-order.fee)}}
    if order.fills:
        coin = order.fills[0].fee_ccy
        fees[coin] = {"deduction": False, "feeCoinCode": coin, "totalDeductionFee": 0, "totalFee": float(-order.fee)}
    return {
        **_spot_common(desk, order),
        "price": order.price if order.ticks is not None else "0",
        "priceAvg": _average(order, "0"),
        "feeDetail": orjson.dumps(fees).decode() if order.fills else "",
        "orderSource": "market" if order.kind == "market" else "normal",
        "cancelReason": "normal_cancel" if order.status not in ("open", "filled") else "",
    }


def spot_open(desk: Desk, order: Order) -> dict[str, Any]:
    """An open order in the list of those."""
    more = {"basePrice": _average(order, "0"), "tpslType": "normal", "triggerPrice": None}
    return {**_spot_common(desk, order), "priceAvg": order.price, **more}


def spot_fill(fill: Fill, *, pushed: bool = False) -> dict[str, Any]:
    order = fill.order
    return {
        "userId": str(order.account.uid),
        "symbol": order.listing.native,
        "orderId": order.wire_id,
        "tradeId": fill.wire_id,
        "orderType": "market" if order.kind == "market" else "limit",
        "side": order.side,
        "priceAvg": fill.price,
        "size": fill.qty,
        "amount": plain(fill.value),
        "feeDetail": [_fee_detail(fill)] if pushed else _fee_detail(fill),
        "tradeScope": "maker" if fill.maker else "taker",
        "cTime": str(fill.t_ms),
        "uTime": str(fill.t_ms),
    }


def spot_coin(desk: Desk, account: Account, coin: str) -> dict[str, str]:
    total, held = account.wallet("spot").get(coin, ZERO), account.held("spot", coin)
    return {
        "coin": coin,
        "available": plain(total - held),
        "frozen": plain(held),
        "locked": "0",
        "limitAvailable": "0",
        "uTime": str(desk.now_ms("spot")),
    }


# -- the channel ``orders`` --------------------------------------------------------------------------------------------


def pushed_order(desk: Desk, order: Order, fill: Fill | None, *, new: bool) -> dict[str, Any]:
    """An order, and the fill of which it is told."""
    perp = order.listing.market == "perp"
    row: dict[str, Any] = {
        "instId": order.listing.native,
        "orderId": order.wire_id,
        "clientOid": client_id(order),
        "size": _size(order),
        "orderType": "market" if order.kind == "market" else "limit",
        "force": unified.TIF[order.kind],
        "side": side(order),
        "accBaseVolume": order.listing.size(0) if new else order.filled_qty,
        "priceAvg": "0" if new else _average(order, "0"),
        "status": status(desk, order, new=new),
        "cTime": str(order.t_ms),
        "uTime": str(order.t_ms if new else order.updated_ms),
        "stpMode": "none",
        "enterPointSource": "API",
        "feeDetail": [{"feeCoin": order.listing.settle, "fee": "0"}],
    }
    if not new and order.fills:
        row["feeDetail"] = [{"feeCoin": order.fills[0].fee_ccy, "fee": _fee(order)}]
    price = order.price if order.ticks is not None else "0"
    if perp:
        row |= {
            "price": price,
            "leverage": str(order.account.leverage(order.listing)),
            "marginCoin": order.listing.settle,
            "marginMode": "crossed",
            "posMode": unified.mode(order.account),
            "posSide": order.held,
            "reduceOnly": "yes" if order.reduce_only else "no",
            "tradeSide": trade_side(order),
            "totalProfits": "0" if new else plain(order.realised),
            "cancelReason": "normal_cancel" if not new and order.status == "canceled" else "",
        }
    else:
        row |= {"price": price, "notional": _size(order)} if order.ticks is None else {"price": price}
    if fill is not None:
        row |= {
            "fillPrice": fill.price,
            "tradeId": fill.wire_id,
            "baseVolume": fill.qty,
            "fillTime": str(fill.t_ms),
            "fillFee": plain(-fill.fee),
            "fillFeeCoin": fill.fee_ccy,
            "tradeScope": "M" if fill.maker else "T",
        }
    return row
