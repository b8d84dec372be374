"""The codec over real sockets: signatures on the bytes that arrived, pages to their end, refusals with HTTP 400."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from urllib.parse import unquote

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
from tests.venues.bitget.samples import (
    KEY,
    KEYS,
    LISTED,
    OURS,
    PASSPHRASE,
    PRIVATE,
    SECRET,
    acked,
    fill_row,
    key_info,
    order,
    order_row,
    position_row,
    push,
    pushed_fill,
    refused,
    rows,
    said,
    settings,
    unfilled,
)
from tests.venues.bitget.test_private_stream import LOGGED_IN
from tests.venues.private_wire import Answer, Asked, Dialect, wired


def proof(text: str) -> str:
    return base64.b64encode(hmac.new(SECRET.encode(), text.encode(), "sha256").digest()).decode()


def refusal(asked: Asked) -> bytes | None:
    query = f"?{unquote(asked.query)}" if asked.query else ""
    text = f"{asked.head['ACCESS-TIMESTAMP']}{asked.method}{asked.path}{query}{asked.body}"
    known = asked.head["ACCESS-KEY"] == KEY and asked.head["ACCESS-PASSPHRASE"] == PASSPHRASE
    return None if known and asked.head["ACCESS-SIGN"] == proof(text) else refused("40009", "sign signature error")


def replies(frame: str) -> Iterator[str]:
    if frame == "ping":
        yield "pong"
        return
    told = json.loads(frame)
    if told["op"] == "login":
        (given,) = told["args"]
        taken = given["sign"] == proof(given["timestamp"] + "GET/user/verify") and given["apiKey"] == KEY
        yield LOGGED_IN.decode() if taken else '{"event":"error","code":30005,"msg":"login failed"}'
    elif told["op"] == "subscribe":
        for arg in told["args"]:
            yield json.dumps({"event": "subscribe", "arg": arg, "connId": "c-1"})


DIALECT = Dialect(
    PRIVATE, KEYS, LISTED, "api.bitget.com", "/api/v3/", refusal,
    status=lambda answer: 200 if b'"code":"00000"' in answer else 400,
    replies=replies,
)  # fmt: skip


async def test_an_order_is_signed_as_it_arrives_and_a_refusal_with_http_400_is_one() -> None:
    async with wired(DIALECT, {"trade/place-order": acked()}) as w:
        (taken,) = await w.after(lambda account: account.place(order()))
        assert isinstance(taken, Accepted)
        w.server.answers["trade/place-order"] = refused("25202", "Insufficient balance")
        (no,) = await w.after(lambda account: account.place(order(client_id="arb0002A")))
        assert isinstance(no, Rejected)


async def test_pages_and_categories_are_read_to_their_end() -> None:
    def page(query: str) -> bytes:
        if "USDC" in query:
            return rows()
        if "cursor=77" in query:
            return rows(unfilled(orderId="2"), cursor="78")
        return rows(cursor="78") if "cursor=78" in query else rows(unfilled(), cursor="77")

    async with wired(DIALECT, {"trade/unfilled-orders": page}) as w:
        events = await w.read(ReadKind.OPEN_ORDERS)
        assert len([event for event in events if isinstance(event, OrderReport)]) == 2
        assert len(w.server.asked) == 4


async def test_an_order_that_has_filled_is_found_with_its_fills() -> None:
    def fills(query: str) -> bytes:
        return rows() if "cursor" in query else rows(fill_row(symbol="ETHUSDT"), fill_row(), cursor="77")

    async with wired(DIALECT, {"trade/order-info": said(order_row()), "trade/fills": fills}) as w:
        told = await w.after(lambda account: account.query(order()))
        assert [type(event) for event in told] == [OrderReport, Fill, ReadDone]


async def test_only_the_venues_word_makes_an_order_absent() -> None:
    async with wired(DIALECT, {"trade/order-info": refused("25204", "Order does not exist")}) as w:
        (told,) = await w.after(lambda account: account.query(order()))
        assert isinstance(told, OrderAbsent)
        w.server.answers["trade/order-info"] = refused("40725", "service return an error")
        (told,) = await w.after(lambda account: account.query(order()))
        assert isinstance(told, Unanswered)


async def test_mode_leverage_and_positions_are_read() -> None:
    answers: dict[str, Answer] = {
        "account/settings": said(settings()),
        "account/info": said(key_info()),
        "position/current-position": lambda query: rows(position_row()) if "USDT" in query else rows(),
    }
    async with wired(DIALECT, answers) as w:
        (mode,) = await w.read(ReadKind.MODE)
        assert isinstance(mode, AccountMode)
        assert (mode.can_trade, mode.position_mode) == (True, "one_way")
        (lever,) = await w.read(ReadKind.LEVERAGE)
        assert isinstance(lever, LeverageRead)
        (held,) = await w.read(ReadKind.POSITIONS)
        assert isinstance(held, Position)


async def test_a_classic_account_is_recognised_by_its_answer() -> None:
    async with wired(DIALECT, {"account/settings": refused("40084", "You are in Classic Account mode")}) as w:
        (mode,) = await w.read(ReadKind.MODE)
        assert isinstance(mode, AccountMode)
        assert mode.can_trade is False
        assert "classic account" in mode.text


async def test_the_socket_logs_in_subscribes_and_tells_what_happens() -> None:
    async with wired(DIALECT) as w:
        fill = await w.hear_a_fill(push("fill", pushed_fill()))
        assert (fill.client_id, fill.fee_ccy) == (OURS, "USDT")
