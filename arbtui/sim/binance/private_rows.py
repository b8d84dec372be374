"""An account as Binance shows it: orders, fills, balances and positions in answers and in user data events.

Since 2026-06-30 what answers a USD-M place or cancel has neither ``avgPrice`` nor ``cumQuote``; what answers a query
has both.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from arbtui.sim.accounts import ZERO, Account, Position
from arbtui.sim.desk import Desk
from arbtui.sim.orders import Fill, Held, Order
from arbtui.sim.words import StatusWords, status_word

_STATUS = StatusWords("NEW", "PARTIALLY_FILLED", "FILLED", "ALIEN_STATE")
_ENDED = {"canceled": "CANCELED", "expired": "EXPIRED"}
SIDE: dict[Held, str] = {"net": "BOTH", "long": "LONG", "short": "SHORT"}
_CLIENT_IDS = {
    "adl": "adl_autoclose",
    "liquidation": "autoclose-{t_ms}{id}",
    "hand": "web_{id}",
    "settlement": "settlement_autoclose-{t_ms}{id}",
}


def eight(value: Decimal) -> str:
    """Money: eight decimals, more where there are more."""
    exponent = value.as_tuple().exponent
    return f"{value:.8f}" if isinstance(exponent, int) and exponent >= -8 else format(value, "f")


def rounded(value: Decimal) -> Decimal:
    """A derived figure (margin, open profit) as it is shown: eight decimals."""
    return value.quantize(Decimal("1e-8"), rounding=ROUND_HALF_UP)


def status(desk: Desk, order: Order) -> str:
    """NEW, PARTIALLY_FILLED, FILLED, CANCELED, EXPIRED; under ``unknown_status`` a word that nobody knows."""
    return status_word(desk, order, _STATUS) or _ENDED[order.status]


def client_id(order: Order) -> str:
    """Its client id; orders by hand and of the venue have such as Binance makes for them."""
    return order.client_id or _CLIENT_IDS.get(order.origin, "").format(t_ms=order.t_ms, id=order.id)


def type_of(order: Order) -> str:
    return str(order.wire.get("type") or ("MARKET" if order.kind == "market" else "LIMIT"))


def tif_of(order: Order) -> str:
    plain = {"ioc": "IOC", "fok": "FOK", "post_only": "GTX" if order.listing.market == "perp" else "GTC"}
    return str(order.wire.get("timeInForce") or plain.get(order.kind, "GTC"))


# -- USD-M ---------------------------------------------------------------------------------------------------------


def perp_order(desk: Desk, order: Order, *, queried: bool, as_new: bool = False) -> dict[str, Any]:
    """An order of USD-M. ``as_new``: as it was when it was acknowledged, before it matched."""
    filled = order.listing.size(0) if as_new else order.filled_qty
    row: dict[str, Any] = {
        "orderId": order.id,
        "symbol": order.listing.native,
        "status": "NEW" if as_new else status(desk, order),
        "clientOrderId": client_id(order),
        "price": order.price if order.ticks is not None else "0",
        "origQty": order.qty,
        "executedQty": filled,
        "timeInForce": tif_of(order),
        "type": type_of(order),
        "reduceOnly": order.reduce_only,
        "closePosition": False,
        "side": order.side.upper(),
        "positionSide": SIDE[order.held],
        "stopPrice": "0",
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": type_of(order),
        "priceMatch": "NONE",
        "selfTradePreventionMode": order.wire.get("stp", "EXPIRE_MAKER"),
        "goodTillDate": 0,
        "updateTime": order.t_ms if as_new else order.updated_ms,
    }
    if queried:
        row |= {"avgPrice": _average(order), "cumQuote": eight(order.value), "time": order.t_ms}
    else:
        row["cumQty"] = filled
    return row


def perp_trade(fill: Fill) -> dict[str, Any]:
    order = fill.order
    return {
        "symbol": order.listing.native,
        "id": fill.id,
        "orderId": order.id,
        "side": order.side.upper(),
        "price": fill.price,
        "qty": fill.qty,
        "realizedPnl": eight(fill.realised),
        "quoteQty": eight(fill.value),
        "commission": eight(fill.fee),
        "commissionAsset": fill.fee_ccy,
        "time": fill.t_ms,
        "positionSide": SIDE[order.held],
        "buyer": order.side == "buy",
        "maker": fill.maker,
    }


def position_risk(desk: Desk, account: Account, position: Position) -> dict[str, Any]:
    """A row of ``/fapi/v3/positionRisk``."""
    world, listing = desk.world, position.listing
    line = account.liquidation_price(world, position) if position.lots else None
    margin = rounded(account.margin(world, position))
    resting = sum((account.margin_of(o) for o in account.perp_open() if o.listing is listing), ZERO)
    notional = rounded(account.notional(world, position)) * (1 if position.lots >= 0 else -1)
    return {
        "symbol": listing.native,
        "positionSide": SIDE[position.held],
        "positionAmt": position.qty,
        "entryPrice": format(position.entry, "f") if position.lots else "0.0",
        "breakEvenPrice": format(position.entry, "f") if position.lots else "0.0",
        "markPrice": listing.mark_price(world.mark_of(listing)),
        "unRealizedProfit": eight(rounded(account.profit(world, position))),
        "liquidationPrice": "0" if line is None else format(line, "f"),
        "isolatedMargin": "0",
        "notional": eight(notional),
        "marginAsset": listing.settle,
        "isolatedWallet": "0",
        "initialMargin": eight(margin + resting),
        "maintMargin": eight(rounded(account.notional(world, position) * account.rules.maintenance)),
        "positionInitialMargin": eight(margin),
        "openOrderInitialMargin": eight(resting),
        "adl": adl(account, desk, position),
        "bidNotional": "0",
        "askNotional": "0",
        "updateTime": position.updated_ms,
    }


def adl(account: Account, desk: Desk, position: Position) -> int:
    """ADL quantile 0..4: how soon it would be deleveraged, by its open profit in terms of its margin."""
    if not position.lots:
        return 0
    gain = account.profit(desk.world, position) / max(account.margin(desk.world, position), Decimal("1e-8"))
    return sum(gain > bound for bound in (Decimal("-0.5"), Decimal(0), Decimal("0.2"), Decimal("0.5")))


def perp_asset(desk: Desk, account: Account, asset: str) -> dict[str, Any]:
    """A row of ``assets`` in ``/fapi/v3/account``."""
    world = desk.world
    total, profit = account.wallet("perp").get(asset, ZERO), rounded(account.open_profit(world, asset))
    positions, orders = account.position_margin(world, asset), account.order_margin(asset)
    free = rounded(account.free(world, "perp", asset))
    return {
        "asset": asset,
        "walletBalance": eight(total),
        "unrealizedProfit": eight(profit),
        "marginBalance": eight(total + profit),
        "maintMargin": eight(rounded(account.maintenance(world, asset))),
        "initialMargin": eight(rounded(positions + orders)),
        "positionInitialMargin": eight(rounded(positions)),
        "openOrderInitialMargin": eight(rounded(orders)),
        "crossWalletBalance": eight(total),
        "crossUnPnl": eight(profit),
        "availableBalance": eight(free),
        "maxWithdrawAmount": eight(min(free, total)),
        "marginAvailable": True,
        "updateTime": desk.now_ms("perp"),
    }


def order_update(desk: Desk, order: Order, what: str, fill: Fill | None) -> dict[str, Any]:
    """ORDER_TRADE_UPDATE; ``what`` is its execution type (NEW, TRADE, CANCELED, EXPIRED, CALCULATED)."""
    now_ms = desk.now_ms("perp")
    inner: dict[str, Any] = {
        "s": order.listing.native,
        "c": client_id(order),
        "S": order.side.upper(),
        "o": "LIQUIDATION" if order.origin == "liquidation" else type_of(order),
        "f": tif_of(order),
        "q": order.qty,
        "p": order.price if order.ticks is not None else "0",
        "ap": _average(order),
        "sp": "0",
        "x": what,
        "X": "NEW" if what == "NEW" else status(desk, order),
        "i": order.id,
        "l": fill.qty if fill is not None else order.listing.size(0),
        "z": order.filled_qty if what != "NEW" else order.listing.size(0),
        "L": fill.price if fill is not None else "0",
    }
    if fill is not None:
        inner |= {"n": eight(fill.fee), "N": fill.fee_ccy}
    inner |= {
        "T": fill.t_ms if fill is not None else order.updated_ms,
        "t": fill.id if fill is not None else 0,
        "b": "0",
        "a": "0",
        "m": fill.maker if fill is not None else False,
        "R": order.reduce_only,
        "wt": "CONTRACT_PRICE",
        "ot": type_of(order),
        "ps": SIDE[order.held],
        "cp": False,
        "rp": eight(fill.realised) if fill is not None else "0",
        "pP": False,
        "si": 0,
        "ss": 0,
        "V": order.wire.get("stp", "EXPIRE_MAKER"),
        "pm": "NONE",
        "gtd": 0,
        "er": "0",
    }
    return {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": inner["T"], "o": inner}


def trade_lite(desk: Desk, fill: Fill) -> dict[str, Any]:
    order = fill.order
    return {
        "e": "TRADE_LITE",
        "E": desk.now_ms("perp"),
        "T": fill.t_ms,
        "s": order.listing.native,
        "q": order.qty,
        "p": order.price if order.ticks is not None else "0",
        "m": fill.maker,
        "c": client_id(order),
        "S": order.side.upper(),
        "L": fill.price,
        "l": fill.qty,
        "t": fill.id,
        "i": order.id,
    }


def account_update(
    desk: Desk, account: Account, why: str, assets: list[str], positions: list[Position]
) -> dict[str, Any]:
    """ACCOUNT_UPDATE, ``why`` as in its ``m``."""
    now_ms = desk.now_ms("perp")
    wallet = account.wallet("perp")
    return {
        "e": "ACCOUNT_UPDATE",
        "E": now_ms,
        "T": now_ms,
        "a": {
            "m": why,
            "B": [
                {"a": asset, "wb": eight(wallet.get(asset, ZERO)), "cw": eight(wallet.get(asset, ZERO)), "bc": "0"}
                for asset in assets
            ],
            "P": [
                {
                    "s": p.listing.native,
                    "pa": p.qty,
                    "ep": format(p.entry, "f"),
                    "bep": format(p.entry, "f"),
                    "cr": eight(p.realised),
                    "up": eight(rounded(account.profit(desk.world, p))),
                    "mt": "cross",
                    "iw": "0",
                    "ps": SIDE[p.held],
                }
                for p in positions
            ],
        },
    }


# -- spot ----------------------------------------------------------------------------------------------------------


def spot_order(desk: Desk, order: Order, *, queried: bool, as_new: bool = False) -> dict[str, Any]:
    """An order of spot; answers to placing and cancelling have ``transactTime``, queries ``time``."""
    filled = order.listing.size(0) if as_new else order.filled_qty
    row: dict[str, Any] = {
        "symbol": order.listing.native,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": client_id(order),
        "price": order.price,
        "origQty": order.qty,
        "executedQty": filled,
        "origQuoteOrderQty": eight(Decimal(order.wire.get("budget", "0"))),
        "cummulativeQuoteQty": eight(ZERO if as_new else order.value),
        "status": "NEW" if as_new else status(desk, order),
        "timeInForce": tif_of(order),
        "type": type_of(order),
        "side": order.side.upper(),
        "workingTime": order.t_ms,
        "selfTradePreventionMode": order.wire.get("stp", "NONE"),
    }
    if queried:
        row |= {
            "stopPrice": "0.00000000",
            "icebergQty": "0.00000000",
            "time": order.t_ms,
            "updateTime": order.updated_ms,
            "isWorking": True,
        }
    else:
        row["transactTime"] = order.t_ms if as_new else order.updated_ms
    return row


def spot_fills(order: Order) -> list[dict[str, Any]]:
    """``fills`` of a FULL answer."""
    return [
        {
            "price": fill.price,
            "qty": fill.qty,
            "commission": eight(fill.fee),
            "commissionAsset": fill.fee_ccy,
            "tradeId": fill.id,
        }
        for fill in order.fills
    ]


def spot_trade(fill: Fill) -> dict[str, Any]:
    order = fill.order
    return {
        "symbol": order.listing.native,
        "id": fill.id,
        "orderId": order.id,
        "orderListId": -1,
        "price": fill.price,
        "qty": fill.qty,
        "quoteQty": eight(fill.value),
        "commission": eight(fill.fee),
        "commissionAsset": fill.fee_ccy,
        "time": fill.t_ms,
        "isBuyer": order.side == "buy",
        "isMaker": fill.maker,
        "isBestMatch": True,
    }


def spot_balance(account: Account, asset: str) -> tuple[str, str]:
    """Free and locked."""
    total, held = account.wallet("spot").get(asset, ZERO), account.held("spot", asset)
    return eight(total - held), eight(held)


def execution_report(desk: Desk, order: Order, what: str, fill: Fill | None, cancel_id: str) -> dict[str, Any]:
    """executionReport; on CANCELED ``c`` is the id of the cancel and ``C`` that of the order."""
    now_ms = desk.now_ms("spot")
    return {
        "e": "executionReport",
        "E": now_ms,
        "s": order.listing.native,
        "c": cancel_id or client_id(order),
        "S": order.side.upper(),
        "o": type_of(order),
        "f": tif_of(order),
        "q": order.qty,
        "p": order.price,
        "P": "0.00000000",
        "F": "0.00000000",
        "g": -1,
        "C": client_id(order) if cancel_id else "",
        "x": what,
        "X": "NEW" if what == "NEW" else status(desk, order),
        "r": "NONE",
        "i": order.id,
        "l": fill.qty if fill is not None else order.listing.size(0),
        "z": order.filled_qty if what != "NEW" else order.listing.size(0),
        "L": fill.price if fill is not None else order.listing.price(0),
        "n": eight(fill.fee) if fill is not None else "0",
        "N": fill.fee_ccy if fill is not None else None,
        "T": fill.t_ms if fill is not None else order.updated_ms,
        "t": fill.id if fill is not None else -1,
        "I": order.id * 2 + len(order.fills),
        "w": order.live and order.kind in ("limit", "post_only"),
        "m": fill.maker if fill is not None else False,
        "M": False,
        "O": order.t_ms,
        "Z": eight(order.value if what != "NEW" else ZERO),
        "Y": eight(fill.value if fill is not None else ZERO),
        "Q": eight(Decimal(order.wire.get("budget", "0"))),
        "W": order.t_ms,
        "V": order.wire.get("stp", "NONE"),
    }


def account_position(desk: Desk, account: Account, assets: list[str]) -> dict[str, Any]:
    """OutboundAccountPosition."""
    now_ms = desk.now_ms("spot")
    rows = []
    for asset in assets:
        free, held = spot_balance(account, asset)
        rows.append({"a": asset, "f": free, "l": held})
    return {"e": "outboundAccountPosition", "E": now_ms, "u": now_ms, "B": rows}


def _average(order: Order) -> str:
    average = order.average
    return "0" if average is None else format(average, "f")
