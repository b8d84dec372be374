"""Whether the sockets for orders would take them: each is opened, logged in to, and asked about balances.

No order is sent. Where a socket takes nothing but orders, the login that it has acknowledged is all that can be tried.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from arbtui.core.errors import ArbtuiError
from arbtui.core.model import Market
from arbtui.engine.by_rest import AccountByRest
from arbtui.net.connects import Connects
from arbtui.net.gateway import NetworkSettings
from arbtui.net.tradesocket import TradeSocketKeeper
from arbtui.net.userstream import Around, State
from arbtui.venues.private import TradeSocket, TradesOverSocket

log = logging.getLogger(__name__)

WITHIN_S = 10.0  # to be up
_WORDS_MAX = 200


@dataclass(frozen=True)
class SocketTried:
    """``why``: what did not work, in words; "" = it works. ``asked``: a question was answered, not a login alone."""

    markets: tuple[Market, ...]
    why: str
    up_ms: float = 0.0
    asked: bool = False


async def tried(
    account: AccountByRest, network: NetworkSettings, markets: Sequence[Market], rng: random.Random
) -> list[SocketTried]:
    """All sockets for orders of ``markets``; nothing where this environment of the venue has none."""
    private = account.private
    if not isinstance(private, TradesOverSocket):
        return []
    wanted = [socket for socket in private.trade_sockets(account.env) if set(socket.markets) & set(markets)]
    return list(await asyncio.gather(*(_try(account, private, socket, network, rng) for socket in wanted)))


class _Keeper(TradeSocketKeeper):
    """``told`` is set once it is up, or is not: then ``why`` says what keeps it from that, in words."""

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.told = asyncio.Event()
        self.why = ""

    def _say(self, state: State, text: str) -> None:
        self.why = self.why or text
        self.told.set()


async def _try(
    account: AccountByRest, private: TradesOverSocket, socket: TradeSocket, network: NetworkSettings, rng: random.Random
) -> SocketTried:
    around = Around(
        rest=account.rest,
        network=network,
        connects=Connects(),
        clock=account.clock,
        stamp_ms=account.account.stamp_ms,
        sink=lambda event: None,  # what happens on the account is not looked at
        count_error=lambda kind, text: log.warning("%s: %s (%s)", account.name, text, kind),
        rng=rng,
    )
    keeper = _Keeper(account.name, private, socket, account.keys, account.listed, around, lambda level, text: None)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    running = asyncio.create_task(keeper.run())
    try:
        async with asyncio.timeout(WITHIN_S):
            await keeper.told.wait()
        if keeper.why:
            return SocketTried(socket.markets, keeper.why)
        up_ms = (loop.time() - began_s) * 1000
        why, asked = await _asked(account, keeper, socket.markets[0])
        return SocketTried(socket.markets, why, up_ms, asked)
    except TimeoutError:
        return SocketTried(socket.markets, f"it is not up within {WITHIN_S:g} s")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _asked(account: AccountByRest, keeper: TradeSocketKeeper, market: Market) -> tuple[str, bool]:
    """(why a question was not answered well, in words; whether one could be asked)."""
    call = account.private.balances(account.env, account.keys, market, account.account.stamp_ms())
    try:
        answer = await keeper.question(call.request)
    except ArbtuiError as error:
        return str(error), True
    if answer is None:
        return "", False
    if answer.status == 200:
        return "", True
    return f"it answers {answer.status}: {answer.body[:_WORDS_MAX].decode(errors='replace')}", True
