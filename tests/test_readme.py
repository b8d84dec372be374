"""The README is part of the product: what it names exists, and what exists it names."""

from __future__ import annotations

import re
from pathlib import Path

from arbtui.lines.kinds import KINDS
from arbtui.sim import registry as simulated
from arbtui.ui.actions import ACTIONS
from arbtui.ui.keymap import Keymap
from arbtui.venues import registry

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def section(title: str) -> str:
    return README.split(f"## {title}\n")[1].split("\n## ")[0]


def test_every_key_of_the_screen_stands_in_the_table_of_keys() -> None:
    keys = section("Keys")
    moving = {"j", "k", "g", "G", "↓", "↑", "home", "end", "PgDn", "PgUp", "ctrl+f", "ctrl+d", "ctrl+u"}
    missing = {
        key
        for action in ACTIONS
        if action.scope in ("grid", "legs", "screen")
        for key in Keymap().spoken(action.id)[:1]
        if key not in moving and f"`{key}`" not in keys and not ("1" <= key <= "5")
    }
    assert missing <= {"shift+tab", "esc", "ctrl+c", "ctrl+z"}


def test_every_kind_of_line_is_named() -> None:
    lines = section("As lines")
    assert all(kind in lines for kind in KINDS)


def test_every_exchange_is_named_and_comes_along() -> None:
    for name in registry.names():
        assert re.search(name, README, re.IGNORECASE)
    assert set(simulated.NAMES) == set(registry.names())


def test_every_exchange_has_a_page_on_its_keys_that_names_their_fields() -> None:
    pages = section("Keys, venue by venue").split("\n### ")[1:]
    assert [page.partition("\n")[0].lower() for page in pages] == list(registry.names())
    for name, page in zip(registry.names(), pages, strict=True):
        private = registry.private(name)
        assert private is not None
        assert [field for field in private.key_fields if f"`{field}`" not in page] == []


def test_links_and_pictures_lead_to_files_of_this_repository() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_nothing_is_left_to_be_filled_in() -> None:
    assert "BENCH\n" not in README
