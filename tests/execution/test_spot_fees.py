"""A spot buy that pays its fee in the coin: both legs are planned so that nothing has to be given back afterwards."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbtui.core.model import Market
from arbtui.core.orders import Side
from arbtui.execution.intents import Leg, terms_of
from arbtui.execution.quantity import coins, hedge_quantities, tradable
from tests.engine.trading_stage import listed

D = Decimal


def legs(rate: str, spot_step: str, perp_step: str) -> tuple[Leg, Leg]:
    made = []
    for leg, side, step in (("a.spot.X", Side.BUY, spot_step), ("b.perp.X", Side.SELL, perp_step)):
        terms = terms_of(listed(leg, step=D(step), min_notional=D(0)))
        assert not isinstance(terms, str)
        venue, market, native = leg.split(".")
        made.append(Leg(venue, Market(market), native, side, D(100), terms, D(rate), D(rate), market == "spot"))
    return made[0], made[1]


def test_with_coarser_lots_on_the_perpetual_no_more_is_bought_than_is_hedged() -> None:
    buy, sell = legs("0.001", "0.00001", "0.0001")
    qty = hedge_quantities(D("0.006"), (buy, sell))
    assert qty == (D("0.00591"), D("0.0059"))


@given(
    limit=st.decimals(min_value=D("0.5"), max_value=D(1000), places=4),
    rate=st.sampled_from(["0.0002", "0.001", "0.0025"]),
    steps=st.sampled_from([("0.0001", "0.01"), ("0.01", "0.01"), ("0.01", "0.0001"), ("0.1", "1")]),
)
def test_what_is_left_after_the_fee_is_apart_by_less_than_an_order(
    limit: Decimal, rate: str, steps: tuple[str, str]
) -> None:
    buy, sell = legs(rate, *steps)
    qty = hedge_quantities(limit, (buy, sell))
    if isinstance(qty, str):
        return
    held = coins(qty[0], buy.terms) * (1 - D(rate))
    hedged = coins(qty[1], sell.terms)
    assert coins(qty[0], buy.terms) <= limit
    assert held >= hedged
    assert held - hedged < D(steps[0]) + D(steps[1]) * (D(steps[1]) < D(steps[0]))
    assert tradable(coins(qty[0], buy.terms), buy) == qty[0]


@pytest.mark.parametrize("rate", ["0", "-0.0001"])
def test_without_a_fee_both_legs_are_equal(rate: str) -> None:
    buy, sell = legs(rate, "0.0001", "0.01")
    assert hedge_quantities(D("5.678"), (buy, sell)) == (D("5.67"), D("5.67"))
    in_quote = replace(buy, fee_in_base=False, taker_rate=D("0.001"))
    assert hedge_quantities(D("5.678"), (in_quote, sell)) == (D("5.67"), D("5.67"))
