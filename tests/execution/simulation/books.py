"""The truth of one account, and the words in which a venue tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from arbtui.core.clock import NS_PER_MS
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Balance, Fill, Order, OrderReport, OrderStatus, Origin, Position, Side, Told
from arbtui.execution.paper_market import wallets_of
from tests.execution.simulation.faults import Faults

ZERO = Decimal(0)


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
    filled: Decimal = ZERO
    alien: bool = False

    @property
    def open(self) -> bool:
        return self.status is OrderStatus.OPEN


@dataclass(frozen=True)
class Strange:
    """A trade of somebody else on the same account."""

    side: Side
    trade: Trade
    origin: Origin
    order_id: str


class Books:
    """Orders, trades and what the account holds.

    ``position``: what was traded on the instrument, signed wire; of a perpetual that is all that there is.
    ``wallet``: coins in a spot wallet, with what was in it before and without fees paid in the coin.
    """

    def __init__(self, name: str, instrument: Instrument, faults: Faults, stock: Decimal) -> None:
        self.name = name
        self.instrument = instrument
        self.orders: dict[str, Held] = {}
        self.strangers: list[Strange] = []
        self.position = ZERO
        self.wallet = stock
        self._faults = faults
        self._ids = 0

    def next_id(self) -> int:
        self._ids += 1
        return self._ids

    @property
    def held(self) -> Decimal:
        """What others can take from the account, signed wire."""
        return self.wallet if self.instrument.market is Market.SPOT else self.position

    # what happens
    def trade(self, held: Held, price: Decimal, qty: Decimal, now_ns: int, *, maker: bool) -> Trade:
        order = held.order
        fee, ccy = self._fee(order.side, price, qty, maker=maker)
        trade = Trade(f"t{self.next_id()}", price, qty, fee, ccy, now_ns, maker)
        held.trades.append(trade)
        held.filled += qty
        self._move(order.side.sign * qty, trade)
        return trade

    def _move(self, signed: Decimal, trade: Trade) -> None:
        self.position += signed
        self.wallet += signed - (trade.fee if trade.fee_ccy == self.instrument.base else ZERO)

    def _fee(self, side: Side, price: Decimal, qty: Decimal, *, maker: bool) -> tuple[Decimal, str]:
        spec = self.instrument
        rate = Decimal(str(spec.maker_rate if maker else spec.taker_rate))
        if spec.market is Market.SPOT and side is Side.BUY:
            return qty * rate, spec.base
        assert spec.multiplier is not None
        assert spec.price_factor is not None
        return qty * price * spec.multiplier / spec.price_factor * rate, spec.settle_ccy

    def strange(self, side: Side, qty: Decimal, price: Decimal, origin: Origin, now_ns: int) -> Strange:
        """Somebody else trades: a person by hand, or the venue itself."""
        number = self.next_id()
        trade = Trade(f"t{number}", price, qty, ZERO, self.instrument.quote, now_ns, False)
        row = Strange(side, trade, origin, f"x{number}")
        self.strangers.append(row)
        self._move(side.sign * qty, trade)
        return row

    # what is told
    def report(
        self, held: Held, told: Told, now_ns: int, *, vague: bool = False, order_id: str | None = None
    ) -> OrderReport:
        """``order_id``: as this message names it, where not by its number."""
        order = held.order
        return OrderReport(
            venue=self.name,
            market=order.market,
            native=order.native,
            client_id=order.client_id,
            order_id=held.order_id if order_id is None else order_id,
            side=order.side,
            status=OrderStatus.UNKNOWN if held.alien else held.status,
            status_text="ALIEN" if held.alien else held.status.value,
            told=told,
            t_ns=now_ns,
            t_ms=now_ns // NS_PER_MS,
            qty=order.qty,
            price=order.price,
            filled=None if vague else held.filled,
            reduce_only=order.reduce_only,
        )

    def fill(self, held: Held, trade: Trade, told: Told, now_ns: int) -> Fill:
        order = held.order
        feeless = told == "push" and self._faults.feeless_push
        return Fill(
            venue=self.name,
            market=order.market,
            native=order.native,
            fill_id=trade.fill_id,
            order_id=held.order_id,
            client_id="" if self._faults.nameless_fills else order.client_id,
            side=order.side,
            price=trade.price,
            qty=trade.qty,
            told=told,
            t_ns=now_ns,
            t_ms=trade.t_ns // NS_PER_MS,
            fee=None if feeless else trade.fee,
            fee_ccy="" if feeless else trade.fee_ccy,
            maker=trade.maker,
        )

    def strange_fill(self, row: Strange, now_ns: int) -> Fill:
        spec, trade = self.instrument, row.trade
        return Fill(
            venue=self.name,
            market=spec.market,
            native=spec.native,
            fill_id=trade.fill_id,
            order_id=row.order_id,
            client_id="",
            side=row.side,
            price=trade.price,
            qty=trade.qty,
            told="fills",
            t_ns=now_ns,
            t_ms=trade.t_ns // NS_PER_MS,
            fee=trade.fee,
            fee_ccy=trade.fee_ccy,
            origin=row.origin,
        )

    def position_row(self, now_ns: int) -> Position:
        return Position(venue=self.name, native=self.instrument.native, qty=self.position, t_ns=now_ns, told="query")

    def balance_row(self, now_ns: int) -> Balance:
        pot = wallets_of(self.name)[Market.SPOT]
        coin = self.instrument.base
        return Balance(venue=self.name, wallet=pot, asset=coin, total=self.wallet, free=None, t_ns=now_ns)
