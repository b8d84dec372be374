"""ccxt trades on the simulated Hyperliquid, perps and spot, by an agent's key: it finds the truth.

Every signature here is ccxt's own, over ccxt's own form of the action.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import ccxt.pro
import pytest

from tests.witness.harness import Sim

VENUE = "hyperliquid"
SWAP, SPOT = "BTC/USDC:USDC", "BTC/USDC"
NATIVE = {SWAP: ("perp", "BTC"), SPOT: ("spot", "@142")}
CLOID = "0x0000000000000000000000000000000a"


@pytest.fixture
async def hyperliquid(sim: Sim) -> Any:
    exchange = sim.client(ccxt.pro.hyperliquid, **sim.keys("hyperliquid"))
    await exchange.load_markets()
    return exchange


def price(sim: Sim, symbol: str, side: str, level: int) -> float:
    market, native = NATIVE[symbol]
    return float(sim.truth("hyperliquid", market, native)[native][side][level][0])


async def test_a_perp_order_is_placed_filled_and_read_as_it_is(sim: Sim, hyperliquid: Any) -> None:
    ask = price(sim, SWAP, "asks", 3)
    made = await hyperliquid.create_order(
        SWAP, "limit", "buy", 0.4, ask, {"timeInForce": "Ioc", "clientOrderId": CLOID}
    )
    account = sim.account("hyperliquid")
    (order,) = account["orders"]
    assert (made["id"], made["clientOrderId"], order["client_id"]) == (order["id"], CLOID, CLOID)
    worth = sum(Decimal(f["price"]) * Decimal(f["qty"]) for f in account["fills"])
    assert made["filled"] == float(order["filled"])
    assert made["average"] == pytest.approx(float(worth / Decimal(order["filled"])))
    read = await hyperliquid.fetch_order(made["id"], SWAP)
    assert (read["status"], read["amount"], read["filled"]) == ("closed", 0.4, 0.0)  # the size of a status is stale
    assert (await hyperliquid.fetch_order(None, SWAP, {"clientOrderId": CLOID}))["id"] == made["id"]
    trades = await hyperliquid.fetch_my_trades(SWAP)
    assert sorted(
        (t["id"], t["order"], t["price"], t["amount"], t["fee"]["cost"], t["takerOrMaker"]) for t in trades
    ) == sorted(
        (f["id"], f["order_id"], float(f["price"]), float(f["qty"]), float(f["fee"]), "taker") for f in account["fills"]
    )
    assert len(trades) > 1


async def test_positions_and_balances_are_true(sim: Sim, hyperliquid: Any) -> None:
    await hyperliquid.create_order(SWAP, "market", "sell", 0.05, price(sim, SWAP, "bids", 0))
    await hyperliquid.create_order(SWAP, "market", "buy", 0.02, price(sim, SWAP, "asks", 0))
    (position,) = await hyperliquid.fetch_positions([SWAP])
    account = sim.account("hyperliquid")
    (true,) = account["positions"]
    assert (position["side"], position["contracts"], true["qty"]) == ("short", 0.03, "-0.03")
    assert position["entryPrice"] == pytest.approx(float(true["entry"]))
    assert position["unrealizedPnl"] == pytest.approx(float(true["profit"]))
    assert position["initialMargin"] == pytest.approx(float(true["margin"]))
    assert position["liquidationPrice"] == pytest.approx(float(true["liquidation"]))
    balance = await hyperliquid.fetch_balance()
    total = float(account["wallets"]["perp"]["USDC"]["total"]) + float(true["profit"])
    assert balance["USDC"]["total"] == pytest.approx(total)
    spot = await hyperliquid.fetch_balance({"type": "spot"})
    assert {code: row["total"] for code, row in spot.items() if isinstance(row, dict) and "total" in row} == {
        code: float(row["total"]) for code, row in account["wallets"]["spot"].items()
    }


async def test_a_resting_order_is_open_until_it_is_canceled(sim: Sim, hyperliquid: Any) -> None:
    bid = price(sim, SWAP, "bids", 5)
    made = await hyperliquid.create_order(SWAP, "limit", "buy", 0.01, bid, {"postOnly": True})
    (found,) = await hyperliquid.fetch_open_orders(SWAP)
    assert (found["id"], found["postOnly"], found["remaining"]) == (made["id"], True, 0.01)
    await hyperliquid.cancel_order(made["id"], SWAP)
    assert await hyperliquid.fetch_open_orders(SWAP) == []
    assert [o["id"] for o in await hyperliquid.fetch_canceled_orders(SWAP)] == [made["id"]]
    assert sim.account("hyperliquid")["orders"][0]["status"] == "canceled"
    with pytest.raises(ccxt.OrderNotFound):
        await hyperliquid.cancel_order(made["id"], SWAP)
    with pytest.raises(ccxt.OrderNotFound):
        await hyperliquid.fetch_order("5", SWAP)


async def test_an_order_is_canceled_by_its_client_id_and_changed(sim: Sim, hyperliquid: Any) -> None:
    bid = price(sim, SWAP, "bids", 5)
    first = await hyperliquid.create_order(SWAP, "limit", "buy", 0.01, bid, {"clientOrderId": CLOID})
    changed = await hyperliquid.edit_order(first["id"], SWAP, "limit", "buy", 0.02, bid, {"clientOrderId": CLOID})
    assert changed["id"] != first["id"]
    await hyperliquid.cancel_order(None, SWAP, {"clientOrderId": CLOID})
    assert [(o["qty"], o["status"]) for o in sim.account("hyperliquid")["orders"]] == [
        ("0.01", "canceled"), ("0.02", "canceled"),
    ]  # fmt: skip


async def test_refusals_are_those_that_ccxt_knows(sim: Sim, hyperliquid: Any) -> None:
    ask, bid = price(sim, SWAP, "asks", 0), price(sim, SWAP, "bids", 5)
    with pytest.raises(ccxt.InsufficientFunds):
        await hyperliquid.create_order(SWAP, "limit", "buy", 90, bid)
    with pytest.raises(ccxt.InvalidOrder):
        await hyperliquid.create_order(SWAP, "limit", "buy", 0.0001, bid)
    with pytest.raises(ccxt.InvalidOrder):
        await hyperliquid.create_order(SWAP, "limit", "sell", 0.01, ask, {"reduceOnly": True})
    with pytest.raises(ccxt.InvalidOrder, match="Post only order"):
        await hyperliquid.create_order(SWAP, "limit", "buy", 0.01, ask, {"postOnly": True})
    stranger = sim.client(ccxt.pro.hyperliquid, **{**sim.keys("hyperliquid"), "privateKey": "0x" + "7" * 64})
    with pytest.raises(ccxt.ExchangeError, match="does not exist"):
        await stranger.create_order(SWAP, "limit", "buy", 0.01, bid)


async def test_spot_orders_fees_and_balances_are_true(sim: Sim, hyperliquid: Any) -> None:
    ask = price(sim, SPOT, "asks", 1)
    made = await hyperliquid.create_order(SPOT, "limit", "buy", 0.01, ask, {"timeInForce": "Ioc"})
    fills = sim.account("hyperliquid")["fills"]
    trades = await hyperliquid.fetch_my_trades(SPOT)
    assert {t["order"] for t in trades} == {made["id"]}
    assert sum(t["fee"]["cost"] for t in trades) == pytest.approx(sum(float(f["fee"]) for f in fills))
    await hyperliquid.create_order(SPOT, "limit", "sell", 0.3, price(sim, SPOT, "asks", 5))
    balance = await hyperliquid.fetch_balance({"type": "spot"})
    row = sim.account("hyperliquid")["wallets"]["spot"]["BTC"]
    assert (balance["BTC"]["total"], balance["BTC"]["used"]) == (float(row["total"]), float(row["held"]))


async def test_fees_leverage_and_funding_are_read_as_they_are(sim: Sim, hyperliquid: Any) -> None:
    sim.set_account("hyperliquid", fees={"perp": {"maker": "-0.00001", "taker": "0.0003"}})
    fee = await hyperliquid.fetch_trading_fee(SWAP)
    assert (fee["maker"], fee["taker"]) == (-0.00001, 0.0003)
    await hyperliquid.set_leverage(7, SWAP)
    await hyperliquid.create_order(SWAP, "market", "buy", 0.05, price(sim, SWAP, "asks", 0))
    assert (await hyperliquid.fetch_positions([SWAP]))[0]["leverage"] == 7
    sim.settle_funding("hyperliquid", "BTC")
    (paid,) = await hyperliquid.fetch_funding_history(SWAP)
    (true,) = sim.account("hyperliquid")["funding"]
    assert (paid["amount"], paid["rate"]) == (float(true["amount"]), float(true["rate"]))


async def test_watched_orders_and_trades_are_true(sim: Sim, hyperliquid: Any) -> None:
    orders = asyncio.ensure_future(hyperliquid.watch_orders(SWAP))
    trades = asyncio.ensure_future(hyperliquid.watch_my_trades(SWAP))
    await sim.until_listened()
    made = await hyperliquid.create_order(SWAP, "market", "buy", 0.01, price(sim, SWAP, "asks", 0))
    told = await asyncio.wait_for(orders, 5)
    assert {o["id"] for o in told} == {made["id"]}
    fills = await asyncio.wait_for(trades, 5)
    assert {t["id"] for t in fills} <= {f["id"] for f in sim.account("hyperliquid")["fills"]}


async def test_an_order_by_socket_is_placed(sim: Sim, hyperliquid: Any) -> None:
    made = await hyperliquid.create_order_ws(SWAP, "limit", "buy", 0.01, price(sim, SWAP, "bids", 5))
    assert sim.account("hyperliquid")["orders"][0]["id"] == made["id"]
    await hyperliquid.cancel_order_ws(made["id"], SWAP)
    assert sim.account("hyperliquid")["orders"][0]["status"] == "canceled"
