"""Walking one side of a book for a quantity: which levels it takes, and at what price on average. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Walk:
    """``wanted`` coins on one side of a book. ``found``: how many of them the levels show.

    ``best``, ``average`` and ``worst``: price per coin of what was found; None where nothing was.
    """

    wanted: float
    found: float
    average: float | None
    worst: float | None
    best: float | None = None

    @property
    def enough(self) -> bool:
        return self.found >= self.wanted


def walk(levels: Iterable[tuple[float, float]], qty: float) -> Walk:
    """Takes (price, coins), best first, until ``qty`` coins are found."""
    found = spent = 0.0
    best = worst = None
    for price, size in levels:
        taken = min(size, qty - found)
        if taken <= 0.0:
            break
        best = price if best is None else best
        enough = size >= qty - found
        spent += taken * price
        found = qty if enough else found + taken
        worst = price
        if enough:
            break
    return Walk(qty, found, spent / found if found > 0.0 else None, worst, best)
