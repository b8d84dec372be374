"""A foreign witness: ccxt signs the same path, query and body for the same moment, and asks in the same words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import ccxt.pro
import pytest

from arbtui.core.model import Market
from arbtui.venues.bitget import signing
from arbtui.venues.bitget.addresses import PRIVATE_SOCKET
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
    further,
    place,
    rows,
    said,
    settings,
    unfilled,
)
from tests.venues.ccxt_witness import COIN, ID, SWAP, Witness, calls_of, same_words

P, K = PRIVATE, KEYS
SINCE_MS = STAMP_MS - 1000
CALLS = calls_of(P, K, PERP, SPOT, place, STAMP_MS, "9161") | {
    "second page": further(P.open_orders(PROD, K, Market.PERP, {}, STAMP_MS), rows(unfilled(), cursor="13171")),
    "mode, key": further(P.mode(PROD, K, Market.PERP, STAMP_MS), said(settings())),
    "fees, not ASCII": P.fee_rates(PROD, K, HAN, STAMP_MS),
}
# Headers of an answer's path home, and the one that ccxt leaves out where there is no body.
BESIDES = frozenset({"X-CHANNEL-API-CODE", "Content-Type"})


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


@pytest.fixture(scope="module")
def witness() -> Witness:
    exchange: Any = ccxt.bitget({"apiKey": KEY, "secret": SECRET, "password": PASSPHRASE})
    exchange.options["uta"] = True  # a unified account
    exchange.publicUtaGetV3MarketInstruments = _instruments
    exchange.set_markets(exchange.fetch_uta_markets({}))
    return Witness(exchange, STAMP_MS)


@pytest.mark.parametrize("name", CALLS)
def test_ccxt_signs_the_same_bytes(name: str, witness: Witness) -> None:
    witness.signs(CALLS[name].request, "/api/", ["private", "uta"], BESIDES)


# Our request -> the call of ccxt that means the same.
SAME_WORDS: dict[str, Callable[[Any], Any]] = same_words(SINCE_MS) | {
    "cancel": lambda e: e.cancel_order("", SWAP, ID),
    "cancel unnamed": lambda e: e.cancel_order("9161", COIN),
    "query": lambda e: e.fetch_order("", COIN, ID),
    "open orders": lambda e: e.fetch_open_orders(SWAP, None, 100),
    "open spot orders": lambda e: e.fetch_open_orders(COIN, None, 100),
    "positions": lambda e: e.fetch_positions([SWAP]),
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
    ours, theirs = witness.means(CALLS[name].request, SAME_WORDS[name], ("qty", "price"))
    assert ours.keys() ^ theirs.keys() <= UNSAID.get(name, set()) | {"symbol"}
    shared = ours.keys() & theirs.keys()
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}


def test_the_socket_and_its_login_are_those_that_ccxt_knows() -> None:
    pro: Any = ccxt.pro.bitget()
    assert PRIVATE_SOCKET[PROD] == pro.urls["api"]["ws"]["utaPrivate"]
    theirs = pro.hmac(pro.encode("1700000000GET/user/verify"), pro.encode(SECRET), hashlib.sha256, "base64")
    assert json.loads(signing.login(KEYS, STAMP_MS))["args"][0]["sign"] == theirs
