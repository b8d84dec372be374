"""Cells painted past Textual: what is written is what has changed, and only where nothing stands over it."""

from __future__ import annotations

from contextlib import ExitStack

import pyte
from hypothesis import given
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.widget import Widget

from arbtui.ui.glass import FrameWriter, Glass, changes, length_of, whole
from arbtui.ui.panes.line import LineWidget, Placing
from arbtui.ui.theme import Cell, Line, Look
from tests.ui.test_line import lines, painted

WIDTH = 12


@given(lines, lines)
def test_the_changes_put_over_the_old_line_make_the_new_one(old: Line, new: Line) -> None:
    shown = painted(tuple(whole(old, WIDTH)), WIDTH)
    for x, cells in changes(old, new, WIDTH):
        put: list[Cell] = painted(tuple(cells), sum(length_of(words) for words, _ in cells))
        assert x + len(put) <= WIDTH
        shown[x : x + len(put)] = put
    assert shown == painted(tuple(whole(new, WIDTH)), WIDTH)


def test_what_stays_between_two_changes_is_not_written() -> None:
    old: Line = (("12", "gain"), (" a long name ", "text"), ("7", "loss"))
    new: Line = (("13", "gain"), (" a long name ", "text"), ("8", "loss"))
    assert list(changes(old, new, 40)) == [(1, [("3", "gain")]), (15, [("8", "loss")])]
    now_red: Line = (("13", "loss"), *new[1:])
    assert list(changes(new, now_red, 40)) == [(0, [("13", "loss")])]
    assert not list(changes(old, old, 40))


class Terminal:
    """Takes frames as a terminal does."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(20, 6)
        self._stream = pyte.Stream(self.screen)
        self.frames = 0

    def write_frame(self, data: str) -> None:
        self.frames += 1
        self._stream.feed(data)


class Over(Widget):
    DEFAULT_CSS = "Over { layer: over; offset: 2 1; width: 6; height: 2; display: none; }"


class Shown(App[None]):
    CSS = "Screen { layers: base over; } Table { height: 4; }"

    def __init__(self) -> None:
        super().__init__()
        self.terminal = Terminal()
        self.ready = True
        look = Look()
        self.glass = Glass(self, look, self._writer)
        self.left, self.right = LineWidget(look), LineWidget(look)
        self.left.glass = self.right.glass = self.glass
        self.table = Table(self.left, self.right)
        self.over = Over()

    def _writer(self) -> FrameWriter | None:
        return self.terminal if self.ready else None

    def compose(self) -> ComposeResult:
        yield self.table
        yield self.over


class Table(Placing):
    def __init__(self, left: LineWidget, right: LineWidget) -> None:
        super().__init__()
        self._sides = left, right
        self.hidden = False

    def compose(self) -> ComposeResult:
        yield from self._sides

    def places(self, size: Size) -> dict[Widget, Region]:
        left, right = self._sides
        places: dict[Widget, Region] = {left: Region(0, 0, 8, size.height)}
        return places if self.hidden else places | {right: Region(8, 0, 12, size.height)}


def row(app: Shown, y: int) -> str:
    return app.terminal.screen.display[y].rstrip()


async def test_rows_are_painted_where_their_widgets_stand() -> None:
    app = Shown()
    async with app.run_test(size=(20, 6)):
        with app.glass.frame():
            app.left.show([(("one", "text"),), (("two", "gain"),)])
            app.right.show([(("three", "text"),)], cursor_row=2)
        assert (row(app, 0), row(app, 1), app.terminal.frames) == ("one     three", "two", 1)
        assert app.terminal.screen.buffer[1][0].fg == "5fafff"
        assert {app.terminal.screen.buffer[2][x].bg for x in range(8, 20)} == {"3a3a3a"}
        assert app.terminal.screen.buffer[2][7].bg != "3a3a3a"
        app.right.show([(("3", "text"),)], cursor_row=2)
        assert (row(app, 0), app.terminal.frames) == ("one     3", 2)


async def test_what_was_painted_past_textual_is_what_textual_paints_next() -> None:
    app = Shown()
    async with app.run_test(size=(20, 6)) as pilot:
        app.left.show([(("before", "text"),)])
        await pilot.pause()
        app.left.show([(("after", "text"),)])
        assert app.left.render_lines(Region(0, 0, 8, 4))[0].text == "after   "


async def test_under_another_widget_and_out_of_the_layout_nothing_is_painted() -> None:
    app = Shown()
    async with app.run_test(size=(20, 6)) as pilot:
        app.table.hidden = True
        app.table.place_anew()
        await pilot.pause()
        app.right.show([(("gone", "text"),)])
        assert app.terminal.frames == 0
        app.over.styles.offset = (0, 0)
        app.over.styles.display = "block"
        await pilot.pause()
        app.left.show([(("under", "text"),)])
        assert app.terminal.frames == 0


async def test_while_rows_may_not_be_painted_textual_is_asked_to() -> None:
    app = Shown()
    async with app.run_test(size=(20, 6)) as pilot:
        app.ready = False
        with ExitStack() as frame:
            frame.enter_context(app.glass.frame())
            app.ready = True  # too late: a frame is one or the other
            app.left.show([(("slow", "text"),)])
        assert app.terminal.frames == 0
        await pilot.pause()
        assert app.left.render_lines(Region(0, 0, 8, 4))[0].text == "slow    "
