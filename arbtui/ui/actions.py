"""Every key of the screen, once: the bindings, the footer and the help are made from this table.

``id`` is what a keymap of the configuration names. A scope is a place in the chain that a key travels: the focused
pane first (``list`` and the pane's own), then the ``screen``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding

Scope = Literal["screen", "list", "grid", "legs", "signals", "positions", "orders", "ticket", "picker", "help"]

SCOPE_TITLES: dict[Scope, str] = {
    "grid": "Spread grid",
    "legs": "Legs",
    "signals": "Signals",
    "positions": "Positions",
    "orders": "Order log",
    "ticket": "Ticket and hedge, in the panel",
    "list": "Moving, in every list",
    "screen": "Everywhere",
    "picker": "Coin picker",
    "help": "This page",
}


@dataclass(frozen=True)
class Action:
    """``keys``: Textual's key names, comma separated. ``short``: the word in the footer, "" = not there."""

    id: str
    scope: Scope
    keys: str
    call: str
    about: str
    short: str = ""


ACTIONS: tuple[Action, ...] = (
    Action("grid.filter", "grid", "slash", "screen.ask_filter",
           "filter the rows: letters of the symbol, buy:okx sell:bybit net>3 usd>5k !spot !muted", "find"),
    Action("grid.sort", "grid", "s", "screen.ask_sort", "sort: then the letter of a column", "sort"),
    Action("grid.reverse", "grid", "S", "reverse", "reverse the order"),
    Action("grid.ticket", "grid", "enter", "screen.ticket", "ticket for this row's pair"),
    Action("grid.hold", "grid", "space", "hold", "hold the order of the rows; figures go on", "hold"),
    Action("legs.buy", "legs", "b", "buy_here", "buy at this row: compare this leg with the sell leg", "buy here"),
    Action("legs.sell", "legs", "v", "sell_here", "sell at this row", "sell here"),
    Action("legs.best", "legs", "u", "best_legs", "back to the best pair of the coin", "best pair"),
    Action("signals.go", "signals", "enter", "go_to_coin", "go to this signal's coin", "go to coin"),
    Action("positions.follow", "positions", "enter", "follow", "this hedge: its orders, its result, what can be done"),
    Action("orders.follow", "orders", "enter", "follow", "the hedge that this line is about"),
    Action("ticket.enter", "ticket", "enter", "enter", "review what is shown: it is frozen for five seconds"),
    Action("ticket.send", "ticket", "y", "send(False)",
           "send what is under review (paper), if no other key came within 250 ms"),
    Action("ticket.send_real", "ticket", "Y", "send(True)", "the same where an order is more than paper"),
    Action("ticket.more", "ticket", "plus,right_square_bracket", "step(1)", "bigger size, or part"),
    Action("ticket.less", "ticket", "minus,left_square_bracket", "step(-1)", "smaller size, or part"),
    Action("ticket.type", "ticket", "equals_sign", "type", "type the size; a digit does it too"),
    Action("ticket.unit", "ticket", "u", "verb('unit')", "size in USD or in coins"),
    Action("ticket.style", "ticket", "m", "verb('style')", "both legs IOC, or the first rests, or the second rests"),
    Action("ticket.swap", "ticket", "x", "verb('swap')", "the legs change places"),
    Action("ticket.close", "ticket", "O", "verb('close')", "close this hedge, or a part of it"),
    Action("ticket.flatten", "ticket", "f", "verb('flatten')", "flatten this hedge"),
    Action("ticket.retry", "ticket", "r", "verb('retry')", "halted: go on by the rules"),
    Action("ticket.keep", "ticket", "K", "verb('keep')", "halted or hedged: take both legs over by hand"),
    Action("ticket.cancel", "ticket", "c", "verb('cancel')", "enter no further: take back what rests"),
    Action("ticket.all", "ticket", "F", "verb('all')", "in the list of hedges: flatten all of them, one after another"),
    Action("ticket.down", "ticket", "j,down", "move(1)", "down"),
    Action("ticket.up", "ticket", "k,up", "move(-1)", "up"),
    Action("ticket.page_down", "ticket", "pagedown,space", "page(1)", "a page down"),
    Action("ticket.page_up", "ticket", "pageup", "page(-1)", "a page up"),
    Action("ticket.back", "ticket", "escape,ctrl+c", "back", "one step back; what was sent goes on"),
    Action("list.down", "list", "j,down", "move(1)", "down"),
    Action("list.up", "list", "k,up", "move(-1)", "up"),
    Action("list.top", "list", "g,home", "edge(-1)", "to the top"),
    Action("list.bottom", "list", "G,end", "edge(1)", "to the bottom"),
    Action("list.page_down", "list", "pagedown,ctrl+f", "page(1)", "a page down"),
    Action("list.page_up", "list", "pageup", "page(-1)", "a page up"),
    Action("list.half_down", "list", "ctrl+d", "half(1)", "half a page down"),
    Action("list.half_up", "list", "ctrl+u", "half(-1)", "half a page up"),
    Action("coin.pick", "screen", "ctrl+k,apostrophe", "pick_coin", "go to a coin by its letters", "coin"),
    Action("threshold.all", "screen", "t", "threshold", "threshold of signals, bps net", "threshold"),
    Action("threshold.coin", "screen", "T", "coin_threshold", "threshold of the selected coin; empty = as all"),
    Action("size.down", "screen", "left_square_bracket", "walk_size(-1)", "smaller size to walk",
           "[ ] size"),
    Action("size.up", "screen", "right_square_bracket", "walk_size(1)", "bigger size"),
    Action("size.type", "screen", "equals_sign", "type_walk_size", "type the size, US dollars"),
    Action("order.ticket", "screen", "o", "ticket", "ticket for the pair on show", "order"),
    Action("order.close", "screen", "O", "close_hedge", "close the open hedge of the selected coin"),
    Action("order.flatten", "screen", "f", "flatten", "flatten the selected hedge, at prices up to the flatten band",
           "flatten"),
    Action("order.flatten_all", "screen", "F", "flatten_all", "list of all open hedges, to flatten each or all"),
    Action("order.cancel", "screen", "x", "cancel", "take back what rests of the coin's hedges; they enter no further"),
    Action("order.kill", "screen", "exclamation_mark", "kill",
           "kill switch, at once: cancel what rests, disarm; it opens and closes nothing", "kill"),
    Action("order.arm", "screen", "A", "arm", "arm: hedges may be opened (again)"),
    Action("order.acknowledge", "screen", "a", "acknowledge", "the alarm on show has been seen"),
    Action("pane.grid", "screen", "1", "pane('grid')", "spreads", "1-7 pane"),
    Action("pane.books", "screen", "2", "pane('books')", "books of both legs"),
    Action("pane.legs", "screen", "3", "pane('legs')", "every venue and market of the coin"),
    Action("pane.signals", "screen", "4", "pane('signals')", "signals"),
    Action("pane.feeds", "screen", "5", "pane('feeds')", "health of the feeds"),
    Action("pane.positions", "screen", "6", "pane('positions')", "open hedges, profit, equity"),
    Action("pane.orders", "screen", "7", "pane('orders')", "orders, fills and what was said of them"),
    Action("pane.next", "screen", "tab", "next_pane(1)", "next pane"),
    Action("pane.previous", "screen", "shift+tab", "next_pane(-1)", "previous pane"),
    Action("pane.zoom", "screen", "z", "zoom", "the pane alone, and back", "zoom"),
    Action("back", "screen", "escape", "back", "one step back; never quits"),
    Action("help", "screen", "question_mark,f1", "help", "keys and columns", "help"),
    Action("repaint", "screen", "ctrl+l", "repaint", "paint everything anew"),
    Action("quit", "screen", "q", "screen.quit", "leave; asks where hedges are open", "quit"),
    Action("interrupt", "screen", "ctrl+c", "app.interrupt", "twice within two seconds: as q"),
    Action("suspend", "screen", "ctrl+z", "app.stop", "stop the whole program, engine too, until the shell's fg"),
    Action("picker.down", "picker", "down,ctrl+n", "move(1)", "down"),
    Action("picker.up", "picker", "up,ctrl+p", "move(-1)", "up"),
    Action("picker.close", "picker", "escape,ctrl+c", "close", "back without choosing"),
    Action("help.down", "help", "j,down", "scroll(1)", "down"),
    Action("help.up", "help", "k,up", "scroll(-1)", "up"),
    Action("help.page_down", "help", "pagedown,space,ctrl+d", "scroll_page(1)", "a page down"),
    Action("help.page_up", "help", "pageup,ctrl+u", "scroll_page(-1)", "a page up"),
    Action("help.close", "help", "escape,q,question_mark,f1,ctrl+c", "close", "back", "back"),
)  # fmt: skip

_SPOKEN = {
    "slash": "/", "space": "space", "left_square_bracket": "[", "right_square_bracket": "]", "equals_sign": "=",
    "exclamation_mark": "!", "plus": "+", "minus": "-",
    "question_mark": "?", "apostrophe": "'", "pagedown": "PgDn", "pageup": "PgUp", "escape": "esc", "down": "↓",
    "up": "↑", "f1": "F1",
}  # fmt: skip


def spoken(key: str) -> str:
    """A key as people write it."""
    return _SPOKEN.get(key, key)


def keys_of(action: Action, keymap: Mapping[str, str]) -> list[str]:
    """The action's keys, after the person's own choice, as people write them."""
    return [spoken(key.strip()) for key in keymap.get(action.id, action.keys).split(",")]


def bindings(*scopes: Scope) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """Textual's bindings of all actions of the scopes.

    All have priority, because those are acted upon in the order in which they were typed, one before the next is looked
    at: ``/sol`` sent in one packet opens the filter and types into it. Without, the letters would still go to the grid.
    """
    return [
        Binding(action.keys, action.call, action.about, show=False, priority=True, id=action.id)
        for action in ACTIONS
        if action.scope in scopes
    ]


def of(scopes: Iterable[Scope]) -> list[Action]:
    wanted = list(scopes)
    return sorted(
        (action for action in ACTIONS if action.scope in wanted), key=lambda action: wanted.index(action.scope)
    )
