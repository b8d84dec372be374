"""Curves of dots."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from arbtui.ui.braille import curve

points = st.lists(
    st.tuples(st.integers(0, 10**6), st.floats(-1e6, 1e6)), max_size=80
).map(sorted)  # fmt: skip


def test_a_rising_line_goes_from_the_lower_left_to_the_upper_right() -> None:
    lines = curve([(t, float(t)) for t in range(9)], 4, 2)
    assert lines[0][0] == " "
    assert lines[0][-1] != " "
    assert lines[1][0] != " "
    assert lines[1][-1] == " "


def test_a_level_line_stands_in_the_middle_and_a_gap_stays_a_gap() -> None:
    lines = curve([(0, 5.0), (1, 5.0), (100, 5.0)], 10, 3)
    assert [bool(line.strip()) for line in lines] == [False, True, False]
    assert lines[1][2:-1].strip() == ""


def test_no_dip_is_lost_however_many_points_share_a_cell() -> None:
    flat = [(t, 10.0) for t in range(10_000)]
    flat[5000] = (5000, 0.0)
    lines = curve(flat, 20, 4)
    assert lines[-1].strip(), "the dip reaches the lowest row"


@given(points, st.integers(0, 40), st.integers(0, 12))
def test_every_line_is_as_wide_as_asked_whatever_the_points(
    given_points: list[tuple[int, float]], width: int, height: int
) -> None:
    lines = curve(given_points, width, height)
    assert len(lines) == (height if width else 0)
    assert all(len(line) == width for line in lines)
    assert bool("".join(lines).strip()) is bool(given_points and width and height)
