"""Sound answers and pushes of Hyperliquid, for ``tests.venues.hostile`` to spoil."""

from __future__ import annotations

from decimal import Decimal

from arbtui.core.model import Market
from arbtui.venues.private import PrivateCall
from tests.venues.hostile import BROKEN, Hostile, Told, orders_have_a_size
from tests.venues.hyperliquid.samples import (
    AGENT,
    FEES,
    ID,
    KEYS,
    OTHER,
    PERP,
    PRIVATE,
    PROD,
    STAMP_MS,
    acked,
    after,
    balance,
    fill_row,
    filled,
    fills_push,
    found,
    funding_row,
    fundings_push,
    leverage_answer,
    no,
    order_row,
    orders_push,
    place,
    position_row,
    resting,
    said,
    spot_push,
    state,
    state_push,
    status_row,
)
from tests.venues.hyperliquid.test_private_stream import KINDS, up
from tests.venues.hyperliquid_frames import push, wire
from tests.venues.key_rights import rights_call

NO_MATCH = "Order could not immediately match against any resting orders. asset=1"
GONE = "Order was never placed, already canceled, or filled. asset=1"
QUERY = PRIVATE.query(PROD, KEYS, PERP, ID, STAMP_MS)
MODE = PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS)
PERP_BALANCES = PRIVATE.balances(PROD, KEYS, Market.PERP, STAMP_MS)
SET = PRIVATE.set_leverage(PROD, KEYS, PERP, Decimal(7), STAMP_MS)

READS = {
    "place": Told(
        "Accepted",
        place(),
        (said(resting()), said(filled()), said({"error": NO_MATCH}), said({"error": "Order has zero size."}), no(GONE)),
    ),
    "cancel": Told(
        "CancelTaken",
        PRIVATE.cancel(PROD, KEYS, PERP, ID, STAMP_MS),
        (said("success", kind="cancel"), said({"error": GONE}, kind="cancel"), no(GONE)),
    ),
    "query": Told(
        "OrderReport",
        QUERY,
        (found("filled"), found("open"), found("canceled"), wire({"status": "unknownOid"})),
    ),
    "count": Told("OrderReport", after(QUERY, found("canceled")), (wire([fill_row(), fill_row(tid=2, sz="0.025")]),)),
    "open": Told(
        "OrderReport",
        PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS),
        (wire([order_row(), order_row(cloid=None)]),),
    ),
    "history": Told(
        "OrderReport",
        PRIVATE.history(PROD, KEYS, PERP, 0, STAMP_MS),
        (wire([status_row("filled"), status_row("badAloPxRejected")]),),
    ),
    "fills": Told(
        "Fill",
        PRIVATE.fills(PROD, KEYS, PERP, 0, STAMP_MS),
        (wire([fill_row(), fill_row(liquidation={"liquidatedUser": OTHER})]),),
    ),
    "positions": Told(
        "Position",
        PRIVATE.positions(PROD, KEYS, {}, STAMP_MS),
        (wire(state(position_row(), position_row(coin="ETH", liquidationPx=None))),),
    ),
    "spot balances": Told(
        "Balance",
        PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS),
        (wire({"balances": [balance(), balance("UBTC", 197)]}),),
    ),
    "perp balances": Told("Balance", after(PERP_BALANCES, wire("disabled")), (wire(state(position_row())),)),
    "unified": Told("Balance", after(PERP_BALANCES, wire("unifiedAccount")), (wire({"balances": [balance()]}),)),
    "role": Told("AccountMode", PRIVATE.mode(PROD, KEYS, Market.SPOT, STAMP_MS), (AGENT, wire({"role": "missing"}))),
    "mode": Told("AccountMode", after(MODE, AGENT), (wire("disabled"),)),
    "leverage": Told("LeverageRead", PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), (leverage_answer(),)),
    "fees": Told("FeeRates", PRIVATE.fee_rates(PROD, KEYS, PERP, STAMP_MS), (FEES,)),
    "funding": Told(
        "FundingPaid",
        PRIVATE.funding_paid(PROD, KEYS, {}, 0, STAMP_MS),
        (wire([funding_row(), funding_row("ETH", "1")]),),
    ),
}

SILENT: dict[str, tuple[PrivateCall, bytes]] = {  # what tells nothing by itself, and leads on
    "leverage to set": (SET, leverage_answer()),
    "leverage set": (after(SET, leverage_answer()), wire({"status": "ok", "response": {"type": "default"}})),
    "perp mode": (MODE, AGENT),
    "perp wallet": (PERP_BALANCES, wire("disabled")),
}

FRAMES = {
    "order": orders_push(status_row(), status_row("canceled")),
    "order gone": orders_push(status_row("iocCancelRejected"), status_row("filled", cloid=None)),
    "fills": fills_push(fill_row(), fill_row(tid=2, coin="@107", liquidation={"liquidatedUser": OTHER})),
    "snapshot": fills_push(fill_row(tid=3), isSnapshot=True),
    "fundings": fundings_push(funding_row(), isSnapshot=True),
    "state": state_push(position_row(), position_row(coin="ETH", szi="1")),
    "spot": spot_push(balance(), balance("UBTC", 197)),
    "already": push("error", 'Already subscribed: {"type":"userFills"}'),
    "refused": push("error", 'Error parsing JSON into valid websocket request: {"type":"userFills"}'),
    "pong": wire({"channel": "pong"}),
    "greeting": b"Websocket connection established.",
} | {f"ack {kind}": acked(kind) for kind in KINDS}

HOSTILE = Hostile(
    place=place(),
    nos={
        "no": said({"error": "Insufficient margin to place order. asset=1"}),
        "none": no("Unable to recover signer."),
    },
    still_a_no=None,
    success=None,
    reads=READS,
    statuses=(422, 503),
    silent=SILENT,
    key=(rights_call(PRIVATE, PROD, KEYS, STAMP_MS), {"role": AGENT}),
    claims=(orders_have_a_size,),
    session=up(),
    frames=FRAMES,
    reached=frozenset({"OrderReport", "Fill", "Position", "Balance", "FundingPaid", "Pong", "Ignored"}),
    broken=BROKEN | {"venue_error"},
)
