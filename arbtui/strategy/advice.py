"""Sentences about pairs, and figures as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from arbtui.core.clock import NS_PER_S
from arbtui.core.units import plain
from arbtui.strategy.rows import SpreadRow


def advise(row: SpreadRow) -> str:
    """Buy where at what, sell where at what, and what it brings for which size."""
    depth_usd = row.max_usd if row.max_usd is not None else row.top_usd
    net_bps = row.walk_net_bps if row.walk_net_bps is not None else row.net_bps
    return (
        f"Buy {row.base} at {row.buy.name} for {price(row.buy.price)}, sell at {row.sell.name} for "
        f"{price(row.sell.price)}: {bps(net_bps)} net, good for {usd(depth_usd)}."
    )


def no_entry(row: SpreadRow) -> str:
    """What stands there now, without asking for anything."""
    return (
        f"No entry: {row.base} bought at {row.buy.name} for {price(row.buy.price)} and sold at {row.sell.name} for "
        f"{price(row.sell.price)} nets {bps(row.net_bps)}."
    )


def price(value: float | None) -> str:
    """Ten significant figures, no exponent; the exact text stands with the quote."""
    return "an unknown price" if value is None else plain(Decimal(f"{value:.10g}"))


def bps(value: float | None) -> str:
    return "unknown bps" if value is None else f"{value:.1f} bps"


def usd(value: float | None) -> str:
    return "an unknown size" if value is None else f"{value:,.0f} USD"


def clock_text(t_ns: int) -> str:
    """``12:34:56 UTC``."""
    return datetime.fromtimestamp(t_ns // NS_PER_S, UTC).strftime("%H:%M:%S UTC")
