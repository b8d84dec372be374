"""How a run ends: who may ask for it, and hedges that come to rest first.

    Stop          SIGINT, SIGTERM and SIGHUP
    until_end     until the guest ends, a signal comes, or the work fails; the exit code

No end waits for ever. Hedges have the time of the policy; a task that does not heed its cancellation is cancelled again
and then left behind; and a loop that does not come round at all is ended by ``engine.lastresort``, which begins to
count with the signal itself: the handlers here are Python's own, which run without the loop.

A guest that is merely gone (its terminal hung up, or its screen broke, and ``ui.on_hangup`` is "headless") does not end
a run: it goes on as it was, but disarmed, since nobody is there to open anything.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Any, Self

from arbtui.core.errors import ArbtuiError
from arbtui.engine.lastresort import EXIT_OPEN as EXIT_OPEN
from arbtui.engine.lastresort import LastResort
from arbtui.engine.orders import Orders
from arbtui.engine.trouble import Trouble
from arbtui.port import Guest

log = logging.getLogger(__name__)

EXIT_INTERRUPTED = 130
PUT_AWAY_S = 5.0  # for a task that was cancelled
AGAIN_S = 0.5
_CODES = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: 0}


class Stop:
    """SIGINT and SIGTERM ask for the end, SIGHUP too where ``hang_up_ends``; the exit code says which.

    While hedges come to rest, one more is told what it would leave, and the next has its way. A hang-up never insists:
    kernel, shell and terminal multiplexer each send one. Where it was ignored from the start (nohup), it stays so.
    """

    def __init__(self, *, hang_up_ends: bool = True, last_resort: LastResort | None = None) -> None:
        self.asked = asyncio.Event()
        self.insisted = asyncio.Event()
        self.code = 0
        self.last_resort = last_resort
        self._hang_up_ends = hang_up_ends
        self._warn: Callable[[], None] | None = None  # set while hedges come to rest
        self._times = 0
        self._before: dict[signal.Signals, Any] = {}
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        for number, code in _CODES.items():
            self._handle(number, partial(self._ask, code), ends=True)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            self._handle(signal.SIGHUP, self._hang_up, ends=self._hang_up_ends)
        return self

    def _handle(self, number: signal.Signals, call: Callable[[], None], *, ends: bool) -> None:
        def heard(_number: int, _frame: object) -> None:
            if ends:
                self.ending()
            self._loop.call_soon_threadsafe(call)

        self._before[number] = signal.signal(number, heard)

    def __exit__(self, *exc: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def ending(self) -> None:
        """The end has begun: from now on its time counts."""
        if self.last_resort is not None:
            self.last_resort.begin()

    def settling(self, warn: Callable[[], None]) -> None:
        """Hedges come to rest from now on; ``warn`` says what stays open if that is cut short."""
        self._warn = warn
        if self._times > 1:
            warn()
        self._times = max(1, self._times)  # a guest that has left asked as well

    def _ask(self, code: int) -> None:
        self._times += 1
        if self._times == 1:
            self.code = code
        elif self._warn is not None and self._times == 2:
            self._warn()
        elif self._warn is not None:
            self.insisted.set()
        self.asked.set()

    def _hang_up(self) -> None:
        if self._hang_up_ends:
            self._times = max(1, self._times)
            self.asked.set()
        else:
            log.info("a hang-up, which does not end this run (ui.on_hangup)")


async def until_end(work: asyncio.Task[None], guest: Guest, stop: Stop, orders: Orders | None, trouble: Trouble) -> int:
    """Hedges come to rest while the guest still shows it; what stays open is said once the terminal is given back."""
    visit = asyncio.create_task(guest.run())
    asked = asyncio.create_task(stop.asked.wait())
    left: list[tuple[str, str]] = []
    try:
        await asyncio.wait([work, visit, asked], return_when=asyncio.FIRST_COMPLETED)
        left_it = visit.done()
        if left_it and _failure(visit) is None and visit.result() is None:
            _without_guest(orders, trouble)
            await asyncio.wait([work, asked], return_when=asyncio.FIRST_COMPLETED)
        stop.ending()
        if (failed := _failure(work) or _failure(visit)) is not None and orders is not None:
            log.critical("arbtui failed while orders may be under way", exc_info=failed)
        if orders is not None:
            left = await _come_to_rest(orders, stop, trouble)
        if left:
            return EXIT_OPEN
        if failed is not None:
            raise failed
        code = visit.result() if left_it else None
        return stop.code if code is None else code
    finally:
        await put_away(asked)
        await put_away(visit)
        for level, text in left:
            trouble.notice(level, text)
        await guest.close()
        await put_away(work)


def _failure(task: asyncio.Task[Any]) -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None


def _without_guest(orders: Orders | None, trouble: Trouble) -> None:
    why = "the screen is gone"
    trouble.notice("warning", f"{why}, and this run goes on without it (process {os.getpid()}): SIGTERM ends it")
    if orders is not None:
        orders.disarm(why)


async def _come_to_rest(orders: Orders, stop: Stop, trouble: Trouble) -> list[tuple[str, str]]:
    """Finish or unwind what is under way; what stays open, each with how grave that is."""
    stop.settling(
        lambda: trouble.notice(
            "warning", f"{orders.open_in_words()}; still settling, one more signal leaves it as it is"
        )
    )
    stopping = asyncio.create_task(orders.trading.stop())
    insisted = asyncio.create_task(stop.insisted.wait())
    try:
        await asyncio.wait([stopping, insisted], return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            return [("error", f"left as it is: {orders.open_in_words()}")]
        stopped = stopping.result()
    finally:
        await put_away(stopping)
        await put_away(insisted)
    return [
        *(("error", f"needs you: {text}") for text in stopped.doubt),
        *(("warning", f"stays open: {text}") for text in stopped.open),
    ]


async def put_away(task: asyncio.Task[Any]) -> None:
    """Cancel and wait. What it raised on its way out is logged: the reason of the end was another.

    One cancellation may be lost on its way (a timer that fires at the same moment swallows it), so it is sent again;
    who heeds none within ``PUT_AWAY_S`` is left behind.
    """
    if task.done():
        return
    loop = asyncio.get_running_loop()
    until_s = loop.time() + PUT_AWAY_S
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=AGAIN_S)
        if not task.done() and loop.time() >= until_s:
            log.critical("%s does not end within %g s and is left behind: %s", task.get_name(), PUT_AWAY_S, task)
            return
    if not task.cancelled() and isinstance(error := task.exception(), ArbtuiError):
        log.warning("%s", error)
    elif not task.cancelled() and error is not None:
        raise error
