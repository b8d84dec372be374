"""What OKX's private rows mean, wherever they come from: a push or a REST body. Sizes stay in wire units (contracts).

Every function may raise ``ProtocolBroken``: here a row that cannot be read is never skipped, for what it would have
told is money. OKX's fees are negative where they were charged; ours are positive where they were paid.
Source: OKX API v5 docs, Get Order Details; Order Channel; Get Transaction Details; Get Positions; Get Bills Details.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Literal

from arbtui.core.errors import ProtocolBroken, RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import Balance, Fill, FundingPaid, OrderReport, OrderStatus, Origin, Position, Side, Told
from arbtui.venues import amounts
from arbtui.venues.amounts import amount_or_none, price_or_none, signed_or_none
from arbtui.venues.okx import refusals
from arbtui.venues.okx.instruments import MARKET, VENUE
from arbtui.venues.okx.private_shapes import BalanceRow, BillRow, FillRow, OrderRow, PositionRow
from arbtui.venues.wire import millis_or_none
from arbtui.venues.words import named, side_of

WALLET = "trading"  # one pot for spot and swaps

_STATUS = {
    "live": OrderStatus.OPEN,
    "partially_filled": OrderStatus.OPEN,
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "mmp_canceled": OrderStatus.CANCELED,  # market maker protection
    "order_failed": OrderStatus.REJECTED,
}
_ORIGIN: dict[str, Origin] = {
    "adl": "adl",
    "full_liquidation": "liquidation",
    "partial_liquidation": "liquidation",
    "delivery": "settlement",
}
_BILL_ORIGIN: dict[str, Origin] = {
    **dict.fromkeys(("100", "101", "102", "103", "104", "105", "106", "107"), "liquidation"),
    **dict.fromkeys(("125", "126", "127", "128"), "adl"),
    **dict.fromkeys(("112", "113"), "settlement"),
}
_TAKES = "31"  # cancelSource: the post-only order would have taken liquidity
_NO_TRADE = ("", "0")  # tradeId of an order that has not filled, or was the venue's own

told = partial(amounts.told, row="an OKX row")
_name = partial(named, row="an OKX row")
_side = partial(side_of, sides={side.value: side for side in Side}, venue="OKX")


def ours(theirs: Decimal) -> Decimal:
    """A fee or rate with the sign turned, every digit kept; zero has none."""
    return theirs.copy_negate() if theirs else theirs.copy_abs()


# --- orders and fills -------------------------------------------------------------------------------------------------


def market(inst_type: str) -> Market | None:
    """None for kinds that are not traded here (MARGIN, FUTURES, OPTION)."""
    return MARKET.get(inst_type)


def report(row: OrderRow, where: Market, how: Told, t_ns: int) -> OrderReport:
    filled = amount_or_none(row.acc_fill_sz)
    status = _STATUS.get(row.state, OrderStatus.UNKNOWN)
    why: RefusalReason | None = None
    if status is OrderStatus.CANCELED and row.cancel_source == _TAKES and not filled:
        status, why = OrderStatus.REJECTED, RefusalReason.WOULD_TAKE
    elif status is OrderStatus.REJECTED and row.code not in ("", "0"):
        why = refusals.reason(row.code)
    return OrderReport(
        venue=VENUE,
        market=where,
        native=_name(row.inst_id, "instId"),
        client_id=row.cl_ord_id,
        order_id=_name(row.ord_id, "ordId"),
        side=_side(row.side),
        status=status,
        status_text=row.state,
        told=how,
        t_ns=t_ns,
        t_ms=millis_or_none(row.u_time),
        qty=_ordered(row),
        price=None if row.px == "-1" else price_or_none(row.px),
        filled=filled,
        avg_price=price_or_none(row.avg_px),
        reason=why,
        reduce_only=_flag(row.reduce_only),
        origin=_ORIGIN.get(row.category, "order"),
    )


def listed_fill(row: FillRow, where: Market, t_ns: int) -> Fill:
    """A row of the list of fills. An id below zero says that the venue traded: liquidation, unless the bill knows."""
    qty = told(amount_or_none(row.fill_sz), "size of a fill")
    if not qty or row.trade_id in _NO_TRADE:
        raise ProtocolBroken("bad_size", f"an OKX fill without size or id (tradeId {row.trade_id[:40]!r})")
    fee = signed_or_none(row.fee)
    unasked: Origin = "liquidation" if row.trade_id.startswith("-") else "order"
    return Fill(
        venue=VENUE,
        market=where,
        native=_name(row.inst_id, "instId"),
        fill_id=row.trade_id,
        order_id=row.ord_id,
        client_id=row.cl_ord_id,
        side=_side(row.side),
        price=told(price_or_none(row.fill_px), "price of a fill"),
        qty=qty,
        told="fills",
        t_ns=t_ns,
        t_ms=millis_or_none(row.fill_time) or millis_or_none(row.ts),
        fee=None if fee is None else ours(fee),
        fee_ccy=row.fee_ccy,
        maker=_maker(row.exec_type),
        origin=_BILL_ORIGIN.get(row.sub_type, unasked),
    )


def _ordered(row: OrderRow) -> Decimal | None:
    """The order's size in wire units; None for one that was given in quote currency, as spot market buys may be."""
    in_quote = row.tgt_ccy == "quote_ccy" and row.ord_type == "market"
    return None if in_quote else amount_or_none(row.sz)


def _flag(value: str | bool) -> bool | None:
    """Pushes spell booleans as words."""
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(value)


def _maker(exec_type: str) -> bool | None:
    return {"M": True, "T": False}.get(exec_type)


# --- money ------------------------------------------------------------------------------------------------------------


def balances(row: BalanceRow, t_ns: int) -> list[Balance]:
    """``cashBal`` leaves open profit out. What is free is the least that OKX names: cash to spend, equity to pledge."""
    return [
        Balance(
            venue=VENUE,
            wallet=WALLET,
            asset=_name(detail.ccy, "ccy"),
            total=told(signed_or_none(detail.cash_bal), f"balance of {detail.ccy[:20]}"),
            free=_least(signed_or_none(detail.avail_bal), signed_or_none(detail.avail_eq)),
            t_ns=t_ns,
            t_ms=millis_or_none(detail.u_time) or millis_or_none(row.u_time),
        )
        for detail in row.details
    ]


def _least(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    known = [value for value in (one, other) if value is not None]
    return min(known) if known else None


def funding(row: BillRow, t_ns: int) -> FundingPaid:
    """A bill of type 8. With isolated margin the position's balance changed instead of the account's."""
    at_account, at_position = signed_or_none(row.bal_chg), signed_or_none(row.pos_bal_chg)
    change = at_account if at_account or at_position is None else at_position
    t_ms = millis_or_none(row.ts)
    if t_ms is None:
        raise ProtocolBroken("bad_number", f"an OKX bill at no time ({row.ts[:40]!r})")
    return FundingPaid(
        venue=VENUE,
        native=_name(row.inst_id, "instId"),
        payment_id=_name(row.bill_id, "billId"),
        amount=told(change, "amount of a funding payment"),
        ccy=_name(row.ccy, "ccy"),
        t_ms=t_ms,
        t_ns=t_ns,
    )


# --- positions --------------------------------------------------------------------------------------------------------

_Held = Literal["net", "long", "short"]
_HELD: dict[str, _Held] = {"net": "net", "": "net", "long": "long", "short": "short"}


class Positions:
    """Positions as they were told, so that what is told in parts adds up.

    OKX keeps cross and isolated positions of one swap apart, each with an id; for whoever hedges they are one. A row
    that is older than the one known of the same id tells nothing.
    """

    def __init__(self) -> None:
        self._parts: dict[tuple[str, _Held], dict[str, PositionRow]] = {}

    def take(self, rows: Sequence[PositionRow], how: Told, t_ns: int) -> list[Position]:
        """The positions that ``rows`` change, as they are now. Rows of other products are left out."""
        changed: dict[tuple[str, _Held], None] = {}
        for row in rows:
            if market(row.inst_type) is not Market.PERP:
                continue
            told(signed_or_none(row.pos), "size of a position")
            held = _HELD.get(row.pos_side)
            if held is None:
                raise ProtocolBroken("unknown_shape", f"OKX says posSide {row.pos_side[:40]!r}")
            parts = self._parts.setdefault((_name(row.inst_id, "instId"), held), {})
            part_id = row.pos_id or row.mgn_mode
            if (millis_or_none(row.u_time) or 0) >= (millis_or_none(_time_of(parts.get(part_id))) or 0):
                parts[part_id] = row
                changed[row.inst_id, held] = None
        return [_position(key, list(self._parts[key].values()), how, t_ns) for key in changed]


def _time_of(row: PositionRow | None) -> str:
    return "" if row is None else row.u_time


def _position(key: tuple[str, _Held], parts: list[PositionRow], how: Told, t_ns: int) -> Position:
    """The parts as one. Prices of entry and liquidation are told where there is one part alone."""
    native, held = key
    here = [row for row in parts if signed_or_none(row.pos)] or parts[-1:]
    margins = [signed_or_none(row.imr or row.margin) for row in here]
    ranks = [int(rank) for row in here if (rank := row.adl).isascii() and rank.isdigit() and len(rank) < 4]
    alone = here[0] if len(here) == 1 else None
    return Position(
        venue=VENUE,
        native=native,
        qty=_exact_sum([_directed(told(signed_or_none(row.pos), "size of a position"), held) for row in here]),
        t_ns=t_ns,
        held=held,
        entry_price=price_or_none(alone.avg_px) if alone else None,
        mark=price_or_none(here[0].mark_px),
        liquidation_price=_reachable(signed_or_none(alone.liq_px)) if alone else None,
        margin=_exact_sum([margin for margin in margins if margin is not None]) if None not in margins else None,
        adl_rank=max(ranks, default=None),
        t_ms=max((t for row in here if (t := millis_or_none(row.u_time))), default=None),
        told=how,
    )


def _reachable(price: Decimal | None) -> Decimal | None:
    """A liquidation price at or below zero is one that cannot come."""
    return price if price is not None and price > 0 else None


def _directed(size: Decimal, held: _Held) -> Decimal:
    """Two-sided books tell sizes without sign."""
    if held == "net":
        return size
    return size.copy_abs() if held == "long" or not size else size.copy_abs().copy_negate()


def _exact_sum(values: Sequence[Decimal]) -> Decimal:
    """One value stays as it was written; more are few and short, well within the 28 digits of the default context."""
    return values[0] if len(values) == 1 else sum(values, Decimal(0))
