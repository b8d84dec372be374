"""No figure of a ticket is cut: neither in a wide panel nor in a narrow one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from arbtui.ui import text
from arbtui.ui.ticket.page import Column, table
from tests.ui.dealer import dealing

FIGURES = st.decimals(allow_nan=False, allow_infinity=False, places=8).map(text.exact)
ROWS = st.lists(st.tuples(FIGURES, FIGURES, FIGURES, FIGURES), min_size=1, max_size=4)


@given(ROWS, st.integers(min_value=40, max_value=90))
def test_every_figure_is_whole_and_every_line_fits(rows: list[tuple[str, ...]], width: int) -> None:
    head: list[Column] = [("leg", 9, False, "header"), *((name, 9, True, "header") for name in "abcd")]
    body: list[list[Column]] = [
        [("OKX  perp", 9, False, "text"), *((words, 9, True, "text") for words in row)] for row in rows
    ]
    lines = ["".join(words for words, _ in line) for line in table([head, *body, [("", 9, False, "text")] * 5], width)]
    figures = [words for row in rows for words in row]
    assert [
        words for line in lines for words in line.split() if words not in {"leg", *"abcd", "OKX", "perp"}
    ] == figures
    assert all(cell_len(line) <= max(width, 2 + max(map(cell_len, figures))) for line in lines)


def test_what_fits_stands_on_one_line_and_words_have_what_is_left() -> None:
    rows: list[list[Column]] = [
        [("leg", 3, False, "header"), ("qty", 5, True, "header"), ("now", 4, False, "header")],
        [("OKX", 3, False, "text"), ("1234567", 5, True, "text"), ("resting in the book", 4, False, "text")],
    ]
    lines = ["".join(words for words, _ in line) for line in table(rows, 24)]
    assert lines == ["leg     qty now         ", "OKX 1234567 resting in …"]


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 24)], ids=str)
async def test_a_ticket_shows_a_quantity_of_fourteen_digits_with_each_of_them(size: tuple[int, int]) -> None:
    async with dealing(*size) as dealer:
        dealer.seat.app.main_screen.run("coin.pick", "PEPE")
        await dealer.wait(0.5)
        await dealer.press("o", "u", "1", *"2345678901234", "enter")
        await dealer.wait(0.5)
        rows = (await dealer.text()).split("\n")
        head = next(at for at, row in enumerate(rows) if " side order " in row)
        table_of_legs = " ".join(rows[head : head + 6])
        estimate = dealer.order.preview.estimate
        assert estimate is not None
        for view in estimate.legs:
            assert view.qty_base >= Decimal(10) ** 12
            assert table_of_legs.count(f" {text.exact(view.qty_base)} ") == 2
