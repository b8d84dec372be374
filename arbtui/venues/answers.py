"""What REST answers have in common: rows of many instruments, best prices without an id, refusals, doubt in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from arbtui.core.errors import OutcomeUnknown, ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import Event, Ignored, Quote
from arbtui.venues.base import HttpRequest, Tables
from arbtui.venues.wire import Address, Rows, side, side_texts

_RowT = TypeVar("_RowT")

Handler = Callable[[Address, msgspec.Raw, Tables, int], Sequence[Event]]
"""What an answer says, its envelope taken off: where it was asked for, its data, the tables, now."""


class RowEvents:
    """The events of an answer's rows, and one ``Ignored`` per reason for rows that were skipped.

    Unknown symbols are counted: more of them than last time means that something was listed.
    """

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._skipped: dict[str, int] = {}

    def skip(self, reason: str) -> None:
        self._skipped[reason] = 1

    def take(self, row: _RowT, slot: int | None, events: Callable[[_RowT, int], Sequence[Event]]) -> None:
        """A row that stands in no table, or holds numbers that are none, does not take the others with it."""
        if slot is None:
            self._skipped["unknown_symbol"] = self._skipped.get("unknown_symbol", 0) + 1
            return
        try:
            self._events.extend(events(row, slot))
        except ProtocolBroken:
            self.skip("bad_row")

    def all(self) -> list[Event]:
        return [*self._events, *(Ignored(reason, count) for reason, count in self._skipped.items())]


def row_events(
    rows: Rows[_RowT],
    data: bytes | msgspec.Raw,
    what: str,
    slot_of: Callable[[_RowT], int | None],
    events: Callable[[_RowT, int], Sequence[Event]],
) -> list[Event]:
    """``RowEvents`` of a JSON array. Raises ``ProtocolBroken`` where ``data`` is none."""
    good, bad = rows.decode(data, what)
    told = RowEvents()
    if bad:
        told.skip("bad_row")
    for row in good:
        told.take(row, slot_of(row), events)
    return told.all()


def rest_quote(
    slot: int,
    t_ns: int,
    exchange_ms: int | None,
    bid: str | None,
    bid_size: str | None,
    ask: str | None,
    ask_size: str | None,
) -> Quote:
    """Best prices of a row, which carry no update id. Raises ``ProtocolBroken`` for half a side."""
    texts = (*side_texts(bid, bid_size), *side_texts(ask, ask_size))
    bid_price, bid_qty = side(bid, bid_size)
    ask_price, ask_qty = side(ask, ask_size)
    return Quote(slot, bid_price, bid_qty, ask_price, ask_qty, t_ns, exchange_ms, 0, texts, "rest")


def refused(
    venue: str, request: HttpRequest, status: int, code: str, words: str | None, reason: RefusalReason
) -> VenueRefused:
    """The venue's own refusal of ``request``, in its own ``words`` as far as there are any."""
    said = (words or "no reason given")[:200]
    text = f"{venue} refused {request.purpose}: {said} (code {code}, HTTP {status})"
    return VenueRefused(text, reason=reason, code=code)


def open_outcome(venue: str, what: str, how: str) -> OutcomeUnknown:
    """The error for an answer that does not settle an order, or a setting; ``how`` says what was answered."""
    return OutcomeUnknown(f"{venue} answered {what} with {how}; whether it took effect is not known")


def unreadable(venue: str, what: str, error: ProtocolBroken) -> OutcomeUnknown:
    """An order was answered with yes, in words that cannot be read."""
    return OutcomeUnknown(f"{venue}'s answer to {what} cannot be read ({error}): it may have taken effect.")
