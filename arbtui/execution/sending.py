"""From decided orders to the wire: folded and written, and handed over when the journal says that they are on disk.

Where the journal fails or the disk hangs (``keeper``), what repairs an excess goes out all the same, unrecorded, at
most ``UNSAVED_MAX`` orders of a hedge; everything else is dropped. The next life leaves out as many numbers, so that no
name is ever used twice, and finds those orders in the venues' lists. A life that the journal never heard of sends
nothing unrecorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Protocol

from arbtui.core.clock import NS_PER_S
from arbtui.execution.actions import SendOrders
from arbtui.execution.intents import Purpose
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State, Step, allows
from arbtui.execution.memory import LOUD, Memory
from arbtui.execution.ports import Executor
from arbtui.execution.records import Dropped, Fact, Ordered, Stepped

UNSAVED_MAX = 12  # orders of one hedge that may go out while the journal cannot keep them
_LATE_S = 3.0  # an order that waited so long for the disk was priced by another market
_REPAIRS = (Purpose.HEDGE, Purpose.REHEDGE, Purpose.UNWIND)


class Desk(Protocol):
    """What sending must know of the runner."""

    armed: bool
    killed: bool
    stopping: bool

    def wake(self, *hedges: str) -> None: ...


class Sending:
    """``known_life``: the journal knows of this life, so the next one leaves out what goes unrecorded in it."""

    def __init__(self, desk: Desk, memory: Memory, executors: Mapping[str, Executor]) -> None:
        self.known_life = False
        self._desk = desk
        self._memory = memory
        self._executors = executors
        self._unsaved: dict[str, int] = {}

    def all_kept(self) -> None:
        """The journal keeps again: what it kept first was all that it had not kept before."""
        self.known_life = True
        self._unsaved.clear()

    def send(self, ledger: Ledger, action: SendOrders) -> None:
        """Fold, write; ``_hand_over`` once it is on disk."""
        facts: list[Fact] = [*action.orders]
        if action.step is not None:
            facts.append(Stepped(action.step, action.why))
        self._memory.keep(
            ledger.hedge,
            facts,
            partial(self._hand_over, ledger, action.orders),
            partial(self._not_kept, ledger, action.orders),
        )
        if action.step is not None:
            self._memory.tell(ledger.hedge, action.why, alarm=action.step in LOUD)

    def _hand_over(self, ledger: Ledger, orders: tuple[Ordered, ...]) -> None:
        """The orders are on disk: this is the moment at which they are sent, or never."""
        memory, why = self._memory, self._too_late(ledger, orders)
        for ordered in orders:
            line = ledger.lines[ordered.order.client_id]
            if why:
                memory.put(ledger.hedge, Dropped(ordered.order.client_id, why))
            else:
                line.handed_ns = memory.clock.now_ns()
                self._executors[ordered.order.venue].place(ordered.order)
        if why:
            memory.tell(ledger.hedge, f"not sent: {why}")
        self._desk.wake(ledger.hedge)

    def _too_late(self, ledger: Ledger, orders: tuple[Ordered, ...]) -> str:
        """What changed while the disk was busy and forbids sending now; "" if nothing did."""
        desk = self._desk
        if desk.killed:
            return "the kill switch is on"
        if any(ledger.lines[ordered.order.client_id].relived_ns is not None for ordered in orders):
            return "the venues are read anew"
        if why := _not_wanted(ledger, orders):
            return why
        opening = any(ordered.purpose is Purpose.ENTER for ordered in orders)
        if opening and (desk.stopping or not desk.armed):
            return "arbtui is stopping" if desk.stopping else "arbtui is disarmed"
        planned_ns = ledger.lines[orders[0].order.client_id].planned_ns
        waited_s = (self._memory.clock.now_ns() - planned_ns) / NS_PER_S
        return f"the disk took {waited_s:.1f} s" if waited_s >= _LATE_S else ""

    def _not_kept(self, ledger: Ledger, orders: tuple[Ordered, ...], text: str) -> None:
        """The journal failed. What repairs an excess goes out all the same; anything else does not."""
        memory, sent = self._memory, self._unsaved.get(ledger.hedge, 0)
        repairs = all(ordered.purpose in _REPAIRS for ordered in orders)
        if repairs and self.known_life and sent + len(orders) <= UNSAVED_MAX and not self._desk.killed:
            if not self._too_late(ledger, orders):
                self._unsaved[ledger.hedge] = sent + len(orders)
                why = f"sent unrecorded, because an excess is open and the journal fails: {text}"
                memory.tell(ledger.hedge, why, alarm=True)
            self._hand_over(ledger, orders)
            return
        for ordered in orders:
            memory.put(ledger.hedge, Dropped(ordered.order.client_id, f"the journal fails: {text}"))
        if repairs and allows(ledger.state, Step.HALT):
            memory.step_to(ledger, Step.HALT, f"the journal fails: {text}")
        self._desk.wake(ledger.hedge)


def _not_wanted(ledger: Ledger, orders: tuple[Ordered, ...]) -> str:
    """What became of the hedge while its orders waited, and makes them wrong; "" if nothing did.

    A halted hedge decides no orders, so what lands on disk then was decided before.
    """
    if ledger.abandoned:
        return "a person has taken the hedge over"
    if ledger.state is State.HALTED or orders[0].number < ledger.retried_number:
        return "the hedge was halted meanwhile"
    if ledger.lost_ns > ledger.lines[orders[0].order.client_id].planned_ns:
        return "coins of a leg are gone since it was decided"
    if ledger.canceled and not all(ordered.purpose in _REPAIRS for ordered in orders):
        return "a person canceled it"
    return ""
