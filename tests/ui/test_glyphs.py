"""What stands for each sign where a terminal has ASCII only."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import arbtui
from arbtui.ui import braille, text
from arbtui.ui.glyphs import ASCII, ascii_only

SOURCES = Path(arbtui.__file__).parent


@given(st.text(max_size=40))
def test_a_translation_is_ascii_and_exactly_as_wide(words: str) -> None:
    words = text.clean(words)
    plain = ascii_only(words)
    assert plain.isascii()
    assert cell_len(plain) == cell_len(words)


def test_ascii_stays_as_it_is() -> None:
    assert ascii_only("BTC +3.6 ~ 50%") == "BTC +3.6 ~ 50%"


@pytest.mark.parametrize("path", sorted((SOURCES / "ui").rglob("*.py")), ids=lambda path: path.stem)
def test_every_sign_that_the_screen_s_code_writes_has_a_form_of_its_own(path: Path) -> None:
    unknown = {char for char in path.read_text("utf-8") if ord(char) > 0x7E and char not in ASCII}
    assert not unknown, f"add them to ui/glyphs.py: {' '.join(sorted(unknown))}"


@given(st.floats(min_value=1e-14, max_value=0.09), st.integers(min_value=7, max_value=12))
def test_a_price_with_counted_zeros_stays_the_price_it_is(value: float, width: int) -> None:
    words = text.price(value, width)
    plain = ascii_only(words)
    assert plain.isascii()
    assert len(plain) == len(words)
    figures = len(re.sub(r"e.*|[^0-9]", "", plain.strip()).lstrip("0"))
    assert abs(Decimal(plain.strip()) / Decimal(value) - 1) <= Decimal(6) * Decimal(10) ** -figures


def test_counted_zeros_become_an_exponent() -> None:
    assert ascii_only("ask 0.0₅12345 ▸") == "ask 1.2345e-6 >"
    assert ascii_only("0.0₁₂123") == "1.23e-13"


def test_gain_and_loss_and_states_can_still_be_told_apart() -> None:
    for signs in ("▲▼", "●◐◌○×", "↑↓", "▸·"):
        assert len(set(ascii_only(signs))) == len(signs)


def test_a_curve_is_still_high_where_it_was_high() -> None:
    drawn = [ascii_only(line) for line in braille.curve([(t, float(t)) for t in range(40)], 10, 4)]
    assert all(line.isascii() for line in drawn)
    assert drawn[0].strip()
    assert drawn[0].startswith("   ")
    assert drawn[-1].endswith("   ")
