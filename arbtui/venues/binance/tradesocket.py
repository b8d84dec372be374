"""Binance's WebSocket API as a way for orders: the parameters of REST, signed anew, answered under the request's id.

    ask      {"id":"7","method":"order.place","params":{..., "apiKey","timestamp","signature"}}
    answer   {"id":"7","status":200,"result":{as by REST},"rateLimits":[...]}
             {"id":"7","status":400,"error":{"code":-2010,"msg":".."},...}, status and body as by HTTP
             {"id":"7","status":418,"error":{..., "data":{"serverTime","retryAfter"}}}, ms, in place of a header

There is no login (that takes keys of another kind): each request proves itself. USD-M and spot have an address each;
orders count in the same windows as those of REST. Both cut at 24 h; spot announces when a server is taken down.
``rateLimits`` tells what is used up of the limits that the request counts for, as the headers of REST do.
Source: Binance USD-M docs, "WebSocket API General Info", "New Order", "Cancel Order", "Futures Account
Balance V2"; spot docs, "WebSocket API", "Rate limits", "Account requests".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.events import Closing, Ignored
from arbtui.core.model import Market
from arbtui.venues.base import Environment, Manners
from arbtui.venues.binance.addresses import trade_socket_url
from arbtui.venues.binance.calls import ORDERS
from arbtui.venues.binance.signing import WEIGHT, sign, ws_payload
from arbtui.venues.conversation import Unannounced, guarded_secret
from arbtui.venues.private import Keys, PrivateEvent, TradeAnswer, TradeAsk, TradeSocket
from arbtui.venues.wire import DECODE_ERRORS

_MANNERS = Manners(
    messages_per_s=20.0,
    streams_per_socket=1,
    ping_every_s=5.0,  # the venue pings every 20 s or 3 min; a dead line is to be known before an order is on it
    silence_s=12.0,
    lifetime_s=23 * 3600.0,
)
_PATHS = {Market.PERP: "/fapi/v1/order", Market.SPOT: "/api/v3/order"}
_METHODS = {"POST": "order.place", "DELETE": "order.cancel"}
_QUESTIONS = {"/fapi/v3/balance": "v2/account.balance", "/api/v3/account": "account.status"}
_NUMBERS = ("timestamp", "recvWindow")
_SHUTDOWN = "serverShutdown"
_BUCKETS = {("ORDERS", "SECOND", 10): ORDERS, ("REQUEST_WEIGHT", "MINUTE", 1): WEIGHT}


class _Event(msgspec.Struct):
    e: str = ""


class _Frame(msgspec.Struct):
    """``event``: what the venue says unasked."""

    id: str | int | None = None
    status: int = 0
    result: msgspec.Raw = msgspec.Raw(b"")
    error: msgspec.Raw = msgspec.Raw(b"")
    limits: msgspec.Raw = msgspec.field(name="rateLimits", default=msgspec.Raw(b"[]"))
    event: _Event | None = None


class _Limit(msgspec.Struct, rename="camel"):
    rate_limit_type: str
    interval: str
    interval_num: int
    count: float


class _Wait(msgspec.Struct):
    """Both in ms of the venue's clock."""

    server_time: int = msgspec.field(name="serverTime")
    retry_after: int = msgspec.field(name="retryAfter")


class _TurnedAway(msgspec.Struct):
    data: _Wait | None = None


_frame = msgspec.json.Decoder(_Frame)
_limits = msgspec.json.Decoder(list[_Limit])
_turned_away = msgspec.json.Decoder(_TurnedAway)


def sockets(env: Environment) -> tuple[TradeSocket, ...]:
    urls = {market: trade_socket_url(env, market) for market in _PATHS}
    return tuple(
        TradeSocket(f"{market.value}.orders", (market,), url, _MANNERS)
        for market, url in urls.items()
        if url is not None
    )


def session(keys: Keys) -> BinanceTradeSession:
    return BinanceTradeSession()


def frame(ask: TradeAsk) -> str | None:
    """See ``venues.private.TradesOverSocket.trade_frame``."""
    request = ask.request
    where, method = urlsplit(request.url), _METHODS.get(request.method)
    if method is None or where.path not in (_PATHS[market] for market in ask.socket.markets):
        return None
    sent = parse_qsl(request.body.decode() if request.method == "POST" else where.query, strict_parsing=True)
    return _signed(method, {name: value for name, value in sent if name != "signature"}, ask)


def question(ask: TradeAsk) -> str | None:
    """See ``venues.private.TradesOverSocket.trade_question``."""
    where = urlsplit(ask.request.url)
    method = _QUESTIONS.get(where.path)
    if method is None:
        return None
    sent = parse_qsl(where.query, strict_parsing=True)
    return _signed(method, {name: value for name, value in sent if name in _NUMBERS}, ask)


def _signed(method: str, given: Mapping[str, str], ask: TradeAsk) -> str:
    params: dict[str, str | int] = {**given, **{name: int(given[name]) for name in _NUMBERS}}
    params["apiKey"] = ask.keys["api_key"]
    params["signature"] = sign(ask.keys["api_secret"], ws_payload(params))
    return msgspec.json.encode({"id": ask.request_id, "method": method, "params": params}).decode()


class BinanceTradeSession(Unannounced):
    """See ``venues.private.TradeSession``. It is up once the far end is heard."""

    def ping(self, t_ns: int) -> None:
        """A protocol-level ping."""
        return

    def decode(self, frame: bytes, t_ns: int) -> Sequence[PrivateEvent | TradeAnswer]:
        said = guarded_secret(_frame, frame, "Binance WebSocket API frame")  # it may quote a request
        if said.event is not None:
            ends = said.event.e == _SHUTDOWN
            return (Closing("Binance takes this server down", t_ns) if ends else Ignored("other_event"),)
        if said.id is None:
            raise ProtocolBroken("unknown_shape", f"Binance answers ({said.status}) and does not say to which request")
        body = bytes(said.error) or bytes(said.result)
        return (TradeAnswer(str(said.id), said.status, body, _retry_after_s(said), _used(said)),)


def _retry_after_s(said: _Frame) -> float | None:
    """As the header of HTTP would say it; None where it is not told, or not in these words."""
    if said.status not in (418, 429):
        return None
    try:
        wait = _turned_away.decode(said.error).data
    except DECODE_ERRORS:  # the refusal holds all the same
        return None
    return None if wait is None else max(0, wait.retry_after - wait.server_time) / 1000


def _used(said: _Frame) -> dict[str, float]:
    """By bucket. An answer whose limits cannot be read is an answer all the same: then our own count stands."""
    try:
        limits = _limits.decode(said.limits)
    except DECODE_ERRORS:
        return {}
    named = ((_BUCKETS.get((one.rate_limit_type, one.interval, one.interval_num)), one.count) for one in limits)
    return {bucket: count for bucket, count in named if bucket is not None}
