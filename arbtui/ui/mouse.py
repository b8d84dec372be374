"""What a click and the wheel mean, by where they are. They move, focus, sort and choose; nothing is confirmed by them.

A click on a pane focuses it, on a row puts the cursor there, on a header of the grid sorts by that column, on a tab
brings that pane, on a row of the picker chooses it, on a row above ``:`` puts it into the line. While a ticket is open
a click does nothing: what sends is a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from textual.geometry import Region

from arbtui.ui.desk import Desk
from arbtui.ui.layout import PANES, PaneId
from arbtui.ui.panes.grid import GridPane
from arbtui.ui.panes.pane import ListPane, Pane
from arbtui.ui.picker import Picker
from arbtui.ui.prompt import PromptLine
from arbtui.ui.theme import Line
from arbtui.ui.ticket.panel import OrderPanel

WHEEL_ROWS = 3


class Pointed(Protocol):
    """The main screen, as far as a mouse needs it."""

    desk: Desk
    panes: dict[PaneId, Pane]
    picker: Picker
    panel: OrderPanel
    prompt: PromptLine

    @property
    def offers_region(self) -> Region:
        """Rows offered above the line that is typed in; of no area where there are none."""
        ...

    @property
    def shown(self) -> Mapping[PaneId, Region]:
        """The panes that are on screen, and where."""
        ...

    @property
    def asking(self) -> bool: ...

    def run(self, action_id: str, argument: str = "") -> str: ...


def click(screen: Pointed, x: int, y: int) -> None:
    if screen.picker.open:
        screen.picker.click(y)
        return
    offers = screen.offers_region
    if offers.contains(x, y):
        screen.prompt.click(y - offers.y, offers.height)
        return
    found = None if screen.asking else _pane_at(screen, x, y)
    if found is None:
        return
    pane, region = found
    screen.run(f"pane.{_tab_at(pane, x - region.x) if y == region.y else pane.pane_id}")
    if isinstance(pane, ListPane) and y > region.y:
        _in_list(screen, pane, x - region.x, y - region.y - 1)


def _in_list(screen: Pointed, pane: ListPane, x: int, y: int) -> None:
    """A click in a list's body, from its top left corner."""
    if y < pane.header_rows:
        column = pane.column_at(x) if isinstance(pane, GridPane) else None
        if column is not None:
            again = screen.desk.order.column == column.id
            screen.run("grid.reverse" if again else "grid.sort", "" if again else column.id)
        return
    row = y - pane.header_rows
    if row < pane.window and pane.cursor.top + row < pane.count:
        pane.move(pane.cursor.top + row - pane.cursor.index)


def wheel(screen: Pointed, x: int, y: int, direction: int) -> None:
    """Rows of what is under the pointer go by; the focus stays where it is."""
    if screen.picker.open:
        screen.picker.move(direction)
    elif screen.panel.open:
        screen.panel.move(direction)
    elif not screen.asking:
        found = _pane_at(screen, x, y)
        if found is not None and isinstance(found[0], ListPane):
            found[0].move(direction * WHEEL_ROWS)


def _pane_at(screen: Pointed, x: int, y: int) -> tuple[Pane, Region] | None:
    return next(((screen.panes[name], region) for name, region in screen.shown.items() if region.contains(x, y)), None)


def _tab_at(pane: Pane, x: int) -> PaneId:
    """The pane whose name or digit stands at this place of a title; the title's own pane where none does."""
    digit = _digit_at(pane.title_rule.shown[0] if pane.title_rule.shown else (), x)
    wanted = PANES[digit - 1] if 1 <= digit <= len(PANES) else pane.pane_id
    return wanted if wanted in pane.tabs else pane.pane_id


def _digit_at(line: Line, x: int) -> int:
    """The digit of the cell of a title at ``x``: its own, or where it holds several the one that is pointed at."""
    at = 0
    for words, _ in line:
        if at <= x < at + len(words):
            here = words[x - at]
            first = words.strip()[:1]
            several = all(part.isdigit() for part in words.split())
            found = here if several else first
            return int(found) if found.isdigit() else 0
        at += len(words)
    return 0
