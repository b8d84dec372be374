"""Which rows stand where, and when that may change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from arbtui.core.model import Market
from arbtui.strategy.rows import SpreadRow
from arbtui.ui.columns import BY_LETTER, COLUMNS, choose, pages
from arbtui.ui.filter import States, parse
from arbtui.ui.order import AFTER_KEY_S, GROWING_S, RESORT_S, Order, sort_rows
from tests.ui.fake_port import FakePort


def row(base: str, net: float | None, **changes: Any) -> SpreadRow:
    port = FakePort(1)
    template = port.row("BTC")
    assert template is not None
    return replace(template, base=base, net_bps=net, **changes)


def names(rows: list[SpreadRow]) -> list[str]:
    return [each.base for each in rows]


def test_figures_fall_and_unknown_ones_come_last_either_way() -> None:
    rows = [row("A", 1.0), row("B", None), row("C", 3.0), row("D", -2.0)]
    assert names(sort_rows(rows, "net", reverse=False)) == ["C", "A", "D", "B"]
    assert names(sort_rows(rows, "net", reverse=True)) == ["D", "A", "C", "B"]


def test_a_muted_row_never_stands_above_an_admissible_one_for_its_figure() -> None:
    rows = [row("A", 1.0), row("WILD", 3000.0, muted="quarantined"), row("B", None)]
    assert names(sort_rows(rows, "net", reverse=False)) == ["A", "B", "WILD"]


def test_words_rise_and_muted_rows_are_mixed_in_by_symbol() -> None:
    rows = [row("C", 1.0), row("A", 2.0, muted="stale"), row("B", None)]
    assert names(sort_rows(rows, "symbol", reverse=False)) == ["A", "B", "C"]
    assert names(sort_rows(rows, "symbol", reverse=True)) == ["C", "B", "A"]


def test_ties_stand_by_symbol() -> None:
    rows = [row("B", 1.0), row("A", 1.0)]
    assert names(sort_rows(rows, "net", reverse=False)) == names(sort_rows(rows, "net", reverse=True)) == ["A", "B"]


@pytest.mark.parametrize("column", [column.id for column in COLUMNS])
def test_every_column_sorts_every_row_both_ways(column: str) -> None:
    port = FakePort(30)
    muted = replace(port.rows()[0], muted="stale", net_bps=None, carry_per_h_bps=None)
    rows = [*port.rows()[1:], muted]
    for reverse in (False, True):
        assert sorted(names(sort_rows(rows, column, reverse=reverse))) == sorted(names(rows))


def test_every_column_has_a_letter_of_its_own() -> None:
    assert len(BY_LETTER) == len(COLUMNS)
    assert all(len(column.letter) == 1 and column.about for column in COLUMNS)


class Steps:
    """An order over a fake engine, looked after by hand."""

    def __init__(self, coins: int = 50) -> None:
        self.port = FakePort(coins)
        self.order = Order()
        self.now_s = 0.0

    def step(self, seconds: float = 0.2) -> bool:
        self.now_s += seconds
        return self.order.look(self.now_s, self.port.rows, lambda _: False)


def test_the_first_rows_make_an_order_at_once() -> None:
    steps = Steps()
    assert steps.step()
    assert len(steps.order.bases) == steps.order.total == 50


def test_a_new_order_comes_every_two_seconds() -> None:
    steps = Steps()
    steps.step()
    made = [steps.step(0.25) for _ in range(16)]
    assert made == ([False] * 7 + [True]) * 2


def test_no_new_order_soon_after_a_cursor_key() -> None:
    steps = Steps()
    steps.step()
    made = []
    for _ in range(30):
        steps.order.touched(steps.now_s)
        made.append(steps.step())
    assert not any(made)
    quiet = [steps.step() for _ in range(20)]
    assert any(quiet)
    assert quiet.index(True) * 0.2 + 0.4 >= AFTER_KEY_S
    assert RESORT_S > AFTER_KEY_S


def test_a_held_order_stays_until_let_go() -> None:
    steps = Steps()
    steps.step()
    steps.order.held = True
    before = steps.order.bases
    steps.port.walk(5000)
    assert not any(steps.step() for _ in range(40))
    assert steps.order.bases is before


def test_coins_that_come_or_go_do_not_wait_two_seconds() -> None:
    steps = Steps(20)
    steps.step()
    steps.port.list_coin("NEWCOIN", tuple(Market))
    assert not steps.step(0.2)
    assert steps.step(GROWING_S + 0.1)
    assert "NEWCOIN" in steps.order.place
    del steps.port.board.coins["NEWCOIN"]
    assert steps.step(GROWING_S + 0.1)
    assert "NEWCOIN" not in steps.order.place


def test_a_filter_leaves_out_rows_but_not_the_count_of_all() -> None:
    steps = Steps()
    steps.order.filter = parse("btc")
    steps.step()
    assert steps.order.bases == ["BTC"]
    assert steps.order.total == 50


def test_pinned_coins_stand_on_top_whatever_the_order() -> None:
    steps = Steps()
    steps.order.pinned = {"WIF", "APT"}
    for column, reverse in (("net", False), ("net", True), ("symbol", True)):
        steps.order.column, steps.order.reverse = column, reverse
        steps.order.sort(0.0, lambda _: False)
        steps.step(RESORT_S + 1)
        assert set(steps.order.bases[:2]) == {"WIF", "APT"}
        rest = [base for base in steps.order.bases if base not in steps.order.pinned]
        unpinned = names(sort_rows(steps.port.rows(), column, reverse=reverse))
        assert rest == [base for base in unpinned if base not in steps.order.pinned]


def test_states_are_asked_anew_at_each_order() -> None:
    steps = Steps()
    asked = [States(pinned={"BTC"}), States(pinned={"ETH"})]
    steps.order.states = lambda: asked.pop(0)
    steps.order.filter = parse("pinned")
    steps.step()
    assert steps.order.bases == ["BTC"]
    steps.step(RESORT_S + 1)
    assert steps.order.bases == ["ETH"]


# columns


@pytest.mark.parametrize("column", [column.id for column in COLUMNS if column.title])
@pytest.mark.parametrize("width", [40, 60, 79, 120])
def test_the_column_that_rows_are_sorted_by_is_always_on_show(column: str, width: int) -> None:
    shown = choose(width, column)
    assert column in [each.id for each, _ in shown]
    assert sum(cells for _, cells in shown) <= width


@pytest.mark.parametrize("width", [34, 40, 60, 79, 120, 250])
def test_every_column_is_on_one_of_the_pages(width: int) -> None:
    found = pages(width, "net")
    assert found[0] == choose(width, "net")
    assert {column.id for page in found for column, _ in page} >= {column.id for column in COLUMNS if column.title}
    for page in found:
        assert page[0][0].id == "symbol"
        assert "net" in [column.id for column, _ in page]
        assert sum(cells for _, cells in page) <= width


def test_too_narrow_for_any_column_ends_too() -> None:
    for width in range(30):
        assert len(pages(width, "why")) <= len(COLUMNS)
