"""Binance's WebSocket API: requests about orders and accounts over a socket, and the user data stream of spot.

Each request is signed by itself; ``session.logon`` needs an Ed25519 key, and the keys here are HMAC. An answer carries
``rateLimits`` unless the request said ``returnRateLimits: false``. User data events of spot arrive wrapped as
``{"subscriptionId":0,"event":{...}}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.accounts import Account
from arbtui.sim.base import Call, Session
from arbtui.sim.binance import tables
from arbtui.sim.binance.rest import Refused
from arbtui.sim.binance.signed import signed_frame
from arbtui.sim.delivery import Lost
from arbtui.sim.listing import Market
from arbtui.sim.reading import json_object

if TYPE_CHECKING:
    from arbtui.sim.binance.venue import Binance

NS_PER_S = 1_000_000_000
_METHODS: dict[Market, dict[str, tuple[str, str]]] = {
    "perp": {
        "order.place": ("POST", "/fapi/v1/order"),
        "order.cancel": ("DELETE", "/fapi/v1/order"),
        "order.status": ("GET", "/fapi/v1/order"),
        "v2/account.position": ("GET", "/fapi/v3/positionRisk"),
        "account.position": ("GET", "/fapi/v2/positionRisk"),
        "v2/account.balance": ("GET", "/fapi/v3/balance"),
        "account.balance": ("GET", "/fapi/v2/balance"),
        "account.status": ("GET", "/fapi/v2/account"),
        "v2/account.status": ("GET", "/fapi/v3/account"),
    },
    "spot": {
        "order.place": ("POST", "/api/v3/order"),
        "order.cancel": ("DELETE", "/api/v3/order"),
        "order.status": ("GET", "/api/v3/order"),
        "openOrders.status": ("GET", "/api/v3/openOrders"),
        "openOrders.cancelAll": ("DELETE", "/api/v3/openOrders"),
        "allOrders": ("GET", "/api/v3/allOrders"),
        "myTrades": ("GET", "/api/v3/myTrades"),
        "account.status": ("GET", "/api/v3/account"),
        "account.commission": ("GET", "/api/v3/account/commission"),
    },
}
_WEIGHT = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1}


class ApiSession(Session):
    """One connection to the WebSocket API of a market."""

    def __init__(self, venue: Binance, call: Call, market: Market) -> None:
        super().__init__(venue, call)
        self._binance = venue
        self.market = market
        self._of: Market = market
        self.private = True
        self._pinged_ns = 0
        self._unanswered_ns = 0
        self._subscriptions: dict[int, Account] = {}
        self._weight = 0

    def opened(self) -> None:
        self._pinged_ns = self.opened_ns

    def closed(self) -> None:
        self._binance.private.users.leave(self)

    def on_second(self, now_ns: int) -> None:
        if now_ns - self.opened_ns > tables.LIFETIME_S * NS_PER_S:
            self.close(1001)
        elif self._unanswered_ns and now_ns - self._unanswered_ns > tables.PONG_WITHIN_S[self._of] * NS_PER_S:
            self.close(1008, "Pong timeout")
        elif now_ns - self._pinged_ns >= tables.PING_EVERY_S[self._of] * NS_PER_S:
            self._pinged_ns = now_ns
            self._unanswered_ns = self._unanswered_ns or now_ns
            self.ping(str(now_ns // 1_000_000).encode())

    def on_pong(self, payload: bytes) -> None:
        self._unanswered_ns = 0

    def on_text(self, text: str) -> None:
        ask = json_object(text)
        if ask is None or not isinstance(ask.get("params", {}), dict):
            error = {"code": -1000, "msg": "JSON syntax error."}
            self.send(orjson.dumps({"id": None, "status": 400, "error": error, "rateLimits": []}))
            return
        params = dict(ask.get("params") or {})
        quiet = params.get("returnRateLimits") is False
        self._weight += 2
        answer: dict[str, Any] = {"id": ask.get("id")}
        with self._binance.private.carrier.answer_first():
            try:
                answer |= {"status": 200, "result": self._result(str(ask.get("method")), params)}
            except Refused as refused:
                answer |= {"status": refused.reply.status, "error": orjson.loads(refused.reply.body)}
            except Lost as lost:
                self.hub.later(lost.after_s, self.drop)
                return
            if not quiet:
                answer["rateLimits"] = self._rate_limits(params)
            self.send(orjson.dumps(answer))

    def _result(self, method: str, params: dict[str, Any]) -> Any:
        if method == "ping":
            return {}
        if method == "time":
            return {"serverTime": self._binance.rest.now_ms(self._of)}
        if self._of == "spot" and method.startswith("userDataStream."):
            return self._user_stream(method, params)
        found = _METHODS[self._of].get(method)
        if found is None:
            raise Refused(400, -1000, f"Unknown method: {method}")
        account, texts = self._signed(params)
        if found[0] == "POST":
            self._binance.private.count_order(account, self._of)
        return self._binance.private.answered(account, *found, texts)

    def _signed(self, params: dict[str, Any]) -> tuple[Account, dict[str, str]]:
        private = self._binance.private
        account, texts = signed_frame(private.desk, params, self._binance.rest.now_ms(self._of))
        texts.pop("returnRateLimits", None)
        return account, texts

    def _user_stream(self, method: str, params: dict[str, Any]) -> Any:
        if method == "userDataStream.unsubscribe":
            self._binance.private.users.leave(self)
            self._subscriptions.clear()
            return {}
        if method != "userDataStream.subscribe.signature":
            raise Refused(400, -1000, "This endpoint needs session.logon with an Ed25519 key.")
        account, _ = self._signed(params)
        number = len(self._subscriptions)
        self._subscriptions[number] = account
        head = b'{"subscriptionId":' + str(number).encode() + b',"event":'
        self._binance.private.users.subscribe(self, account, lambda payload: head + payload + b"}")
        return {"subscriptionId": number}

    def _rate_limits(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        account = self._binance.private.desk.account_of(str(params.get("apiKey", "")))
        orders = [] if account is None else self._binance.private.limits(account, self._of)
        limit = tables.WEIGHT_PER_MINUTE[self._of]
        return [*orders, {**_WEIGHT, "limit": limit, "count": self._weight}]
