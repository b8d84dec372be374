"""ccxt signs the same bytes as we do for the same input, and asks for the same things in the same words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import ccxt
import pytest

from arbtui.core.model import Market
from arbtui.core.orders import OrderKind, Side
from arbtui.venues.base import HttpRequest
from arbtui.venues.binance import userstream
from arbtui.venues.binance.signing import RECV_WINDOW_MS
from tests.venues.binance.private_samples import KEYS, OURS, PERP, PRIVATE, PROD, SPOT, STAMP_MS, listed, order
from tests.venues.binance_samples import perp_symbol, spot_symbol
from tests.venues.ccxt_witness import Witness

SINCE_MS = STAMP_MS - 3_600_000
NOT_OURS = ("timestamp", "recvWindow", "signature")
CHINESE = listed(Market.PERP, "币安人生USDT")


@pytest.fixture(scope="module")
def witness() -> Witness:
    keys = {"apiKey": KEYS["api_key"], "secret": KEYS["api_secret"]}
    exchange: Any = ccxt.binance({**keys, "options": {"recvWindow": RECV_WINDOW_MS, "defaultType": "spot"}})
    exchange.options |= {"crossMarginPairsData": [], "isolatedMarginPairsData": []}
    types = ["LIMIT", "LIMIT_MAKER", "MARKET"]
    rows = [spot_symbol(permissions=["SPOT"], orderTypes=types), perp_symbol(orderTypes=types)]
    exchange.set_markets([exchange.parse_market(row) for row in rows])
    return Witness(exchange, STAMP_MS)


def params_of(url: str, body: str) -> dict[str, str]:
    found = dict(parse_qsl(url.partition("?")[2] or body, keep_blank_values=True))
    return {name: text for name, text in found.items() if name not in NOT_OURS}


def perp_order(**fields: Any) -> HttpRequest:
    return PRIVATE.place(PROD, KEYS, PERP, order(**fields), STAMP_MS).request


def spot_order(**fields: Any) -> HttpRequest:
    return PRIVATE.place(PROD, KEYS, SPOT, order(SPOT, **fields), STAMP_MS).request


AT_MARKET = {"kind": OrderKind.MARKET, "price": None}
P, K = PRIVATE, KEYS
SIGNED = {  # what we ask -> the section and path under which ccxt knows it
    "perp ioc": (perp_order(), "fapiPrivate", "order"),
    "perp post-only": (perp_order(kind=OrderKind.POST_ONLY, reduce_only=True), "fapiPrivate", "order"),
    "perp market": (perp_order(side=Side.SELL, **AT_MARKET), "fapiPrivate", "order"),
    "perp, Chinese": (
        P.place(PROD, K, CHINESE, order(CHINESE), STAMP_MS).request, "fapiPrivate", "order",
    ),
    "spot ioc": (spot_order(), "private", "order"),
    "spot post-only": (spot_order(kind=OrderKind.POST_ONLY), "private", "order"),
    "spot market": (spot_order(side=Side.SELL, **AT_MARKET), "private", "order"),
    "perp cancel": (P.cancel(PROD, K, PERP, OURS, STAMP_MS).request, "fapiPrivate", "order"),
    "spot cancel": (P.cancel(PROD, K, SPOT, OURS, STAMP_MS).request, "private", "order"),
    "perp query": (P.query(PROD, K, PERP, OURS, STAMP_MS).request, "fapiPrivate", "order"),
    "spot query": (P.query(PROD, K, SPOT, OURS, STAMP_MS).request, "private", "order"),
    "perp open": (P.open_orders(PROD, K, Market.PERP, {}, STAMP_MS).request, "fapiPrivate", "openOrders"),
    "spot open": (P.open_orders(PROD, K, Market.SPOT, {}, STAMP_MS).request, "private", "openOrders"),
    "perp history": (P.history(PROD, K, PERP, SINCE_MS, STAMP_MS).request, "fapiPrivate", "allOrders"),
    "spot history": (P.history(PROD, K, SPOT, SINCE_MS, STAMP_MS).request, "private", "allOrders"),
    "perp fills": (P.fills(PROD, K, PERP, SINCE_MS, STAMP_MS).request, "fapiPrivate", "userTrades"),
    "spot fills": (P.fills(PROD, K, SPOT, SINCE_MS, STAMP_MS).request, "private", "myTrades"),
    "positions": (P.positions(PROD, K, {}, STAMP_MS).request, "fapiPrivateV3", "positionRisk"),
    "perp balances": (P.balances(PROD, K, Market.PERP, STAMP_MS).request, "fapiPrivateV3", "balance"),
    "spot balances": (P.balances(PROD, K, Market.SPOT, STAMP_MS).request, "private", "account"),
    "perp mode": (P.mode(PROD, K, Market.PERP, STAMP_MS).request, "fapiPrivate", "accountConfig"),
    "spot mode": (P.mode(PROD, K, Market.SPOT, STAMP_MS).request, "private", "account"),
    "leverage": (P.leverage(PROD, K, PERP, STAMP_MS).request, "fapiPrivate", "symbolConfig"),
    "perp fees": (P.fee_rates(PROD, K, PERP, STAMP_MS).request, "fapiPrivate", "commissionRate"),
    "spot fees": (P.fee_rates(PROD, K, SPOT, STAMP_MS).request, "private", "account/commission"),
    "funding": (P.funding_paid(PROD, K, {}, SINCE_MS, STAMP_MS).request, "fapiPrivate", "income"),
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNED)
def test_ccxt_signs_the_same_bytes(name: str, witness: Witness) -> None:
    request, section, path = SIGNED[name]
    signed = witness.exchange.sign(path, [section], request.method, params_of(request.url, request.body.decode()))
    assert request.url == signed["url"]
    assert request.body == (signed["body"] or "").encode()
    assert dict(request.headers) == signed["headers"]


@pytest.mark.parametrize("renew", [False, True])
def test_ccxt_asks_for_the_listen_key_with_the_same_bytes(renew: bool, witness: Witness) -> None:
    call = PRIVATE.key_call(PROD, KEYS, userstream.USDM, renew=renew, stamp_ms=STAMP_MS)
    method, url, headers, body = witness.asks(
        lambda e: e.fapiPrivatePutListenKey() if renew else e.fapiPrivatePostListenKey()
    )
    ours = (call.request.method, call.request.url, dict(call.request.headers), call.request.body.decode())
    assert ours == (method, url, headers, body)


USDM_SYMBOL, SPOT_SYMBOL = "BTC/USDT:USDT", "BTC/USDT"
ID, IOC = {"newClientOrderId": OURS}, {"timeInForce": "IOC"}
QTY, AT = 0.01, 64000.1
BY_ID = {"clientOrderId": OURS}
SAME_WORDS: dict[str, Callable[[Any], Any]] = {  # our request -> the call of ccxt that means the same
    "perp ioc": lambda e: e.create_order(USDM_SYMBOL, "limit", "buy", QTY, AT, ID | IOC),
    "perp post-only": lambda e: e.create_order(
        USDM_SYMBOL, "limit", "buy", QTY, AT, ID | {"postOnly": True, "reduceOnly": True}
    ),
    "perp market": lambda e: e.create_order(USDM_SYMBOL, "market", "sell", QTY, None, ID),
    "spot ioc": lambda e: e.create_order(SPOT_SYMBOL, "limit", "buy", QTY, AT, ID | IOC),
    "spot post-only": lambda e: e.create_order(SPOT_SYMBOL, "limit", "buy", QTY, AT, ID | {"postOnly": True}),
    "spot market": lambda e: e.create_order(SPOT_SYMBOL, "market", "sell", QTY, None, ID),
    "perp cancel": lambda e: e.cancel_order("", USDM_SYMBOL, BY_ID),
    "spot cancel": lambda e: e.cancel_order("", SPOT_SYMBOL, BY_ID),
    "perp query": lambda e: e.fetch_order("", USDM_SYMBOL, BY_ID),
    "spot query": lambda e: e.fetch_order("", SPOT_SYMBOL, BY_ID),
    "perp history": lambda e: e.fetch_orders(USDM_SYMBOL, SINCE_MS, 1000),
    "spot history": lambda e: e.fetch_orders(SPOT_SYMBOL, SINCE_MS, 1000),
    "perp fills": lambda e: e.fetch_my_trades(USDM_SYMBOL, SINCE_MS, 1000),
    "spot fills": lambda e: e.fetch_my_trades(SPOT_SYMBOL, SINCE_MS, 1000),
    "perp fees": lambda e: e.fetch_trading_fee(USDM_SYMBOL),
    "funding": lambda e: e.fetch_funding_history(None, SINCE_MS, 1000, {"subType": "linear", "type": "swap"}),
}


@pytest.mark.parametrize("name", SAME_WORDS)
def test_ccxt_means_the_same_by_the_same_words(name: str, witness: Witness) -> None:
    request = SIGNED[name][0]
    method, url, _, body = witness.asks(SAME_WORDS[name])
    assert (request.method, request.url.partition("?")[0]) == (method, url.partition("?")[0])
    ours, theirs = params_of(request.url, request.body.decode()), params_of(url, body)
    for number in ("quantity", "price"):
        assert Decimal(ours.pop(number, "1")) == Decimal(theirs.pop(number, "1"))
    theirs.pop("endTime", None)  # ccxt closes the newest stretch with its longest length, we leave it open
    assert ours == theirs
