"""Bitget's REST bodies. Source: Bitget classic API docs, "Get All Tickers" and others; "REST API error codes".

Everything comes in one envelope, ``{"code":"00000","msg":"success","requestTime":...,"data":...}``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from arbtui.core.errors import RefusalReason
from arbtui.core.events import Event, Ignored, ServerTime
from arbtui.core.model import Market
from arbtui.venues.answers import Handler, refused, row_events
from arbtui.venues.base import HttpRequest, Tables
from arbtui.venues.bitget import rows, shapes
from arbtui.venues.bitget.instruments import MARKET, PRODUCTS, contracts, symbols
from arbtui.venues.wire import Address, Rows, address, guarded, slot_or_none

CONTRACTS = "/api/v2/mix/market/contracts"
SYMBOLS = "/api/v2/spot/public/symbols"
MIX_TICKERS = "/api/v2/mix/market/tickers"
SPOT_TICKERS = "/api/v2/spot/market/tickers"
FUNDING = "/api/v2/mix/market/current-fund-rate"
TIME = "/api/v2/public/time"

_OK = "00000"
_REASONS = {
    RefusalReason.RATE_LIMITED: ("429", "40029", "30006", "30007"),
    RefusalReason.MAINTENANCE: ("40015", "40200", "40725", "40908", "40910"),
    RefusalReason.UNKNOWN_INSTRUMENT: ("22004", "40308", "40309", "41113", "41114", "43115"),
    RefusalReason.NOT_AUTHORISED: ("40006", "40009", "40011", "40012", "40014", "40018", "40036", "40037"),
    RefusalReason.BAD_REQUEST: ("40017", "400172", "40019", "40020", "40034"),
}
_REASON = {code: reason for reason, codes in _REASONS.items() for code in codes}

_RowT = TypeVar("_RowT", shapes.TickerRow, shapes.FundingRow)


def decode(request: HttpRequest, status: int, body: bytes, tables: Tables, t_ns: int) -> Sequence[Event]:
    """See ``venues.base.Venue.decode_http``."""
    where = address(request.url)
    handler = _HANDLERS.get(where.path)
    if handler is None:
        return (Ignored("other_request"),)
    envelope = guarded(shapes.envelope, body, f"Bitget {request.purpose}")
    if str(envelope.code) != _OK or status >= 400:
        code = str(envelope.code)
        raise refused("Bitget", request, status, code, envelope.msg, _REASON.get(code, RefusalReason.OTHER))
    return handler(where, envelope.data, tables, t_ns)


def _contracts(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    product = _product(where)
    return (contracts(data, product, t_ns),) if product in PRODUCTS[Market.PERP] else (Ignored("other_product"),)


def _symbols(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    return (symbols(data, t_ns),)


def _mix_tickers(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    """Funding is left to its own list, which knows when the rate is due."""
    if _product(where) not in MARKET:
        return (Ignored("other_product"),)

    def events(row: shapes.TickerRow, slot: int) -> Sequence[Event]:
        quote, day = rows.rest_quote(row, slot, t_ns), rows.ticker(row, slot, t_ns, "rest")
        mark = rows.mark(row, slot, t_ns, "rest")
        return (quote, day) if mark is None else (quote, day, mark)

    return _told(data, shapes.ticker_rows, tables, Market.PERP, events)


def _spot_tickers(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    return _told(
        data,
        shapes.ticker_rows,
        tables,
        Market.SPOT,
        lambda row, slot: (rows.rest_quote(row, slot, t_ns), rows.ticker(row, slot, t_ns, "rest")),
    )


def _funding(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    """Also lists symbols that do not trade yet, or never will; their caps are null."""
    if _product(where) not in MARKET:
        return (Ignored("other_product"),)

    def events(row: shapes.FundingRow, slot: int) -> Sequence[Event]:
        if row.min_funding_rate is None and row.max_funding_rate is None:
            return (Ignored("unlisted_symbol"),)
        return (rows.rest_funding(row, slot, t_ns),)

    return _told(data, shapes.funding_rows, tables, Market.PERP, events)


def _time(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    return (ServerTime(guarded(shapes.server_time, data, "Bitget time").server_time, t_ns),)


_HANDLERS: dict[str, Handler] = {
    CONTRACTS: _contracts,
    SYMBOLS: _symbols,
    MIX_TICKERS: _mix_tickers,
    SPOT_TICKERS: _spot_tickers,
    FUNDING: _funding,
    TIME: _time,
}


def _product(where: Address) -> str:
    """The venue takes small letters too."""
    return where.query.get("productType", "").upper()


def _told(
    data: msgspec.Raw,
    decoder: Rows[_RowT],
    tables: Tables,
    market: Market,
    events: Callable[[_RowT, int], Sequence[Event]],
) -> Sequence[Event]:
    slots = tables.of(market)
    return row_events(decoder, data, "Bitget rows", lambda row: slot_or_none(slots, row.symbol), events)
