"""Answers and pushes about an account as Binance sends them, written by hand after its documentation."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from arbtui.core.model import Instrument, Market, TradingStatus
from arbtui.venues.base import Environment
from arbtui.venues.binance.private import BinancePrivate
from arbtui.venues.private import Keys
from tests.venues.private_support import Asking

PROD = Environment.PROD
PRIVATE = BinancePrivate()
KEYS = Keys({"api_key": "arbtui-demo-key", "api_secret": "arbtui-demo-secret"})
STAMP_MS = 1_780_000_000_000
T_NS = STAMP_MS * 1_000_000 + 123_456
OURS = "h7Leg0A1"


def listed(market: Market, native: str = "BTCUSDT") -> Instrument:
    return Instrument(
        venue="binance",
        market=market,
        native=native,
        base="BTC",
        quote="USDT",
        price_ccy="USDT",
        settle_ccy="USDT",
        multiplier=Decimal(1),
        price_factor=Decimal(1),
        status=TradingStatus.TRADING,
    )


PERP, SPOT = listed(Market.PERP), listed(Market.SPOT)
order = Asking(PRIVATE, KEYS, STAMP_MS, PERP, OURS, qty="0.010", price="64000.10").order


def body(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def error(code: int, msg: str) -> bytes:
    return body({"code": code, "msg": msg})


USDM_PLACED: dict[str, Any] = {
    "orderId": 22542179, "symbol": "BTCUSDT", "status": "EXPIRED", "clientOrderId": OURS, "price": "64000.10",
    "origQty": "0.010", "executedQty": "0.004", "cumQty": "0.004", "timeInForce": "IOC", "type": "LIMIT",
    "origType": "LIMIT", "side": "BUY", "positionSide": "BOTH", "reduceOnly": False, "closePosition": False,
    "stopPrice": "0", "workingType": "CONTRACT_PRICE", "priceProtect": False, "priceMatch": "NONE",
    "selfTradePreventionMode": "NONE", "goodTillDate": 0, "updateTime": 1566818724722,
}  # fmt: skip
USDM_QUERIED: dict[str, Any] = USDM_PLACED | {
    "avgPrice": "63999.50", "cumQuote": "255.998", "time": 1566818724000, "status": "FILLED", "executedQty": "0.010",
}  # fmt: skip
SPOT_PLACED: dict[str, Any] = {
    "symbol": "BTCUSDT", "orderId": 28, "orderListId": -1, "clientOrderId": OURS, "transactTime": 1507725176595,
    "price": "4000.00000000", "origQty": "10.00000000", "executedQty": "10.00000000", "origQuoteOrderQty": "0.000000",
    "cummulativeQuoteQty": "39995.00000000", "status": "FILLED", "timeInForce": "IOC", "type": "LIMIT", "side": "BUY",
    "workingTime": 1507725176595, "selfTradePreventionMode": "NONE",
    "fills": [
        {"price": "4000.00000000", "qty": "5.00000000", "commission": "0.00500000", "commissionAsset": "BTC",
         "tradeId": 56},
        {"price": "3999.00000000", "qty": "5.00000000", "commission": "0.00010000", "commissionAsset": "BNB",
         "tradeId": 57},
    ],
}  # fmt: skip
SPOT_CANCELED: dict[str, Any] = {
    "symbol": "BTCUSDT", "origClientOrderId": OURS, "orderId": 4, "orderListId": -1,
    "clientOrderId": "cancelMyOrder1", "transactTime": 1684804350068, "price": "2.00000000", "origQty": "1.00000000",
    "executedQty": "0.25000000", "origQuoteOrderQty": "0.000000", "cummulativeQuoteQty": "0.50000000",
    "status": "CANCELED", "timeInForce": "GTC", "type": "LIMIT_MAKER", "side": "BUY",
    "selfTradePreventionMode": "NONE",
}  # fmt: skip
SPOT_QUERIED: dict[str, Any] = {
    "symbol": "BTCUSDT", "orderId": 1, "orderListId": -1, "clientOrderId": OURS, "price": "0.1", "origQty": "1.0",
    "executedQty": "0.0", "cummulativeQuoteQty": "0.0", "status": "NEW", "timeInForce": "GTC", "type": "LIMIT",
    "side": "BUY", "stopPrice": "0.0", "icebergQty": "0.0", "time": 1499827319559, "updateTime": 1499827319559,
    "isWorking": True, "workingTime": 1499827319559, "origQuoteOrderQty": "0.000000",
    "selfTradePreventionMode": "NONE",
}  # fmt: skip
USDM_TRADE: dict[str, Any] = {
    "buyer": False, "commission": "0.07819010", "commissionAsset": "USDT", "id": 698759, "maker": False,
    "orderId": 25851813, "price": "7819.01", "qty": "0.002", "quoteQty": "15.63802", "realizedPnl": "-0.91539999",
    "side": "SELL", "positionSide": "BOTH", "symbol": "BTCUSDT", "time": 1569514978020,
}  # fmt: skip
SPOT_TRADE: dict[str, Any] = {
    "symbol": "BTCUSDT", "id": 28457, "orderId": 100234, "orderListId": -1, "price": "4.00000100",
    "qty": "12.00000000", "quoteQty": "48.000012", "commission": "10.10000000", "commissionAsset": "BNB",
    "time": 1499865549590, "isBuyer": True, "isMaker": True, "isBestMatch": True,
}  # fmt: skip
POSITION: dict[str, Any] = {
    "symbol": "ADAUSDT", "positionSide": "BOTH", "positionAmt": "30", "entryPrice": "0.385",
    "breakEvenPrice": "0.385077", "markPrice": "0.41047590", "unRealizedProfit": "0.764", "liquidationPrice": "0",
    "isolatedMargin": "0", "notional": "12.31", "marginAsset": "USDT", "isolatedWallet": "0",
    "initialMargin": "0.61571385", "maintMargin": "0.08004280", "adl": 2, "updateTime": 1720736417660,
}  # fmt: skip
USDM_BALANCE: dict[str, Any] = {
    "accountAlias": "SgsR", "asset": "USDT", "balance": "122607.35137903", "crossWalletBalance": "23.72469206",
    "crossUnPnl": "0.00000000", "availableBalance": "23.72469206", "maxWithdrawAmount": "23.72469206",
    "marginAvailable": True, "updateTime": 1617939110373,
}  # fmt: skip
SPOT_ACCOUNT: dict[str, Any] = {
    "makerCommission": 15, "takerCommission": 15, "buyerCommission": 0, "sellerCommission": 0,
    "commissionRates": {"maker": "0.00150000", "taker": "0.00150000", "buyer": "0.00000000", "seller": "0.00000000"},
    "canTrade": True, "canWithdraw": True, "canDeposit": True, "brokered": False,
    "requireSelfTradePrevention": False, "preventSor": False, "updateTime": 123456789, "accountType": "SPOT",
    "balances": [
        {"asset": "BTC", "free": "4723846.89208129", "locked": "0.00000001"},
        {"asset": "LTC", "free": "0.00000000", "locked": "4763368.68006011"},
    ],
    "permissions": ["SPOT"], "uid": 354937868,
}  # fmt: skip
ACCOUNT_CONFIG: dict[str, Any] = {
    "feeTier": 0, "canTrade": True, "canDeposit": True, "canWithdraw": True, "dualSidePosition": False,
    "updateTime": 0, "multiAssetsMargin": False, "tradeGroupId": -1,
}  # fmt: skip
SYMBOL_CONFIG: dict[str, Any] = {
    "symbol": "BTCUSDT", "marginType": "CROSSED", "isAutoAddMargin": False, "leverage": 21,
    "maxNotionalValue": "1000000",
}  # fmt: skip
COMMISSION_RATE: dict[str, Any] = {
    "symbol": "BTCUSDT", "makerCommissionRate": "0.0002", "takerCommissionRate": "0.0005",
    "rpiCommissionRate": "0.00005",
}  # fmt: skip
SPOT_COMMISSION: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "standardCommission": {"maker": "0.00100000", "taker": "0.00110000", "buyer": "0.00000030", "seller": "0.00000040"},
    "specialCommission": {"maker": "0.01000000", "taker": "0.02000000", "buyer": "0.03000000", "seller": "0.00000000"},
    "taxCommission": {"maker": "0.00000112", "taker": "0.00000114", "buyer": "0.00000118", "seller": "0.00000116"},
    "discount": {"enabledForAccount": True, "enabledForSymbol": True, "discountAsset": "BNB", "discount": "0.25000000"},
}
INCOME: dict[str, Any] = {
    "symbol": "BTCUSDT", "incomeType": "FUNDING_FEE", "income": "-0.37500000", "asset": "USDT", "info": "",
    "time": 1570608000000, "tranId": 9689322392, "tradeId": "",
}  # fmt: skip

ORDER_UPDATE: dict[str, Any] = {
    "e": "ORDER_TRADE_UPDATE", "T": 1568879465651, "E": 1568879465652,
    "o": {
        "s": "BTCUSDT", "c": OURS, "S": "BUY", "o": "LIMIT", "f": "IOC", "q": "0.001", "p": "7100.50",
        "ap": "7100.50", "sp": "0", "x": "TRADE", "X": "FILLED", "i": 8886774, "l": "0.001", "z": "0.001",
        "L": "7100.50", "N": "USDT", "n": "0.01000000", "T": 1568879465651, "t": 12345678, "b": "0", "a": "0",
        "m": False, "R": False, "wt": "CONTRACT_PRICE", "ot": "LIMIT", "ps": "BOTH", "cp": False, "pP": False, "si": 0,
        "ss": 0, "rp": "0", "V": "EXPIRE_MAKER", "pm": "NONE", "gtd": 0, "er": "0",
    },
}  # fmt: skip
TRADE_LITE: dict[str, Any] = {
    "e": "TRADE_LITE", "E": 1568879465652, "T": 1568879465651, "s": "BTCUSDT", "q": "0.001", "p": "7100.50",
    "m": False, "c": OURS, "S": "BUY", "L": "7100.50", "l": "0.001", "t": 12345678, "i": 8886774,
}  # fmt: skip
ACCOUNT_UPDATE: dict[str, Any] = {
    "e": "ACCOUNT_UPDATE", "E": 1564745798939, "T": 1564745798938,
    "a": {
        "m": "ORDER", "B": [{"a": "USDT", "wb": "122624.12", "cw": "100.12", "bc": "50.12"}],
        "P": [
            {"s": "BTCUSDT", "pa": "-20", "ep": "6563.6", "bep": "6563.559", "cr": "0", "up": "2850.2",
             "mt": "cross", "iw": "0", "ps": "BOTH"},
            {"s": "ETHUSDT", "pa": "0", "ep": "0.0", "bep": "0", "cr": "1", "up": "0", "mt": "cross", "iw": "0",
             "ps": "BOTH"},
        ],
    },
}  # fmt: skip
LEVERAGE_UPDATE: dict[str, Any] = {
    "e": "ACCOUNT_CONFIG_UPDATE",
    "E": 1611646737479,
    "T": 1611646737476,
    "ac": {"s": "BTCUSDT", "l": 25},
}
KEY_EXPIRED: dict[str, Any] = {
    "e": "listenKeyExpired",
    "E": 1736996475556,
    "listenKey": "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61",
}

EXECUTION: dict[str, Any] = {
    "e": "executionReport", "E": 1499405658658, "s": "ETHBTC", "c": OURS, "S": "BUY", "o": "LIMIT", "f": "GTC",
    "q": "1.00000000", "p": "0.10264410", "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "", "x": "TRADE",
    "X": "FILLED", "r": "NONE", "i": 4293153, "l": "1.00000000", "z": "1.00000000", "L": "0.10264400",
    "n": "0.00100000", "N": "ETH", "T": 1499405658657, "t": 77, "I": 8641984, "w": False, "m": False, "M": False,
    "O": 1499405658657, "Z": "0.10264400", "Y": "0.10264400", "Q": "0.00000000", "W": 1499405658657, "V": "NONE",
}  # fmt: skip
SPOT_BALANCES: dict[str, Any] = {
    "e": "outboundAccountPosition", "E": 1564034571105, "u": 1564034571073,
    "B": [{"a": "ETH", "f": "10000.000000", "l": "0.500000"}],
}  # fmt: skip


def wrapped(event: dict[str, Any]) -> bytes:
    return body({"subscriptionId": 0, "event": event})


def subscribed(**fields: Any) -> bytes:
    limits = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000, "count": 2}]
    return body({"id": "1", "status": 200, "result": {"subscriptionId": 0}, "rateLimits": limits} | fields)
