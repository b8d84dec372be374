"""Orders of Bitget's classic accounts: place, cancel, ask for one, list them and their fills. All by REST.

Spot and contracts have paths of their own. Contract orders name how they are margined: ``crossed``, as orders of
unified accounts are without saying so. No ``tradeSide`` is sent, which an account in hedge mode refuses, as it should.
Spot orders are told by our id for two hours; fills never are, by Bitget's id alone.
Source: Bitget classic API docs, Spot / Trade and Futures / Trade (Place Order, Cancel Order, Get Order Info, Get
Current Orders, Get History Orders, Get Fills), Get Account Bill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from arbtui.core.errors import ProtocolBroken, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, Order, OrderAbsent, Told
from arbtui.venues.bitget import classic_rows, classic_shapes, refusals
from arbtui.venues.bitget.classic_calls import ClassicCaller
from arbtui.venues.bitget.classic_shapes import FillRow, OrderRow
from arbtui.venues.bitget.instruments import PRODUCTS, VENUE, inst_type
from arbtui.venues.bitget.orders import CHECKS, TIME_IN_FORCE, read_cancel, read_place
from arbtui.venues.calls import DAY_MS, Then, one_after_the_other
from arbtui.venues.private import PrivateCall, Read
from arbtui.venues.sending import number

_TRADE = {Market.PERP: "/api/v2/mix/order/", Market.SPOT: "/api/v2/spot/trade/"}
_ORDER = {Market.PERP: "detail", Market.SPOT: "orderInfo"}
_OPEN = {Market.PERP: "orders-pending", Market.SPOT: "unfilled-orders"}
_HISTORY = {Market.PERP: "orders-history", Market.SPOT: "history-orders"}
BILLS = "/api/v2/mix/account/bill"

_A_PAGE = "100"
_RESTED_MS = DAY_MS  # the history is told by when orders began: those are looked for that began so long before


def product_of(instrument: Instrument) -> dict[str, str]:
    """What names a contract's product; spot has none."""
    if instrument.market is Market.SPOT:
        return {}
    return {"productType": inst_type(instrument.market, instrument.native)}


# --- one order --------------------------------------------------------------------------------------------------------


def place(caller: ClassicCaller, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall:
    """Raises ``ValueError`` for an order that Bitget has no words for, or that must not be sent there."""
    body = order_body(instrument, order)
    what = f"order {order.client_id} on {order.native}"
    path = f"{_TRADE[order.market]}place-order"
    request = caller.post(path, body, f"place {what}", "place", stamp_ms)
    return PrivateCall(request, read_place(order, what), f"place {what}")


def order_body(instrument: Instrument, order: Order) -> dict[str, str]:
    """What is sent for ``order``."""
    CHECKS.check(instrument, order)
    body = {"symbol": order.native, **product_of(instrument)}
    if order.market is Market.PERP:
        body |= {"marginMode": "crossed", "marginCoin": instrument.settle_ccy}
    body["size"] = number(order.qty, "quantity")
    if order.price is None:
        body |= {"side": order.side.value, "orderType": "market"}
    else:
        body |= {"price": number(order.price, "price"), "side": order.side.value, "orderType": "limit"}
        body["force"] = TIME_IN_FORCE[order.kind]
    body["clientOid"] = order.client_id
    if order.reduce_only:
        body["reduceOnly"] = "YES"
    return body


def cancel(
    caller: ClassicCaller, instrument: Instrument, client_id: str, stamp_ms: int, *, order_id: str = ""
) -> PrivateCall:
    """``order_id``: Bitget's own id, for an order that has none of ours (``client_id`` "")."""
    what = f"cancel of {client_id or order_id} on {instrument.native}"
    named = {"clientOid": client_id} if client_id else {"orderId": order_id}
    body = {"symbol": instrument.native, **product_of(instrument), **named}
    path = f"{_TRADE[instrument.market]}cancel-order"
    return PrivateCall(caller.post(path, body, what, "cancel", stamp_ms), read_cancel(client_id, order_id, what), what)


def query(caller: ClassicCaller, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall:
    what = f"query of {client_id} on {instrument.native}"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        try:
            found = _asked_for(instrument.market, status, answer, what)
        except VenueRefused as refused:
            if not refusals.is_absent(refused):
                raise
            found = []
        if not found:
            return (OrderAbsent(venue=VENUE, client_id=client_id, t_ns=t_ns),)
        row = found[0]
        if len(found) > 1 or (row.client_oid, row.symbol) != (client_id, instrument.native):
            raise ProtocolBroken("unknown_shape", f"Bitget answered the {what} with something else", answer[:200])
        return (classic_rows.report(row, instrument.market, "query", t_ns),)

    asked = {"clientOid": client_id}
    if instrument.market is Market.PERP:
        asked |= {"symbol": instrument.native, **product_of(instrument)}
    path = _TRADE[instrument.market] + _ORDER[instrument.market]
    return caller.read(path, asked, what, "order-info", stamp_ms, read)


def _asked_for(market: Market, status: int, answer: bytes, what: str) -> list[OrderRow]:
    """One contract order is told as itself, a spot order as a list of one, which is empty where there is none."""
    if market is Market.PERP:
        return [refusals.result_of(status, answer, classic_shapes.order, what)]
    return refusals.result_of(status, answer, classic_shapes.order_rows, what)


# --- lists ------------------------------------------------------------------------------------------------------------


def open_orders(caller: ClassicCaller, market: Market, stamp_ms: int) -> PrivateCall:
    """Conditional orders that wait for their price stand in lists of their own: they are not among these."""

    def ask(product: str, stamp_ms: int, then: Then | None) -> PrivateCall:
        what = f"open {product} orders"
        asked = {"limit": _A_PAGE} | ({"productType": product} if market is Market.PERP else {})
        read = _order_reader(market, "open_orders", what)
        return caller.pages(_TRADE[market] + _OPEN[market], asked, what, "unfilled-orders", stamp_ms, read, then)

    return one_after_the_other([partial(ask, product) for product in PRODUCTS[market]], stamp_ms)


def history(caller: ClassicCaller, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
    """Orders that ended since then, of those that began at most a day earlier."""
    market, what = instrument.market, f"past orders of {instrument.native}"
    read = _order_reader(market, "history", what, instrument.native, since_ms)
    asked = {"symbol": instrument.native, "limit": _A_PAGE, **product_of(instrument)}
    path = _TRADE[market] + _HISTORY[market]
    return caller.since(path, asked, what, "history-orders", since_ms - _RESTED_MS, stamp_ms, read)


def _order_reader(market: Market, how: Told, what: str, native: str = "", since_ms: int = 0) -> Read:
    """Of one instrument, and from a time on, where that is asked for."""

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows: list[OrderRow]
        if market is Market.PERP:
            rows = refusals.result_of(status, answer, classic_shapes.order_list, what).entrusted_list or []
        else:
            rows = refusals.result_of(status, answer, classic_shapes.order_rows, what)
        told = [classic_rows.report(row, market, how, t_ns) for row in rows if native in ("", row.symbol)]
        return [report for report in told if report.t_ms is None or report.t_ms >= since_ms]

    return read


def fills(caller: ClassicCaller, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
    market, what = instrument.market, f"fills of {instrument.native}"

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        rows: list[FillRow]
        if market is Market.PERP:
            rows = refusals.result_of(status, answer, classic_shapes.fill_list, what).fill_list or []
        else:
            rows = refusals.result_of(status, answer, classic_shapes.fill_rows, what)
        ours = (row for row in rows if row.symbol == instrument.native)
        return [classic_rows.fill(row, market, instrument, "fills", t_ns) for row in ours]

    asked = {"symbol": instrument.native, "limit": _A_PAGE, **product_of(instrument)}
    return caller.since(f"{_TRADE[market]}fills", asked, what, "fills", since_ms, stamp_ms, read)


def funding_paid(
    caller: ClassicCaller, instruments: Mapping[str, Instrument], since_ms: int, stamp_ms: int
) -> PrivateCall:
    """Funding stands in the ledger of each product; its sign says which way it went."""

    def ask(product: str, stamp_ms: int, then: Then | None) -> PrivateCall:
        what = f"funding payments of {product}"

        def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
            rows = refusals.result_of(status, answer, classic_shapes.bill_list, what).bills or ()
            return [classic_rows.funding(row, t_ns) for row in rows if row.business_type == classic_rows.FUNDING]

        asked = {"productType": product, "businessType": classic_rows.FUNDING, "limit": _A_PAGE}
        return caller.since(BILLS, asked, what, "financial-records", since_ms, stamp_ms, read, then)

    return one_after_the_other([partial(ask, product) for product in PRODUCTS[Market.PERP]], stamp_ms)
