"""What holding costs or brings, and which perp stands over which spot.

    carry_per_h_bps     = 1e4 x (rate_per_h(sell) - rate_per_h(buy))   spot counts 0

A rate per hour is a fraction, positive = longs pay; ``Slot.rate_per_h`` is None where rate or interval is unknown.

Funding is paid at certain moments and not by the hour: who holds for less than an interval pays all of it or nothing.
"""

from __future__ import annotations

from math import floor

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.model import Market
from arbtui.market.slot import Coin, Slot


def carry_per_h_bps(buy_rate_per_h: float | None, sell_rate_per_h: float | None) -> float | None:
    """What one hour of holding brings, in bps of notional; negative = it costs."""
    if buy_rate_per_h is None or sell_rate_per_h is None:
        return None
    return 1e4 * (sell_rate_per_h - buy_rate_per_h)


def payments_bps(buy: Slot, sell: Slot, from_ns: int, until_ns: int) -> float | None:
    """What holding the pair costs in funding that falls due in this time, in bps of notional; negative = it brings.

    At the rates of now, also for later payments. None where a leg's rate, interval or next payment is not known.
    """
    paid, received = _due(buy, from_ns, until_ns), _due(sell, from_ns, until_ns)
    return None if paid is None or received is None else 1e4 * (paid - received)


def _due(slot: Slot, from_ns: int, until_ns: int) -> float | None:
    """What a long position pays from after ``from_ns`` to ``until_ns``, as a fraction."""
    if slot.is_spot:
        return 0.0
    funding = slot.funding
    if slot.rate_per_h is None or funding is None or funding.next_ms is None:
        return None
    hours = funding.interval_h if funding.interval_h is not None else slot.instrument.funding_interval_h
    if not hours:
        return None
    every_ns, next_ns = hours * 3600 * NS_PER_S, funding.next_ms * NS_PER_MS
    count = _payments(next_ns, every_ns, until_ns) - _payments(next_ns, every_ns, from_ns)
    return slot.rate_per_h * hours * count


def _payments(first_ns: int, every_ns: float, until_ns: int) -> int:
    """Payments up to a moment, counted from ``first_ns``; before it the count is negative or 0."""
    return floor((until_ns - first_ns) / every_ns) + 1


def premium_pairs(coin: Coin) -> list[tuple[Slot, Slot]]:
    """(spot, perp) of one venue that belong together, for ``market.figures.premium_pct``.

    Per perp the spot of its price currency, else the first listed; sorted by venue and symbol.
    """
    spots: dict[str, list[Slot]] = {}
    for slot in sorted(coin.slots, key=lambda slot: slot.instrument.key):
        if slot.instrument.market is Market.SPOT:
            spots.setdefault(slot.instrument.venue, []).append(slot)
    pairs = []
    for perp in sorted(coin.slots, key=lambda slot: slot.instrument.key):
        of_venue = spots.get(perp.instrument.venue)
        if perp.instrument.market is Market.PERP and of_venue:
            same = [spot for spot in of_venue if spot.instrument.price_ccy == perp.instrument.price_ccy]
            pairs.append(((same or of_venue)[0], perp))
    return pairs
