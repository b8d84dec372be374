"""What a screen shows, as lines of text: every widget's own lines at its own place, later ones over earlier ones."""

from __future__ import annotations

from rich.cells import cell_len
from textual.screen import Screen
from textual.widget import Widget

from arbtui.ui.app import ArbtuiApp
from arbtui.ui.panes.line import Placing


def rows_of(app: ArbtuiApp) -> list[str]:
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
