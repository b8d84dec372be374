"""Orders of Bitget's unified accounts: place, cancel, ask for one, list them and their fills. All by REST.

Sizes are sent in coins always: a spot market buy, which Bitget would take in quote currency, is not sent at all.
Category SPOT borrows nothing (MARGIN would). An acknowledgement says nothing of fills: also a post-only order that
would cross is acknowledged first, and ends as "cancelled" with a reason. No ``posSide`` is sent, which an account in
hedge mode refuses, as it should; no ``marginMode`` means cross margin.

One reduce-only order may push another one aside, and then be acknowledged without an id: that is an open outcome, and
asking for the order settles it. An order is asked for by our id alone, whatever it is in. Fills cannot be asked for by
symbol: all of a category are read, and those of others left out.
Source: Bitget UTA API docs, Place Order, Cancel Order, Get Order Details, Get Open Orders, Get Order History, Get Fill
History, Get Financial Records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    CancelRefused,
    CancelTaken,
    Order,
    OrderAbsent,
    OrderKind,
    Rejected,
    Told,
)
from arbtui.venues.bitget import private_rows, private_shapes, refusals
from arbtui.venues.bitget.calls import Caller
from arbtui.venues.bitget.instruments import PRODUCTS, VENUE, inst_type
from arbtui.venues.bitget.private_shapes import Ack, OrderRow
from arbtui.venues.bitget.refusals import Refusal
from arbtui.venues.calls import DAY_MS, Then, one_after_the_other
from arbtui.venues.private import PrivateCall, Read
from arbtui.venues.sending import Checks, number
from arbtui.venues.wire import guarded

PLACE = "/api/v3/trade/place-order"
CANCEL = "/api/v3/trade/cancel-order"
ORDER = "/api/v3/trade/order-info"
OPEN = "/api/v3/trade/unfilled-orders"
HISTORY = "/api/v3/trade/history-orders"
FILLS = "/api/v3/trade/fills"
RECORDS = "/api/v3/account/financial-records"

_A_PAGE = "100"
_RESTED_MS = DAY_MS  # the history may be told by when orders began: those are looked for that began so long before
CHECKS = Checks(
    "Bitget", re.compile(r"[.A-Za-z0-9:/_-]{1,32}", re.ASCII), "ids of 1 to 32 letters, digits and . : / _ -"
)
TIME_IN_FORCE = {OrderKind.IOC: "ioc", OrderKind.POST_ONLY: "post_only"}


# --- one order --------------------------------------------------------------------------------------------------------


def place(caller: Caller, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall:
    """Raises ``ValueError`` for an order that Bitget has no words for, or that must not be sent there."""
    body = order_body(instrument, order)
    what = f"order {order.client_id} on {order.native}"

    return PrivateCall(
        caller.post(PLACE, body, f"place {what}", "place", stamp_ms), read_place(order, what), f"place {what}"
    )


def read_place(order: Order, what: str) -> Read:
    """What is answered to ``order``, of accounts of any kind."""

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        said = _acknowledged(status, answer, what, client_id=order.client_id)
        if isinstance(said, Ack):
            return (Accepted(venue=VENUE, client_id=order.client_id, order_id=said.order_id or "", t_ns=t_ns),)
        if said.reason is RefusalReason.UNKNOWN_ORDER:  # it speaks of an order that was there
            raise refusals.open_outcome(what, f"code {said.code}: {said.words}")
        return (
            Rejected(
                venue=VENUE,
                client_id=order.client_id,
                reason=said.reason,
                code=said.code,
                text=said.sentence(what),
                t_ns=t_ns,
                retry_after_s=said.retry_after_s,
            ),
        )

    return read


def order_body(instrument: Instrument, order: Order) -> dict[str, str]:
    """What is sent for ``order``."""
    CHECKS.check(instrument, order)
    body = {
        "category": inst_type(order.market, order.native),
        "symbol": order.native,
        "side": order.side.value,
        "orderType": "market" if order.kind is OrderKind.MARKET else "limit",
        "qty": number(order.qty, "quantity"),
    }
    if order.price is not None:
        body["price"] = number(order.price, "price")
        body["timeInForce"] = TIME_IN_FORCE[order.kind]
    body["clientOid"] = order.client_id
    if order.reduce_only:
        body["reduceOnly"] = "yes"
    return body


def cancel(caller: Caller, instrument: Instrument, client_id: str, stamp_ms: int, *, order_id: str = "") -> PrivateCall:
    """``order_id``: Bitget's own id, for an order that has none of ours (``client_id`` "")."""
    what = f"cancel of {client_id or order_id} on {instrument.native}"
    named = {"clientOid": client_id} if client_id else {"orderId": order_id}
    category = inst_type(instrument.market, instrument.native)
    body = {"category": category, "symbol": instrument.native, **named}
    return PrivateCall(
        caller.post(CANCEL, body, what, "cancel", stamp_ms), read_cancel(client_id, order_id, what), what
    )


def read_cancel(client_id: str, order_id: str, what: str) -> Read:
    """What is answered to a cancel, of accounts of any kind."""

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        said = _acknowledged(status, answer, what, client_id=client_id, order_id=order_id)
        if isinstance(said, Ack):
            return (CancelTaken(venue=VENUE, client_id=client_id, t_ns=t_ns),)
        return (
            CancelRefused(
                venue=VENUE,
                client_id=client_id,
                reason=said.reason,
                code=said.code,
                text=said.sentence(what),
                t_ns=t_ns,
            ),
        )

    return read


def _acknowledged(status: int, answer: bytes, what: str, *, client_id: str, order_id: str = "") -> Ack | Refusal:
    """A yes that is surely about this order, or the venue's no. Raises ``OutcomeUnknown`` for anything else."""
    said = refusals.order_answer(status, answer, what)
    if isinstance(said, Refusal):
        return said
    try:
        ack = guarded(private_shapes.ack, said, f"Bitget {what}")
    except ProtocolBroken as error:
        raise refusals.unreadable(what, error) from error
    ours = not client_id or ack.client_oid in (None, "", client_id)
    if not ack.order_id or not ours or order_id not in ("", ack.order_id):
        raise refusals.open_outcome(what, "a yes that does not say to which order")
    return ack


def query(caller: Caller, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall:
    what = f"query of {client_id} on {instrument.native}"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        try:
            row = refusals.result_of(status, answer, private_shapes.order, what)
        except VenueRefused as refused:
            if refusals.is_absent(refused):
                return (OrderAbsent(venue=VENUE, client_id=client_id, t_ns=t_ns),)
            raise
        asked = (client_id, instrument.native, inst_type(instrument.market, instrument.native))
        if (row.client_oid, row.symbol, row.category.upper()) != asked:
            raise ProtocolBroken("unknown_shape", f"Bitget answered the {what} with something else", answer[:200])
        return (private_rows.report(row, instrument.market, "query", t_ns),)

    return caller.read(ORDER, {"clientOid": client_id}, what, "order-info", stamp_ms, read)


# --- lists ------------------------------------------------------------------------------------------------------------


def open_orders(caller: Caller, market: Market, stamp_ms: int) -> PrivateCall:
    """Conditional orders that wait for their price are no orders yet on Bitget: they are not among these."""

    def ask(category: str, stamp_ms: int, then: Then | None) -> PrivateCall:
        what = f"open {category} orders"
        read = _order_reader(category, market, "open_orders", what)
        asked = {"category": category, "limit": _A_PAGE}
        return caller.pages(OPEN, asked, what, "unfilled-orders", stamp_ms, read, then)

    return one_after_the_other([partial(ask, category) for category in PRODUCTS[market]], stamp_ms)


def history(caller: Caller, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
    """Orders that ended since then, of those that began at most a day earlier."""
    what, category = f"past orders of {instrument.native}", inst_type(instrument.market, instrument.native)
    read = _order_reader(category, instrument.market, "history", what, instrument.native, since_ms)
    asked = {"category": category, "symbol": instrument.native, "limit": _A_PAGE}
    return caller.since(HISTORY, asked, what, "history-orders", since_ms - _RESTED_MS, stamp_ms, read)


def _order_reader(category: str, market: Market, how: Told, what: str, native: str = "", since_ms: int = 0) -> Read:
    """Of one category; of one instrument, and from a time on, where that is asked for."""

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows: Sequence[OrderRow] = refusals.result_of(status, answer, private_shapes.orders, what).rows or ()
        _only(category, [row.category for row in rows], what)
        told = [private_rows.report(row, market, how, t_ns) for row in rows if native in ("", row.symbol)]
        return [report for report in told if report.t_ms is None or report.t_ms >= since_ms]

    return read


def fills(caller: Caller, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
    market, what = instrument.market, f"fills of {instrument.native}"
    category = inst_type(market, instrument.native)

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows = refusals.result_of(status, answer, private_shapes.fills, what).rows or ()
        _only(category, [row.category for row in rows], what)
        ours = (row for row in rows if row.symbol == instrument.native)
        return [private_rows.fill(row, market, instrument, "fills", t_ns) for row in ours]

    return caller.since(FILLS, {"category": category, "limit": _A_PAGE}, what, "fills", since_ms, stamp_ms, read)


def funding_paid(caller: Caller, instruments: Mapping[str, Instrument], since_ms: int, stamp_ms: int) -> PrivateCall:
    """Funding stands in the account's ledger, by category, with one type for what came in and one for what went out."""

    def ask(category: str, kind: str, stamp_ms: int, then: Then | None) -> PrivateCall:
        what = f"funding payments of {category}"

        def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
            rows = refusals.result_of(status, answer, private_shapes.records, what).rows or ()
            return [private_rows.funding(row, t_ns) for row in rows if row.type == kind]

        asked = {"category": category, "type": kind, "limit": _A_PAGE}
        return caller.since(RECORDS, asked, what, "financial-records", since_ms, stamp_ms, read, then)

    asks = [partial(ask, category, kind) for category in PRODUCTS[Market.PERP] for kind in private_rows.FUNDING_TYPES]
    return one_after_the_other(asks, stamp_ms)


def _only(category: str, told: Sequence[str], what: str) -> None:
    """Raises where a row is of another category than was asked for."""
    if any(other.upper() != category for other in told):
        raise ProtocolBroken("unknown_shape", f"Bitget {what}: rows of a category that was not asked for")
