"""Who asks, and whether the request is as it was signed: Binance's rules for SIGNED and USER_STREAM endpoints.

What is signed is the query string followed by the body, byte for byte as sent, without the ``signature`` pair, which
comes last. Of the two clocks: ``timestamp < server + 1000`` and ``server - timestamp <= recvWindow`` (General Info,
"Timing security"). Spot refuses what is not percent-encoded (since 2026-01-15) with -1022.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

from arbtui.sim.accounts import Account
from arbtui.sim.base import Call
from arbtui.sim.binance.rest import Refused
from arbtui.sim.binance.rules import MAX_RECV_WINDOW_MS, RECV_WINDOW_MS
from arbtui.sim.desk import Desk
from arbtui.sim.proof import equal, hex_of

_BAD_FORMAT = (401, -2014, "API-key format invalid.")
_BAD_KEY = (401, -2015, "Invalid API-key, IP, or permissions for action.")
_BAD_SIGNATURE = (400, -1022, "Signature for this request is not valid.")


def keyed(desk: Desk, call: Call) -> Account:
    """The account of the key in the header; for endpoints that need no signature."""
    key = call.headers.get("X-MBX-APIKEY", "")
    if not (key.isascii() and key.isalnum()):
        raise Refused(*_BAD_FORMAT)
    account = desk.account_of(key)
    if account is None or not account.lets_in(call.client):
        raise Refused(*_BAD_KEY)
    return account


def signed(desk: Desk, call: Call, now_ms: int) -> tuple[Account, dict[str, str]]:
    """The account and the parameters of a signed request."""
    account = keyed(desk, call)
    query, in_query = _cut(call.raw_query)
    body, in_body = _cut(call.body.decode("utf-8", "replace"))
    params = dict(parse_qsl(query, keep_blank_values=True)) | dict(parse_qsl(body, keep_blank_values=True))
    signature = in_body or in_query
    if signature is None:
        raise Refused(400, -1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.")
    check_time(params, now_ms)
    unencoded = not (query + body).isascii() or " " in query + body
    if unencoded or not equal(hex_of(account, (query + body).encode()), signature):
        raise Refused(*_BAD_SIGNATURE)
    return account, params


def signed_frame(desk: Desk, params: Mapping[str, Any], now_ms: int) -> tuple[Account, dict[str, str]]:
    """The same for a request of the WebSocket API: all parameters but the signature, sorted by name, joined raw.

    The official SDK percent-encodes the values before it signs; both are taken.
    """
    texts = {name: _frame_text(value) for name, value in params.items()}
    signature = texts.pop("signature", "")
    key = texts.get("apiKey", "")
    if not (key.isascii() and key.isalnum()):
        raise Refused(*_BAD_FORMAT)
    account = desk.account_of(key)
    if account is None:
        raise Refused(*_BAD_KEY)
    if not signature:
        raise Refused(400, -1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.")
    check_time(texts, now_ms)
    raw = "&".join(f"{name}={texts[name]}" for name in sorted(texts))
    encoded = "&".join(f"{name}={quote(texts[name], safe='')}" for name in sorted(texts))
    if not any(equal(hex_of(account, payload.encode()), signature) for payload in (raw, encoded)):
        raise Refused(*_BAD_SIGNATURE)
    del texts["apiKey"]
    return account, texts


def check_time(params: Mapping[str, str], now_ms: int) -> None:
    """Refuse what is too old, or from the future."""
    stamp, window = params.get("timestamp", ""), params.get("recvWindow", str(RECV_WINDOW_MS))
    if not stamp.isdecimal():
        raise Refused(400, -1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.")
    whole, _, part = window.partition(".")
    if not whole.isdecimal() or (part and not part.isdecimal()) or float(window) > MAX_RECV_WINDOW_MS:
        raise Refused(400, -1131, f"recvWindow must be less than {MAX_RECV_WINDOW_MS}")
    if int(stamp) >= now_ms + 1000:
        raise Refused(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_ms - int(stamp) > float(window):
        raise Refused(400, -1021, "Timestamp for this request is outside of the recvWindow.")


def _cut(text: str) -> tuple[str, str | None]:
    """``text`` without the signature pair at its end, and the signature."""
    head, found, signature = text.rpartition("signature=")
    if not found or (head and not head.endswith("&")) or "&" in signature:
        return text, None
    return head.removesuffix("&"), signature


def _frame_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
