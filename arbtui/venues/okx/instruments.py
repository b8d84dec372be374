"""OKX's instrument rows -> ``Instrument``. Source: OKX API v5 docs, Get Instruments.

Kept: SPOT quoted in USDT or USDC, and linear SWAPs that are quoted and settled in the same of the two. On a SWAP
``baseCcy`` and ``quoteCcy`` are "" and ``uly`` names the pair; sizes are contracts of ``ctVal x ctMult`` coins. Left
out and counted: inverse, dated and xperp contracts, USD-quoted ``_UM`` swaps, other currencies, test rows, and rows
announced so early that they have no terms yet. Whether a kept row may be traded is its status and category.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from arbtui.core.events import Listing
from arbtui.core.model import Category, Instrument, Market, TradingStatus
from arbtui.core.multipliers import resolve
from arbtui.venues import listings
from arbtui.venues.listings import LeftOut
from arbtui.venues.okx.rows import SWAP_SUFFIX
from arbtui.venues.okx.shapes import InstrumentRow, instrument_rows
from arbtui.venues.wire import millis_or_none

VENUE = "okx"
QUOTES = ("USDT", "USDC")
INST_TYPE = {Market.SPOT: "SPOT", Market.PERP: "SWAP"}
MARKET = {inst_type: market for market, inst_type in INST_TYPE.items()}

_STATUS = {
    "live": TradingStatus.TRADING,
    "preopen": TradingStatus.PRE_OPEN,
    "suspend": TradingStatus.HALTED,
    "rebase": TradingStatus.HALTED,
    "settling": TradingStatus.HALTED,
    "post_only": TradingStatus.HALTED,  # nothing can be taken
    "expired": TradingStatus.DELISTED,
}
_CRYPTO = ("", "1")  # instCategory; "" before the field existed, others are stocks, commodities, forex, bonds


def listing(raw: msgspec.Raw, market: Market, t_ns: int, *, partial: bool) -> Listing:
    """The rows of one ``instType``. Raises ``ProtocolBroken`` where ``raw`` is no array."""
    rows, unreadable = instrument_rows.decode(raw, "OKX instruments")
    return listings.listing(
        market,
        INST_TYPE[market],
        rows,
        lambda row: instrument(row, market),
        lambda row: row.inst_id,
        t_ns,
        unreadable=listings.samples(unreadable),
        partial=partial,
    )


def status(row: InstrumentRow) -> tuple[TradingStatus, str]:
    """What the row may do, and the venue's words for it. A rule type that is not known is not trusted."""
    words = row.state if row.rule_type in ("", "normal") else f"{row.state} {row.rule_type}"
    known = _STATUS.get(row.state, TradingStatus.UNKNOWN)
    if known is TradingStatus.TRADING and row.rule_type == "rebase_contract":
        return TradingStatus.HALTED, words
    if known is TradingStatus.TRADING and row.rule_type not in ("", "normal", "pre_market"):
        return TradingStatus.UNKNOWN, words
    return known, words


def instrument(row: InstrumentRow, market: Market) -> Instrument:
    """Raises ``LeftOut`` for a row of a kind that is left out, ``ValueError`` for one that cannot be read."""
    _drop_by_kind(row, market)
    listed, quote = _pair(row, market)
    base, units = resolve(VENUE, row.inst_id, listed)
    what_it_may, words = status(row)
    sizes = {name: listings.positive(name, getattr(row, name)) for name in ("tick_sz", "lot_sz", "min_sz")}
    if what_it_may is TradingStatus.TRADING and (missing := [name for name, size in sizes.items() if size is None]):
        raise ValueError(f"live without {' and '.join(missing)}")
    return Instrument(
        venue=VENUE,
        market=market,
        native=row.inst_id,
        base=base,
        quote=quote,
        price_ccy=quote,
        settle_ccy=row.settle_ccy if market is Market.PERP else quote,
        multiplier=_coins_per_size(row, listed, market, units),
        price_factor=units,
        status=what_it_may,
        status_text=words,
        category=_category(row),
        tick=sizes["tick_sz"],
        step=sizes["lot_sz"],
        min_qty=sizes["min_sz"],
        delist_ms=millis_or_none(row.exp_time),
        extra={"instIdCode": row.inst_id_code, "groupId": row.group_id},
    )


def _drop_by_kind(row: InstrumentRow, market: Market) -> None:
    if row.inst_type != INST_TYPE[market]:
        raise LeftOut("dated" if row.inst_type == "FUTURES" else "other_type")
    if row.state == "test":
        raise LeftOut("test")
    if row.rule_type == "xperp":
        raise LeftOut("xperp")
    if market is Market.PERP:
        if row.ct_type == "inverse":
            raise LeftOut("inverse")
        if row.ct_type != "linear":
            raise LeftOut("preopen" if row.state == "preopen" else "contract_type")
    elif not row.base_ccy and row.state == "preopen":
        raise LeftOut("preopen")


def _pair(row: InstrumentRow, market: Market) -> tuple[str, str]:
    """Base and quote as listed."""
    if market is Market.SPOT:
        base, quote = row.base_ccy, row.quote_ccy
    else:
        base, _, quote = (row.uly or row.inst_family).partition("-")
        if "_UM" in row.inst_id or quote.endswith("_UM"):
            raise LeftOut("usd_um")
    if not base or not quote:
        raise ValueError("names no base and quote")
    if quote not in QUOTES:
        raise LeftOut("quote_currency")
    if market is Market.PERP and row.settle_ccy != quote:
        raise LeftOut("settle_currency")
    if row.inst_id != f"{base}-{quote}" + (SWAP_SUFFIX if market is Market.PERP else ""):
        raise ValueError(f"is not the {INST_TYPE[market]} of {base}-{quote} by its name")
    return base, quote


def _coins_per_size(row: InstrumentRow, listed: str, market: Market, units: Decimal | None) -> Decimal | None:
    """Coins behind one unit of size; None where the contract's terms do not say so."""
    if market is Market.SPOT:
        return units
    ct_val, ct_mult = listings.sane_or_none(row.ct_val), listings.sane_or_none(row.ct_mult)
    if ct_val is None or ct_mult is None or units is None or row.ct_val_ccy not in ("", listed):
        return None
    return ct_val * ct_mult * units


def _category(row: InstrumentRow) -> Category:
    if row.inst_category not in _CRYPTO:
        return Category.TRADFI
    return Category.PRE_MARKET if row.rule_type == "pre_market" else Category.CRYPTO
