"""What Binance lists: ``exchangeInfo`` of both products, and the funding intervals.

Base and quote come from their own fields, never from the symbol. ``filters`` is an array in no particular order: found
by ``filterType``, unknown ones ignored. ``pricePrecision`` is for display and may be finer or coarser than the tick.
Source: Binance USD-M docs, "Exchange Information", "Get Funding Rate Info"; spot docs, "Exchange information",
"Filters".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated

import msgspec

from arbtui.core.events import Event, Funding, Ignored, Listing
from arbtui.core.model import Category, Instrument, Market, TradingStatus
from arbtui.core.multipliers import resolve
from arbtui.venues import listings
from arbtui.venues.listings import LeftOut, sane_or_none
from arbtui.venues.wire import Rows, guarded

NAME = "binance"
QUOTES = ("USDT", "USDC")
PRODUCT = {Market.PERP: "usdm", Market.SPOT: "spot"}
DEFAULT_INTERVAL_H = 8.0  # of symbols that fundingInfo does not list
NEVER_MS = 4_133_404_800_000  # deliveryDate of a perpetual that nobody means to end

_PERP_STATUS = {
    "TRADING": TradingStatus.TRADING,
    "PENDING_TRADING": TradingStatus.PRE_OPEN,
    "PRE_DELISTING": TradingStatus.CLOSE_ONLY,
    "DELISTING": TradingStatus.HALTED,
    "PRE_DELIVERING": TradingStatus.HALTED,
    "DELIVERING": TradingStatus.HALTED,
    "PRE_SETTLE": TradingStatus.HALTED,
    "SETTLING": TradingStatus.HALTED,
    "TRADING_HALT": TradingStatus.HALTED,
    "DOWN": TradingStatus.HALTED,
    "DELIVERED": TradingStatus.DELISTED,
    "CLOSE": TradingStatus.DELISTED,
}

_SPOT_STATUS = {
    "TRADING": TradingStatus.TRADING,
    "HALT": TradingStatus.HALTED,
    "BREAK": TradingStatus.HALTED,
    "CANCEL_ONLY": TradingStatus.HALTED,  # nothing new may be ordered, not even to close
}

_TRADFI_UNDERLYING = frozenset({"EQUITY", "HK_EQUITY", "KR_EQUITY", "CN_EQUITY", "COMMODITY", "FX"})


class _Filter(msgspec.Struct, rename="camel"):
    filter_type: str = ""
    tick_size: str = ""
    step_size: str = ""
    min_qty: str = ""
    notional: str = ""  # USD-M MIN_NOTIONAL
    min_notional: str = ""  # spot NOTIONAL and MIN_NOTIONAL


class _Symbol(msgspec.Struct, rename="camel"):
    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    filters: list[_Filter]
    contract_type: str = ""
    margin_asset: str = ""
    underlying_type: str = ""
    delivery_date: int = 0
    is_spot_trading_allowed: bool = True


class _ExchangeInfo(msgspec.Struct):
    symbols: msgspec.Raw


class _Interval(msgspec.Struct, rename="camel"):
    symbol: str
    funding_interval_hours: Annotated[float, msgspec.Meta(gt=0.0, le=168.0)]


_EXCHANGE_INFO = msgspec.json.Decoder(_ExchangeInfo)
_SYMBOLS: Rows[_Symbol] = Rows(_Symbol)
_INTERVALS: Rows[_Interval] = Rows(_Interval)


def status_of(market: Market, text: str) -> TradingStatus:
    """A word that is not in the table is UNKNOWN: shown, never traded."""
    table = _PERP_STATUS if market is Market.PERP else _SPOT_STATUS
    return table.get(text, TradingStatus.UNKNOWN)


def decode_exchange_info(market: Market, body: bytes, t_ns: int) -> Listing:
    """``GET /fapi/v1/exchangeInfo`` or ``/api/v3/exchangeInfo``, complete."""
    rows, bad_rows = _SYMBOLS.decode(guarded(_EXCHANGE_INFO, body, "exchangeInfo").symbols, "exchangeInfo symbols")
    return listings.listing(
        market,
        PRODUCT[market],
        rows,
        lambda row: _instrument(market, row),
        lambda row: row.symbol,
        t_ns,
        unreadable=listings.samples(bad_rows),
    )


def _drop_by_kind(market: Market, row: _Symbol) -> None:
    if market is Market.PERP:
        if row.contract_type not in ("PERPETUAL", "TRADIFI_PERPETUAL"):
            raise LeftOut("dated" if row.contract_type.startswith(("CURRENT_", "NEXT_")) else "other_contract")
        if row.margin_asset != row.quote_asset:
            raise LeftOut("other_margin")
    if row.quote_asset not in QUOTES:
        raise LeftOut("other_quote")


def _instrument(market: Market, row: _Symbol) -> Instrument:
    """Raises ``LeftOut`` for a row of a kind that is left out, ``ValueError`` for one that cannot be read."""
    _drop_by_kind(market, row)
    filters = {entry.filter_type: entry for entry in row.filters}
    tick = _step(filters, "PRICE_FILTER", "tick_size")
    step = _step(filters, "LOT_SIZE", "step_size")
    if not row.symbol or not row.base_asset or tick is None or step is None:
        raise ValueError("no symbol, base asset, tickSize or stepSize above zero")
    coin, multiplier = resolve(NAME, row.symbol, row.base_asset)
    status, status_text = status_of(market, row.status), row.status[:40]
    if market is Market.SPOT and not row.is_spot_trading_allowed and status is TradingStatus.TRADING:
        status, status_text = TradingStatus.HALTED, "TRADING, but not on spot"
    ends = market is Market.PERP and 0 < row.delivery_date < NEVER_MS
    return Instrument(
        venue=NAME,
        market=market,
        native=row.symbol,
        base=coin,
        quote=row.quote_asset,
        price_ccy=row.quote_asset,
        settle_ccy=row.margin_asset if market is Market.PERP else row.quote_asset,
        multiplier=multiplier,
        price_factor=multiplier,  # a listed unit is so many coins, in price and size alike
        status=status,
        status_text=status_text,
        category=_category(market, row),
        tick=tick,
        step=step,
        min_qty=_step(filters, "LOT_SIZE", "min_qty"),
        min_notional=(
            _step(filters, "NOTIONAL", "min_notional")
            or _step(filters, "MIN_NOTIONAL", "notional")
            or _step(filters, "MIN_NOTIONAL", "min_notional")
        ),
        delist_ms=row.delivery_date if ends else None,
    )


def _step(filters: Mapping[str, _Filter], filter_type: str, name: str) -> Decimal | None:
    entry = filters.get(filter_type)
    return None if entry is None else sane_or_none(getattr(entry, name))


def _category(market: Market, row: _Symbol) -> Category:
    if market is Market.SPOT:
        return Category.CRYPTO
    if row.contract_type == "TRADIFI_PERPETUAL" or row.underlying_type in _TRADFI_UNDERLYING:
        return Category.TRADFI
    return Category.PRE_MARKET if row.underlying_type == "PREMARKET" else Category.CRYPTO


def decode_funding_info(body: bytes, slots: Mapping[str, int], t_ns: int) -> Sequence[Event]:
    """``GET /fapi/v1/fundingInfo``: the interval of every known perp, 8 h for those that are not listed.

    Until this has been answered the interval is unknown, not 8 h. An empty answer is not believed, and after a row
    that cannot be read nobody is given the default, since that row may be theirs.
    """
    rows, bad = _INTERVALS.decode(body, "fundingInfo")
    if not rows:
        return (Ignored("empty_funding_info"),)
    hours = {row.symbol: row.funding_interval_hours for row in rows}
    events: list[Event] = []
    for symbol, slot in slots.items():
        interval_h = hours.get(symbol, None if bad else DEFAULT_INTERVAL_H)
        if interval_h is not None:
            events.append(Funding(slot, t_ns, interval_h=interval_h, source="rest"))
    if bad:
        events.append(Ignored("bad_row"))
    return events
