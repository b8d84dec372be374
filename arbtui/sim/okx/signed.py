"""Who asks, and whether the request is as it was signed: OKX's rules for private REST requests and the login.

Signed is ``timestamp + METHOD + path with query + body``, the very bytes; base64 of HMAC-SHA256. REST wants the time as
ISO 8601 with milliseconds, the login as epoch seconds (text, or a number as the official SDK sends it).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from arbtui.sim.accounts import Account
from arbtui.sim.base import Call, Reply
from arbtui.sim.desk import Desk
from arbtui.sim.okx.rules import CLOCK_S
from arbtui.sim.proof import base64_of, equal

_HEADERS = (
    ("OK-ACCESS-KEY", "50103"),
    ("OK-ACCESS-PASSPHRASE", "50104"),
    ("OK-ACCESS-SIGN", "50106"),
    ("OK-ACCESS-TIMESTAMP", "50107"),
)


class Unauthorised(Exception):
    """A login or request refused: OKX's code and text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code

    @property
    def reply(self) -> Reply:
        return Reply(401, orjson.dumps({"msg": str(self), "code": self.code}))


def signed(desk: Desk, call: Call, now_ms: int) -> Account:
    """The account of a private REST request."""
    for header, code in _HEADERS:
        if not call.headers.get(header):
            raise Unauthorised(code, f'Request header "{header}" can\'t be empty.')
    account = desk.account_of(call.headers["OK-ACCESS-KEY"])
    if account is None:
        raise Unauthorised("50111", "Invalid OK-ACCESS-KEY")
    if not account.lets_in(call.client):
        raise Unauthorised("50110", f"Your IP {call.client} is not included in your API key's IP whitelist.")
    stamp = call.headers["OK-ACCESS-TIMESTAMP"]
    if abs(_iso_ms(stamp) - now_ms) > CLOCK_S * 1000:
        raise Unauthorised("50102", "Timestamp request expired")
    path = f"{call.path}?{call.raw_query}" if call.raw_query else call.path
    prehash = f"{stamp}{call.method}{path}".encode() + call.body
    if not equal(base64_of(account, prehash), call.headers["OK-ACCESS-SIGN"]):
        raise Unauthorised("50113", "Invalid Sign")
    if not equal(account.keys.passphrase, call.headers["OK-ACCESS-PASSPHRASE"]):
        raise Unauthorised("50105", 'Request header "OK-ACCESS-PASSPHRASE" incorrect.')
    return account


def logged_in(desk: Desk, arg: Mapping[str, Any], now_ms: int) -> Account:
    """The account of a login on a socket."""
    account = desk.account_of(str(arg.get("apiKey", "")))
    if account is None:
        raise Unauthorised("60005", "Invalid apiKey")
    stamp = str(arg.get("timestamp", ""))
    if not stamp.isdecimal():
        raise Unauthorised("60004", "Invalid timestamp")
    if abs(int(stamp) * 1000 - now_ms) > CLOCK_S * 1000:
        raise Unauthorised("60006", "Timestamp request expired")
    if not equal(base64_of(account, f"{stamp}GET/users/self/verify".encode()), str(arg.get("sign", ""))):
        raise Unauthorised("60007", "Invalid sign")
    if not equal(account.keys.passphrase, str(arg.get("passphrase", ""))):
        raise Unauthorised("60024", "Wrong passphrase")
    return account


def _iso_ms(stamp: str) -> float:
    if not stamp.endswith("Z") or "T" not in stamp:
        raise Unauthorised("50112", "Invalid OK-ACCESS-TIMESTAMP")
    try:
        return datetime.fromisoformat(stamp).timestamp() * 1000
    except ValueError as broken:
        raise Unauthorised("50112", "Invalid OK-ACCESS-TIMESTAMP") from broken
