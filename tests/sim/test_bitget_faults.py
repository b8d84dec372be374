"""The faults of the contract on the simulated Bitget: each shows on the wire as it should; the truth stays sound."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from arbtui.sim.asked import Refused as ControlRefused
from tests.sim.bitget_support import SPOT, USDT, BitgetBench, Book, arg, events, pushes
from tests.sim.support import same_frames, stays_sound

CHANNELS = ("ticker", "books1", "books5", "books15", "books")


def watched(bench: BitgetBench, *channels: str) -> tuple[Any, Any]:
    return bench.subscribed(*(arg(channel) for channel in channels))


def ids(frames: list[Any]) -> list[int]:
    return [f["data"][0]["seq"] for f in frames]


def test_sub_refused_is_30001_for_the_args_meant_and_ends_with_its_count() -> None:
    bench = BitgetBench()
    session, wire = bench.open()
    bench.fault("sub_refused", "bitget", channel="book", symbol="BTCUSDT", market="perp", count=1)
    asked = [arg("books"), arg("books", inst_type=SPOT), arg("ticker")]
    bench.say(session, op="subscribe", args=asked)
    refused, *taken = events(wire.take())
    assert (refused["code"], refused["arg"]) == (30001, asked[0])
    assert [a["arg"] for a in taken] == asked[1:]
    bench.say(session, op="subscribe", args=asked[:1])
    assert events(wire.take())[0]["event"] == "subscribe"


def test_drop_delta_breaks_the_chain_and_resubscribing_mends_it() -> None:
    bench = BitgetBench()
    session, wire = watched(bench, "books")
    book = Book()
    book.follow(pushes(wire.take()))
    fault = bench.fault("drop_delta", "bitget", value=1, count=1)
    bench.run(1000)
    assert fault.acted == 1
    with pytest.raises(AssertionError, match="gap"):
        book.follow(pushes(wire.take()))
    bench.say(session, op="unsubscribe", args=[arg("books")])
    bench.say(session, op="subscribe", args=[arg("books")])
    bench.run(500)
    book.follow(pushes(wire.take()))
    true = bench.row(seq=book.seq)
    assert (book.side("bids"), book.side("asks")) == (true["bids"], true["asks"])


def test_ids_that_begin_again_are_an_update_with_pseq_zero_and_the_chain_goes_on() -> None:
    bench = BitgetBench()
    _, wire = watched(bench, "books", "books1")
    bench.run(1000)
    before = ids(pushes(wire.take(), "books"))[-1]
    bench.fault("seq_reset", "bitget", symbol="BTCUSDT", market="perp")
    bench.run(1000)
    frames = pushes(wire.take())
    updates = [f["data"][0] for f in pushes(frames, "books")]
    assert {f["action"] for f in pushes(frames, "books")} == {"update"}
    assert updates[0]["pseq"] == 0
    assert updates[0]["seq"] < before
    assert all(b["pseq"] == a["seq"] for a, b in pairwise(updates))
    assert all(seq < before for seq in ids(pushes(frames, "books1")))


def test_mute_silences_a_channel_while_pings_are_answered() -> None:
    bench = BitgetBench()
    session, wire = watched(bench, "books", "books1", "ticker")
    bench.run(500)
    wire.take()
    bench.fault("mute", "bitget", channel="bbo")
    bench.run(1000)
    session.on_text("ping")
    bench.hub.flush()
    assert wire.texts.pop() == "pong"
    assert {f["arg"]["channel"] for f in pushes(wire.take())} == {"books", "ticker"}


def test_freeze_repeats_a_frame_and_the_chain_holds_afterwards() -> None:
    bench = BitgetBench()
    _, wire = watched(bench, "books")
    bench.run(1000)
    before = pushes(wire.take())
    fault = bench.fault("freeze", "bitget")
    bench.run(1000)
    frozen = pushes(wire.take())
    assert len(frozen) > 3
    assert all(frame == before[-1] for frame in frozen)
    bench.hub.faults.remove(fault.id)
    bench.run(500)
    assert pushes(wire.take())[0]["data"][0]["pseq"] == ids(before)[-1]


def test_duplicate_and_reorder() -> None:
    bench = BitgetBench()
    _, wire = watched(bench, "books1")
    wire.take()
    fault = bench.fault("duplicate", "bitget")
    bench.run(500)
    twice = pushes(wire.take())
    assert twice
    assert twice[::2] == twice[1::2]
    bench.hub.faults.remove(fault.id)
    bench.fault("reorder", "bitget")
    bench.run(500)
    swapped = ids(pushes(wire.take()))
    assert swapped != sorted(swapped)


def test_slow_frames_come_late_and_in_order() -> None:
    bench = BitgetBench()
    _, wire = watched(bench, "books1")
    wire.take()
    bench.fault("slow", "bitget", value=2000)
    bench.run(1900)
    assert wire.take() == []
    bench.run(1000)
    late = pushes(wire.take())
    assert late
    assert ids(late) == sorted(ids(late))
    assert bench.t_ns // 1_000_000 - late[-1]["ts"] >= 2000


def test_nan_price_in_every_channel_and_not_by_rest() -> None:
    bench = BitgetBench()
    _, wire = watched(bench, *CHANNELS)
    wire.take()
    bench.fault("nan_price", "bitget")
    bench.run(1500)
    frames = pushes(wire.take())
    for channel in CHANNELS[1:]:
        found = pushes(frames, channel)
        assert found
        assert {f["data"][0]["bids"][0][0] for f in found} == {"nan"}
    for key in ("bidPr", "lastPr", "markPrice"):
        assert {f["data"][0][key] for f in pushes(frames, "ticker")} == {"nan"}
    (row,) = bench.data(f"/mix/market/ticker?productType={USDT}&symbol=BTCUSDT")
    assert row["bidPr"] == bench.row()["bids"][0][0]


def test_nan_price_by_rest_leaves_the_book_of_numbers_json() -> None:
    bench = BitgetBench()
    bench.fault("nan_price", "bitget", channel="rest")
    book = bench.data(f"/mix/market/merge-depth?productType={USDT}&symbol=BTCUSDT&limit=5")
    assert book["bids"][0][0] == "nan"
    assert isinstance(book["bids"][1][0], int | float)


def test_empty_side_is_an_empty_list_and_an_absent_key() -> None:
    bench = BitgetBench()
    _, wire = watched(bench, *CHANNELS)
    book = Book()
    book.follow(pushes(wire.take(), "books"))
    fault = bench.fault("empty_side", "bitget")
    bench.run(500)
    frames = pushes(wire.take())
    for channel in ("books1", "books5", "books15"):
        assert {len(f["data"][0]["asks"]) for f in pushes(frames, channel)} == {0}
    bench.run(500)
    for frame in pushes(frames, "books"):
        book.apply(frame)
    assert book.side("asks") == []
    bench.hub.faults.remove(fault.id)
    bench.run(500)
    book.follow(pushes(wire.take(), "books"))
    assert book.side("asks") == bench.row(seq=book.seq)["asks"]
    bench.fault("empty_side", "bitget", channel="ticker")
    bench.run(500)
    row = pushes(wire.take(), "ticker")[-1]["data"][0]
    assert "bidPr" in row


def test_crossed_puts_the_bid_above_the_ask() -> None:
    bench = BitgetBench()
    _, wire = watched(bench, "books1", "books")
    book = Book()
    book.follow(pushes(wire.take(), "books"))
    bench.fault("crossed", "bitget")
    bench.run(500)
    frames = pushes(wire.take())
    tops = [f["data"][0] for f in pushes(frames, "books1")]
    assert tops
    assert all(float(top["bids"][0][0]) > float(top["asks"][0][0]) for top in tops)
    book.follow(pushes(frames, "books"))
    assert float(book.side("bids")[0][0]) > float(book.side("asks")[0][0])


def test_old_snapshot_does_not_chain() -> None:
    bench = BitgetBench()
    watched(bench, "books")
    bench.run(2000)
    bench.fault("old_snapshot", "bitget", channel="book", count=1)
    _, wire = watched(bench, "books")
    bench.run(500)
    snapshot, update, *_ = pushes(wire.take())
    assert snapshot["action"] == "snapshot"
    assert update["data"][0]["pseq"] > snapshot["data"][0]["seq"]


def test_there_is_no_checksum_to_be_wrong() -> None:
    with pytest.raises(ControlRefused, match="no checksum"):
        BitgetBench().fault("bad_checksum", "bitget")


def test_clock_skew_moves_stamps_and_the_time() -> None:
    bench = BitgetBench()
    _, wire = watched(bench, "books1", "ticker", "books")
    wire.take()
    bench.fault("clock_skew", "bitget", value=-5000)
    bench.run(1500)
    now_ms = bench.t_ns // 1_000_000
    frames = pushes(wire.take())
    assert frames
    for frame in frames:
        assert now_ms - 7000 < frame["ts"] <= now_ms - 5000
        assert now_ms - 7000 < int(frame["data"][0]["ts"]) <= now_ms - 5000
    assert bench.data("/public/time") == {"serverTime": str(now_ms - 5000)}


def test_depeg_quotes_usdc_elsewhere() -> None:
    bench = BitgetBench()
    bench.fault("depeg", "bitget", value=0.91)
    _, wire = bench.subscribed(arg("books1", "USDCUSDT", SPOT))
    (top,) = pushes(wire.take())[0]["data"]
    assert 0.909 < float(top["bids"][0][0]) < float(top["asks"][0][0]) < 0.911


def test_a_halt_silences_books_and_ticker_until_it_ends() -> None:
    bench = BitgetBench()
    _, wire = watched(bench, "books", "ticker", "books1")
    fault = bench.fault("halt", "bitget", symbol="BTCUSDT", market="perp")
    bench.run(500)
    wire.take()
    bench.run(3000)
    assert pushes(wire.take()) == []
    bench.hub.faults.remove(fault.id)
    bench.run(1000)
    assert {f["arg"]["channel"] for f in pushes(wire.take())} == {"books", "ticker", "books1"}


def test_a_delisted_instrument_falls_silent() -> None:
    bench = BitgetBench()
    _, wire = watched(bench, *CHANNELS)
    bench.control.instruments({"action": "delist", "venue": "bitget", "symbol": "BTCUSDT", "seconds": 4})
    bench.run(3500)
    assert {f["arg"]["channel"] for f in pushes(wire.take())} == set(CHANNELS)  # half of it close-only
    bench.run(1000)
    wire.take()
    bench.run(3000)
    assert pushes(wire.take()) == []


def test_sockets_are_meant_by_disconnect_of_either_market_and_a_shutdown_comes_unannounced() -> None:
    bench = BitgetBench()
    _, wire = watched(bench, "books1")
    bench.fault("disconnect", "bitget", market="spot")
    assert wire.dropped  # one socket carries both
    _, wire = bench.open()
    bench.fault("shutdown", "bitget", value=2.0)
    bench.hub.flush()
    assert wire.texts == []
    bench.run(2100)
    assert wire.ended


@pytest.mark.parametrize(
    "name",
    ["mute", "freeze", "drop_delta", "duplicate", "reorder", "slow", "burst", "old_snapshot", "empty_side",
     "nan_price", "crossed", "depeg", "funding_interval", "clock_skew", "sub_refused", "disconnect"],
)  # fmt: skip
def test_the_truth_stays_sound_under(name: str) -> None:
    stays_sound(BitgetBench, lambda bench: watched(bench, *CHANNELS), name, "bitget")


def test_same_seed_same_frames() -> None:
    assert pushes(same_frames(BitgetBench, lambda bench: watched(bench, *CHANNELS)))
