"""Frames and bodies of Bybit, written after its V5 docs: the usual ones, for tests to feed and to spoil."""

from __future__ import annotations

import json
from typing import Any

from arbtui.core.model import Channel, Market, Stream
from arbtui.venues.base import Environment, HttpRequest, Tables
from arbtui.venues.bybit import Bybit

T_NS = 1_791_382_994_700_000_000
BYBIT = Bybit()
PROD = Environment.PROD
LINEAR = "wss://stream.bybit.com/v5/public/linear"
SPOT = "wss://stream.bybit.com/v5/public/spot"

PERP_SLOTS = {"BTCUSDT": 10, "ETHUSDT": 11, "BTCPERP": 12}
SPOT_SLOTS = {"BTCUSDT": 20, "ETHUSDT": 21}


def tables() -> Tables:
    return Tables({Market.PERP: dict(PERP_SLOTS), Market.SPOT: dict(SPOT_SLOTS)})


def perp(channel: Channel, native: str = "BTCUSDT") -> Stream:
    return Stream(Market.PERP, channel, native)


def spot(channel: Channel, native: str = "BTCUSDT") -> Stream:
    return Stream(Market.SPOT, channel, native)


def wire(value: Any) -> bytes:
    """As Bybit writes it: no blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def bbo(
    symbol: str = "BTCUSDT",
    *,
    bids: list[list[str]] | None = None,
    asks: list[list[str]] | None = None,
    u: int = 31071061,
    cts: int | None = 1786639170498,
    kind: str = "snapshot",
) -> bytes:
    frame: dict[str, Any] = {
        "topic": f"orderbook.1.{symbol}",
        "ts": 1786639170499,
        "type": kind,
        "data": {
            "s": symbol,
            "b": [["63040.80", "3.323"]] if bids is None else bids,
            "a": [["63040.9", "4.686"]] if asks is None else asks,
            "u": u,
            "seq": 763537012912,
        },
    }
    return wire(frame if cts is None else frame | {"cts": cts})


def book(
    kind: str,
    u: int,
    *,
    bids: list[list[str]] | None = None,
    asks: list[list[str]] | None = None,
    symbol: str = "BTCUSDT",
    depth: int | str = 200,
) -> bytes:
    """In the order of keys of linear books."""
    data = {
        "s": symbol,
        "b": [["71419.80", "0"], ["71418.20", "0.159"]] if bids is None else bids,
        "a": [["71427.90", "0.006"], ["71428.30", "0"]] if asks is None else asks,
        "u": u,
        "seq": 546137962186,
    }
    topic = f"orderbook.{depth}.{symbol}"
    return wire({"topic": topic, "type": kind, "ts": 1773386409407, "data": data, "cts": 1773386409404})


FULL_TICKER = {
    "tickDirection": "MinusTick", "price24hPcnt": "-0.158315", "lastPrice": "66666.60", "prevPrice24h": "79206.20",
    "highPrice24h": "79266.30", "lowPrice24h": "65076.90", "prevPrice1h": "66666.60", "markPrice": "66667.10",
    "indexPrice": "66650.19", "openInterest": "492373.72", "openInterestValue": "32824881841.75",
    "turnover24h": "4936790807.6521", "volume24h": "73191.3870", "fundingIntervalHour": "8", "fundingCap": "0.005",
    "nextFundingTime": "1760342400000", "fundingRate": "-0.005", "bid1Price": "66666.60", "bid1Size": "23789.165",
    "ask1Price": "66666.70", "ask1Size": "23775.469", "preOpenPrice": "", "preQty": "", "curPreListingPhase": "",
}  # fmt: skip

SPOT_TICKER = {
    "lastPrice": "21109.77", "highPrice24h": "21426.99", "lowPrice24h": "20575", "prevPrice24h": "20704.93",
    "volume24h": "6780.866843", "turnover24h": "141946527.22907118", "price24hPcnt": "0.0196",
    "usdIndexPrice": "21120.2400136",
}  # fmt: skip


def ticker(kind: str = "snapshot", symbol: str = "BTCUSDT", ts: int = 1760325052630, **data: Any) -> bytes:
    """A linear one: whole if it is a snapshot (``data`` are changes), else just ``data``."""
    row = {"symbol": symbol} | (FULL_TICKER if kind == "snapshot" else {}) | data
    return wire({"topic": f"tickers.{symbol}", "type": kind, "data": row, "cs": 9532239429, "ts": ts})


def spot_ticker(symbol: str = "BTCUSDT", **data: str) -> bytes:
    row = {"symbol": symbol} | SPOT_TICKER | data
    return wire({"topic": f"tickers.{symbol}", "ts": 1673853746003, "type": "snapshot", "cs": 2588407389, "data": row})


def linear_row(base: str = "BTC", quote: str = "USDT", **changes: Any) -> dict[str, Any]:
    symbol = f"{base}PERP" if quote == "USDC" else f"{base}{quote}"
    return {
        "symbol": symbol, "symbolId": 5, "contractType": "LinearPerpetual", "status": "Trading", "baseCoin": base,
        "quoteCoin": quote, "launchTime": "1585526400000", "deliveryTime": "0", "priceScale": "2",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
        "lotSizeFilter": {
            "maxOrderQty": "1190.000", "minOrderQty": "0.001", "qtyStep": "0.001", "maxMktOrderQty": "500.000",
            "minNotionalValue": "5",
        },
        "fundingInterval": 480, "settleCoin": quote, "upperFundingRate": "0.00375", "lowerFundingRate": "-0.00375",
        "isPreListing": False, "preListingInfo": None, "symbolType": "",
    } | changes  # fmt: skip


def pre_market_row(phase: str, **changes: Any) -> dict[str, Any]:
    fees = {"auctionFeeRate": "0", "takerFeeRate": "0.0015", "makerFeeRate": "0.0005"}
    info = {"curAuctionPhase": phase, "phases": [], "auctionFeeInfo": fees, "skipCallAuction": False}
    return linear_row("NEW", status="PreLaunch", isPreListing=True, preListingInfo=info) | changes


def spot_row(base: str = "BTC", quote: str = "USDT", **changes: Any) -> dict[str, Any]:
    return {
        "symbol": f"{base}{quote}", "symbolId": 1, "baseCoin": base, "quoteCoin": quote, "innovation": "0",
        "symbolType": "", "status": "Trading", "marginTrading": "utaOnly", "stTag": "0", "xstockMultiplier": "1",
        "lotSizeFilter": {
            "basePrecision": "0.000001", "quotePrecision": "0.00000001", "minOrderQty": "0.000048",
            "maxOrderQty": "71.73956243", "minOrderAmt": "5", "maxOrderAmt": "4000000", "maxLimitOrderQty": "83",
            "maxMarketOrderQty": "41", "postOnlyMaxLimitOrderSize": "60000",
        },
        "priceFilter": {"tickSize": "0.01"}, "riskParameters": {"priceLimitRatioX": "0.01"},
    } | changes  # fmt: skip


def rest_ticker(symbol: str = "BTCUSDT", **changes: Any) -> dict[str, Any]:
    return {"symbol": symbol} | FULL_TICKER | changes


def answer(*rows: Any, cursor: str | None = "", code: int = 0, msg: str = "OK", category: str = "linear") -> bytes:
    result = {"category": category, "list": list(rows), "nextPageCursor": cursor}
    return wire({"retCode": code, "retMsg": msg, "result": result, "retExtInfo": {}, "time": 1735809771618})


def get(path_and_query: str) -> HttpRequest:
    """A request as a recording knows it: by its address alone."""
    return HttpRequest("GET", f"https://api.bybit.com{path_and_query}", "replay")
