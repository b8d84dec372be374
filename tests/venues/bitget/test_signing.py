"""Signatures equal those that ccxt and plain hmac make of the same input."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import quote, urlsplit

import pytest

from arbtui.core.model import Market
from arbtui.core.orders import OrderKind
from arbtui.venues import registry
from arbtui.venues.base import Environment
from arbtui.venues.bitget import signing
from arbtui.venues.private import Adjusts, TellsRights
from tests.venues.bitget.samples import (
    HAN,
    KEY,
    KEYS,
    PASSPHRASE,
    PERP,
    PRIVATE,
    PROD,
    SECRET,
    SPOT,
    STAMP_MS,
    order,
    place,
)

ORDER = (
    '{"category":"USDT-FUTURES","symbol":"BTCUSDT","side":"buy","orderType":"limit","qty":"0.001","price":"60000",'
    '"timeInForce":"ioc","clientOid":"arbtui-0001"}'
)
CLASSIC_ORDER = (
    '{"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.001",'
    '"price":"60000","side":"buy","orderType":"limit","force":"ioc","clientOid":"arbtui-0001"}'
)
STREAM = PRIVATE.user_streams(PROD)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{STAMP_MS}GET/api/v2/mix/position/all-position?marginCoin=USDT&productType=USDT-FUTURES",
            "1mg14Qi5qOD9IZo4m7Qi1464VoxXGJ085Igu/ts/568=",
        ),
        (f"{STAMP_MS}POST/api/v2/mix/order/place-order{CLASSIC_ORDER}", "e0CXlHzMfjQI6uY+ZD2ixzBTEX167+/rDmiOkE9WfAQ="),
        (f"{STAMP_MS}POST/api/v3/trade/place-order{ORDER}", "tgq+vSCU3JSf5WLHUp+X2Y1RtnBSe2SVe0UT5Usa61s="),
        ("1700000000GET/user/verify", "yAIvsuitHd6ktn1qBsaj5Ru4P6clZLheqjVMXBeD1wA="),
    ],
)
def test_the_published_vectors(text: str, expected: str) -> None:
    assert signing.sign(SECRET, text) == expected


def test_an_order_is_the_vector_byte_for_byte() -> None:
    request = place(client_id="arbtui-0001", qty=Decimal("0.001"), price=Decimal(60000)).request
    assert request.body.decode() == ORDER
    assert (request.method, request.url) == ("POST", "https://api.bitget.com/api/v3/trade/place-order")
    assert dict(request.headers) == {
        "Content-Type": "application/json",
        "ACCESS-KEY": KEY,
        "ACCESS-SIGN": "tgq+vSCU3JSf5WLHUp+X2Y1RtnBSe2SVe0UT5Usa61s=",
        "ACCESS-TIMESTAMP": "1700000000000",
        "ACCESS-PASSPHRASE": PASSPHRASE,
    }


def test_a_read_is_signed_with_its_query_in_order() -> None:
    request = signing.signed(
        PROD,
        KEYS,
        "GET",
        "/api/v2/mix/position/all-position",
        "x",
        "y",
        STAMP_MS,
        query={"productType": "USDT-FUTURES", "marginCoin": "USDT"},
    )
    assert request.url.endswith("/all-position?marginCoin=USDT&productType=USDT-FUTURES")
    assert request.headers["ACCESS-SIGN"] == "1mg14Qi5qOD9IZo4m7Qi1464VoxXGJ085Igu/ts/568="


def test_a_name_that_is_not_ascii_is_signed_as_it_is_and_goes_out_encoded() -> None:
    request = PRIVATE.fee_rates(PROD, KEYS, HAN, STAMP_MS).request
    path = "/api/v3/account/fee-rate?category=USDT-FUTURES&symbol="
    assert request.url == "https://api.bitget.com" + path + quote("牛来USDT")
    assert request.headers["ACCESS-SIGN"] == signing.sign(SECRET, f"{STAMP_MS}GET{path}牛来USDT")


def test_a_login_is_the_vector_and_tells_its_time_in_seconds() -> None:
    (frame,) = PRIVATE.private_session(STREAM, KEYS, {}).greet(STAMP_MS + 999)
    sign = "yAIvsuitHd6ktn1qBsaj5Ru4P6clZLheqjVMXBeD1wA="
    proof = {"apiKey": KEY, "passphrase": PASSPHRASE, "timestamp": "1700000000", "sign": sign}
    assert json.loads(frame.frame) == {"op": "login", "args": [proof]}
    assert frame.secret


@pytest.mark.parametrize(
    ("env", "socket", "header"),
    [
        (Environment.PROD, "wss://ws.bitget.com/v3/ws/private", None),
        (Environment.TESTNET, "wss://wspap.bitget.com/v3/ws/private", "1"),
        (Environment.DEMO, "wss://wspap.bitget.com/v3/ws/private", "1"),
    ],
)
def test_demo_trading_has_a_socket_and_a_header_of_its_own(env: Environment, socket: str, header: str | None) -> None:
    request = PRIVATE.place(env, KEYS, PERP, order(), STAMP_MS).request
    assert PRIVATE.stream_url(env, STREAM, None) == socket
    assert request.headers.get("PAPTRADING") == header
    assert request.bucket in {limit.bucket for limit in PRIVATE.trade_limits}
    assert {limit.host for limit in PRIVATE.trade_limits} == {urlsplit(request.url).hostname}


def test_no_secret_shows_in_a_call_a_frame_or_an_error() -> None:
    call = place()
    session = PRIVATE.private_session(STREAM, KEYS, {})
    with pytest.raises(ValueError) as wrong:
        place(SPOT, kind=OrderKind.MARKET, price=None)
    shown = f"{call!r} {call.request!r} {session.greet(STAMP_MS)!r} {KEYS!r} {wrong.value} {session!r}"
    for secret in (KEY, SECRET, PASSPHRASE, call.request.headers["ACCESS-SIGN"], "yAIvsuit"):
        assert secret not in shown


def test_a_stream_that_logs_in_by_signature_has_no_key_to_ask_for() -> None:
    with pytest.raises(ValueError, match="needs no key"):
        PRIVATE.key_call(PROD, KEYS, STREAM, renew=False, stamp_ms=STAMP_MS)


def test_the_registry_knows_it_and_all_that_it_can() -> None:
    found = registry.private("bitget")
    assert type(found) is type(PRIVATE)
    assert isinstance(found, TellsRights)
    assert isinstance(found, Adjusts)
    assert STREAM.markets == (Market.PERP, Market.SPOT)


def test_an_order_that_is_late_has_taken_effect_before_its_absence_counts() -> None:
    assert PRIVATE.absence.settle_s * 1000 > signing.VALID_MS
    assert PRIVATE.absence.forget_s < 2 * 3600
