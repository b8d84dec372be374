"""The faults of the contract on the simulated Bybit: each shows on the wire as it should, and the truth stays sound."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from arbtui.sim.bybit import tables
from tests.sim.bybit_support import LINEAR, SPOT, Book, BybitBench, answers, ids, merged, pushes
from tests.sim.support import START_NS, same_frames, stays_sound

TOP, BOOK, TICKER = "orderbook.1.BTCUSDT", "orderbook.50.BTCUSDT", "tickers.BTCUSDT"


def both(book: Book) -> tuple[Any, Any]:
    return book.bids, book.asks


def true_sides(bench: BybitBench, at: int | None) -> tuple[Any, Any]:
    row = bench.row(seq=at)
    return row["bids"], row["asks"]


@pytest.mark.parametrize(
    ("url", "words"),
    [(LINEAR, f"error:handler not found,topic:{BOOK}"), (SPOT, f"Invalid symbol :[{BOOK}]")],
)
def test_sub_refused_takes_the_whole_request_and_ends_with_its_count(url: str, words: str) -> None:
    bench = BybitBench()
    session, wire = bench.open(url)
    bench.fails("sub_refused", channel="book", symbol="BTCUSDT", count=1)
    bench.subscribe(session, TICKER, BOOK)
    (refused,) = wire.take()
    assert (refused["success"], refused["ret_msg"]) == (False, words)
    bench.subscribe(session, TICKER, BOOK)
    assert answers(wire.take())[0]["success"]


def test_drop_delta_breaks_the_chain_and_subscribing_again_mends_it() -> None:
    bench = BybitBench()
    session, wire = bench.subscribed(BOOK)
    book = Book()
    book.follow(pushes(wire.take()))
    fault = bench.fails("drop_delta", value=1, count=1)
    bench.run(1000)
    assert fault.acted == 1
    with pytest.raises(AssertionError, match="gap"):
        book.follow(pushes(wire.take()))
    bench.say(session, op="unsubscribe", args=[BOOK])
    bench.subscribe(session, BOOK)
    bench.run(500)
    book.follow(pushes(wire.take()))
    assert both(book) == true_sides(bench, book.u)


def test_mute_silences_a_channel_while_pings_are_answered() -> None:
    bench = BybitBench()
    session, wire = bench.subscribed(TOP, BOOK, TICKER)
    bench.run(500)
    wire.take()
    bench.fails("mute", channel="bbo")
    bench.run(5000)
    bench.say(session, op="ping")
    frames = wire.take()
    assert frames.pop()["ret_msg"] == "pong"
    assert {f["topic"] for f in frames} == {BOOK, TICKER}


def test_one_mute_before_subscribing_makes_a_book_without_its_snapshot() -> None:
    bench = BybitBench()
    bench.fails("mute", channel="orderbook.50", count=1)
    _, wire = bench.subscribed(BOOK)
    bench.run(1000)
    assert {f["type"] for f in pushes(wire.take())} == {"delta"}


def test_freeze_repeats_a_frame_and_the_chain_holds_afterwards() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed(BOOK)
    bench.run(1000)
    before = pushes(wire.take())
    fault = bench.fails("freeze")
    bench.run(1000)
    frozen = pushes(wire.take())
    assert len(frozen) > 3
    assert all(frame == before[-1] for frame in frozen)
    bench.hub.faults.remove(fault.id)
    bench.run(500)
    book = Book()
    book.follow(before)
    book.follow(pushes(wire.take()))
    assert both(book) == true_sides(bench, book.u)


def test_duplicate_and_reorder() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed(TOP)
    wire.take()
    fault = bench.fails("duplicate")
    bench.run(500)
    twice = pushes(wire.take())
    assert twice
    assert twice[::2] == twice[1::2]
    bench.hub.faults.remove(fault.id)
    bench.fails("reorder")
    bench.run(500)
    swapped = ids(pushes(wire.take()))
    assert swapped != sorted(swapped)


def test_a_restart_is_a_snapshot_with_u_1_on_each_depth_and_seq_goes_on() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed(TOP, BOOK, "orderbook.200.BTCUSDT")
    bench.run(1000)
    before = {f["topic"]: f["data"] for f in pushes(wire.take())}
    bench.fails("seq_reset", symbol="BTCUSDT", market="perp")
    bench.run(1000)
    frames = pushes(wire.take())
    for topic, held in before.items():
        first, *rest = pushes(frames, topic)
        assert (first["type"], first["data"]["u"]) == ("snapshot", 1)
        assert first["data"]["seq"] >= held["seq"]
        assert ids(rest) == list(range(2, len(rest) + 2))
    book = Book()
    for frame in pushes(frames, BOOK):
        book.apply(frame)
        assert both(book) == true_sides(bench, book.seq)
    assert both(book) == true_sides(bench, book.u)


def test_restarts_happen_by_themselves_once_in_ten_hours_of_a_symbol() -> None:
    listing = BybitBench().venue("bybit").find("perp", "BTCUSDT")
    assert listing is not None
    every_ns = tables.RESTART_EVERY_S * 10**9
    bench = BybitBench(start_ns=START_NS + every_ns - (START_NS + listing.salt * 10_000) % every_ns - 3 * 10**9)
    _, wire = bench.subscribed(TOP, BOOK)
    bench.run(10_000)
    frames = pushes(wire.take())
    for topic in (TOP, BOOK):
        assert [f["type"] for f in pushes(frames, topic) if f["data"]["u"] == 1] == ["snapshot"]


def test_nan_price_in_every_topic_and_not_by_rest() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed(TOP, BOOK, TICKER)
    wire.take()
    bench.fails("nan_price")
    bench.run(1500)
    frames = pushes(wire.take())
    assert all(f["data"]["b"][0][0] == "nan" for topic in (TOP, BOOK) for f in pushes(frames, topic))
    held = merged(pushes(frames, TICKER))
    assert (held["bid1Price"], held["markPrice"]) == ("nan", "nan")
    assert bench.rows("tickers?category=linear&symbol=BTCUSDT")["BTCUSDT"]["bid1Price"] == bench.row()["bids"][0][0]


def test_empty_side_is_an_empty_list_and_an_empty_text() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed(TOP, BOOK, TICKER)
    book = Book()
    book.follow(pushes(wire.take(), BOOK))
    fault = bench.fails("empty_side")
    bench.run(500)
    frames = pushes(wire.take())
    assert {str(f["data"]["a"]) for f in pushes(frames, TOP)} == {"[]"}
    held = merged(pushes(frames, TICKER))
    assert (held["ask1Price"], held["ask1Size"]) == ("", "")
    book.follow(pushes(frames, BOOK))
    assert book.asks == []
    bench.hub.faults.remove(fault.id)
    bench.run(500)
    book.follow(pushes(wire.take(), BOOK))
    assert both(book) == true_sides(bench, book.u)


def test_crossed_puts_the_bid_above_the_ask() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed(TOP, BOOK)
    book = Book()
    book.follow(pushes(wire.take(), BOOK))
    bench.fails("crossed")
    bench.run(500)
    frames = pushes(wire.take())
    assert all(float(f["data"]["b"][0][0]) > float(f["data"]["a"][0][0]) for f in pushes(frames, TOP))
    book.follow(pushes(frames, BOOK))
    assert float(book.bids[0][0]) > float(book.asks[0][0])


def test_an_old_snapshot_has_the_u_of_its_time_and_does_not_chain() -> None:
    bench = BybitBench()
    _, kept = bench.subscribed(BOOK)
    bench.run(2000)
    bench.fails("old_snapshot", channel="book", count=1)
    _, wire = bench.subscribed(BOOK)
    bench.run(500)
    old, after, *_ = pushes(wire.take())
    assert (old["type"], after["type"]) == ("snapshot", "delta")
    assert old["data"]["u"] + 1 < after["data"]["u"]
    book = Book()
    book.apply(old)
    assert both(book) == true_sides(bench, book.seq)
    whole = Book()
    whole.follow(pushes(kept.take()))  # nobody else is disturbed
    assert both(whole) == true_sides(bench, whole.u)


def test_an_old_snapshot_comes_by_rest_as_well() -> None:
    bench = BybitBench()
    bench.watch()
    bench.run(1000)
    bench.fails("old_snapshot", count=1)
    path = "orderbook?category=linear&symbol=BTCUSDT&limit=50"
    old, new = bench.result(path), bench.result(path)
    assert old["seq"] < new["seq"]
    assert old["b"] == bench.row(seq=old["seq"])["bids"]


def test_clock_skew_moves_stamps_and_the_time() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed(TOP, BOOK, TICKER)
    wire.take()
    bench.fails("clock_skew", value=-5000)
    bench.run(1500)
    now_ms = bench.t_ns // 1_000_000
    frames = pushes(wire.take())
    stamps = [f["ts"] for f in frames] + [f["cts"] for f in frames if "cts" in f]
    assert stamps
    assert all(now_ms - 7000 < ts <= now_ms - 5000 for ts in stamps)
    assert bench.result("time")["timeSecond"] == str((now_ms - 5000) // 1000)


def test_another_funding_interval_shows_in_ticker_and_instrument() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed(TICKER)
    bench.fails("funding_interval", symbol="BTCUSDT", value=1)
    bench.run(1500)
    held = merged(pushes(wire.take()))
    assert held["fundingIntervalHour"] == "1"
    assert int(held["nextFundingTime"]) - bench.t_ns // 1_000_000 <= 3_600_000
    assert bench.rows("instruments-info?category=linear&symbol=BTCUSDT")["BTCUSDT"]["fundingInterval"] == 60


def test_depeg_quotes_usdc_elsewhere() -> None:
    bench = BybitBench()
    bench.fails("depeg", value=0.91)
    _, wire = bench.subscribed("orderbook.1.USDCUSDT", url=SPOT)
    (top,) = pushes(wire.take())
    assert 0.909 < float(top["data"]["b"][0][0]) < float(top["data"]["a"][0][0]) < 0.911


def test_a_halt_stops_the_book_repeats_its_top_and_takes_the_row_off_the_list() -> None:
    bench = BybitBench()
    _, wire = bench.subscribed(TOP, BOOK)
    fault = bench.fails("halt", symbol="BTCUSDT", market="perp")
    bench.run(500)
    wire.take()
    bench.run(7000)
    frames = pushes(wire.take())
    assert {f["topic"] for f in frames} == {TOP}
    assert len(set(ids(frames))) == 1
    assert "BTCUSDT" not in bench.rows("instruments-info?category=linear")
    assert bench.rows("instruments-info?category=linear&status=Closed")["BTCUSDT"]["deliveryTime"] == "0"
    bench.hub.faults.remove(fault.id)
    bench.run(1000)
    assert {f["topic"] for f in pushes(wire.take())} == {TOP, BOOK}
    assert "BTCUSDT" in bench.rows("instruments-info?category=linear")


def test_disconnect_of_a_market_means_its_sockets_only() -> None:
    bench = BybitBench()
    _, linear = bench.subscribed(TOP)
    _, spot = bench.subscribed(TOP, url=SPOT)
    bench.fails("disconnect", market="spot")
    assert (linear.dropped, spot.dropped) == (False, True)


@pytest.mark.parametrize(
    "name",
    ["mute", "freeze", "drop_delta", "duplicate", "reorder", "slow", "burst", "old_snapshot", "empty_side",
     "nan_price", "crossed", "depeg", "funding_interval", "clock_skew", "sub_refused", "disconnect"],
)  # fmt: skip
def test_the_truth_stays_sound_under(name: str) -> None:
    stays_sound(BybitBench, lambda bench: bench.subscribed(TOP, BOOK, TICKER), name, "bybit")


def test_same_seed_same_frames() -> None:
    books = pushes(same_frames(BybitBench, lambda bench: bench.subscribed(TOP, BOOK, TICKER)), BOOK)
    assert all(b == a + 1 for a, b in pairwise(ids(books)))
