"""A slot's book as rungs to show: grouped, with what the walk for the chosen size takes of each; or its best bid and
offer where no book may be shown. Floats per coin, in the leg's own price currency.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Literal

from arbtui.market.slot import Slot
from arbtui.strategy.walk import Walk, walk

Taking = Literal["asks", "bids"]
GROUPS_BPS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_READ_AT_MOST = 600  # levels of a side that are grouped


@dataclass(frozen=True)
class Rung:
    """``eaten``: the part of ``qty`` that the walk takes, 0 to 1; ``last``: the walk ends here."""

    price: float
    qty: float
    eaten: float = 0.0
    last: bool = False


Rungs = tuple[Rung, ...]  # best first


@dataclass(frozen=True)
class Ladder:
    """``origin``: "book" while one is held and may be traded on, what is wrong with it while it may not, "top" without.

    ``stale``: nothing of it may be traded on now. ``walk`` None: there is no book to walk.
    """

    bids: Rungs
    asks: Rungs
    origin: str
    stale: bool
    walk: Walk | None = None

    @property
    def most(self) -> float:
        """Coins of the largest rung."""
        return max((rung.qty for rung in (*self.bids, *self.asks)), default=0.0)


def ladder(
    slot: Slot, depth: int, *, muted: bool = False, step: float = 0.0, taking: Taking = "asks", qty: float | None = None
) -> Ladder:
    """``depth`` rungs a side, ``step`` apart (0 = as the venue has them); ``qty`` coins are walked on ``taking``."""
    if slot.book is None or not slot.book.tradable:
        return Ladder(*_top(slot), _origin(slot), muted or slot.book is not None)
    bids, asks = (
        _rungs(levels, depth, step, up=side == "asks", qty=qty if side == taking else None)
        for side, levels in (("bids", slot.book_bids()), ("asks", slot.book_asks()))
    )
    walked = None if qty is None else walk(slot.book_asks() if taking == "asks" else slot.book_bids(), qty)
    return Ladder(bids, asks, "book", muted, walked)


def _top(slot: Slot) -> tuple[Rungs, Rungs]:
    bids = (Rung(slot.bid, slot.bid_qty),) if slot.bid is not None and slot.bid_qty is not None else ()
    asks = (Rung(slot.ask, slot.ask_qty),) if slot.ask is not None and slot.ask_qty is not None else ()
    return bids, asks


def _origin(slot: Slot) -> str:
    if slot.book is None:
        return "crossed" if slot.crossed else "top"
    return "crossed" if slot.book.crossed_ns else slot.book.state.value


def _rungs(
    levels: Iterable[tuple[float, float]], depth: int, step: float, *, up: bool, qty: float | None
) -> tuple[Rung, ...]:
    """Levels put together by price: asks count at the group's upper end and bids at its lower, never better than they
    are.
    """
    groups: list[list[float]] = []  # price, coins, eaten coins
    left = qty or 0.0
    last = None
    for read, (price, size) in enumerate(levels):
        at = _grouped(price, step, up=up)
        if not groups or groups[-1][0] != at:
            if len(groups) == depth or read >= _READ_AT_MOST:
                break
            groups.append([at, 0.0, 0.0])
        taken = min(size, left)
        groups[-1][1] += size
        groups[-1][2] += taken
        if taken > 0.0 and size >= left:
            last = len(groups) - 1
        left -= taken
    return tuple(
        Rung(price, coins, eaten / coins if coins > 0.0 else 0.0, at == last)
        for at, (price, coins, eaten) in enumerate(groups)
    )


def _grouped(price: float, step: float, *, up: bool) -> float:
    if step <= 0.0:
        return price
    count = price / step
    whole = round(count)
    if abs(count - whole) > 1e-6:
        whole = ceil(count) if up else floor(count)
    return whole * step


def group_step(price: float | None, group_bps: float) -> float:
    """The price step of a grouping: 1, 2 or 5 times a power of ten, at least ``group_bps`` of the price; 0 = none."""
    if not price or group_bps <= 0.0:
        return 0.0
    wanted = price * group_bps * 1e-4
    power = 10.0 ** floor(log10(wanted))
    return next(times * power for times in (1.0, 2.0, 5.0, 10.0) if times * power >= wanted * (1 - 1e-9))


def spread_bps(slot: Slot) -> float | None:
    """Between the slot's best bid and offer."""
    if slot.bid is None or slot.ask is None:
        return None
    return 2e4 * (slot.ask - slot.bid) / (slot.ask + slot.bid)
