"""OKX's orders: place, cancel, ask for one, list them and their fills. All by REST, SWAP and SPOT alike.

Sizes are sent as they are held: contracts on SWAP, coins on SPOT. OKX would take a spot market buy in quote currency
unless told otherwise, so ``tgtCcy`` always says base, and a spot market buy is not sent at all. An acknowledgement says
nothing of fills: also a post-only order that would cross is acknowledged first, and ends as "canceled" with source 31.

An order carries ``expTime``: should it be stuck on its way, the venue discards it instead of executing it later. That
is also why its absence can be believed after a while (``SETTLE_S``). A client id is unique among *pending* orders only:
the venue would take one again whose order has ended, so nothing may ever be sent twice on the strength of its refusal.
Source: OKX API v5 docs, Trade / Place order, Cancel order, Order details, Order list, Order history, Transaction
details; Overview / Transaction Timeouts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from arbtui.core.errors import ProtocolBroken, VenueRefused
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
    Rejected,
    Told,
)
from arbtui.venues.okx import private_rows, private_shapes, refusals
from arbtui.venues.okx.calls import Caller, by_bill, by_order, period
from arbtui.venues.okx.instruments import INST_TYPE, VENUE
from arbtui.venues.private import PrivateCall, Read
from arbtui.venues.sending import Checks, number

PLACE = "/api/v5/trade/order"
CANCEL = "/api/v5/trade/cancel-order"
QUERY = "/api/v5/trade/order"
PENDING = "/api/v5/trade/orders-pending"
HISTORY = "/api/v5/trade/orders-history"
HISTORY_ARCHIVE = "/api/v5/trade/orders-history-archive"
FILLS = "/api/v5/trade/fills"
FILLS_HISTORY = "/api/v5/trade/fills-history"

TTL_MS = 3_000  # how long after it was signed an order may still be executed
SETTLE_S = 4.0  # beyond that, with a second for clocks that differ
FORGET_S = 5_400.0  # unfilled orders that ended are kept for two hours

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_FILLS_KEPT_MS = 3 * _DAY_MS - _HOUR_MS
_HISTORY_KEPT_MS = 7 * _DAY_MS - _HOUR_MS
_RESTED_MS = _DAY_MS  # history is listed by when orders began: those are looked for that began so long before

_CHECKS = Checks("OKX", re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII), "client ids of 1 to 32 letters and digits")
_TD_MODE = {Market.SPOT: "cash", Market.PERP: "cross"}
_ORD_TYPE = {OrderKind.IOC: "ioc", OrderKind.POST_ONLY: "post_only", OrderKind.MARKET: "market"}


# --- one order --------------------------------------------------------------------------------------------------------


def place(caller: Caller, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall:
    """Raises ``ValueError`` for an order that OKX has no words for, or that must not be sent there."""
    body = order_body(instrument, order)
    what = f"order {order.client_id} on {order.native}"
    post_only = order.kind is OrderKind.POST_ONLY

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        said = refusals.verdict(status, answer, order.client_id, what)
        if said.taken:
            if not said.order_id:
                raise refusals.open_outcome(what, "a yes without an order id")
            return (Accepted(venue=VENUE, client_id=order.client_id, order_id=said.order_id, t_ns=t_ns),)
        return (
            Rejected(
                venue=VENUE,
                client_id=order.client_id,
                reason=refusals.reason(said.code, post_only=post_only),
                code=said.code,
                text=said.sentence(what),
                t_ns=t_ns,
            ),
        )

    request = caller.post(PLACE, body, f"place {what}", "place", stamp_ms, expires_ms=stamp_ms + TTL_MS)
    return PrivateCall(request, read, f"place {what}")


def order_body(instrument: Instrument, order: Order) -> dict[str, str | bool]:
    """What is sent for ``order``. ``reduceOnly`` belongs to one-way swap accounts; spot has no such thing."""
    _CHECKS.check(instrument, order)
    is_perp = order.market is Market.PERP
    body: dict[str, str | bool] = {
        "instId": order.native,
        "tdMode": _TD_MODE[order.market],
        "side": order.side.value,
        "ordType": _ORD_TYPE[order.kind],
        "sz": number(order.qty, "quantity"),
    }
    if order.price is not None:
        body["px"] = number(order.price, "price")
    body["clOrdId"] = order.client_id
    if is_perp:
        body["reduceOnly"] = order.reduce_only
    else:
        body["tgtCcy"] = "base_ccy"
    return body


def cancel(caller: Caller, instrument: Instrument, client_id: str, stamp_ms: int, *, order_id: str = "") -> PrivateCall:
    """``order_id``: OKX's own id, for an order that has none of ours (``client_id`` "")."""
    what = f"cancel of {client_id or order_id} on {instrument.native}"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        said = refusals.verdict(status, answer, client_id, what)
        if said.taken or said.code == refusals.CANCELING:
            return (CancelTaken(venue=VENUE, client_id=client_id, t_ns=t_ns),)
        return (
            CancelRefused(
                venue=VENUE,
                client_id=client_id,
                reason=refusals.reason(said.code),
                code=said.code,
                text=said.sentence(what),
                t_ns=t_ns,
            ),
        )

    named: dict[str, str | bool] = {"clOrdId": client_id} if client_id else {"ordId": order_id}
    body: dict[str, str | bool] = {"instId": instrument.native, **named}
    return PrivateCall(caller.post(CANCEL, body, what, "cancel", stamp_ms), read, what)


def query(caller: Caller, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall:
    what = f"query of {client_id} on {instrument.native}"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        try:
            rows = refusals.rows_of(status, answer, private_shapes.orders, what)
        except VenueRefused as refused:
            if refused.code == refusals.ABSENT and status < 500:
                return (OrderAbsent(venue=VENUE, client_id=client_id, t_ns=t_ns),)
            raise
        if len(rows) != 1 or (rows[0].cl_ord_id, rows[0].inst_id) != (client_id, instrument.native):
            raise ProtocolBroken("unknown_shape", f"OKX answered the {what} with something else", answer[:200])
        return _reports(rows, instrument.market, "query", t_ns)

    path_query = {"instId": instrument.native, "clOrdId": client_id}
    return caller.read(QUERY, path_query, what, "query", stamp_ms, read)


# --- lists ------------------------------------------------------------------------------------------------------------


def open_orders(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    inst_type = INST_TYPE[market]
    what = f"open {inst_type} orders"
    read = _order_reader(market, "open_orders", what)
    return caller.pages(PENDING, {"instType": inst_type}, what, "orders-pending", stamp_ms, read, by_order)


def history(caller: Caller, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
    """Orders that ended since then, of those that began at most a day earlier. OKX lists them by when they began.

    Kept for a week, in another list for three months; those that ended unfilled for two hours.
    """
    begun_ms = since_ms - _RESTED_MS
    late = stamp_ms - begun_ms < _HISTORY_KEPT_MS
    path, bucket = (HISTORY, "orders-history") if late else (HISTORY_ARCHIVE, "orders-history-archive")
    what = f"past orders of {instrument.native}"
    query = {"instType": INST_TYPE[instrument.market], "instId": instrument.native, **period(begun_ms, stamp_ms)}
    read = _order_reader(instrument.market, "history", what, since_ms)
    return caller.pages(path, query, what, bucket, stamp_ms, read, by_order)


def fills(caller: Caller, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
    """Kept for three days, in another list (asked more sparingly) for three months."""
    late = stamp_ms - since_ms < _FILLS_KEPT_MS
    path, bucket = (FILLS, "fills") if late else (FILLS_HISTORY, "fills-history")
    what = f"fills of {instrument.native}"
    query = {"instType": INST_TYPE[instrument.market], "instId": instrument.native, **period(since_ms, stamp_ms)}

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = refusals.rows_of(status, answer, private_shapes.fills, what)
        return [private_rows.listed_fill(row, _only(instrument.market, row.inst_type, what), t_ns) for row in rows]

    return caller.pages(path, query, what, bucket, stamp_ms, read, by_bill)


def _order_reader(market: Market, how: Told, what: str, since_ms: int = 0) -> Read:
    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        told = _reports(refusals.rows_of(status, answer, private_shapes.orders, what), market, how, t_ns)
        return [report for report in told if report.t_ms is None or report.t_ms >= since_ms]

    return read


def _reports(rows: Sequence[private_shapes.OrderRow], market: Market, how: Told, t_ns: int) -> list[OrderReport]:
    return [private_rows.report(row, _only(market, row.inst_type, how), how, t_ns) for row in rows]


def _only(market: Market, inst_type: str, what: str) -> Market:
    """``market``, of which alone rows were asked for."""
    if private_rows.market(inst_type) is not market:
        raise ProtocolBroken("unknown_shape", f"OKX {what}: a row of {inst_type[:40]!r} that was not asked for")
    return market
