"""The help page: every key from the table of actions, every column from the table of columns, every mark."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len

from arbtui.ui import text
from arbtui.ui.actions import ACTIONS
from arbtui.ui.columns import COLUMNS
from arbtui.ui.desk import Desk
from arbtui.ui.filter import ABOUT as FILTER_WORDS
from arbtui.ui.fullscreen import FullScreen
from arbtui.ui.keymap import Keymap
from arbtui.ui.registry import SCOPE_TITLES, Handlers, Scope
from arbtui.ui.theme import Line

_KEYS_WIDTH = 20
_ORDER = tuple(scope for scope in SCOPE_TITLES if scope != "help")
_MARKS = (
    ("▲ ▼", "gain and loss, always with the sign"),
    ("*", "a hedge of this coin is open; 6 shows it"),
    ("^", "pinned: the coin stays on top; m again mutes it"),
    ("~ (…)", "muted: shown, never a signal; the line below the panes says why"),
    ("·", "not known"),
    ("s", "the leg is the spot market"),
    ("i", "selling this spot leg needs coins in stock"),
    ("$", "the legs' currencies differ and were converted; rate, source and age stand below"),
    ("r", "a leg is known by REST snapshot only: shown, not tradable"),
    ("● ◐ ◌ ○", "a venue: live, degraded or stale, connecting, down; ms = exchange stamp to receipt"),
    ("● ○ ×", "a signal: raised, cleared, not raised; an s behind a venue is its spot market"),
    ("FIRED", "a hedge of just these two legs was opened while the signal stood; the line below names it"),
    (
        "BINA+ OKX−s",
        "positions: long on the one, short on the other, s = spot",
    ),
    ("made USD", "price, fees and funding of a hedge together, its open part at executable exit prices"),
    ("liq", "how far the mark is from the venue's liquidation price, the nearer of both legs"),
    ("gap (0.1)", "coins that the bought leg holds more than the sold one; in brackets: dust, too little to trade"),
    ("disk+ack", "of an order: from decision to journal on disk, from sending to the venue's first word"),
    (
        "ARMED …",
        "hedges may be opened; DISARMED: only what is open is looked after; KILLED: ! was pressed, A arms again",
    ),
    ("B S", "in the legs: the buy and the sell leg on show"),
)


def lines(keymap: Keymap, first: Scope, width: int) -> list[Line]:
    """The whole page; ``first`` is the scope of the pane that asked, its keys come on top."""
    out: list[Line] = []
    for scope in sorted(_ORDER, key=lambda scope: (scope != first, _ORDER.index(scope))):
        own = [action for action in ACTIONS if action.scope == scope]
        if own:
            out.extend(_heading(SCOPE_TITLES[scope]))
        for action in own:
            out.extend(_entry("  ".join(keymap.spoken(action.id)), action.about, width))
    out.extend(_heading("Columns of the grid: s and the letter sorts, S reverses"))
    for column in COLUMNS:
        out.extend(_entry(f"{column.letter}  {column.title or 'marks'}", column.about, width))
    out.extend(_heading(f"Words of the filter, after {keymap.first('grid.filter')}: all of them must hold"))
    for word, about in FILTER_WORDS:
        out.extend(_entry(word, about, width))
    out.extend(_heading("Marks"))
    for mark, about in _MARKS:
        out.extend(_entry(mark, about, width))
    return out


def _heading(title: str) -> list[Line]:
    return [(("", "text"),), ((f" {title}", "title_focus"),)]


def _entry(key: str, about: str, width: int) -> list[Line]:
    words = text.wrap(about, max(16, width - _KEYS_WIDTH - 2)) or [""]
    pad = " " * max(1, _KEYS_WIDTH - 1 - cell_len(key))
    first: Line = ((f" {key}{pad}", "key"), (words[0], "text"))
    return [first, *[((" " * _KEYS_WIDTH + more, "text"),) for more in words[1:]]]


class HelpScreen(FullScreen):
    scope: ClassVar[Scope] = "help"

    def __init__(self, desk: Desk, first: Scope) -> None:
        super().__init__(desk)
        self._first: Scope = first
        self._top = 0

    def handlers(self) -> Handlers:
        return {
            "help.down": lambda: self._scroll(1),
            "help.up": lambda: self._scroll(-1),
            "help.page_down": lambda: self._scroll(max(1, self.size.height - 3)),
            "help.page_up": lambda: self._scroll(-max(1, self.size.height - 3)),
            "help.close": self._close,
        }

    def show(self) -> None:
        width, height = self.size
        page = lines(self.desk.keys, self._first, width)
        self._top = max(0, min(self._top, len(page) - height + 1))
        seen = page[self._top : self._top + height - 1]
        below = len(page) - self._top - len(seen)
        foot: Line = ((f" {below} more lines below; j k PgDn PgUp, esc leaves", "dim"),)
        self.page.show([*seen, *[()] * (height - 1 - len(seen)), foot])

    def _scroll(self, by: int) -> None:
        self._top += by
        self.show()

    def _close(self) -> None:
        self.dismiss()
