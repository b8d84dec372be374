"""Frames and bodies of Bitget, written after its classic API docs: the usual ones, for tests to feed and to spoil."""

from __future__ import annotations

import json
from typing import Any

from arbtui.core.model import Market
from arbtui.venues.base import Environment, HttpRequest, Tables
from arbtui.venues.bitget import Bitget

T_NS = 1_791_382_994_700_000_000
NOW_MS = T_NS // 1_000_000
BITGET = Bitget()
PROD = Environment.PROD
URL = "wss://ws.bitget.com/v2/ws/public"
USDT, USDC, SPOT = "USDT-FUTURES", "USDC-FUTURES", "SPOT"

PERP_SLOTS = {"BTCUSDT": 10, "ETHUSDT": 11, "BTCPERP": 12, "牛来USDT": 13}
SPOT_SLOTS = {"BTCUSDT": 20, "ETHUSDT": 21}


def tables() -> Tables:
    return Tables({Market.PERP: dict(PERP_SLOTS), Market.SPOT: dict(SPOT_SLOTS)})


def wire(value: Any) -> bytes:
    """As Bitget writes it: no blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def arg(channel: str, inst_id: str = "BTCUSDT", inst_type: str = USDT) -> dict[str, str]:
    return {"instType": inst_type, "channel": channel, "instId": inst_id}


def push(channel: str, *rows: Any, inst_id: str = "BTCUSDT", inst_type: str = USDT, action: str = "snapshot") -> bytes:
    return wire({"action": action, "arg": arg(channel, inst_id, inst_type), "data": list(rows), "ts": 1790358773907})


def book_row(bids: Any, asks: Any, seq: int | None, pseq: int | None, ts: str) -> dict[str, Any]:
    row: dict[str, Any] = {"asks": asks, "bids": bids, "ts": ts}
    return row | {name: value for name, value in (("seq", seq), ("pseq", pseq)) if value is not None}


def bbo(
    inst_id: str = "BTCUSDT",
    inst_type: str = USDT,
    *,
    bids: Any = (("83715.69", "0.074435"),),
    asks: Any = (("83715.70", "2.145777"),),
    ts: str = "1790358773905",
    seq: int | None = 850167842345,
) -> bytes:
    return push("books1", book_row(bids, asks, seq, 0, ts), inst_id=inst_id, inst_type=inst_type)


def book(
    action: str,
    pseq: int | None,
    seq: int | None,
    *,
    bids: Any = (("0.01038", "4311.15"),),
    asks: Any = (("0.01039", "4499.23"),),
    inst_id: str = "BTCUSDT",
    inst_type: str = USDT,
    ts: str = "1789456510736",
) -> bytes:
    return push("books", book_row(bids, asks, seq, pseq, ts), inst_id=inst_id, inst_type=inst_type, action=action)


def perp_ticker(inst_id: str = "BTCUSDT", **changes: Any) -> dict[str, Any]:
    return {
        "instId": inst_id, "lastPr": "83692.3", "bidPr": "83692.3", "askPr": "83692.4", "bidSz": "1.2043",
        "askSz": "4.5377", "open24h": "84052.9", "high24h": "85220", "low24h": "83121.1", "change24h": "-0.00429",
        "fundingRate": "0.0001", "nextFundingTime": "1790380800000", "markPrice": "83692.5",
        "indexPrice": "83720.9225", "holdingAmount": "31911.3455999999605", "baseVolume": "30736.4509",
        "quoteVolume": "2588367727.81816", "openUtc": "84364.6", "symbolType": "1", "symbol": inst_id,
        "ts": "1790358794983",
    } | changes  # fmt: skip


def spot_ticker(inst_id: str = "BTCUSDT", **changes: Any) -> dict[str, Any]:
    return {
        "instId": inst_id, "lastPr": "83715.7", "open24h": "83812.27", "high24h": "85250", "low24h": "83172.57",
        "change24h": "-0.00491", "bidPr": "83715.69", "askPr": "83715.7", "bidSz": "0.074435", "askSz": "2.145777",
        "baseVolume": "2673.629245", "quoteVolume": "225237773.321358", "openUtc": "84409.37",
        "changeUtc24h": "-0.00819", "ts": "1790358774065",
    } | changes  # fmt: skip


def rest_perp_ticker(symbol: str = "BTCUSDT", **changes: Any) -> dict[str, Any]:
    row = {key: value for key, value in perp_ticker(symbol).items() if key not in ("instId", "nextFundingTime")}
    return row | {"usdtVolume": "2588367727.8", "deliveryStatus": "delivery_normal", "deliveryTime": None} | changes


def rest_spot_ticker(symbol: str = "BTCUSDT", **changes: Any) -> dict[str, Any]:
    row = {key: value for key, value in spot_ticker().items() if key not in ("instId", "open24h")}
    return row | {"symbol": symbol, "open": "83812.27", "usdtVolume": "225237773.32"} | changes


def funding_row(symbol: str = "BTCUSDT", **changes: Any) -> dict[str, Any]:
    return {
        "symbol": symbol, "fundingRate": "0.0001", "fundingRateInterval": "8", "nextUpdate": "1789459200000",
        "minFundingRate": "-0.003", "maxFundingRate": "0.003",
    } | changes  # fmt: skip


def contract(base: str = "ETH", quote: str = "USDT", **changes: Any) -> dict[str, Any]:
    return {
        "symbol": f"{base}USDT" if quote == "USDT" else f"{base}PERP", "baseCoin": base, "quoteCoin": quote,
        "buyLimitPriceRatio": "0.05", "sellLimitPriceRatio": "0.05", "feeRateUpRatio": "0.005",
        "makerFeeRate": "0.0002", "takerFeeRate": "0.0006", "openCostUpRatio": "0.01", "supportMarginCoins": [quote],
        "minTradeNum": "0.02", "priceEndStep": "1", "volumePlace": "2", "pricePlace": "2", "sizeMultiplier": "0.01",
        "symbolType": "perpetual", "minTradeUSDT": "5", "maxSymbolOrderNum": "200", "maxProductOrderNum": "1000",
        "maxPositionNum": "200", "symbolStatus": "normal", "offTime": "-1", "limitOpenTime": "-1", "deliveryTime": "",
        "deliveryStartTime": "", "deliveryPeriod": "", "launchTime": "", "fundInterval": "8", "minLever": "1",
        "maxLever": "150", "posLimit": "0.1", "maintainTime": "", "openTime": "", "maxMarketOrderQty": "1900",
        "maxOrderQty": "9900", "isRwa": "NO",
    } | changes  # fmt: skip


def symbol(base: str = "BTC", quote: str = "USDT", **changes: Any) -> dict[str, Any]:
    return {
        "symbol": f"{base}{quote}", "baseCoin": base, "quoteCoin": quote, "minTradeAmount": "0",
        "maxTradeAmount": "900000000000000000000", "takerFeeRate": "0.002", "makerFeeRate": "0.001",
        "pricePrecision": "2", "quantityPrecision": "6", "quotePrecision": "8", "status": "online",
        "minTradeUSDT": "1", "buyLimitPriceRatio": "0.02", "sellLimitPriceRatio": "0.02", "areaSymbol": "no",
        "orderQuantity": "200", "openTime": "1532454360000", "offTime": "", "maxLimitOrderValue": "20000000",
        "maxMarketOrderValue": "1000000",
    } | changes  # fmt: skip


def answer(*rows: Any, code: str = "00000", msg: str = "success") -> bytes:
    return wire({"code": code, "msg": msg, "requestTime": 1790358274804, "data": list(rows)})


def get(path: str) -> HttpRequest:
    return HttpRequest("GET", f"https://api.bitget.com{path}", "test")
