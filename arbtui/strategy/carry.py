"""What holding costs or brings, and which perp stands over which spot.

    carry_per_h_bps     = 1e4 x (rate_per_h(sell) - rate_per_h(buy))   spot counts 0

A rate per hour is a fraction, positive = longs pay; ``Slot.rate_per_h`` is None where rate or interval is unknown.
"""

from __future__ import annotations

from arbtui.core.model import Market
from arbtui.market.slot import Coin, Slot


def carry_per_h_bps(buy_rate_per_h: float | None, sell_rate_per_h: float | None) -> float | None:
    """What one hour of holding brings, in bps of notional; negative = it costs."""
    if buy_rate_per_h is None or sell_rate_per_h is None:
        return None
    return 1e4 * (sell_rate_per_h - buy_rate_per_h)


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
