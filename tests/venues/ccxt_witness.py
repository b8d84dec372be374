"""ccxt as a foreign witness: a client that sends nothing, and what it would have sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from arbtui.core.model import Instrument, Market
from arbtui.core.orders import OrderKind, Side
from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.private import Adjusts, Keys, PrivateCall, PrivateVenue

OURS = "arb0001A"
SWAP, COIN = "BTC/USDT:USDT", "BTC/USDT"
ID, IOC = {"clientOrderId": OURS}, {"timeInForce": "IOC"}
QTY, AT = 0.125, 64000.1
AT_MARKET: dict[str, Any] = {"kind": OrderKind.MARKET, "price": None, "side": Side.SELL}


class Caught(BaseException):
    """Stops ccxt where it would send; it swallows what is an ``Exception``."""


class Witness:
    """``exchange`` at ``stamp_ms``."""

    def __init__(self, exchange: Any, stamp_ms: int) -> None:
        exchange.enableRateLimit = False
        exchange.nonce = exchange.milliseconds = lambda: stamp_ms
        exchange.fetch = self._fetch
        self.exchange = exchange
        self.sent: tuple[str, str, dict[str, str], str] | None = None

    def _fetch(self, url: str, method: str = "GET", headers: Any = None, body: str | None = None) -> None:
        self.sent = (method, url, dict(headers or {}), body or "")
        raise Caught

    def asks(self, call: Callable[[Any], Any]) -> tuple[str, str, dict[str, str], str]:
        """What ``call`` on the client would send: method, address, headers, body."""
        with pytest.raises(Caught):
            call(self.exchange)
        assert self.sent is not None
        return self.sent

    def signs(
        self, ours: HttpRequest, prefix: str, api: list[str], besides: frozenset[str] = frozenset(), params: Any = None
    ) -> None:
        """ccxt signs the same bytes.

        The path without ``prefix`` is in its ``api``; headers ``besides`` are anybody's.
        """
        asked = (params or params_of)(ours.url, ours.body)
        path = urlsplit(ours.url).path.removeprefix(prefix)
        theirs = self.exchange.sign(path, api, ours.method, asked)
        assert ours.url == theirs["url"].rstrip("?")
        assert ours.body.decode() == (theirs["body"] or "")
        mine, others = (
            {name: value for name, value in headers.items() if name not in besides}
            for headers in (ours.headers, theirs["headers"])
        )
        assert mine == others

    def means(
        self, ours: HttpRequest, call: Callable[[Any], Any], numbers: Sequence[str], params: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """``call`` asks the same way of the same address for the same ``numbers``; what else either says."""
        method, url, _, body = self.asks(call)
        assert (ours.method, ours.url.partition("?")[0]) == (method, url.partition("?")[0])
        mine, theirs = (params or params_of)(ours.url, ours.body), (params or params_of)(url, body)
        for number in numbers:
            assert Decimal(mine.pop(number, "1")) == Decimal(theirs.pop(number, "1"))
        return mine, theirs


def params_of(url: str, body: bytes | str) -> dict[str, Any]:
    return dict(json.loads(body)) if body else dict(parse_qsl(urlsplit(url).query))


def calls_of(
    private: PrivateVenue,
    keys: Keys,
    perp: Instrument,
    spot: Instrument,
    place: Callable[..., PrivateCall],
    stamp_ms: int,
    order_id: str,
) -> dict[str, PrivateCall]:
    """Every call of a unified account: orders by ``place``, lists of the last second."""
    prod, since_ms = Environment.PROD, stamp_ms - 1000
    calls = {
        "place": place(),
        "place spot": place(spot),
        "place post-only": place(kind=OrderKind.POST_ONLY, reduce_only=True, side=Side.SELL),
        "place at market": place(reduce_only=True, **AT_MARKET),
        "place spot at market": place(spot, **AT_MARKET),
        "cancel": private.cancel(prod, keys, perp, OURS, stamp_ms),
        "cancel unnamed": private.cancel_unnamed(prod, keys, spot, order_id, stamp_ms),
        "query": private.query(prod, keys, spot, OURS, stamp_ms),
        "open orders": private.open_orders(prod, keys, Market.PERP, {}, stamp_ms),
        "open spot orders": private.open_orders(prod, keys, Market.SPOT, {}, stamp_ms),
        "fills": private.fills(prod, keys, spot, since_ms, stamp_ms),
        "positions": private.positions(prod, keys, {}, stamp_ms),
        "balances": private.balances(prod, keys, Market.SPOT, stamp_ms),
        "mode": private.mode(prod, keys, Market.PERP, stamp_ms),
        "leverage": private.leverage(prod, keys, perp, stamp_ms),
        "fees": private.fee_rates(prod, keys, perp, stamp_ms),
        "funding": private.funding_paid(prod, keys, {}, since_ms, stamp_ms),
    }
    history = private.history(prod, keys, perp, since_ms, stamp_ms)
    assert history is not None
    calls["history"] = history
    if isinstance(private, Adjusts):
        calls["set one-way"] = private.set_one_way(prod, keys, perp, stamp_ms)
        calls["set leverage"] = private.set_leverage(prod, keys, perp, Decimal(3), stamp_ms)
    return calls


def same_words(since_ms: int) -> dict[str, Callable[[Any], Any]]:
    """Our request -> the call of ccxt that means the same, where ccxt says it alike for all venues."""
    post_only = {"postOnly": True, "reduceOnly": True}
    return {
        "place": lambda e: e.create_order(SWAP, "limit", "buy", QTY, AT, ID | IOC),
        "place spot": lambda e: e.create_order(COIN, "limit", "buy", QTY, AT, ID | IOC),
        "place post-only": lambda e: e.create_order(SWAP, "limit", "sell", QTY, AT, ID | post_only),
        "place at market": lambda e: e.create_order(SWAP, "market", "sell", QTY, None, ID | {"reduceOnly": True}),
        "place spot at market": lambda e: e.create_order(COIN, "market", "sell", QTY, None, ID),
        "fills": lambda e: e.fetch_my_trades(COIN, since_ms, 100),
        "balances": lambda e: e.fetch_balance(),
        "fees": lambda e: e.fetch_trading_fee(SWAP),
        "set one-way": lambda e: e.set_position_mode(False, SWAP),
        "set leverage": lambda e: e.set_leverage(3, SWAP),
    }
