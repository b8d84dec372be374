"""A paper account on a market that a test makes by hand, on a clock that a test moves."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Literal, TypeVar

import msgspec

from arbtui.core.clock import NS_PER_MS, ManualClock
from arbtui.core.events import Trade
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.orders import AccountEvent, Balance, Fill, Order, OrderKind, OrderReport, ReadKind, Side
from arbtui.execution.paper import PaperExecutor
from arbtui.execution.paper_market import Depth, Fees, FundingDue, PaperRules

D = Decimal
START_MS = 1_795_158_000_000
PERP = "binance.perp.BTCUSDT"
SPOT = "binance.spot.BTCUSDT"
LATENCY_MS = 50
T = TypeVar("T")

RULES = PaperRules(
    balances={"usdm": {"USDT": D(10_000)}, "spot": {"USDT": D(10_000), "BTC": D(1)}},
    latency_ms=LATENCY_MS,
    leverage=D(2),
)


def instrument(leg: str = PERP, **changes: Any) -> Instrument:
    venue, market, native = leg.split(".", 2)
    made = Instrument(
        venue=venue, market=Market(market), native=native, base="BTC", quote="USDT", price_ccy="USDT",
        settle_ccy="USDT", multiplier=D(1), price_factor=D(1), status=TradingStatus.TRADING, status_text="TRADING",
        tick=D("0.1"), step=D("0.001"), min_qty=D("0.001"), min_notional=D(5),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def side(*levels: tuple[str | int, str | int]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((D(str(price)), D(str(size))) for price, size in levels)


BIDS = side((99, 1), (98, 2), (97, 3))
ASKS = side((100, 1), (101, 2), (102, 3))


class HandMarket:
    """``PaperMarket`` as a test sets it."""

    def __init__(self) -> None:
        self.depths: dict[str, Depth] = {leg: Depth(BIDS, ASKS) for leg in (PERP, SPOT)}
        self.instruments: dict[str, Instrument] = {leg: instrument(leg) for leg in (PERP, SPOT)}
        self.live: set[str] = {PERP, SPOT}
        self.marks: dict[str, Decimal] = {PERP: D("99.5")}
        self.fundings: dict[str, FundingDue] = {}
        self.rates = Fees(D("0.0002"), D("0.0005"))

    def depth(self, leg: str) -> Depth:
        return self.depths.get(leg, Depth(why_not="no quote yet"))

    def instrument(self, leg: str) -> Instrument | None:
        return self.instruments.get(leg)

    def trades_live(self, leg: str) -> bool:
        return leg in self.live

    def mark(self, leg: str) -> Decimal | None:
        return self.marks.get(leg)

    def funding(self, leg: str) -> FundingDue | None:
        return self.fundings.get(leg)

    def fees(self, market: Market, native: str) -> Fees:
        return self.rates


class Rig:
    """An executor and what it told. ``do`` hands an order over and lets the latency pass."""

    def __init__(self, rules: PaperRules = RULES, *, kept: object = None, start_ms: int = START_MS) -> None:
        self.market = HandMarket()
        self.clock = ManualClock(start_ms * NS_PER_MS)
        self.told: list[AccountEvent] = []
        self.wanted: list[set[str]] = []
        self.notes: list[str] = []
        self.rules = rules
        self._numbers = 0
        self.executor = self.make(kept)

    def make(self, kept: object) -> PaperExecutor:
        made = PaperExecutor(
            "binance", self.market, self.clock, self.told.append, self.rules, kept=kept, on_wanted=self._want,
            note=self.notes.append,
        )  # fmt: skip
        made.start()
        return made

    def _want(self, legs: Collection[str]) -> None:
        self.wanted.append(set(legs))

    def restart(self) -> None:
        """End the executor and go on with one made of what it kept, by way of JSON."""
        self.executor.stop()
        kept = msgspec.json.decode(msgspec.json.encode(self.executor.save()))
        self.executor = self.make(kept)

    @property
    def now_ms(self) -> int:
        return self.clock.now_ns() // NS_PER_MS

    def run(self, ms: int) -> None:
        self.clock.advance_to(self.clock.now_ns() + ms * NS_PER_MS)

    def take(self) -> list[AccountEvent]:
        """What was told since the last call."""
        told, self.told[:] = list(self.told), []
        return told

    def order(
        self,
        way: str,
        qty: str,
        price: str | None = None,
        *,
        kind: OrderKind = OrderKind.IOC,
        leg: str = PERP,
        reduce_only: bool = False,
        client_id: str = "",
    ) -> Order:
        self._numbers += 1
        venue, market, native = leg.split(".", 2)
        return Order(
            client_id=client_id or f"o{self._numbers}", venue=venue, market=Market(market), native=native,
            side=Side(way), kind=kind, qty=D(qty), price=None if price is None else D(price), reduce_only=reduce_only,
        )  # fmt: skip

    def do(self, way: str, qty: str, price: str | None = None, **more: Any) -> list[AccountEvent]:
        return self.send(self.order(way, qty, price, **more))

    def send(self, order: Order) -> list[AccountEvent]:
        self.take()
        self.executor.place(order)
        self.run(LATENCY_MS)
        return self.take()

    def rest(self, way: str, qty: str, price: str, **more: Any) -> Order:
        """A maker order that has come to rest."""
        order = self.order(way, qty, price, kind=OrderKind.POST_ONLY, **more)
        events = self.send(order)
        assert report(events).status.value == "open", events
        return order

    def trade(
        self,
        price: str,
        size: str,
        taker: Literal["buy", "sell"] = "sell",
        *,
        leg: str = PERP,
        past: bool = False,
        exchange_ms: int | None = None,
        trade_id: str = "",
    ) -> list[AccountEvent]:
        self.take()
        self._numbers += 1
        number = trade_id or f"t{self._numbers}"
        self.executor.trade(leg, Trade(0, price, size, taker, number, self.clock.now_ns(), exchange_ms, past))
        return self.take()

    def read(self, kind: ReadKind, market: Market = Market.PERP, **more: Any) -> list[AccountEvent]:
        self.take()
        self.executor.read(kind, market, **more)
        self.run(LATENCY_MS)
        return self.take()

    def book(self, bids: Any = BIDS, asks: Any = ASKS, *, leg: str = PERP, **more: Any) -> None:
        self.market.depths[leg] = Depth(bids, asks, **more)

    def balance(self, asset: str = "USDT", market: Market = Market.PERP) -> Balance:
        balances = of(self.read(ReadKind.BALANCES, market), Balance)
        return next(balance for balance in balances if balance.asset == asset)


def of(events: list[AccountEvent], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


def one(events: list[AccountEvent], kind: type[T]) -> T:
    (found,) = of(events, kind)
    return found


def fills(events: list[AccountEvent]) -> list[tuple[Decimal, Decimal]]:
    """Price and quantity of each fill."""
    return [(fill.price, fill.qty) for fill in of(events, Fill)]


def report(events: list[AccountEvent]) -> OrderReport:
    """The last one."""
    return of(events, OrderReport)[-1]
