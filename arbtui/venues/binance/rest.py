"""Binance's public REST side: what is asked, what it costs, what the answers say.

Answers are told apart by the path of their address alone; the product is in the path (``/fapi/`` is USD-M), the symbol
of a depth answer in the query. Weights count per IP and clock minute, a request that was refused costs its weight too.
Source: Binance USD-M docs, "Market Data Endpoints", "Error Codes"; spot docs, "Market Data endpoints", "Error codes".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import msgspec

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import (
    BookSnapshot,
    Event,
    Funding,
    Ignored,
    MarkPrice,
    ServerTime,
    Ticker,
)
from arbtui.core.model import Instrument, Market
from arbtui.venues.answers import rest_quote, row_events
from arbtui.venues.base import Environment, HttpRequest, RestLimit, Tables
from arbtui.venues.binance.addresses import REST
from arbtui.venues.binance.instruments import decode_exchange_info, decode_funding_info
from arbtui.venues.wire import (
    Millis,
    Rows,
    address,
    amount_text,
    guarded,
    price_text,
    signed_text,
    slot_or_none,
    with_query,
)

FUNDING_BUCKET = "funding"  # fundingInfo and fundingRate share 500 requests / 5 min and cost no weight
SPOT_BOOK_LEVELS = 500  # weight 25; 100 levels (weight 5) of a liquid pair are a few basis points deep
_USED = "X-MBX-USED-WEIGHT-1M"


def rest_limits() -> tuple[RestLimit, ...]:
    """2400 weight a minute on USD-M, 6000 on spot, for each environment's host."""
    limits = []
    for (_, market), url in REST.items():
        host = address(url).host
        capacity = 2400.0 if market is Market.PERP else 6000.0
        limits.append(RestLimit(host, "weight", capacity, 60.0, used_header=_USED))
        if market is Market.PERP:
            limits.append(RestLimit(host, FUNDING_BUCKET, 500.0, 300.0))
    return tuple(limits)


# --- requests ---------------------------------------------------------------------------------------------------------


def _get(env: Environment, market: Market, path: str, purpose: str, cost: float, **params: str | int) -> HttpRequest:
    prefix = "/fapi/v1/" if market is Market.PERP else "/api/v3/"
    url = with_query(f"{REST[env, market]}{prefix}{path}", **params)
    return HttpRequest("GET", url, f"{market.value} {purpose}", cost=cost)


def _funding_info(env: Environment) -> HttpRequest:
    url = f"{REST[env, Market.PERP]}/fapi/v1/fundingInfo"
    return HttpRequest("GET", url, "perp funding intervals", bucket=FUNDING_BUCKET)


def instrument_requests(env: Environment, market: Market) -> list[HttpRequest]:
    """Instruments, then (perps) their funding intervals."""
    if market is Market.PERP:
        return [_get(env, market, "exchangeInfo", "instruments", 1), _funding_info(env)]
    return [
        _get(env, market, "exchangeInfo", "instruments", 20, permissions="SPOT", showPermissionSets="false"),
    ]


def snapshot_requests(env: Environment, market: Market) -> list[HttpRequest]:
    """Best bids and offers first; then marks and funding; then 24 h figures, which are dear (40 and 80)."""
    if market is Market.PERP:
        return [
            _get(env, market, "ticker/bookTicker", "best bids and offers", 5),
            _get(env, market, "premiumIndex", "marks and funding", 10),
            _funding_info(env),
            _get(env, market, "ticker/24hr", "24 h figures", 40),
        ]
    return [
        _get(env, market, "ticker/bookTicker", "best bids and offers", 4),
        _get(env, market, "ticker/24hr", "24 h figures", 80, type="MINI"),
    ]


def book_request(env: Environment, instrument: Instrument) -> HttpRequest:
    """USD-M without ``limit``: 500 levels for weight 1 (with it, 20)."""
    purpose = f"book {instrument.native}"
    if instrument.market is Market.PERP:
        return _get(env, Market.PERP, "depth", purpose, 1, symbol=instrument.native)
    return _get(env, Market.SPOT, "depth", purpose, 25, symbol=instrument.native, limit=SPOT_BOOK_LEVELS)


def time_request(env: Environment) -> HttpRequest:
    """USD-M's clock: its engine times are the ones that ages are made of."""
    return _get(env, Market.PERP, "time", "time", 1)


# --- answers ----------------------------------------------------------------------------------------------------------


class _Time(msgspec.Struct, rename="camel"):
    server_time: Millis


class _Depth(msgspec.Struct, rename="camel"):
    last_update_id: Annotated[int, msgspec.Meta(ge=-1, le=2**63 - 1)]
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    engine_ms: Millis | None = msgspec.field(default=None, name="T")


class _Bbo(msgspec.Struct, rename="camel"):
    symbol: str
    bid_price: str = ""
    bid_qty: str = ""
    ask_price: str = ""
    ask_qty: str = ""
    time: Millis | None = None


class _Day(msgspec.Struct, rename="camel"):
    symbol: str
    last_price: str = ""
    open_price: str = ""
    high_price: str = ""
    low_price: str = ""
    volume: str = ""
    quote_volume: str = ""
    close_time: Millis | None = None


class _Premium(msgspec.Struct, rename="camel"):
    symbol: str
    mark_price: str = ""
    index_price: str = ""
    last_funding_rate: str = ""
    next_funding_time: Millis = 0
    time: Millis | None = None


class _Refusal(msgspec.Struct):
    code: int
    msg: str


_Row = TypeVar("_Row", _Bbo, _Day, _Premium)


_TIME = msgspec.json.Decoder(_Time)
_DEPTH = msgspec.json.Decoder(_Depth)
_REFUSAL = msgspec.json.Decoder(_Refusal)
_BBOS: Rows[_Bbo] = Rows(_Bbo)
_DAYS: Rows[_Day] = Rows(_Day)
_PREMIUMS: Rows[_Premium] = Rows(_Premium)


def decode_http(request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    """See ``Venue.decode_http``. An address that is none of ours gives ``Ignored("other_request")``."""
    where = address(request.url)
    if status >= 400:
        raise _refused(where.path, status, body)
    market = Market.PERP if where.path.startswith("/fapi/") else Market.SPOT
    slots = tables.of(market)
    try:
        match where.path.removeprefix("/fapi/v1/").removeprefix("/api/v3/"):
            case "exchangeInfo":
                return (decode_exchange_info(market, body, t_ns),)
            case "fundingInfo":
                return decode_funding_info(body, slots, t_ns)
            case "depth":
                return (_depth(where.query.get("symbol", ""), body, slots, t_ns),)
            case "ticker/bookTicker":
                return _told(_BBOS, body, slots, lambda row, slot: _quote(row, slot, t_ns))
            case "ticker/24hr":
                return _told(_DAYS, body, slots, lambda row, slot: _day(row, slot, t_ns))
            case "premiumIndex":
                return _told(_PREMIUMS, body, slots, lambda row, slot: _premium(row, slot, t_ns))
            case "time":
                return (ServerTime(guarded(_TIME, body, "time").server_time, t_ns),)
            case _:
                return (Ignored("other_request"),)
    except ProtocolBroken as error:
        if _refusal_in(body) is not None:
            raise _refused(where.path, status, body) from error
        raise


def _told(
    rows: Rows[_Row], body: bytes, slots: dict[str, int], events: Callable[[_Row, int], Sequence[Event]]
) -> Sequence[Event]:
    array = b"[" + body + b"]" if body.lstrip()[:1] == b"{" else body  # asked with a symbol: one object, not a list
    return row_events(rows, array, "answer", lambda row: slot_or_none(slots, row.symbol), events)


def _quote(row: _Bbo, slot: int, t_ns: int) -> Sequence[Event]:
    return (rest_quote(slot, t_ns, row.time, row.bid_price, row.bid_qty, row.ask_price, row.ask_qty),)


def _day(row: _Day, slot: int, t_ns: int) -> Sequence[Event]:
    return (
        Ticker(
            slot,
            t_ns,
            last=price_text(row.last_price),
            high_24h=price_text(row.high_price),
            low_24h=price_text(row.low_price),
            vol_24h_wire=amount_text(row.volume),
            vol_24h_quote=amount_text(row.quote_volume),
            open_24h=price_text(row.open_price),
            exchange_ms=row.close_time,
            source="rest",
        ),
    )


def _premium(row: _Premium, slot: int, t_ns: int) -> Sequence[Event]:
    """Despite its name, lastFundingRate is the running estimate for nextFundingTime; without that time it is none."""
    mark = MarkPrice(slot, t_ns, price_text(row.mark_price), price_text(row.index_price), row.time, "rest")
    rate = signed_text(row.last_funding_rate)
    if not row.next_funding_time or rate is None:
        return (mark,)
    next_ms = row.next_funding_time
    return mark, Funding(slot, t_ns, rate=rate, next_ms=next_ms, exchange_ms=row.time, source="rest")


def _depth(symbol: str, body: bytes, slots: dict[str, int], t_ns: int) -> Event:
    book = guarded(_DEPTH, body, "depth")
    slot = slot_or_none(slots, symbol)
    if slot is None:
        return Ignored("unknown_symbol")
    if book.last_update_id < 0:
        return Ignored("no_book_yet")  # a new listing before its first order
    return BookSnapshot(slot, book.bids, book.asks, book.last_update_id, t_ns, book.engine_ms, source="rest")


# --- refusals ---------------------------------------------------------------------------------------------------------

_REASONS = {
    -1002: RefusalReason.NOT_AUTHORISED,
    -1003: RefusalReason.RATE_LIMITED,
    -1008: RefusalReason.RATE_LIMITED,
    -1015: RefusalReason.RATE_LIMITED,
    -1016: RefusalReason.MAINTENANCE,
    -1022: RefusalReason.NOT_AUTHORISED,
    -1121: RefusalReason.UNKNOWN_INSTRUMENT,
    -1122: RefusalReason.UNKNOWN_INSTRUMENT,
    -2014: RefusalReason.NOT_AUTHORISED,
    -2015: RefusalReason.NOT_AUTHORISED,
    -4021: RefusalReason.BAD_REQUEST,
}


def _refusal_in(body: bytes) -> _Refusal | None:
    try:
        refusal = guarded(_REFUSAL, body, "error")
    except ProtocolBroken:
        return None
    return refusal if refusal.code < 0 or refusal.msg else None


def _refused(path: str, status: int, body: bytes) -> VenueRefused | ProtocolBroken:
    refusal = _refusal_in(body)
    if status == 451 or (refusal is not None and "restricted location" in refusal.msg):
        return VenueRefused(
            f"Binance does not serve {path} to this location.", reason=RefusalReason.REGION_BLOCKED, code=str(status)
        )
    if refusal is None:
        return ProtocolBroken("unknown_shape", f"Binance answered {path} with HTTP {status} and no error body", body)
    reason = _REASONS.get(refusal.code)
    if reason is None:
        reason = RefusalReason.BAD_REQUEST if -1199 < refusal.code <= -1100 else RefusalReason.OTHER
    return VenueRefused(
        f"Binance refused {path}: {refusal.msg[:200]} ({refusal.code})", reason=reason, code=str(refusal.code)
    )
