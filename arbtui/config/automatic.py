"""Settings of the automatic mode."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from arbtui.config.section import MOST_USD, Section

ThresholdBps = Annotated[float, Field(ge=-1000, le=10_000)] | Literal["signal"]


class Auto(Section):
    """Hedges opened on signals and closed again (--auto, :auto on). Amounts as in [limits], which hold as well."""

    size_usd: float = Field(default=100.0, gt=0, le=1e7, description="Size of a hedge (--size).")
    max_position_usd: float = Field(
        default=500.0, gt=0, le=MOST_USD, description="Most that may be open on one coin (--max-position)."
    )
    max_net_usd: float = Field(
        default=500.0,
        gt=0,
        le=MOST_USD,
        description="Most that may be unhedged over all coins, hedges being opened as a whole.",
    )
    max_hedges: int = Field(default=3, ge=1, le=1000, description="Most hedges open at once (--max-hedges).")
    long_threshold_bps: ThresholdBps = Field(
        default="signal",
        description="Least net of a hedge that buys at the first exchange of its pair and sells at the other "
        '(--long-threshold); "signal" = the threshold of the signal, which is never undercut.',
        examples=[12.0],
    )
    short_threshold_bps: ThresholdBps = Field(
        default="signal",
        description="The same for a hedge that sells at the first and buys at the other (--short-threshold).",
        examples=[12.0],
    )
    order: Annotated[tuple[str, ...], Strict(strict=False)] = Field(
        default=(),
        description="Which exchange of a pair is the first: the one named earlier here (or in --venues); those not "
        "named come last, by name. Within one exchange spot comes before perpetuals.",
        examples=[["okx", "binance"]],
    )
    style: Literal["taker_taker", "maker_taker"] = Field(
        default="taker_taker",
        description="Both legs at once, or an order that rests at the first exchange. Closing takes both at once.",
    )
    fill_timeout_s: float = Field(
        default=10.0, gt=0, le=86_400, description="A resting order is taken back after this time (--fill-timeout)."
    )
    round_trip_bps: float = Field(
        default=0.0,
        ge=-1000,
        le=10_000,
        description="Nothing is opened that would leave less than this, opened now and closed when prices have met.",
    )
    exit_bps: float = Field(
        default=0.0,
        ge=-10_000,
        le=10_000,
        description="Close when buying back costs no more than this above what selling brings.",
    )
    profit_bps: float = Field(
        default=5.0, ge=-1000, le=10_000, description="Close when that leaves so much after all fees and funding."
    )
    max_hold_s: float = Field(default=3600.0, gt=0, le=31_536_000, description="Close after this time.")
    funding_bps: float = Field(
        default=2.0,
        ge=0,
        le=10_000,
        description="Close, or do not open, when funding due within max_hold_s costs more than this.",
    )
    cooldown_s: float = Field(
        default=30.0, ge=0, le=86_400, description="After opening a pair, leave it alone for this time."
    )
