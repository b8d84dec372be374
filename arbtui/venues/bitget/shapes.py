"""Bitget's JSON (API v2), typed. Prices, sizes and times inside rows are strings; update ids are bare integers.

``Hot*`` and ``_Checked*`` shapes convert and check numbers in C; the others keep the venue's exact texts.
Source: Bitget classic API docs, "Depth Channel", "Market Channel" (contract and spot), "Get Contract Config",
"Get Symbol Info", "Get All Tickers", "Get Current Funding Rate".
"""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import msgspec

from arbtui.venues.wire import Amount, Millis, Price, Rows, Size, TradeId, UpdateId

Text = str | None  # null stands here and there where other rows have ""
Pair = tuple[str, str]

_Finite = Annotated[float, msgspec.Meta(ge=-sys.float_info.max, le=sys.float_info.max)]


# --- frames in general ------------------------------------------------------------------------------------------------


class Arg(msgspec.Struct, gc=False, rename="camel"):
    """What a frame is about. ``topic`` and ``symbol`` stand here in the newer dialect (v3)."""

    inst_type: str = ""
    channel: str = ""
    inst_id: str = ""
    topic: str = ""


class Head(msgspec.Struct):
    """Any frame but the text ``pong``: a push has ``arg`` and ``data``, everything else an ``event``."""

    event: str = ""
    arg: Arg | None = None
    code: int | str = ""  # a number so far
    msg: str = ""
    op: str = ""


# --- best bid and offer -----------------------------------------------------------------------------------------------


class _HotArg(msgspec.Struct, gc=False, rename="camel"):
    inst_type: str
    channel: Literal["books1"]
    inst_id: str


class _HotBbo(msgspec.Struct, gc=False):
    asks: tuple[tuple[Price, Size]]
    bids: tuple[tuple[Price, Size]]
    ts: Millis
    seq: UpdateId = 0


class _HotBboFrame(msgspec.Struct, gc=False):
    arg: _HotArg
    data: tuple[_HotBbo]


hot_bbo = msgspec.json.Decoder(_HotBboFrame, strict=False)


# --- books ------------------------------------------------------------------------------------------------------------


class Book(msgspec.Struct):
    """Levels of ``books1`` and ``books``. ``ts`` is when the book changed; frames before 2026 have no ids."""

    asks: list[Pair]
    bids: list[Pair]
    ts: Millis
    seq: UpdateId | None = None
    pseq: UpdateId | None = None


class BookPush(msgspec.Struct):
    """``data`` is a list of one; for tokenized stocks it was seen as the bare object."""

    arg: Arg
    data: tuple[Book] | Book
    action: str = ""

    @property
    def row(self) -> Book:
        return self.data if isinstance(self.data, Book) else self.data[0]


book_push = msgspec.json.Decoder(BookPush, strict=False)


# --- tickers, by socket and by REST -----------------------------------------------------------------------------------


class TickerRow(msgspec.Struct, rename="camel"):
    """Spot rows have no mark, index and funding; by REST they say ``open`` for ``open24h``."""

    ts: Millis | None = None
    symbol: str = ""
    last_pr: Text = ""
    bid_pr: Text = ""
    bid_sz: Text = ""
    ask_pr: Text = ""
    ask_sz: Text = ""
    open: Text = ""
    open24h: Text = ""
    high24h: Text = ""
    low24h: Text = ""
    base_volume: Text = ""
    quote_volume: Text = ""
    mark_price: Text = ""
    index_price: Text = ""
    funding_rate: Text = ""
    next_funding_time: Text = ""


class TickerPush(msgspec.Struct):
    arg: Arg
    data: list[TickerRow] | TickerRow

    @property
    def rows(self) -> list[TickerRow]:
        return [self.data] if isinstance(self.data, TickerRow) else self.data


class CheckedTicker(msgspec.Struct, gc=False, rename="camel"):
    """A row whose numbers are all there and sound."""

    ts: Millis
    last_pr: Price
    bid_pr: Price
    bid_sz: Size
    ask_pr: Price
    ask_sz: Size
    open24h: Price
    high24h: Price
    low24h: Price
    base_volume: Amount
    quote_volume: Amount
    mark_price: Price | None = None
    index_price: Price | None = None
    funding_rate: _Finite | None = None


class _CheckedTickerPush(msgspec.Struct, gc=False):
    data: tuple[CheckedTicker]


ticker_push = msgspec.json.Decoder(TickerPush, strict=False)
checked_ticker_push = msgspec.json.Decoder(_CheckedTickerPush, strict=False)


# --- trades -----------------------------------------------------------------------------------------------------------


class TradeRow(msgspec.Struct, rename="camel"):
    ts: Millis
    price: str
    size: str
    side: Literal["buy", "sell"]
    trade_id: TradeId


class TradePush(msgspec.Struct):
    """``snapshot`` tells the last trades again to whoever subscribes, ``update`` what happens after."""

    arg: Arg
    action: Literal["snapshot", "update"]
    data: list[TradeRow]


trade_push = msgspec.json.Decoder(TradePush, strict=False)


# --- REST -------------------------------------------------------------------------------------------------------------


class FundingRow(msgspec.Struct, rename="camel"):
    """``min_funding_rate`` is null for symbols that are not listed yet, or only for tests."""

    symbol: str
    funding_rate: Text = ""
    funding_rate_interval: Text = ""
    next_update: Text = ""
    min_funding_rate: Text = ""
    max_funding_rate: Text = ""


class ContractRow(msgspec.Struct, rename="camel"):
    symbol: str
    symbol_status: str
    base_coin: str = ""
    quote_coin: str = ""
    symbol_type: str = ""
    support_margin_coins: list[str] = []
    price_end_step: Text = ""
    price_place: Text = ""
    size_multiplier: Text = ""
    min_trade_num: Text = ""
    min_trade_usdt: Text = msgspec.field(default="", name="minTradeUSDT")
    maker_fee_rate: Text = ""
    taker_fee_rate: Text = ""
    fund_interval: Text = ""
    launch_time: Text = ""
    open_time: Text = ""
    limit_open_time: Text = ""
    off_time: Text = ""
    is_rwa: Text = ""


class SymbolRow(msgspec.Struct, rename="camel"):
    symbol: str
    status: str
    base_coin: str = ""
    quote_coin: str = ""
    price_precision: Text = ""
    quantity_precision: Text = ""
    min_trade_amount: Text = ""
    min_trade_usdt: Text = msgspec.field(default="", name="minTradeUSDT")
    maker_fee_rate: Text = ""
    taker_fee_rate: Text = ""
    open_time: Text = ""
    off_time: Text = ""
    area_symbol: Text = ""
    is_rwa: Text = ""


class ServerTimeRow(msgspec.Struct, rename="camel"):
    server_time: Millis


class Envelope(msgspec.Struct):
    """A REST answer. Refusals come with HTTP 400 or 200; ``code`` tells."""

    code: str | int
    msg: str | None = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


head = msgspec.json.Decoder(Head)
envelope = msgspec.json.Decoder(Envelope)
server_time = msgspec.json.Decoder(ServerTimeRow, strict=False)
ticker_rows: Rows[TickerRow] = Rows(TickerRow)
funding_rows: Rows[FundingRow] = Rows(FundingRow)
contract_rows: Rows[ContractRow] = Rows(ContractRow)
symbol_rows: Rows[SymbolRow] = Rows(SymbolRow)
