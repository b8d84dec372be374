"""The single writer: the only place from which orders go out and in which money state changes.

The Python way in, the same that keys use:

    runner = Runner(clock, executors, journal, prices, rules, say=print)
    runner.restore(records)              # what the journal kept, in order; raises BadRecord
    runner.start()                       # reads the venues; disarmed
    runner.arm()
    answer = runner.open(intent)         # an Intent from ``preflight.review``; answers at once, in words
    runner.close(answer.hedge, intent)   # the same hedge's next turn, from ``preflight.review_close``
    runner.cancel(hedge)                 # stop entering; what filled is hedged and stays
    runner.retry(hedge), runner.abandon(hedge)     # what a person may say of a halted hedge
    runner.kill("why")                   # stop, cancel, disarm; opens and closes nothing
    runner.stop(told)                    # finish or unwind within the policy's time, then say what stays open
    runner.hear(event)                   # every core.orders event of every executor
    runner.ledgers[hedge]                # state and knowledge, to read

Everything runs on one loop and returns at once. Each hedge is stepped whenever something is heard of it, a timer of it
fires, or a person speaks: ``decide`` is asked for one action after another until it says to wait. An order is folded
into the ledger, written, and handed over only when the journal says that it is on disk; an event is folded and written
without waiting. Where the journal fails, arbtui disarms itself: no new risk is taken, but an open excess is still
hedged or given back, unrecorded, at most ``UNSAVED_MAX`` orders per hedge; the next life leaves out as many numbers, so
that no name is ever used twice, and finds those orders in the venues' lists.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

from arbtui.core.clock import NS_PER_MS, NS_PER_S, Clock, Timer
from arbtui.core.model import Market
from arbtui.core.orders import (
    AccountEvent,
    Fill,
    FundingPaid,
    OrderEvent,
    OrderReport,
    Position,
    ReadDone,
    ReadFailed,
    ReadKind,
    StreamState,
)
from arbtui.execution.actions import (
    Action,
    Alarm,
    Cancel,
    Declare,
    Desk,
    Mark,
    Query,
    ReadAccount,
    SendOrders,
    Wait,
    amount,
)
from arbtui.execution.audit import Audit, Finding
from arbtui.execution.decide import decide
from arbtui.execution.intents import HedgeIds, Intent, Purpose, read_client_id
from arbtui.execution.ledger import FILLS_BEFORE_MS, Ledger, Line, VenueRules
from arbtui.execution.lifecycle import State, Step, allows
from arbtui.execution.ports import Executor, Journal, Prices, Record
from arbtui.execution.records import (
    Asked,
    CancelAsked,
    Dropped,
    Fact,
    Intended,
    Life,
    Lost,
    Ordered,
    Stepped,
    Told,
    fact_of,
    order_from,
    record,
)

UNSAVED_MAX = 12  # orders of one hedge that may go out while the journal cannot keep them
_LATE_S = 3.0  # an order that waited longer for the disk was priced by another market
_ACTIONS_MAX = 60  # of one hedge without waiting: beyond, the rules go round in a circle
_REPAIRS = (Purpose.HEDGE, Purpose.REHEDGE, Purpose.UNWIND, Purpose.FLATTEN)
_LOUD = (Step.SHORT, Step.UNWIND, Step.HALT)


@dataclass(frozen=True)
class Answer:
    """What became of a command. ``text`` is one sentence with the remedy where it was refused."""

    accepted: bool
    text: str
    hedge: str = ""


@dataclass(frozen=True)
class Said:
    """A line for people. ``alarm``: somebody has to look at it now."""

    t_ns: int
    hedge: str
    text: str
    alarm: bool = False


@dataclass(frozen=True)
class Stopped:
    """The end of ``stop``. ``open``: one sentence for each hedge that stays open; ``doubt``: one that needs a person."""

    open: tuple[str, ...]
    doubt: tuple[str, ...]


class Runner:
    """See the module. ``say`` and ``watch`` are called on the loop and must return at once."""

    def __init__(
        self,
        clock: Clock,
        executors: Mapping[str, Executor],
        journal: Journal,
        prices: Prices,
        rules: Mapping[str, VenueRules],
        *,
        say: Callable[[Said], None],
        watch: Callable[[str, Fact], None] = lambda _hedge, _fact: None,
        audit_every_s: float = 20.0,
    ) -> None:
        self.clock = clock
        self.ledgers: dict[str, Ledger] = {}
        self.ids = HedgeIds()
        self.armed = False
        self.killed = False
        self.stopping = False
        self.journal_failed = ""  # in words, while the journal keeps nothing
        self._executors = executors
        self._journal = journal
        self._prices = prices
        self._rules = rules
        self._say = say
        self._watch = watch
        self._deaf: set[tuple[str, Market]] = set()
        self._owners: dict[tuple[str, str, str], str] = {}  # venue, market.native, order id -> hedge
        self._timers: dict[str, Timer] = {}
        self._due: deque[str] = deque()
        self._busy = False
        self._backlog: list[tuple[int, Record]] = []  # what the journal has not kept, numbered as it happened
        self._written = 0
        self._outstanding = 0  # batches whose fate the journal has not told
        self._unsaved: dict[str, int] = {}
        self._stopped: Callable[[Stopped], None] | None = None
        self._audit = Audit(self.ledgers)
        self._audit_every_ns = int(audit_every_s * NS_PER_S)
        self._audit_timer: Timer | None = None

    # life
    def restore(self, records: Iterable[Record]) -> None:
        """Rebuild every hedge. Before ``start``; raises BadRecord."""
        for kept in records:
            fact = fact_of(kept)
            if isinstance(fact, Life):
                for ledger in self.ledgers.values():
                    ledger.fold(kept.t_ns, fact)
            elif kept.hedge:
                self._fold(kept.hedge, kept.t_ns, fact)
        for hedge, ledger in self.ledgers.items():
            self.ids.saw(hedge)
            for line in ledger.lines.values():
                self._own(line)

    def start(self) -> None:
        """Take over: disarmed, and the first act of every open hedge is to read its venues."""
        life = Life(unsaved=UNSAVED_MAX)
        now_ns = self.clock.now_ns()
        for ledger in self.ledgers.values():
            ledger.fold(now_ns, life)
        self._write([record(now_ns, "", life)])
        live = [hedge for hedge, ledger in self.ledgers.items() if not ledger.state.ended or ledger.unsettled()]
        for hedge in live:
            ledger = self.ledgers[hedge]
            text = f"taken over as {ledger.state}{f' ({ledger.why})' if ledger.state.troubled else ''}; the venues are read"
            self._tell(hedge, text, alarm=ledger.state.troubled)
        self._wake(*self.ledgers)
        self._audit_later()

    # commands
    def arm(self) -> Answer:
        if self.stopping or self.killed:
            return Answer(
                False, "arbtui is stopping" if self.stopping else "the kill switch is on; restart to arm again"
            )
        if self.journal_failed:
            return Answer(False, f"the journal keeps nothing ({self.journal_failed}); free the disk, then arm again")
        self.armed, self.killed = True, False
        return Answer(True, "armed: hedges may be opened")

    def disarm(self, why: str) -> None:
        """No new risk from now on; what is open is still looked after."""
        if self.armed:
            self.armed = False
            self._tell("", f"disarmed: {why}", alarm=True)
            self._wake(*self.ledgers)

    def new_id(self) -> str:
        """For an intent that is about to be opened."""
        return self.ids.next(self.clock.now_ns())

    def open(self, intent: Intent) -> Answer:
        """Begin a hedge. The intent was reviewed; here only what may have changed since is looked at."""
        refused = self._refused(intent)
        if refused:
            return Answer(False, refused)
        self._begin(intent, Step.PERSISTED)
        return Answer(True, f"opening {intent.base}", intent.hedge)

    def close(self, intent: Intent) -> Answer:
        """Close or flatten a hedge that is open: its next turn."""
        ledger = self.ledgers.get(intent.hedge)
        if ledger is None or ledger.state.ended:
            return Answer(False, "there is no such open hedge")
        if self.killed:
            return Answer(False, "the kill switch is on: nothing is opened or closed; arm again first")
        if intent.turn != len(ledger.turns) or not allows(ledger.state, Step.CLOSE):
            return Answer(False, f"the hedge is {ledger.state}; wait until it is hedged or halted")
        if ledger.unsettled():
            return Answer(False, "orders of this hedge are under way; wait until they have ended")
        if self.journal_failed:
            return Answer(False, f"the journal keeps nothing ({self.journal_failed}); free the disk first")
        self._begin(intent, Step.CLOSE)
        return Answer(True, f"{intent.verb} {intent.base}", intent.hedge)

    def cancel(self, hedge: str) -> Answer:
        """Enter no further; what rests is canceled, what filled is hedged and kept."""
        ledger = self.ledgers.get(hedge)
        if ledger is None or ledger.turn_over:
            return Answer(False, "there is nothing to cancel")
        self._put(hedge, Asked("cancel"))
        self._wake(hedge)
        return Answer(True, "canceling", hedge)

    def retry(self, hedge: str) -> Answer:
        """A person looked at a halted hedge and says: go on by the rules."""
        ledger = self.ledgers.get(hedge)
        if ledger is None or ledger.state is not State.HALTED:
            return Answer(False, "only a halted hedge can be taken up again")
        if self.killed:
            return Answer(False, "the kill switch is on; arm again first")
        self._put(hedge, Asked("retry"))
        self._put(hedge, Stepped(Step.RETRY, "a person said to go on"))
        self._wake(hedge)
        return Answer(True, "going on by the rules", hedge)

    def abandon(self, hedge: str) -> Answer:
        """A person has taken the hedge's positions over: arbtui forgets them, after saying which."""
        ledger = self.ledgers.get(hedge)
        if ledger is None or not allows(ledger.state, Step.ABANDON):
            return Answer(False, "only a hedge that is halted or hedged can be taken over by hand")
        self._put(hedge, Asked("abandon"))
        left = tuple(ledger.position(leg) for leg in (0, 1))
        why = f"a person took over {_holdings(ledger)}"
        for leg in (0, 1):
            if left[leg]:
                self._put(hedge, Lost(leg, -left[leg], why))
        self._put(hedge, Stepped(Step.ABANDON, why))
        self._tell(hedge, why)
        self._wake(hedge)
        return Answer(True, why, hedge)

    def kill(self, why: str) -> Answer:
        """Stop, cancel, disarm. It opens and closes nothing; what is open is said."""
        self.killed, self.armed = True, False
        self._tell("", f"kill switch: {why}", alarm=True)
        self._wake(*self.ledgers)
        return Answer(True, "stopped: resting orders are being canceled, nothing is opened or closed")

    def stop(self, told: Callable[[Stopped], None]) -> None:
        """No new risk; finish or unwind within the policy's time, then ``told`` hears what stays open."""
        if self._stopped is not None:
            return
        self.stopping, self.armed, self._stopped = True, False, told
        within_s = max((ledger.intent.policy.stop_within_s for ledger in self.ledgers.values()), default=0.0)
        self.clock.call_at(self.clock.now_ns() + int(within_s * NS_PER_S), self._end)
        self._wake(*self.ledgers)
        self._end_if_quiet()

    def poke(self) -> None:
        """Prices or circumstances changed: look at every hedge again."""
        self._wake(*self.ledgers)

    # what the world says
    def hear(self, event: AccountEvent) -> None:
        """One event of any executor. What is not ours is recognised and reported, never corrected."""
        if isinstance(event, StreamState):
            self._stream(event)
        elif isinstance(event, ReadDone | ReadFailed | Position):
            self._account(event)
        elif isinstance(event, FundingPaid):
            self._put("", Told(event))
        elif isinstance(event, OrderEvent):
            self._of_order(event)

    def _of_order(self, event: OrderEvent) -> None:
        hedge = self._hedge_of(event)
        if hedge is None:
            self._strange(event)
            return
        ledger = self.ledgers[hedge]
        name = read_client_id(event.client_id)
        if isinstance(event, OrderReport) and name is not None and event.client_id not in ledger.lines:
            self._adopt(ledger, event)
        line = ledger.lines.get(event.client_id)
        had = line is not None and line.dead is not None and not line.known
        self._put(hedge, Told(event))
        if line is not None:
            self._own(line)
            if had and line.known:
                self._tell(hedge, f"{line.order.client_id} was believed never to have existed, and does", alarm=True)
        if isinstance(event, OrderReport) and event.origin != "order":
            self._taken(event)
        self._wake(hedge)

    def _hedge_of(self, event: OrderEvent) -> str | None:
        name = read_client_id(event.client_id)
        if name is not None:
            return name.hedge if name.hedge in self.ledgers else None
        if isinstance(event, Fill | OrderReport):
            return self._owners.get((event.venue, f"{event.market.value}.{event.native}", event.order_id))
        return None

    def _strange(self, event: OrderEvent) -> None:
        """Of no order that we know: it may yet turn out to be that of an order in doubt."""
        if not isinstance(event, Fill | OrderReport):
            return
        key = f"{event.venue}.{event.market.value}.{event.native}"
        waiting = [ledger for ledger in self.ledgers.values() if _may_be(ledger, key)]
        for ledger in waiting:
            ledger.hear(event)
            self._wake(ledger.hedge)
        if event.origin != "order":
            self._taken(event)
        elif not waiting or isinstance(event, OrderReport):
            self._found(self._audit.stranger(event))
        else:
            self._audit.keep(event)

    def _name_strangers(self) -> None:
        """Fills that waited for an owner, once no order is left whose they might be."""
        for fill in self._audit.unkept(lambda key: any(_may_be(ledger, key) for ledger in self.ledgers.values())):
            if self._hedge_of(fill) is None:
                self._found(self._audit.stranger(fill))

    def _taken(self, event: Fill | OrderReport) -> None:
        """Liquidation, ADL, settlement: the venue itself trades. The positions are read at once, twice."""
        key = f"{event.venue}.{event.market.value}.{event.native}"
        if self._audit.taken(event):
            self._tell("", f"{event.venue} itself traded on {key}: {event.origin}", alarm=True)
        self._read_positions_twice(event.venue)

    def _read_positions_twice(self, venue: str) -> None:
        self._read_positions(venue)
        self.clock.call_at(self.clock.now_ns() + 1_100 * NS_PER_MS, partial(self._read_positions, venue))

    def _account(self, event: ReadDone | ReadFailed | Position) -> None:
        for ledger in self.ledgers.values():
            if any(leg.venue == event.venue for leg in ledger.intent.legs):
                ledger.hear(event)
                self._wake_later(ledger.hedge)
        findings = self._audit.hear(event)
        for finding in findings:
            self._found(finding)
        self._run()

    def _found(self, finding: Finding | None) -> None:
        """What does not agree with what the hedges know: said, and where it takes a leg away, the policy is followed."""
        if finding is None:
            return
        if finding.again:
            self.clock.call_at(self.clock.now_ns() + 1_100 * NS_PER_MS, partial(self._read_positions, finding.venue))
            return
        self._tell("", finding.text, alarm=bool(finding.lost) or finding.ours)
        if finding.ours:
            self._read_positions_twice(finding.venue)
        for hedge, lost in finding.lost:
            self._put(hedge, lost)
            ledger = self.ledgers[hedge]
            if ledger.intent.policy.on_leg_lost == "halt" and allows(ledger.state, Step.HALT):
                self._step_to(ledger, Step.HALT, f"a leg was taken away: {lost.why}")
            self._wake(hedge)

    def _stream(self, event: StreamState) -> None:
        for market in event.markets:
            place = (event.venue, market)
            if event.state != "up":
                self._deaf.add(place)
            elif place in self._deaf:
                self._deaf.discard(place)
                self._read_again(event.venue, market)
        self._wake(*self.ledgers)

    def _read_again(self, venue: str, market: Market) -> None:
        """After a gap: open orders, and the fills of every leg that had orders which may have filled in it."""
        executor = self._executors.get(venue)
        if executor is None:
            return
        executor.read(ReadKind.OPEN_ORDERS, market)
        for key, since_ns in self._touched(venue, market).items():
            executor.read(ReadKind.FILLS, market, key, since_ns // NS_PER_MS - FILLS_BEFORE_MS)
        for ledger in self.ledgers.values():
            for line in ledger.unsettled():
                if (line.order.venue, line.order.market) == (venue, market) and not line.waits and not line.query_open:
                    self._query(line)
        self._read_positions(venue)

    def _touched(self, venue: str, market: Market) -> dict[str, int]:
        """Natives with live or unfinished hedges, and since when their fills are to be read."""
        since: dict[str, int] = {}
        for ledger in self.ledgers.values():
            lines = [line for line in ledger.lines.values() if not line.settled or not line.complete]
            for line in lines:
                order = line.order
                if (order.venue, order.market) == (venue, market):
                    since[order.native] = min(since.get(order.native, line.planned_ns), line.planned_ns)
        return since

    # stepping
    def _wake(self, *hedges: str) -> None:
        self._wake_later(*hedges)
        self._run()

    def _wake_later(self, *hedges: str) -> None:
        self._due.extend(hedge for hedge in hedges if hedge not in self._due)

    def _run(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            while self._due:
                self._step(self._due.popleft())
        finally:
            self._busy = False
        self._name_strangers()
        self._end_if_quiet()

    def _step(self, hedge: str) -> None:
        if (timer := self._timers.pop(hedge, None)) is not None:
            timer.cancel()
        ledger = self.ledgers.get(hedge)
        if ledger is None or not ledger.turns:
            return
        for _ in range(_ACTIONS_MAX):
            legs = ledger.intent.legs
            prices = (self._prices.price(legs[0].key), self._prices.price(legs[1].key))
            action = decide(ledger, prices, self.clock.now_ns(), self._desk(ledger))
            if isinstance(action, Wait):
                if action.until_ns is not None:
                    self._timers[hedge] = self.clock.call_at(action.until_ns, partial(self._wake, hedge))
                return
            self._act(ledger, action)
        if allows(ledger.state, Step.HALT):
            self._step_to(ledger, Step.HALT, "the rules went round in a circle; this is a mistake in arbtui")

    def _desk(self, ledger: Ledger) -> Desk:
        keys = {leg.key for leg in ledger.intent.legs}
        shared = {
            leg.key
            for other in self.ledgers.values()
            if other is not ledger and other.turns and not other.state.ended
            for leg in other.intent.legs
            if leg.key in keys
        }
        return Desk(self._rules, self.armed, self.killed, self.stopping, frozenset(self._deaf), frozenset(shared))

    def _act(self, ledger: Ledger, action: Action) -> None:
        hedge = ledger.hedge
        match action:
            case SendOrders():
                self._send(ledger, action)
            case Cancel():
                line = ledger.lines[action.client_id]
                self._put(hedge, CancelAsked(action.client_id))
                self._executors[line.order.venue].cancel(line.order)
            case Query():
                self._query(ledger.lines[action.client_id])
            case ReadAccount():
                leg = ledger.intent.legs[action.leg]
                ledger.asking(action.leg, action.kind, self.clock.now_ns())
                self._executors[leg.venue].read(action.kind, leg.market, leg.native, action.since_ms)
            case Declare():
                self._put(hedge, action.fact)
                self._tell(hedge, action.fact.why, alarm=action.loud)
            case Mark():
                self._step_to(ledger, action.step, action.why)
            case Alarm():
                ledger.said.add(action.key)
                self._tell(hedge, action.text, alarm=True)

    def _query(self, line: Line) -> None:
        line.asked_ns, line.query_open = self.clock.now_ns(), True
        self._executors[line.order.venue].query(line.order)

    def _step_to(self, ledger: Ledger, step: Step, why: str) -> None:
        self._put(ledger.hedge, Stepped(step, why))
        self._tell(ledger.hedge, why, alarm=step in _LOUD)

    # orders
    def _send(self, ledger: Ledger, action: SendOrders) -> None:
        """Fold, write; ``_hand_over`` once it is on disk."""
        facts: list[Fact] = [*action.orders]
        if action.step is not None:
            facts.append(Stepped(action.step, action.why))
        now_ns = self.clock.now_ns()
        for fact in facts:
            self._fold(ledger.hedge, now_ns, fact)
        if action.step is not None:
            self._tell(ledger.hedge, action.why, alarm=action.step in _LOUD)
        self._write(
            [record(now_ns, ledger.hedge, fact) for fact in facts],
            partial(self._hand_over, ledger, action.orders),
            partial(self._not_kept, ledger, action.orders),
        )

    def _hand_over(self, ledger: Ledger, orders: tuple[Ordered, ...]) -> None:
        """The orders are on disk: this is the moment at which they are sent, or never."""
        why = self._too_late(ledger, orders)
        for ordered in orders:
            line = ledger.lines[ordered.order.client_id]
            if why:
                self._put(ledger.hedge, Dropped(ordered.order.client_id, why))
            else:
                line.handed_ns = self.clock.now_ns()
                self._executors[ordered.order.venue].place(ordered.order)
        if why:
            self._tell(ledger.hedge, f"not sent: {why}")
        self._wake(ledger.hedge)

    def _too_late(self, ledger: Ledger, orders: tuple[Ordered, ...]) -> str:
        """What changed while the disk was busy and forbids sending now; "" if nothing did."""
        if self.killed:
            return "the kill switch is on"
        opening = any(ordered.purpose is Purpose.ENTER for ordered in orders)
        if opening and (self.stopping or not self.armed):
            return "arbtui is stopping" if self.stopping else "arbtui is disarmed"
        planned_ns = ledger.lines[orders[0].order.client_id].planned_ns
        waited_s = (self.clock.now_ns() - planned_ns) / NS_PER_S
        return f"the disk took {waited_s:.1f} s" if waited_s > _LATE_S else ""

    def _not_kept(self, ledger: Ledger, orders: tuple[Ordered, ...], text: str) -> None:
        """The journal failed. What repairs an excess goes out all the same; anything else does not."""
        sent = self._unsaved.get(ledger.hedge, 0)
        repairs = all(ordered.purpose in _REPAIRS for ordered in orders)
        if repairs and sent + len(orders) <= UNSAVED_MAX and not self.killed:
            self._unsaved[ledger.hedge] = sent + len(orders)
            self._tell(
                ledger.hedge, f"sent unrecorded, because an excess is open and the journal fails: {text}", alarm=True
            )
            self._hand_over(ledger, orders)
            return
        for ordered in orders:
            self._put(ledger.hedge, Dropped(ordered.order.client_id, f"the journal fails: {text}"))
        if repairs and allows(ledger.state, Step.HALT):
            self._step_to(ledger, Step.HALT, f"the journal fails: {text}")
        self._wake(ledger.hedge)

    # turns
    def _refused(self, intent: Intent) -> str:
        if not self.armed:
            return "arbtui is disarmed: nothing is opened; arm it first"
        if intent.hedge in self.ledgers:
            return "this hedge was begun already"
        for leg in intent.legs:
            if leg.venue not in self._executors:
                return f"there is no account on {leg.venue}; add its keys"
        keys = {leg.key for leg in intent.legs}
        for ledger in self.ledgers.values():
            frozen = ledger.state in (State.IN_DOUBT, State.HALTED)
            if frozen and keys & {leg.key for leg in ledger.intent.legs}:
                return f"a hedge on the same instrument is {ledger.state}: {ledger.why}; settle it first"
        return ""

    def _begin(self, intent: Intent, step: Step) -> None:
        """The intent goes to disk before anything else of its turn; the journal keeps the order of what it is given."""
        now_ns = self.clock.now_ns()
        self._fold(intent.hedge, now_ns, Intended(intent))
        self._write(
            [record(now_ns, intent.hedge, Intended(intent))],
            partial(self._persisted, intent, step),
            partial(self._not_begun, intent, step),
        )
        if step is Step.CLOSE:
            self._step_to(self.ledgers[intent.hedge], step, f"{intent.verb} asked by {intent.by}")
            self._wake(intent.hedge)

    def _persisted(self, intent: Intent, step: Step) -> None:
        if step is Step.PERSISTED:
            self._step_to(self.ledgers[intent.hedge], step, "the intent is on disk")
        self._wake(intent.hedge)

    def _not_begun(self, intent: Intent, step: Step, text: str) -> None:
        ledger = self.ledgers[intent.hedge]
        if step is Step.PERSISTED:
            self._step_to(ledger, Step.DROPPED, f"nothing was sent: the journal fails: {text}")
        self._wake(intent.hedge)

    def _adopt(self, ledger: Ledger, report: OrderReport) -> None:
        """An order with our name that no journal kept: it went out while the disk was full. It counts."""
        name = read_client_id(report.client_id)
        order = order_from(report)
        if name is None or order is None:
            return
        ordered = Ordered(order=order, leg=name.leg, turn=ledger.intent.turn, purpose=name.purpose, number=name.number)
        self._put(ledger.hedge, ordered)
        line = ledger.lines[order.client_id]
        line.relived_ns = line.planned_ns
        self._own(line)
        self._tell(ledger.hedge, f"{report.client_id} was sent unrecorded by an earlier run; it is counted", alarm=True)

    # memory
    def _fold(self, hedge: str, t_ns: int, fact: Fact) -> None:
        ledger = self.ledgers.get(hedge)
        if ledger is None:
            ledger = self.ledgers[hedge] = Ledger(hedge)
        ledger.fold(t_ns, fact)
        self._watch(hedge, fact)

    def _put(self, hedge: str, fact: Fact) -> None:
        """A fact that needs no waiting: known at once, on disk soon."""
        now_ns = self.clock.now_ns()
        if hedge:
            self._fold(hedge, now_ns, fact)
        else:
            self._watch(hedge, fact)
        self._write([record(now_ns, hedge, fact)])

    def _write(
        self,
        records: list[Record],
        then: Callable[[], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """In the order in which it happened, what an earlier failure left over first."""
        batch = [*self._backlog]
        for kept in records:
            self._written += 1
            batch.append((self._written, kept))
        if self.journal_failed and self._outstanding:
            # batches handed over before are still failing: a later one must not get ahead of them
            self._backlog = batch
            if failed is not None:
                self.clock.call_at(self.clock.now_ns(), partial(failed, self.journal_failed))
            return
        self._backlog = []
        self._outstanding += 1
        self._journal.write(
            [kept for _, kept in batch], partial(self._kept, then), partial(self._unkept, batch, failed)
        )

    def _kept(self, then: Callable[[], None] | None) -> None:
        self._outstanding -= 1
        if self.journal_failed:
            self.journal_failed = ""
            self._unsaved.clear()
            self._tell("", "the journal keeps records again; arm to go on")
        if then is not None:
            then()

    def _unkept(self, batch: list[tuple[int, Record]], failed: Callable[[str], None] | None, text: str) -> None:
        self._outstanding -= 1
        self._backlog = sorted([*self._backlog, *batch], key=itemgetter(0))
        first = not self.journal_failed
        self.journal_failed = text
        if first:
            self._tell("", f"the journal keeps nothing: {text}; no new risk is taken", alarm=True)
            self.disarm("the journal fails")
        if failed is not None:
            failed(text)

    def _own(self, line: Line) -> None:
        for order_id in line.order_ids:
            name = read_client_id(line.order.client_id)
            if name is not None:
                self._owners[(line.order.venue, f"{line.order.market.value}.{line.order.native}", order_id)] = (
                    name.hedge
                )

    def _tell(self, hedge: str, text: str, *, alarm: bool = False) -> None:
        self._say(Said(self.clock.now_ns(), hedge, text, alarm))

    # audit
    def _read_positions(self, venue: str) -> None:
        if venue in self._executors:
            self._executors[venue].read(ReadKind.POSITIONS, Market.PERP)

    def _audit_later(self) -> None:
        self._audit_timer = self.clock.call_at(self.clock.now_ns() + self._audit_every_ns, self._audit_now)

    def _audit_now(self) -> None:
        for venue in sorted(self._audit.venues()):
            self._read_positions(venue)
        self._audit_later()

    # the end
    def _end_if_quiet(self) -> None:
        if self._stopped is not None and all(_quiet(ledger) for ledger in self.ledgers.values()):
            self._end()

    def _end(self) -> None:
        told, self._stopped = self._stopped, None
        if told is None:
            return
        open_ones = [ledger for ledger in self.ledgers.values() if not ledger.state.ended]
        sure = [ledger for ledger in open_ones if ledger.state is State.HEDGED and not ledger.unsettled()]
        told(
            Stopped(
                open=tuple(f"{led.hedge}: hedged, {_holdings(led)}" for led in sure),
                doubt=tuple(
                    f"{led.hedge}: {led.state}, {_holdings(led)}: {led.why}" for led in open_ones if led not in sure
                ),
            )
        )


def _quiet(ledger: Ledger) -> bool:
    """Nothing is under way and no rule is working on it."""
    return not ledger.unsettled() and (ledger.state.ended or ledger.state in (State.HEDGED, State.HALTED))


def _may_be(ledger: Ledger, key: str) -> bool:
    """Whether something on this instrument that bears no name of ours may be this hedge's all the same."""
    if not ledger.turns or not any(leg.key == key for leg in ledger.intent.legs):
        return False
    reading = ledger.relived_ns is not None and ledger.state is State.IN_DOUBT
    return reading or any(line.order.leg == key for line in ledger.unsettled())


def _holdings(ledger: Ledger) -> str:
    legs = ledger.intent.legs
    return " and ".join(f"{amount(ledger.position(i))} on {legs[i].key}" for i in (0, 1))
