"""Bybit's private side, linear and spot of one unified account. Demo trading takes orders by REST alone.

Limits are counted per account, endpoint and second; those of orders and cancels by category as well.
"""

from __future__ import annotations

from arbtui.core.orders import Absence
from arbtui.venues.base import Manners, RestLimit
from arbtui.venues.bybit import account, orders, signing, tradesocket
from arbtui.venues.bybit.addresses import PRIVATE_SOCKET, REST
from arbtui.venues.bybit.calls import Caller
from arbtui.venues.bybit.instruments import VENUE
from arbtui.venues.bybit.userstream import BybitUserStream
from arbtui.venues.modular import AdjustablePrivate, OverSocket
from arbtui.venues.wire import address

# An order on its way takes effect within the receive window of its stamp or never; as long again for lists that lag
# behind the book.
ABSENCE = Absence(settle_s=2 * signing.RECV_WINDOW_MS / 1000, forget_s=orders.FORGET_S)

_MANNERS = Manners(
    messages_per_s=5.0,
    streams_per_socket=4,
    ping_every_s=20.0,
    silence_s=35.0,  # nothing may happen for hours: the answers to our pings are what is heard
)
_PER_S = {
    "place linear": 10,
    "place spot": 20,
    "cancel linear": 10,
    "cancel spot": 20,
    "realtime": 50,
    "history": 50,
    "executions": 50,
    "positions": 50,
    "balance": 50,
    "info": 50,
    "fee-rate": 5,
    "query-api": 10,
    "symbol-info": 10,  # not documented
    "set-leverage": 10,
    "switch-mode": 10,
}


class BybitPrivate(OverSocket, AdjustablePrivate[Caller]):
    """See ``venues.modular``. Demo trading refuses to tell fee rates and what a key may do."""

    name = VENUE
    shown_as = "Bybit"
    key_fields: tuple[str, ...] = signing.KEY_FIELDS
    trade_limits: tuple[RestLimit, ...] = tuple(
        RestLimit(address(url).host, bucket, capacity, window_s=1.0, apart=True)
        for url in REST.values()
        for bucket, capacity in _PER_S.items()
    )
    absence = ABSENCE
    manners = _MANNERS
    sockets = PRIVATE_SOCKET
    trades = tradesocket

    def __init__(self) -> None:
        super().__init__(Caller, orders, account, account, orders.funding_paid, BybitUserStream)
