"""OKX's private side, SWAP and SPOT. Orders go by REST in every environment.

The socket would take orders faster, but only by ``instIdCode``, and demo trading refuses the codes that it publishes
itself, where REST takes the same order; what is sent by REST is told by the private socket all the same.

Limits are counted per account and endpoint, those of orders per instrument as well (60 in 2 s). Buckets here are one
for all instruments: less than OKX allows, and below its 1,000 orders in 2 s for a sub-account at any time.
"""

from __future__ import annotations

from collections.abc import Mapping

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Absence, Order
from arbtui.venues.base import Environment, Manners, RestLimit
from arbtui.venues.okx import account, orders, signing
from arbtui.venues.okx.calls import Caller
from arbtui.venues.okx.instruments import VENUE
from arbtui.venues.okx.userstream import OkxUserStream
from arbtui.venues.private import KeyCall, Keys, PrivateCall, PrivateSession, StreamKey, UserStream

_SOCKET = {
    Environment.PROD: "wss://ws.okx.com:8443/ws/v5/private",
    Environment.DEMO: "wss://wspap.okx.com:8443/ws/v5/private",
    Environment.TESTNET: "wss://wspap.okx.com:8443/ws/v5/private",  # OKX's testnet is its demo trading
}
_STREAM = UserStream("private", (Market.PERP, Market.SPOT))
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
}


class OkxPrivate:
    """See ``venues.private.PrivateVenue``."""

    name = VENUE
    key_fields: tuple[str, ...] = signing.KEY_FIELDS
    trade_limits: tuple[RestLimit, ...] = tuple(
        RestLimit(signing.HOST, bucket, capacity, window_s=2.0, apart=True) for bucket, capacity in _PER_2S.items()
    )
    absence = Absence(settle_s=orders.SETTLE_S, forget_s=orders.FORGET_S)

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
        return account.funding_paid(Caller(env, keys), since_ms, stamp_ms)

    def user_streams(self, env: Environment) -> tuple[UserStream, ...]:
        return (_STREAM,)

    def key_call(self, env: Environment, keys: Keys, stream: UserStream, *, renew: bool, stamp_ms: int) -> KeyCall:
        raise ValueError(f"OKX's {stream.label} stream logs in by a signature and needs no key")

    def stream_url(self, env: Environment, stream: UserStream, key: StreamKey | None) -> str:
        return _SOCKET[env]

    def stream_manners(self, stream: UserStream) -> Manners:
        return _MANNERS

    def private_session(
        self, stream: UserStream, keys: Keys, instruments: Mapping[Market, Mapping[str, Instrument]]
    ) -> PrivateSession:
        return OkxUserStream(keys)
