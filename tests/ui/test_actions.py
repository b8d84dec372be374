"""One registry: every key bound once, explained, and answered; a keymap that fits or is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from arbtui import cli
from arbtui.cli.screen import Screen
from arbtui.config import Settings
from arbtui.core.errors import ConfigError
from arbtui.ui import keynames
from arbtui.ui.actions import ACTIONS, BY_ID
from arbtui.ui.help import lines
from arbtui.ui.keymap import Keymap
from arbtui.ui.panes.status import footer, keys_line
from arbtui.ui.registry import CHAINS, COMMAND_SCOPES, SCOPE_TITLES, Scope


def test_ids_are_unique_and_every_action_is_explained() -> None:
    assert len(BY_ID) == len(ACTIONS)
    assert all(action.about for action in ACTIONS)
    assert {action.scope for action in ACTIONS} <= set(SCOPE_TITLES)


def test_every_scope_has_its_place_in_a_chain() -> None:
    assert {scope for chain in CHAINS for scope in chain} == set(SCOPE_TITLES)


def test_command_words_are_unique() -> None:
    words = [action.word for action in ACTIONS if action.scope in COMMAND_SCOPES]
    assert len(words) == len(set(words))


def test_the_registry_s_own_keys_pass_what_is_asked_of_a_person_s() -> None:
    for action in ACTIONS:
        assert [keynames.read(key) for key in Keymap().spoken(action.id)] == list(Keymap().keys(action.id))


def test_a_key_is_written_as_it_is_spoken() -> None:
    pairs = {"[": "left_square_bracket", "/": "slash", "+": "plus", "PgDn": "pagedown", "F12": "f12", "↓": "down"}
    for written, key in pairs.items():
        assert keynames.read(written) == key
        assert keynames.spoken(key) == written
    assert keynames.read("ctrl+T") == "ctrl+t"
    assert keynames.read("T") == "T"
    assert keynames.read("shift+F5") == "shift+f5"
    assert keynames.read("Esc") == "escape"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("ctrl+s", "stop their output"),
        ("ctrl+m", "enter"),
        ("ctrl+b", "tmux"),
        ("alt+x", "cannot be told from esc"),
        ("hyper+x", "is no key"),
        ("f25", "is no key"),
        ("shift+a", "capital letter alone"),
        ("enterr", "is no key"),
    ],
)
def test_keys_that_do_not_arrive_are_refused_in_a_sentence(written: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Keymap({"pane.zoom": written})


def test_a_keymap_moves_a_key_and_everything_that_names_it_follows() -> None:
    keymap = Keymap({"pane.zoom": "Z, f5", "grid.sort": "", "quit": ",", "settings": "f6"})
    assert keymap.spoken("pane.zoom") == ["Z", "F5"]
    chain: tuple[Scope, ...] = ("always", "grid", "list", "shared", "screen")
    assert keymap.find(chain, "z") is None
    assert keymap.find(chain, "f5") is BY_ID["pane.zoom"]
    assert keymap.find(chain, "s") is None
    assert keymap.find(chain, "comma") is BY_ID["quit"]
    assert footer(["screen"], keymap)["zoom"] == "Z"
    assert "sort" not in footer(["grid"], keymap)
    page = ["".join(words for words, _ in line) for line in lines(keymap, "legs", 100)]
    assert any(line.startswith(" Z  F5  ") for line in page)
    assert keymap.first("grid.sort") == ":sort"


def test_two_keys_may_change_places() -> None:
    keymap = Keymap({"order.ticket": "t", "threshold.all": "o"})
    assert keymap.find(("screen",), "t") is BY_ID["order.ticket"]
    assert keymap.find(("screen",), "o") is BY_ID["threshold.all"]


def test_one_key_for_two_actions_in_one_place_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'"j" would mean both list\.down and pane\.zoom'):
        Keymap({"pane.zoom": "j"})
    with pytest.raises(ConfigError, match=r"order\.kill"):
        Keymap({"ticket.swap": "!"})


def test_one_key_may_mean_different_things_in_different_places() -> None:
    assert Keymap({"legs.best": "n", "grid.hold": "n"}).spoken("grid.hold") == ["n"]


def test_a_keymap_that_does_not_fit_ends_with_2_and_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    monkeypatch.setenv("HOME", str(tmp_path))
    config.write_text('[keys]\ngrid.sort = "f5"\n"pane.zoom" = "Z"\n')
    assert cli.main(["config", "show", "--config", str(config)]) == 0
    out = capsys.readouterr().out
    assert 'keys."grid.sort" = "f5"' in out, "dots need no quotes"
    assert 'keys."pane.zoom" = "Z"' in out
    for written, why in (('"grid.sort" = "z"', "would mean both"), ('"grid.srot" = "z"', "the nearest is")):
        config.write_text(f"[keys]\n{written}\n")
        assert cli.main(["config", "show", "--config", str(config)]) == 2
        said = capsys.readouterr().err
        assert why in said
        assert said.count("\n") == 1
        with pytest.raises(ConfigError, match=why):
            Screen(Settings(keys={name.strip('" '): key.strip('" ') for name, key in [written.split("=")]}))


def test_an_unknown_action_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r'no action "grid\.srot"; the nearest is "grid\.sort"'):
        Keymap({"grid.srot": "s"})


def test_the_help_explains_every_action_and_begins_with_the_pane_that_asked() -> None:
    page = "\n".join("".join(words for words, _ in line) for line in lines(Keymap(), "legs", 400))
    for action in ACTIONS:
        if action.scope != "help":
            assert action.about in page
    assert page.index("Legs") < page.index("Spread grid")


def test_the_footer_joins_keys_of_one_word_and_always_has_room_for_kill_and_help() -> None:
    assert footer(["screen"], Keymap())["size"] == "[ ]"
    assert footer(["screen"], Keymap())["pane"].startswith("1-")
    for width in (30, 60, 120):
        shown = "".join(words for words, _ in keys_line(("grid", "screen", "shared", "always"), Keymap(), width))
        assert len(shown) <= width
        assert shown.endswith("! kill  ? help")
