"""What executors tell, given to the hedge that it belongs to; what belongs to none is recognised and said.

An event belongs to a hedge by our client id, or by an order id that was told together with one. A fill that bears
neither may be that of an order in doubt: every ledger that has one on that instrument is shown it, and only when no
such order is left is it called somebody else's. Whatever bears a name of ours and is in no ledger went out unrecorded
in an earlier life: it is adopted and counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Protocol

from arbtui.core.clock import NS_PER_MS
from arbtui.core.model import Market
from arbtui.core.orders import (
    AccountEvent,
    Balance,
    Fill,
    FundingPaid,
    OrderAbsent,
    OrderEvent,
    OrderReport,
    Position,
    ReadDone,
    ReadFailed,
    ReadKind,
    StreamState,
)
from arbtui.execution.actions import amount
from arbtui.execution.audit import Audit, Finding
from arbtui.execution.doubts import read_through
from arbtui.execution.intents import read_client_id
from arbtui.execution.ledger import FILLS_BEFORE_MS, Ledger, VenueRules
from arbtui.execution.lifecycle import State, Step, allows
from arbtui.execution.lines import Line
from arbtui.execution.memory import Memory
from arbtui.execution.ports import Executor
from arbtui.execution.records import GivenUp, Lost, Ordered, Told, order_from

_AGAIN_NS = 1_100 * NS_PER_MS  # a second read confirms a first one after so long


class Stepper(Protocol):
    """What hearing needs of the runner."""

    def wake(self, *hedges: str) -> None: ...

    def wake_later(self, *hedges: str) -> None: ...

    def poke(self) -> None: ...

    def query(self, line: Line) -> None: ...


class Hearing:
    """Routes events. ``deaf``: where the private stream is known to be down."""

    def __init__(
        self,
        stepper: Stepper,
        memory: Memory,
        executors: Mapping[str, Executor],
        rules: Mapping[str, VenueRules],
        every_ns: int,
    ) -> None:
        self.deaf: set[tuple[str, Market]] = set()
        self._stepper = stepper
        self._memory = memory
        self._ledgers = memory.ledgers
        self._executors = executors
        self._owners: dict[tuple[str, str, str], str] = {}  # venue, market.native, order id -> hedge
        self._rules = rules
        self._audit = Audit(memory.ledgers, self._read_through)
        self._every_ns = every_ns

    def hear(self, event: AccountEvent) -> None:
        """One event of any executor. What is not ours is recognised and reported, never corrected."""
        if isinstance(event, StreamState):
            self._stream(event)
        elif isinstance(event, ReadDone | ReadFailed | Position):
            self._account(event)
        elif isinstance(event, Balance):
            self._audit.hear(event)
        elif isinstance(event, FundingPaid):
            self._memory.put("", Told(event))
        elif isinstance(event, OrderEvent):
            self._of_order(event)

    def _of_order(self, event: OrderEvent) -> None:
        hedge = self._hedge_of(event)
        if hedge is None:
            self._strange(event)
            return
        ledger = self._ledgers[hedge]
        name = read_client_id(event.client_id)
        if isinstance(event, OrderReport) and name is not None and event.client_id not in ledger.lines:
            self._adopt(ledger, event)
        line = ledger.lines.get(event.client_id)
        had = line is not None and line.dead is not None and not line.known
        waited = ledger.waited_for(event)
        self._memory.put(hedge, Told(event))
        for fill in waited:
            self._memory.put(hedge, Told(fill))
        if line is not None:
            self.own(line)
            if had and line.known:
                self._memory.tell(
                    hedge, f"{line.order.client_id} was believed never to have existed, and does", alarm=True
                )
        if ledger.abandoned:
            self._handed_on(ledger, event)
        if isinstance(event, OrderReport) and event.origin != "order":
            self._taken(event)
        self._stepper.wake(hedge)

    def _handed_on(self, ledger: Ledger, event: OrderEvent) -> None:
        """News of a hedge that a person took over: said, and what it changes is the person's too."""
        name = event.client_id or (event.order_id if isinstance(event, Fill | OrderReport) else "")
        for index, leg in enumerate(ledger.intent.legs):
            if more := ledger.position(index):
                why = f"{name} filled {amount(abs(more))} coins on {leg.key} after a person took it over"
                self._memory.put(ledger.hedge, Lost(index, -more, why))
                self._memory.tell(ledger.hedge, f"{why}: look after them there", alarm=True)
        line = ledger.lines.get(event.client_id)
        if isinstance(event, Fill) and (fill := ledger.nameless()) is not None and fill.order_id == event.order_id:
            word = "filled, though no journal kept it: look after it there"
        elif line is None or not line.given_up:
            return
        elif isinstance(event, OrderReport):
            word = f"{event.status_text}, filled {amount(line.filled)}"
        elif isinstance(event, OrderAbsent):
            word = "it knows no such order"
        else:
            return
        text = f"{event.venue} now says of {name}, which was given up: {word}"
        if text not in ledger.said:
            ledger.said.add(text)
            live = isinstance(event, OrderReport) and not event.status.terminal  # it may still fill
            self._memory.tell(ledger.hedge, text, alarm=live)

    def _hedge_of(self, event: OrderEvent) -> str | None:
        name = read_client_id(event.client_id)
        if name is not None:
            return name.hedge if name.hedge in self._ledgers else None
        if isinstance(event, Fill | OrderReport):
            return self._owners.get((event.venue, f"{event.market.value}.{event.native}", event.order_id))
        return None

    def _strange(self, event: OrderEvent) -> None:
        """Of no order that we know: it may yet turn out to be that of an order in doubt."""
        if not isinstance(event, Fill | OrderReport):
            return
        key = f"{event.venue}.{event.market.value}.{event.native}"
        waiting = [ledger for ledger in self._ledgers.values() if _may_be(ledger, key)]
        halted = [ledger for ledger in self._ledgers.values() if _may_have_been(ledger, key)]
        for ledger in [*waiting, *halted]:
            ledger.hear(event)
            self._stepper.wake(ledger.hedge)
        rules = self._rules.get(event.venue)
        if rules is not None and rules.history is isinstance(event, OrderReport):
            self._found(self._audit.flattened(event))
        if event.origin != "order":
            self._taken(event)
        elif not waiting or isinstance(event, OrderReport):
            self._found(self._audit.stranger(event))
        else:
            self._audit.keep(event)

    def name_strangers(self) -> None:
        """Fills that waited for an owner, once no order is left whose they might be."""
        for fill in self._audit.unkept(lambda key: any(_may_be(ledger, key) for ledger in self._ledgers.values())):
            if self._hedge_of(fill) is None:
                self._found(self._audit.stranger(fill))

    def _taken(self, event: Fill | OrderReport) -> None:
        """Liquidation, ADL, settlement: the venue itself trades. The positions are read at once, twice."""
        key = f"{event.venue}.{event.market.value}.{event.native}"
        if self._audit.taken(event):
            self._memory.tell("", f"{event.venue} itself traded on {key}: {event.origin}", alarm=True)
        self._read_holdings_twice(event.venue)

    def _read_holdings_twice(self, venue: str) -> None:
        self._read_holdings(venue)
        self._memory.clock.call_at(self._memory.clock.now_ns() + _AGAIN_NS, partial(self._read_holdings, venue))

    def _account(self, event: ReadDone | ReadFailed | Position) -> None:
        if isinstance(event, ReadDone) and event.asked_ns > self._memory.clock.now_ns():
            event = _of_another_time(event)
        for ledger in self._ledgers.values():
            legs = ledger.intent.legs if not ledger.over else ()
            if any(leg.venue == event.venue and event.native in ("", leg.native) for leg in legs):
                ledger.hear(event)
                self._stepper.wake_later(ledger.hedge)
        findings = self._audit.hear(event)
        for finding in findings:
            self._found(finding)
        self._stepper.wake()

    def _read_through(self, ledger: Ledger, index: int) -> bool:
        """Also of a hedge that nobody looks after in this run: nothing more will be known of it."""
        legs = ledger.intent.legs
        if any(leg.venue not in self._executors for leg in legs):
            return True
        return read_through(ledger, index, self._rules[legs[index].venue])

    def unborne(self, ledger: Ledger) -> frozenset[int]:
        """Legs of which the venue has not said yet that it holds what the hedge does, since there is reason to ask."""
        since_ns = max(ledger.relived_ns or 0, ledger.lost_ns)
        if not since_ns or not (ledger.lost_unread or ledger.state is State.IN_DOUBT):
            return frozenset()
        legs = ledger.intent.legs
        return frozenset(i for i in (0, 1) if ledger.position(i) and self._audit.unborne(legs[i], since_ns))

    def _found(self, finding: Finding | None) -> None:
        """Said; where it takes a leg away, the policy is followed."""
        if finding is None:
            return
        if finding.again:
            self._memory.clock.call_at(
                self._memory.clock.now_ns() + _AGAIN_NS, partial(self._read_holdings, finding.venue)
            )
            return
        self._memory.tell("", finding.text, alarm=(bool(finding.lost) and not finding.dust) or finding.ours)
        if finding.ours:
            self._read_holdings_twice(finding.venue)
        for hedge, lost in finding.lost:
            self._memory.put(hedge, lost)
            ledger = self._ledgers[hedge]
            stands = ledger.intent.opens or ledger.turn_over  # one that is being closed goes on with what is left
            halts = stands and not finding.dust and ledger.intent.policy.on_leg_lost == "halt"
            if halts and allows(ledger.state, Step.HALT):
                self._memory.step_to(ledger, Step.HALT, f"a leg was taken away: {lost.why}")
            if (other := ledger.intent.legs[1 - lost.leg].venue) != finding.venue:
                self._read_holdings_twice(other)  # whoever took one leg away may have taken both
            self._stepper.wake(hedge)

    def _stream(self, event: StreamState) -> None:
        for market in event.markets:
            place = (event.venue, market)
            if event.state != "up":
                self.deaf.add(place)
            elif place in self.deaf:
                self.deaf.discard(place)
                self._read_again(event.venue, market)
        self._stepper.poke()

    def _read_again(self, venue: str, market: Market) -> None:
        """After a gap: open orders, and the fills of every leg that had orders which may have filled in it."""
        executor = self._executors.get(venue)
        if executor is None:
            return
        executor.read(ReadKind.OPEN_ORDERS, market)
        for key, since_ns in self._touched(venue, market).items():
            executor.read(ReadKind.FILLS, market, key, since_ns // NS_PER_MS - FILLS_BEFORE_MS)
        for ledger in self._ledgers.values():
            for line in ledger.unsettled():
                if (line.order.venue, line.order.market) == (venue, market) and not line.waits and not line.query_open:
                    self._stepper.query(line)
        self._read_holdings(venue)

    def _touched(self, venue: str, market: Market) -> dict[str, int]:
        """Natives with live or unfinished hedges, and since when their fills are to be read."""
        since: dict[str, int] = {}
        for ledger in self._ledgers.values():
            lines = [line for line in ledger.lines.values() if not line.settled or not line.complete]
            for line in lines:
                order = line.order
                if (order.venue, order.market) == (venue, market):
                    since[order.native] = min(since.get(order.native, line.planned_ns), line.planned_ns)
        return since

    def _adopt(self, ledger: Ledger, report: OrderReport) -> None:
        """An order with our name that no journal kept: it went out while the disk was full. It counts."""
        name = read_client_id(report.client_id)
        order = order_from(report)
        if name is None or order is None:
            return
        ordered = Ordered(order=order, leg=name.leg, turn=ledger.intent.turn, purpose=name.purpose, number=name.number)
        self._memory.put(ledger.hedge, ordered, ledger.covers_ms * NS_PER_MS)
        line = ledger.lines[order.client_id]
        line.relived_ns = line.planned_ns
        if ledger.abandoned:
            why = "no journal kept it, and a person had taken its hedge over"
            self._memory.put(ledger.hedge, GivenUp(order.client_id, why))
        self.own(line)
        self._memory.tell(
            ledger.hedge, f"{report.client_id} was sent unrecorded by an earlier run; it is counted", alarm=True
        )

    def relive(self) -> None:
        """Time begins anew: see ``Audit.relive``."""
        self._audit.relive()

    def own(self, line: Line) -> None:
        for order_id in line.order_ids:
            name = read_client_id(line.order.client_id)
            if name is not None:
                self._owners[(line.order.venue, f"{line.order.market.value}.{line.order.native}", order_id)] = (
                    name.hedge
                )

    def _read_holdings(self, venue: str) -> None:
        """What the account holds where hedges do: spot where some was traded, and positions unless that is all."""
        if venue not in self._executors:
            return
        spot = venue in self._audit.venues(Market.SPOT)
        if not spot or venue in self._audit.venues(Market.PERP):
            self._executors[venue].read(ReadKind.POSITIONS, Market.PERP)
        if spot:
            self._executors[venue].read(ReadKind.BALANCES, Market.SPOT)

    def audit_later(self) -> None:
        self._memory.clock.call_at(self._memory.clock.now_ns() + self._every_ns, self._audit_now)

    def _audit_now(self) -> None:
        for venue in sorted(self._audit.venues(Market.PERP) | self._audit.venues(Market.SPOT)):
            self._read_holdings(venue)
        self.audit_later()


def _of_another_time(done: ReadDone) -> ReadFailed:
    """A read that was under way while the clock was set back: its rows seem to be older than its question."""
    text = "the clock was set back while it was read"
    return ReadFailed(
        venue=done.venue, market=done.market, kind=done.kind, text=text, t_ns=done.t_ns, native=done.native
    )


def _holds(ledger: Ledger, key: str) -> bool:
    return bool(ledger.turns) and any(leg.key == key for leg in ledger.intent.legs)


def _may_have_been(ledger: Ledger, key: str) -> bool:
    """Whether an unrecorded order of this hedge may have done it, before the hedge was halted unread."""
    return _holds(ledger, key) and ledger.state is State.HALTED and ledger.owes_reads


def _may_be(ledger: Ledger, key: str) -> bool:
    """Whether something on this instrument that bears no name of ours may be this hedge's all the same."""
    if not _holds(ledger, key):
        return False
    reading = ledger.relived_ns is not None and ledger.state is State.IN_DOUBT
    return reading or any(line.order.leg == key for line in ledger.unsettled())
