"""Bitget's private side of classic accounts (API v2): spot, USDT and USDC perpetuals, from two wallets.

Bitget only maintains this API and makes no new accounts of the kind. Which kind an account is, ``private`` asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arbtui.core.orders import Absence
from arbtui.venues.base import Environment, RestLimit
from arbtui.venues.bitget import classic_account, classic_orders, classic_rows, signing, waiting
from arbtui.venues.bitget.addresses import CLASSIC_SOCKET
from arbtui.venues.bitget.classic_calls import ClassicCaller
from arbtui.venues.bitget.classic_stream import ClassicUserStream
from arbtui.venues.bitget.instruments import VENUE
from arbtui.venues.bitget.limits import ABSENCE, CLASSIC, MANNERS
from arbtui.venues.modular import AdjustablePrivate
from arbtui.venues.private import Keys, WaitingCall


class BitgetClassic(AdjustablePrivate[ClassicCaller]):
    """See ``venues.modular``, and ``NamesWallets`` and ``HidesWaiting`` of ``venues.private``.

    One-way mode is set of all contracts of a product.
    """

    name = VENUE
    shown_as = "Bitget"
    key_fields: tuple[str, ...] = signing.KEY_FIELDS
    trade_limits: tuple[RestLimit, ...] = CLASSIC
    absence: Absence = ABSENCE
    manners = MANNERS
    sockets = CLASSIC_SOCKET
    wallets = classic_rows.WALLETS

    def __init__(self) -> None:
        super().__init__(
            ClassicCaller,
            classic_orders,
            classic_account,
            classic_account,
            classic_orders.funding_paid,
            ClassicUserStream,
        )

    def waiting_orders(self, env: Environment, keys: Keys) -> Sequence[Callable[[int], WaitingCall]]:
        return waiting.of_classic(ClassicCaller(env, keys))
