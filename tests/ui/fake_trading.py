"""Trading on the fake engine: the product's own ``Trading``, over venues that do what a script tells them.

trading = fake_trading(port)                   armed, every account read
trading.venues["okx"].script.append("reject")  what becomes of the next orders there; without a script they fill
settle(port)                                   let answers and timers come
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.errors import RefusalReason
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    Absence,
    Accepted,
    AccountMode,
    Balance,
    CancelTaken,
    FeeRates,
    Fill,
    LeverageRead,
    Order,
    OrderKind,
    OrderReport,
    OrderStatus,
    Position,
    ReadDone,
    ReadKind,
    Rejected,
    StreamState,
    Unanswered,
)
from arbtui.engine.trading import Carrier, Trading
from arbtui.execution.ledger import VenueRules
from arbtui.execution.limits import Limits
from arbtui.execution.paper_market import Depth, wallets_of
from arbtui.execution.policy import DEFAULT
from arbtui.execution.ports import Price, Record
from arbtui.execution.preflight import ClockRead
from arbtui.execution.runner import Answer
from arbtui.market.slot import Slot
from arbtui.port import Preview
from tests.ui.fake_port import VENUES, FakePort

Play = Literal["fill", "half", "nothing", "reject", "silent", "rest", "half_rests"]
LATENCY_MS = 20
RULES = VenueRules(Absence(settle_s=1.0, forget_s=3600.0))
NO_PRICE = Price(None, None, None, None, age_ms=float("inf"), fresh=False, why_not="no quote")


class Disk:
    """A journal that keeps everything, a millisecond later."""

    def __init__(self, port: FakePort) -> None:
        self._port = port
        self.records: list[Record] = []

    def write(self, records: Sequence[Record], then: Callable[[], None] | None, failed: Callable[[str], None]) -> None:
        self.records.extend(records)
        if then is not None:
            self._port.time.call_at(self._port.time.now_ns() + NS_PER_MS, then)


class Tops:
    """``execution.ports.Prices`` over the fake engine's quotes."""

    def __init__(self, port: FakePort) -> None:
        self._port = port
        self.stale: set[str] = set()

    def slot(self, leg: str) -> Slot | None:
        venue, market, native = leg.split(".", 2)
        return self._port.board.slot_of(venue, Market(market), native)

    def price(self, leg: str) -> Price:
        slot = self.slot(leg)
        if slot is None or slot.bid is None or slot.ask is None:
            return NO_PRICE
        if leg in self.stale:
            return Price(*self._sides(slot), age_ms=9000.0, fresh=False, why_not="no frame for 9 s")
        return Price(*self._sides(slot), age_ms=12.0, fresh=True)

    @staticmethod
    def _sides(slot: Slot) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        bid, bid_qty, ask, ask_qty = (
            Decimal(f"{each:.8g}") for each in (slot.bid, slot.bid_qty, slot.ask, slot.ask_qty) if each is not None
        )
        return bid, bid_qty, ask, ask_qty

    def depth(self, leg: str) -> Depth:
        price = self.price(leg)
        if price.bid is None or price.ask is None or price.bid_qty is None or price.ask_qty is None:
            return Depth(why_not=price.why_not)
        return Depth(((price.bid, price.bid_qty * 3),), ((price.ask, price.ask_qty * 3),))

    def instrument(self, leg: str) -> Instrument | None:
        slot = self.slot(leg)
        return slot.instrument if slot is not None else None

    def usd(self, ccy: str) -> Decimal | None:
        if ccy in ("USDT", "USDC", "USD"):
            return Decimal(1)
        coin = self._port.board.coins.get(ccy)
        return Decimal(f"{coin.slots[0].mid:.8g}") if coin is not None and coin.slots[0].mid else None


class ScriptedVenue:
    """An executor whose next answers are in ``script``; an empty script fills everything."""

    def __init__(self, name: str, port: FakePort, tops: Tops) -> None:
        self.name = name
        self.script: deque[Play] = deque()
        self.placed: list[Order] = []
        self.hear: Callable[..., None] = lambda _event: None
        self._port = port
        self._tops = tops
        self._held: dict[tuple[Market, str], Decimal] = {}
        self.fills: list[Fill] = []
        self._up: set[Market] = set()
        self._resting: dict[str, Decimal] = {}  # what of it has filled

    def _later(self, call: Callable[[], None]) -> None:
        self._port.time.call_at(self._port.time.now_ns() + LATENCY_MS * NS_PER_MS, call)

    def place(self, order: Order) -> None:
        self.placed.append(order)
        play = self.script.popleft() if self.script else "fill"
        self._later(lambda: self._play(order, play))

    def _play(self, order: Order, play: Play) -> None:
        now_ns = self._port.time.now_ns()
        name = order.client_id
        if play == "reject":
            text = f"{self.name} refuses {order.native}: not enough margin; move funds"
            self.hear(
                Rejected(
                    venue=self.name, client_id=name, reason=RefusalReason.INSUFFICIENT, code="-2019", text=text,
                    t_ns=now_ns,
                )
            )  # fmt: skip
        elif play == "silent":
            self.hear(Unanswered(venue=self.name, client_id=name, verb="place", text="no answer in 5 s", t_ns=now_ns))
        else:
            self.hear(Accepted(venue=self.name, client_id=name, order_id=f"o{name}", t_ns=now_ns))
            if play in ("rest", "half_rests"):
                self._resting[name] = filled = order.qty / 2 if play == "half_rests" else Decimal(0)
                self._report(order, OrderStatus.OPEN, filled)
                if filled:
                    self._fill(order, filled)
                return
            part = {"fill": order.qty, "half": order.qty / 2, "nothing": Decimal(0)}[play]
            if part:
                self._fill(order, part)
            self._report(order, OrderStatus.FILLED if part == order.qty else OrderStatus.EXPIRED, part)

    def _fill(self, order: Order, qty: Decimal) -> None:
        now_ns = self._port.time.now_ns()
        price = self._tops.price(order.leg)
        at = price.ask if order.side.sign > 0 else price.bid
        assert at is not None
        at = order.price if order.kind is OrderKind.POST_ONLY and order.price is not None else at
        fill = Fill(
            venue=self.name, market=order.market, native=order.native, fill_id=f"f{len(self.fills)}",
            order_id=f"o{order.client_id}", client_id=order.client_id, side=order.side, price=at, qty=qty,
            told="push", t_ns=now_ns, t_ms=now_ns // NS_PER_MS, fee=(qty * at * Decimal("0.0005")).normalize(),
            fee_ccy="USDT",
        )  # fmt: skip
        self.fills.append(fill)
        key = (order.market, order.native)
        self._held[key] = self._held.get(key, Decimal(0)) + order.side.sign * qty
        self.hear(fill)

    def _report(self, order: Order, status: OrderStatus, filled: Decimal) -> None:
        self.hear(
            OrderReport(
                venue=self.name, market=order.market, native=order.native, client_id=order.client_id,
                order_id=f"o{order.client_id}", side=order.side, status=status, status_text=status.value, told="push",
                t_ns=self._port.time.now_ns(), qty=order.qty, price=order.price, filled=filled,
            )
        )  # fmt: skip

    def cancel(self, order: Order) -> None:
        def canceled() -> None:
            self.hear(CancelTaken(venue=self.name, client_id=order.client_id, t_ns=self._port.time.now_ns()))
            if (filled := self._resting.pop(order.client_id, None)) is not None:
                self._report(order, OrderStatus.CANCELED, filled)

        self._later(canceled)

    def query(self, order: Order) -> None:
        self._later(
            lambda: self.hear(
                Unanswered(
                    venue=self.name, client_id=order.client_id, verb="query", text="no answer",
                    t_ns=self._port.time.now_ns(),
                )
            )
        )  # fmt: skip

    def read(self, kind: ReadKind, market: Market, native: str = "", since_ms: int | None = None) -> None:
        asked_ns = self._port.time.now_ns()
        self._later(lambda: self._read(kind, market, native, asked_ns, since_ms))

    def _spot(self, base: str) -> Decimal:
        """Coins that were bought here."""
        return sum(
            (
                qty
                for (of, native), qty in self._held.items()
                if of is Market.SPOT
                if (slot := self._port.board.slot_of(self.name, of, native)) is not None and slot.coin.base == base
            ),
            Decimal(0),
        )

    def _read(self, kind: ReadKind, market: Market, native: str, asked_ns: int, since_ms: int | None) -> None:
        now_ns, venue = self._port.time.now_ns(), self.name
        if kind is ReadKind.MODE:
            if market not in self._up:
                self._up.add(market)
                self.hear(StreamState(venue=venue, markets=(market,), state="up", text="", t_ns=now_ns))
            self.hear(
                AccountMode(
                    venue=venue, market=market, position_mode="one_way", can_trade=True, text="one-way", t_ns=now_ns
                )
            )
        elif kind is ReadKind.BALANCES:
            many = Decimal(10_000_000)
            wallet = wallets_of(venue)[market]
            for asset in ("USDT", "USDC", *self._port.board.coins):
                total = many if asset in ("USDT", "USDC") else self._spot(asset)
                free = total or many  # coins to sell are there, though the account does not count them
                balance = Balance(venue=venue, wallet=wallet, asset=asset, total=total, free=free, t_ns=now_ns)
                self.hear(balance)
        elif kind is ReadKind.FEES:
            rates = {"maker": Decimal("0.0002"), "taker": Decimal("0.0005")}
            self.hear(FeeRates(venue=venue, market=market, native=native, t_ns=now_ns, **rates))
        elif kind is ReadKind.LEVERAGE:
            self.hear(LeverageRead(venue=venue, native=native, leverage=Decimal(3), margin_mode="cross", t_ns=now_ns))
        elif kind is ReadKind.POSITIONS and market is Market.PERP:
            for (of, name), qty in self._held.items():
                if of is market:
                    self.hear(Position(venue=venue, native=name, qty=qty, t_ns=now_ns))
        elif kind is ReadKind.FILLS:
            for fill in self.fills:
                if fill.market is market:
                    self.hear(fill)
        self.hear(
            ReadDone(
                venue=venue, market=market, kind=kind, asked_ns=asked_ns, t_ns=now_ns, native=native,
                since_ms=since_ms,
            )
        )  # fmt: skip


class FakeTrading(Trading):
    """``fired``: every preview that was asked to be sent, accepted or not."""

    def __init__(self, port: FakePort, *, word: str = "PAPER", limits: Limits | None = None) -> None:
        self.tops = Tops(port)
        self.venues = {name: ScriptedVenue(name, port, self.tops) for name in VENUES}
        self.disk = Disk(port)
        self.fired: list[Preview] = []
        super().__init__(
            word,
            {
                name: Carrier(venue, tuple(Market), RULES, lambda: ClockRead(3.0), word == "PAPER")
                for name, venue in self.venues.items()
            },
            clock=port.time,
            journal=self.disk,
            prices=self.tops,
            depth=self.tops.depth,
            policy=DEFAULT,
            limits=limits or Limits(order_usd=Decimal(100_000), coin_usd=None, venue_usd=None, open_hedges=None),
            notice=lambda level, text: port.notice(text, level),
        )
        for venue in self.venues.values():
            venue.hear = self.hear

    def fire(self, preview: Preview) -> Answer:
        self.fired.append(preview)
        return super().fire(preview)

    @property
    def orders(self) -> list[Order]:
        """All that ever went to a venue."""
        return [order for venue in self.venues.values() for order in venue.placed]


def settle(port: FakePort, seconds: float = 0.3) -> None:
    """Let so much time go by, answers and timers with it; the market stands still."""
    port.time.advance_to(port.time.now_ns() + int(seconds * NS_PER_S))


def fake_trading(port: FakePort, *, word: str = "PAPER", limits: Limits | None = None) -> FakeTrading:
    """Trading that stands behind ``port``, started and armed."""
    trading = FakeTrading(port, word=word, limits=limits)
    port.trading = trading
    trading.start()
    settle(port)
    if word != "PAPER":
        assert trading.arm(Decimal(100_000_000)).accepted
    assert trading.armed
    return trading
