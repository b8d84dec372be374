"""The help page: every key from the table of actions, every column from the table of columns, every mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len

from arbtui.ui import text
from arbtui.ui.actions import ACTIONS
from arbtui.ui.columns import COLUMNS
from arbtui.ui.desk import Desk
from arbtui.ui.filter import ABOUT as FILTER_WORDS
from arbtui.ui.fullscreen import FullScreen
from arbtui.ui.keymap import Keymap
from arbtui.ui.panes.status import alarm_line
from arbtui.ui.prompt import Question
from arbtui.ui.registry import PANE_SCOPES, SCOPE_TITLES, Action, Handlers, Scope
from arbtui.ui.theme import Line

_KEYS_WIDTH = 20
_NAME_WIDTH = 40  # the action's name in the configuration, and its command
_AGAIN_S = 1.0  # an alarm stands here no later
_NAMED_FROM = 110  # cells of width from which on names are shown
_ORDER = tuple(scope for scope in SCOPE_TITLES if scope != "help")
_MARKS = (
    ("▲ ▼", "gain and loss, always with the sign"),
    ("*", "a hedge of this coin is open; {pane.positions} shows it"),
    ("^", "pinned: the coin stays on top; {mark.next} again mutes it"),
    ("~ (…)", "muted: shown, never a signal; the line below the panes says why"),
    ("·", "not known"),
    ("s", "the leg is the spot market"),
    ("i", "selling this spot leg needs coins in stock"),
    ("$", "the legs' currencies differ and were converted; rate, source and age stand below"),
    ("r", "a leg is known by REST snapshot only: shown, not tradable"),
    (
        "● ◐ ◌ ○",
        "a venue: live; in part, slow, stale or its clock off; connecting; down. ms = exchange stamp to receipt",
    ),
    ("● ◐ ○", "an account: all, some, none of its private streams are up; ~ what nobody would hear a change of"),
    ("eq +?", "equity of all accounts, USD; with a question mark where a part of it is not known"),
    ("day open", "USD that hedges made that ended since 00:00 UTC, and that the open ones have made so far"),
    ("exp 0..90", "USD of open coins that no other leg hedges; a range while orders are under way"),
    ("┃ ▸ █", "in the books: the chosen size takes this level, ends in this one; the level's share of the largest"),
    ("slip", "what the size costs beyond the first coin; gross, slip and NET = gross - fee - slip are of the books"),
    ("room to 5 bps", "USD until the next coin nets less than the threshold"),
    ("basis /8h", "in the legs: mark above index; what a long pays in eight hours. carry: of the pair on show"),
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
        "hedges may be opened; DISARMED: only what is open is looked after; KILLED: by {order.kill}, {order.arm} arms",
    ),
    ("AUTO", "the automatic mode is on: while armed it opens hedges on signals, and closes its own; :auto off"),
    ("NO ORDERS", "this run only watches; {order.ticket} says why"),
    ("B S", "in the legs: the buy and the sell leg on show"),
    ("[keys]", 'in config.toml gives actions other keys, by the names on this page: grid.sort = "f5, s"'),
)


@dataclass(frozen=True)
class Entry:
    """``name``: what the action is called in the configuration and after the colon, "" for what is no action."""

    key: str
    about: str
    name: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    entries: Sequence[Entry]


def sections(keymap: Keymap, first: Scope) -> list[Section]:
    """The whole page. What concerns the pane that asked comes on top: its keys, then its columns and marks."""
    keys = {scope: Section(SCOPE_TITLES[scope], _keys_of(scope, keymap)) for scope in _ORDER}
    columns = Section(
        keymap.words("Columns of the grid: {grid.sort} and the letter sorts, {grid.reverse} reverses"),
        [Entry(f"{column.letter}  {column.title or 'marks'}", column.about) for column in COLUMNS],
    )
    words = Section(
        keymap.words("Words of the filter, after {grid.filter}: all of them must hold"),
        [Entry(word, about) for word, about in FILTER_WORDS],
    )
    marks = Section("Marks", [Entry(mark, keymap.words(about)) for mark, about in _MARKS])
    explained = [columns, words, marks]
    own = [keys.pop(first)] if first in keys else []
    top = [*own, *(explained if first == "grid" else [marks] if first in PANE_SCOPES else [])]
    rest = [*keys.values(), *(section for section in explained if section not in top)]
    return [section for section in (*top, *rest) if section.entries]


def _keys_of(scope: Scope, keymap: Keymap) -> list[Entry]:
    own = [action for action in ACTIONS if action.scope == scope]
    return [Entry("  ".join(keymap.spoken(action.id)), action.about, _name_of(action)) for action in own]


def _name_of(action: Action) -> str:
    """``threshold.all  :threshold BPS [COIN]``"""
    if action.takes is not None:
        return f"{action.id}  :{action.word} {action.takes.form}"
    return f"{action.id}  :{action.command}" if action.command else action.id


def lines(keymap: Keymap, first: Scope, width: int, words: str = "") -> list[Line]:
    """The page as painted; with ``words`` only the entries that have all of them."""
    wanted = words.lower().split()
    out: list[Line] = []
    for section in sections(keymap, first):
        found = [entry for entry in section.entries if _has(section, entry, wanted)]
        if found:
            out.extend(_heading(section.title))
        for entry in found:
            out.extend(_entry(entry, width))
    return out


def _has(section: Section, entry: Entry, wanted: Sequence[str]) -> bool:
    text = f"{section.title} {entry.key} {entry.about} {entry.name}".lower()
    return all(word in text for word in wanted)


def _heading(title: str) -> list[Line]:
    return [(("", "text"),), ((f" {title}", "title_focus"),)]


def _entry(entry: Entry, width: int) -> list[Line]:
    name_width = _NAME_WIDTH if entry.name and width >= _NAMED_FROM else 0
    words = text.wrap(entry.about, max(16, width - _KEYS_WIDTH - name_width - 2)) or [""]
    pad = " " * max(1, _KEYS_WIDTH - 1 - cell_len(entry.key))
    first: Line = ((f" {entry.key}{pad}", "key"), (words[0], "text"))
    if name_width:
        room = " " * max(1, width - _KEYS_WIDTH - cell_len(words[0]) - name_width - 1)
        first = (*first, (room + text.fit(entry.name, name_width, right=True), "faint"))
    return [first, *[((" " * _KEYS_WIDTH + more, "text"),) for more in words[1:]]]


class HelpScreen(FullScreen):
    scope: ClassVar[Scope] = "help"

    def __init__(self, desk: Desk, first: Scope) -> None:
        super().__init__(desk)
        self._first: Scope = first
        self._top = 0
        self._words = ""

    def on_mount(self) -> None:
        self.set_interval(_AGAIN_S, self.show)

    def handlers(self) -> Handlers:
        return {
            "help.down": lambda: self._scroll(1),
            "help.up": lambda: self._scroll(-1),
            "help.page_down": lambda: self._scroll(max(1, self.size.height - 3)),
            "help.page_up": lambda: self._scroll(-max(1, self.size.height - 3)),
            "help.find": self._find,
            "help.close": self._close,
        }

    def show(self) -> None:
        width, height = self.size
        page = lines(self.desk.keys, self._first, width, self._words)
        if not page:
            page = [(), ((f" Nothing here has all of these words: {text.clean(self._words)}", "text"),)]
        self._top = max(0, min(self._top, len(page) - height + 1))
        seen = page[self._top : self._top + height - 1]
        below = len(page) - self._top - len(seen)
        leaves = "shows all again" if self._words else "leaves"
        keys = self.desk.keys.words("{help.down} {help.up} {help.page_down} {help.page_up}, {help.find} finds")
        close = self.desk.keys.first("help.close")
        foot: Line = ((f" {below} more lines below; {keys}, {close} {leaves}", "dim"),)
        alarm = alarm_line(self.desk, width, f"  {close}, then {{order.acknowledge}}: seen ")
        self.page.show([*seen, *[()] * (height - 1 - len(seen)), alarm or foot])

    def _scroll(self, by: int) -> None:
        self._top += by
        self.show()

    def _find(self) -> None:
        before = self._words
        self.ask(Question("/", before, lambda _: "", live=self._look_for, cancel=lambda: self._look_for(before)))

    def _look_for(self, words: str) -> None:
        self._words, self._top = words, 0
        self.show()

    def _close(self) -> None:
        """One step back: the search, then the page."""
        if self._words:
            self._look_for("")
        else:
            self.leave()
