"""How a private call of Hyperliquid is put together: a question to ``/info``, which anybody may ask of anybody, or an
action to ``/exchange``, which is signed.

Lists by time begin at ``startTime`` and are cut at a number of rows. Which end of a stretch a full page was cut at is
told differently by those who describe it, so both what lies before a full page and what lies behind it is asked for,
the moments of its first and last row once more. Rows that thus come twice carry ids. Source: Hyperliquid docs, "Info
endpoint", "Exchange endpoint", "Rate limits and user limits".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from arbtui.core.errors import ProtocolBroken
from arbtui.core.orders import AccountEvent
from arbtui.venues.base import Environment, HttpRequest, RestLimit
from arbtui.venues.hyperliquid import info, signing
from arbtui.venues.hyperliquid.setups import Setups
from arbtui.venues.hyperliquid.signing import Action, Nonces
from arbtui.venues.private import Keys, PrivateCall, Read
from arbtui.venues.wire import DECODE_ERRORS, Millis

LIGHT = 2.0  # clearinghouseState, spotClearinghouseState, orderStatus
HEAVY = 20.0
LIST = 25.0  # 20, and one more for each 20 rows: a guess at how many there will be
HISTORY = 120.0  # the same for 2,000, which an account that has traded for a while has
ROLE = 60.0
FILLS_PAGE = 2000
FUNDING_PAGE = 500

EXCHANGE = "exchange"
# Actions spend the same 1,200 of an address as questions do. They have a fifth of it to themselves, so that no order
# waits for a question; what public and private questions may use together (info.rest_limits) leaves so much over.
_ACTIONS_PER_MIN = 240.0

_HEADERS = {"Content-Type": "application/json"}


def trade_limits() -> tuple[RestLimit, ...]:
    return tuple(RestLimit(host, EXCHANGE, _ACTIONS_PER_MIN, 60.0) for host in dict.fromkeys(info.HOSTS.values()))


@dataclass(frozen=True)
class Caller:
    """Asks and signs for one account in one environment."""

    env: Environment
    keys: Keys = field(repr=False)
    nonces: Nonces = field(repr=False)
    setups: Setups = field(repr=False)

    @property
    def account(self) -> str:
        return signing.account_of(self.keys)

    def ask(self, kind: str, purpose: str, cost: float, **more: Any) -> HttpRequest:
        """A question about the account, unless ``user`` names another."""
        body = msgspec.json.encode({"type": kind, **({} if "user" in more else {"user": self.account}), **more})
        url = f"https://{info.HOSTS[self.env]}/info"
        return HttpRequest("POST", url, purpose, cost=cost, body=body, headers=_HEADERS)

    def act(self, action: Action, purpose: str, stamp_ms: int, expires_ms: int | None = None) -> HttpRequest:
        """Raises ValueError where the private key is none."""
        wallet = signing.wallet_of(self.keys)
        body = signing.signed_body(wallet, self.env, action, self.nonces.next(stamp_ms), expires_ms=expires_ms)
        url = f"https://{info.HOSTS[self.env]}/exchange"
        return HttpRequest("POST", url, purpose, bucket=EXCHANGE, body=body, headers=_HEADERS)


# --- lists by time ----------------------------------------------------------------------------------------------------


class _Timed(msgspec.Struct):
    time: Millis


_TIMES = msgspec.json.Decoder(list[_Timed])


def times_of(body: bytes) -> list[int]:
    """Of all rows, ascending; none where the body is no such list, which whoever reads it will say."""
    try:
        return sorted(row.time for row in _TIMES.decode(body))
    except DECODE_ERRORS:
        return []


Stretch = tuple[int, int | None]  # ms, both ends included; None = until now


@dataclass(frozen=True)
class TimedList:
    """``ask``: parameters -> request; ``page``: so many rows, or more, may have been cut."""

    ask: Callable[[dict[str, int]], HttpRequest]
    read: Read
    page: int

    def since(self, start_ms: int) -> PrivateCall:
        """All rows from ``start_ms`` on, page after page."""
        return self._call(max(start_ms, 0), None, ())

    def _call(self, start_ms: int, end_ms: int | None, later: Sequence[Stretch]) -> PrivateCall:
        """``later``: what else is to be asked for."""
        request = self.ask({"startTime": start_ms, **({} if end_ms is None else {"endTime": end_ms})})

        def read(status: int, body: bytes, t_ns: int) -> Sequence[AccountEvent]:
            events = self.read(status, body, t_ns)
            times = times_of(body)
            if self._is_cut(times) and times[0] == times[-1]:
                raise ProtocolBroken("page_full", f"Hyperliquid told {len(times)} rows of one moment, maybe not all")
            return events

        def next_page(status: int, body: bytes, stamp_ms: int) -> PrivateCall | None:
            times = times_of(body)
            left = [*later]
            if self._is_cut(times):
                left += [(start_ms, times[0]), (times[-1], end_ms)]
            return self._call(*left[0], left[1:]) if left else None

        return PrivateCall(request, read, request.purpose, next_page)

    def _is_cut(self, times: Sequence[int]) -> bool:
        return len(times) >= self.page
