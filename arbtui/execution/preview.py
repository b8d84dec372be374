"""What a hedge would bring, shown before it is sent: walked through both books at its own size, after its own fees.

    gross = 1e4 (b - a) / a at the tops of both books, per coin and in USD; of quotes where no book is held
    slip  = what walking to the size costs beyond the tops
    net   = 1e4 (b' (1 - f_B) - a' (1 + f_A)) / a', a' and b' walked, or the resting price of a leg that makes
    worst = the same at both limits: what the policy may pay at most for the first orders

Every figure is None where a price, a rate or the depth for it is not known: a preview promises nothing that it cannot
see. Exact decimals; nothing here becomes part of an order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from arbtui.core.orders import Side
from arbtui.execution.intents import Intent, Leg, Style
from arbtui.execution.paper_market import Depth, Level
from arbtui.execution.ports import Price
from arbtui.execution.quantity import ZERO, band_limit, coins, notional

_EXACT = Context(prec=40)
_BPS = Decimal(10_000)


@dataclass(frozen=True)
class LegView:
    """One leg of a preview. Prices are wire; ``est`` is the walked average, None where the book shows less, or where a
    leg that makes would rest now. ``limit``: the worst that its first orders may pay or get.
    """

    leg: Leg
    qty: Decimal
    qty_base: Decimal
    rests: bool
    limit: Decimal
    top: Decimal | None
    est: Decimal | None
    fee: Decimal | None  # in the leg's price currency, at ``est``
    age_ms: float
    why_not: str


@dataclass(frozen=True)
class Estimate:
    """Figures of both legs together; bps of what buying costs, USD of the whole hedge."""

    legs: tuple[LegView, LegView]
    gross_bps: Decimal | None
    fees_bps: Decimal | None
    slip_bps: Decimal | None
    net_bps: Decimal | None
    net_usd: Decimal | None
    worst_bps: Decimal | None
    worst_usd: Decimal | None
    usd: Decimal | None  # what the leg that is bought comes to


def estimate(
    intent: Intent, prices: tuple[Price, Price], depths: tuple[Depth, Depth], usd: Callable[[str], Decimal | None]
) -> Estimate:
    """The figures of one turn. Of a closing turn net is what the turn itself brings, entry not counted.

    Where only one leg trades there is no net: it is not a pair any more.
    """
    legs = (_leg_view(intent, 0, prices[0], depths[0]), _leg_view(intent, 1, prices[1], depths[1]))
    buy, sell = (legs[0], legs[1]) if legs[0].leg.side is Side.BUY else (legs[1], legs[0])
    tops = _in_usd(buy, sell, (buy.top, sell.top), usd)
    walked = _in_usd(buy, sell, (buy.est, sell.est), usd)
    worst = _in_usd(buy, sell, (buy.limit, sell.limit), usd)
    gross = _spread_bps(tops)
    walked_gross = _spread_bps(walked)
    net = _net(buy, sell, walked)
    return Estimate(
        legs=legs,
        gross_bps=gross,
        fees_bps=None if net is None or walked_gross is None else walked_gross - net,
        slip_bps=None if gross is None or walked_gross is None else gross - walked_gross,
        net_bps=net,
        net_usd=_money(buy, walked, net),
        worst_bps=_net(buy, sell, worst),
        worst_usd=_money(buy, worst, _net(buy, sell, worst)),
        usd=None if walked is None else _EXACT.multiply(walked[0], buy.qty_base),
    )


def _leg_view(intent: Intent, index: int, price: Price, depth: Depth) -> LegView:
    leg, qty = intent.legs[index], intent.qty[index]
    rests = intent.style is Style.MAKER_TAKER and intent.maker == index
    levels = depth.asks if leg.side is Side.BUY else depth.bids
    top = levels[0][0] if levels and not rests else _top(price, leg.side, rests=rests)
    est = top if rests else _walked(levels, qty)
    rate = leg.maker_rate if rests else leg.taker_rate
    fee = None if est is None else _EXACT.multiply(notional(qty, est, leg.terms), rate)
    return LegView(
        leg=leg,
        qty=qty,
        qty_base=coins(qty, leg.terms),
        rests=rests,
        limit=band_limit(leg.price, leg.side, intent.band_bps(index), leg.terms),
        top=top,
        est=est,
        fee=fee,
        age_ms=price.age_ms,
        why_not=price.why_not,
    )


def _top(price: Price, side: Side, *, rests: bool) -> Decimal | None:
    return price.ask if (side is Side.BUY) is not rests else price.bid


def _walked(levels: Sequence[Level], qty: Decimal) -> Decimal | None:
    """Average wire price of taking ``qty``; None where the book shows less."""
    if not qty:
        return None
    paid, rest = ZERO, qty
    for price, size in levels:
        part = min(rest, size)
        paid = _EXACT.add(paid, _EXACT.multiply(part, price))
        rest -= part
        if not rest:
            return _EXACT.divide(paid, qty)
    return None


def _in_usd(
    buy: LegView, sell: LegView, wire: tuple[Decimal | None, Decimal | None], usd: Callable[[str], Decimal | None]
) -> tuple[Decimal, Decimal] | None:
    """What one coin costs on one leg and brings on the other, in USD, at these wire prices."""
    found = []
    for view, price in zip((buy, sell), wire, strict=True):
        rate = usd(view.leg.terms.price_ccy)
        if price is None or rate is None:
            return None
        found.append(_EXACT.multiply(view.leg.coin_price(price), rate))
    return found[0], found[1]


def _spread_bps(prices: tuple[Decimal, Decimal] | None) -> Decimal | None:
    if prices is None or prices[0] <= 0:
        return None
    return _EXACT.divide(_BPS * (prices[1] - prices[0]), prices[0])


def _net(buy: LegView, sell: LegView, prices: tuple[Decimal, Decimal] | None) -> Decimal | None:
    if prices is None or not buy.qty or not sell.qty:
        return None
    paid = prices[0] * (1 + _rate(buy))
    got = prices[1] * (1 - _rate(sell))
    return _spread_of(prices[0], got - paid)


def _rate(view: LegView) -> Decimal:
    return view.leg.maker_rate if view.rests else view.leg.taker_rate


def _spread_of(price: Decimal, gain: Decimal) -> Decimal | None:
    return _EXACT.divide(_BPS * gain, price) if price > 0 else None


def _money(buy: LegView, prices: tuple[Decimal, Decimal] | None, net_bps: Decimal | None) -> Decimal | None:
    if prices is None or net_bps is None:
        return None
    return _EXACT.divide(prices[0] * buy.qty_base * net_bps, _BPS)
