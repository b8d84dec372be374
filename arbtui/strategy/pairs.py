"""Which pairs of a coin's instruments are looked at, and why one of them may not trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from arbtui.core.model import Market
from arbtui.market.slot import Slot


class Kind(StrEnum):
    """What a pair is made of, whichever leg is bought, across venues or within one."""

    PERP_PERP = "perp-perp"
    SPOT_PERP = "spot-perp"
    SPOT_SPOT = "spot-spot"


_SPOT = Market.SPOT  # looking a member up in its enumeration costs more than the comparison
_BY_SPOTS = (Kind.PERP_PERP, Kind.SPOT_PERP, Kind.SPOT_SPOT)


def kind_of(buy: Slot, sell: Slot) -> Kind:
    return _BY_SPOTS[(buy.instrument.market is _SPOT) + (sell.instrument.market is _SPOT)]


@dataclass(frozen=True)
class PairRules:
    """What the person allows.

    ``free_balances`` are coins known to lie free, by (venue, base): they allow selling that coin's spot there.
    """

    perp_perp: bool = True
    spot_perp: bool = True
    spot_spot: bool = True
    sell_spot: bool = False
    free_balances: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def enabled(self, kind: Kind) -> bool:
        if kind is Kind.PERP_PERP:
            return self.perp_perp
        return self.spot_perp if kind is Kind.SPOT_PERP else self.spot_spot

    def may_sell(self, slot: Slot) -> bool:
        """Whether there is something to sell: a perp always, spot only what is allowed or known to be held."""
        instrument = slot.instrument
        if instrument.market is not _SPOT or self.sell_spot:
            return True
        return self.free_balances.get((instrument.venue, instrument.base), 0.0) > 0.0


def needs_inventory(sell: Slot) -> bool:
    """Selling spot needs coins that are there already."""
    return sell.instrument.market is _SPOT
