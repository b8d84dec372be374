"""What Bitget's ticker and funding rows mean, wherever they come from: a socket's push or a REST body.

Every function may raise ``ProtocolBroken`` for numbers that are none. ``fundingRate`` is the running estimate for the
settlement at ``nextFundingTime`` (``nextUpdate`` by REST), as a fraction per interval; only the REST row names the
interval. Source: Bitget classic API docs, "Market Channel", "Get Current Funding Rate".
"""

from __future__ import annotations

from arbtui.core.events import Event, Funding, MarkPrice, Mid, Quote, Source, Ticker
from arbtui.core.units import positive_or_none
from arbtui.venues import answers
from arbtui.venues.bitget.shapes import CheckedTicker, FundingRow, TickerRow
from arbtui.venues.wire import amount_text, millis_or_none, price_text, side, signed_text

_MAX_INTERVAL_H = 168.0


def hours_or_none(text: str | None) -> float | None:
    """A funding interval."""
    hours = positive_or_none(text)
    return float(hours) if hours is not None and hours <= _MAX_INTERVAL_H and float(hours) else None


def of_push(row: TickerRow, slot: int, t_ns: int) -> tuple[Event, ...]:
    """Everything that one push of ``ticker`` says, each number checked. A spot row tells no mark and no funding."""
    bid, _ = side(row.bid_pr, row.bid_sz)
    ask, _ = side(row.ask_pr, row.ask_sz)
    day = ticker(row, slot, t_ns, "ws")
    mid = Mid(slot, None if bid is None or ask is None else (bid + ask) / 2, t_ns)
    mark_price = mark(row, slot, t_ns, "ws")
    if mark_price is None:
        return day, mid
    rate = signed_text(row.funding_rate)
    return day, mid, mark_price, *_funding(rate, row.next_funding_time, slot, t_ns, row.ts)


def of_sound_push(row: TickerRow, checked: CheckedTicker, slot: int, t_ns: int) -> tuple[Event, ...]:
    """The same for a row whose numbers have been checked."""
    ts = row.ts
    day = Ticker(
        slot, t_ns, row.last_pr, row.high24h, row.low24h, row.base_volume, row.quote_volume, None, row.open24h, ts
    )
    mid = Mid(slot, (checked.bid_pr + checked.ask_pr) / 2, t_ns)
    if checked.mark_price is None and checked.index_price is None:
        return day, mid
    # What was read as nothing may be spelt "null": its text is no number.
    mark_text = row.mark_price if checked.mark_price is not None else None
    index_text = row.index_price if checked.index_price is not None else None
    rate = row.funding_rate if checked.funding_rate is not None else None
    mark_price = MarkPrice(slot, t_ns, mark_text, index_text, ts)
    return day, mid, mark_price, *_funding(rate, row.next_funding_time, slot, t_ns, ts)


def _funding(rate: str | None, next_time: str | None, slot: int, t_ns: int, ts: int | None) -> tuple[Funding, ...]:
    """Nothing where no settlement is due: that is not the same as a rate of zero."""
    next_ms = millis_or_none(next_time)
    return () if rate is None or next_ms is None else (Funding(slot, t_ns, rate, next_ms=next_ms, exchange_ms=ts),)


def ticker(row: TickerRow, slot: int, t_ns: int, source: Source) -> Ticker:
    return Ticker(
        slot,
        t_ns,
        last=price_text(row.last_pr),
        high_24h=price_text(row.high24h),
        low_24h=price_text(row.low24h),
        vol_24h_wire=amount_text(row.base_volume),
        vol_24h_quote=amount_text(row.quote_volume),
        open_24h=price_text(row.open24h or row.open),
        exchange_ms=row.ts,
        source=source,
    )


def mark(row: TickerRow, slot: int, t_ns: int, source: Source) -> MarkPrice | None:
    """None where the row has neither mark nor index."""
    mark_text, index_text = price_text(row.mark_price), price_text(row.index_price)
    if mark_text is None and index_text is None:
        return None
    return MarkPrice(slot, t_ns, mark_text, index_text, row.ts, source)


def rest_quote(row: TickerRow, slot: int, t_ns: int) -> Quote:
    return answers.rest_quote(slot, t_ns, row.ts, row.bid_pr, row.bid_sz, row.ask_pr, row.ask_sz)


def rest_funding(row: FundingRow, slot: int, t_ns: int) -> Funding:
    next_ms = millis_or_none(row.next_update)
    return Funding(
        slot,
        t_ns,
        rate=None if next_ms is None else signed_text(row.funding_rate),
        interval_h=hours_or_none(row.funding_rate_interval),
        next_ms=next_ms,
        source="rest",
    )
