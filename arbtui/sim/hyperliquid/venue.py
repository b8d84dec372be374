"""Hyperliquid: what it lists and where each stands in its lists. REST is in ``info``, sockets in ``session``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from arbtui.sim.base import Call, Handler, Reply, Session, SimVenue, Topic
from arbtui.sim.coins import Coin
from arbtui.sim.hub import Hub
from arbtui.sim.hyperliquid import streams, tables
from arbtui.sim.hyperliquid.info import Info
from arbtui.sim.hyperliquid.private import Private
from arbtui.sim.hyperliquid.session import HyperliquidSession
from arbtui.sim.limits import SlidingPer
from arbtui.sim.listing import Listing, Market, Status, Terms, Writer
from arbtui.sim.view import NS_PER_MS


class Pair(NamedTuple):
    """A row of the spot universe. Without a listing it is dead."""

    at: int  # its index: where it stands
    base: int
    quote: int
    listing: Listing | None


class Hyperliquid(SimVenue):
    """Perps priced in USDT (two in USDC) and settled in USDC, spot, and builder dexes that only fill lists."""

    name: ClassVar[str] = "hyperliquid"
    hosts: ClassVar[frozenset[str]] = tables.HOSTS
    seq_is_time: ClassVar[bool] = True
    symbol_keys: ClassVar[tuple[str, ...]] = ("coin",)

    def __init__(self, hub: Hub) -> None:
        self.dexes: dict[str, list[Listing]] = {"": [], **{dex.name: [] for dex in tables.DEXES}}
        self.tokens: list[tables.Token] = [tables.token_at(index) for index in range(tables.FILLED_TOKENS)]
        self.pairs: list[Pair] = []
        self._info = Info(self)
        self._handshakes = SlidingPer(60.0)
        self.messages = SlidingPer(60.0)  # of clients over all their sockets
        super().__init__(hub)
        self.private = Private(self)
        self.desk = self.private.desk

    # -- instruments -----------------------------------------------------------------------------------------------

    def populate(self) -> None:
        self._populate_main_dex()
        self._populate_builder_dexes()
        coins = {coin.ticker: coin for coin in self.world.coins}
        coins["USDT"] = Coin("USDT", "USDT", 1, 1.0, 0.0, 9e8)  # what prices are counted in: it never moves
        for index in range(tables.FILLED_PAIRS):
            base, quote = tables.pair_at(index)
            coin = coins.get(self.tokens[base].means) if index in tables.PAIRS else None
            self._add_pair(index, base, quote, coin)

    def _populate_main_dex(self) -> None:
        """The coins that can be priced here, and every few of them one that was delisted and keeps its place."""
        gone = iter(tables.DELISTED)
        listed = 0
        for coin in self.world.offered(self.name, "perp", "USDT"):
            if listed == tables.MOST_PERPS:
                break
            if not coin.ticker.isascii() or (
                coin.price < tables.CHEAPEST_PERP and coin.ticker not in tables.KILO_COINS
            ):
                continue
            halted = self.world.starts_halted(self.name, "perp", coin)
            self._add_perp(coin, "halted" if halted else "trading")
            listed += 1
            if listed % 3 == 0 and (odd := next(gone, None)) is not None:
                self._add_delisted(*odd)
        for odd in gone:
            self._add_delisted(*odd)

    def _populate_builder_dexes(self) -> None:
        for dex in tables.DEXES:
            for perp in dex.perps:
                native = f"{dex.name}:{perp.name}"
                status: Status = "trading" if perp.alive else "halted"
                coin = Coin(native, perp.name, 60, perp.price, 0.0, 2e6)
                terms = self._perp_terms(native, perp.sz_decimals, quote="USDC", price_ccy="USD", status=status)
                self._place(terms, coin, perp.sz_decimals, perp.max_leverage, dex.name)

    def list_coin(self, coin: Coin, market: Market) -> Listing:
        """List it now. Raises ``ValueError`` for what Hyperliquid could not name or price."""
        if not coin.ticker.isascii():
            raise ValueError(f"hyperliquid cannot list {coin.ticker}: its names are ASCII")
        if market == "perp":
            return self._add_perp(coin, "trading")
        decimals = tables.sz_decimals(coin.ticker, coin.price)
        self.tokens.append(tables.Token(coin.ticker, decimals, coin.ticker, coin.ticker))
        listing = self._add_pair(len(self.pairs), len(self.tokens) - 1, 0, coin)
        assert listing is not None
        return listing

    def _add_perp(self, coin: Coin, status: Status) -> Listing:
        native, kilo = tables.perp_name(coin)
        price = coin.price * kilo
        if price < tables.CHEAPEST_PERP:
            raise ValueError(f"hyperliquid cannot list {coin.ticker}: six decimals are too few for a price of {price}")
        decimals = tables.sz_decimals(coin.ticker, price)
        price_ccy = "USDC" if coin.ticker in tables.USDC_PRICED else "USDT"
        terms = self._perp_terms(
            native, decimals, quote="USDC", price_ccy=price_ccy, status=status, base=coin.ticker, kilo=kilo
        )
        return self._place(terms, coin, decimals, tables.max_leverage(coin), "")

    def _add_delisted(self, native: str, price: float) -> None:
        decimals = tables.sz_decimals(native, price)
        terms = self._perp_terms(native, decimals, quote="USDC", price_ccy="USDT", status="delisted")
        self._place(terms, Coin(native, native, 60, price, 0.0, 0.0), decimals, 3, "")

    def _perp_terms(
        self,
        native: str,
        decimals: int,
        *,
        quote: str,
        price_ccy: str,
        status: Status,
        base: str = "",
        kilo: int = 1,
    ) -> Terms:
        return Terms(
            venue=self.name,
            market="perp",
            native=native,
            quote=quote,
            base=base,
            price_ccy=price_ccy,
            multiplier=Decimal(kilo),
            price_factor=Decimal(kilo),
            tick=tables.unit(tables.PERP_DECIMALS - decimals),
            step=tables.unit(decimals),
            min_notional=tables.MIN_NOTIONAL,
            sig_figs=tables.SIG_FIGS,
            interval_h=1,
            habits=tables.HABITS,
            status=status,
            quiet=not base,
        )

    def _place(self, terms: Terms, coin: Coin, decimals: int, leverage: int, dex: str) -> Listing:
        """The next in a dex's universe: where it stands is its asset index."""
        listing = self._add(terms, coin)
        listing.extra["sz_decimals"] = decimals
        listing.extra["max_leverage"] = leverage
        self.dexes[dex].append(listing)
        return listing

    def _add_pair(self, index: int, base: int, quote: int, coin: Coin | None) -> Listing | None:
        listing = None
        if coin is not None:
            decimals = self.tokens[base].sz_decimals
            terms = Terms(
                venue=self.name,
                market="spot",
                native=tables.pair_name(index),
                base=coin.ticker,
                quote=self.tokens[quote].means,
                tick=tables.unit(tables.SPOT_DECIMALS - decimals),
                step=tables.unit(decimals),
                min_notional=tables.MIN_NOTIONAL,
                sig_figs=tables.SIG_FIGS,
                habits=tables.HABITS,
            )
            listing = self._add(terms, coin)
            listing.extra["supply"] = f"{1000 * (1 + listing.salt % 1_000_000)}.0"
            if coin.ticker == "USDT":  # a stable pair, quoted tightly
                listing.basis_bps /= 10
                listing.half_spread_bps = 0.2
        self.pairs.append(Pair(index, base, quote, listing))
        return listing

    def _add(self, terms: Terms, coin: Coin) -> Listing:
        listing = self.world.add(terms, coin)
        listing.mark_price = Writer(listing.tick, point=True)  # no price here has more decimals than the tick
        return listing

    def status_changed(self, listing: Listing, old: Status) -> None:
        """A book that empties or fills shows in its ``bbo``; what is delisted keeps its last mark."""
        if listing.status == "delisted":
            listing.extra["frozen"] = self.view.marks(listing)
        else:
            listing.extra.pop("frozen", None)
        topic = self.live_topic(streams.key_of({"type": "bbo", "coin": listing.native}))
        if topic is not None and listing.status != old:
            topic.push("change", self.hub.now_ns())

    # -- names and streams -----------------------------------------------------------------------------------------

    def named(self, coin: str) -> Listing | None:
        """The perp or pair of this name, whatever its status, unless it is a dead pair."""
        return self.find("perp", coin) or self.find("spot", coin)

    def token_of(self, asset: str) -> tuple[str, int]:
        """Name and index of the token that an asset of a wallet is (BTC: UBTC).

        What was put into a wallet without being a token keeps its name and comes after the last.
        """
        for index, token in enumerate(self.tokens):
            if token.means == asset:
                return token.name, index
        return asset, len(self.tokens)

    def exists(self, coin: str) -> bool:
        """Whether there is such a name, dead or alive."""
        return self.named(coin) is not None or any(tables.pair_name(pair.at) == coin for pair in self.pairs)

    def perps(self) -> Iterator[Listing]:
        """Perps of all dexes."""
        for listings in self.dexes.values():
            yield from listings

    def live_pairs(self) -> list[Listing]:
        return [pair.listing for pair in self.pairs if pair.listing is not None]

    def block_ms(self, market: Market | None) -> int:
        """Time of the last block by the venue's own clock: that of the world's last step."""
        fault = self.hub.faults.find("clock_skew", self.name, market) if self.hub.faults.active else None
        return self.world.now_ns // NS_PER_MS + (int(fault.number) if fault is not None else 0)

    def stream(self, subscription: dict[str, Any]) -> Topic:
        """The shared stream of a subscription whose defaults are filled in."""
        return self.topic(streams.key_of(subscription), lambda: streams.make(self, subscription))

    # -- requests and handshakes -----------------------------------------------------------------------------------

    def routes(self) -> Mapping[tuple[str, str], Handler]:
        return {("POST", "/info"): self._info.answer, ("POST", "/exchange"): self._info.action}

    def handle(self, call: Call) -> Reply:
        if call.method != "POST" and call.path in ("/info", "/exchange"):
            return Reply(405, headers={"Allow": "POST"})
        return super().handle(call)

    @property
    def info(self) -> Info:
        return self._info

    def market_of(self, call: Call) -> Market | None:
        return self._info.market_of(call)

    def symbol_of(self, call: Call) -> str | None:
        return self._info.coin_of(call)

    def not_found(self, call: Call) -> Reply:
        return Reply(404)

    def refusal(self, status: int, retry_after_s: int) -> Reply:
        """Neither Retry-After nor limit headers, whatever is refused."""
        if status == 500:
            return Reply(500, b"Internal Server Error", content_type="text/plain")
        return Reply(status, b"null")

    def sessions_of(self, client: str) -> list[HyperliquidSession]:
        """A client's open sockets: limits are of addresses."""
        return [x for x in self.hub.sessions if isinstance(x, HyperliquidSession) and x.call.client == client]

    def expire_sessions(self, market: Market | None) -> None:
        """Nobody logs in here: sockets that listen to an account end."""
        for session in list(self.hub.sessions):
            if isinstance(session, HyperliquidSession) and session.private:
                session.drop()

    def open_socket(self, call: Call) -> Session | Reply:
        if call.path != "/ws":
            return self.not_found(call)
        too_often = self._handshakes.hit(call.client, self.hub.now_ns()) > tables.CONNECTIONS_PER_MIN
        if too_often or len(self.sessions_of(call.client)) >= tables.CONNECTIONS:
            return self.refusal(429, 0)
        return HyperliquidSession(self, call)
