"""Which coins may have a pair near its threshold: the only part of the strategy that every quote runs through.

Of each coin two numbers are kept, the most that any leg brings and the least that any leg costs, both after fees. No
pair's brought / cost is above the ratio of the two, so a coin below its floor has nothing near a threshold; a coin at
or above it is hot, and is looked at pair by pair when its turn comes. The floor errs on one side only: a hot coin may
turn out to have nothing, a coin that has something is always hot.

Prices lie in flat arrays, the legs of a coin side by side, because at a thousand coins a quote costs what it makes the
processor fetch from memory, not what it computes.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from math import inf

from arbtui.market.basis import UNIT
from arbtui.market.slot import Coin, Slot

_FEE_MARGIN = 0.05  # no taker rate is further from 0 than this
_NOTHING_TO_SELL = -1.0


def floor_ratio(net_bps: float) -> float:
    """A brought / cost that no pair of ``net_bps`` or more is below; net = (1 + f_A)(brought / cost - 1)."""
    return 1.0 + net_bps / 1e4 / (1.0 + _FEE_MARGIN if net_bps > 0.0 else 1.0 - _FEE_MARGIN)


class HotSet:
    """Best prices of every coin. Muted legs take no part."""

    def __init__(self) -> None:
        # by slot id
        self._places = array("i")  # where its prices lie; -1 = of no coin
        # by place
        self._asks = array("d")  # cost after fees; infinite where there is none
        self._bids = array("d")  # brought after fees; 0 where there is none, -1 where there is nothing to sell
        self._coin_at = array("i")
        # by number of the coin
        self._coins: list[Coin] = []
        self._first = array("i")  # its places: from here up to the next coin's
        self._ask = array("d")
        self._bid = array("d")
        self._floor = array("d")
        self._is_hot = bytearray()
        self._number: dict[str, int] = {}  # by base
        self._hot: list[int] = []

    def reload(self, coins: Iterable[Coin], may_sell: Callable[[Slot], bool]) -> None:
        """Start over with these coins. Floors are infinite until they are set."""
        self._coins = list(coins)
        count = len(self._coins)
        last = max((slot.id for coin in self._coins for slot in coin.slots), default=-1)
        self._places = array("i", [-1]) * (last + 1)
        self._asks, self._bids, self._coin_at, self._first = array("d"), array("d"), array("i"), array("i", [0])
        for number, coin in enumerate(self._coins):
            for slot in coin.slots:
                self._places[slot.id] = len(self._asks)
                self._asks.append(inf)
                self._bids.append(0.0 if may_sell(slot) else _NOTHING_TO_SELL)
                self._coin_at.append(number)
            self._first.append(len(self._asks))
        self._ask, self._bid = array("d", [inf]) * count, array("d", [0.0]) * count
        self._floor = array("d", [inf]) * count
        self._is_hot, self._hot = bytearray(count), []
        self._number = {coin.base: number for number, coin in enumerate(self._coins)}

    def listed(self, slot: Slot) -> bool:
        """Whether the slot is known, as one of the coin that it is of now."""
        place = self._places[slot.id] if slot.id < len(self._places) else -1
        return place >= 0 and self._coins[self._coin_at[place]] is slot.coin

    def on_quote(self, slot: Slot) -> None:
        """A quote was taken in. Most change sizes only and end half way."""
        if slot.muted is not None:
            return
        try:
            place = self._places[slot.id]
        except IndexError:  # of a symbol that no listing has named
            return
        if place < 0:
            return
        asks, bids = self._asks, self._bids
        cost_before, brought_before = asks[place], bids[place]
        quote, sold, bought = slot.quote, slot.sold, slot.bought  # as slot.bid_net and ask_net, without two calls
        if quote is None or sold is None or bought is None:
            cost, brought = inf, 0.0
        else:
            cost = inf if quote.ask is None else quote.ask * bought
            brought = 0.0 if quote.bid is None else quote.bid * sold
        if brought_before < 0.0:
            brought = brought_before
        if cost == cost_before and brought == brought_before:
            return
        asks[place], bids[place] = cost, brought

        number = self._coin_at[place]
        least, most = self._ask[number], self._bid[number]
        if cost < least:
            self._ask[number] = least = cost
        elif cost_before <= least:
            self._ask[number] = least = min(asks[self._first[number] : self._first[number + 1]])
        if brought > most:
            self._bid[number] = most = brought
        elif brought_before >= most:
            self._bid[number] = most = max(bids[self._first[number] : self._first[number + 1]])
        if most >= least * self._floor[number] and not self._is_hot[number]:
            self._is_hot[number] = True
            self._hot.append(number)

    def set_floor(self, base: str, ratio: float) -> None:
        """From which brought / cost the coin is hot."""
        self._floor[self._number[base]] = ratio
        self.look(base)

    def look(self, base: str) -> None:
        """Take the coin's prices anew from its slots."""
        number = self._number.get(base)
        if number is None:
            return
        first, end = self._first[number], self._first[number + 1]
        for slot in self._coins[number].slots:
            if self.listed(slot):
                place, free = self._places[slot.id], slot.muted is None
                self._asks[place] = slot.ask_net if free and slot.ask_net is not None else inf
                if self._bids[place] >= 0.0:
                    self._bids[place] = slot.bid_net if free and slot.bid_net is not None else 0.0
        self._ask[number] = min(self._asks[first:end], default=inf)
        self._bid[number] = max(self._bids[first:end], default=0.0)
        if self._is_near(number) and not self._is_hot[number]:
            self._is_hot[number] = True
            self._hot.append(number)

    def look_at_converted(self) -> None:
        """Take prices anew of all coins that have a leg whose price depends on a currency rate."""
        for coin in self._coins:
            if any(slot.instrument.price_ccy != UNIT for slot in coin.slots):
                self.look(coin.base)

    def hot(self) -> list[str]:
        """Bases of the hot coins, in alphabetical order."""
        cooled = [number for number in self._hot if not self._is_near(number)]
        for number in cooled:
            self._is_hot[number] = False
        if cooled:
            self._hot = [number for number in self._hot if self._is_hot[number]]
        return sorted(self._coins[number].base for number in self._hot)

    def _is_near(self, number: int) -> bool:
        return self._bid[number] >= self._ask[number] * self._floor[number]
