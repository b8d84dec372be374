"""What the clients of simulated accounts have in common, whichever venue they sign for."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

import orjson

from arbtui.sim.accounts import Keys
from arbtui.sim.base import Call, Reply
from tests.sim.support import Bench


class AccountBench(Bench):
    """A bench with one venue and an account of it to act for. The world stands still unless ``rate`` is given."""

    name: ClassVar[str]
    host: ClassVar[str]

    def __init__(self, account: str = "main", **more: Any) -> None:
        super().__init__(self.name, **{"coins": 4, "rate": 0.0, "scenario": "still", **more})
        self.account = account
        desk = self.venue(self.name).desk
        assert desk is not None
        self.desk = desk
        self.keys = desk.accounts[account].keys

    def send(self, method: str, path: str, query: str = "", body: str = "", **headers: str) -> Reply:
        """A signed request; ``headers`` replace those that it would have (underscores for dashes)."""
        raise NotImplementedError

    def answered(
        self, method: str, path: str, query: str, body: str, headers: Mapping[str, str], host: str = ""
    ) -> Reply:
        """The answer to a request with these headers."""
        call = Call(
            method=method,
            host=host or self.host,
            path=path,
            query=dict(parse_qsl(query)),
            raw_query=query,
            headers=headers,
            body=body.encode(),
            client="127.0.0.1",
        )
        reply = self.venue(self.name).handle(call)
        self.hub.flush()
        return reply

    def own(self) -> Any:
        """The truth of the account."""
        truth = self.control.truth({"venue": self.name, "symbol": "BTC"})
        return orjson.loads(orjson.dumps(truth["accounts"][self.name][self.account]))


class ByNameBench(AccountBench):
    """One whose requests take their parameters by name, and whose BTC contract and pair have one name."""

    symbol: ClassVar[str] = "BTCUSDT"

    def ask(self, path: str, **params: Any) -> Any:
        """The whole answer to a GET."""
        return orjson.loads(self.send("GET", path, urlencode(params)).body)

    def post(self, path: str, **ask: Any) -> Any:
        """The whole answer to a POST."""
        return orjson.loads(self.send("POST", path, body=orjson.dumps(ask).decode()).body)

    def book(self, market: str = "perp") -> Any:
        return self.truth(self.symbol, market, self.name)


def digest(secret: str, text: str) -> bytes:
    """HMAC-SHA256."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()


def base64_of(secret: str, text: str) -> str:
    return base64.b64encode(digest(secret, text)).decode()


def login_arg(keys: Keys, stamp: str, path: str, **changed: Any) -> dict[str, Any]:
    """What OKX and Bitget want to log in by, each under a path of its own."""
    return {
        "apiKey": keys.api_key,
        "passphrase": keys.passphrase,
        "timestamp": stamp,
        "sign": base64_of(keys.api_secret, f"{stamp}GET{path}"),
        **changed,
    }
