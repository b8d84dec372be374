"""A key that sends orders: only by itself, only on what was on show, only in time, capital where it is real."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbtui.ui.confirm import CALM_S, REVIEW_S, Review, Rhythm


def pressed(*gaps_s: float) -> Rhythm:
    rhythm = Rhythm()
    at_s = 100.0
    for gap_s in gaps_s:
        at_s += gap_s
        rhythm.key(at_s)
    return rhythm


def test_a_key_by_itself_is_calm_and_one_soon_after_another_is_not() -> None:
    assert pressed(0).calm
    assert pressed(0, 0.3).calm
    assert not pressed(0, 0.2).calm
    assert not pressed(0, 0.2, 0.2, 0.2).calm


def test_a_key_that_is_held_down_never_becomes_calm() -> None:
    assert not any(pressed(0, *[0.03] * count).calm for count in range(1, 60))


def test_a_key_soon_after_a_paste_is_not_calm() -> None:
    rhythm = pressed(0)
    rhythm.paste(101.0)
    assert not rhythm.calm
    rhythm.key(101.1)
    assert not rhythm.calm
    rhythm.key(101.4)
    assert rhythm.calm


@given(st.lists(st.floats(0, 2), min_size=1, max_size=30))
def test_calm_is_exactly_a_quarter_of_a_second_after_the_key_before(gaps_s: list[float]) -> None:
    times = [100.0]
    for gap_s in gaps_s:
        times.append(times[-1] + gap_s)
    rhythm = Rhythm()
    for at_s in times:
        rhythm.key(at_s)
    assert rhythm.calm is (times[-1] - times[-2] >= CALM_S)


@pytest.mark.parametrize(
    ("real", "capital", "after_s", "sends"),
    [
        (False, False, 1.0, True),
        (False, True, 1.0, True),
        (True, False, 1.0, False),
        (True, True, 1.0, True),
        (False, False, 0.1, False),  # the review was not on show long enough to be read
    ],
)
def test_what_sends(*, real: bool, capital: bool, after_s: float, sends: bool) -> None:
    review = Review(pressed(0), real=real)
    review.begin(100.0)
    assert (review.refuses(capital=capital, now_s=100.0 + after_s) == "") is sends


def test_a_review_runs_out_and_one_that_never_began_sends_nothing() -> None:
    review = Review(pressed(0), real=False)
    assert review.refuses(capital=False, now_s=200.0)
    review.begin(200.0)
    assert review.left_s(200.0 + REVIEW_S - 0.1) > 0
    assert review.left_s(200.0 + REVIEW_S) == 0.0
    review.end()
    assert not review.on
