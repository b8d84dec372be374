"""Orders over sockets: by one way, once; what may have left and was not answered is in doubt, as after REST."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from arbtui.core.clock import NS_PER_MS, NS_PER_S
from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason
from arbtui.core.orders import Accepted, AccountEvent, CancelRefused, CancelTaken, Rejected, Unanswered
from arbtui.venues.base import Environment
from arbtui.venues.private import TradeAnswer, TradeAsk, TradesOverSocket
from tests.venues.binance.trades import BINANCE, answered
from tests.venues.bybit.trades import BYBIT
from tests.venues.fuzzing import fuzz
from tests.venues.hostile import STAMP_MS, T_NS
from tests.venues.hyperliquid.trades import HYPERLIQUID
from tests.venues.okx.trades import OKX
from tests.venues.trade_sockets import Frame, Line, Reply, Trades, line

PROD = Environment.PROD
ALL = [BINANCE, OKX, BYBIT, HYPERLIQUID]
each = pytest.mark.parametrize("trades", ALL, ids=lambda trades: trades.name)
with_login = pytest.mark.parametrize("trades", [t for t in ALL if t.no_login], ids=lambda trades: trades.name)


@asynccontextmanager
async def placing(trades: Trades, answer: Reply) -> AsyncIterator[Line]:
    """An order is on its way over the socket, and is answered so."""
    async with line(trades, answer) as one:
        await one.up()
        one.wired.account.place(trades.order())
        yield one


@asynccontextmanager
async def unanswered(trades: Trades) -> AsyncIterator[Line]:
    """An order has arrived, and nothing is said to it."""
    async with placing(trades, lambda frame: None) as one:
        await one.until(lambda: bool(one.far.orders))
        yield one


async def placed(one: Line, trades: Trades, **changes: Any) -> AccountEvent:
    """The first word about an order."""
    told, *_ = await one.after(lambda account: account.place(trades.order(**changes)))
    return told


async def in_doubt(one: Line, trades: Trades) -> None:
    """The order that is under way is told as in doubt, and went one way, once."""
    await one.wired.account.settled()
    (told,) = one.wired.told
    assert isinstance(told, Unanswered)
    assert (told.verb, told.client_id) == ("place", trades.order().client_id)
    assert len(one.far.orders) == 1
    assert one.by_rest == []


async def a_yes_on_the_first(one: Line, trades: Trades) -> None:
    """The order that is under way is answered on the socket that it left by, and that counts."""
    said = trades.yes(one.far.orders[0])
    assert isinstance(said, dict)
    await one.wired.server.sockets[0].send_json(said)
    await one.wired.account.settled()
    told, *_ = one.wired.told
    assert isinstance(told, Accepted)


@each
async def test_an_order_goes_over_the_socket_and_nowhere_else(trades: Trades) -> None:
    async with line(trades) as one:
        await one.up()
        told = await placed(one, trades)
        assert isinstance(told, Accepted)
        assert len(one.far.orders) == 1
        assert one.by_rest == []


@each
async def test_no_request_bears_an_id_that_an_earlier_run_has_used(trades: Trades) -> None:
    async with line(trades) as one:
        await one.up()
        for client_id in ("one", "two"):
            await placed(one, trades, client_id=client_id)
        ids = [int(frame.get("reqId") or frame["id"]) for frame in one.far.orders]
    assert STAMP_MS < ids[0] < ids[1]


@each
async def test_a_cancel_goes_over_it_too_and_a_question_by_rest(trades: Trades) -> None:
    async with line(trades) as one:
        await one.up()
        (told, *_) = await one.after(lambda account: account.cancel(trades.order()))
        assert isinstance(told, CancelTaken | CancelRefused)
        assert len(one.far.orders) == 1
        assert one.by_rest == []
        await one.after(lambda account: account.query(trades.order()))
        assert len(one.far.orders) == 1
        assert one.by_rest != []


@each
async def test_while_it_is_down_orders_go_by_rest(trades: Trades) -> None:
    async with line(trades) as one:
        told = await placed(one, trades)  # it is not open yet
        assert isinstance(told, Accepted)
        assert one.far.orders == []
        assert len(one.by_rest) == 1


@with_login
async def test_a_refused_login_is_said_and_orders_go_by_rest(trades: Trades) -> None:
    async with line(trades, logins=False) as one:
        await one.until(lambda: bool(one.said))
        told = await placed(one, trades)
        assert isinstance(told, Accepted)
        assert one.far.orders == []
        assert "REST" in one.said[0]


@each
async def test_a_socket_that_was_not_heard_of_late_gets_no_order(trades: Trades) -> None:
    async with line(trades) as one:
        await one.up()
        one.clock.advance_to(one.clock.now_ns() + 9 * NS_PER_S)  # a ping is unanswered, it is not given up
        assert not one.keeper.takes
        told = await placed(one, trades)
        assert isinstance(told, Accepted)
        assert one.far.orders == []
        assert len(one.by_rest) == 1


@each
async def test_a_line_cut_between_order_and_answer_leaves_it_in_doubt(trades: Trades) -> None:
    async with unanswered(trades) as one:
        one.cut()
        await in_doubt(one, trades)


@each
async def test_an_answer_that_does_not_come_leaves_it_in_doubt_and_comes_too_late(trades: Trades) -> None:
    async with line(trades, lambda frame: None) as one:
        await one.up()
        one.wired.around.rest.timeout_s = 0.1
        one.wired.account.place(trades.order())
        await in_doubt(one, trades)
        await one.told(trades.yes(one.far.orders[0]))
        await one.until(lambda: one.errors == ["unasked_answer"])
        assert len(one.wired.told) == 1


@each
async def test_an_answer_that_does_not_say_to_which_request_ends_the_socket(trades: Trades) -> None:
    async with placing(trades, trades.nameless) as one:
        await in_doubt(one, trades)
        assert "unknown_shape" in one.errors


@each
async def test_bytes_that_are_no_answer_leave_it_in_doubt_at_once(trades: Trades) -> None:
    async with placing(trades, lambda frame: '{"') as one:
        await in_doubt(one, trades)
        assert "not_json" in one.errors


@each
async def test_an_answer_that_leaves_it_open_is_in_doubt(trades: Trades) -> None:
    async with placing(trades, trades.open_outcome) as one:
        await in_doubt(one, trades)


@each
async def test_a_yes_to_another_order_is_no_yes(trades: Trades) -> None:
    async with placing(trades, trades.of_another) as one:
        await in_doubt(one, trades)


@each
async def test_an_account_that_is_closed_tells_what_was_under_way(trades: Trades) -> None:
    async with unanswered(trades) as one:
        await one.wired.account.close()
        await in_doubt(one, trades)


@each
async def test_an_answer_told_twice_is_heard_once(trades: Trades) -> None:
    async with line(trades) as one:
        await one.up()
        told = await placed(one, trades)
        await one.told(trades.yes(one.far.orders[0]))
        await one.until(lambda: one.errors == ["unasked_answer"])
        assert isinstance(told, Accepted)
        assert one.wired.told == []


@each
async def test_answers_find_their_requests_in_whatever_order_they_come(trades: Trades) -> None:
    first, second = trades.order(client_id="first1"), trades.order(client_id="second2")
    async with line(trades, lambda frame: None) as one:
        await one.up()
        one.wired.account.place(first)
        one.wired.account.place(second)
        await one.until(lambda: len(one.far.orders) == 2)
        await one.told(trades.no_rate(one.far.orders[1]))
        await one.told(trades.yes(one.far.orders[0]))
        await one.wired.account.settled()
        kinds = {told.client_id: type(told) for told in one.wired.told if isinstance(told, Accepted | Rejected)}
        assert kinds == {"first1": Accepted, "second2": Rejected}


@each
async def test_a_refusal_over_the_socket_is_a_refusal(trades: Trades) -> None:
    async with line(trades, trades.no_rate) as one:
        await one.up()
        told = await placed(one, trades)
        assert isinstance(told, Rejected)
        assert told.reason is RefusalReason.RATE_LIMITED


@each
async def test_orders_over_both_ways_are_counted_in_one_budget(trades: Trades) -> None:
    """The second half of the second's orders finds the socket down: REST has no budget of its own."""
    async with line(trades) as one:
        await one.up()
        for n in range(trades.allowed):
            one.wired.account.place(trades.order(client_id=f"a{n}"))
        await one.wired.account.settled()
        sent = len(one.far.orders)
        assert 0 < sent <= trades.allowed
        one.wired.account.use()
        one.wired.told.clear()
        one.wired.account.place(trades.order(client_id="more"))
        one.wired.account.place(trades.order(client_id="more2"))
        await one.wired.account.settled()
        refused = [told for told in one.wired.told if isinstance(told, Rejected)]
        assert refused, "the budget was spent over the socket"
        assert refused[0].reason is RefusalReason.RATE_LIMITED
        assert sent + len(one.by_rest) <= trades.allowed


@pytest.mark.parametrize("trades", [BINANCE, HYPERLIQUID], ids=lambda trades: trades.name)
async def test_who_is_turned_away_on_the_socket_asks_for_nothing_by_rest_either(trades: Trades) -> None:
    async with line(trades, trades.no_rate) as one:
        await one.up()
        await placed(one, trades)
        one.wired.account.use()
        told = await placed(one, trades, client_id="more")
        assert isinstance(told, Rejected)
        assert told.reason is RefusalReason.RATE_LIMITED
        assert one.by_rest == []


async def test_who_is_banned_on_binances_socket_asks_for_nothing_until_the_named_time() -> None:
    wait = {"serverTime": STAMP_MS, "retryAfter": STAMP_MS + 1_800_000}
    error = {"code": -1003, "msg": "Way too much request weight used; IP banned.", "data": wait}
    async with line(BINANCE, lambda frame: {"id": frame["id"], "status": 418, "error": error}) as one:
        await one.up()
        await placed(one, BINANCE)
        one.wired.account.use()
        one.clock.advance_to(one.clock.now_ns() + 1_700 * NS_PER_S)
        told = await placed(one, BINANCE, client_id="more")
        assert isinstance(told, Rejected)
        assert (told.reason, one.by_rest) == (RefusalReason.RATE_LIMITED, [])


async def test_what_another_program_used_up_by_binances_word_is_not_asked_for_again() -> None:
    used = {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300, "count": 300}
    async with line(BINANCE, lambda frame: {**answered(frame), "rateLimits": [used]}) as one:
        await one.up()
        told, *_ = await one.after(lambda account: account.place(BINANCE.order()))
        assert isinstance(told, Accepted)
        told, *_ = await one.after(lambda account: account.place(BINANCE.order(client_id="more")))
        assert isinstance(told, Rejected)
        assert (told.reason, len(one.far.orders), one.by_rest) == (RefusalReason.RATE_LIMITED, 1, [])


@with_login
async def test_a_login_that_does_not_count_any_more_is_made_anew(trades: Trades) -> None:
    gone = trades.login_gone
    assert gone is not None
    said = [gone, trades.yes]

    def answer(frame: Frame) -> Frame | str | None:
        return said.pop(0)(frame)

    async with line(trades, answer) as one:
        await one.up()
        told = await placed(one, trades)
        assert isinstance(told, Rejected)
        assert told.reason is RefusalReason.NOT_AUTHORISED
        await one.another_is_up()
        told = await placed(one, trades, client_id="again")
        assert isinstance(told, Accepted)
        assert one.by_rest == []


@each
async def test_what_is_under_way_at_a_planned_change_is_answered_on_the_socket_it_left_by(trades: Trades) -> None:
    async with unanswered(trades) as one:
        talk = one.keeper._talk
        assert talk is not None
        talk._due.set()
        await one.another_is_up()
        await a_yes_on_the_first(one, trades)
        await one.until(talk.work.done)


@with_login
async def test_what_is_under_way_is_answered_though_the_socket_that_was_to_take_over_is_refused(trades: Trades) -> None:
    async with unanswered(trades) as one:
        talk = one.keeper._talk
        assert talk is not None
        one.far.logins = False
        talk._due.set()

        def refused() -> bool:
            one.clock.advance_to(one.clock.now_ns() + 50 * NS_PER_MS)
            return len(one.wired.server.sockets) == 2 and one.wired.server.sockets[1].closed

        await one.until(refused)
        await a_yes_on_the_first(one, trades)
        await one.until(talk.work.done)


@each
def test_whatever_is_done_to_an_answer_it_is_read_or_broken_and_never_the_yes_to_another_order(trades: Trades) -> None:
    order, private, keys = trades.order(), trades.dialect.private, trades.dialect.keys
    assert isinstance(private, TradesOverSocket)
    (socket, *_) = private.trade_sockets(PROD)
    instrument = trades.dialect.listed[order.market][order.native]
    call = private.place(PROD, keys, instrument, order, STAMP_MS)
    frame = private.trade_frame(TradeAsk(socket, keys, call.request, "7", STAMP_MS, trades.dialect.listed))
    assert frame is not None
    asked, session = json.loads(frame), private.trade_session(socket, keys)

    def decode(body: bytes) -> Sequence[Any]:
        told: list[Any] = []
        for event in session.decode(body, T_NS):
            told += call.read(event.status, event.body, T_NS) if isinstance(event, TradeAnswer) else [event]
        assert all(event.client_id == order.client_id for event in told if isinstance(event, Accepted | Rejected))
        return told

    answers = {"yes": trades.yes, "no": trades.no_rate, "open": trades.open_outcome, "another": trades.of_another}
    seeds = {name: json.dumps(answer(asked)).encode() for name, answer in answers.items()}
    report = fuzz(decode, seeds, 2500, 5, allowed=(ProtocolBroken, OutcomeUnknown))
    assert "Accepted" in report.by_seed["yes"]
    assert report.by_seed["no"] == {"Rejected"}
    assert report.by_seed["open"] == report.by_seed["another"] == {"refused:OutcomeUnknown"}
