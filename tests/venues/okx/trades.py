"""How OKX's private socket answers orders."""

from __future__ import annotations

from typing import Any

from arbtui.core.model import Market
from tests.venues.okx.samples import KEYS, PRIVATE, SPOT, SWAP, acked, order
from tests.venues.private_wire import Dialect
from tests.venues.trade_sockets import Frame, Trades

LISTED = {Market.PERP: {SWAP.native: SWAP}, Market.SPOT: {SPOT.native: SPOT}}
DIALECT = Dialect(
    PRIVATE,
    KEYS,
    LISTED,
    "www.okx.com",
    "/api/v5/",
    refusal=lambda asked: None,
    status=lambda answer: 200,
    replies=lambda frame: (),
)


def answered(frame: Frame, code: str = "0", s_code: str = "0", **row: Any) -> Frame:
    """As the documents show it."""
    (arg,) = frame["args"]
    told = {"ordId": "312269865356374016", "clOrdId": arg.get("clOrdId", ""), "tag": "", "ts": "1695190491421"}
    return {
        "id": frame["id"], "op": frame["op"], "code": code, "msg": "",
        "data": [told | {"sCode": s_code, "sMsg": ""} | row],
        "inTime": "1695190491421339", "outTime": "1695190491423240",
    }  # fmt: skip


def refused(frame: Frame, code: str, msg: str) -> Frame:
    return {"id": frame["id"], "op": frame["op"], "code": code, "msg": msg, "data": [], "inTime": "1", "outTime": "2"}


def nameless(frame: Frame) -> Frame:
    said = answered(frame)
    del said["id"]
    return said


def login(frame: Frame) -> Frame | None:
    return {"event": "login", "code": "0", "msg": "", "connId": "a4d3ae55"} if frame["op"] == "login" else None


OKX = Trades(
    name="okx",
    dialect=DIALECT,
    order=order,
    place_path="trade/order",
    rest_yes=acked(),
    login=login,
    no_login=lambda frame: {"event": "error", "code": "60009", "msg": "Login failed.", "connId": "a4d3ae55"},
    yes=answered,
    no_rate=lambda frame: refused(frame, "50011", "Rate limit reached."),
    open_outcome=lambda frame: answered(frame, "1", "50026"),
    of_another=lambda frame: answered(frame, clOrdId="other"),
    nameless=nameless,
    login_gone=lambda frame: {"id": frame["id"], "event": "error", "code": "60011", "msg": "Please log in"},
    allowed=60,
)
