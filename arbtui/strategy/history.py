"""What spreads and premiums were: every coin's best pair once a second, a few exact pairs ten times a second.

    coins     net_bps of the best admissible pair and which pair it was: ten minutes by the second, then an hour in
              buckets of ten seconds
    pairs     net_bps of two given legs, from the moment somebody asked for them: ten minutes by the tenth of a second,
              then the same buckets
    premiums  (perp - spot) / spot of the mids of one venue, bps, for the coin on show and those before it

A moment counts only if a pair could have been compared then: both quotes fresh, both legs admitted, a usable rate
between their currencies. Every other moment is a gap. (Whether the rules allow that kind of pair does not matter to a
pair that was asked for by its legs: its figure is true all the same.)

``step`` is called often and does a little each time: a thousand coins take their turns over most of a second, in which
``look`` works out each one's best pair. A coin that had no turn in its second, because the loop was away, has a gap.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.market.slot import Coin, Slot
from arbtui.strategy.series import COARSE_NS, Ring, Series, Track, empty
from arbtui.strategy.spread import net_of
from arbtui.strategy.spreads import Comparing

SECONDS = 600  # that are kept one by one
PAIR_STEP_NS = 100 * NS_PER_MS
PAIRS_KEPT = 8
UNASKED_NS = 600 * NS_PER_S  # a pair that nobody has asked for so long is not sampled any more
PREMIUMS_KEPT = 40  # venues of the coins that were on show
_ROUND_NS = NS_PER_S * 9 // 10  # all coins have had their turn by then; the rest of the second is for late beats
_STEPS_AT_LEAST = 20  # that a round is spread over, however long the loop was away

Best = tuple[int, int, float]  # slot ids of the legs, net_bps


class Market(Protocol):
    """What this needs of the board."""

    @property
    def coins(self) -> Mapping[str, Coin]: ...

    @property
    def slots(self) -> Sequence[Slot]: ...

    def judge(self, slot: Slot, now_ns: int) -> str | None: ...

    @property
    def rates(self) -> Comparing: ...


class _CoinTrack(Track):
    """A coin's best net, and by the second which pair it was of: 0 = none, else its place in ``pairs`` plus one."""

    __slots__ = ("numbers", "of", "pairs")

    def __init__(self) -> None:
        super().__init__(NS_PER_S, SECONDS)
        self.of = Ring(SECONDS, "H", 0)
        self.pairs: list[tuple[int, int]] = []
        self.numbers: dict[tuple[int, int], int] = {}

    def note(self, t_ns: int, best: Best) -> None:
        legs = best[:2]
        number = self.numbers.get(legs)
        if number is None:
            self.pairs.append(legs)
            number = self.numbers[legs] = len(self.pairs)
        self.put(t_ns, best[2])
        self.of.put(t_ns // NS_PER_S, number)


class _PairTrack(Track):
    __slots__ = ("asked_ns", "buy", "sell")

    def __init__(self, buy: Slot, sell: Slot) -> None:
        super().__init__(PAIR_STEP_NS, SECONDS * NS_PER_S // PAIR_STEP_NS)
        self.buy = buy
        self.sell = sell
        self.asked_ns = 0


class History:
    """Samples when it is stepped; answers at any time. Deterministic: nothing but engine time decides what is taken."""

    def __init__(self, market: Market, look: Callable[[str], Best | None]) -> None:
        """``look``: the best admissible pair of a coin as of now, None where there is none."""
        self._look = look
        self._market = market
        self._coins: dict[str, _CoinTrack] = {}
        self._pairs: OrderedDict[tuple[int, int], _PairTrack] = OrderedDict()  # asked for last = last
        self._premiums: OrderedDict[tuple[int, int], Track] = OrderedDict()  # (spot, perp), seen last = last
        self._second = -1
        self._tenth = -1
        self._turn: Sequence[str] = ()
        self._done = 0
        self._most: tuple[tuple[int, int], list[float]] = ((-1, 0), [])

    # sampling

    def step(self, now_ns: int, selected: str = "", bases: Sequence[str] | None = None) -> None:
        """Whatever is due. ``selected``: the coin on show; ``bases``: the coins to sample, None = all of the board."""
        second, part_ns = divmod(now_ns, NS_PER_S)
        if second != self._second:
            self._second = second
            self._turn = list(self._market.coins) if bases is None else bases
            self._done = 0
            self._sample_premiums(selected, now_ns)
        due = len(self._turn) * part_ns // _ROUND_NS + 1
        due = min(due, len(self._turn), self._done + len(self._turn) // _STEPS_AT_LEAST + 1)
        for base in self._turn[self._done : due]:
            self._sample_coin(base, now_ns)
        self._done = max(self._done, due)
        if now_ns // PAIR_STEP_NS != self._tenth:
            self._tenth = now_ns // PAIR_STEP_NS
            self._sample_pairs(now_ns)

    def _sample_coin(self, base: str, now_ns: int) -> None:
        best = self._look(base)
        if best is None:
            return
        track = self._coins.get(base)
        if track is None:
            track = self._coins[base] = _CoinTrack()
        track.note(now_ns, best)

    def _sample_pairs(self, now_ns: int) -> None:
        for key, track in list(self._pairs.items()):
            if now_ns - track.asked_ns > UNASKED_NS:
                del self._pairs[key]
            elif self._comparable(track.buy, track.sell, now_ns) and _priced(track.buy, track.sell):
                net = net_of(track.buy, track.sell)
                if net is not None:
                    track.put(now_ns, net)

    def _sample_premiums(self, base: str, now_ns: int) -> None:
        for spot, perp in self._couples(base).values():
            key = (spot.id, perp.id)
            track = self._premiums.pop(key, None) or Track(NS_PER_S, SECONDS)
            self._premiums[key] = track
            if self._comparable(spot, perp, now_ns):
                premium = premium_bps(spot, perp)
                if premium is not None:
                    track.put(now_ns, premium)
        while len(self._premiums) > PREMIUMS_KEPT:
            self._premiums.popitem(last=False)

    def _comparable(self, one: Slot, other: Slot, now_ns: int) -> bool:
        """Whether both quotes may be believed, and compared with one another."""
        a, b = one.instrument.price_ccy, other.instrument.price_ccy
        return (
            one.coin is other.coin
            and one.muted is None
            and other.muted is None
            and self._market.judge(one, now_ns) is None
            and self._market.judge(other, now_ns) is None
            and (a == b or self._market.rates.between(a, b, now_ns).muted is None)
        )

    # answers

    def net(self, base: str, now_ns: int, window_s: float) -> Series:
        """``net_bps`` of the coin's best pair, whichever that was."""
        track = self._coins.get(base)
        return empty(now_ns, window_s) if track is None else track.series(now_ns, window_s)

    def best_pairs(self, base: str, now_ns: int, window_s: float) -> list[tuple[int, int] | None]:
        """Which pair, by its slot ids, each of ``net``'s seconds is of, for up to ten minutes; None = a gap."""
        track = self._coins.get(base)
        if track is None:
            return [None] * len(empty(now_ns, window_s))
        numbers = track.of.read(track.last_due(now_ns), min(SECONDS, -(-int(window_s * NS_PER_S) // NS_PER_S)))
        return [track.pairs[int(number) - 1] if number else None for number in numbers]

    def pair(self, buy: Slot, sell: Slot, now_ns: int, window_s: float) -> Series:
        """``net_bps`` of exactly these legs. Asking begins it: before, there are only gaps."""
        key = (buy.id, sell.id)
        track = self._pairs.get(key)
        if track is None:
            track = self._pairs[key] = _PairTrack(buy, sell)
            while len(self._pairs) > PAIRS_KEPT:
                self._pairs.popitem(last=False)
        self._pairs.move_to_end(key)
        track.asked_ns = now_ns
        return track.series(now_ns, window_s)

    def premium_venues(self, base: str) -> Sequence[str]:
        """Venues that quote both the coin's spot and its perpetual."""
        return list(self._couples(base))

    def premium(self, base: str, venue: str, now_ns: int, window_s: float) -> Series:
        """Of the most traded spot and perpetual there, since the coin was first on show."""
        couple = self._couples(base).get(venue)
        track = None if couple is None else self._premiums.get((couple[0].id, couple[1].id))
        return empty(now_ns, window_s) if track is None else track.series(now_ns, window_s)

    def passed(self, bps: float, now_ns: int, window_s: float) -> int:
        """How many coins had a best pair of ``bps`` net or more in the last ``window_s`` seconds, to ten seconds."""
        count = -(-int(window_s * NS_PER_S) // COARSE_NS)
        moment = (now_ns // NS_PER_S, count)
        if self._most[0] != moment:  # somebody who types asks again and again
            nets = (track.coarse.most(now_ns, count) for track in self._coins.values())
            self._most = moment, [net for net in nets if net is not None]
        return sum(net >= bps for net in self._most[1])

    def _couples(self, base: str) -> dict[str, tuple[Slot, Slot]]:
        """By venue, in alphabetical order: the most traded spot and the most traded perpetual of the coin."""
        coin = self._market.coins.get(base)
        legs: dict[str, tuple[list[Slot], list[Slot]]] = {}
        for slot in coin.slots if coin is not None else ():
            legs.setdefault(slot.instrument.venue, ([], []))[not slot.is_spot].append(slot)
        return {
            venue: (max(spots, key=_traded), max(perps, key=_traded))
            for venue, (spots, perps) in sorted(legs.items())
            if spots and perps
        }


def premium_bps(spot: Slot, perp: Slot) -> float | None:
    """1e4 (perp - spot) / spot of the mids, in their currency, or in US dollars where they are quoted in two."""
    below, above = spot.mid, perp.mid
    if spot.instrument.price_ccy != perp.instrument.price_ccy:
        below, above = _mid_usd(spot), _mid_usd(perp)
    return None if below is None or above is None else 1e4 * (above - below) / below


def _mid_usd(slot: Slot) -> float | None:
    bid, ask = slot.bid_usd, slot.ask_usd
    return None if bid is None or ask is None else (bid + ask) / 2.0


def _priced(buy: Slot, sell: Slot) -> bool:
    return buy.ask_usd is not None and sell.bid_usd is not None


def _traded(slot: Slot) -> tuple[float, int]:
    return slot.vol_24h_usd or 0.0, -slot.id
