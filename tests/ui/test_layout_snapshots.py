"""What the screen looks like at every size that it has a shape for, line by line.

ARBTUI_SNAPSHOTS=write pytest tests/ui/test_layout_snapshots.py     takes what is shown as what is meant
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from arbtui.core.clock import NS_PER_S
from arbtui.core.model import Market
from arbtui.core.status import FeedState
from tests.ui.dealer import WITHOUT_LIMITS, Dealer, dealing
from tests.ui.fake_port import VENUES, FakePort, feed
from tests.ui.painted import rows_of
from tests.ui.seat import seated

_HEDGE_ID = re.compile(r"\bmi6p\w{6}\b")  # made of the time, and of how often a ticket was looked at
KEPT = Path(__file__).parent / "snapshots"
SIZES = ((200, 60), (120, 40), (80, 24), (60, 16), (40, 10))


async def everything(dealer: Dealer) -> None:
    await dealer.open_one()


async def for_trading(dealer: Dealer) -> None:
    await dealer.open_one()
    await dealer.press("w", "w")


async def large_chart(dealer: Dealer) -> None:
    await dealer.press("w", "w", "w")


async def accounts(dealer: Dealer) -> None:
    await dealer.open_one()
    await dealer.press("9", "z")


SCENES: Sequence[tuple[Callable[[Dealer], Awaitable[None]], tuple[int, int]]] = (
    *((everything, size) for size in SIZES),
    *((for_trading, size) for size in SIZES[1:3]),
    (large_chart, SIZES[1]),
    *((accounts, size) for size in SIZES[1:3]),
)


def as_meant(name: str, shown: str) -> str:
    """What is kept under this name; what is shown, where snapshots are written."""
    path = KEPT / f"{name}.txt"
    if os.environ.get("ARBTUI_SNAPSHOTS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown)
    return path.read_text()


@pytest.mark.parametrize(("scene", "size"), SCENES, ids=lambda it: it.__name__ if callable(it) else f"{it[0]}x{it[1]}")
async def test_each_layout_looks_as_it_is_meant_to(
    scene: Callable[[Dealer], Awaitable[None]], size: tuple[int, int]
) -> None:
    async with dealing(*size, limits=WITHOUT_LIMITS) as dealer:
        await scene(dealer)
        await dealer.wait(12)
        shown = _HEDGE_ID.sub("(hedge id)", "\n".join(await dealer.seat.rows()) + "\n")
    assert shown == as_meant(f"{scene.__name__}-{size[0]}x{size[1]}", shown)


@pytest.mark.parametrize("size", SIZES[2:], ids=lambda it: f"{it[0]}x{it[1]}")
async def test_without_a_network_every_size_says_what_to_press(size: tuple[int, int]) -> None:
    port = FakePort(0)
    port.mode = "PAPER"
    why = "api.venue.example cannot be reached: its name cannot be resolved"
    since_ns = port.clock.now_ns() - 12 * NS_PER_S
    port.feeds = [
        replace(feed(venue, market, FeedState.DOWN, why), since_ns=since_ns) for venue in VENUES for market in Market
    ]
    async with seated(port, *size) as seat:
        await seat.rows()
        shown = "\n".join(rows_of(seat.app)) + "\n"
    assert shown == as_meant(f"no_network-{size[0]}x{size[1]}", shown)
