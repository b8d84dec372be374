"""What became known of hedges, line by line, as somebody at a desk would note it down.

Facts are heard as they come, because a ledger keeps what is known but not when it was first said. Lines of an earlier
life are made from the ledgers: their orders and fills, without what was said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    CancelRefused,
    Fill,
    Order,
    OrderKind,
    OrderReport,
    OrderStatus,
    Rejected,
    Unanswered,
)
from arbtui.execution.intents import Terms
from arbtui.execution.ledger import Ledger
from arbtui.execution.quantity import coins
from arbtui.execution.records import Asked, CancelAsked, Dead, Dropped, Fact, GivenUp, Lost, Ordered, Told
from arbtui.execution.runner import Said
from arbtui.port import TradingPort
from arbtui.ui import text
from arbtui.ui.theme import Role

K = TypeVar("K")
V = TypeVar("V")

KEPT = 1000
_SEEN = 5000
_KINDS = {OrderKind.IOC: "IOC", OrderKind.POST_ONLY: "post-only", OrderKind.MARKET: "market"}


@dataclass(frozen=True)
class Entry:
    t_ns: int
    hedge: str
    base: str
    kind: str  # "order", "fill", "said" ...: one word
    text: str
    role: Role


class OrderLog:
    """``entries``: newest last. ``alarms``: said loudly and not acknowledged yet, oldest first."""

    def __init__(self, trading: TradingPort) -> None:
        self._trading = trading
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self.alarms: deque[Said] = deque(maxlen=KEPT)
        self.count = 0  # of all entries ever, so that a reader knows how many are new
        self._acked_ns: dict[str, int] = {}  # client id -> when the venue first said anything of it
        self._fills: dict[tuple[str, str, str], None] = {}
        for entry in sorted(self._of_before(trading.ledgers.values()), key=lambda entry: entry.t_ns):
            self._add(entry)
        for said in trading.said:
            self._said(said)
        trading.on_change(self._changed)
        trading.on_said(self._said)

    def acked_ns(self, client_id: str) -> int | None:
        """When the venue first said anything of an order; None where it has not, or did so in an earlier life."""
        return self._acked_ns.get(client_id)

    def acknowledge(self) -> Said | None:
        """Somebody has seen the oldest alarm."""
        return self.alarms.popleft() if self.alarms else None

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.count += 1

    def _base(self, hedge: str) -> str:
        ledger = self._trading.ledgers.get(hedge)
        return ledger.intent.base if ledger is not None and ledger.turns else ""

    def _terms(self, hedge: str, leg: str) -> Terms | None:
        ledger = self._trading.ledgers.get(hedge)
        return _terms_of(ledger, leg) if ledger is not None and ledger.turns else None

    def _said(self, said: Said) -> None:
        if said.alarm:
            self.alarms.append(said)
        role: Role = "error" if said.alarm else "text"
        kind = "ALARM" if said.alarm else "said"
        self._add(Entry(said.t_ns, said.hedge, self._base(said.hedge), kind, said.text, role))

    def _changed(self, hedge: str, fact: Fact) -> None:
        now_ns = self._trading_now(hedge)
        match fact:
            case Ordered():
                words = f"{_order_words(fact.order, self._terms(hedge, fact.order.leg))} ({fact.purpose.word})"
                self._note(now_ns, hedge, "order", words, "text")
            case CancelAsked():
                self._note(now_ns, hedge, "cancel", f"cancel asked for {fact.client_id}", "dim")
            case Dropped():
                self._note(now_ns, hedge, "dropped", f"not sent: {fact.why}", "warn")
            case Dead() | GivenUp() | Lost():
                self._note(now_ns, hedge, "proved", fact.why, "warn")
            case Asked():
                self._note(now_ns, hedge, "person", f"a person says: {fact.what}", "text")
            case Told():
                self._told(hedge, fact.event)
            case _:
                pass  # states are told in words by ``Said``

    def _trading_now(self, hedge: str) -> int:
        ledger = self._trading.ledgers.get(hedge)
        return ledger.last_ns if ledger is not None else 0

    def _note(self, t_ns: int, hedge: str, kind: str, words: str, role: Role) -> None:
        self._add(Entry(t_ns, hedge, self._base(hedge), kind, words, role))

    def _told(self, hedge: str, event: AccountEvent) -> None:
        if isinstance(event, Accepted | Rejected | OrderReport | Fill) and event.client_id:
            self._acked(event.client_id, event.t_ns)
        match event:
            case Rejected():
                self._note(event.t_ns, hedge, "refused", event.text, "warn")
            case Unanswered():
                self._note(event.t_ns, hedge, "no word", f"{event.venue}: {event.verb}: {event.text}", "warn")
            case CancelRefused():
                self._note(event.t_ns, hedge, "refused", f"cancel: {event.text}", "dim")
            case Fill():
                self._filled(hedge, event)
            case OrderReport(status=OrderStatus.UNKNOWN):
                self._note(event.t_ns, hedge, "unknown", f"{event.venue} says {event.status_text!r}", "warn")
            case _:
                pass

    def _acked(self, client_id: str, t_ns: int) -> None:
        if client_id not in self._acked_ns:
            self._acked_ns[client_id] = t_ns
            _bound(self._acked_ns)

    def _filled(self, hedge: str, fill: Fill) -> None:
        key = (fill.venue, f"{fill.market.value}.{fill.native}", fill.fill_id)
        if key in self._fills:
            return
        self._fills[key] = None
        _bound(self._fills)
        self._note(fill.t_ns, hedge, "fill", _fill_words(fill, self._terms(hedge, _place(fill))), "gain")

    def _of_before(self, ledgers: Iterable[Ledger]) -> Iterable[Entry]:
        for ledger in ledgers:
            if not ledger.turns:
                continue
            base = ledger.intent.base
            for line in ledger.lines.values():
                terms = _terms_of(ledger, line.order.leg)
                yield Entry(line.planned_ns, ledger.hedge, base, "order", _order_words(line.order, terms), "dim")
                for fill in line.fills.values():
                    self._fills[(fill.venue, f"{fill.market.value}.{fill.native}", fill.fill_id)] = None
                    yield Entry(fill.t_ns, ledger.hedge, base, "fill", _fill_words(fill, terms), "dim")


def _terms_of(ledger: Ledger, leg: str) -> Terms | None:
    return next((one.terms for one in ledger.intent.legs if one.key == leg), None)


def _place(fill: Fill) -> str:
    return f"{fill.venue}.{fill.market.value}.{fill.native}"


def _amount(wire: Decimal, terms: Terms | None) -> str:
    """In coins; where the venue counts otherwise (contracts, thousands) its own number stands beside."""
    if terms is None or terms.multiplier == 1:
        return text.exact(wire)
    return f"{text.exact(coins(wire, terms))} ({text.exact(wire)} on the wire)"


def _order_words(order: Order, terms: Terms | None) -> str:
    price = "" if order.price is None else f" @ {text.exact(order.price)}"
    only = " reduce-only" if order.reduce_only else ""
    return f"{order.side.upper()} {_amount(order.qty, terms)} {order.leg}{price} {_KINDS[order.kind]}{only}"


def _fill_words(fill: Fill, terms: Terms | None) -> str:
    fee = "fee not told yet" if fill.fee is None else f"fee {text.exact(fill.fee)} {fill.fee_ccy}"
    return f"{fill.side.upper()} {_amount(fill.qty, terms)} {_place(fill)} @ {text.exact(fill.price)}, {fee}"


def _bound(kept: dict[K, V]) -> None:
    """The oldest go where there are too many."""
    for key in list(islice(kept, max(0, len(kept) - _SEEN))):
        del kept[key]
