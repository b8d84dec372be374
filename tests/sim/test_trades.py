"""Public trades of all simulated venues: each print of the world is told once, and by the venue's own rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from arbtui.sim.base import Session
from arbtui.sim.listing import Listing, Market, Print
from tests.sim.support import Bench, Wire

Rows = list[dict[str, Any]]


class Shop(NamedTuple):
    """How one venue's trades are had, and which members of a row say what."""

    venue: str
    market: Market
    native: str
    url: str
    ask: dict[str, Any]
    leave: dict[str, Any]
    rows: Callable[[Any], Rows]  # of a message; none of what is no push
    price: str
    size: str
    time: str
    bought: Callable[[dict[str, Any]], bool]

    def open(self, bench: Bench) -> tuple[Session, Wire]:
        session, wire = bench.connect(self.url, self.venue)
        bench.say(session, **self.ask)
        return session, wire

    def listing(self, bench: Bench) -> Listing:
        found = bench.venue(self.venue).find(self.market, self.native)
        assert found is not None
        return found

    def told(self, messages: list[Any]) -> Rows:
        return [row for message in messages for row in self.rows(message)]


def binance(market: Market, url: str) -> Shop:
    ask = {"method": "SUBSCRIBE", "params": ["btcusdt@aggTrade"], "id": 1}
    return Shop(
        "binance", market, "BTCUSDT", url, ask, ask | {"method": "UNSUBSCRIBE"},
        lambda m: [m["data"]] if "data" in m else [], "p", "q", "T", lambda row: not row["m"],
    )  # fmt: skip


def okx(market: Market, native: str) -> Shop:
    ask = {"op": "subscribe", "args": [{"channel": "trades", "instId": native}]}
    return Shop(
        "okx", market, native, "wss://ws.okx.com:8443/ws/v5/public", ask, ask | {"op": "unsubscribe"},
        lambda m: m.get("data", []), "px", "sz", "ts", lambda row: bool(row["side"] == "buy"),
    )  # fmt: skip


def bybit(market: Market, url: str) -> Shop:
    ask = {"op": "subscribe", "args": ["publicTrade.BTCUSDT"], "req_id": "1"}
    return Shop(
        "bybit", market, "BTCUSDT", url, ask, ask | {"op": "unsubscribe"}, lambda m: m.get("data", []),
        "p", "v", "T", lambda row: bool(row["S"] == "Buy"),
    )  # fmt: skip


def bitget(market: Market, product: str) -> Shop:
    ask = {"op": "subscribe", "args": [{"instType": product, "channel": "trade", "instId": "BTCUSDT"}]}
    return Shop(
        "bitget", market, "BTCUSDT", "wss://ws.bitget.com/v2/ws/public", ask, ask | {"op": "unsubscribe"},
        lambda m: list(reversed(m.get("data", []))), "price", "size", "ts", lambda row: bool(row["side"] == "buy"),
    )  # fmt: skip


def hyperliquid(market: Market, coin: str) -> Shop:
    ask = {"method": "subscribe", "subscription": {"type": "trades", "coin": coin}}
    return Shop(
        "hyperliquid", market, coin, "wss://api.hyperliquid.xyz/ws", ask, ask | {"method": "unsubscribe"},
        lambda m: m["data"] if m["channel"] == "trades" else [], "px", "sz", "time",
        lambda row: bool(row["side"] == "B"),
    )  # fmt: skip


SHOPS = [
    binance("perp", "wss://fstream.binance.com/market/stream"),
    binance("spot", "wss://stream.binance.com:9443/stream"),
    okx("perp", "BTC-USDT-SWAP"),
    okx("spot", "BTC-USDT"),
    bybit("perp", "wss://stream.bybit.com/v5/public/linear"),
    bybit("spot", "wss://stream.bybit.com/v5/public/spot"),
    bitget("perp", "USDT-FUTURES"),
    bitget("spot", "SPOT"),
    hyperliquid("perp", "BTC"),
    hyperliquid("spot", "@142"),
]
every_shop = pytest.mark.parametrize("shop", SHOPS, ids=[f"{shop.venue} {shop.market}" for shop in SHOPS])


def bench_of(shop: Shop) -> Bench:
    return Bench(shop.venue, coins=3, rate=400.0)


def said(shop: Shop, listing: Listing, one: Print) -> tuple[str, str, bool]:
    return listing.price(one.price), listing.size(one.lots), one.buy


@every_shop
def test_each_print_is_told_once_with_its_price_size_and_side(shop: Shop) -> None:
    bench = bench_of(shop)
    listing = shop.listing(bench)
    listing.watch_trades()
    _, wire = shop.open(bench)
    before = listing.trades
    bench.run(1500)
    prints = [one for one in listing.prints if one.number > before]
    assert 3 < len(prints) == listing.trades - before
    bench.run(300)  # what is on its way arrives
    rows = shop.told(wire.take())[: len(prints)]
    assert [(row[shop.price], row[shop.size], shop.bought(row)) for row in rows] == [
        said(shop, listing, one) for one in prints
    ]
    assert [int(row[shop.time]) for row in rows] == [one.t_ns // 1_000_000 for one in prints]


@every_shop
def test_a_takers_price_is_the_ask_when_it_buys_and_the_bid_when_it_sells(shop: Shop) -> None:
    bench = bench_of(shop)
    listing = shop.listing(bench)
    listing.watch_trades()
    listing.watch()
    bench.run(1500)
    for one in listing.prints:
        books = [state for state in listing.history if state.t_ns == one.t_ns]
        assert one.price in [state.ask if one.buy else state.bid for state in books]
    assert {one.buy for one in listing.prints} == {True, False}


@every_shop
def test_ids_are_of_one_print_each(shop: Shop) -> None:
    bench = bench_of(shop)
    _, wire = shop.open(bench)
    bench.run(2000)
    rows = shop.told(wire.take())
    name = next(name for name in ("a", "tradeId", "i", "tid") if name in rows[0])
    assert len({row[name] for row in rows}) == len(rows) > 3


@every_shop
def test_after_leaving_nothing_comes(shop: Shop) -> None:
    bench = bench_of(shop)
    session, wire = shop.open(bench)
    bench.run(500)
    bench.say(session, **shop.leave)
    bench.run(300)
    wire.take()
    bench.run(1000)
    assert shop.told(wire.take()) == []


@every_shop
def test_an_instrument_that_is_halted_prints_nothing(shop: Shop) -> None:
    bench = bench_of(shop)
    bench.hub.set_status(shop.listing(bench), "halted")
    _, wire = shop.open(bench)
    bench.run(1000)
    assert shop.told(wire.take()) == []


@every_shop
def test_muted_trades_are_silent_on_an_open_socket(shop: Shop) -> None:
    bench = bench_of(shop)
    session, wire = shop.open(bench)
    (topic,) = session.topics.values()
    bench.fault("mute", shop.venue, channel=topic.wire)
    bench.run(300)
    wire.take()
    bench.run(1000)
    assert shop.told(wire.take()) == []
    assert not wire.ended


def test_usdm_trades_come_by_the_market_route_alone() -> None:
    for route, comes in (("/market", True), ("/public", False), ("", False)):
        shop = binance("perp", f"wss://fstream.binance.com{route}/stream")
        bench = bench_of(shop)
        _, wire = shop.open(bench)
        bench.run(1000)
        assert bool(shop.told(wire.take())) is comes


@pytest.mark.parametrize("shop", [bitget("perp", "USDT-FUTURES"), hyperliquid("perp", "BTC")], ids=["bitget", "hl"])
def test_whoever_subscribes_is_told_the_past_first(shop: Shop) -> None:
    bench = bench_of(shop)
    shop.open(bench)
    bench.run(2000)
    past = [said(shop, shop.listing(bench), one) for one in shop.listing(bench).prints]
    _, wire = shop.open(bench)
    bench.hub.flush()
    bench.run(240)
    first = next(message for message in wire.take() if shop.rows(message))
    rows = shop.rows(first)
    assert len(rows) > 3
    assert [(row[shop.price], row[shop.size], shop.bought(row)) for row in rows] == past[: len(rows)]
    assert first.get("action", "snapshot") == "snapshot"


def test_a_dead_pair_of_hyperliquid_has_trades_and_none_of_them() -> None:
    shop = hyperliquid("spot", "@5")
    bench = bench_of(shop)
    _, wire = shop.open(bench)
    bench.run(1000)
    (answer,) = wire.take()
    assert answer["channel"] == "subscriptionResponse"
