"""The codec over real sockets: signatures on the bytes that arrived, and pages to their end."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator

from arbtui.core.orders import (
    Accepted,
    AccountMode,
    Fill,
    LeverageRead,
    OrderAbsent,
    OrderReport,
    Position,
    ReadDone,
    ReadKind,
    Rejected,
    Unanswered,
)
from tests.venues.bybit.samples import (
    KEY,
    KEYS,
    LISTED,
    OURS,
    PRIVATE,
    SECRET,
    STAMP_MS,
    account_info,
    acked,
    execution_row,
    flat,
    key_info,
    order,
    order_row,
    position_row,
    refused,
    rows,
    said,
    unfilled,
)
from tests.venues.bybit.test_private_stream import LOGGED_IN, SUBSCRIBED, of
from tests.venues.private_wire import Asked, Dialect, wired


def proof(text: str) -> str:
    return hmac.new(SECRET.encode(), text.encode(), "sha256").hexdigest()


def refusal(asked: Asked) -> bytes | None:
    head = asked.head
    text = f"{head['X-BAPI-TIMESTAMP']}{KEY}{head['X-BAPI-RECV-WINDOW']}{asked.query or asked.body}"
    if head["X-BAPI-API-KEY"] == KEY and head["X-BAPI-SIGN"] == proof(text):
        return None
    return refused(10004, f"error sign! origin_string[{text}]")


def replies(frame: str) -> Iterator[str]:
    told = json.loads(frame)
    if told["op"] == "auth":
        key, expires, sign = told["args"]
        taken = key == KEY and sign == proof(f"GET/realtime{expires}") and expires > STAMP_MS
        yield (LOGGED_IN if taken else b'{"success":false,"op":"auth"}').decode()
    elif told["op"] == "subscribe":
        yield SUBSCRIBED.decode()


DIALECT = Dialect(PRIVATE, KEYS, LISTED, "api.bybit.com", "/v5/", refusal, status=lambda answer: 200, replies=replies)


async def test_an_order_is_signed_as_it_arrives() -> None:
    async with wired(DIALECT, {"order/create": acked()}) as w:
        (taken,) = await w.after(lambda account: account.place(order()))
        assert isinstance(taken, Accepted)


async def test_an_order_refused_for_its_signature_tells_no_key() -> None:
    async with wired(DIALECT, {"order/create": refused(10004, f"error sign! origin_string[{KEY}]")}) as w:
        (no,) = await w.after(lambda account: account.place(order()))
        assert isinstance(no, Rejected)
        assert KEY not in no.text


async def test_a_page_is_asked_for_with_the_cursor_as_it_came_and_signed_so() -> None:
    cursor = "132766%3A2%2C132766%3A2%26page%3D2"

    def page(query: str) -> bytes:
        if "settleCoin=USDC" in query:
            return rows()
        return rows(unfilled(orderId="2")) if query.endswith(f"&cursor={cursor}") else rows(unfilled(), cursor=cursor)

    async with wired(DIALECT, {"order/realtime": page}) as w:
        events = await w.read(ReadKind.OPEN_ORDERS)
        assert len([event for event in events if isinstance(event, OrderReport)]) == 2
        assert len(w.server.asked) == 3


async def test_an_order_that_has_ended_is_found_in_the_history_with_its_fills() -> None:
    async with wired(
        DIALECT, {"order/realtime": rows(), "order/history": rows(order_row()), "execution/list": rows(execution_row())}
    ) as w:
        told = await w.after(lambda account: account.query(order()))
        assert [type(event) for event in told] == [OrderReport, Fill, ReadDone]


async def test_only_an_order_that_neither_place_knows_is_absent() -> None:
    async with wired(DIALECT, {"order/realtime": rows(), "order/history": rows()}) as w:
        (told,) = await w.after(lambda account: account.query(order()))
        assert isinstance(told, OrderAbsent)
        w.server.answers["order/history"] = refused(10016, "server error")
        (told,) = await w.after(lambda account: account.query(order()))
        assert isinstance(told, Unanswered)


async def test_mode_leverage_and_positions_are_read() -> None:
    def positions(query: str) -> bytes:
        return rows(flat()) if "symbol=" in query else rows(position_row()) if "USDT" in query else rows()

    async with wired(
        DIALECT, {"user/query-api": said(key_info()), "account/info": said(account_info()), "position/list": positions}
    ) as w:
        (mode,) = await w.read(ReadKind.MODE)
        assert isinstance(mode, AccountMode)
        assert (mode.can_trade, mode.position_mode) == (True, "one_way")
        (lever,) = await w.read(ReadKind.LEVERAGE)
        assert isinstance(lever, LeverageRead)
        (held,) = await w.read(ReadKind.POSITIONS)
        assert isinstance(held, Position)


async def test_the_socket_logs_in_subscribes_and_tells_what_happens() -> None:
    async with wired(DIALECT) as w:
        fill = await w.hear_a_fill(of("execution", execution_row()))
        assert (fill.client_id, fill.fee_ccy) == (OURS, "USDT")
