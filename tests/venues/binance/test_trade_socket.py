"""Orders over Binance's WebSocket API: signatures as the documents compute them, and what each answer is."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason
from arbtui.core.events import Closing, Ignored
from arbtui.core.orders import Accepted, Rejected
from arbtui.venues.base import Environment
from arbtui.venues.binance.tradesocket import BinanceTradeSession
from arbtui.venues.private import PrivateCall, TradeAnswer, TradeAsk
from tests.venues.binance.private_samples import KEYS, OURS, PERP, PRIVATE, PROD, SPOT, STAMP_MS, T_NS, order
from tests.venues.binance.trades import DIALECT, answered, refused

USDM, OF_SPOT = PRIVATE.trade_sockets(PROD)
PLACE = PRIVATE.place(PROD, KEYS, PERP, order(), STAMP_MS)


def framed(call: PrivateCall = PLACE) -> dict[str, Any]:
    socket = OF_SPOT if "/api/v3/" in call.request.url else USDM
    frame = PRIVATE.trade_frame(TradeAsk(socket, KEYS, call.request, "7", STAMP_MS, DIALECT.listed))
    assert frame is not None
    assert KEYS["api_secret"] not in frame
    return dict(json.loads(frame))


def decode(frame: object) -> list[object]:
    return list(BinanceTradeSession().decode(json.dumps(frame).encode(), T_NS))


def answer(frame: object) -> TradeAnswer:
    (told,) = decode(frame)
    assert isinstance(told, TradeAnswer)
    assert told.request_id == "7"
    return told


@pytest.mark.parametrize("instrument", [PERP, SPOT], ids=["usdm", "spot"])
def test_an_order_has_the_parameters_of_rest_and_is_signed_over_all_of_them_by_name(instrument: Any) -> None:
    call = PRIVATE.place(PROD, KEYS, instrument, order(instrument), STAMP_MS)
    said = framed(call)
    params = dict(said["params"])
    signature = params.pop("signature")
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    assert signature == hmac.new(KEYS["api_secret"].encode(), payload.encode(), "sha256").hexdigest()
    assert (said["id"], said["method"]) == ("7", "order.place")
    assert params.pop("apiKey") == KEYS["api_key"]
    by_rest = dict(pair.split("=") for pair in call.request.body.decode().split("&"))
    del by_rest["signature"]
    assert {name: str(value) for name, value in params.items()} == by_rest
    assert params["timestamp"] == STAMP_MS


def test_a_cancel_is_one_too_and_a_question_is_not() -> None:
    said = framed(PRIVATE.cancel(PROD, KEYS, SPOT, OURS, STAMP_MS))
    assert said["method"] == "order.cancel"
    assert said["params"]["origClientOrderId"] == OURS
    query = PRIVATE.query(PROD, KEYS, PERP, OURS, STAMP_MS).request
    assert PRIVATE.trade_frame(TradeAsk(USDM, KEYS, query, "7", STAMP_MS, DIALECT.listed)) is None


def test_an_order_of_one_product_does_not_go_by_the_socket_of_the_other() -> None:
    assert PRIVATE.trade_frame(TradeAsk(OF_SPOT, KEYS, PLACE.request, "7", STAMP_MS, DIALECT.listed)) is None


def test_each_world_has_the_sockets_that_are_documented() -> None:
    assert [socket.url for socket in PRIVATE.trade_sockets(Environment.TESTNET)] == [
        "wss://testnet.binancefuture.com/ws-fapi/v1",
        "wss://ws-api.testnet.binance.vision/ws-api/v3",
    ]
    assert [socket.markets for socket in PRIVATE.trade_sockets(Environment.DEMO)] == [(SPOT.market,)]


def test_a_yes_reads_as_one_of_rest_does() -> None:
    said = answer(answered(framed()))
    told, *_ = PLACE.read(said.status, said.body, T_NS)
    assert isinstance(told, Accepted)
    assert told.client_id == OURS


@pytest.mark.parametrize(
    ("status", "code", "msg", "reason"),
    [
        (429, -1015, "Too many new orders.", RefusalReason.RATE_LIMITED),
        (400, -2019, "Margin is insufficient.", RefusalReason.INSUFFICIENT),
        (400, -1021, "Timestamp for this request is outside of the recvWindow.", RefusalReason.CLOCK_SKEW),
        (401, -2015, "Invalid API-key, IP, or permissions for action.", RefusalReason.NOT_AUTHORISED),
    ],
)
def test_a_no_reads_as_one_of_rest_does(status: int, code: int, msg: str, reason: RefusalReason) -> None:
    said = answer(refused(framed(), status, code, msg))
    (told,) = PLACE.read(said.status, said.body, T_NS)
    assert isinstance(told, Rejected)
    assert told.reason is reason


@pytest.mark.parametrize(
    "frame",
    [
        refused({"id": "7"}, 503, -1000, "Unknown error."),
        refused({"id": "7"}, 400, -1007, "Timeout waiting for response."),
        {"id": "7", "status": 200},
        {"id": "7", "result": {}},
        {"id": "7", "status": 200, "result": {}},
    ],
)
def test_what_does_not_settle_it_leaves_it_open(frame: object) -> None:
    said = answer(frame)
    with pytest.raises(OutcomeUnknown):
        PLACE.read(said.status, said.body, T_NS)


def test_an_answer_that_does_not_say_to_which_request_is_broken_and_not_quoted() -> None:
    with pytest.raises(ProtocolBroken):
        decode({"id": None, "status": 400, "error": {"code": -1000, "msg": "JSON syntax error."}})
    with pytest.raises(ProtocolBroken) as broken:
        BinanceTradeSession().decode(b'{"apiKey":"secret', T_NS)
    assert broken.value.sample == b""


def test_a_server_that_is_taken_down_asks_for_another_socket() -> None:
    (closing,) = decode({"event": {"e": "serverShutdown", "E": 1}})
    assert isinstance(closing, Closing)
    assert decode({"event": {"e": "other"}}) == [Ignored("other_event")]


ORDERS_USED = {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300, "count": 7}
WEIGHT_USED = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400, "count": 70}
OF_A_DAY = {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200_000, "count": 90}


@pytest.mark.parametrize(
    ("limits", "used"),
    [
        ([ORDERS_USED, OF_A_DAY, WEIGHT_USED], {"orders": 7.0, "weight": 70.0}),
        ([OF_A_DAY], {}),
        ([], {}),
        ([ORDERS_USED, {"rateLimitType": "ORDERS"}], {}),
        ("soon", {}),
    ],
)
def test_what_is_used_up_of_the_limits_is_read_where_it_can_be_and_costs_no_answer(
    limits: object, used: dict[str, float]
) -> None:
    said = answer(answered(framed()) | {"rateLimits": limits})
    assert said.used == used
    assert isinstance(PLACE.read(said.status, said.body, T_NS)[0], Accepted)
