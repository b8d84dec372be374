"""OKX's REST bodies. Source: OKX API v5 docs, Market Data and Public Data (REST); error codes 50000-51999.

Everything comes in one envelope, ``{"code":"0","msg":"","data":[...]}``; HTTP 200 can hold another code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from arbtui.core.errors import ProtocolBroken, RefusalReason
from arbtui.core.events import BookSnapshot, Event, Ignored, Resync, ServerTime
from arbtui.core.model import Channel, Stream
from arbtui.venues.answers import Handler, refused, row_events
from arbtui.venues.base import HttpRequest, Tables
from arbtui.venues.okx import rows, shapes
from arbtui.venues.okx.checksum import DEPTH
from arbtui.venues.okx.instruments import MARKET, listing
from arbtui.venues.okx.rows import market_of
from arbtui.venues.wire import DECODE_ERRORS, Address, Rows, address, broken, guarded, slot_or_none

INSTRUMENTS = "/api/v5/public/instruments"
TICKERS = "/api/v5/market/tickers"
MARK_PRICE = "/api/v5/public/mark-price"
FUNDING_RATE = "/api/v5/public/funding-rate"
BOOKS = "/api/v5/market/books"
TIME = "/api/v5/public/time"

_REASONS = {
    "50001": RefusalReason.MAINTENANCE,
    "50005": RefusalReason.MAINTENANCE,
    "50011": RefusalReason.RATE_LIMITED,
    "50013": RefusalReason.RATE_LIMITED,  # busy, try later
    "50061": RefusalReason.RATE_LIMITED,
    "51001": RefusalReason.UNKNOWN_INSTRUMENT,
    "51155": RefusalReason.REGION_BLOCKED,
    **dict.fromkeys(("50000", "50002", "50014", "50015", "51000"), RefusalReason.BAD_REQUEST),
}


def decode(request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    """See ``venues.base.Venue.decode_http``."""
    where = address(request.url)
    handler = _HANDLERS.get(where.path)
    if handler is None:
        return (Ignored("other_request"),)
    envelope = guarded(shapes.envelope, body, f"OKX {request.purpose}")
    if str(envelope.code) != "0" or status >= 400:
        code = str(envelope.code)
        raise refused("OKX", request, status, code, envelope.msg, _reason(code))
    return handler(where, envelope.data, tables, t_ns)


def _reason(code: str) -> RefusalReason:
    if code in _REASONS:
        return _REASONS[code]
    return RefusalReason.NOT_AUTHORISED if code.startswith("501") else RefusalReason.OTHER


def _instruments(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    market = MARKET.get(where.query.get("instType", ""))
    return (Ignored("other_product"),) if market is None else (listing(data, market, t_ns, partial=False),)


def _tickers(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    return _told(
        data,
        shapes.ticker_rows,
        tables,
        lambda row, slot: (
            rows.rest_quote(row, slot, t_ns),
            rows.ticker(row, slot, market_of(row.inst_id), t_ns, "rest"),
        ),
    )


def _marks(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    return _told(data, shapes.mark_rows, tables, lambda row, slot: (rows.mark(row, slot, t_ns, "rest"),))


def _funding(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    return _told(data, shapes.funding_rows, tables, lambda row, slot: (rows.funding(row, slot, t_ns, "rest"),))


def _book(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    """A snapshot to hang socket updates on. Without ``seqId`` it cannot serve: then the socket's own is needed."""
    native = where.query.get("instId", "")
    try:
        row = shapes.rest_book(data)
    except DECODE_ERRORS as error:
        raise broken(error, bytes(data), f"OKX book of {native}") from error
    slot = _slot(tables, native)
    if slot is None:
        return (Ignored("unknown_symbol"),)
    if row.seq_id is None:
        return (Resync(Stream(market_of(native), Channel.BOOK, native), "the book by REST names no seqId"),)
    return (BookSnapshot(slot, row.bids, row.asks, row.seq_id, t_ns, row.ts, DEPTH, "rest"),)


def _time(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    good, _ = shapes.time_rows.decode(data, "OKX time")
    if len(good) != 1:
        raise ProtocolBroken("unknown_shape", "OKX's time answer holds no time", bytes(data)[:200])
    return (ServerTime(good[0].ts, t_ns),)


_HANDLERS: dict[str, Handler] = {
    INSTRUMENTS: _instruments,
    TICKERS: _tickers,
    MARK_PRICE: _marks,
    FUNDING_RATE: _funding,
    BOOKS: _book,
    TIME: _time,
}


def _slot(tables: Tables, native: str) -> int | None:
    return slot_or_none(tables.of(market_of(native)), native)


def _told(
    data: msgspec.Raw, decoder: Rows[rows.RowT], tables: Tables, events: Callable[[rows.RowT, int], Sequence[Event]]
) -> Sequence[Event]:
    return row_events(decoder, data, "OKX rows", lambda row: _slot(tables, row.inst_id), events)
