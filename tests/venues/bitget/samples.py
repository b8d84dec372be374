"""Private answers and pushes of Bitget, written after its UTA docs, and an account to ask with."""

from __future__ import annotations

from typing import Any

import msgspec

from arbtui.core.model import Instrument, Market
from arbtui.venues.base import Environment
from arbtui.venues.bitget.instruments import contracts, symbols
from arbtui.venues.bitget.private import BitgetPrivate
from arbtui.venues.private import Keys
from tests.venues.bitget_frames import USDC, USDT, contract, symbol, wire
from tests.venues.private_support import Asking

KEY, SECRET, PASSPHRASE = "arbtuiTestKey01", "arbtuiTestSecret01", "arbtuiPass01"
KEYS = Keys({"api_key": KEY, "api_secret": SECRET, "passphrase": PASSPHRASE})
PRIVATE = BitgetPrivate()
PROD = Environment.PROD
STAMP_MS = 1_700_000_000_000
T_NS = STAMP_MS * 1_000_000
DAY_MS = 86_400_000
OURS = "arb0001A"
ORDER_ID = "1233319323918499840"


def _raw(row: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(wire([row]))


PERP: Instrument = contracts(_raw(contract("BTC", sizeMultiplier="0.001", pricePlace="1")), USDT, T_NS).instruments[0]
USDC_PERP: Instrument = contracts(_raw(contract("BTC", "USDC")), USDC, T_NS).instruments[0]
SPOT: Instrument = symbols(_raw(symbol("BTC")), T_NS).instruments[0]
HAN: Instrument = contracts(_raw(contract("牛来")), USDT, T_NS).instruments[0]  # a name that is not ASCII
LISTED = {Market.PERP: {"BTCUSDT": PERP, "BTCPERP": USDC_PERP}, Market.SPOT: {"BTCUSDT": SPOT}}
ASKING = Asking(PRIVATE, KEYS, STAMP_MS, PERP, OURS, qty="0.125", price="64000.1")
order, place, read, after, further = ASKING.order, ASKING.place, ASKING.read, ASKING.after, ASKING.further


def said(data: Any = None, code: str = "00000", msg: str = "success") -> bytes:
    return wire({"code": code, "msg": msg, "requestTime": 1700000000123, "data": data})


def refused(code: str | int, msg: str = "words") -> bytes:
    return said(None, str(code), msg)


def rows(*listed: dict[str, Any], cursor: str | None = "") -> bytes:
    return said({"list": list(listed), "cursor": cursor})


def acked(order_id: str | None = ORDER_ID, client_id: str | None = OURS) -> bytes:
    return said({"orderId": order_id, "clientOid": client_id})


def order_row(**changes: Any) -> dict[str, Any]:
    """An IOC buy of which a part has filled, as a list tells it."""
    return {
        "orderId": ORDER_ID, "clientOid": OURS, "category": "USDT-FUTURES", "symbol": "BTCUSDT", "orderType": "limit",
        "side": "buy", "price": "64000.1", "qty": "0.125", "amount": "0", "cumExecQty": "0.050",
        "cumExecValue": "3200", "avgPrice": "64000", "timeInForce": "ioc", "orderStatus": "cancelled", "posSide": "",
        "holdMode": "one_way_mode", "tradeSide": "open", "delegateType": "normal", "reduceOnly": "NO",
        "marginMode": "crossed", "stpMode": "none", "feeDetail": [{"feeCoin": "USDT", "fee": "1.92"}],
        "cancelReason": "ioc_not_full_cancel", "execType": "normal", "createdTime": "1700000000100",
        "updatedTime": "1700000000105",
    } | changes  # fmt: skip


def unfilled(**changes: Any) -> dict[str, Any]:
    nothing = {"orderStatus": "live", "cancelReason": "", "avgPrice": "0", "cumExecQty": "0", "cumExecValue": "0",
               "feeDetail": []}  # fmt: skip
    return order_row(**(nothing | changes))


def fill_row(**changes: Any) -> dict[str, Any]:
    return {
        "execId": "131111111111111111", "execLinkId": "131111111111111112", "orderId": ORDER_ID, "clientOid": OURS,
        "category": "USDT-FUTURES", "symbol": "BTCUSDT", "orderType": "limit", "side": "buy", "execPrice": "64000",
        "execQty": "0.050", "execValue": "3200", "tradeScope": "taker", "tradeSide": "open",
        "feeDetail": [{"feeCoin": "USDT", "fee": "1.92"}], "createdTime": "1700000000103",
        "updatedTime": "1700000000108", "execPnl": "0", "isRPI": "no",
    } | changes  # fmt: skip


def pushed_fill(**changes: Any) -> dict[str, Any]:
    row = {name: value for name, value in fill_row().items() if name != "createdTime"}
    return row | {"category": "usdt-futures", "holdSide": "long", "execTime": "1700000000103"} | changes


def record_row(**changes: Any) -> dict[str, Any]:
    return {
        "category": "USDT-FUTURES", "id": "f-1", "symbol": "BTCUSDT", "coin": "USDT",
        "type": "CONTRACT_MAIN_SETTLE_FEE_USER_IN", "amount": "0.32", "fee": "0", "balance": "10010.5",
        "ts": "1700000000110",
    } | changes  # fmt: skip


def position_row(**changes: Any) -> dict[str, Any]:
    return {
        "category": "USDT-FUTURES", "symbol": "BTCUSDT", "marginCoin": "USDT", "holdMode": "one_way_mode",
        "posSide": "short", "marginMode": "crossed", "positionBalance": "320.5", "available": "0.050", "frozen": "0",
        "total": "0.050", "leverage": "10", "curRealisedPnl": "0", "avgPrice": "64000", "positionStatus": "normal",
        "unrealisedPnl": "-0.525", "liquidationPrice": "70123.4", "mmr": "0.005", "profitRate": "0",
        "markPrice": "64010.5", "breakEvenPrice": "64000", "totalFunding": "0", "openFeeTotal": "-1.92",
        "closeFeeTotal": "0", "createdTime": "1690000000000", "updatedTime": "1700000000108",
    } | changes  # fmt: skip


def pushed_position(**changes: Any) -> dict[str, Any]:
    """One that has ended, as the socket tells it."""
    return {
        "symbol": "BTCUSDT", "leverage": "20", "openFeeTotal": "", "mmr": "", "breakEvenPrice": "", "available": "0",
        "liqPrice": "", "marginMode": "crossed", "unrealisedPnl": "0", "markPrice": "64010.5",
        "createdTime": "1690000000000", "avgPrice": "0", "totalFundingFee": "", "updatedTime": "1700000000108",
        "marginCoin": "USDT", "frozen": "0", "profitRate": "", "closeFeeTotal": "", "marginSize": "0",
        "curRealisedPnl": "0", "size": "0", "positionStatus": "ended", "posSide": "short",
        "holdMode": "one_way_mode",
    } | changes  # fmt: skip


def coin(name: str = "USDT", **changes: Any) -> dict[str, Any]:
    return {
        "coin": name, "equity": "10000", "usdValue": "9990", "balance": "10010.5", "available": "9900", "debt": "0",
        "locked": "100",
    } | changes  # fmt: skip


def wallet(*coins: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "accountEquity": "19980", "usdtEquity": "19990", "btcEquity": "0.3", "unrealisedPnl": "-10.5",
        "effEquity": "19980", "mmr": "20", "imr": "330", "mgnRatio": "0.001", "positionMgnRatio": "0.001",
        "assets": list(coins),
    } | changes  # fmt: skip


def pushed_wallet(*coins: dict[str, Any], **changes: Any) -> dict[str, Any]:
    row = {name: value for name, value in wallet().items() if name != "assets"}
    return row | {"totalEquity": "19980", "coin": [{"debts": "0", "borrow": "0"} | row for row in coins]} | changes


def settings(**changes: Any) -> dict[str, Any]:
    setting = {"category": "USDT-FUTURES", "symbol": "BTCUSDT", "marginMode": "crossed", "leverage": "5"}
    return {
        "uid": "1111111111", "accountMode": "unified", "assetMode": "multi_assets", "accountLevel": "advanced",
        "holdMode": "one_way_mode", "stpMode": "none",
        "symbolConfigList": [setting | {"symbol": "ETHUSDT", "leverage": "20"}, setting],
        "coinConfigList": [{"coin": "USDT", "leverage": "6"}],
    } | changes  # fmt: skip


def key_info(**changes: Any) -> dict[str, Any]:
    return {
        "userId": "123456789", "inviterId": "", "parentId": "", "channelCode": "", "channel": "",
        "ips": "192.168.1.1,192.168.1.2", "permType": "read-and-write", "permissions": ["uta_mgt", "uta_trade"],
        "regisTime": "1704067200000",
    } | changes  # fmt: skip


def push(topic: str, *data: dict[str, Any], action: str = "snapshot") -> bytes:
    arg = {"instType": "UTA", "topic": topic}
    return wire({"action": action, "arg": arg, "data": list(data), "ts": 1700000007000})
