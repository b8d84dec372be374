"""Which rows stand where, and when that may change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from arbtui.core.model import Market
from arbtui.strategy.rows import SpreadRow
from arbtui.ui.columns import BY_LETTER, COLUMNS
from arbtui.ui.filter import fuzzy, parse
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
        return self.order.look(self.now_s, self.port.rows(), lambda _: False)


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


# the words of the filter


def accepted(words: str, *rows: SpreadRow) -> list[str]:
    test = parse(words)
    assert test.problem is None
    return [each.base for each in rows if test(each)]


def test_bare_letters_match_a_symbol_in_order() -> None:
    assert accepted("dg", row("DOGE", 1.0), row("GOD", 1.0)) == ["DOGE"]
    assert fuzzy("do", "doge") == 0
    assert fuzzy("og", "doge") == 1
    assert fuzzy("gd", "doge") is None


def test_venues_are_named_by_side_and_by_either_name() -> None:
    port = FakePort(40)
    for each in port.rows():
        assert parse(f"buy:{each.buy.venue[:3]}")(each)
        assert parse(f"venue:{each.sell.venue[:4]}")(each)
        assert parse(f"!buy:{each.buy.venue}")(each) is False


def test_figures_are_compared_and_unknown_ones_never_match() -> None:
    rows = (row("A", 4.0), row("B", 2.0), row("C", None))
    assert accepted("net>3", *rows) == ["A"]
    assert accepted("net<3", *rows) == ["B"]
    assert accepted("!net>3", *rows) == ["B", "C"]
    assert accepted("top>2.5k", row("A", 1.0, top_usd=3000.0), row("B", 1.0, top_usd=2000.0)) == ["A"]


def test_an_exclamation_mark_turns_flags_and_letters_round() -> None:
    port = FakePort(60)
    kept = [each for each in port.rows() if parse("!spot")(each)]
    assert kept
    assert all(each.buy.market.value == each.sell.market.value == "perp" for each in kept)
    assert accepted("!doge", row("DOGE", 1.0), row("BTC", 1.0)) == ["BTC"]
    assert accepted("!muted", row("A", 1.0), row("B", 1.0, muted="stale")) == ["A"]


@pytest.mark.parametrize("words", ["by:okx", "nett>3", "net>x", "net>", "net>nan", "net>inf"])
def test_a_word_that_makes_no_sense_is_named_and_left_out(words: str) -> None:
    test = parse(words + " btc")
    assert test.problem
    assert test(row("BTC", 1.0))
    assert not test(row("XRP", 1.0))
