"""Ticker, mark, index and funding of a slot: frames that say part of it, merged, and the figures made from them.

A frame that says nothing about a field leaves it as it was. What came by REST fills a field that websocket data has
left empty, and replaces the rest only where websocket data of that kind is older than 30 s. Texts stay exact; a figure
is None where a text is missing or is no number of the kind it must be (prices above zero, volumes zero or above).
"""

from __future__ import annotations

from math import inf, isfinite
from typing import TypeVar

from arbtui.core.clock import NS_PER_S
from arbtui.core.events import Funding, MarkPrice, Ticker
from arbtui.market.slot import Slot

WS_RULES_NS = 30 * NS_PER_S

_TICKER = ("last", "high_24h", "low_24h", "vol_24h_wire", "vol_24h_quote", "vol_24h_coins", "open_24h")
_MARK = ("mark", "index")
_FUNDING = ("rate", "interval_h", "next_ms", "settled_rate")
_Event = TypeVar("_Event", Ticker, MarkPrice, Funding)


def number(text: str | None) -> float | None:
    """The finite number that ``text`` spells, else None."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def price(text: str | None) -> float | None:
    value = number(text)
    return value if value is not None and value > 0.0 else None


def volume(text: str | None) -> float | None:
    value = number(text)
    return value if value is not None and value >= 0.0 else None


def _per_coin(text: str | None, factor: float | None) -> float | None:
    """The price of one coin that ``text`` spells; None where the factor of its units is not known."""
    value = price(text)
    return None if value is None or factor is None else value / factor


def merged(known: _Event | None, event: _Event, fields: tuple[str, ...], ws_ns: int) -> _Event:
    """``event`` over ``known``; ``ws_ns`` = last websocket data of this kind."""
    if known is None:
        return event
    yields = event.source == "rest" and event.t_ns - ws_ns < WS_RULES_NS if ws_ns else False
    newer, older = (known, event) if yields else (event, known)
    missing = {name: getattr(older, name) for name in fields if getattr(newer, name) is None}
    missing = {name: value for name, value in missing.items() if value is not None}
    if not missing:
        return newer
    if "rate" in missing:  # whether it is an estimate goes with the rate
        missing["rate_kind"] = getattr(older, "rate_kind", "estimated")
    both = {name: getattr(newer, name) for name in newer.__struct_fields__} | missing
    return type(newer)(**both)


def take_ticker(slot: Slot, event: Ticker) -> None:
    slot.ticker = merged(slot.ticker, event, _TICKER, slot.ticker_ns)
    if event.source == "ws":
        slot.ticker_ns = event.t_ns
    figure_ticker(slot)


def figure_ticker(slot: Slot) -> None:
    """Last price and 24 h volume from the merged ticker; also called when factors or rates are others."""
    ticker, factor = slot.ticker, slot.price_factor
    if ticker is None:
        return
    slot.last_price = _per_coin(ticker.last, factor)
    slot.vol_24h_usd = vol_24h_usd(slot, ticker)


def vol_24h_usd(slot: Slot, ticker: Ticker) -> float | None:
    """24 h volume in USDT: the venue's own in quote currency, else coins at the last price."""
    rates, instrument = slot.family.rates, slot.instrument
    in_quote = volume(ticker.vol_24h_quote)
    if in_quote is not None:
        rate = rates.roughly(instrument.quote)
        return None if rate is None else in_quote * rate
    coins = volume(ticker.vol_24h_coins)
    if coins is None and slot.multiplier is not None:
        wire = volume(ticker.vol_24h_wire)
        coins = None if wire is None else wire * slot.multiplier
    rate = rates.roughly(instrument.price_ccy)
    if coins is None or rate is None or slot.last_price is None:
        return None
    return coins * slot.last_price * rate


def take_mark(slot: Slot, event: MarkPrice) -> None:
    slot.mark = merged(slot.mark, event, _MARK, slot.mark_ns)
    if event.source == "ws":
        slot.mark_ns = event.t_ns
    figure_mark(slot)


def figure_mark(slot: Slot) -> None:
    event, factor = slot.mark, slot.price_factor
    if event is None:
        return
    slot.mark_price = _per_coin(event.mark, factor)
    slot.index_price = _per_coin(event.index, factor)


def take_funding(slot: Slot, event: Funding) -> None:
    slot.funding = merged(slot.funding, event, _FUNDING, slot.funding_ns)
    if event.source == "ws":
        slot.funding_ns = event.t_ns
    figure_funding(slot)


def figure_funding(slot: Slot) -> None:
    """Funding per hour: the rate over its interval, the live interval before the listed one. Spot pays none."""
    if slot.is_spot:
        slot.rate_per_h = 0.0
        return
    funding = slot.funding
    rate = number(funding.rate) if funding is not None else None
    interval_h = interval_of(slot)
    slot.rate_per_h = rate / interval_h if rate is not None and interval_h is not None else None


def interval_of(slot: Slot) -> float | None:
    """Hours between fundings, None where they are not known."""
    live = slot.funding.interval_h if slot.funding is not None else None
    hours = live if live is not None else slot.instrument.funding_interval_h
    return hours if hours is not None and 0.0 < hours < inf else None


def premium_pct(spot: Slot, perp: Slot) -> float | None:
    """(perp - spot) / spot of their mids in percent; in USDT where their price currencies differ; None if unknown."""
    low, high = spot.mid, perp.mid
    if spot.instrument.price_ccy != perp.instrument.price_ccy:
        low, high = mid_usd(spot), mid_usd(perp)
    return None if low is None or high is None else (high - low) / low * 100.0


def mid_usd(slot: Slot) -> float | None:
    return (slot.bid_usd + slot.ask_usd) / 2.0 if slot.bid_usd is not None and slot.ask_usd is not None else None
