"""What the clients of simulated accounts have in common, whichever venue they sign for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import orjson

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

    def answered(self, method: str, path: str, query: str, body: str, headers: Mapping[str, str]) -> Reply:
        """The answer to a request with these headers."""
        call = Call(
            method=method,
            host=self.host,
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
