"""The control side's rooms for accounts, over HTTP as others use them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from arbtui.sim.asked import Refused
from tests.sim.binance_private_support import Trader
from tests.sim.support import Bench, served


@pytest.fixture
def one() -> Trader:
    return Trader()


async def test_credentials_orders_funding_and_accounts_over_http() -> None:
    async with served("binance", "okx", coins=3, rate=0.0) as (_, client):

        async def ask(method: str, path: str, **body: Any) -> Any:
            async with client.request(method, path, json=body or None) as answer:
                found = await answer.json()
                assert answer.status == 200, found
                return found

        keys = await ask("GET", "/_sim/accounts")
        assert set(keys["binance"]) == set(keys["okx"]) == {"main", "second"}
        assert set(keys["okx"]["main"]) == {"api_key", "api_secret", "passphrase"}
        order = await ask(
            "POST", "/_sim/orders", venue="okx", market="perp", symbol="BTC-USDT-SWAP", side="buy", qty="2"
        )
        assert (order["status"], order["filled"]) == ("filled", "2")
        paid = await ask("POST", "/_sim/funding", venue="okx", symbol="BTC-USDT-SWAP")
        assert [row["ccy"] for row in paid["paid"]] == ["USDT"]
        poor = await ask("POST", "/_sim/accounts", venue="okx", account="third", balances={"trading": {"USDT": "5"}})
        assert poor["balances"]["USDT"] == "5"
        truth = await ask("GET", "/_sim/truth?venue=okx&symbol=BTC-USDT-SWAP")
        assert set(truth["accounts"]) == {"okx"}
        (position,) = truth["accounts"]["okx"]["main"]["positions"]
        assert (position["native"], position["qty"]) == ("BTC-USDT-SWAP", "2")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ({"venue": "bybit"}, "takes no orders"),
        ({"venue": "binance", "money": 1}, "unknown key 'money'"),
        ({"venue": "binance", "balances": {"purse": {"USDT": "1"}}}, "has the wallets"),
        ({"venue": "binance", "balances": {"spot": {"USDT": "much"}}}, "is a number"),
        ({"venue": "binance", "balances": {"spot": {"USDT": "NaN"}}}, "is a number"),
        ({"venue": "binance", "fees": {"perp": {"maker": "0"}}}, "fees are"),
        ({"venue": "binance", "leverage": {"NOPE": 3}}, "no perp instrument"),
    ],
)
def test_what_cannot_be_set_is_said_in_a_sentence(one: Trader, ask: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        one.control.books.set_account(ask)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"market": "dated"}, "market is perp or spot"),
        ({"side": "hold"}, "side is buy or sell"),
        ({"symbol": "NOPE"}, "no perp instrument"),
        ({"account": "nobody"}, "no account"),
        ({"qty": None}, "qty is a number"),
        ({"qty": "900"}, "refuses the order: margin"),
    ],
)
def test_orders_by_hand_are_refused_in_a_sentence(one: Trader, changed: dict[str, Any], words: str) -> None:
    ask = {"venue": "binance", "market": "perp", "symbol": "BTCUSDT", "side": "buy", "qty": "0.01", **changed}
    with pytest.raises(Refused, match=words):
        one.control.books.by_hand(ask)
    with pytest.raises(Refused, match="no order"):
        one.control.books.cancel_by_hand("12")


def test_a_deposit_is_told_and_counts_for_the_next_order(one: Trader) -> None:
    one.control.books.set_account({"venue": "binance", "balances": {"usdm": {"USDT": "10"}}})
    _, wire = one.listen()
    assert one.refused("POST", "/fapi/v1/order", **one.perp("BUY", "0.1", None))[1] == -2019
    one.control.books.set_account({"venue": "binance", "balances": {"usdm": {"USDT": "50000"}}})
    (told,) = wire.take()
    assert (told["a"]["m"], told["a"]["B"]) == (
        "DEPOSIT",
        [{"a": "USDT", "wb": "50000.00000000", "cw": "50000.00000000", "bc": "0"}],
    )
    assert one.buy("0.1")["status"] == "FILLED"


def test_fees_that_are_set_are_charged_and_read(one: Trader) -> None:
    one.control.books.set_account({"venue": "binance", "fees": {"perp": {"maker": "-0.0001", "taker": "0.0002"}}})
    one.buy("0.1")
    (fill,) = one.own()["fills"]
    assert Decimal(fill["fee"]) == (Decimal(fill["price"]) * Decimal(fill["qty"]) * Decimal("0.0002"))
    rates = one.ask("GET", "/fapi/v1/commissionRate", symbol="BTCUSDT")
    assert (rates["makerCommissionRate"], rates["takerCommissionRate"]) == ("-0.0001", "0.0002")


def test_the_truth_of_an_account_is_of_the_symbol_that_is_asked_for(one: Trader) -> None:
    one.buy("0.1")
    truth = one.control.truth({"venue": "binance", "symbol": "ETHUSDT"})["accounts"]["binance"]["main"]
    assert (truth["orders"], truth["fills"], truth["positions"]) == ([], [], [])
    assert one.own()["positions"][0]["native"] == "BTCUSDT"


def test_accounts_cost_nothing_until_somebody_trades() -> None:
    """The world runs the same whether accounts are there, and nobody looks at them."""
    quiet, traded = Bench("binance", coins=4), Bench("binance", coins=4)
    desk = traded.venue().desk
    assert desk is not None
    for bench in (quiet, traded):
        bench.run(500)
    assert (quiet.hub.resting, desk.traded) == ({}, False)
    traded.control.books.by_hand(
        {"venue": "binance", "market": "perp", "symbol": "BTCUSDT", "side": "buy", "qty": "0.01"}
    )
    for bench in (quiet, traded):
        bench.run(500)
    assert [x.state for x in quiet.hub.world.listings] == [x.state for x in traded.hub.world.listings]
