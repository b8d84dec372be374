"""Private answers and pushes of OKX, written after its API v5 docs, and an account to ask with."""

from __future__ import annotations

from typing import Any

import msgspec

from arbtui.core.model import Instrument, Market
from arbtui.venues.base import Environment
from arbtui.venues.okx.instruments import listing
from arbtui.venues.okx.private import OkxPrivate
from arbtui.venues.private import Keys
from tests.venues.okx_frames import spot_row, swap_row, wire
from tests.venues.private_support import Asking

SECRET = "22582BD0CFF14C41EDBF1AB98506286D"
KEYS = Keys({"api_key": "k", "api_secret": SECRET, "passphrase": "p"})
PRIVATE = OkxPrivate()
PROD = Environment.PROD
STAMP_MS = 1_780_272_000_000  # 2026-06-01T00:00:00.000Z
T_NS = STAMP_MS * 1_000_000


def _listed(row: dict[str, Any], market: Market) -> Instrument:
    return listing(msgspec.Raw(wire([row])), market, T_NS, partial=False).instruments[0]


SWAP = _listed(swap_row("BTC", ctVal="0.01", tickSz="0.1"), Market.PERP)
USDC_SWAP = _listed(swap_row("BTC", "USDC", ctVal="0.01", tickSz="0.1", groupId="4"), Market.PERP)
SPOT = _listed(spot_row(), Market.SPOT)
ASKING = Asking(PRIVATE, KEYS, STAMP_MS, SWAP, "arb0001A", qty="1.25", price="64000.1")
order, place, read = ASKING.order, ASKING.place, ASKING.read


def answer(*rows: dict[str, Any], code: str = "0", msg: str = "") -> bytes:
    return wire({"code": code, "msg": msg, "data": list(rows)})


def ack(code: str = "0", words: str = "Order placed", **changes: str) -> dict[str, Any]:
    """The row of an acknowledgement."""
    return {
        "ordId": "312269865356374016" if code == "0" else "",
        "clOrdId": "arb0001A",
        "tag": "",
        "ts": "1695190491421",
        "sCode": code,
        "sMsg": words,
        "subCode": "",
    } | changes


def acked(code: str = "0", words: str = "Order placed", **changes: str) -> bytes:
    """The whole answer: what OKX says in the row it announces in the envelope."""
    outer = ("0", "") if code == "0" else ("1", "All operations failed")
    rest = {"inTime": "1695190491421339", "outTime": "1695190491423240"}
    return wire({"code": outer[0], "msg": outer[1], "data": [ack(code, words, **changes)], **rest})


def order_row(**changes: Any) -> dict[str, Any]:
    """The push of the docs: a third of an IOC order has filled."""
    return {
        "instType": "SWAP", "instId": "BTC-USDT-SWAP", "ordId": "2497956918703120384", "clOrdId": "arb0001A", "tag": "",
        "px": "64000.1", "sz": "3", "ordType": "ioc", "side": "buy", "posSide": "net", "tdMode": "cross", "tgtCcy": "",
        "state": "partially_filled", "accFillSz": "1", "avgPx": "64000", "fillPx": "64000", "fillSz": "1",
        "fillTime": "1746947317402", "tradeId": "1518905529", "execType": "T", "fee": "-0.32", "feeCcy": "USDT",
        "fillFee": "-0.32", "fillFeeCcy": "USDT", "fillPnl": "0", "fillNotionalUsd": "640", "pnl": "0", "rebate": "0",
        "rebateCcy": "USDT", "reduceOnly": "false", "lever": "3", "category": "normal", "cancelSource": "",
        "cancelSourceReason": "", "amendResult": "", "reqId": "", "source": "", "code": "0", "msg": "",
        "cTime": "1746947317401", "uTime": "1746947317402",
    } | changes  # fmt: skip


def unfilled(**changes: Any) -> dict[str, Any]:
    """An order of which nothing has filled yet."""
    nothing = {"state": "live", "accFillSz": "0", "avgPx": "", "fillPx": "", "fillSz": "0", "fillTime": "",
               "tradeId": "", "execType": "", "fee": "0", "fillFee": "0"}  # fmt: skip
    return order_row(**(nothing | changes))


def spot_order_row(**changes: Any) -> dict[str, Any]:
    spot = {"instType": "SPOT", "instId": "BTC-USDT", "tdMode": "cash", "posSide": "", "feeCcy": "BTC",
            "fillFeeCcy": "BTC", "fee": "-0.001", "fillFee": "-0.001"}  # fmt: skip
    return order_row(**(spot | changes))


def fill_row(**changes: Any) -> dict[str, Any]:
    return {
        "instType": "SWAP", "instId": "BTC-USDT-SWAP", "tradeId": "1518905529", "ordId": "2497956918703120384",
        "clOrdId": "arb0001A", "billId": "623950854533513219", "fillPx": "64000", "fillSz": "1", "side": "buy",
        "posSide": "net", "execType": "T", "fee": "-0.32", "feeCcy": "USDT", "fillPnl": "0", "subType": "1",
        "fillTime": "1746947317402", "ts": "1746947317403",
    } | changes  # fmt: skip


def position_row(**changes: Any) -> dict[str, Any]:
    return {
        "instType": "SWAP", "instId": "BTC-USDT-SWAP", "posId": "287999792370819074", "posSide": "net", "pos": "-3",
        "availPos": "", "avgPx": "64000.5", "markPx": "64010.1", "upl": "-0.3", "uplRatio": "-0.001", "lever": "3",
        "mgnMode": "cross", "liqPx": "91234.5", "imr": "640.1", "mmr": "7.6", "margin": "", "mgnRatio": "30",
        "notionalUsd": "1920", "adl": "2", "fee": "-0.9", "fundingFee": "0", "realizedPnl": "-0.9", "bePx": "63990",
        "ccy": "USDT", "cTime": "1746947317401", "uTime": "1746947317402",
    } | changes  # fmt: skip


def detail(ccy: str = "USDT", **changes: str) -> dict[str, Any]:
    return {
        "ccy": ccy, "eq": "10001.5", "cashBal": "10000.25", "availBal": "9000.5", "availEq": "8999.75",
        "frozenBal": "1000", "ordFrozen": "0", "upl": "1.25", "eqUsd": "10001.5", "uTime": "1746947317402",
    } | changes  # fmt: skip


def balance_row(*details: dict[str, Any]) -> dict[str, Any]:
    return {
        "totalEq": "10001.5", "adjEq": "", "imr": "", "mmr": "", "mgnRatio": "", "uTime": "1746947317500",
        "details": list(details),
    }  # fmt: skip


def config_row(**changes: Any) -> dict[str, Any]:
    return {"uid": "44705892343619584", "acctLv": "2", "posMode": "net_mode", "autoLoan": False, "level": "Lv1",
            "perm": "read_only,trade", "ip": ""} | changes  # fmt: skip


def fee_row(**changes: Any) -> dict[str, Any]:
    return {
        "level": "Lv1", "maker": "-0.0008", "taker": "-0.001", "makerU": "-0.0002", "takerU": "-0.0005",
        "makerUSDC": "", "takerUSDC": "", "instType": "SWAP", "ts": "1763979985847",
        "feeGroup": [{"groupId": "1", "maker": "-0.0009", "taker": "-0.0011"},
                     {"groupId": "2", "maker": "0.00005", "taker": "-0.00045"}],
    } | changes  # fmt: skip


def leverage_row(**changes: str) -> dict[str, Any]:
    return {"instId": "BTC-USDT-SWAP", "lever": "3.00", "mgnMode": "cross", "posSide": "net", "ccy": ""} | changes


def bill_row(**changes: str) -> dict[str, Any]:
    return {
        "billId": "377970609204146187", "type": "8", "subType": "173", "instType": "SWAP", "instId": "BTC-USDT-SWAP",
        "ccy": "USDT", "bal": "9999.5", "balChg": "-0.0125", "posBal": "0", "posBalChg": "0", "pnl": "-0.0125",
        "fee": "0", "sz": "3", "mgnMode": "cross", "ts": "1746948000588",
    } | changes  # fmt: skip


def push(channel: str, *rows: dict[str, Any], **arg: str) -> bytes:
    return wire({"arg": {"channel": channel, **arg, "uid": "44705892343619584"}, "data": list(rows)})
