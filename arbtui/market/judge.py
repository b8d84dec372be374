"""Why a leg may not trade: every reason that concerns one instrument alone, the lasting ones first.

What concerns two legs together (same instrument, kind of pair, the rate between their currencies, inventory) is the
strategy's to say.
"""

from __future__ import annotations

from datetime import UTC, datetime

from arbtui.core.model import Category, Instrument, TradingStatus
from arbtui.market import freshness
from arbtui.market.slot import Slot
from arbtui.market.terms import MarketRules

_CATEGORY_WORDS = {Category.CRYPTO: "crypto", Category.TRADFI: "stock, index, currency or commodity"}
_STATUS_WORDS = {
    TradingStatus.CLOSE_ONLY: "open for closing only",
    TradingStatus.HALTED: "halted",
    TradingStatus.PRE_OPEN: "not open yet",
    TradingStatus.DELISTED: "delisted",
    TradingStatus.UNKNOWN: "in a state that is not known",
}


def judge(slot: Slot, now_ns: int, rules: MarketRules) -> str | None:
    """Why the slot may not be a leg at ``now_ns``, in words; None: it may."""
    return verdict(slot, freshness.stale(slot, now_ns, rules.freshness), rules)


def verdict(slot: Slot, stale: str | None, rules: MarketRules) -> str | None:
    """The same where it is known already whether the quote is stale."""
    reason = slot.silenced or slot.barred or accused(slot) or stale
    if reason is not None:
        return reason
    if not slot.agreed and len(slot.coin.slots) > 1:
        return "not yet compared with another instrument's mark or index price"
    if slot.crossed:
        return f"crossed quote: bid {slot.bid} at or above ask {slot.ask}"
    return too_quiet(slot, rules.min_vol_24h_usd) if rules.min_vol_24h_usd > 0.0 else None


def barred(instrument: Instrument, rules: MarketRules) -> str | None:
    """What the listing itself says against trading it."""
    if instrument.status is not TradingStatus.TRADING:
        words = _STATUS_WORDS[instrument.status]
        return f"{words} ({instrument.status_text})" if instrument.status_text else words
    # Some time before the end the venue lets nobody in any more, and a hedge opened now might not be closed in time.
    if instrument.delist_ms is not None:
        return f"delisting announced for {_utc(instrument.delist_ms)}, closing only"
    if instrument.category not in rules.categories:
        return f"category excluded: {_CATEGORY_WORDS.get(instrument.category, 'pre-market')}"
    if instrument.multiplier is None or instrument.price_factor is None:
        return "how many coins one unit stands for is not known"
    return None


def accused(slot: Slot) -> str | None:
    """What speaks against its being the coin that its ticker says."""
    if slot.quarantine is not None:
        return f"quarantined: {slot.quarantine}"
    if slot.coin.quarantine is not None and not slot.agreed:
        return f"quarantined: {slot.coin.quarantine}"
    if slot.odd_ns:
        return "its mark or index price disagrees with other venues'"
    return None


def too_quiet(slot: Slot, min_vol_24h_usd: float) -> str | None:
    volume = slot.vol_24h_usd
    if volume is None:
        return "24 h volume not known"
    return f"24 h volume {volume:,.0f} USD is below {min_vol_24h_usd:,.0f}" if volume < min_vol_24h_usd else None


def _utc(ms: int) -> str:
    try:
        return datetime.fromtimestamp(ms / 1e3, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, OSError, ValueError):
        return "a date that cannot be read"
