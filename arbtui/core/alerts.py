"""An alert: something that a person who looks elsewhere wants to be told of. Told on the screen, and by messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Plain = str | float | int | bool | None


class AlertKind(StrEnum):
    SIGNAL = "signal"  # a signal was raised
    SPREAD = "spread"  # a coin's best net spread is far above what it was lately
    FUNDING = "funding"  # a funding rate, or an open hedge's carry, changed its sign
    VENUE = "venue"  # a market of an exchange is down, or back
    LEVEL = "level"  # a coin's price has reached a level that a person set
    HEDGE = "hedge"  # a hedge needs looking after
    TEST = "test"  # somebody tries whether messages arrive


@dataclass(frozen=True, slots=True)
class Alert:
    """``subject``: what it is about: a coin, an instrument, a market of a venue, a hedge ("" = all orders of the run).

    ``text``: one sentence. ``fields``: the figures in it, None where unknown.
    """

    t_ns: int
    kind: AlertKind
    subject: str
    text: str
    fields: Mapping[str, Plain] = field(default_factory=dict)
