"""Who knows the truth and watches: what hedges hold by the venues' books, against the rules and against the ledgers.

While an episode runs: never more than was wanted, nor more than the limits count; nothing that rests while its hedge is
in doubt; no exposure of which nobody is told, neither while it lasts nor when arbtui stops. At its end: every hedge is
over, hedged or halted aloud, and the ledger says to the last digit what the venues' books say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Decimal

from arbtui.core.clock import NS_PER_S, Clock
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Order, OrderKind, OrderStatus
from arbtui.execution.intents import Intent
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State
from arbtui.execution.limits import Usage, usage
from arbtui.execution.lines import Line
from arbtui.execution.records import Dead, Fact, Ordered
from arbtui.execution.runner import Runner, Said, Stopped
from tests.execution.simulation.books import ZERO, Held, Trade
from tests.execution.simulation.clock import Life
from tests.execution.simulation.venue import SimVenue

SILENCE_S = 50.0  # how long an exposure may go unmentioned: a resting order unheard of for 15 s, a doubt's alarm at 30


class Judge:
    """``broke`` is told of every rule that does not hold. ``taken``: others traded on an account of ours. ``usd``: what
    a unit of a currency is worth.
    """

    def __init__(
        self,
        clock: Clock,
        venues: Mapping[str, SimVenue],
        usd: Callable[[str], Decimal],
        broke: Callable[[str], None],
    ) -> None:
        self.taken = False
        self.truth: dict[str, list[Decimal]] = {}  # hedge -> coins on each leg, signed
        self.alarms: dict[str, int] = {}  # hedge -> when people were last alarmed
        self.said = 0
        self.exposed_ns: dict[str, int] = {}  # hedge -> since when
        self.life = Life(lives=False)
        self._runner: Runner | None = None
        self._clock = clock
        self._venues = venues
        self._usd = usd
        self._broke = broke
        self._wanted: dict[str, list[Decimal]] = {}
        self._review: dict[str, list[Decimal]] = {}
        self._at: dict[str, list[SimVenue]] = {}  # hedge -> the venue of each leg
        self._dead: set[str] = set()
        self._changed = True

    @property
    def runner(self) -> Runner:
        assert self._runner is not None
        return self._runner

    def new_life(self, life: Life, runner: Runner) -> None:
        self.life, self._runner, self._changed = life, runner, True

    # what is told of
    def opens(self, intent: Intent, usd: Decimal) -> None:
        """A person is about to open this, for ``usd``."""
        venues = [self._venues[leg.venue] for leg in intent.legs]
        coins = [qty * _multiplier(venue) for qty, venue in zip(intent.qty, venues, strict=True)]
        least = coins[0] if venues[0].instrument.market is Market.PERP else ZERO
        worth = coins[0] * intent.legs[0].price * self._usd(intent.legs[0].terms.price_ccy)
        if worth > usd or not least <= coins[1] <= coins[0]:
            self._broke(f"{intent.hedge} would buy {coins[0]} and sell {coins[1]} for {usd} USD")
        self._at[intent.hedge] = venues
        self._wanted[intent.hedge] = coins
        self._review[intent.hedge] = [leg.price for leg in intent.legs]

    def begins(self, intent: Intent) -> None:
        """What a person opens was accepted: nothing on its other side may be open then."""
        for index, leg in enumerate(intent.legs):
            for hedge, legs in self.truth.items():
                for other, held in enumerate(legs):
                    same = self._at[hedge][other].name == leg.venue and leg.market is Market.PERP
                    if same and held * leg.side.sign < 0 and self._tradable(hedge, other, abs(held)) and not self.taken:
                        self._broke(f"{intent.hedge} would undo {hedge}, which holds {held} of leg {index}")

    def knows(self, hedge: str, fact: Fact) -> None:
        """What the program writes down. An order that it takes for over must be over, with nothing untold."""
        if isinstance(fact, Ordered):
            self._dead.discard(fact.order.client_id)  # a name that no journal kept and no venue saw may come again
        if not isinstance(fact, Dead) or not self.life.lives:
            return
        self._dead.add(fact.client_id)
        line = self.runner.ledgers[hedge].lines[fact.client_id]
        held = self._venues[line.order.venue].books.orders.get(fact.client_id)
        if held is not None and (held.open or held.filled != line.filled):
            self._broke(f"{fact.client_id} is taken for over with {line.filled}, and is {held.status}: {held.filled}")

    def interferes(self) -> None:
        """Others trade on an account of ours."""
        self.taken = self._changed = True

    def hears(self, said: Said) -> None:
        self.said += 1
        if "mistake in arbtui" in said.text or "internal error" in said.text:
            self._broke(said.text)
        if said.alarm:
            self.alarms[said.hedge] = said.t_ns

    def told_at_the_end(self, told: Stopped) -> None:
        """arbtui has stopped, and said what stays open: nothing that is may be missing."""
        words = " ".join([*told.open, *told.doubt])
        for hedge in self.truth if not self.taken else ():
            if hedge not in words and any(self._tradable(hedge, leg, abs(self.truth[hedge][leg])) for leg in (0, 1)):
                self._broke(f"{hedge} holds {self.truth[hedge]}, and the end of arbtui was silent about it")

    def fills(self, order: Order, trade: Trade) -> None:
        """A venue's truth."""
        hedge, leg = order.client_id[2:12], int(order.client_id[13])
        spec = self._venues[order.venue].instrument
        assert spec.multiplier is not None
        got = self.truth.setdefault(hedge, [ZERO, ZERO])
        self._check_frozen(hedge, order)
        if order.client_id in self._dead:
            self._broke(f"{order.client_id} fills, and was taken for over")
        self._changed = True
        got[leg] += order.side.sign * trade.qty * spec.multiplier
        if trade.fee_ccy == spec.base:
            got[leg] -= trade.fee * spec.multiplier
        most = self._wanted[hedge][leg] if leg == 0 else max(self._wanted[hedge][1], got[0])
        slack = most * Decimal("0.002") if spec.market is Market.SPOT else ZERO
        signed = got[leg] if leg == 0 else -got[leg]
        if (signed > most + slack or signed < -slack) and not self.taken:
            self._broke(f"{hedge} holds {got[leg]} on leg {leg}, wanted at most {most}")
        self._check_worst(hedge, order, leg)

    def _check_worst(self, hedge: str, order: Order, leg: int) -> None:
        """Limits count the most that a leg may hold: never less than what it does hold, told or not."""
        ledger = self.runner.ledgers.get(hedge)
        if not self.life.lives or self.taken or ledger is None or order.client_id not in ledger.lines:
            return
        used = usage([ledger], self._usd, lambda _ledger: ZERO, self._clock.now_ns())
        assert isinstance(used, Usage)
        usd = self._usd(ledger.intent.legs[leg].terms.price_ccy)
        worth = abs(self.truth[hedge][leg]) * self._review[hedge][leg] * usd
        counted = used.by_venue.get(order.venue, ZERO)
        if worth > counted * Decimal("1.01"):
            self._broke(f"{hedge} holds {worth} USD on {order.venue}, the limits count {counted}")

    def _check_frozen(self, hedge: str, order: Order) -> None:
        """While a hedge is in doubt nothing of it may rest for long: the pair takes no new risk.

        An order that cannot rest is not meant: the venue alone decides when that ends.
        """
        ledger = self.runner.ledgers.get(hedge)
        if order.kind is not OrderKind.POST_ONLY or not self.life.lives:
            return
        if ledger is None or ledger.state is not State.IN_DOUBT:
            return
        line = ledger.lines.get(order.client_id)
        long_ago = self._clock.now_ns() - ledger.state_ns > NS_PER_S
        if long_ago and line is not None and line.status is OrderStatus.OPEN and line.canceled_ns is None:
            self._broke(f"{order.client_id} rests and fills although the hedge is in doubt")

    # exposure
    def excess(self, hedge: str) -> Decimal:
        """Coins that one leg has too much, if an order could change it; zero for dust."""
        legs = self.truth.get(hedge, [ZERO, ZERO])
        if self.taken:
            if len(self.truth) > 1:
                return ZERO  # whose the taken coins were, nobody can say
            legs = [self._account(hedge, leg) for leg in (0, 1)] if hedge in self.truth else legs
        excess = legs[0] + legs[1]
        heavy = 0 if excess > 0 else 1
        return excess if excess and self._tradable(hedge, heavy, min(abs(excess), abs(legs[heavy]))) else ZERO

    def _tradable(self, hedge: str, leg: int, base: Decimal) -> bool:
        spec = self._at[hedge][leg].instrument
        qty = wire_lots(base, spec)
        assert spec.multiplier is not None
        worth = qty * spec.multiplier * self._review[hedge][leg] * Decimal("0.8")
        return qty > 0 and worth >= (spec.min_notional or ZERO)

    def _account(self, hedge: str, leg: int) -> Decimal:
        """Coins of the whole account on a leg: after others took some, only that says what is open."""
        venue = self._at[hedge][leg]
        if venue.instrument.market is Market.SPOT:  # what others sell there are their own coins first
            return min(self.truth[hedge][leg], venue.books.wallet)
        return venue.books.position * _multiplier(venue)

    def watch(self) -> None:
        """Each second: an exposure that nobody was told of must not last."""
        if not self.exposed_ns and not self._changed:
            return
        self._changed = False
        now_ns = self._clock.now_ns()
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
                self._broke(f"{hedge} has {excess} too much on one leg for {SILENCE_S} s and nobody was told")

    # the end
    def last_look(self) -> None:
        if not self.life.lives:
            return
        for hedge, ledger in self.runner.ledgers.items():
            told = hedge in self.alarms or "" in self.alarms
            state, excess = ledger.state, self.excess(hedge)
            if not (state.ended or state in (State.HEDGED, State.HALTED)):
                self._broke(f"{hedge} is still {state} long after the last fault: {ledger.why}")
            if state is State.HALTED and not told:
                self._broke(f"{hedge} halted in silence")
            if state is not State.HALTED and excess and not (self.taken and told):
                self._broke(f"{hedge} is {state} and has {excess} too much on one leg")
            if state is State.DONE and any(self.truth.get(hedge, [])) and not self.taken:
                self._check_nothing_open(hedge)
            self._compare(hedge, ledger)

    def _check_nothing_open(self, hedge: str) -> None:
        for leg in (0, 1):
            if self._tradable(hedge, leg, abs(self.truth[hedge][leg])):
                self._broke(f"{hedge} is done and holds {self.truth[hedge][leg]} on leg {leg}")

    def _compare(self, hedge: str, ledger: Ledger) -> None:
        """What the ledger says against what the venues did."""
        seen = set()
        for venue in self._venues.values():
            for client_id, held in venue.books.orders.items():
                if client_id[2:12] != hedge:
                    continue
                seen.add(client_id)
                line = ledger.lines.get(client_id)
                if line is not None:
                    self._compare_order(held, line, sure=ledger.state is not State.HALTED)
                elif held.filled and ledger.state is not State.HALTED and not self.taken:
                    self._broke(f"the ledger has never heard of {client_id}, which filled {held.filled}")
        for client_id, line in ledger.lines.items():
            if client_id not in seen and line.filled:
                self._broke(f"the ledger has fills of {client_id}, which never existed")

    def _compare_order(self, held: Held, line: Line, *, sure: bool) -> None:
        name = held.order.client_id
        if line.filled > held.filled or (sure and line.filled != held.filled):
            self._broke(f"{name} filled {held.filled}, the ledger says {line.filled}")
        fees = sum((fill.fee or ZERO for fill in line.fills.values()), ZERO)
        cost = sum((fill.price * fill.qty for fill in line.fills.values()), ZERO)
        true_cost = sum((trade.price * trade.qty for trade in held.trades), ZERO)
        true_fees = sum((trade.fee for trade in held.trades), ZERO)
        if sure and (fees, cost) != (true_fees, true_cost):
            self._broke(f"{name} cost {true_cost} and {true_fees} in fees, the ledger says {cost} and {fees}")


def _multiplier(venue: SimVenue) -> Decimal:
    assert venue.instrument.multiplier is not None
    return venue.instrument.multiplier


def wire_lots(base: Decimal, spec: Instrument) -> Decimal:
    """The whole lots in ``base`` coins, wire units."""
    assert spec.step is not None
    assert spec.multiplier is not None
    return (base / spec.multiplier / spec.step).to_integral_value(rounding=ROUND_FLOOR) * spec.step
