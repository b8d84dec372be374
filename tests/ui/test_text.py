"""Numbers and words as the screen writes them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from arbtui.core.model import Market
from arbtui.ui import text
from tests.ui.fake_port import instrument


@pytest.mark.parametrize(
    ("value", "words"),
    [(65432.1, "65432.1"), (162.4812, "162.481"), (0.7112, "0.711200"), (0.0711, "0.0711000"), (1.0, "1.00000")],
)
def test_a_price_has_six_significant_figures(value: float, words: str) -> None:
    assert text.price(value, 9) == words


def test_zeros_that_do_not_fit_are_counted_in_a_subscript() -> None:
    assert text.price(0.0000012345, 9) == "0.0₅12345"


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.192092896e-7, "0.0₆11921"), (9.99999e-7, "0.0₅10000"), (9.99999e-10, "0.0₈10000"), (1.23456e-12, "0.0₁₁1235")],
)
def test_figures_that_do_not_fit_are_rounded_and_not_cut(value: float, words: str) -> None:
    assert text.price(value, 9) == words


def test_an_unknown_price_is_a_dot_and_never_zero() -> None:
    assert text.price(None, 9) == "·"
    assert text.signed(None) == text.amount(None) == text.age(None) == text.size(None) == "·"


@given(st.floats(min_value=1e-12, max_value=1e9), st.integers(min_value=9, max_value=14))
def test_a_price_below_a_billion_fits_nine_cells_and_up(value: float, width: int) -> None:
    assert cell_len(text.price(value, width)) <= max(width, 10)


@given(st.floats(min_value=1e-8, max_value=1e6))
def test_a_written_price_is_right_to_a_tenth_of_a_basis_point_where_nothing_was_cut(value: float) -> None:
    words = text.price(value, 20)
    assert math.isclose(float(words), value, rel_tol=1e-5)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (9.14, "+9.1"),
        (-1.7, "−1.7"),
        (0.0, "+0.0"),
        (-0.04, "+0.0"),
        (1234.5, "+1234"),
        (-2500.2, "−2500"),
        (76_332.0, "+76k"),
    ],
)
def test_a_signed_figure_carries_its_sign_and_no_negative_zero(value: float, words: str) -> None:
    assert text.signed(value) == words


def test_the_arrow_agrees_with_the_sign() -> None:
    assert text.arrowed(3.6) == "▲+3.6"
    assert text.arrowed(-3.6) == "▼−3.6"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (3.25, "3.2"),
        (350, "350"),
        (999.4, "999"),
        (2000, "2.0k"),
        (21_400, "21k"),
        (1.2e6, "1.2M"),
        (3e9, "3.0B"),
    ],
)
def test_amounts_are_short(value: float, words: str) -> None:
    assert text.amount(value) == words


@given(st.floats(min_value=0.1, max_value=9e11))
def test_an_amount_never_takes_more_than_four_cells(value: float) -> None:
    assert len(text.amount(value)) <= 4


def test_ages_below_a_second_all_look_alike_so_that_live_rows_do_not_repaint() -> None:
    assert text.age(0) == text.age(999) == "<1s"
    assert [text.age(ms) for ms in (1000, 59_999, 61_000, 7_200_000)] == ["1s", "59s", "1m", "2h"]


def test_a_countdown_counts_minutes_in_the_last_hour_and_says_when_it_is_due() -> None:
    now_ns = 1_000_000_000_000
    assert text.countdown(1_000_000 + 2_000_000, now_ns) == "33:20"
    assert text.countdown(1_000_000 + 3 * 3_600_000, now_ns) == "3h00"
    assert text.countdown(999_000, now_ns) == "due"
    assert text.countdown(None, now_ns) == "·"


def test_a_venue_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in text.fit("BTC\x1b[2J", 12)
    assert len(text.fit("BTC\x1b[2J", 12)) == 12
    assert text.clean("a\nb\tc") == "a b c"


@given(st.text(max_size=30), st.integers(min_value=1, max_value=20), st.booleans())
def test_a_fitted_text_is_exactly_as_wide_as_asked(words: str, width: int, right: bool) -> None:
    fitted = text.fit(words, width, right=right)
    assert cell_len(fitted) == width
    assert fitted.isprintable()


def test_wide_characters_are_cut_by_cells_not_by_letters() -> None:
    assert text.fit("币安人生", 6) == "币安… " or cell_len(text.fit("币安人生", 6)) == 6


def test_a_price_follows_the_tick_of_its_instrument() -> None:
    listed = instrument("okx", Market.PERP, "SOL", 162.4)
    decimals = text.step_decimals(listed)
    assert decimals == 3
    assert text.stepped_price(162.48, decimals, 10) == "162.480"
    assert text.step_decimals(instrument("hyperliquid", Market.PERP, "SOL", 162.4)) is None


@given(st.text(alphabet="ab \n\x1b", max_size=80), st.integers(min_value=3, max_value=30))
def test_wrapped_lines_keep_every_word(words: str, width: int) -> None:
    lines = text.wrap(words, width)
    assert " ".join(lines).split() == text.clean(words).split()
    assert all(cell_len(line) <= width or " " not in line for line in lines)


# what a person chose about writing


@pytest.mark.parametrize(
    ("bps", "in_bps", "in_percent"),
    [
        (3.6, "+3.6", "+0.036"),
        (-12.04, "−12.0", "−0.120"),
        (99.96, "+100.0", "+1.00"),
        (150.0, "+150.0", "+1.50"),
        (1234.0, "+1234", "+12.3"),
        (-0.04, "+0.0", "+0.000"),
        (None, "·", "·"),
    ],
)
def test_a_spread_is_written_in_the_chosen_unit_with_as_much_meaning(
    bps: float | None, in_bps: str, in_percent: str
) -> None:
    assert text.spread(bps) == in_bps
    text.write_in(unit="percent", local=False)
    assert text.spread(bps) == in_percent
    if bps is not None:
        assert text.spread_arrowed(bps) == ("▼" if in_percent[0] == "−" else "▲") + in_percent
        assert text.spread_plain(abs(bps)) == in_percent[1:]


@given(st.floats(min_value=-9999, max_value=9999))
def test_no_spread_in_percent_takes_more_than_six_cells(bps: float) -> None:
    text.write_in(unit="percent", local=False)
    assert len(text.spread(bps)) <= 6
    text.write_in(unit="bps", local=False)


@pytest.mark.parametrize(
    ("typed", "in_bps", "in_percent"),
    [("5", 5.0, 500.0), ("0.05%", 5.0, 5.0), ("5bps", 5.0, 5.0), ("5 bps", 5.0, 5.0), ("−2 %", -200.0, -200.0),
     ("much", None, None), ("", None, None), ("nan", None, None)],
)  # fmt: skip
def test_a_typed_spread_is_read_in_the_chosen_unit_unless_it_names_its_own(
    typed: str, in_bps: float | None, in_percent: float | None
) -> None:
    assert text.typed_spread(typed) == in_bps
    text.write_in(unit="percent", local=False)
    assert text.typed_spread(typed) == in_percent


@given(st.integers(min_value=-100_000, max_value=100_000))
def test_what_a_line_begins_with_is_read_back_as_it_was(hundredths: int) -> None:
    figure = hundredths / 100
    units: tuple[text.Unit, ...] = ("percent", "bps")
    for unit in units:
        text.write_in(unit=unit, local=False)
        assert text.typed_spread(f"{text.spread_value(figure):.12g}") == pytest.approx(figure, abs=1e-9)


def test_a_threshold_is_written_in_full_with_its_unit() -> None:
    assert text.spread_exact(5.0) == "5 bps"
    assert text.spread_exact(-0.5) == "−0.5 bps"
    text.write_in(unit="percent", local=False)
    assert text.spread_exact(5.0) == "0.05 %"


@pytest.fixture
def in_katmandu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "KAT-05:45")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_katmandu")
def test_local_time_is_that_of_the_machine_and_names_its_zone() -> None:
    t_ns = 1_763_683_200_000_000_000  # 2025-11-21 00:00 UTC
    assert (text.clock_time(t_ns), text.zone(t_ns)) == ("00:00:00", "UTC")
    text.write_in(unit="bps", local=True)
    assert (text.clock_time(t_ns), text.zone(t_ns)) == ("05:45:00", "KAT")


@pytest.mark.parametrize(
    ("typed", "value"),
    [("1,000", 1000.0), ("1,250.5", 1250.5), ("2k", 2000.0), (".5", 0.5), ("−3", -3.0), ("1e3", 1000.0), ("5.", 5.0),
     ("5,5", None), ("0,25", None), ("1,00", None), ("1,0000", None), ("1_000", None), ("١٢", None), ("", None),
     (".", None), ("k", None), ("-", None), ("nan", None), ("1e400", None), ("1e9999999", None)],
)  # fmt: skip
def test_a_comma_stands_between_thousands_and_is_never_taken_out_of_another_number(
    typed: str, value: float | None
) -> None:
    assert text.number(typed) == value


def test_what_was_typed_is_quoted_no_longer_than_its_sentence() -> None:
    assert text.quoted(" a\x1bb ") == "'a b'"
    assert len(text.quoted("x" * 10_000)) < 30


def test_a_size_is_written_as_it_is() -> None:
    assert [text.usd(value) for value in (1000.0, 0.4, 1e6, 12.5)] == ["1,000", "0.4", "1,000,000", "12.5"]


@pytest.mark.parametrize(
    ("value", "width", "wanted"),
    [
        ("83091.65", 11, "83091.65"),
        ("0.0000072185", 11, "0.0₅72185"),
        ("0.000000031142071", 11, "0.0₇311421"),
        ("0.00000003114207", 11, "0.0₇3114207"),
    ],
)
def test_a_limit_keeps_every_digit_that_has_room(value: str, width: int, wanted: str) -> None:
    assert text.coin_price(Decimal(value), width) == wanted


@pytest.mark.parametrize(
    ("value", "width", "wanted"),
    [
        ("1.5", 8, "+1.50"),
        ("-12.346", 6, "−12.35"),
        ("-1234.5", 8, "−1,234"),
        ("-12345678", 6, "−12M"),
        ("0", 6, "+0.00"),
        ("-0.004", 6, "+0.00"),
        ("98765.4", 6, "+99k"),
    ],
)
def test_money_loses_cents_before_it_loses_its_size(value: str, width: int, wanted: str) -> None:
    assert text.money_in(Decimal(value), width) == wanted


@given(st.decimals(-(10**11), 10**11, places=10), st.integers(6, 12))
def test_amounts_in_columns_are_never_cut(value: Decimal, width: int) -> None:
    assert cell_len(text.money_in(value, width)) <= width
    assert cell_len(text.coins_in(value, width)) <= width
    assert not value or text.coins_in(value, width).strip("−0.") != ""


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("0.26478", "0.26478"),
        ("69000000", "69000000"),
        ("1385041.55", "1385042"),
        ("5e13", "5e+13"),
        ("1.23456789e-9", "1.23e-9"),
    ],
)
def test_coins_in_a_column_are_exact_where_they_fit(value: str, wanted: str) -> None:
    assert text.coins_in(Decimal(value), 8) == wanted
