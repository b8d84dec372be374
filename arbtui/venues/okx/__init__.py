"""OKX: linear USDT/USDC perpetuals (SWAP) and SPOT, API v5.

What is streamed, and why so. OKX has no all-symbols channels, so every instrument is asked for by name:

    bbo-tbt                      every selected instrument: best prices at most every 10 ms, with an update id
    tickers                      every selected instrument, at most every 100 ms: last, 24 h figures, and best prices
                                 again, which serve as the second opinion on the first (``Mid``)
    mark-price, index-tickers    every SWAP, at most every 200 ms and 100 ms; together they are ``Channel.MARK``
    funding-rate                 every SWAP, every 30 to 90 s
    trades                       where orders of a paper account rest
    books                        watched instruments: 400 levels, every 100 ms, chained by update ids
    instruments                  one per market: listing and status changes

300 SWAP + 400 SPOT instruments make 2,300 args. At most 240 busy channels share a socket, which gives two sockets of
``bbo-tbt`` a market and eight of the rest; a (re)connect of a full socket sends four subscribe requests of 4 KB, far
below the 480 an hour that the venue allows a connection. New connections: 3 a second for an address.

A book begins with the snapshot that the socket sends on subscribing; a second subscribe alone brings none. Where it
begins with an update instead, or after a gap, ``book_request`` brings a snapshot by REST, which costs none of the
hour's requests. The docs announce its ``seqId`` without showing one: where it is missing, the answer is ``Resync``, and
the book is unsubscribed and subscribed again.

Source of all facts: OKX API v5 docs (WebSocket, Public Data, Order Book Trading), as changed until November 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from arbtui.core.events import Event, QuoteTexts
from arbtui.core.model import Channel, Instrument, Market, Stream
from arbtui.core.sequence import PrevEquals, SequenceRule
from arbtui.venues.base import Cadence, Environment, HttpRequest, Manners, RestLimit, Session, SocketPlan, Tables
from arbtui.venues.channels import sockets, streams_of
from arbtui.venues.okx import http, public
from arbtui.venues.okx.checksum import DEPTH
from arbtui.venues.okx.instruments import INST_TYPE, QUOTES, VENUE
from arbtui.venues.okx.subscriptions import wire_args
from arbtui.venues.wire import with_query

_REST_HOST = "www.okx.com"
_REST = f"https://{_REST_HOST}"
_PUBLIC_SOCKET = {
    Environment.PROD: "wss://ws.okx.com:8443/ws/v5/public",
    Environment.DEMO: "wss://wspap.okx.com:8443/ws/v5/public",
    Environment.TESTNET: "wss://wspap.okx.com:8443/ws/v5/public",  # OKX's testnet is its demo trading
}
_DEMO_HEADERS = {"x-simulated-trading": "1"}  # same REST host as production

_MANNERS = Manners(
    messages_per_s=2.0,  # our choice: the venue counts by the hour
    requests_per_hour=480,
    streams_per_socket=240,
    ping_every_s=20.0,
    ping_when_idle=True,
    silence_s=30.0,  # the venue closes after 30 s without traffic, so should we
    compression=True,
)
_PER_SOCKET = {"bbo": 240, "book": 240, "data": 180}  # "data" of a SWAP is four args for three streams: 240 args
_CADENCE = {
    # On change only: asking the quiet ones anew would use up the hour's requests. ``tickers`` tells if a price is old.
    Channel.BBO: Cadence(periodic=False, quiet_s=None),
    Channel.TICKER: Cadence(periodic=False, quiet_s=None),
    Channel.BOOK: Cadence(periodic=False, quiet_s=90.0),  # an idle book sends an empty update after about 60 s
    Channel.MARK: Cadence(periodic=True, quiet_s=30.0),  # every 10 s even when nothing moves
    Channel.FUNDING: Cadence(periodic=True, quiet_s=240.0),
    Channel.INSTRUMENTS: Cadence(periodic=False, quiet_s=None),
    Channel.TRADES: Cadence(periodic=False, quiet_s=None),
    Channel.MIDS: Cadence(periodic=False, quiet_s=None),  # not offered
}
_FEES = {Market.SPOT: (0.0008, 0.0010), Market.PERP: (0.0002, 0.0005)}  # regular Lv1: okx.com/fees, November 2026


class Okx:
    """See ``venues.base.Venue``."""

    name = VENUE
    markets: tuple[Market, ...] = (Market.PERP, Market.SPOT)
    quotes: tuple[str, ...] = QUOTES
    rest_limits: tuple[RestLimit, ...] = tuple(
        RestLimit(_REST_HOST, bucket, capacity, window_s=2.0)
        for bucket, capacity in (
            ("instruments", 20),
            ("tickers", 20),
            ("mark-price", 10),
            ("funding-rate", 10),
            ("books", 40),
            ("time", 10),
        )
    )

    def manners(self, market: Market) -> Manners:
        return _MANNERS

    def cadence(self, market: Market, channel: Channel) -> Cadence:
        return _CADENCE[channel]

    def fees(self, market: Market) -> tuple[float, float]:
        return _FEES[market]

    def book_rule(self, market: Market) -> SequenceRule:
        return PrevEquals()

    def plan(self, env: Environment, streams: Iterable[Stream]) -> list[SocketPlan]:
        return sockets(streams, wire_args, _PER_SOCKET, lambda *_: _PUBLIC_SOCKET[env])

    def streams_for(self, instrument: Instrument) -> tuple[Stream, ...]:
        own = streams_of(instrument, (Channel.BBO, Channel.TICKER), perp_only=(Channel.MARK, Channel.FUNDING))
        return *own, Stream(instrument.market, Channel.INSTRUMENTS)

    def book_stream(self, instrument: Instrument) -> Stream:
        return Stream(instrument.market, Channel.BOOK, instrument.native)

    def session(self, url: str, tables: Tables) -> Session:
        """One framing on all of OKX's sockets: ``url`` does not matter."""
        return public.OkxSession(tables)

    def instrument_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        """Funding intervals are not among the rows; they come with ``funding-rate``, by socket and by snapshot."""
        inst_type = INST_TYPE[market]
        return [_get(env, http.INSTRUMENTS, "instruments", f"{inst_type} instruments", instType=inst_type)]

    def next_page(self, request: HttpRequest, body: bytes) -> HttpRequest | None:
        """OKX does not page what is asked here."""
        return None

    def snapshot_requests(self, env: Environment, market: Market) -> list[HttpRequest]:
        inst_type = INST_TYPE[market]
        requests = [_get(env, http.TICKERS, "tickers", f"{inst_type} tickers", instType=inst_type)]
        if market is Market.PERP:
            requests.append(_get(env, http.MARK_PRICE, "mark-price", "mark prices", instType=inst_type))
            requests.append(_get(env, http.FUNDING_RATE, "funding-rate", "funding rates", instId="ANY"))
        return requests

    def book_request(self, env: Environment, instrument: Instrument) -> HttpRequest | None:
        """For a book that is lost, or began with an update; usually the socket begins with the snapshot."""
        return _get(env, http.BOOKS, "books", f"book of {instrument.native}", instId=instrument.native, sz=DEPTH)

    def time_request(self, env: Environment) -> HttpRequest | None:
        return _get(env, http.TIME, "time", "time")

    def decode_http(self, request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
        return http.decode(request, status, body, tables, t_ns)

    def quote_texts(self, market: Market, raw: bytes) -> QuoteTexts:
        return public.quote_texts(raw)


def _get(env: Environment, path: str, bucket: str, purpose: str, **query: str | int) -> HttpRequest:
    headers = {} if env is Environment.PROD else _DEMO_HEADERS
    return HttpRequest("GET", with_query(_REST + path, **query), purpose, bucket=bucket, headers=headers)
