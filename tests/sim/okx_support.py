"""What the tests of the simulated OKX have in common: addresses, subscriptions, a client's book."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from arbtui.sim.base import Session
from tests.sim.support import Bench, Levels, Wire

REST = "https://www.okx.com/api/v5"
PUBLIC = "wss://ws.okx.com:8443/ws/v5/public"
PRIVATE = "wss://ws.okx.com:8443/ws/v5/private"
BUSINESS = "wss://ws.okx.com:8443/ws/v5/business"
DEMO = "wss://wspap.okx.com:8443/ws/v5/public?brokerId=9999"
SWAP, SPOT = "BTC-USDT-SWAP", "BTC-USDT"


class OkxBench(Bench):
    """A hub with OKX alone; a few busy instruments unless told otherwise."""

    def __init__(self, **more: Any) -> None:
        super().__init__("okx", **{"coins": 3, "rate": 400.0, **more})

    def data(self, path: str) -> list[Any]:
        """The data of a REST answer that must have gone well."""
        body = self.json(f"{REST}{path}", "okx")
        assert (body["code"], body["msg"]) == ("0", "")
        rows: list[Any] = body["data"]
        return rows

    def open(self, url: str = PUBLIC) -> tuple[Session, Wire]:
        return self.connect(url, "okx")

    def subscribed(self, channel: str, *names: str, url: str = PUBLIC) -> tuple[Session, Wire]:
        """A socket that subscribed to ``channel`` for each name; its acknowledgements are still to be read."""
        session, wire = self.open(url)
        self.say(session, op="subscribe", args=args(channel, *names))
        return session, wire

    def row(self, symbol: str = SWAP, market: str = "perp", **query: Any) -> Any:
        return self.truth(symbol, market, "okx", **query)


def args(channel: str, *names: str) -> list[dict[str, str]]:
    key = "instType" if channel == "instruments" else "instId"
    return [{"channel": channel, key: name} for name in names]


def events(messages: Iterable[Any]) -> list[Any]:
    return [m for m in messages if "event" in m]


def pushes(messages: Iterable[Any], channel: str | None = None) -> list[Any]:
    return [m for m in messages if "data" in m and channel in (None, m["arg"]["channel"])]


class Book(Levels):
    """A client's book: applies frames of ``books`` by the documented rule and refuses a broken chain."""

    def __init__(self) -> None:
        super().__init__()
        self.seq: int | None = None

    def apply(self, frame: Any) -> None:
        (data,) = frame["data"]
        if frame["action"] == "snapshot":
            assert data["prevSeqId"] == -1
            self.forget()
        else:
            assert data["prevSeqId"] == self.seq, f"gap: {data['prevSeqId']} after {self.seq}"
        for side, held in self.sides.items():
            for price, size, zero, count in data[side]:
                assert zero == "0"
                if size == "0":
                    assert count == "0"
                    del held[price]
                else:
                    assert int(count) > 0
                    held[price] = size
        self.seq = data["seqId"]
