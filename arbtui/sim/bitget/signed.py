"""Who asks, and whether the request is as it was signed: Bitget's rules for private REST requests and socket logins.

Signed is ``timestamp + METHOD + path + ?query + body``, the query as plain text whatever its encoding on the wire, the
body byte by byte; base64 of HMAC-SHA256. REST has the time in milliseconds, a login in seconds and signs
``GET/user/verify``. Keys of unified accounts open /api/v3 and /v3 sockets alone, those of classic accounts /api/v2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from arbtui.sim.accounts import Account
from arbtui.sim.base import Call
from arbtui.sim.bitget.answers import Code, Failed
from arbtui.sim.bitget.rules import CLOCK_MS, is_classic
from arbtui.sim.desk import Desk
from arbtui.sim.proof import base64_of, equal
from arbtui.sim.reading import whole

_HEADERS = (
    ("ACCESS-KEY", Code("40001", "ACCESS_KEY cannot be empty")),
    ("ACCESS-SIGN", Code("40003", "Signature cannot be empty")),
    ("ACCESS-TIMESTAMP", Code("40005", "Invalid ACCESS_TIMESTAMP")),
    ("ACCESS-PASSPHRASE", Code("40011", "ACCESS_PASSPHRASE cannot be empty")),
)
_UNIFIED = Code("40085", "You are in Unified Account mode, and the Classic Account API is not supported at this time")
_CLASSIC = Code("40084", "You are in Classic Account mode, and the Unified Account API is not supported at this time")


def signed(desk: Desk, call: Call, now_ms: int) -> Account:
    """The account of a private REST request; raises ``Failed``."""
    headers = {name.upper(): value for name, value in call.headers.items()}
    for header, missing in _HEADERS:
        if not headers.get(header):
            raise Failed(missing)
    account = desk.account_of(headers["ACCESS-KEY"])
    if account is None:
        raise Failed(Code("40006", "Invalid ACCESS_KEY"))
    if not account.lets_in(call.client):
        raise Failed(Code("40018", "Invalid IP"))
    stamp = headers["ACCESS-TIMESTAMP"]
    at_ms = whole(stamp)
    if at_ms is None:
        raise Failed(Code("40005", "Invalid ACCESS_TIMESTAMP"))
    if abs(at_ms - now_ms) > CLOCK_MS:
        raise Failed(Code("40008", "Request timestamp expired"))
    query = f"?{unquote(call.raw_query)}" if call.raw_query else ""
    prehash = f"{stamp}{call.method}{call.path}{query}".encode() + call.body
    if not equal(base64_of(account, prehash), headers["ACCESS-SIGN"]):
        raise Failed(Code("40009", "sign signature error"))
    if not equal(account.keys.passphrase, headers["ACCESS-PASSPHRASE"]):
        raise Failed(Code("40012", "apikey/password is incorrect"))
    if is_classic(account) is call.path.startswith("/api/v3/"):
        raise Failed(_CLASSIC if is_classic(account) else _UNIFIED)
    return account


def logged_in(desk: Desk, arg: Mapping[str, Any], now_ms: int, *, classic: bool) -> Account:
    """The account of a login on a socket of its kind; raises ``Failed`` with a code of the sockets."""
    account = desk.account_of(str(arg.get("apiKey", "")))
    if account is None:
        raise Failed(Code("30011", "Invalid ACCESS_KEY"))
    stamp = str(arg.get("timestamp", ""))
    at_s = whole(stamp)
    if at_s is None:
        raise Failed(Code("30013", "Invalid ACCESS_TIMESTAMP"))
    if abs(at_s * 1000 - now_ms) > CLOCK_MS:
        raise Failed(Code("30014", "Request timestamp expired"))
    if not equal(base64_of(account, f"{stamp}GET/user/verify".encode()), str(arg.get("sign", ""))):
        raise Failed(Code("30015", "Invalid sign"))
    if not equal(account.keys.passphrase, str(arg.get("passphrase", ""))):
        raise Failed(Code("30012", "Invalid ACCESS_PASSPHRASE"))
    if is_classic(account) is not classic:
        raise Failed(Code("30005", "Login failed"))
    return account
