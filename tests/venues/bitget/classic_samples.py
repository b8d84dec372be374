"""Private answers and pushes of a classic account of Bitget, written after its docs and what ccxt quotes of them."""

from __future__ import annotations

from typing import Any

from arbtui.core.model import Instrument
from arbtui.venues.bitget.classic import BitgetClassic
from arbtui.venues.private import PrivateCall
from tests.venues.bitget.samples import KEYS, ORDER_ID, OURS, PERP, PROD, STAMP_MS, order, said
from tests.venues.bitget_frames import wire

CLASSIC = BitgetClassic()
TRADE_ID = "1111468664328269825"


def place(instrument: Instrument = PERP, **changes: Any) -> PrivateCall:
    return CLASSIC.place(PROD, KEYS, instrument, order(instrument, **changes), STAMP_MS)


def mix_order(**changes: Any) -> dict[str, Any]:
    """An IOC buy of which a part has filled, as a list tells it; asked for alone, ``status`` is ``state``."""
    return {
        "symbol": "BTCUSDT", "size": "0.125", "orderId": ORDER_ID, "clientOid": OURS, "baseVolume": "0.050",
        "fee": "-1.92", "price": "64000.1", "priceAvg": "64000", "status": "canceled", "side": "buy", "force": "ioc",
        "totalProfits": "0", "posSide": "net", "marginCoin": "USDT", "quoteVolume": "3200", "leverage": "20",
        "marginMode": "crossed", "enterPointSource": "API", "tradeSide": "buy_single", "posMode": "one_way_mode",
        "orderType": "limit", "orderSource": "normal", "reduceOnly": "NO", "cTime": "1700000000100",
        "uTime": "1700000000105",
    } | changes  # fmt: skip


def asked_order(**changes: Any) -> dict[str, Any]:
    row = mix_order(**changes)
    return {**{name: value for name, value in row.items() if name != "status"}, "state": row["status"]}


def spot_order(**changes: Any) -> dict[str, Any]:
    return {
        "userId": "7264631750", "symbol": "BTCUSDT", "orderId": ORDER_ID, "clientOid": OURS, "price": "64000.1",
        "size": "0.125", "orderType": "limit", "side": "buy", "status": "cancelled", "priceAvg": "64000",
        "baseVolume": "0.050", "quoteVolume": "3200", "enterPointSource": "API", "orderSource": "normal",
        "feeDetail": '{"newFees":{"c":0},"BTC":{"feeCoinCode":"BTC","totalFee":-0.00005}}', "cancelReason": "",
        "cTime": "1700000000100", "uTime": "1700000000105",
    } | changes  # fmt: skip


def open_spot_order(**changes: Any) -> dict[str, Any]:
    """Whose limit is told as ``priceAvg``."""
    row = spot_order(status="partially_filled", priceAvg="63000", basePrice="62900", baseVolume="0.02")
    return {name: value for name, value in row.items() if name not in ("price", "feeDetail", "cancelReason")} | changes


def mix_fill(**changes: Any) -> dict[str, Any]:
    fee = {"deduction": "no", "feeCoin": "USDT", "totalDeductionFee": None, "totalFee": "-1.92"}
    return {
        "tradeId": TRADE_ID, "symbol": "BTCUSDT", "orderId": ORDER_ID, "price": "64000", "baseVolume": "0.050",
        "feeDetail": [fee], "side": "buy", "quoteVolume": "3200", "profit": "0", "enterPointSource": "api",
        "tradeSide": "buy_single", "posMode": "one_way_mode", "tradeScope": "taker", "cTime": "1700000000103",
    } | changes  # fmt: skip


def spot_fill(**changes: Any) -> dict[str, Any]:
    """By REST; in pushes the fees are a list, and not negative."""
    fee = {"deduction": "no", "feeCoin": "BTC", "totalDeductionFee": "", "totalFee": "-0.00005"}
    return {
        "userId": "7264631750", "symbol": "BTCUSDT", "orderId": ORDER_ID, "tradeId": TRADE_ID, "orderType": "limit",
        "side": "buy", "priceAvg": "64000", "size": "0.050", "amount": "3200", "feeDetail": fee,
        "tradeScope": "maker", "cTime": "1700000000103", "uTime": "1700000000104",
    } | changes  # fmt: skip


def held(**changes: Any) -> dict[str, Any]:
    return {
        "marginCoin": "USDT", "symbol": "BTCUSDT", "holdSide": "short", "openDelegateSize": "0", "marginSize": "320.5",
        "available": "0.050", "locked": "0", "total": "0.050", "leverage": "20", "achievedProfits": "0",
        "openPriceAvg": "64000", "marginMode": "crossed", "posMode": "one_way_mode", "unrealizedPL": "-0.525",
        "liquidationPrice": "70123.4", "keepMarginRate": "0.004", "markPrice": "64010.5", "marginRatio": "0.03",
        "cTime": "1690000000000", "uTime": "1700000000108",
    } | changes  # fmt: skip


def pushed_held(native: str = "BTCUSDT", **changes: Any) -> dict[str, Any]:
    row = {name: value for name, value in held().items() if name not in ("symbol", "locked", "openDelegateSize")}
    return row | {"posId": "926036334386778112", "instId": native, "leverage": 20, "frozen": "0"} | changes


def mix_account(coin: str = "USDT", **changes: Any) -> dict[str, Any]:
    return {
        "marginCoin": coin, "locked": "0", "available": "10010.5", "crossedMaxAvailable": "9680", "coupon": "0",
        "isolatedMaxAvailable": "9680", "maxTransferOut": "9680", "accountEquity": "10000", "usdtEquity": "10000",
        "btcEquity": "0.15", "crossedRiskRate": "0.001", "unrealizedPL": "-10.5", "assetMode": "single",
    } | changes  # fmt: skip


def pushed_account(**changes: Any) -> dict[str, Any]:
    return {
        "marginCoin": "USDT", "frozen": "5.3", "available": "10010.5", "maxOpenPosAvailable": "9680",
        "maxTransferOut": "9680", "equity": "10000", "usdtEquity": "10000", "unrealizedPL": "-10.5",
    } | changes  # fmt: skip


def spot_coin(name: str = "USDT", **changes: Any) -> dict[str, Any]:
    return {
        "coin": name, "available": "900", "limitAvailable": "0", "frozen": "99.5", "locked": "0.5",
        "uTime": "1700000000108",
    } | changes  # fmt: skip


def contract_account(**changes: Any) -> dict[str, Any]:
    return mix_account() | {
        "crossedMarginLeverage": 20, "isolatedLongLever": 7, "isolatedShortLever": 5, "marginMode": "crossed",
        "posMode": "one_way_mode",
    } | changes  # fmt: skip


def bill(**changes: Any) -> dict[str, Any]:
    return {
        "billId": "1111499428100472833", "symbol": "BTCUSDT", "amount": "-0.004992", "fee": "0", "feeByCoupon": "",
        "businessType": "contract_settle_fee", "coin": "USDT", "balance": "10", "cTime": "1700000000110",
    } | changes  # fmt: skip


def key_info(*may: str, **changes: Any) -> dict[str, Any]:
    return {
        "userId": "123456789", "inviterId": "", "ips": "192.168.1.1", "authorities": list(may or ("coow", "stow")),
        "parentId": 1, "traderType": "not_trader", "channelCode": "", "channel": "", "regisTime": "1704067200000",
    } | changes  # fmt: skip


def orders(*rows: dict[str, Any], end: str | None = None) -> bytes:
    return said({"entrustedList": list(rows) or None, "endId": end})


def fills(*rows: dict[str, Any], end: str | None = None) -> bytes:
    return said({"fillList": list(rows) or None, "endId": end})


def bills(*rows: dict[str, Any], end: str | None = None) -> bytes:
    return said({"bills": list(rows), "endId": end})


def pushed_order(**changes: Any) -> dict[str, Any]:
    """After the second fill of two; ``baseVolume`` is that one alone."""
    row = {name: value for name, value in mix_order(status="partially_filled").items() if name != "symbol"}
    return row | {
        "instId": "BTCUSDT", "accBaseVolume": "0.050", "baseVolume": "0.020", "fillPrice": "64000", "tradeScope": "T",
        "tradeId": TRADE_ID, "fillFee": "-0.76", "fillFeeCoin": "USDT", "reduceOnly": "no",
        "feeDetail": [{"feeCoin": "USDT", "fee": "-1.92"}],
    } | changes  # fmt: skip


def pushed_spot_order(**changes: Any) -> dict[str, Any]:
    """Whose ``size`` is in quote currency."""
    return {
        "instId": "BTCUSDT", "orderId": ORDER_ID, "clientOid": OURS, "price": "64000.1", "size": "8000.01",
        "newSize": "0.125", "notional": "8000.01", "orderType": "limit", "force": "ioc", "side": "buy",
        "accBaseVolume": "0.050", "priceAvg": "64000", "status": "partially_filled", "cTime": "1700000000100",
        "uTime": "1700000000105", "feeDetail": [], "enterPointSource": "API",
    } | changes  # fmt: skip


def push(product: str, channel: str, *data: dict[str, Any]) -> bytes:
    name = "coin" if channel == "account" else "instId"
    arg = {"instType": product, "channel": channel, name: "default"}
    return wire({"action": "snapshot", "arg": arg, "data": list(data), "ts": 1700000007000})
