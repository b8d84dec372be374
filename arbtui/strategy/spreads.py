"""Every pair of every coin, kept up per quote and answered when asked.

Per quote only the coin that it belongs to is touched, and of it only the best selling and the best buying price after
fees: enough to know whether any of its pairs can be near a threshold. Such coins form the hot set; all else is worked
out when somebody asks, from the slots as they are at that moment, so that no row outlives its inputs.

Why the best pair is not simply best bid against best ask: net_bps divides by the buying price a, and
(brought - cost) / a = (1 + f_A)(brought / cost - 1). For a given buy leg the sell leg that brings most is best; buy
legs differ by their fees too, so each is tried against it. What this leaves out is buying where selling is best: that
one sells where selling is second best. So one pass over the legs finds the best of all pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from math import inf
from typing import Protocol

from arbtui.core.clock import NS_PER_MS, Clock
from arbtui.market.basis import Between
from arbtui.market.slot import Coin, Slot
from arbtui.market.state import Board, ListingChange
from arbtui.strategy.hotset import HotSet, floor_ratio
from arbtui.strategy.pairs import PairRules, kind_of
from arbtui.strategy.rows import SpreadRow
from arbtui.strategy.spread import net_of, spread_row
from arbtui.strategy.thresholds import Thresholds

Legs = tuple[Slot, Slot]  # (buy, sell)


class Comparing(Protocol):
    """What this needs of the currency rates."""

    def between(self, a: str, b: str, now_ns: int) -> Between:
        """What comparing prices in ``a`` and ``b`` rests on."""
        ...


class Listed(Protocol):
    """What this needs of the board."""

    @property
    def coins(self) -> Mapping[str, Coin]: ...

    def judge(self, slot: Slot, now_ns: int) -> str | None:
        """Why the leg may not trade now, in words; None: it may."""
        ...

    @property
    def rates(self) -> Comparing: ...


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair near or above its threshold."""

    buy: Slot
    sell: Slot
    net_bps: float
    threshold_bps: float


class Spreads:
    """The pairs of all coins. ``walk_usd`` is the size that books are walked for; it may be set at any time."""

    def __init__(
        self,
        board: Listed,
        rules: PairRules,
        thresholds: Thresholds,
        clock: Clock,
        *,
        walk_usd: float = 1000.0,
        near_bps: float = 3.0,
    ) -> None:
        """``near_bps``: so far below its threshold a pair is near enough to have its books held."""
        self._board = board
        self._rules = rules
        self._thresholds = thresholds
        self._clock = clock
        self._near_bps = near_bps
        self.walk_usd = walk_usd
        self._near = HotSet()
        self._coins: dict[str, Coin] = {}
        self._sells: dict[str, list[Slot]] = {}  # per coin the legs that there is something to sell at
        self._kept: dict[str, tuple[int, SpreadRow | None]] = {}  # rows and when they were made, the oldest first
        self._rates_moved = False
        self._floors_of = -1  # version of the thresholds that the floors were made from
        self.reload()

    def listen(self, board: Board) -> None:
        """Follow the board from now on, with what is listed already."""
        board.on_alarm.append(self._near.on_alarm)
        board.on_judged.append(self.on_judged)
        board.on_listing.append(self.on_listing)
        board.on_rates.append(self.on_rates)
        self.reload()

    # what changes

    def on_quote(self, slot: Slot) -> None:
        """A quote was taken in, whatever its alarms say."""
        self._near.on_alarm(slot)

    def on_judged(self, slot: Slot) -> None:
        """A leg was muted or may trade again."""
        self._near.look(slot.coin.base)

    def on_rates(self) -> None:
        """Currency rates moved, and with them prices that no quote has touched."""
        self._rates_moved = True

    def on_listing(self, change: ListingChange) -> None:
        slots = (*change.added, *change.removed, *change.changed)
        if not all(self._near.listed(slot) for slot in slots):
            self.reload()
            return
        for slot in slots:  # fees, factors, status
            self._kept.pop(slot.coin.base, None)
            self._near.look(slot.coin.base)

    def set_rules(self, rules: PairRules) -> None:
        """Other kinds of pairs, or other balances."""
        self._rules = rules
        self.reload()

    def reload(self) -> None:
        """Start over from the board: after listings and other rules, its own or the board's."""
        self._coins = dict(self._board.coins)
        self._kept.clear()
        may_sell = self._rules.may_sell
        self._sells = {base: [slot for slot in coin.slots if may_sell(slot)] for base, coin in self._coins.items()}
        self._near.reload(self._coins.values(), may_sell)
        self._set_floors()

    def _set_floors(self) -> None:
        self._floors_of = self._thresholds.version
        for base in self._coins:
            self._near.set_floor(base, floor_ratio(self._thresholds.lowest_bps(base) - self._near_bps))

    # what may trade

    def why_not(self, buy: Slot, sell: Slot, now_ns: int) -> str | None:
        """Why this pair may not trade at ``now_ns``, in words; None: it may."""
        return (
            self._why_no_pair(buy, sell, now_ns)
            or self._why_no_leg(buy, now_ns)
            or self._why_no_leg(sell, now_ns)
            or _why_no_price(buy, buy.ask, buy.ask_usd, "ask")
            or _why_no_price(sell, sell.bid, sell.bid_usd, "bid")
        )

    def _why_no_pair(self, buy: Slot, sell: Slot, now_ns: int) -> str | None:
        if buy is sell:
            return "one instrument is no pair"
        base = sell.coin.base
        if buy.coin is not sell.coin:
            return f"{buy.coin.base} and {base} are different coins"
        kind = kind_of(buy, sell)
        if not self._rules.enabled(kind):
            return f"{kind.value} pairs are switched off"
        if not self._rules.may_sell(sell):
            return f"needs inventory: no free {base} is known at {sell.instrument.venue}, and pairs.sell_spot is off"
        a, b = buy.instrument.price_ccy, sell.instrument.price_ccy
        return None if a == b else self._board.rates.between(a, b, now_ns).muted

    def _why_no_leg(self, slot: Slot, now_ns: int) -> str | None:
        if not self._near.listed(slot):
            return f"{slot.key}: not listed"
        why = slot.muted or self._board.judge(slot, now_ns)
        return None if why is None else f"{slot.key}: {why}"

    # what is close

    def hot(self) -> list[str]:
        """Coins of which a pair may be near or above its threshold, in alphabetical order."""
        if self._floors_of != self._thresholds.version:
            self._set_floors()
        if self._rates_moved:
            self._rates_moved = False
            self._near.look_at_converted()
        return self._near.hot()

    def close(self, base: str, now_ns: int) -> list[Pair]:
        """Every admissible pair of the coin whose net is not more than ``near_bps`` below its threshold, best first."""
        coin = self._coins.get(base)
        if coin is None:
            return []
        lowest = self._thresholds.lowest_bps(base) - self._near_bps
        sells = [slot for slot in self._sells[base] if slot.bid_net is not None]
        sells = [slot for slot in sells if self._why_no_leg(slot, now_ns) is None]
        buys = [slot for slot in coin.slots if slot.ask_net is not None]
        found = []
        for buy in buys:
            beats = [(slot, net) for slot in sells if (net := net_of(buy, slot)) is not None and net >= lowest]
            if not beats or self._why_no_leg(buy, now_ns) is not None:
                continue
            for sell, net in beats:
                if self._why_no_pair(buy, sell, now_ns) is None:
                    threshold = self._thresholds.pair_bps(base, buy.instrument, sell.instrument)
                    if net >= threshold - self._near_bps:
                        found.append(Pair(buy, sell, net, threshold))
        found.sort(key=lambda pair: (-pair.net_bps, pair.buy.id, pair.sell.id))
        return found

    def barred(self, base: str, now_ns: int) -> tuple[Pair, str] | None:
        """The best pair at or above its threshold that may not trade, and why."""
        found: Pair | None = None
        for buy, sell in self._pairs(base):
            net = net_of(buy, sell)
            if net is None or (found is not None and net <= found.net_bps):
                continue
            threshold = self._thresholds.pair_bps(base, buy.instrument, sell.instrument)
            if net >= threshold and self.why_not(buy, sell, now_ns) is not None:
                found = Pair(buy, sell, net, threshold)
        why = None if found is None else self.why_not(found.buy, found.sell, now_ns)
        return None if found is None or why is None else (found, why)

    # rows

    def best(self, base: str, now_ns: int) -> Legs | None:
        """The admissible pair of the coin with the highest net."""
        coin = self._coins.get(base)
        if coin is None:
            return None
        free = [slot for slot in coin.slots if slot.muted is None]
        sells = [slot for slot in self._sells[base] if slot.muted is None]
        top = _best_of(free, sells)
        if top is None or self.why_not(*top, now_ns) is None:
            return top
        legs = [slot for slot in free if self._why_no_leg(slot, now_ns) is None]
        sells = [slot for slot in sells if slot in legs]
        return self._best_of_groups(legs, sells, lambda buy, sell: self._why_no_pair(buy, sell, now_ns) is None)

    def _best_of_groups(
        self, buys: Sequence[Slot], sells: Sequence[Slot], allowed: Callable[[Slot, Slot], bool]
    ) -> Legs | None:
        """The best allowed pair. Legs of one market and currency are allowed with those of another all or none."""
        found: Legs | None = None
        sell_groups = _groups(sells)
        for buy_group in _groups(buys):
            for sell_group in sell_groups:
                pair = _best_of(buy_group, sell_group)
                if pair is not None and allowed(*pair):
                    found = pair if found is None else max(found, pair, key=_net)
        return found

    def row(self, base: str) -> SpreadRow | None:
        """The best admissible pair, else the best one that may not trade (``muted`` says why), else None: no pair."""
        now_ns = self._clock.now_ns()
        best = self.best(base, now_ns)
        if best is not None:
            return self._row_of(*best, now_ns, None)
        coin = self._coins.get(base)
        if coin is None:
            return None
        slots = coin.slots
        enabled = self._rules.enabled
        legs = self._best_of_groups(slots, slots, lambda buy, sell: enabled(kind_of(buy, sell)))
        legs = legs or next(iter(self._pairs(base)), None)
        return None if legs is None else self._row_of(*legs, now_ns, self.why_not(*legs, now_ns))

    def rows(self, max_age_ms: float = 0.0, bases: Iterable[str] | None = None) -> Sequence[SpreadRow]:
        """One row a coin that has a pair at all: of ``bases``, else of all coins in the board's order.

        Rows that were made at most ``max_age_ms`` ago may be given again, ages and verdicts as they were; 0 = all as of
        now. A thousand coins cost some 20 ms: who asks often allows an age and has ``refresh`` called in between.
        """
        after_ns = self._clock.now_ns() - int(max_age_ms * NS_PER_MS)
        found = []
        for base in self._coins if bases is None else bases:
            kept = self._kept.get(base) if max_age_ms > 0.0 else None
            row = kept[1] if kept is not None and kept[0] >= after_ns else self._keep(base)
            if row is not None:
                found.append(row)
        return found

    def refresh(self, at_most: int) -> None:
        """Make the rows of ``at_most`` coins anew, those first whose rows are the oldest."""
        missing = (base for base in self._coins if base not in self._kept) if len(self._kept) < len(self._coins) else ()
        for base in list(islice(chain(missing, self._kept), at_most)):
            self._keep(base)

    def _keep(self, base: str) -> SpreadRow | None:
        row = self.row(base)
        self._kept.pop(base, None)
        self._kept[base] = self._clock.now_ns(), row
        return row

    def pairs(self, base: str) -> Sequence[SpreadRow]:
        """Every pair of the enabled kinds, admissible or not, best net first; unknown nets last."""
        now_ns = self._clock.now_ns()
        rows = [self._row_of(buy, sell, now_ns, self.why_not(buy, sell, now_ns)) for buy, sell in self._pairs(base)]
        rows.sort(key=lambda row: -inf if row.net_bps is None else row.net_bps, reverse=True)
        return rows

    def pair(self, buy: Slot, sell: Slot) -> SpreadRow:
        """These two legs, whatever stands against them."""
        now_ns = self._clock.now_ns()
        return self._row_of(buy, sell, now_ns, self.why_not(buy, sell, now_ns))

    def _pairs(self, base: str) -> list[Legs]:
        coin = self._coins.get(base)
        slots = coin.slots if coin is not None else []
        return [
            (buy, sell)
            for buy in slots
            for sell in slots
            if buy is not sell and self._rules.enabled(kind_of(buy, sell))
        ]

    def _row_of(self, buy: Slot, sell: Slot, now_ns: int, muted: str | None) -> SpreadRow:
        threshold = self._thresholds.pair_bps(buy.coin.base, buy.instrument, sell.instrument)
        a, b = buy.instrument.price_ccy, sell.instrument.price_ccy
        rate = None if a == b else self._board.rates.between(a, b, now_ns).rate
        return spread_row(buy, sell, now_ns, rate=rate, muted=muted, walk_usd=self.walk_usd, threshold_bps=threshold)


def _why_no_price(slot: Slot, price: float | None, price_usd: float | None, side: str) -> str | None:
    if price is None:
        return f"{slot.key}: no {side}"
    return f"{slot.key}: no usable rate for {slot.instrument.price_ccy}" if price_usd is None else None


def _net(pair: Legs) -> float:
    net = net_of(*pair)
    return -inf if net is None else net


def _groups(slots: Iterable[Slot]) -> list[list[Slot]]:
    """Legs by market and price currency."""
    groups: dict[tuple[bool, str], list[Slot]] = {}
    for slot in slots:
        groups.setdefault((slot.is_spot, slot.instrument.price_ccy), []).append(slot)
    return list(groups.values())


def _best_of(buys: Iterable[Slot], sells: Iterable[Slot]) -> Legs | None:
    """The pair of the highest net among two lists of legs; the first of equals. None: no pair with a known net."""
    first = second = None
    first_bid = second_bid = 0.0
    for slot in sells:
        bid = slot.bid_net
        if bid is None or bid <= second_bid:
            continue
        if bid > first_bid:
            first, first_bid, second, second_bid = slot, bid, first, first_bid
        else:
            second, second_bid = slot, bid
    if first is None:
        return None
    found = None
    best = -inf
    for slot in buys:
        cost, a = slot.ask_net, slot.ask_usd
        if cost is None or a is None:
            continue
        if slot is not first:
            net = 1e4 * (first_bid - cost) / a
            if net > best:
                best, found = net, (slot, first)
        elif second is not None:
            net = 1e4 * (second_bid - cost) / a
            if net > best:
                best, found = net, (slot, second)
    return found
