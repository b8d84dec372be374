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
    T_NS,
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

ALLOWED = (ProtocolBroken, OutcomeUnknown, VenueRefused)
NO_MATCH = "Order could not immediately match against any resting orders. asset=1"
GONE = "Order was never placed, already canceled, or filled. asset=1"
QUERY = PRIVATE.query(PROD, KEYS, PERP, ID, STAMP_MS)
MODE = PRIVATE.mode(PROD, KEYS, Market.PERP, STAMP_MS)
PERP_BALANCES = PRIVATE.balances(PROD, KEYS, Market.PERP, STAMP_MS)
SET = PRIVATE.set_leverage(PROD, KEYS, PERP, Decimal(7), STAMP_MS)

READS: dict[str, tuple[str, PrivateCall, tuple[bytes, ...]]] = {
    "place": (
        "Accepted",
        place(),
        (said(resting()), said(filled()), said({"error": NO_MATCH}), said({"error": "Order has zero size."}), no(GONE)),
    ),
    "cancel": (
        "CancelTaken",
        PRIVATE.cancel(PROD, KEYS, PERP, ID, STAMP_MS),
        (said("success", kind="cancel"), said({"error": GONE}, kind="cancel"), no(GONE)),
    ),
    "query": (
        "OrderReport",
        QUERY,
        (found("filled"), found("open"), found("canceled"), wire({"status": "unknownOid"})),
    ),
    "count": ("OrderReport", after(QUERY, found("canceled")), (wire([fill_row(), fill_row(tid=2, sz="0.025")]),)),
    "open": (
        "OrderReport",
        PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS),
        (wire([order_row(), order_row(cloid=None)]),),
    ),
    "history": (
        "OrderReport",
        PRIVATE.history(PROD, KEYS, PERP, 0, STAMP_MS),
        (wire([status_row("filled"), status_row("badAloPxRejected")]),),
    ),
    "fills": (
        "Fill",
        PRIVATE.fills(PROD, KEYS, PERP, 0, STAMP_MS),
        (wire([fill_row(), fill_row(liquidation={"liquidatedUser": OTHER})]),),
    ),
    "positions": (
        "Position",
        PRIVATE.positions(PROD, KEYS, {}, STAMP_MS),
        (wire(state(position_row(), position_row(coin="ETH", liquidationPx=None))),),
    ),
    "spot balances": (
        "Balance",
        PRIVATE.balances(PROD, KEYS, Market.SPOT, STAMP_MS),
        (wire({"balances": [balance(), balance("UBTC", 197)]}),),
    ),
    "perp balances": ("Balance", after(PERP_BALANCES, wire("disabled")), (wire(state(position_row())),)),
    "unified": ("Balance", after(PERP_BALANCES, wire("unifiedAccount")), (wire({"balances": [balance()]}),)),
    "role": ("AccountMode", PRIVATE.mode(PROD, KEYS, Market.SPOT, STAMP_MS), (AGENT, wire({"role": "missing"}))),
    "mode": ("AccountMode", after(MODE, AGENT), (wire("disabled"),)),
    "leverage": ("LeverageRead", PRIVATE.leverage(PROD, KEYS, PERP, STAMP_MS), (leverage_answer(),)),
    "fees": ("FeeRates", PRIVATE.fee_rates(PROD, KEYS, PERP, STAMP_MS), (FEES,)),
    "funding": (
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
            assert event.native, event
            assert event.order_id or event.told == "answer", event
            assert event.filled is None or event.filled >= 0, event
            assert event.qty is None or event.qty > 0, event
            assert event.status is not words.OrderStatus.FILLED or event.filled is not None, event
            assert all(value is None or value > 0 for value in (event.price, event.avg_price)), event
        case words.Fill():
            assert event.price > 0, event
            assert event.qty > 0, event
            assert event.fill_id, event
        case words.Position():
            assert event.native, event
            assert all(value is None or value > 0 for value in (event.entry_price, event.liquidation_price)), event
        case words.Balance():
            assert event.free is None or event.free >= 0, event
        case words.LeverageRead():
            assert event.leverage > 0, event
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
    for status in (200, 422, 503):
        report = fuzz(
            partial(read_and_ask_on, call, status),
            {f"{name} {number}": body for number, body in enumerate(bodies)},
            1000 if status == 200 else 150,
            status,
            allowed=ALLOWED,
            check=check,
        )
        assert (kind in report.reached) == (status == 200), report


@pytest.mark.parametrize("name", SILENT)
def test_what_only_leads_on_tells_nothing_however_it_is_spoilt(name: str) -> None:
    call, body = SILENT[name]
    report = fuzz(partial(read_and_ask_on, call, 200), {name: body}, 500, 5, allowed=ALLOWED, check=check)
    assert not report.events, report
    assert report.errors, report


def test_rights_are_read_or_an_error_is_named() -> None:
    def decode(body: bytes) -> Sequence[Any]:
        rights = PRIVATE.key_rights(PROD, KEYS, STAMP_MS).read(200, body)
        assert rights.text
        assert set(rights.trade.values()) <= {True, False, None}
        return ()

    assert fuzz(decode, {"role": AGENT}, 800, 3, allowed=ALLOWED).errors


def test_nothing_that_is_done_to_a_refusal_makes_it_a_yes() -> None:
    seen: list[bytes] = []

    def decode(body: bytes) -> Sequence[Any]:
        events = place().read(200, body, T_NS)
        seen.extend(body for event in events if isinstance(event, words.Accepted))
        return events

    seeds = {
        "no": said({"error": "Insufficient margin to place order. asset=1"}),
        "none": no("Unable to recover signer."),
    }
    fuzz(decode, seeds, 3000, 11, allowed=ALLOWED, check=check)
    assert seen == []


def test_every_spoilt_push_is_an_event_or_broken_protocol() -> None:
    session = up()

    def decode(frame: bytes) -> Sequence[Any]:
        return session.decode(frame, T_NS)

    report = fuzz(decode, FRAMES, 8000, 7, check=check)
    assert report.reached >= {"OrderReport", "Fill", "Position", "Balance", "FundingPaid", "Pong", "Ignored"}
    assert {"not_json", "not_utf8", "unknown_shape", "bad_number", "bad_price", "bad_size", "venue_error"} <= set(
        report.errors
    )
