"""What the person typed after ``/``, as a test of rows. Pure.

Words are joined by "and". A bare word is a fuzzy match on the symbol (its letters in order). ``buy:okx``,
``sell:okx`` and ``venue:okx`` name a leg's venue by its beginning. ``net>3``, ``gross<10``, ``usd>5000`` compare a
figure; a row whose figure is unknown never matches. ``!`` in front turns a word round: ``!spot`` = no spot leg,
``!muted`` = admissible rows only, ``!btc`` = symbols without "btc" in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from arbtui.core.model import Market
from arbtui.strategy.rows import SpreadRow

Test = Callable[[SpreadRow], bool]


def worst_age_ms(row: SpreadRow) -> float | None:
    """The age of the older leg; None where one has no quote."""
    if row.buy.age_ms is None or row.sell.age_ms is None:
        return None
    return max(row.buy.age_ms, row.sell.age_ms)


def lesser_volume_usd(row: SpreadRow) -> float | None:
    """The 24 h volume of the leg that has less; None where one is unknown."""
    if row.buy.vol_24h_usd is None or row.sell.vol_24h_usd is None:
        return None
    return min(row.buy.vol_24h_usd, row.sell.vol_24h_usd)


FIGURES: dict[str, Callable[[SpreadRow], float | None]] = {
    "net": lambda row: row.net_bps,
    "gross": lambda row: row.gross_bps,
    "fees": lambda row: row.fees_bps,
    "rt": lambda row: row.round_trip_bps,
    "walk": lambda row: row.walk_net_bps,
    "top": lambda row: row.top_usd,
    "usd": lambda row: row.max_usd,
    "carry": lambda row: row.carry_per_h_bps,
    "vol": lesser_volume_usd,
    "age": lambda row: None if (age := worst_age_ms(row)) is None else age / 1000,
}
FLAGS: dict[str, Test] = {
    "spot": lambda row: Market.SPOT in (row.buy.market, row.sell.market),
    "perp": lambda row: Market.PERP in (row.buy.market, row.sell.market),
    "muted": lambda row: row.muted is not None,
    "inventory": lambda row: row.needs_inventory,
}
_SIDES: dict[str, Callable[[SpreadRow], tuple[str, ...]]] = {
    "buy": lambda row: (row.buy.venue,),
    "sell": lambda row: (row.sell.venue,),
    "venue": lambda row: (row.buy.venue, row.sell.venue),
}


def fuzzy(pattern: str, text: str) -> int | None:
    """How many letters of ``text`` are skipped to find those of ``pattern`` in order; None = they are not there."""
    at = -1
    skipped = 0
    for letter in pattern:
        found = text.find(letter, at + 1)
        if found < 0:
            return None
        skipped += found - at - 1
        at = found
    return skipped


@dataclass(frozen=True)
class Filter:
    """``text`` as typed; ``problem`` names the first word that makes no sense, which is then left out."""

    text: str
    tests: tuple[Test, ...]
    problem: str | None

    def __call__(self, row: SpreadRow) -> bool:
        return all(test(row) for test in self.tests)


EVERYTHING = Filter("", (), None)


def parse(text: str) -> Filter:
    tests: list[Test] = []
    problem = None
    for word in text.lower().split():
        negated = word.startswith("!") and len(word) > 1
        test = _test(word[1:] if negated else word, negated=negated)
        if isinstance(test, str):
            problem = problem or test
        else:
            tests.append(_inverse(test) if negated else test)
    return Filter(text, tuple(tests), problem)


def _inverse(test: Test) -> Test:
    return lambda row: not test(row)


def _test(word: str, *, negated: bool) -> Test | str:
    """The test that a word stands for, or what is wrong with it in words."""
    side, colon, venue = word.partition(":")
    if colon:
        return _venue_test(side, venue)
    for sign in (">", "<"):
        name, found, number = word.partition(sign)
        if found:
            return _figure_test(name, sign, number)
    if negated and word in FLAGS:
        return FLAGS[word]
    if negated:
        return lambda row: word in row.base.lower()
    return lambda row: fuzzy(word, row.base.lower()) is not None


def _venue_test(side: str, venue: str) -> Test | str:
    of = _SIDES.get(side)
    if of is None:
        return f"{side}: is not a side; use {', '.join(f'{name}:' for name in _SIDES)}"
    return lambda row: any(name.startswith(venue) or tag_of(name).startswith(venue) for name in of(row))


def tag_of(venue: str) -> str:
    """The short name that the grid shows, in lower case."""
    return venue[:4].lower()


def _figure_test(name: str, sign: str, number: str) -> Test | str:
    of = FIGURES.get(name)
    if of is None:
        return f"{name} is not a figure; use {', '.join(FIGURES)}"
    if not number:
        return f"{name}{sign} waits for a number"
    limit = _number(number)
    if limit is None:
        return f"{number} is not a number"
    if sign == ">":
        return lambda row: (value := of(row)) is not None and value > limit
    return lambda row: (value := of(row)) is not None and value < limit


def _number(text: str) -> float | None:
    scale = {"k": 1e3, "m": 1e6}.get(text[-1:], 1.0)
    try:
        value = float(text[:-1] if scale != 1.0 else text) * scale
    except ValueError:
        return None
    return value if isfinite(value) else None
