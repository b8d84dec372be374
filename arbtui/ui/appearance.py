"""The settings of how the screen looks, in effect: theme, ASCII, unit of spreads, UTC or local time."""

from __future__ import annotations

from arbtui.port import EnginePort
from arbtui.ui import text
from arbtui.ui.theme import THEMES, Look, choose


class Appearance:
    """``look`` is what all widgets hold. ``take`` brings it to what the settings say now."""

    def __init__(self, port: EnginePort, *, no_color: bool) -> None:
        self._port = port
        self._no_color = no_color
        self.look = Look()
        self.problem = ""  # what is wrong with the settings, or weaker than the environment
        self.take()

    def take(self) -> None:
        theme, problem = choose(self._word("ui.theme"), no_color=self._no_color)
        self.look.theme = theme
        self.look.ascii = self._port.setting("ui.ascii") is True
        text.write_in(
            unit="percent" if self._word("ui.unit") == "percent" else "bps", local=self._word("ui.time") == "local"
        )
        self.problem = problem or ""

    def _word(self, key: str) -> str:
        value = self._port.setting(key)
        return value if isinstance(value, str) else ""

    @property
    def textual_theme(self) -> str:
        """The name under which Textual knows the theme."""
        return self.look.theme.for_textual().name


TEXTUAL_THEMES = tuple(theme.for_textual() for theme in THEMES.values())
