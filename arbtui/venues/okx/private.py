"""OKX's private side, SWAP and SPOT. Demo trading takes orders by REST alone (``tradesocket``).

Limits are counted per account and endpoint, those of orders per instrument as well (60 in 2 s). Buckets here are one
for all instruments: less than OKX allows, and below its 1,000 orders in 2 s for a sub-account at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arbtui.core.orders import Absence
from arbtui.venues.base import Environment, Manners, RestLimit
from arbtui.venues.modular import ModularPrivate, OverSocket
from arbtui.venues.okx import account, orders, rights, signing, tradesocket, waiting
from arbtui.venues.okx.calls import Caller
from arbtui.venues.okx.instruments import VENUE
from arbtui.venues.okx.userstream import OkxUserStream
from arbtui.venues.private import AccountCall, Keys, RightsCall, WaitingCall

_MANNERS = Manners(
    messages_per_s=2.0,
    streams_per_socket=3,
    ping_every_s=20.0,
    ping_when_idle=True,
    silence_s=30.0,  # the venue closes after 30 s without traffic; the account tells itself every 5 s
    compression=True,
    requests_per_hour=480,
)
_PER_2S = {
    "place": 60,
    "cancel": 60,
    "query": 60,
    "orders-pending": 60,
    "orders-history": 40,
    "orders-history-archive": 20,
    "fills": 60,
    "fills-history": 10,
    "positions": 10,
    "balance": 10,
    "config": 5,
    "leverage": 20,
    "trade-fee": 5,
    "bills": 10,
    "bills-archive": 10,
    waiting.BUCKET: 20,
}


class OkxPrivate(OverSocket, ModularPrivate[Caller]):
    """See ``venues.modular``, and ``TellsRights``, ``HidesWaiting`` and ``TradesOverSocket`` of ``venues.private``."""

    name = VENUE
    shown_as = "OKX"
    key_fields: tuple[str, ...] = signing.KEY_FIELDS
    trade_limits: tuple[RestLimit, ...] = tuple(
        RestLimit(signing.HOST, bucket, capacity, window_s=2.0, apart=True) for bucket, capacity in _PER_2S.items()
    )
    absence = Absence(settle_s=orders.SETTLE_S, forget_s=orders.FORGET_S)
    manners = _MANNERS
    sockets = signing.SOCKETS
    trades = tradesocket

    def __init__(self) -> None:
        super().__init__(Caller, orders, account, account, account.funding_paid, lambda keys, _: OkxUserStream(keys))

    def account_id(self, env: Environment, keys: Keys, stamp_ms: int) -> AccountCall:
        return rights.account_id(Caller(env, keys), stamp_ms)

    def key_rights(self, env: Environment, keys: Keys, stamp_ms: int) -> RightsCall:
        return rights.key_rights(Caller(env, keys), stamp_ms)

    def waiting_orders(self, env: Environment, keys: Keys) -> Sequence[Callable[[int], WaitingCall]]:
        return waiting.waiting_orders(Caller(env, keys))
