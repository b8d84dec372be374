"""The way of a request about orders to a simulated venue and back, and the faults that lose it or its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from arbtui.sim.faults import Fault

_Answer = TypeVar("_Answer")
Act = Callable[[str], Fault | None]
Loss = Callable[[Fault], Exception]


class Lost(Exception):
    """The request or its answer is lost: nothing comes back, and the connection ends in ``after_s``."""

    def __init__(self, after_s: float) -> None:
        super().__init__(after_s)
        self.after_s = after_s


def lost(fault: Fault, *, timeout: Exception, error: Exception) -> Exception:
    """What comes of a lost request or answer: the venue says that it timed out, or failed, or nothing at all."""
    if fault.reason == "timeout":
        return timeout
    if fault.reason == "error":
        return error
    return Lost(fault.number if fault.reason == "hang" else 0.0)


def check_delivered(act: Act, loss: Loss) -> None:
    """Raise ``loss`` where the request is lost. ``act``: the fault of this name that concerns the request."""
    if fault := act("ack_lost_undelivered"):
        raise loss(fault)


def unless_lost(
    act: Act, answer: Callable[[], _Answer], loss: Loss, refusals: type[Exception] | tuple[type[Exception], ...]
) -> _Answer:
    """The answer to a request that was delivered, unless it is lost. A refusal is lost as any other answer is."""
    try:
        found = answer()
    except refusals:
        if fault := act("ack_lost_delivered"):
            raise loss(fault) from None
        raise
    if fault := act("ack_lost_delivered"):
        raise loss(fault)
    return found
