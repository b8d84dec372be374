"""What a private request of Bybit may come to, besides a result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from arbtui.sim.accounts import Account
from arbtui.sim.limits import PerWindow
from arbtui.sim.reading import Ask, whole_of


class Code(NamedTuple):
    """A ``retCode`` of Bybit, and its text."""

    code: int
    text: str


class Failed(Exception):
    """A refusal; it travels with HTTP status 200."""

    def __init__(self, why: Code) -> None:
        super().__init__(why.text)
        self.why = why


def bad(text: str) -> Failed:
    """A parameter is wrong."""
    return Failed(Code(10001, text))


def whole(ask: Ask, name: str, default: int, least: int = 0, most: int = 1 << 62) -> int:
    """A whole number, if it is given."""
    found = whole_of(ask, name, default, least, most)
    if found is None:
        raise bad(f"params error: {name} invalid")
    return found


@dataclass(slots=True)
class Endpoint:
    """A private path: its answer, and how many requests in a second one account has, by category.

    ``verb``: what faults with lost answers call it; "" = it changes no order. ``trades``: a key that may only read is
    refused.
    """

    answer: Callable[[Account, Ask], dict[str, Any]]
    limits: dict[str, int]
    verb: str = ""
    trades: bool = False
    used: PerWindow = field(default_factory=lambda: PerWindow(1 << 30, 1))

    def limit(self, category: str) -> int:
        return self.limits.get(category, self.limits[""])
