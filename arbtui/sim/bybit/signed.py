"""Who asks, and whether the request is as it was signed: Bybit's rules for private REST requests and socket logins.

Signed is ``timestamp + key + recv window + payload``, the very bytes of the query or body; hex of HMAC-SHA256. A login
signs ``GET/realtime`` and the time at which it expires.
"""

from __future__ import annotations

from typing import Any

from arbtui.sim.accounts import Account
from arbtui.sim.base import Call
from arbtui.sim.bybit.answers import Code, Failed
from arbtui.sim.bybit.rules import AHEAD_MS, RECV_WINDOW_MS
from arbtui.sim.desk import Desk
from arbtui.sim.proof import equal, hex_of
from arbtui.sim.reading import whole

_NO_KEY = Code(10003, "API key is invalid.")


def signed(desk: Desk, call: Call, now_ms: int) -> Account:
    """The account of a private REST request; raises ``Failed``."""
    headers = {name.upper(): value for name, value in call.headers.items()}
    key, stamp, sign = (headers.get(f"X-BAPI-{name}", "") for name in ("API-KEY", "TIMESTAMP", "SIGN"))
    if not (key and stamp and sign):
        raise Failed(Code(10001, f"empty value: apiTimestamp[{stamp}] apiKey[{key}] apiSignature[{sign}]"))
    account = desk.account_of(key)
    if account is None:
        raise Failed(_NO_KEY)
    if not account.lets_in(call.client):
        raise Failed(Code(10010, "Unmatched IP, please check your API key's bound IP addresses."))
    window = headers.get("X-BAPI-RECV-WINDOW", "")
    in_time(stamp, window or str(RECV_WINDOW_MS), now_ms)
    payload = call.raw_query.encode() if call.method == "GET" else call.body
    origin = f"{stamp}{key}{window}".encode() + payload
    if not equal(hex_of(account, origin), sign):
        text = origin.decode("utf-8", "replace")
        raise Failed(Code(10004, f"error sign! origin_string[{text}]"))
    return account


def in_time(stamp: str, window: str, now_ms: int) -> None:
    """Refuse a request that was not sent within its window, or whose clock is a second ahead."""
    at_ms, window_ms = whole(stamp), whole(window)
    if at_ms is None or window_ms is None or not now_ms - window_ms <= at_ms < now_ms + AHEAD_MS:
        raise Failed(
            Code(
                10002,
                "invalid request, please check your server timestamp or recv_window param. "
                f"req_timestamp[{stamp}],server_timestamp[{now_ms}],recv_window[{window}]",
            )
        )


def logged_in(desk: Desk, args: Any, now_ms: int) -> Account:
    """The account of a login ``[key, expires, sign]`` on a socket; ``expires`` is a number or a text."""
    if not isinstance(args, list) or len(args) != 3:
        raise Failed(Code(10001, "Params Error"))
    key, expires, sign = (str(arg) for arg in args)
    account, until_ms = desk.account_of(key), whole(expires)
    if account is None:
        raise Failed(Code(10003, "error:USVC1111"))
    if until_ms is None or until_ms <= now_ms:
        raise Failed(Code(10001, "Params Error"))
    if not equal(hex_of(account, f"GET/realtime{expires}".encode()), sign):
        raise Failed(Code(10004, "error:USVC1111"))
    return account
