"""The short way to the terminal, for cells that changed and that nothing covers.

Textual makes a frame of every widget that stands in the rectangle around all that changed, and writes a changed row
from the widget's left edge on. A live screen changes a few figures in most of its rows, ten times a second, so that is
where its time went. Here the changed cells alone are written, by the driver's own ``write``, and Textual is not told:
it keeps no picture of its own, but asks the widgets for their rows whenever it paints, and they have the new ones.

That holds as long as each widget stands where Textual painted it last and nothing stands over it. So it is done for the
main screen alone, while nothing is asked there, and ``ready`` says when. Otherwise a widget is refreshed as usual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.geometry import Offset
from textual.strip import Strip
from textual.widget import Widget

from arbtui.ui.theme import Cell, Line, Look


class FrameWriter(Protocol):
    """What takes a frame to the terminal as a whole."""

    def write_frame(self, data: str) -> None: ...


class Glass:
    """``ready``: the writer, while rows may be painted; None while they may not."""

    def __init__(self, app: App[Any], look: Look, ready: Callable[[], FrameWriter | None]) -> None:
        self._app = app
        self._look = look
        self._ready = ready
        self._pens: dict[Style, str] = {}
        self._pen = ""
        self._out: list[str] = []
        self._depth = 0
        self._writer: FrameWriter | None = None

    @contextmanager
    def frame(self) -> Iterator[None]:
        """What is painted within goes out together at its end. Frames within a frame are parts of it."""
        if not self._depth:
            self._writer = self._ready()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                self._send()

    def _send(self) -> None:
        writer, self._writer = self._writer, None
        if self._out and writer is not None:
            x, y = self._app.cursor_position
            writer.write_frame(f"{''.join(self._out)}\x1b[0m\x1b[{y + 1};{x + 1}H")
        self._out.clear()
        self._pen = ""

    def place_of(self, widget: Widget) -> Offset | None:
        """Where the widget's rows are painted; None: they may not be. Only within a frame."""
        if self._writer is None:
            return None
        region = widget.region
        screen = widget.screen
        if not region.area or not screen.region.contains_region(region):
            return None
        seen, _ = screen.get_widget_at(*region.offset)
        return region.offset if seen is widget else None

    def forget(self) -> None:
        """The look has changed."""
        self._pens.clear()

    def put(self, x: int, y: int, cells: Sequence[Cell], *, cursor: bool) -> None:
        """Cells side by side, from this place of the terminal on."""
        out, look = self._out, self._look
        out.append(f"\x1b[{y + 1};{x + 1}H")
        for words, role in cells:
            style = look.style(role, cursor=cursor)
            pen = self._pens.get(style)
            if pen is None:
                pen = self._pens[style] = self._pen_of(style)
            if pen != self._pen:
                self._pen = pen
                out.append(pen)
            out.append(look.written(words))

    def _pen_of(self, style: Style) -> str:
        """What sets a terminal to a style, whatever it was set to, as Textual would have it."""
        segments = [Segment("x", style)]
        for each in self._app.get_line_filters():
            segments = each.apply(segments, self._app.screen.background_colors[1])
        before, _, _ = Strip(segments).render(self._app.console).partition("x")
        return "\x1b[0m" + before


def length_of(words: str) -> int:
    """In cells of the terminal."""
    return len(words) if words.isascii() else cell_len(words)


def changes(before: Line, now: Line, width: int) -> Iterator[tuple[int, list[Cell]]]:
    """Cells that turn one painted line into the other, with the place where they begin; both are ``width`` wide, cut
    or followed by air.
    """
    x = place = begun = 0
    run: list[Cell] = []
    for new, old in zip(now, before, strict=False):
        size = length_of(new[0])
        if new == old:
            if run:
                yield from cut(begun, run, width)
                run = []
        elif length_of(old[0]) == size:
            alike = 0 if run else common(old, new)
            begun = begun if run else x + alike
            run.append((new[0][alike:], new[1]))
        else:
            break
        x += size
        place += 1
    run, begun = [*run, *now[place:]], begun if run else x
    air = sum(length_of(words) for words, _ in before[place:]) - sum(length_of(words) for words, _ in now[place:])
    yield from cut(begun, [*run, (" " * max(0, air), "text")], width)


def common(old: Cell, new: Cell) -> int:
    """So many letters at the beginning are the same, in letters that take a cell each."""
    if old[1] != new[1] or not (old[0].isascii() and new[0].isascii()):
        return 0
    return next((at for at, (before, now) in enumerate(zip(old[0], new[0], strict=True)) if before != now), 0)


def cut(x: int, cells: Sequence[Cell], width: int) -> Iterator[tuple[int, list[Cell]]]:
    """The cells, as far as they stand in the first ``width``; nothing if none of them does."""
    kept, at = list[Cell](), x
    for words, role in cells:
        size = length_of(words)
        if at + size > width:
            words, size = set_cell_size(words, max(0, width - at)), width - at
        if words:
            kept.append((words, role))
        at += size
    if kept:
        yield x, kept


def whole(line: Line, width: int) -> list[Cell]:
    """All cells of a line, and the air behind."""
    air = width - sum(length_of(words) for words, _ in line)
    return next((cells for _, cells in cut(0, (*line, (" " * max(0, air), "text")), width)), [])
