"""What is known of a hedge: a fold of facts, exact, in any order, as often as they are told (see ``lines``).

An order whose outcome is open is *in doubt*; between what is known to be filled and its whole quantity everything is
possible, and ``Exposure`` keeps both ends. Doubt ends by the venue's word, or by proof of absence (``Proof``):

Proof of absence. "No such order" is believed only if two rounds of questions, asked at least ``reads_apart_s`` apart,
all found nothing: the query by client id (which counts from ``settle_s`` after the last moment at which the order may
have been sent until ``forget_s`` after the first), the open orders, the history where the venue has one, and the fills
from before the order on, all asked after the last word that it is open. A fill of the same side that nobody can
attribute blocks the proof. Where the query does not count any more, the lists alone decide. A failed read is no read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.model import Market
from arbtui.core.orders import (
    Absence,
    Accepted,
    CancelRefused,
    CancelTaken,
    Fill,
    OrderAbsent,
    OrderEvent,
    OrderKind,
    OrderReport,
    Position,
    ReadDone,
    ReadFailed,
    ReadKind,
    Rejected,
    Unanswered,
)
from arbtui.execution.intents import Intent, Leg, Purpose, read_client_id
from arbtui.execution.lifecycle import State, Step, after
from arbtui.execution.lines import Line, remember
from arbtui.execution.quantity import ZERO, coins
from arbtui.execution.records import (
    Asked,
    CancelAsked,
    Dead,
    Dropped,
    Fact,
    GivenUp,
    Intended,
    Life,
    Lost,
    Ordered,
    Stepped,
    Told,
)

FILLS_BEFORE_MS = 2_000  # a fills read covers an order if it begins so long before it: venue clocks differ


@dataclass(frozen=True)
class VenueRules:
    """What a venue's word is worth: see ``venues.private.Absence``. ``history``: it lists orders that ended."""

    absence: Absence
    history: bool = True


_ENDS_TURN = (Step.BALANCED, Step.EMPTY, Step.SHORT, Step.HALT, Step.DROPPED, Step.ABANDON)


@dataclass
class ReadLog:
    """Account reads of one leg, by when they were asked."""

    done: list[tuple[int, int | None]] = field(default_factory=list)  # (asked_ns, since_ms)
    asked_ns: int | None = None
    under_way: bool = False


@dataclass(frozen=True)
class Exposure:
    """Coins that one leg holds more than the other, signed; ``low`` and ``high`` bound it while orders are open."""

    known: Decimal
    low: Decimal
    high: Decimal


class Ledger:
    """Everything known of one hedge. Changed by ``fold`` alone (and by ``asking``, which no restart needs)."""

    def __init__(self, hedge: str) -> None:
        self.hedge = hedge
        self.turns: list[Intent] = []
        self.lines: dict[str, Line] = {}
        self.state = State.PREVIEWED
        self.why = ""
        self.state_ns = 0
        self.trouble_ns: int | None = None  # since when this life has known that the legs are unequal
        self.trouble_number: int | None = None  # of the first order that can have been a try to repair it, in any life
        self.retried_number = 0  # of the first order after a person last said to go on
        self.canceled = False  # a person asked to stop entering
        self.abandoned = False  # a person took it over: no rule looks after it any more
        self.begun_ns = 0  # when it was begun, which may be long after its review
        self.turn_ns = 0  # the same of this turn
        self.last_ns = 0  # of the last fact
        self.relived_ns: int | None = None  # taken over from an earlier life then; the venues are to be read first
        self.was_quiet = False
        self.owes_reads = False  # a life was taken over and its venues are not read through yet: it may take several
        self.covers_ms = 0  # from when on they have to be read
        self.turn_over = False  # this turn sends no first orders any more
        self.said: set[str] = set()  # what people were told already, in this life
        self.positions: list[list[tuple[int, Decimal]]] = [[], []]  # venue's own word: (asked, signed wire)
        self._rows: list[dict[str, Position]] = [{}, {}]
        self.lost = [ZERO, ZERO]
        self.lost_by: set[str] = set()  # orders that are known to have taken coins away
        self.lost_unread = False  # coins are gone, and no person has said yet to go on
        self.lost_ns = 0  # when the last of them were found to be gone
        self.halted_by_loss = False  # that, and nothing else, is why a person has to decide
        self.reads: dict[tuple[int, ReadKind], ReadLog] = {}
        self.number = 0  # of the next order
        self._by_order_id: dict[tuple[str, str, str], Line] = {}  # venue, native with market, order id
        self._unattributed: dict[tuple[str, str, str], dict[str, Fill]] = {}
        self._others: set[tuple[str, str, str]] = set()  # order ids known to be somebody else's
        self._pos: list[Decimal] | None = None
        self._over: bool | None = None
        self._unsettled: list[Line] | None = None

    # reading
    @property
    def intent(self) -> Intent:
        """The turn that is being worked on."""
        return self.turns[-1]

    def of_turn(self) -> list[Line]:
        turn = self.intent.turn
        return [line for line in self.lines.values() if line.turn == turn]

    def unsettled(self) -> list[Line]:
        if self._unsettled is None:
            self._unsettled = [line for line in self.lines.values() if not line.settled]
        return self._unsettled

    @property
    def over(self) -> bool:
        """Ended, and the venues have told all of it: nothing but a word about its own orders concerns it any more."""
        if self._over is None:
            told = (line.given_up or (line.settled and line.complete) for line in self.lines.values())
            self._over = self.state.ended and all(told)
        return self._over

    def doubts(self, now_ns: int) -> list[tuple[Line, int]]:
        """Orders in doubt, and since when."""
        due = [(line, line.doubt_from(self.intent)) for line in self.unsettled()]
        return [(line, since) for line, since in due if since is not None and since <= now_ns]

    def next_doubt_ns(self) -> int | None:
        """When the next order falls into doubt unless something is heard."""
        return min(
            (due for line in self.unsettled() if (due := line.doubt_from(self.intent)) is not None), default=None
        )

    def position(self, leg: int) -> Decimal:
        """Coins that this hedge holds on ``leg``, signed, fees in the coin deducted."""
        if self._pos is None:
            self._pos = [self._sum(0), self._sum(1)]
        return self._pos[leg]

    def _sum(self, index: int) -> Decimal:
        leg = self.intent.legs[index]
        total = self.lost[index]
        for line in self.lines.values():
            if line.leg == index and line.filled:
                total += line.order.side.sign * coins(line.filled, leg.terms) - fee_coins(line, leg)
        return total

    def exposure(self) -> Exposure:
        known = self.position(0) + self.position(1)
        low = high = known
        for line in self.unsettled():
            more = line.order.side.sign * coins(line.remaining, self.intent.legs[line.leg].terms)
            low, high = low + min(more, ZERO), high + max(more, ZERO)
        return Exposure(known, low, high)

    def filled_coins(self, leg: int, lines: Iterable[Line]) -> Decimal:
        terms = self.intent.legs[leg].terms
        return sum((coins(line.filled, terms) for line in lines if line.leg == leg), ZERO)

    def complete(self) -> bool:
        return all(line.complete for line in self.lines.values())

    def overfilled(self) -> list[Line]:
        return [line for line in self.lines.values() if line.filled > line.order.qty]

    def blocked_by_stranger(self, line: Line) -> bool:
        """Whether a fill that nobody can attribute may be this order's."""
        key = (line.order.venue, f"{line.order.market.value}.{line.order.native}")
        from_ms = line.planned_ns // NS_PER_MS - FILLS_BEFORE_MS
        for (venue, where, _), fills in self._unattributed.items():
            if (venue, where) != key:
                continue
            for fill in fills.values():
                at_ms = fill.t_ms if fill.t_ms is not None else fill.t_ns // NS_PER_MS
                if fill.side is line.order.side and at_ms >= from_ms:
                    return True
        return False

    def nameless(self) -> Fill | None:
        """A fill that bears our name and whose order nobody knows: it went out unrecorded, and counts nowhere yet."""
        if not self._unattributed:
            return None
        fills = (fill for each in self._unattributed.values() for fill in each.values())
        return next((fill for fill in fills if fill.client_id), None)

    def lessened_namelessly(self, index: int) -> bool:
        """Whether such a fill, which counts nowhere, has taken away some of what this leg holds."""
        leg = self.intent.legs[index]
        held, place = self.position(index), (leg.venue, f"{leg.market.value}.{leg.native}")
        return any(
            fill.client_id and key[:2] == place and held * fill.side.sign < 0
            for key, fills in self._unattributed.items()
            for fill in fills.values()
        )

    def stranger(self) -> Fill | None:
        """A fill since the earlier life's last word that nobody can attribute and that may have been this hedge's.

        A hedge that was quiet sends nothing but what lessens it; one that was not may have sent anything.
        """
        if self.relived_ns is None:
            return None
        for (venue, where, _), fills in self._unattributed.items():
            for index, leg in enumerate(self.intent.legs):
                if (leg.venue, f"{leg.market.value}.{leg.native}") != (venue, where):
                    continue
                for fill in fills.values():
                    lessens = self.position(index) * fill.side.sign < 0
                    late = (fill.t_ms or fill.t_ns // NS_PER_MS) >= self.covers_ms
                    if late and (lessens or not self.was_quiet):
                        return fill
        return None

    def proved_absent(self, line: Line, rules: VenueRules) -> bool:
        """Whether the venue's word, by its own rule, is that ``line`` never took effect."""
        if line.settled or self.blocked_by_stranger(line):
            return False
        apart = int(self.intent.policy.reads_apart_s * NS_PER_S)
        from_ns, until_ns = query_window(line, rules.absence)
        queries = [t for t in line.absent_ns if from_ns <= t <= until_ns]
        lists = [ReadKind.OPEN_ORDERS, ReadKind.FILLS] + ([ReadKind.HISTORY] if rules.history else [])
        if not all(agree(self._counted(line, kind, from_ns), apart) for kind in lists):
            return False
        if not line.known and agree(queries, apart):
            return True
        return self._forgotten(line, rules, apart)

    def _forgotten(self, line: Line, rules: VenueRules, apart_ns: int) -> bool:
        """Beyond the venue's memory of unfilled orders the fills list, read twice, decides alone."""
        _, until_ns = query_window(line, rules.absence)
        return agree(self._counted(line, ReadKind.FILLS, until_ns), apart_ns)

    def _counted(self, line: Line, kind: ReadKind, from_ns: int) -> list[int]:
        covered_ms = line.planned_ns // NS_PER_MS - FILLS_BEFORE_MS
        log = self.reads.get((line.leg, kind))
        if log is None:
            return []
        after_ns = max(from_ns, line.there_ns + 1)  # not a list that was asked for before the venue told of it
        return [t for t, since in log.done if t >= after_ns and (since is None or since <= covered_ms)]

    def asking(self, leg: int, kind: ReadKind, now_ns: int) -> ReadLog:
        """A read is about to be asked for."""
        log = self.reads.setdefault((leg, kind), ReadLog())
        log.asked_ns, log.under_way = now_ns, True
        return log

    # folding
    def fold(self, t_ns: int, fact: Fact) -> None:
        self._pos = self._over = self._unsettled = None
        if not isinstance(fact, Life):
            self.last_ns = max(self.last_ns, t_ns)
        match fact:
            case Intended():
                self.turns.append(fact.intent)
                self.turn_ns = t_ns
                self.begun_ns = self.begun_ns or t_ns
                self.turn_over = self.canceled = False
            case Ordered():
                self._order(t_ns, fact)
            case Dropped():
                self.lines[fact.client_id].dropped = True
            case Dead():
                line = self.lines[fact.client_id]
                line.dead = (line.filled, line.known)
            case GivenUp():
                self.lines[fact.client_id].given_up = fact.why
            case CancelAsked():
                line = self.lines[fact.client_id]
                line.canceled_ns = (line.canceled_ns[0] if line.canceled_ns else t_ns, t_ns)
            case Told():
                self.hear(fact.event)
            case Lost():
                self.lost[fact.leg] += fact.coins
                self.lost_unread, self.lost_ns = True, t_ns
                self.lost_by.add(fact.by)
            case Stepped():
                self._step(t_ns, fact)
            case Asked():
                self.canceled = self.canceled or fact.what == "cancel"
                if fact.what == "retry":
                    self.lost_unread, self.lost_ns = False, 0
                    self.retried_number = self.number
                    self._unattributed.clear()
            case Life():
                self._relive(t_ns, fact)

    def _order(self, t_ns: int, fact: Ordered) -> None:
        if fact.order.client_id in self.lines:
            return
        if self.state is State.HALTED:
            self.halted_by_loss = False  # nothing is sent then: one that turns up late may be what took the coins away
        line = Line(fact, t_ns)
        self.lines[fact.order.client_id] = line
        self.number = max(self.number, fact.number + 1)

    def _step(self, t_ns: int, fact: Stepped) -> None:
        self.state = after(self.state, fact.step)
        self.why = fact.why
        self.state_ns = t_ns
        if fact.step is Step.SHORT and self.trouble_ns is None:
            self.trouble_ns = t_ns
            self.trouble_number = self.number if self.trouble_number is None else self.trouble_number
        elif fact.step in (Step.BALANCED, Step.EMPTY, Step.RETRY, Step.CLOSE):
            self.trouble_ns = self.trouble_number = None
        if fact.step is Step.HALT:
            self.halted_by_loss = self.lost_unread
        if fact.step is Step.ABANDON:
            self.abandoned = True
        if fact.step is Step.RESOLVED:
            self.owes_reads = False
        if fact.step in _ENDS_TURN:
            self.turn_over = True

    def _relive(self, t_ns: int, fact: Life) -> None:
        self.number += fact.unsaved
        self.turn_over = True
        self.trouble_ns = None
        self.reads.clear()
        if not self.state.ended:
            self.relived_ns = t_ns
            quiet = self.state is State.HEDGED and not self.unsettled()
            self.was_quiet = quiet and (self.was_quiet or not self.owes_reads)
            since_ns = min([line.planned_ns for line in self.unsettled()], default=self.last_ns)
            covers_ms = min(since_ns, self.last_ns) // NS_PER_MS - FILLS_BEFORE_MS
            self.covers_ms = min(covers_ms, self.covers_ms) if self.owes_reads else covers_ms
            self.owes_reads = True
        self.positions, self._rows = [[], []], [{}, {}]
        self.last_ns, self.lost_ns = min(self.last_ns, t_ns), min(self.lost_ns, t_ns)
        self.begun_ns, self.turn_ns = min(self.begun_ns, t_ns), min(self.turn_ns, t_ns)
        for line in self.lines.values():
            line.relive(t_ns)

    def hear(self, event: object) -> None:
        """One event. Events of other orders than this hedge's matter only as fills that might be its own."""
        self._pos = self._over = self._unsettled = None
        if isinstance(event, ReadDone):
            self._read_done(event)
        elif isinstance(event, ReadFailed):
            self._read_over(event.venue, event.market, event.native, event.kind)
        elif isinstance(event, Position):
            self._row(event)
        elif isinstance(event, Fill):
            self._fill(event)
        elif isinstance(event, _OF_ONE_ORDER):
            line = self.lines.get(event.client_id)
            if line is not None:
                line.hear(event)
                self._attribute(line)
            elif isinstance(event, OrderReport):
                self._others.add((event.venue, f"{event.market.value}.{event.native}", event.order_id))
                self._unattributed.pop((event.venue, f"{event.market.value}.{event.native}", event.order_id), None)

    def _fill(self, fill: Fill) -> None:
        key = (fill.venue, f"{fill.market.value}.{fill.native}", fill.order_id)
        line = self.lines.get(fill.client_id) or self._by_order_id.get(key)
        if line is not None:
            line.hear(fill)
            self._attribute(line)
        elif fill.origin == "order" and key not in self._others and self._may_be_ours(fill):
            kept = self._unattributed.setdefault(key, {})
            if fill.fill_id not in kept or kept[fill.fill_id].fee is None:
                kept[fill.fill_id] = fill

    def _may_be_ours(self, fill: Fill) -> bool:
        name = read_client_id(fill.client_id)
        return not fill.client_id or (name is not None and name.hedge == self.hedge)

    def waited_for(self, event: OrderEvent) -> list[Fill]:
        """Fills without a name that this event will tell the order of: until then they were in no hedge's records."""
        line, order_id = self.lines.get(event.client_id), getattr(event, "order_id", "")
        if line is None or not order_id or not self._unattributed:
            return []
        key = (line.order.venue, f"{line.order.market.value}.{line.order.native}", order_id)
        return list(self._unattributed.get(key, {}).values())

    def _attribute(self, line: Line) -> None:
        where = f"{line.order.market.value}.{line.order.native}"
        for order_id in line.order_ids:
            key = (line.order.venue, where, order_id)
            self._by_order_id[key] = line
            for fill in self._unattributed.pop(key, {}).values():
                line.hear(fill)

    def _read_over(self, venue: str, market: Market, native: str, kind: ReadKind) -> list[tuple[int, ReadLog]]:
        found = []
        for index, leg in enumerate(self.intent.legs):
            if (leg.venue, leg.market) == (venue, market) and native in ("", leg.native):
                log = self.reads.setdefault((index, kind), ReadLog())
                log.under_way = False
                found.append((index, log))
        return found

    def _read_done(self, done: ReadDone) -> None:
        for index, log in self._read_over(done.venue, done.market, done.native, done.kind):
            remember(log.done, (done.asked_ns, done.since_ms))
            if done.kind is ReadKind.POSITIONS:
                rows = [row.qty for row in self._rows[index].values() if row.t_ns >= done.asked_ns]
                remember(self.positions[index], (done.asked_ns, sum(rows, ZERO)))

    def _row(self, position: Position) -> None:
        for index, leg in enumerate(self.intent.legs):
            if leg.market is Market.PERP and (leg.venue, leg.native) == (position.venue, position.native):
                self._rows[index][position.held] = position


def query_window(line: Line, absence: Absence) -> tuple[int, int]:
    """Between when and when "no such order" counts, engine time of asking."""
    return (
        line.sent_by_ns + int(absence.settle_s * NS_PER_S),
        line.planned_ns + int(absence.forget_s * NS_PER_S),
    )


_OF_ONE_ORDER = (OrderReport, Accepted, Rejected, Unanswered, CancelTaken, CancelRefused, OrderAbsent)


def agree(times: list[int], apart_ns: int) -> bool:
    """Whether two of these reads lie far enough apart to count as two."""
    return len(times) >= 2 and max(times) - min(times) >= apart_ns


def fee_coins(line: Line, leg: Leg) -> Decimal:
    """Coins of the leg's own asset that its fills cost; estimated where a fill does not tell its fee yet."""
    if leg.market is not Market.SPOT:
        return ZERO
    told = untold = ZERO
    for fill in line.fills.values():
        if fill.fee is None:
            untold += fill.qty
        elif fill.fee_ccy == leg.terms.asset:
            told += fill.fee
    untold += line.filled - line.fills_qty
    if leg.fee_in_base and line.order.side.sign > 0:
        told += untold * (leg.maker_rate if line.order.kind is OrderKind.POST_ONLY else leg.taker_rate)
    return coins(told, leg.terms)


def purposes(lines: Iterable[Line], *wanted: Purpose) -> list[Line]:
    return [line for line in lines if line.purpose in wanted]
