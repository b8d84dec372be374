"""Roles of colour, and the styles behind them.

By default gain is blue and loss is orange, which people who cannot tell red from green still can; in every theme the
sign and the arrow say it too. Panes name roles; nobody but this file knows a colour.

Every widget holds the one ``Look`` of its screen, so another theme is on show as soon as it was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rich.style import Style
from textual.theme import Theme as TextualTheme

from arbtui.ui.glyphs import ascii_only

Role = Literal[
    "text", "dim", "faint", "strong", "gain", "loss", "gain_strong", "accent", "warn", "error",
    "rule", "rule_focus", "title", "title_focus", "header", "header_sort", "key", "mode", "cursor",
]  # fmt: skip
Cell = tuple[str, Role]
Line = tuple[Cell, ...]

_DEFAULT = "default"  # the terminal's own colour


@dataclass(frozen=True)
class Theme:
    """One style per role, and the same over the cursor's row. ``background`` is what everything stands on.

    ``ansi``: the terminal's own sixteen colours, so that its palette decides. ``dark`` tells Textual's own widgets.
    """

    name: str
    background: str
    cursor_background: str
    styles: dict[Role, Style]
    on_cursor: dict[Role, Style]
    dark: bool = True
    ansi: bool = False

    def style(self, role: Role, *, cursor: bool = False) -> Style:
        return self.on_cursor[role] if cursor else self.styles[role]

    def for_textual(self) -> TextualTheme:
        """The same colours for what Textual paints by itself: lines to type in, frames."""
        colour = self._colour
        return TextualTheme(
            name=f"arbtui-{self.name}",
            primary=colour("rule_focus"),
            secondary=colour("accent"),
            warning=colour("warn"),
            error=colour("error"),
            success=colour("gain"),
            accent=colour("accent"),
            foreground=colour("text"),
            background=_for_css(self.background),
            surface=_for_css(self.background),
            panel=_for_css(self.background),
            boost=_for_css(self.background),
            dark=self.dark,
            ansi=self.ansi,
            variables={
                "input-cursor-background": colour("text"),
                "input-cursor-foreground": "ansi_black" if self.ansi else self.background,
                "input-cursor-text-style": "reverse" if self.ansi else "none",
                "input-selection-background": "ansi_blue" if self.ansi else self.cursor_background,
                "input-selection-foreground": "ansi_white" if self.ansi else colour("strong"),
                "text-disabled": colour("dim"),
                "ansi-background": "ansi_black",
                "ansi-foreground": "ansi_white",
            },
        )

    def _colour(self, role: Role) -> str:
        color = self.styles[role].color
        return _for_css(_DEFAULT if color is None else color.name)


def _for_css(name: str) -> str:
    """A colour of Rich's as Textual's style sheets spell it."""
    return name if name.startswith("#") else f"ansi_{name}"


def _theme(
    name: str,
    background: str,
    cursor_background: str,
    colours: dict[Role, str],
    on_cursor: dict[Role, str],
    *,
    dark: bool = True,
) -> Theme:
    """``colours``: as Rich reads styles. ``on_cursor``: those that could not be read on the cursor's background."""
    return Theme(
        name,
        background,
        cursor_background,
        {role: _on(spec, background) for role, spec in colours.items()},
        {role: _on(spec, cursor_background) for role, spec in (colours | on_cursor).items()},
        dark,
    )


def _on(spec: str, background: str) -> Style:
    return Style.parse(spec if " on " in spec else f"{spec} on {background}")


# All of these are in the palette of 256 colours or next to a grey of it, so they look alike wherever they are shown.
_DARK_COLOURS: dict[Role, str] = {
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
    "rule": "#626262",
    "rule_focus": "#5fafff",
    "title": "#9e9e9e",
    "title_focus": "bold #ffffff",
    "header": "#9e9e9e",
    "header_sort": "bold #ffffff",
    "key": "bold #ffd75f",
    "mode": "bold #121212 on #ffd75f",
    "cursor": "bold #ffd75f",
}
_DARK_ON_CURSOR: dict[Role, str] = {
    "dim": "#b2b2b2",
    "faint": "#a8a8a8",
    "title": "#b2b2b2",
    "header": "#b2b2b2",
    "rule": "#8a8a8a",
}
_GREEN: dict[Role, str] = {"gain": "#5fd75f", "gain_strong": "bold #87ff87", "loss": "#ff8787"}
_RED: dict[Role, str] = {"gain": "#ff8787", "gain_strong": "bold #ffafaf", "loss": "#5fd75f"}

DARK = _theme("dark", "#121212", "#3a3a3a", _DARK_COLOURS, _DARK_ON_CURSOR)
GREEN_RED = _theme("green-red", "#121212", "#3a3a3a", _DARK_COLOURS | _GREEN, _DARK_ON_CURSOR)
RED_GREEN = _theme("red-green", "#121212", "#3a3a3a", _DARK_COLOURS | _RED, _DARK_ON_CURSOR)
LIGHT = _theme(
    "light",
    "#ffffff",
    "#ffffaf",
    {
        "text": "#262626",
        "dim": "#626262",
        "faint": "#6c6c6c",
        "strong": "bold #000000",
        "gain": "#005faf",
        "loss": "#af5f00",
        "gain_strong": "bold #0000d7",
        "accent": "#005f87",
        "warn": "#875f00",
        "error": "bold #af0000",
        "rule": "#8a8a8a",
        "rule_focus": "#005faf",
        "title": "#585858",
        "title_focus": "bold #000000",
        "header": "#585858",
        "header_sort": "bold #000000",
        "key": "bold #875f00",
        "mode": "bold #ffffff on #005f87",
        "cursor": "bold #005faf",
    },
    {},
    dark=False,
)
HIGH_CONTRAST = _theme(
    "high-contrast",
    "#000000",
    "#00005f",
    {
        "text": "#ffffff",
        "dim": "#d0d0d0",
        "faint": "#bcbcbc",
        "strong": "bold #ffffff",
        "gain": "#5fd7ff",
        "loss": "#ffaf00",
        "gain_strong": "bold #87ffff",
        "accent": "#afffff",
        "warn": "#ffff00",
        "error": "bold underline #ffafaf",
        "rule": "#bcbcbc",
        "rule_focus": "#ffff00",
        "title": "#d0d0d0",
        "title_focus": "bold underline #ffffff",
        "header": "#d0d0d0",
        "header_sort": "bold underline #ffffff",
        "key": "bold #ffff00",
        "mode": "bold #000000 on #ffff00",
        "cursor": "bold #ffff00",
    },
    {},
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
        "rule": "#626262",
        "rule_focus": "#e4e4e4",
        "title": "#9e9e9e",
        "title_focus": "bold #ffffff",
        "header": "#9e9e9e",
        "header_sort": "bold #ffffff",
        "key": "bold #ffffff",
        "mode": "bold #121212 on #e4e4e4",
        "cursor": "bold #ffffff",
    },
    _DARK_ON_CURSOR,
)


def _ansi() -> Theme:
    """Names of colours, not colours. The cursor's row is turned round as a whole: that can be read in any palette."""
    specs: dict[Role, str] = {
        "text": "default",
        "dim": "dim default",
        "faint": "dim default",
        "strong": "bold default",
        "gain": "bright_blue",
        "loss": "red",
        "gain_strong": "bold bright_blue",
        "accent": "cyan",
        "warn": "yellow",
        "error": "bold red",
        "rule": "dim default",
        "rule_focus": "bright_blue",
        "title": "default",
        "title_focus": "bold default",
        "header": "default",
        "header_sort": "bold underline default",
        "key": "bold yellow",
        "mode": "bold reverse default",
        "cursor": "bold default",
    }
    turned = {role: "bold reverse default" if "bold" in spec else "reverse default" for role, spec in specs.items()}
    return Theme(
        "ansi",
        _DEFAULT,
        _DEFAULT,
        {role: _on(spec, _DEFAULT) for role, spec in specs.items()},
        {role: _on(spec, _DEFAULT) for role, spec in turned.items()},
        ansi=True,
    )


ANSI = _ansi()
THEMES = {theme.name: theme for theme in (DARK, LIGHT, HIGH_CONTRAST, GREEN_RED, RED_GREEN, ANSI, GREY)}


def choose(name: str, *, no_color: bool) -> tuple[Theme, str | None]:
    """The theme of that name ("" = the default), and why it is another one, if it is.

    ``NO_COLOR`` takes away every hue and leaves the greys.
    """
    theme = THEMES.get(name or DARK.name)
    if theme is None:
        return GREY if no_color else DARK, f"ui.theme {name!r} is not known; use one of {', '.join(THEMES)}"
    if no_color and theme is not GREY:
        return GREY, f"NO_COLOR is set, so the theme stays grey and not {theme.name}" if name else None
    return theme, None


class Look:
    """How the screen looks now: its theme, and whether it may paint more than ASCII. One for all its widgets."""

    def __init__(self, theme: Theme = DARK, *, ascii_only: bool = False) -> None:
        self.theme = theme
        self.ascii = ascii_only

    @property
    def background(self) -> str:
        return self.theme.background

    def style(self, role: Role, *, cursor: bool = False) -> Style:
        return self.theme.style(role, cursor=cursor)

    def written(self, text: str) -> str:
        """The text as this terminal may get it, as wide as it was."""
        return ascii_only(text) if self.ascii else text
