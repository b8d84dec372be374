"""How Binance's WebSocket API answers orders of USD-M."""

from __future__ import annotations

from typing import Any

from arbtui.core.model import Market
from tests.venues.binance.private_samples import KEYS, PERP, PRIVATE, SPOT, USDM_PLACED, body, order
from tests.venues.private_wire import Dialect
from tests.venues.trade_sockets import Frame, Trades

DIALECT = Dialect(
    PRIVATE,
    KEYS,
    {Market.PERP: {PERP.native: PERP}, Market.SPOT: {SPOT.native: SPOT}},
    "fapi.binance.com",
    "/fapi/v1/",
    refusal=lambda asked: None,
    status=lambda answer: 200,
    replies=lambda frame: (),
)
LIMITS = [{"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300, "count": 1}]


def answered(frame: Frame, **changes: Any) -> Frame:
    """As the documents show it."""
    params = frame["params"]
    ours = params.get("newClientOrderId") or params["origClientOrderId"]
    return {
        "id": frame["id"],
        "status": 200,
        "result": USDM_PLACED | {"clientOrderId": ours} | changes,
        "rateLimits": LIMITS,
    }


def refused(frame: Frame, status: int, code: int, msg: str) -> Frame:
    return {"id": frame["id"], "status": status, "error": {"code": code, "msg": msg}, "rateLimits": LIMITS}


BINANCE = Trades(
    name="binance",
    dialect=DIALECT,
    order=order,
    place_path="order",
    rest_yes=body(USDM_PLACED),
    login=lambda frame: None,
    no_login=None,
    yes=answered,
    no_rate=lambda frame: refused(frame, 429, -1015, "Too many new orders."),
    open_outcome=lambda frame: refused(frame, 503, -1000, "Unknown error."),
    of_another=lambda frame: answered(frame, clientOrderId="another"),
    nameless=lambda frame: answered(frame) | {"id": None},
    login_gone=None,
    allowed=300,
)
