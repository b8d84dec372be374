"""ccxt trades on the simulated OKX, swaps and spot, and reads its account: what it finds is the truth."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import ccxt.pro
import pytest

from tests.witness.harness import Sim, seen_fill, true_fill

VENUE = "okx"
SWAP, SPOT = "BTC/USDT:USDT", "BTC/USDT"
NATIVE = {SWAP: ("perp", "BTC-USDT-SWAP"), SPOT: ("spot", "BTC-USDT")}


@pytest.fixture
async def okx(sim: Sim) -> Any:
    exchange = sim.client(ccxt.pro.okx, **sim.keys("okx"))
    await exchange.load_markets()
    return exchange


def book(sim: Sim, symbol: str) -> Any:
    market, native = NATIVE[symbol]
    return sim.truth("okx", market, native)[native]


async def test_a_swap_order_is_placed_filled_and_read_as_it_is(sim: Sim, okx: Any) -> None:
    ask = float(book(sim, SWAP)["asks"][2][0])
    made = await okx.create_order(SWAP, "limit", "buy", 70.5, ask, {"timeInForce": "IOC", "clOrdId": "a1"})
    account = sim.account("okx")
    (order,) = account["orders"]
    assert (made["id"], made["clientOrderId"]) == (order["id"], order["client_id"])
    read = await okx.fetch_order(made["id"], SWAP)
    contracts = sum(Decimal(f["qty"]) for f in account["fills"])
    worth = sum(Decimal(f["price"]) * Decimal(f["qty"]) for f in account["fills"])
    assert (read["status"], read["filled"]) == ("closed", 70.5) == ("closed", float(contracts))
    assert read["average"] == pytest.approx(float(worth / contracts), rel=1e-9)
    trades = await okx.fetch_my_trades(SWAP)
    assert list(map(seen_fill, trades)) == list(map(true_fill, account["fills"]))
    assert len(trades) > 1


async def test_positions_and_balances_are_true(sim: Sim, okx: Any) -> None:
    await okx.create_order(SWAP, "market", "sell", 25)
    await okx.create_order(SWAP, "market", "buy", 10)
    (position,) = await okx.fetch_positions([SWAP])
    account = sim.account("okx")
    (true,) = account["positions"]
    assert (position["side"], position["contracts"]) == ("short", 15.0)
    assert true["qty"] == "-15"
    assert position["entryPrice"] == pytest.approx(float(true["entry"]))
    assert position["unrealizedPnl"] == pytest.approx(float(true["profit"]))
    assert position["initialMargin"] == pytest.approx(float(true["margin"]))
    assert position["liquidationPrice"] == pytest.approx(float(true["liquidation"]))
    balance = await okx.fetch_balance()
    assert balance["USDT"]["total"] == pytest.approx(float(account["balances"]["USDT"]) + float(true["profit"]))
    assert balance["BTC"]["total"] == float(account["balances"]["BTC"])


async def test_a_resting_order_is_open_until_it_is_canceled(sim: Sim, okx: Any) -> None:
    bid = float(book(sim, SWAP)["bids"][5][0])
    made = await okx.create_order(SWAP, "limit", "buy", 1, bid, {"postOnly": True})
    assert [o["id"] for o in await okx.fetch_open_orders(SWAP)] == [made["id"]]
    await okx.cancel_order(made["id"], SWAP)
    assert await okx.fetch_open_orders(SWAP) == []
    assert [o["id"] for o in await okx.fetch_canceled_orders(SWAP)] == [made["id"]]
    assert sim.account("okx")["orders"][0]["status"] == "canceled"
    with pytest.raises(ccxt.ExchangeError, match="51401"):
        await okx.cancel_order(made["id"], SWAP)


async def test_refusals_are_those_that_ccxt_knows(sim: Sim, okx: Any) -> None:
    ask = float(book(sim, SWAP)["asks"][0][0])
    with pytest.raises(ccxt.InsufficientFunds):
        await okx.create_order(SWAP, "market", "buy", 90_000)
    with pytest.raises(ccxt.InsufficientFunds):
        await okx.create_order(SPOT, "limit", "buy", 9, float(book(sim, SPOT)["asks"][0][0]))
    await okx.create_order(SWAP, "limit", "buy", 1, ask * 0.99, {"clOrdId": "twice"})
    with pytest.raises(ccxt.InvalidOrder, match="51016"):
        await okx.create_order(SWAP, "limit", "buy", 1, ask * 0.99, {"clOrdId": "twice"})
    with pytest.raises(ccxt.ExchangeError, match="51169"):
        await okx.create_order(SWAP, "limit", "sell", 1, ask, {"reduceOnly": True})
    for changed in ({"secret": "y"}, {"password": "y"}, {"apiKey": "y"}):
        with pytest.raises(ccxt.AuthenticationError):
            await sim.client(ccxt.pro.okx, **{**sim.keys("okx"), **changed}).fetch_balance()


async def test_a_post_only_order_that_would_take_is_acknowledged_and_then_canceled(sim: Sim, okx: Any) -> None:
    ask = float(book(sim, SWAP)["asks"][0][0])
    made = await okx.create_order(SWAP, "limit", "buy", 1, ask, {"postOnly": True})
    read = await okx.fetch_order(made["id"], SWAP)
    assert (read["status"], read["info"]["cancelSource"]) == ("canceled", "31")
    assert sim.account("okx")["fills"] == []


async def test_spot_orders_fees_and_balances_are_true(sim: Sim, okx: Any) -> None:
    ask = float(book(sim, SPOT)["asks"][1][0])
    made = await okx.create_order(SPOT, "limit", "buy", 0.02, ask, {"timeInForce": "IOC"})
    read = await okx.fetch_order(made["id"], SPOT)
    fills = sim.account("okx")["fills"]
    assert read["fee"]["currency"] == "BTC"
    assert read["fee"]["cost"] == pytest.approx(sum(float(f["fee"]) for f in fills))
    await okx.create_order(SPOT, "limit", "sell", 0.5, ask * 1.01)
    balance = await okx.fetch_balance()
    row = sim.account("okx")["wallets"]["trading"]["BTC"]
    assert (balance["BTC"]["total"], balance["BTC"]["used"]) == (float(row["total"]), float(row["held"]))
    await okx.create_order(SPOT, "market", "buy", 0.01)
    assert sim.account("okx")["orders"][-1]["filled"] == "0.01"


async def test_fees_mode_and_leverage_are_read_as_they_are_set(sim: Sim, okx: Any) -> None:
    sim.set_account("okx", fees={"spot": {"maker": "-0.00005", "taker": "0.0003"}})
    fee = await okx.fetch_trading_fee(SPOT)
    assert (fee["maker"], fee["taker"]) == (-0.00005, 0.0003)
    assert fee["info"]["feeGroup"] == [{"groupId": "1", "maker": "0.00005", "taker": "-0.0003"}]
    await okx.set_leverage(7, SWAP, {"mgnMode": "cross"})
    assert (await okx.fetch_leverage(SWAP, {"mgnMode": "cross"}))["longLeverage"] == 7
    assert (await okx.fetch_position_mode(SWAP))["hedged"] is False
    await okx.set_position_mode(True)
    assert sim.account("okx")["dual"] is True


async def test_funding_that_was_paid_is_read(sim: Sim, okx: Any) -> None:
    await okx.create_order(SWAP, "market", "buy", 25)
    sim.settle_funding("okx", "BTC-USDT-SWAP")
    (paid,) = await okx.fetch_funding_history(SWAP)
    (true,) = sim.account("okx")["funding"]
    assert (paid["amount"], paid["code"]) == (float(true["amount"]), true["ccy"])


async def test_the_private_socket_tells_orders_fills_positions_and_balances(sim: Sim, okx: Any) -> None:
    async with asyncio.TaskGroup() as group:
        orders = group.create_task(okx.watch_orders(SWAP))
        trades = group.create_task(okx.watch_my_trades(SWAP))
        await sim.until_listened()
        await okx.create_order(SWAP, "market", "buy", 25)
    true = sim.account("okx")
    assert orders.result()[-1]["id"] == true["orders"][0]["id"]
    assert {t["id"] for t in trades.result()} <= {f["id"] for f in true["fills"]}
    (position,) = await okx.watch_positions([SWAP])
    assert position["contracts"] == 25
    balance = await okx.watch_balance()
    profit = float(true["positions"][0]["profit"])
    assert balance["USDT"]["total"] == pytest.approx(float(true["balances"]["USDT"]) + profit)


async def test_orders_over_the_socket_are_orders(sim: Sim, okx: Any) -> None:
    bid = float(book(sim, SWAP)["bids"][5][0])
    made = await okx.create_order_ws(SWAP, "limit", "buy", 1, bid)
    (order,) = sim.account("okx")["orders"]
    assert (made["id"], order["status"]) == (order["id"], "open")
    await okx.cancel_order_ws(made["id"], SWAP)
    assert sim.account("okx")["orders"][0]["status"] == "canceled"
