"""One execution as both user data streams push it, under the same short names. Names are the wire's.

Source: Binance USD-M docs, "Event: Order Update", "Event: Trade Lite"; spot docs, "executionReport".
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

from arbtui.core.model import Market
from arbtui.core.orders import Fill
from arbtui.venues.amounts import signed, traded_price, traded_qty
from arbtui.venues.binance.instruments import NAME
from arbtui.venues.binance.orders import origin_of, ours_or_none, side_of
from arbtui.venues.wire import UpdateId

_TradeId = Annotated[int, msgspec.Meta(ge=-1, le=2**63 - 1)]  # -1, on USD-M also 0: no trade


class Execution(msgspec.Struct, kw_only=True):
    """``last_qty`` at price ``L`` by trade ``t``."""

    s: str
    c: str
    S: str
    i: UpdateId
    t: _TradeId = -1
    last_qty: str = msgspec.field(name="l", default="0")
    L: str = "0"
    m: bool | None = None

    @property
    def client_id(self) -> str:
        return self.c


def commission(charged: str | None) -> Decimal:
    """``n``, which is left out or null where nothing was charged."""
    return Decimal(0) if charged is None else signed(charged)


def pushed_fill(
    market: Market, row: Execution, t_ms: int | None, t_ns: int, *, fee: Decimal | None, fee_ccy: str
) -> Fill:
    """``fee`` None: this push does not tell it."""
    return Fill(
        venue=NAME,
        market=market,
        native=row.s,
        fill_id=str(row.t),
        order_id=str(row.i),
        client_id=ours_or_none(row.client_id),
        side=side_of(row.S),
        price=traded_price(row.L),
        qty=traded_qty(row.last_qty),
        told="push",
        t_ns=t_ns,
        t_ms=t_ms,
        fee=fee,
        fee_ccy=fee_ccy,
        maker=row.m,
        origin=origin_of(row.client_id),
    )
