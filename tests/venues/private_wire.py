"""A private side over real sockets, to a server on this machine that checks every signature on the bytes that arrived.

Each venue brings its ``Dialect``: how it signs, refuses and greets. What it is asked and what it answers is its tests'.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from arbtui.core.clock import NS_PER_MS, ManualClock
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent, Fill, Order, ReadDone, ReadKind, StreamState
from arbtui.net.account import Account
from arbtui.net.budget import Budgets
from arbtui.net.connects import Connects
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.net.userstream import Around, UserStreamKeeper
from arbtui.venues.base import Environment
from arbtui.venues.private import Keys, PrivateVenue

STAMP_MS = 1_700_000_000_000

Answer = bytes | Callable[[str], bytes]  # a body, or what makes one of the query


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str  # without the host that stands first in it
    query: str
    body: str
    head: Mapping[str, str]


@dataclass(frozen=True)
class Dialect:
    private: PrivateVenue
    keys: Keys
    listed: Mapping[Market, Mapping[str, Instrument]]
    host: str
    calls: str  # what the paths of all calls start with; answers are named by what follows
    refusal: Callable[[Asked], bytes | None]  # of a wrong signature; None: the signature is right
    status: Callable[[bytes], int]  # of HTTP, for an answer
    replies: Callable[[str], Iterable[str]]  # to a frame on the socket


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What a venue answers to the questions of ``test_private_wired``: answers by path."""

    dialect: Dialect
    order: Callable[..., Order]
    place_path: str
    taken: bytes
    no: bytes
    open_orders: Mapping[str, Answer]  # two of them
    pages: int  # on which these are told, of all categories
    ended: Mapping[str, Answer]  # an order that has ended, and the fill that it had
    nowhere: Mapping[str, Answer]  # that there is no such order
    failing: tuple[str, bytes]  # the path of the last of them, and what is answered where that cannot be told
    setup: Mapping[str, Answer]  # one-way mode, a key that may trade, a leverage, one position
    fill: bytes  # a push


@dataclass
class Server:
    dialect: Dialect
    answers: dict[str, Answer]
    asked: list[Asked] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        path, _, query = request.raw_path.removeprefix(f"/{self.dialect.host}").partition("?")
        asked = Asked(request.method, path, query, (await request.read()).decode(), request.headers)
        self.asked.append(asked)
        said = self.dialect.refusal(asked) or self._answer(asked)
        return web.Response(status=self.dialect.status(said), body=said)

    def _answer(self, asked: Asked) -> bytes:
        answer = self.answers[asked.path.removeprefix(self.dialect.calls)]
        return answer if isinstance(answer, bytes) else answer(asked.query or asked.body)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            for reply in self.dialect.replies(message.data):
                await socket.send_str(reply)
        return socket


@dataclass
class Wired:
    server: Server
    account: Account
    around: Around
    told: list[AccountEvent]
    heard: asyncio.Queue[AccountEvent]  # of the socket

    async def after(self, act: Callable[[Account], None]) -> list[AccountEvent]:
        act(self.account)
        await self.account.settled()
        told, self.told[:] = list(self.told), []
        return told

    async def read(self, kind: ReadKind, market: Market = Market.PERP) -> list[AccountEvent]:
        *events, last = await self.after(lambda account: account.read(kind, market, "BTCUSDT", STAMP_MS - 1000))
        assert isinstance(last, ReadDone), last
        return events

    async def hear_a_fill(self, push: bytes) -> Fill:
        """What the socket tells of ``push``, once it has logged in and subscribed."""
        dialect = self.server.dialect
        (stream,) = dialect.private.user_streams(Environment.PROD)
        keeper = UserStreamKeeper(dialect.private, stream, Environment.PROD, dialect.keys, dialect.listed, self.around)
        running = asyncio.create_task(keeper.run())
        try:
            state = await asyncio.wait_for(self.heard.get(), 10)
            assert isinstance(state, StreamState)
            assert state.state == "up"
            await self.server.sockets[0].send_str(push.decode())
            fill = await asyncio.wait_for(self.heard.get(), 10)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert isinstance(fill, Fill)
        return fill


@asynccontextmanager
async def wired(dialect: Dialect, answers: Mapping[str, Answer] | None = None) -> AsyncIterator[Wired]:
    server = Server(dialect, dict(answers or {}))
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    network = NetworkSettings(gateway=f"http://127.0.0.1:{runner.addresses[0][1]}")
    clock, told, rng = ManualClock(STAMP_MS * NS_PER_MS), list[AccountEvent](), random.Random(1)
    heard: asyncio.Queue[AccountEvent] = asyncio.Queue()
    try:
        async with Rest(network, Budgets(dialect.private.trade_limits), clock, recorder=None, rng=rng) as rest:
            account = Account(
                dialect.private, Environment.PROD, dialect.keys, instruments=lambda market: dialect.listed[market],
                rest=rest, clock=clock, offset_ms=lambda: 0.0, sink=told.append,
            )  # fmt: skip
            around = Around(
                rest, network, Connects(), clock, lambda: STAMP_MS, heard.put_nowait, lambda kind, text: None, rng
            )
            yield Wired(server, account, around, told, heard)
            await account.close()
    finally:
        await runner.cleanup()
