"""One port for all venues: the first path element is the original host, the rest is the original path.

REST and sockets of every venue, ``/_sim`` for control. Frames are built once by the topics and written to the transport
as they are, one write for each client and beat; a client that does not read is cut once ``MAX_BACKLOG`` bytes wait for
it, never buffered without end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Self
from urllib.parse import unquote

from aiohttp import WSMsgType, web
from aiohttp.web_request import BaseRequest

from arbtui.sim.base import Call, Reply, Session, SimVenue
from arbtui.sim.control import Control
from arbtui.sim.hub import Hub

BEAT_S = 0.02
MAX_BACKLOG = 8 * 1024 * 1024
_CLOSE_WAIT_S = 2.0
_HTML_503 = (
    b"<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
    b"<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n"
)
_log = logging.getLogger("arbtui.sim")


class Server:
    """Serves a ``Hub`` on one port. ``async with`` starts and stops it; ``url`` is known after the start."""

    def __init__(self, hub: Hub, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.hub = hub
        self._control = Control(hub)
        self._host, self._port = host, port
        self._venue_of = {name: venue for venue in hub.venues.values() for name in venue.hosts}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._web = web.Server(self._answer, access_log=None)

    @property
    def url(self) -> str:
        assert self._listener is not None
        port = self._listener.sockets[0].getsockname()[1]
        return f"http://{self._host}:{port}"

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.get_running_loop().create_server(self._web, self._host, self._port)
        self.spawn(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in list(self.hub.sessions):
            session.drop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._listener is not None:
            self._listener.close()
        await self._web.shutdown(0.5)
        if self._listener is not None:
            await self._listener.wait_closed()

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Run ``work`` until done or the server stops."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self.hub.beat()
            due = max(due + BEAT_S, loop.time())
            await asyncio.sleep(due - loop.time())

    # -- requests ------------------------------------------------------------------------------------------------

    async def _answer(self, request: BaseRequest) -> web.StreamResponse:
        _, _, rest = request.rel_url.raw_path.partition("/")
        host, _, path = rest.partition("/")
        if host == "_sim":
            return await self._control.answer(request, unquote(path))
        venue = self._venue_of.get(host)
        if venue is None:
            known = ", ".join(sorted(self._venue_of))
            return web.json_response(
                {"error": f"no simulated venue answers for {host!r}; there are: {known}"}, status=404
            )
        call = Call(
            method=request.method,
            host=host,
            path="/" + unquote(path),
            query=dict(request.query),
            raw_query=request.rel_url.raw_query_string,
            headers=request.headers,
            body=await request.read(),
            client=request.remote or "",
        )
        if self.hub.faults.find("refuse", venue.name, venue.market_of(call)):
            return _reset(request)
        try:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._socket(request, venue, call)
            return await self._rest(request, venue, call)
        except ConnectionResetError:  # the client left while it was answered: that is no trouble of the venue's
            return _reset(request)

    async def _rest(self, request: BaseRequest, venue: SimVenue, call: Call) -> web.StreamResponse:
        reply = self._faulty(venue, call) or venue.handle(call)
        self.hub.flush()  # what a request caused on sockets does not wait for the next beat
        if reply.after_s:
            await asyncio.sleep(reply.after_s)
        if reply.lost:
            return _reset(request)
        if self._acts("cut_body", venue, call):
            cut = web.StreamResponse(status=reply.status, headers=reply.headers)
            cut.content_type = reply.content_type
            cut.content_length = len(reply.body)
            await cut.prepare(request)
            await cut.write(reply.body[: len(reply.body) // 2])
            if request.transport is not None:
                request.transport.close()
            return cut
        return web.Response(
            body=reply.body, status=reply.status, headers=reply.headers, content_type=reply.content_type
        )

    def _faulty(self, venue: SimVenue, call: Call) -> Reply | None:
        if not self.hub.faults.active:
            return None
        if self._acts("html_503", venue, call):
            return Reply(503, _HTML_503, content_type="text/html")
        for status in (500, 429, 418):
            if fault := self._acts(f"http_{status}", venue, call):
                return venue.refusal(status, int(fault))
        return None

    def _acts(self, name: str, venue: SimVenue, call: Call) -> float | None:
        """The value of the fault that concerns this request (``channel``: the path, or "rest")."""
        if not self.hub.faults.active:
            return None
        fault = self.hub.faults.act(name, venue.name, venue.market_of(call), venue.symbol_of(call), "rest", call.path)
        return None if fault is None else fault.number or 1.0

    # -- sockets -------------------------------------------------------------------------------------------------

    async def _socket(self, request: BaseRequest, venue: SimVenue, call: Call) -> web.StreamResponse:
        session = venue.open_socket(call)
        if isinstance(session, Reply):
            return web.Response(body=session.body, status=session.status, headers=session.headers)
        if session.private and self._gap(venue, session):
            return _reset(request)
        ws = web.WebSocketResponse(autoping=False, compress=False, timeout=_CLOSE_WAIT_S, max_msg_size=1 << 20)
        await ws.prepare(request)
        try:
            self.hub.connect(session, _Link(self, request, ws))
            await self._listen(ws, session)
        finally:
            session.gone()
        return ws

    def _gap(self, venue: SimVenue, session: Session) -> bool:
        fault = self.hub.faults.find("private_gap", venue.name, session.market)
        return fault is not None and fault.reason != "silent"

    async def _listen(self, ws: web.WebSocketResponse, session: Session) -> None:
        async for message in ws:
            if session.ended:
                continue
            if message.type is WSMsgType.TEXT:
                session.on_text(message.data)
            elif message.type is WSMsgType.BINARY:
                session.on_binary(message.data)
            elif message.type is WSMsgType.PING:
                session.on_ping(bytes(message.data))
            elif message.type is WSMsgType.PONG:
                session.on_pong(bytes(message.data))
            elif message.type is WSMsgType.ERROR:
                _log.info("%s: a socket broke: %r", session.venue.name, message.data)
            self.hub.flush()


class _Link:
    """The transport under a session."""

    def __init__(self, server: Server, request: BaseRequest, ws: web.WebSocketResponse) -> None:
        self._server = server
        self._request = request
        self._ws = ws

    def write(self, frames: list[bytes]) -> bool:
        transport = self._request.transport
        if transport is None or transport.is_closing():
            return True  # already going: the listener will notice
        transport.write(b"".join(frames))
        return transport.get_write_buffer_size() <= MAX_BACKLOG

    def close(self, code: int, reason: str) -> None:
        self._server.spawn(self._close(code, reason))

    async def _close(self, code: int, reason: str) -> None:
        await self._ws.close(code=code, message=reason.encode())

    def drop(self) -> None:
        _reset(self._request)


def _reset(request: BaseRequest) -> web.Response:
    """End the connection without a word. The response returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
