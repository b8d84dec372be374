"""The faults of the contract on the simulated OKX: each shows on the wire as it should, and the truth stays sound."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import orjson
import pytest

from arbtui.sim.asked import Refused as ControlRefused
from tests.sim.okx_support import REST, SPOT, SWAP, Book, OkxBench, args, events, pushes
from tests.sim.support import Bench, call, same_frames, stays_sound

CHANNELS = ("books", "bbo-tbt", "books5", "tickers", "mark-price", "funding-rate")


def watched(bench: OkxBench, *channels: str, name: str = SWAP) -> tuple[Any, Any]:
    session, wire = bench.open()
    for channel in channels:
        bench.say(session, op="subscribe", args=args(channel, name))
    return session, wire


def ids(frames: list[Any]) -> list[int]:
    return [f["data"][0]["seqId"] for f in frames]


def test_sub_refused_is_60018_for_the_args_meant_and_ends_with_its_count() -> None:
    bench = OkxBench()
    session, wire = bench.open()
    bench.fault("sub_refused", "okx", channel="book", symbol=SWAP, count=1)
    asked = args("books", SWAP, SPOT) + args("tickers", SWAP)
    bench.say(session, op="subscribe", args=asked)
    refused, *taken = events(wire.take())
    assert refused["code"] == "60018"
    assert [a["arg"] for a in taken] == asked[1:]
    bench.say(session, op="subscribe", args=args("books", SWAP))
    assert events(wire.take())[0]["event"] == "subscribe"


def test_drop_delta_breaks_the_chain_and_resubscribing_mends_it() -> None:
    bench = OkxBench()
    session, wire = watched(bench, "books")
    book = Book()
    book.follow(pushes(wire.take()))
    fault = bench.fault("drop_delta", "okx", value=1, count=1)
    bench.run(1000)
    assert fault.acted == 1
    frames = pushes(wire.take())
    with pytest.raises(AssertionError, match="gap"):
        book.follow(frames)
    bench.say(session, op="unsubscribe", args=args("books", SWAP))
    bench.say(session, op="subscribe", args=args("books", SWAP))
    bench.run(500)
    book.follow(pushes(wire.take()))
    true = bench.row(seq=book.seq)
    assert (book.side("bids"), book.side("asks")) == (true["bids"], true["asks"])


def test_mute_silences_a_channel_while_pings_are_answered() -> None:
    bench = OkxBench()
    session, wire = watched(bench, "books", "bbo-tbt", "tickers")
    bench.run(500)
    wire.take()
    bench.fault("mute", "okx", channel="bbo")
    bench.run(1000)
    session.on_text("ping")
    bench.hub.flush()
    assert wire.texts.pop() == "pong"
    assert {f["arg"]["channel"] for f in pushes(wire.take())} == {"books", "tickers"}


def test_one_mute_before_subscribing_makes_a_book_without_its_snapshot() -> None:
    bench = OkxBench()
    fault = bench.fault("mute", "okx", channel="books", symbol=SWAP, count=1)
    _, wire = watched(bench, "books")
    assert fault.acted == 1
    bench.run(1000)
    frames = pushes(wire.take())
    assert {f["action"] for f in frames} == {"update"}
    (seed,) = bench.data(f"/market/books?instId={SWAP}&sz=400")
    assert ids(frames)[0] <= seed["seqId"]  # REST can seed it


def test_freeze_repeats_a_frame_and_the_chain_holds_afterwards() -> None:
    bench = OkxBench()
    _, wire = watched(bench, "books")
    bench.run(1000)
    before = pushes(wire.take())
    fault = bench.fault("freeze", "okx")
    bench.run(1000)
    frozen = pushes(wire.take())
    assert len(frozen) > 3
    assert all(frame == before[-1] for frame in frozen)
    bench.hub.faults.remove(fault.id)
    bench.run(500)
    after = pushes(wire.take())
    assert after[0]["data"][0]["prevSeqId"] == ids(before)[-1]


def test_duplicate_and_reorder() -> None:
    bench = OkxBench()
    _, wire = watched(bench, "bbo-tbt")
    wire.take()
    fault = bench.fault("duplicate", "okx")
    bench.run(500)
    twice = pushes(wire.take())
    assert twice
    assert twice[::2] == twice[1::2]
    bench.hub.faults.remove(fault.id)
    bench.fault("reorder", "okx")
    bench.run(500)
    swapped = ids(pushes(wire.take()))
    assert swapped != sorted(swapped)


def test_nan_price_in_every_channel_and_not_by_rest() -> None:
    bench = OkxBench()
    _, wire = watched(bench, "bbo-tbt", "books", "tickers", "mark-price")
    wire.take()
    bench.fault("nan_price", "okx")
    bench.run(1500)
    frames = pushes(wire.take())
    assert all(f["data"][0]["bids"][0][0] == "nan" for c in ("bbo-tbt", "books") for f in pushes(frames, c))
    assert {f["data"][0]["bidPx"] for f in pushes(frames, "tickers")} == {"nan"}
    assert {f["data"][0]["markPx"] for f in pushes(frames, "mark-price")} == {"nan"}
    assert bench.data(f"/market/ticker?instId={SWAP}")[0]["bidPx"] == bench.row()["bids"][0][0]


def test_empty_side_is_an_empty_list_and_an_empty_string() -> None:
    bench = OkxBench()
    _, wire = watched(bench, "bbo-tbt", "books", "tickers")
    book = Book()
    first = pushes(wire.take())
    book.follow(pushes(first, "books"))
    fault = bench.fault("empty_side", "okx")
    bench.run(500)
    frames = pushes(wire.take())
    assert {len(f["data"][0]["asks"]) for f in pushes(frames, "bbo-tbt")} == {0}
    assert {(f["data"][0]["askPx"], f["data"][0]["askSz"]) for f in pushes(frames, "tickers")} == {("", "")}
    book.follow(pushes(frames, "books"))
    assert book.side("asks") == []
    bench.hub.faults.remove(fault.id)
    bench.run(500)
    book.follow(pushes(wire.take(), "books"))
    assert book.side("asks") == bench.row(seq=book.seq)["asks"]


def test_crossed_puts_the_bid_above_the_ask() -> None:
    bench = OkxBench()
    _, wire = watched(bench, "bbo-tbt", "books")
    book = Book()
    book.follow(pushes(wire.take(), "books"))
    bench.fault("crossed", "okx")
    bench.run(500)
    frames = pushes(wire.take())
    tops = [f["data"][0] for f in pushes(frames, "bbo-tbt")]
    assert tops
    assert all(float(top["bids"][0][0]) > float(top["asks"][0][0]) for top in tops)
    book.follow(pushes(frames, "books"))
    assert float(book.side("bids")[0][0]) > float(book.side("asks")[0][0])


def test_old_snapshot_comes_by_socket_and_rest_and_does_not_chain() -> None:
    bench = OkxBench()
    watched(bench, "books")
    bench.run(2000)
    bench.fault("old_snapshot", "okx", channel="book", count=1)
    session, wire = watched(bench, "books")
    bench.run(500)
    frames = pushes(wire.take())
    assert frames[0]["action"] == "snapshot"
    assert frames[1]["data"][0]["prevSeqId"] > frames[0]["data"][0]["seqId"]
    bench.say(session, op="unsubscribe", args=args("books", SWAP))
    bench.fault("old_snapshot", "okx", count=1)
    (old,) = bench.data(f"/market/books?instId={SWAP}&sz=400")
    assert old["seqId"] < bench.row()["seq"]


def test_a_reset_of_ids_is_one_update_with_a_smaller_id_that_chains() -> None:
    bench = OkxBench()
    _, wire = watched(bench, "books", "bbo-tbt", "books5")
    bench.run(1000)
    book = Book()
    book.follow(pushes(wire.take(), "books"))
    before = book.seq
    assert before is not None
    bench.fault("seq_reset", "okx", symbol=SWAP)
    bench.run(1000)
    frames = pushes(wire.take())
    updates = [f["data"][0] for f in pushes(frames, "books")]
    assert updates[0]["prevSeqId"] == before > updates[0]["seqId"]
    assert all(update["prevSeqId"] < update["seqId"] for update in updates[1:])
    book.follow(pushes(frames, "books"))
    true = bench.row(seq=book.seq)
    assert (book.side("bids"), book.side("asks")) == (true["bids"], true["asks"])
    assert all(seq < before for channel in ("bbo-tbt", "books5") for seq in ids(pushes(frames, channel)))


def test_bad_checksum_is_another_number_than_zero() -> None:
    bench = OkxBench()
    _, wire = watched(bench, "books")
    wire.take()
    bench.fault("bad_checksum", "okx", count=1)
    bench.run(500)
    assert [f["data"][0]["checksum"] for f in pushes(wire.take())][:2] == [1, 0]


def test_clock_skew_moves_stamps_and_the_time() -> None:
    bench = OkxBench()
    _, wire = watched(bench, "bbo-tbt", "mark-price")
    wire.take()
    bench.fault("clock_skew", "okx", value=-5000)
    bench.run(1500)
    now_ms = bench.t_ns // 1_000_000
    stamps = [int(f["data"][0]["ts"]) for f in pushes(wire.take())]
    assert stamps
    assert all(now_ms - 7000 < ts <= now_ms - 5000 for ts in stamps)
    assert bench.data("/public/time") == [{"ts": str(now_ms - 5000)}]


def test_depeg_quotes_usdc_elsewhere() -> None:
    bench = OkxBench()
    bench.fault("depeg", "okx", value=0.91)
    _, wire = watched(bench, "bbo-tbt", name="USDC-USDT")
    (top,) = pushes(wire.take())[0]["data"]
    assert 0.909 < float(top["bids"][0][0]) < float(top["asks"][0][0]) < 0.911


def test_a_halt_stops_books_and_shows_as_suspend() -> None:
    bench = OkxBench()
    _, wire = watched(bench, "books")
    fault = bench.fault("halt", "okx", symbol=SWAP)
    bench.run(500)
    wire.take()
    bench.run(2000)
    assert pushes(wire.take()) == []
    (row,) = bench.data(f"/public/instruments?instType=SWAP&instId={SWAP}")
    assert row["state"] == "suspend"
    bench.hub.faults.remove(fault.id)
    bench.run(1000)
    assert pushes(wire.take())


def test_sockets_of_both_markets_are_meant_by_disconnect_of_one() -> None:
    bench = OkxBench()
    _, wire = watched(bench, "bbo-tbt")
    bench.fault("disconnect", "okx", market="spot")
    assert wire.dropped  # one OKX socket carries both


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, {"msg": "Too Many Requests", "code": "50011"}),
        (500, {"code": "50026", "data": [], "msg": "System error. Try again later."}),
    ],
)
def test_refusals_of_rest_are_in_the_words_of_okx(status: int, body: dict[str, Any]) -> None:
    reply = OkxBench().venue("okx").refusal(status, 5)
    assert (reply.status, orjson.loads(reply.body)) == (status, body)
    assert "Retry-After" not in reply.headers


@pytest.mark.parametrize(
    "name",
    ["mute", "freeze", "drop_delta", "duplicate", "reorder", "slow", "burst", "bad_checksum", "old_snapshot",
     "empty_side", "nan_price", "crossed", "depeg", "funding_interval", "clock_skew", "sub_refused", "disconnect"],
)  # fmt: skip
def test_the_truth_stays_sound_under(name: str) -> None:
    stays_sound(OkxBench, lambda bench: watched(bench, *CHANNELS), name, "okx")


def test_faults_of_a_symbol_know_a_request_by_its_inst_id() -> None:
    bench = OkxBench()
    venue = bench.venue("okx")
    assert venue.symbol_keys == ("instId",)
    for path, market in (
        (f"/market/books?instId={SWAP}", "perp"),
        (f"/market/books?instId={SPOT}", "spot"),
        ("/market/tickers?instType=SPOT", "spot"),
        ("/public/funding-rate?instId=ANY", "perp"),
        ("/public/time", None),
    ):
        assert venue.market_of(call("GET", f"{REST}{path}")) == market


def test_same_seed_same_frames() -> None:
    books = [f for f in same_frames(OkxBench, lambda bench: watched(bench, *CHANNELS)) if f.get("action")]
    assert all(b["data"][0]["prevSeqId"] == a["data"][0]["seqId"] for a, b in pairwise(books))


def test_a_reset_of_ids_is_refused_where_ids_never_begin_again() -> None:
    bench = Bench("binance", coins=3)
    with pytest.raises(ControlRefused, match="never begin again"):
        bench.fault("seq_reset", symbol="BTCUSDT")
