"""OKX's websocket protocol: subscriptions with one answer for each arg, errors, text pings, limits, silence.

From the websocket overview and the error codes 60000-64008 with their close frames. A connection ends 30 s after the
handshake if nothing was subscribed, and after 30 s in which nothing was pushed; the text "ping" is answered "pong",
which counts, while protocol pings are answered and do not.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.accounts import Account
from arbtui.sim.base import Call, Session, Topic
from arbtui.sim.delivery import Lost
from arbtui.sim.limits import Sliding
from arbtui.sim.listing import Listing
from arbtui.sim.okx import channels, tables
from arbtui.sim.okx.private import OPS
from arbtui.sim.okx.rules import NO_SUCH
from arbtui.sim.okx.signed import Unauthorised, logged_in
from arbtui.sim.okx.users import CHANNELS as PRIVATE_CHANNELS
from arbtui.sim.okx.users import TYPES
from arbtui.sim.reading import json_object

if TYPE_CHECKING:
    from arbtui.sim.okx.venue import Okx

NS_PER_S = 1_000_000_000
_ORDERS = frozenset(
    {"order", "batch-orders", "cancel-order", "batch-cancel-orders", "amend-order", "batch-amend-orders", "mass-cancel"}
)
_PRIVATE = frozenset({"orders", "positions", "account", "balance_and_position", "fills", "liquidation-warning"})
_LOGIN_NEEDED = frozenset({"books-l2-tbt", "books50-l2-tbt"})
_BUSINESS = (
    "candle",
    "mark-price-candle",
    "index-candle",
    "sprd-",
    "trades-all",
    "orders-algo",
    "algo-advance",
    "grid-",
)
_MOVED = (
    "This channel has been migrated to the '/business' URL. Please subscribe using the new URL. More details can refer "
    "to: https://www.okx.com/help-center/changes-to-v5-api-websocket-subscription-parameter-and-url."
)
_NOT_BUSINESS = (
    'This channel is not supported by "/business" URL. Please use "/private" URL(for private channels), or "/public" '
    "URL(for public channels). More details can refer to: "
    "https://www.okx.com/help-center/changes-to-v5-api-websocket-subscription-parameter-and-url."
)
_UPGRADE = "The connection will soon be closed for a service upgrade. Please reconnect."


class Refused(Exception):
    """An error event: ``code`` and text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class OkxSession(Session):
    """One socket. ``side`` is public, private or business."""

    def __init__(self, venue: Okx, call: Call, side: str) -> None:
        super().__init__(venue, call)
        self._okx = venue
        self._side = side
        self._demo = call.host in tables.DEMO_SOCKETS
        self._requests = Sliding(3600.0)
        self._subscribed = False
        self._spoke_ns = 0
        self._conn_id = ""
        self.private = side == "private"
        self._account: Account | None = None  # who logged in

    def opened(self) -> None:
        self._spoke_ns = self.opened_ns
        self._conn_id = f"{zlib.crc32(f'{self.call.client}/{self.opened_ns}/{len(self.hub.sessions)}'.encode()):08x}"

    # -- heartbeat -------------------------------------------------------------------------------------------------

    def out(self, frames: list[bytes], delay_ns: int = 0) -> None:
        self._spoke_ns = self.hub.now_ns()
        super().out(frames, delay_ns)

    def on_ping(self, payload: bytes) -> None:
        spoke_ns = self._spoke_ns
        super().on_ping(payload)
        self._spoke_ns = spoke_ns

    def on_second(self, now_ns: int) -> None:
        since_ns = self._spoke_ns if self._subscribed else self.opened_ns
        if now_ns - since_ns > tables.SILENCE_S * NS_PER_S:
            self.close(4004, "No data received in 30s")
        if self._account is not None:
            self._okx.private.users.second(self, now_ns)

    def closed(self) -> None:
        self._okx.private.users.leave(self)

    @property
    def logged_in(self) -> bool:
        return self._account is not None

    def announce_shutdown(self) -> None:
        self._event("notice", code="64008", msg=_UPGRADE)

    # -- requests --------------------------------------------------------------------------------------------------

    def on_text(self, text: str) -> None:
        if text == "ping":
            self.send("pong")
            return
        if len(text.encode()) > tables.REQUEST_BYTES:
            self.close(1009, "Request message exceeds the maximum frame length")
            return
        message_id: Any = None
        try:
            ask = _parsed(text)
            message_id = ask.get("id")
            self._answer(ask, message_id, text)
        except Refused as refused:
            self._error(refused, message_id)

    def _answer(self, ask: dict[str, Any], message_id: Any, text: str) -> None:
        op = ask.get("op")
        if (
            op in ("subscribe", "unsubscribe", "login")
            and self._requests.hit(self.hub.now_ns()) > tables.REQUESTS_PER_H
        ):
            raise Refused("60014", "Requests too frequent")
        if op in ("subscribe", "unsubscribe"):
            for arg in _args(ask, text):
                try:
                    self._one(op, arg, message_id)
                except Refused as refused:
                    self._error(refused, message_id)
        elif op == "login":
            self._login(_args(ask, text)[0])
        elif isinstance(op, str) and op in _ORDERS:
            self._operate(op, ask, message_id, text)
        else:
            raise Refused("60019" if isinstance(op, str) else "60012", _op_text(op, text))

    def _login(self, arg: dict[str, Any]) -> None:
        if self._side == "public":
            raise Refused("60028", "The current operation is not supported by this URL.")
        try:
            self._account = logged_in(self._okx.private.desk, arg, self._okx.view.now_ms())
        except Unauthorised as refused:
            raise Refused(refused.code, str(refused)) from refused
        self._subscribed = True
        self._event("login", code="0", msg="")

    def _operate(self, op: str, ask: dict[str, Any], message_id: Any, text: str) -> None:
        """An order operation. Instruments are named by ``instIdCode`` alone; demo trading refuses even its own."""
        if self._side != "private":
            raise Refused("60028", "The current operation is not supported by this URL.")
        if self._account is None:
            raise Refused("60011", "Please log in")
        args = _args(ask, text)
        private = self._okx.private
        with private.carrier.answer_first():
            if op not in OPS:
                answer: dict[str, Any] = {"code": "60013", "msg": f"{op} is not simulated", "data": []}
            elif any("instIdCode" not in arg for arg in args):
                answer = _all_refused(args, "50014", "Parameter instIdCode can not be empty.")
            elif self._demo:
                answer = _all_refused(args, *NO_SUCH)
            else:
                known = [{key: arg[key] for key in arg if arg[key] != "" and key != "instId"} for arg in args]
                try:
                    answer = private.operate(self._account, op, known)
                except Lost as lost:
                    self.hub.later(lost.after_s, self.drop)
                    return
            head = {} if message_id is None else {"id": message_id}
            self.send(orjson.dumps({**head, "op": op, **answer}))

    def _private_one(self, op: str, channel: str, arg: dict[str, Any], message_id: Any) -> None:
        """Subscribe to a private channel or leave it. The answer comes first, or what is already told."""
        assert self._account is not None
        users = self._okx.private.users
        if channel not in PRIVATE_CHANNELS or arg.get("instType", "ANY") not in TYPES:
            raise _unknown(arg)
        key = (channel, arg.get("instType"), arg.get("instFamily"), arg.get("instId"))
        if op == "unsubscribe":
            users.unsubscribe(self, self._account, key)
            self._ack(op, arg, message_id)
            return
        if self.refused("other", channel):
            raise _unknown(arg)
        self._subscribed = True
        self._ack(op, arg, message_id)
        users.subscribe(self, self._account, key, arg)

    def _one(self, op: str, arg: dict[str, Any], message_id: Any) -> None:
        """Subscribe to one arg or leave it, and acknowledge it."""
        channel = arg["channel"]
        self._check_place(channel, arg)
        if channel in _PRIVATE:
            self._private_one(op, channel, arg, message_id)
            return
        key = (channel, arg.get("instType" if channel == "instruments" else "instId"))
        if op == "unsubscribe" and self.unsubscribe(key):
            self._ack(op, arg, message_id)
            return
        listing = self._meant(channel, key[1], arg)
        if op == "unsubscribe":  # from what exists and was not subscribed
            self._ack(op, arg, message_id)
            return
        if self.refused(channels.CHANNELS[channel], channel, listing):
            raise _unknown(arg)
        self._subscribed = True
        data_first = zlib.crc32(repr(key).encode()) % 8 == 0  # OKX's data may overtake its acknowledgement
        if not data_first:
            self._ack(op, arg, message_id)
        if key not in self.topics:  # a second subscription is acknowledged and brings no new snapshot
            self.subscribe(self._stream(channel, listing, arg), key)
        if data_first:
            self._ack(op, arg, message_id)

    def _check_place(self, channel: str, arg: dict[str, Any]) -> None:
        """Whether this socket can carry ``channel`` at all."""
        business = channel.startswith(_BUSINESS)
        if self._side == "business":
            known = channel in channels.CHANNELS or channel in _PRIVATE or channel in _LOGIN_NEEDED
            raise Refused("64002", _NOT_BUSINESS) if known else _unknown(arg)
        if business:
            raise Refused("64001", _MOVED)
        if channel in (_PRIVATE if self._side == "private" else _LOGIN_NEEDED):
            if self._account is None:
                raise Refused("60011", "Please log in")
            return
        if self._side == "private" or channel not in channels.CHANNELS:
            raise _unknown(arg)

    def _meant(self, channel: str, name: Any, arg: dict[str, Any]) -> Listing | None:
        """The instrument that is meant; None for the instruments channel, which is of a type."""
        if channel == "instruments":
            if name not in tables.INST_TYPES:
                raise _unknown(arg)
            return None
        listing = self._okx.subject(channel, name) if isinstance(name, str) else None
        if listing is None:
            raise _unknown(arg)
        return listing

    def _stream(self, channel: str, listing: Listing | None, arg: dict[str, Any]) -> Topic:
        if listing is None:
            return self._okx.instruments(arg["instType"], demo=self._demo)
        return self._okx.stream(channel, listing)

    # -- answers ---------------------------------------------------------------------------------------------------

    def _ack(self, op: str, arg: dict[str, Any], message_id: Any) -> None:
        known = {key: arg[key] for key in ("channel", "instType", "instFamily", "instId") if key in arg}
        self._event(op, message_id, arg=known)

    def _error(self, refused: Refused, message_id: Any) -> None:
        self._event("error", message_id, code=refused.code, msg=str(refused))

    def _event(self, event: str, message_id: Any = None, **more: Any) -> None:
        head = {} if message_id is None else {"id": message_id}
        self.send(orjson.dumps({**head, "event": event, **more, "connId": self._conn_id}))


def _parsed(text: str) -> dict[str, Any]:
    ask = json_object(text)
    if ask is None:
        raise Refused("60012", f"Illegal request: {text}")
    message_id = ask.get("id")
    if message_id is not None and not (
        isinstance(message_id, str) and message_id.isascii() and message_id.isalnum() and len(message_id) <= 32
    ):
        raise Refused("60033", "Parameter id error.")
    return ask


def _args(ask: dict[str, Any], text: str) -> list[dict[str, Any]]:
    args = ask.get("args")
    if not isinstance(args, list) or not args or not all(isinstance(arg, dict) for arg in args):
        raise Refused("60012", f"Illegal request: {text}")
    if ask["op"] in ("subscribe", "unsubscribe") and not all(isinstance(arg.get("channel"), str) for arg in args):
        raise Refused("60012", f"Illegal request: {text}")
    return args


def _all_refused(args: list[dict[str, Any]], code: str, text: str) -> dict[str, Any]:
    """The answer to an order operation of which nothing is taken."""
    rows = [{"ordId": "", "clOrdId": str(a.get("clOrdId", "")), "tag": "", "sCode": code, "sMsg": text} for a in args]
    return {"code": "1", "msg": "", "data": rows}


def _op_text(op: Any, text: str) -> str:
    return f"Invalid op: {op}" if isinstance(op, str) else f"Illegal request: {text}"


def _unknown(arg: dict[str, Any]) -> Refused:
    named = ",".join(f"{key}:{arg[key]}" for key in ("channel", "instType", "instFamily", "instId") if key in arg)
    return Refused(
        "60018",
        f"Wrong URL or {named} doesn't exist. Please use the correct URL, channel and parameters referring to API "
        "document.",
    )
