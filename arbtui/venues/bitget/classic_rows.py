"""What the private rows of classic accounts mean: put in the words of unified ones, which ``private_rows`` reads.

What differs beneath the names: contracts and spot have wallets of their own; fees are negative in some lists and
positive in others, and were paid in all; spot lists of open orders tell their price as ``priceAvg`` and the average of
fills as ``basePrice``; pushes about spot tell the size as ``newSize``, since their ``size`` is in quote currency.
Source: Bitget classic API docs, Get Order Info, Get Current Orders, Get Fills, Order Channel, Fill Channel, Positions
Channel, Account Channel (spot and contract), Get Account Bill; ccxt 4.5.90 for what the docs leave open.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Balance, Fill, FundingPaid, OrderReport, Position, Told
from arbtui.venues.bitget import private_rows, private_shapes
from arbtui.venues.bitget.classic_shapes import (
    Bill,
    FeeDetail,
    FillRow,
    MixAccount,
    OrderRow,
    PositionRow,
    SpotCoin,
)
from arbtui.venues.bitget.instruments import VENUE, inst_type
from arbtui.venues.bitget.private_rows import amount_or_none, signed_or_none, told

WALLETS = {Market.PERP: "futures", Market.SPOT: "spot"}
FUNDING = "contract_settle_fee"  # of bills
_CAME, _WENT = private_rows.FUNDING_TYPES[:2]


def report(row: OrderRow, market: Market, how: Told, t_ns: int) -> OrderReport:
    symbol, pushed = row.symbol or row.inst_id or "", how == "push"
    open_spot = market is Market.SPOT and bool(bytes(row.base_price))
    unified = private_shapes.OrderRow(
        symbol=symbol,
        order_id=row.order_id,
        side=row.side,
        order_status=row.status or row.state or "",
        category=inst_type(market, symbol),
        client_oid=row.client_oid,
        price=row.price_avg if open_spot else row.price,
        qty=row.new_size if pushed and market is Market.SPOT else row.size,
        cum_exec_qty=row.acc_base_volume if pushed else row.base_volume,
        avg_price=row.base_price if open_spot else row.price_avg,
        order_type=row.order_type,
        reduce_only=row.reduce_only,
        cancel_reason=row.cancel_reason,
        trade_side=row.trade_side,
        updated_time=row.u_time,
    )
    return private_rows.report(unified, market, how, t_ns)


def fill(row: FillRow, market: Market, instrument: Instrument | None, how: Told, t_ns: int) -> Fill:
    """Whose order it was is told by Bitget's own id alone."""
    spot = market is Market.SPOT
    given = row.fee_detail
    details = given if isinstance(given, list) else [given] if given is not None else []
    unified = private_shapes.FillRow(
        symbol=row.symbol,
        exec_id=row.trade_id,
        side=row.side,
        category=inst_type(market, row.symbol),
        exec_price=row.price_avg if spot else row.price,
        exec_qty=row.size if spot else row.base_volume,
        order_id=row.order_id,
        trade_scope=row.trade_scope,
        trade_side=row.trade_side,
        fee_detail=[_fee(part) for part in details],
        created_time=row.c_time,
    )
    return private_rows.fill(unified, market, instrument, how, t_ns)


def _fee(part: FeeDetail) -> private_shapes.FeeDetail:
    """Not told where another coin paid a part of it: the docs do not say which of the two amounts is in which coin."""
    fee = signed_or_none(part.total_fee)
    if fee is None or (part.deduction or "no").lower() != "no":
        return private_shapes.FeeDetail(fee_coin=part.fee_coin)
    text = msgspec.json.encode(format(fee.copy_abs(), "f"))
    return private_shapes.FeeDetail(fee_coin=part.fee_coin, fee=msgspec.Raw(text))


def position(row: PositionRow, how: Told, t_ns: int) -> Position:
    unified = private_shapes.PositionRow(
        symbol=row.symbol or row.inst_id or "",
        hold_mode=row.pos_mode,
        pos_side=row.hold_side,
        total=row.total,
        avg_price=row.open_price_avg,
        mark_price=row.mark_price,
        liquidation_price=row.liquidation_price,
        margin_size=row.margin_size,
        updated_time=row.u_time,
    )
    return private_rows.position(unified, how, t_ns)


def funding(row: Bill, t_ns: int) -> FundingPaid:
    amount = told(signed_or_none(row.amount), "amount of a funding payment")
    kind = _WENT if amount < 0 else _CAME
    unified = private_shapes.RecordRow(
        id=row.bill_id, type=kind, ts=row.c_time, amount=row.amount, symbol=row.symbol, coin=row.coin
    )
    return private_rows.funding(unified, t_ns)


def spot_balance(row: SpotCoin, t_ns: int, t_ms: int | None) -> Balance:
    """All of it: what is free, what resting orders bind, and what is locked for other reasons."""
    free = told(amount_or_none(row.available), f"available {row.coin[:20]}")
    bound = (amount_or_none(row.frozen) or Decimal(0)) + (amount_or_none(row.locked) or Decimal(0))
    return _balance(WALLETS[Market.SPOT], row.coin, free + bound, free, t_ns, t_ms)


def mix_balance(row: MixAccount, t_ns: int, t_ms: int | None) -> Balance | None:
    """None where it does not tell how much of the equity is open profit."""
    equity, profit = signed_or_none(row.account_equity), signed_or_none(row.unrealized_pl)
    if equity is None:
        equity = signed_or_none(row.equity)
    if equity is None or profit is None:
        return None
    total, free = equity - profit, signed_or_none(row.crossed_max_available)
    if free is None:
        free = signed_or_none(row.max_open_pos_available)
    usable = None if free is None else max(min(free, total), Decimal(0))
    return _balance(WALLETS[Market.PERP], row.margin_coin, total, usable, t_ns, t_ms)


def _balance(wallet: str, asset: str, total: Decimal, free: Decimal | None, t_ns: int, t_ms: int | None) -> Balance:
    if not asset:
        raise ProtocolBroken("unknown_shape", "a Bitget balance of no coin")
    return Balance(venue=VENUE, wallet=wallet, asset=asset, total=total, free=free, t_ns=t_ns, t_ms=t_ms)
