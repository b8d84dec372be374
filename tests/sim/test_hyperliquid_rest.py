"""The simulated Hyperliquid by REST: what it lists, its shapes, its limits and its errors."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import orjson
import pytest

from arbtui.sim.base import Reply
from tests.sim.hyperliquid_support import INFO, HyperliquidBench, asked
from tests.sim.support import START_NS, Bench, call

HOUR_MS = 3_600_000
CTX_FIELDS = [
    "funding", "openInterest", "prevDayPx", "dayNtlVlm", "premium", "oraclePx", "markPx", "midPx", "impactPxs",
    "dayBaseVlm",
]  # fmt: skip
UNREADABLE = b"Failed to deserialize the JSON body into the target type"


@pytest.fixture(scope="module")
def bench() -> HyperliquidBench:
    return HyperliquidBench(coins=120)


@pytest.fixture(autouse=True)
def new_window(bench: HyperliquidBench) -> None:
    bench.t_ns += 60_000_000_000  # so that no test meets the budget of another


def perps(bench: HyperliquidBench, **more: Any) -> dict[str, tuple[Any, Any]]:
    meta, ctxs = bench.info("metaAndAssetCtxs", **more)
    assert len(meta["universe"]) == len(ctxs)
    return {row["name"]: (row, ctx) for row, ctx in zip(meta["universe"], ctxs, strict=True)}


def true(bench: HyperliquidBench, market: str) -> dict[str, Any]:
    rows: dict[str, Any] = bench.control.truth({"venue": "hyperliquid", "market": market})["venues"]["hyperliquid"]
    return dict(rows[market])


# -- perps -------------------------------------------------------------------------------------------------------------


def test_a_universe_row_is_spelt_as_on_the_wire(bench: HyperliquidBench) -> None:
    row, ctx = perps(bench)["BTC"]
    assert row == {"szDecimals": 5, "name": "BTC", "maxLeverage": 40, "marginTableId": 56}
    assert list(ctx) == CTX_FIELDS
    assert all(isinstance(value, str) for key, value in ctx.items() if key != "impactPxs")
    assert all(re.fullmatch(r"-?\d+\.\d+", v) for k, v in ctx.items() if k != "impactPxs"), ctx


def test_meta_is_the_first_half_and_all_metas_begin_with_the_main_dex(bench: HyperliquidBench) -> None:
    meta = bench.info("meta", dex="")
    assert meta == bench.info("metaAndAssetCtxs")[0]
    assert meta["collateralToken"] == 0
    assert {row["marginTableId"] for row in meta["universe"]} <= {number for number, _ in meta["marginTables"]}
    metas = bench.info("allPerpMetas")
    assert metas[0] == meta
    assert [m["universe"][0]["name"].partition(":")[0] for m in metas[1:]] == ["xyz", "flx", "hyna"]


def test_the_listed_rows_are_the_truth(bench: HyperliquidBench) -> None:
    rows, truth = perps(bench), true(bench, "perp")
    assert {name for name, (row, _) in rows.items() if not row.get("isDelisted")} == set(truth)
    for native, real in truth.items():
        row, ctx = rows[native]
        assert (ctx["markPx"], ctx["oraclePx"]) == (real["mark"], real["index"])
        assert Decimal(real["step"]) == Decimal(10) ** -row["szDecimals"]
        assert Decimal(real["tick"]) == Decimal(10) ** -(6 - row["szDecimals"])
        assert (real["quote"], real["settle"], real["interval_h"]) == ("USDC", "USDC", 1)
        if real["status"] == "trading":
            assert Decimal(ctx["funding"]) == Decimal(real["rate"])
            middle = (Decimal(real["bids"][0][0]) + Decimal(real["asks"][0][0])) / 2
            assert Decimal(ctx["midPx"]) == middle


def test_prices_are_in_usdt_but_for_purr_and_hype(bench: HyperliquidBench) -> None:
    truth = true(bench, "perp")
    assert {native for native, row in truth.items() if row["price_ccy"] == "USDC"} == {"PURR", "HYPE"}
    assert {row["price_ccy"] for row in truth.values()} == {"USDT", "USDC"}
    usdc = bench.hub.world.usdc.index
    assert usdc > 1.00005
    for native, rate in (("BTC", 1.0), ("HYPE", usdc)):
        listing = bench.hub.world.by_key[f"hyperliquid.perp.{native}"]
        assert float(truth[native]["index"]) * rate == pytest.approx(listing.coin.index, rel=2e-5)


def test_k_coins_are_a_thousand_tokens(bench: HyperliquidBench) -> None:
    truth = true(bench, "perp")
    kilo = {native: row for native, row in truth.items() if re.fullmatch(r"k[A-Z0-9]{2,}", native)}
    assert set(kilo) == {"kPEPE", "kSHIB", "kBONK", "kFLOKI", "kLUNC", "kNEIRO"}
    for native, row in kilo.items():
        assert (row["base"], row["multiplier"], row["price_factor"]) == (native[1:], "1000", "1000")
        coin = bench.hub.world.by_key[f"hyperliquid.perp.{native}"].coin
        assert float(row["bids"][0][0]) / 1000 == pytest.approx(coin.price, rel=0.02)


def test_delisted_rows_keep_their_place_with_nulls_and_frozen_marks(bench: HyperliquidBench) -> None:
    rows = perps(bench)
    names = list(rows)
    gone = [name for name, (row, _) in rows.items() if row.get("isDelisted")]
    assert names.index("MATIC") == 3  # between coins that trade
    assert "kDOGS" in gone
    for name in gone:
        ctx = rows[name][1]
        assert (ctx["midPx"], ctx["premium"], ctx["impactPxs"]) == (None, None, None)
        assert (ctx["funding"], ctx["openInterest"]) == ("0.0", "0.0")
        assert float(ctx["markPx"]) > 0
    assert all("isDelisted" not in row for row, _ in rows.values() if row["name"] not in gone)


def test_a_price_has_five_figures_and_six_decimals_less_those_of_the_size(bench: HyperliquidBench) -> None:
    for native, row in true(bench, "perp").items():
        decimals = -Decimal(row["tick"]).adjusted()
        for price, size in row["bids"] + row["asks"]:
            number = Decimal(price).normalize()
            whole = number == number.to_integral_value()
            assert whole or len(number.as_tuple().digits) <= 5, (native, price)
            assert max(0, -int(number.as_tuple().exponent)) <= decimals
            assert "." in price
            assert Decimal(size) % Decimal(row["step"]) == 0


def test_the_premium_makes_the_rate_by_the_published_formula(bench: HyperliquidBench) -> None:
    for _, ctx in perps(bench).values():
        if ctx["premium"] is not None:
            premium = Decimal(ctx["premium"])
            clamped = max(Decimal("-0.0005"), min(Decimal("0.0005"), Decimal("0.0001") - premium))
            assert (premium + clamped) / 8 == Decimal(ctx["funding"])


def test_impact_prices_are_no_better_than_the_best(bench: HyperliquidBench) -> None:
    truth = true(bench, "perp")
    worse = 0
    for native, (_, ctx) in perps(bench).items():
        if ctx["impactPxs"] is not None:
            bid, ask = map(float, ctx["impactPxs"])
            assert bid <= float(truth[native]["bids"][0][0])
            assert ask >= float(truth[native]["asks"][0][0])
            worse += bid < float(truth[native]["bids"][0][0])
    assert worse > 5


def test_builder_dexes_fill_lists_only(bench: HyperliquidBench) -> None:
    dexes = bench.info("perpDexs")
    assert dexes[0] is None
    assert [dex["name"] for dex in dexes[1:]] == ["xyz", "flx", "hyna"]
    for dex in dexes[1:]:
        rows = perps(bench, dex=dex["name"])
        assert all(name.startswith(f"{dex['name']}:") for name in rows)
    assert perps(bench, dex="xyz")["xyz:TSLA"][1]["midPx"] is not None
    assert perps(bench, dex="hyna")["hyna:BTC"][1]["midPx"] is None
    assert bench.info("meta", dex="hyna")["collateralToken"] == 235
    assert not any(":" in native for native in true(bench, "perp"))


def test_no_more_perps_than_a_real_universe_has() -> None:
    big = HyperliquidBench(coins=1000, rate=0.0, scenario="still")
    listed = [row for row in big.info("meta")["universe"] if not row.get("isDelisted")]
    assert len(listed) == 180


# -- spot --------------------------------------------------------------------------------------------------------------


def test_spot_lists_are_dense_and_position_is_index(bench: HyperliquidBench) -> None:
    meta, ctxs = bench.info("spotMetaAndAssetCtxs")
    assert meta == bench.info("spotMeta")
    assert [token["index"] for token in meta["tokens"]] == list(range(len(meta["tokens"])))
    assert [pair["index"] for pair in meta["universe"]] == list(range(len(meta["universe"])))
    assert [ctx["coin"] for ctx in ctxs] == [pair["name"] for pair in meta["universe"]]
    assert [pair["name"] for pair in meta["universe"] if pair["isCanonical"]] == ["PURR/USDC"]


def test_pairs_are_the_truth_under_their_bridged_names(bench: HyperliquidBench) -> None:
    meta, ctxs = bench.info("spotMetaAndAssetCtxs")
    tokens = {token["index"]: token["name"] for token in meta["tokens"]}
    names = {pair["name"]: tuple(tokens[i] for i in pair["tokens"]) for pair in meta["universe"]}
    mids = {ctx["coin"]: ctx["midPx"] for ctx in ctxs if ctx["midPx"] is not None}
    truth = true(bench, "spot")
    assert {native: (names[native], row["base"], row["quote"]) for native, row in truth.items()} == {
        "PURR/USDC": (("PURR", "USDC"), "PURR", "USDC"),
        "@107": (("HYPE", "USDC"), "HYPE", "USDC"),
        "@142": (("UBTC", "USDC"), "BTC", "USDC"),
        "@151": (("UETH", "USDC"), "ETH", "USDC"),
        "@156": (("USOL", "USDC"), "SOL", "USDC"),
        "@166": (("USDT0", "USDC"), "USDT", "USDC"),
        "@194": (("UBONK", "USDC"), "BONK", "USDC"),
        "@197": (("HPENGU", "USDC"), "PENGU", "USDC"),
        "@207": (("HYPE", "USDT0"), "HYPE", "USDT"),
    }
    assert set(mids) == set(truth)
    assert float(mids["@166"]) == pytest.approx(1 / bench.hub.world.usdc.price, abs=1e-3)


# -- mids, books, funding, status --------------------------------------------------------------------------------------


def test_all_mids_mix_perps_pairs_and_outcomes(bench: HyperliquidBench) -> None:
    mids = bench.info("allMids")
    assert {"BTC", "@107", "PURR/USDC", "#14880"} <= set(mids)
    assert "MATIC" not in mids
    assert set(bench.info("allMids", dex="xyz")) == {f"xyz:{n}" for n in ("XYZ100", "TSLA", "NVDA", "SP500", "GOLD")}


def test_a_book_is_twenty_levels_and_the_truth_at_its_time(bench: HyperliquidBench) -> None:
    for coin, market in (("BTC", "perp"), ("kPEPE", "perp"), ("@142", "spot")):
        book = bench.info("l2Book", coin=coin)
        real = bench.row(coin, market, seq=book["time"], depth=20)
        assert list(book) == ["coin", "time", "levels"]
        assert [[[x["px"], x["sz"]] for x in side] for side in book["levels"]] == [real["bids"], real["asks"]]
        assert all(isinstance(x["n"], int) and x["n"] > 0 for side in book["levels"] for x in side)


@pytest.mark.parametrize(
    ("sig_figs", "mantissa", "step"), [(5, None, 1), (5, 2, 2), (5, 5, 5), (4, None, 10), (2, None, 1000)]
)
def test_buckets_step_as_measured_on_btc(
    bench: HyperliquidBench, sig_figs: int, mantissa: int | None, step: int
) -> None:
    book = bench.info("l2Book", coin="BTC", nSigFigs=sig_figs, mantissa=mantissa)
    (bids, asks), whole = book["levels"], bench.row()
    assert all(float(x["px"]) % step == 0 for x in bids + asks)
    assert float(bids[0]["px"]) <= float(whole["bids"][0][0]) < float(whole["asks"][0][0]) <= float(asks[0]["px"])
    assert Decimal(book["spread"]) == Decimal(whole["asks"][0][0]) - Decimal(whole["bids"][0][0])
    if step == 1000:
        assert sum(Decimal(x["sz"]) for x in bids) == sum(Decimal(size) for _, size in whole["bids"])


def test_history_is_hourly_a_few_ms_late_and_at_most_500(bench: HyperliquidBench) -> None:
    now_ms = bench.t_ns // 1_000_000
    rows = bench.info("fundingHistory", coin="BTC", startTime=now_ms - 3 * HOUR_MS)
    assert len(rows) == 3
    assert list(rows[0]) == ["coin", "fundingRate", "premium", "time"]
    assert all(1 <= row["time"] % HOUR_MS <= 118 for row in rows)
    assert rows[1:] == bench.info("fundingHistory", coin="BTC", startTime=rows[1]["time"])
    assert rows[:1] == bench.info("fundingHistory", coin="BTC", startTime=rows[0]["time"], endTime=rows[1]["time"] - 1)
    assert len(bench.info("fundingHistory", coin="BTC", startTime=0)) == 500


def test_predicted_fundings_name_our_own_past_settlement() -> None:
    both = Bench("binance", "hyperliquid", coins=60)
    venue = both.venue("hyperliquid")
    rows = dict(orjson.loads(venue.handle(asked(b'{"type":"predictedFundings"}')).body))
    btc, now_ms = dict(rows["BTC"]), START_NS // 1_000_000
    assert btc["HlPerp"]["nextFundingTime"] == now_ms - now_ms % HOUR_MS
    real = both.truth("BTCUSDT", "perp", "binance")
    assert btc["BinPerp"] == {
        "fundingRate": real["rate"].rstrip("0"),
        "nextFundingTime": real["next_ms"],
        "fundingIntervalHours": real["interval_h"],
    }
    assert btc["BybitPerp"] is None  # Bybit is not simulated beside it


def test_status_trails_the_clock(bench: HyperliquidBench) -> None:
    status = bench.info("exchangeStatus")
    assert status == {"time": bench.t_ns // 1_000_000 - 200, "specialStatuses": None}


# -- bad input and limits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b'{"type":"nope"}', 422, UNREADABLE),
        (b'{"type":7}', 422, UNREADABLE),
        (b"[]", 422, UNREADABLE),
        (b'{"type":"l2Book"}', 422, UNREADABLE),
        (b'{"type":"fundingHistory","coin":"BTC"}', 422, UNREADABLE),
        (b'{"type":"clearinghouseState","user":"0x0"}', 422, UNREADABLE),
        (b"{broken", 400, b"Failed to parse the request body as JSON"),
        (b'{"type":"l2Book","coin":"NOPE"}', 200, b"null"),
        (b'{"type":"l2Book","coin":"btc"}', 200, b"null"),
        (b'{"type":"meta","dex":"nope"}', 500, b"null"),
        (b'{"type":"allMids","dex":"XYZ"}', 500, b"null"),
        (b'{"type":"fundingHistory","coin":"NOPE","startTime":0}', 500, b"null"),
    ],
)
def test_bad_questions_by_answer(bench: HyperliquidBench, body: bytes, status: int, text: bytes) -> None:
    reply = bench.venue("hyperliquid").handle(asked(body))
    assert (reply.status, reply.body) == (status, text)


def test_wrong_content_type_method_and_path(bench: HyperliquidBench) -> None:
    venue = bench.venue("hyperliquid")
    assert venue.handle(asked(b'{"type":"meta"}', kind="text/plain")).status == 415
    assert venue.handle(asked(b'{"type":"exchangeStatus"}', kind="application/json; charset=utf-8")).status == 200
    assert venue.handle(call("GET", INFO)).status == 405
    assert venue.handle(asked(b"{}", url="https://api.hyperliquid.xyz/other")).status == 404


def test_actions_are_refused_in_the_words_of_the_venue(bench: HyperliquidBench) -> None:
    url = "https://api.hyperliquid.xyz/exchange"
    venue = bench.venue("hyperliquid")
    whole = b'{"action":{"type":"noop"},"nonce":1700000000000,"signature":{"r":"0x0","s":"0x1","v":27}}'
    assert venue.handle(asked(whole, url=url)).body == b'{"status":"err","response":"Unable to recover signer."}'
    assert venue.handle(asked(b'{"action":{"type":"noop"}}', url=url)).status == 422


def spend(bench: HyperliquidBench, times: int, client: str = "10.0.0.1", **body: Any) -> list[Reply]:
    return [bench.ask(client, **body) for _ in range(times)]


@pytest.mark.parametrize(
    ("body", "within"),
    [
        ({"type": "metaAndAssetCtxs", "dex": "xyz"}, 60),
        ({"type": "nope"}, 60),
        ({"type": "exchangeStatus"}, 600),
        ({"type": "l2Book", "coin": "BTC"}, 600),
    ],
)
def test_1200_of_weight_a_minute_then_429(bench: HyperliquidBench, body: dict[str, Any], within: int) -> None:
    client = f"10.0.1.{within % 250}/{body['type']}"
    replies = spend(bench, within + 1, client, **body)
    assert 429 not in {reply.status for reply in replies[:-1]}
    assert (replies[-1].status, replies[-1].body, replies[-1].headers) == (429, b"null", {})
    assert bench.ask("10.9.9.9", type="exchangeStatus").status == 200  # another address
    bench.t_ns += 60_000_000_000
    assert bench.ask(client, type="exchangeStatus").status == 200


def test_long_lists_cost_one_more_for_each_20_rows(bench: HyperliquidBench) -> None:
    replies = spend(bench, 27, "10.0.2.1", type="fundingHistory", coin="BTC", startTime=0)
    assert [reply.status for reply in replies].index(429) == 26  # 20 + 25 each


@pytest.mark.parametrize(("status", "body"), [(429, b"null"), (418, b"null"), (500, b"Internal Server Error")])
def test_refusals_have_no_headers(bench: HyperliquidBench, status: int, body: bytes) -> None:
    reply = bench.venue("hyperliquid").refusal(status, 5)
    assert (reply.status, reply.body, reply.headers) == (status, body, {})
