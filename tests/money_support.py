"""The bench of the printer with hedges on it: real trading, and executors that only write down what they are asked."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import Balance, Order, OrderStatus, Position
from arbtui.engine.auto import Auto
from arbtui.engine.papermarket import depth_of
from arbtui.engine.prices import BoardPrices
from arbtui.engine.trading import Carrier, Trading
from arbtui.execution.intents import Intent, Style
from arbtui.execution.limits import Limits
from arbtui.execution.policy import DEFAULT
from arbtui.execution.ports import Record
from arbtui.execution.preflight import ClockRead
from arbtui.execution.reviews import Rates, Wish, open_intent
from arbtui.strategy.auto import AutoRules
from tests.execution.stage import RULES, Disk, Pen, accepted, fill, order_id, rejected, report, unanswered
from tests.headless_support import Bench

RATE = Rates(Decimal("0.0005"), Decimal("0.0002"))


class MoneyBench(Bench):
    """BTC bought on Binance and sold on OKX, where a contract is 0.01 coins."""

    def __init__(self, tmp_path: Path, records: tuple[Record, ...] = (), limits: Limits | None = None) -> None:
        super().__init__(tmp_path)
        for slot, step in ((self.binance, "0.01"), (self.okx, "1")):
            traded = replace(slot.instrument, tick=Decimal("0.01"), step=Decimal(step), min_notional=Decimal(5))
            self.list(slot.instrument.venue, Market.PERP, traded)
        self.pens = {name: Pen(name) for name in ("binance", "okx")}
        self.disk = Disk()
        desk = self.desk
        self.prices = BoardPrices(self.board, self.clock, desk.wire_texts)
        self.trading = Trading(
            "PAPER",
            {
                name: Carrier(pen, (Market.PERP,), RULES["alpha"], lambda: ClockRead(0.0), paper=True)
                for name, pen in self.pens.items()
            },
            clock=self.clock,
            journal=self.disk,
            prices=self.prices,
            depth=lambda leg: depth_of(self.board, self.clock, desk.wire_texts, leg),
            policy=DEFAULT,
            limits=limits or Limits(),
            notice=lambda level, text: None,
        )
        self.trading.runner.restore(records)
        desk.trading = self.trading
        self.notices: list[str] = []
        self.auto = Auto(
            desk, self.trading, AutoRules(), every_ms=500, notice=lambda level, text: self.notices.append(text)
        )
        desk.auto = self.auto
        self.everything()

    def intend(self, qty: str = "1.5", style: Style = Style.TAKER_TAKER, maker: int | None = None) -> Intent:
        """Reviewed as a ticket would be, without the checks that need accounts."""
        prices = self.prices
        legs = (self.binance.instrument, self.okx.instrument)
        wish = Wish("BTC", *legs, (RATE, RATE), qty_base=Decimal(qty), style=style, maker=maker)
        hedge = self.trading.runner.new_id()
        made = open_intent(hedge, wish, (prices.price(legs[0].key), prices.price(legs[1].key)), None, self.now)
        assert isinstance(made, Intent), made
        return made

    @property
    def now(self) -> int:
        return self.clock.now_ns()

    def open(self) -> str:
        """A taker-taker hedge, sent; its id."""
        self.trading.runner.arm()
        made = self.intend()
        answer = self.trading.runner.open(made)
        assert answer.accepted, answer.text
        return made.hedge

    def order(self, venue: str, index: int = -1) -> Order:
        return self.pens[venue].placed[index]

    def fills(self, venue: str, qty: str | None = None, *, fee: str | None = "0.05", fill_id: str = "1") -> None:
        """The last order of ``venue`` fills, wire quantity, and ends."""
        sent = self.order(venue)
        amount = qty if qty is not None else f"{sent.qty:f}"
        hear = self.trading.hear
        hear(accepted(sent, self.now))
        hear(fill(sent, amount, fee=fee, fill_id=f"{order_id(sent)}-{fill_id}", t_ns=self.now))
        ended = OrderStatus.FILLED if Decimal(amount) == sent.qty else OrderStatus.CANCELED
        hear(report(sent, ended, amount, t_ns=self.now))

    def refuses(self, venue: str, reason: RefusalReason = RefusalReason.INSUFFICIENT) -> None:
        self.trading.hear(rejected(self.order(venue), reason, self.now))

    def silent(self, venue: str) -> None:
        self.trading.hear(unanswered(self.order(venue), self.now))

    def hedged(self) -> str:
        hedge = self.open()
        self.fills("binance")
        self.fills("okx")
        assert self.trading.ledgers[hedge].state == "hedged", self.trading.ledgers[hedge]
        return hedge

    def holds(self, venue: str, native: str, qty: str, **more: Any) -> None:
        """A position is told, wire quantity."""
        self.trading.hear(Position(venue=venue, native=native, qty=Decimal(qty), t_ns=self.now, **more))

    def has(self, venue: str, asset: str, total: str, free: str | None = None) -> None:
        self.trading.hear(
            Balance(
                venue=venue,
                wallet="trading",
                asset=asset,
                total=Decimal(total),
                free=Decimal(free) if free is not None else None,
                t_ns=self.now,
            )
        )
