"""Queries and lists: late, failing, forgetful, and now and then empty although there is something."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.model import Market
from arbtui.core.orders import AccountEvent, Order, OrderAbsent, ReadDone, ReadFailed, ReadKind, Unanswered
from tests.execution.simulation.books import Books, Held
from tests.execution.simulation.clock import SimClock
from tests.execution.simulation.faults import Faults
from tests.execution.simulation.telling import Note, Telling


@dataclass(frozen=True)
class Memory:
    """How long an order may be missing in the lists, and how long one that ended without fills is remembered."""

    settle_s: float
    forget_s: float


class Reads:
    """What one venue answers when asked."""

    def __init__(
        self,
        books: Books,
        telling: Telling,
        clock: SimClock,
        rng: Random,
        faults: Faults,
        memory: Memory,
        note: Note,
    ) -> None:
        self._books = books
        self._telling = telling
        self._rng = rng
        self._faults = faults
        self._forget_ns = int(memory.forget_s * NS_PER_S)
        self._note = note
        self._lied_ns: dict[ReadKind, int] = {}
        self._lagging_ns = -(10**18)
        self.now = clock.now_ns

    def query(self, order: Order) -> None:
        name, books = self._books.name, self._books
        if self._telling.strikes(self._faults.query_fails):
            self._telling.answer(
                lambda: Unanswered(
                    venue=name, client_id=order.client_id, verb="query", text="timed out", t_ns=self.now()
                ),
                self._rng.uniform(50, 2_000),
            )
            return
        held = books.orders.get(order.client_id)
        self._lies(ReadKind.OPEN_ORDERS)  # the copy that answers this one, too, may lag
        blind = self._lagging() or (self._faults.blind and held is not None and not held.open)
        if held is None or blind or not self._remembers(held):
            self._telling.answer(lambda: OrderAbsent(venue=name, client_id=order.client_id, t_ns=self.now()))
            return
        event = books.report(held, "query", self.now())
        self._telling.answer(lambda: event)

    def _remembers(self, held: Held) -> bool:
        now_ns = self.now()
        if now_ns < held.seen_ns:
            return False
        return held.open or bool(held.trades) or now_ns - held.ended_ns <= self._forget_ns

    def read(self, kind: ReadKind, market: Market, native: str, since_ms: int | None) -> None:
        asked_ns, venue = self.now(), self._books.name
        if self._telling.strikes(self._faults.read_fails):
            self._telling.answer(
                lambda: ReadFailed(
                    venue=venue, market=market, kind=kind, text="HTTP 503", t_ns=self.now(), native=native
                )
            )
            return
        rows = [] if self._lies(kind) else self._rows(kind, (since_ms or 0) * NS_PER_MS)
        self._telling.rows(
            rows,
            lambda: ReadDone(
                venue=venue,
                market=market,
                kind=kind,
                asked_ns=asked_ns,
                t_ns=self.now(),
                native=native,
                since_ms=since_ms,
            ),
        )

    def _lies(self, kind: ReadKind) -> bool:
        """Empty although there is something: for less than a second, then not again for a while."""
        now_ns = self.now()
        ago_ns = now_ns - self._lied_ns.get(kind, -(10**18))
        if ago_ns < 900 * NS_PER_MS:
            return True
        if ago_ns < 8 * NS_PER_S or not self._telling.strikes(self._faults.read_empty):
            return False
        alone = all(now_ns - lied_ns >= 8 * NS_PER_S for lied_ns in self._lied_ns.values())
        self._lied_ns[kind] = now_ns
        self._note(self._books.name, kind, "is empty this once")
        if alone and self._rng.random() < 0.3:
            self._note(self._books.name, "and so is all else")
            self._lied_ns = dict.fromkeys(ReadKind, now_ns)
            self._lagging_ns = now_ns
        return True

    def _lagging(self) -> bool:
        """Everything that is read comes from a copy of the books that lags behind."""
        return self.now() - self._lagging_ns < 900 * NS_PER_MS

    def _rows(self, kind: ReadKind, from_ns: int) -> list[AccountEvent]:
        books, now_ns = self._books, self.now()
        if kind is ReadKind.POSITIONS:
            return [books.position_row(now_ns)] if books.position else []
        if kind is ReadKind.BALANCES:
            return [books.balance_row(now_ns)] if books.wallet else []
        known = [held for held in books.orders.values() if self._remembers(held)]
        match kind:
            case ReadKind.OPEN_ORDERS:
                return [books.report(held, "open_orders", now_ns) for held in known if held.open]
            case ReadKind.HISTORY:
                ended = [held for held in known if not held.open and held.ended_ns >= from_ns]
                return [books.report(held, "history", now_ns) for held in ended]
            case ReadKind.FILLS:
                ours = [
                    books.fill(held, trade, "fills", now_ns)
                    for held in known
                    for trade in held.trades
                    if trade.t_ns >= from_ns
                ]
                strange = [books.strange_fill(row, now_ns) for row in books.strangers if row.trade.t_ns >= from_ns]
                return [*ours, *strange]
            case _:
                return []
