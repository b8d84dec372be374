"""What hedges need of the world. Whoever satisfies these can be traded on: a real account, paper, a simulation.

Nothing here waits and nothing here raises for what happens out there: a request is handed over, and what became of it
comes back later, on the same loop, as ``core.orders`` events through the sink that the executor was given. Each request
about an order ends in at least one of its own events, ``Unanswered`` among them; each read ends in exactly one
``ReadDone`` or ``ReadFailed``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, runtime_checkable

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, Order, ReadKind

Sink = Callable[[AccountEvent], None]


class Executor(Protocol):
    """Carries requests to one account of one venue. ``name`` is the venue's."""

    name: str

    def place(self, order: Order) -> None:
        """-> Accepted, Rejected or Unanswered; reports and fills as they come."""
        ...

    def cancel(self, order: Order) -> None:
        """-> CancelTaken, CancelRefused or Unanswered; how the order ended comes as a report."""
        ...

    def query(self, order: Order) -> None:
        """-> OrderReport (and the order's fills), OrderAbsent or Unanswered."""
        ...

    def read(self, kind: ReadKind, market: Market, native: str = "", since_ms: int | None = None) -> None:
        """-> rows, then ReadDone or ReadFailed."""
        ...


@runtime_checkable
class CountsOrders(Protocol):
    """An executor that refuses an order by itself where its venue's limit of orders is used up."""

    def order_wait_s(self, orders: Sequence[Order]) -> float:
        """How long until all of these could be sent at once; 0 = now. Nothing is sent, and nothing is set aside."""
        ...


@dataclass(frozen=True)
class Record:
    """One line of the journal: what was decided or observed of one hedge ("" = of none), in the order it happened."""

    t_ns: int
    hedge: str
    kind: str  # "intent", "order", "event", "state" ...: see ``execution.records``
    body: bytes  # JSON


class Journal(Protocol):
    """Durable memory. ``write`` returns at once; ``then`` is called on the loop once the records are on disk.

    Batches are kept in order. Where they cannot be kept (disk full), ``failed`` is called with one sentence instead,
    and every later write fails alike until ``write`` succeeds again. Batches that were handed over before the failure
    was told fail too, in order: a later batch never stands without an earlier one.
    """

    def write(
        self, records: Sequence[Record], then: Callable[[], None] | None, failed: Callable[[str], None]
    ) -> None: ...


@dataclass(frozen=True)
class Price:
    """The executable prices of one leg now, exact, wire units. None: that side is missing or may not be traded on.

    ``fresh``: heard or confirmed lately enough for an order; ``why_not`` says in words what keeps it from being traded.
    """

    bid: Decimal | None
    bid_qty: Decimal | None
    ask: Decimal | None
    ask_qty: Decimal | None
    age_ms: float
    fresh: bool
    why_not: str = ""


class Prices(Protocol):
    """What the market says of a leg (``venue.market.native``)."""

    def price(self, leg: str) -> Price: ...

    def instrument(self, leg: str) -> Instrument | None:
        """As listed now; None where it is not listed any more."""
        ...

    def usd(self, ccy: str) -> Decimal | None:
        """US dollars for one unit of a currency or coin; None where no fresh rate is known."""
        ...
