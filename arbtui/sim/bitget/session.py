"""Bitget's websocket protocol (one answer an arg, numeric error codes, text pings, limits), and its public v2 side.

What a private socket has besides is in ``private_session``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from arbtui.sim.base import Call, Session
from arbtui.sim.bitget import tables
from arbtui.sim.limits import Sliding
from arbtui.sim.reading import json_object

if TYPE_CHECKING:
    from arbtui.sim.bitget.venue import Bitget

NS_PER_S = 1_000_000_000
_KEYS = ("instType", "channel", "instId")
_OPS = ("subscribe", "unsubscribe")

Key = tuple[str, str, str]  # instType, channel, instId


class Refused(Exception):
    """An error event: ``code`` and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class BitgetSession(Session):
    """One socket; it carries any products."""

    keys: ClassVar[tuple[str, ...]] = _KEYS  # of an arg
    most_args: ClassVar[int] = 1 << 30  # in a request; one with more ends the socket without a word

    def __init__(self, venue: Bitget, call: Call) -> None:
        super().__init__(venue, call)
        self._bitget = venue
        self._messages = Sliding(1.0)
        self._requests = Sliding(3600.0)
        self._silent: set[Key] = set()  # acknowledged, and never any data
        self._pinged_ns = 0

    def opened(self) -> None:
        self._pinged_ns = self.opened_ns

    def on_second(self, now_ns: int) -> None:
        silent = now_ns - self._pinged_ns > tables.SILENCE_S * NS_PER_S
        if silent or now_ns - self.opened_ns > tables.LIFETIME_S * NS_PER_S:
            self.drop()

    # -- requests ------------------------------------------------------------------------------------------------------

    def on_text(self, text: str) -> None:
        if self._messages.hit(self.hub.now_ns()) > tables.MESSAGES_PER_S:
            self._error(Refused(30007, "request over limit, connection close"))
            self.close(1008, "request over limit")
        elif text == "ping":
            self._pinged_ns = self.hub.now_ns()
            self.send("pong")
        elif len(text.encode()) > tables.FRAME_BYTES:
            self.drop()
        else:
            try:
                self._answer(text)
            except Refused as refused:
                self._error(refused)

    def _answer(self, text: str) -> None:
        ask = json_object(text)
        op = ask.get("op") if ask is not None else None
        if ask is None or not isinstance(op, str) or op == "ping":
            raise Refused(30002, "Illegal request")
        args = ask.get("args")
        if op not in _OPS:
            self._other(op, args, ask)
            return
        if not isinstance(args, list) or not args or not all(isinstance(arg, dict) for arg in args):
            raise Refused(30002, "Illegal request")
        if len(args) > self.most_args:
            self.drop()
            return
        if self._requests.hit(self.hub.now_ns()) > tables.SUBSCRIBES_PER_H:
            raise Refused(30006, "Too many requests")
        for arg in args:
            try:
                self._one(op, arg)
            except Refused as refused:
                self._error(refused, {key: arg[key] for key in self.keys if key in arg}, op)

    def _other(self, op: str, args: Any, ask: dict[str, Any]) -> None:
        """Neither a subscription nor its end. The public side knows nobody."""
        raise Refused(30005, "Login failed") if op == "login" else Refused(30003, "Invalid op")

    def _one(self, op: str, arg: dict[str, Any]) -> None:
        """Subscribe to one arg or leave it, and acknowledge it. Ids may come in lower case; they are echoed upper."""
        inst_type, channel, inst_id = (arg.get(key) for key in _KEYS)
        if not (isinstance(inst_type, str) and isinstance(channel, str) and isinstance(inst_id, str)):
            raise Refused(30016, "Param error")
        if channel not in tables.CHANNELS_OF:
            raise Refused(30016, "Param error")
        key = (inst_type, channel, inst_id.upper())
        if op == "subscribe":
            self._subscribe(key)
            return
        if not self.unsubscribe(key) and key not in self._silent:
            self._check(key)
        self._silent.discard(key)
        self._ack(op, key)

    def _subscribe(self, key: Key) -> None:
        self._check(key)
        inst_type, channel, inst_id = key
        known = key in self.topics or key in self._silent
        if not known and len(self.topics) + len(self._silent) >= tables.CHANNELS:
            raise Refused(30006, "Too many channels")
        listing = self._bitget.of_product(inst_type, inst_id)
        if self.refused(tables.CHANNELS_OF[channel], channel, listing):
            raise _unknown(key)
        self._ack("subscribe", key)
        if known:
            return  # acknowledged again, and no new snapshot
        if listing is None:
            self._silent.add(key)
        else:
            self.subscribe(self._bitget.stream(channel, listing), key)

    def _check(self, key: Key) -> None:
        """Whether there are such a product and, in whatever product, such an instrument."""
        inst_type, _, inst_id = key
        if inst_type not in tables.PRODUCTS or not self._bitget.anywhere(inst_id):
            raise _unknown(key)

    # -- answers -------------------------------------------------------------------------------------------------------

    def _ack(self, op: str, key: Key) -> None:
        self.send(orjson.dumps({"event": op, "arg": dict(zip(_KEYS, key, strict=True))}))

    def _error(self, refused: Refused, arg: dict[str, Any] | None = None, op: str = "") -> None:
        event: dict[str, Any] = {"event": "error"}
        if arg is not None:
            event["arg"] = arg
        event |= {"code": refused.code, "msg": str(refused)}
        if op:
            event["op"] = op
        self.send(orjson.dumps(event))


def _unknown(key: Key) -> Refused:
    named = ",".join(f"{name}:{value}" for name, value in zip(_KEYS, key, strict=True))
    return Refused(30001, f"{named},precision:null doesn't exist")
