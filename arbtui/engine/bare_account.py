"""One account of one venue, reached with nothing but keys: no engine, no journal, no stream. For `arbtui flatten`.

Everything is asked by REST, one question after another, and only what the venue says counts. A perpetual position is
closed by reduce-only orders alone, so an order that is sent once more, or that comes late, can open nothing. Spot has
no such thing: a sale whose outcome is not known is not tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from arbtui.core.clock import NS_PER_MS
from arbtui.core.errors import ArbtuiError
from arbtui.core.events import MarkPrice, Quote
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    AccountEvent,
    Balance,
    CancelRefused,
    Fill,
    Order,
    OrderKind,
    OrderReport,
    OrderStatus,
    Position,
    ReadKind,
    Rejected,
    Side,
    Unanswered,
)
from arbtui.core.units import positive_or_none
from arbtui.engine.by_rest import AccountByRest
from arbtui.engine.control import Scope
from arbtui.execution.actions import amount
from arbtui.execution.audit import flatten_name
from arbtui.execution.holdings import Holdings
from arbtui.execution.intents import flatten_id, terms_of
from arbtui.execution.quantity import band_limit, big_enough, floor_to_step
from arbtui.venues.private import WaitingOrder

CANCEL_ROUNDS = 4
CLOSE_ROUNDS = 6
PAUSE_S = 0.3  # after orders were sent, before the venue is asked what became of them
QUERIES = 12  # about one sale of spot
_DAY_MS = 86_400_000
_WORST = Decimal("0.98")  # of the bid: what is smaller even there is no order

Say = Callable[[str], None]


@dataclass(frozen=True)
class Bought:
    """Spot that hedges hold by the journal, in coins. The journal ends at ``since_ms``: what was sold after that, by
    another flattening, it does not know of, but for what is in ``known`` (``audit.flatten_name``).
    """

    venue: str
    native: str
    asset: str
    coins: Decimal
    since_ms: int
    known: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Open:
    """What is open in an account. ``failed``: what could not be read, and so is not known."""

    orders: tuple[OrderReport, ...]
    positions: tuple[Position, ...]
    failed: tuple[str, ...]
    waiting: tuple[WaitingOrder, ...] = ()  # nothing is done about these

    def __bool__(self) -> bool:
        return bool(self.orders or self.positions or self.failed or self.waiting)

    @property
    def to_do(self) -> bool:
        """Whether anything can be done."""
        return bool(self.orders or self.positions or self.failed)


class BareAccount:
    """``connect`` what is ``reached`` first. ``say`` is given one sentence at a time."""

    def __init__(self, reached: AccountByRest, *, band_bps: Decimal, say: Say) -> None:
        self.name = reached.name
        self._by = reached
        self._account = reached.account
        self._band_bps = band_bps
        self._say = say
        self._quotes: dict[tuple[Market, str], tuple[Decimal | None, Decimal | None]] = {}
        self._holdings = Holdings()
        self._said: set[str] = set()
        self._orders = 0
        reached.listen(self._holdings.hear)

    # ---- what is open

    async def open(self, scope: Scope) -> Open:
        """As the venue says now."""
        orders: list[OrderReport] = []
        failed: list[str] = []
        for market in self._by.venue.markets:
            told = await self._read(ReadKind.OPEN_ORDERS, market, failed)
            orders += [event for event in told if isinstance(event, OrderReport) and not event.status.terminal]
        await self._read(ReadKind.POSITIONS, Market.PERP, failed)
        return Open(
            tuple(order for order in orders if self._meant(scope, order.market, order.native)),
            tuple(
                position
                for _, position in sorted(self._holdings.open.items())
                if self._meant(scope, Market.PERP, position.native)
            ),
            tuple(failed),
        )

    async def with_waiting(self, scope: Scope) -> Open:
        """As ``open``, and what waits for its price: it may open anew what is closed now."""
        found = await self.open(scope)
        waiting, why = await self._by.waiting()
        unread = (f"orders on {self.name} that wait for their price cannot be read: {why}",) if why else ()
        meant = tuple(one for one in waiting if self._meant(scope, one.market, one.native))
        return replace(found, waiting=meant, failed=(*found.failed, *unread))

    async def spot(self) -> dict[str, Balance] | None:
        """What the spot wallet holds by asset, quote currencies left out; None where it cannot be read."""
        failed: list[str] = []
        told = await self._read(ReadKind.BALANCES, Market.SPOT, failed)
        if failed:
            return None
        coins = {name for instrument in self._by.listed[Market.SPOT].values() for name in _spellings(instrument)}
        balances = [event for event in told if isinstance(event, Balance) and event.total > 0]
        return {b.asset: b for b in balances if b.asset in coins and b.asset not in self._by.venue.quotes}

    async def perhaps_bought(self, short: Mapping[str, Decimal]) -> list[str] | None:
        """Spot of coins that were sold short by so many, and that a hedge may have bought for it; None: not known."""
        balances = await self.spot()
        if balances is None or not await self._ask_quotes(Market.SPOT):
            return None
        found = []
        for asset, balance in sorted(balances.items()):
            for instrument in self._by.listed[Market.SPOT].values():
                terms = terms_of(instrument)
                if isinstance(terms, str) or terms.asset != asset:
                    continue
                coins = min(balance.total * terms.multiplier, short.get(terms.base, Decimal(0)))
                bid, _ = self._quotes.get((Market.SPOT, instrument.native), (None, None))
                if bid is not None and big_enough(floor_to_step(coins, terms), bid, terms):
                    found.append(f"{self.name} holds {amount(balance.total)} {asset} of spot")
                    break
        return found

    def coins(self, position: Position) -> tuple[str, Decimal] | None:
        """The coin and how many of it, signed; None where that is not known."""
        instrument = self._by.listed[Market.PERP].get(position.native)
        if instrument is None or instrument.multiplier is None:
            return None
        return instrument.base, position.qty * instrument.multiplier

    def cannot(self, position: Position) -> str:
        """Why arbtui closes no such position, in words; "" where it does."""
        return "arbtui closes no two-sided positions; close it there" if position.held != "net" else ""

    def words(self, position: Position) -> str:
        mark = f", mark {amount(position.mark)}" if position.mark else ""
        held = "" if position.held == "net" else f" ({position.held} of a two-sided account)"
        return f"{self.name} {position.native}: position {amount(position.qty)}{held}{mark}"

    def _meant(self, scope: Scope, market: Market, native: str) -> bool:
        """What is not listed bears no coin's name that could be asked for, unless everything is meant."""
        instrument = self._by.listed.get(market, {}).get(native)
        return scope.base is None if instrument is None else scope.holds(self.name, instrument.base)

    # ---- to do

    async def cancel(self, scope: Scope) -> None:
        """Take every open order back; what stays is seen by the next ``open``."""
        for _ in range(CANCEL_ROUNDS):
            seen = await self.open(scope)
            if not seen.orders and not seen.failed:
                return
            for report in seen.orders:
                if report.client_id:
                    self._account.cancel(_as_sent(report))
                else:
                    await self._cancel_unnamed(report)
            for event in await self._settled():
                if isinstance(event, CancelRefused):
                    self._once(f"{self.name} does not cancel {event.client_id} ({event.reason.value}): {event.text}")
                elif isinstance(event, Unanswered):
                    self._once(f"{self.name} did not answer (cancel {event.client_id}): {event.text}")
            await asyncio.sleep(PAUSE_S)

    async def _cancel_unnamed(self, report: OrderReport) -> None:
        """An order that a person placed: it has no client id, so it is named by the venue's own."""
        instrument = self._by.listed[report.market].get(report.native)
        if instrument is None:
            self._once(f"{_of(report)} is in nothing that is listed; cancel it there")
            return
        about = (self._by.env, self._by.keys, instrument, report.order_id)
        call = self._by.private.cancel_unnamed(*about, self._account.stamp_ms())
        try:
            answer = await self._by.rest.carry(call.request)
            for event in call.read(answer.status, answer.body, answer.t_ns):
                if isinstance(event, CancelRefused):
                    self._once(f"{_of(report)} is not canceled ({event.reason.value}): {event.text}")
        except ArbtuiError as error:
            self._once(f"{_of(report)}: {error}")

    async def flatten(self, scope: Scope) -> None:
        """Close every position, reduce-only, at most the band beyond the market; again while anything is left."""
        for _ in range(CLOSE_ROUNDS):
            seen = await self.open(scope)
            if not seen.positions and not seen.failed:
                return
            sent: list[Order] = []
            if seen.positions and await self._ask_quotes(Market.PERP):
                sent = [order for position in seen.positions if (order := self._closing(position)) is not None]
            for order in sent:
                self._say(
                    f"{self.name}: {order.side.value} {order.qty:f} {order.native} at {order.price:f}, reduce-only"
                )
                self._account.place(order)
            self._complain(await self._settled())
            await asyncio.sleep(PAUSE_S)

    async def sold(self, bought: Bought) -> Decimal | None:
        """Coins of it that another flattening has sold, which no journal tells; None where that cannot be read."""
        instrument = self._by.listed[Market.SPOT].get(bought.native)
        if instrument is None or instrument.multiplier is None:
            return None
        kind = ReadKind.HISTORY if self._by.private.absence.history else ReadKind.FILLS
        now_ms = self._account.stamp_ms()
        since_ms = bought.since_ms if bought.since_ms < now_ms else now_ms - _DAY_MS  # the clock was set back since
        told, why = await self._by.read(kind, Market.SPOT, bought.native, since_ms)
        if why:
            self._once(f"what was sold of {self.name} {bought.native} before cannot be read: {why}")
            return None
        sales: dict[str, Decimal] = {}
        for event in told:
            if isinstance(event, Fill) and _is_sale(event, bought):
                sales[flatten_name(event)] = event.qty
            elif isinstance(event, OrderReport) and _is_sale(event, bought):
                sales[flatten_name(event)] = event.filled or Decimal(0)
        return sum(sales.values(), Decimal(0)) * instrument.multiplier

    async def sell(self, bought: Bought) -> bool:
        """Sell spot that a hedge bought, no more than is free; whether it is gone, up to dust."""
        instrument = self._by.listed[Market.SPOT].get(bought.native)
        terms = terms_of(instrument) if instrument is not None else f"{bought.native} is not listed on {self.name}"
        if isinstance(terms, str):
            self._once(f"{terms}; sell it there")
            return False
        left = bought.coins
        for _ in range(CLOSE_ROUNDS):
            balances = await self.spot()
            balance = balances.get(bought.asset) if balances is not None else None
            if balances is None or not await self._ask_quotes(Market.SPOT):
                return False
            free = (balance.free if balance is not None else None) or Decimal(0)
            bid, _ = self._quotes.get((Market.SPOT, bought.native), (None, None))
            if bid is None:
                self._once(f"{self.name} {bought.native} has no bid to sell at")
                return False
            qty = floor_to_step(min(left, free * terms.multiplier), terms)
            if not big_enough(qty, bid * _WORST, terms):
                there = balance.total * terms.multiplier if balance is not None else Decimal(0)
                return not big_enough(floor_to_step(min(left, there), terms), bid * _WORST, terms)
            price = band_limit(bid, Side.SELL, self._band_bps, terms)
            order = self._order(Market.SPOT, bought.native, Side.SELL, qty, price)
            self._say(f"{self.name}: sell {qty:f} {bought.native} at {price:f}, spot that hedges bought")
            filled = await self._outcome(order)
            if filled is None:
                self._once(f"{self.name} has not said what became of the sale {order.client_id}; look at it there")
                return False
            left -= filled * terms.multiplier
        return False

    async def _outcome(self, order: Order) -> Decimal | None:
        """What the order has filled, wire, once the venue says that it has ended; None where it does not."""
        self._account.place(order)
        for _ in range(QUERIES):
            told = await self._settled()
            self._complain(told)
            for event in told:
                if isinstance(event, Rejected):
                    return Decimal(0)
                if isinstance(event, OrderReport) and event.client_id == order.client_id and event.status.terminal:
                    filled = order.qty if event.status is OrderStatus.FILLED else event.filled
                    if filled is not None:
                        return filled
            await asyncio.sleep(PAUSE_S)
            self._account.query(order)
        await self._settled()
        return None

    def _closing(self, position: Position) -> Order | None:
        """The order that closes it; None, and why is said, where there can be none."""
        instrument = self._by.listed[Market.PERP].get(position.native)
        bid, ask = self._quotes.get((Market.PERP, position.native), (None, None))
        side = Side.SELL if position.qty > 0 else Side.BUY
        top = bid if side is Side.SELL else ask
        terms = terms_of(instrument) if instrument is not None else f"{self.name} does not list {position.native}"
        if cannot := self.cannot(position):
            self._once(f"{self.words(position)}: {cannot}")
        elif isinstance(terms, str):
            self._once(f"{terms}; close it there")
        elif top is None:
            self._once(f"{self.name} {position.native} has no {'bid' if side is Side.SELL else 'ask'} to close at")
        elif not (qty := floor_to_step(abs(position.qty) * terms.multiplier, terms)):
            self._once(f"{self.words(position)}: less than a lot; close it there")
        else:
            price = band_limit(top, side, self._band_bps, terms)
            return self._order(Market.PERP, position.native, side, qty, price)
        return None

    def _order(self, market: Market, native: str, side: Side, qty: Decimal, price: Decimal) -> Order:
        self._orders += 1
        name = flatten_id(self._by.clock.now_ns() // NS_PER_MS, self._orders)
        return Order(
            client_id=name,
            venue=self.name,
            market=market,
            native=native,
            side=side,
            kind=OrderKind.IOC,
            qty=qty,
            price=price,
            reduce_only=market is Market.PERP,
        )

    def _complain(self, told: Iterable[AccountEvent]) -> None:
        for event in told:
            if isinstance(event, Rejected):
                self._once(f"{self.name} refused ({event.reason.value}): {event.text}")
            elif isinstance(event, Unanswered):
                self._once(f"{self.name} did not answer ({event.verb}): {event.text}")

    def _once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)

    # ---- the wire

    async def _settled(self) -> list[AccountEvent]:
        return await self._by.settled()

    async def _read(self, kind: ReadKind, market: Market, failed: list[str]) -> list[AccountEvent]:
        told, why = await self._by.read(kind, market)
        if why:
            failed.append(f"{kind.value.replace('_', ' ')} of {self.name} {market.value} cannot be read: {why}")
        return told

    async def _ask_quotes(self, market: Market) -> bool:
        """Best bids and asks of all instruments; False, and why is said, without them.

        Where a venue tells none by REST its mark price stands for both: the band beyond it is wider than a spread.
        """
        natives = list(self._by.listed[market])
        tops: dict[tuple[Market, str], tuple[Decimal | None, Decimal | None]] = {}
        marks = tops.copy()
        try:
            for event in await self._by.market_events(market, natives):
                if isinstance(event, Quote):
                    tops[market, natives[event.slot]] = self._tops(market, event)
                elif isinstance(event, MarkPrice):
                    mark = positive_or_none(event.mark)
                    marks[market, natives[event.slot]] = (mark, mark)
        except ArbtuiError as error:
            self._once(f"prices of {self.name} {market.value} cannot be read: {error}")
            return False
        self._quotes |= tops or marks
        return True

    def _tops(self, market: Market, quote: Quote) -> tuple[Decimal | None, Decimal | None]:
        raw = quote.raw if isinstance(quote.raw, tuple) else self._by.venue.quote_texts(market, quote.raw)
        return positive_or_none(raw[0]), positive_or_none(raw[2])


def _spellings(instrument: Instrument) -> tuple[str, ...]:
    """The coin as balances may name it."""
    terms = terms_of(instrument)
    return (instrument.base,) if isinstance(terms, str) else (instrument.base, terms.asset)


def _as_sent(report: OrderReport) -> Order:
    """As much of an open order as a cancel needs."""
    return Order(
        client_id=report.client_id,
        venue=report.venue,
        market=report.market,
        native=report.native,
        side=report.side,
        kind=OrderKind.POST_ONLY,
        qty=report.qty or Decimal(0),
        price=report.price,
    )


def _is_sale(event: Fill | OrderReport, bought: Bought) -> bool:
    """Whether it tells of a sale of that spot by a flattening."""
    name = flatten_name(event)
    return event.market is Market.SPOT and event.native == bought.native and name not in ("", *bought.known)


def _of(report: OrderReport) -> str:
    what = f"{report.qty:f} " if report.qty is not None else ""
    price = f" at {report.price:f}" if report.price is not None else ""
    return f"{report.venue} {report.native}: order {report.order_id} ({report.side.value} {what}{price})"
