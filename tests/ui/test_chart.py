"""Charts as lines of text: nothing known is lost, nothing unknown is drawn."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import inf, isnan, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from arbtui.core.clock import NS_PER_S
from arbtui.strategy.depth import Depth
from arbtui.strategy.series import Series
from arbtui.ui import braille, text
from arbtui.ui.chart import Frame, Look, Mark, points_chart, scale, series_chart
from arbtui.ui.depthchart import depth_chart, profile, view
from arbtui.ui.theme import Line

NOW_S = 1_800_000_000
LOOK = Look(text.signed, threshold=5.0)
figures = st.floats(-(2.0**99), 2.0**99, width=32)
values = st.lists(st.one_of(st.just(nan), figures), min_size=1, max_size=130)


def series(known: Sequence[float | None], step_s: int = 1, end_s: int = NOW_S) -> Series:
    held = array("f", [nan if value is None else value for value in known])
    return Series(end_s * NS_PER_S, step_s * NS_PER_S, held, held, held)


def words(lines: Sequence[Line]) -> list[str]:
    return ["".join(part for part, _ in line) for line in lines]


def chart(known: Sequence[float | None], width: int = 40, height: int = 9, look: Look = LOOK) -> list[str]:
    return words(series_chart(series(known), NOW_S * NS_PER_S - 1, len(known), width, height, look))


def has_dots(cells: str) -> bool:
    return any("⠀" < char <= "⣿" for char in cells)


# columns


@settings(max_examples=60)
@given(values, st.integers(1, 40), st.integers(1, 9), st.integers(1, 40))
def test_every_least_and_greatest_of_a_column_has_its_dot(
    known: list[float], width: int, height: int, column_s: int
) -> None:
    held = series(known)
    columns, rows = 2 * width, 4 * height
    column_ns = column_s * NS_PER_S // 2
    runs = braille.runs_of_series(held, columns, held.end_ns, column_ns)
    found = braille.limits(runs)
    inside: dict[int, list[float]] = {}
    for place, value in enumerate(held.last):
        column = columns - 1 - (held.end_ns - 1 - held.start_ns - place * held.step_ns) // column_ns
        if not isnan(value):
            inside.setdefault(max(0, column), []).append(value)
    assert (found is None) is (not inside)
    if found is None:
        return
    lines = braille.draw(runs, *found, width, height)
    for column, group in inside.items():
        for value in (min(group), max(group)):
            dot = braille.row_of(value, *found, rows)
            bits = ord(lines[dot // 4][column // 2]) - 0x2800
            assert bits & ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))[dot % 4][column % 2]


@settings(max_examples=60)
@given(values, st.integers(1, 60), st.integers(1, 16))
def test_whatever_the_figures_all_lines_are_as_wide_as_asked(known: list[float], width: int, height: int) -> None:
    lines = chart(known, width, height)
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)
    if any(not isnan(value) for value in known):
        assert any(has_dots(line) for line in lines)


def test_a_gap_as_wide_as_a_column_is_drawn_as_a_gap() -> None:
    known: list[float | None] = [1.0] * 30 + [None] * 10 + [1.0] * 40
    whole = chart([1.0] * 80, 8, 1, Look(text.signed))[0]
    broken = chart(known, 8, 1, Look(text.signed))[0]
    assert has_dots(whole[3])
    assert not broken[3].strip(), broken


def test_what_follows_is_joined_even_if_there_are_more_columns_than_figures() -> None:
    runs = braille.runs_of_series(series([1.0, 2.0, None, 4.0]), 16, NOW_S * NS_PER_S, NS_PER_S // 4)
    assert runs == [[(0, 1.0, 1.0), (4, 2.0, 2.0)], [(12, 4.0, 4.0)]]
    (line,) = braille.draw(runs, 1.0, 4.0, 8, 1)
    assert all(has_dots(char) for char in line[:3]), "from the first to the second"
    assert line[3:6] == "   ", "and then nothing is known"


def test_a_figure_keeps_its_cell_while_time_goes_on() -> None:
    known: list[float | None] = [None] * 50 + [9.0] + [0.0] * 9
    held = series(known)
    cells = []
    for now_s in (0.5, 3.5, 4.5):  # a cell is four seconds
        lines = words(series_chart(held, round((NOW_S + now_s) * NS_PER_S), 60, 15, 4, Look(text.signed)))
        cells.append(next(at for at, char in enumerate(lines[0]) if has_dots(char)))
    assert cells[0] == cells[1]
    assert cells[2] == cells[0] - 1


# scale


@given(figures, figures, st.integers(0, 40))
def test_a_scale_holds_its_figures_and_is_not_much_wider(one: float, other: float, rows: int) -> None:
    low, high = min(one, other), max(one, other)
    scaled = scale(low, high, rows)
    slack = 1e-9 * max(abs(low), abs(high))
    assert scaled.low <= low + slack
    assert scaled.high >= high - slack
    assert scaled.low < scaled.high < inf
    assert len(scaled.ticks()) <= max(1.0, 0.75 * rows - 1) + 1


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (-4.4, 18.9, [0, 10, 20]),
        (0.0, 1.0, [0.0, 0.5, 1.0]),
        (-0.02, 0.0, [-0.02, -0.01, 0.0]),
        (25_000.0, 25_001.0, [25_000.0, 25_000.5, 25_001.0]),
    ],
)
def test_labels_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert scale(low, high, 5).ticks() == pytest.approx(ticks)


def test_a_constant_stands_in_the_middle_of_a_scale_of_its_own() -> None:
    for value in (0.0, 7.0, -7.0, 25_012.4):
        scaled = scale(value, value, 8)
        assert scaled.low < value < scaled.high
        lines = chart([value] * 20, 30, 5, Look(text.signed))
        assert [has_dots(line) for line in lines].count(True) == 1


def test_what_sampling_rounds_off_makes_no_scale() -> None:
    """Samples have 24 bits, what is so at this moment 53."""
    for value in (-7.297671, 80.0000001, 0.00001, 250.123456789):
        lines = chart([value] * 20, 60, 9, Look(text.signed, now=value))
        assert "…" not in "".join(lines)
        assert f" min {text.signed(value)} " in lines[-1]


# what stands beside the curve


def test_threshold_newest_figure_and_figures_below() -> None:
    lines = chart([0.0, 2.0, 4.0, 6.0, 8.0] * 4, 44, 9)
    (limit,) = [line for line in lines if "┼" in line]
    assert limit.startswith("+5.0┼")
    (newest,) = [line for line in lines[:-1] if line.rstrip().endswith("+8.0")]
    assert has_dots(newest)
    assert lines[-1].split() == ["now", "+8.0", "min", "+0.0", "med", "+4.0", "max", "+8.0"]
    assert lines[-2].strip().startswith("└−20s")
    assert lines[-2].rstrip().endswith("now")


def test_the_curve_above_the_threshold_has_the_colour_of_a_gain() -> None:
    lines = series_chart(series([0.0] * 20 + [10.0] * 20), NOW_S * NS_PER_S - 1, 40, 40, 9, LOOK)
    roles = {role for line in lines[:2] for part, role in line if has_dots(part)}
    assert roles == {"gain"}
    below = {role for line in lines[5:7] for part, role in line if has_dots(part)}
    assert below == {"accent"}


def test_the_threshold_s_label_is_never_cut() -> None:
    for look in (LOOK, Look(text.signed, threshold=5.0, live=False)):
        lines = chart([-10.0, 25.0] * 30, 60, 20, look)
        assert any(line.lstrip().startswith("+5.0┼") for line in lines)


def test_a_threshold_far_away_is_told_and_not_drawn() -> None:
    lines = chart([-90.0, -91.0] * 10, 60, 9)
    assert not any("┼" in line for line in lines)
    assert "threshold +5.0" in lines[-1]


def test_where_nothing_is_known_now_no_figure_stands_at_the_right() -> None:
    for lines in (chart([1.0] * 19 + [None], 60), chart([1.0] * 20, 60, look=Look(text.signed, live=False))):
        assert lines[-1].startswith(" now · ")
        assert not any(line.rstrip().endswith("+1.0") for line in lines[:-2])
    held = series([1.0] * 20)
    older = Series(held.end_ns, held.step_ns, held.low, held.high, held.last, known_now=False)
    assert words(series_chart(older, NOW_S * NS_PER_S - 1, 20, 60, 9, LOOK))[-1].startswith(" now · ")
    assert "n 19 of 20" in chart([1.0] * 19 + [None], 80)[-1]


def test_signals_stand_under_the_curve_where_they_were() -> None:
    marks = [
        Mark((NOW_S - 30) * NS_PER_S, "▲", "gain_strong"),
        Mark((NOW_S - 10) * NS_PER_S, "▽", "dim"),
        Mark((NOW_S - 999) * NS_PER_S, "▲", "gain_strong"),
    ]
    lines = chart([1.0] * 60, 60, 9, Look(text.signed, marks=marks))
    axis = lines[-2]
    assert axis.count("▲") == axis.count("▽") == 1
    left, right = axis.index("└") + 1, axis.index("now") + 3
    assert axis.index("▲") == pytest.approx(left + (right - left) / 2, abs=1)
    assert axis.index("▽") == pytest.approx(left + (right - left) * 5 / 6, abs=1.5)


def test_without_a_single_figure_it_says_so() -> None:
    assert chart([None] * 20, 40, 5, Look(text.signed, empty="nothing is known of it")) == [
        " nothing is known of it".ljust(40)
    ]


@pytest.mark.parametrize("size", [(8, 3), (3, 1), (1, 1), (0, 5), (5, 0), (19, 4), (20, 6), (200, 60)])
def test_no_room_is_too_small_and_the_curve_comes_first(size: tuple[int, int]) -> None:
    lines = chart([-3.0, 12.0, 4.0] * 20, *size)
    assert len(lines) == (size[1] if size[0] else 0)
    if all(size):
        assert sum(map(has_dots, lines)) >= max(1, Frame.of(*size, 5).height // 2)


def test_points_are_joined_unless_they_are_too_far_apart() -> None:
    points = [(minute * 60 * NS_PER_S, 100.0 + minute) for minute in (0, 1, 2, 3, 40, 41)]
    lines = words(points_chart(points, 180 * NS_PER_S, ("10:00", "", "10:41"), 40, 6, Look(text.grouped)))
    assert any("10:00" in line and "10:41" in line for line in lines)
    middle = [line[18:28] for line in lines[:-2]]
    assert not any(has_dots(line) for line in middle), "the half hour without a point"


# depth

DEPTH = Depth(
    asks=((100.0, 1.0), (101.0, 3.0), (103.0, 10.0)),
    bids=((102.0, 2.0), (100.5, 4.0), (97.0, 20.0)),
    crossing=101.5,
    meet_base=2.0,
)


def test_a_profile_sums_up_what_a_price_reaches() -> None:
    edges = [96.0, 100.0, 100.9, 102.0, 104.0]
    assert profile(DEPTH.asks, edges, rising=True) == [0.0, 1.0, 1.0, 3.0, 10.0]
    assert profile(DEPTH.bids, edges, rising=False) == [20.0, 4.0, 2.0, 2.0, 0.0]


def test_the_view_has_the_crossing_in_the_middle_and_holds_twice_the_size() -> None:
    low, high = view(DEPTH, 2.0)
    assert (low + high) / 2 == pytest.approx(DEPTH.crossing)
    assert high >= 103.0, "four coins of asks"
    assert low <= 100.5, "four coins of bids"


def test_bids_stand_left_asks_right_and_the_overlap_between() -> None:
    lines = depth_chart(DEPTH, 300.0, 60, 12)
    roles = [[role for part, role in line for _ in part] for line in lines]
    lowest = lines[9]
    assert any("▒" in part for part, _ in lowest)
    assert "gain" in roles[8][7:20]
    assert "loss" not in roles[8][7:12]
    assert "loss" in roles[8][-10:]
    assert "overlap 203 USD" in words(lines)[-1]
    assert "101.500" in words(lines)[-2]


def test_the_chosen_size_is_a_line_of_its_own() -> None:
    lines = words(depth_chart(DEPTH, 300.0, 60, 12))
    (limit,) = [line for line in lines if "┼" in line]
    assert limit.split("┼")[0].strip() == "300"
    assert "╌" in limit


def test_a_size_that_no_book_holds_is_a_dot_and_not_a_price() -> None:
    assert "buy ≤ ·" in words(depth_chart(DEPTH, 5000.0, 60, 12))[-1]


@given(st.integers(0, 70), st.integers(0, 20), st.floats(1.0, 1e9))
def test_depth_fits_whatever_the_room_and_the_size(width: int, height: int, size_usd: float) -> None:
    lines = words(depth_chart(DEPTH, size_usd, width, height))
    assert len(lines) == (height if width else 0)
    assert all(cell_len(line) <= width for line in lines)


def test_now_is_what_is_so_now_and_not_what_was_sampled_last() -> None:
    sampled = [80.0] * 10
    last = chart(sampled, width=60)
    assert last[-1].startswith(" now +80.0")
    fallen = chart(sampled, width=60, look=Look(text.signed, now=-8.0))
    assert fallen[-1].startswith(" now −8.0")
    assert "min −8.0" in fallen[-1]
    assert any(line.rstrip().endswith("−8.0") for line in fallen[:-2]), "at its own height"
    assert not any("+80.0" in line[50:] for line in fallen[:-2])
    muted = chart(sampled, width=60, look=Look(text.signed, now=-8.0, live=False))
    assert muted[-1].startswith(" now ·")
