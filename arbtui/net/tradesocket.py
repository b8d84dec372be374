"""Orders and cancels over a socket of the venue's, kept open: a request out, its answer back, found by its id.

A request goes out on a socket that is up and was heard of late, or not at all: then ``ask`` says so before a byte has
left, and it may go by REST. Once it is handed to the socket nothing sends it again. If the line is cut, if nothing
comes within the time that REST has, or if what comes cannot be read, it raises ``TransportBroken``: whether it took
effect is not known, exactly as after a time-out of REST.

An answer that comes later than that, or that nobody asked for, is counted and dropped: what became of an order is asked
for by its client id. An answer that cannot be told apart ends the socket, and all that was under way on it is in doubt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Literal

from arbtui.core.clock import NS_PER_MS
from arbtui.core.errors import TransportBroken
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import AccountEvent
from arbtui.net.rest import Answer
from arbtui.net.userstream import Around, SocketKeeper, State, Talk
from arbtui.venues.base import HttpRequest
from arbtui.venues.private import Keys, TradeAnswer, TradeAsk, TradeSession, TradeSocket, TradesOverSocket

FRESH_AFTER_PING_S = 3.0  # so much later than a ping was due, its answer has come

Level = Literal["info", "warning"]


class TradeSocketKeeper(SocketKeeper):
    """Keeps one ``TradeSocket`` open. ``say`` hears whenever orders begin to go another way."""

    def __init__(
        self,
        venue: str,
        trades: TradesOverSocket,
        socket: TradeSocket,
        keys: Keys,
        listed: Mapping[Market, Mapping[str, Instrument]],
        around: Around,
        say: Callable[[Level, str], None],
    ) -> None:
        super().__init__(venue, socket.label, socket.manners, around)
        self._trades = trades
        self._socket = socket
        self._keys = keys
        self._listed = listed
        self._tell = say
        self._said: State | None = None
        # The last id. An earlier life of this program has used none so high: where one may never be used twice, nobody
        # says that another connection forgives it.
        self._asked = around.clock.now_ns() // NS_PER_MS
        self._under_way: dict[str, tuple[Talk, asyncio.Future[TradeAnswer]]] = {}

    @property
    def takes(self) -> bool:
        """Whether an order would go out here now."""
        every_s = self._manners.ping_every_s or self._manners.silence_s
        return self._talk is not None and self._talk.heard_within(every_s + FRESH_AFTER_PING_S)

    async def ask(self, request: HttpRequest) -> Answer | None:
        """Send what asks the same as ``request`` and return the answer as REST would give it.

        None: not a byte was sent. Raises ``TransportBroken`` where it may have taken effect.
        """
        return await self._ask(request, self._trades.trade_frame)

    async def question(self, request: HttpRequest) -> Answer | None:
        """The same of a question about balances; None where it is not up, or takes none."""
        return await self._ask(request, self._trades.trade_question)

    async def _ask(self, request: HttpRequest, frame_of: Callable[[TradeAsk], str | None]) -> Answer | None:
        talk, around = self._talk, self._around
        if talk is None or not self.takes:
            return None
        request_id = str(self._asked + 1)
        about = TradeAsk(self._socket, self._keys, request, request_id, around.stamp_ms(), self._listed)
        frame = frame_of(about)
        if frame is None:
            return None
        self._asked += 1
        around.rest.charge(request)
        answered: asyncio.Future[TradeAnswer] = asyncio.get_running_loop().create_future()
        self._under_way[request_id] = talk, answered
        sent_ns = around.clock.now_ns()
        try:
            async with asyncio.timeout(around.rest.timeout_s):
                await talk.send(frame)
                either: set[asyncio.Future[Any]] = {answered, talk.work}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError as error:
            raise TransportBroken(f"{self._where} did not answer within {around.rest.timeout_s:g} s") from error
        finally:
            del self._under_way[request_id]
            answered.cancel()  # nobody waits any more; an answer that is here stays
        if answered.cancelled():
            raise TransportBroken(f"{self._where} ended before it answered")
        answer = answered.result()
        around.rest.told_used(request, answer.used)
        if answer.status in (418, 429):
            around.rest.turned_away(request, answer.status, sent_ns, answer.retry_after_s)
        return Answer(answer.status, answer.body, sent_ns, around.clock.now_ns())

    @property
    def _where(self) -> str:
        return f"{self._venue}'s socket for orders"

    # ---- of the keeper

    async def _conversation(self) -> tuple[str, TradeSession]:
        return self._socket.url, self._trades.trade_session(self._socket, self._keys)

    async def _let_go(self, talk: Talk) -> None:
        """What was asked on it is answered on it."""
        under_way = [answered for asked_on, answered in self._under_way.values() if asked_on is talk]
        try:
            if under_way:
                await asyncio.wait(under_way, timeout=self._around.rest.timeout_s)
        finally:
            await talk.close()

    def _hear(self, event: AccountEvent | TradeAnswer) -> None:
        if not isinstance(event, TradeAnswer):
            self._around.sink(event)
            return
        _, answered = self._under_way.get(event.request_id, (None, None))
        if answered is None or answered.done():
            self._around.count_error("unasked_answer", f"{self._where} answered what nobody waits for")
        else:
            answered.set_result(event)

    def _say(self, state: State, text: str) -> None:
        """Once for each change: a venue that is away for an hour says so once."""
        if state == self._said:
            return
        self._said = state
        orders = f"{self._venue}: orders of {' and '.join(market.value for market in self._socket.markets)} go"
        if state == "up":
            self._tell("info", f"{orders} over a socket.")
        else:
            self._tell("warning", f"{orders} by REST, their socket is down: {text}.")
