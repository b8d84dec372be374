"""Orders over the simulated exchanges' own sockets: what is told is what is true there, also where answers are lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from arbtui.core.events import Listing
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    CancelTaken,
    Fill,
    Order,
    OrderAbsent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Side,
    Unanswered,
)
from arbtui.net.account import Account
from arbtui.net.budget import Budgets
from arbtui.net.connects import Connects
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.net.tradesocket import TradeSocketKeeper
from arbtui.net.userstream import Around
from arbtui.net.wallclock import WallClock
from arbtui.sim.control import Control
from arbtui.venues import registry
from arbtui.venues.base import Environment, Tables, Venue
from arbtui.venues.private import Keys, TradesOverSocket
from tests.witness.harness import Sim, witnessed

PROD = Environment.PROD
NATIVE = {"binance": "BTCUSDT", "bybit": "BTCUSDT", "okx": "BTC-USDT-SWAP", "hyperliquid": "BTC"}
each = pytest.mark.parametrize("venue", NATIVE)


@dataclass
class Desk:
    venue: str
    sim: Sim
    account: Account
    keepers: list[TradeSocketKeeper]
    instrument: Instrument
    told: list[AccountEvent]

    def order(self, client_id: str, *, rests: bool = False) -> Order:
        """A buy that fills, or one that rests far below."""
        native = self.instrument.native
        row = self.sim.truth(self.venue, "perp", native)[native]
        best, tick = Decimal(row["asks"][0][0]), self.instrument.tick or Decimal(1)  # of five figures all are whole
        price = best * (Decimal("0.97") if rests else Decimal("1.002"))
        return Order(
            client_id=client_id,
            venue=self.venue,
            market=Market.PERP,
            native=native,
            side=Side.BUY,
            kind=OrderKind.POST_ONLY if rests else OrderKind.IOC,
            qty=Decimal(row["asks"][0][1]).min(Decimal("0.01")),
            price=price // tick * tick,
        )

    async def after(self, act: Callable[[], None]) -> list[AccountEvent]:
        self.told.clear()
        act()
        await self.account.settled()
        return list(self.told)

    async def up(self) -> None:
        async with asyncio.timeout(15):
            for _ in iter(lambda: all(keeper.takes for keeper in self.keepers), True):
                await asyncio.sleep(0.01)

    def fault(self, name: str, **more: Any) -> None:
        Control(self.sim.hub).add_fault({"fault": name, "venue": self.venue, **more})

    def orders(self) -> list[dict[str, Any]]:
        """What it took."""
        return [order for order in self.sim.account(self.venue)["orders"] if order["id"]]


@asynccontextmanager
async def desk(venue: str) -> AsyncIterator[Desk]:
    private = registry.private(venue)
    assert private is not None
    assert isinstance(private, TradesOverSocket)
    async with witnessed(venue, coins=3, rate=0.0, scenario="still") as sim:
        clock, rng, told = WallClock(asyncio.get_running_loop()), random.Random(1), list[AccountEvent]()
        network = NetworkSettings(gateway=sim.server.url)
        keys = Keys({field: sim.credentials(venue)[field] for field in private.key_fields})
        public = registry.venue(venue)
        async with Rest(network, Budgets(private.trade_limits), clock, recorder=None, rng=rng, timeout_s=2.0) as rest:
            listed = await perps(public, rest)
            account = Account(
                private, PROD, keys, instruments=lambda market: listed, rest=rest, clock=clock, offset_ms=lambda: 0.0,
                sink=told.append,
            )  # fmt: skip
            around = Around(
                rest, network, Connects(), clock, account.stamp_ms, told.append,
                lambda kind, text: pytest.fail(f"{kind}: {text}"), rng,
            )  # fmt: skip
            keepers = [
                TradeSocketKeeper(venue, private, socket, keys, {Market.PERP: listed}, around, lambda level, text: None)
                for socket in private.trade_sockets(PROD)
            ]
            account.use(*(keeper.ask for keeper in keepers))
            tasks = [asyncio.create_task(keeper.run()) for keeper in keepers]
            try:
                yield Desk(venue, sim, account, keepers, listed[NATIVE[venue]], told)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await account.close()


async def perps(public: Venue, rest: Rest) -> dict[str, Instrument]:
    found: dict[str, Instrument] = {}
    for request in public.instrument_requests(PROD, Market.PERP):
        for event in await rest.ask(public, request, Tables({})):
            if isinstance(event, Listing):
                found |= {row.native: row for row in event.instruments}
    return found


@each
async def test_orders_over_the_socket_trade_rest_and_are_canceled(venue: str) -> None:
    async with desk(venue) as one:
        await one.up()
        taken = one.order("a1")
        events = await one.after(partial(one.account.place, taken))
        assert isinstance(events[0], Accepted), events
        rests = one.order("a2", rests=True)
        events = await one.after(partial(one.account.place, rests))
        assert isinstance(events[0], Accepted), events
        assert [order["status"] for order in one.orders()] == ["filled", "open"]
        events = await one.after(partial(one.account.cancel, rests))
        assert any(isinstance(event, CancelTaken) for event in events), events
        assert [order["status"] for order in one.orders()] == ["filled", "canceled"]
        events = await one.after(partial(one.account.query, taken))
        assert isinstance(events[0], OrderReport)
        assert events[0].status is OrderStatus.FILLED
        assert any(isinstance(event, Fill) for event in events)


async def lost(one: Desk, fault: str) -> Order:
    """An order that ``fault`` leaves unanswered."""
    await one.up()
    one.fault(fault, count=1, value=0.0)
    order = one.order("a1")
    (told,) = await one.after(partial(one.account.place, order))
    assert isinstance(told, Unanswered)
    return order


@each
async def test_an_order_that_was_taken_and_whose_answer_is_lost_is_in_doubt_and_found_by_asking(venue: str) -> None:
    async with desk(venue) as one:
        order = await lost(one, "ack_lost_delivered")
        assert [made["status"] for made in one.orders()] == ["filled"], "once"
        events = await one.after(partial(one.account.query, order))
        assert isinstance(events[0], OrderReport)
        assert sum(event.qty for event in events if isinstance(event, Fill)) == order.qty
        await one.up()  # again


@each
async def test_an_order_that_was_lost_on_its_way_is_in_doubt_and_is_not_found(venue: str) -> None:
    async with desk(venue) as one:
        order = await lost(one, "ack_lost_undelivered")
        assert one.orders() == []
        (told,) = await one.after(partial(one.account.query, order))
        assert isinstance(told, OrderAbsent)


@each
async def test_a_server_that_fails_on_an_order_leaves_it_in_doubt(venue: str) -> None:
    async with desk(venue) as one:
        await one.up()
        one.fault("ack_lost_delivered", count=1, reason="timeout")
        (told,) = await one.after(partial(one.account.place, one.order("a1")))
        assert isinstance(told, Unanswered)
        assert len(one.orders()) == 1


@each
async def test_the_same_client_id_is_taken_once(venue: str) -> None:
    async with desk(venue) as one:
        await one.up()
        order = one.order("a1", rests=True)
        await one.after(partial(one.account.place, order))
        (told,) = await one.after(partial(one.account.place, order))
        assert not isinstance(told, Accepted)  # refused, or in words that nobody here knows
        assert len(one.orders()) == 1


@each
async def test_a_dropped_socket_is_opened_again_and_orders_go_by_rest_meanwhile(venue: str) -> None:
    async with desk(venue) as one:
        await one.up()
        one.fault("disconnect")
        async with asyncio.timeout(10):
            for _ in iter(lambda: all(keeper.takes for keeper in one.keepers), False):
                await asyncio.sleep(0.005)
        events = await one.after(partial(one.account.place, one.order("a1")))
        assert isinstance(events[0], Accepted), events
        await one.up()
        events = await one.after(partial(one.account.place, one.order("a2")))
        assert isinstance(events[0], Accepted), events
        assert len(one.orders()) == 2
