"""Hyperliquid's socket as a way for actions: the body of REST in a frame with a number, answered under that number.

    ask      {"method":"post","id":7,"request":{"type":"action","payload":body}}
    answer   {"channel":"post","data":{"id":7,"response":{"type":"action","payload":...}}}, payload = the answer of REST
             {"channel":"post","data":{"id":7,"response":{"type":"error","payload":"429 ..."}}}, what HTTP would refuse

There is no login: what is signed is the action itself. Limits are those of the address, the same as by REST, and the
connection is one of the ten that an address may have. A sentence on the "error" channel names no request.
Source: Hyperliquid docs, "Websocket / Post requests", "Timeouts and heartbeats"; "Rate limits and user limits".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Ignored, Pong
from arbtui.core.model import Market
from arbtui.venues.base import Environment, Manners
from arbtui.venues.conversation import Unannounced
from arbtui.venues.hyperliquid import info, shapes
from arbtui.venues.private import Keys, PrivateEvent, TradeAnswer, TradeAsk, TradeSocket
from arbtui.venues.wire import guarded

_MANNERS = Manners(
    messages_per_s=20.0,
    streams_per_socket=1,
    connects_per_min=30.0,
    ping_every_s=5.0,  # a line that is dead is to be known before an order is on it
    silence_s=12.0,
)
_GREETING = b"Websocket connection established."
_REFUSED = re.compile(r"(\d{3})\b\s*(.*)", re.ASCII | re.DOTALL)  # status and body of HTTP
_FAILED = 500  # for words that tell no status: it may have taken effect


class _Response(msgspec.Struct):
    type: str
    payload: msgspec.Raw


class _Post(msgspec.Struct):
    id: int
    response: _Response


_post = msgspec.json.Decoder(_Post)
_words = msgspec.json.Decoder(str)


def sockets(env: Environment) -> tuple[TradeSocket, ...]:
    return (TradeSocket("orders", (Market.PERP, Market.SPOT), f"wss://{info.HOSTS[env]}/ws", _MANNERS),)


def session(keys: Keys) -> HyperliquidTradeSession:
    return HyperliquidTradeSession()


def frame(ask: TradeAsk) -> str | None:
    """See ``venues.private.TradesOverSocket.trade_frame``."""
    return _posted("action", ask) if urlsplit(ask.request.url).path == "/exchange" else None


def question(ask: TradeAsk) -> str | None:
    """See ``venues.private.TradesOverSocket.trade_question``."""
    return _posted("info", ask) if urlsplit(ask.request.url).path == "/info" else None


def _posted(kind: str, ask: TradeAsk) -> str:
    request = {"type": kind, "payload": msgspec.Raw(ask.request.body)}
    return msgspec.json.encode({"method": "post", "id": int(ask.request_id), "request": request}).decode()


class HyperliquidTradeSession(Unannounced):
    """See ``venues.private.TradeSession``. It is up once the far end is heard."""

    def ping(self, t_ns: int) -> str:
        return '{"method":"ping"}'

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent | TradeAnswer]:
        if frame == _GREETING:
            return (Ignored("greeting"),)
        envelope = guarded(shapes.envelope, frame, "Hyperliquid frame")
        match envelope.channel:
            case "post":
                return (_answer(guarded(_post, envelope.data, "Hyperliquid post")),)
            case "pong":
                return (Pong(t_ns),)
            case "error":  # it may quote an order of ours
                raise ProtocolBroken("refused_request", "Hyperliquid could not read a request, and does not say which")
        return (Ignored("other_channel"),)


def _answer(post: _Post) -> TradeAnswer:
    payload = post.response.payload
    if post.response.type != "error":
        return TradeAnswer(str(post.id), 200, bytes(payload))
    found = _REFUSED.match(guarded(_words, payload, "Hyperliquid post"))
    status, words = (int(found[1]), found[2]) if found else (_FAILED, "")
    return TradeAnswer(str(post.id), max(status, 400), words.encode())
