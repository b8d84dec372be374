"""One episode: two venues, one program that lives several lives, people, and somebody who watches the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from random import Random

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Market
from arbtui.core.orders import AccountEvent, FundingPaid, Order
from arbtui.execution.intents import Style
from arbtui.execution.ledger import Ledger, VenueRules
from arbtui.execution.lifecycle import State
from arbtui.execution.policy import Policy
from arbtui.execution.ports import Executor
from arbtui.execution.records import Fact
from arbtui.execution.runner import Runner, Said
from tests.execution.simulation.clock import Crash, Life, LifeClock, SimClock, Spinning
from tests.execution.simulation.disk import SimJournal
from tests.execution.simulation.faults import draw_faults, draw_spoilt
from tests.execution.simulation.funding import Payments
from tests.execution.simulation.judge import Judge
from tests.execution.simulation.kinds import draw_instrument, draw_kind, draw_rules, draw_usd
from tests.execution.simulation.market import Path, Sight, Tape
from tests.execution.simulation.people import COMMANDS, People, draw_style
from tests.execution.simulation.reads import Memory
from tests.execution.simulation.sending import Sending
from tests.execution.simulation.telling import Wire
from tests.execution.simulation.venue import Port, SimVenue

START_NS = 1_800_000_000 * NS_PER_S
AUDIT_S = 20.0
REST_NS = 25 * NS_PER_S  # an audit and what it asks again fall into it


@dataclass
class Plan:
    """What an episode is made of; drawn from its seed."""

    end_s: int
    faults_s: int
    styles: list[tuple[Style, int | None]]
    policy: Policy
    usd: Decimal


class World:
    """Runs one seed. ``wrong`` lists what broke a rule; ``story`` what happened, if it was asked for.

    An episode may end before its time: once no fault or person can come any more, every hedge stands still with
    all its orders settled, and for ``REST_NS`` nothing was folded and nothing said. ``whole``: it never does.
    """

    def __init__(self, seed: int, *, story: bool = False, whole: bool = False) -> None:
        self.rng = Random(seed)
        self.clock = SimClock(START_NS)
        self.story: list[str] | None = [] if story else None
        self.note = self._tell if story else _unheard
        self.wrong: list[str] = []
        self.born_ns = START_NS
        self._whole = whole
        self._calm_ns = START_NS
        self._still: object = None
        self._still_ns = 0
        self._draw()

    def _tell(self, *parts: object) -> None:
        assert self.story is not None
        self.story.append(f"{(self.clock.now_ns() - START_NS) / NS_PER_S:9.3f} {' '.join(map(_words, parts))}")

    def broke(self, text: str) -> None:
        self.wrong.append(text)
        self.note("***", text)

    # the set-up
    def _draw(self) -> None:
        rng = self.rng
        faults_s = rng.choice((4, 4, 10, 10, 25, 60))
        self.plan = Plan(
            end_s=faults_s + 260,
            faults_s=faults_s,
            styles=[draw_style(rng) for _ in range(rng.choice((1, 1, 2)))],
            policy=replace(
                Policy(),
                maker_rest_s=rng.choice((3.0, 8.0, 50.0)),
                thinner_first=rng.random() < 0.2,
                rehedge_tries=rng.choice((1, 3)),
                on_leg_lost=rng.choice(("halt", "rebalance")),
            ),
            usd=Decimal(rng.choice((60, 500, 5_000))),
        )
        path = Path(rng, START_NS, faults_s + 10, jumpy=rng.choice((0.0, 0.02, 0.2)), walk_bps=rng.choice((0.1, 2.0)))
        self.sight = Sight(self.clock, draw_usd(rng))
        self.venues: dict[str, SimVenue] = {}
        self.rules: dict[str, VenueRules] = {}
        self.judge = Judge(self.clock, self.venues, self.sight.worth, self.broke)
        for index, name in enumerate(("alpha", "beta")):
            self._venue(name, index, path)
        self.payments = Payments(self.clock, self.venues, self.broke)
        self.sending = Sending(self.clock, self.venues, self.sight, self.broke)
        self.people = People(rng, self.clock, self.venues, self.sight, self.judge, self.sending, self.note)
        self.journal = self._disk()

    def _disk(self) -> SimJournal:
        rng, faults_s = self.rng, self.plan.faults_s
        failing = []
        if rng.random() < 0.2:
            begin = START_NS + int(rng.uniform(0, faults_s) * NS_PER_S)
            failing = [(begin, begin + int(rng.uniform(0.05, 10) * NS_PER_S))]
            if rng.random() < 0.6:
                self.clock.call_at(begin + int(rng.uniform(0, 3) * NS_PER_S), self._die)
        return SimJournal(self.clock, rng, failing, slow=rng.random() < 0.15)

    def _venue(self, name: str, index: int, path: Path) -> None:
        rng, faults_s = self.rng, self.plan.faults_s
        kind = draw_kind(rng)
        instrument = draw_instrument(rng, kind, name, spot=index == 0 and rng.random() < 0.35)
        usd = self.sight.worth(instrument.price_ccy)
        tape = Tape(path, instrument, off_bps=0.0 if index == 0 else rng.uniform(-2, 30), usd=usd)
        rules = self.rules[name] = draw_rules(rng, kind)
        memory = Memory(settle_s=rules.absence.settle_s, forget_s=rules.absence.forget_s)
        faults = draw_faults(rng, START_NS, faults_s, nameless=kind.nameless_fills)
        stock = Decimal(rng.choice(("0", "0", "0.05", "70"))) if instrument.market is Market.SPOT else Decimal(0)
        self.venues[name] = SimVenue(
            name,
            instrument,
            tape,
            self.clock,
            rng,
            faults,
            memory,
            stock=stock,
            unnamed_end=kind.unnamed_end,
            note=self.note,
            filled=self.judge.fills,
        )
        spoilt = draw_spoilt(rng, START_NS, faults_s)
        ends = [end_ns for _, end_ns in faults.gaps] + [end_ns for _, end_ns, _ in spoilt]
        self._calm_ns = max([self._calm_ns, *ends])
        self.sight.tapes[instrument.key] = tape
        self.sight.instruments[instrument.key] = instrument
        self.sight.spoilt[instrument.key] = spoilt

    # lives
    def _live(self, *, first: bool) -> None:
        rng = self.rng
        self.born_ns = self.clock.now_ns()
        life = Life(crash_in=rng.randint(0, 120) if rng.random() < (0.35 if first else 0.2) else -1)
        self.life = self.journal.life = life
        executors: dict[str, Executor] = {}
        for name, venue in self.venues.items():
            executors[name] = Port(venue, partial(self._before, life))
        runner = Runner(
            LifeClock(self.clock, life),
            executors,
            self.journal,
            self.sight,
            self.rules,
            say=self._said,
            watch=self._knows,
            audit_every_s=AUDIT_S,
        )
        self.judge.new_life(life, runner)
        for venue in self.venues.values():
            venue.telling.wire = Wire(partial(self._hear, life, runner))
        runner.restore(self.journal.durable)
        self.sending.new_life(self.journal.durable)
        self.payments.new_life(self.journal.durable, runner.ledgers.values())
        runner.start()
        if first or rng.random() < 0.5:
            runner.arm()

    def _hear(self, life: Life, runner: Runner, event: AccountEvent) -> None:
        if not life.lives:
            return
        life.act()
        if not isinstance(event, FundingPaid) or self.payments.hear(event, runner.ledgers.values()):
            runner.hear(event)

    def _before(self, life: Life, verb: str, order: Order | None) -> None:
        life.act()
        if order is None:
            self.note("  ", verb)
            return
        self.note("  ", verb, order.client_id, order.side, order.qty, "at", order.price, order.kind)
        if verb == "place":
            self.sending.goes(order, self.judge.runner, self.journal)

    def _said(self, said: Said) -> None:
        self.note("!!!" if said.alarm else "   ", said.hedge, said.text)
        self.judge.hears(said)

    def _knows(self, hedge: str, fact: Fact) -> None:
        self.sending.knows(hedge, fact)
        self.judge.knows(hedge, fact)

    def _die(self) -> None:
        if self.life.lives:
            raise Crash

    def _crash(self) -> None:
        self.note("=== the process dies")
        self.life.lives = False
        for venue in self.venues.values():
            if venue.telling.wire is not None:
                venue.telling.wire.cut = True
        self.journal.crash()
        down_s = self.rng.choice((0.01, 0.5, 3.0, 25.0))
        self.clock.call_at(self.clock.now_ns() + int(down_s * NS_PER_S), self._restart)

    def _restart(self) -> None:
        self.note("=== a new process")
        self._live(first=False)

    # running
    def run(self) -> list[str]:
        self._set_out()
        while self.clock.now_ns() < self._end_ns() and not self.wrong and not self._at_rest():
            try:
                self.clock.advance_to(self._next_look_ns())
            except Crash:
                self._crash()
            except Spinning:
                self.broke("arbtui waits for a moment that is already there, again and again")
            else:
                self.judge.watch()
        if not self.wrong:
            self.judge.last_look()
            if self.life.lives:
                self.payments.last_look(self.judge.runner.ledgers, taken=self.judge.taken)
        return self.wrong

    def outcome(self) -> dict[str, object]:
        """What became of each hedge, by its ledger and in truth."""
        return {
            hedge: (ledger.state, ledger.why, ledger.position(0), ledger.position(1), self.judge.truth.get(hedge))
            for hedge, ledger in self.judge.runner.ledgers.items()
        }

    def _set_out(self) -> None:
        """When somebody does what."""
        rng, plan = self.rng, self.plan
        at = [
            (rng.uniform(0, plan.faults_s * 0.7), partial(self.people.open, *style, plan.usd, plan.policy))
            for style in plan.styles
        ]
        at[0] = (0.01, at[0][1])
        chosen = rng.sample(COMMANDS, rng.choice((0, 1, 1, 2, 3)))
        at += [(rng.uniform(0.05, plan.faults_s), partial(self.people.command, what)) for what in chosen]
        if rng.random() < 0.7:
            at.append((plan.faults_s + 5, partial(self.people.command, "close")))
        self.clock.call_at(START_NS, partial(self._live, first=True))
        self.payments.schedule(START_NS, plan.faults_s + 15)
        for at_s, call in at:
            self.clock.call_at(START_NS + int(at_s * NS_PER_S), call)
        self._calm_ns = max(self._calm_ns, START_NS + (plan.faults_s + 15) * NS_PER_S)

    def _end_ns(self) -> int:
        return max(START_NS + self.plan.end_s * NS_PER_S, self.born_ns + 150 * NS_PER_S)

    def _next_look_ns(self) -> int:
        """The next whole second, counted from the last death; those in which nothing happens are left out."""
        now_ns = self.clock.now_ns()
        end_ns = self._end_ns()
        until_ns = now_ns if self.judge.exposed_ns else min(self.clock.next_ns(end_ns), end_ns)
        return now_ns + max(1, -((now_ns - until_ns) // NS_PER_S)) * NS_PER_S

    def _at_rest(self) -> bool:
        now_ns, judge = self.clock.now_ns(), self.judge
        if self._whole or now_ns < self._calm_ns:
            return False
        ledgers = judge.runner.ledgers.values()
        awaited = self.life.may_die or judge.exposed_ns or self.journal.busy
        if awaited or not all(map(_stands, ledgers)):
            self._still = None
            return False
        still = (judge.said, [(ledger.state, ledger.last_ns) for ledger in ledgers])
        if still != self._still:
            self._still, self._still_ns = still, now_ns
        return now_ns - self._still_ns >= REST_NS


def _stands(ledger: Ledger) -> bool:
    """Nothing of it is under way and nothing of it is left to be told."""
    still = ledger.state.ended or ledger.state in (State.HEDGED, State.HALTED)
    return still and not ledger.unsettled() and ledger.complete()


def _unheard(*_parts: object) -> None:
    """Nobody reads this story."""


_TOLD = (
    "client_id",
    "order_id",
    "fill_id",
    "status",
    "filled",
    "qty",
    "fee",
    "verb",
    "reason",
    "kind",
    "state",
)


def _words(part: object) -> str:
    """An event's name and what it says; anything else as it is."""
    if not isinstance(part, AccountEvent):
        return str(part)
    said = [f"{name}={value}" for name in _TOLD if (value := getattr(part, name, None)) not in (None, "")]
    return " ".join([type(part).__name__, *said])
