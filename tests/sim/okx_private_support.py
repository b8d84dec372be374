"""A client of the simulated OKX's private side, signing by itself, without sockets or waiting."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

import orjson

from arbtui.sim.base import Reply, Session
from tests.sim.okx_support import PRIVATE, SWAP
from tests.sim.support import Wire
from tests.sim.trading import AccountBench, base64_of, login_arg

V5 = "/api/v5"


class Trader(AccountBench):
    """A client of OKX."""

    name: ClassVar[str] = "okx"
    host: ClassVar[str] = "www.okx.com"

    # -- requests ------------------------------------------------------------------------------------------------

    def sign(self, prehash: str, secret: str | None = None) -> str:
        return base64_of(secret or self.keys.api_secret, prehash)

    def send(self, method: str, path: str, query: str = "", body: str = "", **headers: str) -> Reply:
        stamp = datetime.fromtimestamp(self.t_ns / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        full = f"{V5}{path}" + (f"?{query}" if query else "")
        sent = {
            "OK-ACCESS-KEY": self.keys.api_key,
            "OK-ACCESS-SIGN": self.sign(f"{stamp}{method}{full}{body}"),
            "OK-ACCESS-TIMESTAMP": stamp,
            "OK-ACCESS-PASSPHRASE": self.keys.passphrase,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.answered(method, f"{V5}{path}", query, body, sent)

    def read(self, path: str, **params: Any) -> list[Any]:
        """Rows of a GET that must go well."""
        body = orjson.loads(self.send("GET", path, urlencode(params)).body)
        assert body["code"] == "0", body
        rows: list[Any] = body["data"]
        return rows

    def post(self, path: str, ask: Any) -> Any:
        """The whole answer to a POST."""
        return orjson.loads(self.send("POST", path, body=orjson.dumps(ask).decode()).body)

    # -- orders --------------------------------------------------------------------------------------------------

    def swap(self, side: str, sz: str, px: str | None = None, kind: str = "ioc", **more: Any) -> dict[str, Any]:
        """Parameters of an order in BTC-USDT-SWAP."""
        price = {"px": px} if px is not None else {}
        kind = kind if px is not None else "market"
        return {"instId": SWAP, "tdMode": "cross", "side": side, "ordType": kind, "sz": sz, **price, **more}

    def pair(self, side: str, sz: str, px: str | None = None, kind: str = "ioc", **more: Any) -> dict[str, Any]:
        return {**self.swap(side, sz, px, kind, **more), "instId": "BTC-USDT", "tdMode": "cash"}

    def place(self, ask: dict[str, Any]) -> str:
        """The id of an order that must be acknowledged."""
        body = self.post("/trade/order", ask)
        assert (body["code"], body["data"][0]["sCode"]) == ("0", "0"), body
        return str(body["data"][0]["ordId"])

    def refused(self, ask: dict[str, Any], path: str = "/trade/order") -> str:
        """The code of an order that must be refused."""
        body = self.post(path, ask)
        assert body["code"] == "1", body
        return str(body["data"][0]["sCode"])

    # -- truth and streams ---------------------------------------------------------------------------------------

    def book(self, symbol: str = SWAP) -> Any:
        return self.truth(symbol, "perp" if symbol == SWAP else "spot", "okx")

    def login(self, **changed: Any) -> tuple[Session, Wire]:
        """A private socket that said its login; the answer is still to be read."""
        session, wire = self.connect(PRIVATE, "okx")
        stamp = str(self.t_ns // 1_000_000_000)
        self.say(session, op="login", args=[login_arg(self.keys, stamp, "/users/self/verify", **changed)])
        return session, wire

    def listen(self, *channels: str) -> tuple[Session, Wire]:
        """A private socket with these channels of all kinds of instruments; all it said so far is read."""
        session, wire = self.login()
        self.say(session, op="subscribe", args=[{"channel": name, "instType": "ANY"} for name in channels])
        wire.take()
        return session, wire
