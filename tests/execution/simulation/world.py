"""One episode: two venues, one program that lives several lives, and somebody who watches the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from functools import partial
from random import Random

from arbtui.core.clock import NS_PER_MS, NS_PER_S, Clock, ManualClock, Timer
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.orders import Absence, Order, OrderStatus, Side
from arbtui.execution.intents import Style, Verb
from arbtui.execution.ledger import VenueRules
from arbtui.execution.lifecycle import State
from arbtui.execution.policy import Policy
from arbtui.execution.ports import Executor, Record
from arbtui.execution.reviews import Rates, Wish, close_intent, open_intent
from arbtui.execution.runner import Runner, Said, Stopped
from tests.execution.simulation.market import Path, Sight, Tape
from tests.execution.simulation.venue import Faults, Port, SimVenue, Trade, Wire

START_NS = 1_800_000_000 * NS_PER_S
ZERO = Decimal(0)
SILENCE_S = 50.0  # how long an exposure may go unmentioned: a resting order unheard of for 15 s, a doubt's alarm at 30


PROFILES: dict[str, dict[str, tuple[float, float]]] = {
    "calm": {},
    "lossy": {
        "lost_delivered": (0.2, 0.7),
        "lost_undelivered": (0.0, 0.3),
        "lag": (0.7, 1.0),
        "query_fails": (0.0, 0.3),
    },
    "dumb": {"lost_delivered": (0.2, 0.6), "query_fails": (0.9, 1.0), "read_fails": (0.8, 1.0)},
    "messy": {"reorder": (0.3, 0.9), "duplicate": (0.2, 0.7), "vague_end": (0.3, 0.9), "late_end": (0.1, 0.6)},
    "poor": {"reject": (0.1, 0.5), "thin": (0.2, 0.8), "no_fill": (0.1, 0.4), "cancel_lost": (0.0, 0.5)},
}
WEIGHTS = (0.3, 0.2, 0.08, 0.22, 0.2)
ANY = {
    "lost_delivered": 0.5,
    "lost_undelivered": 0.5,
    "reject": 0.5,
    "hopeless": 0.5,
    "thin": 0.7,
    "no_fill": 0.5,
    "late_end": 0.6,
    "vague_end": 0.6,
    "duplicate": 0.6,
    "reorder": 0.6,
    "unknown_word": 0.15,
    "read_fails": 0.6,
    "read_empty": 0.7,
    "query_fails": 0.6,
    "cancel_lost": 0.6,
}


class Crash(BaseException):
    """The process dies here."""


class LifeClock:
    """The clock of one life: after its death nothing of it fires."""

    def __init__(self, clock: Clock, life: Life) -> None:
        self._clock = clock
        self._life = life

    def now_ns(self) -> int:
        return self._clock.now_ns()

    def call_at(self, due_ns: int, call: Callable[[], None]) -> Timer:
        return self._clock.call_at(due_ns, lambda: call() if self._life.lives else None)


@dataclass
class Life:
    """One process. ``crash_in``: dies before that many more acts; negative = never."""

    lives: bool = True
    crash_in: int = -1

    def act(self) -> None:
        if self.crash_in == 0:
            raise Crash
        self.crash_in -= 1


class SimJournal:
    """The disk. What is written stands after a moment; a crash keeps the batches that stood, or some more."""

    def __init__(self, clock: ManualClock, rng: Random, failing: list[tuple[int, int]], *, slow: bool) -> None:
        self.durable: list[Record] = []
        self._clock = clock
        self._rng = rng
        self._failing = failing
        self._slow = slow
        self._pending: list[list[Record]] = []
        self._doomed: list[list[Record]] = []  # written before a failure was told
        self._free_ns = 0
        self.life = Life()

    def fails(self) -> bool:
        now_ns = self._clock.now_ns()
        return any(begin <= now_ns < end for begin, end in self._failing)

    def write(self, records: Sequence[Record], then: Callable[[], None] | None, failed: Callable[[str], None]) -> None:
        life, batch = self.life, list(records)
        life.act()
        self._pending.append(batch)
        slow_ms = self._rng.uniform(0.1, 4)
        if self._slow and self._rng.random() < 0.3:
            slow_ms = self._rng.choice((50.0, 400.0, 1_500.0))
        self._free_ns = max(self._free_ns, self._clock.now_ns() + int(slow_ms * NS_PER_MS))
        self._clock.call_at(self._free_ns, partial(self._done, life, batch, then, failed))

    def _done(
        self, life: Life, batch: list[Record], then: Callable[[], None] | None, failed: Callable[[str], None]
    ) -> None:
        if not life.lives:
            return
        self._pending = [pending for pending in self._pending if pending is not batch]
        if self.fails():
            self._doomed = [*self._pending]
        doomed = any(pending is batch for pending in self._doomed)
        if doomed or self.fails():
            self._doomed = [pending for pending in self._doomed if pending is not batch]
            failed("no space left on device")
            return
        self.durable.extend(batch)
        life.act()
        if then is not None:
            then()

    def _die(self) -> None:
        if self.life.lives:
            raise Crash

    def crash(self) -> None:
        keep = 0 if self.fails() or self._doomed else self._rng.randint(0, len(self._pending))
        for batch in self._pending[:keep]:
            self.durable.extend(batch)
        self._pending, self._doomed = [], []


@dataclass
class Plan:
    """What an episode is made of; drawn from its seed."""

    end_s: int
    faults_s: int
    styles: list[tuple[Style, int | None]]
    policy: Policy
    usd: Decimal


class World:
    """Runs one seed. ``wrong`` lists what broke a rule; ``story`` what happened, if it was asked for."""

    def __init__(self, seed: int, *, story: bool = False) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.clock = ManualClock(START_NS)
        self.story: list[str] | None = [] if story else None
        self.wrong: list[str] = []
        self.alarms: dict[str, int] = {}
        self.placed: set[str] = set()
        self.truth: dict[str, list[Decimal]] = {}
        self.wanted: dict[str, list[Decimal]] = {}
        self.review: dict[str, list[Decimal]] = {}
        self.exposed_ns: dict[str, int] = {}
        self.taken = False
        self.stopped: list[Stopped] = []
        self.sides: dict[str, tuple[int, int]] = {}  # hedge -> which venue each leg is on
        self.life = Life(lives=False)
        self.born_ns = START_NS
        self._draw()

    def note(self, text: str) -> None:
        if self.story is not None:
            self.story.append(f"{(self.clock.now_ns() - START_NS) / NS_PER_S:9.3f} {text}")

    def broke(self, text: str) -> None:
        self.wrong.append(text)
        self.note(f"*** {text}")

    # the set-up
    def _draw(self) -> None:
        rng = self.rng
        faults_s = rng.choice((4, 4, 10, 10, 25, 60))
        self.plan = Plan(
            end_s=faults_s + 260,
            faults_s=faults_s,
            styles=[self._style() for _ in range(rng.choice((1, 1, 2)))],
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
        self.sight = Sight(self.clock)
        self.venues: dict[str, SimVenue] = {}
        self.rules: dict[str, VenueRules] = {}
        for index, name in enumerate(("alpha", "beta")):
            self._venue(name, index, path)
        failing = []
        self.crash_ns = 0
        if rng.random() < 0.2:
            begin = START_NS + int(rng.uniform(0, faults_s) * NS_PER_S)
            failing = [(begin, begin + int(rng.uniform(0.05, 10) * NS_PER_S))]
            if rng.random() < 0.6:
                self.crash_ns = begin + int(rng.uniform(0, 3) * NS_PER_S)
        self.journal = SimJournal(self.clock, rng, failing, slow=rng.random() < 0.15)

    def _style(self) -> tuple[Style, int | None]:
        if self.rng.random() < 0.6:
            return Style.TAKER_TAKER, None
        return Style.MAKER_TAKER, self.rng.randint(0, 1)

    def _venue(self, name: str, index: int, path: Path) -> None:
        rng = self.rng
        spot = index == 0 and rng.random() < 0.35
        instrument = Instrument(
            venue=name,
            market=Market.SPOT if spot else Market.PERP,
            native="COIN-USDT" if spot else "COINUSDT",
            base="COIN",
            quote="USDT",
            price_ccy="USDT",
            settle_ccy="USDT",
            multiplier=Decimal(1) if spot else Decimal(rng.choice(("1", "0.1", "10"))),
            price_factor=Decimal(1),
            status=TradingStatus.TRADING,
            tick=Decimal(rng.choice(("0.01", "0.001"))),
            step=Decimal(rng.choice(("0.001", "0.01", "0.1") if spot else ("0.01", "0.1", "1"))),
            min_notional=Decimal(rng.choice((0, 5))),
            taker_rate=rng.choice((0.0005, 0.001)),
            maker_rate=rng.choice((0.0002, -0.0001)),
        )
        tape = Tape(path, instrument, off_bps=0.0 if index == 0 else rng.uniform(-2, 30))
        settle_s, forget_s = rng.choice((1.0, 3.0)), rng.choice((20.0, 3_600.0))
        self.rules[name] = VenueRules(Absence(settle_s, forget_s), history=rng.random() < 0.8)
        self.venues[name] = SimVenue(
            name,
            instrument,
            tape,
            self.clock,
            rng,
            self._faults(),
            settle_s=settle_s,
            forget_s=forget_s,
            note=self.note,
            filled=self._filled,
        )
        self.sight.tapes[instrument.key] = tape
        self.sight.instruments[instrument.key] = instrument
        self.sight.spoilt[instrument.key] = self._spoilt()

    def _faults(self) -> Faults:
        rng = self.rng
        faults = Faults(until_ns=START_NS + self.plan.faults_s * NS_PER_S)
        faults.nameless_fills, faults.feeless_push = rng.random() < 0.4, rng.random() < 0.3
        faults.blind = rng.random() < 0.15
        for name, (low, high) in rng.choices(list(PROFILES.values()), weights=WEIGHTS)[0].items():
            setattr(faults, name, rng.uniform(low, high))
        if rng.random() < 0.5:
            for name in rng.sample(sorted(ANY), rng.randint(1, 5)):
                setattr(faults, name, rng.uniform(0.05, ANY[name]))
        if rng.random() < 0.3:
            begin = START_NS + int(rng.uniform(0, self.plan.faults_s) * NS_PER_S)
            length_s = rng.choice((rng.uniform(0.2, 6), rng.uniform(0.2, 6), rng.uniform(6, 60)))
            faults.gaps.append((begin, begin + int(length_s * NS_PER_S)))
        return faults

    def _spoilt(self) -> list[tuple[int, int, str]]:
        rng, spans, at_s = self.rng, [], 0.0
        if rng.random() < 0.7:
            return []
        while at_s < self.plan.faults_s:
            at_s += rng.uniform(0.1, 8)
            for_s = rng.choice((rng.uniform(0.1, 2), rng.uniform(2, 15)))
            begin = START_NS + int(at_s * NS_PER_S)
            spans.append((begin, begin + int(for_s * NS_PER_S), rng.choice(("stale", "crossed", "empty"))))
            at_s += for_s
        return spans

    # lives
    def _live(self, *, first: bool) -> None:
        rng = self.rng
        self.born_ns = self.clock.now_ns()
        self.life = Life(crash_in=rng.randint(0, 120) if rng.random() < (0.35 if first else 0.2) else -1)
        self.journal.life = self.life
        executors: dict[str, Executor] = {}
        for name, venue in self.venues.items():
            executors[name] = Port(venue, partial(self._before, self.life))
        self.runner = Runner(
            LifeClock(self.clock, self.life),
            executors,
            self.journal,
            self.sight,
            self.rules,
            say=self._said,
            audit_every_s=20.0,
        )
        for venue in self.venues.values():
            venue.wire = Wire(partial(self._hear, self.life, self.runner))
        self.runner.restore(self.journal.durable)
        self.runner.start()
        if first or rng.random() < 0.5:
            self.runner.arm()

    def _hear(self, life: Life, runner: Runner, event: object) -> None:
        if life.lives:
            life.act()
            runner.hear(event)  # type: ignore[arg-type]  # the venue's sink is typed by its own events

    def _before(self, life: Life, verb: str, order: Order | None) -> None:
        life.act()
        if order is None:
            self.note(f"   {verb}")
            return
        self.note(f"   {verb} {order.client_id} {order.side} {order.qty} at {order.price} {order.kind}")
        if verb != "place":
            return
        if order.client_id in self.placed:
            self.broke(f"{order.client_id} was sent twice")
        self.placed.add(order.client_id)
        letter = order.client_id[12]
        if letter in "xuf" and order.market is Market.PERP and not order.reduce_only:
            self.broke(f"{order.client_id} closes and is not reduce-only")
        if self.runner.killed:
            self.broke(f"{order.client_id} was sent with the kill switch on")
        if letter == "e" and (self.runner.stopping or not self.runner.armed):
            self.broke(f"{order.client_id} opens although arbtui is stopping or disarmed")
        on_disk = any(kept.kind == "order" and order.client_id.encode() in kept.body for kept in self.journal.durable)
        failing = self.journal.fails() or bool(self.runner.journal_failed)
        if not on_disk and not (failing and letter in "hru"):
            self.broke(f"{order.client_id} was sent before it was on disk")

    def _die(self) -> None:
        if self.life.lives:
            raise Crash

    def crash(self) -> None:
        self.note("=== the process dies")
        self.life.lives = False
        for venue in self.venues.values():
            if venue.wire is not None:
                venue.wire.cut = True
        self.journal.crash()
        down_s = self.rng.choice((0.01, 0.5, 3.0, 25.0))
        self.clock.call_at(self.clock.now_ns() + int(down_s * NS_PER_S), self._restart)

    def _restart(self) -> None:
        self.note("=== a new process")
        self._live(first=False)

    def _said(self, said: Said) -> None:
        if "mistake in arbtui" in said.text or "internal error" in said.text:
            self.broke(said.text)
        self.note(f"{'!!!' if said.alarm else '   '} {said.hedge} {said.text}")
        if said.alarm:
            self.alarms[said.hedge] = said.t_ns

    # the truth
    def _filled(self, order: Order, trade: Trade) -> None:
        hedge, leg = order.client_id[2:12], int(order.client_id[13])
        spec = self.venues[order.venue].instrument
        assert spec.multiplier is not None
        got = self.truth.setdefault(hedge, [ZERO, ZERO])
        self._check_frozen(hedge, order)
        got[leg] += order.side.sign * trade.qty * spec.multiplier
        if trade.fee_ccy == spec.base:
            got[leg] -= trade.fee * spec.multiplier
        most = self.wanted[hedge][leg] if leg == 0 else max(self.wanted[hedge][1], got[0])
        slack = most * Decimal("0.002") if spec.market is Market.SPOT else ZERO
        signed = got[leg] if leg == 0 else -got[leg]
        if (signed > most + slack or signed < -slack) and not self.taken:
            self.broke(f"{hedge} holds {got[leg]} on leg {leg}, wanted at most {most}")

    def _check_frozen(self, hedge: str, order: Order) -> None:
        """While a hedge is in doubt nothing of it may rest for long: the pair takes no new risk."""
        ledger = self.runner.ledgers.get(hedge)
        if not self.life.lives or ledger is None or ledger.state is not State.IN_DOUBT:
            return
        line = ledger.lines.get(order.client_id)
        long_ago = self.clock.now_ns() - ledger.state_ns > NS_PER_S
        if long_ago and line is not None and line.status is OrderStatus.OPEN and line.canceled_ns is None:
            self.broke(f"{order.client_id} rests and fills although the hedge is in doubt")

    def excess(self, hedge: str) -> Decimal:
        """Coins that one leg has too much, if an order could change it; zero for dust."""
        legs = self.truth.get(hedge, [ZERO, ZERO])
        if self.taken:
            if len(self.truth) > 1:
                return ZERO  # whose the taken coins were, nobody can say
            legs = [self._account(hedge, leg) for leg in (0, 1)] if hedge in self.truth else legs
        excess = legs[0] + legs[1]
        heavy = 0 if excess > 0 else 1
        return excess if self._tradable(hedge, heavy, min(abs(excess), abs(legs[heavy]))) else ZERO

    def _tradable(self, hedge: str, leg: int, base: Decimal) -> bool:
        spec = self.venues[("alpha", "beta")[self.sides[hedge][leg]]].instrument
        assert spec.step is not None
        assert spec.multiplier is not None
        qty = (base / spec.multiplier / spec.step).to_integral_value(rounding=ROUND_FLOOR) * spec.step
        worth = qty * spec.multiplier * self.review[hedge][leg] * Decimal("0.8")
        return qty > 0 and worth >= (spec.min_notional or ZERO)

    def _account(self, hedge: str, leg: int) -> Decimal:
        """Coins of the whole account on a leg: after others took some, only that says what is open."""
        venue = self.venues[("alpha", "beta")[self.sides[hedge][leg]]]
        if venue.instrument.market is Market.SPOT:
            return self.truth[hedge][leg]
        return venue.position() * (venue.instrument.multiplier or ZERO)

    # what people do
    def open(self, style: Style, maker: int | None) -> None:
        if not self.life.lives:
            return
        runner = self.runner
        names = ["alpha", "beta"]
        if self.venues["alpha"].instrument.market is Market.PERP and self.rng.random() < 0.5:
            names.reverse()
        specs = [self.venues[name].instrument for name in names]
        rates = [
            Rates(Decimal(str(spec.taker_rate)), Decimal(str(spec.maker_rate)), spec.market is Market.SPOT)
            for spec in specs
        ]
        wish = Wish(
            base="COIN",
            buy=specs[0],
            sell=specs[1],
            rates=(rates[0], rates[1]),
            usd=self.plan.usd,
            style=style,
            maker=maker,
        )
        prices = (self.sight.price(specs[0].key), self.sight.price(specs[1].key))
        intent = open_intent(runner.new_id(), wish, prices, Decimal(1), self.clock.now_ns(), policy=self.plan.policy)
        if isinstance(intent, str):
            self.note(f"not opened: {intent}")
            return
        hedge = intent.hedge
        self.sides[hedge] = (0, 1) if names[0] == "alpha" else (1, 0)
        self.wanted[hedge] = [intent.qty[i] * (specs[i].multiplier or ZERO) for i in (0, 1)]
        self.review[hedge] = [intent.legs[i].price for i in (0, 1)]
        answer = runner.open(intent)
        self.note(f"open {hedge} {style} {intent.qty}: {answer.text}")

    def close(self, verb: Verb) -> None:
        if not self.life.lives:
            return
        for hedge, ledger in list(self.runner.ledgers.items()):
            if ledger.state not in (State.HEDGED, State.HALTED):
                continue
            keys = [leg.key for leg in ledger.intent.legs]
            prices = (self.sight.price(keys[0]), self.sight.price(keys[1]))
            style, maker = self._style() if verb is Verb.CLOSE else (Style.TAKER_TAKER, None)
            intent = close_intent(ledger, prices, self.clock.now_ns(), verb=verb, style=style, maker=maker)
            text = intent if isinstance(intent, str) else self.runner.close(intent).text
            self.note(f"{verb} {hedge}: {text}")

    def command(self, what: str) -> None:
        if not self.life.lives:
            return
        self.note(f">>> {what}")
        match what:
            case "close":
                self.close(Verb.CLOSE)
            case "flatten":
                self.close(Verb.FLATTEN)
            case "kill":
                self.runner.kill("a person pressed the key")
            case "sleep":
                self.runner.reconcile("the machine slept")
            case "disarm":
                self.runner.disarm("a person said so")
            case "arm":
                self.runner.arm()
            case "cancel":
                for hedge in list(self.runner.ledgers):
                    self.runner.cancel(hedge)
            case "retry":
                for hedge, ledger in list(self.runner.ledgers.items()):
                    if ledger.nameless() is None and ledger.stranger() is None:
                        self.runner.retry(hedge)  # else a person would look at the venue first
            case "stop":
                self.runner.stop(self.stopped.append)
            case "adl" | "hand":
                self._interfere(what)
            case _:
                raise AssertionError(what)

    def _interfere(self, what: str) -> None:
        venue = self.venues["beta"]
        held = venue.position()
        if not held:
            return
        self.taken = True
        qty = abs(held) if self.rng.random() < 0.5 else venue._lots(abs(held) / 2)
        venue.interfere(Side.SELL if held > 0 else Side.BUY, qty, "adl" if what == "adl" else "order")

    # running
    def run(self) -> list[str]:
        rng, plan = self.rng, self.plan
        at = [(rng.uniform(0, plan.faults_s * 0.7), partial(self.open, *style)) for style in plan.styles]
        at[0] = (0.01, at[0][1])
        whats = [
            "close",
            "close",
            "flatten",
            "kill",
            "arm",
            "disarm",
            "cancel",
            "retry",
            "stop",
            "sleep",
            "adl",
            "hand",
        ]
        if self.crash_ns:
            self.clock.call_at(self.crash_ns, self._die)
        chosen = rng.sample(whats, rng.choice((0, 1, 1, 2, 3)))
        at += [(rng.uniform(0.05, plan.faults_s), partial(self.command, what)) for what in chosen]
        if rng.random() < 0.7:
            at.append((plan.faults_s + 5, partial(self.command, "close")))
        self.clock.call_at(START_NS, partial(self._live, first=True))
        for at_s, call in at:
            self.clock.call_at(START_NS + int(at_s * NS_PER_S), call)
        end_ns = START_NS + plan.end_s * NS_PER_S
        while self.clock.now_ns() < max(end_ns, self.born_ns + 150 * NS_PER_S) and not self.wrong:
            try:
                self.clock.advance_to(self.clock.now_ns() + NS_PER_S)
            except Crash:
                self.crash()
                continue
            self._watch()
        if not self.wrong:
            self._last_look()
        return self.wrong

    def _watch(self) -> None:
        """Each second: an exposure that nobody was told of must not last."""
        now_ns = self.clock.now_ns()
        for hedge in self.truth:
            excess = self.excess(hedge)
            both = excess and all(self._tradable(hedge, leg, abs(excess)) for leg in (0, 1))
            if not self.life.lives or not both:  # below the follower's lot it may wait for the next fill
                self.exposed_ns.pop(hedge, None)
                continue
            since = self.exposed_ns.setdefault(hedge, now_ns)
            mine = [hedge, "", *(self.alarms if self.taken else ())]
            heard = max(self.alarms.get(each, 0) for each in mine)
            if heard < since - 30 * NS_PER_S and now_ns - since > SILENCE_S * NS_PER_S:
                self.broke(
                    f"{hedge} has {self.excess(hedge)} too much on one leg for {SILENCE_S} s and nobody was told"
                )

    def _last_look(self) -> None:
        if not self.life.lives:
            return
        for hedge, ledger in self.runner.ledgers.items():
            told = hedge in self.alarms or "" in self.alarms
            state = ledger.state
            if not (state.ended or state in (State.HEDGED, State.HALTED)):
                self.broke(f"{hedge} is still {state} long after the last fault: {ledger.why}")
            if state is State.HALTED and not told:
                self.broke(f"{hedge} halted in silence")
            if state is not State.HALTED and self.excess(hedge) and not (self.taken and told):
                self.broke(f"{hedge} is {state} and has {self.excess(hedge)} too much on one leg")
            if state is State.DONE and any(self.truth.get(hedge, [])) and not self.taken:
                self._check_nothing_open(hedge)
            self._compare(hedge)

    def _check_nothing_open(self, hedge: str) -> None:
        for leg in (0, 1):
            if self._tradable(hedge, leg, abs(self.truth[hedge][leg])):
                self.broke(f"{hedge} is done and holds {self.truth[hedge][leg]} on leg {leg}")

    def _compare(self, hedge: str) -> None:
        """What the ledger says against what the venues did."""
        ledger = self.runner.ledgers[hedge]
        sure = ledger.state is not State.HALTED
        seen = set()
        for venue in self.venues.values():
            for client_id, held in venue.orders.items():
                if client_id[2:12] != hedge:
                    continue
                seen.add(client_id)
                line = ledger.lines.get(client_id)
                if line is None:
                    if held.filled and sure and not self.taken:
                        self.broke(f"the ledger has never heard of {client_id}, which filled {held.filled}")
                    continue
                if line.filled > held.filled or (sure and line.filled != held.filled):
                    self.broke(f"{client_id} filled {held.filled}, the ledger says {line.filled}")
                fees = sum((fill.fee or ZERO for fill in line.fills.values()), ZERO)
                cost = sum((fill.price * fill.qty for fill in line.fills.values()), ZERO)
                true_cost = sum((trade.price * trade.qty for trade in held.trades), ZERO)
                true_fees = sum((trade.fee for trade in held.trades), ZERO)
                if sure and (fees, cost) != (true_fees, true_cost):
                    self.broke(
                        f"{client_id} cost {true_cost} and {true_fees} in fees, the ledger says {cost} and {fees}"
                    )
        for client_id, line in ledger.lines.items():
            if client_id not in seen and line.filled:
                self.broke(f"the ledger has fills of {client_id}, which never existed")
