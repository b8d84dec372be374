"""Orders of Bybit: what is sent, what an answer means."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Market
from arbtui.core.orders import (
    Accepted,
    CancelRefused,
    CancelTaken,
    OrderAbsent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Rejected,
    Side,
)
from arbtui.venues.bybit import refusals
from arbtui.venues.private import PrivateCall
from tests.venues.asking import asked, sent
from tests.venues.bybit.samples import (
    KEY,
    KEYS,
    ORDER_ID,
    OURS,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    T_NS,
    acked,
    after,
    further,
    order_row,
    place,
    read,
    refused,
    rows,
    said,
    unfilled,
)
from tests.venues.bybit_frames import wire

R = RefusalReason


def query() -> PrivateCall:
    return PRIVATE.query(PROD, KEYS, PERP, OURS, STAMP_MS)


def cancel() -> PrivateCall:
    return PRIVATE.cancel(PROD, KEYS, PERP, OURS, STAMP_MS)


def one_report(row: dict[str, Any], market: Market = Market.PERP) -> OrderReport:
    instrument = PERP if market is Market.PERP else SPOT
    call = PRIVATE.query(PROD, KEYS, instrument, OURS, STAMP_MS)
    (report,) = read(call, rows(row, category="linear" if market is Market.PERP else "spot"))
    assert isinstance(report, OrderReport)
    return report


# --- placing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "time_in_force"), [(OrderKind.IOC, "IOC"), (OrderKind.POST_ONLY, "PostOnly")], ids=["ioc", "post-only"]
)
def test_limit_orders_name_how_long_they_live_and_a_one_way_position(kind: OrderKind, time_in_force: str) -> None:
    body = sent(place(kind=kind, side=Side.SELL, reduce_only=True))
    assert (body["orderType"], body["timeInForce"], body["side"]) == ("Limit", time_in_force, "Sell")
    assert (body["positionIdx"], body["reduceOnly"]) == (0, True)
    assert "reduceOnly" not in sent(place())


def test_spot_borrows_nothing_and_knows_no_positions() -> None:
    body = sent(place(SPOT))
    assert (body["category"], body["isLeverage"], body["symbol"]) == ("spot", 0, "BTCUSDT")
    assert "positionIdx" not in body


def test_spot_is_sold_at_market_in_base_coin() -> None:
    body = sent(place(SPOT, kind=OrderKind.MARKET, side=Side.SELL, price=None))
    assert (body["orderType"], body["marketUnit"], body["qty"]) == ("Market", "baseCoin", "0.125")
    assert "price" not in body


@pytest.mark.parametrize(
    ("instrument", "changes"),
    [
        (SPOT, {"kind": OrderKind.MARKET, "price": None}),
        (SPOT, {"reduce_only": True}),
        (PERP, {"price": None}),
        (PERP, {"kind": OrderKind.MARKET}),
        (PERP, {"qty": Decimal(0)}),
        (PERP, {"price": Decimal(-1)}),
        (PERP, {"qty": Decimal("NaN")}),
        (PERP, {"client_id": "a b"}),
        (PERP, {"client_id": "x" * 37}),
        (PERP, {"client_id": ""}),
        (PERP, {"native": "ETHUSDT"}),
        (PERP, {"market": Market.SPOT}),
    ],
)
def test_what_must_not_be_sent_is_refused_here(instrument: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        place(instrument, **changes)


def test_decimals_are_written_as_they_are_without_an_exponent() -> None:
    body = sent(place(qty=Decimal("1E-7"), price=Decimal("6.40E+4")))
    assert (body["qty"], body["price"]) == ("0.0000001", "64000")


def test_a_yes_says_that_it_is_taken_and_nothing_of_fills() -> None:
    assert read(place(), acked()) == (Accepted(venue="bybit", client_id=OURS, order_id=ORDER_ID, t_ns=T_NS),)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, said({"orderId": "", "orderLinkId": OURS})),
        (200, acked(client_id="arb0009Z")),
        (200, said({})),
        (200, said([])),
        (200, wire({"retCode": 0, "retMsg": "OK"}) + b"x"),
        (200, b""),
        (200, b"<html>bad gateway</html>"),
        (400, acked()),
        (500, acked()),
        (502, b"<html>"),
        (504, refused(110007)),
        (408, b""),
        (403, b"<html>The Amazon CloudFront distribution is configured to block access from your country.</html>"),
        (404, b"404 page not found"),
    ],
)
def test_an_answer_that_settles_nothing_leaves_the_outcome_open(status: int, body: bytes) -> None:
    for call in (place(), cancel()):
        with pytest.raises(OutcomeUnknown) as unknown:
            read(call, body, status)
        assert OURS in str(unknown.value)


@pytest.mark.parametrize("code", [*sorted(refusals.OPEN), 123456, 999999, -7, 110999, 170999])
def test_a_code_of_trouble_and_one_that_nobody_knows_leave_the_outcome_open(code: int) -> None:
    with pytest.raises(OutcomeUnknown):
        read(place(), refused(code))


@pytest.mark.parametrize("code", [110001, 110008, 110010, 170139, 170142, 170213])
def test_a_word_about_an_order_that_was_there_is_no_refusal_of_it(code: int) -> None:
    with pytest.raises(OutcomeUnknown):
        read(place(), refused(code))


def test_no_code_means_two_things() -> None:
    named = [int(code) for codes in refusals._CODES.values() for code in codes.split()]
    assert len(named) == len(set(named))
    assert not set(named) & (refusals.OPEN | refusals.UNCHANGED | {0, refusals.CANCELING})


@pytest.mark.parametrize(
    ("code", "words", "reason"),
    [
        (10001, "position idx not match position mode", R.ACCOUNT_MODE),
        (10001, "params error: symbol invalid", R.UNKNOWN_INSTRUMENT),
        (10001, "Qty invalid", R.BAD_SIZE),
        (10001, "The number of contracts exceeds minimum limit allowed", R.BAD_SIZE),
        (10001, "Price invalid", R.BAD_PRICE),
        (10001, "something", R.BAD_REQUEST),
        (10002, "invalid request, please check your server timestamp", R.CLOCK_SKEW),
        (10003, "API key is invalid.", R.NOT_AUTHORISED),
        (10005, "Permission denied", R.NOT_AUTHORISED),
        (10010, "Unmatched IP", R.NOT_AUTHORISED),
        (10006, "Too many visits!", R.RATE_LIMITED),
        (10024, "Compliance rules triggered", R.REGION_BLOCKED),
        (10028, "unified account users", R.ACCOUNT_MODE),
        (110007, "ab not enough for new order", R.INSUFFICIENT),
        (110094, "Order does not meet minimum order value 5USDT", R.BAD_SIZE),
        (110003, "Order price exceeds the allowable range.", R.BAD_PRICE),
        (110017, "current position is zero, cannot fix reduce-only order qty", R.REDUCE_ONLY),
        (110072, "OrderLinkedID is duplicate", R.DUPLICATE_ID),
        (30228, "No new positions during delisting", R.NOT_TRADING),
        (170131, "Insufficient balance.", R.INSUFFICIENT),
        (170140, "Order value exceeded lower limit.", R.BAD_SIZE),
        (170141, "Duplicate clientOrderId.", R.DUPLICATE_ID),
        (170193, "Buy order price cannot be higher than 1.", R.BAD_PRICE),
        (170218, "The LIMIT-MAKER order is rejected due to invalid price.", R.WOULD_TAKE),
    ],
)
def test_a_refusal_keeps_code_and_words_and_says_why(code: int, words: str, reason: RefusalReason) -> None:
    (event,) = read(place(), refused(code, words))
    assert isinstance(event, Rejected)
    assert (event.reason, event.code, event.client_id) == (reason, str(code), OURS)
    assert words in event.text


def test_a_refused_signature_quotes_neither_key_nor_what_was_signed() -> None:
    words = f"error sign! origin_string[1700000000000{KEY}5000category=linear]"
    (event,) = read(place(), refused(10004, words))
    assert isinstance(event, Rejected)
    assert KEY not in event.text
    with pytest.raises(VenueRefused) as wrong:
        read(query(), refused(10004, words))
    assert KEY not in str(wrong.value)


def test_turned_away_at_the_gate_is_refused_with_the_wait_that_it_takes() -> None:
    (many,) = read(place(), b"", 429)
    (banned,) = read(place(), b"access too frequent", 403)
    assert isinstance(many, Rejected)
    assert isinstance(banned, Rejected)
    assert (many.reason, many.retry_after_s) == (R.RATE_LIMITED, 1.0)
    assert (banned.reason, banned.retry_after_s) == (R.RATE_LIMITED, 600.0)


# --- canceling --------------------------------------------------------------------------------------------------------


def test_a_cancel_names_our_id_or_the_venues() -> None:
    assert sent(cancel()) == {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": OURS}
    unnamed = PRIVATE.cancel_unnamed(PROD, KEYS, SPOT, "17", STAMP_MS)
    assert sent(unnamed) == {"category": "spot", "symbol": "BTCUSDT", "orderId": "17"}
    assert read(unnamed, acked("17", "")) == (CancelTaken(venue="bybit", client_id="", t_ns=T_NS),)
    with pytest.raises(OutcomeUnknown):
        read(unnamed, acked("18", ""))


@pytest.mark.parametrize("code", [110001, 110008, 110010, 170139, 170142, 170143, 170213])
def test_what_has_ended_is_refused_a_cancel(code: int) -> None:
    (event,) = read(cancel(), refused(code))
    assert isinstance(event, CancelRefused)
    assert event.reason is R.UNKNOWN_ORDER


def test_a_cancel_under_way_is_a_cancel_taken() -> None:
    for body in (acked(), acked(client_id=""), refused(refusals.CANCELING)):
        assert read(cancel(), body) == (CancelTaken(venue="bybit", client_id=OURS, t_ns=T_NS),)


# --- asking for one ---------------------------------------------------------------------------------------------------


def test_an_order_that_lives_is_told_at_once() -> None:
    call, body = query(), rows(unfilled())
    assert asked(call) == {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": OURS}
    (report,) = read(call, body)
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled, report.told) == (OrderStatus.OPEN, Decimal("0.000"), "query")
    assert after(call, body) is None


@pytest.mark.parametrize("first", [rows(), refused(110001), refused(170213)], ids=["empty", "110001", "170213"])
def test_what_is_not_among_live_orders_is_looked_for_in_the_history(first: bytes) -> None:
    assert read(query(), first) == []
    call = further(query(), first)
    assert urlsplit(call.request.url).path == "/v5/order/history"
    assert asked(call)["orderLinkId"] == OURS
    (report,) = read(call, rows(order_row()))
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled) == (OrderStatus.CANCELED, Decimal("0.050"))
    assert call.next_page is None


@pytest.mark.parametrize("second", [rows(), refused(110001)])
def test_only_what_neither_place_knows_is_absent(second: bytes) -> None:
    assert read(further(query(), rows()), second) == (OrderAbsent(venue="bybit", client_id=OURS, t_ns=T_NS),)


@pytest.mark.parametrize(
    "body",
    [
        rows(unfilled(orderLinkId="arb0009Z")),
        rows(unfilled(symbol="ETHUSDT")),
        rows(unfilled(), unfilled()),
        rows(unfilled(), category="inverse"),
        said({}),
        b"",
    ],
    ids=["another id", "another symbol", "two", "another product", "no list", "nothing"],
)
def test_an_answer_about_something_else_is_no_answer(body: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        read(query(), body)
    with pytest.raises(ProtocolBroken):
        after(query(), body)


def test_a_read_that_is_refused_says_so_whatever_its_code() -> None:
    for code, reason in ((10005, R.NOT_AUTHORISED), (10006, R.RATE_LIMITED), (123456, R.OTHER)):
        with pytest.raises(VenueRefused) as wrong:
            read(query(), refused(code, "words"))
        assert (wrong.value.reason, wrong.value.code) == (reason, str(code))
    with pytest.raises(VenueRefused) as blocked:
        read(query(), b"<html>CloudFront</html>", 403)
    assert blocked.value.reason is R.REGION_BLOCKED


@pytest.mark.parametrize(("status", "body"), [(500, b""), (503, rows()), (200, refused(10016)), (200, refused(10000))])
def test_a_read_that_is_not_answered_finds_nothing_absent(status: int, body: bytes) -> None:
    for call in (query(), further(query(), rows())):
        with pytest.raises(OutcomeUnknown):
            read(call, body, status)


# --- what a row of an order means -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Created", OrderStatus.OPEN),
        ("New", OrderStatus.OPEN),
        ("PartiallyFilled", OrderStatus.OPEN),
        ("Untriggered", OrderStatus.OPEN),
        ("Triggered", OrderStatus.OPEN),
        ("Filled", OrderStatus.FILLED),
        ("Cancelled", OrderStatus.CANCELED),
        ("PartiallyFilledCanceled", OrderStatus.CANCELED),
        ("Deactivated", OrderStatus.CANCELED),
        ("Rejected", OrderStatus.REJECTED),
        ("Sleeping", OrderStatus.UNKNOWN),
        ("", OrderStatus.UNKNOWN),
    ],
)
def test_every_status_is_mapped_and_an_unknown_one_stays_unknown(word: str, status: OrderStatus) -> None:
    report = one_report(order_row(orderStatus=word))
    assert (report.status, report.status_text, report.filled) == (status, word, Decimal("0.050"))


def test_a_post_only_order_that_would_cross_was_rejected_for_that() -> None:
    crossed = unfilled(orderStatus="Cancelled", rejectReason="EC_PostOnlyWillTakeLiquidity")
    report = one_report(crossed)
    assert (report.status, report.reason) == (OrderStatus.REJECTED, R.WOULD_TAKE)
    part = one_report(crossed | {"cumExecQty": "0.010"})
    assert (part.status, part.reason) == (OrderStatus.CANCELED, None)


def test_an_ioc_order_that_met_nobody_has_expired() -> None:
    report = one_report(unfilled(orderStatus="Cancelled", rejectReason="EC_NoImmediateQtyToFill"))
    assert (report.status, report.filled, report.reason) == (OrderStatus.EXPIRED, Decimal("0.000"), None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cancelType": "CancelByReduceOnly"}, R.REDUCE_ONLY),
        ({"cancelType": "CancelByUser"}, None),
        ({"orderStatus": "Rejected", "rejectReason": "EC_ReachRiskPriceLimit"}, R.BAD_PRICE),
        ({"orderStatus": "Rejected", "rejectReason": "EC_InvalidSymbolStatus"}, R.NOT_TRADING),
        ({"orderStatus": "Rejected", "rejectReason": "EC_New"}, R.OTHER),
    ],
)
def test_an_order_that_ended_unfilled_says_why(changes: dict[str, Any], reason: RefusalReason | None) -> None:
    assert one_report(unfilled(**({"orderStatus": "Cancelled"} | changes))).reason is reason


def test_a_second_order_under_an_id_that_lives_says_nothing_of_the_first() -> None:
    report = one_report(unfilled(orderStatus="Rejected", rejectReason="EC_DuplicatedClOrdID"))
    assert report.status is OrderStatus.UNKNOWN


def test_a_cancel_that_came_too_late_leaves_a_filled_order_filled() -> None:
    late = order_row(orderStatus="Filled", cumExecQty="0.125", cancelType="CancelByUser",
                     rejectReason="EC_OrigClOrdIDDoesNotExist")  # fmt: skip
    report = one_report(late)
    assert (report.status, report.filled, report.reason) == (OrderStatus.FILLED, Decimal("0.125"), None)


@pytest.mark.parametrize(
    ("create_type", "origin"),
    [
        ("CreateByUser", "order"),
        ("CreateByLiq", "liquidation"),
        ("CreateByTakeOver_PassThrough", "liquidation"),
        ("CreateByAdl_PassThrough", "adl"),
        ("CreateBySettle", "settlement"),
    ],
)
def test_what_the_venue_ordered_itself_is_told_apart(create_type: str, origin: str) -> None:
    assert one_report(order_row(createType=create_type)).origin == origin


def test_an_order_in_quote_currency_has_no_quantity_in_coins() -> None:
    at_market = order_row(orderType="Market", price="0", reduceOnly=False)
    report = one_report(at_market, Market.SPOT)
    assert (report.qty, report.price, report.reduce_only) == (None, None, None)
    assert one_report(at_market | {"marketUnit": "baseCoin"}, Market.SPOT).qty == Decimal("0.125")
    assert one_report(at_market | {"side": "Sell"}, Market.SPOT).qty == Decimal("0.125")
    assert one_report(at_market | {"side": "Sell", "marketUnit": "quoteCoin"}, Market.SPOT).qty is None
    assert one_report(at_market).qty == Decimal("0.125")


@pytest.mark.parametrize(
    "changes",
    [{"orderId": ""}, {"side": "buy"}, {"cumExecQty": "nan"}, {"cumExecQty": "-1"}, {"avgPrice": "-2"}, {"qty": "1_0"}],
)
def test_a_row_that_cannot_be_read_is_not_skipped(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        one_report(order_row(**changes))
