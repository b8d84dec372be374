"""A foreign witness: ccxt signs the same action for the same moment alike, and makes the same order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ccxt
import pytest

from arbtui.core.orders import OrderKind, Side
from arbtui.venues.base import Environment
from arbtui.venues.hyperliquid.orders import order_action
from arbtui.venues.private import PrivateCall
from tests.venues.hyperliquid.samples import (
    ACCOUNT,
    CLOID,
    ID,
    KEY,
    KEYS,
    OID,
    PERP,
    PRIVATE,
    PROD,
    SPOT,
    STAMP_MS,
    after,
    asked,
    leverage_answer,
    order,
    place,
)

CALLS: dict[str, PrivateCall] = {
    "place a perp": place(),
    "place spot": place(SPOT),
    "place post-only": place(kind=OrderKind.POST_ONLY, reduce_only=True, side=Side.SELL),
    "cancel": PRIVATE.cancel(PROD, KEYS, PERP, ID, STAMP_MS),
    "cancel by number": PRIVATE.cancel_unnamed(PROD, KEYS, SPOT, str(OID), STAMP_MS),
    "leverage": after(PRIVATE.set_leverage(PROD, KEYS, PERP, Decimal(7), STAMP_MS), leverage_answer()),
}


@pytest.fixture(scope="module")
def hyperliquid() -> Any:
    exchange = ccxt.hyperliquid({"privateKey": KEY, "walletAddress": ACCOUNT})
    row = {"name": "BTC", "szDecimals": "5", "maxLeverage": "50", "markPx": "67250.0", "baseId": 1}
    exchange.set_markets([exchange.parse_market(row)])
    return exchange


@pytest.mark.parametrize("name", CALLS)
def test_ccxt_signs_the_same_action_alike(hyperliquid: Any, name: str) -> None:
    body = asked(CALLS[name].request)
    theirs = hyperliquid.sign_l1_action(body["action"], body["nonce"], None, body["expiresAfter"])
    ours = body["signature"]
    assert (int(ours["r"], 16), int(ours["s"], 16), ours["v"]) == (
        int(theirs["r"], 16),
        int(theirs["s"], 16),
        theirs["v"],
    )


def test_ccxt_signs_for_the_testnet_alike() -> None:
    exchange = ccxt.hyperliquid({"privateKey": KEY, "walletAddress": ACCOUNT})
    exchange.set_sandbox_mode(True)
    body = asked(PRIVATE.place(Environment.TESTNET, KEYS, PERP, order(), STAMP_MS).request)
    theirs = exchange.sign_l1_action(body["action"], body["nonce"], None, body["expiresAfter"])
    assert int(body["signature"]["r"], 16) == int(theirs["r"], 16)


@pytest.mark.parametrize("kind", [OrderKind.IOC, OrderKind.POST_ONLY])
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("qty", "price"), [("0.125", "67250.0"), ("1.50", "7756.2"), ("0.00001", "123450")])
def test_ccxt_makes_the_same_order(hyperliquid: Any, kind: OrderKind, side: Side, qty: str, price: str) -> None:
    ours = order(kind=kind, side=side, qty=Decimal(qty), price=Decimal(price), reduce_only=side is Side.SELL)
    params = {"clientOrderId": CLOID, "reduceOnly": ours.reduce_only}
    params |= {"postOnly": True} if kind is OrderKind.POST_ONLY else {"timeInForce": "IOC"}
    theirs = hyperliquid.create_order_request("BTC/USDC:USDC", "limit", side.value, qty, price, params)
    assert list(theirs) == list(order_action(PERP, ours)["orders"][0])
    assert [theirs] == order_action(PERP, ours)["orders"]


def test_ccxt_makes_the_same_cancel(hyperliquid: Any) -> None:
    for call, params in ((CALLS["cancel"], {"clientOrderId": CLOID}), (None, {})):
        ours = call or PRIVATE.cancel_unnamed(PROD, KEYS, PERP, str(OID), STAMP_MS)
        theirs = hyperliquid.cancel_orders_request([str(OID)], "BTC/USDC:USDC", params)
        assert asked(ours.request)["action"] == theirs["action"]
