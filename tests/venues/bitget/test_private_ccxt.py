"""A foreign witness: ccxt signs the same path, query and body for the same moment, and asks in the same words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import ccxt.pro
import pytest

from arbtui.core.model import Market
from arbtui.core.orders import OrderKind, Side
from arbtui.venues.base import HttpRequest
from arbtui.venues.bitget import signing
from arbtui.venues.bitget.addresses import PRIVATE_SOCKET
from tests.venues.bitget.samples import (
    HAN,
    KEY,
    KEYS,
    OURS,
    PASSPHRASE,
    PERP,
    PRIVATE,
    PROD,
    SECRET,
    SPOT,
    STAMP_MS,
    further,
    place,
    rows,
    said,
    settings,
    unfilled,
)

P, K = PRIVATE, KEYS
SINCE_MS = STAMP_MS - 1000
AT_MARKET: dict[str, Any] = {"kind": OrderKind.MARKET, "price": None, "side": Side.SELL}
CALLS = {
    "place": place(),
    "place spot": place(SPOT),
    "place post-only": place(kind=OrderKind.POST_ONLY, reduce_only=True, side=Side.SELL),
    "place at market": place(reduce_only=True, **AT_MARKET),
    "place spot at market": place(SPOT, **AT_MARKET),
    "cancel": P.cancel(PROD, K, PERP, OURS, STAMP_MS),
    "cancel unnamed": P.cancel_unnamed(PROD, K, SPOT, "9161", STAMP_MS),
    "query": P.query(PROD, K, SPOT, OURS, STAMP_MS),
    "open orders": P.open_orders(PROD, K, Market.PERP, {}, STAMP_MS),
    "open spot orders": P.open_orders(PROD, K, Market.SPOT, {}, STAMP_MS),
    "second page": further(P.open_orders(PROD, K, Market.PERP, {}, STAMP_MS), rows(unfilled(), cursor="13171")),
    "history": P.history(PROD, K, PERP, SINCE_MS, STAMP_MS),
    "fills": P.fills(PROD, K, SPOT, SINCE_MS, STAMP_MS),
    "positions": P.positions(PROD, K, {}, STAMP_MS),
    "balances": P.balances(PROD, K, Market.SPOT, STAMP_MS),
    "mode": P.mode(PROD, K, Market.PERP, STAMP_MS),
    "mode, key": further(P.mode(PROD, K, Market.PERP, STAMP_MS), said(settings())),
    "leverage": P.leverage(PROD, K, PERP, STAMP_MS),
    "fees": P.fee_rates(PROD, K, PERP, STAMP_MS),
    "fees, not ASCII": P.fee_rates(PROD, K, HAN, STAMP_MS),
    "funding": P.funding_paid(PROD, K, {}, SINCE_MS, STAMP_MS),
    "set one-way": P.set_one_way(PROD, K, PERP, STAMP_MS),
    "set leverage": P.set_leverage(PROD, K, PERP, Decimal(3), STAMP_MS),
}
# Headers of an answer's path home, and the one that ccxt leaves out where there is no body.
BESIDES = {"X-CHANNEL-API-CODE", "Content-Type"}


class Caught(BaseException):
    """Stops ccxt where it would send; it swallows what is an ``Exception``."""


def _spot() -> dict[str, Any]:
    return {
        "category": "SPOT", "symbol": "BTCUSDT", "baseCoin": "BTC", "quoteCoin": "USDT", "status": "online",
        "pricePrecision": "2", "quantityPrecision": "6", "minOrderQty": "0.000001", "maxOrderQty": "0",
        "minOrderAmount": "1", "isReality": "no",
    }  # fmt: skip


def _swap() -> dict[str, Any]:
    return _spot() | {
        "category": "USDT-FUTURES", "type": "perpetual", "pricePrecision": "1", "quantityPrecision": "3",
        "maxLeverage": "150", "deliveryTime": "", "minOrderQty": "0.001", "maxOrderQty": "1900",
    }  # fmt: skip


def _instruments(params: dict[str, Any]) -> dict[str, Any]:
    listed = {"SPOT": [_spot()], "USDT-FUTURES": [_swap()]}
    return {"code": "00000", "data": listed.get(params["category"], [])}


class Witness:
    """A ccxt client of a unified account that sends nothing, and what it would have sent."""

    def __init__(self) -> None:
        config = {"apiKey": KEY, "secret": SECRET, "password": PASSPHRASE, "enableRateLimit": False}
        exchange: Any = ccxt.bitget(config)
        exchange.options["uta"] = True
        exchange.nonce = exchange.milliseconds = lambda: STAMP_MS
        exchange.fetch = self._fetch
        exchange.publicUtaGetV3MarketInstruments = _instruments
        exchange.set_markets(exchange.fetch_uta_markets({}))
        self.exchange = exchange
        self.sent: tuple[str, str, dict[str, str], str] | None = None

    def _fetch(self, url: str, method: str = "GET", headers: Any = None, body: str | None = None) -> None:
        self.sent = (method, url, dict(headers or {}), body or "")
        raise Caught

    def asks(self, call: Callable[[Any], Any]) -> tuple[str, str, dict[str, str], str]:
        with pytest.raises(Caught):
            call(self.exchange)
        assert self.sent is not None
        return self.sent


@pytest.fixture(scope="module")
def witness() -> Witness:
    return Witness()


def params_of(url: str, body: bytes | str) -> dict[str, Any]:
    return dict(json.loads(body)) if body else dict(parse_qsl(urlsplit(url).query))


@pytest.mark.parametrize("name", CALLS)
def test_ccxt_signs_the_same_bytes(name: str, witness: Witness) -> None:
    ours = CALLS[name].request
    path = urlsplit(ours.url).path.removeprefix("/api/")
    theirs = witness.exchange.sign(path, ["private", "uta"], ours.method, params_of(ours.url, ours.body))
    assert ours.url == theirs["url"]
    assert ours.body.decode() == (theirs["body"] or "")
    headers = {name: value for name, value in theirs["headers"].items() if name not in BESIDES}
    assert {name: value for name, value in ours.headers.items() if name not in BESIDES} == headers


SWAP, COIN = "BTC/USDT:USDT", "BTC/USDT"
ID, IOC = {"clientOrderId": OURS}, {"timeInForce": "IOC"}
QTY, AT = 0.125, 64000.1
SAME_WORDS: dict[str, Callable[[Any], Any]] = {  # our request -> the call of ccxt that means the same
    "place": lambda e: e.create_order(SWAP, "limit", "buy", QTY, AT, ID | IOC),
    "place spot": lambda e: e.create_order(COIN, "limit", "buy", QTY, AT, ID | IOC),
    "place post-only": lambda e: e.create_order(
        SWAP, "limit", "sell", QTY, AT, ID | {"postOnly": True, "reduceOnly": True}
    ),
    "place at market": lambda e: e.create_order(SWAP, "market", "sell", QTY, None, ID | {"reduceOnly": True}),
    "place spot at market": lambda e: e.create_order(COIN, "market", "sell", QTY, None, ID),
    "cancel": lambda e: e.cancel_order("", SWAP, ID),
    "cancel unnamed": lambda e: e.cancel_order("9161", COIN),
    "query": lambda e: e.fetch_order("", COIN, ID),
    "open orders": lambda e: e.fetch_open_orders(SWAP, None, 100),
    "open spot orders": lambda e: e.fetch_open_orders(COIN, None, 100),
    "fills": lambda e: e.fetch_my_trades(COIN, SINCE_MS, 100),
    "positions": lambda e: e.fetch_positions([SWAP]),
    "balances": lambda e: e.fetch_balance(),
    "fees": lambda e: e.fetch_trading_fee(SWAP),
    "set one-way": lambda e: e.set_position_mode(False, SWAP),
    "set leverage": lambda e: e.set_leverage(3, SWAP),
}
# What only one of the two says: of market orders no life is asked for, a coin of margin loans only.
UNSAID = {
    "place at market": {"timeInForce"},
    "place spot at market": {"timeInForce"},
    "cancel": {"category"},
    "cancel unnamed": {"category"},
    "set leverage": {"coin"},
    "fills": {"category"},
}


@pytest.mark.parametrize("name", SAME_WORDS)
def test_ccxt_means_the_same_by_the_same_words(name: str, witness: Witness) -> None:
    request: HttpRequest = CALLS[name].request
    method, url, _, body = witness.asks(SAME_WORDS[name])
    assert (request.method, request.url.partition("?")[0]) == (method, url.partition("?")[0])
    ours, theirs = params_of(request.url, request.body), params_of(url, body)
    for number in ("qty", "price"):
        assert Decimal(ours.pop(number, "1")) == Decimal(theirs.pop(number, "1"))
    assert ours.keys() ^ theirs.keys() <= UNSAID.get(name, set()) | {"symbol"}
    shared = ours.keys() & theirs.keys()
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}


def test_the_socket_and_its_login_are_those_that_ccxt_knows() -> None:
    pro: Any = ccxt.pro.bitget()
    assert PRIVATE_SOCKET[PROD] == pro.urls["api"]["ws"]["utaPrivate"]
    theirs = pro.hmac(pro.encode("1700000000GET/user/verify"), pro.encode(SECRET), hashlib.sha256, "base64")
    assert json.loads(signing.login(KEYS, STAMP_MS))["args"][0]["sign"] == theirs
