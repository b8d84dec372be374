"""Frames and bodies as Binance sends them, written by hand after its documentation and what it sends in 2026."""

from __future__ import annotations

import json
from typing import Any

from arbtui.core.model import Market
from arbtui.venues.base import Tables
from arbtui.venues.binance.public import BinanceSession
from arbtui.venues.registry import venue

T_NS = 1_791_382_994_700_000_000
PERP_PUBLIC = "wss://fstream.binance.com/public/stream"
PERP_MARKET = "wss://fstream.binance.com/market/stream"
SPOT = "wss://stream.binance.com:9443/stream"

PERP_SLOTS = {"BTCUSDT": 0, "ETHUSDT": 1, "1000PEPEUSDT": 2, "币安人生USDT": 3}
SPOT_SLOTS = {"BTCUSDT": 10, "ETHUSDT": 11, "NKNUSDT": 12}

PERP_BBO = (
    '{"e":"bookTicker","u":11757092630476,"s":"BTCUSDT","ps":"BTCUSDT","b":"83091.60","B":"4.215","a":"83091.70",'
    '"A":"3.763","T":1791382994657,"E":1791382994658,"st":1}'
)
SPOT_BBO = (
    '{"u":98494969448,"s":"BTCUSDT","b":"63704.00000000","B":"4.77471000","a":"63704.01000000","A":"11.33198000"}'
)
PERP_DIFF = (
    '{"e":"depthUpdate","E":1791382994616,"T":1791382994613,"s":"BTCUSDT","ps":"BTCUSDT","U":11757092616793,'
    '"u":11757092625654,"pu":11757092616661,"b":[["83091.60","4.215"],["83091.50","0"]],"a":[["83091.70","3.768"]],'
    '"st":1}'
)
SPOT_DIFF = (
    '{"e":"depthUpdate","E":1633998512068,"s":"NKNUSDT","U":499869750,"u":499869752,'
    '"b":[["0.35130000","6195.00000000"]],"a":[]}'
)
SPOT_PARTIAL = '{"lastUpdateId":160,"bids":[["0.0024","10"]],"asks":[["0.0026","100"]]}'
PERP_MINI = (
    '{"e":"24hrMiniTicker","E":1786540329176,"s":"BTCUSDT","ps":"BTCUSDT","c":"63972.70","o":"64305.10",'
    '"h":"64450.00","l":"63211.60","v":"125235.211","q":"7989662536.93","st":1}'
)
SPOT_MINI = (
    '{"e":"24hrMiniTicker","E":1786539510015,"s":"BTCUSDT","c":"64117.99000000","o":"64330.60000000",'
    '"h":"64500.00000000","l":"63238.00000000","v":"14724.65375000","q":"940099726.82861850"}'
)
COIN_M_MINI = (
    '{"e":"24hrMiniTicker","E":1788627876898,"s":"BTCUSD_PERP","ps":"BTCUSD","c":"80024.2","o":"79615.4",'
    '"h":"80172.4","l":"79350.1","v":"2247374","q":"2820.1","st":2}'
)
MARK = (
    '{"e":"markPriceUpdate","E":1791382993000,"s":"BTCUSDT","p":"83084.30000000","ap":"83084.30000000",'
    '"P":"83195.15881449","i":"83123.65891304","r":"0.00000078","T":1791388800000,"st":1}'
)
PERP_TRADE = (
    '{"e":"aggTrade","E":1791382994660,"a":5933014,"s":"BTCUSDT","p":"83091.60","q":"0.120","nq":"0.100","f":100,'
    '"l":105,"T":1791382994655,"m":true,"st":1}'
)
SPOT_TRADE = (
    '{"e":"aggTrade","E":1633998523963,"s":"NKNUSDT","a":15683430,"p":"0.35280000","q":"58.00000000","f":19862790,'
    '"l":19862790,"T":1633998523963,"m":false,"M":true}'
)
SHUTDOWN = '{"e":"serverShutdown","E":1791382994000}'
CONTRACT_INFO = (
    '{"e":"contractInfo","E":1791382994000,"s":"ETHUSDT","ps":"ETHUSDT","ct":"PERPETUAL","dt":1791900000000,'
    '"ot":1569398400000,"cs":"SETTLING","st":1}'
)


def changed(text: str, **fields: Any) -> str:
    """``text`` with fields replaced; None removes one."""
    row = json.loads(text)
    row.update(fields)
    return json.dumps({key: value for key, value in row.items() if value is not None}, ensure_ascii=False)


def combined(name: str, data: str) -> bytes:
    return f'{{"stream":"{name}","data":{data}}}'.encode()


def array(*rows: str) -> str:
    return "[" + ",".join(rows) + "]"


def tables() -> Tables:
    return Tables({Market.PERP: dict(PERP_SLOTS), Market.SPOT: dict(SPOT_SLOTS)})


def session(url: str) -> BinanceSession:
    made = venue("binance").session(url, tables())
    assert isinstance(made, BinanceSession)
    return made


def perp_symbol(symbol: str = "BTCUSDT", **fields: Any) -> dict[str, Any]:
    """One row of USD-M exchangeInfo; ``filterType`` is not the first key and the order of filters is not fixed."""
    return {
        "symbol": symbol,
        "pair": symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": 1567965300000,
        "status": "TRADING",
        "baseAsset": symbol.removesuffix("USDT"),
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": 2,
        "quantityPrecision": 3,
        "underlyingType": "COIN",
        "underlyingSubType": ["PoW"],
        "filters": [
            {"notional": "50", "filterType": "MIN_NOTIONAL"},
            {"minQty": "0.002", "maxQty": "120", "filterType": "MARKET_LOT_SIZE", "stepSize": "0.002"},
            {"maxPrice": "4529764", "tickSize": "0.10", "filterType": "PRICE_FILTER", "minPrice": "556.80"},
            {"stepSize": "0.001", "minQty": "0.001", "maxQty": "1000", "filterType": "LOT_SIZE"},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"multiplierDown": "0.95", "multiplierUp": "1.05", "multiplierDecimal": "4", "filterType": "PERCENT_PRICE"},
            {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
        ],
        **fields,
    }


def spot_symbol(symbol: str = "BTCUSDT", **fields: Any) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": symbol.removesuffix("USDT"),
        "quoteAsset": "USDT",
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "filters": [
            {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "76.5", "stepSize": "0.00000000"},
            {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True, "avgPriceMins": 5},
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01000000"},
        ],
        "permissions": [],
        "permissionSets": [["SPOT", "MARGIN"]],
        **fields,
    }


def exchange_info(*symbols: Any) -> bytes:
    body = {"timezone": "UTC", "serverTime": 1791382994000, "rateLimits": [], "symbols": list(symbols)}
    return json.dumps(body, ensure_ascii=False).encode()
