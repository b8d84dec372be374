"""Bitget: what it lists, how an end is announced.

REST is in ``rest``, sockets in ``session`` and ``channels``, accounts in ``private``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from arbtui.sim.base import Call, Handler, Reply, Session, SimVenue, Topic
from arbtui.sim.bitget import channels, rows, tables
from arbtui.sim.bitget.private import Private
from arbtui.sim.bitget.private_session import PrivateSession, private_session
from arbtui.sim.bitget.rest import Rest
from arbtui.sim.bitget.session import BitgetSession
from arbtui.sim.coins import Coin
from arbtui.sim.hub import Hub
from arbtui.sim.limits import SlidingPer
from arbtui.sim.listing import Listing, Market, Status, Terms, tick_for
from arbtui.sim.view import NS_PER_MS

_DAY_MS = 86_400_000
_QUIET_RANK = 500  # of a coin that only fills a list


class Bitget(SimVenue):
    """USDT and USDC perpetuals in units of the base coin, and spot. Ids are equal on spot and USDT contracts."""

    name: ClassVar[str] = "bitget"
    hosts: ClassVar[frozenset[str]] = frozenset({tables.REST_HOST}) | tables.SOCKET_HOSTS
    resets_ids: ClassVar[bool] = True

    def __init__(self, hub: Hub) -> None:
        self._connects = SlidingPer(300.0)
        self._rest = Rest(self)
        super().__init__(hub)
        self.private = Private(self)
        self.desk = self.private.desk

    # -- instruments ---------------------------------------------------------------------------------------------------

    def populate(self) -> None:
        for coin, market, quote, status in self.usual_listings():
            self._list(coin, market, quote, status)
        for odd in tables.ODD:
            self._list_odd(odd)

    def offered(self, market: Market, quote: str) -> Iterator[Coin]:
        offered = {coin.name for coin in self.world.offered(self.name, market, quote)}
        for coin in self.world.coins:
            if coin.name in offered or ((market, quote) == ("perp", "USDT") and coin.ticker in tables.ALWAYS):
                yield coin

    def list_coin(self, coin: Coin, market: Market) -> Listing:
        return self._list(coin, market, "USDT")

    def _list(self, coin: Coin, market: Market, quote: str, status: Status = "trading") -> Listing:
        perp = market == "perp"
        terms = self._contract(coin, quote, status) if perp else self._pair(coin, quote, status)
        listing = self.world.add(terms, coin)
        listing.extra["asset"] = tables.UNITS.get(coin.ticker, (coin.ticker, 1))[0] if perp else coin.ticker
        listing.extra["product"] = tables.PRODUCT_OF[quote] if perp else tables.SPOT
        listing.extra["max_leverage"] = tables.most_leverage(coin)
        listing.extra["launch_ms"] = listing.listed_ms - _DAY_MS * (30 + listing.salt % 1500)
        return listing

    def _contract(self, coin: Coin, quote: str, status: Status) -> Terms:
        asset, unit = tables.UNITS.get(coin.ticker, (coin.ticker, 1))
        return Terms(
            venue=self.name,
            market="perp",
            native=f"{asset}USDT" if quote == "USDT" else f"{asset}PERP",
            quote=quote,
            multiplier=Decimal(unit),
            price_factor=Decimal(unit),
            tick=tables.CONTRACT_TICKS[quote].get(coin.ticker),
            step=tables.CONTRACT_STEPS.get(coin.ticker),
            min_qty=tables.CONTRACT_MINIMA.get(coin.ticker),
            min_notional=tables.CONTRACT_MIN_NOTIONAL,
            interval_h=self.world.interval_h(self.name, coin),
            seq_start=tables.CONTRACT_IDS,
            seq_jump=tables.CONTRACT_JUMP,
            habits=tables.HABITS,
            status=status,
        )

    def _pair(self, coin: Coin, quote: str, status: Status) -> Terms:
        return Terms(
            venue=self.name,
            market="spot",
            native=f"{coin.ticker}{quote}",
            quote=quote,
            tick=tables.PAIR_TICKS.get(coin.ticker, min(Decimal(1), tick_for(coin.price))),
            step=tables.PAIR_STEPS.get(coin.ticker),
            min_qty=tables.PAIR_MINIMUM,
            min_notional=tables.PAIR_MIN_NOTIONAL,
            seq_start=tables.PAIR_IDS,
            seq_jump=tables.PAIR_JUMP,
            habits=tables.HABITS,
            status=status,
        )

    def _list_odd(self, odd: tables.Odd) -> None:
        """An instrument that only fills a list. It has a price, a book and every channel, and never moves."""
        spot = odd.product == tables.SPOT
        terms = Terms(
            venue=self.name,
            market="spot" if spot else "perp",
            native=odd.native,
            quote=odd.quote,
            settle=odd.settle,
            price_ccy="USDT",
            min_notional=tables.PAIR_MIN_NOTIONAL if spot else tables.CONTRACT_MIN_NOTIONAL,
            seq_start=tables.COIN_IDS if odd.product == "COIN-FUTURES" else tables.PAIR_IDS,
            habits=tables.HABITS,
            status=odd.status,
            quiet=True,
        )
        coin = Coin(f"{odd.base}/{odd.product}", odd.base, _QUIET_RANK, odd.price, 0.0, 1e6)
        listing = self.world.add(terms, coin)
        start_ms = listing.listed_ms
        listing.delist_ms = None if odd.off_in_ms is None else start_ms + odd.off_in_ms
        upcoming = odd.status == "pre_open"
        listing.extra |= {
            "asset": odd.base,
            "product": odd.product,
            "max_leverage": tables.most_leverage(coin),
            "launch_ms": start_ms + _DAY_MS if upcoming else start_ms - 30 * _DAY_MS,
            "word": odd.word,
            "rwa": odd.rwa,
            "area": odd.area,
        }
        if odd.limit_open_in_ms is not None:
            listing.extra["limit_open_ms"] = start_ms + odd.limit_open_in_ms
        if odd.delivery_ms is not None:
            listing.extra["delivery_ms"] = odd.delivery_ms

    def product(self, product: str) -> list[Listing]:
        """All of a product, whatever their status."""
        market: Market = "spot" if product == tables.SPOT else "perp"
        return [x for x in self.listings(market) if x.extra["product"] == product]

    def of_product(self, product: str, inst_id: str) -> Listing | None:
        """The instrument called ``inst_id`` of this product; None: it is of another, or of none."""
        listing = self.find("spot" if product == tables.SPOT else "perp", inst_id)
        return listing if listing is not None and listing.extra["product"] == product and rows.exists(listing) else None

    def anywhere(self, inst_id: str) -> bool:
        """Whether any product has an instrument of this name."""
        found = (self.find("spot", inst_id), self.find("perp", inst_id))
        return any(listing is not None and rows.exists(listing) for listing in found)

    def status_changed(self, listing: Listing, old: Status) -> None:
        """A contract whose end is announced takes no new positions from half-way on, unless that is called off."""
        if listing.market != "perp" or listing.status == "delisted":
            return
        if listing.delist_ms is None:
            if listing.extra.pop("limit_open_ms", None) is not None and listing.status == "close_only":
                self.hub.set_status(listing, "trading")
        elif "limit_open_ms" not in listing.extra:
            half_ms = (listing.delist_ms - self.hub.now_ns() // NS_PER_MS) // 2
            limit_ms = listing.extra["limit_open_ms"] = listing.delist_ms - half_ms
            self.hub.later(half_ms / 1000, lambda: self._close_only(listing, limit_ms))

    def _close_only(self, listing: Listing, limit_ms: int) -> None:
        if listing.extra.get("limit_open_ms") == limit_ms and listing.status == "trading":
            self.hub.set_status(listing, "close_only")

    # -- streams -------------------------------------------------------------------------------------------------------

    def stream(self, channel: str, listing: Listing) -> Topic:
        """The shared stream of ``channel`` for an instrument."""
        return self.topic((channel, listing), lambda: channels.make(self, channel, listing))

    # -- requests and handshakes ---------------------------------------------------------------------------------------

    def routes(self) -> Mapping[tuple[str, str], Handler]:
        return self._rest.routes()

    def market_of(self, call: Call) -> Market | None:
        if call.path.startswith("/api/v2/mix/"):
            return "perp"
        if call.path.startswith("/api/v2/spot/"):
            return "spot"
        listing = self.private.meant(call)
        return listing.market if listing is not None else None

    def symbol_of(self, call: Call) -> str | None:
        symbol = call.query.get("symbol", "").upper()
        listing = self.private.meant(call)
        return symbol or (listing.native if listing is not None else None)

    def handle(self, call: Call) -> Reply:
        if not self.private.knows(call):
            return self._rest.handle(call)
        return self.refusal(429, 0) if self._rest.too_many(call) else self.private.handle(call)

    def success(self, data: Any) -> Reply:
        return self._rest.success(data)

    def error(self, status: int, code: str, text: str) -> Reply:
        return self._rest.error(status, code, text)

    def expire_sessions(self, market: Market | None) -> None:
        for session in list(self.hub.sessions):
            if isinstance(session, PrivateSession) and session.venue is self and session.logged_in:
                session.close(1000, "")

    def refusal(self, status: int, retry_after_s: int) -> Reply:
        """Bitget sends no Retry-After, whatever it refuses."""
        if status == 500:
            return self._rest.error(500, "40015", "System is abnormal, please try again later")
        return self._rest.error(status, "429", "Too Many Requests")

    def not_found(self, call: Call) -> Reply:
        return self._rest.error(404, "40404", "Request URL NOT FOUND")

    def open_socket(self, call: Call) -> Session | Reply:
        private = call.path in tables.PRIVATE_PATHS
        if not (private or call.path == tables.PUBLIC_PATH) or call.host not in tables.SOCKET_HOSTS:
            return self.not_found(call)
        if self._connects.hit(call.client, self.hub.now_ns()) > tables.CONNECTS_PER_5_MIN:
            return self.refusal(429, 0)
        held = sum(1 for s in self.hub.sessions if s.venue is self and s.call.client == call.client)
        if held >= tables.CONNECTIONS:
            return self.refusal(429, 0)
        return private_session(self, call) if private else BitgetSession(self, call)
