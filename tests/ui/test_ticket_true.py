"""What a ticket shows is what is sent: figures as painted, the intent that was fired, and the orders that arrived."""

from __future__ import annotations

from decimal import Decimal

import pytest

from arbtui.execution.lifecycle import State
from arbtui.execution.runner import Answer
from arbtui.port import Preview
from tests.ui.dealer import Dealer, dealing

SIDES = {"BUY": 0, "SELL": 1}


async def legs_shown(dealer: Dealer) -> dict[int, tuple[Decimal, Decimal]]:
    """Limit and quantity of each leg, read from the screen."""
    found = {}
    for row in (await dealer.text()).split("\n"):
        words = row.replace("│", " ").split()
        for side, leg in SIDES.items():
            if side in words and "IOC" in words:
                at = words.index("IOC")
                limit, qty = (Decimal(word.replace(",", "")) for word in words[at + 1 : at + 3])
                found[leg] = limit, qty
    assert set(found) == {0, 1}, await dealer.text()
    return found


@pytest.mark.parametrize(
    ("coin", "keys"),
    [("BTC", ()), ("BTC", ("minus", "minus")), ("PEPE", ("u", "plus"))],
    ids=["as is", "less", "coins"],
)
async def test_limits_and_quantities_of_the_ticket_are_those_of_intent_and_orders(
    coin: str, keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dealing() as dealer:
        dealer.seat.app.main_screen.run("coin.pick", coin)
        await dealer.wait(0.5)
        await dealer.press("o", *keys)
        fired: list[Preview] = []
        fire = dealer.trading.fire

        def noted(preview: Preview) -> Answer:
            fired.append(preview)
            return fire(preview)

        monkeypatch.setattr(dealer.trading, "fire", noted)
        await dealer.press("enter")
        shown = await legs_shown(dealer)
        await dealer.press("y")
        await dealer.wait(1.0)
        (preview,) = fired
        intent = preview.intent
        assert intent is not None
        assert intent.base == coin
        assert dealer.states == [State.HEDGED]
        orders = {order.leg: order for venue in dealer.trading.venues.values() for order in venue.placed}
        assert len(orders) == 2
        for leg, (limit, qty) in shown.items():
            meant, order = intent.legs[leg], orders[intent.legs[leg].key]
            assert qty == intent.qty[leg] * meant.terms.multiplier == order.qty * meant.terms.multiplier
            assert order.price is not None
            assert limit == pytest.approx(meant.coin_price(order.price), rel=Decimal("1e-9"))
