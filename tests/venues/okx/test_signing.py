"""Signatures equal those that OKX's own SDK, ccxt and plain hmac make of the same input."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from arbtui.core.model import Market
from arbtui.core.orders import OrderKind
from arbtui.venues.base import Environment
from arbtui.venues.okx import signing
from tests.venues.okx.samples import KEYS, PRIVATE, PROD, SECRET, SPOT, STAMP_MS, SWAP, order, place

NOON = "2026-06-01T00:00:00.000Z"
ORDER = (
    '{"instId":"BTC-USDT-SWAP","tdMode":"cross","side":"buy","ordType":"ioc","sz":"1.25","px":"64000.1",'
    '"clOrdId":"arb0001A","reduceOnly":false}'
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{NOON}GET/api/v5/account/balance?ccy=USDT", "IMUko8xYbSI+zWRfGfej2tyouWzQBqrLGLGTveLIwG0="),
        (f"{NOON}POST/api/v5/trade/order{ORDER}", "fHB8sCwMqwVJjg6WpCeNYh+Z2hvjdoX3Yrb2SlqFGjs="),
        ("1780000000GET/users/self/verify", "09KsZxjn6CRCBb6KgH/TieDs2+9hSjEwLtOHQOOgTbc="),
    ],
)
def test_the_published_vectors(text: str, expected: str) -> None:
    assert signing.sign(SECRET, text.encode()) == expected


def test_an_order_is_the_vector_byte_for_byte() -> None:
    request = place().request
    assert request.body.decode() == ORDER
    assert (request.method, request.url) == ("POST", "https://www.okx.com/api/v5/trade/order")
    assert dict(request.headers) == {
        "OK-ACCESS-KEY": "k",
        "OK-ACCESS-SIGN": "fHB8sCwMqwVJjg6WpCeNYh+Z2hvjdoX3Yrb2SlqFGjs=",
        "OK-ACCESS-TIMESTAMP": NOON,
        "OK-ACCESS-PASSPHRASE": "p",
        "Content-Type": "application/json",
        "expTime": str(STAMP_MS + 3000),
    }


def test_a_read_is_signed_with_its_query() -> None:
    request = signing.signed(PROD, KEYS, "GET", "/api/v5/account/balance?ccy=USDT", "balances", "balance", STAMP_MS)
    assert request.headers["OK-ACCESS-SIGN"] == "IMUko8xYbSI+zWRfGfej2tyouWzQBqrLGLGTveLIwG0="
    assert "Content-Type" not in request.headers
    assert request.body == b""


def test_a_login_is_signed_in_whole_seconds() -> None:
    (frame,) = PRIVATE.private_session(PRIVATE.user_streams(PROD)[0], KEYS, {}).greet(1_780_000_000_999)
    assert json.loads(frame.frame) == {
        "op": "login",
        "args": [
            {
                "apiKey": "k",
                "passphrase": "p",
                "timestamp": "1780000000",
                "sign": "09KsZxjn6CRCBb6KgH/TieDs2+9hSjEwLtOHQOOgTbc=",
            }
        ],
    }
    assert frame.secret


@pytest.mark.parametrize(
    ("stamp_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_780_272_000_007, "2026-06-01T00:00:00.007Z"),
        (1_798_761_599_999, "2026-12-31T23:59:59.999Z"),
    ],
)
def test_times_keep_their_milliseconds(stamp_ms: int, text: str) -> None:
    assert signing.iso_time(stamp_ms) == text


def test_demo_trading_is_a_header_on_the_same_host_and_a_socket_of_its_own() -> None:
    stream = PRIVATE.user_streams(PROD)[0]
    for env in (Environment.DEMO, Environment.TESTNET):
        request = PRIVATE.place(env, KEYS, SWAP, order(), STAMP_MS).request
        assert request.headers["x-simulated-trading"] == "1"
        assert request.url == "https://www.okx.com/api/v5/trade/order"
        assert PRIVATE.stream_url(env, stream, None) == "wss://wspap.okx.com:8443/ws/v5/private"
    assert "x-simulated-trading" not in place().request.headers
    assert PRIVATE.stream_url(PROD, stream, None) == "wss://ws.okx.com:8443/ws/v5/private"
    assert PRIVATE.balances(Environment.DEMO, KEYS, Market.SPOT, STAMP_MS).request.headers["x-simulated-trading"] == "1"


def test_no_secret_shows_in_a_call_a_frame_or_an_error() -> None:
    call = place()
    session = PRIVATE.private_session(PRIVATE.user_streams(PROD)[0], KEYS, {})
    with pytest.raises(ValueError) as refused:
        place(SPOT, kind=OrderKind.MARKET, price=None, qty=Decimal(1))
    shown = f"{call!r} {session.greet(STAMP_MS)!r} {KEYS!r} {refused.value} {session!r}"
    for secret in (SECRET, call.request.headers["OK-ACCESS-SIGN"], "09KsZx"):
        assert secret not in shown


def test_a_stream_that_logs_in_by_signature_has_no_key_to_ask_for() -> None:
    with pytest.raises(ValueError, match="needs no key"):
        PRIVATE.key_call(PROD, KEYS, PRIVATE.user_streams(PROD)[0], renew=False, stamp_ms=STAMP_MS)
