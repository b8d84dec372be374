"""What the tests of the simulated Bitget have in common: addresses, subscriptions, a client's book."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from arbtui.sim.base import Session
from tests.sim.support import Bench, Levels, Wire

REST = "https://api.bitget.com/api/v2"
PUBLIC = "wss://ws.bitget.com/v2/ws/public"
PRIVATE = "wss://ws.bitget.com/v2/ws/private"
USDT, USDC, SPOT = "USDT-FUTURES", "USDC-FUTURES", "SPOT"


class BitgetBench(Bench):
    """A hub with Bitget alone; a few busy instruments unless told otherwise."""

    def __init__(self, **more: Any) -> None:
        super().__init__("bitget", **{"coins": 3, "rate": 400.0, **more})

    def data(self, path: str) -> Any:
        """The data of a REST answer that must have gone well."""
        body = self.json(f"{REST}{path}", "bitget")
        assert (body["code"], body["msg"]) == ("00000", "success")
        assert isinstance(body["requestTime"], int)
        return body["data"]

    def open(self, url: str = PUBLIC) -> tuple[Session, Wire]:
        return self.connect(url, "bitget")

    def subscribed(self, *args: dict[str, str], url: str = PUBLIC) -> tuple[Session, Wire]:
        """A socket that subscribed to ``args``; its acknowledgements are still to be read."""
        session, wire = self.open(url)
        self.say(session, op="subscribe", args=list(args))
        return session, wire

    def row(self, symbol: str = "BTCUSDT", market: str = "perp", **query: Any) -> Any:
        return self.truth(symbol, market, "bitget", **query)

    def all_true(self, market: str) -> dict[str, Any]:
        """The truth of a market by native symbol."""
        rows: dict[str, Any] = self.control.truth({"venue": "bitget", "market": market})["venues"]["bitget"][market]
        return rows

    def run_pinging(self, session: Session, seconds: int, *, step_ms: int = 500) -> None:
        """Let time pass for a client that sends its pings."""
        for _ in range(0, seconds, 20):
            session.on_text("ping")
            self.run(20_000, step_ms=step_ms)


def arg(channel: str, inst_id: str = "BTCUSDT", inst_type: str = USDT) -> dict[str, str]:
    return {"instType": inst_type, "channel": channel, "instId": inst_id}


def events(messages: Iterable[Any]) -> list[Any]:
    return [m for m in messages if "event" in m]


def pushes(messages: Iterable[Any], channel: str | None = None) -> list[Any]:
    return [m for m in messages if "data" in m and channel in (None, m["arg"]["channel"])]


class Book(Levels):
    """A client's book: applies frames of ``books`` by the documented rule and refuses a broken chain."""

    def __init__(self) -> None:
        super().__init__()
        self.seq = 0

    def apply(self, frame: Any) -> None:
        (data,) = frame["data"]
        if frame["action"] == "snapshot":
            assert data["pseq"] == 0
            self.forget()
        else:
            assert data["pseq"] != 0, "ids began again"
            assert data["pseq"] == self.seq, f"gap: {data['pseq']} after {self.seq}"
        for side, held in self.sides.items():
            for price, size in data[side]:
                if size == "0":
                    held.pop(price, None)
                else:
                    held[price] = size
        self.seq = data["seq"]
