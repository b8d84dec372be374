"""What became known of hedges, line by line, as somebody at a desk would note it down.

Facts are heard as they come, because a ledger keeps what is known but not when it was first said. Lines of an earlier
life are made from the ledgers: their orders and fills, without what was said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
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
from arbtui.execution.ledger import Ledger
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
                self._note(now_ns, hedge, "order", ordered_words(fact), "text")
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
        self._note(fill.t_ns, hedge, "fill", fill_words(fill), "gain")

    def _of_before(self, ledgers: Iterable[Ledger]) -> Iterable[Entry]:
        for ledger in ledgers:
            if not ledger.turns:
                continue
            base = ledger.intent.base
            for line in ledger.lines.values():
                yield Entry(line.planned_ns, ledger.hedge, base, "order", _order_words(line.order), "dim")
                for fill in line.fills.values():
                    self._fills[(fill.venue, f"{fill.market.value}.{fill.native}", fill.fill_id)] = None
                    yield Entry(fill.t_ns, ledger.hedge, base, "fill", fill_words(fill), "dim")


def ordered_words(ordered: Ordered) -> str:
    return f"{_order_words(ordered.order)} ({ordered.purpose.word})"


def _order_words(order: Order) -> str:
    price = "" if order.price is None else f" @ {text.exact(order.price)}"
    only = " reduce-only" if order.reduce_only else ""
    return f"{order.side.upper()} {text.exact(order.qty)} {order.leg}{price} {_KINDS[order.kind]}{only}"


def fill_words(fill: Fill) -> str:
    fee = "fee not told yet" if fill.fee is None else f"fee {text.exact(fill.fee)} {fill.fee_ccy}"
    where = f"{fill.venue}.{fill.market.value}.{fill.native}"
    return f"{fill.side.upper()} {text.exact(fill.qty)} {where} @ {text.exact(fill.price)}, {fee}"


def _bound(kept: dict[K, V]) -> None:
    """The oldest go where there are too many."""
    for key in list(islice(kept, max(0, len(kept) - _SEEN))):
        del kept[key]
