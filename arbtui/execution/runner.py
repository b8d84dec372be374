"""The single writer: the only place from which orders go out and in which money state changes.

The Python way in, the same that keys use:

    runner = Runner(clock, executors, journal, prices, rules, say=print)
    runner.restore(records)              # what the journal kept, in order; raises BadRecord
    runner.start()                       # reads the venues; disarmed
    runner.arm()                         # ``Permit``: so much, for so long; without one as long as nothing goes wrong
    answer = runner.open(intent)         # an Intent from ``preflight.review``; answers at once, in words
    runner.close(answer.hedge, intent)   # the same hedge's next turn, from ``preflight.review_close``
    runner.cancel(hedge)                 # stop entering; what filled is hedged and stays
    runner.retry(hedge), runner.abandon(hedge)     # what a person may say of a halted hedge
    runner.reconcile("slept")            # after a sleep or a jump of the clock: disarm, read the venues
    runner.kill("why")                   # stop, cancel, disarm; opens and closes nothing
    runner.stop(told, within_s=10)       # finish or unwind within that time, then say what stays open
    runner.hear(event)                   # every core.orders event of every executor
    runner.ledgers[hedge]                # state and knowledge, to read

Everything runs on one loop and returns at once. Each hedge is stepped whenever something is heard of it, a timer of it
fires, or a person speaks: ``decide`` is asked for one action after another until it says to wait. An order is handed
over only when the journal says that it is on disk (``sending``); an event is folded and written without waiting
(``memory``). Where the journal fails, or does not answer, arbtui disarms itself: no new risk is taken, but an open
excess is still hedged or given back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from arbtui.core.clock import NS_PER_MS, NS_PER_S, Clock, Timer
from arbtui.core.orders import AccountEvent
from arbtui.execution.actions import Action, Alarm, Cancel, Declare, Desk, Mark, Query, ReadAccount, SendOrders, Wait
from arbtui.execution.arming import Lapse, Permit, over_permit
from arbtui.execution.boundary import Careful, internal
from arbtui.execution.decide import decide
from arbtui.execution.doubts import open_doubts
from arbtui.execution.hearing import Hearing
from arbtui.execution.intents import HedgeIds, Intent
from arbtui.execution.keeper import Keeper
from arbtui.execution.ledger import Ledger, VenueRules
from arbtui.execution.lifecycle import State, Step, WrongStep, allows
from arbtui.execution.limits import opposed
from arbtui.execution.lines import Line
from arbtui.execution.memory import Memory
from arbtui.execution.policy import DEFAULT
from arbtui.execution.ports import Executor, Journal, Prices, Record
from arbtui.execution.records import Armed, Asked, CancelAsked, Fact, GivenUp, Intended, Life, Lost, Stepped
from arbtui.execution.sending import UNSAVED_MAX, Sending
from arbtui.execution.words import Answer, Said, Stopped, holdings, nameless

__all__ = ["Answer", "Runner", "Said", "Stopped"]

log = logging.getLogger(__name__)

_ACTIONS_MAX = 60  # of one hedge without waiting: beyond, the rules go round in a circle
_LEAST_WAIT_NS = 10 * NS_PER_MS
_BROKEN_AGAIN_NS = 10 * NS_PER_S  # a hedge at which this program fails is looked at again after so long


class Runner:
    """See the module. ``say`` and ``watch`` are called on the loop and must return at once; what they raise is logged.

    ``gate``: why an intent must not be opened now ("" = it may), asked for each. ``needs_permit``: it is never armed
    without terms, because orders leave this machine.
    """

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
        gate: Callable[[Intent], str] = lambda _intent: "",
        needs_permit: bool = False,
        audit_every_s: float = 20.0,
    ) -> None:
        self.clock = clock
        self.ids = HedgeIds()
        self.armed = False
        self.killed = False
        self.stopping = False
        self._started = True  # nothing of an earlier life waits to be taken over
        self._executors = {name: Careful(executor, self.hear, clock) for name, executor in executors.items()}
        self._prices = prices
        self._rules = rules
        self._gate = gate
        self._needs_permit = needs_permit
        self._timers: dict[str, Timer] = {}
        self._due: dict[str, None] = {}  # in the order in which they were woken
        self._busy = False
        self._stopped: Callable[[Stopped], None] | None = None
        self._keeper = Keeper(clock, journal, self._journal_changed)
        self._memory = Memory(clock, self._keeper, say, watch)
        self.ledgers = self._memory.ledgers
        self._lapse = Lapse(clock, partial(self._memory.tell, ""), partial(self.disarm, alarm=False))
        self._sending = Sending(self, self._memory, self._executors)
        self._hearing = Hearing(self, self._memory, self._executors, rules, int(audit_every_s * NS_PER_S))

    @property
    def journal_failed(self) -> str:
        """In words, while the journal keeps nothing; else ""."""
        return self._keeper.failed

    @property
    def permit(self) -> Permit | None:
        """On what terms it is armed; None: disarmed, or without terms."""
        return self._lapse.permit

    @property
    def armed_until_ns(self) -> int | None:
        """When arming ends by itself."""
        return self._lapse.until_ns

    # life
    def restore(self, records: Iterable[Record]) -> None:
        """Rebuild every hedge. Before ``start``; raises BadRecord."""
        self._memory.restore(records)
        self._started = not self.ledgers
        for hedge, ledger in self.ledgers.items():
            self.ids.saw(hedge)
            for line in ledger.lines.values():
                self._hearing.own(line)

    def start(self) -> None:
        """Take over: disarmed, and the first act of every open hedge is to read its venues."""
        self._started = True
        for hedge, ledger in self.ledgers.items():
            if away := self._away(ledger):
                self._memory.tell(hedge, f"{ledger.state}, {holdings(ledger)}: {away}", alarm=True)
        self._new_life(UNSAVED_MAX)
        self._hearing.audit_later()

    def reconcile(self, why: str) -> None:
        """The machine slept, or its clock jumped: disarm, and read the venues as a new process would."""
        self._new_life(0)  # first: by the new time every wait of the old one would be over at once
        self.disarm(why)

    def _new_life(self, unsaved: int) -> None:
        self._hearing.relive()
        self._memory.begin(Life(unsaved=unsaved), self._born)
        for hedge, ledger in self.ledgers.items():
            if not ledger.state.ended or ledger.unsettled():
                why = f" ({ledger.why})" if ledger.state.troubled else ""
                text = f"taken over as {ledger.state}{why}; the venues are read"
                self._memory.tell(hedge, text, alarm=ledger.state.troubled)
        self.poke()

    def _born(self) -> None:
        """The journal knows of this life: the next one will leave out the numbers that go unrecorded in it."""
        self._sending.known_life = True

    # commands
    def arm(self, why: str = "a person said so", permit: Permit | None = None) -> Answer:
        """Allow new hedges, on these terms; takes the kill switch back. Halted hedges stay halted."""
        if self.stopping:
            return Answer(False, "arbtui is stopping")
        if not self._started:
            return Answer(False, "arbtui is still starting")
        if self._needs_permit and permit is None:
            return Answer(False, "not armed: say how many US dollars may be open at once")
        if self._keeper.failed:
            return Answer(False, f"the journal keeps nothing ({self._keeper.failed}); see to the disk, then arm again")
        if not self.armed or permit is not None:
            self._memory.put("", Armed(True, why if permit is None else f"{why}: {permit}"))
        self.armed, self.killed = True, False
        self._lapse.begin(permit)
        return Answer(True, "armed: hedges may be opened" + (f", {permit}" if permit is not None else ""))

    def disarm(self, why: str, *, alarm: bool = True) -> None:
        """No new risk from now on; what is open is still looked after. Said and written with the reason, always."""
        if self.armed:
            self.armed = False
            self._lapse.end()
            self._memory.put("", Armed(False, why))
            self._memory.tell("", f"disarmed: {why}", alarm=alarm)
            self.poke()

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
        if not self._started:
            return Answer(False, "arbtui is still starting; wait until the venues are read")
        if self.killed:
            return Answer(False, "the kill switch is on: nothing is opened or closed; arm again first")
        if away := self._away(ledger):
            return Answer(False, away)
        if intent.turn != len(ledger.turns) or not allows(ledger.state, Step.CLOSE):
            return Answer(False, f"the hedge is {ledger.state}; wait until it is hedged or halted")
        if ledger.unsettled():
            return Answer(False, "orders of this hedge are under way; wait until they have ended")
        if why := nameless(ledger):
            return Answer(False, why)
        if ledger.stranger() is not None:
            why = "fills that no order explains may be this hedge's, so what it holds is not known"
            return Answer(False, f"{why}; look at the venue, then abandon it or say retry")
        if self._keeper.failed:
            return Answer(False, f"the journal keeps nothing ({self._keeper.failed}); see to the disk first")
        self._begin(intent, Step.CLOSE)
        return Answer(True, f"{intent.verb} {intent.base}", intent.hedge)

    def cancel(self, hedge: str) -> Answer:
        """Enter no further; what rests is canceled, what filled is hedged and kept."""
        ledger = self.ledgers.get(hedge)
        if ledger is None or ledger.turn_over:
            return Answer(False, "there is nothing to cancel")
        self._memory.put(hedge, Asked("cancel"))
        self.wake(hedge)
        return Answer(True, "canceling", hedge)

    def retry(self, hedge: str) -> Answer:
        """A person looked at a halted hedge and says: go on by the rules."""
        ledger = self.ledgers.get(hedge)
        if ledger is None or ledger.state is not State.HALTED:
            return Answer(False, "only a halted hedge can be taken up again")
        if away := self._away(ledger):
            return Answer(False, away)
        if self.killed:
            return Answer(False, "the kill switch is on; arm again first")
        if why := nameless(ledger):
            return Answer(False, why)  # by its books it would give back, perhaps once more
        self._memory.put(hedge, Asked("retry"))
        self._memory.put(hedge, Stepped(Step.RETRY, "a person said to go on"))
        self.wake(hedge)
        return Answer(True, "going on by the rules", hedge)

    def abandon(self, hedge: str) -> Answer:
        """A person has taken the hedge over, with all that is in doubt about it: what that is is said, and let go."""
        ledger = self.ledgers.get(hedge)
        if ledger is None or not allows(ledger.state, Step.ABANDON):
            return Answer(False, "only a hedge that is halted or hedged can be taken over by hand")
        self._memory.put(hedge, Asked("abandon"))
        left = tuple(ledger.position(leg) for leg in (0, 1))
        doubts = open_doubts(ledger)
        why = "; ".join([f"a person took over {holdings(ledger)}", *doubts.values()])
        for client_id, text in doubts.items():
            if client_id in ledger.lines:
                self._memory.put(hedge, GivenUp(client_id, text))
        for leg in (0, 1):
            if left[leg]:
                self._memory.put(hedge, Lost(leg, -left[leg], why))
        self._memory.put(hedge, Stepped(Step.ABANDON, why))
        self._memory.tell(hedge, why, alarm=bool(doubts))
        self.wake(hedge)
        return Answer(True, why, hedge)

    def kill(self, why: str) -> Answer:
        """Stop, cancel, disarm. It opens and closes nothing; what is open is said."""
        self.killed, self.armed = True, False
        self._lapse.end()
        self._memory.put("", Armed(False, f"kill switch: {why}"))
        self._memory.tell("", f"kill switch: {why}", alarm=True)
        for ledger in [*self._memory.open.values()]:
            if ledger.turns and not ledger.turn_over:  # else what waits for the disk would go on once it is armed again
                self._memory.put(ledger.hedge, Asked("cancel"))
        self.poke()
        return Answer(True, "stopped: resting orders are being canceled, nothing is opened or closed")

    def stop(self, told: Callable[[Stopped], None], within_s: float = DEFAULT.stop_within_s) -> None:
        """No new risk; finish or unwind within ``within_s``, then ``told`` hears what stays open.

        How long the end may take is a matter of the run that ends: hedges of an earlier one do not decide it.
        """
        if self._stopped is not None:
            return
        self.stopping = True
        self.disarm("arbtui is stopping", alarm=False)
        self._stopped = told
        self.clock.call_at(self.clock.now_ns() + int(within_s * NS_PER_S), self._end)
        self.poke()
        self._end_if_quiet()

    def hear(self, event: AccountEvent) -> None:
        """One event of any executor. Never raises: what an event leaves out, its order's doubt asks for anew."""
        try:
            self._hearing.hear(event)
        except Exception as bug:  # the boundary of one event: whoever brought it has others to bring
            log.exception("an event could not be taken in: %s", type(event).__name__)
            self._memory.tell("", f"what {event.venue} told could not be taken in: {internal(bug)}", alarm=True)

    def poke(self) -> None:
        """Prices or circumstances changed: look at every hedge again that is not over."""
        self.wake(*[hedge for hedge, ledger in self.ledgers.items() if not ledger.over])

    # stepping; what bears no underscore here and below is for ``Hearing``
    def wake(self, *hedges: str) -> None:
        self.wake_later(*hedges)
        self._run()

    def wake_later(self, *hedges: str) -> None:
        self._due.update(dict.fromkeys(hedges))

    def _run(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            while self._due:
                hedge = next(iter(self._due))
                del self._due[hedge]
                self._step(hedge)
        finally:
            self._busy = False
        self._hearing.name_strangers()
        self._end_if_quiet()

    def _step(self, hedge: str) -> None:
        if (timer := self._timers.pop(hedge, None)) is not None:
            timer.cancel()
        ledger = self.ledgers.get(hedge)
        if ledger is None or not ledger.turns or not self._started or self._away(ledger):
            return
        try:
            self._work(ledger)
        except Exception as bug:  # the boundary of one hedge: the others go on
            log.exception("hedge %s: a step failed inside", hedge)
            self._broken(ledger, bug)

    def _work(self, ledger: Ledger) -> None:
        """One action after another, until there is nothing to do but wait."""
        hedge = ledger.hedge
        for _ in range(_ACTIONS_MAX):
            legs = ledger.intent.legs
            prices = (self._prices.price(legs[0].key), self._prices.price(legs[1].key))
            action = decide(ledger, prices, self.clock.now_ns(), self._desk(ledger))
            if isinstance(action, Wait):
                if action.until_ns is not None:  # one that is over already must not keep the loop busy
                    until_ns = max(action.until_ns, self.clock.now_ns() + _LEAST_WAIT_NS)
                    self._timers[hedge] = self.clock.call_at(until_ns, partial(self.wake, hedge))
                return
            try:
                self._act(ledger, action)
            except WrongStep as error:
                self._memory.tell(hedge, str(error), alarm=True)
                break
        if allows(ledger.state, Step.HALT):
            self._memory.step_to(
                ledger, Step.HALT, "the rules went in a circle or nowhere; this is a mistake in arbtui"
            )

    def _broken(self, ledger: Ledger, bug: Exception) -> None:
        """Our own mistake at a hedge: never in silence, and never for good."""
        text = f"this is a mistake in arbtui: {internal(bug)}"
        again_ns = self.clock.now_ns() + _BROKEN_AGAIN_NS
        self._timers[ledger.hedge] = self.clock.call_at(again_ns, partial(self.wake, ledger.hedge))
        said = text in ledger.said
        ledger.said.add(text)
        if allows(ledger.state, Step.HALT):
            self._memory.step_to(ledger, Step.HALT, text)
        elif not said:
            self._memory.tell(ledger.hedge, text, alarm=True)

    def _away(self, ledger: Ledger) -> str:
        """Why nothing can be done about a hedge that is open, in words: a venue of it takes no part in this run."""
        if not ledger.turns or (ledger.state.ended and not ledger.unsettled()):
            return ""
        away = sorted({leg.venue for leg in ledger.intent.legs if leg.venue not in self._executors})
        return (
            f"this run has no account on {' and '.join(away)}; start with it to look after this hedge" if away else ""
        )

    def _desk(self, ledger: Ledger) -> Desk:
        keys = {leg.key for leg in ledger.intent.legs}
        shared = {
            leg.key
            for other in self._memory.open.values()
            if other is not ledger and other.turns
            for leg in other.intent.legs
            if leg.key in keys
        }
        deaf, unborne = frozenset(self._hearing.deaf), self._hearing.unborne(ledger)
        return Desk(self._rules, self.armed, self.killed, self.stopping, deaf, frozenset(shared), unborne)

    def _act(self, ledger: Ledger, action: Action) -> None:
        hedge = ledger.hedge
        match action:
            case SendOrders():
                self._sending.send(ledger, action)
            case Cancel():
                line = ledger.lines[action.client_id]
                self._memory.put(hedge, CancelAsked(action.client_id))
                self._executors[line.order.venue].cancel(line.order)
            case Query():
                self.query(ledger.lines[action.client_id])
            case ReadAccount():
                leg = ledger.intent.legs[action.leg]
                ledger.asking(action.leg, action.kind, self.clock.now_ns())
                self._executors[leg.venue].read(action.kind, leg.market, leg.native, action.since_ms)
            case Declare():
                self._memory.put(hedge, action.fact)
                self._memory.tell(hedge, action.fact.why, alarm=action.loud)
            case Mark():
                self._memory.step_to(ledger, action.step, action.why)
            case Alarm():
                ledger.said.add(action.key)
                self._memory.tell(hedge, action.text, alarm=True)

    def query(self, line: Line) -> None:
        line.asked_ns, line.query_open = self.clock.now_ns(), True
        self._executors[line.order.venue].query(line.order)

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
        open_ones = self._memory.open.values()
        over = over_permit(intent, self.permit, open_ones, self._prices.usd) if self.permit is not None else ""
        return opposed(intent, open_ones) or over or self._gate(intent)

    def _begin(self, intent: Intent, step: Step) -> None:
        """The intent goes to disk before anything else of its turn; the journal keeps the order of what it is given."""
        self._memory.keep(
            intent.hedge,
            [Intended(intent)],
            partial(self._persisted, intent, step),
            partial(self._not_begun, intent, step),
        )
        if step is Step.CLOSE:
            self._memory.step_to(self.ledgers[intent.hedge], step, f"{intent.verb} asked by {intent.by}")
        self.wake(intent.hedge)

    def _persisted(self, intent: Intent, step: Step) -> None:
        if step is Step.PERSISTED and self.ledgers[intent.hedge].state is State.PREVIEWED:
            self._memory.step_to(self.ledgers[intent.hedge], step, "the intent is on disk")
        self.wake(intent.hedge)

    def _not_begun(self, intent: Intent, step: Step, text: str) -> None:
        ledger = self.ledgers[intent.hedge]
        if step is Step.PERSISTED and ledger.state is State.PREVIEWED:
            self._memory.step_to(ledger, Step.DROPPED, f"nothing was sent: the journal fails: {text}")
        self.wake(intent.hedge)

    # memory
    def _journal_changed(self, failed: str) -> None:
        if failed:
            self._memory.tell("", f"the journal keeps nothing: {failed}; no new risk is taken", alarm=True)
            self.disarm("the journal fails")
        else:
            self._sending.all_kept()
            self._memory.tell("", "the journal keeps records again; arm to go on")

    # the end
    def _end_if_quiet(self) -> None:
        if self._stopped is None:
            return
        if not self._started or all(_quiet(ledger) or self._away(ledger) for ledger in self.ledgers.values()):
            self._end()  # before the start nothing was taken over, and nothing is begun for its sake

    def _end(self) -> None:
        told, self._stopped = self._stopped, None
        if told is None:
            return
        open_ones = [ledger for ledger in self.ledgers.values() if not ledger.state.ended]
        sure = [ledger for ledger in open_ones if ledger.state is State.HEDGED and not ledger.unsettled()]
        told(
            Stopped(
                open=tuple(f"{led.hedge}: hedged, {holdings(led)}" for led in sure),
                doubt=tuple(
                    f"{led.hedge}: {led.state}, {holdings(led)}: {led.why}" for led in open_ones if led not in sure
                ),
            )
        )


def _quiet(ledger: Ledger) -> bool:
    """Nothing is under way and no rule is working on it."""
    return not ledger.unsettled() and (ledger.state.ended or ledger.state in (State.HEDGED, State.HALTED))
