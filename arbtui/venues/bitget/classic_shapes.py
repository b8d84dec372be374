"""Bitget's private JSON of classic accounts (API v2), typed; numbers as in ``private_shapes``.

REST rows and pushes of the same thing share a shape here: members that only one of them has are empty in the other.
Source: Bitget classic API docs, Spot and Futures, Trade; Account; Position; Websocket / Private.
"""

from __future__ import annotations

import msgspec

from arbtui.venues.bitget.private_shapes import Number
from arbtui.venues.bitget.shapes import Text

_NONE = msgspec.Raw(b"")


class OrderRow(msgspec.Struct, rename="camel"):
    """``state`` where one contract order is asked for, ``status`` elsewhere; ``inst_id`` in pushes.

    ``base_volume`` is all that has filled by REST, and the last fill in pushes, whose ``acc_base_volume`` is all.
    """

    order_id: str
    side: str
    symbol: Text = ""
    inst_id: Text = ""
    client_oid: Text = ""
    status: Text = ""
    state: Text = ""
    order_type: str = ""
    price: Number = _NONE
    size: Number = _NONE
    new_size: Number = _NONE
    base_volume: Number = _NONE
    acc_base_volume: Number = _NONE
    price_avg: Number = _NONE
    base_price: Number = _NONE
    reduce_only: str | bool | None = None
    cancel_reason: Text = ""
    trade_side: Text = ""
    u_time: Text = ""


class FeeDetail(msgspec.Struct, rename="camel"):
    fee_coin: Text = ""
    total_fee: Number = _NONE
    deduction: Text = ""


class FillRow(msgspec.Struct, rename="camel"):
    """``price`` and ``base_volume`` of contracts, ``price_avg`` and ``size`` of spot."""

    trade_id: str
    order_id: str
    symbol: str
    side: str
    price: Number = _NONE
    price_avg: Number = _NONE
    base_volume: Number = _NONE
    size: Number = _NONE
    trade_scope: Text = ""
    trade_side: Text = ""
    fee_detail: list[FeeDetail] | FeeDetail | None = None
    c_time: Text = ""


class PositionRow(msgspec.Struct, rename="camel"):
    """``symbol`` by REST, ``inst_id`` in pushes."""

    pos_mode: str
    hold_side: str
    total: Number
    symbol: Text = ""
    inst_id: Text = ""
    margin_coin: Text = ""
    leverage: Number = _NONE
    margin_mode: str = ""
    open_price_avg: Number = _NONE
    mark_price: Number = _NONE
    liquidation_price: Number = _NONE
    margin_size: Number = _NONE
    u_time: Text = ""


class SpotCoin(msgspec.Struct, rename="camel"):
    """``frozen`` by resting orders, ``locked`` for other reasons."""

    coin: str
    available: Number
    frozen: Number = _NONE
    locked: Number = _NONE


class MixAccount(msgspec.Struct, rename="camel"):
    """One currency of the contracts' wallet. ``account_equity`` by REST, ``equity`` in pushes: open profit included."""

    margin_coin: str
    account_equity: Number = _NONE
    equity: Number = _NONE
    unrealized_pl: Number = msgspec.field(name="unrealizedPL", default=_NONE)
    crossed_max_available: Number = _NONE
    max_open_pos_available: Number = _NONE


class ContractAccount(msgspec.Struct, rename="camel"):
    """How one contract is set up."""

    pos_mode: str
    margin_mode: str = ""
    crossed_margin_leverage: Number = _NONE
    isolated_long_lever: Number = _NONE
    isolated_short_lever: Number = _NONE
    asset_mode: Text = ""


class KeyInfo(msgspec.Struct):
    """An API key. ``ips`` separated by commas; "" where none is listed."""

    authorities: list[str] | None = None
    ips: str | None = None
    user_id: Text = msgspec.field(default="", name="userId")


class Bill(msgspec.Struct, rename="camel"):
    """One entry of the contracts' ledger."""

    bill_id: str
    amount: Number
    business_type: str
    c_time: str
    symbol: Text = ""
    coin: Text = ""


class OrderList(msgspec.Struct, rename="camel"):
    entrusted_list: list[OrderRow] | None = None


class FillList(msgspec.Struct, rename="camel"):
    fill_list: list[FillRow] | None = None


class BillList(msgspec.Struct):
    bills: list[Bill] | None = None


class _Ids(msgspec.Struct, rename="camel"):
    """A row of a spot list, which leads to the next page by what it is the row of."""

    order_id: Text = ""
    trade_id: Text = ""


class _Page(msgspec.Struct, rename="camel"):
    """A list about contracts; ``end_id`` leads to the next page."""

    end_id: str | int | None = None
    entrusted_list: list[msgspec.Raw] | None = None
    fill_list: list[msgspec.Raw] | None = None
    bills: list[msgspec.Raw] | None = None


def cursor_of(page: _Page | list[_Ids]) -> str:
    """What the next page is asked for by; "" after the last."""
    if isinstance(page, list):
        return (page[-1].trade_id or page[-1].order_id or "") if page else ""
    has_rows = page.entrusted_list or page.fill_list or page.bills
    return str(page.end_id) if page.end_id is not None and has_rows else ""


order = msgspec.json.Decoder(OrderRow)
order_rows = msgspec.json.Decoder(list[OrderRow])
order_list = msgspec.json.Decoder(OrderList)
fill_rows = msgspec.json.Decoder(list[FillRow])
fill_list = msgspec.json.Decoder(FillList)
position_rows = msgspec.json.Decoder(list[PositionRow])
spot_coins = msgspec.json.Decoder(list[SpotCoin])
mix_accounts = msgspec.json.Decoder(list[MixAccount])
contract_account = msgspec.json.Decoder(ContractAccount)
key_info = msgspec.json.Decoder(KeyInfo)
bill_list = msgspec.json.Decoder(BillList)
page = msgspec.json.Decoder(_Page | list[_Ids])
anything = msgspec.json.Decoder(msgspec.Raw)
