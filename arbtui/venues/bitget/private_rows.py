"""What Bitget's private rows mean, wherever they come from: a push or a REST body. Sizes are in coins throughout.

Every function may raise ``ProtocolBroken``: here a row that cannot be read is never skipped, for what it would have
told is money. Fees of unified accounts are positive where they were paid, as ours are (those of classic ones are not).
Categories are written in capitals by REST and small in pushes.
Source: Bitget UTA API docs, Get Order Details, Get Fill History, Get Position Info, Get Account Assets; Enumeration
(orderStatus, cancelReason, execType, tradeSide, type of financial records).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from functools import partial
from typing import Literal

import msgspec

from arbtui.core.errors import ProtocolBroken, RefusalReason
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Balance, Fill, FundingPaid, OrderReport, OrderStatus, Origin, Position, Side, Told
from arbtui.venues import amounts
from arbtui.venues.bitget.instruments import MARKET, QUOTES, VENUE
from arbtui.venues.bitget.private_shapes import CoinRow, FillRow, OrderRow, PositionRow, RecordRow, Wallet
from arbtui.venues.wire import millis_or_none, text_of
from arbtui.venues.words import named, side_of

WALLET = "unified"  # one pot for spot and perpetuals
FUNDING_TYPES = (  # of financial records; FIXED_: isolated margin
    "CONTRACT_MAIN_SETTLE_FEE_USER_IN",
    "CONTRACT_MAIN_SETTLE_FEE_USER_OUT",
    "FIXED_SETTLE_FEE_USER_IN",
    "FIXED_SETTLE_FEE_USER_OUT",
)

_STATUS = {
    "init": OrderStatus.OPEN,
    "live": OrderStatus.OPEN,
    "new": OrderStatus.OPEN,
    "partially_filled": OrderStatus.OPEN,
    "filled": OrderStatus.FILLED,
    "cancelled": OrderStatus.CANCELED,  # also where a part has filled
    "canceled": OrderStatus.CANCELED,
    "reject": OrderStatus.REJECTED,
    "rejected": OrderStatus.REJECTED,
}
_UNFILLED: dict[str, tuple[OrderStatus, RefusalReason | None]] = {  # cancelReason of what was canceled unfilled
    "post_only_fill_cancel": (OrderStatus.REJECTED, RefusalReason.WOULD_TAKE),
    "ioc_not_full_cancel": (OrderStatus.EXPIRED, None),
    "trade_count_too_small": (OrderStatus.CANCELED, RefusalReason.BAD_SIZE),
    "limit_price_exceed_cancel": (OrderStatus.CANCELED, RefusalReason.BAD_PRICE),
    "slippage_cancel": (OrderStatus.CANCELED, RefusalReason.BAD_PRICE),
    "delivery_order_cancel": (OrderStatus.CANCELED, RefusalReason.NOT_TRADING),
    "call_auction_cancel": (OrderStatus.CANCELED, RefusalReason.NOT_TRADING),
}
_EXECUTED: dict[str, Origin] = {
    "reduce": "liquidation",
    "offset": "liquidation",  # of a position by the other side of it
    "liquidation": "liquidation",
    "delivery": "settlement",
}
_DELEGATED: dict[str, Origin] = {  # delegateType, which pushes have too (Bitget UTA docs, Get Order History)
    "liquidation": "liquidation",
    "delivery_close_long": "settlement",
    "delivery_close_short": "settlement",
    "off_close": "settlement",  # at a delisting
}
_TRADED: tuple[tuple[str, Origin], ...] = (  # how a tradeSide begins
    ("dte_sys_adl", "adl"),
    ("burst_", "liquidation"),
    ("reduce_", "liquidation"),
    ("offset_", "liquidation"),
    ("delivery_", "settlement"),
)
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}
_MAKER = {"maker": True, "taker": False}
_REDUCE_ONLY = {"yes": True, "no": False}
_ONE_WAY, _HEDGE = "one_way_mode", "hedge_mode"
_PositionMode = Literal["one_way", "hedge"]
_HOLD_MODES: dict[str, _PositionMode] = {_ONE_WAY: "one_way", _HEDGE: "hedge"}
_DIGIT = Decimal("1e-8")  # what is free is told to this digit, never more than there is


# --- numbers and names ------------------------------------------------------------------------------------------------

told = partial(amounts.told, row="a Bitget row")
_name = partial(named, row="a Bitget row")


def signed_or_none(raw: msgspec.Raw) -> Decimal | None:
    return amounts.signed_or_none(text_of(raw))


def amount_or_none(raw: msgspec.Raw) -> Decimal | None:
    return amounts.amount_or_none(text_of(raw, "bad_size"))


def price_or_none(raw: msgspec.Raw) -> Decimal | None:
    return amounts.price_or_none(text_of(raw, "bad_price"))


def market_of(category: str) -> Market | None:
    """None for what is not traded here (margin loans, coin-margined contracts)."""
    return MARKET.get(category.upper())


def position_mode(hold_mode: str) -> _PositionMode | None:
    return _HOLD_MODES.get(hold_mode)


def _side(text: str) -> Side:
    return side_of(text.lower(), _SIDES, "Bitget")


def _origin(trade_side: str | None, exec_type: str | None = None, delegate_type: str | None = None) -> Origin:
    by_side = (origin for beginning, origin in _TRADED if (trade_side or "").startswith(beginning))
    by_kind = _EXECUTED.get(exec_type or "") or _DELEGATED.get(delegate_type or "")
    return next(by_side, by_kind or "order")


# --- orders -----------------------------------------------------------------------------------------------------------


def report(row: OrderRow, market: Market, how: Told, t_ns: int) -> OrderReport:
    filled = amount_or_none(row.cum_exec_qty)
    status, reason = _status(row, filled)
    at_market = row.order_type == "market"
    qty = amount_or_none(row.qty)
    return OrderReport(
        venue=VENUE,
        market=market,
        native=_name(row.symbol, "symbol"),
        client_id=row.client_oid or "",
        order_id=_name(row.order_id, "orderId"),
        side=_side(row.side),
        status=status,
        status_text=row.order_status[:40],
        told=how,
        t_ns=t_ns,
        t_ms=millis_or_none(row.updated_time),
        qty=None if at_market and market is Market.SPOT and row.side != "sell" else qty or None,  # in quote currency
        price=None if at_market else price_or_none(row.price),
        filled=filled,
        avg_price=price_or_none(row.avg_price),
        reason=reason,
        reduce_only=_reduce_only(row.reduce_only) if market is Market.PERP else None,
        origin=_origin(row.trade_side, row.exec_type, row.delegate_type),
    )


def _status(row: OrderRow, filled: Decimal | None) -> tuple[OrderStatus, RefusalReason | None]:
    status = _STATUS.get(row.order_status, OrderStatus.UNKNOWN)
    if status is OrderStatus.REJECTED:
        return status, RefusalReason.OTHER
    if status is OrderStatus.CANCELED and filled == 0:
        return _UNFILLED.get(row.cancel_reason or "", (status, None))
    return status, None


def _reduce_only(said: str | bool | None) -> bool | None:
    return _REDUCE_ONLY.get(said.lower()) if isinstance(said, str) else said


# --- fills ------------------------------------------------------------------------------------------------------------


def fill(row: FillRow, market: Market, instrument: Instrument | None, how: Told, t_ns: int) -> Fill:
    """``instrument``: what it was in, where that is known."""
    qty = told(amount_or_none(row.exec_qty), "size of a fill")
    if not qty:
        raise ProtocolBroken("bad_size", f"a Bitget fill of nothing ({row.exec_id[:40]!r})")
    fee, fee_ccy = _fee(row, market, instrument)
    return Fill(
        venue=VENUE,
        market=market,
        native=_name(row.symbol, "symbol"),
        fill_id=_name(row.exec_id, "execId"),
        order_id=row.order_id or "",
        client_id=row.client_oid or "",
        side=_side(row.side),
        price=told(price_or_none(row.exec_price), "price of a fill"),
        qty=qty,
        told=how,
        t_ns=t_ns,
        t_ms=millis_or_none(row.exec_time or row.created_time),
        fee=fee,
        fee_ccy=fee_ccy,
        maker=_MAKER.get(row.trade_scope or ""),
        origin=_origin(row.trade_side),
    )


def _fee(row: FillRow, market: Market, instrument: Instrument | None) -> tuple[Decimal | None, str]:
    """What a fill cost and in which coin; (None, "") where either is not told, or it was paid in several coins.

    Contracts pay in what they settle in; spot may pay in what it receives or in BGB, and rows without a coin are known.
    """
    settles = instrument.settle_ccy if instrument is not None and market is Market.PERP else ""
    total, ccy = Decimal(0), ""
    for part in row.fee_detail or ():
        fee, coin = signed_or_none(part.fee), part.fee_coin or settles
        if fee is None or not coin or coin != (ccy or coin):
            return None, ""
        total, ccy = total + fee, coin
    return (total, ccy) if ccy else (None, "")


def funding(row: RecordRow, t_ns: int) -> FundingPaid:
    """The type tells which way it went, whatever sign the amount has."""
    amount = told(signed_or_none(row.amount), "amount of a funding payment").copy_abs()
    t_ms = millis_or_none(row.ts)
    if t_ms is None:
        raise ProtocolBroken("bad_number", f"a Bitget funding payment at no time ({row.ts[:40]!r})")
    return FundingPaid(
        venue=VENUE,
        native=_name(row.symbol, "symbol"),
        payment_id=_name(row.id, "id"),
        amount=amount.copy_negate() if amount and row.type.endswith("_OUT") else amount,
        ccy=_name(row.coin, "coin"),
        t_ms=t_ms,
        t_ns=t_ns,
    )


# --- positions --------------------------------------------------------------------------------------------------------


def position(row: PositionRow, how: Told, t_ns: int) -> Position:
    """The size is never negative; ``posSide`` tells the direction, of one-way positions too."""
    mode = position_mode(row.hold_mode)
    if mode is None:
        raise ProtocolBroken("unknown_shape", f"Bitget says holdMode {row.hold_mode[:40]!r}")
    total = amount_or_none(row.total)
    size = total if total is not None else told(amount_or_none(row.size), "size of a position")
    direction = row.pos_side or ""
    if direction not in ("long", "short") and (size or mode == "hedge"):
        raise ProtocolBroken("unknown_shape", f"Bitget says posSide {direction[:40]!r} of a position")
    held: Literal["net", "long", "short"] = "net" if mode == "one_way" else "long" if direction == "long" else "short"
    balance = amount_or_none(row.position_balance)
    liquidation = signed_or_none(row.liquidation_price)
    if liquidation is None:
        liquidation = signed_or_none(row.liq_price)
    return Position(
        venue=VENUE,
        native=_name(row.symbol, "symbol"),
        qty=size.copy_negate() if size and direction == "short" else size.copy_abs(),
        t_ns=t_ns,
        held=held,
        entry_price=price_or_none(row.avg_price),
        mark=price_or_none(row.mark_price),
        liquidation_price=liquidation if liquidation is not None and liquidation > 0 else None,  # 0 or less: never
        margin=balance if balance is not None else amount_or_none(row.margin_size),
        t_ms=millis_or_none(row.updated_time),
        told=how,
    )


# --- money ------------------------------------------------------------------------------------------------------------


def balances(wallet: Wallet, coins: Sequence[CoinRow], t_ns: int, t_ms: int | None) -> list[Balance]:
    equity, bound = signed_or_none(wallet.eff_equity), signed_or_none(wallet.imr)
    margin_usd = None if equity is None or bound is None else equity - bound
    return [
        Balance(
            venue=VENUE,
            wallet=WALLET,
            asset=_name(row.coin, "coin"),
            total=told(signed_or_none(row.balance), f"balance of {row.coin[:20]}"),
            free=_free(row, margin_usd),
            t_ns=t_ns,
            t_ms=t_ms,
        )
        for row in coins
    ]


def _free(row: CoinRow, margin_usd: Decimal | None) -> Decimal | None:
    """What a new order may use of this coin alone: less than Bitget would allow where other coins are collateral too.

    ``available`` leaves out what spot orders lock, and counts open profit in. Of the coins that contracts settle in,
    margins are bound besides, which the account tells as a whole, in USD; turned into coins at the price that Bitget
    itself reckons with. None where too little is told.
    """
    available = signed_or_none(row.available)
    if available is None:
        return None
    free = min(available, told(signed_or_none(row.balance), f"balance of {row.coin[:20]}"))
    if row.coin in QUOTES:
        if margin_usd is None:
            return None
        equity, value = signed_or_none(row.equity), signed_or_none(row.usd_value)
        if equity and value and (equity > 0) is (value > 0):
            free = min(free, _rounded_down(margin_usd * equity / value))
    return max(free, Decimal(0))


def _rounded_down(coins: Decimal) -> Decimal:
    try:
        return coins.quantize(_DIGIT, ROUND_DOWN)
    except InvalidOperation:
        raise ProtocolBroken("bad_number", f"a Bitget wallet has {coins:.3e} of a coin available") from None
