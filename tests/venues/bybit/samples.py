"""Private answers and pushes of Bybit, written after its V5 docs, and an account to ask with."""

from __future__ import annotations

from typing import Any

import msgspec

from arbtui.core.model import Instrument, Market
from arbtui.venues.base import Environment
from arbtui.venues.bybit.instruments import listing
from arbtui.venues.bybit.private import BybitPrivate
from arbtui.venues.private import Keys
from tests.venues.bybit_frames import linear_row, spot_row, wire
from tests.venues.private_support import Asking

KEY, SECRET = "arbtuiTestKey01", "arbtuiTestSecret01"
KEYS = Keys({"api_key": KEY, "api_secret": SECRET})
PRIVATE = BybitPrivate()
PROD = Environment.PROD
STAMP_MS = 1_700_000_000_000
T_NS = STAMP_MS * 1_000_000
WEEK_MS = 7 * 86_400_000
OURS = "arb0001A"
ORDER_ID = "9aac161b-8ed6-450d-9cab-c5cc67c21784"


def _listed(row: dict[str, Any], market: Market) -> Instrument:
    return listing(msgspec.Raw(wire([row])), market, "any", T_NS, partial=False).instruments[0]


PERP = _listed(linear_row(), Market.PERP)
USDC_PERP = _listed(linear_row("BTC", "USDC"), Market.PERP)
SPOT = _listed(spot_row(), Market.SPOT)
LISTED = {Market.PERP: {"BTCUSDT": PERP, "BTCPERP": USDC_PERP}, Market.SPOT: {"BTCUSDT": SPOT}}
ASKING = Asking(PRIVATE, KEYS, STAMP_MS, PERP, OURS, qty="0.125", price="64000.1")
order, place, read, after, further = ASKING.order, ASKING.place, ASKING.read, ASKING.after, ASKING.further


def said(result: Any = None, code: int = 0, msg: str = "OK") -> bytes:
    result = {} if result is None else result
    return wire({"retCode": code, "retMsg": msg, "result": result, "retExtInfo": {}, "time": 1672211918471})


def refused(code: int, msg: str = "words") -> bytes:
    return said(None, code, msg)


def rows(*listed: dict[str, Any], cursor: str = "", category: str = "linear") -> bytes:
    return said({"category": category, "list": list(listed), "nextPageCursor": cursor})


def acked(order_id: str = ORDER_ID, client_id: str = OURS) -> bytes:
    return said({"orderId": order_id, "orderLinkId": client_id})


def order_row(**changes: Any) -> dict[str, Any]:
    """An IOC buy of which a part has filled, as a list tells it."""
    return {
        "orderId": ORDER_ID, "orderLinkId": OURS, "blockTradeId": "", "symbol": "BTCUSDT", "price": "64000.1",
        "qty": "0.125", "side": "Buy", "isLeverage": "", "positionIdx": 0, "orderStatus": "Cancelled",
        "createType": "CreateByUser", "cancelType": "UNKNOWN", "rejectReason": "EC_CancelForNoFullFill",
        "avgPrice": "64000", "leavesQty": "0.000", "leavesValue": "0", "cumExecQty": "0.050", "cumExecValue": "3200",
        "cumExecFee": "1.76", "timeInForce": "IOC", "orderType": "Limit", "stopOrderType": "UNKNOWN",
        "triggerPrice": "", "reduceOnly": False, "closeOnTrigger": False, "smpType": "None",
        "createdTime": "1700000000100", "updatedTime": "1700000000105", "cumFeeDetail": {"USDT": "1.76"},
    } | changes  # fmt: skip


def unfilled(**changes: Any) -> dict[str, Any]:
    nothing = {"orderStatus": "New", "rejectReason": "EC_NoError", "avgPrice": "", "cumExecQty": "0.000",
               "cumExecValue": "0", "cumExecFee": "0", "leavesQty": "0.125", "cumFeeDetail": {}}  # fmt: skip
    return order_row(**(nothing | changes))


def execution_row(**changes: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT", "orderId": ORDER_ID, "orderLinkId": OURS, "side": "Buy", "orderPrice": "64000.1",
        "orderQty": "0.125", "leavesQty": "0", "createType": "CreateByUser", "orderType": "Limit",
        "stopOrderType": "UNKNOWN", "execFee": "1.76", "execId": "0ab1bdf7-4219-438b-b30a-32ec863018f7",
        "execPrice": "64000", "execQty": "0.050", "execType": "Trade", "execValue": "3200", "feeRate": "0.00055",
        "feeCurrency": "", "isMaker": False, "markPrice": "64001.48", "execTime": "1700000000103", "closedSize": "",
        "extraFees": "", "seq": 140612148849382,
    } | changes  # fmt: skip


def funding_row(**changes: Any) -> dict[str, Any]:
    return execution_row(
        **{"execType": "Funding", "orderLinkId": "", "orderType": "UNKNOWN", "execFee": "0.32", "execId": "f-1"}
        | changes
    )


def position_row(**changes: Any) -> dict[str, Any]:
    return {
        "positionIdx": 0, "riskId": 1, "riskLimitValue": "2000000", "symbol": "BTCUSDT", "side": "Sell",
        "size": "0.050", "avgPrice": "64000", "positionValue": "3200", "autoAddMargin": 0,
        "positionStatus": "Normal", "leverage": "10", "markPrice": "64010.5", "liqPrice": "70123.4",
        "positionIM": "321.76", "positionMM": "17.76", "unrealisedPnl": "-0.525", "adlRankIndicator": 2,
        "createdTime": "1690000000000", "updatedTime": "1700000000108", "seq": 140612148849383,
        "isReduceOnly": False, "leverageSysUpdatedTime": "",
    } | changes  # fmt: skip


def flat(**changes: Any) -> dict[str, Any]:
    """As a named contract is told that is not held."""
    nothing = {"side": "", "size": "0", "avgPrice": "0", "positionValue": "", "liqPrice": "", "positionIM": "0",
               "adlRankIndicator": 0}  # fmt: skip
    return position_row(**(nothing | changes))


def coin(name: str = "USDT", **changes: Any) -> dict[str, Any]:
    return {
        "coin": name, "equity": "10000", "usdValue": "9990", "walletBalance": "10010.5", "locked": "100",
        "spotHedgingQty": "0", "borrowAmount": "0", "accruedInterest": "0", "totalOrderIM": "40",
        "totalPositionIM": "300", "totalPositionMM": "20", "unrealisedPnl": "-10.5", "cumRealisedPnl": "0",
        "bonus": "0", "marginCollateral": True, "collateralSwitch": True, "spotBorrow": "0",
    } | changes  # fmt: skip


def wallet(*coins: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "accountType": "UNIFIED", "accountIMRate": "0.03", "totalEquity": "19980", "totalWalletBalance": "19990",
        "totalMarginBalance": "19980", "totalAvailableBalance": "19650", "totalPerpUPL": "-10",
        "totalInitialMargin": "330", "totalMaintenanceMargin": "20", "coin": list(coins),
    } | changes  # fmt: skip


def key_info(**changes: Any) -> dict[str, Any]:
    permissions = {"ContractTrade": ["Order", "Position"], "Spot": ["SpotTrade"], "Wallet": ["AccountTransfer"],
                   "Options": [], "Derivatives": ["DerivativesTrade"], "Exchange": [], "Earn": []}  # fmt: skip
    return {
        "id": "2208369", "note": "test", "apiKey": KEY, "readOnly": 0, "secret": "", "permissions": permissions,
        "ips": ["18.181.170.164"], "type": 1, "deadlineDay": -2, "expiredAt": "1970-01-01T00:00:00Z",
        "unified": 0, "uta": 1, "userID": 1448939, "isMaster": True, "parentUid": "0", "vipLevel": "No VIP",
    } | changes  # fmt: skip


def account_info(**changes: Any) -> dict[str, Any]:
    return {"marginMode": "REGULAR_MARGIN", "updatedTime": "1697078946000", "unifiedMarginStatus": 5,
            "dcpStatus": "OFF", "timeWindow": 0, "smpGroup": 0, "isMasterTrader": False,
            "spotHedgingStatus": "OFF"} | changes  # fmt: skip


def push(topic: str, *data: dict[str, Any]) -> bytes:
    frame = {"topic": topic, "id": "5923240c6880ab-c59f", "creationTime": 1700000007000, "data": list(data)}
    return wire(frame)
