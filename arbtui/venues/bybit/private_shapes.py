"""Bybit's private JSON, typed. Numbers and times are strings, "" where there is nothing.

Only those members are demanded without which a row says nothing: REST rows and pushes of the same thing differ, and the
docs' samples differ from their tables. Source: Bybit V5 docs, Trade; Position; Account; User; WebSocket Stream /
Private.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from arbtui.venues.wire import Millis

RowT = TypeVar("RowT")


class Listed(msgspec.Struct, Generic[RowT], rename="camel"):
    """``result`` of a list. ``next_page_cursor`` "" on the last page; rows of a list do not tell their category."""

    rows: list[RowT] = msgspec.field(name="list")
    category: str = ""
    next_page_cursor: str | None = None


class Ack(msgspec.Struct, rename="camel"):
    order_id: str = ""
    order_link_id: str = ""


class OrderRow(msgspec.Struct, rename="camel"):
    symbol: str
    order_id: str
    side: str
    order_status: str
    order_link_id: str = ""
    category: str = ""  # of pushes
    price: str = ""
    qty: str = ""
    cum_exec_qty: str = ""
    avg_price: str = ""
    order_type: str = ""
    market_unit: str = ""
    cancel_type: str = ""
    reject_reason: str = ""
    create_type: str = ""
    reduce_only: bool | None = None
    updated_time: str = ""


class ExtraFee(msgspec.Struct, rename="camel"):
    """A tax on a trade, beside its fee."""

    fee: str = ""
    fee_coin: str = ""


class ExecutionRow(msgspec.Struct, rename="camel"):
    symbol: str
    exec_id: str
    exec_type: str
    order_id: str = ""
    order_link_id: str = ""
    side: str = ""
    category: str = ""  # of pushes
    exec_price: str = ""
    exec_qty: str = ""
    exec_fee: str = ""
    fee_currency: str = ""
    extra_fees: list[ExtraFee] | str = ""
    is_maker: bool | None = None
    exec_time: str = ""


class PositionRow(msgspec.Struct, rename="camel"):
    symbol: str
    side: str
    size: str
    position_idx: int = 0
    category: str = ""  # of pushes
    avg_price: str = ""  # REST
    entry_price: str = ""  # pushes
    mark_price: str = ""
    liq_price: str = ""
    leverage: str = ""
    position_im: str = msgspec.field(name="positionIM", default="")
    adl_rank_indicator: int | None = None
    updated_time: str = ""


class CoinRow(msgspec.Struct, rename="camel"):
    """One coin of the wallet. Portfolio margin tells no margins per coin ("")."""

    coin: str
    wallet_balance: str
    equity: str = ""
    usd_value: str = ""
    locked: str = ""
    spot_borrow: str = ""
    bonus: str = ""
    unrealised_pnl: str = ""
    total_order_im: str = msgspec.field(name="totalOrderIM", default="")
    total_position_im: str = msgspec.field(name="totalPositionIM", default="")


class WalletRow(msgspec.Struct, rename="camel"):
    """``total_available_balance`` in USD, over all coins; "" with isolated margin."""

    account_type: str
    coin: list[CoinRow]
    total_available_balance: str = ""


class FeeRow(msgspec.Struct, rename="camel"):
    symbol: str
    maker_fee_rate: str
    taker_fee_rate: str


class AccountInfo(msgspec.Struct, rename="camel"):
    unified_margin_status: int
    margin_mode: str = ""


class SymbolRow(msgspec.Struct, rename="camel"):
    """Settings of a contract that is not held."""

    symbol: str
    leverage: str
    position_idx: int = 0


class KeyInfo(msgspec.Struct, rename="camel"):
    """An API key. ``read_only`` 1: it may not trade, whatever ``permissions`` lists. ``uta`` 0: a classic account."""

    read_only: int
    permissions: dict[str, list[str] | None]
    uta: int | None = None
    ips: list[str] | None = None
    deadline_day: int | None = None
    user_id: int | str | None = msgspec.field(default=None, name="userID")


ack = msgspec.json.Decoder(Ack)
orders = msgspec.json.Decoder(Listed[OrderRow])
executions = msgspec.json.Decoder(Listed[ExecutionRow])
positions = msgspec.json.Decoder(Listed[PositionRow])
wallets = msgspec.json.Decoder(Listed[WalletRow])
fees = msgspec.json.Decoder(Listed[FeeRow])
settings = msgspec.json.Decoder(Listed[SymbolRow])
account_info = msgspec.json.Decoder(AccountInfo)
key_info = msgspec.json.Decoder(KeyInfo)


# --- the private socket -----------------------------------------------------------------------------------------------


class Asked(msgspec.Struct):
    """What a refusal on a socket quotes of the request. It quotes a login whole: nothing but ``op`` is read."""

    op: str = ""


class PrivateHead(msgspec.Struct):
    """Any frame: a push has a ``topic`` and ``data``, an answer to a request an ``op``."""

    topic: str = ""
    op: str = ""
    success: bool | None = None
    ret_msg: str = ""
    req_id: str | int | None = None
    request: Asked | None = None
    creation_time: Millis | None = msgspec.field(name="creationTime", default=None)
    data: msgspec.Raw = msgspec.Raw(b"")


head = msgspec.json.Decoder(PrivateHead)
order_rows = msgspec.json.Decoder(list[OrderRow])
execution_rows = msgspec.json.Decoder(list[ExecutionRow])
position_rows = msgspec.json.Decoder(list[PositionRow])
wallet_rows = msgspec.json.Decoder(list[WalletRow])
