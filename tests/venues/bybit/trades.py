"""How Bybit's trade socket answers."""

from __future__ import annotations

from typing import Any

from tests.venues.bybit.samples import ORDER_ID, acked, order
from tests.venues.bybit.wiring import DIALECT
from tests.venues.trade_sockets import Frame, Trades


def answered(frame: Frame, code: int = 0, msg: str = "OK", **changes: Any) -> Frame:
    """As the documents show it."""
    (arg,) = frame["args"]
    data = {"orderId": ORDER_ID, "orderLinkId": arg.get("orderLinkId", "")} if code == 0 else {}
    header = {"X-Bapi-Limit": "10", "X-Bapi-Limit-Status": "9", "Traceid": "8a7b", "Timenow": "1711001595207"}
    return {
        "reqId": frame["reqId"], "retCode": code, "retMsg": msg, "op": frame["op"], "data": data, "retExtInfo": {},
        "header": header, "connId": "cnt5leec0hvan15eukcg-2t",
    } | changes  # fmt: skip


def login(frame: Frame) -> str | None:
    match frame["op"]:
        case "auth":
            return '{"retCode":0,"retMsg":"OK","op":"auth","connId":"cnt5leec0hvan15eukcg-2v"}'
        case "ping":
            return '{"retCode":0,"retMsg":"OK","op":"pong","data":["1711002002529"],"connId":"cnt5leec0hvan15eukcg-2v"}'
    return None


def nameless(frame: Frame) -> Frame:
    said = answered(frame)
    del said["reqId"], said["connId"]
    return said


BYBIT = Trades(
    name="bybit",
    dialect=DIALECT,
    order=order,
    place_path="order/create",
    rest_yes=acked(),
    login=login,
    no_login=lambda frame: '{"retCode":10004,"retMsg":"Invalid sign","op":"auth","connId":"cnt5leec0hvan15eukcg-2v"}',
    yes=answered,
    no_rate=lambda frame: answered(frame, 10006, "Too many visits!"),
    open_outcome=lambda frame: answered(frame, 20006, "Duplicate reqId"),
    of_another=lambda frame: answered(frame, data={"orderId": ORDER_ID, "orderLinkId": "other"}),
    nameless=nameless,
    login_gone=lambda frame: answered(frame, 10003, "API key is invalid."),
    allowed=10,
)
