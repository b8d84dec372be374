"""The end of a run whose engine failed while hedges were open: they come to rest first, and what stays open is said."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from arbtui.core.clock import ManualClock
from arbtui.engine.ending import EXIT_OPEN, Stop, until_end
from arbtui.engine.orders import Orders
from arbtui.engine.trouble import Trouble
from arbtui.execution.runner import Stopped


class Watcher:
    stays = False

    async def run(self) -> int:
        await asyncio.sleep(60)
        return 0

    async def close(self) -> None: ...


class Resting:
    """Trading that says at its stop what stays open."""

    def __init__(self, *doubt: str) -> None:
        self.stopped = 0
        self.trading = self
        self._doubt = doubt

    async def stop(self) -> Stopped:
        self.stopped += 1
        return Stopped((), self._doubt)

    def open_in_words(self) -> str:
        return "something is open"


async def ended(orders: Resting) -> tuple[int, list[str]]:
    async def fails() -> None:
        raise ZeroDivisionError

    trouble = Trouble(ManualClock(0))
    with Stop() as stop:
        work = asyncio.create_task(fails())
        code = await until_end(work, cast(Any, Watcher()), stop, cast(Orders, orders), trouble)
    return code, [notice.text for notice in trouble.notices]


async def test_an_engine_that_fails_with_exposure_stops_its_hedges_and_says_what_stays_open() -> None:
    orders = Resting("h1: unbalanced")
    code, said = await ended(orders)
    assert code == EXIT_OPEN
    assert orders.stopped == 1
    assert any("h1: unbalanced" in text for text in said)


async def test_an_engine_that_fails_without_exposure_fails_as_it_is() -> None:
    orders = Resting()
    with pytest.raises(ZeroDivisionError):
        await ended(orders)
    assert orders.stopped == 1
