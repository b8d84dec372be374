"""Colours that mean the same everywhere, and can be read."""

from __future__ import annotations

from typing import get_args

import pytest
from rich.color import Color, ColorSystem, ColorType
from rich.style import Style

from arbtui.config.model import ThemeName
from arbtui.ui.theme import ANSI, DARK, GREY, HIGH_CONTRAST, LIGHT, THEMES, Look, Role, Theme, choose

PAINTED = [theme for theme in THEMES.values() if not theme.ansi]
RULES = ("rule", "rule_focus")


def luminance(color: Color) -> float:
    """Relative luminance as in WCAG 2."""
    parts = [part / 255 for part in color.get_truecolor()]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(style: Style) -> float:
    assert style.color is not None
    assert style.bgcolor is not None
    light, dark = sorted((luminance(style.color), luminance(style.bgcolor)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", PAINTED, ids=lambda theme: theme.name)
def test_every_colour_looks_the_same_in_256_colours(theme: Theme) -> None:
    for style in (*theme.styles.values(), *theme.on_cursor.values()):
        for color in (style.color, style.bgcolor):
            assert color is not None
            shown = color.downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
            assert all(abs(a - b) <= 10 for a, b in zip(shown, color.get_truecolor(), strict=True)), color


@pytest.mark.parametrize("theme", PAINTED, ids=lambda theme: theme.name)
@pytest.mark.parametrize("cursor", [False, True], ids=["anywhere", "under the cursor"])
def test_every_word_can_be_read_on_its_ground_and_every_rule_be_seen(theme: Theme, cursor: bool) -> None:
    least = {role: 7.0 if theme is HIGH_CONTRAST else 3.0 if role in RULES else 4.5 for role in get_args(Role)}
    too_weak = {
        role: round(found, 2)
        for role in get_args(Role)
        if (found := contrast(theme.style(role, cursor=cursor))) < least[role]
    }
    assert not too_weak


@pytest.mark.parametrize("theme", PAINTED, ids=lambda theme: theme.name)
def test_the_cursor_s_row_and_gain_and_loss_can_be_told_apart(theme: Theme) -> None:
    assert theme.cursor_background != theme.background
    assert theme.style("gain").color != theme.style("loss").color
    assert theme.style("gain", cursor=True).color != theme.style("loss", cursor=True).color


def test_grey_has_no_hue() -> None:
    for style in (*GREY.styles.values(), *GREY.on_cursor.values()):
        for color in (style.color, style.bgcolor):
            assert color is not None
            assert len(set(color.get_truecolor())) == 1


def test_ansi_names_the_terminal_s_own_colours_and_no_others() -> None:
    for style in (*ANSI.styles.values(), *ANSI.on_cursor.values()):
        for color in (style.color, style.bgcolor):
            assert color is not None
            assert color.type in (ColorType.DEFAULT, ColorType.STANDARD)


def test_no_color_beats_any_theme_and_says_so_and_unknown_names_are_said() -> None:
    assert choose("", no_color=True) == (GREY, None)
    assert choose("grey", no_color=True) == (GREY, None)
    theme, problem = choose("light", no_color=True)
    assert theme is GREY
    assert problem is not None
    assert "NO_COLOR" in problem
    assert choose("", no_color=False) == (DARK, None)
    theme, problem = choose("neon", no_color=False)
    assert theme is DARK
    assert problem is not None
    assert "dark, light" in problem


def test_the_settings_know_the_themes_that_there_are() -> None:
    assert set(get_args(ThemeName)) == {"", *THEMES}


def test_a_look_that_changes_changes_for_all_who_hold_it() -> None:
    look = Look(DARK)
    held = look
    look.theme = LIGHT
    assert held.style("text") == LIGHT.style("text")
    assert held.background == LIGHT.background


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_textual_s_own_widgets_get_the_same_colours(theme: Theme) -> None:
    variables = theme.for_textual().to_color_system().generate()
    assert theme.for_textual().ansi is theme.ansi
    if not theme.ansi:
        assert variables["background"].lower() == theme.background
        color = theme.style("text").color
        assert color is not None
        assert variables["foreground"].lower() == color.name
