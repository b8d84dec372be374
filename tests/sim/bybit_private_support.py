"""A client of the simulated Bybit's private side, signing by itself, without sockets or waiting."""

from __future__ import annotations

from typing import Any, ClassVar

from arbtui.sim.base import Reply, Session
from tests.sim.support import Wire
from tests.sim.trading import ByNameBench, digest

BTC = "BTCUSDT"
PRIVATE = "wss://stream.bybit.com/v5/private"
TRADE = "wss://stream.bybit.com/v5/trade"
TOPICS = ("order", "execution", "position", "wallet")


class Trader(ByNameBench):
    """A client of Bybit."""

    name: ClassVar[str] = "bybit"
    host: ClassVar[str] = "api.bybit.com"

    # -- requests ------------------------------------------------------------------------------------------------

    def sign(self, text: str) -> str:
        return digest(self.keys.api_secret, text).hex()

    def send(self, method: str, path: str, query: str = "", body: str = "", **headers: str) -> Reply:
        stamp = str(self.t_ns // 1_000_000)
        sent = {
            "X-BAPI-API-KEY": self.keys.api_key,
            "X-BAPI-TIMESTAMP": stamp,
            "X-BAPI-RECV-WINDOW": "5000",
            "X-BAPI-SIGN": self.sign(f"{stamp}{self.keys.api_key}5000{query if method == 'GET' else body}"),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.answered(method, path, query, body, sent)

    def result(self, path: str, **params: Any) -> Any:
        """The result of a GET that must go well."""
        body = self.ask(path, **params)
        assert body["retCode"] == 0, body
        return body["result"]

    def read(self, path: str, **params: Any) -> list[Any]:
        """The list of a GET that must go well; of contracts unless told otherwise."""
        rows: list[Any] = self.result(path, **{"category": "linear", **params})["list"]
        return rows

    # -- orders --------------------------------------------------------------------------------------------------

    def perp(self, side: str, qty: str, price: str | None = None, tif: str = "IOC", **more: Any) -> dict[str, Any]:
        """Parameters of an order in the contract BTCUSDT."""
        way = {"orderType": "Market"} if price is None else {"orderType": "Limit", "price": price, "timeInForce": tif}
        return {"category": "linear", "symbol": BTC, "side": side, "qty": qty, **way, **more}

    def pair(self, side: str, qty: str, price: str | None = None, tif: str = "IOC", **more: Any) -> dict[str, Any]:
        return {**self.perp(side, qty, price, tif, **more), "category": "spot"}

    def place(self, ask: dict[str, Any]) -> str:
        """The id of an order that must be acknowledged."""
        body = self.post("/v5/order/create", **ask)
        assert body["retCode"] == 0, body
        return str(body["result"]["orderId"])

    def one(self, **which: Any) -> Any:
        """An order as the venue tells it."""
        (row,) = self.read("/v5/order/realtime", **which)
        return row

    # -- truth and streams ---------------------------------------------------------------------------------------

    def login(self, url: str = PRIVATE, expires: Any = None) -> tuple[Session, Wire]:
        """A private socket that said its login; the answer is still to be read."""
        session, wire = self.connect(url, "bybit")
        until = expires if expires is not None else self.t_ns // 1_000_000 + 10_000
        self.say(session, op="auth", args=[self.keys.api_key, until, self.sign(f"GET/realtime{until}")])
        return session, wire

    def listen(self, *topics: str) -> tuple[Session, Wire]:
        """A private socket with these topics (all unless told); what it said so far is read."""
        session, wire = self.login()
        self.say(session, op="subscribe", args=list(topics or TOPICS))
        assert all(frame["success"] for frame in wire.take())
        return session, wire
