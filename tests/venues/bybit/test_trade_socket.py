"""Bybit's trade socket: frames as the documents show them, and what each answer is."""

from __future__ import annotations

import json

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason
from arbtui.core.events import Closing, Ignored, Pong
from arbtui.core.orders import Accepted, Rejected
from arbtui.venues.base import Environment
from arbtui.venues.bybit.tradesocket import BybitTradeSession
from arbtui.venues.private import Expired, LoginRefused, SubscribedAll, TradeAnswer, TradeAsk
from tests.venues.bybit.samples import (
    KEY,
    KEYS,
    LISTED,
    OURS,
    PERP,
    PRIVATE,
    PROD,
    SECRET,
    SPOT,
    STAMP_MS,
    T_NS,
    place,
    read,
)
from tests.venues.bybit.trades import answered

(SOCKET,) = PRIVATE.trade_sockets(PROD)


def asked(request_id: str = "7") -> dict[str, object]:
    frame = PRIVATE.trade_frame(TradeAsk(SOCKET, KEYS, place().request, request_id, STAMP_MS, LISTED))
    assert frame is not None
    return dict(json.loads(frame))


def decode(frame: object) -> list[object]:
    return list(BybitTradeSession(KEYS).decode(json.dumps(frame).encode(), T_NS))


def test_an_order_is_the_body_of_rest_in_a_frame_of_its_own() -> None:
    assert asked() == {
        "reqId": "7",
        "header": {"X-BAPI-TIMESTAMP": str(STAMP_MS), "X-BAPI-RECV-WINDOW": "5000"},
        "op": "order.create",
        "args": [json.loads(place().request.body)],
    }


def test_a_cancel_is_one_too_and_a_question_is_not() -> None:
    cancel = PRIVATE.cancel(PROD, KEYS, SPOT, OURS, STAMP_MS).request
    frame = PRIVATE.trade_frame(TradeAsk(SOCKET, KEYS, cancel, "8", STAMP_MS, LISTED))
    assert frame is not None
    said = json.loads(frame)
    assert (said["op"], said["args"]) == ("order.cancel", [json.loads(cancel.body)])
    for other in (
        PRIVATE.query(PROD, KEYS, PERP, OURS, STAMP_MS),
        PRIVATE.balances(PROD, KEYS, PERP.market, STAMP_MS),
    ):
        assert PRIVATE.trade_frame(TradeAsk(SOCKET, KEYS, other.request, "9", STAMP_MS, LISTED)) is None


def test_no_frame_but_the_login_proves_who_we_are() -> None:
    session = PRIVATE.trade_session(SOCKET, KEYS)
    (login,) = session.greet(STAMP_MS)
    assert login.secret
    assert KEY in login.frame
    assert KEY not in json.dumps(asked())
    assert SECRET not in json.dumps(asked()) + login.frame + repr(login)
    assert session.logged_in(STAMP_MS) == []


def test_demo_trading_has_no_such_socket() -> None:
    assert PRIVATE.trade_sockets(Environment.DEMO) == ()
    assert PRIVATE.trade_sockets(Environment.TESTNET)[0].url == "wss://stream-testnet.bybit.com/v5/trade"


def test_a_login_is_taken_or_refused_in_its_words() -> None:
    assert decode({"retCode": 0, "retMsg": "OK", "op": "auth", "connId": "c"}) == [SubscribedAll()]
    assert decode({"retCode": 10004, "retMsg": "Invalid sign", "op": "auth"}) == [LoginRefused("10004", "Invalid sign")]


def test_pongs_are_pongs_and_what_nobody_asked_for_is_ignored() -> None:
    assert decode({"retCode": 0, "retMsg": "OK", "op": "pong", "data": ["1711002002529"]}) == [Pong(T_NS)]
    assert decode({"retCode": 0, "retMsg": "OK", "op": "notice"}) == [Ignored("other_answer")]


def test_a_yes_reads_as_one_of_rest_does() -> None:
    (answer,) = decode(answered(asked()))
    assert isinstance(answer, TradeAnswer)
    assert answer.request_id == "7"
    (told,) = read(place(), answer.body, answer.status)
    assert isinstance(told, Accepted)
    assert told.client_id == OURS


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (10006, RefusalReason.RATE_LIMITED),
        (10403, RefusalReason.RATE_LIMITED),
        (20003, RefusalReason.RATE_LIMITED),
        (10404, RefusalReason.BAD_REQUEST),
        (10002, RefusalReason.CLOCK_SKEW),
        (110007, RefusalReason.INSUFFICIENT),
    ],
)
def test_a_no_reads_as_one_of_rest_does(code: int, reason: RefusalReason) -> None:
    (answer,) = decode(answered(asked(), code, "words"))
    assert isinstance(answer, TradeAnswer)
    (told,) = read(place(), answer.body, answer.status)
    assert isinstance(told, Rejected)
    assert (told.reason, told.code) == (reason, str(code))


@pytest.mark.parametrize("code", [20006, 10016, 10019, 429, 99999])
def test_a_repeated_id_a_failing_server_and_unknown_codes_leave_it_open(code: int) -> None:
    answer, *_ = decode(answered(asked(), code, "words"))
    assert isinstance(answer, TradeAnswer)
    with pytest.raises(OutcomeUnknown):
        read(place(), answer.body, answer.status)


def test_a_server_that_restarts_and_a_login_that_is_gone_ask_for_another_socket() -> None:
    _, closing = decode(answered(asked(), 10019, "restarting"))
    assert isinstance(closing, Closing)
    _, expired = decode(answered(asked(), 10003, "API key is invalid."))
    assert isinstance(expired, Expired)


@pytest.mark.parametrize("code", [0, 10003, 10005])
def test_an_answer_that_does_not_say_to_which_request_is_broken(code: int) -> None:
    said = answered(asked(), code)
    del said["reqId"]
    with pytest.raises(ProtocolBroken):
        decode(said)


def test_what_cannot_be_read_is_not_quoted() -> None:
    with pytest.raises(ProtocolBroken) as broken:
        BybitTradeSession(KEYS).decode(f'{{"op":"auth","args":["{KEY}"'.encode(), T_NS)
    assert KEY not in str(broken.value)
    assert broken.value.sample == b""
