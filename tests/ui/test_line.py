"""What of a line is painted anew."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from arbtui.ui.panes.line import differ_to
from arbtui.ui.theme import Cell, Line, Role

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
