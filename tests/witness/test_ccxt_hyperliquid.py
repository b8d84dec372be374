"""ccxt reads the simulated Hyperliquid, perps, builder dexes and spot, by REST and socket, and finds the truth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import ccxt.pro
import pytest

from tests.witness.harness import Sim, floats, witnessed

SWAP, KILO, SPOT = "BTC/USDC:USDC", "KPEPE/USDC:USDC", "BTC/USDC"
NATIVE = {SWAP: ("perp", "BTC"), KILO: ("perp", "kPEPE"), SPOT: ("spot", "@142")}
HOUR_MS = 3_600_000


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with witnessed("hyperliquid") as sim:
        sim.keep_books("hyperliquid")
        yield sim


@pytest.fixture
async def hyperliquid(sim: Sim) -> Any:
    exchange = sim.client(ccxt.pro.hyperliquid)
    await exchange.load_markets()
    return exchange


def at(sim: Sim, symbol: str, **query: Any) -> Any:
    """The truth of one instrument by its ccxt symbol."""
    market, native = NATIVE[symbol]
    return sim.truth("hyperliquid", market, native, **query)[native]


async def test_perps_are_the_truth_and_their_ids_the_places_in_the_universe(sim: Sim, hyperliquid: Any) -> None:
    found = {m["baseName"]: m for m in hyperliquid.markets.values() if m["swap"] and not m["info"].get("hip3")}
    truth = sim.truth("hyperliquid", "perp")
    assert len(truth) > 35
    for native, row in truth.items():
        market = found.pop(native)
        assert (market["active"], market["linear"]) == (True, True)
        assert (market["quote"], market["settle"]) == (row["quote"], row["settle"])
        assert market["precision"]["amount"] == float(row["step"])
        assert market["limits"]["cost"]["min"] == float(row["min_notional"])
        assert market["precision"]["price"] >= float(row["tick"])
        price = float(row["bids"][0][0])
        assert round(price / market["precision"]["price"], 6) % 1 == 0
    assert found  # what is left was delisted
    assert not any(market["active"] for market in found.values())
    universe = [row["name"] for row in (await hyperliquid.public_post_info({"type": "meta"}))["universe"]]
    assert {name: universe.index(name) for name in truth} == {
        name: int(hyperliquid.market(f"{name.upper()}/USDC:USDC")["id"]) for name in truth
    }


async def test_builder_dexes_are_told_apart_by_name_and_collateral(hyperliquid: Any) -> None:
    assert hyperliquid.market("XYZ-TSLA/USDC:USDC")["id"] == "110001"
    assert hyperliquid.market("FLX-OIL/USDH:USDH")["id"] == "120001"
    assert hyperliquid.market("HYNA-BTC/USDE:USDE")["id"] == "130000"


async def test_pairs_are_the_truth_under_the_names_behind_the_bridge(sim: Sim, hyperliquid: Any) -> None:
    by_native = {m["id"]: m for m in hyperliquid.markets.values() if m["spot"]}
    truth = sim.truth("hyperliquid", "spot")
    assert {row["base"] for row in truth.values()} == {"PURR", "HYPE", "BTC", "ETH", "SOL", "USDT", "BONK", "PENGU"}
    for native, row in truth.items():
        market = by_native[native]
        assert (market["base"], market["quote"]) == (row["base"], row["quote"])
        assert market["precision"]["amount"] == float(row["step"])
        assert market["precision"]["price"] >= float(row["tick"])


@pytest.mark.parametrize(("kind", "market"), [("swap", "perp"), ("spot", "spot")])
async def test_tickers(sim: Sim, hyperliquid: Any, kind: str, market: str) -> None:
    before = sim.truth("hyperliquid", market)
    tickers = await hyperliquid.fetch_tickers(params={"type": kind})
    by_native = {t["info"]["name"]: t for t in tickers.values()}
    for native, row in before.items():
        if row["status"] == "trading":
            bid, ask = float(row["bids"][0][0]), float(row["asks"][0][0])
            assert by_native[native]["close"] == pytest.approx((bid + ask) / 2, rel=2e-3)
            if market == "perp":  # impact prices, which is all that REST has
                assert by_native[native]["bid"] == pytest.approx(bid, rel=0.02)
                assert by_native[native]["ask"] > by_native[native]["bid"]


@pytest.mark.parametrize("symbol", [SWAP, KILO, SPOT])
async def test_order_books_by_rest_are_true_at_their_time(sim: Sim, hyperliquid: Any, symbol: str) -> None:
    for _ in range(3):
        book = await hyperliquid.fetch_order_book(symbol)
        row = at(sim, symbol, seq=book["timestamp"], depth=20)
        assert (floats(book["bids"]), floats(book["asks"])) == (floats(row["bids"]), floats(row["asks"]))


async def test_funding_rates_are_hourly(sim: Sim, hyperliquid: Any) -> None:
    before = sim.truth("hyperliquid", "perp")
    rates = {r["info"]["name"]: r for r in (await hyperliquid.fetch_funding_rates()).values()}
    after = sim.truth("hyperliquid", "perp")
    for native, row in after.items():
        if row["status"] != "trading":
            assert rates[native]["fundingRate"] == 0
            continue
        then = before[native]  # the minute may turn between the two looks
        assert rates[native]["fundingRate"] in (float(then["rate"]), float(row["rate"]))
        assert rates[native]["fundingTimestamp"] in (then["next_ms"], row["next_ms"])
        assert rates[native]["markPrice"] in (float(then["mark"]), float(row["mark"]))
        assert rates[native]["indexPrice"] in (float(then["index"]), float(row["index"]))
        assert rates[native]["interval"] == f"{row['interval_h']}h"


async def test_history_of_funding(hyperliquid: Any) -> None:
    rates = await hyperliquid.fetch_funding_rate_history(SWAP, limit=5)
    assert len(rates) == 5
    assert all(abs(b["timestamp"] - a["timestamp"] - HOUR_MS) < 118 for a, b in pairwise(rates))


async def test_status_and_time(sim: Sim, hyperliquid: Any) -> None:
    assert (await hyperliquid.fetch_status())["status"] == "ok"
    assert 100 < sim.hub.now_ns() / 1e6 - await hyperliquid.fetch_time() < 2000


@pytest.mark.parametrize(
    ("symbol", "fast", "depth"), [(SWAP, True, 5), (KILO, True, 5), (SPOT, True, 5), (SWAP, False, 20)]
)
async def test_watched_order_books_are_true_at_their_time(
    sim: Sim, hyperliquid: Any, symbol: str, fast: bool, depth: int
) -> None:
    _, native = NATIVE[symbol]
    params = {"subscription": {"type": "l2Book", "coin": native, "fast": True}} if fast else {}
    seen = set()
    for _ in range(4 if fast else 1):  # the slow book comes each five seconds
        book = await hyperliquid.watch_order_book(symbol, params=params)
        row = at(sim, symbol, seq=book["timestamp"], depth=depth)
        assert (floats(book["bids"]), floats(book["asks"])) == (floats(row["bids"]), floats(row["asks"]))
        seen.add(book["timestamp"])
    assert len(seen) == (4 if fast else 1)


async def test_watched_tickers(sim: Sim, hyperliquid: Any) -> None:
    for symbol in (SWAP, SPOT):
        ticker = await hyperliquid.watch_ticker(symbol)
        row = at(sim, symbol)
        assert ticker["close"] == pytest.approx(float(row["bids"][0][0]), rel=2e-3)
    mids = await hyperliquid.watch_tickers([SWAP])
    assert mids[SWAP]["close"] == pytest.approx(float(at(sim, SWAP)["bids"][0][0]), rel=2e-3)


async def test_leaving_a_book_is_acknowledged_and_it_can_be_had_again(sim: Sim, hyperliquid: Any) -> None:
    await hyperliquid.watch_order_book(SWAP)
    await hyperliquid.un_watch_order_book(SWAP)
    book = await hyperliquid.watch_order_book(SWAP)
    row = at(sim, SWAP, seq=book["timestamp"], depth=20)
    assert floats(book["bids"]) == floats(row["bids"])


async def test_public_trades_are_read_by_ccxt(hyperliquid: Any) -> None:
    trades = await asyncio.wait_for(hyperliquid.watch_trades(SWAP), 20)
    assert trades
    assert all(trade["price"] > 0 and trade["amount"] > 0 and trade["side"] in ("buy", "sell") for trade in trades)


async def test_a_name_that_does_not_exist_is_a_lost_connection_to_ccxt(hyperliquid: Any) -> None:
    watched = asyncio.ensure_future(
        hyperliquid.watch_order_book(SWAP, params={"subscription": {"type": "l2Book", "coin": "NOPE"}})
    )
    with pytest.raises(ccxt.NetworkError):
        await asyncio.wait_for(watched, 5)


async def test_errors_of_rest_by_class(hyperliquid: Any) -> None:
    with pytest.raises(ccxt.ExchangeError):
        await hyperliquid.public_post_info({"type": "nope"})
    with pytest.raises(ccxt.ExchangeNotAvailable):
        await hyperliquid.public_post_info({"type": "meta", "dex": "nope"})
    with pytest.raises(ccxt.RateLimitExceeded):
        await _many(hyperliquid, {"type": "perpDexs"})


async def _many(hyperliquid: Any, question: dict[str, Any]) -> None:
    for _ in range(61):
        await hyperliquid.public_post_info(question)
