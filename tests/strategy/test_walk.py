"""Walking one side of a book."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbtui.strategy.spread import vwap
from arbtui.strategy.walk import walk

levels = st.lists(
    st.tuples(st.floats(min_value=0.01, max_value=1e5), st.floats(min_value=1e-3, max_value=1e4)), max_size=8
)


def test_it_takes_whole_levels_and_a_part_of_the_last() -> None:
    taken = walk([(10.0, 2.0), (11.0, 2.0), (12.0, 5.0)], 5.0)
    assert taken.enough
    assert taken.found == 5.0
    assert taken.average == pytest.approx((20.0 + 22.0 + 12.0) / 5.0)
    assert taken.worst == 12.0


def test_a_book_that_is_too_short_says_how_much_it_shows() -> None:
    taken = walk([(10.0, 2.0)], 5.0)
    assert not taken.enough
    assert (taken.found, taken.average, taken.worst) == (2.0, 10.0, 10.0)


def test_an_empty_side_has_no_price() -> None:
    taken = walk([], 5.0)
    assert (taken.found, taken.average, taken.worst, taken.enough) == (0.0, None, None, False)


@given(levels, st.floats(min_value=1e-3, max_value=1e5))
def test_the_average_is_the_one_that_spreads_are_made_of(book: list[tuple[float, float]], qty: float) -> None:
    taken, average = walk(book, qty), vwap(book, qty)
    if average is not None:
        assert taken.average == pytest.approx(average, rel=1e-9)
    if taken.found < qty * (1 - 1e-9):
        assert average is None
