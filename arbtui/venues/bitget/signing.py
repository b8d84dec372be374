"""Bitget's signatures: who we are, on every private request and once on every private socket.

    REST     base64(HMAC-SHA256(secret, time + METHOD + path + "?" + query + body)), time in milliseconds since 1970
    socket   the same over time + "GET/user/verify", time in whole seconds

The query is signed as its plain text and goes out percent-encoded: names may be non-ASCII. A request counts for 30 s
from its time stamp on, and none can be given a shorter life: an order that was stuck on its way may be executed so much
later (see ``private.ABSENCE``).
Source: Bitget UTA API docs, Signature; Websocket API ("Login").
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping

import msgspec

from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.bitget.addresses import REST, demo_headers
from arbtui.venues.private import Keys
from arbtui.venues.wire import with_query

KEY_FIELDS = ("api_key", "api_secret", "passphrase")
VALID_MS = 30_000

_VERIFY = "GET/user/verify"


def sign(secret: str, text: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()


def signed(
    env: Environment,
    keys: Keys,
    method: str,
    path: str,
    purpose: str,
    bucket: str,
    stamp_ms: int,
    *,
    query: Mapping[str, str] | None = None,
    body: str = "",
) -> HttpRequest:
    """``query`` goes out in the order of its names."""
    params = dict(sorted((query or {}).items()))
    plain = "&".join(f"{name}={value}" for name, value in params.items())
    target = f"{path}?{plain}" if plain else path
    headers = {
        "Content-Type": "application/json",
        "ACCESS-KEY": keys["api_key"],
        "ACCESS-SIGN": sign(keys["api_secret"], f"{stamp_ms}{method}{target}{body}"),
        "ACCESS-TIMESTAMP": str(stamp_ms),
        "ACCESS-PASSPHRASE": keys["passphrase"],
        **demo_headers(env),
    }
    url = with_query(REST + path, **params)
    return HttpRequest(method, url, purpose, bucket=bucket, body=body.encode(), headers=headers)


def login(keys: Keys, stamp_ms: int) -> str:
    """The frame that logs a private socket in."""
    seconds = str(stamp_ms // 1000)
    proof = {
        "apiKey": keys["api_key"],
        "passphrase": keys["passphrase"],
        "timestamp": seconds,
        "sign": sign(keys["api_secret"], seconds + _VERIFY),
    }
    return msgspec.json.encode({"op": "login", "args": [proof]}).decode()
