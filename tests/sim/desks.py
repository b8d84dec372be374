"""Clients of the simulated venues that take orders, each in words that all have in common."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson

from arbtui.sim.base import Reply, Session
from tests.sim import binance_private_support, bitget_private_support, bybit_private_support, okx_private_support
from tests.sim.support import Wire

FILLS = {"binance": "ORDER_TRADE_UPDATE", "okx": "orders", "bybit": "execution", "bitget": "fill"}  # what tells of them


class Desk:
    """One venue's client, in words that all have in common; orders are in the BTC perpetual, whatever it is called."""

    name: str
    symbol: str
    bench: Any
    lot: str

    def place(self, side: str, qty: str, price: str | None = None, kind: str = "ioc", client_id: str = "") -> Reply:
        raise NotImplementedError

    def cancel(self, client_id: str) -> Reply:
        raise NotImplementedError

    def row(self, client_id: str) -> dict[str, Any] | None:
        """The order as the venue answers it: status, filled."""
        raise NotImplementedError

    def resting(self) -> list[str]:
        raise NotImplementedError

    def held(self) -> list[str]:
        raise NotImplementedError

    def fills(self) -> list[str]:
        """Fill ids of the venue's list."""
        raise NotImplementedError

    def listen(self) -> tuple[Session, Wire]:
        raise NotImplementedError

    def told_fills(self, wire: Wire) -> list[str]:
        """Fill ids in the order frames since the last look."""
        raise NotImplementedError

    def refused(self, reply: Reply) -> str:
        """The code of a refusal, "" if it is none."""
        raise NotImplementedError

    # -- the same for all ------------------------------------------------------------------------------------------

    def fault(self, name: str, **more: Any) -> str:
        return str(self.bench.fault(name, self.name, **more).id)

    def truth(self) -> Any:
        truth = self.bench.control.truth({"venue": self.name})["accounts"][self.name]["main"]
        return orjson.loads(orjson.dumps(truth))

    def order(self, client_id: str) -> Any:
        """The truth of one order."""
        (found,) = [o for o in self.truth()["orders"] if o["client_id"] == client_id]
        return found

    def best(self, side: str, level: int = 0) -> tuple[str, str]:
        """Price and size of a level of the book."""
        price, size = self.bench.truth(self.symbol, "perp", self.name)[side][level]
        return price, size


class BinanceDesk(Desk):
    name, symbol, lot = "binance", "BTCUSDT", "0.010"

    def __init__(self) -> None:
        self.bench = binance_private_support.Trader()

    def _order(self, method: str, **params: Any) -> Reply:
        reply: Reply = self.bench.send(method, "/fapi/v1/order", self.bench.signed({"symbol": "BTCUSDT", **params}))
        return reply

    def place(self, side: str, qty: str, price: str | None = None, kind: str = "ioc", client_id: str = "") -> Reply:
        tif = {"ioc": "IOC", "post_only": "GTX"}[kind]
        ask = self.bench.perp(side.upper(), qty, price, tif, newClientOrderId=client_id)
        return self._order("POST", newOrderRespType="RESULT", **ask)

    def cancel(self, client_id: str) -> Reply:
        return self._order("DELETE", origClientOrderId=client_id)

    def row(self, client_id: str) -> dict[str, Any] | None:
        body = orjson.loads(self._order("GET", origClientOrderId=client_id).body)
        return None if body.get("code") == -2013 else {"status": body["status"], "filled": body["executedQty"]}

    def resting(self) -> list[str]:
        return [o["clientOrderId"] for o in self.bench.ask("GET", "/fapi/v1/openOrders")]

    def held(self) -> list[str]:
        rows = self.bench.ask("GET", "/fapi/v3/positionRisk")
        return [p["positionAmt"] for p in rows if Decimal(p["positionAmt"])]

    def fills(self) -> list[str]:
        return [str(t["id"]) for t in self.bench.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")]

    def listen(self) -> tuple[Session, Wire]:
        found: tuple[Session, Wire] = self.bench.listen()
        return found

    def told_fills(self, wire: Wire) -> list[str]:
        told = [f["o"] for f in wire.take() if f["e"] == "ORDER_TRADE_UPDATE"]
        return [str(o["t"]) for o in told if o["x"] == "TRADE"]

    def refused(self, reply: Reply) -> str:
        return "" if reply.status == 200 else str(orjson.loads(reply.body)["code"])


class OkxDesk(Desk):
    name, symbol, lot = "okx", "BTC-USDT-SWAP", "1"

    def __init__(self) -> None:
        self.bench = okx_private_support.Trader()

    def _post(self, path: str, ask: dict[str, Any]) -> Reply:
        reply: Reply = self.bench.send("POST", path, body=orjson.dumps(ask).decode())
        return reply

    def place(self, side: str, qty: str, price: str | None = None, kind: str = "ioc", client_id: str = "") -> Reply:
        return self._post("/trade/order", self.bench.swap(side, qty, price, kind, clOrdId=client_id))

    def cancel(self, client_id: str) -> Reply:
        return self._post("/trade/cancel-order", {"instId": self.symbol, "clOrdId": client_id})

    def row(self, client_id: str) -> dict[str, Any] | None:
        body = orjson.loads(self.bench.send("GET", "/trade/order", f"instId={self.symbol}&clOrdId={client_id}").body)
        if body["code"] == "51603":
            return None
        return {"status": body["data"][0]["state"], "filled": body["data"][0]["accFillSz"]}

    def resting(self) -> list[str]:
        return [o["clOrdId"] for o in self.bench.read("/trade/orders-pending")]

    def held(self) -> list[str]:
        return [p["pos"] for p in self.bench.read("/account/positions")]

    def fills(self) -> list[str]:
        return [f["tradeId"] for f in self.bench.read("/trade/fills")]

    def listen(self) -> tuple[Session, Wire]:
        found: tuple[Session, Wire] = self.bench.listen("orders")
        return found

    def told_fills(self, wire: Wire) -> list[str]:
        return [row["tradeId"] for f in wire.take() for row in f["data"] if row["fillSz"] != "0"]

    def refused(self, reply: Reply) -> str:
        body = orjson.loads(reply.body)
        return "" if body["code"] == "0" else str(body["data"][0]["sCode"] if body["data"] else body["code"])


class BybitDesk(Desk):
    name, symbol, lot = "bybit", "BTCUSDT", "0.010"

    def __init__(self) -> None:
        self.bench = bybit_private_support.Trader()

    def _post(self, path: str, ask: dict[str, Any]) -> Reply:
        reply: Reply = self.bench.send("POST", path, body=orjson.dumps(ask).decode())
        return reply

    def place(self, side: str, qty: str, price: str | None = None, kind: str = "ioc", client_id: str = "") -> Reply:
        tif = {"ioc": "IOC", "post_only": "PostOnly"}[kind]
        ask = self.bench.perp(side.capitalize(), qty, price, tif, orderLinkId=client_id)
        return self._post("/v5/order/create", ask)

    def cancel(self, client_id: str) -> Reply:
        ask = {"category": "linear", "symbol": self.symbol, "orderLinkId": client_id}
        return self._post("/v5/order/cancel", ask)

    def row(self, client_id: str) -> dict[str, Any] | None:
        rows = self.bench.read("/v5/order/realtime", symbol=self.symbol, orderLinkId=client_id)
        return {"status": rows[0]["orderStatus"], "filled": rows[0]["cumExecQty"]} if rows else None

    def resting(self) -> list[str]:
        return [o["orderLinkId"] for o in self.bench.read("/v5/order/realtime", settleCoin="USDT")]

    def held(self) -> list[str]:
        rows = self.bench.read("/v5/position/list", settleCoin="USDT")
        return [("-" if p["side"] == "Sell" else "") + p["size"] for p in rows]

    def fills(self) -> list[str]:
        return [f["execId"] for f in self.bench.read("/v5/execution/list")]

    def listen(self) -> tuple[Session, Wire]:
        found: tuple[Session, Wire] = self.bench.listen("order", "execution")
        return found

    def told_fills(self, wire: Wire) -> list[str]:
        return [row["execId"] for f in wire.take() if f["topic"] == "execution" for row in f["data"]]

    def refused(self, reply: Reply) -> str:
        code = orjson.loads(reply.body)["retCode"]
        return str(code) if code else ""


class BitgetDesk(Desk):
    name, symbol, lot = "bitget", "BTCUSDT", "0.01"

    def __init__(self) -> None:
        self.bench = bitget_private_support.Trader()

    def _post(self, path: str, ask: dict[str, Any]) -> Reply:
        reply: Reply = self.bench.send("POST", f"/api/v3/trade/{path}", body=orjson.dumps(ask).decode())
        return reply

    def place(self, side: str, qty: str, price: str | None = None, kind: str = "ioc", client_id: str = "") -> Reply:
        return self._post("place-order", self.bench.perp(side, qty, price, kind, clientOid=client_id))

    def cancel(self, client_id: str) -> Reply:
        return self._post("cancel-order", {"clientOid": client_id})

    def row(self, client_id: str) -> dict[str, Any] | None:
        body = self.bench.ask("/api/v3/trade/order-info", clientOid=client_id)
        row = body["data"]
        return None if body["code"] == "25204" else {"status": row["orderStatus"], "filled": row["cumExecQty"]}

    def resting(self) -> list[str]:
        return [o["clientOid"] for o in self.bench.listed("unfilled-orders")]

    def held(self) -> list[str]:
        return [("-" if p["posSide"] == "short" else "") + p["total"] for p in self.bench.held()]

    def fills(self) -> list[str]:
        return [f["execId"] for f in self.bench.listed("fills")]

    def listen(self) -> tuple[Session, Wire]:
        found: tuple[Session, Wire] = self.bench.listen("order", "fill")
        return found

    def told_fills(self, wire: Wire) -> list[str]:
        return [row["execId"] for f in wire.take() if f["arg"]["topic"] == "fill" for row in f["data"]]

    def refused(self, reply: Reply) -> str:
        code = orjson.loads(reply.body)["code"]
        return "" if code == "00000" else str(code)


DESKS: dict[str, Callable[[], Desk]] = {
    "binance": BinanceDesk,
    "okx": OkxDesk,
    "bybit": BybitDesk,
    "bitget": BitgetDesk,
}
