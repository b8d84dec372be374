"""What the tests of the simulated Hyperliquid have in common: questions, subscriptions, frames."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from typing import Any

import orjson

from arbtui.sim.base import Call, Reply, Session
from tests.sim.support import Bench, Wire, call

INFO = "https://api.hyperliquid.xyz/info"
WS = "wss://api.hyperliquid.xyz/ws"
LAG_MS = 200


class HyperliquidBench(Bench):
    """A hub with Hyperliquid alone; a few busy instruments unless told otherwise."""

    def __init__(self, **more: Any) -> None:
        super().__init__("hyperliquid", **{"coins": 3, "rate": 400.0, **more})

    def ask(self, client: str = "127.0.0.1", **body: Any) -> Reply:
        return self.venue("hyperliquid").handle(asked(orjson.dumps(body), client=client))

    def info(self, kind: str, **more: Any) -> Any:
        """An answer that must have gone well."""
        reply = self.ask(type=kind, **more)
        assert (reply.status, reply.content_type) == (200, "application/json"), reply
        return orjson.loads(reply.body)

    def open(self, url: str = WS) -> tuple[Session, Wire]:
        return self.connect(url, "hyperliquid")

    def subscribe(self, session: Session, kind: str, **more: Any) -> None:
        self.say(session, method="subscribe", subscription={"type": kind, **more})

    def subscribed(self, kind: str, *coins: str, **more: Any) -> tuple[Session, Wire]:
        """A socket that subscribed to ``kind``, for each of ``coins`` if any; its first data have come, its
        acknowledgements are read."""
        session, wire = self.open()
        for coin in coins or ("",):
            self.subscribe(session, kind, **({"coin": coin} if coin else {}), **more)
        answers = wire.take()
        assert {m["channel"] for m in answers} == {"subscriptionResponse"}, answers
        self.run(LAG_MS)
        return session, wire

    def row(self, symbol: str = "BTC", market: str = "perp", **query: Any) -> Any:
        return self.truth(symbol, market, "hyperliquid", **query)


def asked(body: bytes, *, url: str = INFO, client: str = "127.0.0.1", kind: str = "application/json") -> Call:
    request = call("POST", url, body, client)
    request.headers = {"Content-Type": kind}
    return request


def pushes(messages: Iterable[Any], channel: str) -> list[Any]:
    """The data of the frames of ``channel``."""
    return [m["data"] for m in messages if m["channel"] == channel]


def unpacked(data: str) -> Any:
    """What a frame of ``fastAssetCtxs`` says."""
    return orjson.loads(zlib.decompress(base64.b64decode(data), -15))


def texts(side: list[Any]) -> list[list[str]]:
    """A side of a book as the truth has it."""
    return [[level["px"], level["sz"]] for level in side]
