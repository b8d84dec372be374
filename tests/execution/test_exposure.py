"""What open hedges leave unhedged."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from arbtui.execution.exposure import NetExposure, net_exposure
from arbtui.execution.ledger import Exposure
from arbtui.execution.pairs import Pair, open_pairs
from tests.execution.stage import Board, dec
from tests.execution.test_pnl import hedged

coins = st.decimals(min_value="-50", max_value="50", places=2)


def pair(low: Decimal, high: Decimal, base: str = "COIN") -> Pair:
    (one,) = open_pairs([hedged()], Board())
    return replace(one, base=base, gap=Exposure(low if low == high else dec(0), low, high))


def dollar(_: str) -> Decimal:
    return dec(1)


def test_a_hedge_without_a_gap_exposes_nothing_whether_or_not_it_has_a_price() -> None:
    assert net_exposure([pair(dec(0), dec(0))], lambda _: None) == NetExposure(dec(0), dec(0))
    assert net_exposure([], dollar) == NetExposure(dec(0), dec(0))


def test_a_gap_counts_at_the_price_it_could_be_left_at() -> None:
    exposure = net_exposure([pair(dec(2), dec(2))], dollar)
    assert exposure is not None
    assert exposure.exact
    assert exposure.most == 2 * dec("99.99")


def test_gaps_of_one_coin_are_netted_and_those_of_two_are_not() -> None:
    one = net_exposure([pair(dec(2), dec(2)), pair(dec(-2), dec(-2))], dollar)
    two = net_exposure([pair(dec(2), dec(2)), pair(dec(-2), dec(-2), "OTHER")], dollar)
    assert one == NetExposure(dec(0), dec(0))
    assert two is not None
    assert two.most == 4 * dec("99.99")


def test_orders_under_way_make_it_a_range() -> None:
    exposure = net_exposure([pair(dec(-3), dec(2))], dollar)
    assert exposure is not None
    assert not exposure.exact
    assert (exposure.least, exposure.most) == (dec(0), 3 * dec("99.99"))


def test_a_coin_without_a_rate_makes_it_unknown_and_never_zero() -> None:
    assert net_exposure([pair(dec(2), dec(2))], lambda _: None) is None


@given(st.lists(st.tuples(coins, coins), max_size=5))
def test_the_least_is_never_more_than_the_most(gaps: list[tuple[Decimal, Decimal]]) -> None:
    exposure = net_exposure([pair(min(gap), max(gap)) for gap in gaps], dollar)
    assert exposure is not None
    assert 0 <= exposure.least <= exposure.most
