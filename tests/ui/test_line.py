"""What of a line is painted anew."""

from __future__ import annotations

from typing import Self

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from arbtui.ui.panes.line import LineWidget, differ_to
from arbtui.ui.theme import Cell, Line, Look, Role

roles = st.sampled_from(["text", "dim", "gain"])
cells = st.tuples(st.text(alphabet="ab1▸日 ", max_size=4), roles)
lines = st.lists(cells, max_size=5).map(tuple)


def painted(line: Line, width: int) -> list[Cell]:
    """Every cell of the terminal with its role; the air behind is text."""
    shown: list[tuple[str, Role]] = []
    for words, role in line:
        for char in words:
            shown += [(char, role)] + [("", role)] * (cell_len(char) - 1)
    return (shown + [(" ", "text")] * width)[:width]


def test_the_end_that_both_lines_share_is_left_alone() -> None:
    before: Line = ((" 12.5 ", "gain"), ("│", "rule"))
    now: Line = ((" 12.6 ", "gain"), ("│", "rule"))
    assert differ_to(before, now) == 6
    assert differ_to(before, before) == 0


def test_a_line_that_became_shorter_is_painted_to_its_old_end() -> None:
    assert differ_to((("a long one", "text"),), (("short", "text"),)) == 10


@given(lines, lines)
def test_nothing_that_differs_is_left_out(old: Line, new: Line) -> None:
    width = 24
    cut = differ_to(old, new)
    assert painted(old, width)[cut:] == painted(new, width)[cut:]


async def test_the_cursor_is_painted_and_taken_away_where_there_is_no_line_too() -> None:
    painted: list[Region] = []

    class Counted(LineWidget):
        def refresh(
            self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
        ) -> Self:
            painted.extend(regions)
            return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    class Shown(App[None]):
        def compose(self) -> ComposeResult:
            yield Counted(Look())

    app = Shown()
    async with app.run_test(size=(10, 5)):
        widget = app.query_one(Counted)
        widget.show((), cursor_row=1)
        painted.clear()
        widget.show((), cursor_row=3)
        assert sorted(region.y for region in painted) == [1, 3]
        assert all(region.width == 10 for region in painted)
