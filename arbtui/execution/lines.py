"""One order and the union of everything that was ever said of it.

    filled      max(largest cumulative quantity told, sum of fills by fill id)      never falls
    ended       once any message said so; a later "open" is an older message
    settled     ended, and some message that told the end also told a cumulative quantity that fills do not exceed
    alien       the venue used a word that nobody knows, and no end was told: outcome open
    given up    a person took its hedge over while it was not settled: nothing more is awaited of it

No message can take back another, so the order in which they come, and how often, makes no difference.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.errors import RefusalReason
from arbtui.core.orders import (
    Accepted,
    CancelRefused,
    CancelTaken,
    Fill,
    Order,
    OrderAbsent,
    OrderEvent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Rejected,
    Unanswered,
)
from arbtui.execution.intents import Intent
from arbtui.execution.quantity import ZERO
from arbtui.execution.records import Ordered

GRACE_NS = 300 * NS_PER_MS  # messages about one event come one after another
ANSWERS_KEPT = 1_000  # of one question: the last ones decide, and a doubt may last for days

T = TypeVar("T")


def remember(answers: list[T], answer: T) -> None:
    """Append; the older half goes where there are too many."""
    if len(answers) >= ANSWERS_KEPT:
        del answers[: ANSWERS_KEPT // 2]
    answers.append(answer)


class Line:
    """One order and everything that was ever said of it."""

    def __init__(self, ordered: Ordered, t_ns: int) -> None:
        self.order: Order = ordered.order
        self.leg = ordered.leg
        self.turn = ordered.turn
        self.purpose = ordered.purpose
        self.number = ordered.number
        self.planned_ns = t_ns
        self.handed_ns: int | None = None  # given to the executor in this life
        self.relived_ns: int | None = None  # taken over from an earlier life: it may have been sent until then
        self.dropped = False
        self.dead: tuple[Decimal, bool] | None = None  # proved over: with what filled, and whether it was known then
        self.given_up = ""  # what was not known of it when a person took the hedge over
        self.accepted = False
        self.rejected: Rejected | None = None
        self.refused_id_ns: int | None = None  # when the venue first said that it has this client id already
        self.status: OrderStatus | None = None
        self.end_reason: RefusalReason | None = None
        self.order_ids: set[str] = set()
        self.fills: dict[str, Fill] = {}
        self.filled = ZERO  # wire: the larger of the next two
        self.fills_qty = ZERO
        self.told_qty = ZERO  # largest cumulative quantity told
        self.end_qty: Decimal | None = None  # the same, by messages that told the end
        self.end_ns: int | None = None
        self.alien_ns: tuple[int, int] | None = None  # first and last time that the venue said a word nobody knows
        self.alien_text = ""
        self.open_ns: int | None = None
        self.unanswered_ns: int | None = None
        self.heard_ns = 0  # last word about it
        self.reported_ns = 0  # last report
        self.canceled_ns: tuple[int, int] | None = None  # when a cancel was asked for, first and last
        self.cancel_failed_ns: int | None = None
        self.asked_ns: int | None = None  # last query
        self.query_open = False
        self.absent_ns: list[int] = []  # when the queries that found nothing were asked

    # quantities
    @property
    def remaining(self) -> Decimal:
        """What may still fill, wire: zero once it has ended and settled."""
        return ZERO if self.settled else max(ZERO, self.order.qty - self.filled)

    @property
    def known(self) -> bool:
        """Whether the venue is known to have it, or to have had it."""
        return self.accepted or self.filled > 0 or self.status is not None or self.refused_id_ns is not None

    @property
    def ended(self) -> bool:
        if self.status is not None and self.status.terminal:
            return True
        if self.known:
            return self._over
        return self.dropped or self.dead is not None or self.rejected is not None

    @property
    def _over(self) -> bool:
        """Proved to be over, and nothing was heard since that says otherwise."""
        return self.dead == (self.filled, self.known)

    @property
    def settled(self) -> bool:
        """Ended, and what it filled is final; or given up."""
        if self.filled >= self.order.qty or self._over or self.given_up:
            return True
        if not self.known:
            return self.ended
        return self.ended and self.end_qty is not None and self.end_qty >= self.filled

    @property
    def waits(self) -> bool:
        """Decided, and not yet on disk."""
        return self.handed_ns is None and self.relived_ns is None and not self.dropped and not self.known

    @property
    def rests(self) -> bool:
        return self.order.kind is OrderKind.POST_ONLY and not self.settled

    @property
    def alien(self) -> bool:
        return self.alien_ns is not None and not self.ended and self.alien_ns[1] > (self.open_ns or 0)

    @property
    def there_ns(self) -> int:
        """When the venue last told of it without telling its end: as open, or in a word that nobody knows."""
        return max(self.open_ns or 0, self.alien_ns[1] if self.alien_ns is not None else 0)

    @property
    def complete(self) -> bool:
        """Whether each filled unit stands in a fill whose fee is known: what accounts are made of."""
        return self.fills_qty == self.filled and all(fill.fee is not None for fill in self.fills.values())

    @property
    def sent_by_ns(self) -> int:
        """The last moment at which it may have been handed over."""
        if self.handed_ns is not None:
            return self.handed_ns
        return self.relived_ns if self.relived_ns is not None else self.planned_ns

    # facts
    def relive(self, t_ns: int) -> None:
        """It belongs to an earlier life, all of which was before now: its clock may have been ahead of this one's."""
        self.relived_ns, self.handed_ns = t_ns, None
        self.query_open, self.asked_ns = False, None
        self.absent_ns.clear()
        before_ns = t_ns - 1
        self.heard_ns, self.reported_ns = min(self.heard_ns, before_ns), min(self.reported_ns, before_ns)
        self.planned_ns = min(self.planned_ns, before_ns)
        self.open_ns, self.end_ns = _by(self.open_ns, before_ns), _by(self.end_ns, before_ns)
        self.refused_id_ns = _by(self.refused_id_ns, before_ns)
        self.unanswered_ns = _by(self.unanswered_ns, before_ns)
        self.cancel_failed_ns = _by(self.cancel_failed_ns, before_ns)
        if self.canceled_ns is not None:
            self.canceled_ns = (min(self.canceled_ns[0], before_ns), min(self.canceled_ns[1], before_ns))
        if self.alien_ns is not None:
            self.alien_ns = (min(self.alien_ns[0], before_ns), min(self.alien_ns[1], before_ns))

    def hear(self, event: OrderEvent) -> None:
        self.heard_ns = max(self.heard_ns, event.t_ns)
        match event:
            case Accepted():
                self.accepted = True
                self._name(event.order_id)
            case Rejected():
                if event.reason is RefusalReason.DUPLICATE_ID:
                    self.refused_id_ns = event.t_ns if self.refused_id_ns is None else self.refused_id_ns
                else:
                    self.rejected = event
            case Unanswered():
                if event.verb == "place":
                    self.unanswered_ns = event.t_ns
                elif event.verb == "query":
                    self.query_open = False
                else:
                    self.cancel_failed_ns = event.t_ns
            case CancelTaken():
                self.accepted = True
            case CancelRefused():
                self.cancel_failed_ns = event.t_ns
            case OrderReport():
                self._report(event)
            case OrderAbsent():
                self.query_open = False
                if self.asked_ns is not None:
                    remember(self.absent_ns, self.asked_ns)
            case Fill():
                self.fill(event)

    def _name(self, order_id: str) -> None:
        if order_id:
            self.order_ids.add(order_id)

    def _report(self, report: OrderReport) -> None:
        self._name(report.order_id)
        self.reported_ns = max(self.reported_ns, report.t_ns)
        if report.told == "query":
            self.query_open = False
        self.accepted = True
        filled = report.filled
        if filled is None and report.status is OrderStatus.FILLED:
            filled = self.order.qty
        if filled is not None:
            self.told_qty = max(self.told_qty, filled)
            self.filled = max(self.filled, filled)
        if report.status is OrderStatus.UNKNOWN:
            first_ns, last_ns = self.alien_ns or (report.t_ns, report.t_ns)
            self.alien_ns = (min(first_ns, report.t_ns), max(last_ns, report.t_ns))
            self.alien_text = report.status_text
            return
        if report.status is OrderStatus.OPEN:
            self.open_ns = max(self.open_ns or 0, report.t_ns)
            if self.status is None:
                self.status = OrderStatus.OPEN
            return
        if filled is None and report.status is OrderStatus.REJECTED:
            filled = ZERO
        if filled is not None:
            self.end_qty = max(self.end_qty or ZERO, filled)
        self.end_reason = report.reason or self.end_reason
        self.end_ns = report.t_ns if self.end_ns is None else min(self.end_ns, report.t_ns)
        if self.status is not OrderStatus.FILLED:
            self.status = report.status

    def fill(self, fill: Fill) -> None:
        self._name(fill.order_id)
        had = self.fills.get(fill.fill_id)
        if had is not None:
            if had.fee is None and fill.fee is not None:
                self.fills[fill.fill_id] = fill
            return
        self.fills[fill.fill_id] = fill
        self.fills_qty += fill.qty
        self.filled = max(self.filled, self.fills_qty)

    def doubt_from(self, intent: Intent) -> int | None:
        """From when on its outcome is in doubt unless something is heard before; None: it may stay as it is."""
        if self.settled or self.waits:
            return None
        if self.alien_ns is not None and self.alien:
            return self.alien_ns[0]
        if self.relived_ns is not None and self.reported_ns < self.relived_ns:
            return self.relived_ns
        if self.ended:  # the end is told; what it filled is not, or fills exceed it
            return (self.end_ns or self.heard_ns) + GRACE_NS
        if not self.known:
            if self.unanswered_ns is not None:
                return self.unanswered_ns
            return self.sent_by_ns + int(intent.policy.answer_s * NS_PER_S)
        if self.refused_id_ns is not None and self.status is None:
            return self.refused_id_ns
        if self.order.kind is not OrderKind.POST_ONLY:
            return self.sent_by_ns + int(intent.policy.end_s * NS_PER_S)
        return self._cancel_doubt(intent)

    def _unheard(self, intent: Intent) -> int | None:
        """A resting order that was asked about, again and again, and of which nothing is told."""
        last_ns = max(self.reported_ns, self.sent_by_ns)
        if self.asked_ns is None or self.asked_ns <= last_ns:
            return None
        return last_ns + 3 * int(intent.policy.maker_check_s * NS_PER_S)

    def _cancel_doubt(self, intent: Intent) -> int | None:
        if self.canceled_ns is None:
            return self._unheard(intent)
        late_ns = self.canceled_ns[0] + int(intent.policy.cancel_answer_s * NS_PER_S)
        return late_ns if self.cancel_failed_ns is None else min(late_ns, self.cancel_failed_ns + GRACE_NS)


def _by(t_ns: int | None, latest_ns: int) -> int | None:
    return None if t_ns is None else min(t_ns, latest_ns)
