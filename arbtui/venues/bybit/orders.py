"""Bybit's orders: place, cancel, ask for one, list them and their fills. All by REST, linear and spot alike.

Sizes are sent in base coin always: a spot market buy, which Bybit would take in quote currency, is not sent at all. An
acknowledgement says nothing of fills: also a post-only order that would cross is acknowledged first, and ends as
"Cancelled" with a reason. ``positionIdx`` 0 means a one-way position, which an account in hedge mode refuses, as it
should. A contract's limit price beyond the venue's band is moved into it, unless the account asked for a refusal.

Orders that have ended stay among the live ones (``realtime``) while they are the account's last 500, and only until the
service restarts; therefore one that is not found there is looked for in the history, which is complete and late. There,
what ended unfilled stays for a day.
Source: Bybit V5 docs, Place Order, Cancel Order, Get Open & Closed Orders, Get Order History, Get Trade History.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
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
    Rejected,
    Side,
    Told,
)
from arbtui.venues.bybit import private_rows, private_shapes, refusals
from arbtui.venues.bybit.calls import Caller
from arbtui.venues.bybit.instruments import CATEGORY, VENUE
from arbtui.venues.bybit.private_shapes import Ack, Listed, OrderRow, RowT
from arbtui.venues.bybit.refusals import Refusal
from arbtui.venues.calls import DAY_MS
from arbtui.venues.private import PrivateCall, Read
from arbtui.venues.sending import Checks, number
from arbtui.venues.wire import guarded

PLACE = "/v5/order/create"
CANCEL = "/v5/order/cancel"
REALTIME = "/v5/order/realtime"
HISTORY = "/v5/order/history"
EXECUTIONS = "/v5/execution/list"

FORGET_S = 23 * 3600.0  # canceled and rejected orders are told for 24 hours

_ORDERS_A_PAGE = "50"
_EXECUTIONS_A_PAGE = "100"
_RESTED_MS = DAY_MS  # the history is told by when orders began: those are looked for that began so long before
_CHECKS = Checks("Bybit", re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII), "ids of 1 to 36 letters, digits, - and _")
_SIDES = {Side.BUY: "Buy", Side.SELL: "Sell"}
_TIME_IN_FORCE = {OrderKind.IOC: "IOC", OrderKind.POST_ONLY: "PostOnly"}


# --- one order --------------------------------------------------------------------------------------------------------


def place(caller: Caller, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall:
    """Raises ``ValueError`` for an order that Bybit has no words for, or that must not be sent there."""
    body = order_body(instrument, order)
    what = f"order {order.client_id} on {order.native}"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        said = _acknowledged(status, answer, what, client_id=order.client_id)
        if isinstance(said, Ack):
            return (Accepted(venue=VENUE, client_id=order.client_id, order_id=said.order_id, t_ns=t_ns),)
        if said.reason is RefusalReason.UNKNOWN_ORDER:  # "has been filled", "has been canceled": then it was there
            raise refusals.open_outcome(what, f"code {said.code}: {said.words}")
        return (
            Rejected(
                venue=VENUE,
                client_id=order.client_id,
                reason=said.reason,
                code=str(said.code),
                text=said.sentence(what),
                t_ns=t_ns,
                retry_after_s=said.retry_after_s,
            ),
        )

    request = caller.post(PLACE, body, f"place {what}", f"place {CATEGORY[order.market]}", stamp_ms)
    return PrivateCall(request, read, f"place {what}")


def order_body(instrument: Instrument, order: Order) -> dict[str, str | int | bool]:
    """What is sent for ``order``."""
    _CHECKS.check(instrument, order)
    spot = order.market is Market.SPOT
    body: dict[str, str | int | bool] = {
        "category": CATEGORY[order.market],
        "symbol": order.native,
        "side": _SIDES[order.side],
        "orderType": "Market" if order.kind is OrderKind.MARKET else "Limit",
        "qty": number(order.qty, "quantity"),
    }
    if order.price is not None:
        body["price"] = number(order.price, "price")
        body["timeInForce"] = _TIME_IN_FORCE[order.kind]
    elif spot:
        body["marketUnit"] = "baseCoin"
    if spot:
        body["isLeverage"] = 0  # nothing is borrowed
    else:
        body["positionIdx"] = 0
    body["orderLinkId"] = order.client_id
    if order.reduce_only:
        body["reduceOnly"] = True
    return body


def cancel(caller: Caller, instrument: Instrument, client_id: str, stamp_ms: int, *, order_id: str = "") -> PrivateCall:
    """``order_id``: Bybit's own id, for an order that has none of ours (``client_id`` "")."""
    what = f"cancel of {client_id or order_id} on {instrument.native}"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        said = _acknowledged(status, answer, what, client_id=client_id, order_id=order_id)
        if isinstance(said, Ack) or said.code == refusals.CANCELING:
            return (CancelTaken(venue=VENUE, client_id=client_id, t_ns=t_ns),)
        return (
            CancelRefused(
                venue=VENUE,
                client_id=client_id,
                reason=said.reason,
                code=str(said.code),
                text=said.sentence(what),
                t_ns=t_ns,
            ),
        )

    category = CATEGORY[instrument.market]
    named = {"orderLinkId": client_id} if client_id else {"orderId": order_id}
    body: dict[str, str | int | bool] = {"category": category, "symbol": instrument.native, **named}
    return PrivateCall(caller.post(CANCEL, body, what, f"cancel {category}", stamp_ms), read, what)


def _acknowledged(status: int, answer: bytes, what: str, *, client_id: str, order_id: str = "") -> Ack | Refusal:
    """A yes that is surely about this order, or the venue's no. Raises ``OutcomeUnknown`` for anything else."""
    said = refusals.order_answer(status, answer, what)
    if isinstance(said, Refusal):
        return said
    try:
        ack = guarded(private_shapes.ack, said, f"Bybit {what}")
    except ProtocolBroken as error:
        raise refusals.unreadable(what, error) from error
    if not ack.order_id or ack.order_link_id not in ("", client_id) or order_id not in ("", ack.order_id):
        raise refusals.open_outcome(what, "a yes that does not say to which order")
    return ack


def query(caller: Caller, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall:
    """First among live orders, then in the history."""
    what = f"query of {client_id} on {instrument.native}"
    asked = {"category": CATEGORY[instrument.market], "symbol": instrument.native, "orderLinkId": client_id}

    def found(status: int, answer: bytes) -> Sequence[OrderRow]:
        return _the_order(status, answer, instrument, client_id, what)

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        return [private_rows.report(row, instrument.market, "query", t_ns) for row in found(status, answer)]

    def read_last(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        return read(status, answer, t_ns) or (OrderAbsent(venue=VENUE, client_id=client_id, t_ns=t_ns),)

    def elsewhere(status: int, answer: bytes, stamp_ms: int) -> PrivateCall | None:
        return None if found(status, answer) else caller.read(HISTORY, asked, what, "history", stamp_ms, read_last)

    return PrivateCall(caller.get(REALTIME, asked, what, "realtime", stamp_ms), read, what, elsewhere)


def _the_order(status: int, answer: bytes, instrument: Instrument, client_id: str, what: str) -> Sequence[OrderRow]:
    """The one order that was asked about, or none."""
    try:
        listed = refusals.result_of(status, answer, private_shapes.orders, what)
    except VenueRefused as refused:
        if refusals.is_absent(refused):
            return ()
        raise
    rows = _only(listed, instrument.market, what)
    if len(rows) > 1 or any((row.order_link_id, row.symbol) != (client_id, instrument.native) for row in rows):
        raise ProtocolBroken("unknown_shape", f"Bybit answered the {what} with something else", answer[:200])
    return rows


# --- lists ------------------------------------------------------------------------------------------------------------


def open_orders(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """Conditional orders that wait for their price are among them: they may yet trade."""
    what = f"open {CATEGORY[market]} orders"
    read = _order_reader(market, "open_orders", what)

    asked = {"category": CATEGORY[market], "openOnly": "0", "limit": _ORDERS_A_PAGE}
    if market is Market.PERP:
        return caller.by_settle_coin(REALTIME, asked, what, "realtime", stamp_ms, read)
    return caller.pages(REALTIME, asked, what, "realtime", stamp_ms, read)


def history(caller: Caller, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
    """Orders that ended since then, of those that began at most a day earlier."""
    what = f"past orders of {instrument.native}"
    asked = {"category": CATEGORY[instrument.market], "symbol": instrument.native, "limit": _ORDERS_A_PAGE}
    read = _order_reader(instrument.market, "history", what, since_ms)
    return caller.since(HISTORY, asked, what, "history", since_ms - _RESTED_MS, stamp_ms, read)


def fills(caller: Caller, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
    """Trades of one instrument. Funding payments stand among them and are left out here."""
    market, what = instrument.market, f"fills of {instrument.native}"
    asked = {"category": CATEGORY[market], "symbol": instrument.native, "limit": _EXECUTIONS_A_PAGE}

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = _only(refusals.result_of(status, answer, private_shapes.executions, what), market, what)
        if any(row.symbol != instrument.native for row in rows):
            raise ProtocolBroken("unknown_shape", f"Bybit {what}: a row of another symbol", answer[:200])
        told = [private_rows.execution(row, market, instrument, "fills", t_ns) for row in rows]
        return [event for event in told if isinstance(event, Fill)]

    return caller.since(EXECUTIONS, asked, what, "executions", since_ms, stamp_ms, read)


def funding_paid(caller: Caller, instruments: Mapping[str, Instrument], since_ms: int, stamp_ms: int) -> PrivateCall:
    """Funding of all perpetuals, which Bybit tells as a kind of trade."""
    what = "funding payments"
    asked = {"category": CATEGORY[Market.PERP], "execType": private_rows.FUNDING, "limit": _EXECUTIONS_A_PAGE}

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = _only(refusals.result_of(status, answer, private_shapes.executions, what), Market.PERP, what)
        if any(row.exec_type != private_rows.FUNDING for row in rows):
            raise ProtocolBroken("unknown_shape", "Bybit sent trades where funding was asked for", answer[:200])
        return [private_rows.funding(row, instruments.get(row.symbol), t_ns) for row in rows]

    return caller.since(EXECUTIONS, asked, what, "executions", since_ms, stamp_ms, read)


def _order_reader(market: Market, how: Told, what: str, since_ms: int = 0) -> Read:
    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = _only(refusals.result_of(status, answer, private_shapes.orders, what), market, what)
        told = [private_rows.report(row, market, how, t_ns) for row in rows]
        return [report for report in told if report.t_ms is None or report.t_ms >= since_ms]

    return read


def _only(listed: Listed[RowT], market: Market, what: str) -> Sequence[RowT]:
    """The rows, all of ``market``, of which alone they were asked for."""
    if listed.category not in ("", CATEGORY[market]):
        raise ProtocolBroken("unknown_shape", f"Bybit {what}: rows of {listed.category[:40]!r}, not asked for")
    return listed.rows
