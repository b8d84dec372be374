"""Bybit's trade socket: a login, then orders and cancels that are answered on the socket; their fate is told elsewhere.

From the "Websocket Trade Guideline" page. What an operation without a login is answered with is not documented; here it
is the code of an invalid key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from arbtui.sim.base import Call
from arbtui.sim.bybit import rules
from arbtui.sim.bybit.answers import Code, Failed
from arbtui.sim.bybit.connection import AccountConnection
from arbtui.sim.bybit.signed import in_time
from arbtui.sim.delivery import Lost
from arbtui.sim.reading import Ask

if TYPE_CHECKING:
    from arbtui.sim.bybit.venue import Bybit

_PATHS = {"order.create": "/v5/order/create", "order.cancel": "/v5/order/cancel"}
_PARAMS = Code(10001, "Params Error")
_LONGEST_ID = 36


class TradeSession(AccountConnection):
    """One trade socket."""

    kind: ClassVar[str] = "trade/"

    def __init__(self, venue: Bybit, call: Call) -> None:
        super().__init__(venue, call)
        self._ids: set[str] = set()

    def on_ask(self, ask: Ask | None) -> None:
        if ask is None or not isinstance(ask.get("op"), str):
            self._say(ask or {}, _PARAMS)
        elif ask["op"] == "ping":
            now_ms = str(self._bybit.view.now_ms())
            self._say(ask, rules.OK, data=[now_ms])
        elif ask["op"] == "auth":
            self._login(ask)
        else:
            self._operate(ask)

    # -- requests ------------------------------------------------------------------------------------------------

    def _login(self, ask: Ask) -> None:
        if self._account is not None:
            self._say(ask, Code(20001, "Repeat auth"))
            return
        try:
            self.log_in(ask.get("args"))
        except Failed as refused:
            self._say(ask, refused.why)
            return
        self._say(ask, rules.OK)

    def _operate(self, ask: Ask) -> None:
        """An order or a cancel. The answer comes before what the same request makes other topics tell."""
        more: dict[str, Any] = {"data": {}, "retExtInfo": {}}
        try:
            account, args = self._account, self._args(ask)
            if account is None:
                raise Failed(Code(10003, "API key is invalid."))
        except Failed as refused:
            self._say(ask, refused.why, **more)
            return
        private, now_ms = self._bybit.private, self._bybit.view.now_ms()
        with private.carrier.answer_first():
            try:
                why, result, headers = private.operate(account, "POST", _PATHS[ask["op"]], args)
            except Lost as lost:
                self.hub.later(lost.after_s, self.drop)
                return
            self._say(ask, why, **{**more, "data": result}, header={**headers, "Timenow": str(now_ms)})

    def _args(self, ask: Ask) -> Ask:
        if ask["op"] not in _PATHS:
            raise Failed(Code(10404, "op type is not found"))
        req_id, header, args = ask.get("reqId"), ask.get("header"), ask.get("args")
        if req_id is not None:
            if len(str(req_id)) > _LONGEST_ID:
                raise Failed(_PARAMS)
            if str(req_id) in self._ids:
                raise Failed(Code(20006, "Duplicate reqId"))
            self._ids.add(str(req_id))
        if not isinstance(header, dict) or not (
            isinstance(args, list) and len(args) == 1 and isinstance(args[0], dict)
        ):
            raise Failed(_PARAMS)
        window = header.get("X-BAPI-RECV-WINDOW", rules.RECV_WINDOW_MS)
        in_time(str(header.get("X-BAPI-TIMESTAMP", "")), str(window), self._bybit.view.now_ms())
        return args[0]

    def _say(self, ask: Ask, why: Code, **more: Any) -> None:
        """``reqId`` and, with it, ``connId`` are left out of an order's answer where no ``reqId`` was sent."""
        op, req_id = ask.get("op"), ask.get("reqId")
        head = {} if req_id is None else {"reqId": str(req_id)}
        tail = {"connId": self._conn_id} if req_id is not None or op in ("auth", "ping") else {}
        op = "pong" if op == "ping" else op if isinstance(op, str) else ""
        self.send(orjson.dumps({**head, "retCode": why.code, "retMsg": why.text, "op": op, **more, **tail}))
