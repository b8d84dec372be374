"""Roles of colour, and the styles behind them.

Gain is blue and loss is orange, which people who cannot tell red from green still can; the sign and the arrow say it
too. Panes name roles; nobody but this file knows a colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rich.style import Style

Role = Literal[
    "text", "dim", "faint", "strong", "gain", "loss", "gain_strong", "accent", "warn", "error",
    "rule", "rule_focus", "title", "title_focus", "header", "header_sort", "key", "mode", "cursor",
]  # fmt: skip
Cell = tuple[str, Role]
Line = tuple[Cell, ...]


@dataclass(frozen=True)
class Theme:
    """One style per role, and the same over the cursor's row. ``background`` is what everything stands on."""

    name: str
    background: str
    cursor_background: str
    styles: dict[Role, Style]
    on_cursor: dict[Role, Style]

    def style(self, role: Role, *, cursor: bool = False) -> Style:
        return self.on_cursor[role] if cursor else self.styles[role]


def _theme(name: str, background: str, cursor_background: str, colours: dict[Role, str]) -> Theme:
    return Theme(
        name,
        background,
        cursor_background,
        {
            role: Style.parse(f"{spec} on {background}" if " on " not in spec else spec)
            for role, spec in colours.items()
        },
        {role: Style.parse(f"{spec.partition(' on ')[0]} on {cursor_background}") for role, spec in colours.items()},
    )


# All of these are in the palette of 256 colours or next to a grey of it, so they look alike wherever they are shown.
DARK = _theme(
    "dark",
    "#121212",
    "#3a3a3a",
    {
        "text": "#d7d7d7",
        "dim": "#8a8a8a",
        "faint": "#808080",
        "strong": "bold #ffffff",
        "gain": "#5fafff",
        "loss": "#ff8700",
        "gain_strong": "bold #87d7ff",
        "accent": "#afd7ff",
        "warn": "#ffd75f",
        "error": "bold #ff8787",
        "rule": "#444444",
        "rule_focus": "#5fafff",
        "title": "#9e9e9e",
        "title_focus": "bold #ffffff",
        "header": "#9e9e9e",
        "header_sort": "bold #ffffff",
        "key": "bold #ffd75f",
        "mode": "bold #121212 on #ffd75f",
        "cursor": "bold #ffd75f",
    },
)
GREY = _theme(
    "grey",
    "#121212",
    "#3a3a3a",
    {
        "text": "#d0d0d0",
        "dim": "#8a8a8a",
        "faint": "#808080",
        "strong": "bold #ffffff",
        "gain": "#ffffff",
        "loss": "#a8a8a8",
        "gain_strong": "bold #ffffff",
        "accent": "#e4e4e4",
        "warn": "bold #e4e4e4",
        "error": "bold #ffffff",
        "rule": "#444444",
        "rule_focus": "#e4e4e4",
        "title": "#9e9e9e",
        "title_focus": "bold #ffffff",
        "header": "#9e9e9e",
        "header_sort": "bold #ffffff",
        "key": "bold #ffffff",
        "mode": "bold #121212 on #e4e4e4",
        "cursor": "bold #ffffff",
    },
)


THEMES = {theme.name: theme for theme in (DARK, GREY)}


def choose(name: str, *, no_color: bool) -> tuple[Theme, str | None]:
    """The theme of that name ("" = the default), and what is wrong with the name, if anything.

    ``NO_COLOR`` takes away every hue and leaves the greys.
    """
    if no_color:
        return GREY, None
    if not name:
        return DARK, None
    theme = THEMES.get(name)
    if theme is None:
        return DARK, f"ui.theme {name!r} is not known; use one of {', '.join(THEMES)}"
    return theme, None
