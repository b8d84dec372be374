"""How Bitget signs, refuses (with HTTP 400) and greets, and what it answers in ``test_private_wired``."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from urllib.parse import unquote

from tests.venues.bitget.samples import (
    KEY,
    KEYS,
    LISTED,
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
from tests.venues.private_wire import Asked, Dialect, Wiring


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


def _open_orders(query: str) -> bytes:
    if "USDC" in query:
        return rows()
    if "cursor=77" in query:
        return rows(unfilled(orderId="2"), cursor="78")
    return rows(cursor="78") if "cursor=78" in query else rows(unfilled(), cursor="77")


BITGET = Wiring(
    dialect=DIALECT,
    order=order,
    place_path="trade/place-order",
    taken=acked(),
    no=refused("25202", "Insufficient balance"),
    open_orders={"trade/unfilled-orders": _open_orders},
    pages=4,
    ended={
        "trade/order-info": said(order_row()),
        "trade/fills": lambda query: (
            rows() if "cursor" in query else rows(fill_row(symbol="ETHUSDT"), fill_row(), cursor="77")
        ),
    },
    nowhere={"trade/order-info": refused("25204", "Order does not exist")},
    failing=("trade/order-info", refused("40725", "service return an error")),
    setup={
        "account/settings": said(settings()),
        "account/info": said(key_info()),
        "position/current-position": lambda query: rows(position_row()) if "USDT" in query else rows(),
    },
    fill=push("fill", pushed_fill()),
)
