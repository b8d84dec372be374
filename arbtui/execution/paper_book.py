"""What paper orders have taken of books that go on showing it.

The live book does not know of paper orders, so what they took is remembered beside it and is not there for later ones:

- Of a price, ``shown - taken`` is left, never below zero.
- At each look at the live book, what was taken is at most what is shown: a level that shrank has given the difference
  up, and what it grows by afterwards is fresh size, free to be taken.
- A level that is gone is forgotten: when the price has size again, all of it is fresh. Gone means that the shown side
  reaches past the price and has no level there; beyond the last level shown nothing is known, and what was taken stays.
- What has not been in sight for a minute is forgotten.

A level that stands unchanged thus stays consumed for as long as it stands. Between two looks a level may shrink and
grow unseen; then less is left here than might be, never more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from arbtui.core.clock import NS_PER_S
from arbtui.core.orders import Side
from arbtui.execution.paper_market import Depth, Level

FORGET_NS = 60 * NS_PER_S
ZERO = Decimal(0)


class Taken(msgspec.Struct):
    """How much of one price was taken; ``seen_ns``: when the live book last showed the price."""

    leg: str
    side: Side  # of the orders that took: a buy takes asks
    price: Decimal
    qty: Decimal
    seen_ns: int


class Liquidity:
    """What is left of the live books. ``taken`` is its whole state."""

    def __init__(self, taken: Sequence[Taken] = ()) -> None:
        self._taken: dict[tuple[str, Side], dict[Decimal, Taken]] = {}
        for one in taken:
            self._taken.setdefault((one.leg, one.side), {})[one.price] = one

    @property
    def taken(self) -> list[Taken]:
        return [one for of_side in self._taken.values() for one in of_side.values()]

    @property
    def legs(self) -> set[str]:
        """Legs of which something is taken: they should be looked at now and then."""
        return {leg for leg, _ in self._taken}

    def look(self, leg: str, depth: Depth, now_ns: int) -> None:
        """Compare what was taken with what the book shows now."""
        for side in Side:
            of_side = self._taken.get((leg, side))
            if of_side is None:
                continue
            if not depth.why_not:
                _compare(of_side, _opposite(depth, side), side, now_ns)
            for price in [price for price, one in of_side.items() if now_ns - one.seen_ns > FORGET_NS]:
                del of_side[price]
            if not of_side:
                del self._taken[leg, side]

    def left(self, leg: str, side: Side, depth: Depth) -> Iterator[Level]:
        """What an order of ``side`` may still take, best first. ``look`` comes before."""
        of_side = self._taken.get((leg, side), {})
        for price, shown in _opposite(depth, side):
            one = of_side.get(price)
            size = shown if one is None else shown - one.qty
            if size > 0:
                yield price, size

    def take(self, leg: str, side: Side, price: Decimal, qty: Decimal, now_ns: int) -> None:
        of_side = self._taken.setdefault((leg, side), {})
        one = of_side.setdefault(price, Taken(leg, side, price, ZERO, now_ns))
        one.qty += qty
        one.seen_ns = now_ns


def _opposite(depth: Depth, side: Side) -> Sequence[Level]:
    """The levels that an order of ``side`` takes from."""
    return depth.asks if side is Side.BUY else depth.bids


def _compare(of_side: dict[Decimal, Taken], levels: Sequence[Level], side: Side, now_ns: int) -> None:
    if not levels:
        return
    shown = dict(levels)
    last = levels[-1][0]
    for price, one in list(of_side.items()):
        if price in shown:
            one.qty = min(one.qty, shown[price])
            one.seen_ns = now_ns
        elif (price <= last) if side is Side.BUY else (price >= last):
            del of_side[price]


def queue_ahead(depth: Depth, side: Side, price: Decimal) -> Decimal | None:
    """The size that an order of ``side`` finds before it when it comes to rest at ``price``; None: out of sight."""
    levels = depth.bids if side is Side.BUY else depth.asks
    if depth.why_not or not levels:
        return None
    last = levels[-1][0]
    if (price < last) if side is Side.BUY else (price > last):
        return None
    return dict(levels).get(price, ZERO)
