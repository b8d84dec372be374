"""Quantities and prices that both venues take as they are. Exact decimals, rounded only in the safe direction.

A hedge wants the same number of coins on both legs. Each leg trades in lots of ``step x multiplier`` coins, so the
common quantity is a multiple of the least common multiple of both lots, never more than was asked for. A spot buy may
pay its fee in the coin that it buys; then there is less to hedge, and the other leg is made that much smaller.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from math import lcm

from arbtui.core.model import Market
from arbtui.core.orders import Side
from arbtui.execution.intents import Leg, Terms

_EXACT = Context(prec=60)
_BPS = Decimal(10_000)
ZERO = Decimal(0)


def coins(wire: Decimal, terms: Terms) -> Decimal:
    return _EXACT.multiply(wire, terms.multiplier)


def floor_to_step(base: Decimal, terms: Terms) -> Decimal:
    """The largest wire quantity of whole lots that is at most ``base`` coins; zero for less than a lot."""
    if base <= 0:
        return ZERO
    lot = _EXACT.multiply(terms.step, terms.multiplier)
    return _EXACT.multiply(_floor_ratio(base, lot), terms.step)


def notional(wire_qty: Decimal, wire_price: Decimal, terms: Terms) -> Decimal:
    """Money in ``price_ccy``."""
    money = _EXACT.multiply(_EXACT.multiply(wire_qty, wire_price), terms.multiplier)
    return _EXACT.divide(money, terms.price_factor)


def big_enough(wire_qty: Decimal, wire_price: Decimal, terms: Terms) -> bool:
    """Whether the venue takes an order of this size: its minimum quantity and its minimum notional."""
    return wire_qty > 0 and wire_qty >= terms.min_qty and notional(wire_qty, wire_price, terms) >= terms.min_notional


def tradable(base: Decimal, leg: Leg) -> Decimal:
    """The wire quantity that can be ordered to trade at most ``base`` coins on ``leg``; zero if that is too little.

    The notional is judged at the frozen price less the widest band, so that a limit anywhere in it passes.
    """
    qty = floor_to_step(base, leg.terms)
    return qty if big_enough(qty, leg.price * Decimal("0.98"), leg.terms) else ZERO


def common_coins(limit: Decimal, a: Terms, b: Terms) -> Decimal:
    """The largest number of coins, at most ``limit``, that is whole lots on both; zero if there is none."""
    if limit <= 0:
        return ZERO
    lot = _common_lot(_EXACT.multiply(a.step, a.multiplier), _EXACT.multiply(b.step, b.multiplier))
    return _EXACT.multiply(_floor_ratio(limit, lot), lot)


def hedge_quantities(limit: Decimal, legs: tuple[Leg, Leg], maker: int | None = None) -> tuple[Decimal, Decimal] | str:
    """Wire quantities of both legs for at most ``limit`` coins, or in words why there are none.

    ``maker``: the leg that rests, and so pays its maker fee.
    """
    both = common_coins(limit, legs[0].terms, legs[1].terms)
    amounts = [both, both]
    for index, leg in enumerate(legs):
        rate = leg.maker_rate if index == maker else leg.taker_rate
        if leg.market is Market.SPOT and leg.side is Side.BUY and leg.fee_in_base and rate > 0:
            amounts[1 - index] = _EXACT.multiply(both, 1 - rate)
    wire = [tradable(amount, leg) for amount, leg in zip(amounts, legs, strict=True)]
    for qty, leg in zip(wire, legs, strict=True):
        if not qty:
            return _too_small(leg, limit)
    for index, leg in enumerate(legs):
        if amounts[1 - index] != both:  # the other leg's lots are coarser than this fee: buy no more than they hedge
            left = _EXACT.divide(amounts[1 - index], both)
            wire[index] = _least_leaving(coins(wire[1 - index], legs[1 - index].terms), left, leg, wire[index])
    return wire[0], wire[1]


def _least_leaving(wanted: Decimal, left: Decimal, leg: Leg, most: Decimal) -> Decimal:
    """The least wire quantity of which ``left`` (a fraction) is at least ``wanted`` coins; else ``most``."""
    terms = leg.terms
    lots = _EXACT.divide(_EXACT.divide(wanted, left), _EXACT.multiply(terms.step, terms.multiplier))
    qty = _EXACT.multiply(lots.to_integral_value(rounding=ROUND_CEILING), terms.step)
    return qty if qty <= most and tradable(coins(qty, terms), leg) == qty else most


def _too_small(leg: Leg, limit: Decimal) -> str:
    terms = leg.terms
    least = coins(terms.min_qty, terms)
    return (
        f"{limit:f} {terms.base} is too little for {leg.key}: it takes at least {least:f} {terms.base}"
        f" and {terms.min_notional:f} {terms.quote}, in lots of {coins(terms.step, terms):f}; raise the size"
    )


def price_at(wire: Decimal, side: Side, terms: Terms) -> Decimal:
    """``wire`` rounded to what the venue takes: down for a buy, up for a sell. Zero where a buy rounds to nothing."""
    rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
    if terms.tick is not None:
        ratio = _EXACT.divide(wire, terms.tick).to_integral_value(rounding=rounding)
        wire = _EXACT.multiply(ratio, terms.tick)
    if terms.sig_figs is not None and wire > 0:
        wire = _significant(wire, terms.sig_figs, terms.max_decimals, rounding)
    return wire


def _significant(wire: Decimal, figures: int, max_decimals: int | None, rounding: str) -> Decimal:
    """Whole numbers always pass (Hyperliquid docs, "Tick and lot size"), so the step is never above one."""
    exponent = min(0, wire.adjusted() - figures + 1)
    if max_decimals is not None:
        exponent = max(exponent, -max_decimals)
    return wire.quantize(Decimal(1).scaleb(exponent), rounding=rounding, context=_EXACT)


def band_limit(price: Decimal, side: Side, band_bps: Decimal, terms: Terms) -> Decimal:
    """The worst price that may be paid (buy) or taken (sell): at most ``band_bps`` beyond ``price``, on the tick."""
    worst = _EXACT.divide(_EXACT.multiply(price, _BPS + side.sign * band_bps), _BPS)
    return price_at(worst, side, terms)


def slip_bps(price: Decimal, now: Decimal, side: Side) -> Decimal:
    """How much worse ``now`` is than ``price`` for an order of ``side``; negative = better."""
    return side.sign * _BPS * (now - price) / price


def _floor_ratio(amount: Decimal, lot: Decimal) -> Decimal:
    return _EXACT.divide_int(amount, lot)


def _common_lot(a: Decimal, b: Decimal) -> Decimal:
    if a == b:
        return a
    scale = min(_exponent(a), _exponent(b))
    whole = lcm(int(a.scaleb(-scale, context=_EXACT)), int(b.scaleb(-scale, context=_EXACT)))
    return Decimal(whole).scaleb(scale, context=_EXACT)


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)  # steps and multipliers are finite
    return min(exponent, 0)
