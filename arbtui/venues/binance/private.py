"""Binance's private side: what ``venues.private.PrivateVenue`` wants, by where it is.

``signing`` bytes and signatures; ``calls`` who asks, and where; ``refusals`` errors; ``orders`` orders and their
fills; ``waiting`` stops; ``fills`` how trades read, and funding; ``windows`` lists by time; ``account`` positions,
balances, settings, fees; ``rights`` what a key may do; ``userstream`` how the sockets open; ``usdm_session`` and
``spot_session`` what they say; ``tradesocket`` orders over the WebSocket API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Absence
from arbtui.venues.base import Environment, RestLimit
from arbtui.venues.binance import account, fills, orders, rights, tradesocket, userstream, waiting
from arbtui.venues.binance.addresses import REST
from arbtui.venues.binance.calls import ORDERS, Caller
from arbtui.venues.binance.instruments import NAME
from arbtui.venues.binance.signing import RECV_WINDOW_MS
from arbtui.venues.binance.spot_session import SpotUserSession
from arbtui.venues.binance.usdm_session import UsdmUserSession
from arbtui.venues.modular import ModularPrivate, OverSocket
from arbtui.venues.private import (
    AccountCall,
    KeyCall,
    Keys,
    PrivateSession,
    RightsCall,
    StreamKey,
    UserStream,
    WaitingCall,
)
from arbtui.venues.wire import address

# An order on its way takes effect within recvWindow of its stamp or never; as long again for answers that lag behind
# the book. Unfilled orders that ended are forgotten after three days on USD-M (spot: 90).
ABSENCE = Absence(settle_s=2 * RECV_WINDOW_MS / 1000, forget_s=2.9 * 86_400)

# New orders are counted twice: USD-M 300 in 10 s and 1200 a minute, spot 100 in 10 s and 200 000 a day. A request is
# charged to one bucket, so each product has one window that keeps to both: 300 in 15 s; 100 in 43.2 s.
_ORDER_WINDOWS = {Market.PERP: (300.0, 15.0), Market.SPOT: (100.0, 43.2)}


def _trade_limits() -> tuple[RestLimit, ...]:
    """IP weight is not among them: private requests spend it from the bucket of the public ones, as Binance counts."""
    limits = []
    for (_, market), url in REST.items():
        capacity, window_s = _ORDER_WINDOWS[market]
        limits.append(RestLimit(address(url).host, ORDERS, capacity, window_s, used_header="X-MBX-ORDER-COUNT-10S"))
    return tuple(limits)


class BinancePrivate(OverSocket, ModularPrivate[Caller]):
    """See ``venues.modular``, and ``TellsRights`` and ``HidesWaiting`` of ``venues.private``.

    USD-M has a socket of its own, under a listenKey.
    """

    name = NAME
    shown_as = "Binance"
    key_fields: tuple[str, ...] = ("api_key", "api_secret")
    trade_limits = _trade_limits()
    absence = ABSENCE
    manners = userstream.MANNERS
    trades = tradesocket

    def __init__(self) -> None:
        super().__init__(Caller, orders, account, account, fills.funding_paid, lambda keys, _: SpotUserSession(keys))

    def account_id(self, env: Environment, keys: Keys, stamp_ms: int) -> AccountCall:
        """See ``venues.private.TellsAccount``."""
        return rights.account_id(Caller(env, keys), stamp_ms)

    def key_rights(self, env: Environment, keys: Keys, stamp_ms: int) -> RightsCall | None:
        return rights.key_rights(Caller(env, keys), stamp_ms)

    def waiting_orders(self, env: Environment, keys: Keys) -> Sequence[Callable[[int], WaitingCall]]:
        return waiting.waiting_orders(Caller(env, keys))

    def user_streams(self, env: Environment) -> tuple[UserStream, ...]:
        return userstream.USDM, userstream.SPOT

    def key_call(self, env: Environment, keys: Keys, stream: UserStream, *, renew: bool, stamp_ms: int) -> KeyCall:
        return userstream.key_call(env, keys, stream, renew=renew)

    def stream_url(self, env: Environment, stream: UserStream, key: StreamKey | None) -> str:
        return userstream.stream_url(env, stream, key)

    def private_session(
        self, stream: UserStream, keys: Keys, instruments: Mapping[Market, Mapping[str, Instrument]]
    ) -> PrivateSession:
        return UsdmUserSession() if stream == userstream.USDM else super().private_session(stream, keys, instruments)


PRIVATE = BinancePrivate()
