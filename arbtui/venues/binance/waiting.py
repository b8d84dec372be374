"""Orders of Binance USD-M that wait for their price: they live in a service of their own, apart from open orders.

On spot a stop stands among the open orders from the beginning.
Source: Binance USD-M docs, "Current All Algo Open Orders".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from arbtui.core.model import Market
from arbtui.venues.binance.calls import Caller
from arbtui.venues.binance.refusals import demand
from arbtui.venues.private import WaitingCall, WaitingOrder
from arbtui.venues.wire import guarded

_WHAT = "perp orders that wait for their price"


class _Row(msgspec.Struct, rename="camel", kw_only=True):
    algo_id: int
    symbol: str
    side: str = ""
    order_type: str = ""
    quantity: str | None = None
    trigger_price: str | None = None


_ROWS = msgspec.json.Decoder(list[_Row])


def waiting_orders(caller: Caller) -> Sequence[Callable[[int], WaitingCall]]:
    """All symbols at once."""

    def call(stamp_ms: int) -> WaitingCall:
        request = caller.signed(Market.PERP, "GET", "openAlgoOrders", [], stamp_ms, purpose=_WHAT, cost=40)
        return WaitingCall(request, _read, _WHAT)

    return (call,)


def _read(status: int, body: bytes) -> Sequence[WaitingOrder]:
    demand(Market.PERP, status, body, _WHAT)
    return [
        WaitingOrder(
            Market.PERP,
            row.symbol,
            f"{row.order_type} {row.side} {row.quantity or ''} at {row.trigger_price} (algo {row.algo_id})",
        )
        for row in guarded(_ROWS, body, _WHAT)
    ]
