"""An account's orders and fills, in words that belong to no venue.

Prices are whole ticks and quantities whole lots of the order's listing, so matching never rounds; texts and decimals
are made from them exactly. Money (fees, realised profit) is exact decimals in the currency named beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from arbtui.sim.listing import Listing

if TYPE_CHECKING:
    from arbtui.sim.accounts import Account

Side = Literal["buy", "sell"]
Kind = Literal["limit", "ioc", "fok", "post_only", "market"]
OrderStatus = Literal["open", "filled", "canceled", "expired"]
Held = Literal["net", "long", "short"]
Forced = Literal["adl", "liquidation", "settlement"]  # what the venue itself trades
Origin = Literal["order", "hand"] | Forced  # by the account's keys, by a person elsewhere, by the venue
Ended = Literal["", "asked", "venue", "rest", "post_only", "self"]  # why an order ended unfilled or half filled
Ids = Literal["open", "ever"]  # among which orders of an account a client id is unique

SIGN: dict[Side, int] = {"buy": 1, "sell": -1}


class Refusal(StrEnum):
    """Why an order or a cancel is not taken. Each venue has its own code and words for these."""

    HALTED = "halted"
    CLOSE_ONLY = "close_only"
    TICK = "tick"
    STEP = "step"
    MIN_QTY = "min_qty"
    MAX_QTY = "max_qty"
    MIN_NOTIONAL = "min_notional"
    BAND = "band"
    BALANCE = "balance"
    MARGIN = "margin"
    DUPLICATE = "duplicate"
    REDUCE_ONLY = "reduce_only"
    HELD_SIDE = "held_side"
    WOULD_TAKE = "would_take"
    UNFILLABLE = "unfillable"
    NO_DEPTH = "no_depth"
    TOO_MANY = "too_many"
    BUSY = "busy"
    UNKNOWN = "unknown"  # no such order
    ENDED = "ended"  # the order is not open any more


class OrderRefused(Exception):
    """``why`` in no venue's words; the venue's private side turns it into its own."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is asked for, in wire units as sent. ``price`` None for market orders.

    ``budget`` instead of ``qty``: spend so much quote currency (spot market buys). ``wire`` is the venue's own, kept
    with the order and given back in its answers. ``late_refusal``: a post-only order that would take is accepted and
    canceled a moment later instead of refused.
    """

    listing: Listing
    side: Side
    kind: Kind
    qty: Decimal | None = None
    price: Decimal | None = None
    client_id: str = ""
    reduce_only: bool = False
    held: Held = "net"
    budget: Decimal | None = None
    origin: Origin = "order"
    late_refusal: bool = False
    wire: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Fill:
    """One execution. ``realised``: profit that it closed; ``fee`` > 0 is paid, in ``fee_ccy``."""

    id: int
    order: Order
    ticks: int
    lots: int
    fee: Decimal
    fee_ccy: str
    maker: bool
    realised: Decimal
    t_ns: int
    t_ms: int  # by the venue's clock

    @property
    def wire_id(self) -> str:
        """Its id as the venue writes it."""
        return self.order.account.rules.spell(self.order.listing.market, self.id)

    @property
    def price(self) -> str:
        return self.order.listing.price(self.ticks)

    @property
    def qty(self) -> str:
        return self.order.listing.size(self.lots)

    @property
    def value(self) -> Decimal:
        """Worth in the quote currency."""
        return value_of(self.order.listing, self.ticks, self.lots)


@dataclass(slots=True, eq=False)
class Order:
    """One order of one account. ``ahead`` is what the visible book had before it at its price, in lots."""

    id: int
    account: Account
    listing: Listing
    side: Side
    kind: Kind
    lots: int
    ticks: int | None
    client_id: str
    reduce_only: bool
    held: Held
    origin: Origin
    t_ns: int
    t_ms: int
    wire: dict[str, Any]
    status: OrderStatus = "open"
    ended: Ended = ""
    filled: int = 0
    ahead: int = 0
    seen_trades: int = 0
    frozen: bool = False  # a fault keeps it from matching
    updated_ms: int = 0
    fills: list[Fill] = field(default_factory=list)

    @property
    def wire_id(self) -> str:
        """Its id as the venue writes it."""
        return self.account.rules.spell(self.listing.market, self.id)

    @property
    def live(self) -> bool:
        """Whether more of it can fill."""
        return self.status == "open"

    @property
    def left(self) -> int:
        return self.lots - self.filled

    @property
    def sign(self) -> int:
        return SIGN[self.side]

    @property
    def price(self) -> str:
        """As the venue writes it; zero for a market order."""
        return self.listing.price(self.ticks or 0)

    @property
    def qty(self) -> str:
        return self.listing.size(self.lots)

    @property
    def filled_qty(self) -> str:
        return self.listing.size(self.filled)

    @property
    def value(self) -> Decimal:
        """What was filled, in the quote currency."""
        return sum((fill.value for fill in self.fills), Decimal(0))

    @property
    def fee(self) -> Decimal:
        return sum((fill.fee for fill in self.fills), Decimal(0))

    @property
    def realised(self) -> Decimal:
        return sum((fill.realised for fill in self.fills), Decimal(0))

    @property
    def average(self) -> Decimal | None:
        """Mean price of the fills; None before the first."""
        if not self.filled:
            return None
        ticks = sum(fill.ticks * fill.lots for fill in self.fills)
        mean = Decimal(ticks) / self.filled * self.listing.tick
        return mean.quantize(self.listing.tick.scaleb(-6)).normalize()


@dataclass(frozen=True, slots=True)
class Refused:
    """An order that was never taken: the truth tells of it too."""

    draft: Draft
    why: str
    t_ns: int


class Ledger:
    """The orders of one account: by id, by client id, open ones apart."""

    def __init__(self, ids: Ids) -> None:
        self._unique = ids
        self.all: dict[int, Order] = {}
        self.open: dict[int, Order] = {}
        self._by_client: dict[str, list[Order]] = {}
        self.fills: list[Fill] = []
        self.refused: list[Refused] = []

    def taken(self, client_id: str) -> bool:
        """Whether a new order may not have this client id."""
        named = self._by_client.get(client_id, ())
        return any(self._unique == "ever" or order.live for order in named)

    def add(self, order: Order) -> None:
        self.all[order.id] = self.open[order.id] = order
        self._by_client.setdefault(order.client_id, []).append(order)

    def end(self, order: Order, status: OrderStatus, ended: Ended) -> None:
        order.status, order.ended = status, ended
        self.open.pop(order.id, None)

    def find(self, listing: Listing, order_id: int | None, client_id: str | None) -> Order | None:
        """By either; of several with one client id the newest."""
        if order_id is not None:
            order = self.all.get(order_id)
            return order if order is not None and order.listing is listing else None
        named: Iterable[Order] = reversed(self._by_client.get(client_id or "", ()))
        return next((order for order in named if order.listing is listing), None)


def value_of(listing: Listing, ticks: int, lots: int) -> Decimal:
    """Worth of ``lots`` at ``ticks`` in the quote currency, exact."""
    return ticks * lots * unit_of(listing)


def unit_of(listing: Listing) -> Decimal:
    """Worth of one lot at a price of one tick."""
    return listing.tick * listing.step * coins_of(listing)


def coins_of(listing: Listing) -> Decimal:
    """Quote currency for a size of one at a wire price of one: contract value, where sizes are contracts."""
    return listing.terms.multiplier / listing.terms.price_factor
