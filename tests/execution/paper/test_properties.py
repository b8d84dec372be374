"""Whatever is done with a paper account: money adds up, books are not taken twice, queues are waited for.

Each example is a list of steps, played on a hand-made market and judged by what the executor told, never by its state
(only the cost of positions still open is taken from what it would keep).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Any, Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arbtui.core.model import Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    Balance,
    Fill,
    FundingPaid,
    Order,
    OrderKind,
    OrderReport,
    Rejected,
    Side,
)
from arbtui.execution.paper_account import EXACT
from arbtui.execution.paper_market import Fees, FundingDue, PaperRules
from tests.execution.paper.rig import LATENCY_MS, PERP, SPOT, D, Rig, of

RULES = PaperRules(
    balances={"usdm": {"USDT": D(5_000)}, "spot": {"USDT": D(5_000), "BTC": D(5)}},
    latency_ms=LATENCY_MS,
    leverage=D(3),
)
LEGS = st.sampled_from([PERP, SPOT])
SIDES = st.sampled_from(["buy", "sell"])
SIZES = st.integers(0, 40).map(lambda n: D(n) / 8)
QTYS = st.integers(1, 60).map(lambda n: str(D(n) / 20))
VOLUMES = st.integers(1, 160).map(lambda n: str(D(n) / 20))
PRICES = st.integers(95, 105).map(str)
FAR = (D(1), D(1000))  # levels far off, so that every price between is in sight


@st.composite
def books(draw: st.DrawFn) -> tuple[str, tuple[Any, ...], tuple[Any, ...]]:
    """A leg and a book of a few levels a side, never crossed."""
    middle = draw(st.integers(97, 103))
    bids = [(D(price), draw(SIZES)) for price in range(middle - 1, middle - 4, -1)]
    asks = [(D(price), draw(SIZES)) for price in range(middle, middle + 3)]
    far_bid, far_ask = (FAR[0], D("0.001")), (FAR[1], D("0.001"))
    return draw(LEGS), (*(x for x in bids if x[1]), far_bid), (*(x for x in asks if x[1]), far_ask)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("book"), books()),
        st.tuples(st.just("take"), LEGS, SIDES, QTYS, PRICES, st.booleans()),
        st.tuples(st.just("make"), LEGS, SIDES, QTYS, PRICES),
        st.tuples(st.just("trade"), LEGS, SIDES, VOLUMES, PRICES),
        st.tuples(st.just("crowd"), LEGS, st.sampled_from(["0.5", "2", "5"]), VOLUMES),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.integers(300, 4_000)),
        st.tuples(st.just("mark"), st.integers(90, 110)),
    ),
    min_size=5,
    max_size=40,
)


@dataclass
class Play:
    """Plays steps, and remembers what it did to the market."""

    rig: Rig = field(default_factory=lambda: Rig(RULES))
    orders: dict[str, Order] = field(default_factory=dict)
    told: list[AccountEvent] = field(default_factory=list)
    fresh: dict[tuple[str, Side, Decimal], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    shown: dict[tuple[str, Side], dict[Decimal, Decimal]] = field(default_factory=dict)
    traded: list[tuple[str, Side, Decimal, Decimal, Decimal]] = field(default_factory=list)  # ... and what it filled
    queues: dict[str, tuple[Decimal, int]] = field(default_factory=dict)  # at placement, and trades before it

    def __post_init__(self) -> None:
        self.rig.market.rates = Fees(D("-0.0001"), D("0.0005"))
        self.rig.market.fundings[PERP] = FundingDue(D("0.0003"), self.rig.now_ms + 5_000)
        for leg in (PERP, SPOT):
            self._show(leg)

    def steps(self, steps: Iterable[tuple[Any, ...]], *, restart_after: int | None = None) -> None:
        for number, step in enumerate(steps):
            getattr(self, step[0])(*step[1:])
            self._hear()
            if number == restart_after:
                self.rig.restart()
                self.rig.take()
        self.rig.run(1000)
        self._hear()

    def _hear(self) -> list[AccountEvent]:
        told = self.rig.take()
        self.told += told
        return told

    def book(self, made: tuple[str, Any, Any]) -> None:
        leg, bids, asks = made
        self.rig.book(bids, asks, leg=leg)
        self._show(leg)
        self.rig.run(300)  # looked at before the next change

    def _show(self, leg: str) -> None:
        """What a book adds to what was shown before: the most that may ever be taken of it."""
        depth = self.rig.market.depths[leg]
        for side, levels in ((Side.BUY, depth.asks), (Side.SELL, depth.bids)):
            before, now = self.shown.get((leg, side), {}), dict(levels)
            for price, size in now.items():
                self.fresh[leg, side, price] += max(D(0), size - before.get(price, D(0)))
            self.shown[leg, side] = now

    def _place(self, order: Order) -> None:
        self.orders[order.client_id] = order
        self.rig.executor.place(order)
        self.rig.run(LATENCY_MS)

    def take(self, leg: str, way: str, qty: str, price: str, reduce_only: bool) -> None:
        self._place(self.rig.order(way, qty, price, leg=leg, reduce_only=reduce_only))

    def make(self, leg: str, way: str, qty: str, price: str) -> None:
        order = self.rig.order(way, qty, price, leg=leg, kind=OrderKind.POST_ONLY)
        own = self.rig.market.depths[leg].bids if way == "buy" else self.rig.market.depths[leg].asks
        self.queues[order.client_id] = dict(own).get(D(price), D(0)), len(self.traded)
        self._place(order)

    def crowd(self, leg: str, queue: str, volume: str) -> None:
        """Several orders inside a wide spread and behind a queue, and trades that reach them."""
        self.book((leg, ((D(99), D(queue)), (FAR[0], D(1))), ((FAR[1], D(1)),)))
        for price in ("99", "100", "99"):
            self.make(leg, "buy", "1.5", price)
        self.trade(leg, "sell", volume, "99")
        self.trade(leg, "sell", volume, "98")

    def trade(self, leg: str, way: Literal["buy", "sell"], qty: str, price: str) -> None:
        self._hear()
        told = self.rig.trade(price, qty, way, leg=leg)
        self.told += told
        filled = sum((fill.qty for fill in of(told, Fill) if fill.maker), D(0))
        self.traded.append((leg, Side(way), D(price), D(qty), filled))

    def cancel(self, number: int) -> None:
        if self.orders:
            self.rig.executor.cancel(list(self.orders.values())[number % len(self.orders)])
            self.rig.run(LATENCY_MS)

    def wait(self, ms: int) -> None:
        self.rig.run(ms)

    def mark(self, price: int) -> None:
        self.rig.market.marks[PERP] = D(price)


def played(steps: list[tuple[Any, ...]]) -> Play:
    play = Play()
    play.steps(steps)
    return play


modestly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@modestly
@given(STEPS)
def test_money_is_conserved(steps: list[tuple[Any, ...]]) -> None:
    """Balances change by what fills cost and brought, by fees and funding, and by nothing else."""
    play = played(steps)
    with localcontext(EXACT):
        expected = {("usdm", "USDT"): D(5_000), ("spot", "USDT"): D(5_000), ("spot", "BTC"): D(5)}
        for fill in of(play.told, Fill):
            wallet = "usdm" if fill.market is Market.PERP else "spot"
            assert fill.fee is not None
            expected[wallet, "USDT"] -= fill.side.sign * fill.price * fill.qty
            expected[wallet, fill.fee_ccy] -= fill.fee
            if fill.market is Market.SPOT:
                expected[wallet, "BTC"] += fill.side.sign * fill.qty
        expected["usdm", "USDT"] += sum((paid.amount for paid in of(play.told, FundingPaid)), D(0))
        positions = play.rig.executor.save()["account"]["positions"].values()
        expected["usdm", "USDT"] += sum((D(held["cost"]) for held in positions), D(0))
        found = {(b.wallet, b.asset): b.total for b in of(play.told, Balance)}
        assert {pot: expected[pot] for pot in found} == found


@modestly
@given(STEPS)
def test_takers_fill_what_is_shown_within_their_limit_and_nothing_twice(steps: list[tuple[Any, ...]]) -> None:
    play = played(steps)
    taken: dict[tuple[str, Side, Decimal], Decimal] = defaultdict(Decimal)
    for fill in of(play.told, Fill):
        order = play.orders.get(fill.client_id)
        leg = f"binance.{fill.market.value}.{fill.native}"
        if fill.maker:
            assert order is not None
            assert fill.price == order.price
            continue
        taken[leg, fill.side, fill.price] += fill.qty
        if order is not None:
            assert order.price is not None
            assert fill.side.sign * (fill.price - order.price) <= 0
    for where, qty in taken.items():
        assert qty <= play.fresh[where], f"{qty} of {play.fresh[where]} at {where}"


@modestly
@given(STEPS)
def test_makers_fill_no_more_than_was_traded_at_their_price_beyond_what_stood_there(
    steps: list[tuple[Any, ...]],
) -> None:
    play = played(steps)
    for _, _, _, size, filled in play.traded:
        assert filled <= size
    volume: dict[str, Decimal] = defaultdict(Decimal)
    for client_id, order in play.orders.items():
        queue, before = play.queues.get(client_id, (D(0), 0))
        for leg, taker, price, size, _ in play.traded[before:]:
            if order.price is not None and leg == order.leg and taker is order.side.other:
                volume[client_id] += size if order.side.sign * (order.price - price) >= 0 else 0
        volume[client_id] -= queue
    for client_id, qty in _filled(play, maker=True).items():
        assert qty <= volume[client_id]


def _filled(play: Play, *, maker: bool | None = None) -> dict[str, Decimal]:
    filled: dict[str, Decimal] = defaultdict(Decimal)
    for fill in of(play.told, Fill):
        if maker is None or fill.maker is maker:
            filled[fill.client_id] += fill.qty
    return filled


@modestly
@given(STEPS)
def test_reports_agree_with_fills_and_an_order_that_ended_stays_so(steps: list[tuple[Any, ...]]) -> None:
    play = played(steps)
    filled: dict[str, Decimal] = defaultdict(Decimal)
    ended, last = set[str](), dict[str, Decimal]()
    for event in play.told:
        if isinstance(event, Fill):
            filled[event.order_id] += event.qty
            assert event.order_id not in ended
            assert len([f for f in of(play.told, Fill) if f.fill_id == event.fill_id]) == 1
        elif isinstance(event, OrderReport):
            assert event.filled == filled[event.order_id] >= last.get(event.order_id, D(0))
            assert event.qty is not None
            assert event.filled is not None
            assert event.filled <= event.qty
            assert event.order_id not in ended
            last[event.order_id] = event.filled
            if event.status.terminal:
                ended.add(event.order_id)
    answered = [event.client_id for event in play.told if isinstance(event, Accepted | Rejected)]
    assert sorted(answered) == sorted(play.orders)


@modestly
@given(STEPS)
def test_spot_balances_never_fall_below_zero(steps: list[tuple[Any, ...]]) -> None:
    for balance in of(played(steps).told, Balance):
        if balance.wallet == "spot":
            assert balance.total >= 0
            assert balance.free is not None
            assert balance.free >= 0


@modestly
@given(STEPS, st.integers(0, 20))
def test_a_restart_at_any_step_changes_nothing(steps: list[tuple[Any, ...]], at: int) -> None:
    without, restarted = Play(), Play()
    without.steps(steps)
    restarted.steps(steps, restart_after=at)
    assert restarted.told == without.told
    assert restarted.rig.executor.save() == without.rig.executor.save()
