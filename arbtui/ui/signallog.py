"""What became of the signals of the log: does one still stand, when did it go, was a hedge opened from it. Pure.

A hedge counts as opened from a signal if it bought and sold the signal's own two legs while that stood, or so soon
after that a hand may still have been on the key.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from arbtui.core.clock import NS_PER_S
from arbtui.execution.ledger import Ledger
from arbtui.strategy.rows import SignalRecord, SignalState

AFTER_NS = 5 * NS_PER_S  # a review may stand so long after the edge has gone
Opened = Mapping[tuple[str, str], Sequence[tuple[int, str]]]  # (buy leg, sell leg) -> (when, hedge), oldest first


@dataclass(frozen=True)
class Fate:
    """Of a raise. ``gone_ns`` None: it stands, or nobody has kept when it went. ``hedge`` "": none was opened."""

    stands: bool
    gone_ns: int | None
    hedge: str


def opened(ledgers: Iterable[Ledger]) -> Opened:
    """Hedges by the legs that they were opened on."""
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for ledger in ledgers:
        if ledger.turns:
            first = ledger.turns[0]
            found.setdefault((first.legs[0].key, first.legs[1].key), []).append((first.t_ns, ledger.hedge))
    for hedges in found.values():
        hedges.sort()
    return found


def cleared(records: Iterable[SignalRecord]) -> dict[str, int]:
    """When raises were cleared, by their ids."""
    return {record.id: record.t_ns for record in records if record.state is SignalState.CLEARED}


def fate(record: SignalRecord, gone: Mapping[str, int], standing: frozenset[str], hedges: Opened) -> Fate:
    """What became of a raise; ``standing``: ids of those that stand."""
    gone_ns = gone.get(record.id)
    legs = (record.row.buy.name, record.row.sell.name)
    return Fate(record.id in standing, gone_ns, _hedge(hedges.get(legs, ()), record.t_ns, gone_ns))


def _hedge(hedges: Sequence[tuple[int, str]], raised_ns: int, gone_ns: int | None) -> str:
    """The first that was opened between."""
    at = bisect_left(hedges, (raised_ns, ""))
    if at < len(hedges) and (gone_ns is None or hedges[at][0] <= gone_ns + AFTER_NS):
        return hedges[at][1]
    return ""
