"""How Binance wants a request signed, byte for byte.

The signature is HMAC-SHA256 in hex over what is sent: ``name=value`` joined by ``&``, percent-encoded first, in the
very order in which it goes out; ``signature`` is appended last. The order itself is free. We send ``timestamp``, the
request's own parameters, ``recvWindow``, ``signature``: by query for GET and DELETE, as a form body for POST. That is
what ccxt sends, so a foreign client can witness every byte; and the address of a new order, which may end up in a
proxy's log or an error's text, tells neither the order nor its signature.

Binance takes a request while ``timestamp < its clock + 1000 ms`` and ``its clock - timestamp <= recvWindow``: what has
been on its way for longer never takes effect, which is what makes an answer "no such order" worth something later on
(see ``private.ABSENCE``).

The WebSocket API signs differently: all parameters sorted by name, raw UTF-8. Source: Binance spot docs, "Request
security", "SIGNED request security"; USD-M docs, "General Info".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from arbtui.venues.base import HttpRequest
from arbtui.venues.private import Keys

RECV_WINDOW_MS = 5000
WEIGHT = "weight"  # the bucket of IP weight, shared with public requests
KEY_HEADER = "X-MBX-APIKEY"

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Params = Sequence[tuple[str, str]]


def sign(secret: str, payload: str) -> str:
    """Hex HMAC-SHA256 of ``payload`` as UTF-8."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def signed_request(
    keys: Keys,
    method: str,
    url: str,
    params: Params,
    stamp_ms: int,
    *,
    purpose: str,
    cost: float,
    bucket: str = WEIGHT,
) -> HttpRequest:
    """``method url`` with ``params``, stamped and signed."""
    payload = urlencode([("timestamp", str(stamp_ms)), *params, ("recvWindow", str(RECV_WINDOW_MS))])
    payload = f"{payload}&signature={sign(keys['api_secret'], payload)}"
    headers = {KEY_HEADER: keys["api_key"]}
    if method in ("GET", "DELETE"):
        return HttpRequest(method, f"{url}?{payload}", purpose, bucket, cost, headers=headers)
    return HttpRequest(method, url, purpose, bucket, cost, payload.encode(), headers | _FORM)


def keyed_request(keys: Keys, method: str, url: str, *, purpose: str, cost: float) -> HttpRequest:
    """A request that only names the account: no parameters, no signature."""
    return HttpRequest(method, url, purpose, WEIGHT, cost, headers={KEY_HEADER: keys["api_key"]} | _FORM)


def ws_payload(params: Mapping[str, str | int]) -> str:
    """What a WebSocket API request signs: all of ``params``, sorted by name, not percent-encoded."""
    return "&".join(f"{name}={params[name]}" for name in sorted(params))


def signed_ws_params(keys: Keys, stamp_ms: int) -> dict[str, str | int]:
    """Parameters of a WebSocket API request that has none of its own."""
    params: dict[str, str | int] = {"apiKey": keys["api_key"], "timestamp": stamp_ms}
    return {**params, "signature": sign(keys["api_secret"], ws_payload(params))}
