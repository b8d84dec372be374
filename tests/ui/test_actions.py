"""One table of keys: bound once, explained, and answered."""

from __future__ import annotations

from itertools import combinations

import pytest

from arbtui.ui.actions import ACTIONS, SCOPE_TITLES, Action, Scope, bindings, keys_of
from arbtui.ui.app import ArbtuiApp
from arbtui.ui.help import HelpScreen, lines
from arbtui.ui.panes.grid import GridPane
from arbtui.ui.panes.legs import LegsPane
from arbtui.ui.panes.orders import OrdersPane
from arbtui.ui.panes.pane import ListPane
from arbtui.ui.panes.positions import PositionsPane
from arbtui.ui.panes.signals import SignalsPane
from arbtui.ui.picker import Picker
from arbtui.ui.screen import MainScreen
from arbtui.ui.ticket.panel import OrderPanel

OWNERS: dict[Scope, type] = {
    "screen": MainScreen,
    "list": ListPane,
    "grid": GridPane,
    "legs": LegsPane,
    "signals": SignalsPane,
    "positions": PositionsPane,
    "orders": OrdersPane,
    "ticket": OrderPanel,
    "picker": Picker,
    "help": HelpScreen,
}
CHAINS: list[set[Scope]] = [
    {"grid", "list", "screen"},
    {"legs", "list", "screen"},
    {"signals", "list", "screen"},
    {"positions", "list", "screen"},
    {"orders", "list", "screen"},
    {"ticket"},
    {"picker"},
    {"help"},
]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_somebody_answers_to_every_key(action: Action) -> None:
    owner, _, name = action.call.partition("(")[0].rpartition(".")
    answering = {"app": ArbtuiApp, "screen": MainScreen}.get(owner, OWNERS[action.scope])
    assert hasattr(answering, f"action_{name}")


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: "-".join(sorted(chain)))
def test_no_key_means_two_things_in_one_place(chain: set[Scope]) -> None:
    own = [action for action in ACTIONS if action.scope in chain]
    for one, other in combinations(own, 2):
        assert not set(one.keys.split(",")) & set(other.keys.split(",")), (one.id, other.id)


def test_ids_are_unique_and_every_action_is_explained() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert all(action.about for action in ACTIONS)
    assert {action.scope for action in ACTIONS} == set(SCOPE_TITLES)


def test_keys_that_terminals_and_multiplexers_take_for_themselves_are_not_used() -> None:
    used = {key for action in ACTIONS for key in action.keys.split(",")}
    assert not used & {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m"}


def test_the_help_names_every_key_after_the_person_s_own_choice() -> None:
    page = "\n".join("".join(words for words, _ in line) for line in lines({"quit": "Q"}, "legs", 100))
    for action in ACTIONS:
        if action.scope != "help":
            assert action.about.split(":")[0] in page
    assert "\n Q  " in page
    assert page.index("Legs") < page.index("Spread grid")


def test_bindings_carry_their_ids_so_that_a_keymap_can_move_them() -> None:
    made = {binding.id for scope in OWNERS for binding in bindings(scope) if not isinstance(binding, tuple)}
    assert made == {action.id for action in ACTIONS}
    assert keys_of(ACTIONS[0], {ACTIONS[0].id: "f"}) == ["f"]
