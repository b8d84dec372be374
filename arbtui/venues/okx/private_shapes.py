"""OKX's private JSON, typed. Everything is a string, "" where there is nothing; a missing member is "" as well.

Source: OKX API v5 docs, Order Book Trading / Trade; Trading Account. The docs and samples of the years differ in which
members they show: only those are demanded without which a row says nothing.
"""

from __future__ import annotations

import msgspec


class Ack(msgspec.Struct, rename="camel"):
    """What became of one order that was sent or canceled."""

    s_code: str = ""
    s_msg: str = ""
    ord_id: str = ""
    cl_ord_id: str = ""


class OrderRow(msgspec.Struct, rename="camel"):
    """An order, by REST or by push. What either says of its last fill alone is not read."""

    inst_type: str
    inst_id: str
    ord_id: str
    side: str
    state: str
    cl_ord_id: str = ""
    px: str = ""
    sz: str = ""
    ord_type: str = ""
    tgt_ccy: str = ""
    acc_fill_sz: str = ""
    avg_px: str = ""
    reduce_only: str | bool = ""
    category: str = ""
    cancel_source: str = ""
    u_time: str = ""
    code: str = ""


class FillRow(msgspec.Struct, rename="camel"):
    inst_type: str
    inst_id: str
    trade_id: str
    ord_id: str
    side: str
    fill_px: str
    fill_sz: str
    cl_ord_id: str = ""
    bill_id: str = ""
    exec_type: str = ""
    fee: str = ""
    fee_ccy: str = ""
    sub_type: str = ""
    fill_time: str = ""
    ts: str = ""


class PositionRow(msgspec.Struct, rename="camel"):
    inst_type: str
    inst_id: str
    pos: str
    pos_side: str = "net"
    pos_id: str = ""
    mgn_mode: str = ""
    ccy: str = ""
    avg_px: str = ""
    mark_px: str = ""
    liq_px: str = ""
    imr: str = ""
    margin: str = ""
    adl: str = ""
    u_time: str = ""


class BalanceDetail(msgspec.Struct, rename="camel"):
    ccy: str
    cash_bal: str
    avail_bal: str = ""
    avail_eq: str = ""
    u_time: str = ""


class BalanceRow(msgspec.Struct, rename="camel"):
    details: list[BalanceDetail]
    u_time: str = ""


class ConfigRow(msgspec.Struct, rename="camel"):
    acct_lv: str
    pos_mode: str
    perm: str = ""
    uid: str = ""
    ip: str | None = None  # addresses that the key is bound to, separated by commas


class LeverageRow(msgspec.Struct, rename="camel"):
    inst_id: str
    lever: str
    mgn_mode: str = ""
    pos_side: str = ""


class FeeGroup(msgspec.Struct, rename="camel"):
    group_id: str = ""
    maker: str = ""
    taker: str = ""


class FeeRow(msgspec.Struct, rename="camel"):
    inst_type: str = ""
    maker: str = ""
    taker: str = ""
    maker_u: str = ""
    taker_u: str = ""
    maker_usdc: str = msgspec.field(default="", name="makerUSDC")
    taker_usdc: str = msgspec.field(default="", name="takerUSDC")
    fee_group: list[FeeGroup] = []


class BillRow(msgspec.Struct, rename="camel"):
    bill_id: str
    inst_id: str
    ccy: str
    ts: str
    type: str = ""
    bal_chg: str = ""
    pos_bal_chg: str = ""


acks = msgspec.json.Decoder(list[Ack])
orders = msgspec.json.Decoder(list[OrderRow])
fills = msgspec.json.Decoder(list[FillRow])
positions = msgspec.json.Decoder(list[PositionRow])
balances = msgspec.json.Decoder(list[BalanceRow])
configs = msgspec.json.Decoder(list[ConfigRow])
leverages = msgspec.json.Decoder(list[LeverageRow])
fees = msgspec.json.Decoder(list[FeeRow])
bills = msgspec.json.Decoder(list[BillRow])


# --- the private socket -----------------------------------------------------------------------------------------------


class PrivateArg(msgspec.Struct, rename="camel"):
    channel: str = ""
    inst_type: str = ""


class PrivateHead(msgspec.Struct, rename="camel"):
    """Any frame but the text ``pong``: a push has ``arg`` and ``data``, everything else an ``event``."""

    event: str = ""
    arg: PrivateArg | None = None
    code: str = ""
    msg: str = ""
    channel: str = ""
    conn_count: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")


head = msgspec.json.Decoder(PrivateHead)
