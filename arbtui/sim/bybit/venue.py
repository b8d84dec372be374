"""Bybit: what it lists, its topics, its frame ids. REST is in ``rest``, sockets in ``session``, accounts in
``private``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from arbtui.sim.base import Call, Handler, Reply, Session, SimVenue, Topic
from arbtui.sim.bybit import streams, tables
from arbtui.sim.bybit.answers import Failed
from arbtui.sim.bybit.ids import FrameIds
from arbtui.sim.bybit.private import Private, asked
from arbtui.sim.bybit.private_session import PrivateSession
from arbtui.sim.bybit.rest import Rest
from arbtui.sim.bybit.session import BybitSession
from arbtui.sim.bybit.trade_session import TradeSession
from arbtui.sim.coins import Coin
from arbtui.sim.hub import Hub
from arbtui.sim.limits import SlidingPer
from arbtui.sim.listing import BookState, Listing, Market, Status, Terms
from arbtui.sim.view import Depth

NS_PER_S = 1_000_000_000
_DAY_MS = 86_400_000


class Bybit(SimVenue):
    """Linear contracts of one unit of their base coin, which may be a thousand of the coin; spot; rows nobody wants."""

    name: ClassVar[str] = "bybit"
    hosts: ClassVar[frozenset[str]] = tables.REST_HOSTS | tables.SOCKETS | {tables.DEMO_SOCKET}
    resets_ids: ClassVar[bool] = True

    def __init__(self, hub: Hub) -> None:
        self._attempts = SlidingPer(300.0)
        self._rest = Rest(self)
        self._next_id = 1
        self._frame_ids: dict[tuple[Listing, int], FrameIds] = {}
        super().__init__(hub)
        self.private = Private(self)
        self.desk = self.private.desk

    # -- instruments -----------------------------------------------------------------------------------------------

    def populate(self) -> None:
        for coin, market, quote, status in self.usual_listings():
            self._list(coin, market, quote, status)
        for odd in (*tables.ODD, *tables.stocks(len(self.world.coins))):
            self._list_odd(odd)

    def list_coin(self, coin: Coin, market: Market) -> Listing:
        listing = self._list(coin, market, "USDT")
        listing.extra["launch_ms"] = self.rest.now_ms(market)
        return listing

    def _list(self, coin: Coin, market: Market, quote: str, status: Status = "trading") -> Listing:
        perp = market == "perp"
        asset, unit = tables.UNITS.get(coin.ticker, (coin.ticker, 1)) if perp else (coin.ticker, 1)
        leaves = perp and quote == "USDT" and coin.ticker == tables.LEAVING
        terms = Terms(
            venue=self.name,
            market=market,
            native=f"{asset}PERP" if perp and quote == "USDC" else f"{asset}{quote}",
            quote=quote,
            multiplier=Decimal(unit),
            price_factor=Decimal(unit),
            tick=(tables.PERP_TICKS if perp else tables.SPOT_TICKS).get(coin.ticker),
            step=(tables.PERP_STEPS if perp else tables.SPOT_STEPS).get(coin.ticker),
            min_notional=tables.MIN_NOTIONAL,
            interval_h=self.world.interval_h(self.name, coin) if perp else 8,
            seq_start=tables.SEQS[market],
            seq_jump=tables.SEQ_JUMP,
            habits=tables.HABITS,
            status="close_only" if leaves else status,
        )
        listing = self.world.add(terms, coin)
        self._describe(listing, asset)
        if leaves:
            listing.delist_ms = listing.listed_ms + 14 * _DAY_MS
        if coin.rank >= 30 and listing.salt % 9 == 0:
            listing.extra["symbol_type"] = "innovation" if perp else "adventure"
        return listing

    def _list_odd(self, odd: tables.Odd) -> None:
        coin = Coin(f"{odd.native}#odd", odd.base, len(self.world.coins), odd.price, 0.0, 2e6)
        terms = Terms(
            venue=self.name,
            market=odd.market,
            native=odd.native,
            quote=odd.quote,
            price_ccy="USDT",  # whose prices are fixed here, whatever they are called
            min_notional=tables.MIN_NOTIONAL,
            seq_start=tables.SEQS[odd.market],
            seq_jump=tables.SEQ_JUMP,
            habits=tables.HABITS,
            status=odd.status,
            quiet=True,
        )
        listing = self.world.add(terms, coin)
        self._describe(listing, odd.base)
        listing.extra.update(
            kind=odd.kind, wire_status=odd.wire_status, symbol_type=odd.symbol_type, delivery_ms=odd.delivery_ms
        )

    def _describe(self, listing: Listing, asset: str) -> None:
        rank = listing.coin.rank
        listing.extra.update(
            id=self._next_id,
            asset=asset,
            kind="LinearPerpetual",
            wire_status="",
            symbol_type="",
            delivery_ms=0,
            launch_ms=listing.listed_ms - _DAY_MS * (30 + listing.salt % 1500),
            leverage="100.00" if rank < 5 else "50.00" if rank < 60 else "25.00",
            cap="0.00375" if rank < 5 else "0.02",
            interest_lots=2 + listing.volume_lots // 6 * 2,
            restarts=0,
        )
        self._next_id += 1

    def named(self, market: Market, symbol: str) -> Listing | None:
        """The contract or pair called ``symbol``, unless it is gone."""
        listing = self.find(market, symbol)
        return None if listing is None or listing.status == "delisted" else listing

    # -- topics and their ids --------------------------------------------------------------------------------------

    def stream(self, market: Market, name: str) -> Topic | None:
        """The shared topic ``name`` of a market's sockets; None: there is none."""
        live = self.live_topic((market, name))
        if live is not None and (live.listing is None or live.listing.status != "delisted"):
            return live
        made = streams.make(self, market, name)
        return None if made is None else self.topic((market, name), lambda: made)

    def frame_ids(self, listing: Listing, depth: int) -> FrameIds:
        """The counter of a symbol's frames of ``depth``; it outlives its subscribers."""
        ids = self._frame_ids.get((listing, depth))
        if ids is None:
            start = tables.FRAME_IDS[depth] + listing.salt % 1_000_000
            epoch = self.epoch(listing, self.hub.now_ns())
            ids = self._frame_ids[listing, depth] = FrameIds(start, epoch, 32 if depth == 1 else 2048)
        return ids

    def epoch(self, listing: Listing, now_ns: int) -> int:
        """Which run of a symbol's service this is."""
        restarts: int = listing.extra["restarts"]
        return restarts + (now_ns + listing.salt * 10_000) // (tables.RESTART_EVERY_S * NS_PER_S)

    def restart_ids(self, listing: Listing) -> None:
        listing.extra["restarts"] += 1

    def state_at(self, listing: Listing, seq: int) -> BookState | None:
        """By the id of the matching engine, or by that of a frame."""
        found = listing.state_at(seq)
        for depth in (50, 200, 1000, 1):
            ids = self._frame_ids.get((listing, depth))
            if found is None and ids is not None and (shown := ids.seq_of(seq)) is not None:
                found = listing.state_at(shown)
        return found

    def deep_book(self, listing: Listing, limit: int, path: str) -> tuple[Depth, int]:
        """The book by REST and its ``u``: what the topic of 1,000 levels sent last, where somebody is subscribed."""
        state = self.rest.snapshot_state(listing, path)
        topic = self.live_topic((listing.market, f"orderbook.1000.{listing.native}"))
        if isinstance(topic, streams.Books) and state is listing.state:
            state = listing.state_at(topic.whole().seq) or state
        depth = self.rest.depth_of(listing, state, self.rest.levels(listing, state, path), limit, path)
        ids = self.frame_ids(listing, 1000)
        return depth, ids.of_snapshot(state.seq, self.epoch(listing, self.hub.now_ns()))

    # -- requests and handshakes -----------------------------------------------------------------------------------

    def routes(self) -> Mapping[tuple[str, str], Handler]:
        return self._rest.routes()

    def market_of(self, call: Call) -> Market | None:
        return tables.SOCKET_PATHS.get(call.path) or tables.MARKET.get(self._asked(call, "category") or "")

    def symbol_of(self, call: Call) -> str | None:
        return self._asked(call, "symbol")

    def _asked(self, call: Call, key: str) -> str | None:
        """A parameter of the query, or of the body."""
        try:
            value = asked(call).get(key)
        except Failed:
            return None
        return value if isinstance(value, str) else None

    def handle(self, call: Call) -> Reply:
        if not self.private.knows(call):
            return self._rest.handle(call)
        return self._rest.refusal(403) if self._rest.bans(call) else self.private.handle(call)

    def answer(self, code: int, text: str, result: dict[str, Any]) -> Reply:
        """A result, or a refusal, in the envelope that every answer has."""
        return self._rest.reply(code, text, result)

    def expire_sessions(self, market: Market | None) -> None:
        for session in list(self.hub.sessions):
            if isinstance(session, PrivateSession | TradeSession) and session.logged_in:
                session.close(1000, "")

    def refusal(self, status: int, retry_after_s: int) -> Reply:
        return self._rest.refusal(status)

    def not_found(self, call: Call) -> Reply:
        return self._rest.reply(10017, "Route not found.", {}, 404)

    def open_socket(self, call: Call) -> Session | Reply:
        market = tables.SOCKET_PATHS.get(call.path)
        private = call.path == tables.PRIVATE_PATH and call.host in tables.SOCKETS | {tables.DEMO_SOCKET}
        trade = call.path == tables.TRADE_PATH and call.host in tables.SOCKETS
        if not (private or trade) and (market is None or call.host not in tables.SOCKETS):
            return self.not_found(call)
        if self._attempts.hit(f"{call.host}/{call.client}", self.hub.now_ns()) > tables.CONNECTIONS_PER_5_MIN:
            return self._rest.refusal(403)
        if trade:
            return TradeSession(self, call)
        if private or market is None:
            return PrivateSession(self, call)
        here = [s for s in self.hub.sessions if s.venue is self and s.market == market]
        if sum(s.call.client == call.client for s in here) >= tables.CONNECTIONS:
            return self._rest.refusal(403)
        return BybitSession(self, call, market)
