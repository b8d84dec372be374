"""An account on the wire: each request goes out once, and what became of it is always told, never guessed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec
import pytest
from aiohttp import web

from arbtui.core.clock import NS_PER_S, ManualClock
from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import (
    Accepted,
    AccountEvent,
    CancelRefused,
    CancelTaken,
    Fill,
    OrderAbsent,
    OrderKind,
    OrderReport,
    ReadDone,
    ReadFailed,
    ReadKind,
    Rejected,
    Unanswered,
)
from arbtui.execution.ports import CountsOrders, Executor
from arbtui.net import account as accounts
from arbtui.net.account import PAGES, Account
from arbtui.net.budget import Budgets
from arbtui.net.gateway import NetworkSettings
from arbtui.net.rest import Rest
from arbtui.venues.base import Environment
from arbtui.venues.private import Keys
from tests.net.toy import until
from tests.net.toy_private import HOST, A, ToyPrivate, ToyServer, order, said, serving

SECRET = "do-not-tell-anybody"


class Toy:
    def __init__(
        self,
        account: Account,
        server: ToyServer,
        told: list[AccountEvent],
        clock: ManualClock,
        doubted: list[bool],
    ) -> None:
        """``doubted``: once for each time that the venue found our time stamp off."""
        self.account, self.server, self.told, self.clock, self.doubted = account, server, told, clock, doubted

    async def after(self, act: Callable[[Account], None]) -> list[AccountEvent]:
        act(self.account)
        await self.account.settled()
        told, self.told[:] = list(self.told), []
        return told


@asynccontextmanager
async def toy(gateway: str = "", timeout_s: float = 5.0, offset_ms: float | None = 250.0) -> AsyncIterator[Toy]:
    async with serving() as (server, address):
        doubted: list[bool] = []
        private, clock, told = ToyPrivate(), ManualClock(1_700_000_000 * NS_PER_S), list[AccountEvent]()
        network = NetworkSettings(gateway=gateway or address)
        budgets = Budgets(private.trade_limits)
        async with Rest(network, budgets, clock, recorder=None, rng=random.Random(1), timeout_s=timeout_s) as rest:
            account = Account(
                private,
                Environment.PROD,
                Keys({"api_key": SECRET}),
                instruments=lambda market: {"A": A} if market is Market.PERP else {},
                rest=rest,
                clock=clock,
                offset_ms=lambda: offset_ms,
                sink=told.append,
                clock_refused=lambda: doubted.append(True),
            )
            yield Toy(account, server, told, clock, doubted)
            await account.close()


def test_it_is_an_executor() -> None:
    def as_port(account: Account) -> Executor:
        return account  # the type checker is the judge

    assert callable(as_port)


async def test_a_taken_order_is_accepted_and_stamped_with_the_venues_clock() -> None:
    async with toy() as t:
        (told,) = await t.after(lambda account: account.place(order()))
        assert isinstance(told, Accepted)
        assert t.server.bodies == [("order", {"id": "h1a0", "stamp": 1_700_000_000_250, "secret": SECRET})]


async def test_a_refused_order_is_rejected_with_the_venues_reason() -> None:
    async with toy() as t:
        t.server.answer = lambda path, body: said(status=400, no="insufficient")
        (told,) = await t.after(lambda account: account.place(order()))
        assert isinstance(told, Rejected)
        assert told.reason is RefusalReason.INSUFFICIENT


def cut_line(path: str, body: dict[str, Any]) -> web.StreamResponse:
    raise asyncio.CancelledError  # aiohttp drops the connection without an answer


async def no_answer(path: str, body: dict[str, Any]) -> web.StreamResponse:
    await asyncio.sleep(60)
    return said(ok=1)


@pytest.mark.parametrize(
    "answer",
    [
        cut_line,
        no_answer,
        lambda path, body: said(status=500, ok=1),
        lambda path, body: said(maybe=1),
        lambda path, body: web.Response(text="<html>502 Bad Gateway</html>", status=502),
        lambda path, body: web.Response(text='{"ok": '),
        lambda path, body: web.Response(text=""),
    ],
    ids=["cut line", "no answer", "500", "the venue does not know", "html", "half a body", "nothing"],
)
@pytest.mark.parametrize("verb", ["place", "cancel", "query"])
async def test_what_leaves_the_outcome_open_is_unanswered_and_sent_once(answer: Any, verb: str) -> None:
    async with toy(timeout_s=1.0) as t:
        t.server.answer = answer
        (told,) = await t.after(lambda account: getattr(account, verb)(order()))
        assert isinstance(told, Unanswered)
        assert (told.client_id, told.verb) == ("h1a0", verb)
        assert sum(t.server.asked.values()) == 1
        assert SECRET not in repr(told)


async def test_an_answer_that_does_not_speak_of_the_order_settles_nothing() -> None:
    async with toy() as t:
        t.server.answer = lambda path, body: said(other=1)
        (told,) = await t.after(lambda account: account.place(order()))
        assert isinstance(told, Unanswered)


async def test_what_never_left_the_machine_is_rejected_as_not_sent() -> None:
    async with toy(gateway="http://127.0.0.1:9") as t:
        (told,) = await t.after(lambda account: account.place(order()))
        assert isinstance(told, Rejected)
        assert told.reason is RefusalReason.NOT_SENT
        (told,) = await t.after(lambda account: account.cancel(order()))
        assert isinstance(told, Unanswered)  # the order may live: nothing is known of the cancel


async def test_an_order_that_the_codec_cannot_make_is_not_sent() -> None:
    async with toy() as t:
        at_market = msgspec.structs.replace(order(), kind=OrderKind.MARKET, price=None)
        (told,) = await t.after(lambda account: account.place(at_market))
        assert isinstance(told, Rejected)
        assert told.reason is RefusalReason.BAD_REQUEST
        (told,) = await t.after(lambda account: account.place(order(native="GONE")))
        assert isinstance(told, Rejected)
        assert told.reason is RefusalReason.NOT_SENT
        assert not t.server.asked


async def test_it_is_known_before_whether_there_is_room_for_all_of_some_orders() -> None:
    async with toy() as t:
        assert isinstance(t.account, CountsOrders)
        two = [order("h1a0"), order("h2a0")]
        assert t.account.order_wait_s(two) == 0
        assert t.server.asked["order"] == 0
        assert t.account.order_wait_s(two) == 0  # nothing was set aside
        for again in (order("h1a1"), order("h2a1")):
            await t.after(partial(Account.place, order=again))
        assert t.account.order_wait_s(two[:1]) == 0
        assert t.account.order_wait_s(two) == pytest.approx(60.0)
        t.clock.advance_to(t.clock.now_ns() + 60 * NS_PER_S)
        assert t.account.order_wait_s(two) == 0


async def test_orders_beyond_the_limit_are_refused_here_and_never_wait() -> None:
    async with toy() as t:

        def four(account: Account) -> None:
            for n in range(4):
                account.place(order(f"h{n}a0"))

        told = await t.after(four)
        refused = [event for event in told if isinstance(event, Rejected)]
        assert len(told) == 4
        assert [event.reason for event in refused] == [RefusalReason.RATE_LIMITED]
        assert refused[0].retry_after_s == pytest.approx(60.0)
        assert t.server.asked["order"] == 3
        (again,) = await t.after(lambda account: account.cancel(order()))  # cancels have a budget of their own
        assert isinstance(again, CancelTaken)


async def test_a_cancel_that_comes_too_late_is_told_as_refused() -> None:
    async with toy() as t:
        t.server.answer = lambda path, body: said(status=400, no="unknown_order")
        (told,) = await t.after(lambda account: account.cancel(order()))
        assert isinstance(told, CancelRefused)


async def test_a_query_is_asked_on_where_the_venue_keeps_ended_orders_elsewhere() -> None:
    async with toy() as t:
        t.server.answer = lambda path, body: said(elsewhere=1) if path == "query" else said(no="unknown_order")
        (told,) = await t.after(lambda account: account.query(order()))
        assert isinstance(told, OrderAbsent)
        assert t.server.asked == {"query": 1, "ended": 1}
        t.server.answer = lambda path, body: said(elsewhere=1) if path == "query" else said(maybe=1)
        (told,) = await t.after(lambda account: account.query(order()))
        assert isinstance(told, Unanswered)


async def test_a_query_tells_absence_or_the_order_with_its_fills() -> None:
    async with toy() as t:
        t.server.answer = lambda path, body: said(no="unknown_order")
        (told,) = await t.after(lambda account: account.query(order()))
        assert isinstance(told, OrderAbsent)
        t.server.answer = lambda path, body: said(ok=1) if path == "query" else said(ok=["f1", "f2"])
        told_all = await t.after(lambda account: account.query(order()))
        assert [type(event) for event in told_all] == [OrderReport, Fill, Fill, ReadDone]
        t.server.answer = lambda path, body: said(ok=0)
        told_all = await t.after(lambda account: account.query(order()))
        assert [type(event) for event in told_all] == [OrderReport]  # nothing filled: no list to ask for


async def test_a_read_tells_every_page_and_then_that_it_is_complete() -> None:
    async with toy() as t:
        pages = iter([said(ok=["f1"], next=True), said(ok=["f2"], next=True), said(ok=[])])
        t.server.answer = lambda path, body: next(pages)
        told = await t.after(lambda account: account.read(ReadKind.FILLS, Market.PERP, "A", since_ms=5))
        assert [type(event) for event in told] == [Fill, Fill, ReadDone]
        assert told[-1] == ReadDone(
            venue="toy",
            market=Market.PERP,
            kind=ReadKind.FILLS,
            asked_ns=t.clock.now_ns(),
            t_ns=t.clock.now_ns(),
            native="A",
            since_ms=5,
        )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda path, body: said(status=500), None),
        (cut_line, None),
        (lambda path, body: said(status=403, no="not_authorised"), RefusalReason.NOT_AUTHORISED),
    ],
)
async def test_a_read_that_fails_says_so_and_is_not_complete(answer: Any, reason: RefusalReason | None) -> None:
    async with toy() as t:
        t.server.answer = answer
        (told,) = await t.after(lambda account: account.read(ReadKind.POSITIONS, Market.PERP))
        assert isinstance(told, ReadFailed)
        assert told.reason is reason


async def test_a_page_that_breaks_makes_the_whole_read_fail() -> None:
    async with toy() as t:
        pages = iter([said(ok=["f1"], next=True), said(status=500)])
        t.server.answer = lambda path, body: next(pages)
        told = await t.after(lambda account: account.read(ReadKind.OPEN_ORDERS, Market.PERP))
        assert [type(event) for event in told] == [Fill, ReadFailed]


async def test_pages_without_end_are_a_failure() -> None:
    async with toy() as t:
        t.server.answer = lambda path, body: said(ok=[], next=True)
        (told,) = await t.after(lambda account: account.read(ReadKind.OPEN_ORDERS, Market.PERP))
        assert isinstance(told, ReadFailed)
        assert sum(t.server.asked.values()) == PAGES


async def test_a_read_about_what_is_not_listed_fails() -> None:
    async with toy() as t:
        (told,) = await t.after(lambda account: account.read(ReadKind.LEVERAGE, Market.PERP, "GONE"))
        assert isinstance(told, ReadFailed)


async def test_closing_leaves_what_is_under_way_in_doubt_and_says_so() -> None:
    async with toy() as t:
        t.server.answer = no_answer
        t.account.place(order())
        await asyncio.wait_for(t.server.first.wait(), 5)
        await t.account.close()
        (told,) = t.told
        assert isinstance(told, Unanswered)


async def deaf(times: int) -> None:
    """Swallows so many cancellations."""
    while times:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            times -= 1
    await asyncio.sleep(3600)


@pytest.mark.parametrize(("times", "ends"), [(3, True), (60, False)])
async def test_closing_ends_although_a_request_heeds_no_cancellation(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, times: int, ends: bool
) -> None:
    monkeypatch.setattr(accounts, "CLOSE_AGAIN_S", 0.01)
    async with toy() as t:
        t.account._start(deaf(times), lambda text: None)
        await asyncio.sleep(0)
        await t.account.close()
        assert (t.account.busy == 0) is ends
        assert ("left behind" in caplog.text) is not ends
        for _ in range(8):  # so that none outlives this test
            await t.account.close()
        assert t.account.busy == 0


@pytest.mark.parametrize(
    "ask",
    [
        lambda account: account.place(order()),
        lambda account: account.cancel(order()),
        lambda account: account.read(ReadKind.BALANCES, Market.PERP),
    ],
)
async def test_a_stamp_that_the_venue_finds_off_has_the_clocks_compared(ask: Callable[[Account], None]) -> None:
    async with toy() as t:
        t.server.answer = lambda path, body: said(status=400, no="insufficient")
        await t.after(ask)
        assert not t.doubted
        t.server.answer = lambda path, body: said(status=400, no="clock_skew")
        await t.after(ask)
        assert t.doubted


async def test_what_is_asked_after_the_end_does_not_leave_this_machine_and_is_told() -> None:
    async with toy() as t:
        await t.account.close()
        told = await t.after(lambda account: account.place(order()))
        told += await t.after(lambda account: account.cancel(order()))
        told += await t.after(lambda account: account.read(ReadKind.BALANCES, Market.PERP))
        assert [type(event) for event in told] == [Rejected, Unanswered, ReadFailed]
        assert isinstance(told[0], Rejected)
        assert told[0].reason is RefusalReason.NOT_SENT
        assert not t.server.asked


async def test_a_bug_in_a_codec_is_an_order_in_doubt_not_an_order_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    async with toy() as t:
        t.server.answer = lambda path, body: said(no="no such reason")
        (told,) = await t.after(lambda account: account.place(order()))
        assert isinstance(told, Unanswered)
        assert "ValueError" in told.text
        assert SECRET not in caplog.text


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_neither_with_an_order_nor_with_the_keys(status: int) -> None:
    async with toy() as t:
        here = f"/{HOST}/order?signature={SECRET}"
        t.server.answer = lambda path, body: web.Response(status=status, headers={"Location": here})
        (told,) = await t.after(lambda account: account.place(order()))
        assert isinstance(told, Unanswered)
        assert sum(t.server.asked.values()) == 1
        assert SECRET not in repr(told)


async def test_an_order_waits_for_no_connection_behind_questions() -> None:
    async with toy(timeout_s=0.5) as t:
        t.server.answer = lambda path, body: said(ok=1) if path == "order" else no_answer(path, body)
        for n in range(40):
            t.account.query(order(f"h{n}a1"))
        await asyncio.sleep(0.05)
        t.account.place(order())
        await asyncio.sleep(0.2)
        assert [type(event) for event in t.told] == [Accepted]


async def test_questions_that_wait_are_asked_once_for_all_who_ask_them() -> None:
    async with toy() as t:
        t.server.answer = lambda path, body: said(ok=[])
        for since_ms in (5_000, 3_000, 4_000):
            t.account.read(ReadKind.FILLS, Market.PERP, "A", since_ms)
            t.account.read(ReadKind.OPEN_ORDERS, Market.PERP, "A")
            t.account.read(ReadKind.OPEN_ORDERS, Market.PERP, "B")
        await t.account.settled()
        assert (t.server.asked["fills"], t.server.asked["open"]) == (1, 1)
        done = {event.kind: event for event in t.told if isinstance(event, ReadDone)}
        assert len(t.told) == len(done) == 2
        assert (done[ReadKind.FILLS].native, done[ReadKind.FILLS].since_ms) == ("A", 3_000)
        assert done[ReadKind.OPEN_ORDERS].native == ""  # it speaks of the whole market, to whoever asked


async def test_nobody_joins_a_question_that_has_left() -> None:
    async with toy() as t:
        t.server.answer = lambda path, body: said(ok=[])
        t.account.read(ReadKind.OPEN_ORDERS, Market.PERP)
        await until(lambda: t.server.asked["open"] == 1)
        t.account.read(ReadKind.OPEN_ORDERS, Market.PERP)
        await t.account.settled()
        assert t.server.asked["open"] == 2
        assert sum(isinstance(event, ReadDone) for event in t.told) == 2


async def test_a_question_that_fails_is_told_and_may_be_asked_again() -> None:
    async with toy() as t:
        t.server.answer = lambda path, body: said(status=500)
        (failed,) = await t.after(lambda account: account.read(ReadKind.FILLS, Market.PERP, "GONE", 1))
        assert isinstance(failed, ReadFailed)
        t.server.answer = lambda path, body: said(ok=[])
        (done,) = await t.after(lambda account: account.read(ReadKind.FILLS, Market.PERP, "A", 1))
        assert isinstance(done, ReadDone)


async def test_whoever_hears_that_a_question_failed_may_ask_it_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with toy() as t:
        t.server.answer = lambda path, body: said(ok=[])

        def hears(event: AccountEvent) -> None:
            t.told.append(event)
            if isinstance(event, ReadFailed) and len(t.told) < 3:
                t.account.read(ReadKind.FILLS, Market.PERP, "GONE", 1)

        monkeypatch.setattr(t.account, "_sink", hears)
        told = await t.after(lambda account: account.read(ReadKind.FILLS, Market.PERP, "GONE", 1))
        assert [type(event) for event in told] == [ReadFailed] * 3


async def test_of_many_questions_none_is_given_up_while_answers_come() -> None:
    async with toy(timeout_s=1.2) as t:

        async def slow() -> web.Response:
            await asyncio.sleep(0.1)
            return said(ok=[])

        t.server.answer = lambda path, body: slow()
        for since_ms in range(80):
            t.account.read(ReadKind.FILLS, Market.PERP, "A", since_ms)
            await asyncio.sleep(0)  # on its way, so that nobody joins it
            t.account.query(order(f"h{since_ms}a1"))
        await t.account.settled()
        assert not [event for event in t.told if isinstance(event, ReadFailed)]
        assert not [event for event in t.told if isinstance(event, Unanswered) and "too slowly" in event.text]
