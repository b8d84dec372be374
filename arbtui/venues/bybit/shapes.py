"""Bybit's JSON, typed. Prices, sizes and most times are strings, "" where there is nothing; ids and ``ts`` are numbers.

Source: Bybit V5 docs, WebSocket Stream / Public (Orderbook, Ticker), Market (Get Instruments Info, Get Tickers). The
``Hot*`` shapes convert and check numbers in C; the others keep the venue's exact texts.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from arbtui.venues.wire import Millis, Price, Rows, Size, TradeId, UpdateId

Pair = tuple[str, str]


# --- frames in general ------------------------------------------------------------------------------------------------


class Head(msgspec.Struct):
    """Any frame: a push has a ``topic``, an answer to a request has an ``op``."""

    topic: str = ""
    op: str = ""
    success: bool | None = None
    ret_msg: str = ""
    req_id: str | int | None = None


# --- best bid and offer -----------------------------------------------------------------------------------------------


class _HotLevel(msgspec.Struct, array_like=True, gc=False):
    price: Price
    size: Size


class _HotSide(msgspec.Struct, array_like=True, gc=False):
    best: _HotLevel


class _HotTop(msgspec.Struct, gc=False):
    b: _HotSide
    a: _HotSide
    u: UpdateId


class HotBbo(msgspec.Struct, gc=False):
    """An ``orderbook.1`` push with both sides, as it is since March 2025: always a snapshot, with the engine's time."""

    topic: str
    type: Literal["snapshot"]
    data: _HotTop
    cts: Millis


class BboSides(msgspec.Struct, gc=False):
    """Numbers as they are written: everything that the hot shape takes for one can be read here."""

    b: list[list[msgspec.Raw]]
    a: list[list[msgspec.Raw]]


class BboTop(BboSides, gc=False):
    u: UpdateId


class BboTexts(msgspec.Struct, gc=False):
    """The prices of an ``orderbook.1`` push that has been accepted."""

    data: BboSides


class BboFrame(msgspec.Struct, gc=False):
    """Any ``orderbook.1`` push. ``cts`` = engine time, absent before 2024; ``ts`` = when it was sent."""

    type: Literal["snapshot", "delta"]
    data: BboTop
    ts: Millis | None = None
    cts: Millis | None = None


# --- books ------------------------------------------------------------------------------------------------------------


class BookData(msgspec.Struct, gc=False):
    b: list[Pair]
    a: list[Pair]
    u: UpdateId


class BookFrame(msgspec.Struct, gc=False):
    """Any other ``orderbook.N`` push, exact texts."""

    type: Literal["snapshot", "delta"]
    data: BookData
    ts: Millis | None = None
    cts: Millis | None = None


# --- tickers ----------------------------------------------------------------------------------------------------------


class TickerRow(msgspec.Struct, rename="camel", gc=False):
    """What a ticker may say, on sockets and by REST. None = the key is absent, "" = the venue has no value."""

    last_price: str | None = None
    high_price24h: str | None = msgspec.field(default=None, name="highPrice24h")
    low_price24h: str | None = msgspec.field(default=None, name="lowPrice24h")
    prev_price24h: str | None = msgspec.field(default=None, name="prevPrice24h")
    volume24h: str | None = None
    turnover24h: str | None = None
    mark_price: str | None = None
    index_price: str | None = None
    funding_rate: str | None = None
    next_funding_time: str | None = None
    funding_interval_hour: str | None = None


class RestTickerRow(TickerRow, rename="camel", gc=False, kw_only=True):
    symbol: str
    bid1_price: str = ""
    bid1_size: str = ""
    ask1_price: str = ""
    ask1_size: str = ""


class TickerFrame(msgspec.Struct, gc=False):
    type: Literal["snapshot", "delta"]
    data: TickerRow
    ts: Millis | None = None


# --- trades -----------------------------------------------------------------------------------------------------------


class TradeRow(msgspec.Struct):
    """``block``: agreed upon outside of the book. ``retail``: met an order that only retail orders can meet."""

    symbol: str = msgspec.field(name="s")
    taker: Literal["Buy", "Sell"] = msgspec.field(name="S")
    price: str = msgspec.field(name="p")
    size: str = msgspec.field(name="v")
    id: TradeId = msgspec.field(name="i")
    t_ms: Millis = msgspec.field(name="T")
    block: bool = msgspec.field(name="BT", default=False)
    retail: bool = msgspec.field(name="RPI", default=False)


class TradeFrame(msgspec.Struct):
    data: msgspec.Raw


# --- REST -------------------------------------------------------------------------------------------------------------


class PriceFilter(msgspec.Struct, rename="camel"):
    tick_size: str = ""


class LotSizeFilter(msgspec.Struct, rename="camel"):
    qty_step: str = ""
    min_order_qty: str = ""  # on spot a dead letter
    min_notional_value: str = ""
    base_precision: str = ""  # spot
    min_order_amt: str = ""  # spot


class AuctionFees(msgspec.Struct, rename="camel"):
    taker_fee_rate: str = ""
    maker_fee_rate: str = ""


class PreListing(msgspec.Struct, rename="camel"):
    cur_auction_phase: str = ""
    auction_fee_info: AuctionFees | None = None


class InstrumentRow(msgspec.Struct, rename="camel"):
    symbol: str
    status: str
    base_coin: str
    quote_coin: str
    contract_type: str = ""
    settle_coin: str = ""
    delivery_time: str = ""
    funding_interval: int | None = None  # minutes
    is_pre_listing: bool = False
    pre_listing_info: PreListing | None = None
    symbol_type: str = ""
    price_filter: PriceFilter = msgspec.field(default_factory=PriceFilter)
    lot_size_filter: LotSizeFilter = msgspec.field(default_factory=LotSizeFilter)


class Page(msgspec.Struct, rename="camel"):
    """``result`` of a list; ``next_page_cursor`` "" or null on the last page."""

    rows: msgspec.Raw = msgspec.field(name="list")
    next_page_cursor: str | None = None


class Time(msgspec.Struct, rename="camel"):
    time_nano: UpdateId


class Envelope(msgspec.Struct, rename="camel"):
    """A REST answer. HTTP 200 can hold a ``ret_code`` other than 0."""

    ret_code: int
    ret_msg: str = ""
    result: msgspec.Raw = msgspec.Raw(b"{}")


hot_bbo = msgspec.json.Decoder(HotBbo, strict=False)
head = msgspec.json.Decoder(Head)
bbo = msgspec.json.Decoder(BboFrame, strict=False)
bbo_texts = msgspec.json.Decoder(BboTexts)
book = msgspec.json.Decoder(BookFrame, strict=False)
ticker = msgspec.json.Decoder(TickerFrame, strict=False)
trades = msgspec.json.Decoder(TradeFrame)
trade_rows: Rows[TradeRow] = Rows(TradeRow)
envelope = msgspec.json.Decoder(Envelope)
page = msgspec.json.Decoder(Page)
time = msgspec.json.Decoder(Time, strict=False)
instrument_rows: Rows[InstrumentRow] = Rows(InstrumentRow)
ticker_rows: Rows[RestTickerRow] = Rows(RestTickerRow)
