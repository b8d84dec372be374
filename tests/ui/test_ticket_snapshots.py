"""What the panel and the panes of orders look like, line by line, at both sizes that people use most.

ARBTUI_SNAPSHOTS=write pytest tests/ui/test_ticket_snapshots.py     takes what is shown as what is meant
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.ui.dealer import WITHOUT_LIMITS, Dealer, dealing, halted

_HEDGE_ID = re.compile(r"\bmi6p\w{6}\b")  # made of the time, and of how often a ticket was looked at
KEPT = Path(__file__).parent / "snapshots"


async def ticket(dealer: Dealer) -> None:
    await dealer.press("o")
    await dealer.wait(0.5)


async def review(dealer: Dealer) -> None:
    await dealer.press("o", "enter")


async def refused(dealer: Dealer) -> None:
    dealer.trading.tops.stale.add("okx.spot.BTCUSDT")
    dealer.seat.app.desk.go_to("BTC")
    slots = {slot.key: slot.id for slot in dealer.port.board.coins["BTC"].slots}
    dealer.seat.app.desk.choose_legs(slots["okx.spot.BTCUSDT"], slots["bybit.perp.BTCUSDT"])
    await ticket(dealer)
    await dealer.press("enter")


async def hedged(dealer: Dealer) -> None:
    await dealer.press("o", "enter", "y")
    await dealer.wait(1)


async def in_trouble(dealer: Dealer) -> None:
    await halted(dealer)


async def flatten_all(dealer: Dealer) -> None:
    for _ in range(2):
        await dealer.open_one()
    await dealer.press("F", "F")


async def positions(dealer: Dealer) -> None:
    for _ in range(2):
        await dealer.open_one()
    await dealer.wait(70)
    await dealer.press("6")


async def log(dealer: Dealer) -> None:
    await dealer.open_one()
    await dealer.press("7")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    "scene", [ticket, review, refused, hedged, in_trouble, flatten_all, positions, log], ids=lambda it: it.__name__
)
async def test_it_looks_as_it_is_meant_to(
    scene: Callable[[Dealer], Awaitable[None]], size: tuple[int, int], request: pytest.FixtureRequest
) -> None:
    async with dealing(*size, limits=WITHOUT_LIMITS) as dealer:
        await scene(dealer)
        shown = _HEDGE_ID.sub("(hedge id)", "\n".join(await dealer.seat.rows()) + "\n")
    path = KEPT / f"{request.node.callspec.id}.txt"
    if os.environ.get("ARBTUI_SNAPSHOTS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown)
    assert shown == path.read_text()
