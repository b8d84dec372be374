"""Who listens to which classic account: orders, fill and account of contracts and spot, positions of contracts.

An arg names the product and, as ``instId`` or ``coin``, all of it (``default``) or one instrument of it. ``positions``
and ``account`` begin with what is. ``positions`` tells all that are open each time: what is closed is no longer in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.accounts import Account, Position
from arbtui.sim.base import Session
from arbtui.sim.bitget import classic_rows as rows
from arbtui.sim.bitget import tables
from arbtui.sim.carrier import Carrier
from arbtui.sim.desk import Cause, Desk, What
from arbtui.sim.listeners import Listeners
from arbtui.sim.listing import Listing, Market
from arbtui.sim.orders import Fill, Order

if TYPE_CHECKING:
    from arbtui.sim.bitget.venue import Bitget

Arg = dict[str, str]
_CHANNELS = {"orders": "instId", "fill": "instId", "positions": "instId", "account": "coin"}
_ALL = "default"


class ClassicUsers(Listeners[str, Arg]):
    """See the module."""

    def __init__(self, venue: Bitget, desk: Desk, carrier: Carrier) -> None:
        super().__init__(venue, desk, carrier)
        self._bitget = venue

    def has(self, arg: Arg) -> bool:
        """Whether there is such a channel."""
        product, channel = arg.get("instType", ""), arg.get("channel", "")
        which = arg.get(_CHANNELS.get(channel, ""), "")
        if (
            product not in (tables.SPOT, *tables.QUOTE_OF)
            or not which
            or (product, channel) == (tables.SPOT, "positions")
        ):
            return False
        return which == _ALL or (channel == "orders" and self._bitget.of_product(product, which) is not None)

    def subscribe(self, session: Session, account: Account, arg: Arg) -> None:
        """Tell what changes from now on; first what is, where the channel begins so."""
        self._of.setdefault(account, {})[session, key_of(arg)] = arg
        now_ms, product = self._venue.view.now_ms(), arg["instType"]
        if arg["channel"] == "positions":
            session.send(_frame(arg, self._positions(account, product), now_ms))
        elif arg["channel"] == "account":
            coins = list(account.wallet("spot")) if product == tables.SPOT else [tables.QUOTE_OF[product]]
            session.send(_frame(arg, self._balances(account, product, coins), now_ms))

    # -- telling -------------------------------------------------------------------------------------------------

    def tell_order(self, order: Order, what: What, fill: Fill | None) -> None:
        account, listing = order.account, order.listing
        new = what == "new"
        self._send(account, "orders", listing, lambda: [rows.pushed_order(self._desk, order, fill, new=new)])
        if fill is not None and listing.market == "perp":
            self._send(account, "fill", listing, lambda: [rows.mix_fill(fill)])
        elif fill is not None:
            self._send(account, "fill", listing, lambda: [rows.spot_fill(fill, pushed=True)])

    def tell_account(
        self, account: Account, cause: Cause, market: Market, assets: list[str], positions: list[Position]
    ) -> None:
        for listing in {position.listing: None for position in positions}:
            self._tell_positions(account, listing)
        for product in [tables.SPOT] if market == "spot" else tables.QUOTE_OF:
            coins = assets if market == "spot" else [x for x in assets if x == tables.QUOTE_OF[product]]
            if coins:
                self._balance(account, product, coins, market)

    def _tell_positions(self, account: Account, listing: Listing) -> None:
        product = str(listing.extra["product"])
        self._send(account, "positions", listing, lambda: self._positions(account, product))

    def _balance(self, account: Account, product: str, coins: list[str], market: Market) -> None:
        self._tell(account, "account", product, None, market, lambda: self._balances(account, product, coins))

    def _balances(self, account: Account, product: str, coins: list[str]) -> list[Any]:
        if product == tables.SPOT:
            return [rows.spot_coin(self._desk, account, coin) for coin in coins]
        return [rows.pushed_account(self._desk, account, coin) for coin in coins]

    def _positions(self, account: Account, product: str) -> list[Any]:
        found = [p for p in account.open_positions() if p.listing.extra["product"] == product]
        return [rows.position(self._desk, account, p, pushed=True) for p in found]

    def _send(self, account: Account, channel: str, listing: Listing, make: Callable[[], list[Any]]) -> None:
        self._tell(account, channel, str(listing.extra["product"]), listing, listing.market, make)

    def _tell(
        self,
        account: Account,
        channel: str,
        product: str,
        listing: Listing | None,
        market: Market,
        make: Callable[[], list[Any]],
    ) -> None:
        """One frame to each who subscribed."""
        hear = [
            (session, arg)
            for (session, _), arg in self._of.get(account, {}).items()
            if (arg["instType"], arg["channel"]) == (product, channel)
            and (listing is None or arg.get("instId") in (_ALL, listing.native))
        ]
        if not hear:
            return
        data, now_ms = make(), self._venue.view.now_ms(market)
        for session, arg in hear:
            frame = _frame(arg, data, now_ms)
            fill = channel == "fill"
            self._carrier.send([session], frame, market=market, wire=channel, listing=listing, fill=fill)


def key_of(arg: Arg) -> str:
    return "/".join(f"{name}={value}" for name, value in sorted(arg.items()))


def _frame(arg: Arg, data: list[Any], now_ms: int) -> bytes:
    return orjson.dumps({"action": "snapshot", "arg": arg, "data": data, "ts": now_ms})
