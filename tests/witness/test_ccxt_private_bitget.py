"""ccxt trades on the simulated Bitget's unified account, contracts and spot, and reads it: it finds the truth."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import ccxt.pro
import pytest

from tests.witness.harness import Sim, seen_fill, true_fill

VENUE = "bitget"
SWAP, SPOT = "BTC/USDT:USDT", "BTC/USDT"
MARKET = {SWAP: "perp", SPOT: "spot"}


@pytest.fixture
async def bitget(sim: Sim) -> Any:
    """ccxt asks by itself what kind of account it is."""
    exchange = sim.client(ccxt.pro.bitget, **sim.keys("bitget"))
    await exchange.load_markets()
    assert exchange.options["uta"] is True
    return exchange


def book(sim: Sim, symbol: str) -> Any:
    return sim.truth("bitget", MARKET[symbol], "BTCUSDT")["BTCUSDT"]


def fills_of(trades: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """``seen_fill`` of each; ccxt gives this account's fees the other sign."""
    seen = [trade | {"fee": trade["fee"] | {"cost": abs(trade["fee"]["cost"])}} for trade in trades]
    return sorted(map(seen_fill, seen))


@pytest.mark.parametrize("symbol", [SWAP, SPOT])
async def test_an_order_is_placed_filled_and_read_as_it_is(sim: Sim, bitget: Any, symbol: str) -> None:
    sim.set_account("bitget", balances={"unified": {"USDT": "1000000"}})
    asks = book(sim, symbol)["asks"]
    size, price = float(asks[0][1]) + float(asks[1][1]) / 2, float(asks[2][0])
    made = await bitget.create_order(symbol, "limit", "buy", size, price, {"timeInForce": "IOC", "clientOid": "a-1_x"})
    account = sim.account("bitget")
    (order,) = account["orders"]
    assert (made["id"], made["clientOrderId"], order["status"]) == (order["id"], "a-1_x", "filled")
    read = await bitget.fetch_order(made["id"], symbol)
    coins = sum(Decimal(f["qty"]) for f in account["fills"])
    assert (read["status"], read["clientOrderId"], read["symbol"]) == ("closed", "a-1_x", symbol)
    assert read["filled"] == float(coins) == float(order["qty"]) == pytest.approx(size, abs=0.0001)
    trades = await bitget.fetch_my_trades(symbol)
    assert fills_of(trades) == sorted(map(true_fill, account["fills"]))
    assert len(trades) > 1


async def test_a_resting_order_is_open_until_it_is_canceled(sim: Sim, bitget: Any) -> None:
    for symbol in (SWAP, SPOT):
        bid = float(book(sim, symbol)["bids"][5][0])
        made = await bitget.create_order(symbol, "limit", "buy", 0.01, bid, {"postOnly": True})
        (found,) = await bitget.fetch_open_orders(symbol)
        assert (found["id"], found["status"], found["price"]) == (made["id"], "open", bid)
        await bitget.cancel_order(made["id"], symbol)
        assert await bitget.fetch_open_orders(symbol) == []
        (past,) = await bitget.fetch_canceled_orders(symbol)
        assert (past["id"], past["status"]) == (made["id"], "canceled")
        with pytest.raises(ccxt.ExchangeError, match="25204"):
            await bitget.cancel_order(made["id"], symbol)
    assert [o["status"] for o in sim.account("bitget")["orders"]] == ["canceled", "canceled"]


async def test_positions_and_balances_are_true(sim: Sim, bitget: Any) -> None:
    await bitget.create_order(SWAP, "market", "sell", 0.05)
    await bitget.create_order(SWAP, "market", "buy", 0.02, None, {"reduceOnly": True})
    (position,) = await bitget.fetch_positions([SWAP])
    account = sim.account("bitget")
    (true,) = account["positions"]
    assert (position["side"], position["contracts"], Decimal(true["qty"])) == ("short", 0.03, Decimal("-0.03"))
    assert position["entryPrice"] == pytest.approx(float(true["entry"]))
    assert position["unrealizedPnl"] == pytest.approx(float(true["profit"]))
    assert position["leverage"] == true["leverage"]
    balance = await bitget.fetch_balance()
    worth = float(account["balances"]["USDT"]) + float(true["profit"])  # ccxt reads equity here
    assert balance["USDT"]["total"] == pytest.approx(worth, abs=1e-8)
    assert balance["BTC"]["total"] == float(account["balances"]["BTC"])


async def test_spot_fees_are_paid_in_what_is_bought_and_resting_orders_hold_their_coins(sim: Sim, bitget: Any) -> None:
    ask = float(book(sim, SPOT)["asks"][1][0])
    await bitget.create_order(SPOT, "limit", "buy", 0.02, ask, {"timeInForce": "IOC"})
    assert {f["fee_ccy"] for f in sim.account("bitget")["fills"]} == {"BTC"}
    await bitget.create_order(SPOT, "limit", "sell", 0.5, ask + 100)
    coin = (await bitget.fetch_balance())["BTC"]
    row = sim.account("bitget")["wallets"]["unified"]["BTC"]
    assert (coin["total"], coin["used"]) == (float(row["total"]), float(row["held"]))


async def test_fees_mode_leverage_and_funding_are_read_as_they_are(sim: Sim, bitget: Any) -> None:
    sim.set_account("bitget", fees={"perp": {"maker": "0.00005", "taker": "0.0003"}})
    fee = await bitget.fetch_trading_fee(SWAP)
    assert (fee["maker"], fee["taker"]) == (0.00005, 0.0003)
    await bitget.set_leverage(7, SWAP)
    await bitget.create_order(SWAP, "market", "buy", 0.05)
    assert sim.account("bitget")["positions"][0]["leverage"] == 7
    sim.settle_funding("bitget", "BTCUSDT")
    (true,) = sim.account("bitget")["funding"]
    (read,) = await bitget.fetch_funding_history(SWAP)
    assert read["amount"] == float(true["amount"])
    await bitget.create_order(SWAP, "market", "sell", 0.05)
    await bitget.set_position_mode(True)
    assert sim.account("bitget")["dual"] is True


async def test_what_is_refused_is_an_error_with_bitgets_code(sim: Sim, bitget: Any) -> None:
    with pytest.raises(ccxt.ExchangeError, match="25203"):
        await bitget.create_order(SWAP, "limit", "buy", 98, float(book(sim, SWAP)["asks"][0][0]))
    with pytest.raises(ccxt.ExchangeError, match="25202"):
        await bitget.create_order(SPOT, "limit", "sell", 50, float(book(sim, SPOT)["asks"][0][0]))
    wrong = sim.client(ccxt.pro.bitget, **{**sim.keys("bitget"), "secret": "another"}, options={"uta": True})
    with pytest.raises(ccxt.AuthenticationError):
        await wrong.fetch_balance()


async def test_the_private_socket_tells_orders_fills_positions_and_balances(sim: Sim, bitget: Any) -> None:
    balance = await told_of_a_purchase(sim, bitget, "main")
    assert balance["BTC"]["total"] == float(sim.account("bitget")["balances"]["BTC"])


async def told_of_a_purchase(sim: Sim, bitget: Any, account: str, **of_balance: Any) -> Any:
    """Listen to all there is, buy a contract, and hold what was told against the truth; the balance as it was told."""
    assert await bitget.watch_positions([SWAP]) == []  # how it begins
    async with asyncio.TaskGroup() as group:
        orders = group.create_task(bitget.watch_orders(SWAP))
        trades = group.create_task(bitget.watch_my_trades(SWAP))
        balance = group.create_task(bitget.watch_balance(of_balance))
        positions = group.create_task(bitget.watch_positions([SWAP]))
        await sim.until_listened()
        await bitget.create_order(SWAP, "market", "buy", 0.05)
    true = sim.account("bitget", account)
    assert orders.result()[-1]["id"] == true["orders"][0]["id"]
    assert {t["id"] for t in trades.result()} <= {f["id"] for f in true["fills"]}
    assert [(p["symbol"], p["side"], p["contracts"]) for p in positions.result()][-1] == (SWAP, "long", 0.05)
    return balance.result()
