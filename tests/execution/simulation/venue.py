"""A venue that keeps the truth and tells it badly. It shares no code with the ledger, only the words of ``core``.

Everything that goes wrong is drawn from the episode's own random numbers: lost answers (of orders that arrived or did
not), requests that arrive twice, refusals, partial, uneven and no fills, fills between a cancel and its end, ends that
come later, events twice, late or in another order, gaps of the private stream, reads that fail or are empty once, words
that nobody knows, answers that lag behind the book, orders that are forgotten, positions that the venue itself takes.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal
from functools import partial
from random import Random
from typing import Literal

from arbtui.core.clock import NS_PER_S
from arbtui.core.errors import RefusalReason
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    CancelRefused,
    CancelTaken,
    Order,
    OrderKind,
    OrderStatus,
    Origin,
    ReadKind,
    Rejected,
    Side,
    Unanswered,
)
from tests.execution.simulation.books import ZERO, Books, Held, Trade
from tests.execution.simulation.clock import SimClock
from tests.execution.simulation.faults import Faults
from tests.execution.simulation.market import Tape
from tests.execution.simulation.reads import Memory, Reads
from tests.execution.simulation.telling import Note, Telling

HOPELESS = (RefusalReason.INSUFFICIENT, RefusalReason.NOT_TRADING)
PASSING = (RefusalReason.RATE_LIMITED, RefusalReason.OTHER, RefusalReason.BAD_PRICE)


class SimVenue:
    """The truth of one account, and ``Executor`` through ``Port``."""

    def __init__(
        self,
        name: str,
        instrument: Instrument,
        tape: Tape,
        clock: SimClock,
        rng: Random,
        faults: Faults,
        memory: Memory,
        *,
        stock: Decimal,
        unnamed_end: bool,
        note: Note,
        filled: Callable[[Order, Trade], None],
    ) -> None:
        self.name = name
        self.instrument = instrument
        self.books = Books(name, instrument, faults, stock)
        self.telling = Telling(name, instrument, clock, rng, faults, note)
        self.reads = Reads(self.books, self.telling, clock, rng, faults, memory, note)
        self._tape = tape
        self._clock = clock
        self._rng = rng
        self._faults = faults
        self._settle_s = memory.settle_s
        self._unnamed_end = unnamed_end
        self._note = note
        self._filled = filled
        self._strikes, self._after = self.telling.strikes, self.telling.after
        self._answer, self._push = self.telling.answer, self.telling.push
        self.now = clock.now_ns

    def bid(self) -> Decimal:
        return self._tape.top(self.now())[0]

    # an order's way
    def place(self, order: Order) -> None:
        faults = self._faults
        if self._strikes(faults.lost_undelivered):
            self._note(self.name, order.client_id, "never arrives")
            self._answer(lambda: self._unanswered(order, "place"), self._rng.uniform(200, 3_000))
            return
        way_ms = self._rng.uniform(2, 40)
        if self._strikes(faults.twice):
            self._note(self.name, order.client_id, "arrives twice")
            self._after(way_ms, lambda: self._arrive(order, tell=False))
            self._after(way_ms + self._rng.uniform(1, 900), lambda: self._arrive(order, tell=True))
            return
        lost = self._strikes(faults.lost_delivered)
        if lost:
            way_ms = self._rng.choice((way_ms, self._rng.uniform(2, 900 * self._settle_s)))
            self._note(self.name, "the answer to", order.client_id, "gets lost")
            self._answer(lambda: self._unanswered(order, "place"), self._rng.uniform(200, 3_000))
        self._after(way_ms, lambda: self._arrive(order, tell=not lost, way_ms=way_ms))

    def _unanswered(self, order: Order, verb: Literal["place", "cancel"]) -> Unanswered:
        return Unanswered(venue=self.name, client_id=order.client_id, verb=verb, text="timed out", t_ns=self.now())

    def _arrive(self, order: Order, *, tell: bool, way_ms: float = 0.0) -> None:
        if order.client_id in self.books.orders:
            self._refuse(order, RefusalReason.DUPLICATE_ID, tell=tell)
            return
        refusal = self._refusal(order)
        if refusal is not None:
            self._refuse(order, refusal, tell=tell)
            return
        number = self.books.next_id()
        lag_s = self._rng.uniform(0.1, 0.5) * self._settle_s if self._strikes(self._faults.lag) else 0.0
        lag_s = max(0.0, min(lag_s, 0.95 * self._settle_s - way_ms / 1_000))  # the venue keeps its word
        now_ns = self.now()
        held = Held(order, f"{self.name[0]}{number}", now_ns, now_ns + int(lag_s * NS_PER_S))
        self.books.orders[order.client_id] = held
        self._note(self.name, "takes", order.client_id, order.side, order.qty, "at", order.price)
        if tell:
            self._accept(held)
        self._push_report(held)
        if self._strikes(self._faults.unknown_word):
            held.alien = True
            self._push_report(held)
            held.alien = self._rng.random() < 0.2
        if order.kind is OrderKind.POST_ONLY:
            self._rest(held)
        else:
            self._take(held)

    def _accept(self, held: Held) -> None:
        """An immediate order that is over by then and met nobody has no number on some venues."""

        def accepted() -> Accepted:
            return Accepted(
                venue=self.name,
                client_id=held.order.client_id,
                order_id="" if self._met_nobody(held) else held.order_id,
                t_ns=self.now(),
            )

        def told() -> AccountEvent:
            return self.books.report(held, "answer", self.now(), order_id="") if self._met_nobody(held) else accepted()

        ms = self._rng.uniform(3, 60)
        self._answer(accepted, ms)
        if self._unnamed_end:
            self._answer(told, ms)

    def _met_nobody(self, held: Held) -> bool:
        return self._unnamed_end and not held.open and not held.trades and held.order.kind is not OrderKind.POST_ONLY

    def _push_report(self, held: Held, *, vague: bool = False) -> None:
        self._push(self.books.report(held, "push", self.now(), vague=vague))

    def _refusal(self, order: Order) -> RefusalReason | None:
        if order.kind is OrderKind.POST_ONLY and self._would_take(order) and self._rng.random() < 0.5:
            return RefusalReason.WOULD_TAKE
        if order.reduce_only and self.books.position * order.side.sign >= 0:
            return RefusalReason.REDUCE_ONLY
        if order.reduce_only and self._strikes(self._faults.odd_reduce):
            return RefusalReason.REDUCE_ONLY
        if self._strikes(self._faults.hopeless):
            return self._rng.choice(HOPELESS)
        return self._rng.choice(PASSING) if self._strikes(self._faults.reject) else None

    def _would_take(self, order: Order) -> bool:
        bid, ask = self._tape.top(self.now())
        assert order.price is not None
        return order.price >= ask if order.side is Side.BUY else order.price <= bid

    def _refuse(self, order: Order, reason: RefusalReason, *, tell: bool) -> None:
        self._note(self.name, "refuses", order.client_id, reason)
        if tell:
            self._answer(
                lambda: Rejected(
                    venue=self.name,
                    client_id=order.client_id,
                    reason=reason,
                    code="1",
                    text=str(reason),
                    t_ns=self.now(),
                )
            )

    # what fills
    def _take(self, held: Held) -> None:
        """Immediate or cancel, against the tape's top, in one to four uneven pieces."""
        order = held.order
        bid, ask = self._tape.top(self.now())
        price = ask if order.side is Side.BUY else bid
        assert order.price is not None
        reach = price <= order.price if order.side is Side.BUY else price >= order.price
        want = order.qty if reach and not self._strikes(self._faults.no_fill) else ZERO
        if want and self._strikes(self._faults.thin):
            want = self._part(want, self._rng.uniform(0.05, 0.95), 3)
        if order.reduce_only:
            want = min(want, abs(self.books.position))
        pieces = self._pieces(want)
        spread_ms = self._rng.uniform(0, 900) if self._strikes(self._faults.late_end) else 0.0
        for index, qty in enumerate(pieces):
            at_ms = spread_ms * (index + 1) / len(pieces)
            if at_ms:
                self._after(at_ms, partial(self._trade, held, price, qty, maker=False))
            else:
                self._trade(held, price, qty, maker=False)
        if spread_ms:
            self._after(spread_ms + 1, lambda: self._end(held))
        else:
            self._end(held)

    def lots(self, qty: Decimal) -> Decimal:
        step = self.instrument.step
        assert step is not None
        return (qty / step).to_integral_value(rounding=ROUND_FLOOR) * step

    def _part(self, qty: Decimal, of_one: float, digits: int) -> Decimal:
        return self.lots(qty * Decimal(str(round(of_one, digits))))

    def _pieces(self, qty: Decimal) -> list[Decimal]:
        pieces: list[Decimal] = []
        rest = qty
        while rest > 0 and len(pieces) < 3 and self._rng.random() < 0.4:
            part = self._part(rest, self._rng.uniform(0.1, 0.9), 2)
            if part > 0:
                pieces.append(part)
                rest -= part
        return [*pieces, rest] if rest > 0 else pieces

    def _rest(self, held: Held) -> None:
        if self._would_take(held.order):
            self._end(held)  # taken, and canceled at once
            return
        at_ms = 0.0
        for _ in range(self._rng.randint(0, 5)):
            at_ms += self._rng.uniform(20, 2_500)
            self._after(at_ms, lambda: self._touch(held))

    def _touch(self, held: Held) -> None:
        """Somebody trades against what rests."""
        order = held.order
        if not held.open:
            return
        rest = order.qty - held.filled
        if order.reduce_only:
            rest = min(rest, abs(self.books.position))
        part = rest if self._rng.random() < 0.3 else self._part(rest, self._rng.uniform(0, 1), 2)
        assert order.price is not None
        if part > 0:
            self._trade(held, order.price, part, maker=True)
        if held.filled >= order.qty:
            self._end(held)

    def _trade(self, held: Held, price: Decimal, qty: Decimal, *, maker: bool) -> None:
        if not held.open:
            return  # a piece that was to come later; a cancel was faster
        qty = min(qty, held.order.qty - held.filled)
        if held.order.reduce_only:
            qty = min(qty, abs(self.books.position))
        if qty <= 0:
            return
        trade = self.books.trade(held, price, qty, self.now(), maker=maker)
        self._note(self.name, held.order.client_id, "fills", qty, "at", price)
        self._filled(held.order, trade)
        self._push(self.books.fill(held, trade, "push", self.now()))
        if self._rng.random() < 0.7:
            self._push_report(held)

    def _end(self, held: Held) -> None:
        if not held.open:
            return
        full = held.filled >= held.order.qty
        held.status = OrderStatus.FILLED if full else self._rng.choice((OrderStatus.CANCELED, OrderStatus.EXPIRED))
        held.ended_ns = self.now()
        self._note(self.name, held.order.client_id, "ends", held.status, "filled", held.filled)
        self._push_report(held, vague=self._strikes(self._faults.vague_end))

    # taking back
    def cancel(self, order: Order) -> None:
        lost = self._strikes(self._faults.cancel_lost)
        if lost:
            self._answer(lambda: self._unanswered(order, "cancel"), self._rng.uniform(200, 2_000))
            if self._rng.random() < 0.5:
                return
        self._after(self._rng.uniform(2, 40), lambda: self._cancel(order, tell=not lost))

    def _cancel(self, order: Order, *, tell: bool) -> None:
        held = self.books.orders.get(order.client_id)
        if held is None or not held.open:
            if tell:
                self._answer(lambda: self._no_such_order(order))
            return
        if tell:
            self._answer(lambda: CancelTaken(venue=self.name, client_id=order.client_id, t_ns=self.now()))
        if self._rng.random() < 0.3:
            self._touch(held)  # a fill races the cancel
        self._after(self._rng.choice((0.0, 0.0, 50.0, 1_500.0)), lambda: self._end(held))

    def _no_such_order(self, order: Order) -> CancelRefused:
        return CancelRefused(
            venue=self.name,
            client_id=order.client_id,
            reason=RefusalReason.UNKNOWN_ORDER,
            code="-2011",
            text="unknown order",
            t_ns=self.now(),
        )

    def interfere(self, side: Side, qty: Decimal, origin: Origin) -> None:
        """Somebody else trades: a person by hand, or the venue itself."""
        if qty <= 0:
            return
        bid, _ = self._tape.top(self.now())
        row = self.books.strange(side, qty, bid, origin, self.now())
        self._note(self.name, origin, side, qty, "by somebody else")
        self._push(self.books.strange_fill(row, self.now()))


class Port:
    """``Executor`` of one life."""

    def __init__(self, venue: SimVenue, before: Callable[[str, Order | None], None]) -> None:
        self.name = venue.name
        self._venue = venue
        self._before = before

    def place(self, order: Order) -> None:
        self._before("place", order)
        self._venue.place(order)

    def cancel(self, order: Order) -> None:
        self._before("cancel", order)
        self._venue.cancel(order)

    def query(self, order: Order) -> None:
        self._before("query", order)
        self._venue.reads.query(order)

    def read(self, kind: ReadKind, market: Market, native: str = "", since_ms: int | None = None) -> None:
        self._before("read", None)
        self._venue.reads.read(kind, market, native, since_ms)
