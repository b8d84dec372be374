"""Bybit's trade socket: a login, then the bodies of REST in frames of their own; answers carry the id of the request.

    ask      {"reqId","header":{"X-BAPI-TIMESTAMP","X-BAPI-RECV-WINDOW"},"op":"order.create","args":[body]}
    answer   {"reqId","retCode","retMsg","op":"order.create","data":{...},...}, and ``data`` is the ``result`` of REST

Nothing is signed but the login; the time stamp and its window hold as they do by REST, and so do codes and limits. A
``reqId`` that was used before is refused (20006) without a word on the first request. Demo trading has no such socket.
Source: Bybit V5 docs, Websocket Trade Guideline; Error Codes ("WS OrderEntry Error Codes"); Demo Trading Service.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Closing, Ignored, Pong
from arbtui.core.model import Market
from arbtui.venues.base import Environment, Manners
from arbtui.venues.bybit import orders, shapes, signing
from arbtui.venues.bybit.addresses import TRADE_SOCKET
from arbtui.venues.bybit.refusals import clean
from arbtui.venues.conversation import LoginFirst, guarded_secret
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
    ping_every_s=5.0,  # Bybit asks for one in 20 s; a line that is dead is to be known before an order is on it
    silence_s=12.0,
)
_SOCKETS = {env: TradeSocket("orders", (Market.PERP, Market.SPOT), url, _MANNERS) for env, url in TRADE_SOCKET.items()}
_OPS = {orders.PLACE: "order.create", orders.CANCEL: "order.cancel"}
_PING = '{"op":"ping"}'
_NOT_WHO_WE_WERE = frozenset({10003, 10004, 10005, 10007})  # to an order: the login does not count any more
_RESTARTING = 10019  # "open a new socket"
_NO_ANSWERS = frozenset({"auth", "ping", "pong"})


class _Frame(msgspec.Struct, rename="camel"):
    """``op`` names what was asked. An order's answer lacks ``reqId`` where the venue could not read the request."""

    ret_code: int
    op: str = ""
    ret_msg: str = ""
    req_id: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


_frame = msgspec.json.Decoder(_Frame)


def sockets(env: Environment) -> tuple[TradeSocket, ...]:
    return (_SOCKETS[env],) if env in _SOCKETS else ()


def session(keys: Keys) -> BybitTradeSession:
    return BybitTradeSession(keys)


def frame(ask: TradeAsk) -> str | None:
    """See ``venues.private.TradesOverSocket.trade_frame``."""
    op = _OPS.get(urlsplit(ask.request.url).path)
    if op is None or ask.request.method != "POST":
        return None
    said = {
        "reqId": ask.request_id,
        "header": {"X-BAPI-TIMESTAMP": str(ask.stamp_ms), "X-BAPI-RECV-WINDOW": str(signing.RECV_WINDOW_MS)},
        "op": op,
        "args": [msgspec.Raw(ask.request.body)],
    }
    return msgspec.json.encode(said).decode()


def question(ask: TradeAsk) -> str | None:
    """None: but for the login, which is answered, it takes orders alone."""
    return None


class BybitTradeSession(LoginFirst):
    """See ``venues.private.TradeSession``. One for each connection."""

    def __init__(self, keys: Keys) -> None:
        super().__init__(keys, signing.login)

    def ping(self, t_ns: int) -> str:
        return _PING

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent | TradeAnswer]:
        said = guarded_secret(_frame, frame, "Bybit trade frame")  # it may quote a login
        if said.op == "auth":
            if said.ret_code == 0:
                return (SubscribedAll(),)
            return (LoginRefused(str(said.ret_code), clean(said.ret_msg) or "no reason given"),)
        if said.op in _NO_ANSWERS:
            return (Pong(t_ns),)
        if said.req_id:
            return self._answer(said, t_ns)
        if said.op in _OPS.values() or said.ret_code:
            raise ProtocolBroken("unknown_shape", f"Bybit answered {said.op[:40]!r} and does not say to which request")
        return (Ignored("other_answer"),)

    def _answer(self, said: _Frame, t_ns: int) -> Sequence[PrivateEvent | TradeAnswer]:
        body = msgspec.json.encode(shapes.Envelope(ret_code=said.ret_code, ret_msg=said.ret_msg, result=said.data))
        answer = TradeAnswer(said.req_id, 200, body)
        if said.ret_code in _NOT_WHO_WE_WERE:
            return (answer, Expired(f"Bybit does not take orders on this socket any more: {clean(said.ret_msg)}"))
        if said.ret_code == _RESTARTING:
            return (answer, Closing("it restarts", t_ns))
        return (answer,)
