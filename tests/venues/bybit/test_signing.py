"""Signatures equal those that Bybit's own SDK, ccxt and plain hmac make of the same input."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from arbtui.core.model import Market
from arbtui.core.orders import OrderKind
from arbtui.venues import registry
from arbtui.venues.base import Environment
from arbtui.venues.bybit import signing
from arbtui.venues.private import Adjusts, TellsRights
from tests.venues.bybit.samples import KEY, KEYS, PERP, PRIVATE, PROD, SECRET, SPOT, STAMP_MS, order, place

ORDER = (
    '{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.001","price":"60000",'
    '"timeInForce":"IOC","positionIdx":0,"orderLinkId":"arbtui-0001"}'
)
STREAM = PRIVATE.user_streams(PROD)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{STAMP_MS}{KEY}5000category=linear&settleCoin=USDT",
            "6feaafd6504322f48fbc52fb1b3aff426f131cfb23618d67582e2c0ea96c151a",
        ),
        (f"{STAMP_MS}{KEY}5000{ORDER}", "24d94364de53202911de412c55e1eb1705291519cb656be66aafc5e88b0ab3e2"),
        ("GET/realtime1700000010000", "e103db79e6af7269c49d14595913bd460b6b5ce35f473dd06159eb1dc14d3637"),
    ],
)
def test_the_published_vectors(text: str, expected: str) -> None:
    assert signing.sign(SECRET, text) == expected


def test_an_order_is_the_vector_byte_for_byte() -> None:
    request = place(client_id="arbtui-0001", qty=Decimal("0.001"), price=Decimal(60000)).request
    assert request.body.decode() == ORDER
    assert (request.method, request.url) == ("POST", "https://api.bybit.com/v5/order/create")
    assert dict(request.headers) == {
        "Content-Type": "application/json",
        "X-BAPI-API-KEY": KEY,
        "X-BAPI-TIMESTAMP": "1700000000000",
        "X-BAPI-RECV-WINDOW": "5000",
        "X-BAPI-SIGN": "24d94364de53202911de412c55e1eb1705291519cb656be66aafc5e88b0ab3e2",
    }


def test_a_read_is_signed_with_its_query() -> None:
    request = signing.signed(
        PROD, KEYS, "GET", "/v5/order/realtime", "x", "y", STAMP_MS, query="category=linear&settleCoin=USDT"
    )
    assert request.url == "https://api.bybit.com/v5/order/realtime?category=linear&settleCoin=USDT"
    assert request.headers["X-BAPI-SIGN"] == "6feaafd6504322f48fbc52fb1b3aff426f131cfb23618d67582e2c0ea96c151a"
    assert request.body == b""


def test_a_login_is_the_vector_and_ends_ten_seconds_later() -> None:
    (frame,) = PRIVATE.private_session(STREAM, KEYS, {}).greet(STAMP_MS)
    proof = "e103db79e6af7269c49d14595913bd460b6b5ce35f473dd06159eb1dc14d3637"
    assert json.loads(frame.frame) == {"req_id": "login", "op": "auth", "args": [KEY, 1_700_000_010_000, proof]}
    assert frame.secret


@pytest.mark.parametrize(
    ("env", "rest", "socket"),
    [
        (Environment.PROD, "api.bybit.com", "wss://stream.bybit.com/v5/private"),
        (Environment.TESTNET, "api-testnet.bybit.com", "wss://stream-testnet.bybit.com/v5/private"),
        (Environment.DEMO, "api-demo.bybit.com", "wss://stream-demo.bybit.com/v5/private"),
    ],
)
def test_each_environment_has_hosts_of_its_own_and_limits_on_them(env: Environment, rest: str, socket: str) -> None:
    request = PRIVATE.place(env, KEYS, PERP, order(), STAMP_MS).request
    assert urlsplit(request.url).hostname == rest
    assert PRIVATE.stream_url(env, STREAM, None) == socket
    assert request.bucket in {limit.bucket for limit in PRIVATE.trade_limits if limit.host == rest}


def test_no_secret_shows_in_a_call_a_frame_or_an_error() -> None:
    call = place()
    session = PRIVATE.private_session(STREAM, KEYS, {})
    with pytest.raises(ValueError) as wrong:
        place(SPOT, kind=OrderKind.MARKET, price=None)
    shown = f"{call!r} {call.request!r} {session.greet(STAMP_MS)!r} {KEYS!r} {wrong.value} {session!r}"
    for secret in (KEY, SECRET, call.request.headers["X-BAPI-SIGN"], "e103db79"):
        assert secret not in shown


def test_a_stream_that_logs_in_by_signature_has_no_key_to_ask_for() -> None:
    with pytest.raises(ValueError, match="needs no key"):
        PRIVATE.key_call(PROD, KEYS, STREAM, renew=False, stamp_ms=STAMP_MS)


def test_the_registry_knows_it_and_all_that_it_can() -> None:
    found = registry.private("bybit")
    assert type(found) is type(PRIVATE)
    assert isinstance(found, TellsRights)
    assert isinstance(found, Adjusts)
    assert STREAM.markets == (Market.PERP, Market.SPOT)


def test_an_order_that_is_late_is_refused_before_its_absence_counts() -> None:
    assert PRIVATE.absence.settle_s * 1000 > signing.RECV_WINDOW_MS
    assert PRIVATE.absence.forget_s < 24 * 3600  # canceled orders are told for 24 hours
