"""Colours that mean the same everywhere."""

from __future__ import annotations

import pytest
from rich.color import Color, ColorSystem

from arbtui.ui.theme import DARK, GREY, THEMES, Theme, choose


def luminance(color: Color) -> float:
    """Relative luminance as in WCAG 2."""
    parts = [part / 255 for part in color.get_truecolor()]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_every_colour_looks_the_same_in_256_colours(theme: Theme) -> None:
    for style in (*theme.styles.values(), *theme.on_cursor.values()):
        for color in (style.color, style.bgcolor):
            assert color is not None
            shown = color.downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
            assert all(abs(a - b) <= 10 for a, b in zip(shown, color.get_truecolor(), strict=True)), color


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_every_word_can_be_read_on_its_ground(theme: Theme) -> None:
    for role, style in theme.styles.items():
        assert style.color is not None
        assert style.bgcolor is not None
        light, dark = sorted((luminance(style.color), luminance(style.bgcolor)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= (1.5 if role.startswith("rule") else 4.5), role


def test_gain_and_loss_differ_in_lightness_too() -> None:
    for theme in (DARK, GREY):
        gain, loss = theme.style("gain").color, theme.style("loss").color
        assert gain is not None
        assert loss is not None
        assert gain != loss


def test_no_color_beats_any_theme_and_unknown_names_are_said() -> None:
    assert choose("dark", no_color=True) == (GREY, None)
    assert choose("", no_color=False) == (DARK, None)
    theme, problem = choose("neon", no_color=False)
    assert theme is DARK
    assert problem is not None
    assert "dark, grey" in problem
