"""What Bitget's private side takes and how fast, of accounts of any kind."""

from __future__ import annotations

from collections.abc import Mapping

from arbtui.core.orders import Absence
from arbtui.venues.base import Manners, RestLimit
from arbtui.venues.bitget import signing
from arbtui.venues.bitget.addresses import REST_HOST

# An order on its way takes effect within 30 s of its stamp or never; ten more for answers that lag behind the book. How
# long an unfilled order that ended is told is not documented; classic spot orders are told by our id for two hours.
ABSENCE = Absence(settle_s=signing.VALID_MS / 1000 + 10.0, forget_s=6_600.0)

MANNERS = Manners(
    messages_per_s=4.0,  # the venue takes 10, pings among them
    streams_per_socket=4,
    requests_per_hour=240,
    ping_every_s=20.0,
    silence_s=35.0,  # nothing may happen for hours: the answers to our pings are what is heard
    lifetime_s=23 * 3600.0,  # cut after 24 h
)


def _per_second(capacities: Mapping[str, int]) -> tuple[RestLimit, ...]:
    return tuple(
        RestLimit(REST_HOST, bucket, capacity, window_s=1.0, apart=True) for bucket, capacity in capacities.items()
    )


_UNIFIED = {
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
UNIFIED = _per_second(_UNIFIED)
CLASSIC = _per_second(  # endpoints of spot and contracts share a bucket here, which has room for the slower one
    dict.fromkeys(_UNIFIED, 10) | {"positions": 5, "set-leverage": 5, "set-hold-mode": 5, "info": 1}
)
