"""A foreign witness: ccxt signs the same path, query and body for the same moment, and asks in the same words."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import ccxt
import pytest

from arbtui.core.model import Market
from arbtui.core.orders import OrderKind, Side
from arbtui.venues.base import Environment, HttpRequest
from tests.venues.bybit.samples import (
    KEY,
    KEYS,
    OURS,
    PERP,
    PRIVATE,
    PROD,
    SECRET,
    SPOT,
    STAMP_MS,
    further,
    key_info,
    place,
    rows,
    said,
    unfilled,
)
from tests.venues.bybit_frames import linear_row, spot_row

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
    "cancel unnamed": P.cancel_unnamed(PROD, K, SPOT, "9aac161b", STAMP_MS),
    "query": P.query(PROD, K, SPOT, OURS, STAMP_MS),
    "query elsewhere": further(P.query(PROD, K, SPOT, OURS, STAMP_MS), rows(category="spot")),
    "open orders": P.open_orders(PROD, K, Market.PERP, {}, STAMP_MS),
    "open spot orders": P.open_orders(PROD, K, Market.SPOT, {}, STAMP_MS),
    "second page": further(
        P.open_orders(PROD, K, Market.PERP, {}, STAMP_MS), rows(unfilled(), cursor="13%3A17%2C13%3A17")
    ),
    "history": P.history(PROD, K, PERP, SINCE_MS, STAMP_MS),
    "fills": P.fills(PROD, K, SPOT, SINCE_MS, STAMP_MS),
    "positions": P.positions(PROD, K, {}, STAMP_MS),
    "balances": P.balances(PROD, K, Market.SPOT, STAMP_MS),
    "mode": P.mode(PROD, K, Market.PERP, STAMP_MS),
    "mode, account": further(P.mode(PROD, K, Market.PERP, STAMP_MS), said(key_info())),
    "leverage": P.leverage(PROD, K, PERP, STAMP_MS),
    "fees": P.fee_rates(PROD, K, PERP, STAMP_MS),
    "funding": P.funding_paid(PROD, K, {}, SINCE_MS, STAMP_MS),
    "set one-way": P.set_one_way(PROD, K, PERP, STAMP_MS),
    "set leverage": P.set_leverage(PROD, K, PERP, Decimal(3), STAMP_MS),
}


class Caught(Exception):
    """Stops ccxt where it would send."""


def _instruments(params: dict[str, Any]) -> dict[str, Any]:
    listed = [] if "status" in params else [spot_row() if params["category"] == "spot" else linear_row()]
    return {"retCode": 0, "result": {"category": params["category"], "list": listed}}


class Witness:
    """A ccxt client that sends nothing, and what it would have sent."""

    def __init__(self) -> None:
        exchange: Any = ccxt.bybit({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False})
        exchange.options |= {"enableUnifiedMargin": False, "enableUnifiedAccount": True, "unifiedMarginStatus": 5}
        exchange.nonce = exchange.milliseconds = lambda: STAMP_MS
        exchange.fetch = self._fetch
        exchange.publicGetV5MarketInstrumentsInfo = _instruments
        exchange.set_markets([*exchange.fetch_spot_markets({}), *exchange.fetch_future_markets({"category": "linear"})])
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
    """``cursor`` stands last and is written as it came; ccxt writes it so as well."""
    if body:
        return dict(json.loads(body))
    query, _, cursor = urlsplit(url).query.partition("&cursor=")
    return dict(parse_qsl(query)) | ({"cursor": cursor} if cursor else {})


@pytest.mark.parametrize("name", CALLS)
def test_ccxt_signs_the_same_bytes(name: str, witness: Witness) -> None:
    ours = CALLS[name].request
    path = urlsplit(ours.url).path.removeprefix("/")
    theirs = witness.exchange.sign(path, ["private"], ours.method, params_of(ours.url, ours.body))
    assert ours.url == theirs["url"].rstrip("?")
    assert ours.body.decode() == (theirs["body"] or "")
    headers = {name: value for name, value in theirs["headers"].items() if name != "Referer"}
    assert dict(ours.headers) == headers


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
    "cancel": lambda e: e.cancel_order("", SWAP, {"orderLinkId": OURS}),
    "cancel unnamed": lambda e: e.cancel_order("9aac161b", COIN),
    "query": lambda e: e.fetch_open_order("", COIN, {"orderLinkId": OURS}),
    "query elsewhere": lambda e: e.fetch_canceled_and_closed_orders(COIN, None, None, {"orderLinkId": OURS}),
    "fills": lambda e: e.fetch_my_trades(COIN, SINCE_MS, 100),
    "positions": lambda e: e.fetch_positions(None, {"limit": 200, "settleCoin": "USDT"}),
    "balances": lambda e: e.fetch_balance(),
    "fees": lambda e: e.fetch_trading_fee(SWAP),
    "leverage": lambda e: e.fetch_leverage(SWAP),
    "set one-way": lambda e: e.set_position_mode(False, SWAP),
    "set leverage": lambda e: e.set_leverage(3, SWAP),
}
# What only one of the two says, and what Bybit takes for it where nothing is said.
UNSAID = {"positionIdx": 0, "isLeverage": 0, "orderFilter": "Order", "orderId": ""}


@pytest.mark.parametrize("name", SAME_WORDS)
def test_ccxt_means_the_same_by_the_same_words(name: str, witness: Witness) -> None:
    request: HttpRequest = CALLS[name].request
    method, url, _, body = witness.asks(SAME_WORDS[name])
    assert (request.method, request.url.partition("?")[0]) == (method, url.partition("?")[0])
    ours, theirs = params_of(request.url, request.body), params_of(url, body)
    if name == "fills":
        assert theirs.pop("execType") == "Trade"  # ccxt leaves out what the venue itself traded
    for number in ("qty", "price"):
        assert Decimal(ours.pop(number, "1")) == Decimal(theirs.pop(number, "1"))
    for unsaid, default in UNSAID.items():
        if unsaid not in ours or unsaid not in theirs:
            assert default in (ours.pop(unsaid, default), theirs.pop(unsaid, default))
    assert ours == theirs


def test_the_hosts_are_those_that_ccxt_knows(witness: Witness) -> None:
    urls = witness.exchange.urls
    for env, theirs in (
        (PROD, urls["api"]),
        (Environment.TESTNET, urls["test"]),
        (Environment.DEMO, urls["demotrading"]),
    ):
        rest = theirs["private"].replace("{hostname}", "bybit.com")
        assert PRIVATE.balances(env, KEYS, Market.SPOT, STAMP_MS).request.url.startswith(rest + "/v5/")
