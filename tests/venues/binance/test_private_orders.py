"""Orders of both products: what is sent, and what each answer is taken for."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
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
from arbtui.venues.base import HttpRequest
from arbtui.venues.private import PrivateCall
from tests.venues.binance.private_samples import (
    KEYS,
    OURS,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    SPOT_CANCELED,
    SPOT_PLACED,
    SPOT_QUERIED,
    STAMP_MS,
    T_NS,
    USDM_PLACED,
    USDM_QUERIED,
    body,
    error,
    listed,
    order,
)

R = RefusalReason
HTML = b"<html><head><title>403 Forbidden</title></head><body>CloudFront</body></html>"
AT_MARKET: dict[str, Any] = {"kind": OrderKind.MARKET, "price": None}


def placing(instrument: Instrument = PERP, **fields: Any) -> PrivateCall:
    return PRIVATE.place(PROD, KEYS, instrument, order(instrument, **fields), STAMP_MS)


def canceling(instrument: Instrument = PERP) -> PrivateCall:
    return PRIVATE.cancel(PROD, KEYS, instrument, OURS, STAMP_MS)


def canceling_unnamed(order_id: str = "283194212") -> PrivateCall:
    return PRIVATE.cancel_unnamed(PROD, KEYS, PERP, order_id, STAMP_MS)


def querying(instrument: Instrument = PERP) -> PrivateCall:
    return PRIVATE.query(PROD, KEYS, instrument, OURS, STAMP_MS)


def params(request: HttpRequest) -> dict[str, str]:
    found = dict(parse_qsl(request.body.decode() or request.url.partition("?")[2]))
    return {name: text for name, text in found.items() if name not in ("timestamp", "recvWindow", "signature")}


def only(events: Sequence[AccountEvent]) -> AccountEvent:
    assert len(events) == 1, events
    return events[0]


# --- what is sent


def test_an_ioc_is_a_limit_order_that_does_not_rest() -> None:
    assert params(placing().request) == {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "IOC", "quantity": "0.010",
        "price": "64000.10", "newClientOrderId": OURS, "newOrderRespType": "RESULT",
    }  # fmt: skip


def test_post_only_is_gtx_on_usdm_and_limit_maker_on_spot() -> None:
    perp, spot = (params(placing(it, kind=OrderKind.POST_ONLY).request) for it in (PERP, SPOT))
    assert (perp["type"], perp["timeInForce"]) == ("LIMIT", "GTX")
    assert spot["type"] == "LIMIT_MAKER"
    assert "timeInForce" not in spot


def test_a_market_order_has_no_price() -> None:
    sent = params(placing(**AT_MARKET).request)
    assert sent["type"] == "MARKET"
    assert not {"price", "timeInForce", "quoteOrderQty"} & set(sent)


def test_spot_is_sold_at_market_by_base_quantity() -> None:
    sent = params(placing(SPOT, side=Side.SELL, **AT_MARKET).request)
    assert (sent["side"], sent["type"], sent["quantity"]) == ("SELL", "MARKET", "0.010")


def test_reduce_only_is_said_where_it_is_meant() -> None:
    assert params(placing(reduce_only=True).request)["reduceOnly"] == "true"
    assert "reduceOnly" not in params(placing().request)


def test_the_position_side_is_never_sent() -> None:
    assert "positionSide" not in params(placing(reduce_only=True).request)


@pytest.mark.parametrize(
    ("instrument", "fields"),
    [
        (SPOT, AT_MARKET),  # a buy
        (SPOT, {"reduce_only": True}),
        (PERP, {"price": None}),
        (PERP, {"kind": OrderKind.MARKET}),  # with a price
        (PERP, {"qty": Decimal(0)}),
        (PERP, {"qty": Decimal("NaN")}),
        (PERP, {"price": Decimal(-1)}),
        (PERP, {"native": "ETHUSDT"}),
        (PERP, {"market": Market.SPOT}),
    ],
)
def test_what_must_not_be_sent_is_not_made(instrument: Instrument, fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        placing(instrument, **fields)


def test_orders_are_counted_apart_from_ip_weight() -> None:
    assert {placing(it).request.bucket for it in (PERP, SPOT)} == {"orders"}
    others = (canceling(), querying(SPOT), PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS))
    assert {call.request.bucket for call in others} == {"weight"}
    limited = {(limit.host, limit.bucket) for limit in PRIVATE.trade_limits}
    assert {("fapi.binance.com", "orders"), ("api.binance.com", "orders")} <= limited


def test_one_window_of_orders_keeps_to_both_of_the_venues_limits() -> None:
    limits = {limit.host: limit for limit in PRIVATE.trade_limits}
    perp, spot = limits["fapi.binance.com"], limits["api.binance.com"]
    assert (perp.capacity, perp.capacity * 60 / perp.window_s) == (300, 1200)
    assert perp.window_s >= 10
    assert (spot.capacity, round(spot.capacity * 86_400 / spot.window_s)) == (100, 200_000)
    assert spot.window_s >= 10


def test_no_call_shows_what_it_carries() -> None:
    for call in (placing(), canceling(), querying()):
        assert not any(secret in repr(call) for secret in (*KEYS.secrets(), "signature"))


# --- placed


def test_a_usdm_answer_is_an_acceptance_and_a_report_without_average() -> None:
    accepted, report = placing().read(200, body(USDM_PLACED), T_NS)
    assert accepted == Accepted(venue="binance", client_id=OURS, order_id="22542179", t_ns=T_NS)
    assert report == OrderReport(
        venue="binance",
        market=Market.PERP,
        native="BTCUSDT",
        client_id=OURS,
        order_id="22542179",
        side=Side.BUY,
        status=OrderStatus.EXPIRED,
        status_text="EXPIRED",
        told="answer",
        t_ns=T_NS,
        t_ms=1566818724722,
        qty=Decimal("0.010"),
        price=Decimal("64000.10"),
        filled=Decimal("0.004"),
        avg_price=None,
        reduce_only=False,
    )


def test_a_spot_answer_tells_the_fills_and_what_they_cost() -> None:
    accepted, first, second, report = placing(SPOT).read(200, body(SPOT_PLACED), T_NS)
    assert isinstance(accepted, Accepted)
    assert isinstance(first, Fill)
    assert isinstance(second, Fill)
    assert (first.fill_id, first.price, first.qty, first.fee, first.fee_ccy) == (
        "56", Decimal("4000.00000000"), Decimal("5.00000000"), Decimal("0.00500000"), "BTC",
    )  # fmt: skip
    assert (second.fill_id, second.fee_ccy, second.told, second.client_id) == ("57", "BNB", "answer", OURS)
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled, report.avg_price) == (OrderStatus.FILLED, Decimal(10), Decimal("3999.5"))


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("NEW", OrderStatus.OPEN),
        ("PENDING_NEW", OrderStatus.OPEN),
        ("PARTIALLY_FILLED", OrderStatus.OPEN),
        ("FILLED", OrderStatus.FILLED),
        ("CANCELED", OrderStatus.CANCELED),
        ("REJECTED", OrderStatus.REJECTED),
        ("EXPIRED", OrderStatus.EXPIRED),
        ("EXPIRED_IN_MATCH", OrderStatus.EXPIRED),
        ("FLABBERGASTED", OrderStatus.UNKNOWN),
        ("filled", OrderStatus.UNKNOWN),
    ],
)
def test_a_status_is_translated_and_an_unknown_one_stays_unknown(word: str, status: OrderStatus) -> None:
    report = placing().read(200, body(USDM_PLACED | {"status": word}), T_NS)[-1]
    assert isinstance(report, OrderReport)
    assert (report.status, report.status_text) == (status, word)


USDM_CODES = [
    (-1003, R.RATE_LIMITED), (-1008, R.RATE_LIMITED), (-1015, R.RATE_LIMITED), (-1016, R.MAINTENANCE),
    (-1021, R.CLOCK_SKEW), (-5028, R.CLOCK_SKEW), (-1022, R.NOT_AUTHORISED), (-2014, R.NOT_AUTHORISED),
    (-2015, R.NOT_AUTHORISED), (-1102, R.BAD_REQUEST), (-1121, R.UNKNOWN_INSTRUMENT), (-2018, R.INSUFFICIENT),
    (-2019, R.INSUFFICIENT), (-2027, R.INSUFFICIENT), (-4050, R.INSUFFICIENT), (-4051, R.INSUFFICIENT),
    (-5022, R.WOULD_TAKE), (-5021, R.OTHER), (-4164, R.BAD_SIZE), (-4003, R.BAD_SIZE), (-4004, R.BAD_SIZE),
    (-4005, R.BAD_SIZE), (-4013, R.BAD_PRICE), (-4014, R.BAD_PRICE), (-4131, R.BAD_PRICE), (-2022, R.REDUCE_ONLY),
    (-4118, R.REDUCE_ONLY), (-4062, R.REDUCE_ONLY), (-4061, R.ACCOUNT_MODE), (-4116, R.DUPLICATE_ID),
    (-4015, R.BAD_REQUEST), (-4140, R.NOT_TRADING), (-4141, R.NOT_TRADING), (-9999, R.OTHER),
]  # fmt: skip


@pytest.mark.parametrize(("code", "reason"), USDM_CODES)
def test_a_usdm_code_is_a_rejection_with_its_reason(code: int, reason: RefusalReason) -> None:
    event = only(placing().read(400, error(code, "what Binance says"), T_NS))
    assert isinstance(event, Rejected)
    assert (event.reason, event.code, event.client_id) == (reason, str(code), OURS)
    assert "what Binance says" in event.text


SPOT_TEXTS = [
    (-2010, "Account has insufficient balance for requested action.", R.INSUFFICIENT),
    (-2010, "Order would immediately match and take.", R.WOULD_TAKE),
    (-2010, "Duplicate order sent.", R.DUPLICATE_ID),
    (-2010, "Market is closed.", R.NOT_TRADING),
    (-1013, "Market is closed.", R.NOT_TRADING),
    (-2010, "This symbol is not permitted for this account.", R.NOT_AUTHORISED),
    (-2010, "This action is disabled on this account.", R.NOT_AUTHORISED),
    (-2010, "Something that nobody has heard before.", R.OTHER),
    (-1013, "Filter failure: NOTIONAL", R.BAD_SIZE),
    (-1013, "Filter failure: MIN_NOTIONAL", R.BAD_SIZE),
    (-1013, "Filter failure: LOT_SIZE", R.BAD_SIZE),
    (-1013, "Filter failure: MARKET_LOT_SIZE", R.BAD_SIZE),
    (-1013, "Filter failure: PRICE_FILTER", R.BAD_PRICE),
    (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE", R.BAD_PRICE),
    (-1013, "Filter failure: MAX_NUM_ORDERS", R.OTHER),
    (-1013, "Invalid quantity.", R.BAD_SIZE),
    (-1013, "Something that nobody has heard before.", R.BAD_REQUEST),
    (-1111, "Parameter 'price' has too much precision.", R.BAD_PRICE),
    (-1111, "Parameter 'quantity' has too much precision.", R.BAD_SIZE),
    (-1111, "Precision is over the maximum defined for this asset.", R.BAD_REQUEST),
]


@pytest.mark.parametrize(("code", "text", "reason"), SPOT_TEXTS)
def test_codes_that_cover_much_are_told_apart_by_their_text(code: int, text: str, reason: RefusalReason) -> None:
    event = only(placing(SPOT).read(400, error(code, text), T_NS))
    assert isinstance(event, Rejected)
    assert event.reason is reason


@pytest.mark.parametrize("read", [placing().read, canceling().read, querying().read])
@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, error(-1006, "An unexpected response was received from the message bus. Execution status unknown.")),
        (400, error(-1007, "Timeout waiting for response from backend server. Send status unknown.")),
        (200, error(-1007, "Timeout waiting for response from backend server. Send status unknown.")),
        (408, b""),
        (500, b""),
        (502, HTML),
        (503, error(-1008, "Request throttled by system-level protection.")),
        (503, b'{"code":0,"msg":"Unknown error, please check your request or try again later."}'),
        (504, HTML),
        (403, HTML),
        (404, b"not here"),
        (302, b""),
    ],
)
def test_what_may_have_taken_effect_leaves_the_outcome_open(read: Any, status: int, answer: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        read(status, answer, T_NS)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{",
        HTML,
        b"[]",
        b"null",
        b'{"orderId":1}',
        body(USDM_PLACED | {"clientOrderId": "another"}),
        body(USDM_PLACED | {"symbol": "ETHUSDT"}),
        body(USDM_PLACED | {"executedQty": "nan"}),
        body(USDM_PLACED | {"executedQty": "-1"}),
        body(USDM_PLACED | {"side": "HOLD"}),
        body(USDM_PLACED)[:-40],
    ],
)
def test_a_200_that_cannot_be_read_as_ours_leaves_the_outcome_open(answer: bytes) -> None:
    for call in (placing(), canceling()):
        with pytest.raises(OutcomeUnknown):
            call.read(200, answer, T_NS)
    with pytest.raises(ProtocolBroken):
        querying().read(200, answer, T_NS)


@pytest.mark.parametrize("status", [418, 429])
def test_too_many_requests_is_a_rejection_that_names_the_wait(status: int) -> None:
    text = f"Way too many requests; IP(1.2.3.4) banned until {STAMP_MS + 90_000}. Please use the websocket."
    event = only(placing().read(status, error(-1003, text), STAMP_MS * 1_000_000))
    assert isinstance(event, Rejected)
    assert (event.reason, event.retry_after_s) == (R.RATE_LIMITED, 90.0)


@pytest.mark.parametrize("status", [418, 429])
def test_too_many_requests_is_a_rejection_whatever_its_body(status: int) -> None:
    event = only(placing().read(status, HTML, T_NS))
    assert isinstance(event, Rejected)
    assert (event.reason, event.retry_after_s) == (R.RATE_LIMITED, None)


def test_a_ban_that_is_over_names_no_negative_wait() -> None:
    event = only(placing().read(418, error(-1003, "IP banned until 1500000000000."), T_NS))
    assert isinstance(event, Rejected)
    assert event.retry_after_s == 0.0


def test_a_restricted_location_is_named() -> None:
    event = only(placing().read(451, error(0, "Service unavailable from a restricted location."), T_NS))
    assert isinstance(event, Rejected)
    assert event.reason is R.REGION_BLOCKED


# --- canceled


def test_a_usdm_cancel_is_taken_and_reported() -> None:
    taken, report = canceling().read(200, body(USDM_PLACED | {"status": "CANCELED"}), T_NS)
    assert taken == CancelTaken(venue="binance", client_id=OURS, t_ns=T_NS)
    assert isinstance(report, OrderReport)
    assert (report.status, report.filled) == (OrderStatus.CANCELED, Decimal("0.004"))


def test_a_spot_cancel_is_about_the_order_and_not_about_the_cancels_own_id() -> None:
    _, report = canceling(SPOT).read(200, body(SPOT_CANCELED), T_NS)
    assert isinstance(report, OrderReport)
    assert (report.client_id, report.status, report.filled) == (OURS, OrderStatus.CANCELED, Decimal("0.25"))


def test_an_order_that_cannot_be_canceled_says_no_more_than_that() -> None:
    event = only(canceling().read(400, error(-2011, "Unknown order sent."), T_NS))
    assert isinstance(event, CancelRefused)
    assert (event.client_id, event.reason, event.code) == (OURS, R.UNKNOWN_ORDER, "-2011")


# --- asked about


def test_a_queried_order_tells_its_average() -> None:
    report = only(querying().read(200, body(USDM_QUERIED), T_NS))
    assert isinstance(report, OrderReport)
    assert (report.told, report.status, report.avg_price) == ("query", OrderStatus.FILLED, Decimal("63999.50"))


def test_an_order_without_fills_has_no_average() -> None:
    unfilled = USDM_QUERIED | {"avgPrice": "0.00000", "executedQty": "0"}
    for call, row in ((querying(), unfilled), (querying(SPOT), SPOT_QUERIED)):
        report = only(call.read(200, body(row), T_NS))
        assert isinstance(report, OrderReport)
        assert report.avg_price is None
        assert report.filled == 0


def test_an_average_that_is_not_available_any_more_is_not_made_up() -> None:
    row = SPOT_QUERIED | {"executedQty": "1.0", "cummulativeQuoteQty": "-1.0"}
    report = only(querying(SPOT).read(200, body(row), T_NS))
    assert isinstance(report, OrderReport)
    assert report.avg_price is None


@pytest.mark.parametrize(("instrument", "code"), [(PERP, -2013), (SPOT, -2013), (SPOT, -2026)])
def test_an_order_that_does_not_exist_is_absent(instrument: Instrument, code: int) -> None:
    event = only(querying(instrument).read(400, error(code, "Order does not exist."), T_NS))
    assert event == OrderAbsent(venue="binance", client_id=OURS, t_ns=T_NS)


def test_a_query_that_is_refused_says_nothing_of_the_order() -> None:
    with pytest.raises(VenueRefused) as refused:
        querying().read(401, error(-2015, "Invalid API-key, IP, or permissions for action."), T_NS)
    assert refused.value.reason is R.NOT_AUTHORISED


def test_absence_counts_only_after_the_order_could_not_take_effect_any_more() -> None:
    recv_window_s = float(dict(parse_qsl(placing().request.body.decode()))["recvWindow"]) / 1000
    assert PRIVATE.absence.settle_s > recv_window_s
    assert PRIVATE.absence.forget_s < 3 * 86_400


# --- lists


def test_open_orders_tell_the_hand_placed_and_the_venues_own() -> None:
    rows = [
        USDM_QUERIED | {"status": "NEW"},
        USDM_QUERIED | {"status": "NEW", "clientOrderId": "web_Xy12", "orderId": 5},
        USDM_QUERIED | {"status": "NEW", "clientOrderId": "autoclose-1596107620040000020", "orderId": 6},
        USDM_QUERIED | {"status": "NEW", "clientOrderId": "adl_autoclose", "orderId": 7},
        USDM_QUERIED | {"status": "NEW", "clientOrderId": "settlement_autoclose-88", "orderId": 8},
    ]
    events = PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS).read(200, body(rows), T_NS)
    told = [(e.client_id, e.origin, e.told) for e in events if isinstance(e, OrderReport)]
    assert told == [
        (OURS, "order", "open_orders"),
        ("", "order", "open_orders"),
        ("", "liquidation", "open_orders"),
        ("", "adl", "open_orders"),
        ("", "settlement", "open_orders"),
    ]


def test_no_open_orders_is_an_answer() -> None:
    assert PRIVATE.open_orders(PROD, KEYS, Market.SPOT, {}, STAMP_MS).read(200, b"[]", T_NS) == []


def test_one_bad_row_spoils_the_list() -> None:
    rows = body([USDM_QUERIED, USDM_QUERIED | {"executedQty": "many"}])
    for call in (
        PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS),
        PRIVATE.history(PROD, KEYS, PERP, STAMP_MS - 1000, STAMP_MS),
    ):
        with pytest.raises(ProtocolBroken):
            call.read(200, rows, T_NS)


def test_a_non_ascii_symbol_is_asked_for_and_answered() -> None:
    chinese = listed(Market.PERP, "币安人生USDT")
    report = only(
        PRIVATE.query(PROD, KEYS, chinese, OURS, STAMP_MS).read(
            200, body(USDM_QUERIED | {"symbol": chinese.native}), T_NS
        )
    )
    assert isinstance(report, OrderReport)
    assert report.native == chinese.native


def test_an_order_without_a_client_id_is_canceled_by_binances_own() -> None:
    assert params(canceling_unnamed().request) == {"symbol": "BTCUSDT", "orderId": "283194212"}
    named = str(USDM_PLACED["orderId"])
    assert only(canceling_unnamed(named).read(200, body(USDM_PLACED), T_NS)) == CancelTaken(
        venue="binance", client_id="", t_ns=T_NS
    )
    event = only(canceling_unnamed().read(400, error(-2011, "Unknown order sent."), T_NS))
    assert isinstance(event, CancelRefused)


@pytest.mark.parametrize("answer", [HTML, b"{}", b"", body(USDM_PLACED)])
def test_a_cancel_by_binances_own_id_believes_no_other_answer(answer: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        canceling_unnamed("1").read(200, answer, T_NS)


@pytest.mark.parametrize("status", [404, 502])
def test_a_proxys_page_that_repeats_the_address_gives_no_signature_away(status: int) -> None:
    call = querying()
    page = f"<html>{call.request.url.partition('.com')[2]}".encode()
    assert b"signature=" in page
    for cut in range(len(page), 40, -7):
        with pytest.raises(OutcomeUnknown) as unknown:
            call.read(status, page[:cut], T_NS)
        sent = call.request.url.partition("signature=")[2]
        assert sent[:8] not in str(unknown.value)
    shown = b"<p>GET /x?listenKey=tell-nobody&signature=0123456789abcdef</p>"
    with pytest.raises(OutcomeUnknown) as unknown:
        call.read(status, shown, T_NS)
    assert "tell-nobody" not in str(unknown.value)
    assert "0123456789" not in str(unknown.value)
