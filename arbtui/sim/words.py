"""Words for how an order stands, as simulated venues that tell it by one word each have them."""

from __future__ import annotations

from typing import NamedTuple

from arbtui.sim.desk import Desk
from arbtui.sim.orders import Order


class StatusWords(NamedTuple):
    """``unknown``: one that nobody knows, for the fault ``unknown_status``."""

    live: str
    partly: str
    filled: str
    unknown: str = "alien_state"


def status_word(desk: Desk, order: Order, words: StatusWords) -> str | None:
    """None: it has ended, and not because it was filled."""
    if desk.act("unknown_status", order.listing.market, order.listing.native):
        return words.unknown
    if order.live:
        return words.partly if order.filled else words.live
    return words.filled if order.status == "filled" else None
