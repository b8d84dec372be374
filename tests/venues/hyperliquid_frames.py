"""Frames and bodies of Hyperliquid, written after its docs and recorded frames: for tests to feed and to spoil."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from arbtui.core.model import Market
from arbtui.venues.base import Environment, HttpRequest, Tables
from arbtui.venues.hyperliquid import Hyperliquid

T_NS = 1_791_382_994_700_000_000
NEXT_HOUR_MS = 1_791_385_200_000
HYPERLIQUID = Hyperliquid()
PROD = Environment.PROD
URL = "wss://api.hyperliquid.xyz/ws"

PERP_SLOTS = {"BTC": 10, "ETH": 11, "kPEPE": 12, "PURR": 13}
SPOT_SLOTS = {"@107": 20, "PURR/USDC": 21}

ALL_MIDS = (  # two recorded frames: all coins, then what changed
    "q1ZyCnFWsqpWyk0syg6oULJSsjC1MDTRM1DSUcrNTIGLGOqZKtXqKDkYGpijqLY00rM0sURSDBYAq1U2NLGwMEBRbaBnaAgUNUVSDxcC6qiorLKK"
    "iIwyNEDVZWxoaGaO4iKgiLkByEW1AA=="
)
CHANGED_MIDS = "q1ZyCnFWsqpWys1MCahQslKyMLUwNNIzVarVUXIwNDAHSyUWZYPlLI30LMEyGZV5iVauIR4oskYmBgZ6lko6MKPySnNyamsB"


def tables() -> Tables:
    return Tables({Market.PERP: dict(PERP_SLOTS), Market.SPOT: dict(SPOT_SLOTS)})


def wire(value: Any) -> bytes:
    """As Hyperliquid writes it: no blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def level(px: str, sz: str) -> dict[str, Any]:
    return {"px": px, "sz": sz, "n": 3}


def push(channel: str, data: Any) -> bytes:
    return wire({"channel": channel, "data": data})


def bbo(
    coin: str = "BTC",
    bid: tuple[str, str] | None = ("85560.0", "5.61122"),
    ask: tuple[str, str] | None = ("85561.0", "2.07737"),
    time: int = 1791261053067,
) -> bytes:
    sides = [level(*side) if side else None for side in (bid, ask)]
    return push("bbo", {"coin": coin, "time": time, "bbo": sides})


def book(
    coin: str = "BTC",
    bids: Sequence[tuple[str, str]] = (("85560.0", "5.61122"),),
    asks: Sequence[tuple[str, str]] = (("85561.0", "2.22707"),),
    time: int = 1791261051777,
    **more: Any,
) -> bytes:
    levels = [[level(*row) for row in side] for side in (bids, asks)]
    return push("l2Book", {"coin": coin, "time": time, "levels": levels} | more)


def ctx(**changes: Any) -> dict[str, Any]:
    return {
        "funding": "0.0000125",
        "openInterest": "38485.06546",
        "prevDayPx": "64299.0",
        "dayNtlVlm": "1692146864.1761949062",
        "premium": "-0.0003293628",
        "oraclePx": "64063.1",
        "markPx": "64040.0",
        "midPx": "64041.5",
        "impactPxs": ["64041.0", "64042.0"],
        "dayBaseVlm": "26501.0297399999",
    } | changes


def spot_ctx(coin: str, **changes: Any) -> dict[str, Any]:
    return {
        "coin": coin,
        "dayNtlVlm": "8906.0",
        "markPx": "0.14",
        "midPx": "0.209265",
        "prevDayPx": "0.20432",
        "circulatingSupply": "596000000.0",
        "dayBaseVlm": "43210.5",
    } | changes


def asset_ctx(coin: str = "BTC", **changes: Any) -> bytes:
    return push("activeAssetCtx", {"coin": coin, "ctx": ctx(**changes)})


def packed(text: bytes) -> str:
    """Base64 of raw DEFLATE."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(deflater.compress(text) + deflater.flush()).decode()


def mids(coins: Any) -> bytes:
    return push("fastAssetCtxs", packed(wire(coins)))


def ack(kind: str, coin: str = "", method: str = "subscribe", **defaults: Any) -> bytes:
    subscription = {"type": kind} | ({"coin": coin} if coin else {}) | defaults
    return push("subscriptionResponse", {"method": method, "subscription": subscription})


def perp_row(name: str = "BTC", decimals: int = 5, **more: Any) -> dict[str, Any]:
    return {"name": name, "szDecimals": decimals, "maxLeverage": 40, "marginTableId": 56} | more


def meta(*rows: Any, **more: Any) -> dict[str, Any]:
    tiers = [{"lowerBound": "0.0", "maxLeverage": 50}]
    tables = [[50, {"description": "", "marginTiers": tiers}]]
    return {"universe": list(rows), "marginTables": tables, "collateralToken": 0} | more


TOKENS: tuple[tuple[str, int, int], ...] = (  # name, index, szDecimals
    ("USDC", 0, 8),
    ("PURR", 1, 0),
    ("HYPE", 150, 2),
    ("UBTC", 197, 5),
    ("USDT0", 268, 2),
    ("USDH", 360, 2),
)


def token(name: str, index: int, decimals: int) -> dict[str, Any]:
    return {
        "name": name, "szDecimals": decimals, "weiDecimals": 8, "index": index, "tokenId": "0x6d1e",
        "isCanonical": True, "evmContract": None, "fullName": None,
    }  # fmt: skip


def pair(name: str, base: int, quote: int, index: int) -> dict[str, Any]:
    return {"name": name, "tokens": [base, quote], "index": index, "isCanonical": name == "PURR/USDC"}


def spot_meta(*pairs: Any) -> dict[str, Any]:
    return {"tokens": [token(*row) for row in TOKENS], "universe": list(pairs)}


def ask(kind: str, **more: Any) -> HttpRequest:
    body = msgspec.json.encode({"type": kind} | more)
    return HttpRequest("POST", "https://api.hyperliquid.xyz/info", kind, body=body)
