"""``arbtui journal``: what was decided and observed of orders, read beside whoever is writing it.

The file is only read: a running engine goes on undisturbed, and a damaged file shows all that stands before the damage.
Quantities and prices are those of the wire, as they were sent and told.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from arbtui.core import orders
from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import JournalError
from arbtui.core.orders import AccountEvent, Order
from arbtui.execution.intents import Intent
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State, WrongStep, after
from arbtui.execution.ports import Record
from arbtui.execution.records import (
    Armed,
    Asked,
    BadRecord,
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
    fact_of,
)
from arbtui.storage import journal as journals
from arbtui.storage.journal import Entry
from arbtui.storage.records import T_MAX_NS

POLL_S = 0.5
_HEAD = f"{'TIME (UTC)':<23}  {'SEQ':>6}  {'HEDGE':<10}  {'WHAT':<7}  quantities and prices as on the wire\n"


@dataclass(frozen=True)
class Wanted:
    """``tail``: the last so many records; ``follow``: then go on with what is written, until interrupted."""

    hedge: str | None = None
    tail: int | None = None
    as_json: bool = False
    follow: bool = False


def show(path: Path, wanted: Wanted, out: Callable[[str], object], complain: Callable[[str], object]) -> int:
    """Print the journal; 1 if not all of it could be read, which is then said, else 0."""
    reader = _Reader(path, wanted)
    lines = reader.lines() if wanted.tail is None else iter(deque(reader.lines(), maxlen=wanted.tail))
    if not wanted.as_json:
        out(_HEAD)
    for line in lines:
        out(line)
    while wanted.follow and not reader.damage:
        time.sleep(POLL_S)
        for line in reader.lines():
            out(line)
    if reader.damage:
        complain(f"{reader.damage} Shown is what stands before the damage.")
    if reader.unread:
        complain(f"{reader.unread} records of {path} could not be understood; they are shown as such.")
    return 1 if reader.damage or reader.unread else 0


def hedges_in(path: Path) -> dict[str, Ledger]:
    """Every hedge of a journal. Raises JournalError or BadRecord for one that cannot be read."""
    ledgers: dict[str, Ledger] = {}
    for entry in journals.read(path):
        if entry.hedge:
            fact = fact_of(Record(entry.t_ns, entry.hedge, entry.kind, entry.body))
            ledgers.setdefault(entry.hedge, Ledger(entry.hedge)).fold(entry.t_ns, fact)
    return {hedge: ledger for hedge, ledger in ledgers.items() if ledger.turns}


class _Reader:
    """Reads on from where it stopped. ``damage``: why it cannot go on; ``unread``: records without a meaning."""

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self.damage = ""
        self.unread = 0
        self._path = path
        self._wanted = wanted
        self._seq = 0
        self._states: dict[str, State] = {}

    def lines(self) -> Iterator[str]:
        make = self._as_json if self._wanted.as_json else self._as_text
        for entry in self._entries():
            self._seq = entry.seq
            yield make(entry)

    def _entries(self) -> Iterable[Entry]:
        try:
            yield from journals.read(self._path, hedge=self._wanted.hedge, after=self._seq)
        except JournalError as error:
            self.damage = str(error)

    def _fact(self, entry: Entry) -> Fact | None:
        try:
            fact = fact_of(Record(entry.t_ns, entry.hedge, entry.kind, entry.body))
        except (BadRecord, TypeError):  # TypeError: a damaged page may hold numbers in place of texts
            self.unread += 1
            return None
        if isinstance(fact, Stepped):
            self._step(entry.hedge, fact)
        return fact

    def _step(self, hedge: str, fact: Stepped) -> None:
        try:
            self._states[hedge] = after(self._states.get(hedge, State.PREVIEWED), fact.step)
        except WrongStep:
            self._states.pop(hedge, None)  # a record before it is missing: the state is not known

    def _as_json(self, entry: Entry) -> str:
        fact = self._fact(entry)
        state = self._states.get(entry.hedge)
        line: dict[str, Any] = {
            "type": "journal",
            "t_ns": entry.t_ns,
            "seq": entry.seq,
            "hedge": entry.hedge or None,
            "kind": entry.kind,
            "state": state.value if state is not None else None,
            "body": msgspec.Raw(entry.body) if fact is not None else None,
        }
        return msgspec.json.encode(line).decode() + "\n"

    def _as_text(self, entry: Entry) -> str:
        fact = self._fact(entry)
        if fact is None:
            words = f"a record that cannot be understood: {str(entry.body)[:80]}"
        elif isinstance(fact, Stepped):
            state = self._states.get(entry.hedge)
            words = f"{state.value if state is not None else fact.step.value}: {fact.why}"
        else:
            words = in_words(fact)
        return f"{_time(entry.t_ns):<23}  {entry.seq:>6}  {entry.hedge or '-':<10}  {entry.kind:<7}  {words}\n"


def in_words(fact: Fact) -> str:
    """One fact in one sentence."""
    match fact:
        case Intended():
            return _intent(fact.intent)
        case Ordered():
            return f"{_order(fact.order)}, to {fact.purpose.word} ({fact.order.client_id})"
        case Dropped():
            return f"{fact.client_id} was not sent: {fact.why}"
        case CancelAsked():
            return f"{fact.client_id} is to be canceled"
        case Told():
            return _event(fact.event)
        case Dead():
            return f"{fact.client_id} never took effect: {fact.why}"
        case GivenUp():
            return f"{fact.client_id} is given up: {fact.why}"
        case Lost():
            return f"{fact.coins:+f} coins on leg {fact.leg}: {fact.why}"
        case Stepped():
            return f"{fact.step.value}: {fact.why}"
        case Asked():
            return f"a person said: {fact.what}"
        case Life():
            return "arbtui took the journal up"
        case Armed():
            return f"{'armed' if fact.on else 'disarmed'}: {fact.why}"


def _intent(intent: Intent) -> str:
    legs = ", ".join(
        f"{leg.side.value} {qty:f} {leg.key} at {leg.price:f}" for leg, qty in zip(intent.legs, intent.qty, strict=True)
    )
    net = f", {intent.planned_net_bps:+.1f} bps net" if intent.opens else ""
    return f"{intent.verb.value} {intent.base}: {legs}, {intent.style.value}{net}, by {intent.by}"


def _order(order: Order) -> str:
    price = f" at {order.price:f}" if order.price is not None else ""
    reduces = ", reduce-only" if order.reduce_only else ""
    return f"{order.side.value} {order.qty:f} {order.leg}{price}, {order.kind.value}{reduces}"


def _event(event: AccountEvent) -> str:
    match event:
        case orders.Accepted():
            return f"{event.venue} took {event.client_id} as {event.order_id}"
        case orders.Rejected():
            return f"{event.venue} refused {event.client_id} ({event.reason.value}): {event.text}"
        case orders.Unanswered():
            return f"{event.venue} did not answer ({event.verb} {event.client_id}): {event.text}"
        case orders.CancelTaken():
            return f"{event.venue} takes {event.client_id} back"
        case orders.CancelRefused():
            return f"{event.venue} does not cancel {event.client_id} ({event.reason.value}): {event.text}"
        case orders.OrderAbsent():
            return f"{event.venue} knows no {event.client_id}"
        case orders.OrderReport():
            filled = f", filled {event.filled:f}" if event.filled is not None else ""
            return f"{event.venue} says of {event.client_id or event.order_id}: {event.status_text}{filled}"
        case orders.Fill():
            fee = f", fee {event.fee:f} {event.fee_ccy}" if event.fee is not None else ", fee not told yet"
            what = f"{event.side.value} {event.qty:f} {event.native} at {event.price:f}{fee}"
            return f"{event.venue} filled {event.client_id or event.order_id}: {what} (fill {event.fill_id})"
        case orders.FundingPaid():
            return f"{event.venue} settled {event.amount:+f} {event.ccy} of funding on {event.native}"
        case orders.ReadDone() | orders.ReadFailed():
            ended = "was read" if isinstance(event, orders.ReadDone) else f"could not be read: {event.text}"
            return f"{event.kind.value} of {event.venue} {event.market.value} {event.native} {ended}"
        case _:
            return f"{type(event).__name__} of {event.venue}"


def _time(t_ns: int) -> str:
    if not 0 <= t_ns < T_MAX_NS:
        return "?"
    return f"{datetime.fromtimestamp(t_ns // NS_PER_S, UTC):%Y-%m-%d %H:%M:%S}.{t_ns // 1_000_000 % 1000:03}"
