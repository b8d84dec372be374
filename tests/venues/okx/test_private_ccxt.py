"""A foreign witness: ccxt signs the same path, query and body for the same moment, and makes the same order."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import ccxt
import pytest

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import OrderKind, Side
from arbtui.venues.base import Environment
from arbtui.venues.okx.orders import order_body
from arbtui.venues.private import PrivateCall
from tests.venues.ccxt_witness import calls_of
from tests.venues.okx.samples import KEYS, PRIVATE, SECRET, SPOT, STAMP_MS, SWAP, order, place
from tests.venues.okx_frames import spot_row, swap_row

CALLS = calls_of(PRIVATE, KEYS, SWAP, SPOT, place, STAMP_MS, "2497956918703120384")


@pytest.fixture(scope="module")
def okx() -> Any:
    exchange = ccxt.okx({"apiKey": "k", "secret": SECRET, "password": "p"})
    exchange.nonce = lambda: STAMP_MS
    rows = [
        swap_row("BTC", ctVal="0.01", tickSz="0.1", lever="100"),
        spot_row(lever="", maxLmtSz="1", maxMktSz="1"),
    ]
    exchange.set_markets([exchange.parse_market(row) for row in rows])
    return exchange


@pytest.mark.parametrize("name", CALLS)
def test_ccxt_signs_the_same_request(okx: Any, name: str) -> None:
    ours = CALLS[name].request
    parts = urlsplit(ours.url)
    params = json.loads(ours.body) if ours.body else dict(parse_qsl(parts.query))
    theirs = okx.sign(parts.path.removeprefix("/api/v5/"), ["private"], ours.method, params)
    assert ours.url == theirs["url"].replace("{hostname}", "www.okx.com")
    assert ours.body.decode() == (theirs["body"] or "")
    assert {**ours.headers} == theirs["headers"] | (
        {"expTime": ours.headers["expTime"]} if name.startswith("place") else {}
    )


@pytest.mark.parametrize(
    ("instrument", "symbol", "kind", "side", "reduce_only"),
    [
        (SWAP, "BTC/USDT:USDT", OrderKind.IOC, Side.BUY, False),
        (SWAP, "BTC/USDT:USDT", OrderKind.POST_ONLY, Side.SELL, True),
        (SWAP, "BTC/USDT:USDT", OrderKind.MARKET, Side.SELL, True),
        (SPOT, "BTC/USDT", OrderKind.IOC, Side.BUY, False),
        (SPOT, "BTC/USDT", OrderKind.POST_ONLY, Side.SELL, False),
        (SPOT, "BTC/USDT", OrderKind.MARKET, Side.SELL, False),
    ],
)
def test_ccxt_makes_the_same_order(
    okx: Any, instrument: Instrument, symbol: str, kind: OrderKind, side: Side, reduce_only: bool
) -> None:
    ours = order(instrument, kind=kind, side=side, reduce_only=reduce_only)
    if kind is OrderKind.MARKET:
        ours = order(instrument, kind=kind, side=side, reduce_only=reduce_only, price=None)
    params: dict[str, Any] = {"clientOrderId": ours.client_id}
    if instrument is SWAP:
        params["reduceOnly"] = reduce_only
    if kind is OrderKind.IOC:
        params["timeInForce"] = "IOC"
    price = None if ours.price is None else float(ours.price)
    type_ = {OrderKind.IOC: "limit", OrderKind.POST_ONLY: "post_only", OrderKind.MARKET: "market"}[kind]
    theirs = okx.create_order_request(symbol, type_, side.value, float(ours.qty), price, params)
    assert order_body(instrument, ours) == theirs


def test_demo_trading_is_told_apart_as_ccxt_tells_it() -> None:
    call: PrivateCall = PRIVATE.balances(Environment.DEMO, KEYS, Market.SPOT, STAMP_MS)
    exchange = ccxt.okx({"apiKey": "k", "secret": SECRET, "password": "p"})
    exchange.set_sandbox_mode(True)
    assert exchange.headers["x-simulated-trading"] == call.request.headers["x-simulated-trading"]
