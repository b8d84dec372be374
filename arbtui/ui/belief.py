"""What may be believed of what is shown, as of this moment: the engine's own round may not have come to it yet."""

from __future__ import annotations

from arbtui.execution.pairs import Pair
from arbtui.market.slot import Slot
from arbtui.port import EnginePort


def why_not(port: EnginePort, slot: Slot) -> str | None:
    """Why the leg may not trade now, in words; None: it may."""
    return slot.muted or port.board.judge(slot, port.clock.now_ns())


def stale_price(port: EnginePort, pair: Pair) -> str | None:
    """Why what an open hedge has made is reckoned at a price that may not hold any more; None: all its prices hold."""
    now_ns = port.clock.now_ns()
    for own in pair.legs:
        if not own.coins:
            continue
        slot = port.board.slot_of(own.leg.venue, own.leg.market, own.leg.native)
        why = "not listed any more" if slot is None else port.board.fresh(slot, now_ns)
        if why is not None:
            return f"{own.leg.key}: {why}"
    return None
