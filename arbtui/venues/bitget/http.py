"""Bitget's REST bodies. Source: Bitget classic API docs, "Get All Tickers" and others; "REST API error codes".

Everything comes in one envelope, ``{"code":"00000","msg":"success","requestTime":...,"data":...}``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from arbtui.core.errors import ProtocolBroken, RefusalReason, VenueRefused
from arbtui.core.events import Event, Ignored, ServerTime
from arbtui.core.model import Market
from arbtui.venues.base import HttpRequest, Tables
from arbtui.venues.bitget import rows, shapes
from arbtui.venues.bitget.instruments import MARKET, PRODUCTS, contracts, symbols
from arbtui.venues.wire import Address, Rows, address, guarded

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
        raise _refusal(request, status, envelope)
    return handler(where, envelope.data, tables, t_ns)


def _refusal(request: HttpRequest, status: int, envelope: shapes.Envelope) -> VenueRefused:
    code = str(envelope.code)
    return VenueRefused(
        f"Bitget refused {request.purpose}: {(envelope.msg or 'no reason given')[:200]} (code {code}, HTTP {status})",
        reason=_REASON.get(code, RefusalReason.OTHER),
        code=code,
    )


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

    return _each(data, shapes.ticker_rows, tables.by_market.get(Market.PERP, {}), events)


def _spot_tickers(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    return _each(
        data,
        shapes.ticker_rows,
        tables.by_market.get(Market.SPOT, {}),
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

    return _each(data, shapes.funding_rows, tables.by_market.get(Market.PERP, {}), events)


def _time(where: Address, data: msgspec.Raw, tables: Tables, t_ns: int) -> Sequence[Event]:
    return (ServerTime(guarded(shapes.server_time, data, "Bitget time").server_time, t_ns),)


_HANDLERS: dict[str, Callable[[Address, msgspec.Raw, Tables, int], Sequence[Event]]] = {
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


def _each(
    data: msgspec.Raw, decoder: Rows[_RowT], slots: dict[str, int], events: Callable[[_RowT, int], Sequence[Event]]
) -> Sequence[Event]:
    """Events of every row whose instrument is known; one ``Ignored`` per reason for the others."""
    good, bad = decoder.decode(data, "Bitget rows")
    result: list[Event] = []
    skipped = dict.fromkeys(["bad_row"] if bad else [])
    for row in good:
        try:
            slot = slots[row.symbol]  # not .get: a table may take in new symbols by __missing__
        except KeyError:
            skipped["unknown_symbol"] = None
            continue
        try:
            result.extend(events(row, slot))
        except ProtocolBroken:
            skipped["bad_row"] = None
    result.extend(Ignored(kind) for kind in skipped)
    return result
