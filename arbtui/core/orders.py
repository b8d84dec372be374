"""Orders, fills, balances, positions: the words in which an account is spoken of.

Quantities and prices are exact decimals in the instrument's wire units (contracts, 1000PEPE ...), because that is what
is sent and what a venue answers; ``qty x multiplier`` = coins is made where two venues meet. Money amounts (fees,
balances, funding) are in the currency named beside them; a fee is positive when paid, negative when it was a rebate.

Everything that becomes known of an account is an ``AccountEvent``: a value, made by a codec or by whoever carries
orders, folded by a ledger. Nothing here is ever changed after it was made. ``t_ns`` is engine time of receipt, ``t_ms``
the venue's own time where it told one.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Literal

import msgspec

from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell: what one filled coin does to the position."""
        return 1 if self is Side.BUY else -1

    @property
    def other(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderKind(StrEnum):
    """How an order behaves. Spot is never bought at MARKET: some venues would take the quantity in quote currency."""

    IOC = "ioc"  # limit; what does not fill at once is canceled
    POST_ONLY = "post_only"  # limit; never takes
    MARKET = "market"


class OrderStatus(StrEnum):
    """The venues' vocabularies, mapped. UNKNOWN: the venue said a word that nobody knows; trouble, not a guess."""

    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    UNKNOWN = "unknown"

    @property
    def terminal(self) -> bool:
        """Whether nothing more can fill. False for UNKNOWN."""
        return self not in (OrderStatus.OPEN, OrderStatus.UNKNOWN)


Told = Literal["answer", "push", "query", "open_orders", "history", "fills"]  # how it became known
Origin = Literal["order", "liquidation", "adl", "settlement"]  # the venue itself trades in the last three


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One order as it is sent. ``client_id`` is ours, unique for ever, on disk before the order is on the wire."""

    client_id: str
    venue: str
    market: Market
    native: str
    side: Side
    kind: OrderKind
    qty: Decimal  # wire
    price: Decimal | None = None  # wire; None for MARKET only
    reduce_only: bool = False

    @property
    def leg(self) -> str:
        """``venue.market.native``, as ``Instrument.key``."""
        return f"{self.venue}.{self.market.value}.{self.native}"


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The venue took the order (or says that it has it already). It says nothing of fills."""

    venue: str
    client_id: str
    order_id: str
    t_ns: int


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """The venue answered that this order does not exist and will not. ``text`` is one sentence with the venue's words.

    Never made of a timeout, a 5xx or a code that leaves the outcome open: those are ``Unanswered``.
    """

    venue: str
    client_id: str
    reason: RefusalReason
    code: str
    text: str
    t_ns: int
    retry_after_s: float | None = None


class Unanswered(msgspec.Struct, frozen=True, kw_only=True):
    """A request about an order went out, or may have, and no answer settles what became of it."""

    venue: str
    client_id: str
    verb: Literal["place", "cancel", "query"]
    text: str
    t_ns: int


class CancelTaken(msgspec.Struct, frozen=True, kw_only=True):
    """The venue took the request to cancel. Only a report says how the order ended."""

    venue: str
    client_id: str
    t_ns: int


class CancelRefused(msgspec.Struct, frozen=True, kw_only=True):
    """Not cancelable: most often it has ended already, filled or not. Only a report says which."""

    venue: str
    client_id: str
    reason: RefusalReason
    code: str
    text: str
    t_ns: int


class OrderReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue says of one order. ``filled`` is cumulative, wire; None where this message does not tell it.

    ``client_id`` is "" for an order that has none of ours (placed by hand, or by the venue: see ``origin``).
    """

    venue: str
    market: Market
    native: str
    client_id: str
    order_id: str
    side: Side
    status: OrderStatus
    status_text: str  # the venue's word
    told: Told
    t_ns: int
    t_ms: int | None = None
    qty: Decimal | None = None
    price: Decimal | None = None
    filled: Decimal | None = None
    avg_price: Decimal | None = None
    reason: RefusalReason | None = None  # why it ended without filling, where the venue says so
    reduce_only: bool | None = None
    origin: Origin = "order"


class Absence(msgspec.Struct, frozen=True):
    """When "no such order" is a venue's word that an order never took effect.

    A query that finds nothing counts only from ``settle_s`` after the order was sent (answers lag behind the book), and
    only until ``forget_s`` after it (unfilled orders that ended are forgotten); beyond, the fills list alone decides.
    ``history``: the list of past orders has to agree; False where it tells no more than the query and the fills do.
    """

    settle_s: float
    forget_s: float
    history: bool = True


class OrderAbsent(msgspec.Struct, frozen=True, kw_only=True):
    """Asked for by client id, the venue knows no such order. Alone it proves nothing: see ``Absence``."""

    venue: str
    client_id: str
    t_ns: int


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution. ``fill_id`` is unique within (venue, market, native); the same fill may be told many times.

    ``fee`` None: this message does not tell it; another one will.
    """

    venue: str
    market: Market
    native: str
    fill_id: str
    order_id: str
    client_id: str  # "" where the message does not tell it
    side: Side
    price: Decimal
    qty: Decimal
    told: Told
    t_ns: int
    t_ms: int | None = None
    fee: Decimal | None = None
    fee_ccy: str = ""
    maker: bool | None = None
    origin: Origin = "order"


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """One asset of one wallet. ``total`` without open profit; ``free`` = what a new order may use, None = not told."""

    venue: str
    wallet: str  # "spot", "usdm", "trading" ...: the venue's own pot
    asset: str
    total: Decimal
    free: Decimal | None
    t_ns: int
    t_ms: int | None = None


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """One perpetual position. ``qty`` signed, wire; zero = flat. ``held`` tells one-way books from two-sided ones."""

    venue: str
    native: str
    qty: Decimal
    t_ns: int
    held: Literal["net", "long", "short"] = "net"
    entry_price: Decimal | None = None
    mark: Decimal | None = None
    liquidation_price: Decimal | None = None
    margin: Decimal | None = None  # initial margin that it binds, settle currency
    adl_rank: int | None = None  # the venue's own scale; higher = sooner
    t_ms: int | None = None
    told: Told = "push"


class FundingPaid(msgspec.Struct, frozen=True, kw_only=True):
    """One settled funding payment; ``amount`` > 0 was received."""

    venue: str
    native: str
    payment_id: str
    amount: Decimal
    ccy: str
    t_ms: int
    t_ns: int


class FeeRates(msgspec.Struct, frozen=True, kw_only=True):
    """The account's own rates as fractions, positive = paid. ``native`` "" = the whole market."""

    venue: str
    market: Market
    native: str
    maker: Decimal
    taker: Decimal
    t_ns: int


class AccountMode(msgspec.Struct, frozen=True, kw_only=True):
    """How the account is set up. None = the venue did not tell. ``text`` is its own words, for people."""

    venue: str
    market: Market
    position_mode: Literal["one_way", "hedge"] | None
    can_trade: bool | None
    text: str
    t_ns: int


class LeverageRead(msgspec.Struct, frozen=True, kw_only=True):
    """One perpetual's settings. ``position_mode`` is told where each instrument may have its own."""

    venue: str
    native: str
    leverage: Decimal
    margin_mode: Literal["cross", "isolated"] | None
    t_ns: int
    position_mode: Literal["one_way", "hedge"] | None = None


class ReadKind(StrEnum):
    """A question about an account as a whole."""

    OPEN_ORDERS = "open_orders"
    FILLS = "fills"
    HISTORY = "history"
    POSITIONS = "positions"
    BALANCES = "balances"
    FUNDING = "funding"
    MODE = "mode"
    FEES = "fees"
    LEVERAGE = "leverage"


class ReadDone(msgspec.Struct, frozen=True, kw_only=True):
    """An account read is complete: what it did not name is not there, as far as this venue's answers go.

    ``native`` "" = the whole market. ``since_ms`` is the beginning of the window that was covered, None = all of it.
    The rows themselves were told as events before this one, stamped between ``asked_ns`` and ``t_ns``.
    """

    venue: str
    market: Market
    kind: ReadKind
    asked_ns: int
    t_ns: int
    native: str = ""
    since_ms: int | None = None


class ReadFailed(msgspec.Struct, frozen=True, kw_only=True):
    """An account read brought nothing, or not all. It resolves nothing."""

    venue: str
    market: Market
    kind: ReadKind
    text: str
    t_ns: int
    native: str = ""
    reason: RefusalReason | None = None  # None: no answer, or one that could not be read


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """The private stream of ``markets`` came up or broke. After each "up" all is read again before it is trusted."""

    venue: str
    markets: tuple[Market, ...]
    state: Literal["up", "down", "refused"]
    text: str
    t_ns: int


OrderEvent = Accepted | Rejected | Unanswered | CancelTaken | CancelRefused | OrderReport | OrderAbsent | Fill
MoneyEvent = Balance | Position | FundingPaid | FeeRates | AccountMode | LeverageRead
AccountEvent = OrderEvent | MoneyEvent | ReadDone | ReadFailed | StreamState
