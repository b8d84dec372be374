"""The simulated Bitget by sockets: answers, errors, limits, silence, and every channel against the truth."""

from __future__ import annotations

import itertools
from typing import Any

import orjson
import pytest

from arbtui.sim.base import Reply
from arbtui.sim.bitget.venue import Bitget
from tests.sim.bitget_support import (
    PRIVATE,
    PUBLIC,
    SPOT,
    USDC,
    USDT,
    BitgetBench,
    Book,
    arg,
    events,
    pushes,
)
from tests.sim.support import call

CHANNELS = ("ticker", "books1", "books5", "books15", "books")
PERP_TICKER = [
    "instId", "lastPr", "bidPr", "askPr", "bidSz", "askSz", "open24h", "high24h", "low24h", "change24h", "fundingRate",
    "nextFundingTime", "markPrice", "indexPrice", "holdingAmount", "baseVolume", "quoteVolume", "openUtc", "symbolType",
    "symbol", "ts",
]  # fmt: skip
SPOT_TICKER = [
    "instId", "lastPr", "open24h", "high24h", "low24h", "change24h", "bidPr", "askPr", "bidSz", "askSz", "baseVolume",
    "quoteVolume", "openUtc", "changeUtc24h", "ts",
]  # fmt: skip


def test_one_answer_for_each_arg_in_order() -> None:
    bench = BitgetBench()
    asked = [arg("ticker"), arg("books1", inst_type=SPOT), arg("books", "BTCPERP", USDC)]
    session, wire = bench.subscribed(*asked)
    assert events(wire.take()) == [{"event": "subscribe", "arg": one} for one in asked]
    bench.say(session, op="unsubscribe", args=asked)
    assert events(wire.take()) == [{"event": "unsubscribe", "arg": one} for one in asked]
    bench.run(500)
    assert wire.take() == []


def test_an_unknown_symbol_fails_alone_with_30001_as_a_number() -> None:
    bench = BitgetBench()
    _, wire = bench.subscribed(arg("books"), arg("books", "NOPEUSDT"), arg("books1"))
    first, error, last = events(wire.take())
    assert (first["arg"]["channel"], last["arg"]["channel"]) == ("books", "books1")
    assert error == {
        "event": "error",
        "arg": {"instType": "USDT-FUTURES", "channel": "books", "instId": "NOPEUSDT"},
        "code": 30001,
        "msg": "instType:USDT-FUTURES,channel:books,instId:NOPEUSDT,precision:null doesn't exist",
        "op": "subscribe",
    }


@pytest.mark.parametrize("channel", ["candle1h", "books50", "trades", "mark-price"])
def test_what_is_not_carried_is_30016(channel: str) -> None:
    bench = BitgetBench()
    _, wire = bench.subscribed(arg(channel, inst_type=SPOT))
    assert wire.take() == [
        {
            "event": "error",
            "arg": {"instType": "SPOT", "channel": channel, "instId": "BTCUSDT"},
            "code": 30016,
            "msg": "Param error",
            "op": "subscribe",
        }
    ]


@pytest.mark.parametrize("asked", [arg("ticker", "BTCPERP", USDT), arg("books", "BTCUSDC", USDT)])
def test_a_real_symbol_under_another_product_is_acknowledged_and_silent(asked: dict[str, str]) -> None:
    bench = BitgetBench()
    session, wire = bench.subscribed(asked)
    bench.run(3000)
    assert wire.take() == [{"event": "subscribe", "arg": asked}]
    bench.say(session, op="unsubscribe", args=[asked])
    assert wire.take() == [{"event": "unsubscribe", "arg": asked}]


def test_a_product_in_lower_case_does_not_exist_but_an_id_does() -> None:
    bench = BitgetBench()
    _, wire = bench.subscribed(arg("ticker", inst_type="usdt-futures"))
    assert [e["code"] for e in wire.take()] == [30001]
    _, wire = bench.subscribed(arg("ticker", "btcusdt"))
    ack, ticker = wire.take()
    assert ack["arg"] == arg("ticker") == ticker["arg"]


def test_an_id_that_is_not_ascii_goes_through_unchanged() -> None:
    bench = BitgetBench(coins=70)
    _, wire = bench.subscribed(arg("books1", "牛来USDT"))
    ack, top = wire.take()
    assert ack["arg"]["instId"] == top["arg"]["instId"] == "牛来USDT"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"op":"ping"}', 30002),
        ("hello", 30002),
        ("[1]", 30002),
        ('{"args":[]}', 30002),
        ('{"op":"subscribe","args":[]}', 30002),
        ('{"op":"subscribe","args":["books"]}', 30002),
        ('{"op":"shout","args":[{}]}', 30003),
        ('{"op":"login","args":[{"apiKey":"k","passphrase":"p","timestamp":"1700000000","sign":"s"}]}', 30005),
        ('{"op":"subscribe","args":[{"instType":"SPOT","instId":"BTCUSDT"}]}', 30016),
        ('{"op":"subscribe","args":[{"instType":"SPOT","channel":["books"],"instId":"BTCUSDT"}]}', 30016),
        ('{"op":"subscribe","args":[{"instType":"SPOT","channel":"account","coin":"default"}]}', 30016),
    ],
)
def test_broken_requests_by_code(text: str, code: int) -> None:
    bench = BitgetBench()
    session, wire = bench.open()
    session.on_text(text)
    bench.hub.flush()
    (error,) = wire.take()
    assert (error["event"], error["code"]) == ("error", code)
    assert not wire.ended


def test_unknown_keys_of_a_request_are_ignored() -> None:
    bench = BitgetBench()
    session, wire = bench.open()
    bench.say(session, op="subscribe", args=[arg("ticker") | {"more": 1}], uta=False, url="wss://somewhere")
    assert wire.take()[0] == {"event": "subscribe", "arg": arg("ticker")}


def test_the_private_socket_wants_a_login_which_fails() -> None:
    bench = BitgetBench()
    session, wire = bench.open(PRIVATE)
    bench.say(session, op="subscribe", args=[arg("orders", "default")])
    bench.say(session, op="login", args=[{}])
    assert [e["code"] for e in wire.take()] == [30004, 30011]


# -- heartbeat, limits -------------------------------------------------------------------------------------------------


def test_text_ping_is_answered_in_text() -> None:
    bench = BitgetBench()
    session, wire = bench.open()
    session.on_text("ping")
    bench.hub.flush()
    assert wire.texts == ["pong"]


def test_two_minutes_without_a_text_ping_cut_a_socket_on_which_data_flows() -> None:
    bench = BitgetBench()
    silent, cut = bench.subscribed(arg("ticker"))
    pinging, kept = bench.subscribed(arg("ticker"))
    for _ in range(12):
        bench.run(10_000, step_ms=200)
        pinging.on_text("ping")
        silent.on_ping(b"protocol pings do not count")
    assert not cut.ended
    assert pushes(cut.take())
    bench.run(9000, step_ms=200)
    assert (cut.dropped, cut.closed) == (True, None)
    assert not kept.ended


def test_a_socket_lives_for_a_day() -> None:
    bench = BitgetBench(rate=0.0, scenario="still")
    session, wire = bench.open()
    for _ in range(24 * 60):
        assert not wire.ended
        session.on_text("ping")
        bench.run(60_000, step_ms=60_000)
    bench.run(2000)
    assert wire.dropped


def test_the_eleventh_message_of_a_second_ends_the_socket_with_30007() -> None:
    bench = BitgetBench()
    session, wire = bench.open()
    for _ in range(10):
        session.on_text("ping")
    assert not wire.ended
    session.on_text("ping")
    assert orjson.loads(wire.texts[-1])["code"] == 30007
    assert wire.closed is not None
    patient, kept = bench.open()
    for _ in range(40):
        patient.on_text("ping")
        bench.run(110, step_ms=110)
    assert not kept.ended


def test_the_241st_request_of_an_hour_is_refused_and_the_socket_stays() -> None:
    bench = BitgetBench(rate=0.0, scenario="still")
    session, wire = bench.open()
    for _ in range(120):
        session.on_text("ping")
        bench.say(session, op="subscribe", args=[arg("books1"), arg("books")])
        bench.say(session, op="unsubscribe", args=[arg("books1"), arg("books")])
        bench.run(1000, step_ms=500)
    wire.texts = [text for text in wire.texts if text != "pong"]
    assert {e["event"] for e in events(wire.take())} == {"subscribe", "unsubscribe"}
    bench.say(session, op="subscribe", args=[arg("books1")])
    (error,) = wire.take()
    assert (error["code"], "arg" in error) == (30006, False)
    assert not wire.ended
    bench.run_pinging(session, 3600, step_ms=20_000)
    bench.run(1000)
    wire.texts.clear()
    bench.say(session, op="subscribe", args=[arg("books1")])
    assert wire.take()[0]["event"] == "subscribe"


def test_sixty_args_are_taken_and_a_frame_above_4096_bytes_cuts() -> None:
    bench = BitgetBench(coins=70)
    bitget = bench.venue("bitget")
    assert isinstance(bitget, Bitget)
    names = [x.native for x in bitget.product(USDT)][:60]
    session, wire = bench.open()
    bench.say(session, op="subscribe", args=[arg("books") for _ in range(60)])
    assert len(events(wire.take())) == 60
    assert len(names) == 60
    text = orjson.dumps({"op": "subscribe", "args": [arg("ticker", "1000BONKUSDT") for _ in range(60)]}).decode()
    assert len(text) > 4096
    session.on_text(text)
    assert wire.dropped


def test_the_1001st_channel_is_refused() -> None:
    bench = BitgetBench(coins=320, rate=0.0, scenario="still")
    venue = bench.venue("bitget")
    wanted = [
        arg(channel, x.native, x.extra["product"])
        for x, channel in itertools.product(venue.listings(), CHANNELS[:3])
        if x.status != "delisted"
    ]
    session, wire = bench.open()
    for start in range(0, 1001, 30):
        bench.say(session, op="subscribe", args=wanted[start : min(start + 30, 1001)])
        bench.run(200, step_ms=200)
    answers = events(wire.take())
    assert [a["event"] for a in answers[:1000]] == ["subscribe"] * 1000
    assert [a["code"] for a in answers[1000:]] == [30006]


def test_a_hundred_sockets_of_an_address_and_three_hundred_handshakes_in_five_minutes() -> None:
    bench = BitgetBench()
    venue = bench.venue("bitget")
    sessions = [bench.open()[0] for _ in range(100)]
    refused = venue.open_socket(call("GET", PUBLIC))
    assert isinstance(refused, Reply)
    assert refused.status == 429
    assert not isinstance(venue.open_socket(call("GET", PUBLIC, client="10.0.0.2")), Reply)
    for session in sessions:
        session.gone()
    for _ in range(199):
        bench.open()[0].gone()
    assert isinstance(venue.open_socket(call("GET", PUBLIC)), Reply)
    bench.run(300_000, step_ms=10_000)
    assert not isinstance(venue.open_socket(call("GET", PUBLIC)), Reply)


def test_only_socket_hosts_and_known_paths_open() -> None:
    venue = BitgetBench().venue("bitget")
    for url in ("wss://ws.bitget.com/v3/ws/public", "wss://api.bitget.com/v2/ws/public", "wss://ws.bitget.com/mix/v1"):
        refused = venue.open_socket(call("GET", url))
        assert isinstance(refused, Reply)
        assert refused.status == 404
    assert not isinstance(venue.open_socket(call("GET", "wss://wspap.bitget.com/v2/ws/public")), Reply)


# -- books -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inst_id", "inst_type", "market"),
    [("BTCUSDT", USDT, "perp"), ("BTCPERP", USDC, "perp"), ("BTCUSDT", SPOT, "spot")],
)
def test_books_start_with_a_snapshot_and_chain_and_are_true_at_each_id(
    inst_id: str, inst_type: str, market: str
) -> None:
    bench = BitgetBench()
    _, wire = bench.subscribed(arg("books", inst_id, inst_type))
    book, updates = Book(), 0
    for _ in range(60):
        bench.run(100)
        for frame in pushes(wire.take()):
            book.apply(frame)
            updates += frame["action"] == "update"
            true = bench.row(inst_id, market, seq=book.seq)
            assert (book.side("bids"), book.side("asks")) == (true["bids"], true["asks"])
            assert frame["data"][0]["ts"] == str(true["book_ns"] // 1_000_000)
    assert updates > 20


def test_a_books_frame_is_spelt_as_it_was_captured() -> None:
    bench = BitgetBench()
    _, wire = bench.subscribed(arg("books"))
    bench.run(500)
    snapshot, update, *_ = pushes(wire.take())
    for frame, action in ((snapshot, "snapshot"), (update, "update")):
        assert (list(frame), frame["action"]) == (["action", "arg", "data", "ts"], action)
        assert list(frame["data"][0]) == ["asks", "bids", "ts", "seq", "pseq"]
        assert isinstance(frame["ts"], int)
        assert isinstance(frame["data"][0]["ts"], str)
    assert snapshot["data"][0]["pseq"] == 0
    assert update["data"][0]["pseq"] == snapshot["data"][0]["seq"] < update["data"][0]["seq"]


def test_sides_go_from_the_best_away_and_ids_jump() -> None:
    bench = BitgetBench()
    _, wire = bench.subscribed(arg("books"))
    bench.run(3000)
    frames = pushes(wire.take())
    (first,) = frames[0]["data"]
    assert [float(p) for p, _ in first["bids"]] == sorted((float(p) for p, _ in first["bids"]), reverse=True)
    assert [float(p) for p, _ in first["asks"]] == sorted(float(p) for p, _ in first["asks"])
    ids = [f["data"][0]["seq"] for f in frames]
    assert max(b - a for a, b in itertools.pairwise(ids)) > 1000


def test_ids_of_coin_contracts_are_integers_above_2_to_the_53() -> None:
    bench = BitgetBench()
    _, wire = bench.subscribed(arg("books", "BTCUSD", "COIN-FUTURES"))
    (frame,) = pushes(wire.take())
    assert isinstance(frame["data"][0]["seq"], int)
    assert frame["data"][0]["seq"] > 2**53


def test_a_level_that_is_not_there_is_deleted_now_and_then() -> None:
    bench = BitgetBench(rate=4000)
    _, wire = bench.subscribed(arg("books"))
    bench.run(6000)
    held: dict[str, str] = {}
    strays = 0
    for frame in pushes(wire.take()):
        for price, size in frame["data"][0]["bids"]:
            strays += size == "0" and price not in held
            held.pop(price, None)
            if size != "0":
                held[price] = size
    assert strays >= 1


def test_a_fresh_snapshot_comes_in_mid_stream_and_the_chain_goes_on_from_it() -> None:
    bench = BitgetBench(coins=1, rate=2000)
    session, wire = bench.subscribed(arg("books"))
    topic: Any = session.topics[USDT, "books", "BTCUSDT"]
    topic._updates = 5990
    bench.run(3000)
    frames = pushes(wire.take())
    again = [i for i, f in enumerate(frames) if f["action"] == "snapshot"]
    assert len(again) == 2
    (before, whole, after) = (f["data"][0] for f in frames[again[1] - 1 : again[1] + 2])
    assert before["seq"] < whole["seq"] == after["pseq"]
    assert whole["pseq"] == 0
    Book().follow(frames)


def test_leaving_and_subscribing_again_brings_a_snapshot_that_chains() -> None:
    bench = BitgetBench()
    session, wire = bench.subscribed(arg("books"))
    other, _ = bench.subscribed(arg("books"))  # somebody else keeps the stream going
    bench.run(1000)
    wire.take()
    bench.say(session, op="unsubscribe", args=[arg("books")])
    bench.run(350)
    bench.say(session, op="subscribe", args=[arg("books")])
    bench.run(1000)
    frames = pushes(wire.take())
    assert [f["action"] for f in frames[:2]] == ["snapshot", "update"]
    book = Book()
    book.follow(frames)
    assert book.side("bids") == bench.row(seq=book.seq)["bids"]
    assert other.topics


def test_a_second_subscription_brings_an_answer_and_no_snapshot() -> None:
    bench = BitgetBench()
    session, wire = bench.subscribed(arg("books"))
    wire.take()
    bench.say(session, op="subscribe", args=[arg("books")])
    assert [m.get("event") for m in wire.take()] == ["subscribe"]


@pytest.mark.parametrize(("channel", "depth"), [("books1", 1), ("books5", 5), ("books15", 15)])
def test_fixed_depths_are_whole_each_time_and_true(channel: str, depth: int) -> None:
    bench = BitgetBench()
    bench.listing("perp", "BTCUSDT", "bitget").watch()
    _, wire = bench.subscribed(arg(channel))
    bench.run(2000)
    frames = pushes(wire.take())
    assert len(frames) > 8
    for frame in frames:
        assert frame["action"] == "snapshot"
        (data,) = frame["data"]
        assert list(data) == ["asks", "bids", "ts", "seq", "pseq"]
        assert data["pseq"] == 0
        true = bench.row(seq=data["seq"])
        assert data["bids"] == true["bids"][:depth]
        assert data["asks"] == true["asks"][:depth]


def test_books5_repeats_itself_when_only_deeper_levels_changed() -> None:
    bench = BitgetBench(rate=40)
    _, wire = bench.subscribed(arg("books5", "USDCUSDT", SPOT))
    bench.run(60_000)
    frames = [f["data"][0] for f in pushes(wire.take())]
    tops = [(f["bids"], f["asks"]) for f in frames]
    assert any(a == b for a, b in itertools.pairwise(tops))


def test_an_unchanged_book_is_not_sent_again() -> None:
    bench = BitgetBench(rate=0.0, scenario="still")
    session, wire = bench.subscribed(*(arg(channel) for channel in CHANNELS[1:]))
    assert len(pushes(wire.take())) == 4
    bench.run_pinging(session, 100)
    assert set(wire.texts) == {"pong"}


# -- ticker ------------------------------------------------------------------------------------------------------------


def test_a_ticker_of_a_contract_has_mark_index_and_funding() -> None:
    bench = BitgetBench()
    _, wire = bench.subscribed(arg("ticker"))
    bench.run(3000)
    frames = pushes(wire.take(), "ticker")
    assert 10 < len(frames) <= 35
    for frame in frames:
        assert (list(frame), frame["action"]) == (["action", "arg", "data", "ts"], "snapshot")
        (row,) = frame["data"]
        assert list(row) == PERP_TICKER
        assert all(isinstance(value, str) for value in row.values())
    true, (row,) = bench.row(), frames[-1]["data"]
    assert (row["markPrice"], row["indexPrice"]) == (true["mark"], true["index"])
    assert (row["fundingRate"], row["nextFundingTime"]) == (true["rate"], str(true["next_ms"]))


def test_a_ticker_of_a_pair_has_none_of_them() -> None:
    bench = BitgetBench()
    _, wire = bench.subscribed(arg("ticker", inst_type=SPOT))
    (frame,) = pushes(wire.take())
    (row,) = frame["data"]
    assert list(row) == SPOT_TICKER
    true = bench.row("BTCUSDT", "spot")
    assert [row["bidPr"], row["bidSz"]] == true["bids"][0]
    assert [row["askPr"], row["askSz"]] == true["asks"][0]


def test_a_ticker_whose_book_is_quiet_follows_its_mark() -> None:
    bench = BitgetBench(rate=0.0)
    _, wire = bench.subscribed(arg("ticker"))
    bench.run(6000)
    frames = pushes(wire.take())
    assert 5 <= len(frames) <= 8
    assert frames[-1]["data"][0]["markPrice"] == bench.row()["mark"] != frames[0]["data"][0]["markPrice"]


def test_what_is_halted_from_the_start_shows_one_frozen_ticker_with_prices() -> None:
    bench = BitgetBench()
    _, wire = bench.subscribed(arg("ticker", "PAUSEUSDT"), arg("books", "PAUSEUSDT"))
    bench.run(5000)
    ticker, book = pushes(wire.take())
    assert ticker["data"][0]["bidPr"]
    assert ticker["data"][0]["ts"] == str((bench.t_ns - 5_000_000_000) // 1_000_000)
    assert book["data"][0]["bids"]


def test_a_gray_pair_shows_a_ticker_without_bid_and_ask_and_an_empty_book() -> None:
    bench = BitgetBench()
    _, wire = bench.subscribed(arg("ticker", "GRAYUSDT", SPOT), arg("books", "GRAYUSDT", SPOT))
    messages = wire.take()
    assert [e["event"] for e in events(messages)] == ["subscribe"] * 2
    ticker, book = pushes(messages)
    assert not {"bidPr", "askPr", "bidSz", "askSz"} & set(ticker["data"][0])
    assert (book["data"][0]["asks"], book["data"][0]["bids"]) == ([], [])


def test_a_delisted_symbol_does_not_exist_and_a_coming_one_is_silent() -> None:
    bench = BitgetBench()
    _, wire = bench.subscribed(*(arg("ticker", name) for name in ("GONEUSDT", "NEXTUSDT")))
    assert [e.get("code") for e in wire.take()] == [30001, None]
    bench.run(1000)
    assert wire.take() == []


def test_funding_turns_at_the_settlement() -> None:
    settlement_ns = 1_795_190_400_000_000_000  # 2026-11-20 16:00 UTC
    bench = BitgetBench(start_ns=settlement_ns - 5_000_000_000)
    _, wire = bench.subscribed(arg("ticker"))
    bench.run(10_000)
    times = [int(f["data"][0]["nextFundingTime"]) for f in pushes(wire.take())]
    assert times == sorted(times)
    assert set(times) == {settlement_ns // 1_000_000, settlement_ns // 1_000_000 + 8 * 3_600_000}
