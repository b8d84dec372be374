"""From how many basis points, net of taker fees, a spread counts.

One table, the most specific entry wins:

    entry              key as text                                     holds for
    pair               okx.perp.BTC-USDT-SWAP>binance.perp.BTCUSDT     this buy leg and this sell leg
    coin + direction   BTC:okx>binance                                 BTC bought on okx and sold on binance
    coin               BTC                                             every pair of BTC
    venue pair         okx+binance                                     every coin between the two venues, both ways
    default            (empty)                                         everything else
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from arbtui.core.errors import ConfigError
from arbtui.core.model import Instrument

DEFAULT_BPS = 5.0


class Thresholds:
    """The table. Default and coins may change at run time; ``version`` rises with every change."""

    def __init__(self, default_bps: float = DEFAULT_BPS, entries: Mapping[str, float] | None = None) -> None:
        """``entries``: key as above -> bps. Raises ``ConfigError`` for a key that reads like none of the five."""
        self._default = _checked("", default_bps)
        self._pairs: dict[tuple[str, str], float] = {}
        self._directions: dict[tuple[str, str, str], float] = {}
        self._coins: dict[str, float] = {}
        self._venues: dict[tuple[str, str], float] = {}
        self.version = 0
        for key, bps in (entries or {}).items():
            self._enter(key, _checked(key, bps))

    def _enter(self, key: str, bps: float) -> None:
        if ":" in key:
            base, _, way = key.partition(":")
            buy, arrow, sell = way.partition(">")
            if not (base and buy and arrow and sell):
                raise _unreadable(key)
            self._directions[base, buy, sell] = bps
        elif ">" in key:
            buy, _, sell = key.partition(">")
            if buy.count(".") < 2 or sell.count(".") < 2:
                raise _unreadable(key)
            self._pairs[buy, sell] = bps
        elif "+" in key:
            one, _, other = key.partition("+")
            if not (one and other):
                raise _unreadable(key)
            self._venues[_unordered(one, other)] = bps
        elif key:
            self._coins[key] = bps
        else:
            self._default = bps

    @property
    def default_bps(self) -> float:
        return self._default

    def set_default(self, net_bps: float) -> None:
        self._default = _checked("", net_bps)
        self.version += 1

    def set_coin(self, base: str, net_bps: float | None) -> None:
        """The coin's own threshold; None takes it away."""
        if net_bps is None:
            self._coins.pop(base, None)
        else:
            self._coins[base] = _checked(base, net_bps)
        self.version += 1

    def coin_bps(self, base: str = "") -> float:
        """What holds for a coin whatever its venues are; "" = the default."""
        return self._coins.get(base, self._default)

    def own_bps(self, base: str) -> float | None:
        """The coin's own entry, if it has one."""
        return self._coins.get(base)

    def entries(self) -> dict[str, float]:
        """The whole table but the default, by the keys as text, the most specific first, each kind in order."""
        text = {f"{buy}>{sell}": bps for (buy, sell), bps in sorted(self._pairs.items())}
        text |= {f"{base}:{buy}>{sell}": bps for (base, buy, sell), bps in sorted(self._directions.items())}
        text |= dict(sorted(self._coins.items()))
        return text | {f"{one}+{other}": bps for (one, other), bps in sorted(self._venues.items())}

    def pair_bps(self, base: str, buy: Instrument, sell: Instrument) -> float:
        """What holds for buying at ``buy`` and selling at ``sell``."""
        if self._pairs and (bps := self._pairs.get((buy.key, sell.key))) is not None:
            return bps
        if self._directions and (bps := self._directions.get((base, buy.venue, sell.venue))) is not None:
            return bps
        if (bps := self._coins.get(base)) is not None:
            return bps
        if self._venues and (bps := self._venues.get(_unordered(buy.venue, sell.venue))) is not None:
            return bps
        return self._default

    def lowest_bps(self, base: str) -> float:
        """No pair of this coin has a lower threshold than this."""
        floor = self._coins.get(base)
        if floor is None:
            floor = min(self._venues.values(), default=self._default)
            floor = min(floor, self._default)
        of_coin = (bps for (coin, _, _), bps in self._directions.items() if coin == base)
        return min(floor, min(of_coin, default=floor), min(self._pairs.values(), default=floor))


def _unordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


def _checked(key: str, bps: float) -> float:
    if not isfinite(bps) or not -1e4 < bps < 1e4:
        raise ConfigError(
            f"threshold {key or 'default'!r}: {bps} is no number of basis points between -10000 and 10000."
        )
    return float(bps)


def _unreadable(key: str) -> ConfigError:
    return ConfigError(
        f"threshold {key!r} cannot be read: write a coin (BTC), a coin with its direction (BTC:okx>binance), "
        "two venues (okx+binance) or a pair (okx.perp.BTC-USDT-SWAP>binance.perp.BTCUSDT)."
    )
