"""Orders of Bitget: what is sent, what an answer means, what is asked on."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Market
from arbtui.core.orders import (
    Accepted,
    CancelRefused,
    CancelTaken,
    Fill,
    FundingPaid,
    OrderAbsent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Rejected,
    Side,
)
from arbtui.venues.bitget import refusals
from arbtui.venues.private import PrivateCall
from tests.venues.bitget.samples import (
    DAY_MS,
    KEY,
    KEYS,
    LISTED,
    ORDER_ID,
    OURS,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    T_NS,
    USDC_PERP,
    acked,
    after,
    fill_row,
    further,
    order_row,
    place,
    read,
    record_row,
    refused,
    rows,
    said,
    unfilled,
)

R = RefusalReason


def sent(call: PrivateCall) -> dict[str, Any]:
    return dict(json.loads(call.request.body))


def asked(call: PrivateCall) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(call.request.url).query))


def query(instrument: Any = PERP) -> PrivateCall:
    return PRIVATE.query(PROD, KEYS, instrument, OURS, STAMP_MS)


def cancel() -> PrivateCall:
    return PRIVATE.cancel(PROD, KEYS, PERP, OURS, STAMP_MS)


def one_report(**changes: Any) -> OrderReport:
    (report,) = read(query(), said(order_row(**changes)))
    assert isinstance(report, OrderReport)
    return report


# --- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "words"), [(OrderKind.IOC, "ioc"), (OrderKind.POST_ONLY, "post_only")])
def test_limit_orders_name_how_long_they_live_and_no_side_of_a_position(kind: OrderKind, words: str) -> None:
    body = sent(place(kind=kind, reduce_only=True, side=Side.SELL))
    assert (body["orderType"], body["timeInForce"], body["reduceOnly"]) == ("limit", words, "yes")
    assert body["side"] == "sell"
    assert "posSide" not in body


@pytest.mark.parametrize(
    ("instrument", "category"), [(PERP, "USDT-FUTURES"), (USDC_PERP, "USDC-FUTURES"), (SPOT, "SPOT")]
)
def test_the_category_is_that_of_the_instrument_and_never_one_that_borrows(instrument: Any, category: str) -> None:
    assert sent(place(instrument))["category"] == category


def test_spot_is_sold_at_market_in_coins() -> None:
    body = sent(place(SPOT, side=Side.SELL, kind=OrderKind.MARKET, price=None))
    assert (body["orderType"], body["qty"]) == ("market", "0.125")
    assert not {"price", "timeInForce", "reduceOnly"} & set(body)


@pytest.mark.parametrize(
    ("instrument", "changes"),
    [
        (SPOT, {"kind": OrderKind.MARKET, "price": None}),
        (SPOT, {"reduce_only": True, "side": Side.SELL}),
        (PERP, {"price": None}),
        (PERP, {"kind": OrderKind.MARKET}),
        (PERP, {"qty": Decimal(0)}),
        (PERP, {"qty": Decimal(-1)}),
        (PERP, {"price": Decimal("NaN")}),
        (PERP, {"client_id": ""}),
        (PERP, {"client_id": "a" * 33}),
        (PERP, {"client_id": "ä"}),
        (PERP, {"native": "ETHUSDT"}),
    ],
)
def test_what_must_not_be_sent_is_refused_here(instrument: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        place(instrument, **changes)


def test_decimals_are_written_as_they_are_without_an_exponent() -> None:
    body = sent(place(qty=Decimal("1E+3"), price=Decimal("1E-7")))
    assert (body["qty"], body["price"]) == ("1000", "0.0000001")


# --- what an answer means ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [acked(), acked(client_id=""), acked(client_id=None)])
def test_a_yes_says_that_it_is_taken_and_nothing_of_fills(body: bytes) -> None:
    assert read(place(), body) == (Accepted(venue="bitget", client_id=OURS, order_id=ORDER_ID, t_ns=T_NS),)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>"),
        (200, said({})),
        (200, said(None)),
        (200, said([])),
        (200, acked(order_id=None)),  # a reduce-only order that pushed another one aside
        (200, acked(client_id="another")),
        (400, acked()),
        (400, b"Bad Request"),
        (403, b"<html>Cloudflare"),
        (408, acked()),
        (500, refused("25202")),
        (502, b"<html>"),
        (504, b""),
    ],
)
def test_an_answer_that_settles_nothing_leaves_the_outcome_open(status: int, body: bytes) -> None:
    for call in (place(), cancel()):
        with pytest.raises(OutcomeUnknown, match=OURS):
            read(call, body, status)


@pytest.mark.parametrize("code", [*sorted(refusals.OPEN), "99999", "0", "", "25239", "OK"])
@pytest.mark.parametrize("status", [200, 400])
def test_a_code_of_trouble_and_one_that_nobody_knows_leave_the_outcome_open(code: str, status: int) -> None:
    for call in (place(), cancel()):
        with pytest.raises(OutcomeUnknown):
            read(call, refused(code), status)


def test_a_word_about_an_order_that_was_there_is_no_refusal_of_it() -> None:
    for code in ("25204", "43004"):
        with pytest.raises(OutcomeUnknown):
            read(place(), refused(code), 400)


def test_no_code_means_two_things() -> None:
    assert not refusals.OPEN & set(refusals.REASONS)
    assert not refusals.UNCHANGED & set(refusals.REASONS)
    listed = [code for codes in refusals._CODES.values() for code in codes.split()]
    assert len(listed) == len(set(listed))
    assert all(refusals.REASONS[code] is R.UNKNOWN_ORDER for code in refusals.ABSENT)
    assert all(refusals.REASONS[code] is R.ACCOUNT_MODE for code in refusals.CLASSIC | refusals.UNIFIED)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("25202", R.INSUFFICIENT),
        ("25203", R.INSUFFICIENT),
        ("40762", R.INSUFFICIENT),
        ("25205", R.BAD_PRICE),
        ("25206", R.BAD_PRICE),
        ("25244", R.BAD_PRICE),
        ("25610", R.BAD_SIZE),
        ("25611", R.BAD_SIZE),
        ("25212", R.DUPLICATE_ID),
        ("40786", R.DUPLICATE_ID),
        ("25227", R.REDUCE_ONLY),
        ("25232", R.REDUCE_ONLY),
        ("25236", R.ACCOUNT_MODE),
        ("40774", R.ACCOUNT_MODE),
        ("40084", R.ACCOUNT_MODE),
        ("40085", R.ACCOUNT_MODE),
        ("25013", R.NOT_TRADING),
        ("25105", R.NOT_TRADING),
        ("25100", R.UNKNOWN_INSTRUMENT),
        ("40008", R.CLOCK_SKEW),
        ("40005", R.CLOCK_SKEW),
        ("40009", R.NOT_AUTHORISED),
        ("40012", R.NOT_AUTHORISED),
        ("40014", R.NOT_AUTHORISED),
        ("40018", R.NOT_AUTHORISED),
        ("25004", R.RATE_LIMITED),
        ("429", R.RATE_LIMITED),
        ("40017", R.BAD_REQUEST),
        ("25211", R.OTHER),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_refusal_keeps_code_and_words_and_says_why(code: str, reason: RefusalReason, status: int) -> None:
    (no,) = read(place(), refused(code, "so it is"), status)
    assert isinstance(no, Rejected)
    assert (no.reason, no.code, no.client_id) == (reason, code, OURS)
    assert "so it is" in no.text
    assert (no.retry_after_s is not None) is (reason is R.RATE_LIMITED)


def test_a_code_may_be_a_bare_number() -> None:
    body = said(None).replace(b'"00000"', b"25202")
    (no,) = read(place(), body)
    assert isinstance(no, Rejected)
    assert no.reason is R.INSUFFICIENT


def test_a_classic_account_is_told_what_to_do() -> None:
    (no,) = read(place(), refused("40084", "You are in Classic Account mode"), 400)
    assert isinstance(no, Rejected)
    assert "upgrade it" in no.text


def test_words_that_quote_what_proves_who_we_are_are_cut() -> None:
    (no,) = read(place(), refused("40009", f'sign error {{"apiKey":"{KEY}"}}'), 400)
    assert isinstance(no, Rejected)
    assert KEY not in no.text
    assert "sign error" in no.text


def test_turned_away_at_the_gate_is_refused_with_the_wait_that_it_takes() -> None:
    (no,) = read(place(), b"Too Many Requests", 429)
    assert isinstance(no, Rejected)
    assert (no.reason, no.retry_after_s) == (R.RATE_LIMITED, 1.0)
    with pytest.raises(VenueRefused) as error:
        read(query(), b"", 429)
    assert error.value.retry_after_s == 1.0


# --- cancel -----------------------------------------------------------------------------------------------------------


def test_a_cancel_names_our_id_or_the_venues() -> None:
    assert sent(cancel()) == {"category": "USDT-FUTURES", "symbol": "BTCUSDT", "clientOid": OURS}
    unnamed = PRIVATE.cancel_unnamed(PROD, KEYS, SPOT, ORDER_ID, STAMP_MS)
    assert sent(unnamed) == {"category": "SPOT", "symbol": "BTCUSDT", "orderId": ORDER_ID}
    assert read(unnamed, acked(client_id="theirs")) == (CancelTaken(venue="bitget", client_id="", t_ns=T_NS),)
    with pytest.raises(OutcomeUnknown):
        read(unnamed, acked(order_id="2"))


@pytest.mark.parametrize("code", ["25204", "43004", "40768"])
def test_what_has_ended_is_refused_a_cancel(code: str) -> None:
    (no,) = read(cancel(), refused(code), 400)
    assert isinstance(no, CancelRefused)
    assert (no.reason, no.code) == (R.UNKNOWN_ORDER, code)


# --- query ------------------------------------------------------------------------------------------------------------


def test_an_order_is_told_exactly() -> None:
    assert asked(query()) == {"clientOid": OURS}
    assert one_report() == OrderReport(
        venue="bitget",
        market=Market.PERP,
        native="BTCUSDT",
        client_id=OURS,
        order_id=ORDER_ID,
        side=Side.BUY,
        status=OrderStatus.CANCELED,
        status_text="cancelled",
        told="query",
        t_ns=T_NS,
        t_ms=1_700_000_000_105,
        qty=Decimal("0.125"),
        price=Decimal("64000.1"),
        filled=Decimal("0.050"),
        avg_price=Decimal(64000),
        reduce_only=False,
    )


@pytest.mark.parametrize("code", sorted(refusals.ABSENT))
def test_what_is_not_known_is_absent(code: str) -> None:
    assert read(query(), refused(code), 400) == (OrderAbsent(venue="bitget", client_id=OURS, t_ns=T_NS),)


@pytest.mark.parametrize(
    "body",
    [
        said(order_row(clientOid="another")),
        said(order_row(symbol="ETHUSDT")),
        said(order_row(category="SPOT")),
        said(order_row(orderId="")),
        said({}),
        said(None),
        rows(),
        b"",
        b"<html>",
    ],
)
def test_an_answer_about_something_else_finds_nothing_absent(body: bytes) -> None:
    with pytest.raises(ProtocolBroken):
        read(query(), body)


@pytest.mark.parametrize(("status", "body"), [(502, b""), (408, b""), (200, refused("40725")), (400, refused("40010"))])
def test_a_read_that_is_not_answered_finds_nothing_absent(status: int, body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        read(query(), body, status)


def test_a_read_that_is_refused_says_so_whatever_its_code() -> None:
    for code, reason in (("40014", R.NOT_AUTHORISED), ("98765", R.OTHER), ("43004", R.UNKNOWN_ORDER)):
        with pytest.raises(VenueRefused, match=code) as error:
            read(query(), refused(code), 400)
        assert (error.value.reason, error.value.code) == (reason, code)
    with pytest.raises(VenueRefused) as error:
        read(query(), b"<html>forbidden", 403)
    assert error.value.reason is R.REGION_BLOCKED


# --- what a row means -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("init", OrderStatus.OPEN),
        ("live", OrderStatus.OPEN),
        ("new", OrderStatus.OPEN),
        ("partially_filled", OrderStatus.OPEN),
        ("filled", OrderStatus.FILLED),
        ("cancelled", OrderStatus.CANCELED),
        ("canceled", OrderStatus.CANCELED),
        ("rejected", OrderStatus.REJECTED),
        ("dreaming", OrderStatus.UNKNOWN),
        ("", OrderStatus.UNKNOWN),
    ],
)
def test_every_status_is_mapped_and_an_unknown_one_stays_unknown(word: str, status: OrderStatus) -> None:
    report = one_report(orderStatus=word)
    assert (report.status, report.status_text) == (status, word)


@pytest.mark.parametrize(
    ("why", "status", "reason"),
    [
        ("post_only_fill_cancel", OrderStatus.REJECTED, R.WOULD_TAKE),
        ("ioc_not_full_cancel", OrderStatus.EXPIRED, None),
        ("limit_price_exceed_cancel", OrderStatus.CANCELED, R.BAD_PRICE),
        ("delivery_order_cancel", OrderStatus.CANCELED, R.NOT_TRADING),
        ("normal_cancel", OrderStatus.CANCELED, None),
        ("", OrderStatus.CANCELED, None),
        (None, OrderStatus.CANCELED, None),
    ],
)
def test_an_order_that_ended_unfilled_says_why(why: str | None, status: OrderStatus, reason: Any) -> None:
    report = one_report(cancelReason=why, cumExecQty="0", avgPrice="0")
    assert (report.status, report.reason, report.avg_price) == (status, reason, None)


@pytest.mark.parametrize("filled", ["0.05", "", None])
def test_one_that_has_filled_or_may_have_is_canceled_only(filled: str | None) -> None:
    report = one_report(cancelReason="post_only_fill_cancel", cumExecQty=filled)
    assert (report.status, report.reason) == (OrderStatus.CANCELED, None)
    assert report.filled == (Decimal(filled) if filled else None)


@pytest.mark.parametrize(
    ("changes", "origin"),
    [
        ({}, "order"),
        ({"execType": "liquidation"}, "liquidation"),
        ({"execType": "reduce"}, "liquidation"),
        ({"execType": "delivery"}, "settlement"),
        ({"tradeSide": "dte_sys_adl_sell_in_single_side_mode"}, "adl"),
        ({"tradeSide": "burst_sell_single"}, "liquidation"),
        ({"tradeSide": "reduce_close_long"}, "liquidation"),
        ({"tradeSide": "buy_single", "execType": None}, "order"),
    ],
)
def test_what_the_venue_ordered_itself_is_told_apart(changes: dict[str, Any], origin: str) -> None:
    assert one_report(**changes).origin == origin


def test_numbers_may_be_bare() -> None:
    report = one_report(qty=0.125, cumExecQty=0, price=64000.1, avgPrice=None)
    assert (report.qty, report.price, report.filled) == (Decimal("0.125"), Decimal("64000.1"), Decimal(0))


def test_an_order_in_quote_currency_has_no_quantity_in_coins() -> None:
    row = order_row(category="SPOT", orderType="market", price="0", qty="100", reduceOnly="")
    (report,) = read(query(SPOT), said(row))
    assert isinstance(report, OrderReport)
    assert (report.qty, report.price, report.reduce_only) == (None, None, None)


@pytest.mark.parametrize(
    "changes", [{"side": "up"}, {"cumExecQty": "nan"}, {"price": "-1"}, {"qty": [1]}, {"orderId": None}, {"symbol": ""}]
)
def test_a_row_that_cannot_be_read_is_not_skipped(changes: dict[str, Any]) -> None:
    for call in (PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS), PRIVATE.history(PROD, KEYS, PERP, 0, 1)):
        with pytest.raises(ProtocolBroken):
            read(call, rows(unfilled(orderId="2"), order_row(**changes | {"symbol": changes.get("symbol", "BTCUSDT")})))
        if changes.get("symbol") == "":
            break  # a row of no symbol is none of the one that the history was asked for


# --- lists ------------------------------------------------------------------------------------------------------------


def test_open_contract_orders_are_asked_for_category_by_category_and_page_by_page() -> None:
    first = PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS)
    assert asked(first) == {"category": "USDT-FUTURES", "limit": "100"}
    body = rows(unfilled(), unfilled(orderId="2", clientOid=None), cursor="77")
    assert [event.client_id for event in read(first, body) if isinstance(event, OrderReport)] == [OURS, ""]
    second = further(first, body)
    assert asked(second) == {"category": "USDT-FUTURES", "limit": "100", "cursor": "77"}
    usdc = further(second, rows(cursor="77"))
    assert asked(usdc) == {"category": "USDC-FUTURES", "limit": "100"}
    assert after(usdc, rows()) is None
    with pytest.raises(ProtocolBroken):
        read(usdc, rows(unfilled()))


def test_open_spot_orders_come_at_once_and_no_list_is_an_empty_one() -> None:
    call = PRIVATE.open_orders(PROD, KEYS, Market.SPOT, {}, STAMP_MS)
    assert asked(call)["category"] == "SPOT"
    assert read(call, said({"list": None, "cursor": None})) == []
    assert after(call, said({"list": None, "cursor": None})) is None


def test_only_an_empty_page_or_none_ends_a_list_and_a_page_cannot_lead_to_itself() -> None:
    call = PRIVATE.open_orders(PROD, KEYS, Market.SPOT, {}, STAMP_MS)
    row = unfilled(category="SPOT")
    second = further(call, rows(row, cursor="1"))
    assert after(call, rows(row, cursor=None)) is None
    with pytest.raises(ProtocolBroken, match="leads to itself"):
        after(second, rows(row, cursor="1"))


def test_the_history_begins_a_day_earlier_and_tells_what_ended_since() -> None:
    since_ms = STAMP_MS - 1000
    call = PRIVATE.history(PROD, KEYS, PERP, since_ms, STAMP_MS)
    start = {"startTime": str(since_ms - DAY_MS)}
    assert asked(call) == {"category": "USDT-FUTURES", "symbol": "BTCUSDT", "limit": "100"} | start
    old = order_row(orderId="2", updatedTime=str(since_ms - 1))
    other = order_row(orderId="3", symbol="ETHUSDT")
    at = order_row(orderId="4", updatedTime=str(since_ms))
    told = read(call, rows(order_row(), old, other, at))
    assert [event.order_id for event in told if isinstance(event, OrderReport)] == [ORDER_ID, "4"]


@pytest.mark.parametrize("back_ms", [1000, 30 * DAY_MS - 1, 30 * DAY_MS + 1, 89 * DAY_MS])
def test_fills_are_asked_for_month_by_month_without_a_gap_and_to_an_open_end(back_ms: int) -> None:
    call: PrivateCall | None = PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS - back_ms, STAMP_MS)
    parts = []
    while call is not None:
        parts.append(asked(call))
        call = after(call, rows())
    assert int(parts[0]["startTime"]) == STAMP_MS - back_ms
    assert "endTime" not in parts[-1]
    assert all(one["endTime"] == two["startTime"] for one, two in pairwise(parts))
    assert all(int(part["endTime"]) - int(part["startTime"]) <= 30 * DAY_MS for part in parts[:-1])
    assert STAMP_MS - int(parts[-1]["startTime"]) <= 30 * DAY_MS


def test_nothing_is_asked_for_that_is_older_than_what_is_kept() -> None:
    assert int(asked(PRIVATE.fills(PROD, KEYS, PERP, 0, STAMP_MS))["startTime"]) > STAMP_MS - 90 * DAY_MS


# --- fills ------------------------------------------------------------------------------------------------------------


def one_fill(instrument: Any = PERP, **changes: Any) -> Fill:
    (fill,) = read(PRIVATE.fills(PROD, KEYS, instrument, STAMP_MS, STAMP_MS), rows(fill_row(**changes)))
    assert isinstance(fill, Fill)
    return fill


def test_a_fill_is_told_exactly() -> None:
    assert one_fill() == Fill(
        venue="bitget",
        market=Market.PERP,
        native="BTCUSDT",
        fill_id="131111111111111111",
        order_id=ORDER_ID,
        client_id=OURS,
        side=Side.BUY,
        price=Decimal(64000),
        qty=Decimal("0.050"),
        told="fills",
        t_ns=T_NS,
        t_ms=1_700_000_000_103,
        fee=Decimal("1.92"),
        fee_ccy="USDT",
        maker=False,
    )


def test_fills_of_other_symbols_of_the_category_are_left_out_and_of_other_categories_are_no_answer() -> None:
    call = PRIVATE.fills(PROD, KEYS, PERP, STAMP_MS, STAMP_MS)
    assert read(call, rows(fill_row(symbol="ETHUSDT"))) == []
    assert len(read(call, rows(fill_row(symbol="ETHUSDT"), fill_row(category="usdt-futures")))) == 1
    with pytest.raises(ProtocolBroken):
        read(call, rows(fill_row(category="SPOT")))


@pytest.mark.parametrize(
    ("instrument", "detail", "fee"),
    [
        (PERP, [{"feeCoin": "", "fee": "1.5"}], (Decimal("1.5"), "USDT")),
        (PERP, [{"feeCoin": "USDT", "fee": "1"}, {"feeCoin": "USDT", "fee": "2"}], (Decimal(3), "USDT")),
        (PERP, [{"feeCoin": "USDT", "fee": "1"}, {"feeCoin": "BGB", "fee": "2"}], (None, "")),
        (PERP, [{"feeCoin": "USDT", "fee": "-0.2"}], (Decimal("-0.2"), "USDT")),
        (PERP, [{"feeCoin": "USDT", "fee": ""}], (None, "")),
        (PERP, [], (None, "")),
        (PERP, None, (None, "")),
        (SPOT, [{"feeCoin": "BTC", "fee": "0.00005"}], (Decimal("0.00005"), "BTC")),
        (SPOT, [{"feeCoin": "BGB", "fee": 0.4}], (Decimal("0.4"), "BGB")),
        (SPOT, [{"fee": "0.00005"}], (None, "")),
    ],
)
def test_a_fee_is_what_is_named_and_otherwise_unknown(instrument: Any, detail: Any, fee: tuple[Any, str]) -> None:
    category = "SPOT" if instrument is SPOT else "USDT-FUTURES"
    told = one_fill(instrument, feeDetail=detail, category=category)
    assert (told.fee, told.fee_ccy) == fee


@pytest.mark.parametrize(
    ("changes", "maker", "origin"),
    [
        ({"tradeScope": "maker"}, True, "order"),
        ({"tradeScope": ""}, None, "order"),
        ({"tradeScope": None, "tradeSide": "burst_buy_single"}, None, "liquidation"),
        ({"tradeSide": "dte_sys_adl_close_long"}, False, "adl"),
        ({"tradeSide": "delivery_buy_single"}, False, "settlement"),
    ],
)
def test_fills_say_who_made_them(changes: dict[str, Any], maker: bool | None, origin: str) -> None:
    told = one_fill(**changes)
    assert (told.maker, told.origin) == (maker, origin)


@pytest.mark.parametrize(
    "changes", [{"execQty": "0"}, {"execQty": ""}, {"execPrice": "0"}, {"execId": ""}, {"side": ""}, {"feeDetail": "x"}]
)
def test_a_fill_that_cannot_be_read_spoils_the_list(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        one_fill(**changes)


# --- funding ----------------------------------------------------------------------------------------------------------


def test_funding_is_asked_for_by_category_and_by_which_way_it_went() -> None:
    call: PrivateCall | None = PRIVATE.funding_paid(PROD, KEYS, LISTED[Market.PERP], STAMP_MS - 1000, STAMP_MS)
    parts = []
    while call is not None:
        parts.append((asked(call)["category"], asked(call)["type"]))
        call = after(call, rows())
    kinds = [f"{pot}_SETTLE_FEE_USER_{way}" for pot in ("CONTRACT_MAIN", "FIXED") for way in ("IN", "OUT")]
    assert parts == [(category, kind) for category in ("USDT-FUTURES", "USDC-FUTURES") for kind in kinds]


@pytest.mark.parametrize("amount", ["0.32", "-0.32"])
def test_what_was_paid_is_negative_whatever_sign_it_has(amount: str) -> None:
    first = PRIVATE.funding_paid(PROD, KEYS, {}, STAMP_MS, STAMP_MS)
    (got,) = read(first, rows(record_row(amount=amount), record_row(type="OPEN_LONG")))
    assert got == FundingPaid(
        venue="bitget",
        native="BTCUSDT",
        payment_id="f-1",
        amount=Decimal("0.32"),
        ccy="USDT",
        t_ms=1_700_000_000_110,
        t_ns=T_NS,
    )
    (paid,) = read(further(first, rows()), rows(record_row(amount=amount, type="CONTRACT_MAIN_SETTLE_FEE_USER_OUT")))
    assert isinstance(paid, FundingPaid)
    assert paid.amount == Decimal("-0.32")


@pytest.mark.parametrize("changes", [{"amount": ""}, {"ts": ""}, {"coin": ""}, {"symbol": None}, {"id": ""}])
def test_funding_that_cannot_be_read_spoils_the_list(changes: dict[str, Any]) -> None:
    with pytest.raises(ProtocolBroken):
        read(PRIVATE.funding_paid(PROD, KEYS, {}, STAMP_MS, STAMP_MS), rows(record_row(**changes)))
