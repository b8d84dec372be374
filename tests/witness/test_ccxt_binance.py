"""ccxt reads the simulated Binance, spot and USD-M, and finds the truth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import ccxt.pro
import pytest

from tests.witness.harness import Sim, floats, witnessed


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with witnessed("binance") as sim:
        sim.keep_books("binance")
        yield sim


def usdm(sim: Sim) -> Any:
    return sim.client(ccxt.pro.binanceusdm)


def spot(sim: Sim) -> Any:
    return sim.client(ccxt.pro.binance, options={"fetchMarkets": {"types": ["spot"]}})


async def test_markets_of_usdm(sim: Sim) -> None:
    markets = await usdm(sim).load_markets()
    by_native = {m["id"]: m for m in markets.values() if m["swap"] and m["active"] and m["quote"] in ("USDT", "USDC")}
    truth = sim.truth("binance", "perp")
    for native, row in truth.items():
        if row["status"] != "trading":
            assert native not in by_native
            continue
        market = by_native[native]
        assert market["settle"] == row["settle"]
        assert market["precision"]["price"] == float(row["tick"])
        assert market["precision"]["amount"] == float(row["step"])
        assert market["limits"]["cost"]["min"] == float(row["min_notional"])
        assert market["contractSize"] == 1


async def test_markets_of_spot(sim: Sim) -> None:
    markets = await spot(sim).load_markets()
    by_native = {m["id"]: m for m in markets.values() if m["spot"]}
    for native, row in sim.truth("binance", "spot").items():
        market = by_native[native]
        assert market["active"] == (row["status"] == "trading")
        assert market["precision"]["price"] == float(row["tick"])
        assert market["precision"]["amount"] == float(row["step"])


async def test_bids_and_asks_of_all_symbols(sim: Sim) -> None:
    for exchange, market in ((usdm(sim), "perp"), (spot(sim), "spot")):
        await exchange.load_markets()
        tickers = await exchange.fetch_bids_asks()
        truth = sim.truth("binance", market)
        true = {
            exchange.safe_symbol(native, None, None, "swap" if market == "perp" else "spot"): row
            for native, row in truth.items()
        }
        assert set(tickers) == set(true)
        same = sum(
            (t["bid"], t["ask"]) == (float(true[s]["bids"][0][0]), float(true[s]["asks"][0][0]))
            for s, t in tickers.items()
        )
        assert same > 0.9 * len(tickers)  # a few moved between the answer and the look at the truth


async def test_tickers_hold_last_and_volume(sim: Sim) -> None:
    exchange = usdm(sim)
    await exchange.load_markets()
    tickers = await exchange.fetch_tickers()
    row = sim.truth("binance", "perp", "BTCUSDT")["BTCUSDT"]
    ticker = tickers["BTC/USDT:USDT"]
    assert ticker["last"] == pytest.approx(float(row["last"]), rel=1e-3)
    assert ticker["quoteVolume"] / ticker["baseVolume"] == pytest.approx(ticker["last"], rel=0.05)


async def test_order_books_by_rest(sim: Sim) -> None:
    for exchange, market, symbol in ((usdm(sim), "perp", "BTC/USDT:USDT"), (spot(sim), "spot", "BTC/USDT")):
        book = await exchange.fetch_order_book(symbol, 100)
        row = sim.truth("binance", market, "BTCUSDT", seq=book["nonce"])["BTCUSDT"]
        assert floats(book["bids"]) == floats(row["bids"])
        assert floats(book["asks"]) == floats(row["asks"])


async def test_funding_rates_and_intervals(sim: Sim) -> None:
    exchange = usdm(sim)
    before = sim.truth("binance", "perp")
    rates = await exchange.fetch_funding_rates()
    intervals = await exchange.fetch_funding_intervals()
    for native, row in sim.truth("binance", "perp").items():
        symbol = exchange.safe_symbol(native, None, None, "swap")
        then = before[native]  # the minute may turn between the two looks
        assert rates[symbol]["fundingRate"] in (float(then["rate"]), float(row["rate"]))
        assert rates[symbol]["fundingTimestamp"] in (then["next_ms"], row["next_ms"])
        assert rates[symbol]["markPrice"] == pytest.approx(float(row["mark"]), rel=1e-3)
        if symbol in intervals:
            assert intervals[symbol]["interval"] == f"{row['interval_h']}h"


async def test_watched_order_books_are_true_at_every_id(sim: Sim) -> None:
    for exchange, market, symbol in ((usdm(sim), "perp", "BTC/USDT:USDT"), (spot(sim), "spot", "BTC/USDT")):
        seen = set()
        for _ in range(8):
            book = await exchange.watch_order_book(symbol)
            seen.add(book["nonce"])
            row = sim.truth("binance", market, "BTCUSDT", seq=book["nonce"])["BTCUSDT"]
            assert floats(book["bids"]) == floats(row["bids"])
            assert floats(book["asks"]) == floats(row["asks"])
        assert len(seen) > 4


async def test_watched_bids_and_asks_are_true_at_every_id(sim: Sim) -> None:
    for exchange, market, symbols in (
        (usdm(sim), "perp", ["BTC/USDT:USDT", "1000PEPE/USDT:USDT"]),
        (spot(sim), "spot", ["BTC/USDT", "PEPE/USDT"]),
    ):
        for _ in range(8):
            for ticker in (await exchange.watch_bids_asks(symbols)).values():
                raw = ticker["info"]
                row = sim.truth("binance", market, raw["s"], seq=raw["u"])[raw["s"]]
                assert (ticker["bid"], ticker["ask"]) == (float(row["bids"][0][0]), float(row["asks"][0][0]))


async def test_watched_marks_are_true(sim: Sim) -> None:
    exchange = usdm(sim)
    await exchange.load_markets()
    marks = await exchange.watch_mark_prices()
    row = sim.truth("binance", "perp", "BTCUSDT")["BTCUSDT"]
    if "BTC/USDT:USDT" not in marks:  # the TradFi half of the array came first
        marks = await exchange.watch_mark_prices()
    assert marks["BTC/USDT:USDT"]["markPrice"] == pytest.approx(float(row["mark"]), rel=1e-3)
