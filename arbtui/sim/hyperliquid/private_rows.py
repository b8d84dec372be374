"""An account as Hyperliquid shows it: the same objects in answers to ``/info`` and in user channels.

Numbers are texts with a point (``0.0``); ids and times are numbers. ``sz`` of an order status is what was left when its
status changed last, so it says nothing of partial fills: of an order that never rested it stays the size as asked.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING, Any

from arbtui.sim.accounts import EXACT, ZERO, Account, Payment, Position
from arbtui.sim.desk import Desk
from arbtui.sim.hyperliquid import tables
from arbtui.sim.hyperliquid.rows import pointed
from arbtui.sim.orders import SIGN, Fill, Order, Side

if TYPE_CHECKING:
    from arbtui.sim.hyperliquid.venue import Hyperliquid

SIDES: dict[Side, str] = {"buy": "B", "sell": "A"}
_ALIEN = "alien_state"
_HASH = "0x" + "0" * 64


def plain(value: Decimal) -> str:
    """As exact as it is."""
    text = pointed(format(value, "f"))
    return "0.0" if text == "-0.0" else text


def fine(value: Decimal) -> str:
    """A derived figure (margin, profit): at most eight decimals."""
    return plain(value.quantize(Decimal("1e-8"), rounding=ROUND_HALF_UP))


# -- orders ------------------------------------------------------------------------------------------------------------


def status(desk: Desk, order: Order) -> str:
    """The venue's word; under ``unknown_status`` one that nobody knows."""
    if desk.act("unknown_status", order.listing.market, order.listing.native):
        return _ALIEN
    if order.live:
        return "open"
    if order.status == "filled" or (order.ended == "rest" and order.filled):
        return "filled"  # also an immediate order of which only a part was
    if order.ended == "rest":
        return "iocCancelRejected"
    if order.ended == "venue":
        return _ended_by_venue(order)
    return "canceled"


def _ended_by_venue(order: Order) -> str:
    if order.listing.status == "delisted":
        return "delistedCanceled"
    return "reduceOnlyCanceled" if order.reduce_only else "marginCanceled"


def stale_size(order: Order) -> str:
    """What was left when the status changed last."""
    if order.live or order.kind == "ioc":
        return order.qty
    return order.listing.size(order.left)


def _basic(order: Order, size: str) -> dict[str, Any]:
    return {
        "coin": order.listing.native,
        "side": SIDES[order.side],
        "limitPx": order.price,
        "sz": size,
        "oid": order.id,
        "timestamp": order.t_ms,
        "origSz": order.qty,
        **({"cloid": order.client_id} if order.client_id else {}),
    }


def open_row(order: Order) -> dict[str, Any]:
    """A row of ``openOrders``: here ``sz`` is what is left now."""
    return _basic(order, order.listing.size(order.left))


def full_row(order: Order, size: str | None = None) -> dict[str, Any]:
    """A row of ``frontendOpenOrders``; with a ``size`` one of what is past."""
    return {
        **_basic(order, order.listing.size(order.left) if size is None else size),
        "cloid": order.client_id or None,
        "orderType": "Market" if order.kind == "market" else "Limit",
        "tif": order.wire.get("tif", "Gtc"),
        "reduceOnly": order.reduce_only,
        "isTrigger": False,
        "triggerPx": "0.0",
        "triggerCondition": "N/A",
        "children": [],
        "isPositionTpsl": False,
    }


def past_row(desk: Desk, order: Order) -> dict[str, Any]:
    """An order and its status, as ``orderStatus`` and ``historicalOrders`` have it."""
    return {
        "order": full_row(order, stale_size(order)),
        "status": status(desk, order),
        "statusTimestamp": order.t_ms if order.live else order.updated_ms,
    }


def update_row(desk: Desk, order: Order, *, new: bool) -> dict[str, Any]:
    """A row of the ``orderUpdates`` channel."""
    size = order.qty if new else order.listing.size(order.left)
    word = "open" if new else status(desk, order)
    return {"order": _basic(order, size), "status": word, "statusTimestamp": order.t_ms if new else order.updated_ms}


# -- fills and funding -------------------------------------------------------------------------------------------------


def direction(fill: Fill, before: Decimal) -> str:
    """Open Long, Close Short, Long > Short ...; ``before``: signed position."""
    order = fill.order
    if order.listing.market == "spot":
        return "Buy" if order.side == "buy" else "Sell"
    if order.origin in ("adl", "settlement"):
        return "Auto-Deleveraging" if order.origin == "adl" else "Settlement"
    held = "Long" if before > 0 else "Short"
    if order.origin == "liquidation":
        return f"Liquidated Cross {held}"
    after = before + SIGN[order.side] * fill.lots * order.listing.step
    if before * SIGN[order.side] >= 0:
        return "Open Long" if order.side == "buy" else "Open Short"
    return f"Close {held}" if before * after >= 0 else f"{held} > {'Short' if held == 'Long' else 'Long'}"


def fill_row(venue: Hyperliquid, fill: Fill, before: Decimal) -> dict[str, Any]:
    """A fill; ``before``: what was held before it, signed."""
    order = fill.order
    return {
        "coin": order.listing.native,
        "px": fill.price,
        "sz": fill.qty,
        "side": SIDES[order.side],
        "time": fill.t_ms,
        "startPosition": plain(before),
        "dir": direction(fill, before),
        "closedPnl": fine(fill.realised),
        "hash": tables.address(f"order/{order.id}", 64),
        "oid": order.id,
        "crossed": not fill.maker,
        "fee": plain(fill.fee),
        "tid": fill.id,
        "feeToken": venue.token_of(fill.fee_ccy)[0],
        **({"cloid": order.client_id} if order.client_id else {}),
        "twapId": None,
    }


def funding_fields(payment: Payment) -> dict[str, Any]:
    return {
        "coin": payment.listing.native,
        "usdc": plain(payment.amount),
        "szi": payment.qty,
        "fundingRate": plain(payment.rate),
        "nSamples": None,
    }


def funding_row(payment: Payment) -> dict[str, Any]:
    """A row of ``userFunding``."""
    return {"time": payment.t_ms, "hash": _HASH, "delta": {"type": "funding", **funding_fields(payment)}}


# -- money -------------------------------------------------------------------------------------------------------------


def position_row(desk: Desk, account: Account, position: Position) -> dict[str, Any]:
    world, listing = desk.world, position.listing
    profit, margin = account.profit(world, position), account.margin(world, position)
    line = account.liquidation_price(world, position)
    paid = plain(-position.funding)
    return {
        "type": "oneWay",
        "position": {
            "coin": listing.native,
            "szi": position.qty,
            "leverage": {"type": "cross", "value": account.leverage(listing)},
            "entryPx": plain(position.entry),
            "positionValue": fine(account.notional(world, position)),
            "unrealizedPnl": fine(profit),
            "returnOnEquity": fine(profit / margin),
            "liquidationPx": None if line is None else plain(line),
            "marginUsed": fine(margin),
            "maxLeverage": listing.extra["max_leverage"],
            "cumFunding": {"allTime": paid, "sinceOpen": paid, "sinceChange": paid},
        },
    }


def perp_state(desk: Desk, account: Account | None, *, hidden: bool = False) -> dict[str, Any]:
    """``clearinghouseState``; of an address that nobody knows all is nothing. ``hidden``: without its positions."""
    now_ms = desk.now_ms("perp")
    if account is None:
        nothing = {"accountValue": "0.0", "totalNtlPos": "0.0", "totalRawUsd": "0.0", "totalMarginUsed": "0.0"}
        return _perp_state(nothing, "0.0", "0.0", [], now_ms)
    world, held = desk.world, [] if hidden else account.open_positions()
    with localcontext(EXACT):
        signed = sum((account.notional(world, p) * (1 if p.lots > 0 else -1) for p in held), ZERO)
        worth = sum((account.notional(world, p) for p in held), ZERO)
        equity = account.equity(world, "USDC")
        summary = {
            "accountValue": fine(equity),
            "totalNtlPos": fine(worth),
            "totalRawUsd": fine(equity - signed),
            "totalMarginUsed": fine(sum((account.margin(world, p) for p in held), ZERO)),
        }
        rows = [position_row(desk, account, p) for p in held]
        free, maintenance = account.free(world, "perp", "USDC"), account.maintenance(world, "USDC")
    return _perp_state(summary, fine(maintenance), fine(free), rows, now_ms)


def _perp_state(
    summary: dict[str, str], maintenance: str, free: str, rows: list[dict[str, Any]], now_ms: int
) -> dict[str, Any]:
    return {
        "marginSummary": summary,
        "crossMarginSummary": dict(summary),
        "crossMaintenanceMarginUsed": maintenance,
        "withdrawable": free,
        "assetPositions": rows,
        "time": now_ms,
    }


def spot_state(venue: Hyperliquid, account: Account | None) -> dict[str, Any]:
    """``spotClearinghouseState``. Tokens go by the names of the bridge (UBTC)."""
    found = []
    for asset, total in account.wallets["spot"].items() if account is not None else ():
        name, index = venue.token_of(asset)
        hold = account.held("spot", asset) if account is not None else ZERO
        found.append({"coin": name, "token": index, "total": plain(total), "hold": plain(hold), "entryNtl": "0.0"})
    return {"balances": found}


def fees(account: Account) -> dict[str, Any]:
    """``userFees``."""
    (perp_add, perp_cross), (spot_add, spot_cross) = account.fees["perp"], account.fees["spot"]
    rates = {
        "userCrossRate": plain(perp_cross),
        "userAddRate": plain(perp_add),
        "userSpotCrossRate": plain(spot_cross),
        "userSpotAddRate": plain(spot_add),
    }
    schedule = {"cross": "0.00045", "add": "0.00015", "spotCross": "0.0007", "spotAdd": "0.0004"}
    return {
        "dailyUserVlm": [],
        "feeSchedule": {**schedule, "tiers": {"vip": [], "mm": []}, "referralDiscount": "0.04"},
        **rates,
        "activeReferralDiscount": "0.0",
        "trial": None,
        "feeTrialReward": "0.0",
        "nextTrialAvailableTimestamp": None,
        "stakingLink": None,
        "activeStakingDiscount": {"bpsOfMaxSupply": "0.0", "discount": "0.0"},
    }
