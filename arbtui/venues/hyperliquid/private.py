"""Hyperliquid's private side: what ``venues.private.PrivateVenue`` wants, by where it is.

``signing`` who acts; ``cloids`` client ids; ``calls`` how it is asked; ``refusals`` its sentences; ``orders`` orders
and fills; ``account`` positions, balances, fees; ``rights`` who may do what, and leverage; ``userstream`` what the
socket says.

``tradesocket`` actions over the socket instead of REST.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from arbtui.core.model import Market
from arbtui.core.orders import Absence
from arbtui.venues.base import Environment, Manners, RestLimit
from arbtui.venues.hyperliquid import account, calls, info, orders, rights, signing, tradesocket
from arbtui.venues.hyperliquid.calls import Caller
from arbtui.venues.hyperliquid.names import VENUE
from arbtui.venues.hyperliquid.setups import Setups
from arbtui.venues.hyperliquid.signing import Nonces
from arbtui.venues.hyperliquid.userstream import HyperliquidUserStream
from arbtui.venues.modular import AdjustablePrivate, OverSocket
from arbtui.venues.private import KeyCall, Keys, UserStream

_MANNERS = Manners(
    messages_per_s=10.0,
    streams_per_socket=10,
    connects_per_min=30.0,
    ping_every_s=20.0,  # the venue closes when it had nothing to send for 60 s; acknowledgements do not count
    ping_when_idle=True,
    silence_s=35.0,
)


class HyperliquidPrivate(OverSocket, AdjustablePrivate[Caller]):
    """See ``venues.modular``.

    Orders: ValueError for what must not be sent, which is market orders, spot reduce-only, prices and sizes off the
    rule. An immediate order that met nobody is told as accepted and expired, under no order id: the venue names none.

    Its state is the last nonce, since no two actions may bear the same, and how accounts were last told to be set up.
    """

    name = VENUE
    shown_as = "Hyperliquid"
    key_fields: tuple[str, ...] = signing.KEY_FIELDS
    trade_limits: tuple[RestLimit, ...] = calls.trade_limits()
    absence = Absence(settle_s=orders.SETTLE_S, forget_s=orders.FORGET_S, history=False)
    manners = _MANNERS
    stream = UserStream("user", (Market.PERP, Market.SPOT))
    sockets: Mapping[Environment, str] = {env: f"wss://{host}/ws" for env, host in info.HOSTS.items()}
    trades = tradesocket

    def __init__(self) -> None:
        caller = partial(Caller, nonces=Nonces(), setups=Setups())
        super().__init__(
            caller, orders, account, rights, account.funding_paid, lambda keys, _: HyperliquidUserStream(keys)
        )

    def key_call(self, env: Environment, keys: Keys, stream: UserStream, *, renew: bool, stamp_ms: int) -> KeyCall:
        raise ValueError(f"Hyperliquid's {stream.label} stream is open to anybody and needs no key")
