"""Whose order books are held: what a person asked for, and what is near or above its threshold.

A book costs bandwidth and, on most venues, a subscription; walking one is what turns an edge at the top of book into an
edge for a size. So books go where a decision is close, pair by pair (half a pair is of no use), best first:

    watched   the coin on screen                              always
    named     coins asked for with --symbols                  always
    above     pairs whose net is at or above their threshold  while there is room
    near      pairs close below                               while there is room
    lingering wanted until a moment ago                       while there is room

A pair that is held keeps its place against one that is only a little better, and stays for a while after it fell back,
so that subscriptions do not flap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from arbtui.core.clock import NS_PER_S
from arbtui.market.slot import Coin, Slot
from arbtui.strategy.spreads import Spreads


class Rank(IntEnum):
    WATCHED = 0
    NAMED = 1
    ABOVE = 2
    NEAR = 3
    LINGERING = 4


@dataclass(frozen=True)
class Want:
    """Books that are of use together.

    Among wants of one rank, a coin's ``best`` pair comes before further pairs of other coins; then ``over_bps``, its
    net above threshold, decides.
    """

    slots: tuple[int, ...]
    rank: Rank
    over_bps: float = 0.0
    best: bool = True


class Attention:
    """Remembers what was wanted lately, to answer what is to be held now."""

    def __init__(self, most: int = 60, linger_s: float = 30.0, keep_bps: float = 2.0) -> None:
        """``most``: how many books are held at once; what a person asked for is held even beyond that.

        ``keep_bps``: how much better a newcomer must be to push out a held pair of the same rank.
        """
        self._most = most
        self._linger_ns = int(linger_s * NS_PER_S)
        self._keep_bps = keep_bps
        self._last: dict[tuple[int, ...], tuple[int, float]] = {}  # held pair -> (last wanted, over_bps then)
        self._held: frozenset[int] = frozenset()

    def hold_at_most(self, most: int) -> None:
        """From the next ``choose`` on."""
        self._most = most

    @property
    def held(self) -> frozenset[int]:
        """The answer of the last ``choose``: slot ids."""
        return self._held

    def choose(self, now_ns: int, wants: Iterable[Want]) -> frozenset[int]:
        """Slot ids whose books are to be held from now on."""
        asked: set[int] = set()
        by_slots: dict[tuple[int, ...], Want] = {}
        for want in wants:
            if want.rank <= Rank.NAMED:
                asked.update(want.slots)
                continue
            known = by_slots.get(want.slots)
            if known is None or (want.rank, -want.over_bps) < (known.rank, -known.over_bps):
                by_slots[want.slots] = want
        for slots, (last_ns, over_bps) in self._last.items():
            if slots not in by_slots and now_ns - last_ns < self._linger_ns:
                by_slots[slots] = Want(slots, Rank.LINGERING, over_bps, best=False)

        held, taken = set(asked), dict[tuple[int, ...], tuple[int, float]]()
        for want in sorted(by_slots.values(), key=self._order):
            new = set(want.slots) - held
            if new and len(held) + len(new) > self._most:
                continue
            held |= new
            lingering = want.rank is Rank.LINGERING
            taken[want.slots] = self._last[want.slots] if lingering else (now_ns, want.over_bps)
        self._last = taken
        self._held = frozenset(held)
        return self._held

    def _order(self, want: Want) -> tuple[int, bool, float, tuple[int, ...]]:
        kept = self._keep_bps if want.slots in self._last else 0.0
        return want.rank, not want.best, -(want.over_bps + kept), want.slots


def wants(
    spreads: Spreads, now_ns: int, *, watched: Iterable[Slot] = (), named: Iterable[str] = (), coins: Mapping[str, Coin]
) -> Iterator[Want]:
    """What there is to want now.

    ``watched``: the legs on screen. ``named``: bases whose every book was asked for, looked up in ``coins``.
    """
    for slot in watched:
        yield Want((slot.id,), Rank.WATCHED)
    for base in named:
        if base in coins:
            yield Want(tuple(slot.id for slot in coins[base].slots), Rank.NAMED)
    for base in spreads.hot():
        for place, pair in enumerate(spreads.close(base, now_ns)):
            rank = Rank.ABOVE if pair.net_bps >= pair.threshold_bps else Rank.NEAR
            over_bps = pair.net_bps - pair.threshold_bps
            yield Want((pair.buy.id, pair.sell.id), rank, over_bps, best=place == 0)
