"""Hyperliquid's socket as a way for actions: frames as the documents show them, and what each answer is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason
from arbtui.core.events import Ignored, Pong
from arbtui.core.orders import Accepted, Rejected
from arbtui.venues.hyperliquid.tradesocket import HyperliquidTradeSession
from arbtui.venues.private import PrivateCall, TradeAnswer, TradeAsk
from tests.venues.hyperliquid.samples import ID, KEY, KEYS, PERP, PRIVATE, PROD, STAMP_MS, T_NS, place, read
from tests.venues.hyperliquid.trades import DIALECT, answered, response

(SOCKET,) = PRIVATE.trade_sockets(PROD)


def framed(call: PrivateCall) -> dict[str, Any]:
    frame = PRIVATE.trade_frame(TradeAsk(SOCKET, KEYS, call.request, "7", STAMP_MS, DIALECT.listed))
    assert frame is not None
    assert KEY not in frame
    return dict(json.loads(frame))


def decode(frame: object) -> list[object]:
    return list(HyperliquidTradeSession().decode(json.dumps(frame).encode(), T_NS))


def answer_to(call: PrivateCall, kind: str, payload: object) -> TradeAnswer:
    (answer,) = decode(response(framed(call), kind, payload))
    assert isinstance(answer, TradeAnswer)
    assert answer.request_id == "7"
    return answer


def test_an_action_is_the_signed_body_of_rest_under_a_number() -> None:
    call = place()
    said = framed(call)
    assert said == {
        "method": "post",
        "id": 7,
        "request": {"type": "action", "payload": json.loads(call.request.body)},
    }


def test_a_cancel_is_one_too_and_a_question_is_not() -> None:
    assert framed(PRIVATE.cancel(PROD, KEYS, PERP, ID, STAMP_MS))["request"]["payload"]["action"]["type"].startswith(
        "cancel"
    )
    query = PRIVATE.query(PROD, KEYS, PERP, ID, STAMP_MS).request
    assert PRIVATE.trade_frame(TradeAsk(SOCKET, KEYS, query, "7", STAMP_MS, DIALECT.listed)) is None


def test_a_yes_reads_as_one_of_rest_does() -> None:
    call = place()
    (answer,) = decode(answered(framed(call)))
    assert isinstance(answer, TradeAnswer)
    (told,) = read(call, answer.body, answer.status)
    assert isinstance(told, Accepted)


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        ("error", "429 Too many requests", RefusalReason.RATE_LIMITED),
        ("error", "422 Failed to deserialize the JSON body into the target type", RefusalReason.BAD_REQUEST),
        (
            "action",
            {"status": "err", "response": "User or API Wallet 0x1 is none"},
            RefusalReason.NOT_AUTHORISED,
        ),
    ],
)
def test_a_no_reads_as_one_of_rest_does(kind: str, payload: object, reason: RefusalReason) -> None:
    call = place()
    answer = answer_to(call, kind, payload)
    (told,) = read(call, answer.body, answer.status)
    assert isinstance(told, Rejected)
    assert told.reason is reason


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("error", "502 Bad gateway"),
        ("error", "words without a number"),
        ("error", "200 OK"),
        ("info", {"type": "l2Book", "data": None}),
        ("action", {"status": "ok", "response": {"type": "default"}}),
    ],
)
def test_what_does_not_settle_it_leaves_it_open(kind: str, payload: object) -> None:
    call = place()
    answer = answer_to(call, kind, payload)
    with pytest.raises(OutcomeUnknown):
        read(call, answer.body, answer.status)


def test_an_error_names_no_request_and_is_not_quoted() -> None:
    with pytest.raises(ProtocolBroken) as broken:
        decode({"channel": "error", "data": 'Error parsing JSON: {"signature":"0xabc"}'})
    assert "0xabc" not in str(broken.value)
    assert broken.value.sample == b""


def test_pongs_greetings_and_pushes_are_no_answers() -> None:
    assert decode({"channel": "pong"}) == [Pong(T_NS)]
    assert decode({"channel": "allMids", "data": {}}) == [Ignored("other_channel")]
    assert list(HyperliquidTradeSession().decode(b"Websocket connection established.", T_NS)) == [Ignored("greeting")]
