"""What OKX's rows mean, wherever they come from: a socket's push or a REST body.

Every function may raise ``ProtocolBroken`` for numbers that are none. ``market`` decides what volumes mean:
``vol24h`` is contracts on SWAP and coins on SPOT, ``volCcy24h`` coins on SWAP and quote currency on SPOT.
Source: OKX API v5 docs, Get Tickers; Get Funding Rate; Get Mark Price; Get Index Tickers.
"""

from __future__ import annotations

from typing import TypeVar

from arbtui.core.events import Event, Funding, Ignored, MarkPrice, Mid, Quote, Source, Ticker, Trade
from arbtui.core.model import Market
from arbtui.venues import answers
from arbtui.venues.okx.shapes import FundingRow, IndexRow, MarkRow, TickerRow, TradeRow
from arbtui.venues.wire import amount_text, millis_or_none, price_text, side, signed_text, traded_texts

RowT = TypeVar("RowT", TickerRow, MarkRow, IndexRow, FundingRow, TradeRow)

SWAP_SUFFIX = "-SWAP"
_MS_PER_H = 3_600_000


def market_of(native: str) -> Market:
    """The same instId never occurs in both markets."""
    return Market.PERP if native.endswith(SWAP_SUFFIX) else Market.SPOT


def ticker(row: TickerRow, slot: int, market: Market, t_ns: int, source: Source) -> Ticker:
    """The row's figures, each of them checked."""
    return sound_ticker(
        TickerRow(
            inst_id=row.inst_id,
            ts=row.ts,
            last=price_text(row.last) or "",
            high24h=price_text(row.high24h) or "",
            low24h=price_text(row.low24h) or "",
            open24h=price_text(row.open24h) or "",
            vol24h=amount_text(row.vol24h) or "",
            vol_ccy=amount_text(row.vol_ccy) or "",
        ),
        slot,
        market,
        t_ns,
        source,
    )


def sound_ticker(row: TickerRow, slot: int, market: Market, t_ns: int, source: Source) -> Ticker:
    """The figures of a row whose texts are numbers already, or ""."""
    is_perp = market is Market.PERP
    return Ticker(
        slot,
        t_ns,
        last=row.last or None,
        high_24h=row.high24h or None,
        low_24h=row.low24h or None,
        vol_24h_wire=row.vol24h or None,
        vol_24h_quote=None if is_perp else row.vol_ccy or None,
        vol_24h_coins=row.vol_ccy or None if is_perp else None,
        open_24h=row.open24h or None,
        exchange_ms=row.ts,
        source=source,
    )


def mid(row: TickerRow, slot: int, t_ns: int) -> Mid:
    """The second opinion on ``bbo-tbt``: the ticker channel also fires on every change of the best prices."""
    bid, _ = side(row.bid_px, row.bid_sz)
    ask, _ = side(row.ask_px, row.ask_sz)
    return Mid(slot, None if bid is None or ask is None else (bid + ask) / 2, t_ns)


def rest_quote(row: TickerRow, slot: int, t_ns: int) -> Quote:
    return answers.rest_quote(slot, t_ns, row.ts, row.bid_px, row.bid_sz, row.ask_px, row.ask_sz)


def trade(row: TradeRow, slot: int, t_ns: int) -> Event:
    price, size = traded_texts(row.px, row.sz)
    if row.source != "0":
        return Ignored("liquidity_program_trade")
    return Trade(slot, price, size, row.side, row.trade_id, t_ns, row.ts)


def mark(row: MarkRow, slot: int, t_ns: int, source: Source) -> MarkPrice:
    return MarkPrice(slot, t_ns, mark=price_text(row.mark_px), exchange_ms=row.ts, source=source)


def index(row: IndexRow, slot: int, t_ns: int) -> MarkPrice:
    return MarkPrice(slot, t_ns, index=price_text(row.idx_px), exchange_ms=row.ts)


def funding(row: FundingRow, slot: int, t_ns: int, source: Source) -> Funding:
    """``fundingTime`` is the next settlement, ``nextFundingTime`` the one after; the interval is what lies between.

    ``fundingRate`` belongs to ``fundingTime`` in both methods: with ``current_period`` it moves until then, with the
    older ``next_period`` it is settled beforehand and only ``nextFundingRate`` moves. A row that names no method (they
    did not before 2024) is told by whether there is an estimate for the period after.
    """
    next_ms = millis_or_none(row.funding_time)
    after_ms = millis_or_none(row.next_funding_time)
    interval_h = (after_ms - next_ms) / _MS_PER_H if next_ms and after_ms and after_ms > next_ms else None
    fixed = row.method == "next_period" or (not row.method and row.next_funding_rate != "")
    return Funding(
        slot,
        t_ns,
        rate=signed_text(row.funding_rate),
        rate_kind="fixed" if fixed else "estimated",
        interval_h=interval_h,
        next_ms=next_ms,
        settled_rate=signed_text(row.sett_funding_rate),
        exchange_ms=millis_or_none(row.ts),
        source=source,
    )
