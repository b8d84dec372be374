"""What the market has to be told: per venue and market (by whoever knows the venue), and by the person's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from arbtui.core.model import Category, Channel, Market
from arbtui.core.sequence import SequenceRule


@dataclass(frozen=True)
class Rhythm:
    """How one channel's frames come: by themselves (``periodic``: their own gaps judge them), or on change only."""

    periodic: bool


@dataclass(frozen=True)
class VenueTerms:
    """One venue and market: default fees (fractions), book rule, heartbeat, and the rhythm of each channel.

    A channel that is not named in ``rhythms`` counts as sent on change only, which is the stricter judgement.
    """

    maker_rate: float
    taker_rate: float
    book_rule: SequenceRule
    heartbeat_s: float = 35.0  # a live connection passes traffic or a pong this often; above 35 s counts as 35 s
    rhythms: Mapping[Channel, Rhythm] = field(default_factory=dict)


Terms = Mapping[tuple[str, Market], VenueTerms]


@dataclass(frozen=True)
class FreshnessRules:
    """Limits in seconds; what they mean stands on top of ``freshness``."""

    gap_factor: float = 4.0
    limit_min_s: float = 1.0
    limit_max_s: float = 15.0
    heartbeat_max_s: float = 35.0
    confirm_s: float = 30.0
    disagree_s: float = 2.0
    frozen_s: float = 10.0
    lag_s: float = 5.0
    order_s: float = 2.0
    far_bps: float = 50.0
    reconnect_after_s: float = 10.0
    again_after_s: float = 600.0


@dataclass(frozen=True)
class IdentityRules:
    """``same``: bases or leg keys (``venue.market.native``) whose identity is vouched for by the person.

    ``coin_of``: leg key -> the coin it really is, for a ticker that means something else on one venue.
    """

    tolerance: float = 0.20
    sustain_s: float = 10.0
    same: frozenset[str] = frozenset()
    coin_of: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BasisRules:
    """``pairs``: currency -> leg key of the spot pair that rates it, in place of the freshest listed one.

    ``usd_as``: the currency that a price in plain USD counts as.
    """

    pairs: Mapping[str, str] = field(default_factory=dict)
    usd_as: str = "USDC"
    max_spread_bps: float = 10.0
    max_age_s: float = 10.0
    max_off_peg_bps: float = 100.0


@dataclass(frozen=True)
class MarketRules:
    """The person's settings that decide what is believed and what may trade.

    ``fee_bps``: ``(venue, market, "taker" | "maker")`` -> bps, from ``fees.<venue>.<market>.taker_bps``.
    """

    min_vol_24h_usd: float = 0.0
    categories: frozenset[Category] = frozenset({Category.CRYPTO})
    fee_bps: Mapping[tuple[str, Market, str], float] = field(default_factory=dict)
    freshness: FreshnessRules = FreshnessRules()
    identity: IdentityRules = IdentityRules()
    basis: BasisRules = BasisRules()
