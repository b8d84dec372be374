"""What must hold of every order before it is signed, and how its numbers are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Order, OrderKind, Side


@dataclass(frozen=True)
class Checks:
    """What a venue takes that trades spot in coins. ``ids`` are the client ids that it takes, ``ids_are`` in words."""

    venue: str  # as people write it
    ids: re.Pattern[str]
    ids_are: str

    def check(self, instrument: Instrument, order: Order) -> None:
        """Raises ``ValueError`` for what must not be sent."""
        if instrument.key != order.leg:
            raise ValueError(f"order {order.client_id} is for {order.leg}, not for {instrument.key}")
        if not self.ids.fullmatch(order.client_id):
            raise ValueError(f"{self.venue} takes {self.ids_are}, not {order.client_id[:40]!r}")
        if (order.price is None) != (order.kind is OrderKind.MARKET):
            raise ValueError(f"order {order.client_id}: a market order has no price, every other kind has one")
        if order.market is Market.SPOT:
            self._check_spot(order)

    def _check_spot(self, order: Order) -> None:
        if order.kind is OrderKind.MARKET and order.side is Side.BUY:
            raise ValueError(
                f"spot is not bought at market on {self.venue}; send a limit order that is immediate or canceled"
            )
        if order.reduce_only:
            raise ValueError(f"{self.venue} has no reduce-only orders on spot; sell no more than what is held")


def number(value: Decimal, what: str) -> str:
    """Exactly, without an exponent."""
    if not value.is_finite() or value <= 0:
        raise ValueError(f"the {what} of an order is a number above zero, not {value}")
    return format(value, "f")
