"""OKX: what it lists, and which channels an instrument has. REST is in ``rest``, sockets in ``session``, accounts
in ``private``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from arbtui.sim.base import Call, Handler, Reply, Session, SimVenue, Topic
from arbtui.sim.coins import Coin
from arbtui.sim.hub import Hub
from arbtui.sim.limits import PerWindow
from arbtui.sim.listing import Listing, Market, Status, Terms, Writer
from arbtui.sim.okx import channels, tables
from arbtui.sim.okx.private import Private, asked
from arbtui.sim.okx.rest import Rest
from arbtui.sim.okx.session import OkxSession

_DAY_MS = 86_400_000


class Okx(SimVenue):
    """Linear swaps in contracts of so many coins, and spot. Prices are per coin everywhere."""

    name: ClassVar[str] = "okx"
    hosts: ClassVar[frozenset[str]] = tables.REST_HOSTS | tables.SOCKETS
    has_checksum: ClassVar[bool] = True  # the field is there, always 0; ``bad_checksum`` makes it 1
    resets_ids: ClassVar[bool] = True
    symbol_keys: ClassVar[tuple[str, ...]] = ("instId",)

    def __init__(self, hub: Hub) -> None:
        self._handshakes = PerWindow(tables.CONNECTIONS_PER_S, 1)
        self._rest = Rest(self)
        self._next_code = tables.FIRST_CODE
        super().__init__(hub)
        self.private = Private(self)
        self.desk = self.private.desk

    # -- instruments -----------------------------------------------------------------------------------------------

    def populate(self) -> None:
        for coin, market, quote, status in self.usual_listings():
            self._list(coin, market, quote, status)

    def list_coin(self, coin: Coin, market: Market) -> Listing:
        return self._list(coin, market, "USDT")

    def _list(self, coin: Coin, market: Market, quote: str, status: Status = "trading") -> Listing:
        family = f"{coin.ticker}-{quote}"
        terms = self._swap(coin, family, quote, status) if market == "perp" else self._pair(coin, family, quote, status)
        listing = self.world.add(terms, coin)
        listing.extra["family"] = family
        listing.extra["coins"] = Writer(listing.step * terms.multiplier, shortest=True)
        listing.extra["list_ms"] = listing.listed_ms - _DAY_MS * (30 + listing.salt % 1500)
        listing.extra["code"] = tables.CODES.get(listing.native, self._next_code)
        self._next_code += 1
        return listing

    def _swap(self, coin: Coin, family: str, quote: str, status: Status) -> Terms:
        return Terms(
            venue=self.name,
            market="perp",
            native=f"{family}-SWAP",
            quote=quote,
            multiplier=tables.contract_value(coin),
            tick=tables.SWAP_TICKS.get(coin.ticker),
            step=tables.SWAP_LOTS.get(coin.ticker),
            min_notional=tables.NO_MINIMUM,
            interval_h=self.world.interval_h(self.name, coin),
            seq_start=tables.SWAP_IDS,
            seq_jump=tables.ID_JUMP,
            habits=tables.HABITS,
            status=status,
        )

    def _pair(self, coin: Coin, family: str, quote: str, status: Status) -> Terms:
        return Terms(
            venue=self.name,
            market="spot",
            native=family,
            quote=quote,
            tick=tables.SPOT_TICKS.get(coin.ticker),
            step=tables.SPOT_LOTS.get(coin.ticker),
            min_qty=tables.SPOT_MINIMA.get(coin.ticker),
            min_notional=tables.NO_MINIMUM,
            seq_start=tables.SPOT_IDS,
            seq_jump=tables.ID_JUMP,
            habits=tables.HABITS,
            status=status,
        )

    def named(self, inst_id: str) -> Listing | None:
        """The swap or pair called ``inst_id``, unless it is gone."""
        market: Market = "perp" if inst_id.endswith("-SWAP") else "spot"
        listing = self.find(market, inst_id)
        return None if listing is None or listing.status == "delisted" else listing

    def status_changed(self, listing: Listing, old: Status) -> None:
        for demo in (False, True):
            topic = self.live_topic(("instruments", tables.INST_TYPE[listing.market], demo))
            if isinstance(topic, channels.Instruments):
                topic.tell(listing)

    # -- channels --------------------------------------------------------------------------------------------------

    def subject(self, channel: str, inst_id: str) -> Listing | None:
        """The instrument that ``channel`` shows under the name ``inst_id``; None: there is no such stream."""
        if channel == "index-tickers":
            return self.named(f"{inst_id}-SWAP")
        listing = self.named(inst_id)
        if listing is not None and channel in ("mark-price", "funding-rate") and listing.market != "perp":
            return None
        return listing

    def stream(self, channel: str, listing: Listing) -> Topic:
        """The shared stream of ``channel`` for an instrument."""
        return self.topic((channel, listing), lambda: channels.make(self, channel, listing))

    def instruments(self, inst_type: str, *, demo: bool) -> Topic:
        """The shared instruments channel of a type."""
        market = tables.MARKET.get(inst_type)
        return self.topic(
            ("instruments", inst_type, demo), lambda: channels.Instruments(self, inst_type, market, demo=demo)
        )

    # -- requests and handshakes -----------------------------------------------------------------------------------

    def routes(self) -> Mapping[tuple[str, str], Handler]:
        return self._rest.routes()

    def market_of(self, call: Call) -> Market | None:
        inst_id, inst_type = self._asked(call, "instId") or "", self._asked(call, "instType") or ""
        if call.path in ("/api/v5/public/funding-rate", "/api/v5/public/funding-rate-history"):
            return "perp"
        if inst_type:
            return tables.MARKET.get(inst_type)
        if not inst_id or call.host in tables.SOCKETS:
            return None
        return "perp" if inst_id.endswith("-SWAP") else "spot"

    def handle(self, call: Call) -> Reply:
        return self.private.handle(call) if self.private.knows(call) else self._rest.handle(call)

    def symbol_of(self, call: Call) -> str | None:
        return self._asked(call, "instId")

    def _asked(self, call: Call, key: str) -> str | None:
        """A parameter of the query, or of the (first object of the) body."""
        if call.method == "GET" or not call.body:
            return call.query.get(key)
        ask = asked(call)
        first = ask[0] if isinstance(ask, list) and ask else ask
        return str(first[key]) if isinstance(first, dict) and key in first else None

    def expire_sessions(self, market: Market | None) -> None:
        for session in list(self.hub.sessions):
            if isinstance(session, OkxSession) and session.logged_in:
                session.close(4001, "Login Failed")

    def refusal(self, status: int, retry_after_s: int) -> Reply:
        """OKX sends no Retry-After, whatever it refuses."""
        if status == 500:
            return Reply(500, b'{"code":"50026","data":[],"msg":"System error. Try again later."}')
        return Reply(status, b'{"msg":"Too Many Requests","code":"50011"}')

    def not_found(self, call: Call) -> Reply:
        return Reply(404, b'{"code":"404","data":[],"msg":"Not Found"}')

    def open_socket(self, call: Call) -> Session | Reply:
        side = tables.SOCKET_PATHS.get(call.path)
        if side is None or call.host not in tables.SOCKETS:
            return self.not_found(call)
        if self._handshakes.add(call.client, 1, self.hub.now_ns()) > tables.CONNECTIONS_PER_S:
            return self.refusal(429, 0)
        return OkxSession(self, call, side)
