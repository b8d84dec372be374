"""Binance: what it lists, and its sockets with their routes and limits.

REST is in ``rest``, streams in ``streams``, accounts in ``private``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import orjson

from arbtui.sim.base import Call, Channel, Handler, Reply, Session, SimVenue, Topic
from arbtui.sim.binance import streams, tables
from arbtui.sim.binance.private import Private
from arbtui.sim.binance.rest import Rest
from arbtui.sim.binance.ws_api import ApiSession
from arbtui.sim.coins import Coin
from arbtui.sim.hub import Hub
from arbtui.sim.limits import Sliding, SlidingPer
from arbtui.sim.listing import Listing, Market, Status, Terms
from arbtui.sim.view import NS_PER_MS

NS_PER_S = 1_000_000_000
_ROUTES = ("public", "market", "private")
_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


class Binance(SimVenue):
    """USD-M perpetuals and spot. Contracts are one unit; thousands and millions of a coin stand in the base asset."""

    name: ClassVar[str] = "binance"
    hosts: ClassVar[frozenset[str]] = (
        tables.USDM_REST
        | tables.SPOT_REST
        | tables.COINM_REST
        | tables.USDM_SOCKETS
        | tables.SPOT_SOCKETS
        | tables.USDM_API_SOCKETS
        | tables.SPOT_API_SOCKETS
    )

    def __init__(self, hub: Hub) -> None:
        self._attempts = SlidingPer(300.0)
        self._rest = Rest(self)
        super().__init__(hub)
        self.private = Private(self)
        self.desk = self.private.desk
        self._rest.add(self.private.rest_table())

    def populate(self) -> None:
        for coin, market, quote, status in self.usual_listings():
            self._list(coin, market, quote, status)

    def offered(self, market: Market, quote: str) -> Iterator[Coin]:
        offered = {coin.name: coin for coin in self.world.offered(self.name, market, quote)}
        for coin in self.world.coins:
            if coin.ticker.isascii():
                if coin.name in offered:
                    yield coin
            elif coin.ticker in tables.NON_ASCII and (market, quote) == ("perp", "USDT"):
                yield coin

    def list_coin(self, coin: Coin, market: Market) -> Listing:
        return self._list(coin, market, "USDT")

    def _list(self, coin: Coin, market: Market, quote: str, status: Status = "trading") -> Listing:
        perp = market == "perp"
        units = tables.PERP_UNITS if perp else tables.SPOT_UNITS
        asset, unit = units.get(coin.ticker, (coin.ticker, 1))
        terms = Terms(
            venue=self.name,
            market=market,
            native=f"{asset}{quote}",
            quote=quote,
            multiplier=Decimal(unit),
            price_factor=Decimal(unit),
            tick=_stable_tick(coin) or (tables.PERP_TICKS if perp else tables.SPOT_TICKS).get(coin.ticker),
            step=(tables.PERP_STEPS if perp else tables.SPOT_STEPS).get(coin.ticker),
            min_notional=tables.PERP_MIN_NOTIONAL.get(coin.ticker, Decimal(5)) if perp else Decimal(5),
            interval_h=self.world.interval_h(self.name, coin) if perp else 8,
            seq_start=tables.PERP_IDS if perp else tables.SPOT_IDS,
            seq_jump=9000 if perp else 4,
            habits=tables.PERP_HABITS if perp else tables.SPOT_HABITS,
            status=status,
        )
        listing = self.world.add(terms, coin)
        listing.extra["asset"] = asset
        listing.extra["onboard_ms"] = listing.listed_ms - 86_400_000 * (100 + listing.salt % 1500)
        return listing

    # -- REST ----------------------------------------------------------------------------------------------------

    def routes(self) -> Mapping[tuple[str, str], Handler]:
        return self._rest.routes()

    def market_of(self, call: Call) -> Market | None:
        if call.host in tables.USDM_REST | tables.USDM_SOCKETS | tables.USDM_API_SOCKETS:
            return "perp"
        return "spot" if call.host in tables.SPOT_REST | tables.SPOT_SOCKETS | tables.SPOT_API_SOCKETS else None

    def symbol_of(self, call: Call) -> str | None:
        if "symbol" in call.query or not call.body:
            return call.query.get("symbol")
        return dict(parse_qsl(call.body.decode("utf-8", "replace"))).get("symbol")

    def handle(self, call: Call) -> Reply:
        return self._rest.handle(call)

    def refusal(self, status: int, retry_after_s: int) -> Reply:
        return self._rest.refusal(status, retry_after_s)

    def not_found(self, call: Call) -> Reply:
        return Reply(404, b'{"code":-5000,"msg":"Path %s, Method %s is invalid"}' % _named(call))

    # -- sockets -------------------------------------------------------------------------------------------------

    def open_socket(self, call: Call) -> Session | Reply:
        if self._attempts.hit(f"{call.host}/{call.client}", self.hub.now_ns()) > tables.CONNECTIONS_PER_5_MIN:
            return Reply(429, b'{"code":-1003,"msg":"Too many connection attempts."}', {"Retry-After": "60"})
        market = self.market_of(call)
        if call.path in tables.API_PATHS:
            return self._open_api(call, market)
        parts = [part for part in call.path.split("/") if part]
        route = ""
        if market == "perp" and parts and parts[0] in _ROUTES:
            route = parts.pop(0)
        if market is None or call.host not in tables.USDM_SOCKETS | tables.SPOT_SOCKETS:
            return self.not_found(call)
        if not parts or parts[0] not in ("ws", "stream"):
            return self.not_found(call)
        combined = parts[0] == "stream"
        wanted = call.query.get("streams", "").split("/") if combined else parts[1:]
        return BinanceSession(self, call, market, route, combined, [name for name in wanted if name])

    def _open_api(self, call: Call, market: Market | None) -> Session | Reply:
        hosts = tables.USDM_API_SOCKETS | tables.SPOT_API_SOCKETS | {"testnet.binancefuture.com"}
        if market is None or tables.API_PATHS[call.path] != market or call.host not in hosts:
            return self.not_found(call)
        return ApiSession(self, call, market)

    def expire_sessions(self, market: Market | None) -> None:
        self.private.users.expire(market)

    def status_changed(self, listing: Listing, old: Status) -> None:
        if listing.market != "perp":
            return
        for combined in (False, True):
            topic = self.live_topic(("perp", combined, "!contractInfo"))
            if isinstance(topic, streams.ContractInfo):
                topic.of = listing
                topic.push("change", self.hub.now_ns())

    def stream(self, market: Market, combined: bool, name: str) -> Topic | None:
        """The shared stream called ``name``, wrapped for combined sockets; None: silent."""
        key = (market, combined, name)
        if (existing := self.live_topic(key)) is not None:
            return existing
        made = streams.make(self, market, name)
        if made is None:
            return None
        if combined:
            made.around = (f'{{"stream":"{name}","data":', "}")
        return self.topic(key, lambda: made)


class BinanceSession(Session):
    """One market data socket. ``route`` is "" for spot and for the legacy USD-M paths."""

    def __init__(
        self, venue: Binance, call: Call, market: Market, route: str, combined: bool, wanted: list[str]
    ) -> None:
        super().__init__(venue, call)
        self._binance = venue
        self.market = market
        self._of: Market = market
        self._route = route
        self._combined = combined
        self._wanted = wanted
        self._names: dict[str, None] = {}  # as LIST_SUBSCRIPTIONS has them, silent ones included
        self._messages = Sliding(1.0)
        self._pinged_ns = 0
        self._ping_payload = b""
        self._unanswered_ns = 0  # since when a ping waits for its pong
        self.private = route == "private"

    def opened(self) -> None:
        self._pinged_ns = self.opened_ns
        if self.private and (key := self.call.query.get("listenKey")):
            events = frozenset(self.call.query.get("events", "").split("/")) - {""}
            self._hear(key, events or None)
        for name in self._wanted:
            self._take(name)

    def closed(self) -> None:
        if self.private:
            self._binance.private.users.leave(self)

    def _hear(self, key: str, events: frozenset[str] | None = None) -> None:
        """Hear the account behind a listen key; one that is not known is silent."""
        around = (b'{"stream":"' + key.encode() + b'","data":', b"}") if self._combined else (b"", b"")
        self._binance.private.users.join(self, key, lambda payload: around[0] + payload + around[1], events)

    # -- heartbeat, limits ---------------------------------------------------------------------------------------

    def on_second(self, now_ns: int) -> None:
        if self.private:
            self._binance.private.users.second()
        if now_ns - self.opened_ns > tables.LIFETIME_S * NS_PER_S:
            self.close(1001)
        elif self._unanswered_ns and now_ns - self._unanswered_ns > tables.PONG_WITHIN_S[self._of] * NS_PER_S:
            self.close(1008, "Pong timeout")
        elif now_ns - self._pinged_ns >= tables.PING_EVERY_S[self._of] * NS_PER_S:
            self._pinged_ns = now_ns
            self._unanswered_ns = self._unanswered_ns or now_ns
            self._ping_payload = str(now_ns // NS_PER_MS).encode()
            self.ping(self._ping_payload)

    def on_ping(self, payload: bytes) -> None:
        if self._counted():
            super().on_ping(payload)

    def on_pong(self, payload: bytes) -> None:
        if self._counted() and payload == self._ping_payload:
            self._unanswered_ns = 0

    def _counted(self) -> bool:
        """Count a message of the client; False if that was one too many and the socket is closed."""
        if self._messages.hit(self.hub.now_ns()) > tables.MESSAGES_PER_S[self._of]:
            self.close(1008, "Too many requests")
            return False
        return True

    def announce_shutdown(self) -> None:
        if self._of == "spot":
            notice = f'{{"e":"serverShutdown","E":{self.venue.view.now_ms("spot")}}}'
            self.send(f'{{"stream":"!serverShutdown","data":{notice}}}' if self._combined else notice)

    # -- requests ------------------------------------------------------------------------------------------------

    def on_text(self, text: str) -> None:
        if not self._counted():
            return
        try:
            ask = orjson.loads(text)
        except orjson.JSONDecodeError as broken:
            self._error(3, f"Invalid JSON: expected value at line {broken.lineno} column {broken.colno}", None)
            return
        if not isinstance(ask, dict) or ask.get("method") not in _METHODS:
            word = ask.get("method") if isinstance(ask, dict) else ask
            expected = ", ".join(f"`{method}`" for method in _METHODS)
            message_id = ask.get("id") if isinstance(ask, dict) else None
            self._error(2, f"Invalid request: unknown variant `{word}`, expected one of {expected}", message_id)
            return
        message_id, names = ask.get("id"), ask.get("params", [])
        if ask["method"] == "LIST_SUBSCRIPTIONS":
            self._result(list(self._names), message_id)
        elif not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self._error(2, "Invalid request: params must be an array of strings", message_id)
        elif ask["method"] == "SUBSCRIBE":
            self._subscribe(names, message_id)
        elif ask["method"] == "UNSUBSCRIBE":
            for name in names:
                self._names.pop(name, None)
                self.unsubscribe(name)
            if self.private:
                self._binance.private.users.leave(self)
            self._result(None, message_id)
        else:
            self._result(None, message_id)

    def _subscribe(self, names: list[str], message_id: Any) -> None:
        if self.hub.faults.active and any(self._refused_by_fault(name) for name in names):
            self._error(2, "Invalid request: subscription refused", message_id)
            return
        for name in names:
            if not self._take(name):
                return
        self._result(None, message_id)

    def _refused_by_fault(self, name: str) -> bool:
        topic = streams.make(self._binance, self._of, name)
        channel: Channel = topic.channel if topic is not None else "other"
        return self.refused(channel, topic.wire if topic else name, topic.listing if topic else None)

    def _take(self, name: str) -> bool:
        """Subscribe to one name; every name is acknowledged, and carried if this route owns it."""
        if name not in self._names and len(self._names) >= tables.STREAMS_PER_SOCKET:
            self._error(4, "Too many subscriptions", None)
            self.close(1008, "Invalid request")
            return False
        if name in self._names:
            return True
        self._names[name] = None
        if self.private:
            self._hear(name)
        elif self._of == "spot" or streams.owner(name) == (self._route or "public"):
            topic = self._binance.stream(self._of, self._combined, name)
            if topic is not None:
                self.subscribe(topic, name)
        return True

    def _result(self, result: Any, message_id: Any) -> None:
        self.send(orjson.dumps({"result": result, "id": message_id}))

    def _error(self, code: int, text: str, message_id: Any) -> None:
        error = {"code": code, "msg": text}
        if self._of == "perp":
            self.send(orjson.dumps({"error": error} if message_id is None else {"error": error, "id": message_id}))
        else:
            self.send(orjson.dumps({**error, "id": message_id}))


def _stable_tick(coin: Coin) -> Decimal | None:
    return Decimal("0.00001") if coin.name == "USDC" else None


def _named(call: Call) -> tuple[bytes, bytes]:
    return call.path.encode(), call.method.encode()
