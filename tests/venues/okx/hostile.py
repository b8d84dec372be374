"""Sound answers and pushes of OKX, for ``tests.venues.hostile`` to spoil."""

from __future__ import annotations

from arbtui.core.model import Market
from tests.venues.hostile import Hostile, Told, orders_have_ids
from tests.venues.okx.samples import (
    KEYS,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    SWAP,
    ack,
    acked,
    answer,
    balance_row,
    bill_row,
    config_row,
    detail,
    fee_row,
    fill_row,
    leverage_row,
    order_row,
    place,
    position_row,
    push,
    spot_order_row,
    unfilled,
)
from tests.venues.okx.test_private_stream import LOGGED_IN, error, subscribed, up
from tests.venues.okx_frames import wire

REFUSED = answer(code="51603", msg="Order does not exist")

READS = {
    "Accepted": Told(
        "Accepted", place(), (acked(), acked("51008", "Insufficient"), answer(code="50004", msg="timeout"))
    ),
    "CancelTaken": Told(
        "CancelTaken",
        PRIVATE.cancel(PROD, KEYS, SWAP, "arb0001A", STAMP_MS),
        (acked(), acked("51400", "Cancellation failed"), answer(ack(), code="1")),
    ),
    "OrderReport": Told(
        "OrderReport",
        PRIVATE.query(PROD, KEYS, SWAP, "arb0001A", STAMP_MS),
        (answer(order_row()), answer(unfilled()), REFUSED),
    ),
    "Fill": Told("Fill", PRIVATE.fills(PROD, KEYS, SWAP, 0, STAMP_MS), (answer(fill_row(), fill_row(tradeId="-7")),)),
    "Position": Told(
        "Position",
        PRIVATE.positions(PROD, KEYS, {}, STAMP_MS),
        (answer(position_row(), position_row(posId="9", mgnMode="isolated")), answer(position_row(posSide="short"))),
    ),
    "Balance": Told(
        "Balance",
        PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS),
        (answer(balance_row(detail(), detail("BTC", availEq=""))),),
    ),
    "AccountMode": Told("AccountMode", PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS), (answer(config_row()),)),
    "LeverageRead": Told(
        "LeverageRead", PRIVATE.leverage(PROD, KEYS, SWAP, STAMP_MS), (answer(leverage_row(), leverage_row(lever="5")),)
    ),
    "FeeRates": Told("FeeRates", PRIVATE.fee_rates(PROD, KEYS, SPOT, STAMP_MS), (answer(fee_row()),)),
    "FundingPaid": Told(
        "FundingPaid", PRIVATE.funding_paid(PROD, KEYS, {}, 0, STAMP_MS), (answer(bill_row(), bill_row(billId="8")),)
    ),
}

FRAMES = {
    "order": push("orders", order_row(), instType="ANY"),
    "order unfilled": push("orders", unfilled(state="canceled", cancelSource="31"), instType="ANY"),
    "order spot": push("orders", spot_order_row(), order_row(), instType="ANY"),
    "positions": push("positions", position_row(), position_row(posId="9", mgnMode="isolated"), instType="ANY"),
    "account": push("account", balance_row(detail(), detail("BTC"))),
    "login": LOGGED_IN,
    "ack orders": subscribed("orders", instType="ANY"),
    "ack positions": subscribed("positions", instType="ANY"),
    "ack account": subscribed("account"),
    "refused": error("60018"),
    "login refused": error("60009"),
    "log in first": error("60011"),
    "notice": wire({"event": "notice", "code": "64008", "msg": "soon", "connId": "a"}),
    "counted": wire({"event": "channel-conn-count-error", "channel": "orders", "connCount": "30"}),
    "pong": b"pong",
}

HOSTILE = Hostile(
    place=place(),
    nos={"no": acked("51008", "Insufficient")},
    still_a_no=b'"51008"',
    success="0",
    reads=READS,
    statuses=(400, 503),
    no_fill=frozenset({"", "0"}),
    silent={},
    key=None,
    claims=(orders_have_ids,),
    session=up(),
    frames=FRAMES,
    reached=frozenset(
        {
            "OrderReport", "Position", "Balance", "LoggedIn", "LoginRefused", "SubscribedAll", "Expired", "Refused",
            "Closing", "Pong",
        }
    ),
)  # fmt: skip
