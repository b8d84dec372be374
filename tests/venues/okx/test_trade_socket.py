"""OKX's private socket as a way for orders: frames as the documents show them, and what each answer is."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from arbtui.core.errors import ProtocolBroken, RefusalReason
from arbtui.core.events import Closing, Pong
from arbtui.core.orders import Accepted, Rejected
from arbtui.venues.base import Environment
from arbtui.venues.okx.tradesocket import OkxTradeSession
from arbtui.venues.private import Expired, LoginRefused, PrivateCall, SubscribedAll, TradeAnswer, TradeAsk
from tests.venues.okx.samples import KEYS, PRIVATE, PROD, SECRET, SPOT, STAMP_MS, SWAP, T_NS, order, place, read
from tests.venues.okx.trades import LISTED, answered, refused

(SOCKET,) = PRIVATE.trade_sockets(PROD)


def framed(call: PrivateCall) -> dict[str, Any]:
    frame = PRIVATE.trade_frame(TradeAsk(SOCKET, KEYS, call.request, "1512", STAMP_MS, LISTED))
    assert frame is not None
    return dict(json.loads(frame))


def logged_in() -> OkxTradeSession:
    session = OkxTradeSession(KEYS)
    assert session.decode(b'{"event":"login","code":"0","msg":"","connId":"a4d3ae55"}', T_NS) == (SubscribedAll(),)
    return session


def decode(frame: object) -> list[object]:
    return list(logged_in().decode(json.dumps(frame).encode(), T_NS))


def test_an_order_is_the_body_of_rest_with_the_number_of_its_instrument() -> None:
    said = framed(place())
    body = json.loads(place().request.body)
    del body["instId"]
    assert said == {
        "id": "1512",
        "op": "order",
        "expTime": str(STAMP_MS + 3000),
        "args": [{"instIdCode": SWAP.extra["instIdCode"], **body}],
    }
    assert isinstance(said["args"][0]["instIdCode"], int)


def test_a_cancel_is_one_too_and_a_question_is_not() -> None:
    said = framed(PRIVATE.cancel(PROD, KEYS, SPOT, "arb0001A", STAMP_MS))
    assert (said["op"], said["args"]) == (
        "cancel-order",
        [{"instIdCode": SPOT.extra["instIdCode"], "clOrdId": "arb0001A"}],
    )
    query = PRIVATE.query(PROD, KEYS, SWAP, "arb0001A", STAMP_MS).request
    assert PRIVATE.trade_frame(TradeAsk(SOCKET, KEYS, query, "1", STAMP_MS, LISTED)) is None


def test_an_instrument_without_a_number_goes_by_rest() -> None:
    nameless = msgspec.structs.replace(SWAP, extra={"instIdCode": None})
    for listed in ({}, {SWAP.market: {SWAP.native: nameless}}):
        assert PRIVATE.trade_frame(TradeAsk(SOCKET, KEYS, place().request, "1", STAMP_MS, listed)) is None


def test_demo_trading_gets_its_orders_by_rest() -> None:
    assert PRIVATE.trade_sockets(Environment.DEMO) == PRIVATE.trade_sockets(Environment.TESTNET) == ()


def test_no_frame_but_the_login_proves_who_we_are() -> None:
    (login,) = PRIVATE.trade_session(SOCKET, KEYS).greet(STAMP_MS)
    assert login.secret
    assert SECRET not in login.frame + repr(login) + json.dumps(framed(place()))


def test_a_yes_and_a_no_read_as_those_of_rest_do() -> None:
    said = framed(place())
    (yes,) = decode(answered(said))
    (no,) = decode(answered(said, "1", "51008"))
    assert isinstance(yes, TradeAnswer)
    assert isinstance(no, TradeAnswer)
    (accepted,) = read(place(), yes.body, yes.status)
    assert isinstance(accepted, Accepted)
    assert accepted.client_id == order().client_id
    (rejected,) = read(place(), no.body, no.status)
    assert isinstance(rejected, Rejected)
    assert rejected.reason is RefusalReason.INSUFFICIENT


def test_a_limit_that_is_used_up_is_a_refusal() -> None:
    (answer,) = decode(refused(framed(place()), "50011", "Rate limit reached."))
    assert isinstance(answer, TradeAnswer)
    (told,) = read(place(), answer.body, answer.status)
    assert isinstance(told, Rejected)
    assert told.reason is RefusalReason.RATE_LIMITED


def test_a_login_that_is_gone_ends_the_socket_with_and_without_an_id() -> None:
    gone = {"event": "error", "code": "60011", "msg": "Please log in", "connId": "a4d3ae55"}
    (expired,) = decode(gone)
    assert isinstance(expired, Expired)
    answer, expired = decode(gone | {"id": "1512"})
    assert isinstance(answer, TradeAnswer)
    assert isinstance(expired, Expired)


def test_an_error_before_the_login_is_about_it() -> None:
    said = {"event": "error", "code": "60009", "msg": "Login failed.", "connId": "a4d3ae55"}
    assert list(OkxTradeSession(KEYS).decode(json.dumps(said).encode(), T_NS)) == [
        LoginRefused("60009", "Login failed.")
    ]


def test_an_error_that_does_not_say_to_which_request_is_broken() -> None:
    with pytest.raises(ProtocolBroken):
        decode({"event": "error", "code": "60012", "msg": "Illegal request"})


def test_pongs_and_the_notice_of_an_upgrade_are_heard() -> None:
    assert list(logged_in().decode(b"pong", T_NS)) == [Pong(T_NS)]
    (closing,) = decode({"event": "notice", "code": "64008", "msg": "soon closed", "connId": "a4d3ae55"})
    assert isinstance(closing, Closing)
