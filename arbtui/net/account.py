"""One account of one venue: requests out, everything that becomes known of it back. An ``execution.ports.Executor``.

An order's request is tried exactly once. It ends as the venue's word (Accepted, Rejected), as Rejected for NOT_SENT
where not a byte can have left this machine, or as Unanswered: a cut line, a timeout, a 5xx, an answer that is none.
Nothing is ever sent again from here: whether it may be is the ledger's business.

Orders do not queue behind a budget: an order that has to wait is an order at yesterday's price, so it is refused here
instead. Cancels, queries and reads wait; questions leave connections free, so that no order waits behind them.
Private traffic is not recorded: what proves who we are must not lie in files.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from arbtui.core.clock import NS_PER_MS, Clock
from arbtui.core.errors import Broken, OutcomeUnknown, RefusalReason, TransportBroken, VenueRefused
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    CancelRefused,
    CancelTaken,
    Order,
    OrderAbsent,
    OrderReport,
    ReadDone,
    ReadFailed,
    ReadKind,
    Rejected,
    Unanswered,
)
from arbtui.net.rest import AT_ONCE_PER_HOST, Answer, NotSent, Rest
from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.private import Keys, PrivateCall, PrivateVenue

log = logging.getLogger(__name__)

Verb = Literal["place", "cancel", "query"]
_Make = Callable[[int], PrivateCall]  # signs for a time stamp
_Asked = tuple[PrivateCall, Answer]
_AskBySocket = Callable[[HttpRequest], Awaitable[Answer | None]]
_DAY_MS = 86_400_000
_MARGIN_MS = 60_000  # fills are looked for from this long before an order was first seen
QUESTIONS = AT_ONCE_PER_HOST - 3  # at once: an order per leg, and a cancel, find a connection
PAGES = 50  # of one read; more is a venue that pages in circles
CLOSE_TRIES = 10
CLOSE_AGAIN_S = 0.5
_OF_A_MARKET = frozenset(  # told for all instruments at once, whatever one was asked about
    {ReadKind.OPEN_ORDERS, ReadKind.POSITIONS, ReadKind.BALANCES, ReadKind.FUNDING, ReadKind.MODE}
)
_CAN_WAIT = frozenset({ReadKind.MODE, ReadKind.LEVERAGE, ReadKind.FUNDING})  # most often told before
_LEFT_FOR_ORDERS = 0.2  # of a budget: what becomes of an order is not asked behind what can wait
_SETTLES: dict[Verb, tuple[type[AccountEvent], ...]] = {
    "place": (Accepted, Rejected),
    "cancel": (CancelTaken, CancelRefused),
    "query": (OrderReport, OrderAbsent),
}


@dataclass
class _Reading:
    """A read of the account. ``asked_ns``: when it left, and until then others may still join it."""

    kind: ReadKind
    market: Market
    native: str
    since_ms: int | None
    asked_ns: int

    @property
    def key(self) -> tuple[ReadKind, Market, str, bool]:
        return self.kind, self.market, self.native, self.since_ms is None


class Account:
    """Use from the loop. ``instruments`` gives what is listed by market and native, as it is at that moment."""

    def __init__(
        self,
        private: PrivateVenue,
        env: Environment,
        keys: Keys,
        *,
        instruments: Callable[[Market], Mapping[str, Instrument]],
        rest: Rest,
        clock: Clock,
        offset_ms: Callable[[], float | None],
        sink: Callable[[AccountEvent], None],
        clock_refused: Callable[[], None] = lambda: None,
    ) -> None:
        """``clock_refused`` is called when the venue says that a request's time stamp is off."""
        self.name = private.name
        self._private = private
        self._env = env
        self._keys = keys
        self._instruments = instruments
        self._rest = rest
        self._clock = clock
        self._offset_ms = offset_ms
        self._sink = sink
        self._clock_refused = clock_refused
        self._tasks: set[asyncio.Task[None]] = set()
        self._first_seen_ms: dict[str, int] = {}
        self._waiting: dict[tuple[ReadKind, Market, str, bool], _Reading] = {}
        self._questions = asyncio.Semaphore(QUESTIONS)
        self._answered_s = 0.0  # by the loop's time: when the venue last answered anything
        self._closed = False
        self._sockets: tuple[_AskBySocket, ...] = ()
        self._charges: dict[Market, HttpRequest] = {}  # where, and how much, an order is counted

    def use(self, *sockets: _AskBySocket) -> None:
        """From now on what such a socket takes goes over it, and the rest, or all while it is down, by REST.

        A socket that does not take a request right now answers None at once, and has sent nothing.
        """
        self._sockets = sockets

    @property
    def over_sockets(self) -> bool:
        """Whether there is a socket for orders, up or not."""
        return bool(self._sockets)

    def stamp_ms(self) -> int:
        """The venue's clock as far as it is known, else ours."""
        return self._clock.now_ns() // NS_PER_MS + round(self._offset_ms() or 0.0)

    @property
    def busy(self) -> int:
        """Requests under way."""
        return len(self._tasks)

    async def settled(self) -> None:
        """Returns once nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Give up on what is under way. What an order became of is then in doubt, and is told so.

        Whatever is asked for afterwards does not leave this machine, and is told so.
        """
        self._closed = True
        for _ in range(CLOSE_TRIES):  # a cancellation may be swallowed on its way
            under_way = [task for task in self._tasks if not task.done()]
            if not under_way:
                return
            for task in under_way:
                task.cancel()
            await asyncio.wait(under_way, timeout=CLOSE_AGAIN_S)
        log.error("%s: %d requests do not end and are left behind", self.name, len(under_way))

    # ---- execution.ports.Executor, and CountsOrders

    def order_wait_s(self, orders: Sequence[Order]) -> float:
        """Of orders on what is not listed, and of what the codec refuses, nothing is known: placing tells."""
        costs: dict[tuple[str, str], HttpRequest] = {}
        for order in orders:
            if (charge := self._charge(order)) is not None:
                key = charge.url, charge.bucket
                before = costs[key].cost if key in costs else 0.0
                costs[key] = replace(charge, cost=before + charge.cost)
        return max((self._rest.wait_s(charge) for charge in costs.values()), default=0.0)

    def _charge(self, order: Order) -> HttpRequest | None:
        """What an order is charged to: the same for all of a market, so one is signed to see it, and thrown away."""
        if order.market not in self._charges:
            instrument = self._instruments(order.market).get(order.native)
            if instrument is None:
                return None
            try:
                call = self._private.place(self._env, self._keys, instrument, order, self.stamp_ms())
            except ValueError:
                return None
            request = call.request
            plain = request.url.partition("?")[0]
            self._charges[order.market] = HttpRequest("", plain, "orders", request.bucket, request.cost)
        return self._charges[order.market]

    def place(self, order: Order) -> None:
        if self._closed:
            self._not_sent(order, f"the account on {self.name} is closed; nothing was sent.")
            return
        self._first_seen_ms[order.client_id] = self.stamp_ms()
        self._start(self._place(order), partial(self._unanswered, order.client_id, "place"))

    def cancel(self, order: Order) -> None:
        self._start(self._cancel(order), partial(self._unanswered, order.client_id, "cancel"))

    def query(self, order: Order) -> None:
        self._start(self._query(order), partial(self._unanswered, order.client_id, "query"))

    def read(self, kind: ReadKind, market: Market, native: str = "", since_ms: int | None = None) -> None:
        """One that waits to be sent answers whoever asks the same meanwhile: of many hedges many ask at once."""
        native = "" if kind in _OF_A_MARKET else native
        reading = _Reading(kind, market, native, since_ms, self._clock.now_ns())
        waiting = self._waiting.setdefault(reading.key, reading)
        if waiting is not reading:
            if waiting.since_ms is not None and since_ms is not None:
                waiting.since_ms = min(waiting.since_ms, since_ms)
            return
        self._start(self._read(reading), partial(self._never_read, reading))

    # ---- orders

    async def _place(self, order: Order) -> None:
        instrument = self._instruments(order.market).get(order.native)
        if instrument is None:
            self._not_sent(order, f"{self.name} lists {order.native} no more; nothing was sent.")
            return
        try:
            call = self._private.place(self._env, self._keys, instrument, order, self.stamp_ms())
        except ValueError as wrong:
            self._not_sent(order, f"{wrong}; nothing was sent.", RefusalReason.BAD_REQUEST)
            return
        if wait_s := self._rest.wait_s(call.request):
            text = f"{self.name}'s limit of orders is used up for {wait_s:.1f} s; nothing was sent."
            self._not_sent(order, text, RefusalReason.RATE_LIMITED, wait_s)
            return
        await self._settle(order, "place", self._sent(call))

    async def _cancel(self, order: Order) -> None:
        if (instrument := self._listed(order, "cancel")) is not None:
            about = (self._env, self._keys, instrument, order.client_id)
            await self._settle(order, "cancel", self._afforded(partial(self._private.cancel, *about)))

    async def _query(self, order: Order) -> None:
        if (instrument := self._listed(order, "query")) is None:
            return
        about = (self._env, self._keys, instrument, order.client_id)
        events = await self._settle(order, "query", self._searched(partial(self._private.query, *about)))
        if any(isinstance(event, OrderReport) and event.filled != 0 for event in events):
            since_ms = self._first_seen_ms.get(order.client_id, self.stamp_ms() - _DAY_MS) - _MARGIN_MS
            now_ns = self._clock.now_ns()
            await self._read(_Reading(ReadKind.FILLS, order.market, order.native, since_ms, now_ns))

    def _listed(self, order: Order, verb: Verb) -> Instrument | None:
        instrument = self._instruments(order.market).get(order.native)
        if instrument is None:
            self._unanswered(order.client_id, verb, f"{self.name} lists {order.native} no more; nothing was asked.")
        return instrument

    async def _settle(self, order: Order, verb: Verb, sent: Awaitable[_Asked]) -> Sequence[AccountEvent]:
        """Tell what came of a request: at least one event that is the verb's own."""
        try:
            call, answer = await sent
            events = call.read(answer.status, answer.body, answer.t_ns)
        except NotSent as error:
            if verb == "place":
                self._not_sent(order, f"{error}; nothing was sent.")
            else:
                self._unanswered(order.client_id, verb, str(error))
            return ()
        except (OutcomeUnknown, Broken, VenueRefused) as error:
            self._look_at_the_clock(getattr(error, "reason", None))
            self._unanswered(order.client_id, verb, str(error))
            return ()
        self._tell(events)
        if not any(isinstance(e, _SETTLES[verb]) and getattr(e, "client_id", "") == order.client_id for e in events):
            self._unanswered(order.client_id, verb, f"{self.name}'s answer does not speak of this order.")
        return events

    def _not_sent(
        self,
        order: Order,
        text: str,
        reason: RefusalReason = RefusalReason.NOT_SENT,
        retry_after_s: float | None = None,
    ) -> None:
        self._sink(
            Rejected(
                venue=self.name,
                client_id=order.client_id,
                reason=reason,
                code="",
                text=text,
                t_ns=self._clock.now_ns(),
                retry_after_s=retry_after_s,
            )
        )

    def _unanswered(self, client_id: str, verb: Verb, text: str) -> None:
        self._sink(Unanswered(venue=self.name, client_id=client_id, verb=verb, text=text, t_ns=self._clock.now_ns()))

    # ---- reads

    async def _read(self, reading: _Reading) -> None:
        """Nobody may join it any more when its end is told: whoever hears that asks anew, and at once."""
        try:
            await self._read_pages(reading)
        except VenueRefused as refused:
            self._look_at_the_clock(refused.reason)
            self._never_read(reading, str(refused), refused.reason)
        except (OutcomeUnknown, Broken, LookupError) as error:
            self._never_read(reading, str(error))
        else:
            self._leaves(reading)
            self._sink(
                ReadDone(
                    venue=self.name,
                    market=reading.market,
                    kind=reading.kind,
                    asked_ns=reading.asked_ns,
                    t_ns=self._clock.now_ns(),
                    native=reading.native,
                    since_ms=reading.since_ms,
                )
            )

    async def _read_pages(self, reading: _Reading) -> None:
        def first(stamp_ms: int) -> PrivateCall:
            make = self._read_call(reading.kind, reading.market, reading.native, reading.since_ms)
            assert make is not None  # it was not, a moment ago
            return make(stamp_ms)

        make: _Make | None = first
        if self._read_call(reading.kind, reading.market, reading.native, reading.since_ms) is None:
            return
        for page in range(PAGES):
            if make is None:
                return
            call, answer = await self._asked(make, reading, joining=page == 0)
            self._tell(call.read(answer.status, answer.body, answer.t_ns))
            make = _page_after(call, answer, self.stamp_ms())
        raise OutcomeUnknown(f"{self.name} sends {reading.kind.value} without end")

    def _leaves(self, reading: _Reading) -> bool:
        """From now on nobody joins it; whether that is news."""
        if self._waiting.get(reading.key) is not reading:
            return False
        del self._waiting[reading.key]
        return True

    def _never_read(self, reading: _Reading, text: str, reason: RefusalReason | None = None) -> None:
        self._leaves(reading)
        self._sink(
            ReadFailed(
                venue=self.name,
                market=reading.market,
                kind=reading.kind,
                text=text,
                t_ns=self._clock.now_ns(),
                native=reading.native,
                reason=reason,
            )
        )

    def _read_call(self, kind: ReadKind, market: Market, native: str, since_ms: int | None) -> _Make | None:
        """What makes the signed call; None where this venue has nothing of the kind that it could tell."""
        private, about = self._private, (self._env, self._keys)
        listed, since = self._instruments(market), since_ms if since_ms is not None else self.stamp_ms() - _DAY_MS
        match kind:
            case ReadKind.OPEN_ORDERS:
                return partial(private.open_orders, *about, market, listed)
            case ReadKind.POSITIONS:
                return partial(private.positions, *about, listed)
            case ReadKind.BALANCES:
                return partial(private.balances, *about, market)
            case ReadKind.FUNDING:
                return partial(private.funding_paid, *about, listed, since)
            case ReadKind.MODE:
                return partial(private.mode, *about, market)
        if native not in listed:
            raise LookupError(f"{self.name} does not list {native or 'an instrument without a name'}")
        instrument = listed[native]
        match kind:
            case ReadKind.FILLS:
                return partial(private.fills, *about, instrument, since)
            case ReadKind.HISTORY:
                call = private.history(*about, instrument, since, self.stamp_ms())
                return None if call is None else partial(_history, private, about, instrument, since)
            case ReadKind.FEES:
                return partial(private.fee_rates, *about, instrument)
            case ReadKind.LEVERAGE:
                return partial(private.leverage, *about, instrument)

    # ---- tasks

    async def _sent(self, call: PrivateCall) -> _Asked:
        """By one way, once, whatever comes of it."""
        answer = None
        for ask in self._sockets:
            if (answer := await ask(call.request)) is not None:
                break
        if answer is None:
            answer = await self._rest.carry(call.request)
        self._answered_s = asyncio.get_running_loop().time()
        return call, answer

    async def _afforded(self, make: _Make) -> _Asked:
        """Made and signed at the moment when the budget allows it: a stamp that waited would be refused."""
        while True:
            call = make(self.stamp_ms())
            wait_s = self._rest.wait_s(call.request)
            if not wait_s:
                return await self._sent(call)
            await asyncio.sleep(wait_s)

    async def _asked(self, make: _Make, reading: _Reading | None = None, *, joining: bool = False) -> _Asked:
        """The same for a question, of which only so many go out at once. What waits for the budget holds no place."""
        leave = _LEFT_FOR_ORDERS if reading is not None and reading.kind in _CAN_WAIT else 0.0
        while True:
            await self._turn()
            try:
                call = make(self.stamp_ms())
                wait_s = self._rest.wait_s(call.request, leave)
                if not wait_s:
                    if joining and reading is not None and self._leaves(reading):
                        reading.asked_ns = self._clock.now_ns()
                    return await self._sent(call)
            finally:
                self._questions.release()
            await asyncio.sleep(wait_s)

    async def _searched(self, make: _Make) -> _Asked:
        """The last answer about one order: where a venue keeps ended orders elsewhere, that is asked as well."""
        for _ in range(PAGES):
            call, answer = await self._asked(make)
            elsewhere = _page_after(call, answer, self.stamp_ms())
            if elsewhere is None:
                return call, answer
            make = elsewhere
        raise OutcomeUnknown(f"{self.name} has no end of places to look for an order")

    async def _turn(self) -> None:
        """Wait for a place among the questions under way. However many wait, each has its turn while answers come."""
        taken = asyncio.ensure_future(self._questions.acquire())
        loop, patience_s = asyncio.get_running_loop(), self._rest.timeout_s
        began_s = loop.time()
        try:
            while not (await asyncio.wait([taken], timeout=patience_s))[0]:
                if loop.time() - max(self._answered_s, began_s) >= patience_s:
                    raise TransportBroken(f"{self.name} answers too slowly: it could not be asked")
        except BaseException:
            if not taken.cancel() and not taken.cancelled():
                self._questions.release()
            raise

    def _tell(self, events: Sequence[AccountEvent]) -> None:
        for event in events:
            if isinstance(event, Rejected | CancelRefused):
                self._look_at_the_clock(event.reason)
            self._sink(event)

    def _look_at_the_clock(self, reason: RefusalReason | None) -> None:
        if reason is RefusalReason.CLOCK_SKEW:
            self._clock_refused()

    def _start(self, work: Coroutine[None, None, None], failed: Callable[[str], None]) -> None:
        """Begin a request; whatever ends its task, what it was about is told."""
        if self._closed:
            work.close()
            failed(f"the account on {self.name} is closed; nothing was asked")
            return
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, failed))

    def _ended(self, failed: Callable[[str], None], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            failed("given up while it was under way")
        elif (bug := task.exception()) is not None:
            log.error("%s: a request failed inside", self.name, exc_info=bug)
            failed(f"internal error ({type(bug).__name__}), see the log")


def _page_after(call: PrivateCall, answer: Answer, stamp_ms: int) -> _Make | None:
    ask_on = call.next_page
    if ask_on is None or ask_on(answer.status, answer.body, stamp_ms) is None:
        return None

    def make(stamp_ms: int) -> PrivateCall:
        page = ask_on(answer.status, answer.body, stamp_ms)
        assert page is not None
        return page

    return make


def _history(
    private: PrivateVenue, about: tuple[Environment, Keys], instrument: Instrument, since_ms: int, stamp_ms: int
) -> PrivateCall:
    call = private.history(*about, instrument, since_ms, stamp_ms)
    assert call is not None
    return call
