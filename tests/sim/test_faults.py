"""Every fault by name: what is sent changes, the truth stays sound."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from arbtui.sim.asked import Refused
from arbtui.sim.faults import KINDS
from tests.sim.support import Bench, Wire, served

PUBLIC = "wss://fstream.binance.com/public/ws"
BBO = f"{PUBLIC}/btcusdt@bookTicker"
BOOK = f"{PUBLIC}/btcusdt@depth@100ms"
SPOT_BOOK = "wss://stream.binance.com:9443/ws/btcusdt@depth@100ms"
BUSY = {"coins": 3, "rate": 600.0}  # a handful of instruments, each changing many times a second


def bench(**more: Any) -> Bench:
    return Bench(**{**BUSY, **more})


def chained(frames: list[Any]) -> bool:
    return all(b["pu"] == a["u"] for a, b in pairwise(frames))


def test_every_public_fault_of_the_contract_is_there() -> None:
    sockets = {"disconnect", "refuse", "accept_then_close", "sub_refused"}
    frames = {"mute", "freeze", "drop_delta", "duplicate", "reorder", "slow", "burst"}
    content = {"bad_checksum", "old_snapshot", "empty_side", "nan_price", "crossed", "depeg", "funding_interval"}
    rest = {"http_500", "http_429", "http_418", "html_503", "cut_body"}
    assert sockets | frames | content | rest | {"clock_skew", "halt", "delist"} <= set(KINDS)


@pytest.mark.parametrize(
    "name",
    [
        n
        for n, k in KINDS.items()
        if k.place in ("content", "frames", "sockets", "clock", "rest") and n != "bad_checksum"
    ],
)
def test_the_truth_stays_sound_under(name: str) -> None:
    sound, faulty = bench(), bench()
    for one in (sound, faulty):
        for url in (BBO, BOOK, SPOT_BOOK):
            one.connect(url)
    faulty.fault(name, seconds=1.0)
    for one in (sound, faulty):
        one.run(1500)
    one_truth, other_truth = sound.control.truth({}), faulty.control.truth({})
    assert one_truth == other_truth


def test_disconnect_drops_open_sockets_once() -> None:
    one = bench()
    _, before = one.connect(BBO)
    one.fault("disconnect")
    _, after = one.connect(BBO)
    one.run(2000)
    assert before.dropped
    assert not after.ended


def test_disconnect_of_one_market_spares_the_other() -> None:
    one = bench()
    _, perp = one.connect(BBO)
    _, spot = one.connect(SPOT_BOOK)
    one.fault("disconnect", market="spot")
    assert not perp.ended
    assert spot.dropped


def test_refuse_cuts_what_is_open() -> None:
    one = bench()
    _, wire = one.connect(BBO)
    one.fault("refuse", seconds=5)
    assert wire.dropped


def test_accept_then_close_closes_at_once_until_it_ends() -> None:
    one = bench()
    one.fault("accept_then_close", seconds=2)
    _, during = one.connect(BBO)
    one.run(2100)
    _, after = one.connect(BBO)
    one.run(500)
    assert during.closed == (1001, "")
    assert after.texts
    assert not after.ended


def test_mute_leaves_the_socket_open_and_loses_frames() -> None:
    one = bench()
    session, wire = one.connect(BOOK)
    one.run(1000)
    before = wire.take()
    one.fault("mute", channel="book", seconds=1)
    one.run(980)
    assert wire.take() == []
    one.say(session, method="LIST_SUBSCRIPTIONS", id=1)
    assert wire.take() == [{"result": ["btcusdt@depth@100ms"], "id": 1}]
    one.run(1000)
    after = wire.take()
    assert after[0]["pu"] > before[-1]["u"]  # a gap: the frames of that second are lost


def test_mute_of_one_symbol_leaves_its_row_out_of_the_arrays() -> None:
    one = bench()
    _, wire = one.connect("wss://fstream.binance.com/market/ws/!markPrice@arr@1s")
    one.fault("mute", symbol="BTCUSDT", channel="mark")
    one.run(1500)
    rows = wire.take()[0]
    assert "BTCUSDT" not in [row["s"] for row in rows]
    assert "ETHUSDT" in [row["s"] for row in rows]


def test_mute_by_the_wire_name_of_the_channel() -> None:
    one = bench()
    _, bbo = one.connect(BBO)
    _, book = one.connect(BOOK)
    one.fault("mute", channel="bookTicker")
    one.run(1000)
    assert not bbo.texts
    assert book.texts


def test_freeze_repeats_the_same_frame_and_the_chain_holds_afterwards() -> None:
    one = bench()
    _, wire = one.connect(BOOK)
    one.run(1000)
    before = wire.take()
    fault = one.fault("freeze")
    one.run(1000)
    frozen = wire.take()
    assert len(frozen) > 3
    assert all(frame == before[-1] for frame in frozen)
    one.hub.faults.remove(fault.id)
    one.run(500)
    assert chained([before[-1], *wire.take()])


def test_drop_delta_loses_frames_of_books_only() -> None:
    one = bench()
    _, book = one.connect(BOOK)
    _, bbo = one.connect(BBO)
    one.fault("drop_delta", value=0.3)
    one.run(5000)
    frames = book.take()
    assert 20 < len(frames) < 48
    assert not chained(frames)
    quotes = [frame["u"] for frame in bbo.take()]
    assert quotes == sorted(set(quotes))


def test_drop_delta_with_probability_one_and_a_count_drops_that_many() -> None:
    one = bench()
    _, book = one.connect(BOOK)
    fault = one.fault("drop_delta", value=1, count=3)
    one.run(1000)
    assert fault.acted == 3
    assert 5 <= len(book.take()) <= 7


def test_duplicate_sends_every_frame_twice() -> None:
    one = bench()
    _, wire = one.connect(BBO)
    one.fault("duplicate")
    one.run(500)
    frames = wire.take()
    assert frames
    assert frames[::2] == frames[1::2]


def test_reorder_sends_a_frame_after_its_successor() -> None:
    one = bench()
    _, wire = one.connect(BBO)
    one.fault("reorder")
    one.run(1000)
    ids = [frame["u"] for frame in wire.take()]
    assert ids != sorted(ids)
    assert [min(pair) for pair in zip(ids[::2], ids[1::2], strict=False)] == ids[1::2]


def test_slow_delays_but_keeps_the_order() -> None:
    one = bench()
    _, wire = one.connect(BBO)
    one.fault("slow", value=400)
    one.run(380)
    assert not wire.texts
    one.run(2000)
    frames = wire.take()
    assert [f["u"] for f in frames] == sorted(f["u"] for f in frames)
    assert one.truth("BTCUSDT")["seq"] > frames[-1]["u"]


def test_burst_holds_back_and_sends_all_at_once() -> None:
    one = bench()
    _, wire = one.connect(BBO)
    one.fault("burst", value=1000)
    one.run(980)
    assert not wire.texts
    one.run(40)
    assert len(wire.texts) > 20


def test_bad_checksum_is_refused_where_there_is_no_checksum() -> None:
    with pytest.raises(Refused, match="no checksum"):
        bench().fault("bad_checksum")


def test_old_snapshot_is_older_than_the_first_delta() -> None:
    one = bench()
    _, wire = one.connect(BOOK)
    one.run(1000)
    one.fault("old_snapshot", count=1)
    old = one.json("https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT")
    fresh = one.json("https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT")
    assert old["lastUpdateId"] < wire.take()[1]["U"]
    assert fresh["lastUpdateId"] == one.truth("BTCUSDT")["seq"]


def test_empty_side_takes_the_asks_away_and_brings_them_back() -> None:
    one = bench()
    _, bbo = one.connect(BBO)
    _, book = one.connect(BOOK)
    held = Follower(one, "BTCUSDT", book)
    bbo.take()
    fault = one.fault("empty_side")
    one.run(500)
    assert {frame["a"] for frame in bbo.take()} == {"0.00"}
    held.apply(book)
    assert held.asks == {}
    one.hub.faults.remove(fault.id)
    one.run(500)
    held.apply(book)
    assert held.matches(one)


def test_nan_price_is_sent_as_a_price() -> None:
    one = bench()
    _, bbo = one.connect(BBO)
    _, book = one.connect(BOOK)
    _, mark = one.connect("wss://fstream.binance.com/market/ws/btcusdt@markPrice@1s")
    one.fault("nan_price")
    one.run(1500)
    assert {frame["b"] for frame in bbo.take()} == {"nan"}
    assert all(frame["b"][0][0] == "nan" for frame in book.take())
    assert {frame["p"] for frame in mark.take()} == {"nan"}


def test_nan_price_leaves_rest_alone_unless_aimed_at_it() -> None:
    one = bench()
    url = "https://fapi.binance.com/fapi/v1/ticker/bookTicker?symbol=BTCUSDT"
    one.fault("nan_price")
    assert one.json(url)["bidPrice"] == one.truth("BTCUSDT")["bids"][0][0]
    one.fault("nan_price", channel="rest")
    assert one.json(url)["bidPrice"] == "nan"


def test_crossed_puts_the_bid_above_the_ask_in_quotes_and_books() -> None:
    one = bench()
    _, bbo = one.connect(BBO)
    _, book = one.connect(BOOK)
    held = Follower(one, "BTCUSDT", book)
    bbo.take()
    one.fault("crossed")
    one.run(500)
    assert all(float(f["b"]) > float(f["a"]) for f in bbo.take())
    held.apply(book)
    assert max(map(float, held.bids)) > min(map(float, held.asks))


def test_clock_skew_moves_every_stamp_and_the_server_time() -> None:
    one = bench()
    _, wire = one.connect(BBO)
    one.fault("clock_skew", value=-5000)
    one.run(500)
    now_ms = one.t_ns // 10**6
    assert abs(one.json("https://fapi.binance.com/fapi/v1/time")["serverTime"] - (now_ms - 5000)) <= 1
    assert all(frame["T"] <= frame["E"] <= now_ms - 5000 for frame in wire.take())


def test_depeg_quotes_the_stable_pair_elsewhere() -> None:
    one = bench()
    _, wire = one.connect("wss://stream.binance.com/ws/usdcusdt@bookTicker")
    one.fault("depeg", value=0.91)
    one.run(2000)
    frames = wire.take()
    assert frames
    assert all(0.909 < float(f["b"]) < float(f["a"]) < 0.911 for f in frames)
    assert float(one.truth("USDCUSDT", "spot")["bids"][0][0]) > 0.99


def test_funding_interval_shows_by_socket_and_rest() -> None:
    one = bench()
    url = "https://fapi.binance.com/fapi/v1/fundingInfo"
    hours = {row["symbol"]: row["fundingIntervalHours"] for row in one.json(url)}
    assert hours["BTCUSDT"] == 8
    one.fault("funding_interval", symbol="BTCUSDT", value=1)
    hours = {row["symbol"]: row["fundingIntervalHours"] for row in one.json(url)}
    assert hours["BTCUSDT"] == 1
    _, wire = one.connect("wss://fstream.binance.com/market/ws/btcusdt@markPrice@1s")
    one.run(1500)
    assert wire.take()[0]["T"] - one.t_ns // 10**6 <= 3_600_000
    assert one.truth("BTCUSDT")["interval_h"] == 8


def test_sub_refused_refuses_in_the_venues_words() -> None:
    one = bench()
    session, wire = one.connect(PUBLIC)
    one.fault("sub_refused", channel="bbo", count=1)
    one.say(session, method="SUBSCRIBE", params=["btcusdt@bookTicker"], id=5)
    assert wire.take()[0]["error"]["code"] == 2
    one.say(session, method="SUBSCRIBE", params=["btcusdt@bookTicker"], id=6)
    assert wire.take()[0] == {"result": None, "id": 6}


def test_shutdown_is_announced_on_spot_and_then_happens() -> None:
    one = bench()
    _, wire = one.connect("wss://stream.binance.com/ws")
    one.fault("shutdown", value=2)
    one.run(40)
    assert wire.take()[0]["e"] == "serverShutdown"
    assert not wire.ended
    one.run(2100)
    assert wire.dropped


def test_halt_is_true_and_ends_with_the_fault() -> None:
    one = bench()
    fault = one.fault("halt", symbol="BTCUSDT", market="perp")
    status = {r["symbol"]: r["status"] for r in one.json("https://fapi.binance.com/fapi/v1/exchangeInfo")["symbols"]}
    assert status["BTCUSDT"] == "TRADING_HALT"
    before = one.truth("BTCUSDT")
    assert before["status"] == "halted"
    one.run(1000)
    assert one.truth("BTCUSDT")["seq"] == before["seq"]
    one.hub.faults.remove(fault.id)
    assert one.truth("BTCUSDT")["status"] == "trading"


def test_delist_is_announced_then_closed() -> None:
    one = bench()
    _, wire = one.connect("wss://fstream.binance.com/market/ws/!contractInfo")
    one.fault("delist", symbol="BTCUSDT", market="perp", value=3)
    one.run(100)
    announced = wire.take()[0]
    assert (announced["s"], announced["cs"]) == ("BTCUSDT", "TRADING")
    assert 0 < announced["dt"] - one.t_ns // 10**6 <= 3000
    one.run(3000)
    assert wire.take()[0]["cs"] == "SETTLING"
    assert one.truth("BTCUSDT")["status"] == "delisted"


def test_a_fault_ends_after_its_seconds() -> None:
    one = bench()
    one.fault("mute", seconds=1)
    assert one.hub.faults.active
    one.run(1100)
    assert not one.hub.faults.active


class Follower:
    """Keeps a USD-M book by the documented rule, without checking."""

    def __init__(self, one: Bench, symbol: str, wire: Wire) -> None:
        self.symbol = symbol
        one.run(300)
        snapshot = one.json(f"https://fapi.binance.com/fapi/v1/depth?symbol={symbol}")
        self.seq = snapshot["lastUpdateId"]
        self.bids, self.asks = dict(snapshot["bids"]), dict(snapshot["asks"])
        self.apply(wire)

    def apply(self, wire: Wire) -> None:
        for frame in wire.take():
            if frame["u"] < self.seq:
                continue
            self.seq = frame["u"]
            for side, rows in ((self.bids, frame["b"]), (self.asks, frame["a"])):
                for price, size in rows:
                    if float(size) == 0:
                        side.pop(price, None)
                    else:
                        side[price] = size

    def matches(self, one: Bench) -> bool:
        truth = one.truth(self.symbol, seq=self.seq)
        return dict(truth["bids"]) == self.bids and dict(truth["asks"]) == self.asks


# -- faults of REST and of connecting: through the served simulator ------------------------------------------------

TIME = "/fapi.binance.com/fapi/v1/time"


async def post(client: aiohttp.ClientSession, **fault: Any) -> None:
    async with client.post("/_sim/faults", json={"venue": "binance", **fault}) as answer:
        assert answer.status == 200, await answer.text()


@pytest.mark.parametrize(
    ("name", "status", "retry_after"), [("http_500", 500, None), ("http_429", 429, "7"), ("http_418", 418, "7")]
)
async def test_rest_answers_with(name: str, status: int, retry_after: str | None) -> None:
    async with served(coins=3) as (_, client):
        await post(client, fault=name, count=1, value=7)
        async with client.get(TIME) as answer:
            assert answer.status == status
            assert answer.headers.get("Retry-After") == retry_after
            assert (await answer.json())["code"] < 0
        async with client.get(TIME) as answer:
            assert answer.status == 200


async def test_html_503_is_no_json() -> None:
    async with served(coins=3) as (_, client):
        await post(client, fault="html_503", count=1)
        async with client.get(TIME) as answer:
            assert answer.status == 503
            assert answer.content_type == "text/html"
            assert (await answer.text()).startswith("<html>")


async def test_cut_body_ends_half_way() -> None:
    async with served(coins=3) as (_, client):
        await post(client, fault="cut_body", count=1)
        with pytest.raises(aiohttp.ClientPayloadError):
            async with client.get("/fapi.binance.com/fapi/v1/exchangeInfo") as answer:
                await answer.read()


async def test_a_rest_fault_may_mean_one_market_or_path_only() -> None:
    async with served(coins=3) as (_, client):
        await post(client, fault="http_500", market="spot")
        await post(client, fault="http_429", channel="/fapi/v1/depth")
        for path, status in (
            ("/api.binance.com/api/v3/time", 500),
            (TIME, 200),
            ("/fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT", 429),
        ):
            async with client.get(path) as answer:
                assert answer.status == status


async def test_refuse_resets_connections_before_an_answer() -> None:
    async with served(coins=3) as (_, client):
        await post(client, fault="refuse", seconds=30)
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get(TIME)
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.ws_connect("/fstream.binance.com/public/ws")
        async with client.delete("/_sim/faults"):
            pass
        async with client.get(TIME) as answer:
            assert answer.status == 200
