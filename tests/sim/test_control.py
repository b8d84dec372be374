"""The control side: truth, faults, instruments."""

from __future__ import annotations

from typing import Any

import pytest

from arbtui.sim.asked import Refused
from tests.sim.support import Bench, served

FAPI = "https://fapi.binance.com/fapi/v1"


async def test_the_truth_over_http_has_the_contracts_fields() -> None:
    async with served(coins=10) as (_, client):
        async with client.get("/_sim/truth", params={"venue": "binance", "symbol": "BTC", "depth": "3"}) as answer:
            truth = await answer.json()
        assert {"t_ns", "venues", "dislocations", "accounts"} <= set(truth)
        account = truth["accounts"]["binance"]["main"]
        assert {"balances", "positions", "orders", "fills", "requests"} <= set(account)
        perps = truth["venues"]["binance"]["perp"]
        assert set(perps) == {"BTCUSDT", "BTCUSDC"}
        row = perps["BTCUSDT"]
        wanted = (
            "base quote multiplier price_factor tick step min_qty min_notional status bids asks seq mark index rate "
            "interval_h next_ms"
        )
        assert set(wanted.split()) <= set(row)
        assert len(row["bids"]) == 3
        async with client.get("/_sim/accounts") as answer:
            keys = (await answer.json())["binance"]["main"]
        assert set(keys) == {"api_key", "api_secret"}


async def test_what_is_not_offered_says_so_in_a_sentence() -> None:
    async with served(coins=3) as (_, client):
        for method, path, status, words in (
            ("GET", "/_sim/nothing", 404, "not offered"),
            ("GET", "/_sim/truth?venue=nope", 404, "not simulated"),
            ("GET", "/_sim/truth?symbol=BTC&seq=12", 404, "keeps a book"),
            ("GET", "/_sim/truth?symbol=BTC&seq=x", 400, "whole number"),
            ("GET", "/www.example.com/", 404, "no simulated venue answers"),
            ("DELETE", "/_sim/faults/f9", 404, "no fault"),
            ("POST", "/_sim/faults", 400, "not JSON"),
        ):
            async with client.request(method, path, data=b"{" if method == "POST" else None) as answer:
                assert answer.status == status, path
                assert words in (await answer.json())["error"]


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ({"fault": "nope"}, "unknown fault"),
        ({"fault": "mute", "venue": "nope"}, "not simulated"),
        ({"fault": "mute", "channels": "book"}, "unknown key 'channels'"),
        ({"fault": "mute", "market": "swap"}, "perp or spot"),
        ({"fault": "mute", "symbol": "NOPE"}, "no instrument"),
        ({"fault": "halt"}, "needs a symbol"),
        ({"fault": "slow", "value": "3"}, "is a number"),
        ({"fault": "slow", "value": -3}, "negative"),
        ({"fault": "slow", "seconds": True}, "is a number"),
        ({"fault": 3}, "is a string"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(ask: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        Bench(coins=2).control.add_fault({"venue": "binance", **ask})


async def test_faults_are_listed_explained_and_removed() -> None:
    async with served(coins=3) as (_, client):
        async with client.post("/_sim/faults", json={"fault": "mute", "venue": "binance", "seconds": 60}) as answer:
            fault_id = (await answer.json())["id"]
        async with client.get("/_sim/faults") as answer:
            listed = (await answer.json())["faults"]
        assert [(f["id"], f["fault"], f["venue"]) for f in listed] == [(fault_id, "mute", "binance")]
        async with client.get("/_sim/faults?help") as answer:
            explained = (await answer.json())["faults"]
        assert "probability" in explained["drop_delta"]["value"]
        async with client.delete(f"/_sim/faults/{fault_id}") as answer:
            assert answer.status == 200
        async with client.get("/_sim/faults") as answer:
            assert (await answer.json())["faults"] == []


def test_a_coin_listed_while_running_is_there_and_moves() -> None:
    one = Bench(coins=5)
    _, wire = one.connect("wss://fstream.binance.com/market/ws/!contractInfo")
    changed = one.control.instruments({"action": "list", "base": "NEWCOIN", "price": 3.5})
    one.run(20)
    assert [x.key for x in changed] == ["binance.perp.NEWCOINUSDT", "binance.spot.NEWCOINUSDT"]
    assert wire.take()[0]["s"] == "NEWCOINUSDT"
    symbols = {row["symbol"]: row["status"] for row in one.json(f"{FAPI}/exchangeInfo")["symbols"]}
    assert symbols["NEWCOINUSDT"] == "TRADING"
    before = one.truth("NEWCOINUSDT")
    assert float(before["bids"][0][0]) == pytest.approx(3.5, rel=0.01)
    one.run(2000)
    assert one.truth("NEWCOINUSDT")["seq"] > before["seq"]


def test_a_coin_cannot_be_listed_twice() -> None:
    with pytest.raises(Refused, match="listed already"):
        Bench(coins=5).control.instruments({"action": "list", "base": "BTC", "market": "perp"})


def test_halt_and_resume() -> None:
    one = Bench(coins=5)
    one.control.instruments({"action": "halt", "venue": "binance", "market": "spot", "symbol": "ETHUSDT"})
    rows = one.json("https://api.binance.com/api/v3/exchangeInfo?symbol=ETHUSDT")["symbols"]
    assert rows[0]["status"] == "HALT"
    one.control.instruments({"action": "resume", "symbol": "ETHUSDT"})
    assert one.truth("ETHUSDT", "spot")["status"] == "trading"


def test_a_delisting_shows_before_it_happens() -> None:
    one = Bench(coins=5)
    one.control.instruments({"action": "delist", "market": "perp", "symbol": "ETHUSDT", "seconds": 5})
    row = next(r for r in one.json(f"{FAPI}/exchangeInfo")["symbols"] if r["symbol"] == "ETHUSDT")
    assert row["status"] == "TRADING"
    assert row["deliveryDate"] == one.t_ns // 10**6 + 5000
    one.run(5100)
    assert one.truth("ETHUSDT")["status"] == "delisted"


@pytest.mark.parametrize("ask", [{"action": "jump"}, {"action": "halt", "symbol": "NOPE"}, {"action": "list"}])
def test_instrument_requests_that_make_no_sense_are_refused(ask: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        Bench(coins=2).control.instruments(ask)


def test_dislocations_name_two_legs_of_one_coin() -> None:
    one = Bench(coins=20)
    one.run(5000)
    truth = one.control.truth({})
    assert truth["dislocations"]
    for d in truth["dislocations"]:
        bases = [one.control.hub.world.by_key[d[leg]].base for leg in ("buy", "sell")]
        assert bases == [d["base"], d["base"]]
        assert d["from_ns"] < d["to_ns"]
