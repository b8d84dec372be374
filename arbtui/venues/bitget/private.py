"""Bitget's private side: spot, USDT and USDC perpetuals of one unified account (API v3). Orders go by REST.

Classic accounts (API v2) are recognised and not traded: Bitget only maintains their API, and makes no new ones. Limits
are counted per account, endpoint and second. There is no testnet: it stands for demo trading.
"""

from __future__ import annotations

from arbtui.core.orders import Absence
from arbtui.venues.base import Manners, RestLimit
from arbtui.venues.bitget import account, orders, signing
from arbtui.venues.bitget.addresses import PRIVATE_SOCKET, REST_HOST
from arbtui.venues.bitget.calls import Caller
from arbtui.venues.bitget.instruments import VENUE
from arbtui.venues.bitget.userstream import BitgetUserStream
from arbtui.venues.unified import AdjustableUnifiedPrivate

# An order on its way takes effect within 30 s of its stamp or never; ten more for answers that lag behind the book. How
# long an unfilled order that ended is told is not documented; classic spot orders are told by our id for two hours.
ABSENCE = Absence(settle_s=signing.VALID_MS / 1000 + 10.0, forget_s=6_600.0)

_MANNERS = Manners(
    messages_per_s=4.0,  # the venue takes 10, pings among them
    streams_per_socket=4,
    requests_per_hour=240,
    ping_every_s=20.0,
    silence_s=35.0,  # nothing may happen for hours: the answers to our pings are what is heard
    lifetime_s=23 * 3600.0,  # cut after 24 h
)
_PER_S = {
    "place": 10,
    "cancel": 10,
    "order-info": 20,
    "unfilled-orders": 20,
    "history-orders": 20,
    "fills": 20,
    "financial-records": 20,
    "positions": 20,
    "assets": 20,
    "settings": 20,
    "info": 5,
    "fee-rate": 3,
    "set-leverage": 10,
    "set-hold-mode": 10,
}


class BitgetPrivate(AdjustableUnifiedPrivate[Caller]):
    """See ``venues.unified``. One-way mode is set of the whole account, all contracts at once."""

    name = VENUE
    shown_as = "Bitget"
    key_fields: tuple[str, ...] = signing.KEY_FIELDS
    trade_limits: tuple[RestLimit, ...] = tuple(
        RestLimit(REST_HOST, bucket, capacity, window_s=1.0, apart=True) for bucket, capacity in _PER_S.items()
    )
    absence = ABSENCE
    manners = _MANNERS
    sockets = PRIVATE_SOCKET

    def __init__(self) -> None:
        super().__init__(Caller, orders, account, orders.funding_paid, BitgetUserStream)
