"""Whether a frame costs more where there is more: from ten coins to a thousand, from two venues to thirteen.

Coins are counted on all venues; popular ones bring most of the traffic (``traffic.activity``), so that with a thousand
of them most frames still find their coin's numbers near the processor, and the others pay for fetching theirs. Venues
are counted on the frames of the first two alone, so that all counts handle the same bytes: the two appear again under
other names, with connections, slots and fees of their own, and the frames are dealt to them in turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from arbtui.bench.report import Goal, Result, Table
from arbtui.bench.rig import Rig, bench_loop, parts_of
from arbtui.bench.timing import Setup, Timed, Work, compare
from arbtui.bench.traffic import ACTIVITY_FALLS, Capture, Frame, capture
from arbtui.core.model import Channel

BASE = "orjson"


@dataclass(frozen=True)
class Size:
    rounds: int
    coins: tuple[int, ...]
    venues: tuple[int, ...]
    venue_coins: int  # how many coins while venues are counted
    frames: int  # of every format, at least


FULL = Size(rounds=7, coins=(10, 100, 300, 1000), venues=(2, 5, 8, 13), venue_coins=100, frames=2000)
QUICK = Size(rounds=3, coins=(10, 100, 300), venues=(2, 13), venue_coins=40, frames=600)

MOVES_PER_S = 15.0


def run(venues: Sequence[str], size: Size) -> Result:
    in_coins = _coins(venues, size)
    in_venues = _venues(venues, size)
    tables = (
        _table("coins", f"a frame among more coins, {len(venues)} venues, activity ~ rank^-{ACTIVITY_FALLS}", in_coins),
        _table("venues", f"a frame among more venues, {size.venue_coins} coins", in_venues),
    )
    goals = (
        _goal("coins", in_coins),
        _goal("venues", in_venues),
    )
    return Result("scale", tables, goals)


def _coins(venues: Sequence[str], size: Size) -> dict[int, Timed]:
    """Timed as a multiple of reading the same frames, since other coins make other frames."""
    found = {}
    for coins in size.coins:
        taken = capture(Channel.BBO, venues, coins=coins, frames=size.frames, moves_per_s=MOVES_PER_S)
        with bench_loop() as loop:
            timed = compare(_candidates(taken, Rig(taken, loop)), len(taken.frames), size.rounds)
        found[coins] = timed["signal"]
    return found


def _venues(venues: Sequence[str], size: Size) -> dict[int, Timed]:
    """All numbers of venues take turns in the same rounds, on the same frames."""
    taken = capture(Channel.BBO, venues[:2], coins=size.venue_coins, frames=size.frames, moves_per_s=MOVES_PER_S)
    with bench_loop() as loop:
        rigs = {str(count): Rig(taken, loop, parts_of(taken, count)) for count in size.venues}
        candidates: dict[str, Setup] = {BASE: _reading(taken.frames)}
        for name, rig in rigs.items():
            candidates |= {name: _candidates(taken, rig)["signal"]}
        timed = compare(candidates, len(taken.frames), size.rounds)
    return {int(name): timed[name] for name in rigs}


def _candidates(taken: Capture, rig: Rig) -> dict[str, Setup]:
    rig.desk.spreads.listen(rig.board)

    def setup() -> Work:
        for part in rig.parts:
            rig.connect(part)
        return _each(rig.calls(rig.parts, taken.frames, looking=True))

    return {BASE: _reading(taken.frames), "signal": setup}


def _reading(frames: Sequence[Frame]) -> Setup:
    return lambda: _each([(orjson.loads, frame.data) for frame in frames])


def _each(calls: Sequence[tuple[Callable[[bytes], object], bytes]]) -> Work:
    def work() -> None:
        for call, data in calls:
            call(data)

    return work


def _table(what: str, title: str, timed: dict[int, Timed]) -> Table:
    first = next(iter(timed.values())).ratio
    rows = tuple((f"{count} {what}", one.ns / 1000, one.ratio, one.ratio / first) for count, one in timed.items())
    return Table(title, ("", "us", "x orjson.loads", "x the first"), rows)


def _goal(what: str, timed: dict[int, Timed]) -> Goal:
    (least, first), (most, last) = min(timed.items()), max(timed.items())
    return Goal(f"cost of a frame at {most} {what} over {least}", last.ratio / first.ratio, "x", 1.25, 1.5)
