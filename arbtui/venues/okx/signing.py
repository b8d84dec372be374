"""OKX's signatures: who we are, on every private request and once on every private socket.

    REST     base64(HMAC-SHA256(secret, time + METHOD + path?query + body)), time as ISO 8601 with milliseconds, UTC
    socket   the same over time + "GET" + "/users/self/verify", time in whole seconds since 1970

What is signed is what goes over the wire, byte for byte: the query as it is encoded, the body as it is sent.
Source: OKX API v5 docs, Overview / REST Authentication; WebSocket / Login.
"""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta

import msgspec

from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.private import Keys

HOST = "www.okx.com"
REST = f"https://{HOST}"
SOCKETS = {
    Environment.PROD: "wss://ws.okx.com:8443/ws/v5/private",
    Environment.DEMO: "wss://wspap.okx.com:8443/ws/v5/private",
    Environment.TESTNET: "wss://wspap.okx.com:8443/ws/v5/private",  # OKX's testnet is its demo trading
}
KEY_FIELDS = ("api_key", "api_secret", "passphrase")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERIFY = "GET/users/self/verify"


def iso_time(stamp_ms: int) -> str:
    """``2026-06-01T00:00:00.000Z``."""
    moment = _EPOCH + timedelta(milliseconds=stamp_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sign(secret: str, text: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text, "sha256")).decode()


def signed(
    env: Environment,
    keys: Keys,
    method: str,
    target: str,
    purpose: str,
    bucket: str,
    stamp_ms: int,
    *,
    body: bytes = b"",
    expires_ms: int | None = None,
) -> HttpRequest:
    """A request for ``target`` (path and query). After ``expires_ms``, the venue's clock, it is to be discarded.

    OKX's demo trading lives on the production host; a header tells the two apart, and neither takes the other's keys.
    """
    time = iso_time(stamp_ms)
    headers = {
        "OK-ACCESS-KEY": keys["api_key"],
        "OK-ACCESS-SIGN": sign(keys["api_secret"], f"{time}{method}{target}".encode() + body),
        "OK-ACCESS-TIMESTAMP": time,
        "OK-ACCESS-PASSPHRASE": keys["passphrase"],
    }
    if body:
        headers["Content-Type"] = "application/json"
    if expires_ms is not None:
        headers["expTime"] = str(expires_ms)
    if env is not Environment.PROD:
        headers["x-simulated-trading"] = "1"
    return HttpRequest(method, REST + target, purpose, bucket=bucket, body=body, headers=headers)


def login(keys: Keys, stamp_ms: int) -> str:
    """The frame that logs a private socket in."""
    seconds = str(stamp_ms // 1000)
    who = {
        "apiKey": keys["api_key"],
        "passphrase": keys["passphrase"],
        "timestamp": seconds,
        "sign": sign(keys["api_secret"], f"{seconds}{_VERIFY}".encode()),
    }
    return msgspec.json.encode({"op": "login", "args": [who]}).decode()
