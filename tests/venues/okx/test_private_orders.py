"""Orders: what is sent, what the answer says, and what must never be taken for a word of the venue."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.errors import ArbtuiError, OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    Accepted,
    CancelRefused,
    CancelTaken,
    Fill,
    OrderAbsent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Rejected,
    Side,
)
from arbtui.venues.private import PrivateCall
from arbtui.venues.sending import number
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
    fill_row,
    order_row,
    place,
    read,
    spot_order_row,
    unfilled,
)

HTML = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
DAY_MS = 86_400_000


def body_of(call: PrivateCall) -> Any:
    return json.loads(call.request.body)


def query_of(call: PrivateCall) -> Mapping[str, str]:
    return dict(parse_qsl(urlsplit(call.request.url).query))


def cancel() -> PrivateCall:
    return PRIVATE.cancel(PROD, KEYS, SWAP, "arb0001A", STAMP_MS)


def query(instrument: Instrument = SWAP) -> PrivateCall:
    return PRIVATE.query(PROD, KEYS, instrument, "arb0001A", STAMP_MS)


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_a_swap_order_is_cross_in_contracts_as_they_are() -> None:
    body = body_of(place(side=Side.SELL, kind=OrderKind.POST_ONLY, qty=Decimal("0.30"), reduce_only=True))
    assert body == {
        "instId": "BTC-USDT-SWAP",
        "tdMode": "cross",
        "side": "sell",
        "ordType": "post_only",
        "sz": "0.30",
        "px": "64000.1",
        "clOrdId": "arb0001A",
        "reduceOnly": True,
    }


def test_a_spot_order_is_cash_and_always_sized_in_coins() -> None:
    body = body_of(place(SPOT))
    assert (body["tdMode"], body["tgtCcy"], body["ordType"]) == ("cash", "base_ccy", "ioc")
    assert "reduceOnly" not in body
    sold = body_of(place(SPOT, side=Side.SELL, kind=OrderKind.MARKET, price=None))
    assert (sold["ordType"], sold["tgtCcy"], sold["sz"]) == ("market", "base_ccy", "1.25")
    assert "px" not in sold


@pytest.mark.parametrize("side", list(Side))
def test_swaps_trade_at_market_either_way(side: Side) -> None:
    body = body_of(place(side=side, kind=OrderKind.MARKET, price=None))
    assert (body["ordType"], body["side"]) == ("market", side.value)
    assert "px" not in body


def wrong(instrument: Instrument = SWAP, **changes: Any) -> Callable[[], PrivateCall]:
    return lambda: place(instrument, **changes)


@pytest.mark.parametrize(
    "make",
    [
        wrong(SPOT, kind=OrderKind.MARKET, price=None),
        wrong(SPOT, reduce_only=True),
        wrong(price=None),
        wrong(kind=OrderKind.MARKET),
        wrong(client_id="arb-0001"),
        wrong(client_id="arb_0001"),
        wrong(client_id=""),
        wrong(client_id="a" * 33),
        wrong(client_id="عرب"),
        wrong(native="ETH-USDT-SWAP"),
        wrong(market=Market.SPOT),
        wrong(qty=Decimal(0)),
        wrong(qty=Decimal(-1)),
        wrong(qty=Decimal("NaN")),
        wrong(price=Decimal("Infinity")),
    ],
)
def test_what_cannot_be_ordered_is_refused_before_it_is_signed(make: Callable[[], PrivateCall]) -> None:
    with pytest.raises(ValueError):
        make()


@settings(max_examples=300)
@given(st.decimals(min_value=Decimal("1e-18"), max_value=Decimal("1e18"), allow_nan=False, allow_infinity=False))
def test_numbers_go_out_exactly_and_without_an_exponent(value: Decimal) -> None:
    text = number(value, "quantity")
    assert Decimal(text) == value
    assert set(text) <= set("0123456789.")


def test_orders_and_cancels_have_buckets_that_are_limited() -> None:
    limits = {limit.bucket: (limit.capacity, limit.window_s) for limit in PRIVATE.trade_limits}
    assert (limits["place"], limits["cancel"]) == ((60.0, 2.0), (60.0, 2.0))
    assert {place().request.bucket, cancel().request.bucket, query().request.bucket} <= set(limits)


def test_cancel_and_query_name_the_order_by_our_id() -> None:
    assert body_of(cancel()) == {"instId": "BTC-USDT-SWAP", "clOrdId": "arb0001A"}
    assert cancel().request.url == "https://www.okx.com/api/v5/trade/cancel-order"
    assert query_of(query()) == {"instId": "BTC-USDT-SWAP", "clOrdId": "arb0001A"}
    assert "expTime" not in cancel().request.headers


# --- acknowledgements -------------------------------------------------------------------------------------------------


def test_a_taken_order_has_an_id_there_and_tells_no_fill() -> None:
    (event,) = read(place(), acked())
    assert event == Accepted(venue="okx", client_id="arb0001A", order_id="312269865356374016", t_ns=T_NS)


REFUSALS = {
    "51008": RefusalReason.INSUFFICIENT, "51119": RefusalReason.INSUFFICIENT, "51127": RefusalReason.INSUFFICIENT,
    "51131": RefusalReason.INSUFFICIENT, "51016": RefusalReason.DUPLICATE_ID, "50071": RefusalReason.DUPLICATE_ID,
    "51020": RefusalReason.BAD_SIZE, "51120": RefusalReason.BAD_SIZE, "51121": RefusalReason.BAD_SIZE,
    "51101": RefusalReason.BAD_SIZE, "51103": RefusalReason.BAD_SIZE, "51000": RefusalReason.BAD_REQUEST,
    "51006": RefusalReason.BAD_PRICE, "51137": RefusalReason.BAD_PRICE, "51138": RefusalReason.BAD_PRICE,
    "51135": RefusalReason.BAD_PRICE, "51136": RefusalReason.BAD_PRICE, "51112": RefusalReason.REDUCE_ONLY,
    "51023": RefusalReason.REDUCE_ONLY, "51169": RefusalReason.REDUCE_ONLY, "51170": RefusalReason.REDUCE_ONLY,
    "51010": RefusalReason.ACCOUNT_MODE, "51001": RefusalReason.UNKNOWN_INSTRUMENT,
    "51021": RefusalReason.NOT_TRADING, "51027": RefusalReason.NOT_TRADING, "51028": RefusalReason.NOT_TRADING,
    "51029": RefusalReason.NOT_TRADING, "51030": RefusalReason.NOT_TRADING, "51155": RefusalReason.REGION_BLOCKED,
    "50036": RefusalReason.CLOCK_SKEW, "50037": RefusalReason.CLOCK_SKEW, "50061": RefusalReason.RATE_LIMITED,
    "51019": RefusalReason.OTHER, "54085": RefusalReason.OTHER, "51999": RefusalReason.OTHER,
}  # fmt: skip


@pytest.mark.parametrize(("code", "reason"), REFUSALS.items())
def test_a_refused_order_says_why_in_our_words_and_the_venues(code: str, reason: RefusalReason) -> None:
    (event,) = read(place(), acked(code, "Order failed for a reason"))
    assert isinstance(event, Rejected)
    assert (event.reason, event.code, event.client_id) == (reason, code, "arb0001A")
    assert "Order failed for a reason" in event.text
    assert code in event.text


def test_51019_is_about_crossing_only_where_the_order_was_post_only() -> None:
    (event,) = read(place(kind=OrderKind.POST_ONLY), acked("51019", "words"))
    assert isinstance(event, Rejected)
    assert event.reason is RefusalReason.WOULD_TAKE


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (429, "50011", RefusalReason.RATE_LIMITED),
        (429, "50013", RefusalReason.RATE_LIMITED),
        (401, "50102", RefusalReason.CLOCK_SKEW),
        (401, "50112", RefusalReason.CLOCK_SKEW),
        (401, "50111", RefusalReason.NOT_AUTHORISED),
        (401, "50113", RefusalReason.NOT_AUTHORISED),
        (401, "50114", RefusalReason.NOT_AUTHORISED),
        (401, "50101", RefusalReason.NOT_AUTHORISED),
        (401, "50110", RefusalReason.NOT_AUTHORISED),
        (400, "51000", RefusalReason.BAD_REQUEST),
    ],
)
def test_refusals_of_the_gate_count_as_refusals(status: int, code: str, reason: RefusalReason) -> None:
    (event,) = read(place(), answer(code=code, msg="no"), status)
    assert isinstance(event, Rejected)
    assert (event.reason, event.code) == (reason, code)


UNSETTLED: dict[str, tuple[int, bytes]] = {
    "timeout of the endpoint": (400, answer(code="50004", msg="API endpoint request timeout")),
    "timeout in the row": (200, acked("50004", "timeout")),
    "engine upgrading": (503, answer(code="50001", msg="Service temporarily unavailable")),
    "engine upgrading, politely": (200, answer(code="50001", msg="Service temporarily unavailable")),
    "system error": (500, answer(code="50026", msg="System error")),
    "order timed out": (200, acked("51149", "Order timed out")),
    "request timed out": (200, acked("51054", "Request timed out")),
    "repeated request": (200, answer(code="50042", msg="Repeated request")),
    "5xx with a yes": (502, acked()),
    "5xx with a no": (500, acked("51008", "Insufficient")),
    "4xx with a yes": (400, acked()),
    "html": (200, HTML),
    "html of the edge": (403, HTML),
    "html 503": (503, HTML),
    "nothing": (200, b""),
    "cut": (200, acked()[:-9]),
    "no rows": (200, answer()),
    "failed without a row": (200, answer(code="1", msg="All operations failed")),
    "two rows": (200, answer(ack(), ack())),
    "another order": (200, answer(ack(clOrdId="arb0002A"))),
    "no word on the order": (200, answer({"ordId": "1", "clOrdId": "arb0001A"})),
    "yes outside, no inside": (200, answer(ack("51008", "Insufficient"))),
    "no outside, yes inside": (200, answer(ack(), code="1")),
    "a general code nobody knows": (200, answer(code="50099", msg="?")),
    "a code that is none": (200, answer(code="oops", msg="?")),
    "data is no list": (200, b'{"code":"0","msg":"","data":{}}'),
    "a list": (200, b"[]"),
}


@pytest.mark.parametrize("case", UNSETTLED)
@pytest.mark.parametrize("make", [place, cancel])
def test_an_answer_that_settles_nothing_is_never_a_yes_or_a_no(make: Callable[[], PrivateCall], case: str) -> None:
    status, body = UNSETTLED[case]
    with pytest.raises(OutcomeUnknown, match="OKX answered"):
        read(make(), body, status)


def test_a_yes_without_an_order_id_is_no_yes() -> None:
    with pytest.raises(OutcomeUnknown):
        read(place(), acked(ordId=""))


def test_a_cancel_is_taken_or_refused_and_says_nothing_of_the_end() -> None:
    assert read(cancel(), acked()) == (CancelTaken(venue="okx", client_id="arb0001A", t_ns=T_NS),)
    assert read(cancel(), acked("51410", "being canceled")) == (
        CancelTaken(venue="okx", client_id="arb0001A", t_ns=T_NS),
    )
    for code in ("51400", "51401", "51402"):
        (event,) = read(cancel(), acked(code, "Cancellation failed as the order has been filled"))
        assert isinstance(event, CancelRefused)
        assert (event.reason, event.code) == (RefusalReason.UNKNOWN_ORDER, code)


# --- asking for one order ---------------------------------------------------------------------------------------------


def test_an_order_asked_for_is_told_as_it_is() -> None:
    (event,) = read(query(), answer(order_row(reduceOnly="true")))
    assert event == OrderReport(
        venue="okx",
        market=Market.PERP,
        native="BTC-USDT-SWAP",
        client_id="arb0001A",
        order_id="2497956918703120384",
        side=Side.BUY,
        status=OrderStatus.OPEN,
        status_text="partially_filled",
        told="query",
        t_ns=T_NS,
        t_ms=1746947317402,
        qty=Decimal(3),
        price=Decimal("64000.1"),
        filled=Decimal(1),
        avg_price=Decimal(64000),
        reduce_only=True,
    )


def test_51603_is_the_word_for_no_such_order_and_nothing_else_is() -> None:
    absent = answer(code="51603", msg="Order does not exist")
    assert read(query(), absent) == (OrderAbsent(venue="okx", client_id="arb0001A", t_ns=T_NS),)
    others: list[tuple[int, bytes]] = [
        (200, answer()),
        (200, answer(order_row(clOrdId="arb0002A"))),
        (200, answer(order_row(instId="ETH-USDT-SWAP"))),
        (200, answer(order_row(), order_row())),
        (200, answer(code="51001", msg="Instrument ID doesn't exist")),
        (200, HTML),
        (503, HTML),
        (500, absent),
        (200, answer(code="50004", msg="timeout")),
        (429, answer(code="50011", msg="Too Many Requests")),
    ]
    for status, body in others:
        with pytest.raises(ArbtuiError) as trouble:
            read(query(), body, status)
        assert isinstance(trouble.value, VenueRefused | OutcomeUnknown | ProtocolBroken)


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"state": "live"}, OrderStatus.OPEN, None),
        ({"state": "filled"}, OrderStatus.FILLED, None),
        ({"state": "canceled"}, OrderStatus.CANCELED, None),
        ({"state": "mmp_canceled"}, OrderStatus.CANCELED, None),
        ({"state": "order_failed", "code": "51008"}, OrderStatus.REJECTED, RefusalReason.INSUFFICIENT),
        ({"state": "canceling"}, OrderStatus.UNKNOWN, None),
        ({"state": ""}, OrderStatus.UNKNOWN, None),
        ({"state": "canceled", "cancelSource": "14"}, OrderStatus.CANCELED, None),
        (
            {"state": "canceled", "cancelSource": "31", "accFillSz": "0", "ordType": "post_only"},
            OrderStatus.REJECTED,
            RefusalReason.WOULD_TAKE,
        ),
        ({"state": "canceled", "cancelSource": "31", "accFillSz": "1"}, OrderStatus.CANCELED, None),
    ],
)
def test_the_states_of_an_order(changes: dict[str, str], status: OrderStatus, reason: RefusalReason | None) -> None:
    (event,) = read(query(), answer(order_row(**changes)))
    assert isinstance(event, OrderReport)
    assert (event.status, event.reason, event.status_text) == (status, reason, changes["state"])


@pytest.mark.parametrize(
    ("category", "origin"),
    [
        ("normal", "order"),
        ("twap", "order"),
        ("adl", "adl"),
        ("full_liquidation", "liquidation"),
        ("partial_liquidation", "liquidation"),
        ("delivery", "settlement"),
    ],
)
def test_whose_order_it_was(category: str, origin: str) -> None:
    (event,) = read(query(), answer(order_row(category=category)))
    assert isinstance(event, OrderReport)
    assert event.origin == origin


def test_a_size_in_quote_currency_is_not_taken_for_one_in_coins() -> None:
    by_hand = spot_order_row(ordType="market", tgtCcy="quote_ccy", sz="100", px="", reduceOnly=False)
    (event,) = read(query(SPOT), answer(by_hand))
    assert isinstance(event, OrderReport)
    assert (event.qty, event.price, event.filled, event.reduce_only) == (None, None, Decimal(1), False)


# --- lists ------------------------------------------------------------------------------------------------------------


def numbered(row: Callable[..., dict[str, Any]], member: str, ids: range) -> bytes:
    return answer(*(row(**{member: str(n)}) for n in ids))


def test_open_orders_are_asked_for_until_a_page_is_not_full() -> None:
    first = PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS)
    assert query_of(first) == {"instType": "SWAP", "limit": "100"}
    page = numbered(unfilled, "ordId", range(300, 200, -1))
    assert len(read(first, page)) == 100
    assert first.next_page is not None
    second = first.next_page(200, page, STAMP_MS + 500)
    assert second is not None
    assert query_of(second) == {"instType": "SWAP", "limit": "100", "after": "201"}
    assert second.request.headers["OK-ACCESS-TIMESTAMP"] == "2026-06-01T00:00:00.500Z"
    rest = numbered(unfilled, "ordId", range(200, 150, -1))
    assert len(read(second, rest)) == 50
    assert second.next_page is not None
    assert second.next_page(200, rest, STAMP_MS) is None
    with pytest.raises(ProtocolBroken):  # the same page for ever
        second.next_page(200, page, STAMP_MS)


def test_open_orders_of_others_are_told_too() -> None:
    call = PRIVATE.open_orders(PROD, KEYS, Market.SPOT, {}, STAMP_MS)
    (event,) = read(call, answer(spot_order_row(clOrdId="", instId="ETH-USDC")))
    assert isinstance(event, OrderReport)
    assert (event.client_id, event.native, event.told) == ("", "ETH-USDC", "open_orders")


@pytest.mark.parametrize("spoilt", [{"accFillSz": "nan"}, {"side": "both"}, {"ordId": ""}, {"instType": "OPTION"}])
def test_a_list_with_one_bad_row_is_no_list(spoilt: dict[str, str]) -> None:
    call = PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS)
    with pytest.raises(ProtocolBroken):
        read(call, answer(unfilled(), unfilled(**spoilt)))


def test_history_tells_what_ended_since_and_begins_a_day_before() -> None:
    since_ms = STAMP_MS - 60_000
    call = PRIVATE.history(PROD, KEYS, SWAP, since_ms, STAMP_MS)
    assert urlsplit(call.request.url).path == "/api/v5/trade/orders-history"
    asked = query_of(call)
    assert (asked["instType"], asked["instId"]) == ("SWAP", "BTC-USDT-SWAP")
    assert asked["begin"] == str(since_ms - DAY_MS)
    assert int(asked["end"]) > STAMP_MS  # both ends, or the newest would be left out
    ended = order_row(state="canceled", uTime=str(since_ms))
    before = order_row(state="filled", uTime=str(since_ms - 1), ordId="7")
    (event,) = read(call, answer(ended, before))
    assert isinstance(event, OrderReport)
    assert (event.order_id, event.told) == (ended["ordId"], "history")


@pytest.mark.parametrize(
    ("back_ms", "history", "fills"),
    [
        (DAY_MS, "orders-history", "fills"),
        (4 * DAY_MS, "orders-history", "fills-history"),
        (8 * DAY_MS, "orders-history-archive", "fills-history"),
    ],
)
def test_what_is_older_is_asked_for_where_it_is_kept(back_ms: int, history: str, fills: str) -> None:
    since_ms = STAMP_MS - back_ms
    calls = (
        PRIVATE.history(PROD, KEYS, SWAP, since_ms, STAMP_MS),
        PRIVATE.fills(PROD, KEYS, SWAP, since_ms, STAMP_MS),
    )
    assert [urlsplit(call.request.url).path.rpartition("/")[2] for call in calls] == [history, fills]
    assert [call.request.bucket for call in calls] == [history, fills]


def test_fills_are_told_with_our_sign_of_fees() -> None:
    call = PRIVATE.fills(PROD, KEYS, SWAP, STAMP_MS - 1000, STAMP_MS)
    (event,) = read(call, answer(fill_row()))
    assert event == Fill(
        venue="okx",
        market=Market.PERP,
        native="BTC-USDT-SWAP",
        fill_id="1518905529",
        order_id="2497956918703120384",
        client_id="arb0001A",
        side=Side.BUY,
        price=Decimal(64000),
        qty=Decimal(1),
        told="fills",
        t_ns=T_NS,
        t_ms=1746947317402,
        fee=Decimal("0.32"),
        fee_ccy="USDT",
        maker=False,
    )
    (rebate,) = read(call, answer(fill_row(fee="0.0100", execType="M")))
    assert isinstance(rebate, Fill)
    assert (str(rebate.fee), rebate.maker) == ("-0.0100", True)
    (untold,) = read(call, answer(fill_row(fee="", execType="")))
    assert isinstance(untold, Fill)
    assert (untold.fee, untold.maker) == (None, None)


@pytest.mark.parametrize(
    ("changes", "origin"),
    [
        ({"subType": "104", "tradeId": "-7"}, "liquidation"),
        ({"subType": "127", "tradeId": "-7"}, "adl"),
        ({"subType": "113", "tradeId": "-7"}, "settlement"),
        ({"subType": "", "tradeId": "-7"}, "liquidation"),
        ({"subType": "2"}, "order"),
    ],
)
def test_fills_that_the_venue_made_say_so(changes: dict[str, str], origin: str) -> None:
    (event,) = read(PRIVATE.fills(PROD, KEYS, SWAP, STAMP_MS, STAMP_MS), answer(fill_row(**changes)))
    assert isinstance(event, Fill)
    assert event.origin == origin


def test_fills_are_paged_by_bill() -> None:
    call = PRIVATE.fills(PROD, KEYS, SPOT, STAMP_MS - 1000, STAMP_MS)
    page = numbered(fill_row, "billId", range(500, 400, -1))
    assert call.next_page is not None
    second = call.next_page(200, page, STAMP_MS)
    assert second is not None
    assert query_of(second) == {**query_of(call), "after": "401"}


@pytest.mark.parametrize("spoilt", [{"fillSz": "0"}, {"fillSz": ""}, {"fillPx": ""}, {"tradeId": ""}, {"fee": "x"}])
def test_a_fill_that_cannot_be_read_spoils_the_list(spoilt: dict[str, str]) -> None:
    with pytest.raises(ProtocolBroken):
        read(PRIVATE.fills(PROD, KEYS, SWAP, STAMP_MS, STAMP_MS), answer(fill_row(), fill_row(**spoilt)))


def test_an_order_without_a_client_id_is_canceled_by_okx_own() -> None:
    call = PRIVATE.cancel_unnamed(PROD, KEYS, SWAP, "312269865356374016", STAMP_MS)
    assert body_of(call) == {"instId": "BTC-USDT-SWAP", "ordId": "312269865356374016"}
    unnamed = json.dumps({"code": "0", "msg": "", "data": [{"clOrdId": "", "ordId": "1", "sCode": "0", "sMsg": ""}]})
    assert call.read(200, unnamed.encode(), T_NS) == (CancelTaken(venue="okx", client_id="", t_ns=T_NS),)
