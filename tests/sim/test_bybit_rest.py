"""The simulated Bybit by REST: what it lists, its pages, shapes, limits and errors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from tests.sim.bybit_support import REST, BybitBench
from tests.sim.support import call

# The linear row of the documents of 2026-07 (BTCUSDT), and the spot row, without what belongs to the simulated world.
LINEAR_ROW = {
    "symbol": "BTCUSDT", "contractType": "LinearPerpetual", "status": "Trading", "baseCoin": "BTC",
    "quoteCoin": "USDT", "deliveryTime": "0", "deliveryFeeRate": "", "priceScale": "2",
    "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
    "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"}, "unifiedMarginTrade": True,
    "fundingInterval": 480, "settleCoin": "USDT", "copyTrading": "both", "upperFundingRate": "0.00375",
    "lowerFundingRate": "-0.00375", "isPreListing": False, "preListingInfo": None,
    "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"}, "symbolType": "",
}  # fmt: skip
LINEAR_KEYS = [
    "symbol", "symbolId", "contractType", "status", "baseCoin", "quoteCoin", "launchTime", "deliveryTime",
    "deliveryFeeRate", "priceScale", "leverageFilter", "priceFilter", "lotSizeFilter", "unifiedMarginTrade",
    "fundingInterval", "settleCoin", "copyTrading", "upperFundingRate", "lowerFundingRate", "isPreListing",
    "preListingInfo", "riskParameters", "symbolType",
]  # fmt: skip
SPOT_ROW = {
    "symbol": "BTCUSDT", "baseCoin": "BTC", "quoteCoin": "USDT", "innovation": "0", "status": "Trading",
    "marginTrading": "utaOnly", "stTag": "0", "priceFilter": {"tickSize": "0.1"},
    "riskParameters": {"priceLimitRatioX": "0.005", "priceLimitRatioY": "0.01"}, "symbolType": "",
}  # fmt: skip
TICKER_KEYS = {
    "symbol", "lastPrice", "indexPrice", "markPrice", "prevPrice24h", "price24hPcnt", "highPrice24h", "lowPrice24h",
    "prevPrice1h", "openInterest", "openInterestValue", "singleOpenInterest", "singleOpenInterestValue", "turnover24h",
    "volume24h", "fundingRate", "nextFundingTime", "predictedDeliveryPrice", "basisRate", "deliveryFeeRate",
    "deliveryTime", "ask1Size", "bid1Price", "ask1Price", "bid1Size", "basis", "preOpenPrice", "preQty",
    "curPreListingPhase", "fundingIntervalHour", "basisRateYear", "fundingCap",
}  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> BybitBench:
    return BybitBench(coins=60)


@pytest.fixture(autouse=True)
def new_window(bench: BybitBench) -> None:
    bench.t_ns += 10_000_000_000


def pages(bench: BybitBench, path: str) -> list[list[Any]]:
    """Every page of instruments-info, following the cursor as it came."""
    found, cursor = [], ""
    while True:
        result = bench.result(f"{path}&cursor={cursor}" if cursor else path)
        found.append(result["list"])
        cursor = result["nextPageCursor"]
        if not cursor:
            return found


# -- instruments ------------------------------------------------------------------------------------------------------


def test_a_linear_row_is_that_of_the_documents(bench: BybitBench) -> None:
    row = bench.rows("instruments-info?category=linear")["BTCUSDT"]
    assert list(row) == LINEAR_KEYS
    assert {key: row[key] for key in LINEAR_ROW} == LINEAR_ROW
    lots = row["lotSizeFilter"]
    assert (lots["minOrderQty"], lots["qtyStep"], lots["minNotionalValue"]) == ("0.001", "0.001", "5")
    assert isinstance(row["symbolId"], int)


def test_a_spot_row_is_that_of_the_documents(bench: BybitBench) -> None:
    row = bench.rows("instruments-info?category=spot")["BTCUSDT"]
    assert {key: row[key] for key in SPOT_ROW} == SPOT_ROW
    lots = row["lotSizeFilter"]
    assert (lots["basePrecision"], lots["minOrderAmt"]) == ("0.000001", "5")
    assert lots["minOrderQty"] != lots["basePrecision"]  # a dead field that says something else


@pytest.mark.parametrize(("category", "market"), [("linear", "perp"), ("spot", "spot")])
def test_what_trades_is_the_truth(bench: BybitBench, category: str, market: str) -> None:
    truth = bench.control.truth({"venue": "bybit", "market": market})["venues"]["bybit"][market]
    rows = bench.rows(f"instruments-info?category={category}&limit=1000")
    assert len(truth) > 40
    for native, true in truth.items():
        if true["status"] == "halted":
            assert native not in rows
            continue
        row = rows.pop(native)
        lots = row["lotSizeFilter"]
        multiplied = row["baseCoin"].replace(true["base"], "")
        assert Decimal(multiplied or 1) == Decimal(true["multiplier"]) == Decimal(true["price_factor"])
        assert (row["quoteCoin"], row["priceFilter"]["tickSize"]) == (true["quote"], true["tick"])
        if market == "perp":
            assert (lots["qtyStep"], lots["minOrderQty"]) == (true["step"], true["min_qty"])
            assert (row["settleCoin"], lots["minNotionalValue"]) == (true["settle"], true["min_notional"])
            assert row["fundingInterval"] == 60 * true["interval_h"]
            assert row["deliveryTime"] == str(true["delist_ms"] or 0)
            assert row["status"] == "Trading"
        else:
            assert (lots["basePrecision"], lots["minOrderAmt"]) == (true["step"], true["min_notional"])
    for row in rows.values():  # what is left nobody wants
        odd_kind = row.get("contractType", "") == "LinearFutures"
        assert odd_kind or row["symbolType"] or row["quoteCoin"] not in ("USDT", "USDC"), row


def test_coins_by_the_thousand_carry_it_in_the_base_and_spot_does_not(bench: BybitBench) -> None:
    rows = bench.rows("instruments-info?category=linear")
    spelt = {"1000PEPEUSDT", "1000FLOKIUSDT", "SHIB1000USDT", "10000SATSUSDT", "1000000BABYDOGEUSDT"}
    assert spelt <= set(rows)
    assert "1000PEPEPERP" in rows
    assert rows["SHIB1000USDT"]["baseCoin"] == "SHIB1000"
    assert {"PEPEUSDT", "SHIBUSDT"} <= set(bench.rows("instruments-info?category=spot"))
    pepe, shib = bench.row("1000PEPEUSDT"), bench.row("SHIB1000USDT")
    assert (pepe["multiplier"], shib["multiplier"], shib["base"]) == ("1000", "1000", "SHIB")
    spot = bench.row("PEPEUSDT", "spot")
    assert float(pepe["mark"]) / 1000 == pytest.approx(float(spot["last"]), rel=0.02)


def test_usdc_perpetuals_end_in_perp(bench: BybitBench) -> None:
    row = bench.rows("instruments-info?category=linear")["BTCPERP"]
    assert (row["baseCoin"], row["quoteCoin"], row["settleCoin"]) == ("BTC", "USDC", "USDC")


def test_rows_to_be_filtered_are_there(bench: BybitBench) -> None:
    rows = bench.rows("instruments-info?category=linear&limit=1000")
    assert {r["contractType"] for r in rows.values()} == {"LinearPerpetual", "LinearFutures"}
    assert {r["symbolType"] for r in rows.values()} >= {"", "stock", "commodity", "forex", "innovation"}
    assert {r["status"] for r in rows.values()} == {"Trading"}
    (leaving,) = (r for r in rows.values() if r["deliveryTime"] != "0" and r["contractType"] == "LinearPerpetual")
    assert bench.row(leaving["symbol"])["status"] == "close_only"
    assert {r["fundingInterval"] for r in rows.values()} >= {60, 120, 240, 480}
    pairs = bench.rows("instruments-info?category=spot")
    assert pairs["AAPLXUSDT"]["symbolType"] == "xstocks"
    assert {p["quoteCoin"] for p in pairs.values()} == {"USDT", "USDC", "EUR", "BRL", "BTC"}


def test_other_statuses_must_be_asked_for(bench: BybitBench) -> None:
    (pre,) = bench.rows("instruments-info?category=linear&status=PreLaunch").values()
    assert (pre["symbol"], pre["isPreListing"]) == ("SOONUSDT", True)
    assert pre["preListingInfo"]["curAuctionPhase"] == "CallAuction"
    (delivering,) = bench.rows("instruments-info?category=linear&status=Delivering").values()
    assert delivering["symbol"] == "OLDUSDT"
    closed = bench.rows("instruments-info?category=linear&status=Closed")
    assert "GONEUSDT" in closed
    halted = {x.native for x in bench.venue("bybit").listings("perp") if x.status == "halted" and not x.terms.quiet}
    assert halted
    assert halted < set(closed)
    assert bench.rows("instruments-info?category=spot&status=Closed") == {}


def test_pages_are_as_long_as_asked_and_meet_without_a_gap(bench: BybitBench) -> None:
    whole = list(bench.rows("instruments-info?category=linear&limit=1000"))
    found = pages(bench, "instruments-info?category=linear&limit=7")
    assert {len(page) for page in found[:-1]} == {7}
    assert [row["symbol"] for page in found for row in page] == whole == sorted(whole)


def test_a_cursor_may_be_sent_as_it_came_or_encoded_again(bench: BybitBench) -> None:
    path = "instruments-info?category=linear&limit=5"
    cursor = bench.result(path)["nextPageCursor"]
    assert cursor.startswith("first%3D")
    assert "%26last%3D" in cursor
    once = bench.result(f"{path}&cursor={cursor}")
    assert once == bench.result(f"{path}&cursor={quote(cursor)}")
    assert once["list"][0]["symbol"] > bench.result(path)["list"][-1]["symbol"]


def test_a_page_has_500_rows_unless_asked_and_a_big_world_more_than_1000() -> None:
    bench = BybitBench(coins=1000, rate=0.0)
    by_default = pages(bench, "instruments-info?category=linear")
    largest = pages(bench, "instruments-info?category=linear&limit=1000")
    assert len(by_default[0]) == 500
    assert [len(largest), len(largest[0])] == [2, 1000]
    assert [row for page in by_default for row in page] == [row for page in largest for row in page]
    spot = bench.result("instruments-info?category=spot&limit=10")
    assert "nextPageCursor" not in spot
    assert len(spot["list"]) > 500


def test_filters_by_symbol_coin_and_type(bench: BybitBench) -> None:
    assert list(bench.rows("instruments-info?category=linear&symbol=ETHUSDT")) == ["ETHUSDT"]
    assert set(bench.rows("instruments-info?category=linear&baseCoin=BTC")) == {
        "BTCUSDT", "BTCPERP", "BTCUSDT-25DEC26", "BTC-25DEC26",
    }  # fmt: skip
    assert set(bench.rows("instruments-info?category=linear&symbolType=forex")) == {"EURUSDUSDT"}


def test_inverse_has_rows_and_options_have_none(bench: BybitBench) -> None:
    rows = bench.rows("instruments-info?category=inverse")
    assert {r["contractType"] for r in rows.values()} == {"InversePerpetual", "InverseFutures"}
    assert bench.rows("instruments-info?category=option&baseCoin=BTC") == {}


def test_an_announced_end_shows_as_delivery_time_and_as_special_treatment() -> None:
    bench = BybitBench()
    bench.control.instruments({"action": "delist", "venue": "bybit", "symbol": "ETHUSDT", "seconds": 3})
    contract = bench.rows("instruments-info?category=linear&symbol=ETHUSDT")["ETHUSDT"]
    pair = bench.rows("instruments-info?category=spot&symbol=ETHUSDT")["ETHUSDT"]
    assert int(contract["deliveryTime"]) == bench.t_ns // 1_000_000 + 3000
    assert (contract["status"], pair["status"], pair["stTag"]) == ("Trading", "Trading", "1")
    bench.run(3500)
    assert "ETHUSDT" not in bench.rows("instruments-info?category=linear")
    assert "ETHUSDT" not in bench.rows("instruments-info?category=spot")
    assert "ETHUSDT" in bench.rows("instruments-info?category=linear&status=Closed")
    assert "ETHUSDT" not in bench.rows("tickers?category=linear")


# -- tickers, books, funding, time ------------------------------------------------------------------------------------


def test_linear_tickers_are_the_truth(bench: BybitBench) -> None:
    rows = bench.rows("tickers?category=linear")
    truth = bench.control.truth({"venue": "bybit", "market": "perp"})["venues"]["bybit"]["perp"]
    for native, true in truth.items():
        row = rows[native]
        assert set(row) == TICKER_KEYS
        assert all(isinstance(value, str) for value in row.values())
        assert [row["bid1Price"], row["bid1Size"]] == [*true["bids"][0]]
        assert [row["ask1Price"], row["ask1Size"]] == [*true["asks"][0]]
        assert (row["markPrice"], row["indexPrice"], row["lastPrice"]) == (true["mark"], true["index"], true["last"])
        assert (row["fundingRate"], row["nextFundingTime"]) == (true["rate"], str(true["next_ms"]))
        assert (row["fundingIntervalHour"], row["deliveryTime"]) == (str(true["interval_h"]), "0")
        assert -1 < float(row["price24hPcnt"]) < 1
    dated, pre = rows["BTCUSDT-25DEC26"], rows["SOONUSDT"]
    assert (dated["fundingRate"], dated["deliveryTime"]) == ("", "1798185600000")
    assert (pre["bid1Price"], pre["lastPrice"], pre["curPreListingPhase"]) == ("", "", "CallAuction")


def test_spot_tickers_have_quotes_by_rest(bench: BybitBench) -> None:
    rows = bench.rows("tickers?category=spot")
    truth = bench.control.truth({"venue": "bybit", "market": "spot"})["venues"]["bybit"]["spot"]
    assert set(truth) < set(rows)
    for native, true in truth.items():
        assert [rows[native]["bid1Price"], rows[native]["bid1Size"]] == [*true["bids"][0]]
    assert "openInterestValue" not in rows["BTCUSDT"]  # by whose absence ccxt knows a pair
    assert rows["BTCUSDT"]["usdIndexPrice"]


def test_one_ticker_is_that_of_the_list(bench: BybitBench) -> None:
    assert (
        bench.rows("tickers?category=linear&symbol=ETHUSDT")["ETHUSDT"]
        == bench.rows("tickers?category=linear")["ETHUSDT"]
    )


def test_a_book_by_rest_is_true_and_25_levels_or_1_unless_asked(bench: BybitBench) -> None:
    for category, market, levels in (("linear", "perp", 25), ("spot", "spot", 1)):
        short = bench.result(f"orderbook?category={category}&symbol=BTCUSDT")
        assert (len(short["b"]), len(short["a"])) == (levels, levels)
        book = bench.result(f"orderbook?category={category}&symbol=BTCUSDT&limit=1000")
        assert list(book) == ["s", "a", "b", "ts", "u", "seq", "cts"]
        for at in (book["seq"], book["u"]):
            true = bench.row(market=market, seq=at)
            assert (book["b"], book["a"]) == (true["bids"], true["asks"])
        assert isinstance(book["ts"], int)


def test_a_book_by_rest_has_the_u_of_the_topic_of_1000_levels() -> None:
    bench = BybitBench(rate=2000.0)
    path = "orderbook?category=linear&symbol=BTCUSDT&limit=1000"
    first = bench.result(path)
    bench.run(500)
    assert bench.result(path)["u"] == first["u"] + 1  # nobody is subscribed: one more for each book that was asked for
    _, wire = bench.subscribed("orderbook.1000.BTCUSDT")
    met = 0
    for _ in range(30):
        bench.run(60)
        asked = bench.result(path)
        assert asked == {**bench.result(path), "ts": asked["ts"]}
        frames = wire.take()
        if frames:
            met += 1
            data = frames[-1]["data"]
            assert (asked["u"], asked["seq"]) == (data["u"], data["seq"])
    assert met > 5


def test_settled_funding_is_newest_first_and_pages_by_time(bench: BybitBench) -> None:
    path = "funding/history?category=linear&symbol=BTCUSDT"
    rows = bench.result(f"{path}&limit=3")["list"]
    assert [list(row) for row in rows] == [["symbol", "fundingRate", "fundingRateTimestamp"]] * 3
    times = [int(row["fundingRateTimestamp"]) for row in rows]
    assert times == [times[0], times[0] - 8 * 3_600_000, times[0] - 16 * 3_600_000]
    assert times[0] <= bench.t_ns // 1_000_000
    older = bench.result(f"{path}&endTime={times[1]}&limit=1")["list"]
    assert older == rows[1:2]
    between = bench.result(f"{path}&startTime={times[2]}&endTime={times[1]}")["list"]
    assert between == rows[1:]
    assert len(bench.result(path)["list"]) == 200 or bench.row()["interval_h"] != 8


def test_the_time_is_in_seconds_nanoseconds_and_ms(bench: BybitBench) -> None:
    body = bench.json(f"{REST}/time", "bybit")
    now_ms = bench.t_ns // 1_000_000
    assert list(body) == ["retCode", "retMsg", "result", "retExtInfo", "time"]
    assert body["result"] == {"timeSecond": str(now_ms // 1000), "timeNano": f"{now_ms}000000"}
    assert body["time"] == now_ms


# -- errors and limits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["instruments-info", "instruments-info?category=swap", "instruments-info?category=linear&limit=1001",
     "instruments-info?category=linear&limit=0", "instruments-info?category=linear&status=Halted",
     "instruments-info?category=linear&symbol=NOPEUSDT", "instruments-info?category=linear&cursor=xyz",
     "tickers?category=linear&symbol=NOPEUSDT", "tickers?category=linear&symbol=btcusdt", "tickers",
     "orderbook?category=linear", "orderbook?category=linear&symbol=BTCUSDT&limit=1001",
     "orderbook?category=linear&symbol=SOONUSDT", "funding/history?category=spot&symbol=BTCUSDT",
     "funding/history?category=linear&symbol=BTCUSDT&startTime=1795000000000",
     "funding/history?category=linear&symbol=BTCUSDT&limit=201",
     "funding/history?category=linear&symbol=BTCUSDT-25DEC26"],
)  # fmt: skip
def test_bad_parameters_are_10001_with_status_200(bench: BybitBench, path: str) -> None:
    body = bench.json(f"{REST}/{path}", "bybit")
    assert (body["retCode"], body["result"]) == (10001, {})
    assert body["retMsg"]


@pytest.mark.parametrize(
    "url",
    [f"{REST}/nothing", "https://api.bybit.com/v5/order/spot-borrow-check?category=spot",
     "https://stream.bybit.com/v5/market/time"],
)  # fmt: skip
def test_unknown_paths_and_hosts_are_not_found(bench: BybitBench, url: str) -> None:
    reply = bench.get(url, "bybit")
    assert (reply.status, orjson.loads(reply.body)["retCode"]) == (404, 10017)


def test_a_get_with_a_body_is_forbidden(bench: BybitBench) -> None:
    assert bench.venue("bybit").handle(call("GET", f"{REST}/time", body=b"{}")).status == 403


def test_regional_and_mirror_hosts_answer_the_same(bench: BybitBench) -> None:
    for host in ("api.bytick.com", "api-testnet.bybit.com", "api-demo.bybit.com", "api.bybit.eu"):
        assert bench.get(f"https://{host}/v5/market/time", "bybit").status == 200


def test_the_601st_request_of_5_s_bans_the_address_for_10_minutes() -> None:
    bench = BybitBench()
    url = f"{REST}/time"
    assert {bench.get(url, "bybit").status for _ in range(600)} == {200}
    refused = bench.get(url, "bybit")
    assert (refused.status, refused.body) == (403, b"403, access too frequent")
    assert bench.venue("bybit").handle(call("GET", url, client="10.0.0.2")).status == 200
    bench.t_ns += 599 * 10**9
    assert bench.get(url, "bybit").status == 403
    bench.t_ns += 2 * 10**9
    assert bench.get(url, "bybit").status == 200


def test_600_requests_in_5_s_go_on_for_ever() -> None:
    bench = BybitBench()
    for _ in range(3):
        assert {bench.get(f"{REST}/time", "bybit").status for _ in range(600)} == {200}
        bench.t_ns += 5 * 10**9


@pytest.mark.parametrize(("status", "answered", "code"), [(429, 429, 10429), (500, 500, 10016)])
def test_refusals_are_in_the_words_of_bybit(bench: BybitBench, status: int, answered: int, code: int) -> None:
    reply = bench.venue("bybit").refusal(status, 5)
    assert (reply.status, orjson.loads(reply.body)["retCode"]) == (answered, code)
    assert "Retry-After" not in reply.headers


def test_a_ban_is_403_here(bench: BybitBench) -> None:
    assert bench.venue("bybit").refusal(418, 120).status == 403


def test_faults_of_a_symbol_know_a_request_by_its_category(bench: BybitBench) -> None:
    venue = bench.venue("bybit")
    for path, market in (
        ("orderbook?category=linear&symbol=BTCUSDT", "perp"),
        ("tickers?category=spot", "spot"),
        ("tickers?category=inverse", None),
        ("time", None),
    ):
        assert venue.market_of(call("GET", f"{REST}/{path}")) == market
