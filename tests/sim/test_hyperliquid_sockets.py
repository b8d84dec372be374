"""The simulated Hyperliquid by sockets: answers, errors, limits, silence, and every feed against the truth."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import orjson
import pytest

from arbtui.sim.base import Reply
from tests.sim.hyperliquid_support import LAG_MS, WS, HyperliquidBench, pushes, texts, unpacked
from tests.sim.support import call

PARSE = "Error parsing JSON into valid websocket request: "


def test_the_echo_has_the_defaults_and_precedes_the_data() -> None:
    bench = HyperliquidBench()
    session, wire = bench.open()
    bench.subscribe(session, "l2Book", coin="BTC")
    filled = {"type": "l2Book", "coin": "BTC", "nSigFigs": None, "mantissa": None, "fast": False}
    assert wire.take() == [{"channel": "subscriptionResponse", "data": {"method": "subscribe", "subscription": filled}}]
    bench.run(LAG_MS)
    assert [m["channel"] for m in wire.take()] == ["l2Book"]


def test_twice_is_an_error_that_harms_nothing_and_so_is_leaving_twice() -> None:
    bench = HyperliquidBench()
    session, wire = bench.subscribed("l2Book", "SOL")
    key = '{"type":"l2Book","coin":"SOL","nSigFigs":null,"mantissa":null,"fast":false}'
    wire.take()
    bench.subscribe(session, "l2Book", coin="SOL")
    assert wire.take() == [{"channel": "error", "data": f"Already subscribed: {key}"}]
    bench.subscribe(session, "l2Book", coin="SOL", fast=True)  # another stream of the same coin
    assert pushes(wire.take(), "subscriptionResponse")
    for expected in ("subscriptionResponse", "error"):
        bench.say(session, method="unsubscribe", subscription={"type": "l2Book", "coin": "SOL"})
        (answer,) = wire.take()
        assert answer["channel"] == expected
    assert answer["data"] == f"Already unsubscribed: {key}"
    bench.run(6000)
    assert {"fast" in book for book in pushes(wire.take(), "l2Book")} == {True}
    assert not wire.ended


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "[1]",
        '{"method":"shout"}',
        '{"method":"subscribe"}',
        '{"method":"subscribe","subscription":{"type":"nope","coin":"BTC"}}',
        '{"method":"subscribe","subscription":{"type":"candles","coin":"BTC"}}',
        '{"method":"subscribe","subscription":{"type":"orderUpdates","user":"0x0"}}',
        '{"method":"subscribe","subscription":{"type":"bbo","coin":["BTC","ETH"]}}',
        '{"method":"subscribe","subscription":{"type":"bbo"}}',
        '{"method":"subscribe","subscription":{"type":"l2Book","coin":"BTC","fast":1}}',
        '{"method":"post","request":{"type":"info","payload":{"type":"meta"}}}',
    ],
)
def test_what_cannot_be_read_is_echoed_and_the_socket_stays(text: str) -> None:
    bench = HyperliquidBench()
    session, wire = bench.subscribed("bbo", "BTC")
    wire.take()
    session.on_text(text)
    bench.hub.flush()
    assert wire.take() == [{"channel": "error", "data": f"{PARSE}{text}"}]
    bench.run(1000)
    assert pushes(wire.take(), "bbo")
    assert not wire.ended


@pytest.mark.parametrize(
    "subscription",
    [
        {"type": "bbo", "coin": "NOPE"},
        {"type": "l2Book", "coin": "btc"},
        {"type": "bbo", "coin": "0"},
        {"type": "l2Book", "coin": "XYZ:TSLA"},
        {"type": "activeAssetCtx", "coin": "TSLA"},
        {"type": "bbo", "coin": "@9999"},
        {"type": "l2Book", "coin": "BTC", "nSigFigs": 6},
        {"type": "l2Book", "coin": "BTC", "nSigFigs": 4, "mantissa": 2},
        {"type": "l2Book", "coin": "BTC", "mantissa": 2},
        {"type": "allMids", "dex": "nope"},
    ],
)
def test_a_name_that_does_not_exist_drops_the_socket_without_a_word(subscription: dict[str, Any]) -> None:
    bench = HyperliquidBench()
    session, wire = bench.subscribed("l2Book", "BTC", fast=True)
    _, kept = bench.subscribed("l2Book", "BTC", fast=True)
    wire.take()
    bench.say(session, method="subscribe", subscription=subscription)
    bench.run(80)
    assert not wire.ended
    assert pushes(wire.take(), "error") == []
    bench.run(80)
    assert wire.dropped
    assert not kept.ended


def test_ping_is_answered_at_once() -> None:
    bench = HyperliquidBench()
    session, wire = bench.open()
    bench.say(session, method="ping")
    assert wire.texts == ['{"channel":"pong"}']


def test_a_minute_without_a_word_of_the_server_drops_the_socket_and_answers_do_not_count() -> None:
    bench = HyperliquidBench(rate=0.0, scenario="still")
    _, silent = bench.open()
    pinging, pinged = bench.open()
    noisy, noisily = bench.open()
    _, fed = bench.subscribed("fastAssetCtxs")
    _, booked = bench.subscribed("l2Book", "BTC")
    for _ in range(2):
        bench.run(29_000, 1000)
        bench.say(pinging, method="ping")
        noisy.on_text("what?")
        bench.subscribe(noisy, "bbo", coin="MATIC")
        bench.say(noisy, method="unsubscribe", subscription={"type": "bbo", "coin": "MATIC"})
    assert not any(wire.ended for wire in (silent, pinged, noisily, booked))
    bench.run(4_000, 1000)
    assert (silent.dropped, noisily.dropped, pinged.ended) == (True, True, False)
    bench.run(58_000, 1000)
    assert (pinged.dropped, fed.ended, booked.ended) == (True, False, False)
    assert silent.pings == []


def test_a_subscription_whose_first_data_were_sent_does_not_keep_a_socket_alive() -> None:
    bench = HyperliquidBench(rate=0.0, scenario="still")
    _, wire = bench.subscribed("bbo", "BTC")
    bench.run(62_000, 1000)
    assert wire.dropped


# -- limits of an address ----------------------------------------------------------------------------------------------


def test_ten_sockets_and_thirty_handshakes_a_minute() -> None:
    bench = HyperliquidBench()
    venue = bench.venue("hyperliquid")
    sockets = [bench.open() for _ in range(10)]
    refused = venue.open_socket(call("GET", WS))
    assert isinstance(refused, Reply)
    assert refused.status == 429
    assert not isinstance(venue.open_socket(call("GET", WS, client="10.0.0.2")), Reply)
    for session, _ in sockets:
        session.gone()
    for _ in range(19):
        bench.open()[0].gone()
    assert isinstance(venue.open_socket(call("GET", WS)), Reply)
    bench.run(61_000, 1000)
    bench.open()


def test_unknown_path_is_no_socket() -> None:
    refused = HyperliquidBench().venue("hyperliquid").open_socket(call("GET", "wss://api.hyperliquid.xyz/other"))
    assert isinstance(refused, Reply)
    assert refused.status == 404


def test_a_thousand_subscriptions_over_all_sockets() -> None:
    bench = HyperliquidBench(coins=200, rate=0.0, scenario="still")
    session, wire = bench.open()
    second, other = bench.open()
    names = [row["name"] for row in bench.info("meta")["universe"]]
    kinds: list[dict[str, Any]] = [{}, {"fast": True}, *({"nSigFigs": n} for n in (2, 3, 4, 5))]
    wanted = [{"type": "l2Book", "coin": name, **kind} for name in names for kind in kinds][:1001]
    for subscription in wanted[:600]:
        bench.say(session, method="subscribe", subscription=subscription)
    for subscription in wanted[600:]:
        bench.say(second, method="subscribe", subscription=subscription)
    assert {m["channel"] for m in wire.take()} == {"subscriptionResponse"}
    *taken, refused = other.take()
    assert len(taken) == 400
    assert refused == {"channel": "error", "data": "Cannot subscribe to more than 1000 channels."}
    bench.say(session, method="unsubscribe", subscription=wanted[0])
    bench.say(second, method="subscribe", subscription=wanted[1000])
    assert [m["channel"] for m in other.take()] == ["subscriptionResponse"]


def test_two_thousand_messages_a_minute() -> None:
    bench = HyperliquidBench()
    session, wire = bench.open()
    other, _ = bench.open()
    for _ in range(1000):
        bench.say(session, method="ping")
        bench.say(other, method="ping")
    wire.take()
    bench.say(session, method="ping")
    assert wire.take() == [{"channel": "error", "data": "Cannot send more than 2000 messages per minute."}]
    bench.run(61_000, 1000)
    session, wire = bench.open()
    bench.say(session, method="ping")
    assert wire.take() == [{"channel": "pong"}]


# -- feeds -------------------------------------------------------------------------------------------------------------


def test_bbo_is_a_frame_a_block_never_the_same_twice_and_true_at_its_time() -> None:
    bench = HyperliquidBench()
    listing = bench.hub.world.by_key["hyperliquid.perp.BTC"]
    listing.watch()
    _, wire = bench.subscribed("bbo", "BTC")
    bench.run(5000)
    frames = pushes(wire.take(), "bbo")
    assert 30 < len(frames) <= 5000 / 60
    for before, after in pairwise(frames[1:]):  # the first came with the subscription
        assert after["time"] - before["time"] >= 40
    assert all(a["bbo"] != b["bbo"] for a, b in pairwise(frames[1:]))
    for frame in frames:
        assert list(frame) == ["coin", "time", "bbo"]
        real = bench.row(seq=frame["time"], depth=1)
        assert texts(frame["bbo"]) == [real["bids"][0], real["asks"][0]]


def test_data_leave_a_fifth_of_a_second_after_what_they_show() -> None:
    bench = HyperliquidBench()
    session, wire = bench.open()
    bench.subscribe(session, "bbo", coin="BTC")
    bench.subscribe(session, "l2Book", coin="BTC", fast=True)
    ages = []
    for _ in range(100):
        bench.run(20)
        now_ms = bench.t_ns // 1_000_000
        ages += [now_ms - m["data"]["time"] for m in wire.take() if m["channel"] in ("bbo", "l2Book")]
    assert len(ages) > 15
    assert 200 <= min(ages) <= max(ages) <= 240


@pytest.mark.parametrize(("fast", "levels", "every_ms"), [(True, 5, 540), (False, 20, 5360)])
def test_books_are_whole_on_one_clock_and_true_at_their_time(fast: bool, levels: int, every_ms: int) -> None:
    bench = HyperliquidBench()
    coins = ("BTC", "ETH", "SOL")
    _, wire = bench.subscribed("l2Book", *coins, fast=fast)
    wire.take()
    bench.run(4 * every_ms + LAG_MS)
    frames = pushes(wire.take(), "l2Book")
    assert len(frames) // 3 in (4, 5)
    assert [f["coin"] for f in frames] == list(coins) * (len(frames) // 3)
    assert all(("fast" in f, f.get("fast", True)) == (fast, True) for f in frames)
    for at in range(0, len(frames), 3):
        assert len({f["time"] for f in frames[at : at + 3]}) == 1
    assert all(abs(b["time"] - a["time"] - every_ms) <= 40 for a, b in pairwise(frames[::3]))
    for frame in frames:
        real = bench.row(frame["coin"], seq=frame["time"], depth=levels)
        assert [texts(side) for side in frame["levels"]] == [real["bids"], real["asks"]]


def test_a_quiet_book_is_sent_again_with_a_new_time_and_a_quiet_bbo_is_not() -> None:
    bench = HyperliquidBench(rate=0.0, scenario="still")
    session, wire = bench.subscribed("l2Book", "BTC", fast=True)
    bench.subscribe(session, "bbo", coin="BTC")
    bench.run(3000)
    messages = wire.take()
    books = pushes(messages, "l2Book")
    assert len({orjson.dumps(b["levels"]) for b in books}) == 1
    assert len({b["time"] for b in books}) == len(books) > 4
    assert len(pushes(messages, "bbo")) == 1


def test_buckets_by_socket_ride_the_slow_clock() -> None:
    bench = HyperliquidBench()
    _, wire = bench.subscribed("l2Book", "BTC", nSigFigs=5, mantissa=5)
    (book,) = pushes(wire.take(), "l2Book")
    assert float(book["spread"]) > 0
    assert all(float(x["px"]) % 5 == 0 for side in book["levels"] for x in side)


@pytest.mark.parametrize("coin", ["MATIC", "@3"])
def test_what_nobody_quotes_has_empty_books_and_a_silent_bbo(coin: str) -> None:
    bench = HyperliquidBench()
    session, wire = bench.subscribed("l2Book", coin, fast=True)
    bench.subscribe(session, "bbo", coin=coin)
    bench.run(2000)
    messages = wire.take()
    books = pushes(messages, "l2Book")
    assert len(books) > 2
    assert all(book["levels"] == [[], []] and book["coin"] == coin for book in books)
    assert pushes(messages, "bbo") == []


def test_builder_dexes_can_be_watched_by_their_full_name() -> None:
    bench = HyperliquidBench()
    _, wire = bench.subscribed("l2Book", "xyz:TSLA")
    (book,) = pushes(wire.take(), "l2Book")
    assert len(book["levels"][0]) == 20


def test_fast_contexts_begin_whole_and_go_on_with_what_changed() -> None:
    bench = HyperliquidBench(coins=60)
    _, wire = bench.subscribed("fastAssetCtxs")
    held: dict[str, Any] = {}
    bench.run(3000)
    _, later = bench.subscribed("fastAssetCtxs")
    bench.run(2000)
    frames = [unpacked(data) for data in pushes(wire.take(), "fastAssetCtxs")]
    assert 5 <= len(frames) <= 7
    first, *deltas = frames
    assert {"BTC", "kPEPE", "@107", "PURR/USDC", "#14880", "xyz:TSLA", "hyna:ETH", "MATIC"} <= set(first)
    assert all(set(fields) == {"markPx", "midPx"} for fields in first.values())
    assert first["hyna:ETH"]["midPx"] is None
    assert all(set(delta) < set(first) for delta in deltas)
    assert any(len(fields) == 1 for delta in deltas for fields in delta.values())
    for frame in frames:
        for name, fields in frame.items():
            held.setdefault(name, {}).update(fields)
    joined: dict[str, Any] = {}
    for data in pushes(later.take(), "fastAssetCtxs"):
        for name, fields in unpacked(data).items():
            joined.setdefault(name, {}).update(fields)
    assert joined == held  # whoever came later holds the same


def test_fast_contexts_are_the_marks_and_mids_of_the_truth() -> None:
    bench = HyperliquidBench(coins=60, rate=0.0, scenario="still")
    _, wire = bench.subscribed("fastAssetCtxs")
    (first,) = [unpacked(data) for data in pushes(wire.take(), "fastAssetCtxs")]
    truth = bench.control.truth({"venue": "hyperliquid", "market": "perp"})["venues"]["hyperliquid"]["perp"]
    for native, row in truth.items():
        assert first[native]["markPx"] == row["mark"]
        if row["status"] == "trading":
            middle = (float(row["bids"][0][0]) + float(row["asks"][0][0])) / 2
            assert float(first[native]["midPx"]) == pytest.approx(middle, rel=1e-12)


def test_all_mids_come_each_five_seconds() -> None:
    bench = HyperliquidBench()
    session, wire = bench.subscribed("allMids")
    bench.subscribe(session, "allMids", dex="xyz")
    bench.run(15_000 + LAG_MS)
    frames = pushes(wire.take(), "allMids")
    main, xyz = [f for f in frames if "dex" not in f], [f for f in frames if f.get("dex") == "xyz"]
    assert (len(main), len(xyz)) == (4, 4)
    assert {"BTC", "@142", "#14880"} <= set(main[0]["mids"])
    assert "MATIC" not in main[0]["mids"]
    assert all(name.startswith("xyz:") for name in xyz[0]["mids"])


def test_all_contexts_come_by_position_each_13_s() -> None:
    bench = HyperliquidBench()
    _, wire = bench.subscribed("allDexsAssetCtxs")
    bench.run(27_200 + LAG_MS)
    frames = pushes(wire.take(), "allDexsAssetCtxs")
    assert len(frames) == 3
    metas = bench.info("allPerpMetas")
    assert [(dex, len(ctxs)) for dex, ctxs in frames[0]["ctxs"]] == list(
        zip(["", "xyz", "flx", "hyna"], [len(m["universe"]) for m in metas], strict=True)
    )
    at = [row["name"] for row in metas[0]["universe"]].index("ETH")
    assert float(frames[-1]["ctxs"][0][1][at]["markPx"]) == pytest.approx(float(bench.row("ETH")["mark"]), rel=1e-2)


def test_one_context_a_second_and_those_of_pairs_under_another_channel() -> None:
    bench = HyperliquidBench()
    session, wire = bench.subscribed("activeAssetCtx", "BTC", "@142")
    bench.run(3000)
    messages = wire.take()
    perp, spot = pushes(messages, "activeAssetCtx"), pushes(messages, "activeSpotAssetCtx")
    assert (len(perp), len(spot)) == (4, 4)
    assert list(perp[0]) == ["coin", "ctx"]
    assert "funding" in perp[0]["ctx"]
    assert spot[0]["ctx"]["coin"] == "@142"
    assert "circulatingSupply" in spot[0]["ctx"]
    assert "funding" not in spot[0]["ctx"]
    assert session.topics


def test_questions_by_socket() -> None:
    bench = HyperliquidBench()
    session, wire = bench.open()

    def post(number: int, kind: str, payload: Any) -> Any:
        bench.say(session, method="post", id=number, request={"type": kind, "payload": payload})
        (answer,) = wire.take()
        assert (answer["channel"], answer["data"]["id"]) == ("post", number)
        return answer["data"]["response"]

    found = post(1, "info", {"type": "l2Book", "coin": "BTC"})
    assert (found["type"], found["payload"]["type"]) == ("info", "l2Book")
    assert len(found["payload"]["data"]["levels"][0]) == 20
    assert post(7, "info", {"type": "l2Book", "coin": "NOPE"}) == {
        "type": "info",
        "payload": {"type": "l2Book", "data": None},
    }
    assert post(8, "action", {"action": {}}) == {
        "type": "error",
        "payload": "422 Failed to deserialize the JSON body into the target type",
    }
    assert re.match("422 ", post(9, "info", {"type": "nope"})["payload"])
    for _ in range(60):
        last = post(10, "info", {"type": "meta"})
    assert last == {"type": "error", "payload": "429 null"}
