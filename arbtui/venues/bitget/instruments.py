"""Bitget's listings -> ``Instrument``. Source: Bitget classic API docs, "Get Contract Config", "Get Symbol Info".

Kept: spot quoted in USDT or USDC, and perpetuals of USDT-FUTURES and USDC-FUTURES, each product a listing of its own.
Inverse contracts (COIN-FUTURES) and the venue's simulated products (SUSDT-FUTURES ...), which look like any other, are
never asked for; dated contracts and other currencies are left out and counted.

Traps:

- Contracts and spot have different words for status (and API v3 a third set): a word counts only in its own.
- ``sizeMultiplier`` is the size step. A contract is one coin, so sizes are coins everywhere.
- A contract's tick is ``priceEndStep`` in units of the last of ``pricePlace`` decimals; ``pricePlace`` alone is not it.
- BTCUSDT is a spot pair and a perpetual, BTCPERP the USDC perpetual: base and quote come from their fields. Which
  product a perpetual is asked under can be told from its name (``inst_type``); a row for which that is not so is bad,
  because a symbol asked under the wrong product is acknowledged and then silent for ever.
- Names need not be ASCII.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from arbtui.core.events import Listing
from arbtui.core.model import Category, Instrument, Market, TradingStatus
from arbtui.core.multipliers import resolve
from arbtui.core.units import decimal_or_none
from arbtui.venues import listings
from arbtui.venues.bitget.rows import hours_or_none
from arbtui.venues.bitget.shapes import ContractRow, SymbolRow, Text, contract_rows, symbol_rows
from arbtui.venues.listings import LeftOut, positive_unless_zero
from arbtui.venues.wire import Rows, millis_or_none

VENUE = "bitget"
QUOTES = ("USDT", "USDC")
SPOT, USDT_FUTURES, USDC_FUTURES = "SPOT", "USDT-FUTURES", "USDC-FUTURES"
PRODUCTS = {Market.PERP: (USDT_FUTURES, USDC_FUTURES), Market.SPOT: (SPOT,)}
MARKET = {product: market for market, products in PRODUCTS.items() for product in products}

_CONTRACT_STATUS = {
    "normal": TradingStatus.TRADING,
    "limit_open": TradingStatus.CLOSE_ONLY,
    "listed": TradingStatus.PRE_OPEN,
    "maintain": TradingStatus.HALTED,
    "restrictedAPI": TradingStatus.HALTED,  # orders by API are refused
    "off": TradingStatus.DELISTED,
}
_SPOT_STATUS = {
    "online": TradingStatus.TRADING,
    "gray": TradingStatus.HALTED,  # listed for some people only; its ticker has no best prices
    "halt": TradingStatus.HALTED,
    "offline": TradingStatus.DELISTED,
}

BAN_NOTICE_MS = 3_600_000  # listings are read every half hour: a ban on opening that begins so soon counts already
_MAX_PLACES = 30

_RowT = TypeVar("_RowT", ContractRow, SymbolRow)


def inst_type(market: Market, native: str) -> str:
    """The product that a symbol is asked under: USDT perpetuals end in USDT, USDC ones do not (BTCPERP)."""
    if market is Market.SPOT:
        return SPOT
    return USDT_FUTURES if native.endswith("USDT") else USDC_FUTURES


def contracts(raw: msgspec.Raw, product: str, t_ns: int) -> Listing:
    """``/api/v2/mix/market/contracts`` of one product. Raises ``ProtocolBroken`` where ``raw`` is no array."""
    return _listing(raw, product, contract_rows, lambda row: _contract(row, product, t_ns // 1_000_000), t_ns)


def symbols(raw: msgspec.Raw, t_ns: int) -> Listing:
    """``/api/v2/spot/public/symbols``. Raises ``ProtocolBroken`` where ``raw`` is no array."""
    return _listing(raw, SPOT, symbol_rows, lambda row: _symbol(row, t_ns // 1_000_000), t_ns)


def _listing(
    raw: msgspec.Raw, product: str, decoder: Rows[_RowT], make: Callable[[_RowT], Instrument], t_ns: int
) -> Listing:
    rows, unreadable = decoder.decode(raw, f"Bitget {product} listing")
    bad = listings.samples(unreadable)
    return listings.listing(MARKET[product], product, rows, make, lambda row: row.symbol, t_ns, unreadable=bad)


def _contract(row: ContractRow, product: str, now_ms: int) -> Instrument:
    if row.symbol_type != "perpetual":
        raise LeftOut("dated" if row.symbol_type == "delivery" else "contract_type")
    if row.quote_coin in QUOTES and row.quote_coin not in row.support_margin_coins:
        raise LeftOut("margin_currency")
    if row.symbol and inst_type(Market.PERP, row.symbol) != product:
        raise ValueError(f"its name is not that of a {product} contract")
    places, end_step = _places("pricePlace", row.price_place), positive_unless_zero("priceEndStep", row.price_end_step)
    status, words = _timed(_CONTRACT_STATUS.get(row.symbol_status, TradingStatus.UNKNOWN), row.symbol_status, now_ms,
        opens=millis_or_none(row.open_time) or millis_or_none(row.launch_time),
        banned=millis_or_none(row.limit_open_time),
        ends=millis_or_none(row.off_time),
    )  # fmt: skip
    return _instrument(
        row,
        Market.PERP,
        product,
        status=status,
        status_text=words,
        tick=None if places is None or end_step is None else end_step.scaleb(-places),
        step=positive_unless_zero("sizeMultiplier", row.size_multiplier),
        min_qty=positive_unless_zero("minTradeNum", row.min_trade_num),
        funding_interval_h=hours_or_none(row.fund_interval),
    )


def _symbol(row: SymbolRow, now_ms: int) -> Instrument:
    tick_places = _places("pricePrecision", row.price_precision)
    step_places = _places("quantityPrecision", row.quantity_precision)
    status, words = _timed(
        _SPOT_STATUS.get(row.status, TradingStatus.UNKNOWN),
        row.status,
        now_ms,
        opens=millis_or_none(row.open_time),
        ends=millis_or_none(row.off_time),
    )
    if status is TradingStatus.TRADING and (row.area_symbol or "").lower() == "yes":
        status, words = TradingStatus.UNKNOWN, f"{words}, in some regions only"  # ours may be none of them
    return _instrument(
        row,
        Market.SPOT,
        SPOT,
        status=status,
        status_text=words,
        tick=None if tick_places is None else Decimal(1).scaleb(-tick_places),
        step=None if step_places is None else Decimal(1).scaleb(-step_places),
        min_qty=positive_unless_zero("minTradeAmount", row.min_trade_amount),
    )


def _instrument(
    row: ContractRow | SymbolRow,
    market: Market,
    product: str,
    *,
    status: TradingStatus,
    tick: Decimal | None,
    step: Decimal | None,
    **more: Any,
) -> Instrument:
    """Raises ``LeftOut`` for another quote currency, ``ValueError`` for a row that cannot be read."""
    if not row.symbol or not row.base_coin or not row.quote_coin:
        raise ValueError("names no symbol, base or quote")
    if row.quote_coin not in QUOTES:
        raise LeftOut("quote_currency")
    if status is TradingStatus.TRADING and (tick is None or step is None):
        raise ValueError("trades without a price step or a size step")
    coin, units = resolve(VENUE, row.symbol, row.base_coin)
    return Instrument(
        venue=VENUE,
        market=market,
        native=row.symbol,
        base=coin,
        quote=row.quote_coin,
        price_ccy=row.quote_coin,
        settle_ccy=row.quote_coin,
        multiplier=units,
        price_factor=units,  # a listed unit is so many coins, in price and size alike
        status=status,
        category=Category.TRADFI if (row.is_rwa or "").upper() == "YES" else Category.CRYPTO,
        tick=tick,
        step=step,
        min_notional=positive_unless_zero("minTradeUSDT", row.min_trade_usdt),
        delist_ms=millis_or_none(row.off_time),
        maker_rate=_rate(row.maker_fee_rate),
        taker_rate=_rate(row.taker_fee_rate),
        extra={"product": product},
        **more,
    )


def _timed(
    status: TradingStatus,
    words: str,
    now_ms: int,
    *,
    opens: int | None = None,
    banned: int | None = None,
    ends: int | None = None,
) -> tuple[TradingStatus, str]:
    """What announced times make of a status that would let us trade. They come before the status says so itself."""
    words = words[:40]
    if status not in (TradingStatus.TRADING, TradingStatus.CLOSE_ONLY):
        return status, words
    if ends is not None and ends <= now_ms:
        return TradingStatus.HALTED, f"{words}, past its delisting"
    if opens is not None and opens > now_ms:
        return TradingStatus.PRE_OPEN, f"{words}, not open yet"
    if ends is not None:
        return TradingStatus.CLOSE_ONLY, f"{words}, delisting announced"
    if banned is not None and banned <= now_ms + BAN_NOTICE_MS:
        return TradingStatus.CLOSE_ONLY, f"{words}, opening banned"
    return status, words


def _places(name: str, text: Text) -> int | None:
    """A count of decimals."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= _MAX_PLACES):
        raise ValueError(f"{name} is {text[:40]!r}")
    return int(text)


def _rate(text: Text) -> float | None:
    """A fee as a fraction, negative for a rebate; None for what is none."""
    value = decimal_or_none(text)
    return float(value) if value is not None and abs(value) < 1 else None
