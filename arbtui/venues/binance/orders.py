"""Orders of both products: placed, canceled, asked about, listed, and what filled of them.

IOC is LIMIT with timeInForce IOC; post-only is timeInForce GTX on USD-M and the type LIMIT_MAKER on spot. A spot MARKET
buy is refused here: it is not wanted (a marketable limit is bounded, a market order is not). USD-M answers RESULT,
which for an IOC waits for its end; spot answers FULL, which has the fills and their commissions in it. positionSide is
never sent: that means BOTH, which an account in hedge mode refuses (-4061), as it should.

Only answers that are surely ours count: an order answer that names another client id or symbol, or cannot be read
whole, leaves the outcome open. In lists one bad row spoils the list, because a list stands for what is not in it too.

Source: Binance USD-M docs, "New Order", "Cancel Order", "Query Order", "Current All Open Orders", "All Orders",
"Account Trade List"; spot docs, "Trading endpoints", "Account endpoints".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

import msgspec

from arbtui.core.errors import ProtocolBroken, RefusalReason
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    CancelRefused,
    CancelTaken,
    Fill,
    Order,
    OrderAbsent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Origin,
    Rejected,
    Side,
    Told,
)
from arbtui.venues import words
from arbtui.venues.amounts import amount, price_or_none, signed, traded_price, traded_qty
from arbtui.venues.answers import unreadable
from arbtui.venues.base import HttpRequest
from arbtui.venues.binance.calls import ORDERS, Caller
from arbtui.venues.binance.fills import read_trades
from arbtui.venues.binance.instruments import NAME
from arbtui.venues.binance.refusals import Refusal, demand, judged, reason_of, retry_after_s, sentence
from arbtui.venues.binance.signing import Params
from arbtui.venues.binance.windows import TimedList
from arbtui.venues.private import PrivateCall
from arbtui.venues.sending import number
from arbtui.venues.wire import Millis, UpdateId, guarded

STATUSES = {
    "NEW": OrderStatus.OPEN,
    "PENDING_NEW": OrderStatus.OPEN,
    "PARTIALLY_FILLED": OrderStatus.OPEN,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,  # self-trade prevention
}
SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}

# Orders that the venue places itself. Source: USD-M docs, "Event: Order Update".
_ORIGINS: tuple[tuple[str, Origin], ...] = (
    ("autoclose-", "liquidation"),
    ("adl_autoclose", "adl"),
    ("settlement_autoclose-", "settlement"),
)
_OURS = re.compile(r"[A-Za-z0-9]{1,20}", re.ASCII)


# --- words that all messages about orders share -----------------------------------------------------------------------


def status_of(word: str) -> OrderStatus:
    return STATUSES.get(word, OrderStatus.UNKNOWN)


side_of = partial(words.side_of, sides=SIDES, venue="Binance")


def origin_of(client_id: str) -> Origin:
    return next((origin for beginning, origin in _ORIGINS if client_id.startswith(beginning)), "order")


def ours_or_none(client_id: str) -> str:
    """``client_id`` if it can be one of ours, "" for what the venue, its own apps and others make up."""
    return client_id if _OURS.fullmatch(client_id) else ""


# --- requests ---------------------------------------------------------------------------------------------------------


def place(caller: Caller, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall:
    """See ``PrivateVenue.place``. ValueError for what must not, or cannot, be sent."""
    params = _order_params(instrument, order)
    purpose = f"order {order.native} {order.client_id}"
    request = caller.signed(order.market, "POST", "order", params, stamp_ms, purpose=purpose, cost=1, bucket=ORDERS)
    return PrivateCall(request, partial(_read_placed, order), request.purpose)


def _order_params(instrument: Instrument, order: Order) -> Params:
    if (order.market, order.native) != (instrument.market, instrument.native):
        raise ValueError(f"the order is for {order.leg}, the instrument is {instrument.key}")
    spot = order.market is Market.SPOT
    if spot and order.reduce_only:
        raise ValueError(f"Binance spot knows no reduce-only orders ({order.leg})")
    if (order.price is None) != (order.kind is OrderKind.MARKET):
        raise ValueError(
            f"a {order.kind.value} order of {order.leg} {'lacks' if order.price is None else 'has'} a price"
        )
    side = "BUY" if order.side is Side.BUY else "SELL"
    params = [
        ("symbol", order.native),
        ("side", side),
        *_kind_params(order, spot),
        ("quantity", number(order.qty, "quantity")),
    ]
    if order.price is not None:
        params.append(("price", number(order.price, "price")))
    if order.reduce_only:
        params.append(("reduceOnly", "true"))
    return [*params, ("newClientOrderId", order.client_id), ("newOrderRespType", "FULL" if spot else "RESULT")]


def _kind_params(order: Order, spot: bool) -> Params:
    match order.kind:
        case OrderKind.IOC:
            return [("type", "LIMIT"), ("timeInForce", "IOC")]
        case OrderKind.POST_ONLY:
            return [("type", "LIMIT_MAKER")] if spot else [("type", "LIMIT"), ("timeInForce", "GTX")]
        case OrderKind.MARKET:
            if spot and order.side is Side.BUY:
                raise ValueError(f"spot is bought with limit orders, never at market ({order.leg})")
            return [("type", "MARKET")]


def cancel(caller: Caller, instrument: Instrument, client_id: str, stamp_ms: int, *, order_id: str = "") -> PrivateCall:
    """See ``venues.modular.OrderCalls.cancel``. Binance gives every order a client id; it is hardly ever the other."""
    market, native = instrument.market, instrument.native
    named = ("origClientOrderId", client_id) if client_id else ("orderId", order_id)
    purpose = f"cancel {native} {client_id or order_id}"
    request = caller.signed(market, "DELETE", "order", [("symbol", native), named], stamp_ms, purpose=purpose, cost=1)
    if client_id:
        return PrivateCall(request, partial(_read_canceled, instrument, client_id), request.purpose)
    return PrivateCall(request, partial(_read_canceled_unnamed, instrument, order_id), request.purpose)


def query(caller: Caller, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall:
    """See ``PrivateVenue.query``."""
    market, native = instrument.market, instrument.native
    params = [("symbol", native), ("origClientOrderId", client_id)]
    purpose, cost = f"query {native} {client_id}", 1 if market is Market.PERP else 4
    request = caller.signed(market, "GET", "order", params, stamp_ms, purpose=purpose, cost=cost)
    return PrivateCall(request, partial(_read_queried, instrument, client_id), request.purpose)


def open_orders(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """All symbols at once."""
    cost = 40 if market is Market.PERP else 80
    request = caller.signed(market, "GET", "openOrders", [], stamp_ms, purpose="open orders", cost=cost)
    return PrivateCall(request, partial(_read_listed, market, "open_orders", "open orders"), request.purpose)


def history(caller: Caller, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
    """Orders of one instrument in whatever state, by the time at which they were placed."""
    market, native = instrument.market, instrument.native
    perp = market is Market.PERP
    what = f"orders of {native}"

    def sign(params: Params, stamp_ms: int) -> HttpRequest:
        asked = [("symbol", native), *params]
        return caller.signed(market, "GET", "allOrders", asked, stamp_ms, purpose=what, cost=5 if perp else 20)

    read = partial(_read_listed, market, "history", what)
    return TimedList(sign, read, widest_days=7 if perp else 1, kept_days=89).since(since_ms, stamp_ms)


def fills(caller: Caller, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
    """Trades of one instrument since then. USD-M tells those of the last six months, spot all."""
    market, native = instrument.market, instrument.native
    perp = market is Market.PERP
    path = "userTrades" if perp else "myTrades"
    what = f"fills of {native}"

    def sign(params: Params, stamp_ms: int) -> HttpRequest:
        asked = [("symbol", native), *params]
        return caller.signed(market, "GET", path, asked, stamp_ms, purpose=what, cost=5 if perp else 20)

    read = partial(read_trades, market, native, what)
    timed = TimedList(sign, read, widest_days=7 if perp else 1, kept_days=179 if perp else None)
    return timed.since(since_ms, stamp_ms)


# --- answers ----------------------------------------------------------------------------------------------------------


class _AnswerFill(msgspec.Struct, rename="camel", kw_only=True):
    price: str
    qty: str
    commission: str
    commission_asset: str
    trade_id: UpdateId


class _Row(msgspec.Struct, rename="camel", kw_only=True):
    """An order as REST tells it, over both products and all verbs. Absent fields are those of the other product."""

    symbol: str
    order_id: UpdateId
    client_order_id: str
    orig_client_order_id: str = ""  # spot, canceled: the order's own id; ``client_order_id`` is the cancel's
    side: str
    status: str
    orig_qty: str
    executed_qty: str
    price: str = ""
    avg_price: str = ""  # USD-M queries; answers to place and cancel lost it in 2026-06
    cummulative_quote_qty: str = ""  # spot
    reduce_only: bool | None = None
    update_time: Millis | None = None
    transact_time: Millis | None = None
    time: Millis | None = None  # when it was placed
    fills: list[_AnswerFill] = []

    @property
    def client_id(self) -> str:
        return self.orig_client_order_id or self.client_order_id

    @property
    def t_ms(self) -> int | None:
        """When it last changed, as far as this message tells."""
        known = (self.update_time, self.transact_time, self.time)
        return next((stamp for stamp in known if stamp is not None), None)


_ROW = msgspec.json.Decoder(_Row)
_ROWS = msgspec.json.Decoder(list[_Row])


def _report(row: _Row, market: Market, client_id: str, told: Told, t_ns: int) -> OrderReport:
    filled = amount(row.executed_qty)
    average = price_or_none(row.avg_price)
    if average is None and filled and row.cummulative_quote_qty:
        quote = signed(row.cummulative_quote_qty)  # below zero: not known any more (old orders)
        average = quote / filled if quote > 0 else None
    return OrderReport(
        venue=NAME,
        market=market,
        native=row.symbol,
        client_id=client_id,
        order_id=str(row.order_id),
        side=side_of(row.side),
        status=status_of(row.status),
        status_text=row.status[:40],
        told=told,
        t_ns=t_ns,
        t_ms=row.t_ms,
        qty=amount(row.orig_qty),
        price=price_or_none(row.price),
        filled=filled,
        avg_price=average,
        reduce_only=row.reduce_only,
        origin=origin_of(row.client_id),
    )


def _own_row(body: bytes, native: str, client_id: str, what: str) -> _Row:
    """The one order that was asked about. Raises ProtocolBroken for any other."""
    row = guarded(_ROW, body, what)
    if (row.symbol, row.client_id) != (native, client_id):
        raise ProtocolBroken(
            "other_order", f"the answer to {what} is about {row.symbol[:40]} {row.client_id[:40]}", body
        )
    return row


def _read_placed(order: Order, status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
    what = f"{order.native} order {order.client_id}"
    refusal = judged(status, body, what)
    if refusal is not None:
        return (_rejected(order, refusal, what, t_ns),)
    try:
        row = _own_row(body, order.native, order.client_id, what)
        report = _report(row, order.market, order.client_id, "answer", t_ns)
        fills = [_answer_fill(row, fill, order, t_ns) for fill in row.fills]
    except ProtocolBroken as error:
        raise unreadable("Binance", what, error) from error
    accepted = Accepted(venue=NAME, client_id=order.client_id, order_id=report.order_id, t_ns=t_ns)
    return (accepted, *fills, report)


def _answer_fill(row: _Row, fill: _AnswerFill, order: Order, t_ns: int) -> Fill:
    return Fill(
        venue=NAME,
        market=order.market,
        native=order.native,
        fill_id=str(fill.trade_id),
        order_id=str(row.order_id),
        client_id=order.client_id,
        side=order.side,
        price=traded_price(fill.price),
        qty=traded_qty(fill.qty),
        told="answer",
        t_ns=t_ns,
        t_ms=row.t_ms,
        fee=signed(fill.commission),
        fee_ccy=fill.commission_asset,
    )


def _rejected(order: Order, refusal: Refusal, what: str, t_ns: int) -> Rejected:
    return Rejected(
        venue=NAME,
        client_id=order.client_id,
        reason=reason_of(order.market, refusal),
        code=str(refusal.code),
        text=sentence(what, refusal),
        t_ns=t_ns,
        retry_after_s=retry_after_s(refusal, t_ns),
    )


def _read_canceled_unnamed(
    instrument: Instrument, order_id: str, status: int, body: bytes, t_ns: int
) -> Sequence[AccountEvent]:
    what = f"the cancel of {instrument.native} order {order_id}"
    refusal = judged(status, body, what)
    if refusal is not None:
        return (_cancel_refused(instrument, "", what, refusal, t_ns),)
    try:
        row = guarded(_ROW, body, what)
        if (row.symbol, str(row.order_id)) != (instrument.native, order_id):
            raise ProtocolBroken("other_order", f"the answer to {what} is about another order", body)
    except ProtocolBroken as error:
        raise unreadable("Binance", what, error) from error
    return (CancelTaken(venue=NAME, client_id="", t_ns=t_ns),)


def _cancel_refused(instrument: Instrument, client_id: str, what: str, refusal: Refusal, t_ns: int) -> CancelRefused:
    return CancelRefused(
        venue=NAME,
        client_id=client_id,
        reason=reason_of(instrument.market, refusal),
        code=str(refusal.code),
        text=sentence(what, refusal),
        t_ns=t_ns,
    )


def _read_canceled(
    instrument: Instrument, client_id: str, status: int, body: bytes, t_ns: int
) -> Sequence[AccountEvent]:
    what = f"the cancel of {instrument.native} order {client_id}"
    refusal = judged(status, body, what)
    if refusal is not None:
        return (_cancel_refused(instrument, client_id, what, refusal, t_ns),)
    try:
        row = _own_row(body, instrument.native, client_id, what)
        report = _report(row, instrument.market, client_id, "answer", t_ns)
    except ProtocolBroken as error:
        raise unreadable("Binance", what, error) from error
    return CancelTaken(venue=NAME, client_id=client_id, t_ns=t_ns), report


def _read_queried(
    instrument: Instrument, client_id: str, status: int, body: bytes, t_ns: int
) -> Sequence[AccountEvent]:
    what = f"the query of {instrument.native} order {client_id}"
    refusal = judged(status, body, what)
    if refusal is not None and reason_of(instrument.market, refusal) is RefusalReason.UNKNOWN_ORDER:
        return (OrderAbsent(venue=NAME, client_id=client_id, t_ns=t_ns),)
    demand(instrument.market, status, body, what, t_ns)
    row = _own_row(body, instrument.native, client_id, what)
    return (_report(row, instrument.market, client_id, "query", t_ns),)


def _read_listed(market: Market, told: Told, what: str, status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
    demand(market, status, body, what, t_ns)
    rows = guarded(_ROWS, body, what)
    return [_report(row, market, ours_or_none(row.client_id), told, t_ns) for row in rows]
