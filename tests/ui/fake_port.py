"""A deterministic engine behind the port: coins on five venues with spot and perp, walked by a seeded generator.

It has real slots and real books, so that the screen reads what it will read in earnest, and it does at a quote what an
engine does at the least: remember it, and keep the coin's best ask and bid.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from arbtui.config import Settings, VenueSettings
from arbtui.config.keys import Path as Key
from arbtui.core.alerts import Alert, AlertKind
from arbtui.core.clock import NS_PER_S, Clock, ManualClock
from arbtui.core.events import BookSnapshot, Funding, MarkPrice, Quote, QuoteTexts, Ticker
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.sequence import Replaced
from arbtui.core.status import FeedState, FeedStatus, Notice, ProcessFigures
from arbtui.engine.memory import NoMemory
from arbtui.engine.settings import SettingsBook, Sources
from arbtui.market.basis import Between
from arbtui.market.book import Book
from arbtui.market.slot import Coin, Slot
from arbtui.port import (
    AutoPort,
    ChooseLegs,
    Command,
    Outcome,
    Remember,
    ReplayControl,
    ReplayPosition,
    SelectCoin,
    SetMute,
    SetSetting,
    SetThreshold,
    Setting,
    SetWalkSize,
    TradingPort,
)
from arbtui.strategy.history import PAIR_STEP_NS, History
from arbtui.strategy.rows import Basis, Leg, SignalRecord, SignalState, SpreadRow
from arbtui.strategy.series import Series
from arbtui.strategy.spread import walked

if TYPE_CHECKING:
    from arbtui.market.family import Family
    from arbtui.market.state import Board

VENUES = ("binance", "okx", "bybit", "bitget", "hyperliquid")
FEES_BPS = {"binance": 4.5, "okx": 5.0, "bybit": 5.5, "bitget": 6.0, "hyperliquid": 4.5}
NAMES = ("BTC", "ETH", "SOL", "XRP", "DOGE", "PEPE", "WIF", "ENA", "TIA", "HYPE", "LINK", "AVAX", "SUI", "ARB", "APT")
START_NS = 1_763_600_000_000_000_000


class FakeRates:
    def between(self, a: str, b: str, now_ns: int) -> Between:
        return Between(None, None)


class FakeBoard:
    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.coins: dict[str, Coin] = {}
        self.limit_ms: float | None = None  # a quote older than this is stale at the moment it becomes so
        self.rates = FakeRates()

    def fresh(self, slot: Slot, now_ns: int) -> str | None:
        return self.judge(slot, now_ns)

    def judge(self, slot: Slot, now_ns: int) -> str | None:
        if slot.muted is None and self.limit_ms is not None and slot.quote is not None:
            age_ms = (now_ns - slot.quote.t_ns) / 1e6
            return f"no frame for {age_ms / 1000:.1f} s" if age_ms > self.limit_ms else None
        return slot.muted

    def slot_of(self, venue: str, market: Market, native: str) -> Slot | None:
        wanted = (venue, market, native)
        return next((s for s in self.slots if (s.instrument.venue, s.instrument.market, s.instrument.native) == wanted),
                    None)  # fmt: skip


def coin_name(index: int) -> str:
    return NAMES[index] if index < len(NAMES) else f"C{index:04d}"


class FakePort:
    """``EnginePort`` in full. ``walk(n)`` takes in ``n`` quotes; time moves with ``clock.advance_to``."""

    def __init__(self, coins: int = 60, *, seed: int = 1, markets: Sequence[Market] = tuple(Market)) -> None:
        self.mode = "DEMO"
        self.trading: TradingPort | None = None
        self.auto: AutoPort | None = None
        self.no_trading = "the fake engine sends no orders"
        self.time = ManualClock(START_NS)
        self.clock: Clock = self.time
        self.selected = ""
        self.legs: tuple[int, int] | None = None
        self.walk_usd = 1000.0
        self.sent: list[Command] = []
        self.refuse: str | None = None  # if set, commands are refused with these words
        self.reads = 0
        self.failing = False
        self.quotes = 0
        self._rows: dict[str, SpreadRow] = {}
        self._next_row = 0
        self._random = random.Random(seed)
        self._board = FakeBoard()
        self.board = cast("Board", self._board)
        self._thresholds: dict[str, float] = {"": 5.0}
        self._kept: dict[str, str] = {}
        self.given(Settings())
        self._signals: deque[SignalRecord] = deque(maxlen=500)
        self._notices: deque[Notice] = deque(maxlen=200)
        self._best: dict[str, tuple[Slot, Slot]] = {}
        self.muted_coins: list[str] = []
        self.muted_venues: list[str] = []
        self.replay: ReplayPosition | None = None
        self._hearing: list[Callable[[Notice], None]] = []
        self._told: deque[Alert] = deque(maxlen=500)
        self._alerted: list[Callable[[Alert], None]] = []
        self.past = History(self._board, self._best_now)
        self.feeds: list[FeedStatus] = []
        self._true: list[float] = []
        for index in range(coins):
            self.list_coin(coin_name(index), markets)
        if coins:
            for venue in VENUES:
                for market in markets:
                    self.feeds.append(feed(venue, market))

    # the market

    def list_coin(self, base: str, markets: Sequence[Market]) -> None:
        coin = Coin(base)
        self._board.coins[base] = coin
        true = 10 ** self._random.uniform(-5, 5)
        for venue in VENUES:
            for market in markets:
                slot = Slot(len(self._board.slots), instrument(venue, market, base, true), coin, cast("Family", None))
                slot.price_factor, slot.multiplier = 1.0, 1.0
                slot.taker_rate, slot.fee_source = FEES_BPS[venue] / 1e4, "default"
                slot.vol_24h_usd = 10 ** self._random.uniform(5, 9)
                slot.last_price = slot.mark_price = slot.index_price = true
                slot.ticker = Ticker(slot.id, START_NS, last=f"{true:.8g}")
                self._fund(slot)
                coin.slots.append(slot)
                self._board.slots.append(slot)
                self._true.append(true)
        for slot in coin.slots:
            self.quote(slot, true * (1 + self._random.gauss(0, 0.0003)))

    def _fund(self, slot: Slot) -> None:
        if slot.is_spot:
            slot.rate_per_h = 0.0
            return
        hours = self._random.choice((1.0, 4.0, 8.0))
        rate = self._random.gauss(0, 0.0001) * hours
        slot.funding = Funding(
            slot.id, START_NS, rate=f"{rate:.8f}", interval_h=hours, next_ms=START_NS // 1_000_000 + 2_000_000
        )
        slot.rate_per_h = rate / hours
        slot.mark = MarkPrice(slot.id, START_NS)

    def quote(self, slot: Slot, mid: float, half: float = 0.0001) -> None:
        """A new best bid and offer around ``mid``."""
        qty = 3000.0 / mid
        slot.usd, slot.sold, slot.bought = 1.0, 1.0 - slot.taker_rate, 1.0 + slot.taker_rate
        slot.quote = Quote(
            slot.id, mid * (1 - half), qty, mid * (1 + half), qty, self.clock.now_ns(), None, 0, (None,) * 4
        )
        slots = slot.coin.slots
        buy = min(slots, key=lambda each: each.ask if each.ask is not None else 1e99)
        sell = max(slots, key=lambda each: each.bid if each.bid is not None else 0.0)
        self._best[slot.coin.base] = (buy, sell) if buy is not sell else (buy, next(s for s in slots if s is not buy))
        if slot.book is not None:
            self._book(slot)

    def walk(self, quotes: int) -> None:
        pick, gauss = self._random.randrange, self._random.gauss
        slots, true = self._board.slots, self._true
        self.quotes += quotes
        for _ in range(quotes):
            slot = slots[pick(len(slots))]
            self.quote(slot, true[slot.id] * (1 + gauss(0, 0.0006)))

    def _best_now(self, base: str) -> tuple[int, int, float] | None:
        row = self.row(base)
        if row is None or row.muted is not None or row.net_bps is None:
            return None
        return row.buy.slot, row.sell.slot, row.net_bps

    def live(self, seconds: float, quotes_per_s: int = 0) -> None:
        """Time passes for the clock, the market and its history, and nothing else."""
        for _ in range(round(seconds * NS_PER_S) // PAIR_STEP_NS):
            self.time.advance_to(self.time.now_ns() + PAIR_STEP_NS)
            if self.time.now_ns() % NS_PER_S < PAIR_STEP_NS:
                self.walk(quotes_per_s)
            self.past.step(self.time.now_ns(), self.selected)

    def _book(self, slot: Slot) -> None:
        assert slot.book is not None
        if slot.bid is None or slot.ask is None:
            return
        qty = slot.bid_qty or 1.0
        slot.book.apply(
            BookSnapshot(
                slot.id,
                [(f"{slot.bid * (1 - 1e-5 * k * k):.10f}", f"{qty * (k + 1):.4f}") for k in range(20)],
                [(f"{slot.ask * (1 + 1e-5 * k * k):.10f}", f"{qty * (k + 1):.4f}") for k in range(20)],
                slot.book.seq + 1,
                self.clock.now_ns(),
            )
        )

    # what guests read

    def given(self, settings: Settings) -> None:
        """The settings of this run."""
        known = settings.model_copy(update={"venues": {venue: VenueSettings() for venue in VENUES}})
        self.book = SettingsBook(Sources.given(known), NoMemory())
        self.book.apply = self._apply

    def _apply(self, settings: Settings, path: Key) -> None:
        if path == ("signals", "threshold_bps"):
            self._thresholds[""] = settings.signals.threshold_bps
        elif path == ("walk", "usd"):
            self.walk_usd = settings.walk.usd

    def settings(self) -> Sequence[Setting]:
        self._break_if_told()
        return list(self.book.view())

    def setting(self, key: str) -> object:
        return self.book.value(key)

    def threshold_bps(self, base: str = "") -> float:
        return self._thresholds.get(base, self._thresholds[""])

    def pair_threshold_bps(self, buy_slot: int, sell_slot: int) -> float:
        return self.threshold_bps(self._board.slots[buy_slot].coin.base)

    def threshold_entries(self) -> Mapping[str, float]:
        return {base: bps for base, bps in self._thresholds.items() if base}

    def shows(self, slot: Slot) -> bool:
        return True

    def rows(self, max_age_ms: float = 0.0) -> Sequence[SpreadRow]:
        self._break_if_told()
        if max_age_ms:
            return list(self._renewed().values())
        return [row for base in self._board.coins if (row := self.row(base)) is not None]

    def _renewed(self) -> dict[str, SpreadRow]:
        """Rows of all coins, a tenth of them made anew at each call: little by little, as the engine does it."""
        coins = list(self._board.coins)
        if len(self._rows) != len(coins):
            self._rows = {row.base: row for row in self.rows()}
        share = len(coins) // 10 + 1
        for base in coins[self._next_row : self._next_row + share]:
            self._rows[base] = self.row(base) or self._rows[base]
        self._next_row = self._next_row + share if self._next_row + share < len(coins) else 0
        return self._rows

    def row(self, base: str) -> SpreadRow | None:
        self.reads += 1
        best = self._best.get(base)
        return None if best is None else self.pair(best[0].id, best[1].id)

    def pairs(self, base: str) -> Sequence[SpreadRow]:
        slots = self._board.coins[base].slots
        return [self.pair(buy.id, sell.id) for buy in slots for sell in slots if buy is not sell]

    def pair(self, buy_slot: int, sell_slot: int) -> SpreadRow:
        buy, sell = self._board.slots[buy_slot], self._board.slots[sell_slot]
        a, b = buy.ask, sell.bid
        known = a is not None and b is not None
        gross = 1e4 * (b - a) / a if a is not None and b is not None else None
        fees = 1e4 * (buy.taker_rate + sell.taker_rate)
        inventory = sell.is_spot
        muted = self._muted(buy) or self._muted(sell) or buy.muted or sell.muted or buy.coin.quarantine
        net = None if gross is None else gross - fees
        return SpreadRow(
            buy.coin.base,
            self._leg(buy, buy.ask, buy.ask_qty),
            self._leg(sell, sell.bid, sell.bid_qty),
            gross,
            fees,
            net,
            None if net is None or (buy.is_spot and sell.is_spot) else net - fees,
            3000.0 if known else None,
            self.walk_usd if buy.book is not None and sell.book is not None else None,
            walked(buy, sell, self.walk_usd, 5.0).net_bps,
            None if buy.book is None or sell.book is None else 11_400.0,
            None if buy.rate_per_h is None or sell.rate_per_h is None else 1e4 * (sell.rate_per_h - buy.rate_per_h),
            Basis("binance.spot.USDCUSDT", 1.0002, 300.0) if self._mixed(buy, sell) else None,
            inventory,
            muted,
        )

    @staticmethod
    def _mixed(buy: Slot, sell: Slot) -> bool:
        return buy.instrument.price_ccy != sell.instrument.price_ccy

    def _muted(self, slot: Slot) -> str | None:
        named = [name for name in (slot.instrument.venue,) if name in self.muted_venues]
        named += [name for name in (slot.coin.base,) if name in self.muted_coins]
        return f"{slot.key}: {named[0]} is muted by you" if named else None

    def _leg(self, slot: Slot, price: float | None, qty: float | None) -> Leg:
        return Leg(
            slot.id,
            slot.instrument.venue,
            slot.instrument.market,
            slot.instrument.native,
            slot.instrument.quote,
            price,
            qty,
            None if slot.quote is None else (self.clock.now_ns() - slot.quote.t_ns) / 1e6,
            "" if slot.quote is None else slot.quote.source,
            slot.rate_per_h,
            slot.vol_24h_usd,
            slot.taker_rate * 1e4,
            slot.fee_source,
        )

    def why_not(self, base: str) -> str:
        row = self.row(base)
        if row is None or row.net_bps is None:
            return "no pair of live quotes"
        if row.muted is not None:
            return f"no signal: {row.muted}"
        return f"net {row.net_bps:+.1f} bps against a threshold of {self.threshold_bps(base):g} bps"

    def history(self, base: str, window_s: float) -> Series:
        return self.past.net(base, self.clock.now_ns(), window_s)

    def best_pairs(self, base: str, window_s: float) -> Sequence[tuple[int, int] | None]:
        return self.past.best_pairs(base, self.clock.now_ns(), window_s)

    def pair_history(self, buy_slot: int, sell_slot: int, window_s: float) -> Series:
        slots = self._board.slots
        return self.past.pair(slots[buy_slot], slots[sell_slot], self.clock.now_ns(), window_s)

    def premium_venues(self, base: str) -> Sequence[str]:
        return self.past.premium_venues(base)

    def premium_history(self, base: str, venue: str, window_s: float) -> Series:
        return self.past.premium(base, venue, self.clock.now_ns(), window_s)

    def passed(self, bps: float, window_s: float = 600.0) -> int:
        return self.past.passed(bps, self.clock.now_ns(), window_s)

    @property
    def signals(self) -> Sequence[SignalRecord]:
        return self._signals

    def standing(self) -> Sequence[SignalRecord]:
        cleared = {record.id for record in self._signals if record.state is SignalState.CLEARED}
        return [record for record in self._signals if record.state is SignalState.RAISED and record.id not in cleared]

    def raise_signal(self, base: str, state: SignalState = SignalState.RAISED, reason: str = "") -> SignalRecord:
        row = self.row(base)
        assert row is not None
        now_ns = self.clock.now_ns()
        record = SignalRecord(
            f"{base}:{row.buy.name}:{row.sell.name}:{now_ns}", now_ns, state, reason, "", 0.9, 5.0, 3, 1500.0, row
        )
        self._signals.append(record)
        return record

    def clear(self, record: SignalRecord, raised: SignalRecord) -> None:
        """The record becomes the end of that raise."""
        self._signals[self._signals.index(record)] = replace(record, id=raised.id)

    def status(self) -> Sequence[FeedStatus]:
        return self.feeds

    def process(self) -> ProcessFigures:
        return ProcessFigures(120.0, 9.0, 1.0, 0, {})

    @property
    def notices(self) -> Sequence[Notice]:
        return self._notices

    def notice(self, text: str, level: str = "info") -> None:
        notice = Notice(self.clock.now_ns(), level, text)
        self._notices.append(notice)
        for call in self._hearing:
            call(notice)

    @property
    def alerts(self) -> Sequence[Alert]:
        return self._told

    def quote_texts(self, slot: Slot) -> QuoteTexts:
        return (str(slot.bid), str(slot.bid_qty), str(slot.ask), str(slot.ask_qty))

    def on_quote(self, call: Callable[[Slot], None]) -> None:
        raise AssertionError("the screen samples, it does not listen to quotes")

    def on_book(self, call: Callable[[Slot], None]) -> None:
        raise AssertionError("the screen samples, it does not listen to books")

    def on_signal(self, call: Callable[[SignalRecord], None]) -> None:
        raise AssertionError("the screen samples, it does not listen to signals")

    def on_notice(self, call: Callable[[Notice], None]) -> None:
        self._hearing.append(call)

    def on_alert(self, call: Callable[[Alert], None]) -> None:
        self._alerted.append(call)

    def alert(self, kind: AlertKind, text: str, subject: str = "") -> None:
        alert = Alert(self.clock.now_ns(), kind, subject, text)
        self._told.append(alert)
        for call in self._alerted:
            call(alert)

    # what guests command

    def send(self, command: Command) -> Outcome:
        self.sent.append(command)
        if self.refuse is not None:
            return Outcome(False, self.refuse)
        match command:
            case SelectCoin(base):
                return self._select(base)
            case ChooseLegs(buy, sell):
                self.legs = None if buy is None or sell is None else (buy, sell)
                return Outcome(True, "best pair" if self.legs is None else f"legs {buy} and {sell}")
            case SetThreshold(None, base):
                self._thresholds.pop(base, None)
                return Outcome(True, f"{base} has the threshold of all")
            case SetThreshold(float(bps), base):
                self._thresholds[base] = bps
                return Outcome(True, f"threshold {bps:g} bps")
            case SetWalkSize(usd):
                self.walk_usd = usd
                return Outcome(True, f"size {usd:,.0f} USD")
            case SetSetting(key, text):
                return self.book.change(key, text)
            case Remember(key, value) if self.book.knows(f"ui.{key}"):
                return self.book.change(f"ui.{key}", value)
            case Remember(key, value):
                self._kept[key] = value
                return Outcome(True, "kept")
            case SetMute(base, venue, on):
                names, name = (self.muted_coins, base) if base else (self.muted_venues, venue)
                if on and name not in names:
                    names.append(name)
                elif not on and name in names:
                    names.remove(name)
                return Outcome(True, f"{name} is muted" if on else f"{name} is muted no longer")
            case ReplayControl():
                return self._control(command)
        raise AssertionError(command)

    def _select(self, base: str) -> Outcome:
        if base not in self._board.coins:
            return Outcome(False, f"{base} is not known")
        if self.selected:
            for slot in self._board.coins[self.selected].slots:
                slot.book = None
        self.selected, self.legs = base, None
        for slot in self._board.coins[base].slots:
            slot.book = Book(Replaced())
            self._book(slot)
        return Outcome(True, f"watching {base}")

    def _control(self, command: ReplayControl) -> Outcome:
        if self.replay is None:
            return Outcome(False, "this is no replay")
        if command.do == "speed":
            self.replay = replace(self.replay, speed=command.speed)
        else:
            self.replay = replace(self.replay, paused=command.do != "continue")
        return Outcome(True, command.do)

    def fail(self) -> None:
        self.failing = True

    def _break_if_told(self) -> None:
        if self.failing:
            raise RuntimeError("the fake engine was told to fail")

    def remembered(self, key: str) -> str | None:
        kept = self.book.get(f"ui.{key}")
        return kept if isinstance(kept, str) else self._kept.get(key)


def instrument(venue: str, market: Market, base: str, price: float) -> Instrument:
    usdc = venue == "hyperliquid" and market is Market.SPOT
    quote = "USDC" if usdc else "USDT"
    return Instrument(
        venue=venue,
        market=market,
        native=f"{base}{quote}",
        base=base,
        quote=quote,
        price_ccy=quote,
        settle_ccy="USDC" if venue == "hyperliquid" else "USDT",
        multiplier=Decimal(1),
        price_factor=Decimal(1),
        status=TradingStatus.TRADING,
        tick=None if venue == "hyperliquid" else Decimal(10) ** int(f"{price:e}".partition("e")[2]) / 100_000,
        sig_figs=5 if venue == "hyperliquid" else None,
        step=Decimal(10) ** (1 - int(f"{price:e}".partition("e")[2])) / 1000,
        min_notional=Decimal(5),
    )


def feed(venue: str, market: Market, state: FeedState = FeedState.LIVE, reason: str = "") -> FeedStatus:
    return FeedStatus(venue, market, state, reason, 300, 300, 0, 0, 1, 480.0, 12.0, 44.0, -1.5)
