"""The codec over real sockets, to a server that checks every signature on the bytes that arrived and pages lists."""

from __future__ import annotations

import asyncio
import hmac
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from arbtui.core.clock import NS_PER_MS, ManualClock
from arbtui.core.model import Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    AccountMode,
    Fill,
    LeverageRead,
    OrderAbsent,
    OrderReport,
    Position,
    ReadDone,
    ReadKind,
    Rejected,
    StreamState,
    Unanswered,
)
from arbtui.net.account import Account
from arbtui.net.budget import Budgets
from arbtui.net.connects import Connects
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.net.userstream import Around, UserStreamKeeper
from tests.venues.bybit.samples import (
    KEY,
    KEYS,
    LISTED,
    OURS,
    PRIVATE,
    PROD,
    SECRET,
    STAMP_MS,
    account_info,
    acked,
    execution_row,
    flat,
    key_info,
    order,
    order_row,
    position_row,
    refused,
    rows,
    said,
    unfilled,
)
from tests.venues.bybit.test_private_stream import LOGGED_IN, SUBSCRIBED, of

API = "/api.bybit.com"
Answer = bytes | Callable[[str], bytes]


def proof(text: str) -> str:
    return hmac.new(SECRET.encode(), text.encode(), "sha256").hexdigest()


@dataclass
class Server:
    """``answers`` by path: a body, or what makes one of the query. Wrong signatures are refused as Bybit does it."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/v5/private"):
            return await self._socket(request)
        path, _, query = request.raw_path.removeprefix(API).partition("?")
        body = (await request.read()).decode()
        self.asked.append((path, query or body))
        head = request.headers
        text = f"{head['X-BAPI-TIMESTAMP']}{KEY}{head['X-BAPI-RECV-WINDOW']}{query or body}"
        if head["X-BAPI-API-KEY"] != KEY or head["X-BAPI-SIGN"] != proof(text):
            return web.Response(body=refused(10004, f"error sign! origin_string[{text}]"))
        answer = self.answers[path]
        return web.Response(body=answer if isinstance(answer, bytes) else answer(query or body))

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            told = json.loads(message.data)
            if told["op"] == "auth":
                key, expires, sign = told["args"]
                taken = key == KEY and sign == proof(f"GET/realtime{expires}") and expires > STAMP_MS
                await socket.send_str((LOGGED_IN if taken else b'{"success":false,"op":"auth"}').decode())
            elif told["op"] == "subscribe":
                await socket.send_str(SUBSCRIBED.decode())
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


@asynccontextmanager
async def wired(**answers: Answer) -> AsyncIterator[Wired]:
    server = Server({"/v5/" + path.replace("__", "-").replace("_", "/", 1): answer for path, answer in answers.items()})
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    network = NetworkSettings(gateway=f"http://127.0.0.1:{runner.addresses[0][1]}")
    clock, told, rng = ManualClock(STAMP_MS * NS_PER_MS), list[AccountEvent](), random.Random(1)
    heard: asyncio.Queue[AccountEvent] = asyncio.Queue()
    try:
        async with Rest(network, Budgets(PRIVATE.trade_limits), clock, recorder=None, rng=rng) as rest:
            account = Account(
                PRIVATE, PROD, KEYS, instruments=lambda market: LISTED[market], rest=rest, clock=clock,
                offset_ms=lambda: 0.0, sink=told.append,
            )  # fmt: skip
            around = Around(
                rest, network, Connects(), clock, lambda: STAMP_MS, heard.put_nowait, lambda kind, text: None, rng
            )
            yield Wired(server, account, around, told, heard)
            await account.close()
    finally:
        await runner.cleanup()


async def test_an_order_is_signed_as_it_arrives() -> None:
    async with wired(order_create=acked()) as w:
        (taken,) = await w.after(lambda account: account.place(order()))
        assert isinstance(taken, Accepted)


async def test_an_order_refused_for_its_signature_tells_no_key() -> None:
    async with wired(order_create=refused(10004, f"error sign! origin_string[{KEY}]")) as w:
        (no,) = await w.after(lambda account: account.place(order()))
        assert isinstance(no, Rejected)
        assert KEY not in no.text


async def test_a_page_is_asked_for_with_the_cursor_as_it_came_and_signed_so() -> None:
    cursor = "132766%3A2%2C132766%3A2%26page%3D2"

    def page(query: str) -> bytes:
        if "settleCoin=USDC" in query:
            return rows()
        return rows(unfilled(orderId="2")) if query.endswith(f"&cursor={cursor}") else rows(unfilled(), cursor=cursor)

    async with wired(order_realtime=page) as w:
        events = await w.read(ReadKind.OPEN_ORDERS)
        assert len([event for event in events if isinstance(event, OrderReport)]) == 2
        assert len(w.server.asked) == 3


async def test_an_order_that_has_ended_is_found_in_the_history_with_its_fills() -> None:
    async with wired(order_realtime=rows(), order_history=rows(order_row()), execution_list=rows(execution_row())) as w:
        told = await w.after(lambda account: account.query(order()))
        assert [type(event) for event in told] == [OrderReport, Fill, ReadDone]


async def test_only_an_order_that_neither_place_knows_is_absent() -> None:
    async with wired(order_realtime=rows(), order_history=rows()) as w:
        (told,) = await w.after(lambda account: account.query(order()))
        assert isinstance(told, OrderAbsent)
        w.server.answers["/v5/order/history"] = refused(10016, "server error")
        (told,) = await w.after(lambda account: account.query(order()))
        assert isinstance(told, Unanswered)


async def test_mode_leverage_and_positions_are_read() -> None:
    def positions(query: str) -> bytes:
        return rows(flat()) if "symbol=" in query else rows(position_row()) if "USDT" in query else rows()

    async with wired(user_query__api=said(key_info()), account_info=said(account_info()), position_list=positions) as w:
        (mode,) = await w.read(ReadKind.MODE)
        assert isinstance(mode, AccountMode)
        assert (mode.can_trade, mode.position_mode) == (True, "one_way")
        (lever,) = await w.read(ReadKind.LEVERAGE)
        assert isinstance(lever, LeverageRead)
        (held,) = await w.read(ReadKind.POSITIONS)
        assert isinstance(held, Position)


async def test_the_socket_logs_in_subscribes_and_tells_what_happens() -> None:
    async with wired() as w:
        stream = PRIVATE.user_streams(PROD)[0]
        keeper = UserStreamKeeper(PRIVATE, stream, PROD, KEYS, LISTED, w.around)
        running = asyncio.create_task(keeper.run())
        try:
            state = await asyncio.wait_for(w.heard.get(), 10)
            assert isinstance(state, StreamState)
            assert state.state == "up"
            await w.server.sockets[0].send_str(of("execution", execution_row()).decode())
            fill = await asyncio.wait_for(w.heard.get(), 10)
            assert isinstance(fill, Fill)
            assert (fill.client_id, fill.fee_ccy) == (OURS, "USDT")
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
