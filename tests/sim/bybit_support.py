"""What the tests of the simulated Bybit have in common: addresses, subscriptions, a client's book and ticker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from arbtui.sim.base import Session
from tests.sim.support import Bench, Levels, Wire

REST = "https://api.bybit.com/v5/market"
LINEAR = "wss://stream.bybit.com/v5/public/linear"
SPOT = "wss://stream.bybit.com/v5/public/spot"
BTC = "BTCUSDT"  # both a contract and a pair
SOCKET = {"perp": LINEAR, "spot": SPOT}


class BybitBench(Bench):
    """A hub with Bybit alone; a few busy instruments unless told otherwise."""

    def __init__(self, **more: Any) -> None:
        super().__init__("bybit", **{"coins": 3, "rate": 400.0, **more})

    def result(self, path: str) -> Any:
        """The result of a REST answer that must have gone well."""
        body = self.json(f"{REST}/{path}", "bybit")
        assert (body["retCode"], body["retMsg"]) == (0, "OK")
        return body["result"]

    def rows(self, path: str) -> dict[str, Any]:
        """A list that is one page, by symbol."""
        result = self.result(path)
        assert not result.get("nextPageCursor")
        return {row["symbol"]: row for row in result["list"]}

    def open(self, url: str = LINEAR) -> tuple[Session, Wire]:
        return self.connect(url, "bybit")

    def subscribe(self, session: Session, *topics: str, **more: Any) -> None:
        self.say(session, op="subscribe", args=list(topics), **more)

    def subscribed(self, *topics: str, url: str = LINEAR) -> tuple[Session, Wire]:
        """A socket that subscribed to ``topics`` in one request, whose acknowledgement is checked and taken away."""
        session, wire = self.open(url)
        self.subscribe(session, *topics)
        assert '"success":true' in wire.texts.pop(0)
        return session, wire

    def row(self, symbol: str = BTC, market: str = "perp", **query: Any) -> Any:
        return self.truth(symbol, market, "bybit", **query)

    def watch(self, symbol: str = BTC, market: Any = "perp") -> None:
        """Keep past books, so that the truth finds them."""
        listing = self.venue("bybit").find(market, symbol)
        assert listing is not None
        listing.watch()

    def fails(self, name: str, **more: Any) -> Any:
        return self.fault(name, "bybit", **more)


def answers(messages: Iterable[Any]) -> list[Any]:
    return [m for m in messages if "op" in m]


def pushes(messages: Iterable[Any], topic: str | None = None) -> list[Any]:
    return [m for m in messages if "topic" in m and topic in (None, m["topic"])]


def ids(frames: Iterable[Any]) -> list[int]:
    return [f["data"]["u"] for f in frames]


class Book(Levels):
    """A client's book: applies frames by the documented rule and refuses a broken chain."""

    def __init__(self) -> None:
        super().__init__("b", "a")
        self.u: int | None = None
        self.seq: int | None = None

    def apply(self, frame: Any) -> None:
        data = frame["data"]
        if frame["type"] == "snapshot":
            self.forget()
        else:
            assert self.u is not None
            assert data["u"] == self.u + 1, f"gap: {data['u']} after {self.u}"
        for side, held in self.sides.items():
            for price, size in data[side]:
                if size == "0":
                    del held[price]
                else:
                    held[price] = size
        self.u, self.seq = data["u"], data["seq"]

    @property
    def bids(self) -> list[list[str]]:
        return self.side("b")

    @property
    def asks(self) -> list[list[str]]:
        return self.side("a")


def merged(frames: Iterable[Any]) -> dict[str, str]:
    """A linear ticker as a client holds it after ``frames``."""
    held: dict[str, str] = {}
    for frame in frames:
        held = dict(frame["data"]) if frame["type"] == "snapshot" else held | frame["data"]
    return held
