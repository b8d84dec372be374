"""How a venue's words reach the program, or do not: answers to the life that asked, pushes by a stream with gaps."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Literal

from arbtui.core.clock import NS_PER_MS
from arbtui.core.model import Instrument
from arbtui.core.orders import AccountEvent, StreamState
from tests.execution.simulation.clock import SimClock
from tests.execution.simulation.faults import Faults

Note = Callable[..., None]  # the parts of a line of the story; made into text only if somebody reads it


class Wire:
    """The connection of one life of the program. Cut: nothing more is heard through it."""

    def __init__(self, sink: Callable[[AccountEvent], None]) -> None:
        self.sink = sink
        self.cut = False


class Telling:
    """What one venue tells. ``wire`` leads to the life that runs now."""

    def __init__(self, name: str, instrument: Instrument, clock: SimClock, rng: Random, faults: Faults, note: Note):
        self.wire: Wire | None = None
        self._name = name
        self._market = instrument.market
        self._clock = clock
        self._rng = rng
        self._faults = faults
        self._note = note
        self._deaf = False
        for begin, end in faults.gaps:
            clock.call_at(begin, self._gap_begins)
            clock.call_at(end, self._gap_ends)

    def strikes(self, chance: float) -> bool:
        """Whether a fault of this probability happens now."""
        return self._clock.now_ns() < self._faults.until_ns and self._rng.random() < chance

    def after(self, ms: float, call: Callable[[], None]) -> None:
        self._clock.call_at(self._clock.now_ns() + int(ms * NS_PER_MS), call)

    def _gap_begins(self) -> None:
        self._deaf = True
        self._note(self._name, "private stream breaks")
        if self._rng.random() < 0.7 and not self._faults.silent:
            self._tell(self.wire, self._state("down"))

    def _gap_ends(self) -> None:
        self._deaf = False
        self._note(self._name, "private stream is back")
        self._tell(self.wire, self._state("down"))
        self._tell(self.wire, self._state("up"))

    def _state(self, state: Literal["up", "down"]) -> StreamState:
        now_ns = self._clock.now_ns()
        return StreamState(venue=self._name, markets=(self._market,), state=state, text="", t_ns=now_ns)

    def _tell(self, wire: Wire | None, *events: AccountEvent) -> None:
        for event in events:
            if wire is not None and not wire.cut:
                self._note(self._name, "->", event)
                wire.sink(event)

    def answer(self, make: Callable[[], AccountEvent], ms: float | None = None) -> None:
        """To the life that asked, only if it still lives; made when it is told."""
        wire = self.wire
        delay = self._rng.uniform(3, 60) if ms is None else ms
        self.after(delay, lambda: self._tell(wire, make()))

    def rows(self, events: list[AccountEvent], done: Callable[[], AccountEvent]) -> None:
        """The answer to a read: rows as they were when it was asked, then its end."""
        wire = self.wire
        self.after(self._rng.uniform(3, 80), lambda: self._tell(wire, *events, done()))

    def push(self, event: AccountEvent) -> None:
        """By the private stream: lost in a gap, sometimes twice, sometimes late."""
        if self._deaf:
            return
        delay = self._rng.uniform(1, 30)
        if self.strikes(self._faults.reorder):
            delay += self._rng.uniform(20, 400)
        self.after(delay, lambda: self._pushed(event))
        if self.strikes(self._faults.duplicate):
            self.after(delay + self._rng.uniform(0, 900), lambda: self._pushed(event))

    def _pushed(self, event: AccountEvent) -> None:
        if not self._deaf:
            self._tell(self.wire, event)
