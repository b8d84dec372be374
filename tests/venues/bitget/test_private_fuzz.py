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
from tests.venues.bitget.samples import (
    KEYS,
    LISTED,
    OURS,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    T_NS,
    acked,
    coin,
    fill_row,
    further,
    key_info,
    order_row,
    place,
    position_row,
    push,
    pushed_fill,
    pushed_position,
    pushed_wallet,
    record_row,
    refused,
    rows,
    said,
    settings,
    unfilled,
    wallet,
)
from tests.venues.bitget.test_private_stream import ACKS, BAD_LOGIN_ANSWER, BAD_TOPIC, LOGGED_IN, NEEDS_LOGIN, up
from tests.venues.fuzzing import fuzz
from tests.venues.key_rights import rights_call

ALLOWED = (ProtocolBroken, OutcomeUnknown, VenueRefused)
_MODE = PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS)

READS: dict[str, tuple[str, PrivateCall, tuple[bytes, ...]]] = {
    "place": ("Accepted", place(), (acked(), refused("25202", "not enough"), refused("25000"))),
    "cancel": ("CancelTaken", PRIVATE.cancel(PROD, KEYS, PERP, OURS, STAMP_MS), (acked(), refused("25204"))),
    "query": (
        "OrderReport",
        PRIVATE.query(PROD, KEYS, PERP, OURS, STAMP_MS),
        (said(order_row()), refused("25204"), refused("40725")),
    ),
    "open orders": (
        "OrderReport",
        PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS),
        (rows(unfilled(), unfilled(orderId="2"), cursor="77"), rows()),
    ),
    "history": ("OrderReport", PRIVATE.history(PROD, KEYS, PERP, STAMP_MS - 9, STAMP_MS), (rows(order_row()),)),
    "fills": (
        "Fill",
        PRIVATE.fills(PROD, KEYS, SPOT, 0, STAMP_MS),
        (rows(fill_row(category="SPOT"), fill_row(category="SPOT", feeDetail=[]), cursor="77"),),
    ),
    "funding": (
        "FundingPaid",
        PRIVATE.funding_paid(PROD, KEYS, LISTED[Market.PERP], STAMP_MS, STAMP_MS),
        (rows(record_row()),),
    ),
    "positions": (
        "Position",
        PRIVATE.positions(PROD, KEYS, {}, STAMP_MS),
        (rows(position_row(), position_row(total="0")),),
    ),
    "balances": (
        "Balance",
        PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS),
        (said(wallet(coin(), coin("BTC"))),),
    ),
    "mode of a classic account": ("AccountMode", _MODE, (refused("40084"), said(settings()))),
    "mode": ("AccountMode", further(_MODE, said(settings())), (said(key_info()),)),
    "leverage": ("LeverageRead", PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), (said(settings()),)),
    "leverage of a position": (
        "LeverageRead",
        further(PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), said(settings(symbolConfigList=[]))),
        (rows(position_row(), position_row(leverage="3")), rows()),
    ),
    "set leverage": (
        "refused:VenueRefused",
        PRIVATE.set_leverage(PROD, KEYS, PERP, Decimal(3), STAMP_MS),
        (refused("25223"), said("success")),
    ),
    "fees": (
        "FeeRates",
        PRIVATE.fee_rates(PROD, KEYS, PERP, STAMP_MS),
        (said({"makerFeeRate": "0.0002", "takerFeeRate": "0.0006"}),),
    ),
}

FRAMES = {
    "order": push("order", order_row(category="usdt-futures"), unfilled(category="spot")),
    "fill": push("fill", pushed_fill(), pushed_fill(category="spot")),
    "position": push("position", pushed_position(), pushed_position(size="1", liqPrice="70000")),
    "account": push("account", pushed_wallet(coin(), coin("BTC"))),
    "login": LOGGED_IN,
    "login refused": BAD_LOGIN_ANSWER,
    "subscribed": ACKS[0],
    "refused": BAD_TOPIC,
    "logged out": NEEDS_LOGIN,
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
            assert all(value is None or value > 0 for value in (event.price, event.avg_price, event.qty)), event
        case words.Fill():
            assert event.price > 0, event
            assert event.qty > 0, event
            assert event.fill_id, event
            assert (event.fee is None) == (event.fee_ccy == ""), event
        case words.Position():
            assert event.native, event
            assert event.held != "long" or event.qty >= 0, event
            assert event.held != "short" or event.qty <= 0, event
            assert event.liquidation_price is None or event.liquidation_price > 0, event
        case words.Balance():
            assert event.asset, event
            assert event.free is None or event.free >= 0, event
        case words.FundingPaid():
            assert event.payment_id, event
            assert event.ccy, event
        case words.LeverageRead():
            assert event.leverage > 0, event
        case words.Rejected() | words.CancelRefused():
            assert event.code != "00000", event
        case words.Accepted():
            assert event.order_id, event
        case _:
            pass


def read_and_ask_on(call: PrivateCall, status: int, body: bytes) -> Sequence[Any]:
    events = call.read(status, body, T_NS)
    if call.next_page is not None:
        call.next_page(status, body, STAMP_MS)
    return events


@pytest.mark.parametrize("name", READS)
def test_every_spoilt_answer_is_an_event_or_a_named_error(name: str) -> None:
    kind, call, bodies = READS[name]
    for status in (200, 400, 503):
        seeds = {f"{name} {number}": body for number, body in enumerate(bodies)}
        report = fuzz(
            partial(read_and_ask_on, call, status),
            seeds,
            1200 if status == 200 else 100,
            status,
            allowed=ALLOWED,
            check=check,
        )
        if status == 200:
            assert kind in report.by_seed[f"{name} 0"]
        if status == 503:
            assert report.events.total() == 0


def test_every_spoilt_key_is_told_or_a_named_error() -> None:
    call = rights_call(PRIVATE, PROD, KEYS, STAMP_MS)

    def decode(body: bytes) -> Sequence[Any]:
        found = call.read(200, body)
        assert set(found.trade) == set(Market)
        return ()

    report = fuzz(decode, {"key": said(key_info()), "classic": refused("40084")}, 1500, 3, allowed=ALLOWED)
    assert report.by_seed["key"] == report.by_seed["classic"] == set()
    assert report.errors["unknown_shape"]


def test_nothing_that_is_done_to_a_refusal_makes_it_a_yes_with_another_code() -> None:
    """A mutation may well turn a no into a yes by writing 00000; then, and only then, it is one."""
    seen: list[bytes] = []

    def decode(body: bytes) -> Sequence[Any]:
        events = place().read(200, body, T_NS)
        seen.extend(body for event in events if isinstance(event, words.Accepted))
        return events

    no = said({"orderId": "1", "clientOid": OURS}, "25202", "not enough")
    fuzz(decode, {"no": no}, 4000, 11, allowed=ALLOWED, check=check)
    assert all(b'"code":"25202"' not in body for body in seen)


def test_every_spoilt_push_is_an_event_or_broken_protocol() -> None:
    session = up()

    def decode(frame: bytes) -> Sequence[Any]:
        return session.decode(frame, T_NS)

    report = fuzz(decode, FRAMES, 8000, 7, check=check)
    assert report.reached >= {
        "OrderReport",
        "Fill",
        "Position",
        "Balance",
        "LoggedIn",
        "LoginRefused",
        "Expired",
        "Refused",
        "Pong",
    }
    assert {"not_json", "not_utf8", "unknown_shape", "bad_number", "bad_price", "bad_size"} <= set(report.errors), (
        report
    )
