"""OKX's private socket as a way for orders: a login, then the bodies of REST, but for the name of the instrument.

    ask      {"id":"7","op":"order","expTime":"..","args":[{"instIdCode":10459, body without instId}]}
    answer   {"id":"7","op":"order","code":"0","msg":"","data":[{"ordId","clOrdId","sCode","sMsg"}]}, as by REST
             {"event":"error","code":"60011","msg":"Please log in"}, with the id where the request could be read

Instruments are named by ``instIdCode`` alone, which ``instruments`` lists; one that lists none goes by REST. Demo
trading refuses the codes that it publishes itself, so it gets its orders by REST. Limits are one for both ways.
Source: OKX API v5 docs, WebSocket / Login; Trade / WS / Place order, Cancel order; changelog of 2026-04-07.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Closing, Ignored, Pong
from arbtui.core.model import Instrument, Market
from arbtui.venues.base import Environment, Manners
from arbtui.venues.conversation import LoginFirst, guarded_secret
from arbtui.venues.okx import orders, signing
from arbtui.venues.private import (
    Expired,
    Keys,
    LoginRefused,
    PrivateEvent,
    SubscribedAll,
    TradeAnswer,
    TradeAsk,
    TradeSocket,
)

_MANNERS = Manners(
    messages_per_s=20.0,
    streams_per_socket=1,
    ping_every_s=5.0,  # the venue asks for one in 30 s; a line that is dead is to be known before an order is on it
    silence_s=12.0,
    requests_per_hour=480,
)
_SOCKET = TradeSocket("orders", (Market.PERP, Market.SPOT), signing.SOCKETS[Environment.PROD], _MANNERS)
_OPS = {orders.PLACE: "order", orders.CANCEL: "cancel-order"}
_LOG_IN_FIRST = "60011"
_UPGRADE = "64008"


class _Frame(msgspec.Struct):
    """``event`` of what concerns the connection, ``op`` of what was asked."""

    id: str = ""
    op: str = ""
    event: str = ""
    code: str = ""
    msg: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")


_frame = msgspec.json.Decoder(_Frame)
_body = msgspec.json.Decoder(dict[str, Any])


def sockets(env: Environment) -> tuple[TradeSocket, ...]:
    return (_SOCKET,) if env is Environment.PROD else ()


def session(keys: Keys) -> OkxTradeSession:
    return OkxTradeSession(keys)


def frame(ask: TradeAsk) -> str | None:
    """See ``venues.private.TradesOverSocket.trade_frame``."""
    request, op = ask.request, _OPS.get(urlsplit(ask.request.url).path)
    if op is None or request.method != "POST":
        return None
    body = _body.decode(request.body)
    code = _code_of(str(body.pop("instId")), ask.listed)
    if code is None:
        return None
    expires = {"expTime": request.headers["expTime"]} if "expTime" in request.headers else {}
    said = {"id": ask.request_id, "op": op, **expires, "args": [{"instIdCode": code, **body}]}
    return msgspec.json.encode(said).decode()


def _code_of(native: str, listed: Mapping[Market, Mapping[str, Instrument]]) -> int | None:
    """Names are unique over both markets."""
    for instruments in listed.values():
        if (found := instruments.get(native)) is not None:
            code = found.extra.get("instIdCode")
            return code if isinstance(code, int) else None
    return None


def question(ask: TradeAsk) -> str | None:
    """None: but for the login, which is answered, it takes orders alone."""
    return None


class OkxTradeSession(LoginFirst):
    """See ``venues.private.TradeSession``. One for each connection."""

    def __init__(self, keys: Keys) -> None:
        super().__init__(keys, signing.login)
        self._logged_in = False

    def ping(self, t_ns: int) -> str:
        return "ping"

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent | TradeAnswer]:
        if frame == b"pong":
            return (Pong(t_ns),)
        said = guarded_secret(_frame, frame, "OKX trade frame")  # it may quote a login
        if said.event == "" or (said.event == "error" and self._logged_in):
            return self._answer(said)
        match said.event:
            case "login" if said.code in ("", "0"):
                self._logged_in = True
                return (SubscribedAll(),)
            case "login" | "error":
                return (LoginRefused(said.code[:20], said.msg[:200]),)
            case "notice" if said.code == _UPGRADE:  # 30 to 60 s before it
                return (Closing(said.msg[:200] or "OKX announced a service upgrade", t_ns),)
        return (Ignored("other_event"),)

    def _answer(self, said: _Frame) -> Sequence[PrivateEvent | TradeAnswer]:
        if not said.id:
            if said.code == _LOG_IN_FIRST:
                return (Expired(said.msg[:200] or "OKX wants a login again"),)
            raise ProtocolBroken("unknown_shape", f"OKX answers (code {said.code[:20]}) and does not say to what")
        body = msgspec.json.encode({"code": said.code, "msg": said.msg, "data": said.data})
        answer = TradeAnswer(said.id, 200, body)
        if said.code == _LOG_IN_FIRST:
            return (answer, Expired(said.msg[:200] or "OKX wants a login again"))
        return (answer,)
