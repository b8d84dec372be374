"""Binance: USD-M perpetuals (``usdm``) and spot.

``addresses`` hosts and routes; ``instruments`` what is listed; ``public`` the sockets; ``rest`` requests and answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from arbtui.core.events import Event, QuoteTexts
from arbtui.core.model import Channel, Instrument, Market, Stream
from arbtui.core.sequence import Contiguous, PrevLink, SequenceRule
from arbtui.venues.base import Cadence, Environment, HttpRequest, Manners, SocketPlan, Tables
from arbtui.venues.binance import public, rest
from arbtui.venues.binance.addresses import market_of, purpose_of, socket_url, wire_name
from arbtui.venues.binance.instruments import NAME, QUOTES
from arbtui.venues.binance.public import BinanceSession
from arbtui.venues.channels import sockets

_LIFETIME_S = 23 * 3600.0  # both products cut at 24 h

_STREAMS_PER_SOCKET = 300
_PER_SOCKET = dict.fromkeys(("bbo", "book", "market"), _STREAMS_PER_SOCKET)


def _manners(messages_per_s: float) -> Manners:
    return Manners(
        messages_per_s=messages_per_s,
        streams_per_socket=_STREAMS_PER_SOCKET,
        ping_every_s=15.0,
        ping_when_idle=True,
        lifetime_s=_LIFETIME_S,
    )


# USD-M takes 10 messages/s by the docs and was seen to cut after bursts of more than 15; spot takes 5/s, our pongs
# among them. Both allow 1024 streams a socket, and the 1025th costs all of them: fewer, for CPU and blast radius.
# USD-M pings every 3 minutes only, so the heartbeat is ours. Source: Binance USD-M docs, "Websocket Market Streams";
# spot docs, "WebSocket Streams", "General WSS information".
_MANNERS = {Market.PERP: _manners(messages_per_s=5.0), Market.SPOT: _manners(messages_per_s=3.0)}

# Arrays come every second with whatever changed; bookTicker and depth only on change.
_CADENCES = {
    Channel.BBO: Cadence(periodic=False, quiet_s=30.0),
    Channel.BOOK: Cadence(periodic=False, quiet_s=30.0),
    Channel.TICKER: Cadence(periodic=True, quiet_s=15.0),
    Channel.MARK: Cadence(periodic=True, quiet_s=10.0),
    Channel.FUNDING: Cadence(periodic=True, quiet_s=10.0),
}
_SILENT = Cadence(periodic=False, quiet_s=None)

# VIP 0, before the discount for paying in BNB. Source: binance.com fee schedule, USD-M and spot.
_FEES = {Market.PERP: (0.0002, 0.0005), Market.SPOT: (0.001, 0.001)}


class Binance:
    """See ``venues.base.Venue``."""

    name = NAME
    markets: tuple[Market, ...] = (Market.PERP, Market.SPOT)
    quotes: tuple[str, ...] = QUOTES
    rest_limits = rest.rest_limits()

    def manners(self, market: Market) -> Manners:
        return _MANNERS[market]

    def cadence(self, market: Market, channel: Channel) -> Cadence:
        return _CADENCES.get(channel, _SILENT)

    def fees(self, market: Market) -> tuple[float, float]:
        return _FEES[market]

    def book_rule(self, market: Market) -> SequenceRule:
        return PrevLink() if market is Market.PERP else Contiguous()

    def plan(self, env: Environment, streams: Iterable[Stream]) -> list[SocketPlan]:
        in_order = sorted(streams, key=lambda stream: (stream.market, purpose_of(stream)))
        return sockets(
            in_order, wire_name, _PER_SOCKET, lambda market, purpose: socket_url(env, market, purpose), purpose_of
        )

    def streams_for(self, instrument: Instrument) -> tuple[Stream, ...]:
        bbo = Stream(instrument.market, Channel.BBO, instrument.native)
        if instrument.market is Market.SPOT:
            return bbo, Stream(Market.SPOT, Channel.TICKER)
        return (
            bbo,
            Stream(Market.PERP, Channel.TICKER),
            Stream(Market.PERP, Channel.MARK),
            Stream(Market.PERP, Channel.FUNDING),
            Stream(Market.PERP, Channel.INSTRUMENTS),
        )

    def book_stream(self, instrument: Instrument) -> Stream:
        return Stream(instrument.market, Channel.BOOK, instrument.native)

    def session(self, url: str, tables: Tables) -> BinanceSession:
        market = market_of(url)
        return BinanceSession(market, tables.of(market))

    def instrument_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        return rest.instrument_requests(env, market)

    def next_page(self, request: HttpRequest, body: bytes) -> HttpRequest | None:
        return None  # Binance pages none of its public lists

    def snapshot_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        return rest.snapshot_requests(env, market)

    def book_request(self, env: Environment, instrument: Instrument) -> HttpRequest:
        return rest.book_request(env, instrument)

    def time_request(self, env: Environment) -> HttpRequest:
        return rest.time_request(env)

    def decode_http(self, request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
        return rest.decode_http(request, status, body, tables, t_ns)

    def quote_texts(self, market: Market, raw: bytes) -> QuoteTexts:
        return public.quote_texts(raw)
