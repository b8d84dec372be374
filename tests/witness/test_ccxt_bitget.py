"""ccxt reads the simulated Bitget, contracts and spot, by REST and socket, and finds the truth.

ccxt checks neither ``seq`` nor ``pseq`` and merges a second snapshot into its book: gaps are not its to judge. The id
that its book is at is read from the frames themselves, by listening in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from typing import Any

import ccxt.pro
import pytest

from arbtui.sim.listing import Market
from tests.witness.harness import Sim, floats, witnessed

PERP, USDC, SPOT = "BTC/USDT:USDT", "BTC/USDC:USDC", "BTC/USDT"
NATIVE: dict[str, tuple[Market, str]] = {
    PERP: ("perp", "BTCUSDT"),
    USDC: ("perp", "BTCPERP"),
    SPOT: ("spot", "BTCUSDT"),
}


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with witnessed("bitget") as sim:
        sim.keep_books("bitget")
        yield sim


class Listening(ccxt.pro.bitget):  # type: ignore[misc]  # ccxt has no types for it
    """ccxt, and the update id of the last frame of each book that it took."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.seqs: dict[tuple[str, str], int] = {}

    def handle_order_book(self, client: Any, message: Any) -> None:
        arg = message["arg"]
        self.seqs[arg["instType"], arg["instId"]] = message["data"][0]["seq"]
        super().handle_order_book(client, message)


@pytest.fixture
async def bitget(sim: Sim) -> Any:
    exchange = sim.client(Listening)
    await exchange.load_markets()
    return exchange


def at(sim: Sim, symbol: str, **query: Any) -> Any:
    """The truth of one instrument by its ccxt symbol."""
    market, native = NATIVE[symbol]
    return sim.truth("bitget", market, native, **query)[native]


def by_id(bitget: Any, *, spot: bool) -> dict[str, Any]:
    return {m["id"]: m for m in bitget.markets.values() if m["spot"] == spot}


async def test_markets_of_contracts(sim: Sim, bitget: Any) -> None:
    found = by_id(bitget, spot=False)
    truth = sim.truth("bitget", "perp")
    assert len(truth) > 50
    for native, row in truth.items():
        market = found[native]
        assert market["active"] == (row["status"] == "trading")
        assert market["base"] in (row["base"], f"{row['multiplier']}{row['base']}")
        assert (market["quote"], market["settle"], market["linear"]) == (row["quote"], row["settle"], True)
        assert market["precision"]["price"] == float(row["tick"])
        assert market["precision"]["amount"] == float(row["step"])
        assert market["limits"]["amount"]["min"] == float(row["min_qty"])
        assert market["contractSize"] == 1


async def test_markets_of_pairs(sim: Sim, bitget: Any) -> None:
    found = by_id(bitget, spot=True)
    for native, row in sim.truth("bitget", "spot").items():
        market = found[native]
        assert market["active"] == (row["status"] == "trading")
        assert (market["base"], market["quote"]) == (row["base"], row["quote"])
        assert market["precision"]["price"] == float(row["tick"])
        assert market["precision"]["amount"] == float(row["step"])
        assert market["limits"]["amount"]["min"] == float(row["min_qty"])


async def test_other_products_are_told_apart(bitget: Any) -> None:
    found = by_id(bitget, spot=False)
    assert found["BTCUSD"]["inverse"]
    assert found["BTCUSDZ26"]["future"]
    assert not any(found[name]["active"] for name in ("OLDUSDT", "PAUSEUSDT", "NOAPIUSDT", "NEXTUSDT", "GONEUSDT"))
    assert found["TSLAUSDT"]["info"]["isRwa"] == "YES"


@pytest.mark.parametrize(
    ("market", "suffix", "params"),
    [
        ("perp", "USDT", {"type": "swap", "productType": "USDT-FUTURES"}),
        ("perp", "PERP", {"type": "swap", "productType": "USDC-FUTURES"}),
        ("spot", "", {"type": "spot"}),
    ],
)
async def test_bids_and_asks_of_all_symbols(
    sim: Sim, bitget: Any, market: str, suffix: str, params: dict[str, str]
) -> None:
    tickers = {t["info"]["symbol"]: t for t in (await bitget.fetch_tickers(params=params)).values()}
    truth = {native: row for native, row in sim.truth("bitget", market).items() if native.endswith(suffix)}
    assert set(truth) <= set(tickers)
    same = sum(
        (tickers[native]["bid"], tickers[native]["askVolume"]) == (float(row["bids"][0][0]), float(row["asks"][0][1]))
        for native, row in truth.items()
    )
    assert same > 0.9 * len(truth)  # a few moved between the answer and the look at the truth


@pytest.mark.parametrize("symbol", [PERP, USDC, SPOT])
async def test_order_books_by_rest(sim: Sim, bitget: Any, symbol: str) -> None:
    book = await bitget.fetch_order_book(symbol, 50)
    # There is no id: the book must be the truth of one of the ids of the last moments.
    history = list(sim.listing("bitget", *NATIVE[symbol]).history)
    near = [at(sim, symbol, seq=state.seq) for state in history[-20:]]
    assert (floats(book["bids"]), floats(book["asks"])) in [(floats(r["bids"]), floats(r["asks"])) for r in near]


@pytest.mark.parametrize("product", ["USDT-FUTURES", "USDC-FUTURES"])
async def test_funding_rates_and_intervals(sim: Sim, bitget: Any, product: str) -> None:
    quote = product.removesuffix("-FUTURES")
    before = sim.truth("bitget", "perp")
    params = {"productType": product, "method": "publicMixGetV2MixMarketCurrentFundRate"}
    rates = {r["info"]["symbol"]: r for r in (await bitget.fetch_funding_rates(params=params)).values()}
    after = {native: row for native, row in sim.truth("bitget", "perp").items() if row["quote"] == quote}
    assert len(after) > 8
    for native, row in after.items():
        then = before[native]  # the minute may turn between the two looks
        assert rates[native]["fundingRate"] in (float(then["rate"]), float(row["rate"]))
        assert rates[native]["fundingTimestamp"] in (then["next_ms"], row["next_ms"])
        assert rates[native]["interval"] == f"{row['interval_h']}h"
    assert len({row["interval_h"] for row in after.values()}) > 2


async def test_marks_and_rates_by_the_tickers(sim: Sim, bitget: Any) -> None:
    rate = (await bitget.fetch_funding_rates([PERP]))[PERP]
    true = at(sim, PERP)
    assert rate["markPrice"] == pytest.approx(float(true["mark"]), rel=1e-3)
    assert rate["indexPrice"] == pytest.approx(float(true["index"]), rel=1e-3)


async def test_history_of_funding(bitget: Any) -> None:
    rates = await bitget.fetch_funding_rate_history(PERP, limit=5)
    assert len(rates) == 5
    assert {b["timestamp"] - a["timestamp"] for a, b in pairwise(rates)} == {8 * 3_600_000}


async def test_time_is_ours(sim: Sim, bitget: Any) -> None:
    assert abs(await bitget.fetch_time() - sim.hub.now_ns() / 1e6) < 2000


@pytest.mark.parametrize("symbol", [PERP, USDC, SPOT])
async def test_watched_order_books_are_true_at_every_id(sim: Sim, bitget: Any, symbol: str) -> None:
    seen = set()
    for _ in range(8):
        book = await bitget.watch_order_book(symbol)
        (seq,) = bitget.seqs.values()
        seen.add(seq)
        row = at(sim, symbol, seq=seq)
        assert floats(book["bids"]) == floats(row["bids"])
        assert floats(book["asks"]) == floats(row["asks"])
    assert len(seen) > 4


@pytest.mark.parametrize("depth", [1, 5, 15])
async def test_watched_fixed_depths_are_true_at_every_id(sim: Sim, bitget: Any, depth: int) -> None:
    for _ in range(6):
        book = await bitget.watch_order_book(PERP, depth)
        row = at(sim, PERP, seq=bitget.seqs["USDT-FUTURES", "BTCUSDT"])
        assert floats(book["bids"]) == floats(row["bids"][:depth])
        assert floats(book["asks"]) == floats(row["asks"][:depth])


@pytest.mark.parametrize("symbol", [PERP, USDC, SPOT])
async def test_watched_tickers_and_bids_and_asks(sim: Sim, bitget: Any, symbol: str) -> None:
    ticker = await bitget.watch_ticker(symbol)
    assert (ticker["symbol"], ticker["last"]) == (symbol, pytest.approx(float(at(sim, symbol)["last"]), rel=1e-3))
    best = (await bitget.watch_bids_asks([symbol]))[symbol]
    row = at(sim, symbol)
    assert best["bid"] == pytest.approx(float(row["bids"][0][0]), rel=1e-3)
    assert best["ask"] == pytest.approx(float(row["asks"][0][0]), rel=1e-3)
    assert best["bid"] < best["ask"]


async def test_leaving_a_book_is_acknowledged(bitget: Any) -> None:
    await bitget.watch_order_book(PERP)
    await bitget.un_watch_order_book(PERP)


async def test_what_does_not_exist_is_a_bad_request_to_ccxt(bitget: Any) -> None:
    bitget.market(PERP)["id"] = "NOPEUSDT"
    with pytest.raises(ccxt.BadRequest):
        await bitget.watch_ticker(PERP)


async def test_one_request_too_many_is_too_much_to_ccxt(bitget: Any) -> None:
    with pytest.raises(ccxt.DDoSProtection):  # what its table makes of code "429"
        await _many(bitget.fetch_time)


async def _many(ask: Callable[[], Awaitable[Any]]) -> None:
    for _ in range(60):
        await ask()
