"""Bitget's private socket of classic accounts: one connection for spot and contracts, a channel for each and product.

Order of things as in ``userstream``. Fills name their order by Bitget's id alone. A push of positions is all that is
held of its product: what stood in the one before and is missing has been closed.
Source: Bitget classic API docs, Websocket API; Websocket / Private of spot and contracts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from arbtui.core.events import Ignored
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Position
from arbtui.venues.bitget import classic_rows, classic_shapes
from arbtui.venues.bitget.instruments import PRODUCTS
from arbtui.venues.bitget.private_shapes import PrivateArg, PrivateHead
from arbtui.venues.bitget.userstream import Conversation, Handler
from arbtui.venues.private import Keys, PrivateEvent
from arbtui.venues.wire import guarded

CHANNELS = [
    (market, product, channel)
    for market, products in PRODUCTS.items()
    for product in products
    for channel in ("orders", "fill", "account", *(("positions",) if market is Market.PERP else ()))
]


def arg_of(product: str, channel: str) -> dict[str, str]:
    """What a channel is asked for by: of all instruments, or of all coins."""
    return {"instType": product, "channel": channel, "coin" if channel == "account" else "instId": "default"}


_SUBSCRIBE = msgspec.json.encode(
    {"op": "subscribe", "args": [arg_of(product, channel) for _, product, channel in CHANNELS]}
).decode()


class ClassicUserStream(Conversation):
    """One for each connection."""

    def __init__(self, keys: Keys, instruments: Mapping[Market, Mapping[str, Instrument]]) -> None:
        self._instruments = instruments
        self._held: dict[str, list[Position]] = {}  # by product, as the last push told it
        handlers = {_name(product, channel): self._handler(*key) for key in CHANNELS for _, product, channel in [key]}
        super().__init__(keys, _SUBSCRIBE, handlers)

    def about(self, arg: PrivateArg) -> str:
        return _name(arg.inst_type, arg.channel) if arg.channel else ""

    def _handler(self, market: Market, product: str, channel: str) -> Handler:
        match channel:
            case "orders":
                return partial(self._orders, market)
            case "fill":
                return partial(self._fills, market)
            case "positions":
                return partial(self._positions, product)
            case _:
                return self._coins if market is Market.SPOT else self._margins

    def _orders(self, market: Market, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        rows = guarded(classic_shapes.order_rows, head.data, "Bitget order push")
        return [classic_rows.report(row, market, "push", t_ns) for row in rows]

    def _fills(self, market: Market, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        rows = guarded(classic_shapes.fill_rows, head.data, "Bitget fill push")
        listed = self._instruments.get(market, {})
        return [classic_rows.fill(row, market, listed.get(row.symbol), "push", t_ns) for row in rows]

    def _positions(self, product: str, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        rows = guarded(classic_shapes.position_rows, head.data, "Bitget position push")
        told = [classic_rows.position(row, "push", t_ns) for row in rows]
        here = {(one.native, one.held) for one in told}
        gone = [one for one in self._held.get(product, ()) if (one.native, one.held) not in here]
        self._held[product] = [one for one in told if one.qty]
        return [*told, *(_flat(one, t_ns, head.ts) for one in gone)]

    def _coins(self, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        rows = guarded(classic_shapes.spot_coins, head.data, "Bitget account push")
        return [classic_rows.spot_balance(row, t_ns, head.ts) for row in rows]

    def _margins(self, head: PrivateHead, t_ns: int) -> Sequence[PrivateEvent]:
        rows = guarded(classic_shapes.mix_accounts, head.data, "Bitget account push")
        return [classic_rows.mix_balance(row, t_ns, head.ts) or Ignored("equity_with_open_profit") for row in rows]


def _name(product: str, channel: str) -> str:
    return f"{product}.{channel}"


def _flat(held: Position, t_ns: int, t_ms: int | None) -> Position:
    return Position(
        venue=held.venue, native=held.native, qty=held.qty - held.qty, t_ns=t_ns, held=held.held, t_ms=t_ms, told="push"
    )
