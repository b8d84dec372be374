"""Somebody else's client reads the simulator: starts one, points ccxt at it, and holds the truth to compare with.

    async with witnessed("binance") as sim:
        exchange = sim.client(ccxt.pro.binanceusdm)
        markets = await exchange.load_markets()
        assert sim.truth("binance", "perp")["BTCUSDT"]["tick"] == ...

Nothing of arbtui but the simulator is involved: where ccxt and the truth agree, three writers agree.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import orjson

from arbtui.sim import registry
from arbtui.sim.control import Control
from arbtui.sim.hub import Hub
from arbtui.sim.listing import Listing, Market
from arbtui.sim.scenario import SCENARIOS
from arbtui.sim.server import Server

_ADDRESS = re.compile(r"(?P<scheme>https|wss)://(?P<host>[^/:]+)(?::\d+)?(?P<path>.*)", re.DOTALL)


class Sim:
    """A served simulator and the clients that were made for it."""

    def __init__(self, server: Server, stack: AsyncExitStack) -> None:
        self.server = server
        self.hub = server.hub
        self._control = Control(server.hub)
        self._stack = stack

    def client(self, kind: Any, **config: Any) -> Any:
        """A ccxt exchange of class ``kind`` whose every address leads here; closed with the simulator."""
        exchange = kind({"enableRateLimit": False, **config})
        exchange.urls["api"] = self.redirected(exchange.urls["api"])
        if "test" in exchange.urls:
            exchange.urls["test"] = self.redirected(exchange.urls["test"])
        self._stack.push_async_callback(exchange.close)
        return exchange

    def redirected(self, addresses: Any) -> Any:
        """``addresses`` (a text, or a tree of them) with the original host as first path element."""
        if isinstance(addresses, dict):
            return {key: self.redirected(value) for key, value in addresses.items()}
        if not isinstance(addresses, str) or not (found := _ADDRESS.fullmatch(addresses)):
            return addresses
        scheme = "ws" if found["scheme"] == "wss" else "http"
        return f"{scheme}://{self.server.url.removeprefix('http://')}/{found['host']}{found['path']}"

    def listing(self, venue: str, market: Market, native: str) -> Listing:
        """An instrument that has to be there."""
        found = self.hub.venues[venue].find(market, native)
        assert found is not None, native
        return found

    def truth(self, venue: str, market: str, symbol: str = "", **query: Any) -> dict[str, Any]:
        """What is true now (or at ``seq=``) of a venue's market, by native symbol; as it is over HTTP."""
        asked = {"venue": venue, "market": market, "symbol": symbol, **{k: str(v) for k, v in query.items()}}
        rows = self._control.truth(asked)["venues"].get(venue, {}).get(market, {})
        return dict(orjson.loads(orjson.dumps(rows)))

    def account(self, venue: str, name: str = "main") -> Any:
        """What is true of an account now, as it is over HTTP."""
        return orjson.loads(orjson.dumps(self._control.books.truth(venue, None)[venue][name]))

    def credentials(self, venue: str, name: str = "main") -> dict[str, str]:
        """What one logs in with."""
        return dict(self._control.books.credentials()[venue][name])

    def keys(self, venue: str, name: str = "main") -> dict[str, str]:
        """The same in ccxt's words."""
        known = self.credentials(venue, name)
        words = {
            "apiKey": "api_key", "secret": "api_secret", "password": "passphrase",
            "walletAddress": "address", "privateKey": "private_key",
        }  # fmt: skip
        return {word: known[ours] for word, ours in words.items() if ours in known}

    async def until_listened(self) -> None:
        """Until a private socket is open and its client had a moment to finish what it says first."""
        for _ in range(1000):
            if any(session.private for session in self.hub.sessions):
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)

    def set_account(self, venue: str, **ask: Any) -> None:
        """``POST /_sim/accounts``."""
        self._control.books.set_account({"venue": venue, **ask})

    def settle_funding(self, venue: str, symbol: str) -> None:
        """``POST /_sim/funding``."""
        self._control.books.settle({"venue": venue, "symbol": symbol})

    def keep_books(self, venue: str) -> None:
        """Keep past books of every instrument of ``venue`` from now on, so that ``seq=`` finds them."""
        for listing in self.hub.world.of(venue):
            listing.watch()


@asynccontextmanager
async def witnessed(
    *venues: str, coins: int = 60, rate: float = 400.0, scenario: str = "default", seed: int = 11
) -> AsyncIterator[Sim]:
    """A simulator of ``venues`` on a free port, in this loop."""
    hub = Hub(
        seed=seed,
        coins=coins,
        rate=rate,
        scenario=SCENARIOS[scenario],
        venues={name: registry.load(name) for name in venues},
    )
    async with Server(hub) as server, AsyncExitStack() as stack:
        yield Sim(server, stack)


def still(venue: str) -> AbstractAsyncContextManager[Sim]:
    """A small world of one venue in which nothing moves by itself."""
    return witnessed(venue, coins=4, rate=0.0, scenario="still")


def floats(side: list[Any]) -> list[tuple[float, float]]:
    """A side of a book as ccxt holds it."""
    return [(float(level[0]), float(level[1])) for level in side]


def true_fill(fill: dict[str, Any]) -> tuple[Any, ...]:
    """A fill of the truth, as ``seen_fill`` tells one."""
    numbers = (float(fill["price"]), float(fill["qty"]), float(fill["fee"]))
    return (fill["id"], fill["order_id"], *numbers, fill["fee_ccy"])


def seen_fill(trade: dict[str, Any]) -> tuple[Any, ...]:
    """What ccxt tells of a trade of one's own: ids, price, size, fee and its currency."""
    fee = trade["fee"]
    return (trade["id"], trade["order"], trade["price"], trade["amount"], fee["cost"], fee["currency"])
