"""Bybit: linear USDT/USDC perpetuals and spot, API V5.

What is streamed, and why so. Bybit has no all-symbols topics, so every instrument is asked for by name:

    orderbook.1       every selected instrument: best prices at most every 10 ms, repeated every 3 s
    tickers           every selected instrument: last and 24 h figures; of perpetuals also mark, index and funding
    publicTrade       where orders of a paper account rest
    orderbook.200     watched instruments: 200 levels every 100 ms, counted one by one. 50 levels come five times as
                      often and end a few ticks from the top; best prices have their own, faster topic anyway

300 perpetuals + 300 spot pairs make 1,200 topics on six sockets. All topics of one connection together may have 21,000
characters: 200 books of 30 characters have 6,000. A full socket of perpetuals is asked for with 4 requests, one of
spot, where a request may name 10 topics, with 20.

A book begins with the socket's snapshot, so one that is lost is subscribed anew; REST answers count another depth.

Source of all facts: Bybit V5 docs (WebSocket Stream, Market, Rate Limit Rules, Demo Trading), as of July 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from arbtui.core.events import Event, QuoteTexts
from arbtui.core.model import Channel, Instrument, Market, Stream
from arbtui.core.sequence import Counter, SequenceRule
from arbtui.venues.base import Cadence, Environment, HttpRequest, Manners, RestLimit, SocketPlan, Tables
from arbtui.venues.bybit import http, public
from arbtui.venues.bybit.addresses import PUBLIC_SOCKET, REST
from arbtui.venues.bybit.instruments import CATEGORY, QUOTES, VENUE
from arbtui.venues.bybit.public import BybitSession
from arbtui.venues.bybit.subscriptions import topic_of
from arbtui.venues.channels import sockets, streams_of
from arbtui.venues.wire import address, with_query

_MANNERS = Manners(
    messages_per_s=10.0,  # no limit is documented; 200 requests within 7 ms were taken
    streams_per_socket=200,
    connects_per_min=60.0,  # the venue allows 500 in 5 minutes
    ping_every_s=20.0,
)
_PER_SOCKET = {"bbo": 200, "book": 200, "data": 400}  # topics; a ticker speaks less often than a book

_CADENCES = {
    Channel.BBO: Cadence(periodic=True, quiet_s=10.0),  # at least every 3 s
    Channel.BOOK: Cadence(periodic=False, quiet_s=60.0),
    Channel.TRADES: Cadence(periodic=False, quiet_s=None),
}
_PERP_DATA = Cadence(periodic=False, quiet_s=60.0)  # the index of a contract that trades does not stand still so long
_ON_CHANGE = Cadence(periodic=False, quiet_s=None)

# VIP 0; innovation-zone, pre-market and xStocks rows carry their own. Source: Bybit's fee page, July 2026.
_FEES = {Market.PERP: (0.0002, 0.00055), Market.SPOT: (0.001, 0.001)}

_IP_BUCKET = "ip"


class Bybit:
    """See ``venues.base.Venue``."""

    name = VENUE
    markets: tuple[Market, ...] = (Market.PERP, Market.SPOT)
    quotes: tuple[str, ...] = QUOTES
    # 600 requests in 5 s, then ten minutes of nothing but 403: a tenth of it is plenty.
    rest_limits: tuple[RestLimit, ...] = tuple(
        RestLimit(address(url).host, _IP_BUCKET, 600.0, 5.0, share=0.1) for url in REST.values()
    )

    def manners(self, market: Market) -> Manners:
        return _MANNERS

    def cadence(self, market: Market, channel: Channel) -> Cadence:
        return _CADENCES.get(channel) or (_PERP_DATA if market is Market.PERP else _ON_CHANGE)

    def fees(self, market: Market) -> tuple[float, float]:
        return _FEES[market]

    def book_rule(self, market: Market) -> SequenceRule:
        return Counter()

    def plan(self, env: Environment, streams: Iterable[Stream]) -> list[SocketPlan]:
        return sockets(streams, topic_of, _PER_SOCKET, lambda market, _: _socket(env, market))

    def streams_for(self, instrument: Instrument) -> tuple[Stream, ...]:
        return streams_of(instrument, (Channel.BBO, Channel.TICKER), perp_only=(Channel.MARK, Channel.FUNDING))

    def book_stream(self, instrument: Instrument) -> Stream:
        return Stream(instrument.market, Channel.BOOK, instrument.native)

    def session(self, url: str, tables: Tables) -> BybitSession:
        return BybitSession(public.market_of(url), tables)

    def instrument_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        """Pre-market contracts are told only when asked for, and asked for first: what became official comes later."""
        if market is Market.SPOT:
            return [_get(env, http.INSTRUMENTS, "spot instruments", category="spot")]
        early, official = "pre-market instruments", "linear instruments"
        return [
            _get(env, http.INSTRUMENTS, early, category="linear", limit=1000, status=http.PRE_LAUNCH),
            _get(env, http.INSTRUMENTS, official, category="linear", limit=1000),
        ]

    def next_page(self, request: HttpRequest, body: bytes) -> HttpRequest | None:
        return http.next_page(request, body)

    def snapshot_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        """Everything of a market in one answer: unlike the spot ticker of the socket, this one has best prices."""
        category = CATEGORY[market]
        return [_get(env, http.TICKERS, f"{category} tickers", category=category)]

    def book_request(self, env: Environment, instrument: Instrument) -> None:
        """A book by REST has the ids of the 1000-level stream: no update of ours would follow it."""
        return

    def time_request(self, env: Environment) -> HttpRequest:
        return _get(env, http.TIME, "time")

    def decode_http(self, request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
        return http.decode(request, status, body, tables, t_ns)

    def quote_texts(self, market: Market, raw: bytes) -> QuoteTexts:
        return public.quote_texts(raw)


def _socket(env: Environment, market: Market) -> str:
    return f"{PUBLIC_SOCKET[env]}/v5/public/{CATEGORY[market]}"


def _get(env: Environment, path: str, purpose: str, **query: str | int) -> HttpRequest:
    return HttpRequest("GET", with_query(REST[env] + path, **query), purpose, bucket=_IP_BUCKET)
