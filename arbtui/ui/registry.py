"""One registry of everything that a key, a ``:`` command or the palette can do.

To add an action:

1. One row in ``actions.ACTIONS``: id, scope, keys, a sentence, a word for the footer. Help, footer, ``:``, the palette
   and the person's keymap have it from there. ``guard`` says in a sentence why it cannot be done now.
2. One handler: whoever owns the noun (a pane, ``OrderKeys``, ``Asks`` ...) names it in its ``handlers()``, id ->
   callable. A new group goes into the list in ``MainScreen``; a full screen of its own answers for its own scope.
3. One proof in ``tests/ui/test_every_action.py``; that test fails for an action without handler or proof.

To add a ``:`` command with an argument, give the row ``command="venue"`` and ``takes=Argument("VENUE on|off",
complete)``, where ``complete(desk, words)`` gets the words typed after the command (the last one unfinished, perhaps
"") and returns what the last one may become; it stands in ``completions``, because the table of actions imports it and
everything else imports the table. The handler then takes one text: what was typed, "" from a key. A handler that cannot
do what it was asked returns why, in a sentence; ``run`` shows it and the ``:`` line stays open.

There is one way in: ``screen.run(action_id, argument)``. It asks the guard, says its reason on the bottom line, and
calls the handler. Keys come through ``Keymap.find``, which looks along the chain of scopes where the keys go now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, get_args

if TYPE_CHECKING:
    from arbtui.ui.desk import Desk

Scope = Literal[
    "always", "grid", "books", "legs", "signals", "feeds", "positions", "orders", "chart", "accounts", "ticket",
    "list", "shared", "screen", "line", "picker", "help", "settings", "log", "thresholds",
    "alerts",
]  # fmt: skip
PANE_SCOPES: tuple[Scope, ...] = (
    "grid", "books", "legs", "signals", "feeds", "positions", "orders", "chart", "accounts",
)  # fmt: skip
SCOPE_TITLES: dict[Scope, str] = {
    "grid": "Spread grid",
    "books": "Books",
    "legs": "Legs",
    "signals": "Signals",
    "feeds": "Feeds",
    "positions": "Positions",
    "orders": "Order log",
    "chart": "Chart",
    "accounts": "Accounts",
    "ticket": "Ticket and hedge, in the panel",
    "list": "Moving, in every list",
    "screen": "Everywhere in the panes",
    "shared": "In the panes and in the order panel",
    "always": "At any time, whatever is open",
    "line": "While something is typed at the bottom",
    "picker": "Picker and palette",
    "settings": "Settings",
    "log": "Log of this run",
    "thresholds": "List of thresholds",
    "alerts": "List of price alerts",
    "help": "This page",
}
# Where keys may go: the scopes that are asked, in order. Within one of these no key means two things.
CHAINS: tuple[tuple[Scope, ...], ...] = (
    *(("always", pane, "list", "shared", "screen") for pane in PANE_SCOPES),
    ("always", "ticket", "shared"),
    ("always", "line"),
    ("always", "picker"),
    ("always", "help"),
    ("always", "log", "list"),
    ("always", "thresholds", "list"),
    ("always", "alerts", "list"),
    ("always", "settings", "list"),
)
COMMAND_SCOPES: tuple[Scope, ...] = ("always", *PANE_SCOPES, "shared", "screen")
assert set(get_args(Scope)) == set(SCOPE_TITLES)

Guard = Callable[["Desk"], str]
Handler = Callable[..., str | None]
Handlers = Mapping[str, Handler]


@dataclass(frozen=True)
class Argument:
    """``form``: how it is written. ``complete(desk, words)``: what the last of the words may become, best first."""

    form: str
    complete: Callable[[Desk, Sequence[str]], Iterable[str]]
    needed: bool = False


@dataclass(frozen=True)
class Action:
    """``keys``: the terminal layer's key names, comma separated, "" = none. ``short``: the word in the footer.

    ``command``: the word after ``:``; "" = its id. ``guard``: why it cannot be done now, "" if it can.
    ``risks``: it may lead to orders, so it never comes out of a paste.
    """

    id: str
    scope: Scope
    keys: str
    about: str
    short: str = ""
    command: str = ""
    takes: Argument | None = None
    guard: Guard | None = None
    risks: bool = False

    @property
    def word(self) -> str:
        return self.command or self.id


class Group(Protocol):
    """Whoever does things that belong together."""

    def handlers(self) -> Handlers: ...


def gather(*groups: Handlers) -> dict[str, Handler]:
    """The handlers of all groups; two for one action is a mistake of ours."""
    found: dict[str, Handler] = {}
    for group in groups:
        twice = found.keys() & group.keys()
        assert not twice, f"two handlers for {', '.join(twice)}"
        found.update(group)
    return found


# guards


def coin_selected(desk: Desk) -> str:
    return "" if desk.coin else "There is no coin selected"


def trading(desk: Desk) -> str:
    return "" if desk.port.trading is not None else f"no orders in this run: {desk.port.no_trading}"


def replaying(desk: Desk) -> str:
    return "" if desk.port.mode == "REPLAY" else "only a recording that is played can do that"


def both(*guards: Guard) -> Guard:
    """The first reason of several guards."""
    return lambda desk: next((reason for guard in guards if (reason := guard(desk))), "")
