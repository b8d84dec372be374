"""A client of the simulated Binance's private side, signing by itself, without sockets or waiting."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import orjson

from arbtui.sim.base import Call, Reply, Session
from tests.sim.support import Bench, Wire

FAPI, API = "fapi.binance.com", "api.binance.com"
STREAM = "wss://fstream.binance.com/private/ws"
WS_API = "wss://ws-api.binance.com:443/ws-api/v3"


class Trader(Bench):
    """A bench with Binance alone and an account to act for. The world stands still unless ``rate`` is given."""

    def __init__(self, account: str = "main", **more: Any) -> None:
        super().__init__("binance", **{"coins": 4, "rate": 0.0, "scenario": "still", **more})
        self.account = account
        desk = self.venue().desk
        assert desk is not None
        self.desk = desk
        self.keys = desk.accounts[account].keys

    # -- requests ------------------------------------------------------------------------------------------------

    def signed(self, params: dict[str, Any], secret: str | None = None) -> str:
        """Query text with timestamp and signature."""
        query = urlencode({**params, "timestamp": params.get("timestamp", self.now_ms)})
        digest = hmac.new((secret or self.keys.api_secret).encode(), query.encode(), hashlib.sha256).hexdigest()
        return f"{query}&signature={digest}"

    @property
    def now_ms(self) -> int:
        return self.t_ns // 1_000_000

    def send(self, method: str, path: str, query: str, body: str = "", key: str | None = None) -> Reply:
        """A request as it is."""
        host = FAPI if path.startswith("/fapi") else API
        call = Call(
            method=method,
            host=host,
            path=path,
            query=dict(p.split("=", 1) for p in query.split("&") if "=" in p),
            raw_query=query,
            headers={"X-MBX-APIKEY": self.keys.api_key if key is None else key},
            body=body.encode(),
            client="127.0.0.1",
        )
        reply = self.venue().handle(call)
        self.hub.flush()
        return reply

    def ask(self, method: str, path: str, **params: Any) -> Any:
        """A signed request that must go well."""
        reply = self.send(method, path, self.signed(params))
        assert reply.status == 200, reply.body
        return orjson.loads(reply.body)

    def refused(self, method: str, path: str, **params: Any) -> tuple[int, int, str]:
        """A signed request that must be refused: status, code, text."""
        reply = self.send(method, path, self.signed(params))
        body = orjson.loads(reply.body)
        assert reply.status >= 400, body
        return reply.status, body["code"], body["msg"]

    # -- orders --------------------------------------------------------------------------------------------------

    def perp(self, side: str, qty: str, price: str | None, tif: str = "IOC", **more: Any) -> dict[str, Any]:
        """Parameters of a USD-M order in BTCUSDT."""
        limit = {"type": "LIMIT", "price": price, "timeInForce": tif} if price else {"type": "MARKET"}
        return {"symbol": "BTCUSDT", "side": side, "quantity": qty, **limit, **more}

    def buy(self, qty: str, price: str | None = None, tif: str = "IOC", **more: Any) -> Any:
        return self.ask(
            "POST", "/fapi/v1/order", **self.perp("BUY", qty, price, tif, newOrderRespType="RESULT", **more)
        )

    def sell(self, qty: str, price: str | None = None, tif: str = "IOC", **more: Any) -> Any:
        return self.ask(
            "POST", "/fapi/v1/order", **self.perp("SELL", qty, price, tif, newOrderRespType="RESULT", **more)
        )

    def spot(self, side: str, qty: str, price: str | None, tif: str = "IOC", **more: Any) -> dict[str, Any]:
        limit = {"type": "LIMIT", "price": price, "timeInForce": tif} if price else {"type": "MARKET"}
        return {"symbol": "BTCUSDT", "side": side, "quantity": qty, **limit, **more}

    # -- truth and streams ---------------------------------------------------------------------------------------

    def own(self, symbol: str = "") -> Any:
        """The truth of the account."""
        truth = self.control.truth({"venue": "binance", "symbol": symbol or "BTCUSDT"})
        return orjson.loads(orjson.dumps(truth["accounts"]["binance"][self.account]))

    def book(self, market: str = "perp") -> Any:
        return self.truth("BTCUSDT", market)

    def listen(self) -> tuple[Session, Wire]:
        """A user data stream of USD-M."""
        key = orjson.loads(self.send("POST", "/fapi/v1/listenKey", "").body)["listenKey"]
        return self.connect(f"{STREAM}?listenKey={key}")

    def frame(self, session: Session, method: str, **params: Any) -> None:
        """A signed request of the WebSocket API."""
        full = {**params, "apiKey": self.keys.api_key, "timestamp": self.now_ms}
        payload = "&".join(f"{name}={full[name]}" for name in sorted(full))
        full["signature"] = hmac.new(self.keys.api_secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
        self.say(session, id="1", method=method, params=full)
