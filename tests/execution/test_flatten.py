"""Bringing an account to zero without any hedge known."""

from __future__ import annotations

from typing import Any

from arbtui.core.orders import Position, Side
from arbtui.execution.flatten import flatten_orders
from tests.execution.stage import GOOD, HEDGE, T0, dec, instrument, quote

KEY = ("alpha", "COINUSDT")


def position(qty: str, **more: Any) -> Position:
    return Position(venue="alpha", native="COINUSDT", qty=dec(qty), t_ns=T0, **more)


def test_a_long_is_sold_and_a_short_is_bought_reduce_only_within_the_band() -> None:
    orders, left = flatten_orders(
        HEDGE, [position("10"), position("-2.55")], {KEY: instrument("alpha")}, {KEY: GOOD[0]}, dec(100)
    )
    assert left == []
    assert [(order.side, str(order.qty), str(order.price), order.reduce_only) for order in orders] == [
        (Side.SELL, "10.0", "99.00", True),
        (Side.BUY, "2.5", "101.00", True),
    ]
    assert len({order.client_id for order in orders}) == 2


def test_what_cannot_be_flattened_is_named_with_its_reason() -> None:
    positions = [position("0"), position("10", held="long"), position("0.05"), position("3")]
    stale = quote("99.99", "100.00", fresh=False)
    _, left = flatten_orders(HEDGE, positions, {KEY: instrument("alpha")}, {KEY: stale}, dec(100))
    assert len(left) == 3
    assert "two-sided" in left[0]
    assert "no price" in left[2]
    _, left = flatten_orders(HEDGE, [position("0.05")], {KEY: instrument("alpha")}, {KEY: GOOD[0]}, dec(100))
    assert "less than a lot" in left[0]
    _, left = flatten_orders(HEDGE, [position("1")], {}, {}, dec(100))
    assert "not listed" in left[0]
