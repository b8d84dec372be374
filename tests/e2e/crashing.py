"""arbtui with an exception where signed requests go out, which shows all that can be seen from there of every account.

    python -m tests.e2e.crashing check --keys ...

It is raised once all accounts of the run have asked something.
"""

from __future__ import annotations

import asyncio
import sys
from unittest.mock import patch

from arbtui import cli
from arbtui.engine.by_rest import AccountByRest
from arbtui.net.rest import Answer, Rest
from arbtui.venues.base import HttpRequest

SAID = "injected where requests go out"


def main() -> int:
    accounts: list[AccountByRest] = []
    asked: list[HttpRequest] = []
    connect = AccountByRest.connect

    async def connected(self: AccountByRest) -> None:
        accounts.append(self)
        await connect(self)

    async def carry(self: Rest, request: HttpRequest) -> Answer:
        asked.append(request)
        if len(asked) < len(accounts):
            await asyncio.sleep(60)
        seen = [{name: value for name, value in vars(one).items() if name != "listed"} for one in accounts]
        raise RuntimeError(f"{SAID}: {asked!r} {seen!r} {[vars(one.account) for one in accounts]!r} {vars(self)!r}")

    with patch.object(AccountByRest, "connect", connected), patch.object(Rest, "carry", carry):
        return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
