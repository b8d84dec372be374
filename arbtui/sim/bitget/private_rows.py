"""A unified account as Bitget shows it, by REST and in its topics. Numbers are texts without trailing zeros.

A fee is positive when paid; what an order paid yet has no currency before its first fill. REST writes ``category`` in
capitals, the topic ``order`` does not, the topic ``fill`` does. A position is ``long`` or ``short`` with an unsigned
size; orders of a one-way account are on neither side (``net``). ``curRealisedPnl`` has no fees in it, and all fees of a
position stand in ``openFeeTotal``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from arbtui.sim.accounts import ZERO, Account, Payment, Position
from arbtui.sim.desk import Desk
from arbtui.sim.figures import fine, plain
from arbtui.sim.orders import Fill, Held, Kind, Order, Origin
from arbtui.sim.words import StatusWords, status_word

TIF: dict[Kind, str] = {"limit": "gtc", "ioc": "ioc", "fok": "fok", "post_only": "post_only", "market": "gtc"}
_EXEC_TYPE: dict[Origin, str] = {
    "order": "normal",
    "hand": "normal",
    "adl": "reduce",
    "liquidation": "liquidation",
    "settlement": "delivery",
}
_STATUS = StatusWords("live", "partially_filled", "filled")
_DELEGATE_TYPE: dict[Origin, str] = {"liquidation": "liquidation", "settlement": "off_close"}
_PRESETS = ("takeProfit", "stopLoss", "tpTriggerBy", "slTriggerBy", "tpOrderType", "slOrderType", "tpLimitPrice",
            "slLimitPrice")  # fmt: skip


def mode(account: Account) -> str:
    """``holdMode``."""
    return "hedge_mode" if account.dual else "one_way_mode"


def status(desk: Desk, order: Order) -> str:
    """Of an order; under ``unknown_status`` a word that nobody knows."""
    return status_word(desk, order, _STATUS) or "cancelled"


def client_id(order: Order) -> str:
    """``clientOid``: Bitget gives one to orders that came without."""
    return order.client_id or order.wire_id


def trade_side(order: Order) -> str:
    """Whether an order opens or closes; a one-way account is told so by ``reduceOnly`` alone."""
    closes = order.reduce_only or (order.held, order.side) in (("long", "sell"), ("short", "buy"))
    return "close" if closes else "open"


def _fees(order: Order, *, new: bool) -> list[dict[str, str | None]]:
    if new or not order.fills:
        return [{"feeCoin": None, "fee": None}]
    return [{"feeCoin": order.fills[0].fee_ccy, "fee": plain(order.fee)}]


def _common(desk: Desk, order: Order, *, new: bool) -> dict[str, Any]:
    """What an order has by REST and in the topic; ``new``: as it was when it was taken, before it filled."""
    average = None if new else order.average
    perp = order.listing.market == "perp"
    ended = not new and order.status not in ("open", "filled")
    return {
        "orderId": order.wire_id,
        "clientOid": client_id(order),
        "symbol": order.listing.native,
        "orderType": "market" if order.kind == "market" else "limit",
        "side": order.side,
        "price": order.price if order.ticks is not None else "0",
        "qty": "0" if "amount" in order.wire else order.qty,
        "amount": order.wire.get("amount", "0"),
        "cumExecQty": order.listing.size(0) if new else order.filled_qty,
        "cumExecValue": "0" if new else plain(order.value),
        "avgPrice": "0" if average is None else plain(average),
        "timeInForce": TIF[order.kind],
        "orderStatus": "live" if new else status(desk, order),
        "holdMode": mode(order.account) if perp else "",
        "tradeSide": trade_side(order),
        "marginMode": "crossed",
        "stpMode": "none",
        "feeDetail": _fees(order, new=new),
        "cancelReason": "normal_cancel" if ended else "",
        "createdTime": str(order.t_ms),
        "updatedTime": str(order.t_ms if new else order.updated_ms),
    }


def order_row(desk: Desk, order: Order) -> dict[str, Any]:
    """By REST."""
    perp = order.listing.market == "perp"
    return {
        **_common(desk, order, new=False),
        "category": order.listing.extra["product"],
        "posSide": order.held if perp else "",
        "reduceOnly": "YES" if order.reduce_only else "NO",
        "delegateType": _DELEGATE_TYPE.get(order.origin, "normal"),
        "execType": _EXEC_TYPE[order.origin],
        **dict.fromkeys(_PRESETS, ""),
    }


def topic_order(desk: Desk, order: Order, *, new: bool) -> dict[str, Any]:
    """In the topic ``order``."""
    perp = order.listing.market == "perp"
    return {
        **_common(desk, order, new=new),
        "category": order.listing.extra["product"].lower(),
        "price": order.price if order.ticks is not None else "",
        "holdSide": order.held if perp else "",
        "reduceOnly": "yes" if order.reduce_only else "no",
        "marginCoin": order.listing.settle if perp else "",
        "leverage": str(order.account.leverage(order.listing)) if perp else "",
        "totalProfit": "0" if new else plain(order.realised),
        "delegateType": _DELEGATE_TYPE.get(order.origin, "normal"),
    }


def fill_row(fill: Fill) -> dict[str, Any]:
    """By REST."""
    return {**_executed(fill), "createdTime": str(fill.t_ms), "posSide": _side_of(fill)}


def topic_fill(fill: Fill) -> dict[str, Any]:
    """In the topic ``fill``."""
    return {**_executed(fill), "execTime": str(fill.t_ms), "holdSide": _side_of(fill)}


def topic_fast_fill(fill: Fill) -> dict[str, Any]:
    """In the topic ``fast-fill``: what is known before fees are."""
    row = topic_fill(fill)
    kept = ("symbol", "updatedTime", "side", "orderId", "execTime", "tradeScope", "execId", "execPrice", "holdSide")
    return {
        **{key: row[key] for key in (*kept, "execQty", "clientOid")},
        "category": fill.order.listing.extra["product"].lower(),
    }


def _side_of(fill: Fill) -> str:
    return fill.order.held if fill.order.listing.market == "perp" else ""


def _executed(fill: Fill) -> dict[str, Any]:
    order = fill.order
    return {
        "execId": fill.wire_id,
        "execLinkId": fill.wire_id,
        "orderId": order.wire_id,
        "clientOid": client_id(order),
        "category": order.listing.extra["product"],
        "symbol": order.listing.native,
        "orderType": "market" if order.kind == "market" else "limit",
        "side": order.side,
        "execPrice": fill.price,
        "execQty": fill.qty,
        "execValue": plain(fill.value),
        "tradeScope": "maker" if fill.maker else "taker",
        "tradeSide": trade_side(order),
        "feeDetail": [{"feeCoin": fill.fee_ccy, "fee": plain(fill.fee)}],
        "updatedTime": str(fill.t_ms),
        "execPnl": plain(fill.realised),
        "isRPI": "no",
    }


def payment_row(account: Account, payment: Payment) -> dict[str, Any]:
    """Funding among the financial records: received is positive."""
    received = payment.amount >= 0
    return {
        "category": payment.listing.extra["product"],
        "id": str(payment.id),
        "symbol": payment.listing.native,
        "coin": payment.ccy,
        "type": f"CONTRACT_MAIN_SETTLE_FEE_USER_{'IN' if received else 'OUT'}",
        "amount": plain(payment.amount),
        "fee": "0",
        "balance": plain(account.wallet("perp").get(payment.ccy, ZERO)),
        "ts": str(payment.t_ms),
    }


def _held_row(desk: Desk, account: Account, position: Position) -> dict[str, str]:
    """What a position has by REST and in the topic."""
    listing, flat = position.listing, not position.lots
    margin = account.margin(desk.world, position)
    side: Held = position.held if position.held != "net" else "short" if position.lots < 0 else "long"
    profit = account.profit(desk.world, position)
    bound = _bound(account, position)
    return {
        "symbol": listing.native,
        "marginCoin": listing.settle,
        "holdMode": mode(account),
        "posSide": side,
        "marginMode": "crossed",
        "available": listing.size(abs(position.lots) - bound),
        "frozen": listing.size(bound),
        "leverage": str(account.leverage(listing)),
        "curRealisedPnl": plain(position.realised),
        "avgPrice": plain(position.entry),
        "unrealisedPnl": "0" if flat else fine(profit),
        "mmr": plain(account.rules.maintenance),
        "profitRate": "0" if flat else fine(profit / margin),
        "markPrice": listing.mark_price(desk.world.mark_of(listing)),
        "breakEvenPrice": "0" if flat else plain(_break_even(account, position)),
        "openFeeTotal": plain(-position.fees),
        "closeFeeTotal": "0",
        "createdTime": str(position.opened_ms),
        "updatedTime": str(position.updated_ms),
    }


def _bound(account: Account, position: Position) -> int:
    """Lots that resting orders would close."""
    mine = (o for o in account.perp_open() if (o.listing, o.held) == (position.listing, position.held))
    closing = sum(o.left for o in mine if o.sign * position.lots < 0 and trade_side(o) == "close")
    return min(abs(position.lots), closing)


def _break_even(account: Account, position: Position) -> Decimal:
    """Where closing pays for itself, at the taker's fee on both sides."""
    fee = account.fee_rate("perp", maker=False)
    price = position.entry * (1 + fee) / (1 - fee) if position.lots > 0 else position.entry * (1 - fee) / (1 + fee)
    return price.quantize(position.listing.tick)


def position_row(desk: Desk, account: Account, position: Position) -> dict[str, Any]:
    """By REST; a liquidation price of 0 = there is none."""
    line = account.liquidation_price(desk.world, position)
    return {
        "category": position.listing.extra["product"],
        **_held_row(desk, account, position),
        "positionBalance": fine(account.margin(desk.world, position)),
        "total": position.listing.size(abs(position.lots)),
        "positionStatus": "normal",
        "liquidationPrice": "0" if line is None else plain(line),
        "totalFunding": plain(position.funding),
    }


def topic_position(desk: Desk, account: Account, position: Position) -> dict[str, Any]:
    """In the topic ``position``: also what has just become flat."""
    flat = not position.lots
    line = None if flat else account.liquidation_price(desk.world, position)
    row = {
        **_held_row(desk, account, position),
        "marginSize": "0" if flat else fine(account.margin(desk.world, position)),
        "size": position.listing.size(abs(position.lots)),
        "positionStatus": "ended" if flat else "opening",
        "liqPrice": "" if line is None else plain(line),
        "totalFundingFee": plain(position.funding),
    }
    return {**row, **(dict.fromkeys(("mmr", "breakEvenPrice", "profitRate"), "") if flat else {})}


def coin_row(desk: Desk, account: Account, asset: str) -> dict[str, str]:
    """A coin's figures, as they are called in both places."""
    world = desk.world
    total = account.wallet("perp").get(asset, ZERO)
    equity = total + account.open_profit(world, asset)
    return {
        "coin": asset,
        "equity": fine(equity),
        "usdValue": fine(equity * usd_of(desk, asset)),
        "balance": plain(total),
        "available": fine(account.free(world, "perp", asset)),
        "locked": plain(account.held(account.rules.wallets["spot"], asset)),
    }


def totals(desk: Desk, account: Account) -> dict[str, str]:
    """The account in dollars."""
    world, assets = desk.world, account.wallet("perp")

    def total(of: Any) -> Decimal:
        return sum((of(asset) * usd_of(desk, asset) for asset in assets), ZERO)

    profit = total(lambda asset: account.open_profit(world, asset))
    least = total(lambda asset: account.maintenance(world, asset))
    equity = total(lambda asset: assets[asset]) + profit
    ratio = fine(least / equity) if equity else "0"
    return {
        "equity": fine(equity),
        "profit": fine(profit),
        "mmr": fine(least),
        "imr": fine(total(lambda asset: account.margin_used(world, asset))),
        "mgnRatio": ratio,
    }


def assets_row(desk: Desk, account: Account) -> dict[str, Any]:
    """By REST: the coins that there are any of."""
    sums = totals(desk, account)
    usdt, btc = usd_of(desk, "USDT"), usd_of(desk, "BTC")
    equity, profit = Decimal(sums["equity"]), Decimal(sums["profit"])
    return {
        "accountEquity": sums["equity"],
        "usdtEquity": fine(equity / usdt),
        "btcEquity": fine(equity / btc) if btc else "0",
        "unrealisedPnl": sums["profit"],
        "usdtUnrealisedPnl": fine(profit / usdt),
        "btcUnrealizedPnl": fine(profit / btc) if btc else "0",
        "effEquity": sums["equity"],
        "mmr": sums["mmr"],
        "imr": sums["imr"],
        "mgnRatio": sums["mgnRatio"],
        "positionMgnRatio": sums["mgnRatio"],
        "assets": [
            {**coin_row(desk, account, asset), "debt": "0"} for asset, total in account.wallet("perp").items() if total
        ],
    }


def topic_account(desk: Desk, account: Account) -> dict[str, Any]:
    """In the topic ``account``: every coin that there is any of, each time."""
    sums = totals(desk, account)
    return {
        "totalEquity": sums["equity"],
        "effEquity": sums["equity"],
        "unrealisedPnL": sums["profit"],
        "mmr": sums["mmr"],
        "imr": sums["imr"],
        "mgnRatio": sums["mgnRatio"],
        "positionMgnRatio": sums["mgnRatio"],
        "coin": [
            {**coin_row(desk, account, asset), "borrow": "0", "debts": "0"}
            for asset, total in account.wallet("perp").items()
            if total
        ],
    }


def usd_of(desk: Desk, asset: str) -> Decimal:
    """Dollars for one of ``asset``, by the last price of its USDT pair; 0 where it has none."""
    if asset in ("USDT", "USDC"):
        return Decimal(1)
    pair = desk.world.by_key.get(f"bitget.spot.{asset}USDT")
    return ZERO if pair is None else pair.last * pair.tick
