"""ccxt trades on the simulated Bybit, contracts and spot, and reads its unified account: what it finds is the truth."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import ccxt.pro
import pytest

from tests.witness.harness import Sim, seen_fill, true_fill

VENUE = "bybit"
SWAP, SPOT = "BTC/USDT:USDT", "BTC/USDT"
MARKET = {SWAP: "perp", SPOT: "spot"}


@pytest.fixture
async def bybit(sim: Sim) -> Any:
    exchange = sim.client(ccxt.pro.bybit, **sim.keys("bybit"))
    await exchange.load_markets()
    return exchange


def book(sim: Sim, symbol: str) -> Any:
    return sim.truth("bybit", MARKET[symbol], "BTCUSDT")["BTCUSDT"]


async def test_an_order_is_placed_filled_and_read_as_it_is(sim: Sim, bybit: Any) -> None:
    await filled_and_read(sim, bybit, SWAP)


async def test_a_spot_order_is_placed_filled_and_read_as_it_is(sim: Sim, bybit: Any) -> None:
    await filled_and_read(sim, bybit, SPOT)


async def filled_and_read(sim: Sim, bybit: Any, symbol: str) -> None:
    asks = book(sim, symbol)["asks"]
    size = float(asks[0][1]) + float(asks[1][1]) / 2
    price = float(asks[2][0])
    more = {"timeInForce": "IOC", "orderLinkId": "a-1_x"}
    made = await bybit.create_order(symbol, "limit", "buy", size, price, more)
    account = sim.account("bybit")
    (order,) = account["orders"]
    assert (made["id"], made["clientOrderId"], order["status"]) == (order["id"], "a-1_x", "filled")
    read = await bybit.fetch_order(made["id"], symbol, {"acknowledged": True})
    coins = sum(Decimal(f["qty"]) for f in account["fills"])
    worth = sum(Decimal(f["price"]) * Decimal(f["qty"]) for f in account["fills"])
    assert (read["status"], read["clientOrderId"]) == ("closed", order["client_id"])
    assert read["filled"] == float(coins) == float(order["qty"]) == pytest.approx(size, abs=0.001)
    assert read["average"] == pytest.approx(float(worth / coins), rel=1e-9)
    trades = await bybit.fetch_my_trades(symbol)
    assert sorted(map(seen_fill, trades)) == sorted(map(true_fill, account["fills"]))
    assert len(trades) > 1


async def test_a_resting_order_is_open_until_it_is_canceled(sim: Sim, bybit: Any) -> None:
    for symbol, code in ((SWAP, "110010"), (SPOT, "170142")):
        bid = float(book(sim, symbol)["bids"][5][0])
        made = await bybit.create_order(symbol, "limit", "buy", 0.01, bid, {"postOnly": True})
        (found,) = await bybit.fetch_open_orders(symbol)
        assert (found["id"], found["status"], found["price"]) == (made["id"], "open", bid)
        await bybit.cancel_order(made["id"], symbol)
        assert await bybit.fetch_open_orders(symbol) == []
        order = sim.account("bybit")["orders"][-1]
        assert (order["id"], order["status"]) == (made["id"], "canceled")
        (past,) = await bybit.fetch_canceled_orders(symbol)
        assert (past["id"], past["status"]) == (made["id"], "canceled")
        with pytest.raises(ccxt.InvalidOrder, match=code):
            await bybit.cancel_order(made["id"], symbol)


async def test_orders_that_end_unfilled_say_why(sim: Sim, bybit: Any) -> None:
    bid, ask = (float(book(sim, SWAP)[side][0][0]) for side in ("bids", "asks"))
    made = await bybit.create_order(SWAP, "limit", "buy", 0.01, bid, {"timeInForce": "IOC"})
    read = await bybit.fetch_order(made["id"], SWAP, {"acknowledged": True})
    assert (read["status"], read["filled"]) == ("canceled", 0.0)
    assert read["info"]["rejectReason"] == "EC_NoImmediateQtyToFill"
    made = await bybit.create_order(SWAP, "limit", "buy", 0.01, ask, {"postOnly": True})
    read = await bybit.fetch_order(made["id"], SWAP, {"acknowledged": True})
    assert (read["status"], read["info"]["rejectReason"]) == ("canceled", "EC_PostOnlyWillTakeLiquidity")
    assert sim.account("bybit")["fills"] == []


async def test_positions_and_balances_are_true(sim: Sim, bybit: Any) -> None:
    await bybit.create_order(SWAP, "market", "sell", 0.05)
    await bybit.create_order(SWAP, "market", "buy", 0.02)
    (position,) = await bybit.fetch_positions([SWAP])
    account = sim.account("bybit")
    (true,) = account["positions"]
    assert (position["side"], position["contracts"], true["qty"]) == ("short", 0.03, "-0.030")
    assert position["entryPrice"] == pytest.approx(float(true["entry"]))
    assert position["unrealizedPnl"] == pytest.approx(float(true["profit"]))
    assert position["leverage"] == true["leverage"]
    balance = await bybit.fetch_balance()
    assert balance["USDT"]["total"] == pytest.approx(float(account["balances"]["USDT"]), abs=1e-8)
    assert balance["BTC"]["total"] == float(account["balances"]["BTC"])


async def test_spot_fees_are_paid_in_what_is_bought_and_resting_orders_hold_their_coins(sim: Sim, bybit: Any) -> None:
    ask = float(book(sim, SPOT)["asks"][1][0])
    await bybit.create_order(SPOT, "limit", "buy", 0.02, ask, {"timeInForce": "IOC"})
    account = sim.account("bybit")
    assert {f["fee_ccy"] for f in account["fills"]} == {"BTC"}
    await bybit.create_order(SPOT, "limit", "sell", 0.5, ask + 100)
    coin = next(c for c in (await bybit.fetch_balance())["info"]["result"]["list"][0]["coin"] if c["coin"] == "BTC")
    row = sim.account("bybit")["wallets"]["unified"]["BTC"]
    assert (Decimal(coin["walletBalance"]), Decimal(coin["locked"])) == (Decimal(row["total"]), Decimal(row["held"]))
    await bybit.create_order(SPOT, "market", "buy", 0.01)
    assert Decimal(sim.account("bybit")["orders"][-1]["filled"]) == Decimal("0.01")


async def test_fees_mode_and_leverage_are_read_as_they_are_set(sim: Sim, bybit: Any) -> None:
    sim.set_account("bybit", fees={"perp": {"maker": "0.00005", "taker": "0.0003"}})
    fee = await bybit.fetch_trading_fee(SWAP)
    assert (fee["maker"], fee["taker"]) == (0.00005, 0.0003)
    await bybit.set_leverage(7, SWAP)
    assert (await bybit.fetch_leverage(SWAP))["longLeverage"] == 7
    await bybit.set_position_mode(True, SWAP)
    assert sim.account("bybit")["dual"] is True


async def test_funding_that_was_paid_is_read(sim: Sim, bybit: Any) -> None:
    await bybit.create_order(SWAP, "market", "buy", 0.05)
    sim.settle_funding("bybit", "BTCUSDT")
    (true,) = sim.account("bybit")["funding"]
    ledger = await bybit.fetch_ledger("USDT", params={"category": "linear", "currency": "USDT"})
    assert [float(entry["info"]["funding"]) for entry in ledger] == [float(true["amount"])]
    result = (await bybit.privateGetV5ExecutionList({"category": "linear", "execType": "Funding"}))["result"]
    assert [-float(row["execFee"]) for row in result["list"]] == [float(true["amount"])]


async def test_what_is_refused_is_the_same_error_to_ccxt(sim: Sim, bybit: Any) -> None:
    with pytest.raises(ccxt.InsufficientFunds):
        await bybit.create_order(SWAP, "market", "buy", 100)
    with pytest.raises(ccxt.InsufficientFunds):
        await bybit.create_order(SPOT, "limit", "sell", 50, float(book(sim, SPOT)["asks"][0][0]))
    wrong = sim.client(ccxt.pro.bybit, **{**sim.keys("bybit"), "secret": "another"})
    with pytest.raises(ccxt.AuthenticationError):
        await wrong.fetch_balance()


async def test_the_private_socket_tells_orders_fills_positions_and_balances(sim: Sim, bybit: Any) -> None:
    assert await bybit.watch_positions([SWAP]) == []  # ccxt asks by REST what is there before it listens
    async with asyncio.TaskGroup() as group:
        orders = group.create_task(bybit.watch_orders(SWAP))
        trades = group.create_task(bybit.watch_my_trades(SWAP))
        balance = group.create_task(bybit.watch_balance())
        positions = group.create_task(bybit.watch_positions([SWAP]))
        await sim.until_listened()
        await bybit.create_order(SWAP, "market", "buy", 0.05)
    true = sim.account("bybit")
    assert orders.result()[-1]["id"] == true["orders"][0]["id"]
    assert {t["id"] for t in trades.result()} <= {f["id"] for f in true["fills"]}
    worth = float(true["balances"]["USDT"]) + float(true["positions"][0]["profit"])  # ccxt reads equity here
    assert balance.result()["USDT"]["total"] == pytest.approx(worth, abs=1e-8)
    assert positions.result()[0]["symbol"] == SWAP
    assert [(p["symbol"], p["side"], p["contracts"]) for p in bybit.positions][-1] == (SWAP, "long", 0.05)


async def test_orders_over_the_trade_socket_are_orders(sim: Sim, bybit: Any) -> None:
    for symbol in (SWAP, SPOT):
        bid = float(book(sim, symbol)["bids"][5][0])
        made = await bybit.create_order_ws(symbol, "limit", "buy", 0.01, bid)
        order = sim.account("bybit")["orders"][-1]
        assert (made["id"], order["status"]) == (order["id"], "open")
        await bybit.cancel_order_ws(made["id"], symbol)
        assert sim.account("bybit")["orders"][-1]["status"] == "canceled"
