"""Hostile answers and pushes: each kind, spoilt in every way, is an event that makes sense or one of the named errors.

An order's answer has more to lose: whatever is done to a refusal or to rubbish, it never comes out as a yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from arbtui.core import orders as words
from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, VenueRefused
from arbtui.core.model import Market
from arbtui.venues.private import PrivateCall
from tests.venues.fuzzing import fuzz
from tests.venues.okx.samples import (
    KEYS,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    SWAP,
    T_NS,
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

ALLOWED = (ProtocolBroken, OutcomeUnknown, VenueRefused)
REFUSED = answer(code="51603", msg="Order does not exist")

READS: dict[str, tuple[PrivateCall, tuple[bytes, ...]]] = {
    "Accepted": (place(), (acked(), acked("51008", "Insufficient"), answer(code="50004", msg="timeout"))),
    "CancelTaken": (
        PRIVATE.cancel(PROD, KEYS, SWAP, "arb0001A", STAMP_MS),
        (acked(), acked("51400", "Cancellation failed"), answer(ack(), code="1")),
    ),
    "OrderReport": (
        PRIVATE.query(PROD, KEYS, SWAP, "arb0001A", STAMP_MS),
        (answer(order_row()), answer(unfilled()), REFUSED),
    ),
    "Fill": (PRIVATE.fills(PROD, KEYS, SWAP, 0, STAMP_MS), (answer(fill_row(), fill_row(tradeId="-7")),)),
    "Position": (
        PRIVATE.positions(PROD, KEYS, {}, STAMP_MS),
        (answer(position_row(), position_row(posId="9", mgnMode="isolated")), answer(position_row(posSide="short"))),
    ),
    "Balance": (
        PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS),
        (answer(balance_row(detail(), detail("BTC", availEq=""))),),
    ),
    "AccountMode": (PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS), (answer(config_row()),)),
    "LeverageRead": (PRIVATE.leverage(PROD, KEYS, SWAP, STAMP_MS), (answer(leverage_row(), leverage_row(lever="5")),)),
    "FeeRates": (PRIVATE.fee_rates(PROD, KEYS, SPOT, STAMP_MS), (answer(fee_row()),)),
    "FundingPaid": (PRIVATE.funding_paid(PROD, KEYS, {}, 0, STAMP_MS), (answer(bill_row(), bill_row(billId="8")),)),
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


def check(event: Any) -> None:
    """What holds for every word about an account."""
    for name in getattr(event, "__struct_fields__", ()):
        value = getattr(event, name)
        if isinstance(value, Decimal):
            assert value.is_finite(), event
        if name in ("t_ms", "t_ns"):
            assert value is None or (type(value) is int and value >= 0), event
        if name in ("client_id", "order_id", "text", "code", "native"):
            assert isinstance(value, str), event
    match event:
        case words.OrderReport():
            assert event.order_id, event
            assert event.native, event
            assert event.filled is None or event.filled >= 0, event
            assert all(value is None or value > 0 for value in (event.price, event.avg_price)), event
        case words.Fill():
            assert event.price > 0, event
            assert event.qty > 0, event
            assert event.fill_id not in ("", "0"), event
        case words.Position():
            assert event.native, event
            assert all(value is None or value > 0 for value in (event.entry_price, event.liquidation_price)), event
            assert event.held != "long" or event.qty >= 0, event
            assert event.held != "short" or event.qty <= 0, event
        case words.LeverageRead():
            assert event.leverage > 0, event
        case words.Rejected() | words.CancelRefused():
            assert event.code != "0", event
        case words.Accepted():
            assert event.order_id, event
        case _:
            pass


def read_and_ask_on(call: PrivateCall, status: int, body: bytes) -> Sequence[Any]:
    events = call.read(status, body, T_NS)
    if call.next_page is not None:
        call.next_page(status, body, STAMP_MS)
    return events


@pytest.mark.parametrize("kind", READS)
def test_every_spoilt_answer_is_an_event_or_a_named_error(kind: str) -> None:
    call, bodies = READS[kind]
    for status in (200, 400, 503):
        seeds = {f"{kind} {number}": body for number, body in enumerate(bodies)}
        report = fuzz(
            partial(read_and_ask_on, call, status),
            seeds,
            1500 if status == 200 else 300,
            status,
            allowed=ALLOWED,
            check=check,
        )
        assert (kind in report.reached) == (status == 200)


def test_nothing_that_is_done_to_a_refusal_makes_it_a_yes_with_another_code() -> None:
    """A mutation may well turn a no into a yes by writing "0" in both places; then, and only then, it is one."""
    seen: list[bytes] = []

    def decode(body: bytes) -> Sequence[Any]:
        events = place().read(200, body, T_NS)
        seen.extend(body for event in events if isinstance(event, words.Accepted))
        return events

    fuzz(decode, {"no": acked("51008", "Insufficient")}, 4000, 11, allowed=ALLOWED, check=check)
    assert all(b'"51008"' not in body for body in seen)


def test_every_spoilt_push_is_an_event_or_broken_protocol() -> None:
    session = up()

    def decode(frame: bytes) -> Sequence[Any]:
        return session.decode(frame, T_NS)

    report = fuzz(decode, FRAMES, 9000, 7, check=check)
    assert report.reached >= {
        "OrderReport",
        "Position",
        "Balance",
        "LoggedIn",
        "LoginRefused",
        "SubscribedAll",
        "Expired",
        "Refused",
        "Closing",
        "Pong",
    }
    assert {"not_json", "not_utf8", "unknown_shape", "bad_number", "bad_price", "bad_size"} <= set(report.errors), (
        report
    )


def test_a_full_page_of_rubbish_ids_is_not_asked_on_from() -> None:
    call = PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS)
    page = answer(*(unfilled(ordId="") for _ in range(100)))
    assert call.next_page is not None
    with pytest.raises(ProtocolBroken):
        call.next_page(200, page, STAMP_MS)
