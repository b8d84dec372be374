"""A private side that exists only here: a codec of ten lines a verb, and a server that can be told how to fail.

Wire: ``POST /order`` and so on with a JSON body, answered ``{"ok": 1}``, ``{"no": reason}`` or ``{"maybe": 1}``; the
socket takes ``login:<key>`` -> ``welcome`` | ``nokey``, ``sub`` -> ``subbed``; ``fill:<id>`` is a fill, ``bye``
announces the end, ``expired`` ends the key.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

from aiohttp import WSMsgType, web

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import Closing, Reply
from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.core.orders import (
    Absence,
    Accepted,
    AccountEvent,
    CancelRefused,
    CancelTaken,
    Fill,
    Order,
    OrderAbsent,
    OrderKind,
    OrderReport,
    OrderStatus,
    Rejected,
    Side,
)
from arbtui.venues.base import Environment, HttpRequest, Manners, RestLimit
from arbtui.venues.private import (
    Expired,
    KeyCall,
    Keys,
    LoggedIn,
    LoginRefused,
    PrivateCall,
    PrivateEvent,
    PrivateFrame,
    StreamKey,
    SubscribedAll,
    UserStream,
)

HOST = "api.toy.com"
A = Instrument(
    venue="toy",
    market=Market.PERP,
    native="A",
    base="A",
    quote="USDT",
    price_ccy="USDT",
    settle_ccy="USDT",
    multiplier=Decimal(1),
    price_factor=Decimal(1),
    status=TradingStatus.TRADING,
)


def order(client_id: str = "h1a0", native: str = "A") -> Order:
    return Order(
        client_id=client_id,
        venue="toy",
        market=Market.PERP,
        native=native,
        side=Side.BUY,
        kind=OrderKind.IOC,
        qty=Decimal(2),
        price=Decimal("1.5"),
    )


def fill(fill_id: str, client_id: str = "h1a0") -> Fill:
    return Fill(
        venue="toy",
        market=Market.PERP,
        native="A",
        fill_id=fill_id,
        order_id="v1",
        client_id=client_id,
        side=Side.BUY,
        price=Decimal("1.5"),
        qty=Decimal(1),
        told="push",
        t_ns=0,
    )


def report(client_id: str, filled: int) -> OrderReport:
    return OrderReport(
        venue="toy",
        market=Market.PERP,
        native="A",
        client_id=client_id,
        order_id="v1",
        side=Side.BUY,
        status=OrderStatus.CANCELED,
        status_text="dead",
        told="query",
        t_ns=0,
        filled=Decimal(filled),
    )


class ToyPrivate:
    """As much of ``venues.private.PrivateVenue`` as the wire needs to be tried."""

    name = "toy"
    key_fields: tuple[str, ...] = ("api_key",)
    trade_limits: tuple[RestLimit, ...] = (RestLimit(HOST, "orders", 3, 60.0, share=1.0),)
    absence = Absence(1.0, 3600.0)
    needs_key = False
    lifetime_s: float | None = None
    silence_s = 35.0
    renew_every_s: float | None = None
    greets = True

    def place(self, env: Environment, keys: Keys, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall:
        if order.kind is OrderKind.MARKET:
            raise ValueError("toy takes no market orders")

        def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
            said = _said(status, body)
            if "no" in said:
                return [
                    Rejected(
                        venue="toy",
                        client_id=order.client_id,
                        reason=RefusalReason(said["no"]),
                        code="7",
                        text="no",
                        t_ns=t_ns,
                    )
                ]
            if "other" in said:
                return []
            return [Accepted(venue="toy", client_id=order.client_id, order_id="v1", t_ns=t_ns)]

        return _call("order", {"id": order.client_id, "stamp": stamp_ms, "secret": keys["api_key"]}, read, "orders")

    def cancel_unnamed(
        self, env: Environment, keys: Keys, instrument: Instrument, order_id: str, stamp_ms: int
    ) -> PrivateCall:
        raise NotImplementedError("the toy venue names every order")

    def cancel(
        self, env: Environment, keys: Keys, instrument: Instrument, client_id: str, stamp_ms: int
    ) -> PrivateCall:
        def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
            said = _said(status, body)
            if "no" in said:
                return [
                    CancelRefused(
                        venue="toy",
                        client_id=client_id,
                        reason=RefusalReason(said["no"]),
                        code="8",
                        text="no",
                        t_ns=t_ns,
                    )
                ]
            return [CancelTaken(venue="toy", client_id=client_id, t_ns=t_ns)]

        return _call("cancel", {"id": client_id}, read)

    def query(self, env: Environment, keys: Keys, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall:
        def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
            said = _said(status, body)
            if "no" in said:
                return [OrderAbsent(venue="toy", client_id=client_id, t_ns=t_ns)]
            return [report(client_id, said["ok"])]

        def elsewhere(status: int, body: bytes, stamp_ms: int) -> PrivateCall | None:
            return _call("ended", {"id": client_id}, read) if "elsewhere" in _said(status, body) else None

        return replace(_call("query", {"id": client_id}, read), next_page=elsewhere)

    def fills(self, env: Environment, keys: Keys, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
        return _pages("fills", {"since": since_ms, "stamp": stamp_ms})

    def open_orders(
        self, env: Environment, keys: Keys, market: Market, instruments: Mapping[str, Instrument], stamp_ms: int
    ) -> PrivateCall:
        return _pages("open", {"stamp": stamp_ms})

    def history(
        self, env: Environment, keys: Keys, instrument: Instrument, since_ms: int, stamp_ms: int
    ) -> PrivateCall | None:
        return None

    def positions(
        self, env: Environment, keys: Keys, instruments: Mapping[str, Instrument], stamp_ms: int
    ) -> PrivateCall:
        return _pages("positions", {})

    def balances(self, env: Environment, keys: Keys, market: Market, stamp_ms: int) -> PrivateCall:
        return _pages("balances", {})

    def mode(self, env: Environment, keys: Keys, market: Market, stamp_ms: int) -> PrivateCall:
        return _pages("mode", {})

    def leverage(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        return _pages("leverage", {})

    def fee_rates(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        return _pages("fees", {})

    def funding_paid(
        self, env: Environment, keys: Keys, instruments: Mapping[str, Instrument], since_ms: int, stamp_ms: int
    ) -> PrivateCall:
        return _pages("funding", {})

    def user_streams(self, env: Environment) -> tuple[UserStream, ...]:
        return (UserStream("all", (Market.PERP,), needs_key=self.needs_key, renew_every_s=self.renew_every_s),)

    def key_call(self, env: Environment, keys: Keys, stream: UserStream, *, renew: bool, stamp_ms: int) -> KeyCall:
        request = HttpRequest("POST", f"https://{HOST}/{'renew' if renew else 'key'}", "key")

        def read(status: int, body: bytes) -> StreamKey:
            said = _said(status, body)
            if "no" in said:
                raise VenueRefused("toy knows no such key", reason=RefusalReason.NOT_AUTHORISED)
            return StreamKey(str(said["ok"]))

        return KeyCall(request, read, "key")

    def stream_url(self, env: Environment, stream: UserStream, key: StreamKey | None) -> str:
        return f"wss://{HOST}/ws/{key.key if key is not None else ''}"

    def stream_manners(self, stream: UserStream) -> Manners:
        return Manners(10.0, 1, ping_every_s=None, silence_s=self.silence_s, lifetime_s=self.lifetime_s)

    def private_session(
        self, stream: UserStream, keys: Keys, instruments: Mapping[Market, Mapping[str, Instrument]]
    ) -> ToyPrivateSession:
        return ToyPrivateSession(keys, greets=self.greets)


class ToyPrivateSession:
    def __init__(self, keys: Keys, *, greets: bool) -> None:
        self._keys = keys
        self._greets = greets

    def greet(self, stamp_ms: int) -> list[PrivateFrame]:
        if not self._greets:
            return []
        return [PrivateFrame(f"login:{self._keys['api_key']}", secret=True)]

    def logged_in(self, stamp_ms: int) -> list[PrivateFrame]:
        return [PrivateFrame("sub")]

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent]:
        word, _, rest = frame.decode().partition(":")
        match word:
            case "welcome":
                return [LoggedIn()]
            case "nokey":
                return [LoginRefused("60005", "no such key")]
            case "subbed":
                return [SubscribedAll()]
            case "fill":
                return [fill(rest)]
            case "bye":
                return [Closing("bye", t_ns)]
            case "ping":
                return [Reply("pong")]
            case "expired":
                return [Expired("the session expired")]
        raise ProtocolBroken("unknown_shape", "a frame that toy does not send", frame)

    def ping(self, t_ns: int) -> str | bytes | None:
        return "ping"


def _said(status: int, body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError as broken:
        raise OutcomeUnknown("toy answered with something else than JSON") from broken
    if status >= 500 or not isinstance(said, dict) or "maybe" in said:
        raise OutcomeUnknown("toy does not know")
    return said


def _call(path: str, body: dict[str, Any], read: Any, bucket: str = "weight") -> PrivateCall:
    request = HttpRequest("POST", f"https://{HOST}/{path}", path, bucket=bucket, body=json.dumps(body).encode())
    return PrivateCall(request, read, path)


def _pages(path: str, body: dict[str, Any]) -> PrivateCall:
    """``{"ok": [fill ids], "next": true}`` is a page."""

    def read(status: int, answer: bytes, t_ns: int) -> Sequence[AccountEvent]:
        said = _said(status, answer)
        if "no" in said:
            raise VenueRefused(f"toy refuses {path}", reason=RefusalReason(said["no"]))
        return [fill(one) for one in said["ok"]]

    def next_page(status: int, answer: bytes, stamp_ms: int) -> PrivateCall | None:
        return _pages(path, {"page": 1, "stamp": stamp_ms}) if _said(status, answer).get("next") else None

    request = HttpRequest("POST", f"https://{HOST}/{path}", path, body=json.dumps(body).encode())
    return PrivateCall(request, read, path, next_page)


Answerer = Callable[[str, dict[str, Any]], Awaitable[web.StreamResponse] | web.StreamResponse]


class ToyServer:
    """``answer`` (path, body) decides; sockets log in with any key but "bad" until told otherwise."""

    def __init__(self) -> None:
        self.answer: Answerer = lambda path, body: said(ok=1)
        self.asked: Counter[str] = Counter()
        self.bodies: list[tuple[str, dict[str, Any]]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.paths: list[str] = []
        self.heard: list[str] = []
        self.silent = False
        self.first = asyncio.Event()  # a request came

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(f"/{HOST}/")
        if path.startswith("ws"):
            return await self._socket(request, path)
        body = json.loads(await request.read() or b"{}")
        self.asked[path] += 1
        self.first.set()
        self.bodies.append((path, body))
        answered = self.answer(path, body)
        return answered if isinstance(answered, web.StreamResponse) else await answered

    async def _socket(self, request: web.Request, path: str) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.paths.append(path)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            self.heard.append(message.data)
            if not self.silent:
                await self._talk(socket, message.data)
        return socket

    async def _talk(self, socket: web.WebSocketResponse, text: str) -> None:
        if text.startswith("login:"):
            await socket.send_str("nokey" if text == "login:bad" else "welcome")
        elif text == "sub":
            await socket.send_str("subbed")


def said(status: int = 200, **body: Any) -> web.Response:
    return web.json_response(body, status=status)


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[ToyServer, str]]:
    """The server and its gateway address."""
    server = ToyServer()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield server, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
