"""Which coins may have a pair near its threshold: the only part of the strategy that every quote runs through.

A pair's brought / cost decides, both after fees; a coin's *floor* is a ratio that no pair near a threshold is below.
Nearly every coin lies some basis points below its floor, and nearly no quote changes that. So between two looks a
quote is held against nothing but two alarms of its own leg (``Slot.ask_alarm`` and ``bid_alarm``, wire prices):

    least = the least that any free leg costs            A = least / sqrt(gap)
    most  = the most that any free leg brings            B = most x sqrt(gap)
    gap   = least x floor / most, above 1 while nothing is near

While every leg costs A or more and none brings more than B, no pair's brought / cost is above B / A = floor. A quote
beyond an alarm makes its coin a suspect; so does everything else that changes what a leg counts for (muted, judged
anew, other fees, rates or thresholds). ``hot`` looks at the suspects leg by leg: those at or above their floor are hot
and stay suspects, the others get new alarms around the prices of now. A coin that has something near is always hot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf, sqrt

from arbtui.market.basis import UNIT
from arbtui.market.slot import Coin, Slot

_FEE_MARGIN = 0.05  # no taker rate is further from 0 than this
_ROUNDING = 1e-9  # alarms ring so much too early, which is more than a multiplication may round


def floor_ratio(net_bps: float) -> float:
    """A brought / cost that no pair of ``net_bps`` or more is below; net = (1 + f_A)(brought / cost - 1)."""
    return 1.0 + net_bps / 1e4 / (1.0 + _FEE_MARGIN if net_bps > 0.0 else 1.0 - _FEE_MARGIN)


class _Watched:
    """One coin."""

    __slots__ = ("coin", "floor", "sells")

    def __init__(self, coin: Coin, sells: frozenset[int]) -> None:
        self.coin = coin
        self.sells = sells  # ids of the slots that there is something to sell at
        self.floor = inf

    def is_near(self) -> bool:
        """Whether its best prices are at or above the floor; if not, its legs' alarms are set."""
        least, most = inf, 0.0
        for slot in self.coin.slots:
            quote, sold, bought = slot.quote, slot.sold, slot.bought  # as slot.bid_net and ask_net, without two calls
            if slot.muted is not None or quote is None or sold is None or bought is None:
                continue
            bid, ask = quote.bid, quote.ask
            if ask is not None and ask * bought < least:
                least = ask * bought
            if bid is not None and bid * sold > most and slot.id in self.sells:
                most = bid * sold
        if most >= least * self.floor:
            return True
        self._set_alarms(least, most)
        return False

    def _set_alarms(self, least: float, most: float) -> None:
        highest, lowest = _alarms(least, most, self.floor)
        for slot in self.coin.slots:
            sold, bought = slot.sold, slot.bought
            if slot.muted is not None:
                slot.bid_alarm, slot.ask_alarm = inf, 0.0  # whoever frees it makes its coin a suspect
            elif sold is None or bought is None or sold <= 0.0 or bought <= 0.0:
                slot.bid_alarm, slot.ask_alarm = 0.0, inf
            else:
                slot.bid_alarm = highest / sold if slot.id in self.sells else inf
                slot.ask_alarm = lowest / bought


def _alarms(least: float, most: float, floor: float) -> tuple[float, float]:
    """What a leg may bring at most, and cost at least, before the coin is looked at again."""
    if floor == inf:
        return inf, 0.0
    if most == 0.0:  # nothing to sell: costs do not matter until there is
        return 0.0, 0.0
    if least == inf:
        return inf, inf
    room = sqrt(least * floor / most)
    return most * room * (1.0 - _ROUNDING), least / room * (1.0 + _ROUNDING)


class HotSet:
    """Every coin's alarms, and which coins are suspects. Muted legs take no part."""

    def __init__(self) -> None:
        self._of: dict[str, _Watched] = {}  # by base
        self._of_slot: dict[int, _Watched] = {}  # by slot id
        self._suspects: set[str] = set()

    def reload(self, coins: Iterable[Coin], may_sell: Callable[[Slot], bool]) -> None:
        """Start over with these coins. Floors are infinite until they are set."""
        self._of = {coin.base: _Watched(coin, frozenset(s.id for s in coin.slots if may_sell(s))) for coin in coins}
        self._of_slot = {slot.id: watched for watched in self._of.values() for slot in watched.coin.slots}
        self._suspects = set(self._of)

    def listed(self, slot: Slot) -> bool:
        """Whether the slot is known, as one of the coin that it is of now."""
        watched = self._of_slot.get(slot.id)
        return watched is not None and watched.coin is slot.coin

    def on_alarm(self, slot: Slot) -> None:
        """A quote beyond an alarm was taken in, or one that alarms say nothing about."""
        slot.bid_alarm, slot.ask_alarm = inf, 0.0  # once is enough until it is looked at
        watched = self._of_slot.get(slot.id)
        if watched is not None:
            self._suspects.add(watched.coin.base)

    def set_floor(self, base: str, ratio: float) -> None:
        """From which brought / cost the coin is hot."""
        self._of[base].floor = ratio
        self._suspects.add(base)

    def look(self, base: str) -> None:
        """What its legs count for has changed by something else than a quote."""
        if base in self._of:
            self._suspects.add(base)

    def look_at_converted(self) -> None:
        """The same of all coins that have a leg whose price depends on a currency rate."""
        for base, watched in self._of.items():
            if any(slot.instrument.price_ccy != UNIT for slot in watched.coin.slots):
                self._suspects.add(base)

    def hot(self) -> list[str]:
        """Bases of the hot coins, in alphabetical order."""
        hot = sorted(base for base in self._suspects if self._of[base].is_near())
        self._suspects = set(hot)
        return hot
