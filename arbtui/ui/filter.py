"""What the person typed after ``/``, as a test of rows. Pure.

    filter  =  group { "or" group }            a row passes that passes one of the groups
    group   =  { ["!"] word }                  and a group that passes all of its words; ! turns one round

    word    =  letters                         of the symbol, in their order: ``bc`` finds BTC; ``!bc`` hides what has
                                               them side by side
            |  "coin:" letters                 the same, for coins that are called like one of the words below
            |  ("buy" | "sell" | "venue") ":" name { "," name }     a leg's venue, by its beginning
            |  figure (">" | ">=" | "<" | "<=" | "=") number        ``net>3  usd>=5k  age<2  vol>1.5m``
            |  "perp" | "spot"                 one leg at least of this kind
            |  "muted" | "stale" | "pinned" | "signal" | "open" | "inventory" | "rest"     the row's state

A comparison with a figure that is not known is not true, so its inverse is. ``age`` is in seconds, funding
(``carry``) per hour; spreads are in the unit of the screen, unless the number names its own: ``net>3bps``,
``net>0.03%``. What is typed is not kept over a restart: a row that is hidden by a
word of last week would be missed.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite

from arbtui.core.model import Market
from arbtui.strategy.rows import SpreadRow
from arbtui.ui.text import typed_spread


@dataclass(frozen=True)
class States:
    """What a row alone does not tell. ``stale(row)``: one of its legs has a quote that is not fresh."""

    pinned: Collection[str] = frozenset()  # bases, as the next two
    signals: Collection[str] = frozenset()
    open: Collection[str] = frozenset()
    stale: Callable[[SpreadRow], bool] = lambda row: False


NOTHING_KNOWN = States()
Test = Callable[[SpreadRow, States], bool]


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


def room_usd(row: SpreadRow) -> float | None:
    """What can be filled: down to the threshold where books are walked, else at both tops."""
    return row.max_usd if row.max_usd is not None else row.top_usd


FIGURES: dict[str, Callable[[SpreadRow], float | None]] = {
    "net": lambda row: row.net_bps,
    "gross": lambda row: row.gross_bps,
    "fees": lambda row: row.fees_bps,
    "rt": lambda row: row.round_trip_bps,
    "walk": lambda row: row.walk_net_bps,
    "usd": room_usd,
    "top": lambda row: row.top_usd,
    "max": lambda row: row.max_usd,
    "carry": lambda row: row.carry_per_h_bps,
    "vol": lesser_volume_usd,
    "age": lambda row: None if (age := worst_age_ms(row)) is None else age / 1000,
    "ask": lambda row: row.buy.price,
    "bid": lambda row: row.sell.price,
}
STATES: dict[str, Test] = {
    "perp": lambda row, _: Market.PERP in (row.buy.market, row.sell.market),
    "spot": lambda row, _: Market.SPOT in (row.buy.market, row.sell.market),
    "muted": lambda row, _: row.muted is not None,
    "stale": lambda row, states: states.stale(row),
    "pinned": lambda row, states: row.base in states.pinned,
    "signal": lambda row, states: row.base in states.signals,
    "open": lambda row, states: row.base in states.open,
    "inventory": lambda row, _: row.needs_inventory,
    "rest": lambda row, _: "rest" in (row.buy.source, row.sell.source),
}
_SIDES: dict[str, Callable[[SpreadRow], tuple[str, ...]]] = {
    "buy": lambda row: (row.buy.venue,),
    "sell": lambda row: (row.sell.venue,),
    "venue": lambda row: (row.buy.venue, row.sell.venue),
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq,
}  # fmt: skip
SPREADS = ("net", "gross", "fees", "rt", "walk", "carry")  # in the unit of the screen, unless they name their own
_COMPARISON = re.compile(r"([^<>=]*)(>=|<=|>|<|=)(.*)")
# For the help page: how a word is written, and what it keeps.
ABOUT: tuple[tuple[str, str], ...] = (
    ("bc", "letters of the symbol, in their order; coin:open for a coin that is called like a word below"),
    ("buy:okx", "the venue bought at, by its beginning; sell: sold at, venue: either; okx,bybit: one of them"),
    ("net>3 usd>=5k", f"a figure: {', '.join(FIGURES)}; > >= < <= =, k and m; usd = what can be filled, age in s"),
    ("perp spot", "one leg at least is of that kind"),
    ("muted stale", "may not trade; a leg's quote is not fresh"),
    ("pinned signal open", "stays on top; a signal stands; a hedge of the coin is open"),
    ("inventory rest", "selling needs coins in stock; a leg is known by REST only"),
    ("!word", "not that: !spot, !muted, !net>3, !bc"),
    ("a b or c", "rows with a and b, and rows with c"),
)
_STARTS = (*FIGURES, *STATES, *(f"{side}:" for side in (*_SIDES, "coin")), "or")


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
    """``text`` as typed. ``problem``: what is wrong with the first word that makes no sense, and where it stands; such
    words are left out.
    """

    text: str
    groups: tuple[tuple[Test, ...], ...] = field(default=())
    problem: str | None = None

    @property
    def empty(self) -> bool:
        """Whether every row passes."""
        return not self.groups

    def __call__(self, row: SpreadRow, states: States = NOTHING_KNOWN) -> bool:
        if not self.groups:
            return True
        return any(all(test(row, states) for test in group) for group in self.groups)


EVERYTHING = Filter("")


def parse(text: str, venues: Sequence[str] = ()) -> Filter:
    """``venues``: the names there are; without them any name will do."""
    groups: list[list[Test]] = [[]]
    problem = None
    for found in re.finditer(r"\S+", text.lower()):
        if found.group() == "or":
            groups.append([])
            continue
        negated = found.group().startswith("!")
        test = _test(found.group().removeprefix("!"), venues, negated=negated)
        if isinstance(test, str):
            problem = problem or f"at {found.start() + 1}: {test}"
        else:
            groups[-1].append(_inverse(test) if negated else test)
    return Filter(text, tuple(tuple(group) for group in groups if group), problem)


def _inverse(test: Test) -> Test:
    return lambda row, states: not test(row, states)


def _test(word: str, venues: Sequence[str], *, negated: bool) -> Test | str:
    """The test that a word stands for, or what is wrong with it in words."""
    if not word:
        return "! waits for a word"
    side, colon, rest = word.partition(":")
    if colon:
        return _symbol_test(rest, whole=negated) if side == "coin" else _venue_test(side, rest, venues)
    if comparison := _COMPARISON.fullmatch(word):
        return _figure_test(*comparison.groups())
    return STATES.get(word) or _symbol_test(word, whole=negated)


def _symbol_test(letters: str, *, whole: bool) -> Test:
    if whole:
        return lambda row, _: letters in row.base.lower()
    return lambda row, _: fuzzy(letters, row.base.lower()) is not None


def _venue_test(side: str, names: str, venues: Sequence[str]) -> Test | str:
    of = _SIDES.get(side)
    if of is None:
        return f'"{side}:" is not known; {_nearest(f"{side}:", [*(f"{name}:" for name in _SIDES), "coin:"])}'
    wanted = tuple(name for name in names.split(",") if name)
    if not wanted:
        return f"{side}: waits for a venue"
    for name in wanted:
        if venues and not any(_is_called(venue, name) for venue in venues):
            return f'no venue begins with "{name}"; {_nearest(name, venues)}'
    return lambda row, _: any(_is_called(venue, name) for venue in of(row) for name in wanted)


def _is_called(venue: str, name: str) -> bool:
    return venue.startswith(name) or tag_of(venue).startswith(name)


def tag_of(venue: str) -> str:
    """The short name that the grid shows, in lower case."""
    return venue[:4].lower()


def _figure_test(name: str, sign: str, number: str) -> Test | str:
    of = FIGURES.get(name)
    if of is None:
        return f'"{name}" is no figure; {_nearest(name, FIGURES)}'
    if not number:
        return f"{name}{sign} waits for a number"
    limit = typed_spread(number) if name in SPREADS else _number(number)
    if limit is None:
        return f'"{number}" is not a number'
    compare = _COMPARE[sign]
    return lambda row, _: (value := of(row)) is not None and compare(value, limit)


def _number(text: str) -> float | None:
    text = text.replace("−", "-")
    scale = {"k": 1e3, "m": 1e6, "b": 1e9}.get(text[-1:], 1.0)
    try:
        value = float(text[:-1] if scale != 1.0 else text) * scale
    except ValueError:
        return None
    return value if isfinite(value) else None


def _nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f'the nearest is "{near[0]}"' if near else f"there are {', '.join(names)}"


def hint(text: str, venues: Sequence[str] = ()) -> str:
    """What the word that is being typed may become; "" where there is nothing to say."""
    if not text or text.endswith(" "):
        return "letters  net>3  usd>5k  age<2  buy:okx  spot  !muted  or" if not text.strip() else ""
    word = text.lower().split()[-1].removeprefix("!")
    side, colon, rest = word.partition(":")
    if colon:
        return _venue_hint(side, rest.split(",")[-1], venues)
    if word in FIGURES:
        return f"{word}>  {word}<"
    may_become = [start for start in _STARTS if start.startswith(word) and start != word]
    return "  ".join(start + (">" if start in FIGURES else "") for start in may_become) if word else ""


def _venue_hint(side: str, begun: str, venues: Sequence[str]) -> str:
    if side not in _SIDES:
        return ""
    return "  ".join(f"{side}:{venue}" for venue in venues if _is_called(venue, begun) and venue != begun)
