"""What the venues hold against what the hedges know: strangers, hands, liquidations. Said, never silently corrected.

What is compared lies in a *pot*: the position of one perpetual, or one coin of a spot wallet, whichever instruments it
was bought on. A read is compared only while no order that takes is open there, and it counts only when a second one, at
least a second later, says the same. What differs while an order rests is said, no more. Else: more than the hedges hold
is somebody else's business and is told once; less, on the same side, means that a leg was taken away: an alarm, and the
policy decides what becomes of the hedge. The first comparison of a life takes what is over as not ours. Where a hedge
of an earlier life is not read through yet, an order that no journal kept may be what makes the difference: nothing is
judged before its lists have been read.

A spot wallet may hold more of a coin than hedges bought, and then nothing seems to be missing when theirs is sold; but
what ``arbtui flatten`` sold of spot without an engine was theirs: it sells no other, and its orders bear names.
Of spot that hedges sold out of what the account had, nothing can be missing. So little that no order could sell it is
taken off the books of the hedge and said, and halts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.model import Market
from arbtui.core.orders import Balance, Fill, OrderReport, Position, ReadDone, ReadFailed, ReadKind, Side
from arbtui.execution.actions import amount
from arbtui.execution.intents import Leg, is_flatten_id
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State
from arbtui.execution.lines import Line
from arbtui.execution.paper_market import wallets_of
from arbtui.execution.quantity import ZERO, coins, tradable
from arbtui.execution.records import Lost

_APART_NS = NS_PER_S
_TOGETHER_NS = 5 * NS_PER_S  # reads further apart do not confirm each other
_PRESSED_NS = 30 * NS_PER_S  # so long a suspicion is asked about at once; then as often as everything


@dataclass(frozen=True)
class Finding:
    """Something to say, or to look at again.

    ``again``: read the venue's positions once more before it is believed. ``lost``: what each hedge has less.
    """

    venue: str
    text: str
    again: bool = False
    ours: bool = False  # on an instrument that a hedge holds
    dust: bool = False  # what is lost is too little for an order
    lost: tuple[tuple[str, Lost], ...] = ()


class Audit:
    """Reads ``ledgers``, changes nothing. ``read_through``: whether a leg's lists have told all of an earlier life."""

    def __init__(self, ledgers: Mapping[str, Ledger], read_through: Callable[[Ledger, int], bool]) -> None:
        self._ledgers = ledgers
        self._read_through = read_through
        self._rows: dict[tuple[str, str], dict[str, Position]] = {}
        self._balances: dict[tuple[str, str, str], Balance] = {}  # venue, wallet, asset
        self._others: dict[str, Decimal] = {}  # pot -> coins at the venue that are not ours
        self._suspects: dict[str, tuple[int, Decimal]] = {}  # pot -> first seen, difference in coins
        self._compared_ns: dict[str, int] = {}  # pot -> when the last read that was compared was asked
        self._told: set[str] = set()
        self._kept: dict[tuple[str, str, str, str], Fill] = {}  # venue, market.native, order id, fill id

    def relive(self) -> None:
        """What was read was read by another clock: nothing of it tells anything of what is read from now on."""
        self._rows.clear()
        self._balances.clear()
        self._suspects.clear()
        self._compared_ns.clear()

    def venues(self, market: Market) -> set[str]:
        """Where open hedges hold something of this market."""
        return {
            leg.venue
            for ledger in self._ledgers.values()
            if ledger.turns and not ledger.state.ended
            for leg in ledger.intent.legs
            if leg.market is market
        }

    def unborne(self, leg: Leg, since_ns: int) -> bool:
        """Whether no read asked since then has borne out what hedges hold there, or one has said otherwise."""
        key = _pot(leg)
        return key in self._suspects or self._compared_ns.get(key, -1) < since_ns

    def stranger(self, event: Fill | OrderReport) -> Finding | None:
        """An order or fill that is not ours; told once for each order."""
        key = f"{event.venue}.{event.market.value}.{event.native} {event.order_id}"
        if key in self._told:
            return None
        self._told.add(key)
        leg = f"{event.venue}.{event.market.value}.{event.native}"
        held = any(
            ledger.position(index) and not ledger.state.ended
            for ledger in self._ledgers.values()
            if ledger.turns
            for index, of in enumerate(ledger.intent.legs)
            if of.key == leg
        )
        what = f"{event.side} {event.native} ({event.order_id})"
        return Finding(event.venue, f"an order that is not arbtui's on {event.venue}: {what}", ours=held)

    def taken(self, event: Fill | OrderReport) -> bool:
        """Whether this trade of the venue's own is news."""
        key = f"{event.origin} {event.venue} {event.order_id}"
        news = key not in self._told
        self._told.add(key)
        return news

    def keep(self, fill: Fill) -> None:
        """A fill that may yet be ours: once, however often it is read."""
        self._kept[fill.venue, f"{fill.market.value}.{fill.native}", fill.order_id, fill.fill_id] = fill

    def unkept(self, may_be: Callable[[str], bool]) -> list[Fill]:
        """Kept fills whose instrument has no order left that they might belong to."""
        if not self._kept:
            return []
        places = {(venue, where) for venue, where, _, _ in self._kept}
        free = {(venue, where) for venue, where in places if not may_be(f"{venue}.{where}")}
        return [self._kept.pop(key) for key in list(self._kept) if key[:2] in free]

    def hear(self, event: Position | Balance | ReadDone | ReadFailed) -> list[Finding]:
        if isinstance(event, Position):
            self._rows.setdefault((event.venue, event.native), {})[event.held] = event
            return []
        if isinstance(event, Balance):
            self._balances[event.venue, event.wallet, event.asset] = event
            return []
        if (event.market, event.kind) not in _TELLS:
            return []
        if isinstance(event, ReadFailed):
            return [Finding(event.venue, "", again=True)] if self._suspected(event) else []
        findings = [self._compare(key, event) for key in sorted(self._pots(event))]
        return [finding for finding in findings if finding is not None]

    def _suspected(self, failed: ReadFailed) -> bool:
        """Whether this read was to confirm, or not, what is suspected: one that failed must not put that off."""
        since_ns = failed.t_ns - _PRESSED_NS
        return any(key in self._suspects and self._suspects[key][0] >= since_ns for key in self._pots(failed))

    def _pots(self, done: ReadDone | ReadFailed) -> set[str]:
        return {
            _pot(leg)
            for ledger in self._ledgers.values()
            if ledger.turns
            for leg in ledger.intent.legs
            if (leg.venue, leg.market) == (done.venue, done.market) and done.native in ("", leg.native)
        }

    def _there(self, leg: Leg, asked_ns: int) -> Decimal:
        """Coins in the leg's pot, of what was told since the read was asked for."""
        if leg.market is Market.SPOT:
            told = self._balances.get((leg.venue, wallets_of(leg.venue)[Market.SPOT], leg.terms.asset))
            return coins(told.total, leg.terms) if told is not None and told.t_ns >= asked_ns else ZERO
        rows = self._rows.get((leg.venue, leg.native), {}).values()
        return sum((coins(row.qty, leg.terms) for row in rows if row.t_ns >= asked_ns), ZERO)

    def _compare(self, key: str, done: ReadDone) -> Finding | None:
        holders = self._holders(key)
        under_way = [ledger for ledger, _ in holders if _open_in(ledger, key)]
        halted = all(ledger.state is State.HALTED for ledger in under_way)
        if not halted and not all(_only_rests(ledger, key) for ledger in under_way):
            self._suspects.pop(key, None)
            return None
        if any(ledger.last_ns >= done.asked_ns for ledger, _ in holders):
            return None  # something happened while the venue was answering
        leg = holders[0][0].intent.legs[holders[0][1]]
        if leg.market is Market.SPOT and not all(_told_whole(ledger, index) for ledger, index in holders):
            return None  # a fee in the coin that is not told yet is only guessed
        there = self._there(leg, done.asked_ns)
        ours = sum((ledger.position(index) for ledger, index in holders), ZERO)
        difference = there - ours - self._others.get(key, ZERO)
        unread = [ledger for ledger, index in holders if not self._read_through(ledger, index)] if difference else []
        if any(ledger.state is not State.HALTED for ledger in unread):
            self._suspects.pop(key, None)
            return None  # an order that no journal kept may explain it; once all is read, this is asked again
        self._compared_ns[key] = done.asked_ns
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
        if under_way or unread:
            self._compared_ns.pop(key, None)  # nobody's legs are borne out by what cannot be explained
            why = "a halted hedge's order is unknown" if halted else "an order of theirs rests, which may be why"
            text = f"{key} holds {amount(there)} coins, arbtui's hedges {amount(ours)}, and {why}"
            return self._unsure(leg.venue, text)
        return self._judge(key, leg, there, ours)

    def _unsure(self, venue: str, text: str) -> Finding | None:
        """An order is open there whose fills may not all have been told: what differs may be that. Said once."""
        if text in self._told:
            return None
        self._told.add(text)
        return Finding(venue, text, ours=True)

    def _judge(self, key: str, leg: Leg, there: Decimal, ours: Decimal) -> Finding:
        left = max(ZERO, min(ours, there)) if ours > 0 else min(ZERO, max(ours, there))
        others = self._others.get(key, ZERO)
        sold_out_of_others = leg.market is Market.SPOT and ours <= 0
        if left == ours or sold_out_of_others or (others and (there - ours) * ours >= 0):
            self._others[key] = there - ours
            return Finding(
                leg.venue, f"{key} holds {amount(there)} coins, arbtui's hedges {amount(ours)}: the rest is not ours"
            )
        missing = left - ours
        gone = f"{amount(abs(missing))} were taken away"
        why = f"{key} holds {amount(there)} coins, arbtui's hedges hold {amount(ours)}: {gone}"
        self._others[key] = there - left
        dust = leg.market is Market.SPOT and not tradable(abs(missing), leg)
        return Finding(leg.venue, why, lost=tuple(self._shares(self._holders(key), missing, why)), dust=dust)

    def flattened(self, event: Fill | OrderReport) -> Finding | None:
        """Spot that was sold by ``arbtui flatten`` while no engine ran, of hedges that this life has not read yet.

        Of venues that list past orders their reports are given here, of others their fills.
        """
        name, filled = flatten_name(event), event.qty if isinstance(event, Fill) else event.filled
        if event.market is not Market.SPOT or not filled or not name:
            return None
        at_ms = event.t_ms if event.t_ms is not None else event.t_ns // NS_PER_MS
        leg_key = f"{event.venue}.{event.market.value}.{event.native}"
        holders = [
            (ledger, index)
            for ledger in self._ledgers.values()
            if ledger.turns and ledger.owes_reads and at_ms >= ledger.covers_ms
            for index, leg in enumerate(ledger.intent.legs)
            if leg.key == leg_key and ledger.position(index) > 0
        ]
        if not holders or any(name in ledger.lost_by for ledger in self._ledgers.values()):
            return None
        sold = coins(filled, holders[0][0].intent.legs[holders[0][1]].terms)
        why = f"{leg_key}: {amount(sold)} coins were sold by {name}, an order of arbtui flatten"
        return Finding(event.venue, why, lost=tuple(self._shares(holders, -sold, why, name)))

    def _shares(
        self, holders: list[tuple[Ledger, int]], missing: Decimal, why: str, by: str = ""
    ) -> list[tuple[str, Lost]]:
        """The youngest hedges lose first, where it cannot be known which one it was; each is halted.

        It is known of a hedge with a fill under its name of an order that no journal kept.
        """
        shares, rest, youngest_first = [], missing, holders[::-1]
        for ledger, index in sorted(youngest_first, key=lambda one: not one[0].lessened_namelessly(one[1])):
            held = ledger.position(index)
            if held * rest >= 0:
                continue  # it holds the other side, which nobody took away from it
            part = max(rest, -held) if rest < 0 else min(rest, -held)
            rest -= part
            shares.append((ledger.hedge, Lost(index, part, why, by)))
        return shares

    def _holders(self, key: str) -> list[tuple[Ledger, int]]:
        return [
            (ledger, index)
            for ledger in self._ledgers.values()
            if ledger.turns
            for index, leg in enumerate(ledger.intent.legs)
            if _pot(leg) == key
        ]


def flatten_name(event: Fill | OrderReport) -> str:
    """Under which name a sale of ``arbtui flatten`` is taken off a hedge; "" of any other order."""
    if not is_flatten_id(event.client_id) or event.side is not Side.SELL:
        return ""
    return f"{event.client_id} {event.fill_id}" if isinstance(event, Fill) else event.client_id


_TELLS = ((Market.PERP, ReadKind.POSITIONS), (Market.SPOT, ReadKind.BALANCES))


def _pot(leg: Leg) -> str:
    """Where the leg's coins lie, in words."""
    return leg.key if leg.market is Market.PERP else f"{leg.terms.asset} of {leg.venue}'s spot"


def _open_in(ledger: Ledger, key: str) -> list[Line]:
    return [line for line in ledger.unsettled() if _pot(ledger.intent.legs[line.leg]) == key]


def _only_rests(ledger: Ledger, key: str) -> bool:
    return all(line.rests and not line.waits for line in _open_in(ledger, key))


def _told_whole(ledger: Ledger, index: int) -> bool:
    return all(line.complete or line.given_up for line in ledger.lines.values() if line.leg == index)
