"""A hedge on a stage: two legs, prices set by hand, executors that only write down what they were asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.core.errors import RefusalReason
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.orders import (
    Absence,
    Accepted,
    Fill,
    Order,
    OrderAbsent,
    OrderReport,
    OrderStatus,
    Position,
    ReadDone,
    ReadKind,
    Rejected,
    Told,
    Unanswered,
)
from arbtui.execution.intents import Intent, Style
from arbtui.execution.ledger import VenueRules
from arbtui.execution.policy import DEFAULT, Policy
from arbtui.execution.ports import Price, Record
from arbtui.execution.reviews import Rates, Wish, open_intent
from arbtui.execution.runner import Runner, Said

T0 = 1_800_000_000 * NS_PER_S
HEDGE = "mywpiwwa00"
LISTS = (ReadKind.OPEN_ORDERS, ReadKind.FILLS, ReadKind.HISTORY, ReadKind.POSITIONS)  # all that tells of a leg
RULES = {name: VenueRules(Absence(settle_s=1.0, forget_s=3_600.0)) for name in ("alpha", "beta")}


def dec(text: str | int) -> Decimal:
    return Decimal(text)


def instrument(
    venue: str, *, spot: bool = False, step: str = "0.1", multiplier: str = "1", least: str = "5"
) -> Instrument:
    return Instrument(
        venue=venue,
        market=Market.SPOT if spot else Market.PERP,
        native="COIN-USDT" if spot else "COINUSDT",
        base="COIN",
        quote="USDT",
        price_ccy="USDT",
        settle_ccy="USDT",
        multiplier=dec(multiplier),
        price_factor=dec(1),
        status=TradingStatus.TRADING,
        tick=dec("0.01"),
        step=dec(step),
        min_notional=dec(least),
    )


def quote(bid: str, ask: str, *, age_ms: float = 5.0, fresh: bool = True, qty: str = "1000") -> Price:
    return Price(dec(bid), dec(qty), dec(ask), dec(qty), age_ms=age_ms, fresh=fresh)


GOOD = (quote("99.99", "100.00"), quote("100.20", "100.21"))
RATES = (Rates(dec("0.0005"), dec("0.0002")), Rates(dec("0.0005"), dec("0.0002")))


def intent(
    *,
    qty: str = "10",
    style: Style = Style.TAKER_TAKER,
    maker: int | None = None,
    policy: Policy = DEFAULT,
    buy: Instrument | None = None,
    sell: Instrument | None = None,
    prices: tuple[Price, Price] = GOOD,
    hedge: str = HEDGE,
    rates: tuple[Rates, Rates] = RATES,
    now_ns: int = T0,
) -> Intent:
    wish = Wish(
        base="COIN",
        buy=buy or instrument("alpha"),
        sell=sell or instrument("beta"),
        rates=rates,
        qty_base=dec(qty),
        style=style,
        maker=maker,
    )
    made = open_intent(hedge, wish, prices, None, now_ns, policy)
    assert isinstance(made, Intent), made
    return made


class Pen:
    """An executor that writes down what it was asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.placed: list[Order] = []
        self.canceled: list[str] = []
        self.queried: list[str] = []
        self.reads: list[tuple[ReadKind, str, int | None]] = []

    def place(self, order: Order) -> None:
        self.placed.append(order)

    def cancel(self, order: Order) -> None:
        self.canceled.append(order.client_id)

    def query(self, order: Order) -> None:
        self.queried.append(order.client_id)

    def read(self, kind: ReadKind, market: Market, native: str = "", since_ms: int | None = None) -> None:
        self.reads.append((kind, native, since_ms))


@dataclass
class Disk:
    """A journal: at once, held back (``hold``), or full (``full``)."""

    hold: bool = False
    full: bool = False

    def __post_init__(self) -> None:
        self.kept: list[Record] = []
        self.held: list[Callable[[], None]] = []

    def write(self, records: Sequence[Record], then: Callable[[], None] | None, failed: Callable[[str], None]) -> None:
        def land() -> None:
            if self.full:
                failed("no space left on device")
                return
            self.kept.extend(records)
            if then is not None:
                then()

        if self.hold:
            self.held.append(land)
        else:
            land()

    def release(self) -> None:
        self.hold = False
        while self.held:
            self.held.pop(0)()


class Board:
    def __init__(self) -> None:
        self.prices = {"alpha.perp.COINUSDT": GOOD[0], "beta.perp.COINUSDT": GOOD[1]}
        self.prices["alpha.spot.COIN-USDT"] = GOOD[0]

    def price(self, leg: str) -> Price:
        return self.prices[leg]

    def instrument(self, leg: str) -> Instrument | None:
        return instrument(leg.split(".")[0])

    def usd(self, ccy: str) -> Decimal | None:
        return Decimal(1)


class Stage:
    """A runner with everything around it; ``said`` is what people were told."""

    def __init__(
        self,
        records: Sequence[Record] = (),
        *,
        now_ns: int = T0,
        gate: Callable[[Intent], str] | None = None,
        full: bool = False,
    ) -> None:
        self.clock = ManualClock(now_ns)
        self.pens = {name: Pen(name) for name in ("alpha", "beta")}
        self.disk = Disk(full=full)
        self.disk.kept.extend(records)
        self.board = Board()
        self.said: list[Said] = []
        self.runner = Runner(
            self.clock,
            self.pens,
            self.disk,
            self.board,
            RULES,
            say=self.said.append,
            gate=gate or (lambda _intent: ""),
        )
        self.runner.restore(records)
        self.runner.start()
        self.runner.arm()

    def wait(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now_ns() + int(seconds * NS_PER_S))

    def alarms(self) -> list[str]:
        return [said.text for said in self.said if said.alarm]

    def state(self, hedge: str = HEDGE) -> str:
        return self.runner.ledgers[hedge].state.value

    def order(self, venue: str, index: int = -1) -> Order:
        return self.pens[venue].placed[index]

    def sent(self) -> list[str]:
        return [order.client_id for pen in self.pens.values() for order in pen.placed]

    # what venues say
    def accepted(self, order: Order) -> None:
        self.runner.hear(accepted(order, self.clock.now_ns()))

    def report(self, order: Order, status: OrderStatus, filled: str | None = "0", told: Told = "push") -> None:
        self.runner.hear(report(order, status, filled, told, self.clock.now_ns()))

    def fills(self, order: Order, qty: str | None = None, *, end: bool = True, fee: str = "0") -> None:
        """A fill, and the report that the order ended."""
        amount = dec(qty) if qty is not None else order.qty
        self.runner.hear(fill(order, str(amount), fee=fee, t_ns=self.clock.now_ns()))
        if end:
            status = OrderStatus.FILLED if amount == order.qty else OrderStatus.CANCELED
            self.report(order, status, str(amount))

    def refuses(self, order: Order, reason: RefusalReason, retry_after_s: float | None = None) -> None:
        self.runner.hear(rejected(order, reason, self.clock.now_ns(), retry_after_s))

    def silent(self, order: Order) -> None:
        self.runner.hear(unanswered(order, self.clock.now_ns()))

    def absent(self, order: Order) -> None:
        self.runner.hear(OrderAbsent(venue=order.venue, client_id=order.client_id, t_ns=self.clock.now_ns()))

    def read_done(self, venue: str, kind: ReadKind, *, asked_s_ago: float = 0.0, native: str = "COINUSDT") -> None:
        """The last read of that kind is answered; rows, if any, were told before."""
        since = next((row[2] for row in reversed(self.pens[venue].reads) if row[0] is kind), None)
        now_ns = self.clock.now_ns()
        self.runner.hear(
            ReadDone(
                venue=venue,
                market=Market.PERP,
                kind=kind,
                asked_ns=now_ns - int(asked_s_ago * NS_PER_S),
                t_ns=now_ns,
                native=native,
                since_ms=since,
            )
        )

    def position(self, venue: str, qty: str) -> None:
        self.runner.hear(Position(venue=venue, native="COINUSDT", qty=dec(qty), t_ns=self.clock.now_ns(), told="query"))

    # a hedge that stands
    def open(self, made: Intent | None = None) -> Intent:
        made = made or intent()
        answer = self.runner.open(made)
        assert answer.accepted, answer.text
        return made

    def hedged(self) -> Intent:
        made = self.open()
        for venue in ("alpha", "beta"):
            self.fills(self.order(venue))
        assert self.state() == "hedged"
        return made


def accepted(order: Order, t_ns: int = T0) -> Accepted:
    return Accepted(venue=order.venue, client_id=order.client_id, order_id=order_id(order), t_ns=t_ns)


def order_id(order: Order) -> str:
    return f"v{order.client_id[-5:]}"


def report(
    order: Order, status: OrderStatus, filled: str | None = "0", told: Told = "push", t_ns: int = T0
) -> OrderReport:
    return OrderReport(
        venue=order.venue,
        market=order.market,
        native=order.native,
        client_id=order.client_id,
        order_id=order_id(order),
        side=order.side,
        status=status,
        status_text=status.value,
        told=told,
        t_ns=t_ns,
        qty=order.qty,
        filled=None if filled is None else dec(filled),
    )


def fill(
    order: Order,
    qty: str,
    *,
    fill_id: str = "1",
    price: str = "",
    fee: str | None = "0",
    fee_ccy: str = "USDT",
    named: bool = True,
    told: Told = "push",
    t_ns: int = T0,
) -> Fill:
    return Fill(
        venue=order.venue,
        market=order.market,
        native=order.native,
        fill_id=fill_id,
        order_id=order_id(order),
        client_id=order.client_id if named else "",
        side=order.side,
        price=dec(price) if price else order.price or dec(100),
        qty=dec(qty),
        told=told,
        t_ns=t_ns,
        fee=None if fee is None else dec(fee),
        fee_ccy=fee_ccy if fee is not None else "",
    )


def rejected(order: Order, reason: RefusalReason, t_ns: int = T0, retry_after_s: float | None = None) -> Rejected:
    return Rejected(
        venue=order.venue,
        client_id=order.client_id,
        reason=reason,
        code="-1",
        text=f"{order.venue} says {reason.value}",
        t_ns=t_ns,
        retry_after_s=retry_after_s,
    )


def unanswered(order: Order, t_ns: int = T0) -> Unanswered:
    return Unanswered(venue=order.venue, client_id=order.client_id, verb="place", text="timed out", t_ns=t_ns)


def with_policy(**changes: Any) -> Policy:
    return replace(DEFAULT, **changes)


def reads(stage: Stage, alpha: str, beta: str, rounds: int = 3) -> None:
    """Everything is answered so often, a moment apart. A flat position is not named."""
    for _ in range(rounds):
        stage.wait(1.1)
        for venue, qty in (("alpha", alpha), ("beta", beta)):
            if qty != "0":
                stage.position(venue, qty)
            for kind in LISTS:
                stage.read_done(venue, kind)
