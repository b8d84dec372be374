"""Hyperliquid's private side: what ``venues.private.PrivateVenue`` wants, by where it is.

``signing`` who acts; ``cloids`` client ids; ``calls`` how it is asked; ``refusals`` its sentences; ``orders`` orders
and fills; ``account`` positions, balances, fees; ``rights`` who may do what, and leverage; ``userstream`` what the
socket says.

``tradesocket`` actions over the socket instead of REST.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Absence, Order
from arbtui.venues.base import Environment, HttpRequest, Manners, RestLimit
from arbtui.venues.hyperliquid import account, calls, info, orders, rights, signing, tradesocket
from arbtui.venues.hyperliquid.calls import Caller
from arbtui.venues.hyperliquid.names import VENUE
from arbtui.venues.hyperliquid.signing import Nonces
from arbtui.venues.hyperliquid.userstream import HyperliquidUserStream
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

_STREAM = UserStream("user", (Market.PERP, Market.SPOT))
_MANNERS = Manners(
    messages_per_s=10.0,
    streams_per_socket=10,
    connects_per_min=30.0,
    ping_every_s=20.0,  # the venue closes when it had nothing to send for 60 s; acknowledgements do not count
    ping_when_idle=True,
    silence_s=35.0,
)


class HyperliquidPrivate:
    """See ``venues.private.PrivateVenue``.

    Its state is the last nonce, since no two actions may bear the same, and how accounts were last told to be set up.
    """

    name = VENUE
    key_fields: tuple[str, ...] = signing.KEY_FIELDS
    trade_limits: tuple[RestLimit, ...] = calls.trade_limits()
    absence = Absence(settle_s=orders.SETTLE_S, forget_s=orders.FORGET_S, history=False)

    def __init__(self) -> None:
        self._nonces = Nonces()
        self._setups = rights.Setups()

    def _caller(self, env: Environment, keys: Keys) -> Caller:
        return Caller(env, keys, self._nonces)

    def place(self, env: Environment, keys: Keys, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall:
        """Raises ValueError for what must not be sent: market orders, spot reduce-only, prices and sizes off the rule.

        An immediate order that met nobody is told as accepted and expired, under no order id: the venue names none.
        """
        return orders.place(self._caller(env, keys), instrument, order, stamp_ms)

    def cancel(
        self, env: Environment, keys: Keys, instrument: Instrument, client_id: str, stamp_ms: int
    ) -> PrivateCall:
        return orders.cancel(self._caller(env, keys), instrument, client_id, stamp_ms)

    def cancel_unnamed(
        self, env: Environment, keys: Keys, instrument: Instrument, order_id: str, stamp_ms: int
    ) -> PrivateCall:
        return orders.cancel_unnamed(self._caller(env, keys), instrument, order_id, stamp_ms)

    def query(self, env: Environment, keys: Keys, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall:
        return orders.query(self._caller(env, keys), instrument, client_id, stamp_ms)

    def open_orders(
        self, env: Environment, keys: Keys, market: Market, instruments: Mapping[str, Instrument], stamp_ms: int
    ) -> PrivateCall:
        return orders.open_orders(self._caller(env, keys), market, instruments, stamp_ms)

    def history(
        self, env: Environment, keys: Keys, instrument: Instrument, since_ms: int, stamp_ms: int
    ) -> PrivateCall:
        return orders.history(self._caller(env, keys), instrument, since_ms, stamp_ms)

    def fills(self, env: Environment, keys: Keys, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
        return orders.fills(self._caller(env, keys), instrument, since_ms, stamp_ms)

    def positions(
        self, env: Environment, keys: Keys, instruments: Mapping[str, Instrument], stamp_ms: int
    ) -> PrivateCall:
        return account.positions(self._caller(env, keys), stamp_ms)

    def balances(self, env: Environment, keys: Keys, market: Market, stamp_ms: int) -> PrivateCall:
        return account.balances(self._caller(env, keys), market, stamp_ms, self._setups)

    def mode(self, env: Environment, keys: Keys, market: Market, stamp_ms: int) -> PrivateCall:
        return rights.mode(self._caller(env, keys), market, stamp_ms, self._setups)

    def leverage(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        return rights.leverage(self._caller(env, keys), instrument, stamp_ms)

    def key_rights(self, env: Environment, keys: Keys, stamp_ms: int) -> RightsCall:
        """See ``venues.private.TellsRights``."""
        return rights.key_rights(self._caller(env, keys), stamp_ms)

    def set_one_way(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        """See ``venues.private.Adjusts``. There is nothing to set."""
        return rights.leverage(self._caller(env, keys), instrument, stamp_ms)

    def set_leverage(
        self, env: Environment, keys: Keys, instrument: Instrument, leverage: Decimal, stamp_ms: int
    ) -> PrivateCall:
        """See ``venues.private.Adjusts``."""
        return rights.set_leverage(self._caller(env, keys), instrument, leverage, stamp_ms)

    def fee_rates(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        return account.fee_rates(self._caller(env, keys), instrument, stamp_ms)

    def funding_paid(
        self, env: Environment, keys: Keys, instruments: Mapping[str, Instrument], since_ms: int, stamp_ms: int
    ) -> PrivateCall:
        return account.funding_paid(self._caller(env, keys), instruments, since_ms, stamp_ms)

    def user_streams(self, env: Environment) -> tuple[UserStream, ...]:
        return (_STREAM,)

    def key_call(self, env: Environment, keys: Keys, stream: UserStream, *, renew: bool, stamp_ms: int) -> KeyCall:
        raise ValueError(f"Hyperliquid's {stream.label} stream is open to anybody and needs no key")

    def stream_url(self, env: Environment, stream: UserStream, key: StreamKey | None) -> str:
        return f"wss://{info.HOSTS[env]}/ws"

    def stream_manners(self, stream: UserStream) -> Manners:
        return _MANNERS

    def private_session(
        self, stream: UserStream, keys: Keys, instruments: Mapping[Market, Mapping[str, Instrument]]
    ) -> PrivateSession:
        return HyperliquidUserStream(keys)

    def trade_sockets(self, env: Environment) -> tuple[TradeSocket, ...]:
        return tradesocket.sockets(env)

    def trade_session(self, socket: TradeSocket, keys: Keys) -> TradeSession:
        return tradesocket.HyperliquidTradeSession()

    def trade_frame(
        self,
        socket: TradeSocket,
        keys: Keys,
        request: HttpRequest,
        request_id: str,
        stamp_ms: int,
        listed: Mapping[Market, Mapping[str, Instrument]],
    ) -> str | None:
        return tradesocket.frame(request, request_id)
