"""What the journal keeps of hedges: each record is one fact, and all of them in order rebuild every ledger.

intent    one turn of a hedge, as it was reviewed
order     an order that is about to be sent; on disk before it is on the wire
dropped   that order was never handed over, and never will be
cancel    a cancel is about to be asked for
event     what a venue told (``core.orders``)
dead      an order that was in doubt never took effect: proved by the venue's absence rule
given_up  what became of an order is not known, and a person has taken its hedge over: nobody asks any more
lost      coins of a leg are gone by somebody else's doing
step      what happened to the hedge's state, and why, in words
person    what a person asked of this hedge
life      a process took up the journal (of no hedge): everything before it was another life
armed     from now on new hedges may be opened, or not any more (of no hedge), and why
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from arbtui.core import orders
from arbtui.core.errors import ArbtuiError
from arbtui.core.orders import AccountEvent, Order, OrderKind, OrderReport, OrderStatus
from arbtui.execution.intents import Intent, Purpose
from arbtui.execution.lifecycle import Step
from arbtui.execution.ports import Record

STEP = "step"  # the kind of ``Stepped``, for whoever wants to know the states alone


class Intended(msgspec.Struct, frozen=True, tag="intent"):
    intent: Intent


class Ordered(msgspec.Struct, frozen=True, tag="order"):
    order: Order
    leg: int
    turn: int
    purpose: Purpose
    number: int


class Dropped(msgspec.Struct, frozen=True, tag="dropped"):
    client_id: str
    why: str


class CancelAsked(msgspec.Struct, frozen=True, tag="cancel"):
    client_id: str


class Told(msgspec.Struct, frozen=True, tag="event"):
    event: AccountEvent


class Dead(msgspec.Struct, frozen=True, tag="dead"):
    client_id: str
    why: str


class GivenUp(msgspec.Struct, frozen=True, tag="given_up"):
    """``why``: what was not known of it when it was given up, in words."""

    client_id: str
    why: str


class Lost(msgspec.Struct, frozen=True, tag="lost"):
    """``coins`` signed: what the leg holds less (a long leg's loss is negative, a short leg's positive).

    ``by``: client id of the order that did it, where it is known; "" = the venue only holds less.
    """

    leg: int
    coins: Decimal
    why: str
    by: str = ""


class Stepped(msgspec.Struct, frozen=True, tag=STEP):
    step: Step
    why: str


class Asked(msgspec.Struct, frozen=True, tag="person"):
    what: Literal["cancel", "retry", "abandon"]


class Life(msgspec.Struct, frozen=True, tag="life"):
    """``unsaved``: how many orders of each hedge at most may have been sent unrecorded in the life before."""

    unsaved: int


class Armed(msgspec.Struct, frozen=True, tag="armed"):
    on: bool
    why: str


Fact = Intended | Ordered | Dropped | CancelAsked | Told | Dead | GivenUp | Lost | Stepped | Asked | Life | Armed


class BadRecord(ArbtuiError):
    """A journal record cannot be read. The text says which."""


class _ToldWire(msgspec.Struct, frozen=True, tag="event"):
    name: str
    event: msgspec.Raw


_Wire = Intended | Ordered | Dropped | CancelAsked | _ToldWire | Dead | GivenUp | Lost | Stepped | Asked | Life | Armed

_EVENTS: dict[str, type[AccountEvent]] = {
    kind.__name__: kind
    for kind in (
        orders.Accepted,
        orders.Rejected,
        orders.Unanswered,
        orders.CancelTaken,
        orders.CancelRefused,
        orders.OrderReport,
        orders.OrderAbsent,
        orders.Fill,
        orders.Balance,
        orders.Position,
        orders.FundingPaid,
        orders.FeeRates,
        orders.AccountMode,
        orders.LeverageRead,
        orders.ReadDone,
        orders.ReadFailed,
        orders.StreamState,
    )
}
_encode = msgspec.json.Encoder().encode
_wire: msgspec.json.Decoder[_Wire] = msgspec.json.Decoder(_Wire)
_event_decoders = {name: msgspec.json.Decoder(kind) for name, kind in _EVENTS.items()}


def record(t_ns: int, hedge: str, fact: Fact) -> Record:
    kind = type(fact).__struct_config__.tag
    assert isinstance(kind, str)
    if isinstance(fact, Told):
        name = type(fact.event).__name__
        return Record(t_ns, hedge, kind, _encode(_ToldWire(name, msgspec.Raw(_encode(fact.event)))))
    return Record(t_ns, hedge, kind, _encode(fact))


def order_from(report: OrderReport) -> Order | None:
    """An order as the venue tells it; None where it does not tell how much was ordered."""
    if report.qty is None:
        return None
    return Order(
        client_id=report.client_id,
        venue=report.venue,
        market=report.market,
        native=report.native,
        side=report.side,
        kind=OrderKind.POST_ONLY if report.status is OrderStatus.OPEN else OrderKind.IOC,
        qty=report.qty,
        price=report.price,
        reduce_only=bool(report.reduce_only),
    )


def fact_of(kept: Record) -> Fact:
    """Raises BadRecord."""
    try:
        wire = _wire.decode(kept.body)
        if isinstance(wire, _ToldWire):
            return Told(_event_decoders[wire.name].decode(wire.event))
    except (msgspec.DecodeError, KeyError, ValueError) as error:
        raise BadRecord(
            f"a {kept.kind} record of hedge {kept.hedge or '(none)'} cannot be read ({error});"
            " keep the journal file and run `arbtui flatten --dry-run` to see what is open"
        ) from None
    return wire
