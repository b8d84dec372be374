"""What the venues hold against what the hedges know: strangers, hands, liquidations. Said, never silently corrected.

A position read is compared only while no order that takes is open on that instrument, and it counts only when a
second one, at least a second later, says the same. What differs while an order rests is said, no more. Else: more than
the hedges hold is somebody else's business and is told once; less, on the same side, means that a leg was taken away:
an alarm, and the policy decides what becomes of the hedge. The first comparison of a life takes what is over as not
ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Market
from arbtui.core.orders import Fill, OrderReport, Position, ReadDone, ReadFailed, ReadKind
from arbtui.execution.actions import amount
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State
from arbtui.execution.quantity import ZERO, coins
from arbtui.execution.records import Lost

_APART_NS = NS_PER_S
_TOGETHER_NS = 5 * NS_PER_S  # reads further apart do not confirm each other


@dataclass(frozen=True)
class Finding:
    """Something to say, or to look at again.

    ``again``: read the venue's positions once more before it is believed. ``lost``: what each hedge has less.
    """

    venue: str
    text: str
    again: bool = False
    ours: bool = False  # on an instrument that a hedge holds
    lost: tuple[tuple[str, Lost], ...] = ()


class Audit:
    """Reads ``ledgers``, changes nothing."""

    def __init__(self, ledgers: Mapping[str, Ledger]) -> None:
        self._ledgers = ledgers
        self._rows: dict[tuple[str, str], dict[str, Position]] = {}
        self._others: dict[str, Decimal] = {}  # leg -> coins at the venue that are not ours
        self._suspects: dict[str, tuple[int, Decimal]] = {}  # leg -> first seen, difference in coins
        self._told: set[str] = set()
        self._kept: list[Fill] = []

    def venues(self) -> set[str]:
        """Where open hedges hold perpetuals."""
        return {
            leg.venue
            for ledger in self._ledgers.values()
            if ledger.turns and not ledger.state.ended
            for leg in ledger.intent.legs
            if leg.market is Market.PERP
        }

    def stranger(self, event: Fill | OrderReport) -> Finding | None:
        """An order or fill that is not ours; told once for each order."""
        key = f"{event.venue}.{event.market.value}.{event.native} {event.order_id}"
        if key in self._told:
            return None
        self._told.add(key)
        leg = f"{event.venue}.{event.market.value}.{event.native}"
        held = any(ledger.position(index) and not ledger.state.ended for ledger, index in self._holders(leg))
        what = f"{event.side} {event.native} ({event.order_id})"
        return Finding(event.venue, f"an order that is not arbtui's on {event.venue}: {what}", ours=held)

    def taken(self, event: Fill | OrderReport) -> bool:
        """Whether this trade of the venue's own is news."""
        key = f"{event.origin} {event.venue} {event.order_id}"
        news = key not in self._told
        self._told.add(key)
        return news

    def keep(self, fill: Fill) -> None:
        """A fill that may yet be ours."""
        self._kept.append(fill)

    def unkept(self, may_be: Callable[[str], bool]) -> list[Fill]:
        """Kept fills whose instrument has no order left that they might belong to."""
        if not self._kept:
            return []
        out = [fill for fill in self._kept if not may_be(f"{fill.venue}.{fill.market.value}.{fill.native}")]
        self._kept = [fill for fill in self._kept if fill not in out]
        return out

    def hear(self, event: Position | ReadDone | ReadFailed) -> list[Finding]:
        if isinstance(event, Position):
            self._rows.setdefault((event.venue, event.native), {})[event.held] = event
            return []
        if isinstance(event, ReadFailed) or event.kind is not ReadKind.POSITIONS:
            return []
        findings = [self._compare(key, event) for key in sorted(self._legs(event))]
        return [finding for finding in findings if finding is not None]

    def _legs(self, done: ReadDone) -> set[str]:
        return {
            leg.key
            for ledger in self._ledgers.values()
            if ledger.turns
            for leg in ledger.intent.legs
            if leg.market is Market.PERP and leg.venue == done.venue and done.native in ("", leg.native)
        }

    def _compare(self, key: str, done: ReadDone) -> Finding | None:
        holders = self._holders(key)
        under_way = [ledger for ledger, _ in holders if any(line.order.leg == key for line in ledger.unsettled())]
        halted = all(ledger.state is State.HALTED for ledger in under_way)
        if not halted and not all(_only_rests(ledger, key) for ledger in under_way):
            self._suspects.pop(key, None)
            return None
        if any(ledger.last_ns >= done.asked_ns for ledger, _ in holders):
            return None  # something happened while the venue was answering
        leg = holders[0][0].intent.legs[holders[0][1]]
        rows = self._rows.get((leg.venue, leg.native), {}).values()
        there = sum((coins(row.qty, leg.terms) for row in rows if row.t_ns >= done.asked_ns), ZERO)
        ours = sum((ledger.position(index) for ledger, index in holders), ZERO)
        difference = there - ours - self._others.get(key, ZERO)
        if not difference:
            self._suspects.pop(key, None)
            return None
        seen = self._suspects.get(key)
        if seen is None or seen[1] != difference or done.asked_ns - seen[0] > _TOGETHER_NS:
            self._suspects[key] = (done.asked_ns, difference)
            return Finding(leg.venue, "", again=True)
        if done.asked_ns - seen[0] < _APART_NS:
            return None
        del self._suspects[key]
        if under_way:
            why = "a halted hedge's order is unknown" if halted else "an order of theirs rests, which may be why"
            text = f"{key} holds {amount(there)} coins, arbtui's hedges {amount(ours)}, and {why}"
            return self._unsure(leg.venue, text)
        return self._judge(key, leg.venue, there, ours)

    def _unsure(self, venue: str, text: str) -> Finding | None:
        """An order is open there whose fills may not all have been told: what differs may be that. Said once."""
        if text in self._told:
            return None
        self._told.add(text)
        return Finding(venue, text, ours=True)

    def _judge(self, key: str, venue: str, there: Decimal, ours: Decimal) -> Finding:
        left = max(ZERO, min(ours, there)) if ours > 0 else min(ZERO, max(ours, there))
        others = self._others.get(key, ZERO)
        if left == ours or (others and (there - ours) * ours >= 0):
            self._others[key] = there - ours
            return Finding(
                venue, f"{key} holds {amount(there)} coins, arbtui's hedges {amount(ours)}: the rest is not ours"
            )
        missing = left - ours
        gone = f"{amount(abs(missing))} were taken away"
        why = f"{key} holds {amount(there)} coins, arbtui's hedges hold {amount(ours)}: {gone}"
        self._others[key] = there - left
        return Finding(venue, why, lost=tuple(self._shares(key, missing, why)))

    def _shares(self, key: str, missing: Decimal, why: str) -> list[tuple[str, Lost]]:
        """The youngest hedges lose first: which one it was cannot be known, and each is halted."""
        shares, rest = [], missing
        for ledger, index in reversed(self._holders(key)):
            held = ledger.position(index)
            if not rest or not held:
                continue
            part = max(rest, -held) if rest < 0 else min(rest, -held)
            rest -= part
            shares.append((ledger.hedge, Lost(index, part, why)))
        return shares

    def _holders(self, key: str) -> list[tuple[Ledger, int]]:
        return [
            (ledger, index)
            for ledger in self._ledgers.values()
            if ledger.turns
            for index, leg in enumerate(ledger.intent.legs)
            if leg.key == key
        ]


def _only_rests(ledger: Ledger, key: str) -> bool:
    open_there = [line for line in ledger.unsettled() if line.order.leg == key]
    return all(line.rests and not line.waits for line in open_there)
