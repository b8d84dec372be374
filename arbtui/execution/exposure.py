"""What open hedges leave unhedged, in US dollars. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from arbtui.execution.pairs import Pair, PairLeg
from arbtui.execution.quantity import ZERO

Usd = Callable[[str], Decimal | None]


@dataclass(frozen=True)
class NetExposure:
    """The coins' gaps added up without their signs: a gap of one coin does not hedge that of another.

    While orders are open or in doubt it lies between ``least`` and ``most``; else both are the same.
    """

    least: Decimal
    most: Decimal

    @property
    def exact(self) -> bool:
        return self.least == self.most


def net_exposure(pairs: Iterable[Pair], usd: Usd) -> NetExposure | None:
    """Gaps of one coin's hedges are netted. None where a coin with a gap has no price or no rate."""
    low: dict[str, Decimal] = defaultdict(Decimal)
    high: dict[str, Decimal] = defaultdict(Decimal)
    for pair in pairs:
        if not (pair.gap.low or pair.gap.high):
            continue
        price = _coin_usd(pair, usd)
        if price is None:
            return None
        low[pair.base] += pair.gap.low * price
        high[pair.base] += pair.gap.high * price
    least = sum((max(low[base], -high[base], ZERO) for base in low), ZERO)
    most = sum((max(abs(low[base]), abs(high[base])) for base in low), ZERO)
    return NetExposure(least, most)


def _coin_usd(pair: Pair, usd: Usd) -> Decimal | None:
    """What one coin is worth: at a price it could be left at now, else at what was paid, else as it was reviewed."""
    prices: tuple[Callable[[PairLeg], Decimal | None], ...] = (
        lambda own: own.exit, lambda own: own.entry, lambda own: own.leg.price
    )  # fmt: skip
    for of in prices:
        for own in pair.legs:
            wire, rate = of(own), usd(own.leg.terms.price_ccy)
            if wire is not None and rate is not None:
                return own.leg.coin_price(wire) * rate
    return None
