"""Asking a private side in tests: an order to begin with, and answers put to calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from arbtui.core.model import Instrument
from arbtui.core.orders import AccountEvent, Order, OrderKind, Side
from arbtui.venues.base import Environment
from arbtui.venues.private import Keys, PrivateCall, PrivateVenue


@dataclass(frozen=True)
class Asking:
    """An account, and the buy that is sent from it unless told otherwise: immediate or canceled."""

    private: PrivateVenue
    keys: Keys
    stamp_ms: int
    instrument: Instrument
    client_id: str
    qty: str
    price: str

    @property
    def t_ns(self) -> int:
        return self.stamp_ms * 1_000_000

    def order(self, instrument: Instrument | None = None, **changes: Any) -> Order:
        instrument = instrument or self.instrument
        said: dict[str, Any] = {
            "client_id": self.client_id,
            "venue": instrument.venue,
            "market": instrument.market,
            "native": instrument.native,
            "side": Side.BUY,
            "kind": OrderKind.IOC,
            "qty": Decimal(self.qty),
            "price": Decimal(self.price),
        }
        return Order(**(said | changes))

    def place(self, instrument: Instrument | None = None, **changes: Any) -> PrivateCall:
        instrument, order = instrument or self.instrument, self.order(instrument, **changes)
        return self.private.place(Environment.PROD, self.keys, instrument, order, self.stamp_ms)

    def read(self, call: PrivateCall, body: bytes, status: int = 200) -> Sequence[AccountEvent]:
        return call.read(status, body, self.t_ns)

    def after(self, call: PrivateCall, body: bytes, status: int = 200) -> PrivateCall | None:
        """What is asked on after ``body``."""
        return None if call.next_page is None else call.next_page(status, body, self.stamp_ms)

    def further(self, call: PrivateCall, body: bytes) -> PrivateCall:
        """The same, where there has to be something."""
        found = self.after(call, body)
        assert found is not None
        return found
