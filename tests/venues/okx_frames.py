"""Frames and bodies of OKX, written after its API v5 docs: the usual ones, for tests to feed and to spoil."""

from __future__ import annotations

import json
from typing import Any

from arbtui.core.model import Market
from arbtui.venues.base import Environment, HttpRequest, Tables
from arbtui.venues.okx import Okx

T_NS = 1_791_382_994_700_000_000
OKX = Okx()
PROD = Environment.PROD
URL = "wss://ws.okx.com:8443/ws/v5/public"

PERP_SLOTS = {"BTC-USDT-SWAP": 10, "ETH-USDT-SWAP": 11}
SPOT_SLOTS = {"BTC-USDT": 20, "ETH-USDT": 21}


def tables() -> Tables:
    return Tables({Market.PERP: dict(PERP_SLOTS), Market.SPOT: dict(SPOT_SLOTS)})


def wire(value: Any) -> bytes:
    """As OKX writes it: no blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def push(channel: str, inst_id: str, *rows: dict[str, Any], **more: Any) -> bytes:
    return wire({"arg": {"channel": channel, "instId": inst_id}, **more, "data": list(rows)})


def bbo(
    inst_id: str = "BTC-USDT-SWAP",
    *,
    bids: list[list[str]] | None = None,
    asks: list[list[str]] | None = None,
    ts: str = "1786540471710",
    seq: int | None = 333793117432,
) -> bytes:
    row: dict[str, Any] = {
        "asks": [["63921.10", "1871.75", "0", "13"]] if asks is None else asks,
        "bids": [["63921", "779.3", "0", "12"]] if bids is None else bids,
        "ts": ts,
    }
    return push("bbo-tbt", inst_id, row if seq is None else row | {"seqId": seq})


def book(
    action: str,
    prev: int | None,
    seq: int | None,
    *,
    bids: list[list[str]] | None = None,
    asks: list[list[str]] | None = None,
    inst_id: str = "BTC-USDT-SWAP",
    checksum: int = 0,
) -> bytes:
    row: dict[str, Any] = {
        "asks": [["8477", "7.50", "0", "2"]] if asks is None else asks,
        "bids": [["8476.97", "256", "0", "12"]] if bids is None else bids,
        "ts": "1597026383085",
        "checksum": checksum,
    }
    if prev is not None:
        row["prevSeqId"] = prev
    if seq is not None:
        row["seqId"] = seq
    return push("books", inst_id, row, action=action)


def ticker_row(inst_id: str = "BTC-USDT-SWAP", **changes: str) -> dict[str, Any]:
    """A SWAP's by default; on SPOT the two volumes mean something else."""
    return {
        "instType": "SWAP" if inst_id.endswith("-SWAP") else "SPOT",
        "instId": inst_id,
        "last": "63921",
        "lastSz": "0.4",
        "askPx": "63921.1",
        "askSz": "1871.75",
        "bidPx": "63921",
        "bidSz": "779.3",
        "open24h": "64297.6",
        "high24h": "64466",
        "low24h": "63162.7",
        "sodUtc0": "63566",
        "sodUtc8": "63584.6",
        "volCcy24h": "73998.8786",
        "vol24h": "7399887.86",
        "ts": "1786540471710",
    } | changes


def mark_row(inst_id: str = "BTC-USDT-SWAP", **changes: str) -> dict[str, Any]:
    return {"instType": "SWAP", "instId": inst_id, "markPx": "84660.1", "ts": "1744590349506"} | changes


def index_row(inst_id: str = "BTC-USDT", **changes: str) -> dict[str, Any]:
    return {
        "instId": inst_id, "idxPx": "84655.20", "high24h": "85000", "low24h": "83000", "open24h": "84000",
        "sodUtc0": "84100", "sodUtc8": "84200", "ts": "1744590349506",
    } | changes  # fmt: skip


def funding_row(inst_id: str = "BTC-USDT-SWAP", **changes: str) -> dict[str, Any]:
    return {
        "instType": "SWAP",
        "instId": inst_id,
        "method": "current_period",
        "formulaType": "withRate",
        "fundingRate": "0.00010",
        "nextFundingRate": "",
        "fundingTime": "1744590349506",
        "nextFundingTime": "1744619149506",
        "minFundingRate": "-0.00375",
        "maxFundingRate": "0.00375",
        "interestRate": "0.0001",
        "premium": "0.0001233",
        "settState": "settled",
        "settFundingRate": "0.00017",
        "prevFundingTime": "1744561549506",
        "ts": "1744590349506",
    } | changes


def swap_row(base: str = "ETH", quote: str = "USDT", **changes: Any) -> dict[str, Any]:
    return {
        "instType": "SWAP", "instId": f"{base}-{quote}-SWAP", "instIdCode": 10461, "uly": f"{base}-{quote}",
        "instFamily": f"{base}-{quote}", "baseCcy": "", "quoteCcy": "", "settleCcy": quote, "ctType": "linear",
        "ctVal": "0.1", "ctValCcy": base, "ctMult": "1", "tickSz": "0.01", "lotSz": "0.01", "minSz": "0.01",
        "maxLmtSz": "100000000", "maxMktSz": "20000", "lever": "100", "state": "live", "ruleType": "normal",
        "groupId": "2", "listTime": "1573557408000", "contTdSwTime": "", "expTime": "", "tradeQuoteCcyList": [],
        "futureSettlement": False,
    } | changes  # fmt: skip


def spot_row(base: str = "BTC", quote: str = "USDT", **changes: Any) -> dict[str, Any]:
    return {
        "instType": "SPOT", "instId": f"{base}-{quote}", "instIdCode": 1, "uly": "", "instFamily": "",
        "baseCcy": base, "quoteCcy": quote, "settleCcy": "", "ctType": "", "ctVal": "", "ctValCcy": "", "ctMult": "",
        "tickSz": "0.1", "lotSz": "0.00000001", "minSz": "0.00001", "maxMktAmt": "1000000", "state": "live",
        "ruleType": "normal", "groupId": "1", "expTime": "", "tradeQuoteCcyList": [quote],
    } | changes  # fmt: skip


def answer(*rows: dict[str, Any], code: str = "0", msg: str = "") -> bytes:
    return wire({"code": code, "msg": msg, "data": list(rows)})


def get(path_and_query: str) -> HttpRequest:
    """A request as a recording knows it: by its address alone."""
    return HttpRequest("GET", f"https://www.okx.com{path_and_query}", "replay")
