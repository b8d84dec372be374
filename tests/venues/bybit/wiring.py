"""How Bybit signs, refuses and greets, and what it answers in ``test_private_wired``."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator

from tests.venues.bybit.samples import (
    KEY,
    KEYS,
    LISTED,
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
from tests.venues.private_wire import Asked, Dialect, Wiring


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


CURSOR = "132766%3A2%2C132766%3A2%26page%3D2"  # it is asked with as it came, and signed so


def _open_orders(query: str) -> bytes:
    if "settleCoin=USDC" in query:
        return rows()
    return rows(unfilled(orderId="2")) if query.endswith(f"&cursor={CURSOR}") else rows(unfilled(), cursor=CURSOR)


def _positions(query: str) -> bytes:
    return rows(flat()) if "symbol=" in query else rows(position_row()) if "USDT" in query else rows()


BYBIT = Wiring(
    dialect=DIALECT,
    order=order,
    place_path="order/create",
    taken=acked(),
    no=refused(10004, f"error sign! origin_string[{KEY}]"),
    open_orders={"order/realtime": _open_orders},
    pages=3,
    ended={"order/realtime": rows(), "order/history": rows(order_row()), "execution/list": rows(execution_row())},
    nowhere={"order/realtime": rows(), "order/history": rows()},
    failing=("order/history", refused(10016, "server error")),
    setup={"user/query-api": said(key_info()), "account/info": said(account_info()), "position/list": _positions},
    fill=of("execution", execution_row()),
)
