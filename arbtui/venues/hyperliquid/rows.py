"""What Hyperliquid's asset contexts mean, by socket and by REST alike.

There is no last trade, high or low among them. ``oraclePx`` is the index, ``funding`` the running estimate of the
settlement at the next full hour, per hour. The venue sends no time for that, and where it does send one (in
``predictedFundings``) it names the settlement that is over. Source: Hyperliquid docs, "Funding", "Info endpoint".
"""

from __future__ import annotations

from collections.abc import Sequence

from arbtui.core.events import Event, Funding, MarkPrice, Source, Ticker
from arbtui.venues.hyperliquid.shapes import Ctx, PerpCtx
from arbtui.venues.wire import amount_text, price_text, signed_text

FUNDING_INTERVAL_H = 1.0
_HOUR_NS = 3_600_000_000_000
_HOUR_MS = 3_600_000


def next_hour_ms(t_ns: int) -> int:
    """The first full hour after ``t_ns``."""
    return (t_ns // _HOUR_NS + 1) * _HOUR_MS


def perp(ctx: PerpCtx, slot: int, t_ns: int, source: Source) -> Sequence[Event]:
    """24 h figures, mark and index, funding. Raises ``ProtocolBroken`` for texts that are no numbers."""
    mark = MarkPrice(slot, t_ns, mark=price_text(ctx.mark_px), index=price_text(ctx.oracle_px), source=source)
    rate = signed_text(ctx.funding)
    day = ticker(ctx, slot, t_ns, source)
    if rate is None:
        return day, mark
    next_ms = next_hour_ms(t_ns)
    return day, mark, Funding(slot, t_ns, rate, "estimated", FUNDING_INTERVAL_H, next_ms, source=source)


def ticker(ctx: Ctx, slot: int, t_ns: int, source: Source) -> Ticker:
    return Ticker(
        slot,
        t_ns,
        vol_24h_wire=amount_text(ctx.day_base_vlm),
        vol_24h_quote=amount_text(ctx.day_ntl_vlm),
        open_24h=price_text(ctx.prev_day_px),
        source=source,
    )
