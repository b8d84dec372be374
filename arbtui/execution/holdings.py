"""The perpetual positions of accounts as last told, whoever opened them.

Venues name what is not flat. What a whole read of an account names no more has gone, and so has what is told with zero.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from arbtui.core.orders import AccountEvent, Position, ReadDone, ReadKind

Where = tuple[str, str, str]  # venue, native, held


class Holdings:
    """``open``: what is not flat. Changed by ``hear`` alone."""

    def __init__(self) -> None:
        self.open: dict[Where, Position] = {}

    def hear(self, event: AccountEvent) -> list[Position]:
        """What is news: positions that have changed in any way, those that have gone with a quantity of zero."""
        if isinstance(event, Position):
            return self._one(event)
        if isinstance(event, ReadDone) and event.kind is ReadKind.POSITIONS:
            unnamed = [
                kept
                for kept in self.open.values()
                if kept.venue == event.venue and event.native in ("", kept.native) and kept.t_ns < event.asked_ns
            ]
            return [news for kept in unnamed for news in self._one(replace(kept, qty=Decimal(0), t_ns=event.t_ns))]
        return []

    def _one(self, position: Position) -> list[Position]:
        where = (position.venue, position.native, position.held)
        had = self.open.get(where)
        if had is None and not position.qty:
            return []
        if had is not None and position.t_ns < had.t_ns:
            return []
        if position.qty:
            self.open[where] = position
        else:
            self.open.pop(where, None)
        return [position] if had is None or _said(had) != _said(position) else []


def _said(position: Position) -> tuple[object, ...]:
    return (position.qty, position.entry_price, position.mark, position.liquidation_price, position.adl_rank)
