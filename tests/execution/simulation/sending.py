"""What must hold of every order that goes out, whatever led to it; judged by what was reviewed, not by the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from arbtui.core.clock import NS_PER_S, Clock
from arbtui.core.model import Market
from arbtui.core.orders import Order, OrderKind
from arbtui.execution.intents import Intent
from arbtui.execution.lifecycle import Step
from arbtui.execution.policy import Policy
from arbtui.execution.ports import Record
from arbtui.execution.records import Fact, Intended, Ordered, Stepped, fact_of
from arbtui.execution.runner import Runner
from tests.execution.simulation.disk import SimJournal
from tests.execution.simulation.kinds import price_step
from tests.execution.simulation.market import Sight
from tests.execution.simulation.venue import SimVenue

DISK_NS = 3 * NS_PER_S  # an order that waited longer for the disk was priced by another market
_CALMS = (Step.BALANCED, Step.EMPTY, Step.RETRY, Step.CLOSE)
_BPS = Decimal(10_000)


class Sending:
    """The letter of a client id says what an order is for: Enter, eXit, Hedge, Rehedge, Unwind, Flatten."""

    def __init__(
        self, clock: Clock, venues: Mapping[str, SimVenue], sight: Sight, broke: Callable[[str], None]
    ) -> None:
        self._clock = clock
        self._venues = venues
        self._sight = sight
        self._broke = broke
        self._asked: dict[str, list[Intent]] = {}  # hedge -> the turns that were reviewed
        self._intents: dict[str, Intent] = {}  # and the one of those that was last begun
        self._planned_ns: dict[str, int] = {}
        self._sent: set[str] = set()
        self._tries: Counter[tuple[str, str]] = Counter()

    def asks(self, intent: Intent) -> None:
        """A turn that was reviewed. It begins when it is written down: the process may die before it says so."""
        self._asked.setdefault(intent.hedge, []).append(intent)

    def new_life(self, kept: Iterable[Record]) -> None:
        """What was written down and did not reach the disk has never begun."""
        self._intents.clear()
        for record in kept:
            if record.hedge:
                self._begins(record.hedge, fact_of(record))

    def _begins(self, hedge: str, fact: Fact) -> bool:
        if not isinstance(fact, Intended) or fact.intent not in self._asked.get(hedge, ()):
            return False
        self._intents[hedge] = fact.intent
        return True

    def knows(self, hedge: str, fact: Fact) -> None:
        """What the program writes down of a hedge."""
        if self._begins(hedge, fact):
            return
        if isinstance(fact, Ordered):
            self._planned_ns[fact.order.client_id] = self._clock.now_ns()
        elif isinstance(fact, Stepped) and fact.step in _CALMS:
            for letter in "ruf":
                self._tries[(hedge, letter)] = 0

    def goes(self, order: Order, runner: Runner, journal: SimJournal) -> None:
        """This order is on its way."""
        name, letter = order.client_id, order.client_id[12]
        if name in self._sent:
            self._broke(f"{name} was sent twice")
        number = f"{name[2:12]} {name[14:]}"
        if number in self._sent:
            self._broke(f"{name} has the number of an order that was sent before")
        self._sent.update((name, number))
        if letter in "xuf" and order.market is Market.PERP and not order.reduce_only:
            self._broke(f"{name} closes and is not reduce-only")
        if runner.killed:
            self._broke(f"{name} was sent with the kill switch on")
        if letter == "e" and (runner.stopping or not runner.armed):
            self._broke(f"{name} opens although arbtui is stopping or disarmed")
        kept = journal.keeps(name)
        failing = journal.fails() or bool(runner.journal_failed)
        if not kept and not (failing and letter in "hru"):
            self._broke(f"{name} was sent before it was on disk")
        self._check_terms(order)
        self._check_price(order, letter)
        if kept:
            self._check_tries(order, letter)

    def _check_terms(self, order: Order) -> None:
        """Whole lots, whole ticks, and no less than the venue's minimum."""
        spec = self._venues[order.venue].instrument
        assert spec.step is not None
        assert spec.multiplier is not None
        assert order.price is not None
        if order.qty <= 0 or order.qty % spec.step or order.price % price_step(order.price, spec):
            self._broke(f"{order.client_id} is not of whole lots and ticks: {order.qty} at {order.price}")
        if order.qty * spec.multiplier * order.price < (spec.min_notional or 0):
            self._broke(f"{order.client_id} is below the least that the venue takes")

    def _check_price(self, order: Order, letter: str) -> None:
        """Within the policy's band of the price that a person saw, and planned on a price that was fit for it."""
        intent = self._intents[order.client_id[2:12]]
        planned_ns, now_ns = self._planned_ns[order.client_id], self._clock.now_ns()
        frozen = intent.legs[int(order.client_id[13])].price
        assert order.price is not None
        beyond_bps = (order.price / frozen - 1) * _BPS * order.side.sign
        if beyond_bps > _band_bps(intent.policy, letter, order):
            self._broke(f"{order.client_id} pays {beyond_bps:.1f} bps more than the price at review, {frozen}")
        if why := self._sight.spoils(order.leg, planned_ns)[0]:
            self._broke(f"{order.client_id} was priced on a book that was {why}")
        if now_ns - planned_ns > DISK_NS:
            self._broke(f"{order.client_id} waited {(now_ns - planned_ns) / NS_PER_S} s for the disk and was sent")

    def _check_tries(self, order: Order, letter: str) -> None:
        hedge = order.client_id[2:12]
        policy = self._intents[hedge].policy
        self._tries[(hedge, letter)] += 1
        most = {"r": policy.rehedge_tries, "u": policy.unwind_tries, "f": 2 * policy.unwind_tries}.get(letter)
        if most is not None and self._tries[(hedge, letter)] > most:
            self._broke(f"{order.client_id} is one try too many, {most} are allowed")


def _band_bps(policy: Policy, letter: str, order: Order) -> Decimal:
    if letter in "ex":
        return policy.maker_band_bps if order.kind is OrderKind.POST_ONLY else policy.take_band_bps
    bands = {"h": policy.rehedge_band_bps, "r": policy.rehedge_band_bps, "u": policy.unwind_band_bps}
    return bands.get(letter, policy.flatten_band_bps)
