"""Bitget's private sockets: a login, then topics of the account; on v3 orders and cancels too.

From the private websocket pages of the unified account (those of orders, positions, fills, the account, placing and
cancelling) and of the classic one (contracts and spot). Chosen where they are silent: a key of the other kind of
account fails to log in (30005), and a session whose time is over is closed.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from arbtui.sim.accounts import Account
from arbtui.sim.base import Call
from arbtui.sim.bitget import rules, tables
from arbtui.sim.bitget.answers import Code, Failed
from arbtui.sim.bitget.classic_users import key_of
from arbtui.sim.bitget.session import BitgetSession, Refused
from arbtui.sim.bitget.signed import logged_in
from arbtui.sim.bitget.users import TOPICS
from arbtui.sim.delivery import Lost

if TYPE_CHECKING:
    from arbtui.sim.bitget.venue import Bitget

_TRADES = {"place-order": "/api/v3/trade/place-order", "cancel-order": "/api/v3/trade/cancel-order"}


def private_session(venue: Bitget, call: Call) -> PrivateSession:
    """The session that belongs to the path."""
    return PrivateSession(venue, call) if tables.PRIVATE_PATHS[call.path] else UnifiedSession(venue, call)


class PrivateSession(BitgetSession):
    """One private v2 socket, and what v3 has in common with it."""

    classic: ClassVar[bool] = True
    keys: ClassVar[tuple[str, ...]] = ("instType", "channel", "instId", "coin")

    def __init__(self, venue: Bitget, call: Call) -> None:
        super().__init__(venue, call)
        self.private = True
        self._account: Account | None = None

    @property
    def logged_in(self) -> bool:
        return self._account is not None

    def closed(self) -> None:
        self._bitget.private.users.leave(self)
        self._bitget.private.classic_users.leave(self)

    def _other(self, op: str, args: Any, ask: dict[str, Any]) -> None:
        if op != "login":
            raise Refused(30003, "Invalid op")
        arg = args[0] if isinstance(args, list) and len(args) == 1 else None
        if not isinstance(arg, dict):
            raise Refused(30002, "Illegal request")
        desk, now_ms = self._bitget.private.desk, self._bitget.view.now_ms()
        try:
            self._account = logged_in(desk, arg, now_ms, classic=self.classic)
        except Failed as refused:
            raise Refused(int(refused.why.code), refused.why.text) from refused
        self._tell({"event": "login", "code": 0})

    def _one(self, op: str, arg: dict[str, Any]) -> None:
        if self._account is None:
            raise Refused(30004, "User needs to log in")
        self._topic(op, self._account, arg)

    def _topic(self, op: str, account: Account, arg: dict[str, Any]) -> None:
        """Subscribe to a topic or leave it, and acknowledge it."""
        echoed = {key: str(arg[key]) for key in self.keys if key in arg}
        users = self._bitget.private.classic_users
        if not users.has(echoed) or (op == "subscribe" and self.refused("other", echoed["channel"])):
            named = ",".join(f"{key}:{value}" for key, value in echoed.items())
            raise Refused(30001, f"{named} doesn't exist")
        self._tell({"event": op, "arg": echoed})
        if op == "subscribe":
            users.subscribe(self, account, echoed)
        else:
            users.unsubscribe(self, account, key_of(echoed))

    def _tell(self, event: dict[str, Any]) -> None:
        self.send(orjson.dumps(event))


class UnifiedSession(PrivateSession):
    """One private v3 socket. Every answer names the connection; an error does not name its arg."""

    classic: ClassVar[bool] = False
    keys: ClassVar[tuple[str, ...]] = ("instType", "topic", "symbol")
    most_args: ClassVar[int] = tables.UNIFIED_ARGS

    def opened(self) -> None:
        super().opened()
        text = f"{self.call.client}/{self.opened_ns}/{len(self.hub.sessions)}"
        self._conn_id = hashlib.sha256(text.encode()).hexdigest()[:16]

    def _tell(self, event: dict[str, Any]) -> None:
        super()._tell({**event, "connId": self._conn_id})

    def _error(self, refused: Refused, arg: dict[str, Any] | None = None, op: str = "") -> None:
        self._tell({"event": "error", "code": refused.code, "msg": str(refused)})

    def _topic(self, op: str, account: Account, arg: dict[str, Any]) -> None:
        topic = arg.get("topic")
        if not isinstance(topic, str) or topic not in TOPICS or arg.get("instType") != "UTA":
            raise _unknown(arg)
        if op == "subscribe" and self.refused("other", topic):
            raise _unknown(arg)
        echoed = {key: str(arg[key]) for key in self.keys if key in arg}
        users = self._bitget.private.users
        self._tell({"event": op, "arg": echoed})
        if op == "subscribe":
            users.subscribe(self, account, topic, echoed)
        else:
            users.unsubscribe(self, account, topic)

    # -- orders ------------------------------------------------------------------------------------------------------

    def _other(self, op: str, args: Any, ask: dict[str, Any]) -> None:
        if op == "trade":
            self._trade(args, ask)
        else:
            super()._other(op, args, ask)

    def _trade(self, args: Any, ask: dict[str, Any]) -> None:
        """An order or a cancel. The answer comes before what the same request makes topics tell."""
        if self._account is None:
            raise Refused(30004, "User needs to log in")
        head = {key: str(ask.get(key, "")) for key in ("id", "category", "topic")}
        path = _TRADES.get(head["topic"])
        arg = args[0] if isinstance(args, list) and len(args) == 1 else None
        if path is None or not isinstance(arg, dict):
            self._refuse(head, rules.NO_BODY)
            return
        private = self._bitget.private
        with private.carrier.answer_first():
            try:
                data = private.operate(self._account, "POST", path, {**arg, "category": head["category"]})
            except Lost as lost:
                self.hub.later(lost.after_s, self.drop)
                return
            except Failed as refused:
                self._refuse(head, refused.why)
                return
            now = str(self._bitget.view.now_ms())
            done = {**data, "symbol": str(arg.get("symbol", "")).upper(), "cTime": now}
            self._tell({"event": "trade", **head, "args": [done], "code": "0", "msg": "success", "ts": now})

    def _refuse(self, head: dict[str, str], why: Code) -> None:
        now = str(self._bitget.view.now_ms())
        self._tell({"event": "error", **head, "code": why.code, "msg": why.text, "ts": now})


def _unknown(arg: dict[str, Any]) -> Refused:
    return Refused(30001, f"{orjson.dumps(arg).decode()} doesn't exist")
