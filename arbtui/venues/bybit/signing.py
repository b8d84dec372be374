"""Bybit's signatures: who we are, on every private request and once on every private socket.

    REST     hex(HMAC-SHA256(secret, timestamp + api key + recv window + payload)), payload = query or body as sent
    socket   the same over "GET/realtime" + expires

A request counts while ``its clock - recv window <= timestamp < its clock + 1 s``. So every request carries its own end:
an order that was stuck on its way for longer than ``RECV_WINDOW_MS`` is refused (10002) instead of being executed late,
which is what makes an answer "no such order" worth something (see ``private.ABSENCE``).
Source: Bybit V5 docs, Integration Guidance ("Authentication"); WebSocket Stream / Connect ("Authentication").
"""

from __future__ import annotations

import hmac

import msgspec

from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.bybit.addresses import REST
from arbtui.venues.private import Keys

KEY_FIELDS = ("api_key", "api_secret")
RECV_WINDOW_MS = 5_000
LOGIN_VALID_MS = 10_000  # how long after it was signed a login is taken
LOGIN_ID = "login"


def sign(secret: str, text: str) -> str:
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()


def signed(
    env: Environment,
    keys: Keys,
    method: str,
    path: str,
    purpose: str,
    bucket: str,
    stamp_ms: int,
    *,
    query: str = "",
    body: str = "",
) -> HttpRequest:
    """``query`` is percent-encoded already; it goes out as it is, in the order in which it is."""
    window = str(RECV_WINDOW_MS)
    headers = {
        "Content-Type": "application/json",
        "X-BAPI-API-KEY": keys["api_key"],
        "X-BAPI-TIMESTAMP": str(stamp_ms),
        "X-BAPI-RECV-WINDOW": window,
        "X-BAPI-SIGN": sign(keys["api_secret"], f"{stamp_ms}{keys['api_key']}{window}{query or body}"),
    }
    url = f"{REST[env]}{path}?{query}" if query else REST[env] + path
    return HttpRequest(method, url, purpose, bucket=bucket, body=body.encode(), headers=headers)


def login(keys: Keys, stamp_ms: int) -> str:
    """The frame that logs a private socket in."""
    expires_ms = stamp_ms + LOGIN_VALID_MS
    proof = sign(keys["api_secret"], f"GET/realtime{expires_ms}")
    frame = {"req_id": LOGIN_ID, "op": "auth", "args": [keys["api_key"], expires_ms, proof]}
    return msgspec.json.encode(frame).decode()
