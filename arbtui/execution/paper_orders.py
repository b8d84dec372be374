"""Paper orders: what is kept of one, what a venue would say against one, and how one that rests gets its fills.

A maker order is filled by public trades alone, never by a book that crosses it:

- The queue ahead is what the book shows at its price when it comes to rest. Nobody ahead is taken to cancel.
- Counted is the volume of takers of the other side at its price or through it. What exceeds the queue fills the order,
  at its own price. Of one trade, what an older or better order of the same account got is not there for the next one.
- A price out of sight at placement has a queue that is not known: it is what stands there once the price comes into
  sight, or nothing once the market has traded through the price. What traded before that does not count.
- A trade of no later venue time than the book that the queue was read from does not count: the book shows it already.
- Trades that are told again on subscribing (``Trade.past``) do not count, nor does anything while the stream of the
  leg's trades is down: then the order waits, and its report says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import NamedTuple

import msgspec

from arbtui.core.errors import RefusalReason
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.orders import Order, OrderKind, OrderReport, OrderStatus, Origin, Side, Told
from arbtui.execution.paper_book import ZERO

_AVERAGE = Context(prec=20)
_CLIENT_ID = re.compile(r"[A-Za-z0-9]{1,20}", re.ASCII)


class PaperOrder(msgspec.Struct):
    """One order as the paper venue knows it. Quantities and prices in wire units."""

    order: Order
    order_id: str
    placed_ns: int
    updated_ns: int
    status: OrderStatus = OrderStatus.OPEN
    status_text: str = "open"
    reason: RefusalReason | None = None
    filled: Decimal = ZERO
    worth: Decimal = ZERO  # sum of price x quantity of its fills
    queue: Decimal | None = None  # ahead of it when it came to rest; None: not known yet
    traded: Decimal = ZERO  # public volume at its price or through it since then
    book_ms: int | None = None  # venue time of the book that the queue was read from
    waits: bool = False  # for the stream of public trades
    origin: Origin = "order"

    @property
    def remaining(self) -> Decimal:
        return self.order.qty - self.filled

    @property
    def open(self) -> bool:
        return self.status is OrderStatus.OPEN

    def report(self, told: Told, t_ns: int) -> OrderReport:
        order = self.order
        return OrderReport(
            venue=order.venue,
            market=order.market,
            native=order.native,
            client_id=order.client_id,
            order_id=self.order_id,
            side=order.side,
            status=self.status,
            status_text=self.status_text,
            told=told,
            t_ns=t_ns,
            t_ms=self.updated_ns // 1_000_000,
            qty=order.qty,
            price=order.price,
            filled=self.filled,
            avg_price=_AVERAGE.divide(self.worth, self.filled) if self.filled else None,
            reason=self.reason,
            reduce_only=order.reduce_only,
            origin=self.origin,
        )


class No(NamedTuple):
    """Why an order is refused, in one sentence."""

    reason: RefusalReason
    text: str


# --- what a venue would say -------------------------------------------------------------------------------------------


def form(order: Order, instrument: Instrument | None) -> No | None:
    """What is wrong with the order itself, whatever the market does; None: nothing."""
    if instrument is None:
        return No(RefusalReason.UNKNOWN_INSTRUMENT, f"{order.leg} is not listed")
    if not _CLIENT_ID.fullmatch(order.client_id):
        return No(RefusalReason.BAD_REQUEST, f"client id {order.client_id!r} is not 1 to 20 ASCII letters and digits")
    return _trading(order, instrument) or _kind(order) or _size(order, instrument) or _price(order, instrument)


def _trading(order: Order, instrument: Instrument) -> No | None:
    words = instrument.status_text or instrument.status.value
    if instrument.status is TradingStatus.CLOSE_ONLY and order.reduce_only:
        return None
    if instrument.status is not TradingStatus.TRADING:
        return No(RefusalReason.NOT_TRADING, f"{order.native} is not trading: the venue says {words}")
    if instrument.multiplier is None or instrument.price_factor is None:
        return No(RefusalReason.NOT_TRADING, f"{order.native}: how many coins one unit is, is not known")
    return None


def _kind(order: Order) -> No | None:
    if order.market is Market.SPOT and order.reduce_only:
        return No(RefusalReason.BAD_REQUEST, "spot has no reduce-only orders")
    if order.kind is OrderKind.MARKET and order.market is Market.SPOT and order.side is Side.BUY:
        return No(RefusalReason.BAD_REQUEST, "spot is not bought at market: use a limit that takes")
    if (order.kind is OrderKind.MARKET) is not (order.price is None):
        return No(RefusalReason.BAD_REQUEST, f"an order of kind {order.kind.value} with price {order.price}")
    return None


def _size(order: Order, instrument: Instrument) -> No | None:
    qty, step, least = order.qty, instrument.step, instrument.min_qty
    if not (qty.is_finite() and qty > 0):
        return No(RefusalReason.BAD_SIZE, f"quantity {qty} is not above zero")
    if step is not None and qty % step:
        return No(RefusalReason.BAD_SIZE, f"quantity {qty:f} is no multiple of the lot step {step:f}")
    if least is not None and qty < least:
        return No(RefusalReason.BAD_SIZE, f"quantity {qty:f} is below the minimum of {least:f}")
    return None


def notional_too_small(order: Order, instrument: Instrument, price: Decimal) -> No | None:
    """``price``: the order's own, or for a market order the best that it would meet. Reduce-only orders are exempt."""
    least = instrument.min_notional
    if least is None or order.reduce_only:
        return None
    notional = order.qty * price * contract_value(instrument)
    if notional >= least:
        return None
    return No(RefusalReason.BAD_SIZE, f"notional {notional:f} {instrument.quote} is below the minimum of {least:f}")


def _price(order: Order, instrument: Instrument) -> No | None:
    price = order.price
    if price is None:
        return None
    if not (price.is_finite() and price > 0):
        return No(RefusalReason.BAD_PRICE, f"price {price} is not above zero")
    if instrument.tick is not None and price % instrument.tick:
        return No(RefusalReason.BAD_PRICE, f"price {price:f} is no multiple of the tick {instrument.tick:f}")
    digits = price.normalize().as_tuple()
    decimals = max(0, -int(digits.exponent))
    if instrument.sig_figs is not None and decimals and len(digits.digits) > instrument.sig_figs:
        text = f"price {price:f} has more than {instrument.sig_figs} significant figures"
        return No(RefusalReason.BAD_PRICE, text)
    if instrument.max_decimals is not None and decimals > instrument.max_decimals:
        return No(RefusalReason.BAD_PRICE, f"price {price:f} has more than {instrument.max_decimals} decimals")
    return None


def reduces(order: Order, position: Decimal) -> No | None:
    """Whether a reduce-only order has so much to reduce."""
    if not order.reduce_only:
        return None
    room = -order.side.sign * position
    if room <= 0:
        return No(RefusalReason.REDUCE_ONLY, f"nothing for a reduce-only {order.side.value}: position {position:f}")
    if order.qty > room:
        text = f"a reduce-only {order.side.value} of {order.qty:f} against a position of {position:f}"
        return No(RefusalReason.REDUCE_ONLY, text)
    return None


def contract_value(instrument: Instrument) -> Decimal:
    """What price x quantity is to be multiplied by to be money. Only for instruments that passed ``form``."""
    assert instrument.multiplier is not None
    assert instrument.price_factor is not None
    return instrument.multiplier / instrument.price_factor


# --- resting ----------------------------------------------------------------------------------------------------------


class Traded(NamedTuple):
    """A public trade in decimals."""

    taker: Side
    price: Decimal
    size: Decimal
    exchange_ms: int | None


class Hit(NamedTuple):
    """A resting order and what of it is filled now."""

    order: PaperOrder
    qty: Decimal


def hits(resting: Sequence[PaperOrder], trade: Traded, step: Decimal | None) -> list[Hit]:
    """What a public trade fills of one leg's ``resting`` orders, which count it."""
    makers = [one for one in resting if one.order.side is trade.taker.other and _reaches(trade.price, one)]
    makers.sort(key=lambda one: (-one.order.side.sign * _limit(one), one.placed_ns, one.order_id))
    found: list[Hit] = []
    left = trade.size
    for one in makers:
        if trade.exchange_ms is not None and one.book_ms is not None and trade.exchange_ms <= one.book_ms:
            continue
        if one.queue is None:
            if trade.price != _limit(one):
                one.queue = ZERO  # traded through: nobody stands there any more
            continue
        one.traded += left
        qty = floored(min(one.traded - one.queue - one.filled, one.remaining, left), step)
        if qty > 0:
            found.append(Hit(one, qty))
            left -= qty
    return found


def floored(qty: Decimal, step: Decimal | None) -> Decimal:
    """Down to whole lots; zero for what is below."""
    if qty <= 0:
        return ZERO
    return qty if step is None else qty - qty % step


def _limit(one: PaperOrder) -> Decimal:
    assert one.order.price is not None, "only limit orders rest"
    return one.order.price


def _reaches(price: Decimal, one: PaperOrder) -> bool:
    return price <= _limit(one) if one.order.side is Side.BUY else price >= _limit(one)
