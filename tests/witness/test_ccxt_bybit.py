"""ccxt reads the simulated Bybit, contracts and spot, by REST and socket, and finds the truth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import ccxt.pro
import pytest

from arbtui.sim.listing import Market
from tests.witness.harness import Sim, floats, witnessed

SWAP, USDC, SPOT = "BTC/USDT:USDT", "BTC/USDC:USDC", "BTC/USDT"
NATIVE: dict[str, tuple[Market, str]] = {
    SWAP: ("perp", "BTCUSDT"),
    USDC: ("perp", "BTCPERP"),
    SPOT: ("spot", "BTCUSDT"),
}


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with witnessed("bybit") as sim:
        sim.keep_books("bybit")
        yield sim


@pytest.fixture
async def bybit(sim: Sim) -> Any:
    exchange = sim.client(ccxt.pro.bybit)
    await exchange.load_markets()
    return exchange


def at(sim: Sim, symbol: str, **query: Any) -> Any:
    """The truth of one instrument by its ccxt symbol."""
    market, native = NATIVE[symbol]
    return sim.truth("bybit", market, native, **query)[native]


def recent(sim: Sim, symbol: str, states: int = 40) -> list[Any]:
    """The true books of the last moments: ccxt keeps neither ``u`` nor ``seq``."""
    history = list(sim.listing("bybit", *NATIVE[symbol]).history)
    return [at(sim, symbol, seq=state.seq) for state in history[-states:]]


@pytest.mark.parametrize("market", ["perp", "spot"])
async def test_markets(sim: Sim, bybit: Any, market: str) -> None:
    by_native = {m["id"]: m for m in bybit.markets.values() if m["spot"] == (market == "spot")}
    truth = sim.truth("bybit", market)
    assert len(truth) > 40
    for native, row in truth.items():
        if row["status"] == "halted":
            assert native not in by_native
            continue
        found = by_native[native]
        assert found["active"]
        base, unit = row["base"], "" if row["multiplier"] == "1" else row["multiplier"]
        assert found["base"] in (unit + base, base + unit)
        assert (found["quote"], found["limits"]["cost"]["min"]) == (row["quote"], float(row["min_notional"]))
        assert found["precision"]["price"] == float(row["tick"])
        assert found["precision"]["amount"] == float(row["step"])
        if market == "perp":
            assert (found["swap"], found["linear"], found["settle"]) == (True, True, row["settle"])
            assert found["contractSize"] == 1.0
            assert found["limits"]["amount"]["min"] == float(row["min_qty"])


async def test_other_products_are_told_apart(bybit: Any) -> None:
    by_native = {m["id"]: m for m in bybit.markets.values()}
    assert by_native["BTCUSD"]["inverse"]
    assert by_native["BTCUSDT-25DEC26"]["future"]
    assert not by_native["SOONUSDT"]["active"]
    assert bybit.markets["SHIB1000/USDT:USDT"]["id"] == "SHIB1000USDT"


async def test_all_pages_are_read(sim: Sim) -> None:
    exchange = sim.client(ccxt.pro.bybit)
    await exchange.load_markets()
    whole = {m["id"] for m in exchange.markets.values() if m["linear"] and m["active"]}
    ids: list[str] = []
    cursor = ""
    while True:
        more = {"cursor": cursor} if cursor else {}
        asked = {"category": "linear", "limit": 9, **more}
        result = (await exchange.publicGetV5MarketInstrumentsInfo(asked))["result"]
        ids += [row["symbol"] for row in result["list"]]
        cursor = result["nextPageCursor"]
        if not cursor:
            break
    assert len(ids) == len(set(ids)) > 50
    assert set(ids) == whole


@pytest.mark.parametrize(("market", "kind"), [("perp", "linear"), ("spot", "spot")])
async def test_bids_and_asks_of_all_symbols(sim: Sim, bybit: Any, market: str, kind: str) -> None:
    asked = {"category": kind, "type": "spot" if kind == "spot" else "swap", "subType": "linear"}
    tickers = {t["info"]["symbol"]: t for t in (await bybit.fetch_tickers(params=asked)).values()}
    truth = sim.truth("bybit", market)
    assert set(truth) < set(tickers)
    same = sum(
        (tickers[native]["bid"], tickers[native]["askVolume"]) == (float(row["bids"][0][0]), float(row["asks"][0][1]))
        for native, row in truth.items()
    )
    assert same > 0.9 * len(truth)  # a few moved between the answer and the look at the truth


@pytest.mark.parametrize("symbol", list(NATIVE))
async def test_order_books_by_rest(sim: Sim, bybit: Any, symbol: str) -> None:
    book = await bybit.fetch_order_book(symbol, 50)
    rows = recent(sim, symbol)
    assert (floats(book["bids"]), floats(book["asks"])) in [(floats(r["bids"]), floats(r["asks"])) for r in rows]


async def test_funding_rates_and_intervals(sim: Sim, bybit: Any) -> None:
    before = sim.truth("bybit", "perp")
    rates = {r["info"]["symbol"]: r for r in (await bybit.fetch_funding_rates()).values()}
    after = sim.truth("bybit", "perp")
    for native, row in after.items():
        then = before[native]  # the minute may turn between the two looks
        assert rates[native]["fundingRate"] in (float(then["rate"]), float(row["rate"]))
        assert rates[native]["fundingTimestamp"] in (then["next_ms"], row["next_ms"])
        if row["status"] != "halted":
            assert rates[native]["interval"] == f"{row['interval_h']}h"
        assert rates[native]["markPrice"] == pytest.approx(float(row["mark"]), rel=1e-3)
    assert len({row["interval_h"] for row in after.values()}) > 2


async def test_history_of_funding(bybit: Any) -> None:
    rates = await bybit.fetch_funding_rate_history(SWAP, limit=5)
    assert len(rates) == 5
    assert {b["timestamp"] - a["timestamp"] for a, b in pairwise(rates)} == {8 * 3_600_000}
    since = await bybit.fetch_funding_rate_history(SWAP, since=rates[1]["timestamp"], limit=2)
    assert [r["timestamp"] for r in since] == [r["timestamp"] for r in rates[2:4]]  # newest first, both ends included


async def test_time_is_ours(sim: Sim, bybit: Any) -> None:
    assert abs(await bybit.fetch_time() - sim.hub.now_ns() / 1e6) < 2000


@pytest.mark.parametrize("symbol", list(NATIVE))
async def test_watched_order_books_are_true(sim: Sim, bybit: Any, symbol: str) -> None:
    for _ in range(8):
        book = await bybit.watch_order_book(symbol)
        seen = floats(book["bids"]), floats(book["asks"])
        assert seen in [(floats(r["bids"]), floats(r["asks"])) for r in recent(sim, symbol)]


async def test_watched_bids_and_asks_are_true(sim: Sim, bybit: Any) -> None:
    for symbols in ([SWAP, USDC], [SPOT]):
        for _ in range(6):
            for ticker in (await bybit.watch_bids_asks(symbols)).values():
                seen = [ticker["bid"], ticker["bidVolume"], ticker["ask"], ticker["askVolume"]]
                rows = recent(sim, ticker["symbol"])
                assert seen in [[*floats(r["bids"])[0], *floats(r["asks"])[0]] for r in rows]


async def test_watched_tickers(sim: Sim, bybit: Any) -> None:
    for _ in range(4):
        ticker = await bybit.watch_ticker(SWAP)
        best = (ticker["bid"], ticker["bidVolume"], ticker["ask"], ticker["askVolume"])
        assert best in [(*floats(r["bids"])[0], *floats(r["asks"])[0]) for r in recent(sim, SWAP)]
    assert ticker["markPrice"] == pytest.approx(float(at(sim, SWAP)["mark"]), rel=1e-3)
    pair = await bybit.watch_ticker(SPOT)
    assert (pair["last"], pair["bid"]) == (float(at(sim, SPOT)["last"]), None)


async def test_a_refused_topic_is_an_error_to_ccxt_and_the_next_goes_well(bybit: Any) -> None:
    unknown = "NOPE/USDT:USDT"  # which ccxt is made to know and the socket does not
    bybit.markets[unknown] = {**bybit.markets[SWAP], "id": "NOPEUSDT", "symbol": unknown}
    with pytest.raises(ccxt.ExchangeError, match=r"handler not found,topic:tickers\.NOPEUSDT"):
        await bybit.watch_ticker(unknown)
    assert (await bybit.watch_ticker(SWAP))["symbol"] == SWAP


async def test_what_does_not_exist_is_a_bad_request_to_ccxt(bybit: Any) -> None:
    with pytest.raises(ccxt.BadRequest):
        await bybit.publicGetV5MarketTickers({"category": "linear", "symbol": "NOPEUSDT"})
