"""An order's way to its exchange and back: REST on a connection that stands, REST on a new one, a socket for orders.

    order bytes to ack    from the signed request in hand to the answer that was read, one order after another; they buy
                          far below the price, immediate or canceled, so that nothing ever trades

Plain sockets on 127.0.0.1, through a relay that holds back what passes for half of the added latency in each direction.
With TLS, which is not here, a new connection costs one round trip more. A client lets go of a connection that was idle
for some 15 seconds: orders that are rarer go by REST on a new one.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from functools import partial
from urllib.parse import urlsplit

import aiohttp

from arbtui.bench.report import Cell, Table
from arbtui.core.clock import Clock
from arbtui.core.errors import OurMistake
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Accepted, Order, OrderKind, Side
from arbtui.engine.by_rest import AccountByRest
from arbtui.engine.demo import DemoExchanges
from arbtui.net.budget import Budgets
from arbtui.net.connects import Connects
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Answer, Rest
from arbtui.net.tradesocket import TradeSocketKeeper
from arbtui.net.userstream import Around
from arbtui.net.wallclock import WallClock
from arbtui.venues import registry
from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.private import Keys, TradesOverSocket

ADDED_MS = (0, 20)
PAUSE_S = 0.02  # between two orders, where the exchange's limit lets them follow so soon
UP_WITHIN_S = 15.0
_PROD = Environment.PROD
_BELOW = Decimal("0.98")  # of the price: inside every band, and filled by nobody
_WORTH = Decimal(200)
_CHUNK = 64 * 1024

_Send = Callable[[HttpRequest], Awaitable[Answer | None]]


def measure(venues: Sequence[str], count: int) -> Table:
    """``count`` orders each way on each of ``venues``. Raises OurMistake where an order is not taken."""
    return asyncio.run(_measure(venues, count))


async def _measure(venues: Sequence[str], count: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    arguments = ("--symbols", "4", "--rate", "0", "--scenario", "still", "--venues", ",".join(venues))
    async with DemoExchanges(arguments) as sim, aiohttp.ClientSession() as http:
        async with http.get(f"{sim.url}/_sim/accounts") as answer:
            keys = {name: Keys(accounts["main"]) for name, accounts in (await answer.json()).items()}
        for added_ms in ADDED_MS:
            async with _relay(sim.url, added_ms / 2e3) as url:
                for name in venues:
                    async with _exchange(name, keys[name], sim.url, url, http) as exchange:
                        rows += await _of_exchange(exchange, added_ms, count)
    notes = ("in the simulator, without TLS; half of the added latency in each direction",)
    return Table("an order, from its bytes to its ack, ms", ("", "added", "count", "p50", "p99"), tuple(rows), notes)


@dataclass
class _Exchange:
    name: str
    account: AccountByRest
    network: NetworkSettings
    clock: Clock
    instrument: Instrument
    price: Decimal
    made: int = 0

    def order(self) -> Order:
        self.made += 1
        one = self.instrument
        price, tick = self.price * _BELOW, one.tick or Decimal(1)
        step = one.step or Decimal(1)
        assert one.multiplier is not None
        qty = max(_WORTH / (price * one.multiplier), one.min_qty or step)
        return Order(
            client_id=f"bench{time.time_ns() % 10**9}x{self.made}",
            venue=self.name,
            market=one.market,
            native=one.native,
            side=Side.BUY,
            kind=OrderKind.IOC,
            qty=(qty / step).to_integral_value() * step,
            price=(price / tick).to_integral_value(ROUND_DOWN) * tick,
        )


async def _of_exchange(exchange: _Exchange, added_ms: int, count: int) -> list[tuple[Cell, ...]]:
    rest = exchange.account.rest
    rows: list[tuple[Cell, ...]] = []
    ways: list[tuple[str, _Send]] = [
        ("REST, connection stands", rest.carry),
        ("REST, new connection", partial(_on_a_new_connection, exchange)),
    ]
    async with AsyncExitStack() as stack:
        if (keeper := _keeper(exchange)) is not None:
            stack.push_async_callback(_ended, asyncio.create_task(keeper.run()))
            await _up(keeper)
            ways.append(("socket", keeper.ask))
        for way, send in ways:
            await _took_ms(exchange, send)  # connections are made, code is warm
            took = sorted([await _took_ms(exchange, send) for _ in range(count)])
            at_99 = took[round(0.99 * (count - 1))]
            rows.append((f"{exchange.name}: {way}", f"{added_ms} ms", count, took[count // 2], at_99))
    return rows


async def _took_ms(exchange: _Exchange, send: _Send) -> float:
    """Once the budget allows it. Raises OurMistake unless the exchange took the order."""
    account, order = exchange.account, exchange.order()
    call = account.private.place(_PROD, account.keys, exchange.instrument, order, account.account.stamp_ms())
    await asyncio.sleep(max(PAUSE_S, account.rest.wait_s(call.request)))
    began_s = time.perf_counter()
    answer = await send(call.request)
    took_ms = 1e3 * (time.perf_counter() - began_s)
    if answer is None:
        raise OurMistake(f"{exchange.name}'s socket for orders was down")
    events = call.read(answer.status, answer.body, answer.t_ns)
    if not any(isinstance(event, Accepted) for event in events):
        raise OurMistake(f"{exchange.name} did not take the order that was to be timed: {events}")
    return took_ms


async def _on_a_new_connection(exchange: _Exchange, request: HttpRequest) -> Answer:
    async with Rest(exchange.network, Budgets(()), exchange.clock, recorder=None, rng=random.Random(1)) as rest:
        exchange.account.rest.charge(request)
        return await rest.carry(request)


def _keeper(exchange: _Exchange) -> TradeSocketKeeper | None:
    account = exchange.account
    if not isinstance(account.private, TradesOverSocket):
        return None
    around = Around(
        rest=account.rest,
        network=exchange.network,
        connects=Connects(),
        clock=exchange.clock,
        stamp_ms=account.account.stamp_ms,
        sink=lambda event: None,
        count_error=lambda kind, text: None,
        rng=random.Random(1),
    )
    market = exchange.instrument.market
    socket = next((one for one in account.private.trade_sockets(_PROD) if market in one.markets), None)
    if socket is None:
        return None
    return TradeSocketKeeper(
        exchange.name, account.private, socket, account.keys, account.listed, around, lambda level, text: None
    )


async def _up(keeper: TradeSocketKeeper) -> None:
    end_s = time.monotonic() + UP_WITHIN_S
    while not keeper.takes:
        if time.monotonic() > end_s:
            raise OurMistake(f"a socket for orders was not up within {UP_WITHIN_S:g} s")
        await asyncio.sleep(0.01)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _exchange(
    name: str, keys: Keys, sim_url: str, url: str, http: aiohttp.ClientSession
) -> AsyncIterator[_Exchange]:
    venue, private = registry.venue(name), registry.private(name)
    assert private is not None
    network, clock, rng = NetworkSettings(gateway=url), WallClock(asyncio.get_running_loop()), random.Random(1)
    async with (
        Rest(network, Budgets(venue.rest_limits), clock, recorder=None, rng=rng) as public,
        Rest(network, Budgets(private.trade_limits), clock, recorder=None, rng=rng) as rest,
    ):
        account = AccountByRest(venue, private, _PROD, keys, public=public, rest=rest, clock=clock, rng=rng)
        await account.connect()
        perps = account.listed[Market.PERP].values()
        instrument = next((one for one in perps if one.base == "BTC" and one.quote in ("USDT", "USDC")), None)
        if instrument is None:
            raise OurMistake(f"{name} lists no perpetual of BTC")
        query = {"venue": name, "market": "perp", "symbol": instrument.native, "depth": "1"}
        async with http.get(f"{sim_url}/_sim/truth", params=query) as answer:
            row = (await answer.json())["venues"][name]["perp"][instrument.native]
        yield _Exchange(name, account, network, clock, instrument, Decimal(str(row["bids"][0][0])))
        await account.close()


# ---- added latency


@asynccontextmanager
async def _relay(url: str, delay_s: float) -> AsyncIterator[str]:
    """The address of a relay to ``url`` that passes everything on ``delay_s`` later; ``url`` itself for no delay."""
    if not delay_s:
        yield url
        return
    far = urlsplit(url)
    pumps: set[asyncio.Task[None]] = set()

    async def took(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, on = await asyncio.open_connection(far.hostname, far.port)
        await asyncio.sleep(2 * delay_s)  # making a connection is a round trip too
        for source, sink in ((reader, on), (back, writer)):
            task = asyncio.create_task(_pump(source, sink, delay_s))
            pumps.add(task)
            task.add_done_callback(pumps.discard)

    server = await asyncio.start_server(took, "127.0.0.1", 0)
    try:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.close()
        for task in list(pumps):
            task.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay_s: float) -> None:
    loop = asyncio.get_running_loop()
    try:
        with suppress(ConnectionError):
            while data := await source.read(_CHUNK):
                loop.call_later(delay_s, sink.write, data)
        await asyncio.sleep(delay_s)
    finally:
        sink.close()
