"""What Hyperliquid's private rows mean, wherever they come from: a push or an answer.

Every function may raise ``ProtocolBroken``: here a row that cannot be read is never skipped, for what it would have
told is money. Rows of builders' exchanges and of outcome markets have no meaning here (``names.market_of``).

How much of an order is filled
    No row of an order says so for sure. ``sz`` is what was left when the status changed last, fills since then are not
    in it; and an order of kind Ioc that filled in part is "filled" as well. So whoever reads an order brings the
    quantity along, as added up from fills; without it the end of such an order is told and how much it filled is not.
Source: Hyperliquid docs, "Info endpoint", "Websocket / Subscriptions"; the SDK's issue 141 on ``sz``.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from arbtui.core.errors import ProtocolBroken, RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import Balance, Fill, FundingPaid, OrderReport, OrderStatus, Origin, Position, Side, Told
from arbtui.venues.amounts import amount, price_or_none, signed, signed_or_none, traded_price, traded_qty
from arbtui.venues.hyperliquid.cloids import client_id_of
from arbtui.venues.hyperliquid.instruments import coin_of
from arbtui.venues.hyperliquid.names import VENUE, market_of
from arbtui.venues.hyperliquid.private_shapes import FillRow, OrderRow, PositionRow, SpotBalance
from arbtui.venues.words import side_of

WALLETS = {Market.PERP: "perp", Market.SPOT: "spot"}
COLLATERAL = "USDC"
FILLED = "filled"
IOC = "Ioc"

_SIDES = {"B": Side.BUY, "A": Side.SELL}
OPEN = ("open", "accepted", "triggered")
_NOBODY = ("iocCancelRejected", "marketOrderNoLiquidityRejected")  # taken, nobody to trade with, gone
_REJECTED: dict[str, RefusalReason | None] = {
    "rejected": None,
    "tickRejected": RefusalReason.BAD_PRICE,
    "oracleRejected": RefusalReason.BAD_PRICE,
    "badTriggerPxRejected": RefusalReason.BAD_PRICE,
    "minTradeNtlRejected": RefusalReason.BAD_SIZE,
    "minTradeSpotNtlRejected": RefusalReason.BAD_SIZE,
    "perpMaxPositionRejected": RefusalReason.BAD_SIZE,
    "perpMarginRejected": RefusalReason.INSUFFICIENT,
    "insufficientSpotBalanceRejected": RefusalReason.INSUFFICIENT,
    "reduceOnlyRejected": RefusalReason.REDUCE_ONLY,
    "badAloPxRejected": RefusalReason.WOULD_TAKE,
    "positionIncreaseAtOpenInterestCapRejected": RefusalReason.OTHER,
    "positionFlipAtOpenInterestCapRejected": RefusalReason.OTHER,
    "tooAggressiveAtOpenInterestCapRejected": RefusalReason.OTHER,
    "openInterestIncreaseRejected": RefusalReason.OTHER,
}
_CANCELED: dict[str, RefusalReason | None] = {
    "canceled": None,
    "scheduledCancel": None,
    "siblingFilledCanceled": None,
    "vaultWithdrawalCanceled": None,
    "liquidatedCanceled": None,
    "selfTradeCanceled": RefusalReason.OTHER,
    "openInterestCapCanceled": RefusalReason.OTHER,
    "marginCanceled": RefusalReason.INSUFFICIENT,
    "reduceOnlyCanceled": RefusalReason.REDUCE_ONLY,
    "delistedCanceled": RefusalReason.NOT_TRADING,
    "outcomeSettledCanceled": RefusalReason.NOT_TRADING,
}


# --- orders -----------------------------------------------------------------------------------------------------------


def filled_by_status(row: OrderRow, word: str) -> Decimal | None:
    """What the status alone says to be filled; None where fills have to be added up."""
    if word in _NOBODY or word in _REJECTED:
        return Decimal(0)
    return amount(row.orig_sz) if word == FILLED and row.tif not in (None, IOC) else None


def report(
    row: OrderRow, word: str, told: Told, t_ns: int, *, t_ms: int | None, filled: Decimal | None = None
) -> OrderReport:
    """``word``: the status; ``filled``: cumulative, by fills. The row's market is one of ours."""
    market = market_of(row.coin)
    if market is None:
        raise ProtocolBroken("unknown_shape", f"an order of {row.coin[:40]!r}, which is no market of ours")
    qty = amount(row.orig_sz)  # zero for stops that close whatever the position is by then
    filled = filled_by_status(row, word) if filled is None else filled
    status, why = _status(word, filled, qty)
    return OrderReport(
        venue=VENUE,
        market=market,
        native=row.coin,
        client_id=client_id_of(row.cloid),
        order_id=str(row.oid),
        side=side(row.side),
        status=status,
        status_text=word[:60],
        told=told,
        t_ns=t_ns,
        t_ms=t_ms,
        qty=qty or None,
        price=price_or_none(row.limit_px),
        filled=filled,
        reason=why if not filled else None,
        reduce_only=row.reduce_only,
    )


def _status(word: str, filled: Decimal | None, qty: Decimal) -> tuple[OrderStatus, RefusalReason | None]:
    if word in OPEN:
        return OrderStatus.OPEN, None
    if word == FILLED:  # in whole, or the rest of it is gone
        return (OrderStatus.FILLED if filled is not None and filled >= qty > 0 else OrderStatus.CANCELED), None
    if word in _NOBODY:
        return OrderStatus.EXPIRED, None
    if word in _REJECTED:
        return OrderStatus.REJECTED, _REJECTED[word]
    if word in _CANCELED:
        return OrderStatus.CANCELED, _CANCELED[word]
    return OrderStatus.UNKNOWN, None


side = partial(side_of, sides=_SIDES, venue="Hyperliquid")


# --- fills ------------------------------------------------------------------------------------------------------------


def fill(row: FillRow, market: Market, account: str, told: Told, t_ns: int) -> Fill:
    """``account`` tells whether it was the one that was liquidated, or only traded with one that was."""
    return Fill(
        venue=VENUE,
        market=market,
        native=row.coin,
        fill_id=str(row.tid),
        order_id=str(row.oid),
        client_id=client_id_of(row.cloid),
        side=side(row.side),
        price=traded_price(row.px),
        qty=traded_qty(row.sz),
        told=told,
        t_ns=t_ns,
        t_ms=row.time,
        fee=signed_or_none(row.fee),
        fee_ccy=coin_of(row.fee_token) if row.fee_token else "",
        maker=None if row.crossed is None else not row.crossed,
        origin=_origin(row, account),
    )


_LIQUIDATED = "Liquidated "  # Cross Long, Isolated Short ...: of the account that was, often without the object


def _origin(row: FillRow, account: str) -> Origin:
    ours = row.liquidation is not None and (row.liquidation.liquidated_user or "").lower() == account
    if ours or row.dir.startswith(_LIQUIDATED):
        return "liquidation"
    if row.dir == "Auto-Deleveraging":
        return "adl"
    return "settlement" if row.dir == "Settlement" else "order"


# --- money ------------------------------------------------------------------------------------------------------------


def position(row: PositionRow, told: Told, t_ns: int, t_ms: int) -> Position:
    """Positions are one-way on Hyperliquid. There is no mark price among what it says of them."""
    return Position(
        venue=VENUE,
        native=row.coin,
        qty=signed(row.szi),
        t_ns=t_ns,
        entry_price=price_or_none(row.entry_px),
        liquidation_price=_reachable(signed_or_none(row.liquidation_px)),
        margin=signed_or_none(row.margin_used),
        t_ms=t_ms,
        told=told,
    )


def flat(coin: str, t_ns: int, t_ms: int) -> Position:
    """A position that is not named any more."""
    return Position(venue=VENUE, native=coin, qty=Decimal(0), t_ns=t_ns, t_ms=t_ms, told="push")


def _reachable(price: Decimal | None) -> Decimal | None:
    """A liquidation price at or below zero is one that cannot come."""
    return price if price is not None and price > 0 else None


def spot_balance(row: SpotBalance, t_ns: int) -> Balance:
    total, held = signed(row.total), amount(row.hold)
    return Balance(
        venue=VENUE,
        wallet=WALLETS[Market.SPOT],
        asset=coin_of(row.coin, row.token),
        total=total,
        free=max(total - held, Decimal(0)),
        t_ns=t_ns,
    )


def funding(coin: str, usdc: str, t_ms: int, t_ns: int) -> FundingPaid:
    """A coin is settled once at a time; the hash of a payment is the same for all. Below zero it was paid."""
    return FundingPaid(
        venue=VENUE,
        native=coin,
        payment_id=f"{coin}.{t_ms}",
        amount=signed(usdc),
        ccy=COLLATERAL,
        t_ms=t_ms,
        t_ns=t_ns,
    )
