"""Orders that bring an account's perpetual positions to zero, whoever opened them. Pure.

For the emergency in which no hedge is known: a corrupt journal, a broken config. Each order is reduce-only, within a
band of the price that it would meet now, and bears a name of ours, so that a running engine recognises it later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Order, OrderKind, Position, Side
from arbtui.execution.intents import Purpose, Terms, client_id, terms_of
from arbtui.execution.ports import Price
from arbtui.execution.quantity import ZERO, band_limit


def flatten_orders(
    hedge: str,
    positions: Sequence[Position],
    instruments: Mapping[tuple[str, str], Instrument],
    prices: Mapping[tuple[str, str], Price],
    band_bps: Decimal,
) -> tuple[list[Order], list[str]]:
    """Orders, and in words what cannot be flattened and why. Keys are (venue, native); ``hedge`` is a new id."""
    orders: list[Order] = []
    left: list[str] = []
    for position in positions:
        if not position.qty:
            continue
        key = (position.venue, position.native)
        made = _order(hedge, len(orders), position, instruments.get(key), prices.get(key), band_bps)
        if isinstance(made, str):
            left.append(f"{position.venue} {position.native} {position.qty:f}: {made}")
        else:
            orders.append(made)
    return orders, left


def _order(
    hedge: str,
    number: int,
    position: Position,
    instrument: Instrument | None,
    price: Price | None,
    band_bps: Decimal,
) -> Order | str:
    if position.held != "net":
        return "it is held two-sided; close it on the venue's own page"
    if instrument is None:
        return "the instrument is not listed"
    terms = terms_of(instrument)
    if isinstance(terms, str):
        return terms
    side = Side.SELL if position.qty > 0 else Side.BUY
    limit = _limit(price, side, terms, band_bps)
    qty = abs(position.qty) // terms.step * terms.step
    if limit is None or limit <= 0:
        return "there is no price to close at now"
    if qty == ZERO:
        return "it is less than a lot"
    return Order(
        client_id=client_id(hedge, 0, Purpose.FLATTEN, number),
        venue=position.venue,
        market=Market.PERP,
        native=position.native,
        side=side,
        kind=OrderKind.IOC,
        qty=qty,
        price=limit,
        reduce_only=True,
    )


def _limit(price: Price | None, side: Side, terms: Terms, band_bps: Decimal) -> Decimal | None:
    if price is None or not price.fresh:
        return None
    meets = price.bid if side is Side.SELL else price.ask
    return None if meets is None else band_limit(meets, side, band_bps, terms)
