"""An account as OKX shows it: the same objects in REST answers and in private channels. Everything is a text.

Sizes of swaps are contracts. ``fee`` is negative when paid. ``px`` of a market order and ``posSide`` of spot are "".
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from arbtui.sim.accounts import ZERO, Account, Payment, Position, asset_of
from arbtui.sim.desk import Desk
from arbtui.sim.figures import plain
from arbtui.sim.okx.tables import INST_TYPE
from arbtui.sim.orders import Ended, Fill, Kind, Order, Origin
from arbtui.sim.words import StatusWords, status_word

_ORD_TYPE: dict[Kind, str] = {
    "limit": "limit", "ioc": "ioc", "fok": "fok", "post_only": "post_only", "market": "market",
}  # fmt: skip
_CATEGORY: dict[Origin, str] = {
    "order": "normal", "hand": "normal", "adl": "adl", "liquidation": "full_liquidation",
    "settlement": "delivery",
}  # fmt: skip
_CANCEL_SOURCE: dict[Ended, str] = {"": "", "asked": "1", "venue": "0", "post_only": "31", "self": "0"}
_STATUS = StatusWords("live", "partially_filled", "filled")


def fine(value: Decimal) -> str:
    """A derived figure (margin, open profit, ratio): at most ten decimals."""
    return plain(value.quantize(Decimal("1e-10"), rounding=ROUND_HALF_UP))


def state(desk: Desk, order: Order) -> str:
    """live, partially_filled, filled, canceled; under ``unknown_status`` a word that nobody knows."""
    return status_word(desk, order, _STATUS) or "canceled"


def pos_side(order: Order) -> str:
    return "" if order.listing.market == "spot" else order.held


def fee_ccy(order: Order) -> str:
    """What its fees are paid in, known before the first fill."""
    listing = order.listing
    return asset_of(listing) if listing.market == "spot" and order.side == "buy" else listing.settle


def cancel_source(order: Order) -> str:
    if order.ended == "rest":
        return "13" if order.kind == "fok" else "14"
    return _CANCEL_SOURCE[order.ended]


def order_row(desk: Desk, order: Order, fill: Fill | None = None, *, pushed: str = "") -> dict[str, Any]:
    """An order; ``fill`` is the one this is about, or the last. ``pushed``: what the channel tells by it, "" = REST."""
    listing, average = order.listing, order.average
    last = fill if fill is not None or pushed else (order.fills[-1] if order.fills else None)
    account = order.account
    row: dict[str, Any] = {
        "instType": INST_TYPE[listing.market],
        "instId": listing.native,
        "ccy": "",
        "ordId": str(order.id),
        "clOrdId": order.client_id,
        "tag": order.wire.get("tag", ""),
        "px": "" if order.ticks is None else order.price,
        "pxUsd": "",
        "pxVol": "",
        "pxType": "",
        "sz": order.wire.get("sz", order.qty),
        "ordType": order.wire.get("ordType", _ORD_TYPE[order.kind]),
        "side": order.side,
        "posSide": pos_side(order),
        "tdMode": order.wire.get("tdMode", "cash" if listing.market == "spot" else "cross"),
        "tgtCcy": order.wire.get("tgtCcy", ""),
        "state": "live" if pushed == "new" else state(desk, order),
        "accFillSz": "0" if pushed == "new" else order.filled_qty,
        "avgPx": "" if average is None or pushed == "new" else plain(average),
        "fillPx": last.price if last is not None else "",
        "fillSz": last.qty if last is not None else "0" if pushed else "",
        "fillTime": str(last.t_ms) if last is not None else "",
        "tradeId": str(last.id) if last is not None else "",
        "fee": plain(-order.fee),
        "feeCcy": fee_ccy(order),
        "pnl": plain(order.realised),
        "rebate": "0",
        "rebateCcy": listing.quote,
        "reduceOnly": "true" if order.reduce_only else "false",
        "lever": str(account.leverage(listing)) if listing.market == "perp" else "",
        "category": _CATEGORY[order.origin],
        "source": "",
        "algoId": "",
        "algoClOrdId": "",
        "stpMode": "cancel_maker",
        "cancelSource": cancel_source(order),
        "cancelSourceReason": "",
        "quickMgnType": "",
        "tradeQuoteCcy": listing.quote if listing.market == "spot" else "",
        "cTime": str(order.t_ms),
        "uTime": str(order.t_ms if pushed == "new" else order.updated_ms),
    }
    if pushed:
        row |= _pushed(last)
    return row


def _pushed(fill: Fill | None) -> dict[str, str]:
    """What the orders channel has besides."""
    return {
        "execType": ("M" if fill.maker else "T") if fill is not None else "",
        "fillFee": plain(-fill.fee) if fill is not None else "0",
        "fillFeeCcy": fill.fee_ccy if fill is not None else "",
        "fillPnl": plain(fill.realised) if fill is not None else "0",
        "fillNotionalUsd": plain(fill.value) if fill is not None else "",
        "amendResult": "",
        "reqId": "",
        "code": "0",
        "msg": "",
    }


def fill_row(fill: Fill) -> dict[str, Any]:
    order, listing = fill.order, fill.order.listing
    rate = order.account.fee_rate(listing.market, maker=fill.maker)
    return {
        "instType": INST_TYPE[listing.market],
        "instId": listing.native,
        "tradeId": str(fill.id),
        "ordId": str(order.id),
        "clOrdId": order.client_id,
        "billId": str(fill.id * 2),
        "subType": "1" if order.side == "buy" else "2",
        "tag": order.wire.get("tag", ""),
        "fillPx": fill.price,
        "fillSz": fill.qty,
        "fillIdxPx": fill.price,
        "fillPnl": plain(fill.realised),
        "fillPxVol": "",
        "fillPxUsd": "",
        "fillMarkVol": "",
        "fillFwdPx": "",
        "fillMarkPx": "",
        "side": order.side,
        "posSide": pos_side(order) or "net",
        "execType": "M" if fill.maker else "T",
        "feeCcy": fill.fee_ccy,
        "fee": plain(-fill.fee),
        "feeRate": plain(-rate),
        "ts": str(fill.t_ms),
        "fillTime": str(fill.t_ms),
    }


def position_row(desk: Desk, account: Account, position: Position) -> dict[str, Any]:
    """A position; flat ones too (the channel tells of a closing once)."""
    world, listing = desk.world, position.listing
    flat = not position.lots
    profit, margin = account.profit(world, position), account.margin(world, position)
    line = None if flat else account.liquidation_price(world, position)
    notional = account.notional(world, position)
    maintenance = notional * account.rules.maintenance
    signed = position.held == "net"
    return {
        "instType": "SWAP",
        "instId": listing.native,
        "mgnMode": "cross",
        "posId": str(listing.salt * 3 + ("net", "long", "short").index(position.held)),
        "posSide": position.held,
        "pos": listing.size(position.lots if signed else abs(position.lots)),
        "availPos": "" if signed else listing.size(abs(position.lots)),
        "avgPx": "" if flat else plain(position.entry),
        "markPx": listing.mark_price(world.mark_of(listing)),
        "last": listing.price(listing.last),
        "idxPx": listing.mark_price(world.index_of(listing)),
        "upl": "" if flat else fine(profit),
        "uplRatio": "" if flat or not margin else fine(profit / margin),
        "uplLastPx": "" if flat else fine(profit),
        "lever": str(account.leverage(listing)),
        "liqPx": "" if line is None else plain(line),
        "imr": "" if flat else fine(margin),
        "margin": "",
        "mmr": "" if flat else fine(maintenance),
        "mgnRatio": "" if flat else fine(account.equity(world, listing.settle) / max(maintenance, Decimal("1e-8"))),
        "notionalUsd": "" if flat else fine(notional),
        "adl": str(0 if flat else adl(account, desk, position)),
        "ccy": listing.settle,
        "bePx": "" if flat else plain(position.entry),
        "fee": plain(-position.fees),
        "fundingFee": plain(position.funding),
        "realizedPnl": plain(position.realised - position.fees + position.funding),
        "pnl": plain(position.realised),
        "liqPenalty": "0",
        "interest": "",
        "tradeId": "",
        "optVal": "",
        "posCcy": "",
        "liab": "",
        "liabCcy": "",
        "cTime": str(position.opened_ms),
        "uTime": str(position.updated_ms),
    }


def adl(account: Account, desk: Desk, position: Position) -> int:
    """1..5: how soon it would be deleveraged, by its open profit in terms of its margin."""
    gain = account.profit(desk.world, position) / max(account.margin(desk.world, position), Decimal("1e-8"))
    return 1 + sum(gain > bound for bound in (Decimal("-0.5"), ZERO, Decimal("0.2"), Decimal("0.5")))


def asset_row(desk: Desk, account: Account, asset: str) -> dict[str, Any]:
    """A row of ``details``: cash, and what of it is bound."""
    world = desk.world
    cash, profit = account.wallet("spot").get(asset, ZERO), account.open_profit(world, asset)
    held = account.held("trading", asset)
    positions, orders = account.position_margin(world, asset), account.order_margin(asset)
    free, maintenance = account.free(world, "spot", asset), account.maintenance(world, asset)
    equity = cash + profit
    return {
        "ccy": asset,
        "eq": fine(equity),
        "cashBal": plain(cash),
        "availBal": fine(min(free, cash)),
        "availEq": fine(free),
        "frozenBal": fine(held + positions + orders),
        "ordFrozen": fine(held + orders),
        "upl": fine(profit),
        "eqUsd": fine(equity * usd_of(desk, asset)),
        "disEq": fine(equity * usd_of(desk, asset)),
        "imr": fine(positions + orders),
        "mmr": fine(maintenance),
        "mgnRatio": fine(equity / maintenance) if maintenance else "",
        "isoEq": "0",
        "isoUpl": "0",
        "uplLiab": "0",
        "liab": "",
        "crossLiab": "",
        "isoLiab": "",
        "interest": "",
        "maxLoan": "",
        "notionalLever": "0",
        "twap": "0",
        "spotInUseAmt": "",
        "stgyEq": "0",
        "uTime": str(desk.now_ms("spot")),
    }


def account_row(desk: Desk, account: Account, assets: list[str]) -> dict[str, Any]:
    details = [asset_row(desk, account, asset) for asset in assets]
    wallet, world = account.wallets["trading"], desk.world
    worth = (usd_of(desk, asset) * (cash + account.open_profit(world, asset)) for asset, cash in wallet.items())
    total = sum(worth, ZERO)
    return {
        "uTime": str(desk.now_ms("spot")),
        "totalEq": fine(total),
        "isoEq": "0",
        "adjEq": "",
        "ordFroz": "",
        "imr": "",
        "mmr": "",
        "borrowFroz": "",
        "mgnRatio": "",
        "notionalUsd": "",
        "upl": "",
        "availEq": "",
        "details": details,
    }


def usd_of(desk: Desk, asset: str) -> Decimal:
    """Dollars for one of ``asset``, by the last price of its USDT pair."""
    if asset in ("USDT", "USDC"):
        return Decimal(1)
    pair = desk.world.by_key.get(f"okx.spot.{asset}-USDT")
    return ZERO if pair is None else pair.last * pair.tick


def bill_row(account: Account, payment: Payment) -> dict[str, Any]:
    """Funding in the account's bills: type 8, 173 paid, 174 received."""
    listing = payment.listing
    return {
        "billId": str(payment.id),
        "instType": "SWAP",
        "instId": listing.native,
        "type": "8",
        "subType": "174" if payment.amount > 0 else "173",
        "ccy": payment.ccy,
        "balChg": plain(payment.amount),
        "bal": plain(account.wallet("perp").get(payment.ccy, ZERO)),
        "pnl": plain(payment.amount),
        "fee": "0",
        "sz": payment.qty.lstrip("-"),
        "px": "",
        "posBalChg": "0",
        "posBal": "0",
        "interest": "0",
        "mgnMode": "cross",
        "ordId": "",
        "clOrdId": "",
        "tradeId": "",
        "execType": "",
        "from": "",
        "to": "",
        "notes": "",
        "fillTime": "",
        "ts": str(payment.t_ms),
    }
