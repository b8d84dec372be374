"""Settings as hedges take them: exact decimals, and None where a limit is off."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from arbtui.config import Settings
from arbtui.execution.limits import Limits
from arbtui.execution.paper_market import PaperRules, wallets_of
from arbtui.execution.policy import Policy
from arbtui.strategy.auto import AutoRules


def policy_of(settings: Settings) -> Policy:
    hedge = settings.hedge
    return Policy(
        take_band_bps=_exact(hedge.take_band_bps),
        thinner_first=hedge.thinner_first,
        max_price_age_ms=hedge.max_price_age_ms,
        maker_band_bps=_exact(hedge.maker_band_bps),
        maker_drift_bps=_exact(hedge.maker_drift_bps),
        maker_requotes=hedge.maker_requotes,
        maker_requote_after_ms=hedge.maker_requote_after_ms,
        maker_rest_s=hedge.maker_rest_s,
        rehedge_band_bps=_exact(hedge.rehedge_band_bps),
        rehedge_tries=hedge.rehedge_tries,
        rehedge_within_s=hedge.rehedge_within_s,
        unwind_band_bps=_exact(hedge.unwind_band_bps),
        unwind_tries=hedge.unwind_tries,
        unwind_pause_ms=hedge.unwind_pause_ms,
        stale_halt_s=hedge.stale_halt_s,
        flatten_band_bps=_exact(hedge.flatten_band_bps),
        answer_s=hedge.answer_s,
        doubt_alarm_s=hedge.doubt_alarm_s,
        doubt_halt_s=hedge.doubt_halt_s,
        on_leg_lost=hedge.on_leg_lost,
        stop_within_s=hedge.stop_within_s,
    )


def limits_of(settings: Settings) -> Limits:
    limits = settings.limits
    return Limits(
        order_usd=_limit(limits.order_usd),
        coin_usd=_limit(limits.coin_usd),
        venue_usd=_limit(limits.venue_usd),
        day_usd=_limit(limits.day_usd),
        day_loss_usd=_limit(limits.day_loss_usd),
        losing_in_row=_count(limits.losing_in_row),
        rejected_in_row=_count(limits.rejected_in_row),
        open_hedges=_count(limits.open_hedges),
        again_after_s=limits.again_after_s,
    )


def no_auto(settings: Settings) -> str:
    """Why the automatic mode cannot go by these settings, in words; "" where it can."""
    auto = settings.auto
    for name in auto.order:
        if name not in settings.venues:
            return f'auto.order names "{name}", which is none of {", ".join(settings.venues)}'
    bounds: list[tuple[str, float | Literal["off"]]] = [
        ("auto.max_position_usd", auto.max_position_usd),
        ("auto.max_net_usd", auto.max_net_usd),
        ("limits.order_usd", settings.limits.order_usd),
    ]
    for name, bound in bounds:
        if bound != "off" and auto.size_usd > bound:
            return (
                f"a hedge of auto.size_usd = {auto.size_usd:g} never fits below {name} = {bound:g}; change one of them"
            )
    return ""


def auto_rules_of(settings: Settings) -> AutoRules:
    auto = settings.auto
    return AutoRules(
        size_usd=_exact(auto.size_usd),
        max_position_usd=_exact(auto.max_position_usd),
        max_net_usd=_exact(auto.max_net_usd),
        max_hedges=auto.max_hedges,
        long_bps=None if auto.long_threshold_bps == "signal" else auto.long_threshold_bps,
        short_bps=None if auto.short_threshold_bps == "signal" else auto.short_threshold_bps,
        round_trip_bps=auto.round_trip_bps,
        exit_bps=auto.exit_bps,
        profit_bps=auto.profit_bps,
        max_hold_s=auto.max_hold_s,
        funding_bps=auto.funding_bps,
        fill_timeout_s=auto.fill_timeout_s,
        cooldown_s=auto.cooldown_s,
        rests=auto.style == "maker_taker",
        order=auto.order,
    )


def paper_rules_of(settings: Settings, venue: str) -> PaperRules:
    paper = settings.paper
    begins: Mapping[str, Decimal] = {"USDT": _exact(paper.usdt), "USDC": _exact(paper.usdc)}
    return PaperRules(
        balances=dict.fromkeys(wallets_of(venue).values(), begins),
        latency_ms=paper.latency_ms,
        leverage=_exact(paper.leverage),
    )


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))


def _limit(value: float | Literal["off"]) -> Decimal | None:
    return None if value == "off" else _exact(float(value))


def _count(value: int | Literal["off"]) -> int | None:
    return None if value == "off" else int(value)
