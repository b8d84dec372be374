"""A client of the simulated Bitget's private side, signing by itself, without sockets or waiting."""

from __future__ import annotations

from typing import Any, ClassVar

from arbtui.sim.base import Reply, Session
from tests.sim.support import Wire
from tests.sim.trading import ByNameBench, base64_of, login_arg

BTC = "BTCUSDT"
UNIFIED = "wss://ws.bitget.com/v3/ws/private"
CLASSIC = "wss://ws.bitget.com/v2/ws/private"
TOPICS = ("order", "fill", "position", "account")


class Trader(ByNameBench):
    """A client of Bitget."""

    name: ClassVar[str] = "bitget"
    host: ClassVar[str] = "api.bitget.com"

    # -- requests ------------------------------------------------------------------------------------------------

    def sign(self, text: str) -> str:
        return base64_of(self.keys.api_secret, text)

    def send(self, method: str, path: str, query: str = "", body: str = "", **headers: str) -> Reply:
        stamp = str(self.t_ns // 1_000_000)
        asked = f"{path}?{query}" if query else path
        sent = {
            "ACCESS-KEY": self.keys.api_key,
            "ACCESS-SIGN": self.sign(f"{stamp}{method}{asked}{body}"),
            "ACCESS-TIMESTAMP": stamp,
            "ACCESS-PASSPHRASE": self.keys.passphrase,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.answered(method, path, query, body, sent)

    def data(self, path: str, **params: Any) -> Any:
        """The data of a GET that must go well."""
        body = self.ask(path, **params)
        assert (body["code"], body["msg"]) == ("00000", "success"), body
        return body["data"]

    # -- orders of a unified account -------------------------------------------------------------------------------

    def perp(self, side: str, qty: str, price: str | None = None, tif: str = "ioc", **more: Any) -> dict[str, Any]:
        """Parameters of an order in the contract BTCUSDT."""
        way = {"orderType": "market"} if price is None else {"orderType": "limit", "price": price, "timeInForce": tif}
        return {"category": "USDT-FUTURES", "symbol": BTC, "side": side, "qty": qty, **way, **more}

    def pair(self, side: str, qty: str, price: str | None = None, tif: str = "ioc", **more: Any) -> dict[str, Any]:
        return {**self.perp(side, qty, price, tif, **more), "category": "SPOT"}

    def try_place(self, ask: dict[str, Any]) -> str:
        """The code that an order is answered with."""
        return str(self.post("/api/v3/trade/place-order", **ask)["code"])

    def place(self, ask: dict[str, Any]) -> str:
        """The id of an order that must be acknowledged."""
        body = self.post("/api/v3/trade/place-order", **ask)
        assert body["code"] == "00000", body
        return str(body["data"]["orderId"])

    def one(self, **which: Any) -> Any:
        """An order as the venue tells it."""
        return self.data("/api/v3/trade/order-info", **which)

    def listed(self, name: str, **which: Any) -> list[Any]:
        """A list of /api/v3/trade."""
        rows: list[Any] = self.data(f"/api/v3/trade/{name}", **which)["list"]
        return rows

    def held(self, **which: Any) -> list[Any]:
        rows: list[Any] = self.data("/api/v3/position/current-position", **{"category": "USDT-FUTURES", **which})[
            "list"
        ]
        return rows

    # -- truth and streams ---------------------------------------------------------------------------------------

    def login(self, url: str = UNIFIED, **changed: Any) -> tuple[Session, Wire]:
        """A private socket that said its login; the answer is still to be read."""
        session, wire = self.connect(url, "bitget")
        stamp = str(changed.get("timestamp", self.t_ns // 1_000_000_000))
        self.say(session, op="login", args=[login_arg(self.keys, stamp, "/user/verify", **changed)])
        return session, wire

    def listen(self, *topics: str) -> tuple[Session, Wire]:
        """A private v3 socket with these topics (all unless told); what it said so far is read."""
        session, wire = self.login()
        self.say(session, op="subscribe", args=[{"instType": "UTA", "topic": name} for name in topics or TOPICS])
        assert all(frame.get("event") != "error" for frame in wire.take())
        return session, wire
