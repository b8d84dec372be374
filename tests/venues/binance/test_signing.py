"""Signatures, byte for byte, and the texts that go into them."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbtui.venues.base import HttpRequest
from arbtui.venues.binance.signing import sign, signed_request, signed_ws_params, ws_payload
from arbtui.venues.private import Keys
from arbtui.venues.sending import number
from tests.venues.binance.private_samples import KEYS, STAMP_MS

DOCS = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
DEMO = "arbtui-demo-secret"
ORDER = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
LIMIT = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=IOC&quantity=0.010&price=64000.10"
NAMED = f"{LIMIT}&newClientOrderId=arb-0001-A&newOrderRespType=RESULT&recvWindow=5000"
DOCS_WS: dict[str, str | int] = {
    "symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01000000",
    "price": "52000.00", "recvWindow": 100, "timestamp": 1645423376532,
    "apiKey": "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
}  # fmt: skip


@pytest.mark.parametrize(
    ("secret", "payload", "signature"),
    [
        (DOCS, ORDER, "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
        (
            DOCS,
            ORDER.replace("LTCBTC", "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96"),
            "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
        ),
        (
            DEMO,
            f"{NAMED}&timestamp=1780000000000",
            "578b8ac182865a302b3b54cbf0f2a59fe0a7bdff0ca32a55d69ffb55cda63646",
        ),
        (
            DEMO,
            f"timestamp=1780000000000&{NAMED}",
            "98332aa3afc788a3c896282886a1bd0212cc95f06cc83b361a6a8957be631d5c",
        ),
        (DOCS, ws_payload(DOCS_WS), "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24"),
        (
            DEMO,
            "apiKey=arbtui-demo-key&timestamp=1780000000000",
            "4365fff89d22997d448a5ca7c82604053c96dc07b9a59343b379c369656bc198",
        ),
    ],
)
def test_known_payloads_have_their_known_signatures(secret: str, payload: str, signature: str) -> None:
    assert sign(secret, payload) == signature


def test_a_websocket_payload_is_sorted_by_name() -> None:
    names = [part.partition("=")[0] for part in ws_payload(DOCS_WS).split("&")]
    assert names == sorted(DOCS_WS)


def test_a_subscription_on_the_websocket_api_is_signed_as_the_vector_says() -> None:
    assert signed_ws_params(KEYS, STAMP_MS) == {
        "apiKey": "arbtui-demo-key",
        "timestamp": STAMP_MS,
        "signature": "4365fff89d22997d448a5ca7c82604053c96dc07b9a59343b379c369656bc198",
    }


def asked(method: str, **params: str) -> HttpRequest:
    url = "https://fapi.binance.com/fapi/v1/order"
    return signed_request(KEYS, method, url, list(params.items()), STAMP_MS, purpose="test", cost=1)


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_what_is_signed_is_what_is_sent(method: str) -> None:
    request = asked(method, symbol="币安人生USDT", quantity="0.010")
    sent = request.body.decode() if method == "POST" else request.url.partition("?")[2]
    payload, _, signature = sent.rpartition("&signature=")
    assert signature == sign(DEMO, payload)
    assert payload == (
        f"timestamp={STAMP_MS}&symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&quantity=0.010&recvWindow=5000"
    )
    assert request.headers["X-MBX-APIKEY"] == "arbtui-demo-key"


def test_a_post_keeps_its_parameters_out_of_the_address() -> None:
    request = asked("POST", symbol="BTCUSDT")
    assert "?" not in request.url
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_secret_is_shown(method: str) -> None:
    request = asked(method, symbol="BTCUSDT", newClientOrderId="h1")
    signature = dict(parse_qsl(request.body.decode() or request.url.partition("?")[2]))["signature"]
    for text in (repr(request), str(request), f"{request}", repr([request])):
        assert not any(secret in text for secret in (*KEYS.secrets(), signature))
    assert "https://fapi.binance.com/fapi/v1/order" in repr(request)


def test_a_missing_secret_is_no_empty_secret() -> None:
    with pytest.raises(KeyError):
        signed_request(Keys({"api_key": "k"}), "GET", "https://x/y", [], STAMP_MS, purpose="test", cost=1)


@given(st.decimals(min_value="1e-30", max_value="1e30", allow_nan=False, allow_infinity=False))
def test_a_number_is_written_exactly_and_without_an_exponent(value: Decimal) -> None:
    text = number(value, "quantity")
    assert Decimal(text) == value
    assert set(text) <= set("0123456789.")


@given(st.integers(1, 10**12), st.integers(-8, 8))
def test_every_digit_of_a_multiple_of_a_step_is_kept(lots: int, exponent: int) -> None:
    step = Decimal(10) ** exponent
    assert Decimal(number(lots * step, "quantity")) == lots * step


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity", "-0"])
def test_what_cannot_be_ordered_is_not_written(value: str) -> None:
    with pytest.raises(ValueError):
        number(Decimal(value), "quantity")


@pytest.mark.parametrize(("value", "text"), [("1E+3", "1000"), ("0.010", "0.010"), ("1E-8", "0.00000001")])
def test_trailing_zeros_stay_and_exponents_go(value: str, text: str) -> None:
    assert number(Decimal(value), "quantity") == text
