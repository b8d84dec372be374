"""A client of the simulated Binance's private side, signing by itself, without sockets or waiting."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

import orjson

from arbtui.sim.base import Reply, Session
from tests.sim.support import Wire
from tests.sim.trading import AccountBench, digest

FAPI, API = "fapi.binance.com", "api.binance.com"
STREAM = "wss://fstream.binance.com/private/ws"
WS_API = "wss://ws-api.binance.com:443/ws-api/v3"


class Trader(AccountBench):
    """A client of Binance."""

    name: ClassVar[str] = "binance"

    # -- requests ------------------------------------------------------------------------------------------------

    def signed(self, params: dict[str, Any], secret: str | None = None) -> str:
        """Query text with timestamp and signature."""
        query = urlencode({**params, "timestamp": params.get("timestamp", self.now_ms)})
        return f"{query}&signature={digest(secret or self.keys.api_secret, query).hex()}"

    @property
    def now_ms(self) -> int:
        return self.t_ns // 1_000_000

    def send(self, method: str, path: str, query: str = "", body: str = "", **headers: str) -> Reply:
        """A request as it is; ``key`` among ``headers`` is another key."""
        key = {"X-MBX-APIKEY": headers.get("key", self.keys.api_key)}
        return self.answered(method, path, query, body, key, FAPI if path.startswith("/fapi") else API)

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
        full["signature"] = digest(self.keys.api_secret, payload).hex()
        self.say(session, id="1", method=method, params=full)
