"""ccxt trades on the simulated Binance, USD-M and spot, and reads its account: what it finds is the truth."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import ccxt.pro
import pytest

from tests.witness.harness import Sim, seen_fill, true_fill

VENUE = "binance"
PERP, SPOT = "BTC/USDT:USDT", "BTC/USDT"


async def usdm(sim: Sim) -> Any:
    exchange = sim.client(ccxt.pro.binanceusdm, **sim.keys("binance"))
    await exchange.load_markets()
    return exchange


async def spot(sim: Sim) -> Any:
    exchange = sim.client(ccxt.pro.binance, **sim.keys("binance"), options={"fetchMarkets": {"types": ["spot"]}})
    await exchange.load_markets()
    return exchange


def book(sim: Sim, market: str) -> Any:
    return sim.truth("binance", market, "BTCUSDT")["BTCUSDT"]


async def test_a_perpetual_order_is_placed_filled_and_read_as_it_is(sim: Sim) -> None:
    exchange = await usdm(sim)
    ask = float(book(sim, "perp")["asks"][2][0])
    made = await exchange.create_order(PERP, "limit", "buy", 0.8, ask, {"timeInForce": "IOC", "newClientOrderId": "a1"})
    (order,) = sim.account("binance")["orders"]
    assert (made["id"], made["clientOrderId"]) == (order["id"], order["client_id"])
    read = await exchange.fetch_order(made["id"], PERP)
    fills = sim.account("binance")["fills"]
    worth = sum(Decimal(f["price"]) * Decimal(f["qty"]) for f in fills)
    assert read["status"] == "closed"
    assert read["filled"] == float(order["filled"]) == 0.8
    assert read["cost"] == pytest.approx(float(worth), abs=1e-9)
    trades = await exchange.fetch_my_trades(PERP)
    assert list(map(seen_fill, trades)) == list(map(true_fill, fills))


async def test_positions_and_margin_balances_are_true(sim: Sim) -> None:
    exchange = await usdm(sim)
    await exchange.create_order(PERP, "market", "sell", 0.25)
    await exchange.create_order(PERP, "market", "buy", 0.1)
    (position,) = await exchange.fetch_positions([PERP])
    account = sim.account("binance")
    (true,) = account["positions"]
    assert position["side"] == "short"
    assert position["contracts"] == -float(true["qty"]) == 0.15
    assert position["entryPrice"] == pytest.approx(float(true["entry"]))
    assert position["unrealizedPnl"] == pytest.approx(float(true["profit"]), abs=1e-7)
    assert position["initialMargin"] == pytest.approx(float(true["margin"]), rel=1e-6)
    balance = await exchange.fetch_balance()
    assert balance["USDT"]["total"] == pytest.approx(
        float(account["wallets"]["usdm"]["USDT"]["total"]) + float(true["profit"]), abs=1e-7
    )


async def test_a_resting_order_is_open_until_it_is_canceled(sim: Sim) -> None:
    exchange = await usdm(sim)
    bid = float(book(sim, "perp")["bids"][5][0])
    made = await exchange.create_order(PERP, "limit", "buy", 0.01, bid, {"timeInForce": "PO"})
    assert [o["id"] for o in await exchange.fetch_open_orders(PERP)] == [made["id"]]
    assert sim.account("binance")["orders"][0]["status"] == "open"
    await exchange.cancel_order(made["id"], PERP)
    assert await exchange.fetch_open_orders(PERP) == []
    assert [o["status"] for o in await exchange.fetch_orders(PERP)] == ["canceled"]
    with pytest.raises(ccxt.OrderNotFound):
        await exchange.cancel_order(made["id"], PERP)


async def test_refusals_are_those_that_ccxt_knows(sim: Sim) -> None:
    exchange = await usdm(sim)
    row = book(sim, "perp")
    ask = float(row["asks"][0][0])
    with pytest.raises(ccxt.InvalidOrder, match="-5022"):
        await exchange.create_order(PERP, "limit", "buy", 0.01, ask, {"timeInForce": "PO"})
    with pytest.raises(ccxt.ExchangeError, match="-2019"):
        await exchange.create_order(PERP, "market", "buy", 900.0)
    with pytest.raises(ccxt.ExchangeError, match="-4164"):
        await exchange.create_order(PERP, "limit", "buy", 0.001, float(row["bids"][-1][0]) * 0.5)
    with pytest.raises(ccxt.ExchangeError, match="-2022"):
        await exchange.create_order(PERP, "market", "sell", 0.01, None, {"reduceOnly": True})
    pair = await spot(sim)
    with pytest.raises(ccxt.InsufficientFunds):
        await pair.create_order(SPOT, "limit", "buy", 9.0, float(book(sim, "spot")["asks"][0][0]))
    with pytest.raises(ccxt.OrderImmediatelyFillable):
        await pair.create_order(
            SPOT, "limit", "buy", 0.01, float(book(sim, "spot")["asks"][0][0]), {"timeInForce": "PO"}
        )
    stranger = sim.client(ccxt.pro.binanceusdm, apiKey="x" * 64, secret="y")
    with pytest.raises(ccxt.AuthenticationError):
        await stranger.fetch_balance()
    liar = sim.client(ccxt.pro.binanceusdm, **{**sim.keys("binance"), "secret": "y"})
    with pytest.raises(ccxt.AuthenticationError):
        await liar.fetch_balance()


async def test_spot_orders_fees_and_balances_are_true(sim: Sim) -> None:
    exchange = await spot(sim)
    ask = float(book(sim, "spot")["asks"][1][0])
    made = await exchange.create_order(SPOT, "limit", "buy", 0.02, ask, {"timeInForce": "IOC"})
    account = sim.account("binance")
    (order,) = account["orders"]
    assert (made["id"], made["filled"], made["status"]) == (order["id"], float(order["filled"]), "closed")
    assert made["fee"]["currency"] == "BTC"
    assert made["fee"]["cost"] == pytest.approx(sum(float(f["fee"]) for f in account["fills"]))
    await exchange.create_order(SPOT, "limit", "sell", 0.5, ask * 1.01)
    balance = await exchange.fetch_balance()
    for asset, row in sim.account("binance")["wallets"]["spot"].items():
        assert balance[asset]["total"] == pytest.approx(float(row["total"]))
        assert balance[asset]["used"] == pytest.approx(float(row["held"]))
    assert balance["BTC"]["used"] == 0.5
    assert len(await exchange.fetch_open_orders(SPOT)) == 1
    await exchange.cancel_all_orders(SPOT)
    assert await exchange.fetch_open_orders(SPOT) == []
    assert [t["id"] for t in await exchange.fetch_my_trades(SPOT)] == [f["id"] for f in account["fills"]]


async def test_several_orders_in_one_request(sim: Sim) -> None:
    exchange = await usdm(sim)
    bid = float(book(sim, "perp")["bids"][5][0])
    order = {"symbol": PERP, "type": "limit", "side": "buy", "amount": 0.01, "price": bid}
    made = await exchange.create_orders([order, order, {**order, "amount": 900.0}])
    assert sorted(o["status"] for o in made) == ["open", "open", "rejected"]
    gone = await exchange.cancel_orders([o["id"] for o in made if o["status"] == "open"], PERP)
    assert [o["status"] for o in gone] == ["canceled", "canceled"]
    assert sorted(o["status"] for o in sim.account("binance")["orders"]) == ["canceled", "canceled", "rejected"]


async def test_fees_mode_and_leverage_are_read_as_they_are_set(sim: Sim) -> None:
    exchange = await usdm(sim)
    sim.set_account("binance", fees={"perp": {"maker": "-0.00005", "taker": "0.0003"}})
    fee = await exchange.fetch_trading_fee(PERP)
    assert (fee["maker"], fee["taker"]) == (-0.00005, 0.0003)
    await exchange.set_leverage(7, PERP)
    assert (await exchange.fetch_leverage(PERP))["longLeverage"] == 7
    assert (await exchange.fetch_position_mode(PERP))["hedged"] is False
    await exchange.set_position_mode(True)
    assert sim.account("binance")["dual"] is True
    pair = await spot(sim)
    assert (await pair.fetch_trading_fee(SPOT))["taker"] == 0.001


async def test_funding_that_was_paid_is_read(sim: Sim) -> None:
    exchange = await usdm(sim)
    await exchange.create_order(PERP, "market", "buy", 0.25)
    sim.settle_funding("binance", "BTCUSDT")
    (paid,) = await exchange.fetch_funding_history(PERP)
    (true,) = sim.account("binance")["funding"]
    assert (paid["amount"], paid["code"]) == (float(true["amount"]), true["ccy"])


async def test_the_private_socket_tells_orders_fills_and_balances(sim: Sim) -> None:
    exchange = await usdm(sim)
    async with asyncio.TaskGroup() as group:
        orders = group.create_task(exchange.watch_orders(PERP))
        trades = group.create_task(exchange.watch_my_trades(PERP))
        balance = group.create_task(exchange.watch_balance())
        await sim.until_listened()
        await exchange.create_order(PERP, "market", "buy", 0.25)
    true = sim.account("binance")
    assert orders.result()[-1]["id"] == true["orders"][0]["id"]
    assert [t["id"] for t in trades.result()] == [f["id"] for f in true["fills"]]
    assert balance.result()["USDT"]["total"] == float(true["wallets"]["usdm"]["USDT"]["total"])


async def test_the_spot_socket_tells_orders_and_takes_them(sim: Sim) -> None:
    exchange = await spot(sim)
    ask = float(book(sim, "spot")["asks"][1][0])
    async with asyncio.TaskGroup() as group:
        trades = group.create_task(exchange.watch_my_trades(SPOT))
        await sim.until_listened()
        made = await exchange.create_order_ws(SPOT, "limit", "buy", 0.01, ask, {"timeInForce": "IOC"})
    true = sim.account("binance")
    assert made["id"] == true["orders"][0]["id"]
    assert [t["id"] for t in trades.result()] == [f["id"] for f in true["fills"]]
