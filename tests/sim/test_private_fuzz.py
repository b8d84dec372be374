"""Whatever an account asks of a simulated venue, it is answered in the venue's words, and money stays what it was."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.sim.base import Reply
from arbtui.sim.binance import Binance
from arbtui.sim.bitget import Bitget
from arbtui.sim.bybit import Bybit
from arbtui.sim.okx import Okx
from tests.sim import binance_private_support, bitget_private_support, bybit_private_support, okx_private_support
from tests.sim.trading import ByNameBench

_ODD = [
    "",
    "0",
    "-1",
    "1e5",
    "nan",
    "0.01",
    "5",
    "1795158000000",
    "BTCUSDT",
    "BTC-USDT-SWAP",
    "BTC-USDT",
    "true",
    "[]",
    "{",
]
_WORDS = [
    "BUY", "SELL", "buy", "sell", "LIMIT", "MARKET", "GTC", "IOC", "GTX", "ioc", "limit", "market", "post_only",
    "cross", "cash", "net", "BOTH", "LONG", "SWAP", "SPOT", "٣", "²", "83000.00", "83000.1",
]  # fmt: skip
_TEXTS = st.one_of(st.sampled_from(_ODD + _WORDS), st.text(max_size=8))
_NAMES = [
    "symbol", "side", "type", "timeInForce", "quantity", "price", "newClientOrderId", "origClientOrderId", "orderId",
    "positionSide", "reduceOnly", "startTime", "endTime", "limit", "fromId", "page", "quoteOrderQty", "batchOrders",
    "orderIdList", "leverage", "marginType", "dualSidePosition", "countdownTime", "newOrderRespType", "incomeType",
]  # fmt: skip
_OKX_NAMES = [
    "instId", "instType", "instFamily", "uly", "tdMode", "side", "ordType", "sz", "px", "clOrdId", "ordId", "posSide",
    "reduceOnly", "tgtCcy", "tag", "after", "before", "begin", "end", "limit", "lever", "mgnMode", "posMode", "timeOut",
    "type", "ccy", "state",
]  # fmt: skip


_BYBIT_NAMES = [
    "category", "symbol", "side", "orderType", "qty", "price", "timeInForce", "orderLinkId", "orderId", "positionIdx",
    "reduceOnly", "marketUnit", "isLeverage", "baseCoin", "settleCoin", "openOnly", "startTime", "endTime", "limit",
    "cursor", "execType", "coin", "mode", "buyLeverage", "sellLeverage", "accountType", "currency", "type",
]  # fmt: skip


_BITGET_NAMES = [
    "category", "symbol", "side", "orderType", "qty", "price", "timeInForce", "clientOid", "orderId", "posSide",
    "reduceOnly", "marginMode", "startTime", "endTime", "limit", "cursor", "coin", "type", "holdMode", "leverage",
    "productType", "marginCoin", "size", "force", "tradeSide", "idLessThan", "posMode", "businessType",
]  # fmt: skip


@pytest.fixture(scope="module")
def bitget() -> bitget_private_support.Trader:
    return bitget_private_support.Trader()


@pytest.fixture(scope="module")
def classic() -> bitget_private_support.Trader:
    return bitget_private_support.Trader("classic")


@pytest.fixture(scope="module")
def bybit() -> bybit_private_support.Trader:
    return bybit_private_support.Trader()


@pytest.fixture(scope="module")
def binance() -> binance_private_support.Trader:
    return binance_private_support.Trader()


@pytest.fixture(scope="module")
def okx() -> okx_private_support.Trader:
    return okx_private_support.Trader()


@settings(max_examples=150, deadline=None)
@given(data=st.data(), params=st.dictionaries(st.sampled_from(_NAMES), _TEXTS, max_size=9))
def test_any_request_to_binance_is_answered(
    binance: binance_private_support.Trader, data: st.DataObject, params: dict[str, str]
) -> None:
    venue = binance.venue()
    assert isinstance(venue, Binance)
    method, path = data.draw(st.sampled_from(sorted(venue.private.rest_table())))
    if data.draw(st.booleans()):
        params["symbol"] = "BTCUSDT"
    binance.t_ns += 10 * 10**9
    reply = binance.send(method, path, binance.signed(params))
    body = orjson.loads(reply.body)
    assert (reply.status == 200) or (reply.status in (400, 401, 429) and body["code"] < 0 and body["msg"])


@settings(max_examples=150, deadline=None)
@given(data=st.data(), params=st.dictionaries(st.sampled_from(_OKX_NAMES), _TEXTS, max_size=9))
def test_any_request_to_okx_is_answered(
    okx: okx_private_support.Trader, data: st.DataObject, params: dict[str, Any]
) -> None:
    venue = okx.venue("okx")
    assert isinstance(venue, Okx)
    method, path = data.draw(st.sampled_from(sorted(venue.private.paths())))
    if data.draw(st.booleans()):
        params["instId"] = "BTC-USDT-SWAP"
    okx.t_ns += 10 * 10**9
    if method == "GET":
        reply = okx.send(method, path.removeprefix("/api/v5"), urlencode(params))
    else:
        asks: Any = [params, params] if data.draw(st.booleans()) else params
        reply = okx.send(method, path.removeprefix("/api/v5"), body=orjson.dumps(asks).decode())
    body = orjson.loads(reply.body)
    assert reply.status in (200, 400, 429)
    assert isinstance(body["code"], str)
    assert isinstance(body["data"], list)


def sent(trader: ByNameBench, method: str, path: str, params: dict[str, Any]) -> Reply:
    asked = urlencode(params) if method == "GET" else orjson.dumps(params).decode()
    return trader.send(method, path, *((asked,) if method == "GET" else ("", asked)))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), params=st.dictionaries(st.sampled_from(_BYBIT_NAMES), _TEXTS, max_size=9))
def test_any_request_to_bybit_is_answered(
    bybit: bybit_private_support.Trader, data: st.DataObject, params: dict[str, Any]
) -> None:
    venue = bybit.venue("bybit")
    assert isinstance(venue, Bybit)
    method, path = data.draw(st.sampled_from(sorted(venue.private.paths())))
    if data.draw(st.booleans()):
        more = {"side": "Buy", "orderType": "Limit", "qty": "0.010"}
        params = {"category": "linear", "symbol": "BTCUSDT", **(more if method == "POST" else {}), **params}
    bybit.t_ns += 10 * 10**9
    if method == "POST" and data.draw(st.booleans()):
        params["qty"] = data.draw(st.sampled_from([None, 5, -1.5, [], {}, True]))
    reply = sent(bybit, method, path, params)
    body = orjson.loads(reply.body)
    assert reply.status == 200
    assert isinstance(body["retCode"], int)
    assert isinstance(body["retMsg"], str)
    assert isinstance(body["result"], dict)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), params=st.dictionaries(st.sampled_from(_BITGET_NAMES), _TEXTS, max_size=9))
def test_any_request_to_bitget_is_answered(
    bitget: bitget_private_support.Trader,
    classic: bitget_private_support.Trader,
    data: st.DataObject,
    params: dict[str, Any],
) -> None:
    venue = bitget.venue("bitget")
    assert isinstance(venue, Bitget)
    method, path = data.draw(st.sampled_from(sorted(venue.private.paths())))
    one = classic if path.startswith("/api/v2/") else bitget
    if data.draw(st.booleans()):
        more = {"side": "buy", "orderType": "limit", "qty": "0.01", "size": "0.01", "price": "83000"}
        kind = {"category": "USDT-FUTURES", "productType": "USDT-FUTURES", "marginCoin": "USDT", "businessType": "mix"}
        params = {**kind, "symbol": "BTCUSDT", "marginMode": "crossed", **(more if method == "POST" else {}), **params}
    one.t_ns += 10 * 10**9
    if method == "POST" and data.draw(st.booleans()):
        params["qty"] = params["size"] = data.draw(st.sampled_from([None, 5, -1.5, [], {}, True]))
    reply = sent(one, method, path, params)
    body = orjson.loads(reply.body)
    assert (body["code"] == "00000") is (reply.status == 200)
    assert reply.status in (200, 400)
    assert body["code"] not in ("40084", "40085")


@settings(max_examples=60, deadline=None)
@given(
    text=st.one_of(
        st.text(max_size=40),
        st.sampled_from(
            [
                '{"op":"order","args":[{}]}',
                '{"method":"order.place","params":[]}',
                '{"op":"batch-orders","args":[{"instIdCode":"x"}]}',
                '{"op":"subscribe","args":[{"channel":"orders","instType":3}]}',
                '{"op":"subscribe","args":["order",5]}',
                '{"op":"auth","args":["²",[],{}]}',
                '{"op":[],"req_id":{}}',
                '{"op":"login","args":[{"timestamp":"²"}]}',
                '{"op":"subscribe","args":[{"instType":"UTA","topic":[]}]}',
                '{"op":"trade","topic":[],"args":[{}]}',
                '{"op":"trade","topic":"place-order","args":[{"qty":{}}]}',
            ]
        ),
    )
)
def test_any_text_on_a_private_socket_is_survived(
    okx: okx_private_support.Trader,
    binance: binance_private_support.Trader,
    bybit: bybit_private_support.Trader,
    bitget: bitget_private_support.Trader,
    text: str,
) -> None:
    session, _ = okx.login()
    session.on_text(text)
    other, _ = binance.connect(binance_private_support.WS_API)
    other.on_text(text)
    third, _ = bybit.login()
    third.on_text(text)
    fourth, _ = bitget.login()
    fourth.on_text(text)
    okx.t_ns += 10**9
    binance.t_ns += 10**9
    bybit.t_ns += 10**9
    bitget.t_ns += 10**9
