"""Bitget's private side: spot, USDT and USDC perpetuals of one unified account (API v3). Orders go by REST.

Classic accounts (API v2) are recognised and not traded: Bitget only maintains their API, and makes no new ones. Limits
are counted per account, endpoint and second. There is no testnet: it stands for demo trading.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Absence, Order
from arbtui.venues.base import Environment, Manners, RestLimit
from arbtui.venues.bitget import account, orders, signing
from arbtui.venues.bitget.addresses import PRIVATE_SOCKET, REST_HOST
from arbtui.venues.bitget.calls import Caller
from arbtui.venues.bitget.instruments import VENUE
from arbtui.venues.bitget.userstream import BitgetUserStream
from arbtui.venues.private import KeyCall, Keys, PrivateCall, PrivateSession, RightsCall, StreamKey, UserStream

# An order on its way takes effect within 30 s of its stamp or never; ten more for answers that lag behind the book. How
# long an unfilled order that ended is told is not documented; classic spot orders are told by our id for two hours.
ABSENCE = Absence(settle_s=signing.VALID_MS / 1000 + 10.0, forget_s=6_600.0)

_STREAM = UserStream("private", (Market.PERP, Market.SPOT))
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


class BitgetPrivate:
    """See ``venues.private``: ``PrivateVenue``, ``TellsRights`` and ``Adjusts``."""

    name = VENUE
    key_fields: tuple[str, ...] = signing.KEY_FIELDS
    trade_limits: tuple[RestLimit, ...] = tuple(
        RestLimit(REST_HOST, bucket, capacity, window_s=1.0, apart=True) for bucket, capacity in _PER_S.items()
    )
    absence = ABSENCE

    def place(self, env: Environment, keys: Keys, instrument: Instrument, order: Order, stamp_ms: int) -> PrivateCall:
        """Raises ``ValueError`` for what must not be sent: spot bought at market, spot reduce-only, sizes of zero."""
        return orders.place(Caller(env, keys), instrument, order, stamp_ms)

    def cancel(
        self, env: Environment, keys: Keys, instrument: Instrument, client_id: str, stamp_ms: int
    ) -> PrivateCall:
        return orders.cancel(Caller(env, keys), instrument, client_id, stamp_ms)

    def cancel_unnamed(
        self, env: Environment, keys: Keys, instrument: Instrument, order_id: str, stamp_ms: int
    ) -> PrivateCall:
        return orders.cancel(Caller(env, keys), instrument, "", stamp_ms, order_id=order_id)

    def query(self, env: Environment, keys: Keys, instrument: Instrument, client_id: str, stamp_ms: int) -> PrivateCall:
        return orders.query(Caller(env, keys), instrument, client_id, stamp_ms)

    def open_orders(
        self, env: Environment, keys: Keys, market: Market, instruments: Mapping[str, Instrument], stamp_ms: int
    ) -> PrivateCall:
        return orders.open_orders(Caller(env, keys), market, stamp_ms)

    def history(
        self, env: Environment, keys: Keys, instrument: Instrument, since_ms: int, stamp_ms: int
    ) -> PrivateCall:
        return orders.history(Caller(env, keys), instrument, since_ms, stamp_ms)

    def fills(self, env: Environment, keys: Keys, instrument: Instrument, since_ms: int, stamp_ms: int) -> PrivateCall:
        return orders.fills(Caller(env, keys), instrument, since_ms, stamp_ms)

    def positions(
        self, env: Environment, keys: Keys, instruments: Mapping[str, Instrument], stamp_ms: int
    ) -> PrivateCall:
        return account.positions(Caller(env, keys), stamp_ms)

    def balances(self, env: Environment, keys: Keys, market: Market, stamp_ms: int) -> PrivateCall:
        """Of the one wallet, whichever ``market`` asks."""
        return account.balances(Caller(env, keys), stamp_ms)

    def mode(self, env: Environment, keys: Keys, market: Market, stamp_ms: int) -> PrivateCall:
        return account.mode(Caller(env, keys), market, stamp_ms)

    def leverage(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        return account.leverage(Caller(env, keys), instrument, stamp_ms)

    def fee_rates(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        return account.fee_rates(Caller(env, keys), instrument, stamp_ms)

    def funding_paid(
        self, env: Environment, keys: Keys, instruments: Mapping[str, Instrument], since_ms: int, stamp_ms: int
    ) -> PrivateCall:
        return orders.funding_paid(Caller(env, keys), instruments, since_ms, stamp_ms)

    def key_rights(self, env: Environment, keys: Keys, stamp_ms: int) -> RightsCall:
        return account.key_rights(Caller(env, keys), stamp_ms)

    def set_one_way(self, env: Environment, keys: Keys, instrument: Instrument, stamp_ms: int) -> PrivateCall:
        """Of the whole account, all contracts at once."""
        return account.set_one_way(Caller(env, keys), instrument, stamp_ms)

    def set_leverage(
        self, env: Environment, keys: Keys, instrument: Instrument, leverage: Decimal, stamp_ms: int
    ) -> PrivateCall:
        return account.set_leverage(Caller(env, keys), instrument, leverage, stamp_ms)

    def user_streams(self, env: Environment) -> tuple[UserStream, ...]:
        return (_STREAM,)

    def key_call(self, env: Environment, keys: Keys, stream: UserStream, *, renew: bool, stamp_ms: int) -> KeyCall:
        raise ValueError(f"Bitget's {stream.label} stream logs in by a signature and needs no key")

    def stream_url(self, env: Environment, stream: UserStream, key: StreamKey | None) -> str:
        return PRIVATE_SOCKET[env]

    def stream_manners(self, stream: UserStream) -> Manners:
        return _MANNERS

    def private_session(
        self, stream: UserStream, keys: Keys, instruments: Mapping[Market, Mapping[str, Instrument]]
    ) -> PrivateSession:
        return BitgetUserStream(keys, instruments)
