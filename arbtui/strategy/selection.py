"""Which coins are streamed: those named, or the N that are most traded where it counts.

A coin is worth as much as the *lesser* of its two best venues trades: an arbitrage needs both. Coins that stand on one
instrument only have no pair and are left out. Unknown volume counts as none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

KEEP_MARGIN = 1.1  # a streamed coin stays until it falls this far below the last place, so that ranks do not flap


def second_best_usd(by_venue: Mapping[str, float]) -> float:
    """The lesser 24 h volume of the two best venues; of a coin on one venue only, nothing (it ranks last)."""
    ordered = sorted(by_venue.values(), reverse=True)
    return ordered[1] if len(ordered) > 1 else 0.0


def top(volumes: Mapping[str, float], count: int, streamed: Iterable[str] = ()) -> list[str]:
    """The ``count`` most traded coins, best first; those already ``streamed`` keep their place near the edge."""
    kept = set(streamed)
    return sorted(volumes, key=lambda base: (-(volumes[base] * (KEEP_MARGIN if base in kept else 1.0)), base))[:count]


def named(wanted: Sequence[str], known: Iterable[str]) -> tuple[list[str], list[str]]:
    """The wanted coins that are known, in the order given, and those that are not. Case does not matter."""
    by_upper = {base.upper(): base for base in known}
    found = [by_upper[name.upper()] for name in wanted if name.upper() in by_upper]
    return list(dict.fromkeys(found)), [name for name in wanted if name.upper() not in by_upper]
