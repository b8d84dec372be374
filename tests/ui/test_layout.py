"""Where everything goes at every size."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from arbtui.ui import columns, layout
from arbtui.ui.layout import ARRANGEMENTS, PANES, PRESETS, PaneId, Preset, Shape, plan
from arbtui.ui.panes import legs

sizes = st.tuples(st.integers(min_value=0, max_value=260), st.integers(min_value=0, max_value=90))
panes = st.sampled_from(PANES)
presets = st.sampled_from(PRESETS)


def regions(made: layout.Plan) -> list[Region]:
    fixed = [
        made.status,
        *(region for region in (made.detail, made.alarm, made.bottom, made.keys) if region is not None),
    ]
    return [region for region in (*fixed, *made.panes.values()) if region.area]


@given(sizes, st.one_of(st.none(), panes), panes, st.booleans(), st.booleans(), presets, st.sets(panes))
def test_nothing_overlaps_and_nothing_hangs_over_the_edge(
    size: tuple[int, int],
    zoomed: PaneId | None,
    front: PaneId,
    prompt: bool,
    alarm: bool,
    preset: Preset,
    missing: set[PaneId],
) -> None:
    width, height = size
    have = [pane for pane in PANES if pane == "grid" or pane not in missing]
    made = plan(width, height, [front], zoomed, prompt=prompt, alarm=alarm, preset=preset, have=have)
    assert set(made.panes) <= set(have)
    placed = regions(made)
    for region in placed:
        assert Region(0, 0, width, height).contains_region(region)
    for at, region in enumerate(placed):
        assert not any(region.overlaps(other) for other in placed[at + 1 :])


@given(sizes, panes, presets)
def test_a_pane_that_was_called_is_shown_wherever_a_pane_fits(
    size: tuple[int, int], pane: PaneId, preset: Preset
) -> None:
    width, height = size
    made = plan(width, height, [pane], None, prompt=False, preset=preset)
    if width and height > 3:
        assert pane in made.panes


@pytest.mark.parametrize("shape", get_args(Shape))
@pytest.mark.parametrize("preset", PRESETS)
def test_every_arrangement_holds_every_pane_once(shape: Shape, preset: Preset) -> None:
    held = [pane for zone in layout.zones(ARRANGEMENTS[shape][preset]) for pane in zone]
    assert sorted(held) == sorted(PANES)


def test_200x60_shows_chart_legs_positions_and_orders_at_once() -> None:
    made = plan(200, 60, ["grid"], None, prompt=False)
    assert set(made.panes) == {"grid", "books", "chart", "legs", "positions", "signals", "orders"}
    assert made.panes["grid"].width >= 120
    assert made.panes["legs"].y == made.panes["chart"].y == made.panes["positions"].y


def test_120x40_shows_grid_books_chart_signals_and_legs_at_once() -> None:
    made = plan(120, 40, ["grid"], None, prompt=False)
    assert set(made.panes) == {"grid", "books", "chart", "signals", "legs"}
    assert made.panes["grid"].width >= 76
    assert made.panes["legs"].width == made.panes["grid"].width


def test_the_room_of_a_pane_that_this_run_does_not_have_goes_to_its_neighbours() -> None:
    have = [pane for pane in PANES if pane != "chart"]
    made = plan(120, 40, ["grid"], None, prompt=False, have=have)
    assert set(made.panes) == {"grid", "books", "signals", "legs"}
    assert sum(made.panes[pane].height for pane in ("books", "signals")) == 34


def test_80x24_keeps_the_grid_whole_and_shows_the_others_as_tabs() -> None:
    made = plan(80, 24, ["grid"], None, prompt=False)
    assert set(made.panes) == {"grid", "books"}
    assert made.panes["grid"].width == 80
    assert set(made.tabs["books"]) == set(PANES) - {"grid"}


def test_80x24_for_trading_has_the_books_beside_the_grid() -> None:
    made = plan(80, 24, ["grid"], None, prompt=False, preset="trade")
    assert set(made.panes) == {"grid", "books", "positions"}
    assert made.panes["books"].y == made.panes["grid"].y
    assert made.panes["books"].width >= 27


def test_below_60x16_only_the_grid_and_the_lines_about_it_are_left() -> None:
    made = plan(59, 15, ["grid"], None, prompt=False)
    assert set(made.panes) == {"grid"}
    assert made.hidden
    assert made.status.height == 2
    assert made.bottom is not None
    assert made.detail is made.keys is None


def test_a_line_to_type_in_exists_even_in_the_smallest_terminal() -> None:
    assert plan(30, 5, ["grid"], None, prompt=False).bottom is None
    assert plan(30, 5, ["grid"], None, prompt=True).bottom is not None


def test_a_zoomed_pane_has_all_the_room() -> None:
    made = plan(120, 40, ["grid"], "signals", prompt=False)
    assert list(made.panes) == ["signals"]
    assert made.panes["signals"].size == (120, 34)


@given(st.lists(sizes, min_size=2, max_size=6), st.lists(panes, min_size=1, max_size=5, unique=True))
def test_the_pane_that_was_looked_at_last_stays_through_every_resize(
    storm: list[tuple[int, int]], recent: list[PaneId]
) -> None:
    for width, height in storm:
        made = plan(width, height, recent, None, prompt=False)
        if width and height > 3:
            assert recent[0] in made.panes


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
