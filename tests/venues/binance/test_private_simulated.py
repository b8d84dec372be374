"""The codec trades on the simulated Binance, whose author read the same documentation with other eyes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import pytest

from arbtui.core.errors import RefusalReason
from arbtui.core.events import Listing
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    AccountMode,
    Balance,
    CancelRefused,
    CancelTaken,
    FeeRates,
    Fill,
    FundingPaid,
    LeverageRead,
    Order,
    OrderAbsent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Position,
    ReadDone,
    ReadFailed,
    ReadKind,
    Rejected,
    Side,
    StreamState,
    Unanswered,
)
from arbtui.net.account import Account
from arbtui.net.budget import Budgets
from arbtui.net.connects import Connects
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.net.userstream import Around, UserStreamKeeper
from arbtui.net.wallclock import WallClock
from arbtui.sim.control import Control
from arbtui.venues.base import Environment, Tables
from arbtui.venues.binance import Binance
from arbtui.venues.binance.private import BinancePrivate
from arbtui.venues.private import Keys
from tests.witness.harness import Sim, witnessed

PROD = Environment.PROD
WITHIN_S = 10.0
Kind = TypeVar("Kind", bound=AccountEvent)


class Desk:
    """An account on the simulator, and everything it was told."""

    def __init__(self, sim: Sim, account: Account, told: list[AccountEvent]) -> None:
        self.sim, self.account, self.told = sim, account, told
        self._made = 0

    def order(self, market: Market, side: Side, qty: str, price: Decimal | None, **fields: Any) -> Order:
        self._made += 1
        return Order(
            **{
                "client_id": f"h{self._made}A",
                "venue": "binance",
                "market": market,
                "native": "BTCUSDT",
                "side": side,
                "kind": OrderKind.IOC,
                "qty": Decimal(qty),
                "price": price,
                **fields,
            }
        )

    def top(self, market: Market) -> tuple[Decimal, Decimal]:
        """Best bid and ask, as true."""
        row = self.sim.truth("binance", market.value, "BTCUSDT")["BTCUSDT"]
        return Decimal(row["bids"][0][0]), Decimal(row["asks"][0][0])

    async def place(self, order: Order) -> list[AccountEvent]:
        return await self._told_after(partial(self.account.place, order))

    async def cancel(self, order: Order) -> list[AccountEvent]:
        return await self._told_after(partial(self.account.cancel, order))

    async def query(self, order: Order) -> list[AccountEvent]:
        return await self._told_after(partial(self.account.query, order))

    async def _told_after(self, act: Callable[[], None]) -> list[AccountEvent]:
        began = len(self.told)
        act()
        await self.account.settled()
        return self.told[began:]

    async def read(self, kind: ReadKind, market: Market, since_ms: int | None = None) -> list[AccountEvent]:
        *rows, last = await self._told_after(partial(self.account.read, kind, market, "BTCUSDT", since_ms))
        assert isinstance(last, ReadDone), last
        return rows

    async def heard(self, kind: type[Kind], holds: Callable[[Kind], bool]) -> Kind:
        """The first event of a kind for which ``holds``, once it is there."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                for event in self.told:
                    if isinstance(event, kind) and holds(event):
                        return event
                await asyncio.sleep(0.01)

    def fault(self, name: str, **more: Any) -> None:
        Control(self.sim.hub).add_fault({"fault": name, "venue": "binance", **more})

    async def up(self) -> None:
        """Both private streams are acknowledged."""
        await self.heard(StreamState, lambda event: event.state == "up" and Market.PERP in event.markets)
        await self.heard(StreamState, lambda event: event.state == "up" and Market.SPOT in event.markets)


@asynccontextmanager
async def trading(*, streams: bool = False, keys: Keys | None = None) -> AsyncIterator[Desk]:
    async with witnessed("binance", coins=4, rate=0.0, scenario="still") as sim:
        private, public, told = BinancePrivate(), Binance(), list[AccountEvent]()
        clock, rng = WallClock(asyncio.get_running_loop()), random.Random(1)
        network = NetworkSettings(gateway=sim.server.url)
        budgets = Budgets((*public.rest_limits, *private.trade_limits))
        async with Rest(network, budgets, clock, recorder=None, rng=rng) as rest:
            listed = {market: await listing(public, rest, market) for market in public.markets}
            keys = keys or Keys({name: sim.credentials("binance")[name] for name in private.key_fields})
            account = Account(
                private,
                PROD,
                keys,
                instruments=lambda market: listed[market],
                rest=rest,
                clock=clock,
                offset_ms=lambda: 0.0,
                sink=told.append,
            )
            around = Around(
                rest=rest,
                network=network,
                connects=Connects(),
                clock=clock,
                stamp_ms=account.stamp_ms,
                sink=told.append,
                count_error=lambda kind, text: pytest.fail(f"{kind}: {text}"),
                rng=rng,
            )
            keepers = [
                asyncio.create_task(UserStreamKeeper(private, stream, PROD, keys, listed, around).run())
                for stream in private.user_streams(PROD)
                if streams
            ]
            try:
                yield Desk(sim, account, told)
            finally:
                for task in keepers:
                    task.cancel()
                await asyncio.gather(*keepers, return_exceptions=True)
                await account.close()


async def listing(public: Binance, rest: Rest, market: Market) -> dict[str, Instrument]:
    events = await rest.ask(public, public.instrument_requests(PROD, market)[0], Tables({}))
    return {it.native: it for event in events if isinstance(event, Listing) for it in event.instruments}


def of(kind: type[Kind], events: list[AccountEvent]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("market", list(Market))
async def test_an_ioc_fills_and_every_list_agrees_with_the_truth(market: Market) -> None:
    async with trading() as desk:
        order = desk.order(market, Side.BUY, "0.010", desk.top(market)[1] + 10)
        told = await desk.place(order)
        (accepted,), (report,) = of(Accepted, told), of(OrderReport, told)
        (true,) = desk.sim.account("binance")["orders"]
        assert (accepted.order_id, accepted.client_id) == (true["id"], true["client_id"])
        assert (report.status, report.filled) == (OrderStatus.FILLED, Decimal(true["filled"]))

        fills = of(Fill, await desk.read(ReadKind.FILLS, market))
        true_fills = desk.sim.account("binance")["fills"]
        assert [(f.fill_id, f.order_id, f.price, f.qty, f.fee, f.fee_ccy) for f in fills] == [
            (f["id"], f["order_id"], Decimal(f["price"]), Decimal(f["qty"]), Decimal(f["fee"]), f["fee_ccy"])
            for f in true_fills
        ]
        assert {fill.order_id for fill in fills} == {accepted.order_id}
        queried = of(OrderReport, await desk.query(order))[0]
        assert (queried.client_id, queried.status, queried.filled) == (order.client_id, OrderStatus.FILLED, order.qty)
        history = of(OrderReport, await desk.read(ReadKind.HISTORY, market))
        assert [row.client_id for row in history] == [order.client_id]


@pytest.mark.parametrize("market", list(Market))
async def test_a_resting_order_is_listed_and_canceled_once(market: Market) -> None:
    async with trading() as desk:
        order = desk.order(market, Side.BUY, "0.010", desk.top(market)[0], kind=OrderKind.POST_ONLY)
        (_, report) = await desk.place(order)
        assert isinstance(report, OrderReport)
        assert (report.status, report.filled) == (OrderStatus.OPEN, Decimal(0))
        (resting,) = of(OrderReport, await desk.read(ReadKind.OPEN_ORDERS, market))
        assert (resting.client_id, resting.price, resting.qty) == (order.client_id, order.price, order.qty)
        taken, canceled = await desk.cancel(order)
        assert isinstance(taken, CancelTaken)
        assert isinstance(canceled, OrderReport)
        assert (canceled.client_id, canceled.status) == (order.client_id, OrderStatus.CANCELED)
        (refused,) = await desk.cancel(order)
        assert isinstance(refused, CancelRefused)
        assert refused.reason is RefusalReason.UNKNOWN_ORDER
        assert await desk.read(ReadKind.OPEN_ORDERS, market) == []


@pytest.mark.parametrize("market", list(Market))
async def test_a_post_only_that_would_take_is_rejected_and_absent(market: Market) -> None:
    async with trading() as desk:
        order = desk.order(market, Side.BUY, "0.010", desk.top(market)[1], kind=OrderKind.POST_ONLY)
        (rejected,) = await desk.place(order)
        assert isinstance(rejected, Rejected)
        assert rejected.reason is RefusalReason.WOULD_TAKE
        (absent,) = await desk.query(order)
        assert isinstance(absent, OrderAbsent)


@pytest.mark.parametrize("market", list(Market))
async def test_the_same_client_id_twice_is_known_as_sent_already(market: Market) -> None:
    async with trading() as desk:
        order = desk.order(market, Side.BUY, "0.010", desk.top(market)[0], kind=OrderKind.POST_ONLY)
        await desk.place(order)
        (rejected,) = await desk.place(order)
        assert isinstance(rejected, Rejected)
        assert rejected.reason is RefusalReason.DUPLICATE_ID


async def test_refusals_come_with_their_reasons() -> None:
    async with trading() as desk:
        bid = desk.top(Market.PERP)[0]
        wrong = {
            RefusalReason.REDUCE_ONLY: desk.order(Market.PERP, Side.SELL, "0.010", bid, reduce_only=True),
            RefusalReason.BAD_SIZE: desk.order(Market.SPOT, Side.BUY, "0.00000001", bid),
            RefusalReason.BAD_PRICE: desk.order(Market.PERP, Side.BUY, "0.010", bid + Decimal("0.05")),
            RefusalReason.INSUFFICIENT: desk.order(Market.SPOT, Side.BUY, "800", bid),
        }
        for reason, order in wrong.items():
            (rejected,) = await desk.place(order)
            assert isinstance(rejected, Rejected)
            assert rejected.reason is reason, rejected


async def test_the_account_is_read_as_it_is() -> None:
    async with trading() as desk:
        sold = desk.order(Market.PERP, Side.SELL, "0.010", None, kind=OrderKind.MARKET)
        await desk.place(sold)
        (position,) = of(Position, await desk.read(ReadKind.POSITIONS, Market.PERP))
        true = desk.sim.account("binance")
        assert (position.native, str(position.qty), position.held) == ("BTCUSDT", true["positions"][0]["qty"], "net")
        (mode,) = of(AccountMode, await desk.read(ReadKind.MODE, Market.PERP))
        assert (mode.position_mode, mode.can_trade) == ("one_way", True)
        assert of(AccountMode, await desk.read(ReadKind.MODE, Market.SPOT))[0].can_trade
        (leverage,) = of(LeverageRead, await desk.read(ReadKind.LEVERAGE, Market.PERP))
        assert leverage.leverage >= 1
        assert leverage.margin_mode == "cross"
        for market, taker in ((Market.PERP, "0.0005"), (Market.SPOT, "0.001")):
            (fees,) = of(FeeRates, await desk.read(ReadKind.FEES, market))
            assert fees.taker == Decimal(taker)
            balances = of(Balance, await desk.read(ReadKind.BALANCES, market))
            assert "USDT" in {balance.asset for balance in balances}
        desk.sim.settle_funding("binance", "BTCUSDT")
        (paid,) = of(FundingPaid, await desk.read(ReadKind.FUNDING, Market.PERP))
        assert (paid.native, paid.ccy) == ("BTCUSDT", "USDT")


@pytest.mark.parametrize("market", list(Market))
async def test_what_the_streams_push_is_what_the_lists_tell(market: Market) -> None:
    async with trading(streams=True) as desk:
        await desk.up()
        order = desk.order(market, Side.BUY, "0.010", desk.top(market)[1] + 10)
        await desk.place(order)
        report = await desk.heard(OrderReport, lambda event: event.told == "push" and event.status.terminal)
        assert (report.client_id, report.filled) == (order.client_id, order.qty)
        pushed = {(f.fill_id, f.price, f.qty, f.fee, f.fee_ccy) for f in of(Fill, desk.told) if f.fee is not None}
        listed = of(Fill, await desk.read(ReadKind.FILLS, market))
        assert pushed == {(f.fill_id, f.price, f.qty, f.fee, f.fee_ccy) for f in listed}
        balance = await desk.heard(Balance, lambda event: True)
        assert balance.wallet == ("usdm" if market is Market.PERP else "spot")
        if market is Market.PERP:
            position = await desk.heard(Position, lambda event: event.told == "push")
            assert (position.native, position.qty) == ("BTCUSDT", order.qty)


async def test_a_two_sided_account_is_told_and_refuses_our_orders() -> None:
    async with trading() as desk:
        desk.sim.set_account("binance", dual=True, can_trade=False)
        (mode,) = of(AccountMode, await desk.read(ReadKind.MODE, Market.PERP))
        assert (mode.position_mode, mode.can_trade) == ("hedge", False)
        desk.sim.set_account("binance", can_trade=True)
        (rejected,) = of(
            Rejected, await desk.place(desk.order(Market.PERP, Side.BUY, "0.010", desk.top(Market.PERP)[1]))
        )
        assert rejected.reason is RefusalReason.ACCOUNT_MODE


@pytest.mark.parametrize(
    ("fault", "found"), [("ack_lost_delivered", OrderReport), ("ack_lost_undelivered", OrderAbsent)]
)
async def test_an_order_whose_answer_is_lost_is_found_out_by_asking(fault: str, found: type[AccountEvent]) -> None:
    async with trading() as desk:
        desk.fault(fault, count=1)
        order = desk.order(Market.PERP, Side.BUY, "0.010", desk.top(Market.PERP)[1] + 10)
        (lost,) = await desk.place(order)
        assert isinstance(lost, Unanswered)
        assert isinstance((await desk.query(order))[0], found)


async def test_a_position_that_the_venue_closes_is_told_as_adl() -> None:
    async with trading(streams=True) as desk:
        await desk.up()
        await desk.place(desk.order(Market.PERP, Side.BUY, "0.010", desk.top(Market.PERP)[1] + 10))
        await desk.heard(Position, lambda event: event.qty == Decimal("0.010"))
        desk.fault("position_jump", symbol="BTCUSDT")
        fill = await desk.heard(Fill, lambda event: event.origin == "adl")
        assert (fill.side, fill.client_id) == (Side.SELL, "")
        await desk.heard(Position, lambda event: event.told == "push" and event.qty == Decimal("0.010") - fill.qty)


async def test_a_stream_whose_session_expires_is_told_as_down() -> None:
    async with trading(streams=True) as desk:
        await desk.up()
        desk.fault("session_expired")
        down = await desk.heard(StreamState, lambda event: event.state == "down" and Market.PERP in event.markets)
        assert "listenKey" in down.text
        await desk.heard(StreamState, lambda event: event.state == "down" and Market.SPOT in event.markets)


async def test_a_status_that_nobody_knows_is_told_as_that() -> None:
    async with trading() as desk:
        desk.fault("unknown_status", seconds=60)
        told = await desk.place(desk.order(Market.PERP, Side.BUY, "0.010", desk.top(Market.PERP)[1] + 10))
        (report,) = of(OrderReport, told)
        assert report.status is OrderStatus.UNKNOWN
        assert report.status_text


async def test_keys_that_are_wrong_are_refused_by_name() -> None:
    async with trading(keys=Keys({"api_key": "x" * 64, "api_secret": "y" * 64})) as desk:
        desk.account.read(ReadKind.BALANCES, Market.PERP)
        failed = await desk.heard(ReadFailed, lambda event: True)
        assert failed.reason is RefusalReason.NOT_AUTHORISED
