"""A foreign witness: ccxt signs the same path, query and body for the same moment, and asks in the same words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import ccxt
import pytest

from arbtui.core.model import Market
from arbtui.venues.base import Environment
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
from tests.venues.ccxt_witness import COIN, SWAP, Witness, calls_of, same_words

P, K = PRIVATE, KEYS
SINCE_MS = STAMP_MS - 1000
CALLS = calls_of(P, K, PERP, SPOT, place, STAMP_MS, "9aac161b") | {
    "query elsewhere": further(P.query(PROD, K, SPOT, OURS, STAMP_MS), rows(category="spot")),
    "second page": further(
        P.open_orders(PROD, K, Market.PERP, {}, STAMP_MS), rows(unfilled(), cursor="13%3A17%2C13%3A17")
    ),
    "mode, account": further(P.mode(PROD, K, Market.PERP, STAMP_MS), said(key_info())),
}


def _instruments(params: dict[str, Any]) -> dict[str, Any]:
    listed = [] if "status" in params else [spot_row() if params["category"] == "spot" else linear_row()]
    return {"retCode": 0, "result": {"category": params["category"], "list": listed}}


@pytest.fixture(scope="module")
def witness() -> Witness:
    exchange: Any = ccxt.bybit({"apiKey": KEY, "secret": SECRET})
    exchange.options |= {"enableUnifiedMargin": False, "enableUnifiedAccount": True, "unifiedMarginStatus": 5}
    exchange.publicGetV5MarketInstrumentsInfo = _instruments
    exchange.set_markets([*exchange.fetch_spot_markets({}), *exchange.fetch_future_markets({"category": "linear"})])
    return Witness(exchange, STAMP_MS)


def params_of(url: str, body: bytes | str) -> dict[str, Any]:
    """``cursor`` stands last and is written as it came; ccxt writes it so as well."""
    if body:
        return dict(json.loads(body))
    query, _, cursor = urlsplit(url).query.partition("&cursor=")
    return dict(parse_qsl(query)) | ({"cursor": cursor} if cursor else {})


@pytest.mark.parametrize("name", CALLS)
def test_ccxt_signs_the_same_bytes(name: str, witness: Witness) -> None:
    witness.signs(CALLS[name].request, "/", ["private"], frozenset({"Referer"}), params_of)


# Our request -> the call of ccxt that means the same.
SAME_WORDS: dict[str, Callable[[Any], Any]] = same_words(SINCE_MS) | {
    "cancel": lambda e: e.cancel_order("", SWAP, {"orderLinkId": OURS}),
    "cancel unnamed": lambda e: e.cancel_order("9aac161b", COIN),
    "query": lambda e: e.fetch_open_order("", COIN, {"orderLinkId": OURS}),
    "query elsewhere": lambda e: e.fetch_canceled_and_closed_orders(COIN, None, None, {"orderLinkId": OURS}),
    "positions": lambda e: e.fetch_positions(None, {"limit": 200, "settleCoin": "USDT"}),
    "leverage": lambda e: e.fetch_leverage(SWAP),
}
# What only one of the two says, and what Bybit takes for it where nothing is said.
UNSAID = {"positionIdx": 0, "isLeverage": 0, "orderFilter": "Order", "orderId": ""}


@pytest.mark.parametrize("name", SAME_WORDS)
def test_ccxt_means_the_same_by_the_same_words(name: str, witness: Witness) -> None:
    ours, theirs = witness.means(CALLS[name].request, SAME_WORDS[name], ("qty", "price"), params_of)
    if name == "fills":
        assert theirs.pop("execType") == "Trade"  # ccxt leaves out what the venue itself traded
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
