"""Bitget's private side: spot, USDT and USDC perpetuals of one unified account (API v3), or of a classic one (v2).

The two kinds of account do not understand each other's API, so which one it is is asked first: ``dialect``. Orders go
by REST. Limits are counted per account, endpoint and second. There is no testnet: it stands for demo trading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arbtui.venues.base import Environment, RestLimit
from arbtui.venues.bitget import account, orders, signing, waiting
from arbtui.venues.bitget.addresses import PRIVATE_SOCKET
from arbtui.venues.bitget.calls import Caller
from arbtui.venues.bitget.classic import BitgetClassic
from arbtui.venues.bitget.instruments import VENUE
from arbtui.venues.bitget.limits import ABSENCE, MANNERS, UNIFIED
from arbtui.venues.bitget.userstream import BitgetUserStream
from arbtui.venues.modular import AdjustablePrivate
from arbtui.venues.private import DialectCall, Keys, PrivateVenue, WaitingCall


class BitgetPrivate(AdjustablePrivate[Caller]):
    """Unified accounts. See ``venues.modular``, and ``Dialects`` and ``HidesWaiting`` of ``venues.private``.

    One-way mode is set of the whole account, all contracts at once.
    """

    name = VENUE
    shown_as = "Bitget"
    key_fields: tuple[str, ...] = signing.KEY_FIELDS
    trade_limits: tuple[RestLimit, ...] = UNIFIED
    absence = ABSENCE
    manners = MANNERS
    sockets = PRIVATE_SOCKET

    def __init__(self) -> None:
        super().__init__(Caller, orders, account, account, orders.funding_paid, BitgetUserStream)

    def waiting_orders(self, env: Environment, keys: Keys) -> Sequence[Callable[[int], WaitingCall]]:
        return waiting.of_unified(Caller(env, keys))

    def dialect(self, env: Environment, keys: Keys, stamp_ms: int) -> DialectCall:
        what = "kind of account"

        def read(status: int, answer: bytes) -> PrivateVenue:
            return BitgetClassic() if account.settings_of(status, answer, what) is None else self

        return DialectCall(Caller(env, keys).get(account.SETTINGS, {}, what, "settings", stamp_ms), read, what)
