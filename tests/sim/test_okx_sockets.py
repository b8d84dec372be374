"""The simulated OKX by sockets: answers, errors, limits, silence, and every channel against the truth."""

from __future__ import annotations

import itertools
from typing import Any

import orjson
import pytest

from arbtui.sim.base import Reply
from arbtui.sim.okx.venue import Okx
from tests.sim.okx_support import (
    BUSINESS,
    DEMO,
    PRIVATE,
    PUBLIC,
    REST,
    SPOT,
    SWAP,
    Book,
    OkxBench,
    args,
    events,
    pushes,
)
from tests.sim.support import call


def test_one_answer_for_each_arg_with_the_id_of_the_request() -> None:
    bench = OkxBench()
    session, wire = bench.open()
    asked = args("tickers", SWAP, SPOT) + args("books", SWAP)
    bench.say(session, id="a1", op="subscribe", args=asked)
    answers = events(wire.take())
    assert [a["arg"] for a in answers] == asked
    assert {(a["event"], a["id"], len(a["connId"])) for a in answers} == {("subscribe", "a1", 8)}
    bench.say(session, op="unsubscribe", args=asked)
    answers = events(wire.take())
    assert [(a["event"], a["arg"], "id" in a) for a in answers] == [("unsubscribe", arg, False) for arg in asked]
    bench.run(500)
    assert wire.take() == []


def test_an_unknown_instrument_fails_alone_with_60018() -> None:
    bench = OkxBench()
    session, wire = bench.open()
    bench.say(session, op="subscribe", args=args("tickers", SWAP, "NO-USDT-SWAP", SPOT))
    first, error, last = events(wire.take())
    assert (first["arg"]["instId"], last["arg"]["instId"]) == (SWAP, SPOT)
    assert (error["event"], error["code"]) == ("error", "60018")
    assert error["msg"] == (
        "Wrong URL or channel:tickers,instId:NO-USDT-SWAP doesn't exist. Please use the correct URL, channel and "
        "parameters referring to API document."
    )
    assert "arg" not in error


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("ticker", SWAP),
        ("option-trades", SWAP),
        ("books-rpi", SWAP),
        ("mark-price", SPOT),
        ("funding-rate", SPOT),
        ("index-tickers", SWAP),
        ("tickers", "BTC-USD-SWAP"),
        ("instruments", "PERP"),
        ("orders", "ANY"),
    ],
)
def test_what_is_not_carried_is_refused_with_60018(channel: str, name: str) -> None:
    bench = OkxBench()
    _, wire = bench.subscribed(channel, name)
    (error,) = wire.take()
    assert error["code"] == "60018"


def test_channels_of_the_business_socket_have_moved() -> None:
    bench = OkxBench()
    _, public = bench.subscribed("candle1m", SWAP)
    assert [e["code"] for e in public.take()] == ["64001"]
    _, business = bench.subscribed("tickers", SWAP, url=BUSINESS)
    assert [e["code"] for e in business.take()] == ["64002"]
    _, business = bench.subscribed("candle1m", SWAP, url=BUSINESS)
    assert [e["code"] for e in business.take()] == ["60018"]


def test_what_needs_a_login_says_so() -> None:
    bench = OkxBench()
    _, wire = bench.subscribed("books-l2-tbt", SWAP)
    assert [e["code"] for e in wire.take()] == ["60011"]
    session, wire = bench.subscribed("orders", "ANY", url=PRIVATE)
    bench.say(session, id="7", op="order", args=[{"instIdCode": 10459, "side": "buy"}])
    bench.say(session, op="login", args=[{"apiKey": "k", "passphrase": "p", "timestamp": "1780000000", "sign": "s"}])
    assert [e["code"] for e in wire.take()] == ["60011", "60011", "60005"]
    session, wire = bench.open()
    bench.say(session, op="order", args=[{}])
    assert [e["code"] for e in wire.take()] == ["60028"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hello", "60012"),
        ("[1]", "60012"),
        ('{"op":"subscribe","argss":[{"channel":"tickers","instId":"BTC-USDT"}]}', "60012"),
        ('{"op":"subscribe","args":[]}', "60012"),
        ('{"op":"subscribe","args":["spot/ticker:BTC-USDT"]}', "60012"),
        ('{"op":"subscribe","args":[{"instId":"BTC-USDT"}]}', "60012"),
        ('{"op":"shout","args":[{}]}', "60019"),
        ('{"args":[{}]}', "60012"),
        ('{"id":"no-dashes","op":"subscribe","args":[{"channel":"tickers","instId":"BTC-USDT"}]}', "60033"),
    ],
)
def test_broken_requests_by_code(text: str, code: str) -> None:
    bench = OkxBench()
    session, wire = bench.open()
    session.on_text(text)
    bench.hub.flush()
    (error,) = wire.take()
    assert (error["event"], error["code"]) == ("error", code)
    if code == "60012":
        assert error["msg"] == f"Illegal request: {text}"


def test_text_ping_is_answered_in_text() -> None:
    bench = OkxBench()
    session, wire = bench.open()
    session.on_text("ping")
    bench.hub.flush()
    assert wire.texts == ["pong"]


def test_a_socket_that_subscribes_to_nothing_is_closed_after_30_s_even_if_it_pings() -> None:
    bench = OkxBench()
    session, wire = bench.open()
    for _ in range(2):
        bench.run(14_000)
        session.on_text("ping")
    assert not wire.ended
    bench.run(4000)
    assert wire.closed == (4004, "No data received in 30s")


def test_silence_for_30_s_closes_unless_text_pings_are_sent() -> None:
    bench = OkxBench(rate=0.0, scenario="still")
    _, silent = bench.subscribed("bbo-tbt", SWAP)
    pinging, pinged = bench.subscribed("bbo-tbt", SWAP)
    protocol, wrong = bench.subscribed("bbo-tbt", SWAP)
    for _ in range(4):
        bench.run(10_000)
        pinging.on_text("ping")
        if not wrong.ended:
            protocol.on_ping(b"x")
    assert silent.closed == (4004, "No data received in 30s")
    assert wrong.closed == (4004, "No data received in 30s")
    assert not pinged.ended


def test_the_481st_request_of_an_hour_is_refused_and_the_socket_stays() -> None:
    bench = OkxBench()
    session, wire = bench.open()
    for _ in range(240):
        bench.say(session, op="subscribe", args=args("mark-price", SWAP))
        bench.say(session, op="unsubscribe", args=args("mark-price", SWAP))
    assert all(e["event"] != "error" for e in events(wire.take()))
    bench.say(session, op="subscribe", args=args("mark-price", SWAP))
    (error,) = wire.take()
    assert (error["code"], error["msg"]) == ("60014", "Requests too frequent")
    assert not wire.ended
    other, fresh = bench.subscribed("mark-price", SWAP)
    assert events(fresh.take())[0]["event"] == "subscribe"
    assert other is not session


def test_many_args_of_one_request_count_once() -> None:
    bench = OkxBench(coins=60)
    names = [x.native for x in bench.venue("okx").listings("perp")]
    session, wire = bench.open()
    for _ in range(10):
        bench.say(session, op="subscribe", args=args("tickers", *names))
    assert len(events(wire.take())) == 10 * len(names) > 480


def test_a_request_over_64_kb_ends_the_socket() -> None:
    bench = OkxBench()
    session, wire = bench.open()
    bench.say(session, op="subscribe", args=args("tickers", *([SWAP] * 1300)))
    assert not wire.ended
    bench.say(session, op="subscribe", args=args("tickers", *([SWAP] * 1700)))
    assert wire.closed == (1009, "Request message exceeds the maximum frame length")


def test_the_fourth_handshake_of_a_second_is_refused() -> None:
    bench = OkxBench()
    for _ in range(3):
        bench.open()
    refused = bench.venue("okx").open_socket(call("GET", PUBLIC))
    assert isinstance(refused, Reply)
    assert refused.status == 429
    bench.run(1000)
    bench.open()


def test_only_socket_hosts_and_known_paths_open() -> None:
    venue = OkxBench().venue("okx")
    for url in ("wss://ws.okx.com:8443/ws/v3", "wss://www.okx.com/ws/v5/public"):
        refused = venue.open_socket(call("GET", url))
        assert isinstance(refused, Reply)
        assert refused.status == 404


def test_an_upgrade_is_announced_with_64008_before_the_cut() -> None:
    bench = OkxBench()
    _, wire = bench.subscribed("mark-price", SWAP)
    wire.take()
    bench.fault("shutdown", "okx", value=2.0)
    bench.hub.flush()
    (notice,) = events(wire.take())
    assert (notice["event"], notice["code"]) == ("notice", "64008")
    assert not wire.ended
    bench.run(2100)
    assert wire.ended


# -- best prices and books --------------------------------------------------------------------------------------------


def test_bbo_starts_at_once_and_is_true_at_each_id() -> None:
    bench = OkxBench()
    _, wire = bench.subscribed("bbo-tbt", SWAP, SPOT)
    okx = bench.venue("okx")
    assert isinstance(okx, Okx)
    okx.stream("books", bench.listing("perp", SWAP, "okx"))  # keeps past books
    first = pushes(wire.take())
    assert {f["arg"]["instId"] for f in first} == {SWAP, SPOT}
    bench.run(3000)
    frames = [f for f in pushes(wire.take()) if f["arg"]["instId"] == SWAP]
    assert len(frames) > 20
    for frame in frames:
        assert list(frame) == ["arg", "data"]
        (data,) = frame["data"]
        assert list(data) == ["asks", "bids", "ts", "seqId"]
        true = bench.row(seq=data["seqId"])
        assert data["bids"][0][:2] == true["bids"][0]
        assert data["asks"][0][:2] == true["asks"][0]
        assert int(data["ts"]) == true["book_ns"] // 1_000_000


def test_books_start_with_a_snapshot_and_chain_and_are_true_at_each_id() -> None:
    bench = OkxBench()
    for name, market in ((SWAP, "perp"), (SPOT, "spot")):
        _, wire = bench.subscribed("books", name)
        book = Book()
        updates = 0
        for _ in range(30):
            bench.run(100)
            for frame in pushes(wire.take()):
                book.apply(frame)
                updates += frame["action"] == "update"
                assert frame["data"][0]["checksum"] == 0
                true = bench.row(name, market, seq=book.seq)
                assert book.side("bids") == true["bids"]
                assert book.side("asks") == true["asks"]
        assert updates > 10


def test_a_books_frame_has_the_fields_of_the_documents() -> None:
    bench = OkxBench()
    _, wire = bench.subscribed("books", SPOT)
    bench.run(500)
    snapshot, update, *_ = pushes(wire.take())
    for frame, action in ((snapshot, "snapshot"), (update, "update")):
        assert (list(frame), frame["action"]) == (["arg", "action", "data"], action)
        assert list(frame["data"][0]) == ["asks", "bids", "ts", "checksum", "prevSeqId", "seqId"]
    assert update["data"][0]["prevSeqId"] == snapshot["data"][0]["seqId"] < update["data"][0]["seqId"]


def test_ids_grow_by_more_than_one_and_are_one_series_for_all_book_channels() -> None:
    bench = OkxBench()
    session, wire = bench.subscribed("books", SWAP)
    bench.say(session, op="subscribe", args=args("bbo-tbt", SWAP) + args("books5", SWAP))
    bench.run(2000)
    frames = pushes(wire.take())
    ids = sorted({f["data"][0]["seqId"] for f in frames})
    steps = {b - a for a, b in itertools.pairwise(ids)}
    assert max(steps) > 1
    bbo = {f["data"][0]["seqId"]: f["data"][0] for f in frames if f["arg"]["channel"] == "bbo-tbt"}
    same = [
        (f["data"][0], bbo[f["data"][0]["seqId"]]) for f in pushes(frames, "books5") if f["data"][0]["seqId"] in bbo
    ]
    assert same
    assert all(book["bids"][0] == top["bids"][0] and book["asks"][0] == top["asks"][0] for book, top in same)


def test_a_second_subscription_brings_an_answer_and_no_snapshot() -> None:
    bench = OkxBench()
    session, wire = bench.subscribed("books", SWAP)
    wire.take()
    bench.say(session, op="subscribe", args=args("books", SWAP))
    assert [m.get("event") for m in wire.take()] == ["subscribe"]


def test_leaving_and_subscribing_again_brings_a_snapshot_that_chains() -> None:
    bench = OkxBench()
    session, wire = bench.subscribed("books", SWAP)
    other, _ = bench.subscribed("books", SWAP)  # somebody else keeps the stream going
    bench.run(1000)
    wire.take()
    bench.say(session, op="unsubscribe", args=args("books", SWAP))
    bench.run(350)
    bench.say(session, op="subscribe", args=args("books", SWAP))
    bench.run(1000)
    book = Book()
    frames = pushes(wire.take())
    assert [f["action"] for f in frames[:2]] == ["snapshot", "update"]
    for frame in frames:
        book.apply(frame)
    assert book.side("bids") == bench.row(seq=book.seq)["bids"]
    assert other.topics


def test_an_unchanged_book_is_sent_again_after_60_s() -> None:
    bench = OkxBench(rate=0.0, scenario="still")
    session, wire = bench.subscribed("books", SWAP)
    bench.say(session, op="subscribe", args=args("bbo-tbt", SWAP) + args("books5", SWAP))
    first = {f["arg"]["channel"]: f["data"][0] for f in pushes(wire.take())}
    for _ in range(5):
        bench.run(14_000, step_ms=500)
        session.on_text("ping")
    wire.texts = [text for text in wire.texts if text != "pong"]
    again = {f["arg"]["channel"]: f for f in pushes(wire.take())}
    (empty,) = again["books"]["data"]
    assert again["books"]["action"] == "update"
    assert (empty["asks"], empty["bids"]) == ([], [])
    assert empty["prevSeqId"] == empty["seqId"] == first["books"]["seqId"]
    for channel in ("bbo-tbt", "books5"):
        assert again[channel]["data"][0] == first[channel]


def test_books5_is_five_levels_whole_each_time() -> None:
    bench = OkxBench()
    _, wire = bench.subscribed("books5", SWAP)
    bench.listing("perp", SWAP, "okx").watch()
    bench.run(2000)
    frames = pushes(wire.take())
    assert len(frames) > 5
    for frame in frames:
        assert "action" not in frame
        (data,) = frame["data"]
        assert list(data) == ["asks", "bids", "instId", "ts", "seqId"]
        true = bench.row(seq=data["seqId"])
        assert [level[:2] for level in data["bids"]] == true["bids"][:5]
        assert [level[:2] for level in data["asks"]] == true["asks"][:5]


# -- tickers, marks, funding, instruments -----------------------------------------------------------------------------


def test_a_ticker_by_socket_is_the_object_of_rest() -> None:
    bench = OkxBench()
    _, wire = bench.subscribed("tickers", SWAP, SPOT)
    for frame in pushes(wire.take()):
        (row,) = frame["data"]
        assert bench.data(f"/market/ticker?instId={row['instId']}") == [row]
    bench.run(2000)
    frames = [f for f in pushes(wire.take()) if f["arg"]["instId"] == SWAP]
    assert 5 < len(frames) <= 20
    assert frames[-1]["data"][0]["bidPx"] == bench.row()["bids"][0][0]
    bodies = [{k: v for k, v in f["data"][0].items() if k != "ts"} for f in frames]
    assert all(a != b for a, b in itertools.pairwise(bodies))  # only on a change


def test_marks_and_indices_are_pushed_on_change() -> None:
    bench = OkxBench()
    session, wire = bench.subscribed("mark-price", SWAP)
    bench.say(session, op="subscribe", args=args("index-tickers", SPOT))
    bench.run(5000)
    frames = pushes(wire.take())
    marks, indices = pushes(frames, "mark-price"), pushes(frames, "index-tickers")
    assert list(marks[0]["data"][0]) == ["instType", "instId", "markPx", "ts"]
    assert 5 <= len(marks) <= 6  # at once, then each second
    assert 5 <= len(indices) <= 6
    true = bench.row()
    assert marks[-1]["data"][0]["markPx"] == true["mark"]
    assert indices[-1]["arg"] == {"channel": "index-tickers", "instId": "BTC-USDT"}
    assert indices[-1]["data"][0]["idxPx"] == true["index"]


def test_an_unchanged_mark_is_sent_again_after_10_s(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = OkxBench()
    _, wire = bench.subscribed("mark-price", SWAP)
    world = bench.hub.world
    bench.run(2000)
    monkeypatch.setattr(world, "_walk_coins", lambda now_ns: None)
    bench.run(1000)
    wire.take()
    bench.run(21_000)
    frames = pushes(wire.take())
    assert len(frames) == 2
    assert len({f["data"][0]["markPx"] for f in frames}) == 1


def test_funding_comes_at_once_and_each_minute_and_turns_at_settlement() -> None:
    settlement_ns = 1_795_190_400_000_000_000  # 2026-11-20 16:00 UTC
    bench = OkxBench(start_ns=settlement_ns - 90_000_000_000)
    session, wire = bench.subscribed("funding-rate", SWAP)
    for _ in range(5):
        bench.run(20_000, step_ms=500)
        session.on_text("ping")
    wire.texts = [text for text in wire.texts if text != "pong"]
    rows = [f["data"][0] for f in pushes(wire.take())]
    assert 3 <= len(rows) <= 4
    assert int(rows[0]["fundingTime"]) == settlement_ns // 1_000_000
    after = rows[-1]
    assert int(after["fundingTime"]) == settlement_ns // 1_000_000 + 8 * 3_600_000
    assert int(after["prevFundingTime"]) == settlement_ns // 1_000_000
    assert after["settState"] == "processing"
    true = bench.row()
    assert (after["fundingRate"], int(after["fundingTime"])) == (true["rate"], true["next_ms"])
    bench.run(10_000)
    assert bench.data(f"/public/funding-rate?instId={SWAP}")[0]["settState"] == "settled"


def test_another_funding_interval_shows_in_both_times() -> None:
    bench = OkxBench()
    bench.fault("funding_interval", "okx", symbol=SWAP, value=2)
    _, wire = bench.subscribed("funding-rate", SWAP)
    (row,) = pushes(wire.take())[0]["data"]
    assert int(row["nextFundingTime"]) - int(row["fundingTime"]) == 2 * 3_600_000


def test_instruments_are_told_of_halts_listings_and_ends() -> None:
    bench = OkxBench()
    _, wire = bench.subscribed("instruments", "SWAP")
    _, demo = bench.subscribed("instruments", "SWAP", url=DEMO)
    assert pushes(wire.take()) == []  # nothing until something changes
    halt = bench.fault("halt", "okx", symbol=SWAP)
    bench.hub.faults.remove(halt.id)
    bench.control.instruments({"action": "list", "venue": "okx", "base": "NEWCOIN", "price": 0.02})
    bench.control.instruments({"action": "delist", "venue": "okx", "symbol": "ETH-USDT-SWAP", "seconds": 3})
    bench.run(4000)
    told = pushes(wire.take())
    assert {frozenset(f["arg"].items()) for f in told} == {
        frozenset({"channel": "instruments", "instType": "SWAP"}.items())
    }
    rows = [f["data"][0] for f in told]
    assert [(r["instId"], r["state"]) for r in rows] == [
        (SWAP, "suspend"),
        (SWAP, "live"),
        ("NEWCOIN-USDT-SWAP", "live"),
        ("ETH-USDT-SWAP", "live"),
        ("ETH-USDT-SWAP", "expired"),
    ]
    assert rows[2]["ctVal"] == "100"
    assert int(rows[3]["expTime"]) == int(rows[4]["expTime"]) <= bench.t_ns // 1_000_000
    listed = {r["instId"]: r for r in bench.data("/public/instruments?instType=SWAP")}
    assert listed["NEWCOIN-USDT-SWAP"] == rows[2]
    assert "ETH-USDT-SWAP" not in listed
    code = pushes(demo.take())[0]["data"][0]["instIdCode"]
    assert code != rows[0]["instIdCode"]


def test_a_new_listing_can_be_subscribed_and_a_closed_one_cannot() -> None:
    bench = OkxBench()
    bench.control.instruments({"action": "list", "venue": "okx", "base": "NEWCOIN", "price": 0.02})
    session, wire = bench.subscribed("books", "NEWCOIN-USDT-SWAP", "ETH-USDT-SWAP")
    bench.run(500)
    assert {f["arg"]["instId"] for f in pushes(wire.take())} == {"NEWCOIN-USDT-SWAP", "ETH-USDT-SWAP"}
    bench.control.instruments({"action": "delist", "venue": "okx", "symbol": "ETH-USDT-SWAP", "seconds": 0})
    bench.run(300)
    wire.take()
    bench.say(session, op="unsubscribe", args=args("books", "ETH-USDT-SWAP"))
    bench.say(session, op="subscribe", args=args("books", "ETH-USDT-SWAP"))
    left, error = events(wire.take())
    assert (left["event"], error["code"]) == ("unsubscribe", "60018")
    assert orjson.loads(bench.get(f"{REST}/market/ticker?instId=ETH-USDT-SWAP", "okx").body)["code"] == "51001"


def test_data_may_come_before_its_acknowledgement() -> None:
    bench = OkxBench(coins=60)
    names = [x.native for x in bench.venue("okx").listings("perp")]
    _, wire = bench.subscribed("bbo-tbt", *names)
    order: dict[str, list[str]] = {name: [] for name in names}
    for message in wire.take():
        order[message["arg"]["instId"]].append(message.get("event", "data"))
    kinds: Any = {tuple(v) for v in order.values()}
    assert kinds == {("subscribe", "data"), ("data", "subscribe")}
