"""Rings of figures: what was put is read, and everything else is a gap."""

from __future__ import annotations

from math import isnan

from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.clock import NS_PER_S
from arbtui.strategy.series import COARSE_KEPT, COARSE_NS, Buckets, Floats, Ring, Track, empty

START_NS = 1_800_000_000 * NS_PER_S


def known(values: Floats) -> list[float | None]:
    return [None if isnan(value) else value for value in values]


def test_what_was_never_put_is_a_gap() -> None:
    ring = Ring(4)
    ring.put(10, 1.0)
    ring.put(12, -3.0)
    assert known(ring.read(12, 4)) == [None, 1.0, None, -3.0]


def test_a_value_of_one_lap_ago_is_never_read_as_if_it_were_of_now() -> None:
    ring = Ring(4)
    for at in range(4):
        ring.put(at, float(at))
    ring.put(9, 9.0)
    assert known(ring.read(9, 4)) == [None, None, None, 9.0]
    assert known(ring.read(20, 4)) == [None] * 4


def test_the_past_is_closed_and_the_present_may_be_corrected() -> None:
    ring = Ring(4)
    ring.put(5, 5.0)
    ring.put(4, 4.0)
    ring.put(5, 6.0)
    assert known(ring.read(5, 2)) == [None, 6.0]


@given(
    st.integers(1, 9),
    st.lists(st.tuples(st.integers(0, 40), st.integers(-1000, 1000)), max_size=30),
    st.integers(0, 60),
    st.integers(0, 25),
)
def test_a_ring_reads_as_a_table_of_everything_that_was_put(
    size: int, puts: list[tuple[int, int]], last: int, count: int
) -> None:
    ring, table, newest = Ring(size), dict[int, float](), -1
    for at, value in puts:
        ring.put(at, float(value))
        if at >= newest:
            table[at], newest = float(value), at
    expected = [table.get(at) if at > newest - size else None for at in range(last - count + 1, last + 1)]
    assert known(ring.read(last, count)) == expected


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(-99, 99)), min_size=1, max_size=60).map(sorted))
def test_a_bucket_holds_the_least_the_greatest_and_the_newest(puts: list[tuple[int, int]]) -> None:
    buckets = Buckets()
    for second, value in puts:
        buckets.put(START_NS + second * NS_PER_S, float(value))
    now_ns = START_NS + 200 * NS_PER_S
    series = buckets.series(now_ns, 21, known_now=False)
    assert series.end_ns == START_NS + 210 * NS_PER_S
    for place in range(21):
        inside = [float(value) for second, value in puts if second // 10 == place]
        expected = (min(inside), max(inside), inside[-1]) if inside else (None,) * 3
        assert tuple(known(each)[place] for each in (series.low, series.high, series.last)) == expected
    assert buckets.most(now_ns, 21) == max(value for _, value in puts)


def test_the_second_under_way_is_no_gap_before_its_sample_was_due() -> None:
    track = Track(NS_PER_S, 600)
    track.put(START_NS, 1.0)
    track.put(START_NS + NS_PER_S, 2.0)
    later_ns = START_NS + 2 * NS_PER_S + 1
    series = track.series(later_ns, 2)
    assert known(series.last) == [1.0, 2.0]
    assert series.end_ns == START_NS + 2 * NS_PER_S
    assert series.start_ns == START_NS
    track.put(later_ns, 3.0)
    assert known(track.series(later_ns, 2).last) == [2.0, 3.0]
    assert known(track.series(START_NS + 5 * NS_PER_S, 4).last) == [2.0, 3.0, None, None]


def test_an_hour_is_read_in_buckets_and_ten_minutes_by_the_second() -> None:
    track = Track(NS_PER_S, 600)
    for second in range(4000):
        track.put(START_NS + second * NS_PER_S, float(second))
    now_ns = START_NS + 3999 * NS_PER_S
    assert (len(track.series(now_ns, 600)), track.series(now_ns, 600).step_ns) == (600, NS_PER_S)
    hour = track.series(now_ns, 3600)
    assert (len(hour), hour.step_ns) == (COARSE_KEPT, COARSE_NS)
    assert (hour.low[-1], hour.high[-1], hour.last[-1]) == (3990.0, 3999.0, 3999.0)
    assert len(track.series(now_ns, 86400)) == COARSE_KEPT


def test_an_hour_ends_with_what_is_known_now_and_not_with_a_bucket_that_has_just_begun() -> None:
    track = Track(NS_PER_S, 600)
    for second in range(30):
        track.put(START_NS + second * NS_PER_S, float(second))
    begun = track.series(START_NS + 30 * NS_PER_S, 3600)
    assert (begun.end_ns, begun.last[-1], begun.known_now) == (START_NS + 30 * NS_PER_S, 29.0, True)
    track.put(START_NS + 30 * NS_PER_S, 30.0)
    broken = track.series(START_NS + 35 * NS_PER_S, 3600)
    assert (broken.end_ns, broken.last[-1], broken.known_now) == (START_NS + 40 * NS_PER_S, 30.0, False)
    gone = track.series(START_NS + 55 * NS_PER_S, 3600)
    assert (gone.end_ns, known(gone.last)[-3:], gone.known_now) == (START_NS + 60 * NS_PER_S, [30.0, None, None], False)


def test_nothing_known_is_as_long_as_it_was_asked_for() -> None:
    assert known(empty(START_NS, 3).last) == [None] * 3
    assert empty(START_NS, 0).known() == []
