"""How a private call of Binance is put together: signed for its moment, and charged to its bucket."""

from __future__ import annotations

from dataclasses import dataclass, field

from arbtui.core.model import Market
from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.binance.addresses import REST
from arbtui.venues.binance.signing import WEIGHT, Params, signed_request
from arbtui.venues.private import Keys

ORDERS = "orders"  # the bucket in which Binance counts new orders, apart from IP weight

_PREFIX = {Market.PERP: "/fapi/v1/", Market.SPOT: "/api/v3/"}


@dataclass(frozen=True)
class Caller:
    """Signs for one account in one environment."""

    env: Environment
    keys: Keys = field(repr=False)

    def signed(
        self,
        market: Market,
        method: str,
        path: str,
        params: Params,
        stamp_ms: int,
        *,
        purpose: str,
        cost: float,
        bucket: str = WEIGHT,
    ) -> HttpRequest:
        """``path`` without its version, or absolute where the version differs (``/fapi/v3/balance``)."""
        url = REST[self.env, market] + (path if path.startswith("/") else _PREFIX[market] + path)
        return signed_request(
            self.keys, method, url, params, stamp_ms, purpose=f"{market.value} {purpose}", cost=cost, bucket=bucket
        )
