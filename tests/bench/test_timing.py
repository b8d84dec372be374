"""How candidates are compared."""

from __future__ import annotations

import pytest

from arbtui.bench.timing import Timed, Work, compare


def _spin(turns: int) -> Work:
    def work() -> None:
        for _ in range(turns):
            pass

    return work


def test_a_candidate_that_does_four_times_the_work_has_a_ratio_of_about_four() -> None:
    timed = compare({"base": lambda: _spin(50_000), "more": lambda: _spin(200_000)}, items=1000, rounds=5)
    assert timed["base"].ratio == 1.0
    assert 2.0 < timed["more"].ratio < 8.0
    assert timed["more"].over(timed["base"]) == pytest.approx(timed["more"].ratio)


def test_every_round_sets_every_candidate_up_anew_and_the_first_round_does_not_count() -> None:
    made: list[str] = []

    def setup(name: str) -> Work:
        made.append(name)
        return _spin(10)

    timed = compare({"a": lambda: setup("a"), "b": lambda: setup("b")}, items=1, rounds=3)
    assert made.count("a") == made.count("b") == 4
    assert len(timed["a"].rounds) == 3
    assert made != sorted(made, key=made.index)  # they take turns at being first


def test_a_ratio_between_two_candidates_is_that_of_their_fastest_rounds() -> None:
    one, other = Timed(0.0, 0.0, (2.0, 9.0, 4.0)), Timed(0.0, 0.0, (1.5, 3.0, 1.0))
    assert one.over(other) == 2.0
