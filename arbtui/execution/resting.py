"""Orders that rest in accounts and are not arbtui's, as last told: placed by hand, or by another program."""

from __future__ import annotations

from arbtui.core.model import Market
from arbtui.core.orders import AccountEvent, OrderReport, OrderStatus, ReadDone, ReadKind
from arbtui.execution.intents import is_flatten_id, read_client_id

Where = tuple[str, Market, str, str]  # venue, market, native, order id


class Resting:
    """``open``: what may still fill. Changed by ``hear`` alone. What a whole read names no more has ended."""

    def __init__(self) -> None:
        self.open: dict[Where, OrderReport] = {}
        self._ended: set[Where] = set()  # a later "open" is an older message

    def hear(self, event: AccountEvent) -> None:
        if isinstance(event, OrderReport) and event.origin == "order" and not _ours(event.client_id):
            where = (event.venue, event.market, event.native, event.order_id)
            if event.status.terminal:
                self._ended.add(where)
                self.open.pop(where, None)
            elif where not in self._ended and event.status is OrderStatus.OPEN:
                self.open[where] = event
        elif isinstance(event, ReadDone) and event.kind is ReadKind.OPEN_ORDERS and not event.native:
            of_market = (event.venue, event.market)
            for where in [where for where in self.open if where[:2] == of_market]:
                if self.open[where].t_ns < event.asked_ns:
                    del self.open[where]


def _ours(client_id: str) -> bool:
    return read_client_id(client_id) is not None or is_flatten_id(client_id)
