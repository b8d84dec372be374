"""Hyperliquid's websocket protocol: one subscription a message, echoed with its defaults; errors in plain text.

A name that does not exist gets no answer: the connection is dropped, with all that was subscribed on it. So do buckets
that the venue does not know. Everything else that is wrong is told by an ``error`` frame and leaves the socket open.
The server closes a socket on which it has sent nothing for a minute; pongs and data count, acknowledgements do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.base import Call, Session
from arbtui.sim.delivery import Lost
from arbtui.sim.hyperliquid import streams, tables, users
from arbtui.sim.hyperliquid.answers import Refused
from arbtui.sim.hyperliquid.rules import USERS_PER_ADDRESS
from arbtui.sim.reading import json_object
from arbtui.sim.topic import ws_frame
from arbtui.sim.view import NS_PER_MS

if TYPE_CHECKING:
    from arbtui.sim.hyperliquid.venue import Hyperliquid

NS_PER_S = 1_000_000_000
_LAG_NS = tables.STATE_LAG_MS * NS_PER_MS


class Unreadable(Exception):
    """A frame that is no valid request."""


class HyperliquidSession(Session):
    """One socket: perps, builder dexes and spot together."""

    def __init__(self, venue: Hyperliquid, call: Call) -> None:
        super().__init__(venue, call)
        self._hyperliquid = venue
        self._spoke_ns = 0
        self._doomed = False

    def opened(self) -> None:
        self._spoke_ns = self.opened_ns

    # -- what is sent ----------------------------------------------------------------------------------------------

    def out(self, frames: list[bytes], delay_ns: int = 0) -> None:
        """Data, which shows state that is a while old."""
        self._spoke_ns = self.hub.now_ns()
        super().out(frames, delay_ns + _LAG_NS)

    def send(self, payload: str | bytes) -> None:
        """An answer, which does not wait for the data before it."""
        if self.ended:
            return
        self.hub.ready[self] = None
        self._ready.append(ws_frame(payload.encode() if isinstance(payload, str) else payload))

    def on_second(self, now_ns: int) -> None:
        if now_ns - self._spoke_ns > tables.SILENCE_S * NS_PER_S:
            self.drop()
        elif self.private:
            self._hyperliquid.private.users.second(self)

    def closed(self) -> None:
        self._hyperliquid.private.users.leave(self)

    # -- requests --------------------------------------------------------------------------------------------------

    def on_text(self, text: str) -> None:
        if self._doomed:
            return
        if self._hyperliquid.messages.hit(self.call.client, self.hub.now_ns()) > tables.MESSAGES_PER_MIN:
            self._error(f"Cannot send more than {tables.MESSAGES_PER_MIN} messages per minute.")
            return
        try:
            self._answer(_parsed(text), text)
        except Unreadable:
            self._unreadable(text)

    def _answer(self, ask: dict[str, Any], text: str) -> None:
        method = ask.get("method")
        if method == "ping":
            self._spoke_ns = self.hub.now_ns()
            self.send('{"channel":"pong"}')
        elif method in ("subscribe", "unsubscribe"):
            subscription = _filled(ask.get("subscription"))
            if method == "subscribe":
                self._take(subscription, text)
            else:
                self._leave(subscription)
        elif method == "post":
            self._post(ask)
        else:
            raise Unreadable

    def _take(self, subscription: dict[str, Any], text: str) -> None:
        key = streams.key_of(subscription)
        listening = self._hyperliquid.private.users
        if key in self.topics or listening.holds(self, key):
            self._error(f"Already subscribed: {key}")
            return
        if not self._exists(subscription):
            self._doomed = True
            self.hub.later(tables.KILL_S, self.drop)
            return
        held = sum(len(session.topics) for session in self._hyperliquid.sessions_of(self.call.client))
        held += listening.count(self.call.client)
        if held >= tables.SUBSCRIPTIONS:
            self._error(f"Cannot subscribe to more than {tables.SUBSCRIPTIONS} channels.")
            return
        wire = subscription["type"]
        if wire in users.CHANNELS:
            self._listen(subscription, key, text)
            return
        if self.refused(streams.CHANNELS[wire], wire, self._hyperliquid.named(subscription.get("coin", ""))):
            self._unreadable(text)
            return
        self._acknowledge("subscribe", subscription)
        self.subscribe(self._hyperliquid.stream(subscription), key)

    def _listen(self, subscription: dict[str, Any], key: str, text: str) -> None:
        """A user channel: from now on the socket tells of an account."""
        listening = self._hyperliquid.private.users
        gap = self.hub.faults.find("private_gap", self.venue.name) if self.hub.faults.active else None
        if gap is not None and gap.reason != "silent":
            self._doomed = True
            self.hub.later(tables.KILL_S, self.drop)
        elif listening.too_many(self, subscription["user"]):
            self._error(f"Cannot track more than {USERS_PER_ADDRESS} total users.")
        elif self.refused("other", subscription["type"]):
            self._unreadable(text)
        else:
            self.private = True
            self._acknowledge("subscribe", subscription)
            listening.subscribe(self, key, subscription)

    def _leave(self, subscription: dict[str, Any]) -> None:
        key = streams.key_of(subscription)
        if self.unsubscribe(key) or self._hyperliquid.private.users.unsubscribe(self, key):
            self._acknowledge("unsubscribe", subscription)
        else:
            self._error(f"Already unsubscribed: {key}")

    def _exists(self, subscription: dict[str, Any]) -> bool:
        venue = self._hyperliquid
        if subscription.get("dex", "") not in venue.dexes:
            return False
        if subscription["type"] == "l2Book" and not streams.book_kind(subscription).exists:
            return False
        return "coin" not in subscription or venue.exists(subscription["coin"])

    def _post(self, ask: dict[str, Any]) -> None:
        """A request by socket: answered under its id, in the order of coming."""
        request, number = ask.get("request"), ask.get("id")
        if not isinstance(request, dict) or not isinstance(number, int) or isinstance(number, bool):
            raise Unreadable
        kind, payload = request.get("type"), request.get("payload")
        if kind not in ("info", "action") or not isinstance(payload, dict):
            raise Unreadable
        try:
            response = self._hyperliquid.info.by_socket(kind, payload, self.call.client)
        except Lost as lost:
            self.hub.later(lost.after_s, self.drop)
            return
        self._frame("post", {"id": number, "response": response})

    # -- answers ---------------------------------------------------------------------------------------------------

    def _acknowledge(self, method: str, subscription: dict[str, Any]) -> None:
        self._frame("subscriptionResponse", {"method": method, "subscription": subscription})

    def _unreadable(self, text: str) -> None:
        self._error(f"Error parsing JSON into valid websocket request: {text}")

    def _error(self, text: str) -> None:
        self._frame("error", text)

    def _frame(self, channel: str, data: Any) -> None:
        self.send(orjson.dumps({"channel": channel, "data": data}))


def _parsed(text: str) -> dict[str, Any]:
    ask = json_object(text)
    if ask is None:
        raise Unreadable
    return ask


def _filled(subscription: Any) -> dict[str, Any]:
    """A subscription as the venue keeps it: its own fields, in its order, defaults filled in."""
    if not isinstance(subscription, dict):
        raise Unreadable
    match subscription.get("type"):
        case "bbo" | "activeAssetCtx" | "trades" as kind:
            return {"type": kind, "coin": _text(subscription, "coin")}
        case "l2Book":
            return {
                "type": "l2Book",
                "coin": _text(subscription, "coin"),
                "nSigFigs": _number(subscription, "nSigFigs"),
                "mantissa": _number(subscription, "mantissa"),
                "fast": _flag(subscription, "fast"),
            }
        case "allMids":
            return {"type": "allMids", **({"dex": _text(subscription, "dex")} if subscription.get("dex") else {})}
        case "fastAssetCtxs" | "allDexsAssetCtxs" as kind:
            return {"type": kind}
        case str() as kind if kind in users.CHANNELS:
            try:
                return users.filled(subscription)
            except Refused:
                raise Unreadable from None
    raise Unreadable


def _text(subscription: dict[str, Any], key: str) -> str:
    value = subscription.get(key)
    if not isinstance(value, str):
        raise Unreadable
    return value


def _number(subscription: dict[str, Any], key: str) -> int | None:
    value = subscription.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise Unreadable
    return value


def _flag(subscription: dict[str, Any], key: str) -> bool:
    value = subscription.get(key)
    if not isinstance(value, bool | None):
        raise Unreadable
    return bool(value)
