"""What of a simulated book is there for an order.

The world's books are pure functions of their state and know nothing of accounts. What accounts took out of them is
remembered here, level by level: a level that was eaten stays eaten for every later order until the world shows it with
another size, or no longer shows it. The public book goes on showing the world's own sizes.

A resting order waits behind what its level showed when it came. The queue before it shrinks with every public trade at
its price and never exceeds what the level still shows; once it is gone, trades at the price fill the order, and a book
that moves to or through the price fills it with what that book has there.
"""

from __future__ import annotations

from typing import NamedTuple

from arbtui.sim.listing import Level, Listing
from arbtui.sim.orders import Order, Side


class Taken(NamedTuple):
    """Part of an order's execution."""

    ticks: int
    lots: int


class Depth:
    """What is left of one listing's visible book after what accounts took."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._eaten: dict[Side, dict[int, tuple[int, int]]] = {"buy": {}, "sell": {}}  # price -> (taken, then shown)

    def opposite(self, side: Side) -> list[Level]:
        """What an order of ``side`` can take now, best first."""
        levels = self._listing.levels()
        shown = levels.asks if side == "buy" else levels.bids
        eaten = self._eaten[side]
        if not eaten:
            return shown
        now = dict(shown)
        for price, (_, then) in list(eaten.items()):
            if now.get(price) != then:
                del eaten[price]
        left = ((price, lots - eaten[price][0] if price in eaten else lots) for price, lots in shown)
        return [(price, lots) for price, lots in left if lots > 0]

    def available(self, side: Side, limit: int | None) -> int:
        """Lots that an order of ``side`` could take within ``limit``."""
        return sum(lots for price, lots in self.opposite(side) if within(side, price, limit))

    def take(self, side: Side, limit: int | None, most: int) -> list[Taken]:
        """Take up to ``most`` lots, level by level within ``limit``."""
        found: list[Taken] = []
        levels = self._listing.levels()
        shown = dict(levels.asks if side == "buy" else levels.bids)
        for price, lots in self.opposite(side):
            if most <= 0 or not within(side, price, limit):
                break
            part = min(lots, most)
            found.append(Taken(price, part))
            already = self._eaten[side].get(price, (0, 0))[0]
            self._eaten[side][price] = (already + part, shown[price])
            most -= part
        return found

    def afford(self, budget_ticks_lots: int) -> int:
        """Whole lots that a buy can get for so many ticks x lots."""
        lots = 0
        for price, there in self.opposite("buy"):
            part = min(there, budget_ticks_lots // price)
            lots += part
            budget_ticks_lots -= part * price
            if part < there:
                break
        return lots

    def queue_at(self, side: Side, price: int) -> int:
        """Lots that the world's own book shows at ``price`` on the side where an order of ``side`` would rest."""
        levels = self._listing.levels()
        return dict(levels.bids if side == "buy" else levels.asks).get(price, 0)

    def due(self, order: Order) -> list[Taken]:
        """What the newest change of the book fills of a resting order; its queue is brought up to now."""
        assert order.ticks is not None
        listing, price = order.listing, order.ticks
        prints = [p for p in listing.prints if p.number > order.seen_trades and p.buy is (order.side == "sell")]
        order.seen_trades = listing.trades
        best = listing.state.ask if order.side == "buy" else listing.state.bid
        if within(order.side, best, price):
            order.ahead = 0
            return [Taken(price, part.lots) for part in self.take(order.side, price, order.left)]
        passed = 0
        for one in prints:
            if one.price == price:
                passed += max(0, one.lots - order.ahead)
                order.ahead = max(0, order.ahead - one.lots)
            elif within(order.side, one.price, price):
                passed += one.lots
        order.ahead = min(order.ahead, self.queue_at(order.side, price))
        return [Taken(price, min(passed, order.left))] if passed else []


def within(side: Side, price: int, limit: int | None) -> bool:
    """Whether an order of ``side`` limited to ``limit`` may trade at ``price``."""
    return limit is None or (price <= limit if side == "buy" else price >= limit)
