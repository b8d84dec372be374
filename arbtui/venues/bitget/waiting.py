"""Bitget's strategy and plan orders on contracts: they are no orders until their price comes, and listed by themselves.

Those of a classic account on spot are only told coin by coin, and are not among these.
Source: Bitget UTA docs, "Get Unfilled Strategy Orders"; Bitget classic docs, "Get Pending Trigger Order".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from arbtui.core.model import Market
from arbtui.venues.bitget import refusals
from arbtui.venues.bitget.calls import Caller
from arbtui.venues.bitget.classic_calls import ClassicCaller
from arbtui.venues.bitget.instruments import PRODUCTS
from arbtui.venues.private import WaitingCall, WaitingOrder

BUCKET = "unfilled-orders"

_UNIFIED = "/api/v3/trade/unfilled-strategy-orders"
_CLASSIC = "/api/v2/mix/order/orders-plan-pending"
_PLANS = ("normal_plan", "track_plan", "profit_loss")


class _Row(msgspec.Struct, rename="camel", kw_only=True):
    order_id: str
    symbol: str
    side: str | None = None
    pos_side: str | None = None
    plan_type: str | None = None
    qty: str | None = None
    size: str | None = None
    trigger_price: str | None = None
    take_profit: str | None = None
    stop_loss: str | None = None


class _Page(msgspec.Struct, rename="camel"):
    entrusted_list: list[_Row] | None = None


_ROWS = msgspec.json.Decoder(list[_Row] | None)
_PAGE = msgspec.json.Decoder(_Page)


def of_unified(caller: Caller) -> Sequence[Callable[[int], WaitingCall]]:
    return [partial(_unified, caller, category) for category in PRODUCTS[Market.PERP]]


def of_classic(caller: ClassicCaller) -> Sequence[Callable[[int], WaitingCall]]:
    return [partial(_classic, caller, product, plan) for product in PRODUCTS[Market.PERP] for plan in _PLANS]


def _unified(caller: Caller, category: str, stamp_ms: int) -> WaitingCall:
    what = f"strategy orders on {category}"

    def read(status: int, body: bytes) -> Sequence[WaitingOrder]:
        return [_waiting(row) for row in refusals.result_of(status, body, _ROWS, what) or ()]

    asked = {"category": category, "type": "tpsl"}
    return WaitingCall(caller.get(_UNIFIED, asked, what, BUCKET, stamp_ms), read, what)


def _classic(caller: ClassicCaller, product: str, plan: str, stamp_ms: int) -> WaitingCall:
    what = f"{plan} orders on {product}"

    def read(status: int, body: bytes) -> Sequence[WaitingOrder]:
        return [_waiting(row) for row in refusals.result_of(status, body, _PAGE, what).entrusted_list or ()]

    asked = {"productType": product, "planType": plan}
    return WaitingCall(caller.get(_CLASSIC, asked, what, BUCKET, stamp_ms), read, what)


def _waiting(row: _Row) -> WaitingOrder:
    kind, at = row.plan_type or "strategy order", (row.trigger_price, row.take_profit, row.stop_loss)
    prices = " or ".join(price for price in at if price)
    words = (kind, row.side or row.pos_side, row.size or row.qty, f"at {prices}" if prices else None)
    return WaitingOrder(Market.PERP, row.symbol, f"{' '.join(word for word in words if word)} ({row.order_id})")
