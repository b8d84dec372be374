"""Private answers and pushes of Hyperliquid, written after its docs, and an account to ask with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from arbtui.core.events import Listing
from arbtui.core.model import Instrument, Market
from arbtui.core.orders import Order
from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.hyperliquid.cloids import cloid_of
from arbtui.venues.hyperliquid.private import HyperliquidPrivate
from arbtui.venues.private import Keys, PrivateCall
from tests.venues.hyperliquid_frames import HYPERLIQUID, ask, meta, pair, perp_row, push, spot_meta, tables, wire
from tests.venues.private_support import Asking

KEY = "0x0123456789012345678901234567890123456789012345678901234567890123"
SIGNER = "0x14791697260e4c9a71f18484c9f997b308e59325"
ACCOUNT = "0x1719884EB866CB12b2287399b15f7db5e7d775ea"  # whose agent the signer is; mixed case, as web sites show it
USER = ACCOUNT.lower()
OTHER = "0x00000000000000000000000000000000000000aa"
KEYS = Keys({"private_key": KEY, "address": ACCOUNT})
PRIVATE = HyperliquidPrivate()
PROD = Environment.PROD
STAMP_MS = 1_790_000_000_000
T_NS = STAMP_MS * 1_000_000
ID = "arb0001A"
CLOID = cloid_of(ID)
OID = 7_456_484_275


def _listed(kind: str, listing: dict[str, Any]) -> dict[str, Instrument]:
    (told,) = HYPERLIQUID.decode_http(ask(kind), 200, wire(listing), tables(), T_NS)
    assert isinstance(told, Listing)
    return {instrument.native: instrument for instrument in told.instruments}


PERPS = _listed("meta", meta(perp_row("GONE", 1, isDelisted=True), perp_row("BTC"), perp_row("kPEPE", 0)))
SPOTS = _listed("spotMeta", spot_meta(pair("PURR/USDC", 1, 0, 0), pair("@107", 150, 0, 107), pair("@142", 197, 0, 142)))
PERP, KPEPE, PURR, SPOT, UBTC = PERPS["BTC"], PERPS["kPEPE"], SPOTS["PURR/USDC"], SPOTS["@107"], SPOTS["@142"]
ASKING = Asking(PRIVATE, KEYS, STAMP_MS, PERP, ID, qty="0.125", price="67250.0")
read, after = ASKING.read, ASKING.further
_OF_SPOT = {"qty": Decimal(12), "price": Decimal("44.120")}


def order(instrument: Instrument = PERP, **changes: Any) -> Order:
    """A buy of 0.125 at 67250, or of 12 at 44.12 of other instruments; immediate or canceled."""
    return ASKING.order(instrument, **(({} if instrument is PERP else _OF_SPOT) | changes))


def place(instrument: Instrument = PERP, **changes: Any) -> PrivateCall:
    return PRIVATE.place(PROD, KEYS, instrument, order(instrument, **changes), STAMP_MS)


def asked(request: HttpRequest) -> dict[str, Any]:
    return dict(msgspec.json.decode(request.body))


def is_last(call: PrivateCall, body: bytes) -> bool:
    return ASKING.after(call, body) is None


# --- answers to actions -----------------------------------------------------------------------------------------------


def said(*statuses: Any, kind: str = "order") -> bytes:
    return wire({"status": "ok", "response": {"type": kind, "data": {"statuses": list(statuses)}}})


def no(words: str) -> bytes:
    """To the whole action."""
    return wire({"status": "err", "response": words})


def resting(**more: Any) -> dict[str, Any]:
    return {"resting": {"oid": OID, "cloid": CLOID} | more}


def filled(total: str = "0.125", price: str = "67249.5", **more: Any) -> dict[str, Any]:
    return {"filled": {"totalSz": total, "avgPx": price, "oid": OID, "cloid": CLOID} | more}


# --- answers to questions ---------------------------------------------------------------------------------------------


def order_row(**changes: Any) -> dict[str, Any]:
    """An order of 0.125 that rests."""
    return {
        "coin": "BTC",
        "side": "B",
        "limitPx": "67250.0",
        "sz": "0.125",
        "oid": OID,
        "timestamp": STAMP_MS,
        "triggerCondition": "N/A",
        "isTrigger": False,
        "triggerPx": "0.0",
        "children": [],
        "isPositionTpsl": False,
        "reduceOnly": False,
        "orderType": "Limit",
        "origSz": "0.125",
        "tif": "Alo",
        "cloid": CLOID,
    } | changes


def status_row(status: str = "open", **changes: Any) -> dict[str, Any]:
    return {"order": order_row(**changes), "status": status, "statusTimestamp": STAMP_MS + 40}


def found(status: str = "open", **changes: Any) -> bytes:
    return wire({"status": "order", "order": status_row(status, **changes)})


def fill_row(**changes: Any) -> dict[str, Any]:
    return {
        "coin": "BTC",
        "px": "67249.5",
        "sz": "0.05",
        "side": "B",
        "time": STAMP_MS + 20,
        "startPosition": "0.0",
        "dir": "Open Long",
        "closedPnl": "0.0",
        "hash": "0x0b",
        "oid": OID,
        "crossed": True,
        "fee": "1.513113",
        "tid": 567547935839686,
        "feeToken": "USDC",
        "cloid": CLOID,
        "twapId": None,
    } | changes


def position_row(**changes: Any) -> dict[str, Any]:
    return {
        "coin": "BTC",
        "szi": "-0.2259",
        "leverage": {"type": "cross", "value": 20},
        "entryPx": "66800.5",
        "positionValue": "15191.7",
        "unrealizedPnl": "-101.5",
        "returnOnEquity": "-0.1345",
        "liquidationPx": "91000.1",
        "marginUsed": "759.58",
        "maxLeverage": 50,
        "cumFunding": {"allTime": "1.0", "sinceOpen": "0.1", "sinceChange": "0.0"},
    } | changes


def state(*positions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    summary = {"accountValue": "10000.25", "totalNtlPos": "15191.7", "totalRawUsd": "25191.95"}
    summary["totalMarginUsed"] = "759.58"
    return {
        "marginSummary": summary,
        "crossMarginSummary": summary | {"accountValue": "9900.25"},
        "crossMaintenanceMarginUsed": "151.9",
        "withdrawable": "8481.08",
        "assetPositions": [{"type": "oneWay", "position": row} for row in positions],
        "time": STAMP_MS + 60,
    } | changes


def balance(coin: str = "USDC", token: int = 0, total: str = "14.62", hold: str = "4.5") -> dict[str, Any]:
    return {"coin": coin, "token": token, "total": total, "hold": hold, "entryNtl": "0.0"}


def funding_row(coin: str = "BTC", usdc: str = "-3.625312", time: int = STAMP_MS) -> dict[str, Any]:
    delta = {"type": "funding", "coin": coin, "usdc": usdc, "szi": "49.1477", "fundingRate": "0.0000417"}
    return {"time": time, "hash": "0x" + "0" * 64, "delta": delta | {"nSamples": None}}


FEES = wire(
    {
        "userCrossRate": "0.00045",
        "userAddRate": "-0.00001",
        "userSpotCrossRate": "0.0007",
        "userSpotAddRate": "0.0004",
        "activeReferralDiscount": "0.04",
    }
)
AGENT = wire({"role": "agent", "data": {"user": ACCOUNT}})


def leverage_answer(kind: str = "cross", value: int = 20, coin: str = "BTC") -> bytes:
    return wire(
        {
            "user": USER,
            "coin": coin,
            "leverage": {"type": kind, "value": value},
            "maxTradeSzs": ["1.0", "1.0"],
            "availableToTrade": ["1.0", "1.0"],
            "markPx": "67250.0",
        }
    )


# --- pushes -----------------------------------------------------------------------------------------------------------


def orders_push(*rows: dict[str, Any]) -> bytes:
    """Rows of orders as pushed have no kind."""
    for row in rows:
        for member in ("tif", "reduceOnly", "orderType", "children"):
            row["order"].pop(member)
    return push("orderUpdates", list(rows))


def fills_push(*rows: dict[str, Any], user: str = USER, **more: Any) -> bytes:
    return push("userFills", {"user": user, "fills": list(rows)} | more)


def fundings_push(*rows: dict[str, Any], **more: Any) -> bytes:
    told = [{"time": row["time"]} | row["delta"] for row in rows]
    return push("userFundings", {"user": USER, "fundings": told} | more)


def state_push(*positions: dict[str, Any], dex: str = "") -> bytes:
    return push("clearinghouseState", {"dex": dex, "user": USER, "clearinghouseState": state(*positions)})


def spot_push(*rows: dict[str, Any]) -> bytes:
    state = {"balances": list(rows), "tokenToAvailableAfterMaintenance": [[0, "10.1"]]}
    return push("spotState", {"user": USER, "spotState": state})


def acked(kind: str, user: str = USER, method: str = "subscribe", **more: Any) -> bytes:
    subscription = {"type": kind, "user": user} | more
    return push("subscriptionResponse", {"method": method, "subscription": subscription})


MARKETS = (Market.PERP, Market.SPOT)
