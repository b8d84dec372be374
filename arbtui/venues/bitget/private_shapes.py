"""Bitget's private JSON (API v3, unified accounts), typed.

Numbers are strings, "" or null where there is nothing; production has sent bare ones where the docs have strings, so
they are kept as they came (``Raw``) and read exactly by ``private_rows``. Only those members are demanded without which
a row says nothing: REST rows and pushes of the same thing differ.
Source: Bitget UTA API docs, Trade; Account; Websocket / Private.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from arbtui.venues.bitget.shapes import Text
from arbtui.venues.wire import Millis

RowT = TypeVar("RowT")
Number = msgspec.Raw

_NONE = msgspec.Raw(b"")


class Listed(msgspec.Struct, Generic[RowT]):
    """``data`` of a list. ``cursor`` leads to the next page; the last one may have one too."""

    rows: list[RowT] | None = msgspec.field(name="list", default=None)
    cursor: str | int | None = None


class Ack(msgspec.Struct, rename="camel"):
    order_id: Text = ""
    client_oid: Text = ""


class FeeDetail(msgspec.Struct, rename="camel"):
    fee_coin: Text = ""
    fee: Number = _NONE


class OrderRow(msgspec.Struct, rename="camel"):
    symbol: str
    order_id: str
    side: str
    order_status: str
    category: str
    client_oid: Text = ""
    price: Number = _NONE
    qty: Number = _NONE
    cum_exec_qty: Number = _NONE
    avg_price: Number = _NONE
    order_type: str = ""
    reduce_only: str | bool | None = None
    cancel_reason: Text = ""
    exec_type: Text = ""
    delegate_type: Text = ""
    trade_side: Text = ""
    updated_time: Text = ""


class FillRow(msgspec.Struct, rename="camel"):
    """``exec_time`` in pushes, ``created_time`` by REST."""

    symbol: str
    exec_id: str
    side: str
    category: str
    exec_price: Number
    exec_qty: Number
    order_id: Text = ""
    client_oid: Text = ""
    trade_scope: Text = ""
    trade_side: Text = ""
    fee_detail: list[FeeDetail] | None = None
    exec_time: Text = ""
    created_time: Text = ""


class PositionRow(msgspec.Struct, rename="camel"):
    """By REST ``total``, ``liquidation_price`` and ``position_balance``; in pushes ``size``, ``liq_price``,
    ``margin_size`` and no category.
    """

    symbol: str
    hold_mode: str
    pos_side: Text = ""
    category: str = ""
    margin_coin: Text = ""
    total: Number = _NONE
    size: Number = _NONE
    leverage: Number = _NONE
    margin_mode: str = ""
    avg_price: Number = _NONE
    mark_price: Number = _NONE
    liquidation_price: Number = _NONE
    liq_price: Number = _NONE
    position_balance: Number = _NONE
    margin_size: Number = _NONE
    updated_time: Text = ""


class CoinRow(msgspec.Struct, rename="camel"):
    coin: str
    balance: Number
    available: Number = _NONE
    equity: Number = _NONE
    usd_value: Number = _NONE


class Wallet(msgspec.Struct, rename="camel"):
    """``eff_equity`` serves as margin and ``imr`` of it is bound, both in USD. Coins: ``assets`` or ``coin`` (push)."""

    eff_equity: Number = _NONE
    imr: Number = _NONE
    assets: list[CoinRow] | None = None
    coin: list[CoinRow] | None = None


class RecordRow(msgspec.Struct):
    """One entry of the account's ledger."""

    id: str
    type: str
    ts: str
    amount: Number
    symbol: Text = ""
    coin: Text = ""


class FeeRates(msgspec.Struct, rename="camel"):
    maker_fee_rate: Number
    taker_fee_rate: Number


class SymbolSetting(msgspec.Struct, rename="camel"):
    category: str
    symbol: str
    leverage: Number
    margin_mode: str = ""


class Settings(msgspec.Struct, rename="camel"):
    hold_mode: str
    account_mode: Text = ""
    account_level: Text = ""
    symbol_config_list: list[SymbolSetting] | None = None


class KeyInfo(msgspec.Struct, rename="camel"):
    """An API key. ``ips`` separated by commas; "" where none is listed."""

    perm_type: str
    permissions: list[str] | None = None
    ips: str | None = None
    user_id: Text = ""


ack = msgspec.json.Decoder(Ack)
order = msgspec.json.Decoder(OrderRow)
orders = msgspec.json.Decoder(Listed[OrderRow])
fills = msgspec.json.Decoder(Listed[FillRow])
positions = msgspec.json.Decoder(Listed[PositionRow])
records = msgspec.json.Decoder(Listed[RecordRow])
page = msgspec.json.Decoder(Listed[msgspec.Raw])
wallet = msgspec.json.Decoder(Wallet)
fee_rates = msgspec.json.Decoder(FeeRates)
settings = msgspec.json.Decoder(Settings)
key_info = msgspec.json.Decoder(KeyInfo)


# --- the private socket -----------------------------------------------------------------------------------------------


class PrivateArg(msgspec.Struct, rename="camel"):
    """``topic`` of unified accounts, ``inst_type`` and ``channel`` of classic ones."""

    topic: str = ""
    inst_type: str = ""
    channel: str = ""


class PrivateHead(msgspec.Struct):
    """Any frame but the text ``pong``: a push has ``arg`` and ``data``, everything else an ``event``."""

    event: str = ""
    arg: PrivateArg | None = None
    code: int | str | None = ""
    msg: Text = ""
    ts: Millis | None = None
    data: msgspec.Raw = _NONE


head = msgspec.json.Decoder(PrivateHead, strict=False)
order_rows = msgspec.json.Decoder(list[OrderRow])
fill_rows = msgspec.json.Decoder(list[FillRow])
position_rows = msgspec.json.Decoder(list[PositionRow])
wallet_rows = msgspec.json.Decoder(list[Wallet])
