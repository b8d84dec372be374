"""All that a paper account is, as one value that can be kept as JSON.

``to_json_value`` and ``from_json_value`` are each other's inverse; decimals are written as texts. Requests that are
under way are part of it: they reach the paper venue after a restart, as sent orders reach a real one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import msgspec

from arbtui.core.errors import OurMistake
from arbtui.core.model import Market
from arbtui.core.orders import Fill, FundingPaid, Order, ReadKind
from arbtui.execution.paper_account import AccountState
from arbtui.execution.paper_book import Taken
from arbtui.execution.paper_orders import PaperOrder

VERSION = 1


class Request(msgspec.Struct):
    """Something asked of the paper venue that has not arrived yet. ``order`` belongs to all verbs but "read"."""

    verb: Literal["place", "cancel", "query", "read"]
    asked_ns: int
    due_ns: int
    order: Order | None = None
    kind: ReadKind | None = None
    market: Market | None = None
    native: str = ""
    since_ms: int | None = None


class Due(msgspec.Struct):
    """A perpetual's next settlement as last heard; ``paid``: done, and no later one is known yet."""

    rate: Decimal
    next_ms: int
    paid: bool = False


class PaperState(msgspec.Struct):
    """``heard`` = newest ids of public trades by leg, oldest first; ``made`` counts the ids that were given away."""

    version: int = VERSION
    account: AccountState = msgspec.field(default_factory=AccountState)
    orders: dict[str, PaperOrder] = {}  # by client id, in order of placing; the venue's own under "~" and their id
    fills: list[Fill] = []
    payments: list[FundingPaid] = []
    taken: list[Taken] = []
    requests: list[Request] = []
    due: dict[str, Due] = {}  # by native
    heard: dict[str, list[str]] = {}
    made: int = 0
    forgotten_ms: int | None = None  # what ended or filled up to here was dropped, to keep this small


def to_json_value(state: PaperState) -> dict[str, Any]:
    value: dict[str, Any] = msgspec.to_builtins(state)
    return value


def from_json_value(value: object) -> PaperState:
    """Raises ``OurMistake`` for what is no state of this version."""
    try:
        state = msgspec.convert(value, PaperState)
    except (msgspec.ValidationError, ValueError) as error:
        raise OurMistake(f"the kept paper account cannot be read ({error})") from error
    if state.version != VERSION:
        raise OurMistake(f"the kept paper account is of version {state.version}, this program reads {VERSION}")
    return state
