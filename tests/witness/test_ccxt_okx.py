"""ccxt reads the simulated OKX, swaps and spot, by REST and socket, and finds the truth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from typing import Any

import ccxt.pro
import pytest

from arbtui.sim.faults import KINDS
from arbtui.sim.listing import Market
from tests.witness.harness import Sim, floats, witnessed

SWAP, SPOT = "BTC/USDT:USDT", "BTC/USDT"
NATIVE: dict[str, tuple[Market, str]] = {SWAP: ("perp", "BTC-USDT-SWAP"), SPOT: ("spot", "BTC-USDT")}


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with witnessed("okx") as sim:
        sim.keep_books("okx")
        yield sim


@pytest.fixture
async def okx(sim: Sim) -> Any:
    exchange = sim.client(ccxt.pro.okx)
    await exchange.load_markets()
    return exchange


def at(sim: Sim, symbol: str, **query: Any) -> Any:
    """The truth of one instrument by its ccxt symbol."""
    market, native = NATIVE[symbol]
    return sim.truth("okx", market, native, **query)[native]


@pytest.mark.parametrize("market", ["perp", "spot"])
async def test_markets(sim: Sim, okx: Any, market: str) -> None:
    by_native = {m["id"]: m for m in okx.markets.values()}
    truth = sim.truth("okx", market)
    assert len(truth) > 40
    for native, row in truth.items():
        found = by_native[native]
        assert found["active"] == (row["status"] == "trading")
        assert (found["base"], found["quote"]) == (row["base"], row["quote"])
        assert found["precision"]["price"] == float(row["tick"])
        assert found["precision"]["amount"] == float(row["step"])
        assert found["limits"]["amount"]["min"] == float(row["min_qty"])
        if market == "perp":
            assert (found["linear"], found["settle"]) == (True, row["settle"])
            assert found["contractSize"] == float(row["multiplier"])
            assert found["instIdCode"] is not None


async def test_other_products_are_told_apart(okx: Any) -> None:
    by_native = {m["id"]: m for m in okx.markets.values()}
    assert by_native["BTC-USD-SWAP"]["inverse"]
    assert by_native["BTC-USDT-261225"]["future"]
    assert not by_native["OKTEST-USDT-SWAP"]["active"]
    assert by_native["ETH-USD_UM-SWAP"]["settle"] == "USD"


@pytest.mark.parametrize(("market", "kind"), [("perp", "swap"), ("spot", "spot")])
async def test_bids_and_asks_of_all_symbols(sim: Sim, okx: Any, market: str, kind: str) -> None:
    tickers = {t["info"]["instId"]: t for t in (await okx.fetch_tickers(params={"type": kind})).values()}
    truth = sim.truth("okx", market)
    assert set(truth) < set(tickers)
    same = sum(
        (tickers[native]["bid"], tickers[native]["askVolume"]) == (float(row["bids"][0][0]), float(row["asks"][0][1]))
        for native, row in truth.items()
    )
    assert same > 0.9 * len(truth)  # a few moved between the answer and the look at the truth


@pytest.mark.parametrize("symbol", [SWAP, SPOT])
async def test_order_books_by_rest(sim: Sim, okx: Any, symbol: str) -> None:
    book = await okx.fetch_order_book(symbol, 100)
    # ccxt 4.5 leaves seqId aside here: the book must be the truth of one of the ids of the last moments.
    near = [state.seq for state in sim.listing("okx", *NATIVE[symbol]).history][-20:]
    rows = [at(sim, symbol, seq=seq) for seq in near]
    assert (floats(book["bids"]), floats(book["asks"])) in [(floats(r["bids"]), floats(r["asks"])) for r in rows]


async def test_funding_rates_and_intervals(sim: Sim, okx: Any) -> None:
    before = sim.truth("okx", "perp")
    rates = {r["info"]["instId"]: r for r in (await okx.fetch_funding_rates()).values()}
    after = sim.truth("okx", "perp")
    for native, row in after.items():
        then = before[native]  # the minute may turn between the two looks
        assert rates[native]["fundingRate"] in (float(then["rate"]), float(row["rate"]))
        assert rates[native]["fundingTimestamp"] in (then["next_ms"], row["next_ms"])
        assert rates[native]["interval"] == f"{row['interval_h']}h"
    assert len({row["interval_h"] for row in after.values()}) > 2


async def test_history_of_funding(okx: Any) -> None:
    rates = await okx.fetch_funding_rate_history(SWAP, limit=5)
    assert len(rates) == 5
    assert {b["timestamp"] - a["timestamp"] for a, b in pairwise(rates)} == {8 * 3_600_000}


async def test_marks(sim: Sim, okx: Any) -> None:
    mark = await okx.fetch_mark_price(SWAP)
    assert mark["markPrice"] == pytest.approx(float(at(sim, SWAP)["mark"]), rel=1e-3)


async def test_time_is_ours(sim: Sim, okx: Any) -> None:
    assert abs(await okx.fetch_time() - sim.hub.now_ns() / 1e6) < 2000


@pytest.mark.parametrize("symbol", [SWAP, SPOT])
async def test_watched_order_books_are_true_at_every_id(sim: Sim, okx: Any, symbol: str) -> None:
    seen = set()
    for _ in range(8):
        book = await okx.watch_order_book(symbol)
        seen.add(book["nonce"])
        row = at(sim, symbol, seq=book["nonce"])
        assert floats(book["bids"]) == floats(row["bids"])
        assert floats(book["asks"]) == floats(row["asks"])
    assert len(seen) > 4


async def test_a_broken_chain_is_noticed_and_mended_by_leaving_and_subscribing_again(sim: Sim, okx: Any) -> None:
    await okx.watch_order_book(SWAP)
    sim.hub.faults.add(KINDS["drop_delta"], "okx", value=1.0, count=1)
    with pytest.raises(ccxt.InvalidNonce):
        await _many(lambda: okx.watch_order_book(SWAP))
    for _ in range(3):
        book = await okx.watch_order_book(SWAP)
        assert floats(book["bids"]) == floats(at(sim, SWAP, seq=book["nonce"])["bids"])


async def test_watched_bids_and_asks_are_true_at_every_id(sim: Sim, okx: Any) -> None:
    for _ in range(12):
        for ticker in (await okx.watch_bids_asks([SWAP, SPOT])).values():
            row = at(sim, ticker["symbol"], seq=ticker["info"]["seqId"])
            assert (ticker["bid"], ticker["bidVolume"]) == tuple(map(float, row["bids"][0]))
            assert (ticker["ask"], ticker["askVolume"]) == tuple(map(float, row["asks"][0]))


async def test_watched_tickers_marks_and_funding(sim: Sim, okx: Any) -> None:
    ticker = await okx.watch_ticker(SWAP)
    row = at(sim, SWAP)
    assert ticker["bid"] == pytest.approx(float(row["bids"][0][0]), rel=1e-3)
    mark = await okx.watch_mark_price(SWAP)
    assert mark["markPrice"] == pytest.approx(float(row["mark"]), rel=1e-3)
    rate = await okx.watch_funding_rate(SWAP)
    assert rate["fundingRate"] == pytest.approx(float(row["rate"]), abs=1e-4)
    assert rate["interval"] == "8h"


async def test_what_does_not_exist_is_a_bad_request_to_ccxt(okx: Any) -> None:
    with pytest.raises(ccxt.BadRequest):
        await okx.watch_ticker("BTC/USD:BTC")
    with pytest.raises(ccxt.BadSymbol):
        await okx.public_get_market_ticker({"instId": "NO-USDT"})


async def test_one_request_too_many_is_a_rate_limit_to_ccxt(okx: Any) -> None:
    with pytest.raises(ccxt.RateLimitExceeded):
        await _many(okx.fetch_time)


async def _many(ask: Callable[[], Awaitable[Any]]) -> None:
    for _ in range(30):
        await ask()
