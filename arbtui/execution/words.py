"""What is said to people about hedges."""

from __future__ import annotations

from dataclasses import dataclass

from arbtui.execution.actions import amount
from arbtui.execution.ledger import Ledger


@dataclass(frozen=True)
class Answer:
    """What became of a command. ``text`` is one sentence with the remedy where it was refused."""

    accepted: bool
    text: str
    hedge: str = ""


@dataclass(frozen=True)
class Said:
    """A line for people. ``alarm``: somebody has to look at it now."""

    t_ns: int
    hedge: str
    text: str
    alarm: bool = False


@dataclass(frozen=True)
class Stopped:
    """The end of ``stop``: one sentence for each hedge that stays ``open``, and for each in ``doubt``, for a person."""

    open: tuple[str, ...]
    doubt: tuple[str, ...]


def holdings(ledger: Ledger) -> str:
    """What each leg of a hedge holds."""
    legs = ledger.intent.legs
    return " and ".join(f"{amount(ledger.position(i))} on {legs[i].key}" for i in (0, 1))


def nameless(ledger: Ledger) -> str:
    """Why nobody can say what a hedge holds; "" where its orders explain all fills under its name."""
    if (fill := ledger.nameless()) is None:
        return ""
    what = f"{fill.venue} filled {fill.client_id} of this hedge, an order that no journal kept"
    return f"{what}: what the hedge holds is not known; look at {fill.venue}, then abandon it"
