"""Where everything goes at every size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from arbtui.ui import columns, layout
from arbtui.ui.layout import PANES, PaneId, plan, zone_of
from arbtui.ui.panes import legs

sizes = st.tuples(st.integers(min_value=0, max_value=260), st.integers(min_value=0, max_value=90))
panes = st.sampled_from(PANES)


def regions(made: layout.Plan) -> list[Region]:
    fixed = [
        made.status,
        *(region for region in (made.detail, made.alarm, made.bottom, made.keys) if region is not None),
    ]
    return [region for region in (*fixed, *made.panes.values()) if region.area]


@given(sizes, st.one_of(st.none(), panes), panes, st.booleans(), st.booleans())
def test_nothing_overlaps_and_nothing_hangs_over_the_edge(
    size: tuple[int, int], zoomed: PaneId | None, front: PaneId, prompt: bool, alarm: bool
) -> None:
    width, height = size
    shown = {zone_of(layout.shape_of(width, height), front): front}
    made = plan(width, height, shown, zoomed, prompt=prompt, alarm=alarm)
    placed = regions(made)
    for region in placed:
        assert Region(0, 0, width, height).contains_region(region)
    for at, region in enumerate(placed):
        assert not any(region.overlaps(other) for other in placed[at + 1 :])


@given(sizes, panes)
def test_a_pane_that_was_called_is_shown_wherever_a_pane_fits(size: tuple[int, int], pane: PaneId) -> None:
    width, height = size
    made = plan(width, height, {zone_of(layout.shape_of(width, height), pane): pane}, None, prompt=False)
    if width and height > 3:
        assert pane in made.panes


def test_120x40_shows_grid_books_signals_and_legs_at_once() -> None:
    made = plan(120, 40, {}, None, prompt=False)
    assert set(made.panes) == {"grid", "books", "signals", "legs"}
    assert made.panes["grid"].width >= 76
    assert made.panes["legs"].width == 120


def test_80x24_keeps_the_grid_whole_and_shows_the_others_as_tabs() -> None:
    made = plan(80, 24, {}, None, prompt=False)
    assert set(made.panes) == {"grid", "books"}
    assert made.panes["grid"].width == 80
    assert made.tabs["books"] == ("books", "legs", "signals", "feeds", "positions", "orders")


def test_below_60x16_only_the_grid_and_the_status_lines_are_left() -> None:
    made = plan(59, 15, {}, None, prompt=False)
    assert set(made.panes) == {"grid"}
    assert made.status.height == 2
    assert made.detail is made.bottom is made.keys is None


def test_a_line_to_type_in_exists_even_in_the_smallest_terminal() -> None:
    assert plan(30, 6, {}, None, prompt=True).bottom is not None


def test_a_zoomed_pane_has_all_the_room() -> None:
    made = plan(120, 40, {}, "signals", prompt=False)
    assert list(made.panes) == ["signals"]
    assert made.panes["signals"].size == (120, 34)


def test_the_columns_of_the_grid_leave_in_the_order_of_need() -> None:
    def fitting(width: int) -> list[str]:
        return [column.id for column, _ in columns.choose(width)]

    assert {"symbol", "buy", "ask", "sell", "bid", "gross", "net", "top", "max", "age"} <= set(fitting(76))
    assert {"symbol", "buy", "sell", "net", "age"} <= set(fitting(36))
    assert set(fitting(10)) == {"symbol"}
    assert set(fitting(240)) == {column.id for column in columns.COLUMNS}


@given(st.integers(min_value=1, max_value=260))
def test_chosen_columns_never_take_more_than_there_is(width: int) -> None:
    assert sum(taken for _, taken in columns.choose(width)) <= width
    assert sum(column.width for column in legs.choose(width)) <= width
