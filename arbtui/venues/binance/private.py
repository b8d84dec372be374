"""Binance's private side: what ``venues.private.PrivateVenue`` wants, by where it is.

``signing`` bytes and signatures; ``refusals`` errors; ``orders`` orders; ``fills`` trades and funding; ``windows``
lists by time; ``account`` positions, balances, settings, fees; ``rights`` what a key may do; ``userstream`` how the
sockets open; ``usdm_session`` and ``spot_session`` what they say; ``tradesocket`` orders over the WebSocket API.
"""

from __future__ import annotations

from collections.abc import Mapping

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Absence, Order
from arbtui.venues.base import Environment, HttpRequest, Manners, RestLimit
from arbtui.venues.binance import account, fills, orders, rights, tradesocket, userstream
from arbtui.venues.binance.addresses import REST
from arbtui.venues.binance.instruments import NAME
from arbtui.venues.binance.signing import RECV_WINDOW_MS
from arbtui.venues.binance.spot_session import SpotUserSession
from arbtui.venues.binance.usdm_session import UsdmUserSession
from arbtui.venues.private import (
    KeyCall,
    Keys,
    PrivateCall,
    PrivateSession,
    RightsCall,
    StreamKey,
    TradeSession,
    TradeSocket,
    UserStream,
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
        limits.append(
            RestLimit(address(url).host, orders.ORDERS, capacity, window_s, used_header="X-MBX-ORDER-COUNT-10S")
        )
    return tuple(limits)


class BinancePrivate:
    """See ``venues.private.PrivateVenue``."""

    name = NAME
    key_fields: tuple[str, ...] = ("api_key", "api_secret")
    trade_limits = _trade_limits()
    absence = ABSENCE

    def place(self, env: Environment, keys: Keys, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall:
        return orders.place(env, keys, instrument, order, stamp_ms)

    def cancel(
        self, env: Environment, keys: Keys, instrument: Instrument, client_id: str, stamp_ms: int
    ) -> PrivateCall:
        return orders.cancel(env, keys, instrument, client_id, stamp_ms)

    def cancel_unnamed(
        self, env: Environment, keys: Keys, instrument: Instrument, order_id: str, stamp_ms: int
    ) -> PrivateCall:
        return orders.cancel_unnamed(env, keys, instrument, order_id, stamp_ms)

    def query(self, env: Environment, keys: Keys, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall:
        return orders.query(env, keys, instrument, client_id, stamp_ms)

    def open_orders(
        self, env: Environment, keys: Keys, market: Market, instruments: Mapping[str, Instrument], stamp_ms: int
    ) -> PrivateCall:
        return orders.open_orders(env, keys, market, stamp_ms)

    def history(
        self, env: Environment, keys: Keys, instrument: Instrument, since_ms: int, stamp_ms: int
    ) -> PrivateCall:
        return orders.history(env, keys, instrument, since_ms, stamp_ms)

    def fills(self, env: Environment, keys: Keys, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
        return fills.fills(env, keys, instrument, since_ms, stamp_ms)

    def positions(
        self, env: Environment, keys: Keys, instruments: Mapping[str, Instrument], stamp_ms: int
    ) -> PrivateCall:
        return account.positions(env, keys, stamp_ms)

    def balances(self, env: Environment, keys: Keys, market: Market, stamp_ms: int) -> PrivateCall:
        return account.balances(env, keys, market, stamp_ms)

    def mode(self, env: Environment, keys: Keys, market: Market, stamp_ms: int) -> PrivateCall:
        return account.mode(env, keys, market, stamp_ms)

    def leverage(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        return account.leverage(env, keys, instrument, stamp_ms)

    def fee_rates(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        return account.fee_rates(env, keys, instrument, stamp_ms)

    def funding_paid(
        self, env: Environment, keys: Keys, instruments: Mapping[str, Instrument], since_ms: int, stamp_ms: int
    ) -> PrivateCall:
        return fills.funding_paid(env, keys, since_ms, stamp_ms)

    def key_rights(self, env: Environment, keys: Keys, stamp_ms: int) -> RightsCall | None:
        """See ``venues.private.TellsRights``."""
        return rights.key_rights(env, keys, stamp_ms)

    def user_streams(self, env: Environment) -> tuple[UserStream, ...]:
        return userstream.USDM, userstream.SPOT

    def key_call(self, env: Environment, keys: Keys, stream: UserStream, *, renew: bool, stamp_ms: int) -> KeyCall:
        return userstream.key_call(env, keys, stream, renew=renew)

    def stream_url(self, env: Environment, stream: UserStream, key: StreamKey | None) -> str:
        return userstream.stream_url(env, stream, key)

    def stream_manners(self, stream: UserStream) -> Manners:
        return userstream.manners()

    def private_session(
        self, stream: UserStream, keys: Keys, instruments: Mapping[Market, Mapping[str, Instrument]]
    ) -> PrivateSession:
        return UsdmUserSession() if stream == userstream.USDM else SpotUserSession(keys)

    def trade_sockets(self, env: Environment) -> tuple[TradeSocket, ...]:
        return tradesocket.sockets(env)

    def trade_session(self, socket: TradeSocket, keys: Keys) -> TradeSession:
        return tradesocket.BinanceTradeSession()

    def trade_frame(
        self,
        socket: TradeSocket,
        keys: Keys,
        request: HttpRequest,
        request_id: str,
        stamp_ms: int,
        listed: Mapping[Market, Mapping[str, Instrument]],
    ) -> str | None:
        return tradesocket.frame(socket, keys, request, request_id)


PRIVATE = BinancePrivate()
