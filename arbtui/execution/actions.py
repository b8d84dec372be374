"""What ``decide`` may answer, and the case that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.model import Market
from arbtui.core.orders import Order, OrderKind, ReadKind, Side
from arbtui.execution.intents import Intent, Leg, Purpose, client_id
from arbtui.execution.ledger import Ledger, VenueRules
from arbtui.execution.lifecycle import Step
from arbtui.execution.lines import Line
from arbtui.execution.ports import Price
from arbtui.execution.quantity import ZERO, band_limit, coins, slip_bps, tradable
from arbtui.execution.records import Dead, Lost, Ordered


@dataclass(frozen=True)
class SendOrders:
    """Journal, then hand over. ``step`` happens to the state with it."""

    orders: tuple[Ordered, ...]
    step: Step | None
    why: str


@dataclass(frozen=True)
class Cancel:
    client_id: str
    why: str


@dataclass(frozen=True)
class Query:
    client_id: str


@dataclass(frozen=True)
class ReadAccount:
    leg: int
    kind: ReadKind
    since_ms: int | None = None


@dataclass(frozen=True)
class Declare:
    """Something is proved; it goes to the journal as a fact and to the person as words."""

    fact: Dead | Lost
    loud: bool


@dataclass(frozen=True)
class Mark:
    """The state changes; nothing is sent. Halting, finishing and waking are of this kind."""

    step: Step
    why: str


@dataclass(frozen=True)
class Alarm:
    """Tell the person, once per ``key``."""

    key: str
    text: str


@dataclass(frozen=True)
class Wait:
    """Nothing to do until then (None: until something is heard)."""

    until_ns: int | None


Action = SendOrders | Cancel | Query | ReadAccount | Declare | Mark | Alarm | Wait


@dataclass(frozen=True)
class Desk:
    """What holds for all hedges at once.

    ``armed``: new risk may be taken. ``killed``: nothing is opened or closed, what rests is canceled. ``deaf``: venues
    whose private stream is down. ``shared``: legs that several hedges hold. ``unborne``: of this hedge, legs of which
    the venue has not said yet, or has said otherwise, that it holds what the hedge does.
    """

    rules: Mapping[str, VenueRules]
    armed: bool = True
    killed: bool = False
    stopping: bool = False
    deaf: frozenset[tuple[str, Market]] = field(default_factory=frozenset)
    shared: frozenset[str] = field(default_factory=frozenset)
    unborne: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Case:
    """One moment of one hedge."""

    ledger: Ledger
    prices: tuple[Price, Price]
    now_ns: int
    desk: Desk

    @property
    def intent(self) -> Intent:
        return self.ledger.intent

    def leg(self, index: int) -> Leg:
        return self.intent.legs[index]

    def position(self, index: int) -> Decimal:
        return self.ledger.position(index)

    def later(self, ms: int) -> Wait:
        return Wait(self.now_ns + ms * NS_PER_MS)

    def since_s(self, t_ns: int) -> float:
        return (self.now_ns - t_ns) / NS_PER_S

    def why_unpriced(self, index: int) -> str:
        """Why no order may be priced on this leg now; "" if one may."""
        price, leg = self.prices[index], self.leg(index)
        if price.bid is None or price.ask is None:
            return f"{leg.key} has no {'bid' if price.bid is None else 'ask'}{_reason(price)}"
        if price.bid >= price.ask:
            return f"the book of {leg.key} is crossed"
        if not price.fresh or price.age_ms > self.intent.policy.max_price_age_ms:
            return f"the price of {leg.key} is {price.age_ms:.0f} ms old{_reason(price)}"
        return ""

    def slip_bps(self, index: int, side: Side) -> Decimal:
        """How much worse than frozen an order of ``side`` would fare now. Ask only where a price is there."""
        price = self.prices[index]
        now = price.ask if side is Side.BUY else price.bid
        assert now is not None
        return slip_bps(self.leg(index).price, now, side)

    def closable(self, index: int, side: Side) -> Decimal:
        """Coins of a leg that an order of ``side`` can give back: what this hedge holds there, and nothing beyond."""
        held = self.position(index)
        return abs(held) if held * side.sign < 0 else ZERO

    def excess(self) -> Decimal:
        """Coins that leg 0 is known to hold more than leg 1, signed."""
        return self.ledger.position(0) + self.ledger.position(1)

    def uncovered(self, index: int) -> Decimal:
        """The excess as it will be if all that is under way on leg ``index`` and cannot rest fills whole."""
        total = self.excess()
        for line in self.flights():
            if line.leg != index:
                continue
            total += line.order.side.sign * coins(line.remaining, self.leg(line.leg).terms)
        return total

    def flights(self) -> list[Line]:
        """Orders under way that cannot rest."""
        return [line for line in self.ledger.unsettled() if line.order.kind is not OrderKind.POST_ONLY]

    def resting(self) -> list[Line]:
        return [line for line in self.ledger.unsettled() if line.order.kind is OrderKind.POST_ONLY]

    def heard_or(self, until_ns: int | None) -> Wait:
        """Wait for what is under way, at most until it falls into doubt."""
        due = self.ledger.next_doubt_ns()
        moments = [t for t in (due, until_ns) if t is not None]
        return Wait(min(moments) if moments else None)


_GIVES_BACK = (Purpose.UNWIND, Purpose.EXIT, Purpose.FLATTEN)


def _reason(price: Price) -> str:
    return f" ({price.why_not})" if price.why_not else ""


def order_of(
    case: Case,
    index: int,
    *,
    side: Side,
    qty: Decimal,
    limit: Decimal,
    purpose: Purpose,
    number: int,
    rests: bool = False,
) -> Ordered:
    """One order of a leg. What lessens a perpetual position, or is meant to, is reduce-only."""
    leg = case.leg(index)
    held = case.position(index)
    lessens = held * side.sign < 0 or not case.intent.opens or purpose in _GIVES_BACK
    order = Order(
        client_id=client_id(case.ledger.hedge, index, purpose, number),
        venue=leg.venue,
        market=leg.market,
        native=leg.native,
        side=side,
        kind=OrderKind.POST_ONLY if rests else OrderKind.IOC,
        qty=qty,
        price=limit,
        reduce_only=lessens and leg.market is Market.PERP,
    )
    return Ordered(order=order, leg=index, turn=case.intent.turn, purpose=purpose, number=number)


def taker(case: Case, index: int, side: Side, base: Decimal, band_bps: Decimal, purpose: Purpose) -> Ordered | None:
    """An order for at most ``base`` coins within the band of the frozen price; None where that is too little."""
    leg = case.leg(index)
    qty = tradable(base, leg)
    limit = band_limit(leg.price, side, band_bps, leg.terms)
    if qty == ZERO or limit <= 0:
        return None
    return order_of(case, index, side=side, qty=qty, limit=limit, purpose=purpose, number=case.ledger.number)


def amount(value: Decimal) -> str:
    """A number for people: exact, without exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
