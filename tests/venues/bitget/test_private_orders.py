"""Orders of Bitget: what is sent, what an answer means."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

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
from arbtui.venues.bitget import refusals
from arbtui.venues.private import PrivateCall
from tests.venues.asking import asked, sent
from tests.venues.bitget.samples import (
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
    USDC_PERP,
    acked,
    order_row,
    place,
    read,
    refused,
    rows,
    said,
    unfilled,
)

R = RefusalReason


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
    assert "start arbtui again" in no.text


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
        ({"execType": None, "delegateType": "liquidation"}, "liquidation"),
        ({"execType": "normal", "delegateType": "off_close"}, "settlement"),
        ({"execType": "normal", "delegateType": "market"}, "order"),
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
