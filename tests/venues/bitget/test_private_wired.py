"""The codec over real sockets, to a server that checks every signature on the bytes that arrived and pages lists."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

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
from tests.venues.bitget.samples import (
    KEY,
    KEYS,
    LISTED,
    OURS,
    PASSPHRASE,
    PRIVATE,
    PROD,
    SECRET,
    STAMP_MS,
    acked,
    fill_row,
    key_info,
    order,
    order_row,
    position_row,
    push,
    pushed_fill,
    refused,
    rows,
    said,
    settings,
    unfilled,
)
from tests.venues.bitget.test_private_stream import LOGGED_IN

API = "/api.bitget.com"
Answer = bytes | Callable[[str], bytes]


def proof(text: str) -> str:
    return base64.b64encode(hmac.new(SECRET.encode(), text.encode(), "sha256").digest()).decode()


@dataclass
class Server:
    """``answers`` by path: a body, or what makes one of the query. Refusals come with HTTP 400, as Bitget's do."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/v3/ws/private"):
            return await self._socket(request)
        path, _, query = request.raw_path.removeprefix(API).partition("?")
        body = (await request.read()).decode()
        self.asked.append((path, query or body))
        head = request.headers
        text = f"{head['ACCESS-TIMESTAMP']}{request.method}{path}{'?' if query else ''}{unquote(query)}{body}"
        known = head["ACCESS-KEY"] == KEY and head["ACCESS-PASSPHRASE"] == PASSPHRASE
        if not known or head["ACCESS-SIGN"] != proof(text):
            return web.Response(status=400, body=refused("40009", "sign signature error"))
        answer = self.answers[path.removeprefix("/api/v3/")]
        said = answer if isinstance(answer, bytes) else answer(query or body)
        return web.Response(status=200 if b'"code":"00000"' in said else 400, body=said)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            if message.data == "ping":
                await socket.send_str("pong")
                continue
            told = json.loads(message.data)
            if told["op"] == "login":
                (given,) = told["args"]
                taken = given["sign"] == proof(given["timestamp"] + "GET/user/verify") and given["apiKey"] == KEY
                refusal = '{"event":"error","code":30005,"msg":"login failed"}'
                await socket.send_str(LOGGED_IN.decode() if taken else refusal)
            elif told["op"] == "subscribe":
                for arg in told["args"]:
                    await socket.send_str(json.dumps({"event": "subscribe", "arg": arg, "connId": "c-1"}))
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
async def wired(answers: dict[str, Answer] | None = None) -> AsyncIterator[Wired]:
    server = Server(answers or {})
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


async def test_an_order_is_signed_as_it_arrives_and_a_refusal_with_http_400_is_one() -> None:
    async with wired({"trade/place-order": acked()}) as w:
        (taken,) = await w.after(lambda account: account.place(order()))
        assert isinstance(taken, Accepted)
        w.server.answers["trade/place-order"] = refused("25202", "Insufficient balance")
        (no,) = await w.after(lambda account: account.place(order(client_id="arb0002A")))
        assert isinstance(no, Rejected)


async def test_pages_and_categories_are_read_to_their_end() -> None:
    def page(query: str) -> bytes:
        if "USDC" in query:
            return rows()
        if "cursor=77" in query:
            return rows(unfilled(orderId="2"), cursor="78")
        return rows(cursor="78") if "cursor=78" in query else rows(unfilled(), cursor="77")

    async with wired({"trade/unfilled-orders": page}) as w:
        events = await w.read(ReadKind.OPEN_ORDERS)
        assert len([event for event in events if isinstance(event, OrderReport)]) == 2
        assert len(w.server.asked) == 4


async def test_an_order_that_has_filled_is_found_with_its_fills() -> None:
    def fills(query: str) -> bytes:
        return rows() if "cursor" in query else rows(fill_row(symbol="ETHUSDT"), fill_row(), cursor="77")

    async with wired({"trade/order-info": said(order_row()), "trade/fills": fills}) as w:
        told = await w.after(lambda account: account.query(order()))
        assert [type(event) for event in told] == [OrderReport, Fill, ReadDone]


async def test_only_the_venues_word_makes_an_order_absent() -> None:
    async with wired({"trade/order-info": refused("25204", "Order does not exist")}) as w:
        (told,) = await w.after(lambda account: account.query(order()))
        assert isinstance(told, OrderAbsent)
        w.server.answers["trade/order-info"] = refused("40725", "service return an error")
        (told,) = await w.after(lambda account: account.query(order()))
        assert isinstance(told, Unanswered)


async def test_mode_leverage_and_positions_are_read() -> None:
    answers: dict[str, Answer] = {
        "account/settings": said(settings()),
        "account/info": said(key_info()),
        "position/current-position": lambda query: rows(position_row()) if "USDT" in query else rows(),
    }
    async with wired(answers) as w:
        (mode,) = await w.read(ReadKind.MODE)
        assert isinstance(mode, AccountMode)
        assert (mode.can_trade, mode.position_mode) == (True, "one_way")
        (lever,) = await w.read(ReadKind.LEVERAGE)
        assert isinstance(lever, LeverageRead)
        (held,) = await w.read(ReadKind.POSITIONS)
        assert isinstance(held, Position)


async def test_a_classic_account_is_recognised_by_its_answer() -> None:
    async with wired({"account/settings": refused("40084", "You are in Classic Account mode")}) as w:
        (mode,) = await w.read(ReadKind.MODE)
        assert isinstance(mode, AccountMode)
        assert mode.can_trade is False
        assert "classic account" in mode.text


async def test_the_socket_logs_in_subscribes_and_tells_what_happens() -> None:
    async with wired() as w:
        stream = PRIVATE.user_streams(PROD)[0]
        keeper = UserStreamKeeper(PRIVATE, stream, PROD, KEYS, LISTED, w.around)
        running = asyncio.create_task(keeper.run())
        try:
            state = await asyncio.wait_for(w.heard.get(), 10)
            assert isinstance(state, StreamState)
            assert state.state == "up"
            await w.server.sockets[0].send_str(push("fill", pushed_fill()).decode())
            fill = await asyncio.wait_for(w.heard.get(), 10)
            assert isinstance(fill, Fill)
            assert (fill.client_id, fill.fee_ccy) == (OURS, "USDT")
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
