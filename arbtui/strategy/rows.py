"""The figures of one pair, as every reader gets them: grid, detail, JSON lines, signals.

Formulas and units: the README's "Reading the columns". Figures are None where they are not known, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from arbtui.core.model import Market


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a pair. ``price`` per coin in ``price_ccy``; ``qty_base`` coins at the top."""

    slot: int
    venue: str
    market: Market
    native: str
    quote: str
    price: float | None
    qty_base: float | None
    age_ms: float | None
    source: str  # "ws" | "rest" | "" where there is no quote
    rate_per_h: float | None  # funding, fraction per hour; 0.0 for spot
    vol_24h_usd: float | None
    fee_bps: float
    fee_source: str

    @property
    def name(self) -> str:
        """``venue.market.native``."""
        return f"{self.venue}.{self.market.value}.{self.native}"


@dataclass(frozen=True, slots=True)
class Basis:
    """The rate that made both legs comparable: ``pair`` names the spot pair, ``rate`` = USD(T) per price currency."""

    pair: str
    rate: float
    age_ms: float


@dataclass(frozen=True, slots=True)
class SpreadRow:
    base: str
    buy: Leg
    sell: Leg
    gross_bps: float | None
    fees_bps: float | None
    net_bps: float | None
    round_trip_bps: float | None
    top_usd: float | None
    walk_usd: float | None
    walk_net_bps: float | None
    max_usd: float | None
    carry_per_h_bps: float | None
    basis: Basis | None
    needs_inventory: bool
    muted: str | None  # why the pair is inadmissible, in words; None = admissible


class SignalState(StrEnum):
    RAISED = "raised"
    CLEARED = "cleared"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class SignalRecord:
    id: str
    t_ns: int
    state: SignalState
    reason: str
    advice: str
    confidence: float
    threshold_bps: float
    samples: int
    held_ms: float
    row: SpreadRow
