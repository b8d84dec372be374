"""Bybit's instrument rows -> ``Instrument``. Source: Bybit V5 docs, Get Instruments Info; Enums Definitions.

Kept: spot quoted in USDT or USDC, and linear perpetuals quoted and settled in the same of the two. Base, quote and
settlement come from their own fields: ``BTCUSDT`` is a spot pair and a perpetual, ``BTCPERP`` is quoted in USDC. One
unit of size is one base coin as listed (``1000PEPE``). Left out and counted: dated and inverse contracts, other
currencies. Whether a kept row may be traded is its status and category.

A perpetual that is to be delisted stays ``Trading`` and gets a ``deliveryTime``: from then on it may only be closed.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from arbtui.core.events import Listing
from arbtui.core.model import Category, Instrument, Market, TradingStatus
from arbtui.core.multipliers import resolve
from arbtui.core.units import decimal_or_none
from arbtui.venues import listings
from arbtui.venues.bybit.shapes import InstrumentRow, instrument_rows
from arbtui.venues.listings import LeftOut, positive, positive_unless_zero

VENUE = "bybit"
QUOTES = ("USDT", "USDC")
CATEGORY = {Market.PERP: "linear", Market.SPOT: "spot"}
MARKET = {name: market for market, name in CATEGORY.items()}

_STATUS = {
    "Trading": TradingStatus.TRADING,
    "PreLaunch": TradingStatus.PRE_OPEN,
    "Settling": TradingStatus.HALTED,
    "Delivering": TradingStatus.HALTED,
    "Closed": TradingStatus.DELISTED,
}
_PHASES = {
    "NotStarted": TradingStatus.PRE_OPEN,
    "CallAuction": TradingStatus.PRE_OPEN,
    "CallAuctionNoCancel": TradingStatus.PRE_OPEN,
    "CrossMatching": TradingStatus.PRE_OPEN,
    "ContinuousTrading": TradingStatus.TRADING,
    "Finished": TradingStatus.HALTED,  # it never became an official contract, and will be delisted
}
_CRYPTO_TYPES = ("", "innovation", "adventure")  # others are stocks, commodities, currencies, or not known yet

# (maker, taker) of rows whose fees are not the market's usual ones: Bybit's fee page, July 2026.
_FEES = {"innovation": (0.0004, 0.0011), "adventure": (0.002, 0.002), "xstocks": (0.002, 0.002)}
_PRE_MARKET_FEES = (0.0004, 0.0010)


def listing(raw: msgspec.Raw, market: Market, product: str, t_ns: int, *, partial: bool) -> Listing:
    """The rows of one category. Raises ``ProtocolBroken`` where ``raw`` is no array."""
    rows, unreadable = instrument_rows.decode(raw, "Bybit instruments")
    return listings.listing(
        market,
        product,
        rows,
        lambda row: instrument(row, market),
        lambda row: row.symbol,
        t_ns,
        unreadable=listings.samples(unreadable),
        partial=partial,
    )


def instrument(row: InstrumentRow, market: Market) -> Instrument:
    """Raises ``LeftOut`` for a row of a kind that is left out, ``ValueError`` for one that cannot be read."""
    _drop_by_kind(row, market)
    if not row.symbol or not row.base_coin:
        raise ValueError("names no symbol or base coin")
    is_perp, lots = market is Market.PERP, row.lot_size_filter
    tick = positive("tickSize", row.price_filter.tick_size)
    step = positive("qtyStep", lots.qty_step) if is_perp else positive("basePrecision", lots.base_precision)
    min_qty = positive("minOrderQty", lots.min_order_qty) if is_perp else None
    least = lots.min_notional_value if is_perp else lots.min_order_amt
    delist_ms = (_millis(row.delivery_time) or None) if is_perp else None
    status, words = _status(row, delist_ms)
    if status is TradingStatus.TRADING and (tick is None or step is None or (is_perp and min_qty is None)):
        raise ValueError("trading without tick, step or least size")
    base, multiplier = resolve(VENUE, row.symbol, row.base_coin)
    maker_rate, taker_rate = _fees(row)
    return Instrument(
        venue=VENUE,
        market=market,
        native=row.symbol,
        base=base,
        quote=row.quote_coin,
        price_ccy=row.quote_coin,
        settle_ccy=row.settle_coin if is_perp else row.quote_coin,
        multiplier=multiplier,
        price_factor=multiplier,  # a listed unit is so many coins, in price and size alike
        status=status,
        status_text=words,
        category=_category(row),
        tick=tick,
        step=step,
        min_qty=min_qty,
        min_notional=positive_unless_zero("the least value", least),
        funding_interval_h=_interval_h(row.funding_interval) if is_perp else None,
        delist_ms=delist_ms,
        maker_rate=maker_rate,
        taker_rate=taker_rate,
    )


def _drop_by_kind(row: InstrumentRow, market: Market) -> None:
    if market is Market.PERP and row.contract_type != "LinearPerpetual":
        kind = row.contract_type
        raise LeftOut("inverse" if kind.startswith("Inverse") else "dated" if "Futures" in kind else "contract_type")
    if row.quote_coin not in QUOTES:
        raise LeftOut("quote_currency")
    if market is Market.PERP and row.settle_coin != row.quote_coin:
        raise LeftOut("settle_currency")


def _status(row: InstrumentRow, delist_ms: int | None) -> tuple[TradingStatus, str]:
    """What the row may do, and the venue's words for it."""
    status, words = _STATUS.get(row.status, TradingStatus.UNKNOWN), row.status[:40]
    phase = row.pre_listing_info.cur_auction_phase if row.pre_listing_info else ""
    if phase and row.status in ("PreLaunch", "Trading"):
        status, words = _PHASES.get(phase, TradingStatus.UNKNOWN), f"{words} {phase[:40]}"
    if status is TradingStatus.TRADING and delist_ms is not None:
        return TradingStatus.CLOSE_ONLY, f"{words}, delisting announced"
    return status, words


def _category(row: InstrumentRow) -> Category:
    if row.symbol_type not in _CRYPTO_TYPES:
        return Category.TRADFI
    return Category.PRE_MARKET if _is_pre_market(row) else Category.CRYPTO


def _is_pre_market(row: InstrumentRow) -> bool:
    return row.is_pre_listing or row.status == "PreLaunch"


def _fees(row: InstrumentRow) -> tuple[float | None, float | None]:
    """(maker, taker) as fractions where they are not the market's usual ones."""
    if not _is_pre_market(row):
        return _FEES.get(row.symbol_type, (None, None))
    named = row.pre_listing_info.auction_fee_info if row.pre_listing_info else None
    maker, taker = (_rate(named.maker_fee_rate), _rate(named.taker_fee_rate)) if named else (None, None)
    return (maker, taker) if maker is not None and taker is not None else _PRE_MARKET_FEES


def _rate(text: str) -> float | None:
    value = decimal_or_none(text)
    return float(value) if value is not None and abs(value) < Decimal("0.05") else None


def _interval_h(minutes: int | None) -> float | None:
    """Whole hours; anything else (some bodies hold hours in this field) is not believed: the live ticker says it."""
    return minutes / 60 if minutes is not None and 0 < minutes <= 10080 and minutes % 60 == 0 else None


def _millis(text: str) -> int:
    """Milliseconds UTC; 0 for "" and "0". Raises ValueError: an end of trading must not be overlooked."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise ValueError(f"deliveryTime is {text[:40]!r}")
    return int(text)
