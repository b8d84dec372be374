"""What Bybit's private rows mean, wherever they come from: a push or a REST body. Sizes are in wire units throughout.

Every function may raise ``ProtocolBroken``: here a row that cannot be read is never skipped, for what it would have
told is money. Fees are positive where they were paid, as ours are.
Source: Bybit V5 docs, Get Open & Closed Orders, Get Trade History, Get Position Info, Get Wallet Balance; Enums
Definitions (orderStatus, createType, execType, rejectReason, "Spot Fee Currency Instruction").
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from functools import partial
from typing import Literal

from arbtui.core.errors import ProtocolBroken, RefusalReason
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Balance, Fill, FundingPaid, OrderReport, OrderStatus, Origin, Position, Side, Told
from arbtui.venues import amounts
from arbtui.venues.amounts import amount_or_none, price_or_none, signed_or_none
from arbtui.venues.bybit.instruments import VENUE
from arbtui.venues.bybit.private_shapes import CoinRow, ExecutionRow, OrderRow, PositionRow, SymbolRow, WalletRow
from arbtui.venues.wire import millis_or_none
from arbtui.venues.words import named, side_of

WALLET = "unified"  # one pot for spot and perpetuals
FUNDING = "Funding"  # execType of a funding payment, which stands among the trades

_STATUS = {
    "Created": OrderStatus.OPEN,
    "New": OrderStatus.OPEN,
    "PartiallyFilled": OrderStatus.OPEN,
    "Untriggered": OrderStatus.OPEN,
    "Triggered": OrderStatus.OPEN,  # for an instant, on its way to New
    "Filled": OrderStatus.FILLED,
    "Cancelled": OrderStatus.CANCELED,  # of contracts also where a part has filled
    "PartiallyFilledCanceled": OrderStatus.CANCELED,  # the same of spot
    "Deactivated": OrderStatus.CANCELED,
    "Rejected": OrderStatus.REJECTED,
}
_UNFILLED: dict[str, tuple[OrderStatus, RefusalReason | None]] = {  # rejectReason of what was canceled unfilled
    "EC_PostOnlyWillTakeLiquidity": (OrderStatus.REJECTED, RefusalReason.WOULD_TAKE),
    "EC_NoImmediateQtyToFill": (OrderStatus.EXPIRED, None),
}
_REJECTED = {
    "EC_PostOnlyWillTakeLiquidity": RefusalReason.WOULD_TAKE,
    "EC_LimitOrderInvalidPrice": RefusalReason.BAD_PRICE,
    "EC_InvalidPriceScale": RefusalReason.BAD_PRICE,
    "EC_ReachRiskPriceLimit": RefusalReason.BAD_PRICE,
    "EC_ReachMarketPriceLimit": RefusalReason.BAD_PRICE,
    "EC_QtyCannotBeZero": RefusalReason.BAD_SIZE,
    "EC_EcInvalidQty": RefusalReason.BAD_SIZE,
    "EC_InvalidAmount": RefusalReason.BAD_SIZE,
    "EC_InvalidSymbolStatus": RefusalReason.NOT_TRADING,
    "EC_SecurityStatusFail": RefusalReason.NOT_TRADING,
    "EC_InCallAuctionStatus": RefusalReason.NOT_TRADING,
}
_SAME_ID = "EC_DuplicatedClOrdID"  # speaks of a second order under the id of one that may live
_CANCEL_REASONS = {"CancelByReduceOnly": RefusalReason.REDUCE_ONLY, "CancelBySettle": RefusalReason.NOT_TRADING}

_CREATED: dict[str, Origin] = {
    "CreateByLiq": "liquidation",
    "CreateByTakeOver_PassThrough": "liquidation",
    "CreateByAdl_PassThrough": "adl",
    "CreateBySettle": "settlement",
    "CreateByAdminClosing": "settlement",
}
_EXECUTED: dict[str, Origin] = {
    "Trade": "order",
    "BlockTrade": "order",
    "MovePosition": "order",
    "FutureSpread": "order",
    "AdlTrade": "adl",
    "BustTrade": "liquidation",
    "Delivery": "settlement",
    "Settle": "settlement",
    "CorporateAction": "settlement",
}
_SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
_Held = Literal["net", "long", "short"]
_HELD: dict[int, _Held] = {0: "net", 1: "long", 2: "short"}
_DIGIT = Decimal("1e-8")  # what is free is told to this digit, never more than there is


# --- orders -----------------------------------------------------------------------------------------------------------

told = partial(amounts.told, row="a Bybit row")
_name = partial(named, row="a Bybit row")
_side = partial(side_of, sides=_SIDES, venue="Bybit")


def report(row: OrderRow, market: Market, how: Told, t_ns: int) -> OrderReport:
    filled = amount_or_none(row.cum_exec_qty)
    status, reason = _status(row, filled)
    return OrderReport(
        venue=VENUE,
        market=market,
        native=_name(row.symbol, "symbol"),
        client_id=row.order_link_id,
        order_id=_name(row.order_id, "orderId"),
        side=_side(row.side),
        status=status,
        status_text=row.order_status[:40],
        told=how,
        t_ns=t_ns,
        t_ms=millis_or_none(row.updated_time),
        qty=_ordered(row, market),
        price=None if row.order_type == "Market" else price_or_none(row.price),
        filled=filled,
        avg_price=price_or_none(row.avg_price),
        reason=reason,
        reduce_only=row.reduce_only if market is Market.PERP else None,
        origin=_CREATED.get(row.create_type, "order"),
    )


def _status(row: OrderRow, filled: Decimal | None) -> tuple[OrderStatus, RefusalReason | None]:
    """A message about a cancel that came too late has status Filled; it says nothing but that."""
    status = _STATUS.get(row.order_status, OrderStatus.UNKNOWN)
    if status is OrderStatus.REJECTED:
        if row.reject_reason == _SAME_ID:
            return OrderStatus.UNKNOWN, None
        return status, _REJECTED.get(row.reject_reason, RefusalReason.OTHER)
    if status is OrderStatus.CANCELED and filled == 0:
        return _UNFILLED.get(row.reject_reason, (status, _CANCEL_REASONS.get(row.cancel_type)))
    return status, None


def _ordered(row: OrderRow, market: Market) -> Decimal | None:
    """None for an order that was given in quote currency, as market buys of spot are unless they say otherwise."""
    in_base = row.market_unit == "baseCoin" or (row.market_unit != "quoteCoin" and row.side != "Buy")
    if market is Market.SPOT and row.order_type == "Market" and not in_base:
        return None
    return amount_or_none(row.qty)


# --- executions -------------------------------------------------------------------------------------------------------


def execution(
    row: ExecutionRow, market: Market, instrument: Instrument | None, how: Told, t_ns: int
) -> Fill | FundingPaid:
    """A trade, or the funding payment that stands among them. ``instrument``: what it was in, where that is known."""
    if row.exec_type == FUNDING:
        return funding(row, instrument, t_ns)
    origin = _EXECUTED.get(row.exec_type)
    if origin is None:
        raise ProtocolBroken("unknown_shape", f"Bybit says execType {row.exec_type[:40]!r}")
    qty = told(amount_or_none(row.exec_qty), "size of a fill")
    if not qty:
        raise ProtocolBroken("bad_size", f"a Bybit fill of nothing ({row.exec_id[:40]!r})")
    fee, fee_ccy = _fee(row, market, instrument)
    return Fill(
        venue=VENUE,
        market=market,
        native=_name(row.symbol, "symbol"),
        fill_id=_name(row.exec_id, "execId"),
        order_id=row.order_id,
        client_id=row.order_link_id,
        side=_side(row.side),
        price=told(price_or_none(row.exec_price), "price of a fill"),
        qty=qty,
        told=how,
        t_ns=t_ns,
        t_ms=millis_or_none(row.exec_time),
        fee=fee,
        fee_ccy=fee_ccy,
        maker=row.is_maker,
        origin=origin,
    )


def _fee(row: ExecutionRow, market: Market, instrument: Instrument | None) -> tuple[Decimal | None, str]:
    """What a fill cost and in which coin, taxes included; (None, "") where either is not told.

    A tax in another coin than the fee has no place in one amount: then the fee counts as not told.
    """
    fee = signed_or_none(row.exec_fee)
    ccy = row.fee_currency or (_fee_currency(row, fee, market, instrument) if fee is not None else "")
    if fee is None or not ccy:
        return None, ""
    for extra in row.extra_fees if not isinstance(row.extra_fees, str) else ():
        if extra.fee_coin != ccy:
            return None, ""
        fee += told(signed_or_none(extra.fee), "amount of an extra fee")
    return fee, ccy


def _fee_currency(row: ExecutionRow, fee: Decimal, market: Market, instrument: Instrument | None) -> str:
    """Where a message does not name it. Spot pays with what it receives; a maker's rebate is of what it gives."""
    if instrument is None:
        return ""
    if market is Market.PERP:
        return instrument.settle_ccy
    if row.is_maker is None:
        return ""
    receives_base = row.side == "Buy"
    rebate = row.is_maker and fee < 0
    base = instrument.native.removesuffix(instrument.quote)
    return base if receives_base is not rebate else instrument.quote


def funding(row: ExecutionRow, instrument: Instrument | None, t_ns: int) -> FundingPaid:
    """``execFee`` of a funding payment is positive where it was paid."""
    fee = told(signed_or_none(row.exec_fee), "amount of a funding payment")
    t_ms = millis_or_none(row.exec_time)
    if t_ms is None:
        raise ProtocolBroken("bad_number", f"a Bybit funding payment at no time ({row.exec_time[:40]!r})")
    return FundingPaid(
        venue=VENUE,
        native=_name(row.symbol, "symbol"),
        payment_id=_name(row.exec_id, "execId"),
        amount=fee.copy_negate() if fee else fee.copy_abs(),
        ccy=_name(row.fee_currency or (instrument.settle_ccy if instrument else ""), "feeCurrency"),
        t_ms=t_ms,
        t_ns=t_ns,
    )


# --- positions --------------------------------------------------------------------------------------------------------


def position(row: PositionRow, how: Told, t_ns: int) -> Position:
    """``size`` is never negative; ``side`` is "" where it is zero."""
    held = _HELD.get(row.position_idx)
    if held is None:
        raise ProtocolBroken("unknown_shape", f"Bybit says positionIdx {row.position_idx}")
    size = told(amount_or_none(row.size), "size of a position").copy_abs()
    sells = bool(size) and _side(row.side) is Side.SELL
    if size and held != "net" and sells is not (held == "short"):
        raise ProtocolBroken("unknown_shape", f"Bybit says side {row.side} of positionIdx {row.position_idx}")
    rank = row.adl_rank_indicator
    return Position(
        venue=VENUE,
        native=_name(row.symbol, "symbol"),
        qty=size.copy_negate() if sells else size,
        t_ns=t_ns,
        held=held,
        entry_price=price_or_none(row.avg_price or row.entry_price),
        mark=price_or_none(row.mark_price),
        liquidation_price=price_or_none(row.liq_price),
        margin=amount_or_none(row.position_im),
        adl_rank=rank if rank is not None and 0 < rank < 100 else None,  # 0: the rank of what is not held
        t_ms=millis_or_none(row.updated_time),
        told=how,
    )


def position_mode(rows: Sequence[PositionRow] | Sequence[SymbolRow]) -> Literal["one_way", "hedge"]:
    """Of the contract whose ``rows`` these are: two-sided ones tell a row a side."""
    return "one_way" if all(row.position_idx == 0 for row in rows) else "hedge"


# --- money ------------------------------------------------------------------------------------------------------------


def balances(wallet: WalletRow, t_ns: int, t_ms: int | None) -> list[Balance]:
    return [
        Balance(
            venue=VENUE,
            wallet=WALLET,
            asset=_name(row.coin, "coin"),
            total=_own(row),
            free=_free(row, signed_or_none(wallet.total_available_balance)),
            t_ns=t_ns,
            t_ms=t_ms,
        )
        for row in wallet.coin
    ]


def _own(row: CoinRow) -> Decimal:
    """``walletBalance`` leaves open profit out, and counts what was borrowed in."""
    held = told(signed_or_none(row.wallet_balance), f"balance of {row.coin[:20]}")
    borrowed = signed_or_none(row.spot_borrow)
    return held - borrowed if borrowed else held


def _free(row: CoinRow, available_usd: Decimal | None) -> Decimal | None:
    """What a new order may use of this coin alone: less than Bybit would allow where other coins are collateral too.

    Bound are resting orders of spot, margins, bonuses and open losses. The account as a whole tells what is available
    in USD; it is turned into coins at the price that Bybit itself reckons with. None where too little is told.
    """
    own = _own(row)
    bound = [signed_or_none(text) for text in (row.locked, row.total_order_im, row.total_position_im, row.bonus)]
    if signed_or_none(row.locked) is None or (available_usd is None and None in bound[1:3]):
        return None
    loss = min(signed_or_none(row.unrealised_pnl) or Decimal(0), Decimal(0))
    free = own + loss - sum((amount for amount in bound if amount is not None), Decimal(0))
    value, equity = signed_or_none(row.usd_value), signed_or_none(row.equity)
    if available_usd is not None and value and equity and (value > 0) is (equity > 0):
        free = min(free, _rounded_down(available_usd * equity / value))
    return max(free, Decimal(0))


def _rounded_down(coins: Decimal) -> Decimal:
    try:
        return coins.quantize(_DIGIT, ROUND_DOWN)
    except InvalidOperation:
        raise ProtocolBroken("bad_number", f"a Bybit wallet has {coins:.3e} of a coin available") from None
