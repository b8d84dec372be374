"""A small market to judge strategies in: real slots and coins, a board that says only what a test makes it say."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from arbtui.core.clock import NS_PER_MS, NS_PER_S, ManualClock
from arbtui.core.events import Quote
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.market.basis import Between, Rate
from arbtui.market.slot import Coin, Slot
from arbtui.market.witness import Witness

START_NS = 1_800_000_000 * NS_PER_S
QUOTE_LIMIT_NS = 5 * NS_PER_S


class FakeBook:
    """Levels that are held; a slot reads nothing else of a book."""

    def __init__(
        self, bids: Sequence[tuple[float, float]], asks: Sequence[tuple[float, float]], tradable: bool = True
    ) -> None:
        self.bids, self.asks, self.tradable = bids, asks, tradable

    def walk_bids(self) -> Sequence[tuple[float, float]]:
        return self.bids

    def walk_asks(self) -> Sequence[tuple[float, float]]:
        return self.asks


class FakeRates:
    """USDT for one of each currency, as a test wrote it; ``muted`` speaks against every comparison."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.muted: str | None = None

    def between(self, a: str, b: str, now_ns: int) -> Between:
        ccy = a if a != "USDT" else b
        if ccy not in self.values:
            return Between(None, f"no rate for {ccy}")
        return Between(Rate(ccy, f"binance.spot.{ccy}USDT", self.values[ccy], now_ns - 200 * NS_PER_MS), self.muted)


class World:
    """A board in small. ``judge`` calls a quote stale after 5 s and repeats what a test wrote into ``against``."""

    def __init__(self) -> None:
        self.clock = ManualClock(START_NS)
        self.coins: dict[str, Coin] = {}
        self.slots: list[Slot] = []
        self.against: dict[int, str] = {}
        self.rates = FakeRates()
        self.judged = 0

    @property
    def now_ns(self) -> int:
        return self.clock.now_ns()

    def pass_ms(self, ms: float) -> None:
        self.clock.advance_to(self.now_ns + int(ms * NS_PER_MS))

    def add(
        self,
        venue: str,
        market: Market = Market.PERP,
        base: str = "BTC",
        *,
        fee: float = 0.0005,
        price_ccy: str = "USDT",
        rate: float | None = 1.0,
    ) -> Slot:
        coin = self.coins.setdefault(base, Coin(base))
        instrument = Instrument(
            venue=venue,
            market=market,
            native=f"{base}{price_ccy}",
            base=base,
            quote=price_ccy,
            price_ccy=price_ccy,
            settle_ccy=price_ccy,
            multiplier=Decimal(1),
            price_factor=Decimal(1),
            status=TradingStatus.TRADING,
        )
        slot = Slot(len(self.slots), instrument, coin, cast(Any, SimpleNamespace(offset_ms=None)))
        slot.witness = Witness()
        slot.price_factor = slot.multiplier = 1.0
        if rate is not None:
            self.rates.values.setdefault(price_ccy, rate)
        slot.taker_rate = fee
        slot.fee_source = "default"
        slot.rate_per_h = 0.0 if market is Market.SPOT else None
        coin.slots.append(slot)
        self.slots.append(slot)
        return slot

    def quote(
        self, slot: Slot, bid: float | None, ask: float | None, *, bid_qty: float = 10.0, ask_qty: float = 10.0
    ) -> Slot:
        """A quote as the board would have written it."""
        rate = self.rates.values.get(slot.instrument.price_ccy)
        sizes = (None if bid is None else bid_qty, None if ask is None else ask_qty)
        slot.quote = Quote(slot.id, bid, sizes[0], ask, sizes[1], self.now_ns, None, 0, b"")
        slot.usd = rate
        slot.sold = None if rate is None else rate * (1.0 - slot.taker_rate)
        slot.bought = None if rate is None else rate * (1.0 + slot.taker_rate)
        return slot

    def refresh(self) -> None:
        """Every quote is heard again, as it stands."""
        for slot in self.slots:
            if slot.quote is not None:
                slot.quote.t_ns = self.now_ns

    def hold(
        self,
        slot: Slot,
        *,
        bids: Sequence[tuple[float, float]] = (),
        asks: Sequence[tuple[float, float]] = (),
        tradable: bool = True,
    ) -> None:
        slot.book = cast(Any, FakeBook(bids, asks, tradable))

    def judge(self, slot: Slot, now_ns: int) -> str | None:
        self.judged += 1
        if slot.id in self.against:
            return self.against[slot.id]
        if slot.quote is None:
            return "no quote yet"
        return "stale" if now_ns - slot.quote.t_ns > QUOTE_LIMIT_NS else None
