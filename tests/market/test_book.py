"""One book: its contents against a naive model, and everything that makes it be lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.events import BookDelta, BookSnapshot, Level
from arbtui.core.sequence import Counter, PrevEquals, PrevLink, Replaced
from arbtui.market.book import BUFFERED_MAX, OLD_RUN_MAX, Book, BookState, Effect

MS = 1_000_000
S = 1_000_000_000
BIDS: list[Level] = [("99.0", "1"), ("98.5", "2"), ("98.0", "4")]
ASKS: list[Level] = [("100.0", "1"), ("100.5", "2"), ("101.0", "4")]


def snapshot(
    bids: list[Level] = BIDS, asks: list[Level] = ASKS, seq: int = 10, t_ns: int = S, **more: Any
) -> BookSnapshot:
    return BookSnapshot(0, bids, asks, seq, t_ns, **more)


def delta(bids: list[Level], asks: list[Level], last: int, t_ns: int = S) -> BookDelta:
    return BookDelta(0, bids, asks, -1, last, last - 1, t_ns)


def book(**more: Any) -> Book:
    made = Book(PrevEquals())
    assert made.apply(snapshot(**more)) is Effect.CHANGED
    return made


prices = st.integers(1, 40).map(lambda tick: f"{tick / 10:.2f}")
sizes = st.sampled_from(["0", "0.000", "1", "2.50", "0.001"])
level_lists = st.lists(st.tuples(prices, sizes), max_size=12)


@settings(max_examples=80, deadline=None)
@given(first=level_lists, changes=st.lists(level_lists, max_size=8), depth=st.sampled_from([0, 5]))
def test_a_side_equals_a_naive_dictionary(first: list[Level], changes: list[list[Level]], depth: int) -> None:
    made = Book(PrevEquals())
    made.apply(snapshot([], first, depth=depth))
    naive: dict[float, Level] = {}
    for number, levels in enumerate([first, *changes]):
        if number:
            made.apply(delta([], levels, 10 + number))
        for level in levels:
            naive.pop(float(level[0]), None)
            if float(level[1]):
                naive[float(level[0])] = level
        kept = sorted(naive)[: depth or None]
        naive = {price: naive[price] for price in kept}
        assert made.top(100) == ([], [naive[price] for price in kept])
        assert made.top(3)[1] == [naive[price] for price in kept[:3]]
        assert list(made.walk_asks()) == [(price, float(naive[price][1])) for price in kept]
        best = (kept[0], float(naive[kept[0]][1])) if kept else (None, None)
        assert made.best() == (None, None, *best)


@settings(max_examples=80, deadline=None)
@given(levels=st.dictionaries(st.integers(1, 50), st.integers(1, 9), min_size=1), wanted=st.floats(0.01, 100))
def test_walking_takes_the_best_levels_first(levels: dict[int, int], wanted: float) -> None:
    made = Book(PrevEquals())
    made.apply(snapshot([(str(price), str(size)) for price, size in levels.items()], []))
    walked = made.walk("bids", qty=wanted)
    total = sum(levels.values())
    if wanted > total:
        assert walked is None
        return
    left, notional = wanted, 0.0
    for price in sorted(levels, reverse=True):
        part = min(left, levels[price])
        notional += part * price
        left -= part
    assert walked is not None
    assert walked.qty == pytest.approx(wanted)
    assert walked.vwap == pytest.approx(notional / wanted)
    again = made.walk("bids", notional=walked.notional * 0.999999)
    assert again is not None
    assert again.qty == pytest.approx(wanted, rel=1e-4)


def test_walking_more_than_is_shown_has_no_price() -> None:
    assert book().walk("asks", qty=7.0) is not None
    assert book().walk("asks", qty=7.1) is None
    assert book().walk("asks", notional=1e9) is None
    assert book().walk("asks", qty=float("nan")) is None


def test_texts_stay_as_received() -> None:
    made = book(bids=[("99.00", "1.500", "0", "3")])
    made.apply(delta([("98.10", "0.50", "0", "1")], [], 11))
    assert made.top(2)[0] == [("99.00", "1.500", "0", "3"), ("98.10", "0.50", "0", "1")]


@pytest.mark.parametrize("zero", ["0", "0.0", "0.000", "0.00000000"])
def test_every_spelling_of_zero_deletes(zero: str) -> None:
    made = book()
    made.apply(delta([("99.0", zero)], [("55", zero)], 11))
    assert made.best()[0] == 98.5
    assert made.live


@pytest.mark.parametrize("price", ["nan", "-1", "0", "inf", "1e400", "", "abc", None])
def test_what_is_no_price_loses_the_book(price: str) -> None:
    for size in ("1", "0"):
        made = book()
        assert made.apply(delta([(price, size)], [], 11)) is Effect.WANTED
        assert made.state is BookState.RESYNCING
        assert made.best() == (None, None, None, None)
        assert "bad" in made.reason


@pytest.mark.parametrize("size", ["nan", "-1", "inf", "", "abc", None])
def test_what_is_no_size_loses_the_book(size: str) -> None:
    for price in ("99.0", "97.0"):
        made = book()
        assert made.apply(delta([(price, size)], [], 11)) is Effect.WANTED
        assert not made.live


@pytest.mark.parametrize("bad", [("nan", "1"), ("1", "nan"), ("-1", "1"), ("1", "-1"), ("1",), ("", "")])
def test_a_snapshot_with_a_bad_level_is_not_taken(bad: Level) -> None:
    made = Book(PrevEquals())
    assert made.apply(snapshot([("99", "1"), bad])) is Effect.WANTED
    assert made.state is BookState.WAITING
    assert made.best() == (None, None, None, None)


def test_a_gap_loses_the_book_and_says_where() -> None:
    made = book()
    assert made.apply(delta([("99.5", "1")], [], 12)) is Effect.WANTED
    assert made.state is BookState.RESYNCING
    assert "gap after 10" in made.reason
    assert made.top(5) == ([], [])


def test_a_book_crossed_for_a_moment_is_not_traded_on() -> None:
    made = book()
    made.apply(delta([("100.5", "1")], [], 11, t_ns=2 * S))
    assert made.live
    assert not made.tradable
    made.apply(delta([("100.5", "0")], [], 12, t_ns=3 * S))
    assert made.tradable


def test_bid_equal_to_ask_is_crossed() -> None:
    made = book()
    made.apply(delta([("100.0", "1")], [], 11))
    assert not made.tradable


def test_a_book_crossed_for_longer_than_a_moment_is_lost_by_the_next_frame() -> None:
    made = book()
    made.apply(delta([("100.5", "1")], [], 11, t_ns=2 * S))
    assert made.apply(delta([], [("102", "1")], 12, t_ns=2 * S + 1499 * MS)) is Effect.CHANGED
    assert made.apply(delta([], [("103", "1")], 13, t_ns=2 * S + 1500 * MS)) is Effect.WANTED
    assert not made.live
    assert "bids at or above asks" in made.reason


def test_a_book_crossed_for_longer_than_a_moment_is_lost_without_a_frame_too() -> None:
    made = book()
    made.apply(delta([("100.5", "1")], [], 11, t_ns=2 * S))
    assert made.check(2 * S + 1499 * MS) is Effect.NONE
    assert made.check(2 * S + 1500 * MS) is Effect.WANTED
    assert made.check(9 * S) is Effect.NONE


def test_a_stream_of_snapshots_that_stay_crossed_never_becomes_live_again() -> None:
    made = Book(Replaced())
    for number in range(8):
        made.apply(snapshot([("101", "1")], [("100", "1")], seq=number, t_ns=S + number * 500 * MS))
        assert made.live is (number < 3)
    made.apply(snapshot(seq=9, t_ns=6 * S))
    assert made.tradable


def test_deltas_before_the_snapshot_are_kept_and_asked_for_once() -> None:
    made = Book(PrevEquals())
    assert made.apply(delta([("98.7", "1")], [], 11)) is Effect.WANTED
    assert made.apply(delta([("98.6", "1")], [], 12)) is Effect.NONE
    assert made.state is BookState.WAITING
    assert made.apply(snapshot(source="rest", t_ns=3 * S)) is Effect.CHANGED
    assert made.seq == 12
    assert made.t_ns == 3 * S  # the answer made the book, not the updates kept for it
    assert [level[0] for level in made.top(3)[0]] == ["99.0", "98.7", "98.6"]


def test_what_is_kept_for_the_snapshot_is_bounded() -> None:
    made = Book(PrevEquals())
    for number in range(BUFFERED_MAX + 5):
        made.apply(delta([], [], 11 + number))
    assert made.apply(snapshot(source="rest")) is Effect.WANTED  # the oldest five are gone, and with them the thread
    assert not made.live


def test_a_snapshot_by_rest_that_is_too_old_is_asked_for_again() -> None:
    made = Book(PrevLink())
    made.apply(BookDelta(0, [], [], 21, 25, 20, S))
    assert made.apply(snapshot(seq=15, source="rest")) is Effect.WANTED
    assert not made.live
    assert made.apply(snapshot(seq=22, source="rest")) is Effect.CHANGED
    assert made.seq == 25


def test_deltas_on_which_no_snapshot_fits_are_given_up() -> None:
    made = Book(PrevLink())
    made.apply(BookDelta(0, [], [], 21, 25, 20, S))
    made.apply(BookDelta(0, [], [], 31, 35, 30, S))  # 26..30 was lost while waiting
    assert made.apply(snapshot(seq=22, source="rest")) is Effect.WANTED
    assert made.apply(snapshot(seq=23, source="rest")) is Effect.WANTED
    made.apply(BookDelta(0, [], [], 36, 40, 35, S))
    assert made.apply(snapshot(seq=37, source="rest")) is Effect.CHANGED
    assert made.live
    assert made.seq == 40


def test_deltas_before_a_snapshot_on_the_socket_are_its_past() -> None:
    made = Book(Counter())
    made.apply(BookDelta(0, [("98.7", "1")], [], -1, 500, -1, S))
    assert made.apply(snapshot(seq=1)) is Effect.CHANGED
    assert made.seq == 1
    assert made.top(1)[0] == [("99.0", "1")]


def test_a_snapshot_replaces_the_whole_book() -> None:
    made = book()
    made.apply(snapshot([("90", "1")], [("91", "1")], seq=50))
    assert made.top(9) == ([("90", "1")], [("91", "1")])
    assert made.seq == 50


def test_an_old_snapshot_by_rest_does_not_set_a_live_book_back() -> None:
    made = Book(PrevLink())
    made.apply(snapshot(seq=10, source="rest"))
    made.apply(BookDelta(0, [("99.5", "1")], [], 11, 12, 10, S))
    assert made.apply(snapshot(seq=11, source="rest")) is Effect.NONE
    assert made.best()[0] == 99.5


def test_a_snapshot_from_the_past_is_refused_for_five_seconds() -> None:
    made = Book(Counter())
    made.apply(snapshot(seq=10, t_ns=10 * S, exchange_ms=10_000))
    old = snapshot([("80", "1")], [("81", "1")], seq=4, t_ns=11 * S, exchange_ms=5_000)
    assert made.apply(old) is Effect.NONE
    assert made.best()[0] == 99.0
    still = snapshot([("80", "1")], [("81", "1")], seq=4, t_ns=16 * S, exchange_ms=5_000)
    assert made.apply(still) is Effect.CHANGED  # then it is the venue's clock that was set back
    assert made.best()[0] == 80.0


def test_lower_ids_of_a_replacing_stream_are_ignored() -> None:
    made = Book(Replaced())
    made.apply(snapshot(seq=10))
    assert made.apply(snapshot([("80", "1")], [], seq=9)) is Effect.NONE
    assert made.apply(snapshot([("80", "1")], [], seq=10)) is Effect.CHANGED


def test_a_book_that_hears_nothing_but_the_past_is_lost() -> None:
    made = Book(PrevEquals())
    made.apply(snapshot(seq=1000))
    made.apply(BookDelta(0, [], [], -1, 1005, 1000, S))
    effects = [made.apply(BookDelta(0, [], [], -1, 6 + number, 5 + number, S)) for number in range(OLD_RUN_MAX)]
    assert effects == [Effect.NONE] * (OLD_RUN_MAX - 1) + [Effect.WANTED]
    assert "counter fell back" in made.reason


def test_a_moving_window_is_trimmed_to_its_depth() -> None:
    made = book(depth=3)
    made.apply(delta([("99.2", "1"), ("99.4", "1")], [], 11))
    assert [level[0] for level in made.top(9)[0]] == ["99.4", "99.2", "99.0"]


def test_levels_beyond_the_cut_of_a_snapshot_are_not_known() -> None:
    bids = [(str(1000 - n), "1") for n in range(40)]
    asks = [(str(1001 + n), "1") for n in range(40)]
    made = book(bids=bids, asks=asks, limit=40)
    made.apply(delta([("950", "9")], [("1050", "9")], 11))
    assert len(made.top(99)[0]) == len(made.top(99)[1]) == 40
    gone: list[Level] = [(str(1000 - n), "0") for n in range(30)]
    assert made.apply(delta(gone, [], 12)) is Effect.CHANGED
    assert made.apply(delta([("970", "0")], [], 13)) is Effect.WANTED
    assert "window" in made.reason


def test_a_snapshot_below_its_limit_is_whole() -> None:
    made = book(limit=40)
    made.apply(delta([("1", "1")], [], 11))
    assert len(made.top(9)[0]) == 4
    assert made.apply(delta([("99.0", "0"), ("98.5", "0"), ("98.0", "0"), ("1", "0")], [], 12)) is Effect.CHANGED
    assert made.live
