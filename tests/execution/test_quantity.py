"""One quantity that both venues take, prices that never pay more than they may."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.orders import Side
from arbtui.execution.intents import Leg, Terms, terms_of
from arbtui.execution.quantity import (
    band_limit,
    big_enough,
    coins,
    common_coins,
    floor_to_step,
    hedge_quantities,
    notional,
    price_at,
    tradable,
)
from tests.execution.stage import dec, instrument, intent


def terms(**changes: Any) -> Terms:
    made = terms_of(instrument("alpha"))
    assert isinstance(made, Terms)
    return replace(made, **changes)


steps = st.sampled_from(["1", "0.1", "0.01", "0.001", "0.00001", "5", "0.25", "0.3", "10", "100"]).map(Decimal)
multipliers = st.sampled_from(["1", "0.01", "0.1", "10", "100", "1000", "0.001"]).map(Decimal)
amounts = st.decimals(min_value="0", max_value="1000000", places=6)
all_terms = st.builds(
    lambda step, multiplier, lots, least: terms(
        step=step, multiplier=multiplier, min_qty=step * lots, min_notional=least
    ),
    steps,
    multipliers,
    st.integers(1, 5),
    st.sampled_from([Decimal(0), Decimal(5), Decimal(10)]),
)


@given(amounts, all_terms, all_terms)
@settings(max_examples=200, deadline=None)
def test_the_common_quantity_is_whole_lots_on_both_and_never_more_than_asked(
    limit: Decimal, a: Terms, b: Terms
) -> None:
    both = common_coins(limit, a, b)
    assert 0 <= both <= limit
    for each in (a, b):
        lot = Fraction(each.step) * Fraction(each.multiplier)
        assert (Fraction(both) / lot).denominator == 1


@given(amounts, all_terms, all_terms)
@settings(max_examples=200, deadline=None)
def test_no_larger_common_quantity_exists(limit: Decimal, a: Terms, b: Terms) -> None:
    both = Fraction(common_coins(limit, a, b))
    lots = [Fraction(each.step) * Fraction(each.multiplier) for each in (a, b)]
    product = lots[0] * lots[1] / _gcd(lots[0], lots[1])
    assert both + product > Fraction(limit)


def _gcd(a: Fraction, b: Fraction) -> Fraction:
    while b:
        a, b = b, a % b
    return a


@given(amounts, all_terms)
@settings(max_examples=200, deadline=None)
def test_flooring_to_lots_never_rounds_up_and_loses_less_than_a_lot(base: Decimal, each: Terms) -> None:
    wire = floor_to_step(base, each)
    assert (Fraction(wire) / Fraction(each.step)).denominator == 1
    left = Fraction(base) - Fraction(coins(wire, each))
    assert 0 <= left < Fraction(each.step) * Fraction(each.multiplier)


@given(amounts, all_terms, all_terms, st.sampled_from(["0", "0.001", "0.0007"]).map(Decimal))
@settings(max_examples=200, deadline=None)
def test_both_orders_of_a_hedge_are_taken_and_the_hedge_never_exceeds_what_is_bought(
    limit: Decimal, a: Terms, b: Terms, fee: Decimal
) -> None:
    made = intent(buy=instrument("alpha", spot=True))
    legs = (
        replace(made.legs[0], terms=a, taker_rate=fee, fee_in_base=True),
        replace(made.legs[1], terms=b),
    )
    found = hedge_quantities(limit, legs)
    if isinstance(found, str):
        assert "too little" in found
        return
    for qty, leg in zip(found, legs, strict=True):
        assert big_enough(qty, leg.price, leg.terms)
        assert coins(qty, leg.terms) <= limit
    assert coins(found[1], b) <= coins(found[0], a) * (1 - fee)


ticks = st.sampled_from(["0.01", "0.1", "0.5", "1", "0.00001", "0.05"]).map(Decimal)
prices = st.decimals(min_value="0.0001", max_value="100000", places=7).filter(lambda value: value > 0)


@given(prices, ticks, st.sampled_from(Side), st.integers(0, 200))
@settings(max_examples=200, deadline=None)
def test_a_limit_is_on_the_tick_and_never_beyond_the_band(price: Decimal, tick: Decimal, side: Side, bps: int) -> None:
    limit = band_limit(price, side, Decimal(bps), terms(tick=tick))
    worst = Fraction(price) * (10_000 + side.sign * bps) / 10_000
    assert (Fraction(limit) / Fraction(tick)).denominator == 1
    if side is Side.BUY:
        assert 0 <= worst - Fraction(limit) < Fraction(tick)
    else:
        assert 0 <= Fraction(limit) - worst < Fraction(tick)


@given(prices, st.sampled_from(Side), st.integers(2, 6), st.integers(0, 6))
@settings(max_examples=200, deadline=None)
def test_significant_figures_are_kept_and_rounded_towards_us(
    price: Decimal, side: Side, figures: int, decimals: int
) -> None:
    limit = price_at(price, side, terms(tick=None, sig_figs=figures, max_decimals=decimals))
    assert limit <= price if side is Side.BUY else limit >= price
    if limit:
        text = limit.normalize()
        digits, exponent = len(text.as_tuple().digits), int(text.as_tuple().exponent)
        assert exponent >= 0 or (digits <= figures and -exponent <= decimals)


def test_whole_prices_pass_whatever_their_figures() -> None:
    five = terms(tick=None, sig_figs=5, max_decimals=2)
    assert price_at(dec("123456.7"), Side.BUY, five) == 123456
    assert price_at(dec("1234.567"), Side.SELL, five) == dec("1234.6")
    assert price_at(dec("9.99999"), Side.SELL, five) == 10


def test_contracts_thousands_and_coins_are_one_quantity() -> None:
    contracts = terms(step=dec(1), multiplier=dec("0.01"), min_qty=dec(1))
    thousands = terms(step=dec("0.1"), multiplier=dec(1000), price_factor=dec(1000), min_qty=dec("0.1"))
    assert common_coins(dec("1234.567"), contracts, thousands) == 1200
    assert notional(dec(2), dec("12.5"), thousands) == 25  # price of a thousand, times thousands
    assert notional(dec(200), dec(50), contracts) == 100


def leg(**changes: object) -> Leg:
    return replace(intent().legs[0], terms=terms(**changes))


def test_less_than_a_lot_a_minimum_or_the_least_notional_is_not_tradable() -> None:
    assert tradable(dec("0.09"), leg()) == 0
    assert tradable(dec("0.19"), leg()) == dec("0.1")
    assert tradable(dec("0.19"), leg(min_qty=dec("0.2"))) == 0
    assert tradable(dec("0.19"), leg(min_notional=dec("10"))) == 0  # 0.1 x 100 x 0.98 < 10
    assert tradable(dec("-1"), leg()) == 0


def test_too_little_says_which_venue_and_how_much_it_takes() -> None:
    text = hedge_quantities(dec("0.01"), intent().legs)
    assert isinstance(text, str)
    assert "alpha.perp.COINUSDT" in text
    assert "raise the size" in text
