"""What a screen means to show: as lines of text, and cell by cell with colours."""

from __future__ import annotations

from collections.abc import Iterator

from pyte.graphics import BG_AIXTERM, BG_ANSI, FG_AIXTERM, FG_ANSI, FG_BG_256
from rich.cells import cell_len
from rich.color import Color, ColorSystem, ColorType
from rich.style import Style
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from arbtui.ui.app import ArbtuiApp
from arbtui.ui.panes.line import LineWidget, Placing

Painted = list[tuple[str, str, str, str]]  # character, colour, background, signs of its style: of each cell of a row


def rows_of(app: ArbtuiApp) -> list[str]:
    """Lines of text: every widget's own lines at its own place, later ones over earlier ones."""
    screen = app.screen
    width, height = app.size
    cells = [[" "] * width for _ in range(height)]
    leaves = [widget for widget in screen.walk_children(Widget) if not isinstance(widget, Placing | Screen)]
    for widget in sorted(leaves, key=lambda widget: widget.layer == "overlay" or _in_overlay(widget)):
        region = widget.region
        if not region or not _placed(widget, screen):
            continue
        for y in range(region.height):
            x = region.x
            for char in widget.render_line(y).text:
                if 0 <= region.y + y < height and 0 <= x < width:
                    cells[region.y + y][x] = char
                    for beside in range(1, cell_len(char)):
                        cells[region.y + y][x + beside] = ""
                x += cell_len(char)
    return ["".join(row).rstrip() for row in cells]


def _in_overlay(widget: Widget) -> bool:
    return any(isinstance(above, Widget) and above.layer == "overlay" for above in widget.ancestors)


def _placed(widget: Widget, screen: Screen[object]) -> bool:
    """Whether the screen's layout has the widget where it says it is (a widget keeps its last region when it goes)."""
    if not screen.region.contains_region(widget.region):
        return False
    visible, _ = screen.get_widget_at(*widget.region.offset)
    return visible is widget or _in_overlay(visible)


def cells_of(app: ArbtuiApp) -> list[Painted]:
    """What the compositor makes of the widgets as they are now, nothing remembered, in the colours of a terminal."""
    screen = app.screen
    for widget in (screen, *screen.walk_children(Widget)):
        widget._styles_cache.clear()
        if isinstance(widget, LineWidget):
            widget._made_for = None
    strips = screen._compositor.render_strips()
    for each in app.get_line_filters():
        strips = [strip.apply_filter(each, screen.styles.background) for strip in strips]
    return [list(_cells(strip)) for strip in strips]


def _cells(strip: Strip) -> Iterator[tuple[str, str, str, str]]:
    for text, style, control in strip:
        if control:
            continue
        style = style or Style.null()
        look = (
            _colour(style.color, FG_ANSI, FG_AIXTERM), _colour(style.bgcolor, BG_ANSI, BG_AIXTERM), _signs(style)
        )  # fmt: skip
        for char in text:
            yield char, *look
            for _ in range(1, cell_len(char)):
                yield "", *look


def _signs(style: Style) -> str:
    signs = {"b": style.bold, "i": style.italic, "u": style.underline, "r": style.reverse, "s": style.strike}
    return "".join(sign for sign, on in signs.items() if on)


def _colour(colour: Color | None, table: dict[int, str], bright: dict[int, str]) -> str:
    """As pyte names it: a word for the terminal's own sixteen, else six hexadecimal digits."""
    if colour is None or colour.is_default:
        return "default"
    found = colour.downgrade(ColorSystem.EIGHT_BIT)
    number = found.number
    assert number is not None
    if found.type is ColorType.STANDARD:
        return table[min(table) + number] if number < 8 else bright[min(bright) + number - 8]
    return str(FG_BG_256[number])
