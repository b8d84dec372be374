"""How Hyperliquid's socket answers actions."""

from __future__ import annotations

import json
from typing import Any

from arbtui.core.model import Market
from tests.venues.hyperliquid.samples import KEYS, OID, OTHER, PERPS, PRIVATE, SPOTS, order, resting, said
from tests.venues.private_wire import Dialect
from tests.venues.trade_sockets import Frame, Trades

DIALECT = Dialect(
    PRIVATE,
    KEYS,
    {Market.PERP: PERPS, Market.SPOT: SPOTS},
    "api.hyperliquid.xyz",
    "/",
    refusal=lambda asked: None,
    status=lambda answer: 200,
    replies=lambda frame: (),
)


def response(frame: Frame, kind: str, payload: Any) -> Frame:
    return {"channel": "post", "data": {"id": frame["id"], "response": {"type": kind, "payload": payload}}}


def answered(frame: Frame, *statuses: Any) -> Frame:
    """As the documents show it; a yes unless told otherwise."""
    action = frame["request"]["payload"]["action"]
    if action["type"] == "order":
        told = statuses or ({"resting": {"oid": OID, "cloid": action["orders"][0]["c"]}},)
        return response(frame, "action", json.loads(said(*told)))
    return response(frame, "action", json.loads(said(*(statuses or ("success",)), kind="cancel")))


def nameless(frame: Frame) -> Frame:
    told = answered(frame)
    del told["data"]["id"]
    return told


def login(frame: Frame) -> Frame | None:
    return {"channel": "pong"} if frame["method"] == "ping" else None


HYPERLIQUID = Trades(
    name="hyperliquid",
    dialect=DIALECT,
    order=order,
    place_path="exchange",
    rest_yes=said(resting()),
    login=login,
    no_login=None,
    yes=answered,
    no_rate=lambda frame: response(frame, "error", "429 Too many requests"),
    open_outcome=lambda frame: response(frame, "error", "something else"),
    of_another=lambda frame: answered(frame, {"resting": {"oid": OID, "cloid": "0x" + OTHER[2:].rjust(32, "0")[-32:]}}),
    nameless=nameless,
    login_gone=None,
    allowed=240,
)
