"""Bybit's REST bodies. Source: Bybit V5 docs, Market; Integration Guidance ("Common response parameters"); Error Codes.

Everything comes in one envelope, ``{"retCode":0,"retMsg":"OK","result":{...}}``; HTTP 200 can hold another code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

import msgspec

from arbtui.core.clock import NS_PER_MS
from arbtui.core.errors import RefusalReason, VenueRefused
from arbtui.core.events import Event, Ignored, ServerTime
from arbtui.venues.answers import Handler, refused, row_events
from arbtui.venues.base import HttpRequest, Tables
from arbtui.venues.bybit import shapes
from arbtui.venues.bybit.instruments import MARKET, listing
from arbtui.venues.bybit.tickers import rest_events
from arbtui.venues.wire import Address, address, guarded, slot_or_none

INSTRUMENTS = "/v5/market/instruments-info"
TICKERS = "/v5/market/tickers"
TIME = "/v5/market/time"

PRE_LAUNCH = "PreLaunch"
_BAN_S = 600.0  # after HTTP 403 "access too frequent"
_ENCODED = "%=:,;/"  # what a cursor may hold besides letters, digits and _.-~

_REASONS = {
    429: RefusalReason.RATE_LIMITED,
    10006: RefusalReason.RATE_LIMITED,
    10018: RefusalReason.RATE_LIMITED,
    10429: RefusalReason.RATE_LIMITED,
    10001: RefusalReason.BAD_REQUEST,
    10003: RefusalReason.NOT_AUTHORISED,
    10004: RefusalReason.NOT_AUTHORISED,
    10005: RefusalReason.NOT_AUTHORISED,
    10010: RefusalReason.NOT_AUTHORISED,
    10009: RefusalReason.REGION_BLOCKED,
    10024: RefusalReason.REGION_BLOCKED,
    10016: RefusalReason.MAINTENANCE,  # internal error, or the service is restarting
}


def decode(request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    """See ``venues.base.Venue.decode_http``."""
    where = address(request.url)
    handler = _HANDLERS.get(where.path)
    if handler is None:
        return (Ignored("other_request"),)
    if status == 403:
        raise _forbidden(request, body)
    envelope = guarded(shapes.envelope, body, f"Bybit {request.purpose}")
    if envelope.ret_code or status >= 400:
        code = envelope.ret_code or status
        reason = _REASONS.get(code, RefusalReason.OTHER)
        raise refused("Bybit", request, status, str(code), envelope.ret_msg, reason)
    return handler(where, envelope.result, tables, t_ns)


def next_page(request: HttpRequest, body: bytes) -> HttpRequest | None:
    """The request for the page after ``body``."""
    where = address(request.url)
    if where.path != INSTRUMENTS or where.query.get("category") == "spot":  # spot is never paged
        return None
    page = guarded(shapes.page, guarded(shapes.envelope, body, "Bybit page").result, "Bybit page")
    cursor = encoded_cursor(page.next_page_cursor)
    first, _, asked = request.url.partition("&cursor=")
    if not cursor or cursor == asked or bytes(page.rows) == b"[]":
        return None
    return replace(request, url=f"{first}&cursor={cursor}")


def encoded_cursor(cursor: str | None) -> str:
    """A cursor as it goes into a query: it comes percent-encoded, and goes back as it came."""
    return quote(cursor or "", safe=_ENCODED)


def _forbidden(request: HttpRequest, body: bytes) -> VenueRefused:
    """HTTP 403 is the answer to too many requests, and to countries that are not served."""
    if b"too frequent" in body.lower():
        return VenueRefused(
            f"Bybit refused {request.purpose}: access too frequent, it wants ten minutes without a request",
            reason=RefusalReason.RATE_LIMITED,
            code="403",
            retry_after_s=_BAN_S,
        )
    return VenueRefused(
        f"Bybit does not serve {request.purpose} to this address or region (HTTP 403)",
        reason=RefusalReason.REGION_BLOCKED,
        code="403",
    )


def _instruments(where: Address, result: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    """Pre-market contracts are a product of their own, and never a complete one: usually there are none at all."""
    market = MARKET.get(where.query.get("category", ""))
    if market is None:
        return (Ignored("other_product"),)
    page = guarded(shapes.page, result, "Bybit instruments")
    early = where.query.get("status") == PRE_LAUNCH
    product = f"{where.query['category']} {PRE_LAUNCH}" if early else where.query["category"]
    partial = early or bool(page.next_page_cursor) or "cursor" in where.query
    return (listing(page.rows, market, product, t_ns, partial=partial),)


def _tickers(where: Address, result: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    market = MARKET.get(where.query.get("category", ""))
    if market is None:
        return (Ignored("other_product"),)
    slots, listed = tables.of(market), guarded(shapes.page, result, "Bybit tickers").rows
    return row_events(
        shapes.ticker_rows,
        listed,
        "Bybit tickers",
        lambda row: slot_or_none(slots, row.symbol),
        lambda row, slot: rest_events(row, slot, market, t_ns),
    )


def _time(where: Address, result: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    return (ServerTime(guarded(shapes.time, result, "Bybit time").time_nano // NS_PER_MS, t_ns),)


_HANDLERS: dict[str, Handler] = {
    INSTRUMENTS: _instruments,
    TICKERS: _tickers,
    TIME: _time,
}
