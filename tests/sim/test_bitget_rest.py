"""The simulated Bitget by REST: what it lists, its shapes, its limits and its errors."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import orjson
import pytest

from tests.sim.bitget_support import REST, USDC, USDT, BitgetBench
from tests.sim.support import call

# The row of ETHUSDT as it was captured in September 2026.
CONTRACT = {
    "symbol": "ETHUSDT", "baseCoin": "ETH", "quoteCoin": "USDT", "buyLimitPriceRatio": "0.05",
    "sellLimitPriceRatio": "0.05", "feeRateUpRatio": "0.005", "makerFeeRate": "0.0002", "takerFeeRate": "0.0006",
    "openCostUpRatio": "0.01", "supportMarginCoins": ["USDT"], "minTradeNum": "0.01", "priceEndStep": "1",
    "volumePlace": "2", "pricePlace": "2", "sizeMultiplier": "0.01", "symbolType": "perpetual", "minTradeUSDT": "5",
    "maxSymbolOrderNum": "200", "maxProductOrderNum": "1000", "maxPositionNum": "200", "symbolStatus": "normal",
    "offTime": "-1", "limitOpenTime": "-1", "deliveryTime": "", "deliveryStartTime": "", "deliveryPeriod": "",
    "launchTime": "", "fundInterval": "8", "minLever": "1", "maxLever": "150", "posLimit": "0.1", "maintainTime": "",
    "openTime": "", "isRwa": "NO",
}  # fmt: skip
MIX_TICKER = {
    "symbol", "lastPr", "askPr", "bidPr", "bidSz", "askSz", "high24h", "low24h", "ts", "change24h", "baseVolume",
    "quoteVolume", "usdtVolume", "openUtc", "changeUtc24h", "indexPrice", "fundingRate", "holdingAmount",
    "deliveryStartTime", "deliveryTime", "deliveryStatus", "open24h", "markPrice",
}  # fmt: skip
SPOT_TICKER = {
    "open", "symbol", "high24h", "low24h", "lastPr", "quoteVolume", "baseVolume", "usdtVolume", "ts", "bidPr", "askPr",
    "bidSz", "askSz", "openUtc", "changeUtc24h", "change24h",
}  # fmt: skip
CONTRACT_WORDS = {"trading": "normal", "halted": "maintain"}
PAIR_WORDS = {"trading": "online", "halted": "halt"}


@pytest.fixture(scope="module")
def bench() -> BitgetBench:
    return BitgetBench(coins=70)


@pytest.fixture(autouse=True)
def new_window(bench: BitgetBench) -> None:
    bench.t_ns += 2_000_000_000  # so that no test meets the limit of another


def contracts(bench: BitgetBench, product: str = USDT) -> dict[str, Any]:
    return {row["symbol"]: row for row in bench.data(f"/mix/market/contracts?productType={product}")}


def pairs(bench: BitgetBench) -> dict[str, Any]:
    return {row["symbol"]: row for row in bench.data("/spot/public/symbols")}


def price_step(row: dict[str, str]) -> Decimal:
    return Decimal(row["priceEndStep"]).scaleb(-int(row["pricePlace"]))


def test_a_contract_row_is_spelt_as_it_was_captured(bench: BitgetBench) -> None:
    row = contracts(bench)["ETHUSDT"]
    assert set(row) == {*CONTRACT, "maxMarketOrderQty", "maxOrderQty"}
    assert {key: row[key] for key in CONTRACT} == CONTRACT


@pytest.mark.parametrize(("product", "quote"), [(USDT, "USDT"), (USDC, "USDC")])
def test_contracts_are_the_truth(bench: BitgetBench, product: str, quote: str) -> None:
    listed = contracts(bench, product)
    truth = {native: row for native, row in bench.all_true("perp").items() if row["quote"] == quote}
    assert len(truth) > 9
    for native, true in truth.items():
        row = listed.pop(native)
        assert row["symbolStatus"] == CONTRACT_WORDS[true["status"]]
        assert price_step(row) == Decimal(true["tick"])
        assert (row["sizeMultiplier"], row["minTradeNum"]) == (true["step"], true["min_qty"])
        assert Decimal(row["sizeMultiplier"]) % Decimal(1).scaleb(-int(row["volumePlace"])) == 0
        assert row["minTradeUSDT"] == true["min_notional"]
        assert row["supportMarginCoins"] == [true["settle"]] == [quote] == [row["quoteCoin"]]
        assert row["baseCoin"] in (true["base"], f"{true['multiplier']}{true['base']}")
        assert row["fundInterval"] == str(true["interval_h"])
    for row in listed.values():  # what is left is never an open crypto perpetual
        open_now = row["symbolStatus"] == "normal" and row["offTime"] == "-1"
        assert not (open_now and row["isRwa"] == "NO" and row["symbolType"] == "perpetual")


def test_pairs_are_the_truth(bench: BitgetBench) -> None:
    listed = pairs(bench)
    truth = bench.all_true("spot")
    for native, true in truth.items():
        row = listed.pop(native)
        assert row["status"] == PAIR_WORDS[true["status"]]
        assert Decimal(1).scaleb(-int(row["pricePrecision"])) == Decimal(true["tick"])
        assert Decimal(1).scaleb(-int(row["quantityPrecision"])) == Decimal(true["step"])
        assert (row["minTradeAmount"], row["minTradeUSDT"]) == ("0", true["min_notional"])
        assert (row["baseCoin"], row["quoteCoin"], row["areaSymbol"]) == (true["base"], true["quote"], "no")
        assert "symbolType" not in row
    assert {row["status"] for row in listed.values()} >= {"gray", "halt", "offline"}
    assert {"USDCUSDT", "BTCUSDC"} <= set(truth)


def test_the_price_step_is_not_ten_to_the_price_place(bench: BitgetBench) -> None:
    odd = {native: row for native, row in contracts(bench).items() if row["priceEndStep"] != "1"}
    assert (odd["LINKUSDT"]["priceEndStep"], odd["LINKUSDT"]["pricePlace"]) == ("5", "3")
    assert contracts(bench, USDC)["BTCPERP"]["priceEndStep"] == "5"
    price = Decimal(bench.row("LINKUSDT")["bids"][0][0])
    assert price % Decimal("0.005") == 0


def test_ids_that_do_not_say_what_they_are(bench: BitgetBench) -> None:
    usdt, usdc = contracts(bench), contracts(bench, USDC)
    assert usdt["BTCUSDT"]["symbol"] == pairs(bench)["BTCUSDT"]["symbol"]  # one id, two markets
    assert (usdc["BTCPERP"]["baseCoin"], usdc["BTCPERP"]["quoteCoin"]) == ("BTC", "USDC")
    assert usdt["1000BONKUSDT"]["baseCoin"] == "1000BONK"
    assert bench.row("1000BONKUSDT")["multiplier"] == "1000"
    assert usdt["PEPEUSDT"]["baseCoin"] == "PEPE"
    assert bench.row("PEPEUSDT")["multiplier"] == "1"
    assert "牛来USDT" in usdt
    assert usdt["CATUSDT"]["isRwa"] == "YES"  # not the coin


def test_a_thousand_coins_cost_a_thousand_times_as_much(bench: BitgetBench) -> None:
    unit, coin = bench.row("1000BONKUSDT"), bench.truth("BONK", "perp", "bitget")
    assert unit == coin
    price = Decimal(unit["bids"][0][0]) / Decimal(unit["price_factor"])
    assert Decimal("0.000005") < price < Decimal("0.00003")


def test_rows_to_be_filtered_are_there(bench: BitgetBench) -> None:
    usdt = contracts(bench)
    assert {row["symbolStatus"] for row in usdt.values()} == {
        "normal", "limit_open", "maintain", "restrictedAPI", "listed", "off",
    }  # fmt: skip
    assert sum(row["isRwa"] == "YES" for row in usdt.values()) == 3
    soon = usdt["SOONUSDT"]
    assert soon["symbolStatus"] == "normal"
    assert bench.t_ns // 1_000_000 < int(soon["limitOpenTime"]) < int(soon["offTime"])
    assert pairs(bench)["SOONUSDT"]["offTime"] == soon["offTime"]
    assert pairs(bench)["LOCALUSDT"]["areaSymbol"] == "yes"
    coin = contracts(bench, "COIN-FUTURES")
    assert coin["BTCUSD"]["supportMarginCoins"] == ["BTC"]
    assert (coin["BTCUSDZ26"]["symbolType"], coin["BTCUSDZ26"]["deliveryTime"]) == ("delivery", "1798185600000")
    for product in ("SUSDT-FUTURES", "SUSDC-FUTURES", "SCOIN-FUTURES"):  # demo products look like active swaps
        assert [row["symbolStatus"] for row in contracts(bench, product).values()] == ["normal"]


@pytest.mark.parametrize(("product", "suffix"), [(USDT, "USDT"), (USDC, "PERP")])
def test_tickers_of_contracts(bench: BitgetBench, product: str, suffix: str) -> None:
    found = bench.data(f"/mix/market/tickers?productType={product}")
    assert len({row["ts"] for row in found}) == 1
    by_name = {row["symbol"]: row for row in found}
    assert by_name.keys() == contracts(bench, product).keys() - {"NEXTUSDT", "TRIALUSDT", "GONEUSDT"}
    for native, true in bench.all_true("perp").items():
        if not native.endswith(suffix):
            continue
        row = by_name[native]
        assert set(row) == MIX_TICKER
        assert [row["bidPr"], row["bidSz"]] == list(true["bids"][0])
        assert [row["askPr"], row["askSz"]] == list(true["asks"][0])
        assert (row["lastPr"], row["markPrice"], row["indexPrice"]) == (true["last"], true["mark"], true["index"])
        assert row["fundingRate"] == true["rate"]


def test_tickers_of_pairs(bench: BitgetBench) -> None:
    by_name = {row["symbol"]: row for row in bench.data("/spot/market/tickers")}
    for native, true in bench.all_true("spot").items():
        row = by_name[native]
        assert set(row) == SPOT_TICKER
        assert [row["bidPr"], row["askSz"]] == [true["bids"][0][0], true["asks"][0][1]]
    assert "bidPr" not in by_name["GRAYUSDT"]
    assert by_name["PAUSEUSDT"]["bidPr"]  # halted, with its old prices
    assert "GONEUSDT" not in by_name


def test_volumes_are_in_coins_and_in_quote_currency(bench: BitgetBench) -> None:
    (row,) = bench.data(f"/mix/market/ticker?productType={USDT}&symbol=BTCUSDT")
    price = float(row["quoteVolume"]) / float(row["baseVolume"])
    assert float(row["low24h"]) < price < float(row["high24h"])
    change = float(row["lastPr"]) / float(row["open24h"]) - 1
    assert float(row["change24h"]) == pytest.approx(change, abs=1e-5)


def test_funding_of_all_has_mixed_intervals_and_rows_without_caps(bench: BitgetBench) -> None:
    found = {row["symbol"]: row for row in bench.data(f"/mix/market/current-fund-rate?productType={USDT}")}
    for native, true in bench.all_true("perp").items():
        if native in found:
            row = found.pop(native)
            assert (row["fundingRate"], row["nextUpdate"]) == (true["rate"], str(true["next_ms"]))
            assert row["fundingRateInterval"] == str(true["interval_h"])
            assert float(row["minFundingRate"]) == -float(row["maxFundingRate"]) < 0
    assert {true["interval_h"] for true in bench.all_true("perp").values()} >= {1, 4, 8}
    assert [row["symbol"] for row in found.values() if row["maxFundingRate"] is None] == ["NEXTUSDT", "TRIALUSDT"]


def test_one_funding_rate_and_its_history(bench: BitgetBench) -> None:
    (one,) = bench.data(f"/mix/market/current-fund-rate?productType={USDT}&symbol=BTCUSDT")
    assert one["fundingRate"] == bench.row()["rate"]
    history = f"/mix/market/history-fund-rate?productType={USDT}&symbol=BTCUSDT&pageSize=3"
    first, second = bench.data(history), bench.data(f"{history}&pageNo=2")
    times = [int(row["fundingTime"]) for row in first + second]
    assert times[0] == int(one["nextUpdate"]) - 8 * 3_600_000
    assert {a - b for a, b in pairwise(times)} == {8 * 3_600_000}
    assert set(first[0]) == {"symbol", "fundingRate", "fundingTime"}


def test_a_book_of_a_contract_is_numbers_and_of_a_pair_is_strings(bench: BitgetBench) -> None:
    raw = bench.get(f"{REST}/mix/market/merge-depth?productType={USDT}&symbol=BTCUSDT&limit=max", "bitget").body
    book, true = orjson.loads(raw)["data"], bench.row()
    for side in ("bids", "asks"):
        assert book[side] == [[float(price), float(size)] for price, size in true[side]]
        assert f"[{true[side][0][0]},{true[side][0][1]}]".encode() in raw
    assert (book["precision"], book["scale"]) == ("scale0", "0.1")
    pair = bench.data("/spot/market/orderbook?symbol=BTCUSDT&type=step0&limit=20")
    assert pair["asks"] == bench.row("BTCUSDT", "spot")["asks"][:20]
    assert set(pair) == {"asks", "bids", "ts"}


def test_merge_depth_serves_a_usdc_contract_under_usdt(bench: BitgetBench) -> None:
    book = bench.data(f"/mix/market/merge-depth?productType={USDT}&symbol=BTCPERP&limit=1")
    assert book["asks"][0][0] == float(bench.row("BTCPERP")["asks"][0][0])


def test_names_in_lower_case_are_understood(bench: BitgetBench) -> None:
    (row,) = bench.data("/mix/market/ticker?productType=usdt-futures&symbol=btcusdt")
    assert row["symbol"] == "BTCUSDT"


def test_time_is_a_string(bench: BitgetBench) -> None:
    assert bench.data("/public/time") == {"serverTime": str(bench.t_ns // 1_000_000)}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/mix/market/contracts", 400, "40019"),
        ("/mix/market/contracts?productType=umcbl", 400, "40020"),
        (f"/mix/market/contracts?productType={USDT}&symbol=NOPEUSDT", 400, "40034"),
        (f"/mix/market/ticker?productType={USDT}", 400, "40019"),
        (f"/mix/market/ticker?productType={USDT}&symbol=BTCPERP", 400, "40034"),
        (f"/mix/market/ticker?productType={USDT}&symbol=GONEUSDT", 400, "40034"),
        (f"/mix/market/merge-depth?productType={USDT}&symbol=BTCUSDT&limit=7", 400, "400172"),
        ("/spot/market/orderbook?symbol=BTCPERP", 400, "40034"),
        ("/spot/market/orderbook?symbol=BTCUSDT&limit=ten", 400, "400172"),
        ("/spot/market/orderbook?symbol=BTCUSDT&type=step9", 400, "400172"),
        ("/no/such/thing", 404, "40404"),
    ],
)
def test_errors_by_code(bench: BitgetBench, path: str, status: int, code: str) -> None:
    reply = bench.get(f"{REST}{path}", "bitget")
    body = orjson.loads(reply.body)
    assert (reply.status, body["code"], body["data"]) == (status, code, None)
    assert isinstance(body["msg"], str)


def test_the_21st_request_of_a_second_is_429_and_the_header_counts_down(bench: BitgetBench) -> None:
    url = f"{REST}/mix/market/tickers?productType=SUSDT-FUTURES"
    replies = [bench.get(url, "bitget") for _ in range(21)]
    assert [reply.status for reply in replies] == [200] * 20 + [429]
    assert [reply.headers["x-mbx-used-remain-limit"] for reply in replies[:20]] == [str(n) for n in range(19, -1, -1)]
    assert orjson.loads(replies[20].body)["code"] == "429"
    assert bench.get(f"{REST}/public/time", "bitget").status == 200  # each endpoint on its own
    assert bench.venue("bitget").handle(call("GET", url, client="10.0.0.2")).status == 200
    bench.t_ns += 1_000_000_000
    assert bench.get(url, "bitget").status == 200


def test_the_6001st_request_of_a_minute_is_429(bench: BitgetBench) -> None:
    minute_ns = 60_000_000_000
    bench.t_ns += minute_ns - bench.t_ns % minute_ns
    paths = [f"/mix/market/contracts?productType={p}" for p in ("SUSDT-FUTURES",)] + [
        "/public/time", "/margin/currencies", "/mix/market/tickers?productType=SUSDT-FUTURES",
        "/mix/market/current-fund-rate?productType=SUSDT-FUTURES", "/spot/public/symbols?symbol=BTCUSDT",
    ]  # fmt: skip
    for _ in range(50):
        bench.t_ns += 1_000_000_000
        for path in paths:
            assert {bench.get(f"{REST}{path}", "bitget").status for _ in range(20)} == {200}
    bench.t_ns += 1_000_000_000
    assert bench.get(f"{REST}/public/time", "bitget").status == 429
    bench.t_ns += minute_ns
    assert bench.get(f"{REST}/public/time", "bitget").status == 200


def test_rest_and_sockets_have_their_own_hosts(bench: BitgetBench) -> None:
    assert bench.get("https://ws.bitget.com/api/v2/public/time", "bitget").status == 404


@pytest.mark.parametrize(("status", "code"), [(429, "429"), (418, "429"), (500, "40015")])
def test_refusals_are_in_the_words_of_bitget(bench: BitgetBench, status: int, code: str) -> None:
    reply = bench.venue("bitget").refusal(status, 5)
    assert (reply.status, orjson.loads(reply.body)["code"]) == (status, code)
    assert "Retry-After" not in reply.headers


def test_faults_know_a_request_by_its_symbol_and_its_market(bench: BitgetBench) -> None:
    venue = bench.venue("bitget")
    asked = call("GET", f"{REST}/mix/market/ticker?productType={USDT}&symbol=btcusdt")
    assert (venue.market_of(asked), venue.symbol_of(asked)) == ("perp", "BTCUSDT")
    assert venue.market_of(call("GET", f"{REST}/spot/market/tickers")) == "spot"
    assert venue.market_of(call("GET", f"{REST}/public/time")) is None


# -- while running ----------------------------------------------------------------------------------------------------


def test_a_listing_while_running_stands_in_lists_tickers_and_funding() -> None:
    bench = BitgetBench()
    bench.control.instruments({"action": "list", "venue": "bitget", "base": "FRESH", "price": 2.5})
    assert contracts(bench)["FRESHUSDT"]["symbolStatus"] == "normal"
    assert pairs(bench)["FRESHUSDT"]["status"] == "online"
    (row,) = bench.data(f"/mix/market/ticker?productType={USDT}&symbol=FRESHUSDT")
    assert float(row["bidPr"]) == pytest.approx(2.5, rel=0.01)
    assert bench.data(f"/mix/market/current-fund-rate?productType={USDT}&symbol=FRESHUSDT")


def test_a_halt_shows_as_maintain_and_halt_while_the_ticker_keeps_its_prices() -> None:
    bench = BitgetBench()
    bench.fault("halt", "bitget", symbol="BTCUSDT")
    assert contracts(bench)["BTCUSDT"]["symbolStatus"] == "maintain"
    assert pairs(bench)["BTCUSDT"]["status"] == "halt"
    bench.run(2000)
    before = bench.data("/spot/market/tickers?symbol=BTCUSDT")
    bench.run(2000)
    assert bench.data("/spot/market/tickers?symbol=BTCUSDT") == before
    assert before[0]["bidPr"]


def test_an_end_is_announced_by_times_then_closes_to_new_positions_then_comes() -> None:
    bench = BitgetBench()
    bench.control.instruments({"action": "delist", "venue": "bitget", "symbol": "ETHUSDT", "seconds": 10})
    row = contracts(bench)["ETHUSDT"]
    now_ms = bench.t_ns // 1_000_000
    assert (row["symbolStatus"], row["limitOpenTime"], row["offTime"]) == (
        "normal", str(now_ms + 5000), str(now_ms + 10_000),
    )  # fmt: skip
    assert pairs(bench)["ETHUSDT"]["offTime"] == str(now_ms + 10_000)
    bench.run(6000)
    assert contracts(bench)["ETHUSDT"]["symbolStatus"] == "limit_open"
    assert bench.row("ETHUSDT")["status"] == "close_only"
    assert pairs(bench)["ETHUSDT"]["status"] == "online"
    bench.run(5000)
    assert contracts(bench)["ETHUSDT"]["symbolStatus"] == "off"
    assert pairs(bench)["ETHUSDT"]["status"] == "offline"
    names = {row["symbol"] for row in bench.data(f"/mix/market/tickers?productType={USDT}")}
    assert "ETHUSDT" not in names


def test_an_end_that_is_called_off_leaves_no_trace() -> None:
    bench = BitgetBench()
    before = contracts(bench)["ETHUSDT"]
    fault = bench.fault("delist", "bitget", symbol="ETHUSDT", market="perp", value=10)
    assert bench.hub.faults.remove(fault.id)
    assert contracts(bench)["ETHUSDT"] == before
    bench.fault("delist", "bitget", symbol="ETHUSDT", market="perp", value=10)
    bench.run(7000)
    assert contracts(bench)["ETHUSDT"]["symbolStatus"] == "limit_open"
    bench.hub.faults.clear()
    bench.run(7000)
    assert contracts(bench)["ETHUSDT"] == before


def test_another_interval_of_funding_shows_wherever_it_is_written() -> None:
    bench = BitgetBench()
    bench.fault("funding_interval", "bitget", symbol="BTCUSDT", value=2)
    assert contracts(bench)["BTCUSDT"]["fundInterval"] == "2"
    (row,) = bench.data(f"/mix/market/current-fund-rate?productType={USDT}&symbol=BTCUSDT")
    assert row["fundingRateInterval"] == "2"
