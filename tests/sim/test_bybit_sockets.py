"""The simulated Bybit by sockets: acknowledgements, refusals, limits, and every topic against the truth."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from arbtui.sim.base import Reply
from tests.sim.bybit_support import LINEAR, SOCKET, SPOT, Book, BybitBench, answers, ids, merged, pushes
from tests.sim.support import call

# Keys of a captured linear ticker of 2026-08, in their order.
TICKER_KEYS = [
    "symbol", "tickDirection", "price24hPcnt", "lastPrice", "prevPrice24h", "highPrice24h", "lowPrice24h",
    "prevPrice1h", "markPrice", "indexPrice", "openInterest", "openInterestValue", "turnover24h", "volume24h",
    "fundingIntervalHour", "fundingCap", "singleOpenInterest", "singleOpenInterestValue", "nextFundingTime",
    "fundingRate", "bid1Price", "bid1Size", "ask1Price", "ask1Size", "preOpenPrice", "preQty", "curPreListingPhase",
]  # fmt: skip


# -- acknowledgements and refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("url", "ret_msg"), [(LINEAR, ""), (SPOT, "subscribe")])
def test_one_answer_for_a_request_whose_id_comes_back_as_text(url: str, ret_msg: str) -> None:
    bench = BybitBench()
    session, wire = bench.open(url)
    bench.subscribe(session, "orderbook.1.BTCUSDT", "tickers.BTCUSDT", req_id=7)
    (answer,) = answers(wire.take())
    conn_id = answer["conn_id"]
    assert answer == {"success": True, "ret_msg": ret_msg, "conn_id": conn_id, "req_id": "7", "op": "subscribe"}
    assert list(answer) == ["success", "ret_msg", "conn_id", "req_id", "op"]
    assert (len(conn_id), conn_id[20]) == (26, "-")
    bench.subscribe(session, "orderbook.50.BTCUSDT")
    assert answers(wire.take())[0]["req_id"] == ""


def test_the_acknowledgement_comes_before_the_snapshots_of_all_its_topics() -> None:
    bench = BybitBench()
    session, wire = bench.open()
    topics = ["orderbook.1.BTCUSDT", "orderbook.50.BTCUSDT", "tickers.BTCUSDT"]
    bench.subscribe(session, *topics)
    ack, *rest = wire.take()
    assert ack["success"]
    assert [(f["topic"], f["type"]) for f in rest] == [(topic, "snapshot") for topic in topics]


def test_unsubscribing_is_answered_and_ends_the_topic() -> None:
    bench = BybitBench()
    session, wire = bench.subscribed("orderbook.1.BTCUSDT", "tickers.BTCUSDT")
    wire.take()
    bench.say(session, op="unsubscribe", req_id="u", args=["orderbook.1.BTCUSDT", "orderbook.1.ETHUSDT"])
    bench.run(500)
    answer, *rest = wire.take()
    assert (answer["success"], answer["op"], answer["req_id"]) == (True, "unsubscribe", "u")
    assert {f["topic"] for f in rest} == {"tickers.BTCUSDT"}


@pytest.mark.parametrize(
    "topic",
    ["orderbook.1.NOPEUSDT", "orderbook.500.BTCUSDT", "orderbook.25.BTCUSDT", "orderbook.01.BTCUSDT", "orderbook.BTC",
     "ticker.BTCUSDT", "tickers.btcusdt", "publicTrades.BTCUSDT", "orderbook.rpi.BTCUSDT", "nonsense", ""],
)  # fmt: skip
def test_one_bad_topic_refuses_the_whole_linear_request(topic: str) -> None:
    bench = BybitBench()
    session, wire = bench.open()
    bench.subscribe(session, "orderbook.1.BTCUSDT", topic, "tickers.ETHUSDT", req_id="r")
    bench.run(1000)
    (answer,) = wire.take()
    assert (answer["success"], answer["req_id"], answer["op"]) == (False, "r", "subscribe")
    assert answer["ret_msg"] == f"error:handler not found,topic:{topic}"
    bench.subscribe(session, "orderbook.1.BTCUSDT", "tickers.ETHUSDT")
    assert answers(wire.take())[0]["success"]


def test_a_bad_spot_symbol_is_named_in_brackets() -> None:
    bench = BybitBench()
    session, wire = bench.open(SPOT)
    bench.subscribe(session, "orderbook.1.BTCUSDT", "tickers.NOPEUSDT")
    bench.run(500)
    (answer,) = wire.take()
    assert (answer["success"], answer["ret_msg"]) == (False, "Invalid symbol :[tickers.NOPEUSDT]")


def test_a_repeated_topic_is_an_error_and_the_stream_goes_on() -> None:
    bench = BybitBench()
    session, wire = bench.subscribed("orderbook.1.BTCUSDT")
    wire.take()
    bench.subscribe(session, "orderbook.1.BTCUSDT")
    (answer,) = answers(wire.take())
    assert (answer["success"], answer["ret_msg"]) == (False, "error:already subscribed,topic:orderbook.1.BTCUSDT")
    bench.subscribe(session, "tickers.ETHUSDT", "tickers.ETHUSDT")
    assert answers(wire.take())[0]["ret_msg"] == "error:already subscribed,topic:tickers.ETHUSDT"
    bench.run(500)
    assert {f["topic"] for f in pushes(wire.take())} == {"orderbook.1.BTCUSDT"}


def test_the_eleventh_topic_of_a_spot_request_refuses_it_without_an_id() -> None:
    bench = BybitBench(coins=30)
    names = [f"tickers.{x.native}" for x in bench.venue("bybit").listings("spot")][:11]
    session, wire = bench.open(SPOT)
    bench.subscribe(session, *names, req_id="a")
    (answer,) = wire.take()
    assert (answer["success"], answer["ret_msg"]) == (False, "args size >10")
    assert "req_id" not in answer
    bench.subscribe(session, *names[:10])
    assert answers(wire.take())[0]["success"]
    contracts = [f"tickers.{x.native}" for x in bench.venue("bybit").listings("perp") if x.status != "delisted"]
    linear, other = bench.open()
    bench.subscribe(linear, *contracts)  # no such limit there
    assert len(contracts) > 30
    assert answers(other.take())[0]["success"]


def test_topics_of_a_connection_may_have_21000_characters() -> None:
    bench = BybitBench(coins=900, rate=0.0)
    contracts = [x.native for x in bench.venue("bybit").listings("perp") if x.status != "delisted"]
    session, wire = bench.open()
    fitting: list[str] = []
    for name in contracts:
        if sum(len(f"orderbook.1.{n}") + 3 for n in [*fitting, name]) <= 21_000:
            fitting.append(name)
    assert len(fitting) < len(contracts)
    bench.subscribe(session, *[f"orderbook.1.{n}" for n in fitting])
    assert answers(wire.take())[0]["success"]
    bench.subscribe(session, *[f"orderbook.1.{n}" for n in contracts if n not in fitting])
    assert not answers(wire.take())[0]["success"]
    bench.say(session, op="unsubscribe", args=[f"orderbook.1.{n}" for n in fitting[:300]])
    bench.subscribe(session, *[f"orderbook.1.{n}" for n in contracts if n not in fitting][:100])
    assert [a["success"] for a in answers(wire.take())] == [True, True]


@pytest.mark.parametrize(
    ("text", "ret_msg"),
    [
        ("hello", "error:invalid op"),
        ("[1]", "error:invalid op"),
        ('{"op":"shout","args":["x"]}', "error:invalid op"),
        ('{"op":5}', "error:invalid op"),
        ('{"op":"subscribe"}', "error:invalid args"),
        ('{"op":"subscribe","args":[]}', "error:invalid args"),
        ('{"op":"subscribe","args":[{"channel":"x"}]}', "error:invalid args"),
    ],
)
def test_broken_requests_are_refused_and_the_socket_stays(text: str, ret_msg: str) -> None:
    bench = BybitBench()
    session, wire = bench.open()
    session.on_text(text)
    bench.hub.flush()
    (answer,) = wire.take()
    assert (answer["success"], answer["ret_msg"]) == (False, ret_msg)
    assert not wire.ended


# -- heartbeat and connections ----------------------------------------------------------------------------------------


def test_a_ping_is_answered_with_op_ping() -> None:
    bench = BybitBench()
    for url, named in ((LINEAR, {"req_id": ""}), (SPOT, {})):
        session, wire = bench.open(url)
        bench.say(session, op="ping")
        bench.say(session, op="ping", req_id=100001)
        bare, numbered = wire.take()
        conn_id = bare["conn_id"]
        assert bare == {"success": True, "ret_msg": "pong", "conn_id": conn_id, **named, "op": "ping"}
        assert numbered == {**bare, "req_id": "100001"}


def test_ten_minutes_without_a_word_cut_the_socket() -> None:
    bench = BybitBench(rate=0.0, scenario="still")
    _, silent = bench.subscribed("orderbook.1.BTCUSDT")
    pinging, pinged = bench.open()
    for _ in range(21):
        bench.run(30_000, step_ms=1000)
        bench.say(pinging, op="ping")
    assert silent.dropped
    assert not pinged.ended


def test_connections_are_limited_by_address() -> None:
    bench = BybitBench()
    venue = bench.venue("bybit")
    for _ in range(500):
        assert not isinstance(venue.open_socket(call("GET", LINEAR)), Reply)
    refused = venue.open_socket(call("GET", LINEAR))
    assert isinstance(refused, Reply)
    assert refused.status == 403
    assert not isinstance(venue.open_socket(call("GET", LINEAR, client="10.0.0.2")), Reply)
    bench.t_ns += 301 * 10**9
    assert not isinstance(venue.open_socket(call("GET", LINEAR)), Reply)


@pytest.mark.parametrize(
    "url",
    ["wss://api.bybit.com/v5/private", "wss://stream-demo.bybit.com/v5/trade", "wss://stream.bybit.com/v5/public/inverse",
     "wss://api.bybit.com/v5/public/linear", "wss://stream-demo.bybit.com/v5/public/linear"],
)  # fmt: skip
def test_what_is_not_simulated_is_not_found(url: str) -> None:
    reply = BybitBench().venue("bybit").open_socket(call("GET", url))
    assert isinstance(reply, Reply)
    assert reply.status == 404


def test_contract_and_pair_of_one_name_are_told_apart_by_the_socket() -> None:
    bench = BybitBench()
    for market, url in SOCKET.items():
        _, wire = bench.subscribed("orderbook.1.BTCUSDT", url=url)
        (first,) = wire.take()
        true = bench.row(market=market)
        assert (first["data"]["b"], first["data"]["a"]) == (true["bids"][:1], true["asks"][:1])


# -- best prices ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("market", ["perp", "spot"])
def test_best_prices_are_snapshots_true_at_each_seq_and_u(market: str) -> None:
    bench = BybitBench()
    bench.watch(market=market)
    _, wire = bench.subscribed("orderbook.1.BTCUSDT", url=SOCKET[market])
    bench.run(3000)
    frames = pushes(wire.take())
    assert len(frames) > 30
    assert ids(frames) == list(range(ids(frames)[0], ids(frames)[0] + len(frames)))
    for frame in frames:
        assert list(frame) == ["topic", "ts", "type", "data", "cts"]
        assert (frame["topic"], frame["type"]) == ("orderbook.1.BTCUSDT", "snapshot")
        data = frame["data"]
        assert list(data) == ["s", "b", "a", "u", "seq"]
        true = bench.row(market=market, seq=data["seq"])
        assert (data["b"], data["a"]) == (true["bids"][:1], true["asks"][:1])
        assert frame["cts"] == true["book_ns"] // 1_000_000 <= frame["ts"]
    for frame in frames[-20:]:
        assert bench.row(market=market, seq=frame["data"]["u"])["seq"] == frame["data"]["seq"]
    bodies = [(f["data"]["b"], f["data"]["a"]) for f in frames]
    assert all(a != b for a, b in pairwise(bodies))  # only on a change


def test_unchanged_best_prices_come_again_after_3_s_with_the_same_u() -> None:
    bench = BybitBench(rate=0.0, scenario="still")
    _, wire = bench.subscribed("orderbook.1.BTCUSDT")
    bench.run(10_000)
    frames = pushes(wire.take())
    assert len(frames) == 4
    assert len({str(f["data"]) for f in frames}) == 1
    assert [b["ts"] - a["ts"] for a, b in pairwise(frames)] == [3000] * 3


def test_a_second_subscriber_gets_the_frame_that_the_first_holds() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed("orderbook.1.BTCUSDT")
    bench.run(500)
    _, other = bench.subscribed("orderbook.1.BTCUSDT")
    assert pushes(other.take())[0]["data"] == pushes(wire.take())[-1]["data"]


# -- books ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [50, 200, 1000])
@pytest.mark.parametrize("market", ["perp", "spot"])
def test_books_start_with_a_snapshot_chain_by_one_and_are_true_at_each_id(market: str, depth: int) -> None:
    bench = BybitBench()
    topic = f"orderbook.{depth}.BTCUSDT"
    _, wire = bench.subscribed(topic, url=SOCKET[market])
    book = Book()
    deltas = 0
    for _ in range(40):
        bench.run(100)
        for frame in pushes(wire.take(), topic):
            book.apply(frame)
            deltas += frame["type"] == "delta"
            for at in (book.seq, book.u):
                true = bench.row(market=market, seq=at)
                assert (book.bids, book.asks) == (true["bids"], true["asks"])
            assert frame["cts"] <= frame["ts"]
    assert deltas > 15


def test_books_are_pushed_at_their_own_periods() -> None:
    bench = BybitBench(rate=4000.0)
    topics = [f"orderbook.{depth}.BTCUSDT" for depth in (50, 200, 1000)]
    _, wire = bench.subscribed(*topics)
    bench.run(4000)
    frames = wire.take()
    for topic, most in zip(topics, (200, 40, 20), strict=True):
        count = len(pushes(frames, topic)) - 1
        assert 0.8 * most <= count <= most


def test_ids_of_depths_are_their_own_and_seq_is_one_series() -> None:
    bench = BybitBench(rate=4000.0)
    topics = [f"orderbook.{depth}.BTCUSDT" for depth in (1, 50, 200, 1000)]
    _, wire = bench.subscribed(*topics)
    bench.run(2000)
    frames = pushes(wire.take())
    spans = [set(ids(pushes(frames, topic))) for topic in topics]
    assert sum(map(len, spans)) == len(set.union(*spans))
    tops: dict[int, Any] = {}
    for frame in pushes(frames, topics[0]):
        tops[frame["data"]["seq"]] = frame["data"]
    book, same = Book(), 0
    for frame in pushes(frames, topics[1]):
        book.apply(frame)
        if (top := tops.get(frame["data"]["seq"])) is not None:
            same += 1
            assert (book.bids[:1], book.asks[:1]) == (top["b"], top["a"])
    assert same > 20
    seqs = [f["data"]["seq"] for f in pushes(frames, topics[1])]
    assert all(a < b for a, b in pairwise(seqs))
    assert max(b - a for a, b in pairwise(seqs)) > 1


def test_the_time_stands_before_the_type_on_spot_and_on_level_1_only() -> None:
    bench = BybitBench()
    order: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for market, url in SOCKET.items():
        _, wire = bench.subscribed("orderbook.1.BTCUSDT", "orderbook.50.BTCUSDT", url=url)
        bench.run(300)
        for frame in pushes(wire.take()):
            order.setdefault((market, frame["topic"].split(".")[1]), set()).add(tuple(frame))
    first, last = ("topic", "ts", "type", "data", "cts"), ("topic", "type", "ts", "data", "cts")
    assert order == {
        ("perp", "1"): {first}, ("perp", "50"): {last}, ("spot", "1"): {first}, ("spot", "50"): {first},
    }  # fmt: skip


def test_a_level_that_is_gone_has_size_0_and_nothing_else_has() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed("orderbook.50.BTCUSDT")
    bench.run(3000)
    sizes = [size for f in pushes(wire.take()) for side in "ba" for _, size in f["data"][side]]
    assert "0" in sizes
    assert {size for size in sizes if Decimal(size) == 0} == {"0"}


def test_leaving_and_subscribing_again_brings_a_snapshot_that_chains_for_everybody() -> None:
    bench = BybitBench()
    topic = "orderbook.200.BTCUSDT"
    session, wire = bench.subscribed(topic)
    _, other = bench.subscribed(topic)
    bench.run(1000)
    bench.say(session, op="unsubscribe", args=[topic])
    bench.run(350)
    wire.take()
    bench.subscribe(session, topic)
    bench.run(1000)
    for frames in (pushes(wire.take()), pushes(other.take())):
        assert frames[0]["type"] == "snapshot"
        assert {f["type"] for f in frames[1:]} == {"delta"}
        book = Book()
        book.follow(frames)
        true = bench.row(seq=book.u)
        assert (book.bids, book.asks) == (true["bids"], true["asks"])


def test_ids_go_on_where_they_were_when_the_last_subscriber_comes_back() -> None:
    bench = BybitBench()
    session, wire = bench.subscribed("orderbook.50.BTCUSDT")
    bench.run(500)
    before = ids(pushes(wire.take()))[-1]
    bench.say(session, op="unsubscribe", args=["orderbook.50.BTCUSDT"])
    bench.run(500)
    bench.subscribe(session, "orderbook.50.BTCUSDT")
    (again,) = pushes(wire.take())
    assert again["data"]["u"] == before + 1


# -- tickers ----------------------------------------------------------------------------------------------------------


def test_a_linear_ticker_is_a_snapshot_then_what_changed() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed("tickers.BTCUSDT")
    bench.run(3000)
    first, *deltas = frames = pushes(wire.take())
    assert list(first) == ["topic", "type", "data", "cs", "ts"]
    assert (first["type"], list(first["data"])) == ("snapshot", TICKER_KEYS)
    assert first["data"]["preOpenPrice"] == ""
    assert 15 < len(deltas) <= 30
    for delta in deltas:
        assert (list(delta), delta["type"]) == (["topic", "type", "data", "cs", "ts"], "delta")
        keys = list(delta["data"])
        assert keys[0] == "symbol"
        assert 1 < len(keys) < len(TICKER_KEYS)
        assert keys == [key for key in TICKER_KEYS if key in keys]
    held, true = merged(frames), bench.row()
    best = [held["bid1Price"], held["bid1Size"], held["ask1Price"], held["ask1Size"]]
    assert best == [*true["bids"][0], *true["asks"][0]]
    assert (held["lastPrice"], held["markPrice"], held["indexPrice"]) == (true["last"], true["mark"], true["index"])
    assert (held["fundingRate"], held["nextFundingTime"]) == (true["rate"], str(true["next_ms"]))
    assert held["fundingIntervalHour"] == str(true["interval_h"])
    assert frames[-1]["cs"] == true["seq"]


def test_prices_and_sizes_of_either_side_change_alone_in_tickers() -> None:
    bench = BybitBench(coins=40, rate=1500.0)
    contracts = [x.native for x in bench.venue("bybit").listings("perp") if x.status == "trading"]
    _, wire = bench.subscribed(*(f"tickers.{name}" for name in contracts))
    bench.run(3000)
    deltas = [f for f in pushes(wire.take()) if f["type"] == "delta"]
    seen = {frozenset(key for key in d["data"] if key.startswith(("bid1", "ask1"))) for d in deltas}
    for alone in ({"bid1Price", "bid1Size"}, {"ask1Size"}, {"bid1Size"}, set()):
        assert frozenset(alone) in seen


def test_a_second_subscriber_of_a_ticker_starts_where_the_first_is() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed("tickers.BTCUSDT")
    bench.run(330)
    early = wire.take()
    _, other = bench.subscribed("tickers.BTCUSDT")
    assert merged(pushes(early)) == pushes(list(map(dict, other.take())))[0]["data"]


def test_marks_and_funding_move_in_the_ticker_of_a_resting_book() -> None:
    bench = BybitBench(rate=0.0, scenario="still")
    _, wire = bench.subscribed("tickers.BTCUSDT")
    bench.run(65_000)
    frames = pushes(wire.take())
    changed = {key for f in frames[1:] for key in f["data"]}
    assert changed >= {"markPrice", "indexPrice", "fundingRate"}
    assert "bid1Price" not in changed
    held, true = merged(frames), bench.row()
    assert (held["markPrice"], held["fundingRate"]) == (true["mark"], true["rate"])


def test_a_spot_ticker_is_whole_each_time_and_has_no_quotes() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed("tickers.BTCUSDT", url=SPOT)
    bench.run(3000)
    frames = pushes(wire.take())
    assert len(frames) > 5
    for frame in frames:
        assert (list(frame), frame["type"]) == (["topic", "ts", "type", "cs", "data"], "snapshot")
        assert list(frame["data"]) == [
            "symbol", "lastPrice", "highPrice24h", "lowPrice24h", "prevPrice24h", "volume24h", "turnover24h",
            "price24hPcnt", "usdIndexPrice",
        ]  # fmt: skip
    assert frames[-1]["data"]["lastPrice"] == bench.row(market="spot")["last"]


def test_a_dated_future_has_no_funding() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed("tickers.BTCUSDT-25DEC26")
    (frame,) = pushes(wire.take())
    assert (frame["data"]["fundingRate"], frame["data"]["nextFundingTime"]) == ("", "")
    assert frame["data"]["deliveryTime"] == "2026-12-25T08:00:00Z"
    assert "fundingIntervalHour" not in frame["data"]


# -- listing, delisting, pre-launch -----------------------------------------------------------------------------------


def test_before_its_opening_a_contract_is_acknowledged_and_silent() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed("orderbook.1.SOONUSDT", "orderbook.50.SOONUSDT", "tickers.SOONUSDT")
    bench.run(8000)
    assert wire.take() == []


def test_a_new_listing_can_be_subscribed_and_a_closed_one_cannot() -> None:
    bench = BybitBench()
    bench.control.instruments({"action": "list", "venue": "bybit", "base": "NEWCOIN", "price": 0.02})
    session, wire = bench.subscribed("orderbook.50.NEWCOINUSDT", "orderbook.50.ETHUSDT")
    bench.run(500)
    assert {f["topic"] for f in pushes(wire.take())} == {"orderbook.50.NEWCOINUSDT", "orderbook.50.ETHUSDT"}
    bench.control.instruments(
        {"action": "delist", "venue": "bybit", "market": "perp", "symbol": "ETHUSDT", "seconds": 0}
    )
    bench.run(300)
    wire.take()
    bench.run(5000)
    assert {f["topic"] for f in pushes(wire.take())} == {"orderbook.50.NEWCOINUSDT"}
    bench.say(session, op="unsubscribe", args=["orderbook.50.ETHUSDT"])
    bench.subscribe(session, "orderbook.50.ETHUSDT")
    left, refused = answers(wire.take())
    assert left["success"]
    assert refused["ret_msg"] == "error:handler not found,topic:orderbook.50.ETHUSDT"
