"""What a private request of Bitget may come to, besides data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from arbtui.sim.accounts import Account
from arbtui.sim.limits import PerWindow
from arbtui.sim.reading import Ask, text, whole_of


class Code(NamedTuple):
    """A code of Bitget, and its text."""

    code: str
    text: str


class Failed(Exception):
    """A refusal; over REST it travels with an HTTP status of its own."""

    def __init__(self, why: Code, status: int = 400) -> None:
        super().__init__(why.text)
        self.why = why
        self.status = status


@dataclass(slots=True)
class Endpoint:
    """A private path: its answer, and how many requests in a second one account has.

    ``verb``: what faults with lost answers call it; "" = it changes no order. ``trades``: a key that may only read is
    refused.
    """

    answer: Callable[[Account, Ask], Any]
    limit: int
    verb: str = ""
    trades: bool = False
    used: PerWindow = field(default_factory=lambda: PerWindow(1 << 30, 1))


def needed(ask: Ask, name: str) -> str:
    """A parameter that must be given."""
    given = text(ask, name)
    if not given:
        raise Failed(Code("40019", f"Parameter {name} cannot be empty"))
    return given


def wrong(name: str) -> Failed:
    """A parameter cannot be what it is."""
    return Failed(Code("25200", f"{name} validation error"))


def whole(ask: Ask, name: str, default: int, least: int = 0, most: int = 1 << 62) -> int:
    """A whole number, if it is given."""
    found = whole_of(ask, name, default, least, most)
    if found is None:
        raise wrong(name)
    return found
