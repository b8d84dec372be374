"""The simulated OKX by REST: what it lists, its shapes, its limits and its errors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.sim.okx_support import REST, OkxBench
from tests.sim.support import call

# The row of ETH-USDT-SWAP as OKX sends it: every field of the captured rows of 2025 and of the documents of 2026-07.
SWAP_FIELDS = {
    "instType": "SWAP", "instId": "ETH-USDT-SWAP", "instIdCode": 10461, "uly": "ETH-USDT", "instFamily": "ETH-USDT",
    "baseCcy": "", "quoteCcy": "", "settleCcy": "USDT", "ctType": "linear", "ctVal": "0.1", "ctValCcy": "ETH",
    "ctMult": "1", "tickSz": "0.01", "lotSz": "0.01", "minSz": "0.01", "state": "live", "ruleType": "normal",
    "groupId": "2", "contTdSwTime": "", "expTime": "", "openType": "", "tradeQuoteCcyList": [],
}  # fmt: skip
SPOT_FIELDS = {
    "instType": "SPOT", "instId": "BTC-USDT", "baseCcy": "BTC", "quoteCcy": "USDT", "settleCcy": "", "ctType": "",
    "ctVal": "", "ctMult": "", "uly": "", "tickSz": "0.1", "lotSz": "0.00000001", "minSz": "0.00001", "groupId": "1",
    "state": "live", "ruleType": "normal", "tradeQuoteCcyList": ["USDT"],
}  # fmt: skip
TICKER_FIELDS = [
    "instType", "instId", "last", "lastSz", "askPx", "askSz", "bidPx", "bidSz", "open24h", "high24h", "low24h",
    "volCcy24h", "vol24h", "sodUtc0", "sodUtc8", "ts",
]  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> OkxBench:
    return OkxBench(coins=60)


@pytest.fixture(autouse=True)
def new_window(bench: OkxBench) -> None:
    bench.t_ns += 10_000_000_000  # so that no test meets the limit of another


def listed(bench: OkxBench, inst_type: str) -> dict[str, Any]:
    return {row["instId"]: row for row in bench.data(f"/public/instruments?instType={inst_type}")}


def test_a_swap_row_is_spelt_as_okx_spells_it(bench: OkxBench) -> None:
    row = listed(bench, "SWAP")["ETH-USDT-SWAP"]
    assert {key: row[key] for key in SWAP_FIELDS} == SWAP_FIELDS


def test_a_spot_row_is_spelt_as_okx_spells_it(bench: OkxBench) -> None:
    row = listed(bench, "SPOT")["BTC-USDT"]
    assert {key: row[key] for key in SPOT_FIELDS} == SPOT_FIELDS


@pytest.mark.parametrize("inst_type", ["SWAP", "SPOT", "FUTURES"])
def test_all_scalars_are_strings_but_the_code_and_a_flag(bench: OkxBench, inst_type: str) -> None:
    for row in listed(bench, inst_type).values():
        other = {key for key, value in row.items() if not isinstance(value, str)}
        assert other <= {"instIdCode", "futureSettlement", "tradeQuoteCcyList", "upcChg"}
        assert isinstance(row.get("instIdCode"), int | None)


@pytest.mark.parametrize(("inst_type", "market"), [("SWAP", "perp"), ("SPOT", "spot")])
def test_the_tradable_rows_are_the_truth(bench: OkxBench, inst_type: str, market: str) -> None:
    truth = bench.control.truth({"venue": "okx", "market": market})["venues"]["okx"][market]
    rows = listed(bench, inst_type)
    for native, true in truth.items():
        row = rows.pop(native)
        assert row["state"] == {"trading": "live", "halted": "suspend"}[true["status"]]
        assert (row["tickSz"], row["lotSz"], row["minSz"]) == (true["tick"], true["step"], true["min_qty"])
        if market == "perp":
            assert row["ctVal"] == true["multiplier"]
            assert row["uly"].split("-") == [true["base"], true["quote"]]
            assert row["settleCcy"] == true["settle"]
        else:
            assert (row["baseCcy"], row["quoteCcy"]) == (true["base"], true["quote"])
    assert rows  # what is left only fills the list: none of it is a live linear crypto swap or USDT/USDC pair
    for row in rows.values():
        plain = row["state"] == "live" and row.get("ruleType") == "normal"
        quote = row["uly"].split("-")[1] if row.get("uly") else row.get("quoteCcy")
        settled = row.get("settleCcy", "") if market == "perp" else quote
        assert not (plain and quote == settled and settled in ("USDT", "USDC"))


def test_contract_values_other_than_one_with_sizes_in_contracts(bench: OkxBench) -> None:
    rows = listed(bench, "SWAP")
    values = {native: rows[f"{native}-USDT-SWAP"]["ctVal"] for native in ("BTC", "ETH", "XRP", "PEPE")}
    assert values == {"BTC": "0.01", "ETH": "0.1", "XRP": "100", "PEPE": "10000000"}
    for native in ("BTC-USDT-SWAP", "PEPE-USDT-SWAP"):
        true = bench.row(native)
        price, size = Decimal(true["bids"][0][0]), Decimal(true["bids"][0][1])
        assert 100 < price * size * Decimal(true["multiplier"]) < 1_000_000  # dollars at the best bid
        assert size % Decimal(true["step"]) == 0


def test_every_swap_has_its_own_code_and_demo_has_others(bench: OkxBench) -> None:
    url = f"{REST}/public/instruments?instType=SWAP"
    codes = {name: row.get("instIdCode") for name, row in listed(bench, "SWAP").items() if row["state"] == "live"}
    usual = [code for name, code in codes.items() if name.endswith(("-USDT-SWAP", "-USDC-SWAP")) and "SOON" not in name]
    assert len(usual) == len(set(usual)) > 40
    asked = call("GET", url)
    asked.headers = {"x-simulated-trading": "1"}
    demo = {row["instId"]: row for row in orjson.loads(bench.venue("okx").handle(asked).body)["data"]}
    assert demo["ETH-USDT-SWAP"]["instIdCode"] != codes["ETH-USDT-SWAP"]


def test_rows_to_be_filtered_are_there(bench: OkxBench) -> None:
    swaps, pairs, futures = (listed(bench, kind) for kind in ("SWAP", "SPOT", "FUTURES"))
    assert swaps["BTC-USD-SWAP"]["ctType"] == "inverse"
    assert swaps["ETH-USD_UM-SWAP"]["settleCcy"] == "USD"
    assert {row.get("ruleType") for row in swaps.values()} >= {"normal", "pre_market", "rebase_contract", None}
    assert {row["state"] for row in swaps.values()} >= {"live", "preopen", "test", "rebase"}
    assert sorted(swaps["NEXT-USDT-SWAP"]) == ["instId", "instType", "state"]
    assert "quoteCcy" not in pairs["NEXT-USDT"]
    assert {row["ruleType"] for row in futures.values()} == {"normal", "xperp"}
    assert all(row["expTime"] for row in futures.values())


def test_options_and_margin_have_no_instruments(bench: OkxBench) -> None:
    assert bench.data("/public/instruments?instType=OPTION&uly=BTC-USD") == []
    assert bench.data("/public/instruments?instType=MARGIN") == []


def test_a_ticker_has_the_fields_of_the_captured_ones(bench: OkxBench) -> None:
    (row,) = bench.data("/market/ticker?instId=BTC-USDT-SWAP")
    assert list(row) == TICKER_FIELDS
    assert all(isinstance(value, str) for value in row.values())
    true = bench.row()
    assert [row["bidPx"], row["bidSz"]] == true["bids"][0]
    assert [row["askPx"], row["askSz"]] == true["asks"][0]
    assert row["last"] == true["last"]


def test_volumes_mean_other_things_on_swap_and_spot(bench: OkxBench) -> None:
    (swap,) = bench.data("/market/ticker?instId=BTC-USDT-SWAP")
    (pair,) = bench.data("/market/ticker?instId=BTC-USDT")
    assert Decimal(swap["volCcy24h"]) == Decimal(swap["vol24h"]) * Decimal("0.01")  # contracts of 0.01 coins
    price = float(pair["volCcy24h"]) / float(pair["vol24h"])  # quote currency for base coins
    assert price == pytest.approx(float(pair["last"]), rel=0.05)
    assert float(swap["volCcy24h"]) * float(swap["last"]) > 1e8


def test_tickers_are_all_that_trade_and_rows_nobody_wants(bench: OkxBench) -> None:
    for inst_type, market in (("SWAP", "perp"), ("SPOT", "spot")):
        names = {row["instId"] for row in bench.data(f"/market/tickers?instType={inst_type}")}
        truth = set(bench.control.truth({"venue": "okx", "market": market})["venues"]["okx"][market])
        assert truth < names
        assert names - truth <= {
            "BTC-USD-SWAP", "ETH-USD-SWAP", "ETH-USD_UM-SWAP", "SOL-USD_UM-SWAP", "SOON-USDT-SWAP",
            "REBASED-USDT-SWAP", "BTC-USD", "BTC-EUR",
        }  # fmt: skip


def test_an_absent_price_is_an_empty_string(bench: OkxBench) -> None:
    (row,) = bench.data("/market/ticker?instId=BTC-USD-SWAP")
    assert (row["askPx"], row["askSz"]) == ("", "")


def test_books_by_rest_carry_the_id_and_one_level_unless_asked(bench: OkxBench) -> None:
    (top,) = bench.data("/market/books?instId=BTC-USDT-SWAP")
    assert (len(top["asks"]), len(top["bids"])) == (1, 1)
    (book,) = bench.data("/market/books?instId=BTC-USDT-SWAP&sz=400")
    true = bench.row(seq=book["seqId"])
    for side in ("bids", "asks"):
        assert [level[:2] for level in book[side]] == true[side]
        assert all(level[2] == "0" and int(level[3]) > 0 for level in book[side])
    assert isinstance(book["seqId"], int)
    assert isinstance(book["ts"], str)


def test_a_full_book_has_levels_of_three(bench: OkxBench) -> None:
    (book,) = bench.data("/market/books-full?instId=BTC-USDT&sz=5000")
    assert {len(level) for level in book["bids"] + book["asks"]} == {3}


def test_funding_says_the_interval_by_two_times(bench: OkxBench) -> None:
    rows = {row["instId"]: row for row in bench.data("/public/funding-rate?instId=ANY")}
    truth = bench.control.truth({"venue": "okx", "market": "perp"})["venues"]["okx"]["perp"]
    for native, true in truth.items():
        row = rows[native]
        assert row["fundingRate"] == true["rate"]
        assert int(row["fundingTime"]) == true["next_ms"]
        hours = (int(row["nextFundingTime"]) - int(row["fundingTime"])) / 3_600_000
        assert hours == true["interval_h"]
        assert (row["nextFundingRate"], row["method"]) == ("", "current_period")
    assert {true["interval_h"] for true in truth.values()} >= {1, 4, 8}
    assert {"BTC-USD-SWAP", "ETH-USD_UM-SWAP", "BTC-USD_UM_XPERP-310404"} <= set(rows)


def test_one_funding_rate_is_what_any_says(bench: OkxBench) -> None:
    (one,) = bench.data("/public/funding-rate?instId=ETH-USDT-SWAP")
    of_any = next(r for r in bench.data("/public/funding-rate?instId=ANY") if r["instId"] == "ETH-USDT-SWAP")
    assert one == of_any


def test_history_pages_backwards_and_ends_with_the_last_settlement(bench: OkxBench) -> None:
    first = bench.data("/public/funding-rate-history?instId=BTC-USDT-SWAP&limit=3")
    times = [int(row["fundingTime"]) for row in first]
    assert times == sorted(times, reverse=True)
    assert len(times) == 3
    (now,) = bench.data("/public/funding-rate?instId=BTC-USDT-SWAP")
    assert times[0] == int(now["prevFundingTime"])
    assert first[0]["realizedRate"] == now["settFundingRate"]
    older = bench.data(f"/public/funding-rate-history?instId=BTC-USDT-SWAP&after={times[-1]}&limit=2")
    assert int(older[0]["fundingTime"]) == times[-1] - 8 * 3_600_000
    newer = bench.data(f"/public/funding-rate-history?instId=BTC-USDT-SWAP&before={times[-1]}")
    assert [int(row["fundingTime"]) for row in newer] == times[:-1]


def test_marks_and_indices_are_the_truth(bench: OkxBench) -> None:
    marks = {row["instId"]: row["markPx"] for row in bench.data("/public/mark-price?instType=SWAP")}
    indices = {row["instId"]: row["idxPx"] for row in bench.data("/market/index-tickers?quoteCcy=USDT")}
    truth = bench.control.truth({"venue": "okx", "market": "perp"})["venues"]["okx"]["perp"]
    for native, true in truth.items():
        assert marks[native] == true["mark"]
        if true["quote"] == "USDT":
            assert indices[native.removesuffix("-SWAP")] == true["index"]


def test_time_and_status(bench: OkxBench) -> None:
    assert bench.data("/public/time") == [{"ts": str(bench.t_ns // 1_000_000)}]
    assert bench.data("/system/status") == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/public/instruments", 400, "50014"),
        ("/public/instruments?instType=PERP", 400, "51000"),
        ("/public/instruments?instType=OPTION", 400, "50015"),
        ("/public/instruments?instType=SWAP&instId=NO-USDT-SWAP", 200, "51001"),
        ("/market/ticker?instId=NO-USDT", 200, "51001"),
        ("/market/books?instId=NO-USDT", 200, "51001"),
        ("/market/books?instId=BTC-USDT&sz=401", 400, "51000"),
        ("/market/books?instId=BTC-USDT&sz=ten", 400, "51000"),
        ("/market/books", 400, "50014"),
        ("/market/index-tickers", 400, "50015"),
        ("/public/funding-rate?instId=BTC-USDT", 200, "51001"),
        ("/public/mark-price?instType=SWAP&instId=NO-USDT-SWAP", 200, "51001"),
        ("/public/no-such-thing", 404, "404"),
    ],
)
def test_errors_by_code(bench: OkxBench, path: str, status: int, code: str) -> None:
    reply = bench.get(f"{REST}{path}", "okx")
    assert (reply.status, orjson.loads(reply.body)["code"]) == (status, code)
    assert orjson.loads(reply.body)["data"] == []


@pytest.mark.parametrize(
    ("path", "limit", "window_s"),
    [
        ("/public/instruments?instType=SPOT", 20, 2),
        ("/market/tickers?instType=SWAP", 20, 2),
        ("/market/books?instId=BTC-USDT", 40, 2),
        ("/public/mark-price?instType=SWAP", 10, 2),
        ("/public/funding-rate?instId=ANY", 10, 2),
        ("/public/funding-rate-history?instId=BTC-USDT-SWAP", 10, 2),
        ("/system/status", 1, 5),
    ],
)
def test_one_request_too_many_is_429_until_the_window_ends(
    bench: OkxBench, path: str, limit: int, window_s: int
) -> None:
    url = f"{REST}{path}"
    assert [bench.get(url, "okx").status for _ in range(limit + 1)] == [200] * limit + [429]
    assert bench.get(url, "okx").body == b'{"msg":"Too Many Requests","code":"50011"}'
    assert bench.venue("okx").handle(call("GET", url, client="10.0.0.2")).status == 200  # counted by address
    bench.t_ns += window_s * 1_000_000_000
    assert bench.get(url, "okx").status == 200


def test_types_of_instruments_are_counted_apart(bench: OkxBench) -> None:
    for _ in range(20):
        bench.get(f"{REST}/public/instruments?instType=FUTURES", "okx")
    assert bench.get(f"{REST}/public/instruments?instType=FUTURES", "okx").status == 429
    assert bench.get(f"{REST}/public/instruments?instType=MARGIN", "okx").status == 200


def test_regional_hosts_answer_the_same(bench: OkxBench) -> None:
    for host in ("www.okx.com", "eea.okx.com", "us.okx.com"):
        assert bench.get(f"https://{host}/api/v5/public/time", "okx").status == 200
    assert bench.get("https://ws.okx.com/api/v5/public/time", "okx").status == 404
