"""A venue's trade socket over real sockets, to a server on this machine that answers as the test says.

Each venue brings its ``Trades``: what it greets with and how it words an answer. REST is there as well: an order that
arrives twice, or by the other way, is seen.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from arbtui.core.clock import NS_PER_MS, ManualClock
from arbtui.core.orders import AccountEvent, Order
from arbtui.net.account import Account
from arbtui.net.connects import Connects
from arbtui.net.tradesocket import TradeSocketKeeper
from arbtui.net.userstream import Around
from arbtui.venues.base import Environment
from arbtui.venues.private import TradesOverSocket
from tests.venues.private_wire import STAMP_MS, Answer, Dialect, Wired, wired

Frame = dict[str, Any]
Reply = Callable[[Frame], Frame | str | None]


@dataclass(frozen=True)
class Trades:
    """``login`` answers everything that is no order: None = that is one. Frames of answers are JSON."""

    name: str
    dialect: Dialect
    order: Callable[..., Order]
    place_path: str  # of REST, as ``Dialect.calls`` leaves it
    rest_yes: Answer
    login: Callable[[Frame], Frame | str | None]
    no_login: Reply | None  # a refusal of the login; None: there is none
    yes: Reply
    no_rate: Reply  # "too many orders", which it surely did not take
    open_outcome: Reply  # a word that leaves it open
    of_another: Reply  # a yes that names another order
    nameless: Reply  # a yes that does not say to which request
    login_gone: Reply | None  # the answer to an order where the login does not count any more
    allowed: int  # orders at once that the venue takes


@dataclass
class Far:
    """The other side: ``answer`` says what is answered to an order; what arrived stands in ``orders``."""

    trades: Trades
    answer: Reply
    orders: list[Frame] = field(default_factory=list)
    logins: bool = True

    def replies(self, text: str) -> Iterator[str]:
        if text == "ping":  # of OKX
            yield "pong"
            return
        frame = json.loads(text)
        if (known := self.trades.login(frame)) is not None:
            refusing = self.trades.no_login
            said = known if self.logins or refusing is None else refusing(frame)
        else:
            self.orders.append(frame)
            said = self.answer(frame)
        if said:
            yield said if isinstance(said, str) else json.dumps(said)


@dataclass
class Line:
    """An account whose orders go over the socket, and its far end."""

    wired: Wired
    far: Far
    keeper: TradeSocketKeeper
    errors: list[str]
    said: list[str]

    @property
    def by_rest(self) -> list[str]:
        return [asked.path for asked in self.wired.server.asked]

    @property
    def clock(self) -> ManualClock:
        clock = self.wired.around.clock
        assert isinstance(clock, ManualClock)
        return clock

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            for _ in iter(holds, True):
                await asyncio.sleep(0.005)

    async def up(self) -> None:
        await self.until(lambda: self.keeper.takes)

    async def another_is_up(self) -> None:
        """A second socket is, for which time has to pass: connections are made in turn."""

        def passing() -> bool:
            self.clock.advance_to(self.clock.now_ns() + 50 * NS_PER_MS)
            return len(self.wired.server.sockets) == 2 and self.keeper.takes

        await self.until(passing)

    async def after(self, act: Callable[[Account], None]) -> list[AccountEvent]:
        return await self.wired.after(act)

    async def told(self, frame: Frame | str | None) -> None:
        """``frame`` arrives here, unasked."""
        assert frame is not None
        await self.wired.server.sockets[-1].send_str(frame if isinstance(frame, str) else json.dumps(frame))

    def cut(self) -> None:
        """Every socket, without a word."""
        for socket in self.wired.server.sockets:
            if socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()


@asynccontextmanager
async def line(trades: Trades, answer: Reply | None = None, *, logins: bool = True) -> AsyncIterator[Line]:
    private = trades.dialect.private
    assert isinstance(private, TradesOverSocket)
    far = Far(trades, answer or trades.yes, logins=logins)
    dialect = replace(trades.dialect, replies=far.replies)
    errors, said = list[str](), list[str]()
    async with wired(dialect, {trades.place_path: trades.rest_yes}) as w:
        around = Around(
            w.around.rest, w.around.network, Connects(), w.around.clock, lambda: STAMP_MS, w.told.append,
            lambda kind, text: errors.append(kind), w.around.rng,
        )  # fmt: skip
        (socket, *_) = private.trade_sockets(Environment.PROD)
        keeper = TradeSocketKeeper(
            trades.name, private, socket, dialect.keys, dialect.listed, around, lambda level, text: said.append(text)
        )
        w.account.use(keeper.ask)
        running = asyncio.create_task(keeper.run())
        try:
            yield Line(w, far, keeper, errors, said)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
