"""Hyperliquid's orders: place, cancel, ask for one, list them and their fills.

There are no market orders, only limits that are immediate or canceled; none is made up here. An order is void after
``TTL_MS``: should it be stuck on its way, the venue refuses it instead of executing it later. That is also why its
absence can be believed after a while (``SETTLE_S``). An immediate order that meets nobody is refused by the venue's
words; in ours it was taken, and ended with nothing filled.

What an order has filled is told by the answer to it, and by fills; never by what is left of it (``private_rows``). So
a question about one order goes on, where it has to, with a question for the fills since it was placed.
Source: Hyperliquid docs, "Exchange endpoint"; "Info endpoint", Query order status by oid or cloid, Retrieve a user's
open orders with additional frontend info, Retrieve a user's historical orders, Retrieve a user's fills by time.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    CancelRefused,
    CancelTaken,
    Order,
    OrderAbsent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Rejected,
    Told,
)
from arbtui.venues.amounts import traded_price, traded_qty
from arbtui.venues.base import HttpRequest
from arbtui.venues.hyperliquid import private_rows, private_shapes, refusals
from arbtui.venues.hyperliquid.calls import FILLS_PAGE, HEAVY, HISTORY, LIGHT, LIST, Caller, TimedList
from arbtui.venues.hyperliquid.cloids import cloid_of
from arbtui.venues.hyperliquid.decimals import exact_sum, price_written, qty_written
from arbtui.venues.hyperliquid.names import VENUE, market_of
from arbtui.venues.hyperliquid.private_shapes import Filled, OrderRow, Placed, Resting, StatusRow
from arbtui.venues.hyperliquid.signing import Action
from arbtui.venues.private import PrivateCall
from arbtui.venues.wire import DECODE_ERRORS

TTL_MS = 5_000  # how long after it was signed an order may still be executed
SETTLE_S = 10.0  # as long again for clocks that differ and blocks that are late
FORGET_S = 3_600.0  # how long ended orders are remembered is not documented, but that 2,000 are

_HISTORY_ROWS = 2000
_EARLIER_MS = 1_000  # fills of an order are looked for from so long before it, and until so long after its end
_TIF = {OrderKind.IOC: "Ioc", OrderKind.POST_ONLY: "Alo"}


# --- placing ----------------------------------------------------------------------------------------------------------


def place(caller: Caller, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall:
    """Raises ValueError for an order that Hyperliquid has no words for, or would refuse by its form."""
    action = order_action(instrument, order)
    what = f"order {order.client_id} on {order.native}"
    request = caller.act(action, f"place {what}", stamp_ms, expires_ms=stamp_ms + TTL_MS)
    return PrivateCall(request, partial(_read_placed, order, what), request.purpose)


def order_action(instrument: Instrument, order: Order) -> Action:
    """What is signed, in the venue's order of members."""
    if instrument.key != order.leg:
        raise ValueError(f"order {order.client_id} is for {order.leg}, not for {instrument.key}")
    tif = _TIF.get(order.kind)
    if tif is None or order.price is None:
        raise ValueError(f"Hyperliquid has no market orders ({order.leg}); send a limit that takes")
    if order.reduce_only and order.market is Market.SPOT:
        raise ValueError(f"Hyperliquid has no reduce-only orders on spot ({order.leg}); sell no more than what is held")
    row = {
        "a": asset_of(instrument),
        "b": order.side.sign > 0,
        "p": price_written(order.price, instrument),
        "s": qty_written(order.qty, instrument),
        "r": order.reduce_only,
        "t": {"limit": {"tif": tif}},
        "c": cloid_of(order.client_id),
    }
    return {"type": "order", "orders": [row], "grouping": "na"}


def asset_of(instrument: Instrument) -> int:
    """The number by which orders name it."""
    asset = instrument.extra.get("asset")
    if not isinstance(asset, int):
        raise ValueError(f"the asset number of {instrument.key} is not known")
    return asset


def _read_placed(order: Order, what: str, status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
    said = refusals.done(status, body, what)
    if isinstance(said, refusals.Refusal):
        return _refused(order, said, what, t_ns)
    try:
        placed = private_shapes.placed.decode(refusals.the_one(said, "order", what))
    except DECODE_ERRORS as error:
        raise refusals.open_outcome(what, "a status that is none") from error
    match placed:
        case Placed(resting=None, filled=None, error=str(words)):
            if refusals.unmatched(words):
                return _accepted(order, "", t_ns), _ended(order, "", words, Decimal(0), None, t_ns)
            return _refused(order, refusals.refusal(words, what), what, t_ns)
        case Placed(resting=Resting() as resting, filled=None, error=None):
            _check_cloid(resting.cloid, order, what)
            return (_accepted(order, str(resting.oid), t_ns),)
        case Placed(resting=None, filled=Filled() as filled, error=None):
            _check_cloid(filled.cloid, order, what)
            return _filled(order, filled, what, t_ns)
    raise refusals.open_outcome(what, "a status that is none, or several")


def _filled(order: Order, filled: Filled, what: str, t_ns: int) -> Sequence[AccountEvent]:
    """In whole or in part: then the rest of an immediate order is gone."""
    try:
        qty, price = traded_qty(filled.total_sz), traded_price(filled.avg_px)
    except ProtocolBroken as error:
        raise refusals.open_outcome(what, f"a fill that is none ({error})") from error
    order_id = str(filled.oid)
    return _accepted(order, order_id, t_ns), _ended(order, order_id, private_rows.FILLED, qty, price, t_ns)


def _check_cloid(cloid: str | None, order: Order, what: str) -> None:
    if cloid is not None and cloid.lower() != cloid_of(order.client_id):
        raise refusals.open_outcome(what, "an answer about another order")


def _accepted(order: Order, order_id: str, t_ns: int) -> Accepted:
    """``order_id`` "": the venue took it and does not tell under which number."""
    return Accepted(venue=VENUE, client_id=order.client_id, order_id=order_id, t_ns=t_ns)


def _ended(
    order: Order, order_id: str, words: str, filled: Decimal, avg_price: Decimal | None, t_ns: int
) -> OrderReport:
    if filled >= order.qty:
        status = OrderStatus.FILLED
    elif order.kind is OrderKind.POST_ONLY:
        status = OrderStatus.OPEN
    else:
        status = OrderStatus.CANCELED if filled else OrderStatus.EXPIRED
    return OrderReport(
        venue=VENUE,
        market=order.market,
        native=order.native,
        client_id=order.client_id,
        order_id=order_id,
        side=order.side,
        status=status,
        status_text=words[:200],
        told="answer",
        t_ns=t_ns,
        qty=order.qty,
        price=order.price,
        filled=filled,
        avg_price=avg_price,
        reduce_only=order.reduce_only,
    )


def _refused(order: Order, said: refusals.Refusal, what: str, t_ns: int) -> Sequence[AccountEvent]:
    return (
        Rejected(
            venue=VENUE,
            client_id=order.client_id,
            reason=said.reason,
            code="",
            text=said.sentence(what),
            t_ns=t_ns,
        ),
    )


# --- canceling --------------------------------------------------------------------------------------------------------


def cancel(caller: Caller, instrument: Instrument, client_id: str, stamp_ms: int, *, order_id: str = "") -> PrivateCall:
    """See ``venues.modular.OrderCalls.cancel``. Raises ValueError for an ``order_id`` that is no number of an order."""
    if not client_id:
        return _cancel_unnamed(caller, instrument, order_id, stamp_ms)
    cancels = [{"asset": asset_of(instrument), "cloid": cloid_of(client_id)}]
    return _cancel(caller, {"type": "cancelByCloid", "cancels": cancels}, instrument, client_id, client_id, stamp_ms)


def _cancel_unnamed(caller: Caller, instrument: Instrument, order_id: str, stamp_ms: int) -> PrivateCall:
    if not (order_id.isascii() and order_id.isdigit()):
        raise ValueError(f"Hyperliquid numbers its orders; {order_id[:40]!r} is no number")
    cancels = [{"a": asset_of(instrument), "o": int(order_id)}]
    return _cancel(caller, {"type": "cancel", "cancels": cancels}, instrument, "", order_id, stamp_ms)


def _cancel(
    caller: Caller, action: Action, instrument: Instrument, client_id: str, name: str, stamp_ms: int
) -> PrivateCall:
    what = f"cancel of {name} on {instrument.native}"
    request = caller.act(action, what, stamp_ms)
    return PrivateCall(request, partial(_read_canceled, client_id, what), what)


def _read_canceled(client_id: str, what: str, status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
    said = refusals.done(status, body, what)
    if not isinstance(said, refusals.Refusal):
        try:
            became = private_shapes.canceled.decode(refusals.the_one(said, "cancel", what))
        except DECODE_ERRORS as error:
            raise refusals.open_outcome(what, "a status that is none") from error
        if became == "success":
            return (CancelTaken(venue=VENUE, client_id=client_id, t_ns=t_ns),)
        if isinstance(became, str):
            raise refusals.open_outcome(what, f"status {became[:40]!r}")
        said = refusals.refusal(became.error, what)
    return (
        CancelRefused(
            venue=VENUE, client_id=client_id, reason=said.reason, code="", text=said.sentence(what), t_ns=t_ns
        ),
    )


# --- asking for one ---------------------------------------------------------------------------------------------------


def query(caller: Caller, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall:
    """The order, and on the next page its fills where only they tell how much of it is filled."""
    cloid = cloid_of(client_id)
    what = f"query of {client_id} on {instrument.native}"
    request = caller.ask("orderStatus", what, LIGHT, oid=cloid)

    def found(status: int, body: bytes) -> StatusRow | None:
        answer = refusals.told(status, body, private_shapes.found, what)
        if answer.status == "unknownOid" and answer.order is None:
            return None
        row = answer.order
        if answer.status != "order" or row is None:
            raise ProtocolBroken("unknown_shape", f"Hyperliquid answered the {what} with something else", body[:200])
        if ((row.order.cloid or "").lower(), row.order.coin) != (cloid, instrument.native):
            raise ProtocolBroken("unknown_shape", f"Hyperliquid answered the {what} with another order", body[:200])
        return row

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        row = found(status, body)
        if row is None:
            return (OrderAbsent(venue=VENUE, client_id=client_id, t_ns=t_ns),)
        report = _report(row, "query", t_ns)
        return (report,) if _tells_enough(report) else ()

    def next_page(status: int, body: bytes, stamp_ms: int) -> PrivateCall | None:
        row = found(status, body)
        return None if row is None or _tells_enough(_report(row, "query", 0)) else _fills_of(caller, row, what)

    return PrivateCall(request, read, what, next_page)


def _tells_enough(report: OrderReport) -> bool:
    return report.filled is not None or report.status is OrderStatus.UNKNOWN


def _report(row: StatusRow, told: Told, t_ns: int, filled: Decimal | None = None) -> OrderReport:
    return private_rows.report(row.order, row.status, told, t_ns, t_ms=row.status_timestamp, filled=filled)


def _fills_of(caller: Caller, row: StatusRow, what: str) -> PrivateCall:
    """What the fills since then say to be filled of one order, which is told as a report of it."""
    ended = row.status not in private_rows.OPEN
    span = {"startTime": max(row.order.timestamp - _EARLIER_MS, 0)}
    if ended:
        span["endTime"] = row.status_timestamp + _EARLIER_MS
    request = caller.ask("userFillsByTime", f"fills for the {what}", LIST, **span, aggregateByTime=False)

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = refusals.told(status, body, private_shapes.fill_rows, request.purpose)
        if len(rows) >= FILLS_PAGE:
            raise OutcomeUnknown(f"Hyperliquid has too many fills for the {what}; how much filled cannot be counted")
        sizes = {each.tid: traded_qty(each.sz) for each in rows if each.oid == row.order.oid}
        filled = exact_sum(sizes.values())
        if row.status == private_rows.FILLED and not filled:
            raise OutcomeUnknown(f"Hyperliquid answered the {what} with a filled order and lists no fill of it yet")
        return (_report(row, "query", t_ns, filled),)

    return PrivateCall(request, read, request.purpose)


# --- lists ------------------------------------------------------------------------------------------------------------


def open_orders(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """Of the main exchange, perps and spot in one answer."""
    what = f"open {market.value} orders"
    request = caller.ask("frontendOpenOrders", what, HEAVY)

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = refusals.told(status, body, private_shapes.open_rows, what)
        return [_resting(row, t_ns) for row in rows if market_of(row.coin) is market]

    return PrivateCall(request, read, what)


def _resting(row: OrderRow, t_ns: int) -> OrderReport:
    return private_rows.report(row, "open", "open_orders", t_ns, t_ms=row.timestamp)


def history(caller: Caller, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
    """Orders whose status changed since then, among the 2,000 that are told of the account, whatever their coin."""
    what = f"past orders of {instrument.native}"
    request = caller.ask("historicalOrders", what, HISTORY)

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = refusals.told(status, body, private_shapes.status_rows, what)
        if len(rows) >= _HISTORY_ROWS and min(row.status_timestamp for row in rows) > since_ms:
            raise ProtocolBroken("page_full", f"Hyperliquid told {len(rows)} orders, all of them later than asked for")
        asked = [row for row in rows if row.order.coin == instrument.native and row.status_timestamp >= since_ms]
        return [_report(row, "history", t_ns) for row in asked]

    return PrivateCall(request, read, what)


def fills(caller: Caller, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
    """Of one instrument; the venue tells those of all, and only the latest 10,000."""
    what = f"fills of {instrument.native}"

    def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = refusals.told(status, body, private_shapes.fill_rows, what)
        return [
            private_rows.fill(row, instrument.market, caller.account, "fills", t_ns)
            for row in rows
            if row.coin == instrument.native
        ]

    def ask(span: dict[str, int]) -> HttpRequest:
        return caller.ask("userFillsByTime", what, LIST, **span, aggregateByTime=False)

    return TimedList(ask, read, FILLS_PAGE).since(since_ms)
