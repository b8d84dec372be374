"""Hyperliquid: perps of the main exchange (priced in USDT, settled in USDC) and spot.

What is streamed, and why so. An address may hold 10 connections with 1,000 subscriptions together and send 2,000
messages a minute, one subscription each:

    bbo              every selected instrument, at every block that changes it; quiet coins are silent for minutes
    activeAssetCtx   every selected perp, once a second: mark, oracle price, funding, 24 h figures. The all-symbol
                     channel for these comes every 14 s and names no coin
    fastAssetCtxs    one per market, once a second: mids of all coins, the second opinion on bbo (``Mid``)
    trades           where orders of a paper account rest
    l2Book fast      watched instruments: 5 levels, whole, every half second. The 20 levels of the plain one are up to
                     6.5 s old

All 180 perps make 360 subscriptions, all 300 spot pairs as many again if they were to have contexts too: so spot has
its 24 h figures by REST, every 12 s, and 340 subscriptions are left for books and for connections that replace each
other. At 150 a socket, perps take three sockets and spot up to three. A clock to date quotes by there is none: all
times are those of blocks.

The all-symbol REST snapshot brings figures and no best prices, since the venue offers none; see ``info``.

Source of all facts: Hyperliquid docs, as changed until November 2026, and measured traffic of September 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from arbtui.core.events import Event, QuoteTexts
from arbtui.core.model import Channel, Instrument, Market, Stream
from arbtui.core.sequence import Replaced, SequenceRule
from arbtui.venues.base import Cadence, Environment, HttpRequest, Manners, Session, SocketPlan, Tables
from arbtui.venues.channels import sockets, streams_of
from arbtui.venues.hyperliquid import info, public
from arbtui.venues.hyperliquid.instruments import QUOTES
from arbtui.venues.hyperliquid.names import VENUE
from arbtui.venues.hyperliquid.subscriptions import wire_of

_MANNERS = Manners(
    messages_per_s=30.0,  # 200 a second are taken; 2,000 a minute of all sockets bind, should they flap
    streams_per_socket=150,
    connects_per_min=30.0,
    ping_every_s=20.0,  # the venue closes when it had nothing to send for 60 s; acknowledgements do not count
    ping_when_idle=True,
    silence_s=35.0,
)
_CADENCE = {
    Channel.BBO: Cadence(periodic=False, quiet_s=None),  # on change only; ``fastAssetCtxs`` tells if a price is old
    Channel.BOOK: Cadence(periodic=True, quiet_s=8.0),  # every 0.5 s, also unchanged; where it is slow, every 5.4 s
    Channel.TICKER: Cadence(periodic=True, quiet_s=15.0),
    Channel.MARK: Cadence(periodic=True, quiet_s=15.0),
    Channel.FUNDING: Cadence(periodic=True, quiet_s=15.0),
    Channel.MIDS: Cadence(periodic=True, quiet_s=10.0),
    Channel.TRADES: Cadence(periodic=False, quiet_s=None),
    Channel.INSTRUMENTS: Cadence(periodic=False, quiet_s=None),  # not offered
}
_FEES = {Market.PERP: (0.00015, 0.00045), Market.SPOT: (0.0004, 0.0007)}  # base tier: Hyperliquid docs, "Fees"


class Hyperliquid:
    """See ``venues.base.Venue``."""

    name = VENUE
    markets: tuple[Market, ...] = (Market.PERP, Market.SPOT)
    quotes: tuple[str, ...] = QUOTES
    rest_limits = info.rest_limits()

    def manners(self, market: Market) -> Manners:
        return _MANNERS

    def cadence(self, market: Market, channel: Channel) -> Cadence:
        return _CADENCE[channel]

    def fees(self, market: Market) -> tuple[float, float]:
        return _FEES[market]

    def book_rule(self, market: Market) -> SequenceRule:
        return Replaced()

    def plan(self, env: Environment, streams: Iterable[Stream]) -> list[SocketPlan]:
        """Everything of a market on as few sockets as hold it, since it is connections that are scarce."""
        url = f"wss://{info.HOSTS[env]}/ws"
        per_socket = {"public": _MANNERS.streams_per_socket}
        return sockets(streams, wire_of, per_socket, lambda *_: url, purpose=lambda _: "public")

    def streams_for(self, instrument: Instrument) -> tuple[Stream, ...]:
        own = streams_of(instrument, (Channel.BBO,), perp_only=(Channel.TICKER, Channel.MARK, Channel.FUNDING))
        return *own, Stream(instrument.market, Channel.MIDS)

    def book_stream(self, instrument: Instrument) -> Stream:
        return Stream(instrument.market, Channel.BOOK, instrument.native)

    def session(self, url: str, tables: Tables) -> Session:
        """One framing, and all markets, on all of Hyperliquid's sockets: ``url`` does not matter."""
        return public.HyperliquidSession(tables)

    def instrument_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        return info.requests(env, market)

    def next_page(self, request: HttpRequest, body: bytes) -> HttpRequest | None:
        """Hyperliquid does not page what is asked here."""
        return None

    def snapshot_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        """The same as discovery's: every round also tells what was listed or delisted since."""
        return info.requests(env, market)

    def book_request(self, env: Environment, instrument: Instrument) -> HttpRequest | None:
        """Every push is a whole book."""
        return None

    def time_request(self, env: Environment) -> HttpRequest | None:
        """What it tells is the time of its state, a little behind its clock: see ``info``."""
        return info.time_request(env)

    def decode_http(self, request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
        return info.decode(request, status, body, tables, t_ns)

    def quote_texts(self, market: Market, raw: bytes) -> QuoteTexts:
        return public.quote_texts(raw)
