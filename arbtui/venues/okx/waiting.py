"""OKX's algo orders: they stand in lists of their own, one for each kind, until they become orders.

Source: OKX API v5 docs, Algo Trading / GET Algo order list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from arbtui.core.model import Market
from arbtui.venues.okx import refusals
from arbtui.venues.okx.calls import Caller
from arbtui.venues.okx.instruments import INST_TYPE
from arbtui.venues.private import WaitingCall, WaitingOrder

BUCKET = "orders-algo-pending"

_PATH = "/api/v5/trade/orders-algo-pending"
_KINDS = ("conditional,oco", "trigger", "move_order_stop", "iceberg", "twap")
_MARKETS = {inst_type: market for market, inst_type in INST_TYPE.items()}


class _Row(msgspec.Struct, rename="camel", kw_only=True):
    algo_id: str
    inst_id: str
    inst_type: str
    side: str = ""
    ord_type: str = ""
    sz: str = ""
    trigger_px: str = ""
    sl_trigger_px: str = ""
    tp_trigger_px: str = ""


_ROWS = msgspec.json.Decoder(list[_Row])


def waiting_orders(caller: Caller) -> Sequence[Callable[[int], WaitingCall]]:
    return [partial(_call, caller, kind) for kind in _KINDS]


def _call(caller: Caller, kind: str, stamp_ms: int) -> WaitingCall:
    what = f"{kind} orders"

    def read(status: int, body: bytes) -> Sequence[WaitingOrder]:
        rows = refusals.rows_of(status, body, _ROWS, what)
        return [_waiting(row, _MARKETS[row.inst_type]) for row in rows if row.inst_type in _MARKETS]

    return WaitingCall(caller.get(_PATH, {"ordType": kind}, what, BUCKET, stamp_ms), read, what)


def _waiting(row: _Row, market: Market) -> WaitingOrder:
    at = " or ".join(px for px in (row.trigger_px, row.tp_trigger_px, row.sl_trigger_px) if px)
    where = f" at {at}" if at else ""
    return WaitingOrder(market, row.inst_id, f"{row.ord_type} {row.side} {row.sz}{where} (algo {row.algo_id})")
