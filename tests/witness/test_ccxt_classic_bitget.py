"""ccxt trades on the simulated Bitget's classic account, as it does where nothing says unified: it finds the truth."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ccxt.pro
import pytest

from tests.witness.harness import Sim, true_fill
from tests.witness.test_ccxt_private_bitget import MARKET, SPOT, SWAP, book, fills_of, told_of_a_purchase

VENUE = "bitget"


@pytest.fixture
async def bitget(sim: Sim) -> Any:
    """ccxt asks by itself what kind of account it is."""
    exchange = sim.client(ccxt.pro.bitget, **sim.keys("bitget", "classic"))
    await exchange.load_markets()
    assert exchange.options["uta"] is False
    return exchange


def own(sim: Sim) -> Any:
    return sim.account("bitget", "classic")


@pytest.mark.parametrize("symbol", [SWAP, SPOT])
async def test_an_order_is_placed_filled_and_read_as_it_is(sim: Sim, bitget: Any, symbol: str) -> None:
    wallet = "futures" if symbol == SWAP else "spot"
    sim.set_account("bitget", account="classic", balances={wallet: {"USDT": "1000000"}})
    asks = book(sim, symbol)["asks"]
    size, price = float(asks[0][1]) + float(asks[1][1]) / 2, float(asks[2][0])
    made = await bitget.create_order(symbol, "limit", "buy", size, price, {"timeInForce": "IOC", "clientOid": "a-1_x"})
    account = own(sim)
    (order,) = account["orders"]
    assert (made["id"], made["clientOrderId"], order["status"]) == (order["id"], "a-1_x", "filled")
    read = await bitget.fetch_order(made["id"], symbol)
    coins = sum(Decimal(f["qty"]) for f in account["fills"])
    worth = sum(Decimal(f["price"]) * Decimal(f["qty"]) for f in account["fills"])
    assert (read["status"], read["clientOrderId"], read["symbol"]) == ("closed", "a-1_x", symbol)
    assert read["filled"] == float(coins) == pytest.approx(size, abs=0.0001)
    assert read["average"] == pytest.approx(float(worth / coins), rel=1e-9)
    assert read["fee"]["cost"] == pytest.approx(sum(float(f["fee"]) for f in account["fills"]))
    trades = await bitget.fetch_my_trades(symbol)
    assert fills_of(trades) == sorted(map(true_fill, account["fills"]))
    assert len(trades) > 1


async def test_a_resting_order_is_open_until_it_is_canceled(sim: Sim, bitget: Any) -> None:
    for symbol, code in ((SWAP, "22001"), (SPOT, "43004")):
        bid = float(book(sim, symbol)["bids"][5][0])
        made = await bitget.create_order(symbol, "limit", "buy", 0.01, bid, {"postOnly": True})
        (found,) = await bitget.fetch_open_orders(symbol)
        assert (found["id"], found["status"], found["price"], found["amount"]) == (made["id"], "open", bid, 0.01)
        await bitget.cancel_order(made["id"], symbol)
        assert await bitget.fetch_open_orders(symbol) == []
        (past,) = await bitget.fetch_canceled_orders(symbol)
        assert (past["id"], past["status"]) == (made["id"], "canceled")
        with pytest.raises(ccxt.ExchangeError, match=code):
            await bitget.cancel_order(made["id"], symbol)
    assert [(o["market"], o["status"]) for o in own(sim)["orders"]] == [(MARKET[s], "canceled") for s in (SWAP, SPOT)]


async def test_positions_and_the_balances_of_both_wallets_are_true(sim: Sim, bitget: Any) -> None:
    await bitget.create_order(SWAP, "market", "sell", 0.05)
    await bitget.create_order(SWAP, "market", "buy", 0.02, None, {"reduceOnly": True})
    await bitget.create_order(SPOT, "market", "sell", 0.1)
    (position,) = await bitget.fetch_positions([SWAP])
    account = own(sim)
    (true,) = account["positions"]
    assert (position["side"], position["contracts"], Decimal(true["qty"])) == ("short", 0.03, Decimal("-0.03"))
    assert position["entryPrice"] == pytest.approx(float(true["entry"]))
    assert position["unrealizedPnl"] == pytest.approx(float(true["profit"]))
    futures = (await bitget.fetch_balance({"type": "swap"}))["USDT"]
    worth = float(account["wallets"]["futures"]["USDT"]["total"]) + float(true["profit"])  # ccxt reads equity here
    assert futures["total"] == pytest.approx(worth, abs=1e-8)
    spot = await bitget.fetch_balance()
    assert spot["BTC"]["total"] == float(account["wallets"]["spot"]["BTC"]["total"]) == 0.9
    assert spot["USDT"]["total"] == float(account["wallets"]["spot"]["USDT"]["total"])


async def test_both_sides_are_held_in_hedge_mode(sim: Sim, bitget: Any) -> None:
    await bitget.set_position_mode(True, SWAP)
    await bitget.create_order(SWAP, "market", "buy", 0.03, None, {"hedged": True})
    await bitget.create_order(SWAP, "market", "sell", 0.02, None, {"hedged": True})
    await bitget.create_order(SWAP, "market", "sell", 0.01, None, {"hedged": True, "reduceOnly": True})
    held = {p["side"]: p["contracts"] for p in await bitget.fetch_positions([SWAP])}
    assert held == {"long": 0.02, "short": 0.02}
    with pytest.raises(ccxt.InvalidOrder, match="40774"):
        await bitget.create_order(SWAP, "market", "buy", 0.03)


async def test_fees_leverage_and_funding_are_read_as_they_are(sim: Sim, bitget: Any) -> None:
    sim.set_account("bitget", account="classic", fees={"perp": {"maker": "0.00005", "taker": "0.0003"}})
    fee = await bitget.fetch_trading_fee(SWAP)
    assert (fee["maker"], fee["taker"]) == (0.00005, 0.0003)
    await bitget.set_leverage(7, SWAP)
    assert (await bitget.fetch_leverage(SWAP))["longLeverage"] == 7
    await bitget.create_order(SWAP, "market", "buy", 0.05)
    sim.settle_funding("bitget", "BTCUSDT")
    (true,) = own(sim)["funding"]
    (read,) = await bitget.fetch_funding_history(SWAP)
    assert read["amount"] == float(true["amount"])


async def test_what_is_refused_is_the_same_error_to_ccxt(sim: Sim, bitget: Any) -> None:
    with pytest.raises(ccxt.InsufficientFunds):
        await bitget.create_order(SWAP, "limit", "buy", 98, float(book(sim, SWAP)["asks"][0][0]))
    with pytest.raises(ccxt.InsufficientFunds):
        await bitget.create_order(SPOT, "limit", "sell", 50, float(book(sim, SPOT)["asks"][0][0]))
    with pytest.raises(ccxt.OrderNotFound):
        await bitget.fetch_order("1", SWAP)
    wrong = sim.client(
        ccxt.pro.bitget, **{**sim.keys("bitget", "classic"), "secret": "another"}, options={"uta": False}
    )
    with pytest.raises(ccxt.AuthenticationError):
        await wrong.fetch_balance()


async def test_the_private_socket_tells_orders_fills_positions_and_balances(sim: Sim, bitget: Any) -> None:
    assert "USDT" in await told_of_a_purchase(sim, bitget, "classic", type="swap")
