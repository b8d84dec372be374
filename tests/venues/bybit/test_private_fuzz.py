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
from tests.venues.bybit.samples import (
    KEYS,
    LISTED,
    OURS,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    T_NS,
    account_info,
    acked,
    coin,
    execution_row,
    flat,
    funding_row,
    further,
    key_info,
    order_row,
    place,
    position_row,
    push,
    refused,
    rows,
    said,
    unfilled,
    wallet,
)
from tests.venues.bybit.test_private_stream import (
    LOGGED_IN,
    LOGIN_QUOTED,
    NOT_AUTHORISED,
    PARTLY,
    PONG,
    SUBSCRIBED,
    of,
    up,
)
from tests.venues.fuzzing import fuzz
from tests.venues.key_rights import rights_call

ALLOWED = (ProtocolBroken, OutcomeUnknown, VenueRefused)
FEES = {"symbol": "BTCUSDT", "takerFeeRate": "0.00055", "makerFeeRate": "0.0002"}
_QUERY = PRIVATE.query(PROD, KEYS, PERP, OURS, STAMP_MS)
_MODE = PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS)
_OF_ACCOUNT = further(_MODE, said(key_info()))

READS: dict[str, tuple[str, PrivateCall, tuple[bytes, ...]]] = {
    "place": ("Accepted", place(), (acked(), refused(110007, "not enough"), refused(10016))),
    "cancel": (
        "CancelTaken",
        PRIVATE.cancel(PROD, KEYS, PERP, OURS, STAMP_MS),
        (acked(), refused(110001), refused(170212)),
    ),
    "query": ("OrderReport", _QUERY, (rows(order_row()), rows(), refused(110001))),
    "query elsewhere": ("OrderReport", further(_QUERY, rows()), (rows(order_row()), rows(), refused(110001))),
    "open orders": (
        "OrderReport",
        PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS),
        (rows(unfilled(), unfilled(orderId="2"), cursor="13%3A17"), rows()),
    ),
    "fills": (
        "Fill",
        PRIVATE.fills(PROD, KEYS, SPOT, 0, STAMP_MS),
        (rows(execution_row(extraFees=[{"fee": "1", "feeCoin": "BTC"}]), funding_row(), category="spot"),),
    ),
    "funding": (
        "FundingPaid",
        PRIVATE.funding_paid(PROD, KEYS, LISTED[Market.PERP], STAMP_MS, STAMP_MS),
        (rows(funding_row()),),
    ),
    "positions": ("Position", PRIVATE.positions(PROD, KEYS, {}, STAMP_MS), (rows(position_row(), flat()),)),
    "balances": (
        "Balance",
        PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS),
        (said({"list": [wallet(coin(), coin("BTC", totalOrderIM=""))]}),),
    ),
    "mode by key": ("AccountMode", _MODE, (said(key_info(uta=0)), said(key_info()))),
    "mode": ("AccountMode", _OF_ACCOUNT, (said(account_info(unifiedMarginStatus=1)), said(account_info()))),
    "mode of positions": ("AccountMode", further(_OF_ACCOUNT, said(account_info())), (rows(flat()), rows())),
    "leverage": ("LeverageRead", PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), (rows(flat()), rows())),
    "settings": (
        "LeverageRead",
        further(PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), rows()),
        (rows({"symbol": "BTCUSDT", "leverage": "10", "side": "", "positionIdx": 0}),),
    ),
    "fees": ("FeeRates", PRIVATE.fee_rates(PROD, KEYS, PERP, STAMP_MS), (said({"list": [FEES]}),)),
}

FRAMES = {
    "order": of("order", order_row()),
    "order spot": of("order", order_row(), unfilled(), category="spot"),
    "execution": of("execution", execution_row(), funding_row()),
    "position": of("position", position_row(), flat()),
    "wallet": push("wallet", wallet(coin(), coin("BTC"))),
    "login": LOGGED_IN,
    "login refused": LOGIN_QUOTED,
    "subscribed": SUBSCRIBED,
    "refused": PARTLY,
    "not authorised": NOT_AUTHORISED,
    "pong": PONG,
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
            assert event.fill_id, event
            assert (event.fee is None) == (event.fee_ccy == ""), event
        case words.Position():
            assert event.native, event
            assert event.held != "long" or event.qty >= 0, event
            assert event.held != "short" or event.qty <= 0, event
        case words.Balance():
            assert event.free is None or event.free >= 0, event
        case words.FundingPaid():
            assert event.payment_id, event
            assert event.ccy, event
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


@pytest.mark.parametrize("name", READS)
def test_every_spoilt_answer_is_an_event_or_a_named_error(name: str) -> None:
    kind, call, bodies = READS[name]
    for status in (200, 400, 403, 429, 503):
        seeds = {f"{name} {number}": body for number, body in enumerate(bodies)}
        report = fuzz(
            partial(read_and_ask_on, call, status),
            seeds,
            1200 if status == 200 else 100,
            status,
            allowed=ALLOWED,
            check=check,
        )
        assert (kind in report.by_seed[f"{name} 0"]) == (status == 200)


def test_every_spoilt_key_is_told_or_a_named_error() -> None:
    call = rights_call(PRIVATE, PROD, KEYS, STAMP_MS)

    def decode(body: bytes) -> Sequence[Any]:
        found = call.read(200, body)
        assert set(found.trade) == set(Market)
        return ()

    report = fuzz(decode, {"key": said(key_info())}, 1500, 3, allowed=ALLOWED)
    assert report.by_seed["key"] == set()
    assert report.errors["unknown_shape"]


def test_nothing_that_is_done_to_a_refusal_makes_it_a_yes_with_another_code() -> None:
    """A mutation may well turn a no into a yes by writing 0; then, and only then, it is one."""
    seen: list[bytes] = []

    def decode(body: bytes) -> Sequence[Any]:
        events = place().read(200, body, T_NS)
        seen.extend(body for event in events if isinstance(event, words.Accepted))
        return events

    no = said({"orderId": "1", "orderLinkId": OURS}, 110007, "not enough")
    fuzz(decode, {"no": no}, 4000, 11, allowed=ALLOWED, check=check)
    assert all(b'"retCode":110007' not in body for body in seen)


def test_every_spoilt_push_is_an_event_or_broken_protocol() -> None:
    session = up()

    def decode(frame: bytes) -> Sequence[Any]:
        return session.decode(frame, T_NS)

    report = fuzz(decode, FRAMES, 9000, 7, check=check)
    assert report.reached >= {
        "OrderReport",
        "Fill",
        "FundingPaid",
        "Position",
        "Balance",
        "LoggedIn",
        "LoginRefused",
        "SubscribedAll",
        "Expired",
        "Refused",
        "Pong",
    }
    assert {"not_json", "not_utf8", "unknown_shape", "bad_number", "bad_price", "bad_size"} <= set(report.errors), (
        report
    )
