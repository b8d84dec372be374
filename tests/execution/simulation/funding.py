"""Funding in an episode: each perpetual pays at hours of its own, and every payment is counted once, over all lives.

An hour is ``HOUR_S`` of an episode. A payment is pushed like anything else (lost, late, twice) and listed at the end.
Those of earlier lives are taken from the journal, as the engine takes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.orders import FundingPaid
from arbtui.execution.ledger import Ledger
from arbtui.execution.lifecycle import State
from arbtui.execution.pnl import Funding
from arbtui.execution.ports import Record
from arbtui.execution.records import Told, fact_of
from tests.execution.simulation.books import ZERO
from tests.execution.simulation.clock import SimClock
from tests.execution.simulation.venue import SimVenue

HOUR_S = 5
_RATE_PER_H = Decimal("0.00002")


class Payments:
    """``broke`` is told where what was counted is not what was paid."""

    def __init__(self, clock: SimClock, venues: Mapping[str, SimVenue], broke: Callable[[str], None]) -> None:
        self._clock = clock
        self._venues = venues
        self._broke = broke
        self._paid: list[FundingPaid] = []  # the truth
        self._counted = Funding()

    def schedule(self, start_ns: int, until_s: int) -> None:
        for venue in self._venues.values():
            if (hours := venue.instrument.funding_interval_h) is None:
                continue
            for at_s in range(round(hours) * HOUR_S, until_s, round(hours) * HOUR_S):
                self._clock.call_at(start_ns + at_s * NS_PER_S, partial(self._pay, venue, round(hours)))

    def _pay(self, venue: SimVenue, hours: int) -> None:
        spec, qty = venue.instrument, venue.books.position
        if not qty:
            return
        assert spec.multiplier is not None
        now_ns = self._clock.now_ns()
        payment = FundingPaid(
            venue=venue.name,
            native=spec.native,
            payment_id=f"f{len(self._paid)}",
            amount=-qty * spec.multiplier * venue.bid() * _RATE_PER_H * hours,
            ccy=spec.settle_ccy,
            t_ms=now_ns // NS_PER_MS - 1,  # what is traded in the moment of the payment comes after it
            t_ns=now_ns,
        )
        self._paid.append(payment)
        venue.telling.push(payment)

    def new_life(self, kept: Iterable[Record], ledgers: Iterable[Ledger]) -> None:
        """What the journal has of earlier lives."""
        self._counted = Funding()
        known = list(ledgers)
        for record in kept:
            if not record.hedge and isinstance(fact := fact_of(record), Told) and isinstance(fact.event, FundingPaid):
                self._counted.hear(fact.event, known)

    def hear(self, event: FundingPaid, ledgers: Iterable[Ledger]) -> bool:
        """Whether it is news."""
        return self._counted.hear(event, ledgers)

    def last_look(self, ledgers: Mapping[str, Ledger], *, taken: bool) -> None:
        """``taken``: others traded on the account, whose share is nobody's."""
        anew = Funding()
        for payment in self._paid:
            self._counted.hear(payment, ledgers.values())
            anew.hear(payment, ledgers.values())
        for ccy in {payment.ccy for payment in self._paid}:
            true = sum((payment.amount for payment in self._paid if payment.ccy == ccy), ZERO)
            counted = sum((sums.get(ccy, ZERO) for sums in self._counted.of.values()), ZERO)
            if counted != true:
                self._broke(f"{true} {ccy} of funding were paid, {counted} were counted")
        sure = all(ledger.complete() and ledger.state is not State.HALTED for ledger in ledgers.values())
        if "" in anew.of and sure and not taken:
            self._broke(f"funding was paid, and arbtui says to nobody's position: {anew.of}")
