"""OKX's JSON, typed. Everything is a string on this wire, "" where there is nothing; ids of updates are numbers.

Source: OKX API v5 docs, Order Book Trading / Public Data. ``Hot*`` shapes convert and check numbers in C; the others
keep the venue's exact texts.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from arbtui.core.events import Level
from arbtui.venues.wire import Amount, Millis, Price, Rows, Size, TradeId, UpdateId

SeqId = Annotated[int, msgspec.Meta(ge=-1, le=2**63 - 1)]  # -1 = "nothing before" (prevSeqId of a snapshot)


# --- frames in general ------------------------------------------------------------------------------------------------


class Arg(msgspec.Struct, gc=False, rename="camel"):
    """What a push or an acknowledgement is about."""

    channel: str = ""
    inst_id: str = ""
    inst_type: str = ""


class Head(msgspec.Struct, rename="camel"):
    """Any frame but the text ``pong``: a push has ``arg`` and ``data``, everything else an ``event``."""

    event: str = ""
    arg: Arg | None = None
    code: str = ""
    msg: str = ""
    id: str = ""


# --- best bid and offer -----------------------------------------------------------------------------------------------


class _HotArg(msgspec.Struct, gc=False, rename="camel"):
    inst_id: str


class _BboArg(_HotArg, gc=False, rename="camel"):
    channel: Literal["bbo-tbt"]  # an update of a book may have one level on both sides too


class _HotLevel(msgspec.Struct, array_like=True, gc=False):
    price: Price
    size: Size


class _HotBbo(msgspec.Struct, gc=False, rename="camel"):
    asks: tuple[_HotLevel]
    bids: tuple[_HotLevel]
    ts: Millis
    seq_id: UpdateId = 0


class _HotBboFrame(msgspec.Struct, gc=False):
    arg: _BboArg
    data: tuple[_HotBbo]


class BboTexts(msgspec.Struct, rename="camel"):
    asks: list[Level]
    bids: list[Level]
    ts: Millis
    seq_id: UpdateId = 0


class BboFrame(msgspec.Struct):
    """Any ``bbo-tbt`` push; the hot shape takes only those with one sound level on both sides."""

    arg: _HotArg
    data: tuple[BboTexts]


hot_bbo = msgspec.json.Decoder(_HotBboFrame, strict=False)
bbo = msgspec.json.Decoder(BboFrame, strict=False)


# --- books ------------------------------------------------------------------------------------------------------------

_Four = tuple[str, str, str, str]


class _FourBook(msgspec.Struct, rename="camel"):
    asks: list[_Four]
    bids: list[_Four]
    ts: Millis
    seq_id: SeqId | None = None
    prev_seq_id: SeqId | None = None
    checksum: int = 0


class _FourBookFrame(msgspec.Struct):
    arg: _HotArg
    data: tuple[_FourBook]
    action: str = ""


class BookTexts(msgspec.Struct, rename="camel"):
    asks: list[Level]
    bids: list[Level]
    ts: Millis
    seq_id: SeqId | None = None
    prev_seq_id: SeqId | None = None
    checksum: int = 0


class BookFrame(msgspec.Struct):
    arg: _HotArg
    data: tuple[BookTexts]
    action: str = ""


AnyBookFrame = _FourBookFrame | BookFrame


class _CheckedLevel(msgspec.Struct, array_like=True, gc=False):
    price: Price
    size: Amount


class _CheckedBook(msgspec.Struct, gc=False):
    asks: list[_CheckedLevel]
    bids: list[_CheckedLevel]


class _CheckedBookFrame(msgspec.Struct, gc=False):
    data: tuple[_CheckedBook]


_four_book = msgspec.json.Decoder(_FourBookFrame, strict=False)
_any_book = msgspec.json.Decoder(BookFrame, strict=False)
_checked_book = msgspec.json.Decoder(_CheckedBookFrame, strict=False)
_rest_book = msgspec.json.Decoder(tuple[BookTexts], strict=False)
_checked_rest_book = msgspec.json.Decoder(tuple[_CheckedBook], strict=False)


def book_frame(frame: bytes) -> AnyBookFrame:
    """A ``books`` push, exact texts. What the texts are worth is found out where they become numbers: in the book.

    Levels have four members, the third deprecated since years; a shape without it is read too, more slowly.
    """
    try:
        return _four_book.decode(frame)
    except msgspec.ValidationError:
        check_levels(frame)
        return _any_book.decode(frame)


def check_levels(frame: bytes) -> None:
    """Raises ``msgspec.ValidationError`` unless every level of a ``books`` push is a price and a size."""
    _checked_book.decode(frame)


def rest_book(data: bytes | msgspec.Raw) -> BookTexts:
    """The one row of ``/market/books``, every level a price and a size."""
    _checked_rest_book.decode(data)
    return _rest_book.decode(data)[0]


# --- rows that sockets and REST share ---------------------------------------------------------------------------------


class TickerRow(msgspec.Struct, rename="camel"):
    inst_id: str
    ts: Millis
    last: str = ""
    bid_px: str = ""
    bid_sz: str = ""
    ask_px: str = ""
    ask_sz: str = ""
    open24h: str = ""
    high24h: str = ""
    low24h: str = ""
    vol24h: str = ""
    vol_ccy: str = msgspec.field(default="", name="volCcy24h")


class _CheckedTicker(msgspec.Struct, gc=False, rename="camel"):
    last: Price
    bid_px: Price
    bid_sz: Size
    ask_px: Price
    ask_sz: Size
    open24h: Price
    high24h: Price
    low24h: Price
    vol24h: Amount
    vol_ccy: Amount = msgspec.field(name="volCcy24h")


class _CheckedTickerFrame(msgspec.Struct, gc=False):
    data: tuple[_CheckedTicker]


class _TickerFrame(msgspec.Struct):
    data: tuple[TickerRow]


_checked_ticker = msgspec.json.Decoder(_CheckedTickerFrame, strict=False)
_ticker = msgspec.json.Decoder(_TickerFrame, strict=False)


def sound_ticker(frame: bytes) -> tuple[TickerRow, float]:
    """The one row of a ``tickers`` push, its numbers all there and checked in C, and its mid.

    Raises ``msgspec.ValidationError`` for any other push, bad or merely one-sided.
    """
    checked = _checked_ticker.decode(frame).data[0]
    return _ticker.decode(frame).data[0], (checked.bid_px + checked.ask_px) / 2


class MarkRow(msgspec.Struct, rename="camel"):
    inst_id: str
    mark_px: str
    ts: Millis


class IndexRow(msgspec.Struct, rename="camel"):
    inst_id: str
    idx_px: str
    ts: Millis


class FundingRow(msgspec.Struct, rename="camel"):
    inst_id: str
    funding_rate: str = ""
    next_funding_rate: str = ""
    funding_time: str = ""
    next_funding_time: str = ""
    method: str = ""
    sett_funding_rate: str = ""
    ts: str = ""


class TradeRow(msgspec.Struct, rename="camel"):
    """One taker order at one price. ``source`` "1": it met an order of the enhanced liquidity program."""

    inst_id: str
    trade_id: TradeId
    px: str
    sz: str
    side: Literal["buy", "sell"]
    ts: Millis
    source: str = "0"


class InstrumentRow(msgspec.Struct, rename="camel"):
    inst_id: str
    inst_type: str
    state: str
    inst_id_code: int | None = None
    uly: str = ""
    inst_family: str = ""
    base_ccy: str = ""
    quote_ccy: str = ""
    settle_ccy: str = ""
    ct_type: str = ""
    ct_val: str = ""
    ct_mult: str = ""
    ct_val_ccy: str = ""
    tick_sz: str = ""
    lot_sz: str = ""
    min_sz: str = ""
    rule_type: str = ""
    inst_category: str = ""
    group_id: str = ""
    exp_time: str = ""


class TimeRow(msgspec.Struct):
    ts: Millis


ticker_rows: Rows[TickerRow] = Rows(TickerRow)
mark_rows: Rows[MarkRow] = Rows(MarkRow)
index_rows: Rows[IndexRow] = Rows(IndexRow)
funding_rows: Rows[FundingRow] = Rows(FundingRow)
trade_rows: Rows[TradeRow] = Rows(TradeRow)
instrument_rows: Rows[InstrumentRow] = Rows(InstrumentRow)
time_rows: Rows[TimeRow] = Rows(TimeRow)


class Data(msgspec.Struct):
    """A push, its rows still as bytes."""

    data: msgspec.Raw


class Envelope(msgspec.Struct):
    """A REST answer. HTTP 200 can hold a ``code`` other than "0"."""

    code: str | int
    msg: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")


head = msgspec.json.Decoder(Head)
data = msgspec.json.Decoder(Data)
envelope = msgspec.json.Decoder(Envelope)
