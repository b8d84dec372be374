"""A venue that keeps the truth and tells it badly. It shares no code with the ledger, only the words of ``core``.

Everything that goes wrong is drawn from the episode's own random numbers: lost answers (of orders that arrived or did
not), refusals, partial, uneven and no fills, fills between a cancel and its end, ends that come later, events twice,
late or in another order, gaps of the private stream, reads that fail or are empty once, words that nobody knows,
answers that lag behind the book, orders that are forgotten, positions that the venue itself takes away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Literal

from arbtui.core.clock import NS_PER_MS, NS_PER_S, ManualClock
from arbtui.core.errors import RefusalReason
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    CancelRefused,
    CancelTaken,
    Fill,
    Order,
    OrderAbsent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Origin,
    Position,
    ReadDone,
    ReadFailed,
    ReadKind,
    Rejected,
    Side,
    StreamState,
    Told,
    Unanswered,
)

if TYPE_CHECKING:
    from tests.execution.simulation.market import Tape

ZERO = Decimal(0)
HOPELESS = (RefusalReason.INSUFFICIENT, RefusalReason.NOT_TRADING)
PASSING = (RefusalReason.RATE_LIMITED, RefusalReason.OTHER, RefusalReason.BAD_PRICE)


@dataclass
class Faults:
    """Probabilities, drawn for each episode; ``until_ns``: from then on the venue behaves."""

    until_ns: int = 0
    lost_delivered: float = 0.0
    lost_undelivered: float = 0.0
    reject: float = 0.0
    hopeless: float = 0.0
    thin: float = 0.0  # an order finds only part of what it wants
    no_fill: float = 0.0
    late_end: float = 0.0
    vague_end: float = 0.0  # the end is told without a quantity
    duplicate: float = 0.0
    reorder: float = 0.0
    unknown_word: float = 0.0
    read_fails: float = 0.0
    read_empty: float = 0.0
    query_fails: float = 0.0
    cancel_lost: float = 0.0
    lag: float = 0.3  # how often queries and lists learn of an order late
    blind: bool = False  # a query by client id does not find orders that ended (the lists do)
    nameless_fills: bool = False  # fills are told without a client id (Binance, "Account Trade List")
    feeless_push: bool = False  # the push of a fill does not tell its fee
    gaps: list[tuple[int, int]] = field(default_factory=list)  # the private stream is down


@dataclass
class Trade:
    fill_id: str
    price: Decimal
    qty: Decimal
    fee: Decimal
    fee_ccy: str
    t_ns: int
    maker: bool


@dataclass
class Held:
    """The truth about one order."""

    order: Order
    order_id: str
    arrived_ns: int
    seen_ns: int  # from then on queries and lists know it
    status: OrderStatus = OrderStatus.OPEN
    ended_ns: int = 0
    trades: list[Trade] = field(default_factory=list)
    alien: bool = False
    rejected: bool = False

    @property
    def filled(self) -> Decimal:
        return sum((trade.qty for trade in self.trades), ZERO)


class Wire:
    """The connection of one life of the program. Cut: nothing more is heard through it."""

    def __init__(self, sink: Callable[[AccountEvent], None]) -> None:
        self.sink = sink
        self.cut = False


class SimVenue:
    """The truth of one account, and ``Executor`` through ``Port``."""

    def __init__(
        self,
        name: str,
        instrument: Instrument,
        tape: Tape,
        clock: ManualClock,
        rng: Random,
        faults: Faults,
        *,
        settle_s: float,
        forget_s: float,
        note: Callable[[str], None],
        filled: Callable[[Order, Trade], None],
    ) -> None:
        self.name = name
        self.instrument = instrument
        self.tape = tape
        self.clock = clock
        self.rng = rng
        self.faults = faults
        self.settle_s = settle_s
        self.forget_s = forget_s
        self.note = note
        self.on_fill = filled
        self.orders: dict[str, Held] = {}
        self.strangers: list[tuple[Side, Trade, Origin, str]] = []
        self.wire: Wire | None = None
        self.hand_qty = ZERO  # what others did to the position, signed wire
        self.lied_ns: dict[str, int] = {}
        self._ids = 0
        self._deaf = False
        for begin, end in faults.gaps:
            clock.call_at(begin, self._gap_begins)
            clock.call_at(end, self._gap_ends)

    # faults
    def strikes(self, chance: float) -> bool:
        return self.clock.now_ns() < self.faults.until_ns and self.rng.random() < chance

    def _gap_begins(self) -> None:
        self._deaf = True
        self.note(f"{self.name}: private stream breaks")
        if self.rng.random() < 0.7:
            self.tell(self._state("down"))

    def _gap_ends(self) -> None:
        self._deaf = False
        self.note(f"{self.name}: private stream is back")
        self.tell(self._state("down"))
        self.tell(self._state("up"))

    def _state(self, state: Literal["up", "down"]) -> StreamState:
        markets = (self.instrument.market,)
        return StreamState(venue=self.name, markets=markets, state=state, text="", t_ns=self.now())

    # telling
    def now(self) -> int:
        return self.clock.now_ns()

    def after(self, ms: float, call: Callable[[], None]) -> None:
        self.clock.call_at(self.now() + int(ms * NS_PER_MS), call)

    def tell(self, event: AccountEvent) -> None:
        wire = self.wire
        if wire is not None and not wire.cut:
            self.note(f"{self.name} -> {type(event).__name__} {_short(event)}")
            wire.sink(event)

    def answer(self, make: Callable[[], AccountEvent], ms: float | None = None) -> None:
        """To the life that asked, only if it still lives."""
        wire = self.wire
        delay = self.rng.uniform(3, 60) if ms is None else ms

        def go() -> None:
            if wire is not None and not wire.cut:
                event = make()
                self.note(f"{self.name} -> {type(event).__name__} {_short(event)}")
                wire.sink(event)

        self.after(delay, go)

    def push(self, make: Callable[[], AccountEvent]) -> None:
        """By the private stream: lost in a gap, sometimes twice, sometimes late."""
        if self._deaf:
            return
        delay = self.rng.uniform(1, 30)
        if self.strikes(self.faults.reorder):
            delay += self.rng.uniform(20, 400)
        event = make()
        self.after(delay, lambda: None if self._deaf else self.tell(event))
        if self.strikes(self.faults.duplicate):
            self.after(delay + self.rng.uniform(0, 900), lambda: None if self._deaf else self.tell(event))

    # orders
    def place(self, order: Order) -> None:
        faults = self.faults
        if self.strikes(faults.lost_undelivered):
            self.note(f"{self.name}: {order.client_id} never arrives")
            self.answer(lambda: self._unanswered(order, "place"), self.rng.uniform(200, 3_000))
            return
        lost = self.strikes(faults.lost_delivered)
        way_ms = self.rng.uniform(2, 40)
        if lost:
            way_ms = self.rng.choice((way_ms, self.rng.uniform(2, 450 * self.settle_s)))
            self.note(f"{self.name}: the answer to {order.client_id} gets lost")
            self.answer(lambda: self._unanswered(order, "place"), self.rng.uniform(200, 3_000))
        self.after(way_ms, lambda: self._arrive(order, tell=not lost))

    def _unanswered(self, order: Order, verb: Literal["place", "cancel", "query"]) -> Unanswered:
        return Unanswered(venue=self.name, client_id=order.client_id, verb=verb, text="timed out", t_ns=self.now())

    def _arrive(self, order: Order, *, tell: bool) -> None:
        if order.client_id in self.orders:
            self._refuse(order, RefusalReason.DUPLICATE_ID, tell=tell)
            return
        refusal = self._refusal(order)
        if refusal is not None:
            self._refuse(order, refusal, tell=tell)
            return
        self._ids += 1
        lag_s = self.rng.uniform(0.1, 0.5) * self.settle_s if self.strikes(self.faults.lag) else 0.0
        lag_ns = int(lag_s * NS_PER_S)
        held = Held(order, f"{self.name[0]}{self._ids}", self.now(), self.now() + lag_ns)
        self.orders[order.client_id] = held
        self.note(f"{self.name}: takes {order.client_id} {order.side} {order.qty} at {order.price}")
        if tell:
            self.answer(
                lambda: Accepted(venue=self.name, client_id=order.client_id, order_id=held.order_id, t_ns=self.now())
            )
        self.push(lambda: self.report(held, "push"))
        if self.strikes(self.faults.unknown_word):
            held.alien = True
            self.push(lambda: self.report(held, "push"))
            held.alien = self.rng.random() < 0.2
        if order.kind is OrderKind.POST_ONLY:
            self._rest(held)
        else:
            self._take(held)

    def _refusal(self, order: Order) -> RefusalReason | None:
        bid, ask = self.tape.top(self.now())
        if order.kind is OrderKind.POST_ONLY and order.price is not None:
            takes = order.price >= ask if order.side is Side.BUY else order.price <= bid
            if takes and self.rng.random() < 0.5:
                return RefusalReason.WOULD_TAKE
        if order.reduce_only and self.position() * order.side.sign >= 0:
            return RefusalReason.REDUCE_ONLY
        if self.strikes(self.faults.hopeless):
            return self.rng.choice(HOPELESS)
        return self.rng.choice(PASSING) if self.strikes(self.faults.reject) else None

    def _refuse(self, order: Order, reason: RefusalReason, *, tell: bool) -> None:
        self.note(f"{self.name}: refuses {order.client_id}: {reason}")
        if tell:
            self.answer(
                lambda: Rejected(
                    venue=self.name,
                    client_id=order.client_id,
                    reason=reason,
                    code="1",
                    text=str(reason),
                    t_ns=self.now(),
                )
            )

    def _take(self, held: Held) -> None:
        """Immediate or cancel, against the tape's top, in one to four uneven pieces."""
        order = held.order
        bid, ask = self.tape.top(self.now())
        price = ask if order.side is Side.BUY else bid
        assert order.price is not None
        reach = price <= order.price if order.side is Side.BUY else price >= order.price
        want = order.qty if reach and not self.strikes(self.faults.no_fill) else ZERO
        if want and self.strikes(self.faults.thin):
            want = self._lots(want * Decimal(str(round(self.rng.uniform(0.05, 0.95), 3))))
        if order.reduce_only:
            want = min(want, abs(self.position()))
        pieces = self._pieces(want)
        spread_ms = self.rng.uniform(0, 900) if self.strikes(self.faults.late_end) else 0.0
        for index, qty in enumerate(pieces):
            at_ms = spread_ms * (index + 1) / len(pieces)
            if at_ms:
                self.after(at_ms, partial(self._trade, held, price, qty, maker=False))
            else:
                self._trade(held, price, qty, maker=False)
        if spread_ms:
            self.after(spread_ms + 1, lambda: self._end(held))
        else:
            self._end(held)

    def _lots(self, qty: Decimal) -> Decimal:
        step = self.instrument.step
        assert step is not None
        return (qty / step).to_integral_value(rounding=ROUND_FLOOR) * step

    def _pieces(self, qty: Decimal) -> list[Decimal]:
        pieces: list[Decimal] = []
        rest = qty
        while rest > 0 and len(pieces) < 3 and self.rng.random() < 0.4:
            part = self._lots(rest * Decimal(str(round(self.rng.uniform(0.1, 0.9), 2))))
            if part > 0:
                pieces.append(part)
                rest -= part
        return [*pieces, rest] if rest > 0 else pieces

    def _rest(self, held: Held) -> None:
        order = held.order
        bid, ask = self.tape.top(self.now())
        assert order.price is not None
        if order.price >= ask if order.side is Side.BUY else order.price <= bid:
            self._end(held)  # taken, and canceled at once
            return
        at_ms = 0.0
        for _ in range(self.rng.randint(0, 5)):
            at_ms += self.rng.uniform(20, 2_500)
            self.after(at_ms, lambda: self._touch(held))

    def _touch(self, held: Held) -> None:
        """Somebody trades against what rests."""
        order = held.order
        if held.status is not OrderStatus.OPEN:
            return
        rest = order.qty - held.filled
        if order.reduce_only:
            rest = min(rest, abs(self.position()))
        part = rest if self.rng.random() < 0.3 else self._lots(rest * Decimal(str(round(self.rng.uniform(0, 1), 2))))
        assert order.price is not None
        if part > 0:
            self._trade(held, order.price, part, maker=True)
        if held.filled >= order.qty:
            self._end(held)

    def _trade(self, held: Held, price: Decimal, qty: Decimal, *, maker: bool) -> None:
        order, spec = held.order, self.instrument
        if order.reduce_only:
            qty = min(qty, abs(self.position()))
        if qty <= 0:
            return
        self._ids += 1
        rate = Decimal(str(spec.maker_rate if maker else spec.taker_rate))
        assert spec.multiplier is not None
        assert spec.price_factor is not None
        fee, ccy = qty * price * spec.multiplier / spec.price_factor * rate, spec.quote
        if spec.market is Market.SPOT and order.side is Side.BUY:
            fee, ccy = qty * rate, spec.base
        trade = Trade(f"t{self._ids}", price, qty, fee, ccy, self.now(), maker)
        held.trades.append(trade)
        self.note(f"{self.name}: {order.client_id} fills {qty} at {price}")
        self.on_fill(order, trade)
        self.push(lambda: self.fill(held, trade, "push"))
        if self.rng.random() < 0.7:
            self.push(lambda: self.report(held, "push"))

    def _end(self, held: Held) -> None:
        if held.status is not OrderStatus.OPEN:
            return
        full = held.filled >= held.order.qty
        held.status = OrderStatus.FILLED if full else self.rng.choice((OrderStatus.CANCELED, OrderStatus.EXPIRED))
        held.ended_ns = self.now()
        self.note(f"{self.name}: {held.order.client_id} ends {held.status}, filled {held.filled}")
        vague = self.strikes(self.faults.vague_end)
        self.push(lambda: self.report(held, "push", vague=vague))

    def cancel(self, order: Order) -> None:
        lost = self.strikes(self.faults.cancel_lost)
        if lost:
            self.answer(lambda: self._unanswered(order, "cancel"), self.rng.uniform(200, 2_000))
            if self.rng.random() < 0.5:
                return
        self.after(self.rng.uniform(2, 40), lambda: self._cancel(order, tell=not lost))

    def _cancel(self, order: Order, *, tell: bool) -> None:
        held = self.orders.get(order.client_id)
        if held is None or held.status is not OrderStatus.OPEN:
            if tell:
                self.answer(
                    lambda: CancelRefused(
                        venue=self.name,
                        client_id=order.client_id,
                        reason=RefusalReason.UNKNOWN_ORDER,
                        code="-2011",
                        text="unknown order",
                        t_ns=self.now(),
                    )
                )
            return
        if tell:
            self.answer(lambda: CancelTaken(venue=self.name, client_id=order.client_id, t_ns=self.now()))
        if self.rng.random() < 0.3:
            self._touch(held)  # a fill races the cancel
        self.after(self.rng.choice((0.0, 0.0, 50.0, 1_500.0)), lambda: self._end(held))

    # reading
    def query(self, order: Order) -> None:
        if self.strikes(self.faults.query_fails):
            self.answer(lambda: self._unanswered(order, "query"), self.rng.uniform(50, 2_000))
            return
        held = self.orders.get(order.client_id)
        blind = self.faults.blind and held is not None and held.status is not OrderStatus.OPEN
        if held is None or blind or not self._remembers(held):
            self.answer(lambda: OrderAbsent(venue=self.name, client_id=order.client_id, t_ns=self.now()))
            return
        event = self.report(held, "query")
        self.answer(lambda: event)

    def _remembers(self, held: Held) -> bool:
        if self.now() < held.seen_ns:
            return False
        gone = held.status is not OrderStatus.OPEN and not held.trades
        return not (gone and self.now() - held.ended_ns > int(self.forget_s * NS_PER_S))

    def read(self, kind: ReadKind, market: Market, native: str = "", since_ms: int | None = None) -> None:
        asked_ns = self.now()
        if self.strikes(self.faults.read_fails):
            self.answer(
                lambda: ReadFailed(
                    venue=self.name, market=market, kind=kind, text="HTTP 503", t_ns=self.now(), native=native
                )
            )
            return
        rows = [] if self._lies(kind) else self._rows(kind, since_ms)
        wire = self.wire

        def go() -> None:
            for row in rows:
                if wire is not None and not wire.cut:
                    self.note(f"{self.name} -> {kind}: {type(row).__name__} {_short(row)}")
                    wire.sink(row)
            if wire is not None and not wire.cut:
                self.note(f"{self.name} -> {kind} done")
                wire.sink(
                    ReadDone(
                        venue=self.name,
                        market=market,
                        kind=kind,
                        asked_ns=asked_ns,
                        t_ns=self.now(),
                        native=native,
                        since_ms=since_ms,
                    )
                )

        self.after(self.rng.uniform(3, 80), go)

    def _lies(self, kind: ReadKind) -> bool:
        """Empty although there is something: for less than a second, then not again for a while."""
        ago_ns = self.now() - self.lied_ns.get(kind, -(10**18))
        if ago_ns < 900 * NS_PER_MS:
            return True
        if ago_ns < 8 * NS_PER_S or not self.strikes(self.faults.read_empty):
            return False
        self.lied_ns[kind] = self.now()
        self.note(f"{self.name}: {kind} is empty this once")
        return True

    def _rows(self, kind: ReadKind, since_ms: int | None) -> list[AccountEvent]:
        from_ns = (since_ms or 0) * NS_PER_MS
        known = [held for held in self.orders.values() if self._remembers(held)]
        match kind:
            case ReadKind.OPEN_ORDERS:
                return [self.report(held, "open_orders") for held in known if held.status is OrderStatus.OPEN]
            case ReadKind.HISTORY:
                ended = [held for held in known if held.status is not OrderStatus.OPEN and held.ended_ns >= from_ns]
                return [self.report(held, "history") for held in ended]
            case ReadKind.FILLS:
                ours = [
                    self.fill(held, trade, "fills") for held in known for trade in held.trades if trade.t_ns >= from_ns
                ]
                return [*ours, *(self._strange_fill(*row) for row in self.strangers if row[1].t_ns >= from_ns)]
            case ReadKind.POSITIONS:
                return [self.position_row()] if self.position() else []
            case _:
                return []

    # what is told
    def report(self, held: Held, told: Told, *, vague: bool = False) -> OrderReport:
        order = held.order
        status = OrderStatus.UNKNOWN if held.alien else held.status
        return OrderReport(
            venue=self.name,
            market=order.market,
            native=order.native,
            client_id=order.client_id,
            order_id=held.order_id,
            side=order.side,
            status=status,
            status_text="ALIEN" if held.alien else held.status.value,
            told=told,
            t_ns=self.now(),
            t_ms=self.now() // NS_PER_MS,
            qty=order.qty,
            price=order.price,
            filled=None if vague else held.filled,
            reduce_only=order.reduce_only,
        )

    def fill(self, held: Held, trade: Trade, told: Told) -> Fill:
        order = held.order
        feeless = told == "push" and self.faults.feeless_push
        return Fill(
            venue=self.name,
            market=order.market,
            native=order.native,
            fill_id=trade.fill_id,
            order_id=held.order_id,
            client_id="" if self.faults.nameless_fills else order.client_id,
            side=order.side,
            price=trade.price,
            qty=trade.qty,
            told=told,
            t_ns=self.now(),
            t_ms=trade.t_ns // NS_PER_MS,
            fee=None if feeless else trade.fee,
            fee_ccy="" if feeless else trade.fee_ccy,
            maker=trade.maker,
        )

    def _strange_fill(self, side: Side, trade: Trade, origin: Origin, order_id: str) -> Fill:
        spec = self.instrument
        return Fill(
            venue=self.name,
            market=spec.market,
            native=spec.native,
            fill_id=trade.fill_id,
            order_id=order_id,
            client_id="",
            side=side,
            price=trade.price,
            qty=trade.qty,
            told="fills",
            t_ns=self.now(),
            t_ms=trade.t_ns // NS_PER_MS,
            fee=trade.fee,
            fee_ccy=trade.fee_ccy,
            origin=origin,
        )

    # positions
    def position(self) -> Decimal:
        """Signed wire, of the whole account."""
        total = self.hand_qty
        for held in self.orders.values():
            total += held.order.side.sign * held.filled
        return total

    def position_row(self) -> Position:
        return Position(
            venue=self.name, native=self.instrument.native, qty=self.position(), t_ns=self.now(), told="query"
        )

    def interfere(self, side: Side, qty: Decimal, origin: Origin) -> None:
        """Somebody else trades: a person by hand, or the venue itself."""
        if qty <= 0:
            return
        self._ids += 1
        bid, _ = self.tape.top(self.now())
        trade = Trade(f"t{self._ids}", bid, qty, ZERO, self.instrument.quote, self.now(), False)
        row = (side, trade, origin, f"x{self._ids}")
        self.strangers.append(row)
        self.hand_qty += side.sign * qty
        self.note(f"{self.name}: {origin}: {side} {qty} by somebody else")
        self.push(lambda: self._strange_fill(*row))


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
        self._venue.query(order)

    def read(self, kind: ReadKind, market: Market, native: str = "", since_ms: int | None = None) -> None:
        self._before("read", None)
        self._venue.read(kind, market, native, since_ms)


def _short(event: AccountEvent) -> str:
    parts = []
    for name in (
        "client_id",
        "order_id",
        "fill_id",
        "status",
        "filled",
        "qty",
        "fee",
        "verb",
        "reason",
        "kind",
        "state",
    ):
        value = getattr(event, name, None)
        if value not in (None, ""):
            parts.append(f"{name}={value}")
    return " ".join(parts)
