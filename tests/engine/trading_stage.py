"""``engine.trading`` on a stage: executors that only write down, a journal at once, prices and a clock set by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.orders import (
    Absence,
    AccountEvent,
    AccountMode,
    Balance,
    FeeRates,
    Fill,
    LeverageRead,
    Order,
    OrderReport,
    OrderStatus,
    Position,
    ReadDone,
    ReadKind,
    StreamState,
)
from arbtui.engine.trading import Carrier, Trading
from arbtui.execution.ledger import VenueRules
from arbtui.execution.limits import Limits
from arbtui.execution.paper_market import Depth
from arbtui.execution.policy import DEFAULT
from arbtui.execution.ports import Price, Record
from arbtui.execution.preflight import ClockRead
from arbtui.port import Ticket

T0 = 1_800_000_000 * NS_PER_S
BUY, SELL = "binance.perp.COINUSDT", "okx.perp.COINUSDT"
SPOT = "binance.spot.COINUSDT"
D = Decimal
ENOUGH = D(1_000_000)  # USD open at once


def listed(leg: str, **changes: object) -> Instrument:
    venue, market, native = leg.split(".")
    made = Instrument(
        venue=venue,
        market=Market(market),
        native=native,
        base="COIN",
        quote="USDT",
        price_ccy="USDT",
        settle_ccy="USDT",
        multiplier=D(1),
        price_factor=D(1),
        status=TradingStatus.TRADING,
        tick=D("0.01"),
        step=D("0.1"),
        min_notional=D(5),
    )
    return msgspec.structs.replace(made, **changes)


def quote(bid: str, ask: str, *, age_ms: float = 5.0, fresh: bool = True) -> Price:
    return Price(D(bid), D(1000), D(ask), D(1000), age_ms=age_ms, fresh=fresh)


class Pen:
    """An executor that writes down what it was asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.placed: list[Order] = []
        self.reads: list[tuple[ReadKind, Market, str, int | None]] = []
        self.wait_s = 0.0  # until the venue takes an order
        self.counted: list[Order] = []  # what was asked about last

    def order_wait_s(self, orders: Sequence[Order]) -> float:
        self.counted = list(orders)
        return self.wait_s

    def place(self, order: Order) -> None:
        self.placed.append(order)

    def cancel(self, order: Order) -> None: ...

    def query(self, order: Order) -> None: ...

    def read(self, kind: ReadKind, market: Market, native: str = "", since_ms: int | None = None) -> None:
        self.reads.append((kind, market, native, since_ms))

    def asked(self, kind: ReadKind) -> int:
        """How often since the last look, which forgets."""
        count = sum(read[0] is kind for read in self.reads)
        self.reads = [read for read in self.reads if read[0] is not kind]
        return count


@dataclass
class Disk:
    """A journal that keeps everything at once, or (``full``) nothing."""

    full: bool = False

    def __post_init__(self) -> None:
        self.kept: list[Record] = []

    def write(self, records: Sequence[Record], then: object, failed: object) -> None:
        if self.full:
            assert callable(failed)
            failed("no space left on device")
            return
        self.kept.extend(records)
        if callable(then):
            then()


class Board:
    def __init__(self) -> None:
        self.prices = {
            BUY: quote("99.99", "100.00"),
            SELL: quote("100.20", "100.21"),
            SPOT: quote("99.98", "99.99"),
        }
        self.listed = {leg: listed(leg) for leg in (BUY, SELL, SPOT)}
        self.rates: dict[str, Decimal | None] = {"USDT": D(1)}

    def price(self, leg: str) -> Price:
        return self.prices[leg]

    def instrument(self, leg: str) -> Instrument | None:
        return self.listed.get(leg)

    def usd(self, ccy: str) -> Decimal | None:
        return self.rates.get(ccy)

    def depth(self, leg: str) -> Depth:
        price = self.prices[leg]
        return Depth([(price.bid or D(0), D(1000))], [(price.ask or D(0), D(1000))])


class Stage:
    """``Trading`` with everything around it. ``ready`` answers whatever was asked, as a venue in order would."""

    def __init__(
        self,
        kept: Sequence[Record] = (),
        *,
        paper: bool = False,
        limits: Limits | None = None,
        now_ns: int = T0,
    ) -> None:
        self.clock = ManualClock(now_ns)
        self.pens = {name: Pen(name) for name in ("binance", "okx")}
        self.disk = Disk()
        self.disk.kept.extend(kept)
        self.market = Board()
        self.notices: list[tuple[str, str]] = []
        self.muted: dict[str, str] = {}  # leg -> why
        self.offset_ms: dict[str, float | None] = {"binance": 0.0, "okx": 0.0}
        rules = VenueRules(Absence(settle_s=1.0, forget_s=3_600.0))
        markets = (Market.PERP, Market.SPOT)
        self.trading = Trading(
            "PAPER" if paper else "SIMULATED",
            {name: Carrier(pen, markets, rules, partial(self._clock, name), paper) for name, pen in self.pens.items()},
            clock=self.clock,
            journal=self.disk,
            prices=self.market,
            depth=self.market.depth,
            policy=DEFAULT,
            limits=limits or Limits(),
            notice=lambda level, text: self.notices.append((level, text)),
            muted=self.muted.get,
        )
        self.trading.restore(list(kept))
        self.trading.start()

    def _clock(self, venue: str) -> ClockRead:
        return ClockRead(self.offset_ms[venue])

    def wait(self, seconds: float) -> None:
        self.clock.advance_to(self.clock.now_ns() + int(seconds * NS_PER_S))

    def hear(self, *events: AccountEvent) -> None:
        for event in events:
            self.trading.hear(event)

    def answer(self, venue: str, *, free: str | None = "50000") -> None:
        """Everything that was asked of a venue."""
        pen, now_ns = self.pens[venue], self.clock.now_ns()
        while pen.reads:
            kind, market, native, since_ms = pen.reads.pop(0)
            self.hear(*self._rows(venue, kind, market, native, free))
            self.hear(
                ReadDone(
                    venue=venue, market=market, kind=kind, asked_ns=now_ns, t_ns=now_ns, native=native,
                    since_ms=since_ms,
                )
            )  # fmt: skip

    def _rows(self, venue: str, kind: ReadKind, market: Market, native: str, free: str | None) -> list[AccountEvent]:
        now_ns = self.clock.now_ns()
        match kind:
            case ReadKind.BALANCES:
                wallet = "trading" if venue == "okx" else "usdm" if market is Market.PERP else "spot"
                amount = None if free is None else D(free)
                return [
                    Balance(venue=venue, wallet=wallet, asset="USDT", total=D(50_000), free=amount, t_ns=now_ns),
                ]
            case ReadKind.MODE:
                return [
                    AccountMode(
                        venue=venue, market=market, position_mode="one_way", can_trade=True, text="one-way", t_ns=now_ns
                    )
                ]
            case ReadKind.FEES:
                return [
                    FeeRates(
                        venue=venue, market=market, native=native, maker=D("0.0002"), taker=D("0.0005"), t_ns=now_ns
                    )
                ]
            case ReadKind.POSITIONS:
                return [
                    Position(venue=venue, native=leg.native, qty=ledger.position(index), t_ns=now_ns, told="query")
                    for ledger in self.trading.ledgers.values()
                    for index, leg in enumerate(ledger.intent.legs)
                    if (leg.venue, leg.market) == (venue, Market.PERP) and ledger.position(index)
                ]
            case ReadKind.LEVERAGE:
                return [LeverageRead(venue=venue, native=native, leverage=D(5), margin_mode="cross", t_ns=now_ns)]
        return []

    def streams(self, state: str = "up", venue: str = "") -> None:
        for name in (venue,) if venue else ("binance", "okx"):
            assert state in ("up", "down")
            self.hear(
                StreamState(
                    venue=name, markets=(Market.PERP, Market.SPOT), state="up" if state == "up" else "down", text="",
                    t_ns=self.clock.now_ns(),
                )
            )  # fmt: skip

    def ready(self) -> Stage:
        """All is known and armed."""
        self.streams()
        self.trading.preview(ticket())
        for venue in ("binance", "okx"):
            self.answer(venue)
        assert self.trading.arm(ENOUGH).accepted
        return self

    def fill(self, order: Order, *, fee: str = "0.5") -> None:
        now_ns = self.clock.now_ns()
        about: dict[str, Any] = {
            "venue": order.venue,
            "market": order.market,
            "native": order.native,
            "side": order.side,
        }
        self.hear(
            Fill(
                **about, fill_id=f"f{order.client_id}", order_id=f"v{order.client_id}", client_id=order.client_id,
                price=order.price or D(100), qty=order.qty, told="push", t_ns=now_ns, t_ms=now_ns // 1_000_000,
                fee=D(fee), fee_ccy="USDT",
            ),
            OrderReport(
                **about, client_id=order.client_id, order_id=f"v{order.client_id}", status=OrderStatus.FILLED,
                status_text="FILLED", told="push", t_ns=now_ns, qty=order.qty, filled=order.qty,
            ),
        )  # fmt: skip

    def hedged(self) -> str:
        """A hedge that stands."""
        preview = self.trading.preview(ticket())
        assert not preview.refused, preview.refused
        answer = self.trading.fire(preview)
        assert answer.accepted, answer.text
        for pen in self.pens.values():
            self.fill(pen.placed[-1])
        assert self.trading.ledgers[answer.hedge].state == "hedged"
        return answer.hedge


def ticket(**changes: Any) -> Ticket:
    fields: dict[str, Any] = {"base": "COIN", "buy": BUY, "sell": SELL, "qty_base": D(5), **changes}
    return Ticket(**fields)
