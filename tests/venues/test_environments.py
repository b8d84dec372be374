"""Every request and socket of a world goes to the hosts that the exchange names for it, and signed ones to no other.

Hosts as the exchanges document them. Where two worlds share a host, a header tells them apart; it is on every signed
request then, and on none of the real one's.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest

from arbtui.core.model import Market
from arbtui.venues import registry
from arbtui.venues.base import Environment, HttpRequest
from arbtui.venues.private import StreamKey, TellsRights, TradesOverSocket

PROD, TESTNET, DEMO = Environment.PROD, Environment.TESTNET, Environment.DEMO
STAMP_MS = 1_790_000_000_000
SAMPLES = {
    "binance": "tests.venues.binance.private_samples",
    "okx": "tests.venues.okx.samples",
    "bybit": "tests.venues.bybit.samples",
    "bitget": "tests.venues.bitget.samples",
    "hyperliquid": "tests.venues.hyperliquid.samples",
}
HOSTS: dict[tuple[str, Environment], set[str]] = {
    ("binance", PROD): {
        "fapi.binance.com", "api.binance.com", "fstream.binance.com", "stream.binance.com", "ws-api.binance.com",
        "ws-fapi.binance.com",
    },
    ("binance", TESTNET): {
        "testnet.binancefuture.com", "testnet.binance.vision", "fstream.binancefuture.com",
        "stream.testnet.binance.vision", "ws-api.testnet.binance.vision",
    },
    ("binance", DEMO): {
        "demo-fapi.binance.com", "demo-api.binance.com", "demo-fstream.binance.com", "demo-stream.binance.com",
        "demo-ws-api.binance.com",
    },
    ("okx", PROD): {"www.okx.com", "ws.okx.com"},
    ("okx", DEMO): {"www.okx.com", "wspap.okx.com"},
    ("bybit", PROD): {"api.bybit.com", "stream.bybit.com"},
    ("bybit", TESTNET): {"api-testnet.bybit.com", "stream-testnet.bybit.com"},
    ("bybit", DEMO): {"api-demo.bybit.com", "stream-demo.bybit.com", "stream.bybit.com"},  # real prices
    ("bitget", PROD): {"api.bitget.com", "ws.bitget.com"},
    ("bitget", DEMO): {"api.bitget.com", "wspap.bitget.com"},
    ("hyperliquid", PROD): {"api.hyperliquid.xyz"},
    ("hyperliquid", TESTNET): {"api.hyperliquid-testnet.xyz"},
}  # fmt: skip
# Exchanges with one world for play money: both words mean it.
HOSTS |= {(name, TESTNET): HOSTS[name, DEMO] for name in ("okx", "bitget")}
HOSTS |= {("hyperliquid", DEMO): HOSTS["hyperliquid", TESTNET]}
MARKED = {"okx": ("x-simulated-trading", "1"), "bitget": ("paptrading", "1")}


def host(url: str) -> str:
    found = urlsplit(url).hostname
    assert found is not None, url
    return found


def public_requests(name: str, env: Environment) -> Iterator[HttpRequest]:
    venue = registry.venue(name)
    if (asked := venue.time_request(env)) is not None:
        yield asked
    for market in venue.markets:
        yield from venue.instrument_requests(env, market)
        yield from venue.snapshot_requests(env, market)


def signed_requests(name: str, env: Environment) -> Iterator[HttpRequest]:
    """One of each kind, orders among them."""
    samples: Any = import_module(SAMPLES[name])
    private, keys = samples.PRIVATE, samples.KEYS
    perp = getattr(samples, "PERP", None) or samples.SWAP
    for one in (perp, samples.SPOT):
        listed, about = {one.native: one}, (env, keys, one)
        yield private.place(*about, samples.order(one), STAMP_MS).request
        yield private.cancel(*about, "ab0c", STAMP_MS).request
        yield private.query(*about, "ab0c", STAMP_MS).request
        yield private.fills(*about, STAMP_MS - 1000, STAMP_MS).request
        yield private.fee_rates(*about, STAMP_MS).request
        yield private.open_orders(env, keys, one.market, listed, STAMP_MS).request
        yield private.balances(env, keys, one.market, STAMP_MS).request
        yield private.mode(env, keys, one.market, STAMP_MS).request
        if (call := private.history(*about, STAMP_MS - 1000, STAMP_MS)) is not None:
            yield call.request
    yield private.positions(env, keys, {perp.native: perp}, STAMP_MS).request
    yield private.leverage(env, keys, perp, STAMP_MS).request
    yield private.funding_paid(env, keys, {perp.native: perp}, STAMP_MS - 1000, STAMP_MS).request
    if isinstance(private, TellsRights) and (asked := private.key_rights(env, keys, STAMP_MS)) is not None:
        yield asked.request
    for stream in private.user_streams(env):
        if stream.needs_key:
            yield private.key_call(env, keys, stream, renew=False, stamp_ms=STAMP_MS).request


def sockets(name: str, env: Environment) -> Iterator[str]:
    private = registry.private(name)
    assert private is not None
    for stream in private.user_streams(env):
        yield private.stream_url(env, stream, StreamKey("key") if stream.needs_key else None)
    if isinstance(private, TradesOverSocket):
        yield from (socket.url for socket in private.trade_sockets(env))


@pytest.mark.parametrize("env", Environment)
@pytest.mark.parametrize("name", registry.names())
def test_every_world_has_hosts_of_its_own(name: str, env: Environment) -> None:
    asked = [*public_requests(name, env), *signed_requests(name, env)]
    found = {host(request.url) for request in asked} | {host(url) for url in sockets(name, env)}
    assert found <= HOSTS[name, env]
    assert all(urlsplit(url).scheme in ("https", "wss") for url in (*(r.url for r in asked), *sockets(name, env)))
    header = MARKED.get(name)
    for request in signed_requests(name, env):
        if header is None:
            break
        told = {field.lower(): value for field, value in request.headers.items()}
        assert told.get(header[0]) == (None if env is PROD else header[1]), request.url


@pytest.mark.parametrize("env", [TESTNET, DEMO])
@pytest.mark.parametrize("name", registry.names())
def test_nothing_signed_for_play_money_can_reach_real_money(name: str, env: Environment) -> None:
    real = {host(request.url) for request in signed_requests(name, PROD)} | {host(url) for url in sockets(name, PROD)}
    play = {host(request.url) for request in signed_requests(name, env)}
    assert not {host(url) for url in sockets(name, env)} & real
    if name in MARKED:
        assert play == {"www.okx.com"} if name == "okx" else play == {"api.bitget.com"}  # told apart by the header
    else:
        assert not play & real


def test_each_market_of_each_exchange_was_looked_at() -> None:
    for name in registry.names():
        assert set(registry.venue(name).markets) == set(Market)
        assert len(list(signed_requests(name, PROD))) >= 18
