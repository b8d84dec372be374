"""Where hedges meet what is not theirs: listeners, and whoever carries orders. What fails there stays there.

A screen that cannot paint a fill must not keep the fill from being hedged, and an executor with a mistake in it must
not keep the other leg's order from going out. Each failure is logged with its traceback, and what it leaves open told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal, TypeVarTuple

from arbtui.core.clock import Clock
from arbtui.core.model import Market
from arbtui.core.orders import Order, ReadFailed, ReadKind, Unanswered
from arbtui.execution.ports import Executor, Sink

log = logging.getLogger(__name__)

Ts = TypeVarTuple("Ts")


def internal(bug: Exception) -> str:
    """A mistake of this program, for a person; what exactly is in the log."""
    return f"internal error ({type(bug).__name__}), see the log"


def let_know(call: Callable[[*Ts], object], *args: *Ts) -> None:
    """Call a listener; whatever it raises is logged and goes no further."""
    try:
        call(*args)
    except Exception:  # the boundary to the listener: nothing of a hedge depends on it
        log.exception("a listener of hedges failed")


class Careful:
    """An executor that never raises: a request that fails inside is told as one whose outcome nobody knows."""

    def __init__(self, executor: Executor, sink: Sink, clock: Clock) -> None:
        self.name = executor.name
        self._executor = executor
        self._sink = sink
        self._clock = clock

    def place(self, order: Order) -> None:
        try:
            self._executor.place(order)
        except Exception as bug:  # the boundary of one request
            log.exception("%s: a request failed inside", self.name)
            self._unanswered(order, "place", bug)

    def cancel(self, order: Order) -> None:
        try:
            self._executor.cancel(order)
        except Exception as bug:  # the boundary of one request
            log.exception("%s: a request failed inside", self.name)
            self._unanswered(order, "cancel", bug)

    def query(self, order: Order) -> None:
        try:
            self._executor.query(order)
        except Exception as bug:  # the boundary of one request
            log.exception("%s: a request failed inside", self.name)
            self._unanswered(order, "query", bug)

    def read(self, kind: ReadKind, market: Market, native: str = "", since_ms: int | None = None) -> None:
        try:
            self._executor.read(kind, market, native, since_ms)
        except Exception as bug:  # the boundary of one request
            log.exception("%s: a read failed inside", self.name)
            text, now_ns = internal(bug), self._clock.now_ns()
            self._sink(ReadFailed(venue=self.name, market=market, kind=kind, text=text, t_ns=now_ns, native=native))

    def _unanswered(self, order: Order, verb: Literal["place", "cancel", "query"], bug: Exception) -> None:
        text, now_ns = internal(bug), self._clock.now_ns()
        self._sink(Unanswered(venue=self.name, client_id=order.client_id, verb=verb, text=text, t_ns=now_ns))
