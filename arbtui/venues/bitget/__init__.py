"""Bitget: USDT- and USDC-margined perpetuals and spot, public side of API v2 (classic), which needs no account.

What is streamed, and why so. There are no all-symbols channels, so every instrument is asked for by name:

    books1    every selected instrument: best prices at most every 10 ms, with an update id
    ticker    every selected instrument, about every 100 ms: last, 24 h figures, mark, index, funding; and best prices
              again, which serve as the second opinion on the first (``Mid``)
    trade     where orders of a paper account rest
    books     watched instruments: up to 500 levels, every 100 to 150 ms, chained by update ids

The rows of ``ticker`` alone would do with half the sockets, but an opportunity between venues lives for fractions of a
second, and a price that is 100 to 400 ms old when it comes is the wrong one to act on. The budgets allow for both. A
connection may ask 240 times an hour and carry 1,000 channels, of which the docs advise fewer than 50 and 150 were seen
to work; an address may hold 100 connections. At 50 ``books1`` and 100 ``ticker`` a socket, 400 perpetuals and 250 spot
pairs take 20 sockets, all of some 1,400 that are worth watching 42, and each asks once or twice when it connects; what
is left of the hour's requests pays for asking lost books anew, two requests each.

A book begins with the snapshot that the socket sends on subscribing. REST books carry no update id, so after a gap
there is no other way back than to unsubscribe and subscribe.

Source of all facts: Bitget classic API docs ("Websocket API", "Best Practices", market channels and endpoints), as of
2026, and traffic of September 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from arbtui.core.events import Event, QuoteTexts
from arbtui.core.model import Channel, Instrument, Market, Stream
from arbtui.core.sequence import PrevWithin, SequenceRule
from arbtui.venues.base import Cadence, Environment, HttpRequest, Manners, RestLimit, Session, SocketPlan, Tables
from arbtui.venues.bitget import http, public
from arbtui.venues.bitget.addresses import PUBLIC_SOCKET, REST, REST_HOST, demo_headers
from arbtui.venues.bitget.instruments import PRODUCTS, QUOTES, SPOT, VENUE
from arbtui.venues.bitget.subscriptions import wire_arg
from arbtui.venues.channels import purpose_of, sockets, streams_of
from arbtui.venues.wire import with_query

_PER_SOCKET = {"bbo": 50, "data": 100, "book": 50}  # in the order in which sockets are opened

_MANNERS = Manners(
    messages_per_s=4.0,  # the venue takes 10, pings among them, and closes on more
    requests_per_hour=240,
    streams_per_socket=_PER_SOCKET["bbo"],
    connects_per_min=60.0,  # 300 in 5 minutes
    ping_every_s=20.0,  # without a "ping" for two minutes the venue closes, however busy the connection is
    silence_s=35.0,
    lifetime_s=23 * 3600.0,  # cut after 24 h
)

_ON_CHANGE = Cadence(periodic=False, quiet_s=None)
_CADENCE = {
    (Market.PERP, Channel.TICKER): Cadence(periodic=True, quiet_s=30.0),  # every 50 to 200 ms on a thin contract too
    (Market.PERP, Channel.MARK): Cadence(periodic=True, quiet_s=30.0),
    (Market.PERP, Channel.FUNDING): Cadence(periodic=True, quiet_s=30.0),
}

# VIP 0; nearly all listings say the same. Source: Bitget fee schedule, September 2026.
_FEES = {Market.PERP: (0.0002, 0.0006), Market.SPOT: (0.001, 0.001)}


class Bitget:
    """See ``venues.base.Venue``."""

    name = VENUE
    markets: tuple[Market, ...] = (Market.PERP, Market.SPOT)
    quotes: tuple[str, ...] = QUOTES
    rest_limits: tuple[RestLimit, ...] = tuple(
        RestLimit(REST_HOST, bucket, 20, window_s=1.0)  # each endpoint by itself; all together 6,000 a minute
        for bucket in ("contracts", "symbols", "mix-tickers", "spot-tickers", "funding-rate", "time")
    )

    def manners(self, market: Market) -> Manners:
        return _MANNERS

    def cadence(self, market: Market, channel: Channel) -> Cadence:
        return _CADENCE.get((market, channel), _ON_CHANGE)

    def fees(self, market: Market) -> tuple[float, float]:
        return _FEES[market]

    def book_rule(self, market: Market) -> SequenceRule:
        return PrevWithin()

    def plan(self, env: Environment, streams: Iterable[Stream]) -> list[SocketPlan]:
        """Best prices first. Perpetuals of both currencies share sockets: each arg names its product."""
        purposes = list(_PER_SOCKET)
        in_order = sorted(streams, key=lambda stream: (purposes.index(purpose_of(stream)), stream.market))
        return sockets(in_order, wire_arg, _PER_SOCKET, lambda *_: PUBLIC_SOCKET[env])

    def streams_for(self, instrument: Instrument) -> tuple[Stream, ...]:
        return streams_of(instrument, (Channel.BBO, Channel.TICKER), perp_only=(Channel.MARK, Channel.FUNDING))

    def book_stream(self, instrument: Instrument) -> Stream:
        return Stream(instrument.market, Channel.BOOK, instrument.native)

    def session(self, url: str, tables: Tables) -> Session:
        """One framing on all of Bitget's public sockets: ``url`` does not matter."""
        return public.BitgetSession(tables)

    def instrument_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        """Funding intervals are among the rows."""
        if market is Market.SPOT:
            return [_get(env, http.SYMBOLS, "symbols", f"{SPOT} instruments")]
        return [
            _get(env, http.CONTRACTS, "contracts", f"{product} instruments", productType=product)
            for product in PRODUCTS[market]
        ]

    def next_page(self, request: HttpRequest, body: bytes) -> HttpRequest | None:
        """Bitget does not page what is asked here."""
        return None

    def snapshot_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        if market is Market.SPOT:
            return [_get(env, http.SPOT_TICKERS, "spot-tickers", f"{SPOT} tickers")]
        products = PRODUCTS[market]
        return [
            *(_get(env, http.MIX_TICKERS, "mix-tickers", f"{name} tickers", productType=name) for name in products),
            *(_get(env, http.FUNDING, "funding-rate", f"{name} funding", productType=name) for name in products),
        ]

    def book_request(self, env: Environment, instrument: Instrument) -> HttpRequest | None:
        """A book by REST has no update id, so nothing can follow it."""
        return None

    def time_request(self, env: Environment) -> HttpRequest | None:
        return _get(env, http.TIME, "time", "time")

    def decode_http(self, request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
        return http.decode(request, status, body, tables, t_ns)

    def quote_texts(self, market: Market, raw: bytes) -> QuoteTexts:
        return public.quote_texts(raw)


def _get(env: Environment, path: str, bucket: str, purpose: str, **query: str) -> HttpRequest:
    url = with_query(REST + path, **query)
    return HttpRequest("GET", url, purpose, bucket=bucket, headers=demo_headers(env))
