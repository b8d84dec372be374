"""One side of a book against a dictionary of prices, whatever spelling they come in."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.events import Level
from arbtui.market.side import EMPTY_PLACES, BadLevel, Side

_spelt = st.tuples(st.integers(1, 30), st.sampled_from(("{}", "{}.0", "{}.00", "0{}"))).map(lambda p: p[1].format(p[0]))
_levels = st.lists(st.tuples(_spelt, st.sampled_from(("0", "0.000", "1", "2.50", "7"))), max_size=12)


def shown(side: Side) -> dict[float, str]:
    return {float(level[0]): level[1] for level in side.top(10_000)}


@pytest.mark.parametrize("sign", [1.0, -1.0])
@given(whole=_levels, changes=st.lists(_levels, max_size=8), depth=st.integers(1, 12))
@settings(max_examples=80, deadline=None)
def test_a_side_holds_what_a_dictionary_of_prices_would(
    sign: float, whole: list[Level], changes: list[list[Level]], depth: int
) -> None:
    side, model = Side(sign), dict[float, str]()
    for number, levels in enumerate((whole, *changes)):
        side.merge(levels) if number else side.replace(levels)
        for level in levels:
            if float(level[1]):
                model[float(level[0])] = level[1]
            else:
                model.pop(float(level[0]), None)
        side.trim(depth)
        kept = sorted(model, key=lambda price: price * sign, reverse=True)[:depth]
        model = {price: model[price] for price in kept}
        assert shown(side) == model
        assert [price for price, _ in side.walk()] == kept
        assert len(side) == len(model)
        assert side.keys == sorted(set(side.keys))
        assert not side.keys or side.keys[-1] == kept[0] * sign  # the last place is the best level's


def test_a_price_in_another_spelling_is_the_same_price() -> None:
    side = Side(1.0)
    side.replace([("1.10", "5"), ("1.0", "3")])
    side.merge([("1.1", "4")])
    assert side.top(5) == [("1.1", "4"), ("1.0", "3")]
    side.merge([("1.100", "0"), ("1", "0.0")])
    assert side.top(5) == []


def test_levels_come_back_into_their_own_places() -> None:
    side = Side(-1.0)
    side.replace([("1", "1"), ("2", "1"), ("3", "1")])
    side.merge([("2", "0")])
    assert side.top(5) == [("1", "1"), ("3", "1")]
    side.merge([("2", "8", "0", "1")])
    assert side.top(5) == [("1", "1"), ("2", "8", "0", "1"), ("3", "1")]
    assert side.keys == [-3.0, -2.0, -1.0]


def test_empty_places_do_not_pile_up() -> None:
    side = Side(1.0)
    side.replace([("100000", "1")])
    for price in range(1, 5000):
        side.merge([(str(price), "1")])
        side.merge([(str(price), "0")])
        assert len(side.keys) <= EMPTY_PLACES + 3
    assert side.top(5) == [("100000", "1")]


def test_what_lies_beyond_the_window_is_not_kept() -> None:
    side = Side(1.0)
    side.replace([("10", "1"), ("9", "1")])
    side.bound = 9.0
    side.merge([("8", "1"), ("9.5", "1")])
    assert [level[0] for level in side.top(5)] == ["10", "9.5", "9"]


@pytest.mark.parametrize(
    "level", [("nan", "1"), ("-1", "1"), ("0", "1"), ("inf", "0"), ("1", "nan"), ("1", "-2"), ("1", "inf"), ("x", "1")]
)
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_no_number_is_refused(level: Level, whole: bool) -> None:
    side = Side(1.0)
    with pytest.raises(BadLevel):
        side.replace([level]) if whole else side.merge([level])


def test_a_side_in_any_order_is_taken_as_it_was_meant() -> None:
    side = Side(-1.0)
    side.replace([("3", "1"), ("1", "1"), ("2", "0"), ("1", "5")])
    assert side.top(5) == [("1", "5"), ("3", "1")]
    assert side.bound == -inf
