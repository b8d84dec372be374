"""Actions on settings: the screen of all of them, ``:set`` for any, and words of their own for how the screen looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from arbtui.ui.desk import Desk
from arbtui.ui.registry import Handlers
from arbtui.ui.settings import next_choice

LOOKS = {"look.theme": "ui.theme", "look.ascii": "ui.ascii", "look.unit": "ui.unit", "look.time": "ui.time"}


class SettingsKeys:
    """``show``: open the screen of all settings, with words to find."""

    def __init__(self, desk: Desk, show: Callable[[str], None]) -> None:
        self._desk = desk
        self._show = show

    def handlers(self) -> Handlers:
        looks = {action: partial(self._look, key) for action, key in LOOKS.items()}
        return {"settings": self._show, "settings.set": self._set, **looks}

    def _look(self, key: str, typed: str) -> str:
        """A choice by its name; the next one without a name."""
        if not typed:
            typed = next(next_choice(setting) for setting in self._desk.port.settings() if setting.key == key)
        return self._change(key, typed)

    def _set(self, typed: str) -> str:
        """``signals.samples 4``; a key alone takes its change back."""
        key, _, value = typed.partition(" ")
        return self._change(key, value.strip() or None)

    def _change(self, key: str, typed: str | None) -> str:
        outcome = self._desk.change_setting(key, typed)
        return "" if outcome.accepted else outcome.text
